-- A picture's features take on the colours of another's: genai examples/wct.lua PICTURE STYLE [STYLE..] [-o OUT.png]
-- test: $ASSETS/test-images/golden_gate.jpg $ASSETS/test-images/st_bricks.jpg $ASSETS/test-images/st_udnie.jpg -o coloured.png
-- Above: picture, style, and what VGG alone makes of the picture. Then whitening and colouring in three strengths, and AdaIN in three.
-- Several styles: a last row goes from the first to the second, and mixes all of them.
local genai = require "genai"
local files, out = {}, "coloured.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2 else files[#files + 1], i = arg[i], i + 1 end
end
if #files < 2 then print "usage: genai examples/wct.lua PICTURE STYLE [STYLE..] [-o OUT.png]" os.exit(2) end

local model = genai.model "vgg19-relu3"
local picture, style = genai.load(files[1]), genai.load(files[2])
if picture.width > 384 then picture = picture:resize(384) end

local sheet = { picture, style:resize(picture.width, picture.height), model(picture, style, { strength = 0, levels = { 3 } }) }
for _, method in ipairs { "wct", "adain" } do
  for _, strength in ipairs { 0.4, 0.7, 1 } do sheet[#sheet + 1] = model(picture, style, { method = method, strength = strength }) end
end
if files[3] then
  local second, all = genai.load(files[3]), {}
  for k = 2, #files do all[k - 1] = { genai.load(files[k]), 1 } end
  sheet[#sheet + 1] = model(picture, { { style, 2 }, { second, 1 } })
  sheet[#sheet + 1] = model(picture, { { style, 1 }, { second, 2 } })
  sheet[#sheet + 1] = model(picture, all)
end
genai.image.grid(sheet, { columns = 3 }):save(out)
print(("%s: %d pictures of %d x %d"):format(out, #sheet, picture.width, picture.height))
