-- run.lua: runs the test files given (or all of tests/), and ends with "N passed, N failed, N skipped".
-- A test file returns { name = function() ... end, ... }. A test that calls skip "why" counts as skipped.
-- `genai tests/run.lua [-k WORD] [files..]`; the contract's scripts run as processes of their own.
local core = require "genai.core"
local passed, failed, skipped = 0, 0, 0
local filter, files = nil, {}
if not os.getenv "GENAI_MODELS" then require "genai.model".folders { "../shared/assets" } end
do
  local i = 1
  while arg[i] do
    if arg[i] == "-k" then i = i + 1 filter = arg[i] else files[#files + 1] = arg[i] end
    i = i + 1
  end
end

local SKIP = {}
function skip(why) error(setmetatable({ why = why }, SKIP), 0) end          -- a global on purpose: test files use it

local function report(name, fine, problem, seconds)
  if fine then passed = passed + 1
  elseif getmetatable(problem) == SKIP then
    skipped = skipped + 1
    print(("skipped  %s: %s"):format(name, problem.why))
  else
    failed = failed + 1
    print(("FAILED   %s\n         %s"):format(name, tostring(problem)))
  end
  if seconds > 5 then print(("         %s took %.1f s"):format(name, seconds)) end
  io.stdout:flush()
end

local function run(name, f)
  if filter and not name:find(filter, 1, true) then return end
  local start = core.clock()
  local fine, problem = xpcall(f, function(e) return getmetatable(e) == SKIP and e or debug.traceback(tostring(e), 2) end)
  core.recording(true)
  core.mode "fast"
  report(name, fine, problem, core.clock() - start)
end

local function run_file(path)
  local chunk, problem = loadfile(path, "t")
  if not chunk then return report(path, false, problem, 0) end
  local start, fine, tests = core.clock(), pcall(chunk)
  if not fine then return report(path, false, tests, core.clock() - start) end
  local names = {}
  for name in pairs(tests) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do run(path:match "([%w_]+)%.lua$" .. ": " .. name, tests[name]) end
  collectgarbage()
end

local function shell(command)
  local pipe = assert(io.popen(command .. " 2>&1"))
  local text = pipe:read "a"
  local fine = pipe:close()
  return fine, text
end

-- The contract: whole scripts, each its own process; exit code 0 and "ok" as the last line.
local function run_contract(binary, folder)
  if not core.exists(folder) then
    skipped = skipped + 1
    return print "skipped  contract: the folder is not here"
  end
  local here = { ["tensor.lua"] = 1, ["grad.lua"] = 1, ["random.lua"] = 1, ["errors.lua"] = 1, ["files.lua"] = 1, ["book.lua"] = 1 }
  for _, name in ipairs(core.list(folder)) do
    if here[name] then
      run("contract: " .. name, function()
        local fine, text = shell(("'%s' '%s/%s'"):format(binary, folder, name))
        assert(fine and text:match "ok\n$", text)
      end)
    end
  end
end

if #files > 0 then
  for _, path in ipairs(files) do run_file(path) end
else
  for _, name in ipairs(core.list "tests") do
    if name:match "^test_[%w_]+%.lua$" then run_file("tests/" .. name) end
  end
  run_contract(os.getenv "GENAI" or "build/genai", os.getenv "GENAI_CONTRACT" or "../shared/contract")
end
local extra = os.getenv "GENAI_TESTS_BEFORE"                                -- "passed failed skipped" of tests that ran before (C)
if extra then
  local p, f, s = extra:match "(%d+) (%d+) (%d+)"
  passed, failed, skipped = passed + p, failed + f, skipped + s
end
print(("%d passed, %d failed, %d skipped"):format(passed, failed, skipped))
os.exit(failed == 0 and 0 or 1, true)
