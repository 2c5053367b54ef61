--- L-BFGS (Nocedal and Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5) with a line search for the strong Wolfe conditions (3.5 and 3.6).
local core = require "genai.core"
local ops, is_tensor = core.ops, core.is_tensor
local lbfgs = {}

local SUFFICIENT, CURVATURE, TRIALS = 1e-4, 0.9, 20                         -- c1 and c2 of the Wolfe conditions; evaluations in a line search

local function dot(a, b) return (a * b):sum():item() end

-- All gradients as one vector.
local function gradients(list)
  local parts = {}
  for i, entry in ipairs(list) do parts[i] = entry.tensor.grad and entry.tensor.grad:reshape(-1) or ops.zeros(entry.tensor:numel()) end
  return ops.cat(parts, 1)
end

local function values(list)
  local parts = {}
  for i, entry in ipairs(list) do parts[i] = entry.tensor:reshape(-1) end
  return ops.cat(parts, 1):clone()
end

local function write(list, x)
  local at = 0
  for _, entry in ipairs(list) do
    local n = entry.tensor:numel()
    entry.tensor:copy_(x:slice(1, at + 1, at + n):view(table.unpack(entry.tensor.shape)))
    at = at + n
  end
end

-- The loss and its gradient where the weights stand.
local function evaluate(self, loss, ...)
  core.recording(true)
  local results = table.pack(loss(...))
  local y = results[1]
  if not is_tensor(y) or y:numel() ~= 1 then
    error(("step: the loss is %s, wanted a tensor of one element"):format(is_tensor(y) and y.dtype .. "[" .. table.concat(y.shape, ",") .. "]" or "a " .. type(y)), 0)
  end
  self:zero_grad()
  if y.requires_grad then y:backward() end
  core.recording(false)
  local g = gradients(self._weights)
  self:zero_grad()
  self.evaluations = self.evaluations + 1
  return y:item(), g, results
end

-- Where a cubic through two points with their slopes is lowest, kept away from the ends; the middle where there is none.
local function between(a, b)
  local d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
  local root = d1 * d1 - a.slope * b.slope
  local t = (a.t + b.t) / 2
  if root >= 0 and math.abs(b.f) < math.huge then
    local d2 = math.sqrt(root) * (b.t > a.t and 1 or -1)
    local best = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    if best == best then t = best end
  end
  local low, high = math.min(a.t, b.t), math.max(a.t, b.t)
  local edge = 0.1 * (high - low)
  return math.max(low + edge, math.min(high - edge, t))
end

-- A step between low (the best that is low enough) and high that satisfies the conditions.
local function zoom(try, start, low, high, trials)
  for _ = 1, trials do
    local now = try(between(low, high))
    if not (now.f <= start.f + SUFFICIENT * now.t * start.slope) or now.f >= low.f then high = now
    else
      if math.abs(now.slope) <= -CURVATURE * start.slope then return now end
      if now.slope * (high.t - low.t) >= 0 then high = low end
      low = now
    end
    if math.abs(high.t - low.t) < 1e-9 then break end
  end
  return low
end

local function search(try, start, t)
  local before = start
  for i = 1, TRIALS do
    local now = try(t)
    if not (now.f <= start.f + SUFFICIENT * t * start.slope) or i > 1 and now.f >= before.f then return zoom(try, start, before, now, TRIALS - i) end
    if math.abs(now.slope) <= -CURVATURE * start.slope then return now end
    if now.slope >= 0 then return zoom(try, start, now, before, TRIALS - i) end
    before, t = now, 2 * t
  end
  return before
end

-- The direction -H g, H from the last steps s and changes y of the gradient.
local function direction(memory, g)
  local q, shares = -g, {}
  for i = #memory, 1, -1 do
    local m = memory[i]
    shares[i] = dot(m.s, q) / m.sy
    q:sub_(m.y * shares[i])
  end
  local last = memory[#memory]
  if last then q:mul_(last.sy / dot(last.y, last.y)) end
  for i, m in ipairs(memory) do q:add_(m.s * (shares[i] - dot(m.y, q) / m.sy)) end
  return q
end

local function iterate(self, loss, ...)
  local memory, list, arguments = self._memory, self._weights, table.pack(...)
  local f, g, results = evaluate(self, loss, ...)
  local first, x = f, values(list)
  for _ = 1, self.iterations do
    local steepest = g:abs():max():item()
    if not (steepest > self.tolerance) then break end
    local d = direction(memory, g)
    local slope = dot(g, d)
    if not (slope < 0) then                                                 -- rounding has spoilt the memory
      for i = #memory, 1, -1 do memory[i] = nil end
      d, slope = -g, -dot(g, g)
    end
    local function try(t)
      write(list, x + d * t)
      local ft, gt = evaluate(self, loss, table.unpack(arguments, 1, arguments.n))
      return { t = t, f = ft == ft and ft or math.huge, g = gt, slope = dot(gt, d) }
    end
    local found = search(try, { t = 0, f = f, g = g, slope = slope }, #memory == 0 and math.min(1, 1 / g:abs():sum():item()) * self.lr or self.lr)
    local s, y = d * found.t, found.g - g
    x = x + s
    write(list, x)
    local sy = dot(s, y)
    if sy > 1e-10 then
      memory[#memory + 1] = { s = s, y = y, sy = sy }
      if #memory > self.history then table.remove(memory, 1) end
    end
    self.steps = self.steps + 1
    local gained = f - found.f
    f, g = found.f, found.g
    if found.t == 0 or gained <= self.tolerance_change * math.max(1, math.abs(f)) then break end
  end
  return first, table.unpack(results, 2, results.n)
end

-- What optim.lbfgs puts over the optimiser's own step and state.
lbfgs.methods = {
  step = function(self, loss, ...)
    local was = core.recording(false)
    local results = table.pack(pcall(iterate, self, loss, ...))
    core.recording(was)
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
  end,
  update = function() error("lbfgs: update() has no line search, wanted step(loss)", 2) end,
  state = function(self)
    local tensors = {}
    for i, m in ipairs(self._memory) do tensors["s." .. i], tensors["y." .. i] = m.s:clone(), m.y:clone() end
    return { kind = self.kind, steps = self.steps, options = { lr = self.lr, iterations = self.iterations, history = self.history }, tensors = tensors }
  end,
  load_state = function(self, state)
    if state.kind ~= self.kind then error(("load_state: the state is of %s, wanted %s"):format(tostring(state.kind), self.kind), 2) end
    local memory, n = {}, 0
    for _, entry in ipairs(self._weights) do n = n + entry.tensor:numel() end
    while state.tensors["s." .. #memory + 1] do
      local s, y = state.tensors["s." .. #memory + 1], state.tensors["y." .. #memory + 1]
      if not is_tensor(y) or s:numel() ~= n or y:numel() ~= n then error(("load_state: the state is for other weights, wanted vectors of %d numbers"):format(n), 2) end
      memory[#memory + 1] = { s = s:clone(), y = y:clone(), sy = dot(s, y) }
    end
    for key, value in pairs(state.options) do self[key] = value end
    self._memory, self.steps = memory, state.steps
    return self
  end,
}

return lbfgs
