--- Architectures, one file each: genai.models.NAME. What lies in the model folders: genai.models.list(), genai.models.show(); install() adds to them.
local core = require "genai.core"
local models = {}

local function names()
  local out = {}
  for _, file in ipairs(core.modules()) do out[#out + 1] = file:match "^genai/models/([%w_]+)%.lua$" end
  table.sort(out)
  return table.concat(out, ", ")
end

--- models.list() -> { { name =, path =, architecture =, module =, card = }, ... }: what genai.model can load here (genai.model.list).
-- > type(genai.models.list()) == "table"
function models.list() return require("genai.model").list() end

--- models.install(path or list of paths, { sha256 =, name =, replace = false }) -> the folder. Copies files, or a folder's files, into the user's model folder.
-- sha256: 64 hexadecimal digits, for a list a table { [file name] = digits }; another hash is an error, and then nothing is installed. name: what the model is
-- called, if not as its folder, or as its only file without the ending. The folder is written beside its place, to the disk, and moved there whole.
function models.install(path, options) return require("genai.model_store").install(path, options) end

--- models.show([name]): prints what is there, a line each; with a name, that model's files and hashes. `genai models` on the command line.
function models.show(name) return require("genai.model_store").show(name) end

return setmetatable(models, { __index = function(self, name)
  if type(name) ~= "string" or not name:match "^%a[%w_]*$" then return nil end
  local fine, model = pcall(require, "genai.models." .. name)
  if not fine then
    if not tostring(model):find("module 'genai.models." .. name .. "' not found", 1, true) then error(model, 0) end
    error(("genai.models has no \"%s\", wanted one of: %s"):format(name, names()), 2)
  end
  local load = type(model) == "table" and model.load
  if load then
    function model.load(...)
      local loaded = load(...)
      core.tidy()
      return loaded
    end
  end
  self[name] = model
  return model
end })
