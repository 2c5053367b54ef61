-- Three more plots: making a friend, making a thing, and finding out what a word means.
local plots = {}

plots.friend = {
  titles = { "{H} and the empty chair", "a friend for {H}", "the {H.kindt} and the {B.kind}", "{H} [meet!] {B}" },
  want = {
    "It was a good life, except for one thing. There was nobody to tell about it. {H} had two chairs, and one of them had never been sat on.",
    "{H} could play chess, and ball, and hide and seek. But {H} always won at chess, the ball never came back, and nobody ever came to seek.",
    "What {H} wanted was a friend. Not a big one, necessarily. Just one to share the window with when it rained." },
  inciting = {
    { scene = "{H.pic} putting a small boat made of paper on a stream", text = [[
One morning {H} wrote a letter. "Dear Somebody," it said. "{H.I} have two chairs. Do you like {H.food}? Yours, {H}." {H.He} folded it into a little boat, put it on the stream and waved until it was gone.
{H} waited on Monday. {H} waited on Tuesday.^ On Wednesday {H.he} thought: what if Somebody cannot read? What if Somebody is waiting too?^
~Two people who are both waiting can wait for a very long time.
So {H} packed some {H.food} and went down the stream after the letter, and sang: {song}]] },
    { scene = "{H.pic} carrying a chair on a road in the morning", text = [[
One morning {H} could wait no longer. {H.He} picked up the second chair, put it on {H.his} back, and locked the door. "If nobody comes to the chair," said {H}, "then the chair must go to somebody."
It was not a heavy chair, but it had opinions.^ It caught on gates. It sat down whenever {H.he} did.^
~"Moving house?" asked a hen. "No," said {H}. "Looking for the other half of it."
And along the road they went, {H} and the chair, and {H} sang: {song}]] } },
  climax = {
    { tilt = "sad lonely tender hope", scene = "{H.pic} and {B.pic} on a hill at dusk", time = "dusk", text = [[
{H} had met so many by now.^ They were kind, all of them, but each had a home to get back to.^ So one evening {H} sat down on a hill, and it began to rain a little, and {H} [be] quite sure that there was nobody.
"Excuse me," said a voice behind {H.him}. "Is that seat taken?" It was {B.a}, wet to the skin, with a crumpled paper in one hand. "I am looking for somebody. I have come such a long way, and I don't even know the name."
"What a coincidence," said {H}. "So {H.am} {H.I}."
They looked at each other, and went on looking. "{B}," said {B.the}. "{H}," said {H}. And the rain went to find something else to do.]] },
    { tilt = "funny tender storm hope", scene = "{H.pic} and {B.pic} bumping into each other in a forest", text = [[
It was on a corner^, and neither of them was looking^. Bump! {H} sat down in a puddle. So did somebody else. It was {B.a}. "That was your fault!" "That was YOUR fault!" they said, both at once.
They went off in two directions, very cross.^ After ten steps {H} stopped.^ Nobody had ever been cross with {H.him} before.^ It had been almost like company.^
"{cry}" {H} told {H.himself}, and turned round, and ran. And round the corner, running the other way, came {B.the}. Bump!
This time they laughed, until the puddle shook. "{B}," said {B.the}, and held out a muddy hand. "{H}," said {H}.]] } },
  resolution = {
    { scene = "{H.pic} and {B.pic} looking out of a window at the rain", weather = "rain", text = [[
Now there are two cups on the table, and two coats on the hook, and they never agree about the window. {B} [like!-] it open. {H} [like!] it shut.^ So it is open on some days, and on others it is shut, and that is called being friends.^
{traitlast}
@1 On Sundays {first.the} comes too, and brings a chair along.
And if you ask {H} who won at chess, {H.he} will say, "I lost!"^ And nobody was ever so happy about it.^]] },
    { scene = "{H.pic} and {B.pic} under the stars by a small house, at night", time = "night", text = [[
That night they sat outside and looked up. "When I was alone," said {B}, "I used to count the stars." "So did I," said {H}. "How many did you get?" "Nine hundred and six," said {B}. "Nine hundred and seven!" said {H}.
So they had to start all over again, together, and it was going to take years.
{traitlast}
@1 Somewhere down the road {first.the} saw two little lights in one window, and smiled.
"One," said {H}. "Two," said {B}. And that is where we leave them.]] } },
}

plots.make = {
  titles = { "{H} and {making}", "how {H} {wantpast}", "the {H.kindt} who wanted to {want}", "{H} and the one thing missing", "{H} [have!] an idea" },
  want = {
    "But best of all, {H} liked to make things. Some of them worked. And now {H} had an idea, the biggest so far: {H.he} wanted to {want}.",
    "One night {H} woke up with an idea. It sat on the end of the bed and would not go away. \"All right,\" said {H}. \"{H.I}'ll do it. {H.I}'ll {wantmine}.\"",
    "{H} wanted to {want}. Nobody had asked for it. That is often how the best things start." },
  inciting = {
    { scene = "{H.pic} in a workshop full of wood, ropes and paint", text = [[
{H} began at once.^ There was hammering, and stirring, and the word "oops."^ By evening there it stood. {H} walked round it twice. It fell over.
{H} began again. This time it did not fall over. It simply did not do anything at all. "Something is missing," said {H}^, and scratched {H.his} head with a spoon^.
~"Nails?" asked the cat next door. "Jam?" asked the child across the road. It was not nails, and it was only partly jam.
"Then {H.I}'ll go and find out what," said {H}, took some {H.food}, and sang: {song}]] },
    { scene = "{H.pic} drawing a plan on a very long sheet of paper, in the morning", text = [[
First {H} drew a plan. It was so long that it went out of the door. Step one was "begin." Step two was "finish."^ In between there was a gap, with a question mark in it.^
"That's the bit {H.Im} worried about," said {H}. The neighbours came to look. "It can't be done," they said.^ "And you've spelled finish wrong."^
~{H} looked at the plan for a long time. Then {H.he} rolled it up and put it under {H.his} arm.
"Someone out there will know," said {H}, and set off down the road with a bag of {H.food}, and sang: {song}]] } },
  climax = {
    { tilt = "great merry wonder adventurous", scene = "{H.pic} and many animals building something together on a hill", text = [[
Home again, {H} worked all night long.^ Hammer, stir, "oops," and hammer again.^ When the sun came up, one piece was still missing, a piece in the shape of nothing in particular.^ {H} could have cried.^
@F "Let me hold that end," said {F}, and that was already better.
@1! There was a knock. It was {first.the}! "I brought the whole road with me," said {first.the}. "We thought that you might need a push."
Everybody took hold. "{cry}" sang {H}, and everybody pulled, and something went click.
And {H} stood back^, and rubbed {H.his} eyes^. It was done. {H.He} {wantpasthad}!]] },
    { tilt = "tender wonder great glowing", scene = "{H.pic} proudly showing something wonderful at dawn", time = "dawn", text = [[
It was the last night, and {H} sat in front of it, tired to the bone.^ Everything was in its place, and still it was not right. "What is it that you want?" asked {H}.^^ It is no use asking things like that. But {H} listened all the same.^
And then {H} knew. It was not a nail, and it was not paint. It was all the rest: the road, the ones {H.he} had met, the laughing and the getting lost. {H} began again, and this time all of that went in.
@F "Now it looks like you," said {F}.
"{cry}" hummed {H}, and gave it one last tap. In the first light it stood there, a bit crooked, and perfect. {H} {wantpasthad}.]] } },
  resolution = {
    { scene = "{H.pic} with friends at a feast with lanterns, at dusk", time = "dusk", text = [[
Everyone came to see.^ They looked at it from the front. They looked at it from behind.^ "It's crooked," said the neighbours. "It's wonderful," they added, because it was.
@1 {first.The} asked if one could have another just like it. "No," said {H}. "But {H.I} can show you how to start."
{traitlast}
There was music, and there were lanterns^, and nobody went home until the moon did^.
And that night a new idea came and sat on the end of the bed. {H} opened one eye. "Tomorrow," said {H}.]] },
    { scene = "{H.pic} smiling in front of a house in the evening", time = "dusk", text = [[
It is still there today. The rain has made it grey^, and a wren has moved in at the corner^, and it is better than new.
{traitlast}
@1 Every year {first.the} comes by to look after the paint.
"How did you ever do it?" people ask. "I began," [say!] {H}, "and then I finished." "And in between?" Then {H} [laugh!], and [pull!] up a chair.
"In between," [say!] {H}, "is the story."]] } },
}

plots.word = {
  titles = { "{H} and the strange word", "what the word meant", "the {H.kindt} who found a word", "\"{word},\" said {H}" },
  want = {
    "{H} loved words. {H.He} kept the good ones in a jar: marmalade, twilight, kerfuffle. In the evening {H.he} took one out and said it slowly.",
    "{H} liked to know what things were called. A thing with a name, {H.he} thought, is halfway to being a friend.",
    "There was nothing that {H} liked more than something new to think about, and lately there had been nothing new at all." },
  inciting = {
    { scene = "{H.pic} finding a bottle with a message at the edge of a stream", text = [[
One morning a bottle came bobbing along, and in it was a scrap of paper. {H} pulled out the cork. Something was written there in old brown ink: "{word}".
{H} said it out loud. A leaf fell.^ {H} said it again, and the wind dropped, as if someone had put a finger to their lips.^ But what did it mean?
"It's a kind of soup," said the neighbour on the left. "It's a disease of turnips," said the neighbour on the right.
Neither sounded right. So {H} packed some {H.food}, put the paper in {H.his} pocket, and went off to find out. On the way {H.he} sang: {song}]] },
    { scene = "{H.pic} listening to the wind on a hill", weather = "wind", text = [[
One evening, when everything was quiet, {H} heard the wind say something.^ It was not "woo," and it was not "whee."^ It was, quite clearly: "{word}."
"Pardon?" said {H}. "{word}," said the wind, and was gone over the hill. {H} did not sleep that night.^ One can't, with a thing like that in one's ear.^
~In the morning {H.he} asked the schoolmaster. He looked it up. Then he looked under the book.
"Then {H.I} must run after the wind and ask it," said {H}, packed some {H.food}, and sang: {song}]] } },
  climax = {
    { tilt = "mysterious wonder tender glowing", scene = "{H.pic} and {T.pic} in a tower full of books, at night", time = "night", text = [[
In a tower at the end of the last road sat {T.a}^, among more books than there are leaves^. {H} held out the paper with both hands. "Please," said {H}, "what does it mean?"
{T.The} put on one pair of spectacles, and then another pair on top. Then {T.he} began to smile.^ "I have not seen that for a hundred years," {T.he} said.^ "Who did you meet on your way here?"
@1! So {H} told {T.him} about {first.the}, and about all the others, and the rain, and the road.^ It took until midnight.^
"There, you see," said {T.the}. "You knew it all along. ‘{word}’ is what you say to somebody when you are glad that they came."]] },
    { tilt = "wonder dreamy glowing great", scene = "{H.pic} on a high hill in the wind under the stars", time = "night", text = [[
At the top of the highest hill {H} caught up with the wind.^ It had sat down to rest, and all the grass was lying flat around it.^ "You again," said the wind.
@F "Ask it," whispered {F}. "Quick!"
"What does it mean?" asked {H}. "{word}.^ You said it to me.^ I have come all this way." The wind was silent for a bit.^ Nobody had ever run after it before. They mostly hold on to their hats.^
"It is the oldest word I carry," said the wind at last. "It means: come out and see. I say it at every window. You are the first one who came."]] } },
  resolution = {
    { scene = "{H.pic} at a door with friends in the morning light", time = "morning", text = [[
{H} went home with the word in {H.his} pocket, and it was as warm as bread. {H.He} tried it on the neighbour on the left. The neighbour looked up, and went pink, and put the kettle on.
{traitlast}
@1 {H} wrote it on a card and sent it to {first.the}^, and nothing else was on the card, and nothing else was needed^.
Soon everyone said it^, over fences, out of windows, up and down the stairs^.
And tonight, when the light goes out, somebody may say it to you: "{word}."]] },
    { scene = "{H.pic} at an open window under the moon, at night", time = "night", text = [[
So {H} knew^, and it was the sort of thing that one goes on knowing for the rest of one's life^.
@1 "{word}," said {first.the} at the crossroads, trying it out. "It tickles." And they both laughed.
{traitlast}
{H} put the word in the jar with the others.^ It shone so brightly that there was no need for a lamp.^
When the wind goes by the window now, {H} [open!] it wide and [call!], "{word}!" And the wind always answers.]] } },
}

plots.word.same = { climax = "inciting" }               -- the paper is read, or the wind is asked, as the story began

return plots
