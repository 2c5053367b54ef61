--- ONNX networks as they are: genai.onnx.load(path) -> net; net { input = tensor } -> { output = tensor }.
-- Format: onnx.proto3, opset 7 to 21 and ops up to 23; earlier opsets where their ops have not changed their meaning.
local core = require "genai.core"
local types = require "genai.onnx.types"
local onnx = {}

local LEAST, TIMES, DATA = 8 << 20, 16, 6    -- loading may take LEAST bytes + TIMES the file's size + DATA times the external data's
local NEWEST = 23

local net = {}
net.__index = net
net.__name = "onnx net"

local function fail(format, ...) core.fail(format:format(...)) end

local function kind_text(v)
  return ("%s%s"):format(v.type or "?", v.shape and "[" .. table.concat(v.shape, ",") .. "]" or "")
end

-- ---- running ----
local function wrong_shape(v, x)
  local shape = x.shape
  if not v.shape then return nil end
  if #shape ~= #v.shape then return shape end
  for d, size in ipairs(v.shape) do
    if math.type(size) == "integer" and size > 0 and size ~= shape[d] then return shape end
  end
end

local function give(v, x)
  local dtype = types.dtype(v.type)
  if type(x) == "number" or (type(x) == "table" and not x.dtype and not x.seq) then x = core.tensor(x, { dtype = dtype }) end
  if not core.is_tensor(x) then return x end
  if dtype and x.dtype ~= dtype then
    if dtype ~= "f32" and x.dtype:find "f" then fail("onnx: input \"%s\" is %s, wanted %s", v.name, x.dtype, dtype) end
    x = x:to(dtype)
  end
  local found = wrong_shape(v, x)
  if found then fail("onnx: input \"%s\" is [%s], wanted %s", v.name, table.concat(found, ","), kind_text(v)) end
  return x
end

local function inputs_of(self, given)
  local list, known = {}, {}
  if core.is_tensor(given) then given = { [self.inputs[1] and self.inputs[1].name or ""] = given } end
  if type(given) ~= "table" then fail("onnx: inputs are a %s, wanted { name = tensor }", type(given)) end
  for i, v in ipairs(self.inputs) do
    local x = given[v.name]
    if x == nil and not (v.type and v.type:find "^optional") then fail("onnx: input \"%s\" is missing, wanted %s", v.name, kind_text(v)) end
    if x ~= nil then list[i] = give(v, x) end
    known[v.name] = true
  end
  for name in pairs(given) do
    if not known[name] then fail("onnx: the net has no input \"%s\"", tostring(name)) end
  end
  return list
end

local function run(self, given)
  local out, list = {}, require("genai.onnx.plan").run(self.plan, inputs_of(self, given))
  for i, v in ipairs(self.outputs) do
    local x = list[i]
    if v.type == "float16" and core.is_tensor(x) then x = x:to "f16" elseif v.type == "bfloat16" and core.is_tensor(x) then x = x:to "bf16" end
    out[v.name] = x
  end
  return out
end

-- A file's names may hold anything: an error stays one line.
local function one_line(text) return (tostring(text):gsub("%c", "?")) end

local function describe(self, text)
  local p = self.plan
  local node = p.at and p.nodes[p.at]
  text = one_line(text)
  local line, rest = text:match "^(%S+:%d+: )(.*)$"
  if not line then line, rest = "", text end
  local where = node and one_line(node.where)
  if not node or rest:find(where, 1, true) then return text end
  return ("%s%s: %s"):format(line, where, rest)
end

--- net { name = tensor, ... } -> { name = tensor, ... }; net(tensor) gives the tensor to the first input. Nothing is recorded for gradients.
function net:__call(given)
  if self.busy then fail("onnx: the net is already running") end
  self.busy, self.plan.at = true, nil
  local was = core.recording(false)
  local fine, out = pcall(run, self, given)
  core.recording(was)
  self.busy = false
  if fine then return out end
  require("genai.onnx.plan").clear(self.plan)
  error(describe(self, out), 0)
end

function net:__tostring()
  local lines = { ("onnx net: %d nodes run (%d in the file), opset %d%s"):format(#self.plan.nodes, self.nodes, self.opset, self.producer and ", made by " .. self.producer or "") }
  for _, v in ipairs(self.inputs) do lines[#lines + 1] = ("  in   %-24s %s"):format(v.name, kind_text(v)) end
  for _, v in ipairs(self.outputs) do lines[#lines + 1] = ("  out  %-24s %s"):format(v.name, kind_text(v)) end
  local counts, names = {}, {}
  for _, n in ipairs(self.plan.nodes) do
    if not counts[n.op] then names[#names + 1] = n.op end
    counts[n.op] = (counts[n.op] or 0) + 1
  end
  table.sort(names)
  for i, name in ipairs(names) do names[i] = name .. " " .. counts[name] end
  lines[#lines + 1] = "  ops  " .. table.concat(names, ", ")
  return table.concat(lines, "\n")
end

-- ---- loading ----
local function check_opset(model)
  local version = model.opsets[""]
  if version < 1 or version > NEWEST then fail("%s: opset %d of ai.onnx, wanted 1..%d", model.path, version, NEWEST) end
end

local function load(path)
  local model = require("genai.onnx.graph").read(path)
  check_opset(model)
  model.budget = 1000 + model.size // 2      -- nodes, functions unfolded
  local p = require("genai.onnx.compile").graph(model, model.graph)
  return setmetatable({ plan = p, inputs = p.input_values, outputs = p.output_values, opset = model.opsets[""], producer = model.producer, metadata = model.metadata,
    nodes = #model.graph.nodes, path = path }, net)
end

--- genai.onnx.load(path) -> net, from an ONNX file (https://onnx.ai). net.inputs and net.outputs are lists of { name =, type =, shape = } in which sizes may be names;
-- net { name = tensor } -> { name = tensor }. Whatever the file's float type, nets run in f32. An op that is not supported is an error here.
function onnx.load(path)
  if type(path) ~= "string" then fail("onnx: path is a %s, wanted a string", type(path)) end
  if not core.exists(path) then fail("%s: no such file", path) end
  local size, beside = core.onnx_check(path)
  local was_limit, was = core.limit(), core.recording(false)
  local most = core.memory() + LEAST + TIMES * size + DATA * beside
  core.limit(was_limit > 0 and math.min(was_limit, most) or most)
  local fine, found = pcall(load, path)
  core.limit(was_limit)
  core.recording(was)
  if fine then
    core.tidy()
    return found
  end
  found = one_line(found)
  error(found:find(path, 1, true) and found or path .. ": " .. found, 0)
end

--- genai.onnx.save(path, f, inputs [, { inputs = names, outputs = names, batch = }]) writes what f does as an ONNX net (opset 21) that onnxruntime and genai.onnx.load run.
-- f is a function or module; inputs a tensor or list of them (f is called with these; named "input", or "input1" ..) or { name = tensor } (f is called with the table). What f gives
-- back (tensors, lists of them or one table { name = tensor }) become outputs. The ops are those of this one run: sizes and Lua's decisions are fixed by the inputs given, weights are
-- stored as f32 constants, f16 and bf16 values are rounded to these as they come; with batch = true the first dim of all inputs (or those of { input = dim }) may have any size. An op that has no form in ONNX, a random draw, a write in place, and numbers taken out of tensors that depend on the inputs are errors.
-- > (function() local p = genai.tmpdir() .. "/double.onnx" genai.onnx.save(p, function(x) return x * 2 end, genai.ones(2)) return genai.onnx.load(p)(genai.ones(2)).output end)():sum():item() == 4
function onnx.save(path, f, inputs, options)
  if type(path) ~= "string" then fail("onnx.save: path is a %s, wanted a string", type(path)) end
  local bytes = require("genai.onnx.save").bytes((path:match "([^/\\]*)$":gsub("%.onnx$", "")), f, inputs, options)
  return core.write(path, bytes)
end

--- genai.onnx.ops() -> the names of the ops that files may use; those outside ai.onnx with their domain.
function onnx.ops() return require("genai.onnx.ops").names() end

return onnx
