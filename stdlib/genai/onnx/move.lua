--- ONNX ops that pick, place and join elements.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local ints = tools.ints

-- ---- joining and splitting ----
local function numbers(x) return x.dtype == "bool" and x:to "u8" or x end

ops.Concat = { make = function(a)
  local cat, axis = core.ops.cat, a.axis or 1
  return function(...)
    local list = { ... }
    local first = list[1]
    if #list == 1 then return first end
    local dtype = first.dtype
    if dtype == "bool" then for i, x in ipairs(list) do list[i] = x:to "u8" end end
    local d = axis >= 0 and axis + 1 or tools.axis(a, axis, first:dim())
    local y = cat(list, d)
    return dtype == "bool" and y:to "bool" or y
  end
end }

local function sizes(a, n, split)
  local list = a.split or ints(split)
  if list then
    local sum = 0
    for _, s in ipairs(list) do
      if s < 0 then a.fail("split is %s, wanted 0 or more", tools.text(list)) end
      sum = sum + s
    end
    if sum ~= n or #list ~= a.nouts then a.fail("split is %s for %d outputs of a dim of size %d", tools.text(list), a.nouts, n) end
    return list
  end
  local parts = a.nouts
  local each, out = (n + parts - 1) // parts, {}
  for i = 1, parts do
    out[i] = math.min(each, n)
    n = n - out[i]
  end
  return out
end

function ops.Split(a, x, split)
  local d, out, at = tools.axis(a, a.axis or 0, x:dim()), {}, 1
  for i, s in ipairs(sizes(a, x.shape[d], split)) do
    out[i] = x:slice(d, at, at + s - 1)
    at = at + s
  end
  return table.unpack(out)
end
local function all_as_first(a)
  local out = {}
  for i = 1, a.nouts do out[i] = a.types[1] end
  return table.unpack(out)
end
ops.Split = { types = all_as_first, run = ops.Split }

-- ---- slices ----
-- Positions from..to (from 1) of a dim with a step, as the file's start and end say.
local function cut(x, d, n, from, to, step)
  if step > 0 then
    if from < 0 then from = from + n end
    if to < 0 then to = to + n end
    from, to = math.min(math.max(from, 0), n), math.min(math.max(to, 0), n)
    if from == 0 and to == n and step == 1 then return x end
    if to <= from then return x:slice(d, 1, 0) end
    return x:slice(d, from + 1, to, math.min(step, n))
  end
  if from < 0 then from = from + n end
  if to < 0 then to = to + n end
  from, to, step = math.min(math.max(from, -1), n - 1), math.min(math.max(to, -1), n - 1), math.min(-step, math.max(n, 1))
  if from <= to then return x:slice(d, 1, 0) end
  local count = (from - to + step - 1) // step
  return x:slice(d, from - (count - 1) * step + 1, from + 1, step):flip(d)
end

local function slice(a, x, starts, ends, axes, steps)
  local shape = x.shape
  if #starts ~= #ends or (axes and #axes ~= #starts) or (steps and #steps ~= #starts) or #starts > #shape then
    a.fail("starts %s, ends %s and x %s do not go together", tools.text(starts), tools.text(ends), tools.text(shape))
  end
  for i, from in ipairs(starts) do
    local d, step = axes and tools.axis(a, axes[i], #shape) or i, steps and steps[i] or 1
    if step == 0 then a.fail "a step of 0" end
    x = cut(x, d, shape[d], math.max(from, math.mininteger // 2), math.max(ends[i], math.mininteger // 2), step)
  end
  return x
end

ops.Slice = { make = function(a, consts)
  if a.opset < 10 then return function(x) return slice(a, x, a.starts or {}, a.ends or {}, a.axes) end end
  local s, e, ax, st = ints(consts[2]), ints(consts[3]), ints(consts[4]), ints(consts[5])
  return function(x, starts, ends, axes, steps) return slice(a, x, s or ints(starts), e or ints(ends), ax or ints(axes), st or ints(steps)) end
end }

-- ---- padding ----
local modes = { constant = "constant", reflect = "reflect", edge = "replicate", wrap = "circular" }

local function crop(x, pads, pairs_)
  for d, p in ipairs(pairs_) do
    local n = x.shape[d]
    if p[1] < 0 or p[2] < 0 then
      x = x:slice(d, 1 + math.max(-p[1], 0), n - math.max(-p[2], 0))
      p[1], p[2] = math.max(p[1], 0), math.max(p[2], 0)
    end
  end
  return x
end

local function pad(a, x, pads, value, axes)
  local dims, mode, by = x:dim(), modes[a.mode or "constant"], {}
  if not mode then a.fail("mode is \"%s\"", a.mode) end
  for d = 1, dims do by[d] = { 0, 0 } end
  local where = axes or {}
  if not axes then for d = 1, dims do where[d] = d - 1 end end
  if #pads ~= 2 * #where then a.fail("pads is %s for x %s", tools.text(pads), tools.text(x.shape)) end
  for i, axis in ipairs(where) do
    local p, q = pads[i], pads[i + #where]
    if math.max(p, q) > 1 << 40 or math.min(p, q) < -(1 << 40) then a.fail("pads is %s", tools.text(pads)) end
    by[tools.axis(a, axis, dims)] = { p, q }
  end
  x = crop(x, pads, by)
  local first, flat = dims + 1, {}
  for d = dims, 1, -1 do if by[d][1] ~= 0 or by[d][2] ~= 0 then first = d end end
  if first > dims then return x end
  for d = dims, first, -1 do flat[#flat + 1], flat[#flat + 2] = by[d][1], by[d][2] end
  return x:pad(flat, { mode = mode, value = value })
end

ops.Pad = { make = function(a, consts)
  if a.opset < 11 then
    local fixed = a.pads or a.paddings or {}
    return function(x) return pad(a, x, fixed, a.value or 0) end
  end
  local p, v, ax = ints(consts[2]), consts[3] and consts[3]:item(), ints(consts[4])
  return function(x, pads, value, axes) return pad(a, x, p or ints(pads), v or (value and value:item()) or 0, ax or ints(axes)) end
end }

-- ---- gathering ----
ops.Gather = { make = function(a, consts)
  local fixed, select, pick = consts[2], core.ops.select, core.ops.index_select
  local single = fixed and fixed:dim() == 0 and fixed:item()
  local axis = a.axis or 0
  return function(x, index)
    local d = axis >= 0 and axis < 1 and x:dim() > 0 and 1 or tools.axis(a, axis, x:dim())
    if single then
      local n = x.shape[d]
      if single < -n or single >= n then a.fail("index %d, x is %s", single, tools.text(x.shape)) end
      return select(x, d, single < 0 and single + n + 1 or single + 1)
    end
    local shape = x.shape
    index = tools.absolute(index, shape[d])
    local dims = index:dim()
    if dims == 1 then return pick(x, d, index) end
    local out, size = {}, index.shape
    for i = 1, d - 1 do out[i] = shape[i] end
    for i = 1, dims do out[d - 1 + i] = size[i] end
    for i = d + 1, #shape do out[dims + i - 1] = shape[i] end
    if #out > 8 then a.fail("the result has %d dims, at most 8 are supported", #out) end
    return pick(x, d, index:reshape(-1)):reshape(out)
  end
end }

function ops.GatherElements(a, x, index)
  local d = tools.axis(a, a.axis or 0, x:dim())
  return x:gather(d, tools.absolute(index, x.shape[d]))
end

-- The last dim of index[..,k] as one position in the first k of some sizes.
local function flat_index(a, index, sizes, from, k)
  local flat
  for j = 1, k do
    local n = sizes[from + j]
    local part = tools.absolute(index:select(index:dim(), j), n)
    if part:numel() > 0 and (part:max():item() >= n or part:min():item() < 0) then a.fail("an index lies outside %s", tools.text(sizes)) end
    flat = flat and flat * n + part or part
  end
  return flat or core.ops.zeros(tools.product(index.shape, 1, index:dim() - 1), { dtype = "i64" })
end

function ops.GatherND(a, x, index)
  local b, xs, is = a.batch_dims or 0, x.shape, index.shape
  local k = is[#is]
  if not k or b < 0 or b >= #is or k + b > #xs or k < 1 then a.fail("indices are %s, x is %s", tools.text(is), tools.text(xs)) end
  local batch, m = tools.product(xs, 1, b), tools.product(is, b + 1, #is - 1)
  for d = 1, b do if xs[d] ~= is[d] then a.fail("indices are %s, x is %s", tools.text(is), tools.text(xs)) end end
  local flat = flat_index(a, index, xs, b, k):reshape(batch, m)
  local size = tools.product(xs, b + 1, b + k)
  flat = (flat + core.ops.arange(0, batch, 1, { dtype = "i64" }):reshape(batch, 1) * size):reshape(-1)
  local out = {}
  for d = 1, #is - 1 do out[d] = is[d] end
  for d = b + k + 1, #xs do out[#out + 1] = xs[d] end
  if #out > 8 then a.fail("the result has %d dims, at most 8 are supported", #out) end
  return x:reshape(batch * size, tools.product(xs, b + k + 1)):index_select(1, flat):reshape(out)
end

-- ---- scattering ----
local joins = { mul = function(x, y) return x * y end, max = function(x, y) return math.max(x, y) end, min = function(x, y) return math.min(x, y) end }

-- Element by element where neither the engine's scatter nor its sum will do.
local function place_each(a, flat, index, updates)
  local join = joins[a.reduction] or a.fail("reduction is \"%s\"", a.reduction)
  local dtype, out, u = flat.dtype, flat:totable(), updates:reshape(-1):totable()
  for i, p in ipairs(index:reshape(-1):totable()) do out[p + 1] = join(out[p + 1], u[i]) end
  return core.tensor(out, { dtype = dtype })
end

local function scatter(a, x, d, index, updates)
  if not a.reduction or a.reduction == "none" then return x:scatter(d, index, updates) end
  if a.reduction == "add" then return x:scatter_add(d, index, updates) end
  local shape, n = x.shape, x:numel()
  local places = core.ops.arange(0, n, 1, { dtype = "i64" }):reshape(shape):gather(d, index)
  return place_each(a, x:reshape(-1), places, updates):reshape(shape)
end

function ops.ScatterElements(a, x, index, updates)
  local d, dtype = tools.axis(a, a.axis or 0, x:dim()), x.dtype
  local is, us = index.shape, updates.shape
  if tools.text(is) ~= tools.text(us) then a.fail("indices are %s, updates %s", tools.text(is), tools.text(us)) end
  local y = scatter(a, numbers(x), d, tools.absolute(index, x.shape[d]), numbers(updates))
  return y.dtype == dtype and y or y:to(dtype)
end
ops.Scatter = ops.ScatterElements

function ops.ScatterND(a, x, index, updates)
  local xs, is, dtype = x.shape, index.shape, x.dtype
  local k = is[#is]
  if not k or k < 1 or k > #xs then a.fail("indices are %s, x is %s", tools.text(is), tools.text(xs)) end
  local m, rest, size = tools.product(is, 1, #is - 1), tools.product(xs, k + 1), tools.product(xs, 1, k)
  if updates:numel() ~= m * rest then a.fail("updates are %s, wanted %d elements", tools.text(updates.shape), m * rest) end
  local flat = flat_index(a, index, xs, 0, k):reshape(m, 1):expand(m, rest)
  local y = scatter(a, numbers(x):reshape(size, rest), 1, flat:contiguous(), numbers(updates):reshape(m, rest)):reshape(xs)
  return y.dtype == dtype and y or y:to(dtype)
end

function ops.Compress(a, x, condition)
  local d
  if a.axis then d = tools.axis(a, a.axis, x:dim()) else x, d = x:reshape(-1), 1 end
  local index = condition:reshape(-1):nonzero():reshape(-1)
  return x:index_select(d, index)
end

function ops.ReverseSequence(a, x, lengths)
  local time, batch = (a.time_axis or 0) + 1, (a.batch_axis or 1) + 1
  if time + batch ~= 3 or time == batch or x:dim() < 2 then a.fail("time_axis is %d, batch_axis %d", time - 1, batch - 1) end
  local list, n, out = ints(lengths), x.shape[time], {}
  for i, len in ipairs(list) do
    local one = x:slice(batch, i, i)
    if len < 0 or len > n then a.fail("a length of %d, x is %s", len, tools.text(x.shape)) end
    out[i] = core.ops.cat({ one:slice(time, 1, len):flip(time), one:slice(time, len + 1, n) }, time)
  end
  if #list ~= x.shape[batch] then a.fail("%d lengths, x is %s", #list, tools.text(x.shape)) end
  return core.ops.cat(out, batch)
end

return ops
