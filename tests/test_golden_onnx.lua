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

local models = {}
while at <= #bytes do
  local name, model, files = take(), take(), {}
  models[#models + 1] = model
  for i = 1, tonumber(take()) do files[i] = { take(), take() } end
  tests[name] = function()
    local folder = genai.tmpdir() .. "/" .. name .. "-"
    core.write(folder .. "model.onnx", model)
    for _, file in ipairs(files) do core.write(folder .. file[1], file[2]) end
    node.compare(folder .. "model.onnx", folder)
  end
end

-- Bytes changed at random: a net loads and runs, or says in one line what is wrong; nothing else happens.
local function changed(model, draw)
  for _ = 1, draw(4) do
    local p = draw(#model)
    model = model:sub(1, p - 1) .. string.char(draw(2) == 1 and draw(256) - 1 or model:byte(p) ~ (1 << draw(8) - 1)) .. model:sub(p + 1)
  end
  return model
end

local function numbers_for(net)
  local inputs = {}
  for _, v in ipairs(net.inputs) do
    local dtype, shape, n = require("genai.onnx.types").dtype(v.type), {}, 1
    for d, size in ipairs(v.shape or {}) do
      shape[d] = math.type(size) == "integer" and size or 2
      n = n * shape[d]
    end
    if not dtype or n < 0 or n > 1e5 then return nil end
    inputs[v.name] = core.ops.full(shape, 1, { dtype = dtype })
  end
  return inputs
end

function tests.changed_bytes()
  local state, path, refusals = 7, genai.tmpdir() .. "/changed.onnx", 0
  local function draw(n)
    state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return (state >> 33) % n + 1
  end
  for i = 1, 600 do
    core.write(path, changed(models[draw(#models)], draw))
    core.limit(core.memory() + (256 << 20))
    local fine, net = pcall(genai.onnx.load, path)
    local inputs = fine and numbers_for(net)
    if inputs then fine, net = pcall(net, inputs) end
    core.limit(0)
    refusals = refusals + (fine and 0 or 1)
    assert(fine or type(net) == "string" and not net:find "\n" and not net:find "attempt to" and not net:find "bad argument", "net " .. i .. ": " .. tostring(net))
    if i % 50 == 0 then collectgarbage() end
  end
  assert(refusals > 100 and refusals < 600, refusals .. " of 600 refused")
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
