--- basic-pitch: a recording becomes notes (Bittner, Bosch, Rubinstein, Meseguer-Brocal and Ewert 2022, "A Lightweight Instrument-Agnostic Model for Polyphonic Note
-- Transcription and Multipitch Estimation"). Source: spotify/basic-pitch, nmp.onnx as it is. Input: windows of 43,844 samples at 22.05 kHz; result: 172 frames each of
-- notes and onsets (88 keys from A0) and contours (264 bins of a third of a semitone), 0..1.
-- Details that have caused bugs: windows overlap by 30 frames of 256 samples, 15 frames are cut at both ends of each and the sound has 3,840 zeros before it; the length is
-- 142 frames for every 36,164 samples; a frame's time is put right by 0.0018 s and a little more with every window; onsets are taken from the last to the first; a note
-- ends after 11 frames below the threshold; peaks are larger than both neighbours, equals do not count.
local core = require "genai.core"
local weights = require "genai.models.weights"
local check = require "genai.nn.options"
local ops = core.ops
local pitch = { RATE = 22050, WINDOW = 43844, HOP = 256, FRAMES = 172, KEYS = 88, LOWEST = 21, about = "a recording becomes notes and MIDI", licence = "Apache-2.0", paper = "Bittner et al. 2022" }
pitch.__index, pitch.__name = pitch, "basic-pitch"
local OVERLAP, TOLERANCE, BATCH = 30, 11, 4

local function fail(format, ...) core.fail("basic-pitch: " .. format:format(...)) end

function pitch:__tostring() return "basic-pitch: model:transcribe(sound, { onset =, frame = }) -> tune; model:notes(sound), model:predict(sound)" end

--- basic_pitch.load(folder) -> model: model:transcribe(sound), model:notes(sound), model:predict(sound).
function pitch.load(folder)
  local path = weights.file(folder, "nmp.onnx")
  local net = require("genai").onnx.load(path)
  if #net.inputs ~= 1 or #net.outputs ~= 3 then fail("%s has %d inputs and %d outputs, wanted 1 and 3", path, #net.inputs, #net.outputs) end
  local self = setmetatable({ net = net, input = net.inputs[1].name, names = {} }, pitch)
  for _, output in ipairs(net.outputs) do                                    -- StatefulPartitionedCall:0 contours, :1 notes, :2 onsets
    self.names[({ ["0"] = "contour", ["1"] = "note", ["2"] = "onset" })[output.name:match ":(%d)$"] or ""] = output.name
  end
  if not (self.names.contour and self.names.note and self.names.onset) then fail("%s: the outputs are not called ..:0, ..:1 and ..:2", path) end
  return self
end

-- f32[samples] -> f32[windows,43844,1]
local function windows(self, x)
  local step = self.WINDOW - OVERLAP * self.HOP
  local long = x:numel() + OVERLAP * self.HOP // 2
  local n = math.max(1, (long + step - 1) // step)
  return x:pad({ OVERLAP * self.HOP // 2, (n - 1) * step + self.WINDOW - long }):unfold(1, self.WINDOW, step), n
end

--- model:predict(sound) -> { note = f32[t,88], onset = f32[t,88], contour = f32[t,264] }, about 86.6 frames a second. sound: any rate, any number of channels.
function pitch:predict(sound)
  if type(sound) ~= "table" or not core.is_tensor(sound.samples) then fail("the sound is a %s, wanted a sound", type(sound)) end
  return require("genai").no_grad(function()
    local x = sound:mono():resample(self.RATE):tensor():view(-1)
    local all, n = windows(self, x)
    local parts, out = { note = {}, onset = {}, contour = {} }, {}
    local frames = math.floor(x:numel() / (self.WINDOW - OVERLAP * self.HOP) * (self.FRAMES - OVERLAP))
    for from = 1, n, BATCH do
      local y = self.net { [self.input] = all:slice(1, from, math.min(n, from + BATCH - 1)):contiguous():unsqueeze(3) }
      for kind, list in pairs(parts) do list[#list + 1] = y[self.names[kind]]:slice(2, OVERLAP // 2 + 1, self.FRAMES - OVERLAP // 2) end
    end
    for kind, list in pairs(parts) do
      local t = ops.cat(list, 1)
      out[kind] = t:reshape(-1, t.shape[3]):slice(1, 1, math.min(frames, t.shape[1] * t.shape[2])):contiguous()
    end
    return out
  end)
end

-- Onsets, and where notes swell as much as an onset does: the smaller of the rises over one frame and over two, scaled to the onsets' largest.
local function with_rises(onset, note)
  local n = note.shape[1]
  local function rise(by) return note - note:pad { 0, 0, by, 0 }:slice(1, 1, n) end
  local rises = rise(1):minimum(rise(2)):clamp(0)
  if n < 3 then return onset end
  rises = ops.cat({ ops.zeros(2, note.shape[2]), rises:slice(1, 3, n) }, 1)
  local most = rises:max():item()
  return most > 0 and onset:maximum(rises * onset:max():item() / most) or onset
end

-- Keys outside lowest..highest Hz count as silent.
local function within(x, lowest, highest)
  local function key(hz) return math.floor(12 * math.log(hz / 440, 2) + 69 - pitch.LOWEST + 0.5) end
  local k = ops.arange(x.shape[2]):view(1, -1)
  if lowest then x = x * k:ge(key(lowest)):to "f32" end
  if highest then x = x * k:lt(key(highest)):to "f32" end
  return x
end

-- The energy that notes have not used yet, one list a key (positions from 0 as frames go), and what takes it away around a key.
local function quench(energy, key, i)
  energy[key][i] = 0
  if energy[key + 1] then energy[key + 1][i] = 0 end
  if energy[key - 1] then energy[key - 1][i] = 0 end
end

-- From frame i on in steps of `by` up to the frame before `stop`: where a note of that key ends, and how many frames below the threshold it ended with.
local function follow(row, i, by, stop, threshold, each)
  local below = 0
  while (stop - i) * by > 0 and below < TOLERANCE do
    below = row[i] < threshold and below + 1 or 0
    if each then each(i) end
    i = i + by
  end
  return i, below
end

local function mean(row, from, to)
  local sum = 0.0
  for i = from, to - 1 do sum = sum + row[i] end
  return sum / (to - from)
end

-- What is left above the threshold, the largest first, is a note as well (the "melodia trick" of the paper).
local function leftovers(energy, frames, last, o, shortest, add)
  local best = {}
  local function refresh(key)
    local top, at = -1, 0
    for i = 0, last do if energy[key][i] > top then top, at = energy[key][i], i end end
    best[key] = { top, at }
  end
  for key = 0, #frames do refresh(key) end
  while true do
    local key = 0
    for k = 1, #frames do if best[k][1] > best[key][1] or best[k][1] == best[key][1] and best[k][2] < best[key][2] then key = k end end
    local top, middle = best[key][1], best[key][2]
    if not (top > o.frame) then return end
    energy[key][middle] = 0
    local function each(i) quench(energy, key, i) end
    local stop, below = follow(energy[key], middle + 1, 1, last, o.frame, each)
    stop = stop - 1 - below
    local start, before = follow(energy[key], middle - 1, -1, 0, o.frame, each)
    start = start + 1 + before
    if stop - start > shortest then add(start, stop, key) end
    for k = math.max(0, key - 1), math.min(#frames, key + 1) do refresh(k) end
  end
end

local function columns(x)                                                    -- f32[t,keys] -> a list a key from 0, of frames from 0
  local out = {}
  for key, list in ipairs(x:transpose(1, 2):contiguous():totable()) do out[key - 1] = table.move(list, 1, #list, 0, {}) end
  return out
end

-- How far a note is bent, in thirds of a semitone, frame by frame: the strongest contour near its key, nearer ones weighing more.
local function bends(contour, start, stop, midi)
  local middle, reach = 3 * (midi - pitch.LOWEST), 25
  local from, to = math.max(0, middle - reach), math.min(contour.shape[2] - 1, middle + reach)
  local weight = ((ops.arange(from, to + 1) - middle):square() / -50):exp()
  return (contour:slice(1, start + 1, stop):slice(2, from + 1, to + 1) * weight):argmax(2):to("f32"):sub(middle - from):to "i32":totable()
end

local function seconds(frame)                                                -- a frame's time, with the original's correction for each window
  return frame * 256 / 22050 - frame // 172 * (256 / 22050 * (172 - 43844 / 256) + 0.0018)
end

local options = { onset = 0.5, frame = 0.3, shortest = 0.1277, lowest = false, highest = false, rises = true, melodia = true, bends = true }

--- model:events(predicted, options) -> list of { start =, stop = (seconds), pitch = (MIDI), amplitude = 0..1, bends = { thirds of a semitone, one a frame } }: model:notes of
-- what model:predict gave.
function pitch:events(predicted, given)
  local o, out = check("basic-pitch: notes", given, options), {}
  local note, onset = within(predicted.note, o.lowest, o.highest), within(predicted.onset, o.lowest, o.highest)
  local n = note.shape[1]
  if n < 3 then return out end
  if o.rises then onset = with_rises(onset, note) end
  local inner = onset:slice(1, 2, n - 1)
  local peaks = inner:gt(onset:slice(1, 1, n - 2)):logical_and(inner:gt(onset:slice(1, 3, n))):logical_and(inner:ge(o.onset)):nonzero():totable()
  local frames, energy, shortest = columns(note), columns(note), math.floor(o.shortest * self.RATE / self.HOP + 0.5)
  local function add(start, stop, key)
    out[#out + 1] = { start = seconds(start), stop = seconds(stop), pitch = key + self.LOWEST, amplitude = mean(frames[key], start, stop),
      bends = o.bends and bends(predicted.contour, start, stop, key + self.LOWEST) or nil }
  end
  for p = #peaks, 1, -1 do
    local start, key = peaks[p][1] + 1, peaks[p][2]
    local stop, below = follow(energy[key], start + 1, 1, n - 1, o.frame)
    stop = stop - below
    if start < n - 1 and stop - start > shortest then
      for i = start, stop - 1 do quench(energy, key, i) end
      add(start, stop, key)
    end
  end
  if o.melodia then leftovers(energy, frames, n - 1, o, shortest, add) end
  return out
end

--- model:notes(sound, { onset = 0.5, frame = 0.3, shortest = 0.1277, lowest =, highest =, rises = true, melodia = true, bends = true }) -> events as model:events gives them.
-- onset, frame: thresholds for a note to begin and to last; shortest in seconds; lowest, highest in Hz; rises: notes that swell begin, too; melodia: what is left is notes, too.
function pitch:notes(sound, given) return self:events(self:predict(sound), given) end

--- model:transcribe(sound, { tempo = 120, voice = "piano", and those of model:notes }) -> tune with a note for each event, velocities by amplitude; tune:save "x.mid" writes MIDI.
function pitch:transcribe(sound, given)
  local rest, tempo, voice = {}, given and given.tempo or 120, given and given.voice or "piano"
  for key, value in pairs(given or {}) do if key ~= "tempo" and key ~= "voice" then rest[key] = value end end
  local notes, beat = {}, tempo / 60
  for i, e in ipairs(self:notes(sound, rest)) do
    local start = math.max(0, e.start)
    notes[i] = { pitch = e.pitch, start = start * beat, length = (e.stop - start) * beat, velocity = math.max(1, math.min(127, math.floor(127 * e.amplitude + 0.5))), voice = voice }
  end
  return require("genai").tune.from { notes = notes, tempo = tempo, recipe = { kind = "basic-pitch", options = given, from = sound.recipe } }
end

return pitch
