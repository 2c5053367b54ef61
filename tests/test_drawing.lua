-- Drawings: offsets there and back, SVG, pictures, simpler lines, morphs; base64 back to bytes.
local genai = require "genai"
local core = require "genai.core"
local drawing = genai.drawing
local tests = {}
local fails = dofile "tests/tools.lua".fails

function tests.offsets_there_and_back()
  local rows = { { 3, 4, 0 }, { -1, 2, 1 }, { 10, 0, 0 }, { 0, 5, 1 } }
  local d = drawing.from_offsets(rows, 2)
  assert(#d.strokes == 2 and #d.strokes[1] == 3 and #d.strokes[2] == 2 and d.strokes[2][2][1] == 24 and d.strokes[2][2][2] == 22)
  local back = d:offsets(2)
  assert(#back == 4)
  for i, row in ipairs(rows) do for k = 1, 3 do assert(back[i][k] == row[k]) end end
  assert(#drawing.from_offsets({ { 1, 1, 0 }, { 5, 5, 2 } }).strokes[1] == 2, "the row that ends the drawing is no line")
end

function tests.svg()
  local d = drawing.from { { { 0, 0 }, { 10, 0 }, { 10, 10 } }, { { 5, 5 } } }
  d.recipe = { kind = "test", note = "</script>" }
  local text = d:svg { width = 100, margin = 10 }
  assert(text:find('<path d="M10.00 10.00 L90.00 10.00 90.00 90.00"/>', 1, true) and text:find('<path d="M50.00 50.00 l0 0"/>', 1, true))
  assert(select(2, text:gsub("</script>", "")) == 1 and text:find('viewBox="0 0 100 100"', 1, true))
  local path = genai.tmpdir() .. "/d.svg"
  d:save(path, { seconds = 2 })
  assert(core.read(path):find('dur="1.500s"', 1, true))
  genai.save(path, d)
  assert(genai.recipe(path).note == "</script>" and genai.load(path) == d:svg())
  d:save(genai.tmpdir() .. "/d.json")
  assert(drawing.from(genai.load(genai.tmpdir() .. "/d.json")):svg() == drawing.from(d.strokes):svg())
end

function tests.pictures()
  local d = drawing.from { { { 0, 0 }, { 10, 0 } } }
  local x = d:image({ width = 64, height = 32, line = 8, margin = 12 }):tensor()
  assert(x.shape[2] == 32 and x.shape[3] == 64)
  assert(x:select(2, 16):select(2, 32):max():item() < 0.02 and x:select(2, 4):select(2, 32):min():item() > 0.98)     -- ink, and paper
  local ink = (1 - x[1]):sum():item()
  assert(math.abs(ink / (40 * 8 + math.pi * 16) - 1) < 0.05, ink)                                                     -- a bar of 40 x 8 with round ends
  local y = d:image({ width = 64, height = 32, line = 8, ink = { 1, 0, 0 }, paper = 0 }):tensor()
  assert(y[1]:max():item() > 0.98 and y[2]:max():item() < 0.02)
  local long = {}
  for i = 1, 300 do long[i] = { i, i % 2 * 50 } end
  assert(drawing.from({ long }):image { width = 128 }.width == 128)                                                   -- more lines than a group holds
  assert(drawing.from({}):image { width = 16, margin = 2 }:tensor():min():item() > 0.98)
end

function tests.simpler_and_fitted()
  local wave = {}
  for i = 0, 200 do wave[i + 1] = { i, 20 * math.sin(i / 20) } end
  local d = drawing.from({ wave }):simplify(1)
  assert(#d.strokes[1] < 40 and #d.strokes[1] > 8)
  local l, t, r, b = d:fit(100):bounds()
  assert(l == 0 and t == 0 and math.abs(math.max(r, b) - 100) < 1e-9)
end

function tests.morphs()
  local a = drawing.from { { { 0, 0 }, { 100, 0 } } }
  local b = drawing.from { { { 0, 0 }, { 0, 100 } }, { { 0, 0 }, { 50, 50 } } }
  assert(#a:morph(b, 0).strokes == 2 and #a:morph(b, 1).strokes == 2)
  local l, t, r, bottom = a:morph(b, 0.5):bounds()
  assert(r > 60 and bottom > 100)
  local same = b:fit():morph(b, 0.3)
  local p = same.strokes[1][32]
  assert(math.abs(p[1]) < 1e-9 and math.abs(p[2] - 255) < 1e-9)
end

function tests.refusals()
  fails("strokes are a number", drawing.from, 3)
  fails("stroke 2, point 1 is not { x, y }", drawing.from, { {}, { { 1, 0 / 0 } } })
  local d = drawing.from { { { 0, 0 }, { 1, 1 } } }
  fails("width is 0", d.svg, d, { width = 0 })
  fails("do not fit", d.image, d, { margin = 200 })
  fails("ink is x", d.image, d, { ink = "x" })
  fails("t is 2", d.morph, d, d, 2)
  fails("has no strokes", d.morph, d, drawing.from {}, 0.5)
end

function tests.base64()
  for n = 0, 70 do
    local bytes = {}
    for i = 1, n do bytes[i] = string.char((i * 37 + n * 11) % 256) end
    bytes = table.concat(bytes)
    local text = core.base64(bytes)
    assert(core.unbase64(text) == bytes and core.unbase64((text:gsub("=", ""))) == bytes)
  end
  assert(core.unbase64 "ab?d" == nil and core.unbase64 "abcde" == nil and core.unbase64 "ab=d" == nil)
end

return tests
