-- mnist-vae-gan: there and back, walks, grids, seeds, refusals.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, vae = tools.weights("mnist-vae-gan", genai.models.mnist_vae_gan.load)
local made

local function gan()
  vae()
  made = made or genai.models.mnist_vae_gan.load(folder, "gan")
  return made
end

-- The same nets, written out once more in plain products.
local function plain(x, file, names, between, last)
  local t = genai.load(folder .. "/" .. file)
  for i, name in ipairs(names) do
    x = x:matmul(t[name .. ".weight"]:transpose(1, 2)) + t[name .. ".bias"]
    x = i < #names and between(x) or last(x)
  end
  return x
end

function tests.nets()
  local z, y = genai.randn(5, 20, { rng = genai.rng(1, "z") }), genai.randn(5, 64, { rng = genai.rng(1, "y") })
  local relu = function(x) return x:maximum(0) end
  tools.golden("mnist-vae-gan vae", "decoder in plain products", vae():decode(z):view(5, 784) - plain(z, "vae.safetensors", { "fc3", "fc4" }, relu, function(x) return 1 / (1 + (-x):exp()) end), 1e-5)
  tools.golden("mnist-vae-gan gan", "generator in plain products", gan():decode(y):view(5, 784) - plain(y, "G.safetensors", { "0", "2", "4" }, relu, function(x) return (x:tanh() + 1) / 2 end), 1e-5)
  local mean, spread = vae():encode(vae():decode(z))
  tools.golden("mnist-vae-gan vae", "encoder in plain products", mean - plain(vae():decode(z):view(5, 784), "vae.safetensors", { "fc1", "fc21" }, relu, function(x) return x end), 1e-4)
  assert(spread:max():item() < 0.5, "the encoder is less sure than the prior")
end

-- Digits are strokes on dark.
local function strokes(x)
  local dark, bright = x:lt(0.2):to "f32":mean { 2, 3 }, x:gt(0.6):to "f32":mean { 2, 3 }
  return dark:gt(0.6):logical_and(bright:gt(0.02)):logical_and(bright:lt(0.35)):to "f32":mean():item()
end

function tests.samples()
  local a, z = vae():sample(100, { seed = 2, spread = 0.9 })
  local b = gan():sample(100, { seed = 2 })
  assert(strokes(a) > 0.75 and strokes(b) > 0.9, ("%g %g"):format(strokes(a), strokes(b)))
  assert(a:equal(vae():sample(100, { seed = 2, spread = 0.9 })) and not a:equal(vae():sample(100, { seed = 3, spread = 0.9 })))
  local mean = vae():encode(a)                                                -- there and back: a digit finds itself among a hundred
  local nearest = vae():decode(mean):view(100, 784):cdist(a:view(100, 784)):argmin(2)
  assert(nearest:eq(genai.arange(100, { dtype = "i32" })):to "f32":mean():item() > 0.95)
  assert(mean:sub(z):square():mean():item() < z:square():mean():item(), "latents come back nearer than nothing")
end

function tests.walks()
  for _, model in ipairs { vae(), gan() } do
    local _, z = model:sample(3, { seed = 4 })
    local list = model:walk(z, { steps = 6 })
    local stops = model:decode(z)
    assert(#list == 13)
    for i = 1, 3 do assert((list[1 + 6 * (i - 1)]:tensor()[1] - stops[i]):abs():max():item() < 1e-4) end
    assert(#model:walk(3, { seed = 4, steps = 6 }) == 13 and model:walk(2, { steps = 1, along = "line" })[2].width == 28)
    assert(model:grid(nil, { steps = 5 }).width == 140)
  end
end

function tests.refusals()
  local model = vae()
  fails("wanted f32[n,20]", model.decode, model, genai.zeros(2, 64))
  fails("wanted the variant vae", gan().encode, gan(), genai.zeros(28, 28))
  fails("wanted f32[n,28,28]", model.encode, model, genai.zeros(3, 27))
  fails("n is 0", model.sample, model, 0)
  fails("along is \"moon\"", model.walk, model, 2, { along = "moon" })
  fails("two or more latents", model.walk, model, genai.zeros(1, 20))
  fails("wanted latents f32[4,20]", model.grid, model, genai.zeros(3, 20))
  fails("wanted vae or gan", genai.models.mnist_vae_gan.load, folder, "flow")
  local bad = genai.tmpdir() .. "/vae.safetensors"
  genai.nn.save(bad, { ["fc1.weight"] = genai.zeros(400, 783) })
  fails("\"fc1.weight\" is [400,783], wanted [400,784]", genai.models.mnist_vae_gan.load, bad)
end

return tests
