-- genai.onnx.save: what is written gives the same numbers when it is loaded; what cannot be written is refused by name. (Held against onnxruntime while it was made.)
local core = require "genai.core"
local genai = require "genai"
local nn = genai.nn
local tests = {}

local function flat(list, x)
  if core.is_tensor(x) then list[#list + 1] = x elseif type(x) == "table" then for _, y in ipairs(x) do flat(list, y) end end
  return list
end

-- Saves f, loads it again, holds all results against f's own.
local function round_trip(f, inputs, options)
  local path = genai.tmpdir() .. "/net.onnx"
  genai.onnx.save(path, f, inputs, options)
  local list, given, net = core.is_tensor(inputs) and { inputs } or inputs, {}, genai.onnx.load(path)
  for i, v in ipairs(net.inputs) do given[v.name] = list[i] end
  local wanted, found = flat({}, table.pack(genai.no_grad(f, table.unpack(list)))), net(given)
  assert(#wanted == #net.outputs, #net.outputs .. " outputs, wanted " .. #wanted)
  for i, v in ipairs(net.outputs) do
    local x, y = found[v.name], wanted[i]
    assert(x.dtype == y.dtype, ("%s is %s, wanted %s"):format(v.name, x.dtype, y.dtype))
    x, y = x:to "f32", y:to "f32"
    assert(table.concat(x.shape, ",") == table.concat(y.shape, ","), v.name .. " has another shape")
    assert(x:close(y, { rtol = 1e-4, atol = 1e-5 }), ("%s differs by %g"):format(v.name, (x - y):abs():max():item()))
  end
  return net
end

local function refused(words, f, inputs, options)
  local fine, text = pcall(genai.onnx.save, genai.tmpdir() .. "/refused.onnx", f, inputs, options)
  assert(not fine, "not refused: " .. words)
  assert(tostring(text):find(words, 1, true), tostring(text))
  assert(not core.exists(genai.tmpdir() .. "/refused.onnx"), "a file is left")
end

genai.seed(4)
local x, pictures = genai.randn(4, 6), genai.randn(2, 4, 9, 10)

function tests.functions_of_one()
  for _, name in ipairs { "neg", "abs", "sign", "floor", "ceil", "round", "square", "exp", "expm1", "sin", "cos", "tan", "tanh", "sigmoid", "relu", "softplus", "erf", "silu", "mish", "softsign",
    "leaky_relu", "elu", "gelu", "reciprocal", "isnan", "isfinite" } do
    round_trip(function(v) return core.ops[name](v) end, x)
  end
  for _, name in ipairs { "log", "sqrt", "rsqrt", "log1p", "log2" } do round_trip(function(v) return core.ops[name](v:abs() + 0.5) end, x) end
end

function tests.functions_of_two()
  local whole, narrow = genai.randint(1, 5, 3, 4), genai.randint(1, 5, 4, { dtype = "i32" })
  for _, name in ipairs { "add", "sub", "mul", "div", "pow", "remainder", "maximum", "minimum", "lt", "le", "gt", "ge", "eq", "ne" } do
    local op = core.ops[name]
    round_trip(function(a, b) return op(a:abs(), b), op(a:abs(), 2), op(1.5, b) end, { x, genai.randn(6):abs() + 0.5 })
    round_trip(function(a, b) return op(a, b), op(a, 2) end, { whole, narrow })
  end
  round_trip(function(v) return v:clamp(-0.5, 0.7), v:clamp(nil, 0.2), v:gt(0):where(v, -1), v:masked_fill(v:lt(0), 3), genai.lerp(v, v * 2, 0.3), v:gt(0):logical_and(v:lt(1)), v:gt(0):logical_not() end, x)
  round_trip(function(v) return v:to "i32", v:to "i64", v:gt(0):to "f32", (v * 10):to("i32") + 1, (v * 10):to("i32") * 1.5, v:to("i32"):div(2) end, x)
end

function tests.reductions()
  local y = genai.randn(3, 4, 5)
  for _, name in ipairs { "sum", "mean", "prod", "logsumexp", "var", "std", "norm" } do
    local op = core.ops[name]
    round_trip(function(v) return op(v), op(v, 1), op(v, { 1, 3 }, { keep = true }), op(v, -1, { keep = true }) end, y)
  end
  round_trip(function(v)
    local most, at = v:max(2)
    local least, where = v:min(-1, { keep = true })
    return most, at, least, where, v:max(), v:argmax(2), v:argmin(), v:gt(1):any(2), v:gt(-1):all(), v:gt(0):sum(1), v:cumsum(2), v:softmax(1), v:log_softmax()
  end, y)
end

function tests.shapes()
  round_trip(function(v)
    return v:view(6, -1), v:transpose(1, 2), v:permute(2, 1):contiguous(), v:unsqueeze(2), v:slice(2, 2, -2), v:slice(1, -2), v:slice(2, 1, nil, 2), v[2], v:select(2, -1), v:unsqueeze(1):expand(3, -1, -1)
  end, x)
  round_trip(function(v)
    local a, b = v:chunk(2, 2)
    return genai.cat({ a, b, v }, 2), genai.stack({ a, b }, 2), v:tile(2, 1, 2), v:repeat_interleave(2, 1), v:repeat_interleave(2), v:flip { 1, 2 }, v:roll(2, 2), v:unfold(2, 3, 2)
  end, x)
end

function tests.positions()
  local index = genai.tensor({ 0, 2, 3 }, { dtype = "i64" })
  round_trip(function(v, i)
    local many = genai.stack({ i, i, i, i }, 1)
    return v:index_select(2, i), i:embedding(v), v:gather(2, many), v:scatter(2, many, 5), v:scatter_add(2, many, v:slice(2, 1, 3)), i:one_hot(6)
  end, { x, index })
  round_trip(function(v)
    local most, at = v:topk(3)
    local sorted, from = v:sort(1)
    return most, at, sorted, from, v:tril(), v:triu(1), genai.einsum("ij,kj->ik", v, v)
  end, x)
end

function tests.convolutions()
  for _, o in ipairs { {}, { stride = 2, pad = 1 }, { pad = "same", dilation = 2 }, { groups = 2, pad = { 1, 0 } }, { pad = 1, pad_mode = "reflect" }, { pad = 1, pad_mode = "circular" },
    { act = "relu", pad = { 0, 1, 2, 1 } }, { act = "leaky_relu", slope = 0.2 }, { act = "relu6", pad = { 1, 0, 0, 2 }, pad_mode = "replicate" } } do
    local w, b = genai.randn(6, o.groups and 2 or 4, 3, 3), genai.randn(6)
    round_trip(function(v) return v:conv2d(w, b, o):relu() end, pictures)
  end
  local w = genai.randn(4, 3, 3, 3)
  round_trip(function(v) return v:conv_transpose2d(w, nil, { stride = 2, pad = 1, out_pad = 1 }), v:conv_transpose2d(w, nil, { pad = { 1, 0, 0, 2 }, act = "leaky_relu" }) end, pictures)
  round_trip(function(v) return v:conv1d(genai.ones(2, 4, 3), nil, { pad = 1 }) end, genai.randn(2, 4, 9))
  local hidden, v = core.ops, genai.linspace(-1, 1, 54):reshape(2, 3, 3, 3)
  round_trip(function(p)
    return hidden.conv_nd(p, v:transpose(1, 2), nil, { 1, 2, 2, 0, 1, 1, 1, 1, 1 }, { 8, 8 }, 1, 2, 0.1), hidden.conv_data(p, v, nil, { 1, 2, 2, 0, 1, 1, 1, 1, 1 }, { 32, 32 }, 1, 1),
      hidden.max_pool_values(p, { 1, 3, 3, 1, 2, 2, 0, 1, 1 }, { 8, 8 }), hidden.avg_pool_nd(p, { 1, 2, 2, 1, 2, 2, 0, 0, 0 }, { 8, 8 })
  end, genai.randn(1, 2, 16, 16))
end

function tests.pictures()
  round_trip(function(v)
    return v:max_pool2d(3, { stride = 2, pad = 1 }), v:max_pool2d(3, { stride = 2, ceil = true }), v:avg_pool2d { 2, 3 }, v:avg_pool2d(3, { stride = 2, pad = 1, count_pad = false }), v:adaptive_avg_pool2d { 3, 5 }
  end, pictures)
  round_trip(function(v)
    return v:resize { 18, 25 }, v:resize({ 5, 17 }, { mode = "bilinear", align_corners = true }), v:resize({ 18, 25 }, { mode = "bicubic" }), v:resize({ 3, 5 }, { mode = "area" }),
      v:resize({ 4, 5 }, { mode = "bilinear", antialias = true }), v:pixel_shuffle(2):pixel_unshuffle(2)
  end, pictures)
  round_trip(function(v)
    return v:pad { 1, 2 }, v:pad({ 1, 2, 0, 1 }, { mode = "reflect" }), v:pad({ 1, 0, 2, 2 }, { mode = "replicate" }), v:pad({ 1, 1 }, { value = 3 }), v:pad { -1, 0 }
  end, pictures)
  round_trip(function(v, g) return v:grid_sample(g), v:grid_sample(g, { mode = "nearest", pad_mode = "border", align_corners = true }) end, { pictures, genai.rand(2, 3, 4, 2) * 2.4 - 1.2 })
end

function tests.norms()
  local w = genai.rand(4) + 0.5
  round_trip(function(v)
    return v:instance_norm(), v:instance_norm(w, w, { act = "leaky_relu", slope = 0.3 }), v:instance_norm(nil, nil, { act = "relu" }), v:group_norm(2, w, w), v:layer_norm(), v:layer_norm(genai.ones(10) * 2, genai.ones(10)), v:rms_norm(genai.ones(10) * 3), v:batch_norm(w, w * 2, w, w)
  end, pictures)
end

function tests.writes_in_place()
  round_trip(function(v)
    local y = v * 2
    local z = y + 1
    y:add_(v):mul_(3)
    return y, z, (v + 0):sub_(1):div_(2), y + z
  end, x)
  local w = genai.rand(4)
  round_trip(function(v) return (v * 1):instance_norm_(w, w, { act = "relu" }) end, pictures)
end

function tests.attention()
  local mask = genai.linspace(-1, 1, 35):reshape(5, 7)
  round_trip(function(q, k, v)
    return q:attention(k, v), q:attention(k, v, { causal = true }), q:attention(k, v, { softcap = 2, scale = 0.3, mask = mask }), q:attention(k, v, { window = 3, causal = true })
  end, { genai.randn(2, 4, 5, 8), genai.randn(2, 2, 7, 8), genai.randn(2, 2, 7, 6) })
  local at = genai.arange(0, 5, 1, { dtype = "i32" })
  round_trip(function(q) return q:rope(at), q:rope(at, { dims = 4, interleaved = true }), q:rope(at, { base = 100, interleaved = true }) end, genai.randn(2, 4, 5, 8))
end

function tests.recurrent_layers()
  for _, o in ipairs { {}, { reverse = true }, { bidirectional = true } } do
    local d, w, u = o.bidirectional and 2 or 1, {}, {}
    for l = 1, 2 * d do
      local size = l <= d and 3 or 4 * d
      w[l] = { genai.randn(16, size), genai.randn(16, 4), genai.randn(16), genai.randn(16) }
      u[l] = { genai.randn(12, size), genai.randn(12, 4), genai.randn(12), genai.randn(12) }
    end
    round_trip(function(v, h, c) return v:lstm({ h, c }, w, o) end, { genai.randn(6, 2, 3), genai.randn(2 * d, 2, 4), genai.randn(2 * d, 2, 4) })
    round_trip(function(v) return v:gru(nil, u, o) end, genai.randn(6, 2, 3))
  end
end

function tests.transforms()
  round_trip(function(v)
    local long = genai.cat({ v, v, v }, 2)
    return v:rfft(), v:reshape(2, 6, 2):fft(), v:reshape(2, 6, 2):ifft(), long:stft(8, 4), long:stft(8, 4, { window = genai.ones(8) * 0.5, center = false })
  end, x)
end

function tests.networks()
  local mlp = nn.chain { nn.linear(6, 16), nn.gelu, nn.linear(16, 3) }
  round_trip(mlp, x)
  round_trip(function(v) return mlp(v):softmax(-1) end, genai.randn(2, 4, 6))
  round_trip(nn.chain { nn.conv2d(4, 8, 3, { pad = 1 }), nn.group_norm(2, 8), nn.silu, nn.conv2d(8, 4, 3, { stride = 2 }) }, pictures)
  local gpt = genai.models.gpt { vocabulary = 20, context = 16, layers = 2, heads = 2, size = 16, tied = true }
  local net = round_trip(gpt, genai.randint(0, 20, 2, 9, { dtype = "i32" }))
  assert(net.opset == 21 and net.inputs[1].type == "int32" and net.outputs[1].shape[3] == 20)
  local cell = { genai.randn(32, 5), genai.randn(32, 8), genai.randn(32), genai.randn(32) }
  round_trip(function(v, h, c)
    local y, state = v:lstm({ h, c }, { cell })
    return y:linear(genai.ones(3, 8)):softmax(-1), state
  end, { genai.randn(1, 1, 5), genai.randn(1, 1, 8), genai.randn(1, 1, 8) })
end

-- A function saved, loaded and saved again: nets that are loaded are made of hidden ops.
local function again(f, inputs, parts)
  local net = round_trip(f, inputs)
  for _, name in ipairs(parts or {}) do assert(tostring(net):find(name, 1, true), "no " .. name .. " in " .. tostring(net)) end
  local names = net.outputs
  return round_trip(function(...)
    local given, out, list = {}, nil, {}
    for i, v in ipairs(net.inputs) do given[v.name] = select(i, ...) end
    out = net(given)
    for i, v in ipairs(names) do list[i] = out[v.name] end
    return list
  end, inputs)
end

function tests.loaded_nets()
  local w, v, b = genai.randn(6, 4, 1, 1), genai.randn(5, 4, 3, 3), genai.randn(6)
  for _, act in ipairs { "relu", "leaky_relu", "none" } do
    local net = again(function(p) return genai.cat({ p:conv2d(w, b, { act = act }), p:conv2d(v, nil, { pad = 1, act = act }) }, 2) end, pictures, { "Conv pair" })
    assert(tostring(net):find("Conv pair", 1, true), "joined no more: " .. tostring(net))
    again(function(p) return p:conv2d(v, nil, { pad = { 1, 0, 2, 1 }, act = act }):max_pool2d(3, { stride = 2, ceil = true }) end, pictures, { "Conv pool" })
  end
  again(function(p) return p:conv2d(w, b, { act = "relu6" }):max_pool2d(2, { stride = 1, pad = 1 }) end, pictures, { "Conv pool" })
  again(function(p) return p:conv2d(w):silu():conv_transpose2d(genai.ones(6, 2, 2, 2), nil, { stride = 2 }) end, pictures, { "Silu" })
  again(function(p) return p:batch_norm(b:slice(1, 1, 4), b:slice(1, 1, 4):abs() + 1), p:resize { 18, 20 }, p:resize({ 20, 15 }, { mode = "bilinear" }), p:resize({ 20, 15 }, { mode = "bilinear", align_corners = true }) end, pictures)
  again(function(i) return i:embedding(genai.linspace(0, 1, 12):reshape(6, 2)):linear(genai.ones(3, 2), genai.ones(3)) end, genai.randint(0, 6, 2, 5, { dtype = "i64" }), { "Linear" })
  for _, o in ipairs { {}, { reverse = true }, { bidirectional = true } } do
    local lstm, gru = {}, {}
    for d = 1, o.bidirectional and 2 or 1 do
      lstm[d], gru[d] = { genai.randn(16, 3), genai.randn(16, 4), genai.randn(16), genai.randn(16) }, { genai.randn(12, 3), genai.randn(12, 4), genai.randn(12), genai.randn(12) }
    end
    again(function(t) return t:lstm(nil, lstm, o) end, genai.randn(6, 2, 3))
    again(function(t) return t:gru(nil, gru, o) end, genai.randn(6, 2, 3))
  end
  local y = genai.tensor { 1, -1, 1, -1, 0, 0, 0, 2, -2 }
  round_trip(function(p, q) return p:atan2(q) end, { y, genai.tensor { 1, 1, -1, -1, 1, -1, 0, 0, 0 } })
end

function tests.halves()
  for _, kind in ipairs { "f16", "bf16" } do
    local net = round_trip(function(v) return v:to(kind), (v:to(kind) * 3):to "f32", v:to(kind):reshape(-1), v:to(kind):max(2) end, x)
    assert(net.outputs[1].type == (kind == "f16" and "float16" or "bfloat16"))
    net = round_trip(function(v) return v:relu(), v:to "f32" + 1 end, x:to(kind))
    assert(net.inputs[1].type == (kind == "f16" and "float16" or "bfloat16"))
  end
end

-- Saved from one batch, run on another.
local function any_batch(f, inputs, batch, others)
  local path = genai.tmpdir() .. "/batch.onnx"
  genai.onnx.save(path, f, inputs, { batch = batch })
  local list, given, net = core.is_tensor(others) and { others } or others, {}, genai.onnx.load(path)
  for i, v in ipairs(net.inputs) do given[v.name] = list[i] end
  local wanted, found = flat({}, table.pack(genai.no_grad(f, table.unpack(list)))), net(given)
  for i, v in ipairs(net.outputs) do assert(found[v.name]:close(wanted[i], { rtol = 1e-4, atol = 1e-5 }), v.name) end
  return net
end

function tests.batches_of_any_size()
  local conv = nn.chain { nn.conv2d(4, 8, 3, { pad = 1 }), nn.group_norm(2, 8), nn.silu, nn.conv2d(8, 4, 3, { stride = 2 }) }
  local net = any_batch(function(v) return conv(v):resize({ 12, 12 }, { mode = "bilinear" }):flatten(2) end, pictures, true, genai.randn(5, 4, 9, 10))
  assert(net.inputs[1].shape[1] == "batch" and net.outputs[1].shape[1] == "batch" and net.outputs[1].shape[2] == 576)
  any_batch(function(v) return v:mean(1, { keep = true }):expand(v.shape[1], 6), v:view(-1), v:sum(1), v:view(v.shape[1] * 2, 3):slice(1, 1, -1) end, genai.randn(2, 6), true, genai.randn(4, 6))
  any_batch(function(q, k, v) return q:attention(k, v) end, { genai.randn(2, 4, 5, 8), genai.randn(2, 2, 7, 8), genai.randn(2, 2, 7, 6) }, true,
    { genai.randn(3, 4, 5, 8), genai.randn(3, 2, 7, 8), genai.randn(3, 2, 7, 6) })
  local w = { { genai.randn(16, 3), genai.randn(16, 4), genai.randn(16), genai.randn(16) } }
  any_batch(function(v, h, c) return v:lstm({ h, c }, w) end, { genai.randn(6, 2, 3), genai.randn(1, 2, 4), genai.randn(1, 2, 4) }, { input1 = 2, input2 = 2, input3 = 2 },
    { genai.randn(6, 5, 3), genai.randn(1, 5, 4), genai.randn(1, 5, 4) })
  refused("a constant of Mul follows the batch", function(v) return v * (1 / v.shape[1]) end, x, { batch = true })
  refused("the ops themselves follow the batch", function(v) for _ = 1, v.shape[1] do v = v * 2 end return v end, x, { batch = true })
  refused('no input "z"', function(v) return v end, x, { batch = { z = 1 } })
  refused("wanted true or { input = dim }", function(v) return v end, x, { batch = 3 })
  refused("wanted 4 as the others", function(a, b) return a:sum() + b:sum() end, { x, genai.ones(3) }, { batch = true })
end

function tests.names()
  local path = genai.tmpdir() .. "/named.onnx"
  genai.onnx.save(path, function(t) return { sum = t.a + t.b, unused = t.a } end, { a = x, b = x * 2 })
  local net = genai.onnx.load(path)
  assert(net.inputs[1].name == "a" and net.inputs[2].name == "b" and net.outputs[1].name == "sum" and net.outputs[2].name == "unused")
  assert((net { a = x, b = x }).sum:close(x * 2))
  genai.onnx.save(path, function(a, b) return a + b, a end, { x, x * 2 }, { inputs = { "p", "q" }, outputs = { "r", "s" } })
  net = genai.onnx.load(path)
  assert(net.inputs[2].name == "q" and net.outputs[2].name == "s")
  genai.onnx.save(path, function(v) return v, v, genai.ones(2) end, x)               -- inputs and constants as results
  local out = genai.onnx.load(path)(x)
  assert(out.output1:equal(x) and out.output2:equal(x) and out.output3:sum():item() == 2)
end

function tests.same_bytes()
  local mlp = nn.linear(6, 2)
  local function bytes()
    genai.onnx.save(genai.tmpdir() .. "/same.onnx", function(v) return mlp(v):tanh() end, x)
    return core.read(genai.tmpdir() .. "/same.onnx")
  end
  local first = bytes()
  assert(first == bytes())
end

function tests.refusals()
  refused("op slerp has no form in ONNX", function(v) return v:slerp(v * 2, 0.5) end, x)
  refused("op fill_ has no form", function(v) return (v * 2):fill_(1) end, x)
  refused("op add_ writes into an input", function(v) return v:add_(1) end, x:clone())
  refused("op add_ writes into a constant", function(v) return genai.zeros(4, 6):add_(v) end, x)
  refused("shares its elements", function(v) local w = v * 2 local part = w:slice(1, 1, 2) w:add_(1) return part end, x)
  refused("op randn_like draws random numbers", function(v) return v + v:randn_like() end, x)
  refused("op dropout draws random numbers", function(v) return v:dropout(0.5) end, x)
  refused("takes numbers out of a tensor", function(v) return v * (v:sum():item() > 0 and 1 or 2) end, x)
  refused("takes numbers out of a tensor", function(v) return v * v:totable()[1][1] end, x)
  refused("writes in place", function(v) local w = v * 2 w[1] = 0 return w end, x)
  refused("changes a constant that was used before", function(v) local c = genai.ones(6) local y = v * c c:fill_(2) return y * c end, x)
  refused("gives no tensors", function() return 1 end, x)
  refused("the same tensor", function(a, b) return a + b end, { x, x })
  refused("inputs is a string", function(v) return v end, "x")
  refused("is training", function(v) return v:batch_norm(genai.ones(4), genai.ones(4), nil, nil, { train = true }) end, pictures)
  local fine, text = pcall(genai.onnx.save, genai.tmpdir() .. "/refused.onnx", function(v) return v end, x, { outputs = { "input" } })
  assert(not fine and text:find 'the name "input" is taken', text)
  assert(x:sum():item() == x:sum():item() and genai.randn_like(x):numel() == 24)      -- nothing is left behind
end

return tests
