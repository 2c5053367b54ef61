-- Composition: which land lies where, and where each figure stands, how large and which way it looks.
local figures = require "genai.scene.figures"
local words = require "genai.scene.words"

local SEAT = { horse = 0.52, unicorn = 0.5, dragon = 0.5, whale = 0.6, turtle = 0.6, elephant = 0.72, camel = 0.62, deer = 0.56, rock = 0.68, house = 0.92, castle = 0.38,
  tree = 0.62, appletree = 0.6, cherrytree = 0.6, bridge = 0.86, mushroom = 0.9, chest = 0.8, fence = 0.85, snail = 0.7, cow = 0.58, donkey = 0.58, giraffe = 0.5,
  zebra = 0.58, star = 0.85, balloon = 0.96, dolphin = 0.55, swan = 0.4, planet = 0.82 }
local BOARD = { boat = { 0.2, 0.62, -0.2 }, rowboat = { 0.24, 0.95, -0.24 }, ship = { 0.24, 0.4, -0.3 }, pirateship = { 0.24, 0.4, -0.3 }, balloon = { 0.1, 0.3, 0 }, car = { 0.3, 0.55, -0.06 },
  train = { 0.42, 0.42, -0.3 }, rocket = { 0.5, 0.2, 0 }, bush = { 0.2, 0.9, 0 } }
local WET = { sea = true, underwater = true, lake = true, river = true, island = true, waterfall = true, swamp = true }

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
  if f.pose == "flying" and info.alive and lives == "ground" and (f.kind == "dragon" or f.kind == "owl" or f.kind == "fairy" or f.kind == "ghost" or f.kind == "unicorn") then lives = "sky" end
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

-- what stands in a relation to another figure moves to it
local function relate(items, i, w, r)
  local item = items[i]
  local at = item.figure.at
  local other = at and at.figure and items[at.figure]
  if not other or other == item or other.on == item then return end
  local how, side = at.how, item.x < other.x and -1 or 1
  if other.x + side * other.size * 0.5 > w * 0.92 then side = -1 elseif other.x + side * other.size * 0.5 < w * 0.08 then side = 1 end
  local board, seat = BOARD[other.info.kind], SEAT[other.info.kind]
  if other.sides and how ~= "on" then side = other.sides end -- the next one stands on the other side
  local reach = (other.info.width * other.size + item.info.width * item.size) * 0.5
  if (how == "inside" or how == "on") and board then
    local rank = other.aboard or 0
    other.aboard = rank + 1
    item.on, item.order, item.size = other, (other.info.kind == "boat" or other.info.kind:find "ship") and 0.5 or -0.5, math.min(item.size, other.size * board[2])
    item.host = item.order > 0 and other
    item.x, item.y = other.x + (board[3] + rank * (other.info.kind == "rowboat" and 0.5 or 0.24)) * other.size * 0.9, other.y - board[1] * other.size + item.size * 0.12
    item.shadowless = true
  elseif how == "on" and (seat or other.info.kind == "island") then
    if not other.info.alive and other.info.height < 0.3 then other.size = math.max(other.size, item.size * 0.9) end
    local need = math.min(item.size, other.size * 0.5) * (item.info.top or 1.03) + 0.03
    other.size = math.max(other.size * 0.6, math.min(other.size, (other.y - need) / seat))
    item.on, item.order, item.size = other, 0.5, math.min(item.size, other.size * (other.info.alive and 0.6 or other.info.height < 0.3 and 1.1 or 0.7))
    item.x, item.y, item.shadowless = other.x - 0.06 * other.size, other.y - seat * other.size, true
    item.size = math.max(0.08, math.min(item.size, (item.y - 0.02) / (item.info.top or 1.03)))
    item.float, item.leap = false, false
  elseif how == "under" and (other.info.kind == "umbrella" or other.info.kind == "mushroom" or other.info.kind == "bridge") then
    if other.info.kind == "umbrella" then
      other.on, other.order, other.size = item, 0.5, item.size * 1.3
      other.x, other.y, other.shadowless = item.x + item.size * 0.1, item.y - item.size * 0.38, true
    else
      other.size = math.max(other.size, item.size * 1.5)
      item.on, item.order, item.x, item.y = other, 0.5, other.x, other.y + 0.012
    end
  elseif how == "under" and not other.float then
    item.on, item.order, other.sides = other, 0.5, -side
    item.x, item.y = other.x + side * other.size * (0.16 + r:uniform() * 0.06), other.y + 0.03 + r:uniform() * 0.02
  elseif how == "above" and not item.on then
    item.on, item.float, item.order = other, item.info.lives == "sky" or item.float, 0.5
    if not other.float then other.size = math.min(other.size, 0.5) end
    local room = math.max(0.26, other.y - other.size * 0.82)
    item.size = math.min(item.size, room * 0.86)
    item.x, item.y = other.x + side * other.size * 0.3, math.max(item.size * 1.14 + 0.02, room)
    item.float = true
  elseif how == "behind" then
    item.on, item.order, other.sides = other, -0.5, -side
    item.x, item.y = other.x + side * reach * 0.55, other.y - 0.05
  elseif how == "before" then
    item.on, item.order, other.sides = other, 0.5, -side
    item.x, item.y = other.x + side * other.size * 0.22, math.min(0.95, other.y + 0.07)
  elseif (how == "beside" or how == "inside") and not item.float and not other.float and item.afloat == other.afloat then
    item.on, item.order, other.sides = other, 0.5, -side
    local step = other.next or 0 -- one more pair stands one place farther out
    other.next = step + 0.5
    item.x, item.y = other.x + side * (reach * 0.94 + math.floor(step) * item.size * 0.7), math.min(0.95, other.y + (item.info.height < other.info.height and 0.035 or 0))
  end
  item.y = math.max(item.size * 0.5, item.y)
  local half = math.min(item.info.width * item.size * 0.44, w * 0.45)
  if item.on == other and (item.x < half or item.x > w - half) then -- no room: both move
    local by = item.x < half and half - item.x or w - half - item.x
    item.x, other.x = item.x + by, other.x + by
  end
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
  spread(items, w, p, r)
  part(items, w)
  for i = 1, n do relate(items, i, w, r) end
  local middle = 0
  for _, item in ipairs(items) do middle = middle + item.x / n end
  for _, item in ipairs(items) do
    local towards = item.on and item.order == 0.5 and not item.host and item.on.x or n > 1 and middle or w * 0.5
    item.flip = math.abs(towards - item.x) < 0.03 and (r:uniform() < 0.5 and 1 or -1) or towards > item.x and 1 or -1
    if item.on and BOARD[item.on.info.kind] and item.order == -0.5 then item.flip = item.on.flip or item.flip end
    item.depth = item.on and item.on.y + item.order * 0.001 or item.y
  end
  for _, item in ipairs(items) do
    if item.on and not item.float then item.depth = (item.on.on and item.on.on.y or item.on.y) + item.order * 0.01 + (item.on.on and 0.002 or 0) end
  end
  local drawn = {}
  for i, item in ipairs(items) do drawn[i] = item end
  table.sort(drawn, function(a, b)
    local fa, fb = a.float and 0 or 1, b.float and 0 or 1
    if fa ~= fb and not a.on and not b.on then return fa < fb end
    if a.depth ~= b.depth then return a.depth < b.depth end
    return a.index < b.index
  end)
  return p, drawn
end

return layout
