-- What does a photograph show? genai examples/look.lua PICTURE..
-- test: $ASSETS/squeezenet11-fp16/fish.png $ASSETS/test-images/golden_gate.jpg
-- Without pictures, scenes are painted first, and a network that has only ever seen photographs says what they remind it of.
local genai = require "genai"
local network = genai.model "squeezenet11-fp16"

local function look(name, picture)
  print(name)
  for _, tag in ipairs(network:tags(picture, 5)) do
    print(("  %5.1f %%  %s %s"):format(100 * tag.probability, ("#"):rep(math.floor(40 * tag.probability + 0.5)), network.labels[tag.class + 1]))
  end
end

for _, path in ipairs(arg) do look(path, genai.image.load(path)) end
if #arg == 0 then
  for _, scene in ipairs { "a lighthouse by the sea", "a castle on a hill", "a sailing boat on a lake", "mountains in the snow" } do look(scene, genai.picture(scene, { seed = 3 })) end
end
