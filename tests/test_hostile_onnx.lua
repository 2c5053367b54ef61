-- Hostile ONNX files: more than a thousand made from a seed, and every truncation of small ones. Each is refused in one line that names it, or loads and
-- runs or fails; loading takes no more than a small constant and a small multiple of the file's size.
local genai = require "genai"
local core = require "genai.core"
local pb = dofile "tests/onnx_file.lua"
local tests = {}
local LEAST, TIMES, SLACK = 8 << 20, 16, 1 << 20
local made = 0

-- Runs what has loaded, where its inputs can be made and no loop may go on for ever.
local function try_run(net)
  local inputs = {}
  for _, v in ipairs(net.inputs) do
    local n, shape = 1, {}
    for d, size in ipairs(v.shape or {}) do
      shape[d] = math.type(size) == "integer" and size or 2
      n = n * shape[d]
      if shape[d] < 0 or n > 4096 then return end
    end
    local dtype = require("genai.onnx.types").dtype(v.type)
    if not dtype then return end
    inputs[v.name] = core.ops.full(shape, 1, { dtype = dtype })
  end
  for _, node in ipairs(net.plan.nodes) do if node.op == "Loop" then return end end
  local live = core.memory()
  core.limit(live + (64 << 20))
  local fine, text = pcall(net, inputs)
  core.limit(0)
  assert(fine or type(text) == "string" and not text:find "\n", "not one line: " .. tostring(text))
end

local function feed(bytes, what)
  made = made + 1
  local path = pb.save("hostile.onnx", bytes)
  if made % 20 == 0 then collectgarbage() end
  local live = core.memory(true)
  local fine, net = pcall(genai.onnx.load, path)
  local _, peak = core.memory()
  assert(peak - live <= LEAST + TIMES * #bytes + SLACK, ("%s: loading %d bytes took %.1f MB"):format(what, #bytes, (peak - live) / 1048576))
  if fine then try_run(net) return true end
  assert(type(net) == "string" and not net:find "\n", what .. ": not one line: " .. tostring(net))
  assert(net:find(path, 1, true), what .. ": the file is not named in: " .. net)
  return false, net
end

local function refused(bytes, word)
  local fine, text = feed(bytes, word)
  assert(not fine, "taken, wanted: " .. word)
  assert(text:find(word, 1, true), word .. " is missing in: " .. text)
end

-- ---- small files of many kinds ----
local function one(list) return { pb.value("x", "float", list) } end
local function numbers(n) local t = {} for i = 1, n do t[i] = (i * 7 % 11 - 5) / 5 end return t end

local function convolution()
  return pb.model(pb.graph { inputs = one { 1, 2, 5, 6 }, outputs = { pb.value("y", "float", nil) },
    initializers = { pb.tensor("w", "float", { 3, 2, 3, 3 }, numbers(54)), pb.tensor("b", "float", { 3 }, { 1, 2, 3 }), pb.tensor("m", "float", { 3 }, { 1, 1, 1 }) },
    nodes = { pb.node("Conv", { "x", "w", "b" }, { "c" }, { pads = { 1, 1, 1, 1 }, strides = { 2, 1 }, kernel_shape = { 3, 3 } }),
      pb.node("BatchNormalization", { "c", "m", "b", "b", "m" }, { "n" }, { epsilon = 0.001 }), pb.node("Relu", { "n" }, { "r" }),
      pb.node("MaxPool", { "r" }, { "p" }, { kernel_shape = { 2, 2 } }), pb.node("Flatten", { "p" }, { "f" }), pb.node("Softmax", { "f" }, { "y" }) } })
end

local function shapes()
  return pb.model(pb.graph { inputs = one { "n", 3, 4 }, outputs = { pb.value("y", "float"), pb.value("z", "float") },
    initializers = { pb.tensor("two", "int64", { 1 }, { 2 }), pb.tensor("ends", "int64", { 2 }, { 3, -1 }), pb.tensor("starts", "int64", { 2 }, { 0, 1 }), pb.tensor("pads", "int64", { 6 }, { 0, 1, 0, 0, 0, 2 }),
      pb.tensor("rows", "int64", { 2, 2 }, { 0, 1, 1, 2 }), pb.tensor("sizes", "int64", { 3 }, { 0, -1, 2 }), pb.tensor("some", "int64", { 2 }, { 2, 0 }) },
    nodes = { pb.node("Shape", { "x" }, { "s" }), pb.node("Gather", { "s", "two" }, { "g" }), pb.node("ConstantOfShape", { "g" }, { "o" }), pb.node("Add", { "x", "o" }, { "a" }),
      pb.node("Slice", { "a", "starts", "ends" }, { "c" }), pb.node("Pad", { "c", "pads" }, { "d" }, { mode = "reflect" }), pb.node("Reshape", { "a", "sizes" }, { "e" }), pb.node("Transpose", { "e" }, { "y" }, { perm = { 2, 0, 1 } }),
      pb.node("Gather", { "a", "some" }, { "h" }, { axis = 1 }), pb.node("ReduceSum", { "h", "two" }, { "i" }), pb.node("Concat", { "i", "i" }, { "j" }, { axis = 1 }), pb.node("Expand", { "j", "g" }, { "z" }) } })
end

local function flow()
  local body = pb.graph { inputs = { pb.value("i", "int64", {}), pb.value("go", "bool", {}), pb.value("v", "float") }, outputs = { pb.value("go2", "bool", {}), pb.value("v2", "float"), pb.value("each", "float") },
    nodes = { pb.node("Identity", { "go" }, { "go2" }), pb.node("Add", { "v", "x" }, { "v2" }), pb.node("Identity", { "v2" }, { "each" }) } }
  local yes = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("Neg", { "x" }, { "q" }) } }
  local no = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("half", { "x" }, { "q" }, { axis = 1 }, { domain = "own" }) } }
  return pb.model(pb.graph { inputs = { pb.value("x", "float", { 2 }), pb.value("c", "bool", {}) }, outputs = { pb.value("y", "float"), pb.value("z", "float"), pb.value("w", "float") },
    initializers = { pb.tensor("n", "int64", {}, { 3 }), pb.tensor("t", "bool", {}, { 1 }) },
    nodes = { pb.node("Loop", { "n", "t", "x" }, { "y", "z" }, { body = { graph = body } }), pb.node("If", { "c" }, { "w" }, { then_branch = { graph = yes }, else_branch = { graph = no } }) } },
    { domains = { "own" }, functions = { pb.func("own", "half", { "a" }, { "b" }, { pb.node("Constant", {}, { "k" }, { value_float = 0.5 }), pb.node("Mul", { "a", "k" }, { "b" }) }) } })
end

local function samples() return { convolution(), shapes(), flow() } end

function tests.good_ones_load()
  for i, s in ipairs(samples()) do assert(feed(s, "sample " .. i)) end
  local net = genai.onnx.load(pb.save("flow.onnx", flow()))
  local out = net { x = core.tensor { 1, 2 }, c = core.tensor(false) }
  assert(out.y:equal(core.tensor { 4, 8 }) and out.z.shape[1] == 3 and out.w:equal(core.tensor { 0.5, 1 }))
end

function tests.cut_at_every_byte()
  for _, s in ipairs(samples()) do
    for n = 0, #s - 1 do feed(s:sub(1, n), "cut at " .. n) end
  end
end

function tests.bytes_changed()
  local r = genai.rng(3, "hostile onnx")
  for _, s in ipairs(samples()) do
    for _ = 1, 350 do
      local b = s
      for _ = 1, r:integer(1, 3) do
        local at, kind = r:integer(1, #b), r:integer(1, 6)
        if kind == 1 then b = b:sub(1, at - 1) .. string.char(r:integer(0, 255)) .. b:sub(at + 1)
        elseif kind == 2 then b = b:sub(1, at - 1) .. string.char(b:byte(at) ~ 1 << r:integer(0, 7)) .. b:sub(at + 1)
        elseif kind == 3 then b = b:sub(1, at - 1) .. "\xff\xff\xff\xff\x7f" .. b:sub(at + 5)
        elseif kind == 4 then b = b:sub(1, at - 1) .. b:sub(at + r:integer(1, 9))
        elseif kind == 5 then b = b:sub(1, at - 1) .. string.pack("<i8", r:integer(-3, 3)) .. b:sub(at + 8)
        else b = b:sub(1, at) .. b:sub(math.max(1, at - r:integer(0, 30))) end
      end
      feed(b, "changed")
    end
  end
end

-- ---- files that lie ----
local function tensor_model(t) return pb.model(pb.graph { initializers = { t }, outputs = { pb.value("w", "float") } }) end
local function head(dims, kind) local d = "" for _, n in ipairs(dims) do d = d .. pb.int(1, n) end return d .. pb.int(2, kind) .. pb.bytes(8, "w") end

function tests.tensors_that_lie()
  assert(feed(tensor_model(pb.tensor("w", "float", { 2 }, { 1, 2 })), "a tensor"))
  refused(tensor_model(head({ 1 << 41 }, 1)), "overflows")
  refused(tensor_model(head({ 1 << 39 }, 1)), "holds 0 numbers")
  refused(tensor_model(head({ 1 << 35, 1 << 35 }, 1) .. pb.bytes(9, "1234")), "overflows")
  refused(tensor_model(head({ -1 }, 1) .. pb.bytes(9, "1234")), "negative")
  refused(tensor_model(head({ 3 }, 1) .. pb.bytes(9, "12345678")), "its shape wants")
  refused(tensor_model(head({ 2 }, 1) .. pb.bytes(4, "1234567")), "holds -1")
  refused(tensor_model(head({ 2 }, 1) .. pb.float(4, 1)), "its shape wants 2")
  refused(tensor_model(head({ 2 }, 99) .. pb.bytes(9, "12345678")), "data_type")
  refused(tensor_model(head({ 1 }, 14) .. pb.bytes(9, "12345678")), "complex64")
  refused(tensor_model(head({ 1 }, 8) .. pb.bytes(9, "12345678")), "raw data")
  refused(tensor_model(pb.int(2, 1) .. pb.bytes(9, "1234") .. pb.bytes(9, "1234")), "twice")
  refused(tensor_model(pb.bytes(8, "w")), "data_type")
  refused(tensor_model(head({ 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 1) .. pb.bytes(9, "1234")), "8 dims")
  refused(tensor_model(head({ 1 }, 1) .. pb.bytes(3, "") .. pb.bytes(9, "1234")), "segments")
end

function tests.external_data_that_lies()
  local function with(...) return tensor_model(pb.external("w", "float", { 2 }, { ... })) end
  pb.save("weights.bin", ("\0"):rep(16))
  assert(feed(with({ "location", "weights.bin" }, { "offset", "4" }, { "length", "8" }), "external"))
  assert(feed(with({ "location", "./weights.bin" }, { "offset", "8" }), "external"))
  refused(with({ "location", "weights.bin" }, { "offset", "12" }, { "length", "8" }), "the file has 16")
  refused(with({ "location", "weights.bin" }, { "offset", "18446744073709551615" }), "not a number")
  refused(with({ "location", "weights.bin" }, { "offset", "9223372036854775807" }, { "length", "8" }), "the file has 16")
  refused(with({ "location", "weights.bin" }, { "length", "4" }), "holds 4 bytes")
  refused(with({ "location", "weights.bin" }, { "offset", "-4" }), "not a number")
  refused(with({ "location", "/etc/hostname" }), "outside the model's folder")
  refused(with({ "location", "../hostile.onnx" }), "external data")
  refused(with({ "location", "nothing.bin" }), "are not there")
  refused(with({ "location", "weights\0.bin" }), "holds a zero")
  refused(with({ "location", "" }), "empty")
  refused(with(), "without a location")
  refused(with({ "location", ("a/"):rep(3000) }), "too long")
  local many = {}
  for i = 1, 9 do many[i] = pb.external("w" .. i, "float", { 4 }, { { "location", "weights.bin" } }) end
  refused(pb.model(pb.graph { initializers = many, outputs = { pb.value("w1", "float") } }), "more than twice")
  pb.save("large.bin", ("\0"):rep(4 << 20))
  local net = genai.onnx.load(pb.save("hostile.onnx", tensor_model(pb.external("w", "float", { 1 << 20 }, { { "location", "large.bin" } }))))
  assert(#net({}).w == 1 << 20)
  os.execute(("ln -sf /etc/passwd '%s/link.bin'"):format(genai.tmpdir()))
  refused(with({ "location", "link.bin" }, { "length", "8" }), "outside the model's folder")
end

local function nodes_model(nodes, more)
  more = more or {}
  return pb.model(pb.graph { inputs = one { 2 }, outputs = { pb.value(more.output or "y", "float") }, nodes = nodes, initializers = more.initializers }, more)
end

function tests.graphs_that_lie()
  assert(feed(nodes_model { pb.node("Add", { "x", "later" }, { "y" }), pb.node("Neg", { "x" }, { "later" }) }, "another order"))
  refused(nodes_model { pb.node("Add", { "x", "never" }, { "y" }) }, "which nothing makes")
  refused(nodes_model { pb.node("Neg", { "y" }, { "y" }) }, "what it makes itself")
  refused(nodes_model { pb.node("Neg", { "a" }, { "b" }), pb.node("Abs", { "x" }, { "y" }), pb.node("Neg", { "b" }, { "a" }) }, "what it makes itself")
  refused(nodes_model { pb.node("Neg", { "x" }, { "y" }), pb.node("Abs", { "x" }, { "y" }) }, "made twice")
  refused(nodes_model({ pb.node("Neg", { "x" }, { "y" }) }, { output = "z" }), "made by no node")
  refused(nodes_model { pb.node("Frobnicate", { "x" }, { "y" }, nil, { name = "here" }) }, "node \"here\": op Frobnicate of ai.onnx, opset 17, is not supported")
  refused(nodes_model { pb.node("Neg", { "x" }, { "y" }, nil, { domain = "com.nobody" }) }, "com.nobody")
  refused(nodes_model({ pb.node("Neg", { "x" }, { "y" }) }, { opset = 900 }), "opset 900")
  refused(pb.int(1, 8), "without its graph")
  refused(pb.model(pb.graph { nodes = { pb.bytes(1, "x") } }), "without its op_type")
  refused(pb.bytes(7, "") .. pb.bytes(7, ""), "twice")
  refused(pb.bytes(7, pb.bytes(15, "")), "sparse_initializer")
  refused("", "empty")
  refused(("\0"):rep(50), "not a field")
  refused(("\xff"):rep(50), "not a field")
end

-- Files that would unfold: functions that call each other twice, graphs in graphs, constants that grow.
function tests.files_that_unfold()
  local functions = {}
  for i = 1, 25 do
    local inner = i == 1 and "" or "own"
    local op = i == 1 and "Neg" or "f" .. i - 1
    functions[i] = pb.func("own", "f" .. i, { "a" }, { "c" }, { pb.node(op, { "a" }, { "b" }, nil, { domain = inner }), pb.node(op, { "b" }, { "c" }, nil, { domain = inner }) })
  end
  refused(nodes_model({ pb.node("f25", { "x" }, { "y" }, nil, { domain = "own" }) }, { domains = { "own" }, functions = functions }), "too many nodes")
  local own = pb.func("own", "me", { "a" }, { "b" }, { pb.node("me", { "a" }, { "b" }, nil, { domain = "own" }) })
  refused(nodes_model({ pb.node("me", { "x" }, { "y" }, nil, { domain = "own" }) }, { domains = { "own" }, functions = { own } }), "deep")
  local g = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("Neg", { "x" }, { "q" }) } }
  for _ = 1, 60 do
    g = pb.graph { outputs = { pb.value("q", "float") }, nodes = { pb.node("If", { "c" }, { "q" }, { then_branch = { graph = g }, else_branch = { graph = pb.graph { outputs = { pb.value("x", "float") } } } }) } }
  end
  refused(pb.model(pb.graph { inputs = { pb.value("x", "float", { 2 }), pb.value("c", "bool", {}) }, outputs = { pb.value("y", "float") },
    nodes = { pb.node("If", { "c" }, { "y" }, { then_branch = { graph = g }, else_branch = { graph = g } }) } }), "deep")
  local big, double = { pb.tensor("n", "int64", { 2 }, { 1 << 19, 1 << 19 }) }, { pb.tensor("k", "float", { 4 }, { 1, 2, 3, 4 }) }
  feed(nodes_model({ pb.node("ConstantOfShape", { "n" }, { "c" }), pb.node("Add", { "c", "x" }, { "y" }) }, { initializers = big }), "a large constant")
  local nodes, last = {}, "k"
  for i = 1, 40 do
    nodes[i] = pb.node("Concat", { last, last }, { "k" .. i }, { axis = 0 })
    last = "k" .. i
  end
  feed(nodes_model(nodes, { initializers = double, output = last }), "a constant that doubles")
  local outer, name = {}, "k"
  for i = 1, 6 do
    outer[#outer + 1] = pb.node("Reshape", { name, "column" }, { "c" .. i })
    outer[#outer + 1] = pb.node("Reshape", { name, "row" }, { "r" .. i })
    outer[#outer + 1] = pb.node("MatMul", { "c" .. i, "r" .. i }, { "m" .. i })
    name = "m" .. i
  end
  double[2], double[3] = pb.tensor("column", "int64", { 2 }, { -1, 1 }), pb.tensor("row", "int64", { 2 }, { 1, -1 })
  feed(nodes_model(outer, { initializers = double, output = name }), "a constant that is squared")
end

function tests.many_empty_things()
  local function rep(number, n) return pb.bytes(7, pb.bytes(number, ""):rep(n)) end
  for _, number in ipairs { 1, 5, 11, 12 } do feed(rep(number, 20000), "empty messages") end
  feed(pb.bytes(7, pb.bytes(1, pb.bytes(4, "Neg") .. pb.bytes(1, ""):rep(20000))), "empty inputs")
  feed(pb.bytes(7, pb.bytes(1, pb.bytes(4, "Neg"))  .. pb.bytes(1, pb.bytes(4, "A"))), "no inputs")
  feed(pb.bytes(7, pb.bytes(1, pb.bytes(4, "Neg") .. pb.bytes(5, pb.bytes(1, "a") .. pb.bytes(8, ("\1"):rep(60000))))), "many ints")
  feed(pb.bytes(7, "") .. pb.bytes(8, ""):rep(20000) .. pb.bytes(14, ""):rep(20000), "empty opsets")
end

function tests.zz_enough_of_them() assert(made >= 1000, made .. " hostile files, wanted 1000") end

return tests
