-- Things with a face (teapots, pencils, whatever a story's hero may be), beds, clouds, vehicles. Unit box, foot at 0.
local pen = require "genai.scene.pen"
local animals = require "genai.scene.animals"
local plants, buildings = require "genai.scene.plants", require "genai.scene.buildings"
local dark, light = pen.dark, pen.light
local M = {}
local WOOD, GLASS, GREEN, DARK = { 0.5, 0.34, 0.22 }, { 0.6, 0.86, 0.96 }, { 0.34, 0.56, 0.28 }, { 0.2, 0.19, 0.23 }

local function words_of(text)
  local out = {}
  for w in text:gmatch "%S+" do out[w] = true end
  return out
end

-- what a word's body looks like; all others are round
local bodies = {
  teapot = words_of "teapot kettle jug coffeepot watering",
  pot = words_of "cup mug pot bucket bowl vase flowerpot teacup pail saucepan",
  pumpkin = words_of "pumpkin",
  fruit = words_of "apple pear lemon tomato peach cherry plum strawberry onion potato egg acorn nut bun cupcake snowball bubble marble",
  clock = words_of "clock watch compass coin button wheel plate alarm",
  tall = words_of "pencil crayon candle bottle spoon brush pen paintbrush broom carrot banana matchstick chalk needle key flute ",
  box = words_of "suitcase toaster drum television radio piano wardrobe cupboard fridge chair table stool sofa door window mirror computer phone telephone dictionary backpack box block brick",
  cloth = words_of "sock hat shoe boot glove mitten scarf jumper pillow blanket flag leaf feather snowflake",
}

local function body_of(word)
  for _, name in ipairs { "teapot", "pot", "pumpkin", "fruit", "clock", "tall", "box", "cloth" } do if bodies[name][word or ""] then return name end end
  return "round"
end
local draw = {}
function draw.round(p, c)
  p:circle(0, 0.56, 0.38)
  p:fill(c, { b = dark(c, 0.76), bevel = 0.24, tex = "spot", scale = 7, amount = 0.18, c = light(c, 0.4) })
  p:curve(-0.05, 0.92, 0.02, 1.02, 0.12, 1.0, 0.03, 0.02)
  p:fill(dark(c, 0.8), { bevel = 0.03 })
  return 0.56, 1
end
function draw.teapot(p, c)
  p:join(0.03):curve(0.28, 0.42, 0.48, 0.44, 0.56, 0.74, 0.09, 0.05)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.08 })
  p:ring(-0.4, 0.54, 0.17, 0.035)
  p:fill(dark(c, 0.85), { bevel = 0.05 })
  p:join(0.06):ellipse(0, 0.48, 0.37, 0.34)
  p:fill(c, { b = dark(c, 0.74), bevel = 0.24, tex = "spot", scale = 6, amount = 0.22, c = { 1, 0.98, 0.92 } })
  p:ellipse(0, 0.8, 0.2, 0.06)
  p:fill(light(c, 0.25), { bevel = 0.05 })
  p:circle(0, 0.9, 0.06)
  p:fill({ 0.98, 0.8, 0.36 }, { bevel = 0.05 })
  return 0.5, 1
end
function draw.pot(p, c)
  p:ring(0.37, 0.52, 0.14, 0.035)
  p:fill(dark(c, 0.85), { bevel = 0.05 })
  p:join(0.04):polygon(0.05, -0.3, 0.18, 0.3, 0.18, 0.36, 0.84, -0.36, 0.84)
  p:fill(c, { b = dark(c, 0.76), from = { -0.3, 0.5 }, to = { 0.36, 0.5 }, bevel = 0.14 })
  p:ellipse(0, 0.86, 0.38, 0.07)
  p:fill(light(c, 0.3), { bevel = 0.04 })
  p:ellipse(0, 0.865, 0.31, 0.045)
  p:flat(dark(c, 0.45))
  return 0.53, 0.95
end
function draw.pumpkin(p, c)
  p:curve(0, 0.84, 0.02, 0.95, 0.1, 1.0, 0.05, 0.035)
  p:fill({ 0.4, 0.5, 0.24 }, { bevel = 0.04 })
  for _, x in ipairs { -0.27, 0.27, -0.14, 0.14, 0 } do
    p:ellipse(x, 0.5, 0.2, 0.37)
    p:fill(c, { b = dark(c, 0.74), bevel = 0.16, ink = 0.25 })
  end
  return 0.52, 1.1
end
function draw.fruit(p, c)
  p:join(0.06):circle(-0.1, 0.54, 0.3):circle(0.1, 0.54, 0.3):ellipse(0, 0.46, 0.34, 0.32)
  p:fill(c, { b = dark(c, 0.76), bevel = 0.24 })
  p:capsule(0, 0.82, 0.03, 0.96, 0.02)
  p:fill(WOOD)
  p:ellipse(0.14, 0.93, 0.12, 0.05, 24)
  p:fill(GREEN, { bevel = 0.03 })
  return 0.52, 1
end
function draw.clock(p, c)
  for side = -1, 1, 2 do p:circle(side * 0.22, 0.92, 0.1) end
  p:fill({ 0.95, 0.76, 0.32 }, { bevel = 0.06 })
  p:circle(0, 0.54, 0.38)
  p:fill(c, { b = dark(c, 0.72), bevel = 0.1 })
  p:circle(0, 0.54, 0.31)
  p:fill({ 0.99, 0.97, 0.9 }, { bevel = 0.04, ink = 0.2 })
  for i = 0, 11 do p:circle(math.cos(i * math.pi / 6) * 0.27, 0.54 + math.sin(i * math.pi / 6) * 0.27, i % 3 == 0 and 0.018 or 0.009) end
  p:capsule(0, 0.56, 0, 0.75, 0.012):capsule(0, 0.56, 0.12, 0.64, 0.012)
  p:flat(DARK)
  return 0.5, 0.95
end
function draw.tall(p, c)
  p:join(0.01):box(0, 0.48, 0.17, 0.34, 0, 0.03)
  p:fill(c, { b = dark(c, 0.74), from = { -0.15, 0.5 }, to = { 0.17, 0.5 }, bevel = 0.1 })
  p:polygon(0.01, -0.17, 0.82, 0.17, 0.82, 0, 1.04)
  p:fill({ 0.95, 0.83, 0.64 }, { bevel = 0.05 })
  p:polygon(0.006, -0.055, 0.97, 0.055, 0.97, 0, 1.04)
  p:fill(dark(c, 0.5))
  p:box(0, 0.19, 0.172, 0.05, 0, 0.02)
  p:fill({ 0.95, 0.6, 0.62 }, { bevel = 0.03 })
  return 0.55, 0.55
end
function draw.box(p, c)
  p:box(0, 0.52, 0.38, 0.36, 0, 0.06)
  p:fill(c, { b = dark(c, 0.78), bevel = 0.12, tex = "plank", scale = 9, amount = 0.2, c = dark(c, 0.7) })
  p:box(0, 0.78, 0.385, 0.03)
  p:fill(light(c, 0.3), { bevel = 0.03 })
  p:curve(-0.12, 0.88, 0, 1.02, 0.12, 0.88, 0.026)
  p:fill(dark(c, 0.6), { bevel = 0.03 })
  return 0.52, 1
end
function draw.cloth(p, c)
  p:join(0.1):ellipse(0, 0.4, 0.3, 0.26):ellipse(0, 0.72, 0.26, 0.24)
  p:fill(c, { b = dark(c, 0.78), bevel = 0.2, tex = "stripe", scale = 9, amount = 0.5, c = light(c, 0.5) })
  return 0.62, 0.9
end

--- A thing that is somebody: a body by its word, a face, small arms and legs. Held in a hand it is only a thing.
function M.thing(p, f)
  local c = f.colour
  local plain = f.held
  if not plain then
    for side = -1, 1, 2 do
      p:capsule(side * 0.13, 0.2, side * 0.14, 0.06, 0.038)
      p:fill(dark(c, 0.55), { bevel = 0.03 })
      p:ellipse(side * 0.17, 0.03, 0.095, 0.042)
      p:fill({ 0.42, 0.28, 0.22 }, { bevel = 0.04 })
    end
  end
  local y, w = draw[body_of(f.word)](p, c)
  if plain then return end
  for side = -1, 1, 2 do
    local up = f.mood == "happy" and side > 0
    p:curve(side * 0.33 * w, y - 0.06, side * (0.36 * w + 0.12), y - 0.1, side * (0.36 * w + 0.11), up and y + 0.12 or y - 0.22, 0.034, 0.03)
    p:fill(dark(c, 0.6), { bevel = 0.03 })
    animals.eye(p, f, side * 0.13 * math.max(0.6, w) + 0.02, y + 0.05, 0.052 * math.max(0.75, w), { 1, 1, 0.97 })
    animals.cheek(p, side * 0.21 * math.max(0.55, w) + 0.02, y - 0.06, 0.05 * math.max(0.7, w))
  end
  animals.smile(p, f, 0.02, y - 0.05, 0.05)
end

function M.cloud(p, f)
  local c = f.colour
  p:join(0.08):circle(-0.5, 0.34, 0.28):circle(-0.12, 0.54, 0.38):circle(0.34, 0.48, 0.34):circle(0.66, 0.3, 0.22):box(0, 0.2, 0.66, 0.14, 0, 0.13)
  p:fill(c, { b = { 0.8, 0.84, 0.92 }, from = { 0, 0.9 }, to = { 0, 0.06 }, bevel = 0.3, rough = 0.02, fine = 7, ink = 0.08 })
  if f.sat then return end
  for side = -1, 1, 2 do
    animals.eye(p, f, side * 0.15 + 0.06, 0.46, 0.055)
    animals.cheek(p, side * 0.27 + 0.06, 0.36, 0.07)
  end
  animals.smile(p, f, 0.06, 0.36, 0.055)
end

--- A bed from the side; f.hull draws only the blanket, in front of who lies in it.
function M.bed(p, f)
  if not f.hull then
    p:box(-0.78, 0.5, 0.06, 0.48, 0, 0.05):box(0.78, 0.3, 0.05, 0.3, 0, 0.05):box(0, 0.2, 0.78, 0.1, 0, 0.03)
    p:fill(WOOD, { tex = "plank", scale = 10, amount = 0.4, bevel = 0.06 })
    p:box(0, 0.34, 0.74, 0.09, 0, 0.06)
    p:fill({ 0.97, 0.95, 0.9 }, { bevel = 0.06 })
    p:box(-0.52, 0.5, 0.2, 0.13, 8, 0.11)
    p:fill({ 0.99, 0.98, 0.95 }, { bevel = 0.1 })
  end
  local c = f.colour
  p:join(0.04):box(0.2, 0.36, 0.56, 0.16, 0, 0.09)
  p:fill(c, { b = dark(c, 0.8), bevel = 0.12, tex = "spot", scale = 8, amount = 0.4, c = { 0.98, 0.93, 0.8 } })
  p:box(-0.3, 0.46, 0.07, 0.075, 0, 0.05)
  p:fill({ 0.98, 0.96, 0.92 }, { bevel = 0.06 })
end

function M.treehouse(p, f)
  p:inset(0, 0, 1, function() plants.tree(p, { colour = GREEN, r = f.r }, {}) end)
  p:capsule(-0.3, 0.42, 0.3, 0.42, 0.02)
  p:fill(WOOD, { tex = "plank", scale = 20, amount = 0.4 })
  p:inset(0, 0.43, 0.4, function() buildings.house(p, { colour = f.colour, lit = f.lit, r = f.r }, {}) end)
  p:capsule(0.1, 0, 0.12, 0.42, 0.008):capsule(0.19, 0, 0.2, 0.42, 0.008)
  for i = 1, 6 do p:capsule(0.1, i * 0.065, 0.195, i * 0.065, 0.007) end
  p:fill(WOOD)
end

function M.submarine(p, f)
  local c = f.colour
  p:polygon(0.02, -0.56, 0.42, -0.82, 0.66, -0.78, 0.4, -0.82, 0.14)
  p:fill(dark(c, 0.8), { bevel = 0.05 })
  p:box(0.02, 0.76, 0.17, 0.14, 0, 0.06):capsule(0.08, 0.86, 0.08, 1.02, 0.025):capsule(0.08, 1.02, 0.2, 1.02, 0.028)
  p:fill(dark(c, 0.9), { bevel = 0.08 })
  p:join(0.04):ellipse(0, 0.42, 0.66, 0.3)
  p:fill(c, { b = dark(c, 0.7), from = { 0, 0.7 }, to = { 0, 0.1 }, bevel = 0.2 })
  for i = -1, 1 do
    p:circle(i * 0.27 + 0.04, 0.46, 0.105)
    p:fill({ 0.98, 0.86, 0.5 }, { bevel = 0.04 })
    p:circle(i * 0.27 + 0.04, 0.46, 0.075)
    p:flat(f.lit > 0 and { 1, 0.86, 0.5 } or GLASS, { raw = f.lit > 0 })
  end
  for side = -1, 1, 2 do animals.eye(p, f, 0.47 + side * 0.05, 0.5, 0.04, { 1, 1, 0.97 }) end
  p:curve(0.42, 0.36, 0.48, 0.31, 0.55, 0.36, 0.012)
  p:flat(dark(c, 0.4))
end

function M.plane(p, f)
  local c = f.colour
  p:polygon(0.02, -0.5, 0.5, -0.66, 0.86, -0.44, 0.84, -0.3, 0.56)
  p:fill(dark(c, 0.85), { bevel = 0.06 })
  p:join(0.05):capsule(-0.5, 0.5, 0.3, 0.46, 0.08, 0.19)
  p:fill(c, { b = dark(c, 0.72), from = { 0, 0.7 }, to = { 0, 0.25 }, bevel = 0.16 })
  for i = 0, 2 do p:circle(-0.18 + i * 0.16, 0.56, 0.045) end
  p:flat(f.lit > 0 and { 1, 0.86, 0.5 } or GLASS, { raw = f.lit > 0 })
  p:polygon(0.03, 0.14, 0.42, -0.14, 0.4, -0.4, 0.08, -0.2, 0.08)
  p:fill(light(c, 0.25), { b = dark(c, 0.8), bevel = 0.08 })
  p:ellipse(0.52, 0.46, 0.03, 0.26)
  p:flat({ 0.9, 0.92, 0.95 }, { alpha = 0.75 })
  p:circle(0.5, 0.46, 0.06)
  p:fill(DARK, { bevel = 0.04 })
end

function M.bicycle(p, f)
  for side = -1, 1, 2 do
    p:ring(side * 0.4, 0.3, 0.27, 0.03)
    p:fill(DARK)
    for i = 0, 2 do
      local a = i * math.pi / 3
      p:capsule(side * 0.4 - math.cos(a) * 0.26, 0.3 - math.sin(a) * 0.26, side * 0.4 + math.cos(a) * 0.26, 0.3 + math.sin(a) * 0.26, 0.007)
    end
    p:flat({ 0.8, 0.82, 0.86 })
  end
  p:capsule(-0.4, 0.3, -0.14, 0.74, 0.025):capsule(-0.14, 0.74, 0.3, 0.7, 0.025):capsule(-0.4, 0.3, 0.0, 0.28, 0.025):capsule(0, 0.28, 0.3, 0.7, 0.025):capsule(0, 0.28, -0.16, 0.8, 0.025):capsule(0.4, 0.3, 0.26, 0.9, 0.025)
  p:fill(f.colour, { bevel = 0.03 })
  p:capsule(-0.26, 0.84, -0.06, 0.84, 0.04):capsule(0.26, 0.92, 0.12, 0.96, 0.025)
  p:fill(DARK, { bevel = 0.03 })
end

function M.sledge(p, f)
  p:curve(-0.6, 0.06, 0.3, 0.02, 0.66, 0.16, 0.035):curve(0.66, 0.16, 0.8, 0.3, 0.62, 0.42, 0.035)
  p:fill({ 0.7, 0.72, 0.78 }, { bevel = 0.03 })
  for i = -1, 1 do p:capsule(i * 0.36, 0.06, i * 0.36, 0.36, 0.035) end
  p:box(0, 0.4, 0.62, 0.07, 0, 0.03)
  p:fill(f.colour, { b = dark(f.colour, 0.75), tex = "plank", scale = 9, amount = 0.4, bevel = 0.05 })
end

function M.crocodile(p, f)
  local c = f.colour
  p:join(0.06):curve(-0.3, 0.3, -0.85, 0.34, -1.05, 0.06, 0.17, 0.02)
  p:fill(c, { b = dark(c, 0.8), tex = "scale", scale = 11, amount = 0.4, c = dark(c, 0.7), bevel = 0.1 })
  for _, x in ipairs { -0.34, 0.3, -0.22, 0.42 } do
    p:capsule(x, 0.24, x + 0.03, 0.06, 0.08, 0.06):ellipse(x + 0.07, 0.03, 0.1, 0.035)
    p:fill(dark(c, 0.85), { bevel = 0.06 })
  end
  p:join(0.08):ellipse(0, 0.33, 0.46, 0.22):circle(0.48, 0.56, 0.2):capsule(0.55, 0.5, 0.95, 0.46, 0.13, 0.08)
  p:fill(c, { b = dark(c, 0.76), from = { 0, 0.7 }, to = { 0, 0.1 }, tex = "scale", scale = 11, amount = 0.4, c = dark(c, 0.72), bevel = 0.16 })
  p:ellipse(0.05, 0.2, 0.36, 0.1)
  p:fill({ 0.93, 0.9, 0.66 }, { ink = 0, soft = 0.02, shade = 0.3 })
  for i = 0, 5 do p:polygon(0.01, -0.42 + i * 0.14, 0.46 + i * (5 - i) * 0.014, -0.34 + i * 0.14, 0.6 + i * (5 - i) * 0.014, -0.28 + i * 0.14, 0.46 + i * (5 - i) * 0.014) end
  p:fill(dark(c, 0.7), { bevel = 0.04 })
  p:circle(0.44, 0.74, 0.09)
  p:fill(c, { bevel = 0.06 })
  animals.eye(p, f, 0.45, 0.75, 0.05, { 1, 1, 0.9 })
  animals.cheek(p, 0.52, 0.56, 0.05)
  p:curve(0.55, 0.46, 0.75, 0.38, 1.0, 0.47, 0.012)
  p:flat(dark(c, 0.4))
  for i = 0, 3 do p:polygon(0.004, 0.64 + i * 0.09, 0.435, 0.69 + i * 0.09, 0.435, 0.665 + i * 0.09, 0.385) end
  p:flat({ 1, 1, 0.96 })
  p:circle(0.98, 0.53, 0.025)
  p:flat(dark(c, 0.4))
end

function M.snake(p, f)
  local c = f.colour
  p:join(0.03):curve(-0.75, 0.05, -0.5, 0.34, -0.25, 0.12, 0.03, 0.1):curve(-0.25, 0.12, 0.0, -0.04, 0.15, 0.2, 0.1, 0.12):curve(0.15, 0.2, 0.34, 0.5, 0.2, 0.72, 0.12, 0.1):ellipse(0.27, 0.8, 0.19, 0.15)
  p:fill(c, { b = dark(c, 0.75), tex = "spot", scale = 8, amount = 0.6, c = light(c, 0.5), bevel = 0.1 })
  animals.eye(p, f, 0.26, 0.86, 0.045, { 1, 1, 0.9 })
  animals.eye(p, f, 0.37, 0.86, 0.045, { 1, 1, 0.9 })
  animals.cheek(p, 0.22, 0.77, 0.04)
  p:capsule(0.44, 0.76, 0.56, 0.74, 0.01):capsule(0.56, 0.74, 0.62, 0.78, 0.008):capsule(0.56, 0.74, 0.62, 0.7, 0.008)
  p:flat({ 0.9, 0.3, 0.35 })
  animals.smile(p, f, 0.33, 0.76, 0.04)
end

function M.log(p, f)
  local c = f.colour
  p:capsule(-0.72, 0.42, 0.6, 0.42, 0.4)
  p:fill(c, { b = dark(c, 0.62), from = { 0, 0.8 }, to = { 0, 0 }, tex = "fur", scale = 9, amount = 0.6, bevel = 0.2 })
  p:ellipse(0.72, 0.42, 0.3, 0.4)
  p:fill({ 0.86, 0.7, 0.48 }, { bevel = 0.05 })
  for i = 1, 2 do p:ring(0.72, 0.42, i * 0.11, 0.012) end
  p:flat({ 0.62, 0.46, 0.3 })
end

--- A mound under who stands on a hill.
function M.hillock(p, f)
  local c = f.colour
  p:ellipse(0, -0.1, 1.2, 1.06)
  p:fill(light(c, 0.1), { b = dark(c, 0.86), from = { 0, 0.96 }, to = { 0, 0 }, tex = "grain", scale = 24, amount = 0.4, rough = 0.02, fine = 12, bevel = 0.3, shade = 0.4, ink = 0.1, soft = 0.01 })
end

return M
