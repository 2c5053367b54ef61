--- Files of guitar amplifiers: .nam (Neural Amp Modeler) and .json (SmartGuitarAmp), read into layers that amp_models plays. Files are hostile: all is checked first.
local core = require "genai.core"
local ops = core.ops
local files = {}
local MOST = 4000000

local function fail(format, ...) core.fail(format:format(...)) end

local function whole(path, what, v, low, high)
  if math.type(v) == "float" and math.tointeger(v) then v = math.tointeger(v) end
  if math.type(v) ~= "integer" or v < low or v > high then fail("%s: %s is %s, wanted a whole number in %d..%d", path, what, tostring(v), low, high) end
  return v
end

local function dilations_of(path, list)
  if type(list) ~= "table" or #list < 1 or #list > 64 then fail("%s: dilations are not a list of 1 to 64 numbers", path) end
  local out = {}
  for i, d in ipairs(list) do out[i] = whole(path, "dilation " .. i, d, 1, 65536) end
  return out
end

-- Numbers in order out of one list: take(d1, d2, ..) -> f32[d1,d2,..].
local function taker(path, list)
  if type(list) ~= "table" or #list < 1 or #list > MOST then fail("%s: weights are not a list of 1 to %d numbers", path, MOST) end
  local numbers = {}
  for i, x in ipairs(list) do
    local number = tonumber(x)
    if not number or number ~= number or math.abs(number) > 1e30 then fail("%s: weight %d is %s, wanted a number", path, i, tostring(x)) end
    numbers[i] = number + 0.0
  end
  local all, at = core.tensor(numbers), 1
  return function(...)
    local size = 1
    for _, d in ipairs { ... } do size = size * d end
    if at + size - 1 > #numbers then fail("%s: %d weights, wanted more: number %d is missing", path, #numbers, at + size - 1) end
    at = at + size
    return all:slice(1, at - size, at - 1):view(...)
  end, function()
    if at ~= #numbers + 1 then fail("%s: %d weights, wanted %d", path, #numbers, at - 1) end
  end
end

local function nam_array(path, c, take)
  local channels, kernel = whole(path, "channels", c.channels, 1, 256), whole(path, "kernel_size", c.kernel_size, 1, 64)
  local inputs, head, gated = whole(path, "input_size", c.input_size, 1, 256), whole(path, "head_size", c.head_size, 1, 256), c.gated == true
  if c.condition_size ~= 1 then fail("%s: condition_size is %s, wanted 1", path, tostring(c.condition_size)) end
  if c.activation ~= "Tanh" and c.activation ~= "ReLU" then fail("%s: activation is \"%s\", wanted Tanh or ReLU", path, tostring(c.activation)) end
  local wide = gated and 2 * channels or channels
  local array = { into = take(channels, inputs, 1), gated = gated, act = c.activation == "Tanh" and "tanh" or "relu", channels = channels, inputs = inputs, head_size = head, layers = {} }
  for i, d in ipairs(dilations_of(path, c.dilations)) do
    array.layers[i] = { weight = take(wide, channels, kernel), bias = take(wide), dilation = d, kernel = kernel, mix = take(wide, 1, 1), out = take(channels, channels, 1), out_bias = take(channels) }
  end
  array.head, array.head_bias = take(head, channels, 1), c.head_bias and take(head) or nil
  return array
end

--- files.nam(json, path) -> { kind, rate, arrays, scale } or { kind, rate, cells, first, head, head_bias }
function files.nam(json, path)
  local config = json.config
  if type(config) ~= "table" then fail("%s lacks \"config\"", path) end
  local take, done = taker(path, json.weights)
  local self = { rate = json.sample_rate and whole(path, "sample_rate", json.sample_rate, 8000, 384000) or 48000 }
  if json.architecture == "WaveNet" then
    if type(config.layers) ~= "table" or #config.layers < 1 or #config.layers > 16 then fail("%s: layers are not a list of 1 to 16 arrays", path) end
    if type(config.head) == "table" then fail("%s: a WaveNet with a head of its own is not read", path) end
    self.kind, self.arrays = "WaveNet", {}
    for i, c in ipairs(config.layers) do
      local array, before = nam_array(path, c, take), self.arrays[i - 1]
      if before and (array.inputs ~= before.channels or before.head_size ~= array.channels) or not before and array.inputs ~= 1 then fail("%s: array %d does not fit the one before", path, i) end
      self.arrays[i] = array
    end
    if self.arrays[#self.arrays].head_size ~= 1 then fail("%s: the last head gives %d channels, wanted 1", path, self.arrays[#self.arrays].head_size) end
    self.scale = take(1):item()
  elseif json.architecture == "LSTM" then
    local layers, h, inputs = whole(path, "num_layers", config.num_layers, 1, 16), whole(path, "hidden_size", config.hidden_size, 1, 1024), whole(path, "input_size", config.input_size, 1, 1)
    self.kind, self.cells, self.first = "LSTM", {}, {}
    for i = 1, layers do
      local n = i == 1 and inputs or h
      local w = take(4 * h, n + h)                                           -- one matrix for input and state, gates i, f, g, o
      self.cells[i] = { w:slice(2, 1, n):contiguous(), w:slice(2, n + 1, n + h):contiguous(), take(4 * h), ops.zeros(4 * h) }
      self.first[i] = { take(h), take(h) }
    end
    self.head, self.head_bias = take(1, h), take(1)
  else
    fail("%s: the architecture is \"%s\", wanted WaveNet or LSTM", path, tostring(json.architecture))
  end
  done()
  return self
end

--- files.smart(json, path) -> { kind, rate, arrays, scale }. One array; variables W, b, then W_conv, b_conv, W_out, b_out of each layer, then W, b.
function files.smart(json, path)
  local channels, kernel = whole(path, "residual_channels", json.residual_channels, 1, 256), whole(path, "filter_width", json.filter_width, 1, 64)
  if json.input_channels ~= 1 or json.output_channels ~= 1 then fail("%s: input_channels and output_channels are %s and %s, wanted 1", path, tostring(json.input_channels), tostring(json.output_channels)) end
  if json.activation ~= "gated" and json.activation ~= "tanh" and json.activation ~= "relu" then fail("%s: activation is \"%s\", wanted gated, tanh or relu", path, tostring(json.activation)) end
  local gated, dilations, variables, at = json.activation == "gated", dilations_of(path, json.dilations), json.variables, 0
  if type(variables) ~= "table" then fail("%s lacks \"variables\"", path) end
  local function take(name, ...)                                             -- (tap, in, out) -> f32[out,in,tap]
    at = at + 1
    local v, shape = variables[at], { ... }
    if type(v) ~= "table" or v.name ~= name then fail("%s: variable %d is \"%s\", wanted \"%s\"", path, at, tostring(type(v) == "table" and v.name), name) end
    local get, done = taker(path .. ": variable " .. at, v.data)
    local t = get(...)
    done()
    return #shape == 3 and t:permute(3, 2, 1):contiguous() or t
  end
  local wide = gated and 2 * channels or channels
  local array = { into = take("W", 1, 1, channels), into_bias = take("b", channels), gated = gated, act = json.activation == "relu" and "relu" or "tanh", channels = channels, layers = {} }
  for i, d in ipairs(dilations) do
    array.layers[i] = { weight = take("W_conv", kernel, channels, wide), bias = take("b_conv", wide), dilation = d, kernel = kernel, out = take("W_out", 1, channels, channels), out_bias = take("b_out", channels) }
  end
  local head = take("W", 1, channels * #dilations, 1)
  for i, layer in ipairs(array.layers) do layer.head = head:slice(2, (i - 1) * channels + 1, i * channels):contiguous() end
  array.head_bias = take("b", 1)
  return { kind = "WaveNet", rate = 44100, arrays = { array }, scale = 1 }
end

return files
