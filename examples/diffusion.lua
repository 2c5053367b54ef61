-- Digits or clothes appear out of noise: genai examples/diffusion.lua [digits | fashion] [--steps 1000] [--seed N] [-o OUT.png]
-- test: digits --steps 30 -o diffusion.png
local genai = require "genai"
local variant, steps, seed, out = "digits", 1000, 7, "diffusion.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--steps" then steps, i = math.tointeger(arg[i + 1]), i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else variant, i = arg[i], i + 1 end
end
local model = genai.model("ddpm-mnist/" .. variant)

-- Ten samples; a row for each of six looks at them on the way, the clean ones last.
local rows, n = {}, 10
local ddpm = genai.diffuse.ddpm(model.schedule, { seed = seed, steps = steps })
local function look(x)
  for k = 1, n do
    local p = x[k][1]
    rows[#rows + 1] = genai.image.from((p - p:min()) / (p:max() - p:min())):resize(56)
  end
end
local at = {}
for k, share in ipairs { 0.3, 0.6, 0.75, 0.87, 0.95, 1 } do at[math.floor(steps * share + 0.5)] = k end
genai.diffuse.sample(model, genai.randn(n, 1, 28, 28, { rng = genai.rng(seed, "start") }), ddpm, { progress = function(step, all, x)
  if at[step] then look(x) end
  if step % 50 == 0 then io.write(("\r%d of %d steps"):format(step, all)) io.flush() end
end })

-- The same net in 50 steps without chance (DDIM).
for _, p in ipairs(model:draw(n, { sampler = "ddim", steps = 50, seed = seed, scale = 2 })) do rows[#rows + 1] = p end
genai.image.grid(rows, { columns = n, gap = 3 }):save(out)
print(("\n%s: %s by ddpm in %d steps, and in the last row by ddim in 50"):format(out, variant, steps))
