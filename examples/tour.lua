-- A picture of what the networks make, and how one sounds: genai examples/tour.lua [-o tour.png] [--sound tour_sound.png]
-- test: -o tour.png --sound sound.png
local genai = require "genai"
local out = { o = "tour.png", sound = "tour_sound.png" }
for i = 1, #arg, 2 do out[arg[i]:gsub("^%-+", "")] = arg[i + 1] end
local pictures, labels = {}, {}
local function show(label, picture) pictures[#pictures + 1], labels[#labels + 1] = picture:resize(168, 126), label end
local function sheet(list) return genai.image.grid(list, { columns = 4, gap = 0 }) end

local scene = genai.picture("a lighthouse on a cliff by the sea at dusk", { seed = 5, width = 384, height = 288 })
local garden = genai.picture("a garden of flowers and a rainbow", { seed = 2, width = 384, height = 288 })
show("a scene, no network", scene)
show("style26, a mix of two", genai.model "style26"(scene, { [8] = 2, [24] = 1 }))
show("arbitrary-style", genai.model "arbitrary-style"(scene, garden))
show("fast-style, half", genai.model "fast-style"(scene, { strength = 0.5 }))
show("taef2, half way to a garden", genai.model "taef2":fade(scene, garden, 3)[2])
local low, enlarge = scene:resize(96, 72):crop(8, 6, 42, 30), genai.model "superres/art"
show("superres, of 42 x 30 pixels", enlarge(enlarge(low)))
local words, critic, best = { "moon", "mug", "mushroom", "lightning", "axe", "apple", "key", "owl", "mountain", "angel", "nail", "leaf" }, genai.model "doodlenet", {}
for n, word in ipairs(words) do                                             -- of 60 doodles the one that the other network is surest of
  local most = -1
  for seed = 1, 60 do
    local doodle = genai.model "cvae-quickdraw":draw(word, { seed = 100 * n + seed, scale = 2 })
    for _, tag in ipairs(critic:tags(doodle, 9)) do if tag.name == word and tag.probability > most then best[n], most = doodle, tag.probability end end
  end
end
show("cvae, chosen by doodlenet", sheet(best))
local strokes = {}
for n = 1, 12 do
  local what = ({ "rabbit", "bird", "palm_tree", "bicycle" })[(n - 1) % 4 + 1]
  strokes[n] = genai.model("sketch-rnn/" .. what):draw({ seed = n, temperature = 0.3 }):image { width = 112, line = 3, margin = 10 }
end
show("sketch-rnn", sheet(strokes))
for _, what in ipairs { "digits", "fashion" } do show("ddpm-mnist, " .. what, sheet(genai.model("ddpm-mnist/" .. what):draw(12, { sampler = "ddim", steps = 100, seed = 4 }))) end
show("a gan's latents", genai.model "mnist-vae-gan/gan":grid(nil, { steps = 8, seed = 2 }):crop(1, 57, 224, 168))
local tune = genai.model "melody-lstm":continue("67 _ _ _ 64 _ 67 _ 72 _ _ _ _ _ 71 _", { steps = 96, seed = 5, temperature = 0.6 })
show("melody-lstm, a motif goes on", tune:draw { width = 336, height = 252 })
genai.image.grid(pictures, { columns = 4, gap = 8, labels = labels, size = 8 }):save(out.o)
genai.model "ddsp/violin":play(tune, { seed = 1 }):spectrogram({ axes = true, width = 560, height = 220, n_fft = 1024, hop = 128, most = 8000 }):save(out.sound)
print(("%s: %d pictures; %s: %s"):format(out.o, #pictures, out.sound, tune))
