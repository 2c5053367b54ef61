--- musicvae-mel-decoder: two bars of melody from a point z of a space of melodies (Roberts et al. 2018, "A Hierarchical Latent Vector Model for Learning Long-Term
-- Structure in Music"). Source: Magenta's mel_small as shipped with googlecreativelab/melody-mixer; the decoder alone. Input: z f32[256], normal with a scale of 0.4 to
-- 0.6 (a whole normal draw gives restless tunes). Result: 32 sixteenths of 90 symbols: 0 goes on, 1 ends a note, k >= 2 begins MIDI pitch k + 19.
-- Net: dense 256 -> 4 x 256, tanh: the states; LSTM 256 of [last symbol 90, z 256], LSTM 256, dense 90.
-- Details that have caused bugs: the states are c, h of the first layer, then c, h of the second (the cell comes first); gates are i, j, f, o with 1 added to f; the
-- kernel's rows are last symbol, z, h; before the first symbol there are zeros, not a symbol; z enters at every step.
local core = require "genai.core"
local weights = require "genai.models.weights"
local cells = require "genai.models.cells"
local sample = require "genai.sample"
local steps = require "genai.tune.steps"
local check = require "genai.nn.options"
local ops = core.ops
local vae = { STEPS = 32, SYMBOLS = 90, about = "two bars of melody from a latent point; blends tunes", licence = "Apache-2.0", paper = "Roberts et al. 2018" }
vae.__index, vae.__name = vae, "musicvae"
local H, Z, LOWEST = 256, 256, 21

local function fail(format, ...) core.fail("musicvae: " .. format:format(...)) end

function vae:__tostring() return "musicvae: model:sample { seed = }, model:encode(tune), model:decode(z), model:interpolate(a, b, n)" end

--- musicvae_mel_decoder.load(folder) -> model: model:decode(z), :encode(tune), :interpolate(a, b, n), :sample{ scale = 0.5 }.
function vae.load(folder)
  local tensors, path = weights.safetensors(folder, "mel_small_decoder.safetensors")
  local function take(name, ...) return weights.take(tensors, path, "decoder/" .. name, ...) end
  local self = setmetatable({}, vae)
  for layer, inputs in ipairs { vae.SYMBOLS + Z, H } do
    local name = ("multi_rnn_cell/cell_%d/lstm_cell/"):format(layer - 1)
    local kernel = take(name .. "kernel", inputs + H, 4 * H)
    self[layer] = cells.lstm(kernel:slice(1, 1, inputs), kernel:slice(1, inputs + 1, inputs + H), take(name .. "bias", 4 * H), "basic")
  end
  self.start, self.start_bias = weights.dense(tensors, path, "decoder/z_to_initial_state/kernel", Z, 4 * H), take("z_to_initial_state/bias", 4 * H)
  self.dense, self.bias = weights.dense(tensors, path, "decoder/output_projection/kernel", H, vae.SYMBOLS), take("output_projection/bias", vae.SYMBOLS)
  return self
end

-- z[n,256] -> the states { h, c } of both layers
local function begin(self, z)
  local s = z:linear(self.start, self.start_bias):tanh():view(z.shape[1], 4, H):transpose(1, 2):contiguous()
  return { ops.cat({ s[2], s[4] }, 1):view(2, -1, H), ops.cat({ s[1], s[3] }, 1):view(2, -1, H) }
end

--- model:logits(z, symbols) -> f32[32,n,90]: what the net thinks of each step when the steps before are `symbols` i32[32,n]. z f32[n,256]. Differentiable.
function vae:logits(z, symbols)
  local n = z.shape[1]
  local before = ops.cat({ ops.zeros(1, n, self.SYMBOLS), symbols:slice(1, 1, self.STEPS - 1):one_hot(self.SYMBOLS) }, 1)
  local x = ops.cat({ before, z:view(1, n, Z):expand(self.STEPS, n, Z) }, 3)
  return x:lstm(begin(self, z), { self[1], self[2] }):linear(self.dense, self.bias)
end

local function points(z)
  if not core.is_tensor(z) then fail("z is a %s, wanted f32[256] or f32[n,256]", type(z)) end
  local s = z.shape
  if #s < 1 or #s > 2 or s[#s] ~= Z or z:numel() == 0 then fail("z is %s[%s], wanted f32[256] or f32[n,256]", z.dtype, table.concat(s, ",")) end
  return z:to "f32":contiguous():view(-1, Z), #s == 1
end

-- the symbols of n points as n lists
local function run(self, z, temperature, rng)
  local n, state = z.shape[1], begin(self, z)
  local last, lists, y = ops.zeros(n, self.SYMBOLS), {}, nil
  for i = 1, n do lists[i] = {} end
  for step = 1, self.STEPS do
    y, state = ops.cat({ last, z }, 2):view(1, n, self.SYMBOLS + Z):lstm(state, { self[1], self[2] })
    local logits = y:view(n, H):linear(self.dense, self.bias)
    local ids = temperature == 0 and logits:argmax(2) or (logits / temperature):softmax(2):multinomial(1, { rng = rng }):view(n)
    last = ids:one_hot(self.SYMBOLS)
    for i, id in ipairs(ids:totable()) do lists[i][step] = id end
  end
  return lists
end

local decoding = { temperature = 0, seed = 0, tempo = 110, voice = "piano", recipe = false }

--- model:symbols(z, { temperature = 0, seed = 0 }) -> a list of 32 numbers for z f32[256], a list of such lists for f32[n,256].
function vae:symbols(z, options)
  local o = check("musicvae: symbols", options, decoding)
  if type(o.temperature) ~= "number" or not (o.temperature >= 0 and o.temperature <= 100) then fail("temperature is %s, wanted a number in 0..100", tostring(o.temperature)) end
  local rows, one = points(z)
  local lists = require("genai").no_grad(run, self, rows, o.temperature, core.rng(o.seed, "musicvae"))
  return one and lists[1] or lists
end

--- model:decode(z, { temperature = 0, seed = 0, tempo = 110, voice = "piano" }) -> a tune of two bars for z f32[256], a list of tunes for f32[n,256]. Temperature 0 takes
-- the likeliest symbol at each step.
function vae:decode(z, options)
  local o = check("musicvae: decode", options, decoding)
  local rows, one = points(z)
  local out = {}
  for i, list in ipairs(self:symbols(rows, o)) do
    local melody = {}
    for at, id in ipairs(list) do melody[at] = id == 0 and "_" or id == 1 and "r" or id - 2 + LOWEST end
    local recipe = { kind = "musicvae-mel-decoder", temperature = o.temperature, seed = o.seed, index = i, from = o.recipe or nil, z = not o.recipe and rows[i]:totable() or nil }
    out[i] = steps.tune(melody, { tempo = o.tempo, voice = o.voice, seed = o.seed, recipe = recipe })
    out[i].bars = 2
  end
  return one and out[1] or out
end

-- a tune's first two bars as symbols
local function symbols_of(tune)
  local list, out = steps.of(tune), {}
  for at = 1, vae.STEPS do
    local s = list[at] or (at == #list + 1 and "r" or "_")
    out[at] = s == "_" and 0 or s == "r" and 1 or s - LOWEST + 2
    if out[at] < 0 or out[at] >= vae.SYMBOLS then fail("step %d is pitch %s, wanted 21..108", at, tostring(s)) end
  end
  return out
end

--- model:encode(tune, { steps = 200, tries = 4, seed = 0, lr = 0.1 }) -> z f32[256], the share of the 32 steps that decode(z) gives back.
-- The encoder's weights are not published with the decoder's: z is looked for by gradient descent through the decoder (Adam, `tries` starts at once, the best is kept), with
-- a pull towards 0 so that blends stay in the space. tune as genai.tune.steps takes it: a tune (its first two bars), notes, or a text of sixteenths.
function vae:encode(tune, options)
  local o = check("musicvae: encode", options, { steps = 200, tries = 4, seed = 0, lr = 0.1 })
  if math.type(o.tries) ~= "integer" or o.tries < 1 or o.tries > 256 then fail("tries is %s, wanted a whole number in 1..256", tostring(o.tries)) end
  local wanted, rows = symbols_of(tune), {}
  for at = 1, self.STEPS do
    rows[at] = {}
    for i = 1, o.tries do rows[at][i] = wanted[at] end
  end
  local target = core.tensor(rows, { dtype = "i32" })
  local z = (ops.randn(o.tries, Z, { rng = core.rng(o.seed, "musicvae") }) * 0.1):requires_grad_()
  local adam = require("genai").optim.adam({ z }, { lr = o.lr })
  for _ = 1, o.steps do
    adam:step(function()
      local logits = self:logits(z, target)
      return logits:view(-1, self.SYMBOLS):cross_entropy(target:view(-1), { reduce = "sum" }) / self.STEPS + z:square():sum() * 1e-3
    end)
  end
  z = z:detach()
  local best, most = 1, -1
  for i, list in ipairs(self:symbols(z)) do
    local same = 0
    for at = 1, self.STEPS do same = same + (list[at] == wanted[at] and 1 or 0) end
    if same > most then best, most = i, same end
  end
  return z[best]:clone(), most / self.STEPS
end

--- model:interpolate(a, b, n = 5, options) -> a list of n tunes from a to b, each two bars. a and b: tunes, or points f32[256]; the way is the arc between them. Options as
-- model:decode.
function vae:interpolate(a, b, n, options)
  n = n or 5
  if math.type(n) ~= "integer" or n < 2 or n > 1000 then fail("n is %s, wanted a whole number in 2..1000", tostring(n)) end
  local from = core.is_tensor(a) and points(a)[1] or self:encode(a)
  local to = core.is_tensor(b) and points(b)[1] or self:encode(b)
  local rows = {}
  for i = 1, n do rows[i] = from:slerp(to, (i - 1) / (n - 1)) end
  return self:decode(ops.stack(rows), options)
end

--- model:sample{ n = 1, scale = 0.5, seed = 0, temperature = 0, tempo = 110, voice = "piano" } -> a tune, or a list of n tunes where n is above 1, of random points.
function vae:sample(options)
  local o = check("musicvae: sample", options, { n = 1, scale = 0.5, seed = 0, temperature = 0, tempo = 110, voice = "piano" })
  if math.type(o.n) ~= "integer" or o.n < 1 or o.n > 10000 then fail("n is %s, wanted a whole number in 1..10000", tostring(o.n)) end
  local z = ops.randn(o.n, Z, { rng = core.rng(o.seed, "musicvae z") }) * o.scale
  local tunes = self:decode(z, { seed = o.seed, temperature = o.temperature, tempo = o.tempo, voice = o.voice, recipe = { kind = "z", n = o.n, scale = o.scale, seed = o.seed } })
  return o.n == 1 and tunes[1] or tunes
end

return vae
