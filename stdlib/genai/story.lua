-- A children's story from a prompt and a seed, with no model file: a plot is chosen, cast and planned as data, then a grammar tells it.
-- What is planned: acts (setup, inciting, development ..., climax, resolution), who helps, what is given, what stands in the way. Each
-- choice draws from its own stream, so one more draw in one part never changes another.
local genai = require "genai"
local parse = require "genai.story.parse"
local grammar = require "genai.story.grammar"
local morphology = require "genai.story.morphology"
local cast = require "genai.story.cast"
local beats = require "genai.story.beats"
local journey = require "genai.story.journey"
local obstacles = require "genai.story.obstacles"
local plots = require "genai.story.plots"
local more_plots = require "genai.story.plots2"

local gift_lines = {
  "\"You must have this,\" said {A.the}, and brought out {G.a}. {farewell}",
  "In thanks {A.the} gave {H.him} {G.a}. {farewell}",
  "\"It isn't much,\" said {A.the}, \"but now it's yours.\" It was {G.a}. {farewell}",
  "And when they parted, {A.the} put something into {H.his} arms: {G.a}. {farewell}",
}
local friend_lines = {
  "\"I would have done that,\" said {F} afterwards, \"but I was holding the bag.\"", "\"I was only a bit worried,\" said {F}, who was rather pale.",
  "{F} clapped. Then {F} asked if there was anything to eat.", "\"Shall we ever tell them about this at home?\" asked {F}. \"Not about the middle,\" said {H}.",
}
local companions = { "And with {H} went {F.a} called {F}, because two are better than one.", "{H} did everything together with {H.his} friend {F}, {F.a}.", "{H.His} best friend was {F}, {F.a}, and where one was, there was the other." }
local teachers = { { "heron", "an old heron", "a grey heron" }, { "raven", "a one-eyed raven", "a black raven" }, { "ram", "a white-bearded ram", "a white ram" }, { "weaver", "a weaver with silver hair", "an old woman" },
  { "clockmaker", "a clockmaker with ink on his nose", "an old man" }, { "toad", "a very wise toad", "a green toad" } }
local dears = { { "Aunt Petunia", "an old goose with a soft heart", "goose" }, { "Old Tom", "a retired sea dog with one good ear", "dog" }, { "Granny Thistle", "a badger who knew every song there is", "badger" },
  { "Little Pim", "the smallest dormouse in the valley", "mouse" }, { "Uncle Crumb", "a toad with a gold tooth", "toad" } }
local sea_teachers = { { "ray", "an ancient ray", "a grey fish" }, { "walrus", "a walrus with a silver moustache", "a grey seal" }, { "cuttlefish", "a cuttlefish with ink on his nose", "a white octopus" } }
local sea_dears = { { "Aunt Pearl", "an oyster with a soft heart", "seashell" }, { "Uncle Brine", "a lobster with one good claw", "crab" } }
local tilts = { climax = "wonder great", setup = "happy calm morning", inciting = "adventurous journey curious", helper = "friend kind laughed", resolution = "happy joy tender home" }

-- page plan: a list of pages, each a list of beats. Few pages hold several beats; many pages hold more helpers, obstacles and quiet moments.
local function plan_pages(pages, most_pairs, most_quiet)
  if pages == 1 then return { { "setup", "inciting", "climax", "resolution" } } end
  if pages == 2 then return { { "setup", "inciting" }, { "climax", "resolution" } } end
  if pages == 3 then return { { "setup", "inciting" }, { "helper", "obstacle" }, { "climax", "resolution" } } end
  if pages == 4 then return { { "setup", "inciting" }, { "helper" }, { "obstacle" }, { "climax", "resolution" } } end
  if pages == 5 then return { { "setup", "inciting" }, { "helper" }, { "obstacle" }, { "climax" }, { "resolution" } } end
  local development = pages - 4
  local pairs_count = math.min((development - development // 5) // 2, most_pairs)
  local quiet = math.min(development - 2 * pairs_count, most_quiet)
  pairs_count = math.min((development - quiet) // 2, most_pairs)
  quiet = development - 2 * pairs_count
  local plan = { { "setup" }, { "inciting" } }
  for i = 1, pairs_count do
    plan[#plan + 1] = { "helper" }
    plan[#plan + 1] = { "obstacle" }
    for _ = 1, quiet * i // pairs_count - quiet * (i - 1) // pairs_count do plan[#plan + 1] = { "quiet" } end
  end
  plan[#plan + 1] = { "climax" }
  plan[#plan + 1] = { "resolution" }
  return plan
end

local function speaks_of(row, kinds)                        -- does a row's text speak of somebody of the same kind as the cast?
  local all = row.text .. (row.a or "")
  for _, text in pairs(row.solves or {}) do all = all .. text end
  for _, kind in ipairs(kinds) do
    if row.kind == kind or all:find("%f[%a]" .. kind .. "%f[%A]") or all:find("%f[%a]" .. morphology.plural(kind) .. "%f[%A]") then return true end
  end
  return false
end

local function fitting(list, kinds, flies, rng)
  local out, rest = {}, {}
  for _, row in ipairs(rng:shuffle(list)) do
    if not (flies and row.fly == false) then
      local into = speaks_of(row, kinds) and rest or out
      into[#into + 1] = row
    end
  end
  for _, row in ipairs(rest) do out[#out + 1] = row end     -- last choice, where nothing else is left
  return out
end

-- Pairs of (helper, gift, obstacle): the obstacle decides which gift is needed.
local function plan_journey(who, rng)
  local world = (who.hero.world == "water" or who.hero.world == "space") and who.hero.world or "land"
  local kinds = { who.hero.kind, who.friend and who.friend.kind or who.hero.kind, who.other and who.other.kind or who.hero.kind }
  local flies = who.hero.world == "air"
  local helpers = fitting(journey.helpers[world], kinds, flies, rng)
  local walls = fitting(obstacles[world], kinds, flies, rng)
  local steps, used = {}, {}
  for i = 1, math.min(#helpers, #walls) do
    local tags = {}
    for tag in pairs(walls[i].solves) do tags[#tags + 1] = tag end
    table.sort(tags)
    local fresh = {}
    for _, tag in ipairs(tags) do if not used[tag] then fresh[#fresh + 1] = tag end end
    local tag = rng:choose(#fresh > 0 and fresh or tags)
    local names = {}
    for _, name in ipairs(journey.gifts[world][tag]) do if not used[name] then names[#names + 1] = name end end
    local gift = rng:choose(#names > 0 and names or journey.gifts[world][tag])
    used[tag], used[gift] = true, true
    steps[i] = { helper = helpers[i], obstacle = walls[i], tag = tag, gift = gift }
  end
  return steps, world
end

local function entity_of_helper(row, i, rng)
  return { id = "helper" .. i, kind = row.kind, gender = row.gender or rng:choose { "he", "she" }, a = row.a, the = "the " .. row.kind, pic = row.kind == "star" and "a small star" or "a " .. row.kind }
end

local function entity_of_gift(name, i)
  return { id = "gift" .. i, a = name, the = name:gsub("^an? ", "the "):gsub(" with no hook$", ""):gsub(" no bigger.*$", ""), kind = name:match "%S+$", gender = "it", pic = name }
end

local function choose_trait(who, world, rng)
  for _, adjective in ipairs(who.hero.adjectives) do
    local asked = beats.asked[adjective]
    for _, trait in ipairs(beats.traits) do if trait.name == asked then return trait end end
    if asked then return { name = adjective, intro = asked } end
  end
  local land_only = { counts = true, hums = true, boots = true, lists = true, polite = true }
  while true do
    local trait = rng:choose(beats.traits)
    if world ~= "water" or not land_only[trait.name] then return trait end
  end
end

local function choose_refrain(world, plot, rng)
  while true do
    local line = rng:choose(beats.refrains)
    if not (world ~= "land" and (line:find "hill" or line:find "mud" or line:find "road")) and not (plot == "friend" and line:find "push") then return line end
  end
end

local function simple(id, row)
  return { id = id, kind = row[1], a = row[2], the = "the " .. row[1], pic = row[3] or row[2], gender = row[2]:find "his" and "he" or "she", name = nil }
end

-- Everything that the telling needs: entities, values, streams.
local function prepare(prompt, seed)
  local found = parse(prompt)
  local tag = 0xcbf29ce484222325                            -- FNV-1a: each prompt has streams of its own, whatever bytes it holds
  for i = 1, #prompt do tag = (tag ~ prompt:byte(i)) * 0x100000001b3 end
  tag = ("%016x"):format(tag)
  local function stream(name) return genai.rng(seed, "story/" .. name .. "/" .. tag) end
  local who = cast.choose(found, stream "cast")
  local steps, world = plan_journey(who, stream "journey")
  local rng = stream "plot"
  local plot = plots[who.plot] or more_plots[who.plot]
  local free = {}
  for _, row in ipairs(world == "water" and sea_teachers or teachers) do if row[1] ~= who.hero.kind then free[#free + 1] = row end end
  local teacher = simple("teacher", rng:choose(free))
  free = {}
  for _, row in ipairs(world == "water" and sea_dears or dears) do if row[3] ~= who.hero.kind then free[#free + 1] = row end end
  local near = rng:choose(free)
  local dear = { id = "dear", name = near[1], a = near[2], the = near[1], kind = near[3], pic = "a " .. near[3], gender = "she" }
  local trait = choose_trait(who, world, stream "trait")
  local refrain = choose_refrain(world, who.plot, stream "refrain")
  local state = { rng = stream "words", tense = "past", uses = {}, named = {}, many = false, entities = { H = who.hero, F = who.friend, B = who.other, T = teacher, Dear = dear }, values = who.values }
  return { found = found, who = who, steps = steps, world = world, plot = plot, trait = trait, refrain = refrain, state = state, stream = stream, used = {}, chosen = {} }
end

local function sentence(text) return (text:gsub("^%s*(.)", string.upper)) end

local physical_verbs = {}
for verb in ("fly jump swim skate dance walk stand climb ride run hop bounce juggle swing surf ski leap roll glide catch race"):gmatch "%S+" do physical_verbs[verb] = true end

local function set_values(tale)
  local state, v, hero = tale.state, tale.state.values, tale.who.hero
  local names = {}
  for name in pairs(v) do names[#names + 1] = name end
  table.sort(names)
  if v.arrive then v.arrive = tale.room == "full" and v.arrive:gsub("%^", "") or v.arrive:gsub("%^[^%^]*%^", "") end
  v.wantmine = v.want and grammar.phrase(state, (v.want:gsub("{H.his}", "{H.my}")))
  for pass = 1, 2 do                                        -- the words of a goal's picture hold other values
    for _, name in ipairs(names) do
      if type(v[name]) == "string" and name ~= "word" and (pass == 1) == (name ~= "goalscene" and name ~= "arrive") then v[name] = grammar.phrase(state, v[name]) end
    end
  end
  v.onething = v.one
  if v.want then
    v.wantpast = morphology.past(v.want, hero.many)
    local physical = physical_verbs[v.want:match "^%S+"]
    v.failed = physical and "fell" or "failed"
    v.nocrash = physical and "There was no crash. There was no bump." or "Everything went very quiet."
    v.wantpasthad = v.wantpast
  end
  v.kinds = morphology.plural(hero.kind)
  v.troll = "its"
  v.song = tale.refrain
  local one = tale.steps[1]
  v.firstor = tale.pages > 2 and one.helper.a or "a very long road"
  v.cry = tale.refrain:gsub('"', "")
  local half = v.cry:match "^([^,:]+),"                      -- the first half is enough to be known again
  if tale.room ~= "full" and half and #half > 24 and not half:find "then$" then v.cry = half .. "!" end
  v.refrain = grammar.phrase(state, "And {H} <sang|hummed|said to {H.himself}>: " .. tale.refrain)
  v.song, v.cry = grammar.phrase(state, v.song), grammar.phrase(state, v.cry)
  v.Hreally = grammar.phrase(state, "<Only for a moment at first, and then for a moment more, and then for as long as {H.he} liked.|It was not very elegant, the first time. It was only wonderful.>")
  v.traitlast = tale.trait.last and grammar.phrase(state, (tale.trait.last:gsub("{thing}", "{onething}"))) or ""
  state.uses = {}
end

-- Plots are told on land; for those who live in the water, the same thing under another name.
local under_water = { { "wind", "wave" }, { "air", "water" }, { "trees", "weeds" }, { "scarecrow", "hermit crab" }, { "windy", "rough" }, { "four hens", "four shrimps" }, { "hens", "shrimps" }, { "hen", "shrimp" }, { "haystack", "heap of weed" }, { "swallow", "cormorant" }, { "fence", "rock" }, { "a road", "a current" }, { "the road", "the current" },
  { "road", "current" }, { "bank of tall grass", "bank of tall weed" }, { "grass", "weed" }, { "the lane", "the bay" }, { "hills", "reefs" }, { "hill", "reef" }, { "hilltops", "reefs" }, { "garden wall", "edge of the reef" }, { "puddle", "whirlpool" },
  { "feet", "fins" }, { "knees", "fins" }, { "wren", "limpet" }, { "hollow tree", "hollow rock" }, { "forest", "forest of weed" }, { "dusty", "salty" }, { "mother mouse", "mother shrimp" }, { "mouse", "shrimp" }, { "chair", "stool" }, { "cottage", "grotto" },
  { "walked", "swam" }, { "walk", "swim" }, { "ran", "swam" }, { "cactus", "sponges" }, { "schoolmaster", "old cod" }, { "cat next door", "crab next door" }, { "child across the road", "eel across the way" }, { "village", "coral village" }, { "stream", "tide" } }

local function dive(template)
  for _, swap in ipairs(under_water) do
    template = template:gsub("%f[%a]" .. swap[1] .. "%f[%A]", function() return (swap[2]:gsub("%a", "%0\2")) end)
  end
  return (template:gsub("[\1\2]", ""))
end

-- A page of a short or medium story: what may be missed goes, in this order, until the page holds few enough words.
local budget = 60
local function shorten(tale, template)
  local state, v = tale.state, tale.state.values
  local function length()
    local told = template:gsub("\n~[^\n]*", ""):gsub("{(%a+)}", function(name) return type(v[name]) == "string" and v[name] or name end)
    if not state.entities.F then told = told:gsub("\n@F [^\n]*", "") end
    if not state.entities.first then told = told:gsub("\n@1!? [^\n]*", "") end
    return select(2, told:gsub("%S+", ""))
  end
  local function cut(pattern)
    if length() > budget then template = template:gsub(pattern, "", 1) end
  end
  if state.entities.F and state.entities.first and template:find "\n@1!? " then template = template:gsub("\n@F [^\n]*", "") end
  cut " ?{refrain}"
  cut "\n@F [^\n]*"
  if tale.who.plot ~= "quest" or template:find "{traitlast}" then cut "\n@1 [^\n]*" end
  cut "\n{traitlast}"
  local extra = template:match "\n~([^\n]*)"
  if extra and length() + select(2, extra:gsub("%S+", "")) <= budget then template = template:gsub("\n~", "\n", 1) end
  return template
end

-- Keeps the paragraphs of a template that fit: "~" only where there is room, "@F" and "@1" only where those were met (one of the two, unless
-- there is room). What stands between "^" is told in long stories alone.
local function tell(tale, template, room, plotted)
  local state, out = tale.state, {}
  if room == "full" then template = template:gsub("%^", "")
  else
    template = template:gsub("%^[^%^]*%^", "")
    template = shorten(tale, template)
  end
  if plotted and tale.world == "water" then template = dive(template) end
  for line in (template .. "\n"):gmatch "(.-)\n" do
    local keep = true
    if line:find "^~" then
      line, keep = line:sub(2), room == "full"
    elseif line:find "^@F " then
      line, keep = line:sub(4), state.entities.F ~= nil
    elseif line:find "^@1!? " then
      line, keep = line:gsub("^@1!? ", ""), state.entities.first ~= nil
    end
    if keep and line:find "%S" then
      state.paragraph = (state.paragraph or 0) + 1
      local text = grammar.expand(state, line)
      if text:find "%S" then out[#out + 1] = text end
    end
  end
  return table.concat(out, "\n")
end

local function variant(tale, part)                          -- one of a plot's variants; parts that belong together take the same one
  local same = tale.plot.same and tale.plot.same[part]
  local list = tale.plot[part]
  if same and tale.chosen[same] then return list[tale.chosen[same]] end
  local fit = {}
  for i, row in ipairs(list) do
    if not row.physical or physical_verbs[tale.who.values.want:match "^%S+"] then fit[#fit + 1] = i end
  end
  tale.chosen[part] = tale.stream(part):choose(fit)
  return list[tale.chosen[part]]
end

local function opener(tale, time)
  local rng, list = tale.state.rng, beats.openers[time] or beats.openers.noon
  local choice = rng:choose(list)
  if tale.used[choice] then
    for _, each in ipairs(list) do if not tale.used[each] then choice = each break end end
  end
  tale.used[choice] = true
  return choice
end

local after = { dawn = "noon", morning = "noon", noon = "dusk", dusk = "morning", night = "morning" }

local spots = { space = "in space among the stars", sea = "under the sea", hills = "on the hills", river = "by a river", mountains = "in the mountains" }

local make = {}                                             -- one function per beat: returns text, scene, tilt, time, weather

function make.setup(tale, room)
  local rng = tale.stream "setup"
  local v = tale.state.values
  local smells = rng:shuffle(beats.smells)
  v.smell, v.smell2, v.roof, v.view, v.noise = smells[1], smells[2], rng:choose { "roof", "ceiling" }, rng:choose(beats.views), rng:choose(beats.noises)
  local opening, home = rng:choose(beats.openings), rng:choose(beats.homes[tale.world])
  local lines = { opening .. (room == "full" and " " .. home or ""), tale.trait.intro }
  local bare = lines[1] .. " " .. tale.trait.intro
  if room == "some" and not tale.state.entities.F and select(2, bare:gsub("%S+", "")) < 34 then lines[1] = opening .. " " .. home end
  if tale.state.entities.F then lines[#lines + 1] = rng:choose(companions) end
  lines[#lines + 1] = rng:choose(tale.plot.want)
  local hero = tale.who.hero
  local scene = "{H.pic} " .. (hero.home:find "spaceship" and "in a spaceship among the stars" or hero.place == "lighthouse" and "by a lighthouse on the sea"
    or (hero.place == "space" and "on a small planet among the stars") or (hero.place == "castle" and "in front of a castle" or hero.place == "sky" and "among the clouds" or "at home in " .. ("forest sea city harbour"):gsub("%a+", function(w) return w == hero.place and "the " .. w or "" end):gsub("%s+", " ")))
  if scene:find "at home in %s*$" then scene = "{H.pic} at home in " .. (hero.place == "mountains" and "the mountains" or hero.place == "hills" and "the hills" or hero.place == "river" and "the reeds by a river" or hero.place == "beach" and "the sand by the sea" or "a " .. hero.place) end
  return tell(tale, table.concat(lines, "\n"), room, true), scene, tilts.setup, "morning"
end

function make.inciting(tale, room)
  local row = variant(tale, "inciting")
  local text = row.text
  if tale.world == "space" then text = beats.landing .. "\n" .. text end
  return tell(tale, text, room, true), row.scene, tilts.inciting, row.time, row.weather
end

function make.helper(tale, room)
  tale.step = (tale.step or 0) + 1
  local step, state = tale.steps[tale.step], tale.state
  state.entities.A = entity_of_helper(step.helper, tale.step, state.rng)
  state.entities.G = entity_of_gift(step.gift, tale.step)
  tale.met = tale.met or {}
  tale.met[#tale.met + 1] = state.entities.A
  state.entities.first = state.entities.first or state.entities.A
  state.values.mind = state.rng:choose(beats.mind)
  state.values.farewell = ""
  state.values.when = opener(tale, tale.time)
  local line = state.rng:choose(gift_lines)
  local bye = state.rng:choose(beats.farewell)
  if room ~= "full" and tale.step % 2 == 1 then bye = "" end
  local text = tell(tale, step.helper.text, room) .. "\n" .. tell(tale, (line:gsub("{farewell}", function() return bye end)), room, true)
  return text, "{H.pic} meeting {A.pic} " .. (spots[step.helper.place] or "in a " .. step.helper.place), tilts.helper, tale.time
end

function make.obstacle(tale, room)
  local row, state = tale.steps[tale.step].obstacle, tale.state
  local time = row.time or tale.time
  state.values.when = opener(tale, time)
  local template = row.text .. "\n" .. row.solves[tale.steps[tale.step].tag]
  local brief = room ~= "full"
  if brief then -- one try that fails is enough, and the song comes every other time
    template = template:gsub("\n(First [^\n]-[.!?]\"?) Then [^\n]*", "\n%1", 1)
    if tale.step % 2 == 0 then template = template:gsub(" ?{refrain}", "") end
  end
  if brief and tale.step % 2 == 1 then
    tale.told_trait = tale.told_trait or false
  elseif tale.trait.mid and tale.world == "land" and not tale.told_trait and room ~= "tight" then
    template, tale.told_trait = tale.trait.mid .. "\n" .. template, true
  elseif state.entities.F then
    template = template .. "\n@F " .. friend_lines[(tale.step - 1) % #friend_lines + 1]
  end
  return tell(tale, template, room), row.scene, row.tilt, time, row.weather
end

function make.quiet(tale, room)
  local list = tale.world == "water" and beats.water_interludes or beats.interludes
  if not tale.quiet then tale.quiet = tale.stream("quiet"):shuffle(list) end
  tale.calm = (tale.calm or 0) % #tale.quiet + 1
  local row = tale.quiet[tale.calm]
  tale.state.values.when = opener(tale, row.time or tale.time)
  return tell(tale, row.text, room), row.scene, row.tilt, row.time or tale.time, row.weather
end

function make.climax(tale, room)
  local row = variant(tale, "climax")
  local goal = tale.who.values.goal
  local scene = row.scene or "{H.pic} " .. (goal and goal.scene or "on a hill")
  return tell(tale, row.text, room, true), scene, row.tilt, row.time or goal and goal.time or "dawn", row.weather or goal and goal.weather
end

function make.resolution(tale, room)
  local row = variant(tale, "resolution")
  local goal = tale.who.values.goal
  return tell(tale, row.text, room, true), row.scene, tilts.resolution, row.time or goal and goal.time or "dusk", row.weather or goal and goal.weather
end

local time_words = { dawn = "at dawn", morning = "in the morning", noon = "at noon", dusk = "at dusk", night = "at night" }

local function scene_of(tale, template, time, weather)
  local state = tale.state
  if state.entities.first and tale.who.plot == "quest" and tale.arriving and not template:find "at home" then template = template:gsub("{H.pic}", "{H.pic} and {first.pic}", 1) end
  if state.entities.F and not template:find "{F" then template = template:gsub("{H.pic}", "{H.pic} and {F.pic}", 1) end
  if tale.world == "water" then
    template = dive(template)
    if not template:find "{goalscene}" and not (state.values.goal and template:find(state.values.goal.scene, 1, true)) and not template:find "%f[%a]sea%f[%A]" and not template:find "home in" then template = template .. ", under the sea" end
  end
  if tale.world == "space" then                             -- there the stars are always out
    for _, hour in ipairs { "in the morning", "in the evening", "at dawn", "at dusk", "at noon", "at sunset" } do template = template:gsub(",? " .. hour, "") end
    time = "night"
  end
  if tale.world == "space" and not template:find "space" and not template:find "planet" then template = template .. ", on a small planet with stars" end
  local text = grammar.expand(state, template)
  local low = text:lower()
  if weather and not low:find(weather) then text = text .. ", in the " .. weather end
  if not (low:find "%f[%a]night" or low:find "dawn" or low:find "dusk" or low:find "morning" or low:find "noon" or low:find "sunset" or low:find "evening") then text = text .. ", " .. time_words[time] end
  return sentence(text) .. "."
end

local function ledger(uses, known)                          -- what a page introduces, what it mentions, in the order of the telling
  local introduces, mentions, seen, presented = {}, {}, {}, {}
  for _, use in ipairs(uses) do                             -- "Ada, an old owl": presented in the same breath counts
    if use.how == "introduced" then presented[use.entity .. "/" .. use.at] = true end
  end
  for _, use in ipairs(uses) do
    if presented[use.entity .. "/" .. use.at] and not known[use.entity] then
      known[use.entity] = true
      introduces[#introduces + 1] = use.entity
    end
    if not seen[use.entity] then
      seen[use.entity] = true
      mentions[#mentions + 1] = { entity = use.entity, known = known[use.entity] or false }
    end
  end
  return introduces, mentions
end

local function make_page(tale, number, acts, room, known)
  local texts, scene, tilt, time, weather = {}, nil, nil, nil, nil
  tale.state.uses, tale.state.named = {}, {}
  tale.time = after[tale.last_time or "dusk"]
  local shown = acts[1] == "setup" and 1 or #acts == 2 and 2 or 1
  local template
  for i, act in ipairs(acts) do
    local text, picture, mood_words, hour, sky = make[act](tale, room)
    texts[#texts + 1] = text
    if i == math.min(shown, #acts) or not template then template, tilt, time, weather = picture, mood_words, hour or tale.time, sky end
    tale.last_time = hour or tale.time
  end
  local uses = tale.state.uses
  tale.state.uses = {}
  tale.arriving = tale.arriving or acts[#acts] == "climax" or acts[#acts] == "resolution"
  scene = scene_of(tale, template, time, weather)
  local introduces, mentions = ledger(uses, known)
  local intent = genai.mood(tilt .. ". " .. scene)
  intent.time, intent.weather = intent.time or time, intent.weather or weather
  local names = { helper = "development", obstacle = "development", quiet = "development" }
  return {
    number = number, text = table.concat(texts, "\n"), scene = scene, mood = intent, act = names[acts[#acts]] or acts[#acts], beats = acts, introduces = introduces, mentions = mentions,
    seed = tale.stream("page" .. number):integer(1, 2147483647),
  }
end

local function describe(entity, role)
  return { name = entity.name or entity.the, kind = entity.kind, role = role, pronoun = entity.many and "they" or entity.gender, traits = entity.adjectives or {}, looks = entity.pic, id = entity.id }
end

local function characters(tale)
  local e, out = tale.state.entities, {}
  out[1] = describe(e.H, "hero")
  out[1].wants, out[1].habit = tale.who.values.want or tale.who.values.thing, tale.trait.name
  if e.F then out[#out + 1] = describe(e.F, "friend") end
  if e.B then out[#out + 1] = describe(e.B, "new friend") end
  for _, helper in ipairs(tale.met or {}) do out[#out + 1] = describe(helper, "helper") end
  return out
end

local function title_of(tale)
  local state = tale.state
  local list = {}
  for _, template in ipairs(tale.plot.titles) do
    local needs = template:find "came to {want}" or template:find "to {want}" and template:find "%[go!%]"
    if not (needs and state.values.want:find "^be ") then list[#list + 1] = template end
  end
  local title = grammar.phrase(state, tale.stream("title"):choose(list))
  return morphology.title((grammar.polish(title)))
end

local options_known = { model = true, seed = true, pages = true, length = true, width = true, height = true, seconds = true }

local function check(prompt, options)
  if type(prompt) ~= "string" then error(("story: prompt is %s; a string is wanted"):format(type(prompt)), 3) end
  if type(options) ~= "table" then error(("story: options is %s; a table is wanted"):format(type(options)), 3) end
  local names = {}
  for name in pairs(options) do names[#names + 1] = tostring(name) end
  table.sort(names)
  for _, name in ipairs(names) do
    if not options_known[name] then error(("story: option %s is unknown; seed, pages and length are wanted"):format(name), 3) end
  end
  local seed, pages, length = options.seed or 1, options.pages or 6, options.length or "medium"
  if math.type(seed) ~= "integer" then error(("story: seed is %s; an integer is wanted"):format(tostring(seed)), 3) end
  if math.type(pages) ~= "integer" or pages < 1 or pages > 20 then error(("story: pages is %s; an integer from 1 to 20 is wanted"):format(tostring(pages)), 3) end
  local rooms = { short = "tight", medium = "some", long = "full" }
  if not rooms[length] then error(("story: length is %s; \"short\", \"medium\" or \"long\" is wanted"):format(tostring(length)), 3) end
  return seed, pages, length, rooms[length]
end

--- story(prompt, { seed = 1, pages = 6, length = "medium" }) -> story
-- A children's story about what the prompt says; any string will do, also an empty one. pages 1..20; length short, medium or long (words a page).
-- Returns a plain tree: title, prompt, seed, pages = { { number, text (paragraphs parted by "\n"), scene (one sentence to paint), mood (see
-- help "mood"), act (setup inciting development climax resolution), beats, seed, introduces, mentions } }, characters, recipe.
-- model: a language model (genai.text.load) that writes the text of the pages instead.
-- The same prompt, seed and options give the same story. Errors on a wrong type, an unknown option or pages outside 1..20.
-- > #genai.story("a rabbit who wanted to see the sea", { pages = 4 }).pages == 4
local function story(prompt, options)
  local seed, pages, length, room = check(prompt, options or {})
  if options and options.model then return require "genai.story.told"(options.model, prompt, seed, pages, length) end
  local tale = prepare(prompt, seed)
  tale.pages, tale.room = pages, room
  set_values(tale)
  local quiet = tale.world == "water" and beats.water_interludes or beats.interludes
  local plan = plan_pages(pages, #tale.steps, #quiet)
  local out = { title = "", prompt = prompt, seed = seed, pages = {}, plot = tale.who.plot }
  local known = {}
  for number, acts in ipairs(plan) do
    out.pages[number] = make_page(tale, number, acts, #acts > 1 and "tight" or room, known)
  end
  out.title = title_of(tale)
  out.characters = characters(tale)
  out.recipe = { kind = "story", prompt = prompt, seed = seed, pages = pages, length = length, plot = out.plot }
  return out
end

return story
