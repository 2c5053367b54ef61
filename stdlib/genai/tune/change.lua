-- New tunes from old ones: transposed parts, variations that keep locked bars, blends.
local theory = require "genai.tune.theory"
local analyse = require "genai.tune.analyse"
local arrange = require "genai.tune.arrange"
local plans = require "genai.tune.plan"
local change = {}

local function copy(t)
  local out = {}
  for k, v in pairs(t) do out[k] = v end                    -- order does not matter: a copy
  return out
end

--- moved(tune, n) -> chords, plan and melody, n semitones higher
function change.moved(tune, n)
  local tonic = (theory.pitch_class(tune.key) + n) % 12
  local chords, by_old, line = {}, {}, nil
  for i, c in ipairs(tune.chords) do
    local new = theory.chord(tonic, tune.mode, c.degree, c.seventh)
    for k, v in pairs(c) do if new[k] == nil then new[k] = v end end        -- place, section and the like
    new.bass = c.bass and c.bass + n
    chords[i], by_old[c] = new, new
  end
  if tune.melody then
    line = {}
    for i, m in ipairs(tune.melody) do
      line[i] = copy(m)
      line[i].pitch, line[i].chord = m.pitch and m.pitch + n, by_old[m.chord]
    end
  end
  local plan = tune.plan and copy(tune.plan)
  if plan then plan.tonic, plan.key, plan.chords = tonic, theory.name(tonic, tonic, plan.mode), chords end
  return chords, plan, line
end

-- a plan for a tune that came without one (from a file or from notes)
local function plan_of(tune, seed)
  if tune.plan then return copy(tune.plan) end
  local genai = require "genai"
  local metre = theory.metre(tune.metre)
  if metre.name ~= "4/4" and metre.name ~= "3/4" and metre.name ~= "6/8" and metre.name ~= "2/4" then
    error(("tune: vary and blend know the metres 4/4 3/4 6/8 2/4; this tune is in %s"):format(tune.metre), 0)
  end
  local sections, form = plans.sections(tune.bars, genai.rng(seed, "tune/form"))
  local chords = analyse.chords(tune)
  for i, s in ipairs(sections) do
    for _, c in ipairs(chords) do
      if c.bar >= s.from and c.bar < s.from + s.bars then c.section, c.last = i, c.bar == s.from + s.bars - 1 end
    end
    s.cadence = "open"
  end
  return { text = tune.prompt or "", seed = seed, mood = { name = "calm", energy = math.min(1, math.max(0, (tune.tempo - 50) / 100)), valence = 0 }, metre = metre, tempo = tune.tempo,
    tonic = theory.pitch_class(tune.key), key = tune.key, mode = tune.mode, bars = tune.bars, sections = sections, form = form, chords = chords,
    band = { lead = { analyse.lead(tune) or "piano", analyse.lead(tune) or "piano" }, comp = { "piano", "broken" } } }
end

local function reseed(plan, seed)
  local genai = require "genai"
  local text = plan.text
  plan.seed = seed
  plan.stream = function(name) return genai.rng(seed, "tune/" .. name .. "/" .. text) end
  return plan
end

-- the notes of `fresh` outside the locked bars, those of `old` inside them
local function merge(old, fresh, locked)
  local notes = {}
  for _, n in ipairs(old) do if locked[n.bar] then notes[#notes + 1] = copy(n) end end
  local kept = #notes
  for _, n in ipairs(fresh) do if not locked[n.bar] then notes[#notes + 1] = copy(n) end end
  if kept == 0 then return notes end
  local edges = {}                                          -- a new note must not sound into a locked one of its voice and pitch, nor the reverse
  for i = 1, kept do
    local n = notes[i]
    edges[n.voice .. n.pitch] = edges[n.voice .. n.pitch] or {}
    table.insert(edges[n.voice .. n.pitch], n)
  end
  local out = {}
  for i, n in ipairs(notes) do
    local clash = false
    for _, other in ipairs(i > kept and edges[n.voice .. n.pitch] or {}) do
      if other.start > n.start and other.start < n.start + n.length then n.length = other.start - n.start end
      if n.start >= other.start and n.start < other.start + other.length then clash = true end
    end
    if not clash and n.length > 0.02 then out[#out + 1] = n end
  end
  return arrange.sort(out)
end

--- vary(tune, { seed }, build) -> tune on the same chords
function change.vary(tune, options, build)
  for name in pairs(options) do
    if name ~= "seed" then error(("tune: vary: unknown option %q; the option is seed"):format(tostring(name)), 0) end
  end
  local seed = options.seed or tune.seed + 1
  if math.type(seed) ~= "integer" then error(("tune: vary: seed is %s; wanted a whole number"):format(tostring(seed)), 0) end
  local melody = require "genai.tune.melody"
  local plan = reseed(plan_of(tune, seed), seed)
  local fresh = setmetatable({}, getmetatable(tune))
  for k, v in pairs(tune) do fresh[k] = v end               -- order does not matter: a copy
  plan.chords = plan.chords or tune.chords
  local line = melody.make(plan, "vary/")
  local notes
  if tune.plan then
    notes = arrange.make(plan, plan.chords, line)
  else                                                      -- a foreign tune keeps its band; only its leading voice sings anew
    local lead = plan.band.lead[1]
    notes = {}
    for _, n in ipairs(tune.notes) do if n.voice ~= lead then notes[#notes + 1] = copy(n) end end
    plan.band = { lead = { lead, lead } }
    for _, n in ipairs(arrange.make(plan, plan.chords, line)) do notes[#notes + 1] = n end
  end
  local locked = {}
  for bar = 1, tune.bars do locked[bar] = tune.locked[bar] end
  fresh.notes, fresh.melody, fresh.plan, fresh.seed, fresh.locked = merge(tune.notes, notes, locked), line, tune.plan and plan, seed, locked
  local bars = {}
  for bar = 1, tune.bars do if locked[bar] then bars[#bars + 1] = bar end end
  fresh.recipe = { kind = "tune", prompt = tune.prompt, seed = seed, vary = { locked = bars, from = tune.recipe } }
  return fresh
end

-- what a blend needs of a tune: its tune line by scale degree, its chords
local function material(tune)
  local line = {}
  if tune.melody then
    for i, m in ipairs(tune.melody) do line[i] = { start = m.start, length = m.length, degree = m.degree } end
  else
    local lead = analyse.lead(tune)
    for _, n in ipairs(tune.notes) do
      local last = line[#line]
      if n.voice == lead and not (last and n.start < last.start + 0.1) then
        local start = math.floor(n.start * 4 + 0.5) / 4
        line[#line + 1] = { start = start, length = math.max(0.25, math.floor(n.length * 4 + 0.5) / 4), degree = analyse.degree(tune, n.pitch) - 7 }
      end
    end
  end
  return { line = line, chords = #tune.chords > 0 and tune.chords or analyse.chords(tune), beats = theory.metre(tune.metre).beats }
end

local function degree_at(line, time)
  local degree = line[1] and line[1].degree or 2
  for _, n in ipairs(line) do
    if n.start > time + 1e-9 then break end
    degree = n.degree
  end
  return degree
end

-- the chord of the new key nearest to `degree` in function is the same degree; chords come from the one or the other bar by bar
local function mixed_chords(plan, a, b, t, bars_a, bars_b, rng)
  local list, pick = {}, nil
  for bar = 1, plan.bars do
    if (bar - 1) % 4 == 0 or plan.bars < 4 then pick = rng:uniform() < t and b or a end
    local count = pick == a and bars_a or bars_b
    local from = bar == plan.bars and count or (bar - 1) % count + 1
    for _, c in ipairs(pick.chords) do
      if c.bar == from then
        local scale = plan.metre.beats / pick.beats
        local degree = bar == plan.bars and 0 or c.degree
        local new = theory.chord(plan.tonic, plan.mode, degree)
        new.bar, new.start, new.length = bar, (bar - 1) * plan.metre.beats + (c.start - (from - 1) * pick.beats) * scale, c.length * scale
        list[#list + 1] = new
        if bar == plan.bars then new.start, new.length = (bar - 1) * plan.metre.beats, plan.metre.beats break end
      end
    end
  end
  for i, c in ipairs(list) do
    for k, s in ipairs(plan.sections) do if c.bar >= s.from and c.bar < s.from + s.bars then c.section = k end end
    c.last = i == #list or list[i + 1].section ~= c.section
  end
  return list
end

-- one bar's rhythm comes from one parent, heights from both; strong notes move to the nearest tone of their chord
local function mixed_line(plan, a, b, t, bars_a, bars_b, rng)
  local melody, out = require "genai.tune.melody", {}
  local beats = plan.metre.beats
  for bar = 1, plan.bars do
    local pick = rng:uniform() < t and b or a
    local count = pick == a and bars_a or bars_b
    local from, scale = ((bar - 1) % count) * pick.beats, beats / pick.beats
    for _, n in ipairs(pick.line) do
      if n.start >= from - 1e-9 and n.start < from + pick.beats - 1e-9 then
        local place = math.floor((n.start - from) * scale * 4 + 0.5) / 4
        local da = degree_at(a.line, (bar - 1) % bars_a * a.beats + place * a.beats / beats)
        local db = degree_at(b.line, (bar - 1) % bars_b * b.beats + place * b.beats / beats)
        local start = (bar - 1) * beats + place
        local note = { start = start, length = math.min(math.max(0.25, math.floor(n.length * scale * 4 + 0.5) / 4), bar * beats - start), bar = bar, weight = melody.weight(plan.metre, place),
          degree = math.floor((1 - t) * da + t * db + 0.5), chord = melody.chord_at(plan.chords, start) }
        if note.weight > 0 and not theory.holds(note.chord, note.degree) then
          note.degree = note.degree + (theory.holds(note.chord, note.degree - 1) and -1 or 1)
        end
        local last = out[#out]
        if not last or note.start > last.start then out[#out + 1] = note end
        if last and last.start + last.length > note.start then last.length = note.start - last.start end
      end
    end
  end
  local last = out[#out]
  if last then
    last.degree = math.floor(last.degree / 7 + 0.5) * 7
    last.chord = plan.chords[#plan.chords]
  end
  for _, n in ipairs(out) do
    for k, s in ipairs(plan.sections) do if n.bar >= s.from and n.bar < s.from + s.bars then n.section = k end end
  end
  return out
end

--- blend(a, b, t, clone) -> tune
function change.blend(a, b, t, clone)
  local genai = require "genai"
  local recipe = { kind = "tune", prompt = a.prompt, seed = a.seed, blend = { share = t, from = a.recipe, with = b.recipe } }
  if t == 0 then return clone(a, recipe) end
  if t == 1 then return clone(b, recipe) end
  local seed = a.seed
  local pa, pb = plan_of(a, a.seed), plan_of(b, b.seed)
  local near = t < 0.5 and pa or pb
  local plan = copy(near)
  plan.text = pa.text .. " / " .. pb.text .. " / " .. ("%.6g"):format(t)
  reseed(plan, seed)
  plan.tempo = math.floor(((1 - t) * a.tempo + t * b.tempo) * 100 + 0.5) / 100
  plan.bars = math.floor((1 - t) * a.bars + t * b.bars + 0.5)
  plan.mood = { name = near.mood.name, energy = (1 - t) * pa.mood.energy + t * pb.mood.energy, valence = (1 - t) * pa.mood.valence + t * pb.mood.valence }
  if plan.bars ~= near.bars then plan.sections, plan.form = plans.sections(plan.bars, plan.stream "form") end
  local far = near == pa and pb or pa
  plan.band = copy(near.band)                               -- the nearer one's band; the further one lends its second voice
  plan.band.lead = { near.band.lead[1], far.band.lead[1] }
  plan.band.pad = near.band.pad or far.band.pad
  local ma, mb = material(a), material(b)
  plan.chords = mixed_chords(plan, ma, mb, t, a.bars, b.bars, plan.stream "chords")
  local line = mixed_line(plan, ma, mb, t, a.bars, b.bars, plan.stream "line")
  local out = clone(near == pa and a or b, recipe)
  out.notes, out.melody, out.plan, out.chords = arrange.make(plan, plan.chords, line), line, plan, plan.chords
  out.tempo, out.key, out.mode, out.metre, out.bars, out.form, out.sections = plan.tempo, plan.key, plan.mode, plan.metre.name, plan.bars, plan.form, plan.sections
  out.seed, out.prompt = a.seed, a.prompt
  return out
end

return change
