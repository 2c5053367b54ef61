--- superres: pictures made larger. upconv_7 of waifu2x (nagadomi 2015, after Dong et al. 2014), x2, for photographs and for art; ESRGAN-slim (a slim residual dense
-- net after Zhang et al. 2018), x2 and x4; ESPCN (Shi et al. 2016), x3, from ONNX. Sources: nihui/waifu2x-ncnn-vulkan; @upscalerjs/esrgan-slim; onnx/tutorials.
-- In and out: RGB in 0..1, f32[3,h,w], any size. Large pictures go through in tiles that overlap by the net's reach, so there is no seam and memory stays bounded.
-- upconv_7: six convolutions 3x3 without padding (16 32 64 128 128 256, leaky relu 0.1), then a transposed one 4x4/2 with 3 pixels cut: 7 pixels of border go in.
-- Details that have caused bugs: ncnn's Deconvolution kernel is [out,in,kh,kw]; the border of the picture is its last pixel repeated, not zeros; esrgan-slim works on
-- 0..255 inside, pads with zeros at each layer (a tile may not be padded where the picture goes on), and its kernels are HWIO; ESPCN takes brightness alone, 224 x 224 at
-- a time (Y of ITU-R BT.601, full range), colours are made larger by bicubic.
local core = require "genai.core"
local weights = require "genai.models.weights"
local options_of = require "genai.nn.options"
local ops = core.ops
local superres = {
  variants = { "photo", "art", "esrgan-x2", "esrgan-x4", "espcn-x3" }, about = "makes pictures two, three or four times as large", licence = "MIT; Apache-2.0 (espcn-x3)",
  paper = "Dong et al. 2014; Zhang et al. 2018; Shi et al. 2016",
}
local files = {
  photo = "waifu2x/models-upconv_7_photo/upconv_7.safetensors", art = "waifu2x/models-upconv_7_anime_style_art_rgb/upconv_7.safetensors",
  ["esrgan-x2"] = "esrgan-slim/x2/esrgan_slim.safetensors", ["esrgan-x4"] = "esrgan-slim/x4/esrgan_slim.safetensors",
  ["espcn-x3"] = "super_resolution.onnx",
}
local Model = {}
Model.__index, Model.__name = Model, "superres"

local function fail(format, ...) core.fail("superres: " .. format:format(...)) end

-- ---- the nets: forward(x[1,3,h,w]) in 0..1 -> [1,3,..] ----

local function upconv_7(tensors, path)
  local layers, inputs = {}, 3
  for i, outputs in ipairs { 16, 32, 64, 128, 128, 256 } do
    local name = ("conv%d_layer"):format(i)
    layers[i] = { weight = weights.take(tensors, path, name .. ".weight", outputs, inputs, 3, 3), bias = weights.take(tensors, path, name .. ".bias", outputs) }
    inputs = outputs
  end
  local last, bias = weights.take(tensors, path, "conv7_layer.weight", 3, 256, 4, 4):transpose(1, 2):contiguous(), weights.take(tensors, path, "conv7_layer.bias", 3)
  local leaky = { act = "leaky_relu", slope = 0.1 }
  local function forward(x)
    for i = 1, 6 do
      local before = x
      x = x:conv2d(layers[i].weight, layers[i].bias, leaky)
      if i > 1 then before:release() end
    end
    local y = x:conv_transpose2d(last, bias, { stride = 2, pad = 3 })
    x:release()
    return y
  end
  return { forward = forward, scale = 2, border = 7, grows = false }
end

local function esrgan_slim(tensors, path)
  local last = weights.take(tensors, path, "SR/kernel", 3, 3, 0, 3)
  local scale = ({ [12] = 2, [48] = 4 })[last.shape[3]] or fail("%s: \"SR/kernel\" has %d inputs, wanted 12 (x2) or 48 (x4)", path, last.shape[3])
  local deep = last.shape[3]
  local function layer(name, k, inputs, outputs, act)
    local l = { weight = weights.hwio(tensors, path, name .. "/kernel", k, k, inputs, outputs), bias = weights.take(tensors, path, name .. "/bias", outputs), o = { pad = k // 2, act = act } }
    return function(x) return x:conv2d(l.weight, l.bias, l.o) end
  end
  local first, second, g1, g2 = layer("F_m1", 3, 3, 64), layer("F_0", 3, 64, 64), layer("GFF_1", 1, 128, 64), layer("GFF_2", 3, 64, 64)
  local f = { layer("F_1_1", 3, 64, 4, "relu"), layer("F_2_1", 3, 64, 4, "relu") }
  local l = { layer("LFF_1", 1, 68, 64), layer("LFF_2", 1, 68, 64) }
  local u = { layer("UPN1", 5, 64, 64, "relu"), layer("UPN2", 3, 64, 32, "relu"), layer("UPN3", 3, 32, deep) }
  local w = weights.before_shuffle(weights.hwio(tensors, path, "SR/kernel", 3, 3, deep, 3), scale)
  local bias = weights.take(tensors, path, "SR/bias", 3):repeat_interleave(scale * scale)
  local function forward(x)
    local shallow = first(x * 255)
    local a = second(shallow)
    a = l[1](ops.cat({ a, f[1](a) }, 2)) + a
    local b = l[2](ops.cat({ a, f[2](a) }, 2)) + a
    local y = g2(g1(ops.cat({ a, b }, 2))) + shallow
    y = u[3](u[2](u[1](y))):conv2d(w, bias, { pad = 1 }):pixel_shuffle(scale)
    return y / 255
  end
  return { forward = forward, scale = scale, border = 10, grows = true }
end

-- Brightness through an ONNX net of one fixed size, colours by bicubic; 6 pixels of border go in (the net reaches 5).
local function espcn(path)
  local net = require("genai.onnx").load(path)
  local input, output = net.inputs[1], net.outputs[1]
  local side = input and input.shape[3]
  if not output or #input.shape ~= 4 or input.shape[2] ~= 1 or input.shape[4] ~= side or math.type(side) ~= "integer" or side < 32 or output.shape[3] ~= 3 * side then
    fail("%s: wanted a net from [1,1,n,n] to [1,1,3 n,3 n]", path)
  end
  local border, to_yuv = 6, core.tensor { { 0.299, 0.587, 0.114 }, { -0.168736, -0.331264, 0.5 }, { 0.5, -0.418688, -0.081312 } }
  local to_rgb = core.tensor { { 1, 0, 1.402 }, { 1, -0.344136, -0.714136 }, { 1, 1.772, 0 } }
  local function forward(x)
    local h, w = x.shape[3], x.shape[4]
    local tall, wide = 3 * (h - 2 * border), 3 * (w - 2 * border)
    local yuv = to_yuv:matmul(x:view(3, h * w)):view(1, 3, h, w)
    local y = yuv:slice(2, 1, 1):contiguous():pad({ 0, side - w, 0, side - h }, { mode = "replicate" })
    y = net { [input.name] = y }[output.name]:view(1, 1, 3 * side, 3 * side):clamp(0, 1)
    local uv = yuv:slice(2, 2, 3):contiguous():resize({ 3 * h, 3 * w }, { mode = "bicubic", antialias = true })
    local function inner(t) return t:slice(3, 3 * border + 1, 3 * border + tall):slice(4, 3 * border + 1, 3 * border + wide) end
    return to_rgb:matmul(ops.cat({ inner(y), inner(uv) }, 2):view(3, tall * wide)):view(1, 3, tall, wide)
  end
  return { forward = forward, scale = 3, border = border, grows = false, most = side - 2 * border }
end

--- superres.load(path, variant) -> enlarge. path: the folder that holds waifu2x/ and esrgan-slim/, or one file; variant: "photo" (default), "art",
-- "esrgan-x2", "esrgan-x4" or "espcn-x3". Fields: scale.
-- enlarge(picture, { tile = 160, progress = function(done, all) end }) -> a picture `scale` times as wide and high. picture: an image, or f32[3,h,w] in 0..1 (gives
-- a tensor). tile: the side of the squares that go through the net at once, 16 or more.
function superres.load(path, variant)
  if type(path) == "string" and not path:match "%.safetensors$" and not path:match "%.onnx$" then
    local file = files[variant or "photo"]
    if not file then fail("variant is \"%s\", wanted one of: %s", tostring(variant), table.concat(superres.variants, ", ")) end
    path = path .. "/" .. file
  end
  local net, tensors
  if type(path) == "string" and path:match "%.onnx$" then net = espcn(path)
  else
    tensors, path = weights.safetensors(path, "upconv_7.safetensors")
    net = tensors["SR/kernel"] and esrgan_slim(tensors, path) or upconv_7(tensors, path)
  end
  net.variant = variant or path:match "([^/\\]*)[/\\][^/\\]*$" or path
  return setmetatable(net, Model)
end

-- The pixels y1..y2, x1..x2 of x[1,3,h,w] and `border` around them. Where the picture ends, its last pixels are repeated, or (grows) nothing is added: the net pads.
local function window(net, x, y1, y2, x1, x2)
  local b, h, w = net.border, x.shape[3], x.shape[4]
  local top, bottom, left, right = math.max(1, y1 - b), math.min(h, y2 + b), math.max(1, x1 - b), math.min(w, x2 + b)
  local part = x:slice(3, top, bottom):slice(4, left, right)
  if net.grows then return part:contiguous(), y1 - top, x1 - left end
  local pads = { left - x1 + b, x2 + b - right, top - y1 + b, y2 + b - bottom }
  for i = 1, 4 do
    if pads[i] > 0 then return part:contiguous():pad(pads, { mode = "replicate" }), 0, 0 end
  end
  return part:contiguous(), 0, 0
end

local function in_tiles(net, x, tile, progress)
  local h, w, s = x.shape[2], x.shape[3], net.scale
  local rows, columns = (h + tile - 1) // tile, (w + tile - 1) // tile
  local out = (rows > 1 or columns > 1) and ops.zeros(3, s * h, s * w)
  x = x:contiguous():view(1, 3, h, w)
  for row = 1, rows do
    local y1, y2 = (row - 1) * h // rows + 1, row * h // rows                  -- tiles of nearly equal size
    for column = 1, columns do
      local x1, x2 = (column - 1) * w // columns + 1, column * w // columns
      local part, up, left = window(net, x, y1, y2, x1, x2)
      local all <close> = net.forward(part)
      local y = all[1]
      part:release()
      if not out then return y end
      out:slice(2, s * (y1 - 1) + 1, s * y2):slice(3, s * (x1 - 1) + 1, s * x2):copy_(y:slice(2, s * up + 1, s * (up + y2 - y1 + 1)):slice(3, s * left + 1, s * (left + x2 - x1 + 1)))
      y:release()
      if progress then progress((row - 1) * columns + column, rows * columns) end
    end
  end
  return out
end

function Model:__call(picture, options)
  local genai = require "genai"
  options = options_of("superres", options, { tile = 160, progress = false })
  local tile, is_tensor = options.tile, core.is_tensor(picture)
  if math.type(tile) ~= "integer" or tile < 16 then fail("tile is %s, wanted 16 or more", tostring(tile)) end
  local x = is_tensor and picture or genai.image.from(picture):tensor()
  if x:dim() ~= 3 or x.shape[1] ~= 3 or x:numel() == 0 then fail("the picture is %s[%s], wanted f32[3,height,width]", x.dtype, table.concat(x.shape, ",")) end
  if not is_tensor and self.scale * math.max(x.shape[2], x.shape[3]) > 32768 then fail("the picture is %d x %d, wanted at most %d pixels a side", x.shape[3], x.shape[2], 32768 // self.scale) end
  local y = genai.no_grad(in_tiles, self, x:to "f32", math.min(tile, self.most or tile), options.progress)
  if is_tensor then return y end
  local out = genai.image.from(y:clamp(0, 1))
  if picture:alpha() then out.clear = genai.image.from(picture:alpha()):resize(out.width, out.height):tensor():slice(1, 1, 1) end
  out.alt, out.recipe = picture.alt, { kind = "superres", variant = self.variant, from = picture.recipe }
  return out
end

function Model:__tostring() return ("superres %s, x%d: model(picture)"):format(self.variant, self.scale) end

return superres
