-- check.lua: the rules of the tree. Run by `make check`.
local problems = {}
local function problem(...) problems[#problems + 1] = string.format(...) end

local function lines_of(command)
  local out, pipe = {}, assert(io.popen(command))
  for line in pipe:lines() do out[#out + 1] = line end
  pipe:close()
  return out
end

local function read(path)
  local f = assert(io.open(path, "rb"))
  local text = f:read "a"
  f:close()
  return text
end

local files = lines_of "find engine bindings stdlib scripts examples tests -name '*.c' -o -name '*.h' -o -name '*.lua' -o -name '*.sh' | sort"

-- Comments and strings out, lines kept: what remains is code.
local function bare(text)
  local function blank(s) return (s:gsub("[^\n]", " ")) end
  text = text:gsub("/%*.-%*/", blank):gsub("//[^\n]*", blank)
  return (text:gsub('"[^"\n]*"', function(s) return '"' .. (" "):rep(#s - 2) .. '"' end):gsub("'\\?.'", "' '"))
end

local function check_length(path, text)
  local _, n = text:gsub("\n", "")
  if n > 800 then problem("%s: %d lines, at most 800", path, n) end
end

-- C functions: from a line that ends in "{" at column 0 to "}" at column 0.
local function check_functions(path, code)
  local limit = path:find "^engine/cpu" and 100 or 60
  local start, at, depth = nil, 0, nil
  for line in (code .. "\n"):gmatch "(.-)\n" do
    at = at + 1
    if not start and line:match "^[%a_].*%)%s*{%s*$" then start = at end
    if start and line:match "^}" then
      if at - start + 1 > limit then problem("%s:%d: a function of %d lines, at most %d", path, start, at - start + 1, limit) end
      start = nil
    end
  end
  return depth
end

-- No globals but const tables and the one thread-local error text (base.c); thread-locals of the pool.
local allowed = { ["engine/base.c"] = { last = true }, ["engine/pool.c"] = { tasks_deep = true, my_id = true }, ["bindings/repl.c"] = { running = true, interrupted = true } }
local function check_globals(path, code)
  local depth, at = 0, 0
  for line in (code .. "\n"):gmatch "(.-)\n" do
    at = at + 1
    if depth == 0 and line:match "^static " and not line:match "[%(]" and not line:match "const" and not line:match "^static inline" and not line:match "^static _Thread_local struct" then
      local name = line:match "([%w_]+)[%s%[%]]*[=;]" or line:match "([%w_]+)%s*$"
      if not (allowed[path] and allowed[path][name or ""]) and not line:match "SF_VIRTUAL_IO" then problem("%s:%d: a global that is not const: %s", path, at, line) end
    end
    for brace in line:gmatch "[{}]" do depth = depth + (brace == "{" and 1 or -1) end
  end
end

local function check_engine(path, code)
  if not path:find "^engine/" then return end
  if code:find "lua_" or code:find "lauxlib" then problem("%s: the engine knows no Lua", path) end
  for _, word in ipairs { "abort", "exit", "assert" } do
    if code:find("%f[%w_]" .. word .. "%s*%(") then problem("%s: calls %s", path, word) end
  end
  for _, word in ipairs { "expf", "logf", "sinf", "cosf", "powf", "tanhf", "erff", "exp", "log", "sin", "cos", "pow", "tanh" } do
    if code:find("[^%w_.>]" .. word .. "%s*%([^)]") and not code:find("define%s+" .. word) and not path:find "ops%.def" then
      problem("%s: calls libm's %s", path, word)
    end
  end
end

local function check_words(path, text)
  for _, word in ipairs { "TO" .. "DO", "FIX" .. "ME", "XX" .. "X" } do
    if text:find("%f[%w]" .. word .. "%f[%W]") then problem("%s: holds a %s", path, word) end
  end
  if text:find("/wo" .. "rk/", 1, true) or text:find("/fa" .. "rm/", 1, true) or text:find("/ro" .. "ot/", 1, true) then problem("%s: names a path of one machine", path) end
end

for _, path in ipairs(files) do
  local text = read(path)
  if not path:find "^tests/golden/" then check_length(path, text) end
  check_words(path, text)
  if path:match "%.[ch]$" then
    local code = bare(text)
    check_functions(path, code)
    if path:match "^engine" or path:match "^bindings" then check_globals(path, code) end
    check_engine(path, code)
  end
  if path:match "^stdlib.*%.lua$" then
    local chunk, wrong = loadfile(path, "t")
    if not chunk then problem("%s", wrong) end
  end
end

-- stdlib assigns no globals.
for _, line in ipairs(lines_of "command -v luac5.4 >/dev/null && for f in $(find stdlib -name '*.lua'); do luac5.4 -l -p $f | grep SETTABUP.*_ENV | sed \"s|^|$f: |\"; done") do
  problem("a global is assigned: %s", line)
end

for _, p in ipairs(problems) do print(p) end
print(#problems == 0 and ("check: %d files, all rules hold"):format(#files) or ("check: %d problems"):format(#problems))
os.exit(#problems == 0 and 0 or 1, true)
