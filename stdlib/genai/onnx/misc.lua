--- ONNX ops that order, count and mark: TopK, Unique, NonZero, OneHot, CumSum, Einsum, bits, determinants.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}
local op = core.ops

local function int64() return "int64" end

-- ---- ordering ----
ops.TopK = { types = function(a) return a.types[1], "int64" end, run = function(a, x, k)
  local d = tools.axis(a, a.axis or -1, x:dim())
  local n = a.k or tools.number(k or a.fail "it has no k")
  if n < 0 or n > x.shape[d] then a.fail("k is %d, wanted 0..%d, a size of x %s", n, x.shape[d], tools.text(x.shape)) end
  local values, at = x:topk(n, d, { descending = a.largest ~= 0 })
  return values, at:to "i64"
end }

-- Where runs of equal elements begin in a sorted list, how long they are, and the run of each element.
local function runs_of(sorted, at)
  local n = #sorted
  local first, count, inverse = {}, {}, {}
  for i = 1, n do
    if i == 1 or sorted[i] ~= sorted[i - 1] then first[#first + 1], count[#count + 1] = at[i], 0 end
    count[#count] = count[#count] + 1
    inverse[at[i] + 1] = #first - 1
  end
  return first, count, inverse
end

-- Runs in the order in which they first occur.
local function by_occurrence(first, count, inverse)
  local order, place, f, c = {}, {}, {}, {}
  for i = 1, #first do order[i] = i end
  table.sort(order, function(p, q) return first[p] < first[q] end)
  for i, p in ipairs(order) do place[p - 1], f[i], c[i] = i - 1, first[p], count[p] end
  for i, r in ipairs(inverse) do inverse[i] = place[r] end
  return f, c, inverse
end

-- Slices of x[n,m] in the order of their elements: sorted texts of ranks, and where they were.
local function sorted_slices(x)
  local rows, at = x:totable(), {}
  for i = 1, #rows do at[i] = i - 1 end
  local function before(p, q)
    local u, v = rows[p + 1], rows[q + 1]
    for j = 1, #u do if u[j] ~= v[j] then return u[j] < v[j] end end
    return p < q
  end
  table.sort(at, before)
  local names = {}
  for i, p in ipairs(at) do names[i] = table.concat(rows[p + 1], " ") end
  return names, at
end

ops.Unique = { types = function(a) return a.types[1], "int64", "int64", "int64" end, run = function(a, x)
  local d, sorted, at = 1, nil, nil
  if a.axis then
    d = tools.axis(a, a.axis, x:dim())
    sorted, at = sorted_slices(x:transpose(1, d):reshape(x.shape[d], x:numel() // math.max(x.shape[d], 1)))
  else
    x = x:reshape(-1)
    local values, places = (x.dtype == "bool" and x:to "u8" or x):sort(1)
    sorted, at = values:totable(), places:totable()
  end
  local first, count, inverse = runs_of(sorted, at)
  if a.sorted == 0 then first, count, inverse = by_occurrence(first, count, inverse) end
  first = tools.i64(first)
  return x:index_select(d, first), first, tools.i64(inverse), tools.i64(count)
end }

-- ---- marks and counts ----
ops.NonZero = { types = int64, run = function(_, x)
  if x:dim() == 0 then x = x:reshape(1) end
  return x:nonzero():to("i64"):transpose(1, 2):contiguous()
end }

ops.OneHot = { types = function(a) return a.types[3] end, run = function(a, index, depth, values)
  local n, dims = math.floor(tools.number(depth)), index:dim()
  if n < 0 or values:numel() ~= 2 then a.fail("depth is %g and values %s, wanted 0 or more and two numbers", n, tools.text(values.shape)) end
  local d = tools.axis(a, a.axis or -1, dims + 1)
  local size, kind = {}, values.dtype
  for i = 1, dims + 1 do size[i] = i == d and n or 1 end
  index = index:to "i64"
  index = index:lt(0):where(index + n, index):unsqueeze(d)
  if kind == "bool" then values = values:to "u8" end
  values = values:reshape(2)
  local y = index:eq(op.arange(0, n, 1, { dtype = "i64" }):reshape(size)):where(values:select(1, 2), values:select(1, 1))
  return y.dtype == kind and y or y:to(kind)
end }

ops.Trilu = { run = function(a, x, k)
  local from = k and tools.number(k) or 0
  if x:dim() < 2 then a.fail("x is %s, wanted matrices", tools.text(x.shape)) end
  from = math.max(math.min(from, x.shape[x:dim()]), -x.shape[x:dim() - 1])
  if a.upper == 0 then return x:tril(from) end
  return x:triu(from)
end }

ops.CumSum = { run = function(a, x, axis)
  local d, kind = tools.axis(a, tools.number(axis), x:dim()), x.dtype
  local y = a.reverse == 1 and x:flip(d) or x
  y = y:cumsum(d)
  if a.exclusive == 1 then y = y - (a.reverse == 1 and x:flip(d) or x) end
  if a.reverse == 1 then y = y:flip(d) end
  return y.dtype == kind and y or y:to(kind)
end }

function ops.Einsum(a, ...)
  local kind = (...).dtype
  local y = op.einsum(a.equation or a.fail "it has no equation", ...)
  return y.dtype == kind and y or y:to(kind)
end

-- ---- bits ----
local function bitwise(name)
  return { make = function(a)
    local kind = a.types[1]
    if types.is_float(kind) or kind == "bool" then a.fail("the elements are %s, wanted integers", kind) end
    return function(x, y)
      local dtype = x.dtype
      x, y = x:to "i64", y:to "i64"
      local z = op.bits(x + y:zeros_like(), y + x:zeros_like(), name(a))
      return types.cast(z, "int64", kind):to(dtype)
    end
  end }
end
ops.BitwiseAnd = bitwise(function() return "and" end)
ops.BitwiseOr = bitwise(function() return "or" end)
ops.BitwiseXor = bitwise(function() return "xor" end)
local signed = { int8 = true, int16 = true, int32 = true, int64 = true }
ops.BitShift = bitwise(function(a)
  if a.direction == "LEFT" then return "left" end
  if a.direction == "RIGHT" then return signed[a.types[1]] and "signed" or "right" end
  a.fail("direction is \"%s\"", tostring(a.direction))
end)
ops.BitwiseNot = { run = function(a, x)
  return types.cast(-x:to("i64") - 1, "int64", a.types[1]):to(x.dtype)
end }

-- ---- matrices ----
-- Gauss' elimination with the largest pivot, in doubles.
local function determinant(m)
  local n, det = #m, 1.0
  for c = 1, n do
    local p = c
    for r = c + 1, n do if math.abs(m[r][c]) > math.abs(m[p][c]) then p = r end end
    if m[p][c] == 0 then return 0.0 end
    if p ~= c then m[p], m[c], det = m[c], m[p], -det end
    local top = m[c]
    det = det * top[c]
    for r = c + 1, n do
      local row, f = m[r], m[r][c] / top[c]
      for k = c + 1, n do row[k] = row[k] - f * top[k] end
    end
  end
  return det
end

function ops.Det(a, x)
  local shape = x.shape
  local n = shape[#shape]
  if #shape < 2 or n ~= shape[#shape - 1] then a.fail("x is %s, wanted square matrices", tools.text(shape)) end
  local out, list = {}, x:reshape(-1, n, n):totable()
  for i, m in ipairs(list) do out[i] = determinant(m) end
  table.remove(shape)
  table.remove(shape)
  return core.tensor(out):reshape(shape)
end

-- ---- the way back from a pool ----
function ops.MaxUnpool(a, x, index, size)
  local xs, kernel, pads, strides = x.shape, a.kernel_shape or a.fail "it has no kernel_shape", a.pads or {}, a.strides or {}
  local nd, out, n = #kernel, { xs[1], xs[2] }, nil
  if #xs ~= nd + 2 then a.fail("x is %s, kernel_shape %s", tools.text(xs), tools.text(kernel)) end
  for d = 1, nd do out[d + 2] = (xs[d + 2] - 1) * (strides[d] or 1) + kernel[d] - (pads[d] or 0) - (pads[nd + d] or 0) end
  n = tools.product(out)
  if n < 1 or n > 1 << 31 then a.fail("the result is %s, x is %s", tools.text(out), tools.text(xs)) end
  local y = op.zeros(n):scatter(1, index:reshape(-1), x:reshape(-1)):reshape(out)
  size = tools.ints(size)
  if not size then return y end
  local by = {}
  for d = #xs, 1, -1 do table.insert(by, 0) table.insert(by, (size[d] or 0) - out[d]) end
  return y:pad(by)
end

return ops
