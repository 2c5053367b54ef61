-- bench.lua DIR GENAI [NAME ..]: the measures of `make bench`. Peers answer over the pipes in DIR (bench.sh); a NAME picks the measures that contain it.
local genai = require "genai"
local core = require "genai.core"
local dir, command = arg[1], arg[2]
local wanted = { table.unpack(arg, 3) }
local pairs_wanted = tonumber(os.getenv "BENCH_PAIRS") or 7
local randn = genai.randn

-- ---- what is measured: functions that return what one run does ----
local make = {}

function make.gemm(n)
  n = tonumber(n)
  local a, b = randn(n, n), randn(n, n)
  return function() return a:matmul(b) end
end

function make.linear(m, k, n)
  local x, w = randn(tonumber(m), tonumber(k)), randn(tonumber(n), tonumber(k))
  return function() return x:linear(w) end
end

make["element-wise"] = function()
  local a, b = randn(16, 16), randn(16, 16)
  return function() for _ = 1, 1000 do local c = a + b end end
end

function make.chain()
  local x, b = randn(16, 16):requires_grad_(), randn(16, 16)
  return function()
    local y = x
    for _ = 1, 500 do y = y + b end
    y:sum():backward()
    x.grad = nil
  end
end

local function way(which, f, ...)
  if which == "forward" then return f end
  local leaves = { ... }
  for _, t in ipairs(leaves) do t:requires_grad_() end
  local seed = f():ones_like()
  return function()
    f():backward { seed = seed }
    for _, t in ipairs(leaves) do t.grad = nil end
  end
end

local function numbers(...)
  local list = { ... }
  for i = 1, #list do list[i] = tonumber(list[i]) end
  return table.unpack(list)
end

function make.conv(which, ...)
  local n, c, o, h, k, stride, pad = numbers(...)
  local x, w, b, options = randn(n, c, h, h), randn(o, c, k, k), randn(o), { stride = stride, pad = pad }
  return way(which, function() return x:conv2d(w, b, options) end, x, w, b)
end

function make.convt(which, ...)
  local n, c, o, h, k, stride, pad = numbers(...)
  local x, w, b, options = randn(n, c, h, h), randn(c, o, k, k), randn(o), { stride = stride, pad = pad }
  return way(which, function() return x:conv_transpose2d(w, b, options) end, x, w, b)
end

function make.attention(which)
  local q, k, v, options = randn(8, 6, 256, 64), randn(8, 6, 256, 64), randn(8, 6, 256, 64), { causal = true }
  return way(which or "forward", function() return q:attention(k, v, options) end, q, k, v)
end

function make.rows(op, which, ...)
  local sizes = { numbers(...) }
  local x, w, b = randn(sizes), randn(sizes[#sizes]), randn(sizes[#sizes])
  if op == "layer_norm" then return way(which, function() return x:layer_norm(w, b) end, x, w, b) end
  return way(which, op == "softmax" and function() return x:softmax(-1) end or op == "gelu" and function() return x:gelu() end or function() return x:sum() end, x)
end

function make.cross_entropy()
  local x, t = randn(2048, 65), genai.randint(0, 65, 2048)
  return way("both", function() return x:cross_entropy(t) end, x)
end

-- Adam over a list of weights.
local function adam(weights, options)
  local m, v, step = {}, {}, 0
  for i, w in ipairs(weights) do w:requires_grad_(); m[i], v[i] = w:detach():zeros_like(), w:detach():zeros_like() end
  return function()
    step = step + 1
    options.step = step
    genai.no_grad(function() for i, w in ipairs(weights) do w:adam_(w.grad, m[i], v[i], options) end end)
    for _, w in ipairs(weights) do w.grad = nil end
  end
end

local function filled(x, ...) return genai.zeros(...) + x end

local function all_weights(p)
  local names, list = {}, {}
  for name in pairs(p) do names[#names + 1] = name end
  table.sort(names)
  for i, name in ipairs(names) do list[i] = p[name] end
  return list
end

function make.gpt()
  local d, heads, T, B, V = 384, 6, 256, 8, 65
  local p = { tok = randn(V, d) * 0.02, pos = randn(T, d) * 0.02, n = filled(1, d), n_b = genai.zeros(d), head = randn(V, d) * 0.02 }
  for i = 1, 6 do
    for _, s in ipairs { { "qkv", 3 * d, d }, { "out", d, d }, { "up", 4 * d, d }, { "down", d, 4 * d } } do
      p[s[1] .. i], p[s[1] .. "_b" .. i] = randn(s[2], s[3]) * 0.02, genai.zeros(s[2])
    end
    for _, name in ipairs { "n1", "n2" } do p[name .. i], p[name .. "_b" .. i] = filled(1, d), genai.zeros(d) end
  end
  local update = adam(all_weights(p), { lr = 1e-3 })
  local index, target = genai.randint(0, V, B, T), genai.randint(0, V, B * T)
  local function lin(x, name, i) return x:linear(p[name .. i], p[name .. "_b" .. i]) end
  local function norm(x, name, i) return x:layer_norm(p[name .. i], p[name .. "_b" .. i]) end
  local causal = { causal = true }
  return function()
    local x = index:embedding(p.tok) + p.pos
    for i = 1, 6 do
      local qkv = lin(norm(x, "n1", i), "qkv", i):view(B, T, 3, heads, d // heads):permute(3, 1, 4, 2, 5)
      local y = qkv[1]:attention(qkv[2], qkv[3], causal):transpose(2, 3):reshape(B, T, d)
      x = x + lin(y, "out", i)
      x = x + lin(lin(norm(x, "n2", i), "up", i):gelu(), "down", i)
    end
    local loss = x:layer_norm(p.n, p.n_b):linear(p.head):view(B * T, V):cross_entropy(target)
    loss:backward()
    update()
    return loss:item()
  end
end

function make.dcgan()
  local n, f = 64, 64
  local sizes = { { 100, 8 * f }, { 8 * f, 4 * f }, { 4 * f, 2 * f }, { 2 * f, f }, { f, 3 } }
  local g, d, gp, dp = {}, {}, {}, {}
  for i, s in ipairs(sizes) do
    g[i] = randn(s[1], s[2], 4, 4) * 0.02
    d[6 - i] = randn(i == 1 and 1 or s[1], s[2], 4, 4) * 0.02
  end
  local function norms(list, channels)
    local all = {}
    for i, c in ipairs(channels) do
      all[i] = { genai.zeros(c), filled(1, c), filled(1, c), genai.zeros(c) }
      list[#list + 1], list[#list + 2] = all[i][3], all[i][4]
    end
    return all
  end
  for i = 1, 5 do gp[i], dp[i] = g[i], d[i] end
  local gn, dn = norms(gp, { 8 * f, 4 * f, 2 * f, f }), norms(dp, { 2 * f, 4 * f, 8 * f })
  local gstep, dstep = adam(gp, { lr = 2e-4, beta1 = 0.5 }), adam(dp, { lr = 2e-4, beta1 = 0.5 })
  local real, one, zero = randn(n, 3, 64, 64), filled(1, n), genai.zeros(n)
  local train, first, two = { train = true }, {}, { stride = 2, pad = 1 }
  local function bn(x, s) return x:batch_norm(s[1], s[2], s[3], s[4], train) end
  local function generate(z)
    for i = 1, 4 do z = bn(z:conv_transpose2d(g[i], nil, i == 1 and first or two), gn[i]):relu() end
    return z:conv_transpose2d(g[5], nil, two):tanh()
  end
  local function judge(x)
    x = x:conv2d(d[1], nil, two):leaky_relu(0.2)
    for i = 1, 3 do x = bn(x:conv2d(d[i + 1], nil, two), dn[i]):leaky_relu(0.2) end
    return x:conv2d(d[5]):view(-1)
  end
  return function()
    local fake = generate(randn(n, 100, 1, 1))
    local loss = judge(real):bce_with_logits(one) + judge(fake:detach()):bce_with_logits(zero)
    loss:backward()
    dstep()
    judge(fake):bce_with_logits(one):backward()
    for _, w in ipairs(dp) do w.grad = nil end
    gstep()
    return loss:item()
  end
end

local assets = os.getenv "GENAI_ASSETS" or "../shared/assets"
local function asset(name)
  if not core.exists(assets .. "/" .. name) then error("no weights in " .. assets, 0) end
  return assets .. "/" .. name
end

function make.style26()
  local paint, x = genai.style26.load(asset "style26"), genai.rand(3, 384, 512)
  return function() return paint(x, 19) end
end

function make.tinystories()                                      -- one run = one token
  local model = genai.text.load(asset "tinystories-260k")
  local piece = model:stream("", { tokens = 200, temperature = 0 })
  return function()
    if not piece() then piece = model:stream("", { tokens = 200, temperature = 0 }) end
  end
end

-- ---- timing ----
local function split(text)
  local words = {}
  for w in text:gmatch "%S+" do words[#words + 1] = w end
  return words
end

local function ours(name)
  local words = split(name)
  local f = make[name] and make[name]() or make[words[1]](table.unpack(words, 2))
  f()
  return function(seconds)
    local wall, cpu, runs = core.clock(), os.clock(), 0
    repeat
      f()
      runs = runs + 1
    until core.clock() - wall >= seconds
    return (core.clock() - wall) / runs, (os.clock() - cpu) / runs
  end
end

local peers = {}
local function open_peer(name)
  local ask = io.open(dir .. "/" .. name .. ".ask", "w")
  local answer = io.open(dir .. "/" .. name .. ".answer", "r")
  ask:setvbuf "line"
  peers[name] = function(request, seconds, threads)
    ask:write(request, "\t", seconds, "\t", threads, "\n")
    local line = answer:read "l"
    if not line then error("the peer " .. name .. " ended", 0) end
    local wall, cpu = line:match "^(%S+) (%S+)$"
    return tonumber(wall), tonumber(cpu)
  end
end

local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

local function unit(x) return x >= 1 and ("%.2f s"):format(x) or x >= 1e-3 and ("%.2f ms"):format(x * 1e3) or ("%.2f us"):format(x * 1e6) end

-- The ratio is the median of each turn's; cpu the same for processor time, which neighbours on the machine disturb less.
local function report(title, bar, mine, theirs, scale)
  local a, b, ratio, cpu = {}, {}, {}, {}
  local seconds = 0.04
  local first = theirs and theirs(0.001)
  local turns = first and first > 0.3 and math.min(5, pairs_wanted) or pairs_wanted
  for i = 1, turns do
    local w, c = mine(seconds)
    a[i] = w
    if first then
      local v, d = theirs(seconds)
      b[i], ratio[i], cpu[i] = v, v / w, d / c
    end
  end
  scale = scale or 1
  if not first then return print(("%-44s %10s %10s"):format(title, unit(median(a) / scale), "no peer")) end
  local r = median(ratio)
  print(("%-44s %10s %10s %7.2fx %6s  %-5s (cpu %.2fx)"):format(title, unit(median(a) / scale), unit(median(b) / scale), r, bar and bar .. "x" or "-",
    not bar and "" or r >= bar and "ok" or "below", median(cpu)))
end

local function picked(title)
  for _, word in ipairs(wanted) do if title:find(word, 1, true) then return true end end
  return #wanted == 0
end

local function measure(title, bar, name, peer, options)
  options = options or {}
  if not picked(title) then return end
  local threads = tonumber(os.getenv "BENCH_THREADS") or options.threads or 2
  genai.threads(threads)
  local fine, mine = true, options.mine and function(seconds) return peers.gemm(options.mine, seconds, threads) end
  if not mine then fine, mine = pcall(ours, name) end
  if not fine then return print(("%-44s skipped: %s"):format(title, (tostring(mine):gsub("\n.*", "")))) end
  local ask = peers[peer]
  report(title, bar, mine, ask and function(seconds) return ask(options.ask or name, seconds, threads) end, options.scale)
  collectgarbage()
end

local function command_time(text)
  return function()
    local wall = core.clock()
    local pipe = io.popen(text .. " 2>&1")
    pipe:read "a"
    pipe:close()
    wall = core.clock() - wall
    return wall, wall
  end
end

-- ---- the measures ----
open_peer "gemm"
if os.getenv "PEERS" then
  open_peer "torch"
  peers.torch("ready", 0, 2)                                        -- answered when its imports are done
end
print(("%-44s %10s %10s %8s %6s"):format("measure", "ours", "peer", "ratio", "bar"))
for _, n in ipairs { 64, 128, 256, 512, 1024, 2048 } do             -- C beside C: the engine's op, its result made anew each time, and cblas_sgemm
  measure(("gemm %d, 1 thread / OpenBLAS 1"):format(n), 0.95, "gemm " .. n, "gemm", { threads = 1, mine = "ours gemm " .. n })
  measure(("gemm %d, 2 threads / OpenBLAS 1"):format(n), n >= 256 and 1.7 or nil, "gemm " .. n, "gemm", { threads = 2, mine = "ours gemm " .. n })
end
measure("gemm 64 from the script, 1 thread / OpenBLAS 1", nil, "gemm 64", "gemm", { threads = 1 })
measure("linear 1024>1024, batch 1, 1 thread / OpenBLAS", 1.3, "linear 1 1024 1024", "gemm", { threads = 1 })
measure("linear 1024>1024, batch 16, 1 thread / OpenBLAS", 1.3, "linear 16 1024 1024", "gemm", { threads = 1 })
measure("a + b, 16x16, from the script", 4, "element-wise", "torch", { scale = 1000 })
measure("chain of 500 adds, forward + backward", 3, "chain", "torch")
for _, n in ipairs { 1, 16 } do
  measure(("conv 3x3 128>128 32x32, batch %d, forward"):format(n), 2, ("conv forward %d 128 128 32 3 1 1"):format(n), "torch")
  measure(("conv 3x3 128>128 32x32, batch %d, both"):format(n), 1.5, ("conv both %d 128 128 32 3 1 1"):format(n), "torch")
end
for _, s in ipairs { { "conv 9x9 3>32 256x256", "conv %s 1 3 32 256 9 1 4" }, { "conv 4x4/2 64>128 64x64, batch 8", "conv %s 8 64 128 64 4 2 1" },
                     { "transposed conv 4x4/2 128>64 32x32, batch 8", "convt %s 8 128 64 32 4 2 1" } } do
  measure(s[1] .. ", fwd", 1, s[2]:format "forward", "torch")
  measure(s[1] .. ", both", 1, s[2]:format "both", "torch")
end
measure("attention 6x64, T 256, batch 8, causal", 1.2, "attention", "torch")
measure("attention, forward + backward", nil, "attention both", "torch")
for _, op in ipairs { "softmax", "layer_norm", "gelu" } do measure(op .. ", 12 MB", 1, ("rows %s forward 8192 384"):format(op), "torch") end
for _, op in ipairs { "softmax", "layer_norm", "gelu", "sum" } do measure(op .. " 2048x384, forward + backward", nil, ("rows %s both 2048 384"):format(op), "torch") end
measure("cross_entropy 2048x65, forward + backward", nil, "cross_entropy", "torch")
measure("style26 512x384", 1.5, "style26", "torch")
measure("tinystories, one token", nil, "tinystories", "none")
measure("GPT 6x384, T 256, batch 8: one step", 0.9, "gpt", "torch")
measure("DCGAN 64x64, batch 64: one step", 0.9, "dcgan", "torch")
if picked "start-up" then report("start-up / python3 -c pass", 1, command_time(command .. " -e ''"), command_time "python3 -c pass") end
