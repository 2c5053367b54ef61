-- sketch-rnn beside a reference run; what DoodleNet sees in its drawings; seeds, temperature, a person's strokes gone on with, refusals.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local nets = {}
local folder, any = tools.weights("sketch-rnn", function() return true end)

local function net(variant)
  any()
  nets[variant] = nets[variant] or genai.models.sketch_rnn.load(folder, variant)
  return nets[variant]
end

local function golden(variant)
  local wanted = net(variant) and genai.load(folder .. "/golden_greedy.json").strokes[variant]
  local model, worst = net(variant), 0
  local rows = model:draw({ temperature = 0, points = #wanted }):offsets(model.scale)
  for i, row in ipairs(rows) do
    assert(row[3] == wanted[i][3] or i == #rows, ("point %d: pen %d, wanted %d"):format(i, row[3], wanted[i][3]))
    worst = math.max(worst, math.abs(row[1] - wanted[i][1]), math.abs(row[2] - wanted[i][2]))
  end
  tools.golden("sketch-rnn " .. variant, ("golden_greedy.json, %d points"):format(#rows), #rows == #wanted and worst or 1, 1e-4)
end

function tests.golden_bird() golden "bird" end
function tests.golden_bicycle() golden "bicycle" end
function tests.golden_palm_tree() golden "palm_tree" end
function tests.golden_rabbit() golden "rabbit" end

function tests.doodlenet_knows_them()
  local judge_folder = tools.weights "doodlenet"
  if not (any() and core.exists(judge_folder)) then skip "no weights" end
  local judge, all = genai.models.doodlenet.load(judge_folder), 0
  for variant, wanted in pairs { rabbit = 0.83, palm_tree = 0.78, bird = 0.75, bicycle = 0.57 } do
    local hits = 0
    for _, d in ipairs(net(variant):draw { count = 60, temperature = 0.25, seed = 1 }) do
      if judge:tags(d:image { line = 16, margin = 20 }, 1)[1].name == variant then hits = hits + 1 end
    end
    all = all + hits / 240                                                     -- 60 drawings: one standard error is 0.06
    tools.golden("sketch-rnn " .. variant, ("60 drawings, DoodleNet's first guess: %.0f %%, wanted %.0f"):format(100 * hits / 60, 100 * wanted), math.max(0, wanted - hits / 60), 0.12)
  end
  tools.golden("sketch-rnn", ("of all: %.0f %%, wanted 73"):format(100 * all), math.max(0, 0.73 - all), 0.04)
end

local function text(d) return core.json.encode(d.strokes) end

function tests.seeds_and_temperature()
  local model = net "bird"
  local a = model:draw { seed = 5 }
  assert(text(a) == text(model:draw { seed = 5 }) and text(a) ~= text(model:draw { seed = 6 }))
  assert(text(model:draw { temperature = 0, seed = 1 }) == text(model:draw { temperature = 0, seed = 2 }))
  local list = model:draw { seed = 5, count = 3, temperature = 0.6 }
  assert(#list == 3 and text(list[1]) ~= text(list[2]) and list[3].recipe.seed == 7)
  local seen = 0
  model:draw { progress = function(rows) seen = seen + 1 assert(#rows == seen) return seen == 7 end }
  assert(seen == 7)
end

function tests.a_person_begins()
  local model, circle = net "rabbit", {}
  for i = 0, 40 do circle[i + 1] = { 100 + 40 * math.cos(i / 40 * 2 * math.pi), 150 + 40 * math.sin(i / 40 * 2 * math.pi) } end
  local d = model:draw { from = { circle }, seed = 2 }
  local own = genai.drawing.from({ circle }):simplify(2)
  assert(#d.strokes > 1, "it goes on")
  for k, p in ipairs(own.strokes[1]) do
    assert(math.abs(p[1] - d.strokes[1][k][1]) < 1e-6 and math.abs(p[2] - d.strokes[1][k][2]) < 1e-6, "the person's stroke stays")
  end
  assert(text(d) ~= text(model:draw { from = { circle }, seed = 2, open = true }))
end

function tests.refusals()
  local model = net "bird"
  fails("temperature is -1", model.draw, model, { temperature = -1 })
  fails("points is 0", model.draw, model, { points = 0 })
  fails("stroke 1, point 1 is not { x, y }", model.draw, model, { from = { { { "a", 2 } } } })
  fails("unknown option \"colour\"", model.draw, model, { colour = 1 })
  fails("there is no", genai.models.sketch_rnn.load, folder, "dragon")
  local path = genai.tmpdir() .. "/bad.json"
  local head = { scale_factor = 70, max_seq_len = 100, name = "bad" }
  genai.save(path, { head, { { 512, 123 }, { 123 }, { 5, 2048 }, { 512, 2048 }, { 2048 } }, { "AAAA", "A", "A", "A", "A" } })
  fails("tensor 1 is not 62976 numbers", genai.models.sketch_rnn.load, path)
  genai.save(path, { head, { { 512, 124 } }, { "AAAA" } })
  fails("tensor 1 is not [512,123]", genai.models.sketch_rnn.load, path)
  genai.save(path, { { name = "bad" }, {}, {} })
  fails("scale_factor or max_seq_len is missing", genai.models.sketch_rnn.load, path)
end

return tests
