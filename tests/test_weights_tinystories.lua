-- Language models: the story model's golden texts, the vocabulary, samplers, streams, contexts.
local genai = require "genai"
local core = require "genai.core"
local sample, t = genai.sample, genai.tensor
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, model = tools.weights("tinystories-260k", genai.text.load)

-- The two texts of expected.md: what stands between the command's line and the closing fence.
local function expected(command)
  local text = core.read(folder .. "/expected.md")
  local from = select(2, text:find(command .. "\n", 1, true))
  return text:sub(from + 1, text:find("\n```", from, true) - 1)
end

-- Where two texts part, counted from their ends: 0 when they are equal.
local function parted(text, wanted)
  if text == wanted then return 0 end
  local i = 1
  while text:byte(i) == wanted:byte(i) do i = i + 1 end
  return math.max(#text, #wanted) - i + 1
end

function tests.greedy_text_word_for_word()
  local text = model():generate("", { temperature = 0, tokens = 256 }).text
  tools.golden("tinystories-260k", "expected.md, greedy: letters that differ", parted(text, expected "-t 0.0"), 0)
end

function tests.sampled_text_word_for_word()
  local text = model():generate("", { sample = sample.llama2c(133742, { temperature = 1, top_p = 0.9 }), tokens = 256 }).text
  tools.golden("tinystories-260k", "expected.md, sampled: letters that differ", parted(text, expected "-s 133742"), 0)
end

function tests.vocabulary()
  local llm = model()
  for _, s in ipairs { "Once upon a time", "", "a", "  two  spaces ", "naïve ☃ and 🐇", "line\nbreak\ttab", "Lily's mom said, \"No!\"" } do
    assert(llm:decode(llm:encode(s)) == s, s)
    assert(llm:decode(llm:encode(s, { bos = false })) == s, s)
  end
  assert(table.concat(llm:encode "Once upon a time", " ") == "1 403 407 261 378")
  assert(llm:decode(t(llm:encode "a cat", { dtype = "i32" })) == "a cat")
  assert(#llm:encode(("word "):rep(5000)) < 30000)                          -- long texts take no squared time
  fails("wanted 0..511", llm.decode, llm, { 512 })
  fails("wanted a string", llm.encode, llm, 5)
end

function tests.cached_is_uncached()
  local llm = model()
  local ids = llm:encode "Once upon a time, there was a little dog"
  local whole = llm:logits(ids)
  assert(whole.shape[1] == #ids and whole.shape[2] == llm.vocabulary)
  local cache = llm.model:cache()
  for i, id in ipairs(ids) do
    assert(llm.model({ id }, cache)[1]:close(whole[i], { rtol = 1e-4, atol = 1e-4 }), i)
  end
  local parts = llm.model:cache()
  llm.model({ table.unpack(ids, 1, 3) }, parts)
  assert(llm.model({ table.unpack(ids, 4) }, parts)[1]:close(whole[#ids], { rtol = 1e-4, atol = 1e-4 }))
end

function tests.streams()
  local llm = model()
  local function collect(seed, options)
    local out, s = {}, llm:stream("Once upon a time", { tokens = 60, temperature = 0.9, top_k = 40, top_p = 0.95, seed = seed })
    for piece in s do out[#out + 1] = piece end
    assert(s.count <= 60 and s.rate > 0 and s.text == table.concat(out) and #s.ids == s.count)
    return s.text
  end
  assert(collect(7) == collect(7) and collect(7) ~= collect(8))
  local greedy = llm:generate("Once upon a time", { tokens = 30, temperature = 0 })
  assert(#greedy.ids == 30 and tostring(greedy) == greedy.text and greedy.recipe.hash == llm.hash)
  local stopped = llm:generate("Once upon a time", { tokens = 200, temperature = 0, stop = { "little girl" } })
  assert(stopped.text == ", there was a ", stopped.text)
  local pieces = {}
  for piece in llm:stream("Once upon a time", { tokens = 200, temperature = 0, stop = "named Lily" }) do pieces[#pieces + 1] = piece end
  assert(table.concat(pieces) == ", there was a little girl ", table.concat(pieces))
  assert(llm:generate("", { tokens = 0 }).text == "" and llm:generate("", { temperature = 0, tokens = 10000 }).count <= 512)
end

function tests.sample_list()
  local llm = model()
  local seen = 0
  local chain = { sample.temperature(0.8), sample.top_k(20), function(logits) seen = seen + 1 return logits end }
  llm:generate("The cat", { tokens = 10, sample = chain, seed = 1 })
  assert(seen == 10)
  local said = llm:generate("", { tokens = 3, sample = function() return 403 end })
  assert(said.text == "Once Once Once", said.text)
  fails("exclude each other", llm.generate, llm, "a", { sample = chain, top_k = 3 })
  fails("wanted 0..511", llm.generate, llm, "a", { sample = function() return 600 end })
end

function tests.samplers()
  local logits = t { 1, 4, 2, 3 }
  local low = -math.huge
  local function same(a, ...) for i, x in ipairs { ... } do assert(a[i]:item() == x, i) end end
  same(sample.top_k(2)(logits), low, 4, low, 3)
  same(sample.top_p(0.0)(logits), low, 4, low, low)
  same(sample.top_p(0.7)(logits), low, 4, low, 3)                           -- 0.64 alone is less than 0.7
  same(sample.top_p(1.0)(logits), 1, 4, 2, 3)
  same(sample.min_p(0.2)(logits), low, 4, low, 3)                           -- exp(-1) is above a fifth, exp(-2) is not
  same(sample.repetition(2)(logits, { 1, 2, 2 }), 1, 2, 1, 3)
  assert(sample.greedy()(logits) == 1)
  local counts, rng = { [0] = 0, 0, 0, 0 }, genai.rng(1, "draws")
  for _ = 1, 2000 do
    local id = sample.draw(logits, rng)
    counts[id] = counts[id] + 1
  end
  local share = logits:softmax(1):totable()
  for id = 0, 3 do assert(math.abs(counts[id] / 2000 - share[id + 1]) < 0.05, id) end
  fails("top_p", sample.top_p, 2)
  fails("temperature", sample.temperature, 0)
end

function tests.contexts_are_values()
  local llm = model()
  local room = llm:context "Lily went to the park."
  local left, right = room:fork(), room:fork()
  assert(left:generate({ tokens = 12, seed = 1 }).text ~= right:generate({ tokens = 12, seed = 2 }).text)
  local path = genai.tmpdir() .. "/room.ctx"
  room:save(path)
  local text = room:fork():generate({ tokens = 12, seed = 1 }).text
  assert(llm:context_from(path):generate({ tokens = 12, seed = 1 }).text == text)
  assert(room:fork():generate({ tokens = 12, seed = 1 }).text == text)
  local a = room:fork()
  a:generate { tokens = 5, temperature = 0 }
  local b = a:generate { tokens = 5, temperature = 0 }
  assert(room:generate({ tokens = 10, temperature = 0 }).text:sub(-#b.text) == b.text)          -- a context goes on where it was
end

function tests.choose()
  local llm = model()
  local best = llm:choose("Once upon a time, there was a little girl named", { "Lily", "the" })
  assert(best.index == 1 and best.text == "Lily" and math.abs(best.probabilities[1] + best.probabilities[2] - 1) < 1e-6)
  fails("wanted one or more", llm.choose, llm, "a", {})
end

function tests.a_model_tells_the_story()
  local llm = model()
  local function tell(seed) return genai.story("a rabbit who wanted to see the sea", { model = llm, pages = 4, seed = seed, length = "short" }) end
  local story, again, other = tell(1), tell(1), tell(2)
  assert(#story.pages == 4 and story.title == "A rabbit" and story.recipe.hash == llm.hash)
  assert(story.pages[1].text:find("Once upon a time, there was a rabbit who wanted to see the sea.", 1, true))
  for i, page in ipairs(story.pages) do
    assert(page.text:find "%a" and page.text == again.pages[i].text and #page.scene > 0 and page.mood)
  end
  assert(story.pages[2].text ~= other.pages[2].text)
  assert(#genai.story("", { model = llm, pages = 20, length = "long" }).pages == 20)         -- longer than the model's window
end

function tests.refusals()
  local llm = model()
  fails("temprature", llm.generate, llm, "a", { temprature = 1 })
  fails("grammar", llm.generate, llm, "a", { grammar = "root ::= missing" })
  fails("the context holds 512", llm.generate, llm, ("word "):rep(600))
  fails("there is no", genai.text.load, "/nowhere")
  local dir = genai.tmpdir()
  local bytes = core.read(folder .. "/stories260K.bin")
  local function try(name, data, tokens, wanted)
    core.mkdir(dir .. "/" .. name)
    core.write(dir .. "/" .. name .. "/model.bin", data)
    core.write(dir .. "/" .. name .. "/tok.bin", tokens)
    fails(wanted, genai.text.load, dir .. "/" .. name)
  end
  local tokens = core.read(folder .. "/tok512.bin")
  try("short", bytes:sub(1, 20), tokens, "a header of 28")
  try("cut", bytes:sub(1, -5), tokens, "for its sizes")
  try("huge", string.pack("<i4i4i4i4i4i4i4", 1 << 20, 1 << 20, 1 << 20, 1, 1, 1 << 20, 1 << 20) .. bytes, tokens, "for its sizes")
  try("negative", string.pack("<i4i4i4i4i4i4i4", 64, -1, 5, 8, 4, 512, 512) .. bytes:sub(29), tokens, "hidden is -1")
  try("heads", string.pack("<i4i4i4i4i4i4i4", 64, 172, 5, 7, 4, 512, 512) .. bytes:sub(29), tokens, "do not divide")
  try("tokens", bytes, tokens:sub(1, 100), "the file ends before piece")
  try("length", bytes, tokens:sub(1, 8) .. "\255\255\255\127" .. tokens:sub(13), "are left")
  try("rest", bytes, tokens .. "x", "left over")
end

return tests
