-- Reads a prompt: who it is about, what they want, fear, lost or make, and where. Any bytes are fine; what is not understood is left out.
local words = require "genai.story.words"
local morphology = require "genai.story.morphology"

local determiners = { a = true, an = true, the = true, my = true, his = true, her = true, their = true, its = true, our = true, one = true, this = true, that = true, some = true,
  another = true, your = true, no = true, every = true, all = true }
local links = { ["in"] = true, on = true, at = true, by = true, near = true, under = true, above = true, behind = true, inside = true, from = true, through = true, over = true, into = true,
  across = true, beside = true, below = true, between = true, beneath = true, of = true, with = true, without = true, about = true, during = true, after = true, before = true, to = true, ["for"] = true }
local where = { ["in"] = true, on = true, at = true, by = true, near = true, under = true, beside = true, inside = true, above = true, from = true }
local stops = { who = true, that = true, which = true, ["and"] = true, ["or"] = true, but = true, ["is"] = true, was = true, are = true, were = true, has = true, had = true, because = true, when = true,
  ["while"] = true, so = true, ["then"] = true, ["if"] = true, as = true, whose = true, named = true, called = true, cannot = true, ["can't"] = true, could = true, ["couldn't"] = true, never = true, always = true, does = true,
  ["doesn't"] = true, ["do"] = true, ["don't"] = true, did = true, ["didn't"] = true, will = true, would = true, ["not"] = true }
local wishes = { want = true, wish = true, hope = true, long = true, love = true, like = true, need = true, decide = true, try = true, learn = true, dream = true, set = true, have = true, go = true,
  plan = true, set_out = true, yearn = true }
local fears = { afraid = true, scared = true, frightened = true, terrified = true, fear = true, dread = true }
local makes = { build = true, make = true, bake = true, paint = true, sew = true, knit = true, write = true, invent = true, cook = true, carve = true, craft = true, plant = true, compose = true, draw = true }
local seeks = { see = true, find = true, reach = true, visit = true, meet = true, touch = true, discover = true, climb = true, explore = true, cross = true, catch = true, seek = true }
local loses = { lose = true, miss = true, forget = true, misplace = true }
local verbs = {}
for _, set in ipairs { wishes, makes, seeks, loses } do for verb in pairs(set) do verbs[verb] = true end end
for verb in ("fly sing dance eat run sail save rescue travel live become help steal play grow hear follow open wake swim be ride win look search do get give take hunt chase"
  ):gmatch "%S+" do verbs[verb] = true end
local genres = { story = true, tale = true, book = true, fairytale = true }

local function tokens(text)
  text = text:gsub("’", "'"):gsub("“", " "):gsub("”", " "):gsub('"', " ")
  local out = {}
  for token in text:gmatch "[%w\128-\255'%-]+[,.!?;:]*" do
    local word, mark = token:match "^(.-)([,.!?;:]*)$"
    if #word > 0 and #word <= 24 and #out < 60 then out[#out + 1] = { word = word, low = word:lower(), mark = mark ~= "" } end
  end
  return out
end

local function known(noun)                                 -- "kittens" -> row, "kitten", true
  local one, many = noun, false
  if not (words.kinds[noun] or words.same[noun]) then one, many = morphology.singular(noun) end
  local row = words.kinds[one] or words.kinds[words.same[one] or ""]
  if row then return row, one, many end
end

local persons = { keeper = true, teacher = true, doctor = true, painter = true, gardener = true, driver = true, hunter = true, singer = true, dancer = true, tailor = true, postman = true,
  clockmaker = true, soldier = true, miller = true, shepherd = true, weaver = true, conductor = true, inventor = true, explorer = true, musician = true, pianist = true, artist = true,
  scientist = true, nurse = true, cook = true, chef = true, poet = true, clown = true, man = true, woman = true, men = true, women = true, people = true, mother = true, father = true,
  sister = true, brother = true, sisters = true, brothers = true, friends = true, twins = true, twin = true, boys = true, girls = true, children = true, hero = true, spirit = true, angel = true,
  goblin = true, creature = true, animal = true, alien = true, violinist = true, captain = true, librarian = true, magician = true, emperor = true }

-- One noun phrase from position i: determiner, adjectives, nouns. Returns it and the position after it.
local function noun_phrase(list, i)
  local np = { adjectives = {}, count = 1, from = i }
  local t = list[i]
  if not t then return nil, i end
  if determiners[t.low] then np.determiner = t.low i = i + 1
    if not list[i] then return nil, i end
  end
  if list[i] and words.numbers[list[i].low] then np.count = words.numbers[list[i].low] i = i + 1 end
  local nouns = {}
  while list[i] do
    local low = list[i].low
    if stops[low] or links[low] or determiners[low] then break end
    if #nouns > 0 and not np.determiner and verbs[morphology.base(low)] and not persons[low] then break end
    if #nouns > 0 and (verbs[low] or verbs[morphology.base(low)]) and known(nouns[#nouns]) then break end
    if #nouns > 0 and (morphology.is_verb(low) and not known(low) or list[i].word:find "^%l.*[^s]s$" and known(table.concat(nouns, " ")) and not known(low)) and not low:find "'s$" then break end
    if words.adjectives[low] and list[i + 1] and not list[i].mark and not stops[list[i + 1].low] and not links[list[i + 1].low] and #nouns == 0 then
      np.adjectives[#np.adjectives + 1] = low
    elseif #nouns == 0 and low == "very" then
      np.very = true
    elseif #nouns > 0 and list[i].word:find "^%u" and known(nouns[#nouns]) then
      np.name = np.name or list[i].word
    else
      nouns[#nouns + 1] = low
      np.original = (np.original and np.original .. " " or "") .. list[i].word
    end
    i = i + 1
    if list[i - 1].mark or #nouns >= 3 then break end
  end
  if #nouns == 0 or (#nouns == 1 and words.adjectives[nouns[1]]) then return nil, i end
  np.noun, np.head = table.concat(nouns, " "), nouns[#nouns]
  return np, i
end

local function person_like(np)
  return persons[np.head] or (np.head:find "[^aeiou]ist$" and #np.head > 6) or np.head:find "maker$" or np.head:find "keeper$"
end

-- A phrase as one would say it: from token i to the end of its clause
local function clause(list, i)
  local out = {}
  while list[i] and #out < 12 do
    local low = list[i].low
    if (low == "who" or low == "but" or low == "because" or low == "when") or (low == "and" and #out > 5) then break end
    out[#out + 1] = list[i].word:find "^%u%l" and #out > 0 and list[i].word or low
    i = i + 1
    if list[i - 1].mark then break end
  end
  while #out > 0 and (links[out[#out]] or stops[out[#out]] or determiners[out[#out]]) do out[#out] = nil end
  return table.concat(out, " "), i
end

local function set_want(found, phrase)
  local verb, rest = phrase:match "^(%S+)%s*(.*)$"
  if not verb or found.want then return end
  verb = morphology.base(verb)
  found.want = { verb = verb, rest = rest, phrase = rest ~= "" and verb .. " " .. rest or verb }
  if seeks[verb] and rest ~= "" then found.want.object = rest
  elseif makes[verb] and rest ~= "" then found.want.thing = rest end
end

-- What a clause after "who", "is", or the subject says. i stands on its first word.
local function predicate(list, i, found, owner)
  local steps = 0
  while list[i] and steps < 12 do
    local low = list[i].low
    local base = morphology.base(low)
    if fears[low] or fears[base] then
      local j = list[i + 1] and list[i + 1].low == "of" and i + 2 or i + 1
      local what = clause(list, j)
      if what ~= "" and not found.fear then found.fear = { what = what, owner = owner } return end
    elseif loses[base] and low ~= "lost" or (low == "lost" and list[i + 1] and determiners[list[i + 1].low]) then
      local what = clause(list, i + 1)
      if what ~= "" then found.lost = what return end
    elseif (low == "looking" or low == "searching" or low == "looks" or low == "searches" or low == "looked" or low == "searched") and list[i + 1] and list[i + 1].low == "for" then
      local what = clause(list, i + 2)
      if what ~= "" then set_want(found, "find " .. what) return end
    elseif low == "no" and list[i + 1] and list[i + 1].low:find "^friend" or low == "friendless" or low == "lonely" then
      found.lonely = true return
    elseif (low == "cannot" or low == "can't" or low == "couldn't" or low == "could" and list[i + 1] and list[i + 1].low == "not") and list[i + 1] then
      local what = clause(list, low == "could" and i + 2 or i + 1)
      if what ~= "" then set_want(found, what) found.cannot = true return end
    elseif (low == "could" or low == "can") and list[i + 1] then
      local what = clause(list, i + 1)
      if what ~= "" then set_want(found, what) return end
    elseif wishes[base] or low == "dreams" or low == "dreamed" then
      local j = i + 1
      while list[j] and (list[j].low == "to" or list[j].low == "of" or list[j].low == "out" or list[j].low == "for" or list[j].low == "how") do j = j + 1 end
      local said = list[i + 1] and list[i + 1].low
      local what = clause(list, j)
      if what ~= "" then
        local first = what:match "^%S+"
        local place = words.places[first] or words.unique[first]
        if place and said == "to" and base == "go" then set_want(found, "find the " .. first)
        elseif determiners[first] or (said == "of" and not first:find "ing$") then set_want(found, (said == "of" and "see " or "find ") .. what)
        elseif said == "to" or said == "of" or said == "out" or said == "how" then set_want(found, what)
        elseif base == "have" then found.thing = found.thing or what
        else set_want(found, "find " .. what) end
        return
      end
    elseif (makes[base] or seeks[base]) and list[i + 1] and steps < 3 then
      local what = clause(list, i + 1)
      if what ~= "" then set_want(found, base .. " " .. what) return end
    elseif verbs[base] and list[i + 1] and steps < 3 and not stops[low] then
      local what = clause(list, i)
      if what ~= "" then set_want(found, what) return end
    end
    i, steps = i + 1, steps + 1
  end
end

local function add_np(found, list, np)
  local row, one, many = known(np.noun)
  if not row and words.kinds[np.head] == nil then row, one, many = known(np.head) end
  if np.noun == "lighthouse keeper" then row, one = words.kinds[np.noun], np.noun end
  local gender = words.first_names[np.head]
  local before, after = list[np.from - 1], list[np.after]
  local named = np.original and np.original:find "^%u%l" and not np.determiner and not row and not words.places[np.head] and not words.mass[np.head]
    and (gender or (#list > 1 and after and (after.low == "the" or stops[after.low] or verbs[morphology.base(after.low)])))
  if before and where[before.low] and (words.places[np.head] or not row) then
    found.place = found.place or { place = words.places[np.head], words = (np.determiner and np.determiner .. " " or "") .. table.concat(np.adjectives, " ") .. (#np.adjectives > 0 and " " or "") .. np.noun, link = before.low }
  elseif named then
    found.heroes[#found.heroes + 1] = { kind = "child", row = words.kinds.child, name = np.original, gender = gender, adjectives = np.adjectives, count = 1 }
  elseif row then
    local last = found.heroes[#found.heroes]
    if last and last.name and before and before.low == last.name:lower() and np.determiner == "the" then     -- "Luna the owl"
      last.kind, last.row, last.adjectives = one, row, np.adjectives
    else
      found.heroes[#found.heroes + 1] = { kind = np.noun:find " " and not words.kinds[one] and one or one, row = row, name = np.name, adjectives = np.adjectives,
        count = many and math.max(np.count, 2) or np.count, definite = np.determiner == "the" }
    end
  elseif person_like(np) then
    local single, more = morphology.singular(np.noun)
    found.heroes[#found.heroes + 1] = { kind = single, adjectives = np.adjectives, count = more and math.max(np.count, 2) or np.count, definite = np.determiner == "the",
      row = { kind = single, world = "person", home = np.head == "keeper" and words.kinds["lighthouse keeper"].home or "a small house at the end of the lane", place = "village", go = "walk", food = "new bread" } }
  elseif #found.heroes == 0 or np.determiner or #np.adjectives > 0 or words.mass[np.head] or words.unique[np.head] then
    found.things[#found.things + 1] = np
  end
end

local homes = { { "the wide blue sky", "sky", "cloud star moon sun rain raindrop wind breeze snowflake rainbow comet kite balloon plane aeroplane" }, { "a clearing in the old forest", "forest", "tree leaf oak acorn mushroom pine branch" },
  { "a shed at the end of the line", "village", "train bus car tractor engine tram truck lorry bicycle" }, { "a small harbour", "harbour", "boat ship anchor buoy wave" }, { "a garden with a crooked wall", "meadow", "flower rose seed tulip daisy sunflower stone pebble" } }

local function thing_row(kind)                              -- where a thing that is the hero lives
  local row = { kind = kind, world = "thing", home = "a shelf by the kitchen window", place = "village", go = "wobble", food = "warm sunlight" }
  for _, each in ipairs(homes) do
    if (" " .. each[3] .. " "):find(" " .. (kind:match "%S+$") .. " ", 1, true) then row.home, row.place = each[1], each[2] end
  end
  return row
end

local function read(list, found)
  local i = 1
  while list[i] do
    local low = list[i].low
    if low == "who" or low == "that" or low == "which" or low == "is" or low == "was" or low == "are" or low == "were" or low == "has" or low == "had" or low == "whose"
      or low == "cannot" or low == "can't" or low == "could" or low == "couldn't"
      or (i > 1 and low ~= "lost" and verbs[morphology.base(low)] and not known(low) and #found.heroes > 0) or (low == "lost" and list[i + 1] and determiners[list[i + 1].low]) then
      local start = low == "lost" and i or (stops[low] and not low:find "^c" and i + 1 or i)
      predicate(list, start, found, #found.heroes)
      if #found.heroes == 0 and #found.things > 0 and (low == "who" or low == "whose" or low == "that" or low == "which" or found.want or found.fear or found.lost) then
        local np = table.remove(found.things, 1)            -- "a teapot who wanted to fly": the thing is the hero
        local single, more = morphology.singular(np.noun)
        found.heroes[1] = { kind = single, adjectives = np.adjectives, count = more and math.max(2, np.count) or np.count, definite = np.determiner == "the",
          row = thing_row(single) }
      end
      while list[i + 1] and list[i + 1].low ~= "and" and not (where[list[i + 1].low]) do i = i + 1 end
      i = i + 1
    elseif stops[low] or links[low] then i = i + 1
    elseif genres[low] and list[i + 1] and (list[i + 1].low == "about" or list[i + 1].low == "of") then i = i + 2
    elseif makes[morphology.base(low)] and i == 1 and list[2] then
      set_want(found, (clause(list, 1)))
      i = #list + 1
    else
      local np, after = noun_phrase(list, i)
      if np and genres[np.head] and list[after] then np = nil end
      if np then np.after = after add_np(found, list, np) end
      i = math.max(after, i + 1)
    end
  end
end

--- parse(prompt) -> { heroes, things, want, fear, lost, lonely, place, raw }; every part may be missing
return function(prompt)
  local found = { heroes = {}, things = {} }
  local sane = prompt:sub(1, 2000)
  while #sane > 0 and not utf8.len(sane) do
    local _, bad = utf8.len(sane)
    sane = sane:sub(1, bad - 1) .. " " .. sane:sub(bad + 1)
  end
  local list = tokens(sane)
  read(list, found)
  for i = #found.heroes, 3, -1 do found.heroes[i] = nil end
  found.raw = sane:gsub("[%c<>{}%[%]|\"]", " "):gsub("“", " "):gsub("”", " "):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")
  return found
end
