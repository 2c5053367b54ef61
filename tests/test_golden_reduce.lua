-- Reductions, softmax, normalisation and losses against PyTorch: values, first and second gradients (tests/golden/make_reduce.py).
local genai = require "genai"
local folder = "tests/golden/"
local golden

local function same(name, ours, theirs)
  assert(ours:dim() == theirs:dim(), name .. ": shape " .. tostring(ours) .. " instead of " .. tostring(theirs))
  for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
  local a, b, most = ours:reshape(-1):totable(), theirs:reshape(-1):totable(), 1
  for i = 1, #b do
    b[i], a[i] = b[i] == true and 1 or b[i] or 0, a[i] == true and 1 or a[i] or 0
    local v = math.abs(b[i])
    if v < math.huge and v > most then most = v end
  end
  for i = 1, #b do
    local fine = a[i] == b[i] or (a[i] ~= a[i] and b[i] ~= b[i]) or math.abs(a[i] - b[i]) <= 1e-5 * most
    assert(fine, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
  end
end

-- the arguments of a call with "in1", .. replaced by tensors; options are looked through too
local function filled(args, inputs)
  local out = {}
  for k, v in pairs(args) do
    if type(v) == "string" then v = inputs[v] or v
    elseif type(v) == "table" then v = filled(v, inputs) end
    out[k] = v
  end
  return out
end

local function compare_gradients(name, what, key, grads, wants, has)
  for n, i in ipairs(wants) do
    local wanted = has(key .. i)
    if grads[n] then same(name .. " " .. what .. " of in" .. i, grads[n], wanted)
    else assert(wanted:numel() == 0 or wanted:abs():max():item() <= 1e-6, name .. ": no " .. what .. " of in" .. i) end
  end
end

local function check(case)
  local name = case.op .. "." .. case.case
  local has = function(key) return golden[name .. "." .. key] end
  local inputs, xs, wants, i = {}, {}, {}, 1
  while has("in" .. i) do
    local t = has("in" .. i):clone()
    if has("grad" .. i) then
      t:requires_grad_()
      xs[#xs + 1], wants[#wants + 1] = t, i
    end
    inputs["in" .. i], i = t, i + 1
  end
  local args = filled(case.args, inputs)
  local outs = { genai[case.op](table.unpack(args, 1, case.n)) }
  for k = 0, 3 do
    if has("out" .. k) then same(name .. " result " .. k, outs[k + 1], has("out" .. k)) end
    if has("after" .. k) then same(name .. " in" .. k .. " afterwards", inputs["in" .. k], has("after" .. k)) end
  end
  if not has "weight" then return end
  local loss = (outs[1] * has "weight"):sum()
  compare_gradients(name, "gradient", "grad", { genai.grad(loss, xs, { allow_unused = true, keep_graph = true }) }, wants, has)
  if not has("dir" .. wants[1]) then return end
  local grads, total = { genai.grad(loss, xs, { create_graph = true, allow_unused = true }) }, nil
  compare_gradients(name, "recorded gradient", "grad", grads, wants, has)
  for n, at in ipairs(wants) do
    local part = grads[n] and (grads[n] * has("dir" .. at)):sum()
    total = total and part and total + part or total or part
  end
  if not pcall(genai.grad, total, xs[1], { keep_graph = true, allow_unused = true }) then
    for _, at in ipairs(wants) do assert(has("second" .. at):abs():max():item() <= 1e-6, name .. ": no second gradient of in" .. at) end
    return
  end
  compare_gradients(name, "second gradient", "second", { genai.grad(total, xs, { allow_unused = true }) }, wants, has)
end

local cases, tests = dofile(folder .. "reduce.lua"), {}
for _, case in ipairs(cases) do
  local key = "golden_" .. case.op
  local before = tests[key]
  tests[key] = function()
    golden = golden or genai.load(folder .. "reduce.safetensors")
    if before then before() end
    check(case)
  end
end
return tests
