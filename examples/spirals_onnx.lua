-- A net learns two spirals, goes into an ONNX file, comes back, and paints what it knows: genai examples/spirals_onnx.lua [-o spirals.png]
-- test: -o spirals.png
local genai = require "genai"
local nn = genai.nn
local out = arg[1] == "-o" and arg[2] or "spirals.png"
local file = out:gsub("%.%w+$", "") .. ".onnx"
genai.seed(5)

local function spirals(n)                                                -- points f[n,2], which arm f[n,1] (0 or 1)
  local turn, arm = genai.rand(n, 1) * 3 + 0.4, genai.rand(n, 1):gt(0.5):to "f32"
  local angle = turn * 3 + arm * math.pi
  return genai.cat({ turn * angle:cos(), turn * angle:sin() }, 2) + genai.randn(n, 2) * 0.05, arm
end

local model = nn.chain { nn.linear(2, 64), nn.silu, nn.linear(64, 64), nn.silu, nn.linear(64, 1) }
local adam = genai.optim.adam(model, { lr = 1e-2 })
for step = 1, 2000 do
  local loss = adam:step(function(points, arm) return model(points):bce_with_logits(arm) end, spirals(256))
  if step % 500 == 0 then print(("step %d, loss %.4f"):format(step, loss)) end
end

-- The file holds the net, and the colours that belong to what it believes: onnxruntime draws the same picture.
local SIZE, colours = 256, genai.tensor { { 0.13, 0.30, 0.55 }, { 0.98, 0.72, 0.35 } }
local function paint(points)
  local belief = model(points):sigmoid()
  local edge = (belief * (1 - belief) * 4) ^ 2
  return ((1 - belief) * colours[1] + belief * colours[2]) * (1 - 0.6 * edge)
end
local across = genai.linspace(-4, 4, SIZE)
local grid = genai.stack({ across:view(1, SIZE):expand(SIZE, SIZE), across:view(SIZE, 1):expand(SIZE, SIZE) }, 3):reshape(-1, 2)
genai.onnx.save(file, paint, grid, { inputs = { "points" }, outputs = { "colours" } })

local net = genai.onnx.load(file)
print(net)
genai.image.from(net { points = grid }.colours:transpose(1, 2):reshape(3, SIZE, SIZE)):save(out)
print("made " .. file .. " and " .. out)
