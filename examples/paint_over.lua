-- A picture painted over in styles that are mixed by weight: genai examples/paint_over.lua [PICTURE] [-o OUT.png]
-- test: -o painted.png
-- Without PICTURE a scene is drawn first.
local genai = require "genai"
local picture, out = nil, "painted.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2 else picture, i = arg[i], i + 1 end
end

local paint = genai.model "style26"
local scene = picture and genai.load(picture) or genai.picture("a lighthouse on a cliff by the sea at dusk", { seed = 5, width = 384, height = 288 })

-- From one style to another in five steps, above; four styles alone and all of them at once, below.
local sheet = { scene }
for step = 0, 4 do sheet[#sheet + 1] = paint(scene, { [19] = 4 - step, [8] = step }) end
for _, style in ipairs { 0, 3, 11, 16, 24 } do sheet[#sheet + 1] = paint(scene, style) end
local all = {}
for style = 0, 25 do all[style] = 1 end
sheet[#sheet + 1] = paint(scene, all)

genai.image.grid(sheet, { columns = 6 }):save(out)
print(("%s: %d pictures of %d x %d"):format(out, #sheet, scene.width, scene.height))
