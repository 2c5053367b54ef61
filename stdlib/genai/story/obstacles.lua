-- What stands in the way. Each row: where, the picture, the mood words, two tries that fail, and how each gift gets the hero past.
-- {G.the} is the gift. `fly = false` means that wings would make it silly.
local obstacles = {}

obstacles.land = {
  { name = "river", fly = false, place = "river", scene = "{H.pic} on the bank of a wide river", tilt = "river wide danger adventurous", text = [[
{when} the road ran straight into a river, wide and brown and in a hurry.
First {H} tried to jump it, and landed exactly in the middle. Then {H.he} tried to drink it, and got as far as the hiccups.]],
    solves = { rope = [[Then {H} remembered {G.the}. {H.He} [tie] one end to a willow and threw the other round a rock on the far side.
Hand over hand, with wet toes and shut eyes, {H.he} went across. {refrain}]],
      wind = [[Then {H} remembered {G.the}. {H.He} [open] it, turned it upside down and climbed in.
Round and round it spun, past a bowing heron, and bumped against the other side. {refrain}]],
      bell = [[Then {H} remembered {G.the}, and played it as loud as {H.he} could. Up came a flat green head. "Somebody called for a ferry?" asked a turtle.
"Sit in the middle," said the turtle, "and don't tickle." {refrain}]] } },
  { name = "dark wood", place = "forest", time = "night", scene = "{H.pic} at the edge of a dark forest, at night", tilt = "dark forest shadow scary afraid", text = [[
{when} the trees closed over the path, and it grew so dark that {H} could not see {H.his} own nose.
First {H.he} tried walking backwards, so as not to see where {H.he} [be] going. Then {H.he} tried being a tree. An owl sat on {H.him}.]],
    solves = { light = [[Then {H} held up {G.the}. Gold light ran along the branches, and the shadows turned out to be ferns, and the growling was a hedgehog, asleep.
"Oh, it's only a forest," said {H}. {refrain}]],
      bell = [[Then {H} remembered {G.the}. At the first note, something in the dark answered. It was a cricket, then ten, then a hundred, all along the path.
{H} followed the music from one cricket to the next. {refrain}]],
      rope = [[Then {H} remembered {G.the}. {H.He} [tie] it to the last tree in the light, and let it out behind {H.him}, little by little.
Now {H.he} could always go back, and because of that {H.he} could go on. {refrain}]] } },
  { name = "gate", place = "hills", scene = "{H.pic} in front of a bridge with a big green troll", tilt = "danger bridge growled funny", text = [[
{when} there was a bridge, and on the bridge there was a troll, with moss in {troll} ears. "NOBODY passes," [say-] the troll.
First {H} said that {H.he} [be] nobody. The troll had heard that one. Then {H} tried to look like a parcel. The troll looked for the stamp.]],
    solves = { food = [[Then a lovely smell came out of the bag. "What," said the troll in quite another voice, "is that?" It was {G.the}.
They ate it together with their feet over the edge. "Nobody ever stays to supper," said the troll, and lifted the bar. {refrain}]],
      bell = [[Then {H} took out {G.the} and began to play. The troll's left foot twitched, and then the right.
Soon the whole bridge was bouncing. "Nobody ever asked me to dance!" cried the troll, and danced {H} all the way across. {refrain}]],
      warm = [[Then the troll sneezed, so hard that a plank fell off. "You've caught a cold, under all that river," said {H}, and put {G.the} round those mossy shoulders.
The troll was quiet for a while. "Pass," said the troll. "And come back the same way." {refrain}]] } },
  { name = "fog", place = "hills", weather = "fog", scene = "{H.pic} on the hills in thick fog", tilt = "fog mist mysterious strange", text = [[
{when} a fog came down, thick as porridge, and swallowed the road, the hills and both ends of {H}.
First {H} asked the way, and found that {H.he} [be] talking to a sheep. Then {H.he} walked straight ahead for an hour, and met the same sheep.]],
    solves = { bell = [[Then {H} sounded {G.the}, and listened. On the left, it sounded flat: a wall. On the right, it sounded far away: the road!
Note by note {H.he} felt {H.his} way, until the fog tore open and let {H.him} out. {refrain}]],
      rope = [[Then {H} tied {G.the} to the sheep, who was going home in any case, and held the other end.
"Baa," said the sheep, which meant "mind the step." And so they came down together into the sun. {refrain}]],
      light = [[Then {H} lifted {G.the}. The fog turned to gold, and one by one the white stones of the road lit up like teeth in a smile.
From stone to stone {H.he} went, and the sheep came too. {refrain}]] } },
  { name = "cliff", fly = false, place = "mountains", scene = "{H.pic} at the foot of a tall cliff in the mountains", tilt = "mountain climb danger high", text = [[
{when} the road went up a cliff. {H} could not. It was as steep as a wall and as smooth as an egg.
First {H} took a run at it, and slid down with {H.his} ears full of sand. Then {H.he} asked it nicely. It was not that sort of cliff.]],
    solves = { rope = [[Then {H} looked at {G.the}, and up at a crooked little pine. One throw. Two throws. At the third it held.
Up went {H}, one knot at a time, and did not look down until there was nothing left to climb. {refrain}]],
      wind = [[Then a gust caught {G.the} and pulled it open. Up went {H}, past a nest, past a very astonished jackdaw.
"Evening," said the jackdaw. {H} landed at the top as softly as a leaf. {refrain}]],
      food = [[Then a mountain goat looked over the edge, and sniffed. "Is that {G.a}?" It was. "Halves?" said the goat. "Halves," said {H}.
So {H} rode up on two broad shoulders, holding very tight to two curly horns. {refrain}]] } },
  { name = "storm", place = "forest", weather = "storm", scene = "{H.pic} under a tree in a storm", tilt = "storm thunder scary dark", text = [[
{when} a storm came over the hills with both arms full of thunder. {H} crept into a hollow log. Somebody was in it already: a small fawn, shaking like a leaf.
First {H} told a joke, but the thunder laughed in the wrong place. Then {H.he} tried singing, and nobody could hear the words.]],
    solves = { warm = [[Then {H} unrolled {G.the}, and there was just enough of it for two. Little by little the shaking stopped.
When it was over, the fawn showed {H.him} a dry path that nobody else knew. {refrain}]],
      light = [[Then {H} brought out {G.the}. In that small gold light the log looked like a kitchen, and the storm like something outside a window.
When it was over, the fawn showed {H.him} a dry path that nobody else knew. {refrain}]],
      food = [[Then {H} remembered {G.the}. It is hard to be frightened with your mouth full. They shared it, crumb by crumb, until the thunder gave up.
When it was over, the fawn showed {H.him} a dry path that nobody else knew. {refrain}]] } },
  { name = "geese", place = "meadow", scene = "{H.pic} and many white geese on a road in a meadow", tilt = "funny danger danced silly", text = [[
{when} twelve geese stood across the road, wing to wing. "Password!" hissed the first. "Hiss!" hissed the others, who liked that part.
First {H} said "please." It was not "please." Then {H.he} said "goose." They were so offended that it took a while to begin again.]],
    solves = { food = [[Then {H} opened {H.his} bag, and twelve beaks turned as one. "Is that," said the first goose faintly, "{G.a}?"
It turned out that this was the password. {refrain}]],
      bell = [[Then {H} tried {G.the}. The geese stood up straight. "The band!" they cried. "At last!" And they marched off behind {H} in two neat rows.
They marched for a mile, right past the place where the road was free. {refrain}]],
      wind = [[Then {H} opened {G.the} with a great FLUMP. Twelve geese had never seen anything grow so quickly.
"Beg your pardon, Your Hugeness," said the first goose, and they stood aside and bowed. {refrain}]] } },
  { name = "marsh", fly = false, place = "river", scene = "{H.pic} by a marsh with reeds", tilt = "mud strange mysterious danger", text = [[
{when} the road turned soft, then wet, and then it was not a road at all but a marsh that said "glup."
First {H} went fast, and lost a shoe {H.he} had not even known {H.he} had. Then {H.he} went slow, and sank to the middle. "Glup," said the marsh fondly.]],
    solves = { rope = [[Then {H} threw {G.the} to a heron, who had seen it all before. "Hold tight," sighed the heron, and leaned back.
Shhhlop! Out came {H}, all the way to the dry side, like a cork from a bottle. {refrain}]],
      light = [[Then the sun went down, and {H} lifted {G.the}. Wherever the ground was firm, small pale flowers opened to the light.
Flower by flower {H.he} hopped across, while the marsh said "glup" and was disappointed. {refrain}]],
      wind = [[Then {H} opened {G.the} and held it up to the breeze like a sail. "Glup?" said the marsh.
Away slid {H}, over the mud on {H.his} tummy, faster and faster, and it was the best part of the whole day. {refrain}]] } },
  { name = "snow", place = "mountains", weather = "snow", scene = "{H.pic} in the mountains in the snow", tilt = "snow cold wind danger", text = [[
{when} it began to snow: a few flakes to be friendly, and then all the rest. The path up the mountain went white, and so did {H}.
First {H.he} stamped {H.his} feet, and the snow only went deeper. Then {H.he} ran in circles to get warm, and met {H.his} own footprints coming the other way.]],
    solves = { warm = [[Then {H} wrapped up in {G.the}, twice round and once over the ears. It smelled of kindness and a little of soup.
The cold knocked and knocked, and could not find the way in. {refrain}]],
      light = [[Then {H} held up {G.the}, and every flake lit up, so that it seemed to be snowing stars. Between them the path shone blue.
It is hard to be cold inside a thing so beautiful. {refrain}]],
      rope = [[Then {H} made a loop of {G.the} and threw it over the post that marks the path, and then over the next post, and the next.
So {H.he} pulled {H.himself} up the mountain, the way one pulls up a blind, and there behind it was the sun. {refrain}]] } },
  { name = "giant", place = "mountains", scene = "{H.pic} and a sleeping giant in the mountains", tilt = "great giant danger funny", text = [[
{when} a hill lay across the road, and the hill was snoring. It had a nose. It was a giant, fast asleep.
First {H} coughed. The giant turned over, and a valley was gone. Then {H} tried to climb him, but got lost in the beard.]],
    solves = { warm = [[Then {H} saw how blue the giant's toes were. Nobody had a blanket that size, so {H.he} [lay] {G.the} over the very smallest one.
The giant smiled in his sleep, curled up like a child, and the road was free. {refrain}]],
      food = [[Then {H} put {G.the} under the enormous nose and ran. Sniff. SNIFF. The giant sat up with his hair full of birds.
"Breakfast!" he said. It was about as much as a crumb to him, but no one had brought him breakfast in a hundred years. {refrain}]],
      bell = [[Then {H} sat down by one great ear and played {G.the}, very softly: the sort of tune one hears in a cradle.
The giant sighed, rolled on to his other side, and left the road as smooth as a bed. {refrain}]] } },
}

obstacles.water = {
  { name = "current", place = "sea", scene = "{H.pic} in a strong current under the sea", tilt = "danger wild adventurous fast", text = [[
{when} the water began to pull. It was a current, as wide as a street and far too busy to say hello.
First {H} swam against it with all {H.his} might, and arrived exactly where {H.he} [be]. Then {H.he} hid behind a pebble, and the pebble left.]],
    solves = { rope = [[Then {H} made {G.the} fast to a rock, and to the next rock, and to the next.
Pull by pull {H.he} crossed over, while the current rushed by with its hat on crooked. {refrain}]],
      wind = [[Then {H} spread {G.the} wide and turned it just a little, as a gull does with its wings.
And the current, which had meant to carry {H.him} away, carried {H.him} across instead. {refrain}]] } },
  { name = "deep", place = "sea", time = "night", scene = "{H.pic} above a deep dark hole in the sea, at night", tilt = "dark deep scary shadow", text = [[
{when} the sea floor stopped. Below was the Deep, black as the inside of a boot, and the way led straight through.
First {H} shut {H.his} eyes, but that was dark as well. Then {H.he} called "hello," and something down there called it back, much lower.]],
    solves = { light = [[Then {H} lifted {G.the}, and down in the dark a hundred small lights came on in answer, blue and green and rose.
"We thought nobody would ever say hello," said the Deep. {refrain}]],
      bell = [[Then {H} sounded {G.the}. The Deep listened. Then it hummed the same tune, low and slow, like a grandfather in an armchair.
And they went on singing to each other until {H} came up on the other side. {refrain}]] } },
  { name = "gate", place = "sea", scene = "{H.pic} in front of a big red crab under the sea", tilt = "danger funny strange", text = [[
{when} a very large crab sat in a very small gap between two rocks. "Closed," it said, and clicked.
First {H} asked when it would open. "Never o'clock," said the crab. Then {H.he} tried to slip past sideways, but sideways was what the crab did best.]],
    solves = { food = [[Then {H} got out {G.the}. The crab's eyes came up on their stalks. "With icing?" it said in a small voice.
They had it for tea, and the gap was open until nobody could eat any more. {refrain}]],
      warm = [[Then {H} saw that the crab was between shells, and quite pink with cold. So {H.he} [put] {G.the} round it and tucked in the corners.
"Open," said the crab, muffled, "until further notice." {refrain}]] } },
  { name = "net", place = "sea", scene = "{H.pic} and a big fishing net under the sea", tilt = "danger stuck afraid", text = [[
{when} something rough came down all around. It was a net, and it was full of worried herring.
First they all pushed to the left. Then they all pushed to the right. Half of them had not been listening and pushed up.]],
    solves = { bell = [[Then {H} sounded {G.the}. "On the note!" {H.he} called. "One, two, and DOWN!" Four hundred herring had never done anything together before.
The net burst at the bottom like a paper bag. {refrain}]],
      rope = [[Then {H} tied {G.the} to the knot that held the whole net shut, and gave the end to everybody. "Pull!"
Out slid the knot. Away flew the herring, like a handful of new coins. {refrain}]] } },
  { name = "storm", place = "sea", weather = "storm", scene = "{H.pic} in big waves in a storm", tilt = "storm thunder scary", text = [[
{when} a storm walked over the sea in heavy boots, and everything below went cloudy and loud.
First {H} tried to scold it. It was not the kind that listens. Then {H.he} found a cave, but a very small eel was in it, crying.]],
    solves = { warm = [[Then {H} put {G.the} round them both. "When I was small," said {H}, "I thought that storms were the sea snoring."
The eel gave a wet giggle. After that it was only weather. {refrain}]],
      light = [[Then {H} set {G.the} in the mouth of the cave, and one after another the lost ones came swimming to it out of the dark.
By midnight they were twenty, and it was nearly a party. {refrain}]] } },
}

obstacles.space = {
  { name = "stones", place = "space", scene = "{H.pic} among flying rocks in space, with stars", tilt = "danger adventurous fast stars", text = [[
{when} the sky was full of stones, large and small, all tumbling along and none of them looking where they were going.
First {H} flew over them, and there were more. Then {H.he} flew under, and it turned out that in space there is no under.]],
    solves = { rope = [[Then {H} threw {G.the} round the biggest stone, which knew the way, having gone round for a million years.
So they were towed, bump by bump, to the other side. {refrain}]],
      bell = [[Then {H} sounded {G.the}. Nobody should be able to hear that in space, but stones are good listeners.
They drew aside, left and right, like people in a theatre. {refrain}]] } },
  { name = "cloud", place = "space", scene = "{H.pic} in a purple cloud in space, at night", tilt = "mysterious dark strange fog", text = [[
{when} a purple cloud closed round them, a thousand miles of it, soft as a cat and just as unhelpful.
First {H} tried to steer by the stars, but they had been put away. Then {H.he} tried to steer by {H.his} nose. It itched, but it did not point.]],
    solves = { light = [[Then {H} put {G.the} in the window. Far off, something small blinked back. It blinked again.
They had found the lamp of another lost traveller, and two lost travellers are not lost any more. {refrain}]],
      wind = [[Then {H} climbed out and opened {G.the}, and flapped it, as one shakes crumbs from a tablecloth.
Slowly the purple rolled back, and there were all the stars, exactly where they had been left. {refrain}]] } },
  { name = "gate", place = "space", scene = "{H.pic} in front of a big robot on a small planet", tilt = "danger funny strange", text = [[
{when} a very tall robot stood before them on a very small planet. "Halt," it said. "Form seven, please."
First {H} filled in form seven. "In blue," said the robot. Then {H.he} filled it in again. "In triplicate," said the robot.]],
    solves = { food = [[Then {H} sighed and unpacked {G.the}. The robot's lights went slowly from red to green.
"I have stamped ten million forms," it said, "and nobody ever brought a picnic." {refrain}]],
      warm = [[Then {H} saw that the robot's knees were rusted by the long cold, and wrapped {G.the} around them.
"Warm," said the robot, and looked the word up, and was silent for a moment. "Pass." {refrain}]] } },
  { name = "cold", place = "space", scene = "{H.pic} on a planet of blue ice under the stars", tilt = "cold ice lonely dark", text = [[
{when} they had to cross a planet of blue ice, where even the echoes had frozen and lay about in heaps.
First {H} hurried, and slid all the way back on {H.his} tail end. Then {H.he} walked on tiptoe. That only made the sliding more elegant.]],
    solves = { warm = [[Then {H} spread {G.the} on the ice and sat down on it. One push, and away it went.
It was the longest slide in the whole of space, and it ended exactly at the right place. {refrain}]],
      light = [[Then {H} held {G.the} close to the ice, and it began to sing as it melted: a path as wide as two feet.
Behind {H.him} the echoes thawed and called hello, hello, hello. {refrain}]] } },
  { name = "giant", place = "space", scene = "{H.pic} beside a sleeping giant made of stars, at night", tilt = "great giant stars danger", text = [[
{when} a giant made of stars lay right across the way, asleep, with a moon for a pillow.
First {H} rang at his ear, but it was a very long way to the middle. Then {H.he} tried to climb him, and got lost in the left elbow.]],
    solves = { bell = [[Then {H} played {G.the}, very softly: the sort of tune one hears in a cradle.
The giant sighed, and a few loose stars rolled down. He turned over, and the way was free. {refrain}]],
      food = [[Then {H} held {G.the} under the shining nose. Sniff. The giant opened one eye like a sunrise.
"I dreamed of breakfast," he said, "for nine hundred years." {refrain}]] } },
}

return obstacles
