--- The com.microsoft ops that onnxruntime's quantiser writes into files.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local whole = require "genai.onnx.whole"
local quant = require "genai.onnx.quant"
local conv = require "genai.onnx.conv"
local rnn = require "genai.onnx.rnn"
local attend = require "genai.onnx.attend"
local ops = {}
local op = core.ops
local domain = "com.microsoft."

local function define(name, entry) ops[domain .. name] = entry end
local function kind_of(n) return function(a) return a.types[n] end end
local function float() return "float" end

-- ---- element by element: out of numbers, into numbers ----
define("QLinearAdd", { types = kind_of(1), run = function(a, x, xs, xz, y, ys, yz, s, z)
  return whole.quantize(whole.dequantize(x, xs, xz) + whole.dequantize(y, ys, yz), s, z, a.types[1])
end })
define("QLinearMul", { types = kind_of(1), run = function(a, x, xs, xz, y, ys, yz, s, z)
  return whole.quantize(whole.dequantize(x, xs, xz) * whole.dequantize(y, ys, yz), s, z, a.types[1])
end })
define("QLinearWhere", { types = kind_of(2), run = function(a, c, x, xs, xz, y, ys, yz, s, z)
  return whole.quantize(c:where(whole.dequantize(x, xs, xz), whole.dequantize(y, ys, yz)), s, z, a.types[2])
end })

local function one(f)
  return { types = kind_of(1), run = function(a, x, xs, xz, s, z) return whole.quantize(f(a, whole.dequantize(x, xs, xz)), s, z, a.types[1]) end }
end
define("QLinearSigmoid", one(function(_, x) return x:sigmoid() end))
define("QLinearLeakyRelu", one(function(a, x) return x:leaky_relu(a.alpha or 0.01) end))
define("QLinearSoftmax", one(function(a, x)
  local dims, shape = x:dim(), x.shape
  if (a.opset_version or a["opset"] or 13) >= 13 then return x:softmax(tools.axis(a, a.axis or -1, dims)) end
  local d = tools.axis(a, a.axis or 1, dims)
  return x:reshape(tools.product(shape, 1, d - 1), tools.product(shape, d)):softmax(2):reshape(shape)
end))

-- Channels that come last, to where the other ops want them and back.
local function channels_first(x)
  local order, dims = { 1, x:dim() }, x:dim()
  for d = 3, dims do order[d] = d - 1 end
  return x:permute(order)
end
local function channels_last(x)
  local order, dims = { 1 }, x:dim()
  for d = 3, dims do order[d - 1] = d end
  order[dims] = 2
  return x:permute(order):contiguous()
end

-- f(a, x) with channels where it wants them.
local function either_layout(f)
  return function(a, x)
    if a.channels_last ~= 1 then return f(a, x) end
    return channels_last(f(a, channels_first(x)))
  end
end

define("QLinearGlobalAveragePool", one(either_layout(function(_, x)
  local dims = {}
  for d = 3, x:dim() do dims[#dims + 1] = d end
  return x:mean(dims, { keep = true })
end)))
local pool = conv.AveragePool
define("QLinearAveragePool", one(either_layout(function(a, x)
  if type(pool) == "function" then return pool(a, x) end
  return pool.run and pool.run(a, x) or pool.make(a, {})(x)
end)))

define("NhwcMaxPool", function(a, x)
  local most, kind = conv.MaxPool, x.dtype
  local y = channels_first(x):to("f32"):contiguous()
  if type(most) == "function" then y = most(a, y) else y = most.run and most.run(a, y) or most.make(a, {})(y) end
  return channels_last(y):to(kind)
end)

define("QLinearConcat", { types = kind_of(2), run = function(a, s, z, ...)
  local list, given = {}, { ... }
  for k = 1, #given, 3 do list[#list + 1] = whole.dequantize(given[k], given[k + 1], given[k + 2]) end
  return whole.quantize(op.cat(list, tools.axis(a, a.axis or 0, list[1]:dim())), s, z, a.types[2])
end })

-- ---- products ----
define("DynamicQuantizeMatMul", { types = float, make = function(a, consts)
  local weights = whole.weights(consts[2], consts[4], a.types[4], function(w, zero) return whole.centred(w, whole.columns(a, zero, w)):contiguous() end)
  return function(x, w, ws, wz, b)
    local q, scale, zero = whole.dynamic(x)
    local y = whole.product(whole.centred(q, zero), 255, weights(w, wz)):to("f32") * (scale * whole.columns(a, ws, w))
    return b and y + b or y
  end
end })

define("MatMulIntegerToFloat", { types = kind_of(3), make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  local weights = whole.weights(consts[2], consts[6], a.types[6], function(w, zero) return whole.centred(w, whole.columns(a, zero, w)):contiguous() end)
  return function(x, w, xs, ws, xz, wz, b)
    local y = whole.product(whole.centred(x, whole.rows(a, xz, x)), reach, weights(w, wz)):to("f32") * (whole.rows(a, xs, x) * whole.columns(a, ws, w))
    return b and y + b or y
  end
end })

define("QGemm", { types = function(a) return a.types[9] or (a.types[8] and a.types[1]) or "float" end, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  whole.reach(a, a.types[4])
  local function prepare(w, zero)
    if a.transB == 1 then w = w:transpose(1, 2) end
    return whole.centred(w, whole.columns(a, zero, w)):contiguous()
  end
  local weights = whole.weights(consts[4], consts[6], true, prepare)
  return function(x, xs, xz, w, ws, wz, c, ys, yz)
    if a.transA == 1 then x = x:transpose(1, 2):contiguous() end
    local sums, m = whole.product(whole.centred(x, xz), reach, weights(w, wz)), nil
    if c then sums = whole.plus(sums, c) end
    m = xs * whole.columns(a, ws, sums) * (a.alpha or 1)
    if not ys then return sums:to("f32") * m end
    return whole.requantize(sums, m / ys, yz, a.types[9] or a.types[1])
  end
end })

-- onnxruntime's layout pass moves channels to the end.
define("QLinearConv", { types = quant.QLinearConv.types, make = function(a, consts)
  local run = quant.QLinearConv.make(a, consts)
  return function(x, ...)
    if a.channels_last ~= 1 then return run(x, ...) end
    return channels_last(run(channels_first(x):contiguous(), ...))
  end
end })

define("QAttention", { types = function() return "float", "float" end, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  local weights = whole.weights(consts[2], consts[8], a.types[8], function(w, zero) return whole.centred(w, whole.columns(a, zero, w)):contiguous() end)
  return function(x, w, b, xs, ws, mask, xz, wz, past)
    local joined = whole.product(whole.centred(x, xz), reach, weights(w, wz)):to("f32") * (xs * whole.columns(a, ws, w)) + b
    return attend.from_joined(a, joined, mask, past)
  end
end })

-- ---- recurrent ----
-- Numbers as 8 bits can hold them over their own range.
local function squashed(x)
  local q, scale, zero = whole.dynamic(x)
  return whole.dequantize(q, scale, zero)
end

-- Weights [d, i, gates] of one scale and zero point for each direction or each column.
local function unpacked(a, w, scale, zero)
  local shape = w.shape
  if #shape ~= 3 or w.dtype == "f32" or zero.dtype == "f32" then a.fail("its weights are %s, wanted quantised [d,i,4h]", tools.text(shape)) end
  local function laid(v) return v:numel() == shape[1] * shape[3] and v:reshape(shape[1], 1, shape[3]) or v:reshape(-1, 1, 1) end
  return ((w:to("f32") - laid(zero):to("f32")) * laid(scale)):transpose(2, 3):contiguous()
end

define("DynamicQuantizeLSTM", { types = function() return "float", "float", "float" end, make = function(a, consts)
  local kept_w, kept_r
  if consts[2] and consts[9] and consts[10] then kept_w = unpacked(a, consts[2], consts[9], consts[10]) end
  if consts[3] and consts[11] and consts[12] then kept_r = unpacked(a, consts[3], consts[11], consts[12]) end
  local with = setmetatable({ squash = squashed }, { __index = a })
  local run = rnn.LSTM.make(with, { [2] = kept_w, [3] = kept_r, [4] = consts[4] })
  return function(x, w, r, b, lens, h0, c0, p, ws, wz, rs, rz)
    return run(squashed(x), kept_w or unpacked(a, w, ws, wz), kept_r or unpacked(a, r, rs, rz), b, lens, h0, c0, p)
  end
end })

return ops
