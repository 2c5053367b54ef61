-- The middle of a story: helpers in trouble, the gifts they give in thanks, and the obstacles that those gifts solve. The planner picks an
-- obstacle first, then a gift that solves it, then somebody to give it: so what is given is needed, and what is needed was given.
local journey = {}

journey.gifts = {
  land = {
    rope = { "a ball of red string", "a long blue ribbon", "a skipping rope" }, light = { "a jar of fireflies", "a little tin lantern", "a stub of golden candle" },
    food = { "a honey cake", "a warm plum pie", "a bag of ginger biscuits" }, wind = { "a green umbrella", "a patched umbrella", "a big striped umbrella" },
    bell = { "a small brass bell", "a tin whistle", "a wooden flute" }, warm = { "a woolly scarf", "a red blanket", "a patchwork quilt" } },
  water = {
    rope = { "a long ribbon of kelp", "a fishing line with no hook" }, light = { "a glowing pearl", "a little green lantern" }, food = { "a sea-plum cake", "a bag of salted biscuits" },
    wind = { "a broad fan of coral", "a scrap of old sail" }, bell = { "a small shell trumpet", "a ship's bell no bigger than a thimble" }, warm = { "a shawl of soft weed", "a quilt of sea silk" } },
}
journey.gifts.space = journey.gifts.land

-- kind, what it looks like at first sight, what it says, what is wrong, how that is mended
journey.helpers = { land = {
  { kind = "mole", a = "an old mole in a dusty waistcoat", place = "meadow", text = [[
{when} {H} met {A.a}, who was feeling about in the grass. "My spectacles!" {A.he} [wail]. "I can't find them, and I can't look for them without them!"
~{H} looked under a leaf, behind a stone and inside a surprised daffodil.
"Could they," said {H} at last, "be on top of your head?" They could. They were.]] },
  { kind = "goat", a = "a stout goat with a bucket on her head", gender = "she", place = "hills", text = [[
{when} something went clang, and clang again. It was {A.a}, and {A.he} was walking into every tree in turn.
"Who put out the sun?" boomed the bucket.
~{H} pulled. The goat pulled. The bucket thought about it.
Pop! Off it came. {A.The} blinked at the sky. "Ah," {A.he} said. "There it is."]] },
  { kind = "squirrel", a = "a squirrel with a very worried tail", place = "forest", text = [[
{when} {H} came across {A.a}. All around were holes: big holes, small holes, and one hole inside another hole.
"I hid my supper somewhere safe," [sniff] {A.the}. "So safe that I can't find it."
"Where would you never, ever look?" asked {H}. {A.The} thought. Then {A.he} turned quite pink.
{A.He} had been sitting on it. There was enough for two.]] },
  { kind = "duck", a = "a flustered duck with a row of ducklings", gender = "she", place = "river", text = [[
{when} {A.a} came round the bend. "One, two, three, four, five!" {A.he} [count]. "There should be six! There are always six!"
~{H} counted too, and got seven, because {H.he} had counted the duck.
Then {H} heard a tiny quack, reached into {H.his} bag, and out came number six, with crumbs on its beak.
{A.The} laughed until she had to sit down.]] },
  { kind = "hedgehog", a = "a hedgehog holding nine strings", gender = "he", place = "meadow", text = [[
{when} there was a bang, and then a sigh. On the path sat {A.a}, and at the end of each string hung a burst balloon.
"It's my birthday," said {A.the}. "I only wanted to hug them."
~So {H} blew up one more, and showed {A.him} how to hold it by the string, at arm's length, like a very small moon.
"Happy birthday," said {H}, and it was.]] },
  { kind = "snail", a = "a snail in the middle of the road", gender = "she", place = "village", text = [[
{when} {H} nearly stepped on {A.a}. "I'm crossing," {A.he} explained. "I set out last Wednesday."
~From far away came the rumble of a cart. {A.The} tried to run. Nobody could have told.
{H} lifted {A.him}, house and all, and set {A.him} down on the other side among the lettuces.
"My word," said {A.the}. "So that is what it's like to be fast!"]] },
  { kind = "crow", a = "a crow with a big leather postbag", gender = "he", place = "forest", text = [[
{when} {A.a} was sitting on a gate, looking at a letter first one way up and then the other.
"I've been a postman for nine years," {A.he} said in a low voice. "I never learned to read. I go by the smell."
~This letter smelled of rain, and so did everything else that day.
{H} read it out. It said: "To the crow at the gate. Well done. From everybody." {A.The} had to blow his beak.]] },
  { kind = "bear", a = "an enormous bear with the hiccups", gender = "he", place = "forest", text = [[
{when} the ground jumped. HIC! Apples fell. HIC! A nest turned over. There sat {A.a}.
~"I've tried holding my breath," said {A.the}, "and I've tried holding my foot. HIC!"
{H} crept round behind him, quiet as moss, and said, "Boo."
{A.The} went up in the air and came down again. They waited. Nothing. "You are the bravest person I ever met," {A.he} said.]] },
  { kind = "tortoise", a = "an old tortoise lying on her back", gender = "she", place = "hills", text = [[
{when} {H} found {A.a}, with all four feet in the air. "Good day," {A.he} said. "I'm looking at clouds. I've been looking at them since Sunday."
~"Do you like clouds?" asked {H}. "Not as much as I did on Sunday," said {A.the}.
{H} pushed. {H} puffed. {H} counted to three, and over {A.he} rolled, right way up.
"Grass!" said {A.the}, with feeling. "How I have missed you."]] },
  { kind = "baker", a = "a round baker beside a cart in a ditch", gender = "he", place = "village", text = [[
{when} the whole road smelled of buns. They were lying everywhere, and among them stood {A.a}.
"A hundred buns," {A.he} said, "and the wedding is at three!"
~{H} picked up ninety-eight of them and dusted them off. Nobody asked about the other two.
Then they pushed together, and the cart rolled out of the ditch as easily as a yawn.]] },
  { kind = "owl", a = "a sleepy owl in a nightcap", place = "forest", text = [[
{when} {A.a} looked down from a branch. "I can't sleep," {A.he} said. "I've counted all the sheep, and now they're counting me."
~"What do you think about when you shut your eyes?" asked {H}. "Sheep," said {A.the} darkly.
So {H} told {A.him} a long, slow story about a very soft pillow.
{A.The} was asleep before the pillow had even come into it, and woke in the best of tempers.]] },
  { kind = "giraffe", a = "a giraffe with a knot in her scarf", gender = "she", place = "meadow", text = [[
{when} {H} walked into a leg. It belonged to {A.a}, a scarf so long that it went twice round a tree.
"I only turned to look at a bird," said {A.the}. "Then I turned to look at another."
{H} ran round the tree one way. It got worse. {H} ran round the other way. It got better.
After the eleventh time they were both free and too giddy to stand.]] },
}, water = {
  { kind = "octopus", a = "an octopus tied in a knot", gender = "he", place = "sea", text = [[
{when} {H} met {A.a}. "I was waving to eight friends at once," {A.he} [explain], "and then I lost track."
~{H} pulled at one arm. It tickled. {H} pulled at another. It was the same one.
Over, under, round and through: at last every arm was where it belonged.
{A.The} shook hands, and shook hands, and went on shaking hands for quite some time.]] },
  { kind = "whale", a = "a great blue whale with the hiccups", gender = "she", place = "sea", text = [[
{when} the whole sea jumped. HIC! A hundred herring turned upside down. It was {A.a}.
~"I swallowed a drum," said {A.the}. "Or a drummer. HIC! I didn't like to ask."
{H} swam up to the great dark eye, as brave as could be, and said, "Boo."
The sea held its breath. Nothing. "Thank you, small one," said {A.the}, so gently that the sand sang.]] },
  { kind = "crab", a = "a crab with one shoe", gender = "he", place = "sea", text = [[
{when} {A.a} came by sideways. "Have you seen seven more like this?" {A.he} asked. "I took them off to paddle."
~"But you live in the water," said {H}. "That," said {A.the}, "is what makes it difficult."
They looked among the stones and found three, and a boot, and a teacup that fitted rather well.
{A.The} clicked off across the sand, very elegant on one side.]] },
  { kind = "turtle", a = "a sea turtle with a map", gender = "she", place = "sea", text = [[
{when} {H} came upon {A.a}. "According to this," {A.he} said, "we are on top of a mountain."
~They both looked about. There were a good many mussels for a mountain.
{H} turned the map the other way up. {A.The} looked at it for a long time.
"Eighty years," {A.he} said at last. "Well, well. That explains the penguins."]] },
  { kind = "seahorse", a = "a seahorse clinging to a weed", gender = "he", place = "sea", text = [[
{when} a small voice called, "Help, please, if it isn't a bother!" It was {A.a}, and the current was pulling {A.him} flat.
~"I'm not afraid," said {A.the}. "I'm only holding on very hard."
{H} swam between {A.him} and the current until it grew tired and went to bother someone else.
{A.The} let go with a sigh, and bowed from the waist, which was most of {A.him}.]] },
}, space = {
  { kind = "robot", a = "a small robot with a squeaky wheel", place = "space", text = [[
{when} something said eek, eek, eek. It was {A.a}, going round and round in the moon dust.
"I can only turn left," said {A.the}. "I've been meaning to go right for two hundred years."
{H} found the trouble at once: a pebble no bigger than a pea.
Out it came. {A.The} turned right, and right again, and wept three drops of oil for joy.]] },
  { kind = "comet", a = "a young comet without a tail", gender = "she", place = "space", text = [[
{when} {A.a} bumped into them, very softly. "I went round the sun too fast," {A.he} said, "and it came off."
"Is it long and bright," asked {H}, "and a bit sparkly at the end?" It was hanging on the letterbox.
{H} tied it on again with a double bow. {A.The} looked over her shoulder and glowed.
"It's even better with a bow," {A.he} said.]] },
  { kind = "mouse", a = "a moon mouse in a glass helmet", gender = "he", place = "space", text = [[
{when} {H} met {A.a}, sitting on a suitcase. "They told me the moon was cheese," {A.he} said. "I sold my house."
~"What is it really?" asked {H}. "Dust," said {A.the}. "With a smell of yesterday."
So {H} shared a sandwich, and there happened to be cheese in it.
{A.The} ate with {A.his} eyes shut. "It was worth the journey," {A.he} said.]] },
  { kind = "star", a = "a very small star with its eyes shut", gender = "she", place = "space", text = [[
{when} a thin little light was trembling beside the path. It was {A.a}. "Has the dark gone yet?" {A.he} whispered.
"It can't be dark where you are," said {H}. "Look." The star opened one eye, and everything near her shone.
"Is that me?" {A.he} asked. "That's you," said {H}.
{A.The} opened the other eye, and someone far away made a wish.]] },
  { kind = "snail", a = "an old snail with a postbag full of stars", gender = "she", place = "space", text = [[
{when} {A.a} came by, leaving a silver line across the sky. "Post," {A.he} said. "It may be a little late. It was for the dinosaurs."
~{H} looked at the bag and at the road, which was made of nothing and went on for ever.
So they delivered it together, one star to each dark corner, until the bag was light.
"Done," said {A.the}. "I should never have managed it before Tuesday."]] },
} }

return journey
