--- ONNX ops element by element.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}

-- Before opset 7 the second operand could be laid along the first one's dims from an axis on.
local function align(a, x, y)
  if a.opset >= 7 or not a.broadcast or a.broadcast == 0 or not a.axis then return y end
  local dims, shape = x:dim(), y.shape
  for _ = tools.axis(a, a.axis, dims) + #shape, dims do shape[#shape + 1] = 1 end
  return y:reshape(shape)
end

local function is_narrow(a) return types.narrow[a.types[1] or ""] ~= nil end

local function pair(name)
  local op = core.ops[name]
  return { make = function(a)
    local kind = a.types[1]
    if is_narrow(a) then return function(x, y) return types.wrap(op(x, align(a, x, y)), kind) end end
    if a.opset < 7 then return function(x, y) return op(x, align(a, x, y)) end end
    return op
  end }
end

ops.Add, ops.Sub, ops.Mul = pair "add", pair "sub", pair "mul"

-- Whole numbers are divided exactly, cut towards zero.
local function whole_quotient(a, x, y)
  local dtype = x.dtype
  local n, m = x + y * 0, y + x * 0
  local out, d, shape = n:reshape(-1):totable(), m:reshape(-1):totable(), n.shape
  for i, q in ipairs(out) do
    if d[i] == 0 then a.fail("a division by zero") end
    local whole = q // d[i]
    if whole < 0 and whole * d[i] ~= q then whole = whole + 1 end
    out[i] = whole
  end
  return core.tensor(out, { dtype = "i64" }):to(dtype):reshape(shape)
end

function ops.Div(a, x, y)
  y = align(a, x, y)
  if x.dtype == "f32" then return x / y end
  return whole_quotient(a, x, y)
end

function ops.Mod(a, x, y)
  if a.fmod ~= 1 then return x:remainder(y) end
  return x:abs():remainder(y:abs()) * x:sign()
end

function ops.Pow(a, x, y)
  y = align(a, x, y)
  local dtype = x.dtype
  if dtype == "f32" then
    if not tools.traced and y:numel() == 1 and y:item() == 2 then return x:square():reshape((x + y * 0).shape) end
    return x:pow(y:to "f32")
  end
  if y.dtype == "f32" then return x:to("f32"):pow(y):to(dtype) end
  return x:pow(y):to(dtype)
end

local function variadic(name, after)
  local op = core.ops[name]
  return function(a, x, ...)
    local n = 1 + select("#", ...)
    for i = 1, n - 1 do x = op(x, (select(i, ...))) end
    if after then return after(x, n) end
    return x
  end
end

ops.Sum, ops.Max, ops.Min = variadic "add", variadic "maximum", variadic "minimum"
ops.Mean = variadic("add", function(x, n) return x / n end)

-- ---- comparisons, logic ----
local function bool() return "bool" end
local function compare(name)
  local op = core.ops[name]
  return { types = bool, run = function(a, x, y) return op(x, align(a, x, y)) end }
end
ops.Equal, ops.Greater, ops.Less, ops.GreaterOrEqual, ops.LessOrEqual = compare "eq", compare "gt", compare "lt", compare "ge", compare "le"
ops.And, ops.Or, ops.Xor = compare "logical_and", compare "logical_or", compare "ne"
ops.Not = { types = bool, run = function(_, x) return x:logical_not() end }
ops.IsNaN = { types = bool, run = function(_, x) return x:isnan() end }
ops.IsInf = { types = bool, run = function(a, x)
  local up, down = x:eq(math.huge), x:eq(-math.huge)
  if a.detect_positive == 0 then return a.detect_negative == 0 and up:logical_and(0) or down end
  if a.detect_negative == 0 then return up end
  return up:logical_or(down)
end }

ops.Where = { types = function(a) return a.types[2] end, make = function() return core.ops.where end }

-- ---- functions of one tensor ----
local function unary(name)
  local op = core.ops[name]
  return { make = function(a)
    local kind = a.types[1]
    if is_narrow(a) then return function(x) return types.wrap(op(x), kind) end end
    return op
  end }
end

for onnx, name in pairs { Neg = "neg", Abs = "abs", Sign = "sign", Floor = "floor", Ceil = "ceil", Round = "round", Exp = "exp", Log = "log", Sqrt = "sqrt", Reciprocal = "reciprocal",
  Sin = "sin", Cos = "cos", Tan = "tan", Tanh = "tanh", Sigmoid = "sigmoid", Erf = "erf", Relu = "relu", Softplus = "softplus", Softsign = "softsign", Mish = "mish" } do
  ops[onnx] = unary(name)
end

function ops.Asin(_, x) return x:atan2((1 - x:square()):sqrt()) end
function ops.Acos(_, x) return (1 - x:square()):sqrt():atan2(x) end
function ops.Atan(_, x) return x:atan2(core.ops.ones_like(x)) end
function ops.Sinh(_, x)
  local e = x:abs():expm1()
  return (e + e / (e + 1)) * (x:sign() * 0.5)
end
function ops.Cosh(_, x)
  local e = x:abs():exp()
  return (e + e:reciprocal()) * 0.5
end
function ops.Asinh(_, x)
  local b = x:abs()
  local s = b:square()
  return (b + s / ((s + 1):sqrt() + 1)):log1p() * x:sign()
end
function ops.Acosh(_, x) return (x + (x:square() - 1):sqrt()):log() end
function ops.Atanh(_, x) return (x * 2 / (1 - x)):log1p() * 0.5 end

function ops.LeakyRelu(a, x) return x:leaky_relu(a.alpha or 0.01) end
function ops.Elu(a, x) return x:elu(a.alpha or 1) end
function ops.Celu(a, x)
  local alpha = a.alpha or 1
  return (x / alpha):elu() * alpha
end
function ops.Selu(a, x) return x:elu(a.alpha or 1.67326319217681884765625) * (a.gamma or 1.05070102214813232421875) end
function ops.ThresholdedRelu(a, x) return x * x:gt(a.alpha or 1) end
function ops.HardSigmoid(a, x) return (x * (a.alpha or 0.2) + (a.beta or 0.5)):clamp(0, 1) end
function ops.HardSwish(_, x) return x * (x * (1 / 6) + 0.5):clamp(0, 1) end
function ops.Swish(a, x) return x * (x * (a.alpha or 1)):sigmoid() end
function ops.Gelu(a, x) return x:gelu { exact = a.approximate ~= "tanh" } end
function ops.Shrink(a, x)
  local lambd, bias = a.lambd or 0.5, a.bias or 0
  return x:lt(-lambd):where(x + bias, x:gt(lambd):where(x - bias, 0)):to(x.dtype)
end

function ops.PRelu(a, x, slope)
  if a.opset < 7 and slope:numel() > 1 then                          -- one slope a channel
    local shape = { 1, slope:numel() }
    for d = 3, x:dim() do shape[d] = 1 end
    slope = slope:reshape(shape)
  end
  if slope:numel() == 1 and x.dtype == "f32" then return x:leaky_relu(slope:item()) end
  return x:lt(0):where(x * slope, x)
end

ops.Clip = { make = function(a, consts)
  local function bound(t) return t and t:item() end
  if a.opset < 11 then
    local low, high = a.min, a.max
    return function(x) return x:clamp(low, high) end
  end
  local low, high = bound(consts[2]), bound(consts[3])
  return function(x, l, h)
    l, h = low or bound(l), high or bound(h)
    if not l and not h then return x end
    if l and h and l > h then return core.ops.full_like(x, h) end
    return x:clamp(l, h)
  end
end }

-- ---- types ----
local function target(a)
  local name = types.name(a.to or 0)
  if not name or not types.dtype(name) then a.fail("casts to %s are not supported", name or tostring(a.to)) end
  if a.types[1] == "string" then a.fail "casts from strings are not supported" end
  return name
end

ops.Cast = { types = target, make = function(a)
  local to, dtype = target(a), types.dtype(target(a))
  local from = a.types[1]
  if from == to then return function(x) return x end end
  if dtype == "f32" and to == "float" or to == "double" then return function(x) return x:to "f32" end end
  return function(x) return types.cast(x, from, to) end
end }

ops.CastLike = { types = function(a)
  if a.types[1] == "string" or a.types[2] == "string" then a.fail "casts of strings are not supported" end
  return a.types[2]
end, run = function(a, x, like)                                  -- in a function's body a type may be unknown
  if not a.types[2] then return x:to(like.dtype) end
  return types.cast(x, a.types[1], a.types[2])
end }

ops.Identity = { alias = function() return true end, run = function(_, x) return x end }

-- Dropout leaves its input as it is, but where the file asks for training.
local function resting(a, consts)
  if a.opset < 7 then return a.is_test == 1 end
  if a.opset < 12 or not a.types[3] then return true end
  return consts[3] ~= nil and consts[3]:item() == 0
end
ops.Dropout = { fold = false, types = function(a) return a.types[1], a.opset < 10 and a.types[1] or "bool" end,
  alias = function(a, consts) return resting(a, consts) and not a.outs[2] end,
  run = function(a, x, ratio, training)
    local like = core.ops.ones_like
    local p = ratio and tools.number(ratio) or a.ratio or 0.5
    if resting(a, { [3] = training }) or p == 0 then return x, like(x, { dtype = a.opset >= 10 and "bool" or nil }) end
    local mask = like(x):to("f32"):dropout(p, { rng = core.rng(a.seed or 0, "onnx " .. a.node) })
    return x * mask, mask:ne(0)
  end }

return ops
