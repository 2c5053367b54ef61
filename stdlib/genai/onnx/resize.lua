--- ONNX Resize and Upsample: each dim is resized by a table of positions and weights.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}

-- ---- where output i lies in the input ----
local function coordinate(f, i)
  local mode, n, m, scale = f.coordinates, f.n, f.m, f.scale
  if mode == "asymmetric" then return i / scale end
  if mode == "align_corners" then return m > 1 and i * (n - 1) / (m - 1) or 0 end
  if mode == "pytorch_half_pixel" then return m > 1 and (i + 0.5) / scale - 0.5 or 0 end
  if mode == "tf_half_pixel_for_nn" then return (i + 0.5) / scale end
  if mode == "tf_crop_and_resize" then
    return m > 1 and f.from * (n - 1) + i * (f.to - f.from) * (n - 1) / (m - 1) or 0.5 * (f.from + f.to) * (n - 1)
  end
  if mode == "half_pixel_symmetric" then
    local center = n / 2
    return center - center * m / (scale * n) + (i + 0.5) / scale - 0.5
  end
  return (i + 0.5) / scale - 0.5
end

local rounds = {
  round_prefer_floor = function(x) return math.ceil(x - 0.5) end, round_prefer_ceil = function(x) return math.floor(x + 0.5) end,
  floor = math.floor, ceil = math.ceil,
}

local function clamp(i, n) return i < 0 and 0 or i >= n and n - 1 or i end

local function cubic(x, a)
  x = math.abs(x)
  if x < 1 then return ((a + 2) * x - (a + 3)) * x * x + 1 end
  return x < 2 and (((x - 5) * x + 8) * x - 4) * a or 0
end

-- The neighbours of x and their weights; with antialias the filter widens when shrinking.
local function neighbours(f, x)
  local wide = f.antialias and math.max(1 / f.scale, 1) or 1
  local reach = (f.mode == "linear" and 1 or 2) * wide
  local first, last, list, sum = math.floor(x - reach) + 1, math.ceil(x + reach) - 1, {}, 0
  if f.mode == "linear" and wide == 1 then first = math.floor(x) last = first + 1 end
  if f.mode == "cubic" and wide == 1 then first = math.floor(x) - 1 last = first + 3 end
  for k = first, last do
    local d = (k - x) / wide
    local w = f.mode == "linear" and math.max(1 - math.abs(d), 0) or cubic(d, f.a)
    if f.outside and (k < 0 or k >= f.n) then w = 0 end
    list[#list + 1] = { clamp(k, f.n), w }
    sum = sum + w
  end
  for _, e in ipairs(list) do e[2] = e[2] / sum end
  return list
end

-- positions[k][i], weights[k][i] of tap k of output i; outside[i]: output i lies outside the input.
local function taps(f)
  local positions, weights, outside = {}, {}, nil
  for i = 0, f.m - 1 do
    local x = coordinate(f, i)
    local list
    if f.mode == "nearest" then list = { { clamp(f.round(x), f.n), 1 } } else list = neighbours(f, x) end
    for k, e in ipairs(list) do
      positions[k], weights[k] = positions[k] or {}, weights[k] or {}
      positions[k][i + 1], weights[k][i + 1] = e[1], e[2]
    end
    if f.coordinates == "tf_crop_and_resize" and (x < 0 or x > f.n - 1) then
      outside = outside or {}
      outside[i + 1] = true
    end
  end
  for k in ipairs(positions) do
    for i = 1, f.m do positions[k][i], weights[k][i] = positions[k][i] or 0, weights[k][i] or 0 end
  end
  return positions, weights, outside
end

local function same_as_engine(f, positions)
  for i, p in ipairs(positions[1]) do if p ~= (i - 1) * f.n // f.m then return false end end
  return true
end

local function column(list, dims, d)
  local shape = {}
  for i = 1, dims do shape[i] = i == d and #list or 1 end
  return core.tensor(list):reshape(shape)
end

-- A function of x that resizes dim d.
local function resizer(f, d, dims)
  local positions, weights, outside = taps(f)
  local index, weight = {}, {}
  for k, list in ipairs(positions) do
    index[k] = tools.i64(list)
    if f.mode ~= "nearest" then weight[k] = column(weights[k], dims, d) end
  end
  local mask
  if outside then
    local list = {}
    for i = 1, f.m do list[i] = outside[i] and 1 or 0 end
    mask = column(list, dims, d):ne(0)
  end
  return function(x)
    local y
    for k, at in ipairs(index) do
      local part = x:index_select(d, at)
      if weight[k] then part = part * weight[k] end
      y = y and y + part or part
    end
    if mask then y = mask:where(f.extrapolation, y) end
    return y
  end, f.mode == "nearest" and same_as_engine(f, positions)
end

-- ---- sizes ----
local function policy(a, shape, dims, sizes)
  local scales, out = {}, {}
  for i, d in ipairs(dims) do scales[i] = sizes[i] / shape[d] end
  local keep = a.keep_aspect_ratio_policy
  if keep == "not_larger" or keep == "not_smaller" then
    local s = keep == "not_larger" and math.min(table.unpack(scales)) or math.max(table.unpack(scales))
    for i, d in ipairs(dims) do scales[i], out[i] = s, math.floor(s * shape[d] + 0.5) end
    return scales, out
  end
  return scales, sizes
end

local function check(a, n, m)
  if n < 1 or m < 1 or m > 1 << 31 then a.fail("size %d to %d", n, m) end
end

-- For every dim that changes: { d, n, m, scale, from, to }.
local function changes(a, shape, scales, sizes, roi, dims)
  local out = {}
  if sizes and #sizes > 0 and #sizes ~= #dims then a.fail("sizes are %s for x %s", tools.text(sizes), tools.text(shape)) end
  if sizes and #sizes > 0 then scales, sizes = policy(a, shape, dims, sizes) else sizes = {} end
  if not scales or #scales ~= #dims then a.fail("scales are %s for x %s", tools.text(scales or {}), tools.text(shape)) end
  for i, d in ipairs(dims) do
    if not (scales[i] > 0 and scales[i] < 1e6) then a.fail("a scale of %g", scales[i]) end
    local m = sizes[i] or math.floor(shape[d] * scales[i])
    check(a, shape[d], m)
    local from, to = roi and roi[i] or 0, roi and roi[i + #dims] or 1
    if m ~= shape[d] or scales[i] ~= 1 or from ~= 0 or to ~= 1 then out[#out + 1] = { d = d, n = shape[d], m = m, scale = scales[i], from = from, to = to } end
  end
  return out
end

local function settings(a, upsample)
  local old = upsample or a.opset < 11
  local mode = a.mode or "nearest"
  if mode == "bilinear" then mode = "linear" end
  if mode ~= "nearest" and mode ~= "linear" and mode ~= "cubic" then a.fail("mode is \"%s\"", mode) end
  return { mode = mode, coordinates = old and "asymmetric" or a.coordinate_transformation_mode or "half_pixel", round = rounds[old and "floor" or a.nearest_mode or "round_prefer_floor"] or math.floor,
    a = a.cubic_coeff_a or -0.75, outside = a.exclude_outside == 1, antialias = a.antialias == 1, extrapolation = a.extrapolation_value or 0 }
end

local bilinear = { half_pixel = false, pytorch_half_pixel = false, align_corners = true }

-- Pictures along their last two dims go through the engine's own resampling where it means the same.
local function pictures(s, list, dims, nearest)
  if dims ~= 4 or #list ~= 2 or list[1].d ~= 3 or list[2].d ~= 4 or s.antialias then return nil end
  local size = { list[1].m, list[2].m }
  if nearest then return function(x) return core.ops.resample(x, size, 0, false, false, false) end end
  if s.mode ~= "linear" or bilinear[s.coordinates] == nil then return nil end
  for _, c in ipairs(list) do
    if c.m == 1 or (not bilinear[s.coordinates] and math.abs(c.n / c.m * c.scale - 1) > 1e-6) then return nil end
  end
  return function(x) return core.ops.resample(x, size, 1, bilinear[s.coordinates], false, false) end
end

local function make(a, s, shape, list)
  local steps, nearest = {}, s.mode == "nearest"
  for i, c in ipairs(list) do
    local f = setmetatable(c, { __index = s })
    local plain
    steps[i], plain = resizer(f, c.d, #shape)
    nearest = nearest and plain
  end
  return pictures(s, list, #shape, nearest) or function(x)
    for _, step in ipairs(steps) do x = step(x) end
    return x
  end
end

local function key_of(...)
  local out = {}
  for i, list in ipairs { ... } do out[i] = table.concat(list, ",") end
  return table.concat(out, ";")
end

local function resize(a, s, cache, x, roi, scales, sizes)
  local shape, dtype = x.shape, x.dtype
  local key = key_of(shape, roi or {}, scales or {}, sizes or {})
  if cache.key ~= key then
    local dims, seen = {}, {}
    for i = 1, a.axes and #a.axes or #shape do                  -- in the order in which scales and sizes stand
      dims[i] = a.axes and tools.axis(a, a.axes[i], #shape) or i
      if seen[dims[i]] then a.fail("axes are %s", tools.text(a.axes)) end
      seen[dims[i]] = true
    end
    cache.run, cache.key = make(a, s, shape, changes(a, shape, scales, sizes, s.coordinates == "tf_crop_and_resize" and roi or nil, dims)), key
  end
  if dtype ~= "f32" then return cache.run(x:to "f32"):to(dtype) end
  return cache.run(x)
end

local function floats(x) return x and x:numel() > 0 and x:totable() or nil end

ops.Resize = { make = function(a, consts)
  local s, cache = settings(a), {}
  if a.opset < 11 then return function(x, scales) return resize(a, s, cache, x, nil, floats(scales)) end end
  local roi_, scales_, sizes_ = floats(consts[2]), floats(consts[3]), floats(consts[4])
  return function(x, roi, scales, sizes) return resize(a, s, cache, x, roi_ or floats(roi), scales_ or floats(scales), sizes_ or floats(sizes)) end
end }

ops.Upsample = { make = function(a, consts)
  local s, cache = settings(a, true), {}
  local fixed = a.scales or floats(consts[2])
  if not fixed and a.height_scale then fixed = { 1, 1, a.height_scale, a.width_scale } end
  return function(x, scales) return resize(a, s, cache, x, nil, fixed or floats(scales)) end
end }

return ops
