--- Pictures: what a tensor looks like, in and out of files, cut, joined and resized.
local core = require "genai.core"
local recipes = require "genai.recipe"
local lettering = require "genai.lettering"
local image = {}
local Image = {}
Image.__index, Image.__name = Image, "image"

local function fail(format, ...) core.fail(format:format(...)) end
local function lib() return require "genai" end
local function is_image(v) return getmetatable(v) == Image end
local function quiet(f, ...) return lib().no_grad(f, ...) end

local function whole(name, what, v, low, high)
  v = math.tointeger(v)
  if not v or v < low or v > high then fail("%s: %s is %s, wanted a whole number in %d..%d", name, what, tostring(v), low, high) end
  return v
end

local function shape_text(x) return x.dtype .. "[" .. table.concat(x.shape, ",") .. "]" end

-- ---- making ----

-- f32[c,h,w] of any tensor that is a picture
local function planes(x)
  local shape = x.shape
  if #shape == 2 then x = x:view(1, shape[1], shape[2])
  elseif #shape ~= 3 then fail("image: x is %s, wanted f32[channels,height,width] or u8[height,width,channels]", shape_text(x))
  elseif x.dtype == "u8" then
    if shape[3] ~= 1 and shape[3] ~= 3 and shape[3] ~= 4 then fail("image: x is %s, wanted u8[height,width,1, 3 or 4]", shape_text(x)) end
    x = x:permute(3, 1, 2)
  elseif shape[1] ~= 1 and shape[1] ~= 3 and shape[1] ~= 4 then fail("image: x is %s, wanted 1, 3 or 4 channels first", shape_text(x)) end
  if x.dtype == "u8" then return x:to "f32" / 255 end
  return x.dtype == "f32" and x or x:to "f32"
end

local function like(of, colour, alpha)
  local out = image.from(colour)
  out.clear = alpha
  out.alt, out.prompt = of.alt, of.prompt
  if of.recipe then out.recipe = { kind = "image", from = of.recipe } end
  return out
end

--- genai.image.from(x) -> image of a tensor: f32[c,h,w] in 0..1 with c = 1, 3 or 4 (the fourth is opacity), or f32[h,w], or u8[h,w,c].
-- Fields: width, height, and when known alt, prompt, recipe. The tensor is kept, not copied.
-- > genai.image.from(genai.zeros(3, 4, 5)).width == 5
function image.from(x)
  if is_image(x) then return x end
  if not core.is_tensor(x) then fail("image: x is a %s, wanted an image%s or a tensor", type(x), type(x) == "string" and " (genai.load reads one from a file)" or "") end
  local p = planes(x)
  local c, h, w = table.unpack(p.shape)
  if h < 1 or w < 1 or h > 32768 or w > 32768 then fail("image: x is %s, wanted 1 to 32768 pixels a side", shape_text(x)) end
  local self = setmetatable({ width = w, height = h }, Image)
  if c == 1 then self.colour = p:expand(3, h, w)
  elseif c == 4 then self.colour, self.clear = p:slice(1, 1, 3), p:slice(1, 4, 4)
  else self.colour = p end
  return self
end

--- image.decode(bytes, name) -> image, from the bytes of a PNG, JPEG, BMP, TGA or PPM file.
-- > genai.image.decode(genai.image.from(genai.zeros(3, 2, 2)):encode "png").height == 2
function image.decode(bytes, name)
  name = name or "image"
  local self = image.from(core.image_decode(bytes, name))
  self.recipe = recipes.from(bytes, bytes:sub(1, 4) == "\x89PNG" and "png" or bytes:sub(1, 2) == "\xff\xd8" and "jpeg" or "none", name)
  if self.recipe and type(self.recipe.prompt) == "string" then self.prompt = self.recipe.prompt end
  return self
end

--- image.load(path) -> image.
function image.load(path)
  if type(path) ~= "string" then fail("image: path is a %s, wanted a string", type(path)) end
  return image.decode(core.read(path), path)
end

-- ---- out ----

--- picture:tensor() -> f32[3,height,width] in 0..1, the one that it was made from.
-- > genai.image.from(genai.ones(1, 2, 2)):tensor():sum():item() == 12
function Image:tensor() return self.colour end

--- picture:alpha() -> f32[1,height,width], 1 = opaque, or nil for a picture without.
function Image:alpha() return self.clear end

local function all_planes(self)
  return self.clear and lib().cat({ self.colour, self.clear }, 1) or self.colour
end

local formats = { png = "png", jpg = "jpg", jpeg = "jpg", bmp = "bmp", tga = "tga" }

--- picture:encode(format, { quality = 90 }) -> bytes; format is "png", "jpg", "bmp" or "tga". PNG and JPEG carry the recipe.
-- quality 1..100 is for JPEG.
-- > genai.image.from(genai.zeros(3, 2, 2)):encode("png"):sub(2, 4) == "PNG"
function Image:encode(format, options)
  local known = formats[tostring(format or "png"):lower()]
  if not known then fail("image: format is \"%s\", wanted png, jpg, bmp or tga", tostring(format)) end
  local x = all_planes(self)
  if known == "jpg" and self.clear then                                      -- JPEG has no opacity: on white
    x = quiet(function() return self.colour * self.clear + (1 - self.clear) end)
  end
  local bytes = core.image_encode(x, known, options and options.quality or 90)
  local text = recipes.text(self.recipe)
  if known == "png" then return recipes.into_png(bytes, text) end
  if known == "jpg" then return recipes.into_jpeg(bytes, text) end
  return bytes
end

--- picture:save(path, { quality = 90 }): PNG, JPEG, BMP or TGA by the name's end.
function Image:save(path, options)
  if type(path) ~= "string" then fail("image: path is a %s, wanted a string", type(path)) end
  local format = require("genai.file").extension(path)
  if not formats[format] then fail("%s: an image does not go into .%s, wanted .png, .jpg, .bmp or .tga", path, format) end
  core.write(path, self:encode(format, options))
end

function Image:host_value()
  local x = self.clear and all_planes(self) or quiet(function() return lib().cat({ self.colour, lib().ones(1, self.height, self.width) }, 1) end)
  return "image", core.image_bytes(x), 0
end

function Image:__tostring()
  local about = self.alt or self.prompt
  return ("image %d x %d%s"):format(self.width, self.height, about and " (" .. about .. ")" or "")
end

-- ---- changes: each gives a new image ----

local function each_plane(self, f)                                           -- the same to colour and opacity
  return quiet(function() return like(self, f(self.colour), self.clear and f(self.clear)) end)
end

--- picture:resize(width, height, { mode = "bicubic" }) -> image. Without height the proportions stay. mode: "bicubic" "bilinear" "nearest" "area".
-- Shrinking is antialiased.
-- > genai.image.from(genai.ones(3, 4, 8)):resize(4).height == 2
function Image:resize(width, height, options)
  width = whole("resize", "width", width, 1, 32768)
  height = whole("resize", "height", height or math.max(1, math.floor(self.height * width / self.width + 0.5)), 1, 32768)
  local mode = options and options.mode or "bicubic"
  local smooth = mode == "bicubic" or mode == "bilinear"
  local function scale(x)
    local c = x.shape[1]
    return x:view(1, c, self.height, self.width):resize({ height, width }, smooth and { mode = mode, antialias = true } or { mode = mode }):view(c, height, width):clamp(0, 1)
  end
  if not self.clear then return each_plane(self, function(x) return scale(x:contiguous()) end) end
  return quiet(function()                                                    -- colour weighs as much as it is opaque
    local a = scale(self.clear:contiguous())
    return like(self, (scale((self.colour * self.clear):contiguous()) / a:clamp(1e-6, 1)):clamp(0, 1), a)
  end)
end

--- picture:crop(x, y, width, height) -> image; x and y count from 1.
-- > genai.image.from(genai.ones(3, 4, 4)):crop(2, 2, 3, 2).height == 2
function Image:crop(x, y, width, height)
  x, y = whole("crop", "x", x, 1, self.width), whole("crop", "y", y, 1, self.height)
  width, height = whole("crop", "width", width, 1, self.width - x + 1), whole("crop", "height", height, 1, self.height - y + 1)
  return each_plane(self, function(t) return t:slice(2, y, y + height - 1):slice(3, x, x + width - 1) end)
end

--- picture:flip(upside_down) -> image, mirrored left to right, or top to bottom.
function Image:flip(upside_down)
  return each_plane(self, function(t) return t:flip(upside_down and 2 or 3) end)
end

--- picture:grayscale() -> image in greys (ITU-R BT.709 luma).
-- > genai.image.from(genai.ones(3, 2, 2)):grayscale():tensor():close(genai.ones(3, 2, 2))
function Image:grayscale()
  return quiet(function()
    local c = self.colour
    local y = c:slice(1, 1, 1) * 0.2126 + c:slice(1, 2, 2) * 0.7152 + c:slice(1, 3, 3) * 0.0722
    return like(self, y, self.clear)
  end)
end

--- picture:blend(other, t) -> image: 0 is the picture, 1 the other; both of one size.
-- > genai.image.from(genai.zeros(3, 1, 1)):blend(genai.image.from(genai.ones(3, 1, 1)), 0.5):tensor():mean():item() == 0.5
function Image:blend(other, t)
  if not is_image(other) then fail("blend: other is a %s, wanted an image", type(other)) end
  t = t or 0.5
  if type(t) ~= "number" or not (t >= 0 and t <= 1) then fail("blend: t is %s, wanted a number in 0..1", tostring(t)) end
  if other.width ~= self.width or other.height ~= self.height then
    fail("blend: other is %d x %d, wanted %d x %d: resize it", other.width, other.height, self.width, self.height)
  end
  return quiet(function()
    local out = like(self, self.colour * (1 - t) + other.colour * t)
    if self.clear or other.clear then out.clear = (self.clear or 1.0) * (1 - t) + (other.clear or 1.0) * t end
    if self.recipe or other.recipe then out.recipe = { kind = "blend", share = t, from = self.recipe, with = other.recipe } end
    return out
  end)
end

--- picture:write(text, x, y, { size = 12, colour = 0, align = "left" }) -> image with a text in it; x, y (from 1) is the upper left corner, or with align
-- "centre" or "right" the middle or right end of the text's upper edge. size: the height of capitals in pixels.
-- > genai.image.from(genai.ones(3, 20, 40)):write("Hi", 2, 2):tensor():min():item() < 0.5
function Image:write(text, x, y, options)
  x, y = whole("write", "x", x, -32768, 32768), whole("write", "y", y, -32768, 32768)
  return quiet(function()
    local out = like(self, self.colour:clone(), self.clear)
    lettering.write(out.colour, text, x, y, options)
    return out
  end)
end

-- ---- many ----

local function list_of(what)
  if not core.is_tensor(what) then
    if type(what) ~= "table" or is_image(what) then fail("grid: pictures are a %s, wanted a list of images or a tensor", is_image(what) and "single image" or type(what)) end
    local out = {}
    for i, v in ipairs(what) do out[i] = image.from(v) end
    return out
  end
  local n, out = what.shape[1], {}
  if #what.shape ~= 3 and #what.shape ~= 4 then fail("grid: x is %s, wanted [n,height,width] or [n,channels,height,width]", shape_text(what)) end
  for i = 1, n do out[i] = image.from(what[i]) end
  return out
end

local function colour_tensor(name, colour)
  if type(colour) == "number" then colour = { colour, colour, colour } end
  if type(colour) ~= "table" or #colour ~= 3 then fail("%s: background is %s, wanted a number or {red, green, blue} in 0..1", name, tostring(colour)) end
  return lib().tensor(colour):view(3, 1, 1)
end

--- genai.image.grid(pictures, { columns =, gap = 2, background = 1, labels =, size = 10, ink = 0.2 }) -> one image of them all, row by row.
-- labels: a list of texts, one below each picture, with capitals `size` pixels high in the colour `ink`.
-- pictures: a list of images, or a tensor [n,h,w] or [n,c,h,w] in 0..1. columns: as square as can be. background: a grey or {red, green, blue}.
-- > genai.image.grid(genai.zeros(6, 4, 4), { columns = 3, gap = 1 }).width == 16
-- > genai.image.grid(genai.zeros(2, 40, 40), { labels = { "one", "two" } }).height == 63
function image.grid(pictures, options)
  options = options or {}
  local list, w, h = list_of(pictures), 1, 1
  if #list == 0 then fail "grid: no pictures, wanted one or more" end
  for _, p in ipairs(list) do w, h = math.max(w, p.width), math.max(h, p.height) end
  local columns = 1
  while columns * columns < #list do columns = columns + 1 end
  columns = whole("grid", "columns", options.columns or columns, 1, 4096)
  local gap = whole("grid", "gap", options.gap or 2, 0, 4096)
  local rows = (#list + columns - 1) // columns
  local labels, size = options.labels, options.size or 10
  if labels and type(labels) ~= "table" then fail("grid: labels are a %s, wanted a list of texts", type(labels)) end
  local below = labels and math.ceil(size * 1.9) or 0                        -- room for a line of text
  local width, height = columns * (w + gap) + gap, rows * (h + below + gap) + gap
  if width > 32768 or height > 32768 then fail("grid: %d x %d pixels, wanted at most 32768 a side", width, height) end
  return quiet(function()
    local sheet = colour_tensor("grid", options.background or 1):expand(3, height, width):clone()
    for i, p in ipairs(list) do
      local x = gap + (i - 1) % columns * (w + gap) + (w - p.width) // 2
      local top = gap + (i - 1) // columns * (h + below + gap)
      local y = top + (h - p.height) // 2
      local place = sheet:slice(2, y + 1, y + p.height):slice(3, x + 1, x + p.width)
      place:copy_(p.clear and p.colour * p.clear + place * (1 - p.clear) or p.colour)
      if labels and labels[i] then
        lettering.write(sheet, labels[i], x + p.width // 2 + 1, top + h + size // 3 + 1, { size = size, colour = options.ink or 0.2, align = "centre" })
      end
    end
    return image.from(sheet)
  end)
end

-- ---- colour maps: 17 points each, straight lines between (magma and viridis: S. van der Walt, N. Smith, CC0) ----
local maps = {
  magma = { 0x000004, 0x0a0822, 0x1d1147, 0x36106b, 0x51127c, 0x6a1c81, 0x832681, 0x9c2e7f, 0xb73779, 0xd0416f, 0xe75263, 0xf56b5c, 0xfc8961, 0xfea772, 0xfec488, 0xfde2a3, 0xfcfdbf },
  viridis = { 0x440154, 0x48186a, 0x472d7b, 0x424086, 0x3b528b, 0x33638d, 0x2c728e, 0x26828e, 0x21918c, 0x1fa088, 0x28ae80, 0x3fbc73, 0x5ec962, 0x84d44b, 0xaddc30, 0xd8e219, 0xfde725 },
  grey = { 0x000000, 0xffffff },
}

local function map_table(name)
  local points, rows = maps[name], {}
  if not points then fail("image: map is \"%s\", wanted magma, viridis or grey", tostring(name)) end
  for i = 0, 255 do
    local at = i / 255 * (#points - 1)
    local k = math.min(math.floor(at), #points - 2)
    local a, b, t, row = points[k + 1], points[k + 2], at - k, {}
    for c = 1, 3 do
      local shift = 24 - 8 * c
      row[c] = ((a >> shift & 255) * (1 - t) + (b >> shift & 255) * t) / 255
    end
    rows[i + 1] = row
  end
  return lib().tensor(rows)
end

--- genai.image.heat(x, { map = "viridis", low =, high = }) -> image of a matrix [h,w] through a colour map ("magma", "viridis", "grey").
-- low and high: the values at the map's ends, the least and the most of x if not given.
-- > genai.image.heat(genai.eye(4)).width == 4
function image.heat(x, options)
  options = options or {}
  if not core.is_tensor(x) or #x.shape ~= 2 or x.shape[1] < 1 or x.shape[2] < 1 then fail("heat: x is %s, wanted a matrix [height,width]", core.is_tensor(x) and shape_text(x) or type(x)) end
  return quiet(function()
    x = x:detach():to "f32"
    local low, high = options.low or x:min():item(), options.high or x:max():item()
    local place = ((x - low) * (255 / math.max(high - low, 1e-30))):clamp(0, 255):round()
    local index = lib().where(place:eq(place), place, 0):to "i32"
    return image.from(index:embedding(map_table(options.map or "viridis")):permute(3, 1, 2))
  end)
end

image.is = is_image
return image
