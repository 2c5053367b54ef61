-- Relations: who sits on, in, under, above, behind or beside whom, and who holds what. Several in the same relation share its room.
local M = {}

-- where others sit: height above the host's foot (a number, or a function of x), the middle, half the width to sit on, the largest guest
local function gable(x) return 0.97 - math.abs(x) end
local SEAT = {
  horse = { 0.52, -0.06, 0.14, 0.6 }, unicorn = { 0.5, -0.06, 0.14, 0.6 }, donkey = { 0.54, -0.06, 0.14, 0.6 }, cow = { 0.58, -0.06, 0.16, 0.6 }, zebra = { 0.54, -0.06, 0.14, 0.6 },
  deer = { 0.5, -0.06, 0.12, 0.55 }, camel = { 0.62, -0.06, 0.14, 0.6 }, giraffe = { 0.46, -0.06, 0.1, 0.5 }, sheep = { 0.58, -0.08, 0.14, 0.6 }, goat = { 0.52, -0.06, 0.12, 0.55 },
  elephant = { 0.72, -0.1, 0.18, 0.55 }, dragon = { 0.5, -0.12, 0.16, 0.5 }, whale = { 0.6, -0.1, 0.34, 0.6 }, dolphin = { 0.52, -0.06, 0.16, 0.6 }, turtle = { 0.62, -0.05, 0.2, 0.8 },
  snail = { 0.7, -0.06, 0.14, 0.7 }, swan = { 0.4, -0.1, 0.14, 0.6 }, crocodile = { 0.52, -0.1, 0.3, 0.9 }, seal = { 0.5, 0, 0.1, 0.5 }, eagle = { 0.5, 0, 0.12, 0.7 },
  bear = { 0.86, 0, 0.12, 0.5 }, dinosaur = { 0.5, -0.12, 0.16, 0.5 },
  rock = { 0.52, -0.04, 0.34, 1.2 }, house = { gable, 0, 0.27, 0.4 }, barn = { gable, 0, 0.27, 0.36 }, castle = { 0.38, 0, 0.32, 0.28 }, tower = { 0.52, 0, 0.12, 0.24 },
  church = { 0.6, 0.16, 0.2, 0.26 }, igloo = { 0.7, 0, 0.2, 0.5 }, tent = { 0.9, 0, 0.08, 0.5 }, bridge = { 0.72, 0, 0.62, 1.5 }, fence = { 0.9, 0, 0.9, 2 }, well = { 0.36, 0, 0.2, 0.5 },
  mushroom = { 0.86, 0, 0.22, 0.8 }, chest = { 0.84, 0, 0.24, 1.2 }, gift = { 0.74, 0, 0.2, 1.2 }, star = { 0.85, 0, 0.12, 0.7 }, planet = { 0.82, 0, 0.2, 0.6 }, cloud = { 0.66, 0, 0.56, 1.3 },
  balloon = { 0.96, 0, 0.12, 0.4 }, train = { 0.92, -0.3, 0.2, 0.6 }, car = { 0.78, -0.06, 0.2, 1.1 }, bicycle = { 0.8, -0.16, 0.05, 1.5 }, sledge = { 0.44, -0.1, 0.36, 2 },
  plane = { 0.62, -0.1, 0.2, 0.8 }, submarine = { 0.86, 0, 0.16, 0.7 }, log = { 0.8, 0, 0.5, 1.6 }, bush = { 0.6, 0, 0.24, 1 }, cactus = { 0.9, 0, 0.05, 0.4 }, lighthouse = { 0.78, 0, 0.1, 0.2 }, hillock = { 0.92, 0, 0.5, 3 },
  snowman = { 1, 0, 0.05, 0.4 }, ball = { 0.96, 0, 0.1, 1.6 }, book = { 0.6, 0, 0.3, 1.5 }, cake = { 0.84, 0, 0.2, 0.8 }, flower = { 0.86, 0, 0.1, 0.5 }, sunflower = { 0.94, 0, 0.1, 0.4 }, thing = { 0.9, 0, 0.1, 0.6 },
}
-- trees: height of the bough that guests sit on, half its length, the largest guest for the tree's height
local BOUGH = { tree = { 0.52, 0.27, 0.34 }, appletree = { 0.52, 0.27, 0.34 }, cherrytree = { 0.52, 0.27, 0.34 }, birch = { 0.52, 0.24, 0.32 }, willow = { 0.52, 0.26, 0.34 }, pine = { 0.4, 0.16, 0.3 },
  palm = { 0.74, 0.16, 0.3 }, treehouse = { 0.44, 0.22, 0.2 } }
-- decks: height, the largest guest, the middle, half the width
local BOARD = { boat = { 0.2, 0.62, -0.06, 0.24 }, rowboat = { 0.24, 0.95, 0, 0.4 }, ship = { 0.24, 0.4, -0.08, 0.3 }, pirateship = { 0.24, 0.4, -0.08, 0.3 }, balloon = { 0.1, 0.3, 0, 0.08 }, car = { 0.38, 0.42, -0.06, 0.16 },
  train = { 0.46, 0.42, -0.3, 0.16 }, bush = { 0.2, 0.9, 0, 0.3 }, bed = { 0.18, 0.72, -0.2, 0.2 } }
local HULL = { boat = true, rowboat = true, ship = true, pirateship = true, bed = true }
local BEHIND = { balloon = true, train = true, bush = true } -- guests are painted before these

local function rank_of(host, how) -- the how-manieth guest this is, from 0
  host.ranks = host.ranks or {}
  local k = host.ranks[how] or 0
  host.ranks[how] = k + 1
  return k
end

local function spread(n, k) return n == 1 and 0 or (k + 0.5) / n * 2 - 1 end

local function rest(item, host, order)
  item.on, item.order, item.float, item.leap, item.afloat, item.shadowless = host, order, false, false, false, true
end

local function sit(item, host, n, r)
  local seat = SEAT[host.info.kind]
  local k = rank_of(host, "on")
  local alive = host.info.alive
  local big = math.min(item.size, 0.34)
  if not alive and host.info.height < 0.3 and k == 0 then
    local wanted = math.max(big * 0.9 / seat[4], n * big * item.info.width * 0.2 / math.max(seat[3], 0.2))
    host.size = math.max(host.size, math.min(host.size * 2.2, wanted, 0.34))
  end
  if host.float then host.size = math.min(host.size, 0.4) end
  host.size = math.min(host.size, 0.8)
  local limit = host.size * seat[4]
  if n > 1 then limit = math.min(limit, host.size * seat[3] * 3.2 / n / item.info.width) end
  local x = seat[2] + seat[3] * spread(n, k) * 1.25
  local y = type(seat[1]) == "function" and seat[1](x) or seat[1]
  item.size = math.max(0.07, math.min(item.size, limit))
  local need = item.size * (item.info.top or 1.03) + 0.03
  if host.y - y * host.size < need then -- no headroom: both become smaller, a host in the air moves down
    if host.float then host.y = need + y * host.size
    else
      local s = host.y / (y * host.size + need)
      host.size, item.size = host.size * s, item.size * s
    end
  end
  rest(item, host, 0.5)
  host.sat = true
  item.seat = { x, y }
  item.x, item.y = host.x + x * host.size, host.y - y * host.size
end

local function perch(item, host, n)
  local bough = BOUGH[host.info.kind]
  local k = rank_of(host, "on")
  host.size = math.max(host.size, math.min(0.84, item.size / bough[3], host.y - 0.05))
  local limit = host.size * bough[3]
  if n > 1 then limit = math.min(limit, host.size * bough[2] * 2.4 / n / item.info.width) end
  local two = n > 3 and k % 2 == 1
  item.size = math.max(0.06, math.min(item.size, limit * (n > 3 and 1.6 or 1)))
  rest(item, host, 0.5)
  local x = n == 1 and -0.1 or bough[2] * 1.2 * spread(n, k)
  item.x, item.y = host.x + x * host.size, host.y - (bough[1] + (two and 0.17 or 0) + (n < 3 and 0.02 * k or n == 3 and k == 1 and 0.17 or 0.03 * (k // 2 % 2))) * host.size
  if host.info.kind ~= "treehouse" and host.info.kind ~= "palm" then item.bough = true end
end

local function board(item, host, n)
  local deck = BOARD[host.info.kind]
  local k = rank_of(host, "on")
  local bed = host.info.kind == "bed"
  if bed then host.size = math.max(host.size, 0.4) end
  if k == 0 and n > 1 and host.info.lives == "water" then host.size = math.min(host.size * 1.25, 0.6) end
  if host.info.kind == "car" then host.size = math.max(host.size, 0.32) end
  if host.info.kind == "rowboat" then host.size = math.max(host.size, 0.22) end
  local limit = host.size * deck[2]
  if n > 1 then limit = math.min(limit, host.size * deck[4] * 3.2 / n / item.info.width) end
  item.size = math.max(0.06, math.min(item.size, limit))
  local order = BEHIND[host.info.kind] and -0.5 or 0.5
  local x = deck[3] + deck[4] * (n == 1 and (host.info.kind == "boat" or host.info.kind:find "ship") and -0.6 or spread(n, k) * 1.1)
  local float = host.float
  rest(item, host, order)
  item.float = float
  item.host = order > 0 and HULL[host.info.kind] and host
  item.seat = { x, deck[1] - 0.12 * item.size / host.size }
  item.x, item.y = host.x + x * host.size, host.y - deck[1] * host.size + item.size * 0.12
  if bed and item.figure.pose == "asleep" then item.tilt = 0.14 end
end

local WINDOW = { house = { 0.2, 0.235, 0.2 }, tower = { 0, 0.33, 0.19 }, castle = { 0.1, 0.35, 0.17 }, lighthouse = { 0, 0.77, 0.13 } }
local function window(item, host)
  local sill = WINDOW[host.info.kind]
  host.size = math.max(host.size, math.min(0.72, host.y - 0.08))
  local k = rank_of(host, "window")
  item.size = host.size * sill[3]
  rest(item, host, 0.5)
  item.x, item.y = host.x + (k % 2 == 0 and -sill[1] or sill[1]) * host.size, host.y - sill[2] * host.size
end

local function under(item, host, k, side, r)
  if host.info.kind == "umbrella" then
    if k == 0 then
      host.on, host.order, host.size = item, 0.5, item.size * 1.4
      host.x, host.y, host.shadowless = item.x + item.size * 0.1, item.y - item.size * 0.38, true
    else
      item.x, item.y = host.x + (k % 2 == 1 and 0.3 or -0.4) * host.size, host.on and host.on.y + 0.005 or item.y
      item.on, item.order = host.on, 0.4
    end
    return
  end
  if host.info.kind == "mushroom" or host.info.kind == "bridge" then host.size = math.max(host.size, item.size * 1.6) end
  local wide = host.info.kind == "bed" and 0.5 or 0.18
  item.on, item.order = host, 0.5
  if host.info.kind == "mushroom" then
    item.x, item.y = host.x + (k == 0 and 0.2 or side * 0.4) * host.size, host.y + 0.02
  else
    item.x, item.y = host.x + side * (host.size * (wide + r:uniform() * 0.04) + math.floor(k / 2) * item.size * item.info.width * 0.8), host.y + 0.03 + r:uniform() * 0.02
  end
end

local function above(item, host, n, k, side)
  item.on, item.float, item.order = host, true, 0.5
  if not host.float then host.size = math.min(host.size, 0.5) end
  local room = math.max(0.26, host.y - host.size * 0.82)
  item.size = math.min(item.size, room * 0.86)
  local x = n == 1 and side * host.size * 0.3 or spread(n, k) * math.max(host.size * 0.5, n * item.size * item.info.width * 0.5)
  item.x, item.y = host.x + x, math.max(item.size * 1.14 + 0.02, room - (n > 1 and k % 2 == 1 and 0.06 or 0))
end

local function near(item, host, how, k, side)
  local reach = (host.info.width * host.size + item.info.width * item.size) * 0.5
  local own = item.info.width * item.size
  local far = math.floor(k / 2)
  if how == "behind" then
    item.on, item.order = host, -0.5 - far * 0.1
    item.x, item.y = host.x + side * (reach * 0.62 + far * own * 0.8), host.y - 0.05
  elseif how == "before" then
    item.on, item.order = host, 0.5
    item.x, item.y = host.x + side * (host.size * 0.24 + far * own * 0.85 + (k > 0 and own * 0.2 or 0)), math.min(0.95, host.y + 0.07)
  elseif not item.float and not host.float and item.afloat == host.afloat then
    item.on, item.order = host, 0.5
    item.x, item.y = host.x + side * (reach * 0.94 + far * own * 0.85), math.min(0.95, host.y + (item.info.height < host.info.height and 0.035 or 0))
  end
end

local function relate(items, i, counts, w, r)
  local item = items[i]
  local at = item.figure.at
  local host = at and at.figure and items[at.figure]
  if not host or host == item or host.on == item or at.how == "held" then return end
  local how, kind = at.how, host.info.kind
  local n = counts[at.figure .. how]
  local side = item.x < host.x and -1 or 1
  if host.x + side * host.size * 0.5 > w * 0.92 then side = -1 elseif host.x + side * host.size * 0.5 < w * 0.08 then side = 1 end
  if how == "under" or how == "behind" or how == "before" or how == "beside" or how == "inside" then
    host.side = host.side and -host.side or side -- the next one stands on the other side
    side = host.side
  end
  if (how == "inside" or how == "on") and BOUGH[kind] then perch(item, host, n)
  elseif (how == "inside" or how == "on") and BOARD[kind] and not (how == "on" and (kind == "car" or kind == "train" or kind == "bush")) then board(item, host, n)
  elseif how == "inside" and WINDOW[kind] and (at.window or kind == "tower" or kind == "lighthouse") then window(item, host)
  elseif how == "on" and SEAT[kind] then sit(item, host, n, r)
  elseif how == "under" and not host.float then under(item, host, rank_of(host, how), side, r)
  elseif how == "above" and not item.on then above(item, host, n, rank_of(host, how), side)
  elseif how ~= "above" and how ~= "under" then
    if how == "inside" and (kind == "house" or kind == "castle" or kind == "barn" or kind == "tower" or kind == "igloo" or kind == "tent") then how = "before" end
    near(item, host, how, rank_of(host, how), side)
  end
  item.y = math.max(item.size * 0.5, item.y)
  local half = math.min(item.info.width * item.size * 0.44, w * 0.45)
  if item.on == host and (item.x < half or item.x > w - half) then -- no room: both move
    local by = item.x < half and half - item.x or w - half - item.x
    item.x, host.x = item.x + by, host.x + by
  end
end

--- Moves what stands in a relation to where it belongs. Hosts are placed before their guests.
function M.apply(items, w, r)
  local counts, done = {}, {}
  for _, item in ipairs(items) do
    local at = item.figure.at
    if at and at.figure then counts[at.figure .. at.how] = (counts[at.figure .. at.how] or 0) + 1 end
  end
  local function place(i, depth)
    if done[i] then return end
    done[i] = true
    local at = items[i].figure.at
    if at and at.figure and depth < 30 and at.how ~= "under" then place(at.figure, depth + 1) end
    relate(items, i, counts, w, r)
  end
  for i = 1, #items do place(i, 0) end
end

-- how a thing is held: x and y of its foot in units of who holds it, its size; people have longer arms
local HELD = {
  umbrella = { 0.12, 0.36, 1.3 }, toyballoon = { 0.21, 0.27, 1 }, balloon = { 0.21, 0.27, 1 }, lantern = { 0.27, 0.02, 0.34 }, book = { 0.0, 0.14, 0.3 }, kite = { 0.25, 0.3, 0.7 },
  flower = { 0.2, 0.2, 0.42 }, tulip = { 0.2, 0.2, 0.4 }, sunflower = { 0.24, 0.1, 0.6 }, ball = { 0.0, 0.12, 0.3 }, gift = { 0.0, 0.13, 0.32 }, cake = { 0.0, 0.14, 0.32 }, heart = { 0.0, 0.16, 0.34 },
  star = { 0.0, 0.12, 0.36 }, chest = { 0.0, 0.06, 0.34 }, mushroom = { 0.16, 0.2, 0.26 }, thing = { 0.0, 0.12, 0.32 }, fish = { 0.1, 0.14, 0.34 }, butterfly = { 0.26, 0.36, 0.2 }, crab = { 0.0, 0.12, 0.3 },
  snail = { 0.0, 0.14, 0.26 }, rocket = { 0.0, 0.12, 0.36 }, boat = { 0.0, 0.12, 0.34 }, bird = { 0.22, 0.3, 0.26 }, cloud = { 0.25, 0.6, 0.3 } }
M.held = HELD

--- Puts what is held into the hand, when it is known which way everybody looks.
function M.hold(items)
  for _, item in ipairs(items) do
    if item.seat then item.x, item.flip = item.on.x + item.on.flip * item.seat[1] * item.on.size, item.on.flip end
  end
  for _, item in ipairs(items) do
    local at = item.figure.at
    local holder = at and at.how == "held" and at.figure and items[at.figure]
    local grip = holder and holder ~= item and HELD[item.info.kind]
    if grip then
      local size, flip = holder.size, holder.flip
      item.flip, item.on, item.order, item.shadowless, item.held, item.afloat = flip, holder, 0.5, true, true, false
      item.size = math.min(grip[3] * size, 0.4)
      item.x, item.y = holder.x + flip * grip[1] * size, holder.y - grip[2] * size
      if item.info.kind == "kite" then
        item.string = { item.x, item.y }
        item.x, item.y = math.max(0.2, item.x + flip * 0.3), math.max(0.3, item.y - size * 0.9)
      end
      if item.info.kind == "toyballoon" then item.tilt = -0.24 end
      item.float = false
      item.depth = holder.depth + 0.004
    end
  end
end

return M
