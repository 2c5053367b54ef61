--- Fusion: what follows a convolution and is known at load (norms, factors, biases) goes into its weights, an activation into its kernel, zero padding
-- before it into its own; two of them that are joined write one result; a maximum pool takes place beside its convolution; a product with one's own sigmoid becomes silu.
local core = require "genai.core"
local fuse = {}

-- ---- who reads a slot ----
local function readers_of(frame, outputs)
  local readers = {}
  local function add(s, node)
    readers[s] = readers[s] or {}
    table.insert(readers[s], node)
  end
  for _, node in ipairs(frame.nodes) do
    for _, s in ipairs(node.ins) do if s then add(s, node) end end
    for _, body in ipairs(node.a.bodies or {}) do
      for _, c in ipairs(body.captures) do add(c.from, false) end
    end
  end
  for _, s in ipairs(outputs) do add(s, false) end
  return readers
end

local function only_reader(readers, slot)
  local list = slot and readers[slot]
  return list and #list == 1 and list[1] or nil
end

local function constant(frame, value, kind)
  frame.n = frame.n + 1
  frame.consts[frame.n], frame.types[frame.n] = value, kind
  return frame.n
end

local function const_of(frame, node, i)
  local s = node.ins[i]
  return s and frame.consts[s] or nil
end

-- ---- a convolution and what follows it ----
-- Its weights, bias, the dim of the weights that counts outputs, and how many there are; nil where they are not known.
local function weights_of(frame, conv)
  local w, b = const_of(frame, conv, 2), const_of(frame, conv, 3)
  if not w or w.dtype ~= "f32" or w:dim() < 3 or (conv.ins[3] and not b) then return nil end
  if conv.op == "ConvTranspose" then
    if (conv.a.group or 1) ~= 1 then return nil end
    return w, b, 2, w.shape[2]
  end
  return w, b, 1, w.shape[1]
end

local function put_weights(frame, conv, w, b)
  conv.ins[2], conv.ins[3] = constant(frame, w, "float"), constant(frame, b, "float")
  conv.a.types[2], conv.a.types[3] = "float", "float"
end

local function scaled(w, d, factor)
  local shape = {}
  for i = 1, w:dim() do shape[i] = i == d and factor:numel() or 1 end
  return (w * factor:reshape(shape)):contiguous()
end

local function batch_norm(frame, conv, node)
  local a = node.a
  if a.training_mode == 1 or a.spatial == 0 then return false end
  for k = 2, #node.outs do if node.outs[k] then return false end end
  local w, b, d, n = weights_of(frame, conv)
  local gamma, beta, mean, var = const_of(frame, node, 2), const_of(frame, node, 3), const_of(frame, node, 4), const_of(frame, node, 5)
  if not (w and gamma and beta and mean and var) then return false end
  for _, t in ipairs { gamma, beta, mean, var } do if t:numel() ~= n then return false end end
  local factor = gamma * (var + (a.epsilon or 1e-5)):rsqrt()
  put_weights(frame, conv, scaled(w, d, factor), ((b or core.ops.zeros(n)) - mean) * factor + beta)
  return true
end

-- A constant with one number for each of n channels of a result of `dims` dims, as [n]; nil where it is none.
local function per_channel(t, n, dims, a)
  if not t or t.dtype ~= "f32" then return nil end
  if t:numel() == 1 and t:dim() <= dims then return t:reshape(1):expand(n):contiguous() end
  local shape = t.shape
  if a.opset < 7 and a.broadcast == 1 then return #shape == 1 and a.axis == 1 and shape[1] == n and t or nil end
  if #shape > dims or #shape < dims - 1 then return nil end
  for i, size in ipairs(shape) do
    if size ~= (i == #shape - dims + 2 and n or 1) then return nil end
  end
  return t:reshape(n)
end

local joins = {
  Add = function(w, b, c) return w, b + c end, Sub = function(w, b, c) return w, b - c end,
  Mul = function(w, b, c, d) return scaled(w, d, c), b * c end, Div = function(w, b, c, d) return scaled(w, d, 1 / c), b / c end,
}

local function arithmetic(frame, conv, node)
  local w, b, d, n = weights_of(frame, conv)
  if not w then return false end
  local first = node.ins[1] == conv.outs[1]
  if not first and (node.op == "Sub" or node.op == "Div") then return false end
  local c = per_channel(const_of(frame, node, first and 2 or 1), n, w:dim(), node.a)
  if not c then return false end
  put_weights(frame, conv, joins[node.op](w, b or core.ops.zeros(n), c, d))
  return true
end

local function number_of(frame, node, i, attribute)
  if node.a.opset < 11 then return attribute end
  local t = const_of(frame, node, i)
  return t and t:numel() == 1 and t:item() or nil
end

local ACT, SLOPE = 1, 2                      -- keys that no attribute has
local acts = {
  Relu = function(_, a) a[ACT] = 1 return true end,
  LeakyRelu = function(_, a, node) a[ACT], a[SLOPE] = 2, node.a.alpha or 0.01 return true end,
  Clip = function(frame, a, node)
    if number_of(frame, node, 2, node.a.min) ~= 0 or number_of(frame, node, 3, node.a.max) ~= 6 then return false end
    a[ACT] = 3
    return true
  end,
}

local function follow(frame, readers, gone)
  for _, conv in ipairs(frame.nodes) do
    local node = (conv.op == "Conv" or conv.op == "ConvTranspose") and only_reader(readers, conv.outs[1])
    while node and not conv.a[ACT] do
      local join = node.op == "BatchNormalization" and batch_norm or joins[node.op] and arithmetic
      local fine = join and node.ins[1] ~= node.ins[2] and join(frame, conv, node) or acts[node.op] and acts[node.op](frame, conv.a, node)
      if not fine then break end
      gone[node], conv.outs = true, { node.outs[1] }
      node = only_reader(readers, conv.outs[1])
    end
  end
end

-- ---- zero padding before convolutions ----
local function zero_pads(frame, node)
  local a = node.a
  if (a.mode or "constant") ~= "constant" then return nil end
  local pads = a.pads or a.paddings
  local value = a.value or 0
  if a.opset >= 11 then
    local p, v = const_of(frame, node, 2), node.ins[3] and const_of(frame, node, 3)
    if not p or (node.ins[3] and not v) or node.ins[4] then return nil end
    pads, value = p:totable(), v and v:item() or 0
  end
  if not pads or value ~= 0 or #pads % 2 ~= 0 or #pads < 6 then return nil end
  local dims = #pads // 2
  for i, p in ipairs(pads) do
    if p < 0 or p > 1 << 20 or ((i - 1) % dims < 2 and p ~= 0) then return nil end
  end
  return pads, dims
end

local function may_pad(frame, conv, dims)
  local w = const_of(frame, conv, 2)
  local auto = conv.a.auto_pad or "NOTSET"
  return conv.op == "Conv" and w and w:dim() == dims and (auto == "NOTSET" or auto == "VALID") and (not conv.a.pads or #conv.a.pads == 2 * (dims - 2))
end

local function paddings(frame, readers, gone)
  for _, node in ipairs(frame.nodes) do
    local pads, dims = nil, nil
    if node.op == "Pad" then pads, dims = zero_pads(frame, node) end
    local users = pads and readers[node.outs[1]] or {}
    local fine = #users > 0
    for _, conv in ipairs(users) do fine = fine and conv and conv.ins[1] == node.outs[1] and conv.ins[2] ~= node.outs[1] and may_pad(frame, conv, dims) end
    for _, conv in ipairs(fine and users or {}) do
      local old, new, nd = conv.a.auto_pad ~= "VALID" and conv.a.pads or {}, {}, dims - 2
      for d = 1, nd do
        new[d], new[nd + d] = (old[d] or 0) + pads[d + 2], (old[nd + d] or 0) + pads[dims + d + 2]
      end
      conv.a.pads, conv.a.auto_pad, conv.ins[1] = new, nil, node.ins[1]
    end
    if fine then gone[node] = true end
  end
end

-- ---- x sigmoid(x) ----
local silu = { make = function() return core.ops.silu end }
local function sigmoids(frame, readers, gone)
  for _, node in ipairs(frame.nodes) do
    local mul = node.op == "Sigmoid" and only_reader(readers, node.outs[1])
    if mul and mul.op == "Mul" and (mul.ins[1] == node.ins[1] or mul.ins[2] == node.ins[1]) and mul.ins[1] ~= mul.ins[2] then
      mul.op, mul.entry, mul.ins, mul.a.types = "Silu", silu, { node.ins[1] }, { node.a.types[1] }
      gone[node] = true
    end
  end
end

-- Weights that a file holds in 16 bits stay so where the engine makes a form of its own of them: the numbers are the same.
local function in_half(frame, slot)
  local w = frame.consts[slot]
  local half = w.dtype == "f32" and w:dim() == 4 and w.shape[3] * w.shape[4] > 1 and w:to "f16"
  if not half or not half:to "f32":equal(w) then return slot end
  frame.n = frame.n + 1
  frame.consts[frame.n], frame.types[frame.n] = half, "float"
  return frame.n
end

-- ---- two convolutions that are joined along the channels ----
local function joined(frame, readers, gone)
  local makers = {}
  for _, node in ipairs(frame.nodes) do
    if node.op == "Conv" and (node.a.group or 1) == 1 then makers[node.outs[1]] = node end
  end
  for _, node in ipairs(frame.nodes) do
    local p, q = node.op == "Concat" and #node.ins == 2 and makers[node.ins[1]], makers[node.ins[2]]
    local fine = p and q and p ~= q and (node.a.axis or 1) == 1 and only_reader(readers, p.outs[1]) == node and only_reader(readers, q.outs[1]) == node
    fine = fine and p.a[ACT] == q.a[ACT] and p.a[SLOPE] == q.a[SLOPE] and frame.consts[p.ins[2]] ~= nil and frame.consts[q.ins[2]] ~= nil
    if fine and frame.consts[p.ins[2]]:dim() == frame.consts[q.ins[2]]:dim() then
      gone[p], gone[q] = true, true
      node.op, node.entry = "Conv pair", require("genai.onnx.tools").conv_pair(p.a, q.a)
      node.ins = { p.ins[1], in_half(frame, p.ins[2]), p.ins[3] or false, q.ins[1], in_half(frame, q.ins[2]), q.ins[3] or false }
      node.a.types = { "float", "float", p.ins[3] and "float", "float", "float", q.ins[3] and "float" }
    end
  end
end

-- ---- a convolution and the maximum pool of its result ----
local function pooled(frame, readers, gone)
  for _, conv in ipairs(frame.nodes) do
    local pool, w = conv.op == "Conv" and only_reader(readers, conv.outs[1]), const_of(frame, conv, 2)
    local fine = pool and pool.op == "MaxPool" and not pool.outs[2] and w and w:dim() == 4 and pool.a.kernel_shape and #pool.a.kernel_shape == 2
    for _, d in ipairs(fine and pool.a.dilations or {}) do fine = fine and d == 1 end
    if fine then
      pool.op, pool.entry = "Conv pool", require("genai.onnx.tools").conv_pool(conv.a, pool.a)
      pool.ins, pool.a.types, gone[conv] = conv.ins, { "float", "float", conv.ins[3] and "float" }, true
    end
  end
end

local function without(frame, gone)
  local nodes = {}
  for _, node in ipairs(frame.nodes) do
    if not gone[node] then nodes[#nodes + 1] = node end
  end
  frame.nodes = nodes
end

--- fuse.fuse(frame, outputs): changes frame.nodes; the net's results stay what they are, up to rounding.
function fuse.fuse(frame, outputs)
  local rows = require "genai.onnx.fuse_rows"
  for _, pass in ipairs { follow, paddings, sigmoids, rows.layer_norm, rows.gelu, rows.attention, rows.linear, joined, pooled } do
    local gone = {}
    pass(frame, readers_of(frame, outputs), gone)
    without(frame, gone)
  end
end

return fuse
