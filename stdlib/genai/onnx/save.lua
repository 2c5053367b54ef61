--- genai.onnx.save: a function's ops, as they run on given inputs, written as an ONNX net.
local core = require "genai.core"
local proto = require "genai.onnx.proto"
local tools = require "genai.onnx.tools"
local save = {}
local OPSET = 21

local function fail(format, ...) core.fail("onnx.save: " .. format:format(...)) end

-- ---- the graph being made ----
local graph = {}
graph.__index = graph

local function new_graph()
  return setmetatable({ nodes = {}, names = {}, held = {}, constants = {}, tensors = {}, count = 0, shared = {} }, graph)
end

--- g:node(op, inputs, attributes, results) -> the names of its results (one unless said).
function graph:node(op, inputs, attrs, n)
  local outputs = {}
  for k = 1, n or 1 do
    self.count = self.count + 1
    outputs[k] = "v/" .. self.count
  end
  self.nodes[#self.nodes + 1] = { op = op, inputs = inputs, outputs = outputs, attrs = attrs, name = op .. "_" .. (#self.nodes + 1) }
  return table.unpack(outputs)
end

--- g:constant(tensor) -> the name of an initializer.
function graph:constant(t)
  if t.dtype == "f16" or t.dtype == "bf16" then t = t:to "f32" end
  local name = "w/" .. (#self.tensors + 1)
  self.tensors[#self.tensors + 1] = { name = name, tensor = t }
  return name
end

--- g:number(x, dtype) -> the name of a constant without dims; g:ints(list) -> one of whole numbers.
function graph:number(x, dtype)
  local key = dtype .. " " .. tostring(x)
  if not self.shared[key] then self.shared[key] = self:constant(core.tensor(x, { dtype = dtype })) end
  return self.shared[key]
end
function graph:ints(list)
  local key = "ints " .. table.concat(list, ",")
  if not self.shared[key] then self.shared[key] = self:constant(#list == 0 and core.ops.zeros(0, { dtype = "i64" }) or core.tensor(list, { dtype = "i64" })) end
  return self.shared[key]
end

--- g:ref(x) -> the name of a tensor: a value of the graph, or a constant.
function graph:ref(x)
  local id = core.identity(x)
  if self.names[id] then return self.names[id] end
  if not self.constants[id] then
    self.constants[id], self.held[#self.held + 1] = self:constant(x), x
  end
  return self.constants[id]
end

-- Inside of the graph f16 and bf16 are f32 that is rounded wherever an op gives them.
local halves = { f16 = true, bf16 = true }
local function held(dtype) return halves[dtype] and "f32" or dtype end

--- g:as(x, dtype) -> the name of a tensor or number in a type.
function graph:as(x, dtype)
  dtype = held(dtype)
  if type(x) == "boolean" then x = x and 1 or 0 end
  if type(x) == "number" then return self:number(dtype == "f32" and x + 0.0 or x, dtype) end
  if held(x.dtype) == dtype then return self:ref(x) end
  if not self.names[core.identity(x)] then return self:constant(x:to(dtype)) end
  return self:cast(self:ref(x), dtype)
end

--- g:cast(name, dtype) -> name.
function graph:cast(name, dtype) return self:node("Cast", { name }, { to = proto.kinds[dtype] }) end

--- g:reshape(name, shape) -> name.
function graph:reshape(name, shape) return self:node("Reshape", { name, self:ints(shape) }) end

--- g:depends(x) -> whether x is a value of the graph.
function graph:depends(x) return core.is_tensor(x) and self.names[core.identity(x)] ~= nil end

graph.fail = fail

-- ---- watching ----
local static = { zeros_like = true, ones_like = true, full_like = true }

local function depends_on(seen, args)
  for _, v in pairs(args) do
    if core.is_tensor(v) then
      if seen[core.identity(v)] then return true end
    elseif type(v) == "table" then
      for _, x in ipairs(v) do if core.is_tensor(x) and seen[core.identity(x)] then return true end end
    end
  end
  return false
end

-- Ops whose results may be the same elements as their first argument.
local views = { view = true, reshape = true, expand = true, transpose = true, permute = true, slice = true, select = true, squeeze = true, unsqueeze = true, flatten = true, contiguous = true,
  unfold = true, to = true }

-- A write in place is a value of its own from then on, where nobody else holds the same elements.
local function check_place(op, id, w)
  if w.inputs[id] then fail("op %s writes into an input", op) end
  if not w.seen[id] then fail("op %s writes into a constant what depends on the inputs", op) end
  if w.shared[id] then fail("op %s writes in place into a tensor that shares its elements with another one", op) end
end

-- What the function does with values that come from its inputs, op by op. w: seen, inputs, used, shared by identity; log.
local function watcher(w)
  local seen, log, used = w.seen, w.log, w.used
  return function(op, args, out, kind)
    if static[op] then return end
    local id = core.identity(out[1])
    if not depends_on(seen, args) then
      if kind == "place" and used[id] then fail("op %s changes a constant that was used before", op) end
      return
    end
    if kind == "place" then check_place(op, id, w) end
    if views[op] and core.is_tensor(args.x) and core.identity(args.x) ~= id then w.shared[core.identity(args.x)], w.shared[id] = true, true end
    if kind == "random" and not (op == "dropout" and (args.train == false or args.p == 0)) then fail("op %s draws random numbers, which a net in a file does not do", op) end
    log[#log + 1] = { op = op, args = args, out = out, place = kind == "place" }
    for _, y in ipairs(out) do seen[core.identity(y)] = true end
    for _, v in pairs(args) do
      if core.is_tensor(v) then used[core.identity(v)] = true end
    end
  end
end

-- Numbers that leave the tensors would be frozen in the file unseen.
local function guarded(seen, name, f)
  return function(x, ...)
    if core.is_tensor(x) and seen[core.identity(x)] then fail("the function takes numbers out of a tensor that depends on its inputs (%s): the file cannot do that", name) end
    return f(x, ...)
  end
end

local function watched(f, given, w)
  local seen = w.seen
  local methods, was = core.methods, core.recording(false)
  local item, totable = methods.item, methods.totable
  methods.item, methods.totable = guarded(seen, "item", item), guarded(seen, "totable", totable)
  core.trace(watcher(w))
  tools.traced = true
  local results = table.pack(pcall(f, table.unpack(given, 1, given.n)))
  core.trace(nil)
  tools.traced = false
  methods.item, methods.totable = item, totable
  core.recording(was)
  if not results[1] then error(results[2], 0) end
  return table.pack(table.unpack(results, 2, results.n))
end

-- ---- inputs and results ----
local function sorted_names(t)
  local names = {}
  for name in pairs(t) do
    if type(name) ~= "string" then fail("an input's name is a %s, wanted strings or a list", type(name)) end
    names[#names + 1] = name
  end
  table.sort(names)
  return names
end

-- { { name, tensor } } and what the function is called with.
local function inputs_of(inputs, names)
  if core.is_tensor(inputs) then inputs = { inputs } end
  if type(inputs) ~= "table" then fail("inputs is a %s, wanted a tensor, a list or { name = tensor }", type(inputs)) end
  local list, given = {}, nil
  if #inputs > 0 then
    for i, x in ipairs(inputs) do list[i] = { names and names[i] or (#inputs == 1 and "input" or "input" .. i), x } end
    given = { n = #inputs, table.unpack(inputs) }
  else
    for i, name in ipairs(sorted_names(inputs)) do list[i] = { name, inputs[name] } end
    given = { n = 1, inputs }
  end
  if #list == 0 then fail "there are no inputs" end
  for _, pair in ipairs(list) do
    if not core.is_tensor(pair[2]) then fail("input \"%s\" is a %s, wanted a tensor", pair[1], type(pair[2])) end
  end
  return list, given
end

local function flatten(list, x)
  if core.is_tensor(x) then list[#list + 1] = x
  elseif type(x) == "table" then for _, y in ipairs(x) do flatten(list, y) end end
  return list
end

local function outputs_of(results, names)
  local list = {}
  if results.n == 1 and type(results[1]) == "table" and not core.is_tensor(results[1]) and #results[1] == 0 then
    for i, name in ipairs(sorted_names(results[1])) do list[i] = { name, results[1][name] } end
  else
    for i = 1, results.n do flatten(list, results[i]) end
    for i, x in ipairs(list) do list[i] = { names and names[i] or (#list == 1 and "output" or "output" .. i), x } end
  end
  if #list == 0 then fail "the function gives no tensors" end
  return list
end

-- ---- writing ----
-- Arguments that the results show anyhow, or that are for training; ops whose results say all.
local unread = { size = true, pooled = true, rng = true, momentum = true, out = true, ["in"] = true, slope = true }
local shown = { view = true, reshape = true, squeeze = true, unsqueeze = true, flatten = true, to = true, dropout = true, one_hot = true }

local function emit(g, step)
  local emitters = require "genai.onnx.emit"
  local f = emitters[step.op] or fail("op %s has no form in ONNX yet", step.op)
  local read = {}                                              -- an argument that the emitter does not look at would be lost
  local names = { f(g, setmetatable({}, { __index = function(_, k) read[k] = true return step.args[k] end }), step.out) }
  for k, v in pairs(step.args) do
    if v and v ~= 0 and not (read[k] or unread[k] or shown[step.op]) then fail("op %s with %s has no form in ONNX yet", step.op, k) end
  end
  for k, y in ipairs(step.out) do
    local id = core.identity(y)
    if names[k] and halves[y.dtype] and (step.op == "to" or not views[step.op]) then names[k] = g:cast(g:cast(names[k], y.dtype), "f32") end
    if names[k] and (step.place or not g.names[id]) then g.names[id] = names[k] end
  end
end

-- Nodes that lead to an output, and the constants that they read.
local function needed(g, outputs)
  local used, wanted, nodes, tensors = {}, {}, {}, {}
  for _, pair in ipairs(outputs) do used[pair[3]] = true end
  for i = #g.nodes, 1, -1 do
    local node = g.nodes[i]
    for _, name in ipairs(node.outputs) do wanted[i] = wanted[i] or used[name] end
    if wanted[i] then
      for _, name in ipairs(node.inputs) do used[name] = true end
    end
  end
  for i, node in ipairs(g.nodes) do if wanted[i] then nodes[#nodes + 1] = node end end
  for _, t in ipairs(g.tensors) do if used[t.name] then tensors[#tensors + 1] = t end end
  return nodes, tensors
end

local function map(list, f)
  local out = {}
  for i, x in ipairs(list) do out[i] = f(x) end
  return out
end

-- Results get the names they are given.
local function name_outputs(g, inputs, outputs)
  local taken = {}
  for _, pair in ipairs(inputs) do taken[pair[1]] = true end
  for _, pair in ipairs(outputs) do
    if taken[pair[1]] or pair[1]:find "^[vw]/" then fail("the name \"%s\" is taken", pair[1]) end
    taken[pair[1]] = true
    local from, kind = g:ref(pair[2]), pair[2].dtype
    if halves[kind] then g:cast(from, kind) else g:node("Identity", { from }) end
    local node = g.nodes[#g.nodes]
    node.outputs[1], pair[3] = pair[1], pair[1]
  end
end

-- One run of f as a graph: { g, inputs, outputs }.
local function graph_of(f, inputs, options)
  local list, given = inputs_of(inputs, options.inputs)
  local g, w = new_graph(), { seen = {}, inputs = {}, used = {}, shared = {}, log = {} }
  for _, pair in ipairs(list) do
    local id = core.identity(pair[2])
    if w.seen[id] then fail("input \"%s\" is the same tensor as another one", pair[1]) end
    w.seen[id], w.inputs[id], g.names[id] = true, true, halves[pair[2].dtype] and g:cast(pair[1], "f32") or pair[1]
  end
  local results = watched(f, given, w)
  for _, step in ipairs(w.log) do emit(g, step) end
  local outputs = outputs_of(results, options.outputs)
  name_outputs(g, list, outputs)
  return { g = g, inputs = list, outputs = outputs }
end

-- The same function on a batch with one more.
local function any_batch(made, f, inputs, options)
  local batch = require "genai.onnx.batch"
  local dims, size = batch.dims(made.inputs, options.batch)
  local more = batch.larger(made.inputs, dims)
  if core.is_tensor(inputs) then more = more[made.inputs[1][1]]
  elseif #inputs > 0 then
    local list = {}
    for i, pair in ipairs(made.inputs) do list[i] = more[pair[1]] end
    more = list
  end
  local other = graph_of(f, more, options)
  return batch.join(made, other, dims, size), other
end

--- save.bytes(name, f, inputs, options) -> the file's bytes.
function save.bytes(name, f, inputs, options)
  options = options or {}
  local made, w, other = graph_of(f, inputs, options), nil, nil
  if options.batch then w, other = any_batch(made, f, inputs, options) end
  local function values(which)
    local out = {}
    for i, pair in ipairs(made[which]) do
      out[i] = proto.value(pair[1], pair[2], w and require("genai.onnx.batch").shape(w, pair[2], other[which][i][2]))
    end
    return out
  end
  local nodes, tensors = needed(made.g, made.outputs)
  return proto.model { name = name, opset = OPSET, nodes = map(nodes, proto.node), tensors = map(tensors, function(t) return proto.tensor(t.name, t.tensor) end), inputs = values "inputs",
    outputs = values "outputs" }
end

return save
