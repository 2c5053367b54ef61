--- Drawings: lines as data. Strokes are lists of points { x, y }, x to the right and y down; drawn to SVG, to a picture, morphed, made simpler.
local core = require "genai.core"
local options_of = require "genai.nn.options"
local drawing = {}
local Drawing = {}
Drawing.__index, Drawing.__name = Drawing, "drawing"
local MOST = 100000                                                         -- points in a drawing

local function fail(format, ...) core.fail("drawing: " .. format:format(...)) end
local function finite(x) return type(x) == "number" and x - x == 0 end

--- genai.drawing.from(strokes) -> drawing. strokes: a list of lists of { x, y }. Field: strokes.
-- > #genai.drawing.from({ { { 0, 0 }, { 3, 4 } } }).strokes == 1
function drawing.from(strokes)
  if getmetatable(strokes) == Drawing then return strokes end
  if type(strokes) ~= "table" then fail("strokes are a %s, wanted a list of lists of { x, y }", type(strokes)) end
  local out, points = {}, 0
  for i, stroke in ipairs(strokes) do
    local line = {}
    if type(stroke) ~= "table" then fail("stroke %d is a %s, wanted a list of { x, y }", i, type(stroke)) end
    for k, p in ipairs(stroke) do
      if type(p) ~= "table" or not finite(p[1]) or not finite(p[2]) or math.abs(p[1]) > 1e9 or math.abs(p[2]) > 1e9 then fail("stroke %d, point %d is not { x, y }", i, k) end
      line[k] = { p[1], p[2] }
    end
    points = points + #line
    if points > MOST then fail("more than %d points", MOST) end
    if #line > 0 then out[#out + 1] = line end
  end
  return setmetatable({ strokes = out }, Drawing)
end

--- drawing.from_offsets(rows, scale) -> drawing. rows: a list of { dx, dy, pen }; pen 0 = the line goes on, 1 = it ends here, 2 = the drawing ends before this row
-- (Ha and Eck 2017). The pen starts at 0, 0, on the paper. scale: what offsets are multiplied by, 1 unless given.
-- > #genai.drawing.from_offsets({ { 1, 0, 1 }, { 0, 5, 0 }, { 1, 1, 1 } }).strokes == 2
function drawing.from_offsets(rows, scale)
  local x, y, strokes, line = 0.0, 0.0, {}, { { 0.0, 0.0 } }
  scale = scale or 1
  for _, row in ipairs(rows) do
    if row[3] == 2 then break end
    x, y = x + row[1] * scale, y + row[2] * scale
    line[#line + 1] = { x, y }
    if row[3] == 1 then strokes[#strokes + 1], line = line, {} end
  end
  if #line > 1 or #strokes == 0 then strokes[#strokes + 1] = line end
  return drawing.from(strokes)
end

--- drawing:offsets(scale) -> rows { dx, dy, pen } as from_offsets takes them, divided by scale; they start at the first point.
function Drawing:offsets(scale)
  local rows, x, y = {}, nil, nil
  for _, stroke in ipairs(self.strokes) do
    for k, p in ipairs(stroke) do
      if x then rows[#rows + 1] = { (p[1] - x) / (scale or 1), (p[2] - y) / (scale or 1), k == #stroke and 1 or 0 } end
      x, y = p[1], p[2]
    end
  end
  return rows
end

--- drawing:bounds() -> left, top, right, bottom; zeros for an empty drawing.
function Drawing:bounds()
  local l, t, r, b = math.huge, math.huge, -math.huge, -math.huge
  for _, stroke in ipairs(self.strokes) do
    for _, p in ipairs(stroke) do l, t, r, b = math.min(l, p[1]), math.min(t, p[2]), math.max(r, p[1]), math.max(b, p[2]) end
  end
  if l > r then return 0, 0, 0, 0 end
  return l, t, r, b
end

-- Where a drawing goes in a width x height page with a margin: scale and offsets.
local function placed(self, width, height, margin)
  local l, t, r, b = self:bounds()
  local s = math.min((width - 2 * margin) / math.max(r - l, 1e-9), (height - 2 * margin) / math.max(b - t, 1e-9))
  if s > 1e6 then s = 1 end                                                 -- a single point
  return s, width / 2 - s * (l + r) / 2, height / 2 - s * (t + b) / 2
end

local function page(what, options, extra)
  local known = { width = 256, height = false, line = 3, margin = 12 }
  for key, value in pairs(extra) do known[key] = value end
  local o = options_of(what, options, known)
  o.height = o.height or o.width
  for _, side in ipairs { "width", "height" } do
    if math.type(o[side]) ~= "integer" or o[side] < 1 or o[side] > 8192 then fail("%s: %s is %s, wanted 1..8192", what, side, tostring(o[side])) end
  end
  if not finite(o.line) or o.line <= 0 or not finite(o.margin) or o.margin < 0 or 2 * o.margin >= math.min(o.width, o.height) then
    fail("%s: line %s and margin %s do not fit %d x %d", what, tostring(o.line), tostring(o.margin), o.width, o.height)
  end
  return o
end

--- drawing:svg({ width = 256, height = width, line = 3, margin = 12, seconds = 0 }) -> text of an SVG 1.1 file; the drawing fills the page but for the margin.
-- seconds: more than 0 lets it draw itself, stroke after stroke. It carries the recipe.
-- > genai.drawing.from({ { { 0, 0 }, { 3, 4 } } }):svg():find("<path", 1, true) ~= nil
function Drawing:svg(options)
  local o = page("svg", options, { seconds = 0 })
  local s, dx, dy = placed(self, o.width, o.height, o.margin)
  local out = { ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d">'):format(o.width, o.height, o.width, o.height),
    ('<g fill="none" stroke="#000" stroke-width="%.4g" stroke-linecap="round" stroke-linejoin="round">'):format(o.line) }
  local points, before = 0, 0
  for _, stroke in ipairs(self.strokes) do points = points + #stroke end
  for _, stroke in ipairs(self.strokes) do
    local d = {}
    for k, p in ipairs(stroke) do d[k] = ("%s%.2f %.2f"):format(k == 1 and "M" or k == 2 and "L" or "", p[1] * s + dx, p[2] * s + dy) end
    if #stroke == 1 then d[2] = "l0 0" end
    local moving = o.seconds > 0 and ('<animate attributeName="stroke-dashoffset" from="1" to="0" begin="%.3fs" dur="%.3fs" fill="freeze"/></path>')
      :format(o.seconds * before / points, o.seconds * #stroke / points)
    out[#out + 1] = ('<path d="%s"%s'):format(table.concat(d, " "), moving and ' pathLength="1" stroke-dasharray="1 2" stroke-dashoffset="1">' .. moving or "/>")
    before = before + #stroke
  end
  out[#out + 1] = "</g>"
  local text = require("genai.recipe").text(self.recipe)
  if text then out[#out + 1] = '<script type="application/json" id="genai-recipe">' .. text:gsub("[<>&]", { ["<"] = "\\u003c", [">"] = "\\u003e", ["&"] = "\\u0026" }) .. "</script>" end
  out[#out + 1] = "</svg>\n"
  return table.concat(out, "\n")
end

local function colour(what, c)
  if type(c) == "number" then c = { c, c, c } end
  if type(c) ~= "table" or not (finite(c[1]) and finite(c[2]) and finite(c[3])) then fail("image: %s is %s, wanted a grey or { red, green, blue } in 0..1", what, tostring(c)) end
  return c
end

--- drawing:image({ width = 256, height = width, line = 3, margin = 12, ink = 0, paper = 1 }) -> an image, smooth at its edges. ink, paper: greys or { red, green, blue }.
-- > genai.drawing.from({ { { 0, 0 }, { 3, 4 } } }):image({ width = 32, margin = 4 }).width == 32
function Drawing:image(options)
  local o = page("image", options, { ink = 0, paper = 1 })
  local ink, paper = colour("ink", o.ink), colour("paper", o.paper)
  local s, dx, dy = placed(self, o.width, o.height, o.margin)
  local rows, group, h, r = {}, 0, o.height, o.line / 2 / o.height
  local function row(values)
    local at = #rows
    for i = 1, 32 do rows[at + i] = values[i] or 0 end
  end
  local function fill(c) row { 16, 1, c[1], c[2], c[3], c[1], c[2], c[3] } end
  row { 2, 0, 0, o.width / h / 2, 0.5, o.width / h, 1, 1, 0 }                 -- the paper: a box over all of it
  fill(paper)
  for _, stroke in ipairs(self.strokes) do
    for k = 1, math.max(1, #stroke - 1) do
      local p, q = stroke[k], stroke[k + 1] or stroke[k]
      row { 3, 0, 0, (p[1] * s + dx) / h, (p[2] * s + dy) / h, (q[1] * s + dx) / h, (q[2] * s + dy) / h, r, r }
      group = group + 1
      if group == 96 then
        fill(ink)
        group = 0
      end
    end
  end
  if group > 0 then fill(ink) end
  local genai = require "genai"
  local out = genai.image.from(genai.paint(genai.tensor(rows):view(-1, 32), o.width, o.height))
  out.alt, out.recipe = self.alt, self.recipe
  return out
end

--- drawing:save(path, options): .svg (options as svg), .png .jpg .bmp .tga (as image), or .json (the strokes).
function Drawing:save(path, options)
  if type(path) ~= "string" then fail("path is a %s, wanted a string", type(path)) end
  local kind = require("genai.file").extension(path)
  if kind == "svg" then return core.write(path, self:svg(options)) end
  if kind == "json" then return core.write(path, core.json.encode(self.strokes) .. "\n") end
  return self:image(options):save(path)
end

-- ---- changes ----

-- The points of a line that stay when none that goes lies further than epsilon from what is left (Ramer 1972, Douglas and Peucker 1973); a stack instead of recursion.
local function simpler(line, epsilon)
  local keep, stack = { [1] = true, [#line] = true }, { { 1, #line } }
  while #stack > 0 do
    local from, to = table.unpack(table.remove(stack))
    local a, b, worst, at = line[from], line[to], epsilon, nil
    local ux, uy = b[1] - a[1], b[2] - a[2]
    local length = ux * ux + uy * uy
    for i = from + 1, to - 1 do
      local px, py = line[i][1] - a[1], line[i][2] - a[2]
      local t = length > 0 and math.max(0, math.min(1, (px * ux + py * uy) / length)) or 0
      local far = math.sqrt((px - t * ux) ^ 2 + (py - t * uy) ^ 2)
      if far > worst then worst, at = far, i end
    end
    if at then
      keep[at] = true
      stack[#stack + 1] = { from, at }
      stack[#stack + 1] = { at, to }
    end
  end
  local out = {}
  for i = 1, #line do if keep[i] then out[#out + 1] = line[i] end end
  return out
end

local function like(self, strokes)
  local out = drawing.from(strokes)
  out.alt, out.recipe = self.alt, self.recipe
  return out
end

--- drawing:simplify(epsilon) -> drawing with fewer points, none of its lines moved by more than epsilon (2 unless given).
-- > #genai.drawing.from({ { { 0, 0 }, { 5, 0.1 }, { 9, 0 } } }):simplify(1).strokes[1] == 2
function Drawing:simplify(epsilon)
  local out = {}
  for i, stroke in ipairs(self.strokes) do out[i] = simpler(stroke, epsilon or 2) end
  return like(self, out)
end

--- drawing:fit(size) -> drawing moved and scaled so that its longer side is `size` (255 unless given) and its left top is 0, 0.
function Drawing:fit(size)
  local l, t, r, b = self:bounds()
  local s, out = (size or 255) / math.max(r - l, b - t, 1e-9), {}
  for i, stroke in ipairs(self.strokes) do
    out[i] = {}
    for k, p in ipairs(stroke) do out[i][k] = { (p[1] - l) * s, (p[2] - t) * s } end
  end
  return like(self, out)
end

local function length_of(line)
  local sum = 0.0
  for i = 2, #line do sum = sum + math.sqrt((line[i][1] - line[i - 1][1]) ^ 2 + (line[i][2] - line[i - 1][2]) ^ 2) end
  return sum
end

-- n points at equal steps along a line.
local function even(line, n)
  local step, out, at, passed = length_of(line) / (n - 1), { { line[1][1], line[1][2] } }, 2, 0.0
  for k = 2, n do
    local wanted = step * (k - 1)
    while at < #line do
      local d = length_of { line[at - 1], line[at] }
      if passed + d >= wanted then break end
      passed, at = passed + d, at + 1
    end
    local a, b = line[at - 1] or line[1], line[at] or line[1]
    local d = length_of { a, b }
    local t = d > 0 and math.max(0, math.min(1, (wanted - passed) / d)) or 0
    out[k] = { a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t }
  end
  return out
end

-- Strokes in n lines: the longest are cut in two until there are enough.
local function cut_into(strokes, n)
  local out = { table.unpack(strokes) }
  while #out < n do
    local longest = 1
    for i = 2, #out do if length_of(out[i]) > length_of(out[longest]) then longest = i end end
    local points = even(out[longest], 33)
    out[longest] = { table.unpack(points, 1, 17) }
    table.insert(out, longest + 1, { table.unpack(points, 17, 33) })
  end
  return out
end

--- drawing:morph(other, t) -> the drawing on the way to another: 0 this one, 1 the other. Strokes go to strokes in their order, both brought to one size; where one
-- has fewer, its longest are cut.
-- > genai.drawing.from({ { { 0, 0 }, { 9, 0 } } }):morph(genai.drawing.from({ { { 0, 0 }, { 0, 9 } } }), 0.5).strokes[1][1][1] == 0
function Drawing:morph(other, t)
  other = drawing.from(other)
  if not finite(t) or t < 0 or t > 1 then fail("morph: t is %s, wanted 0..1", tostring(t)) end
  if #self.strokes == 0 or #other.strokes == 0 then fail "morph: a drawing has no strokes" end
  local a, b, out = self:fit().strokes, other:fit().strokes, {}
  local n = math.max(#a, #b)
  if n > 1000 then fail("morph: %d strokes, wanted at most 1000", n) end
  a, b = cut_into(a, n), cut_into(b, n)
  for i = 1, n do
    local p, q, line = even(a[i], 32), even(b[i], 32), {}
    for k = 1, 32 do line[k] = { p[k][1] + (q[k][1] - p[k][1]) * t, p[k][2] + (q[k][2] - p[k][2]) * t } end
    out[i] = line
  end
  return like(self, out)
end

function Drawing:__tostring()
  local points = 0
  for _, stroke in ipairs(self.strokes) do points = points + #stroke end
  return ("drawing of %d strokes, %d points"):format(#self.strokes, points)
end

return drawing
