--- Word vectors: words that stand for like things lie near each other (Mikolov et al. 2013, "Distributed Representations of Words and Phrases").
-- Source: 1,000 common words of Google News word2vec, 300 numbers each, as ml5.js ships them: JSON { "vectors": { word: [numbers] } }.
-- Details that have caused bugs: likeness is the cosine, so vectors are brought to length 1 when they are read, and those of an analogy, too, before they are
-- added; the words that one asks with are left out of the answer, or "king" would be the nearest to king - man + woman.
local core = require "genai.core"
local weights = require "genai.models.weights"
local wordvecs = { about = "words near each other, analogies", licence = "MIT", paper = "Mikolov et al. 2013" }
local model = { __name = "wordvecs" }
model.__index = model

local function fail(format, ...) core.fail(format:format(...)) end

-- The position of a word, as it is written or in small letters.
local function place(self, word)
  if type(word) ~= "string" then fail("wordvecs: a word is a %s, wanted a string", type(word)) end
  local at = self.place[word] or self.place[word:lower()]
  if not at then
    local near = require("genai.tensor").nearest(word:lower(), self.words)
    fail("wordvecs: \"%s\" is not among the %d words%s", word, #self.words, near and (", did you mean \"" .. near .. "\"?") or "")
  end
  return at
end

--- model(word) -> f32[size], of length 1. An unknown word is an error; model:has(word) asks first.
function model:__call(word) return self.vectors[place(self, word)] end

--- model:has(word) -> true if there is a vector of it.
function model:has(word) return self.place[word] ~= nil or self.place[tostring(word):lower()] ~= nil end

local function ranked(self, vector, n, skip)
  if math.type(n) ~= "integer" or n < 1 then fail("wordvecs: n is %s, wanted a whole number of 1 or more", tostring(n)) end
  if vector:dim() ~= 1 or #vector ~= self.size then fail("wordvecs: the vector is %s[%s], wanted f32[%d]", vector.dtype, table.concat(vector.shape, ","), self.size) end
  local count = 0
  for _ in pairs(skip) do count = count + 1 end
  local likeness, places = (self.vectors:matmul(vector) / vector:norm():clamp(1e-12)):topk(math.min(#self.words, n + count))
  local out = {}
  for i = 1, #likeness do
    local word = self.words[places[i]:item() + 1]
    if not skip[word] and #out < n then out[#out + 1] = { word = word, likeness = likeness[i]:item() } end
  end
  return out
end

--- model:nearest(word or vector, n = 5) -> { { word =, likeness = }, ... }: likeness is the cosine, in -1..1; the word itself is left out.
-- vectors can be reckoned with: model:nearest(model "king" - model "man" + model "woman").
function model:nearest(what, n)
  if core.is_tensor(what) then return ranked(self, what, n or 5, {}) end
  local at = place(self, what)
  return ranked(self, self.vectors[at], n or 5, { [self.words[at]] = true })
end

--- model:analogy(a, b, c, n = 1) -> { { word =, likeness = }, ... }: a is to b as c is to what? "man", "king", "woman" gives "queen".
function model:analogy(a, b, c, n)
  local skip, places = {}, { place(self, a), place(self, b), place(self, c) }
  for _, at in ipairs(places) do skip[self.words[at]] = true end
  return ranked(self, self.vectors[places[2]] - self.vectors[places[1]] + self.vectors[places[3]], n or 1, skip)
end

--- model:likeness(a, b) -> the cosine between two words, in -1..1.
function model:likeness(a, b) return (self(a) * self(b)):sum():item() end

--- model:odd_one_out(words) -> the word that is least like the others.
function model:odd_one_out(words)
  if type(words) ~= "table" or #words < 3 then fail("wordvecs: words are %s, wanted a list of three or more", type(words) == "table" and #words .. " words" or "a " .. type(words)) end
  local sum = 0
  for _, word in ipairs(words) do sum = self(word) + sum end
  local odd, least
  for _, word in ipairs(words) do
    local likeness = (self(word) * (sum - self(word))):sum():item()
    if not least or likeness < least then odd, least = word, likeness end
  end
  return odd
end

function model:__tostring() return ("wordvecs(%d words, %d numbers each)"):format(#self.words, self.size) end

--- wordvecs.load(path) -> model; path is a JSON file { "vectors": { word: [numbers] } } or the folder of wordvecs1000.json. model.words: all words, model.vectors: f32[#words,size].
function wordvecs.load(path)
  local value, file = weights.json(path, "wordvecs1000.json")
  if type(value) ~= "table" or type(value.vectors) ~= "table" then fail("%s: lacks \"vectors\", an object of lists", file) end
  local words, rows, at, size = {}, {}, {}, nil
  for word, row in pairs(value.vectors) do
    size = size or type(row) == "table" and #row or 0
    if type(word) ~= "string" or type(row) ~= "table" or #row ~= size or size < 1 then fail("%s: \"%s\" is not a list of %d numbers", file, tostring(word), size) end
    words[#words + 1], rows[#rows + 1], at[word] = word, row, #words + 1
  end
  if #words == 0 then fail("%s: holds no word", file) end
  local fine, vectors = pcall(core.tensor, rows)
  if not fine or vectors:isfinite():all():item() ~= 1 then fail("%s: a vector holds something else than numbers", file) end
  return setmetatable({ words = words, place = at, size = size, vectors = vectors / vectors:norm(2, { keep = true }):clamp(1e-12) }, model)
end

return wordvecs
