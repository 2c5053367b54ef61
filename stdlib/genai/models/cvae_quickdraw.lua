--- cvae-quickdraw: a word becomes a doodle (conditional variational autoencoder; Kingma and Welling 2013, Sohn, Lee and Yan 2015).
-- Source: ml5js's weights, trained on Quick, Draw!. In: one of 50 words and a latent f32[16] from the standard normal distribution; out: f32[28,28] in 0..1, white strokes on black.
-- Net (the decoder): latent and label -> dense 784 relu -> 16 x 7 x 7, then convolutions 3x3 to 32 and 16 (relu) and 1 (sigmoid), the second and third after nearest x2.
-- Details that have caused bugs: the label is one-hot over 51 places and counts from 1, place 0 is unused; the latent stands before the label; the dense layer's
-- result is [7,7,16], channels last; the kernels are those of transposed convolutions, [h,w,out,in]: at stride 1 they are plain ones turned by half a turn.
local core = require "genai.core"
local weights = require "genai.models.weights"
local options_of = require "genai.nn.options"
local ops = core.ops
local cvae = { LATENT = 16, about = "draws a doodle of a word", licence = "MIT", paper = "Sohn, Lee and Yan 2015" }
local Model = {}
Model.__index, Model.__name = Model, "cvae-quickdraw"
local PLACES = 51

local function fail(format, ...) core.fail("cvae-quickdraw: " .. format:format(...)) end

local function read_words(folder)
  local manifest, path = weights.json(folder, "manifest.json")
  local words, number = type(manifest) == "table" and manifest.labels, {}
  if type(words) ~= "table" or #words < 1 or #words >= PLACES then fail("%s: \"labels\" is not a list of 1..%d words", path, PLACES - 1) end
  for i, word in ipairs(words) do
    if type(word) ~= "string" or number[word] then fail("%s: label %d is not a word of its own", path, i) end
    number[word] = i
  end
  return words, number
end

-- A transposed kernel [3,3,out,in] as conv2d wants it.
local function turned(tensors, path, name, outputs, inputs)
  return { weight = weights.take(tensors, path, name .. "/kernel", 3, 3, outputs, inputs):permute(3, 4, 1, 2):flip { 3, 4 }:contiguous(),
    bias = weights.take(tensors, path, name .. "/bias", outputs) }
end

function Model:__tostring() return ("cvae-quickdraw: model:draw(word, { seed = }), model:morph(from, to); %d words"):format(#self.words) end

--- cvae_quickdraw.load(folder) -> model. folder holds cvae_quickdraw.safetensors and manifest.json. model.words: the 50 words it draws, in the file's order.
function cvae.load(folder)
  local tensors, path = weights.safetensors(folder, "cvae_quickdraw.safetensors")
  local words, number = read_words(path:match "^(.*)[/\\][^/\\]*$" or ".")
  local function channels_first(t) return t:view(7, 7, 16, -1):permute(3, 1, 2, 4) end
  local dense = weights.dense(tensors, path, "dense_5/kernel", cvae.LATENT + PLACES, 784)
  return setmetatable({ words = words, number = number, layers = {
    { weight = channels_first(dense):reshape(784, cvae.LATENT + PLACES), bias = channels_first(weights.take(tensors, path, "dense_5/bias", 784)):reshape(784) },
    turned(tensors, path, "conv2d_transpose_1", 32, 16), turned(tensors, path, "conv2d_transpose_2", 16, 32), turned(tensors, path, "conv2d_transpose_3", 1, 16),
  } }, Model)
end

--- model:decode(z, labels) -> doodles f32[n,28,28] in 0..1, white on black. z: f32[n,16]; labels: f32[n,51], how much of each word (place = number of the word, from 0 unused).
function Model:decode(z, labels)
  local l = self.layers
  local x = ops.cat({ z, labels }, 2):linear(l[1].weight, l[1].bias):relu():view(-1, 16, 7, 7)
  x = x:conv2d(l[2].weight, l[2].bias, { pad = 1, act = "relu" }):resize { 14, 14 }
  x = x:conv2d(l[3].weight, l[3].bias, { pad = 1, act = "relu" }):resize { 28, 28 }
  return x:conv2d(l[4].weight, l[4].bias, { pad = 1 }):sigmoid():view(-1, 28, 28)
end

--- model:label(word) -> f32[51], one-hot. word: one of model.words (spaces and underscores are the same), or its number from 1.
function Model:label(word)
  local place = math.type(word) == "integer" and self.words[word] and word or type(word) == "string" and self.number[word:lower():gsub(" ", "_"):gsub("^_+", "")]
  if not place then fail("no word \"%s\", wanted one of: %s", tostring(word), table.concat(self.words, ", ")) end
  return core.tensor({ place }, { dtype = "i32" }):one_hot(PLACES)[1]
end

function Model:labels(words)
  if type(words) ~= "table" then words = { words } end
  if #words == 0 then fail "no words, wanted one or more" end
  local out = {}
  for i, word in ipairs(words) do out[i] = self:label(word) end
  return ops.stack(out, 1)
end

-- f32[n,16]: z as it is given, or drawn.
local function latents(n, options)
  local z = options.z
  if not z then return ops.randn(n, cvae.LATENT, { rng = core.rng(options.seed, "cvae-quickdraw") }) * options.spread end
  if not core.is_tensor(z) or z:numel() ~= n * cvae.LATENT then
    fail("z is %s, wanted f32[%d,%d]", core.is_tensor(z) and "[" .. table.concat(z.shape, ",") .. "]" or type(z), n, cvae.LATENT)
  end
  return z:reshape(n, cvae.LATENT)
end

-- Images in dark ink on white paper, `scale` times as large.
local function pictures(doodles, options, recipe, alt)
  local image, out = require "genai.image", {}
  for i = 1, doodles.shape[1] do
    local p = image.from((1 - doodles[i]):view(1, 28, 28))
    if options.scale ~= 1 then p = p:resize(28 * options.scale) end
    p.alt, p.recipe = alt(i), { kind = "cvae-quickdraw", number = i, seed = options.seed, spread = options.spread }
    for key, value in pairs(recipe) do p.recipe[key] = value end
    out[i] = p
  end
  return out
end

local drawing = { seed = 1, spread = 1, z = false, scale = 4 }

--- model:draw(words, { seed = 1, spread = 1, z =, scale = 4 }) -> an image of one word, a list of images of a list of words. Another seed is another doodle.
-- spread: how far the latents lie from their mean (0 = the typical doodle); z: latents f32[n,16] instead of drawn ones; scale: times 28 pixels.
function Model:draw(words, options)
  options = options_of("draw", options, drawing)
  local list = type(words) == "table" and words or { words }
  local out = require("genai").no_grad(function()
    local labels = self:labels(list)
    return pictures(self:decode(latents(#list, options), labels), options, { words = list }, function(i) return "a doodle: " .. list[i] end)
  end)
  return type(words) == "table" and out or out[1]
end

--- model:grid(words, { each = 6, seed = 1, spread = 1, scale = 2 }) -> one image: a row for each word, `each` doodles of it.
function Model:grid(words, options)
  options = options_of("grid", options, { each = 6, seed = 1, spread = 1, scale = 2 })
  local all = {}
  for _, word in ipairs(type(words) == "table" and words or { words }) do
    for _ = 1, options.each do all[#all + 1] = word end
  end
  local out = require("genai.image").grid(self:draw(all, { seed = options.seed, spread = options.spread, scale = options.scale }), { columns = options.each })
  out.recipe = { kind = "cvae-quickdraw", words = words, each = options.each, seed = options.seed, spread = options.spread }
  return out
end

--- model:morph(from, to, { steps = 8, seed = 1, spread = 1, scale = 4 }) -> a list of images on the way from one word's doodle to another's:
-- the labels are mixed in even steps, the latents go along the arc between two draws.
function Model:morph(from, to, options)
  options = options_of("morph", options, { steps = 8, seed = 1, spread = 1, scale = 4 })
  if math.type(options.steps) ~= "integer" or options.steps < 2 or options.steps > 1024 then fail("steps is %s, wanted 2..1024", tostring(options.steps)) end
  return require("genai").no_grad(function()
    local z, labels, t = latents(2, options), self:labels { from, to }, ops.linspace(0, 1, options.steps):view(-1, 1)
    local doodles = self:decode(z[1]:view(1, -1):slerp(z[2]:view(1, -1), t), labels[1]:view(1, -1):lerp(labels[2]:view(1, -1), t))
    return pictures(doodles, options, { words = { from, to }, steps = options.steps }, function() return ("a doodle between %s and %s"):format(from, to) end)
  end)
end

return cvae
