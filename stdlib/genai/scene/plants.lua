-- Trees, flowers and what else stands in the land. Unit box: foot at 0, top near 1.
local pen = require "genai.scene.pen"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local BARK = { 0.46, 0.32, 0.24 }

local function trunk(p, c, w, h, lean)
  p:join(0.05):curve(0, 0, lean * 0.3, h * 0.5, lean, h, w, w * 0.55)
  p:capsule(-w * 1.5, 0.0, 0, 0.1, w * 0.3, w * 0.6):capsule(w * 1.5, 0.0, 0, 0.1, w * 0.3, w * 0.6)
  p:curve(lean * 0.5, h * 0.6, -0.1, h * 0.75, -0.18, h * 0.95, w * 0.4, w * 0.2):curve(lean * 0.5, h * 0.55, 0.12, h * 0.72, 0.2, h * 0.9, w * 0.4, w * 0.2)
  p:fill(c, { b = dark(c, 0.7), tex = "fur", scale = 34, amount = 0.6, bevel = 0.05 })
end

local function clump(p, c, x, y, r, amount)
  p:circle(x, y, r)
  p:fill(c, { b = dark(c, 0.74), from = { x - r * 0.3, y + r * 0.8 }, to = { x + r * 0.2, y - r }, tex = "leaves", scale = 34, amount = amount or 0.62, rough = 0.034, fine = 24,
    bevel = r * 0.8, shade = 0.5, ink = 0, rim = 0.5, soft = 0.006 })
end

--- A broad crown on a trunk; f.r gives each tree its own clumps.
function M.tree(p, f, spec)
  local c, r = f.colour, f.r
  trunk(p, spec.bark or BARK, spec.slim or 0.055, 0.6, (r:uniform() - 0.5) * 0.06)
  if spec.bare then
    for i = -2, 2 do
      p:curve(0, 0.5, i * 0.09, 0.72, i * 0.16, 0.92 - math.abs(i) * 0.06, 0.026, 0.007)
      p:curve(i * 0.08, 0.72, i * 0.12 + 0.05, 0.82, i * 0.15 + 0.1, 0.86, 0.012, 0.004)
    end
    p:fill(BARK, { b = dark(BARK, 0.7) })
    return
  end
  local crown = {}
  for i = 0, 6 do
    local a = i / 7 * math.pi * 2 + r:uniform() * 0.5
    local d = 0.15 + r:uniform() * 0.05
    crown[#crown + 1] = { math.cos(a) * d * 1.35, 0.66 + math.sin(a) * d, 0.135 + r:uniform() * 0.05 }
  end
  table.sort(crown, function(a, b) return a[2] > b[2] end)
  p:join(0.05):circle(0, 0.67, 0.2)
  for _, s in ipairs(crown) do p:circle(s[1], s[2], s[3] * 1.02) end
  p:fill(dark(c, 0.66), { tex = "leaves", scale = 32, amount = 0.6, rough = 0.04, fine = 20, bevel = 0.12, ink = 0.15 })
  for i, s in ipairs(crown) do clump(p, i % 2 == 0 and light(c, 0.05) or dark(c, 0.94), s[1] * 0.92, s[2] + 0.015, s[3] * 0.82) end
  clump(p, light(c, 0.1), -0.03, 0.72, 0.13)
  if spec.fruit then
    for _ = 1, 9 do
      local a, d = r:uniform() * 6.28, r:uniform()
      p:circle(math.cos(a) * 0.24 * d, 0.66 + math.sin(a) * 0.18 * d, 0.026)
    end
    p:fill(spec.fruit, { bevel = 0.03, ink = 0.3 })
  end
end

function M.pine(p, f)
  local c = f.colour
  p:capsule(0, 0, 0, 0.3, 0.04, 0.035)
  p:fill(BARK, { b = dark(BARK, 0.7), tex = "fur", scale = 34, amount = 0.5 })
  for i = 0, 4 do
    local y, w = 0.14 + i * 0.165, 0.27 - i * 0.045
    p:join(0.01):polygon(0.012, -w, y, w, y, 0, y + 0.3)
    for k = -2, 2 do p:circle(k * w * 0.42, y + 0.004, w * 0.2) end
    p:fill(light(c, i * 0.035), { b = dark(c, 0.62), from = { 0, y + 0.27 }, to = { 0, y - 0.03 }, tex = "needles", scale = 24, amount = 0.55, rough = 0.012,
      fine = 24, bevel = 0.1 })
    if f.snowy then
      p:join(0.02):polygon(0.012, -w * 0.62, y + 0.1, w * 0.62, y + 0.1, 0, y + 0.3)
      p:fill({ 0.96, 0.98, 1 }, { b = { 0.8, 0.87, 0.96 }, rough = 0.014, fine = 18, ink = 0.05 })
    end
  end
end

function M.palm(p, f)
  local c = f.colour
  p:curve(0, 0, -0.04, 0.4, 0.1, 0.74, 0.05, 0.028)
  p:fill({ 0.62, 0.46, 0.3 }, { tex = "wave", scale = 26, amount = 0.7, bevel = 0.05 })
  for i = -3, 3 do
    local a = math.rad(90 - i * 34)
    local x, y = math.cos(a), math.sin(a)
    p:join(0.01):curve(0.1, 0.75, 0.1 + x * 0.22, 0.8 + y * 0.16 + 0.05, 0.1 + x * 0.37, 0.68 + y * 0.2 - math.abs(i) * 0.02, 0.034, 0.012)
    p:fill(i % 2 == 0 and c or dark(c, 0.8), { tex = "plank", scale = 30, amount = 0.4, rough = 0.014, fine = 26, bevel = 0.05 })
  end
  for i = -1, 1 do p:circle(0.1 + i * 0.04, 0.72 - math.abs(i) * 0.01, 0.03) end
  p:fill({ 0.45, 0.3, 0.2 })
end

function M.willow(p, f)
  local c, r = f.colour, f.r
  trunk(p, BARK, 0.06, 0.6, 0.02)
  p:join(0.06):ellipse(0, 0.72, 0.32, 0.22)
  p:fill(dark(c, 0.8), { tex = "leaves", scale = 24, amount = 0.4, rough = 0.02, bevel = 0.16 })
  for i = -6, 6 do
    local x, len = i * 0.06, 0.34 + r:uniform() * 0.2
    p:curve(x * 0.7, 0.82 - math.abs(i) * 0.014, x * 1.3, 0.72, x * 1.25, 0.72 - len, 0.03, 0.012)
    p:fill(i % 2 == 0 and c or light(c, 0.12), { tex = "leaves", scale = 34, amount = 0.5, rough = 0.012, fine = 26, bevel = 0.04 })
  end
end

function M.bush(p, f)
  for _, s in ipairs { { -0.28, 0.3, 0.28 }, { 0.28, 0.28, 0.27 }, { 0, 0.45, 0.36 } } do
    p:circle(s[1], s[2], s[3])
    p:fill(f.colour, { b = dark(f.colour, 0.65), from = { 0, 0.8 }, to = { 0, 0 }, tex = "leaves", scale = 11, amount = 0.5, rough = 0.05, fine = 7, bevel = 0.3 })
  end
end

function M.cactus(p, f)
  p:join(0.03):capsule(0, 0.02, 0, 0.84, 0.13):curve(-0.1, 0.36, -0.34, 0.34, -0.32, 0.62, 0.08):curve(0.1, 0.5, 0.33, 0.46, 0.31, 0.74, 0.08)
  p:fill(f.colour, { b = dark(f.colour, 0.75), tex = "plank", scale = 18, amount = 0.4, c = dark(f.colour, 0.7), bevel = 0.1 })
  p:circle(0, 0.97, 0.05):circle(-0.05, 0.95, 0.04):circle(0.05, 0.95, 0.04)
  p:fill({ 0.96, 0.45, 0.6 })
end

--- Petals round a centre; spec.sunflower gives many thin ones.
function M.flower(p, f, spec)
  local c = f.colour
  local stem = { 0.34, 0.58, 0.28 }
  p:curve(0, 0, -0.05, 0.3, 0, 0.62, 0.022)
  p:fill(stem)
  p:ellipse(-0.13, 0.24, 0.14, 0.055, -32):ellipse(0.13, 0.32, 0.14, 0.055, 32)
  p:fill(stem, { b = dark(stem, 0.75) })
  if spec.tulip then
    p:join(0.02):ellipse(0, 0.72, 0.17, 0.19):polygon(0.02, -0.16, 0.74, -0.14, 0.96, 0, 0.82, 0.14, 0.96, 0.16, 0.74)
    p:fill(c, { b = dark(c, 0.75), tex = "plank", scale = 11, amount = 0.3 })
    return
  end
  local n = spec.sunflower and 14 or 7
  for i = 0, n - 1 do
    local a = i / n * 2 * math.pi
    p:join(0.01):ellipse(math.cos(a) * 0.185, 0.74 + math.sin(a) * 0.185, 0.115, spec.sunflower and 0.042 or 0.078, math.deg(a))
  end
  p:fill(c, { round = { 0, 0.74, 0.3 }, b = dark(c, 0.9), bevel = 0.08 })
  p:circle(0, 0.74, spec.sunflower and 0.12 or 0.085)
  p:fill(spec.sunflower and { 0.4, 0.25, 0.14 } or { 1, 0.82, 0.3 }, { tex = "spot", scale = 30, amount = 0.5, bevel = 0.06 })
end

function M.mushroom(p, f)
  p:join(0.05):capsule(0, 0.05, 0, 0.5, 0.17, 0.12)
  p:fill({ 0.97, 0.92, 0.83 }, { b = { 0.82, 0.74, 0.64 }, bevel = 0.12 })
  p:ellipse(0, 0.55, 0.46, 0.42)
  p:join(0.04, "cut"):box(0, 0.2, 0.7, 0.3)
  p:fill(f.colour, { b = dark(f.colour, 0.75), from = { 0, 1 }, to = { 0, 0.5 }, bevel = 0.2 })
  for _, s in ipairs { { -0.2, 0.68, 0.075 }, { 0.05, 0.8, 0.09 }, { 0.26, 0.64, 0.065 }, { -0.02, 0.6, 0.05 } } do p:circle(s[1], s[2], s[3]) end
  p:fill({ 1, 0.98, 0.93 }, { bevel = 0.05, ink = 0.1 })
end

function M.seaweed(p, f)
  for i = -2, 2 do
    local s = i % 2 == 0 and 1 or -1
    p:join(0.02):curve(i * 0.1, 0, i * 0.13 + 0.12 * s, 0.3, i * 0.12, 0.5 - math.abs(i) * 0.05, 0.04, 0.035)
    p:curve(i * 0.12, 0.5 - math.abs(i) * 0.05, i * 0.12 - 0.12 * s, 0.75, i * 0.16, 0.98 - math.abs(i) * 0.13, 0.035, 0.01)
    p:fill(i % 2 == 0 and f.colour or dark(f.colour, 0.8), { bevel = 0.05 })
  end
end

function M.coral(p, f)
  p:join(0.04):capsule(0, 0, 0, 0.4, 0.09, 0.07)
  for i = -2, 2 do
    p:curve(0, 0.25, i * 0.1, 0.4, i * 0.17, 0.85 - math.abs(i) * 0.12, 0.06, 0.05)
    p:curve(i * 0.13, 0.55 - math.abs(i) * 0.04, i * 0.2, 0.6, i * 0.2 + 0.07, 0.72 - math.abs(i) * 0.1, 0.04, 0.035)
  end
  p:fill(f.colour, { b = dark(f.colour, 0.7), tex = "spot", scale = 16, amount = 0.25, c = light(f.colour, 0.4), bevel = 0.06 })
end

function M.rock(p, f)
  p:join(0.1):ellipse(-0.12, 0.26, 0.42, 0.3):ellipse(0.24, 0.2, 0.32, 0.24):ellipse(-0.05, 0.48, 0.24, 0.2)
  p:join(0.04, "cut"):box(0, -0.2, 1, 0.22)
  p:fill(f.colour, { b = dark(f.colour, 0.7), from = { 0, 0.7 }, to = { 0, 0 }, tex = "rock", scale = 5, amount = 0.5, bevel = 0.25, rough = 0.02, fine = 6 })
end

return M
