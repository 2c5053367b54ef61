--- Models by name: genai.model "style26" finds the folder, sees which architecture reads it, loads it once and keeps it.
-- A name is a folder's ("style26", "data/wordvecs"), a folder's and a variant's ("ddsp/violin"), a file's ("superres/super_resolution.onnx"), or a path that
-- starts with "/", "./" or "../". Folders are looked for in GENAI_MODELS (a list, colons between), ./models, and the user's data folder
-- ($XDG_DATA_HOME or ~/.local/share, genai/models). The architecture is the file of genai.models that is called as the folder is ("fast-style" ->
-- fast_style), ends of the name left away ("squeezenet11-fp16" -> squeezenet11); a genai.json beside the weights, { "architecture": "NAME" }, says it for
-- any name ("variant", "licence" and "about" may stand there too). A folder with one ONNX file needs neither.
local core = require "genai.core"
local model = {}

local function fail(format, ...) core.fail(format:format(...)) end

local chosen                                                                -- the folders that a script has set
local kept = {}                                                             -- path, architecture and variant -> what load gave
local otherwise = { tinystories = "llama", squeezenet11 = "squeezenet" }       -- folders whose names say another word than the architecture's

local function is_folder(path)
  local there, kind = core.exists(path)
  return there and kind == "folder"
end

local function user_folder()
  local _, data = core.places()
  return data and data .. "/genai/models"
end

--- model.folders([list]) -> where models are looked for, in that order; a list takes their place in this runtime.
-- > #genai.model.folders() >= 1
function model.folders(list)
  if list then chosen = { table.unpack(list) } end
  if chosen then return { table.unpack(chosen) } end
  local out = {}
  for folder in ((core.places()) or ""):gmatch "[^:]+" do out[#out + 1] = folder end
  out[#out + 1] = "./models"
  out[#out + 1] = user_folder()
  return out
end

-- ---- which architecture ----

-- The module that reads weights of that architecture, or nil.
local function architecture(name)
  if not name:match "^[%w_]+$" then return nil end
  local fine, module = pcall(require, "genai.models." .. name)
  if not fine and not tostring(module):find("module 'genai.models." .. name .. "' not found", 1, true) then error(module, 0) end
  return fine and type(module) == "table" and rawget(module, "load") and require("genai.models")[name] or nil
end

-- What a genai.json says.
local function card(folder)
  local path = folder .. "/genai.json"
  if not core.exists(path) then return {} end
  local value = require("genai.file").load(path)
  for _, field in ipairs { "architecture", "variant", "licence", "about" } do
    if value[field] ~= nil and type(value[field]) ~= "string" then fail("%s: %s is a %s, wanted a string", path, field, type(value[field])) end
  end
  if value.architecture and not architecture(value.architecture) then fail("%s: there is no architecture \"%s\"", path, value.architecture) end
  return value
end

-- "squeezenet11-fp16": squeezenet11_fp16, then squeezenet11.
local function by_name(name)
  local word = name:gsub("%W", "_")
  while word ~= "" do
    local is = otherwise[word] or word
    if architecture(is) then return is end
    word = word:match "^(.*)_[^_]*$" or ""
  end
end

local function only_onnx(folder)
  local one
  for _, name in ipairs(core.list(folder)) do
    if name:match "%.onnx$" then
      if one then return nil end
      one = folder .. "/" .. name
    end
  end
  return one
end

local onnx = { load = function(path) return require("genai").onnx.load(path) end, about = "an ONNX file, as it is" }

-- What reads a path: { path =, architecture = name, module =, card = }, or nil.
local function reader(path)
  local there, kind = core.exists(path)
  if not there then return nil end
  local base = path:match "([^/]+)/*$" or ""
  if kind == "file" then
    if base:match "%.onnx$" then return { path = path, architecture = "onnx", module = onnx, card = {} } end
    local name = base:match "%.safetensors$" and by_name((base:gsub("%.%w+$", "")))
    return name and { path = path, architecture = name, module = architecture(name), card = {} } or nil
  end
  local says = card(path)
  local name = says.architecture or by_name(base)
  if name then return { path = path, architecture = name, module = architecture(name), card = says } end
  local file = only_onnx(path)
  return file and { path = file, architecture = "onnx", module = onnx, card = says } or nil
end

-- ---- finding ----

--- model.list() -> what is there: { { name =, path =, architecture =, module =, card = }, ... }, sorted within each folder of model.folders().
-- A folder that no architecture reads is looked into, once. A name hides the same name further down. One whose card is wrong has `problem` instead of a module.
function model.list()
  local out, seen = {}, {}
  local function add(name, path)
    local fine, r = pcall(reader, path)
    if not fine then r = { path = path, problem = tostring(r):gsub("^%S-:%d+: ", "") } end
    if r and not seen[name] then
      seen[name], r.name = true, name
      out[#out + 1] = r
    end
    return r ~= nil
  end
  for _, folder in ipairs(model.folders()) do
    for _, name in ipairs(is_folder(folder) and core.list(folder) or {}) do
      local path = folder .. "/" .. name
      if not name:match "^%." and not add(name, path) and is_folder(path) then
        for _, inner in ipairs(core.list(path)) do
          if is_folder(path .. "/" .. inner) then add(name .. "/" .. inner, path .. "/" .. inner) end
        end
      end
    end
  end
  return out
end

-- The reader of the longest beginning of a name, and what is left of it: the variant.
local function longest(folder, name)
  local rest
  while name do
    local r = reader(folder .. name) or reader(folder .. name .. ".safetensors") or reader(folder .. name .. ".onnx")
    if r then return r, rest end
    local head, tail = name:match "^(.+)/([^/]*)$"
    rest, name = rest and tail and tail .. "/" .. rest or tail, head
  end
end

local function nested(name)
  for _, m in ipairs(model.list()) do
    local last = m.name:match "/([^/]+)$"
    if last and not m.problem and (name == last or name:sub(1, #last + 1) == last .. "/") then return m, name:match("^[^/]+/(.+)$") end
  end
end

local function missing(name, folders)
  for _, folder in ipairs(folders) do
    if is_folder(folder .. name) then fail("model \"%s\": no architecture reads %s; a genai.json in it, { \"architecture\": \"NAME\" }, says which", name, folder .. name) end
  end
  local names = {}
  for _, m in ipairs(model.list()) do
    names[#names + 1] = m.name
    if m.name:find "/" then names[#names + 1] = m.name:match "/([^/]+)$" end
    for _, variant in ipairs(m.module and m.module.variants or {}) do names[#names + 1] = m.name .. "/" .. variant end
  end
  local near = require("genai.tensor").nearest(name, names)
  local where = folders[1] == "" and "" or "; looked in " .. table.concat(model.folders(), ", ")
  local hint = near and "; did you mean \"" .. near .. "\"?" or #names > 0 and "; there are " .. table.concat(names, ", ") or ""
  fail("there is no model \"%s\"%s%s", name, where, hint)
end

--- model.find(name) -> { name =, path =, architecture =, module =, card =, variant = }: what genai.model would load.
function model.find(name)
  if type(name) ~= "string" or name == "" then fail("model: name is %s, wanted a string such as \"style26\"", name == "" and "empty" or "a " .. type(name)) end
  local found, variant
  local folders = {}
  if name:match "^%.?%.?/" then folders[1] = "" else for i, folder in ipairs(model.folders()) do folders[i] = folder .. "/" end end
  for _, folder in ipairs(folders) do
    if not found then found, variant = longest(folder, name) end
  end
  if not found then found, variant = nested(name) end
  if not found then missing(name, folders) end
  local variants = found.module.variants
  variant = variant or found.card.variant
  if variant and not variants then fail("model \"%s\": %s has no variants, found \"%s\"", name, found.architecture, variant) end
  local fits = not variant
  for _, v in ipairs(variants or {}) do fits = fits or v == variant end
  if not fits then fail("model \"%s\": %s has no \"%s\", wanted one of: %s", name, found.architecture, variant, table.concat(variants, ", ")) end
  found.name, found.variant = name, variant or variants and variants[1]
  return found
end

--- genai.model(name) -> the model, loaded when it is first asked for and then kept (model.forget() lets all go).
-- A name that is not there is an error that says where was looked and which name comes nearest.
function model.get(name)
  local found = model.find(name)
  local key = table.concat({ found.path, found.architecture, found.variant or "" }, "\0")
  if kept[key] == nil then kept[key] = found.module.load(found.path, found.variant) end
  return kept[key]
end

--- model.forget(): loaded models are kept no longer; those that a script holds live on.
-- > genai.model.forget() == nil
function model.forget() kept = {} end

return setmetatable(model, { __call = function(_, name) return model.get(name) end })
