--- vgg19-relu3: what VGG-19 sees up to relu3_1 (Simonyan and Zisserman 2014), and decoders that paint a picture of it again (Li et al. 2017, "Universal style transfer via
-- feature transforms"). Source: pietrocarbo/deep-transfer; encoders normalised from Oxford's VGG-19 (CC BY 4.0). Pictures: RGB in 0..1, any size.
-- Three encoders, to relu1_1 (64 channels), relu2_1 (128, half size) and relu3_1 (256, a quarter), and a decoder for each. Style by features: AdaIN (Huang and Belongie
-- 2017), whitening and colouring (Li et al.), and by optimisation (Gatys, Ecker and Bethge 2016; see genai.models.gatys).
-- Details that have caused bugs: every 3x3 convolution pads by reflection; the first, 1x1, turns RGB into the BGR less mean that VGG learnt, so pictures come as RGB; a
-- decoder's last convolution has no relu and its result may leave 0..1; AdaIN's deviations are unbiased with 1e-5 added; whitening leaves out directions below 1e-5.
local core = require "genai.core"
local ops = core.ops
local weights = require "genai.models.weights"
local stylizer = require "genai.models.stylizer"
local tiled = require "genai.models.tiles"
local vgg = { about = "sees a picture as VGG-19 does, paints what was seen, mixes in what another showed", licence = "Apache-2.0 (VGG-19: CC BY 4.0)", paper = "Simonyan and Zisserman 2014; Li et al. 2017" }
local model = { __name = "vgg19_relu3" }
model.__index = model
vgg.TILE = 512                                                              -- pixels a side that are worked on at once

local function fail(format, ...) core.fail(format:format(...)) end
-- Channels of the convolutions; "pool" and "grow" halve and double. The first of an encoder is the 1x1.
local encoder = { { "0", 3, 3 }, { "2", 3, 64, "relu1_1" }, { "5", 64, 64, "relu1_2" }, "pool", { "9", 64, 128, "relu2_1" }, { "12", 128, 128, "relu2_2" }, "pool", { "16", 128, 256, "relu3_1" } }
local decoders = { { { "1", 64, 3 } }, { { "1", 128, 64 }, "grow", { "5", 64, 64 }, { "8", 64, 3 } },
  { { "1", 256, 128 }, "grow", { "5", 128, 128 }, { "8", 128, 64 }, "grow", { "12", 64, 64 }, { "15", 64, 3 } } }
local ends = { 2, 5, 8 }                                                    -- where the encoder to level 1, 2, 3 stops

local function read(tensors, path, name, plan, last)
  local layers = {}
  for i = 1, last do
    local p = plan[i]
    layers[i] = p
    if type(p) == "table" then
      local k = p[1] == "0" and 1 or 3
      layers[i] = { weight = weights.take(tensors, path, name .. p[1] .. ".weight", p[3], p[2], k, k), bias = weights.take(tensors, path, name .. p[1] .. ".bias", p[3]), tap = p[4],
                    options = { pad = k // 2, pad_mode = k == 3 and "reflect" or "zero", act = (p[4] or plan ~= encoder and i < last) and "relu" or "none" } }
    end
  end
  return layers
end

-- The encoder's 1x1 convolution done within the 3x3 one behind it: both are linear, and padding by reflection adds nothing new.
local function joined(layers)
  local first, second = table.remove(layers, 1), layers[1]
  second.bias = second.bias + ops.einsum("omkl,m->o", second.weight, first.bias)
  second.weight = ops.einsum("omkl,mc->ockl", second.weight, first.weight:view(3, 3)):contiguous()
  return layers
end

-- Layers on f32[n,c,h,w]; seen(name, x) gets what is behind each relu that has a name, and says whether it keeps it.
local function run(layers, x, seen)
  local held = { [x] = true }
  for _, layer in ipairs(layers) do
    local before = x
    if layer == "pool" then x = x:max_pool2d(2)
    elseif layer == "grow" then x = x:resize { 2 * x.shape[3], 2 * x.shape[4] }
    else
      x = x:conv2d(layer.weight, layer.bias, layer.options)
      if seen and layer.tap and seen(layer.tap, x) then held[x] = true end
    end
    if not held[before] then before:release() end
  end
  return x
end

-- Layers in tiles of `tile`, and in each all that happens at one size in strips of rows: memory for a few strips and a half-size result.
local function frugal(layers, x, tile, scale, margin)
  return tiled(function(given)
    local y, from = given, 1
    for i = 2, #layers + 1 do
      if layers[i] == "grow" or layers[i - 1] == "pool" or i > #layers then
        local part, before = { table.unpack(layers, from, i - 1) }, y
        local factor = part[1] == "grow" and 2 or part[#part] == "pool" and 0.5 or 1
        local rows = math.max(16, (1 << 20) // (64 * y.shape[4]) * 2)
        y = tiled(function(z) return run(part, z) end, y, rows, y.shape[4], factor, 2)
        if before ~= given then before:release() end
        from = i
      end
    end
    return y
  end, x, tile, tile, scale, margin)
end

-- f32[1,3,h,w] of a picture, sides made longer by their last pixels until 4 divides them.
local function prepared(picture)
  local genai = require "genai"
  local x = core.is_tensor(picture) and picture or genai.image.from(picture):tensor()
  if x:dim() ~= 3 or x.shape[1] ~= 3 or x:numel() == 0 then fail("vgg19-relu3: the picture is %s[%s], wanted f32[3,height,width]", x.dtype, table.concat(x.shape, ",")) end
  local h, w = x.shape[2], x.shape[3]
  local tall, wide = math.max(16, (h + 3) // 4 * 4), math.max(16, (w + 3) // 4 * 4)
  x = x:to "f32":contiguous():view(1, 3, h, w)
  return (tall > h or wide > w) and x:pad({ 0, wide - w, 0, tall - h }, { mode = "replicate" }) or x, h, w
end

local function level_of(level)
  level = level or 3
  if not decoders[level] then fail("vgg19-relu3: level is %s, wanted 1, 2 or 3", tostring(level)) end
  return level
end
-- ---- verbs ----

--- model:encode(picture, level = 3) -> f32[1,c,h,w], what is behind relu1_1, relu2_1 or relu3_1: 64, 128 or 256 channels at 1, 1/2 or 1/4 of the size. picture: an image, or
-- f32[3,h,w] in 0..1, made divisible by 4. Large ones are worked on in tiles; the result is the same.
function model:encode(picture, level)
  level = level_of(level)
  local y = require("genai").no_grad(function() return frugal(self.encoders[level], (prepared(picture)), vgg.TILE, 2.0 ^ (1 - level), 16) end)
  if y:numel() > 1e5 then collectgarbage() end                              -- no share of the time, and what comes next finds the room
  return y
end

--- model:features(x, names) -> { [name] = f32[n,c,h,w] }: what is behind relus ("relu1_1" "relu1_2" "relu2_1" "relu2_2" "relu3_1") for x f32[n,3,h,w] in 0..1. Gradients pass.
function model:features(x, names)
  local out, wanted, known = {}, {}, {}
  for _, layer in ipairs(self.encoders[3]) do if layer.tap then known[layer.tap] = true end end
  for _, name in ipairs(names) do
    if not known[name] then fail("vgg19-relu3: there is no \"%s\", wanted relu1_1, relu1_2, relu2_1, relu2_2 or relu3_1", tostring(name)) end
    wanted[name] = true
  end
  run(self.encoders[3], x, function(name, y)
    if wanted[name] then out[name] = y end
    return wanted[name]
  end)
  return out
end

--- model:decode(features, level = 3) -> f32[3,h,w] of what model:encode gave; may leave 0..1 a little.
function model:decode(features, level)
  level = level_of(level)
  local channels = self.decoders[level][1].weight.shape[2]
  if not core.is_tensor(features) or features:dim() ~= 4 or features.shape[1] ~= 1 or features.shape[2] ~= channels then
    fail("vgg19-relu3: features are %s, wanted f32[1,%d,height,width]", core.is_tensor(features) and features.dtype .. "[" .. table.concat(features.shape, ",") .. "]" or type(features), channels)
  end
  local scale = 2.0 ^ (level - 1)
  local y = require("genai").no_grad(frugal, self.decoders[level], features, vgg.TILE // math.tointeger(scale), scale, 8)
  return y:view(3, y.shape[3], y.shape[4])
end

local function moments(f) return f:mean({ 3, 4 }, { keep = true }), f:var({ 3, 4 }, { keep = true }):sqrt() end

--- model:adain(content, style) -> features of the content with each channel's mean and deviation those of the style (Huang and Belongie 2017).
function model:adain(content, style)
  local mean, deviation = moments(content)
  local to_mean, to_deviation = moments(style)
  return (content - mean) / (deviation + 1e-5) * to_deviation + to_mean
end

-- Features as f32[c,n] without their mean, the mean, eigenvalues and eigenvectors of the covariance.
local function spectrum(f)
  local x = f:reshape(f.shape[2], -1)
  local mean = x:mean(2, { keep = true })
  x = x - mean
  local values, vectors = (x:matmul(x:transpose(1, 2)) / math.max(1, x.shape[2] - 1)):eigh()
  return x, mean, values, vectors
end

--- model:wct(content, style) -> features of the content whitened (their covariance made 1) and coloured (made the style's) (Li et al. 2017).
function model:wct(content, style)
  local x, _, values, vectors = spectrum(content)
  local _, mean, to_values, to_vectors = spectrum(style)
  local function power(v, p) return ops.where(v:gt(1e-5), v:clamp(1e-5):pow(p), 0) end
  local white = vectors * power(values, -0.5):unsqueeze(1)
  local colour = to_vectors * power(to_values, 0.5):unsqueeze(1)
  local turn = colour:matmul(to_vectors:transpose(1, 2)):matmul(white):matmul(vectors:transpose(1, 2))
  return (turn:matmul(x) + mean):view(table.unpack(content.shape))
end

--- model(picture, style, { method = "wct", strength = 0.6, levels = { 3, 2, 1 } }) -> the picture in the style of another, of the same size. method: "wct", or "adain", which
-- is quicker and milder. strength 0..1: how much of the features is the style's. levels: passes in that order, coarse to fine. Any sizes. style: a picture, or a
-- list of { picture, weight } whose features are mixed.
function model:__call(picture, style, o)
  o = o or {}
  local method, strength, levels = o.method or "wct", o.strength or 0.6, o.levels or { 3, 2, 1 }
  if method ~= "wct" and method ~= "adain" then fail("vgg19-relu3: method is \"%s\", wanted wct or adain", tostring(method)) end
  if type(strength) ~= "number" or not (strength >= 0 and strength <= 1) then fail("vgg19-relu3: strength is %s, wanted a number in 0..1", tostring(strength)) end
  local mixed, shares = stylizer.mix("vgg19-relu3", style)
  return stylizer.apply("vgg19-relu3", picture, { kind = "vgg19-relu3", method = method, strength = strength, shares = shares }, function(x)
    local h, w = x.shape[2], x.shape[3]
    for _, level in ipairs(levels) do
      local seen <close> = self:encode(x, level)
      local y = mixed(function(one)
        local shown <close> = self:encode(one, level)
        return self[method](self, seen, shown)
      end)
      x = self:decode(seen:lerp(y, strength), level):clamp(0, 1)
    end
    return (x.shape[2] > h or x.shape[3] > w) and x:slice(2, 1, h):slice(3, 1, w):contiguous() or x
  end)
end

model.paint = require "genai.models.gatys"                                  -- (content, style, options) -> image, by optimisation
function model:__tostring() return "vgg19_relu3(relu1_1, relu2_1, relu3_1)" end

--- vgg19_relu3.load(path) -> model; path is vgg19_relu3_1_autoencoders.safetensors or its folder.
function vgg.load(path)
  local tensors, file = weights.safetensors(path, "vgg19_relu3_1_autoencoders.safetensors")
  local self = { encoders = {}, decoders = {} }
  for level = 1, 3 do
    self.encoders[level] = joined(read(tensors, file, ("vgg_normalised_conv%d_1."):format(level), encoder, ends[level]))
    self.decoders[level] = read(tensors, file, ("feature_invertor_conv%d_1."):format(level), decoders[level], #decoders[level])
  end
  return setmetatable(self, model)
end

return vgg
