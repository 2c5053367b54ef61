-- Animals of the storybook: sitting ones face us, standing ones show their side. Every figure draws in a unit box, feet at y = 0, one unit tall.
local pen = require "genai.scene.pen"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local BLACK, WHITE, PINK = { 0.09, 0.07, 0.1 }, { 1, 1, 1 }, { 0.96, 0.55, 0.55 }

--- One eye with a highlight; closed when the figure sleeps.
local function eye(p, f, x, y, r, colour)
  if f.pose == "asleep" then
    p:curve(x - r * 1.1, y, x, y - r * 1.3, x + r * 1.1, y, r * 0.22)
    p:flat(BLACK)
    return
  end
  if colour then
    p:ellipse(x, y, r * 1.25, r * 1.35)
    p:flat(colour)
  end
  p:ellipse(x, y, r * 0.88, r * 1.12)
  p:flat(BLACK)
  p:circle(x + r * 0.32, y + r * 0.42, r * 0.34)
  p:flat(WHITE, { raw = true })
  p:circle(x - r * 0.3, y - r * 0.45, r * 0.16)
  p:flat(WHITE, { raw = true, alpha = 0.7 })
end

local function cheek(p, x, y, r)
  p:ellipse(x, y, r, r * 0.72)
  p:flat(PINK, { soft = r * 0.7, alpha = 0.55 })
end

local function smile(p, f, x, y, w)
  local dip = f.mood == "sad" and -0.7 or f.mood == "happy" and 1.1 or 0.8
  p:curve(x - w, y, x - w * 0.5, y - w * dip, x, y, w * 0.16)
  p:curve(x, y, x + w * 0.5, y - w * dip, x + w, y, w * 0.16)
  p:flat({ 0.22, 0.12, 0.14 })
end
M.eye, M.cheek, M.smile = eye, cheek, smile

local function fur(c, o)
  o = o or {}
  o.tex, o.scale, o.amount = o.tex or "fur", o.scale or 34, o.amount or 0.22
  o.b = o.b or dark(c, 0.82)
  return o
end

-- ears by kind, drawn behind the head
local ears = {}
function ears.long(p, c)
  for side = -1, 1, 2 do
    p:curve(side * 0.085, 0.76, side * 0.1, 1.02, side * 0.16 + 0.02, 1.2, 0.066, 0.048)
    p:fill(c, fur(c, { bevel = 0.05 }))
    p:curve(side * 0.09, 0.84, side * 0.105, 1.02, side * 0.155 + 0.02, 1.17, 0.034, 0.022)
    p:flat({ 0.95, 0.68, 0.66 })
  end
end
function ears.point(p, c, spec)
  for side = -1, 1, 2 do
    local tip = spec.tip or c
    p:polygon(0.018, side * 0.26, 0.80, side * 0.225, 1.0, side * 0.06, 0.88)
    p:fill(tip == c and c or tip, { b = c, from = { 0, 1 }, to = { 0, 0.88 }, bevel = 0.05 })
    p:polygon(0.004, side * 0.225, 0.83, side * 0.208, 0.94, side * 0.11, 0.87)
    p:flat(spec.inner or { 0.93, 0.7, 0.66 })
  end
end
function ears.round(p, c, spec)
  local r = spec.ear or 0.085
  for side = -1, 1, 2 do
    p:circle(side * (0.15 + r * 0.55), 0.86 + r * 0.25, r)
    p:fill(c, fur(c, { bevel = 0.05 }))
    p:circle(side * (0.15 + r * 0.55), 0.855 + r * 0.25, r * 0.6)
    p:flat(spec.inner or { 0.92, 0.68, 0.66 })
  end
end
function ears.flop(p, c)
  for side = -1, 1, 2 do
    p:curve(side * 0.17, 0.86, side * 0.33, 0.84, side * 0.29, 0.62, 0.05, 0.065)
    p:fill(dark(c, 0.72), fur(dark(c, 0.72), { bevel = 0.06 }))
  end
end
function ears.leaf(p, c)
  for side = -1, 1, 2 do
    p:ellipse(side * 0.3, 0.78, 0.11, 0.055, side * 18)
    p:fill(c, { bevel = 0.05 })
  end
end

local tails = {}
function tails.puff(p, c)
  p:circle(-0.24, 0.12, 0.085)
  p:fill(light(c, 0.5), { rough = 0.01, fine = 30, bevel = 0.08 })
end
function tails.brush(p, c, spec)
  p:join(0.06):curve(-0.12, 0.1, -0.46, 0.0, -0.43, 0.36, 0.07, 0.12):capsule(-0.43, 0.36, -0.38, 0.52, 0.12, 0.02)
  p:fill(c, fur(c, { rough = 0.012, fine = 22, bevel = 0.12 }))
  if spec.tail_tip then
    p:capsule(-0.435, 0.4, -0.38, 0.52, 0.115, 0.018)
    p:fill(spec.tail_tip, { rough = 0.014, fine = 22, bevel = 0.1 })
  end
end
function tails.curl(p, c, spec)
  p:curve(-0.16, 0.08, -0.52, 0.02, -0.4, 0.34, 0.042, 0.036):curve(-0.4, 0.34, -0.34, 0.46, -0.44, 0.5, 0.036, 0.03)
  p:fill(c, fur(c, { bevel = 0.04 }))
  if spec.stripes then
    p:circle(-0.43, 0.49, 0.036)
    p:fill(dark(c, 0.75), { bevel = 0.03 })
  end
end
function tails.thin(p) p:curve(-0.16, 0.06, -0.5, -0.02, -0.44, 0.3, 0.02, 0.008) p:fill({ 0.9, 0.66, 0.64 }, { bevel = 0.02 }) end
function tails.wag(p, c) p:curve(-0.17, 0.12, -0.4, 0.14, -0.38, 0.38, 0.048, 0.03) p:fill(c, fur(c, { bevel = 0.05 })) end
function tails.squirrel(p, c)
  p:join(0.08):curve(-0.12, 0.08, -0.5, 0.1, -0.42, 0.55, 0.08, 0.15):curve(-0.42, 0.55, -0.36, 0.86, -0.56, 0.84, 0.14, 0.06)
  p:fill(c, fur(c, { rough = 0.016, fine = 20, bevel = 0.14 }))
end
function tails.pig(p, c) p:curve(-0.22, 0.16, -0.36, 0.12, -0.33, 0.24, 0.018) p:fill(c, { bevel = 0.02 }) end

local function muzzle(p, f, spec, look)
  local c = f.colour
  if spec.mask then -- light lower face
    p:join(0.04):ellipse(-0.13 + look, 0.60, 0.12, 0.085):ellipse(0.13 + look, 0.60, 0.12, 0.085):ellipse(look, 0.57, 0.1, 0.07)
    p:join(0, "clip"):ellipse(0, 0.665, 0.295, 0.232)
    p:fill(spec.mask, { ink = 0, bevel = 0.1, shade = 0.4 })
  end
  local m = spec.muzzle or light(c, 0.62)
  local w = spec.snout or 0.085
  p:join(0.02):ellipse(look * 1.4 - w * 0.5, 0.585, w * 0.72, w * 0.62):ellipse(look * 1.4 + w * 0.5, 0.585, w * 0.72, w * 0.62)
  if spec.snout then p:ellipse(look * 1.4, 0.6, w * 0.8, w * 0.7) end
  p:fill(m, { ink = 0.12, bevel = 0.06, shade = 0.5 })
  smile(p, f, look * 1.4, 0.578, 0.042)
  if spec.nose == "snout" then
    p:ellipse(look * 1.5, 0.61, 0.085, 0.062)
    p:fill(dark(c, 0.9), { bevel = 0.03 })
    p:ellipse(look * 1.5 - 0.03, 0.61, 0.014, 0.022):ellipse(look * 1.5 + 0.03, 0.61, 0.014, 0.022)
    p:flat(dark(c, 0.5))
  else
    p:join(0.01):ellipse(look * 1.5, 0.622, spec.big_nose and 0.045 or 0.029, spec.big_nose and 0.032 or 0.02)
    p:fill(spec.nose or { 0.2, 0.13, 0.15 }, { ink = 0, bevel = 0.02 })
  end
  if spec.whiskers then
    for side = -1, 1, 2 do
      for i = -1, 1 do
        p:curve(look * 1.4 + side * 0.09, 0.59 + i * 0.012, side * 0.2, 0.6 + i * 0.035, side * 0.32, 0.585 + i * 0.06, 0.0045, 0.002)
      end
    end
    p:flat(light(c, 0.7), { alpha = 0.8 })
  end
  if spec.teeth then
    p:box(look * 1.4, 0.545, 0.024, 0.022, 0, 0.006)
    p:flat(WHITE)
  end
end

local function sitting_body(p, f, spec)
  local c = f.colour
  local belly = spec.belly or light(c, 0.55)
  p:join(0.08):capsule(0, 0.2, 0, 0.44, spec.wide or 0.235, 0.15):ellipse(-0.17, 0.12, 0.13, 0.11):ellipse(0.17, 0.12, 0.13, 0.11)
  p:fill(c, fur(c, { bevel = 0.16 }))
  if spec.stripes then
    p:capsule(0, 0.2, 0, 0.44, (spec.wide or 0.235) - 0.008, 0.145)
    p:fill(c, { tex = "stripe", scale = 11, amount = 1, c = f.given and dark(c, 0.72) or spec.stripes, ink = 0, alpha = 0.85 })
  end
  p:ellipse(0, 0.24, 0.135, 0.185)
  p:fill(belly, { b = dark(belly, 0.9), soft = 0.012, ink = 0, shade = 0.3, tex = "fur", scale = 40, amount = 0.15 })
  for side = -1, 1, 2 do
    p:join(0.03):curve(side * 0.16, 0.42, side * 0.2, 0.28, side * 0.08, 0.2, 0.058, 0.05)
    p:fill(spec.sleeve or c, fur(spec.sleeve or c, { bevel = 0.06 }))
    p:ellipse(side * 0.15, 0.05, 0.115, 0.058)
    p:fill(spec.socks or light(c, 0.12), { bevel = 0.06 })
  end
end

local function spines(p, c)
  for i = 0, 12 do
    local a = math.rad(200 - i * 18.5)
    local x, y = math.cos(a) * 0.3, 0.42 + math.sin(a) * 0.42
    p:polygon(0.008, x * 0.8 - 0.05, y * 0.9 + 0.04, x * 1.28, 0.42 + (y - 0.42) * 1.22, x * 0.8 + 0.05, y * 0.9 + 0.04)
  end
  p:join(0.02):ellipse(0, 0.42, 0.31, 0.42)
  p:fill(dark(c, 0.62), { tex = "needles", scale = 22, amount = 0.7, rough = 0.01 })
end

--- An animal that sits and looks at us, from a few words about its ears, tail and face.
function M.sitting(p, f, spec)
  local c, look = f.colour, 0.022
  if spec.tail then tails[spec.tail](p, spec.tail_colour or c, spec) end
  if spec.spines then spines(p, c) end
  if spec.mane then
    p:circle(0, 0.66, 0.36)
    p:fill(spec.mane, { rough = 0.03, fine = 16, tex = "fur", scale = 20, amount = 0.5, bevel = 0.2 })
  end
  sitting_body(p, f, spec)
  p:turn(0, 0.5, (f.turn or 0) * 0.09)
  ears[spec.ears](p, spec.ear_colour or c, spec)
  p:join(0.05):ellipse(0, 0.665, spec.face or 0.28, 0.228):ellipse(-0.13, 0.61, 0.15, 0.13):ellipse(0.13, 0.61, 0.15, 0.13)
  p:fill(c, fur(c, { bevel = 0.16 }))
  if spec.stripes then
    for i = -1, 1 do p:capsule(i * 0.07, 0.885, i * 0.05, 0.80, 0.006, 0.014) end
    p:join(0, "clip"):ellipse(0, 0.665, 0.28, 0.228)
    p:flat(f.given and dark(c, 0.7) or spec.stripes)
  end
  if spec.patches then
    for side = -1, 1, 2 do p:ellipse(side * 0.13 + look, 0.69, 0.075, 0.095, side * -25) end
    p:fill(spec.patches, { ink = 0, shade = 0.3 })
  end
  muzzle(p, f, spec, look)
  for side = -1, 1, 2 do
    eye(p, f, side * 0.125 + look, 0.69, spec.eye or 0.042, spec.iris)
    cheek(p, side * 0.195 + look * 0.6, 0.605, 0.05)
  end
  p:turn()
end

-- quadrupeds from the side
local function legs(p, c, spec)
  local h = spec.body - 0.02
  local w = spec.leg or 0.042
  for i, x in ipairs { -0.24, 0.2, -0.3, 0.14 } do
    local shade = i <= 2 and dark(c, 0.72) or c
    p:join(0.03):capsule(x, h, x + 0.01, 0.06, w * 1.35, w)
    p:fill(shade, { bevel = 0.05 })
    p:box(x + 0.015, 0.03, w * 1.15, 0.03, 0, 0.015)
    p:fill(spec.hoof or dark(c, 0.45), { bevel = 0.03 })
  end
end

local function quadruped_head(p, f, spec, hx, hy)
  local c, r = spec.head_colour or f.colour, spec.head or 0.12
  p:ellipse(hx - 0.1, hy + r * 0.85, 0.03, 0.075, 30)
  p:fill(dark(c, 0.8), { bevel = 0.03 })
  if spec.horn == "antler" then
    for side = -1, 1, 2 do
      local x = hx - 0.02 + side * 0.035
      p:curve(x, hy + r * 0.7, x + side * 0.02, hy + 0.22, x + side * 0.11, hy + 0.3, 0.014, 0.008)
      p:curve(x + side * 0.02, hy + 0.19, x - side * 0.06, hy + 0.22, x - side * 0.05, hy + 0.29, 0.01, 0.006)
    end
    p:fill({ 0.62, 0.46, 0.3 }, { bevel = 0.02 })
  elseif spec.horn == "unicorn" then
    p:polygon(0.006, hx - 0.01, hy + r * 0.75, hx + 0.07, hy + 0.34, hx + 0.05, hy + r * 0.6)
    p:fill({ 1, 0.86, 0.45 }, { tex = "stripe", scale = 24, amount = 0.5, c = { 1, 0.96, 0.8 } })
  elseif spec.horn == "curve" then
    p:curve(hx - 0.04, hy + r * 0.7, hx - 0.02, hy + 0.22, hx - 0.12, hy + 0.22, 0.022, 0.008)
    p:fill({ 0.86, 0.8, 0.66 }, { bevel = 0.02 })
  end
  p:join(0.06):ellipse(hx, hy, r, r * 0.92):ellipse(hx + r * 0.85, hy - r * 0.42, r * 0.72, r * 0.55, -22)
  p:fill(c, { b = dark(c, 0.9), bevel = 0.1 })
  p:ellipse(hx + r * 1.1, hy - r * 0.52, r * 0.5, r * 0.45, -22)
  p:fill(spec.muzzle or light(c, 0.5), { ink = 0, soft = 0.01, bevel = 0.06 })
  p:ellipse(hx + r * 1.3, hy - r * 0.4, r * 0.08, r * 0.1)
  p:flat(dark(c, 0.3))
  p:curve(hx + r * 0.95, hy - r * 0.78, hx + r * 1.15, hy - r * 0.92, hx + r * 1.4, hy - r * 0.74, 0.006)
  p:flat(dark(c, 0.35))
  eye(p, f, hx + r * 0.22, hy + r * 0.14, r * 0.24)
  cheek(p, hx + r * 0.4, hy - r * 0.35, r * 0.32)
  p:ellipse(hx - 0.055, hy + r * 0.95, 0.034, 0.085, 24)
  p:fill(c, { bevel = 0.03 })
end

--- An animal that stands with its side to us.
function M.standing(p, f, spec)
  local c, by = f.colour, spec.body
  local thick = spec.thick or 0.155
  p:curve(-0.36, by + 0.08, -0.47, by + 0.02, -0.45, by - 0.2, spec.tail or 0.03, (spec.tail or 0.03) * 1.3)
  p:fill(spec.mane or dark(c, 0.7), { rough = 0.006, fine = 30, bevel = 0.04 })
  legs(p, c, spec)
  local hx, hy = spec.hx or 0.36, spec.hy or 0.8
  if spec.humps then
    p:join(0.05):ellipse(-0.2, by + 0.16, 0.11, 0.14):ellipse(0.06, by + 0.17, 0.11, 0.14)
    p:fill(c, { b = dark(c, 0.9), tex = "fur", scale = 26, amount = 0.22, rough = 0.006, fine = 30 })
  end
  p:join(0.1):ellipse(-0.2, by + 0.03, 0.2, thick):ellipse(0.1, by + 0.04, 0.2, thick * 0.98):capsule(0.16, by + 0.06, hx - 0.02, hy, thick * 0.72, spec.neck or 0.085)
  p:fill(c, { b = dark(c, 0.8), from = { 0, by + 0.2 }, to = { 0, by - 0.2 }, bevel = 0.14, tex = spec.tex or "fur", scale = spec.scale or 26,
    amount = spec.amount or 0.22, c = spec.marks, rough = spec.rough or 0, fine = 18 })
  if spec.mane then
    p:join(0.04)
    for i = 0, 4 do
      local t = i / 4
      p:curve(hx - 0.06 - t * 0.16, hy + 0.07 - t * (hy - by - 0.1), hx - 0.16 - t * 0.14, hy + 0.02 - t * (hy - by - 0.1), hx - 0.12 - t * 0.17,
        hy - 0.1 - t * (hy - by - 0.12), 0.035, 0.012)
    end
    p:fill(spec.mane, { b = dark(spec.mane, 0.75), bevel = 0.05, tex = "fur", scale = 30, amount = 0.4 })
  end
  quadruped_head(p, f, spec, hx, hy)
  if spec.mane then
    p:join(0.02):curve(hx - 0.06, hy + 0.12, hx + 0.03, hy + 0.15, hx + 0.07, hy + 0.07, 0.03, 0.012)
    p:fill(spec.mane, { bevel = 0.03 })
  end
end

function M.elephant(p, f)
  local c = f.colour
  for i, x in ipairs { -0.22, 0.16, -0.3, 0.08 } do
    p:capsule(x, 0.35, x, 0.08, 0.085, 0.08):box(x, 0.04, 0.08, 0.04, 0, 0.03)
    p:fill(i <= 2 and dark(c, 0.75) or c, { bevel = 0.08 })
  end
  p:curve(-0.4, 0.55, -0.5, 0.45, -0.47, 0.3, 0.02, 0.01)
  p:fill(dark(c, 0.8))
  p:join(0.1):ellipse(-0.1, 0.5, 0.34, 0.26):ellipse(0.22, 0.66, 0.21, 0.2)
  p:join(0.06):curve(0.36, 0.62, 0.52, 0.45, 0.42, 0.2, 0.1, 0.04):curve(0.42, 0.2, 0.43, 0.1, 0.53, 0.13, 0.042, 0.034)
  p:fill(c, { b = dark(c, 0.85), bevel = 0.2, tex = "grain", scale = 30, amount = 0.2 })
  p:ellipse(0.1, 0.66, 0.15, 0.2, 12)
  p:fill(light(c, 0.1), { bevel = 0.1 })
  p:ellipse(0.1, 0.65, 0.09, 0.13, 12)
  p:flat({ 0.9, 0.66, 0.66 }, { soft = 0.03, alpha = 0.6 })
  eye(p, f, 0.3, 0.7, 0.03)
  cheek(p, 0.3, 0.61, 0.04)
end

function M.turtle(p, f)
  local c = f.colour
  local skin = { 0.62, 0.72, 0.4 }
  for _, x in ipairs { -0.3, 0.22, -0.22, 0.3 } do
    p:ellipse(x, 0.1, 0.1, 0.09)
    p:fill(dark(skin, 0.9), { bevel = 0.06 })
  end
  p:join(0.05):capsule(0.3, 0.22, 0.5, 0.42, 0.09, 0.08):ellipse(0.53, 0.46, 0.15, 0.135)
  p:fill(skin, { b = dark(skin, 0.8), bevel = 0.1 })
  p:ellipse(0, 0.26, 0.45, 0.4)
  p:join(0.03, "cut"):box(0, -0.08, 0.7, 0.22)
  p:fill(c, { b = dark(c, 0.7), from = { 0, 0.66 }, to = { 0, 0.14 }, tex = "scale", scale = 6.5, amount = 0.8, c = dark(c, 0.55), bevel = 0.2 })
  p:capsule(-0.43, 0.17, 0.43, 0.17, 0.045)
  p:fill(light(c, 0.35), { bevel = 0.05 })
  eye(p, f, 0.57, 0.5, 0.035)
  cheek(p, 0.55, 0.41, 0.04)
  p:curve(0.57, 0.4, 0.62, 0.37, 0.66, 0.42, 0.008)
  p:flat(dark(skin, 0.4))
end

function M.frog(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    p:ellipse(side * 0.3, 0.2, 0.18, 0.17, side * 35)
    p:fill(dark(c, 0.85), { bevel = 0.1 })
    p:ellipse(side * 0.3, 0.05, 0.17, 0.05)
    p:fill(dark(c, 0.95), { bevel = 0.05 })
  end
  p:join(0.1):ellipse(0, 0.3, 0.28, 0.28):ellipse(0, 0.62, 0.34, 0.22):circle(-0.2, 0.82, 0.12):circle(0.2, 0.82, 0.12)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.2, tex = "patch", scale = 6, amount = 0.2, c = dark(c, 0.8) })
  p:ellipse(0, 0.26, 0.18, 0.2)
  p:fill(light(c, 0.65), { ink = 0, soft = 0.02, shade = 0.3 })
  for side = -1, 1, 2 do
    p:circle(side * 0.2 + 0.01, 0.84, 0.085)
    p:flat({ 0.98, 0.97, 0.88 })
    eye(p, f, side * 0.2 + 0.02, 0.84, 0.05)
    cheek(p, side * 0.24, 0.58, 0.06)
    p:curve(side * 0.12, 0.35, side * 0.18, 0.2, side * 0.1, 0.06, 0.05, 0.045)
    p:fill(c, { bevel = 0.05 })
  end
  p:curve(-0.2, 0.6, 0.02, 0.46, 0.24, 0.6, 0.012)
  p:flat(dark(c, 0.35))
end

function M.snail(p, f)
  local body = { 0.86, 0.72, 0.52 }
  p:join(0.06):capsule(-0.42, 0.06, 0.3, 0.08, 0.03, 0.09):capsule(0.3, 0.08, 0.42, 0.42, 0.09, 0.075):circle(0.43, 0.46, 0.1)
  p:curve(0.4, 0.5, 0.38, 0.66, 0.34, 0.72, 0.022, 0.015):curve(0.47, 0.5, 0.5, 0.66, 0.56, 0.7, 0.022, 0.015)
  p:fill(body, { b = dark(body, 0.8), bevel = 0.08 })
  p:circle(-0.06, 0.42, 0.33)
  p:fill(f.colour, { round = { 0.05, 0.55, 0.6 }, b = dark(f.colour, 0.7), bevel = 0.2 })
  for i = 1, 3 do p:ring(-0.06 + i * 0.02, 0.42 - i * 0.012, 0.33 - i * 0.085, 0.011) end
  p:flat(dark(f.colour, 0.55), { alpha = 0.7 })
  p:circle(0.34, 0.73, 0.035):circle(0.56, 0.71, 0.035)
  p:flat(BLACK)
  p:curve(0.42, 0.43, 0.46, 0.39, 0.51, 0.44, 0.009)
  p:flat(dark(body, 0.4))
  cheek(p, 0.41, 0.42, 0.035)
end

return M
