-- Houses, castles, towers, boats. Unit box: foot at 0, top near 1. At dusk and night their windows are lit (f.lit 0..1).
local pen = require "genai.scene.pen"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local WOOD, LAMP, GLASS = { 0.5, 0.34, 0.22 }, { 1, 0.84, 0.45 }, { 0.55, 0.72, 0.82 }

--- A window with a frame; warm when the lamps are on.
local function window(p, f, x, y, w, h, round)
  p:box(x, y, w + 0.014, h + 0.014, 0, (round or 0) + 0.006)
  p:fill({ 0.96, 0.92, 0.84 }, { bevel = 0.02, ink = 0.4 })
  p:box(x, y, w, h, 0, round or 0)
  if f.lit > 0 then
    p:flat(mix(GLASS, LAMP, f.lit), { raw = true, b = { 1, 0.68, 0.3 }, from = { x, y + h }, to = { x, y - h } })
    p:glow(x, y, w * 6, { 1, 0.7, 0.32 }, 0.55 * f.lit, 1)
  else
    p:flat(GLASS, { b = { 0.75, 0.87, 0.92 }, from = { x - w, y - h }, to = { x + w, y + h } })
  end
  p:box(x, y, 0.006, h):box(x, y, w, 0.006)
  p:flat({ 0.9, 0.85, 0.76 })
end

local function door(p, x, w, h, c)
  p:join(0.01):box(x, h * 0.42, w, h * 0.42):ellipse(x, h * 0.84, w, h * 0.16)
  p:fill(c, { tex = "plank", scale = 32, amount = 0.5, c = dark(c, 0.5), ink = 0.7 })
  p:circle(x + w * 0.6, h * 0.42, 0.011)
  p:flat({ 0.98, 0.8, 0.35 })
end

local function smoke(p, x, y)
  for i = 0, 4 do
    p:circle(x + i * i * 0.012 + (i % 2) * 0.016, y + i * 0.075, 0.024 + i * 0.011)
    p:flat({ 0.96, 0.95, 0.95 }, { alpha = 0.5 - i * 0.085, soft = 0.018 })
  end
end

function M.house(p, f, spec)
  local c, roof = f.colour, f.roof or (f.colour[1] > 0.7 and f.colour[2] < 0.5 and { 0.42, 0.32, 0.34 } or { 0.72, 0.33, 0.25 })
  p:box(0.2, 0.84, 0.04, 0.14)
  p:fill({ 0.62, 0.42, 0.36 }, { tex = "brick", scale = 50, amount = 0.5, c = { 0.8, 0.72, 0.66 } })
  p:box(0.2, 0.975, 0.052, 0.018)
  p:fill({ 0.45, 0.34, 0.32 })
  smoke(p, 0.21, 1.02)
  p:polygon(0.006, -0.34, 0, 0.34, 0, 0.34, 0.52, 0.0, 0.86, -0.34, 0.52)
  p:fill(c, { b = dark(c, 0.84), from = { -0.1, 0.8 }, to = { 0.1, 0 }, tex = spec.wall or "plank", scale = 17, amount = 0.3, c = dark(c, 0.8), bevel = 0.05 })
  p:join(0.0):capsule(-0.43, 0.49, 0, 0.92, 0.05):capsule(0.43, 0.49, 0, 0.92, 0.05)
  p:fill(roof, { b = dark(roof, 0.75), tex = "shingle", scale = 24, amount = 0.7, c = dark(roof, 0.55), bevel = 0.07 })
  p:circle(0, 0.66, 0.062)
  p:fill({ 0.96, 0.92, 0.84 }, { bevel = 0.02 })
  p:circle(0, 0.66, 0.046)
  p:flat(mix(GLASS, LAMP, f.lit), { raw = f.lit > 0 })
  if spec.barn then
    p:box(0, 0.2, 0.14, 0.2)
    p:fill(dark(c, 0.7), { tex = "plank", scale = 20, amount = 0.4 })
    p:capsule(-0.13, 0.02, 0.13, 0.38, 0.012):capsule(0.13, 0.02, -0.13, 0.38, 0.012):box(0, 0.39, 0.15, 0.012):box(-0.14, 0.2, 0.012, 0.2):box(0.14, 0.2, 0.012, 0.2)
    p:flat({ 0.96, 0.93, 0.88 })
  else
    window(p, f, -0.2, 0.32, 0.075, 0.085)
    window(p, f, 0.2, 0.32, 0.075, 0.085)
    door(p, 0, 0.078, 0.36, f.door or { 0.36, 0.5, 0.52 })
    for side = -1, 1, 2 do
      p:circle(side * 0.25, 0.045, 0.055):circle(side * 0.17, 0.035, 0.045)
    end
    p:fill({ 0.4, 0.6, 0.32 }, { tex = "leaves", scale = 40, amount = 0.5, rough = 0.012, fine = 26 })
  end
end

local function battlement(p, x, y, w, n)
  for i = 0, n - 1 do p:box(x - w + (i + 0.5) * 2 * w / n, y + 0.018, w / n * 0.56, 0.024) end
end

local function turret(p, f, x, w, h, c, roof, flag)
  p:join(0):box(x, h * 0.5, w, h * 0.5)
  p:fill(c, { b = dark(c, 0.76), from = { x - w, 0 }, to = { x + w, 0 }, tex = "brick", scale = 32, amount = 0.28, c = dark(c, 0.82), bevel = w })
  p:box(x, h, w * 1.22, 0.022)
  battlement(p, x, h + 0.022, w * 1.22, 4)
  p:fill(light(c, 0.08), { bevel = 0.03 })
  p:polygon(0.006, x - w * 1.12, h + 0.045, x + w * 1.12, h + 0.045, x, h + 0.045 + w * 2.9)
  p:fill(roof, { b = dark(roof, 0.65), from = { x - w, 0 }, to = { x + w, 0 }, tex = "shingle", scale = 42, amount = 0.5, c = dark(roof, 0.55), bevel = 0.06 })
  window(p, f, x, h * 0.82, w * 0.2, w * 0.42, w * 0.18)
  if flag then
    local top = h + 0.045 + w * 2.9
    p:capsule(x, top - 0.02, x, top + 0.1, 0.005)
    p:flat(dark(WOOD, 0.6))
    p:polygon(0.004, x, top + 0.1, x + 0.11, top + 0.07, x, top + 0.04)
    p:fill(flag, { bevel = 0.02 })
  end
end

function M.castle(p, f)
  local c = f.colour
  local roof, flag = f.roof or { 0.38, 0.42, 0.66 }, { 0.92, 0.35, 0.32 }
  turret(p, f, 0, 0.11, 0.62, dark(c, 0.92), roof, flag)
  turret(p, f, -0.24, 0.075, 0.5, dark(c, 0.95), roof)
  turret(p, f, 0.25, 0.08, 0.54, dark(c, 0.95), roof, flag)
  p:box(0, 0.16, 0.4, 0.17)
  battlement(p, 0, 0.33, 0.4, 9)
  p:fill(c, { b = dark(c, 0.82), from = { 0, 0.35 }, to = { 0, 0 }, tex = "brick", scale = 26, amount = 0.32, c = dark(c, 0.8), bevel = 0.06 })
  window(p, f, -0.2, 0.22, 0.022, 0.045, 0.02)
  window(p, f, 0.2, 0.22, 0.022, 0.045, 0.02)
  turret(p, f, -0.42, 0.085, 0.4, c, roof, flag)
  turret(p, f, 0.42, 0.085, 0.4, c, roof)
  p:join(0.01):box(0, 0.08, 0.095, 0.09):ellipse(0, 0.17, 0.095, 0.08)
  p:fill(light(c, 0.2), { bevel = 0.02 })
  door(p, 0, 0.075, 0.22, WOOD)
end

function M.tower(p, f)
  turret(p, f, 0, 0.17, 0.5, f.colour, f.roof or { 0.6, 0.34, 0.4 }, { 0.95, 0.75, 0.3 })
  window(p, f, -0.06, 0.22, 0.03, 0.06, 0.025)
  door(p, 0.06, 0.055, 0.16, WOOD)
end

--- f.beam (0..1) lights the lamp and its beam.
function M.lighthouse(p, f)
  local c, white = f.colour, { 0.97, 0.95, 0.91 }
  p:box(0.24, 0.08, 0.13, 0.085)
  p:fill(white, { b = dark(white, 0.85) })
  p:polygon(0.01, 0.09, 0.165, 0.39, 0.165, 0.34, 0.245, 0.13, 0.245)
  p:fill(dark(c, 0.9), { tex = "shingle", scale = 38, amount = 0.5 })
  window(p, f, 0.25, 0.09, 0.026, 0.032)
  p:polygon(0.008, -0.155, 0, 0.155, 0, 0.095, 0.74, -0.095, 0.74)
  p:fill(white, { b = { 0.76, 0.78, 0.84 }, from = { -0.12, 0 }, to = { 0.15, 0 }, bevel = 0.1 })
  for i = 0, 2 do
    local y, w = 0.13 + i * 0.24, 0.155 - (0.13 + i * 0.24) * 0.081
    p:polygon(0, -w, y, w, y, w - 0.0095, y + 0.115, -w + 0.0095, y + 0.115)
    p:fill(c, { b = dark(c, 0.72), from = { -0.1, 0 }, to = { 0.15, 0 }, ink = 0.15, shade = 0.4, bevel = 0.08 })
  end
  window(p, f, 0, 0.31, 0.022, 0.035, 0.018)
  window(p, f, 0, 0.56, 0.02, 0.032, 0.018)
  door(p, 0, 0.045, 0.12, WOOD)
  p:box(0, 0.75, 0.135, 0.016)
  p:fill(dark(c, 0.6))
  for i = -3, 3 do p:capsule(i * 0.04, 0.76, i * 0.04, 0.81, 0.004) end
  p:box(0, 0.812, 0.128, 0.004)
  p:flat(dark(c, 0.5))
  p:box(0, 0.835, 0.07, 0.065)
  p:flat(f.beam > 0 and { 1, 0.95, 0.7 } or { 0.7, 0.84, 0.9 }, { raw = f.beam > 0, b = f.beam > 0 and { 1, 0.8, 0.4 } or GLASS })
  for i = -1, 1 do p:box(i * 0.045, 0.835, 0.004, 0.065) end
  p:flat(dark(c, 0.5))
  p:join(0.01):ellipse(0, 0.9, 0.09, 0.07):circle(0, 0.98, 0.017)
  p:join(0, "cut"):box(0, 0.84, 0.12, 0.06)
  p:fill(c, { b = dark(c, 0.7), bevel = 0.05 })
  if f.beam > 0 then
    local x, y = p:map(0, 0.835)
    for _, side in ipairs { -1, 1 } do
      local dx, dy = 0.985 * side * p.flip, side > 0 and -0.17 or 0.1
      p:row { 23, 0.62 * f.beam * p.alpha, 1, 0.93, 0.66, 0, 0, 0, x, y, dx, dy, 0.085, side > 0 and 1.5 or 0.9 }
    end
    p:glow(0, 0.835, 0.34, { 1, 0.9, 0.6 }, f.beam, 2)
  end
end

function M.church(p, f)
  local c = f.colour
  p:box(0.12, 0.2, 0.3, 0.21)
  p:fill(c, { b = dark(c, 0.85), tex = "brick", scale = 30, amount = 0.15, c = dark(c, 0.85) })
  p:polygon(0.01, -0.2, 0.39, 0.46, 0.39, 0.36, 0.6, -0.1, 0.6)
  p:fill({ 0.5, 0.34, 0.36 }, { tex = "shingle", scale = 28, amount = 0.6 })
  p:box(-0.22, 0.31, 0.13, 0.32)
  p:fill(c, { b = dark(c, 0.8), tex = "brick", scale = 30, amount = 0.15, c = dark(c, 0.85) })
  p:polygon(0.006, -0.37, 0.62, -0.07, 0.62, -0.22, 0.98)
  p:fill({ 0.42, 0.46, 0.56 }, { tex = "shingle", scale = 34, amount = 0.5 })
  for i = 0, 2 do window(p, f, 0.02 + i * 0.14, 0.22, 0.026, 0.07, 0.025) end
  window(p, f, -0.22, 0.48, 0.035, 0.055, 0.03)
  door(p, -0.22, 0.055, 0.2, WOOD)
end

function M.windmill(p, f)
  local c = f.colour
  p:polygon(0.01, -0.19, 0, 0.19, 0, 0.12, 0.58, -0.12, 0.58)
  p:fill(c, { b = dark(c, 0.78), from = { -0.12, 0 }, to = { 0.18, 0 }, tex = "brick", scale = 28, amount = 0.2, c = dark(c, 0.85) })
  p:join(0.02):ellipse(0, 0.6, 0.15, 0.11)
  p:fill({ 0.64, 0.34, 0.28 }, { tex = "shingle", scale = 30, amount = 0.5 })
  window(p, f, 0, 0.36, 0.03, 0.04, 0.01)
  door(p, 0, 0.055, 0.18, WOOD)
  for i = 0, 3 do
    p:turn(0, 0.6, math.rad(24 + i * 90))
    p:capsule(0, 0.6, 0.4, 0.6, 0.012)
    p:fill(WOOD)
    p:box(0.25, 0.645, 0.15, 0.04)
    p:fill({ 0.96, 0.92, 0.84 }, { tex = "plank", scale = 30, amount = 0.4, c = { 0.7, 0.6, 0.5 } })
  end
  p:turn()
  p:circle(0, 0.6, 0.03)
  p:fill(WOOD)
end

function M.igloo(p, f)
  p:ellipse(0, 0, 0.5, 0.72)
  p:join(0, "cut"):box(0, -0.4, 0.9, 0.4)
  p:fill({ 0.93, 0.97, 1 }, { b = { 0.74, 0.84, 0.95 }, tex = "brick", scale = 8, amount = 0.4, c = { 0.66, 0.77, 0.9 }, bevel = 0.3 })
  p:join(0.02):ellipse(0.12, 0.0, 0.2, 0.36)
  p:join(0, "cut"):box(0, -0.4, 0.9, 0.4)
  p:fill({ 0.88, 0.94, 1 }, { bevel = 0.05 })
  p:ellipse(0.12, 0, 0.13, 0.27)
  p:join(0, "cut"):box(0, -0.4, 0.9, 0.4)
  p:flat(mix({ 0.24, 0.3, 0.45 }, LAMP, f.lit), { raw = f.lit > 0 })
end

function M.tent(p, f)
  local c = f.colour
  p:polygon(0.01, -0.55, 0, 0.55, 0, 0.03, 0.86, -0.03, 0.86)
  p:fill(c, { b = dark(c, 0.75), from = { -0.4, 0.4 }, to = { 0.5, 0 }, tex = "grain", scale = 12, amount = 0.2 })
  p:polygon(0.005, -0.19, 0, 0.19, 0, 0, 0.6)
  p:flat(mix(dark(c, 0.35), LAMP, f.lit), { raw = f.lit > 0 })
  if f.lit > 0 then p:glow(0, 0.25, 0.8, { 1, 0.75, 0.35 }, 0.6 * f.lit, 1) end
  p:capsule(0, 0.82, 0.05, 0.98, 0.012):capsule(0, 0.82, -0.05, 0.98, 0.012)
  p:flat(WOOD)
end

function M.bridge(p, f)
  local c = f.colour
  p:join(0):box(0, 0.3, 1.0, 0.3):ellipse(0, 0.55, 1.0, 0.3)
  p:join(0, "cut"):ellipse(0, 0.02, 0.52, 0.55)
  p:fill(c, { b = dark(c, 0.75), from = { 0, 0.85 }, to = { 0, 0 }, tex = "brick", scale = 11, amount = 0.4, c = dark(c, 0.7), bevel = 0.12 })
  for i = -5, 5 do p:box(i * 0.17, 0.93 - i * i * 0.011, 0.03, 0.09) end
  p:curve(-1, 0.72, 0, 1.34, 1, 0.72, 0.03)
  p:fill(light(c, 0.15), { bevel = 0.04 })
end

--- Sailing boat; the hull takes the colour, the sail a light one. f.afloat sets it into the water.
local function boat_hull(p, f)
  local c = f.colour
  p:polygon(0.03, -0.46, 0.23, 0.5, 0.23, 0.34, 0.03, -0.32, 0.03)
  p:fill(c, { b = dark(c, 0.62), from = { 0, 0.26 }, to = { 0, 0 }, tex = "wave", scale = 16, amount = 0.3, bevel = 0.08 })
  p:capsule(-0.48, 0.24, 0.52, 0.24, 0.018)
  p:fill({ 0.96, 0.93, 0.86 })
  for i = -1, 1 do p:circle(i * 0.16, 0.14, 0.026) end
  p:flat({ 0.96, 0.9, 0.7 }, { raw = f.lit > 0 })
end

--- f.hull draws the hull alone, in front of those who sit in it.
function M.sailboat(p, f)
  local c = f.colour
  local sail = f.sail or { 0.98, 0.95, 0.88 }
  if f.hull then return boat_hull(p, f) end
  p:capsule(0, 0.2, 0, 0.98, 0.012)
  p:fill(WOOD)
  p:join(0.02):polygon(0.012, 0.03, 0.3, 0.03, 0.95, 0.2, 0.6, 0.4, 0.32)
  p:fill(sail, { b = dark(sail, 0.84), from = { 0, 0.8 }, to = { 0.4, 0.3 }, tex = "plank", scale = 9, amount = 0.15, c = dark(sail, 0.85), bevel = 0.12 })
  p:polygon(0.012, -0.03, 0.32, -0.03, 0.86, -0.15, 0.56, -0.3, 0.34)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.1 })
  p:polygon(0.004, 0, 1.03, 0, 0.95, 0.12, 0.98)
  p:fill({ 0.92, 0.3, 0.3 })
  boat_hull(p, f)
end

function M.rowboat(p, f)
  local c = f.colour
  p:polygon(0.05, -0.6, 0.42, 0.62, 0.42, 0.42, 0.06, -0.42, 0.06)
  p:fill(c, { b = dark(c, 0.62), from = { 0, 0.45 }, to = { 0, 0 }, tex = "wave", scale = 10, amount = 0.35, bevel = 0.1 })
  p:curve(-0.64, 0.46, 0, 0.36, 0.66, 0.46, 0.032)
  p:fill(light(c, 0.35))
  p:capsule(0.05, 0.4, 0.42, 0.02, 0.022):ellipse(0.46, -0.02, 0.1, 0.05, -46)
  p:fill({ 0.78, 0.58, 0.38 })
end

local function ship_hull(p, f)
  local c = f.colour
  p:join(0.02):polygon(0.03, -0.52, 0.34, -0.34, 0.25, 0.42, 0.25, 0.6, 0.31, 0.42, 0.02, -0.42, 0.02)
  p:fill(c, { b = dark(c, 0.6), from = { 0, 0.3 }, to = { 0, 0 }, tex = "wave", scale = 15, amount = 0.4, bevel = 0.08 })
  p:curve(-0.52, 0.36, -0.3, 0.24, 0, 0.25, 0.016):curve(0, 0.25, 0.4, 0.25, 0.62, 0.32, 0.016)
  p:fill({ 0.93, 0.76, 0.4 })
  for i = -2, 2 do window(p, f, i * 0.15, 0.15, 0.02, 0.02) end
end

local function square_sail(p, sail, x, y, w, h)
  p:join(0.02):polygon(0.02, x - w, y + h, x + w, y + h, x + w * 1.12, y - h, x - w * 0.86, y - h)
  p:fill(sail, { b = dark(sail, 0.82), from = { x, y + h }, to = { x + w * 0.4, y - h }, bevel = 0.1, shade = 0.9 })
  p:capsule(x - w * 1.1, y + h, x + w * 1.1, y + h, 0.01)
  p:fill(WOOD)
end

function M.ship(p, f, spec)
  if f.hull then return ship_hull(p, f) end
  local sail = spec.black and { 0.22, 0.2, 0.24 } or f.sail or { 0.97, 0.93, 0.84 }
  for _, x in ipairs { -0.26, 0.04, 0.32 } do p:capsule(x, 0.2, x, x == 0.04 and 1 or 0.86, 0.014) end
  p:fill(WOOD)
  square_sail(p, sail, -0.26, 0.62, 0.12, 0.09)
  square_sail(p, sail, -0.26, 0.42, 0.135, 0.09)
  square_sail(p, sail, 0.32, 0.62, 0.11, 0.09)
  square_sail(p, sail, 0.32, 0.42, 0.125, 0.09)
  square_sail(p, sail, 0.04, 0.76, 0.14, 0.1)
  square_sail(p, sail, 0.04, 0.5, 0.165, 0.125)
  if spec.black then
    p:circle(0.05, 0.53, 0.045):box(0.05, 0.48, 0.026, 0.02):capsule(-0.03, 0.41, 0.13, 0.46, 0.009):capsule(0.13, 0.41, -0.03, 0.46, 0.009)
    p:flat({ 0.94, 0.92, 0.86 })
  end
  p:polygon(0.004, 0.04, 1.06, 0.04, 0.97, 0.18, 1.01)
  p:fill({ 0.9, 0.28, 0.28 })
  p:capsule(0.5, 0.28, 0.74, 0.38, 0.014)
  p:fill(WOOD)
  ship_hull(p, f)
end

return M
