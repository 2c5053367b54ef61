-- Small helpers for pages of HTML: escaping, data: addresses, JSON with sorted keys. Everything is a plain function of its arguments.
local html = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

-- Bytes that are not UTF-8, and the control characters that HTML forbids, become U+FFFD.
local function sane(text)
  local out, at = {}, 1
  while at <= #text do
    local _, bad = utf8.len(text, at)
    out[#out + 1] = text:sub(at, (bad or #text + 1) - 1)
    if not bad then break end
    out[#out + 1] = "\u{FFFD}"
    at = bad + 1
  end
  return (table.concat(out):gsub("[%z\1-\8\11-\31\127]", "\u{FFFD}"))
end

--- escape(text) -> text that is safe in an element or a quoted attribute
-- "://" is written with entities as well, so that a page never holds an address from outside.
function html.escape(text)
  return (sane(tostring(text)):gsub("[&<>\"']", entities):gsub("://", ":&#47;&#47;"))
end

-- RFC 4648, three bytes -> four characters by a table of all 4096 pairs of characters.
local pair_of
local function base64(bytes)
  if not pair_of then
    local digits, pairs_built = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", {}
    for i = 0, 4095 do
      local a, b = i // 64 + 1, i % 64 + 1
      pairs_built[i] = digits:sub(a, a) .. digits:sub(b, b)
    end
    pair_of = pairs_built
  end
  local out, n, byte = {}, 0, string.byte
  local whole = #bytes - #bytes % 3
  for i = 1, whole, 3 do
    local a, b, c = byte(bytes, i, i + 2)
    n = n + 1
    out[n] = pair_of[a << 4 | b >> 4] .. pair_of[(b & 15) << 8 | c]
  end
  local a, b = byte(bytes, whole + 1, whole + 2)
  if b then out[n + 1] = pair_of[a << 4 | b >> 4] .. pair_of[(b & 15) << 8]:sub(1, 1) .. "="
  elseif a then out[n + 1] = pair_of[a << 4] .. "==" end
  return table.concat(out)
end

--- base64(bytes) -> text
function html.base64(bytes)
  local fine, core = pcall(require, "genai.core")
  return (fine and type(core) == "table" and core.base64 or base64)(bytes)
end

--- data(bytes, type) -> a data: address
function html.data(bytes, type)
  return "data:" .. type .. ";base64," .. html.base64(bytes)
end

local function json_string(text)
  return '"' .. sane(text):gsub('[%c"\\/<>&]', function(c)
    if c == '"' or c == "\\" or c == "/" then return "\\" .. c end
    return ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function json(value, depth, out)
  if depth > 32 then error("html: a recipe is nested deeper than 32", 0) end
  local kind = math.type(value) or type(value)
  if kind == "string" then out[#out + 1] = json_string(value)
  elseif kind == "integer" then out[#out + 1] = ("%d"):format(value)
  elseif kind == "float" then out[#out + 1] = value == value and value - value == 0 and ("%.14g"):format(value) or "null"
  elseif kind == "boolean" then out[#out + 1] = tostring(value)
  elseif kind ~= "table" then out[#out + 1] = "null"
  elseif #value > 0 then
    out[#out + 1] = "["
    for i = 1, #value do
      if i > 1 then out[#out + 1] = ", " end
      json(value[i], depth + 1, out)
    end
    out[#out + 1] = "]"
  else
    local names = {}
    for name, item in pairs(value) do
      local plain = type(item)
      if type(name) == "string" and (plain == "table" or plain == "string" or plain == "number" or plain == "boolean") then names[#names + 1] = name end
    end
    table.sort(names)
    local indent = "\n" .. ("  "):rep(depth)
    out[#out + 1] = "{"
    for i, name in ipairs(names) do
      out[#out + 1] = (i > 1 and "," or "") .. indent .. "  " .. json_string(name) .. ": "
      json(value[name], depth + 1, out)
    end
    out[#out + 1] = (#names > 0 and indent or "") .. "}"
  end
end

--- json(value) -> JSON text, keys sorted, safe inside a script element; functions and userdata are left out
function html.json(value)
  local out = {}
  json(value, 0, out)
  return table.concat(out)
end

return html
