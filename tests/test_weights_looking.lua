-- SqueezeNet beside its reference on a photograph; word vectors: neighbours and analogies.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, squeezenet = tools.weights("squeezenet11-fp16", genai.models.squeezenet.load)
local _, wordvecs = tools.weights("data/wordvecs", genai.models.wordvecs.load)

function tests.squeezenet_golden()
  local net, wanted = squeezenet(), {}
  for line in genai.load(folder .. "/fish_expected_softmax.csv"):gmatch "[^\r\n]+" do
    local class, value = line:match "^(%d+),(%S+)$"
    if class then wanted[class + 1] = tonumber(value) end
  end
  assert(#wanted == 1000)
  local fish = genai.load(folder .. "/fish.png")
  local ours = net(fish)
  tools.golden("squeezenet11-fp16", "fish_expected_softmax.csv", ours - genai.tensor(wanted), 1e-3)
  tools.golden("squeezenet11-fp16", "fish.png, tench 0.7378", math.abs(ours[1]:item() - 0.7378), 1e-3)
  local tags = net:tags(fish, 2)
  assert(tags[1].name == "tench" and tags[1].class == 0 and tags[2].name == "barracouta" and net.labels[1] == "tench, Tinca tinca")
end

function tests.squeezenet_takes_any_picture()
  local net = squeezenet()
  local x = genai.rand(3, 50, 91, { rng = genai.rng(1, "x") })
  assert(net:prepare(x).shape[4] == 224 and math.abs(net(x):sum():item() - 1) < 1e-3)
  local prepared = net:prepare(genai.image.from(genai.tensor { 1, 0.5, 0 }:view(3, 1, 1):expand(3, 224, 224)))
  assert(prepared[1][1]:max():item() == 0 and prepared[1][3]:min():item() == 255)            -- blue first, red last
  fails("n is 0", net.tags, net, x, 0)
  fails("x is a string", net, "fish")
end

function tests.words()
  local words = wordvecs()
  assert(#words.words == 1000 and words.size == 300 and words:has "King" and not words:has "wombat")
  assert(math.abs(words "king":norm():item() - 1) < 1e-6 and math.abs(words:likeness("queen", "queen") - 1) < 1e-6)
  for answer, q in pairs { queen = { "man", "king", "woman" }, daughter = { "father", "son", "mother" }, worse = { "good", "better", "bad" },
    girl = { "man", "boy", "woman" }, sister = { "boy", "brother", "girl" } } do
    assert(words:analogy(table.unpack(q))[1].word == answer, answer)
  end
  assert(words:nearest("king", 3)[1].word == "queen" and #words:nearest("king", 3) == 3)
  local near = words:nearest(words "king" - words "man" + words "woman", 2)
  assert(near[1].word == "king" and near[2].word == "queen" and near[1].likeness > near[2].likeness)
  assert(words:odd_one_out { "beer", "wine", "coffee", "road" } == "road")
  assert(#words:nearest("king", 5000) == 999)
end

function tests.refusals()
  local words = wordvecs()
  fails('"quene" is not among the 1000 words, did you mean "queen"?', words, "quene")
  fails("wanted f32[300]", words.nearest, words, genai.zeros(3))
  fails("n is 0", words.nearest, words, "king", 0)
  fails("three or more", words.odd_one_out, words, { "king" })
  local path = genai.tmpdir() .. "/words.json"
  for wanted, value in pairs { ['lacks "vectors"'] = { a = 1 }, ['"b" is not a list of 2 numbers'] = { vectors = { a = { 1, 2 }, b = { 1 } } },
    ["holds no word"] = { vectors = {} }, ["something else than numbers"] = { vectors = { a = { 1, "x" } } } } do
    genai.save(path, value)
    fails(wanted, genai.models.wordvecs.load, path)
  end
end

return tests
