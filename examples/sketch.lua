-- Drawings stroke by stroke: genai examples/sketch.lua [bird | bicycle | palm_tree | rabbit] [--seed N] [-o OUT.png]; beside it OUT.svg, which draws itself.
-- test: bird --seed 3 -o sketch.png
local genai = require "genai"
local what, seed, out = "rabbit", 3, "sketch.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else what, i = arg[i], i + 1 end
end
local model, sheet = genai.model("sketch-rnn/" .. what), {}
local look = { width = 128, line = 2.5, margin = 10 }
local function show(d) sheet[#sheet + 1] = d:image(look) end

local rows = {}
for row, temperature in ipairs { 0.1, 0.4, 0.8 } do                         -- rows: bolder and bolder
  rows[row] = model:draw { count = 7, seed = seed + 10 * row, temperature = temperature }
  for _, d in ipairs(rows[row]) do show(d) end
end

-- A person draws a circle (in blue); the net goes on in seven ways.
local circle = {}
for k = 0, 40 do circle[k + 1] = { 40 * math.cos(k / 40 * 2 * math.pi), 40 * math.sin(k / 40 * 2 * math.pi) } end
sheet[#sheet + 1] = genai.drawing.from({ circle }):image { width = 128, line = 2.5, margin = 34, ink = { 0.1, 0.2, 0.8 } }
for k = 1, 6 do show(model:draw { from = { circle }, seed = seed + k, temperature = 0.3 }) end

local a, b = rows[1][3], genai.model("sketch-rnn/" .. (what == "bird" and "rabbit" or "bird")):draw { count = 4, seed = 1, temperature = 0.4 }
for k = 0, 6 do show(a:morph(b[4], k / 6)) end                               -- one drawing becomes another

genai.image.grid(sheet, { columns = 7, gap = 4 }):save(out)
a:save(out:gsub("%.%w+$", "") .. ".svg", { width = 400, seconds = 4 })
print(("%s: %s at three temperatures, gone on with, morphed"):format(out, what))
