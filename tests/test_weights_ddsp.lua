-- ddsp's violin and flute: goldens of the decoder and of the sound, tunes and voices as input, phrases, rooms, refusals.
local genai = require "genai"
local phrase = require "genai.tune.phrase"
local steps = require "genai.tune.steps"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, violin = tools.weights("ddsp", genai.models.ddsp.load)
local _, flute = tools.weights("ddsp", function(path) return genai.models.ddsp.load(path, "flute") end)
local _, crepe = tools.weights("crepe-tiny", genai.models.crepe_tiny.load)

local function curves() return genai.load(folder .. "/golden_f0_hz.npy"), genai.load(folder .. "/golden_loudness_db.npy") end
local function dot(a, b) return (a * b):sum():item() end

for name, open in pairs { violin = violin, flute = flute } do
  tests["decoder_of_the_" .. name] = function()
    local m = open()
    local hz, loudness = curves()
    for i, x in ipairs { m:decode(hz, loudness) } do
      local file = ("golden_%s_decoder_out%d.npy"):format(name, i - 1)
      tools.golden("ddsp/" .. name, file, genai.load(folder .. "/" .. file)[1] - x:slice(1, 1, 250), 1e-3)
    end
  end
  -- The golden's noise is another: what is left of it without our harmonics must be noise of our level, and not alike with ours.
  tests["sound_of_the_" .. name] = function()
    local m = open()
    local golden = genai.load(folder .. "/golden_" .. name .. ".wav"):tensor():view(-1)
    local hz, loudness = curves()
    local tones, noise = m:synthesise(hz, loudness, { parts = true })
    tones, noise = tones:tensor():view(-1), noise:tensor():view(-1)
    local gain = dot(golden, tones) / dot(tones, tones)
    local rest = golden - tones * gain
    tools.golden("ddsp/" .. name, "golden_" .. name .. ".wav: 1 - correlation of the harmonics", 1 - dot(golden, tones) / math.sqrt(dot(golden, golden) * dot(tones, tones)), 1e-3)
    tools.golden("ddsp/" .. name, "golden_" .. name .. ".wav: level of the rest against our noise, dB", math.abs(10 * math.log(dot(rest, rest) / (gain ^ 2 * dot(noise, noise)), 10)), 0.5)
  end
end

function tests.plays_tunes()
  local m = violin()
  local tune = steps.tune(steps.of "69 _ _ _ _ _ _ _ 72 _ _ _ _ _ _ _", { tempo = 120 })
  local a, b = m:play(tune, { seed = 3, vibrato = 0 }), m:play(tune, { seed = 3, vibrato = 0 })
  assert(a.rate == 16000 and a.channels == 2 and a.recipe.kind == "ddsp/violin" and math.abs(a:tensor():abs():max():item() - 0.9) < 1e-4)
  assert((a:tensor() - b:tensor()):abs():max():item() == 0, "the same seed, the same bytes")
  assert((a:tensor() - m:play(tune, { seed = 4, vibrato = 0 }):tensor()):abs():max():item() > 0)
  local dry = m:play(tune, { room = 0, vibrato = 0 })
  assert(dry.channels == 1 and math.abs(dry:seconds() - 2.5) < 0.02)
  local _, hz = crepe():pitch(dry)
  local function octaves(at, wanted)                          -- the second harmonic may be the strongest: crepe then hears the octave
    local n = math.log(hz[at]:item() / wanted, 2)
    return math.abs(n - math.floor(n + 0.5))
  end
  assert(octaves(50, 440) < 5e-3 and octaves(170, 523.25) < 5e-3)
end

function tests.plays_what_a_voice_sings()
  local m, t = flute(), genai.arange(16000) * (2 * math.pi * 220 / 16000)
  local voice = genai.audio.from((t:sin() + (t * 2):sin() * 0.5 + (t * 3):sin() * 0.3) * 0.2, 16000)
  local out = m:play(voice, { transpose = 12, crepe = crepe(), room = 0 })
  local _, hz = crepe():pitch(out)
  assert(math.abs(hz[50]:item() / 440 - 1) < 1e-2, hz[50]:item())
end

function tests.any_length()
  local m = violin()
  for _, n in ipairs { 1, 2, 249, 250, 251, 777 } do
    local sound = m:synthesise(genai.full({ n }, 440), genai.full({ n }, -30))
    assert(sound.frames == 64 * n and sound:tensor():isfinite():all():item() == 1)
  end
  -- where one second is joined to the next there is no step
  local tones = m:synthesise(genai.full({ 500 }, 440), genai.full({ 500 }, -30), { parts = true }):tensor():view(-1)
  local jumps = (tones:slice(1, 2) - tones:slice(1, 1, -2)):abs()
  assert(jumps:slice(1, 15990, 16010):max():item() <= jumps:slice(1, 12000, 20000):max():item())
end

function tests.phrases()
  local tune = steps.tune(steps.of "60 _ _ _ r _ 64 _ _ _", { tempo = 120 })
  local hz, db = phrase.of_tune(tune)
  assert(hz:numel() == db:numel() and math.abs(hz[60]:item() / 261.63 - 1) < 1e-2 and db[60]:item() > -45 and db[170]:item() < -75)
  fails("the tune has no note of the voice \"horn\"", phrase.of_tune, tune, { voice = "horn" })
  local loud = phrase.loudness(genai.audio.from(genai.randn(16000) * 0.1, 16000))
  local quiet = phrase.loudness(genai.audio.from(genai.randn(16000) * 0.01, 16000))
  assert(loud:numel() == 250 and math.abs((loud - quiet):slice(1, 50, 200):mean():item() - 20) < 1, "ten times the amplitude is 20 dB")
end

function tests.rooms()
  local click = genai.audio.from(genai.ones(1, 1), 8000)
  local room = click:reverb { seconds = 0.5, mix = 1, seed = 2 }:tensor()
  assert(room.shape[1] == 2 and room.shape[2] == 4001 and math.abs(room[1]:square():sum():item() - 1) < 1e-3)
  assert(room:slice(2, 3000, 4000):square():sum():item() < 1e-2 * room:slice(2, 1, 1000):square():sum():item(), "it dies away")
  assert((click:reverb { mix = 0 }:tensor():slice(2, 1, 1) - 1):abs():max():item() < 1e-6)
  fails("reverb: seconds is 0", click.reverb, click, { seconds = 0 })
end

function tests.refusals()
  local m = violin()
  fails("hz has 2 frames and loudness 3", m.decode, m, { 440, 440 }, { -30, -30, -30 })
  fails("hz holds numbers that are not finite", m.decode, m, { 0 / 0 }, { -30 })
  fails("hz is a string", m.decode, m, "440", { -30 })
  fails("what is to be played is a number", m.play, m, 4)
  fails("there is no", genai.models.ddsp.load, folder, "trumpet")
end

return tests
