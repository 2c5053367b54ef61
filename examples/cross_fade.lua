-- One picture becomes another through latents: genai examples/cross_fade.lua [FROM TO] [--steps 8] [-o OUT.png]
-- test: --steps 3 -o fade.png
local genai = require "genai"
local pictures, steps, out = {}, 8, "fade.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--steps" then steps, i = math.tointeger(arg[i + 1]), i + 2
  else pictures[#pictures + 1], i = genai.load(arg[i]):resize(256, 192), i + 1 end
end
if #pictures < 2 then
  pictures = { genai.picture("a castle on a hill in the sun", { seed = 3, width = 256, height = 192 }), genai.picture("a lighthouse by the sea at night under the moon", { seed = 5, width = 256, height = 192 }) }
end

local model = genai.model "taef2"
local z = model:encode(pictures[1])
print(("%d numbers of a picture are %d numbers of a latent"):format(pictures[1]:tensor():numel(), z:numel()))
genai.image.grid(model:fade(pictures[1], pictures[2], steps, { along = "arc" }), { columns = 4, gap = 4 }):save(out)
print(("%s: %d steps from one to the other"):format(out, steps))
