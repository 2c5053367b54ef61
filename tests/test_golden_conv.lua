-- Convolutions, pools, resizing, padding and sampling against PyTorch's values, first and second gradients (tests/golden/make_conv.py).
local genai = require "genai"
local hidden = require "genai.core".ops
local tools = dofile "tests/tools.lua"

-- 1e-5 of the largest element; Winograd's way (16 channels and more) 1e-4 of the rms.
local tests = dofile "tests/golden.lua" { name = "conv", first = 1, dir = "toward", zero = 0, types = true, room = function(most, _, _, numbers)
  local room, square = 1e-5 * math.max(most, 1e-3), 0
  if #numbers <= 2000 then return room end
  for i = 1, #numbers do square = square + numbers[i] * numbers[i] end
  return math.max(room, 1e-4 * math.sqrt(square / #numbers))
end }

function tests.empty_and_broken()
  local x, w = genai.zeros(0, 2, 5, 5), genai.ones(3, 2, 3, 3)
  assert(x:conv2d(w).shape[1] == 0 and x:max_pool2d(2).shape[1] == 0 and x:resize({ 2, 2 }).shape[1] == 0)
  local refused = tools.fails
  x = genai.ones(1, 2, 5, 5)
  refused("conv2d: w", genai.conv2d, x, genai.ones(3, 1, 3, 3))
  refused("conv2d: w", genai.conv2d, x, genai.ones(3, 2, 7, 3))
  refused("conv2d: b", genai.conv2d, x, w, genai.ones(2))
  refused("stride", genai.conv2d, x, w, { stride = 0 })
  refused("stride", genai.conv2d, x, w, { stride = { 1, 1, 1 } })
  refused("same", genai.conv2d, x, w, { stride = 2, pad = "same" })
  refused("wanted a number", genai.conv2d, x, w, { pad = "some" })
  refused("groups", genai.conv2d, x, w, { groups = 2 })
  refused("out_pad", genai.conv_transpose2d, x, genai.ones(2, 1, 2, 2), { out_pad = 1 })
  refused("pad is", genai.max_pool2d, x, 2, { pad = 2 })
  refused("window", genai.max_pool2d, x, 6)
  refused("size", genai.resize, x, { 0, 2 })
  refused("antialias", genai.resize, x, { 2, 2 }, { antialias = true })
  tools.fails("pad", genai.pad, x, { 5, 5 }, { mode = "reflect" })
  refused("unfold", genai.unfold, x, 3, 6, 1)
  refused("pixel_shuffle", genai.pixel_shuffle, x, 2)
end

function tests.types()
  local x, w = genai.ones(1, 2, 4, 4):to("f16"), genai.ones(1, 2, 2, 2):to("f16")
  assert(x:conv2d(w).dtype == "f16" and x:max_pool2d(2).dtype == "f16" and x:pad({ 1, 1 }).dtype == "f16")
  local i = genai.tensor({ 1, 2, 3 }, { dtype = "i32" })
  assert(i:pad({ 1, 2 }, { value = 9 }):equal(genai.tensor({ 9, 1, 2, 3, 9, 9 }, { dtype = "i32" })))
  assert(i:pad({ 2, -1 }):equal(genai.tensor({ 0, 0, 1, 2 }, { dtype = "i32" })) and i:pad({ 1, 1 }, { mode = "circular" }):equal(genai.tensor({ 3, 1, 2, 3, 1 }, { dtype = "i32" })))
  assert(i:flip(1):equal(genai.tensor({ 3, 2, 1 }, { dtype = "i32" })) and i:roll(1):equal(genai.tensor({ 3, 1, 2 }, { dtype = "i32" })))
  local nan = genai.tensor { { { { 1, 0 / 0 }, { 2, 3 } } } }
  assert(nan:max_pool2d(2):isnan():all():item())
end

-- the gradient of grid_sample's gradients against differences (PyTorch has none)
function tests.grid_second()
  for _, options in ipairs { {}, { align_corners = true }, { pad_mode = "border" } } do
    local r = genai.rng(9, "grid")
    local x, grid = genai.randn(1, 2, 4, 5, { rng = r }):requires_grad_(), (genai.rand(1, 3, 2, 2, { rng = r }) * 1.6 - 0.8):requires_grad_()
    local w, u, v = genai.randn(1, 2, 3, 2, { rng = r }), genai.randn(1, 2, 4, 5, { rng = r }), genai.randn(1, 3, 2, 2, { rng = r })
    local function value(p, q)
      p, q = p:detach():requires_grad_(), q:detach():requires_grad_()
      local a, b = genai.grad((p:grid_sample(q, options) * w):sum(), { p, q })
      return ((a * u):sum() + (b * v):sum()):item()
    end
    local a, b = genai.grad((x:grid_sample(grid, options) * w):sum(), { x, grid }, { create_graph = true })
    local da, db = genai.grad((a * u):sum() + (b * v):sum(), { x, grid })
    local step = 1e-3
    for _, t in ipairs { { da, u, 1 }, { db, v, 2 } } do
      local plus = t[3] == 1 and value(x + u * step, grid) or value(x, grid + v * step)
      local minus = t[3] == 1 and value(x - u * step, grid) or value(x, grid - v * step)
      local slope, ours = (plus - minus) / (2 * step), (t[1] * t[2]):sum():item()
      assert(math.abs(slope - ours) < 2e-2 * math.max(1, math.abs(slope)), ("grid second %d: %g, wanted %g"):format(t[3], ours, slope))
    end
  end
end

-- Two ways to say the same, results and gradients.
local function same(f, g, ...)
  local xs = { ... }
  for _, x in ipairs(xs) do x:requires_grad_() end
  local a, b = f(table.unpack(xs)), g(table.unpack(xs))
  assert((a - b):abs():max():item() < 1e-4)
  local seed = genai.randn_like(a:detach())
  local ga, gb = { genai.grad((a * seed):sum(), xs) }, { genai.grad((b * seed):sum(), xs) }
  for i = 1, #xs do assert((ga[i] - gb[i]):abs():max():item() < 1e-3, i) end
end

function tests.pads_of_each_side_and_activations_on_the_tape()
  for _, mode in ipairs { "zero", "reflect" } do
    same(function(x, w, b) return x:conv2d(w, b, { pad = { 1, 0, 2, 3 }, stride = { 2, 1 }, pad_mode = mode, act = "leaky_relu", slope = 0.1 }) end,
      function(x, w, b) return x:pad({ 0, 3, 1, 2 }, { mode = mode == "zero" and "constant" or mode }):conv2d(w, b, { stride = { 2, 1 } }):leaky_relu(0.1) end,
      genai.randn(2, 3, 9, 8), genai.randn(4, 3, 3, 3), genai.randn(4))
  end
  same(function(x, w) return x:conv_transpose2d(w, nil, { stride = 2, pad = { 0, 1, 1, 0 } }) end,
    function(x, w) return x:conv_transpose2d(w, nil, { stride = 2 }):slice(3, 1, 10):slice(4, 2, 13) end, genai.randn(2, 3, 5, 6), genai.randn(3, 4, 3, 3))
  same(function(x, w, b) return x:instance_norm(w, b, { act = "relu" }) end, function(x, w, b) return x:instance_norm(w, b):relu() end,
    genai.randn(2, 3, 5, 6), genai.randn(3), genai.randn(3))
  tools.fails("pad", genai.conv2d, genai.ones(1, 1, 4, 4), genai.ones(1, 1, 3, 3), { pad = { 1, 1, 1 } })
end

-- Off the tape the kernels pad themselves: each kind of them (direct, Winograd's two, few outputs, depthwise, small, in strips) as after pad.
function tests.kernels_pad_as_pad_does()
  local function compare(x, w, options)
    local dims, pairs_of = x:dim() - 2, {}
    local name = ("conv%dd"):format(dims)
    for d = dims, 1, -1 do
      table.insert(pairs_of, options.pad[d])
      table.insert(pairs_of, options.pad[dims + d])
    end
    for _, mode in ipairs { "reflect", "replicate", "circular" } do
      local plain = { stride = options.stride, dilation = options.dilation, groups = options.groups, act = options.act }
      local z = x:pad(pairs_of, { mode = mode })
      local want = z[name](z, w, nil, plain)
      plain.pad, plain.pad_mode = options.pad, mode
      local off = (x[name](x, w, nil, plain) - want):abs():max():item()
      assert(off <= 2e-5 * want:abs():max():item(), ("%s %s of %s: %g"):format(mode, name, table.concat(x.shape, ","), off))
    end
  end
  local rng = genai.rng(4, "pads")
  local function r(...) return genai.randn({ ... }, { rng = rng }) end
  for _, h in ipairs { 5, 37, 66 } do
    for _, pad in ipairs { { 1, 1, 1, 1 }, { 0, 2, 3, 1 }, { 4, 4, 4, 4 } } do
      compare(r(1, 16, h, h + 3), r(24, 16, 3, 3), { pad = pad, act = "relu" })
      compare(r(2, 16, h, h + 3), r(16, 16, 4, 4), { pad = pad, stride = 2 })
      compare(r(1, 16, h, h + 3), r(9, 16, 3, 3), { pad = pad, stride = 2 })
      compare(r(1, 4, h, h + 3), r(6, 2, 3, 2), { pad = pad, stride = { 1, 3 }, groups = 2 })
      compare(r(1, 5, h, h + 3), r(5, 1, 3, 3), { pad = pad, groups = 5, stride = pad[1] == 1 and 2 or 1, dilation = pad[2] == 2 and 2 or 1 })
      if h > 5 then compare(r(1, 8, h, h + 3), r(3, 8, 9, 9), { pad = pad }) end
    end
  end
  compare(r(1, 16, 200, 201), r(8, 16, 3, 3), { pad = { 1, 1, 1, 1 }, stride = 2 })
  compare(r(2, 3, 17), r(4, 3, 5), { pad = { 4, 3 }, dilation = 2 })
  compare(r(2, 3, 5, 6, 7), r(4, 3, 3, 2, 3), { pad = { 1, 2, 3, 2, 1, 0 } })
  tools.fails("pad", genai.conv2d, genai.ones(1, 1, 4, 4), genai.ones(1, 1, 3, 3), { pad = 4, pad_mode = "reflect" })
  tools.fails("pad", genai.conv2d, genai.ones(1, 1, 4, 4), genai.ones(1, 1, 3, 3), { pad = 5, pad_mode = "circular" })
  assert(genai.ones(1, 1, 2, 2):conv2d(genai.ones(1, 1, 1, 1), nil, { pad = 9, pad_mode = "replicate" }):sum():item() == 400)
end

-- Kernels larger than 3x3 go Winograd's way in parts: as in exact mode, also their gradients and the second ones.
function tests.large_kernels()
  local core = require "genai.core"
  local function both(f)
    core.mode "exact"
    local want = { f() }
    core.mode "fast"
    for i, y in ipairs { f() } do
      local off, rms = (y - want[i]):abs():max():item(), (want[i] * want[i]):mean():sqrt():item()
      assert(off <= 1e-4 * rms, ("result %d of %s: off by %g, rms %g"):format(i, table.concat(y.shape, ","), off, rms))
    end
  end
  for _, k in ipairs { { 5, 5 }, { 6, 5 }, { 7, 7 }, { 3, 5 }, { 9, 9 } } do
    for _, mode in ipairs { "zero", "reflect" } do
      local x, w, b = genai.randn(2, 6, 27, 34), genai.randn(17, 6, k[1], k[2]), genai.randn(17)
      both(function() return x:conv2d(w, b, { pad = { 2, 1, 0, 3 }, pad_mode = mode, act = "relu" }) end)
    end
    local x, w = genai.randn(1, 16, 20, 23):requires_grad_(), genai.randn(18, 16, k[1], k[2]):requires_grad_()
    both(function() return x:detach():conv_transpose2d(w:detach():transpose(1, 2):contiguous(), nil, { pad = 1 }) end)
    both(function()
      local y = x:conv2d(w, nil, { pad = k[1] // 2 })
      local gx, gw = genai.grad((y * y):sum(), { x, w }, { create_graph = true })
      return gx, gw, genai.grad((gx * gx):sum(), { w })
    end)
  end
end

-- Fewer channels than the longest vector has lanes: the gradient of the weights by Winograd's way.
function tests.weights_of_few_channels()
  local core = require "genai.core"
  for _, c in ipairs { { 8, 10 }, { 9, 12 }, { 13, 16 }, { 15, 17 } } do
    local x, w = genai.randn(2, c[1], 24, 25), genai.randn(c[2], c[1], 3, 3):requires_grad_()
    local function grad()
      local y = x:conv2d(w, nil, { pad = 1 })
      return genai.grad((y * y):sum(), { w })
    end
    core.mode "exact"
    local want = grad()
    core.mode "fast"
    assert((grad() - want):abs():max():item() <= 1e-4 * want:abs():max():item(), ("%d channels"):format(c[1]))
  end
end

-- A convolution of a picture made larger by nearest: with its edge by reflection, and as one of the small picture that repeats its edge.
function tests.convolution_before_shuffle()
  local x, w = genai.randn(2, 5, 7, 9), genai.randn(4, 5, 3, 3)
  for _, s in ipairs { 2, 3 } do
    local small = x:conv2d(genai.models.weights.before_shuffle(w, s), nil, { pad = 1, pad_mode = "replicate" }):pixel_shuffle(s)
    local large = x:resize({ 7 * s, 9 * s }):conv2d(w, nil, { pad = 1, pad_mode = s == 2 and "reflect" or "replicate" })
    assert((small - large):abs():max():item() < 1e-4, s)
  end
  for _, dtype in ipairs { "u8", "f16", "f32", "i64" } do                   -- pairs of rows of all sizes of elements
    local y = genai.arange(2 * 8 * 5 * 37):remainder(251):view(2, 8, 5, 37):to(dtype)
    assert(y:pixel_shuffle(2):pixel_unshuffle(2):equal(y), dtype)
  end
end

-- Three outputs take a way of their own, some rows of a tall picture at a time; twelve do not.
function tests.few_outputs_of_tall_pictures()
  local x, w = genai.randn(2, 8, 1100, 41), genai.randn(12, 8, 9, 9)
  for _, mode in ipairs { "zero", "reflect" } do
    local options = { pad = 4, pad_mode = mode, act = "relu" }
    local want = x:conv2d(w, nil, options):slice(2, 1, 3)
    assert((x:conv2d(w:slice(1, 1, 3), nil, options) - want):abs():max():item() <= 1e-5 * want:max():item(), mode)
  end
end

-- In place, also through a view; the result is the tensor itself.
-- Pools without positions (rows first, vectors of columns) against those with positions (one window after the other).
function tests.max_pools_of_any_width()
  local r = genai.rng(4, "pool")
  for width = 1, 75 do
    for _, o in ipairs { { 2, 2, 0 }, { 3, 2, 0 }, { 3, 2, 1 }, { 3, 1, 1 }, { 2, 3, 1 }, { 4, 2, 2 }, { 5, 2, 0 } } do
      local size, stride, pad = o[1], o[2], o[3]
      if width + 2 * pad >= size then
        local x = genai.randn(2, 3, 6, width, { rng = r })
        x[2][1][4][(width + 1) // 2] = 0 / 0
        x[1][2][3][1], x[1][2][4][1] = math.huge, -math.huge
        local options = { stride = stride, pad = pad, ceil = width % 2 == 0 }
        local values = x:max_pool2d(size, options)
        local want = x:clone():requires_grad_():max_pool2d(size, options):detach()
        assert(values:isnan():equal(want:isnan()) and genai.where(want:isnan(), 0, values):equal(genai.where(want:isnan(), 0, want)), ("width %d, window %d, step %d, pad %d"):format(width, size, stride, pad))
      end
    end
  end
  local deep = genai.randn(1, 2, 5, 6, 40, { rng = r })
  assert(deep:max_pool3d(3, { stride = 2, pad = 1 }):equal(deep:clone():requires_grad_():max_pool3d(3, { stride = 2, pad = 1 }):detach()))
end

-- A convolution with the pool of its result, by bands of rows, against one after the other. Shapes that go the plain way are among them.
function tests.convolutions_with_their_pools()
  local r = genai.rng(5, "conv_pool")
  local shapes = { { 1, 3, 64, 57, 224, 3, 2, 0, 3, 2, 0 }, { 2, 3, 24, 121, 95, 7, 2, 3, 3, 2, 1 }, { 1, 2, 70, 80, 31, 5, 1, 2, 2, 2, 0 }, { 1, 1, 33, 90, 65, 3, 2, 1, 3, 1, 1 },
    { 1, 3, 64, 41, 130, 4, 3, 1, 2, 3, 0 }, { 1, 4, 8, 12, 12, 3, 2, 1, 2, 2, 0 }, { 1, 16, 32, 60, 60, 3, 1, 1, 2, 2, 0 }, { 3, 3, 40, 50, 50, 5, 2, 2, 5, 4, 2 } }
  local function out(n, size, stride, pad) return (n + 2 * pad - size) // stride + 1 end
  for i, c in ipairs(shapes) do
    local n, ci, o, h, w, k, stride, pad, size, step, edge = table.unpack(c)
    local x, v, b = genai.randn(n, ci, h, w, { rng = r }), genai.randn(o, ci, k, k, { rng = r }), genai.randn(o, { rng = r })
    if i == 2 then x[1][1][60][40] = 0 / 0 end
    local space = { out(h, k, stride, pad), out(w, k, stride, pad) }
    local geometry, window, pooled = { 1, stride, stride, 0, pad, pad, 1, 1, 1 }, { 1, size, size, 1, step, step, 0, edge, edge }, { out(space[1], size, step, edge), out(space[2], size, step, edge) }
    for act = 0, 3 do
      local y = hidden.conv_pool(x, v, act > 0 and b or nil, geometry, space, 1, act, 0.1, window, pooled)
      local want = hidden.max_pool_values(hidden.conv_nd(x, v, act > 0 and b or nil, geometry, space, 1, act, 0.1), window, pooled)
      assert(y:isnan():equal(want:isnan()) and genai.where(want:isnan(), 0, y):equal(genai.where(want:isnan(), 0, want)), ("shape %d, activation %d"):format(i, act))
    end
  end
end

-- A picture one deep under a deeper kernel: bands are of kernels one deep.
function tests.deep_kernels_with_their_pools()
  local x, w = genai.randn(1, 3, 1, 120, 120), genai.randn(24, 3, 3, 3, 3)
  local geometry, window = { 1, 2, 2, 1, 1, 1, 1, 1, 1 }, { 1, 2, 2, 1, 2, 2, 0, 0, 0 }
  local y = hidden.conv_pool(x, w, nil, geometry, { 1, 60, 60 }, 1, 0, 0, window, { 1, 30, 30 })
  assert(y:equal(hidden.max_pool_values(hidden.conv_nd(x, w, nil, geometry, { 1, 60, 60 }, 1, 0, 0), window, { 1, 30, 30 })))
end

function tests.instance_norm_in_place()
  local x, w, b = genai.randn(2, 5, 7, 9), genai.randn(5), genai.randn(5)
  for _, act in ipairs { "none", "relu", "leaky_relu", "relu6" } do
    local want, z = x:instance_norm(w, b, { act = act, slope = 0.2 }), genai.zeros(2, 5, 9, 7):transpose(3, 4)
    z:copy_(x)
    assert(rawequal(z:instance_norm_(w, b, { act = act, slope = 0.2 }), z) and z:equal(want), act)
  end
  tools.fails("tensor of floats", genai.instance_norm_, genai.zeros(2, 3, { dtype = "i32" }))
end

return tests
