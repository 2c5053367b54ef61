-- The table of all that can be drawn: kind -> how it draws, its usual colour, its size on the page (picture heights), its width for its height,
-- where it lives (ground, water, sky, deep) and the words that mean it. To add a figure: one row here, one short function that draws it.
local animals, wings, people = require "genai.scene.animals", require "genai.scene.wings", require "genai.scene.people"
local plants, buildings, things = require "genai.scene.plants", require "genai.scene.buildings", require "genai.scene.things"
local objects = require "genai.scene.objects"

local figures, order = {}, {}
local ORANGE, BROWN, GREY, WHITE, GREEN, RED = { 0.91, 0.47, 0.17 }, { 0.6, 0.42, 0.28 }, { 0.62, 0.62, 0.66 }, { 0.96, 0.95, 0.93 }, { 0.36, 0.6, 0.3 }, { 0.84, 0.24, 0.22 }
local CREAM, DARK, SKIN = { 0.98, 0.94, 0.86 }, { 0.24, 0.22, 0.25 }, { 0.96, 0.8, 0.68 }

local function add(kind, words, draw, colour, height, width, lives, spec)
  figures[kind] = { kind = kind, words = words, draw = draw, colour = colour, height = height, width = width, lives = lives or "ground", spec = spec or {} }
  order[#order + 1] = kind
end

local function sit(kind, words, colour, height, spec) add(kind, words, animals.sitting, colour, height, 0.75, "ground", spec) figures[kind].alive = true end
local function stand(kind, words, colour, height, spec) add(kind, words, animals.standing, colour, height, 1.05, "ground", spec) figures[kind].alive = true end
local function live(...) add(...) figures[(...)].alive = true end

sit("rabbit", "bunny hare kangaroo", { 0.72, 0.58, 0.46 }, 0.34, { ears = "long", tail = "puff", teeth = true, nose = { 0.9, 0.5, 0.5 }, whiskers = true })
sit("fox", "vixen", ORANGE, 0.33, { ears = "point", tail = "brush", tail_tip = WHITE, mask = WHITE, muzzle = WHITE, belly = WHITE, tip = { 0.3, 0.2, 0.2 }, socks = { 0.3, 0.2, 0.2 }, snout = 0.07 })
sit("cat", "kitten kitty tomcat", { 0.93, 0.62, 0.3 }, 0.3, { ears = "point", tail = "curl", stripes = { 0.7, 0.38, 0.16 }, whiskers = true, nose = { 0.9, 0.5, 0.5 }, iris = { 0.75, 0.86, 0.4 } })
sit("dog", "puppy hound pup", { 0.75, 0.52, 0.32 }, 0.31, { ears = "flop", tail = "wag", muzzle = CREAM, big_nose = true, snout = 0.1 })
sit("bear", "cub teddy", { 0.5, 0.34, 0.22 }, 0.4, { ears = "round", muzzle = { 0.86, 0.7, 0.5 }, big_nose = true, snout = 0.1, wide = 0.27 })
sit("polarbear", "", WHITE, 0.4, { ears = "round", muzzle = WHITE, big_nose = true, snout = 0.1, wide = 0.27 })
sit("panda", "", WHITE, 0.38, { ears = "round", ear_colour = DARK, inner = DARK, patches = DARK, sleeve = DARK, socks = DARK, muzzle = WHITE, big_nose = true, wide = 0.27 })
sit("koala", "wombat", GREY, 0.32, { ears = "round", ear = 0.13, big_nose = true, wide = 0.25 })
sit("mouse", "rat mice hamster", { 0.66, 0.62, 0.62 }, 0.22, { ears = "round", ear = 0.15, tail = "thin", whiskers = true, nose = { 0.92, 0.5, 0.52 }, teeth = true })
sit("mole", "", { 0.3, 0.27, 0.3 }, 0.24, { ears = "round", ear = 0.04, big_nose = true, nose = { 0.92, 0.55, 0.55 }, snout = 0.11, whiskers = true, eye = 0.026 })
sit("wolf", "coyote", { 0.5, 0.52, 0.58 }, 0.36, { ears = "point", tail = "brush", mask = { 0.86, 0.87, 0.9 }, muzzle = { 0.92, 0.92, 0.94 }, snout = 0.09, big_nose = true })
sit("squirrel", "chipmunk", { 0.75, 0.4, 0.2 }, 0.27, { ears = "point", tail = "squirrel", teeth = true, belly = CREAM })
sit("raccoon", "badger skunk", { 0.5, 0.5, 0.52 }, 0.3, { ears = "round", tail = "brush", patches = DARK, muzzle = WHITE, mask = WHITE, tail_tip = DARK })
sit("hedgehog", "porcupine", { 0.74, 0.58, 0.42 }, 0.25, { ears = "round", ear = 0.055, spines = true, snout = 0.07, face = 0.26, muzzle = CREAM })
sit("lion", "", { 0.92, 0.7, 0.34 }, 0.37, { ears = "round", tail = "curl", mane = { 0.66, 0.36, 0.14 }, muzzle = CREAM, big_nose = true, snout = 0.09 })
sit("tiger", "", { 0.95, 0.58, 0.18 }, 0.37, { ears = "round", tail = "curl", stripes = { 0.22, 0.16, 0.14 }, muzzle = WHITE, mask = WHITE, big_nose = true, snout = 0.09, whiskers = true })
sit("monkey", "ape chimp gorilla", { 0.52, 0.34, 0.22 }, 0.33, { ears = "round", ear = 0.1, tail = "curl", mask = { 0.93, 0.76, 0.58 }, muzzle = { 0.95, 0.8, 0.64 }, snout = 0.1 })
sit("pig", "piglet hog boar", { 0.97, 0.7, 0.7 }, 0.29, { ears = "point", tail = "pig", nose = "snout", wide = 0.27 })
sit("seal", "walrus otter beaver", { 0.55, 0.55, 0.6 }, 0.27, { ears = "round", ear = 0.02, whiskers = true, big_nose = true, snout = 0.1, wide = 0.26 })
stand("horse", "pony foal stallion mare", { 0.6, 0.4, 0.26 }, 0.42, { body = 0.48, hx = 0.38, hy = 0.84, mane = { 0.3, 0.18, 0.12 } })
stand("unicorn", "pegasus", { 0.98, 0.96, 0.98 }, 0.44, { body = 0.48, hx = 0.38, hy = 0.8, mane = { 0.88, 0.6, 0.86 }, horn = "unicorn", hoof = { 0.96, 0.8, 0.45 } })
stand("donkey", "mule", { 0.6, 0.58, 0.58 }, 0.38, { body = 0.46, mane = { 0.3, 0.28, 0.3 } })
stand("deer", "stag doe fawn moose reindeer elk", { 0.72, 0.5, 0.32 }, 0.44, { body = 0.44, hx = 0.34, hy = 0.74, horn = "antler", leg = 0.03, tex = "spot", scale = 13, amount = 0.3, marks = { 0.93, 0.82, 0.68 } })
stand("cow", "bull calf ox", { 0.95, 0.93, 0.9 }, 0.38, { body = 0.44, hx = 0.4, hy = 0.66, horn = "curve", tex = "patch", scale = 5, amount = 1, marks = { 0.24, 0.18, 0.16 }, muzzle = { 0.96, 0.7, 0.68 }, thick = 0.18 })
stand("sheep", "lamb ram ewe", { 0.96, 0.94, 0.9 }, 0.3, { body = 0.42, hx = 0.36, hy = 0.62, thick = 0.2, rough = 0.03, tex = "leaves", scale = 12, amount = 0.25, head = 0.11, head_colour = { 0.45, 0.38, 0.38 }, muzzle = { 0.56, 0.48, 0.46 }, leg = 0.035 })
stand("goat", "", { 0.9, 0.88, 0.84 }, 0.32, { body = 0.42, hx = 0.36, hy = 0.7, horn = "curve", leg = 0.035 })
stand("giraffe", "", { 0.95, 0.78, 0.42 }, 0.6, { body = 0.4, hx = 0.32, hy = 0.9, neck = 0.06, head = 0.08, horn = "curve", tex = "patch", scale = 13, amount = 1, marks = { 0.66, 0.4, 0.2 }, thick = 0.12, leg = 0.03 })
stand("zebra", "", { 0.96, 0.95, 0.94 }, 0.4, { body = 0.46, hx = 0.38, hy = 0.8, mane = { 0.2, 0.18, 0.2 }, tex = "stripe", scale = 11, amount = 1, marks = { 0.18, 0.16, 0.18 } })
stand("camel", "llama alpaca", { 0.84, 0.66, 0.42 }, 0.42, { body = 0.48, hx = 0.44, hy = 0.8, thick = 0.16, leg = 0.035, humps = true })
live("dinosaur", "dino", wings.dragon, { 0.5, 0.68, 0.36 }, 0.5, 1.1, "ground", { plain = true })
live("elephant", "mammoth hippo rhino", animals.elephant, { 0.62, 0.64, 0.7 }, 0.44, 1.05)
live("turtle", "tortoise", animals.turtle, { 0.46, 0.56, 0.3 }, 0.22, 1.3)
live("frog", "toad", animals.frog, { 0.42, 0.7, 0.3 }, 0.22, 0.85)
live("snail", "slug", animals.snail, { 0.8, 0.5, 0.36 }, 0.2, 1.1)
live("bird", "robin sparrow songbird bluebird chick finch swallow wren parrot lark", wings.bird, { 0.3, 0.56, 0.82 }, 0.17, 1.2, "sky")
live("seagull", "gull albatross stork", wings.glider, { 0.97, 0.97, 0.96 }, 0.13, 2.2, "sky", { tip = { 0.5, 0.54, 0.6 } })
live("eagle", "hawk falcon phoenix", wings.glider, { 0.5, 0.34, 0.22 }, 0.2, 2.2, "sky", { head = WHITE })
live("crow", "raven blackbird bat", wings.glider, { 0.2, 0.19, 0.24 }, 0.13, 2.2, "sky", {})
live("owl", "", wings.owl, { 0.62, 0.46, 0.32 }, 0.26, 0.8)
live("penguin", "", wings.penguin, { 0.2, 0.24, 0.34 }, 0.28, 0.8)
live("duck", "duckling goose", wings.duck, { 0.96, 0.95, 0.9 }, 0.24, 1.1, "shore")
live("swan", "heron flamingo", wings.duck, { 0.99, 0.98, 0.97 }, 0.28, 1.0, "water", { neck = 0.22 })
live("hen", "chicken rooster cockerel", wings.duck, { 0.8, 0.48, 0.28 }, 0.22, 1.0, "ground", { comb = true })
live("butterfly", "moth", wings.butterfly, { 0.95, 0.56, 0.25 }, 0.13, 1.2, "sky")
live("bee", "wasp bumblebee", wings.bee, { 0.98, 0.78, 0.2 }, 0.1, 1.1, "sky")
live("ladybird", "ladybug beetle ant spider caterpillar worm cricket grasshopper", wings.bee, { 0.86, 0.2, 0.18 }, 0.1, 1.1, "sky")
live("firefly", "", wings.firefly, { 1, 0.95, 0.6 }, 0.05, 1, "sky")
live("dragon", "wyvern", wings.dragon, { 0.35, 0.62, 0.34 }, 0.48, 1.6)
live("fish", "goldfish trout salmon", wings.fish, { 0.97, 0.58, 0.2 }, 0.15, 1.2, "deep")
live("shark", "", wings.dolphin, { 0.5, 0.56, 0.64 }, 0.26, 1.3, "deep", { shark = true })
live("dolphin", "porpoise", wings.dolphin, { 0.42, 0.58, 0.72 }, 0.28, 1.3, "water")
live("whale", "", wings.whale, { 0.27, 0.46, 0.66 }, 0.36, 1.5, "water")
live("octopus", "squid", wings.octopus, { 0.85, 0.42, 0.5 }, 0.26, 0.9, "deep")
live("jellyfish", "", wings.jellyfish, { 0.85, 0.6, 0.9 }, 0.2, 0.8, "deep")
live("seahorse", "", wings.fish, { 0.96, 0.82, 0.36 }, 0.13, 1.2, "deep")
live("crab", "lobster", wings.crab, { 0.9, 0.36, 0.25 }, 0.17, 1.2)

local function folk(kind, words, colour, height, spec) live(kind, words, people.person, colour, height, 0.62, "ground", spec) end
local BLOND, BLACK, SILVER = { 0.94, 0.76, 0.38 }, { 0.16, 0.13, 0.15 }, { 0.86, 0.86, 0.88 }
folk("child", "kid children toddler baby friend pupil", { 0.95, 0.72, 0.25 }, 0.35, { hair = "short", trousers = { 0.3, 0.42, 0.6 } })
folk("girl", "daughter sister", { 0.88, 0.3, 0.32 }, 0.35, { hair = "tails", dress = "dress", shoes = { 0.75, 0.2, 0.25 } })
folk("boy", "son brother lad", { 0.3, 0.55, 0.78 }, 0.35, { hair = "short", trousers = { 0.45, 0.35, 0.28 }, cloth = "stripe", cloth_scale = 14, trim = { 0.96, 0.95, 0.92 } })
folk("woman", "mother mum mom lady aunt teacher nurse", { 0.42, 0.55, 0.62 }, 0.42, { hair = "long", dress = "dress", hair_colour = { 0.35, 0.2, 0.14 } })
folk("man", "father dad uncle sailor fisherman captain doctor keeper postman", { 0.28, 0.42, 0.55 }, 0.43, { hair = "short", trousers = { 0.35, 0.3, 0.28 } })
folk("grandmother", "granny grandma nan", { 0.6, 0.45, 0.66 }, 0.39, { hair = "bun", hair_colour = SILVER, dress = "dress", apron = true })
folk("grandfather", "grandpa granddad", { 0.55, 0.45, 0.36 }, 0.4, { hair = "none", hair_colour = SILVER, beard = true, trousers = { 0.4, 0.36, 0.34 } })
folk("farmer", "gardener scarecrow shepherd", { 0.75, 0.3, 0.25 }, 0.41, { hair = "short", hat = "straw", trousers = { 0.3, 0.42, 0.6 } })
folk("cook", "baker chef", { 0.95, 0.94, 0.92 }, 0.41, { hair = "short", hat = "chef", apron = true, trousers = { 0.35, 0.33, 0.36 } })
folk("king", "emperor prince", { 0.62, 0.18, 0.28 }, 0.41, { hair = "short", hat = "crown", beard = true, dress = "robe", cape = { 0.45, 0.12, 0.3 }, belt = { 0.3, 0.2, 0.15 } })
folk("queen", "empress", { 0.5, 0.25, 0.55 }, 0.41, { hair = "long", hat = "crown", dress = "robe" })
folk("princess", "", { 0.95, 0.6, 0.72 }, 0.38, { hair = "long", hat = "crown", dress = "robe", hair_colour = BLOND })
folk("knight", "soldier guard hero", { 0.66, 0.7, 0.76 }, 0.41, { hair = "none", hat = "helmet", trousers = { 0.45, 0.48, 0.55 }, holds = "sword", belt = { 0.4, 0.26, 0.16 } })
folk("wizard", "magician sorcerer", { 0.28, 0.26, 0.6 }, 0.4, { hair = "none", hair_colour = SILVER, hat = "wizard", hat_colour = { 0.28, 0.26, 0.6 }, dress = "robe", beard = true, beard_long = 0.16, holds = "wand" })
folk("witch", "", { 0.34, 0.2, 0.42 }, 0.4, { hair = "long", hair_colour = { 0.78, 0.4, 0.16 }, hat = "wizard", hat_colour = { 0.24, 0.16, 0.3 }, dress = "robe", holds = "wand" })
folk("fairy", "elf pixie angel", { 0.6, 0.82, 0.5 }, 0.28, { hair = "long", hair_colour = BLOND, dress = "dress", wings = true, holds = "wand" })
folk("mermaid", "", { 0.72, 0.5, 0.78 }, 0.36, { hair = "long", hair_colour = { 0.85, 0.36, 0.2 }, tail = { 0.25, 0.66, 0.6 } })
folk("pirate", "", { 0.72, 0.22, 0.22 }, 0.41, { hair = "long", hair_colour = BLACK, hat = "pirate", beard = true, trousers = { 0.25, 0.22, 0.26 }, cloth = "stripe", cloth_scale = 14, trim = WHITE, holds = "sword" })
folk("astronaut", "spaceman cosmonaut", { 0.93, 0.94, 0.96 }, 0.4, { hair = "short", hat = "space", trousers = { 0.9, 0.91, 0.94 }, belt = { 0.4, 0.45, 0.55 }, shoes = { 0.6, 0.62, 0.68 } })
folk("dwarf", "gnome", { 0.3, 0.5, 0.4 }, 0.27, { hair = "none", hair_colour = SILVER, hat = "wizard", hat_colour = { 0.82, 0.22, 0.2 }, beard = true, beard_long = 0.14, belt = { 0.3, 0.2, 0.15 }, trousers = { 0.4, 0.3, 0.24 } })
folk("giant", "ogre", { 0.55, 0.42, 0.3 }, 0.66, { hair = "short", beard = true, trousers = { 0.35, 0.36, 0.42 }, belt = { 0.25, 0.18, 0.14 } })
folk("troll", "goblin monster yeti", { 0.5, 0.36, 0.26 }, 0.46, { hair = "long", skin = { 0.55, 0.72, 0.42 }, hair_colour = { 0.24, 0.3, 0.18 }, trousers = { 0.4, 0.3, 0.24 } })
live("robot", "android machine", people.robot, { 0.5, 0.68, 0.76 }, 0.36, 0.7)
live("ghost", "spirit", people.ghost, { 0.95, 0.97, 1 }, 0.32, 0.75)
live("snowman", "", people.snowman, { 0.97, 0.98, 1 }, 0.38, 0.75)

live("crocodile", "alligator croc", objects.crocodile, { 0.4, 0.6, 0.32 }, 0.24, 1.9)
live("snake", "python serpent eel", objects.snake, { 0.45, 0.68, 0.34 }, 0.22, 1.3)
live("thing", "pumpkin teapot kettle apple", objects.thing, { 0.36, 0.6, 0.72 }, 0.3, 0.95)

add("tree", "oak beech elm chestnut maple ash trees sycamore branch bough treetop branches treetops", plants.tree, { 0.38, 0.58, 0.28 }, 0.66, 0.85)
add("appletree", "", plants.tree, { 0.4, 0.62, 0.3 }, 0.56, 0.85, "ground", { fruit = { 0.88, 0.2, 0.18 } })
add("cherrytree", "blossom", plants.tree, { 0.97, 0.7, 0.78 }, 0.56, 0.85, "ground", {})
add("birch", "poplar aspen", plants.tree, { 0.6, 0.7, 0.32 }, 0.62, 0.7, "ground", { bark = { 0.93, 0.92, 0.88 }, slim = 0.04 })
add("pine", "fir spruce cedar christmastree", plants.pine, { 0.2, 0.44, 0.32 }, 0.62, 0.56)
add("palm", "", plants.palm, { 0.36, 0.62, 0.32 }, 0.58, 0.8)
add("willow", "", plants.willow, { 0.5, 0.66, 0.34 }, 0.58, 0.85)
add("bush", "shrub hedge", plants.bush, { 0.36, 0.56, 0.3 }, 0.16, 1.2)
add("cactus", "", plants.cactus, { 0.36, 0.6, 0.38 }, 0.32, 0.8)
add("flower", "daisy rose poppy blossom", plants.flower, { 0.93, 0.36, 0.46 }, 0.2, 0.6)
add("tulip", "", plants.flower, { 0.92, 0.3, 0.34 }, 0.18, 0.5, "ground", { tulip = true })
add("sunflower", "", plants.flower, { 1, 0.8, 0.18 }, 0.36, 0.6, "ground", { sunflower = true })
add("mushroom", "toadstool", plants.mushroom, { 0.86, 0.22, 0.2 }, 0.15, 0.95)
add("rock", "stone boulder pebble", plants.rock, { 0.58, 0.57, 0.58 }, 0.14, 1.3)
add("log", "stump trunk", objects.log, { 0.52, 0.37, 0.26 }, 0.13, 2)
add("seaweed", "", plants.seaweed, { 0.24, 0.55, 0.4 }, 0.26, 0.5, "bed")
add("coral", "reef", plants.coral, { 0.95, 0.46, 0.42 }, 0.2, 0.9, "bed")
add("house", "home cottage hut cabin bakery shop school inn mill farmhouse workshop bungalow mansion", buildings.house, { 0.95, 0.88, 0.74 }, 0.48, 0.95)
add("barn", "stable farm shed", buildings.house, { 0.74, 0.24, 0.2 }, 0.54, 0.95, "ground", { barn = true })
add("castle", "palace fortress", buildings.castle, { 0.8, 0.76, 0.74 }, 0.62, 1.05)
add("tower", "", buildings.tower, { 0.78, 0.73, 0.68 }, 0.62, 0.5)
add("lighthouse", "", buildings.lighthouse, { 0.85, 0.22, 0.2 }, 0.62, 0.5)
add("church", "chapel cathedral temple", buildings.church, { 0.94, 0.91, 0.85 }, 0.52, 0.9)
add("windmill", "", buildings.windmill, { 0.92, 0.86, 0.76 }, 0.64, 0.75)
add("igloo", "", buildings.igloo, { 0.93, 0.97, 1 }, 0.26, 1.1)
add("tent", "", buildings.tent, { 0.9, 0.56, 0.25 }, 0.28, 1.15)
add("bridge", "", buildings.bridge, { 0.66, 0.63, 0.6 }, 0.2, 2.2)
add("boat", "sailboat yacht dinghy sail", buildings.sailboat, { 0.8, 0.26, 0.22 }, 0.36, 0.95, "water")
add("rowboat", "canoe raft kayak", buildings.rowboat, { 0.72, 0.46, 0.28 }, 0.2, 1.3, "water")
add("ship", "galleon frigate steamer", buildings.ship, { 0.5, 0.32, 0.2 }, 0.46, 1.2, "water")
add("pirateship", "", buildings.ship, { 0.36, 0.24, 0.18 }, 0.46, 1.2, "water", { black = true })
add("balloon", "airship zeppelin", things.balloon, { 0.9, 0.34, 0.3 }, 0.36, 0.7, "sky")
add("toyballoon", "", things.toy_balloon, { 0.9, 0.3, 0.34 }, 0.24, 0.5, "sky")
add("kite", "", things.kite, { 0.92, 0.36, 0.3 }, 0.24, 0.8, "sky")
add("star", "", things.star, { 1, 0.86, 0.4 }, 0.15, 1, "sky")
add("rocket", "spaceship spacecraft", things.rocket, { 0.88, 0.28, 0.26 }, 0.34, 0.6, "sky")
add("planet", "saturn mars", things.planet, { 0.9, 0.66, 0.42 }, 0.26, 1.2, "sky")
add("lantern", "lamp streetlamp lamppost", things.lantern, { 0.3, 0.28, 0.3 }, 0.34, 0.3)
add("campfire", "fire bonfire", things.campfire, { 1, 0.6, 0.2 }, 0.15, 1)
add("umbrella", "parasol", things.umbrella, { 0.88, 0.3, 0.34 }, 0.26, 1)
add("chest", "treasure", things.chest, { 0.6, 0.4, 0.24 }, 0.17, 1)
add("gift", "present parcel box", things.gift, { 0.85, 0.3, 0.36 }, 0.16, 0.8)
add("ball", "", things.ball, { 0.88, 0.3, 0.28 }, 0.1, 1)
add("heart", "", things.heart, { 0.92, 0.28, 0.38 }, 0.16, 1, "sky")
add("cake", "pie", things.cake, { 0.82, 0.56, 0.36 }, 0.18, 1)
add("book", "letter map", things.book, { 0.7, 0.28, 0.26 }, 0.12, 1.1)
add("fence", "gate", things.fence, { 0.95, 0.92, 0.86 }, 0.11, 2.3)
add("well", "", things.well, { 0.66, 0.65, 0.66 }, 0.3, 0.9)
add("train", "locomotive engine tram", things.train, { 0.25, 0.5, 0.44 }, 0.3, 1.2)
add("car", "bus truck van tractor", things.car, { 0.86, 0.3, 0.26 }, 0.2, 1.15)
add("submarine", "", objects.submarine, { 0.96, 0.76, 0.22 }, 0.28, 1.4, "deep")
add("plane", "aeroplane airplane jet helicopter biplane", objects.plane, { 0.86, 0.34, 0.3 }, 0.24, 1.25, "sky")
add("bicycle", "bike tricycle scooter", objects.bicycle, { 0.86, 0.32, 0.3 }, 0.24, 1.35)
add("sledge", "sled sleigh toboggan", objects.sledge, { 0.74, 0.3, 0.24 }, 0.16, 1.5)
add("cloud", "", objects.cloud, { 0.97, 0.98, 1 }, 0.24, 1.8, "sky")
add("bed", "cot crib", objects.bed, { 0.42, 0.58, 0.74 }, 0.3, 1.75)
add("treehouse", "", objects.treehouse, { 0.86, 0.68, 0.44 }, 0.8, 0.85)
add("hillock", "", objects.hillock, { 0.45, 0.62, 0.3 }, 0.2, 2.4)

-- the same shape under another name wears another colour
for _, o in ipairs {
  { "rabbit", "kangaroo", { 0.74, 0.5, 0.32 } }, { "duck", "goose", WHITE }, { "crow", "bat", { 0.28, 0.22, 0.3 } }, { "bird", "robin", { 0.78, 0.34, 0.24 } },
  { "bird", "parrot", { 0.24, 0.68, 0.36 } }, { "swan", "flamingo", { 0.98, 0.6, 0.66 } }, { "bird", "chick", { 1, 0.86, 0.35 } },
  { "raccoon", "badger", { 0.42, 0.42, 0.45 } }, { "fish", "trout", { 0.6, 0.68, 0.72 } } } do
  local kind = figures[o[1]]
  kind.tints = kind.tints or {}
  kind.tints[o[2]] = o[3]
end

for word, colour in pairs { pumpkin = ORANGE, apple = RED, tomato = RED, strawberry = RED, cherry = RED, lemon = { 0.98, 0.86, 0.3 }, pear = { 0.72, 0.78, 0.34 },
  teapot = { 0.36, 0.58, 0.8 }, kettle = { 0.72, 0.42, 0.3 }, clock = { 0.78, 0.34, 0.3 }, pencil = { 0.97, 0.76, 0.26 }, crayon = { 0.88, 0.36, 0.36 }, candle = CREAM, suitcase = { 0.66, 0.42, 0.26 },
  carrot = ORANGE, banana = { 0.98, 0.86, 0.34 }, sock = { 0.86, 0.36, 0.4 }, egg = CREAM, snowball = WHITE, bubble = { 0.76, 0.9, 0.96 }, potato = { 0.78, 0.6, 0.4 }, acorn = { 0.68, 0.46, 0.26 } } do
  figures.thing.tints = figures.thing.tints or {}
  figures.thing.tints[word] = colour -- a table: order does not matter
end

-- what reaches above its unit box: ears, hats, horns, wings, flags
for kind, top in pairs { dragon = 1.12, rabbit = 1.24, unicorn = 1.18, deer = 1.12, wizard = 1.34, witch = 1.34, dwarf = 1.34, king = 1.1, queen = 1.1, princess = 1.1, house = 1.1,
  ship = 1.08, cook = 1.14, robot = 1.12, bird = 1.18, tower = 1.15, castle = 1.06, giraffe = 1.06, knight = 1.08 } do
  figures[kind].top = top
end

return { kinds = figures, order = order }
