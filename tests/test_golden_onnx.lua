-- Ops of ONNX files against onnxruntime (tests/golden/make_onnx.py): com.microsoft, quantised numbers, recurrent layers of every kind.
local core = require "genai.core"
local genai = require "genai"
local node = dofile "tests/onnx_node.lua"
local tests = {}

local bytes, at = core.read "tests/golden/onnx.bin", 1
local function take()
  local text
  text, at = string.unpack("<s4", bytes, at)
  return text
end

while at <= #bytes do
  local name, model, files = take(), take(), {}
  for i = 1, tonumber(take()) do files[i] = { take(), take() } end
  tests[name] = function()
    local folder = genai.tmpdir() .. "/" .. name .. "-"
    core.write(folder .. "model.onnx", model)
    for _, file in ipairs(files) do core.write(folder .. file[1], file[2]) end
    node.compare(folder .. "model.onnx", folder)
  end
end

function tests.what_is_not_a_number_is_quantised_to_the_lowest()
  local x, one = genai.tensor { 0 / 0, math.huge, -math.huge, 2.5, 3.5, -1.2, 300 }, genai.ones(1)
  assert(core.ops.quantize(x, one):equal(genai.tensor({ 0, 255, 0, 2, 4, 0, 255 }, { dtype = "u8" })))
  assert(core.ops.quantize(x, one, genai.tensor { -3 }, 0, -128, 127):equal(genai.tensor({ -128, 127, -128, -1, 1, -4, 127 }, { dtype = "i32" })))
  assert(core.ops.quantize(genai.ones(2, 3), genai.tensor { 1, 2, 4 }, nil, 2, 0, 255, true):equal(genai.tensor({ { 1, 2, 4 }, { 1, 2, 4 } }, { dtype = "u8" })))
  local whole = genai.tensor({ { -2147483648, 5 }, { 2147483647, 7 } }, { dtype = "i32" })
  assert(core.ops.dequantize(whole, genai.tensor { 1, 2 }, genai.tensor({ 1, 3 }, { dtype = "i32" }), 2):equal(genai.tensor { { -2147483649, 4 }, { 2147483646, 8 } }))
  local fine, text = pcall(core.ops.quantize, genai.ones(2, 3), genai.ones(2), nil, 2)
  assert(not fine and text:find "2 scales for x f32%[2,3%]", text)
end

return tests
