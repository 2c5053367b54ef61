-- Scenes and pictures: what a sentence says must be in the scene, and what is in the scene must be in the pixels.
local genai = require "genai"
local T = {}

local function kinds(scene)
  local out = {}
  for i, f in ipairs(scene.figures) do out[i] = f.kind end
  table.sort(out)
  return table.concat(out, " ")
end
local function places(scene)
  local out = {}
  for i, p in ipairs(scene.places) do out[i] = p end
  table.sort(out)
  return table.concat(out, " ")
end
local function equal(a, b, what) if a ~= b then error(("%s: %q, wanted %q"):format(what, tostring(a), tostring(b)), 2) end end
local refused = dofile("tests/tools.lua").fails
local function paint(text, options)
  options = options or {}
  return genai.picture(text, { seed = options.seed or 1, width = options.width or 160, height = options.height or 120 })
end

--- Share of pixels near a colour's hue and clearly coloured.
local function share(image, test)
  local x = image:tensor()
  local r, g, b = x[1], x[2], x[3]
  return test(r, g, b):to("f32"):mean():item()
end
local function red(r, g, b) return (r:sub(g):gt(0.25)):to("f32"):mul(r:sub(b):gt(0.2):to("f32")) end
local function blue(r, g, b) return (b:sub(r):gt(0.25)):to("f32") end
local function green(r, g, b) return (g:sub(r):gt(0.1)):to("f32"):mul(g:sub(b):gt(0.1):to("f32")) end
local function purple(r, g, b) return (r:sub(g):gt(0.1)):to("f32"):mul(b:sub(g):gt(0.15):to("f32")) end

function T.parses_figures_times_and_places()
  local rows = { -- sentence, kinds, places, time
    { "a fox and a tall tree under the moon", "fox tree", nil, "night" },
    { "a red house by the sea at night", "house", "sea", "night" },
    { "a lighthouse on a cliff at dusk", "lighthouse", "cliff", "dusk" },
    { "three birds over a village in the morning", "bird bird bird", "village", "morning" },
    { "two kittens and a puppy on the beach at sunset", "cat cat dog", "beach", "dusk" },
    { "a rabbit who wanted to see the sea", "rabbit", "sea", nil },
    { "mice and geese by a pond at noon", "duck duck duck mouse mouse mouse", "lake", "noon" },
    { "a bunny in the forest at dawn", "rabbit", "forest", "dawn" },
    { "a woman, a princess and a knight before the castle", "castle knight princess woman", nil, nil },
    { "a whale in the ocean in the evening", "whale", "sea", "evening" },
    { "an oak, a pine and a palm tree", "palm pine tree", "beach", nil },
    { "the fox met the fox", "fox", nil, nil },
  }
  for _, row in ipairs(rows) do
    local s = genai.scene(row[1])
    equal(kinds(s), row[2], row[1])
    if row[3] then equal(places(s), row[3], row[1]) end
    if row[4] then equal(s.time, row[4], row[1]) end
  end
end

function T.parses_colours_sizes_and_relations()
  local s = genai.scene "a small grey mouse under a huge red mushroom"
  equal(s.figures[1].colour, "grey", "colour")
  equal(s.figures[1].size, "small", "size")
  equal(s.figures[2].colour, "red", "colour")
  equal(s.figures[2].size, "huge", "size")
  equal(s.figures[1].at.how, "under", "relation")
  equal(s.figures[1].at.figure, 2, "relation")
  s = genai.scene "The house is blue. A cat sleeps in front of the house."
  equal(s.figures[1].colour, "blue", "after the noun")
  equal(s.figures[2].at.how, "before", "in front of")
  equal(genai.scene("a cat in a boat").figures[1].at.how, "inside", "in")
  equal(genai.scene("a red city at night").colours.city, "red", "a place's colour")
end

function T.guests_share_their_host_and_hands_hold_things()
  local s = genai.scene "two cats on the roof of a red house"
  equal(s.figures[1].at.figure, 3, "first cat")
  equal(s.figures[2].at.figure, 3, "second cat")
  local _, items = require "genai.scene.layout"(s, 4 / 3, genai.rng(1, "layout"))
  local x = {}
  for _, item in ipairs(items) do if item.figure.kind == "cat" then x[#x + 1] = item end end
  assert(math.abs(x[1].x - x[2].x) > 0.7 * x[1].size * x[1].info.width, "one cat hides the other")
  equal(genai.scene("a boy holding a red balloon").figures[2].at.how, "held", "balloon")
  equal(genai.scene("a mouse reading a book").figures[2].at.how, "held", "book")
  equal(genai.scene("a boy flying a kite").figures[2].at.how, "held", "kite")
  equal(kinds(genai.scene "a child asleep in bed"), "bed child", "bed")
  equal(genai.scene("a rabbit on the moon").places[1], "space", "on the moon")
  s = genai.scene "a gloomy sprocket who wanted to fly"
  equal(s.figures[1].kind, "thing", "a noun that nobody drew")
  equal(s.figures[1].word, "sprocket", "its word")
  equal(#genai.scene("a slow sad song").figures, 0, "a song is nobody")
end

function T.parses_sky_weather_and_negation()
  assert(genai.scene("a starry night").sky.stars and genai.scene("a starry night").sky.moon)
  assert(genai.scene("a night with no moon").sky.moon == false)
  assert(genai.scene("a rainbow over the hills").sky.rainbow)
  equal(genai.scene("a ship in a storm").weather, "storm", "storm")
  equal(genai.scene("a boat in thick fog").weather, "fog", "fog")
  equal(genai.scene("snow falls on the village").weather, "snow", "snow")
  equal(genai.scene("trees in autumn").season, "autumn", "autumn")
end

function T.every_kind_paints_by_day_and_night()
  local figures = require "genai.scene.figures"
  for i, kind in ipairs(figures.order) do
    local s = genai.scene("a meadow", { seed = i })
    s.figures = { { kind = kind } }
    for _, time in ipairs { "noon", "night" } do
      s.time = time
      local image = genai.picture(s, { width = 48, height = 36 })
      assert(image:tensor():std():item() > 0.04, kind .. " at " .. time)
    end
  end
end

function T.deterministic_and_seeded()
  local text = "a fox and a tall tree under the moon"
  assert(paint(text):tensor():equal(paint(text):tensor()))
  local same = 0
  for seed = 2, 12 do if paint(text, { seed = seed, width = 48, height = 36 }):tensor():equal(paint(text, { seed = seed - 1, width = 48, height = 36 }):tensor()) then same = same + 1 end end
  equal(same, 0, "seeds that gave the same picture")
end

function T.time_changes_the_picture()
  local bright = {}
  for _, time in ipairs { "noon", "night" } do
    local s = genai.scene("a house by a lake", { seed = 3 })
    s.time = time
    bright[time] = genai.picture(s, { width = 96, height = 72 }):tensor():mean():item()
  end
  assert(bright.noon > bright.night + 0.2, bright.noon .. " " .. bright.night)
end

function T.colours_that_are_asked_for_are_there()
  local base = share(paint "a white house in a meadow at noon", red)
  assert(share(paint "a red house in a meadow at noon", red) > base + 0.02)
  assert(share(paint "a huge blue dragon in the desert at noon", blue) > share(paint "a huge red dragon in the desert at noon", blue) + 0.02)
  assert(share(paint "a meadow at noon", green) > 0.25)
  assert(share(paint "a huge purple bear in the snow", purple) > share(paint "a huge white bear in the snow", purple) + 0.03)
end

function T.any_text_gives_a_picture()
  local r = genai.rng(1, "hostile")
  local noise = {}
  for i = 1, 3000 do noise[i] = string.char(r:integer(0, 255)) end
  local texts = { "", " ", "!!!", "zzz qqq xyzzy", ("fox "):rep(25000), ("a"):rep(100000), ("("):rep(9999), table.concat(noise), "\0\0\0", "%d %s [[", "9999999999999 foxes",
    "no no no not without a", ("under "):rep(999) .. "tree", "a fox on a fox on a fox on a fox", "under the the the", "in front of", "3.5e400 cats" }
  for _, text in ipairs(texts) do
    local image = paint(text, { width = 32, height = 24 })
    assert(image:tensor():std():item() > 0.03, text:sub(1, 20))
    assert(#image.alt > 10)
  end
end

function T.relations_may_form_a_ring()
  local s = genai.scene "a fox, a cat and a dog"
  s.figures[1].at, s.figures[2].at, s.figures[3].at = { how = "on", figure = 2 }, { how = "on", figure = 3 }, { how = "on", figure = 1 }
  assert(genai.picture(s, { width = 32, height = 24 }).width == 32)
end

function T.refuses_what_a_scene_cannot_hold()
  local function with(change)
    local s = genai.scene "a fox by the sea"
    change(s)
    return function() genai.picture(s) end
  end
  refused("night", with(function(s) s.time = "nite" end))
  refused("rabbit", with(function(s) s.figures[1].kind = "rabit" end))
  refused("purple", with(function(s) s.figures[1].colour = "purpel" end))
  refused("storm", with(function(s) s.weather = "stormm" end))
  refused("forest", with(function(s) s.places = { "forrest" } end))
  refused("at.figure", with(function(s) s.figures[1].at = { how = "on", figure = 9 } end))
  refused("width", genai.picture, "a fox", { widht = 3 })
  refused("seed", genai.scene, "a fox", { sed = 3 })
  refused("4096", genai.picture, "a fox", { width = 100000 })
  refused("wanted", genai.picture, 7)
  refused("wanted", genai.scene, {})
end

function T.refuses_hostile_rows()
  local function row(list)
    local out = {}
    for i = 1, 32 do out[i] = list[i] or 0 end
    return out
  end
  local function draw(list) return function() return genai.paint(genai.tensor { row(list) }, 8, 8) end end
  refused("row 1", draw { 99 })
  refused("row 1", draw { 1.5 })
  refused("row 1", draw { 16, 0 / 0 })
  refused("row 1", draw { 16, 1 / 0 })
  refused("row 1", draw { 1, 0, 0, 1e9 })
  refused("row 1", draw { 5, 0, 0, 1e4 })
  refused("row 1", draw { 1, 7 })
  refused("row 1", draw { 0 })
  refused("columns", function() genai.paint(genai.zeros(2, 31), 8, 8) end)
  refused("size", function() genai.paint(genai.zeros(0, 32), 0, 8) end)
  refused("size", function() genai.paint(genai.zeros(0, 32), 100000, 8) end)
  local blank = genai.paint(genai.zeros(0, 32), 4, 3)
  assert(blank.shape[1] == 3 and blank.shape[2] == 3 and blank.shape[3] == 4)
end

function T.odd_rows_stay_finite()
  local r = genai.rng(3, "rows")
  local kinds_of_row = { 1, 2, 3, 4, 5, 6, 7, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34 }
  local drawn = 0
  for _ = 1, 200 do
    local rows = {}
    for i = 1, 6 do
      local row = { r:choose(kinds_of_row) }
      for k = 2, 32 do row[k] = r:uniform() < 0.4 and 0 or (r:uniform() * 2 - 1) * (r:uniform() < 0.03 and 9999 or 2) end
      rows[i] = row
    end
    local fine, x = pcall(genai.paint, genai.tensor(rows), 24, 18)
    if fine then
      drawn = drawn + 1
      assert(x:isfinite():all():item() ~= 0 and x:min():item() >= 0 and x:max():item() <= 1)
    end
  end
  assert(drawn > 5, drawn)
end

function T.pages_and_recipes()
  local page = { text = "Pip looked up.", scene = "a brown rabbit under the stars", seed = 5 }
  local image = genai.picture(page, { width = 64, height = 48 })
  assert(image:tensor():equal(genai.picture("a brown rabbit under the stars", { seed = 5, width = 64, height = 48 }):tensor()))
  equal(image.recipe.kind, "picture", "kind")
  equal(image.recipe.prompt, page.scene, "prompt")
  equal(image.recipe.seed, 5, "seed")
  assert(image.alt:find "rabbit" and image.alt:find "^%u.*%.$")
  local x = image:tensor()
  assert(x.shape[1] == 3 and x.shape[2] == 48 and x.shape[3] == 64 and x:min():item() >= 0 and x:max():item() <= 1)
end

return T
