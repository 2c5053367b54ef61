-- Products, attention and recurrent nets against PyTorch's values and gradients (tests/golden/make_matmul.py); second derivatives against differences of first
-- ones, which also holds the fused gradients against those in plain ops.
local genai = require "genai"
local folder = "tests/golden/"
local golden

local function flat(t) return t:reshape(-1):totable() end

local function same(name, ours, theirs, tolerance)
  assert(ours:dim() == theirs:dim() and ours:numel() == theirs:numel(), name .. ": shape " .. tostring(ours) .. " instead of " .. tostring(theirs))
  for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
  local a, b, most = flat(ours), flat(theirs), 1
  for i = 1, #b do most = math.max(most, math.abs(b[i])) end
  for i = 1, #b do
    assert(math.abs(a[i] - b[i]) <= (tolerance or 1e-5) * most, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
  end
end

-- the arguments of a call with "in1", .. replaced by tensors
local function filled(args, inputs)
  if type(args) == "string" then return inputs[args] or args end
  if type(args) ~= "table" then return args end
  local out = {}
  for k, v in pairs(args) do out[k] = filled(v, inputs) end
  return out
end

local function call(case, inputs)
  local args, n = filled(case.args, inputs), 0
  for k in pairs(case.args) do if k > n then n = k end end
  return genai[case.op](table.unpack(args, 1, n))
end

-- results, with { h, c } taken apart
local function results(...)
  local out = {}
  for _, r in ipairs { ... } do
    if type(r) == "table" then for _, t in ipairs(r) do out[#out + 1] = t end else out[#out + 1] = r end
  end
  return out
end

local function gradients(case, inputs, xs, weight, graph)
  return { genai.grad((call(case, inputs) * weight):sum(), xs, { create_graph = graph, allow_unused = true }) }
end

local function second(name, case, inputs, wants, weight)
  local rng, step, ways, sum = genai.rng(1, name), 1 / 64, {}, nil
  local function moved(by)
    local at, xs = {}, {}
    for key, x in pairs(inputs) do at[key] = x end
    for i, key in ipairs(wants) do
      at[key] = (inputs[key]:detach() + ways[i] * by):requires_grad_()
      xs[i] = at[key]
    end
    return at, xs
  end
  for i, key in ipairs(wants) do ways[i] = genai.randn_like(inputs[key]:detach(), { rng = rng }) / 4 end
  local at, xs = moved(0)
  for i, d in pairs(gradients(case, at, xs, weight, true)) do
    local part = (d * ways[i]):sum()
    sum = sum and sum + part or part
  end
  local function first(by)
    local there, those = moved(by)
    return gradients(case, there, those, weight)
  end
  local ups, downs = first(step), first(-step)
  local ours = sum.requires_grad and { genai.grad(sum, xs, { allow_unused = true }) } or {}
  for i, key in ipairs(wants) do
    local wanted = (ups[i] - downs[i]) / (2 * step)
    same(name .. " second gradient of " .. key, ours[i] or genai.zeros_like(wanted), wanted, 2e-2)
  end
end

local function check(case)
  local name = case.op .. "." .. case.case
  local inputs, wants, i = {}, {}, 1
  local has = function(key) return golden[name .. "." .. key] end
  while has("in" .. i) do
    local key = "in" .. i
    inputs[key] = has(key)
    if has("grad" .. i) then inputs[key] = inputs[key]:clone():requires_grad_() wants[#wants + 1] = key end
    i = i + 1
  end
  local outs = results(call(case, inputs))
  for k = 1, #outs do same(name .. " result " .. k, outs[k], has("out" .. k - 1)) end
  assert(not has("out" .. #outs), name .. ": a result is missing")
  local xs = {}
  for n, key in ipairs(wants) do xs[n] = inputs[key] end
  local grads = gradients(case, inputs, xs, has "weight")
  for n, key in ipairs(wants) do same(name .. " gradient of " .. key, grads[n] or genai.zeros_like(xs[n]), has("grad" .. key:sub(3))) end
  if not (case.op == "cdist" and has "in1".shape[has "in1":dim()] < 3) then second(name, case, inputs, wants, has "weight") end
end

local tests = {}
for _, case in ipairs(dofile(folder .. "matmul.lua")) do
  local key = "golden_" .. case.op
  local before = tests[key]
  tests[key] = function()
    golden = golden or genai.load(folder .. "matmul.safetensors")
    if before then before() end
    check(case)
  end
end
return tests
