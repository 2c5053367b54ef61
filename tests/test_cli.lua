-- The command: how it takes scripts, options and standard input, what it says, and with which code it ends.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local binary = dofile("tests/tools.lua").binary
local tmp = genai.tmpdir()

local function quote(s) return "'" .. s:gsub("'", "'\\''") .. "'" end

-- Runs a shell line; $G is the command. Gives standard output, standard error, exit code.
local function sh(line)
  local pipe = io.popen(("G=%s; cd %s; { %s\n} 2>%s/stderr"):format(quote(binary), quote(tmp), line, tmp))
  local out = pipe:read "a"
  local _, _, code = pipe:close()
  return out, core.read(tmp .. "/stderr"), code
end

local function script(text, name)
  core.write(tmp .. "/" .. (name or "script.lua"), text)
end

local function expect(line, out, code, err)
  local o, e, c = sh(line)
  assert(o == out, ("%s\ngave %q, wanted %q\n%s"):format(line, o, out, e))
  assert(c == (code or 0), ("%s\nexit code %d\n%s"):format(line, c, e))
  assert(not err or e:find(err, 1, true), ("%s\n%q is missing in %q"):format(line, err or "", e))
  assert(err or e == "", e)
end

function tests.script_arguments()
  script "print(#arg, arg[0], arg[1], arg[2], select('#', ...), ...)"
  expect("$G script.lua one 'two three'", "2\tscript.lua\tone\ttwo three\t2\tone\ttwo three\n")
  expect("$G script.lua", "0\tscript.lua\tnil\tnil\t0\n")
  expect("$G script.lua --seed -x", "2\tscript.lua\t--seed\t-x\t2\t--seed\t-x\n")      -- a script's options are its own
  expect("$G -- script.lua a", "1\tscript.lua\ta\tnil\t1\ta\n")
end

function tests.code_and_standard_input()
  expect("$G -e 'print(1 + 1)'", "2\n")
  expect("$G -e ''", "")
  expect("$G -e 'print(genai.ones(2):sum():item(), arg[1])' x", "2.0\tx\n")
  expect("echo 'print(3)' | $G", "3\n")
  expect("echo 'print(4, ...)' | $G -", "4\n")
  expect("echo 'print(4, ...)' | $G - a b", "4\ta\tb\n")
  expect("printf '' | $G", "")
  expect("$G </dev/null", "")
  expect("echo 'print(io.read())' > in.lua; echo hello | $G in.lua", "hello\n")
end

function tests.shebang()
  script("#!" .. binary .. "\nprint('ran', ...)\n", "run.lua")
  expect("chmod +x run.lua; ./run.lua a", "ran\ta\n")
end

function tests.exit_codes()
  expect("$G -e 'error \"bad\"'", "", 1, "bad")
  expect("$G -e 'x ='", "", 1, "-e:1:")
  expect("$G no-such.lua", "", 1, "no-such.lua")
  expect("$G -e 'os.exit(5)'", "", 5)
  expect("$G -e 'os.exit(true)'", "")
  expect("echo 'error({})' | $G", "", 1, "table")
  expect("$G .", "", 1, "")
end

function tests.bad_usage()
  for _, line in ipairs { "--nonsense", "--nonsense=1", "-x", "-e", "--seed", "--seed x", "--seed 1.5", "--seed=", "--threads -1", "--threads 1000", "--threads 1x", "--mode slow",
    "--memory-limit 0", "--memory-limit x", "--memory-limit 5Q", "--memory-limit -1M", "--memory-limit 1e400", "--seed 99999999999999999999", "--memory-limit nan" } do
    expect("$G " .. line .. " </dev/null", "", 2, "usage: genai")
  end
  expect("$G --isa v9 -e ''", "", 1, "v9")
end

function tests.options()
  expect("$G --seed 7 -e 'io.write(genai.seed())'", "7")
  expect("$G --seed=-3 -e 'io.write(genai.seed())'", "-3")
  expect("$G --threads 2 -e 'io.write(genai.threads())'", "2")
  expect("$G --threads=1 -e 'io.write(genai.threads())'", "1")
  expect("$G --threads 0 -e 'assert(genai.threads() >= 1)'", "")
  expect("$G --mode exact -e 'io.write(genai.mode)'", "exact")
  expect("$G --mode=fast -e 'io.write(genai.mode)'", "fast")
  expect("$G --memory-limit 64M -e 'genai.zeros(1 << 20, 64)'", "", 1, "out of memory")
  expect("$G --memory-limit=2G -e 'genai.zeros(1 << 20)'", "")
  expect("$G --memory-limit 1K -e ''", "", 1, "")
  local a, b = sh "$G --seed 5 -e 'print(genai.randn(3), math.random(1000000))'", sh "$G --seed 5 -e 'print(genai.randn(3), math.random(1000000))'"
  local c = sh "$G --seed 6 -e 'print(genai.randn(3), math.random(1000000))'"
  assert(a == b and a ~= c)
  local version, _, code = sh "$G --version"
  assert(version:find "^genai %d+%.%d+%.%d+ %(Lua 5%.4" and code == 0, version)
  local help = sh "$G --help"
  assert(help:find "usage: genai" and help == sh "$G -h")
end

-- The first line is the sentence: file, line, op, argument, what was found, what was wanted. The traceback comes after.
function tests.error_text()
  script "local genai = require 'genai'\nlocal x = genai.zeros(2, 3)\n\nx:linear(genai.zeros(4, 5))\n"
  local _, e, code = sh "$G script.lua"
  local first = e:match "^[^\n]*"
  assert(code == 1 and first:find("^genai: script%.lua:4: linear: ") and first:find("w", 1, true) and first:find("[4,5]", 1, true), e)
  assert(e:find "\nstack traceback:", e)
  script "local genai = require 'genai'\ngenai.load 'none.npy'\n"
  _, e = sh "$G script.lua"
  assert(e:find "^genai: script%.lua:2: none%.npy: ", e)
  script "local genai = require 'genai'\ngenai.reluu(1)\n"
  _, e = sh "$G script.lua"
  assert(e:find "^genai: script%.lua:2: genai has no \"reluu\", did you mean \"relu\"", e)
  script "local genai = require 'genai'\ngenai.picture('a fox', { widht = 3 })\n"
  _, e = sh "$G script.lua"
  assert(e:match("^[^\n]*"):find "widht", e)
end

function tests.help()
  for _, name in ipairs { "conv2d", "story", "picture", "tune", "genai.softmax", "load", "save", "rng", "book" } do
    local out, e, code = sh("$G help " .. name)
    assert(code == 0 and #out > 40 and e == "", name .. ": " .. out .. e)
  end
  assert(sh("$G help matmul"):find "example")
  for _, name in ipairs { "doodlenet", "models.doodlenet", "cvae-quickdraw" } do assert(sh("$G help " .. name):find "Details that have caused bugs", name) end
  assert(sh("$G help doodlenet"):find("\n  model:tags(picture, n = 5, options) -> { { name =, probability =, class = }, ... }\n", 1, true))
  assert(sh("$G help"):find "conv2d")
  local _, e, code = sh "$G help nonsense"
  assert(code == 1 and e:find "nonsense", e)
end

function tests.temporary_folder_goes()
  local path = sh "$G -e 'io.write(genai.tmpdir()) genai.save(genai.tmpdir() .. \"/x.npy\", genai.ones(2)) require(\"genai.core\").mkdir(genai.tmpdir() .. \"/d\")'"
  assert(path:find "genai" and not genai.exists(path), path)
  path = sh "$G -e 'io.write(genai.tmpdir()) io.stdout:flush() error \"x\"'"
  assert(path:find "genai" and not genai.exists(path), path)
  path = sh "$G -e 'io.write(genai.tmpdir()) os.exit(0, true)'"
  assert(path:find "genai" and not genai.exists(path), path)
  path = sh "$G -e 'io.write(genai.tmpdir()) os.exit(0)'"
  assert(path:find "genai" and not genai.exists(path), path)
end

function tests.closed_output()                                   -- a pipe that is closed early is no crash
  local _, e, code = sh "$G -e 'for i = 1, 1e5 do print(i) end' | head -n 1 >/dev/null"
  assert(code == 0, e)
end

-- ---- the prompt, on a real terminal ----
local function prompt(name, f)
  if core.read and not io.popen("command -v tmux"):read "a":find "tmux" then skip "tmux is not here" end
  local socket = tmp .. "/tmux-" .. name
  local function tmux(line)
    local pipe = io.popen(("tmux -S %s %s 2>&1"):format(quote(socket), line))
    local text = pipe:read "a"
    pipe:close()
    return text
  end
  tmux(("-f /dev/null new-session -d -x 100 -y 50 'HOME=%s %s'"):format(tmp, binary))
  local function screen() return tmux "capture-pane -p -S -200" end
  local function wait(pattern)
    local start = genai.clock()
    while genai.clock() - start < 20 do
      local text = screen()
      if text:find(pattern) then return text end
      os.execute "sleep 0.1"
    end
    error(("%q did not come: %s"):format(pattern, screen()), 0)
  end
  local function send(keys) tmux("send-keys " .. keys) end
  local function type_line(text) tmux("send-keys -l -- " .. quote(text)) send "Enter" end
  wait "\n> *\n"
  local fine, problem = pcall(f, type_line, wait, send)
  tmux "kill-server"
  assert(fine, problem)
end

function tests.prompt_values_and_errors()
  prompt("values", function(say, wait)
    say "=20 + 22"
    wait "\n42\n"
    say "x = 5"
    say "x * 100, 'and'"
    wait "\n500%s+and\n"
    say "for i = 1, 2 do"
    wait "\n>> *\n"
    say "print('row ' .. i) end"
    wait "\nrow 1\nrow 2\n"
    say "error 'a bad day'"
    wait "a bad day"
    say "x ="
    say "= 1"
    say "genai.ones(2, 2):sum():item() + x"
    wait "\n9.0\n"
    say "x +* 2"
    wait "unexpected symbol"
    say "genai.matmul(genai.ones(2), 'no')"
    wait "matmul: .*string"
    say "genai.arange(3)"
    wait "tensor"
    say "help 'relu'"
    wait "signature"
    say "x + 1"
    wait "\n6\n"
  end)
end

function tests.prompt_interrupt_and_history()
  prompt("interrupt", function(say, wait, send)
    say "kept = 7"
    say "while true do end"
    os.execute "sleep 0.3"
    send "C-c"
    wait "interrupted"
    say "while true do local y = genai.ones(64, 64):matmul(genai.ones(64, 64)) end"
    os.execute "sleep 0.3"
    send "C-c"
    wait "cancelled"
    say "coroutine.wrap(function() while true do end end)()"
    os.execute "sleep 0.3"
    send "C-c"
    wait "interrupted.*interrupted"
    say "kept + 1"
    wait "\n8\n"
    say "'first ' .. kept"
    wait "\nfirst 7\n"
    say "kept = 9"
    send "Up"
    send "Up"
    send "Enter"
    wait "\nfirst 9\n"
    send "C-d"
    os.execute "sleep 0.5"
  end)
  assert(core.read(tmp .. "/.genai_history"):find("kept = 9", 1, true) or core.read(tmp .. "/.genai_history"):find("kept\\040=\\0409", 1, true))
end

-- ---- the documentation's examples ----
function tests.examples()
  local help = require "genai.help"
  local examples, bad = help.examples(), {}
  assert(#examples >= 40, #examples .. " examples found")
  for _, e in ipairs(examples) do
    local env = setmetatable({ genai = genai }, { __index = function(_, name)
      if _G[name] ~= nil then return _G[name] end
      return genai.has(name) and genai[name] or nil
    end })
    local chunk, problem = load("return " .. e.code, "=example", "t", env)
    local fine, value = false, problem
    if chunk then fine, value = pcall(chunk) end
    if not fine or not value then bad[#bad + 1] = ("%s: %s\n    %s"):format(e.file, e.code, tostring(value)) end
  end
  assert(#bad == 0, table.concat(bad, "\n"))
end

-- Each module and each op has help.
function tests.everything_has_help()
  local help, bad = require "genai.help", {}
  for _, row in ipairs(core.rows()) do
    if not row.hidden and not (help.text(row.name) or ""):find(row.name, 1, true) then bad[#bad + 1] = row.name end
  end
  for _, file in ipairs(core.modules()) do
    local module = file:match "^genai/([%w_]+)%.lua$"
    if module and module ~= "init" and not help.text(module) then bad[#bad + 1] = module end
  end
  assert(#bad == 0, "no help: " .. table.concat(bad, " "))
end

return tests
