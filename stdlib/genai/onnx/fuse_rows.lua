--- Fusion of what transformers are made of: products with weights and their bias, gelu, layer norm and attention written out in small ops.
local core = require "genai.core"
local rows = {}
local ops, is_float = core.ops, require("genai.onnx.types").is_float

-- ---- finding ----
-- A view of a frame: who makes and who reads each slot.
local function look(frame, readers)
  local makers = {}
  for _, node in ipairs(frame.nodes) do
    for _, s in ipairs(node.outs) do if s then makers[s] = node end end
  end
  local self = { frame = frame, gone = nil }
  function self.maker(slot, op)
    local node = slot and makers[slot]
    return node and node.op == op and #node.outs == 1 and node or nil
  end
  function self.reader(slot)
    local list = slot and readers[slot]
    return list and #list == 1 and list[1] or nil
  end
  function self.const(node, i)
    local s = node.ins[i]
    return s and frame.consts[s] or nil
  end
  -- The one number that a constant operand of a node holds, and the slot of the other operand.
  function self.number(node)
    for i = 1, 2 do
      local t = self.const(node, i)
      if t and core.is_tensor(t) and t:numel() == 1 and t:dim() <= 1 and t.dtype == "f32" then return t:item(), node.ins[3 - i], i end
    end
  end
  return self
end

local function near(x, y) return x and math.abs(x - y) <= 1e-4 * math.abs(y) end

-- Puts a new op in a node's place.
local function become(node, name, entry, ins, types)
  node.op, node.entry, node.ins, node.a.types = name, entry, ins, types
end

-- ---- x w + b ----
local linear = { make = function(_, consts)
  local b = consts[3]
  return function(x, w) return ops.linear(x, w, b) end
end }

function rows.linear(frame, readers, gone)
  local see = look(frame, readers)
  for _, node in ipairs(frame.nodes) do
    local w = node.op == "MatMul" and see.const(node, 2)
    if w and w.dtype == "f32" and w:dim() == 2 and node.ins[1] ~= node.ins[2] and is_float(node.a.types[1]) then
      local turned = w:transpose(1, 2):contiguous()
      frame.n = frame.n + 1
      frame.consts[frame.n], frame.types[frame.n] = turned, "float"
      local ins, add = { node.ins[1], frame.n }, see.reader(node.outs[1])
      local k = add and add.op == "Add" and (add.ins[1] == node.outs[1] and 2 or 1)
      local b = k and see.const(add, k)
      if b and b.dtype == "f32" and b:dim() == 1 and b.shape[1] == turned.shape[1] then
        ins[3], node.outs, gone[add] = add.ins[k], { add.outs[1] }, true
      end
      become(node, "Linear", linear, ins, { "float", "float", ins[3] and "float" })
    end
  end
end

-- ---- x/2 (1 + erf(x / sqrt 2)) ----
local gelu = { make = function()
  local options = { exact = true }
  return function(x) return x:gelu(options) end
end }

local function scaled_input(see, erf)
  local d = see.maker(erf.ins[1], "Div") or see.maker(erf.ins[1], "Mul")
  if not d or see.reader(d.outs[1]) ~= erf then return nil end
  local c, x, at = see.number(d)
  if d.op == "Div" and at == 2 and near(c, math.sqrt(2)) or d.op == "Mul" and near(c, math.sqrt(0.5)) then return x, d end
end

function rows.gelu(frame, readers, gone)
  local see = look(frame, readers)
  for _, erf in ipairs(frame.nodes) do
    local x, scale
    if erf.op == "Erf" then x, scale = scaled_input(see, erf) end
    local add = x and see.reader(erf.outs[1])
    local mul = add and add.op == "Add" and near((see.number(add)), 1) and see.reader(add.outs[1])
    if mul and mul.op == "Mul" then
      local other = mul.ins[1] == add.outs[1] and mul.ins[2] or mul.ins[1]
      local half, last = see.maker(other, "Mul"), nil
      if other == x then
        local after = see.reader(mul.outs[1])
        if after and after.op == "Mul" and near((see.number(after)), 0.5) then last, gone[mul] = after, true end
      elseif half and see.reader(half.outs[1]) == mul and near((see.number(half)), 0.5) and select(2, see.number(half)) == x then
        last, gone[half] = mul, true
      end
      if last then
        gone[erf], gone[scale], gone[add] = true, true, true
        become(last, "Gelu", gelu, { x }, { "float" })
      end
    end
  end
end

-- ---- (x - mean) / sqrt(var + eps) g + b over the last dim ----
local norm = { make = function(a)
  local options = { eps = a[1] }
  return function(x, g, b) return x:layer_norm(g, b, options) end
end }

local function last_mean(see, node)
  if not node or node.op ~= "ReduceMean" or node.a.keepdims == 0 then return false end
  local axes = node.a.axes or (see.const(node, 2) and see.const(node, 2):totable())
  return axes and #axes == 1 and axes[1] == -1
end

-- The difference from the mean whose mean square a node takes: d, x and the nodes between.
local function deviation(see, mean)
  local square = last_mean(see, mean) and (see.maker(mean.ins[1], "Pow") or see.maker(mean.ins[1], "Mul"))
  if not square or see.reader(square.outs[1]) ~= mean then return nil end
  local d = square.ins[1]
  if square.op == "Pow" and not near((see.number(square)), 2) or square.op == "Mul" and square.ins[2] ~= d then return nil end
  local sub = see.maker(d, "Sub")
  local first = sub and see.maker(sub.ins[2], "ReduceMean")
  if not first or not last_mean(see, first) or first.ins[1] ~= sub.ins[1] or see.reader(first.outs[1]) ~= sub then return nil end
  return d, sub.ins[1], { square, sub, first, mean }
end

local function vector(see, node, from)
  local k = node.ins[1] == from and 2 or 1
  local t = see.const(node, k)
  if t and t.dtype == "f32" and t:dim() == 1 and t.shape[1] > 1 then return node.ins[k], t.shape[1] end
end

local function only_these(readers, slot, count) return #(readers[slot] or {}) == count end

function rows.layer_norm(frame, readers, gone)
  local see = look(frame, readers)
  for _, root in ipairs(frame.nodes) do
    local add = root.op == "Sqrt" and see.maker(root.ins[1], "Add")
    local eps, from = nil, nil
    if add and see.reader(add.outs[1]) == root then eps, from = see.number(add) end
    local mean = eps and see.maker(from, "ReduceMean")
    local d, x, between = nil, nil, nil
    if mean and see.reader(mean.outs[1]) == add then d, x, between = deviation(see, mean) end
    local div = d and see.reader(root.outs[1])
    local uses = d and (between[1].op == "Mul" and 3 or 2)
    if div and div.op == "Div" and div.ins[1] == d and only_these(readers, d, uses) then
      local mul = see.reader(div.outs[1])
      local g, n = nil, nil
      if mul and mul.op == "Mul" then g, n = vector(see, mul, div.outs[1]) end
      local plus = g and see.reader(mul.outs[1])
      local b, m = nil, nil
      if plus and plus.op == "Add" then b, m = vector(see, plus, mul.outs[1]) end
      if b and n == m then
        for _, node in ipairs(between) do gone[node] = true end
        gone[root], gone[add], gone[div], gone[mul] = true, true, true, true
        become(plus, "LayerNorm", norm, { x, g, b }, { "float", "float", "float" })
        plus.a[1] = eps
      end
    end
  end
end

-- ---- softmax(q k scale + mask) v: k comes turned, [b,h,d,n] ----
local function same_heads(q, k, v)
  local a, b, c = q.shape, k.shape, v.shape
  if #a ~= 4 or #b ~= 4 or #c ~= 4 then return false end
  for d = 1, 2 do if a[d] ~= b[d] or a[d] ~= c[d] then return false end end
  return a[4] == b[3] and b[4] == c[3] and a[3] * b[4] > 0
end

local attention = { make = function(a)
  local fixed = a[1]
  return function(q, k, v, mask, qs, ks)                              -- qs, ks: what q and k are scaled by
    local scale = fixed
    if qs then if qs:numel() == 1 then scale = scale * qs:item() else q = q * qs end end
    if ks then if ks:numel() == 1 then scale = scale * ks:item() else k = k * ks end end
    if same_heads(q, k, v) and (not mask or mask:dim() <= 4) then return q:attention(k:transpose(3, 4), v, { scale = scale, mask = mask }) end
    local s = q:matmul(k)
    if scale ~= 1 then s = s * scale end
    if mask then s = s + mask end
    return s:softmax(-1):matmul(v)
  end
end }

local function last_axis(node) return node.a.opset >= 13 and (node.a.axis == nil or node.a.axis == -1 or node.a.axis == 3) or node.a.axis == -1 or node.a.axis == 3 end

-- Both factors of PyTorch's exports: the square root of the scale.
local function unscaled(see, slot, reader, gone)
  local mul = see.maker(slot, "Mul")
  if not mul or see.reader(slot) ~= reader then return slot end
  for i = 1, 2 do
    if see.maker(mul.ins[i], "Sqrt") and mul.ins[1] ~= mul.ins[2] then
      gone[mul] = true
      return mul.ins[3 - i], mul.ins[i]
    end
  end
  return slot
end

function rows.attention(frame, readers, gone)
  local see = look(frame, readers)
  for _, soft in ipairs(frame.nodes) do
    local out = soft.op == "Softmax" and last_axis(soft) and see.reader(soft.outs[1])
    if out and out.op == "MatMul" and out.ins[1] == soft.outs[1] and out.ins[2] ~= soft.outs[1] then
      local from, mask, scale, between = soft.ins[1], nil, 1, { soft }
      local add = see.maker(from, "Add")
      if add and see.reader(from) == soft then
        local first = see.maker(add.ins[1], "MatMul") or see.maker(add.ins[1], "Mul") or see.maker(add.ins[1], "Div")
        local k = first and see.reader(add.ins[1]) == add and 1 or 2
        from, mask, between[2] = add.ins[k], add.ins[3 - k], add
      end
      local mul = see.maker(from, "Mul") or see.maker(from, "Div")
      if mul and see.reader(from) == between[#between] then
        local c, other, at = see.number(mul)
        if c and (mul.op == "Mul" or at == 2 and c ~= 0) then
          scale, from, between[#between + 1] = mul.op == "Mul" and c or 1 / c, other, mul
        end
      end
      local scores = see.maker(from, "MatMul")
      if scores and see.reader(from) == between[#between] and (not mask or is_float(frame.types[mask])) and is_float(soft.a.types[1]) then
        for _, node in ipairs(between) do gone[node] = true end
        gone[scores] = true
        local q, qs = unscaled(see, scores.ins[1], scores, gone)
        local k, ks = unscaled(see, scores.ins[2], scores, gone)
        become(out, "Attention", attention, { q, k, out.ins[2], mask or false, qs or false, ks or false }, { "float", "float", "float", mask and "float", qs and "float", ks and "float" })
        out.a[1] = scale
      end
    end
  end
end

return rows
