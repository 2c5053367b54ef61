-- People of the storybook: one body, dressed by a few words. Unit box, feet at 0, top of the head near 1.
local pen = require "genai.scene.pen"
local animals = require "genai.scene.animals"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local GOLD = { 0.98, 0.78, 0.28 }

local function hair_back(p, s)
  if s.hair == "long" then
    p:join(0.06):ellipse(0, 0.74, 0.215, 0.2):curve(-0.17, 0.74, -0.25, 0.55, -0.17, 0.42, 0.075, 0.05):curve(0.17, 0.74, 0.25, 0.55, 0.17, 0.42, 0.075, 0.05)
    p:fill(s.hair_colour, { b = dark(s.hair_colour, 0.75), tex = "fur", scale = 26, amount = 0.4, bevel = 0.12 })
  elseif s.hair == "tails" then
    for side = -1, 1, 2 do p:join(0.03):curve(side * 0.18, 0.8, side * 0.36, 0.78, side * 0.3, 0.58, 0.07, 0.03) end
    p:fill(s.hair_colour, { tex = "fur", scale = 26, amount = 0.4, bevel = 0.08 })
  elseif s.hair == "bun" then
    p:circle(0, 0.98, 0.09)
    p:fill(s.hair_colour, { tex = "fur", scale = 26, amount = 0.4, bevel = 0.08 })
  end
end

local function hair_front(p, s)
  if s.hair == "none" then return end
  local c = s.hair_colour
  p:join(0.03):ellipse(0, 0.83, 0.2, 0.125):circle(-0.16, 0.77, 0.05):circle(0.16, 0.77, 0.05)
  p:join(0.03, "cut"):ellipse(0.05, 0.7, 0.165, 0.115)
  p:fill(c, { b = dark(c, 0.8), tex = "fur", scale = 26, amount = 0.4, bevel = 0.1, rough = 0.006, fine = 30 })
end

local hats = {}
function hats.crown(p)
  p:polygon(0.008, -0.14, 0.9, -0.17, 1.08, -0.085, 0.99, 0, 1.11, 0.085, 0.99, 0.17, 1.08, 0.14, 0.9)
  p:fill(GOLD, { b = { 0.86, 0.6, 0.18 }, bevel = 0.05 })
  for i = -1, 1 do p:circle(i * 0.08, 0.93, 0.018) end
  p:flat({ 0.85, 0.2, 0.35 })
end
function hats.wizard(p, s)
  p:join(0.03):polygon(0.015, -0.19, 0.86, 0.19, 0.86, 0.06, 1.2, -0.06, 1.34, 0.0, 1.16)
  p:ellipse(0, 0.87, 0.3, 0.05)
  p:fill(s.hat_colour, { b = dark(s.hat_colour, 0.7), tex = "spot", scale = 14, amount = 0.5, c = GOLD, bevel = 0.1 })
end
function hats.helmet(p)
  p:join(0.02):ellipse(0, 0.76, 0.215, 0.205)
  p:join(0.02, "cut"):box(0.03, 0.7, 0.15, 0.075, 0, 0.03)
  p:fill({ 0.72, 0.76, 0.82 }, { b = { 0.5, 0.54, 0.62 }, bevel = 0.1 })
  p:curve(-0.02, 0.95, -0.2, 1.12, -0.28, 0.92, 0.05, 0.03)
  p:fill({ 0.84, 0.22, 0.24 }, { tex = "fur", scale = 26, amount = 0.5 })
end
function hats.straw(p)
  p:join(0.02):ellipse(0, 0.86, 0.29, 0.045):ellipse(0, 0.92, 0.15, 0.09)
  p:fill({ 0.94, 0.8, 0.46 }, { tex = "plank", scale = 22, amount = 0.3 })
end
function hats.pirate(p)
  p:polygon(0.03, -0.28, 0.88, -0.14, 1.02, 0, 1.06, 0.14, 1.02, 0.28, 0.88, 0, 0.91)
  p:fill({ 0.17, 0.14, 0.18 })
  p:circle(0, 0.965, 0.035):box(0, 0.93, 0.02, 0.015)
  p:flat({ 0.95, 0.93, 0.86 })
end
function hats.space(p)
  p:circle(0, 0.74, 0.255)
  p:fill({ 0.75, 0.88, 1 }, { alpha = 0.25, ink = 0.5 })
  p:curve(-0.15, 0.86, -0.08, 0.94, 0.02, 0.95, 0.014)
  p:flat({ 1, 1, 1 }, { alpha = 0.8 })
end
function hats.chef(p)
  p:join(0.04):circle(-0.11, 1.0, 0.1):circle(0.11, 1.0, 0.1):circle(0, 1.05, 0.11):box(0, 0.91, 0.14, 0.06)
  p:fill({ 0.98, 0.97, 0.95 })
end

local function legs(p, s)
  for side = -1, 1, 2 do
    p:capsule(side * 0.075, 0.24, side * 0.085, 0.07, 0.055, 0.045)
    p:fill(s.trousers or s.skin, { bevel = 0.05 })
    p:ellipse(side * 0.095, 0.03, 0.075, 0.042)
    p:fill(s.shoes or { 0.42, 0.26, 0.2 }, { bevel = 0.04 })
  end
end

local function clothes(p, f, s)
  local c = f.colour
  if s.dress == "robe" then
    p:join(0.05):polygon(0.03, -0.11, 0.54, 0.11, 0.54, 0.22, 0.04, -0.22, 0.04)
  elseif s.dress == "dress" then
    p:join(0.05):capsule(0, 0.42, 0, 0.5, 0.11, 0.1):polygon(0.03, -0.07, 0.42, 0.07, 0.42, 0.19, 0.17, -0.19, 0.17)
  else
    p:join(0.05):capsule(0, 0.3, 0, 0.48, 0.135, 0.11)
  end
  p:fill(c, { b = dark(c, 0.78), bevel = 0.12, tex = s.cloth or "grain", scale = s.cloth_scale or 26, amount = 0.3, c = s.trim })
  if s.apron then
    p:box(0, 0.34, 0.09, 0.13, 0, 0.03)
    p:fill({ 0.97, 0.95, 0.9 })
  end
  if s.belt then
    p:box(0, 0.33, 0.14, 0.02, 0, 0.008)
    p:fill(s.belt)
    p:box(0, 0.33, 0.025, 0.026, 0, 0.006)
    p:fill(GOLD)
  end
end

local function arms(p, f, s)
  local up = f.mood == "happy" or s.wave
  local sleeve = s.sleeve or dark(f.colour, 0.92)
  p:join(0.02):curve(-0.11, 0.5, -0.22, 0.42, -0.2, 0.29, 0.05, 0.042)
  p:fill(sleeve, { bevel = 0.05 })
  p:circle(-0.2, 0.26, 0.042)
  p:fill(s.skin, { bevel = 0.04 })
  if up then
    p:curve(0.11, 0.5, 0.25, 0.46, 0.29, 0.6, 0.05, 0.042)
    p:fill(sleeve, { bevel = 0.05 })
    p:circle(0.3, 0.64, 0.042)
  else
    p:curve(0.11, 0.5, 0.22, 0.42, 0.2, 0.29, 0.05, 0.042)
    p:fill(sleeve, { bevel = 0.05 })
    p:circle(0.2, 0.26, 0.042)
  end
  p:fill(s.skin, { bevel = 0.04 })
end

local function face(p, f, s)
  local look = 0.02
  p:join(0.02):ellipse(0, 0.73, 0.185, 0.178):circle(-0.185, 0.72, 0.034):circle(0.185, 0.72, 0.034)
  p:fill(s.skin, { b = dark(s.skin, 0.92), bevel = 0.12, shade = 0.6 })
  for side = -1, 1, 2 do
    animals.eye(p, f, side * 0.075 + look, 0.735, 0.027)
    animals.cheek(p, side * 0.115 + look, 0.672, 0.038)
    if not s.plain then
      p:curve(side * 0.05 + look, 0.79, side * 0.08 + look, f.mood == "sad" and 0.795 or 0.805, side * 0.11 + look, f.mood == "sad" and 0.775 or 0.79, 0.007)
      p:flat(dark(s.hair_colour, 0.8))
    end
  end
  p:ellipse(look * 1.4, 0.695, 0.015, 0.011)
  p:flat(dark(s.skin, 0.8), { soft = 0.004 })
  local dip = f.mood == "sad" and 0.028 or -0.034
  p:curve(look - 0.045, 0.648, look, 0.648 + dip, look + 0.045, 0.648, 0.0085)
  p:flat({ 0.55, 0.2, 0.2 })
  if s.beard then
    p:join(0.05):ellipse(0, 0.58, 0.14, s.beard_long or 0.09):circle(-0.11, 0.63, 0.06):circle(0.11, 0.63, 0.06)
    p:join(0.01, "cut"):ellipse(look, 0.665, 0.06, 0.03)
    p:fill(s.hair_colour, { tex = "fur", scale = 24, amount = 0.4, bevel = 0.08 })
  end
end

local function prop(p, s)
  if s.holds == "wand" then
    p:capsule(0.28, 0.24, 0.36, 0.72, 0.014)
    p:fill({ 0.5, 0.34, 0.22 })
    p:glow(0.37, 0.78, 0.22, { 1, 0.9, 0.5 }, 0.9, 2)
    p:circle(0.37, 0.78, 0.04)
    p:flat({ 1, 0.95, 0.7 }, { raw = true })
  elseif s.holds == "sword" then
    p:capsule(0.24, 0.3, 0.34, 0.72, 0.018, 0.01)
    p:fill({ 0.86, 0.9, 0.95 })
    p:capsule(0.18, 0.36, 0.3, 0.33, 0.014)
    p:fill(GOLD)
  end
end

--- A person dressed by spec: hair, hair_colour, skin, dress, hat, beard, wings, holds, cloth...
function M.person(p, f, spec)
  local s = setmetatable({ skin = f.skin or spec.skin or { 0.96, 0.78, 0.64 }, hair_colour = f.hair or spec.hair_colour or { 0.4, 0.25, 0.16 } }, { __index = spec })
  if s.wings then
    for side = -1, 1, 2 do
      p:join(0.03):ellipse(side * 0.27, 0.56, 0.2, 0.11, side * 40):ellipse(side * 0.22, 0.36, 0.13, 0.08, side * -25)
      p:fill({ 0.86, 0.95, 1 }, { alpha = 0.7, b = { 0.95, 0.85, 1 }, raw = true })
    end
    p:glow(0, 0.55, 0.8, { 0.95, 0.9, 0.6 }, 0.4, 1)
  end
  if s.cape then
    p:join(0.03):polygon(0.03, -0.1, 0.55, 0.1, 0.55, 0.27, 0.1, -0.27, 0.1)
    p:fill(s.cape, { b = dark(s.cape, 0.7) })
  end
  hair_back(p, s)
  if s.tail then
    p:join(0.06):curve(0, 0.34, 0.02, 0.16, 0.2, 0.08, 0.13, 0.05):ellipse(0.3, 0.13, 0.1, 0.045, 40):ellipse(0.3, 0.03, 0.1, 0.045, -30)
    p:fill(s.tail, { b = dark(s.tail, 0.75), tex = "scale", scale = 16, amount = 0.5, bevel = 0.1 })
  elseif s.dress ~= "robe" then
    legs(p, s)
  end
  clothes(p, f, s)
  prop(p, s)
  arms(p, f, s)
  face(p, f, s)
  hair_front(p, s)
  if s.hat then hats[s.hat](p, s) end
end

function M.robot(p, f)
  local c = f.colour
  for side = -1, 1, 2 do
    p:box(side * 0.1, 0.14, 0.045, 0.1, 0, 0.02)
    p:fill(dark(c, 0.6))
    p:box(side * 0.11, 0.035, 0.085, 0.04, 0, 0.03)
    p:fill(dark(c, 0.8), { bevel = 0.04 })
    p:curve(side * 0.2, 0.5, side * 0.33, 0.45, side * 0.3, 0.28, 0.04, 0.036)
    p:fill(dark(c, 0.65))
    p:circle(side * 0.3, 0.25, 0.055)
    p:fill(c, { bevel = 0.05 })
  end
  p:box(0, 0.4, 0.2, 0.185, 0, 0.05)
  p:fill(c, { b = dark(c, 0.75), bevel = 0.1 })
  p:box(0, 0.42, 0.11, 0.085, 0, 0.02)
  p:fill(dark(c, 0.5), { bevel = 0.03 })
  for i = -1, 1 do p:circle(i * 0.06, 0.44, 0.02) end
  p:flat({ 1, 0.75, 0.3 }, { raw = true })
  p:capsule(0, 0.95, 0, 1.06, 0.012)
  p:fill(dark(c, 0.6))
  p:glow(0, 1.08, 0.16, { 1, 0.4, 0.3 }, 0.8, 1)
  p:circle(0, 1.08, 0.032)
  p:flat({ 1, 0.42, 0.35 }, { raw = true })
  p:box(0, 0.77, 0.235, 0.17, 0, 0.06)
  p:fill(light(c, 0.12), { b = dark(c, 0.85), bevel = 0.1 })
  p:box(0.01, 0.775, 0.18, 0.115, 0, 0.05)
  p:fill({ 0.13, 0.18, 0.26 }, { bevel = 0.03, ink = 0.6 })
  for side = -1, 1, 2 do
    p:glow(side * 0.08 + 0.01, 0.79, 0.11, { 0.5, 0.95, 1 }, 0.7, 2)
    p:circle(side * 0.08 + 0.01, 0.79, 0.036)
    p:flat({ 0.65, 0.98, 1 }, { raw = true })
  end
  p:curve(-0.05, 0.72, 0.01, 0.69, 0.07, 0.72, 0.01)
  p:flat({ 0.65, 0.98, 1 }, { raw = true })
end

function M.ghost(p, f)
  p:glow(0, 0.5, 0.9, { 0.8, 0.9, 1 }, 0.35, 1)
  p:join(0.06):circle(0, 0.68, 0.27):box(0, 0.4, 0.27, 0.28, 0, 0.05):circle(-0.3, 0.45, 0.08):circle(0.3, 0.45, 0.08)
  for i = -1, 1 do p:circle(i * 0.18, 0.12, 0.1) end
  p:fill(f.colour, { b = { 0.75, 0.84, 0.98 }, alpha = 0.92, bevel = 0.18, raw = true })
  for side = -1, 1, 2 do
    animals.eye(p, f, side * 0.1 + 0.02, 0.7, 0.05)
    animals.cheek(p, side * 0.17 + 0.02, 0.6, 0.05)
  end
  animals.smile(p, f, 0.02, 0.6, 0.05)
end

function M.snowman(p, f)
  local c = f.colour
  p:join(0.02):circle(0, 0.24, 0.26)
  p:fill(c, { b = { 0.72, 0.8, 0.93 }, bevel = 0.2, tex = "grain", scale = 20, amount = 0.15 })
  for side = -1, 1, 2 do
    p:curve(side * 0.16, 0.5, side * 0.34, 0.56, side * 0.46, 0.68, 0.018, 0.01):capsule(side * 0.38, 0.61, side * 0.46, 0.58, 0.01)
    p:fill({ 0.42, 0.28, 0.2 })
  end
  p:circle(0, 0.52, 0.19)
  p:fill(c, { b = { 0.76, 0.83, 0.95 }, bevel = 0.16 })
  p:circle(0, 0.77, 0.16)
  p:fill(c, { b = { 0.8, 0.86, 0.96 }, bevel = 0.14 })
  for i = 0, 2 do p:circle(0.02, 0.42 + i * 0.08, 0.02) end
  p:flat({ 0.15, 0.13, 0.16 })
  p:curve(-0.15, 0.645, 0, 0.6, 0.15, 0.645, 0.042):capsule(0.1, 0.62, 0.14, 0.42, 0.045, 0.055)
  p:fill({ 0.85, 0.22, 0.24 }, { tex = "knit", scale = 20, amount = 0.5 })
  p:box(0, 0.92, 0.2, 0.018, 0, 0.01):box(0, 1.01, 0.12, 0.1, 0, 0.015)
  p:fill({ 0.2, 0.18, 0.24 })
  p:box(0, 0.945, 0.122, 0.02)
  p:fill({ 0.85, 0.22, 0.24 })
  for side = -1, 1, 2 do
    animals.eye(p, f, side * 0.06 + 0.01, 0.81, 0.024)
    animals.cheek(p, side * 0.1 + 0.01, 0.74, 0.035)
  end
  p:capsule(0.01, 0.765, 0.19, 0.745, 0.03, 0.006)
  p:fill({ 0.98, 0.55, 0.18 })
  p:curve(-0.05, 0.72, 0.01, 0.68, 0.07, 0.71, 0.008)
  p:flat({ 0.2, 0.16, 0.18 })
end

return M
