--- Walking a module: its tensors by name, its mode, its text.
local core = require "genai.core"
local is_tensor = core.is_tensor
local walk = {}
local names = setmetatable({}, { __mode = "k" })

function walk.name_function(f, name) names[f] = name end

local function by_name(a, b)
  local x, y = math.type(a) == "integer", math.type(b) == "integer"
  if x ~= y then return x end
  return a < b
end

-- The fields of a table that are worth a look, in order: whole numbers first, then names. Those that begin with "_" are private.
local function keys_of(t)
  local keys = {}
  for key in next, t do
    if math.type(key) == "integer" or (type(key) == "string" and key:byte() ~= 95) then keys[#keys + 1] = key end
  end
  table.sort(keys, by_name)
  return keys
end

-- Calls visit(t) for every table and found(path, tensor) for every tensor, each once.
local function each(module, path, seen, found, visit, depth)
  if is_tensor(module) then
    if not seen[module] then
      seen[module] = true
      found(path, module)
    end
    return
  end
  if type(module) ~= "table" or seen[module] then return end
  if depth > 128 then error("a module is nested deeper than 128", 0) end
  seen[module] = true
  visit(module)
  for _, key in ipairs(keys_of(module)) do each(module[key], path == "" and tostring(key) or path .. "." .. key, seen, found, visit, depth + 1) end
end

local function nothing() end

--- nn.tensors(module) -> { { name =, tensor = }, .. }: weights and running statistics, sorted by where they are.
function walk.tensors(module)
  local out = {}
  each(module, "", {}, function(path, t) out[#out + 1] = { name = path, tensor = t } end, nothing, 0)
  return out
end

--- nn.parameters(module) -> { { name =, tensor = }, .. }: those tensors that want a gradient.
-- > #nn.parameters(nn.linear(2, 3)) == 2
function walk.parameters(module)
  local out = {}
  each(module, "", {}, function(path, t)
    if t.requires_grad then out[#out + 1] = { name = path, tensor = t } end
  end, nothing, 0)
  return out
end

--- nn.parameter(tensor) -> the tensor, marked as one that learns.
function walk.parameter(t) return t:requires_grad_(true) end

--- nn.count(module) -> how many numbers can learn.
-- > nn.count(nn.linear(2, 3)) == 9
function walk.count(module)
  local n = 0
  for _, entry in ipairs(walk.parameters(module)) do n = n + entry.tensor:numel() end
  return n
end

--- nn.train(module, on) -> module. Dropout and batch norm behave as in training (on = true, the default) or as in use.
function walk.train(module, on)
  each(module, "", {}, nothing, function(t)
    if rawget(t, "training") ~= nil then t.training = on ~= false end
  end, 0)
  return module
end

--- nn.freeze(module, on) -> module. Its tensors want no gradient any more (on = false: they do again; running statistics never).
function walk.freeze(module, on)
  for _, entry in ipairs(on == false and walk.tensors(module) or walk.parameters(module)) do
    if not entry.name:find "running_" then entry.tensor:requires_grad_(on == false) end
  end
  return module
end

--- nn.zero_grad(module) -> module. Forgets its gradients.
function walk.zero_grad(module)
  for _, entry in ipairs(walk.parameters(module)) do entry.tensor:zero_grad_() end
  return module
end

-- One line of text for a leaf, an indented block for what holds others.
local function describe(x, indent)
  if type(x) == "function" then return names[x] or "function" end
  local meta = getmetatable(x)
  local kind = meta and rawget(meta, "kind") or "table"
  if meta and rawget(meta, "text") then return kind .. "(" .. meta.text(x) .. ")" end
  local lines = {}
  for _, key in ipairs(keys_of(x)) do
    local value = x[key]
    local shown = (type(value) == "table" or type(value) == "function" and math.type(key) == "integer") and describe(value, indent .. "  ")
    if shown and shown ~= "table" then lines[#lines + 1] = indent .. "  " .. key .. ": " .. shown end
  end
  return #lines == 0 and kind or kind .. " {\n" .. table.concat(lines, "\n") .. "\n" .. indent .. "}"
end

--- nn.module(kind, call, text) -> the metatable of a kind of module: call(self, ..) runs it, text(self) is what it prints between brackets.
function walk.module(kind, call, text)
  return { kind = kind, text = text, __name = kind, __call = call, __tostring = function(self) return describe(self, "") end }
end

return walk
