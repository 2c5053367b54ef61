-- Random streams, random ops and the ops that make tensors.
local genai = require "genai"
local tests = {}

local fails = dofile("tests/tools.lua").fails
local function near(a, b, room, what) assert(math.abs(a - b) <= room, ("%s: %g, wanted %g"):format(what, a, b)) end

function tests.seeds_repeat()
  for _, f in ipairs { function(o) return genai.rand(100, o) end, function(o) return genai.randn(33, 3, o) end, function(o) return genai.randint(-5, 9, { 70 }, o) end,
                       function(o) return genai.randperm(50, o) end, function(o) return genai.full({ 40 }, 0.3):bernoulli(o) end,
                       function(o) return genai.tensor { 1, 2, 3 }:multinomial(60, o) end, function(o) return genai.zeros(7, 7):randn_like(o) end } do
    local a, b, c = f { rng = genai.rng(5, "a") }, f { rng = genai.rng(5, "a") }, f { rng = genai.rng(5, "b") }
    assert(a:equal(b) and not a:equal(c))
    genai.seed(3)
    local x, y = f {}, f {}
    genai.seed(3)
    assert(x:equal(f {}) and y:equal(f {}) and not x:equal(y))
  end
end

function tests.fills_do_not_depend_on_threads_or_length()
  local long = genai.randn(200000, { rng = genai.rng(1, "x") })
  local before = genai.randn(1000, { rng = genai.rng(1, "x") })
  assert(long:slice(1, 1, 1000):equal(before))
  genai.threads(1)
  assert(long:equal(genai.randn(200000, { rng = genai.rng(1, "x") })))
  genai.threads(2)
  assert(long:equal(genai.randn(200000, { rng = genai.rng(1, "x") })))
end

function tests.moments()
  local r = genai.rng(11, "moments")
  local n = 400000
  local u, g = genai.rand(n, { rng = r }), genai.randn(n, { rng = r })
  near(u:mean():item(), 0.5, 0.003, "mean of rand")
  near(u:var():item(), 1 / 12, 0.001, "variance of rand")
  assert(u:min():item() >= 0 and u:max():item() < 1)
  near(g:mean():item(), 0, 0.008, "mean of randn")
  near(g:var():item(), 1, 0.01, "variance of randn")
  near((g * g * g * g):mean():item(), 3, 0.1, "fourth moment of randn")
  near((g:slice(1, 1, n - 1) * g:slice(1, 2, n)):mean():item(), 0, 0.008, "neighbours of randn")
  near(g:abs():lt(1):to("f32"):mean():item(), 0.6827, 0.005, "share within one sigma")
  local i = genai.randint(-2, 4, n, { rng = r })
  assert(i.dtype == "i64" and i:min():item() == -2 and i:max():item() == 3)
  for v = -2, 3 do near(i:eq(v):to("f32"):mean():item(), 1 / 6, 0.004, "share of " .. v) end
  near(genai.full({ n }, 0.3):bernoulli({ rng = r }):mean():item(), 0.3, 0.005, "bernoulli")
  near(genai.bernoulli(0.25, { size = { n }, rng = r }):mean():item(), 0.25, 0.005, "bernoulli of a number")
  local m = genai.tensor { { 1, 0, 3 }, { 0, 5, 0 } }:multinomial(20000, { rng = r })
  assert(m.shape[1] == 2 and m.shape[2] == 20000)
  near(m[1]:eq(0):to("f32"):mean():item(), 0.25, 0.02, "multinomial")
  assert(m[1]:eq(1):to("f32"):sum():item() == 0 and m[2]:eq(1):to("f32"):mean():item() == 1)
end

function tests.permutations()
  local p = genai.randperm(1000)
  assert(p:sort():equal(genai.arange(1000):to "i64") and not p:equal(genai.arange(1000):to "i64"))
  assert(genai.randperm(0):numel() == 0)
end

function tests.half_types()
  for _, type in ipairs { "f16", "bf16" } do
    local u = genai.zeros(5000):to(type):rand_like()
    assert(u.dtype == type and u:to("f32"):max():item() < 1)
    assert(genai.zeros(10):to(type):randn_like().dtype == type)
  end
  assert(genai.zeros(3):to("i32"):rand_like().dtype == "f32")
end

function tests.refusals()
  fails("size 2 is -3", genai.rand, 2, -3)
  fails("randint", genai.randint, 5, 5, 2)
  fails("bernoulli", genai.bernoulli, genai.tensor { 0.5, 1.5 })
  fails("position 1", genai.multinomial, genai.tensor { 1, -1 }, 3)
  fails("without any above 0", genai.multinomial, genai.tensor { 0, 0 }, 3)
  fails("memory", genai.randn, 1e15)
  fails("memory", genai.zeros, 1e15)
  fails("memory", genai.arange, 1e15)
  fails("zeros", genai.zeros, 2.5)
  fails("ones", genai.ones, -1)
  local state = genai.rng(2, "kept")
  local first = genai.rand(4, { rng = genai.rng(2, "kept") })
  pcall(genai.randn, 1e15, { rng = state })
  pcall(genai.multinomial, genai.tensor { 0, 0 }, 3, { rng = state })
  assert(first:equal(genai.rand(4, { rng = state })))
end

function tests.making()
  assert(genai.zeros(2, 3):equal(genai.zeros { 2, 3 }) and genai.zeros(2, { dtype = "i32" }).dtype == "i32")
  assert(genai.ones(3, { dtype = "f16" }):to("f32"):sum():item() == 3)
  assert(genai.full({ 2, 2 }, 3, { dtype = "i64" }):sum():item() == 12)
  assert(genai.arange(0, 1, 0.25):equal(genai.tensor { 0, 0.25, 0.5, 0.75 }) and genai.arange(3, 0, -1):equal(genai.tensor { 3, 2, 1 }))
  assert(genai.arange(3, { dtype = "i32" }).dtype == "i32" and genai.arange(0):numel() == 0)
  assert(genai.linspace(-1, 1, 3):equal(genai.tensor { -1, 0, 1 }) and genai.linspace(2, 5, 1):equal(genai.tensor { 2 }) and genai.linspace(2, 5, 0):numel() == 0)
  assert(genai.eye(2, 3):equal(genai.tensor { { 1, 0, 0 }, { 0, 1, 0 } }))
  assert(genai.zeros(2, 0):ones_like().shape[2] == 0 and genai.tensor({ 1, 2 }, { dtype = "i32" }):full_like(7).dtype == "i32")
  fails("arange", genai.arange, 1, 5, 0)
  fails("arange", genai.arange, 5, 1)
end

function tests.index_refusals()
  local x, bad = genai.zeros(3, 4), genai.tensor({ 0, 3, 1 }, { dtype = "i32" })
  fails("holds 3 at position 1", genai.index_select, x, 1, bad)
  fails("wanted 0..2", genai.index_select, x, 1, bad)
  fails("-1 at position 0", genai.embedding, genai.tensor({ -1 }, { dtype = "i64" }), x)
  fails("f32", genai.gather, x, 1, genai.zeros(3, 4))
  fails("u8", genai.index_select, x, 1, genai.zeros(3, { dtype = "u8" }))
  fails("no larger than x", genai.gather, x, 1, genai.zeros(3, 5, { dtype = "i32" }))
  fails("src", genai.scatter, x, 1, genai.zeros(3, 4, { dtype = "i32" }), genai.zeros(2, 4))
  fails("along dim 1", genai.cat, { x, genai.zeros(3, 5) }, 1)
  fails("tensor 2", genai.stack, { x, genai.zeros(3, 5) }, 1)
  fails("topk", genai.topk, x, 5)
  fails("n_fft / 2 + 1 = 3", genai.istft, genai.zeros(4, 2, 2), 4, 1)
  fails("add up to 0", genai.istft, genai.zeros(3, 4, 2), 4, 2, { window = genai.tensor { 0, 0, 0, 1 }, center = false })
end

-- src's gradient is that of the write that stays
function tests.scatter_twice_at_one_place()
  local src = genai.tensor({ 1, 2, 3 }):requires_grad_()
  local y = genai.zeros(4):scatter(1, genai.tensor({ 2, 2, 0 }, { dtype = "i32" }), src)
  assert(y:equal(genai.tensor { 3, 0, 2, 0 }) and genai.grad(y:sum(), src):equal(genai.tensor { 0, 1, 1 }))
end

-- sums at one place come in order, at any number of threads
function tests.sums_in_order()
  local n, d = 5000, 64
  local w, at = genai.randn(n, d, { rng = genai.rng(3, "w") }), genai.randint(0, 40, n, { rng = genai.rng(3, "at") })
  genai.threads(1)
  local one = genai.zeros(40, d):index_add(1, at, w)
  genai.threads(2)
  assert(one:equal(genai.zeros(40, d):index_add(1, at, w)))
  assert(one:close(at:one_hot(40):transpose(1, 2):matmul(w), { rtol = 1e-4, atol = 1e-3 }))
end

function tests.big_sort_and_topk()
  local x = genai.randint(0, 50000, 100000, { rng = genai.rng(4, "sort"), dtype = "i32" })
  local v, p = x:sort()
  assert(v:slice(1, 1, -2):le(v:slice(1, 2, -1)):to("f32"):mean():item() == 1 and x:gather(1, p):equal(v))
  local t, q = x:topk(100)
  local w, s = x:sort({ descending = true })
  assert(t:equal(w:slice(1, 1, 100)) and q:equal(s:slice(1, 1, 100)))
  local f = x:to("f32") - 25000
  local u, r = f:sort({ descending = true })
  assert(r:equal(s) and (u + 25000):equal(w:to "f32"))
end

function tests.fourier_round_trips()
  for _, n in ipairs { 1, 2, 30, 97, 128, 1000, 1009 } do
    local x = genai.randn(9, n, { rng = genai.rng(n, "fft") })
    assert(x:rfft():irfft(n):close(x, { atol = 3e-6, rtol = 1e-5 }), "irfft of " .. n)
    assert(x:slice(1, 3, 3):rfft():equal(x:rfft():slice(1, 3, 3)), "one row alone, " .. n)
    local z = genai.randn(9, n, 2, { rng = genai.rng(n, "fft2") })
    assert(z:fft():ifft():close(z, { atol = 3e-6, rtol = 1e-5 }), "ifft of " .. n)
  end
  local x = genai.randn(2, 3000, { rng = genai.rng(1, "stft") })
  local hann = 0.5 - (genai.arange(512) * (2 * math.pi / 512)):cos() / 2
  assert(x:stft(512, 128, { window = hann }):istft(512, 128, { window = hann, length = 3000 }):close(x, { atol = 1e-5, rtol = 1e-4 }))
end

return tests
