--- ONNX ops on pictures and boxes: GridSample, AffineGrid, NonMaxSuppression, RoiAlign, MaxRoiPool, Col2Im, CenterCropPad, DeformConv.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local op = core.ops
local text = tools.text

local function choice(a, name, default, words)
  local word = a[name] or default
  return words[word] or a.fail("%s is \"%s\"", name, word)
end

-- ---- sampling ----
local modes = { linear = 0, bilinear = 0, nearest = 1, cubic = 2, bicubic = 2 }
local edges = { zeros = 0, border = 1, reflection = 2 }

ops.GridSample = function(a, x, grid)
  local xs, gs = x.shape, grid.shape
  local nd = #xs - 2
  local mode, edge = choice(a, "mode", "linear", modes), choice(a, "padding_mode", "zeros", edges)
  if (nd ~= 2 and nd ~= 3) or #gs ~= #xs or gs[#gs] ~= nd or gs[1] ~= xs[1] then a.fail("x is %s, the grid %s", text(xs), text(gs)) end
  if nd == 2 and mode < 2 and edge < 2 and xs[3] > 0 and xs[4] > 0 then
    return x:grid_sample(grid, { mode = mode == 0 and "bilinear" or "nearest", pad_mode = edge == 0 and "zero" or "border", align_corners = a.align_corners == 1 })
  end
  if nd == 2 then x = x:unsqueeze(3) end
  local out = { xs[1], xs[2], table.unpack(gs, 2, #gs - 1) }
  return op.sample_points(x, grid:reshape(gs[1], tools.product(gs, 2, #gs - 1), nd), mode, edge, a.align_corners == 1):reshape(out)
end

-- The centres of n pixels in -1..1.
local function centres(n, corners)
  if n == 1 then return op.zeros(1) end
  if corners then return op.linspace(-1, 1, n) end
  return (op.arange(0, n) * 2 + 1) / n - 1
end

ops.AffineGrid = function(a, theta, size)
  local s = tools.ints(size)
  local nd = #s - 2
  if (nd ~= 2 and nd ~= 3) or theta:dim() ~= 3 or theta.shape[2] ~= nd or theta.shape[3] ~= nd + 1 or theta.shape[1] ~= s[1] then a.fail("theta is %s for a size %s", text(theta.shape), text(s)) end
  local out, parts, shape = { table.unpack(s, 3) }, {}, nil
  for d = 1, nd do                                             -- x runs along the last dim
    shape = {}
    for k = 1, nd do shape[k] = k == nd + 1 - d and out[k] or 1 end
    parts[d] = centres(out[nd + 1 - d], a.align_corners == 1):reshape(shape):expand(out)
  end
  parts[nd + 1] = op.ones(table.unpack(out))
  local points = op.stack(parts, nd + 1):reshape(1, tools.product(out), nd + 1)
  shape = { s[1], table.unpack(out) }
  shape[#shape + 1] = nd
  return points:matmul(theta:transpose(2, 3)):reshape(shape)
end

-- ---- boxes ----
ops.NonMaxSuppression = { types = function() return "int64" end, run = function(a, boxes, scores, most, iou, least)
  local function number(x, default)
    if not x or x:numel() == 0 then return default end
    return x:reshape(-1):totable()[1]
  end
  return op.nms(boxes, scores, number(most, 0), number(iou, 0), number(least, -math.huge), a.center_point_box == 1)
end }

local function average_or_max(a)
  return choice(a, "mode", "avg", { avg = 0, max = 1 }) == 1
end

function ops.RoiAlign(a, x, rois, picture)
  local half = choice(a, "coordinate_transformation_mode", a.opset >= 16 and "half_pixel" or "output_half_pixel", { half_pixel = 1, output_half_pixel = 0 }) == 1
  return op.roi_align(x, rois, picture, a.output_height or 1, a.output_width or 1, a.sampling_ratio or 0, a.spatial_scale or 1, half, average_or_max(a))
end

local function bounds(i, parts, size, from, most)
  local low, high = math.floor(i * size / parts) + from, math.ceil((i + 1) * size / parts) + from
  return math.max(math.min(low, most), 0), math.max(math.min(high, most), 0)
end

function ops.MaxRoiPool(a, x, rois)
  local size, xs, out = a.pooled_shape or a.fail "it has no pooled_shape", x.shape, {}
  local scale = a.spatial_scale or 1
  if #xs ~= 4 or #size ~= 2 or rois:dim() ~= 2 or rois.shape[2] ~= 5 then a.fail("x is %s, rois %s", text(xs), text(rois.shape)) end
  for _, r in ipairs(rois:totable()) do
    for k = 1, 5 do if not (r[k] > -1e9 and r[k] < 1e9) then a.fail("an area lies at %g", r[k]) end end
    local at = {}
    for k = 2, 5 do at[k] = math.floor(r[k] * scale + 0.5) end
    if r[1] < 0 or r[1] >= xs[1] then a.fail("an area lies in picture %d of %d", r[1] // 1, xs[1]) end
    local w, h, one = math.max(at[4] - at[2] + 1, 1), math.max(at[5] - at[3] + 1, 1), x:select(1, r[1] // 1 + 1)
    for i = 0, size[1] - 1 do
      local top, bottom = bounds(i, size[1], h, at[3], xs[3])
      for j = 0, size[2] - 1 do
        local left, right = bounds(j, size[2], w, at[2], xs[4])
        local empty = bottom <= top or right <= left
        out[#out + 1] = empty and op.zeros(xs[2]) or (one:slice(2, top + 1, bottom):slice(3, left + 1, right):reshape(xs[2], -1):max(2))
      end
    end
  end
  local n = rois.shape[1]
  if n == 0 then return op.zeros(0, xs[2], size[1], size[2]) end
  return op.stack(out, 1):reshape(n, size[1] * size[2], xs[2]):transpose(2, 3):reshape(n, xs[2], size[1], size[2])
end

-- ---- columns and frames ----
ops.Col2Im = function(a, x, image, block)
  local size, k, xs = tools.ints(image), tools.ints(block), x.shape
  local nd, n, pads = #size, tools.product(k), a.pads or {}
  if #xs ~= 3 or nd < 1 or nd > 3 or #k ~= nd or n < 1 or xs[2] % n ~= 0 then a.fail("x is %s, the picture %s, a block %s", text(xs), text(size), text(k)) end
  local geometry, out = {}, {}
  for i, list in ipairs { a.strides or {}, pads, a.dilations or {} } do
    for d = 1, 3 do geometry[(i - 1) * 3 + d] = d > 3 - nd and list[d - 3 + nd] or (i == 2 and 0 or 1) end
  end
  for d = 1, nd do
    local reach = (k[d] - 1) * (a.dilations and a.dilations[d] or 1) + 1
    out[d] = (size[d] + (pads[d] or 0) + (pads[nd + d] or 0) - reach) // (a.strides and a.strides[d] or 1) + 1
  end
  if tools.product(out) ~= xs[3] then a.fail("x is %s, the picture %s has %s blocks", text(xs), text(size), text(out)) end
  local c = xs[2] // n
  local y = x:reshape(xs[1] * c, n, table.unpack(out))
  return op.conv_data(y, op.eye(n):reshape(n, 1, table.unpack(k)), nil, geometry, size, 1):reshape(xs[1], c, table.unpack(size))
end

function ops.CenterCropPad(a, x, shape)
  local size, dims = tools.ints(shape), x:dim()
  local axes = {}
  for i = 1, #size do axes[i] = a.axes and tools.axis(a, a.axes[i] or 0, dims) or i end
  local by = {}
  for i = 1, 2 * dims do by[i] = 0 end
  for i, d in ipairs(axes) do
    local n, wanted = x.shape[d], size[i]
    if d > dims or wanted < 0 then a.fail("x is %s, wanted %s", text(x.shape), text(size)) end
    if wanted < n then
      local from = (n - wanted) // 2
      x = x:slice(d, from + 1, from + wanted)
    else
      local before = (wanted - n) // 2
      by[2 * (dims - d) + 1], by[2 * (dims - d) + 2] = before, wanted - n - before
    end
  end
  return x:pad(by)
end

-- ---- convolution at moved points (Dai et al. 2017) ----
local function base_points(size, kernel, stride, pad, dilation)
  local points = {}
  for i = 1, 2 do                                              -- rows, then columns: [taps, oh, ow]
    local shape, taps = { 1, 1, 1, 1 }, { 1, 1, 1, 1 }
    shape[2 + i], taps[i] = size[i], kernel[i]
    points[i] = op.arange(0, size[i]):reshape(shape) * stride[i] - pad[i] + op.arange(0, kernel[i]):reshape(taps) * dilation[i]
  end
  local full = { kernel[1], kernel[2], size[1], size[2] }
  return points[1]:expand(full), points[2]:expand(full)
end

-- A group's channels sampled at its moved points: [n, c, taps, oh ow].
local function moved_columns(x, offset, mask, y, z)
  local xs, taps, out = x.shape, offset.shape[2] // 2, offset.shape[3] * offset.shape[4]
  local o = offset:reshape(xs[1], taps, 2, out)
  local rows, columns = o:select(3, 1) + y:reshape(1, taps, out), o:select(3, 2) + z:reshape(1, taps, out)
  local grid = op.stack({ (columns * 2 + 1) / xs[4] - 1, (rows * 2 + 1) / xs[3] - 1 }, 4):reshape(xs[1], taps * out, 2)
  local v = op.sample_points(x:unsqueeze(3), grid, 0, 0, false):reshape(xs[1], xs[2], taps, out)
  return mask and v * mask:reshape(xs[1], 1, taps, out) or v
end

function ops.DeformConv(a, x, w, offset, b, mask)
  local xs, ws, os = x.shape, w.shape, offset.shape
  local groups, sets, taps = a.group or 1, a.offset_group or 1, (ws[3] or 0) * (ws[4] or 0)
  local fine = #xs == 4 and #ws == 4 and #os == 4 and groups > 0 and sets > 0 and ws[2] * groups == xs[2] and ws[1] % groups == 0 and xs[2] % sets == 0 and os[2] == sets * taps * 2 and taps > 0
  if not fine then a.fail("x is %s, the weights %s, offsets %s", text(xs), text(ws), text(os)) end
  local y, z = base_points({ os[3], os[4] }, { ws[3], ws[4] }, a.strides or { 1, 1 }, a.pads or { 0, 0 }, a.dilations or { 1, 1 })
  local columns, c, out = {}, xs[2] // sets, os[3] * os[4]
  for s = 1, sets do
    local m = mask and mask:slice(2, (s - 1) * taps + 1, s * taps)
    columns[s] = moved_columns(x:slice(2, (s - 1) * c + 1, s * c), offset:slice(2, (s - 1) * taps * 2 + 1, s * taps * 2), m, y, z)
  end
  local all = op.cat(columns, 2):reshape(xs[1], groups, ws[2] * taps, out)
  local r = w:reshape(groups, ws[1] // groups, ws[2] * taps):matmul(all):reshape(xs[1], ws[1], os[3], os[4])
  return b and r + b:reshape(1, -1, 1, 1) or r
end

return ops
