--- mnist-vae-gan: two ways to dream digits. A variational autoencoder (Kingma and Welling 2013), 784-400-20-400-784, and the generator of a generative adversarial
-- net (Goodfellow et al. 2014), 64-256-256-784. Source: csinva/gan-vae-pretrained-pytorch. Digits: f32[n,28,28] in 0..1, light on dark; latents f32[n,20] and f32[n,64].
-- Details that have caused bugs: the VAE's second head is the logarithm of the variance, not of the deviation; its decoder ends in a sigmoid, the generator in a
-- tanh (-1..1, brought to 0..1 here); the generator's activations are plain relus (only the judge's, which is not here, leak); digits go in as 0..1, not normalised.
local core = require "genai.core"
local weights = require "genai.models.weights"
local options_of = require "genai.nn.options"
local ops = core.ops
local both = {
  variants = { "vae", "gan" }, about = "dreams digits, and walks from one to another", licence = "MIT", paper = "Kingma and Welling 2013; Goodfellow et al. 2014",
}
local files = { vae = "vae.safetensors", gan = "G.safetensors" }
local Model = {}
Model.__index, Model.__name = Model, "mnist-vae-gan"

local function fail(format, ...) core.fail("mnist-vae-gan: " .. format:format(...)) end

local function layers(tensors, path, list)
  local out = {}
  for name, size in pairs(list) do
    out[name] = { weight = weights.take(tensors, path, name .. ".weight", size[2], size[1]), bias = weights.take(tensors, path, name .. ".bias", size[2]) }
  end
  return out
end

--- mnist_vae_gan.load(path, variant) -> model. path: the folder, or a file; variant: "vae" (default) or "gan". model.latent: how many numbers a latent has.
function both.load(path, variant)
  if type(path) == "string" and path:match "[/\\]G%.safetensors$" then variant = "gan" end
  local file = files[variant or "vae"]
  if not file then fail("variant is \"%s\", wanted vae or gan", tostring(variant)) end
  local tensors
  tensors, path = weights.safetensors(path, file)
  local gan = variant == "gan"
  local l = gan and layers(tensors, path, { ["0"] = { 64, 256 }, ["2"] = { 256, 256 }, ["4"] = { 256, 784 } })
    or layers(tensors, path, { fc1 = { 784, 400 }, fc21 = { 400, 20 }, fc22 = { 400, 20 }, fc3 = { 20, 400 }, fc4 = { 400, 784 } })
  return setmetatable({ variant = variant or "vae", latent = gan and 64 or 20, layers = l }, Model)
end

local function linear(x, layer) return x:linear(layer.weight, layer.bias) end

--- model:decode(z) -> digits f32[n,28,28] in 0..1. z: latents f32[n,20] (vae) or f32[n,64] (gan), or one without n.
function Model:decode(z)
  if not core.is_tensor(z) or z:dim() < 1 or z:dim() > 2 or z.shape[z:dim()] ~= self.latent then
    fail("latents are %s, wanted f32[n,%d]", core.is_tensor(z) and "[" .. table.concat(z.shape, ",") .. "]" or type(z), self.latent)
  end
  local l, x = self.layers, z:reshape(-1, self.latent)
  if self.variant == "gan" then x = linear(linear(linear(x, l["0"]):relu(), l["2"]):relu(), l["4"]):tanh() / 2 + 0.5
  else x = linear(linear(x, l.fc3):relu(), l.fc4):sigmoid() end
  return x:view(-1, 28, 28)
end

--- model:encode(digits) -> mean f32[n,20], log variance f32[n,20] (vae only). digits: f32[n,28,28] or f32[28,28] in 0..1, light on dark, or an image 28 x 28.
function Model:encode(digits)
  if self.variant ~= "vae" then fail "a gan has no encoder, wanted the variant vae" end
  local x = core.is_tensor(digits) and digits or require("genai.image").from(digits):grayscale():tensor():slice(1, 1, 1)
  if x:numel() == 0 or x:numel() % 784 ~= 0 or x.shape[x:dim()] ~= 28 then fail("digits are [%s], wanted f32[n,28,28]", table.concat(x.shape, ",")) end
  local l = self.layers
  local h = linear(x:to "f32":reshape(-1, 784), l.fc1):relu()
  return linear(h, l.fc21), linear(h, l.fc22)
end

--- model:sample(n, { seed = 1, spread = 1 }) -> digits f32[n,28,28], latents f32[n,..]: drawn from the standard normal distribution, times spread.
function Model:sample(n, options)
  options = options_of("sample", options, { seed = 1, spread = 1 })
  if math.type(n) ~= "integer" or n < 1 or n > 65536 then fail("n is %s, wanted 1..65536", tostring(n)) end
  local z = ops.randn(n, self.latent, { rng = core.rng(options.seed, "mnist-vae-gan") }) * options.spread
  return require("genai").no_grad(self.decode, self, z), z
end

local function pictures(self, x, recipe)
  local image, out = require "genai.image", {}
  for i = 1, x.shape[1] do
    out[i] = image.from(x[i])
    out[i].recipe = { kind = "mnist-vae-gan", variant = self.variant, number = i }
    for key, value in pairs(recipe) do out[i].recipe[key] = value end
  end
  return out
end

--- model:draw(n, { seed = 1, spread = 1 }) -> a list of n images, 28 x 28.
function Model:draw(n, options)
  local x = self:sample(n, options)
  return pictures(self, x, { count = n, seed = options and options.seed or 1, spread = options and options.spread or 1 })
end

-- f32[steps,k] from a to b, both [k].
local function between(a, b, steps, along)
  local t = ops.linspace(0, 1, steps):view(-1, 1)
  a, b = a:reshape(1, -1), b:reshape(1, -1)
  return along == "arc" and a:slerp(b, t) or a:lerp(b, t)
end

local function way_of(options, least)
  if math.type(options.steps) ~= "integer" or options.steps < least or options.steps > 4096 then fail("steps is %s, wanted %d..4096", tostring(options.steps), least) end
  if options.along ~= "arc" and options.along ~= "line" then fail("along is \"%s\", wanted arc or line", tostring(options.along)) end
end

--- model:walk(stops, { steps = 8, along = "arc", seed = 1 }) -> a list of images: from each latent of stops f32[k,..] to the next in `steps` images, the last stop at
-- the end. stops: latents, or how many to draw. along: "arc" (slerp: lengths stay likely) or "line".
function Model:walk(stops, options)
  options = options_of("walk", options, { steps = 8, along = "arc", seed = 1 })
  way_of(options, 1)
  if math.type(stops) == "integer" and stops >= 2 then stops = select(2, self:sample(stops, { seed = options.seed })) end
  if not core.is_tensor(stops) or stops:dim() ~= 2 or stops.shape[1] < 2 or stops.shape[2] ~= self.latent then fail("stops are %s, wanted two or more latents f32[k,%d]", tostring(stops), self.latent) end
  return require("genai").no_grad(function()
    local z = {}
    for i = 1, stops.shape[1] - 1 do z[i] = between(stops[i], stops[i + 1], options.steps + 1, options.along):slice(1, 1, options.steps) end
    z[#z + 1] = stops:slice(1, -1, -1)
    return pictures(self, self:decode(ops.cat(z, 1)), { seed = options.seed, steps = options.steps, along = options.along })
  end)
end

--- model:grid(corners, { steps = 8, along = "arc", seed = 1 }) -> an image of steps x steps digits between four latents f32[4,..] (top left, top right, bottom left,
-- bottom right; drawn where corners is nil).
function Model:grid(corners, options)
  options = options_of("grid", options, { steps = 8, along = "arc", seed = 1 })
  way_of(options, 2)
  corners = corners or select(2, self:sample(4, { seed = options.seed }))
  if not core.is_tensor(corners) or corners:dim() ~= 2 or corners.shape[1] ~= 4 or corners.shape[2] ~= self.latent then fail("corners are %s, wanted latents f32[4,%d]", tostring(corners), self.latent) end
  return require("genai").no_grad(function()
    local n, rows = options.steps, {}
    local left, right = between(corners[1], corners[3], n, options.along), between(corners[2], corners[4], n, options.along)
    for i = 1, n do rows[i] = between(left[i], right[i], n, options.along) end
    local out = require("genai.image").grid(self:decode(ops.cat(rows, 1)), { columns = n, gap = 0 })
    out.recipe = { kind = "mnist-vae-gan", variant = self.variant, grid = n, along = options.along, seed = options.seed }
    return out
  end)
end

function Model:__tostring()
  return ("mnist-vae-gan %s: model:draw(n, { seed = }), model:walk(stops), model:grid(), model:decode(z)%s"):format(self.variant, self.variant == "vae" and ", model:encode(digits)" or "")
end

return both
