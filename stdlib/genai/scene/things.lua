-- Small things of stories: balloons, kites, lanterns, rockets, stars, gifts. Unit box.
local pen = require "genai.scene.pen"
local animals = require "genai.scene.animals"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local WOOD, GOLD = { 0.5, 0.34, 0.22 }, { 0.98, 0.78, 0.28 }

function M.balloon(p, f) -- hot-air balloon
  local c = f.colour
  p:capsule(-0.17, 0.42, -0.07, 0.16, 0.005):capsule(0.17, 0.42, 0.07, 0.16, 0.005):capsule(-0.06, 0.36, -0.03, 0.16, 0.004):capsule(0.06, 0.36, 0.03, 0.16, 0.004)
  p:flat(WOOD)
  p:join(0.06):circle(0, 0.68, 0.32):polygon(0.03, -0.24, 0.5, 0.24, 0.5, 0.08, 0.34, -0.08, 0.34)
  p:fill(c, { b = dark(c, 0.85), bevel = 0.22 })
  for i = -1, 1 do p:ellipse(i * 0.19, 0.66, i == 0 and 0.07 or 0.055, 0.4, i * 10) end
  p:join(0, "clip"):circle(0, 0.68, 0.318)
  p:fill(mix(c, { 1, 0.93, 0.72 }, 0.8), { ink = 0.1, shade = 0.4, bevel = 0.16 })
  p:box(0, 0.09, 0.085, 0.08, 0, 0.02)
  p:fill({ 0.72, 0.52, 0.3 }, { tex = "brick", scale = 34, amount = 0.6, c = dark(WOOD, 0.8) })
  p:capsule(-0.1, 0.17, 0.1, 0.17, 0.016)
  p:fill(dark(WOOD, 0.8))
  if f.lit > 0 then p:glow(0, 0.4, 0.5, { 1, 0.7, 0.35 }, 0.6 * f.lit, 1) end
end

function M.toy_balloon(p, f)
  p:curve(0, 0.42, 0.05, 0.25, -0.02, 0.02, 0.007)
  p:flat({ 0.95, 0.95, 0.95 })
  p:join(0.03):ellipse(0, 0.7, 0.22, 0.28):polygon(0.01, -0.03, 0.4, 0.03, 0.4, 0, 0.45)
  p:fill(f.colour, { b = dark(f.colour, 0.8), bevel = 0.18 })
  p:ellipse(-0.08, 0.82, 0.035, 0.07, -25)
  p:flat({ 1, 1, 1 }, { alpha = 0.75, soft = 0.01 })
end

function M.kite(p, f)
  local c = f.colour
  if not f.held then
    p:curve(0, 0.35, -0.2, 0.1, -0.5, -0.5, 0.006)
    p:flat({ 0.9, 0.9, 0.9 })
  end
  p:polygon(0.01, 0, 1, 0.27, 0.72, 0, 0.32, -0.27, 0.72)
  p:fill(c, { b = dark(c, 0.8) })
  p:polygon(0, 0, 1, 0.27, 0.72, 0, 0.72)
  p:polygon(0, 0, 0.32, -0.27, 0.72, 0, 0.72)
  p:fill(mix(c, { 1, 0.9, 0.6 }, 0.7), { ink = 0.1 })
  p:curve(0, 0.32, 0.1, 0.2, 0.02, 0.1, 0.01):curve(0.02, 0.1, -0.06, 0.0, 0.04, -0.1, 0.01)
  for i = 0, 2 do p:polygon(0.005, -0.03 + (i % 2) * 0.08, 0.2 - i * 0.13, 0.09 + (i % 2) * 0.04, 0.24 - i * 0.13, 0.09, 0.14 - i * 0.13) end
  p:fill(dark(c, 0.85), { bevel = 0.02 })
end

function M.star(p, f)
  local c = f.colour
  p:glow(0, 0.5, 1.1, { 1, 0.92, 0.6 }, 0.7, 2)
  local points = {}
  for i = 0, 9 do
    local a, r = math.rad(90 + i * 36), i % 2 == 0 and 0.44 or 0.21
    points[#points + 1] = math.cos(a) * r
    points[#points + 1] = 0.5 + math.sin(a) * r
  end
  p:polygon(0.06, table.unpack(points))
  p:fill(c, { b = mix(c, { 1, 0.6, 0.2 }, 0.4), raw = true, bevel = 0.2, ink = 0.25 })
  for side = -1, 1, 2 do
    animals.eye(p, f, side * 0.12, 0.54, 0.048)
    animals.cheek(p, side * 0.2, 0.45, 0.05)
  end
  animals.smile(p, f, 0, 0.46, 0.04)
end

function M.rocket(p, f)
  local c = f.colour
  p:glow(0, 0.0, 0.5, { 1, 0.6, 0.25 }, 0.8, 2)
  p:join(0.04):capsule(0, 0.16, 0, -0.12, 0.1, 0.02)
  p:fill({ 1, 0.7, 0.25 }, { raw = true, b = { 1, 0.35, 0.15 }, from = { 0, 0.1 }, to = { 0, -0.15 }, rough = 0.02, ink = 0 })
  for side = -1, 1, 2 do
    p:polygon(0.02, side * 0.12, 0.42, side * 0.3, 0.14, side * 0.12, 0.2)
    p:fill(c, { b = dark(c, 0.7) })
  end
  p:join(0.03):ellipse(0, 0.52, 0.19, 0.44)
  p:join(0.01, "cut"):box(0, 0.06, 0.3, 0.1)
  p:fill({ 0.95, 0.95, 0.97 }, { b = { 0.7, 0.73, 0.82 }, from = { -0.1, 0.5 }, to = { 0.18, 0.5 }, bevel = 0.15 })
  p:ellipse(0, 0.52, 0.19, 0.44)
  p:join(0, "clip"):box(0, 0.93, 0.3, 0.15)
  p:fill(c, { b = dark(c, 0.8) })
  p:circle(0, 0.56, 0.095)
  p:fill(dark(c, 0.8))
  p:circle(0, 0.56, 0.07)
  p:fill({ 0.6, 0.86, 0.96 }, { b = { 0.3, 0.55, 0.8 } })
end

function M.planet(p, f)
  p:circle(0, 0.5, 0.36)
  p:fill(f.colour, { b = dark(f.colour, 0.6), from = { -0.2, 0.8 }, to = { 0.25, 0.2 }, tex = "wave", scale = 6, amount = 0.5, bevel = 0.25 })
  p:curve(-0.62, 0.36, 0, 0.42, 0.62, 0.66, 0.035, 0.03)
  p:fill(mix(f.colour, { 1, 0.9, 0.7 }, 0.6), { alpha = 0.85 })
end

function M.lantern(p, f)
  if f.held then -- with a ring to carry it by
    p:glow(0, 0.4, 2.2, { 1, 0.78, 0.4 }, 0.3 + 0.6 * f.lit, 1)
    p:ring(0, 0.92, 0.12, 0.03)
    p:box(0, 0.06, 0.3, 0.06, 0, 0.02):polygon(0.02, -0.3, 0.7, 0.3, 0.7, 0.1, 0.86, -0.1, 0.86)
    p:fill({ 0.3, 0.26, 0.28 }, { bevel = 0.05 })
    p:box(0, 0.41, 0.24, 0.3, 0, 0.04)
    p:flat({ 1, 0.9, 0.58 }, { raw = true, b = { 1, 0.74, 0.32 }, from = { 0, 0.7 }, to = { 0, 0.1 } })
    p:box(-0.24, 0.41, 0.02, 0.3):box(0.24, 0.41, 0.02, 0.3):box(0, 0.41, 0.014, 0.3)
    p:fill({ 0.3, 0.26, 0.28 }, { bevel = 0.02 })
    return
  end
  p:capsule(0, 0, 0, 0.62, 0.028)
  p:fill({ 0.24, 0.22, 0.26 })
  p:box(0, 0.02, 0.09, 0.03, 0, 0.01)
  p:fill({ 0.24, 0.22, 0.26 })
  p:polygon(0.01, -0.09, 0.63, 0.09, 0.63, 0.13, 0.86, -0.13, 0.86)
  p:flat({ 1, 0.88, 0.52 }, { raw = true, b = { 1, 0.72, 0.3 } })
  p:join(0):polygon(0.012, -0.16, 0.86, 0.16, 0.86, 0, 0.99):box(0, 0.62, 0.1, 0.018):capsule(-0.11, 0.63, -0.14, 0.86, 0.008):capsule(0.11, 0.63, 0.14, 0.86, 0.008)
  p:fill({ 0.24, 0.22, 0.26 })
  p:glow(0, 0.74, 0.85, { 1, 0.78, 0.4 }, 0.3 + 0.6 * f.lit, 1)
end

function M.campfire(p, f)
  p:glow(0, 0.4, 1.8, { 1, 0.6, 0.25 }, 0.35 + 0.4 * f.lit, 1)
  p:join(0.08):capsule(0, 0.2, 0.02, 0.8, 0.24, 0.03):capsule(-0.14, 0.2, -0.2, 0.56, 0.13, 0.02):capsule(0.15, 0.2, 0.22, 0.6, 0.13, 0.02)
  p:fill({ 1, 0.55, 0.15 }, { raw = true, b = { 0.95, 0.3, 0.1 }, from = { 0, 0.1 }, to = { 0, 0.9 }, rough = 0.03, fine = 7, ink = 0 })
  p:join(0.05):capsule(0, 0.15, 0, 0.5, 0.14, 0.02)
  p:flat({ 1, 0.9, 0.45 }, { raw = true, soft = 0.03 })
  p:capsule(-0.4, 0.04, 0.36, 0.16, 0.06):capsule(0.4, 0.04, -0.36, 0.16, 0.06)
  p:fill(WOOD, { tex = "fur", scale = 12, amount = 0.5, bevel = 0.06 })
end

function M.umbrella(p, f)
  p:capsule(0, 0.08, 0, 0.7, 0.018):curve(0, 0.08, 0.02, -0.02, 0.1, 0.05, 0.018)
  p:fill(WOOD)
  p:ellipse(0, 0.55, 0.5, 0.42)
  p:join(0.01, "cut"):box(0, 0.3, 0.7, 0.27)
  p:join(0.01, "cut"):circle(-0.34, 0.5, 0.13):circle(0, 0.49, 0.15):circle(0.34, 0.5, 0.13)
  p:fill(f.colour, { b = dark(f.colour, 0.75), from = { -0.3, 0.8 }, to = { 0.4, 0.6 }, bevel = 0.14 })
end

function M.chest(p, f)
  p:box(0, 0.25, 0.45, 0.25, 0, 0.02)
  p:fill(f.colour, { tex = "plank", scale = 7, amount = 0.5, c = dark(f.colour, 0.6) })
  p:glow(0, 0.62, 0.9, { 1, 0.85, 0.4 }, 0.7, 1)
  for i = -3, 3 do p:circle(i * 0.11, 0.53 + (i % 2) * 0.06, 0.09) end
  p:fill(GOLD, { b = dark(GOLD, 0.75), raw = true })
  p:join(0):box(0, 0.72, 0.46, 0.05, 8, 0.04):box(0, 0.83, 0.42, 0.09, 8, 0.07)
  p:fill(dark(f.colour, 0.9), { tex = "plank", scale = 7, amount = 0.5, c = dark(f.colour, 0.6) })
  p:box(0, 0.46, 0.46, 0.03):box(-0.34, 0.25, 0.03, 0.25):box(0.34, 0.25, 0.03, 0.25):box(0, 0.4, 0.06, 0.08, 0, 0.02)
  p:fill(GOLD, { b = dark(GOLD, 0.7) })
end

function M.gift(p, f)
  p:box(0, 0.32, 0.36, 0.32, 0, 0.02)
  p:fill(f.colour, { b = dark(f.colour, 0.8), tex = "spot", scale = 9, amount = 0.35, c = light(f.colour, 0.4) })
  p:box(0, 0.68, 0.4, 0.08, 0, 0.02)
  p:fill(light(f.colour, 0.1))
  p:box(0, 0.38, 0.06, 0.38)
  p:join(0):ellipse(-0.14, 0.84, 0.15, 0.09, -25):ellipse(0.14, 0.84, 0.15, 0.09, 25):circle(0, 0.79, 0.06)
  p:fill(GOLD, { b = dark(GOLD, 0.8) })
end

function M.ball(p, f)
  p:circle(0, 0.5, 0.5)
  p:fill(f.colour, { b = dark(f.colour, 0.7), bevel = 0.3 })
  p:ellipse(0, 0.5, 0.16, 0.5, 20)
  p:fill({ 0.98, 0.95, 0.88 }, { ink = 0.1, shade = 0.4 })
end

function M.heart(p, f)
  p:glow(0, 0.5, 0.9, f.colour, 0.35, 1)
  p:join(0.05):capsule(-0.22, 0.68, 0, 0.2, 0.25, 0.04):capsule(0.22, 0.68, 0, 0.2, 0.25, 0.04)
  p:fill(f.colour, { b = dark(f.colour, 0.75), bevel = 0.2 })
end

function M.cake(p, f)
  local c = f.colour
  for i = 0, 1 do
    p:box(0, 0.2 + i * 0.3, 0.46 - i * 0.13, 0.17, 0, 0.05)
    p:fill(light(c, i * 0.2), { b = dark(c, 0.85), bevel = 0.08 })
    for k = -3, 3 do p:capsule(k * (0.13 - i * 0.04), 0.36 + i * 0.3, k * (0.13 - i * 0.04), 0.3 + i * 0.3 - (k % 2) * 0.05, 0.06 - i * 0.01) end
    p:fill({ 1, 0.97, 0.92 }, { bevel = 0.04 })
  end
  for k = -1, 1 do
    p:box(k * 0.15, 0.78, 0.018, 0.09)
    p:fill({ 0.95, 0.5, 0.6 }, { tex = "stripe", scale = 20, amount = 0.5, c = { 1, 1, 1 } })
    p:glow(k * 0.15, 0.92, 0.22, { 1, 0.8, 0.4 }, 0.8, 1)
    p:ellipse(k * 0.15, 0.92, 0.022, 0.045)
    p:flat({ 1, 0.85, 0.4 }, { raw = true })
  end
end

function M.book(p, f)
  for side = -1, 1, 2 do
    p:polygon(0.02, 0, 0.1, side * 0.5, 0.18, side * 0.5, 0.72, 0, 0.62)
    p:fill(f.colour, { b = dark(f.colour, 0.75) })
    p:polygon(0.01, 0, 0.16, side * 0.45, 0.23, side * 0.45, 0.7, 0, 0.62)
    p:fill({ 0.98, 0.95, 0.88 }, { b = { 0.82, 0.77, 0.7 }, from = { side * 0.4, 0.5 }, to = { 0, 0.4 } })
  end
end

function M.fence(p, f)
  p:box(0, 0.32, 1.1, 0.06):box(0, 0.68, 1.1, 0.06)
  for i = -4, 4 do p:polygon(0.02, i * 0.26 - 0.07, 0, i * 0.26 + 0.07, 0, i * 0.26 + 0.07, 0.82, i * 0.26, 0.96, i * 0.26 - 0.07, 0.82) end
  p:fill(f.colour, { b = dark(f.colour, 0.8), bevel = 0.05, tex = "fur", scale = 9, amount = 0.3 })
end

function M.well(p, f)
  p:box(-0.27, 0.5, 0.03, 0.3):box(0.27, 0.5, 0.03, 0.3)
  p:fill(WOOD)
  p:polygon(0.02, -0.46, 0.74, 0.46, 0.74, 0, 1)
  p:fill({ 0.66, 0.33, 0.26 }, { tex = "shingle", scale = 18, amount = 0.6 })
  p:capsule(0, 0.76, 0, 0.5, 0.008)
  p:flat(WOOD)
  p:box(0, 0.46, 0.07, 0.06, 0, 0.01)
  p:fill(dark(WOOD, 0.8))
  p:box(0, 0.18, 0.36, 0.19, 0, 0.04)
  p:fill({ 0.66, 0.65, 0.66 }, { b = { 0.46, 0.45, 0.5 }, tex = "brick", scale = 13, amount = 0.5, c = { 0.4, 0.4, 0.44 } })
end

function M.train(p, f)
  local c = f.colour
  for i = 0, 2 do p:circle(0.42 + i * 0.1 - i * i * 0.07, 0.98 + i * 0.12, 0.06 + i * 0.03) end
  p:flat({ 0.95, 0.95, 0.96 }, { alpha = 0.7, soft = 0.03 })
  p:box(0.42, 0.74, 0.05, 0.14):box(0.42, 0.88, 0.075, 0.025)
  p:fill({ 0.2, 0.2, 0.24 })
  p:box(-0.3, 0.56, 0.26, 0.34, 0, 0.03):box(0.22, 0.46, 0.38, 0.17, 0, 0.12)
  p:fill(c, { b = dark(c, 0.75), bevel = 0.1 })
  p:box(-0.3, 0.92, 0.31, 0.04, 0, 0.02)
  p:fill(dark(c, 0.6))
  p:box(-0.3, 0.66, 0.14, 0.13, 0, 0.02)
  p:flat(f.lit > 0 and { 1, 0.84, 0.45 } or { 0.7, 0.86, 0.92 }, { raw = f.lit > 0 })
  p:box(0.22, 0.46, 0.03, 0.175):box(0, 0.27, 0.6, 0.03)
  p:fill(GOLD)
  for _, w in ipairs { { -0.36, 0.15, 0.15 }, { 0.08, 0.12, 0.12 }, { 0.42, 0.12, 0.12 } } do
    p:circle(w[1], w[2], w[3])
    p:fill({ 0.25, 0.22, 0.26 })
    p:circle(w[1], w[2], w[3] * 0.62)
    p:fill({ 0.85, 0.3, 0.26 })
    p:circle(w[1], w[2], w[3] * 0.2)
    p:fill(GOLD)
  end
end

function M.car(p, f)
  local c = f.colour
  p:join(0.06):box(0, 0.34, 0.56, 0.17, 0, 0.12):ellipse(-0.06, 0.52, 0.34, 0.3)
  p:fill(c, { b = dark(c, 0.75), bevel = 0.15 })
  p:ellipse(-0.06, 0.56, 0.26, 0.2)
  p:join(0, "cut"):box(0, 0.36, 0.6, 0.15):box(-0.06, 0.7, 0.02, 0.3)
  p:fill({ 0.75, 0.9, 0.96 })
  p:circle(0.5, 0.38, 0.05)
  p:flat({ 1, 0.92, 0.6 }, { raw = true })
  if f.lit > 0 then p:glow(0.55, 0.38, 0.5, { 1, 0.9, 0.6 }, 0.7, 1) end
  for _, x in ipairs { -0.32, 0.32 } do
    p:circle(x, 0.16, 0.16)
    p:fill({ 0.2, 0.19, 0.23 })
    p:circle(x, 0.16, 0.08)
    p:fill({ 0.85, 0.86, 0.88 })
  end
end

return M
