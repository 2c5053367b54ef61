-- The seven plots. Each has a title, and variants for what the hero wants (want), the day it starts (inciting), the moment that decides (climax) and
-- the end (resolution), with pictures and mood words. `thing` is what it is all about: "the sea", "flying", "the red kite".
local plots = {}

plots.quest = {
  titles = { "{H} and {thing}", "the {H.kindt} who wanted to {want}", "how {H} came to {want}", "all the way to {thing}", "{H} [go!] to {want}" },
  want = {
    "More than anything in the world, {H} wanted to {want}. At night {H.he} lay awake and tried to imagine it, but {H.his} imagining always stopped at the garden wall.",
    "There was one thing that {H} wanted, every day and twice on Sundays: to {want}. Nobody at home had ever done such a thing.",
    "And {H} had a wish. It was not a small one. {H} wanted to {want}." },
  inciting = {
    { scene = "{H.pic} finding a page from a book in the grass, in the wind", text = [[
One windy day something came tumbling through the air and landed on {H.his} head. It was a page from an old book, and on it was a picture of {thing}.
"It's real!" said {H}. "Somebody has seen it^, and sat down, and drawn it^."
~{H} asked the grown-ups how far it was. "Too far," said one. "Much too far," said another.^ The third only looked out of the window for a long time.^
So {H} packed some {H.food} and a spare sock, and at the end of the lane {H} sang: {song}]] },
    { scene = "{H.pic} talking with a bird on a fence in the morning", text = [[
One morning an old swallow sat down on the fence to get her breath. "I have come by way of {thing}," she said^, as one says, I have come by way of the shops^.
{H} could hardly speak. "Which way is it?" {H.he} whispered.
~"Follow your nose," said the swallow, "and when it gets cold, follow your heart."
So {H} packed some {H.food} and a spare sock, shut the door with care, and sang: {song}]] },
    { scene = "{H.pic} with a small bag on a road at dawn", text = [[
One night {H} had a dream, and in the dream a voice said, "Well? What are you waiting for?"
{H} sat up. {H.He} looked for a reason to stay in bed, and found only crumbs.
~So {H.he} wrote a note. It said: "Gone to {wantmine}. Back soon. Please water the cactus."
The sun was not up yet, but the road was. {H} put one foot on it, and then the other, and sang: {song}]] } },
  climax = {
    { tilt = "wonder great joy wide", text = [[
And then, one day, the road simply ended. There was nothing in front but a bank of tall grass. {H} sat down.^ "Perhaps there is nothing there after all," {H.he} said in a very small voice.^
@F "One more step," said {F}. "You always say that there is one more step."
@1 Then {H} heard a voice behind the grass. It was {first.the}, out of breath from running! "Don't sit there!" cried {first.the}. "Look!"
Just then {sign}. {H} jumped up and pushed the grass aside.
{arrive}]] },
    { tilt = "wonder grand glowing joy", text = [[
Now only one hill was left.^ It was the last one, and it was the longest.^ Halfway up, {H.his} feet said no.^ {H.He} had come so far, and {H.he} [be] so tired.^
@F {F} said nothing, but walked close beside {H.him}, and that helped.
@1 Somebody was coming up behind. It was {first.the}! "You did not think I would let you go alone?" said {first.the}.
"{cry}" {H} whispered, and took one step.^ And then another.^ And at the very top {sign}.
{arrive}]] },
    { tilt = "wonder mysterious joy glowing", text = [[
The last bit of the way had no road at all. There was only a signpost, and on the signpost somebody had written "NEARLY."^ {H} leaned against it and shut {H.his} eyes.^
@F "I can hear something," said {F}. "Can't you?"
@1 "I can hear it," said a voice. {first.The} had come after {H.him} with a second breakfast. "It's just behind the word."
And it was true, for all at once {sign}.^ {H} did not feel tired any more.^ "{cry}" {H} shouted, and ran.
{arrive}]] },
    { tilt = "wonder dreamy glowing joy", text = [[
It was so early that even the crickets were asleep. {H} had walked all night, because {H.he} could not have slept, and now {H.he} [be] at the top of the very last rise and did not dare to look.
@1 "Shall I look for you?" asked {first.the}, who had walked along with {H.him} since midnight.^ "No," said {H}. "But you can stand next to me."^
@F {F} took hold of {H.him} on the other side.
"{cry}" {H} whispered, and counted to three. At two, {sign}. At three, {H} opened {H.his} eyes.
{arrive}]] } },
  resolution = {
    { scene = "{H.pic} {goalscene}, with a small fire", text = [[
They lit a small fire and stayed the night, and nobody slept much. Every time that {H} shut {H.his} eyes, {H.he} had to open them again, to see if it was still so.
It was still so.
@1 In the morning {first.the} asked, "What will you wish for now?"^ {H} thought about it for the whole of breakfast.^
{traitlast}
"Now {H.I} only wish to go home," said {H}, "and tell it. And then to come back with everybody." And so they did, the next summer, with forty sandwiches, and {keep} went ahead to show the way.]] },
    { scene = "{H.pic} at home by a warm window, in the evening", time = "dusk", text = [[
The way home is always shorter. {H} was back before the beds were made, with {keep}, and dust up to {H.his} ears.
"Well?" they all said. "What is it like?"^ {H} opened {H.his} mouth, and shut it again.^ It would not fit into words. So {H.he} began at the other end. "First of all," said {H}, "there was {firstor}."
{traitlast}
It took all evening to tell, and the fire burned low, and the smallest ones fell asleep where they sat.
"I want to {want} too," said one of them^, in a dream^. "I know the way," said {H} softly, and tucked the blanket in.]] },
    { scene = "{H.pic} {goalscene}", text = [[
{H} stayed until the last light was gone, and did not say one word, and did not need to.
@1 Then {first.the} passed the sandwiches round.
When {H.he} came home at last, {H.he} brought {keep}.^ Everybody wanted to hear about it, and nobody was told to go to bed.^
{traitlast}
"Was it far?" asked the very smallest one. "It was," said {H}. "But it was not too far." And {H.his} imagining never stopped at the garden wall again.]] },
    { scene = "{H.pic} {goalscene}", text = [[
"So that is what it's like," said {H}, and sat down to look at it properly, until {H.his} eyes were full to the brim.
@1 "Was it worth it?" asked {first.the}.^ {H} only nodded.^ Some things are too big for a yes.
{traitlast}
Then it was time to go home. In {H.his} bag {H} carried {keep}, and in {H.his} heart all the rest.
And if you are very quiet tonight, you may hear {H.him} singing: "{cry}"]] } },
}

plots.deed = {
  titles = { "the {H.kindt} who wanted to {want}", "{H} [want!] to {want}", "how {H} learned to {want}", "when {H} {wantpast}" },
  want = {
    "There was only one thing that {H} wanted, and that was to {want}. \"You?\" said the neighbours. \"A {H.kind}?\" And they laughed until they had to hold on to something.",
    "Other {kinds} were happy with what they had. Not {H}. {H} wanted to {want}. {H.He} had wanted it ever since {H.he} could want anything.",
    "Each night, before sleep came, {H} wished the same wish: \"{H.I} wish that {H.I} could {wantmine}.\" Each morning {H.he} woke up, looked about, and found that it was not so yet." },
  inciting = {
    { scene = "{H.pic} reading a book as big as a door in a library", text = [[
One morning {H} borrowed a book. It was called "How to Do Anything"^, and it was so heavy that it needed a seat of its own^. Page one said, "Begin." {H} began. Page two said, "No, not like that."
"It can't be learned," said everybody at home.^ "Not by a {H.kind}. Have a biscuit."
{H} had the biscuit.^ Then {H.he} turned to the very last page, and there, in small letters, stood: "If all else fails, ask."
And beneath that was a name, and a map. The name was of {T.a}. So off went {H}, and sang: {song}]] },
    { physical = true, scene = "{H.pic} falling into a haystack, with hens looking on", text = [[
One morning {H} made up {H.his} mind. {H.He} took a deep breath, shut {H.his} eyes, and tried. There was a crash.^ It involved a haystack and four hens.^
"You are doing it wrong," said the hens. {H} tried again with {H.his} eyes open. There was a bigger crash.
~"Now you're doing it wrong in a new way," said the hens, who were beginning to enjoy themselves.
But the smallest hen came close. "Past the end of the road lives {T.a} who knows all about {thing}," she said. So off went {H}, and sang: {song}]] },
    { scene = "{H.pic} setting out on a road with a small bag in the morning", text = [[
First {H} tried it on Monday, and got a bump.^ On Tuesday {H.he} tried it standing on {H.his} head, and got a bump on the other side.^ On Wednesday it rained.
"Nobody round here can show you how," said the wise old cat next door. "But beyond the hills lives {T.a}, and people say that there is nothing {T.he} cannot teach."
~"Is it far?" asked {H}. "Only if you stay here," said the cat.
By noon {H} [be] on the road with a bag of {H.food}, and sang: {song}]] } },
  climax = {
    { tilt = "grand wonder joy brave", scene = "{H.pic} and {T.pic} at dawn on a hill", text = [[
At the end of the road sat {T.the}^, exactly as if {T.he} had been waiting^. "Teach {H.me} to {wantmine}," said {H}.^ {T.The} looked at {H.his} dusty feet.^ "You have come a long way. Did you ever turn back?" "No," said {H}. "Then you know the hard part," said {T.the}. "The rest is only doing it."
@1 Somebody shouted from below: it was {first.the}, who had come to see! "Go on!" cried {first.the}.^ "We're all holding our breath, and some of us are turning blue!"^
@F "Go on," said {F} softly.
{H} breathed in. "{cry}" {H.he} said. {nocrash}
And {H} {wantpast}. {Hreally}]] },
    { tilt = "wonder great happy glowing", scene = "{H.pic} and {T.pic} under a big sky", text = [[
{T.The} was very old, and did not say a word at first. {T.He} only watched while {H} tried, and {failed}, and tried, and {failed}. "Good," said {T.the} after the hundredth time. "Now you have used up all the wrong ways."
@F "It's true," said {F}. "I counted them."
@1 "And look who is here," said {T.the}. It was {first.the}, waving with everything that could be waved.
So {H} shut {H.his} eyes^, and thought of home, and of how far it was^. "{cry}" {H.he} whispered. Then, quite simply^, as one opens a door^, {H} {wantpast}. {Hreally}]] } },
  resolution = {
    { scene = "{H.pic} coming home to a village with cheering animals, at dusk", text = [[
What a homecoming it was! The neighbours stood in a row. "Do it again," they said^, and {H} did it again, and again once more for the ones at the back^.
{traitlast}
"We always knew," said the neighbours.^ "We very nearly said so at the time."^ {H} only smiled.
That night a very small somebody knocked at the door. "Please," it said, "I want to learn something impossible."^ {H} moved over to make room.^ "Sit down," said {H}. "The hard part is not turning back."]] },
    { scene = "{H.pic} resting at home under the stars, at night", text = [[
After that {H} could do it whenever {H.he} liked: on Sundays, on birthdays^, and sometimes in the middle of the week for no reason at all^.
@1 {first.The} came to visit every spring, and always asked to see it twice.
{traitlast}
And when people said, "But you are only a {H.kind}," {H} answered, "Yes. Isn't it wonderful?"
Then the stars came out to look, and it was quiet, and everything was just as it should be.]] } },
}

plots.lost = {
  titles = { "{H} and the lost {lostnoun}", "where is {lost}?", "the {H.kindt} who lost {lost}", "{H} [look!] everywhere" },
  want = {
    "Of all that {H.he} had in the world, {H} loved one thing best: {lost}. It went wherever {H} went, even to the bath.",
    "And there was {lost}. It was not new, and it was not grand, but when {H} had it near, every day felt like a Saturday.",
    "\"What do you need to be happy?\" somebody once asked. {H} did not have to think. \"Only {lostmine},\" {H.he} said." },
  inciting = {
    { scene = "{H.pic} looking under a bed in a small house, sad", text = [[
Then came the day when it was gone. {H} looked under the bed, and found the bed.^ {H.He} looked in the jug.^ {H.He} looked in all the places twice, in case it had been shy.
"It can't walk," said {H}. "So somebody or something has taken it." And there, outside the door, a trail of bent grass led away over the hill.
~"I shall only be gone until tea," {H.he} told the teapot. It did not look as if it believed {H.him}.
{H} packed some {H.food}, followed the trail, and sang, to keep {H.his} chin up: {song}]] },
    { scene = "{H.pic} chasing something through the air in a strong wind", weather = "wind", text = [[
One day a big wild wind came by, the kind that has no manners. It slammed three doors, undressed a scarecrow, and took {lost} right out of {H.his} hands.
"Give that back!" cried {H}, and ran. But the wind was over the wall, and over the trees, and gone.
~{H} stood there for a while. Then {H.he} wiped {H.his} nose. A wind has to stop somewhere.
So {H} went after it, the way the grass was bent, and sang, to keep {H.his} chin up: {song}]] } },
  climax = {
    { tilt = "tender sad wonder hope", scene = "{H.pic} finding a family of small mice in a hollow tree, at dusk", time = "dusk", text = [[
And then, in a hollow tree at the very end of the trail, {H} saw it. {Lost}! {H} [be] about to shout for joy, when something squeaked. There sat a mother mouse with seven mouse babies^, each no bigger than a bean^, and {lost} was keeping out the cold.
"Is it yours?" asked the mother mouse. "We found it in the grass, the night our nest fell down.^ We thought that someone must have sent it.^"
@F {F} looked at {H}, and waited.
{H} swallowed.^ It had been such a long way.^ "{cry}" {H.he} said, very quietly. And then {H.he} said, "Yes. I think someone did."]] },
    { tilt = "tender lonely wonder hope", scene = "{H.pic} and a small lonely giant on a hill, at dusk", time = "dusk", text = [[
At the end of the trail sat a young giant with his back to the world, and in the middle of his great hand lay {lost}.^ He was holding it as one holds an egg.^
"That is mine," said {H}^, and was surprised at how loud it came out^. The giant jumped. A tear the size of a bathtub fell just beside them.
@1 "Careful," whispered {first.the}, who had come along behind to help.
"I found it," said the giant. "I never had anything small before."^ {H} thought about that.^ "{cry}" {H.he} said softly. "Move over. You may hold it while I tell you its whole story."]] } },
  resolution = {
    { scene = "{H.pic} at home with many small friends by a warm window, at night", time = "night", text = [[
So they all went home together^, because {H.his} home was warm and there was room enough in it^. By the first snow they had a new bed of moss, and {lost} was back in its old place^, washed, and a little prouder^.
@1 {first.The} came to tea and stayed until Thursday.
{traitlast}
Sometimes one of the small ones asked to hold it. And {H} always said yes.
For a thing that you have lost and found belongs to you twice. And a thing that you have shared belongs to you for ever.]] },
    { scene = "{H.pic} hugging a found treasure on the way home, at sunset", time = "dusk", text = [[
They talked until the stars were out. Then {lost} was put back into {H.his} hands, gently, and it felt exactly as it always had, only a little bit larger.
@F "Home?" asked {F}. "Home," said {H}.
{traitlast}
From then on, on the first day of every month, {H} carried it over the hills on a visit, so that it could be looked at.
And {H} never again asked who had taken it. {H} knew. It had gone out to find {H.him} a friend.]] } },
}

plots.fear = {
  titles = { "{H} and {fear}", "the {H.kindt} who was afraid of {fear}", "brave {H}", "the bravest {H.kind} of all" },
  want = {
    "There was only one thing wrong. {H} [be] afraid of {fear}. Not a little afraid: afraid from the top of {H.his} head right down to the floor.",
    "But {H} had a secret. {H.He} [be] afraid of {fear}. The mere word made {H.his} knees play a tune of their own.",
    "Everyone knew that {H} [be] afraid of {fear}. Nobody laughed, or not much, and {H} wished that it would go away. It did not. It had unpacked its bags." },
  inciting = {
    { scene = "{H.pic} reading a letter at a window in the evening", text = [[
One evening a letter came from {Dear.name}, {Dear.a}, and it was spotted with tears. "I am ill," it said. "Please come. The way is long, and I am afraid that it goes right past {fear}."
^{H} read it three times. ^{Dear.name} was the dearest person in the world.
~"I can't," said {H}. The clock ticked. "I can't," said {H} again, a bit less loudly, and got down the big bag.
Being afraid is one thing. Being away when you are needed is worse. {H} took some {H.food}, and sang with a shaky voice: {song}]] },
    { scene = "{H.pic} looking at a far hill where a lamp has gone out, at dusk", time = "dusk", text = [[
One evening the lamp on the far hill did not come on. {Dear.name} lived there, {Dear.a}, and {Dear.name} had never once forgotten to light it.
"Somebody ought to go and see," said everybody. But the way to the far hill goes right past {fear}, and everybody found that they had a pie in the oven.
~{H} did not have a pie. {H} had nothing but a heart that went like a drum.
"I'll go as far as the gate," said {H}. At the gate {H.he} said, "I'll go as far as the tree." And so {H.he} [be] on {H.his} way, and sang with a shaky voice: {song}]] } },
  climax = {
    { tilt = "scary brave great dark", scene = "{H.pic}, afraid, in front of {fear}, at night", time = "night", text = [[
And then there was no way round. In front of {H} {fearwas} {fear}^: the very thing, and no gate between^. {H.His} knees knocked.^ {H.His} ears rang.^ Everything in {H.him} said, "Home!"
@F "I'm here," said {F}. "I'll hold on to you, and you hold on to me."
@1 Far behind, small and clear, {H} heard the voice of {first.the}: "You can be afraid and go, both at once! I do it all the time!"
"{cry}" whispered {H}. {H.He} took one step, and was afraid.^ {H.He} took another, and was afraid.^ At the seventh step {H.he} noticed something. {H.He} [be] still afraid, and {H.he} [be] already on the other side.]] },
    { tilt = "scary mysterious brave dark", scene = "{H.pic}, very brave, in front of {fear}, at dusk", time = "dusk", text = [[
At the last bend it was waiting: {fear}, just as in the bad dreams^, only without the waking up^.^ {H} shut {H.his} eyes. That was worse. {H} opened them.^
@1! "Look at it closely," {first.the} had said once, about something else. "Things get smaller when they're looked at."
So {H} looked, and went on looking.^ {H.He} looked at it from the left. {H.He} looked at it from the right.^ "I am afraid of you," {H} told it. "I just thought that you should know."
@F {F} nodded. "Well said," said {F}.
It felt good to have said so. "{cry}" said {H}, and walked on, straight past, with {H.his} head up and {H.his} knees down. And nothing happened, except that {H} had done it.]] } },
  resolution = {
    { scene = "{H.pic} beside a warm fire with a friend in a cottage, at night", time = "night", text = [[
{Dear.name} was sitting up in bed with a red nose. "You came!" said {Dear.name}. "But the way goes past..." "Yes," said {H}. "It does."
They lit the lamp, and {H} made soup, and it was so good that {Dear.name} was better by the second bowl.
{traitlast}
@1! On the way home {first.the} asked, "And are you still afraid?" "Oh yes," said {H}. "But now it's a small one. I keep it in my pocket."
And that is where it lives to this day^, and it behaves quite well^.]] },
    { scene = "{H.pic} home in bed under the moon, at night", time = "night", text = [[
In the house on the hill {Dear.name} sat in the dark with a twisted foot^, too far from the matches^. "I knew that someone would come," said {Dear.name}. "I did not know that it would be the bravest one."
"I'm not brave," said {H}. "I was frightened all the way." "That's what it's made of," said {Dear.name}, and the lamp shone out over the hills again.
{traitlast}
At home {H} slept like a stone. And when {fear} came into {H.his} dream, {H} said, "Good evening," and turned over.]] } },
}

plots.lost.same = { resolution = "climax" }              -- the same variant, where one speaks of what the other told
plots.fear.same = { resolution = "inciting" }

return plots
