-- What the words of a sentence mean for a picture: times, weathers, places, colours, sizes, numbers, relations.
local figures = require "genai.scene.figures"
local words = {}

local function map(text) -- "word: a b c" lines -> { a = word, b = word, ... }
  local out = {}
  for line in text:gmatch "[^\n]+" do
    local value, list = line:match "^%s*([%w_]+)%s*:%s*(.*)$"
    if value then
      for w in list:gmatch "%S+" do out[w] = out[w] or value end
    end
  end
  return out
end

words.times = { "dawn", "morning", "noon", "afternoon", "dusk", "evening", "night" }
words.time = map [[
dawn: dawn sunrise daybreak cockcrow
morning: morning breakfast
noon: noon midday lunch lunchtime daytime sunny
afternoon: afternoon teatime
dusk: dusk sunset twilight sundown gloaming
evening: evening supper suppertime
night: night midnight nighttime moonlit moonlight starry bedtime nights tonight starlit starlight]]

words.weathers = { "clear", "cloudy", "rain", "storm", "snow", "fog", "wind" }
words.weather = map [[
cloudy: cloudy overcast grey_sky
rain: rain rainy raining rained drizzle shower downpour
storm: storm stormy thunder lightning thunderstorm tempest hurricane
snow: snow snowy snowing snowed snowfall snowflake snowflakes blizzard
fog: fog foggy mist misty haze hazy
wind: wind windy breeze breezy gust blustery gale]]

words.seasons = { "spring", "summer", "autumn", "winter" }
words.season = map [[
spring: spring springtime blossoms blossoming
summer: summer
autumn: autumn fall_time golden_leaves leaves
winter: winter wintry frost frosty icy]]

words.places = { "meadow", "forest", "beach", "sea", "underwater", "island", "cliff", "mountains", "hills", "river", "lake", "village", "city", "desert", "snowfield",
  "cave", "sky", "space", "road", "garden", "waterfall", "jungle", "room", "swamp" }
words.place = map [[
meadow: meadow field pasture grass valley lawn clearing glade prairie park picnic grassland moor heath
forest: forest wood woods woodland grove orchard
jungle: jungle rainforest bamboo
beach: beach sand seaside shore coast seashore dune dunes shoreline
sea: sea ocean bay waves wave harbour harbor port waters tide
underwater: underwater seabed seafloor
island: island isle islet
cliff: cliff cliffs headland crag ledge
mountains: mountain mountains peak peaks summit alps mount volcano
hills: hill hills hillside hilltop downs slope
river: river stream brook creek riverbank bank
lake: lake pond pool lagoon puddle
village: village hamlet
town: town
city: city street skyscraper skyscrapers
desert: desert sahara oasis
snowfield: snowfield arctic tundra glacier ice antarctic
cave: cave cavern den grotto tunnel
sky: cloudtop
space: space galaxy universe
road: road path lane trail
garden: garden flowerbed flowerbeds
waterfall: waterfall waterfalls
room: room bedroom kitchen attic library nursery
swamp: swamp marsh bog reeds]]

words.sky = map [[
sun: sun sunshine sunlight sunbeam sunbeams
moon: moon moonlight moonlit moonbeam
stars: stars starry starlight starlit constellation
clouds: cloud clouds cloudy
rainbow: rainbow rainbows
aurora: aurora northern_lights]]

words.colours = {
  red = { 0.84, 0.18, 0.16 }, crimson = { 0.74, 0.1, 0.2 }, scarlet = { 0.9, 0.18, 0.12 }, ruby = { 0.76, 0.08, 0.24 }, orange = { 0.95, 0.52, 0.14 },
  yellow = { 0.98, 0.82, 0.2 }, golden = { 0.95, 0.73, 0.2 }, gold = { 0.95, 0.73, 0.2 }, green = { 0.3, 0.62, 0.28 }, emerald = { 0.1, 0.6, 0.38 },
  turquoise = { 0.2, 0.72, 0.7 }, teal = { 0.1, 0.5, 0.52 }, blue = { 0.2, 0.42, 0.82 }, azure = { 0.25, 0.58, 0.92 }, purple = { 0.5, 0.26, 0.66 },
  violet = { 0.56, 0.34, 0.76 }, lilac = { 0.76, 0.62, 0.86 }, pink = { 0.96, 0.58, 0.68 }, white = { 0.97, 0.96, 0.94 }, black = { 0.16, 0.15, 0.18 },
  grey = { 0.6, 0.6, 0.63 }, gray = { 0.6, 0.6, 0.63 }, silver = { 0.78, 0.8, 0.84 }, silvery = { 0.78, 0.8, 0.84 }, brown = { 0.52, 0.34, 0.22 },
  tan = { 0.8, 0.64, 0.46 }, cream = { 0.97, 0.92, 0.8 }, bronze = { 0.7, 0.46, 0.22 }, copper = { 0.74, 0.42, 0.26 }, ginger = { 0.88, 0.5, 0.2 },
  indigo = { 0.26, 0.22, 0.56 }, magenta = { 0.82, 0.2, 0.56 },
}
words.colour_list = {}
for name in pairs(words.colours) do words.colour_list[#words.colour_list + 1] = name end
table.sort(words.colour_list)

words.sizes = { "tiny", "small", "medium", "big", "tall", "huge" }
words.scale = { tiny = 0.55, small = 0.75, medium = 1, big = 1.28, tall = 1.25, huge = 1.55 }
words.size = map [[
tiny: tiny wee minute teeny
small: small little young short petite
medium: medium
big: big large great
tall: tall high long
huge: huge giant enormous gigantic mighty vast]]

words.numbers = { two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, eight = 8, nine = 9, ten = 10, dozen = 12, both = 2, couple = 2, pair = 2, several = 4,
  many = 6, some = 3, few = 3, hundred = 12, hundreds = 12, thousand = 12, flock = 6, herd = 5, swarm = 8 }
words.once = { a = true, an = true, one = true, another = true, the = false }

-- how the figure before the word stands to the one after it
words.relation = map [[
under: under beneath below underneath
on: on onto atop upon riding
inside: in inside into within
beside: beside by near next alongside at against
with: with
holding: holding holds held carrying carries carried reading reads read bringing brings hugging lifting
above: above over across
behind: behind beyond past
before: before]]
words.negation = map [[no: no without not never nor]]
words.stop = map [[stop: is was were are has had who that and or but then sees saw see looking looks watched watches watching wanted wants to met meets meet]]
words.pose = map [[
asleep: asleep sleeping slept sleeps dozing napping dreaming sleepy
flying: flying flew flies fly soaring gliding fluttering hovering
airborne: floating]]
words.feeling = map [[
happy: happy merry glad laughing smiling cheerful joyful dancing dances jolly playing proud
sad: sad lonely crying unhappy weeping lost sorry tearful
fierce: fierce angry fiery roaring breathing fearsome]]

-- noun -> kind, with every synonym; two-word names are joined by the parser
words.noun = {}
for _, kind in ipairs(figures.order) do
  words.noun[kind] = kind
  for w in figures.kinds[kind].words:gmatch "%S+" do words.noun[w] = words.noun[w] or kind end
end
words.double = { ["apple tree"] = "appletree", ["cherry tree"] = "cherrytree", ["palm tree"] = "palm", ["pine tree"] = "pine", ["fir tree"] = "pine",
  ["christmas tree"] = "pine", ["willow tree"] = "willow", ["oak tree"] = "tree", ["polar bear"] = "polarbear", ["hot air"] = "balloon", ["sailing boat"] = "boat",
  ["fishing boat"] = "boat", ["rowing boat"] = "rowboat", ["space ship"] = "rocket", ["pirate ship"] = "pirateship", ["old man"] = "grandfather", ["old woman"] = "grandmother",
  ["street lamp"] = "lantern", ["teddy bear"] = "bear", ["lighthouse keeper"] = "man", ["sand castle"] = "castle", ["birthday cake"] = "cake", ["birch tree"] = "birch",
  ["northern lights"] = "aurora", ["tree house"] = "treehouse", ["tree top"] = "tree", ["red balloon"] = "toyballoon", ["yellow balloon"] = "toyballoon", ["toy balloon"] = "toyballoon", ["sunken ship"] = "ship" }
words.irregular = { mice = "mouse", geese = "goose", children = "child", men = "man", women = "woman", people = "man", wolves = "wolf", sheep = "sheep", deer = "deer",
  fish = "fish", leaves = "leaves", kitties = "kitty", ponies = "pony", oxen = "ox", fairies = "fairy", elves = "elf", dwarves = "dwarf", fireflies = "firefly",
  butterflies = "butterfly", ladies = "lady", octopuses = "octopus", calves = "calf", foxes = "fox", witches = "witch", boxes = "box", torches = "torch", daisies = "daisy",
  puppies = "puppy", bushes = "bush", berries = "berry", clouds = "clouds", stars = "stars" }

words.indoors = { house = true, barn = true, castle = true }
words.verb = map(([[a: afraid alone tired full called named without lonely about sits stands sat stood runs ran walks walked goes went comes came looks sleeps sings sang makes made finds found gives gave takes took lies lay waits plays played eats ate swims swam
  sails sailed climbs climbed jumps jumped hides hid falls fell lives lived dreams from for of to as so very too up down out off through round around under between among like when where while until if]]):gsub("\n", " "), nil) -- one line
-- what cannot be somebody, though an article stands before it
words.abstract = map(([[a: song story tale day world picture painting place land sound smell word time hour moment dream wish thought scene view lot bit way music poem kind piece journey trip walk party feast game
  voice noise secret idea plan name reason question answer sky light shadow dark silence quiet tune dance song lullaby book page line colour smile tear year week month minute surprise adventure
  moon sun star rainbow wave wind rain storm snow fog window wall floor roof door corner edge side top foot middle end bottom heap pile bag basket]]):gsub("\n", " "), nil) -- one line

--- Singular and whether the word was a plural.
function words.singular(w)
  local one = words.irregular[w]
  if one then return one, one ~= w end
  if #w > 3 and w:sub(-1) == "s" and w:sub(-2) ~= "ss" then
    local cut = w:sub(1, -2)
    if words.noun[cut] then return cut, true end
    if w:sub(-2) == "es" and words.noun[w:sub(1, -3)] then return w:sub(1, -3), true end
  end
  return w, false
end

return words
