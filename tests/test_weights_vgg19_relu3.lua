-- vgg19-relu3 beside its goldens; tiles beside the whole; what whitening and colouring must do; style by optimisation.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails, golden = tools.fails, tools.golden
local vgg = genai.models.vgg19_relu3
local folder, net = tools.weights("vgg19-relu3", vgg.load)

local function stored(name) return genai.load(folder .. "/" .. name .. ".npy") end
local function picture(name) return stored(name):view(3, 48, 64) end
local function random(seed, h, w) return genai.rand(3, h, w, { rng = genai.rng(seed, "x") }) end

function tests.goldens()
  local model = net()
  local seen = model:encode(picture "golden_input_rgb01_1x3x48x64")
  golden("vgg19-relu3", "golden_relu3_1.npy", seen - stored "golden_relu3_1", 1e-3)
  golden("vgg19-relu3", "golden_recon.npy", model:decode(seen) - picture "golden_recon", 1e-3)
  golden("vgg19-relu3", "golden_adain.npy", model:decode(model:adain(seen, model:encode(picture "golden_style_rgb01"))) - picture "golden_adain", 1e-3)
end

-- A photograph comes back. (Of the goldens' small one, 22.6 dB are left in the reference itself.)
function tests.reconstruction()
  local model, x = net(), genai.load(tools.assets .. "/test-images/chicago.jpg"):resize(256):tensor()
  for level, least in ipairs { 29, 32, 26.5 } do
    local y = model:decode(model:encode(x, level), level):clamp(0, 1):slice(2, 1, x.shape[2])
    local db = -10 * math.log((y - x):square():mean():item(), 10)
    assert(db > least, ("level %d: %.2f dB"):format(level, db))
  end
end

function tests.features()
  local model, x = net(), random(1, 24, 32):view(1, 3, 24, 32)
  local f = model:features(x, { "relu1_1", "relu2_1", "relu3_1" })
  for level = 1, 3 do assert(f[("relu%d_1"):format(level)]:close(model:encode(x:view(3, 24, 32), level), 1e-4)) end
  x:requires_grad_()
  local slope = genai.grad(model:features(x, { "relu3_1" }).relu3_1:mean(), x)
  assert(slope.shape[3] == 24 and slope:abs():max():item() > 0)
  fails("there is no \"relu9\"", model.features, model, x, { "relu9" })
end

function tests.tiles()
  local model, x, style, tile = net(), random(2, 150, 118), random(3, 40, 56), vgg.TILE
  for level = 1, 3 do
    local seen = model:encode(x, level)
    local painted = model:decode(seen, level)
    vgg.TILE = 32
    local fine, text = pcall(function()
      golden("tiles", "encode, level " .. level, model:encode(x, level) - seen, 1e-3)
      golden("tiles", "decode, level " .. level, model:decode(seen, level) - painted, 1e-3)
    end)
    vgg.TILE = tile
    assert(fine, text)
  end
  local whole = model(x, style, { levels = { 2 } })
  vgg.TILE = 32
  local fine, parts = pcall(model, x, style, { levels = { 2 } })
  vgg.TILE = tile
  assert(fine, parts)
  golden("tiles", "whitening and colouring", parts - whole, 1e-3)
  assert(whole.shape[2] == 150 and whole.shape[3] == 118)
end

local function covariance(f)
  local x = f:reshape(f.shape[2], -1)
  x = x - x:mean(2, { keep = true })
  return x:matmul(x:transpose(1, 2)) / (x.shape[2] - 1)
end

function tests.colours()
  local model = net()
  local a, b = model:encode(random(4, 64, 96), 1), model:encode(genai.load(tools.assets .. "/test-images/st_bricks.jpg"), 1)
  local y = model:wct(a, b)
  local want = covariance(b)
  assert((covariance(y) - want):norm():item() < 0.02 * want:norm():item())
  assert((y:mean { 3, 4 } - b:mean { 3, 4 }):abs():max():item() < 1e-2)
  local image = model(genai.image.from(random(5, 30, 41)), genai.image.from(random(6, 20, 20)), { method = "adain", levels = { 3 } })
  assert(image.width == 41 and image.height == 30 and image.recipe.method == "adain")
end

function tests.paint()
  local model, content, style = net(), genai.load(tools.assets .. "/test-images/beach.jpg"), genai.load(tools.assets .. "/test-images/st_zigzag.jpg")
  for _, optimiser in ipairs { "lbfgs", "adam" } do
    local losses, steps = {}, {}
    local function progress(picture, step, loss)
      assert(picture.width == 48 and picture:tensor():min():item() >= 0)
      losses[#losses + 1], steps[#steps + 1] = loss, step
    end
    local function run(f) return model:paint(content, style, { size = 48, steps = 12, every = 4, passes = 1, optimiser = optimiser, start = "noise", progress = f }) end
    local image = run(progress)
    assert(#steps == 3 and steps[1] == 4 and steps[3] == 12)
    assert(losses[3] < 0.7 * losses[1], ("%s: %g to %g"):format(optimiser, losses[1], losses[3]))
    assert(image.recipe.kind == "gatys" and image.width == 48 and run():tensor():equal(image:tensor()))
  end
  fails("wanted lbfgs or adam", model.paint, model, content, style, { optimiser = "luck" })
  fails("steps is 0", model.paint, model, content, style, { steps = 0 })
  fails("a weight, 0 or more", model.paint, model, content, style, { style = -1 })
  fails("unknown option", model.paint, model, content, style, { stepps = 3 })
end

function tests.mixed_styles()
  local model, x = net(), random(8, 24, 32)
  local a, b = random(9, 20, 20) * 0.3, random(10, 28, 16)
  for _, method in ipairs { "adain", "wct" } do
    local function run(style) return model(x, style, { method = method, levels = { 2 }, strength = 1 }) end
    assert(run { { a, 5 } }:equal(run(a)) and run { { a, 2 }, { b, 0 } }:equal(run(a)))
    assert(run { { a, 1 }, { b, 3 } }:equal(run { { a, 2 }, { b, 6 } }))
    local middle, one, other = run { { a, 1 }, { b, 1 } }, run(a), run(b)
    local apart = (one - other):norm():item()
    assert((middle - one):norm():item() < 0.8 * apart and (middle - other):norm():item() < 0.8 * apart)
  end
  local seen = model:encode(x, 2)
  local y = (model:adain(seen, model:encode(a, 2)) + model:adain(seen, model:encode(b, 2)) * 3) / 4
  golden("vgg19-relu3", "AdaIN of two styles, as Huang and Belongie", model(x, { { a, 1 }, { b, 3 } }, { method = "adain", levels = { 2 }, strength = 1 }) - model:decode(y, 2):clamp(0, 1), 1e-5)
  local o = { size = 32, steps = 4, passes = 1 }
  local image = model:paint(x, { { a, 1 }, { b, 3 } }, o)
  assert(image.recipe.shares[2] == 0.75 and model:paint(x, { { a, 3 }, { b, 0 } }, o):tensor():equal(model:paint(x, a, o):tensor()))
  assert(not image:tensor():equal(model:paint(x, a, o):tensor()))
  fails("the list of styles is empty", model, x, {})
  fails("entry 2 of the styles has the weight -1", model, x, { { a, 1 }, { b, -1 } })
  fails("add up to 0", model.paint, model, x, { { a, 0 } })
end

-- What a script can do with progress: stop.
function tests.paint_stops()
  local model, x, calls = net(), random(11, 24, 24), 0
  fails("enough", model.paint, model, x, x, { size = 24, steps = 50, every = 2, progress = function() calls = calls + 1 if calls == 2 then error "enough" end end })
  assert(calls == 2 and genai.ones(1):requires_grad_() * 2)
end

function tests.refusals()
  local model, x = net(), random(7, 16, 16)
  fails("level is 4", model.encode, model, x, 4)
  fails("f32[1,256,height,width]", model.decode, model, genai.zeros(1, 3, 4, 4))
  fails("wanted wct or adain", model, x, x, { method = "oil" })
  fails("strength", model, x, x, { strength = 2 })
  fails("f32[3,height,width]", model, genai.zeros(1, 8, 8), x)
  local path = genai.tmpdir() .. "/bad.safetensors"
  genai.nn.save(path, { ["vgg_normalised_conv1_1.0.weight"] = genai.zeros(3, 3, 3, 3) })
  fails("vgg_normalised_conv1_1.0.weight", vgg.load, path)
end

return tests
