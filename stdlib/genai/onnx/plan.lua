--- A plan: the steps of a compiled graph over numbered slots. Values are let go of after their last use.
local core = require "genai.core"
local plan = {}
local alias, release, is_tensor = core.alias, core.release, core.is_tensor

-- An op that gives back one of its inputs: the result gets a handle of its own, because inputs are let go of one by one.
local function fresh(y)
  if is_tensor(y) then return alias(y) end
  return y
end

-- One result, by the number of inputs. Absent inputs have slot false.
local single = {
  [0] = function(f, _, o) return function(v) v[o] = f() end end,
  function(f, s, o)
    local a = s[1]
    return function(v)
      local x = v[a]
      local y = f(x)
      if y == x then y = fresh(y) end
      v[o] = y
    end
  end,
  function(f, s, o)
    local a, b = s[1], s[2]
    return function(v)
      local x1, x2 = v[a], v[b]
      local y = f(x1, x2)
      if y == x1 or y == x2 then y = fresh(y) end
      v[o] = y
    end
  end,
  function(f, s, o)
    local a, b, c = s[1], s[2], s[3]
    return function(v)
      local x1, x2, x3 = v[a], v[b], v[c]
      local y = f(x1, x2, x3)
      if y == x1 or y == x2 or y == x3 then y = fresh(y) end
      v[o] = y
    end
  end,
}

local unpack, pack = table.unpack, table.pack

local function many(f, ins, outs)
  local n, m = #ins, #outs
  return function(v)
    local x = {}
    for i = 1, n do x[i] = v[ins[i]] end
    local y = pack(f(unpack(x, 1, n)))
    for k = 1, m do
      local r = y[k]
      for i = 1, n do
        if r == x[i] then r = fresh(r) break end
      end
      for i = 1, k - 1 do
        if r ~= nil and r == y[i] then r = fresh(r) break end
      end
      v[outs[k]] = r
    end
  end
end

-- Ops with graphs inside read values of the graph around them.
local function with_bodies(step, bodies)
  return function(v)
    for _, body in ipairs(bodies) do
      local bound = {}
      for i, c in ipairs(body.captures) do bound[i] = v[c.from] end
      body.bound = bound
    end
    step(v)
    for _, body in ipairs(bodies) do body.bound = nil end
  end
end

local function with_frees(step, frees)
  local n, first = #frees, frees[1]
  if n == 1 then
    return function(v)
      step(v)
      release(v[first])
      v[first] = nil
    end
  end
  return function(v)
    step(v)
    for i = 1, n do
      local s = frees[i]
      release(v[s])
      v[s] = nil
    end
  end
end

--- plan.step(f, ins, outs, bodies, frees) -> function(v).
function plan.step(f, ins, outs, bodies, frees)
  local make = #outs == 1 and single[#ins]
  local step = make and make(f, ins, outs[1]) or many(f, ins, outs)
  if bodies then step = with_bodies(step, bodies) end
  if #frees > 0 then step = with_frees(step, frees) end
  return step
end

--- plan.run(p, inputs) -> a list of outputs. p: { steps, frame, inputs, outputs, kept, captures, bound }; frame holds the constants between runs.
function plan.run(p, inputs, last)
  local v, steps = p.frame, p.steps
  for i, s in ipairs(p.inputs) do v[s] = inputs[i] end
  for i, c in ipairs(p.captures) do v[c.to] = p.bound[i] end
  for i = 1, #steps do
    p.at = i
    steps[i](v)
  end
  local out = {}
  for i, s in ipairs(p.outputs) do
    local x = v[s]
    if p.kept[s] then x = fresh(x) end
    for k = 1, i - 1 do
      if x ~= nil and x == out[k] then x = fresh(x) break end
    end
    out[i] = x
  end
  plan.clear(p)
  return out
end

--- plan.clear(p): forgets everything but the constants.
function plan.clear(p)
  local v, consts = p.frame, p.consts
  for s in next, v do
    if consts[s] == nil then v[s] = nil end
  end
end

return plan
