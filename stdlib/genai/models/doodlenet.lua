--- DoodleNet: says which of 345 things a doodle shows (Yining Shi 2018; trained on Quick, Draw!, CC BY 4.0).
-- Source: the ml5.js model (tfjs layers), its kernels HWIO and dense weights [in,out]. Input: f32[n,1,28,28] in 0..1, white strokes on black; result: probabilities f32[n,345].
-- Net: three times (two conv 3x3 "same" + relu, max pool 2) with 16, 32, 64 channels, dense 576->512 tanh, dense 512->345 softmax.
-- Details that have caused bugs: the flattening is height, width, channel; strokes are light on dark, a scan is the other way round; 28 pixels are pooled to
-- 14, 7 and 3 (the last row and column fall away); a large drawing with thin lines fades when it shrinks, so its strokes are made bright again.
local core = require "genai.core"
local weights = require "genai.models.weights"
local labels = require "genai.models.labels"
local doodlenet = { about = "says which of 345 things a doodle shows", licence = "MIT", paper = "Shi 2018, doodleNet", CLASSES = 345 }
local model = { __name = "doodlenet" }
model.__index = model

local function fail(format, ...) core.fail(format:format(...)) end
local BRIGHT = 40                                                           -- so many of a drawing's 784 pixels are white: fewer than in nine of ten in the data
local options = { pad = "same", act = "relu" }

-- f32[n,1,28,28] -> f32[n,345]
local function forward(self, x)
  for i, layer in ipairs(self.convolutions) do
    x = x:conv2d(layer.weight, layer.bias, options)
    if i % 2 == 0 then x = x:max_pool2d(2) end
  end
  x = x:view(x.shape[1], -1):linear(self.dense.weight, self.dense.bias):tanh()
  return x:linear(self.out.weight, self.out.bias):softmax(2)
end

--- model(x) -> probabilities f32[n,345]. x: f32[n,1,28,28], f32[n,28,28] or f32[n,784] in 0..1, white strokes on black.
function model:__call(x)
  if not core.is_tensor(x) then fail("doodlenet: x is a %s, wanted f32[n,1,28,28]", type(x)) end
  local shape = x.shape
  local n = shape[1] or 0
  if #shape < 2 or n < 1 or x:numel() ~= n * 784 or shape[#shape] ~= 28 and shape[#shape] ~= 784 then
    fail("doodlenet: x is %s[%s], wanted f32[n,1,28,28]", x.dtype, table.concat(shape, ","))
  end
  return forward(self, x:to "f32":reshape(n, 1, 28, 28))
end

-- First and last position where a vector is above a level, or nil.
local function span(v, level)
  local over = v:gt(level):to "f32"
  local n = #v
  if over:max():item() == 0 then return nil end
  return over:argmax():item() + 1, n - over:flip(1):argmax():item()
end

--- model:prepare(picture, { fit = true }) -> f32[1,1,28,28], what the network is shown. picture: an image, or f32[3,h,w], f32[1,h,w] or f32[h,w] in 0..1; dark
-- strokes on light paper are turned over. fit: the drawing is cut out and fills the square but for a margin, as in the data that the network learnt from;
-- pictures of 28 x 28 stay as they are unless fit is given.
function model:prepare(picture, o)
  local genai = require "genai"
  local image = genai.image.from(picture)
  local ink = image:grayscale():tensor()[1]
  if image:alpha() then ink = ink * image:alpha()[1] + (1 - image:alpha()[1]) end
  if ink:mean():item() > 0.5 then ink = 1 - ink end
  local fit = o and o.fit
  if fit == nil then fit = image.width ~= 28 or image.height ~= 28 end
  if fit then
    local level = 0.2 * ink:max():item()
    local top, bottom = span(ink:max(2), level)
    local left, right = span(ink:max(1), level)
    if top then ink = ink:slice(1, top, bottom):slice(2, left, right) end
    local h, w = ink.shape[1], ink.shape[2]
    local side = math.max(h, w)
    local margin = (side + 14) // 15                                         -- about two pixels of the 28 all around
    local across, down = side - w + 2 * margin, side - h + 2 * margin
    ink = ink:contiguous():view(1, 1, h, w):pad { across // 2, across - across // 2, down // 2, down - down // 2 }
  end
  ink = ink:reshape(1, 1, ink.shape[#ink.shape - 1], ink.shape[#ink.shape])
  if ink.shape[3] ~= 28 or ink.shape[4] ~= 28 then
    ink = ink:resize({ 28, 28 }, { mode = "bicubic", antialias = true })
  end
  local bright = ink:reshape(-1):topk(BRIGHT)
  return (ink / bright[BRIGHT]:clamp(0.05)):clamp(0, 1)
end

--- model:tags(picture, n = 5, options) -> { { name =, probability =, class = }, ... }: what a drawing shows, the likeliest first. picture and options as model:prepare.
function model:tags(picture, n, o)
  return require("genai").no_grad(function() return labels.best(self(self:prepare(picture, o))[1], self.names, n) end)
end

function model:__tostring() return ("doodlenet(%d classes)"):format(#self.names) end

--- doodlenet.load(path) -> model; path is the folder with doodlenet.safetensors and class_names.txt. model.names: the classes in order.
function doodlenet.load(path)
  local tensors, file = weights.safetensors(path, "doodlenet.safetensors")
  local self, inputs = { convolutions = {} }, 1
  for i, outputs in ipairs { 16, 16, 32, 32, 64, 64 } do
    local name = i == 1 and "conv2d" or "conv2d_" .. i - 1
    self.convolutions[i] = { weight = weights.hwio(tensors, file, name .. "/kernel", 3, 3, inputs, outputs), bias = weights.take(tensors, file, name .. "/bias", outputs) }
    inputs = outputs
  end
  local dense = weights.take(tensors, file, "dense/kernel", 576, 512):view(3, 3, 64, 512):permute(4, 3, 1, 2):contiguous():view(512, 576)
  self.dense = { weight = dense, bias = weights.take(tensors, file, "dense/bias", 512) }
  self.out = { weight = weights.dense(tensors, file, "dense_1/kernel", 512, doodlenet.CLASSES), bias = weights.take(tensors, file, "dense_1/bias", doodlenet.CLASSES) }
  self.names = labels.read((file:match "^(.*)/" or ".") .. "/class_names.txt", doodlenet.CLASSES)
  return setmetatable(self, model)
end

return doodlenet
