-- What every story shares: openings, habits of heroes, refrains, quiet moments. Each line is a paragraph; a line that starts with "~" may be
-- left out where a page is crowded, "@F" stands only where the hero has a friend, "@1" only where a first helper was met.
local beats = {}

beats.openings = {
  "Once, {H.at}, there lived {H.intro} <named|called> {H}.",
  "Not long ago, and not far from here, {H.intro} named {H} lived {H.at}.",
  "If you had gone past {H.home}, you might have seen {H.intro}. That was {H}.",
  "This is the story of {H}, {H.intro} who lived {H.at}.",
  "There was once {H.intro} called {H}, and {H.his} home was {H.home}.",
  "Early one morning, {H.at}, {H.intro} woke up and stretched. Good morning, {H}!",
}

-- what the mornings are like at home
beats.homes = {
  land = { "In the mornings it smelled of {smell} there, and in the evenings of {smell2}.", "It was a good place. The {roof} kept the rain out, mostly, and the sun came in without knocking.",
    "From there one could see {view}, and on clear days a little bit more.", "It was so quiet there that one could hear the {noise}." },
  water = { "The light came down in long green ribbons there, and everything swayed a little, even on calm days.", "It was a good place. The tide came by twice a day, and always brought something." },
  space = { "Outside, the stars went by like slow snow, and nobody ever had to look for a parking place.", "The walls hummed to themselves day and night, like people who have forgotten the words." },
}
beats.landing = "One day the ship set down, bump, on a small green planet.^ It had grass, and a road, and not a single sign.^"
beats.smells = { "wet grass", "warm dust", "apples", "wood smoke", "mint", "toast" }
beats.views = { "the whole of the lane and half of the hill", "three fields, two gates and a cow", "the bend in the road where everyone disappears" }
beats.noises = { "grass growing", "snails yawning", "clouds bumping into each other" }

-- intro: shown in the setup; mid: the habit gets in the way or helps, on the road; last: its echo on the last page
beats.traits = {
  { name = "counts", intro = "{H} [count] everything: fourteen daisies, six clouds and one very surprised beetle.",
    mid = "On the way {H} [count] forty-one puddles and fell into only three.", last = "Then {H} counted to one, because there was only one {thing}, and one was enough." },
  { name = "asks", intro = "{H} asked so many questions that even the echo went home for a rest.", mid = "\"Why is a mile so long?\" {H} asked. Nobody knew.",
    last = "For one whole minute {H} asked no questions at all." },
  { name = "polite", intro = "{H} [be] polite to everyone, even to stones. \"Excuse me,\" {H.he} said to them. \"Please don't get up.\"",
    mid = "{H} said good day to a milestone. It was the polite thing to do.", last = "And on the way home {H} thanked every single stone." },
  { name = "hungry", intro = "{H} liked {H.food} for breakfast, {H.food} for lunch, and a little something in between.", mid = "{H} stopped for a snack, and then for another, to keep the first one company.",
    last = "And would you believe it? {H} forgot all about supper until it was nearly cold." },
  { name = "collects", intro = "{H} collected things that nobody else wanted: a button, half a comb, a key without a door.", mid = "{H} found a cork and a bent spoon, and was very pleased with both.",
    last = "The best thing in {H.his} collection could not be put in a box." },
  { name = "hums", intro = "{H} hummed all day long, a little out of tune, and the kettle hummed along.", mid = "{H} hummed a tune so wrong that a passing cuckoo stopped to take notes.",
    last = "And that night the tune came out right, every single note." },
  { name = "late", intro = "{H} [be] late for everything. Even {H.his} shadow sometimes had to wait.", mid = "\"Are we late?\" {H} asked a signpost. The signpost did not say.",
    last = "For once in {H.his} life, {H} [be] exactly on time." },
  { name = "lists", intro = "{H} made a list for everything. Today's list said: 1. Wake up. 2. Make a list.", mid = "{H} added a line to {H.his} list: \"Do not sit on thistles. Again.\"",
    last = "{H} took out {H.his} list and crossed off the very last line." },
  { name = "whispers", intro = "{H} could do many things, but {H.he} could not whisper. \"GOOD MORNING!\" {H.he} told the day.", mid = "\"HOW QUIET IT IS HERE!\" said {H}, and eleven birds fell off a branch.",
    last = "\"Good night,\" whispered {H}. It was {H.his} very first whisper." },
  { name = "brave", intro = "{H} [be] terribly brave, mostly before lunch.", mid = "It was after lunch now, so {H} had to be brave without being in the mood for it.",
    last = "It was long after lunch, and {H} felt as brave as ever." },
  { name = "shadow", intro = "{H} liked to tell {H.his} shadow secrets. It was a good listener and never interrupted.", mid = "\"You go first,\" {H} told {H.his} shadow. It stayed politely behind.",
    last = "That evening even {H.his} shadow seemed to stand a little taller." },
  { name = "boots", intro = "{H} wore a coat three sizes too big, because there was room in it for growing and for sandwiches.", mid = "The wind blew into {H.his} big coat, and for a moment {H} [be] nearly a ship.",
    last = "And the coat? It seemed to fit a little better than before." },
}
beats.asked = { shy = "{H} [be] shy. When the postman came, {H.he} hid behind the curtain and waved with one corner of it.", brave = "brave", lazy = "{H} [be] fond of lying down. {H.He} did it before breakfast, and again after, to be sure.",
  grumpy = "{H} [be] grumpy on Mondays, and had a way of making it Monday all week.", curious = "asks", hungry = "hungry", sleepy = "{H} could fall asleep anywhere: on a stair, in a queue, halfway through a yawn.",
  forgetful = "{H} forgot things. {H.He} tied a knot to remember them, and then forgot what the knot was for.", clumsy = "{H} [be] clumsy. Cups saw {H.him} coming and held on to their saucers.",
  proud = "{H} [be] proud. {H.He} bowed to the mirror each morning, and the mirror bowed back.", lonely = "On {H.his} table stood two cups. One of them had never been used.",
  last = "There had been others once. Now there was only {H}, and a very long silence to look after.", old = "{H} [be] old, and had more stories than teeth, and was not sorry about either." }

beats.refrains = {
  "\"Step by step and bit by bit, {H.I} shall get there if {H.I} don't sit!\"",
  "\"Over the hill and round the bend, every road has another end!\"",
  "\"Near or far, high or low, one more step and off {H.I} go!\"",
  "\"Left and right and left and then, stop for a breath and start again!\"",
  "\"Never mind the rain and never mind the mud, {H.my} heart goes thud and thud and thud!\"",
  "\"Little is small, but little can do: one little push, and {H.I} shall be through!\"",
  "\"Hey-ho, the wind may blow, there is always a little bit further to go!\"",
  "\"One for the road and two for the sky, three for the wish that won't pass by!\"",
}

beats.farewell = { "\"Good luck!\" {A.the} called. \"And mind the {mind}!\"", "{A.The} waved until the road turned.", "\"Take it,\" said {A.the}. \"One good turn goes looking for another.\"",
  "\"You will know when you need it,\" said {A.the}, and would not say more." }
beats.mind = { "puddles", "Tuesdays", "nettles", "echoes", "geese", "steps", "weather" }

-- time of day -> how a page may begin
beats.openers = {
  dawn = { "At first light,", "Before the birds had finished yawning,", "When the sky turned pink," }, morning = { "The next morning,", "After breakfast,", "When the dew was still on everything," },
  noon = { "By noon,", "When the sun stood high,", "A good long while later," }, dusk = { "Towards evening,", "As the light turned gold,", "At dusk," }, night = { "That night,", "When the stars came out,", "Late that night," },
}

-- Quiet pages between adventures: scene, mood words, text
beats.interludes = {
  { scene = "{H.pic} under the stars by a small fire, at night", tilt = "dream stars calm moonlight", time = "night", text = [[
{when} {H} made a small fire and lay down beside it. The grass was cool and the stars were very near.
~"Are you going far too?" {H.he} asked the brightest one. It winked, which might have meant yes.
An owl called. Far away, another owl answered. {H} thought of home, and of {thing}, and of home again.
{H.He} pulled the night up to {H.his} chin and slept.]] },
  { scene = "{H.pic} under a big leaf in the rain", tilt = "rain calm quiet merry", weather = "rain", text = [[
{when} it began to rain: first a drop, then ten, then far too many to be polite.
{H} found a leaf as big as an umbrella and sat beneath it. Plip, said the rain. Plop, said the leaf.
~A wet sparrow asked if there was room. There was. Then came a beetle, and then a beetle's aunt.
Everybody sang until it stopped, and nobody could agree on the words.]] },
  { scene = "{H.pic} at a picnic in a meadow full of flowers, at noon", tilt = "happy laughed funny flowers", time = "noon", text = [[
{when} {H} sat down in the flowers and unpacked the very last of the {H.food}.
Three ants marched up in a row. "We are here about the crumbs," said the first.
~"All of them," said the second. "If you would be so kind," said the third, who had been to school.
So {H} broke everything into very small pieces, and it was the best picnic that any of them ever had.]] },
  { scene = "{H.pic} looking at {H.his} reflection in a lake", tilt = "calm lake quiet lonely", text = [[
{when} {H} came to a lake as smooth as a plate, and looked in.
Somebody looked back, somebody dusty and thin about the cheeks. "You look tired," said {H} kindly.
~A fish came up through the middle of the face and broke it into rings. "Sorry," said the fish.
When the water was still again, the face was smiling. So {H} got up and went on.]] },
  { scene = "{H.pic} dancing in a village with lanterns, at dusk", tilt = "merry dance party fiddle", time = "dusk", text = [[
{when} there was music. Round the corner a whole village was dancing, just because it was Thursday.
"Can you dance?" asked a girl with a fiddle. "No," said {H}. "Good," said the girl. "Neither can they!"
~Round and round they went, until the moon looked giddy and somebody's grandfather lost a shoe.
In the morning {H} had sore feet and eleven new friends, and had to be on {H.his} way.]] },
  { scene = "{H.pic} on a hill with a kite of clouds, in the wind", tilt = "happy wind adventurous wide", weather = "wind", text = [[
{when} the wind got up, and pulled at everything that was not tied down.
It pulled {H} up a hill by the ears. From the top one could see where yesterday had been: a very small line, far below.
~"Did {H.I} really come all that way?" said {H}. "Woooo," said the wind, which was impressed.
It is a good thing to look back now and then. {H} did, and then looked forward again.]] },
  { scene = "{H.pic} beside a postbox in a village, in the morning", tilt = "tender home friend smiled", time = "morning", text = [[
{when} {H} came to a red postbox at a crossroads and sat down to write home.
"Dear everyone," {H.he} wrote. "I am well. My feet are not. There was a cow."
~That did not seem enough, so {H.he} added, "It was a big cow."
{H} put a flower in for a stamp and dropped it through the slot. The postbox swallowed it with a clank, and {H} felt lighter.]] },
}

beats.water_interludes = {
  { scene = "{H.pic} under the water looking up at the moon, at night", tilt = "dream moonlight calm", time = "night", text = [[
{when} the moon came down through the water in long silver ropes.
{H} floated on {H.his} back and watched the waves from underneath. They looked like a roof that could not keep still.
~"Good night, roof," said {H}. A small shrimp said good night as well, in case it had been meant.
The tide rocked everything that lived in it, and {H} slept.]] },
  { scene = "{H.pic} with many small fish in bright sea water, at noon", tilt = "merry dance play happy", time = "noon", text = [[
{when} a thousand little silver fish came by, all turning at once.
"Left!" they cried, and went left. "Right!" they cried, and went right. {H} joined in and went up.
~"That," said the thousand fish, "is not how it is done." But a moment later they were all going up.
It was the silliest swim of the year, and the happiest.]] },
  { scene = "{H.pic} beside a sunken ship under the sea", tilt = "mysterious strange hidden quiet", text = [[
{when} {H} came upon an old ship, asleep on the sand with its masts in the weed.
In the kitchen a kettle was full of shrimps. In the captain's bed lay a very old, very comfortable sea slug.
~"Are you the captain?" asked {H}. "I am now," said the sea slug, and turned over.
{H} tiptoed out, as well as one can without standing on anything.]] },
  { scene = "{H.pic} in a garden of sea anemones under the sea", tilt = "happy gentle flowers", text = [[
{when} {H} came to a garden where all the flowers waved back.
"Don't pick us," they said. "I was only looking," said {H}. "Then look longer," said the flowers, who did not get many visitors.
~So {H} looked until every one of them had been looked at, even the small brown one at the edge.
The small brown one turned pink, and it was the prettiest of them all.]] },
  { scene = "{H.pic} and bubbles in the sea under soft rain", tilt = "calm rain quiet", weather = "rain", text = [[
{when} it rained. From below, rain is a thousand little rings, each one opening like an eye.
{H} tried to guess where the next would be, and was wrong a thousand times, and did not mind.
~A snail passed by, upside down, on the underside of the water. "Nice weather," it said. "Isn't it," said {H}.
When the last ring had closed, the whole sea felt freshly washed.]] },
  { scene = "{H.pic} riding on a big turtle in the sea, at dusk", tilt = "adventurous merry dusk", time = "dusk", text = [[
{when} a very old turtle came by and said, "Hop on. I am going that way, and I am going slowly."
It was slow indeed. They were overtaken by two snails and a cork. But {H} saw everything: each stone, each star of sand.
~"People who are in a hurry," said the turtle, "have never been anywhere."
{H} thought about that for the rest of the evening. There was time.]] },
}

return beats
