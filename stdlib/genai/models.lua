--- Architectures, one file each: genai.models.NAME.
local core = require "genai.core"

local function names()
  local out = {}
  for _, file in ipairs(core.modules()) do out[#out + 1] = file:match "^genai/models/([%w_]+)%.lua$" end
  table.sort(out)
  return table.concat(out, ", ")
end

return setmetatable({}, { __index = function(self, name)
  if type(name) ~= "string" or not name:match "^%a[%w_]*$" then return nil end
  local fine, model = pcall(require, "genai.models." .. name)
  if not fine then
    if not tostring(model):find("module 'genai.models." .. name .. "' not found", 1, true) then error(model, 0) end
    error(("genai.models has no \"%s\", wanted one of: %s"):format(name, names()), 2)
  end
  self[name] = model
  return model
end })
