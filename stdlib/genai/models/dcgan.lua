--- DCGAN (Radford, Metz and Chintala 2015): a generator and a discriminator of strided convolutions for 64x64 pictures.
-- Source: the PyTorch example's shapes. Generator: noise f32[n,100,1,1] -> pictures f32[n,3,64,64] in -1..1; discriminator: pictures -> logits f32[n,1,1,1].
-- Details that have caused bugs: no biases beside batch norm, weights from N(0, 0.02) (norms from N(1, 0.02)), no batch norm in the discriminator's first
-- layer, and its loss is taken of real and made pictures in separate batches.
local core = require "genai.core"
local ops = core.ops
local walk = require "genai.nn.walk"
local layers = require "genai.nn.layers"
local dcgan = {}

local function leaky(x) return x:leaky_relu(0.2) end
walk.name_function(leaky, "leaky_relu(0.2)")

local function start(module)
  for _, entry in ipairs(walk.parameters(module)) do
    local t = entry.tensor
    if t:dim() > 1 then t:detach():copy_(ops.randn_like(t) * 0.02)
    elseif entry.name:match "weight$" then t:detach():copy_(ops.randn_like(t) * 0.02 + 1) end
  end
  return module
end

--- dcgan.generator{ noise = 100, size = 64, channels = 3 } -> a chain: noise f32[n,noise,1,1] -> f32[n,channels,64,64]; size is the number of filters at the end.
function dcgan.generator(config)
  local c = config or {}
  local noise, f, channels = c.noise or 100, c.size or 64, c.channels or 3
  local up = { stride = 2, pad = 1, bias = false }
  local parts = { layers.conv_transpose2d(noise, 8 * f, 4, { bias = false }), layers.batch_norm(8 * f), ops.relu }
  for _, n in ipairs { 4, 2, 1 } do
    parts[#parts + 1] = layers.conv_transpose2d(2 * n * f, n * f, 4, up)
    parts[#parts + 1] = layers.batch_norm(n * f)
    parts[#parts + 1] = ops.relu
  end
  parts[#parts + 1] = layers.conv_transpose2d(f, channels, 4, up)
  parts[#parts + 1] = ops.tanh
  return start(layers.chain(parts))
end

--- dcgan.discriminator{ size = 64, channels = 3 } -> a chain: pictures f32[n,channels,64,64] -> logits f32[n,1,1,1].
function dcgan.discriminator(config)
  local c = config or {}
  local f, channels = c.size or 64, c.channels or 3
  local down = { stride = 2, pad = 1, bias = false }
  local parts = { layers.conv2d(channels, f, 4, down), leaky }
  for _, n in ipairs { 2, 4, 8 } do
    parts[#parts + 1] = layers.conv2d(n // 2 * f, n * f, 4, down)
    parts[#parts + 1] = layers.batch_norm(n * f)
    parts[#parts + 1] = leaky
  end
  parts[#parts + 1] = layers.conv2d(8 * f, 1, 4, { bias = false })
  return start(layers.chain(parts))
end

local function judge(discriminator, pictures, truth)
  local logits = discriminator(pictures)
  return logits:bce_with_logits(truth == 1 and ops.ones_like(logits) or ops.zeros_like(logits))
end

--- dcgan.step(generator, discriminator, optimiser_g, optimiser_d, real, noise) -> losses of the discriminator and the generator as numbers: one step of each.
function dcgan.step(generator, discriminator, optimiser_g, optimiser_d, real, noise)
  local made = generator(noise)
  local d = optimiser_d:step(function()
    return judge(discriminator, real, 1) + judge(discriminator, made:detach(), 0)
  end)
  local g = optimiser_g:step(function() return judge(discriminator, made, 1) end)
  walk.zero_grad(discriminator)
  return d, g
end

return dcgan
