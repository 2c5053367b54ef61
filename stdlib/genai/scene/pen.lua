-- The pen builds the painter's display list: figures draw in a unit box (x to the right, y up, feet at 0), the pen places them in the picture.
-- Row formats: engine/paint.h.
local Pen = {}
Pen.__index = Pen

local COLUMNS = 32
local textures = { none = 0, grain = 1, leaves = 2, brick = 3, shingle = 4, plank = 5, fur = 6, scale = 7, stripe = 8, spot = 9, rock = 10, wave = 11,
  windows = 12, knit = 13, needles = 14, patch = 15 }
Pen.textures = textures

local function mix(a, b, t) return { a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t, a[3] + (b[3] - a[3]) * t } end
local function dark(c, s) return { c[1] * s, c[2] * s * 0.98, c[3] * s + (1 - s) * 0.05 } end
local function light(c, s) return mix(c, { 1, 0.98, 0.93 }, s) end
Pen.mix, Pen.dark, Pen.light = mix, dark, light

local function new()
  return setmetatable({ rows = {}, ox = 0, oy = 0, size = 1, flip = 1, co = 1, si = 0, squash = 1, k = 0, how = 0, seed = 1, alpha = 1,
    ambient = { 1, 1, 1 }, haze = { 1, 1, 1 }, hazed = 0, rim = 0, ripple = 0 }, Pen)
end

--- One raw row: kind and columns by position (column 1 is the kind).
function Pen:row(values)
  local rows = self.rows
  local n = #rows
  for i = 1, COLUMNS do rows[n + i] = values[i] or 0 end
end

--- Places the unit box: ground point x, y (picture heights), size of the box, facing 1 or -1, tilt in radians.
function Pen:at(x, y, size, flip, tilt)
  self.ox, self.oy, self.size, self.flip = x, y, size, flip or 1
  self.co, self.si = math.cos(tilt or 0), math.sin(tilt or 0)
  self.k, self.how = 0, 0
end

--- Turns what follows about a point of the unit box, until called without arguments.
function Pen:turn(x, y, angle)
  if x then self.px, self.py, self.pc, self.ps = x, y, math.cos(angle), math.sin(angle) else self.px = nil end
end

function Pen:map(x, y)
  if self.px then
    local dx, dy = x - self.px, y - self.py
    x, y = self.px + dx * self.pc - dy * self.ps, self.py + dx * self.ps + dy * self.pc
  end
  x, y = x * self.co - y * self.si, x * self.si + y * self.co
  return self.ox + self.flip * x * self.size, self.oy - y * self.size * self.squash
end

--- Draws with the unit box moved to x, y and scaled by size, then goes back.
function Pen:inset(x, y, size, draw)
  local ox, oy, own = self.ox, self.oy, self.size
  self.ox, self.oy = self:map(x, y)
  self.size = own * size
  draw()
  self.ox, self.oy, self.size = ox, oy, own
end

function Pen:axis(degrees) -- cosine and sine of a direction after placing
  local a = math.rad(degrees or 0)
  local c, s = math.cos(a), math.sin(a)
  if self.px then c, s = c * self.pc - s * self.ps, c * self.ps + s * self.pc end
  c, s = c * self.co - s * self.si, c * self.si + s * self.co
  c, s = c * self.flip, -s * (self.squash < 0 and -1 or 1)
  return c, s
end

function Pen:shape(kind, ...) self:row { kind, self.how, self.k * self.size, ... } end

function Pen:ellipse(x, y, rx, ry, degrees)
  local cx, cy = self:map(x, y)
  local c, s = self:axis(degrees)
  self:shape(1, cx, cy, rx * self.size, ry * self.size * math.abs(self.squash), c, s)
  return self
end

function Pen:circle(x, y, r) return self:ellipse(x, y, r, r) end

function Pen:box(x, y, hx, hy, degrees, round)
  local cx, cy = self:map(x, y)
  local c, s = self:axis(degrees)
  self:shape(2, cx, cy, hx * self.size, hy * self.size * math.abs(self.squash), c, s, (round or 0) * self.size)
  return self
end

function Pen:capsule(x0, y0, x1, y1, r0, r1)
  local ax, ay = self:map(x0, y0)
  local bx, by = self:map(x1, y1)
  self:shape(3, ax, ay, bx, by, r0 * self.size, (r1 or r0) * self.size)
  return self
end

function Pen:curve(x0, y0, x1, y1, x2, y2, r0, r1)
  local ax, ay = self:map(x0, y0)
  local bx, by = self:map(x1, y1)
  local cx, cy = self:map(x2, y2)
  self:shape(4, ax, ay, bx, by, cx, cy, r0 * self.size, (r1 or r0) * self.size)
  return self
end

function Pen:polygon(round, ...)
  local p, out = { ... }, {}
  for i = 1, #p, 2 do out[i], out[i + 1] = self:map(p[i], p[i + 1]) end
  self:shape(5, #p // 2, round * self.size, table.unpack(out))
  return self
end

function Pen:ring(x, y, r, w)
  local cx, cy = self:map(x, y)
  self:shape(6, cx, cy, r * self.size, w * self.size)
  return self
end

--- Keeps the part of the group below (nx, ny pointing away from it) a line through a point.
function Pen:plane(x, y, nx, ny)
  local cx, cy = self:map(x, y)
  local how = self.how
  self.how = 2
  self:shape(7, cx, cy, nx * self.flip, -ny)
  self.how = how
  return self
end

--- What follows joins softly by k, or cuts ("cut") or clips ("clip") the group; back to plain with no arguments.
function Pen:join(k, how)
  self.k, self.how = k or 0, how == "cut" and 1 or how == "clip" and 2 or 0
  return self
end

function Pen:tone(c, raw)
  if raw then return c end
  local a = self.ambient
  return mix({ c[1] * a[1], c[2] * a[2], c[3] * a[3] }, self.haze, self.hazed)
end

--- Fills the group: colour, and o = { b=, from={x,y}, to={x,y}, round={x,y,r}, tex=, scale=, amount=, c=, shade=, bevel=, rim=, line=, ink=, soft=,
--- rough=, fine=, alpha=, add=, multiply=, raw= }, lengths in units of the figure.
function Pen:fill(colour, o)
  o = o or {}
  local size, gradient, x0, y0, x1, y1 = self.size, 0, 0, 0, 0, 0
  if o.round then
    gradient = 2
    x0, y0 = self:map(o.round[1], o.round[2])
    x1 = o.round[3] * size
  elseif o.b then
    gradient = 1
    local f, t = o.from or { 0, 1 }, o.to or { 0, 0 }
    x0, y0 = self:map(f[1], f[2])
    x1, y1 = self:map(t[1], t[2])
  end
  local a, b, c = self:tone(colour, o.raw), self:tone(o.b or colour, o.raw), self:tone(o.c or dark(colour, 0.6), o.raw)
  self.seed = self.seed + 7
  self:row { 16, (o.alpha or 1) * self.alpha, a[1], a[2], a[3], b[1], b[2], b[3], gradient, x0, y0, x1, y1, textures[o.tex or "none"],
    math.min((o.scale or 20) / size, 900), o.amount or 0.5, self.seed % 4000, o.shade or 0.75, (o.bevel or 0.12) * size, (o.rim or 1) * self.rim,
    (o.line or 0.012) * size, o.ink or 0.35, (o.soft or 0) * size, (o.rough or 0) * size, math.min((o.fine or 14) / size, 900),
    o.add and 1 or o.multiply and 2 or 0, self.ripple, 70, c[1], c[2], c[3] }
  self.k, self.how = 0, 0
end

--- Flat fill without light: eyes, lines, marks.
function Pen:flat(colour, o)
  o = o or {}
  o.shade, o.ink, o.rim = 0, 0, 0
  return self:fill(colour, o)
end

--- A soft shadow on the ground under a figure that is w wide.
function Pen:shadow(w, strength, x)
  local hold = self.alpha
  self:ellipse((x or 0) + (self.cast or 0) * self.flip * w * 0.5, 0.0, w * 0.62, w * 0.13)
  self:fill({ 0.5, 0.46, 0.6 }, { shade = 0, ink = 0, rim = 0, soft = w * 0.12, alpha = strength or 0.62, multiply = true, raw = true })
  self.alpha = hold
end

function Pen:glow(x, y, r, colour, strength, sharp)
  local cx, cy = self:map(x, y)
  self:row { 22, strength * self.alpha, colour[1], colour[2], colour[3], 0, 0, 0, cx, cy, r * self.size, sharp or 1 }
end

return { new = new, mix = mix, dark = dark, light = light }
