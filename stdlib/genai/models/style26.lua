--- style26: paints a picture over in any mix of 26 styles (Dumoulin, Shlens and Kudlur 2016, "A Learned Representation for Artistic Style").
-- Source: Google Magenta's weights as shipped with googlecodelabs/tensorflow-style-transfer-android. Input and result: RGB in 0..1, f32[3,h,w], any size.
-- Net: conv 9x9 3->32, two conv 3x3/2, 6 residual blocks of 32, nearest x2 + conv 3x3 to 8, nearest x2 + conv 3x3 to 4, conv 9x9 to 3, sigmoid.
-- Details that have caused bugs: kernels are HWIO in the file; padding is reflection by k // 2, also before stride 2; the norm's variance is the biased one,
-- eps 1e-5; the second conv of a residual block has no relu; the mix is made on gamma and beta, not on pictures; sizes that 4 does not divide are padded first.
local core = require "genai.core"
local weights = require "genai.models.weights"
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
plan[#plan + 1] = { "expand/conv1/conv", grow = true, relu = true }
plan[#plan + 1] = { "expand/conv2/conv", grow = true, relu = true }
plan[#plan + 1] = { "expand/conv3/conv" }

local function read(path)
  local tensors, layers, inputs = nil, {}, 3
  tensors, path = weights.safetensors(path, "style26.safetensors")
  for i, step in ipairs(plan) do
    local name = step[1]
    local hwio = take(tensors, path, name .. "/weights", 0, 0, inputs, 0)
    local outputs, k = hwio.shape[4], hwio.shape[1]
    if i == #plan and outputs ~= 3 then fail("style26: %s: the last layer gives %d channels, wanted 3", path, outputs) end
    layers[i] = {
      weight = hwio:permute(4, 3, 1, 2):contiguous(), gamma = take(tensors, path, name .. "/gamma", style26.STYLES, outputs),
      beta = take(tensors, path, name .. "/beta", style26.STYLES, outputs), step = step,
      options = { stride = step.stride or 1, pad = k // 2, pad_mode = "reflect" },
    }
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

local function forward(layers, x, mix)
  local kept
  for i = 1, #layers do
    local layer = layers[i]
    local step = layer.step
    if step.opens then kept = x end
    if step.grow then
      local s = x.shape
      x = x:resize { 2 * s[3], 2 * s[4] }
    end
    x = x:conv2d(layer.weight, nil, layer.options)
    local c = layer.gamma.shape[2]
    x = x:instance_norm(mix:matmul(layer.gamma):view(c), mix:matmul(layer.beta):view(c))
    if step.relu then x = x:relu() elseif step.closes then x = x + kept end
  end
  return x:sigmoid()
end

-- f32[3,h,w] -> f32[3,h,w]; sides that 4 does not divide, or shorter than 12, are made longer by their last pixels.
local function paint(layers, x, mix)
  local h, w = x.shape[2], x.shape[3]
  local tall, wide = math.max(12, (h + 3) // 4 * 4), math.max(12, (w + 3) // 4 * 4)
  x = x:contiguous():view(1, 3, h, w)
  if tall > h or wide > w then x = x:pad({ 0, wide - w, 0, tall - h }, { mode = "replicate" }) end
  local y = forward(layers, x, mix):view(3, tall, wide)
  return (tall > h or wide > w) and y:slice(2, 1, h):slice(3, 1, w):contiguous() or y
end

--- style26.load(path) -> paint. path is style26.safetensors or its folder. paint(picture, styles) -> a picture of the same size; styles is { [number] = weight },
-- numbers 0..25, or a list of 26 weights, or one number; only the proportions of weights count. picture: an image, or a tensor f32[3,h,w] in 0..1 (gives a tensor).
function style26.load(path)
  local layers = read(path)
  return function(picture, styles)
    local genai = require "genai"
    local tensor = core.is_tensor(picture)
    local x = tensor and picture or genai.image.from(picture):tensor()
    if x:dim() ~= 3 or x.shape[1] ~= 3 or x:numel() == 0 then fail("style26: the picture is %s[%s], wanted f32[3,height,width]", x.dtype, table.concat(x.shape, ",")) end
    local y = genai.no_grad(paint, layers, x, shares(styles))
    if tensor then return y end
    local out = genai.image.from(y)
    out.alt = picture.alt
    out.recipe = { kind = "style26", styles = type(styles) == "table" and styles or { [styles] = 1 }, from = picture.recipe }
    return out
  end
end

return style26
