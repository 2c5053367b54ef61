-- The same bits at 1, 2 and 3 threads, in mode fast: random shapes of everything that is split over the pool.
local genai = require "genai"

local function at(threads, f)
  local was = genai.threads()
  genai.threads(threads)
  local results = table.pack(pcall(f))
  genai.threads(was)
  assert(results[1], results[2])
  return table.unpack(results, 2, results.n)
end

local function same(name, seed, f)
  local function run() genai.seed(seed) return f(genai.rng(seed, "shapes")) end
  local one = table.pack(at(1, run))
  for threads = 2, 3 do
    local many = table.pack(at(threads, run))
    for i = 1, one.n do
      assert(one[i]:bytes() == many[i]:bytes(), ("%s, seed %d: result %d differs between 1 and %d threads"):format(name, seed, i, threads))
    end
  end
end

local function backward(y, ...)
  return y, genai.grad((y * genai.randn_like(y)):sum(), { ... })
end
local function leaf(...) return genai.randn(...):requires_grad_() end

local tests = {}

-- More threads share the transforms of one panel of tiles, which may be half full.
function tests.small_pictures_by_five()
  for _, c in ipairs { { 8, 6, 8, 31, 7 }, { 24, 12, 12, 20, 1 }, { 64, 15, 12, 32, 1 }, { 40, 20, 21, 24, 1 } } do
    local x, w, options = genai.randn(1, c[1], c[2], c[3]), genai.randn(c[4], c[1], 3, 3), { pad = { c[5], 1, c[5], 1 } }
    local want = at(1, function() return x:conv2d(w, nil, options) end)
    at(5, function()
      for _ = 1, 100 do assert(x:conv2d(w, nil, options):equal(want), table.concat(c, ",")) end
    end)
  end
end

function tests.products()
  for seed = 1, 40 do
    same("matmul", seed, function(r)
      local m, k, n = r:integer(1, 300), r:integer(1, 300), r:integer(1, 300)
      local a, b = leaf(m, k), leaf(k, n)
      return backward(a:matmul(b), a, b)
    end)
  end
  for seed = 41, 46 do
    same("large matmul", seed, function(r)
      local m, k, n = r:integer(400, 700), r:integer(300, 900), r:integer(400, 800)
      return genai.randn(m, k):matmul(genai.randn(k, n))
    end)
  end
end

function tests.linear_layers()
  for seed = 1, 20 do
    same("linear", seed, function(r)
      local rows, k, n = r:integer(1, 40), r:integer(1, 900), r:integer(1, 900)
      local x, w, b = leaf(rows, k), leaf(n, k), leaf(n)
      return backward(x:linear(w, b), x, w, b)
    end)
  end
end

function tests.convolutions()
  for seed = 1, 40 do
    same("conv2d", seed, function(r)
      local n, c, o, size = r:integer(1, 5), r:integer(1, 40), r:integer(1, 40), r:integer(8, 40)
      local kernel, stride, pad = r:integer(1, 5), r:integer(1, 2), r:integer(0, 2)
      local x, w, b = leaf(n, c, size, size + 3), leaf(o, c, kernel, kernel), leaf(o)
      return backward(x:conv2d(w, b, { stride = stride, pad = pad }), x, w, b)
    end)
    same("conv_transpose2d", seed, function(r)
      local n, c, o, size, kernel = r:integer(1, 3), r:integer(1, 40), r:integer(1, 40), r:integer(4, 20), r:integer(2, 5)
      local x, w = leaf(n, c, size, size), leaf(c, o, kernel, kernel)
      return backward(x:conv_transpose2d(w, nil, { stride = 2, pad = 1 }), x, w)
    end)
  end
end

function tests.attention()
  for seed = 1, 12 do
    same("attention", seed, function(r)
      local b, h, m, d = r:integer(1, 3), r:integer(1, 4), r:integer(1, 200), r:integer(1, 70)
      local q, k, v = leaf(b, h, m, d), leaf(b, h, m, d), leaf(b, h, m, d)
      return backward(q:attention(k, v, { causal = r:uniform() < 0.5 }), q, k, v)
    end)
  end
end

function tests.rows_and_reductions()
  for seed = 1, 12 do
    same("rows", seed, function(r)
      local n, d = r:integer(1, 3000), r:integer(1, 700)
      local x, w, b = leaf(n, d), leaf(d), leaf(d)
      local y = x:layer_norm(w, b):gelu():softmax()
      local out = { backward(y, x, w, b) }
      out[#out + 1] = x:sum()
      out[#out + 1] = x:sum(1)
      out[#out + 1] = x:var(2)
      out[#out + 1] = x:logsumexp(1)
      out[#out + 1] = x:cumsum(1)
      return table.unpack(out)
    end)
  end
end

function tests.training()
  same("training", 1, function()
    local nn, optim = genai.nn, genai.optim
    local model = nn.chain { nn.conv2d(3, 24, 3, { pad = 1 }), nn.relu, nn.conv2d(24, 32, 4, { stride = 2, pad = 1 }), nn.relu, function(x) return x:flatten(2) end, nn.linear(32 * 64, 10) }
    local adam = optim.adam(model, { lr = 1e-3 })
    local x, y = genai.randn(16, 3, 16, 16), genai.randint(0, 10, 16)
    for _ = 1, 5 do adam:step(function() return model(x):cross_entropy(y) end) end
    return model(x)
  end)
end

return tests
