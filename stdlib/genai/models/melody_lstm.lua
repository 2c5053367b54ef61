--- melody-lstm: goes on with a motif, a sixteenth at a time (one-hot 38 -> LSTM 256 -> 38).
-- Source: musikalkemist/generating-melodies-with-rnn-lstm, trained on the German part of the Essen folk songs. Input: symbols 0..37 of mapping.json: MIDI pitches,
-- "_" (goes on), "r" (rest), "/" (the end of a song).
-- Details that have caused bugs: the net was trained on windows of 64 symbols, so each symbol comes of a state that has read the last 64 alone, from zeros: a state
-- that is carried on plays something else. A song begins with 64 times "/". Songs stand in C major or A minor. Keras' gates are i, f, c, o.
local core = require "genai.core"
local weights = require "genai.models.weights"
local cells = require "genai.models.cells"
local sample = require "genai.sample"
local steps = require "genai.tune.steps"
local check = require "genai.nn.options"
local ops, after = core.ops, weights.after
local melody = { WINDOW = 64, about = "goes on with a motif, note by note", licence = "MIT", paper = "Hochreiter and Schmidhuber 1997; Velardo 2020" }
melody.__index, melody.__name = melody, "melody-lstm"

local function fail(format, ...) core.fail("melody-lstm: " .. format:format(...)) end

function melody:__tostring() return "melody-lstm: model:continue(motif, { steps =, temperature =, seed = })" end

--- melody_lstm.load(folder) -> model: model:continue(motif, options), model:encode(motif), model:decode(symbols).
function melody.load(folder)
  local tensors, path = weights.safetensors(folder, "melody_lstm.safetensors")
  local mapping, mapping_path = weights.json(path:match "^(.*)/[^/]*$" or ".", "mapping.json")
  local n, ids, symbols = 0, {}, {}
  if type(mapping) ~= "table" then fail("%s holds a %s, wanted symbols and their numbers", mapping_path, type(mapping)) end
  for symbol, id in pairs(mapping) do
    if type(symbol) ~= "string" or math.type(id) ~= "integer" or symbols[id] then fail("%s: symbol \"%s\" has number %s", mapping_path, tostring(symbol), tostring(id)) end
    ids[symbol], symbols[id], n = id, symbol, n + 1
  end
  for _, symbol in ipairs { "/", "_", "r" } do if not ids[symbol] then fail("%s lacks \"%s\"", mapping_path, symbol) end end
  for id = 0, n - 1 do
    local pitch = tonumber(symbols[id])
    if not symbols[id] or not (symbols[id]:match "^[/_r]$" or math.type(pitch) == "integer" and pitch >= 0 and pitch <= 127) then fail("%s: number %d stands for \"%s\"", mapping_path, id, tostring(symbols[id])) end
  end
  local recurrent = weights.take(tensors, path, "lstm.recurrent_kernel", 0, 0)
  local h = recurrent.shape[1]
  local cell = cells.lstm(weights.take(tensors, path, "lstm.kernel", n, 4 * h), weights.take(tensors, path, "lstm.recurrent_kernel", h, 4 * h), weights.take(tensors, path, "lstm.bias", 4 * h), "keras")
  return setmetatable({ ids = ids, symbols = symbols, hidden = h, rows = cells.rows(cell, ops.eye(n)),
    dense = weights.dense(tensors, path, "dense.kernel", h, n), bias = weights.take(tensors, path, "dense.bias", n) }, melody)
end

--- model:encode(motif) -> list of symbols' numbers; motif as steps.of takes it: a tune, notes, { { pitch, quarter notes }, .. } or a text "67 _ 67 _".
function melody:encode(motif)
  local out = {}
  for i, s in ipairs(steps.of(motif)) do
    out[i] = self.ids[tostring(s)] or fail("step %d is pitch %s, which no song of the training has; wanted one of 45..81", i, tostring(s))
  end
  return out
end

--- model:decode(numbers) -> list of steps (see genai.tune.steps).
function melody:decode(numbers)
  local out = {}
  for i, id in ipairs(numbers) do
    local s = self.symbols[id] or fail("number %s is not one of the %d symbols", tostring(id), self.bias:numel())
    out[i] = math.tointeger(tonumber(s)) or s
  end
  return out
end

-- A reader of symbols whose result at each is that of a state that has read the last 64 of them from zeros: 64 states, each begun a symbol later than the one before,
-- go on side by side as the rows of one product. window = 1: one state, carried on.
local function reader(self, window)
  local zero, at, h = ops.zeros(1, 1, 1), 0, self.hidden
  local first = self.rows[self.ids["/"] + 1]
  local state = { ops.zeros(1, window, h), ops.zeros(1, window, h) }
  local function row_of(i, row) return state[i]:slice(2, row, row) end
  local function step(now, weights)                          -- the next state; the one before is not needed any more
    local y, new = zero:lstm(now, { weights })
    for _, past in ipairs { y, now[1], now[2] } do past:release() end
    return new
  end
  local one = { ops.zeros(1, 1, h), ops.zeros(1, 1, h) }
  for k = 1, self.WINDOW do                                  -- a song begins with 64 times "/": one state reads them, the others are its past
    one = step(one, first)
    for i = 1, 2 do row_of(i, math.max(window + 1 - k, 1)):copy_(one[i]):release() end
  end
  zero = ops.zeros(1, window, 1)
  local function logits()
    local x = row_of(1, at % window + 1)
    x = after(x, x:view(h))
    return after(x, x:linear(self.dense, self.bias))
  end
  return function(id)
    local row = at % window + 1
    if window > 1 then
      for i = 1, 2 do row_of(i, row):fill_(0):release() end
    end
    state, at = step(state, self.rows[id + 1]), at + 1
    return logits()
  end, logits()
end

local function generate(self, start, options)
  local read, logits = reader(self, options.carried and 1 or self.WINDOW)
  local chain, rng, out, stop = sample.chain { temperature = options.temperature, top_k = options.top_k, top_p = options.top_p }, core.rng(options.seed, "melody"), {}, self.ids["/"]
  local function go_on(id)
    logits:release()
    logits = read(id)
  end
  for i = 1, #start do go_on(start[i]) end
  while #out < options.steps do
    local id = sample.next(logits, chain, rng, out)
    if id == stop and not options.endless then break end
    out[#out + 1] = id == stop and self.ids._ or id
    go_on(id)
  end
  return out
end

-- how many semitones a tune moves to stand in C major or A minor, by the shorter way
local function shift_of(tune)
  if not tune.key then return 0 end
  local tonic = require("genai.tune.theory").pitch_class(tune.key) or 0
  local up = ((tune.mode == "minor" and 9 or 0) - tonic) % 12
  return up > 6 and up - 12 or up
end

local function moved(list, n)
  local out = {}
  for i, s in ipairs(list) do out[i] = math.type(s) == "integer" and s + n or s end
  return out
end

local defaults = { steps = 128, temperature = 0.8, top_k = false, top_p = false, seed = 0, transpose = true, carried = false, endless = false, tempo = 100, voice = "flute", only = false }

--- model:continue(motif, { steps = 128, temperature = 0.8, top_k, top_p, seed = 0, transpose = true, carried = false, endless = false, tempo = 100, voice = "flute", only = false }) -> tune
-- The motif and what the net has to say after it: at most `steps` sixteenths, fewer where the song ends (endless: it then goes on). temperature 0 takes the likeliest
-- symbol. A tune is moved to C major or A minor for the net, and back (transpose). carried: one state for the whole song instead of windows of 64 symbols: faster, and
-- not what the net was trained for. only: without the motif. The tune's `steps` are its steps.
function melody:continue(motif, options)
  local o = check("melody-lstm: continue", options, defaults)
  if math.type(o.steps) ~= "integer" or o.steps < 1 or o.steps > 100000 then fail("steps is %s, wanted a whole number in 1..100000", tostring(o.steps)) end
  local tune = type(motif) == "table" and motif.notes and motif or {}
  local shift = o.transpose and shift_of(tune) or 0
  local start = self:encode(moved(steps.of(motif or {}), shift))
  local made = require("genai").no_grad(generate, self, start, o)
  local list = moved(self:decode(made), -shift)
  if not o.only then list = table.move(list, 1, #list, #start + 1, moved(self:decode(start), -shift)) end
  local recipe = { kind = "melody-lstm", seed = o.seed, temperature = o.temperature, steps = o.steps, top_k = o.top_k or nil, top_p = o.top_p or nil, motif = table.concat(self:decode(start), " ") }
  local out = steps.tune(list, { tempo = options and options.tempo or tune.tempo or o.tempo, voice = o.voice, recipe = recipe, seed = o.seed, metre = tune.metre })
  out.steps = list
  return out
end

return melody
