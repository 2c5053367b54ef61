-- Small helpers for pages of HTML: escaping, data: addresses, JSON with sorted keys. Everything is a plain function of its arguments.
local core = require "genai.core"
local html = {}

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- utf8(text) -> the text; bytes that are not UTF-8 become U+FFFD
function html.utf8(text)
  if utf8.len(text) then return text end
  local out, at = {}, 1
  while at <= #text do
    local _, bad = utf8.len(text, at)
    out[#out + 1] = text:sub(at, (bad or #text + 1) - 1)
    if not bad then break end
    out[#out + 1] = "\u{FFFD}"
    at = bad + 1
  end
  return table.concat(out)
end

-- The control characters that HTML forbids become U+FFFD as well.
local function sane(text) return (html.utf8(text):gsub("[%z\1-\8\11-\31\127]", "\u{FFFD}")) end

--- escape(text) -> text that is safe in an element or a quoted attribute
-- "://" is written with entities as well, so that a page never holds an address from outside.
function html.escape(text)
  return (sane(tostring(text)):gsub("[&<>\"']", entities):gsub("://", ":&#47;&#47;"))
end

--- base64(bytes) -> text (RFC 4648)
function html.base64(bytes)
  return core.base64(bytes)
end

--- data(bytes, type) -> a data: address
function html.data(bytes, type)
  return "data:" .. type .. ";base64," .. html.base64(bytes)
end

local function plain(value, depth)                            -- a copy that JSON can hold: no functions, no userdata, clean strings
  if depth > 32 then error("html: a recipe is nested deeper than 32", 0) end
  local kind = math.type(value) or type(value)
  if kind == "string" then return sane(value) end
  if kind == "float" then return value == value and value - value == 0 and value or nil end
  if kind ~= "table" then return (kind == "integer" or kind == "boolean") and value or nil end
  local out = {}
  if #value > 0 then
    for i = 1, #value do out[#out + 1] = plain(value[i], depth + 1) end
  else
    for name, item in pairs(value) do                       -- a copy: the order does not matter
      if type(name) == "string" then out[sane(name)] = plain(item, depth + 1) end
    end
  end
  return out
end

local codes = { ["<"] = "\\u003c", [">"] = "\\u003e", ["&"] = "\\u0026", ["/"] = "\\/" }

--- json(value) -> JSON text, keys sorted, two spaces deep, safe inside a script element; functions and userdata are left out
function html.json(value)
  return (core.json.encode(plain(value, 0), { indent = 2 }):gsub("[<>&/]", codes))
end

return html
