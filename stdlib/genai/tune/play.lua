-- From notes to sound: one row per note for the engine's synthesiser.
local theory = require "genai.tune.theory"
local plans = require "genai.tune.plan"
local play = {}

local COLUMNS = 8                                           -- voice, start s, length s, pitch, velocity, pan, send, gain
local number = {}
for i, name in ipairs(plans.voice_order) do number[name] = i end
-- how much of each voice goes to the room
local sends = { piano = 0.22, celesta = 0.36, musicbox = 0.34, marimba = 0.26, harp = 0.34, guitar = 0.20, bass = 0.06, flute = 0.32, whistle = 0.30, clarinet = 0.28,
  horn = 0.36, reed = 0.22, strings = 0.36, cello = 0.30, choir = 0.46, pad = 0.40, drums = 0.12 }

--- rows(tune) -> flat list of numbers, eight a note, and the count of notes
function play.rows(tune)
  local out, second = {}, 60 / tune.tempo
  for _, n in ipairs(tune.notes) do
    local voice = number[n.voice] and n.voice or "piano"
    local spec = plans.voices[voice]
    local pan = spec[4]
    if voice == "piano" or voice == "harp" or voice == "marimba" then pan = pan + math.max(-0.4, math.min(0.4, (n.pitch - 62) / 70)) end
    local i = #out
    out[i + 1], out[i + 2], out[i + 3], out[i + 4] = number[voice], n.start * second, n.length * second, n.pitch
    out[i + 5], out[i + 6], out[i + 7], out[i + 8] = n.velocity / 127, pan, sends[voice], spec[5]
  end
  return out, #tune.notes
end

--- render(tune, { rate, tail }) -> sound
function play.render(tune, options)
  local rate, tail = options.rate or 44100, options.tail or 1.8
  if math.type(rate) ~= "integer" or rate < 8000 or rate > 192000 then error(("tune: render: rate is %s; wanted a whole number in 8000..192000"):format(tostring(rate)), 0) end
  if type(tail) ~= "number" or not (tail >= 0 and tail <= 30) then error(("tune: render: tail is %s; wanted seconds in 0..30"):format(tostring(tail)), 0) end
  local genai = require "genai"
  local rows, count = play.rows(tune)
  local frames = math.max(1, math.floor((tune:seconds() + tail) * rate))
  local notes = count > 0 and genai.tensor(rows):view(count, COLUMNS) or genai.zeros(0, COLUMNS)
  local sound = genai.audio.from(genai.synth(notes, rate, frames), rate)
  if type(sound) == "table" then sound.recipe = tune.recipe end
  return sound
end

return play
