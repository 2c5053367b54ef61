-- style26 beside pictures made by a float32 reference run; mixes, sizes, refusals.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, painter = tools.weights("style26", genai.models.style26.load)

local function goldens(name, styles)
  local input = genai.load(folder .. "/golden_input_128x96.png")
  local painted, wanted = painter()(input, styles), genai.load(folder .. "/" .. name)
  assert(painted.width == 128 and painted.height == 96)
  tools.golden("style26", name .. ", mean of 255", tools.picture_difference(painted, wanted), 0.51)
  local theirs = core.image_bytes(wanted:tensor()):to "f32"
  local rounded = (core.image_bytes(painted:tensor()):to "f32" - theirs):abs()
  assert(rounded:max():item() <= 1)
  local cut = ((painted:tensor() * 255):floor():permute(2, 3, 1) - theirs):abs():mean():item()       -- the reference cuts where we round
  tools.golden("style26", name .. ", cut instead of rounded", cut, 0.05)
end

function tests.golden_style() painter() goldens("golden_style19.png", { [19] = 1 }) end
function tests.golden_blend() painter() goldens("golden_blend_0_19.png", { [0] = 0.5, [19] = 0.5 }) end

function tests.mixes()
  local paint, x = painter(), genai.rand(3, 16, 24, { rng = genai.rng(1, "x") })
  local list = {}
  for i = 1, 26 do list[i] = 0 end
  list[20] = 3
  assert(paint(x, 19):equal(paint(x, { [19] = 7 })) and paint(x, list):equal(paint(x, 19)))      -- shares; a list counts from style 0
  assert(paint(x, { [3] = 1, [8] = 1 }):equal(paint(x, { [8] = 2, [3] = 2, [4] = 0 })))
  assert(not paint(x, { [3] = 1, [8] = 1 }):equal(paint(x, 3)))
end

function tests.any_size()
  local paint = painter()
  for _, size in ipairs { { 1, 1 }, { 5, 30 }, { 13, 18 }, { 96, 131 } } do
    local y = paint(genai.rand(3, size[1], size[2]), 5)
    assert(y.shape[2] == size[1] and y.shape[3] == size[2] and y:isfinite():all():item() == 1 and y:max():item() <= 1)
  end
  local x = genai.rand(3, 24, 28, { rng = genai.rng(2, "x") })
  assert(paint(x, 1):slice(3, 1, 12):close(paint(x:slice(3, 1, 28), 1):slice(3, 1, 12)))
end

function tests.refusals()
  local paint, x = painter(), genai.zeros(3, 16, 16)
  fails("0..25", paint, x, { [26] = 1 })
  fails("0..25", paint, x, { ink = 1 })
  fails("0 or more", paint, x, { [1] = -1 })
  fails("at least one", paint, x, {})
  fails("f32[3,height,width]", paint, genai.zeros(1, 8, 8), 1)
  local path = genai.tmpdir() .. "/bad.safetensors"
  genai.nn.save(path, { ["contract/conv1/weights"] = genai.zeros(9, 9, 4, 32) })
  fails("contract/conv1/weights", genai.models.style26.load, path)
end

return tests
