--- ONNX matrix products.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}

-- Whole numbers: exactly, in 64 bits.
local function whole_product(a, x, y)
  local dtype = x.dtype
  x, y = x:to "i64", y:to "i64"
  local row, column = x:dim() == 1, y:dim() == 1
  if row then x = x:unsqueeze(1) end
  if column then y = y:unsqueeze(2) end
  local k, m = x.shape[x:dim()], y.shape[y:dim() - 1]
  if k ~= m then a.fail("a is %s, b is %s", tools.text(x.shape), tools.text(y.shape)) end
  local z = (x:unsqueeze(x:dim() + 1) * y:unsqueeze(y:dim() - 1)):sum(-2)
  if row then z = z:squeeze(z:dim() - 1) end
  if column then z = z:squeeze(z:dim()) end
  return z:to(dtype)
end

function ops.MatMul(a, x, y)
  if x.dtype ~= "f32" then return whole_product(a, x, y) end
  return x:matmul(y)
end

-- x w^T + c where that is all that is asked for; weights are turned round once, at load.
ops.Gemm = { make = function(a, consts)
  local alpha, beta = a.alpha or 1, a.beta or 1
  local w, c = consts[2], consts[3]
  local flat = not c or c:dim() == 1
  if w and w.dtype == "f32" and w:dim() == 2 and alpha == 1 and (beta == 1 or not c) and (a.types[3] == nil or c) and flat then
    local turned = a.transB == 1 and w or w:transpose(1, 2):contiguous()
    if not c or c.shape[1] == turned.shape[1] then
      local linear = core.ops.linear
      if a.transA == 1 then return function(x) return linear(x:transpose(1, 2), turned, c) end end
      return function(x) return linear(x, turned, c) end
    end
  end
  return function(x, y, z)
    if x:dim() ~= 2 or y:dim() ~= 2 then a.fail("a is %s, b is %s, wanted matrices", tools.text(x.shape), tools.text(y.shape)) end
    if a.transA == 1 then x = x:transpose(1, 2) end
    if a.transB == 1 then y = y:transpose(1, 2) end
    local out = x.dtype == "f32" and x:matmul(y) or whole_product(a, x, y)
    if alpha ~= 1 then out = out * alpha end
    if z then out = out + (beta == 1 and z or z * beta) end
    return out
  end
end }

return ops
