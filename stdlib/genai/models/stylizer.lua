--- stylizer: what the feed-forward style nets share (Johnson et al. 2016; Dumoulin et al. 2016; Ghiasi et al. 2017): a list of convolutions with instance norms
-- around a trunk of residual blocks, run on a whole picture or, where that would take too much memory, in strips that give the same result: a norm's statistics are
-- those of the whole picture, gathered strip by strip before the layer behind it runs, so there are no seams.
--
-- A layer: weight (conv: [o,c,k,k]; kind "transposed": [c,o,k,k], stride 2, size doubled; kind "grow", nearest x2 before a conv padded by reflection: what
-- weights.before_shuffle makes of its kernel, a bias of four for each output), kind nil, "grow" or "transposed",
-- stride 1, reflect true or false (zeros, as TensorFlow's SAME), bias or scale + shift + eps of an instance norm, relu, opens / closes (a residual block).
local core = require "genai.core"
local stylizer = {}

stylizer.STRIP_MB = 96                                    -- about what a strip takes with all that is made for it
stylizer.WHOLE_MB = 128                                    -- widest layer of a picture that is still painted whole

-- Rows before and after `size` elements: reflection by k // 2, or as SAME does it: the odd one stands at the end.
local function margins(layer, size)
  local k, stride = layer.weight.shape[3], layer.stride or 1
  if layer.reflect then return k // 2, k // 2 end
  local total = math.max(0, ((size + stride - 1) // stride - 1) * stride + k - size)
  return total // 2, total - total // 2
end

local function convolve(layer, x, top, bottom, left, right)
  local act, mode = layer.relu and not layer.scale and "relu" or "none", layer.kind == "grow" and "replicate" or layer.reflect and "reflect" or "zero"
  return x:conv2d(layer.weight, layer.bias, { stride = layer.stride, pad = { top, left, bottom, right }, pad_mode = mode, act = act })
end

-- A layer's convolution of whole rows, the picture's edges above and below given by top and bottom.
local function raw(layer, x, top, bottom)
  if layer.kind == "transposed" then return x:conv_transpose2d(layer.weight, layer.bias, { stride = 2, pad = { 0, 0, 1, 1 } }) end
  local y = convolve(layer, x, top, bottom, margins(layer, x.shape[4]))
  if layer.kind ~= "grow" then return y end
  local shuffled = y:pixel_shuffle(2)
  y:release()
  return shuffled
end

-- How many channels a layer gives, and takes.
local function channels(layer)
  local shape = layer.weight.shape
  if layer.kind == "transposed" then return shape[2], shape[1] end
  return layer.kind and shape[1] // 4 or shape[1], shape[2]
end

local function height(layer, h)
  if layer.kind then return 2 * h end
  return (h + (layer.stride or 1) - 1) // (layer.stride or 1)
end

-- Layers from .. to on a whole picture.
local function run(layers, from, to, x)
  local kept
  for i = from, to do
    local layer, before = layers[i], x
    if layer.opens then kept = x end
    x = raw(layer, x, margins(layer, x.shape[3]))
    if before ~= kept and i > from then before:release() end
    if layer.scale then x:instance_norm_(layer.scale, layer.shift, { eps = layer.eps or 1e-5, act = layer.relu and "relu" or "none" }) end
    if layer.closes then x = x:add_(kept) end
    if layer.closes and i - 1 > from then kept:release() end
  end
  return x
end

-- ---- strips ----
-- A source gives rows a..b (from 0, b excluded) of what it stands for.
local function tensor_source(x)
  return { height = x.shape[3], width = x.shape[4], rows = function(a, b) return x:slice(3, a + 1, b) end }
end

-- Rows a..b of a layer's convolution, from as many rows of the source as that takes.
local function raw_rows(layer, source, a, b)
  if layer.kind == "transposed" then                       -- row r of the result = rows r // 2 and r // 2 - 1 of the source
    local low, high = math.max(0, (a - 1) // 2), math.min(source.height, (b + 1) // 2)
    local y = raw(layer, source.rows(low, high))
    return y:slice(3, a - 2 * low + 1, b - 2 * low)
  end
  local h, stride, k, first, last = source.height, layer.stride or 1, layer.weight.shape[3], a, b
  if layer.kind then first, last = a // 2, (b + 1) // 2 end                  -- each row becomes two
  local before = margins(layer, h)
  local low, high = first * stride - before, (last - 1) * stride - before + k
  local y = raw(layer, source.rows(math.max(0, low), math.min(h, high)), math.max(0, -low), math.max(0, high - h))
  return layer.kind and y:slice(3, a - 2 * first + 1, b - 2 * first) or y
end

-- Mean and variance of each channel, strips put together as Chan, Golub and LeVeque (1979) do; taken(a, b, y) gets each.
local function statistics(layer, source, strips, taken)
  local n, mean, m2 = 0
  for a, b in strips do
    local y = raw_rows(layer, source, a, b)
    if taken then taken(a, b, y) end
    local count, mu, var = y:numel() / y.shape[2], y:mean { 3, 4 }, y:var({ 3, 4 }, { unbiased = false })
    if n == 0 then n, mean, m2 = count, mu, var * count
    else
      local off = mu - mean
      m2 = m2 + var * count + off * off * (n * count / (n + count))
      mean, n = mean + off * (count / (n + count)), n + count
    end
  end
  return mean:view(-1), (m2 / n):view(-1)
end

-- Strips of h rows: from, to. What the one before left behind is let go first.
local function each(h, rows)
  local a = -rows
  return function()
    a = a + rows
    if a > 0 then collectgarbage() end
    if a < h then return a, math.min(h, a + rows) end
  end
end

-- Bytes that a row of a layer's result takes while it is made, all layers before it that are made anew with it.
local function row_bytes(layer, source, wide)
  local into, from = channels(layer)
  local per_row = layer.kind and 0.5 or layer.stride or 1                    -- rows of the source
  return 4 * (into * wide * ((layer.scale and 3 or 2) + (layer.kind == "grow" and 1 or 0)) + from * source.width * per_row * 2) + per_row * (source.cost or 0)
end

local function stage(layer, source, tell)
  local h = height(layer, source.height)
  local wide = layer.kind and 2 * source.width or (source.width + (layer.stride or 1) - 1) // (layer.stride or 1)
  local cost = row_bytes(layer, source, wide)
  local rows = math.max(16, math.floor(stylizer.STRIP_MB * 2 ^ 20 / cost))
  local mean, var
  if layer.scale then mean, var = statistics(layer, source, each(h, rows)) end
  tell()
  return { height = h, width = wide, strip = rows, cost = cost, rows = function(a, b)
    local y = raw_rows(layer, source, a, b)
    if layer.scale then
      y = y:contiguous():batch_norm(mean, var, layer.scale, layer.shift, { eps = layer.eps or 1e-5 })
      if layer.relu then y = y:relu() end
    end
    return y
  end }
end

-- All rows of a source, f done to each strip.
local function gather(source, f)
  local out
  for a, b in each(source.height, source.strip or source.height) do
    local y = source.rows(a, b)
    if f then y = f(y) end
    out = out or core.ops.zeros(1, y.shape[2], source.height, y.shape[4])
    out:slice(3, a + 1, b):copy_(y)
  end
  return out
end

-- A layer's convolution of f32[1,c,h,w], strip by strip, into a tensor of the same size, which may be the one that it reads: a row is kept until the next strip
-- has read it. Gives the norm's statistics.
local function convolve_into(layer, x, out, rows)
  local h, at, edge = x.shape[3], 0, nil
  local source = { height = h, width = x.shape[4], rows = function(a, b)      -- rows above `at` have been written over
    if not edge or a >= at then return x:slice(3, a + 1, b) end
    return b > at and core.ops.cat({ edge, x:slice(3, at + 1, b) }, 3) or edge
  end }
  local function strips()
    local next_strip = each(h, rows)
    return function()
      local a, b = next_strip()
      if a then at = a end
      return a, b
    end
  end
  return statistics(layer, source, strips(), function(a, b, y)
    edge = x:slice(3, b, b):clone()
    out:slice(3, a + 1, b):copy_(y)
  end)
end

-- The residual blocks, x overwritten: two tensors of the trunk's size are held, not five.
local function trunk(layers, first, last, x, tell)
  local h, inner = x.shape[3], core.ops.zeros_like(x)
  local rows = math.max(16, math.floor(stylizer.STRIP_MB * 2 ^ 20 / row_bytes(layers[first], { width = x.shape[4] }, x.shape[4])))
  for i = first, last, 2 do
    for k = 0, 1 do
      local layer = layers[i + k]
      local mean, var = convolve_into(layer, k == 0 and x or inner, inner, rows)
      for a, b in each(h, rows) do
        local place, kept = inner:slice(3, a + 1, b), x:slice(3, a + 1, b)
        local y = place:contiguous():batch_norm(mean, var, layer.scale, layer.shift, { eps = layer.eps or 1e-5 })
        if k == 0 then place:copy_(layer.relu and y:relu() or y) else kept:add_(y) end
      end
      tell()
    end
  end
  return x
end

--- stylizer.strips(layers, x, finish, progress) -> what finish makes of what stylizer.whole gives, within rounding, in memory for a few strips, the result and two
-- tensors of the trunk's size. progress(share) is called with 0..1.
function stylizer.strips(layers, x, finish, progress)
  local first, last, done = #layers + 1, #layers, 0
  for i, layer in ipairs(layers) do
    if layer.opens then first = math.min(first, i) end
    if layer.closes then last = i end
  end
  local function tell()
    done = done + 1
    if progress then progress(math.min(1, done / (#layers + 1))) end
  end
  local source = tensor_source(x)
  for i = 1, first - 1 do source = stage(layers[i], source, tell) end
  if first <= #layers then source = tensor_source(trunk(layers, first, last, gather(source), tell)) end
  for i = last + 1, #layers do source = stage(layers[i], source, tell) end
  local y = gather(source, finish)
  tell()
  return y
end

--- stylizer.whole(layers, x) -> f32[1,3,h,w] of f32[1,3,h,w]; h and w divisible by the product of the strides.
function stylizer.whole(layers, x) return run(layers, 1, #layers, x) end

-- Bytes of the widest layer's result, in MB.
local function widest(layers, h, w)
  local most, scale = 0, 1
  for _, layer in ipairs(layers) do
    scale = layer.kind and scale / 2 or scale * (layer.stride or 1)
    most = math.max(most, channels(layer) * h * w / scale ^ 2 / 2 ^ 18)
  end
  return most
end

--- stylizer.paint(layers, x, finish, progress) -> f32[3,h,w] of f32[3,h,w], any size: sides that 4 does not divide, or shorter than 12, are made longer by their last
-- pixels; strips where the widest layer would take more than stylizer.WHOLE_MB. finish(y) turns the net's output into 0..1.
function stylizer.paint(layers, x, finish, progress)
  local h, w = x.shape[2], x.shape[3]
  local tall, wide = math.max(12, (h + 3) // 4 * 4), math.max(12, (w + 3) // 4 * 4)
  x = x:contiguous():view(1, 3, h, w)
  if tall > h or wide > w then x = x:pad({ 0, wide - w, 0, tall - h }, { mode = "replicate" }) end
  local y
  if widest(layers, tall, wide) > stylizer.WHOLE_MB then
    y = stylizer.strips(layers, x, finish, progress)
  else
    local raw <close> = stylizer.whole(layers, x)
    y = finish(raw)
    if progress then progress(1.0) end
  end
  y = y:view(3, tall, wide)
  return (tall > h or wide > w) and y:slice(2, 1, h):slice(3, 1, w):contiguous() or y
end

--- stylizer.mix(name, styles) -> mixed, shares: mixed(f) is the sum of f(picture) times the picture's share. styles: one picture (image or tensor f32[3,h,w]), or a list of
-- { picture, weight } of which the proportions count. Errors begin with the name.
-- > genai.models.stylizer.mix("x", { { genai.ones(3, 1, 1), 1 }, { genai.zeros(3, 1, 1), 3 } })(function(p) return p:tensor():sum() end):item() == 0.75
function stylizer.mix(name, styles)
  local from = require("genai").image.from
  if type(styles) ~= "table" or getmetatable(styles) then styles = { { styles, 1 } } end
  local pictures, shares, total = {}, {}, 0.0
  if #styles == 0 then core.fail(name .. ": the list of styles is empty, wanted { { picture, weight }, .. }") end
  for i, entry in ipairs(styles) do
    local weight = type(entry) == "table" and not getmetatable(entry) and entry[2]
    if type(weight) ~= "number" or not (weight >= 0 and weight < math.huge) then
      core.fail(("%s: entry %d of the styles has the weight %s, wanted { picture, 0 or more }"):format(name, i, tostring(weight)))
    end
    pictures[i], shares[i], total = from(entry[1]), weight, total + weight
  end
  if not (total > 0 and total < math.huge) then core.fail(("%s: the weights of the styles add up to %g, wanted more than 0"):format(name, total)) end
  for i, weight in ipairs(shares) do shares[i] = weight / total end
  return function(f)
    local sum
    for i, picture in ipairs(pictures) do
      if shares[i] > 0 then
        local part = f(picture)
        if shares[i] < 1 then part = part * shares[i] end
        sum = sum and sum + part or part
      end
    end
    return sum
  end, shares
end

--- stylizer.apply(name, picture, recipe, f) -> what f makes of the picture, without a tape: f(x) -> f32[3,h,w] of f32[3,h,w] in 0..1. picture: an image, which gives
-- an image with the recipe, or a tensor, which gives a tensor. Another shape is an error that begins with the name.
function stylizer.apply(name, picture, recipe, f)
  local genai = require "genai"
  local tensor = core.is_tensor(picture)
  local x = tensor and picture or genai.image.from(picture):tensor()
  if x:dim() ~= 3 or x.shape[1] ~= 3 or x:numel() == 0 then
    core.fail(("%s: the picture is %s[%s], wanted f32[3,height,width]"):format(name, x.dtype, table.concat(x.shape, ",")))
  end
  local y = genai.no_grad(f, x:to "f32")
  if x:numel() > 1e5 then collectgarbage() end             -- no share of the time, and the next picture finds the room
  if tensor then return y end
  local out = genai.image.from(y)
  out.alt, recipe.from = picture.alt, picture.recipe
  out.recipe = recipe
  return out
end

return stylizer
