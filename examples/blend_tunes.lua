-- One tune becomes another, two bars at a time: genai examples/blend_tunes.lua [--steps 6] [-o OUT.wav]; beside it OUT.mid of the middle and OUT.png
-- test: --steps 3 -o blend.wav
-- A network decodes points into melodies; the points of the two tunes are looked for by going down its gradient, and those between them are tunes too.
local genai = require "genai"
local steps, out = 6, "blend.wav"
for i = 1, #arg, 2 do
  if arg[i] == "-o" then out = arg[i + 1] elseif arg[i] == "--steps" then steps = math.tointeger(arg[i + 1]) end
end
local base, model = out:gsub("%.%w+$", ""), genai.model "musicvae-mel-decoder"

local from = "60 _ _ _ 60 _ _ _ 67 _ _ _ 67 _ _ _ 69 _ _ _ 69 _ _ _ 67 _ _ _ _ _ _ _"         -- sixteenths: a MIDI pitch, _ goes on, r rests
local to = "76 _ 74 _ 72 _ 74 _ 76 _ 76 _ 76 _ _ _ 74 _ 74 _ 74 _ _ _ 76 _ 79 _ 79 _ _ _"
local a, share = model:encode(from)
local b, other = model:encode(to)
print(("the points give back %.0f %% and %.0f %% of the tunes' steps"):format(100 * share, 100 * other))

local sound, rolls = nil, {}
for i, tune in ipairs(model:interpolate(a, b, steps, { tempo = 120 })) do
  local rendered = tune:render()
  sound = sound and sound:mix(rendered, { at = (i - 1) * 4 }) or rendered    -- two bars last four seconds at 120 beats a minute
  rolls[i] = tune:draw { width = 300, height = 150 }
  if i == (steps + 1) // 2 then tune:save(base .. ".mid") end
end
sound:normalise():save(out)
genai.image.grid(rolls, { columns = 3, gap = 6 }):save(base .. ".png")
print(("%s: %d tunes, %s"):format(out, steps, sound))
