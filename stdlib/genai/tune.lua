-- Tunes: a plan from words, chords, a melody on them, a band that plays; and what can be done with one (render, save, blend, vary, draw).
local theory = require "genai.tune.theory"
local plans = require "genai.tune.plan"
local harmony = require "genai.tune.harmony"
local melody = require "genai.tune.melody"
local arrange = require "genai.tune.arrange"

local Tune = {}
Tune.__index = Tune

local function fail(format, ...) error("tune: " .. format:format(...), 0) end

local order = {}
for i, name in ipairs(plans.voice_order) do order[name] = i end

local function check_note(n, i)
  if type(n) ~= "table" then fail("note %d is %s; a table is wanted", i, type(n)) end
  local function number(name, low, high)
    local v = n[name]
    if type(v) ~= "number" or not (v >= low and v <= high) then fail("note %d: %s is %s; wanted a number in %g..%g", i, name, tostring(v), low, high) end
  end
  number("pitch", 0, 127) number("start", 0, 1e6) number("length", 0, 1e5) number("velocity", 1, 127)
  if type(n.voice) ~= "string" then fail("note %d: voice is %s; wanted a name such as \"flute\"", i, tostring(n.voice)) end
end

-- the list of pages, strings and tables that name a tune: text, mood, seed
local function subject(what, options)
  local given = {}
  for _, name in ipairs { "seed", "seconds", "bars", "key", "mode", "tempo", "metre", "voices", "mood" } do given[name] = options[name] end
  for name, v in pairs(options) do given[name] = v end      -- unknown names stay in, for plan.check to refuse
  if type(what) == "string" then return what, given end
  if type(what) ~= "table" or type(what.text) ~= "string" then
    fail("the first argument is %s; wanted a text or a table with a text, such as a story's page", type(what) == "table" and "a table without text" or type(what))
  end
  if given.seed == nil and math.type(what.seed) == "integer" then given.seed = what.seed end
  if given.mood == nil and (type(what.mood) == "string" or type(what.mood) == "table" and what.mood.name and what.mood.key) then given.mood = what.mood end
  return what.text, given
end

local function recipe_of(text, plan, given)
  local r = { kind = "tune", prompt = text, seed = plan.seed }
  for _, name in ipairs { "seconds", "bars", "key", "mode", "tempo", "metre", "voices" } do r[name] = given[name] end
  r.mood = given.mood
  if type(given.mood) == "table" then                       -- what a plan reads of it, so that the recipe makes the same tune again
    local m = given.mood
    r.mood = { name = m.name, energy = m.energy, valence = m.valence, key = m.key, mode = m.mode, tempo = m.tempo, metre = m.metre }
  end
  return r
end

local function build(plan, recipe, variant)
  plan.chords = harmony.chords(plan)
  local line = melody.make(plan, variant)
  local notes = arrange.make(plan, plan.chords, line)
  return setmetatable({
    notes = notes, tempo = plan.tempo, key = plan.key, mode = plan.mode, metre = plan.metre.name, bars = plan.bars, chords = plan.chords, form = plan.form,
    sections = plan.sections, seed = plan.seed, prompt = plan.text, recipe = recipe, melody = line, plan = plan, locked = {}, mood = plan.mood.name,
  }, Tune)
end

local function compose(what, options)
  if options ~= nil and type(options) ~= "table" then fail("options is %s; a table is wanted", type(options)) end
  local text, given = subject(what, options or {})
  local plan = plans.make(text, given)
  return build(plan, recipe_of(text, plan, given))
end

--- from { notes = {...}, tempo = 120, key = "C", mode = "major", metre = "4/4" } -> tune
-- A tune from your own notes: each { pitch 0..127, start and length in quarter notes, velocity 1..127, voice }. bar is filled in.
local function from(t)
  if type(t) ~= "table" or type(t.notes) ~= "table" then fail "from: wanted a table with notes" end
  local metre = theory.metre(t.metre or "4/4")
  if not metre then fail("from: metre is %s; wanted such as \"4/4\"", tostring(t.metre)) end
  local tempo = t.tempo or 120
  if type(tempo) ~= "number" or not (tempo >= 5 and tempo <= 1000) then fail("from: tempo is %s; wanted a number in 5..1000", tostring(tempo)) end
  if t.key ~= nil and not (type(t.key) == "string" and theory.pitch_class(t.key)) then fail("from: key is %s; wanted a name such as \"Bb\"", tostring(t.key)) end
  if t.mode ~= nil and not theory.scales[t.mode] then fail("from: mode is %s; wanted one of %s", tostring(t.mode), table.concat(theory.modes, " ")) end
  local notes, last = {}, 0
  for i, n in ipairs(t.notes) do
    check_note(n, i)
    local bar = math.floor(n.start / metre.beats + 1e-9) + 1
    notes[i] = { pitch = n.pitch, start = n.start, length = n.length, velocity = n.velocity, voice = n.voice, bar = bar, channel = n.channel }
    last = math.max(last, bar)
  end
  local tune = { notes = arrange.sort(notes), tempo = tempo, metre = metre.name, bars = math.max(t.bars or 0, last, 1), chords = t.chords or {}, form = t.form or "", sections = t.sections or {},
    seed = t.seed or 0, prompt = t.prompt or "", recipe = t.recipe or { kind = "tune", prompt = t.prompt or "", seed = t.seed or 0 }, locked = {}, name = t.name }
  tune.key, tune.mode = t.key, t.mode
  if not tune.key or not tune.mode then
    local key, mode = require("genai.tune.analyse").key(notes)
    tune.key, tune.mode = tune.key or key, tune.mode or mode
  end
  return setmetatable(tune, Tune)
end

--- tune:seconds() -> number. How long the bars last, without the room's tail.
function Tune:seconds()
  local beats = self.bars * theory.metre(self.metre).beats
  for _, n in ipairs(self.notes) do beats = math.max(beats, n.start + n.length) end
  return beats * 60 / self.tempo
end

--- tune:render { rate = 44100, tail = 1.8 } -> sound. Stereo, about -16 LUFS, peak at most 0.97.
function Tune:render(options)
  return require("genai.tune.play").render(self, options or {})
end

--- tune:save(path). .mid or .midi writes MIDI; .wav, .flac and .ogg render first. The recipe travels inside.
function Tune:save(path)
  if type(path) ~= "string" then fail("save: the path is %s; a string is wanted", type(path)) end
  local ending = (path:match "%.(%w+)$" or ""):lower()
  if ending == "mid" or ending == "midi" then
    require("genai.core").write(path, require("genai.midi").encode(self))
  elseif ending == "wav" or ending == "flac" or ending == "ogg" then
    self:render():save(path)
  else
    fail("save: %q ends in %q; wanted .mid .midi .wav .flac or .ogg", path, ending)
  end
  return self
end

local function copy(t, deep)
  if type(t) ~= "table" then return t end
  local out = {}
  for k, v in pairs(t) do out[k] = deep and copy(v, true) or v end            -- a copy: order does not matter
  return out
end

local function clone(self, recipe)
  local out = copy(self)
  out.notes, out.locked = {}, {}
  for i, n in ipairs(self.notes) do out.notes[i] = copy(n) end
  out.recipe = recipe
  return setmetatable(out, Tune)
end

--- tune:transpose(n) -> tune, n semitones higher; drums stay. A note that would leave 0..127 moves by octaves.
function Tune:transpose(n)
  if math.type(n) ~= "integer" or n < -127 or n > 127 then fail("transpose: %s is given; wanted a whole number in -127..127", tostring(n)) end
  local out = clone(self, { kind = "tune", prompt = self.prompt, seed = self.seed, transpose = n, from = self.recipe })
  for _, note in ipairs(out.notes) do
    if note.voice ~= "drums" then
      note.pitch = note.pitch + n
      while note.pitch > 127 do note.pitch = note.pitch - 12 end
      while note.pitch < 0 do note.pitch = note.pitch + 12 end
    end
  end
  out.key = theory.keys[(theory.pitch_class(self.key) + n) % 12 + 1]
  out.chords, out.plan, out.melody = require("genai.tune.change").moved(self, n)
  arrange.sort(out.notes)
  return out
end

--- tune:lock(from, to) -> the tune. Bars from..to (1-based, inclusive) stay as they are in tune:vary.
function Tune:lock(first, last)
  last = last or first
  if math.type(first) ~= "integer" or math.type(last) ~= "integer" or first < 1 or last < first or last > self.bars then
    fail("lock: bars %s..%s; wanted whole numbers with 1 <= from <= to <= %d", tostring(first), tostring(last), self.bars)
  end
  for bar = first, last do self.locked[bar] = true end
  return self
end

--- tune:unlock() -> the tune, no bar locked.
function Tune:unlock()
  self.locked = {}
  return self
end

--- tune:vary { seed = 2 } -> tune. Another tune on the same chords, form and band; locked bars stay note for note.
function Tune:vary(options)
  return require("genai.tune.change").vary(self, options or {}, build)
end

--- tune:blend(other, t) -> tune. t = 0 is this one, 1 the other; between them tempo, chords, rhythm and contour are mixed.
function Tune:blend(other, t)
  if getmetatable(other) ~= Tune then fail("blend: the first argument is %s; a tune is wanted", type(other)) end
  if type(t) ~= "number" or not (t >= 0 and t <= 1) then fail("blend: t is %s; wanted a number in 0..1", tostring(t)) end
  return require("genai.tune.change").blend(self, other, t, clone, build)
end

--- tune:draw { width = 960, height = 360 } -> picture, a piano roll.
function Tune:draw(options)
  return require("genai.tune.draw")(self, options or {})
end

function Tune:__tostring()
  return ("tune: %d bars %s, %s %s, %g beats a minute, %s%d notes, %.1f s"):format(self.bars, self.metre, self.key, self.mode, self.tempo, self.form ~= "" and self.form .. ", " or "", #self.notes, self:seconds())
end

--- tune(what, { seed = 1, seconds = 20 | bars, key, mode, tempo, metre, voices, mood }) -> tune
-- A tune for a text or for a story's page { text, mood, seed }. key "C".."B", mode major minor dorian phrygian lydian mixolydian,
-- tempo in quarter notes a minute, metre "4/4" "3/4" "6/8" "2/4", voices = { lead, comp, pad, bass, drums }. What is not given
-- follows the text's mood and the seed. The tune has notes { pitch, start, length (quarter notes), velocity, voice, bar }, tempo, key,
-- mode, metre, bars, chords, form, seed, prompt, recipe, and the methods render save seconds transpose blend lock vary draw.
-- > genai.tune("a merry dance", { bars = 8 }).bars --> 8
local module = { from = from, voices = plans.voice_order, order = order }
return setmetatable(module, { __call = function(_, what, options) return compose(what, options) end })
