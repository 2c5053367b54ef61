--- Ops as ONNX nodes, for genai.onnx.save: emit.NAME(g, arguments by name, results) -> the results' names. Layers are in emit_net.lua and emit_conv.lua.
local core = require "genai.core"
local emit = {}

local function dim_of(g, d, dims)
  if d < 0 then return d + dims end
  return d - 1
end

local function dims_of(x) return x:dim() end

-- ---- one tensor ----
for name, onnx in pairs { neg = "Neg", abs = "Abs", sign = "Sign", floor = "Floor", ceil = "Ceil", round = "Round", relu = "Relu" } do
  emit[name] = function(g, a) return g:node(onnx, { g:ref(a.x) }) end
end
for name, onnx in pairs { exp = "Exp", log = "Log", sqrt = "Sqrt", reciprocal = "Reciprocal", sin = "Sin", cos = "Cos", tan = "Tan", tanh = "Tanh", sigmoid = "Sigmoid", softplus = "Softplus",
  softsign = "Softsign", erf = "Erf", mish = "Mish" } do
  emit[name] = function(g, a) return g:node(onnx, { g:as(a.x, "f32") }) end
end
function emit.isnan(g, a) return g:node("IsNaN", { g:as(a.x, "f32") }) end
function emit.isfinite(g, a)
  local x = g:as(a.x, "f32")
  return g:node("Not", { g:node("Or", { g:node("IsNaN", { x }), g:node("IsInf", { x }) }) })
end
function emit.square(g, a)
  local x = g:ref(a.x)
  return g:node("Mul", { x, x })
end
function emit.expm1(g, a) return g:node("Sub", { g:node("Exp", { g:as(a.x, "f32") }), g:number(1.0, "f32") }) end
function emit.log1p(g, a) return g:node("Log", { g:node("Add", { g:as(a.x, "f32"), g:number(1.0, "f32") }) }) end
function emit.log2(g, a) return g:node("Mul", { g:node("Log", { g:as(a.x, "f32") }), g:number(1 / math.log(2), "f32") }) end
function emit.rsqrt(g, a) return g:node("Reciprocal", { g:node("Sqrt", { g:as(a.x, "f32") }) }) end
function emit.silu(g, a)
  local x = g:as(a.x, "f32")
  return g:node("Mul", { x, g:node("Sigmoid", { x }) })
end
function emit.leaky_relu(g, a) return g:node("LeakyRelu", { g:as(a.x, "f32") }, { alpha = (a.slope or 0.01) + 0.0 }) end
function emit.elu(g, a) return g:node("Elu", { g:as(a.x, "f32") }, { alpha = (a.alpha or 1) + 0.0 }) end
function emit.gelu(g, a) return g:node("Gelu", { g:as(a.x, "f32") }, { approximate = a.exact and "none" or "tanh" }) end
function emit.clamp(g, a, out)
  local kind = out[1].dtype
  return g:node("Clip", { g:as(a.x, kind), a.low and g:as(a.low, kind) or "", a.high and g:as(a.high, kind) or "" })
end
function emit.logical_not(g, a) return g:node("Not", { g:as(a.x, "bool") }) end
function emit.dropout(g, a) return g:ref(a.x) end
function emit.contiguous(g, a) return g:ref(a.x) end
emit.clone = emit.contiguous
emit["to"] = function(g, a, out) return g:as(a.x, out[1].dtype) end

-- ---- two tensors ----
local function pair(onnx)
  return function(g, a, out)
    local kind = out[1].dtype
    return g:node(onnx, { g:as(a.a, kind), g:as(a.b, kind) })
  end
end
emit.add, emit.sub, emit.mul, emit.div, emit.pow, emit.maximum, emit.minimum = pair "Add", pair "Sub", pair "Mul", pair "Div", pair "Pow", pair "Max", pair "Min"
for name, onnx in pairs { add_ = "Add", sub_ = "Sub", mul_ = "Mul", div_ = "Div" } do
  emit[name] = function(g, a, out)
    local kind = out[1].dtype
    return g:node(onnx, { g:as(a.x, kind), g:as(a.b, kind) })
  end
end
function emit.remainder(g, a, out)
  local kind = out[1].dtype
  local x, y = g:as(a.a, kind), g:as(a.b, kind)
  if kind ~= "f32" then return g:node("Mod", { x, y }) end
  return g:node("Sub", { x, g:node("Mul", { g:node("Floor", { g:node("Div", { x, y }) }), y }) })
end

local rank = { bool = 0, u8 = 1, i32 = 2, i64 = 3, f32 = 4, f16 = 4, bf16 = 4 }
local names = { [0] = "i32", "u8", "i32", "i64", "f32" }
-- The type in which two operands are compared: numbers raise integers only where they are not whole.
local function common(a, b)
  local function of(x) return core.is_tensor(x) and rank[x.dtype] or (math.type(x) == "integer" and 0 or type(x) == "number" and 4 or 0) end
  return names[math.max(of(a), of(b))]
end
local function compare(onnx, negate)
  return function(g, a)
    local kind = common(a.a, a.b)
    local y = g:node(onnx, { g:as(a.a, kind), g:as(a.b, kind) })
    return negate and g:node("Not", { y }) or y
  end
end
emit.lt, emit.le, emit.gt, emit.ge, emit.eq, emit.ne = compare "Less", compare "LessOrEqual", compare "Greater", compare "GreaterOrEqual", compare "Equal", compare("Equal", true)
function emit.logical_and(g, a) return g:node("And", { g:as(a.a, "bool"), g:as(a.b, "bool") }) end
function emit.logical_or(g, a) return g:node("Or", { g:as(a.a, "bool"), g:as(a.b, "bool") }) end
function emit.where(g, a, out)
  local kind = out[1].dtype
  return g:node("Where", { g:as(a.cond, "bool"), g:as(a.a, kind), g:as(a.b, kind) })
end
function emit.masked_fill(g, a, out)
  local kind = out[1].dtype
  return g:node("Where", { g:as(a.mask, "bool"), g:as(a.value, kind), g:as(a.x, kind) })
end
function emit.atan2(g, a)                                         -- ONNX knows Atan alone: left of the axis half a turn is added on y's side
  local y, x, zero, half = g:as(a.a, "f32"), g:as(a.b, "f32"), g:number(0.0, "f32"), g:number(math.pi, "f32")
  local angle = g:node("Atan", { g:node("Div", { y, x }) })
  local turn = g:node("Where", { g:node("Less", { y, zero }), g:number(-math.pi, "f32"), half })
  local left = g:node("Where", { g:node("Less", { x, zero }), g:node("Add", { angle, turn }), angle })
  local origin = g:node("And", { g:node("Equal", { y, zero }), g:node("Equal", { x, zero }) })
  return g:node("Where", { origin, zero, left })
end
function emit.lerp(g, a)
  local x = g:as(a.a, "f32")
  return g:node("Add", { x, g:node("Mul", { g:node("Sub", { g:as(a.b, "f32"), x }), g:as(a.t, "f32") }) })
end

-- ---- reductions ----
local function axes(g, a)
  if a.dim == nil then return "" end
  local list = type(a.dim) == "table" and a.dim or { a.dim }
  local out = {}
  for i, d in ipairs(list) do out[i] = dim_of(g, d, dims_of(a.x)) end
  return g:ints(out)
end
local function reduce(g, a, onnx, x) return g:node(onnx, { x, axes(g, a) }, { keepdims = a.keep and 1 or 0 }) end
local function reduction(onnx, kind)
  return function(g, a, out) return reduce(g, a, onnx, g:as(a.x, kind or out[1].dtype)) end
end
emit.sum, emit.mean, emit.prod, emit.logsumexp = reduction "ReduceSum", reduction "ReduceMean", reduction "ReduceProd", reduction("ReduceLogSumExp", "f32")

local function position(g, a, onnx)
  local x, d = g:ref(a.x), a.dim
  if type(d) == "table" then d = d[1] end
  if d == nil then x, d = g:reshape(x, { -1 }), 1 end
  return g:cast(g:node(onnx, { x }, { axis = dim_of(g, d, a.dim and dims_of(a.x) or 1), keepdims = a.keep and 1 or 0 }), "i32")
end
local function extreme(onnx, at)
  return function(g, a, out)
    local y = reduce(g, a, onnx, g:ref(a.x))
    return y, out[2] and position(g, a, at) or nil
  end
end
emit.max, emit.min = extreme("ReduceMax", "ArgMax"), extreme("ReduceMin", "ArgMin")
function emit.argmax(g, a) return position(g, a, "ArgMax") end
function emit.argmin(g, a) return position(g, a, "ArgMin") end
function emit.var(g, a, out)
  local x, n = g:as(a.x, "f32"), a.x:numel() // math.max(out[1]:numel(), 1)
  local d = g:node("Sub", { x, g:node("ReduceMean", { x, axes(g, a) }, { keepdims = 1 }) })
  local sum = reduce(g, a, "ReduceSum", g:node("Mul", { d, d }))
  return g:node("Div", { sum, g:number((a.unbiased == false and n or n - 1) + 0.0, "f32") })
end
function emit.std(g, a, out) return g:node("Sqrt", { emit.var(g, a, out) }) end
function emit.norm(g, a)
  local p = a.p or 2
  if p ~= 1 and p ~= 2 then g.fail("op norm with p = %g has no form in ONNX", p) end
  return reduce(g, a, p == 1 and "ReduceL1" or "ReduceL2", g:as(a.x, "f32"))
end
local function truth(onnx)
  return function(g, a) return g:cast(reduce(g, a, onnx, g:cast(g:as(a.x, "bool"), "i32")), "bool") end
end
emit.any, emit.all = truth "ReduceMax", truth "ReduceMin"
function emit.cumsum(g, a, out) return g:node("CumSum", { g:as(a.x, out[1].dtype), g:number(dim_of(g, a.dim or -1, dims_of(a.x)), "i64") }) end
local function along(onnx)
  return function(g, a) return g:node(onnx, { g:as(a.x, "f32") }, { axis = dim_of(g, a.dim or -1, dims_of(a.x)) }) end
end
emit.softmax, emit.log_softmax = along "Softmax", along "LogSoftmax"
function emit.cosine_similarity(g, a, out)
  local d = g:ints { dim_of(g, a.dim or -1, math.max(dims_of(a.a), dims_of(a.b))) }
  local x, y, least = g:as(a.a, "f32"), g:as(a.b, "f32"), g:number((a.eps or 1e-8) + 0.0, "f32")
  local function length(v) return g:node("Max", { g:node("ReduceL2", { v, d }, { keepdims = 0 }), least }) end
  return g:node("Div", { g:node("ReduceSum", { g:node("Mul", { x, y }), d }, { keepdims = 0 }), g:node("Mul", { length(x), length(y) }) })
end

-- ---- shapes ----
local function reshaped(g, a, out) return g:reshape(g:ref(a.x), out[1].shape) end
emit.view, emit.reshape, emit.squeeze, emit.unsqueeze, emit.flatten = reshaped, reshaped, reshaped, reshaped, reshaped
function emit.expand(g, a, out) return g:node("Expand", { g:ref(a.x), g:ints(out[1].shape) }) end
local function permuted(g, x, order) return g:node("Transpose", { x }, { perm = order }) end
function emit.transpose(g, a)
  local n, order = dims_of(a.x), {}
  for i = 1, n do order[i] = i - 1 end
  local p, q = dim_of(g, a.dim0 or -2, n) + 1, dim_of(g, a.dim1 or -1, n) + 1
  order[p], order[q] = order[q], order[p]
  return permuted(g, g:ref(a.x), order)
end
function emit.permute(g, a)
  local order = {}
  for i, d in ipairs(type(a.dims) == "table" and a.dims or { a.dims }) do order[i] = dim_of(g, d, dims_of(a.x)) end
  return permuted(g, g:ref(a.x), order)
end
function emit.slice(g, a)
  local d = dim_of(g, a.dim, dims_of(a.x))
  local n = a.x.shape[d + 1]
  local from, to = a.from < 0 and a.from + n or a.from - 1, a.to or n
  if to < 0 then to = to + n + 1 end
  return g:node("Slice", { g:ref(a.x), g:ints { from }, g:ints { to }, g:ints { d }, g:ints { a.step or 1 } })
end
function emit.select(g, a)
  local d = dim_of(g, a.dim, dims_of(a.x))
  return g:node("Gather", { g:ref(a.x), g:number(a.index < 0 and a.index + a.x.shape[d + 1] or a.index - 1, "i64") }, { axis = d })
end
function emit.cat(g, a, out)
  local list = {}
  for i, x in ipairs(a.xs) do list[i] = g:as(x, out[1].dtype) end
  return g:node("Concat", list, { axis = dim_of(g, a.dim or 1, dims_of(out[1])) })
end
function emit.stack(g, a, out)
  local list, d = {}, dim_of(g, a.dim or 1, dims_of(out[1]))
  for i, x in ipairs(a.xs) do list[i] = g:node("Unsqueeze", { g:as(x, out[1].dtype), g:ints { d } }) end
  return g:node("Concat", list, { axis = d })
end
function emit.tile(g, a, out)
  local repeats = type(a.repeats) == "table" and a.repeats or { a.repeats }
  local shape, full, x = a.x.shape, {}, g:ref(a.x)
  local n = math.max(#shape, #repeats)
  if n > #shape then
    local wide = {}
    for i = 1, n do wide[i] = i > n - #shape and shape[i - n + #shape] or 1 end
    x = g:reshape(x, wide)
  end
  for i = 1, n do full[i] = i > n - #repeats and repeats[i - n + #repeats] or 1 end
  return g:node("Tile", { x, g:ints(full) })
end

-- Positions of a dim picked by a list.
local function picked(g, x, index, d) return g:node("Gather", { x, g:ints(index) }, { axis = d }) end
function emit.repeat_interleave(g, a)
  local x, d, index = g:ref(a.x), 0, {}
  if a.dim then d = dim_of(g, a.dim, dims_of(a.x)) else x = g:reshape(x, { -1 }) end
  for i = 0, (a.dim and a.x.shape[d + 1] or a.x:numel()) - 1 do
    for _ = 1, a.n do index[#index + 1] = i end
  end
  return picked(g, x, index, d)
end
function emit.flip(g, a)
  local x = g:ref(a.x)
  for _, dim in ipairs(type(a.dims) == "table" and a.dims or { a.dims }) do
    local d, index = dim_of(g, dim, dims_of(a.x)), {}
    for i = a.x.shape[d + 1] - 1, 0, -1 do index[#index + 1] = i end
    x = picked(g, x, index, d)
  end
  return x
end
function emit.roll(g, a)
  local x, shifts = g:ref(a.x), type(a.shift) == "table" and a.shift or { a.shift }
  if not a.dim then g.fail "op roll without a dim has no form in ONNX yet" end
  for k, dim in ipairs(type(a.dim) == "table" and a.dim or { a.dim }) do
    local d, index = dim_of(g, dim, dims_of(a.x)), {}
    local n = a.x.shape[d + 1]
    for i = 0, n - 1 do index[i + 1] = (i - shifts[k]) % n end
    x = picked(g, x, index, d)
  end
  return x
end
function emit.unfold(g, a)                                        -- windows of a dim: a new last dim counts their elements
  local n = dims_of(a.x)
  local d, index, order = dim_of(g, a.dim, n), {}, {}
  local windows = (a.x.shape[d + 1] - a.size) // a.step + 1
  for w = 0, windows - 1 do for i = 0, a.size - 1 do index[#index + 1] = w * a.step + i end end
  local y = g:node("Gather", { g:ref(a.x), g:reshape(g:ints(index), { windows, a.size }) }, { axis = d })
  for i = 0, n do if i ~= d + 1 then order[#order + 1] = i end end
  order[#order + 1] = d + 1
  return permuted(g, y, order)
end

-- ---- positions ----
function emit.index_select(g, a) return g:node("Gather", { g:ref(a.x), g:ref(a.index) }, { axis = dim_of(g, a.dim, dims_of(a.x)) }) end
function emit.embedding(g, a) return g:node("Gather", { g:ref(a.w), g:ref(a.index) }, { axis = 0 }) end
function emit.gather(g, a) return g:node("GatherElements", { g:ref(a.x), g:ref(a.index) }, { axis = dim_of(g, a.dim, dims_of(a.x)) }) end
local function scattered(reduction)
  return function(g, a, out)
    local kind = out[1].dtype
    local source = g:as(a.src, kind)
    if not core.is_tensor(a.src) then source = g:node("Expand", { source, g:ints(a.index.shape) }) end
    return g:node("ScatterElements", { g:as(a.x, kind), g:ref(a.index), source }, { axis = dim_of(g, a.dim, dims_of(a.x)), reduction = reduction })
  end
end
emit.scatter, emit.scatter_add = scattered "none", scattered "add"
function emit.one_hot(g, a, out)
  local n = out[1].shape[dims_of(out[1])]
  return g:node("OneHot", { g:ref(a.index), g:number(n, "i64"), g:constant(core.tensor { 0.0, 1.0 }) }, { axis = -1 })
end
local function ordered(g, a, k, largest)
  local y, at = g:node("TopK", { g:ref(a.x), g:ints { k } }, { axis = dim_of(g, a.dim or -1, dims_of(a.x)), largest = largest and 1 or 0, sorted = 1 }, 2)
  return y, g:cast(at, "i32")
end
function emit.topk(g, a) return ordered(g, a, a.k, a.descending ~= false) end
function emit.sort(g, a) return ordered(g, a, a.x.shape[dim_of(g, a.dim or -1, dims_of(a.x)) + 1], a.descending == true) end
local function triangle(upper)
  return function(g, a) return g:node("Trilu", { g:ref(a.x), g:number(a.diagonal or 0, "i64") }, { upper = upper }) end
end
emit.tril, emit.triu = triangle(0), triangle(1)

-- ---- products ----
function emit.matmul(g, a) return g:node("MatMul", { g:as(a.a, "f32"), g:as(a.b, "f32") }) end
function emit.linear(g, a)
  local x, b = g:as(a.x, "f32"), a.b and g:as(a.b, "f32")
  if dims_of(a.x) == 2 then return g:node("Gemm", { x, g:as(a.w, "f32"), b }, { transB = 1 }) end
  local w = g:depends(a.w) and permuted(g, g:ref(a.w), { 1, 0 }) or g:constant(a.w:transpose(1, 2):contiguous())
  local y = g:node("MatMul", { x, w })
  return b and g:node("Add", { y, b }) or y
end
function emit.einsum(g, a, out)
  local list = {}
  for _, name in ipairs { "a", "b", "c", "d", "e", "f" } do
    if a[name] then list[#list + 1] = g:as(a[name], out[1].dtype) end
  end
  return g:node("Einsum", list, { equation = a.spec })
end

for _, part in ipairs { "emit_net", "emit_conv" } do
  for name, f in pairs(require("genai.onnx." .. part)) do emit[name] = f end
end
return emit
