--- From a graph to a plan: names become slots, types are inferred, ops looked up, constants folded.
local core = require "genai.core"
local types = require "genai.onnx.types"
local graphs = require "genai.onnx.graph"
local plan = require "genai.onnx.plan"
local required = require "genai.onnx.required"
local compile = {}

local MOST_DEPTH = 32                        -- functions in functions, graphs in graphs

local function fail(format, ...) core.fail(format:format(...)) end

-- ---- frames: slots of one graph ----
local function new_frame(model, outer)
  return { model = model, outer = outer, n = 0, types = {}, consts = {}, nodes = {}, captures = {}, depth = outer and outer.depth + 1 or 1 }
end

local function new_slot(frame, kind)
  frame.n = frame.n + 1
  frame.types[frame.n] = kind
  return frame.n
end

local function constant(frame, value, kind)
  local s = new_slot(frame, kind)
  frame.consts[s] = value
  return s
end

-- The slot of a name, also from the graphs around; nil = nobody makes it.
local function resolve(frame, scope, name)
  local s = scope.names[name]
  if s or not scope.outer then return s end
  local from = resolve(frame.outer, scope.outer, name)
  if not from then return nil end
  if frame.outer.consts[from] ~= nil then
    s = constant(frame, frame.outer.consts[from], frame.outer.types[from])
  else
    s = new_slot(frame, frame.outer.types[from])
    frame.captures[#frame.captures + 1] = { from = from, to = s }
  end
  scope.names[name] = s
  return s
end

local function define(scope, name, slot, where)
  if scope.names[name] and scope.own[name] then fail("%s: \"%s\" is made twice", where, name) end
  scope.names[name], scope.own[name] = slot, true
end

-- The names that some nodes and the graphs in them read.
local function read_names(nodes, out)
  for _, node in ipairs(nodes) do
    for _, name in ipairs(node.inputs) do out[name] = true end
    for _, attr in pairs(node.attrs) do
      if attr.graph then
        read_names(attr.graph.nodes, out)
        for _, v in ipairs(attr.graph.outputs) do out[v.name] = true end
      end
    end
  end
  return out
end

local function new_scope(opsets, attrs, outer)
  return { names = {}, own = {}, opsets = opsets, attrs = attrs, outer = outer }
end

-- ---- nodes ----
local function attributes(frame, scope, node, a)
  local bodies
  for name, attr in pairs(node.attrs) do
    if attr.ref then attr = scope.attrs and scope.attrs[attr.ref] end
    if attr and attr.graph then
      a[name] = compile.graph(frame.model, attr.graph, frame, scope)
      bodies = bodies or {}
      bodies[#bodies + 1] = a[name]
    elseif attr then
      a[name] = attr.value
      a[name .. "_type"] = attr.type
    end
  end
  a.bodies = bodies
end

local function context(frame, scope, node)
  local a = {}
  attributes(frame, scope, node, a)
  a.op, a.domain, a.node, a.opset = node.op, node.domain, node.name, scope.opsets[node.domain] or scope.opsets[""] or 1
  a.nouts, a.types, a.outs, a.path = #node.outputs, {}, {}, frame.model.path
  a.fail = function(format, ...) fail("%s: " .. format, node.where, ...) end
  a.run = compile.run_by_name
  for i, name in ipairs(node.outputs) do a.outs[i] = name ~= "" and scope.read[name] == true end
  return a
end

local function inputs_of(frame, scope, node)
  local ins = {}
  for i, name in ipairs(node.inputs) do
    ins[i] = name ~= "" and resolve(frame, scope, name) or false
    if name ~= "" and not ins[i] then fail("%s reads \"%s\", which nothing makes", node.where, name) end
  end
  return ins
end

--- compile.bind(entry, a, consts) -> function(x, ...) of an op.
function compile.bind(entry, a, consts, arity)
  if type(entry) == "table" and entry.make then return entry.make(a, consts) end
  local run = type(entry) == "table" and entry.run or entry
  if arity == 1 then return function(x) return run(a, x) end end
  if arity == 2 then return function(x, y) return run(a, x, y) end end
  if arity == 3 then return function(x, y, z) return run(a, x, y, z) end end
  return function(...) return run(a, ...) end
end

local function foldable(frame, entry, a, ins)
  if a.bodies or (type(entry) == "table" and entry.fold == false) then return false end
  for _, s in ipairs(ins) do
    if s and frame.consts[s] == nil then return false end
  end
  return true
end

-- Runs a node whose inputs are all known; false = it stays a step (too large for the memory that loading may take, or its error belongs to a run).
local function fold(frame, node, consts)
  local n = #node.ins
  local results = table.pack(pcall(function()
    return compile.bind(node.entry, node.a, consts, n)(table.unpack(consts, 1, n))
  end))
  if not results[1] then return false end
  for i, s in ipairs(node.outs) do
    if s then
      local x = results[i + 1]
      if x == nil then return false end
      frame.consts[s] = core.is_tensor(x) and core.alias(x) or x
    end
  end
  return true
end

local function infer(frame, entry, a)
  if type(entry) == "table" and entry.types then return table.pack(entry.types(a)) end
  local out = {}
  for i = 1, a.nouts do out[i] = a.types[1] end
  return out
end

-- Ops whose first input may be absent.
local free = { Constant = true, Loop = true, Scan = true, Optional = true, OptionalHasElement = true, RandomNormal = true, RandomUniform = true, SequenceEmpty = true }

local function add_op(frame, scope, node, entry)
  local a = context(frame, scope, node)
  local ins = inputs_of(frame, scope, node)
  if not ins[1] and not free[node.op] then a.fail "it has no first input" end
  local missing = required.missing(node.domain, node.op, ins)
  if missing then a.fail("it has no input %d", missing) end
  local consts = {}
  for i, s in ipairs(ins) do
    if s then a.types[i], consts[i] = frame.types[s], frame.consts[s] end
  end
  local kinds, outs = infer(frame, entry, a), {}
  if type(entry) == "table" and entry.alias and entry.alias(a, consts) then       -- the first result is the first input
    define(scope, node.outputs[1], ins[1], node.where)
    return
  end
  for i, name in ipairs(node.outputs) do
    outs[i] = name ~= "" and new_slot(frame, kinds[i]) or false
    if outs[i] then define(scope, name, outs[i], node.where) end
    outs[i] = a.outs[i] and outs[i] or false                         -- nobody reads it
  end
  local made = { entry = entry, a = a, ins = ins, outs = outs, where = node.where, op = (node.domain ~= "" and node.domain .. "." or "") .. node.op }
  if foldable(frame, entry, a, ins) and fold(frame, made, consts) then return end
  frame.nodes[#frame.nodes + 1] = made
end

-- A model-local function: its nodes among ours, under names of their own.
local function add_function(frame, scope, node, f)
  local attrs, inner = {}, nil
  for name, attr in pairs(f.defaults) do attrs[name] = attr end
  for name, attr in pairs(node.attrs) do
    if attr.ref then attr = scope.attrs and scope.attrs[attr.ref] end
    attrs[name] = attr
  end
  inner = new_scope(next(f.opsets) and f.opsets or scope.opsets, attrs)
  if frame.depth + (scope.level or 0) >= MOST_DEPTH then fail("%s: functions are nested more than %d deep", node.where, MOST_DEPTH) end
  inner.level, inner.read = (scope.level or 0) + 1, read_names(f.nodes, {})
  for _, name in ipairs(f.outputs) do inner.read[name] = true end
  local ins = inputs_of(frame, scope, node)
  for i, name in ipairs(f.inputs) do
    if ins[i] then define(inner, name, ins[i], node.where) end
  end
  compile.nodes(frame, inner, f.nodes)
  for i, name in ipairs(node.outputs) do
    local s = f.outputs[i] and inner.names[f.outputs[i]]
    if name ~= "" and not s then fail("%s: its function makes no result %d", node.where, i) end
    if name ~= "" then define(scope, name, s, node.where) end
  end
end

local function unsupported(frame, scope, node)
  local domain = node.domain == "" and "ai.onnx" or node.domain
  fail("%s: node \"%s\": op %s of %s, opset %d, is not supported", frame.model.path, node.name, node.op, domain, scope.opsets[node.domain] or 0)
end

-- ---- order: files should list nodes in one in which they can run, but some writers put them at the end ----
-- What a node and the graphs in it read of the graph around.
local function free_names(node, out)
  for _, name in ipairs(node.inputs) do out[name] = true end
  for _, attr in pairs(node.attrs) do
    local g, inner = attr.graph, {}
    for _, n in ipairs(g and g.nodes or {}) do free_names(n, inner) end
    for _, v in ipairs(g and g.outputs or {}) do inner[v.name] = true end
    for _, n in ipairs(g and g.nodes or {}) do
      for _, name in ipairs(n.outputs) do inner[name] = nil end
    end
    for _, v in ipairs(g and g.inputs or {}) do inner[v.name] = nil end
    for _, t in ipairs(g and g.initializers or {}) do inner[t.name] = nil end
    for name in pairs(inner) do out[name] = true end
  end
  return out
end

-- Each node with the places of those that make what it reads; the second result: whether all stand before it.
local function needs_of(nodes)
  local makers, needs, fine = {}, {}, true
  for i, node in ipairs(nodes) do
    for _, name in ipairs(node.outputs) do if name ~= "" then makers[name] = makers[name] or i end end
  end
  for i, node in ipairs(nodes) do
    local list = {}
    for name in pairs(free_names(node, {})) do
      local from = makers[name]
      if from then
        list[#list + 1] = from
        fine = fine and from < i
      end
    end
    needs[i] = list
  end
  return needs, fine
end

local function in_order(nodes, path)
  local needs, fine = needs_of(nodes)
  if fine then return nodes end
  local waits, feeds, ready, out = {}, {}, {}, {}
  for i, list in ipairs(needs) do
    waits[i] = #list
    if #list == 0 then ready[#ready + 1] = i end
    for _, from in ipairs(list) do
      feeds[from] = feeds[from] or {}
      table.insert(feeds[from], i)
    end
  end
  local at = 1
  while ready[at] do
    out[at] = nodes[ready[at]]
    for _, i in ipairs(feeds[ready[at]] or {}) do
      waits[i] = waits[i] - 1
      if waits[i] == 0 then ready[#ready + 1] = i end
    end
    at = at + 1
  end
  for i, node in ipairs(nodes) do
    if waits[i] > 0 then fail("%s: node \"%s\" (%s) reads, through others, what it makes itself", path, node.name, node.op) end
  end
  return out
end

--- compile.nodes(frame, scope, nodes): adds nodes.
function compile.nodes(frame, scope, nodes)
  local model = frame.model
  local ops = require "genai.onnx.ops"
  for _, node in ipairs(in_order(nodes, model.path)) do
    model.budget = model.budget - 1
    if model.budget < 0 then fail("%s: its functions unfold to too many nodes", model.path) end
    local f = model.functions[graphs.key(node.domain, node.op, node.overload)]
    local entry = not f and ops.find(node.domain, node.op)
    if f then add_function(frame, scope, node, f)
    elseif entry then add_op(frame, scope, node, entry)
    else unsupported(frame, scope, node) end
  end
end

-- ---- from nodes to steps ----
local function keep_used(frame, outputs)
  local used, kept = {}, {}
  for _, s in ipairs(outputs) do used[s] = true end
  for i = #frame.nodes, 1, -1 do
    local node, wanted = frame.nodes[i], false
    for _, s in ipairs(node.outs) do wanted = wanted or (s and used[s]) end
    if wanted then
      kept[#kept + 1] = node
      for _, s in ipairs(node.ins) do if s then used[s] = true end end
      for _, body in ipairs(node.a.bodies or {}) do
        for _, c in ipairs(body.captures) do used[c.from] = true end
      end
    end
  end
  local nodes = {}
  for i = #kept, 1, -1 do nodes[#nodes + 1] = kept[i] end
  frame.nodes = nodes
end

-- Values that ops may hold on to (sequences and what goes into them) are left to the collector.
local function held(frame)
  local out = {}
  for _, node in ipairs(frame.nodes) do
    local hold = type(node.entry) == "table" and node.entry.keeps or node.a.bodies ~= nil
    for i = 1, #node.ins do
      local kind = node.a.types[i]
      hold = hold or (node.ins[i] and (kind == nil or kind:find "%(" ~= nil))
    end
    if hold then
      for _, s in ipairs(node.ins) do if s then out[s] = true end end
      for _, s in ipairs(node.outs) do if s then out[s] = true end end
    end
  end
  return out
end

local function last_uses(frame, kept)
  local last = {}
  for i, node in ipairs(frame.nodes) do
    for _, s in ipairs(node.outs) do if s then last[s] = i end end
    for _, s in ipairs(node.ins) do if s then last[s] = i end end
    for _, body in ipairs(node.a.bodies or {}) do
      for _, c in ipairs(body.captures) do last[c.from] = i end
    end
  end
  local frees = {}
  for s, i in pairs(last) do
    if not kept[s] then
      frees[i] = frees[i] or {}
      table.insert(frees[i], s)
    end
  end
  for _, list in pairs(frees) do table.sort(list) end
  return frees
end

local function constants_used(frame, outputs)
  local out = {}
  local function use(s) if s and frame.consts[s] ~= nil then out[s] = frame.consts[s] end end
  for _, node in ipairs(frame.nodes) do
    for _, s in ipairs(node.ins) do use(s) end
  end
  for _, s in ipairs(outputs) do use(s) end
  return out
end

-- Sums and products are written over an operand that dies with them.
local over = { Add = "add_", Mul = "mul_", Sub = "sub_", Div = "div_" }
local function in_place(node, frees, f)
  local name, dies = over[node.op], {}
  if not name or not types.is_float(node.a.types[1]) or not types.is_float(node.a.types[2]) or node.a.opset < 7 or #node.ins ~= 2 or node.ins[1] == node.ins[2] then return f end
  for _, s in ipairs(frees) do dies[s] = true end
  local first, second, write, sole = dies[node.ins[1]], dies[node.ins[2]] and (name == "add_" or name == "mul_"), core.ops[name], core.sole
  if first and second then
    return function(x, y)
      if sole(x, y) then return write(x, y) end
      if sole(y, x) then return write(y, x) end
      return f(x, y)
    end
  end
  if first then return function(x, y) if sole(x, y) then return write(x, y) end return f(x, y) end end
  if second then return function(x, y) if sole(y, x) then return write(y, x) end return f(x, y) end end
  return f
end

local function steps(frame, kept, hold)
  local out = {}
  local dont = {}
  for s in pairs(kept) do dont[s] = true end
  for s in pairs(hold) do dont[s] = true end
  local frees = last_uses(frame, dont)
  for i, node in ipairs(frame.nodes) do
    local consts, outs = {}, {}
    for k, s in ipairs(node.ins) do consts[k] = s and frame.consts[s] or nil end
    for k, s in ipairs(node.outs) do outs[k] = s or 0 end
    while #outs > 1 and outs[#outs] == 0 do outs[#outs] = nil end
    if #outs == 0 then outs[1] = 0 end
    local f = in_place(node, frees[i] or {}, compile.bind(node.entry, node.a, consts, #node.ins))
    out[i] = plan.step(f, node.ins, outs, node.a.bodies, frees[i] or {})
  end
  return out
end

local function finish(frame, inputs, outputs)
  keep_used(frame, outputs)
  require("genai.onnx.fuse").fuse(frame, outputs)
  local kept = {}
  for s in pairs(frame.consts) do kept[s] = true end
  for _, s in ipairs(inputs) do kept[s] = true end
  for _, c in ipairs(frame.captures) do kept[c.to] = true end
  local never = {}
  for s in pairs(kept) do never[s] = true end
  for _, s in ipairs(outputs) do never[s] = true end
  local p = { inputs = inputs, outputs = outputs, captures = frame.captures, kept = kept, nodes = frame.nodes, types = frame.types }
  p.steps = steps(frame, never, held(frame))
  p.consts = constants_used(frame, outputs)
  p.frame = {}
  for s, x in pairs(p.consts) do p.frame[s] = x end
  return p
end

--- compile.graph(model, graph, outer frame, outer scope) -> a plan with inputs, outputs (slots), input_values, output_values (names, types, shapes).
function compile.graph(model, graph, outer, outer_scope)
  local frame = new_frame(model, outer)
  if frame.depth > MOST_DEPTH then fail("%s: graphs are nested more than %d deep", model.path, MOST_DEPTH) end
  local scope = new_scope(outer_scope and outer_scope.opsets or model.opsets, outer_scope and outer_scope.attrs, outer_scope)
  scope.level, scope.read = outer_scope and outer_scope.level, read_names(graph.nodes, {})
  for _, v in ipairs(graph.outputs) do scope.read[v.name] = true end
  for _, t in ipairs(graph.initializers) do define(scope, t.name, constant(frame, t.tensor, t.type), model.path .. ": initializer") end
  local inputs, values = {}, {}
  for _, v in ipairs(graph.inputs) do
    if not scope.own[v.name] then                                     -- older files list initializers among the inputs
      local s = new_slot(frame, v.type)
      define(scope, v.name, s, model.path .. ": input")
      inputs[#inputs + 1], values[#values + 1] = s, v
    end
  end
  compile.nodes(frame, scope, graph.nodes)
  local outputs = {}
  for i, v in ipairs(graph.outputs) do
    outputs[i] = resolve(frame, scope, v.name)
    if not outputs[i] then fail("%s: output \"%s\" is made by no node", model.path, v.name) end
    v.type = v.type or frame.types[outputs[i]]
  end
  local p = finish(frame, inputs, outputs)
  p.input_values, p.output_values = values, graph.outputs
  return p
end

--- compile.run_by_name(body, { name = tensor }) -> { name = tensor }: a subgraph from inside an op.
function compile.run_by_name(body, named)
  local list = {}
  for i, v in ipairs(body.input_values) do list[i] = named[v.name] end
  local out = {}
  for i, x in pairs(plan.run(body, list)) do out[body.output_values[i].name] = x end
  return out
end

return compile
