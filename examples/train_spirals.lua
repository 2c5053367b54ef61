-- A net learns to tell two spirals apart, and draws what it knows while it learns: genai examples/train_spirals.lua [-o spirals.png]
-- test: -o spirals.png
local genai = require "genai"
local nn, optim = genai.nn, genai.optim
local out = arg[1] == "-o" and arg[2] or "spirals.png"
genai.seed(1)

local function spirals(n)                                                -- points f[n,2], sides f[n,1] (0 or 1)
  local turn, side = genai.rand(n, 1) * 3 + 0.5, genai.rand(n, 1):gt(0.5):to "f32"
  local angle = turn * 2 + side * math.pi
  return genai.cat({ turn * angle:cos(), turn * angle:sin() }, 2) + genai.randn(n, 2) * 0.05, side
end

local model = nn.chain { nn.linear(2, 64), nn.silu, nn.linear(64, 64), nn.silu, nn.linear(64, 1) }
local adam = optim.adam(model, { lr = 1e-2 })
print(model, nn.count(model) .. " weights")

local SIZE = 160
local across = genai.linspace(-4, 4, SIZE)
local grid = genai.stack({ across:view(1, SIZE):expand(SIZE, SIZE), across:view(SIZE, 1):expand(SIZE, SIZE) }, 3):reshape(-1, 2)
local orange, blue, white = genai.tensor { 0.95, 0.55, 0.2 }, genai.tensor { 0.2, 0.45, 0.8 }, genai.tensor { 1, 1, 1 }
local function draw(points)                                              -- what the net thinks of every place, and the points in white
  local belief = model(grid):sigmoid():view(1, SIZE, SIZE)
  local picture = orange:view(3, 1, 1) * belief + blue:view(3, 1, 1) * (1 - belief)
  local at = ((points + 4) / 8 * (SIZE - 1)):round():clamp(0, SIZE - 1):to "i32"
  local where = at:slice(2, 2, 2) * SIZE + at:slice(2, 1, 1)
  local dots = genai.zeros(SIZE * SIZE):index_add(1, where:view(-1), genai.ones(#points)):clamp(0, 1):view(1, SIZE, SIZE)
  return genai.image.from(picture + (white:view(3, 1, 1) - picture) * dots)
end

local x, y = spirals(400)
local frames = {}
for step = 0, 500 do
  if step % 100 == 0 then frames[#frames + 1] = genai.no_grad(draw, x) end
  local loss = adam:step(function() return model(x):bce_with_logits(y) end)
  if step % 100 == 0 then print(("step %3d   loss %.4f"):format(step, loss)) end
end
genai.image.grid(frames, { columns = 3 }):save(out)
