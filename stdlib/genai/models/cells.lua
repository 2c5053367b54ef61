--- Recurrent cells out of TensorFlow's files, in the form that lstm wants; what the step-by-step networks of this folder share.
local core = require "genai.core"
local after = require("genai.models.weights").after
local ops = core.ops
local cells = {}

local orders = { keras = { 1, 2, 3, 4 }, basic = { 1, 3, 2, 4 } }

-- f32[n,4h] with gates in a file's order -> f32[4h,n] in i, f, g, o.
local function turned(kernel, order)
  local parts, out = { kernel:chunk(4, 2) }, {}
  if #parts == 1 then parts = parts[1] end
  for i = 1, 4 do out[i] = parts[orders[order][i]] end
  local y = ops.cat(out, 2)
  for i = 1, 4 do parts[i]:release() end
  y = after(y, y:transpose(1, 2))
  return after(y, y:contiguous())
end

--- cells.lstm(kernel, recurrent, bias, order) -> { w_ih, w_hh, b_ih, b_hh }, one layer as lstm takes it. kernel f32[i,4h] or nil, recurrent f32[h,4h], bias f32[4h].
-- order "keras": gates i, f, c, o; "basic": TensorFlow's BasicLSTMCell, gates i, j, f, o, which adds 1 to the forget gate (its files do not hold that 1).
-- > genai.models.cells.lstm(genai.ones(3, 8), genai.ones(2, 8), genai.zeros(8), "basic")[3]:totable()[3] == 1
function cells.lstm(kernel, recurrent, bias, order)
  local h = recurrent.shape[1]
  local b = turned(bias:view(1, -1), order):view(-1):clone()
  if order == "basic" then b:slice(1, h + 1, 2 * h):add_(1) end
  return { kernel and turned(kernel, order), turned(recurrent, order), b, ops.zeros(4 * h) }
end

--- cells.rows(cell, inputs) -> for each row of inputs f32[n,i] the cell's weights as lstm takes them when its input is that row: what it adds to the gates is worked out
-- once, so that a step has one product. The input to feed is zeros of one column.
-- > #genai.models.cells.rows(genai.models.cells.lstm(genai.ones(3, 8), genai.ones(2, 8), genai.zeros(8), "keras"), genai.eye(3)) == 3
function cells.rows(cell, inputs)
  local gates, nothing = inputs:linear(cell[1], cell[3]), ops.zeros(cell[1].shape[1], 1)
  local out = {}
  for i = 1, inputs.shape[1] do out[i] = { nothing, cell[2], gates[i], cell[4] } end
  return out
end

return cells
