-- A tune, or a song that somebody sings, played by a violin or a flute: genai examples/violin.lua [SOUND.wav] [--flute] [--seed N] [-o OUT.wav]
-- test: -o violin.wav
local genai = require "genai"
local what, instrument, out, seed = nil, "violin", nil, 3
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  elseif arg[i] == "--flute" then instrument, i = "flute", i + 1
  else what, i = genai.load(arg[i]), i + 1 end
end

local player, sound = genai.model("ddsp/" .. instrument), nil
if what then
  sound = player:play(what, { transpose = 12, seed = seed }) -- crepe hears the pitch; an octave higher it suits the instrument
else
  local tune = genai.tune("an evening by the sea, longing", { mood = "tender", seconds = 18, seed = seed })
  local lead -- the tune's own lead plays on the violin, the rest of its band accompanies it
  for _, n in ipairs(tune.melody) do lead = lead or n.voice end
  local band = {}
  for _, n in ipairs(tune.notes) do if n.voice ~= lead then band[#band + 1] = n end end
  sound = player:play(tune, { voice = lead, seed = seed, room = 0.3 }):gain(0.75)
  local rest = genai.tune.from { notes = band, tempo = tune.tempo, metre = tune.metre, key = tune.key, mode = tune.mode }
  sound = sound:resample(44100):mix(rest:render(), { gain = 0.45 }):normalise(0.9)
end
sound:save(out or instrument .. ".wav")
print(("%s: %s"):format(out or instrument .. ".wav", sound))
