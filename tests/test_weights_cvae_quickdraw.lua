-- cvae-quickdraw beside a reference run; words, seeds, morphs, refusals.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, doodles = tools.weights("cvae-quickdraw", genai.models.cvae_quickdraw.load)

function tests.golden()
  local model = doodles()
  local mine = model:decode(genai.zeros(50, 16), model:labels(model.words))
  tools.golden("cvae-quickdraw", "golden_z0_50x1x28x28.npy", mine - genai.load(folder .. "/golden_z0_50x1x28x28.npy"):view(50, 28, 28), 1e-5)
end

local function same(a, b) return (a:tensor() - b:tensor()):abs():max():item() < 1e-4 end

function tests.drawing()
  local model = doodles()
  assert(#model.words == 50)
  local a, b = model:draw("ice cream", { seed = 3 }), model:draw({ "ice_cream", "owl" }, { seed = 3 })
  assert(same(a, b[1]) and a:tensor():equal(model:draw("ice cream", { seed = 3 }):tensor()) and a.width == 112 and #b == 2 and a.recipe.seed == 3)
  assert(not same(a, model:draw("ice cream", { seed = 4 })))
  local plain = model:draw("owl", { spread = 0, scale = 1 })
  assert(plain.width == 28 and plain:tensor():equal(model:draw("owl", { z = genai.zeros(1, 16), scale = 1 }):tensor()))
  assert(model:grid({ "owl", "key", "moon" }, { each = 4, scale = 1 }).height == 3 * 30 + 2)
end

function tests.morphing()
  local model = doodles()
  local way = model:morph("moon", "mushroom", { steps = 9, seed = 2 })
  local ends = model:draw({ "moon", "mushroom" }, { seed = 2 })
  assert(#way == 9 and same(way[1], ends[1]) and same(way[9], ends[2]))
  local whole, step = tools.picture_difference(ends[1], ends[2]), 0
  for i = 2, 9 do step = math.max(step, tools.picture_difference(way[i - 1], way[i])) end
  assert(step < whole, "a step is larger than the whole way")
end

function tests.refusals()
  local model = doodles()
  fails("no word \"dragon\", wanted one of: airplane", model.draw, model, "dragon")
  fails("no words", model.draw, model, {})
  fails("wanted f32[1,16]", model.draw, model, "owl", { z = genai.zeros(3) })
  fails("unknown option \"sede\"", model.draw, model, "owl", { sede = 3 })
  fails("steps is 1", model.morph, model, "owl", "key", { steps = 1 })
  fails("there is no", genai.models.cvae_quickdraw.load, genai.tmpdir())
  local bad = genai.tmpdir() .. "/cvae_quickdraw.safetensors"
  genai.nn.save(bad, { ["dense_5/kernel"] = genai.zeros(67, 783) })
  genai.save(genai.tmpdir() .. "/manifest.json", { labels = { "owl" } })
  fails("\"dense_5/kernel\" is [67,783], wanted [67,784]", genai.models.cvae_quickdraw.load, bad)
  genai.save(genai.tmpdir() .. "/manifest.json", { labels = { "owl", "owl" } })
  fails("label 2 is not a word of its own", genai.models.cvae_quickdraw.load, bad)
end

return tests
