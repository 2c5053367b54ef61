--- Optimisers: sgd, adam, adamw, rmsprop, lbfgs. opt:step(loss_function, ..) makes one step; the update of each weight is one pass in place.
local core = require "genai.core"
local walk = require "genai.nn.walk"
local options_of = require "genai.nn.options"
local ops, is_tensor = core.ops, core.is_tensor
local optim = {}

-- Weights of a module, a tensor, or a list of them. Tensors that are given as such are made to learn.
local function weights_of(what, model)
  if is_tensor(model) then model:requires_grad_(true)
  elseif type(model) == "table" and not getmetatable(model) then
    for _, x in ipairs(model) do
      if is_tensor(x) then x:requires_grad_(true) end
    end
  end
  local list = walk.parameters(model)
  if #list == 0 then error(what .. ": the model has no weights that learn (nn.parameter marks a tensor as one)", 3) end
  return list
end

local optimiser = { __name = "optimiser" }
optimiser.__index = optimiser

function optimiser:__tostring()
  return ("%s(lr = %g, %d weights, step %d)"):format(self.kind, self.lr, #self._weights, self.steps)
end

-- New tensors for the running means of every weight: buffers[name] is a list beside self._weights.
local function make(kind, model, options, buffers, update)
  local self = { kind = kind, steps = 0, _weights = weights_of("optim." .. kind, model), _update = update, _buffers = {} }
  for key, value in pairs(options) do self[key] = value end
  for _, name in ipairs(buffers) do
    local list = {}
    for i, entry in ipairs(self._weights) do list[i] = ops.zeros_like(entry.tensor) end
    self._buffers[name] = list
  end
  return setmetatable(self, optimiser)
end

--- opt:zero_grad() forgets the gradients of its weights.
function optimiser:zero_grad()
  for _, entry in ipairs(self._weights) do entry.tensor:zero_grad_() end
end

--- opt:norm() -> the length of all gradients together.
function optimiser:norm()
  local sum = 0.0
  for _, entry in ipairs(self._weights) do
    local grad = entry.tensor.grad
    if grad then
      local length = grad:norm():item()
      sum = sum + length * length
    end
  end
  return math.sqrt(sum)
end

--- opt:update() steps by the gradients that the weights hold (after loss:backward()), and forgets them.
function optimiser:update()
  local scale = 1.0
  if self.clip_norm then
    local norm = self:norm()
    if norm > self.clip_norm then scale = self.clip_norm / norm end
  end
  self.steps = self.steps + 1
  local was = core.recording(false)
  local fine, problem = pcall(self._update, self, scale)
  core.recording(was)
  if not fine then error(problem, 0) end
  self:zero_grad()
end

--- opt:step(loss, ..) -> number, ..: calls loss(..), goes back from its first result, steps, and returns that loss as a number (and the other results).
-- > genai.optim.sgd({ genai.ones(2) }):step(function() return genai.ones(1):sum() end) == 1
function optimiser:step(loss, ...)
  local was = core.recording(true)
  local results = table.pack(pcall(loss, ...))
  core.recording(was)
  if not results[1] then error(results[2], 0) end
  local y = results[2]
  if not is_tensor(y) or y:numel() ~= 1 then
    error(("step: the loss is %s, wanted a tensor of one element"):format(is_tensor(y) and y.dtype .. "[" .. table.concat(y.shape, ",") .. "]" or "a " .. type(y)), 2)
  end
  self:zero_grad()
  if y.requires_grad then y:backward() end
  self:update()
  return y:item(), table.unpack(results, 3, results.n)
end

--- opt:state() -> { kind =, steps =, options =, tensors = { ["m.1.weight"] = .. } }: copies, for a file.
function optimiser:state()
  local tensors, options = {}, {}
  for name, list in pairs(self._buffers) do
    for i, entry in ipairs(self._weights) do tensors[name .. "." .. entry.name] = list[i]:clone() end
  end
  for _, key in ipairs { "lr", "momentum", "nesterov", "eps", "weight_decay", "clip_norm", "betas", "alpha" } do options[key] = self[key] end
  return { kind = self.kind, steps = self.steps, options = options, tensors = tensors }
end

--- opt:load_state(state) -> opt. Goes on where state() was taken; a state of another optimiser or of other weights is refused and nothing changes.
function optimiser:load_state(state)
  if state.kind ~= self.kind then error(("load_state: the state is of %s, wanted %s"):format(tostring(state.kind), self.kind), 2) end
  local module = {}
  for name, list in pairs(self._buffers) do
    for i, entry in ipairs(self._weights) do module[name .. "." .. entry.name] = list[i] end
  end
  require("genai.nn").assign(module, state.tensors, "load_state: the state")
  self.steps = state.steps
  for key, value in pairs(state.options) do self[key] = value end
  return self
end

local function adam_update(self, scale)
  local m, v = self._buffers.m, self._buffers.v
  local options = { lr = self.lr, beta1 = self.betas[1], beta2 = self.betas[2], eps = self.eps, step = self.steps, decay = self.weight_decay,
    coupled = self.kind == "adam", scale = scale }
  for i, entry in ipairs(self._weights) do ops.adam_(entry.tensor, nil, m[i], v[i], options) end
end

local adam_defaults = { lr = 1e-3, betas = { 0.9, 0.999 }, eps = 1e-8, weight_decay = 0, clip_norm = false }

--- optim.adam(model, { lr = 1e-3, betas = { 0.9, 0.999 }, eps = 1e-8, weight_decay = 0, clip_norm = false }) -> an optimiser for a module, a tensor or a list of
-- them (Kingma and Ba 2014). Weight decay is added to the gradient; opt.lr may be written between steps.
-- > genai.optim.adam(genai.nn.linear(2, 1)).lr == 1e-3
function optim.adam(model, options)
  return make("adam", model, options_of("optim.adam", options, adam_defaults), { "m", "v" }, adam_update)
end

--- optim.adamw(model, options) -> as adam, but weight decay (default 0.01) shrinks the weights themselves (Loshchilov and Hutter 2017).
function optim.adamw(model, options)
  local out = options_of("optim.adamw", options, adam_defaults)
  if not (options and options.weight_decay) then out.weight_decay = 0.01 end
  return make("adamw", model, out, { "m", "v" }, adam_update)
end

--- optim.sgd(model, { lr = 1e-2, momentum = 0, nesterov = false, weight_decay = 0, clip_norm = false }) -> plain gradient descent, with momentum if asked.
function optim.sgd(model, options)
  local out = options_of("optim.sgd", options, { lr = 1e-2, momentum = 0, nesterov = false, weight_decay = 0, clip_norm = false })
  return make("sgd", model, out, out.momentum ~= 0 and { "m" } or {}, function(self, scale)
    local m = self._buffers.m
    local call = { lr = self.lr, momentum = m and self.momentum or 0, nesterov = self.nesterov, decay = self.weight_decay, scale = scale }
    for i, entry in ipairs(self._weights) do ops.sgd_(entry.tensor, nil, m and m[i], call) end
  end)
end

--- optim.rmsprop(model, { lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, clip_norm = false }) -> steps divided by the running root mean square of the gradient (Hinton 2012).
function optim.rmsprop(model, options)
  local out = options_of("optim.rmsprop", options, { lr = 1e-2, alpha = 0.99, eps = 1e-8, weight_decay = 0, clip_norm = false })
  return make("rmsprop", model, out, { "v" }, function(self, scale)
    for i, entry in ipairs(self._weights) do
      local w, v, grad = entry.tensor, self._buffers.v[i], entry.tensor.grad
      if grad then
        grad = grad * scale + w * self.weight_decay
        v:mul_(self.alpha)
        v:add_(grad * grad * (1 - self.alpha))
        w:sub_(grad * self.lr / (v:sqrt() + self.eps))
      end
    end
  end)
end

--- optim.lbfgs(model, { lr = 1, iterations = 20, history = 10, tolerance = 1e-7, tolerance_change = 1e-9 }) -> L-BFGS with a strong Wolfe line search: opt:step(loss, ..)
-- makes up to `iterations` steps and calls loss(..), which must give the same for the same weights, at least once for each. It stops early where no gradient is above
-- tolerance or the loss falls by less than tolerance_change of itself. opt.evaluations counts the calls. For all data at once, not for batches.
-- > genai.optim.lbfgs(genai.nn.linear(2, 1)).history == 10
function optim.lbfgs(model, options)
  local out = options_of("optim.lbfgs", options, { lr = 1, iterations = 20, history = 10, tolerance = 1e-7, tolerance_change = 1e-9 })
  local self = make("lbfgs", model, out, {}, false)
  self._memory, self.evaluations = {}, 0
  for name, f in pairs(require("genai.optim.lbfgs").methods) do self[name] = f end
  return self
end

return optim
