--- style26: paints a picture over in any mix of 26 styles (Dumoulin, Shlens and Kudlur 2016, "A Learned Representation for Artistic Style").
-- Source: Google Magenta's weights as shipped with googlecodelabs/tensorflow-style-transfer-android. Input and result: RGB in 0..1, f32[3,h,w], any size.
-- Net: conv 9x9 3->32, two conv 3x3/2, 6 residual blocks of 32, nearest x2 + conv 3x3 to 8, nearest x2 + conv 3x3 to 4, conv 9x9 to 3, sigmoid.
-- Details that have caused bugs: kernels are HWIO in the file; padding is reflection by k // 2, also before stride 2; the norm's variance is the biased one,
-- eps 1e-5; the second conv of a residual block has no relu; the mix is made on gamma and beta, not on pictures; sizes that 4 does not divide are padded first.
local core = require "genai.core"
local weights = require "genai.models.weights"
local stylizer = require "genai.models.stylizer"
local take = weights.take
local style26 = { STYLES = 26, about = "paints a picture over in any mix of 26 styles", licence = "Apache-2.0", paper = "Dumoulin, Shlens and Kudlur 2016" }

local function fail(format, ...) core.fail(format:format(...)) end

-- The convolutions in order, as they are called in the file, and what stands around them.
local plan = {
  { "contract/conv1", relu = true }, { "contract/conv2", stride = 2, relu = true }, { "contract/conv3", stride = 2, relu = true },
}
for i = 1, 6 do
  plan[#plan + 1] = { ("residual/residual%d/conv1"):format(i), relu = true, opens = true }
  plan[#plan + 1] = { ("residual/residual%d/conv2"):format(i), closes = true }
end
plan[#plan + 1] = { "expand/conv1/conv", kind = "grow", relu = true }
plan[#plan + 1] = { "expand/conv2/conv", kind = "grow", relu = true }
plan[#plan + 1] = { "expand/conv3/conv" }

local function read(path)
  local tensors, layers, inputs = nil, {}, 3
  tensors, path = weights.safetensors(path, "style26.safetensors")
  for i, step in ipairs(plan) do
    local name = step[1]
    local k = step.kind == "grow" and 3 or 0
    local hwio = take(tensors, path, name .. "/weights", k, k, inputs, 0)
    local outputs = hwio.shape[4]
    if i == #plan and outputs ~= 3 then fail("style26: %s: the last layer gives %d channels, wanted 3", path, outputs) end
    local weight = hwio:permute(4, 3, 1, 2):contiguous()
    if step.kind == "grow" then weight = weights.before_shuffle(weight, 2) end
    layers[i] = { weight = weight, gamma = take(tensors, path, name .. "/gamma", style26.STYLES, outputs), reflect = true,
                  beta = take(tensors, path, name .. "/beta", style26.STYLES, outputs), kind = step.kind, stride = step.stride, relu = step.relu, opens = step.opens, closes = step.closes }
    inputs = outputs
  end
  return layers
end

-- The shares of the styles as f32[1,26], adding up to 1.
local function shares(weights)
  if math.type(weights) == "integer" then weights = { [weights] = 1 } end
  if core.is_tensor(weights) then weights = weights:totable() end
  if type(weights) ~= "table" then fail("style26: styles are a %s, wanted { [number] = weight } or a list of 26 weights", type(weights)) end
  local out, sum, list = {}, 0.0, #weights == style26.STYLES and weights[0] == nil
  for i = 1, style26.STYLES do out[i] = 0.0 end
  for number, weight in pairs(weights) do
    local at = math.type(number) == "integer" and (list and number or number + 1)
    if not at or at < 1 or at > style26.STYLES then fail("style26: a style is \"%s\", wanted a number in 0..%d", tostring(number), style26.STYLES - 1) end
    if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then fail("style26: the weight of style %d is %s, wanted 0 or more", at - 1, tostring(weight)) end
    out[at] = weight
  end
  for i = 1, style26.STYLES do sum = sum + out[i] end
  if sum == 0 then fail("style26: all weights are 0, wanted at least one style") end
  for i = 1, style26.STYLES do out[i] = out[i] / sum end
  return core.tensor { out }
end

--- style26.load(path) -> paint. path is style26.safetensors or its folder. paint(picture, styles) -> a picture of the same size; styles is { [number] = weight },
-- numbers 0..25, or a list of 26 weights, or one number; only the proportions of weights count. A third argument { progress = f } calls f(share) on large pictures. picture: an image, or a tensor f32[3,h,w] in 0..1 (gives a tensor).
function style26.load(path)
  local layers = read(path)
  local function paint(_, picture, styles, options)
    local mix = shares(styles)
    for _, layer in ipairs(layers) do layer.scale, layer.shift = mix:matmul(layer.gamma):view(-1), mix:matmul(layer.beta):view(-1) end
    local recipe = { kind = "style26", styles = core.is_tensor(styles) and styles:totable() or type(styles) == "table" and styles or { [styles] = 1 } }
    return stylizer.apply("style26", picture, recipe, function(x) return stylizer.paint(layers, x, core.ops.sigmoid, options and options.progress) end)
  end
  return setmetatable({}, { __name = "style26", __call = paint, __tostring = function() return "style26: model(picture, { [number] = weight }), numbers 0..25" end })
end

return style26
