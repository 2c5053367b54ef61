--- Style by optimisation (Gatys, Ecker and Bethge 2016, "Image style transfer using convolutional neural networks"): a picture is changed step by step until VGG sees the
-- content of one picture and, in the Gram matrices of its features, the style of another. vgg19_relu3's model:paint is this function.
-- Details that have caused bugs: losses are shares of the target's own size, so that weights mean the same for every layer, picture and size; a first pass at half the size
-- lays out large forms, which the features of relu3_1 are too near-sighted for; nothing keeps colours in 0..1 but a loss of their own.
local core = require "genai.core"
local ops = core.ops
local stylizer = require "genai.models.stylizer"

local LAYERS = { "relu1_1", "relu2_1", "relu3_1" }
local defaults = { steps = 60, size = 384, content = 1, style = 30, smooth = 0.3, optimiser = "lbfgs", lr = false, passes = 2, every = 10, start = "content", seed = 1, progress = false }

local function fail(format, ...) core.fail(format:format(...)) end

local function gram(f)
  local x = f:view(f.shape[2], -1)
  return x:matmul(x:transpose(1, 2)) / x.shape[2]
end

-- |a - b|^2 / |b|^2
local function apart(a, b) return (a - b):square():sum() / (b:square():sum():item() + 1e-12) end

-- What neighbours differ by, and what lies outside of 0..1.
local function roughness(x)
  local h, w = x.shape[3], x.shape[4]
  local down = (x:slice(3, 2, h) - x:slice(3, 1, h - 1)):square():mean()
  local across = (x:slice(4, 2, w) - x:slice(4, 1, w - 1)):square():mean()
  return down + across + (x - x:clamp(0, 1)):square():mean() * 10
end

-- f32[1,3,h,w] of an image whose longer side has `size` pixels, sides divisible by 4.
local function sized(image, size)
  local scale = size / math.max(image.width, image.height)
  local function side(n) return math.max(16, math.floor(n * scale / 4 + 0.5) * 4) end
  local x = image:resize(side(image.width), side(image.height)):tensor()
  return x:contiguous():view(1, 3, x.shape[2], x.shape[3])
end

local function check(o)
  local options = require "genai.nn.options"("vgg19-relu3: paint", o, defaults)
  for _, name in ipairs { "steps", "size", "passes", "every" } do
    local least = name == "size" and 16 or 1
    if math.type(options[name]) ~= "integer" or options[name] < least then fail("vgg19-relu3: %s is %s, wanted a whole number, %d or more", name, tostring(options[name]), least) end
  end
  for _, name in ipairs { "content", "style", "smooth" } do
    if type(options[name]) ~= "number" or not (options[name] >= 0 and options[name] < math.huge) then fail("vgg19-relu3: %s is %s, wanted a weight, 0 or more", name, tostring(options[name])) end
  end
  if options.optimiser ~= "lbfgs" and options.optimiser ~= "adam" then fail("vgg19-relu3: optimiser is \"%s\", wanted lbfgs or adam", tostring(options.optimiser)) end
  if options.start ~= "content" and options.start ~= "noise" then fail("vgg19-relu3: start is \"%s\", wanted content or noise", tostring(options.start)) end
  return options
end

-- One pass at one size, the styles' Gram matrices mixed: x is changed in place. tell(x, step, loss) hears of it.
local function pass(model, x, content, mixed, o, size, tell)
  local genai = require "genai"
  local grams, steps = {}, o.steps
  local goal = genai.no_grad(function()
    for i, name in ipairs(LAYERS) do grams[i] = mixed(function(style) return gram(model:features(sized(style, size), { name })[name]) end) end
    return model:features(content, { "relu3_1" }).relu3_1
  end)
  local function loss()
    local f = model:features(x, LAYERS)
    local sum = apart(f.relu3_1, goal) * o.content + roughness(x) * o.smooth
    for i, name in ipairs(LAYERS) do sum = sum + apart(gram(f[name]), grams[i]) * (o.style / #LAYERS) end
    return sum
  end
  local lbfgs, done = o.optimiser == "lbfgs", 0
  local opt = lbfgs and genai.optim.lbfgs({ x }, { iterations = o.every }) or genai.optim.adam({ x }, { lr = o.lr or 0.02 })
  while done < steps do
    if lbfgs then opt.iterations = math.min(o.every, steps - done) end
    local before, value = opt.steps, opt:step(loss)
    done = done + (lbfgs and math.max(1, opt.steps - before) or 1)
    collectgarbage()
    if lbfgs or done % o.every == 0 or done == steps then tell(x, value) end
    if lbfgs and opt.steps == before then break end                         -- nowhere lower
  end
  return x
end

--- model:paint(content, style, options) -> image. content: an image or f32[3,h,w] in 0..1; style: one, or a list of { picture, weight } whose Gram matrices are mixed.
-- options: steps = 60 in each pass, size = 384 (the longer side of the result), weights content = 1, style = 30, smooth = 0.3 (total variation), optimiser = "lbfgs" | "adam"
-- (lr = 0.02), passes = 2 (each at twice the size of the one before), start = "content" | "noise" (seed = 1), progress = f(image, step, loss): gets the picture every
-- `every` = 10 steps.
return function(model, content, style, options)
  local genai = require "genai"
  local o = check(options)
  local from, mixed, shares = genai.image.from(content), stylizer.mix("vgg19-relu3", style)
  local x, step = nil, 0
  local function shown(t) return genai.no_grad(function() return genai.image.from(t:detach():clamp(0, 1):view(3, t.shape[3], t.shape[4]):clone()) end) end
  for i = 1, o.passes do
    local size = math.max(16, o.size // (1 << (o.passes - i)))
    local goal = sized(from, size)
    local h, w = goal.shape[3], goal.shape[4]
    if x then x = genai.no_grad(function() return x:detach():resize({ h, w }, { mode = "bicubic" }) end)
    elseif o.start == "noise" then x = ops.rand(1, 3, h, w, { rng = genai.rng(o.seed, "gatys") })
    else x = goal:clone() end
    pass(model, x, goal, mixed, o, size, function(now, loss)
      step = step + o.every
      if o.progress then o.progress(shown(now), math.min(step, o.steps * i), loss) end
    end)
    step = o.steps * i
  end
  local out = shown(x)
  out.alt, out.recipe = from.alt, { kind = "gatys", steps = o.steps, size = o.size, content = o.content, style = o.style, smooth = o.smooth, optimiser = o.optimiser,
    passes = o.passes, start = o.start, seed = o.seed, from = from.recipe, shares = shares }
  return out
end
