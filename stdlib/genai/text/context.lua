--- A context: what a language model has read so far, as a value that can be continued, forked and saved; and the stream that continues it.
local core = require "genai.core"
local sample = require "genai.sample"
local context = {}

local methods = { __name = "context" }
methods.__index = methods

--- context.new(llm, ids) -> a context that begins with ids.
function context.new(llm, ids)
  return setmetatable({ llm = llm, ids = ids, cache = llm.model:cache(), _waiting = { table.unpack(ids) }, _logits = nil }, methods)
end

--- context:feed(text) -> context, which has read on.
function methods:feed(s)
  for _, id in ipairs(self.llm:encode(s, { bos = false })) do self:_push(id) end
  return self
end

function methods:_push(id)
  self.ids[#self.ids + 1] = id
  self._waiting[#self._waiting + 1] = id
end

--- context:logits() -> f32[vocabulary]: what may come next. Ids that wait are read in one pass.
function methods:logits()
  if #self._waiting > 0 then
    self._logits = self.llm.model(self._waiting, self.cache)[1]
    self._waiting = {}
  end
  return self._logits
end

--- context:fork() -> another context that has read the same and goes its own way.
function methods:fork()
  return setmetatable({ llm = self.llm, ids = { table.unpack(self.ids) }, cache = self.llm.model:fork(self.cache), _waiting = { table.unpack(self._waiting) }, _logits = self._logits }, methods)
end

--- context:save(path) -> path. Writes ids and what the model keeps (keys and values, or states) as safetensors.
function methods:save(path)
  self:logits()
  local names, tensors = { "ids", "logits" }, { core.tensor(self.ids, { dtype = "i32" }), self._logits }
  for _, part in ipairs(self.llm.model:state(self.cache, self.cache.length)) do names[#names + 1], tensors[#tensors + 1] = part[1], part[2] end
  core.write(path, core.safetensors_encode(names, tensors, core.json.encode { model = self.llm.hash }))
  return path
end

function context.load(llm, path)
  local tensors, metadata = core.safetensors_load(path)
  local made_by = metadata and core.json.decode(metadata).model
  if made_by ~= llm.hash then error(("context_from: %s was made by model %s, wanted %s"):format(path, tostring(made_by), llm.hash), 3) end
  local self = context.new(llm, {})
  if not (tensors.ids and tensors.logits) or tensors.ids:dim() ~= 1 or tensors.logits:numel() ~= llm.vocabulary then error(("context_from: %s: \"ids\" or \"logits\" are missing or of another shape"):format(path), 3) end
  self.ids, self._waiting, self._logits = tensors.ids:totable(), {}, tensors.logits:reshape(llm.vocabulary)
  local length = #self.ids
  if length > llm.length then error(("context_from: %s: %d ids, the context holds %d"):format(path, length, llm.length), 3) end
  for _, part in ipairs(llm.model:state(self.cache, length)) do
    local name, like = part[1], part[2]
    local t = tensors[name]
    if not t or table.concat(t.shape, ",") ~= table.concat(like.shape, ",") then error(("context_from: %s: \"%s\" is missing or of another shape"):format(path, name), 3) end
    like:copy_(t)
  end
  self.cache.length = length
  return self
end

-- ---- streams ----
local known = { tokens = "number", temperature = "number", top_k = "number", top_p = "number", min_p = "number", repetition = "number", seed = "number", stop = "table", sample = "table" }

local function check(options)
  local unknown
  for key, value in pairs(options) do
    if not known[key] then
      if not unknown or tostring(key) < unknown then unknown = tostring(key) end
    elseif type(value) ~= known[key] and not (key == "stop" and type(value) == "string") and not (key == "sample" and type(value) == "function") then
      core.fail(("generate: %s is a %s, wanted a %s"):format(key, type(value), known[key]))
    end
  end
  if unknown then
    local names = {}
    for key in pairs(known) do names[#names + 1] = key end
    table.sort(names)
    core.fail(("generate: unknown option \"%s\", wanted one of: %s"):format(unknown, table.concat(names, ", ")))
  end
end

-- How many bytes at the end of s are the start of a character that is not there yet.
local function unfinished(s)
  for back = 1, math.min(3, #s) do
    local byte = s:byte(-back)
    if byte >= 0xC0 then return (byte >= 0xF0 and 4 or byte >= 0xE0 and 3 or 2) > back and back or 0 end
    if byte < 0x80 then return 0 end
  end
  return 0
end

-- How many bytes at the end of s may be the beginning of a stop text.
local function begun(s, stop)
  local most = 0
  for _, word in ipairs(stop) do
    for n = math.min(#word - 1, #s), most + 1, -1 do
      if s:sub(-n) == word:sub(1, n) then
        most = n
        break
      end
    end
  end
  return most
end

local function first_stop(s, stop)
  local at
  for _, word in ipairs(stop) do
    local found = s:find(word, 1, true)
    if found and (not at or found < at) then at = found end
  end
  return at
end

local stream = { __name = "stream" }
stream.__index = stream

-- Draws one id; false at the end.
local function draw(self)
  local c = self._context
  if self.count >= self._tokens or #c.ids >= c.llm.length then return false end
  local id = sample.next(c:logits(), self._chain, self._rng, c.ids)
  if math.type(id) ~= "integer" or id < 0 or id >= c.llm.vocabulary then error(("generate: a sampler gave id %s, wanted 0..%d"):format(tostring(id), c.llm.vocabulary - 1), 0) end
  local vocabulary = c.llm.tokenizer
  if id == vocabulary.eos or id == vocabulary.bos then return false end
  self._held = self._held .. vocabulary:piece(id, c.ids[#c.ids] == vocabulary.bos)
  c:_push(id)
  self.count = self.count + 1
  self.ids[self.count] = id
  return true
end

-- The next piece of text, or nil at the end.
local function next_piece(self)
  while not self._done do
    self._done = not draw(self)
    local at = first_stop(self._held, self._stop)
    if at then self._held, self._done = self._held:sub(1, at - 1), true end
    local keep = self._done and 0 or math.max(unfinished(self._held), begun(self._held, self._stop))
    local piece = self._held:sub(1, #self._held - keep)
    self._held = self._held:sub(#self._held - keep + 1)
    if piece ~= "" then
      self._parts[#self._parts + 1] = piece
      return piece
    end
  end
end

function stream:__call()
  local was, start = core.recording(false), core.clock()
  local fine, piece = pcall(next_piece, self)
  core.recording(was)
  self._seconds = self._seconds + core.clock() - start
  if not fine then error(piece, 2) end
  return piece
end

function stream:__index(key)
  if key == "rate" then return self.count / math.max(self._seconds, 1e-9) end
  if key == "text" then return table.concat(self._parts) end
  return stream[key]
end

--- context:stream(options) -> an iterator of pieces of text; options as llm:stream.
function methods:stream(options)
  options = options or {}
  check(options)
  if #self.ids > self.llm.length then error(("generate: the text before has %d ids, the context holds %d"):format(#self.ids, self.llm.length), 2) end
  local chain = options.sample
  if type(chain) == "function" then chain = { chain } end
  if chain then
    for _, key in ipairs { "temperature", "top_k", "top_p", "min_p", "repetition" } do
      if options[key] then error(("generate: %s and sample exclude each other: put sample.%s(..) into the list"):format(key, key), 2) end
    end
  end
  local stop, seed = options.stop or {}, options.seed or 0
  if type(stop) == "string" then stop = { stop } end
  for i, word in ipairs(stop) do
    if type(word) ~= "string" or word == "" then error(("generate: stop %d is not a text"):format(i), 2) end
  end
  return setmetatable({ count = 0, ids = {}, _context = self, _chain = chain or sample.chain(options), _rng = core.rng(seed, "text"), _stop = stop,
    _tokens = options.tokens or 256, _held = "", _parts = {}, _seconds = 0.0, _done = false }, stream)
end

local result = { __tostring = function(self) return self.text end }

--- context:generate(options) -> { text =, ids =, count =, rate =, recipe = }; the context then holds what was generated.
function methods:generate(options)
  local s = self:stream(options)
  while s() do end
  local recipe = { model = self.llm.name, hash = self.llm.hash }
  for key, value in pairs(options or {}) do
    if key ~= "sample" then recipe[key] = value end
  end
  return setmetatable({ text = s.text, ids = s.ids, count = s.count, rate = s.rate, recipe = recipe }, result)
end

return context
