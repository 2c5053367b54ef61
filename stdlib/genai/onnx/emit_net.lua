--- Layers as ONNX nodes, for genai.onnx.save: padding, resizing, norms, attention, recurrent layers, transforms.
local core = require "genai.core"
local tools = require "genai.onnx.emit_tools"
local padded, activated = tools.padded, tools.activated
local emit = {}
local op = core.ops

-- ---- padding ----
function emit.pad(g, a, out)
  local n, list, pads = a.x:dim(), type(a.pads) == "table" and a.pads or { a.pads }, {}
  for d = 1, n do
    local k = 2 * (n - d)
    pads[d], pads[n + d] = list[k + 1] or 0, list[k + 2] or 0
  end
  local mode = a.mode or "constant"
  if mode == "constant" then return g:node("Pad", { g:ref(a.x), g:ints(pads), g:as(a.value or 0, out[1].dtype) }, { mode = "constant" }) end
  return padded(g, g:ref(a.x), pads, mode)
end

-- ---- resizing ----
local function areas(g, a, out, name)
  local xs, ys, size = a.x.shape, out[1].shape, {}
  for d = 1, 2 do
    if ys[d + 2] == 0 or xs[d + 2] % ys[d + 2] ~= 0 then g.fail("op %s from %dx%d to %dx%d has no form in ONNX", name, xs[3], xs[4], ys[3], ys[4]) end
    size[d] = xs[d + 2] // ys[d + 2]
  end
  return g:node("AveragePool", { g:as(a.x, "f32") }, { kernel_shape = size, strides = size })
end
function emit.adaptive_avg_pool2d(g, a, out) return areas(g, a, out, "adaptive_avg_pool2d") end

local resizing = { bilinear = "linear", bicubic = "cubic" }
function emit.resize(g, a, out)
  local mode = a.mode or "nearest"
  if mode == "area" then return areas(g, a, out, "resize") end
  local attrs = { mode = resizing[mode] or "nearest", coordinate_transformation_mode = a.align_corners and "align_corners" or "half_pixel" }
  if mode == "nearest" then attrs.coordinate_transformation_mode, attrs.nearest_mode = "asymmetric", "floor" end
  if mode == "bicubic" then attrs.cubic_coeff_a = a.antialias and -0.5 or -0.75 end
  if a.antialias and mode ~= "nearest" then attrs.antialias, attrs.exclude_outside = 1, 1 end
  return g:node("Resize", { g:as(a.x, "f32"), "", "", g:ints(out[1].shape) }, attrs)
end

local hidden_modes = { [0] = "nearest", "bilinear", "bicubic" }
function emit.resample(g, a, out)
  if a.adjoint then g.fail "op resample with adjoint has no form in ONNX yet" end
  return emit.resize(g, { x = a.x, mode = hidden_modes[a.mode or 0], align_corners = a.corners, antialias = a.antialias }, out)
end

function emit.pixel_shuffle(g, a, out)
  local s, r, lead = a.x.shape, a.r, 1
  local n = #s
  for d = 1, n - 3 do lead = lead * s[d] end
  local x = g:reshape(g:ref(a.x), { lead, s[n - 2] // (r * r), r, r, s[n - 1], s[n] })
  return g:reshape(g:node("Transpose", { x }, { perm = { 0, 1, 4, 2, 5, 3 } }), out[1].shape)
end
function emit.pixel_unshuffle(g, a, out)
  local s, r, lead = a.x.shape, a.r, 1
  local n = #s
  for d = 1, n - 3 do lead = lead * s[d] end
  local x = g:reshape(g:ref(a.x), { lead, s[n - 2], s[n - 1] // r, r, s[n] // r, r })
  return g:reshape(g:node("Transpose", { x }, { perm = { 0, 1, 3, 5, 2, 4 } }), out[1].shape)
end
function emit.grid_sample(g, a)
  return g:node("GridSample", { g:as(a.x, "f32"), g:as(a.grid, "f32") }, { mode = a.mode == "nearest" and "nearest" or "linear", padding_mode = a.pad_mode == "border" and "border" or "zeros",
    align_corners = a.align_corners and 1 or 0 })
end

-- ---- norms ----
local function ones(g, n) return g:constant(op.ones(n)) end
local function zeros(g, n) return g:constant(op.zeros(n)) end
function emit.layer_norm(g, a)
  local n = a.x.shape[a.x:dim()]
  return g:node("LayerNormalization", { g:as(a.x, "f32"), a.w and g:as(a.w, "f32") or ones(g, n), a.b and g:as(a.b, "f32") or nil }, { axis = -1, epsilon = (a.eps or 1e-5) + 0.0 })
end
function emit.rms_norm(g, a)
  local x = g:as(a.x, "f32")
  local mean = g:node("ReduceMean", { g:node("Mul", { x, x }), g:ints { a.x:dim() - 1 } }, { keepdims = 1 })
  local y = g:node("Div", { x, g:node("Sqrt", { g:node("Add", { mean, g:number((a.eps or 1e-6) + 0.0, "f32") }) }) })
  return a.w and g:node("Mul", { y, g:as(a.w, "f32") }) or y
end
function emit.instance_norm(g, a)
  local c = a.x.shape[2]
  local w, b = a.w and g:as(a.w, "f32") or ones(g, c), a.b and g:as(a.b, "f32") or zeros(g, c)
  return activated(g, g:node("InstanceNormalization", { g:as(a.x, "f32"), w, b }, { epsilon = (a.eps or 1e-5) + 0.0 }), a)
end
emit.instance_norm_ = emit.instance_norm
function emit.group_norm(g, a)
  local c = a.x.shape[2]
  local w, b = a.w and g:as(a.w, "f32") or ones(g, c), a.b and g:as(a.b, "f32") or zeros(g, c)
  return g:node("GroupNormalization", { g:as(a.x, "f32"), w, b }, { num_groups = a.groups, epsilon = (a.eps or 1e-5) + 0.0 })
end
function emit.batch_norm_eval(g, a)
  local c = a.x.shape[2]
  return g:node("BatchNormalization", { g:as(a.x, "f32"), a.w and g:as(a.w, "f32") or ones(g, c), a.b and g:as(a.b, "f32") or zeros(g, c), g:as(a.mean, "f32"), g:as(a.var, "f32") },
    { epsilon = (a.eps or 1e-5) + 0.0 })
end
function emit.batch_norm(g, a)
  if a.train then g.fail "op batch_norm is training: call nn.eval first" end
  return emit.batch_norm_eval(g, a)
end

-- ---- attention ----
local function for_every_head(g, x, heads)
  local s = x.shape
  if s[2] == heads then return g:as(x, "f32") end
  local y = g:node("Unsqueeze", { g:as(x, "f32"), g:ints { 2 } })
  return g:reshape(g:node("Expand", { y, g:ints { s[1], s[2], heads // s[2], s[3], s[4] } }), { s[1], heads, s[3], s[4] })
end

function emit.attention(g, a)
  local qs, ks = a.q.shape, a.k.shape
  local q = g:node("Mul", { g:as(a.q, "f32"), g:number((a.scale or 1 / math.sqrt(qs[4])) + 0.0, "f32") })
  local scores = g:node("MatMul", { q, g:node("Transpose", { for_every_head(g, a.k, qs[2]) }, { perm = { 0, 1, 3, 2 } }) })
  if a.softcap then
    local cap = g:number(a.softcap + 0.0, "f32")
    scores = g:node("Mul", { g:node("Tanh", { g:node("Div", { scores, cap }) }), cap })
  end
  if a.mask then
    local mask = a.mask.dtype == "bool" and g:node("Where", { g:ref(a.mask), g:number(0.0, "f32"), g:number(-math.huge, "f32") }) or g:as(a.mask, "f32")
    scores = g:node("Add", { scores, mask })
  end
  if a.causal or a.window then scores = g:node("Add", { scores, g:constant(op.sight(qs[3], ks[3], a.causal or false, a.window or 0)) }) end
  return g:node("MatMul", { g:node("Softmax", { scores }, { axis = -1 }), for_every_head(g, a.v, qs[2]) })
end

function emit.rope(g, a)
  local s = a.x.shape
  local n = #s
  local d = a.dims or s[n]
  local half, m, rates, x = d // 2, s[n - 1], {}, g:as(a.x, "f32")
  for i = 0, half - 1 do rates[i + 1] = (a.scale or 1) * (a.base or 10000) ^ (-2 * i / d) end
  local angles = g:node("Mul", { g:reshape(g:as(a.positions, "f32"), { m, 1 }), g:constant(core.tensor(rates):reshape(1, half)) })
  local cos, sin = g:node("Cos", { angles }), g:node("Sin", { angles })
  local function part(v, from, to, step) return g:node("Slice", { v, g:ints { from }, g:ints { to }, g:ints { n - 1 }, g:ints { step } }) end
  local u = a.interleaved and part(x, 0, d, 2) or part(x, 0, half, 1)
  local v = a.interleaved and part(x, 1, d, 2) or part(x, half, d, 1)
  local real = g:node("Sub", { g:node("Mul", { u, cos }), g:node("Mul", { v, sin }) })
  local imaginary = g:node("Add", { g:node("Mul", { v, cos }), g:node("Mul", { u, sin }) })
  local y
  if a.interleaved then
    local turned = { table.unpack(s) }
    turned[n] = d
    y = g:reshape(g:node("Concat", { g:node("Unsqueeze", { real, g:ints { n } }), g:node("Unsqueeze", { imaginary, g:ints { n } }) }, { axis = n }), turned)
  else
    y = g:node("Concat", { real, imaginary }, { axis = n - 1 })
  end
  return d < s[n] and g:node("Concat", { y, part(x, d, s[n], 1) }, { axis = n - 1 }) or y
end

-- ---- recurrent ----
local function reordered(w, order)
  local n, parts = w.shape[1] // #order, {}
  for k, from in ipairs(order) do parts[k] = w:slice(1, (from - 1) * n + 1, from * n) end
  return op.cat(parts, 1)
end

-- Weights of one layer: W, R, B of all directions, gates in ONNX's order.
local function layer_weights(g, a, at, directions, order)
  local per, w, r, b = a.per or 4, {}, {}, {}
  for d = 1, directions do
    local k = at + (d - 1) * per
    for i = k + 1, k + per do if g:depends(a.weights[i]) then g.fail "recurrent weights that depend on the inputs have no form in ONNX yet" end end
    w[d], r[d] = reordered(a.weights[k + 1], order), reordered(a.weights[k + 2], order)
    if per == 4 then b[d] = op.cat({ reordered(a.weights[k + 3], order), reordered(a.weights[k + 4], order) }, 1) end
  end
  return g:constant(op.stack(w, 1)), g:constant(op.stack(r, 1)), per == 4 and g:constant(op.stack(b, 1)) or ""
end

local function part_of(g, state, layer, directions)
  if not state then return "" end
  return g:node("Slice", { g:as(state, "f32"), g:ints { layer * directions }, g:ints { (layer + 1) * directions }, g:ints { 0 } })
end

local function recurrent(onnx, order, states)
  return function(g, a)
    local x, directions, lasts = g:as(a.x, "f32"), a.bidirectional and 2 or 1, {}
    local t, b = a.x.shape[1], a.x.shape[2]
    local per, h = a.per or 4, a.weights[2].shape[2]
    for layer = 0, #a.weights // (per * directions) - 1 do
      local w, r, bias = layer_weights(g, a, layer * per * directions, directions, order)
      local ins = { x, w, r, bias, "", part_of(g, a.h, layer, directions), states == 2 and part_of(g, a.c, layer, directions) or nil }
      local attrs = { hidden_size = h, direction = a.bidirectional and "bidirectional" or a.reverse and "reverse" or "forward" }
      if onnx == "GRU" then attrs.linear_before_reset = 1 end
      local found = { g:node(onnx, ins, attrs, states + 1) }
      x = g:reshape(g:node("Transpose", { found[1] }, { perm = { 0, 2, 1, 3 } }), { t, b, directions * h })
      for k = 1, states do
        lasts[k] = lasts[k] or {}
        lasts[k][layer + 1] = found[k + 1]
      end
    end
    for k = 1, states do lasts[k] = #lasts[k] == 1 and lasts[k][1] or g:node("Concat", lasts[k], { axis = 0 }) end
    return x, table.unpack(lasts)
  end
end
emit.lstm_layers, emit.gru_layers = recurrent("LSTM", { 1, 4, 2, 3 }, 2), recurrent("GRU", { 2, 1, 3 }, 1)

-- ---- transforms ----
local function product(list, to)
  local n = 1
  for d = 1, to do n = n * list[d] end
  return n
end
local function transform(g, x, shape, n, attrs, out)
  local last = shape[#shape]
  local flat = g:reshape(x, { product(shape, #shape - 2), shape[#shape - 1], last })
  return g:reshape(g:node("DFT", { flat, g:number(n, "i64"), g:number(1, "i64") }, attrs), out)
end
function emit.rfft(g, a, out)
  local s = a.x.shape
  s[#s + 1] = 1
  return transform(g, g:as(a.x, "f32"), s, a.n or s[#s - 1], { onesided = 1 }, out[1].shape)
end
function emit.fft(g, a, out) return transform(g, g:as(a.x, "f32"), a.x.shape, a.n or a.x.shape[a.x:dim() - 1], {}, out[1].shape) end
function emit.ifft(g, a, out) return transform(g, g:as(a.x, "f32"), a.x.shape, a.n or a.x.shape[a.x:dim() - 1], { inverse = 1 }, out[1].shape) end

function emit.stft(g, a, out)
  local s, n, index = a.x.shape, a.n_fft, {}
  local rows, m, x = product(s, #s - 1), s[#s], nil
  x = g:reshape(g:as(a.x, "f32"), { rows, m })
  if a.center ~= false then x = padded(g, x, { 0, n // 2, 0, n // 2 }, "reflect") end
  local ys = out[1].shape
  local frames = ys[#ys - 1]
  for f = 0, frames - 1 do for i = 0, n - 1 do index[#index + 1] = f * a.hop + i end end
  x = g:node("Gather", { x, g:reshape(g:ints(index), { frames, n }) }, { axis = 1 })
  if a.window then x = g:node("Mul", { x, g:as(a.window, "f32") }) end
  local y = transform(g, x, { rows * frames, n, 1 }, n, { onesided = 1 }, { rows, frames, n // 2 + 1, 2 })
  return g:reshape(g:node("Transpose", { y }, { perm = { 0, 2, 1, 3 } }), ys)
end

return emit
