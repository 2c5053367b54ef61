--- Neural nets: a module is anything callable. Its weights are found by walking its fields in sorted order; the path ("1.weight") is the name in files.
local core = require "genai.core"
local ops = core.ops
local walk = require "genai.nn.walk"
local nn = {}

for name, f in pairs(walk) do nn[name] = f end
for name, f in pairs(require "genai.nn.layers") do nn[name] = f end

-- Activations are ops, and so plain functions of x.
for _, name in ipairs { "relu", "gelu", "tanh", "silu", "sigmoid", "softplus", "mish", "elu", "leaky_relu", "softsign", "softmax", "log_softmax", "square", "exp" } do
  nn[name] = ops[name]
  walk.name_function(ops[name], name)
end

--- nn.mse(x, target, { reduce = "mean", weight = }) -> mean squared error; reduce "sum" or "none".
nn.mse = ops.mse_loss
--- nn.l1(x, target, options) -> mean absolute error.
nn.l1 = ops.l1_loss
--- nn.huber(x, target, { delta = 1 }) -> squared near zero, absolute far from it.
nn.huber = ops.huber_loss
--- nn.bce_logits(logits, target, options) -> binary cross entropy of sigmoid(logits) with targets in 0..1.
-- > nn.bce_logits(genai.zeros(2), genai.ones(2)):item() < 0.7
nn.bce_logits = ops.bce_with_logits
--- nn.cross_entropy(logits, classes, options) -> cross entropy of softmax(logits[n,c,..]) with class numbers (from 0) or probabilities.
nn.cross_entropy = ops.cross_entropy
--- nn.kl(log_probabilities, target, options) -> Kullback-Leibler divergence.
nn.kl = ops.kl_div

--- nn.save(path, module, metadata) -> path. Writes all tensors of a module as safetensors; metadata is a table of strings.
function nn.save(path, module, metadata)
  local names, tensors = {}, {}
  for _, entry in ipairs(walk.tensors(module)) do names[#names + 1], tensors[#tensors + 1] = entry.name, entry.tensor end
  if #names == 0 then error("nn.save: the module has no tensors", 2) end
  core.write(path, core.safetensors_encode(names, tensors, metadata and core.json.encode(metadata)))
  return path
end

local function shape_text(t) return t.dtype .. "[" .. table.concat(t.shape, ",") .. "]" end

local function same_shape(a, b)
  local s, u = a.shape, b.shape
  for i = 1, math.max(#s, #u) do
    if s[i] ~= u[i] then return false end
  end
  return true
end

-- What does not fit, one phrase each.
local function misfits(list, found)
  local out, known = {}, {}
  for _, entry in ipairs(list) do
    local there = found[entry.name]
    known[entry.name] = true
    if not there then out[#out + 1] = ('"%s" is missing, wanted %s'):format(entry.name, shape_text(entry.tensor))
    elseif not same_shape(there, entry.tensor) then out[#out + 1] = ('"%s" is %s, wanted %s'):format(entry.name, shape_text(there), shape_text(entry.tensor)) end
  end
  local extra = {}
  for name in pairs(found) do
    if not known[name] then extra[#extra + 1] = name end
  end
  table.sort(extra)
  for _, name in ipairs(extra) do out[#out + 1] = ('"%s" is not in the model'):format(name) end
  return out
end

--- nn.assign(module, tensors, what) -> module. Copies tensors (name -> tensor) into the module's; names and shapes must agree, else nothing changes.
function nn.assign(module, tensors, what)
  local list = walk.tensors(module)
  local wrong = misfits(list, tensors)
  if #wrong > 0 then
    local more = #wrong > 3 and ("; and %d more"):format(#wrong - 3) or ""
    error(("%s does not fit: %s%s"):format(what or "nn.assign: the weights", table.concat(wrong, "; ", 1, math.min(3, #wrong)), more), 2)
  end
  local was = core.recording(false)
  for _, entry in ipairs(list) do entry.tensor:copy_(tensors[entry.name]) end
  core.recording(was)
  return module
end

--- nn.load(path, module) -> module, metadata JSON or nil. Reads weights by name; a file that does not fit is refused and nothing changes.
function nn.load(path, module)
  local tensors, metadata = core.safetensors_load(path)
  local fine, problem = pcall(nn.assign, module, tensors, "nn.load: " .. path)
  if not fine then error(problem, 2) end
  return module, metadata
end

return nn
