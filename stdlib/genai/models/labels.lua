--- Labels: the likeliest names of a row of probabilities, for networks that say what they see or hear.
local core = require "genai.core"
local labels = {}

local list = { __name = "tags" }
function list:__tostring()
  local parts = {}
  for i, tag in ipairs(self) do parts[i] = ("%s %.0f %%"):format(tag.name, 100 * tag.probability) end
  return table.concat(parts, ", ")
end

--- labels.best(probabilities, names, n = 5) -> { { name =, probability =, class = }, ... }, the likeliest first; print shows them in a line.
-- probabilities: f32[#names]; class counts from 0, as data does.
-- > genai.models.labels.best(genai.tensor { 0.2, 0.8 }, { "cat", "dog" }, 1)[1].name == "dog"
function labels.best(probabilities, names, n)
  n = n == nil and math.min(5, #names) or n
  if math.type(n) ~= "integer" or n < 1 or n > #names then core.fail(("tags: n is %s, wanted a whole number in 1..%d"):format(tostring(n), #names)) end
  local values, classes = probabilities:topk(n)
  local out = {}
  for i = 1, n do
    local class = classes[i]:item()
    out[i] = { name = names[class + 1], probability = values[i]:item(), class = class }
  end
  return setmetatable(out, list)
end

--- labels.read(path, count) -> a list of names: a line each, or a JSON object { "0": "name", ... }. Another count than that is an error.
function labels.read(path, count)
  local out = {}
  if path:match "%.json$" then
    local value = require("genai.file").load(path)
    for i = 1, count do out[i] = value[tostring(i - 1)] end
    for i = 1, count do if type(out[i]) ~= "string" then core.fail(("%s: \"%d\" is a %s, wanted a name"):format(path, i - 1, type(out[i]))) end end
    return out
  end
  for line in core.read(path):gmatch "[^\r\n]+" do out[#out + 1] = line end
  if #out ~= count then core.fail(("%s: %d names, wanted %d"):format(path, #out, count)) end
  return out
end

return labels
