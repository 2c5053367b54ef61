-- Who is in the story and what it is about: turns what the prompt says into entities and values, and lets the seed choose the rest.
local words = require "genai.story.words"
local morphology = require "genai.story.morphology"
local goals = require "genai.story.goals"
local cast = {}

local sizes = { "small", "young", "little", "thoughtful", "cheerful", "round", "quiet", "small", "little", "freckled", "long-legged", "dreamy" }
local on = { "windowsill", "ledge", "lily pad", "stone beside", "warm rock", "shelf", "balcony", "roof", "pole", "chimney", "island", "hill behind", "ship", "boat", "farm", "patch of red", "underside", "rock in" }
local under = { "pile of golden" }
local deeds = { "fly", "dance", "whistle", "swim", "juggle", "sing high and low", "tell stories", "skate on ice", "play the trumpet", "walk on a tightrope", "stand on one leg", "do magic" }
local lost = { "the blue hat", "the red kite", "the striped blanket", "the yellow scarf", "the left boot", "the green cushion", "the woolly mitten", "the patched rucksack" }
local fears = { "the dark", "thunder", "deep water", "high places", "the old forest", "the howling wind" }
local makes = { "build a boat", "build a flying machine", "bake the biggest cake in the world", "write a song that makes stones dance", "paint the evening", "grow a garden on the roof",
  "build a bridge to the island", "make a lantern as bright as the moon", "invent a clock that tells good news", "knit a scarf for the wind" }
local secrets = { "hullalee", "mirrabel", "tumbleglow", "ollomay", "fennimore", "wherrywhee", "luminoo", "askaloon" }
local thing_fears = { swimming = "deep water", flying = "high places", heights = "high places", sleeping = "the dark", water = "deep water", dark = "the dark", darkness = "the dark", everything = "everything" }

local function preposition(home)
  for _, word in ipairs(on) do if home:find(word, 1, true) then return "on " end end
  for _, word in ipairs(under) do if home:find(word, 1, true) then return "under " end end
  return "in "
end

local function phrase_of(kind, count, adjectives, definite)
  local front = #adjectives > 0 and table.concat(adjectives, " ") .. " " or ""
  if count > 1 then return (words.number_names[count] or "some") .. " " .. front .. morphology.plural(kind) end
  return (definite and "the " or "a ") .. front .. kind
end

local function join(names)
  if #names == 1 then return names[1] end
  return table.concat(names, ", ", 1, #names - 1) .. " and " .. names[#names]
end

local unique = { last = true, only = true, first = true, bravest = true, smallest = true, biggest = true, oldest = true, youngest = true }

local function colour_of(row, adjectives, rng)
  for _, adjective in ipairs(adjectives) do if words.colours[adjective] then return nil, adjective end end
  local colours = {}
  for colour in (row.colours or ""):gmatch "%a+" do colours[#colours + 1] = colour end
  local pick = #colours > 0 and rng:choose(colours) or nil
  return pick, pick
end

local function looks_like(given, gender, adjectives)        -- a word that a painter knows
  if given.row.world ~= "person" or words.kinds[given.kind] then return given.kind end
  local old = false
  for _, adjective in ipairs(adjectives) do old = old or adjective == "old" end
  return (old and "old " or "") .. (gender == "she" and "woman" or "man")
end

--- person(given, rng, taken, id) -> entity; given = { kind, row, name, adjectives, count, gender, definite }
function cast.person(given, rng, taken, id)
  local gender = given.gender or words.her[given.kind] or rng:choose { "he", "she" }
  local count = math.min(given.count or 1, 7)
  local names = { given.name }
  for _, name in ipairs(rng:shuffle(words.names[gender])) do
    if #names >= math.min(count, 3) then break end
    if not taken[name] and not given.kind:find(name:lower(), 1, true) then names[#names + 1] = name taken[name] = true end
  end
  local adjectives, definite = {}, false
  for i = 1, math.min(#given.adjectives, 3) do
    adjectives[i] = given.adjectives[i]
    definite = definite or unique[adjectives[i]] or false
  end
  local size = rng:choose(sizes)
  if given.kind:find "^grand" or given.kind:find "^old " then size = rng:choose { "cheerful", "kind", "quiet", "sprightly" } end
  if #adjectives == 0 then adjectives[1] = size end
  local new, colour = colour_of(given.row, adjectives, rng)
  local shown = { table.unpack(adjectives) }
  if new and given.row.kind == given.kind and not definite then shown[#shown + 1] = new end
  local home = given.row.home
  return {
    id = id, name = count > 3 and names[1] .. ", " .. names[2] .. " and the others" or join(names), kind = given.kind, kindt = count > 1 and phrase_of(given.kind, count, {}) or given.kind, gender = gender, many = count > 1,
    adjectives = given.adjectives, intro = phrase_of(given.kind, count, shown, definite), a = phrase_of(given.kind, count, shown, definite),
    the = count > 1 and "the " .. morphology.plural(given.kind) or "the " .. given.kind, pic = phrase_of(looks_like(given, gender, adjectives), count, { colour }), home = home, at = preposition(home) .. home,
    world = given.row.world, place = given.row.place, food = given.row.food, count = count,
  }
end

local function random_kind(rng)
  while true do
    local kind = rng:choose(words.kind_list)
    if kind ~= "ghost" and kind ~= "monster" and kind ~= "lighthouse keeper" then return kind end
  end
end

local function object_phrase(np)                            -- a noun phrase as the goal of a quest
  local front = #np.adjectives > 0 and table.concat(np.adjectives, " ") .. " " or ""
  local determiner = np.determiner or (words.mass[np.head] and "" or words.unique[np.head] and "the" or select(2, morphology.singular(np.noun)) and "" or "a")
  if determiner ~= "" and determiner ~= "the" and determiner ~= "a" and determiner ~= "an" and determiner ~= "some" and determiner ~= "one" then determiner = "{H.his}" end
  if determiner == "a" or determiner == "an" or determiner == "one" then determiner = "the" end
  return (determiner ~= "" and determiner .. " " or "") .. front .. np.noun
end

-- "her red kite" -> "{H.his} red kite"; unknown words in brackets cannot occur: the parser lets no brackets through
local function own(text)
  text = " " .. text .. " "
  for _, word in ipairs { "my", "her", "his", "its", "their", "our" } do text = text:gsub(" " .. word .. " ", " {H.his} ") end
  return (text:gsub("^ ", ""):gsub(" $", ""))
end

local function clip(text, most)
  if utf8.len(text) and utf8.len(text) > most then
    text = text:sub(1, utf8.offset(text, most + 1) - 1):gsub("%s+%S*$", "")
  end
  return text
end

local function goal_of(text, rng)
  for word in text:lower():gmatch "%a+" do
    local row = goals.rows[word] or goals.rows[(morphology.singular(word))]
    if row and not words.adjectives[word] then return row end
  end
  return (rng:choose(goals.plain))
end

local function last_noun(text)
  local head = text:gsub(" of .*$", ""):gsub(" in .*$", ""):gsub(" on .*$", ""):gsub(" with .*$", ""):gsub(" at .*$", ""):gsub(" by .*$", "")
  return head:match "(%S+)$" or head
end

-- Which plot the prompt asks for; nil where it leaves that open.
local function asked_plot(found)
  if found.fear then return "fear" end
  if found.lost then return "lost" end
  if found.lonely then return "friend" end
  local want = found.want
  if want then
    if want.phrase:find "friend" then return "friend" end
    if want.thing then return "make" end
    if want.object then return "quest" end
    return "deed"
  end
  for _, hero in ipairs(found.heroes) do
    for _, adjective in ipairs(hero.adjectives) do if adjective == "lonely" or adjective == "shy" then return "friend" end end
  end
  local np = found.things[1]
  if np and np.noun:find "^friend" then return "friend" end
  if np and (np.determiner or #np.adjectives > 0 or words.mass[np.head] or words.places[np.head] or words.unique[np.head]) and np.noun:find "^[%a' %-]+$" then return "quest" end
  if found.place and #found.heroes == 0 then return "quest" end
  if #found.heroes == 0 and #found.raw > 0 then return "word" end
end

local function pick(list, rng, bar)
  local item
  repeat item = rng:choose(list) until not (bar and bar[item])
  return item
end

local fill = {}                                             -- values of each plot, from the prompt or the seed

function fill.quest(found, hero, rng)
  local object, verb = found.want and found.want.object, found.want and found.want.verb or nil
  local np = found.things[1]
  if not object and np then
    object, verb = object_phrase(np), "find"
    if found.place and #found.heroes == 0 then object = object .. " " .. found.place.link .. " " .. found.place.words end
  end
  if not object and found.place and #found.heroes == 0 then object, verb = found.place.words, "see" end
  if not object then
    local place = pick(goals.usual, rng, { [hero.place] = true, [hero.world == "water" and "sea" or ""] = true })
    object, verb = "the " .. place, rng:choose { "see", "find", "visit" }
    if place == "snow" or place == "rainbow" or place == "star" or place == "moon" or place == "sun" then verb = "find" end
    if place == "star" then object = "the brightest star" elseif place == "sun" then object = "the place where the sun gets up" end
  end
  object = own(object)
  if object:find(hero.food, 1, true) then hero.food = "bread and butter" end
  local noun = last_noun(object)
  local _, many = morphology.singular(noun)
  local row = goal_of(object:find " of " and object:match " of (.*)$" or noun, rng)
  return { want = verb .. " " .. object, thing = object, one = object:find "^the " and not many and not words.mass[noun] and noun or "home", goal = row, keep = row.keep, sign = row.sign, arrive = row.arrive, goalscene = row.scene,
    objit = many and "they" or "it", objwas = many and "were" or "was", objthem = many and "them" or "it" }
end

function fill.deed(found, hero, rng)
  local phrase = found.want and own(found.want.phrase)
  if not phrase then
    phrase = pick(deeds, rng, { fly = hero.world == "air" or hero.kind == "dragon", swim = hero.world == "water" or hero.kind == "frog" or hero.kind == "duck" or hero.kind == "penguin", ["skate on ice"] = hero.world == "water" })
  end
  return { want = phrase, thing = morphology.ing(phrase), one = "wish" }
end

function fill.lost(found, _, rng)
  local what = own(found.lost or (rng:choose(lost):gsub("^the ", "{H.his} ")))
  what = what:gsub(" in the .*$", ""):gsub("^an? ", "the ")
  local known = what:find "^the " or what:find "^{H"
  local bare = what:gsub("^the ", ""):gsub("^{H.his} ", ""):gsub("^{H.him} ", "")
  local base = known and what or "the " .. what
  return { lost = base, thing = base, one = last_noun(bare), lostnoun = bare, lostmine = "{H.my} " .. bare }
end

function fill.fear(found, hero, rng)
  local what = found.fear and own(found.fear.what) or pick(fears, rng, { ["deep water"] = hero.world == "water", ["high places"] = hero.world == "air" or hero.world == "water", ["the old forest"] = hero.world == "water" })
  what = thing_fears[what] or thing_fears[what:match "^the (.*)$" or ""] or what
  if what:find "^%a+ing$" and what ~= "everything" then what = "a place where there is only " .. what end
  local noun = last_noun(what)
  return { fearwas = select(2, morphology.singular(noun)) and "were" or "was", fear = what, thing = "home", one = "way" }
end

function fill.friend() return { thing = "somebody", one = "friend" } end

function fill.make(found, _, rng)
  local phrase = found.want and found.want.thing and own(found.want.phrase) or rng:choose(makes)
  return { want = phrase, thing = phrase:match "^%S+ (.*)$" or phrase, one = "way", making = phrase:match("^%S+ (.*)$"):gsub("^an? ", "the ") }
end

function fill.word(found, _, rng)
  local word = clip(found.raw, 40)
  word = word:gsub("[.!,;:'`*_#\\/]+$", "")
  if word == "" or not word:find "[%w\128-\255]" then word = rng:choose(secrets) end
  return { word = word, thing = "the word", one = "word" }
end

local function fallback_hero(found, rng)
  local kind = random_kind(rng)
  if found.place and found.place.place == "sea" and rng:uniform() < 0.3 then kind = rng:choose { "fish", "turtle", "seagull", "crab" } end
  return { kind = kind, row = words.kinds[kind], adjectives = {}, count = 1 }
end

local function settle(hero, found)                          -- the place that the prompt names becomes home
  local place = found.place
  if not place or (place.words == "") then return end
  local space = place.place == "space"
  if #found.heroes > 0 and (not place.words:find "^%a+ night") and words.places[place.words:match "(%S+)$"] then
    local home = place.words
    if home == "space" then home = "a small round spaceship" end
    hero.home, hero.at, hero.place = home, (place.link == "from" and "in" or place.link) .. " " .. home, place.place
  end
  if space then hero.world = "space" end
end

--- cast(found, rng) -> { plot, hero, friend, other, values }
function cast.choose(found, rng)
  local taken = {}
  local given = { found.heroes[1] or fallback_hero(found, rng), found.heroes[2] }
  if found.fear and found.fear.owner == 2 and given[2] then given[1], given[2] = given[2], given[1] end
  local hero = cast.person(given[1], rng, taken, "hero")
  settle(hero, found)
  local open = { "quest", "quest", "deed", "lost", "fear", "friend", "make" }
  local plot = asked_plot(found) or rng:choose(open)
  local values = fill[plot](found, hero, rng)
  local friend, other
  if plot == "friend" then
    local second = given[2] or { kind = hero.kind, row = words.kinds.mouse, adjectives = { (rng:choose { "damp", "small", "worn-out", "curly" }) }, count = 1 }
    while not given[2] and (second.kind == hero.kind or (second.row.world == "water") ~= (hero.world == "water")) do
      second.kind = random_kind(rng)
      second.row = words.kinds[second.kind]
    end
    second.count = 1
    other = cast.person(second, rng, taken, "other")
  elseif given[2] then
    friend = cast.person(given[2], rng, taken, "friend")
  end
  return { plot = plot, hero = hero, friend = friend, other = other, values = values, taken = taken }
end

return cast
