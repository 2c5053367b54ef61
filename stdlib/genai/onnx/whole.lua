--- Products and convolutions of quantised numbers, exact: whole numbers in f32 kernels, in parts whose sums stay below 2^24, added up as i32.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local whole = {}
local op = core.ops

local EXACT = 1 << 24

-- ---- quantised numbers ----
--- whole.along(a, v, dims, axis) -> v[n] shaped to lie along a dim of `dims`; scalars and one-element lists as they are.
function whole.along(a, v, dims, axis)
  if v:dim() == 0 then return v end
  if v:numel() == 1 then return v:reshape(1) end
  if v:dim() ~= 1 then a.fail("a scale or zero point is %s, wanted one number or a list", tools.text(v.shape)) end
  local shape = {}
  for d = 1, dims do shape[d] = d == axis and v:numel() or 1 end
  return v:reshape(shape)
end

-- v as a list for the slices of a dim of x, and that dim; nil where it lies otherwise.
local function slices(v, x)
  if v:numel() == 1 then return v:reshape(1), 0 end
  local shape, at = v.shape, nil
  local off = x:dim() - #shape
  for d, n in ipairs(shape) do
    if n ~= 1 then
      if at or x.shape[d + off] ~= n then return nil end
      at = d + off
    end
  end
  return v:reshape(-1), at
end

-- x / scale or x * scale, rounded to even, + zero, saturated.
local function rounded(x, scale, zero, kind, times)
  local low, high = types.range(kind)
  local s, d = slices(scale, x)
  local z = zero and s and slices(zero, x)
  if z and z:numel() < s:numel() then z = z:expand(s:numel()) end
  if s and (not zero or z and z:numel() == s:numel()) then
    local y, dtype = op.quantize(x, s, z, d, low, high, times), types.dtype(kind)
    return y.dtype == dtype and y or y:to(dtype)
  end
  local y = ((times and x * scale or x / scale):round() + (zero and zero:to "f32" or 0)):clamp(low, high)
  return y:isnan():where(low, y):to(types.dtype(kind))
end

--- whole.quantize(x, scale, zero, kind) -> x / scale rounded to even, + zero, saturated to an ONNX integer type.
function whole.quantize(x, scale, zero, kind) return rounded(x, scale, zero, kind, false) end

--- whole.dequantize(x, scale, zero) -> (x - zero) scale in f32.
function whole.dequantize(x, scale, zero)
  local s, d = slices(scale, x)
  local z = zero and s and slices(zero, x)
  if z and z:numel() < s:numel() then z = z:expand(s:numel()) end
  if s and (x.dtype == "u8" or x.dtype == "i32") and (not zero or z and z:numel() == s:numel() and z.dtype ~= "f32") then return op.dequantize(x, s, z, d) end
  if zero then x = x.dtype == "i32" and x:to "i64" - zero:to "i64" or x:to "f32" - zero:to "f32" end
  return x:to "f32" * scale
end

--- whole.requantize(sums, factor, zero, kind) -> sums times factor, rounded, + zero, saturated.
function whole.requantize(sums, factor, zero, kind) return rounded(sums:to "f32", factor, zero, kind, true) end

local one = core.tensor { 1.0 }
--- whole.centred(x, zero) -> x - zero as f32.
function whole.centred(x, zero)
  if not zero then return x:to "f32" end
  if zero:numel() == 1 and zero.dtype ~= "f32" and (x.dtype == "u8" or x.dtype == "i32") then return op.dequantize(x, one, zero:reshape(1)) end
  return x:to "f32" - zero:to "f32"
end

-- The largest magnitude of x.
local function most(x)
  if x:numel() == 0 then return 1 end
  return math.max(x:abs():max():item(), 1)
end

--- whole.weights(w, zero, wants_zero, f) -> a function of (w, zero) that gives f(w, zero) and its largest magnitude: kept where both are constants, else made anew.
function whole.weights(w, zero, wants_zero, f)
  local kept = w and (zero or not wants_zero) and f(w, zero)
  local largest = kept and most(kept)
  return function(v, z)
    if kept then return kept, largest end
    local made = f(v, z)
    return made, most(made)
  end
end

--- whole.reach(a, kind) -> a bound of what is left of a type's numbers when a zero point of its own is taken away.
function whole.reach(a, kind)
  if kind == "uint8" or kind == "int8" then return 255 end
  if kind == "uint16" or kind == "int16" then return 65535 end
  a.fail("the elements are %s, wanted uint8 or int8", kind)
end

-- ---- products ----
-- Results are whole numbers in f32 where all of their sums stay below 2^24, else in i32.

--- whole.product(x, reach, y, largest) -> x[..,m,k] times y[..,k,n], whole numbers in f32; x's are at most `reach`, y's at most `largest`.
function whole.product(x, reach, y, largest)
  local k = x.shape[x:dim()]
  local part = math.max(EXACT // math.floor(reach * largest), 1)
  if k <= part then return x:matmul(y) end
  local sum
  local dx, dy = x:dim(), math.max(y:dim() - 1, 1)
  for from = 1, k, part do
    local to = math.min(from + part - 1, k)
    local s = x:slice(dx, from, to):matmul(y:slice(dy, from, to)):to "i32"
    sum = sum and sum + s or s
  end
  return sum
end

-- Channels of a group side by side with the weights of their part.
local function conv_parts(x, w, geometry, out, groups, part)
  local c, sum = w.shape[2], nil
  if groups == 1 then
    for from = 1, c, part do
      local to = math.min(from + part - 1, c)
      local s = op.conv_whole(x:slice(2, from, to), w:slice(2, from, to), nil, geometry, out, 1):to "i32"
      sum = sum and sum + s or s
    end
    return sum
  end
  local list, o = {}, w.shape[1] // groups
  for g = 1, groups do list[g] = conv_parts(x:slice(2, (g - 1) * c + 1, g * c), w:slice(1, (g - 1) * o + 1, g * o), geometry, out, 1, part) end
  return op.cat(list, 2)
end

--- whole.conv(a, x, reach, w, largest) -> the convolution of whole numbers in f32 (attributes as Conv).
function whole.conv(a, x, reach, w, largest)
  local plan, groups = tools.conv_plan(a, x.shape, w.shape), a.group or 1
  local part = EXACT // math.max(1, math.floor(reach * largest * tools.product(w.shape, 3)))
  if part < 1 then a.fail("its kernel %s is too large", tools.text(w.shape)) end
  if w.shape[2] <= part then return op.conv_whole(x, w, nil, plan.geometry, plan.out, groups) end
  return conv_parts(x, w, plan.geometry, plan.out, groups, part)
end

--- whole.plus(sums, b) -> sums + b, exact.
function whole.plus(sums, b)
  if sums.dtype == "f32" then sums = sums:to "i32" end
  return sums + b
end

--- whole.columns(a, v, x) -> a list v[n] (scale or zero of each column), shaped for x[..,n]; whole.rows the same for rows.
function whole.columns(a, v, x) return v and whole.along(a, v, x:dim(), x:dim()) end
function whole.rows(a, v, x)
  if v and v:dim() > 1 then return v end
  return v and whole.along(a, v, x:dim(), math.max(x:dim() - 1, 1))
end

require "genai.onnx.conv"                    -- gives tools.conv_plan
return whole
