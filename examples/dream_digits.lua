-- Digits between digits, dreamt by two nets: genai examples/dream_digits.lua [--seed N] [-o OUT.png]
-- test: --seed 5 -o dream.png
local genai = require "genai"
local seed, out = 11, "dream.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out = arg[i + 1] elseif arg[i] == "--seed" then seed = math.tointeger(arg[i + 1]) end
  i = i + 2
end

local vae, gan = genai.model "mnist-vae-gan/vae", genai.model "mnist-vae-gan/gan"
-- Left: a plane through the autoencoder's latents, its corners four drawn digits. Right: the same of the adversarial net.
local planes = { vae:grid(nil, { steps = 12, seed = seed }), gan:grid(nil, { steps = 12, seed = seed }) }
-- Below: a walk over five stops, between them along arcs.
for _, model in ipairs { vae, gan } do
  local walk = model:walk(5, { steps = 36, seed = seed + 1 })
  planes[#planes + 1] = genai.image.grid({ table.unpack(walk, 1, 144) }, { columns = 12, gap = 0 })
end
genai.image.grid(planes, { columns = 2, gap = 8, background = 0.25 }):save(out)
print(out .. ": planes and walks through latents; left a vae's, right a gan's")
