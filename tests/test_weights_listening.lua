-- Networks that listen: crepe-tiny. Known tones, verbs, refusals.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local _, crepe = tools.weights("crepe-tiny", genai.models.crepe_tiny.load)

-- One second of a tone whose overtones fall as 1 / k, as a voice's or a string's do.
local function tone(hz, rate, amplitude)
  local x, t = genai.zeros(rate), genai.arange(rate) * (2 * math.pi * hz / rate)
  for k = 1, 8 do x = x + (t * k):sin() / k end
  return genai.audio.from(x * (amplitude or 0.3), rate)
end

function tests.crepe_knows_tones()
  local m = crepe()
  for _, hz in ipairs { 110, 220, 261.6, 440, 880 } do
    local times, found, confidence = m:pitch(tone(hz, 16000))
    assert(#times.shape == 1 and times:numel() == 101 and math.abs(times[51]:item() - 0.5) < 1e-6)
    local middle = found:slice(1, 10, 90):sort()[41]:item()
    tools.golden("crepe-tiny", ("%g Hz, per cent off"):format(hz), math.abs(middle / hz - 1) * 100, 0.12)
    assert(confidence:slice(1, 10, 90):min():item() > 0.8)
  end
end

function tests.crepe_rates_levels_and_ways()
  local m = crepe()
  local _, a = m:pitch(tone(220, 44100))
  assert(math.abs(a[50]:item() / 220 - 1) < 2e-3, "resampled")
  local _, quiet = m:pitch(tone(220, 16000, 1e-3))
  local _, loud = m:pitch(tone(220, 16000))
  assert((quiet - loud):slice(1, 10, 90):abs():max():item() < 0.05, "level does not matter")
  local silence = genai.audio.from(genai.zeros(16000), 16000)
  local _, hz, sure = m:pitch(silence, { viterbi = true, hop = 0.02 })
  assert(hz:numel() == 51 and hz:isfinite():all():item() == 1 and sure:max():item() < 0.8)
  assert(m:salience(genai.audio.from(genai.zeros(0), 16000)).shape[1] == 1)
end

-- Viterbi's way steps over a frame whose highest bin lies elsewhere.
function tests.crepe_viterbi()
  local m = crepe()
  local sound = tone(220, 16000)
  local x = sound:tensor():clone()
  x:slice(2, 8000, 8400):copy_(genai.rand(1, 401) - 0.5)
  local _, rough = m:pitch(genai.audio.from(x, 16000))
  local _, smooth = m:pitch(genai.audio.from(x, 16000), { viterbi = true })
  local function worst(hz) return ((hz:slice(1, 10, 90) / 220):log2() * 1200):abs():max():item() end
  assert(worst(smooth) < 120 and worst(smooth) <= worst(rough) + 1)
  local _, plain = m:pitch(sound)
  local _, way = m:pitch(sound, { viterbi = true })
  assert((plain - way):slice(1, 5, 95):abs():max():item() == 0, "on a steady tone both are the same")
end

function tests.crepe_refusals()
  local m = crepe()
  fails("the sound is a number", m.pitch, m, 4)
  fails("hop is 0", m.pitch, m, tone(220, 16000), { hop = 0 })
  fails("unknown option \"hopp\"", m.pitch, m, tone(220, 16000), { hopp = 1 })
end

return tests
