-- Coarse kernels against their plain twins (isa "ref") in sizes that fill lanes, tails and several tasks: results and first gradients, in both modes.
-- The op walk of test_ops does the same for every op in small.
local genai = require "genai"
local core = require "genai.core"
local tests = {}

local function random(rng)
  return function(...) return genai.randn({ ... }, { rng = rng }) end
end

local function ints(rng, n, most)
  local list = {}
  for i = 1, n do list[i] = rng:integer(0, most) end
  return genai.tensor(list, { dtype = "i32" })
end

-- name -> function(r, rng): the inputs that want gradients, and a function of them; its results are compared
local cases = {}

function cases.sums(r) return { r(5, 70, 300) }, function(x) return x:sum(2), x:sum(3), x:mean(), x:var(2), x:norm(3), x:max(2), x:min(3), x:logsumexp(2) end end
function cases.scans(r)
  return { r(3, 70, 270), r(2, 501) }, function(x, y) return x:cumsum(2), y:cumsum(2), y:cumsum(1), (x * 0.1 + 1):cumprod(2), (y * 0.1 + 1):cumprod(2) end
end
function cases.places(r)
  local x, few = r(3, 70, 270), r(40, 333):round()              -- many equals: the first counts
  x:select(1, 2):slice(1, 9, 9):fill_(0 / 0)
  return {}, function()
    return x:argmax(2), x:argmin(3), few:argmax(2), few:argmin(1), few:argmax(1), few:argmin(2)
  end
end
-- Winograd's way with one or two panels of tiles, shared by the threads.
function cases.small_pictures(r)
  return { r(1, 20, 13, 13), r(33, 20, 3, 3), r(33), r(1, 40, 27, 25), r(30, 40, 3, 3), r(2, 20, 12, 9) }, function(x, w, b, y, u, z)
    return x:conv2d(w, b, { pad = 1, act = "relu" }), x:conv2d(w, nil, { pad = 1 }):conv_transpose2d(w, nil, { pad = 1 }), y:conv2d(u, nil, { pad = 1 }), y:conv2d(u), z:conv2d(w, b, { pad = { 1, 2 } })
  end
end

-- Few output channels: taps as channels; columns of pixels; phases of transposed convolutions.
function cases.narrow_convolutions(r)
  return { r(1, 6, 40, 37), r(3, 6, 9, 9), r(3), r(2, 6, 7, 3), r(1, 32, 33, 40), r(32, 3, 4, 4), r(3), r(32, 2, 5, 6), r(32, 1, 8, 5) }, function(x, w, b, u, y, s, c, v, z)
    return x:conv2d(w, b, { pad = 4 }), x:conv2d(w, nil, { pad = { 0, 7 }, stride = { 1, 2 } }), x:conv2d(u, nil, { pad = { 3, 1 }, dilation = { 2, 1 } }),
      y:conv_transpose2d(s, c, { stride = 2, pad = 3 }), y:conv_transpose2d(v, nil, { stride = { 1, 3 }, pad = { 2, 1 }, out_pad = { 0, 2 } }), y:conv_transpose2d(z, nil, { stride = { 3, 2 } })
  end
end
-- Pictures of a few pixels: a panel's runs are short, and are gathered by a table.
function cases.tiny_pictures(r)
  return { r(9, 5, 6, 6), r(7, 5, 4, 4), r(5, 7, 4, 4), r(3, 5, 2, 3, 4), r(4, 5, 2, 2, 2) }, function(x, w, v, y, u)
    return x:conv2d(w, nil, { stride = 2, pad = 1 }), x:conv2d(w, nil, { pad = 3, dilation = 2, pad_mode = "circular" }), x:conv_transpose2d(v, nil, { stride = 2, pad = 1 }),
      x:conv_transpose2d(v), y:conv3d(u, nil, { pad = 1, stride = { 1, 2, 1 } }), x:conv2d(w, nil, { pad = { 2, 0, 1, 3 }, pad_mode = "reflect", act = "relu6" })
  end
end
-- Kernels three rows high and wide: Winograd's way down the rows.
function cases.wide_kernels(r)
  return { r(2, 8, 21, 50), r(8, 8, 3, 17), r(8) }, function(x, w, b)
    return x:conv2d(w, b, { pad = { 1, 8 } }), x:conv2d(w, nil, { stride = { 1, 3 }, pad = { 2, 0 } }), x:conv2d(w, b, { pad = { 1, 4, 0, 9 }, pad_mode = "reflect", act = "leaky_relu" }),
      x:conv2d(w, b, { pad = { 0, 16 }, dilation = { 1, 2 }, act = "relu" })
  end
end
-- The activation inside of the kernels: Winograd's ways, direct, plain products, depthwise, few outputs, a kernel that sees nothing but the bias.
function cases.activations(r)
  local x, y = r(2, 20, 24, 36), r(2, 20, 24, 36)
  local shapes = { { 18, 20, 3, 3 }, { 18, 20, 4, 4, 2 }, { 18, 20, 5, 3 }, { 18, 20, 1, 1 }, { 2, 20, 9, 9 }, { 20, 1, 3, 3, 1, 20 } }
  return { x }, function()
    local out = {}
    for i, s in ipairs(shapes) do
      local w, b = r(table.unpack(s, 1, 4)) * 0.25, r(s[1])
      for _, act in ipairs { "relu", "leaky_relu", "relu6" } do
        local options = { pad = 1, stride = s[5] or 1, groups = s[6] or 1, act = act, slope = 0.2 }
        out[#out + 1] = y:conv2d(w, i % 2 == 0 and b or nil, options)
        if s[1] == 18 then out[#out + 1] = out[#out]:conv_transpose2d(w, nil, options) end
      end
    end
    out[#out + 1] = y:conv_transpose2d(r(20, 3, 1, 1), r(3), { stride = 2, act = "relu" })
    out[#out + 1] = y:conv_transpose2d(r(20, 2, 4, 4), r(2), { stride = 2, act = "leaky_relu" })
    return table.unpack(out)
  end
end
function cases.columns(r)
  return { r(3, 20, 200, 1), r(16, 20, 9, 1), r(20, 16, 6, 1) }, function(x, w, v)
    return x:conv2d(w, nil, { stride = { 2, 1 }, pad = { 4, 0 } }), x:conv_transpose2d(v, nil, { stride = { 3, 1 }, pad = { 1, 0 } }), x:conv2d(w, nil, { dilation = { 3, 1 } })
  end
end
function cases.phases(r)
  return { r(2, 5, 17, 40), r(5, 18, 3, 3), r(5, 18, 5, 4), r(18) }, function(x, w, v, b)
    return x:conv_transpose2d(w, b, { stride = 2, pad = 1, out_pad = 1 }), x:conv_transpose2d(v, b, { stride = { 3, 2 }, pad = 2 }), x:conv_transpose2d(w, nil, { stride = 5 })
  end
end
function cases.softmax(r) return { r(3, 70, 270) * 4, r(50, 33) * 4 }, function(x, y) return x:softmax(2), y:softmax(), y:log_softmax(1), x:log_softmax(3) end end
function cases.layer_norm(r) return { r(60, 77), r(77), r(77), r(3, 40) }, function(x, w, b, y) return x:layer_norm(w, b), x:rms_norm(w), y:layer_norm() end end
function cases.group_norm(r)
  return { r(3, 12, 9, 11), r(12), r(12), r(2, 6, 5) }, function(x, w, b, y) return x:group_norm(4, w, b), y:group_norm(2), x:instance_norm(w, b), x:group_norm(1), x:instance_norm(w, b, { act = 'leaky_relu', slope = 0.3 }), x:detach():instance_norm(nil, nil, { act = 'relu' }) end
end
function cases.batch_norm(r)
  local wide, narrow = r(4, 20, 9, 7), r(70, 20)
  return { wide, narrow, r(20), r(20), r(6, 20, 3) }, function(x, y, w, b, z)
    local function buffers() return genai.zeros(20) + 0.1, genai.ones(20) * 1.2 end
    local m, v = buffers()
    local a, n, k = x:batch_norm(m, v, w, b, { train = true }), y:batch_norm(m, v, w, b, { train = true }), z:batch_norm(m, v, nil, nil, { train = true })
    local p, q = buffers()
    return a, n, k, m:clone(), v:clone(), x:batch_norm(p, q, w, b), y:batch_norm(p, q), z:batch_norm(p, q, w)
  end
end
function cases.cross_entropy(r, rng)
  local classes, places, weight = ints(rng, 90, 36), ints(rng, 3 * 140, 10):reshape(3, 140), r(37):abs() + 0.1
  local light = weight:slice(1, 1, 11)
  return { r(90, 37), r(3, 11, 140) }, function(x, y)
    return x:cross_entropy(classes), y:cross_entropy(places, { reduce = "none" }), x:cross_entropy(classes, { smooth = 0.1, weight = weight, ignore = 3 }),
      y:cross_entropy(places, { smooth = 0.2, weight = light, ignore = 5, reduce = "sum" })
  end
end
function cases.max_pools(r)
  return { r(2, 3, 40, 50), r(2, 3, 333), r(1, 2, 7, 8, 9) }, function(x, y, z)
    return x:max_pool2d(2), x:max_pool2d(3, { stride = 2, pad = 1 }), x:max_pool2d({ 5, 2 }, { stride = { 3, 1 }, ceil = true }), y:max_pool1d(7, { stride = 2, pad = 3 }),
      z:max_pool3d(3, { stride = 2, pad = 1 })
  end
end
function cases.mean_pools(r)
  return { r(2, 3, 40, 50), r(2, 3, 333), r(1, 2, 7, 8, 9) }, function(x, y, z)
    return x:avg_pool2d(2), x:avg_pool2d(3, { stride = 2, pad = 1 }), x:avg_pool2d(3, { stride = 2, pad = 1, ceil = true, count_pad = false }),
      y:avg_pool1d(7, { stride = 4, pad = 3, ceil = true }), z:avg_pool3d(3, { stride = 2, pad = 1 }), x:adaptive_avg_pool2d { 3, 7 }
  end
end
function cases.resize(r)
  return { r(2, 3, 19, 23) }, function(x)
    return x:resize { 40, 50 }, x:resize { 7, 5 }, x:resize({ 38, 46 }, { mode = "bilinear" }), x:resize({ 31, 12 }, { mode = "bilinear", align_corners = true }),
      x:resize({ 41, 64 }, { mode = "bicubic" }), x:resize({ 9, 11 }, { mode = "bilinear", antialias = true }), x:resize({ 5, 7 }, { mode = "area" }), x:resize({ 19, 40 }, { mode = "bilinear" })
  end
end
function cases.pad(r)
  return { r(2, 3, 19, 23) }, function(x)
    return x:pad({ 2, 3, 1, 4 }, { value = 0.5 }), x:pad({ 2, 3, 1, 4 }, { mode = "reflect" }), x:pad({ 2, 3 }, { mode = "replicate" }), x:pad({ 5, 1, 3, 3 }, { mode = "circular" }),
      x:pad { -2, 4, 3, -1 }, x:view(6, 437, 1):pad { 0, 0, 30, 41 }, x:view(6, 437, 1):pad { 1, -1, 2, 0 }, x:view(6, 19, 23, 1):pad({ 0, 0, 4, 9 }, { mode = "reflect" })
  end
end
-- Rows of two elements, in another order: pairs move as one, and are packed before they are multiplied.
function cases.pairs(r)
  local x, h = r(70, 90, 2), r(60, 50, 2):to "f16"
  local t, u, y = x:transpose(1, 2), h:transpose(1, 2), {}
  local lists = x:totable()
  for i = 1, 90 do
    y[i] = {}
    for j = 1, 70 do y[i][j] = lists[j][i] end
  end
  assert(t:contiguous():eq(genai.tensor(y)):all():item())
  assert(u:contiguous():transpose(1, 2):eq(h):all():item())
  local wide = r(70, 91, 3):slice(3, 2, 3):transpose(1, 2)                -- pairs that begin at odd places
  assert(wide:contiguous():transpose(1, 2):contiguous():eq(wide:transpose(1, 2)):all():item())
  return { x }, function(z) return z:transpose(1, 2) * r(90, 1, 1), z:transpose(1, 2):square():sum(-1) end
end
-- Steps of an lstm: weights that are kept packed (no gradient wanted) and a few rows at a time, one row, units that do not fill the columns of a tile.
function cases.steps(r)
  local x = r(1, 1, 1)
  local function net(h, i, plain) return { { r(4 * h, i) * 0.3, r(4 * h, h) * 0.3, not plain and r(4 * h) or nil, not plain and r(4 * h) or nil } } end
  local small, wide, plain, odd = net(64, 3), net(448, 20), net(64, 3, true), net(37, 5)
  local inputs = { r(1, 17, 3), r(4, 17, 3), r(3, 5, 20), r(1, 1, 3), r(2, 6, 5) }
  local state = { r(1, 17, 64), r(1, 17, 64) }
  return { x }, function(z)
    local y, s = inputs[1]:lstm(state, small)
    local u, t = inputs[2]:lstm(state, small, { reverse = true })
    local v = inputs[3]:lstm(nil, wide)
    return y, s[1], s[2], u, t[1], t[2], v, inputs[1]:lstm(nil, plain), inputs[4]:lstm(nil, small), inputs[5]:lstm(nil, odd), ((inputs[1] * z):lstm(state, small))
  end
end
function cases.fourier(r)
  local x, y = r(11, 64, 2), r(11, 60)
  return { x, y, r(3, 37, 2), r(3, 35), r(2, 67), r(9, 33, 2), r(1, 500) }, function(a, b, c, d, e, h, long)
    return a:fft(), a:ifft(), b:rfft(), c:fft(), c:ifft(), d:rfft(), e:rfft(), h:irfft(), h:irfft(65), h:irfft(37), long:rfft(), b:rfft(22), long:rfft(487)
  end
end
function cases.distances(r) return { r(3, 20, 37), r(3, 30, 37) }, function(a, b) return a:cdist(b) end end
function cases.optimisers(r)
  local w, grad, m, v = r(700), r(700), r(700), r(700):abs()
  return {}, function()
    local out = {}
    for step, options in ipairs { { lr = 0.1 }, { lr = 0.01, decay = 0.1, coupled = true, scale = 0.5 }, { lr = 0.01, decay = 0.1, beta1 = 0.8, eps = 1e-3 } } do
      local a, b, c = w:clone(), m:clone(), v:clone()
      options.step = step
      a:adam_(grad, b, c, options)
      out[#out + 1], out[#out + 2], out[#out + 3] = a, b, c
    end
    for _, options in ipairs { { lr = 0.1, decay = 0.2, scale = 0.5 }, { lr = 0.1, momentum = 0.9 }, { lr = 0.1, momentum = 0.9, nesterov = true, decay = 0.1 } } do
      local a, b = w:clone(), options.momentum and m:clone() or nil
      a:sgd_(grad, b, options)
      out[#out + 1] = a
      if b then out[#out + 1] = b end
    end
    return table.unpack(out)
  end
end

-- Results, then the gradients of a weighed sum of those that learn.
local function run(case)
  local rng = genai.rng(5, "ref")
  local xs, f = case(random(rng), rng)
  for i, x in ipairs(xs) do xs[i] = x:detach():clone():requires_grad_() end
  local out, sum = { f(table.unpack(xs)) }, nil
  for i, y in ipairs(out) do
    if y.requires_grad then
      local part = (y * genai.randn_like(y:detach(), { rng = genai.rng(i, "weight") })):sum()
      sum, out[i] = sum and sum + part or part, y:detach()
    end
  end
  if sum then for _, g in ipairs { genai.grad(sum, xs) } do out[#out + 1] = g end end
  return out
end

local function compare(name, ours, theirs)
  assert(#ours == #theirs and #ours > 0)
  for i, a in ipairs(ours) do
    local b, at = theirs[i], ("%s: result %d"):format(name, i)
    if a.dtype ~= "f32" then assert(a:equal(b), at)
    else
      local off, most = (a - b):abs():max():item(), b:abs():max():item()
      assert(off <= 2e-5 * math.max(most, 1e-3), ("%s is %g off, largest %g"):format(at, off, most))
    end
  end
end

for name, case in pairs(cases) do
  tests[name] = function()
    local best = core.isa()
    core.isa "ref"
    local fine, plain = pcall(run, case)
    core.isa(best)
    assert(fine, plain)
    compare(name .. " (fast)", run(case), plain)
    core.mode "exact"
    compare(name .. " (exact)", run(case), plain)
  end
end

return tests
