--- Layers. Weights start as PyTorch's do, from the default random stream (genai.seed).
local core = require "genai.core"
local ops = core.ops
local walk = require "genai.nn.walk"
local options_of = require "genai.nn.options"
local layers = {}

local function whole(what, name, x, least)
  if math.type(x) ~= "integer" or x < least then error(("%s: %s is %s, wanted a whole number of %d or more"):format(what, name, tostring(x), least), 4) end
  return x
end

local function uniform(bound, ...) return walk.parameter((ops.rand(...) * 2 - 1) * bound) end
local function bound_of(fan_in) return fan_in > 0 and 1 / math.sqrt(fan_in) or 0 end

-- The options of an op's call, only those that differ from its defaults.
local function call_options(options, names, defaults)
  local out, any = {}, false
  for _, name in ipairs(names) do
    if options[name] ~= defaults[name] then out[name], any = options[name], true end
  end
  return any and out or nil
end

-- ---- linear, embedding ----
local linear = walk.module("linear", function(self, x) return x:linear(self.weight, self.bias) end,
  function(self) return ("%d -> %d%s"):format(self.weight.shape[2], self.weight.shape[1], self.bias and "" or ", no bias") end)

--- nn.linear(inputs, outputs, { bias = true }) -> x[..,inputs] -> [..,outputs].
-- > nn.linear(2, 3)(genai.ones(4, 2)).shape[2] == 3
function layers.linear(inputs, outputs, options)
  whole("nn.linear", "inputs", inputs, 0)
  whole("nn.linear", "outputs", outputs, 0)
  options = options_of("nn.linear", options, { bias = true })
  local bound = bound_of(inputs)
  local self = { weight = uniform(bound, outputs, inputs) }
  if options.bias then self.bias = uniform(bound, outputs) end
  return setmetatable(self, linear)
end

local embedding = walk.module("embedding", function(self, index) return index:embedding(self.weight) end,
  function(self) return ("%d of %d"):format(self.weight.shape[1], self.weight.shape[2]) end)

--- nn.embedding(count, size) -> index i[..] (from 0) -> [..,size]. Starts from the standard normal distribution.
function layers.embedding(count, size)
  whole("nn.embedding", "count", count, 1)
  whole("nn.embedding", "size", size, 1)
  return setmetatable({ weight = walk.parameter(ops.randn(count, size)) }, embedding)
end

-- ---- convolutions ----
local conv_defaults = { stride = 1, pad = 0, pad_mode = "zero", dilation = 1, groups = 1, out_pad = 0 }

local function numbers(k, dims)
  local out = {}
  for i = 1, dims do out[i] = type(k) == "table" and k[i] or k end
  return out
end

-- op: the op's name; transposed kernels are [in, out/groups, ..], plain ones [out, in/groups, ..].
local function convolution(name, op, dims, transposed)
  local run = ops[op]
  local kind = walk.module(name, function(self, x) return run(x, self.weight, self.bias, self.options) end, function(self)
    local s, last = self.weight.shape, {}
    for i = 3, #s do last[#last + 1] = s[i] end
    return ("%d -> %d, %s"):format(self.inputs, self.outputs, table.concat(last, "x"))
  end)
  layers[name] = function(inputs, outputs, size, options)
    local what = "nn." .. name
    whole(what, "inputs", inputs, 1)
    whole(what, "outputs", outputs, 1)
    local accepted = { bias = true, stride = 1, pad = 0, dilation = 1, groups = 1 }
    accepted[transposed and "out_pad" or "pad_mode"] = transposed and 0 or "zero"
    options = options_of(what, options, accepted)
    local g = whole(what, "groups", options.groups, 1)
    if inputs % g ~= 0 or outputs % g ~= 0 then error(("%s: groups is %d, wanted a divisor of %d inputs and %d outputs"):format(what, g, inputs, outputs), 2) end
    local k = numbers(size, dims)
    local field = 1
    for i = 1, dims do field = field * whole(what, "size", k[i], 1) end
    local first, second = outputs, inputs // g
    if transposed then first, second = inputs, outputs // g end
    local bound = bound_of(second * field)
    local self = { inputs = inputs, outputs = outputs, weight = uniform(bound, first, second, table.unpack(k)) }
    if options.bias then self.bias = uniform(bound, outputs) end
    self.options = call_options(options, { "stride", "pad", transposed and "out_pad" or "pad_mode", "dilation", "groups" }, conv_defaults)
    return setmetatable(self, kind)
  end
end

--- nn.conv1d(inputs, outputs, size, { stride = 1, pad = 0, pad_mode = "zero", dilation = 1, groups = 1, bias = true }) -> x[n,inputs,l] -> [n,outputs,..].
convolution("conv1d", "conv1d", 1)
--- nn.conv2d(inputs, outputs, size, options) -> x[n,inputs,h,w] -> [n,outputs,..]; size a number or {h, w}; options as conv1d.
-- > nn.conv2d(3, 8, 3, { pad = 1 })(genai.zeros(1, 3, 4, 4)).shape[2] == 8
convolution("conv2d", "conv2d", 2)
--- nn.conv3d(inputs, outputs, size, options) -> x[n,inputs,d,h,w] -> [n,outputs,..].
convolution("conv3d", "conv3d", 3)
--- nn.conv_transpose1d(inputs, outputs, size, { stride = 1, pad = 0, out_pad = 0, dilation = 1, groups = 1, bias = true }) -> x[n,inputs,l] -> longer.
convolution("conv_transpose1d", "conv_transpose1d", 1, true)
--- nn.conv_transpose2d(inputs, outputs, size, options) -> x[n,inputs,h,w] -> larger pictures; options as conv_transpose1d.
convolution("conv_transpose2d", "conv_transpose2d", 2, true)

-- ---- norms ----
local function size_text(self) return tostring(self.weight.shape[1]) end
local function ones(n) return walk.parameter(ops.ones(n)) end
local function zeros(n) return walk.parameter(ops.zeros(n)) end

local layer_norm = walk.module("layer_norm", function(self, x) return x:layer_norm(self.weight, self.bias, self.options) end, size_text)
--- nn.layer_norm(size, { eps = 1e-5, bias = true }) -> normalises the last dim, then scales and shifts.
function layers.layer_norm(size, options)
  whole("nn.layer_norm", "size", size, 1)
  options = options_of("nn.layer_norm", options, { eps = 1e-5, bias = true })
  return setmetatable({ weight = ones(size), bias = options.bias and zeros(size) or nil, options = call_options(options, { "eps" }, { eps = 1e-5 }) }, layer_norm)
end

local rms_norm = walk.module("rms_norm", function(self, x) return x:rms_norm(self.weight, self.options) end, size_text)
--- nn.rms_norm(size, { eps = 1e-6 }) -> divides the last dim by its root mean square, then scales.
function layers.rms_norm(size, options)
  whole("nn.rms_norm", "size", size, 1)
  options = options_of("nn.rms_norm", options, { eps = 1e-6 })
  return setmetatable({ weight = ones(size), options = call_options(options, { "eps" }, { eps = 1e-6 }) }, rms_norm)
end

local group_norm = walk.module("group_norm", function(self, x) return x:group_norm(self.groups, self.weight, self.bias, self.options) end,
  function(self) return self.groups .. " of " .. self.weight.shape[1] end)
--- nn.group_norm(groups, channels, { eps = 1e-5 }) -> normalises x[n,channels,..] over groups of channels.
function layers.group_norm(groups, channels, options)
  whole("nn.group_norm", "groups", groups, 1)
  whole("nn.group_norm", "channels", channels, 1)
  if channels % groups ~= 0 then error(("nn.group_norm: groups is %d, wanted a divisor of %d channels"):format(groups, channels), 2) end
  options = options_of("nn.group_norm", options, { eps = 1e-5 })
  return setmetatable({ groups = groups, weight = ones(channels), bias = zeros(channels), options = call_options(options, { "eps" }, { eps = 1e-5 }) }, group_norm)
end

local batch_norm = walk.module("batch_norm", function(self, x)
  return x:batch_norm(self.running_mean, self.running_var, self.weight, self.bias, self.training and self._train or self._use)
end, size_text)
--- nn.batch_norm(channels, { eps = 1e-5, momentum = 0.1 }) -> normalises each channel of x[n,channels,..] by the batch while training (nn.train), else by running statistics.
function layers.batch_norm(channels, options)
  whole("nn.batch_norm", "channels", channels, 1)
  options = options_of("nn.batch_norm", options, { eps = 1e-5, momentum = 0.1 })
  return setmetatable({ training = true, weight = ones(channels), bias = zeros(channels), running_mean = ops.zeros(channels), running_var = ops.ones(channels),
    _train = { train = true, momentum = options.momentum, eps = options.eps }, _use = { eps = options.eps } }, batch_norm)
end

-- ---- without weights ----
local dropout = walk.module("dropout", function(self, x)
  if not self.training or self.p == 0 then return x end
  return x:dropout(self.p)
end, function(self) return ("%g"):format(self.p) end)
--- nn.dropout(p) -> zeroes a share p (default 0.5) of the elements while training (nn.train), and scales the rest up.
function layers.dropout(p)
  p = p or 0.5
  if not (p >= 0 and p < 1) then error(("nn.dropout: p is %s, wanted 0 or more and less than 1"):format(tostring(p)), 2) end
  return setmetatable({ training = true, p = p }, dropout)
end

local chain = walk.module("chain", function(self, x)
  for i = 1, #self do x = self[i](x) end
  return x
end)
--- nn.chain { a, b, .. } -> a module that calls its parts one after the other: chain[2] is the second one.
-- > nn.chain { nn.linear(2, 4), nn.relu, nn.linear(4, 1) }(genai.ones(3, 2)).shape[1] == 3
function layers.chain(parts)
  for i = 1, #parts do
    local meta = getmetatable(parts[i])
    if type(parts[i]) ~= "function" and not (meta and meta.__call) then error(("nn.chain: part %d is a %s, wanted something callable"):format(i, type(parts[i])), 2) end
  end
  local self = {}
  for i = 1, #parts do self[i] = parts[i] end
  return setmetatable(self, chain)
end

-- A module from a function of x and a table of settings.
local function plain(name, call, text)
  local kind = walk.module(name, call, text)
  return function(self) return setmetatable(self, kind) end
end

local flatten = plain("flatten", function(_, x) return x:flatten(2) end, function() return "" end)
--- nn.flatten() -> x[n,..] -> [n,all the rest].
function layers.flatten() return flatten {} end

local view = plain("view", function(self, x) return x:reshape(x.shape[1], table.unpack(self.size)) end, function(self) return table.concat(self.size, ", ") end)
--- nn.view(sizes..) -> x[n,..] -> [n,sizes..].
function layers.view(...) return view { size = { ... } } end

local max_pool = plain("max_pool2d", function(self, x) return x:max_pool2d(self.size, self.options) end, function(self) return tostring(self.size) end)
--- nn.max_pool2d(size, options) -> the largest of each window; options as the op's.
function layers.max_pool2d(size, options) return max_pool { size = size, options = options } end

local avg_pool = plain("avg_pool2d", function(self, x) return x:avg_pool2d(self.size, self.options) end, function(self) return tostring(self.size) end)
--- nn.avg_pool2d(size, options) -> the mean of each window; options as the op's.
function layers.avg_pool2d(size, options) return avg_pool { size = size, options = options } end

local upsample = plain("upsample", function(self, x)
  local s = x.shape
  return x:resize({ s[3] * self.scale, s[4] * self.scale }, self.options)
end, function(self) return ("x%d"):format(self.scale) end)
--- nn.upsample(scale, { mode = "nearest" }) -> pictures x[n,c,h,w] larger by a whole factor.
function layers.upsample(scale, options)
  whole("nn.upsample", "scale", scale, 1)
  return upsample { scale = scale, options = options }
end

-- ---- attention, recurrent nets ----
local attention = walk.module("attention", function(self, x)
  local s = x.shape
  local b, t, d = s[1], s[2], s[3]
  local function heads(y) return y:view(b, t, self.heads, d // self.heads):transpose(2, 3) end
  local y = heads(self.query(x)):attention(heads(self.key(x)), heads(self.value(x)), self.options)
  return self.out(y:transpose(2, 3):reshape(b, t, d))
end)
--- nn.attention(size, heads, { causal = false, bias = true }) -> self-attention over x[b,t,size], heads of size / heads each.
-- > nn.attention(8, 2, { causal = true })(genai.ones(1, 3, 8)).shape[3] == 8
function layers.attention(size, heads, options)
  whole("nn.attention", "size", size, 1)
  whole("nn.attention", "heads", heads, 1)
  if size % heads ~= 0 then error(("nn.attention: heads is %d, wanted a divisor of size %d"):format(heads, size), 2) end
  options = options_of("nn.attention", options, { causal = false, bias = true })
  local bias = { bias = options.bias }
  return setmetatable({ heads = heads, query = layers.linear(size, size, bias), key = layers.linear(size, size, bias), value = layers.linear(size, size, bias),
    out = layers.linear(size, size, bias), options = options.causal and { causal = true } or nil }, attention)
end

local function recurrent(name, gates)
  local run = require("genai.recurrent")[name]
  local kind = walk.module(name, function(self, x, state) return run(x, state, self.weights, self.options) end,
    function(self) return ("%d -> %d, %d layers"):format(self.inputs, self.size, self.layers) end)
  layers[name] = function(inputs, size, options)
    options = options_of("nn." .. name, options, { layers = 1, bias = true, bidirectional = false })
    local bound, weights, both = bound_of(size), {}, options.bidirectional
    for layer = 1, options.layers do
      for _ = 1, both and 2 or 1 do
        local from = layer == 1 and inputs or size * (both and 2 or 1)
        local w = { uniform(bound, gates * size, from), uniform(bound, gates * size, size) }
        if options.bias then w[3], w[4] = uniform(bound, gates * size), uniform(bound, gates * size) end
        weights[#weights + 1] = w
      end
    end
    return setmetatable({ inputs = inputs, size = size, layers = options.layers, weights = weights, options = both and { bidirectional = true } or nil }, kind)
  end
end

--- nn.lstm(inputs, size, { layers = 1, bias = true, bidirectional = false }) -> x[t,b,inputs], state or nil -> y[t,b,size], state.
recurrent("lstm", 4)
--- nn.gru(inputs, size, { layers = 1, bias = true, bidirectional = false }) -> x[t,b,inputs], state or nil -> y[t,b,size], state.
recurrent("gru", 3)

return layers
