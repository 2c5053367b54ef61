-- superres: how much nearer than bicubic it comes to a photograph that was halved; tiles without seams; sizes, refusals.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local nets = {}
local folder, any = tools.weights("superres", function() return true end)
local photos = folder .. "/../test-images/"

local function net(variant)
  any()
  nets[variant] = nets[variant] or genai.models.superres.load(folder, variant)
  return nets[variant]
end

local function psnr(a, b) return -10 * math.log((genai.image.from(a):tensor():clamp(0, 1) - b:tensor()):square():mean():item(), 10) end

-- Decibels of bicubic and of a net on a photograph made `scale` times smaller, both kept in bytes as a file keeps them.
local function against_bicubic(variant, photo)
  local enlarge, whole = net(variant), genai.load(photos .. photo)
  local s = enlarge.scale
  whole = whole:crop(1, 1, whole.width // s * s, whole.height // s * s)
  local function bytes(picture) return genai.image.from(((picture:tensor():clamp(0, 1) * 255):round() / 255)) end
  local small = bytes(whole:resize(whole.width // s, whole.height // s))
  return psnr(bytes(small:resize(whole.width, whole.height)), whole), psnr(bytes(enlarge(small)), whole)
end

-- Figures of a float32 reference run on the same photographs.
local function figures(variant, photo, bicubic, wanted)
  local before, after = against_bicubic(variant, photo)
  tools.golden("superres " .. variant, ("%s made smaller: bicubic %.2f dB, net %.2f dB"):format(photo, before, after), math.max(math.abs(after - wanted), math.abs(before - bicubic)), 0.02)
end

function tests.photograph_beach() figures("photo", "beach.jpg", 25.66, 26.60) end
function tests.photograph_bridge() figures("photo", "golden_gate.jpg", 26.30, 27.23) end
function tests.photograph_town() figures("photo", "chicago.jpg", 28.63, 30.43) end

function tests.art() figures("art", "st_udnie.jpg", 31.33, 35.35) end
function tests.sharp_times_two() figures("esrgan-x2", "beach.jpg", 25.66, 25.53) end    -- trained to look sharp: below bicubic in decibels
function tests.sharp_times_four() figures("esrgan-x4", "beach.jpg", 23.52, 23.41) end

function tests.espcn_brightness()
  local before, after = against_bicubic("espcn-x3", "chicago.jpg")
  tools.golden("superres espcn-x3", ("chicago.jpg made smaller: bicubic %.2f dB, net %.2f dB, wanted 0.4 more"):format(before, after), math.max(0, before + 0.4 - after), 0)
end

function tests.tiles_have_no_seams()
  for _, variant in ipairs(genai.models.superres.variants) do
    local enlarge, x = net(variant), genai.rand(3, 83, 70, { rng = genai.rng(1, "x") })
    local whole, tiles, calls = enlarge(x, { tile = 4096 }), nil, 0
    tiles = enlarge(x, { tile = 24, progress = function(done, all) calls = calls + 1 assert(done == calls and all == 12) end })
    assert(calls == 12)
    tools.golden("superres " .. variant, "twelve tiles beside one", whole - tiles, 2e-5)
  end
end

function tests.sizes_and_pictures()
  for _, variant in ipairs { "photo", "esrgan-x4", "espcn-x3" } do
    local enlarge = net(variant)
    for _, size in ipairs { { 1, 1 }, { 1, 9 }, { 3, 2 }, { 17, 40 } } do
      local y = enlarge(genai.rand(3, size[1], size[2]), { tile = 16 })
      assert(y.shape[2] == enlarge.scale * size[1] and y.shape[3] == enlarge.scale * size[2] and y:isfinite():all():item() == 1)
    end
  end
  local grey = genai.image.from(genai.full({ 1, 20, 30 }, 0.4))
  grey.alt = "grey"
  local larger = net "photo"(grey)
  assert(larger.width == 60 and larger.height == 40 and larger.alt == "grey" and larger.recipe.variant == "photo" and tools.picture_difference(larger, genai.full({ 3, 40, 60 }, 0.4)) < 3)
  local clear = genai.image.from(genai.cat({ genai.ones(3, 8, 8), genai.full({ 1, 8, 8 }, 0.5) }, 1))
  assert(net "photo"(clear):alpha().shape[2] == 16)
end

function tests.memory_is_bounded()
  local enlarge = net "photo"
  local function peak(h)
    collectgarbage() collectgarbage()
    local before = core.memory(true)
    enlarge(genai.zeros(3, h, 128), { tile = 64 })
    return select(2, core.memory()) - before
  end
  peak(64)
  local small = peak(128)
  assert(peak(512) < small + 3 * 4 * 4 * 512 * 128 + (8 << 20), "memory grows with the picture")
end

function tests.refusals()
  local enlarge = net "photo"
  fails("wanted f32[3,height,width]", enlarge, genai.zeros(1, 4, 4))
  fails("wanted at most 16384 pixels a side", enlarge, genai.image.from(genai.zeros(1, 1, 1):expand(3, 1, 16385)))
  fails("tile is 3", enlarge, genai.zeros(3, 4, 4), { tile = 3 })
  fails("unknown option \"tiles\"", enlarge, genai.zeros(3, 4, 4), { tiles = 3 })
  fails("variant is \"x8\", wanted one of: photo", genai.models.superres.load, folder, "x8")
  local bad = genai.tmpdir() .. "/bad.safetensors"
  genai.nn.save(bad, { ["conv1_layer.weight"] = genai.zeros(16, 4, 3, 3) })
  fails("\"conv1_layer.weight\" is [16,4,3,3], wanted [16,3,3,3]", genai.models.superres.load, bad)
  genai.nn.save(bad, { ["SR/kernel"] = genai.zeros(3, 3, 13, 3) })
  fails("has 13 inputs", genai.models.superres.load, bad)
end

return tests
