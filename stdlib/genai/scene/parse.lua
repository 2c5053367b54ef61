-- From a sentence to a scene: one walk over the words. What is not known is passed over; nothing a text holds is an error.
local words = require "genai.scene.words"
local figures = require "genai.scene.figures"

local MAX_BYTES, MAX_WORDS, MAX_FIGURES = 6000, 800, 12

local function tokens(text)
  local out = {}
  for w in text:sub(1, MAX_BYTES):lower():gsub("[\u{2019}']s?", " "):gmatch "[%a%d]+[-]?%a*" do
    if #out >= MAX_WORDS then break end
    if #w <= 24 then
      local a, b = w:match "^(%a+)-(%a+)$"
      if a then out[#out + 1], out[#out + 2] = a, b else out[#out + 1] = (w:gsub("-", "")) end
    end
  end
  return out
end

local function add_place(scene, place)
  for _, v in ipairs(scene.places) do if v == place then return end end
  scene.places[#scene.places + 1] = place
end

local function find(scene, kind)
  for i = #scene.figures, 1, -1 do if scene.figures[i].kind == kind then return i end end
end

local held = require("genai.scene.relations").held
local Walk = { size_of = { big = true, tall = true, huge = true } }
Walk.__index = Walk

function Walk:clear() self.colour, self.size, self.count, self.det, self.no, self.pose, self.mood = nil, nil, nil, nil, nil, nil, nil end

-- what somebody carries stays with them
function Walk:grip(first, count)
  if self.last and not figures.kinds[self.scene.figures[self.last].kind].alive then -- "in bed with a book": the one in the bed holds it
    for i = self.last, 1, -1 do
      if self.scene.figures[i].at and self.scene.figures[i].at.figure == self.last then self.last, self.last_to = i, i end
    end
  end
  local figure, who = self.scene.figures[first], self.scene.figures[self.last or 0]
  if not who or first == self.last or figure.at or count > 3 or not held[figure.kind] or not figures.kinds[who.kind].alive then return false end
  if figures.kinds[figure.kind].alive and (self.rel == "with" or self.size_of[figure.size or "medium"] or (figures.kinds[figure.kind].height > 0.2 and figure.kind ~= "thing")) then return false end
  for i = first, #self.scene.figures do
    local f = self.scene.figures[i]
    f.at = { how = "held", figure = math.min(self.last + i - first, math.max(self.last_to or self.last, self.last)) }
    if f.kind == "balloon" then f.kind = "toyballoon" end
    if f.at.figure >= first then f.at.figure = self.last end
  end
  self.rel = nil
  return true
end

--- A noun that can be drawn: a new figure, or the one that was meant.
function Walk:figure(kind, word, plural)
  local scene = self.scene
  if self.no then
    self:clear()
    return
  end
  local known = find(scene, kind)
  if kind == "star" and (plural or not (self.colour or self.size or self.det == "a")) then
    self.sky.stars = true
    return self:clear()
  end
  local count = self.count or (plural and (kind == "firefly" and 7 or 3)) or 1
  local same = known and not self.count and self.det ~= "a" and not plural and not self.colour
  local first
  if same then
    first = known
  else
    for _ = 1, count do
      if #scene.figures >= MAX_FIGURES then break end
      scene.figures[#scene.figures + 1] = { kind = kind, word = word ~= kind and word or nil, colour = self.colour, size = self.size, pose = self.pose, mood = self.mood }
      first = first or #scene.figures
    end
  end
  if not first then return self:clear() end
  if not same and (self.rel == "holding" or self.rel == "with") and self:grip(first, count) then return self:clear() end
  if self.rel == "holding" then self.rel = "with" end
  if self.rel == "with" then -- the new one keeps the other company
    for i = first, #scene.figures do
      if self.last and i > self.last and not scene.figures[i].at then scene.figures[i].at = { how = "beside", figure = self.last } end
    end
    self.rel = nil
  end
  if self.rel and self.last and self.last ~= first then
    for i = self.last, self.last_to or self.last do
      local f = scene.figures[i]
      local mate = f.at and f.at.how == "beside" and f.at.figure
      if mate and mate ~= first and (self.rel == "inside" or self.rel == "on") and figures.kinds[f.kind].alive then -- "a boy with a dog in a boat": both
        f.at = nil
        if not scene.figures[mate].at then scene.figures[mate].at = { how = self.rel, figure = first } end
      end
      if not f.at and i ~= first then f.at = { how = self.rel, figure = first, window = self.window } end
    end
  end
  local chain = self.chain
  if not (same and self.rel) then self.last, self.last_to = first, same and first or #scene.figures end
  if chain and chain < first and not same and not self.rel then self.last = chain end
  self.chain = nil
  if self.rel and not same then self.host = first end
  self.rel, self.window = nil, nil
  self:clear()
end

function Walk:place(place, word)
  local scene = self.scene
  if self.no then return self:clear() end
  if place == "town" then
    place = "city"
    if find(scene, "house") then place = "village" end
  end
  add_place(scene, place)
  if self.colour then scene.colours[place] = self.colour end
  if self.rel and self.rel ~= "with" and self.last then
    for i = self.last, self.last_to or self.last do
      local f = scene.figures[i]
      if not f.at then f.at = { how = self.rel, place = place, peak = word == "hill" or word == "hilltop" or nil } end
    end
  end
  self.rel = nil
  self:clear()
end

function Walk:feel(field, value, next_word)
  local after = self.scene.figures[self.last or 0]
  if self.det ~= nil or self.colour or self.size or not after or words.noun[next_word or ""] then
    self[field] = value
  else
    for i = self.last, self.last_to or self.last do self.scene.figures[i][field] = value end
  end
end

--- Words that describe: numbers, colours, sizes, moods, poses. True when the word was one.
function Walk:describe(w, next_word, previous, list, i)
  if words.once[w] ~= nil then
    self.det = words.once[w] and "a" or "the"
  elseif words.numbers[w] or tonumber(w) then
    self.count = math.max(1, math.min(12, math.floor(words.numbers[w] or tonumber(w))))
  elseif words.colours[w] then
    local last = self.scene.figures[self.last or 0]
    if last and not last.colour and (previous == "is" or previous == "was" or previous == "were" or previous == "are") then last.colour = w else self.colour = w end
  elseif words.size[w] and not (w == "giant" and not (words.noun[words.singular(next_word or "")] or words.colours[next_word or ""])) then
    self.size = words.size[w]
  elseif (w == "flying" or w == "flies" or w == "flew") and (list[i + 1] == "kite" or list[i + 2] == "kite" or list[i + 3] == "kite" or list[i + 1] == "kites" or list[i + 2] == "kites") then
    self.rel = "holding"
  elseif words.pose[w] then
    self:feel("pose", words.pose[w], next_word)
  elseif words.feeling[w] then
    self:feel("mood", words.feeling[w], next_word)
  elseif words.negation[w] then
    self.no = true
  else
    return false
  end
  return true
end

-- A noun that nobody drew: "a teapot ..." is somebody when the sentence begins with it, or when there is nobody else.
function Walk:unknown(w, i)
  if self.det == "a" or self.maybe and self.maybe.i == i - 1 or self.count and i < 8 then
    if w:find "ing$" or w:find "ly$" or w:find "ed$" and #w > 4 or words.verb[w] then return end
    self.maybe = { i = i, word = w, colour = self.colour, size = self.size, count = self.count or 1, pose = self.pose, mood = self.mood }
  end
end

function Walk:settle_unknown(ending)
  local m, scene = self.maybe, self.scene
  if not m then return end
  local one = words.singular(m.word)
  if m.count > 1 and one == m.word and #one > 3 then one = one:gsub("([^s])s$", "%1") end
  local unfit = words.abstract[one] or #one < 3
  if not unfit and (#scene.figures == 0 and (m.i <= 5 or ending) or #scene.figures > 0 and #scene.figures < 4 and scene.figures[#scene.figures].kind == "thing" and m.i <= 10 and not self.rel) then
    for _ = 1, math.min(6, m.count) do scene.figures[#scene.figures + 1] = { kind = "thing", word = one, colour = m.colour, size = m.size, pose = m.pose, mood = m.mood } end
    self.last, self.last_to = math.max(1, #scene.figures - math.min(6, m.count) + 1), #scene.figures
    self:clear()
    self.maybe = nil
    return
  end
  if m.i > 5 or unfit or #scene.figures > 0 or ending then self.maybe = nil end
end

--- Words about the sky, the hour, the weather, the year. True when the word meant only that.
function Walk:air(w)
  local scene, used = self.scene, false
  local function set(table_, field)
    local v = table_[w]
    if v then
      used = true
      if not self.no and not self[field] then self[field] = v end
    end
  end
  set(words.time, "time")
  set(words.weather, "weather")
  set(words.season, "season")
  if words.sky[w] then
    used = true
    if not (self.sky[words.sky[w]] == false) then self.sky[words.sky[w]] = not self.no end
    if words.sky[w] == "moon" and self.rel == "above" and self.last and not scene.figures[self.last].pose then scene.figures[self.last].pose = "airborne" end
    if words.sky[w] == "clouds" and self.rel == "on" and self.last then scene.figures[self.last].pose = "airborne" end
    self.rel = self.rel ~= "on" and nil or self.rel
  end
  if used and not words.place[w] then self:clear() end
  return used and not words.place[w]
end

--- Words that mean more than themselves: a bed is a room too, who sits on a cloud needs one, the moon is a place to stand on.
function Walk:special(w, i, list)
  local scene, next_word, previous = self.scene, list[i + 1], list[i - 1]
  if w == "bed" and previous ~= "flower" and previous ~= "river" and previous ~= "sea" and previous ~= "rose" and next_word ~= "of" and not self.no then
    add_place(scene, "room")
    self:figure("bed", "bed", false)
    return true
  elseif w == "window" or w == "windowsill" then
    if self.rel and self.last and not self.no then
      self.window = true
      if #scene.places == 0 and list[i + 1] ~= "of" and not find(scene, "house") then add_place(scene, "room") end
    end
    self:clear()
    return true
  elseif (w == "cloud" or w == "clouds" and self.count) and not self.no and (self.rel == "on" or (i <= 4 and #scene.figures == 0) or self.rel == "beside") then
    self:figure("cloud", "cloud", w == "clouds")
    return true
  elseif w == "moon" and self.rel == "on" and self.last and not self.no then
    add_place(scene, "space")
    self.sky.moon, self.rel = true, nil
    self:clear()
    return true
  elseif (w == "branch" or w == "bough" or w == "top") and next_word == "of" then
    for k = i + 2, math.min(i + 5, #list) do
      local kind = words.noun[(words.singular(list[k]))] or list[k + 1] and words.double[list[k] .. " " .. list[k + 1]]
      if kind == "tree" or kind and kind:find "tree" then
        self:clear()
        return true
      end
    end
  elseif figures.kinds[words.noun[(words.singular(w))] or ""] and scene.places[1] == "room" and words.indoors[words.noun[(words.singular(w))]] and self.rel == "inside" then
    self.rel = nil -- the room is that house's
    self:clear()
    return true
  end
  return false
end

function Walk:word(i, list)
  local w, next_word, previous = list[i], list[i + 1], list[i - 1]
  if self.maybe and (words.once[w] ~= nil or words.relation[w] or words.stop[w] or w:find "ing$" or w:find "ed$") then self:settle_unknown(false) end
  local double = next_word and words.double[w .. " " .. (words.singular(next_word))]
  if w == "in" and next_word == "front" or w == "front" then
    self.rel = "before"
    return w == "in" and 2 or 1
  elseif w == "on" and next_word == "top" then
    self.rel = "on"
    return 2
  elseif w == "grey" and next_word == "sky" then
    self.weather = self.weather or "cloudy"
    return 2
  elseif (w == "under" or w == "beneath" or w == "below") and (next_word == "the" and (list[i + 2] == "sea" or list[i + 2] == "water" or list[i + 2] == "waves" or list[i + 2] == "ocean")) then
    add_place(self.scene, "underwater")
    return 3
  end
  if double then
    if double == "aurora" then self.sky.aurora = true else self:figure(double, double, next_word:sub(-1) == "s") end
    return 2
  end
  if self:special(w, i, list) then return 1 end
  if self:describe(w, next_word, previous, list, i) then return 1 end
  local one, plural = words.singular(w)
  if self:air(w) then return 1 end
  if words.relation[w] and not (w == "at" and words.time[next_word or ""]) then
    self.rel = words.relation[w]
    self:clear()
  elseif words.noun[one] and not (words.place[w] and not words.noun[w]) then
    self.maybe = nil
    self:figure(words.noun[one], one, plural)
  elseif words.place[w] or words.place[one] then
    self:place(words.place[w] or words.place[one], w)
  elseif w == "underwater" then
    add_place(self.scene, "underwater")
  elseif words.stop[w] then
    self.chain = w == "and" and self.last and self.host ~= self.last and self.last or nil
    if w == "is" or w == "was" or w == "were" or w == "are" then self.det = nil else self.rel = nil end
    self.no = nil
  else
    self:unknown(w, i)
  end
  return 1
end

local function has(scene, place)
  for _, v in ipairs(scene.places) do if v == place then return true end end
  return false
end

-- what a figure wants around it when the sentence names no place
local HOME = { lighthouse = { "sea", "cliff" }, boat = { "sea" }, ship = { "sea" }, pirateship = { "sea" }, rowboat = { "lake" }, whale = { "sea" }, dolphin = { "sea" }, penguin = { "snowfield" },
  polarbear = { "snowfield" }, igloo = { "snowfield" }, cactus = { "desert" }, camel = { "desert" }, palm = { "beach" }, bridge = { "river" }, duck = { "lake" }, swan = { "lake" },
  frog = { "lake" }, crab = { "beach" }, fish = { "underwater" }, shark = { "underwater" }, octopus = { "underwater" }, jellyfish = { "underwater" }, seahorse = { "underwater" },
  mermaid = { "sea" }, rocket = { "space" }, planet = { "space" }, astronaut = { "space" }, pirate = { "beach" }, seagull = { "beach" }, castle = { "hills" }, eagle = { "mountains" },
  owl = { "forest" }, wolf = { "forest" }, deer = { "forest" }, bear = { "forest" }, dragon = { "mountains" }, seal = { "beach" }, turtle = { "beach" }, seaweed = { "underwater" },
  coral = { "underwater" }, sunflower = { "meadow" }, windmill = { "meadow" }, elephant = { "meadow" }, monkey = { "jungle" }, tiger = { "jungle" }, church = { "village" }, snowman = { "snowfield" } }

local function settle(scene, r)
  if #scene.places == 0 then
    for _, f in ipairs(scene.figures) do
      local home = HOME[f.kind]
      if home and not (f.kind == "mermaid" and #scene.figures > 1) then
        for _, v in ipairs(home) do add_place(scene, v) end
        break
      end
    end
  end
  local wet, dry = 0, 0
  for _, f in ipairs(scene.figures) do
    local lives = figures.kinds[f.kind].lives
    if lives == "deep" or lives == "bed" or f.kind == "turtle" or f.kind == "crab" or f.kind == "mermaid" or f.kind == "seal" then wet = wet + 1
    elseif f.kind ~= "whale" and f.kind ~= "dolphin" then dry = dry + 1 end
  end
  if wet > 0 and dry == 0 and has(scene, "sea") and not has(scene, "beach") and not has(scene, "island") and not (scene.sky.moon or scene.sky.stars or scene.sky.sun) then add_place(scene, "underwater") end
  if #scene.places == 0 then add_place(scene, r:choose { "meadow", "meadow", "hills", "meadow" }) end
  local snow = has(scene, "snowfield") or scene.weather == "snow"
  if snow and not scene.season then scene.season = "winter" end
end

local function hour(walk, scene, r)
  local sky = walk.sky
  scene.time = walk.time or (sky.moon or sky.stars or sky.aurora) and "night" or nil
  for _, f in ipairs(scene.figures) do
    if not scene.time and (f.kind == "firefly" or f.kind == "star" or f.kind == "ghost") then scene.time = "night" end
    if not scene.time and (f.kind == "lantern" or f.kind == "campfire") then scene.time = "dusk" end
  end
  scene.time = scene.time or r:choose({ "morning", "noon", "afternoon", "dawn", "dusk" }, { 4, 3, 4, 1, 1 })
  local dark = scene.time == "night" or scene.time == "evening"
  scene.weather = walk.weather or "clear"
  scene.season = walk.season
  local function pick(name, default) if sky[name] ~= nil then scene.sky[name] = sky[name] else scene.sky[name] = default end end
  pick("sun", not dark and (scene.weather == "clear" or scene.weather == "wind"))
  pick("moon", scene.time == "night" and scene.weather ~= "storm")
  pick("stars", dark and (scene.weather == "clear" or scene.weather == "wind"))
  pick("clouds", scene.time ~= "night" and scene.weather ~= "storm" and r:uniform() < 0.75)
  pick("rainbow", false)
  pick("aurora", false)
end

--- parse(text, seed) -> scene
local function parse(text, seed)
  local genai = require "genai"
  local scene = { text = text, seed = seed, places = {}, colours = {}, sky = {}, figures = {} }
  local walk = setmetatable({ scene = scene, sky = {} }, Walk)
  local list, i = tokens(text), 1
  while i <= #list do i = i + walk:word(i, list) end
  walk:settle_unknown(true)
  local r = genai.rng(seed, "scene " .. text:sub(1, 2000))
  scene.mood = text:sub(1, 2000)
  hour(walk, scene, r)
  settle(scene, r)
  return scene
end

return parse
