-- What a score does not say: its key (Krumhansl and Kessler, 1982), its chords bar by bar, and which voice carries the tune.
local theory = require "genai.tune.theory"
local analyse = {}

local profiles = {
  major = { 6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88 },
  minor = { 6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17 },
}

local function weights(notes, from, to)
  local w = {}
  for pc = 0, 11 do w[pc] = 0 end
  for _, n in ipairs(notes) do
    if n.voice ~= "drums" then
      local overlap = math.min(n.start + n.length, to) - math.max(n.start, from)
      if overlap > 0 then w[n.pitch % 12] = w[n.pitch % 12] + overlap * (n.pitch < 50 and 1.3 or 1) end
    end
  end
  return w
end

--- key(notes) -> key name, mode ("major" or "minor")
function analyse.key(notes)
  local w, best, key, mode = weights(notes, 0, math.huge), -math.huge, 0, "major"
  for _, name in ipairs { "major", "minor" } do
    local profile, mean = profiles[name], 0
    for i = 1, 12 do mean = mean + profile[i] / 12 end
    for tonic = 0, 11 do
      local sum = 0
      for pc = 0, 11 do sum = sum + w[pc] * (profile[(pc - tonic) % 12 + 1] - mean) end
      if sum > best + 1e-12 then best, key, mode = sum, tonic, name end
    end
  end
  return theory.name(key, key, mode), mode
end

--- chords(tune) -> one chord a bar, the scale's triad that covers most of what sounds
function analyse.chords(tune)
  local tonic, mode, beats, list = theory.pitch_class(tune.key), tune.mode, theory.metre(tune.metre).beats, {}
  local by_bar = {}
  for _, n in ipairs(tune.notes) do
    local first, last = n.start // beats + 1, math.min((n.start + n.length - 1e-9) // beats + 1, n.start // beats + 9)
    for bar = first, last do
      by_bar[bar] = by_bar[bar] or {}
      table.insert(by_bar[bar], n)
    end
  end
  for bar = 1, tune.bars do
    local w = weights(by_bar[bar] or {}, (bar - 1) * beats, bar * beats)
    local best, best_score = nil, -1
    for degree = 0, 6 do
      local c, score = theory.chord(tonic, mode, degree), 0
      for i, pc in ipairs(c.pcs) do score = score + w[pc] * (i == 1 and 1.15 or 1) end
      if degree == 0 then score = score * 1.02 + 1e-6 end
      if score > best_score then best, best_score = c, score end
    end
    best.bar, best.start, best.length, best.section, best.last = bar, (bar - 1) * beats, beats, 1, bar == tune.bars
    list[bar] = best
  end
  return list
end

--- lead(tune) -> the voice that carries the tune: high, mostly one note at a time
function analyse.lead(tune)
  local stats, names = {}, {}
  for _, n in ipairs(tune.notes) do
    if n.voice ~= "drums" then
      local s = stats[n.voice]
      if not s then s = { count = 0, sum = 0, together = 0, last = -1 } stats[n.voice], names[#names + 1] = s, n.voice end
      s.count, s.sum = s.count + 1, s.sum + n.pitch
      if n.start < s.last - 0.02 then s.together = s.together + 1 end
      s.last = math.max(s.last, n.start + n.length)
    end
  end
  local best, best_score = nil, -math.huge
  for _, name in ipairs(names) do
    local s = stats[name]
    local score = s.sum / s.count - 40 * s.together / s.count - (s.count < tune.bars / 2 and 30 or 0)
    if score > best_score then best, best_score = name, score end
  end
  return best
end

--- degree(tune, pitch) -> the nearest scale degree, 0 the tonic next to middle C
function analyse.degree(tune, pitch)
  local tonic, best, at = theory.pitch_class(tune.key) + 60, math.huge, 0
  local guess = math.floor((pitch - tonic) * 7 / 12)
  for d = guess - 2, guess + 3 do
    local off = math.abs(theory.pitch(tonic, tune.mode, d) - pitch)
    if off < best then best, at = off, d end
  end
  return at
end

return analyse
