--- charrnn: writes letter by letter like Darwin or like Shakespeare (two LSTM layers of 128; Graves 2013; Karpathy 2015, "The Unreasonable Effectiveness of Recurrent
-- Neural Networks"). Source: ml5js/ml5-data-and-models, trained with sherjilozair/char-rnn-tensorflow. Input: characters' numbers from 0; result: logits f32[m,characters].
-- A language model as genai.text's: encode, decode, stream, generate, choose, context.
-- Details that have caused bugs: gates are i, j, f, o and 1 is added to the forget gate; a kernel's rows are the input's, then the state's; Shakespeare's vocabulary was
-- spoilt on its way into JSON: "u" became two blanks and "U" nothing. Both letters are put back here.
local core = require "genai.core"
local weights = require "genai.models.weights"
local cells = require "genai.models.cells"
local ops = core.ops
local charrnn = { variants = { "darwin", "shakespeare" }, about = "writes letter by letter", licence = "MIT", paper = "Graves 2013" }
charrnn.__index, charrnn.__name = charrnn, "charrnn"

local function fail(format, ...) core.fail("charrnn: " .. format:format(...)) end

-- ---- characters ----

local letters = { __name = "characters" }
letters.__index = letters

-- JSON { character = number } -> the two ways between them
local function read_letters(json, path)
  local ids, pieces, n = {}, {}, 0
  if type(json) ~= "table" then fail("%s holds a %s, wanted characters and their numbers", path, type(json)) end
  for piece, id in pairs(json) do
    if piece == "  " and not json.u then piece = "u" elseif piece == "" and not json.U then piece = "U" end
    if type(piece) ~= "string" or utf8.len(piece) ~= 1 or math.type(id) ~= "integer" or pieces[id] then fail("%s: character \"%s\" has number %s", path, tostring(piece), tostring(id)) end
    ids[piece], pieces[id], n = id, piece, n + 1
  end
  for id = 0, n - 1 do if not pieces[id] then fail("%s: no character has number %d of %d", path, id, n) end end
  return setmetatable({ ids = ids, pieces = pieces, count = n }, letters)
end

-- No mark begins a text; an empty one counts as a new line, so that there is something to go on from.
function letters:encode(s, options)
  local out = {}
  local length, bad = utf8.len(s)
  if not length then fail("encode: byte %d of the text is not UTF-8", bad) end
  for _, code in utf8.codes(s) do
    local piece = utf8.char(code)
    out[#out + 1] = self.ids[piece] or fail("encode: the vocabulary of %d characters lacks \"%s\"", self.count, piece)
  end
  if #out == 0 and not (options and options.bos == false) then out[1] = self.ids["\n"] or 0 end
  return out
end

function letters:piece(id) return self.pieces[id] end

function letters:decode(ids)
  local out = {}
  for i, id in ipairs(core.is_tensor(ids) and ids:totable() or ids) do out[i] = self.pieces[id] or fail("decode: id %s, wanted 0..%d", tostring(id), self.count - 1) end
  return table.concat(out)
end

-- ---- the net ----

local function read(tensors, path, n)
  local embedding = weights.take(tensors, path, "embedding", n, 0)
  local h = embedding.shape[2]
  local self = setmetatable({ config = { layers = 2, dim = h, vocabulary = n, context = math.maxinteger }, embedding = embedding }, charrnn)
  for layer = 1, 2 do
    local name = ("rnnlm/multi_rnn_cell/cell_%d/basic_lstm_cell/"):format(layer - 1)
    local kernel = weights.take(tensors, path, name .. "weights", 2 * h, 4 * h)
    self[layer] = cells.lstm(kernel:slice(1, 1, h), kernel:slice(1, h + 1, 2 * h), weights.take(tensors, path, name .. "biases", 4 * h), "basic")
  end
  self.rows, self.zero = cells.rows(self[1], embedding), ops.zeros(1, 1, 1)
  self.head, self.bias = weights.dense(tensors, path, "rnnlm/softmax_w", h, n), weights.take(tensors, path, "rnnlm/softmax_b", n)
  return self
end

--- model:cache() -> the states before the first character.
function charrnn:cache()
  local cache = { length = 0 }
  for layer = 1, 2 do cache[layer] = { ops.zeros(1, 1, self.config.dim), ops.zeros(1, 1, self.config.dim) } end
  return cache
end

--- model:fork(cache) -> a copy that goes its own way.
function charrnn:fork(cache)                               -- steps make new states and leave the old ones alone: they can be shared
  return { length = cache.length, cache[1], cache[2] }
end

--- model:state(cache, length) -> the cache's tensors as a list of { name, tensor }, for contexts that are saved.
function charrnn:state(cache)
  local out = {}
  for layer = 1, 2 do
    for i, part in ipairs { "h", "c" } do out[#out + 1] = { part .. layer, cache[layer][i] } end
  end
  return out
end

local function forward(self, ids, cache, every)
  local m, y, n = #ids, nil, self.config.vocabulary
  for i = 1, m do
    if math.type(ids[i]) ~= "integer" or ids[i] < 0 or ids[i] >= n then fail("id %d is %s, wanted 0..%d", i, tostring(ids[i]), n - 1) end
  end
  if m == 0 then fail "ids are empty, wanted one or more" end
  if m == 1 then                                           -- what the character adds to the gates lies ready
    y, cache[1] = self.zero:lstm(cache[1], { self.rows[ids[1] + 1] })
  else
    y, cache[1] = core.tensor(ids, { dtype = "i32" }):embedding(self.embedding):view(m, 1, -1):lstm(cache[1], { self[1] })
  end
  y, cache[2] = y:lstm(cache[2], { self[2] })
  cache.length = cache.length + m
  y = y:view(m, -1)
  return (every and y or y:slice(1, m, m)):linear(self.head, self.bias)
end

--- model(ids, cache, every) -> logits[m,vocabulary] if `every`, else those of the last id [1,vocabulary]. ids: a list; the cache goes on by them.
function charrnn:__call(ids, cache, every) return require("genai").no_grad(forward, self, ids, cache or self:cache(), every) end

--- charrnn.load(folder, variant = "darwin") -> a language model as genai.text.load gives one: model:stream(prompt, options), model:generate(prompt, options), ...
-- variant: "darwin" or "shakespeare"; or folder is the variant's .safetensors file, with .vocab.json beside it.
function charrnn.load(folder, variant)
  variant = variant or type(folder) == "string" and folder:match "([^/]+)%.safetensors$" or charrnn.variants[1]
  local tensors, path = weights.safetensors(folder, variant .. ".safetensors")
  local json, json_path = weights.json((path:gsub("%.safetensors$", ".vocab.json")), ".json")
  local vocabulary = read_letters(json, json_path)
  return require("genai.text").from { name = "charrnn/" .. variant, bytes = core.read(path), model = read(tensors, path, vocabulary.count), tokenizer = vocabulary }
end

return charrnn
