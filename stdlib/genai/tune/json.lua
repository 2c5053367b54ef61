-- JSON (RFC 8259) for the recipe inside a MIDI file: keys sorted, depth at most 32, text only of what recipes hold.
local json = {}

local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }
local function quote(s)
  return '"' .. s:gsub('[%c"\\\127]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function encode(v, depth)
  if depth > 32 then error("json: nested deeper than 32", 0) end
  local kind = type(v)
  if kind == "string" then return quote(v) end
  if kind == "boolean" then return tostring(v) end
  if kind == "number" then
    if math.type(v) == "integer" then return tostring(v) end
    if v ~= v or v == math.huge or v == -math.huge then error("json: a number is not finite", 0) end
    return (("%.17g"):format(v):gsub(",", "."))
  end
  if kind ~= "table" then error("json: cannot write a " .. kind, 0) end
  local out = {}
  if #v > 0 then
    for i, item in ipairs(v) do out[i] = encode(item, depth + 1) end
    return "[" .. table.concat(out, ",") .. "]"
  end
  local keys = {}
  for k in pairs(v) do if type(k) == "string" then keys[#keys + 1] = k end end
  table.sort(keys)
  for i, k in ipairs(keys) do out[i] = quote(k) .. ":" .. encode(v[k], depth + 1) end
  return "{" .. table.concat(out, ",") .. "}"
end

--- encode(value) -> text
function json.encode(v) return encode(v, 0) end

local decode
local named = { ["true"] = true, ["false"] = false }
local marks = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function fail(at, what) error(("json: offset %d: %s"):format(at - 1, what), 0) end
local function skip(s, at) return s:match("^[ \n\r\t]*()", at) end

local function unquote(s, at)
  local out = {}
  at = at + 1
  for _ = 1, #s do
    local plain, next_at = s:match('^([^"\\%c]*)()', at)
    out[#out + 1], at = plain, next_at
    local c = s:sub(at, at)
    if c == '"' then return table.concat(out), at + 1 end
    if c ~= "\\" then fail(at, "a string does not end") end
    local e = s:sub(at + 1, at + 1)
    if e == "u" then
      local hex = s:match("^%x%x%x%x", at + 2)
      if not hex then fail(at, "\\u without four digits") end
      local code, size = tonumber(hex, 16), 6
      local low = code >= 0xd800 and code < 0xdc00 and s:match("^\\u(%x%x%x%x)", at + 6)
      if low then code, size = 0x10000 + (code - 0xd800 << 10) + (tonumber(low, 16) - 0xdc00 & 0x3ff), 12 end
      out[#out + 1], at = utf8.char(code), at + size
    elseif marks[e] then
      out[#out + 1], at = marks[e], at + 2
    else
      fail(at, "an escape is none of JSON's")
    end
  end
  fail(at, "a string does not end")
end

local function list_of(s, at, depth, close, item)
  at = skip(s, at + 1)
  if s:sub(at, at) == close then return at + 1 end
  for _ = 1, #s do
    at = skip(s, item(at))
    local c = s:sub(at, at)
    if c == close then return at + 1 end
    if c ~= "," then fail(at, "wanted , or " .. close) end
    at = skip(s, at + 1)
  end
end

function decode(s, at, depth)
  if depth > 32 then fail(at, "nested deeper than 32") end
  at = skip(s, at)
  local c = s:sub(at, at)
  if c == '"' then return unquote(s, at) end
  if c == "{" or c == "[" then
    local out = {}
    at = list_of(s, at, depth, c == "{" and "}" or "]", function(p)
      if c == "[" then
        local v, after = decode(s, p, depth + 1)
        out[#out + 1] = v
        return after
      end
      if s:sub(p, p) ~= '"' then fail(p, "wanted a key") end
      local key, after = unquote(s, p)
      after = skip(s, after)
      if s:sub(after, after) ~= ":" then fail(after, "wanted :") end
      if out[key] ~= nil then fail(p, "a key stands twice") end
      out[key], after = decode(s, after + 1, depth + 1)
      return after
    end)
    return out, at
  end
  local word = s:match("^%a+", at)
  if word == "null" then return nil, at + 4 end
  if word and named[word] ~= nil then return named[word], at + #word end
  local number = s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local value = number and (math.tointeger(tonumber(number)) or tonumber(number))
  if not value then fail(at, "wanted a value") end
  return value, at + #number
end

--- decode(text) -> value; errors name the offset
function json.decode(s)
  local value, at = decode(s, 1, 0)
  if skip(s, at) <= #s then fail(at, "something follows the value") end
  return value
end

return json
