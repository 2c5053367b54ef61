-- Products, attention and recurrent nets against PyTorch's values and gradients (tests/golden/make_matmul.py); second derivatives against differences of first
-- ones, which also holds the fused gradients against those in plain ops.
local genai = require "genai"
local tests, same

local function gradients(case, inputs, xs, weight, graph)
  return { genai.grad((case:call(inputs)[1] * weight):sum(), xs, { create_graph = graph, allow_unused = true }) }
end

local function second(case, name, inputs, keys, has)
  if case.op == "cdist" and inputs.in1:dim() < 3 then return end
  local rng, step, ways, sum = genai.rng(1, name), 1 / 64, {}, nil
  local function moved(by)
    local at, xs = {}, {}
    for key, x in pairs(inputs) do at[key] = x end
    for i, key in ipairs(keys) do
      at[key] = (inputs[key]:detach() + ways[i] * by):requires_grad_()
      xs[i] = at[key]
    end
    return at, xs
  end
  for i, key in ipairs(keys) do ways[i] = genai.randn_like(inputs[key]:detach(), { rng = rng }) / 4 end
  local at, xs = moved(0)
  for i, d in pairs(gradients(case, at, xs, has "weight", true)) do
    local part = (d * ways[i]):sum()
    sum = sum and sum + part or part
  end
  local function first(by)
    local there, those = moved(by)
    return gradients(case, there, those, has "weight")
  end
  local ups, downs = first(step), first(-step)
  local ours = sum.requires_grad and { genai.grad(sum, xs, { allow_unused = true }) } or {}
  for i, key in ipairs(keys) do
    local wanted = (ups[i] - downs[i]) / (2 * step)
    same(name .. " second gradient of " .. key, ours[i] or genai.zeros_like(wanted), wanted, "second gradient")
  end
end

tests, same = dofile "tests/golden.lua" { name = "matmul", first = 0, zero = 0, second = second, room = function(most, kind)
  return (kind == "second gradient" and 2e-2 or 1e-5) * math.max(most, 1)
end }
return tests
