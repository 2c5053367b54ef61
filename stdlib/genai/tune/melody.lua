-- Melody: a motif (a contour of scale steps) laid over the chords by a beam search that weighs harmony, singing, the motif and the phrase's arc.
local theory = require "genai.tune.theory"
local rhythm = require "genai.tune.rhythm"
local melody = {}

local LOW, HIGH, WIDTH = -3, 9, 48
local interval_cost = { [0] = 1.7, 0, 0.4, 0.9, 1.5, 2.4, 4.5, 2.6 }       -- by scale steps: 0, 1, 2, ...

-- contours: intervals in scale steps between the notes of a motif
local shapes = {
  arch = function(i, n) return i <= n / 2 and 1 or -1 end,
  fall = function(i) return i % 3 == 0 and 1 or -1 end,
  wave = function(i) return i % 2 == 1 and 2 or -1 end,
  dip = function(i, n) return i <= n / 2 and -1 or 1 end,
  rise = function(i) return i % 4 == 0 and -2 or 1 end,
  leap = function(i) return i == 1 and 4 or -1 end,
  call = function(i) return i == 1 and -2 or i == 2 and 2 or i % 2 == 1 and 1 or -1 end,
  tap = function(i) return i <= 1 and 0 or i % 2 == 0 and 2 or -1 end,
  triad = function(i) return i <= 2 and 2 or -1 end,
}
local shape_names = { "arch", "call", "dip", "fall", "leap", "rise", "tap", "triad", "wave" }

local function motif(rng)
  local shape, out = shapes[rng:choose(shape_names)], {}
  local turn = rng:uniform() < 0.25 and -1 or 1
  for i = 1, 12 do
    local step = shape(i, 5) * turn
    if rng:uniform() < 0.18 then step = step + rng:choose { -1, 1 } end
    out[i] = step
  end
  return out
end

-- arcs: the height aimed at, 0..1 over the phrase
local arcs = {
  function(t) return t < 0.6 and t / 0.6 or 1 - (t - 0.6) / 0.4 * 1.15 end,
  function(t) return t < 0.25 and 0.4 + t * 2.4 or 1 - (t - 0.25) * 1.25 end,
  function(t) return t < 0.75 and t * 1.3 or 0.98 - (t - 0.75) * 2.2 end,
  function(t) return 0.55 + 0.45 * (t < 0.5 and 1 - t * 2.6 or (t - 0.5) * 1.6 - 0.3) end,
}

local function chord_at(chords, time)
  local low, high = 1, #chords
  while low < high do
    local mid = (low + high + 1) // 2
    if chords[mid].start <= time + 1e-9 then low = mid else high = mid - 1 end
  end
  return chords[low], low
end
melody.chord_at = chord_at

--- weight(metre, place in the bar) -> 2 on the bar's first beat (and the third of four), 1 on other beats, 0 between
function melody.weight(metre, place)
  if place < 1e-9 then return 2 end
  if place % metre.pulse > 1e-9 then return 0 end
  return (metre.pulses == 4 and place == 2 or metre.pulses == 2) and 2 or 1
end

-- the notes of a phrase without pitches
local function skeleton(plan, section, bars, theme, chords, rng)
  local notes, before = {}, nil
  for bar = 1, section.bars do
    local at, count, role = (section.from + bar - 2) * plan.metre.beats, 0, bars[bar].role
    local turn = role == "1v" and rng:uniform() < 0.4 and -1 or 1           -- the varied motif may be inverted
    local line = role == "2" and theme.second or theme.motif
    local base = at
    for _, length in ipairs(bars[bar].cell) do
      if length > 0 then
        local chord, index = chord_at(chords, at)
        local note = { start = at, length = length, chord = chord, first = index ~= before, weight = melody.weight(plan.metre, at - base), bar = section.from + bar - 1 }
        if note.first and note.weight < 2 then note.weight = 2 end
        if count > 0 and role ~= "c" then note.want = line[count] * turn end
        notes[#notes + 1] = note
        count, before = count + 1, index
      end
      at = at + math.abs(length)
    end
  end
  return notes
end

local function own_cost(plan, note, d, last, section)
  local c, tone, cost = note.chord, theory.holds(note.chord, d), 0
  if not tone then
    cost = note.weight == 2 and 7 or note.length >= plan.metre.pulse and 4.5 or note.weight == 1 and 1.8 or 0.5
  elseif d % 7 == c.tones[1] and not last then
    cost = 0.25
  elseif c.tones[4] and d % 7 == c.tones[4] then
    cost = 0.5
  end
  if last and section.cadence == "authentic" and d % 7 ~= 0 then cost = cost + 60 end
  if last and section.cadence == "half" and tone and d % 7 == c.tones[1] then cost = cost + 0.4 end
  if last and not tone then cost = cost + 60 end
  if note.approach then cost = cost + math.min(2.4, 0.9 * math.abs(d - note.approach)) end
  local off = d - note.target
  return cost + math.min(0.11 * off * off, 6), tone
end

local function pair_cost(plan, a, b, p, d)
  local step = d - p
  local size = step < 0 and -step or step
  if size > 7 then return 99 end
  local cost = interval_cost[size]
  if b.want then
    local off = math.abs(step - b.want)
    cost = cost * 0.5 + 1.25 * (off < 3 and off or 3)
  end
  local from, to = theory.pitch(0, plan.mode, p, a.chord), theory.pitch(0, plan.mode, d, b.chord)
  local semitones = math.abs(to - from)
  if semitones == 6 then cost = cost + 2.5 elseif size == 1 and semitones == 3 then cost = cost + 4 elseif size == 0 and semitones == 1 then cost = cost + 4 end
  if not a.tone[p] and size ~= 1 then cost = cost + 4 end                     -- a foreign note goes on by step
  if not b.tone[d] and size > 1 then cost = cost + 3.5 end                    -- and is reached by step
  if b.first and a.chord ~= b.chord and a.chord.degree ~= b.chord.degree then
    local one, two = (p - a.chord.degree) % 7, (d - b.chord.degree) % 7
    if one == two and (one == 0 or one == 4) then cost = cost + 3 end         -- parallels with the chords' roots
    if p % 7 == 6 and a.chord.degree == 4 and b.chord.degree == 0 and step ~= 1 then cost = cost + 1.5 end
  end
  return cost
end

local function triple_cost(q, p, d)
  local before, after = p - q, d - p
  local cost = 0
  if before >= 3 or before <= -3 then
    if after * before > 0 then cost = (after > 1 or after < -1) and 3 or 1.2
    elseif after > 2 or after < -2 then cost = 1.2 end
  end
  if before == 0 and after == 0 then cost = cost + 1.2 end
  if q == d and before ~= 0 then cost = cost + 0.35 end
  return cost
end

local function prepare(plan, notes, section, shape, rng)
  local first, total = notes[1].start, notes[#notes].start - notes[1].start
  for i, note in ipairs(notes) do
    local t = total > 0 and (note.start - first) / total or 1
    note.target = shape.base + shape.height * shape.arc(t)
    note.cost, note.tone = {}, {}
    if i == #notes - 1 and section.cadence == "authentic" then note.approach = rng:choose({ 1, -1, 8, 6, 2, 4 }, { 4, 3, 2, 2, 2, 1 }) end
    for d = LOW, HIGH do
      local cost, tone = own_cost(plan, note, d, i == #notes, section)
      note.cost[d], note.tone[d] = cost + rng:uniform() * 0.8, tone
    end
  end
end

-- beam search over (previous, current) degrees; sets note.degree
local function solve(plan, notes, before)
  local beam = { { p = before, cost = 0 } }
  for i, note in ipairs(notes) do
    local seen, list = {}, {}
    local prior = notes[i - 1]
    for _, state in ipairs(beam) do
      for d = note.fixed or LOW, note.fixed or HIGH do
        local cost = state.cost + note.cost[d]
        if prior then
          cost = cost + pair_cost(plan, prior, note, state.p, d)
          if state.q then cost = cost + triple_cost(state.q, state.p, d) end
        elseif state.p then
          cost = cost + 0.5 * interval_cost[math.min(7, math.abs(d - state.p))]
        end
        local key = (state.p or 0) * 64 + d
        local old = seen[key]
        if not old or cost < old.cost then
          local new = old or {}
          if not old then list[#list + 1], seen[key] = new, new end
          new.q, new.p, new.cost, new.from, new.key = prior and state.p, d, cost, state, key
        end
      end
    end
    table.sort(list, function(a, b) return a.cost < b.cost or a.cost == b.cost and a.key < b.key end)
    for j = #list, WIDTH + 1, -1 do list[j] = nil end
    beam = list
  end
  local state = beam[1]
  for i = #notes, 1, -1 do notes[i].degree, state = state.p, state.from end
end

-- the theme's earlier bars come back as they were, up to the last two where the cadence differs
local function recall(notes, old, section, keep)
  local by_place = {}
  for _, n in ipairs(old.notes) do by_place[n.start - old.at] = n end
  local fresh = {}
  for _, note in ipairs(notes) do
    local n = by_place[note.start - old.now]
    if note.bar - section.from < keep and n and n.length == note.length then note.fixed = n.degree end
    fresh[#fresh + 1] = note
  end
  return fresh
end

-- an ornament on a theme that returns: a third filled in, or a neighbour
local function ornament(plan, notes, share, rng)
  local out = {}
  for i, note in ipairs(notes) do
    out[#out + 1] = note
    local follow = notes[i + 1]
    local draw = rng:uniform()
    if follow and draw < share and note.length >= 1 and note.bar == follow.bar and follow.start == note.start + note.length then
      local gap = follow.degree - note.degree
      local between = math.abs(gap) == 2 and note.degree + gap // 2 or gap == 0 and note.degree + 1 or math.abs(gap) == 1 and follow.degree + gap or nil
      if between and between <= HIGH then
        local cut = note.length >= 1.5 and note.length - 0.5 or note.length / 2
        local extra = { start = note.start + cut, length = note.length - cut, degree = between, chord = chord_at(plan.chords, note.start + cut), weight = 0, bar = note.bar }
        note.length = cut
        out[#out + 1] = extra
      end
    end
  end
  return out
end

local function pickup(plan, notes, into, rng)
  local last, beats = into[#into], plan.metre.beats
  local edge = notes[1].start
  local room = edge - (last.start + last.length)
  if room < 0.5 or rng:uniform() < 0.4 then return end
  local goal, chord = notes[1].degree, chord_at(plan.chords, edge - 0.5)
  local one = goal > 0 and goal - 1 or goal + 1
  local two = goal > 1 and goal - 2 or goal + 2
  local list = room >= 1 and rng:uniform() < 0.6 and { { 1, two }, { 0.5, one } } or { { 0.5, one } }
  if plan.metre.name == "4/4" and room >= 1 and #list == 1 then list[1][1] = 1 end
  for i, p in ipairs(list) do
    local start = edge - p[1]
    into[#into + 1] = { start = start, length = (list[i + 1] and edge - list[i + 1][1] or edge) - start, degree = p[2], chord = chord, weight = 0, bar = math.floor(start / beats) + 1, pickup = true }
  end
end

local function new_theme(plan, name, themes, rng)
  local made = rhythm.theme(plan, name, rng)
  local contrast = name ~= "A" and themes.A
  made.motif = contrast and rng:uniform() < 0.3 and themes.A.second or motif(rng)
  made.second = motif(rng)
  made.base = (contrast and 2 or 0) + rng:integer(0, 2)
  made.height = rng:integer(2, 4) + (plan.mood.energy > 0.6 and 1 or 0)
  made.arc = arcs[rng:integer(1, #arcs)]
  themes[name] = made
  return made
end

local function coda(plan, section, chords)
  local at = (section.from - 1) * plan.metre.beats
  return { { start = at, length = plan.metre.beats * section.bars, degree = 0, chord = chord_at(chords, at), weight = 2, bar = section.from } }
end

local function sing(plan, section, index, themes, out, variant)
  local rng = plan.stream(("melody/%s%s/%d"):format(variant, section.theme, section.time))
  local theme = themes[section.theme] or new_theme(plan, section.theme, themes, plan.stream("motif/" .. variant .. section.theme))
  local final = index == #plan.sections
  local same = theme.heard and theme.heard.bars == section.bars
  local bars = rhythm.phrase(plan, section, theme, final, same and rng or plan.stream("rhythm/" .. variant .. section.theme))
  if same then for i = 1, section.bars - 1 do bars[i] = theme.heard.rhythm[i] end end
  local notes = skeleton(plan, section, bars, theme, plan.chords, rng)
  prepare(plan, notes, section, theme, rng)
  if same then notes = recall(notes, { notes = theme.heard.notes, at = theme.heard.at, now = (section.from - 1) * plan.metre.beats }, section, math.max(1, section.bars - 2)) end
  solve(plan, notes, out[#out] and out[#out].degree)
  if not same then
    local kept = {}
    for i, n in ipairs(notes) do kept[i] = { start = n.start, length = n.length, degree = n.degree } end
    theme.heard = { bars = section.bars, rhythm = bars, notes = kept, at = (section.from - 1) * plan.metre.beats }
  elseif section.time >= 2 then
    notes = ornament(plan, notes, 0.12 + 0.3 * plan.mood.energy, rng)
  end
  if #out > 0 and section.from > 1 then pickup(plan, notes, out, rng) end
  for _, n in ipairs(notes) do n.section = index; out[#out + 1] = n end
end

--- make(plan, variant) -> the tune's notes { start, length, degree, bar, section, weight, chord }; `variant` names other random streams
function melody.make(plan, variant)
  local out, themes = {}, {}
  for index, section in ipairs(plan.sections) do
    if section.theme == "coda" then
      for _, n in ipairs(coda(plan, section, plan.chords)) do
        n.section = index
        out[#out + 1] = n
      end
    elseif section.theme ~= "intro" then
      sing(plan, section, index, themes, out, variant or "")
    end
  end
  for i = #out, 1, -1 do out[i].section = out[i].section or (out[i + 1] and out[i + 1].section) or 1 end   -- a pickup belongs to what follows
  return out
end

return melody
