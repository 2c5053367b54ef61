--- sketch-rnn: drawings made stroke by stroke (Ha and Eck 2017, "A Neural Representation of Sketch Drawings"): its decoder alone, four classes.
-- Source: Google Magenta's sketch-rnn-js models, trained on Quick, Draw!. In: the offset of the pen and whether it was down, up, or done, f32[5]; out: a mixture of 20
-- normal distributions of the next offset, and what the pen does after it. Net: LSTM 512, then 123 numbers: 3 of the pen, 20 each of share, mean x, mean y,
-- log deviation x, log deviation y, correlation before tanh. Offsets are divided by the file's scale_factor; the pen starts on the paper at 0, 0.
-- Details that have caused bugs: weights are int16 in base64, times 10 / 32767; gates stand as i, g, f, o and 1 is added to the forget gate; the first input is zeros, not
-- "pen down"; the pen's state belongs to what comes after the offset; a temperature divides logits, and its root scales deviations.
local core = require "genai.core"
local weights = require "genai.models.weights"
local cells = require "genai.models.cells"
local options_of = require "genai.nn.options"
local drawing = require "genai.drawing"
local ops, after = core.ops, weights.after
local sketch = { variants = { "bird", "bicycle", "palm_tree", "rabbit" }, about = "draws birds, bicycles, palm trees and rabbits stroke by stroke", licence = "Apache-2.0", paper = "Ha and Eck 2017" }
local Model = {}
Model.__index, Model.__name = Model, "sketch-rnn"
local MIX, shapes = 20, { { 512, 123 }, { 123 }, { 5, 2048 }, { 512, 2048 }, { 2048 } }

local function fail(format, ...) core.fail("sketch-rnn: " .. format:format(...)) end

-- Tensor number i of a file: base64 of int16, as npy reads it.
local function tensor(path, file, i)
  local shape, given, text = shapes[i], file[2][i], file[3][i]
  if type(given) ~= "table" or table.concat(given, ",") ~= table.concat(shape, ",") then fail("%s: tensor %d is not [%s]", path, i, table.concat(shape, ",")) end
  local bytes = type(text) == "string" and core.unbase64(text)
  local n = shape[1] * (shape[2] or 1)
  if not bytes or #bytes ~= 2 * n then fail("%s: tensor %d is not %d numbers of two bytes in base64", path, i, n) end
  local head = ("{'descr': '<i2', 'fortran_order': False, 'shape': (%d,), }"):format(n)
  head = head .. (" "):rep(-(#head + 11) % 64) .. "\n"
  local x = core.npy_decode("\x93NUMPY\1\0" .. string.pack("<I2", #head) .. head .. bytes, path)
  x = after(x, x:to "f32")
  x = after(x, x * (10 / 32767))
  return after(x, x:view(table.unpack(shape)))
end

--- sketch_rnn.load(path, variant) -> model. path: the folder, or a .gen.json file; variant: "bird" (default), "bicycle", "palm_tree" or "rabbit".
function sketch.load(path, variant)
  local file
  file, path = weights.json(path, (variant or "bird") .. ".gen.json")
  if type(file) ~= "table" or type(file[1]) ~= "table" or type(file[2]) ~= "table" or type(file[3]) ~= "table" then fail("%s: no sketch-rnn file", path) end
  local scale, longest = file[1].scale_factor, file[1].max_seq_len
  if type(scale) ~= "number" or not (scale > 0 and scale < 1e6) or math.type(longest) ~= "integer" or longest < 1 or longest > 100000 then fail("%s: scale_factor or max_seq_len is missing", path) end
  return require("genai").no_grad(function()
    local t = {}
    for i = 1, #shapes do t[i] = tensor(path, file, i) end
    local cell = cells.lstm(t[3], t[4], t[5], "basic")
    for i = 3, 5 do t[i]:release() end
    return setmetatable({ cell = cell, weight = t[1]:transpose(1, 2):contiguous(), bias = t[2], scale = scale, longest = longest, name = tostring(file[1].name) }, Model)
  end)
end

--- model:step(rows, state) -> numbers f32[n,123], state. rows: f32[n,5], each { dx, dy, down, up, done } of the model's scale; state nil = the start.
function Model:step(rows, state)
  local h, c = nil, nil
  if state then h, c = state[1], state[2] end
  local y
  y, h, c = ops.lstm_layers(rows:view(1, -1, 5), h, c, self.cell, 4, false, false)
  y = after(y, y[1])
  return after(y, y:linear(self.weight, self.bias)), { h, c }
end

-- The place of the largest of v[from..from + n - 1], counted from 0.
local function largest(v, from, n)
  local at = 0
  for i = 1, n - 1 do if v[from + i] > v[from + at] then at = i end end
  return at
end

-- A place drawn by softmax(v / temperature).
local function drawn(v, from, n, temperature, rng)
  local top, sum, p = v[from + largest(v, from, n)], 0.0, {}
  for i = 1, n do
    p[i] = math.exp((v[from + i - 1] - top) / temperature)
    sum = sum + p[i]
  end
  local at = rng:uniform() * sum
  for i = 1, n - 1 do
    at = at - p[i]
    if at < 0 then return i - 1 end
  end
  return n - 1
end

-- 123 numbers -> the next offset, in the model's scale, and the pen: 0 down, 1 up, 2 done.
local function choose(v, temperature, rng)
  if temperature == 0 then
    local k = largest(v, 4, MIX)
    return v[4 + MIX + k], v[4 + 2 * MIX + k], largest(v, 1, 3)
  end
  local k, pen = drawn(v, 4, MIX, temperature, rng), drawn(v, 1, 3, temperature, rng)
  local a, b = rng:normal(), rng:normal()
  local root = math.sqrt(temperature)
  local sx, sy = math.exp(v[4 + 3 * MIX + k]) * root, math.exp(v[4 + 4 * MIX + k]) * root
  local e = math.exp(-2 * math.abs(v[4 + 5 * MIX + k]))
  local rho = (1 - e) / (1 + e) * (v[4 + 5 * MIX + k] < 0 and -1 or 1)       -- tanh
  return v[4 + MIX + k] + sx * a, v[4 + 2 * MIX + k] + sy * (rho * a + math.sqrt(math.max(0, 1 - rho * rho)) * b), pen
end

local function input(row) return { row[1], row[2], row[3] == 0 and 1 or 0, row[3] == 1 and 1 or 0, row[3] == 2 and 1 or 0 } end

-- The rows that a person's drawing gives, in the model's scale; the last stroke is left open where `open`.
local function begun(self, from, open)
  if not from then return {} end
  local rows = drawing.from(from):simplify(2):offsets(self.scale)
  if open and #rows > 0 then rows[#rows][3] = 0 end
  return rows
end

local settings = { seed = 1, temperature = 0.4, points = false, from = false, open = false, count = false, progress = false }

-- A step from a state that nobody needs afterwards.
local function onward(self, rows, state)
  local numbers, now = self:step(core.tensor(rows), state)
  if state then
    state[1]:release()
    state[2]:release()
  end
  return numbers, now
end

-- n drawings side by side: a list of lists of rows { dx, dy, pen } in the model's scale.
local function rows_of(self, o, n)
  local start, lists, rngs, state, rows = begun(self, o.from, o.open), {}, {}, nil, { { 0, 0, 0, 0, 0 } }
  for i = 1, n do lists[i], rngs[i] = { table.unpack(start) }, core.rng(o.seed + i - 1, "sketch-rnn") end
  local numbers
  for _, row in ipairs(start) do
    numbers, state = onward(self, rows, state)
    rows = { input(row) }
  end
  if n > 1 then                                                             -- what has been seen is the same for all
    for i = 2, n do rows[i] = rows[1] end
    state = state and { state[1]:expand(1, n, 512):contiguous(), state[2]:expand(1, n, 512):contiguous() }
  end
  local going = n
  for _ = #start + 1, o.points or self.longest do
    numbers, state = onward(self, rows, state)
    local values = numbers:totable()
    for i = 1, n do
      local list = lists[i]
      if not list.done then
        local dx, dy, pen = choose(values[i], o.temperature, rngs[i])
        list[#list + 1] = { dx, dy, pen }
        rows[i] = input(list[#list])
        if pen == 2 then list.done, going = true, going - 1 end
      end
    end
    if o.progress and o.progress(lists[1]) then break end
    if going == 0 then break end
  end
  return lists
end

--- model:draw({ seed = 1, temperature = 0.4, from =, open = false, points =, count =, progress = }) -> drawing, or a list of `count` drawings (seeds seed, seed + 1, ..).
-- temperature: 0 is the likeliest drawing, 1 as the net has learnt it. from: a person's drawing (strokes in a space of about 255 x 255) that is gone on with; open: its last
-- stroke too is gone on with. points: at most so many in all. progress(rows): after each point; true ends it. The drawing can be saved as .svg, .png and .json.
function Model:draw(options)
  local o = options_of("draw", options, settings)
  if type(o.temperature) ~= "number" or not (o.temperature >= 0 and o.temperature <= 10) then fail("temperature is %s, wanted 0..10", tostring(o.temperature)) end
  if math.type(o.seed) ~= "integer" then fail("seed is %s, wanted a whole number", tostring(o.seed)) end
  for name, most in pairs { points = 10000, count = 4096 } do
    if o[name] and (math.type(o[name]) ~= "integer" or o[name] < 1 or o[name] > most) then fail("%s is %s, wanted 1..%d", name, tostring(o[name]), most) end
  end
  local lists = require("genai").no_grad(rows_of, self, o, o.count or 1)
  local first, out = o.from and drawing.from(o.from).strokes[1], {}
  for i, rows in ipairs(lists) do
    local d = drawing.from_offsets(rows, self.scale)
    if first and first[1] then                                              -- where the person began
      for _, stroke in ipairs(d.strokes) do for _, p in ipairs(stroke) do p[1], p[2] = p[1] + first[1][1], p[2] + first[1][2] end end
    end
    d.alt = "a drawing of a " .. self.name:gsub("_", " ")
    d.recipe = { kind = "sketch-rnn", variant = self.name, seed = o.seed + i - 1, temperature = o.temperature, points = o.points or nil, from = o.from and drawing.from(o.from).strokes or nil, open = o.open, count = o.count or nil }
    out[i] = d
  end
  return o.count and out or out[1]
end

function Model:__tostring() return ("sketch-rnn %s: model:draw { seed =, temperature =, from =, count = }; drawings morph and save as .svg, .png, .json"):format(self.name) end

return sketch
