--- What the ops of several families need.
local core = require "genai.core"
local tools = {}

--- tools.traced: genai.onnx.save is watching: what an op does must not follow from the elements of its inputs.
tools.traced = false

--- tools.ints(x) -> a flat list of an integer tensor's elements; lists come back as they are, nil as nil.
function tools.ints(x)
  if x == nil or type(x) == "table" then return x end
  if type(x) == "number" then return { x } end
  if x:dim() == 1 then return x:totable() end
  return x:reshape(-1):totable()
end

--- tools.number(x) -> the one element of a tensor as a Lua number; numbers come back as they are.
function tools.number(x)
  if type(x) == "number" then return x end
  return x:item()
end

--- tools.axis(a, axis, dims) -> the 1-based dim of an ONNX axis (from 0, negatives from the end); an error that names the node otherwise.
function tools.axis(a, axis, dims)
  if axis < -dims or axis >= dims then a.fail("axis is %d, wanted %d..%d", axis, -dims, dims - 1) end
  return axis < 0 and axis + dims + 1 or axis + 1
end

--- tools.axes(a, list, dims) -> a sorted list of 1-based dims; all of them where list is nil.
function tools.axes(a, list, dims)
  local out, seen = {}, {}
  if not list then
    for d = 1, dims do out[d] = d end
    return out
  end
  for i, axis in ipairs(list) do
    out[i] = tools.axis(a, axis, dims)
    if seen[out[i]] then a.fail("axis %d occurs twice", axis) end
    seen[out[i]] = true
  end
  table.sort(out)
  return out
end

--- tools.i64(list, shape) -> an i64 tensor.
function tools.i64(list)
  return core.tensor(list, { dtype = "i64" })
end

--- tools.text(shape) -> "[1,3,224]".
function tools.text(shape)
  return "[" .. table.concat(shape, ",") .. "]"
end

--- tools.product(list, from, to) -> the product of some sizes.
function tools.product(list, from, to)
  local n = 1
  for i = from or 1, to or #list do n = n * list[i] end
  return n
end

--- tools.absolute(index, size) -> indices with negatives counted from the end.
function tools.absolute(index, size)
  if index.dtype ~= "i64" and index.dtype ~= "i32" then index = index:to "i64" end
  if index:numel() == 0 or not tools.traced and index:min():item() >= 0 then return index end
  return index:lt(0):where(index + size, index)
end

return tools
