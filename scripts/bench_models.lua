-- bench_models.lua DIR GENAI [NAME ..]: the networks of ../shared/assets beside PyTorch and onnxruntime: same weights, same input, same run, same number of threads.
-- Each side of each network is a process of its own (ours: this file again, "ours DIR NAME"), so that its memory is its own; the three take turns.
local genai = require "genai"
local core = require "genai.core"
local assets = os.getenv "GENAI_ASSETS" or "../shared/assets"
local threads = tonumber(os.getenv "BENCH_THREADS") or 2

-- ---- what is measured: inputs(rng) -> tensors by name; ours(x) -> a function that does one run and returns a tensor ----
local function folder(name) return assets .. "/" .. name end

local function picture(h, w, scale)
  return function(rng) return { x = genai.rand(1, 3, h, w, { rng = rng }):mul(scale or 1) } end
end

-- What a picture network's function gives for x[3,h,w], called without gradients.
local function painted(f)
  return function(x)
    local flat = x.x:view(x.x.shape[2], x.x.shape[3], x.x.shape[4])
    return function() return f(flat) end
  end
end

local nets = {}
local function net(name, title, bar, inputs, ours) nets[#nets + 1] = { name = name, title = title, bar = bar, inputs = inputs, ours = ours } end

net("style26", "style26 512x384", 1, picture(384, 512), function(x)
  local paint = genai.models.style26.load(folder "style26")
  return painted(function(p) return paint(p, 19) end)(x)
end)

net("arbitrary-style", "arbitrary-style 384, of 256", 1, function(rng)
  return { content = genai.rand(1, 3, 384, 384, { rng = rng }), style = genai.rand(1, 3, 256, 256, { rng = rng }) }
end, function(x)
  local paint = genai.models.arbitrary_style.load(folder "arbitrary-style")
  local content, style = x.content[1], x.style[1]
  return function() return paint(content, paint:style(style)) end
end)

net("fast-style", "fast-style 512x512", 2, picture(512, 512, 255), function(x)
  local paint = genai.models.fast_style.load(folder "fast-style")
  return painted(paint)({ x = x.x / 255 })
end)

net("vgg19", "vgg19 to relu3_1, 512x512", 2, picture(512, 512), function(x)
  local model = genai.models.vgg19_relu3.load(folder "vgg19-relu3")
  return function() return model:encode(x.x[1], 3) end
end)

net("waifu2x", "waifu2x x2 of 384x288", 2, picture(288, 384), function(x)
  return painted(genai.models.superres.load(folder "superres", "photo"))(x)
end)

net("squeezenet", "squeezenet 224x224", 1, picture(224, 224, 255), function(x)
  local model = genai.onnx.load(folder "squeezenet11-fp16/SqueezeNet_fp16.onnx")
  local feed, out = { [model.inputs[1].name] = x.x }, model.outputs[1].name
  return function() return model(feed)[out] end
end)

net("basic-pitch", "basic-pitch, 2 s of sound", 1, function(rng) return { x = genai.randn(1, 43844, 1, { rng = rng }):mul(0.1) } end, function(x)
  local model = genai.onnx.load(folder "basic-pitch/nmp.onnx")
  local feed = { [model.inputs[1].name] = x.x }
  return function() return model(feed)["StatefulPartitionedCall:1"] end
end)

net("ddpm-mnist", "ddpm-mnist, one step of 16", 1, function(rng)
  return { x = genai.randn(16, 1, 28, 28, { rng = rng }), t = genai.full({ 16 }, 500):to "i32" }
end, function(x)
  local model = genai.models.ddpm_mnist.load(folder "ddpm-mnist", "digits")
  return function() return model(x.x, 500) end
end)

net("sketch-rnn", "sketch-rnn, 100 strokes", 1, function() return { none = genai.zeros(1) } end, function()
  local model = genai.models.sketch_rnn.load(folder "sketch-rnn", "bird")
  return function()
    local rows, out = nil, {}
    model:draw { points = 100, temperature = 0, progress = function(r) rows = r end }
    for i, r in ipairs(rows) do out[i] = { r[1], r[2], r[3] == 0 and 1 or 0, r[3] == 1 and 1 or 0, r[3] == 2 and 1 or 0 } end
    return genai.tensor(out)
  end
end)

net("melody-lstm", "melody-lstm, 200 steps", 1, function()
  local model = genai.models.melody_lstm.load(folder "melody-lstm")
  local ids = {}
  for i = 1, 54 do ids[i] = model.ids["/"] end
  for _, id in ipairs(model:encode "67 _ 67 _ 67 _ _ 65 64 _") do ids[#ids + 1] = id end
  return { ids = genai.tensor(ids, { dtype = "i32" }) }
end, function()
  local model = genai.models.melody_lstm.load(folder "melody-lstm")
  return function()
    local tune = model:continue("67 _ 67 _ 67 _ _ 65 64 _", { steps = 200, temperature = 0, endless = true, only = true, transpose = false })
    local ids = {}
    for i, s in ipairs(tune.steps) do ids[i] = model.ids[tostring(s)] end
    return genai.tensor(ids)
  end
end)

net("crepe", "crepe, 10 s of sound", 1, function(rng)
  local t = genai.arange(160000) / 16000
  return { x = ((t * (2 * math.pi * 220)):sin() * 0.5 + genai.randn(160000, { rng = rng }) * 0.02) }
end, function(x)
  local model = genai.models.crepe_tiny.load(folder "crepe-tiny")
  local sound = genai.audio.from(x.x:view(1, -1), 16000)
  return function() return model:salience(sound) end
end)

local seed_text = "The "
net("charrnn", "charrnn, 500 characters", 1, function()
  local model = genai.models.charrnn.load(folder "charrnn", "darwin")
  return { ids = genai.tensor(model.tokenizer:encode(seed_text), { dtype = "i32" }) }
end, function()
  local model = genai.models.charrnn.load(folder "charrnn", "darwin")
  return function() return genai.tensor(model:generate(seed_text, { tokens = 500, temperature = 0 }).ids) end
end)

-- ---- one side: answers requests, as bench_models_peer.py does ----
local function status(field)
  for line in io.lines "/proc/self/status" do
    local kb = line:match("^" .. field .. ":%s*(%d+)")
    if kb then return tonumber(kb) / 1024 end
  end
end

local function inputs_of(dir, n)
  local x, names = {}, genai.load(("%s/%s.json"):format(dir, n.name))
  for _, name in ipairs(names) do x[name] = genai.load(("%s/%s.%s.npy"):format(dir, n.name, name)) end
  return x
end

local function serve(dir, n)
  genai.threads(threads)
  local base = status "RssAnon"
  local f = n.ours(inputs_of(dir, n))
  collectgarbage()
  local clear = io.open("/proc/self/clear_refs", "w")                -- the peak counts from here on: loading is over
  if clear then
    clear:write "5"
    clear:close()
  end
  local y = genai.no_grad(f)
  local answer = io.stdout
  answer:setvbuf "line"
  answer:write "ready\n"
  for line in io.lines() do
    local word, rest = line:match "^(%S+)%s*(.*)$"
    if word == "run" then
      local wall, cpu, runs, seconds = core.clock(), os.clock(), 0, tonumber(rest)
      repeat
        y = genai.no_grad(f)
        runs = runs + 1
      until core.clock() - wall >= seconds
      answer:write(("%.9f %.9f\n"):format((core.clock() - wall) / runs, (os.clock() - cpu) / runs))
    elseif word == "save" then
      genai.save(rest, y:to "f32":contiguous())
      answer:write "saved\n"
    else
      answer:write(status "VmHWM" - status "RssFile" - base, "\n")
    end
  end
end

-- ---- all sides ----
local function median(list)
  table.sort(list)
  return list[(#list + 1) // 2]
end

local function start(dir, side, name, command)
  local at = ("%s/%s.%s"):format(dir, name, side)
  os.execute(("mkfifo %s.ask %s.answer; %s < %s.ask > %s.answer &"):format(at, at, command, at, at))
  local ask, answer = io.open(at .. ".ask", "w"), io.open(at .. ".answer", "r")
  ask:setvbuf "line"
  local peer = { side = side, times = {} }
  function peer.ask(request)
    if request then ask:write(request, "\n") end
    return answer:read "l"
  end
  function peer.close()
    ask:close()
    answer:close()
  end
  return peer
end

local function seconds(x) return x >= 1 and ("%.2f s"):format(x) or ("%.2f ms"):format(x * 1e3) end

local function difference(dir, n, side)
  local a, b = genai.load(("%s/%s.ours.npy"):format(dir, n.name)), genai.load(("%s/%s.%s.npy"):format(dir, n.name, side))
  if a:numel() ~= b:numel() then return ("shapes differ: %s, %s"):format(table.concat(a.shape, "x"), table.concat(b.shape, "x")) end
  return (a:view(-1) - b:view(-1)):abs():max():item()
end

-- Turns of ours and theirs; the ratio is the median of each turn's, to the faster of the two.
local function turns(sides, pairs_wanted)
  local ratio = {}
  for i = 1, pairs_wanted do
    local t = {}
    for _, s in ipairs(sides) do
      t[#t + 1] = tonumber(s.ask "run 0.04":match "^(%S+)")
      s.times[i] = t[#t]
    end
    if #t > 1 then ratio[i] = math.min(table.unpack(t, 2)) / t[1] end
  end
  return ratio
end

local function report(dir, n, sides, ratio)
  local columns, worst = {}, 0
  for i, s in ipairs(sides) do
    s.ask(("save %s/%s.%s.npy"):format(dir, n.name, s.side))
    s.memory = tonumber(s.ask "memory")
    columns[s.side] = ("%10s %5.0f MB"):format(seconds(median(s.times)), s.memory)
    local d = i > 1 and difference(dir, n, s.side) or 0
    worst = (type(d) == "string" or type(worst) == "number" and d > worst) and d or worst
  end
  for _, side in ipairs { "ours", "torch", "onnx" } do columns[#columns + 1] = columns[side] or ("%19s"):format "-" end
  if #sides == 1 then return print(("%-28s %s"):format(n.title, columns[1])) end
  local r, least = median(ratio), math.huge
  for i = 2, #sides do least = math.min(least, sides[i].memory) end
  print(("%-28s %s %s %s %6.2fx  bar %.1fx %-5s memory %-5s difference %s"):format(n.title, columns[1], columns[2], columns[3], r, n.bar, r >= n.bar and "ok" or "below",
    sides[1].memory <= least and "ok" or "above", type(worst) == "number" and ("%.1e"):format(worst) or worst))
  return r
end

local function write_inputs(dir, n)
  local x, names = n.inputs(genai.rng(1, n.name)), {}
  for name, t in pairs(x) do
    names[#names + 1] = name
    genai.save(("%s/%s.%s.npy"):format(dir, n.name, name), t)
  end
  table.sort(names)
  genai.save(("%s/%s.json"):format(dir, n.name), names)
end

-- name -> { torch = way, onnx = way }: the peers' fastest ways.
local function prepare(dir, python, list)
  local names, ways = {}, {}
  for i, n in ipairs(list) do names[i] = n.name end
  local pipe = io.popen(("%s scripts/bench_models_peer.py prepare %s %s 2>>%s/log"):format(python, dir, table.concat(names, " "), dir))
  for line in pipe:lines() do
    local name, torch, onnx = line:match "^([^\t]+)\t([^\t]+)\t([^\t]+)$"
    if name then ways[name] = { torch = torch, onnx = onnx } end
  end
  pipe:close()
  return ways
end

local function measure(dir, command, python, n, ways)
  local sides, peers = {}, {}
  if ways then
    for _, side in ipairs { "torch", "onnx" } do
      if ways[side] ~= "none" then peers[#peers + 1] = { side, ("%s scripts/bench_models_peer.py %s %s %s '%s' 2>>%s/log"):format(python, side, dir, n.name, ways[side]:gsub("'", "'\\''"), dir) } end
    end
  end
  sides[1] = start(dir, "ours", n.name, ("%s scripts/bench_models.lua ours %s %s"):format(command, dir, n.name))
  for _, p in ipairs(peers) do sides[#sides + 1] = start(dir, p[1], n.name, p[2]) end
  local fine = true
  for _, s in ipairs(sides) do
    if s.ask() ~= "ready" then
      fine = false
      print(("%-28s %s does not answer"):format(n.title, s.side))
    end
  end
  local r = fine and report(dir, n, sides, turns(sides, tonumber(os.getenv "BENCH_PAIRS") or 7))
  for _, s in ipairs(sides) do s.close() end
  return r
end

local function picked(wanted)
  local out = {}
  for _, n in ipairs(nets) do
    local yes = #wanted == 0
    for _, word in ipairs(wanted) do yes = yes or n.name:find(word, 1, true) end
    if yes then out[#out + 1] = n end
  end
  return out
end

local function main(dir, command, ...)
  if not core.exists(assets) then return print("bench-models: no weights in " .. assets) end
  genai.threads(threads)
  local python = os.getenv "PEERS" and os.getenv "PEERS" .. "/bin/python"
  local list, product, count = picked { ... }, 0, 0
  for _, n in ipairs(list) do write_inputs(dir, n) end
  local ways = python and prepare(dir, python, list) or {}
  print(("%-28s %19s %19s %19s %7s"):format("network", "ours", "torch", "onnxruntime", "ratio"))
  for _, n in ipairs(list) do
    local r = measure(dir, command, python, n, ways[n.name])
    if r then product, count = product + math.log(r), count + 1 end
  end
  if count > 0 then
    local mean = math.exp(product / count)
    print(("%-28s %d networks, geometric mean %.2fx to the faster of the two, bar 1.5x: %s"):format("all", count, mean, mean >= 1.5 and "ok" or "below"))
  end
  for name, w in pairs(ways) do print(("%-28s torch: %s; onnxruntime: %s"):format(name, w.torch, w.onnx)) end
end

if arg[1] == "ours" then
  for _, n in ipairs(nets) do if n.name == arg[3] then serve(arg[2], n) end end
else main(table.unpack(arg)) end
