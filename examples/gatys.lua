-- A picture painted step by step as VGG sees a style: genai examples/gatys.lua PICTURE STYLE [--size N] [--steps N] [-o OUT.png]
-- test: $ASSETS/test-images/golden_gate.jpg $ASSETS/test-images/st_udnie.jpg --size 96 --steps 20 -o painted.png
-- OUT.png is written anew at every tenth step: a viewer that reloads shows it coming into being. The steps end up side by side in OUT-steps.png.
local genai = require "genai"
local files, out, size, steps = {}, "gatys.png", 384, 60
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--size" then size, i = math.tointeger(arg[i + 1]), i + 2
  elseif arg[i] == "--steps" then steps, i = math.tointeger(arg[i + 1]), i + 2
  else files[#files + 1], i = arg[i], i + 1 end
end
if #files < 2 then print "usage: genai examples/gatys.lua PICTURE STYLE [--size N] [--steps N] [-o OUT.png]" os.exit(2) end

local model = genai.model "vgg19-relu3"
local picture, style, frames = genai.load(files[1]), genai.load(files[2]), {}
local started = genai.clock()
local painted = model:paint(picture, style, { size = size, steps = steps, progress = function(now, step, loss)
  now:save(out)
  frames[#frames + 1] = now:resize(math.min(192, size))
  print(("step %3d  loss %8.4f  %5.1f s"):format(step, loss, genai.clock() - started))
end })
painted:save(out)

local sheet = { picture:resize(frames[1].width, frames[1].height), style:resize(frames[1].width, frames[1].height) }
for k = 1, 6 do sheet[#sheet + 1] = frames[(k * #frames + 5) // 6] end
local name = out:gsub("%.%w+$", "") .. "-steps.png"
genai.image.grid(sheet, { columns = 4 }):save(name)
print(("%s, %s: %d x %d"):format(out, name, painted.width, painted.height))
