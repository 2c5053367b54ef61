-- fast-style and arbitrary-style beside their references; strips beside whole pictures, for all three nets that stylizer runs.
local genai = require "genai"
local core = require "genai.core"
local stylizer = require "genai.models.stylizer"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails, golden = tools.fails, tools.golden
local folder, any = tools.weights("arbitrary-style", genai.models.arbitrary_style.load)
local _, fast = tools.weights("fast-style", genai.models.fast_style.load)
local _, style26 = tools.weights("style26", genai.models.style26.load)

local function style_picture(name) return genai.load(tools.assets .. "/test-images/st_" .. name .. ".jpg") end

function tests.style_vectors()                             -- the reference decodes JPEG with another library: up to 3 of 255
  for _, name in ipairs { "udnie", "bricks", "red_circles", "zigzag" } do
    local want = genai.load(folder .. "/golden_stylevec_" .. name .. ".npy"):view(-1)
    golden("arbitrary-style", "style of " .. name .. ", of the largest number", ((any():style(style_picture(name)) - want):abs():max() / want:abs():max()):item(), 1e-3)
  end
end

function tests.transfer()
  local content, want = genai.load(folder .. "/golden_content_384.png"), genai.load(folder .. "/golden_chicago_udnie_384.png")
  local style = genai.load(folder .. "/golden_stylevec_udnie.npy"):view(-1)
  golden("arbitrary-style", "golden_chicago_udnie_384.png, mean of 255", tools.picture_difference(any()(content, style), want), 0.6)
end

-- Blocks that loading leaves behind stay in the process: the grids are fitted a few channels at a time.
function tests.loading_takes_little_more_than_the_weights()
  any()
  collectgarbage()
  core.memory(true)
  local model <const> = genai.models.arbitrary_style.load(tools.assets .. "/arbitrary-style")
  local live, peak = core.memory()
  assert(peak - live < 8 << 20 and model.layers, ("%d live, %d at most"):format(live, peak))
end

function tests.fast_style()
  local t = core.safetensors_load "tests/golden/fast_style.safetensors"
  golden("fast-style", "a random picture in PyTorch", fast()(t.x) - t.y, 1e-3)
end

function tests.styles_mix()
  local m, x = any(), genai.rand(3, 24, 28, { rng = genai.rng(1, "x") })
  local a, b = m:style(style_picture "bricks"), m:style(style_picture "zigzag")
  assert(m(x, { { a, 1 }, { b, 3 } }):close(m(x, a * 0.25 + b * 0.75), 1e-5))
  assert(m(x, style_picture "bricks"):equal(m(x, a)) and m(x, { { style_picture "bricks", 2 } }):close(m(x, a), 1e-5))
  local image = m(genai.image.from(x), a)
  assert(image.width == 28 and image.recipe.kind == "arbitrary-style" and #image.recipe.style == 100)
  fails("the list of styles is empty", m, x, {})
  fails("0 or more", m, x, { { a, -1 } })
  fails("all weights are 0", m, x, { { a, 0 } })
  fails("wanted 100", m, x, genai.zeros(7))
  fails("f32[3,height,width]", m, genai.zeros(1, 8, 8), a)
  fails("strength", fast(), x, { strength = 2 })
  fails("Variable", genai.models.fast_style.load, tools.assets .. "/arbitrary-style/transfer.safetensors")
end

-- Strips of a few rows, at sizes that they do not divide: what the whole picture gives, and memory for strips alone.
function tests.strips()
  local style = any():style(style_picture "udnie")
  local nets = { { any(), style }, { function(x, _, options) return fast()(x, options) end }, { style26(), { [3] = 1, [19] = 2 } } }
  local whole, strip = stylizer.WHOLE_MB, stylizer.STRIP_MB
  for i, net in ipairs(nets) do
    for _, size in ipairs { { 203, 131 }, { 96, 61 }, { 13, 300 } } do
      local x = genai.rand(3, size[1], size[2], { rng = genai.rng(i, "x") })
      local want, calls = net[1](x, net[2]), 0
      stylizer.WHOLE_MB, stylizer.STRIP_MB = 0.001, 0.1
      local fine, got = pcall(net[1], x, net[2], { progress = function(share) assert(share > 0 and share <= 1) calls = calls + 1 end })
      stylizer.WHOLE_MB, stylizer.STRIP_MB = whole, strip
      assert(fine, got)
      if i < 3 or size[1] == 203 then golden("strips", ("net %d, %d x %d"):format(i, size[1], size[2]), got - want, 1e-3) end
      assert(calls > 3)
    end
  end
end

-- A picture of 1.5 million pixels (18 MB): under a limit on all that the process takes, strips paint it and the whole does not fit.
function tests.large_pictures_need_little_memory()
  any() fast() style26()
  local function run(name, limit, call, whole)
    local code = ('local genai = require "genai" local s = genai.models.stylizer s.WHOLE_MB, s.STRIP_MB = %d, 24 ' ..
      'print(genai.model "%s"(genai.rand(3, 1024, 1536)%s).shape[3])'):format(whole, name, call)
    local pipe = io.popen(("GENAI_MODELS='%s' '%s' --memory-limit %dM -e '%s' 2>&1"):format(tools.assets, tools.binary, limit, code))
    local text = pipe:read "a"
    pipe:close()
    return text
  end
  for _, case in ipairs { { "style26", 130, ", 19" }, { "fast-style", 210, "" }, { "arbitrary-style", 130, ", genai.zeros(100)" } } do
    local name, limit, call = table.unpack(case)
    local strips, whole = run(name, limit, call, 1), run(name, limit, call, 4096)
    assert(strips == "1536\n", name .. ": " .. strips)
    assert(whole:find "out of memory", name .. ": " .. whole)
  end
end

return tests
