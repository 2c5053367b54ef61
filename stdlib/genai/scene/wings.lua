-- What flies and what swims: birds, insects, dragons, fish, whales. Unit box, feet (or the middle of a flier) near the origin.
local pen = require "genai.scene.pen"
local animals = require "genai.scene.animals"
local mix, dark, light = pen.mix, pen.dark, pen.light
local eye, cheek = animals.eye, animals.cheek
local M = {}
local BEAK = { 0.98, 0.68, 0.2 }

--- A round songbird: perched (wing folded) or flying (wing up).
function M.bird(p, f)
  local c, fly = f.colour, f.airborne
  p:join(0.03):capsule(-0.3, 0.36, -0.62, fly and 0.34 or 0.2, 0.07, 0.075)
  p:fill(dark(c, 0.72), { bevel = 0.06, tex = "plank", scale = 30, amount = 0.2 })
  if fly then
    p:curve(-0.02, 0.5, 0.12, 0.95, 0.42, 1.02, 0.16, 0.02)
    p:fill(dark(c, 0.7), { bevel = 0.08 })
  else
    for x = -0.06, 0.06, 0.12 do p:capsule(x, 0.14, x + 0.02, 0.02, 0.016):capsule(x + 0.02, 0.02, x + 0.09, 0.01, 0.016) end
    p:fill(BEAK, { bevel = 0.02 })
  end
  p:polygon(0.012, 0.44, 0.68, 0.66, 0.6, 0.42, 0.55)
  p:fill(BEAK, { bevel = 0.04 })
  p:join(0.1):ellipse(-0.04, 0.42, 0.33, 0.28, 14):circle(0.26, 0.64, 0.215)
  p:fill(c, { b = dark(c, 0.85), bevel = 0.18, tex = "fur", scale = 26, amount = 0.25 })
  p:ellipse(0.12, 0.37, 0.2, 0.2, 30)
  p:fill(light(c, 0.62), { soft = 0.03, ink = 0, shade = 0.3 })
  p:join(0.02)
  if fly then
    p:curve(-0.06, 0.5, -0.3, 0.86, -0.22, 1.16, 0.17, 0.02)
    p:fill(c, { b = dark(c, 0.6), from = { 0, 0.5 }, to = { -0.2, 1.1 }, bevel = 0.1, tex = "plank", scale = 16, amount = 0.3 })
  else
    p:curve(0.02, 0.5, -0.1, 0.3, -0.42, 0.3, 0.15, 0.03)
    p:fill(dark(c, 0.78), { b = dark(c, 0.6), from = { 0.1, 0.5 }, to = { -0.4, 0.25 }, bevel = 0.1, tex = "scale", scale = 12, amount = 0.3 })
  end
  eye(p, f, 0.32, 0.68, 0.046)
  cheek(p, 0.25, 0.575, 0.05)
end

--- A wide-winged bird far off or gliding: gull, eagle, crow.
function M.glider(p, f, spec)
  local c = f.colour
  local tip = spec.tip or dark(c, 0.55)
  for side = -1, 1, 2 do
    p:join(0.05):curve(side * 0.06, 0.46, side * 0.4, 0.86, side * 0.62, 0.72, 0.09, 0.06):curve(side * 0.62, 0.72, side * 0.85, 0.64, side * 1.05, 0.42, 0.06, 0.012)
    p:fill(c, { b = tip, from = { side * 0.45, 0.7 }, to = { side * 0.95, 0.55 }, bevel = 0.08, tex = "plank", scale = 18, amount = 0.25 })
  end
  p:polygon(0.02, -0.06, 0.3, -0.17, 0.1, 0.17, 0.1, 0.06, 0.3)
  p:fill(tip)
  p:join(0.06):ellipse(0, 0.42, 0.12, 0.2):circle(0.03, 0.62, 0.115)
  p:fill(spec.head or c, { b = c, from = { 0, 0.6 }, to = { 0, 0.4 }, bevel = 0.1 })
  p:polygon(0.01, 0.1, 0.66, 0.25, 0.58, 0.1, 0.56)
  p:fill(BEAK)
  eye(p, f, 0.06, 0.65, 0.03)
end

function M.owl(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    p:polygon(0.02, side * 0.3, 0.82, side * 0.27, 1.0, side * 0.1, 0.9)
    p:fill(dark(c, 0.8))
  end
  p:join(0.1):ellipse(0, 0.4, 0.33, 0.37):ellipse(0, 0.7, 0.33, 0.24)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.2, tex = "fur", scale = 24, amount = 0.4 })
  p:ellipse(0, 0.34, 0.22, 0.27)
  p:fill(light(c, 0.5), { tex = "scale", scale = 11, amount = 0.7, c = c, ink = 0, soft = 0.01 })
  for side = -1, 1, 2 do
    p:curve(side * 0.28, 0.58, side * 0.42, 0.4, side * 0.24, 0.12, 0.09, 0.03)
    p:fill(dark(c, 0.7), { tex = "scale", scale = 12, amount = 0.4, bevel = 0.08 })
    p:circle(side * 0.145, 0.7, 0.155)
    p:fill(light(c, 0.72), { ink = 0.15, rough = 0.006, fine = 40, bevel = 0.06 })
    eye(p, f, side * 0.14, 0.7, 0.072, { 1, 0.82, 0.3 })
    for i = -1, 1 do p:capsule(side * 0.12 + i * 0.04, 0.04, side * 0.12 + i * 0.05, 0.01, 0.022) end
    p:fill(BEAK, { bevel = 0.02 })
  end
  p:polygon(0.012, -0.04, 0.65, 0.04, 0.65, 0, 0.55)
  p:fill(BEAK, { bevel = 0.03 })
end

function M.penguin(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    p:ellipse(side * 0.14, 0.04, 0.13, 0.05)
    p:fill(BEAK)
    p:curve(side * 0.25, 0.58, side * 0.42, 0.4, side * 0.36, 0.22, 0.07, 0.03)
    p:fill(dark(c, 0.8), { bevel = 0.06 })
  end
  p:join(0.1):ellipse(0, 0.38, 0.3, 0.36):circle(0, 0.74, 0.24)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.18 })
  p:join(0.08):ellipse(0.01, 0.34, 0.22, 0.29):circle(-0.09, 0.72, 0.115):circle(0.11, 0.72, 0.115)
  p:fill({ 0.98, 0.97, 0.94 }, { b = { 0.86, 0.88, 0.92 }, ink = 0, bevel = 0.1, shade = 0.4 })
  for side = -1, 1, 2 do
    eye(p, f, side * 0.1 + 0.01, 0.76, 0.042)
    cheek(p, side * 0.15 + 0.01, 0.66, 0.05)
  end
  p:polygon(0.012, -0.055, 0.7, 0.075, 0.7, 0.012, 0.61)
  p:fill(BEAK)
end

--- Duck, goose, swan, chicken: body on the water or on two legs.
function M.duck(p, f, spec)
  local c, neck = f.colour, spec.neck or 0.0
  if not f.afloat then
    for x = -0.06, 0.08, 0.14 do p:capsule(x, 0.2, x, 0.03, 0.02):capsule(x, 0.02, x + 0.1, 0.015, 0.022) end
    p:fill(BEAK, { bevel = 0.02 })
  end
  local dy = f.afloat and -0.16 or 0
  p:join(0.08):ellipse(-0.06, 0.34 + dy, 0.36, 0.23, 6):capsule(-0.32, 0.4 + dy, -0.5, 0.54 + dy, 0.1, 0.03)
  p:curve(0.18, 0.42 + dy, 0.36, 0.56 + dy, 0.24, 0.72 + dy + neck, 0.12, 0.085):circle(0.27, 0.76 + dy + neck, 0.15)
  p:fill(c, { b = dark(c, 0.86), bevel = 0.16, tex = "fur", scale = 24, amount = 0.2 })
  p:curve(0.08, 0.42 + dy, -0.1, 0.28 + dy, -0.38, 0.42 + dy, 0.12, 0.03)
  p:fill(dark(c, 0.88), { tex = "scale", scale = 11, amount = 0.35, bevel = 0.08 })
  if spec.comb then
    p:circle(0.2, 0.93 + dy, 0.045):circle(0.27, 0.95 + dy, 0.05):circle(0.34, 0.92 + dy, 0.04):ellipse(0.4, 0.64 + dy, 0.035, 0.06)
    p:fill({ 0.86, 0.2, 0.2 })
  end
  p:join(0.02):ellipse(0.45, 0.735 + dy + neck, spec.comb and 0.07 or 0.1, 0.035, -6)
  p:fill(spec.beak or BEAK, { bevel = 0.03 })
  eye(p, f, 0.31, 0.8 + dy + neck, 0.036)
  cheek(p, 0.26, 0.72 + dy + neck, 0.04)
end

function M.butterfly(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    p:join(0.05):ellipse(side * 0.3, 0.68, 0.27, 0.22, side * 38):ellipse(side * 0.22, 0.32, 0.19, 0.17, side * -30)
    p:fill(c, { round = { 0, 0.5, 0.62 }, b = dark(c, 0.62), bevel = 0.1, line = 0.03, ink = 0.6 })
    p:circle(side * 0.38, 0.74, 0.075):circle(side * 0.24, 0.3, 0.06)
    p:fill(light(c, 0.6), { ink = 0, shade = 0.3 })
    p:curve(0, 0.72, side * 0.05, 0.9, side * 0.14, 0.95, 0.01)
    p:flat({ 0.2, 0.14, 0.14 })
  end
  p:capsule(0, 0.25, 0, 0.7, 0.035, 0.05)
  p:fill({ 0.25, 0.18, 0.18 }, { bevel = 0.03 })
end

function M.bee(p, f)
  for _, a in ipairs { 35, 70 } do
    p:ellipse(-0.16 + a / 400, 0.78, 0.16, 0.28, 45 - a)
    p:fill({ 0.9, 0.96, 1 }, { alpha = 0.75, raw = true })
  end
  p:ellipse(0, 0.45, 0.42, 0.3)
  p:fill(f.colour, { b = dark(f.colour, 0.8), bevel = 0.2 })
  for i = 0, 1 do p:capsule(-0.2 + i * 0.2, 0.1, -0.2 + i * 0.2, 0.8, 0.05) end
  p:join(0, "clip"):ellipse(0, 0.45, 0.42, 0.3)
  p:flat({ 0.2, 0.15, 0.13 })
  eye(p, f, 0.28, 0.5, 0.05)
  cheek(p, 0.22, 0.38, 0.05)
end

function M.firefly(p)
  p:glow(0, 0.5, 2.6, { 1, 0.95, 0.5 }, 0.85, 2)
  p:circle(0, 0.5, 0.3)
  p:flat({ 1, 0.98, 0.75 }, { raw = true, soft = 0.2 })
end

local function membrane(p, c, side, lift)
  p:polygon(0.02, side * 0.06, 0.52, side * 0.3, 0.92 + lift, side * 0.52, 1.06 + lift, side * 0.86, 0.86 + lift, side * 0.7, 0.78, side * 0.6, 0.62,
    side * 0.47, 0.66, side * 0.36, 0.5, side * 0.22, 0.55, side * 0.1, 0.4)
  p:fill(light(c, 0.25), { b = mix(c, { 0.95, 0.6, 0.35 }, 0.5), from = { side * 0.5, 1 }, to = { side * 0.3, 0.5 }, bevel = 0.12, shade = 0.5 })
  p:curve(side * 0.06, 0.5, side * 0.24, 0.9 + lift, side * 0.52, 1.06 + lift, 0.03, 0.016)
  p:curve(side * 0.52, 1.06 + lift, side * 0.62, 0.86, side * 0.6, 0.63, 0.014, 0.006)
  p:curve(side * 0.52, 1.06 + lift, side * 0.42, 0.8, side * 0.36, 0.51, 0.014, 0.006)
  p:fill(dark(c, 0.75), { bevel = 0.03 })
end

local function dragon_body(p, f, c, belly)
  p:join(0.07):curve(-0.12, 0.14, -0.5, -0.02, -0.62, 0.2, 0.12, 0.055):curve(-0.62, 0.2, -0.7, 0.38, -0.56, 0.46, 0.055, 0.018)
  p:ellipse(-0.02, 0.26, 0.235, 0.24):capsule(0.03, 0.4, 0.14, 0.68, 0.14, 0.105):ellipse(-0.16, 0.13, 0.14, 0.12):ellipse(0.16, 0.12, 0.12, 0.11)
  p:fill(c, { b = dark(c, 0.72), bevel = 0.16, tex = "scale", scale = 15, amount = 0.45, c = dark(c, 0.75) })
  p:polygon(0.012, -0.6, 0.42, -0.48, 0.58, -0.44, 0.4)
  p:fill(mix(c, { 1, 0.6, 0.3 }, 0.6))
  p:join(0.04):ellipse(0.06, 0.25, 0.13, 0.2):capsule(0.08, 0.4, 0.17, 0.62, 0.09, 0.055)
  p:fill(belly, { b = dark(belly, 0.85), tex = "plank", scale = 2, amount = 0.1, ink = 0.1, bevel = 0.08, shade = 0.4 })
  for i = 0, 4 do p:capsule(-0.02 + i * 0.028, 0.14 + i * 0.1, 0.17 + i * 0.018, 0.13 + i * 0.1, 0.006) end
  p:join(0, "clip"):ellipse(0.06, 0.25, 0.13, 0.2)
  p:flat(dark(belly, 0.75), { alpha = 0.6 })
  for i, s in ipairs { { -0.13, 0.48 }, { -0.09, 0.6 }, { -0.03, 0.72 }, { -0.24, 0.33 }, { -0.4, 0.14 } } do
    p:polygon(0.008, s[1] - 0.05, s[2] - 0.05, s[1] - 0.09, s[2] + 0.06, s[1] + 0.04, s[2] + 0.02)
    if i == 5 then p:fill(mix(c, { 1, 0.6, 0.3 }, 0.6), { bevel = 0.03 }) end
  end
  for _, x in ipairs { -0.14, 0.18 } do
    p:ellipse(x, 0.04, 0.12, 0.05)
    p:fill(c, { bevel = 0.05 })
    for i = -1, 1 do p:ellipse(x + 0.06 + i * 0.045, 0.025, 0.02, 0.024) end
    p:fill({ 0.97, 0.94, 0.85 }, { bevel = 0.02 })
  end
  p:join(0.03):curve(0.12, 0.42, 0.26, 0.34, 0.24, 0.24, 0.055, 0.045)
  p:fill(c, { bevel = 0.05 })
end

local function dragon_head(p, f, c, plain)
  for side = -1, plain and -3 or 1, 2 do
    p:curve(0.14 + side * 0.07, 0.88, 0.1 + side * 0.1, 0.99, 0.02 + side * 0.12, 1.04, 0.035, 0.008)
    p:fill({ 0.98, 0.92, 0.76 }, { bevel = 0.03 })
  end
  p:polygon(0.01, 0.0, 0.78, -0.12, 0.86, 0.02, 0.68)
  p:fill(mix(c, { 1, 0.6, 0.3 }, 0.6))
  p:join(0.06):ellipse(0.15, 0.79, 0.165, 0.15):ellipse(0.3, 0.73, 0.13, 0.085, -8):circle(0.38, 0.765, 0.045)
  p:fill(c, { b = dark(c, 0.88), bevel = 0.12, tex = "scale", scale = 18, amount = 0.25, c = dark(c, 0.8) })
  p:ellipse(0.39, 0.775, 0.012, 0.016)
  p:flat(dark(c, 0.3))
  p:curve(0.2, 0.68, 0.32, 0.655, 0.41, 0.7, 0.008)
  p:flat(dark(c, 0.35))
  p:polygon(0.003, 0.33, 0.675, 0.36, 0.675, 0.345, 0.648)
  p:flat({ 1, 1, 1 })
  eye(p, f, 0.2, 0.82, 0.047, { 1, 0.95, 0.75 })
  cheek(p, 0.2, 0.725, 0.045)
end

--- A storybook dragon with wings raised; breathes a small flame when it is fierce.
function M.dragon(p, f, spec)
  local c = f.colour
  local belly = mix(c, { 1, 0.92, 0.68 }, 0.7)
  if spec.plain then -- a dinosaur: no wings, no horns, no fire
    dragon_body(p, f, c, belly)
    return dragon_head(p, f, c, true)
  end
  p:turn(-0.08, 0.5, 0.12)
  membrane(p, dark(c, 0.8), 0.86, 0.0)
  p:turn()
  dragon_body(p, f, c, belly)
  p:turn(-0.1, 0.5, 0.1)
  membrane(p, c, -0.9, 0.02)
  p:turn()
  dragon_head(p, f, c)
  if f.mood == "fierce" then
    p:glow(0.62, 0.7, 0.5, { 1, 0.6, 0.2 }, 0.7, 2)
    p:join(0.05):capsule(0.46, 0.71, 0.8, 0.7, 0.03, 0.11):circle(0.86, 0.74, 0.06)
    p:fill({ 1, 0.55, 0.15 }, { raw = true, rough = 0.03, fine = 9, ink = 0, round = { 0.46, 0.7, 0.5 }, b = { 0.95, 0.25, 0.1 } })
    p:capsule(0.46, 0.71, 0.68, 0.7, 0.018, 0.05)
    p:flat({ 1, 0.9, 0.5 }, { raw = true, soft = 0.02 })
  end
end

function M.fish(p, f)
  local c = f.colour
  p:join(0.05):polygon(0.03, -0.3, 0.5, -0.66, 0.8, -0.56, 0.5, -0.66, 0.2)
  p:fill(dark(c, 0.85), { tex = "plank", scale = 14, amount = 0.3, bevel = 0.08 })
  p:join(0.03):polygon(0.03, -0.2, 0.72, -0.02, 0.98, 0.16, 0.76):polygon(0.02, -0.1, 0.28, -0.14, 0.08, 0.1, 0.24)
  p:fill(dark(c, 0.85), { bevel = 0.08 })
  p:join(0.1):ellipse(0.05, 0.5, 0.42, 0.29):capsule(-0.3, 0.5, 0, 0.5, 0.08, 0.2)
  p:fill(c, { b = light(c, 0.5), from = { 0, 0.6 }, to = { 0, 0.25 }, tex = "scale", scale = 9, amount = 0.45, c = dark(c, 0.8), bevel = 0.2 })
  p:ellipse(0.36, 0.48, 0.2, 0.24)
  p:join(0, "clip"):ellipse(0.05, 0.5, 0.42, 0.29)
  p:fill(light(c, 0.15), { ink = 0.1, soft = 0.006 })
  p:curve(0.06, 0.46, -0.02, 0.36, -0.12, 0.38, 0.06, 0.02)
  p:fill(dark(c, 0.8), { bevel = 0.04 })
  eye(p, f, 0.29, 0.57, 0.06, { 1, 1, 0.95 })
  p:curve(0.34, 0.4, 0.39, 0.37, 0.43, 0.42, 0.01)
  p:flat(dark(c, 0.4))
  cheek(p, 0.25, 0.43, 0.05)
end

function M.whale(p, f)
  local c = f.colour
  p:join(0.1):ellipse(0.06, 0.34, 0.5, 0.3):capsule(-0.3, 0.34, -0.66, 0.52, 0.15, 0.05)
  p:join(0.04):ellipse(-0.78, 0.66, 0.15, 0.06, -38):ellipse(-0.6, 0.68, 0.13, 0.055, 60)
  p:fill(c, { b = dark(c, 0.75), from = { 0, 0.64 }, to = { 0, 0.1 }, bevel = 0.2, tex = "grain", scale = 14, amount = 0.25 })
  p:ellipse(0.14, 0.12, 0.46, 0.16, 4)
  p:join(0, "clip"):ellipse(0.06, 0.34, 0.5, 0.3)
  p:fill(light(c, 0.7), { tex = "plank", scale = 13, amount = 0.25, ink = 0.1, soft = 0.006, c = light(c, 0.4) })
  p:curve(0.1, 0.16, 0.06, -0.02, -0.06, 0.0, 0.07, 0.02)
  p:fill(dark(c, 0.85), { bevel = 0.05 })
  eye(p, f, 0.36, 0.34, 0.04)
  cheek(p, 0.36, 0.255, 0.05)
  p:curve(0.4, 0.235, 0.47, 0.2, 0.53, 0.265, 0.009)
  p:flat(dark(c, 0.4))
  p:curve(0.12, 0.64, 0.12, 0.9, 0.0, 0.92, 0.018, 0.03):curve(0.12, 0.64, 0.12, 0.92, 0.25, 0.92, 0.018, 0.03)
  p:flat({ 0.9, 0.97, 1 }, { alpha = 0.85, rough = 0.014, fine = 18 })
end

function M.dolphin(p, f, spec)
  local c = f.colour
  p:join(0.05):ellipse(-0.56, 0.3, 0.13, 0.05, -50):ellipse(-0.62, 0.16, 0.13, 0.05, 12)
  p:join(0.08):curve(-0.5, 0.24, -0.1, 0.8, 0.36, 0.44, 0.06, 0.14):polygon(0.02, -0.16, 0.6, -0.2, 0.82, 0.08, 0.64)
  if spec.shark then p:ellipse(0.38, 0.42, 0.15, 0.12) else p:capsule(0.42, 0.38, 0.56, 0.28, 0.08, 0.035) end
  p:fill(c, { b = dark(c, 0.8), bevel = 0.14 })
  p:curve(-0.3, 0.34, 0.0, 0.56, 0.38, 0.33, 0.03, 0.07)
  p:fill(light(c, 0.7), { ink = 0, soft = 0.02, shade = 0.3 })
  p:curve(0.06, 0.44, 0.02, 0.3, -0.06, 0.24, 0.05, 0.014)
  p:fill(dark(c, 0.85))
  eye(p, f, 0.34, 0.47, 0.034)
  cheek(p, 0.3, 0.4, 0.04)
  p:curve(0.38, 0.36, 0.44, 0.32, 0.48, 0.34, 0.008)
  p:flat(dark(c, 0.4))
end

function M.octopus(p, f)
  local c = f.colour
  for i = -3, 3 do
    local x = i * 0.1
    p:join(0.05):curve(x, 0.42, x * 1.9, 0.2, x * 1.7 + (i % 2 == 0 and 0.1 or -0.1), 0.04, 0.07, 0.03)
  end
  p:join(0.1):ellipse(0, 0.66, 0.33, 0.33):ellipse(0, 0.46, 0.26, 0.16)
  p:fill(c, { b = dark(c, 0.75), bevel = 0.18, tex = "spot", scale = 10, amount = 0.25, c = light(c, 0.35) })
  for side = -1, 1, 2 do
    eye(p, f, side * 0.12 + 0.02, 0.58, 0.06, { 1, 1, 0.95 })
    cheek(p, side * 0.22, 0.47, 0.05)
  end
  animals.smile(p, f, 0.02, 0.47, 0.05)
end

function M.crab(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    for i = 0, 2 do p:curve(side * 0.25, 0.35, side * (0.5 + i * 0.06), 0.42 - i * 0.1, side * (0.5 + i * 0.02), 0.05, 0.04, 0.015) end
    p:curve(side * 0.3, 0.5, side * 0.58, 0.55, side * 0.52, 0.75, 0.05):circle(side * 0.5, 0.84, 0.15)
    p:join(0, "cut"):polygon(0, side * 0.44, 1.05, side * 0.62, 1.05, side * 0.5, 0.84)
    p:fill(c, { bevel = 0.08 })
    p:capsule(side * 0.12, 0.6, side * 0.13, 0.76, 0.03)
    p:fill(c, { bevel = 0.03 })
  end
  p:ellipse(0, 0.42, 0.4, 0.27)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.18, tex = "spot", scale = 8, amount = 0.2, c = light(c, 0.3) })
  for side = -1, 1, 2 do
    eye(p, f, side * 0.13, 0.8, 0.06, { 1, 1, 0.95 })
    cheek(p, side * 0.22, 0.38, 0.06)
  end
  animals.smile(p, f, 0, 0.4, 0.06)
end

function M.jellyfish(p, f)
  local c = f.colour
  p:glow(0, 0.7, 0.7, c, 0.4, 1)
  for i = -2, 2 do p:curve(i * 0.1, 0.55, i * 0.14 + 0.1, 0.3, i * 0.11, 0.02, 0.025, 0.01) end
  p:fill(light(c, 0.3), { alpha = 0.7, shade = 0 })
  p:ellipse(0, 0.62, 0.36, 0.34)
  p:join(0.04, "cut"):box(0, 0.34, 0.6, 0.2)
  p:fill(c, { b = light(c, 0.5), alpha = 0.85, bevel = 0.15 })
  for side = -1, 1, 2 do eye(p, f, side * 0.1, 0.66, 0.04) end
  animals.smile(p, f, 0, 0.6, 0.035)
end

return M
