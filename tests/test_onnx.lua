-- ONNX nets made here: what loading, fusion and running promise. The ops themselves are tested by test_onnx_nodes.lua and test_golden_onnx.lua.
local genai = require "genai"
local core = require "genai.core"
local pb = dofile "tests/onnx_file.lua"
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local ops = core.ops
local tests = {}

local function load(graph, options) return genai.onnx.load(pb.save("net.onnx", pb.model(pb.graph(graph), options))) end
local function rand(seed, ...) return genai.randn(..., { rng = genai.rng(seed, "onnx") }) end
local function tensor(name, x)
  return pb.tensor(name, x.dtype == "i64" and "int64" or "float", x.shape, x:dim() == 0 and { x:item() } or x:reshape(-1):totable())
end
local function x_of(...) return { pb.value("x", "float", { ... }) } end

local function ops_of(net)
  local out = {}
  for i, n in ipairs(net.plan.nodes) do out[i] = n.op end
  return table.concat(out, " ")
end

-- ---- the net as a value ----
function tests.inputs_and_outputs()
  local net = load { inputs = { pb.value("x", "float", { "n", 3 }), pb.value("k", "int64", { 1 }) }, outputs = { pb.value("y", "float", { "n", 3 }) }, nodes = { pb.node("Cast", { "k" }, { "f" }, { to = 1 }), pb.node("Mul", { "x", "f" }, { "y" }) } }
  assert(net.inputs[1].name == "x" and net.inputs[1].type == "float" and net.inputs[1].shape[1] == "n" and net.inputs[1].shape[2] == 3 and net.outputs[1].name == "y")
  local x = rand(1, { 2, 3 })
  assert(net { x = x, k = { 2 } }.y:equal(x * 2) and net { x = x, k = core.tensor({ 3 }, { dtype = "i32" }) }.y:equal(x * 3))
  assert(net { x = { { 1, 2, 3 } }, k = { 2 } }.y:equal(core.tensor { { 2, 4, 6 } }))
  local text = tostring(net)
  for _, word in ipairs { "opset 17", "float[n,3]", "int64[1]", "Mul 1" } do assert(text:find(word, 1, true), word .. " is missing in " .. text) end
  fails("input \"k\" is missing, wanted int64[1]", net, { x = x })
  fails("no input \"z\"", net, { x = x, k = { 1 }, z = x })
  fails("input \"x\" is [2,4], wanted float[n,3]", net, { x = rand(1, { 2, 4 }), k = { 1 } })
  fails("input \"k\" is f32, wanted i64", net, { x = x, k = core.tensor { 1.5 } })
  fails("inputs are a number", net, 5)
  fails("no such file", genai.onnx.load, "nowhere.onnx")
  fails("wanted a string", genai.onnx.load, {})
end

function tests.an_error_names_the_node_and_leaves_the_net_usable()
  local net = load { inputs = { pb.value("x", "float"), pb.value("y", "float") }, outputs = { pb.value("z", "float") }, nodes = { pb.node("Neg", { "x" }, { "n" }), pb.node("MatMul", { "n", "y" }, { "z" }, nil, { name = "product" }) } }
  fails("node \"product\" (MatMul)", net, { x = rand(1, { 2, 3 }), y = rand(2, { 2, 3 }) })
  local a, b = rand(1, { 2, 3 }), rand(2, { 3, 2 })
  assert(net { x = a, y = b }.z:close((-a):matmul(b)))
end

function tests.nothing_is_recorded()
  local net = load { inputs = x_of(2), outputs = { pb.value("y", "float") }, nodes = { pb.node("Exp", { "x" }, { "y" }) } }
  assert(not net(core.tensor({ 1, 2 }):requires_grad_()).y.requires_grad and core.recording(true) ~= false)
end

-- Inputs, constants and results stay whole, whatever is let go of inside.
function tests.values_outlive_the_run()
  local k = rand(3, { 4 })
  local net = load { inputs = x_of(4), outputs = { pb.value("x2", "float"), pb.value("k2", "float"), pb.value("a", "float"), pb.value("a2", "float"), pb.value("v", "float") }, initializers = { tensor("k", k), pb.tensor("s", "int64", { 2 }, { 2, 2 }) },
    nodes = { pb.node("Identity", { "x" }, { "x2" }), pb.node("Identity", { "k" }, { "k2" }), pb.node("Add", { "x", "k" }, { "a" }), pb.node("Identity", { "a" }, { "a2" }), pb.node("Reshape", { "a" , "s" }, { "r" }),
      pb.node("Transpose", { "r" }, { "t" }), pb.node("Dropout", { "t" }, { "v" }) } }
  local x = rand(4, { 4 })
  local first = net(x)
  for _ = 1, 3 do
    local out = net(x)
    collectgarbage()
    assert(out.x2:equal(x) and out.k2:equal(k) and out.a:equal(x + k) and out.a2:equal(out.a) and out.v:equal((x + k):view(2, 2):transpose(1, 2)))
  end
  assert(first.a:equal(x + k) and first.k2:equal(k))
  first.k2:fill_(0)
end

function tests.little_memory_while_running()
  local nodes, last = {}, "x"
  for i = 1, 40 do
    nodes[i] = pb.node(i % 2 == 0 and "Tanh" or "Sigmoid", { last }, { i == 40 and "y" or "v" .. i })
    last = "v" .. i
  end
  local net = load { inputs = x_of("n"), outputs = { pb.value("y", "float") }, nodes = nodes }
  local x = ops.zeros(1 << 20)
  collectgarbage()
  local live = core.memory(true)
  net(x)
  local _, peak = core.memory()
  assert(peak - live < 13 << 20, ("%.1f MB for values of 4 MB"):format((peak - live) / 1048576))
end

-- Sums are written over operands that die, and over nothing else.
function tests.written_over_only_what_dies()
  local k = rand(2, { 3, 4 })
  local net = load { inputs = x_of(3, 4), outputs = { pb.value("y", "float"), pb.value("z", "float"), pb.value("r", "float") }, initializers = { tensor("k", k), pb.tensor("flat", "int64", { 1 }, { -1 }) },
    nodes = { pb.node("Add", { "x", "k" }, { "a" }), pb.node("Reshape", { "a", "flat" }, { "r" }), pb.node("Mul", { "a", "k" }, { "b" }), pb.node("Sub", { "x", "b" }, { "c" }), pb.node("Mul", { "b", "c" }, { "y" }), pb.node("Div", { "k", "x" }, { "z" }) } }
  local x = rand(3, { 3, 4 })
  local before = x:clone()
  for _ = 1, 2 do
    local out = net(x)
    assert(out.y:close((x + k) * k * (x - (x + k) * k), { atol = 1e-5 }) and out.z:close(k / x, { rtol = 1e-4 }) and out.r:close((x + k):reshape(-1)) and x:equal(before))
  end
  local made = genai.load(pb.save("net.onnx", pb.model(pb.graph { inputs = x_of(2), outputs = { pb.value("y", "float") }, nodes = { pb.node("Neg", { "x" }, { "y" }) } })))
  assert(made(core.tensor { 1, -2 }).y:equal(core.tensor { -1, 2 }))
end

function tests.nodes_in_another_order()
  local inner = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("Add", { "n", "x" }, { "q" }) } }
  local net = load { inputs = { pb.value("x", "float", { 2 }), pb.value("c", "bool", {}) }, outputs = { pb.value("y", "float") },
    nodes = { pb.node("Mul", { "f", "n" }, { "y" }), pb.node("If", { "c" }, { "f" }, { then_branch = { graph = inner }, else_branch = { graph = inner } }), pb.node("Neg", { "e" }, { "n" }), pb.node("Exp", { "x" }, { "e" }) } }
  local x = core.tensor { 1, 2 }
  assert(net { x = x, c = core.tensor(true) }.y:close((x - x:exp()) * -x:exp(), { rtol = 1e-5 }))
end

-- ---- constants ----
function tests.constants_are_folded()
  local net = load { inputs = x_of(2, 3), outputs = { pb.value("y", "float") }, initializers = { pb.tensor("two", "float", {}, { 2 }), pb.tensor("axes", "int64", { 1 }, { 0 }) },
    nodes = { pb.node("Constant", {}, { "c" }, { value_float = 3.0 }), pb.node("Mul", { "two", "c" }, { "six" }), pb.node("Unsqueeze", { "six", "axes" }, { "u" }), pb.node("Add", { "x", "u" }, { "y" }), pb.node("Exp", { "x" }, { "unused" }) } }
  assert(ops_of(net) == "Add" and net(ops.zeros(2, 3)).y:equal(ops.full({ 2, 3 }, 6)))
end

function tests.wide_integers_are_exact()
  local list = { math.maxinteger, math.mininteger, (1 << 53) + 1 }
  for i, n in ipairs(core.tensor(list, { dtype = "i64" }):totable()) do assert(n == list[i]) end
  local net = load { inputs = x_of(5), outputs = { pb.value("y", "float") }, initializers = { pb.tensor("from", "int64", { 1 }, { -3 }), pb.tensor("to", "int64", { 1 }, { math.maxinteger }) }, nodes = { pb.node("Slice", { "x", "from", "to" }, { "y" }) } }
  assert(net(ops.arange(5)).y:equal(core.tensor { 2, 3, 4 }))
end

-- ---- fusion: the same numbers, fewer nodes ----
local function conv_case(transposed, more)
  local op, w, b = transposed and "ConvTranspose" or "Conv", rand(5, { 4, 4, 3, 3 }), rand(6, { 4 })
  local c, gamma, var = rand(7, { 4, 1, 1 }), rand(8, { 4 }), rand(9, { 4 }):abs() + 0.5
  local nodes = { pb.node(op, { "x", "w", "b" }, { "v1" }, { pads = { 1, 0, 1, 2 } }), pb.node("BatchNormalization", { "v1", "gamma", "b", "b", "var" }, { "v2" }, { epsilon = 0.01 }), pb.node("Mul", { "c", "v2" }, { "v3" }),
    pb.node("Sub", { "v3", "half" }, { "v4" }), table.unpack(more) }
  local initializers = { tensor("w", w), tensor("b", b), tensor("c", c), tensor("gamma", gamma), tensor("var", var), pb.tensor("half", "float", {}, { 0.5 }), pb.tensor("zero", "float", {}, { 0 }), pb.tensor("six", "float", {}, { 6 }) }
  local net = load { inputs = x_of(2, 4, 8, 9), outputs = { pb.value("y", "float") }, nodes = nodes, initializers = initializers }
  local x = rand(10, { 2, 4, 8, 9 })
  local y = transposed and x:conv_transpose2d(w, b):slice(3, 2, -2):slice(4, 1, -3) or x:pad({ 0, 2, 1, 1 }):conv2d(w, b)
  y = ((y - b:view(4, 1, 1)) / (var + 0.01):sqrt():view(4, 1, 1) * gamma:view(4, 1, 1) + b:view(4, 1, 1)) * c - 0.5
  return net, x, y
end

function tests.what_follows_a_convolution_goes_into_it()
  for _, transposed in ipairs { false, true } do
    local op = transposed and "ConvTranspose" or "Conv"
    local net, x, y = conv_case(transposed, { pb.node("Relu", { "v4" }, { "y" }) })
    assert(ops_of(net) == op and net(x).y:close(y:relu(), { atol = 1e-4 }))
    net, x, y = conv_case(transposed, { pb.node("Clip", { "v4", "zero", "six" }, { "y" }) })
    assert(ops_of(net) == op and net(x).y:close(y:clamp(0, 6), { atol = 1e-4 }))
    net, x, y = conv_case(transposed, { pb.node("LeakyRelu", { "v4" }, { "y" }, { alpha = 0.25 }) })
    assert(ops_of(net) == op and net(x).y:close(y:leaky_relu(0.25), { atol = 1e-4 }))
    net, x, y = conv_case(transposed, { pb.node("Clip", { "v4", "half", "six" }, { "y" }) })
    assert(ops_of(net) == op .. " Clip" and net(x).y:close(y:clamp(0.5, 6), { atol = 1e-4 }))
  end
end

function tests.convolutions_side_by_side()
  local w, v, b = rand(1, { 3, 2, 1, 1 }), rand(2, { 4, 2, 3, 3 }), rand(3, { 4 })
  local net = load { inputs = x_of("n", 2, "h", 7), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), tensor("v", v), tensor("b", b) },
    nodes = { pb.node("Conv", { "x", "w" }, { "p" }), pb.node("Conv", { "x", "v", "b" }, { "q" }, { pads = { 1, 1, 1, 1 } }), pb.node("Relu", { "p" }, { "r" }), pb.node("Relu", { "q" }, { "s" }), pb.node("Concat", { "r", "s" }, { "y" }, { axis = 1 }) } }
  assert(ops_of(net) == "Conv pair")
  for _, size in ipairs { { 1, 2, 6, 7 }, { 3, 2, 9, 7 } } do
    local x = rand(4, size)
    assert(net(x).y:close(genai.cat({ x:conv2d(w), x:conv2d(v, b, { pad = 1 }) }, 2):relu(), { atol = 1e-5 }))
  end
  net = load { inputs = x_of(1, 2, 6, 7), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), tensor("v", v), tensor("b", b) },
    nodes = { pb.node("Conv", { "x", "w" }, { "p" }), pb.node("Conv", { "x", "v", "b" }, { "q" }), pb.node("Concat", { "p", "q" }, { "y" }, { axis = 1 }) } }
  fails("joined with one of [6,7]", net, rand(5, { 1, 2, 6, 7 }))
end

function tests.values_that_others_read_are_not_fused()
  local w = rand(1, { 2, 2, 1, 1 })
  local net = load { inputs = x_of(1, 2, 4, 4), outputs = { pb.value("c", "float"), pb.value("y", "float") }, initializers = { tensor("w", w) }, nodes = { pb.node("Conv", { "x", "w" }, { "c" }), pb.node("Relu", { "c" }, { "y" }) } }
  local x = rand(2, { 1, 2, 4, 4 })
  local out = net(x)
  assert(out.c:close(x:conv2d(w)) and out.y:close(x:conv2d(w):relu()))
  net = load { inputs = x_of(1, 2, 4, 4), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w) }, nodes = { pb.node("Conv", { "x", "w" }, { "c" }), pb.node("Add", { "c", "c" }, { "y" }) } }
  assert(net(x).y:close(x:conv2d(w) * 2))
  local wide = rand(3, { 3, 1, 1, 1 })                                -- it broadcasts to a larger batch: no bias
  net = load { inputs = x_of(1, 2, 4, 4), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), tensor("b", wide) }, nodes = { pb.node("Conv", { "x", "w" }, { "c" }), pb.node("Add", { "c", "b" }, { "y" }) } }
  assert(net(x).y:close(x:conv2d(w) + wide))
end

function tests.zero_padding_and_silu()
  local w, x = rand(1, { 3, 2, 3, 3 }), rand(2, { 1, 2, 6, 7 })
  local net = load { inputs = x_of(1, 2, 6, 7), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), pb.tensor("pads", "int64", { 8 }, { 0, 0, 1, 2, 0, 0, 0, 3 }) },
    nodes = { pb.node("Pad", { "x", "pads" }, { "p" }), pb.node("Conv", { "p", "w" }, { "c" }, { strides = { 2, 1 } }), pb.node("Sigmoid", { "c" }, { "s" }), pb.node("Mul", { "s", "c" }, { "y" }) } }
  assert(ops_of(net) == "Conv Silu" and net(x).y:close(x:pad({ 2, 3, 1, 0 }):conv2d(w, nil, { stride = { 2, 1 } }):silu(), { atol = 1e-5 }))
end

function tests.products_with_weights_take_their_bias()
  local w, b, x = rand(1, { 3, 5 }), rand(2, { 5 }), rand(3, { 2, 4, 3 })
  local net = load { inputs = x_of("n", 4, 3), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), tensor("b", b) }, nodes = { pb.node("MatMul", { "x", "w" }, { "m" }), pb.node("Add", { "b", "m" }, { "y" }) } }
  assert(ops_of(net) == "Linear" and net(x).y:close(x:matmul(w) + b, { atol = 1e-5 }))
  net = load { inputs = x_of("n", 4, 3), outputs = { pb.value("y", "float") }, initializers = { tensor("w", w), tensor("b", rand(4, { 4, 5 })) }, nodes = { pb.node("MatMul", { "x", "w" }, { "m" }), pb.node("Add", { "m", "b" }, { "y" }) } }
  assert(ops_of(net) == "Linear Add" and net(x).y:close(x:matmul(w) + rand(4, { 4, 5 }), { atol = 1e-5 }))
end

local function numbers(list)
  local out = {}
  for name, n in pairs(list) do out[#out + 1] = pb.tensor(name, "float", {}, { n }) end
  return out
end

function tests.gelu_written_out()
  local x = rand(1, { 40 })
  local ends = { { pb.node("Div", { "x", "root" }, { "d" }), pb.node("Erf", { "d" }, { "e" }), pb.node("Add", { "e", "one" }, { "a" }), pb.node("Mul", { "x", "a" }, { "m" }), pb.node("Mul", { "m", "half" }, { "y" }) },
    { pb.node("Mul", { "x", "half" }, { "h" }), pb.node("Mul", { "x", "inverse" }, { "d" }), pb.node("Erf", { "d" }, { "e" }), pb.node("Add", { "one", "e" }, { "a" }), pb.node("Mul", { "h", "a" }, { "y" }) } }
  for _, nodes in ipairs(ends) do
    local net = load { inputs = x_of(40), outputs = { pb.value("y", "float") }, nodes = nodes, initializers = numbers { root = math.sqrt(2), inverse = math.sqrt(0.5), one = 1, half = 0.5 } }
    assert(ops_of(net) == "Gelu" and net(x).y:close(x:gelu { exact = true }, { atol = 1e-6 }))
    local other = load { inputs = x_of(40), outputs = { pb.value("y", "float") }, nodes = nodes, initializers = numbers { root = math.sqrt(2), inverse = math.sqrt(0.5), one = 1, half = 0.6 } }
    assert(#other.plan.nodes > 1 and other(x).y:close(x:gelu { exact = true } * 1.2, { atol = 1e-6 }))
  end
end

function tests.layer_norm_written_out()
  local x, g, b = rand(1, { 2, 3, 8 }), rand(2, { 8 }), rand(3, { 8 })
  for _, square in ipairs { pb.node("Pow", { "d", "two" }, { "s" }), pb.node("Mul", { "d", "d" }, { "s" }) } do
    local initializers = numbers { two = 2, eps = 0.01 }
    initializers[3], initializers[4] = tensor("g", g), tensor("b", b)
    local net = load({ inputs = x_of(2, 3, 8), outputs = { pb.value("y", "float") }, initializers = initializers,
      nodes = { pb.node("ReduceMean", { "x" }, { "m" }, { axes = { -1 } }), pb.node("Sub", { "x", "m" }, { "d" }), square, pb.node("ReduceMean", { "s" }, { "v" }, { axes = { -1 } }), pb.node("Add", { "v", "eps" }, { "w" }),
        pb.node("Sqrt", { "w" }, { "r" }), pb.node("Div", { "d", "r" }, { "q" }), pb.node("Mul", { "q", "g" }, { "p" }), pb.node("Add", { "p", "b" }, { "y" }) } }, { opset = 13 })
    assert(ops_of(net) == "LayerNorm" and net(x).y:close(x:layer_norm(g, b, { eps = 0.01 }), { atol = 1e-5 }))
  end
end

function tests.attention_written_out()
  local q, k, v, mask = rand(1, { 2, 3, 5, 8 }), rand(2, { 2, 3, 7, 8 }), rand(3, { 2, 3, 7, 4 }), rand(4, { 5, 7 })
  local net = load { inputs = { pb.value("q", "float"), pb.value("k", "float"), pb.value("v", "float"), pb.value("mask", "float") }, outputs = { pb.value("y", "float") }, initializers = numbers { four = 4 },
    nodes = { pb.node("Transpose", { "k" }, { "t" }, { perm = { 0, 1, 3, 2 } }), pb.node("MatMul", { "q", "t" }, { "s" }), pb.node("Div", { "s", "four" }, { "c" }), pb.node("Add", { "c", "mask" }, { "m" }),
      pb.node("Softmax", { "m" }, { "p" }, { axis = -1 }), pb.node("MatMul", { "p", "v" }, { "y" }) } }
  local function plainly(a, b, c, m) return (a:matmul(b:transpose(3, 4)) / 4 + m):softmax(-1):matmul(c) end
  assert(ops_of(net) == "Transpose Attention" and net { q = q, k = k, v = v, mask = mask }.y:close(plainly(q, k, v, mask), { atol = 1e-5 }))
  local one = k:slice(1, 1, 1)                                        -- what broadcasts is done step by step
  assert(net { q = q, k = one, v = v, mask = mask }.y:close(plainly(q, one, v, mask), { atol = 1e-5 }))
end

-- ---- graphs in graphs ----
function tests.values_of_the_outer_graph()
  local inner = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("Mul", { "x", "k" }, { "m" }), pb.node("Add", { "m", "a" }, { "q" }) } }
  local body = pb.graph { inputs = { pb.value("i", "int64", {}), pb.value("go", "bool", {}), pb.value("v", "float") }, outputs = { pb.value("go", "bool", {}), pb.value("v2", "float"), pb.value("q", "float") },
    nodes = { pb.node("If", { "c" }, { "q" }, { then_branch = { graph = inner }, else_branch = { graph = pb.graph { outputs = { pb.value("x", "float") } } } }), pb.node("Add", { "v", "q" }, { "v2" }) } }
  local net = load { inputs = { pb.value("x", "float", { 2 }), pb.value("c", "bool", {}) }, outputs = { pb.value("y", "float"), pb.value("z", "float") },
    initializers = { pb.tensor("n", "int64", {}, { 3 }), pb.tensor("k", "float", {}, { 10 }) }, nodes = { pb.node("Neg", { "x" }, { "a" }), pb.node("Loop", { "n", "", "a" }, { "y", "z" }, { body = { graph = body } }) } }
  local x = core.tensor { 1, 2 }
  for _ = 1, 2 do
    local yes, no = net { x = x, c = core.tensor(true) }, net { x = x, c = core.tensor(false) }
    assert(yes.y:equal(x * 26) and yes.z:equal((x * 9):view(1, 2):expand(3, 2)) and no.y:equal(x * 2) and no.z.shape[1] == 3)
  end
end

function tests.functions_and_their_attributes()
  local f = pb.func("own", "scale", { "a" }, { "b" }, { pb.node("Transpose", { "a" }, { "t" }), pb.node("Concat", { "t", "t" }, { "b" }, { axis = { ref = "along" } }) })
  local g = pb.func("own", "twice", { "a" }, { "c" }, { pb.node("scale", { "a" }, { "b" }, { along = 1 }, { domain = "own" }), pb.node("scale", { "b" }, { "c" }, { along = 0 }, { domain = "own" }) })
  local net = load({ inputs = x_of(2, 3), outputs = { pb.value("y", "float") }, nodes = { pb.node("twice", { "x" }, { "y" }, nil, { domain = "own" }) } }, { domains = { "own" }, functions = { f, g } })
  local x = rand(1, { 2, 3 })
  local b = genai.cat({ x:transpose(1, 2), x:transpose(1, 2) }, 2)
  assert(net(x).y:equal(genai.cat({ b:transpose(1, 2), b:transpose(1, 2) }, 1)))
end

return tests
