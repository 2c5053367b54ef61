-- taef2 beside a float32 reference run; sizes, fades, refusals.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, auto = tools.weights("taef2", genai.models.taef2.load)
local function golden(name)
  local x = genai.load(folder .. "/golden_" .. name .. ".npy")
  return x:dim() == 4 and x or x:view(1, table.unpack(x.shape))
end
local function psnr(a, b) return -10 * math.log((a - b):square():mean():item(), 10) end

function tests.golden_latent() tools.golden("taef2", "golden_latent.npy", auto():encode(golden "input") - golden "latent", 1e-4) end

function tests.golden_recon()
  tools.golden("taef2", "golden_recon.npy", auto():decode(golden "latent") - golden("recon"):clamp(0, 1), 1e-4)
  local before, after = psnr(golden "recon", golden "input"), psnr(auto():decode(auto():encode(golden "input")), golden "input")
  tools.golden("taef2", ("there and back: %.2f dB, the reference's %.2f"):format(after, before), math.abs(after - before), 0.01)
end

function tests.photograph()
  local picture = genai.load(folder .. "/../test-images/golden_gate.jpg")
  local decibels = psnr(auto():decode(auto():encode(picture))[1], picture:tensor())
  tools.golden("taef2", ("golden_gate.jpg there and back: %.2f dB"):format(decibels), math.abs(decibels - 26), 0.3)
end

function tests.any_size()
  local model, picture = auto(), genai.picture("a red house by the sea", { width = 75, height = 50 })
  local z = model:encode(picture)
  assert(table.concat(z.shape, ",") == "1,32,7,10")
  local back = model:image(z, { width = 75, height = 50 })
  assert(back.width == 75 and back.height == 50 and psnr(back:tensor(), picture:tensor()) > 20)
  assert(model:encode(genai.rand(2, 3, 8, 8)).shape[1] == 2 and model:encode(genai.zeros(3, 1, 1)):isfinite():all():item() == 1)
end

function tests.fades()
  local model, a, b = auto(), genai.picture("a fox in the snow", { width = 64, height = 48 }), genai.picture("a red boat at sea at night", { width = 64, height = 48 })
  for _, along in ipairs { "line", "arc" } do
    local list = model:fade(a, b, 5, { along = along })
    assert(#list == 5 and list[5].recipe.share == 1)
    local whole, step = tools.picture_difference(list[1], list[5]), 0
    for i = 2, 5 do step = math.max(step, tools.picture_difference(list[i], list[i - 1])) end
    assert(step < 0.7 * whole and tools.picture_difference(list[1], a) < 15 and tools.picture_difference(list[5], b) < 15)
  end
end

function tests.refusals()
  local model = auto()
  fails("wanted f32[3,height,width]", model.encode, model, genai.zeros(4, 8, 8))
  fails("wanted f32[n,32,h,w]", model.decode, model, genai.zeros(1, 16, 2, 2))
  fails("width is 17, wanted 1..16", model.decode, model, genai.zeros(1, 32, 2, 2), { width = 17 })
  local small, large = genai.image.from(genai.zeros(3, 8, 8)), genai.image.from(genai.zeros(3, 8, 16))
  fails("wanted one size", model.fade, model, small, large, 3)
  fails("along is \"road\"", model.fade, model, small, small, 3, { along = "road" })
  genai.nn.save(genai.tmpdir() .. "/taef2_encoder.safetensors", { ["0.weight"] = genai.zeros(64, 4, 3, 3) })
  fails("\"0.weight\" is [64,4,3,3], wanted [64,3,3,3]", genai.models.taef2.load, genai.tmpdir())
end

return tests
