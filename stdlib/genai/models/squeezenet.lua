--- SqueezeNet 1.1: says what a photograph shows, one of the 1,000 classes of ImageNet (Iandola et al. 2016, "SqueezeNet").
-- Source: the ONNX file of Windows-Machine-Learning (weights of forresti/SqueezeNet, half floats), run as it is by genai.onnx. Net input: f32[1,3,224,224].
-- Details that have caused bugs: channels stand blue, green, red; values are 0..255 and no mean is taken off; a picture that is not square is cut, not squeezed.
local core = require "genai.core"
local weights = require "genai.models.weights"
local labels = require "genai.models.labels"
local squeezenet = { about = "says which of 1,000 things a photograph shows", licence = "MIT", paper = "Iandola et al. 2016", CLASSES = 1000 }
local model = { __name = "squeezenet" }
model.__index = model
local SIDE = 224

local function fail(format, ...) core.fail(format:format(...)) end

--- model:prepare(picture) -> f32[1,3,224,224], blue, green, red in 0..255: the middle of the picture, its shorter side as long as the net's.
function model:prepare(picture)
  local image = require("genai").image.from(picture)
  local w, h = image.width, image.height
  if w ~= SIDE or h ~= SIDE then
    local short = math.min(w, h)
    image = image:crop((w - short) // 2 + 1, (h - short) // 2 + 1, short, short):resize(SIDE, SIDE, { mode = "bilinear" })
  end
  local x = image:tensor()
  if image:alpha() then x = x * image:alpha() + (1 - image:alpha()) end
  return (x * 255):flip(1):reshape(1, 3, SIDE, SIDE)
end

--- model(picture) -> probabilities f32[1000]; picture: an image, or f32[3,h,w] in 0..1.
function model:__call(picture)
  return require("genai").no_grad(function() return self.net(self:prepare(picture))[self.output]:to "f32":reshape(squeezenet.CLASSES) end)
end

--- model:tags(picture, n = 5) -> { { name =, probability =, class = }, ... }: what a photograph shows, the likeliest first. picture as model(picture).
function model:tags(picture, n) return labels.best(self(picture), self.names, n) end

function model:__tostring() return ("squeezenet(%d classes)"):format(#self.names) end

--- squeezenet.load(path) -> model; path is the folder with SqueezeNet_fp16.onnx and labels.json. model.names: the classes' first names, model.labels: all their names.
function squeezenet.load(path)
  local file = weights.file(path, "SqueezeNet_fp16.onnx")
  local net = require("genai").onnx.load(file)
  local input, output = net.inputs[1], net.outputs[1]
  if #net.inputs ~= 1 or #net.outputs ~= 1 or table.concat(input.shape or {}, ",") ~= "1,3,224,224" or table.concat(output.shape or {}, ","):gsub(",1$", ""):gsub(",1$", "") ~= "1,1000" then
    fail("%s: wanted one input of [1,3,224,224] and one output of [1,1000]", file)
  end
  local all, names = labels.read((file:match "^(.*)/" or ".") .. "/labels.json", squeezenet.CLASSES), {}
  for i, label in ipairs(all) do names[i] = label:match "^[^,]+" or label end
  return setmetatable({ net = net, output = output.name, labels = all, names = names }, model)
end

return squeezenet
