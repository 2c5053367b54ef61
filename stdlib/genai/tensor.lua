--- Methods of tensors that need no C, and the sentences for names that do not exist.
local core = require "genai.core"
local methods = core.methods
local tensor = {}

local function distance(a, b)
  local row = {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #b do
      local above = row[j]
      row[j] = math.min(diagonal + (a:byte(i) == b:byte(j) and 0 or 1), above + 1, row[j - 1] + 1)
      diagonal = above
    end
  end
  return row[#b]
end

--- tensor.nearest(name, names) -> the most alike of some names, or nil when none is near.
function tensor.nearest(name, names)
  local best, least
  for _, other in ipairs(names) do
    local d = distance(name, other)
    if not least or d < least then best, least = other, d end
  end
  return least and least <= #name // 3 + 1 and best or nil
end

local function complain(what, name, names)
  table.sort(names)
  local near = tensor.nearest(name, names)
  core.fail(("%s has no \"%s\"%s"):format(what, name, near and (", did you mean \"" .. near .. "\"?") or ""))
end

function tensor.unknown(name)
  local names = { "shape", "dtype", "grad", "requires_grad" }
  for key in pairs(methods) do names[#names + 1] = key end
  complain("a tensor", name, names)
end

function tensor.missing(name, genai, aliases)
  local names = {}
  for key in pairs(core.ops) do names[#names + 1] = key end
  for key in pairs(genai) do names[#names + 1] = key end
  for key in pairs(aliases) do names[#names + 1] = key end
  for _, file in ipairs(core.modules()) do
    local module = file:match "^genai/([%w_]+)%.lua$"
    if module then names[#names + 1] = module end
  end
  complain("genai", name, names)
end

--- x:release(): gives x's memory back now, not at the next collection; views and gradients keep what they need, x itself is an error from then on.
-- `local x <close> = ...` does it at the end of the block: for large results inside of loops.
-- > (function() local x = genai.ones(2) local y = x:view(2, 1) x:release() return y:sum():item() == 2 and not pcall(genai.sum, x) end)()

--- x:split(size, dim) -> several views of `size` positions of a dim (the last may be smaller); size may be a list of sizes.
-- > select("#", genai.arange(5):split(2, 1)) == 3
function methods.split(x, size, dim)
  dim = dim or 1
  local n, out, from = x.shape[dim < 0 and x:dim() + 1 + dim or dim], {}, 1
  if not n then error(("split: dim is %s, x has %d dims"):format(dim, x:dim()), 2) end
  local function size_of(i) return type(size) == "table" and size[i] or size end
  local total = 0
  if type(size) == "table" then
    for _, s in ipairs(size) do total = total + s end
    if total ~= n then error(("split: the sizes sum to %d, dim %d of x has %d"):format(total, dim, n), 2) end
  elseif math.type(size) ~= "integer" or size < 1 then
    error(("split: size is %s, wanted a whole number of 1 or more"):format(tostring(size)), 2)
  end
  while from <= n or #out == 0 do
    local take = math.min(size_of(#out + 1) or 0, n - from + 1)
    out[#out + 1] = x:slice(dim, from, from + take - 1)
    from = from + take
    if type(size) == "table" and #out == #size then break end
  end
  return table.unpack(out)
end

--- x:chunk(n, dim) -> at most n views of equal size along a dim (the last may be smaller).
-- > select("#", genai.arange(6):chunk(3, 1)) == 3
function methods.chunk(x, n, dim)
  dim = dim or 1
  local size = x.shape[dim < 0 and x:dim() + 1 + dim or dim]
  if not size then error(("chunk: dim is %s, x has %d dims"):format(dim, x:dim()), 2) end
  if math.type(n) ~= "integer" or n < 1 then error(("chunk: n is %s, wanted a whole number of 1 or more"):format(tostring(n)), 2) end
  return methods.split(x, math.max(1, (size + n - 1) // n), dim)
end

core.ops.split, core.ops.chunk = methods.split, methods.chunk
require "genai.recurrent"
return tensor
