-- Guitar amplifiers: both formats, blocks against the whole, an LSTM written by hand, hostile files.
local genai = require "genai"
local core = require "genai.core"
local json = core.json
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, clean = tools.weights("amp-models", genai.models.amp_models.load)
local function open(name) clean() return genai.models.amp_models.load(folder, name) end
local names = genai.models.amp_models.variants

local function noise(n) return genai.randn(n, { rng = genai.rng(1, "guitar") }) * 0.2 end
local function rms(x) return x:square():mean():sqrt():item() end

for _, name in ipairs(names) do
  tests[name .. "_in_blocks"] = function()
    local m = open(name)
    local x = noise(12000)
    local whole, play, parts, at = m:stream()(x), m:stream(), {}, 1
    for _, n in ipairs { 1, 7, 64, 1000, 4096, 333, 6499 } do
      parts[#parts + 1], at = play(x:slice(1, at, at + n - 1)), at + n
    end
    tools.golden("amp-models/" .. name, "blocks of 1 to 6499 samples against the whole", genai.cat(parts, 1) - whole, 1e-6)
    play(nil)
    assert((play(x) - whole):abs():max():item() == 0, "begun anew")
    assert(whole:isfinite():all():item() == 1 and rms(whole) > 0.02 and rms(whole) < 1, "level " .. rms(whole))
  end
end

-- A layer after the other with plain loops over time, for a stretch of sound.
function tests.wavenet_by_hand()
  local m = open "wavenet_a1_standard"
  local n, x = 60, noise(60)
  local function conv(t, w, b, dilation, at, width)                            -- t[channel][time]
    local out = {}
    for o = 1, width do
      local s = b and b[o] or 0
      for i = 1, #t do
        for k, value in ipairs(w[o][i]) do
          local when = at - (#w[o][i] - k) * dilation
          if when >= 1 then s = s + value * t[i][when] end
        end
      end
      out[o] = s
    end
    return out
  end
  local function map(t, w, b, dilation)
    local out = {}
    for o = 1, #w do out[o] = {} end
    for at = 1, n do for o, v in ipairs(conv(t, w, b, dilation, at, #w)) do out[o][at] = v end end
    return out
  end
  local function add(a, b) for c = 1, #a do for at = 1, n do a[c][at] = a[c][at] + b[c][at] end end return a end
  local dry = { x:totable() }
  local h, head = dry, nil
  for _, array in ipairs(m.arrays) do
    h = map(h, array.into:totable(), nil, 1)
    for _, layer in ipairs(array.layers) do
      local z = add(map(h, layer.weight:totable(), layer.bias:totable(), layer.dilation), map(dry, layer.mix:totable(), nil, 1))
      for c = 1, #z do for at = 1, n do local e = math.exp(2 * z[c][at]) z[c][at] = (e - 1) / (e + 1) end end
      h = add(map(z, layer.out:totable(), layer.out_bias:totable(), 1), h)
      head = head and add(z, head) or z
    end
    head = map(head, array.head:totable(), array.head_bias and array.head_bias:totable(), 1)
  end
  tools.golden("amp-models/wavenet_a1_standard", "against sums in doubles", m:stream()(x) - genai.tensor(head[1]) * m.scale, 1e-5)
end

local function lstm_file()
  local weights, rng = {}, genai.rng(3, "lstm")
  for i = 1, 8 * (1 + 2) + 8 + 2 + 2 + 2 + 1 do weights[i] = rng:normal() * 0.5 end
  return { version = "0.5.0", architecture = "LSTM", config = { input_size = 1, hidden_size = 2, num_layers = 1 }, weights = weights, sample_rate = 44100 }
end

function tests.lstm_by_hand()
  local path = genai.tmpdir() .. "/small.nam"
  local file = lstm_file()
  core.write(path, json.encode(file))
  local m, w = genai.models.amp_models.load(path), file.weights
  assert(m.kind == "LSTM" and m.rate == 44100)
  local x, h, c = { 0.3, -0.2, 0.9 }, { w[33], w[34] }, { w[35], w[36] }
  local y = m:stream()(genai.tensor(x)):totable()
  local function sigmoid(v) return 1 / (1 + math.exp(-v)) end
  local function tanh(v) return 2 * sigmoid(2 * v) - 1 end
  for t = 1, 3 do
    local g = {}
    for r = 1, 8 do g[r] = w[3 * r - 2] * x[t] + w[3 * r - 1] * h[1] + w[3 * r] * h[2] + w[24 + r] end
    for k = 1, 2 do
      c[k] = sigmoid(g[2 + k]) * c[k] + sigmoid(g[k]) * tanh(g[4 + k])
      h[k] = sigmoid(g[6 + k]) * tanh(c[k])
    end
    assert(math.abs(y[t] - (w[37] * h[1] + w[38] * h[2] + w[39])) < 1e-5)
  end
  local long, play = noise(500), m:stream()
  assert((genai.cat({ play(long:slice(1, 1, 123)), play(long:slice(1, 124, 500)) }, 1) - m:stream()(long)):abs():max():item() <= 1e-6)
end

function tests.plays_sounds()
  local m = open(names[1])
  local sound = genai.audio.from(genai.stack { noise(9600), noise(9600) }, 48000)
  local a, b = m:play(sound), m:play(sound, { block = 500 })
  assert(a.rate == 44100 and a.channels == 1 and a.recipe.kind == "amp" and (a:tensor() - b:tensor()):abs():max():item() <= 1e-6)
  assert(rms(m:play(sound, { drive = 4 }):tensor()) > rms(a:tensor()))
  assert(m:play(genai.audio.from(genai.zeros(0), 44100)).frames == 0)
  fails("the sound is a number", m.play, m, 3)
  fails("a block is a table", m:stream(), {})
end

function tests.hostile_files()
  local path = genai.tmpdir() .. "/bad.nam"
  local function refused(wanted, change)
    local file = lstm_file()
    change(file)
    core.write(path, json.encode(file))
    fails(wanted, genai.models.amp_models.load, path)
  end
  refused("number 39 is missing", function(f) f.weights[39] = nil end)
  refused("40 weights, wanted 39", function(f) f.weights[40] = 1 end)
  refused("weight 5 is x", function(f) f.weights[5] = "x" end)
  refused("hidden_size is 1000000", function(f) f.config.hidden_size = 1000000 end)
  refused("the architecture is \"Magic\"", function(f) f.architecture = "Magic" end)
  refused("lacks \"config\"", function(f) f.config = 7 end)
  refused("number 256 is missing", function(f) f.architecture, f.config = "WaveNet", { layers = { { input_size = 1, condition_size = 1, head_size = 1, channels = 256, kernel_size = 64, dilations = { 1 }, activation = "Tanh" } } } end)
  refused("dilation 1 is -1", function(f) f.architecture, f.config = "WaveNet", { layers = { { input_size = 1, condition_size = 1, head_size = 1, channels = 1, kernel_size = 1, dilations = { -1 }, activation = "Tanh" } } } end)
  core.write(path, "[1,2")
  assert(not pcall(genai.models.amp_models.load, path))
  clean()
  local smart = json.decode(core.read(folder .. "/" .. names[1] .. ".json"))
  smart.variables[3].name = "W"
  core.write(genai.tmpdir() .. "/bad.json", json.encode(smart))
  fails("variable 3 is \"W\", wanted \"W_conv\"", genai.models.amp_models.load, genai.tmpdir() .. "/bad.json")
end

return tests
