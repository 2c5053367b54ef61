-- From words and options to a plan: key, mode, tempo, metre, length, form and the band. Nothing is composed here.
local theory = require "genai.tune.theory"
local plan = {}

-- voice = { General MIDI program (0..127), lowest, highest, pan, loudness, what it is }
plan.voices = {
  piano = { 0, 28, 96, -0.10, 0.86 }, celesta = { 8, 60, 103, 0.15, 0.72 }, musicbox = { 10, 60, 103, 0.10, 0.74 }, marimba = { 12, 45, 96, 0.25, 0.85 },
  harp = { 46, 35, 96, 0.30, 0.78 }, guitar = { 24, 40, 86, -0.30, 0.80 }, bass = { 32, 28, 55, 0, 0.86 }, flute = { 73, 60, 94, 0.12, 0.80 },
  whistle = { 78, 67, 98, 0.10, 0.70 }, clarinet = { 71, 52, 86, -0.15, 0.78 }, horn = { 60, 41, 74, -0.25, 0.80 }, reed = { 21, 50, 88, 0.08, 0.74 },
  strings = { 48, 40, 88, 0, 0.74 }, cello = { 42, 36, 72, -0.12, 0.86 }, choir = { 52, 45, 79, 0, 0.62 }, pad = { 89, 40, 84, 0, 0.58 }, drums = { 0, 27, 87, 0, 0.80 },
}
plan.voice_order = { "piano", "celesta", "musicbox", "marimba", "harp", "guitar", "bass", "flute", "whistle", "clarinet", "horn", "reed", "strings",
  "cello", "choir", "pad", "drums" }                        -- the synthesiser's numbers: 1, 2, 3, ...

-- Bands per mood; the seed picks one. lead: first voice, voice of the middle part. comp: voice and pattern. pad: long chords. drums: pattern.
local bands = {
  happy = { { lead = { "flute", "clarinet" }, comp = { "guitar", "strum" }, bass = "bass", drums = "light", swing = 0.3 },
    { lead = { "whistle", "flute" }, comp = { "piano", "oompah" }, bass = "bass", drums = "light" },
    { lead = { "clarinet", "flute" }, comp = { "marimba", "arpeggio" }, bass = "bass", pad = "strings", drums = "shaker" },
    { lead = { "piano", "flute" }, comp = { "guitar", "strum" }, bass = "bass", pad = "strings", drums = "shaker" } },
  merry = { { lead = { "whistle", "reed" }, comp = { "guitar", "strum" }, bass = "bass", drums = "folk" },
    { lead = { "reed", "whistle" }, comp = { "piano", "oompah" }, bass = "bass", drums = "folk" },
    { lead = { "flute", "clarinet" }, comp = { "marimba", "oompah" }, bass = "bass", drums = "light" } },
  calm = { { lead = { "flute", "clarinet" }, comp = { "harp", "arpeggio" }, bass = "bass", pad = "strings" },
    { lead = { "piano", "flute" }, comp = { "piano", "broken" }, pad = "strings" },
    { lead = { "clarinet", "flute" }, comp = { "guitar", "arpeggio" }, bass = "bass", pad = "pad" } },
  tender = { { lead = { "piano", "flute" }, comp = { "piano", "broken" }, pad = "strings" },
    { lead = { "musicbox", "flute" }, comp = { "harp", "arpeggio" }, pad = "strings" },
    { lead = { "cello", "clarinet" }, comp = { "harp", "arpeggio" }, pad = "strings", bass = "bass" },
    { lead = { "celesta", "flute" }, comp = { "guitar", "waltz" }, pad = "pad" } },
  dreamy = { { lead = { "celesta", "flute" }, comp = { "harp", "arpeggio" }, pad = "choir" },
    { lead = { "flute", "celesta" }, comp = { "harp", "arpeggio" }, pad = "pad", bass = "bass" },
    { lead = { "musicbox", "celesta" }, comp = { "pad", "hold" }, pad = "choir", bass = "cello" } },
  grand = { { lead = { "horn", "strings" }, comp = { "strings", "march" }, bass = "bass", pad = "choir", drums = "grand" },
    { lead = { "strings", "horn" }, comp = { "harp", "arpeggio" }, bass = "cello", pad = "horn", drums = "grand" } },
  adventurous = { { lead = { "horn", "flute" }, comp = { "strings", "ostinato" }, bass = "bass", drums = "drive" },
    { lead = { "strings", "horn" }, comp = { "guitar", "strum" }, bass = "bass", drums = "drive" },
    { lead = { "flute", "strings" }, comp = { "marimba", "ostinato" }, bass = "cello", pad = "strings", drums = "toms" } },
  mysterious = { { lead = { "clarinet", "celesta" }, comp = { "harp", "ostinato" }, pad = "pad", bass = "bass" },
    { lead = { "celesta", "clarinet" }, comp = { "marimba", "ostinato" }, pad = "choir", bass = "cello", drums = "secret" },
    { lead = { "flute", "celesta" }, comp = { "guitar", "arpeggio" }, pad = "strings", bass = "bass" } },
  sad = { { lead = { "cello", "flute" }, comp = { "piano", "arpeggio" }, pad = "strings" },
    { lead = { "piano", "cello" }, comp = { "piano", "broken" }, pad = "strings" },
    { lead = { "clarinet", "cello" }, comp = { "guitar", "arpeggio" }, pad = "pad", bass = "bass" },
    { lead = { "flute", "clarinet" }, comp = { "harp", "broken" }, pad = "strings", bass = "cello" } },
  scary = { { lead = { "celesta", "strings" }, comp = { "strings", "ostinato" }, pad = "choir", bass = "bass", drums = "toms" },
    { lead = { "cello", "celesta" }, comp = { "marimba", "ostinato" }, pad = "choir", bass = "bass", drums = "toms" },
    { lead = { "clarinet", "horn" }, comp = { "strings", "march" }, pad = "pad", bass = "cello", drums = "toms" } },
}
plan.bands = bands

local function fail(format, ...) error("tune: " .. format:format(...), 0) end

local function copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = type(v) == "table" and copy(v) or v end   -- order does not matter: a copy
  return out
end

-- the options that a caller may give, each with its rule
local rules = {
  seed = function(v) return math.type(v) == "integer", "a whole number" end,
  seconds = function(v) return type(v) == "number" and v >= 2 and v <= 1200, "a number in 2..1200" end,
  bars = function(v) return math.type(v) == "integer" and v >= 1 and v <= 400, "a whole number in 1..400" end,
  key = function(v) return type(v) == "string" and theory.pitch_class(v) ~= nil, 'a name such as "C", "F#" or "Bb"' end,
  mode = function(v) return theory.scales[v] ~= nil, "one of " .. table.concat(theory.modes, " ") end,
  tempo = function(v) return type(v) == "number" and v >= 30 and v <= 300, "a number in 30..300" end,
  metre = function(v) return v == "4/4" or v == "3/4" or v == "6/8" or v == "2/4", '"4/4", "3/4", "6/8" or "2/4"' end,
  voices = function(v) return type(v) == "table", "a table such as { lead = \"flute\", comp = \"harp\", pad = false }" end,
  mood = function(v) return type(v) == "string" or type(v) == "table" and type(v.name) == "string", "a mood's name or table" end,
}
local rule_names = { "bars", "key", "metre", "mode", "mood", "seconds", "seed", "tempo", "voices" }

--- check(options): errors where one is unknown or out of range
function plan.check(options)
  for name in pairs(options) do
    if not rules[name] then fail("unknown option %q; the options are %s", tostring(name), table.concat(rule_names, ", ")) end
  end
  for _, name in ipairs(rule_names) do
    local v = options[name]
    if v ~= nil then
      local fine, wanted = rules[name](v)
      if not fine then fail("%s is %s; wanted %s", name, type(v) == "string" and ("%q"):format(v) or tostring(v), wanted) end
    end
  end
  if options.seconds and options.bars then fail "seconds and bars are both given; one decides the length" end
end

-- how many bars fit into `seconds` (with about a second of the tail), and the tempo that makes them fit
local function fit(seconds, tempo, beats, fixed)
  local music, best, best_cost = math.max(seconds - 1.2, 1.2), 1, math.huge
  for bars = 1, 400 do
    local needed = bars * beats * 60 / music
    local ratio = needed > tempo and needed / tempo or tempo / needed
    local odd = bars == 1 and 0.6 or bars % 4 == 0 and 0 or bars % 2 == 0 and 0.06 or 0.16
    if ratio + odd < best_cost then best, best_cost = bars, ratio + odd end
  end
  local needed = best * beats * 60 / music
  local low, high = tempo * 0.84, tempo * 1.19
  return best, fixed and tempo or math.floor(math.max(low, math.min(high, needed)) + 0.5)
end

local forms = { "A", "AA", "ABA", "AABA", "AABAC", "AABABA", "AABACAA" }
local cycle = "AABACABA"

local function letters_for(n, rng)
  if n == 2 and rng:uniform() < 0.35 then return "AB" end
  if n == 4 and rng:uniform() < 0.3 then return rng:uniform() < 0.5 and "ABAC" or "ABCA" end
  if forms[n] then return forms[n] end
  local out = {}
  for i = 1, n do out[i] = i == n and "A" or cycle:sub((i - 1) % 8 + 1, (i - 1) % 8 + 1) end
  return table.concat(out)
end

--- sections(bars, rng) -> list of { theme, from, bars, cadence, time (1 the first time that the theme is heard) }, form text
function plan.sections(bars, rng)
  local list, names, from, count, left = {}, {}, 1, bars // 4, bars % 4
  local heard = {}
  local function add(theme, size)
    if size < 1 then return end
    heard[theme] = (heard[theme] or 0) + 1
    list[#list + 1] = { theme = theme, from = from, bars = size, time = heard[theme], cadence = "half" }
    from = from + size
    names[#names + 1] = #theme > 1 and " " .. theme .. " " or theme .. ("'"):rep(heard[theme] - 1)
  end
  if count == 0 then
    add("A", bars)
  elseif bars < 8 then
    add("A", 4)
    add(left == 1 and "coda" or "B", left)
  else
    add("intro", left >= 2 and 2 or 0)
    for letter in letters_for(count, rng):gmatch "." do add(letter, 4) end
    add("coda", left % 2)
  end
  for i, s in ipairs(list) do
    local follow = list[i + 1]
    if s.theme == "intro" then s.cadence = "half"
    elseif not follow or follow.theme == "coda" then s.cadence = "authentic"
    elseif s.time > 1 and follow.theme ~= s.theme and s.theme == "A" then s.cadence = rng:uniform() < 0.7 and "authentic" or "deceptive" end
  end
  return list, (table.concat(names):gsub("^ ", ""):gsub(" $", ""):gsub("  ", " "))
end

local function band_of(mood, options, rng)
  local list = bands[mood.name] or bands.calm
  local band = copy(rng:choose(list))
  local given = options.voices
  if given then
    for _, part in ipairs { "lead", "comp", "pad", "bass", "drums" } do
      local v = given[part]
      if v ~= nil then
        local name = type(v) == "table" and v[1] or v
        if v and part ~= "drums" and not plan.voices[name] then fail("voices.%s is %q; the voices are %s", part, tostring(name), table.concat(plan.voice_order, " ")) end
        if part == "lead" then band.lead = { name, type(v) == "table" and v[2] or name }
        elseif part == "comp" then band.comp = v and { name, type(v) == "table" and v[2] or band.comp[2] } or nil
        else band[part] = v or nil end
      end
    end
  end
  return band
end

local function mood_of(text, given)
  local genai = require "genai"
  if type(given) == "table" then return given end
  if given == nil then return genai.mood(text) end
  local named = genai.mood(given)
  if not bands[given] then fail("mood %q is none of happy merry calm tender dreamy grand adventurous mysterious sad scary", given) end
  return named
end

local function metre_of(mood, options, rng)
  if options.metre then return options.metre end
  local metre, draw = mood.metre or "4/4", rng:uniform()
  if metre == "4/4" and (mood.energy or 0.5) < 0.45 and draw < 0.2 then return "3/4" end
  if metre == "3/4" and draw < 0.3 then return draw < 0.18 and "4/4" or "6/8" end
  if metre == "6/8" and draw < 0.25 then return "4/4" end
  return metre
end

--- make(text, options) -> the plan that harmony, melody and arrangement follow
function plan.make(text, options)
  plan.check(options)
  local genai = require "genai"
  local seed = options.seed or 1
  local function stream(name) return genai.rng(seed, "tune/" .. name .. "/" .. text) end   -- one stream for each thing that is decided
  local mood, rng = mood_of(text, options.mood), stream "plan"
  local metre = theory.metre(metre_of(mood, options, rng))
  local tempo = options.tempo or math.floor(mood.tempo * (0.95 + 0.1 * rng:uniform()) + 0.5)
  local keys = { 0, 0, 2, -3, 5, -5 }
  local shift = rng:choose(keys)
  local tonic = options.key and theory.pitch_class(options.key) or (theory.pitch_class(mood.key) + shift) % 12
  local mode = options.mode or mood.mode
  local bars = options.bars
  if not bars then bars, tempo = fit(options.seconds or 20, tempo, metre.beats, options.tempo ~= nil) end
  local sections, form = plan.sections(bars, rng)
  return {
    text = text, seed = seed, stream = stream, mood = { name = mood.name, energy = mood.energy or 0.5, valence = mood.valence or 0 }, metre = metre, tempo = tempo, tonic = tonic,
    key = theory.name(tonic, tonic, mode), mode = mode, bars = bars, sections = sections, form = form, band = band_of(mood, options, rng),
  }
end

return plan
