--- The com.microsoft ops that onnxruntime's optimiser writes into files: fused activations, products, convolutions and norms. Those of its quantiser and its attention are in files of their own.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local types = require "genai.onnx.types"
local conv = require "genai.onnx.conv"
local product = require "genai.onnx.product"
local ops = {}
local op = core.ops
local domain = "com.microsoft."

local function define(name, entry) ops[domain .. name] = entry end

-- ---- activations ----
define("Gelu", function(_, x) return x:gelu { exact = true } end)
define("BiasGelu", function(_, x, b) return (x + b):gelu { exact = true } end)
define("FastGelu", function(_, x, b) return (b and x + b or x):gelu() end)
define("QuickGelu", function(a, x) return x * (x * (a.alpha or 1.702)):sigmoid() end)

local function bias_softmax(a, x, b)
  local dims = x:dim()
  local d = tools.axis(a, a.axis or 1, dims)
  local xs, bs = x.shape, b.shape
  if #bs == dims or a.is_inner_broadcast == 1 then x = x + b
  else                                                        -- the bias repeats along leading dims: [.., d..] without some dims before d
    local shape = {}
    for k = 1, dims do shape[k] = k > dims - #bs and bs[k - dims + #bs] or 1 end
    x = x + b:reshape(shape)
  end
  return x:reshape(tools.product(xs, 1, d - 1), tools.product(xs, d)):softmax(2):reshape(xs)
end
define("BiasSoftmax", bias_softmax)

define("BiasDropout", { types = function(a) return a.types[1], "bool" end, run = function(a, x, b, residual)
  if a.types[5] then a.fail "dropout in training is not supported" end
  local y = b and x + b or x
  y = residual and y + residual or y
  return y, op.ones_like(y, { dtype = "bool" })
end })

-- An activation named by an attribute, with parameters.
local function activation(a, p)
  local name = a.activation
  if not name or name == "" then return function(x) return x end end
  local simple = { Relu = "relu", Tanh = "tanh", Sigmoid = "sigmoid", Softplus = "softplus", Softsign = "softsign" }
  if simple[name] then return op[simple[name]] end
  if name == "LeakyRelu" then return function(x) return x:leaky_relu(p[1] or 0.01) end end
  if name == "Clip" then return function(x) return x:clamp(p[1], p[2]) end end
  if name == "HardSigmoid" then return function(x) return (x * (p[1] or 0.2) + (p[2] or 0.5)):clamp(0, 1) end end
  if name == "HardSwish" then return function(x) return x * (x / 6 + 0.5):clamp(0, 1) end end
  if name == "Elu" then return function(x) return x:elu(p[1] or 1) end end
  a.fail("the activation \"%s\" is not supported", name)
end

-- ---- products and convolutions ----
define("FusedConv", { make = function(a, consts)
  local run, act = conv.Conv.make(a, consts), activation(a, a.activation_params or {})
  return function(x, w, b, z)
    local y = run(x, w, b)
    return act(z and y + z or y)
  end
end })

define("FusedGemm", { make = function(a, consts)
  local run, act = product.Gemm.make(a, consts), activation(a, { a.activation_alpha, a.activation_beta })
  return function(x, y, c) return act(run(x, y, c)) end
end })

-- trans: the last two dims; batch: the first one goes to the end of the leading ones.
local function turned(a, x, trans, batch)
  local dims, order = x:dim(), {}
  if dims < 2 then return x end
  for d = 1, dims do order[d] = d end
  if batch == 1 then                                           -- [m, .., k] stands for [.., m, k]
    for d = 1, dims - 2 do order[d] = d + 1 end
    order[dims - 1] = 1
  end
  if trans == 1 then order[dims - 1], order[dims] = order[dims], order[dims - 1] end
  return x:permute(order)
end

local function fused_matmul(a, x, y)
  local z = turned(a, x, a.transA, a.transBatchA):matmul(turned(a, y, a.transB, a.transBatchB))
  return (a.alpha or 1) ~= 1 and z * a.alpha or z
end
define("FusedMatMul", fused_matmul)
define("TransposeMatMul", fused_matmul)

define("ConvTransposeWithDynamicPads", function(a, x, w, pads, b)
  local with = setmetatable({ pads = tools.ints(pads) or a.pads }, { __index = a })
  return conv.ConvTranspose(with, x, w, b)
end)

local function nibbles(a, packed, bits)
  if bits == 8 then return packed end
  local v, parts = packed:to "i32", {}
  for k = 1, 8 // bits do
    parts[k] = v:remainder(1 << bits)
    v = (v - parts[k]):to("f32"):div(1 << bits):to("i32")
  end
  local shape = packed.shape
  shape[#shape] = shape[#shape] * (8 // bits)
  return op.stack(parts, packed:dim() + 1):reshape(shape)
end

-- Weights [n,k] of blocks of 2, 4 or 8 bits.
local function blocks(a, packed, scales, zero)
  local n, k, size, bits = a.N, a.K, a.block_size, a.bits or 4
  if not (n and k and size) or n < 1 or k < 1 or size < 1 or not (bits == 2 or bits == 4 or bits == 8) then a.fail("K %s, N %s, %d bits in blocks of %s", tostring(k), tostring(n), bits, tostring(size)) end
  local count = (k + size - 1) // size
  if packed:numel() ~= n * count * size * bits // 8 or scales:numel() ~= n * count then a.fail("the weights are %s and the scales %s", tools.text(packed.shape), tools.text(scales.shape)) end
  local q = nibbles(a, packed:reshape(n * count, size * bits // 8), bits):to("f32"):reshape(n, count, size)
  local middle = 1 << (bits - 1)
  if zero and zero.dtype == "f32" then middle = zero:reshape(n, count, 1)
  elseif zero then
    local width = zero:numel() // n * 8 // bits
    middle = nibbles(a, zero:reshape(n, zero:numel() // n), bits):to("f32"):reshape(n, width):slice(2, 1, count):reshape(n, count, 1)
  end
  return ((q - middle) * scales:reshape(n, count, 1)):reshape(n, count * size):slice(2, 1, k):contiguous()
end

define("MatMulNBits", { make = function(a, consts)
  local kept
  if consts[2] and consts[3] and (consts[4] or not a.types[4]) then kept = blocks(a, consts[2], consts[3], consts[4]) end
  if a.types[5] then a.fail "g_idx is not supported" end
  return function(x, packed, scales, zero, _, b) return x:linear(kept or blocks(a, packed, scales, zero), b) end
end })

-- ---- norms ----
local function first_of_four(a)
  if a.outs[2] or a.outs[3] then a.fail "its results for training (mean, deviation) are not supported" end
  return a.types[1], "float", "float", a.types[1]
end

define("SkipLayerNormalization", { types = first_of_four, run = function(a, x, skip, gamma, beta, bias)
  local sum = bias and x + skip + bias or x + skip
  return sum:layer_norm(gamma, beta, { eps = a.epsilon or 1e-12 }), nil, nil, a.outs[4] and sum or nil
end })

define("SkipSimplifiedLayerNormalization", { types = first_of_four, run = function(a, x, skip, gamma, bias)
  local sum = bias and x + skip + bias or x + skip
  return sum:rms_norm(gamma, { eps = a.epsilon or 1e-12 }), nil, nil, a.outs[4] and sum or nil
end })

local function simplified(a, x, scale)
  local d, shape = tools.axis(a, a.axis or -1, x:dim()), x.shape
  local rows = x:reshape(tools.product(shape, 1, d - 1), tools.product(shape, d))
  local eps = a.epsilon or 1e-5
  local y = rows:rms_norm(scale:reshape(-1), { eps = eps }):reshape(shape)
  if not a.outs[2] then return y end
  for k = d, #shape do shape[k] = 1 end
  return y, (rows:square():mean(2) + eps):rsqrt():reshape(shape)
end
ops.SimplifiedLayerNormalization = { types = function(a) return a.types[1], "float" end, run = simplified }
define("SimplifiedLayerNormalization", ops.SimplifiedLayerNormalization)

local function embed(a, ids, segments, words, places, parts, gamma, beta, mask, positions)
  local b, m = ids.shape[1], ids.shape[2]
  local x = words:index_select(1, ids:reshape(-1)):reshape(b, m, -1)
  if positions then x = x + places:index_select(1, positions:reshape(-1)):reshape(positions.shape[1], m, -1)
  else x = x + places:slice(1, 1, m) end
  if segments and parts then x = x + parts:index_select(1, segments:reshape(-1)):reshape(b, m, -1) end
  local lengths = mask and mask:sum(2):to "i32" or op.zeros(b, { dtype = "i32" })
  return x:layer_norm(gamma, beta, { eps = a.epsilon or 1e-12 }), lengths, x
end

define("EmbedLayerNormalization", { types = function(a) return a.types[3], "int32", a.types[3] end, run = embed })

-- The same of quantised tables: values 3..7, scales 9..13, zero points 14..18.
define("QEmbedLayerNormalization", { types = function(a) return "float", "int32" end, run = function(a, ids, segments, ...)
  local v = { ids, segments, ... }
  local plain = {}
  for k = 3, 7 do plain[k] = v[k] and (v[k]:to("f32") - v[k + 11]:to("f32")) * v[k + 6] or nil end
  return embed(a, ids, segments, plain[3], plain[4], plain[5], plain[6], plain[7], v[8])
end })

-- ---- others ----
define("CDist", function(a, x, y)
  if a.metric == "sqeuclidean" then return x:cdist(y):square() end
  return x:cdist(y)
end)

-- Ops of ai.onnx under another domain.
local function alias(family, names)
  local from = require("genai.onnx." .. family)
  for _, name in ipairs(names) do define(name, from[name]) end
end
alias("norm", { "LayerNormalization" })
alias("misc", { "Trilu", "Unique" })
alias("move", { "GatherND" })
alias("quant", { "QuantizeLinear", "DequantizeLinear" })

for _, file in ipairs { "microsoft_attention", "microsoft_quant" } do
  for name, entry in pairs(require("genai.onnx." .. file)) do ops[name] = entry end
end

return ops
