--- Recipes: the table that says how a thing was made travels inside its file, and comes back from there.
local core = require "genai.core"
local utf8_text = require("genai.html").utf8
local recipe = {}

local MARK = "genai:recipe"
local MOST = 16 << 20                                                        -- bytes of JSON that are looked at

-- ---- to text ----

-- What JSON can hold: texts, finite numbers, booleans, tables; the rest is left out.
local function clean(value, depth)
  local kind = type(value)
  if kind == "string" then return utf8_text(value)
  elseif kind == "boolean" then return value
  elseif kind == "number" then return value == value and value - value == 0 and value or nil
  elseif kind ~= "table" or depth > 32 then return nil end
  local out, n = {}, #value
  for i = 1, n do out[i] = clean(value[i], depth + 1) end
  local list = n > 0 and #out == n
  for k, v in pairs(value) do
    if math.type(k) == "integer" and k >= 1 and k <= n then list = list and true else list = false end
    if not (math.type(k) == "integer" and k >= 1 and k <= n) and (type(k) == "string" or type(k) == "number") then out[k] = clean(v, depth + 1) end
  end
  if list then return out end
  local named = {}
  for k, v in pairs(out) do named[utf8_text(tostring(k))] = v end
  return named
end

--- recipe.text(table) -> JSON in one line, keys sorted, with the version of genai; nil for nil.
function recipe.text(value)
  if type(value) ~= "table" then return nil end
  local out = clean(value, 0)
  if #out > 0 then out = { list = out } end
  out.genai = require("genai").version
  return core.json.encode(out)
end

--- recipe.comment(table) -> the text that sounds carry, or nil.
function recipe.comment(value)
  local text = recipe.text(value)
  return text and MARK .. " " .. text
end

local function parse(text)
  if not text or #text > MOST then return nil, "is too long" end
  local fine, value = pcall(core.json.decode, text)
  if not fine then return nil, "is not JSON" end
  if type(value) ~= "table" then return nil, "is not a table" end
  return value
end

-- ---- into and out of bytes ----

--- recipe.into_png(bytes, text) -> bytes with an iTXt chunk after the header (PNG 3rd edition, 11.3.3.4).
function recipe.into_png(bytes, text)
  if not text then return bytes end
  local body = "iTXt" .. MARK .. "\0\0\0\0\0" .. text
  return bytes:sub(1, 33) .. string.pack(">I4", #body - 4) .. body .. string.pack(">I4", core.crc32(body)) .. bytes:sub(34)
end

--- recipe.into_jpeg(bytes, text) -> bytes with comment segments after the first one.
function recipe.into_jpeg(bytes, text)
  if not text then return bytes end
  local at = 3
  if bytes:byte(4) == 0xe0 then at = 5 + string.unpack(">I2", bytes, 5) end
  local parts = { bytes:sub(1, at - 1) }
  for i = 1, #text, 60000 do
    local part = MARK .. " " .. text:sub(i, i + 59999)
    parts[#parts + 1] = "\xff\xfe" .. string.pack(">I2", #part + 2) .. part
  end
  parts[#parts + 1] = bytes:sub(at)
  return table.concat(parts)
end

--- recipe.into_wav(bytes, text) -> bytes with a LIST/INFO/ICMT chunk at the end (Multimedia Programming Interface 1.0, 1991): libsndfile cuts long ones.
function recipe.into_wav(bytes, text)
  if not text then return bytes end
  local comment = MARK .. " " .. text .. "\0"
  if #comment % 2 == 1 then comment = comment .. "\0" end
  local list = "INFOICMT" .. string.pack("<I4", #comment) .. comment
  bytes = bytes .. (#bytes % 2 == 1 and "\0" or "") .. "LIST" .. string.pack("<I4", #list) .. list
  return bytes:sub(1, 4) .. string.pack("<I4", #bytes - 8) .. bytes:sub(9)
end

-- The bytes of the first chunk of that name in bytes[from..to]; size and data after the name, padded to even.
local function riff_chunk(bytes, name, from, to, start)
  for _ = 1, 100000 do
    if to - from + 1 < 8 then return nil end
    local id, n = string.unpack("<c4I4", bytes, from)
    if n > to - from - 7 then return nil end
    if id == name and (not start or bytes:sub(from + 8, from + 11) == start) then return from + 8, from + 7 + n end
    from = from + 8 + n + n % 2
  end
end

local function from_wav(bytes)
  local from, to = riff_chunk(bytes, "LIST", 13, #bytes, "INFO")
  if from then from, to = riff_chunk(bytes, "ICMT", from + 4, to) end
  return from and (bytes:sub(from, to):gsub("%z+$", ""))
end

local function from_png(bytes)
  local at = 9
  for _ = 1, 100000 do
    if #bytes - at + 1 < 12 then return nil end
    local n, kind = string.unpack(">I4c4", bytes, at)
    if n > #bytes - at - 11 then return nil end
    if kind == "iTXt" and bytes:sub(at + 8, at + 8 + #MARK) == MARK .. "\0" and n >= #MARK + 5 then
      local flags = at + 9 + #MARK                                           -- compression flag, method, language, translated keyword, text
      local last = at + 7 + n
      local language = bytes:find("\0", flags + 2, true)
      local keyword = language and language <= last and bytes:find("\0", language + 1, true)
      if keyword and keyword <= last and bytes:byte(flags) == 0 then return bytes:sub(keyword + 1, last) end
    end
    if kind == "IEND" then return nil end
    at = at + 12 + n
  end
end

local function from_jpeg(bytes)
  local at, parts, prefix = 3, {}, MARK .. " "
  for _ = 1, 100000 do
    if #bytes - at + 1 < 4 then break end
    local mark, kind, n = string.unpack(">BBI2", bytes, at)
    if mark ~= 0xff or kind == 0xda or n < 2 or n > #bytes - at - 1 then break end
    if kind == 0xfe and bytes:sub(at + 4, at + 3 + #prefix) == prefix then parts[#parts + 1] = bytes:sub(at + 4 + #prefix, at + 1 + n) end
    at = at + 2 + n
  end
  return #parts > 0 and table.concat(parts) or nil
end

local function from_html(bytes)
  local open = bytes:find('id="genai-recipe"', 1, true)
  local from = open and bytes:find(">", open, true)
  local to = from and bytes:find("</script", from, true)
  return to and bytes:sub(from + 1, to - 1)
end

local function from_comment(text)
  local prefix = MARK .. " "
  return text and text:sub(1, #prefix) == prefix and text:sub(#prefix + 1) or nil
end

local function from_metadata(text)
  local value = parse(text)
  return value and type(value[MARK]) == "string" and value[MARK] or nil
end

--- recipe.from(bytes, kind, name) -> table or nil, problem. kind: "png" "jpeg" "sound" "html" "comment" "metadata".
function recipe.from(bytes, kind, name)
  local text
  if kind == "png" then text = from_png(bytes)
  elseif kind == "jpeg" then text = from_jpeg(bytes)
  elseif kind == "sound" then text = from_comment(bytes:sub(1, 4) == "RIFF" and from_wav(bytes) or core.sound_comment(bytes, name))
  elseif kind == "html" then text = from_html(bytes)
  elseif kind == "comment" then text = from_comment(bytes)
  elseif kind == "metadata" then text = bytes and from_metadata(bytes) end
  if not text then return nil end
  return parse(text)
end

--- genai.recipe(path) -> the table that says how the file was made, or nil if it carries none.
-- Read from PNG (iTXt), JPEG (comment), WAV, FLAC and Ogg (comment), MIDI (text event), HTML (script element) and safetensors (metadata).
-- Errors name the file: it is missing or broken, or what it carries is not JSON.
-- > (function() local p = genai.tmpdir() .. "/r.png" genai.picture("a fox", { width = 16, height = 16 }):save(p) return genai.recipe(p).prompt == "a fox" end)()
function recipe.read(path)
  local file = require "genai.file"
  local kind, bytes = file.kind_of(path)
  local value, problem
  if kind == "image" then
    value, problem = recipe.from(bytes, bytes:sub(1, 4) == "\x89PNG" and "png" or bytes:sub(1, 2) == "\xff\xd8" and "jpeg" or "none", path)
  elseif kind == "midi" then
    value = require("genai").midi.recipe(bytes, path)
  elseif kind == "safetensors" then
    local _, metadata = core.safetensors_load(path)
    value, problem = recipe.from(metadata, "metadata", path)
  elseif kind == "sound" then
    value, problem = recipe.from(bytes, "sound", path)
  else
    value, problem = recipe.from(bytes, "html", path)
  end
  if problem then core.fail(("%s: the recipe inside %s"):format(path, problem)) end
  return value
end

recipe.mark = MARK
return recipe
