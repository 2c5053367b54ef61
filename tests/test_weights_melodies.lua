-- Networks that write notes and letters: melody-lstm, musicvae-mel-decoder, charrnn. Goldens, verbs, refusals.
local genai = require "genai"
local core = require "genai.core"
local steps = require "genai.tune.steps"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local melody_folder, melody = tools.weights("melody-lstm", genai.models.melody_lstm.load)
local vae_folder, vae = tools.weights("musicvae-mel-decoder", genai.models.musicvae_mel_decoder.load)
local letters_folder, darwin = tools.weights("charrnn", genai.models.charrnn.load)
local _, shakespeare = tools.weights("charrnn", function(folder) return genai.models.charrnn.load(folder, "shakespeare") end)
local text_of = table.concat

local function golden(folder) return core.json.decode(core.read(folder .. "/golden_greedy.json")) end

-- How many items of two lists differ.
local function differing(a, b)
  local n = math.abs(#a - #b)
  for i = 1, math.min(#a, #b) do n = n + (a[i] ~= b[i] and 1 or 0) end
  return n
end

local function words(s)
  local out = {}
  for word in s:gmatch "%S+" do out[#out + 1] = word end
  return out
end

-- ---- steps ----

function tests.steps_of_everything()
  assert(text_of(steps.of "67 _ r 64", " ") == "67 _ r 64")
  assert(text_of(steps.of { { 60, 1 }, { "r", 0.5 }, { 62, 0.5 } }, " ") == "60 _ _ _ r _ 62 _")
  assert(text_of(steps.of { { pitch = 60, start = 0.5, length = 0.25 }, { pitch = 72, start = 1, length = 0.5 }, { pitch = 48, start = 1, length = 2 } }, " ") == "r _ 60 r 72 _")
  local tune = steps.tune({ 60, "_", "r", "_", 64, "_", "_", "_" }, { tempo = 120 })
  assert(#tune.notes == 2 and tune.notes[1].length == 0.5 and tune.notes[2].start == 1 and tune.notes[2].length == 1)
  assert(text_of(steps.of(tune), " ") == "60 _ r _ 64 _ _ _")
  assert(#steps.of "" == 0 and #steps.tune({}).notes == 0)
  fails("item 2 is \"200\"", steps.of, "60 200")
  fails("the melody is a number", steps.of, 7)
  fails("start and length are 0 and -1", steps.of, { { 60, -1 } })
end

-- ---- melody-lstm ----

function tests.melody_goes_on_as_the_original()
  local m, g = melody(), nil
  g = golden(melody_folder)
  local tune = m:continue(g.seed, { temperature = 0, only = true })
  local made = {}
  for i, s in ipairs(tune.steps) do made[i] = tostring(s) end
  made[#made + 1] = "/"
  tools.golden("melody-lstm", "golden_greedy.json: steps that differ", differing(made, words(g.greedy)), 0)
end

-- The windows side by side are what one window after the other gives.
function tests.melody_windows()
  local m = melody()
  local tune = m:continue("67 _ 67 _ 67 _ _ 65 64 _", { steps = 90, seed = 5, temperature = 1, endless = true, only = true })
  local all = {}
  for _ = 1, 64 do all[#all + 1] = m.ids["/"] end
  for _, id in ipairs(m:encode "67 _ 67 _ 67 _ _ 65 64 _") do all[#all + 1] = id end
  local rng = genai.rng(5, "melody")
  genai.no_grad(function()
    for i = 1, 90 do
      local state, y = { genai.zeros(1, 1, m.hidden), genai.zeros(1, 1, m.hidden) }, nil
      for at = #all - 63, #all do y, state = genai.zeros(1, 1, 1):lstm(state, { m.rows[all[at] + 1] }) end
      local id = genai.sample.next(y:view(m.hidden):linear(m.dense, m.bias), {}, rng)
      all[#all + 1] = id
      local shown = m:decode { id == m.ids["/"] and m.ids._ or id }[1]
      assert(tune.steps[i] == shown, "step " .. i)
    end
  end)
end

function tests.melody_options()
  local m = melody()
  local a = m:continue({ { 67, 1 }, { 64, 1 } }, { seed = 3, steps = 40 })
  local b = m:continue({ { 67, 1 }, { 64, 1 } }, { seed = 3, steps = 40 })
  assert(genai.midi.encode(a) == genai.midi.encode(b) and a.recipe.kind == "melody-lstm" and a.recipe.seed == 3)
  assert(text_of(a.steps, " "):find("67 _ _ _ 64 _ _ _", 1, true) == 1)
  assert(genai.midi.encode(m:continue({ { 67, 1 }, { 64, 1 } }, { seed = 4, steps = 40 })) ~= genai.midi.encode(a))
  local d = genai.tune.from { notes = { { pitch = 62, start = 0, length = 1, velocity = 80, voice = "flute" }, { pitch = 66, start = 1, length = 1, velocity = 80, voice = "flute" } }, key = "D", mode = "major", tempo = 77 }
  local moved, plain = m:continue(d, { seed = 1, steps = 30, only = true, endless = true }), m:continue("60 _ _ _ 64 _ _ _", { seed = 1, steps = 30, only = true, endless = true })
  assert(moved.tempo == 77 and #moved.steps == 30)
  for i, s in ipairs(plain.steps) do assert(moved.steps[i] == (math.type(s) == "integer" and s + 2 or s), "step " .. i) end
  assert(#m:continue(nil, { steps = 5, endless = true, carried = true }).steps == 5)
  fails("which no song of the training has", m.continue, m, "30 _")
  fails("steps is 0", m.continue, m, "60", { steps = 0 })
  fails("unknown option \"temprature\"", m.continue, m, "60", { temprature = 1 })
end

-- ---- musicvae ----

local function point(name) return genai.load(vae_folder .. "/golden_z_" .. name .. ".npy"):view(256) end

function tests.musicvae_goldens()
  local m, g = vae(), golden(vae_folder)
  local twinkle, drawn = point "twinkle", point "rng0"
  for _, row in ipairs { { "twinkle", twinkle }, { "rng0", drawn }, { "zeros", genai.zeros(256) }, { "mid_twinkle_rng0", (twinkle + drawn) / 2 } } do
    tools.golden("musicvae-mel-decoder", "golden_greedy.json, " .. row[1] .. ": steps that differ", differing(m:symbols(row[2]), g[row[1]]), 0)
  end
  local tune = m:decode(twinkle)
  assert(text_of(steps.of(tune), " ") == "60 _ 60 _ 67 _ 67 _ 69 _ 69 _ 67 _ _ _ 65 _ 65 _ 64 _ 64 _ 62 _ 62 _ 60 _ _ _" and tune.bars == 2)
end

function tests.musicvae_batches_logits_and_gradients()
  local m = vae()
  local z = genai.stack { point "twinkle", point "rng0", genai.zeros(256) }
  local lists = m:symbols(z)
  for i = 1, 3 do assert(differing(lists[i], m:symbols(z[i])) == 0) end
  local rows = {}
  for at = 1, 32 do rows[at] = { lists[1][at], lists[2][at], lists[3][at] } end
  local targets = genai.tensor(rows, { dtype = "i32" })
  assert(m:logits(z, targets):argmax(3):eq(targets):all():item() == 1, "fed with its own symbols the net gives them again")
  local x = z:clone():requires_grad_()
  local grad = genai.grad(m:logits(x, targets):square():mean(), x)
  local step = genai.randn(3, 256) * 1e-2
  local function at(k) return m:logits(z + step * k, targets):square():mean():item() end
  local slope, wanted = (at(1) - at(-1)) / 2, (grad * step):sum():item()
  assert(math.abs(slope - wanted) <= 0.02 * math.abs(wanted) + 1e-4, ("%g is not %g"):format(slope, wanted))
end

function tests.musicvae_encodes_and_blends()
  local m = vae()
  local text = "60 _ 62 _ 64 _ 65 _ 67 _ _ _ 67 _ _ _ 69 _ 69 _ 67 _ _ _ 65 _ 64 _ 62 _ 60 _"
  local z, same = m:encode(text, { steps = 150, tries = 2 })
  assert(same >= 0.9, ("only %g of the steps came back"):format(same))
  local tunes = m:interpolate(z, point "twinkle", 3)
  assert(#tunes == 3 and genai.midi.encode(tunes[1]) ~= genai.midi.encode(tunes[3]))
  assert(differing(steps.of(tunes[3]), steps.of(m:decode(point "twinkle"))) == 0)
  local a, b = m:sample { seed = 2, n = 3 }, m:sample { seed = 2, n = 3 }
  for i = 1, 3 do assert(text_of(steps.of(a[i]), " ") == text_of(steps.of(b[i]), " ")) end
  fails("z is f32[255]", m.decode, m, genai.zeros(255))
  fails("z is a number", m.decode, m, 4)
  fails("wanted 21..108", m.encode, m, "12 _")
  fails("n is 1", m.interpolate, m, z, z, 1)
end

-- ---- charrnn ----

function tests.letters_goldens()
  local g = golden(letters_folder)
  for _, row in ipairs { { "darwin", darwin() }, { "shakespeare", shakespeare() } } do
    local text = "The " .. row[2]:generate("The ", { temperature = 0, tokens = #g[row[1]] - 4 }).text
    tools.golden("charrnn/" .. row[1], "golden_greedy.json: letters that differ", differing({ text:byte(1, -1) }, { g[row[1]]:gsub("  ", "u"):byte(1, -1) }), 0)
  end
end

function tests.letters_are_a_language_model()
  local m = shakespeare()
  local s = "You and U, quite."
  assert(m:decode(m:encode(s)) == s)
  local pieces = {}
  for piece in m:stream("KING:\n", { tokens = 60, temperature = 0.7, seed = 1 }) do pieces[#pieces + 1] = piece end
  assert(text_of(pieces) == m:generate("KING:\n", { tokens = 60, temperature = 0.7, seed = 1 }).text and #pieces == 60)
  assert(m:generate("KING:\n", { tokens = 60, temperature = 0.7, seed = 2 }).text ~= text_of(pieces))
  assert(not m:generate("KING:\n", { tokens = 300, stop = "\n" }).text:find "\n")
  assert(m:choose("The peop", { "le", "xx", "qz" }).text == "le")
  local all, one = m:logits(m:encode "the world"), m:context "the world":logits()
  assert((all[9] - one):abs():max():item() < 1e-5, "all at once is one after the other")
  assert(#m:generate("", { tokens = 5 }).text == 5)
  fails("lacks \"ü\"", m.encode, m, "früh")
end

function tests.letters_contexts_fork_and_are_saved()
  local m = darwin()
  local c = m:context "The origin of "
  local fork, path = c:fork(), genai.tmpdir() .. "/letters.safetensors"
  c:save(path)
  local a = c:generate { tokens = 40, seed = 9 }.text
  assert(a == fork:generate { tokens = 40, seed = 9 }.text and a == m:context_from(path):generate { tokens = 40, seed = 9 }.text)
  fails("was made by model", shakespeare().context_from, shakespeare(), path)
end

function tests.files_that_are_not_these_networks()
  melody() vae() darwin()
  local folder = genai.tmpdir()
  fails("there is no", genai.models.melody_lstm.load, folder)
  core.write(folder .. "/melody_lstm.safetensors", core.read(melody_folder .. "/melody_lstm.safetensors"))
  for text, wanted in pairs { ["[1]"] = "number", ['{"/":0,"_":1,"r":1}'] = "has number 1", ['{"/":0,"_":1}'] = "lacks \"r\"", ['{"/":0,"_":1,"r":2,"x":3}'] = "stands for \"x\"",
    ['{"/":0,"_":1,"r":2}'] = "\"lstm.kernel\" is [38,1024], wanted [3,1024]" } do
    core.write(folder .. "/mapping.json", text)
    fails(wanted, genai.models.melody_lstm.load, folder)
  end
  core.write(folder .. "/mel_small_decoder.safetensors", core.read(melody_folder .. "/melody_lstm.safetensors"))
  fails("lacks \"decoder/", genai.models.musicvae_mel_decoder.load, folder)
  core.write(folder .. "/darwin.safetensors", core.read(letters_folder .. "/darwin.safetensors"))
  core.write(folder .. "/darwin.vocab.json", '{"a":0,"b":1}')
  fails("\"embedding\" is [100,128], wanted [2,n]", genai.models.charrnn.load, folder)
end

return tests
