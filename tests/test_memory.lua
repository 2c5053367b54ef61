-- Memory: what is dropped is given back, what is refused changes nothing, and deep graphs die without deep recursion.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local sanitized = os.getenv "GENAI_SANITIZED"

local function rss()                                             -- MB in RAM, now
  local f = io.open "/proc/self/status"
  if not f then skip "there is no /proc here" end
  local kb = f:read("a"):match "VmRSS:%s*(%d+)"
  f:close()
  return tonumber(kb) / 1024
end

local function settle()
  collectgarbage() collectgarbage()
end

local function alive()
  settle()
  return { core.alive() }
end

local function same(a, b)
  for i = 1, 3 do assert(a[i] == b[i], ("%d of kind %d alive, %d before"):format(b[i], i, a[i])) end
end

-- The growth of this process over f, in MB. The sanitizer keeps freed blocks, so that its numbers say nothing.
local function growth(f)
  settle()
  local before, most = rss(), 0
  f(function() most = math.max(most, rss() - before) end)
  return most
end

-- What a script prints, run by itself so that its RAM is its own.
local function run_alone(script)
  local path = genai.tmpdir() .. "/alone.lua"
  core.write(path, [[
    local genai = require "genai"
    local function rss() return tonumber(io.open("/proc/self/status"):read("a"):match "VmRSS:%s*(%d+)") / 1024 end
  ]] .. script)
  local pipe = io.popen(("'%s' '%s'"):format(os.getenv "GENAI" or "build/genai", path))
  local text = pipe:read "a"
  assert(pipe:close(), text)
  return tonumber(text)
end

function tests.large_temporaries()
  rss()
  local most = run_alone(([[
    local most = 0
    for i = 1, %d do
      local x = genai.zeros(256, 1024)
      if i %% 1000 == 0 then most = math.max(most, rss()) end
    end
    io.write(most)]]):format(sanitized and 2000 or 100000))
  assert(sanitized or most < 100, most .. " MB")
end

function tests.small_temporaries()                               -- 1,000,000 after the first 300,000
  rss()
  local more = run_alone(([[
    local x = genai.ones(4)
    local function work(n) for _ = 1, n do local y = x * 2 end end
    work(%d)
    local before, most = rss(), 0
    for _ = 1, 10 do work(%d) most = math.max(most, rss() - before) end
    io.write(most)]]):format(sanitized and 2000 or 300000, sanitized and 2000 or 100000))
  assert(sanitized or more < 8, more .. " MB more")
end

function tests.large_results()                                   -- results of ops, not blank blocks
  local x = genai.ones(256, 1024)
  local most = growth(function(look)
    for i = 1, sanitized and 200 or 4000 do
      local y = x + 1
      if i % 100 == 0 then look() end
    end
  end)
  assert(sanitized or most < 100, most .. " MB")
end

-- A loop that goes through many sizes needs little more than what it holds at once, here 5 MB: what one size left serves the next.
function tests.many_sizes()
  rss()
  local most = run_alone [[
    local before, most = rss(), 0
    for round = 1, 5 do
      local last = genai.zeros(1)
      for i = 1, 60 do
        local x = genai.ones(i * 10007 % 61 * 10007 + 10000)
        last:release()
        last, most = x, math.max(most, rss() - before)
      end
      last:release()
    end
    io.write(most)]]
  assert(sanitized or most < 9, most .. " MB")
end

-- Blocks of all sizes, made and let go in any order, keep what was written to them.
-- Small blocks kept from a time when much was held do not drive out the large ones of a later loop.
function tests.small_blocks_make_room()
  if sanitized then skip "the sanitizer keeps blocks of its own" end
  local faults = tonumber(run_alone [[
    local function faults() return tonumber(io.open("/proc/self/stat"):read("a"):match "%) %S (.*)":match("^%S+ %S+ %S+ %S+ %S+ %S+ (%d+)")) end
    local list = { genai.ones(16 * 1024 * 1024) }
    for i = 2, 30000 do list[i] = genai.ones(256) end
    list = nil
    collectgarbage()
    for i = 1, 1000 do genai.ones(256 * 1024) end
    local before = faults()
    for i = 1, 100 do genai.ones(1024 * 1024):release() end
    print(faults() - before)
  ]])
  assert(faults < 20000, faults .. " page faults of 100 blocks of 1,024 pages")
end

function tests.blocks_are_apart()
  local rng, held = genai.rng(1, "blocks"), {}
  for i = 1, 3000 do
    local at = math.floor(rng:uniform() * 40)
    if held[at] then
      local x, value, n = table.unpack(held[at])
      assert(x:min():item() == value and x:max():item() == value and x:numel() == n)
      x:release()
      held[at] = nil
    else
      local n = math.floor(2 ^ (rng:uniform() * 18))
      held[at] = { genai.full({ n }, i), i, n }
    end
  end
end

-- The limit counts what is kept too: it is given back before an allocation fails, and what lies ready serves although the limit is reached.
function tests.kept_blocks_and_the_limit()
  local was = core.limit(core.memory() + (24 << 20))
  local fine, why = pcall(function()
    for i = 1, 50 do
      local x = genai.ones(5 << 20)
      x:release()
      local a, b = genai.ones(2 << 20), genai.ones((2 << 20) + i * 5000)
      a:release()
      b:release()
    end
    assert(not pcall(genai.ones, 7 << 20))
  end)
  core.limit(was)
  assert(fine, why)
end

function tests.what_loading_needed_goes_back()
  rss()
  local left = run_alone [[
    local core = require "genai.core"
    local before = rss()
    local function load() for i = 1, 30 do local x = genai.ones(i * 40000) end end
    load()
    core.tidy()
    io.write(rss() - before)]]
  assert(sanitized or left < 4, left .. " MB")
end

function tests.training_is_flat()
  local w = genai.randn(32, 32):requires_grad_()
  local function step()
    local loss = (genai.ones(8, 32):matmul(w):tanh() ^ 2):mean()
    loss:backward()
    genai.no_grad(function() w:sub_(w.grad * 0.01) end)
    w:zero_grad_()
  end
  for _ = 1, 50 do step() end
  local before = alive()
  local most = growth(function(look) for _ = 1, 10 do for _ = 1, 100 do step() end look() end end)
  same(before, alive())
  assert(sanitized or most < 16, most .. " MB")
end

-- A graph of 100,000 nodes: freed as a whole when its last name goes, and walked backward without recursion.
local function chain(n)
  local x = genai.ones(2):requires_grad_()
  local y = x
  for _ = 1, n do y = y + 1 end
  return x, y
end

function tests.deep_graph_dies()
  local before = alive()
  do local x, y = chain(100000) end
  same(before, alive())
end

function tests.deep_graph_backward()
  local before = alive()
  do
    local x, y = chain(100000)
    y:sum():backward()
    assert(x.grad:equal(genai.ones(2)))
  end
  same(before, alive())
end

function tests.deep_second_graph()
  local before = alive()
  do
    local x = genai.full({ 2 }, 1.0):requires_grad_()
    local y = x
    for _ = 1, 3000 do y = y * 1.0001 end
    local g = genai.grad((y * y):sum(), x, { create_graph = true })
    local h = genai.grad(g:sum(), x)
    assert(h.shape[1] == 2)
  end
  same(before, alive())
end

function tests.wide_graph()
  local before = alive()
  do
    local x = genai.ones(2):requires_grad_()
    local parts = {}
    for i = 1, 2000 do parts[i] = x * i end
    genai.cat(parts, 1):sum():backward()
    assert(x.grad[1]:item() == 2001000)
  end
  same(before, alive())
end

function tests.create_graph_leaves_nothing()
  local x = genai.randn(3):requires_grad_()
  local before = alive()
  for _ = 1, 20 do
    local g = genai.grad((x ^ 3):sum(), x, { create_graph = true })
    local h = genai.grad(g:sum(), x, { create_graph = true })
    genai.grad(h:sum(), x)
  end
  same(before, alive())
end

function tests.abandoned_graphs()                                -- recorded, never walked
  local x = genai.randn(3):requires_grad_()
  local before = alive()
  for _ = 1, 1000 do local y = (x * x):tanh():sum() end
  same(before, alive())
end

-- y:backward { create_graph = true } puts a gradient with a tape into x.grad: the tape leads back to x.
function tests.cycle_through_grad()
  local before = alive()
  do
    local x = genai.randn(3):requires_grad_()
    for _ = 1, 50 do
      ((x * x * x):sum()):backward { create_graph = true }
      x:zero_grad_()
    end
  end
  same(before, alive())
end

function tests.grad_assigned_to_itself()
  local before = alive()
  do
    local x = genai.ones(3)
    x.grad = genai.ones(3)
    x.grad = nil
  end
  same(before, alive())
end

function tests.checkpoints()
  local x = genai.randn(3):requires_grad_()
  local before = alive()
  for _ = 1, 20 do
    genai.checkpoint(function(t) return (t * 2):tanh() end, x):sum():backward()
    x:zero_grad_()
    genai.checkpoint(function(t) return (t * 2):tanh() end, x)      -- never walked
    pcall(genai.checkpoint, function() error "in the middle" end, x)
  end
  same(before, alive())
end

-- Off the tape a convolution pads itself: beside its result it takes some scratch, not another picture.
function tests.padding_makes_no_copy()
  local x, w = genai.randn(1, 16, 256, 256), genai.randn(16, 16, 3, 3)
  for _, options in ipairs { { pad = 1, pad_mode = "reflect" }, { pad = 1, pad_mode = "circular", stride = 2 } } do
    genai.conv2d(x, w, nil, options):release()                              -- packs the weights
    collectgarbage()
    local before = core.memory(true)
    local y <close> = x:conv2d(w, nil, options)
    local _, peak = core.memory()
    assert(peak - before < 4 * y:numel() + (3 << 18), peak - before)
  end
end

function tests.views_share()
  local x = genai.zeros(1 << 20)
  settle()
  local before = genai.memory().live
  local views = {}
  for i = 1, 100 do views[i] = x:view(1024, 1024):transpose(1, 2) end
  assert(genai.memory().live - before < 1 << 20)
  x = nil
  settle()
  assert(views[1][1][1]:item() == 0)
end

function tests.memory_counts()
  settle()
  local before = genai.memory()
  local x = genai.zeros(1 << 20)
  local during = genai.memory()
  assert(during.live - before.live >= 1 << 22 and during.live - before.live < (1 << 22) + (1 << 20))
  assert(during.peak >= during.live)
  local s = ("x"):rep(1 << 22)
  assert(genai.memory().live - during.live >= 1 << 22)
  x, s = nil, nil
  settle()
  assert(genai.memory().live < before.live + (1 << 19))
end

local function run_limited(limit, code)
  local pipe = io.popen(("'%s' --memory-limit %s -e '%s' 2>&1"):format(os.getenv "GENAI" or "build/genai", limit, code))
  local text = pipe:read "a"
  local _, _, exit = pipe:close()
  return text, exit
end

function tests.cap_errors()
  local text, exit = run_limited("64M", "local x = genai.zeros(1 << 20, 64)")
  assert(exit == 1 and text:find("out of memory", 1, true) and text:find("limit", 1, true), text)
  text, exit = run_limited("64M", "local t = {} while true do t[#t + 1] = (\"x\"):rep(1 << 20) .. #t end")
  assert(exit == 1 and text:find("memory", 1, true), text)
  text, exit = run_limited("64M", [[
    local fine, problem = pcall(genai.zeros, 1 << 20, 64)
    assert(not fine and problem:find "memory")
    local keep = {}
    for i = 1, 1000 do keep[i % 4] = genai.zeros(1 << 20) end
    assert(genai.memory().peak <= 64 << 20)
    io.write "alive"]])
  assert(exit == 0 and text == "alive", text)
end

function tests.cap_during_backward()
  local text, exit = run_limited("64M", [[
    local x = genai.ones(1 << 20):requires_grad_()
    local y = x
    local fine, problem = pcall(function() for i = 1, 100 do y = y:tanh() end y:sum():backward() end)
    assert(not fine and problem:find "memory", problem)
    x, y = nil, nil
    collectgarbage()
    local z = genai.ones(1 << 20):requires_grad_()
    z:tanh():sum():backward()
    assert(z.grad)
    io.write "alive"]])
  assert(exit == 0 and text == "alive", text)
end

return tests
