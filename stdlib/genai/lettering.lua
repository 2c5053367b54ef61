--- Lettering: short texts in pictures, drawn with strokes: captions of grids, scales of spectrograms. Letters, digits and the usual signs of ASCII.
-- A glyph is a list of strokes over a grid: x 0..4 to the right, y 0 (top) .. 6 (the line) .. 8 downward, "xy" a point; strokes that start with ~ are
-- rounded by cutting their corners (Chaikin 1974).
local core = require "genai.core"
local ops = core.ops
local lettering = {}

local function fail(format, ...) core.fail(format:format(...)) end

local glyphs = {
  A = "06 20 46|14 34", B = "06 00|~00 40 43 03|~03 43 46 06", C = "~41 40 00 06 46 45", D = "06 00|~00 40 46 06", E = "40 00 06 46|03 33", F = "40 00 06|03 33",
  G = "~41 40 00 06 46 43|43 23", H = "00 06|40 46|03 43", I = "00 06", J = "~30 36 06 04", K = "00 06|40 03 46", L = "00 06 46", M = "06 00 23 40 46",
  N = "06 00 46 40", O = "~20 40 46 06 00 20", P = "06 00|~00 40 43 03", Q = "~20 40 46 06 00 20|25 47", R = "06 00|~00 40 43 03|23 46",
  S = "~41 40 00 03 43 46 06 05", T = "00 40|20 26", U = "~00 06 46 40", V = "00 26 40", W = "00 16 22 36 40", X = "00 46|40 06", Y = "00 23 40|23 26", Z = "00 40 06 46",
  a = "32 36|~33 32 02 06 36 35", b = "00 06|~03 02 32 36 06 05", c = "~33 32 02 06 36 35", d = "30 36|~33 32 02 06 36 35", e = "04 34|~34 32 02 06 36 35",
  f = "~20 10 16|02 22", g = "32 37|~37 38 08 07|~33 32 02 06 36 35", h = "00 06|~04 02 32 36", i = "02 06|00 00", j = "~12 18 08|10 10", k = "00 06|32 04 36",
  l = "00 06", m = "02 06|~04 02 22 26|~24 22 42 46", n = "02 06|~04 02 32 36", o = "~12 32 36 06 02 12", p = "02 08|~03 02 32 36 06 05", q = "32 38|~33 32 02 06 36 35",
  r = "02 06|~04 02 22", s = "~33 32 02 04 34 36 06 05", t = "~10 16 26|02 22", u = "~02 06 36 35|32 36", v = "02 16 22", w = "02 16 22 36 42", x = "02 36|32 06",
  y = "02 16|22 08", z = "02 32 06 36",
  ["0"] = "~10 30 36 06 00 10", ["1"] = "01 10 16", ["2"] = "~01 00 30 33 06|06 36", ["3"] = "~01 00 30 33 13|~13 33 36 06 05", ["4"] = "26 20 04 34",
  ["5"] = "30 00 02|~02 32 36 06 05", ["6"] = "~30 00 06 36 33 03 04", ["7"] = "00 30 16", ["8"] = "~10 30 33 03 00 10|~13 33 36 06 03 13", ["9"] = "~32 33 03 00 30 36 06",
  ["."] = "06 06", [","] = "16 07", ["-"] = "04 24", ["+"] = "04 24|13 15", [":"] = "03 03|06 06", [";"] = "13 13|16 07", ["/"] = "30 06", ["%"] = "30 06|00 00|36 36",
  ["("] = "~10 01 05 16", [")"] = "~00 11 15 06", ["'"] = "00 01", ['"'] = "00 01|10 11", ["!"] = "00 04|06 06", ["?"] = "~01 00 30 32 13 14|16 16", ["="] = "03 23|05 25",
  ["_"] = "07 37", [">"] = "02 24 06", ["<"] = "22 04 26", ["|"] = "00 07", ["*"] = "02 24|22 04", ["&"] = "~36 10 30 06 16 34", ["#"] = "10 16|20 26|02 32|04 34",
}
local UNKNOWN = "00 30 36 06 00"

local function smooth(points)
  for _ = 1, 2 do
    local out = { points[1] }
    for i = 1, #points - 1 do
      local a, b = points[i], points[i + 1]
      if i > 1 then out[#out + 1] = { a[1] * 0.75 + b[1] * 0.25, a[2] * 0.75 + b[2] * 0.25 } end
      if i < #points - 1 then out[#out + 1] = { a[1] * 0.25 + b[1] * 0.75, a[2] * 0.25 + b[2] * 0.75 } end
    end
    out[#out + 1] = points[#points]
    points = out
  end
  return points
end

-- Adds a glyph's lines { x1, y1, x2, y2 } to a list, moved to the right; gives its width.
local function add(lines, glyph, right)
  local width = 0
  for stroke in glyph:gmatch "[^|]+" do
    local points = {}
    for x, y in stroke:gmatch "(%d)(%d)" do
      points[#points + 1] = { tonumber(x), tonumber(y) }
      width = math.max(width, tonumber(x))
    end
    if stroke:sub(1, 1) == "~" then points = smooth(points) end
    for i = 1, #points - 1 do lines[#lines + 1] = { right + points[i][1], points[i][2], right + points[i + 1][1], points[i + 1][2] } end
  end
  return width
end

local function layout(text)
  local lines, right = {}, 0
  for _, code in utf8.codes(text, true) do
    local letter = code < 128 and string.char(code) or "?"
    if letter == " " then right = right + 3
    else right = right + add(lines, glyphs[letter] or UNKNOWN, right) + 2 end
  end
  return lines, math.max(0, right - 2)
end

--- lettering.mask(text, size = 12) -> f32[height,width], 1 where the ink is. size: the height of capitals in pixels, 4..400; a third of it hangs below.
-- > require("genai.lettering").mask("Hz", 12).shape[1] == 18
function lettering.mask(text, size)
  size = size or 12
  if type(text) ~= "string" or #text > 1000 then fail("lettering: text is %s, wanted at most 1000 letters", type(text) == "string" and #text .. " letters" or "a " .. type(text)) end
  if type(size) ~= "number" or not (size >= 4 and size <= 400) then fail("lettering: size is %s, wanted a number in 4..400", tostring(size)) end
  local lines, wide = layout(text)
  local unit, thick = size / 6, math.max(1.1, size / 8)
  local margin = math.ceil(thick / 2)
  local width, height = math.ceil(wide * unit) + 2 * margin, math.ceil(8 * unit) + 2 * margin
  if #lines == 0 then return ops.zeros(height, width) end
  return require("genai").no_grad(function()
    local mask = ops.zeros(height, width)
    local x, y = ops.arange(width):view(1, 1, width) + 0.5 - margin, ops.arange(height):view(1, height, 1) + 0.5 - margin
    local many = math.max(1, 1000000 // (width * height))
    for from = 1, #lines, many do
      local l = core.tensor { table.unpack(lines, from, math.min(#lines, from + many - 1)) } * unit
      local function column(i) return l:slice(2, i, i):view(-1, 1, 1) end
      local x1, y1 = column(1), column(2)
      local dx, dy = column(3) - x1, column(4) - y1
      local t = (((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy):clamp(1e-9)):clamp(0, 1)
      local far = ((x - x1 - t * dx) ^ 2 + (y - y1 - t * dy) ^ 2):sqrt()
      mask = ops.maximum(mask, ((thick / 2 + 0.5 - far):clamp(0, 1):max(1)))
    end
    return mask
  end)
end

--- lettering.write(sheet, text, x, y, { size = 12, colour = 0, align = "left" }): writes into a tensor f32[3,h,w]; x, y (from 1) is the upper left corner, or with
-- align "centre" or "right" the middle or right end of the upper edge. What does not fit is cut off. colour: a grey or {red, green, blue}.
function lettering.write(sheet, text, x, y, options)
  local o = options or {}
  local mask, colour = lettering.mask(text, o.size), o.colour or 0
  if type(colour) == "number" then colour = { colour, colour, colour } end
  local h, w = mask.shape[1], mask.shape[2]
  x = math.floor(x - (o.align == "centre" and w / 2 or o.align == "right" and w or 0) + 0.5)
  local left, top = math.max(1, x), math.max(1, y)
  local right, bottom = math.min(sheet.shape[3], x + w - 1), math.min(sheet.shape[2], y + h - 1)
  if right < left or bottom < top then return end
  local ink = mask:slice(1, top - y + 1, bottom - y + 1):slice(2, left - x + 1, right - x + 1)
  local place = sheet:slice(2, top, bottom):slice(3, left, right)
  place:copy_(place + (core.tensor(colour):view(3, 1, 1) - place) * ink)
end

return lettering
