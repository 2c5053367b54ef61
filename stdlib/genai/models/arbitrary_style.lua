--- arbitrary-style: paints a picture over in the style of any other picture (Ghiasi et al. 2017, "Exploring the structure of a real-time, arbitrary neural artistic
-- stylization network"). Source: Google Magenta's int8 models of TF Hub, weights dequantised. Pictures: RGB in 0..1, any size; a style is seen at 256 x 256.
-- Nets: predict, a MobileNetV2 (Sandler et al. 2018) to 100 numbers, the style; transfer, conv 9x9 3->8, two conv 3x3/2 to 16 and 32, 5 residual blocks of 32, nearest
-- x2 + conv 3x3 to 16, nearest x2 + conv 3x3 to 8, conv 9x9 to 3, sigmoid.
-- Details that have caused bugs: kernels are TFLite's OHWI, depthwise ones [1,h,w,c]; predict pads with zeros as SAME does (before stride 2 the odd row stands at the
-- end), transfer by reflection; the first three convolutions of transfer have a bias and relu and no norm; of a norm's two tables "Conv" is the shift and "Conv_1" the scale; the file's halves are copies of int8 weights.
local core = require "genai.core"
local weights = require "genai.models.weights"
local stylizer = require "genai.models.stylizer"
local take = weights.take
local arbitrary = { about = "paints a picture over in the style of any other picture", licence = "Apache-2.0", paper = "Ghiasi et al. 2017" }
local SIZE, STYLE = 256, 100

local function fail(format, ...) core.fail(format:format(...)) end

-- Rows m[o,k] as multiples of a scale each, a least-squares fit to whole numbers whose largest is `top`; how far off these are at most.
local function fitted(m, top)
  local size <close> = m:abs()
  local scale, q = size:max(2, { keep = true }):clamp(1e-20, nil) / top
  for _ = 1, 4 do
    if q then q:release() end
    local x <close> = m / scale
    q = x:round()
    local mq <close> = m * q
    local qq <close> = q * q
    scale = (mq:sum(2, { keep = true }) / qq:sum(2, { keep = true }):clamp(1, nil)):clamp(1e-20, nil)
  end
  local x <close> = m / scale
  local off <close> = x:sub_(q):abs()
  return q:mul_(scale), off:max(2, { keep = true })
end

-- f16 copies of int8 weights, each output channel times a scale of its own: back on their grid, which halves put off by up to 2^-11 (0.6 % of a style in the end).
-- A few channels at a time, so that loading takes no more memory than the net does later.
local function on_grid(w)
  local m <close> = w:flatten(2)
  local rows, out = m.shape[1], core.ops.zeros_like(m)
  local step = math.max(1, (1 << 15) // m.shape[2])
  for from = 1, rows, step do
    local to = math.min(rows, from + step - 1)
    local part <close> = m:slice(1, from, to)
    local a <close>, least = fitted(part, 127)
    local b <close>, off = fitted(part, 128)
    local best <close> = core.ops.where(off:lt(least), b, a)
    out:slice(1, from, to):copy_(best)
  end
  return out:view(w.shape)
end

local function ohwi(tensors, path, name, ...)
  local given <close> = take(tensors, path, name, ...)
  local turned <close> = given:permute(1, 4, 2, 3)
  local w <close> = turned:contiguous()
  return on_grid(w)
end

-- ---- predict ----
-- Outputs and stride of MobileNetV2's blocks; all but the first are made six times wider inside.
local blocks = { { 16, 1 }, { 24, 2 }, { 24, 1 }, { 32, 2 }, { 32, 1 }, { 32, 1 }, { 64, 2 }, { 64, 1 }, { 64, 1 }, { 64, 1 }, { 96, 1 }, { 96, 1 }, { 96, 1 }, { 160, 2 }, { 160, 1 }, { 160, 1 }, { 320, 1 } }

local function conv(weight, bias, stride, groups, act)
  local pad = weight.shape[3] == 1 and 0 or stride == 2 and { 0, 0, 1, 1 } or 1
  local options = { stride = stride, pad = pad, groups = groups, act = act }
  return function(x) return x:conv2d(weight, bias, options) end
end

local function read_predict(path)
  local tensors, net, inputs = nil, {}, 32
  tensors, path = weights.safetensors(path, "predict.safetensors")
  local function bias(name, n) return take(tensors, path, "MobilenetV2/" .. name .. "#bias", n) end
  local function point(name, ending, c, o, act) return conv(ohwi(tensors, path, "MobilenetV2/" .. name .. "/weights", o, 1, 1, c), bias(name .. ending, o), 1, 1, act) end
  net[1] = { conv(ohwi(tensors, path, "MobilenetV2/Conv/weights", 32, 3, 3, 3), bias("Conv/Relu6", 32), 2, 1, "relu6") }
  for i, b in ipairs(blocks) do
    local name, inner, steps = "expanded_conv" .. (i > 1 and "_" .. i - 1 or ""), i > 1 and 6 * inputs or inputs, {}
    if i > 1 then steps[1] = point(name .. "/expand", "/Relu6", inputs, inner, "relu6") end
    local depth = take(tensors, path, "MobilenetV2/" .. name .. "/depthwise/depthwise_weights", 1, 3, 3, inner)
    steps[#steps + 1] = conv(on_grid(depth:permute(4, 1, 2, 3):contiguous()), bias(name .. "/depthwise/Relu6", inner), b[2], inner, "relu6")
    steps[#steps + 1] = point(name .. "/project", "/BatchNorm/FusedBatchNormV3", inner, b[1], "none")
    steps.adds = b[2] == 1 and inputs == b[1]
    net[#net + 1], inputs = steps, b[1]
  end
  net[#net + 1] = { point("Conv_1", "/Relu6", 320, 1280, "relu6") }
  local head, shift = ohwi(tensors, path, "mobilenet_conv/Conv/weights", STYLE, 1, 1, 1280):view(STYLE, 1280), take(tensors, path, "mobilenet_conv/Conv/BiasAdd_int8#bias", STYLE)
  return function(x)                                       -- f32[1,3,256,256] -> f32[100]
    local given = x
    for _, steps in ipairs(net) do
      local kept = x
      for i, step in ipairs(steps) do
        local before = x
        x = step(x)
        if i > 1 then before:release() end
      end
      if steps.adds then x:add_(kept) end
      if kept ~= given then kept:release() end
    end
    return x:mean({ 3, 4 }):linear(head, shift):view(STYLE)
  end
end

-- ---- transfer ----
local plan = { { "contract/conv1", 9, 3, 8, plain = true, relu = true }, { "contract/conv2", 3, 8, 16, stride = 2, plain = true, relu = true },
               { "contract/conv3", 3, 16, 32, stride = 2, plain = true, relu = true } }
for i = 1, 5 do
  plan[#plan + 1] = { ("residual/residual%d/conv1"):format(i), 3, 32, 32, relu = true, opens = true }
  plan[#plan + 1] = { ("residual/residual%d/conv2"):format(i), 3, 32, 32, closes = true }
end
plan[#plan + 1] = { "expand/conv1/conv", 3, 32, 16, kind = "grow", relu = true }
plan[#plan + 1] = { "expand/conv2/conv", 3, 16, 8, kind = "grow", relu = true }
plan[#plan + 1] = { "expand/conv3/conv", 9, 8, 3 }

local function read_transfer(path)
  local tensors, layers = nil, {}
  tensors, path = weights.safetensors(path, "transfer.safetensors")
  for i, p in ipairs(plan) do
    local name, k, c, o = p[1], p[2], p[3], p[4]
    local weight = ohwi(tensors, path, "transformer/" .. name .. "/weights", o, k, k, c)
    local bias = take(tensors, path, "transformer/" .. name .. (p.plain and "/Relu#bias" or "/Conv2D#bias"), o)
    if p.kind == "grow" then weight, bias = weights.before_shuffle(weight, 2), bias:repeat_interleave(4) end
    local layer = { weight = weight, bias = bias, reflect = true, kind = p.kind, stride = p.stride, relu = p.relu, opens = p.opens, closes = p.closes }
    local function table_of(which)
      local at = "style_params/transformer/" .. name .. "/StyleNorm/" .. which
      return { take(tensors, path, at .. "/weights", o, 1, 1, STYLE):view(o, STYLE), take(tensors, path, at .. "/BiasAdd#bias", o) }
    end
    if not p.plain then layer.to_shift, layer.to_scale = table_of "Conv", table_of "Conv_1" end
    layers[i] = layer
  end
  return layers
end

-- ---- styles ----
local Model = {}
Model.__index = Model

--- model:style(picture) -> f32[100], the style of a picture (an image or a tensor f32[3,h,w] in 0..1): styles can be averaged and interpolated.
function Model:style(picture)
  local genai = require "genai"
  local image = genai.image.from(picture)
  return genai.no_grad(function()
    return self.predict(image:resize(SIZE, SIZE, { mode = "bicubic" }):tensor():contiguous():view(1, 3, SIZE, SIZE))
  end)
end

local function one_style(self, style)
  if core.is_tensor(style) and style:dim() == 1 then
    if style:numel() ~= STYLE then fail("arbitrary-style: a style has %d numbers, wanted %d", style:numel(), STYLE) end
    return style
  end
  return self:style(style)
end

-- A style, a picture, or a list of { style or picture, weight }; the weights' proportions count.
local function mix(self, styles)
  if type(styles) ~= "table" or getmetatable(styles) then return one_style(self, styles) end
  if #styles == 0 then fail("arbitrary-style: the list of styles is empty, wanted { { picture or style, weight }, .. }") end
  local sum, total = nil, 0.0
  for i, entry in ipairs(styles) do
    local weight = type(entry) == "table" and entry[2]
    if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then fail("arbitrary-style: entry %d of the styles has the weight %s, wanted { picture or style, 0 or more }", i, tostring(weight)) end
    local part = one_style(self, entry[1]) * weight
    sum, total = sum and sum + part or part, total + weight
  end
  if total == 0 then fail("arbitrary-style: all weights are 0, wanted at least one style") end
  return sum / total
end

--- model(picture, styles, { progress = }) -> the picture painted over, of the same size. styles: a picture, a style of model:style, or a list of { picture or style, weight }.
-- picture: an image, or a tensor f32[3,h,w] in 0..1 (gives a tensor). progress(share) is called on large pictures.
function Model:__call(picture, styles, options)
  local genai = require "genai"
  local style = genai.no_grad(mix, self, styles)
  for _, layer in ipairs(self.layers) do
    if layer.to_scale then
      local row = style:view(1, STYLE)
      layer.scale, layer.shift = row:linear(layer.to_scale[1], layer.to_scale[2]):view(-1), row:linear(layer.to_shift[1], layer.to_shift[2]):view(-1)
    end
  end
  return stylizer.apply("arbitrary-style", picture, { kind = "arbitrary-style", style = style:totable() }, function(x)
    return stylizer.paint(self.layers, x, core.ops.sigmoid, options and options.progress)
  end)
end

function Model:__tostring() return "arbitrary-style: model(picture, other or style), model:style(picture)" end

--- arbitrary_style.load(folder) -> model; the folder holds predict.safetensors and transfer.safetensors.
function arbitrary.load(path)
  if type(path) ~= "string" then fail("arbitrary-style: path is a %s, wanted a folder", type(path)) end
  return setmetatable({ predict = read_predict(path), layers = read_transfer(path) }, Model)
end

return arbitrary
