--- ONNX norms and softmaxes.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local keep = { keep = true }

-- ---- batch and instance ----
local function trained(a, x, w, b, mean, var)
  local y, m, v = core.ops.batch_norm_train(x, w, b, a.epsilon or 1e-5)
  local momentum = a.momentum or 0.9
  return y, mean * momentum + m * (1 - momentum), var * momentum + v * (1 - momentum)
end

function ops.BatchNormalization(a, x, w, b, mean, var)
  local c = x:dim() > 1 and x.shape[2] or 1
  for _, t in ipairs { w, b, mean, var } do
    if t:numel() ~= c then a.fail("its weights hold %d elements, x is %s", t:numel(), tools.text(x.shape)) end
  end
  if a.spatial == 0 then a.fail "spatial = 0 is not supported" end
  if a.training_mode == 1 then return trained(a, x, w, b, mean, var) end
  return core.ops.batch_norm_eval(x, mean, var, w, b, a.epsilon or 1e-5)
end

local function per_channel(a, x, w, b)
  local c = x:dim() > 1 and x.shape[2] or 0
  if x:dim() < 3 or w:numel() ~= c or b:numel() ~= c then a.fail("x is %s, scale and bias hold %d and %d elements", tools.text(x.shape), w:numel(), b:numel()) end
end

function ops.InstanceNormalization(a, x, w, b)
  per_channel(a, x, w, b)
  return x:instance_norm(w, b, { eps = a.epsilon or 1e-5 })
end

function ops.GroupNormalization(a, x, w, b)
  local groups = a.num_groups or 1
  if w:numel() == groups and a.opset < 21 then                       -- one scale a group
    local each = (x.shape[2] or 0) // groups
    w, b = w:repeat_interleave(each), b:repeat_interleave(each)
  end
  per_channel(a, x, w, b)
  return x:group_norm(groups, w, b, { eps = a.epsilon or 1e-5 })
end

-- ---- over the last dims ----
local function rows(a, x, axis)
  local shape = x.shape
  local d = tools.axis(a, axis, #shape)
  return d, shape, tools.product(shape, d)
end

local function statistics(x, shape, d, eps)
  local dims, s = {}, { table.unpack(shape) }
  for i = d, #shape do dims[#dims + 1], s[i] = i, 1 end
  local mean = x:mean(dims, keep)
  return mean, (x:var(dims, { keep = true, unbiased = false }) + eps):rsqrt()
end

ops.LayerNormalization = { types = function(a) return a.types[1], "float", "float" end, run = function(a, x, w, b)
  local eps = a.epsilon or 1e-5
  local d, shape, n = rows(a, x, a.axis or -1)
  local whole = w:numel() == n and (not b or b:numel() == n)
  local flat = d == #shape and x or x:reshape(-1, n)
  local y
  if whole then y = flat:layer_norm(w:reshape(n), b and b:reshape(n), { eps = eps }) else y = flat:layer_norm(nil, nil, { eps = eps }) end
  if d ~= #shape then y = y:reshape(shape) end
  if not whole then
    y = y * w
    if b then y = y + b end
  end
  if a.outs[2] or a.outs[3] then return y, statistics(x, shape, d, eps) end
  return y
end }

function ops.RMSNormalization(a, x, w)
  local d, shape, n = rows(a, x, a.axis or -1)
  local flat, eps = d == #shape and x or x:reshape(-1, n), { eps = a.epsilon or 1e-5 }
  if w:numel() == n then return flat:rms_norm(w:reshape(n), eps):reshape(shape) end
  return flat:rms_norm(nil, eps):reshape(shape) * w
end

function ops.MeanVarianceNormalization(a, x)
  local dims = tools.axes(a, a.axes or { 0, 2, 3 }, x:dim())
  local mean = x:mean(dims, keep)
  local deviation = (x:square():mean(dims, keep) - mean:square()):sqrt()
  return (x - mean) / (deviation + 1e-9)
end

function ops.LpNormalization(a, x)
  local d = tools.axis(a, a.axis or -1, x:dim())
  local n = a.p == 1 and x:abs():sum(d, keep) or x:square():sum(d, keep):sqrt()
  return n:eq(0):where(0, x / n)
end

-- Over neighbouring channels (Krizhevsky et al. 2012).
function ops.LRN(a, x)
  local size, shape = a.size or 1, x.shape
  if size < 1 or #shape < 3 then a.fail("size is %d and x %s", size, tools.text(shape)) end
  local square = x:square():reshape(shape[1], shape[2], -1):unsqueeze(2)
  local before = (size - 1) // 2
  local mean = square:pad({ 0, 0, before, size - 1 - before }):avg_pool2d({ size, 1 }, { stride = 1 })
  return x / (mean:reshape(shape) * (a.alpha or 1e-4) + (a.bias or 1)):pow(a.beta or 0.75)
end

-- ---- softmax: before opset 13 over all dims from an axis on ----
local function along(a, x, f)
  local dims = x:dim()
  if a.opset >= 13 then return f(x, tools.axis(a, a.axis or -1, dims)) end
  local d = tools.axis(a, a.axis or 1, dims == 0 and 1 or math.max(dims, 2))
  if d == dims then return f(x, d) end
  local shape = x.shape
  return f(x:reshape(tools.product(shape, 1, d - 1), tools.product(shape, d)), 2):reshape(shape)
end

local softmax, log_softmax = core.ops.softmax, core.ops.log_softmax
function ops.Softmax(a, x) return along(a, x, softmax) end
function ops.LogSoftmax(a, x) return along(a, x, log_softmax) end
function ops.Hardmax(a, x)
  return along(a, x, function(y, d)
    local index = y:argmax(d, keep)
    return core.ops.zeros_like(y):scatter(d, index, 1)
  end)
end

-- ---- losses ----
local function reduced(a, loss, weight)
  if a.reduction == "none" then return loss end
  if a.reduction == "sum" then return loss:sum() end
  return weight and loss:sum() / weight:sum() or loss:mean()
end

local function negative_log_likelihood(a, logp, target, weight)
  local shape = target.shape
  local ignore, index = a.ignore_index, target:to "i64"
  local skip = ignore and index:eq(ignore)
  if skip then index = skip:where(0, index) end
  local loss = -logp:gather(2, index:unsqueeze(2)):squeeze(2)
  local w
  if weight then w = weight:index_select(1, index:reshape(-1)):reshape(shape) end
  if skip then w = skip:where(0, w or core.ops.ones_like(loss)) end
  if w then loss = loss * w end
  return reduced(a, loss, w)
end

ops.NegativeLogLikelihoodLoss = negative_log_likelihood
ops.SoftmaxCrossEntropyLoss = { types = function(a) return a.types[1], a.types[1] end, run = function(a, x, target, weight)
  local logp = x:log_softmax(2)
  return negative_log_likelihood(a, logp, target, weight), logp
end }

return ops
