--- taef2: a tiny autoencoder between pictures and the latents of FLUX.2 (Ollin Boer Bohan, TAESD family, 2023-2025).
-- Source: madebyollin/taesd, f16 weights. In and out: RGB in 0..1, f32[n,3,h,w]; latents f32[n,32,h/8,w/8].
-- Net: convolutions 3x3 of 64 channels in residual blocks (three convolutions, relu between and after the sum); the encoder halves three times by stride 2, the decoder
-- doubles three times by nearest and a convolution. The three blocks at the smallest size first add a bottleneck of their own: 1x1 to 256, group norm of 4, relu, 1x1.
-- Details that have caused bugs: pictures are 0..1, not -1..1; the decoder squeezes latents by 3 tanh(z / 3) first; convolutions that change the size have no bias; the
-- numbers in the files' names count activations too; the group norm looks at the whole picture, so it cannot be done in tiles.
local core = require "genai.core"
local weights = require "genai.models.weights"
local options_of = require "genai.nn.options"
local taef2 = { CHANNELS = 32, FACTOR = 8, about = "packs pictures into latents and back", licence = "MIT", paper = "Bohan, TAESD" }
local Model = {}
Model.__index, Model.__name = Model, "taef2"

local function fail(format, ...) core.fail("taef2: " .. format:format(...)) end

-- A list of functions x -> y for the parts of a file. plan: { kind, number in the file, ... }.
local function read(path, file, plan)
  local tensors
  tensors, path = weights.safetensors(path, file)
  local function conv(name, outputs, inputs, k, options, plain)
    local w = weights.take(tensors, path, name .. ".weight", outputs, inputs, k, k)
    local b = not plain and weights.take(tensors, path, name .. ".bias", outputs) or nil
    return function(x) return x:conv2d(w, b, options) end
  end
  local relu, same = { pad = 1, act = "relu" }, { pad = 1 }
  local function block(name, norm)
    local a, b, c = conv(name .. ".conv.0", 64, 64, 3, relu), conv(name .. ".conv.2", 64, 64, 3, relu), conv(name .. ".conv.4", 64, 64, 3, same)
    if not norm then return function(x) return (c(b(a(x))) + x):relu() end end
    local wide, narrow = conv(name .. ".pool.0", 256, 64, 1, nil, true), conv(name .. ".pool.3", 64, 256, 1, nil, true)
    local w, shift = weights.take(tensors, path, name .. ".pool.1.weight", 256), weights.take(tensors, path, name .. ".pool.1.bias", 256)
    return function(x)
      x = x + narrow(wide(x):group_norm(4, w, shift):relu())
      return (c(b(a(x))) + x):relu()
    end
  end
  local parts = {}
  for i, step in ipairs(plan) do
    local kind, number, outputs, inputs = table.unpack(step)
    if kind == "block" then parts[i] = block(number, step.norm)
    elseif kind == "down" then parts[i] = conv(number, 64, 64, 3, { pad = 1, stride = 2 }, true)
    elseif kind == "up" then
      local after = conv(number, 64, 64, 3, same, true)
      parts[i] = function(x) return after(x:resize { 2 * x.shape[3], 2 * x.shape[4] }) end
    else parts[i] = conv(number, outputs, inputs, 3, step.relu and relu or same) end
  end
  return parts
end

-- The plans of both halves, as they stand in the files.
local function blocks(plan, from, norm)
  for i = from, from + 2 do plan[#plan + 1] = { "block", tostring(i), norm = norm } end
end
local encoder, decoder = { { "conv", "0", 64, 3 }, { "block", "1" } }, { { "conv", "1", 64, 32, relu = true } }
for _, from in ipairs { 3, 7, 11 } do
  encoder[#encoder + 1] = { "down", tostring(from - 1) }
  blocks(encoder, from, from == 11)
end
encoder[#encoder + 1] = { "conv", "14", 32, 64 }
for _, from in ipairs { 3, 8, 13 } do
  blocks(decoder, from, from == 3)
  decoder[#decoder + 1] = { "up", tostring(from + 4) }
end
decoder[#decoder + 1], decoder[#decoder + 2] = { "block", "18" }, { "conv", "19", 3, 64 }

--- taef2.load(folder) -> model. folder holds taef2_encoder.safetensors and taef2_decoder.safetensors.
function taef2.load(folder)
  if type(folder) == "string" then folder = folder:gsub("[/\\]taef2_%a+coder%.safetensors$", "") end
  return setmetatable({ encoder = read(folder, "taef2_encoder.safetensors", encoder), decoder = read(folder, "taef2_decoder.safetensors", decoder) }, Model)
end

local function through(parts, x)
  return require("genai").no_grad(function()
    for i = 1, #parts do x = parts[i](x) end
    return x
  end)
end

--- model:encode(picture) -> latents f32[1,32,h/8,w/8]. picture: an image, or f32[3,h,w] or f32[n,3,h,w] in 0..1 (gives n). Sides that 8 does not divide are made
-- longer by their last pixels.
function Model:encode(picture)
  local x = core.is_tensor(picture) and picture:to "f32" or require("genai.image").from(picture):tensor()
  if x:dim() == 3 then x = x:contiguous():view(1, table.unpack(x.shape)) end
  local s = x.shape
  if #s ~= 4 or s[2] ~= 3 or x:numel() == 0 then fail("the picture is %s[%s], wanted f32[3,height,width]", x.dtype, table.concat(s, ",")) end
  local tall, wide = -s[3] % 8, -s[4] % 8
  if tall > 0 or wide > 0 then x = x:contiguous():pad({ 0, wide, 0, tall }, { mode = "replicate" }) end
  return through(self.encoder, x)
end

--- model:decode(z, { width =, height = }) -> pictures f32[n,3,8h,8w] in 0..1, cut to width and height. z: latents f32[n,32,h,w].
function Model:decode(z, options)
  options = options_of("decode", options, { width = false, height = false })
  if not core.is_tensor(z) or z:dim() ~= 4 or z.shape[2] ~= taef2.CHANNELS or z:numel() == 0 then
    fail("latents are %s, wanted f32[n,32,h,w]", core.is_tensor(z) and z.dtype .. "[" .. table.concat(z.shape, ",") .. "]" or type(z))
  end
  local y = through(self.decoder, (z:to "f32" * (1 / 3)):tanh() * 3):clamp(0, 1)
  local h, w = options.height or y.shape[3], options.width or y.shape[4]
  for name, v in pairs { height = { h, y.shape[3] }, width = { w, y.shape[4] } } do
    if math.type(v[1]) ~= "integer" or v[1] < 1 or v[1] > v[2] then fail("%s is %s, wanted 1..%d", name, tostring(v[1]), v[2]) end
  end
  return (h < y.shape[3] or w < y.shape[4]) and y:slice(3, 1, h):slice(4, 1, w):contiguous() or y
end

--- model:image(z, { width =, height = }) -> an image of latents f32[1,32,h,w].
function Model:image(z, options) return require("genai.image").from(self:decode(z, options)[1]) end

--- model:fade(a, b, steps, { along = "line" }) -> a list of images from picture a to picture b through their latents, both of one size. along: "line", or "arc" (slerp
-- of each place's 32 numbers, which keeps contrast).
function Model:fade(a, b, steps, options)
  options = options_of("fade", options, { along = "line" })
  local image = require "genai.image"
  a, b = image.from(a), image.from(b)
  if a.width ~= b.width or a.height ~= b.height then fail("the pictures are %d x %d and %d x %d, wanted one size: resize one", a.width, a.height, b.width, b.height) end
  if math.type(steps) ~= "integer" or steps < 2 or steps > 1024 then fail("steps is %s, wanted 2..1024", tostring(steps)) end
  if options.along ~= "line" and options.along ~= "arc" then fail("along is \"%s\", wanted line or arc", tostring(options.along)) end
  local from, to, out = self:encode(a), self:encode(b), {}
  for i = 1, steps do
    local t, z = (i - 1) / (steps - 1), nil
    if options.along == "line" then z = from:lerp(to, t)
    else z = from:permute(1, 3, 4, 2):contiguous():slerp(to:permute(1, 3, 4, 2):contiguous(), t):permute(1, 4, 2, 3):contiguous() end
    out[i] = self:image(z, { width = a.width, height = a.height })
    out[i].recipe = { kind = "taef2", share = t, along = options.along, from = a.recipe, to = b.recipe }
  end
  return out
end

function Model:__tostring() return "taef2: model:encode(picture), model:decode(z), model:image(z), model:fade(a, b, steps)" end

return taef2
