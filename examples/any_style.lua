-- Any picture is a style, and styles mix: genai examples/any_style.lua PICTURE STYLE1 [STYLE2] [-o OUT.png]
-- test: $ASSETS/test-images/golden_gate.jpg $ASSETS/test-images/st_udnie.jpg $ASSETS/test-images/st_zigzag.jpg -o styled.png
-- Each row a step from the first style to the second (or to the picture's own style); the styles stand at the left and right.
local genai = require "genai"
local files, out = {}, "styled.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2 else files[#files + 1], i = arg[i], i + 1 end
end
if #files < 2 then print "usage: genai examples/any_style.lua PICTURE STYLE1 [STYLE2] [-o OUT.png]" os.exit(2) end

local model = genai.model "arbitrary-style"
local picture, first = genai.load(files[1]), genai.load(files[2])
local second = files[3] and genai.load(files[3]) or picture
local width, height = picture.width, picture.height
local a, b = model:style(first), model:style(second)

local sheet = { first:resize(width, height) }
for step = 0, 4 do sheet[#sheet + 1] = model(picture, a * (1 - step / 4) + b * (step / 4)) end
sheet[#sheet + 1] = second:resize(width, height)
genai.image.grid(sheet, { columns = #sheet }):save(out)
print(("%s: %d pictures of %d x %d"):format(out, #sheet, width, height))
