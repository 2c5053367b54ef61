-- Everything behind and around the figures: sky, far land, water, ground, weather and the last wash. Each function appends rows to the pen.
local pen = require "genai.scene.pen"
local words = require "genai.scene.words"
local mix, dark, light = pen.mix, pen.dark, pen.light
local M = {}
local T = getmetatable(pen.new()).textures
local SKYLINE = { rolling = 0, ridged = 1, flat = 2, conifers = 3, dunes = 4, city = 5, trees = 6 }

local GROUND = {
  meadow = { near = { 0.4, 0.6, 0.24 }, far = { 0.64, 0.78, 0.42 }, tex = "leaves", scale = 20, amount = 0.3 },
  forest = { near = { 0.26, 0.43, 0.2 }, far = { 0.46, 0.6, 0.36 }, tex = "leaves", scale = 20, amount = 0.34 },
  jungle = { near = { 0.2, 0.44, 0.2 }, far = { 0.4, 0.64, 0.34 }, tex = "leaves", scale = 18, amount = 0.4 },
  sand = { near = { 0.9, 0.76, 0.54 }, far = { 0.96, 0.87, 0.7 }, tex = "grain", scale = 16, amount = 0.22 },
  desert = { near = { 0.9, 0.64, 0.36 }, far = { 0.97, 0.82, 0.56 }, tex = "grain", scale = 10, amount = 0.22 },
  snow = { near = { 0.88, 0.93, 0.99 }, far = { 0.97, 0.98, 1 }, tex = "grain", scale = 10, amount = 0.12 },
  pavement = { near = { 0.56, 0.52, 0.52 }, far = { 0.7, 0.65, 0.62 }, tex = "brick", scale = 30, amount = 0.3 },
  seabed = { near = { 0.72, 0.68, 0.5 }, far = { 0.5, 0.66, 0.62 }, tex = "grain", scale = 12, amount = 0.25 },
  space = { near = { 0.5, 0.47, 0.56 }, far = { 0.66, 0.62, 0.7 }, tex = "rock", scale = 5, amount = 0.4 },
  cave = { near = { 0.42, 0.36, 0.36 }, far = { 0.54, 0.46, 0.42 }, tex = "rock", scale = 5, amount = 0.45 },
  room = { near = { 0.66, 0.44, 0.28 }, far = { 0.76, 0.54, 0.36 }, tex = "plank", scale = 9, amount = 0.5 },
}

local function terrain(p, t)
  local a, b, cap = p:tone(t.top), p:tone(t.low or t.top), p:tone(t.cap or { 1, 1, 1 }, t.cap_raw)
  p:row { 20, t.alpha or 1, a[1], a[2], a[3], b[1], b[2], b[3], t.base, t.amp or 0, t.freq or 1, SKYLINE[t.kind or "rolling"], t.octaves or 3, t.seed or 1,
    t.bottom or 1, T[t.tex or "none"], t.scale or 20, t.amount or 0.3, t.edge or 0, t.fade or 0, cap[1], cap[2], cap[3], t.cap_at or 0, t.down and 1 or 0,
    t.ripple or 0, t.curve or 0, t.cx or 0, t.floor and 1 or 0, t.tilt or 0 }
end
M.terrain = terrain

local function glow(p, x, y, r, c, strength, sharp) p:row { 22, strength, c[1], c[2], c[3], 0, 0, 0, x, y, r, sharp or 1 } end

local function moon(p, s, x, y)
  local size = 0.075
  glow(p, x, y, 0.62, { 0.6, 0.72, 1 }, 0.34, 1)
  glow(p, x, y, 0.24, { 0.85, 0.9, 1 }, 0.55, 1)
  p:at(x, y, size, 1)
  p:circle(0, 0, 1)
  if s.crescent then p:join(0.02, "cut"):circle(0.42, 0.26, 0.88) end
  p:fill({ 0.99, 0.97, 0.88 }, { raw = true, b = { 0.9, 0.89, 0.84 }, from = { -0.6, 0.8 }, to = { 0.6, -0.8 }, tex = "patch", scale = 1.5, amount = s.crescent and 0 or 0.28,
    c = { 0.86, 0.85, 0.82 }, shade = 0, ink = 0 })
end

local function sun(p, pal, x, y, low)
  local c = pal.sun
  glow(p, x, y, low and 1.0 or 0.8, c, low and 0.5 or 0.36, 1)
  glow(p, x, y, 0.26, c, 0.6, 1)
  p:at(x, y, low and 0.085 or 0.068, 1)
  p:circle(0, 0, 1)
  p:flat(mix(c, { 1, 1, 0.95 }, 0.65), { raw = true, soft = 0.04 })
end

--- One heaped cloud of soft balls with a flat foot.
local function cumulus(p, pal, x, y, size, r, alpha)
  p:at(x, y, size, r:uniform() < 0.5 and 1 or -1)
  p:join(0.08)
  local n = 5 + r:integer(0, 2)
  for i = 1, n do
    local t = (i - 0.5) / n * 2 - 1
    local top = (1 - t * t) * (0.22 + r:uniform() * 0.16)
    p:ellipse(t * 0.72, top * 0.75, 0.2 + r:uniform() * 0.1, 0.1 + top * 0.75)
  end
  p:join(0.05, "cut"):box(0, -0.3, 1.6, 0.26)
  p:fill(pal.cloud[1], { raw = true, b = pal.cloud[2], from = { 0, 0.36 }, to = { 0, -0.06 }, rough = 0.035, fine = 5, soft = 0.03, ink = 0, alpha = alpha, bevel = 0.3,
    shade = 0.6, rim = 0.7, tex = "grain", scale = 5, amount = 0.12 })
end

function M.sky(p, s)
  local pal, h, r, w = s.pal, s.plan.horizon, s.r, s.w
  local sky = pal.sky
  local v = {}
  for i = 1, 4 do for k = 1, 3 do v[#v + 1] = sky[i][k] end end
  p:row { 24, 1, v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12], -0.02, h * 0.45, h * 0.8, h + 0.03, 0.14, 4.2, r:integer(1, 999) }
  local sc = s.scene
  if sc.sky.stars then p:row { 25, 1, 1, 0.98, 0.9, 0, 0, 0, 0, h + 0.03, 21, 0.0036, r:integer(1, 999), sc.time == "night" and 1 or 0.7 } end
  if sc.sky.aurora then
    for i = 0, 2 do
      local c = i == 1 and { 0.45, 0.5, 0.98 } or { 0.3, 0.98, 0.66 }
      p:at(0, 0.34 + i * 0.02, 1, 1)
      for k = 0, 3 do
        local x = (k + i * 0.4) * w / 3.4
        p:curve(x - 0.25, 0.05 + (k % 2) * 0.1, x, 0.24 - i * 0.05, x + 0.25, 0.1 + ((k + 1) % 2) * 0.08, 0.035)
      end
      p:flat(c, { raw = true, add = true, alpha = 0.42, soft = 0.09 })
    end
  end
  if sc.sky.sun and s.sun_y then sun(p, pal, s.sun_x, s.sun_y, s.sun_y > h * 0.66) end
  if sc.sky.moon then moon(p, s, s.sun_x, s.moon_y) end
end

function M.clouds(p, s)
  local pal, r, w, h = s.pal, s.r, s.w, s.plan.horizon
  local l, d = pal.cloud[1], pal.cloud[2]
  local heavy = pal.clouds > 0.55
  if heavy then
    p:row { 26, 0.95, l[1], l[2], l[3], d[1], d[2], d[3], -0.42, h * 1.02, 2.0, 4.6, 0.68 - pal.clouds * 0.42, 0.3, r:integer(1, 999) }
  else
    p:row { 26, 0.5, l[1], l[2], l[3], d[1], d[2], d[3], 0.02, h, 1.3, 7, 0.5, 0.3, r:integer(1, 999) }
  end
  if s.scene.sky.clouds and not heavy then
    for i = 1, 3 + r:integer(0, 2) do
      local far = r:uniform()
      cumulus(p, pal, (i - 0.5 + (r:uniform() - 0.5) * 0.7) / 4.2 * w, h * (0.72 - 0.5 * far), 0.13 + 0.15 * far, r, s.scene.time == "night" and 0.65 or 0.92)
    end
  end
  if s.scene.sky.rainbow then
    local low = s.scene.time == "night" and 0.35 or 0.62
    p:row { 33, low, 0, 0, 0, 0, 0, 0, w * (0.5 + s.plan.side * 0.12), h + 0.06, 0.46, 0.075 }
  end
end

local function hazed(p, s, t) p.haze, p.hazed = s.pal.haze, t end

local function mountains(p, s)
  local r, h, pal = s.r, s.plan.horizon, s.pal
  local tint = s.scene.colours.mountains and words.colours[s.scene.colours.mountains]
  local rock = tint or mix({ 0.46, 0.5, 0.64 }, { 0.56, 0.46, 0.5 }, r:uniform())
  for i = 1, 2 do
    hazed(p, s, 0.62 - i * 0.2)
    local amp = 0.22 + i * 0.055 + r:uniform() * 0.08
    terrain(p, { kind = "ridged", top = rock, low = mix(rock, { 0.5, 0.62, 0.5 }, 0.5), base = h + 0.02, amp = amp * (s.big and 1.35 or 1), freq = 2.2 - i * 0.45 + r:uniform() * 0.4, octaves = 4,
      seed = r:integer(1, 999), bottom = h + 0.03, cap = { 0.98, 0.99, 1 }, cap_at = h + 0.05 - amp * (s.scene.season == "winter" and 0.4 or 0.62) * (s.big and 1.35 or 1), tilt = 0.75, fade = s.pal.dull and 0.4 or 0.55,
      tex = "rock", scale = 9, amount = 0.16 })
  end
  if s.plan.water == "band" or s.plan.water == "open" then return end
end

local function treeline(p, s, base, amp, colour, kind, haze, freq)
  hazed(p, s, haze)
  terrain(p, { kind = kind, top = light(colour, 0.08), low = dark(colour, 0.74), base = base, amp = amp, freq = freq or 11, seed = s.r:integer(1, 999), bottom = base + 0.06,
    tex = kind == "conifers" and "needles" or "leaves", scale = 54, amount = 0.24, edge = 0.35 })
end

local function city(p, s)
  local h, r = s.plan.horizon, s.r
  local tint = words.colours[s.scene.colours.city or s.scene.colours.town or ""]
  local wall = tint or { 0.5, 0.48, 0.58 }
  local lit = s.lamps > 0 and { 1, 0.84, 0.45 } or { 0.8, 0.88, 0.93 }
  for i = 1, 3 do
    hazed(p, s, 0.56 - i * 0.17)
    local own = mix(wall, i == 2 and { 0.62, 0.46, 0.44 } or { 0.4, 0.46, 0.6 }, tint and 0.14 or 0.35)
    terrain(p, { kind = "city", top = light(own, 0.06), low = dark(own, 0.75), base = h + 0.06 + i * 0.012, amp = 0.6 - i * 0.09, freq = 4.4 + i * 1.3, seed = r:integer(1, 999),
      bottom = h + 0.14, tex = "windows", scale = 34 - i * 3, amount = s.lamps > 0 and 0.95 or 0.4, cap = lit, cap_raw = s.lamps > 0, edge = 0.25 })
  end
end

local function village(p, s)
  local figures = require "genai.scene.figures"
  local r, w, h = s.r, s.w, s.plan.shore
  local tint = words.colours[s.scene.colours.village or s.scene.colours.town or ""]
  local walls = { { 0.97, 0.9, 0.76 }, { 0.93, 0.78, 0.66 }, { 0.86, 0.88, 0.86 }, { 0.95, 0.84, 0.6 }, { 0.8, 0.86, 0.9 } }
  local roofs = { { 0.74, 0.34, 0.26 }, { 0.6, 0.3, 0.3 }, { 0.42, 0.42, 0.52 }, { 0.8, 0.48, 0.28 } }
  local n = 6 + r:integer(0, 2)
  for i = 1, n do
    local x = (i - 0.5 + (r:uniform() - 0.5) * 0.5) / n * w
    local kind = i == 1 + n // 2 and r:uniform() < 0.7 and "church" or "house"
    local f = { colour = tint or r:choose(walls), roof = r:choose(roofs), door = r:choose { { 0.36, 0.5, 0.52 }, { 0.66, 0.3, 0.26 }, { 0.3, 0.44, 0.34 } }, lit = s.lamps, r = r, beam = 0 }
    local y = h + 0.045 + (i % 2) * 0.035 + r:uniform() * 0.02
    hazed(p, s, 0.24 - (i % 2) * 0.08)
    p:at(x, y, (kind == "church" and 0.26 or 0.165) + (i % 2) * 0.03, r:uniform() < 0.5 and 1 or -1)
    p:shadow(0.9)
    figures.kinds[kind].draw(p, f, figures.kinds[kind].spec)
  end
end

function M.far(p, s)
  local plan, r, h = s.plan, s.r, s.plan.horizon
  local has, g = plan.has, GROUND[plan.ground]
  s.big = has.mountains
  local autumn = s.scene.season == "autumn"
  if plan.ground == "space" or plan.ground == "seabed" or plan.ground == "cave" or plan.ground == "room" then return end
  local sea = plan.water == "band" or plan.water == "open"
  local leaf = autumn and { 0.8, 0.5, 0.22 } or s.scene.season == "winter" and { 0.66, 0.74, 0.78 } or { 0.32, 0.52, 0.3 }
  if has.mountains or (not sea and not has.city and r:uniform() < 0.4) or (sea and not has.city and r:uniform() < 0.35) then mountains(p, s) end
  if plan.ground == "desert" then
    for i = 1, 3 do
      hazed(p, s, 0.5 - i * 0.14)
      terrain(p, { kind = "dunes", top = g.far, low = g.near, base = h + 0.02 + i * 0.035, amp = 0.13 - i * 0.015, freq = 1.1 + i * 0.35, seed = r:integer(1, 999), bottom = h + 0.14, edge = 0.5,
        tex = "wave", scale = 18, amount = 0.14 })
    end
    return
  end
  if sea then return end
  local near = mix(g.far, g.near, 0.4)
  for i = 1, has.hills and 3 or 2 do
    hazed(p, s, 0.52 - i * 0.15)
    terrain(p, { top = light(g.far, 0.06), low = near, base = h + 0.015 + i * 0.03, amp = (has.hills and 0.17 or 0.09) - i * 0.012, freq = 1.0 + i * 0.4, octaves = 2, seed = r:integer(1, 999),
      bottom = h + 0.13, tex = g.tex == "brick" and "leaves" or g.tex, scale = 34, amount = 0.22, edge = 0.35 })
    if i == 1 and not has.city then treeline(p, s, h + 0.035, 0.045, leaf, r:uniform() < 0.5 and "trees" or "conifers", 0.36, 16) end
  end
  if has.forest or has.jungle then
    treeline(p, s, h + 0.04, 0.24, leaf, has.jungle and "trees" or r:uniform() < 0.5 and "trees" or "conifers", 0.42, 8)
    treeline(p, s, h + 0.07, 0.3, dark(leaf, 0.92), r:uniform() < 0.5 and "trees" or "conifers", 0.22, 6)
  end
  if has.city or has.town then city(p, s) end
end

--- Sea, lake and river, with the path of light.
function M.water(p, s)
  local plan, pal, w = s.plan, s.pal, s.w
  if not plan.water then return end
  local h = plan.horizon
  local far, near, glint = pal.water_far, pal.water_near, pal.rim
  local rough = s.scene.weather == "storm" and 1.35 or s.scene.weather == "wind" and 1.15 or 0.85
  local bright = (s.scene.sky.sun or s.scene.sky.moon) and (pal.dull and 0.25 or 0.85) or 0.15
  local y0, y1 = h, 1.0
  if plan.water == "band" then y1 = plan.shore + 0.06 end
  if plan.water == "lake" then
    y0, y1 = plan.shore + 0.1, plan.shore + 0.4
    p:at(w * (0.5 - plan.side * 0.06), plan.shore + 0.25, 1, 1)
    local function bed(g)
      p:join(0.1):ellipse(-0.02, 0.03, w * 0.33 + g, 0.075 + g):ellipse(0.22 * plan.side, -0.03, w * 0.27 + g, 0.07 + g):ellipse(-0.3 * plan.side, -0.055, w * 0.2 + g, 0.06 + g)
    end
    bed(0.012)
    p:flat(dark(GROUND[plan.ground].near, 0.66), { soft = 0.012, rough = 0.008, fine = 20 })
    bed(0)
  elseif plan.water == "river" then
    y0, y1 = plan.shore + 0.03, 1
    local a = plan.side
    p:at(w * 0.5, plan.shore, 1, a)
    local function bed(grow)
      p:join(0.03):curve(0.12, -0.055, -0.28, -0.09, -0.05, -0.16, 0.006 + grow * 0.4, 0.028 + grow):curve(-0.05, -0.16, 0.34, -0.24, 0.06, -0.36, 0.028 + grow, 0.1 + grow)
      p:curve(0.06, -0.36, -0.1, -0.43, -0.1, -0.62, 0.1 + grow, 0.2 + grow)
    end
    bed(0.012)
    p:flat(dark(GROUND[plan.ground].near, 0.66), { soft = 0.01 })
    bed(0)
  end
  p:row { 21, 1, far[1], far[2], far[3], near[1], near[2], near[3], y0, y1, rough, s.r:integer(1, 999), glint[1], glint[2], glint[3], s.sun_x, 0.13, bright,
    plan.water == "lake" and 7 or plan.water == "river" and 9 or 5.5, s.scene.weather == "storm" and 0.8 or 0.4 }
  if plan.water == "band" or plan.water == "open" then -- haze where water meets sky
    local c = pal.haze
    p:row { 29, 0.4, c[1], c[2], c[3], 0, 0, 0, h - 0.02, h + 0.03, 3, 1, 0 }
  end
end

local function snowy(s) return s.scene.season == "winter" or s.scene.weather == "snow" or s.plan.ground == "snow" end
M.snowy = snowy

local function waterfall(p, s)
  local rock, x = { 0.5, 0.48, 0.47 }, s.w * 0.5 - 0.11 * s.plan.side
  p:at(x, s.plan.shore + 0.06, 1, 1)
  p:join(0.06):polygon(0.03, -0.52, -0.02, -0.4, 0.13, -0.22, 0.2, -0.13, 0.31, 0.14, 0.32, 0.26, 0.2, 0.4, 0.16, 0.55, -0.02)
  p:fill({ 0.36, 0.52, 0.28 }, { tex = "leaves", scale = 40, amount = 0.5, rough = 0.02, fine = 18, bevel = 0.1 })
  p:join(0.06):polygon(0.03, -0.36, -0.02, -0.25, 0.12, -0.14, 0.2, -0.1, 0.27, 0.11, 0.275, 0.17, 0.17, 0.28, 0.12, 0.38, -0.02)
  p:fill(rock, { b = dark(rock, 0.7), from = { 0, 0.36 }, to = { 0, 0 }, tex = "rock", scale = 7, amount = 0.6, rough = 0.014, fine = 9, bevel = 0.1 })
  p:polygon(0.01, -0.05, 0.325, 0.05, 0.325, 0.085, -0.03, -0.085, -0.03)
  p:fill(mix(s.pal.water_far, { 1, 1, 1 }, 0.45), { b = mix(s.pal.water_near, { 1, 1, 1 }, 0.25), raw = true, tex = "fur", scale = 60, amount = 0.7, ink = 0, shade = 0.3, rough = 0.004, fine = 30 })
  for i = -3, 3 do p:circle(i * 0.04, -0.025 + (i % 2) * 0.015, 0.034) end
  p:flat({ 0.97, 0.99, 1 }, { alpha = 0.75, soft = 0.03 })
end

local function grassy(s) return s.plan.ground == "meadow" or s.plan.ground == "forest" or s.plan.ground == "jungle" end

local function ground_colours(s)
  local g = GROUND[s.plan.ground]
  local near, far = g.near, g.far
  if grassy(s) then
    if s.scene.season == "autumn" then near, far = { 0.62, 0.52, 0.22 }, { 0.82, 0.7, 0.4 } end
    if snowy(s) then near, far = GROUND.snow.near, GROUND.snow.far end
    if s.scene.season == "spring" then near = mix(near, { 0.5, 0.74, 0.3 }, 0.5) end
  end
  return g, near, far
end

M.ground_colours = ground_colours

local function tufts(p, s, near, y0, y1, lo, hi)
  if not grassy(s) or snowy(s) then return end
  local n = 9
  for i = 1, n do
    local t = i * i / (n * n)
    local y = y0 + (y1 - y0) * t
    local root, tip = p:tone(dark(near, 0.84)), p:tone(light(mix(near, { 0.75, 0.85, 0.35 }, 0.35), 0.1))
    p:row { 30, 0.8, root[1], root[2], root[3], tip[1], tip[2], tip[3], y, 0.014 + 0.05 * t, 0.012 + 0.022 * t, 0.003 + 0.006 * t, s.scene.weather == "wind" and 0.9 or 0.1, s.r:integer(1, 999),
      lo or 0, hi or 100, 0.42, 0.012, 5 }
  end
end

local function scatter(p, s, y)
  local flowery = s.plan.has.garden or s.scene.season == "spring" or s.plan.flowers
  local colours = s.r:choose { { { 0.98, 0.93, 0.86 }, { 0.98, 0.78, 0.3 } }, { { 0.93, 0.4, 0.46 }, { 0.98, 0.9, 0.85 } }, { { 0.66, 0.5, 0.9 }, { 0.98, 0.85, 0.4 } },
    { { 0.95, 0.6, 0.7 }, { 0.98, 0.95, 0.9 } } }
  local share, size = flowery and 0.42 or 0.1, 0.17
  if s.plan.ground == "sand" or s.plan.ground == "seabed" or s.plan.ground == "desert" then colours, share, size = { { 0.98, 0.93, 0.86 }, { 0.74, 0.6, 0.5 } }, 0.05, 0.12 end
  if s.plan.ground == "forest" and s.scene.season == "autumn" then colours, share = { { 0.9, 0.5, 0.16 }, { 0.8, 0.3, 0.14 } }, 0.4 end
  if snowy(s) or s.plan.ground == "pavement" or s.plan.ground == "room" then return end
  local a, b = p:tone(colours[1]), p:tone(colours[2])
  p:row { 31, 0.95, a[1], a[2], a[3], b[1], b[2], b[3], s.plan.horizon, 1.0, flowery and 9 or 7, size, share, s.r:integer(1, 999), y, 0, 100 }
end

local function path(p, s)
  local c = s.plan.ground == "snow" and { 0.8, 0.84, 0.9 } or { 0.86, 0.74, 0.54 }
  p:at(s.w * (0.5 + s.plan.side * 0.1), s.plan.shore + (s.plan.has.village and 0.02 or 0.085), 1, s.plan.side)
  p:join(0.02):curve(0.18, -0.05, -0.2, -0.1, 0, -0.2, 0.006, 0.03):curve(0, -0.2, 0.26, -0.32, -0.08, -0.64, 0.03, 0.14)
  p:fill(c, { b = dark(c, 0.85), from = { 0, -0.05 }, to = { 0, -0.5 }, rough = 0.008, fine = 20, tex = "grain", scale = 24, amount = 0.3, shade = 0.2, ink = 0.1, soft = 0.004 })
end

local function landmass(p, s, g, near, far)
  local plan, w = s.plan, s.w
  hazed(p, s, 0.02)
  if plan.shape == "cliff" then
    local x = plan.side > 0 and w or 0
    local reach = plan.reach * w
    p:at(x, plan.top, 1, -plan.side)
    local rock = { 0.56, 0.48, 0.45 }
    p:join(0.02):polygon(0.02, -0.3, 0.0, reach - 0.03, 0.0, reach - 0.05, -0.1, reach - 0.12, -0.2, reach - 0.1, -0.34, reach - 0.2, -0.6, -0.3, -0.6)
    p:fill(light(rock, 0.12), { b = dark(rock, 0.6), from = { reach * 0.5, 0 }, to = { reach * 0.4, -0.32 }, tex = "rock", scale = 5, amount = 0.7, rough = 0.014, fine = 10, bevel = 0.16, shade = 0.8 })
    p:join(0.03):polygon(0.012, -0.3, 0.02, reach * 0.5, 0.03, reach - 0.02, 0.006, reach - 0.03, -0.03, reach * 0.7, -0.12, reach * 0.4, -0.22, -0.3, -0.25)
    p:fill(far, { b = near, from = { 0, 0 }, to = { 0, -0.2 }, tex = g.tex, scale = 34, amount = 0.34, rough = 0.012, fine = 14, bevel = 0.06, shade = 0.5 })
    p:at(x, 0, 1, -plan.side) -- surf at the foot
    p:ellipse(reach - 0.12, -1.0, 0.3, 0.03):ellipse(reach - 0.2, -0.985, 0.22, 0.02)
    p:flat({ 0.95, 0.98, 1 }, { alpha = 0.7, soft = 0.02, rough = 0.02, fine = 16 })
  else
    p:at(plan.centre * w, plan.top + 0.035, 1, 1)
    p:ellipse(0, -0.012, 0.42 * math.min(w, 1.3), 0.07)
    p:flat({ 0.96, 0.98, 1 }, { alpha = 0.55, soft = 0.02, rough = 0.012, fine = 20 })
    p:join(0.05):ellipse(0, 0, 0.38 * math.min(w, 1.3), 0.062)
    p:fill({ 0.95, 0.85, 0.64 }, { b = { 0.82, 0.68, 0.48 }, from = { 0, 0.05 }, to = { 0, -0.06 }, tex = "grain", scale = 20, amount = 0.25, bevel = 0.05 })
    p:join(0.05):ellipse(0, 0.028, 0.31 * math.min(w, 1.3), 0.048):ellipse(0.03, 0.045, 0.2, 0.045)
    p:fill(far, { b = near, from = { 0, 0.09 }, to = { 0, -0.03 }, tex = "leaves", scale = 36, amount = 0.35, rough = 0.008, fine = 24, bevel = 0.04 })
  end
end

function M.ground(p, s)
  local plan, r = s.plan, s.r
  local g, near, far = ground_colours(s)
  if snowy(s) then g = GROUND.snow end
  if plan.shape then
    landmass(p, s, g, near, far)
    return
  end
  if plan.water == "open" then return end
  hazed(p, s, 0.03)
  local y = plan.water == "band" and plan.shore or plan.shore + 0.11
  local bank = plan.water == "band"
  if bank then -- wet sand and a line of foam
    terrain(p, { top = dark(far, 0.8), low = near, base = y + 0.016, amp = 0.06, freq = 1.1, octaves = 2, seed = s.shore_seed, bottom = 1 })
    terrain(p, { top = { 0.97, 0.99, 1 }, low = { 0.97, 0.99, 1 }, alpha = 0.8, base = y + 0.008, amp = 0.06, freq = 1.1, octaves = 2, seed = s.shore_seed, bottom = 1 })
  end
  terrain(p, { top = far, low = near, base = y + (bank and 0.022 or 0), amp = bank and 0.06 or (plan.has.hills and 0.06 or 0.02) + r:uniform() * 0.07, freq = bank and 1.1 or 0.8 + r:uniform(), octaves = 2,
    seed = bank and s.shore_seed or r:integer(1, 999), bottom = 1, tex = g.tex, scale = g.scale, amount = g.amount, edge = 0.2, floor = 1 })
  if plan.has.waterfall then waterfall(p, s) end
  if plan.has.village or plan.has.road or plan.has.garden or (plan.ground == "meadow" and not plan.water and r:uniform() < 0.3) then path(p, s) end
  if plan.has.village or plan.has.town then village(p, s) end
  hazed(p, s, 0)
end

function M.cover(p, s) -- flowers and grass, after the water
  local plan = s.plan
  if plan.ground == "room" or plan.ground == "cave" or plan.ground == "space" then return end
  local _, near = ground_colours(s)
  if plan.shape == "cliff" then
    if plan.side > 0 then tufts(p, s, near, plan.top + 0.03, plan.top + 0.2, s.w - plan.reach * s.w * 0.7, 100) else tufts(p, s, near, plan.top + 0.03, plan.top + 0.2, 0, plan.reach * s.w * 0.7) end
  elseif not plan.shape and plan.water ~= "open" then
    if plan.water ~= "lake" and plan.water ~= "river" then
      scatter(p, s, plan.shore + 0.15)
      tufts(p, s, near, plan.shore + 0.14, 0.97)
    end
  end
end

--- In front of all: grass at the lower edge and leaves in a corner make a frame.
function M.front(p, s)
  local plan, r, w = s.plan, s.r, s.w
  local _, near = ground_colours(s)
  hazed(p, s, 0)
  if grassy(s) and plan.water ~= "open" and not plan.shape and not snowy(s) then
    local root, tip = p:tone(dark(near, 0.5)), p:tone(dark(near, 0.85))
    for i = 1, 2 do p:row { 30, 0.95, root[1], root[2], root[3], tip[1], tip[2], tip[3], 1.02, 0.07 + 0.03 * i, 0.03, 0.012, 0.15, r:integer(1, 999), 0, 100, 0.5, 0.02, 3 } end
  end
  if (plan.has.forest or plan.has.jungle or (grassy(s) and r:uniform() < 0.3)) and not snowy(s) and not plan.shape and plan.water ~= "open" then
    local leaf = dark(s.scene.season == "autumn" and { 0.72, 0.42, 0.16 } or { 0.22, 0.4, 0.22 }, 0.7)
    local left = r:uniform() < 0.5
    p:at(left and 0 or w, 0, 1, left and 1 or -1)
    p:join(0.04)
    for i = 0, 4 do p:circle(-0.02 + i * 0.1, 0.03 - (i % 2) * 0.02 - (i == 0 and 0.06 or 0), 0.075 - i * 0.006) end
    p:circle(-0.02, -0.15, 0.07):circle(0, -0.24, 0.045)
    p:fill(leaf, { tex = "leaves", scale = 34, amount = 0.5, rough = 0.025, fine = 16, bevel = 0.05, ink = 0 })
  end
end

--- Banks of fog `from` .. `to` of 0..3, each nearer than the one before.
function M.mist(p, s, from, to)
  local c, h = mix(s.pal.haze, { 1, 1, 1 }, 0.2), s.plan.horizon
  for i = from, to do
    p:row { 29, (i < 2 and 0.86 or 0.66) - i * 0.16, c[1], c[2], c[3], 0, 0, 0, h - 0.26 + i * 0.14, h + 0.24 + i * 0.17, 2.2, s.r:integer(1, 999), 0.55 }
  end
end

function M.weather(p, s)
  local r, weather, pal = s.r, s.scene.weather, s.pal
  if weather == "rain" or weather == "storm" then
    local slant = s.plan.side * (weather == "storm" and 0.35 or 0.12)
    local c = mix({ 0.86, 0.92, 1 }, pal.sky[1], 0.2)
    for i = 1, 3 do p:row { 27, 0.24 + 0.1 * i, c[1], c[2], c[3], 0, 0, 0, slant, 0.07 + 0.05 * i, 70 - 17 * i, 0.0022 + 0.0012 * i, r:integer(1, 999) } end
  elseif weather == "snow" then
    for i = 1, 4 do p:row { 28, 0.55 + 0.1 * i, 1, 1, 1, 0, 0, 0, 0.0022 + 0.0024 * i, 24 - 4 * i, r:integer(1, 999), i > 2 and 0.9 or 0.3 } end
  elseif weather == "fog" then
    M.mist(p, s, 2, 3)
  elseif weather == "wind" then
    for i = 1, 6 do
      local x, y = r:uniform() * s.w, 0.1 + r:uniform() * 0.6
      p:at(x, y, 1, 1)
      p:curve(-0.2, 0, 0, 0.05, 0.16, 0.005, 0.0015, 0.004):curve(0.16, 0.005, 0.24, -0.035, 0.2, -0.05, 0.004, 0.002)
      p:flat({ 1, 1, 1 }, { alpha = 0.5, raw = true })
    end
  end
end

function M.lightning(p, s)
  if s.scene.weather ~= "storm" then return end
  local x = s.w * (0.5 - s.plan.side * 0.24)
  glow(p, x, 0.2, 0.55, { 0.8, 0.85, 1 }, 0.6, 1)
  p:at(x, 0, 1, s.plan.side)
  local px, py = 0, 0.02
  for i = 1, 6 do
    local nx, ny = (i % 2 == 0 and 0.01 or 0.055) + s.r:uniform() * 0.03, -i * s.plan.horizon / 6.3
    p:capsule(px, py, nx, ny, 0.0048 - i * 0.0004)
    px, py = nx, ny
  end
  p:flat({ 1, 0.99, 0.9 }, { raw = true })
end

function M.post(p, s)
  local pal = s.pal
  local v = s.scene.time == "night" and { 0.35, 0.38, 0.6 } or { 0.62, 0.52, 0.56 }
  p:row { 32, 0.018, 95, 0.75, v[1], v[2], v[3], pal.saturation, 1.04, pal.tint[1], pal.tint[2], pal.tint[3], 0.5, s.r:integer(1, 999), 0.045, 1.0 }
end

return M
