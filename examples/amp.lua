-- A guitar through amplifiers: clean, and with distortion: genai examples/amp.lua [GUITAR.wav] [--seed N] [-o OUT.wav]
-- test: -o amp.wav
local genai = require "genai"
local guitar, out, seed
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else guitar, i = genai.load(arg[i]), i + 1 end
end
if not guitar then -- a riff of our own, on plucked strings
  local notes, rng, start = {}, genai.rng(seed or 1, "riff"), 0
  for bar = 1, 2 do
    for _, step in ipairs { { 40, 1 }, { 40, 0.5 }, { 47, 0.5 }, { 52, 1 }, { 50, 0.5 }, { rng:choose { 47, 45, 43 }, 0.5 } } do
      for _, fifth in ipairs { 0, 7 } do
        notes[#notes + 1] = { pitch = step[1] + fifth, start = start, length = step[2], velocity = 110, voice = "guitar" }
      end
      start = start + step[2]
    end
  end
  guitar = genai.tune.from { notes = notes, tempo = 116 }:render { tail = 0.5 }
end

local sound
for _, part in ipairs { { "bluej_clean_p0088", 1 }, { "bluej_fullD_p0153", 1.5 }, { "wavenet_a1_standard", 2 } } do
  local amp = genai.model("amp-models/" .. part[1])
  local played = amp:play(guitar:normalise(0.6), { drive = part[2] }):normalise(0.8):reverb({ seconds = 0.8, mix = 0.15 }):resample(44100)
  print(amp, played)
  sound = sound and sound:append(played) or played
end
sound:save(out or "amp.wav")
