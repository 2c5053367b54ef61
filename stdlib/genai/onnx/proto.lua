--- ONNX messages as bytes (protobuf's wire format): what genai.onnx.save writes.
local core = require "genai.core"
local proto = {}
local char, pack, concat = string.char, string.pack, table.concat

local kinds = { f32 = 1, u8 = 2, i32 = 6, i64 = 7, bool = 9, f16 = 10, bf16 = 16 }
proto.kinds = kinds                          -- the numbers of the tensors' types

local function varint(n)
  local out = {}
  repeat
    local low = n & 127
    n = n >> 7
    out[#out + 1] = char(n ~= 0 and low | 128 or low)
  until n == 0
  return concat(out)
end

local function int(field, n) return varint(field << 3) .. varint(n) end
local function float(field, x) return varint(field << 3 | 5) .. pack("<f", x) end
local function bytes(field, s) return varint(field << 3 | 2) .. varint(#s) .. s end

local function each(field, list, f)
  local out = {}
  for i, x in ipairs(list) do out[i] = bytes(field, f and f(x) or x) end
  return concat(out)
end

local function ints(field, list)
  local out = {}
  for i, n in ipairs(list) do out[i] = int(field, n) end
  return concat(out)
end

-- The elements of a tensor as a file holds them, without the head that npy files have.
local function elements(t)
  local npy = core.npy_encode(t)
  return npy:sub(string.unpack("<I2", npy, 9) + 11)
end

--- proto.tensor(name, x) -> TensorProto.
function proto.tensor(name, x)
  return ints(1, x.shape) .. int(2, kinds[x.dtype]) .. bytes(8, name) .. bytes(9, elements(x))
end

-- Whole numbers, others, text, tensors and lists of whole numbers.
local function attribute(name, v)
  local head = bytes(1, name)
  if math.type(v) == "integer" then return head .. int(3, v) .. int(20, 2) end
  if type(v) == "number" then return head .. float(2, v) .. int(20, 1) end
  if type(v) == "string" then return head .. bytes(4, v) .. int(20, 3) end
  return head .. ints(8, v) .. int(20, 7)
end

--- proto.node(n) -> NodeProto; n = { op, inputs, outputs, attrs, name }.
function proto.node(n)
  local attrs, names = {}, {}
  for name in pairs(n.attrs or {}) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do attrs[i] = attribute(name, n.attrs[name]) end
  return each(1, n.inputs) .. each(2, n.outputs) .. bytes(3, n.name) .. bytes(4, n.op) .. each(5, attrs)
end

--- proto.value(name, x, shape) -> ValueInfoProto with x's type and a shape (x's) of numbers and names.
function proto.value(name, x, shape)
  shape = each(1, shape or x.shape, function(n) return type(n) == "string" and bytes(2, n) or int(1, n) end)
  return bytes(1, name) .. bytes(2, bytes(1, int(1, kinds[x.dtype]) .. bytes(2, shape)))
end

--- proto.model(g) -> ModelProto; g = { name, opset, nodes, tensors, inputs, outputs } with the messages in lists.
function proto.model(g)
  local graph = each(1, g.nodes) .. bytes(2, g.name) .. each(5, g.tensors) .. each(11, g.inputs) .. each(12, g.outputs)
  return int(1, 10) .. bytes(2, "genai") .. bytes(7, graph) .. bytes(8, bytes(1, "") .. int(2, g.opset))
end

return proto
