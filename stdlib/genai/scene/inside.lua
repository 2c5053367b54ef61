-- Places without a common sky: under the sea, in space, in a cave, in a room.
local pen = require "genai.scene.pen"
local figures = require "genai.scene.figures"
local backdrop = require "genai.scene.backdrop"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}

local function draw(p, s, kind, x, y, size, colour, flip)
  local info = figures.kinds[kind]
  p:at(x, y, size, flip or 1)
  info.draw(p, { colour = colour or info.colour, r = s.r, lit = s.lamps, beam = 0 }, info.spec)
end

function M.underwater(p, s)
  local r, w = s.r, s.w
  local dim = s.scene.time == "night" and 0.4 or s.scene.time == "dusk" and 0.7 or 1
  local top, mid, low = { 0.45 * dim, 0.85 * dim, 0.9 * dim }, { 0.12 * dim, 0.55 * dim, 0.72 * dim }, { 0.04 * dim, 0.24 * dim, 0.44 * dim }
  p:row { 24, 1, top[1], top[2], top[3], mix(top, mid, 0.6)[1], mix(top, mid, 0.6)[2], mix(top, mid, 0.6)[3], mid[1], mid[2], mid[3], low[1], low[2], low[3], -0.05, 0.25, 0.55, 0.95, 0.1, 3, r:integer(1, 999) }
  p:row { 34, 0.5, 0.8, 1, 0.95, 0, 0, 0, s.sun_x, -0.12, 1.1, 7, r:integer(1, 999) }
  p.haze = mid
  for i = 1, 3 do
    p.hazed = 0.75 - i * 0.22
    backdrop.terrain(p, { top = { 0.3, 0.46, 0.5 }, low = { 0.24, 0.36, 0.4 }, base = 0.7 + i * 0.055, amp = 0.22 - i * 0.045, freq = 1.6 + i * 0.7, octaves = 3, seed = r:integer(1, 999), bottom = 0.95, tex = "rock", scale = 8, amount = 0.4 })
    for _ = 1, 2 do draw(p, s, r:uniform() < 0.5 and "seaweed" or "coral", r:uniform() * w, 0.74 + i * 0.05, 0.12 + i * 0.045, (r:choose { { 0.24, 0.55, 0.4 }, { 0.85, 0.42, 0.46 }, { 0.9, 0.62, 0.3 }, { 0.6, 0.4, 0.7 } })) end
  end
  p.hazed = 0.1
  backdrop.terrain(p, { top = { 0.82, 0.8, 0.6 }, low = { 0.6, 0.58, 0.46 }, base = 0.87, amp = 0.05, freq = 1.4, octaves = 2, seed = r:integer(1, 999), bottom = 1, tex = "wave", scale = 22, amount = 0.2, edge = 0.3 })
  local left = r:uniform() < 0.5
  for i = 0, 2 do
    draw(p, s, "seaweed", left and 0.05 + i * 0.1 or w - 0.05 - i * 0.1, 0.99, 0.34 - i * 0.07, { 0.18, 0.48, 0.36 })
    draw(p, s, "coral", left and w - 0.06 - i * 0.12 or 0.06 + i * 0.12, 0.99, 0.24 - i * 0.05, (r:choose { { 0.95, 0.46, 0.42 }, { 0.95, 0.65, 0.3 }, { 0.75, 0.42, 0.7 } }))
  end
end

function M.bubbles(p, s)
  local r = s.r
  for _ = 1, 14 do
    p:at(r:uniform() * s.w, 0.12 + r:uniform() * 0.75, 0.008 + r:uniform() * 0.016)
    p:ring(0, 0, 0.85, 0.1)
    p:flat({ 0.9, 1, 1 }, { alpha = 0.6, raw = true })
    p:circle(-0.3, 0.3, 0.22)
    p:flat({ 1, 1, 1 }, { alpha = 0.8, raw = true })
  end
end

function M.space(p, s)
  local r, w = s.r, s.w
  p:row { 24, 1, 0.03, 0.03, 0.12, 0.07, 0.06, 0.22, 0.14, 0.08, 0.3, 0.09, 0.08, 0.26, -0.02, 0.25, 0.55, 0.95, 0.3, 3, r:integer(1, 999) }
  p:row { 26, 0.5, 0.66, 0.36, 0.66, 0.24, 0.18, 0.5, -0.3, 1.1, 1.5, 2.6, 0.42, 0.36, r:integer(1, 999) }
  p:row { 25, 1, 1, 0.98, 0.9, 0, 0, 0, 0, 3, 22, 0.0045, r:integer(1, 999), 1 }
  p:row { 25, 1, 0.8, 0.9, 1, 0, 0, 0, 0, 3, 40, 0.003, r:integer(1, 999), 0.7 }
  if not s.planets then draw(p, s, "planet", w * (0.5 - s.plan.side * 0.3), 0.36, 0.24, (r:choose { { 0.9, 0.6, 0.4 }, { 0.5, 0.7, 0.85 }, { 0.8, 0.5, 0.65 } })) end
  if s.scene.sky.moon or s.grounded then
    backdrop.terrain(p, { top = { 0.78, 0.76, 0.84 }, low = { 0.46, 0.42, 0.55 }, base = 0.84, amp = 0.05, freq = 1.2, octaves = 2, seed = r:integer(1, 999), bottom = 1, tex = "rock", scale = 9, amount = 0.4,
      edge = 0.5, curve = -0.06, cx = w * 0.5 })
    for _ = 1, 5 do
      p:at(r:uniform() * w, 0.9 + r:uniform() * 0.08, 0.03 + r:uniform() * 0.05)
      p:ellipse(0, 0, 1, 0.32)
      p:fill({ 0.42, 0.39, 0.5 }, { b = { 0.66, 0.63, 0.74 }, from = { 0, 0.3 }, to = { 0, -0.3 }, ink = 0.2 })
    end
  end
end

function M.cave(p, s)
  local r, w = s.r, s.w
  backdrop.sky(p, s)
  backdrop.clouds(p, s)
  p.hazed = 0.3
  backdrop.terrain(p, { kind = "ridged", top = { 0.46, 0.5, 0.64 }, base = 0.6, amp = 0.14, freq = 2, octaves = 3, seed = r:integer(1, 999), bottom = 0.7, tilt = 0.6 })
  p.hazed = 0
  local rock = { 0.34, 0.28, 0.29 }
  p:at(w * 0.5, 0.72, 1, 1)
  p:box(0, 0.2, w, 0.9)
  p:join(0.04, "cut"):ellipse(s.plan.side * w * 0.16, 0.12, w * 0.27, 0.36)
  p:fill(rock, { b = dark(rock, 0.6), round = { s.plan.side * w * 0.16, 0.1, 0.9 }, tex = "rock", scale = 5, amount = 0.7, rough = 0.03, fine = 7, bevel = 0.12, rim = 1 })
  for i = 1, 7 do
    p:at((i - 0.5 + (r:uniform() - 0.5) * 0.7) / 7 * w, 0, 0.1 + r:uniform() * 0.16, 1)
    p:polygon(0.05, -0.24, 0.1, 0.24, 0.1, 0.02, -1)
    p:fill(dark(rock, 0.8), { tex = "rock", scale = 5, amount = 0.5, bevel = 0.1 })
  end
  backdrop.terrain(p, { top = { 0.5, 0.42, 0.38 }, low = { 0.3, 0.25, 0.26 }, base = 0.74, amp = 0.05, freq = 2, octaves = 3, seed = r:integer(1, 999), bottom = 1, tex = "rock", scale = 9, amount = 0.5, edge = 0.3 })
  for i = 1, 5 do
    local x, y = r:uniform() * w, 0.78 + r:uniform() * 0.1
    local c = r:choose { { 0.5, 0.85, 0.95 }, { 0.85, 0.55, 0.95 }, { 0.6, 0.95, 0.75 } }
    p:at(x, y, 0.06 + r:uniform() * 0.05, 1)
    p:glow(0, 0.4, 1.6, c, 0.35)
    p:polygon(0.02, -0.2, 0, 0.05, 0, 0.0, 0.9, -0.12, 0.8)
    p:polygon(0.02, 0, 0, 0.26, 0, 0.24, 0.5, 0.1, 0.6)
    p:fill(c, { b = light(c, 0.5), raw = true })
  end
end

function M.room(p, s)
  local r, w = s.r, s.w
  local wall = r:choose { { 0.93, 0.82, 0.66 }, { 0.72, 0.82, 0.8 }, { 0.9, 0.76, 0.74 }, { 0.78, 0.78, 0.88 } }
  local lamp = s.lamps > 0
  p:at(w * 0.5, 0.7, 1, 1)
  p:box(0, 0.4, w, 0.5)
  p:fill(wall, { b = dark(wall, 0.86), from = { 0, 0.7 }, to = { 0, 0 }, tex = "spot", scale = 14, amount = 0.1, c = light(wall, 0.4), shade = 0, ink = 0 })
  local wx = s.plan.side * w * 0.22
  local sky = s.pal.sky
  p:box(wx, 0.36, 0.19, 0.2, 0, 0.02)
  p:fill({ 0.97, 0.95, 0.9 }, { bevel = 0.03 })
  p:box(wx, 0.36, 0.165, 0.175, 0, 0.01)
  p:flat(sky[1], { b = sky[4], from = { wx, 0.53 }, to = { wx, 0.19 }, raw = true })
  p:join(0):ellipse(wx - 0.08, 0.2, 0.16, 0.06):ellipse(wx + 0.1, 0.2, 0.14, 0.08)
  p:join(0, "clip"):box(wx, 0.36, 0.165, 0.175)
  p:flat({ 0.4, 0.6, 0.36 })
  if s.scene.time == "night" or s.scene.sky.moon then
    p:circle(wx + 0.07, 0.45, 0.032)
    p:flat({ 0.99, 0.97, 0.88 }, { raw = true })
    p:glow(wx + 0.07, 0.45, 0.14, { 0.8, 0.88, 1 }, 0.6)
  end
  p:box(wx, 0.36, 0.006, 0.175):box(wx, 0.36, 0.165, 0.006)
  p:fill({ 0.97, 0.95, 0.9 }, { bevel = 0.01 })
  for side = -1, 1, 2 do
    p:join(0.02):polygon(0.012, wx + side * 0.1, 0.6, wx + side * 0.26, 0.6, wx + side * 0.27, 0.1, wx + side * 0.17, 0.1, wx + side * 0.19, 0.36)
    p:fill({ 0.8, 0.36, 0.34 }, { tex = "plank", scale = 36, amount = 0.4, c = { 0.62, 0.24, 0.26 } })
  end
  backdrop.terrain(p, { kind = "flat", top = { 0.76, 0.54, 0.36 }, low = { 0.55, 0.36, 0.24 }, base = 0.7, bottom = 1, tex = "plank", scale = 7, amount = 0.6, cap = { 0.4, 0.26, 0.18 }, floor = 1, seed = 4 })
  p:box(0, 0.01, w, 0.012)
  p:fill({ 0.96, 0.93, 0.87 })
  p:at(w * 0.5, 0.88, 1, 1)
  p:ellipse(0, 0, 0.46, 0.085)
  p:fill({ 0.36, 0.5, 0.62 }, { ink = 0.3 })
  p:ellipse(0, 0, 0.38, 0.066)
  p:fill({ 0.9, 0.82, 0.66 }, { ink = 0.1 })
  draw(p, s, "lantern", w * 0.5 + s.plan.side * w * 0.42, 0.82, 0.36)
  if lamp then p:glow(0, 0.7, 2.2, { 1, 0.78, 0.42 }, 0.4) end
  for _, f in ipairs(s.scene.figures) do if f.kind == "bed" then return end end -- it is drawn with the others
  local bx = w * 0.5 - s.plan.side * w * 0.3
  p:at(bx, 0.8, 0.46, s.plan.side)
  p:box(-0.36, 0.34, 0.05, 0.34, 0, 0.03):box(0.44, 0.2, 0.04, 0.2, 0, 0.03):box(0, 0.16, 0.42, 0.09, 0, 0.02)
  p:fill({ 0.5, 0.32, 0.22 }, { tex = "plank", scale = 14, amount = 0.4 })
  p:box(-0.2, 0.36, 0.15, 0.08, 0, 0.07)
  p:fill({ 0.98, 0.97, 0.94 })
  p:join(0.03):box(0.1, 0.28, 0.35, 0.1, 0, 0.06)
  p:fill({ 0.42, 0.58, 0.74 }, { tex = "spot", scale = 12, amount = 0.4, c = { 0.95, 0.9, 0.8 } })
end

return M
