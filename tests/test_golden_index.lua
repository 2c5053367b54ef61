-- Index, making and Fourier ops against PyTorch's values and gradients (tests/golden/make_index.py); second derivatives against linearity.
local genai = require "genai"
local tests, same

-- Every op here is linear in its differentiable inputs (but a window): sum(dy/dx x) = y, so the gradient of sum(dx * x) by the weight gives y again.
local function second(case, name, inputs, keys, has)
  local window = case.args[#case.args]
  window = type(window) == "table" and window.window
  local xs, sum = {}, nil
  for _, key in ipairs(keys) do if key ~= window then xs[#xs + 1] = inputs[key] end end
  if case.op == "scatter" and type(case.args[4]) == "number" then return end
  for _, x in pairs(inputs) do if case.op == "cat" and x.dtype ~= "f32" then return end end    -- adds a constant
  local w = has "weight":clone():requires_grad_()
  local grads = { genai.grad((case:call(inputs)[1] * w):sum(), xs, { create_graph = true, allow_unused = true }) }
  for i, x in ipairs(xs) do
    if grads[i] then
      local part = (grads[i] * x:detach()):sum()
      sum = sum and sum + part or part
    end
  end
  if sum then same(name .. " second gradient", genai.grad(sum, w), has "out0") end
end

tests, same = dofile "tests/golden.lua" { name = "index", first = 0, zero = 0, second = second, room = function(most) return 1e-5 * math.max(most, 1) end }
return tests
