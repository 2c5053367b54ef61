-- onnx_node.lua: one case of the ONNX node test suite. Used by test_onnx_nodes.lua; alone: genai tests/onnx_node.lua PATTERN runs the cases whose names match.
local core = require "genai.core"
local genai = require "genai"
local node = {}

local FOLDER = "/usr/share/libonnx-testdata/data/"
node.folder = FOLDER

-- A value in a .pb file: a tensor, a sequence or an optional, as the graph's type says.
local function sequence(s)
  local out = { seq = true }
  for i, t in ipairs(s.tensor or {}) do out[i] = t.tensor end
  for i, inner in ipairs(s.sequence or {}) do out[i] = sequence(inner) end
  return out
end

-- The suite stores bfloat16 as the bits of uint16: the upper half of a float.
local function from_bits(t)
  local list = t:reshape(-1):totable()
  for i, bits in ipairs(list) do list[i] = string.unpack("<f", string.pack("<I4", bits << 16)) end
  return core.tensor(list):reshape(t.shape)
end

local function value(path, kind)
  if kind:find "^seq" then return sequence(core.onnx_read(path, "SequenceProto")) end
  if kind:find "^optional" then
    local o = core.onnx_read(path, "OptionalProto")
    if o.tensor then return o.tensor.tensor end
    return o.sequence and sequence(o.sequence)
  end
  local found = core.onnx_read(path, "TensorProto").tensor
  if kind == "bfloat16" and found.type == "uint16" then return from_bits(found.tensor) end
  return found.tensor
end

-- Where the model says how large an input is, one element stands for all: the suite's CastLike of bfloat16 declares [3,4] and gives [1].
local function fitted(x, shape)
  if not core.is_tensor(x) or x:numel() ~= 1 or not shape or #shape <= x:dim() then return x end
  for _, n in ipairs(shape) do if math.type(n) ~= "integer" then return x end end
  return x:expand(table.unpack(shape)):contiguous()
end

local function same(wanted, found, name, rtol, atol)
  if type(wanted) == "table" then
    assert(type(found) == "table", name .. ": found a " .. type(found))
    assert(#wanted == #found, ("%s: %d elements, wanted %d"):format(name, #found, #wanted))
    for i = 1, #wanted do
      if wanted.dtype == "string" then assert(wanted[i] == found[i], name .. ": another string") else same(wanted[i], found[i], name .. "[" .. i .. "]", rtol, atol) end
    end
    return
  end
  assert(core.is_tensor(found), name .. ": no tensor")
  local a, b = table.concat(wanted.shape, ","), table.concat(found.shape, ",")
  assert(a == b, ("%s: shape [%s], wanted [%s]"):format(name, b, a))
  local kind = found.dtype
  if kind == "f16" or kind == "bf16" then found = found:to "f32" end
  assert(wanted.dtype == found.dtype, ("%s: %s, wanted %s"):format(name, found.dtype, wanted.dtype))
  if wanted:numel() == 0 then return end
  wanted, found = wanted:to "f32", found:to "f32"
  local both_nan = wanted:isnan():logical_and(found:isnan())
  wanted, found = both_nan:where(0, wanted), both_nan:where(0, found)
  assert(found:close(wanted, { rtol = rtol, atol = atol }), ("%s: largest difference %g"):format(name, (wanted - found):abs():max():item()))
end

--- Runs the case in a folder; an error where a result differs.
function node.run(folder) return node.compare(folder .. "/model.onnx", folder .. "/test_data_set_0/") end

--- Runs a model on inputs SETinput_0.pb .. and holds its results against SEToutput_0.pb ..
function node.compare(path, set)
  local net = genai.onnx.load(path)
  local inputs = {}
  for i, v in ipairs(net.inputs) do
    local path = ("%sinput_%d.pb"):format(set, i - 1)
    if core.exists(path) then inputs[v.name] = fitted(value(path, v.type), v.shape) end
  end
  local out = net(inputs)
  for i, v in ipairs(net.outputs) do
    local half = v.type == "float16" or v.type == "bfloat16"
    same(value(("%soutput_%d.pb"):format(set, i - 1), v.type), out[v.name], v.name, half and 1e-2 or 1e-3, half and 1e-3 or 1e-5)
  end
  return net
end

if arg and arg[0] and arg[0]:find "onnx_node" then
  local pattern, group = arg[1] or "", arg[2] or "node"
  local passed, failed = 0, 0
  for _, name in ipairs(core.list(FOLDER .. group)) do
    if name:find(pattern) then
      local fine, text = pcall(node.run, FOLDER .. group .. "/" .. name)
      if fine then passed = passed + 1 else
        failed = failed + 1
        print(name, (tostring(text):gsub(FOLDER, "")))
      end
    end
  end
  print(passed .. " passed, " .. failed .. " failed")
end
return node
