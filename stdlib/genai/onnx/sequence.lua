--- ONNX sequences and optionals. A sequence is a list { seq = true, t1, t2, .. }; an optional is its value or nil.
local core = require "genai.core"
local plan = require "genai.onnx.plan"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}

local function inner(kind) return kind and kind:match "^%a+%((.*)%)$" end
local function same(a) return a.types[1] end
local function element(a) return inner(a.types[1]) end
local function sequence_of(a) return ("seq(%s)"):format(a.types[1] or "?") end
local function keeps(entry)
  entry.keeps = true
  return entry
end

local function check(a, s)
  if type(s) ~= "table" or not s.seq then a.fail("the input is no sequence") end
end

local function place(a, s, position, most)
  local i = tools.number(position)
  if i < -#s or i > most then a.fail("position %d in a sequence of %d", i, #s) end
  return i < 0 and i + #s + 1 or i + 1
end

ops.SequenceConstruct = keeps { types = sequence_of, run = function(_, ...) return { seq = true, ... } end }
ops.SequenceEmpty = keeps { fold = false, types = function(a) return ("seq(%s)"):format(types.name(a.dtype or 1) or a.fail("element type %d", a.dtype)) end,
  run = function() return { seq = true } end }
ops.SequenceLength = keeps { types = function() return "int64" end, run = function(a, s)
  check(a, s)
  return core.tensor(#s, { dtype = "i64" })
end }
ops.SequenceAt = keeps { types = element, run = function(a, s, position)
  check(a, s)
  return core.alias(s[place(a, s, position, #s - 1)])
end }
ops.SequenceInsert = keeps { types = same, run = function(a, s, x, position)
  check(a, s)
  local out = { seq = true, table.unpack(s) }
  table.insert(out, position and place(a, s, position, #s) or #s + 1, x)
  return out
end }
ops.SequenceErase = keeps { types = same, run = function(a, s, position)
  check(a, s)
  if #s == 0 then a.fail "the sequence is empty" end
  local out = { seq = true, table.unpack(s) }
  table.remove(out, position and place(a, s, position, #s - 1) or #s)
  return out
end }

ops.SplitToSequence = keeps { types = sequence_of, run = function(a, x, split)
  local d, sizes = tools.axis(a, a.axis or 0, x:dim()), nil
  local n, drop = x.shape[d], not split and a.keepdims == 0
  if not split then sizes = 1 elseif split:dim() == 0 then sizes = split:item() else sizes = tools.ints(split) end
  if type(sizes) == "number" then
    if sizes < 1 then a.fail("split is %d", sizes) end
    local list = {}
    for from = 0, n - 1, sizes do list[#list + 1] = math.min(sizes, n - from) end
    sizes = list
  end
  local out, at = { seq = true }, 1
  for i, size in ipairs(sizes) do
    if size < 0 or at + size > n + 1 then a.fail("split is %s for a dim of size %d", tools.text(sizes), n) end
    out[i] = x:slice(d, at, at + size - 1):contiguous()
    if drop then out[i] = out[i]:squeeze(d) end
    at = at + size
  end
  if at ~= n + 1 then a.fail("split is %s for a dim of size %d", tools.text(sizes), n) end
  return out
end }

ops.ConcatFromSequence = keeps { types = element, run = function(a, s)
  check(a, s)
  if #s == 0 then a.fail "the sequence is empty" end
  local dims = s[1]:dim()
  local list = { table.unpack(s) }
  if a.new_axis == 1 then return core.ops.stack(list, tools.axis(a, a.axis, dims + 1)) end
  return core.ops.cat(list, tools.axis(a, a.axis or a.fail "it has no axis", dims))
end }

ops.SequenceMap = keeps { types = function(a)
  local out = {}
  for i, v in ipairs((a.body or a.fail "it has no body").output_values) do out[i] = ("seq(%s)"):format(v.type or "?") end
  return table.unpack(out)
end, run = function(a, s, ...)
  check(a, s)
  local more, out = { ... }, {}
  if #a.body.inputs ~= 1 + #more then a.fail("its body takes %d values, wanted %d", #a.body.inputs, 1 + #more) end
  for k = 1, a.nouts do out[k] = { seq = true } end
  for i = 1, #s do
    local list = { s[i] }
    for k, x in ipairs(more) do
      if type(x) == "table" and x.seq then x = x[i] or a.fail("sequences of %d and %d elements", #s, #x) end
      list[k + 1] = x
    end
    for k, y in ipairs(plan.run(a.body, list)) do out[k][i] = y end
  end
  return table.unpack(out, 1, a.nouts)
end }

-- ---- optionals ----
ops.Optional = keeps { fold = false, types = function(a) return a.types[1] and ("optional(%s)"):format(a.types[1]) or a.type or "optional(?)" end,
  run = function(_, x) return x end }
ops.OptionalGetElement = keeps { types = function(a)
  local kind = a.types[1]
  return kind and kind:find "^optional" and inner(kind) or kind
end, run = function(a, x)
  if x == nil then a.fail "the optional is empty" end
  return x
end }
ops.OptionalHasElement = keeps { fold = false, types = function() return "bool" end, run = function(_, x) return core.tensor(x ~= nil) end }

return ops
