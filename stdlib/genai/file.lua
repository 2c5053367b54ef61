--- Files: genai.load and genai.save by what a file holds and how it is called.
local core = require "genai.core"
local file = {}

local kinds = {
  png = "image", jpg = "image", jpeg = "image", bmp = "image", tga = "image", ppm = "image", pgm = "image", pnm = "image",
  wav = "sound", wave = "sound", flac = "sound", ogg = "sound", oga = "sound", mid = "midi", midi = "midi",
  npy = "npy", npz = "npz", safetensors = "safetensors", json = "json", txt = "text", md = "text", lua = "text", csv = "text", html = "html", htm = "html", svg = "html", onnx = "onnx",
}
local KNOWN = "png jpg bmp tga ppm svg wav flac ogg mid npy npz safetensors onnx json txt md csv html"

local function extension(path) return (path:match "%.([%w]+)$" or ""):lower() end

local function path_arg(name, path)
  if type(path) ~= "string" then core.fail(("%s: path is a %s, wanted a string"):format(name, type(path))) end
  return path
end

-- What the first bytes say.
local function sniff(bytes)
  if bytes:sub(1, 8) == "\x89PNG\r\n\26\n" or bytes:sub(1, 3) == "\xff\xd8\xff" or bytes:find "^P[56]%s" or (bytes:sub(1, 2) == "BM" and bytes:sub(7, 10) == "\0\0\0\0") then return "image" end
  if bytes:find "^RI?F[F6]4?....WAVE" or bytes:find "^RF64....WAVE" or bytes:sub(1, 4) == "fLaC" or bytes:sub(1, 4) == "OggS" then return "sound" end
  if bytes:sub(1, 4) == "MThd" then return "midi" end
  if bytes:sub(1, 6) == "\x93NUMPY" then return "npy" end
  if bytes:sub(1, 4) == "PK\3\4" or bytes:sub(1, 4) == "PK\5\6" then return "npz" end
  if #bytes >= 10 and bytes:byte(9) == 123 and string.unpack("<I4", bytes, 5) == 0 and string.unpack("<I4", bytes) <= #bytes - 8 then return "safetensors" end
end

--- file.kind_of(path) -> "image" "sound" "midi" "npy" "npz" "safetensors" "onnx" "json" "text" "html", bytes (nil for safetensors and onnx: they are mapped)
-- The first bytes decide, then the name's end.
function file.kind_of(path)
  local named = kinds[extension(path_arg("load", path))]
  if named == "safetensors" or named == "onnx" then return named end
  local bytes = core.read(path)
  local kind = sniff(bytes) or named
  if not kind then
    core.fail(("%s: an unknown kind of file (%s), wanted one of %s"):format(path, extension(path) == "" and "no extension" or "." .. extension(path), KNOWN))
  end
  return kind, kind ~= "safetensors" and bytes or nil
end

--- genai.load(path) -> what the file holds
-- A tensor from .npy, a table name -> tensor from .npz and .safetensors, an image from PNG, JPEG, BMP, TGA and PPM, a sound from WAV, FLAC and Ogg,
-- a tune from MIDI, a net from ONNX, a table from JSON, a string from text. Errors name the file and the rule that it breaks.
-- > (function() local p = genai.tmpdir() .. "/x.npy" genai.save(p, genai.arange(3)) return genai.load(p):equal(genai.arange(3)) end)()
function file.load(path)
  local genai = require "genai"
  local kind, bytes = file.kind_of(path)
  if kind == "image" then return genai.image.decode(bytes, path)
  elseif kind == "sound" then return genai.audio.decode(bytes, path)
  elseif kind == "midi" then return genai.midi.decode(bytes, path)
  elseif kind == "npy" then return core.npy_decode(bytes, path)
  elseif kind == "npz" then return core.npz_decode(bytes, path)
  elseif kind == "onnx" then return genai.onnx.load(path)
  elseif kind == "safetensors" then return (core.safetensors_load(path))
  elseif kind == "json" then
    local fine, value = pcall(core.json.decode, bytes)
    if not fine then core.fail(("%s: %s"):format(path, (tostring(value):gsub("^.-json: ", "")))) end
    return value
  end
  return bytes
end

-- ---- saving ----

local sizes = { bool = 1, u8 = 1, i32 = 4, i64 = 8, f16 = 2, bf16 = 2, f32 = 4 }

-- Names and tensors in the order in which they are written: wide types first, so that each lies aligned, then by name.
local function sorted(path, value)
  local names, tensors = {}, {}
  for name, t in pairs(value) do
    if type(name) ~= "string" then core.fail(("%s: a key is %s, wanted names of tensors"):format(path, tostring(name))) end
    if not core.is_tensor(t) then core.fail(("%s: \"%s\" is a %s, wanted a tensor"):format(path, name, type(t))) end
    names[#names + 1] = name
  end
  table.sort(names, function(a, b)
    local x, y = sizes[value[a].dtype], sizes[value[b].dtype]
    if x ~= y then return x > y end
    return a < b
  end)
  for i, name in ipairs(names) do tensors[i] = value[name] end
  return names, tensors
end

local function metadata_of(options)
  local out, some = {}, false
  for k, v in pairs(options.metadata or {}) do out[tostring(k)], some = tostring(v), true end
  local text = require("genai.recipe").text(options.recipe)
  if text then out[require("genai.recipe").mark], some = text, true end
  return some and core.json.encode(out) or nil
end

local function wrong(path, value, wanted)
  core.fail(("%s: the value is a %s, wanted %s"):format(path, core.is_tensor(value) and "tensor" or type(value), wanted))
end

local function array_bytes(kind, path, value, options)
  if kind == "npy" then
    if not core.is_tensor(value) then wrong(path, value, "a tensor") end
    return core.npy_encode(value)
  end
  if type(value) ~= "table" or getmetatable(value) then wrong(path, value, "a table of tensors by name") end
  local names, tensors = sorted(path, value)
  if kind == "npz" then return core.npz_encode(names, tensors) end
  return core.safetensors_encode(names, tensors, metadata_of(options))
end

--- genai.save(path, value [, options])
-- The name's end decides: .npy a tensor; .npz and .safetensors a table of tensors (options `metadata`, `recipe`: tables kept beside them);
-- .png .jpg .bmp .tga an image or a tensor; .wav .flac .ogg a sound, or a tensor with option `rate`; .mid a tune; .json any table; .svg a drawing; .txt a string.
-- Other options are those of image:save and audio:save. The file is whole or, after an error, what it was before.
-- > (function() local p = genai.tmpdir() .. "/y.npz" genai.save(p, { a = genai.ones(2) }) return genai.load(p).a:equal(genai.ones(2)) end)()
function file.save(path, value, options)
  local genai = require "genai"
  local kind = kinds[extension(path_arg("save", path))]
  options = options or {}
  if not kind then core.fail(("%s: an unknown kind of file (.%s), wanted one of %s"):format(path, extension(path), KNOWN)) end
  if kind == "npy" or kind == "npz" or kind == "safetensors" then return core.write(path, array_bytes(kind, path, value, options)) end
  if kind == "json" then
    if type(value) ~= "table" then wrong(path, value, "a table") end
    return core.write(path, core.json.encode(value, { indent = 2 }) .. "\n")
  end
  if kind == "text" or (kind == "html" and type(value) == "string") then
    if type(value) ~= "string" then wrong(path, value, "a string") end
    return core.write(path, value)
  end
  if core.is_tensor(value) and kind == "image" then value = genai.image.from(value)
  elseif core.is_tensor(value) and kind == "sound" then
    if not options.rate then core.fail(("%s: a tensor has no sample rate, wanted genai.audio.from(x, rate) or option rate"):format(path)) end
    value = genai.audio.from(value, options.rate)
  end
  local saves = type(value) == "table" and getmetatable(value) and value.save
  if not saves then wrong(path, value, kind == "image" and "an image" or kind == "sound" and "a sound" or kind == "midi" and "a tune" or "a thing that can be saved so") end
  return value:save(path, options)
end

file.extension = extension
return file
