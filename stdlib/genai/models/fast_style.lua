--- fast-style: paints a picture over in one style in one pass (Johnson, Alahi and Fei-Fei 2016, with the instance norm of Ulyanov et al. 2016).
-- Source: ml5's models, trained with lengstrom/fast-style-transfer's code. Input and result: RGB in 0..1, any size (the net itself sees 0..255).
-- Net: conv 9x9 3->32, conv 3x3/2 to 64, conv 3x3/2 to 128, 5 residual blocks of 128, transposed conv 3x3/2 to 64 and to 32, conv 9x9 to 3, tanh * 150 + 127.5.
-- Details that have caused bugs: a layer's variables come as weights, shift, scale; kernels are HWIO, those of transposed convolutions [h,w,out,in]; padding is
-- TensorFlow's SAME with zeros (before stride 2 the odd row stands at the end, a transposed convolution is cut at its end); the norm's eps is 1e-3.
local weights = require "genai.models.weights"
local stylizer = require "genai.models.stylizer"
local check = require "genai.nn.options"
local fast_style = { variants = { "mathura" }, about = "paints a picture over in one style, fast", licence = "MIT", paper = "Johnson, Alahi and Fei-Fei 2016" }

-- height, inputs, outputs and what is around each convolution
local plan = { { 9, 3, 32, relu = true }, { 3, 32, 64, stride = 2, relu = true }, { 3, 64, 128, stride = 2, relu = true } }
for _ = 1, 5 do
  plan[#plan + 1] = { 3, 128, 128, relu = true, opens = true }
  plan[#plan + 1] = { 3, 128, 128, closes = true }
end
plan[#plan + 1] = { 3, 128, 64, kind = "transposed", relu = true }
plan[#plan + 1] = { 3, 64, 32, kind = "transposed", relu = true }
plan[#plan + 1] = { 9, 32, 3 }

local function read(path, variant)
  local tensors, layers = nil, {}
  tensors, path = weights.safetensors(path, variant .. ".safetensors")
  local function name(i) return i == 0 and "Variable" or "Variable_" .. i end
  for i, p in ipairs(plan) do
    local k, c, o, at = p[1], p[2], p[3], 3 * (i - 1)
    local turned = p.kind == "transposed"
    layers[i] = { weight = weights.hwio(tensors, path, name(at), k, k, turned and o or c, turned and c or o), shift = weights.take(tensors, path, name(at + 1), o),
                  scale = weights.take(tensors, path, name(at + 2), o), eps = 1e-3, kind = p.kind, stride = p.stride, relu = p.relu, opens = p.opens, closes = p.closes }
  end
  layers[1].weight = layers[1].weight * 255                                  -- the net saw 0..255
  return layers
end

local function finish(y) return ((y:tanh() * 150 + 127.5) / 255):clamp(0, 1) end

--- fast_style.load(path, variant) -> paint. path is the folder or the file mathura.safetensors. paint(picture, { strength = 1, progress = }) -> a picture of the same
-- size; strength 0..1 blends between the picture and the painting. picture: an image, or a tensor f32[3,h,w] in 0..1 (gives a tensor).
function fast_style.load(path, variant)
  local layers = read(path, variant or fast_style.variants[1])
  local function paint(_, picture, options)
    options = check("fast-style", options, { strength = 1, progress = false })
    local strength = options.strength
    if type(strength) ~= "number" or not (strength >= 0 and strength <= 1) then
      require("genai.core").fail(("fast-style: strength is %s, wanted a number in 0..1"):format(tostring(strength)))
    end
    return stylizer.apply("fast-style", picture, { kind = "fast-style", style = variant or fast_style.variants[1], strength = strength }, function(x)
      local y = stylizer.paint(layers, x, finish, options.progress or nil)
      return strength == 1 and y or x + (y - x) * strength
    end)
  end
  return setmetatable({}, { __name = "fast-style", __call = paint, __tostring = function() return "fast-style: model(picture, { strength = 1 })" end })
end

return fast_style
