-- onnx_file.lua: writes ONNX files for the tests: protobuf messages by hand.
local file = {}

local function varint(n)
  local out = {}
  repeat
    local low = n & 127
    n = n >> 7
    out[#out + 1] = string.char(n ~= 0 and low | 128 or low)
  until n == 0
  return table.concat(out)
end
file.varint = varint

--- file.int(number, value), file.bytes(number, text), file.float(number, x) -> a field.
function file.int(number, value) return varint(number << 3) .. varint(value) end
function file.bytes(number, text) return varint(number << 3 | 2) .. varint(#text) .. text end
function file.float(number, x) return varint(number << 3 | 5) .. string.pack("<f", x) end

local function all(number, list, f)
  local out = {}
  for i, x in ipairs(list or {}) do out[i] = file.bytes(number, f and f(x) or x) end
  return table.concat(out)
end

local types = { float = 1, uint8 = 2, int8 = 3, int32 = 6, int64 = 7, bool = 9, float16 = 10, double = 11 }
local packs = { float = "<f", uint8 = "B", int8 = "b", int32 = "<i4", int64 = "<i8", bool = "B", double = "<d", float16 = "<I2" }

--- file.tensor(name, type, dims, values) -> a TensorProto with raw data.
function file.tensor(name, kind, dims, values)
  local raw = {}
  for i, v in ipairs(values) do raw[i] = string.pack(packs[kind], v) end
  local d = {}
  for i, n in ipairs(dims) do d[i] = varint(n) end
  return file.bytes(1, table.concat(d)) .. file.int(2, types[kind]) .. file.bytes(8, name) .. file.bytes(9, table.concat(raw))
end

--- file.external(name, type, dims, entries) -> a TensorProto whose data lie in another file.
function file.external(name, kind, dims, entries)
  local d = ""
  for _, n in ipairs(dims) do d = d .. file.int(1, n) end
  local e = ""
  for _, entry in ipairs(entries) do e = e .. file.bytes(13, file.bytes(1, entry[1]) .. file.bytes(2, entry[2])) end
  return d .. file.int(2, types[kind]) .. file.bytes(8, name) .. e .. file.int(14, 1)
end

--- file.value(name, type, shape) -> a ValueInfoProto.
function file.value(name, kind, shape)
  local dims = ""
  for _, n in ipairs(shape or {}) do dims = dims .. file.bytes(1, type(n) == "string" and file.bytes(2, n) or file.int(1, n)) end
  return file.bytes(1, name) .. file.bytes(2, file.bytes(1, file.int(1, types[kind]) .. (shape and file.bytes(2, dims) or "")))
end

local function attribute(name, v)
  local head = file.bytes(1, name)
  if math.type(v) == "integer" then return head .. file.int(3, v) .. file.int(20, 2) end
  if type(v) == "number" then return head .. file.float(2, v) .. file.int(20, 1) end
  if type(v) == "string" then return head .. file.bytes(4, v) .. file.int(20, 3) end
  if v.graph then return head .. file.bytes(6, v.graph) .. file.int(20, 5) end
  if v.tensor then return head .. file.bytes(5, v.tensor) .. file.int(20, 4) end
  if v.ref then return head .. file.bytes(21, v.ref) .. file.int(20, 2) end
  local list = {}
  for i, n in ipairs(v) do list[i] = varint(n) end
  return head .. file.bytes(8, table.concat(list)) .. file.int(20, 7)
end

--- file.node(op, inputs, outputs, attributes, { name =, domain = }) -> a NodeProto.
function file.node(op, inputs, outputs, attributes, more)
  local out = all(1, inputs) .. all(2, outputs) .. file.bytes(4, op)
  if more and more.name then out = out .. file.bytes(3, more.name) end
  for name, v in pairs(attributes or {}) do out = out .. file.bytes(5, attribute(name, v)) end
  return out .. file.bytes(7, more and more.domain or "")
end

--- file.graph { nodes, inputs, outputs, initializers } -> a GraphProto.
function file.graph(g) return all(1, g.nodes) .. file.bytes(2, "g") .. all(5, g.initializers) .. all(11, g.inputs) .. all(12, g.outputs) end

--- file.func(domain, name, inputs, outputs, nodes, opset) -> a FunctionProto.
function file.func(domain, name, inputs, outputs, nodes, opset)
  return file.bytes(1, name) .. all(4, inputs) .. all(5, outputs) .. all(7, nodes) .. file.bytes(9, file.bytes(1, "") .. file.int(2, opset or 17)) .. file.bytes(10, domain)
end

--- file.model(graph, { opset = 17, functions =, domains = }) -> a ModelProto.
function file.model(graph, options)
  options = options or {}
  local out = file.int(1, 8) .. file.bytes(2, "tests") .. file.bytes(7, graph) .. file.bytes(8, file.bytes(1, "") .. file.int(2, options.opset or 17))
  for _, d in ipairs(options.domains or {}) do out = out .. file.bytes(8, file.bytes(1, d) .. file.int(2, 1)) end
  return out .. all(25, options.functions)
end

--- file.save(name, bytes) -> the path of a file in the run's own folder.
function file.save(name, bytes)
  local path = require("genai").tmpdir() .. "/" .. name
  local f = assert(io.open(path, "wb"))
  f:write(bytes)
  f:close()
  return path
end

return file
