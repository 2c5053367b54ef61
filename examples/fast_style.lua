-- A picture drawn over in one style, from a touch to the full: genai examples/fast_style.lua [PICTURE] [-o OUT.png]
-- test: $ASSETS/test-images/golden_gate.jpg -o drawn.png
-- Without PICTURE a scene is drawn first.
local genai = require "genai"
local picture, out = nil, "drawn.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2 else picture, i = arg[i], i + 1 end
end

local paint = genai.model "fast-style"
local scene = picture and genai.load(picture) or genai.picture("a castle on a hill under clouds at noon", { seed = 4, width = 512, height = 384 })
local sheet = { scene }
for _, strength in ipairs { 0.35, 0.7, 1 } do sheet[#sheet + 1] = paint(scene, { strength = strength }) end
genai.image.grid(sheet, { columns = 2 }):save(out)
print(("%s: %d x %d"):format(out, scene.width, scene.height))
