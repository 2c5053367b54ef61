-- exact.lua: SHA-256 of what the exact arithmetic makes. `genai --mode exact [--isa LEVEL] [--threads N] tests/exact.lua`; tests/exact.sh compares
-- the lines over compilers, optimisation levels, ISA levels and threads, and with tests/golden/exact.txt.
local genai = require "genai"
local core = require "genai.core"
assert(genai.mode == "exact", "run this with --mode exact")

local function say(name, ...)
  local parts = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    parts[i] = core.is_tensor(v) and core.npy_encode(v) or tostring(v)
  end
  print(("%-20s %s"):format(name, core.sha256(table.concat(parts))))
end

assert(core.sha256 "abc" == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
assert(core.sha256(("a"):rep(119)) ~= core.sha256(("a"):rep(120)))
genai.seed(20)

-- ---- numbers ----
local function doubles(values)
  local out = {}
  for i, v in ipairs(values) do out[i] = string.pack("<d", v) end
  return table.concat(out)
end

local r = genai.rng(1, "numbers")
do
  local list = {}
  for i = 1, 500 do list[i] = r:uniform() end
  for i = 1, 500 do list[#list + 1] = r:normal() end
  for i = 1, 500 do list[#list + 1] = r:integer(1, 1000) end
  say("random", doubles(list), genai.randn(1000), genai.rand(1000), math.random(), math.random(100))
end
for _, name in ipairs { "sin", "cos", "tan", "asin", "acos", "atan", "exp", "log", "sqrt" } do
  local list = {}
  for i = 1, 1000 do
    local x = r:normal() * (i % 10 == 0 and 1e6 or 3)
    if name == "asin" or name == "acos" then x = r:uniform() * 2 - 1
    elseif name == "log" or name == "sqrt" then x = math.abs(x)
    elseif name == "exp" then x = x / 1000 end
    list[i] = math[name](x)
  end
  say("math." .. name, doubles(list))
end
do
  local list, tensor = {}, {}
  for i = 1, 1000 do
    local a, b = math.abs(r:normal()) * 5 + 0.01, r:normal() * 4
    list[i], tensor[i] = math.pow(a, b), a
  end
  say("pow", doubles(list), genai.tensor(tensor) ^ 1.7, genai.tensor(tensor) ^ -0.3, genai.tensor(tensor):pow(genai.tensor(tensor)))
end

-- ---- ops ----
local x, y = genai.randn(97, 131), genai.randn(131, 89)
say("matmul", x:matmul(y), genai.randn(1, 300):matmul(genai.randn(300, 7)), genai.randn(3, 40, 50):matmul(genai.randn(3, 50, 20)), genai.linear(x, genai.randn(64, 131)))
say("element-wise", x:exp(), x:tanh(), x:sigmoid(), x:gelu(), x:erf(), x:silu(), x:abs():log(), x:abs():sqrt(), x:sin(), x:cos(), x:softplus(), x / 3, x:abs():rsqrt())
say("reductions", x:sum(), x:mean(1), x:var(2), x:std(), x:logsumexp(2), x:cumsum(1), x:max(), x:prod(2), x:norm())
say("softmax", x:softmax(-1), x:log_softmax(1), (x * 30):softmax(2))
say("layer_norm", x:layer_norm(), x:rms_norm(), genai.randn(2, 6, 9, 9):group_norm(3))
say("fft", genai.rfft(genai.randn(3, 1000)), genai.rfft(genai.randn(2, 4096)), genai.rfft(genai.randn(1, 77)))

local function leaf(...) return genai.randn(...):requires_grad_() end

do
  local w, b, v = leaf(8, 3, 3, 3), leaf(8), leaf(16, 8, 4, 4)
  local input = leaf(2, 3, 33, 35)
  local h = input:conv2d(w, b, { pad = 1 }):relu():max_pool2d(2)
  h = h:conv2d(v, nil, { stride = 2, pad = 1 }):leaky_relu(0.2)
  say("conv net", h)
  h:tanh():sum():backward()
  say("conv net, backward", w.grad, b.grad, v.grad, input.grad)
  local t, u = leaf(8, 4, 4, 4), leaf(2, 8, 9, 9)
  local z = u:conv_transpose2d(t, nil, { stride = 2, pad = 1 })
  z:pow(2):sum():backward()
  say("conv transposed", z, t.grad, u.grad)
end

do
  local q, k, v = leaf(2, 4, 37, 16), leaf(2, 4, 37, 16), leaf(2, 4, 37, 16)
  local o = genai.attention(q, k, v, { causal = true })
  o:tanh():sum():backward()
  say("attention", o)
  say("attention, backward", q.grad, k.grad, v.grad)
end

do
  local a = leaf(7, 5)
  local g = genai.grad((a:tanh() * a):softmax(-1):pow(2):sum(), a, { create_graph = true })
  say("second derivative", g, genai.grad(g:pow(2):sum(), a))
end

-- An MLP after 20 steps of Adam, written in plain ops.
do
  local input, target = genai.randn(32, 10), genai.randn(32, 3)
  local parameters = { leaf(24, 10), leaf(24), leaf(3, 24), leaf(3) }
  local m, v = {}, {}
  for i, p in ipairs(parameters) do m[i], v[i] = genai.zeros_like(p), genai.zeros_like(p) end
  local loss
  for step = 1, 20 do
    loss = (genai.linear(genai.linear(input, parameters[1], parameters[2]):gelu(), parameters[3], parameters[4]) - target):pow(2):mean()
    local grads = { genai.grad(loss, parameters) }
    genai.no_grad(function()
      for i, p in ipairs(parameters) do
        m[i], v[i] = m[i] * 0.9 + grads[i] * 0.1, v[i] * 0.999 + grads[i] * grads[i] * 0.001
        p:sub_(m[i] / (1 - math.pow(0.9, step)) / ((v[i] / (1 - math.pow(0.999, step))):sqrt() + 1e-8) * 0.01)
      end
    end)
  end
  say("trained MLP", loss, table.unpack(parameters))
end

do
  local w = { leaf(32, 5), leaf(32, 8), leaf(32), leaf(32) }
  local input = leaf(6, 2, 5)
  local y, state = genai.lstm(input, nil, { w })
  y:tanh():sum():backward()
  say("lstm", y, state[1], state[2], input.grad, w[1].grad, w[2].grad, w[3].grad)
end
do
  local w, m, v = genai.randn(50), genai.zeros(50), genai.zeros(50)
  for step = 1, 5 do w:adam_(w * 2 - 1, m, v, { step = step, lr = 0.01, decay = 0.1 }) end
  say("adam_", w, m, v)
end
say("resize", genai.randn(1, 3, 20, 30):resize({ 41, 47 }, { mode = "bicubic" }), genai.randn(1, 3, 20, 30):resize({ 7, 11 }, { mode = "bilinear" }))

-- ---- artefacts ----
local story = genai.story("a rabbit who wanted to see the sea", { seed = 7, pages = 4 })
local text = { story.title }
for _, page in ipairs(story.pages) do text[#text + 1] = page.text end
say("story", table.concat(text, "\n"))

local picture = genai.picture("a red boat on a stormy sea at night, with a lighthouse", { seed = 3, width = 160, height = 120 })
say("picture", core.image_bytes(picture:tensor()))
say("picture, PNG", picture:encode "png")
local changed = picture:resize(64, 48)
say("picture, changed", changed:tensor(), picture:crop(3, 5, 40, 30):tensor())

local tune = genai.tune("a brave little march", { seed = 5, seconds = 6 })
local sound = tune:render()
say("tune, MIDI", genai.midi.encode(tune))
say("tune, PCM", sound:tensor())

for i, page in ipairs(story.pages) do page.picture = genai.picture(page, { width = 64, height = 48 }) end
say("book", genai.book(story):html())
