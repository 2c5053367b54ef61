-- Index, making and Fourier ops against PyTorch's values and gradients (tests/golden/make_index.py); second derivatives against linearity.
local genai = require "genai"
local folder = "tests/golden/"
local golden

local function flat(t) return t:reshape(-1):totable() end

local function same(name, ours, theirs)
  assert(ours.shape[1] == theirs.shape[1] and ours:dim() == theirs:dim() and ours:numel() == theirs:numel(), name .. ": shape " .. tostring(ours) .. " instead of " .. tostring(theirs))
  for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
  local a, b, most = flat(ours), flat(theirs), 1
  for i = 1, #b do
    local v = math.abs(b[i])
    if v == v and v < math.huge and v > most then most = v end
  end
  for i = 1, #b do
    local fine = a[i] == b[i] or (a[i] ~= a[i] and b[i] ~= b[i]) or math.abs(a[i] - b[i]) <= 1e-5 * most
    assert(fine, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
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

local function count(args)
  local n = 0
  for k in pairs(args) do if k > n then n = k end end
  return n
end

local function call(case, inputs)
  local args = filled(case.args, inputs)
  return genai[case.op](table.unpack(args, 1, count(args)))
end

-- Every op here is linear in its differentiable inputs (but a window): sum(dy/dx x) = y, so the gradient of sum(dx * x) by the weight gives y again.
local function second(name, case, inputs, wants, weight, y)
  local window = case.args[#case.args]
  window = type(window) == "table" and window.window
  local xs, sum = {}, nil
  for _, key in ipairs(wants) do if key ~= window then xs[#xs + 1] = inputs[key] end end
  if case.op == "scatter" and type(case.args[4]) == "number" then return end
  for _, x in pairs(inputs) do if case.op == "cat" and x.dtype ~= "f32" then return end end    -- adds a constant
  local w = weight:clone():requires_grad_()
  local grads = { genai.grad((call(case, inputs) * w):sum(), xs, { create_graph = true, allow_unused = true }) }
  for i, x in ipairs(xs) do
    if grads[i] then
      local part = (grads[i] * x:detach()):sum()
      sum = sum and sum + part or part
    end
  end
  if sum then same(name .. " second gradient", genai.grad(sum, w), y) end
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
  local outs = { call(case, inputs) }
  for k = 0, #outs - 1 do same(name .. " result " .. k, outs[k + 1], has("out" .. k)) end
  assert(not has("out" .. #outs), name .. ": a result is missing")
  if not has "weight" then return end
  local xs = {}
  for n, key in ipairs(wants) do xs[n] = inputs[key] end
  local grads = { genai.grad((outs[1] * has "weight"):sum(), xs, { allow_unused = true }) }
  for n, key in ipairs(wants) do
    local wanted = has("grad" .. key:sub(3))
    if grads[n] then same(name .. " gradient of " .. key, grads[n], wanted)
    else assert(wanted:numel() == 0 or wanted:abs():max():item() == 0, name .. ": no gradient of " .. key) end
  end
  second(name, case, inputs, wants, has "weight", has "out0")
end

local cases, tests = dofile(folder .. "index.lua"), {}
for _, case in ipairs(cases) do
  local key = "golden_" .. case.op
  local before = tests[key]
  tests[key] = function()
    golden = golden or genai.load(folder .. "index.safetensors")
    if before then before() end
    check(case)
  end
end
return tests
