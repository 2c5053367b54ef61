-- Modules, their names and files; optimisers beside PyTorch's; the models that are trained.
local genai = require "genai"
local core = require "genai.core"
local nn, optim, t = genai.nn, genai.optim, genai.tensor
local tests = {}

local fails = dofile("tests/tools.lua").fails

function tests.names_and_counts()
  local m = nn.chain { nn.conv2d(3, 4, 3, { bias = false }), nn.batch_norm(4), nn.relu, nn.flatten(), nn.linear(4, 2) }
  local names = {}
  for _, p in ipairs(nn.parameters(m)) do names[#names + 1] = p.name end
  assert(table.concat(names, " ") == "1.weight 2.bias 2.weight 5.bias 5.weight", table.concat(names, " "))
  assert(#nn.tensors(m) == 7 and nn.count(m) == 4 * 3 * 9 + 8 + 10)
  local text = tostring(m)
  for _, word in ipairs { "conv2d(3 -> 4, 3x3)", "batch_norm(4)", "relu", "linear(4 -> 2)" } do assert(text:find(word, 1, true), text) end
end

function tests.a_module_is_a_table()                        -- shared weights count once, fields with "_" are private, cycles end
  local w = nn.parameter(genai.ones(3))
  local m = { b = { w = w }, a = { w = w }, _cache = genai.ones(9), n = 5 }
  m.self = m
  local list = nn.parameters(m)
  assert(#list == 1 and list[1].name == "a.w")
  local ten = {}
  for i = 1, 11 do ten[i] = nn.parameter(genai.ones(1)) end
  assert(nn.parameters(ten)[10].name == "10")               -- numbers are sorted as numbers
end

function tests.starts_as_pytorch_does()
  genai.seed(5)
  local l = nn.linear(400, 300)
  local bound = 1 / math.sqrt(400)
  assert(l.weight:abs():max():item() <= bound and l.weight:abs():max():item() > 0.99 * bound and math.abs(l.weight:mean():item()) < bound / 100)
  assert(math.abs(l.weight:std():item() - bound / math.sqrt(3)) < bound / 50)
  genai.seed(5)
  assert(nn.linear(400, 300).weight:equal(l.weight))
  assert(math.abs(nn.embedding(50, 60).weight:std():item() - 1) < 0.05)
end

function tests.layers_run()
  local x = genai.randn(2, 4, 8, 8)
  assert(nn.conv2d(4, 6, 3, { stride = 2, pad = 1 })(x).shape[3] == 4)
  assert(nn.conv2d(4, 4, { 1, 3 }, { pad = { 0, 1 }, groups = 2, pad_mode = "reflect" })(x).shape[4] == 8)
  assert(nn.conv_transpose2d(4, 2, 4, { stride = 2, pad = 1 })(x).shape[3] == 16)
  assert(nn.conv1d(4, 2, 3)(genai.randn(1, 4, 5)).shape[3] == 3)
  assert(nn.group_norm(2, 4)(x).shape[2] == 4 and nn.upsample(2)(x).shape[3] == 16 and nn.max_pool2d(2)(x).shape[3] == 4)
  assert(nn.view(8, 32)(x).shape[3] == 32 and nn.rms_norm(8)(x).shape[4] == 8 and nn.layer_norm(8, { bias = false })(x).shape[4] == 8)
  assert(nn.embedding(5, 3)(t({ 1, 4 }, { dtype = "i32" })).shape[2] == 3)
  local y, state = nn.lstm(3, 5, { layers = 2, bidirectional = true })(genai.randn(4, 2, 3))
  assert(y.shape[3] == 10 and state[1].shape[1] == 4)
  assert(nn.gru(3, 5)(genai.randn(4, 2, 3)).shape[3] == 5)
  assert(nn.attention(8, 2)(genai.randn(2, 3, 8)).shape[3] == 8)
end

function tests.mode()
  local m = nn.chain { nn.dropout(0.5), nn.batch_norm(2) }
  local x = genai.randn(64, 2) * 3 + 1
  local busy = m(x)
  nn.train(m, false)
  local before = m[2].running_mean:clone()
  assert(m(x):equal(m(x)) and not m(x):equal(busy) and m[2].running_mean:equal(before))
  nn.train(m)
  m(x)
  assert(not m[2].running_mean:equal(before))
end

function tests.refusals()
  fails("biass", nn.linear, 2, 3, { biass = true })
  fails("inputs", nn.linear, 2.5, 3)
  fails("divisor", nn.conv2d, 3, 4, 3, { groups = 2 })
  fails("part 2", nn.chain, { nn.relu, 5 })
  fails("no weights", optim.adam, nn.chain { nn.relu })
  fails("rate", optim.adam, nn.linear(1, 1), { rate = 1 })
  fails("one element", function() optim.sgd({ genai.ones(2) }):step(function() return genai.ones(2) end) end)
  local w = genai.ones(4)
  fails("w, m and v share memory", function() w:adam_(genai.ones(4), w, genai.zeros(4)) end)
  fails("without gaps", function() genai.ones(4, 4):transpose():adam_(genai.ones(4, 4), genai.zeros(4, 4), genai.zeros(4, 4)) end)
  fails("beta1", function() w:adam_(genai.ones(4), genai.zeros(4), genai.zeros(4), { beta1 = 1 }) end)
end

function tests.files()
  local path = genai.tmpdir() .. "/net.safetensors"
  local a, b = nn.chain { nn.linear(2, 3), nn.batch_norm(3) }, nn.chain { nn.linear(2, 3), nn.batch_norm(3) }
  a(genai.randn(8, 2))
  nn.save(path, a, { card = "a small net" })
  nn.load(path, b)
  nn.train(a, false)
  nn.train(b, false)
  local x = genai.randn(4, 2)
  assert(a(x):equal(b(x)))
  local other = nn.chain { nn.linear(2, 3), nn.batch_norm(4) }
  local before = other[1].weight:clone()
  fails("2.bias", nn.load, path, other)
  assert(other[1].weight:equal(before))                     -- nothing changed
end

-- ---- L-BFGS ----
function tests.lbfgs_rosenbrock()
  local x = t { -1.2, 1.0 }
  local opt = optim.lbfgs({ x }, { iterations = 100 })
  local function valley() return (x[2] - x[1] * x[1]):square() * 100 + (1 - x[1]):square() end
  local first = opt:step(valley)
  assert(math.abs(first - 24.2) < 1e-3 and x:close(t { 1, 1 }, 1e-3), tostring(x))
  assert(opt.evaluations < 80, opt.evaluations)
  local many = genai.zeros(50)                                              -- the chained function of 50 numbers
  opt = optim.lbfgs({ many }, { iterations = 300 })
  opt:step(function()
    local a, b = many:slice(1, 1, 49), many:slice(1, 2, 50)
    return ((b - a * a):square() * 100 + (1 - a):square()):sum()
  end)
  assert(many:close(genai.ones(50), 5e-3), tostring(many))
end

function tests.lbfgs_quadratic_and_state()
  local a = genai.randn(6, 6, { rng = genai.rng(1, "a") })
  local spd, b = a:matmul(a:transpose(1, 2)) + genai.eye(6), genai.randn(6, { rng = genai.rng(2, "b") })
  local function run(stop)
    local x = genai.zeros(6)
    local function loss() return (x * spd:matmul(x)):sum() * 0.5 - (x * b):sum(), "more" end
    local opt = optim.lbfgs({ x }, { iterations = 4 })
    local _, more = opt:step(loss)
    assert(more == "more")
    if stop then opt = optim.lbfgs({ x }):load_state(opt:state()) end
    for _ = 1, 10 do opt:step(loss) end
    return x
  end
  local x = run(false)
  assert((spd:matmul(x) - b):abs():max():item() < 1e-3)
  assert(run(true):equal(x))                                                -- goes on where the state was taken
  fails("wanted step(loss)", function() optim.lbfgs({ genai.ones(1) }):update() end)
  fails("one element", function() local w = genai.ones(2) optim.lbfgs({ w }):step(function() return w * 2 end) end)
  fails("other weights", function() optim.lbfgs({ genai.ones(2) }):load_state { kind = "lbfgs", steps = 1, options = {}, tensors = { ["s.1"] = t { 1 }, ["y.1"] = t { 1 } } } end)
end

-- ---- optimisers ----
local function golden()
  local path = "tests/golden/optim.safetensors"
  if not genai.exists(path) then skip "no golden data" end
  return genai.load(path)
end

local kinds = {
  sgd = function(p) return optim.sgd(p, { lr = 0.05 }) end,
  nesterov = function(p) return optim.sgd(p, { lr = 0.02, momentum = 0.9, nesterov = true, weight_decay = 1e-3 }) end,
  momentum = function(p) return optim.sgd(p, { lr = 0.02, momentum = 0.8 }) end,
  adam = function(p) return optim.adam(p, { lr = 0.01 }) end,
  adam_decay = function(p) return optim.adam(p, { lr = 0.01, betas = { 0.8, 0.99 }, weight_decay = 1e-2 }) end,
  adamw = function(p) return optim.adamw(p, { lr = 0.01, weight_decay = 0.1 }) end,
  rmsprop = function(p) return optim.rmsprop(p, { lr = 0.001, weight_decay = 1e-3 }) end,
  clip = function(p) return optim.sgd(p, { lr = 0.05, clip_norm = 0.1 }) end,
}

function tests.two_hundred_steps_as_pytorch()
  local g = golden()
  for name, make in pairs(kinds) do
    local p = { g.w1:clone(), g.b1:clone(), g.w2:clone() }
    local opt = make(p)
    for _ = 1, 200 do
      opt:step(function() return g.x:linear(p[1], p[2]):tanh():linear(p[3]):mse_loss(g.y) end)
    end
    for i, part in ipairs { "w1", "b1", "w2" } do
      local wrong = (p[i]:detach() - g[name .. "." .. part]):abs():max():item()
      assert(wrong <= 1e-4, ("%s %s: %g"):format(name, part, wrong))
    end
  end
end

-- The same steps, and as many evaluations: rounding grows with the number of steps.
function tests.lbfgs_as_pytorch()
  local g = golden()
  for i, most in ipairs { 5, 10, 20, 40 } do
    local p = { g.w1:clone(), g.b1:clone(), g.w2:clone() }
    local opt = optim.lbfgs(p, { iterations = most })
    local function loss() return g.x:linear(p[1], p[2]):tanh():linear(p[3]):mse_loss(g.y) end
    local first = opt:step(loss)
    local got, want = loss():item(), g["lbfgs." .. most]:item()
    assert(got < first and math.abs(got - want) <= ({ 1e-6, 1e-5, 1e-4, 1e-2 })[i] * want, ("%d: %.9g, wanted %.9g"):format(most, got, want))
  end
end

function tests.adam_is_its_plain_twin_bit_for_bit()
  local rng = genai.rng(3, "twin")
  for _, n in ipairs { 1, 7, 1000, 70000 } do
    local w, m, v = genai.randn(n, { rng = rng }), genai.randn(n, { rng = rng }), genai.rand(n, { rng = rng })
    local g = genai.randn(n, { rng = rng })
    local a, b = m:clone(), v:clone()
    local lr, b1, b2, eps = 0.25, 0.875, 0.96875, 2.0 ^ -20                  -- exact in f32
    local x = w:clone()
    x:adam_(g, a, b, { lr = lr, beta1 = b1, beta2 = b2, eps = eps, step = 1, decay = 0.5 })
    local m2, v2 = m * b1 + g * (1 - b1), v * b2 + g * g * (1 - b2)
    local root = t(math.sqrt(1 - b2))
    local twin = w * (1 - lr * 0.5) - (m2 / (v2:sqrt() / root + eps)) * (lr / (1 - b1))
    assert(a:equal(m2) and b:equal(v2) and x:equal(twin), n)
  end
end

function tests.same_steps_with_any_threads()
  local function run(threads)
    genai.threads(threads)
    local x = genai.randn(100000, { rng = genai.rng(1, "x") })
    local opt = optim.adam({ x }, { lr = 0.1 })
    for _ = 1, 3 do opt:step(function() return (x * x):sum() end) end
    return x:detach()
  end
  local before = genai.threads()
  local one, two = run(1), run(2)
  genai.threads(before)
  assert(one:equal(two))
end

function tests.state_resumes_bit_for_bit()
  local function build()
    genai.seed(2)
    local m = nn.linear(4, 1)
    return m, optim.adam(m, { lr = 0.05 })
  end
  local x, y = genai.randn(8, 4, { rng = genai.rng(1, "x") }), genai.ones(8, 1)
  local function go(m, opt, n)
    for _ = 1, n do opt:step(function() return m(x):mse_loss(y) end) end
    return m
  end
  local m1, o1 = build()
  go(m1, o1, 20)
  local m2, o2 = build()
  go(m2, o2, 10)
  local m3, o3 = build()
  nn.assign(m3, { weight = m2.weight, bias = m2.bias })
  o3:load_state(o2:state())
  go(m3, o3, 10)
  assert(m3.weight:equal(m1.weight) and o3.steps == 20)
  fails("adam", function() optim.sgd(m3):load_state(o2:state()) end)
end

function tests.a_failing_loss_changes_nothing()
  local x = genai.ones(3)
  local opt = optim.adam({ x })
  fails("broken", function() opt:step(function() error "broken" end) end)
  assert(opt.steps == 0 and x:equal(genai.ones(3)) and core.recording())
end

-- ---- models ----
function tests.gpt_learns()
  genai.seed(1)
  local m = genai.models.gpt { vocabulary = 4, context = 8, layers = 2, heads = 2, size = 16, tied = true }
  local opt = optim.adamw(m, { lr = 1e-2 })
  local ids = t({ { 0, 1, 2, 3, 0, 1, 2, 3, 0 } }, { dtype = "i32" })
  local x, y = ids:slice(2, 1, 8), ids:slice(2, 2, 9)
  local last
  for _ = 1, 60 do last = opt:step(m.loss, m, x, y) end
  assert(last < 0.1, last)
  assert(table.concat(m:generate({ 0, 1 }, 6, { temperature = 0 }), "") == "230123")
  fails("context", m, genai.zeros(1, 9, { dtype = "i32" }))
end

function tests.gpt_looks_back_only()
  genai.seed(2)
  local m = genai.models.gpt { vocabulary = 9, context = 6, layers = 2, heads = 2, size = 8 }
  local a, b = t({ { 1, 2, 3, 4 } }, { dtype = "i32" }), t({ { 1, 2, 3, 8 } }, { dtype = "i32" })
  assert(m(a):slice(2, 1, 3):equal(m(b):slice(2, 1, 3)))
end

function tests.dcgan_steps()
  genai.seed(3)
  local dcgan = genai.models.dcgan
  local g, d = dcgan.generator { noise = 8, size = 2 }, dcgan.discriminator { size = 2 }
  local og, od = optim.adam(g, { lr = 2e-4, betas = { 0.5, 0.999 } }), optim.adam(d, { lr = 5e-3, betas = { 0.5, 0.999 } })
  local real, noise = genai.rand(4, 3, 64, 64), genai.randn(4, 8, 1, 1)
  local first = dcgan.step(g, d, og, od, real, noise)
  local last
  for _ = 1, 10 do last = dcgan.step(g, d, og, od, real, noise) end
  assert(g(noise).shape[4] == 64 and last < first, last)
end

return tests
