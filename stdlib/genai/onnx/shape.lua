--- ONNX ops that change shapes, and those that make tensors of shapes.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}
local ints, reshape = tools.ints, core.ops.reshape

local MOST = 1 << 40
local function i64() return "int64" end

-- A shape with 0 (as in x, unless allowzero) and -1 (what is left).
local function wanted(a, x, list)
  local out, from = {}, nil
  for d, n in ipairs(list) do
    if n == 0 and a.allowzero ~= 1 then
      from = from or x.shape
      n = from[d] or a.fail("shape %s takes size %d from x %s", tools.text(list), d, tools.text(from))
    end
    out[d] = n
  end
  return out
end

ops.Reshape = { make = function(a, consts)
  local fixed = a.shape or (consts[2] and ints(consts[2]))
  if fixed then
    local plain = true
    for _, n in ipairs(fixed) do plain = plain and (n ~= 0 or a.allowzero == 1) end
    if plain then return function(x) return reshape(x, fixed) end end
    return function(x) return reshape(x, wanted(a, x, fixed)) end
  end
  return function(x, shape) return reshape(x, wanted(a, x, ints(shape))) end
end }

function ops.Flatten(a, x)
  local shape, axis = x.shape, a.axis or 1
  if axis < -#shape or axis > #shape then a.fail("axis is %d, x is %s", axis, tools.text(shape)) end
  if axis < 0 then axis = axis + #shape end
  return reshape(x, { tools.product(shape, 1, axis), tools.product(shape, axis + 1) })
end

function ops.Squeeze(a, x, axes)
  local shape, out, drop = x.shape, {}, {}
  axes = a.axes or ints(axes)
  for _, d in ipairs(axes and tools.axes(a, axes, #shape) or {}) do
    if shape[d] ~= 1 then a.fail("dim %d of x %s is not 1", d - 1, tools.text(shape)) end
    drop[d] = true
  end
  for d, n in ipairs(shape) do
    if not drop[d] and (axes or n ~= 1) then out[#out + 1] = n end
  end
  return reshape(x, out)
end

function ops.Unsqueeze(a, x, axes)
  local shape, out, new = x.shape, {}, {}
  axes = a.axes or ints(axes) or a.fail "it has no axes"
  local dims = #shape + #axes
  if dims > 8 then a.fail("the result has %d dims, at most 8 are supported", dims) end
  for _, d in ipairs(tools.axes(a, axes, dims)) do new[d] = true end
  local k = 0
  for d = 1, dims do
    if new[d] then out[d] = 1 else k = k + 1 out[d] = shape[k] end
  end
  return reshape(x, out)
end

ops.Transpose = { make = function(a)
  local order, permute = nil, core.ops.permute
  if a.perm then
    order = {}
    for i, p in ipairs(a.perm) do order[i] = p + 1 end
    if #order == 0 then return function(x) return x end end
    return function(x) return permute(x, order) end
  end
  return function(x)
    local turned, dims = {}, x:dim()
    for d = 1, dims do turned[d] = dims + 1 - d end
    return dims < 2 and x or permute(x, turned)
  end
end }

local function broadcast(a, shape, other)
  local out, n = {}, math.max(#shape, #other)
  if n > 8 then a.fail("the result has %d dims, at most 8 are supported", n) end
  for d = 1, n do
    local p, q = shape[d - n + #shape] or 1, other[d - n + #other] or 1
    if p ~= q and p ~= 1 and q ~= 1 then a.fail("x is %s, which does not broadcast with %s", tools.text(shape), tools.text(other)) end
    out[d] = p == 1 and q or p
  end
  return out
end

function ops.Expand(a, x, shape)
  local size = broadcast(a, x.shape, ints(shape))
  local from = x.shape
  while #from < #size do table.insert(from, 1, 1) end
  return reshape(x, from):expand(size)
end

ops.Shape = { types = i64, run = function(a, x)
  local shape = x.shape
  local n, out = #shape, {}
  local from, to = a.start or 0, a["end"] or n
  if from < 0 then from = math.max(from + n, 0) end
  if to < 0 then to = to + n end
  for d = from + 1, math.min(to, n) do out[#out + 1] = shape[d] end
  return tools.i64(out)
end }

ops.Size = { types = i64, run = function(_, x) return core.tensor(x:numel(), { dtype = "i64" }) end }

function ops.Tile(a, x, repeats, tiles)
  local shape = x.shape
  if a.opset < 6 then                                                -- tiles along one axis
    local list = {}
    for d = 1, #shape do list[d] = 1 end
    list[tools.axis(a, tools.number(tiles), #shape)] = tools.number(repeats)
    return x:tile(list)
  end
  repeats = ints(repeats)
  if #repeats ~= #shape then a.fail("repeats is %s, x is %s", tools.text(repeats), tools.text(shape)) end
  for d, n in ipairs(repeats) do
    if n < 0 then a.fail("repeats is %s, wanted 0 or more", tools.text(repeats)) end
    if n == 0 then
      shape[d] = 0
      x = x:slice(d, 1, 0)
      repeats[d] = 1
    end
  end
  if #shape == 0 then return x end
  return x:tile(repeats)
end

-- ---- making tensors ----
local function constant_value(a)
  if a.value ~= nil then return a.value end
  local dtype = (a.value_int or a.value_ints) and "i64" or "f32"
  local number = a.value_float or a.value_int
  if number then return core.tensor(number, { dtype = dtype }) end
  local list = a.value_floats or a.value_ints
  if list then return core.tensor(list, { dtype = dtype }) end
  if a.value_string then return { dtype = "string", shape = {}, a.value_string } end
  if a.value_strings then return { dtype = "string", shape = { #a.value_strings }, table.unpack(a.value_strings) } end
  a.fail "a constant without a value that is supported"
end

ops.Constant = { types = function(a)
  if a.value ~= nil then return a.value_type end
  if a.value_string or a.value_strings then return "string" end
  return (a.value_int or a.value_ints) and "int64" or "float"
end, run = constant_value }

ops.ConstantOfShape = { types = function(a) return a.value_type or "float" end, run = function(a, shape)
  local size, n = ints(shape), 1
  for _, s in ipairs(size) do
    n = n * s
    if s < 0 or s > MOST or n > MOST then a.fail("shape is %s, which is negative or too large", tools.text(size)) end
  end
  local value, dtype = 0, "f32"
  if a.value then value, dtype = tools.number(a.value:reshape(-1)), a.value.dtype end
  return core.ops.full(size, value, { dtype = dtype })
end }

function ops.Range(a, from, to, step)
  local dtype = from.dtype
  local f, t, s = from:item(), to:item(), step:item()
  if s == 0 then a.fail "delta is 0" end
  local n = math.max(math.ceil((t - f) / s), 0)
  if n > MOST then a.fail("%g elements are too many", n) end
  if dtype == "f32" then return core.ops.arange(0, n) * s + f end
  return (core.ops.arange(0, math.tointeger(n), 1, { dtype = "i64" }) * s + f):to(dtype)
end

ops.EyeLike = { types = function(a) return a.dtype and types.name(a.dtype) or a.types[1] end, run = function(a, x)
  local shape, k, name = x.shape, a.k or 0, a.dtype and types.name(a.dtype) or a.types[1]
  if #shape ~= 2 then a.fail("x is %s, wanted a matrix", tools.text(shape)) end
  local row = core.ops.arange(0, shape[1], 1, { dtype = "i64" }):reshape(-1, 1)
  return core.ops.arange(0, shape[2], 1, { dtype = "i64" }):eq(row + k):to(types.dtype(name))
end }

-- ---- blocks between depth and space ----
local function block_of(a, shape)
  local b = a.blocksize
  if #shape ~= 4 or not b or b < 1 then a.fail("x is %s and blocksize %s", tools.text(shape), tostring(b)) end
  return b
end

function ops.DepthToSpace(a, x)
  local s = x.shape
  local b = block_of(a, s)
  if s[2] % (b * b) ~= 0 then a.fail("%d channels do not divide by %d", s[2], b * b) end
  local c = s[2] // (b * b)
  local y
  if a.mode == "CRD" then y = x:reshape(s[1], c, b, b, s[3], s[4]):permute(1, 2, 5, 3, 6, 4)
  else y = x:reshape(s[1], b, b, c, s[3], s[4]):permute(1, 4, 5, 2, 6, 3) end
  return y:reshape(s[1], c, s[3] * b, s[4] * b)
end

function ops.SpaceToDepth(a, x)
  local s = x.shape
  local b = block_of(a, s)
  if s[3] % b ~= 0 or s[4] % b ~= 0 then a.fail("x %s does not divide by %d", tools.text(s), b) end
  return x:reshape(s[1], s[2], s[3] // b, b, s[4] // b, b):permute(1, 4, 6, 2, 3, 5):reshape(s[1], s[2] * b * b, s[3] // b, s[4] // b)
end

return ops
