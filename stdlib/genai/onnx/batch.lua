--- genai.onnx.save for batches of any size: what f does with n and with n + 1 pictures, texts, .. is compared; sizes that follow the batch are counted by the net itself.
local core = require "genai.core"
local batch = {}
local op = core.ops

local function fail(format, ...) core.fail("onnx.save: " .. format:format(...)) end

--- batch.dims(list, choice) -> { name = dim } from true (the first dim of each input) or { name = dim }, and the batch's size.
function batch.dims(list, choice)
  local dims, size = {}, nil
  if choice ~= true and type(choice) ~= "table" then fail("batch is a %s, wanted true or { input = dim }", type(choice)) end
  for _, pair in ipairs(list) do
    local name, x = pair[1], pair[2]
    local d
    if choice == true then d = 1 else d = choice[name] end
    if d then
      local n = x.shape[d]
      if not n then fail("batch: input \"%s\" has no dim %s", name, tostring(d)) end
      if size and n ~= size then fail("batch: input \"%s\" has %d along dim %d, wanted %d as the others", name, n, d, size) end
      dims[name], size = d, n
    end
  end
  for name in pairs(choice == true and {} or choice) do if not dims[name] then fail("batch: there is no input \"%s\"", tostring(name)) end end
  if not size or size < 1 then fail "batch: no input has one" end
  return dims, size
end

--- batch.larger(list, dims) -> inputs of a batch with one more: the first again.
function batch.larger(list, dims)
  local out = {}
  for _, pair in ipairs(list) do
    local name, x = pair[1], pair[2]
    local d = dims[name]
    local kind = x.dtype
    if d then
      local y = kind == "bool" and x:to "u8" or x
      y = op.cat({ y, y:slice(d, 1, 1) }, d)
      out[name] = y.dtype == kind and y or y:to(kind)
    else out[name] = x end
  end
  return out
end

local function same(a, b)
  return a.dtype == b.dtype and table.concat(a.shape, ",") == table.concat(b.shape, ",") and a:equal(b)
end

-- What a size is made of: c, where it is c times the batch in both runs; nil where it is a number of its own.
local function times(w, p, q)
  if p == q then return nil end
  if p % w.size ~= 0 or q ~= p // w.size * (w.size + 1) then return false end
  return p // w.size
end

-- The batch's size inside the net: [1], i64.
local function counted(w)
  local g = w.g
  if not w.count then
    local d = w.dims[w.first] - 1
    w.count = g:node("Slice", { g:node("Shape", { w.first }), g:ints { d }, g:ints { d + 1 } })
  end
  return w.count
end

-- A list of sizes for any batch, as the name of a value.
local function sizes_of(w, node, a, b)
  local g, p, q, parts, follows = w.g, a:totable(), b:totable(), {}, 0
  if #p ~= #q then return nil end
  for i, n in ipairs(p) do
    local c = times(w, n, q[i])
    if c == false then return nil end
    if c then follows = follows + 1 end
    parts[i] = c
  end
  if node.op == "Reshape" and follows == 1 then
    for i in ipairs(p) do
      if p[i] == -1 then follows = 2 end
      if parts[i] then p[i] = -1 end
    end
    if follows == 1 then return g:ints(p) end
    p = a:totable()
  end
  local list = {}
  for i, n in ipairs(p) do
    local c = parts[i]
    list[i] = not c and g:ints { n } or c == 1 and counted(w) or g:node("Mul", { counted(w), g:ints { c } })
  end
  return #list == 1 and list[1] or g:node("Concat", list, { axis = 0 })
end

local function attributes_differ(p, q)
  for k, v in pairs(p or {}) do
    local u = q and q[k]
    if type(v) == "table" and type(u) == "table" then
      if table.concat(v, ",") ~= table.concat(u, ",") then return k end
    elseif u ~= v then return k end
  end
end

local function by_name(tensors)
  local out = {}
  for _, t in ipairs(tensors) do out[t.name] = t.tensor end
  return out
end

--- batch.join(a, b, dims, size): a's graph, made from a batch of `size`, is made to fit any; b is what the next larger one gave.
function batch.join(a, b, dims, size)
  local g = a.g
  local w = { g = g, dims = dims, size = size }
  for _, pair in ipairs(a.inputs) do if dims[pair[1]] then w.first = w.first or pair[1] end end
  local old, mine, theirs = g.nodes, by_name(g.tensors), by_name(b.g.tensors)
  if #old ~= #b.g.nodes then fail("batch: %d ops for %d and %d for %d: the ops themselves follow the batch", #old, size, #b.g.nodes, size + 1) end
  g.nodes = {}
  for i, node in ipairs(old) do
    local other = b.g.nodes[i]
    local differs = node.op ~= other.op and "op" or attributes_differ(node.attrs, other.attrs) or attributes_differ(other.attrs, node.attrs)
    if differs then fail("batch: %s of %s follows the batch, which has no form in ONNX", differs, node.op) end
    for k, name in ipairs(node.inputs) do
      local p, q = mine[name], theirs[other.inputs[k]]
      if (p == nil) ~= (q == nil) or (not p and name ~= other.inputs[k]) then fail("batch: the input of %s follows the batch", node.op) end
      if p and not same(p, q) then
        node.inputs[k] = p.dtype == "i64" and p:dim() == 1 and q:dim() == 1 and sizes_of(w, node, p, q) or fail("batch: a constant of %s follows the batch, which has no form in ONNX", node.op)
      end
    end
    g.nodes[#g.nodes + 1] = node
  end
  return w
end

--- batch.shape(w, x, y) -> x's shape with the sizes in which y, of the larger batch, differs by name.
function batch.shape(w, x, y)
  local shape, larger = x.shape, y.shape
  for d, n in ipairs(shape) do
    if n ~= larger[d] then
      local c = times(w, n, larger[d])
      shape[d] = c == 1 and "batch" or c and c .. " batch" or "size " .. d
    end
  end
  return shape
end

return batch
