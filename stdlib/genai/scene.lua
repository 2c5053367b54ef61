-- Scenes: what a sentence speaks of, as plain data that a script may change before it is painted.
local words = require "genai.scene.words"
local figures = require "genai.scene.figures"
local scene = {}

local function distance(a, b) -- edit distance of two short words
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local last = row[0]
    row[0] = i
    for j = 1, #b do
      local cost = last + (a:byte(i) == b:byte(j) and 0 or 1)
      last = row[j]
      row[j] = math.min(cost, row[j] + 1, row[j - 1] + 1)
    end
  end
  return row[#b]
end

local function nearest(word, list)
  local best, found = 1e9, list[1]
  word = tostring(word):sub(1, 40):lower()
  for _, v in ipairs(list) do
    local d, same = distance(word, v), 0
    while same < #word and word:byte(same + 1) == v:byte(same + 1) do same = same + 1 end
    d = d - same * 0.25 -- a common beginning breaks ties
    if d < best then best, found = d, v end
  end
  return found
end

local function among(what, value, list)
  for _, v in ipairs(list) do if v == value then return end end
  error(("scene: %s %q is not known, did you mean %q?"):format(what, tostring(value):sub(1, 40), nearest(value, list)), 0)
end

local FIELDS = { "colours", "figures", "height", "mood", "places", "season", "seed", "sky", "text", "time", "weather", "width" }
local SKY = { "aurora", "clouds", "moon", "rainbow", "stars", "sun" }
local HOW = { "above", "before", "behind", "beside", "held", "inside", "on", "under" }
local POSES, MOODS = { "airborne", "asleep", "flying" }, { "fierce", "happy", "sad" }

local function sorted_keys(t)
  local out = {}
  for k in pairs(t) do out[#out + 1] = tostring(k) end
  table.sort(out)
  return out
end

local function check_figure(f, i, s)
  if type(f) ~= "table" then error(("scene: figure %d is a %s, wanted a table such as { kind = \"fox\" }"):format(i, type(f)), 0) end
  among(("figure %d: kind"):format(i), f.kind, figures.order)
  if f.colour ~= nil then among(("figure %d: colour"):format(i), f.colour, words.colour_list) end
  if f.size ~= nil then among(("figure %d: size"):format(i), f.size, words.sizes) end
  if f.pose ~= nil then among(("figure %d: pose"):format(i), f.pose, POSES) end
  if f.mood ~= nil then among(("figure %d: mood"):format(i), f.mood, MOODS) end
  if f.at ~= nil then
    if type(f.at) ~= "table" then error(("scene: figure %d: at is a %s, wanted a table such as { how = \"under\", figure = 2 }"):format(i, type(f.at)), 0) end
    among(("figure %d: at.how"):format(i), f.at.how, HOW)
    if f.at.figure ~= nil and not (math.type(f.at.figure) == "integer" and s.figures[f.at.figure] and f.at.figure ~= i) then
      error(("scene: figure %d: at.figure must be the number of another figure, 1 to %d"):format(i, #s.figures), 0)
    end
    if f.at.place ~= nil then among(("figure %d: at.place"):format(i), f.at.place, words.places) end
  end
end

--- genai.scene.check(s) -> s
--- Refuses a scene that cannot be painted, with one sentence that names the field, what was found and the nearest known word.
-- > genai.scene.check(genai.scene("a fox")).figures[1].kind --> fox
function scene.check(s)
  if type(s) ~= "table" or type(s.figures) ~= "table" then error(("scene: a %s, wanted a scene made by genai.scene"):format(type(s)), 0) end
  for _, k in ipairs(sorted_keys(s)) do among("field", k, FIELDS) end
  among("time", s.time, words.times)
  among("weather", s.weather or "clear", words.weathers)
  if s.season ~= nil then among("season", s.season, words.seasons) end
  if #s.figures > 24 then error(("scene: %d figures, wanted at most 24"):format(#s.figures), 0) end
  for i = 1, #(s.places or {}) do among("place", s.places[i], words.places) end
  for _, k in ipairs(sorted_keys(s.sky or {})) do among("sky", k, SKY) end
  for _, k in ipairs(sorted_keys(s.colours or {})) do
    among("colours of", k, words.places)
    among("colour of " .. k, s.colours[k], words.colour_list)
  end
  for i = 1, #s.figures do check_figure(s.figures[i], i, s) end
  return s
end

--- genai.scene(text, { seed = 1 }) -> scene
--- What a sentence speaks of, as a plain table: text, seed, time (dawn morning noon afternoon dusk evening night), weather (clear cloudy rain
--- storm snow fog wind), season, sky = { sun, moon, stars, clouds, rainbow, aurora: true or false }, places = { "sea", ... },
--- colours = { city = "red" }, figures = { { kind, colour, size, pose, mood, at = { how, figure or place } }, ... }, mood (words that set the
--- palette). Change what you like, then give it to genai.picture. Words that are not known are passed over; no text is an error.
-- > genai.scene("a fox and a tall tree under the moon").time --> night
local function make(text, options)
  if type(text) ~= "string" then error(("scene: the text is a %s, wanted a string"):format(type(text)), 0) end
  options = options or {}
  if type(options) ~= "table" then error(("scene: the options are a %s, wanted a table"):format(type(options)), 0) end
  for _, k in ipairs(sorted_keys(options)) do if k ~= "seed" then error(("scene: option %q is not known, did you mean \"seed\"?"):format(k), 0) end end
  local seed = options.seed or 1
  if math.type(seed) ~= "integer" then error(("scene: seed is %s, wanted an integer"):format(tostring(seed)), 0) end
  return require "genai.scene.parse"(text, seed)
end

local numerals = { "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve" }
local many = { mouse = "mice", fish = "fish", child = "children", man = "men", woman = "women", sheep = "sheep", deer = "deer", wolf = "wolves", fox = "foxes",
  butterfly = "butterflies", firefly = "fireflies", fairy = "fairies", witch = "witches", octopus = "octopuses", church = "churches", bush = "bushes", cactus = "cactuses" }
local spoken = { appletree = "apple tree", cherrytree = "cherry tree", polarbear = "polar bear", toyballoon = "balloon", balloon = "hot-air balloon", pine = "pine tree",
  palm = "palm tree", boat = "sailing boat", rowboat = "rowing boat", chest = "treasure chest", pirateship = "pirate ship", treehouse = "tree house", hillock = "hill" }
local where = { meadow = "in a meadow", forest = "in a forest", jungle = "in a jungle", beach = "on a beach", sea = "by the sea", underwater = "under the sea", island = "on an island",
  cliff = "on a cliff", mountains = "below mountains", hills = "among hills", river = "by a river", lake = "by a lake", village = "in a village", city = "in a city",
  desert = "in a desert", snowfield = "in the snow", cave = "in a cave", sky = "in the sky", space = "in space", road = "by a road", garden = "in a garden",
  waterfall = "by a waterfall", room = "in a room", swamp = "in a swamp" }
local hours = { dawn = "at dawn", morning = "in the morning", noon = "at noon", afternoon = "in the afternoon", dusk = "at dusk", evening = "in the evening", night = "at night" }
local airs = { cloudy = "under clouds", rain = "in the rain", storm = "in a storm", snow = "in falling snow", fog = "in fog", wind = "in the wind" }

local function phrase(f, count)
  local noun = f.kind == "thing" and f.word or spoken[f.kind] or f.word and figures.kinds[f.kind].words:find(f.word, 1, true) and f.word or f.kind
  local front = (f.size and f.size ~= "medium" and f.size .. " " or "") .. (f.mood and f.mood .. " " or "") .. (f.pose == "asleep" and "sleeping " or f.pose == "flying" and "flying " or "") .. (f.colour and f.colour .. " " or "")
  if count > 1 then return numerals[count] .. " " .. front .. (many[noun] or noun .. "s") end
  local all = front .. noun
  return (all:find "^[aeiou]" and not all:find "^uni" and "an " or "a ") .. all
end

--- genai.scene.describe(s) -> one sentence that says what the picture shows, for people who do not see it.
-- > genai.scene.describe(genai.scene("two red boats on the sea at dusk")) --> A painted picture of two red sailing boats by the sea, at dusk.
function scene.describe(s)
  local groups, by = {}, {}
  for _, f in ipairs(s.figures) do
    local key = table.concat({ f.kind, f.kind == "thing" and f.word or "", f.colour or "", f.size or "", f.mood or "", f.pose or "" }, "/")
    if not by[key] then
      by[key] = { f = f, count = 0 }
      groups[#groups + 1] = by[key]
    end
    by[key].count = math.min(12, by[key].count + 1)
  end
  local parts = {}
  for _, g in ipairs(groups) do parts[#parts + 1] = phrase(g.f, g.count) end
  local what = #parts == 0 and "a quiet landscape" or #parts == 1 and parts[1] or table.concat(parts, ", ", 1, #parts - 1) .. " and " .. parts[#parts]
  local places = {}
  for _, p in ipairs(s.places or {}) do places[#places + 1] = where[p] end
  local out = "A painted picture of " .. what .. (#places > 0 and " " .. table.concat(places, ", ") or "") .. ", " .. hours[s.time] .. (airs[s.weather] and ", " .. airs[s.weather] or "")
  local sky = s.sky or {}
  if sky.rainbow then out = out .. ", with a rainbow" end
  if sky.moon and s.time == "night" then out = out .. ", under the moon" end
  return out .. "."
end

return setmetatable(scene, { __call = function(_, text, options) return make(text, options) end })
