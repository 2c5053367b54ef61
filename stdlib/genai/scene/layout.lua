-- Composition: which land lies where, and where each figure stands, how large and which way it looks.
local figures = require "genai.scene.figures"
local words = require "genai.scene.words"

local relations = require "genai.scene.relations"
local function set_of(list)
  local out = {}
  for _, v in ipairs(list) do out[v] = true end
  return out
end

--- How the land lies: horizon, water, ground, far things. `r` is the composition's stream.
local function land(scene, r)
  local has = set_of(scene.places)
  local p = { has = has, side = r:uniform() < 0.5 and 1 or -1, horizon = 0.42 + r:uniform() * 0.14 }
  p.ground = has.room and "room" or has.space and "space" or has.underwater and "seabed" or has.cave and "cave" or has.snowfield and "snow" or has.desert and "desert"
    or has.city and "pavement" or has.jungle and "jungle" or has.forest and "forest" or has.beach and "sand" or "meadow"
  local dry = false -- does anything stand on land?
  for _, f in ipairs(scene.figures) do
    local lives = figures.kinds[f.kind].lives
    local on = f.at and f.at.figure and scene.figures[f.at.figure]
    local afloat = on and figures.kinds[on.kind].lives == "water"
    if (lives == "ground" or lives == "shore") and not afloat and not (f.at and (f.at.place == "sea" or f.at.place == "lake") and f.at.how == "inside") then dry = true end
  end
  if p.ground == "seabed" or p.ground == "space" or p.ground == "room" or p.ground == "cave" then
    p.horizon = p.ground == "seabed" and 0.3 or 0.55
    p.shore = p.ground == "seabed" and 0.78 or p.ground == "space" and 0.8 or p.ground == "room" and 0.66 or 0.7
    return p
  end
  if has.island then
    p.water, p.shape = "open", "island"
  elseif has.cliff and not has.mountains then
    p.water, p.shape, p.horizon = "open", "cliff", 0.6 + r:uniform() * 0.05
  elseif has.sea or has.beach then
    p.water = (dry or has.beach or has.village or has.city or has.meadow) and "band" or "open"
    if p.ground == "meadow" and not has.meadow and not has.hills and r:uniform() < 0.55 then p.ground = "sand" end
  elseif has.lake or has.swamp then
    p.water = "lake"
  elseif has.river or has.waterfall then
    p.water = "river"
  end
  if p.water == "open" and not p.shape then p.horizon = 0.44 + r:uniform() * 0.06 end
  if has.city and not p.water then p.horizon = 0.56 end
  p.shore = p.water == "band" and p.horizon + 0.17 + r:uniform() * 0.06 or p.horizon
  if p.shape == "cliff" then p.top, p.reach = 0.72 + r:uniform() * 0.04, 0.56 + r:uniform() * 0.08 end
  if p.shape == "island" then p.top, p.centre = 0.77, 0.5 + (r:uniform() - 0.5) * 0.16 end
  return p
end

local function default_y(place, p, info, r)
  local low = 0.955
  if p.shape == "island" then return p.top + (info.height > 0.4 and 0.0 or 0.035) + r:uniform() * 0.015 end
  if p.shape == "cliff" then return p.top + (info.height > 0.4 and 0.03 or 0.1) + r:uniform() * 0.05 end
  local near, far = low - 0.06, p.shore + (low - p.shore) * 0.34
  if info.height >= 0.4 and not info.alive then return far + r:uniform() * 0.06 end
  return near - r:uniform() * 0.07
end

local function scale_at(p, y)
  local t = (y - p.horizon) / (0.9 - p.horizon)
  return 0.62 + 0.38 * math.max(0, math.min(1.1, t))
end

local function place_one(f, item, p, r)
  local info = item.info
  local lives = info.lives
  local at = f.at and f.at.place
  if f.pose == "flying" and info.alive and lives == "ground" then lives = "sky" end
  if f.pose == "airborne" then lives = "sky" end
  if f.kind == "duck" and (p.water == "lake" or p.water == "river" or p.water == "open") then lives = "water" end
  if lives == "sky" and f.pose ~= "flying" and f.at and f.at.how ~= "above" and (at == "meadow" or at == "garden" or at == "road" or at == "snowfield") and f.kind == "bird" then lives = "ground" end
  if p.ground == "space" then
    item.y, item.scale, item.float = 0.42 + r:uniform() * 0.4, 1, true
    if lives == "ground" then item.y, item.float = 0.86 + r:uniform() * 0.04, false end
  elseif p.ground == "seabed" and lives ~= "bed" and f.kind ~= "crab" and not (lives == "ground" and not info.alive) then
    item.y, item.scale, item.float = 0.42 + r:uniform() * 0.32, 1.25, true
  elseif lives == "sky" then
    item.y, item.float = 0.2 + r:uniform() * 0.2 + info.height * 0.55, true
    item.scale = info.alive and 0.85 or 1
  elseif (lives == "water" or lives == "deep") and p.water then
    item.afloat = true
    if p.shape == "cliff" or p.water == "band" then
      item.y = p.horizon + (p.shore - p.horizon) * (p.shape and 3 or 0.62) + (p.shape == "cliff" and 0.1 or 0)
      item.scale = 0.62
    elseif p.shape == "island" then
      item.y, item.scale = 0.86 + r:uniform() * 0.06, 0.72
    elseif p.water == "open" then
      item.y, item.scale = 0.76 + r:uniform() * 0.1, 1.1
    else
      item.y, item.scale = 0.79 + r:uniform() * 0.03, info.alive and 0.7 or 0.9
    end
    if lives == "deep" then item.leap = true end
  else
    item.y = default_y(at, p, info, r)
    item.scale = scale_at(p, item.y)
  end
end

local function spread(items, w, p, r)
  local groups = { ground = {}, water = {}, sky = {} }
  for _, item in ipairs(items) do
    local g = item.float and groups.sky or item.afloat and groups.water or groups.ground
    g[#g + 1] = item
  end
  for _, name in ipairs { "ground", "water", "sky" } do
    local g = r:shuffle(groups[name])
    local n = #g
    local lo, hi = 0.14, 0.86
    if name == "ground" and p.shape == "cliff" then
      if p.side > 0 then lo, hi = 1 - p.reach + 0.1, 0.88 else lo, hi = 0.12, p.reach - 0.1 end
    elseif name == "ground" and p.shape == "island" then
      lo, hi = p.centre - 0.2, p.centre + 0.2
    elseif name == "water" and p.shape == "cliff" then
      if p.side > 0 then lo, hi = 0.1, 1 - p.reach - 0.08 else lo, hi = p.reach + 0.08, 0.9 end
    end
    for i, item in ipairs(g) do
      local t = (i - 0.5) / n
      local jitter = (r:uniform() - 0.5) * 0.34 / n
      if n == 1 and name ~= "sky" and not p.shape then
        t = 0.5 + (r:uniform() < 0.5 and -1 or 1) * (0.08 + r:uniform() * 0.1)
        jitter = 0
      end
      item.x = (lo + (hi - lo) * math.max(0.04, math.min(0.96, t + jitter))) * w
    end
  end
end

local function part(items, w) -- push apart what overlaps
  for _ = 1, 12 do
    for i = 1, #items do
      for j = i + 1, #items do
        local a, b = items[i], items[j]
        if not a.on and not b.on and a.float == b.float and math.abs(a.y - b.y) < 0.16 then
          local deep = math.abs(a.y - b.y) > 0.07 and 0.34 or 0.46
          local need = (a.info.width * a.size + b.info.width * b.size) * deep - math.abs(a.x - b.x)
          if need > 0 then
            local s = a.x <= b.x and 0.5 or -0.5
            a.x, b.x = a.x - need * s, b.x + need * s
          end
        end
      end
    end
    for _, item in ipairs(items) do
      local half = math.min(item.info.width * item.size * 0.46, w * 0.4)
      item.x = math.max(half + 0.02, math.min(w - half - 0.02, item.x))
    end
  end
end

-- who stands on a hill gets one
local function raise(items, p)
  if p.shape or p.water == "open" or p.water == "lake" then return end
  local hill, n = nil, 0
  for i = 1, #items do
    local f = items[i].figure
    if f.at and f.at.peak and f.at.how == "on" and not items[i].float then n = n + 1 end
  end
  if n == 0 then return end
  local info = figures.kinds.hillock
  hill = { figure = { kind = "hillock" }, info = info, index = 0, order = 0, y = 0.93, scale = 1, size = 0.2 + 0.02 * n, hill = true, shadowless = true }
  for i = 1, #items do
    local item = items[i]
    if not item.float and not item.afloat then
      local on = item.figure.at and item.figure.at.peak
      if on then
        item.size = math.min(item.size, 0.4 + (item.info.alive and 0 or 0.2))
        if not item.info.alive then hill.size = math.max(hill.size, item.info.width * item.size * 0.5) end
        item.y, item.hill = hill.y - hill.size * 0.86, true
      end
    end
  end
  p.hill = hill
end

--- layout(scene, w, rng) -> land plan, items in painting order: { figure, info, x, y, size, flip, float, afloat, leap }
local function layout(scene, w, r)
  local p = land(scene, r)
  local n, items, crowded = #scene.figures, {}, 0
  for _, f in ipairs(scene.figures) do if figures.kinds[f.kind].height >= 0.12 then crowded = crowded + 1 end end
  local crowd = crowded <= 1 and 1.36 or crowded == 2 and 1.12 or crowded <= 4 and 1 or crowded <= 7 and 0.84 or 0.7
  if w < 1 then crowd = crowd * (0.6 + 0.4 * w) end
  for i, f in ipairs(scene.figures) do
    local item = { figure = f, info = figures.kinds[f.kind], index = i, order = 0 }
    place_one(f, item, p, r)
    item.size = item.info.height * item.scale * crowd * (0.93 + 0.14 * r:uniform()) * (words.scale[f.size or "medium"] or 1)
    if n == 1 and item.info.lives ~= "sky" and item.info.lives ~= "deep" then item.size = math.max(item.size, (f.size == "tiny" or f.size == "small") and 0.27 or 0.33) end
    item.size = math.min(item.size, 0.84, 0.9 * w / item.info.width)
    if p.shape == "island" and item.info.height > 0.4 then item.size = item.size * 0.8 end
    if not item.float and not item.afloat then item.size = math.min(item.size, (item.y - 0.03) / (item.info.top or 1.03)) end
    if item.float then item.y = math.max(item.y, item.size * 1.12 + 0.02) end
    items[i] = item
  end
  raise(items, p)
  spread(items, w, p, r)
  part(items, w)
  relations.apply(items, w, r, p)
  if p.hill then
    local x, n, least, most = 0, 0, w, 0
    for _, item in ipairs(items) do
      if item.hill then x, n, least, most = x + item.x, n + 1, math.min(least, item.x), math.max(most, item.x) end
    end
    p.hill.x = x / n
    p.hill.size = math.max(p.hill.size, (most - least) * 0.5)
    for _, item in ipairs(items) do
      if item.hill then item.x = p.hill.x + (item.x - p.hill.x) * 0.85 end
    end
  end
  local middle = 0
  for _, item in ipairs(items) do middle = middle + item.x / n end
  for _, item in ipairs(items) do
    local towards = item.on and item.order == 0.5 and not item.host and item.on.x or n > 1 and middle or w * 0.5
    item.flip = math.abs(towards - item.x) < 0.03 and (r:uniform() < 0.5 and 1 or -1) or towards > item.x and 1 or -1
    item.depth = item.on and item.on.y + item.order * 0.001 or item.y
  end
  for _, item in ipairs(items) do
    if item.on and not item.float then item.depth = (item.on.on and item.on.on.y or item.on.y) + item.order * 0.01 + (item.on.on and 0.002 or 0) end
  end
  relations.hold(items)
  local drawn = {}
  for i, item in ipairs(items) do drawn[i] = item end
  for _, item in ipairs(items) do item.layer = item.float and not item.on and item.depth - 10 or item.depth end -- what flies far off comes first
  table.sort(drawn, function(a, b)
    if a.layer ~= b.layer then return a.layer < b.layer end
    return a.index < b.index
  end)
  if p.hill then
    p.hill.depth, p.hill.flip = math.min(p.hill.y - p.hill.size, 0.72), 1
    table.insert(drawn, 1, p.hill)
  end
  return p, drawn
end

return layout
