-- Chords: a functional grammar per mode (which chord may follow which), phrases that end in a cadence, and a bass that moves well against the tune.
local theory = require "genai.tune.theory"
local harmony = {}

-- next[degree] = { degree = weight }, degrees from 0; cadence formulas end on the goal; opening: where a contrasting phrase may start
local grammar = {
  major = { next = { [0] = { { 3, 4, 5, 1, 2 }, { 3, 3, 3, 2, 1 } }, { { 4 }, { 1 } }, { { 5, 3 }, { 3, 3 } }, { { 4, 0, 1 }, { 4, 3, 2 } }, { { 0, 5, 3 }, { 4, 3, 1 } },
      { { 3, 1, 4, 2 }, { 3, 3, 2, 1 } }, { { 0 }, { 1 } } },
    authentic = { { 1, 4, 0 }, { 3, 4, 0 }, { 3, 4, 0 }, { 5, 4, 0 } }, half = { { 3, 4 }, { 1, 4 }, { 0, 4 }, { 5, 4 } }, deceptive = { { 3, 4, 5 }, { 1, 4, 5 } }, opening = { 3, 5, 4, 1 } },
  minor = { next = { [0] = { { 3, 5, 6, 4, 2 }, { 3, 3, 3, 2, 1 } }, { { 4 }, { 1 } }, { { 5, 3, 6 }, { 2, 2, 2 } }, { { 4, 0, 6, 1 }, { 3, 2, 2, 1 } }, { { 0, 5 }, { 4, 2 } },
      { { 3, 6, 2, 1 }, { 2, 2, 3, 1 } }, { { 2, 0, 5 }, { 3, 2, 2 } } },
    authentic = { { 3, 4, 0 }, { 1, 4, 0 }, { 5, 4, 0 } }, half = { { 3, 4 }, { 5, 4 }, { 0, 4 } }, deceptive = { { 3, 4, 5 } }, opening = { 2, 5, 3, 6 } },
  dorian = { next = { [0] = { { 3, 6, 2, 1 }, { 4, 3, 2, 1 } }, { { 0, 3 }, { 2, 2 } }, { { 3, 6 }, { 2, 2 } }, { { 0, 6, 2 }, { 4, 2, 1 } }, { { 0, 3 }, { 2, 2 } },
      { { 0 }, { 1 } }, { { 0, 3, 2 }, { 3, 3, 1 } } },
    authentic = { { 3, 6, 0 }, { 2, 6, 0 }, { 3, 4, 0 } }, half = { { 0, 3 }, { 3, 6 }, { 6, 4 } }, deceptive = { { 3, 6, 2 } }, opening = { 3, 6, 2 } },
  mixolydian = { next = { [0] = { { 6, 3, 4, 5 }, { 4, 3, 2, 1 } }, { { 3, 4 }, { 1, 1 } }, { { 3 }, { 1 } }, { { 0, 6, 4 }, { 3, 2, 1 } }, { { 3, 0 }, { 2, 1 } },
      { { 3, 6 }, { 1, 1 } }, { { 3, 0 }, { 4, 2 } } },
    authentic = { { 3, 6, 0 }, { 6, 3, 0 }, { 3, 4, 0 } }, half = { { 0, 6 }, { 3, 4 }, { 6, 3 } }, deceptive = { { 3, 6, 5 } }, opening = { 3, 6, 4 } },
  lydian = { next = { [0] = { { 1, 4, 5, 2 }, { 4, 2, 2, 1 } }, { { 0, 4 }, { 2, 3 } }, { { 1, 5 }, { 1, 1 } }, { { 4 }, { 1 } }, { { 0, 5, 1 }, { 2, 2, 1 } },
      { { 1, 2, 4 }, { 3, 1, 1 } }, { { 2, 5 }, { 1, 1 } } },
    authentic = { { 1, 4, 0 }, { 4, 1, 0 }, { 5, 4, 0 } }, half = { { 0, 1 }, { 1, 4 } }, deceptive = { { 1, 4, 5 } }, opening = { 1, 4, 5 } },
  phrygian = { next = { [0] = { { 1, 6, 5, 3 }, { 4, 2, 2, 2 } }, { { 0, 2 }, { 3, 1 } }, { { 1, 5 }, { 2, 1 } }, { { 0, 1, 6 }, { 1, 1, 1 } }, { { 0 }, { 1 } },
      { { 1, 6, 3 }, { 2, 2, 1 } }, { { 0, 5, 1 }, { 2, 1, 1 } } },
    authentic = { { 6, 1, 0 }, { 3, 1, 0 }, { 5, 1, 0 } }, half = { { 0, 1 }, { 5, 6 } }, deceptive = { { 3, 1, 2 } }, opening = { 5, 1, 3 } },
}

local function may_follow(g, from, to)
  for _, d in ipairs(g.next[from][1]) do
    if d == to then return true end
  end
  return false
end

-- a walk of `count` chords from `start` whose last one leads to `goal`
local function walk(g, start, count, goal, rng)
  local best
  for _ = 1, 24 do
    local list = { start }
    for i = 2, count do
      local options = g.next[list[i - 1]]
      list[i] = rng:choose(options[1], options[2])
    end
    best = best or list
    if list[count] ~= goal and may_follow(g, list[count], goal) then return list end
  end
  return best
end

-- the bars of a phrase as lists of chords: one a bar, two in the bar before the goal, sometimes more where the tempo leaves time
local function slots_of(bars, wide, rng)
  local slots = {}
  for bar = 1, bars do
    local split = bars > 1 and bar == bars - 1 and (bars <= 3 or rng:uniform() < 0.6)
    slots[bar] = (split or (wide and bar < bars - 1 and rng:uniform() < 0.3)) and 2 or 1
  end
  return slots
end

local function phrase_degrees(g, section, count, rng)
  local cadence = rng:choose(g[section.cadence])
  local start = 0
  if section.theme ~= "A" and section.theme ~= "intro" and section.theme ~= "coda" and rng:uniform() < 0.75 then start = rng:choose(g.opening) end
  local tail = {}
  for i = math.max(1, #cadence - count + 2), #cadence do tail[#tail + 1] = cadence[i] end
  if count == 1 then tail = { 0 } end
  local free = count - #tail
  local list = free > 0 and walk(g, start, free, tail[1], rng) or {}
  for i = 1, #tail do list[#list + 1] = tail[i] end
  if free > 0 and #tail > 1 and list[free] == tail[1] then list[free] = list[1] ~= tail[1] and free > 1 and list[1] or 0 end
  return list
end

-- one phrase: list of { bar (1 = the phrase's first), start (beats in the bar), length, degree }
local function phrase(plan, g, section, rng)
  local beats, out = plan.metre.beats, {}
  if section.theme == "coda" then
    for bar = 1, section.bars do out[bar] = { bar = bar, start = 0, length = beats, degree = 0 } end
    return out
  end
  local slots, count = slots_of(section.bars, plan.tempo < 84 and beats == 4, rng), 0
  for bar = 1, section.bars do count = count + slots[bar] end
  local degrees, at = phrase_degrees(g, section, count, rng), 1
  local half = plan.metre.pulses == 3 and 2 or beats / 2
  for bar = 1, section.bars do
    local start = 0
    for i = 1, slots[bar] do
      local length = slots[bar] == 1 and beats or i == 1 and half or beats - half
      out[#out + 1] = { bar = bar, start = start, length = length, degree = degrees[at] }
      start, at = start + length, at + 1
    end
  end
  return out
end

-- a theme heard again keeps its chords; only the way into another cadence changes
local function returning(old, fresh, bars, g)
  local out = {}
  for _, c in ipairs(old) do if c.bar < bars - 1 then out[#out + 1] = c end end
  local before = out[#out]
  for i, c in ipairs(fresh) do
    if c.bar >= bars - 1 then
      local follow = fresh[i + 1]
      if before and follow and before.degree == c.degree and before.bar < c.bar then
        for _, formula in ipairs(g.authentic) do
          if formula[1] ~= c.degree and formula[1] ~= follow.degree then c.degree = formula[1] break end
        end
      end
      out[#out + 1], before = c, c
    end
  end
  return out
end

-- the same chord twice in a bar is one chord
local function joined(list)
  local out = {}
  for _, c in ipairs(list) do
    local last = out[#out]
    if last and last.bar == c.bar and last.degree == c.degree then
      last.length = last.length + c.length
    else
      out[#out + 1] = { bar = c.bar, start = c.start, length = c.length, degree = c.degree }
    end
  end
  return out
end

--- chords(plan) -> list of chords { bar, start (beats from the beginning), length, degree, tones, pcs, root, name, roman, section, last }
function harmony.chords(plan)
  local g, known, list = grammar[plan.mode], {}, {}
  for index, section in ipairs(plan.sections) do
    local rng = plan.stream("harmony/" .. section.theme .. section.cadence)
    local name = section.theme .. section.bars
    local made = known[name .. section.cadence] or phrase(plan, g, section, rng)
    if known[name] and not known[name .. section.cadence] then made = returning(known[name], made, section.bars, g) end
    known[name], known[name .. section.cadence] = known[name] or made, made
    made = joined(made)
    for i, c in ipairs(made) do
      local dominant = c.degree == 4 and (plan.mode == "major" or plan.mode == "minor") and i < #made and made[i + 1].degree == 0
      local chord = theory.chord(plan.tonic, plan.mode, c.degree, dominant)
      chord.bar, chord.section, chord.last = section.from + c.bar - 1, index, i == #made
      chord.start, chord.length = (chord.bar - 1) * plan.metre.beats + c.start, c.length
      list[#list + 1] = chord
    end
  end
  return list
end

local function parallel(b1, m1, b2, m2)
  if not m1 or not m2 or b1 == b2 or m1 == m2 then return false end
  local one, two = (m1 - b1) % 12, (m2 - b2) % 12
  return one == two and (one == 0 or one == 7)
end
harmony.parallel = parallel

--- bass(chords, tops, low, high) -> the bass note under each chord (MIDI). tops[i]: the tune's note where chord i begins, or nil.
-- Roots first; a first inversion where it walks better or saves parallel fifths and octaves with the tune (dynamic programming).
function harmony.bass(chords, tops, low, high)
  local best = {}
  for i, c in ipairs(chords) do
    best[i] = {}
    for inversion = 0, 1 do
      for pitch = low, high do
        if pitch % 12 == c.pcs[inversion + 1] and not (inversion == 1 and (c.last or i == 1)) then
          local cost, from = math.huge, nil
          local here = inversion * 1.3 + math.abs(pitch - (low + high) / 2) * 0.06
          if i == 1 then cost = here end
          for p = low, high do
            local before = i > 1 and best[i - 1][p]
            if before then
              local leap = math.abs(pitch - p)
              local step = leap * 0.07 + (leap > 7 and 0.8 or 0) + (leap == 6 and 0.6 or 0) + (parallel(p, tops[i - 1], pitch, tops[i]) and 30 or 0)
              if before.cost + step + here < cost then cost, from = before.cost + step + here, p end
            end
          end
          best[i][pitch] = { cost = cost, from = from, inversion = inversion }
        end
      end
    end
  end
  local out, at, cost = {}, nil, math.huge
  for p = low, high do
    local b = best[#chords][p]
    if b and b.cost < cost then at, cost = p, b.cost end
  end
  for i = #chords, 1, -1 do
    out[i] = at
    chords[i].inversion = best[i][at].inversion
    at = best[i][at].from
  end
  return out
end

-- all close positions of the chord inside [low, high]
local function positions(chord, low, high)
  local list = {}
  for bottom = low, high do
    for i = 1, #chord.pcs do
      if bottom % 12 == chord.pcs[i] then
        local notes, at = { bottom }, bottom
        for j = 1, #chord.pcs - 1 do
          local pc = chord.pcs[(i + j - 1) % #chord.pcs + 1]
          at = at + (pc - at) % 12
          notes[#notes + 1] = at
        end
        if at <= high then list[#list + 1] = notes end
      end
    end
  end
  return list
end

--- voicings(chords, low, high, bass) -> for each chord the notes of the middle voices, each as near as possible to the ones before
function harmony.voicings(chords, low, high, bass)
  local out, before = {}, nil
  for i, c in ipairs(chords) do
    local best, best_cost = nil, math.huge
    for _, notes in ipairs(positions(c, low, high)) do
      local cost = math.abs(notes[1] + notes[#notes] - low - high) * (before and 0.12 or 0.5)
      for j = 1, before and math.min(#notes, #before) or 0 do
        cost = cost + math.abs(notes[j] - before[j])
        if parallel(bass[i - 1], before[j], bass[i], notes[j]) then cost = cost + 2.5 end
      end
      if cost < best_cost then best, best_cost = notes, cost end
    end
    out[i], before = best, best
  end
  return out
end

return harmony
