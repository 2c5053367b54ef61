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

return tests
