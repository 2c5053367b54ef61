--- Language models: text in, text out. genai.text.load opens one; it encodes, decodes, streams, generates, chooses, and its contexts are values.
local core = require "genai.core"
local sample = require "genai.sample"
local tokenizer = require "genai.text.tokenizer"
local context = require "genai.text.context"
local text = {}

local llm = { __name = "llm" }
llm.__index = llm

function llm:__tostring()
  local c = self.model.config
  return ("llm(%s: %d layers of %d, vocabulary %d, context %s)"):format(self.name, c.layers, c.dim, c.vocabulary, c.context == math.maxinteger and "without end" or c.context)
end

--- llm:encode(text, { bos = true }) -> a list of ids (data: from 0), the mark of the beginning first unless bos is false.
function llm:encode(s, options)
  if type(s) ~= "string" then error("encode: text is a " .. type(s) .. ", wanted a string", 2) end
  return self.tokenizer:encode(s, options)
end

--- llm:decode(ids) -> text; ids a list or a tensor.
function llm:decode(ids) return self.tokenizer:decode(ids) end

--- llm:logits(ids) -> f32[#ids,vocabulary]: row i says what may follow after the first i ids.
function llm:logits(ids)
  if core.is_tensor(ids) then ids = ids:totable() end
  return self.model(ids, nil, true)
end

--- llm:context(text) -> a context that has read the text: context:generate(options), :stream(options), :feed(text), :fork(), :save(path).
function llm:context(s) return context.new(self, self:encode(s or "")) end

--- llm:context_from(path) -> a context that was saved.
function llm:context_from(path) return context.load(self, path) end

--- llm:stream(prompt, { tokens = 256, temperature = 1, top_k, top_p, min_p, repetition, seed = 0, stop, sample }) -> an iterator of pieces of text, with the fields
-- count (ids so far), rate (ids a second), text and ids. temperature 0 takes the likeliest; stop is a list of texts that end it (and are left out);
-- sample is a list of samplers instead of the numbers.
function llm:stream(prompt, options) return self:context(prompt):stream(options) end

--- llm:generate(prompt, options) -> { text =, ids =, count =, rate =, recipe = }; options as llm:stream.
function llm:generate(prompt, options)
  local result = self:context(prompt):generate(options)
  result.recipe.prompt = prompt
  return result
end

-- log-probabilities that ids follow: `first` are the logits before the first of them.
local function score(self, base, ids)
  local sum = base:logits():log_softmax(1)[ids[1] + 1]:item()
  if #ids > 1 then
    local rest = self.model({ table.unpack(ids, 1, #ids - 1) }, self.model:fork(base.cache), true):log_softmax(2)
    for i = 2, #ids do sum = sum + rest[i - 1][ids[i] + 1]:item() end
  end
  return sum
end

--- llm:choose(prompt, texts) -> { index =, text =, probabilities = }: which of some texts is the likeliest to follow; the probabilities add up to 1.
function llm:choose(prompt, texts)
  if type(texts) ~= "table" or #texts == 0 then error("choose: texts are " .. (type(texts) == "table" and "an empty list" or "a " .. type(texts)) .. ", wanted one or more texts", 2) end
  local base, scores, best = self:context(prompt), {}, 1
  for i, s in ipairs(texts) do
    scores[i] = score(self, base, self:encode((s:gsub("^ ", "")), { bos = false }))
    if scores[i] > scores[best] then best = i end
  end
  return { index = best, text = texts[best], probabilities = core.tensor(scores):softmax(1):totable() }
end

-- The one file of a folder that is wanted: tokenizers are called tok*.bin.
local function find(path, tokens)
  local found = {}
  for _, name in ipairs(core.list(path)) do
    if name:match "%.bin$" and (name:match "^tok" ~= nil) == tokens then found[#found + 1] = name end
  end
  local what = tokens and "tokenizer (tok*.bin)" or "model (*.bin)"
  if #found == 0 then error(("text.load: %s holds no %s"):format(path, what), 3) end
  if #found > 1 then error(("text.load: %s holds more than one %s: %s"):format(path, what, table.concat(found, ", ")), 3) end
  return path .. "/" .. found[1]
end

--- text.from{ name =, bytes =, model =, tokenizer = } -> a language model (llm) of its parts. bytes: the weights' file, for its hash. model: config = { layers, dim, vocabulary,
-- context }, model(ids, cache, every) -> logits, model:cache(), model:fork(cache), model:state(cache, length) -> { { name, tensor }, .. }; tokenizer: encode, decode, piece.
function text.from(parts)
  local config = parts.model.config
  return setmetatable({ name = parts.name, hash = ("crc32:%08x"):format(core.crc32(parts.bytes)), model = parts.model, tokenizer = parts.tokenizer,
    vocabulary = config.vocabulary, length = config.context }, llm)
end

--- text.load(path, { tokenizer = path }) -> a language model (llm). path is a folder with a llama2.c model (*.bin) and its vocabulary (tok*.bin), or the model's file.
function text.load(path, options)
  if type(path) ~= "string" then error("text.load: path is a " .. type(path) .. ", wanted a string", 2) end
  if not core.exists(path) then error("text.load: there is no " .. path, 2) end
  local model_file, tokenizer_file = path, options and options.tokenizer
  if not path:match "%.bin$" then model_file = find(path, false) end
  tokenizer_file = tokenizer_file or find(model_file:match "^(.*)/[^/]*$" or ".", true)
  local bytes = core.read(model_file)
  local model = require("genai.models.llama").read(bytes, model_file)
  local vocabulary = tokenizer.read(core.read(tokenizer_file), model.config.vocabulary, tokenizer_file)
  return text.from { name = model_file:match "([^/]+)$", bytes = bytes, model = model, tokenizer = vocabulary }
end

text.sample = sample
return text
