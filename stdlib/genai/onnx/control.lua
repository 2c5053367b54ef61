--- ONNX control flow: If, Loop, Scan.
local core = require "genai.core"
local plan = require "genai.onnx.plan"
local tools = require "genai.onnx.tools"
local ops = {}
local unpack = table.unpack

local function kinds_of(body, from)
  local out = {}
  for i = from or 1, #body.output_values do out[#out + 1] = body.output_values[i].type end
  return unpack(out)
end

local function true_of(x) return x:item() ~= 0 end

local function body_of(a, name)
  return a[name] or a.fail("it has no %s", name)
end

ops.If = { types = function(a) return kinds_of(body_of(a, "then_branch")) end, run = function(a, condition)
  local body = true_of(condition) and a.then_branch or body_of(a, "else_branch")
  return unpack(plan.run(body, {}), 1, a.nouts)
end }

-- What a body has made in each round, along a new first dim.
local function stacked(list, value)
  if #list > 0 then return core.ops.stack(list, 1) end
  local size = { 0 }
  for i, n in ipairs(value.shape or {}) do size[i + 1] = math.type(n) == "integer" and n or 0 end
  return core.ops.zeros(size, { dtype = require("genai.onnx.types").dtype(value.type) or "f32" })
end

local function put_all(rows, list, from)
  for k, row in ipairs(rows) do row[#row + 1] = list[from + k] end
end

ops.Loop = { types = function(a) return kinds_of(body_of(a, "body"), 2) end, run = function(a, most, condition, ...)
  local body, carried = a.body, { ... }
  local n = select("#", ...)
  if #body.inputs ~= n + 2 or #body.outputs < n + 1 then a.fail("its body takes %d values and gives %d, wanted %d and %d or more", #body.inputs, #body.outputs, n + 2, n + 1) end
  local limit, go, scans = most and tools.number(most) or math.maxinteger, condition == nil or true_of(condition), {}
  for k = 1, #body.outputs - n - 1 do scans[k] = {} end
  local i = 0
  while go and i < limit do
    local list = plan.run(body, { core.tensor(i, { dtype = "i64" }), core.tensor(true), unpack(carried, 1, n) })
    go = true_of(list[1])
    for k = 1, n do carried[k] = list[k + 1] end
    put_all(scans, list, n + 1)
    i = i + 1
  end
  for k, row in ipairs(scans) do carried[n + k] = stacked(row, body.output_values[n + 1 + k]) end
  return unpack(carried, 1, n + #scans)
end }

-- ---- Scan ----
local function take(x, dim, i)
  return x:select(dim, i)
end

-- One scan: states and sequences in, states and stacked rows out.
local function scan(a, states, sequences, axes, directions)
  local body, n, m = a.body, #states, #sequences
  local count = m > 0 and sequences[1].shape[axes[1]] or 0
  local rows = {}
  for k = 1, #body.outputs - n do rows[k] = {} end
  for i = 1, count do
    local list = { unpack(states) }
    for k, x in ipairs(sequences) do
      if x.shape[axes[k]] ~= count then a.fail "its sequences differ in length" end
      list[n + k] = take(x, axes[k], directions[k] == 1 and count + 1 - i or i)
    end
    local out = plan.run(body, list)
    for k = 1, n do states[k] = out[k] end
    put_all(rows, out, n)
  end
  for k, row in ipairs(rows) do
    if (a.scan_output_directions or {})[k] == 1 then
      local back = {}
      for i = #row, 1, -1 do back[#back + 1] = row[i] end
      row = back
    end
    local axis = (a.scan_output_axes or {})[k] or 0
    local y = stacked(row, body.output_values[n + k])
    if axis ~= 0 then
      local order, d = {}, tools.axis(a, axis, y:dim())
      for i = 2, y:dim() do order[#order + 1] = i end
      table.insert(order, d, 1)
      y = y:permute(order)
    end
    states[n + k] = y
  end
  return states
end

-- Opset 8: every input has a batch dim first, and the first input would be lengths.
local function batched_scan(a, lengths, ...)
  if lengths then a.fail "sequence lengths are not supported" end
  local list, m, out = { ... }, a.num_scan_inputs or 1, {}
  local n, batch = #list - m, list[1] and list[1].shape[1] or 0
  for b = 1, batch do
    local states, sequences, axes = {}, {}, {}
    for k = 1, n do states[k] = list[k]:select(1, b) end
    for k = 1, m do sequences[k], axes[k] = list[n + k]:select(1, b), 1 end
    for k, y in ipairs(scan(a, states, sequences, axes, a.directions or {})) do
      out[k] = out[k] or {}
      out[k][b] = y
    end
  end
  for k, row in ipairs(out) do out[k] = core.ops.stack(row, 1) end
  return unpack(out)
end

ops.Scan = { types = function(a) return kinds_of(body_of(a, "body")) end, run = function(a, ...)
  if a.opset < 9 then return batched_scan(a, ...) end
  local list, m, states, sequences, axes = { ... }, a.num_scan_inputs or 1, {}, {}, {}
  local n = #list - m
  if n < 0 or #a.body.inputs ~= #list or #a.body.outputs < n then a.fail("its body takes %d values, wanted %d", #a.body.inputs, #list) end
  for k = 1, n do states[k] = list[k] end
  for k = 1, m do
    sequences[k] = list[n + k]
    axes[k] = tools.axis(a, (a.scan_input_axes or {})[k] or 0, sequences[k]:dim())
  end
  return unpack(scan(a, states, sequences, axes, a.scan_input_directions or {}))
end }

return ops
