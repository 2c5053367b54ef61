-- golden.lua: holds ops against PyTorch's numbers. A family is a case list (tests/golden/NAME.lua) and its tensors (tests/golden/NAME.safetensors); for each case
-- it checks results, what inputs hold afterwards, gradients both as the fused kernels give them and as they are recorded, and second gradients where given.
--   tests, same = dofile "tests/golden.lua" {
--     name =, first = the number of a case's first result, dir = what the directions of second gradients are called,
--     room = function(most, kind, theirs, numbers) -> absolute room, relative room (0): how far numbers may be off. most = the largest finite size,
--       kind = "value", "gradient" or "second gradient",
--     zero = the largest size of a golden gradient where ours is none, types = true where the type of results counts,
--     partly = true where the file may lack results after the first, and directions where a recorded gradient does not exist (prod with zeros),
--     second = function(case, name, inputs, keys, has) instead of golden second gradients: in place of `dir` }
-- One test per op, "golden_OP"; `same` compares two tensors; case:call(inputs) -> results.
local genai = require "genai"
local folder = "tests/golden/"

local function flat(t)
  local list = t:reshape(-1):totable()
  for i = 1, #list do if type(list[i]) == "boolean" then list[i] = list[i] and 1 or 0 end end
  return list
end

local function largest(list)
  local most = 0
  for i = 1, #list do
    local v = math.abs(list[i])
    if v < math.huge and v > most then most = v end
  end
  return most
end

-- The arguments of a call with "in1", .. replaced by tensors; lists and options are looked through too.
local function filled(args, inputs)
  if type(args) == "string" then return inputs[args] or args end
  if type(args) ~= "table" then return args end
  local out = {}
  for k, v in pairs(args) do out[k] = filled(v, inputs) end
  return out
end

local case_methods = {}
case_methods.__index = case_methods

-- The results of a case, with { h, c } taken apart.
function case_methods:call(inputs)
  local args, n, out = filled(self.args, inputs), self.n or 0, {}
  for k in pairs(self.args) do n = math.max(n, k) end
  for _, r in ipairs { genai[self.op](table.unpack(args, 1, n)) } do
    if type(r) == "table" then for _, t in ipairs(r) do out[#out + 1] = t end else out[#out + 1] = r end
  end
  return out
end

return function(family)
  local function same(name, ours, theirs, kind)
    assert(ours:dim() == theirs:dim(), name .. ": shape " .. tostring(ours) .. " instead of " .. tostring(theirs))
    for d = 1, ours:dim() do assert(ours.shape[d] == theirs.shape[d], name .. ": size of dim " .. d) end
    local a, b = flat(ours), flat(theirs)
    local room, share = family.room(largest(b), kind or "value", theirs, b)
    share = share or 0
    for i = 1, #b do
      local fine = a[i] == b[i] or (a[i] ~= a[i] and b[i] ~= b[i]) or math.abs(a[i] - b[i]) <= room + share * math.abs(b[i])
      assert(fine, ("%s: element %d is %.9g, wanted %.9g"):format(name, i, a[i], b[i]))
    end
  end

  -- what = "gradient", "recorded gradient" or "second gradient"; a gradient that is none has to be zeros
  local function compare_gradients(name, what, grads, keys, wanted_of)
    for i, key in ipairs(keys) do
      local at, wanted = name .. " " .. what .. " of " .. key, wanted_of(key:sub(3))
      if wanted and grads[i] then same(at, grads[i], wanted, what:match "second gradient" or "gradient")
      elseif wanted then assert(wanted:numel() == 0 or wanted:abs():max():item() <= family.zero, at .. " is none") end
    end
  end

  local function check_gradients(case, name, has, y, inputs, keys)
    local xs, sum, total = {}, (y * has "weight"):sum(), nil
    for i, key in ipairs(keys) do xs[i] = inputs[key] end
    local function golden_gradient(n) return assert(has("grad" .. n)) end
    compare_gradients(name, "gradient", { genai.grad(sum, xs, { allow_unused = true, keep_graph = true }) }, keys, golden_gradient)
    if family.partly and not has(family.dir .. keys[1]:sub(3)) then return end
    local first = { genai.grad(sum, xs, { allow_unused = true, create_graph = true }) }
    compare_gradients(name, "recorded gradient", first, keys, golden_gradient)
    if family.second then return family.second(case, name, inputs, keys, has) end
    for i, key in ipairs(keys) do
      local toward = has(family.dir .. key:sub(3))
      local part = toward and first[i] and (first[i] * toward):sum()
      total = part and total and total + part or part or total
    end
    local second = total and total.requires_grad and { genai.grad(total, xs, { allow_unused = true }) } or {}
    compare_gradients(name, "second gradient", second, keys, function(n) return has("second" .. n) end)
  end

  local function check(case, golden)
    local name = case.op .. "." .. case.case
    local function has(key) return golden[name .. "." .. key] end
    local inputs, keys, i = {}, {}, 1
    while has("in" .. i) do
      local key = "in" .. i
      inputs[key], i = has(key):clone(), i + 1
      if has("grad" .. key:sub(3)) then
        inputs[key]:requires_grad_()
        keys[#keys + 1] = key
      end
    end
    local outs = case:call(inputs)
    for k, y in ipairs(outs) do
      local wanted = has("out" .. family.first + k - 1)
      if not wanted and family.partly and k > 1 then break end
      assert(wanted, name .. ": a result too many")
      assert(not family.types or y.dtype == wanted.dtype, name .. ": type " .. y.dtype .. ", wanted " .. wanted.dtype)
      same(name .. " result " .. k, y, wanted)
    end
    assert(#outs > 0 and not has("out" .. family.first + #outs), name .. ": a result is missing")
    for k = 1, i - 1 do
      if has("after" .. k) then same(name .. " in" .. k .. " afterwards", inputs["in" .. k], has("after" .. k)) end
    end
    assert((#keys > 0) == (has "weight" ~= nil), name .. ": gradients without a weight")
    if #keys > 0 then check_gradients(case, name, has, outs[1], inputs, keys) end
  end

  local tests, golden = {}, nil
  for _, case in ipairs(dofile(folder .. family.name .. ".lua")) do
    setmetatable(case, case_methods)
    local before = tests["golden_" .. case.op]
    tests["golden_" .. case.op] = function()
      golden = golden or genai.load(folder .. family.name .. ".safetensors")
      if before then before() end
      check(case, golden)
    end
  end
  return tests, same
end
