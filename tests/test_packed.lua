-- Weights kept in packed form: what is kept must never show in a result.
local genai = require "genai"
local core = require "genai.core"

local refused = dofile("tests/tools.lua").fails

local function exact(x, w, options)
  core.mode "exact"
  local y = x:conv2d(w, nil, options)
  core.mode "fast"
  return y
end

local function agrees(x, w, options)
  local y, want = x:conv2d(w, nil, options), exact(x, w, options)
  return (y - want):abs():max():item() <= 2e-4 * want:abs():max():item()
end

local tests = {}

function tests.weights_written_in_place()
  local x, w = genai.randn(1, 32, 20, 20), genai.randn(32, 32, 3, 3)
  local first = x:conv2d(w, nil, { pad = 1 })
  assert(first:equal(x:conv2d(w, nil, { pad = 1 })))                        -- the second call finds the packed form
  w:mul_(2)
  assert(agrees(x, w, { pad = 1 }) and not first:equal(x:conv2d(w, nil, { pad = 1 })))
  w[3] = genai.zeros(32, 3, 3)
  assert(agrees(x, w, { pad = 1 }))
  w:slice(1, 5, 9):fill_(0.5)                                               -- through a view
  assert(agrees(x, w, { pad = 1 }))
  assert(x:conv2d(w, nil, { pad = 1 }):equal(x:conv2d(w:clone(), nil, { pad = 1 })))
end

-- The same numbers in another shape, or in other groups.
function tests.views_of_one_storage()
  local w, x, y = genai.randn(32, 16, 3, 3), genai.randn(1, 16, 20, 20), genai.randn(1, 32, 20, 20)
  local calls = {}
  for _, o in ipairs { { stride = 2, pad = 1 }, { pad = 1 } } do
    for _, call in ipairs { { x, w, o }, { y, w:view(16, 32, 3, 3), o }, { y, w, { stride = o.stride, pad = 1, groups = 2 } } } do calls[#calls + 1] = call end
  end
  for _ = 1, 2 do                                                            -- all of them before the first in exact mode, which keeps nothing
    local out = {}
    for i, c in ipairs(calls) do out[i] = c[1]:conv2d(c[2], nil, c[3]) end
    for i, c in ipairs(calls) do assert((out[i] - exact(c[1], c[2], c[3])):abs():max():item() <= 1e-2, i) end
  end
  local m, a = genai.randn(64, 64), genai.randn(16, 32)
  local part = m:view(128, 32):slice(1, 1, 32):contiguous()
  local half, line = m:slice(1, 1, 32):slice(2, 1, 32), m:view(128, 32):slice(1, 1, 32)
  for _ = 1, 2 do
    assert((a:linear(half) - a:matmul(half:contiguous():transpose(1, 2))):abs():max():item() <= 1e-4)
    assert((a:linear(line) - a:matmul(part:transpose(1, 2))):abs():max():item() <= 1e-4)
  end
end

-- One set of weights at sizes that want different forms of it: plain products, few and many panels of Winograd's.
function tests.sizes_in_turn()
  local w3, w1 = genai.randn(50, 40, 3, 3), genai.randn(50, 40, 1, 1)
  for round = 1, 2 do
    local done = {}
    for i, size in ipairs { { 13, 13 }, { 27, 27 }, { 40, 31 }, { 13, 13 }, { 5, 60 } } do
      local x, y = genai.randn(round, 40, size[1], size[2]), genai.randn(round, 50, size[1], size[2])
      done[i] = { x, y, x:conv2d(w3, nil, { pad = 1 }), x:conv2d(w1), y:conv_transpose2d(w1) }
    end
    for _, d in ipairs(done) do
      local three, one, back = exact(d[1], w3, { pad = 1 }), exact(d[1], w1, {}), genai.einsum("nohw,oc->nchw", d[2], w1:view(50, 40))
      assert((d[3] - three):abs():max():item() <= 1e-2 and (d[4] - one):abs():max():item() <= 1e-3 and (d[5] - back):abs():max():item() <= 1e-3)
    end
    w3:mul_(-1.5)
    w1:add_(0.25)
  end
end

-- Recurrent weights that are multiples of one number, at one row: kept as whole numbers of 16 bits.
function tests.whole_recurrent_weights()
  local rng = genai.rng(3, "whole")
  local function whole(most, ...) return (genai.rand(..., { rng = rng }) * (2 * most) - most):round() end
  local x, h, c = genai.randn(1, 1, 7, { rng = rng }), genai.randn(1, 1, 256, { rng = rng }), genai.randn(1, 1, 256, { rng = rng })
  local w_ih, b = genai.randn(1024, 7, { rng = rng }), genai.randn(1024, { rng = rng })
  local function off(w)
    local y = x:lstm({ h, c }, { { w_ih, w, b, b } })
    core.mode "exact"
    local want = x:lstm({ h, c }, { { w_ih, w, b, b } })
    core.mode "fast"
    return (y - want):abs():max():item(), y
  end
  local w = whole(32767, { 1024, 256 }) * (1 / 327670)
  w[1][1], w[9][200], w[1024][256] = 1 / 327670, -0.1, 0.1
  local far, first = off(w)
  assert(far <= 5e-6 and first:equal(select(2, off(w))), far)
  w[700][31] = 0.01234567                                                   -- no multiple of anything
  far = off(w)
  assert(far <= 5e-6, far)
  w:copy_(whole(3, { 1024, 256 }) * 0.25)
  far = off(w)
  assert(far <= 5e-6, far)
  local g = x:gru({ h }, { { w_ih:slice(1, 1, 768), w:slice(1, 1, 768), b:slice(1, 1, 768), b:slice(1, 1, 768) } })
  core.mode "exact"
  local want = x:gru({ h }, { { w_ih:slice(1, 1, 768), w:slice(1, 1, 768), b:slice(1, 1, 768), b:slice(1, 1, 768) } })
  core.mode "fast"
  assert(((g - want)):abs():max():item() <= 5e-6)
  w:fill_(0)
  assert(off(w) <= 5e-6)
  w[5][5] = 0 / 0
  assert(off(w) ~= off(w))
end

function tests.many_weights_one_after_another()
  local x, list = genai.randn(1, 32, 20, 20), {}
  for round = 1, 3 do
    for i = 1, 24 do
      list[i] = round == 2 and list[i] or genai.randn(32, 32, 3, 3)         -- freed ones' storages come back under new ids
      assert(agrees(x, list[i], { pad = 1 }), i)
    end
    collectgarbage()
  end
end

function tests.parts_of_one_storage()
  local x, w = genai.randn(1, 32, 20, 20), genai.randn(96, 32, 3, 3)
  for i = 1, 3 do assert(agrees(x, w:slice(1, 32 * i - 31, 32 * i), { pad = 1 }), i) end
end

function tests.levels_and_transposed()
  local x, w, best = genai.randn(1, 32, 20, 20), genai.randn(32, 32, 3, 3), core.isa()
  for _, level in ipairs { "v2", "v3", "v4", "ref", best } do
    if pcall(core.isa, level) then
      assert(agrees(x, w, { pad = 1 }), level)
      local back = x:conv_transpose2d(w, nil, { pad = 1 })
      core.mode "exact"
      local want = x:conv_transpose2d(w, nil, { pad = 1 })
      core.mode "fast"
      assert((back - want):abs():max():item() <= 2e-4 * want:abs():max():item(), level)
    end
  end
  core.isa(best)
end

-- Which taps meet in a phase of a transposed convolution hangs on pad, stride and dilation.
function tests.transposed_in_other_phases()
  for _, channels in ipairs { 6, 24 } do
    local x, w = genai.randn(1, 8, 40, 41), genai.randn(8, channels, 4, 4)
    for _, options in ipairs { { stride = 2, pad = 3 }, { stride = 2, pad = 2 }, { stride = 2, pad = { 1, 2 } }, { stride = 2, pad = { 2, 1 } }, { stride = 3, pad = 1 }, { stride = 4 }, { stride = 9 },
                               { stride = { 3, 2 }, dilation = { 2, 1 } }, { stride = { 3, 2 } }, { stride = 2, pad = 3 } } do
      assert(x:conv_transpose2d(w, nil, options):close(x:conv_transpose2d(w:clone(), nil, options), 0))
    end
    x = genai.randn(1, 24, 40, 41)
    w = genai.randn(24, channels, 4, 4)
    for pad = 0, 3 do assert(x:conv_transpose2d(w, nil, { stride = 2, pad = pad }):close(x:conv_transpose2d(w:clone(), nil, { stride = 2, pad = pad }), 0)) end
  end
end

-- Sizes that share no edge with tiles, panels or blocks of k; the product without weights that may be kept is the same sum in the same order.
function tests.linear_layers()
  for _, size in ipairs { { 40, 130, 70 }, { 27, 801, 33 }, { 64, 1024, 96 }, { 512, 65, 200 } } do
    local m, k, n = table.unpack(size)
    local x, w, b = genai.randn(m, k), genai.randn(n, k), genai.randn(n)
    local plain = genai.no_grad(function() return x:linear(w:clone():requires_grad_(), b) end)
    for _ = 1, 3 do assert(x:linear(w, b):equal(plain), m) end
    w:mul_(0.5)
    assert(x:linear(w):equal(genai.no_grad(function() return x:linear(w:clone():requires_grad_()) end)))
    local part = w:slice(1, 3, n - 4)
    assert(x:linear(part):equal(x:linear(part:clone())))
  end
end

function tests.linear_few_rows()
  for m = 1, 26 do
    local x, w = genai.randn(m, 300), genai.randn(90, 300)
    core.mode "exact"
    local want = x:linear(w)
    core.mode "fast"
    for _ = 1, 2 do
      local y = x:linear(w)
      assert((y - want):abs():max():item() <= 1e-5 * want:abs():max():item(), m)
    end
  end
end

-- Two convolutions side by side, their weights in 16 bits or the same numbers in 32: where a form is kept, where none is, and after a write.
function tests.weights_of_16_bits()
  local pair, rng = core.ops.conv_pair, genai.rng(8, "half")
  local first, second = { 1, 1, 1, 0, 0, 0, 1, 1, 1 }, { 1, 1, 1, 0, 1, 1, 1, 1, 1 }
  for _, c in ipairs { { 1, 16, 64, 30 }, { 2, 32, 48, 13 }, { 1, 24, 20, 5 }, { 1, 3, 4, 9 } } do
    local n, i, o, h = table.unpack(c)
    local x, b = genai.randn(n, i, h, h, { rng = rng }), genai.randn(o, { rng = rng })
    local w, v = genai.randn(o, i, 1, 1, { rng = rng }):to "f16", genai.randn(o, i, 3, 3, { rng = rng }):to "f16"
    for _, mode in ipairs { "fast", "exact", "fast" } do
      core.mode(mode)
      for _ = 1, 2 do
        local y = pair(x, w, b, x, v, b, first, second, { h, h }, 1, 0)
        assert(y.dtype == "f32" and y:equal(pair(x, w:to "f32", b, x, v:to "f32", b, first, second, { h, h }, 1, 0)), mode)
      end
      v:mul_(0.5)
    end
    refused("wanted f32 or f16", pair, x, w:to "i32", b, x, v, b, first, second, { h, h }, 1, 0)
  end
end

-- Weights larger than what may be kept, asked for in turn: the first ones stay, and all results are right.
function tests.more_than_is_kept()
  local x, list, sums = genai.randn(32, 1024), {}, {}
  for i = 1, 70 do list[i] = genai.randn(1024, 1024) end
  for round = 1, 2 do
    for i, w in ipairs(list) do
      local sum = x:linear(w):sum():item()
      if round == 1 then sums[i] = sum else assert(sums[i] == sum, i) end
    end
  end
  local held = genai.memory().live
  list = nil
  collectgarbage() collectgarbage()
  assert(genai.memory().live < held - 2 * 200 * 2 ^ 20, "forms go with their weights")
end

return tests
