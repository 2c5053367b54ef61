-- Element ops against PyTorch's values, first and second gradients (tests/golden/make_elem.py).
local genai = require "genai"

-- the size of numbers that the sum behind each element had, where it cancels
local least = { value = 0, gradient = 1, ["second gradient"] = 4 }
local tests = dofile "tests/golden.lua" { name = "elem", first = 1, dir = "toward", zero = 0, types = true, room = function(most, kind, theirs)
  most = math.max(most, least[kind])
  if theirs.dtype == "f16" or theirs.dtype == "bf16" then most = 0 end
  return 1e-6 * math.min(most, 1e3), 1e-5
end }

-- strided inputs give what packed ones give
function tests.views()
  local r = genai.rng(3, "elem")
  local function random(rows, columns) return genai.randn(rows, columns, { rng = r }) end
  for _, size in ipairs { 6, 90 } do
    local a, b = random(size, size + 3), random(size + 3, size)
    local at, bt, part = a:transpose(1, 2), b:transpose(1, 2), random(size, 2 * size + 6):slice(2, 1, -1, 2)
    for _, op in ipairs { "add", "sub", "mul", "maximum", "lt", "atan2" } do
      local f = genai[op]
      assert(f(at, b):equal(f(at:clone(), b)), op)
      assert(f(a, bt):equal(f(a, bt:clone())), op)
      assert(f(at, bt:transpose(1, 2)):equal(f(at:clone(), b)), op)
      assert(f(part, a):equal(f(part:clone(), a)), op)
      assert(f(at, a:select(1, 2):unsqueeze(2)):equal(f(at:clone(), a:select(1, 2):clone():unsqueeze(2))), op)
    end
    for _, op in ipairs { "exp", "neg", "gelu", "floor" } do
      assert(genai[op](at):equal(genai[op](at:clone())) and genai[op](part):equal(genai[op](part:clone())), op)
    end
    assert(genai.where(at:gt(0), b, at):equal(genai.where(at:clone():gt(0), b, at:clone())))
  end
end

function tests.in_place()
  local x = genai.tensor { { 1, 2 }, { 3, 4 } }
  local column = x:select(2, 1)
  x:add_(genai.tensor { 10, 20 })
  assert(x:equal(genai.tensor { { 11, 22 }, { 13, 24 } }))
  column:mul_(2)
  assert(x:equal(genai.tensor { { 22, 22 }, { 26, 24 } }))
  x:sub_(x:transpose(1, 2))
  assert(x:equal(genai.tensor { { 0, -4 }, { 4, 0 } }))
  local h = genai.tensor({ 1, 2 }, { dtype = "f16" })
  h:div_(4)
  assert(h.dtype == "f16" and h:to("f32"):equal(genai.tensor { 0.25, 0.5 }))
  assert(not pcall(function() genai.zeros(2):add_(genai.zeros(3, 2)) end))
  assert(not pcall(function() genai.zeros(2):add_(genai.zeros(3)) end))
end

function tests.dropout()
  local x = genai.ones(100, 100)
  local a = x:dropout(0.25, { rng = genai.rng(1, "drop") })
  assert(a:equal(x:dropout(0.25, { rng = genai.rng(1, "drop") })) and not a:equal(x:dropout(0.25, { rng = genai.rng(2, "drop") })))
  local kept = a:ne(0):to("f32"):mean():item()
  assert(math.abs(kept - 0.75) < 0.02 and math.abs(a:max():item() - 4 / 3) < 1e-6)
  assert(x:dropout(0.5, { train = false }):equal(x) and x:dropout(1):abs():sum():item() == 0)
  local long = genai.ones(200000):dropout(0.5, { rng = genai.rng(1, "long") })
  assert(long:slice(1, 1, 1000):equal(genai.ones(1000):dropout(0.5, { rng = genai.rng(1, "long") })))     -- element i's draw depends on i alone
  local y = genai.ones(50):requires_grad_()
  local d = y:dropout(0.5, { rng = genai.rng(1, "drop") })
  assert(genai.grad(d:sum(), y):equal(d:detach()))
  assert(not pcall(genai.dropout, x, 1.5))
end

return tests
