--- ONNX quantisation: linear quantising with one scale, one for each slice of a dim or one for each block; products and convolutions of quantised numbers.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local whole = require "genai.onnx.whole"
local ops = {}
local op = core.ops

local integers = { uint8 = true, int8 = true, uint16 = true, int16 = true, uint4 = true, int4 = true, int32 = true }

local function checked(a, kind)
  if not integers[kind] then a.fail("quantising to %s is not supported", tostring(kind)) end
  return kind
end

-- Scale or zero point laid over x: one number, one for each slice of a dim, or one for each block of it.
local function laid(a, v, x)
  if not v or v:numel() == 1 and v:dim() <= 1 then return v and v:reshape(1):squeeze(1) end
  local dims = x:dim()
  local d, block, n = tools.axis(a, a.axis or 1, dims), a.block_size or 0, nil
  n = x.shape[d]
  if block == 0 then
    if v:dim() ~= 1 or v:numel() ~= n then a.fail("a scale or zero point is %s, x is %s", tools.text(v.shape), tools.text(x.shape)) end
    return whole.along(a, v, dims, d)
  end
  if v:dim() ~= dims or block < 0 or v.shape[d] ~= (n + block - 1) // block then a.fail("scales are %s in blocks of %d, x is %s", tools.text(v.shape), block, tools.text(x.shape)) end
  local y = v:repeat_interleave(block, d)
  return y.shape[d] == n and y or y:slice(d, 1, n)
end

local function quantised_type(a)
  if a.output_dtype and a.output_dtype ~= 0 then return checked(a, types.name(a.output_dtype)) end
  return checked(a, a.types[3] or "uint8")
end

ops.QuantizeLinear = { types = quantised_type, run = function(a, x, scale, zero)
  if a.opset < 13 and a.axis == nil then a.axis = 1 end
  return whole.quantize(x:to "f32", laid(a, scale, x), laid(a, zero, x), quantised_type(a))
end }

ops.DequantizeLinear = { types = function(a)
  checked(a, a.types[1])
  local kind = a.output_dtype and a.output_dtype ~= 0 and types.name(a.output_dtype) or a.types[2]
  if not types.is_float(kind) then a.fail("its result is %s", tostring(kind)) end
  return kind
end, run = function(a, x, scale, zero)
  return whole.dequantize(x, laid(a, scale, x), laid(a, zero, x))
end }

-- The scale and zero point (f32, 0..255) that x's range asks for, and x quantised.
function whole.dynamic(x)
  local low, high = 0.0, 0.0
  if x:numel() > 0 then low, high = math.min(x:min():item(), 0), math.max(x:max():item(), 0) end
  local scale = core.tensor(high - low) / 255
  if high == low then scale = core.tensor(1.0) end
  local zero = (-low / scale):round():clamp(0, 255)
  return whole.quantize(x, scale, zero, "uint8"), scale, zero
end

ops.DynamicQuantizeLinear = { types = function() return "uint8", "float", "uint8" end, run = function(_, x)
  local y, scale, zero = whole.dynamic(x)
  return y, scale, zero:to "u8"
end }

-- ---- products ----
local function int32() return "int32" end

local function columns(a)
  return function(w, zero) return whole.centred(w, whole.columns(a, zero, w)):contiguous() end
end

ops.MatMulInteger = { types = int32, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  whole.reach(a, a.types[2])
  local weights = whole.weights(consts[2], consts[4], a.types[4], columns(a))
  return function(x, w, xz, wz) return whole.product(whole.centred(x, whole.rows(a, xz, x)), reach, weights(w, wz)):to "i32" end
end }

ops.QLinearMatMul = { types = function(a) return checked(a, a.types[8]) end, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  whole.reach(a, a.types[4])
  local weights = whole.weights(consts[4], consts[6], true, columns(a))
  return function(x, xs, xz, w, ws, wz, ys, yz)
    local sums = whole.product(whole.centred(x, whole.rows(a, xz, x)), reach, weights(w, wz))
    return whole.requantize(sums, whole.rows(a, xs, x) * whole.columns(a, ws, w) / ys, yz, a.types[8])
  end
end }

-- ---- convolutions ----
local function channels(a)
  return function(w, zero) return whole.centred(w, zero and whole.along(a, zero, w:dim(), 1)):contiguous() end
end

ops.ConvInteger = { types = int32, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  whole.reach(a, a.types[2])
  local weights = whole.weights(consts[2], consts[4], a.types[4], channels(a))
  return function(x, w, xz, wz) return whole.conv(a, whole.centred(x, xz), reach, weights(w, wz)):to "i32" end
end }

ops.QLinearConv = { types = function(a) return checked(a, a.types[8]) end, make = function(a, consts)
  local reach = whole.reach(a, a.types[1])
  whole.reach(a, a.types[4])
  local weights = whole.weights(consts[4], consts[6], true, channels(a))
  return function(x, xs, xz, w, ws, wz, ys, yz, b)
    local sums, dims = whole.conv(a, whole.centred(x, xz), reach, weights(w, wz)), x:dim()
    if b then sums = whole.plus(sums, whole.along(a, b:to "i32", dims, 2)) end
    return whole.requantize(sums, whole.along(a, xs * ws / ys, dims, 2), yz, a.types[8])
  end
end }

return ops
