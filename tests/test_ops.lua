-- The op walk: for every row of the op table, inputs are made from its signature (or by `special` below) and then
--   the example runs | views give what copies give | fast = ref | exact = ref where it is not libm-bound | halves are taken |
--   first and second gradients agree with differences | empty tensors are taken or refused by name | broken dims are refused by name.
local genai = require "genai"
local core = require "genai.core"

local function numbers(r, shape, low, high)                      -- away from 0 by `low`, so that kinks are not hit
  local n, values = 1, {}
  for _, d in ipairs(shape) do n = n * d end
  for i = 1, n do
    local magnitude = r:uniform(low or 0.3, high or 1.5)
    values[i] = (low and low > 0 and high and high > 0 and r.positive) and magnitude or (r.s:uniform() < 0.5 and -magnitude or magnitude)
  end
  if n == 0 then return genai.zeros(shape) end
  return genai.tensor(values):reshape(shape)
end

local function source(seed)                                      -- a stream with a few helpers
  local s = genai.rng(seed, "walk")
  return setmetatable({ s = s, uniform = function(_, a, b) return s:uniform(a, b) end }, { __index = function(_, k)
    if k == "integer" then return function(_, a, b) return s:integer(a, b) end end
  end })
end
local function f(r, ...) return numbers(r, { ... }) end
local function positive(r, ...)
  local x = numbers(r, { ... }):abs()
  return x + 0.2
end
local function ints(values, shape)
  local t = genai.tensor(values, { dtype = "i32" })
  return shape and t:reshape(shape) or t
end
local function i32(t) return t:to "i32" end

-- Arguments where a signature alone does not say enough. `nograd` skips differences (not differentiable in floats, or random).
local special = {
  view = function(r) return { f(r, 2, 6), { 3, 4 } } end,
  reshape = function(r) return { f(r, 2, 6), { 3, 4 } } end,
  expand = function(r) return { f(r, 3, 1), { 2, 3, 4 } } end,
  permute = function(r) return { f(r, 2, 3, 4), { 3, 1, 2 } } end,
  slice = function(r) return { f(r, 3, 5), 2, 2, -2 } end,
  select = function(r) return { f(r, 3, 5), 2, -2 } end,
  squeeze = function(r) return { f(r, 3, 1, 2) } end,
  unsqueeze = function(r) return { f(r, 3, 2), 2 } end,
  to = function(r) return { f(r, 3, 2), "f32" } end,
  fill_ = function(r) return { f(r, 3), 2 }, nil, "nograd" end,
  copy_ = function(r) return { f(r, 2, 3), f(r, 3) }, nil, "nograd" end,
  add_ = function(r) return { f(r, 2, 3), f(r, 2, 3) }, nil, "nograd" end,
  sub_ = function(r) return { f(r, 2, 3), f(r, 2, 3) }, nil, "nograd" end,
  mul_ = function(r) return { f(r, 2, 3), f(r, 2, 3) }, nil, "nograd" end,
  div_ = function(r) return { f(r, 2, 3), f(r, 2, 3) }, nil, "nograd" end,
  pow = function(r) return { positive(r, 2, 3), f(r, 3) } end,
  log = function(r) return { positive(r, 2, 3) } end,
  log2 = function(r) return { positive(r, 2, 3) } end,
  log1p = function(r) return { positive(r, 2, 3) } end,
  sqrt = function(r) return { positive(r, 2, 3) } end,
  rsqrt = function(r) return { positive(r, 2, 3) } end,
  masked_fill = function(r) return { f(r, 2, 3), f(r, 2, 3):gt(0), 2 } end,
  clamp = function(r) return { f(r, 2, 3), -0.7, 0.9 } end,
  slerp = function(r) return { f(r, 2, 3), f(r, 2, 3), positive(r, 2, 1) / 3 } end,
  lerp = function(r) return { f(r, 2, 3), f(r, 2, 3), f(r, 2, 3) } end,
  dropout = function(r) return { f(r, 2, 3), 0.5 }, { train = false } end,
  round = function(r) return { f(r, 2, 3) }, nil, "nograd" end,
  floor = function(r) return { f(r, 2, 3) }, nil, "nograd" end,
  ceil = function(r) return { f(r, 2, 3) }, nil, "nograd" end,
  remainder = function(r) return { f(r, 2, 3), positive(r, 3) }, nil, "nograd" end,
  bce_with_logits = function(r) return { f(r, 2, 3), positive(r, 2, 3) / 3 } end,
  kl_div = function(r) return { f(r, 2, 3), positive(r, 2, 3) } end,
  group_norm = function(r) return { f(r, 2, 4, 3), 2, f(r, 4), f(r, 4) } end,
  instance_norm = function(r) return { f(r, 2, 3, 4), f(r, 3), f(r, 3) } end,
  batch_norm = function(r) return { f(r, 3, 2, 4), genai.zeros(2), genai.ones(2), f(r, 2), f(r, 2) }, { train = true }, "buffers" end,
  cross_entropy = function(r) return { f(r, 4, 5), ints { 0, 3, 1, 4 } } end,
  rope = function(r) return { f(r, 2, 3, 4), ints { 0, 1, 2 } } end,
  attention = function(r) return { f(r, 2, 4, 3, 4), f(r, 2, 2, 5, 4), f(r, 2, 2, 5, 3) }, { causal = true } end,
  matmul = function(r) return { f(r, 2, 3, 4), f(r, 4, 2) } end,
  eigh = function(r) return { f(r, 2, 3, 3) * 0.2 + genai.diag(genai.tensor { -2, 0.3, 3 }) } end,
  conv1d = function(r) return { f(r, 2, 4, 7), f(r, 6, 2, 3), f(r, 6) }, { stride = 2, pad = 1, groups = 2 } end,
  conv2d = function(r) return { f(r, 2, 4, 6, 5), f(r, 6, 2, 3, 2), f(r, 6) }, { stride = { 2, 1 }, pad = 1, groups = 2, dilation = { 1, 2 } } end,
  conv3d = function(r) return { f(r, 1, 2, 4, 3, 4), f(r, 3, 2, 2, 2, 2), f(r, 3) }, { pad = 1 } end,
  conv_transpose1d = function(r) return { f(r, 2, 4, 5), f(r, 4, 3, 3), f(r, 6) }, { stride = 2, pad = 1, out_pad = 1, groups = 2 } end,
  conv_transpose2d = function(r) return { f(r, 2, 4, 3, 4), f(r, 4, 3, 3, 2), f(r, 6) }, { stride = { 2, 1 }, pad = 1, groups = 2 } end,
  conv_transpose3d = function(r) return { f(r, 1, 2, 2, 3, 2), f(r, 2, 3, 2, 2, 2), f(r, 3) }, { stride = 2 } end,
  max_pool1d = function(r) return { f(r, 2, 3, 7), 2 }, { pad = 1 } end,
  max_pool2d = function(r) return { f(r, 2, 3, 6, 5), { 2, 3 } }, { stride = 2 } end,
  max_pool3d = function(r) return { f(r, 1, 2, 4, 4, 5), 2 } end,
  avg_pool1d = function(r) return { f(r, 2, 3, 7), 3 }, { pad = 1, count_pad = false } end,
  avg_pool2d = function(r) return { f(r, 2, 3, 6, 5), { 2, 3 } }, { stride = 2, ceil = true } end,
  avg_pool3d = function(r) return { f(r, 1, 2, 4, 4, 5), 2 } end,
  adaptive_avg_pool2d = function(r) return { f(r, 2, 3, 5, 7), { 3, 2 } } end,
  resize = function(r) return { f(r, 2, 2, 4, 5), { 7, 3 } }, { mode = "bicubic" } end,
  pixel_shuffle = function(r) return { f(r, 2, 8, 3, 2), 2 } end,
  pixel_unshuffle = function(r) return { f(r, 2, 2, 4, 6), 2 } end,
  pad = function(r) return { f(r, 2, 4, 5), { 1, 2, 3, 0 } }, { mode = "reflect" } end,
  grid_sample = function(r) return { f(r, 2, 3, 4, 5), genai.tensor { -0.61, 0.21, 0.33, -0.42, 0.11, 0.87, -0.13, -0.72, 0.55, 0.48, -0.9, 0.3 }:view(1, 3, 2, 2):tile(2, 1, 1, 1) } end,
  unfold = function(r) return { f(r, 3, 7), 2, 3, 2 } end,
  flip = function(r) return { f(r, 2, 3, 4), { 1, 3 } } end,
  roll = function(r) return { f(r, 3, 5), { 2 }, 2 } end,
  cat = function(r) return { { f(r, 2, 3), f(r, 2, 2), f(r, 2, 1) }, 2 } end,
  stack = function(r) return { { f(r, 2, 3), f(r, 2, 3) }, 2 } end,
  tile = function(r) return { f(r, 2, 3), { 2, 2 } } end,
  repeat_interleave = function(r) return { f(r, 2, 3), 2, 2 } end,
  gather = function(r) return { f(r, 3, 4), 2, ints({ 0, 3, 1, 1, 2, 0 }, { 3, 2 }) } end,
  scatter = function(r) return { f(r, 3, 4), 2, ints({ 0, 3, 1, 2, 2, 0 }, { 3, 2 }), f(r, 3, 2) } end,
  scatter_add = function(r) return { f(r, 3, 4), 2, ints({ 0, 3, 1, 1, 2, 0 }, { 3, 2 }), f(r, 3, 2) } end,
  index_select = function(r) return { f(r, 4, 3), 1, ints { 3, 0, 0 } } end,
  index_add = function(r) return { f(r, 4, 3), 1, ints { 3, 0, 0 }, f(r, 3, 3) } end,
  embedding = function(r) return { ints({ 1, 0, 2, 1 }, { 2, 2 }), f(r, 3, 4) } end,
  one_hot = function() return { ints { 1, 0, 2 }, 4 } end,
  bincount = function() return { ints { 1, 0, 2, 1 } } end,
  topk = function(r) return { f(r, 3, 6), 2 } end,
  searchsorted = function() return { genai.tensor { 1, 3, 5, 7 }, genai.tensor { 0, 3, 6 } } end,
  diag = function(r) return { f(r, 3, 3) } end,
  full = function() return { { 2, 3 }, 7 } end, zeros = function() return { 2, 3 } end, ones = function() return { 2, 3 } end,
  rand = function() return { 2, 3 }, nil, "random" end, randn = function() return { 2, 3 }, nil, "random" end,
  randint = function() return { 0, 9, 2, 3 }, nil, "random" end, randperm = function() return { 5 }, nil, "random" end,
  rand_like = function(r) return { f(r, 2, 3) }, nil, "random" end, randn_like = function(r) return { f(r, 2, 3) }, nil, "random" end,
  bernoulli = function(r) return { positive(r, 2, 3) / 3 }, nil, "random" end,
  multinomial = function(r) return { positive(r, 2, 3), 4 }, nil, "random" end,
  arange = function() return { 1, 7, 2 } end, linspace = function() return { 0, 1, 5 } end, eye = function() return { 3, 4 } end,
  full_like = function(r) return { f(r, 2, 3), 4 } end,
  einsum = function(r) return { "bij,bkj->bik", f(r, 2, 3, 4), f(r, 2, 5, 4) } end,
  lstm = function(r)
    return { f(r, 3, 2, 4), nil, { { f(r, 12, 4), f(r, 12, 3), f(r, 12), f(r, 12) } } }, nil, "nested"
  end,
  gru = function(r)
    return { f(r, 3, 2, 4), nil, { { f(r, 9, 4), f(r, 9, 3), f(r, 9), f(r, 9) } } }, nil, "nested"
  end,
  fft = function(r) return { f(r, 2, 6, 2) } end, ifft = function(r) return { f(r, 2, 5, 2) } end,
  rfft = function(r) return { f(r, 2, 7) } end, irfft = function(r) return { f(r, 2, 4, 2), 6 } end,
  stft = function(r) return { f(r, 2, 16), 8, 4 }, { window = positive(r, 8) } end,
  istft = function(r) return { f(r, 5, 5, 2), 8, 4 }, { window = positive(r, 8) } end,
  synth = function() return { genai.zeros(0, 8), 44100, 8 }, nil, "nograd" end,
  paint = function() return { genai.zeros(0, 32), 8, 8 }, nil, "nograd" end,
  prod = function(r) return { f(r, 2, 3), 2 } end,
  cdist = function(r) return { f(r, 2, 3, 4), f(r, 2, 5, 4) } end,
}

local function default_args(row, r)
  local sizes, lead, args = {}, { r:integer(1, 2) }, {}
  local wide = { 2, 3 }
  local function shape_of(spec)
    if not spec then return { 2, 3, 2 } end
    local shape = {}
    for part in (spec .. ","):gmatch "(.-)," do
      if part == ".." then for _, d in ipairs(lead) do shape[#shape + 1] = d end
      elseif part == "*s" then for _, d in ipairs(wide) do shape[#shape + 1] = d end
      elseif tonumber(part) then shape[#shape + 1] = math.tointeger(part)
      elseif part ~= "" then
        sizes[part] = sizes[part] or r:integer(2, 4)
        shape[#shape + 1] = sizes[part]
      end
    end
    return shape
  end
  for token in row.signature:gsub("%s*;.*", ""):gsub("%s*%->.*", ""):gmatch "%S+" do
    local kind, spec = token:match "^[%w_]+:([fniabq])%[([^%]]*)%]"
    if not kind then kind = token:match "^[%w_]+:([fniabq])%??$" end
    if kind then
      local shape = shape_of(spec)
      local t = numbers(r, shape)
      if kind == "i" then t = i32(t:abs():floor()) elseif kind == "b" then t = t:gt(0) end
      args[#args + 1] = t
    elseif token:match "[=?]" then break
    else return nil end
  end
  return args
end

local function make(row, seed)
  local r = source(seed)
  if special[row.name] then return special[row.name](r) end
  return default_args(row, r)
end

local function call(row, args, options)
  local all, n = {}, 0
  for i = 1, #args do all[i] = args[i] n = i end
  for i = n + 1, 4 do if args[i] ~= nil then for k = n + 1, i do all[k] = args[k] end n = i end end
  if options then n = n + 1 all[n] = options end
  return core.ops[row.name](table.unpack(all, 1, n))
end

-- Every tensor among the arguments (also in lists) mapped.
local function map(args, change)
  local out = {}
  for i = 1, 8 do
    local a = args[i]
    if genai.is_tensor(a) then out[i] = change(a)
    elseif type(a) == "table" and (genai.is_tensor(a[1]) or type(a[1]) == "table") then out[i] = map(a, change)
    else out[i] = a end
  end
  return out
end

local function floats(args, found)
  found = found or {}
  for i = 1, 8 do
    local a = args[i]
    if genai.is_tensor(a) and a.dtype == "f32" then found[#found + 1] = a
    elseif type(a) == "table" and not genai.is_tensor(a) and a[1] then floats(a, found) end
  end
  return found
end

local function gap(x)                                            -- the same values with gaps between them
  if x:dim() == 0 then return x end
  local wide = genai.zeros(x:numel() * 2 + 1, { dtype = x.dtype })
  local view = wide:slice(1, 2, -1, 2)
  view:copy_(x:reshape(-1))
  if x:dim() == 1 then return view end
  local shape = x.shape                                          -- transposed storage for more dims
  local t = x:transpose(1, -1):contiguous():transpose(1, -1)
  assert(t:equal(x))
  return t, shape
end

local function rows()
  local out = {}
  for _, row in ipairs(core.rows()) do
    if not row.hidden then out[#out + 1] = row end
  end
  return out
end

local function close(a, b, tolerance)
  if a.dtype ~= "f32" then return a:equal(b) end
  local scale = math.max(1e-3, a:numel() > 0 and a:abs():max():item() or 0)
  return a:numel() == 0 or (a - b):abs():max():item() <= tolerance * scale
end

-- All rows are walked before a test fails, so that one run shows every row at fault.
local function each(check)
  local problems = {}
  for _, row in ipairs(rows()) do
    local fine, problem = pcall(check, row)
    if not fine then problems[#problems + 1] = row.name .. ": " .. tostring(problem):gsub("^[^:]*:%d+: ", "") end
  end
  if #problems > 0 then error("\n  " .. table.concat(problems, "\n  "), 0) end
end

local tests = {}

-- "t{1,2}:add(3) --> {4,5}": t makes a tensor.
function tests.examples()
  each(function(row)
    assert(#row.example > 0, row.name .. " has no example")
    local code, want = row.example:match "^(.-)%s*%-%->%s*(.+)$"
    assert(code, row.name .. ": the example lacks -->")
    local env = setmetatable({ t = genai.tensor, genai = genai }, { __index = _G })
    local got, problem = load("return " .. code, row.name, "t", env)
    assert(got, problem)
    got = got()
    want = load("return " .. want, row.name, "t", env)()
    local g = genai.is_tensor(got) and got or genai.tensor(got)
    if g.dtype == "bool" then g = g:to "f32" end
    local w = genai.tensor(want)
    assert(g:to "f32":close(w:to "f32", { atol = 2e-5, rtol = 1e-4 }), ("%s: %s gives %s, wanted %s"):format(row.name, code, g, w))
  end)
end

function tests.every_row_has_arguments_and_a_doc()
  each(function(row)
    assert(make(row, 1), row.name .. ": the walk does not know how to call it")
    assert(#row.doc > 2, row.name .. " has no doc")
  end)
end

function tests.views_give_what_copies_give()
  each(function(row)
    local args, options, kind = make(row, 2)
    if kind ~= "random" and kind ~= "nested" and row.name ~= "view" and not row.name:match "_$" and kind ~= "buffers" then
      local a = call(row, args, options)
      local fine, b = pcall(call, row, map(args, gap), options)
      assert(fine, row.name .. ": " .. tostring(b))
      assert(close(a, b, 1e-6), row.name .. " differs on views")
    end
  end)
end

local function with_isa(level, f)
  local was = core.isa()
  core.isa(level)
  local fine, result = pcall(f)
  core.isa(was)
  if not fine then error(result, 0) end
  return result
end

function tests.fast_is_ref()
  each(function(row)
    for seed = 1, 3 do
      local args, options, kind = make(row, seed)
      if kind ~= "random" and not row.name:match "_$" then
        local a = call(row, args, options)
        if kind == "buffers" then args, options = make(row, seed) end
        local b = with_isa("ref", function() return call(row, args, options) end)
        assert(close(a, b, 2e-5), row.name .. ": fast differs from ref")
      end
    end
  end)
end

-- Mode exact: the same bits at every ISA level this machine has.
function tests.exact_is_the_same_at_every_level()
  local best = core.isa()
  each(function(row)
    local args, options, kind = make(row, 4)
    if kind == "random" or row.name:match "_$" then return end
    local results = {}
    core.mode "exact"
    for _, level in ipairs { "v2", "v3", "v4" } do
      if pcall(core.isa, level) then
        if kind == "buffers" then args, options = make(row, 4) end
        results[#results + 1] = call(row, args, options)
      end
    end
    core.mode "fast"
    core.isa(best)
    for k = 2, #results do
      local a, b = results[1], results[k]
      assert(genai.is_tensor(a) and (a:bytes() == b:bytes()), "level " .. k .. " differs")
    end
  end)
end

function tests.halves_are_taken()
  each(function(row)
    local args, options, kind = make(row, 5)
    if kind ~= "random" and kind ~= "nested" and kind ~= "buffers" and not row.name:match "_$" and row.name ~= "to" and row.name ~= "synth" and row.name ~= "paint" then
      local a = call(row, args, options)
      local halves = map(args, function(x) return x.dtype == "f32" and x:to "bf16" or x end)
      local fine, b = pcall(call, row, halves, options)
      assert(fine, row.name .. ": " .. tostring(b))
      if a.dtype == "f32" and genai.is_tensor(b) and #floats(args) > 0 then
        assert(b.dtype == "bf16" or b.dtype == "f32", row.name .. " gives " .. b.dtype)
      end
    end
  end)
end

local function dot(a, b) return (a * b):sum() end

-- <gradient, v> against (F(x + e v) - F(x - e v)) / 2e for a random direction v over all float inputs.
local function check_gradient(row, seed, second)
  local args, options, kind = make(row, seed)
  if kind == "random" or kind == "nograd" or not row.grad then return end
  local xs = floats(args)
  if #xs == 0 then return end
  local probe = call(row, args, options)
  if not genai.is_tensor(probe) or probe.dtype ~= "f32" then return end
  local r = source(seed + 100)
  local weight = numbers(r, probe.shape)
  if probe:dim() == 0 then weight = genai.tensor(0.7) end
  local directions, others = {}, {}
  for i, x in ipairs(xs) do directions[i], others[i] = numbers(r, x.shape), numbers(r, x.shape) end
  local function moved(e)                                        -- copies of the inputs, moved along the directions
    local k, leaves = 0, {}
    local moved_args = map(args, function(x)
      if x.dtype ~= "f32" then return x end
      k = k + 1
      leaves[k] = (x + directions[k] * e):requires_grad_()
      return leaves[k]
    end)
    return moved_args, leaves
  end
  local function value(e)                                        -- F, or <dF/dx, u> for the second derivative
    local a, leaves = moved(e)
    local y = dot(call(row, a, options), weight)
    if not second then return y, leaves end
    if not y.requires_grad then return nil end
    local sum = genai.zeros(1):sum()
    local grads = { genai.grad(y, leaves, { create_graph = true, allow_unused = true }) }
    for i = 1, #leaves do if grads[i] then sum = sum + dot(grads[i], others[i]) end end
    return sum, leaves
  end
  local y, leaves = value(0)
  if not y or not y.requires_grad then return end
  local grads = { genai.grad(y, leaves, { allow_unused = true }) }
  local analytic, size = 0, 1e-3
  for i = 1, #leaves do
    if grads[i] then
      analytic = analytic + dot(grads[i], directions[i]):item()
      size = size + (grads[i] * directions[i]):abs():sum():item()
    end
  end
  local e = 4e-3
  local up, down = value(e), value(-e)
  local numeric = (up:item() - down:item()) / (2 * e)
  local noise = 3e-6 * (math.abs(up:item()) + 1) / e
  assert(math.abs(analytic - numeric) <= 6e-3 * size + noise,
    ("%s (seed %d): %s derivative is %.6g, differences give %.6g"):format(row.name, seed, second and "second" or "first", analytic, numeric))
end

function tests.first_gradients()
  each(function(row)
    for seed = 11, 14 do check_gradient(row, seed, false) end
  end)
end

function tests.second_gradients()
  each(function(row)
    for seed = 11, 13 do check_gradient(row, seed, true) end
  end)
end

-- A dim of size 0 is legal or refused in one sentence that names the op; it never crashes.
function tests.empty_tensors()
  each(function(row)
    local args, options, kind = make(row, 6)
    if kind ~= "nested" then
      for dim = 1, 4 do
        local empty = map(args, function(x) return x:dim() >= dim and x:slice(dim, 1, 0):contiguous() or x end)
        local fine, problem = pcall(call, row, empty, options)
        assert(fine or (tostring(problem):find(row.name, 1, true) and not tostring(problem):find "\n"), row.name .. ": " .. tostring(problem))
      end
    end
  end)
end

-- One dim at a time made too large: either it still broadcasts, or the sentence names the op and a parameter.
function tests.broken_dims_are_refused_by_name()
  local refused = 0
  each(function(row)
    local args, options, kind = make(row, 7)
    if kind ~= "nested" and kind ~= "random" then
      for i = 1, 4 do
        if genai.is_tensor(args[i]) then
          for dim = 1, args[i]:dim() do
            local broken = {}
            for k = 1, 8 do broken[k] = args[k] end
            broken[i] = genai.cat({ args[i], args[i], args[i] }, dim)
            local fine, problem = pcall(call, row, broken, options)
            if not fine then
              refused = refused + 1
              problem = tostring(problem)
              assert(problem:find(row.name, 1, true) and not problem:find "\n", row.name .. ": " .. problem)
            end
          end
          local more = {}
          for k = 1, 8 do more[k] = args[k] end
          more[i] = "no tensor"
          local fine, problem = pcall(call, row, more, options)
          assert(not fine and tostring(problem):find(row.name, 1, true) and tostring(problem):find "string", row.name .. ": " .. tostring(problem))
        end
      end
    end
  end)
  assert(refused > 100, refused)
end

function tests.unknown_options_are_refused()
  each(function(row)
    local args = make(row, 8)
    local fine, problem = pcall(call, row, args, { strde = 1 })
    assert(not fine and tostring(problem):find("strde", 1, true), row.name .. ": " .. tostring(problem))
  end)
end

function tests.contract_ops_are_there()
  local names = [[add sub mul div pow maximum minimum lt le gt ge eq ne atan2 neg abs sign floor ceil round exp log sqrt rsqrt sin cos tanh sigmoid relu softplus erf
    silu mish softsign isnan isfinite leaky_relu elu gelu clamp where lerp slerp sum mean var std max min argmax argmin prod norm logsumexp any all cumsum cumprod
    matmul linear einsum softmax log_softmax layer_norm rms_norm group_norm instance_norm batch_norm conv1d conv2d conv3d conv_transpose1d conv_transpose2d
    conv_transpose3d max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool2d resize pixel_shuffle pixel_unshuffle pad grid_sample
    unfold flip roll tril triu diag cat stack split chunk tile gather scatter scatter_add index_select masked_fill embedding one_hot topk sort searchsorted
    attention rope lstm gru dropout mse_loss l1_loss huber_loss bce_with_logits kl_div cross_entropy rand randn randint rand_like randn_like bernoulli multinomial
    randperm fft ifft rfft irfft stft istft cosine_similarity cdist]]
  for name in names:gmatch "%S+" do assert(core.ops[name], name .. " is missing") end
end

return tests
