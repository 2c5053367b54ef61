--- ONNX ops that draw random numbers. With the attribute seed each run draws the same ones; else they come from the runtime's own stream (genai.seed).
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}
local op = core.ops

local function stream(a)
  if not a.seed then return nil end
  if type(a.seed) ~= "number" then a.fail "seed is no number" end
  return core.rng(string.unpack("<I4", string.pack("<f", a.seed)), "onnx " .. a.op)
end

local function size_of(a, shape)
  for _, n in ipairs(shape) do if n < 0 then a.fail("shape is %s", tools.text(shape)) end end
  return shape
end

local function declared(a)
  local kind = types.name(a.dtype or 1)
  if not types.is_float(kind) then a.fail("its result is %s", tostring(kind)) end
  return kind
end

local function as_input(a)
  local kind = a.dtype and types.name(a.dtype) or a.types[1]
  return types.is_float(kind) and kind or "float"
end

local function normal(a, shape)
  return op.randn(shape, { rng = stream(a) }) * (a.scale or 1) + (a.mean or 0)
end

local function uniform(a, shape)
  local low, high = a.low or 0, a.high or 1
  return op.rand(shape, { rng = stream(a) }) * (high - low) + low
end

local function shaped(draw)
  return { fold = false, types = declared, run = function(a) return draw(a, size_of(a, a.shape or a.fail "it has no shape")) end }
end
local function alike(draw)
  return { fold = false, types = as_input, run = function(a, x) return draw(a, x.shape) end }
end
ops.RandomNormal, ops.RandomUniform, ops.RandomNormalLike, ops.RandomUniformLike = shaped(normal), shaped(uniform), alike(normal), alike(uniform)

ops.Bernoulli = { fold = false, types = function(a) return a.dtype and types.name(a.dtype) or a.types[1] end, run = function(a, p)
  local kind = a.dtype and types.name(a.dtype) or a.types[1]
  return types.cast(p:bernoulli { rng = stream(a) }, "float", kind)
end }

ops.Multinomial = { fold = false, types = function(a) return types.name(a.dtype or 6) end, run = function(a, x)
  if x:dim() ~= 2 then a.fail("x is %s, wanted [batch, classes]", tools.text(x.shape)) end
  return types.cast(x:softmax():multinomial(a.sample_size or 1, { rng = stream(a) }), "int32", types.name(a.dtype or 6))
end }

return ops
