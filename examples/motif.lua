-- Goes on with a motif, and turns one tune into another: genai examples/motif.lua ["67 _ 67 _ .."] [--seed N] [-o OUT.wav]
-- test: -o motif.wav
local genai = require "genai"
local motif, out, seed = "67 _ 67 _ 67 _ _ 65 64 _", "motif.wav", 2 -- sixteenths: a MIDI pitch begins a note, _ goes on, r rests
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else motif, i = arg[i], i + 1 end
end

local song = genai.model "melody-lstm":continue(motif, { seed = seed, steps = 96, temperature = 0.7, tempo = 112, voice = "flute" })
print(song, table.concat(song.steps, " "))

local space = genai.model "musicvae-mel-decoder" -- from the first two bars of that song to another one, in five steps
local star = "60 _ 60 _ 67 _ 67 _ 69 _ 69 _ 67 _ _ _ 65 _ 65 _ 64 _ 64 _ 62 _ 62 _ 60 _ _ _"
local way = space:interpolate(song, space:encode(star), 5, { tempo = 112, voice = "piano" })
local sound = song:render { tail = 0.8 }
for n, tune in ipairs(way) do
  print(n, table.concat(require "genai.tune.steps".of(tune), " "))
  sound = sound:append(tune:render { tail = 0.3 })
end
sound:save(out)
print(out, sound)
