-- Convolutions, pools, resizing, padding and sampling against PyTorch's values, first and second gradients (tests/golden/make_conv.py).
local genai = require "genai"
local folder = "tests/golden/"
local golden

local function flat(t) return t:reshape(-1):to("f32"):totable() end

-- 1e-5 of the largest element; Winograd's way (16 channels and more) 1e-4 of the rms.
local function same(name, ours, theirs)
  assert(ours:dim() == theirs:dim(), name .. ": other dims")
  for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
  local a, b, most, square = flat(ours), flat(theirs), 1e-3, 0
  for i = 1, #b do
    most, square = math.max(most, math.abs(b[i])), square + b[i] * b[i]
  end
  local room = 1e-5 * most
  if #b > 2000 then room = math.max(room, 1e-4 * math.sqrt(square / #b)) end
  for i = 1, #b do
    assert(math.abs(a[i] - b[i]) <= room, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
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
      same(name .. " gradient of " .. key, plain[i], wanted)
      same(name .. " recorded gradient of " .. key, first[i], wanted)
      local part = toward and (first[i] * toward):sum()
      total = part and (total and total + part or part) or total
    else assert(wanted:numel() == 0 or wanted:abs():max():item() == 0, name .. ": no gradient of " .. key) end
  end
  local second = {}
  if total and total.requires_grad then second = { genai.grad(total, xs, { allow_unused = true }) } end
  for i, key in ipairs(keys) do
    local wanted = has("second" .. key:sub(3))
    if second[i] and wanted then same(name .. " second gradient of " .. key, second[i], wanted)
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
for _, case in ipairs(dofile(folder .. "conv.lua")) do
  local cases = cases_of[case.op] or {}
  cases_of[case.op] = cases
  cases[#cases + 1] = case
  tests["golden_" .. case.op] = function()
    golden = golden or genai.load(folder .. "conv.safetensors")
    for _, c in ipairs(cases) do check(c) end
  end
end

function tests.empty_and_broken()
  local x, w = genai.zeros(0, 2, 5, 5), genai.ones(3, 2, 3, 3)
  assert(x:conv2d(w).shape[1] == 0 and x:max_pool2d(2).shape[1] == 0 and x:resize({ 2, 2 }).shape[1] == 0)
  local function refused(pattern, f, ...)
    local fine, message = pcall(f, ...)
    assert(not fine and tostring(message):find(pattern, 1, true), tostring(message))
  end
  x = genai.ones(1, 2, 5, 5)
  refused("conv2d: w", genai.conv2d, x, genai.ones(3, 1, 3, 3))
  refused("conv2d: w", genai.conv2d, x, genai.ones(3, 2, 7, 3))
  refused("conv2d: b", genai.conv2d, x, w, genai.ones(2))
  refused("stride", genai.conv2d, x, w, { stride = 0 })
  refused("stride", genai.conv2d, x, w, { stride = { 1, 1, 1 } })
  refused("same", genai.conv2d, x, w, { stride = 2, pad = "same" })
  refused("wanted a number", genai.conv2d, x, w, { pad = "some" })
  refused("groups", genai.conv2d, x, w, { groups = 2 })
  refused("out_pad", genai.conv_transpose2d, x, genai.ones(2, 1, 2, 2), { out_pad = 1 })
  refused("pad is", genai.max_pool2d, x, 2, { pad = 2 })
  refused("window", genai.max_pool2d, x, 6)
  refused("size", genai.resize, x, { 0, 2 })
  refused("antialias", genai.resize, x, { 2, 2 }, { antialias = true })
  refused("pad", genai.pad, x, { 5, 5 }, { mode = "reflect" })
  refused("unfold", genai.unfold, x, 3, 6, 1)
  refused("pixel_shuffle", genai.pixel_shuffle, x, 2)
end

function tests.types()
  local x, w = genai.ones(1, 2, 4, 4):to("f16"), genai.ones(1, 2, 2, 2):to("f16")
  assert(x:conv2d(w).dtype == "f16" and x:max_pool2d(2).dtype == "f16" and x:pad({ 1, 1 }).dtype == "f16")
  local i = genai.tensor({ 1, 2, 3 }, { dtype = "i32" })
  assert(i:pad({ 1, 2 }, { value = 9 }):equal(genai.tensor({ 9, 1, 2, 3, 9, 9 }, { dtype = "i32" })))
  assert(i:pad({ 2, -1 }):equal(genai.tensor({ 0, 0, 1, 2 }, { dtype = "i32" })) and i:pad({ 1, 1 }, { mode = "circular" }):equal(genai.tensor({ 3, 1, 2, 3, 1 }, { dtype = "i32" })))
  assert(i:flip(1):equal(genai.tensor({ 3, 2, 1 }, { dtype = "i32" })) and i:roll(1):equal(genai.tensor({ 3, 1, 2 }, { dtype = "i32" })))
  local nan = genai.tensor { { { { 1, 0 / 0 }, { 2, 3 } } } }
  assert(nan:max_pool2d(2):isnan():all():item())
end

-- the gradient of grid_sample's gradients against differences (PyTorch has none)
function tests.grid_second()
  for _, options in ipairs { {}, { align_corners = true }, { pad_mode = "border" } } do
    local r = genai.rng(9, "grid")
    local x, grid = genai.randn(1, 2, 4, 5, { rng = r }):requires_grad_(), (genai.rand(1, 3, 2, 2, { rng = r }) * 1.6 - 0.8):requires_grad_()
    local w, u, v = genai.randn(1, 2, 3, 2, { rng = r }), genai.randn(1, 2, 4, 5, { rng = r }), genai.randn(1, 3, 2, 2, { rng = r })
    local function value(p, q)
      p, q = p:detach():requires_grad_(), q:detach():requires_grad_()
      local a, b = genai.grad((p:grid_sample(q, options) * w):sum(), { p, q })
      return ((a * u):sum() + (b * v):sum()):item()
    end
    local a, b = genai.grad((x:grid_sample(grid, options) * w):sum(), { x, grid }, { create_graph = true })
    local da, db = genai.grad((a * u):sum() + (b * v):sum(), { x, grid })
    local step = 1e-3
    for _, t in ipairs { { da, u, 1 }, { db, v, 2 } } do
      local plus = t[3] == 1 and value(x + u * step, grid) or value(x, grid + v * step)
      local minus = t[3] == 1 and value(x - u * step, grid) or value(x, grid - v * step)
      local slope, ours = (plus - minus) / (2 * step), (t[1] * t[2]):sum():item()
      assert(math.abs(slope - ours) < 2e-2 * math.max(1, math.abs(slope)), ("grid second %d: %g, wanted %g"):format(t[3], ours, slope))
    end
  end
end

return tests
