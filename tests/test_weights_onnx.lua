-- ONNX networks of the assets beside onnxruntime and PyTorch.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local ops = core.ops
local goldens = "tests/golden/nets.safetensors"

local _, pitch = tools.weights("basic-pitch", function(folder) return genai.onnx.load(folder .. "/nmp.onnx") end)
local _, larger = tools.weights("superres", function(folder) return genai.onnx.load(folder .. "/super_resolution.onnx") end)
local _, squeeze = tools.weights("squeezenet11-fp16", function(folder) return genai.onnx.load(folder .. "/SqueezeNet_fp16.onnx") end)

local function compare(network, y, name)
  local wanted = genai.load(goldens)[name]
  local thin = y:reshape(-1):slice(1, 1, -1, 31)
  assert(#thin == #wanted)
  tools.golden(network, name, thin - wanted, 1e-4)
end

function tests.basic_pitch()
  local net = pitch()
  local i = ops.arange(43844)
  local out = net { ["serving_default_input_2:0"] = ((i * 37 % 101 + (i / 700):floor() % 5 * 20) / 200 - 0.4):view(1, -1, 1) }
  for _, v in ipairs(net.outputs) do compare("basic-pitch (ONNX)", out[v.name], "pitch." .. v.name) end
end

function tests.super_resolution()
  local net = larger()
  local row, column = ops.arange(224):view(-1, 1) * 0.1, ops.arange(224) * 0.07
  local out = net((((row + column):sin() + 1) * 0.5):view(1, 1, 224, 224))
  assert(out["27"].shape[4] == 672)
  compare("super_resolution (ONNX)", out["27"], "superres.27")
end

function tests.squeezenet_is_half_precision()
  local net = squeeze()
  assert(net.inputs[1].type == "float16" and #net.inputs == 1 and net.opset == 7)
  local y = net(ops.zeros(1, 3, 224, 224)).softmaxout_1
  assert(y.dtype == "f16" and y.shape[2] == 1000 and math.abs(y:sum():item() - 1) < 0.02)
  tools.fails("wanted float16[1,3,224,224]", net, ops.zeros(1, 3, 100, 100))
end

-- What is written of a function that calls a loaded net is that net again.
function tests.saved_again()
  for _, case in ipairs { { pitch, 1, 43844, 1 }, { larger, 1, 1, 224, 224 }, { squeeze, 1, 3, 224, 224 } } do
    local net, path, x = case[1](), genai.tmpdir() .. "/again.onnx", ops.rand(table.unpack(case, 2))
    local name = net.outputs[1].name
    genai.onnx.save(path, function(v) return net(v)[name] end, x)
    local wanted, found = net(x)[name], genai.onnx.load(path)(x).output
    assert(found.dtype == wanted.dtype and found:to("f32"):close(wanted:to "f32", { rtol = 1e-4, atol = 1e-5 }), name)
  end
end

return tests
