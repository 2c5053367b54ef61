--- How a line is played: curves of pitch and loudness, 250 a second, out of a tune or out of a recorded voice. What ddsp's instruments read.
local core = require "genai.core"
local ops = core.ops
local phrase = { FRAMES = 250 }
local RATE, FLOOR = phrase.FRAMES, -80

local function fail(format, ...) core.fail("phrase: " .. format:format(...)) end

-- One note at a time: the highest of each onset, each until the next begins. Times in seconds.
local function line_of(tune, voice)
  local out, second = {}, 60 / tune.tempo
  for _, n in ipairs(tune.notes) do
    if n.voice ~= "drums" and (not voice or n.voice == voice) then
      local start, last = n.start * second, out[#out]
      if not last or start > last.start + 1e-6 then out[#out + 1] = { start = start, stop = start + n.length * second, pitch = n.pitch, velocity = n.velocity }
      elseif n.pitch > last.pitch then last.pitch, last.velocity, last.stop = n.pitch, n.velocity, start + n.length * second end
    end
  end
  for i = 1, #out - 1 do out[i].stop = math.min(out[i].stop, out[i + 1].start) end
  return out
end

-- A note's pitch: from the one before by a short slide where they touch; vibrato once it has stood for a while. t: seconds since its beginning.
local function pitch_at(note, before, t, vibrato)
  local p = note.pitch
  if before and note.start - before.stop < 0.02 then p = p + (before.pitch - p) * math.exp(-t / 0.018) end
  local depth = 0.22 * vibrato * math.min(1, math.max(0, (t - 0.18) / 0.35))
  return p + depth * math.sin(2 * math.pi * 5.4 * (t - 0.18))
end

-- A note's loudness in dB: velocity 1..127 is -52..-22; it swells and falls a little, and has an attack and an end of its own unless it is tied to the one before or after.
local function loudness_at(note, t, tied_before, tied_after)
  local length, top = note.stop - note.start, -52 + 30 * note.velocity / 127
  local along = t / length
  local db = top + 2.5 * math.sin(math.pi * math.min(1, along)) - 1
  if not tied_before then db = db - 34 * math.exp(-t / 0.035) else db = db - 7 * math.exp(-t / 0.03) end
  local left = length - t
  if not tied_after and left < 0.09 then db = db - 30 * (1 - left / 0.09) end
  return db
end

--- phrase.of_tune(tune, { voice =, vibrato = 1, tail = 0.5 }) -> hz f32[t], loudness f32[t]. voice: the name of the line; else the highest note at each moment.
function phrase.of_tune(tune, options)
  options = options or {}
  local notes, vibrato = line_of(tune, options.voice), options.vibrato or 1
  if #notes == 0 then fail("the tune has no note%s", options.voice and (" of the voice \"" .. tostring(options.voice) .. "\"") or "") end
  local frames = math.floor((notes[#notes].stop + (options.tail or 0.5)) * RATE) + 1
  if frames > 3600 * RATE then fail("the tune lasts %d s, at most 3600 are played", frames // RATE) end
  local hz, loudness, at = {}, {}, 1
  for i = 1, frames do
    local now = (i - 1) / RATE
    while notes[at + 1] and notes[at + 1].start <= now do at = at + 1 end
    local note, before, after = notes[at], notes[at - 1], notes[at + 1]
    local t = math.min(math.max(now, note.start), note.stop) - note.start
    hz[i] = 440 * 2 ^ ((pitch_at(note, before, t, vibrato) - 69) / 12)
    if now < note.start then loudness[i] = FLOOR
    elseif now >= note.stop then loudness[i] = math.max(FLOOR, loudness_at(note, note.stop - note.start, true, false) - (now - note.stop) * 300)
    else loudness[i] = math.max(FLOOR, loudness_at(note, t, before and note.start - before.stop < 0.02, after and after.start - note.stop < 0.02)) end
  end
  return core.tensor(hz), core.tensor(loudness)
end

-- A-weighting in dB at frequencies in Hz (IEC 61672), -20.7 dB as the networks were trained.
local function a_weighting(hz)
  local out = {}
  for i, f in ipairs(hz) do
    local s = f * f
    local a = 12194.217 ^ 2 * s * s / ((s + 20.598997 ^ 2) * math.sqrt((s + 107.65265 ^ 2) * (s + 737.86223 ^ 2)) * (s + 12194.217 ^ 2))
    out[i] = math.max(-80, 20 * math.log(math.max(a, 1e-10), 10) + 2)
  end
  return core.tensor(out)
end

--- phrase.loudness(sound) -> f32[t] in dB: the mean over frequency of A-weighted levels, windows of 2048 at 16 kHz, 250 a second, as DDSP measures it.
-- > require("genai.tune.phrase").loudness(require("genai").audio.from(require("genai").zeros(16000), 16000)):max():item() < -100
function phrase.loudness(sound)
  return require("genai").no_grad(function()
    local x = sound:mono():resample(16000):tensor():view(-1)
    local size = 2048
    local window = (1 - (ops.arange(size) * (2 * math.pi / size)):cos()) / 2
    local bins = {}
    for i = 0, size // 2 do bins[i + 1] = i * 16000 / size end
    local frames = math.max(1, x:numel() // 64)
    x = x:pad { size // 2, size // 2 + 64 }
    local weighting, parts = a_weighting(bins), {}
    for from = 0, frames - 1, 1000 do                                        -- few at a time: a spectrum for each of 250 frames a second is large
      local n = math.min(1000, frames - from)
      local spectrum = (x:slice(1, from * 64 + 1, (from + n - 1) * 64 + size):unfold(1, size, 64) * window):rfft()
      local power = spectrum:square():sum(3)
      parts[#parts + 1] = ((power + 1e-20):log() * (10 / math.log(10)) + weighting - 20.7):clamp(-120):mean(2)
    end
    return ops.cat(parts, 1)
  end)
end

--- phrase.of_sound(sound, crepe) -> hz f32[t], loudness f32[t] of one voice. crepe: a model with pitch(sound, options). Where no pitch is heard the last one stays and it is quiet.
function phrase.of_sound(sound, crepe)
  local loudness = phrase.loudness(sound)
  local _, hz, sure = crepe:pitch(sound, { hop = 1 / RATE, viterbi = true })
  local t = math.min(hz:numel(), loudness:numel())
  local f, c, db, last = hz:totable(), sure:totable(), loudness:totable(), nil
  for i = 1, t do
    if c[i] > 0.4 then last = f[i] else f[i], db[i] = last or f[i], db[i] - 25 * (1 - c[i] / 0.4) end
  end
  return core.tensor({ table.unpack(f, 1, t) }), core.tensor({ table.unpack(db, 1, t) }):clamp(-120, 0)
end

return phrase
