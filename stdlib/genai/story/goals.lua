-- What it is like to get there at last. Row: the words it answers to; the first sign; the arrival, with all senses; what is brought home; the picture.
local goals = {}

local list = {
  { "sea ocean seaside", "the air began to taste of salt", "There was the sea: blue and green and silver^, and so big that it had no other side^. It said \"hush,\" and \"hush,\" and rolled a bit of white lace right up to {H.his} toes.",
    "a shell with a whisper in it", "by the sea on a beach" },
  { "moon", "the ground turned silver", "There was the moon, so low on the hill that one could have knocked. It was round and cool and smelled faintly of snow, and it knew {H.his} name.", "a pocketful of silver dust", "on a hill under a big full moon with stars, at night", "night" },
  { "star stars", "something far off began to ring like glass", "There it hung, just above the grass: one star, warm as a mitten, humming to itself. {H} held out a hand, and the light ran up {H.his} arm like laughter.", "a spark that never went out", "on a hill under bright stars, at night", "night" },
  { "snow", "everything became very quiet", "Something cold and soft sat down on the tip of {H.his} nose. Then another. The whole sky was coming down in small white pieces, and the world had been tucked in.", "a snowball, for as long as it lasted", "in the snow in a white forest", "noon", "snow" },
  { "mountain mountains peak volcano", "the wind began to smell of stone", "There it all was, and the sky had to move over to make room. The rocks were gold on one side and violet on the other, and far below, the clouds were grazing like sheep.", "a small stone, warm from the sun", "on top of the mountains above the clouds" },
  { "rainbow", "the rain stopped in the middle of a drop", "There stood the rainbow^, one foot in the river and one in a turnip field^. Up close it hummed, each colour on its own note, and the yellow one was warm.", "a wet feather with all the colours in it", "under a rainbow by a river in a meadow" },
  { "city town", "the road began to sparkle", "There lay the city, ten thousand windows, and a light in every one. Bells rang, buns steamed, someone was practising the trombone^, and nobody in all the world was in bed^.", "a tram ticket with a hole in the shape of a star", "in front of a big city with lights, at dusk", "dusk" },
  { "king queen princess prince palace castle", "trumpets sounded, rather out of tune", "And there at last was the castle, all flags and stairs. Inside, someone in a crown was eating toast by the window, quite alone. \"Oh good,\" said the crown. \"Company!\"", "a crust of royal toast", "in front of a castle with towers" },
  { "lighthouse", "a long white arm of light swung over the hill", "There stood the lighthouse with its feet in the foam. Round went the light, over the sea, over the land, over {H}, as if to say: there you are, there you are.", "a splinter of rainbow glass", "by a lighthouse on the sea, at night", "night" },
  { "island", "gulls began to circle", "There it was: an island, round as a bun, with one tree in the middle for a candle. The sand was so warm that it squeaked.", "a coconut with a surprised face", "on a small island in the sea" },
  { "treasure gold chest", "the compass began to giggle", "There was the box, under the roots^, just as the story said^. Inside lay a mirror, a loaf of bread and a note: \"For you, who came all this way. Look, and eat.\" {H} looked. {H} ate. It was all true.", "the note, folded very small", "with a treasure chest under a big tree in the forest" },
  { "music song melody tune", "the leaves began to keep time", "It came from everywhere. The stream had the low part, the wind had the high part, and there was a place in the middle, just as wide as one small voice. {H} opened {H.his} mouth and sang it.", "a tune that fitted in a pocket", "singing beside a river with birds in a forest" },
  { "sun sunshine sunrise", "the edge of the world turned gold", "Up it came, like a big warm question. It touched the hilltops, then the trees, and then, as if it had come all this way on purpose, the very end of {H.his} nose.", "three new freckles", "on a hill in front of a big yellow sun, at dawn", "dawn" },
  { "forest wood woods jungle", "everything began to smell green", "There stood the forest, as high as church towers and twice as quiet. Light came down in coins.^ A hundred small voices stopped, looked, and went on singing, only now for {H} too.^", "an acorn with its hat on", "in a forest of tall green trees" },
  { "honey bee", "there was a hum, and a smell like summer", "There, in a hollow tree, it shone: honey, gold and slow, dripping like sunlight that had all the time in the world. The bees looked {H} up and down. \"Mind your manners,\" they said, \"and mind the spoon.\"", "a jar, not quite full", "beside a tree with honey and bees in a meadow" },
  { "love kindness friendship happiness joy peace courage hope", "nothing changed, only everything felt lighter", "Then {H} understood. It had been there at every bend of the road, in each one who had said \"good luck\" and meant it. It weighs nothing, and so {H.he} had not noticed that {H.he} [be] carrying it.", "nothing that one could see", "on a hill with a sunrise and friends", "dawn" },
}
goals.rows = {}
for _, row in ipairs(list) do
  for word in row[1]:gmatch "%S+" do
    goals.rows[word] = { sign = row[2], arrive = row[3], keep = row[4], scene = row[5], time = row[6], weather = row[7] }
  end
end

goals.plain = {
  { sign = "the birds all stopped at once", arrive = "And there {objit} {objwas}, at last. Not as big as in the stories, and not as loud, but real, with the light upon {objthem}. {H} stood very still, the way one does when a butterfly has landed.", keep = "a small smooth pebble from the very spot", scene = "in front of {thing} in a meadow with flowers" },
  { sign = "a warm wind came to meet them", arrive = "And there {objit} {objwas}! {H} had dreamed of this so often that it felt like coming home. It smelled of grass and rain and something that {H} had no word for yet.", keep = "a leaf, pressed flat in a book", scene = "in front of {thing} on a green hill with trees and sun" },
  { sign = "the path began to shine", arrive = "And there {objit} {objwas}, just round the last corner, as if waiting had been easy all along. {H} laughed out loud, and the valley laughed back.", keep = "the echo of a very good laugh", scene = "in front of {thing} in a valley with mountains and a river" },
}
goals.usual = { "sea", "moon", "snow", "mountains", "rainbow", "city", "lighthouse", "island", "forest", "sun", "star" }

return goals
