-- ddpm-mnist beside a reference run; samples by both samplers; seeds, refusals.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local nets = {}
local folder, any = tools.weights("ddpm-mnist", function() return true end)

local function net(variant)
  any()
  nets[variant] = nets[variant] or genai.models.ddpm_mnist.load(folder, variant)
  return nets[variant]
end

local function goldens(variant, name)
  local x = genai.load(folder .. "/golden_x.npy"):view(1, 1, 28, 28)
  for _, t in ipairs { 10, 500, 999 } do
    local file = ("golden_%s_eps_t%d.npy"):format(name, t)
    tools.golden("ddpm-mnist " .. variant, file, net(variant)(x, t):view(28, 28) - genai.load(folder .. "/" .. file):view(28, 28), 1e-5)
  end
end

function tests.golden_digits() goldens("digits", "mnist") end
function tests.golden_fashion() goldens("fashion", "fashion") end

function tests.a_tensor_of_timesteps()
  local x, model = genai.randn(3, 1, 28, 28, { rng = genai.rng(1, "x") }), net "digits"
  local y = model(x, genai.tensor({ 7, 400, 999 }, { dtype = "i32" }))
  for i, t in ipairs { 7, 400, 999 } do assert((y[i] - model(x, t)[i]):abs():max():item() < 1e-4) end
end

-- Digits are strokes on dark: most of the picture dark, some of it bright, whichever way they were made.
local function strokes(x)
  local dark, bright = x:lt(0.2):to "f32":mean { 2, 3 }, x:gt(0.6):to "f32":mean { 2, 3 }
  assert(x:min():item() == 0 and x:max():item() <= 1)
  return dark:gt(0.6):logical_and(bright:gt(0.02)):logical_and(bright:lt(0.35)):to "f32":mean():item()
end

function tests.samples()
  local model = net "digits"
  local steps = 0
  local ddim = model:sample(24, { seed = 3, sampler = "ddim", steps = 20, progress = function() steps = steps + 1 end })
  assert(steps == 20 and strokes(ddim) >= 0.9, strokes(ddim))
  local ddpm = model:sample(12, { seed = 3, steps = 100 })
  assert(strokes(ddpm) >= 0.9, strokes(ddpm))
  assert(strokes(genai.rand(8, 28, 28) * genai.linspace(0, 1, 28)) < 0.5)      -- the measure sees noise
end

function tests.seeds_and_pictures()
  local model, short = net "fashion", { seed = 4, sampler = "ddim", steps = 3 }
  local a = model:sample(2, short)
  assert(a:equal(model:sample(2, short)) and not a:equal(model:sample(2, { seed = 5, sampler = "ddim", steps = 3 })))
  assert(not model:sample(2, { seed = 4, steps = 3 }):equal(a))
  local list = model:draw(2, { seed = 4, sampler = "ddim", steps = 3, scale = 2 })
  assert(#list == 2 and list[1].width == 56 and list[2].recipe.number == 2 and list[2].recipe.variant == "fashion")
end

function tests.refusals()
  local model = net "digits"
  fails("x is [1,28,28], wanted f32[n,1,28,28]", model, genai.zeros(1, 28, 28), 3)
  fails("timestep 1000", model, genai.zeros(1, 1, 28, 28), 1000)
  fails("n is 0", model.sample, model, 0)
  fails("sampler is \"euler\"", model.sample, model, 1, { sampler = "euler" })
  fails("unknown option \"stpes\"", model.draw, model, 1, { stpes = 3 })
  fails("wanted digits or fashion", genai.models.ddpm_mnist.load, folder, "shoes")
  local bad = genai.tmpdir() .. "/bad.safetensors"
  genai.nn.save(bad, { ["time_embed.weight"] = genai.zeros(1000, 99) })
  fails("\"time_embed.weight\" is [1000,99], wanted [1000,100]", genai.models.ddpm_mnist.load, bad)
end

return tests
