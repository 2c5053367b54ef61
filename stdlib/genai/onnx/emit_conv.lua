--- Convolutions and pools as ONNX nodes, for genai.onnx.save; also the hidden ones that loaded nets are made of.
local tools = require "genai.onnx.emit_tools"
local each, twice, both, padded, activated = tools.each, tools.twice, tools.both, tools.padded, tools.activated
local emit = {}

-- ---- convolutions ----
local function convolution(nd)
  return function(g, a)
    local w, stride, dilation, kernel, before = a.w.shape, each(a.stride, nd, 1), each(a.dilation, nd, 1), {}, {}
    local after = {}
    for d = 1, nd do
      kernel[d] = w[d + 2]
      if a.pad == "same" then
        local total = dilation[d] * (kernel[d] - 1)
        before[d], after[d] = total // 2, total - total // 2
      end
    end
    if a.pad ~= "same" then before, after = both(a.pad, nd) end
    local x, pads = g:as(a.x, "f32"), twice(before, after)
    if a.pad_mode and a.pad_mode ~= "zero" then
      x = padded(g, x, twice({ 0, 0, table.unpack(before) }, { 0, 0, table.unpack(after) }), a.pad_mode)
      for i = 1, 2 * nd do pads[i] = 0 end
    end
    return activated(g, g:node("Conv", { x, g:as(a.w, "f32"), a.b and g:as(a.b, "f32") }, { strides = stride, dilations = dilation, kernel_shape = kernel, pads = pads, group = a.groups or 1 }), a)
  end
end
emit.conv1d, emit.conv2d, emit.conv3d = convolution(1), convolution(2), convolution(3)

local function transposed(nd)
  return function(g, a)
    local w, before, after = a.w.shape, both(a.pad, nd)
    return activated(g, g:node("ConvTranspose", { g:as(a.x, "f32"), g:as(a.w, "f32"), a.b and g:as(a.b, "f32") }, { strides = each(a.stride, nd, 1), dilations = each(a.dilation, nd, 1),
      pads = twice(before, after), output_padding = each(a.out_pad, nd, 0), group = a.groups or 1, kernel_shape = { table.unpack(w, 3) } }), a)
  end
end
emit.conv_transpose1d, emit.conv_transpose2d, emit.conv_transpose3d = transposed(1), transposed(2), transposed(3)

-- The engine's own ops on windows (from ONNX files): the last of three strides, pads before, dilations. big and small: the shapes at both sides.
local function window(big, small, kernel, strides, pads, dilations)
  local nd, stride, before, dilation, after = #big - 2, {}, {}, {}, {}
  for d = 1, nd do
    local k = 3 - nd + d
    stride[d], before[d], dilation[d] = strides[k], pads[k], dilations[k]
    after[d] = math.max((small[d + 2] - 1) * stride[d] + (kernel[d] - 1) * dilation[d] + 1 - big[d + 2] - before[d], 0)
  end
  return { strides = stride, dilations = dilation, pads = twice(before, after), kernel_shape = kernel }
end
local function third(list, k) return { table.unpack(list, 3 * k - 2, 3 * k) } end

-- One convolution of the hidden ops: where its window lies is in v, its result's size (with what comes before it) in out.
local function conv_of(g, x, w, b, v, out, groups)
  local attrs = window(x.shape, out, { table.unpack(w.shape, 3) }, third(v, 1), third(v, 2), third(v, 3))
  attrs.group = groups or 1
  return g:node("Conv", { g:as(x, "f32"), g:as(w, "f32"), b and g:as(b, "f32") }, attrs)
end

function emit.conv_nd(g, a, out) return activated(g, conv_of(g, a.x, a.w, a.b, a.geometry, out[1].shape, a.groups), a) end
function emit.conv_whole(g, a, out) return conv_of(g, a.x, a.w, a.b, a.geometry, out[1].shape, a.groups) end

-- The activation stands before the join: so that whoever loads the file can put it into the convolutions again.
function emit.conv_pair(g, a, out)
  local ys = out[1].shape
  local p, q = conv_of(g, a.x, a.w, a.b, a.first, ys), conv_of(g, a.z, a.v, a.c, a.second, ys)
  return g:node("Concat", { activated(g, p, a), activated(g, q, a) }, { axis = 1 })
end

function emit.conv_data(g, a, out)
  local v, w, ys = a.geometry, a.w.shape, out[1].shape
  local attrs, more = window(ys, a.y.shape, { table.unpack(w, 3) }, third(v, 1), third(v, 2), third(v, 3)), {}
  for d = 1, #ys - 2 do                                        -- what lies after the last window
    local reach = (a.y.shape[d + 2] - 1) * attrs.strides[d] + (w[d + 2] - 1) * attrs.dilations[d] + 1
    more[d] = ys[d + 2] - (reach - attrs.pads[d] - attrs.pads[#ys - 2 + d])
  end
  attrs.group, attrs.output_padding = a.groups or 1, more
  return activated(g, g:node("ConvTranspose", { g:as(a.y, "f32"), g:as(a.w, "f32"), a.b and g:as(a.b, "f32") }, attrs), a)
end

-- ---- pools ----
local function pool_attrs(xs, ys, w)
  local attrs = window(xs, ys, { table.unpack(w, 6 - #xs, 3) }, third(w, 2), third(w, 3), { 1, 1, 1 })
  attrs.dilations = nil
  return attrs
end

-- ONNX counts positions through the whole tensor, the engine in each plane.
function emit.max_pool_nd(g, a, out)
  local xs, plane = a.x.shape, 1
  local attrs = pool_attrs(xs, out[1].shape, a.window)
  if not out[2] then return g:node("MaxPool", { g:as(a.x, "f32") }, attrs) end
  for d = 3, #xs do plane = plane * xs[d] end
  local y, at = g:node("MaxPool", { g:as(a.x, "f32") }, attrs, 2)
  return y, g:cast(g:node("Mod", { at, g:number(plane, "i64") }), out[2].dtype)
end
emit.max_pool_values = emit.max_pool_nd

function emit.avg_pool_nd(g, a, out)
  local attrs = pool_attrs(a.x.shape, out[1].shape, a.window)
  attrs.count_include_pad = a.count_pad == false and 0 or 1
  return g:node("AveragePool", { g:as(a.x, "f32") }, attrs)
end

function emit.conv_pool(g, a, out)
  local xs, ws = a.x.shape, a.w.shape
  local between = { xs[1], ws[1], table.unpack(a.out) }
  local y = activated(g, conv_of(g, a.x, a.w, a.b, a.geometry, between, a.groups), a)
  return g:node("MaxPool", { y }, pool_attrs(between, out[1].shape, a.window))
end

local function pool(nd, onnx)
  return function(g, a)
    local size, pad = each(a.size, nd), each(a.pad, nd, 0)
    local attrs = { kernel_shape = size, strides = a.stride and each(a.stride, nd) or size, pads = twice(pad, pad), ceil_mode = a.ceil and 1 or 0 }
    if onnx == "AveragePool" then attrs.count_include_pad = a.count_pad == false and 0 or 1 end
    return g:node(onnx, { g:as(a.x, "f32") }, attrs)
  end
end
for nd = 1, 3 do emit["max_pool" .. nd .. "d"], emit["avg_pool" .. nd .. "d"] = pool(nd, "MaxPool"), pool(nd, "AveragePool") end

return emit
