--- Architectures, one file each: genai.models.NAME.
return setmetatable({}, { __index = function(self, name)
  if type(name) ~= "string" or not name:match "^%a[%w_]*$" then return nil end
  local model = require("genai.models." .. name)
  self[name] = model
  return model
end })
