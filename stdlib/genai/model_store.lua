--- What lies in the model folders: lists with sizes, licences and hashes; verified copies into the user's folder. Reached as genai.models.install and .show.
local core = require "genai.core"
local finder = require "genai.model"
local store = {}

local function fail(format, ...) core.fail(format:format(...)) end

-- Files below a folder (or the file itself) with their sizes, sorted; hidden ones are left out.
local function files_of(path, out, prefix, depth)
  local there, kind, size = core.exists(path)
  if not there then fail("install: there is no %s", path) end
  if kind == "file" then
    out[#out + 1] = { path = path, name = prefix or path:match "[^/]+$", size = size }
    return out
  end
  for _, name in ipairs((depth or 0) < 4 and core.list(path) or {}) do
    if not name:match "^%." then files_of(path .. "/" .. name, out, prefix and prefix .. "/" .. name or name, (depth or 0) + 1) end
  end
  return out
end

-- ---- the list ----

local function licence(m, folder)
  local said = m.card.licence or m.module.licence
  local source = not said and core.exists(folder .. "/SOURCE.txt") and core.read(folder .. "/SOURCE.txt") or ""
  local line = source:match "Licence:%s*([^\n;(,]+)"
  return said or line and line:gsub("%.%s.*", ""):gsub("[%s.]+$", "") or "unknown"
end

local function size_text(bytes)
  if bytes < 1000 then return bytes .. " B" end
  if bytes < 1e6 then return ("%.0f kB"):format(bytes / 1e3) end
  return ("%.1f MB"):format(bytes / 1e6)
end

local weights = { safetensors = true, onnx = true, bin = true, gguf = true, json = true, nam = true }

-- Weights count; pictures and licences that lie beside them do not.
local function facts(m)
  local folder = m.architecture == "onnx" and m.path:match "^(.*)/[^/]*$" or m.path
  local files, bytes, largest = files_of(m.path, {}), 0, nil
  for _, file in ipairs(files) do
    if weights[file.name:match "%.(%w+)$" or ""] and not file.name:match "golden" then
      bytes = bytes + file.size
      if not largest or file.size > largest.size then largest = file end
    end
  end
  return { files = files, bytes = bytes, largest = largest, licence = licence(m, folder) }
end

local function show_one(name)
  local m = finder.find(name)
  local f = facts(m)
  local function line(what, text) if text then print(("%-13s %s"):format(what, text)) end end
  line("model", name)
  line("architecture", m.architecture)
  line("about", m.card.about or m.module.about)
  line("paper", m.module.paper)
  line("licence", f.licence)
  line("variants", m.module.variants and table.concat(m.module.variants, ", "))
  for _, title in ipairs(require("genai.help").titles("genai/models/" .. m.architecture .. ".lua")) do
    if title:match "^model[:(]" then line("", title) end
  end
  line("folder", m.path)
  for _, file in ipairs(f.files) do print(("  %s  %9s  %s"):format(core.hash_file(file.path), size_text(file.size), file.name)) end
end

--- store.show([name]): as genai.models.show.
function store.show(name)
  if name then return show_one(name) end
  local rows, width = { { "name", "architecture", "size", "licence", "sha256 of the largest" } }, { 0, 0, 0, 0, 0 }
  local broken = {}
  for _, m in ipairs(finder.list()) do
    local f = not m.problem and facts(m)
    if m.problem then broken[#broken + 1] = m.name .. ": " .. m.problem
    else rows[#rows + 1] = { m.name, m.architecture, size_text(f.bytes), f.licence, f.largest and core.hash_file(f.largest.path):sub(1, 16) or "-" } end
  end
  for _, text in ipairs(broken) do print(text) end
  if #rows == 1 then return print("there are no models in " .. table.concat(finder.folders(), ", ")) end
  for _, row in ipairs(rows) do
    for i, text in ipairs(row) do width[i] = math.max(width[i], #text) end
  end
  for _, r in ipairs(rows) do
    print((("%%-%ds  %%-%ds  %%%ds  %%-%ds  %%s"):format(width[1], width[2], width[3], width[4]):format(table.unpack(r))))
  end
end

-- ---- installing ----

local function hash_for(given, file, single)
  local wanted = given
  if type(given) == "table" then wanted = given[file.name] or given[file.path] end
  if type(given) == "string" and not single then fail "install: sha256 is one hash for several files, wanted a table { [file name] = digits }" end
  if given ~= nil and type(given) ~= "table" and type(given) ~= "string" then fail("install: sha256 is a %s, wanted 64 hexadecimal digits", type(given)) end
  if wanted ~= nil and not (type(wanted) == "string" and #wanted == 64 and wanted:match "^%x+$") then
    fail("install: the sha256 of %s is \"%s\", wanted 64 hexadecimal digits", file.name, tostring(wanted))
  end
  return wanted and wanted:lower()
end

local function make_folders(path)
  local at = path:sub(1, 1) == "/" and "" or "."
  for part in path:gmatch "[^/]+" do
    at = at .. "/" .. part
    if not core.exists(at) then core.mkdir(at) end
  end
end

local function sources(path)
  local files, seen = {}, {}
  for _, one in ipairs(type(path) == "table" and path or { path }) do
    if type(one) ~= "string" then fail("install: a path is a %s, wanted a string", type(one)) end
    files_of(one, files)
  end
  if #files == 0 then fail("install: there is no file to install") end
  for _, file in ipairs(files) do
    if seen[file.name] then fail("install: two files are called %s", file.name) end
    seen[file.name] = true
  end
  return files
end

local function copy_all(files, options, place)
  make_folders(place)
  for _, file in ipairs(files) do
    local below = file.name:match "^(.*)/[^/]*$"
    if below then make_folders(place .. "/" .. below) end
    core.copy_file(file.path, place .. "/" .. file.name, hash_for(options.sha256, file, #files == 1))
  end
end

--- store.install(path or list, options) -> the folder; as genai.models.install.
function store.install(path, options)
  options = options or {}
  for key in pairs(options) do
    if key ~= "sha256" and key ~= "name" and key ~= "replace" then fail("install: unknown option \"%s\", wanted sha256, name or replace", tostring(key)) end
  end
  local _, data = core.places()
  if not data then fail "install: there is no data folder of the user's (HOME and XDG_DATA_HOME are not set)" end
  local files = sources(path)
  local name = options.name or type(path) == "string" and path:match("([^/]+)/*$"):gsub("%.%w+$", "")
  if type(name) ~= "string" or not name:match "^%w[%w%._%-]*$" then
    fail("install: name is %s, wanted letters, digits, dots and dashes", name and "\"" .. tostring(name) .. "\"" or "missing for a list of files")
  end
  for key in pairs(type(options.sha256) == "table" and options.sha256 or {}) do
    local there = false
    for _, file in ipairs(files) do there = there or key == file.name or key == file.path end
    if not there then fail("install: there is a hash of \"%s\", but no such file", tostring(key)) end
  end
  local folder = data .. "/genai/models"
  local target, fresh = folder .. "/" .. name, ("%s/.%s.%s"):format(folder, name, core.tmpdir():match "[^/]+$")
  if core.exists(target) and not options.replace then fail("install: %s is there already, { replace = true } puts the new one in its place", target) end
  core.remove(fresh)
  local fine, problem = pcall(copy_all, files, options, fresh)
  if not fine then
    core.remove(fresh)
    error(problem, 0)
  end
  if core.exists(target) then
    local old = fresh .. ".old"
    core.rename(target, old)
    core.rename(fresh, target)
    core.remove(old)
  else core.rename(fresh, target) end
  return target
end

return store
