-- Arrangement: who plays the tune, the bass, the patterns that carry the chords, drums, dynamics and small human timing.
local theory = require "genai.tune.theory"
local plans = require "genai.tune.plan"
local harmony = require "genai.tune.harmony"
local melody = require "genai.tune.melody"
local drums = require "genai.tune.drums"
local arrange = {}

local PPQ = 480
local function tick(x) return math.floor(x * PPQ + 0.5) / PPQ end
arrange.tick = tick

local centres = { piano = 71, celesta = 81, musicbox = 84, marimba = 72, harp = 72, guitar = 64, bass = 43, flute = 75, whistle = 81, clarinet = 68, horn = 60,
  reed = 70, strings = 72, cello = 58, choir = 66, pad = 66 }

-- the octave that puts scale degree 3 or 4 nearest to the voice's centre
local function home(plan, voice)
  local goal, best = (centres[voice] or 70) - 6, nil
  for octave = 2, 7 do
    local pitch = plan.tonic + 12 * octave
    if not best or math.abs(pitch - goal) <= math.abs(best - goal) then best = pitch end
  end
  return best
end

local function add(out, voice, pitch, start, length, velocity, bar)
  local limits = plans.voices[voice]
  while voice ~= "drums" and pitch > limits[3] do pitch = pitch - 12 end
  while voice ~= "drums" and pitch < limits[2] do pitch = pitch + 12 end
  out[#out + 1] = { pitch = pitch, start = start, length = length, velocity = velocity, voice = voice, bar = bar }
end

-- how loud a section is played, and how full: 1 thin .. 3 everything
local function shading(plan, index)
  local section, count = plan.sections[index], #plan.sections
  if section.theme == "intro" then return -8, 1 end
  if section.theme == "coda" then return -4, 2 end
  if count >= 3 and index == 1 or count >= 4 and index == 2 and plan.sections[1].theme == "intro" then return -3, 2 end
  if section.theme ~= "A" then return 2, 3 end
  return index == count and 5 or 0, 3
end

--- lead(plan, line): the melody's notes as played
local function lead(plan, line, out)
  local base = 76 + math.floor(20 * plan.mood.energy)
  for i, n in ipairs(line) do
    local section = plan.sections[n.section]
    local voice = plan.band.lead[section.theme ~= "A" and section.theme ~= "coda" and #plan.sections >= 3 and 2 or 1]
    local pitch = theory.pitch(home(plan, voice), plan.mode, n.degree, n.chord)
    local place = (n.start - (section.from - 1) * plan.metre.beats) / (section.bars * plan.metre.beats)
    local swell = 8 * (place < 0.6 and place / 0.6 or (1 - place) / 0.4)
    local velocity = base + shading(plan, n.section) + swell + (n.weight == 2 and 5 or n.weight == 1 and 1 or -4) + (n.degree - 3) * 0.6
    local follow = line[i + 1]
    local touching = follow and follow.start - (n.start + n.length) < 1e-6
    local part = plan.mood.energy > 0.62 and n.length <= 0.5 and 0.78 or touching and 0.96 or 0.92
    add(out, voice, pitch, n.start, n.length * part, velocity, n.bar)
    n.pitch = out[#out].pitch
  end
end

-- Patterns: notes of one chord. `v` the voicing (low to high), `b` the bass note, `c` the chord, `put(pitch, start, length, accent)`.
local patterns = {}

local function steps(c, size, put)
  local count = math.floor(c.length / size + 0.5)
  for i = 0, count - 1 do put(i, c.start + i * size, size) end
end

function patterns.hold(c, v, b, put) for i = 1, #v do put(v[i], c.start, c.length, 0) end end

function patterns.arpeggio(c, v, b, put, plan)
  local low = b + 12 <= v[1] and b + 12 or v[1]
  local up = { low, v[1] == low and v[2] or v[1], v[2], v[3], v[4] or v[1] + 12, v[3], v[2], v[1] }
  if plan.metre.beats == 3 then up = { low, v[1] == low and v[2] or v[1], v[2], v[3], v[2], v[1] } end
  steps(c, 0.5, function(i, at, size)
    put(up[i % #up + 1], at, size * (i == 0 and 2 or 1.6), i == 0 and 3 or i % 2 == 0 and 0 or -4)
  end)
end

function patterns.broken(c, v, b, put, plan)
  local pulse = plan.metre.pulse
  put(b, c.start, c.length, 2)
  local order = { v[1], v[2], v[3], v[2] }
  if pulse == 1.5 then
    steps(c, 0.5, function(i, at, size) if i > 0 then put(order[(i - 1) % 4 + 1], at, size * 1.8, -3) end end)
  else
    steps(c, 1, function(i, at, size)
      if i == 0 then return end
      put(v[#v], at, size, -3)
      put(order[(i - 1) % 2 + 1], at, size, -4)
      if i % 2 == 1 and c.length > 2 and size == 1 then put(order[2], at + 0.5, 0.5, -7) end
    end)
  end
end

function patterns.waltz(c, v, b, put)
  put(b, c.start, 1, 3)
  steps(c, 1, function(i, at) if i > 0 then for j = 1, math.min(3, #v) do put(v[j], at, 0.7, -4) end end end)
end

function patterns.oompah(c, v, b, put, plan)
  local pulse = plan.metre.pulse
  if pulse == 1.5 then                                      -- jig: bass on the beat, chord on the third eighth
    steps(c, 1.5, function(i, at)
      put(i % 2 == 0 and b or b + 7 <= 55 and c.pcs[3] == (b + 7) % 12 and b + 7 or b, at, 0.9, 2)
      for j = 1, math.min(3, #v) do put(v[j], at + 1, 0.4, -2) end
    end)
  elseif plan.metre.beats == 3 then
    patterns.waltz(c, v, b, put)
  else
    steps(c, 1, function(i, at)
      if i % 2 == 0 then put(b, at, 0.7, 2) else for j = 1, math.min(3, #v) do put(v[j], at, 0.5, -2) end end
    end)
  end
end

local strums = { ["4/4"] = { { 0, 1, 3 }, { 1, 0.5, 0 }, { 1.5, 0.5, -6 }, { 2.5, 0.5, -5 }, { 3, 1, 0 } }, ["3/4"] = { { 0, 1, 3 }, { 1, 0.5, -2 }, { 1.5, 0.5, -6 }, { 2, 1, -2 } },
  ["6/8"] = { { 0, 1, 3 }, { 1, 0.5, -5 }, { 1.5, 1, 0 }, { 2.5, 0.5, -5 } }, ["2/4"] = { { 0, 0.5, 3 }, { 0.5, 0.5, -5 }, { 1, 0.5, 0 }, { 1.5, 0.5, -5 } } }
function patterns.strum(c, v, b, put, plan)
  for k, s in ipairs(strums[plan.metre.name]) do
    if s[1] < c.length then
      local down = s[3] > -5
      local count = down and #v or math.min(3, #v)
      for j = 1, count do
        local note = down and v[j] or v[#v + 1 - j]
        put(note, c.start + s[1] + (j - 1) * 8 / PPQ, math.min(s[2], c.length - s[1]) * 0.9, s[3] - j)
      end
      if k == 1 and #v < 4 then put(v[1] - 12 >= 40 and v[1] - 12 or v[1] + 12, c.start, s[2] * 0.9, 1) end
    end
  end
end

function patterns.ostinato(c, v, b, put, plan)
  local figure = plan.metre.beats == 3 and { 1, 2, 3, 2, 3, 2 } or { 1, 3, 2, 3, 1, 3, 2, 3 }
  steps(c, 0.5, function(i, at, size) put(v[math.min(#v, figure[i % #figure + 1])], at, size * 0.8, i % 2 == 0 and 0 or -6) end)
end

function patterns.march(c, v, b, put, plan)
  steps(c, plan.metre.pulse, function(i, at, size)
    for j = 1, math.min(3, #v) do put(v[j], at, size * 0.55, i == 0 and 3 or -2) end
    if i % 2 == 1 and size == 1 then for j = 1, math.min(3, #v) do put(v[j], at + 0.5, 0.3, -6) end end
  end)
end

local function comp(plan, chords, voicing, bass, out)
  local part = plan.band.comp
  if not part then return end
  local voice, base = part[1], 56 + math.floor(14 * plan.mood.energy)
  for i, c in ipairs(chords) do
    local level, full = shading(plan, c.section)
    local name = i == #chords and "hold" or (full == 1 and part[2] ~= "hold" and (part[2] == "strum" or part[2] == "march") and "broken") or part[2]
    patterns[name](c, voicing[i], bass[i] + 12, function(pitch, start, length, accent)
      local bar = math.floor(start / plan.metre.beats + 1e-9) + 1
      add(out, voice, pitch, start, length, base + level + accent, bar)
    end, plan)
    if i == #chords and not plan.band.bass then add(out, voice, bass[i], c.start, c.length, base + level, c.bar) end
  end
end

local function pad(plan, chords, voicing, out)
  local voice = plan.band.pad
  if not voice then return end
  local shift = centres[voice] <= 60 and -12 or 0
  for i, c in ipairs(chords) do
    local level, full = shading(plan, c.section)
    if full >= 2 or plan.sections[c.section].theme == "intro" then
      for j, pitch in ipairs(voicing[i]) do
        local follow, before = chords[i + 1], chords[i - 1]
        local tied = before and before.section == c.section and voicing[i - 1][j] == pitch
        if not (tied and full < 3) then add(out, voice, pitch + shift, c.start, c.length * (follow and 0.99 or 0.96), 50 + level + 8 * plan.mood.energy, c.bar) end
      end
    end
  end
end

-- the bass: root (or third) where the chord begins, then its fifth or octave by the metre and the liveliness
local function low(plan, chords, bass, out)
  local voice, energy = plan.band.bass, plan.mood.energy
  if not voice then return end
  local base, down = 66 + math.floor(16 * energy), 0
  for i, c in ipairs(chords) do
    local level, full = shading(plan, c.section)
    if plan.sections[c.section].theme ~= "intro" or full > 1 then
      local b, beats = bass[i] - down, plan.metre.beats
      local fifth = (b + 7) % 12 == c.pcs[3] and b + 7 or b
      local half = c.length / 2
      if i == #chords or energy < 0.4 or c.length < beats or full == 1 then
        add(out, voice, b, c.start, c.length * 0.95, base + level, c.bar)
      elseif plan.metre.name == "3/4" then
        add(out, voice, b, c.start, 1.9, base + level, c.bar)
        if energy > 0.55 then add(out, voice, fifth, c.start + 2, 0.9, base + level - 6, c.bar) end
      elseif energy > 0.72 and plan.metre.pulse == 1 then
        local walk = { b, b, fifth, b }
        for k = 0, beats - 1 do add(out, voice, walk[k + 1], c.start + k, 0.8, base + level - (k > 0 and 5 or 0), c.bar) end
      else
        add(out, voice, b, c.start, half * 0.9, base + level, c.bar)
        add(out, voice, fifth, c.start + half, half * 0.9, base + level - 5, c.bar)
      end
    end
  end
end

local order = {}
for i, v in ipairs(plans.voice_order) do order[v] = i end
--- sort(notes): by start, then voice, pitch, length
function arrange.sort(notes)
  table.sort(notes, function(a, b)
    if a.start ~= b.start then return a.start < b.start end
    local va, vb = order[a.voice] or 99, order[b.voice] or 99
    if va ~= vb then return va < vb end
    if a.voice ~= b.voice then return tostring(a.voice) < tostring(b.voice) end
    if a.pitch ~= b.pitch then return a.pitch < b.pitch end
    if a.length ~= b.length then return a.length < b.length end
    return a.velocity < b.velocity
  end)
  return notes
end

-- small delays (never early: a note stays in its bar), uneven velocities, swung eighths, whole ticks, no string struck while it sounds
local function humanise(plan, notes)
  local rng, beats = plan.stream "human", plan.metre.beats
  local loose = plan.mood.energy < 0.4 and 9 or 5
  local swing = plan.metre.pulse == 1 and plan.band.swing or 0
  for _, n in ipairs(notes) do
    if math.abs(n.start % 1 - 0.5) < 0.01 then n.start = n.start + swing * 0.5 end
    local late = n.voice == "drums" and rng:integer(0, 3) or rng:integer(0, loose)
    if n.start == 0 and n.voice ~= "drums" then late = 0 end                  -- the piece begins together
    local wobble = rng:integer(-4, 4)
    local edge = n.bar * beats - 0.02
    n.start = tick(math.max((n.bar - 1) * beats, math.min(n.start + late / PPQ, edge)))
    n.length = math.max(tick(n.length), 30 / PPQ)
    n.velocity = math.max(1, math.min(127, math.floor(n.velocity + wobble + 0.5)))
  end
end

--- untangle(notes): sorted; where one voice strikes a pitch that still sounds the earlier note ends; exact doubles go
function arrange.untangle(notes)
  arrange.sort(notes)
  local sounding, out = {}, {}
  for _, n in ipairs(notes) do
    local key = n.voice .. n.pitch
    local old = sounding[key]
    if not (old and n.start - old.start < 20 / PPQ) then
      if old and old.start + old.length > n.start then old.length = tick(n.start - old.start) end
      sounding[key] = n
      out[#out + 1] = n
    elseif n.length > old.length then
      old.length = n.length
    end
  end
  return out
end

--- make(plan, chords, line) -> list of notes { pitch, start, length, velocity, voice, bar }, sorted
function arrange.make(plan, chords, line)
  local out, tops, at = {}, {}, 1
  lead(plan, line, out)
  for i, c in ipairs(chords) do
    while line[at + 1] and line[at + 1].start <= c.start + 1e-9 do at = at + 1 end
    local n = line[at]
    tops[i] = n and n.start <= c.start + 1e-9 and n.start + n.length > c.start and n.pitch or nil
  end
  local bass = harmony.bass(chords, tops, 33, 50)
  local low_lead = centres[plan.band.lead[1]] <= 60
  local voicing = harmony.voicings(chords, low_lead and 57 or 50, low_lead and 74 or 67, bass)
  comp(plan, chords, voicing, bass, out)
  pad(plan, chords, voicing, out)
  low(plan, chords, bass, out)
  for i, c in ipairs(chords) do c.bass = bass[i] end
  if plan.band.drums then
    drums.play(plan, shading, function(key, start, velocity, bar) add(out, "drums", key, start, 0.25, velocity, bar) end)
  end
  humanise(plan, out)
  return arrange.untangle(out)
end

return arrange
