--- amp-models: guitar amplifiers as networks, in two file formats: .nam (Neural Amp Modeler, Atkinson 2022: WaveNet and LSTM) and .json (SmartGuitarAmp, GuitarML 2020:
-- WaveNet, after Damskägg et al. 2019, "Deep Learning for Tube Amplifier Emulation"; Wright et al. 2019 for LSTMs).
-- Input and result: samples in about -1..1, one channel, at the rate the amplifier was recorded with (48 kHz unless said; SmartGuitarAmp: 44.1 kHz).
-- WaveNet: 1x1 into channels; for each layer a causal dilated convolution, the dry sample mixed in (.nam), tanh or tanh * sigmoid, 1x1 and added to what goes on; the
-- activations of all layers make the result.
-- Details that have caused bugs: .nam weights are one list: per array rechannel, per layer conv (out, in, tap) and bias, mixin, 1x1 and bias, then the head's; the second array's
-- head begins with the first one's; head_scale comes last in the list and wins over the config's. SmartGuitarAmp keeps kernels as (tap, in, out) and numbers as texts, joins
-- the layers' activations into one row of channels for its last 1x1, and scales nothing but the level of the input that "level_adjust" stands for (a knob: not used).
local core = require "genai.core"
local files = require "genai.models.amp_file"
local check = require "genai.nn.options"
local ops = core.ops
local amp = { variants = { "bluej_clean_p0088", "bluej_fullD_p0153", "wavenet_a1_standard" }, about = "guitar amplifiers", licence = "Apache-2.0 (bluej), MIT (wavenet)", paper = "Damskägg et al. 2019; Wright et al. 2019" }
amp.__index, amp.__name = amp, "amp"
local BLOCK = 16384

local function fail(format, ...) core.fail(format:format(...)) end

function amp:__tostring() return ("amp %s (%s): model:play(sound, { drive =, level = }), model:stream() -> function(block) -> block"):format(self.name, self.kind) end

--- amp_models.load(folder_or_file, variant) -> model. A folder's `variant` (.nam or .json), the first one unless said; or the file. Fields: kind ("WaveNet" or "LSTM"), rate in Hz.
function amp.load(path, variant)
  if type(path) ~= "string" then fail("load: path is a %s, wanted a string", type(path)) end
  if not path:match "%.nam$" and not path:match "%.json$" then
    local base = path .. "/" .. (variant or amp.variants[1])
    path = core.exists(base .. ".nam") and base .. ".nam" or base .. ".json"
  end
  if not core.exists(path) then fail("there is no %s", path) end
  local json = core.json.decode(core.read(path))
  if type(json) ~= "table" then fail("%s holds a %s, wanted an amplifier", path, type(json)) end
  local self = setmetatable(json.architecture and files.nam(json, path) or files.smart(json, path), amp)
  self.name = path:match "([^/]+)%.%w+$"
  return self
end

-- ---- playing ----

-- One array over x f32[1,c,n]: past holds what each convolution needs of the samples before. -> what goes on, what goes to the head
local function array_over(array, x, dry, head, past)
  local sum = head
  x = x:conv1d(array.into, array.into_bias)
  for i, layer in ipairs(array.layers) do
    local long = ops.cat({ past[i], x }, 3)
    local reach, n = past[i].shape[3], x.shape[3]
    past[i] = reach > 0 and long:slice(3, n + 1, n + reach):clone() or past[i]
    local z = long:conv1d(layer.weight, layer.bias, { dilation = layer.dilation })
    if layer.mix then z = z + dry:conv1d(layer.mix) end
    if array.gated then z = z:slice(2, 1, array.channels)[array.act](z:slice(2, 1, array.channels)) * z:slice(2, array.channels + 1):sigmoid() else z = z[array.act](z) end
    local share = layer.head and z:conv1d(layer.head) or z
    sum = sum and sum + share or share
    x = x + z:conv1d(layer.out, layer.out_bias)
  end
  if array.head then return x, sum:conv1d(array.head, array.head_bias) end
  return x, sum + array.head_bias:view(1, 1, 1)
end

--- model:stream() -> play, a function block f32[n] -> f32[n] that remembers what came before: blocks of any sizes give what the whole gives in one. play(nil) begins anew.
function amp:stream()
  local state
  local function begin()
    state = {}
    if self.kind == "LSTM" then
      for i, s in ipairs(self.first) do state[i] = { s[1]:view(1, 1, -1), s[2]:view(1, 1, -1) } end
    else
      for a, array in ipairs(self.arrays) do
        state[a] = {}
        for i, layer in ipairs(array.layers) do state[a][i] = ops.zeros(1, array.channels, (layer.kernel - 1) * layer.dilation) end
      end
    end
  end
  begin()
  local function run(block)
    if self.kind == "LSTM" then
      local y = block:view(-1, 1, 1)
      for i, cell in ipairs(self.cells) do y, state[i] = y:lstm(state[i], { cell }) end
      return y:view(y.shape[1], -1):linear(self.head, self.head_bias):view(-1)
    end
    local dry, head = block:view(1, 1, -1), nil
    local x = dry
    for a, array in ipairs(self.arrays) do x, head = array_over(array, x, dry, head, state[a]) end
    return (head * self.scale):view(-1)
  end
  return function(block)
    if block == nil then return begin() end
    if not core.is_tensor(block) or #block.shape ~= 1 then fail("amp: a block is %s, wanted a tensor f32[samples]", core.is_tensor(block) and block.dtype .. "[" .. table.concat(block.shape, ",") .. "]" or "a " .. type(block)) end
    if block:numel() == 0 then return block end
    return require("genai").no_grad(run, block:to "f32":contiguous())
  end
end

--- model:play(sound, { drive = 1, level = 1, block = 16384 }) -> sound through the amplifier, one channel at the model's rate. drive: how much louder the guitar comes in.
function amp:play(sound, options)
  local o = check("amp: play", options, { drive = 1, level = 1, block = BLOCK })
  if type(sound) ~= "table" or not core.is_tensor(sound.samples) then fail("amp: the sound is a %s, wanted a sound", type(sound)) end
  if math.type(o.block) ~= "integer" or o.block < 1 then fail("amp: block is %s, wanted a whole number of samples", tostring(o.block)) end
  local audio = require("genai").audio
  local x, play, parts = sound:mono():resample(self.rate):tensor():view(-1) * o.drive, self:stream(), {}
  for from = 1, x:numel(), o.block do parts[#parts + 1] = play(x:slice(1, from, math.min(x:numel(), from + o.block - 1))) end
  local out = audio.from(#parts > 0 and ops.cat(parts, 1) * o.level or x, self.rate)
  out.recipe = { kind = "amp", model = self.name, drive = o.drive, level = o.level, from = sound.recipe }
  return out
end

return amp
