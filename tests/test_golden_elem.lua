-- Element ops against PyTorch's values, first and second gradients (tests/golden/make_elem.py).
local genai = require "genai"
local folder = "tests/golden/"
local golden

local function flat(t) return t:reshape(-1):to("f32"):totable() end

-- least: the size of numbers that the sum behind each element had, where it cancels
local function same(name, ours, theirs, least)
  assert(ours:dim() == theirs:dim(), name .. ": other dims")
  for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
  local a, b, most = flat(ours), flat(theirs), 0
  for i = 1, #b do
    local v = math.abs(b[i])
    if v == v and v < math.huge and v > most then most = v end
  end
  if least and most < least then most = least end
  if theirs.dtype == "f16" or theirs.dtype == "bf16" then most = 0 end
  for i = 1, #b do
    local fine = a[i] == b[i] or (a[i] ~= a[i] and b[i] ~= b[i]) or math.abs(a[i] - b[i]) <= 1e-5 * math.abs(b[i]) + 1e-6 * math.min(most, 1e3)
    assert(fine, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
  end
end

local function count(args)
  local n = 0
  for k in pairs(args) do if k > n then n = k end end
  return n
end

local function call(case, inputs)
  local args = {}
  for k, v in pairs(case.args) do args[k] = inputs[v] or v end
  return genai[case.op](table.unpack(args, 1, count(case.args)))
end

local function check_gradients(name, has, y, xs, keys)
  local sum = (y * has "weight"):sum()
  local plain = { genai.grad(sum, xs, { allow_unused = true, keep_graph = true }) }
  local first = { genai.grad(sum, xs, { allow_unused = true, create_graph = true }) }
  local total
  for i, key in ipairs(keys) do
    local n = key:sub(3)
    local wanted, toward = has("grad" .. n), has("toward" .. n)
    if plain[i] then
      same(name .. " gradient of " .. key, plain[i], wanted, 1)
      same(name .. " recorded gradient of " .. key, first[i], wanted, 1)
      local part = toward and (first[i] * toward):sum()
      total = part and (total and total + part or part) or total
    else assert(wanted:numel() == 0 or wanted:abs():max():item() == 0, name .. ": no gradient of " .. key) end
  end
  local second = {}
  if total and total.requires_grad then second = { genai.grad(total, xs, { allow_unused = true }) } end
  for i, key in ipairs(keys) do
    local wanted = has("second" .. key:sub(3))
    if second[i] and wanted then same(name .. " second gradient of " .. key, second[i], wanted, 4)
    elseif wanted and wanted:numel() > 0 then assert(wanted:abs():max():item() == 0, name .. ": no second gradient of " .. key) end
  end
end

local function check(case)
  local name = case.op .. "." .. case.case
  local has = function(key) return golden[name .. "." .. key] end
  local inputs, xs, keys, i = {}, {}, {}, 1
  while has("in" .. i) do
    local key = "in" .. i
    inputs[key] = has(key)
    if has("grad" .. i) then
      inputs[key] = inputs[key]:clone():requires_grad_()
      xs[#xs + 1], keys[#keys + 1] = inputs[key], key
    end
    i = i + 1
  end
  local y, wanted = call(case, inputs), has "out1"
  assert(y.dtype == wanted.dtype, name .. ": type " .. y.dtype .. ", wanted " .. wanted.dtype)
  same(name, y, wanted)
  if #xs > 0 then check_gradients(name, has, y, xs, keys) end
end

local tests, cases_of = {}, {}
for _, case in ipairs(dofile(folder .. "elem.lua")) do
  local cases = cases_of[case.op] or {}
  cases_of[case.op] = cases
  cases[#cases + 1] = case
  tests["golden_" .. case.op] = function()
    golden = golden or genai.load(folder .. "elem.safetensors")
    for _, c in ipairs(cases) do check(c) end
  end
end

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
