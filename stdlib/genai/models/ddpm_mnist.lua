--- ddpm-mnist: digits and clothes out of noise (Ho, Jain and Abbeel 2020, "Denoising Diffusion Probabilistic Models").
-- Source: Brian Pulfer's weights (PapersReimplementations). In: f32[n,1,28,28] in about -1..1 and a timestep 0..999; out: the noise that is in it.
-- Net: a U-Net of blocks (layer norm over the whole picture, conv 3x3, SiLU, conv 3x3, SiLU), 10 20 40 channels at 28, 14, 7 pixels and 3 in the middle; each place
-- adds its own little net of the timestep's row, one number a channel. Schedule: linear, beta 1e-4..0.02, T = 1000.
-- Details that have caused bugs: 7 pixels become 3 by a 2x2 convolution, SiLU, then 4x4/2, and come back by 4x4/2, SiLU, 2x2; the layer norms make the net blind
-- to the mean of what it has made (the very last block has a norm in the file that the net does not use), so samples are shown min-max normalised, each by itself, and must not be clipped on the way; DDIM needs the size mended (see stretched).
local core = require "genai.core"
local weights = require "genai.models.weights"
local diffuse = require "genai.diffuse"
local options_of = require "genai.nn.options"
local ops, after = core.ops, weights.after
local ddpm = { variants = { "digits", "fashion" }, about = "draws digits or clothes by diffusion", licence = "MIT", paper = "Ho, Jain and Abbeel 2020" }
local files = { digits = "ddpm_mnist.safetensors", fashion = "ddpm_fashion.safetensors" }
local Model = {}
Model.__index, Model.__name = Model, "ddpm-mnist"

local function fail(format, ...) core.fail("ddpm-mnist: " .. format:format(...)) end

-- Places of the net: name, side in pixels, and the channels that go through its three blocks.
local places = {
  { "1", 28, { 1, 10, 10, 10 } }, { "2", 14, { 10, 20, 20, 20 } }, { "3", 7, { 20, 40, 40, 40 } }, { "_mid", 3, { 40, 20, 20, 40 } },
  { "4", 7, { 80, 40, 20, 20 } }, { "5", 14, { 40, 20, 10, 10 } }, { "_out", 28, { 20, 10, 10, 10 } },
}

local function read(path, file)
  local tensors
  tensors, path = weights.safetensors(path, file)
  local function get(name, ...) return weights.take(tensors, path, name, ...) end
  local function conv(name, a, b, k) return { weight = get(name .. ".weight", a, b, k, k), bias = get(name .. ".bias", name:match "^up" and b or a) } end
  local net, time = {}, get("time_embed.weight", 1000, 100)
  for _, place in ipairs(places) do
    local name, side, channels = table.unpack(place)
    local c, blocks = channels[1], {}
    for i = 1, 3 do
      local a, b, at = channels[i], channels[i + 1], ("b%s.%d."):format(name, i - 1)
      blocks[i] = { conv1 = conv(at .. "conv1", b, a, 3), conv2 = conv(at .. "conv2", b, b, 3), n = a, side = side,
        plain = name == "_out" and i == 3, weight = get(at .. "ln.weight", a, side, side):view(-1), bias = get(at .. "ln.bias", a, side, side):view(-1) }
    end
    local te = "te" .. name                                                 -- the timestep's rows of all 1000 steps, made once
    local rows = time:linear(get(te .. ".0.weight", c, 100), get(te .. ".0.bias", c)):silu():linear(get(te .. ".2.weight", c, c), get(te .. ".2.bias", c))
    net["b" .. name], net["t" .. name] = blocks, rows:view(1000, 1, c, 1, 1)
  end
  for name, k in pairs { down1 = { 10, 10, 4 }, down2 = { 20, 20, 4 }, ["down3.0"] = { 40, 40, 2 }, ["down3.2"] = { 40, 40, 4 },
    ["up1.0"] = { 40, 40, 4 }, ["up1.2"] = { 40, 40, 2 }, up2 = { 20, 20, 4 }, up3 = { 10, 10, 4 }, conv_out = { 1, 10, 3 } } do
    net[name] = conv(name, table.unpack(k))
  end
  return net
end

--- ddpm_mnist.load(path, variant) -> model. path: the folder, or a file; variant: "digits" (default) or "fashion".
-- model(x, t) -> eps: x f32[n,1,28,28], t a timestep 0..999 or i32[n] of them.
function ddpm.load(path, variant)
  local file = files[variant or "digits"]
  if not file then fail("variant is \"%s\", wanted digits or fashion", tostring(variant)) end
  local net = require("genai").no_grad(read, path, file)
  if type(path) == "string" and path:match "fashion" then variant = "fashion" end
  return setmetatable({ net = net, variant = variant or "digits", schedule = diffuse.linear(1000) }, Model)
end

local same, half = { pad = 1 }, { stride = 2, pad = 1 }

local function run(blocks, x)
  for i = 1, 3 do
    local b = blocks[i]
    if not b.plain then
      x = after(x, x:view(-1, b.n * b.side * b.side))
      x = after(x, x:layer_norm(b.weight, b.bias))
      x = after(x, x:view(-1, b.n, b.side, b.side))
    end
    for k = 1, 2 do
      local c = k == 1 and b.conv1 or b.conv2
      x = after(x, x:conv2d(c.weight, c.bias, same))
      x = after(x, x:silu())
    end
  end
  return x
end

function Model:__call(x, t)
  local net = self.net
  if not core.is_tensor(x) or x:dim() ~= 4 or x.shape[2] ~= 1 or x.shape[3] ~= 28 or x.shape[4] ~= 28 then fail("x is %s, wanted f32[n,1,28,28]", core.is_tensor(x) and "[" .. table.concat(x.shape, ",") .. "]" or type(x)) end
  local function time(name)
    local rows = net["t" .. name]
    if core.is_tensor(t) then return t:embedding(rows:view(1000, -1)):view(-1, rows.shape[3], 1, 1) end
    if math.type(t) ~= "integer" or t < 0 or t > 999 then fail("timestep %s, wanted 0..999 or a tensor of them", tostring(t)) end
    return rows[t + 1]
  end
  local function down(name, y) return y:conv2d(net[name].weight, net[name].bias, half) end
  local function up(name, y) return after(y, y:conv_transpose2d(net[name].weight, net[name].bias, half)) end
  local function plus(y, name) return after(y, y + time(name)) end
  local function beside(y, z) return after(y, after(z, ops.cat({ y, z }, 2))) end
  local a = run(net.b1, x + time "1")
  local b = run(net.b2, plus(down("down1", a), "2"))
  local c = run(net.b3, plus(down("down2", b), "3"))
  local y = c:conv2d(net["down3.0"].weight, net["down3.0"].bias)
  y = after(y, y:silu())
  y = after(y, down("down3.2", y))
  y = up("up1.0", run(net.b_mid, plus(y, "_mid")))
  y = after(y, y:silu())
  y = after(y, y:conv_transpose2d(net["up1.2"].weight, net["up1.2"].bias))
  y = run(net.b4, plus(beside(c, y), "4"))
  y = run(net.b5, plus(beside(b, up("up2", y)), "5"))
  y = run(net.b_out, plus(beside(a, up("up3", y)), "_out"))
  return after(y, y:conv2d(net.conv_out.weight, net.conv_out.bias, same))
end

-- eps stretched, picture by picture, until what it leaves of x has no share of it. In few steps without chance, a slip in the size of x would never be made good: the net
-- does not see sizes, takes away too little noise, and the picture stays covered.
local function stretched(self, t, x)
  local eps = self(x, t)
  local a, e = x:view(x.shape[1], 784), eps:view(x.shape[1], 784)
  a, e = a - a:mean(2, { keep = true }), e - e:mean(2, { keep = true })
  return eps * ((a * e):sum(2, { keep = true }) / e:square():sum(2, { keep = true }) / math.sqrt(1 - self.schedule.bars[t + 1])):view(-1, 1, 1, 1)
end

--- model:sample(n, { seed = 1, sampler = "ddpm", steps =, eta =, progress = }) -> f32[n,28,28] in 0..1, light on dark, each stretched to its full range.
-- sampler: "ddpm" (1000 steps unless said) or "ddim" (50). The same seed gives the same pictures. progress(step, steps, x) as in genai.diffuse.sample.
function Model:sample(n, options)
  options = options_of("sample", options, { seed = 1, sampler = "ddpm", steps = false, eta = false, progress = false })
  if math.type(n) ~= "integer" or n < 1 or n > 4096 then fail("n is %s, wanted 1..4096", tostring(n)) end
  if options.sampler ~= "ddpm" and options.sampler ~= "ddim" then fail("sampler is \"%s\", wanted ddpm or ddim", tostring(options.sampler)) end
  local plan = diffuse[options.sampler](self.schedule, { seed = options.seed, steps = options.steps or nil, eta = options.eta or nil })
  local x = ops.randn(n, 1, 28, 28, { rng = core.rng(options.seed, "ddpm-mnist") })
  local net = options.sampler == "ddpm" and self or function(y, t) return stretched(self, t, y) end
  x = diffuse.sample(net, x, plan, { progress = options.progress }):view(n, 784)
  local low, high = x:min(2, { keep = true }), x:max(2, { keep = true })
  return ((x - low) / (high - low):clamp(1e-6)):view(n, 28, 28)
end

--- model:draw(n, options) -> a list of n images, 28 x 28; options as sample, and scale = 1 (times 28 pixels).
function Model:draw(n, options)
  options = options or {}
  local given, image, out = {}, require "genai.image", {}
  for key, value in pairs(options) do if key ~= "scale" then given[key] = value end end
  local x = self:sample(n, given)
  for i = 1, n do
    out[i] = image.from(x[i])
    if options.scale then out[i] = out[i]:resize(28 * options.scale) end
    out[i].recipe = { kind = "ddpm-mnist", variant = self.variant, count = n, number = i, seed = options.seed or 1, sampler = options.sampler or "ddpm", steps = options.steps, eta = options.eta }
  end
  return out
end

function Model:__tostring() return ("ddpm-mnist %s: model:draw(n, { sampler = \"ddpm\" or \"ddim\", steps =, seed = }), model(x, t)"):format(self.variant) end

return ddpm
