-- A recording becomes notes, MIDI and a piano that plays them: genai examples/transcribe.lua [SOUND.wav] [--seed N] [-o OUT.mid]
-- test: -o notes.mid
local genai = require "genai"
local sound, out, seed = nil, "notes.mid", 5
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else sound, i = genai.load(arg[i]), i + 1 end
end
sound = sound or genai.tune("a slow song for a piano", { seconds = 9, mood = "tender", seed = seed }):render()

local model = genai.model "basic-pitch"
local tune = model:transcribe(sound)
print(sound, tune)
tune:save(out)
tune:draw { width = 1200, height = 400 }:save((out:gsub("%.%w+$", ".png")))
sound:resample(44100):append(tune:render()):save((out:gsub("%.%w+$", ".wav"))) -- what was heard, then what was written down

local times, hz, sure = genai.model "crepe-tiny":pitch(sound, { viterbi = true }) -- the pitch of the loudest line, for comparison
local line = {}
for k = 1, times:numel(), 50 do
  line[#line + 1] = sure[k]:item() > 0.6 and ("%.0f"):format(69 + 12 * math.log(hz[k]:item() / 440, 2)) or "."
end
print("crepe, every half second: " .. table.concat(line, " "))
