--- ddsp: a melody with dynamics becomes a violin or a flute (Engel, Hantrakul, Gu and Roberts 2020, "DDSP: Differentiable Digital Signal Processing").
-- Source: magenta/magenta-js. Input: pitch in Hz and loudness in dB (about -80..-20), 250 frames a second; result: 16 kHz: 60 harmonics, noise through 65 bands, a room.
-- Net: [loudness / 120 + 1, MIDI pitch / 127] -> conv 3 to 128; 16 times relu, conv 3 dilated by 1..128 twice, norm, added up; dense to 1 amplitude, 60 harmonics, 65 bands.
-- Details that have caused bugs: the norm's mean and variance go over all frames and channels, eps 1e-5; controls pass 2 sigmoid(x)^ln(10) + 1e-7, the noise's with -5 added
-- before; harmonics at or above 8 kHz are silenced before the shares are made to add up to 1 and again sample by sample; amplitudes go from frame to frame along a Hann
-- window, pitch along a line; noise is 62 samples early; the published graph makes 5 s alone, because its sizes were frozen: here any length goes.
local core = require "genai.core"
local weights = require "genai.models.weights"
local check = require "genai.nn.options"
local ops = core.ops
local ddsp = { RATE = 16000, HOP = 64, variants = { "violin", "flute" }, about = "a melody with dynamics becomes a violin or a flute", licence = "Apache-2.0", paper = "Engel et al. 2020" }
ddsp.__index, ddsp.__name = ddsp, "ddsp"
local HARMONICS, BANDS, HOP, CHUNK, PREFIX = 60, 65, 64, 250, "Func/StatefulPartitionedCall/autoencoder/StatefulPartitionedCall/input/_"

local function fail(format, ...) core.fail("ddsp: " .. format:format(...)) end

function ddsp:__tostring() return ("ddsp/%s: model:play(tune or sound, { seed =, room = }), model:synthesise(hz, loudness), model:decode(hz, loudness)"):format(self.variant) end

-- What turns magnitudes f32[n,65] into impulse responses f32[n,128]: an inverse transform, a Hann window around time 0, and 0 moved to the middle, all as one matrix.
local function responses()
  local pulses = ops.stack({ ops.eye(BANDS), ops.zeros(BANDS, BANDS) }, 3):irfft()
  local window = ((ops.arange(128) * (2 * math.pi / 128)):cos() + 1) / 2
  return (pulses * window):roll(64, 2):contiguous()
end

--- ddsp.load(folder, variant = "violin") -> model: model:play, model:synthesise, model:decode. folder may be the variant's .safetensors file.
function ddsp.load(folder, variant)
  variant = variant or type(folder) == "string" and folder:match "([^/]+)%.safetensors$" or ddsp.variants[1]
  local tensors, path = weights.safetensors(folder, variant .. ".safetensors")
  local at = 74
  local function take(...)
    at = at + 1
    return weights.take(tensors, path, PREFIX .. at, ...)
  end
  local function conv(inputs) return take(3, 1, inputs, 128):view(3, inputs, 128):permute(3, 2, 1):contiguous(), take(128) end
  local self = setmetatable({ variant = variant, blocks = {} }, ddsp)
  self.first, self.first_bias = conv(2)
  for i = 1, 16 do
    local weight, bias = conv(128)
    local dilation = 1 << (i - 1) % 8
    self.blocks[i] = { weight = weight, bias = bias, scale = take(1, 1, 1, 128):view(128), shift = take(1, 1, 1, 128):view(128), options = { dilation = dilation, pad = dilation } }
  end
  self.dense, self.dense_bias = take(128, 1 + HARMONICS + BANDS):transpose(1, 2):contiguous(), take(1 + HARMONICS + BANDS)
  self.responses = responses()
  return self
end

local function curve(name, x)
  if type(x) == "table" then x = core.tensor(x) end
  if not core.is_tensor(x) then fail("%s is a %s, wanted f32[frames]", name, type(x)) end
  if x:numel() == 0 or #x.shape ~= 1 then fail("%s is %s[%s], wanted f32[frames]", name, x.dtype, table.concat(x.shape, ",")) end
  x = x:to "f32"
  if x:isfinite():all():item() == 0 then fail("%s holds numbers that are not finite", name) end
  return x
end

local function curves(hz, loudness)
  hz, loudness = curve("hz", hz), curve("loudness", loudness)
  if hz:numel() ~= loudness:numel() then fail("hz has %d frames and loudness %d, wanted as many", hz:numel(), loudness:numel()) end
  return hz, loudness
end

local function decode(self, hz, loudness)
  local pitch = hz:le(0):where(0, (hz:clamp(1e-9):log() / math.log(2) - 8.781359672546387) * 12 + 69)
  local x = ops.stack { loudness / 120 + 1, pitch / 127 }:unsqueeze(1):conv1d(self.first, self.first_bias, { pad = 1 })
  for _, b in ipairs(self.blocks) do x = x + x:relu():conv1d(b.weight, b.bias, b.options):group_norm(1, b.scale, b.shift) end
  return x:view(128, -1):transpose(1, 2):linear(self.dense, self.dense_bias)
end

--- model:decode(hz, loudness) -> amplitude f32[t,1], harmonics f32[t,60], noise f32[t,65], as the net gives them, before their functions. hz, loudness: f32[t] or lists, 250 a second.
function ddsp:decode(hz, loudness)
  hz, loudness = curves(hz, loudness)
  local y = require("genai").no_grad(decode, self, hz, loudness)
  return y:slice(2, 1, 1), y:slice(2, 2, HARMONICS + 1), y:slice(2, HARMONICS + 2)
end

local function level(x) return (x:softplus() * -math.log(10)):exp() * 2 + 1e-7 end           -- of -x: 2 sigmoid(x)^ln(10) + 1e-7

-- Where each frame's turn of the first harmonic begins, in radians: summed up as doubles, so that long tunes stay in tune.
local function beginnings(hz)
  local list, at, out = hz:totable(), 0.0, {}
  for i, f in ipairs(list) do
    out[i] = at
    at = (at + (2 * math.pi / ddsp.RATE) * (HOP * f + ((list[i + 1] or f) - f) * (HOP - 1) / 2)) % (2 * math.pi)
  end
  return core.tensor(out)
end

-- The sum of the harmonics for frames of n: hz, after (the next frame's pitch), start f32[n]; shares, shares_after f32[n,60] -> f32[n,64]
local function harmonics(hz, after, start, shares, shares_after)
  local n, j, k = hz:numel(), ops.arange(HOP):view(1, HOP), ops.arange(1, HARMONICS + 1)
  local f, slope = hz:view(n, 1), (after - hz):view(n, 1) / HOP
  local turn = start:view(n, 1) + (f * (j + 1) + slope * (j * (j + 1) / 2)) * (2 * math.pi / ddsp.RATE)
  turn = turn:remainder(2 * math.pi):view(n, HOP, 1) * k
  local waves = turn:sin() * ((f + slope * j):view(n, HOP, 1) * k):lt(ddsp.RATE / 2):to "f32"
  local both = waves:matmul(ops.stack({ shares, shares_after }, 3))                          -- [n,64,2]
  local rise = (1 - (j * (math.pi / HOP)):cos()) / 2
  return both:select(3, 1) * (1 - rise) + both:select(3, 2) * rise
end

-- White noise through each frame's bands: magnitudes f32[t,65] -> f32[64 t]
local function filtered(self, magnitudes, rng)
  local t = magnitudes.shape[1]
  local noise = (ops.rand(t, HOP, { rng = rng }) * 2 - 1):rfft(256)
  local filter = magnitudes:matmul(self.responses):rfft(256)
  local a, b, c, d = noise:select(3, 1), noise:select(3, 2), filter:select(3, 1), filter:select(3, 2)
  local frames = ops.stack({ a * c - b * d, a * d + b * c }, 3):irfft(256)
  local sum                                                                                  -- frames of 256 laid over each other every 64 samples
  for part = 0, 3 do
    local rows = frames:slice(2, part * HOP + 1, part * HOP + HOP):pad { 0, 0, part, 3 - part }
    sum = sum and sum + rows or rows
  end
  return sum:view(-1):slice(1, 63, 62 + t * HOP)
end

local function synthesise(self, hz, loudness, rng)
  local y, t = decode(self, hz, loudness), hz:numel()
  local k = ops.arange(1, HARMONICS + 1)
  local shares = level(-y:slice(2, 2, HARMONICS + 1)) * (hz:view(t, 1) * k):lt(self.RATE / 2):to "f32"
  shares = level(-y:slice(2, 1, 1)) * (shares / shares:sum(2, { keep = true }):clamp(1e-20))
  local noise = filtered(self, level(-(y:slice(2, HARMONICS + 2) - 5)), rng)
  local start, parts = beginnings(hz), {}
  local function next_of(x, from, to)
    local last = x:slice(1, math.min(to + 1, t), math.min(to + 1, t))
    return from < to and ops.cat({ x:slice(1, from + 1, to), last }, 1) or last
  end
  for from = 1, t, CHUNK do
    local to = math.min(t, from + CHUNK - 1)
    parts[#parts + 1] = harmonics(hz:slice(1, from, to), next_of(hz, from, to), start:slice(1, from, to), shares:slice(1, from, to), next_of(shares, from, to)):reshape(-1)
  end
  return ops.cat(parts, 1), noise
end

--- model:synthesise(hz, loudness, { seed = 0, parts = false }) -> sound, 16 kHz, as the net and the synthesiser give it: no room, no change of level. hz, loudness as decode.
-- parts: the harmonics and the noise as two sounds.
function ddsp:synthesise(hz, loudness, options)
  local o, audio = check("ddsp: synthesise", options, { seed = 0, parts = false }), require("genai").audio
  hz, loudness = curves(hz, loudness)
  local tones, noise = require("genai").no_grad(synthesise, self, hz, loudness, core.rng(o.seed, "ddsp"))
  if o.parts then return audio.from(tones, self.RATE), audio.from(noise, self.RATE) end
  return audio.from(tones + noise, self.RATE)
end

--- model:play(what, { seed = 0, room = 0.25, voice =, vibrato = 1, transpose = 0, loudness = 0, crepe = }) -> sound, 16 kHz, stereo, peak 0.9.
-- what: a tune (its line `voice`, or the highest notes; velocities are dynamics), or a sound of one voice, whose pitch crepe hears (default: the model crepe-tiny) and whose
-- loudness is kept. room: how much of it; vibrato: its depth for tunes; transpose in semitones (12 lifts a voice to a violin); loudness: dB more or less.
function ddsp:play(what, options)
  local o = check("ddsp: play", options, { seed = 0, room = 0.25, voice = false, vibrato = 1, transpose = 0, loudness = 0, crepe = false })
  local phrase = require "genai.tune.phrase"
  local hz, loudness
  if type(what) == "table" and what.notes then hz, loudness = phrase.of_tune(what, { voice = o.voice or nil, vibrato = o.vibrato })
  elseif type(what) == "table" and core.is_tensor(what.samples) then hz, loudness = phrase.of_sound(what, o.crepe or require("genai").model "crepe-tiny")
  else fail("what is to be played is a %s, wanted a tune or a sound", type(what)) end
  local dry = self:synthesise(hz * 2 ^ (o.transpose / 12), (loudness + o.loudness):clamp(-120, 0), { seed = o.seed }):normalise(0.9)
  local out = o.room > 0 and dry:reverb { mix = o.room, seed = o.seed }:normalise(0.9) or dry
  out.recipe = { kind = "ddsp/" .. self.variant, seed = o.seed, room = o.room, vibrato = o.vibrato, transpose = o.transpose, from = what.recipe }
  return out
end

return ddsp
