-- A network goes on with your motif, in three tempers: genai examples/go_on.lua ["67 _ _ _ 64 _ 67 _"] [--seed N] [-o OUT.wav]; beside it OUT.mid and OUT.png
-- test: --seed 3 -o song.wav
-- A motif is sixteenths: a MIDI pitch, _ (the note goes on) or r (a rest).
local genai = require "genai"
local motif, seed, out = "67 _ _ _ 64 _ 67 _ 72 _ _ _ _ _ 71 _", 5, "song.wav"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else motif, i = arg[i], i + 1 end
end
local model, base = genai.model "melody-lstm", out:gsub("%.%w+$", "")

local sound, rolls, labels = nil, {}, {}
for n, temperature in ipairs { 0.3, 0.7, 1.1 } do
  local tune = model:continue(motif, { steps = 112, temperature = temperature, seed = seed, endless = true, voice = ({ "flute", "piano", "strings" })[n] })
  local rendered = tune:render()
  sound = sound and sound:append(rendered) or rendered
  rolls[n], labels[n] = tune:draw { width = 640, height = 160 }, ("temperature %g"):format(temperature)
  print(labels[n], tune)
  if n == 2 then tune:save(base .. ".mid") end
end
sound:save(out)
genai.image.grid(rolls, { columns = 1, gap = 6, labels = labels }):save(base .. ".png")
