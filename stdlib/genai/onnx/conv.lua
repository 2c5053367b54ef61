--- ONNX convolutions and pools. The engine's hidden ops take the pad before the first element and the result's size: so pads may differ at both ends.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local hidden = core.ops

local function list_of(a, name, nd, default, least)
  local list, out = a[name], {}
  if list and #list ~= nd and not (name == "output_padding" and #list >= nd) then a.fail("%s is %s, wanted %d numbers", name, tools.text(list), nd) end
  for d = 1, nd do
    out[d] = list and list[d] or default
    if out[d] < least or out[d] > 1 << 30 then a.fail("%s is %d, wanted %d or more", name, out[d], least) end
  end
  return out
end

local function explicit_pads(a, nd)
  local pads = a.pads or {}
  if #pads ~= 0 and #pads ~= 2 * nd then a.fail("pads is %s, wanted %d numbers", tools.text(pads), 2 * nd) end
  local before, after = {}, {}
  for d = 1, nd do
    before[d], after[d] = pads[d] or 0, pads[nd + d] or 0
    if before[d] < 0 or after[d] < 0 or before[d] > 1 << 30 or after[d] > 1 << 30 then a.fail("pads is %s, wanted 0 or more", tools.text(pads)) end
  end
  return before, after
end

-- Pads and the result's size along each dim of a window that slides over x.
local function slide(a, x, kernel, stride, dilation, ceil)
  local nd, auto = #kernel, a.auto_pad or "NOTSET"
  local before, after = explicit_pads(a, nd)
  local out = {}
  for d = 1, nd do
    local n, reach = x[d + 2], (kernel[d] - 1) * dilation[d] + 1
    if kernel[d] < 1 or n < 1 then a.fail("the kernel %s goes not with x %s", tools.text(kernel), tools.text(x)) end
    if auto == "SAME_UPPER" or auto == "SAME_LOWER" then
      out[d] = (n + stride[d] - 1) // stride[d]
      local total = math.max((out[d] - 1) * stride[d] + reach - n, 0)
      before[d] = auto == "SAME_UPPER" and total // 2 or total - total // 2
      after[d] = total - before[d]
    else
      if auto == "VALID" then before[d], after[d] = 0, 0
      elseif auto ~= "NOTSET" and auto ~= "" then a.fail("auto_pad is \"%s\"", auto) end
      local room = n + before[d] + after[d] - reach
      if room < 0 then a.fail("the kernel %s is larger than the padded x %s", tools.text(kernel), tools.text(x)) end
      out[d] = (ceil and room + stride[d] - 1 or room) // stride[d] + 1
      if ceil and (out[d] - 1) * stride[d] >= n + before[d] then out[d] = out[d] - 1 end       -- the last window starts inside
    end
  end
  return before, out, after
end

-- Three dims, leading ones filled up: what the hidden ops want.
local function three(parts)
  local out = {}
  for i = 1, #parts, 2 do
    local list, fill = parts[i], parts[i + 1]
    for _ = #list + 1, 3 do out[#out + 1] = fill end
    for _, n in ipairs(list) do out[#out + 1] = n end
  end
  return out
end

local function same_shape(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do if a[i] ~= b[i] then return false end end
  return true
end

-- ---- convolution ----
local function check_conv(a, xs, ws, b, groups, inner)
  local nd = #xs - 2
  if nd < 1 or nd > 3 or #ws ~= #xs then a.fail("x is %s and the weights are %s, wanted [n,c,..] and [o,c,..] of one to three more dims", tools.text(xs), tools.text(ws)) end
  if groups < 1 or ws[1] % groups ~= 0 or xs[2] ~= inner or inner % groups ~= 0 then a.fail("the weights %s do not go with x %s in %d groups", tools.text(ws), tools.text(xs), groups) end
  if a.kernel_shape then
    for d = 1, nd do if a.kernel_shape[d] ~= ws[d + 2] then a.fail("kernel_shape is %s, the weights are %s", tools.text(a.kernel_shape), tools.text(ws)) end end
  end
end

local function check_bias(a, b, n)
  if b and (b:dim() ~= 1 or b.shape[1] ~= n) then a.fail("the bias is %s, wanted [%d]", tools.text(b.shape), n) end
end

local function conv_plan(a, xs, ws, b)
  local groups, kernel = a.group or 1, { table.unpack(ws, 3) }
  check_conv(a, xs, ws, b, groups, ws[2] * groups)
  check_bias(a, b, ws[1])
  local stride, dilation = list_of(a, "strides", #kernel, 1, 1), list_of(a, "dilations", #kernel, 1, 1)
  local before, out = slide(a, xs, kernel, stride, dilation)
  return { x = xs, w = ws, geometry = three { stride, 1, before, 0, dilation, 1 }, out = out }
end

tools.conv_plan = conv_plan                  -- for the convolutions of whole numbers

ops.Conv = { make = function(a)
  local last
  local conv, groups, act, slope = hidden.conv_nd, a.group or 1, a[1], a[2]                -- 1, 2: an activation and its slope, from fusion
  return function(x, w, b)
    local xs, ws = x.shape, w.shape
    if not last or not same_shape(xs, last.x) or not same_shape(ws, last.w) then last = conv_plan(a, xs, ws, b) end
    return conv(x, w, b, last.geometry, last.out, groups, act, slope)
  end
end }

--- tools.conv_pair(first, second) -> the entry of an op that makes two convolutions (given by their contexts) side by side: x w b z v c -> y.
function tools.conv_pair(first, second)
  return { make = function()
    local pair, act, slope, p, q = hidden.conv_pair, first[1], first[2], nil, nil
    return function(x, w, b, z, v, c)
      local xs, zs = x.shape, z.shape
      if not p or not same_shape(xs, p.x) then p = conv_plan(first, xs, w.shape, b) end
      if not q or not same_shape(zs, q.x) then q = conv_plan(second, zs, v.shape, c) end
      if not same_shape(p.out, q.out) or xs[1] ~= zs[1] then second.fail("its result is %s, joined with one of %s", tools.text(q.out), tools.text(p.out)) end
      return pair(x, w, b, z, v, c, p.geometry, q.geometry, p.out, act, slope)
    end
  end }
end

local function spread(a, xs, ws, kernel, stride, dilation)
  local nd, auto = #kernel, a.auto_pad or "NOTSET"
  local before, after = explicit_pads(a, nd)
  local extra, size = list_of(a, "output_padding", nd, 0, 0), a.output_shape
  if size and #size > nd then size = { table.unpack(size, #size - nd + 1) } end
  if size and #size < nd then a.fail("output_shape is %s, wanted %d numbers", tools.text(size), nd) end
  if auto:find "SAME" and not size then
    size = {}
    for d = 1, nd do size[d] = xs[d + 2] * stride[d] end
  end
  local out = {}
  for d = 1, nd do
    local whole = (xs[d + 2] - 1) * stride[d] + extra[d] + (kernel[d] - 1) * dilation[d] + 1
    if size then
      local total = math.max(whole - size[d], 0)
      before[d] = auto == "SAME_UPPER" and total // 2 or total - total // 2
      if auto ~= "SAME_UPPER" and auto ~= "SAME_LOWER" then before[d] = total // 2 end
      out[d] = size[d]
    else
      out[d] = whole - before[d] - after[d]
    end
    if out[d] < 1 or xs[d + 2] < 1 or kernel[d] < 1 then a.fail("nothing is left of x %s", tools.text(xs)) end
  end
  return before, out
end

ops.ConvTranspose = function(a, x, w, b)
  local xs, ws, groups = x.shape, w.shape, a.group or 1
  check_conv(a, xs, ws, b, groups, ws[1])
  check_bias(a, b, ws[2] * groups)
  local kernel = { table.unpack(ws, 3) }
  local stride, dilation = list_of(a, "strides", #kernel, 1, 1), list_of(a, "dilations", #kernel, 1, 1)
  local before, out = spread(a, xs, ws, kernel, stride, dilation)
  return hidden.conv_data(x, w, b, three { stride, 1, before, 0, dilation, 1 }, out, groups, a[1], a[2])
end

-- ---- pools ----
local function pool_plan(a, xs)
  local kernel = a.kernel_shape
  if #xs < 3 or #xs > 5 or not kernel or #kernel ~= #xs - 2 then a.fail("x is %s and kernel_shape %s", tools.text(xs), kernel and tools.text(kernel) or "absent") end
  list_of(a, "kernel_shape", #kernel, 1, 1)
  local stride, dilation = list_of(a, "strides", #kernel, 1, 1), list_of(a, "dilations", #kernel, 1, 1)
  local before, out, after = slide(a, xs, kernel, stride, dilation, a.ceil_mode == 1)
  local plain, uneven = true, false
  for d = 1, #kernel do
    local reach = (kernel[d] - 1) * dilation[d] + 1
    if before[d] >= reach or (out[d] - 1) * stride[d] - before[d] >= xs[d + 2] then a.fail("a window lies in the padding alone: pads %s, kernel %s", tools.text(a.pads or before), tools.text(kernel)) end
    plain, uneven = plain and dilation[d] == 1, uneven or after[d] > before[d]
  end
  return { x = xs, kernel = kernel, stride = stride, dilation = dilation, before = before, after = after, out = out, plain = plain, uneven = uneven,
    window = three { kernel, 1, stride, 1, before, 0 } }
end

local function planned(a, run)
  local last
  return function(x)
    local xs = x.shape
    if not last or not same_shape(xs, last.x) then last = pool_plan(a, xs) end
    return run(x, last)
  end
end

--- tools.conv_pool(conv, pool) -> the entry of an op that is a convolution and the maximum pool of its result (given by their contexts): x w b -> y.
function tools.conv_pool(first, second)
  return { make = function()
    local both, groups, act, slope, p, q = hidden.conv_pool, first.group or 1, first[1] or 0, first[2] or 0, nil, nil
    return function(x, w, b)
      local xs = x.shape
      if not p or not same_shape(xs, p.x) then
        p = conv_plan(first, xs, w.shape, b)
        q = pool_plan(second, { xs[1], w.shape[1], table.unpack(p.out) })
      end
      return both(x, w, b, p.geometry, p.out, groups, act, slope, q.window, q.out)
    end
  end }
end

-- x as a float tensor padded with a value so that every window lies inside.
local function padded(x, p, value)
  local pads = {}
  for d = #p.kernel, 1, -1 do
    local need = (p.out[d] - 1) * p.stride[d] + (p.kernel[d] - 1) * p.dilation[d] + 1
    pads[#pads + 1], pads[#pads + 2] = p.before[d], math.max(need - p.x[d + 2] - p.before[d], 0)
  end
  return x:pad(pads, { value = value })
end

-- Windows with gaps: tap by tap over the padded x; join(sum so far or nil, tap's elements, tap's number).
local function tap_by_tap(x, p, join)
  local nd, at, count = #p.kernel, {}, 0
  for d = 1, nd do at[d] = 0 end
  while true do
    local t = x
    for d = 1, nd do
      local from = at[d] * p.dilation[d] + 1
      t = t:slice(d + 2, from, from + (p.out[d] - 1) * p.stride[d], p.stride[d])
    end
    join(t, at)
    count = count + 1
    local d = nd
    while d > 0 and at[d] == p.kernel[d] - 1 do at[d], d = 0, d - 1 end
    if d == 0 then return count end
    at[d] = at[d] + 1
  end
end

local function whole_numbers(n, by) return (n:to "f32" / by):to "i64" end

-- Positions in the plane -> positions in the tensor; storage_order 1 counts columns first.
local function whole_positions(a, position, p)
  local n, plane = position:to "i64", tools.product(p.x, 3)
  if a.storage_order == 1 and #p.x == 4 then
    local w, h = p.x[4], p.x[3]
    local column = n:remainder(w)
    n = column * h + whole_numbers(n - column, w)
  end
  local planes = core.ops.arange(0, p.x[1] * p.x[2], 1, { dtype = "i64" }) * plane
  local shape = { p.x[1], p.x[2] }
  for d = 3, #p.x do shape[d] = 1 end
  return n + planes:reshape(shape)
end

local function dilated_max(a, x, p)
  local best, index
  local wide = padded(x, p, -math.huge)
  tap_by_tap(wide, p, function(t, at)
    if not best then best, index = t:contiguous(), nil else best = best:maximum(t) end
  end)
  if a.outs[2] then a.fail "positions of windows with gaps are not supported" end
  return best, index
end

ops.MaxPool = { types = function(a) return a.types[1], "int64" end, make = function(a)
  local pool = a.outs[2] and hidden.max_pool_nd or hidden.max_pool_values
  return planned(a, function(x, p)
    local dtype = x.dtype
    if dtype ~= "f32" then x = x:to "f32" end
    local y, position
    if p.plain then y, position = pool(x, p.window, p.out) else y, position = dilated_max(a, x, p) end
    if dtype ~= "f32" then y = y:to(dtype) end
    if not a.outs[2] then return y end
    return y, whole_positions(a, position, p)
  end)
end }

ops.AveragePool = { make = function(a)
  local pool, count = hidden.avg_pool_nd, a.count_include_pad == 1
  return planned(a, function(x, p)
    if p.plain and not (count and p.uneven) then return pool(x, p.window, p.out, count) end
    if p.plain then
      local wide = padded(x, p, 0)
      return pool(wide, three { p.kernel, 1, p.stride, 1, {}, 0 }, p.out, true)
    end
    local sum, parts
    local n = tap_by_tap(padded(x, p, 0), p, function(t) sum = sum and sum + t or t end)
    if count then return sum / n end
    tap_by_tap(padded(core.ops.ones_like(x), p, 0), p, function(t) parts = parts and parts + t or t end)
    return sum / parts
  end)
end }

ops.LpPool = { make = function(a)
  local power = a.p or 2
  return planned(a, function(x, p)
    local sum
    tap_by_tap(padded(x:abs():pow(power), p, 0), p, function(t) sum = sum and sum + t or t end)
    return sum:pow(1 / power)
  end)
end }

local function space(a, x)
  local dims = {}
  if x:dim() < 3 then a.fail("x is %s, wanted [n,c,..]", tools.text(x.shape)) end
  for d = 3, x:dim() do dims[d - 2] = d end
  return dims
end
local keep = { keep = true }
ops.GlobalAveragePool = function(a, x) return x:mean(space(a, x), keep) end
ops.GlobalMaxPool = function(a, x) return (x:max(space(a, x), keep)) end
ops.GlobalLpPool = function(a, x)
  local p = a.p or 2
  return x:abs():pow(p):sum(space(a, x), keep):pow(1 / p)
end

return ops
