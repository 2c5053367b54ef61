--- ONNX reductions.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local ints = tools.ints

-- The dims to reduce, or false for "leave x as it is"; axes stand in an attribute or, in newer opsets, in the second input.
local function dims_of(a, x, axes)
  local list = a.axes or ints(axes)
  if not list or #list == 0 then
    if a.noop_with_empty_axes == 1 then return false end
    list = nil
  end
  return tools.axes(a, list, x:dim())
end

local function reduction(f, alone)
  return { make = function(a)
    local options = { keep = a.keepdims ~= 0 }
    return function(x, axes)
      local dims, dtype = dims_of(a, x, axes), x.dtype
      if not dims or #dims == 0 then return alone and alone(x) or x end
      local y = f(x, dims, options)
      return y.dtype == dtype and y or y:to(dtype)
    end
  end }
end

local function float(x) return x.dtype == "f32" and x or x:to "f32" end

ops.ReduceSum = reduction(function(x, d, o) return x:sum(d, o) end)
ops.ReduceMean = reduction(function(x, d, o) return float(x):mean(d, o) end)
-- The largest or smallest; of nothing the end of the type's range.
local function extreme(name, sign)
  local op, ends = core.ops[name], { f32 = { -math.huge, math.huge }, u8 = { 0, 255 }, bool = { 0, 1 }, i32 = { -2147483648, 2147483647 }, i64 = { math.mininteger, math.maxinteger } }
  return reduction(function(x, d, o)
    local size = 1
    for _, k in ipairs(d) do size = size * x.shape[k] end
    if size > 0 then return (op(x, d, o)) end
    local y = x:sum(d, o)
    return core.ops.full(y.shape, ends[x.dtype][sign], { dtype = x.dtype })
  end)
end
ops.ReduceMax, ops.ReduceMin = extreme("max", 1), extreme("min", 2)
ops.ReduceProd = reduction(function(x, d, o) return x:prod(d, o) end)
ops.ReduceL1 = reduction(function(x, d, o) return x:abs():sum(d, o) end, function(x) return x:abs() end)
ops.ReduceL2 = reduction(function(x, d, o) return float(x):square():sum(d, o):sqrt() end, function(x) return x:abs() end)
ops.ReduceSumSquare = reduction(function(x, d, o) return x:square():sum(d, o) end, function(x) return x:square() end)
ops.ReduceLogSum = reduction(function(x, d, o) return float(x):sum(d, o):log() end, function(x) return x:log() end)
ops.ReduceLogSumExp = reduction(function(x, d, o) return float(x):logsumexp(d, o) end)

local function position(name)
  return { types = function() return "int64" end, run = function(a, x)
    local d, options = tools.axis(a, a.axis or 0, x:dim()), { keep = a.keepdims ~= 0 }
    if a.select_last_index == 1 then
      return (x.shape[d] - 1) - core.ops[name](x:flip(d), d, options):to "i64"
    end
    return core.ops[name](x, d, options):to "i64"
  end }
end
ops.ArgMax, ops.ArgMin = position "argmax", position "argmin"

return ops
