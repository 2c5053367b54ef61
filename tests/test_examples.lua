-- Every file of examples/ runs as it stands, with the arguments of its line `-- test:`, in an empty folder: exit code 0 in less than a minute, and what it writes
-- (the paths after -o) can be read. In these arguments $ASSETS is the folder of open weights and data. Skipped where weights are missing.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local here = io.popen("pwd"):read "l"
local assets = tools.assets:find "^/" and tools.assets or here .. "/" .. tools.assets
local SECONDS = os.getenv "GENAI_SANITIZED" and 900 or 60

local function check_output(path, shown)
  assert(core.exists(path), shown .. " was not written")
  local kind = path:match "%.(%w+)$"
  if kind == "svg" or kind == "html" or kind == "onnx" then return assert(#core.read(path) > 100, shown .. " is too short to hold anything") end
  local value = genai.load(path)
  if kind == "png" then assert(value:tensor():std():item() > 1e-3, shown .. " is a single colour")
  elseif kind == "wav" then
    local x = value:tensor()
    assert(x:isfinite():all():item() == 1 and x:abs():max():item() > 1e-3, shown .. " is silent")
  elseif type(value) == "string" then assert(#value > 0, shown .. " is empty") end
end

local function run(name)
  local source = core.read("examples/" .. name)
  local words = source:match "\n%-%- test:([^\n]*)\n"
  assert(words and source:match("^%-%- [^\n]*genai examples/" .. name:gsub("%p", "%%%0")), "the head lacks its usage (genai examples/" .. name .. " ..) or its line -- test:")
  local _, lines = source:gsub("\n", "")
  assert(lines <= 40, lines .. " lines, wanted at most 40")
  if words:find("$ASSETS", 1, true) and not core.exists(assets) then skip "no assets" end
  local folder = genai.tmpdir() .. "/" .. name:gsub("%.lua$", "")
  core.mkdir(folder)
  local start = core.clock()
  local pipe = io.popen(("cd '%s' && export ASSETS='%s' GENAI_MODELS='%s' && timeout %d '%s' '%s/examples/%s' %s 2>stderr </dev/null"):format(folder, assets, assets, SECONDS,
    tools.binary, here, name, words))
  local out = pipe:read "a"
  local _, _, code = pipe:close()
  local said = core.read(folder .. "/stderr")
  if code == 1 and said:find 'there is no model "[^"]+"; looked in ' then skip(said:match 'there is no model "[^"]+"') end
  assert(code == 0, ("%s %s: exit code %d after %.1f s\n%s%s"):format(name, words, code, core.clock() - start, out, said))
  assert(#out > 0, name .. " says nothing of what it has done")
  for path in words:gmatch "%-o%s+(%S+)" do check_output(folder .. "/" .. path, path) end
end

for _, name in ipairs(core.list "examples") do
  if name:match "%.lua$" then tests[name:gsub("%.lua$", "")] = function() run(name) end end
end

return tests
