-- Who and what a story can be about. Rows of text, one thing a row, so that adding one is adding a row.
local words = {}

local function rows(text, fields)
  local out, list = {}, {}
  for line in text:gmatch "[^\n]+" do
    local row, i = {}, 1
    for cell in (line .. "|"):gmatch "%s*(.-)%s*|" do
      if fields[i] then row[fields[i]] = cell ~= "" and cell or nil end
      i = i + 1
    end
    if row.kind then out[row.kind] = row list[#list + 1] = row.kind end
  end
  return out, list
end

-- kind | world (land, air, water) | home | where that is | how it goes | favourite food | colours
words.kinds, words.kind_list = rows([[
rabbit|land|a snug burrow under a crooked oak|meadow|hop|clover|brown,grey,white
hare|land|a hollow in the long grass|meadow|bound|dandelions|brown,grey
fox|land|a warm den at the edge of the forest|forest|trot|blackberries|red,orange
bear|land|a cave that smelled of pine|forest|lumber|honey|brown,black
mouse|land|a teapot behind the bakery|village|scamper|cheese rind|grey,brown
cat|land|a windowsill above the harbour|village|pad|sardines|orange,black,grey,white
dog|land|a kennel with a blue door|village|trot|biscuits|brown,black,white
hedgehog|land|a pile of golden leaves|forest|trundle|pears|brown
squirrel|land|a hole in a tall beech|forest|scurry|hazelnuts|red,grey
badger|land|a tidy set of tunnels under a hill|forest|plod|mushrooms|grey
mole|land|a round room under the vegetable garden|meadow|shuffle|turnips|black
deer|land|a clearing full of ferns|forest|step|apples|brown
pig|land|a sty with a very good view|meadow|trot|acorns|pink
cow|land|a barn with a creaky door|meadow|amble|buttercups|brown,white
sheep|land|a stone fold on a green hill|hills|trot|thistles|white
goat|land|a ledge halfway up a hill|mountains|clamber|nettles|white,grey
horse|land|a stable that smelled of hay|meadow|canter|oats|brown,black,white
donkey|land|a shed beside the mill|village|plod|carrots|grey
wolf|land|a rocky den above the pines|mountains|lope|blueberries|grey,black
lion|land|a flat warm rock|hills|pad|melons|yellow
tiger|land|a bamboo thicket|forest|prowl|mangoes|orange
elephant|land|a wide valley of tall grass|meadow|plod|bananas|grey
monkey|land|a tall fig tree|forest|swing along|figs|brown
panda|land|a grove of whispering bamboo|forest|roll along|bamboo|white
kangaroo|land|a patch of red earth|hills|bounce|sweet grass|brown
frog|land|a lily pad on a round pond|river|hop|crumbs of cake|green
toad|land|a flowerpot by the garden wall|village|hop|crumbs of cake|brown
turtle|land|a smooth stone beside a stream|river|plod|lettuce|green
tortoise|land|a sunny corner of an old garden|village|plod|lettuce|green
snail|land|the underside of a rhubarb leaf|meadow|slide|rhubarb|brown,yellow
ant|land|a very busy hill beneath a pine|forest|march|sugar|black
beetle|land|a crack in an old gatepost|meadow|scuttle|petals|green,black
ladybird|air|a poppy in the wheat field|meadow|flit|dew|red
bee|air|a hive in the orchard|meadow|buzz along|nectar|yellow
butterfly|air|a patch of lavender|meadow|flutter|nectar|blue,yellow,orange
bat|air|a church attic|village|flit|plums|black
bird|air|a nest in a wild cherry tree|forest|flutter|cherries|blue,red,yellow
owl|air|a hollow elm|forest|glide|toasted seeds|brown,white
robin|air|a nest in an old watering can|village|flutter|crumbs|red
crow|air|a chimney pot|village|flap|crusts|black
duck|air|a bed of reeds|river|waddle|duckweed|white,brown
goose|air|a farmyard pond|meadow|waddle|barley|white
hen|land|a red henhouse|meadow|strut|corn|brown,white
swan|air|a small island in a lake|lake|glide|water weed|white
penguin|land|a shelf of blue ice|sea|waddle|herring|black
parrot|air|a balcony full of flowers|city|flap|peanuts|green,red
seagull|air|the roof of a harbour shed|beach|glide|chips|white
eagle|air|a nest on a high crag|mountains|soar|trout|brown
fish|water|a castle of coral|sea|swim|sea lettuce|orange,blue,yellow
whale|water|a wide blue bay|sea|swim|plankton|blue,grey
dolphin|water|a bay of bright water|sea|leap along|herring|grey
octopus|water|an old jar on the sea floor|sea|drift|sea plums|red,purple
crab|water|a pool among the rocks|beach|scuttle|seaweed|red
seahorse|water|a forest of weed|sea|bob along|specks of salt|yellow
mermaid|water|a grotto hung with shells|sea|swim|sea grapes|green
shark|water|a sunken ship|sea|swim|kelp noodles|grey
seal|water|a rock in the bay|beach|swim|herring|grey
dragon|land|a cave on a windy mountain|mountains|stomp|hot pepper soup|green,red,purple
unicorn|land|a glade where it never rained|forest|canter|moonflowers|white
giant|person|a house with a very high door|mountains|stride|porridge|
troll|land|a home beneath a mossy bridge|river|stomp|gravel stew|green
monster|land|the dusty dark under a bed|village|shuffle|odd socks|purple,green,blue
ghost|air|the attic of an old castle|castle|float|cold soup|white
fairy|air|a foxglove bell|forest|flit|pollen cake|
robot|person|a workshop full of springs|city|clank|warm oil|silver
snowman|person|a white hill behind the school|hills|slide|ice cream|white
scarecrow|person|a pole in a barley field|meadow|flap along|nothing at all|yellow
child|person|a narrow house with a yellow door|village|walk|plum jam|
girl|person|a narrow house with a yellow door|village|walk|plum jam|
boy|person|a narrow house with a blue door|village|walk|plum jam|
princess|person|a tower with ninety-nine stairs|castle|walk|plum tart|
prince|person|a tower with ninety-nine stairs|castle|walk|plum tart|
king|person|a castle with too many rooms|castle|stride|boiled eggs|
queen|person|a castle with too many rooms|castle|stride|boiled eggs|
knight|person|a small and draughty castle|castle|march|onion soup|silver
pirate|person|a boat with a patched sail|harbour|stride|ship's biscuits|
sailor|person|a boat with a patched sail|harbour|stride|ship's biscuits|
witch|person|a hut on the edge of the marsh|forest|walk|beetroot pie|
wizard|person|a tower full of clocks|hills|walk|beetroot pie|
farmer|person|a farm at the end of the lane|meadow|walk|new bread|
baker|person|the warm rooms above a bakery|village|walk|new bread|
old man|person|a cottage at the end of the lane|village|walk|pea soup|
old woman|person|a cottage at the end of the lane|village|walk|pea soup|
grandmother|person|a cottage full of clocks|village|walk|ginger biscuits|
grandfather|person|a cottage full of clocks|village|walk|ginger biscuits|
lighthouse keeper|person|a lighthouse at the end of the land|lighthouse|walk|fish pie|
]], { "kind", "world", "home", "place", "go", "food", "colours" })

words.her = { girl = "she", princess = "she", queen = "she", ["old woman"] = "she", grandmother = "she", mermaid = "she", witch = "she", fairy = "she", cow = "she", hen = "she",
  boy = "he", prince = "he", king = "he", ["old man"] = "he", grandfather = "he", wizard = "he", mother = "she", father = "he", sister = "she", brother = "he", woman = "she", man = "he" }
words.same = { kitten = "cat", pussycat = "cat", pussy = "cat", leopard = "tiger", puma = "lion", hippo = "elephant", rhino = "elephant", camel = "horse", zebra = "horse", otter = "seal", walrus = "seal", fawn = "deer", stag = "deer", marmot = "mole", beaver = "mole", weasel = "squirrel", ferret = "squirrel", chipmunk = "squirrel", koala = "bear", sloth = "monkey", ape = "monkey", gorilla = "monkey", crocodile = "dragon", snake = "snail", jellyfish = "octopus", shrimp = "crab", flamingo = "swan", peacock = "parrot", rooster = "hen", turkey = "hen", mare = "horse", llama = "sheep", alpaca = "sheep", reindeer = "deer", moose = "deer", kitty = "cat", puppy = "dog", bunny = "rabbit", cub = "bear", foal = "horse", pony = "horse", lamb = "sheep", duckling = "duck", chick = "hen",
  chicken = "hen", piglet = "pig", calf = "cow", kid = "child", toddler = "child", teddy = "bear", wolfcub = "wolf", owlet = "owl", tadpole = "frog", goldfish = "fish", trout = "fish",
  salmon = "fish", sparrow = "bird", swallow = "bird", wren = "bird", nightingale = "bird", lark = "bird", blackbird = "bird", pigeon = "bird", dove = "bird", stork = "bird", heron = "bird",
  bumblebee = "bee", ladybug = "ladybird", moth = "butterfly", firefly = "ladybird", caterpillar = "snail", worm = "snail", rat = "mouse", hamster = "mouse", dormouse = "mouse", spider = "beetle",
  dinosaur = "dragon", captain = "sailor", fisherman = "sailor", astronaut = "robot", grandma = "grandmother", grandpa = "grandfather", granny = "grandmother", squid = "octopus",
  starfish = "crab", lobster = "crab", elf = "fairy", dwarf = "giant", gnome = "troll", ogre = "troll", lizard = "frog", ox = "cow", bull = "cow", pup = "dog", raven = "crow", gull = "seagull" }

words.names = {
  he = { "Pip", "Bramble", "Otto", "Finn", "Moss", "Barnaby", "Jasper", "Rufus", "Wilbur", "Ned", "Basil", "Hugo", "Toby", "Milo", "Fennel", "Oskar", "Button", "Teasel", "Albie", "Rollo",
    "Gus", "Caspian", "Bertie", "Tolly", "Monty", "Ezra", "Digby", "Pim", "Linus", "Quill" },
  she = { "Nell", "Willa", "Tansy", "Mabel", "Juniper", "Hazel", "Dot", "Olive", "Bea", "Maisie", "Fern", "Luna", "Ottilie", "Pippa", "Tilly", "Marigold", "Ivy", "Sorrel", "Edie", "Minna",
    "Posy", "Thea", "Bryony", "Etta", "Lottie", "Saffi", "Greta", "Ada", "Nora", "Tuppence" },
}
words.first_names = {}
for name in ("anna emma mia lena lisa sara sarah marie maria sophie sofia lily lucy alice clara ella eva zoe ruby rosie molly jane kate amy julia laura hanna hannah greta heidi nina ida"
  .. " luna nell mabel hazel olive ivy ada nora maya aisha fatima yuki mei priya zara leila chloe grace emily charlotte"):gmatch "%S+" do words.first_names[name] = "she" end
for name in ("tom max ben leo paul jonas felix noah luis sam jack tim jim john peter oliver oscar theo emil hans anton karl david adam hugo otto finn milo pip toby omar ali kofi"
  .. " kenji ravi diego mateo luca henry george arthur charlie harry fred ned william james daniel"):gmatch "%S+" do words.first_names[name] = "he" end

-- word -> where a painter may put it
words.places = {}
for place, list in ("sea=sea ocean seaside; beach=beach shore coast; river=river stream brook creek; lake=lake pond; forest=forest wood woods jungle trees orchard; meadow=meadow field fields farm garden park;"
  .. " mountains=mountain mountains cliff volcano peak; hills=hill hills valley; village=village town school house home street market bakery bookshop library; city=city castle-town;"
  .. " castle=castle palace tower; harbour=harbour harbor port; lighthouse=lighthouse; island=island; desert=desert; space=space spaceship rocket moon-base planet; sky=sky; cave=cave;"
  .. " snow=arctic north pole"):gmatch "%s*(%S+)=([^;]+);?" do
  for word in list:gmatch "%S+" do words.places[word] = place end
end

words.mass = {}
for word in ("music love snow light silence gold water honey rain sunshine happiness peace time magic courage friendship hope joy bread cake cheese sleep darkness thunder fog wind sand sugar"
  .. " moonlight laughter kindness home winter summer spring autumn christmas chocolate soup tea jam peace beauty freedom art poetry dance mathematics space"):gmatch "%S+" do words.mass[word] = true end
words.unique = {}
for word in ("sea ocean moon sun sky stars world north south wind rainbow night snow city mountains forest end top bottom king queen beach jungle desert"):gmatch "%S+" do words.unique[word] = true end

words.adjectives = {}
for word in ("little small tiny big large huge giant old young brave shy timid curious clever lazy grumpy happy sad lonely lost sleepy hungry angry kind gentle quiet loud proud silly funny clumsy"
  .. " fast slow quick red blue green yellow white black brown grey gray orange purple pink golden silver last first only bravest smallest biggest oldest youngest poor rich tall short round fat"
  .. " thin wise wild tired magic magical strange mysterious friendly scary beautiful pretty ugly good bad naughty cheerful nervous scared frightened worried cold warm wooden tin stone purple"
  .. " striped spotted fluffy stubborn polite dreamy forgetful blind deaf secret broken dark bright new lovely talking singing dancing flying invisible beloved missing long deep high crooked"
  .. " shiny sparkling glowing merry jolly tidy messy bored playful great mighty colourful colorful soft hard sweet hidden enchanted haunted"):gmatch "%S+" do words.adjectives[word] = true end
words.colours = {}
for word in ("red blue green yellow white black brown grey gray orange purple pink golden silver"):gmatch "%S+" do words.colours[word] = true end

words.numbers = { two = 2, three = 3, four = 4, five = 5, six = 6, seven = 7, some = 3, several = 3, many = 4 }
words.number_names = { "one", "two", "three", "four", "five", "six", "seven" }

return words
