-- From a scene to the painter's rows.
local pen = require "genai.scene.pen"
local figures = require "genai.scene.figures"
local words = require "genai.scene.words"
local layout = require "genai.scene.layout"
local palette = require "genai.scene.palette"
local backdrop = require "genai.scene.backdrop"
local inside = require "genai.scene.inside"

local function figure_of(item, s)
  local f, info = item.figure, item.info
  local colour = f.colour and words.colours[f.colour] or info.tints and info.tints[f.word or ""] or info.colour
  local autumn = s.scene.season == "autumn"
  if not f.colour and autumn and (f.kind == "tree" or f.kind == "birch" or f.kind == "bush" or f.kind == "willow") then colour = s.r:choose { { 0.9, 0.52, 0.18 }, { 0.85, 0.38, 0.18 }, { 0.92, 0.7, 0.24 } } end
  if not f.colour and s.scene.season == "spring" and f.kind == "tree" then colour = { 0.97, 0.74, 0.8 } end
  if f.kind == "hillock" then colour = select(2, backdrop.ground_colours(s)) end
  return { colour = colour, given = f.colour and true or false, mood = f.mood or s.feeling, pose = f.pose, lit = s.lamps, beam = (s.scene.time == "night" or s.scene.time == "dusk" or s.scene.time == "evening" or s.scene.time == "dawn" or s.scene.weather == "storm" or s.scene.weather == "fog") and 1 or 0,
    r = s.r, airborne = item.float, afloat = item.afloat, snowy = backdrop.snowy(s), word = f.word, held = item.held, sat = item.sat, turn = (s.r:uniform() - 0.5) * 1.2 }
end

local function splash(p, s, item)
  p:at(item.x, item.y, item.size, 1)
  p:ellipse(0, 0.03, 0.56, 0.06):ellipse(0.1, 0.0, 0.44, 0.05)
  p:flat({ 0.94, 0.98, 1 }, { alpha = 0.5, soft = 0.03 })
  if item.leap or item.info.kind == "dolphin" then
    for i = -3, 3 do p:circle(i * 0.14, 0.12 + (i % 2) * 0.1, 0.03 - math.abs(i) * 0.004) end
    p:flat({ 0.97, 1, 1 }, { alpha = 0.85 })
  end
end

local function reflect(p, item, f, info)
  p:at(item.x, item.y, item.size, item.flip)
  p.squash, p.alpha, p.ripple = -0.55, 0.3, item.size * 0.045
  info.draw(p, f, info.spec)
  p.squash, p.alpha, p.ripple = 1, 1, 0
end

-- the bough that somebody in a tree sits on, the string between a hand and a kite
local function extras_of(p, item)
  if item.bough then
    local x = (item.on.x - item.x) / item.size
    local bark = { 0.46, 0.32, 0.24 }
    p:at(item.x, item.y, item.size, 1)
    p:curve(-0.62 * (x > 0 and 1 or -1), 0.03, x * 0.3, -0.02, x * 0.9, -0.1, 0.03, 0.06)
    p:fill(bark, { b = { 0.3, 0.2, 0.16 }, tex = "fur", scale = 20, amount = 0.5, bevel = 0.04 })
    p:circle(-0.55 * (x > 0 and 1 or -1), 0.07, 0.07):circle(-0.66 * (x > 0 and 1 or -1), 0.0, 0.06)
    p:fill({ 0.4, 0.6, 0.3 }, { tex = "leaves", scale = 12, amount = 0.5, rough = 0.02, fine = 16, ink = 0.1 })
  elseif item.string then
    local hx, hy = item.string[1], item.string[2]
    p:at(0, 0, 1, 1)
    p:curve(hx, -hy, (hx + item.x) * 0.5 + 0.03, -math.max(hy, item.y) + 0.02, item.x, -(item.y - item.size * 0.35), 0.0025)
    p:flat({ 0.95, 0.95, 0.95 }, { raw = true, alpha = 0.8 })
  end
end

local function draw_item(p, s, item)
  local info = item.info
  local f = figure_of(item, s)
  item.drawn = f
  local y = item.y
  local far = math.max(0, 0.86 - y) / math.max(0.3, 0.86 - s.plan.horizon)
  local ambient = p.ambient -- figures catch more light than the land, and a warmer one
  p.ambient = pen.mix(ambient, { 1.04, 0.98, 0.94 }, info.alive and s.lift or s.lift * 0.5)
  p.haze, p.hazed = s.pal.haze, (item.float or item.on) and 0.05 or 0.3 * math.min(1, far) * (s.scene.weather == "fog" and 1.6 or 1)
  if s.plan.ground == "seabed" then p.haze, p.hazed = { 0.12, 0.5, 0.66 }, 0.14 end
  local afloat = item.afloat and not item.on and s.plan.ground ~= "seabed"
  local boat = info.lives == "water" and not info.alive
  if afloat and (boat or item.info.kind == "swan" or item.info.kind == "duck") then reflect(p, item, f, info) end
  local tilt = item.leap and 0.35 or (boat and afloat) and (s.scene.weather == "storm" and 0.12 or 0.03) or 0
  if item.float and (f.pose == "flying") and info.alive and info.lives ~= "sky" then tilt = 0.12 end
  if item.leap then y = y - item.size * 0.18 end
  if not item.float and not item.afloat and not item.shadowless and s.plan.ground ~= "space" then
    p:at(item.x, y, item.size, item.flip)
    p:shadow(info.width * 0.95, s.shade)
  end
  extras_of(p, item)
  p:at(item.x, y, item.size, item.flip, item.tilt or tilt)
  info.draw(p, f, info.spec)
  p.ambient = ambient
  if item.host then -- the hull in front of its passengers
    local boat = item.host
    local wet = boat.info.lives == "water"
    p:at(boat.x, boat.y, boat.size, boat.flip, not wet and 0 or s.scene.weather == "storm" and 0.12 or 0.03)
    local fb = boat.drawn
    fb.hull = true
    boat.info.draw(p, fb, boat.info.spec)
    if wet and boat.afloat then splash(p, s, boat) end
  end
  if afloat and f.pose ~= "flying" then splash(p, s, item) end
end

local function trees_at_edges(p, s, taken)
  local plan, r, w = s.plan, s.r, s.w
  local wood = plan.has.forest or plan.has.jungle
  local n = wood and 7 or (plan.ground == "meadow" and not plan.has.city) and r:integer(0, 2) or 0
  if plan.shape or plan.water == "open" or plan.ground == "seabed" or plan.ground == "space" or plan.ground == "cave" or plan.ground == "room" then return {} end
  local kinds = plan.has.jungle and { "palm", "tree", "palm" } or backdrop.snowy(s) and { "pine" } or { "tree", "pine", "tree", "birch" }
  if plan.ground == "sand" then kinds, n = { "palm" }, r:integer(0, 1) end
  if plan.ground == "snow" then kinds, n = { "pine" }, r:integer(2, 4) end
  if plan.ground == "desert" then kinds, n = { "cactus" }, r:integer(1, 3) end
  if plan.ground == "pavement" then kinds, n = { "tree", "lantern" }, r:integer(1, 3) end
  local out = {}
  for i = 1, n do
    local side = i % 2 == 0 and 1 or 0
    local x = (side == 1 and 1 - (r:uniform() * 0.26) or r:uniform() * 0.26) * w
    local kind = r:choose(kinds)
    local y = plan.shore + 0.15 + r:uniform() * (wood and 0.13 or 0.06)
    local info = figures.kinds[kind]
    local size = info.height * (0.5 + (y - plan.shore) * 1.3) * (0.9 + r:uniform() * 0.25)
    local free = true
    for _, item in ipairs(taken) do
      if not item.float and math.abs(item.x - x) < (item.info.width * item.size + size * 0.5) * 0.4 then free = wood and item.y > y + 0.05 end
      if not free then break end
    end
    if free then out[#out + 1] = { figure = { kind = kind }, info = info, x = x, y = y, size = size, flip = 1, depth = y, index = 100 + i } end
  end
  return out
end

-- bushes, stones and flowers in the near corners
local function small_things(s, taken)
  local plan, r, w, out = s.plan, s.r, s.w, {}
  if plan.shape or plan.water == "open" or plan.water == "river" or plan.ground == "seabed" or plan.ground == "space" or plan.ground == "room" then return out end
  local kinds = { "bush", "flower", "rock", "mushroom", "flower", "bush" }
  if backdrop.snowy(s) or plan.ground == "cave" or plan.ground == "desert" then kinds = { "rock" } end
  if plan.ground == "pavement" then kinds = { "bush" } end
  if plan.ground == "sand" then kinds = { "rock", "bush" } end
  for i = 1, r:integer(2, 5) do
    local kind, left = r:choose(kinds), r:uniform() < 0.5
    local x, y = (left and r:uniform() * 0.3 or 1 - r:uniform() * 0.3) * w, 0.87 + r:uniform() * 0.1
    local info, free = figures.kinds[kind], true
    local size = info.height * (0.55 + r:uniform() * 0.4) * (kind == "flower" and 0.8 or 1)
    for _, item in ipairs(taken) do
      if not item.float and math.abs(item.x - x) < (item.info.width * item.size + size) * 0.55 then free = false end
    end
    if free then out[#out + 1] = { figure = { kind = kind, colour = kind == "flower" and r:choose { "pink", "yellow", "violet", "white", "red" } or nil }, info = info, x = x, y = y, size = size, flip = 1, depth = y, index = 200 + i } end
  end
  return out
end

-- where the sun or the moon can be seen: of a few places the one farthest from what stands high
local function free_sky(s, items, w)
  local best, found = -1, 0.5 * w
  for i = 0, 7 do
    local x = (0.5 - s.plan.side * (0.38 - 0.107 * i) + (s.r:uniform() - 0.5) * 0.06) * w
    local room = 0.2 + s.r:uniform() * 0.2
    for _, item in ipairs(items) do
      local top = item.y - item.size
      if top < 0.42 then room = math.min(room, math.abs(item.x - x) - item.info.width * item.size * 0.5) end
    end
    if room > best then best, found = room, x end
  end
  return found
end

local function moment(scene, w, seed)
  local genai = require "genai"
  local intent = scene.mood and genai.mood(scene.mood) or nil
  local s = { scene = scene, w = w, r = genai.rng(seed, "paint " .. tostring(scene.text or ""):sub(1, 2000)), pal = palette(scene, intent) }
  local items
  s.plan, items = layout(scene, w, genai.rng(seed, "layout " .. tostring(scene.text or ""):sub(1, 2000)))
  s.lamps = s.pal.lamps
  s.lift = ({ night = 0.36, evening = 0.3, dusk = 0.22, dawn = 0.2 })[scene.time] or 0
  if s.lamps == 0 and scene.weather == "storm" then s.lamps = 0.8 end
  local v = intent and intent.name or ""
  s.feeling = (v == "happy" or v == "merry") and "happy" or v == "sad" and "sad" or nil
  s.crescent = s.r:uniform() < 0.35 and not tostring(scene.text or ""):lower():find("full moon", 1, true)
  s.shore_seed = s.r:integer(1, 999)
  for _, c in ipairs(scene.figures) do if c.kind == "flower" or c.kind == "tulip" then s.plan.flowers = true end end
  s.sun_x = free_sky(s, items, w)
  local high, h = s.pal.high, s.plan.horizon
  if high >= 0 then s.sun_y = h * (1 - high * 0.82) - 0.02 end
  s.moon_y = h * (0.22 + s.r:uniform() * 0.12)
  s.shade = (scene.weather == "clear" and 0.62 or 0.42) * (scene.time == "night" and 0.8 or 1)
  return s, items
end

local function outdoors(p, s)
  backdrop.sky(p, s)
  backdrop.clouds(p, s)
  backdrop.lightning(p, s)
  p.rim = (s.scene.time == "dusk" or s.scene.time == "dawn" or s.scene.time == "night" or s.scene.time == "evening") and 0.9 or 0.45
  backdrop.far(p, s)
  local below = s.plan.water == "lake" or s.plan.water == "river"
  if not below then backdrop.water(p, s) end
  backdrop.ground(p, s)
  if below then backdrop.water(p, s) end
  backdrop.cover(p, s)
  if s.scene.weather == "fog" then backdrop.mist(p, s, 0, 2) end
end

--- compose(scene, aspect, seed) -> flat list of numbers, 32 a row
local function compose(scene, w, seed)
  local s, items = moment(scene, w, seed)
  local p = pen.new()
  local pal = s.pal
  p.ambient, p.haze, p.rim = pal.ambient, pal.haze, 0.5
  local ground = s.plan.ground
  local side = s.sun_x < w * 0.5 and -1 or 1
  p.cast = -side
  p:row { 19, side * 0.75, -0.8, pal.rim[1], pal.rim[2], pal.rim[3], pal.shadow[1], pal.shadow[2], pal.shadow[3] }
  if ground == "seabed" then
    p.ambient = scene.time == "night" and { 0.5, 0.64, 0.85 } or { 0.86, 0.98, 1 }
    inside.underwater(p, s)
  elseif ground == "space" then
    p.ambient = { 0.9, 0.88, 1 }
    for _, item in ipairs(items) do
      s.grounded = s.grounded or not item.float
      s.planets = s.planets or item.figure.kind == "planet"
    end
    inside.space(p, s)
  elseif ground == "cave" then
    inside.cave(p, s)
  elseif ground == "room" then
    p.ambient = s.lamps > 0 and { 0.9, 0.74, 0.62 } or { 1, 0.98, 0.95 }
    inside.room(p, s)
  else
    outdoors(p, s)
  end
  local extras = trees_at_edges(p, s, items)
  for _, e in ipairs(small_things(s, items)) do extras[#extras + 1] = e end
  for _, extra in ipairs(extras) do
    local at = #items + 1
    for i, item in ipairs(items) do
      if not item.float and item.depth > extra.depth then at = i break end
    end
    table.insert(items, at, extra)
  end
  for _, item in ipairs(items) do draw_item(p, s, item) end
  p.hazed = 0
  if ground == "seabed" then inside.bubbles(p, s)
  elseif ground ~= "space" and ground ~= "room" and ground ~= "cave" then
    backdrop.front(p, s)
    if s.sun_y and scene.sky.sun and not pal.dull then p:row { 34, 0.2, pal.rim[1], pal.rim[2], pal.rim[3], 0, 0, 0, s.sun_x, s.sun_y, 0.9, 6, s.r:integer(1, 999) } end
    backdrop.weather(p, s)
  end
  backdrop.post(p, s)
  return p.rows
end

return compose
