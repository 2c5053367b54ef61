--- crepe-tiny: the pitch of a voice or of one instrument (Kim, Salamon, Li and Bello 2018, "CREPE: A Convolutional Representation for Pitch Estimation").
-- Source: ml5js/ml5-data-and-models (tfjs layers). Input: frames of 1,024 samples at 16 kHz; result: 360 bins of 20 cents from 32.70 Hz on, each with its salience 0..1.
-- Net: six times conv, relu, batch norm, max pool 2 (the first 512 taps, stride 4; the others 64), dense, sigmoid.
-- Details that have caused bugs: each frame is shifted to mean 0 and scaled to deviation 1; the sound has 512 zeros before it, so that frame i lies around i * hop; norms
-- come after the relu, eps 1e-3; "same" padding of 64 taps is 31 before and 32 after; bins are 1997.3794 + 20 i cents above 10 Hz; a pitch is the mean of the 9 bins
-- around the highest, weighted by salience.
local core = require "genai.core"
local weights = require "genai.models.weights"
local check = require "genai.nn.options"
local ops = core.ops
local crepe = { RATE = 16000, FRAME = 1024, BINS = 360, about = "the pitch of a voice", licence = "MIT", paper = "Kim et al. 2018" }
crepe.__index, crepe.__name = crepe, "crepe"
local BATCH, FIRST_CENTS, STEP_CENTS = 32, 1997.3794084376191, 20

local function fail(format, ...) core.fail("crepe: " .. format:format(...)) end

function crepe:__tostring() return "crepe: model:pitch(sound, { viterbi = }) -> times, hz, confidence; model:salience(sound)" end

--- crepe_tiny.load(folder) -> model: model:pitch(sound), model:salience(sound).
function crepe.load(folder)
  local tensors, path = weights.safetensors(folder, "crepe_tiny.safetensors")
  local self, inputs = setmetatable({}, crepe), 1
  for i = 1, 6 do
    local name, taps = "crepe_conv" .. i, i == 1 and 512 or 64
    local w = weights.take(tensors, path, name .. "/kernel", taps, 1, inputs, 0)
    local n = w.shape[4]
    local function take(part) return weights.take(tensors, path, name .. part, n) end
    local scale = take "_BN/gamma" / (take "_BN/moving_variance" + 1e-3):sqrt()
    self[i] = { weight = w:view(taps, inputs, n):permute(3, 2, 1):contiguous(), bias = take "/bias", scale = scale:view(1, n, 1), shift = (take "_BN/beta" - take "_BN/moving_mean" * scale):view(1, n, 1),
      rising = scale:min():item() > 0, pads = i == 1 and { 254, 254 } or { 31, 32 }, options = { stride = i == 1 and 4 or 1, act = "relu" } }
    if self[i].rising then                                   -- relu(z) s = relu(z s): the norm's factor goes into the convolution
      self[i].weight, self[i].bias = (self[i].weight * scale:view(n, 1, 1)):contiguous(), self[i].bias * scale
    end
    inputs = n
  end
  self.dense, self.bias = weights.dense(tensors, path, "crepe_classifier/kernel", 4 * inputs, crepe.BINS), weights.take(tensors, path, "crepe_classifier/bias", crepe.BINS)
  return self
end

--- model(frames) -> salience f32[n,360] of frames f32[n,1024] at 16 kHz.
function crepe:__call(frames)
  local n, x = frames.shape[1], frames
  x = x - x:mean(2, { keep = true })
  x = (x / x:std(2, { keep = true, unbiased = false }):clamp(1e-8)):view(n, 1, self.FRAME)
  for i = 1, 6 do
    local layer = self[i]
    local padded <close>, before = x:pad(layer.pads), x
    local y <close> = padded:conv1d(layer.weight, layer.bias, layer.options)
    if layer.rising then
      local highest <close> = y:max_pool1d(2)
      x = highest + layer.shift
    else x = (y * layer.scale + layer.shift):max_pool1d(2) end
    before:release()
  end
  return x:transpose(2, 3):reshape(n, -1):linear(self.dense, self.bias):sigmoid()
end

local function frames_of(sound, hop)
  local x = require("genai").audio.from(sound):mono():resample(crepe.RATE):tensor():view(-1)
  local step = math.floor(crepe.RATE * hop + 0.5)
  if step < 1 or step > 1e6 then fail("hop is %s, wanted seconds in 0.0001..60", tostring(hop)) end
  local n = x:numel() // step + 1
  return x:pad { crepe.FRAME // 2, math.max(0, (n - 1) * step + crepe.FRAME // 2 - x:numel()) }:unfold(1, crepe.FRAME, step), n, step / crepe.RATE
end

--- model:salience(sound, { hop = 0.01 }) -> f32[n,360]: how strongly each bin of 20 cents sounds, every hop seconds. sound: any rate, any number of channels.
function crepe:salience(sound, options)
  local hop = check("crepe: salience", options, { hop = 0.01 }).hop
  if type(sound) ~= "table" or not core.is_tensor(sound.samples) then fail("the sound is a %s, wanted a sound", type(sound)) end
  if type(hop) ~= "number" then fail("hop is a %s, wanted seconds", type(hop)) end
  return require("genai").no_grad(function()
    local frames, n = frames_of(sound, hop)
    local parts = {}
    for at = 1, n, BATCH do parts[#parts + 1] = self(frames:slice(1, at, math.min(n, at + BATCH - 1)):contiguous()) end
    return ops.cat(parts, 1)
  end)
end

-- The likeliest way through the bins (Viterbi 1967), as the original: a step goes up to 11 bins, the nearer the likelier; a frame's highest bin is seen with 0.1 more
-- probability in its own state than in any other. best i32[n] -> list of n bins from 0.
local function smooth(best)
  local n, bins, reach = best:numel(), crepe.BINS, 11
  local offset, from = ops.arange(-reach, reach + 1), ops.arange(bins):view(bins, 1)
  local share = (12 - (from - ops.arange(bins):view(1, bins)):abs()):clamp(0):sum(2)          -- what a row of transitions adds up to
  local log_share = share:log():pad({ reach, reach }, { mode = "replicate" })
  local moves = (12 - offset:abs()):log():view(1, -1) - log_share:unfold(1, 2 * reach + 1, 1)
  local seen = ops.eye(bins) * 0.1 + 0.9 / bins
  local emission = seen:log():index_select(1, best)
  local score, back = emission[1] - math.log(bins), {}
  for t = 2, n do
    local value, which = (score:pad({ reach, reach }, { value = -1e30 }):unfold(1, 2 * reach + 1, 1) + moves):max(2)
    score, back[t] = value + emission[t], which
  end
  local path = { [n] = score:argmax():item() }
  for t = n, 2, -1 do path[t - 1] = path[t] + back[t][path[t] + 1]:item() - reach end
  return path
end

--- model:pitch(sound, { hop = 0.01, viterbi = false }) -> times, hz, confidence: f32[n] each. Every hop seconds: the middle of the frame in seconds, its pitch, and how sure
-- the net is that there is one (0..1; below 0.5 there is mostly none). viterbi: the smoothest likely way instead of each frame's highest bin.
function crepe:pitch(sound, options)
  local o = check("crepe: pitch", options, { hop = 0.01, viterbi = false })
  local salience = self:salience(sound, { hop = o.hop })
  return require("genai").no_grad(function()
    local n, bins = salience.shape[1], self.BINS
    local best = salience:argmax(2)
    if o.viterbi then best = core.tensor(smooth(best), { dtype = "i32" }) end
    local index = best:view(n, 1) + ops.arange(-4, 5, { dtype = "i32" }):view(1, 9)
    local inside = index:ge(0):logical_and(index:lt(bins))
    index = index:clamp(0, bins - 1)
    local share = salience:gather(2, index) * inside:to "f32"
    local cents = (share * (index:to "f32" * STEP_CENTS)):sum(2) / share:sum(2):clamp(1e-30) + FIRST_CENTS
    local confidence = salience:gather(2, best:view(n, 1)):view(n)
    return ops.arange(n) * (math.floor(self.RATE * o.hop + 0.5) / self.RATE), (cents * (math.log(2) / 1200)):exp() * 10, confidence
  end)
end

return crepe
