-- eigh: what it gives makes the matrix again; order, signs, equal eigenvalues, gradients of vectors beside differences.
local genai = require "genai"
local tests = {}
local fails = dofile("tests/tools.lua").fails

local function symmetric(seed, ...)
  local a = genai.randn(..., { rng = genai.rng(seed, "a") })
  return (a + a:transpose(-2, -1)) * 0.5
end

function tests.eigh_makes_the_matrix_again()
  for n = 1, 40, 3 do
    local a = symmetric(n, { 2, n, n })
    local w, v = a:eigh()
    assert((v:matmul(w:unsqueeze(3) * v:transpose(2, 3)) - a):abs():max():item() < 3e-6, n)
    assert((v:transpose(2, 3):matmul(v) - genai.eye(n)):abs():max():item() < 1e-6, n)
    for b = 1, 2 do
      local values, vectors = w[b]:totable(), v[b]:transpose(1, 2):totable()
      for i = 2, n do assert(values[i] >= values[i - 1]) end
      for _, row in ipairs(vectors) do
        local most = 0
        for _, x in ipairs(row) do if math.abs(x) > math.abs(most) * (1 + 1e-6) then most = x end end
        assert(most > 0)
      end
    end
  end
end

function tests.eigh_of_equal_and_wide_values()
  local w, v = genai.eye(5):eigh()
  assert(w:equal(genai.ones(5)) and v:equal(genai.eye(5)))
  local q = select(2, symmetric(3, { 8, 8 }):eigh())
  local spread = genai.tensor { 0, 0, 0, 1e-6, 1e-3, 1, 1, 1000 }          -- rank 5, a pair, nine decades
  local back = (q:matmul(spread:unsqueeze(2) * q:transpose(1, 2))):eigh()
  assert((back - spread):abs():max():item() < 1e-3)
  assert(genai.zeros(3, 0, 0):eigh().shape[1] == 3 and genai.zeros(2, 2):eigh():equal(genai.zeros(2)))
  fails("x holds nan at row 1, column 1", function() genai.full({ 2, 2 }, math.abs(0 / 0)):eigh() end)
  fails("x holds inf at row 2, column 1", function() genai.tensor({ { 1, 0 }, { math.huge, 2 } }):eigh() end)
  fails("x is f32[2,3]", function() genai.zeros(2, 3):eigh() end)
end

-- The second difference of n points: eigenvalues 2 - 2 cos(k pi / (n + 1)), vectors sin(i k pi / (n + 1)).
function tests.eigh_closed_form()
  for _, n in ipairs { 2, 9, 64 } do
    local x = genai.eye(n) * 2 - (genai.ones(n, n):tril(1) - genai.ones(n, n):tril(-2) - genai.eye(n))
    local w, v = x:eigh()
    local k = genai.arange(1, n + 1):to "f32" * (math.pi / (n + 1))
    local rows = genai.arange(1, n + 1):to "f32"
    local want = (rows:unsqueeze(2) * k:unsqueeze(1)):sin() * math.sqrt(2 / (n + 1))
    assert((w - (2 - k:cos() * 2)):abs():max():item() < 1e-6)
    assert(((v * want):sum(1):abs() - 1):abs():max():item() < 1e-5)           -- the same directions; signs are the op's own
  end
end

-- numpy.linalg.eigh of the Hilbert matrix of 6 rows, in double.
function tests.eigh_as_numpy()
  local rows = {}
  for i = 1, 6 do
    rows[i] = {}
    for j = 1, 6 do rows[i][j] = 1 / (i + j - 1) end
  end
  local w, v = genai.tensor(rows):eigh()
  assert((w - genai.tensor { 1.11924942e-07, 1.25675090e-05, 6.15757815e-04, 1.63215196e-02, 2.42360871e-01, 1.61889987 }):abs():max():item() < 2e-7)
  assert(math.abs(w[1]:item() / 1.11924942e-07 - 1) < 1e-4)                  -- seven decades below the largest
  assert(v:select(2, 6):close(genai.tensor { 0.74871921, 0.4407175, 0.32069687, 0.25431139, 0.21153084, 0.18144298 }, 1e-6))
  assert(v:select(2, 4):close(genai.tensor { -0.24032538, 0.69765153, 0.23138907, -0.1328631, -0.36271481, -0.50276288 }, 1e-6))
end

function tests.eigh_gradient_of_vectors()
  local a, weight = symmetric(7, { 4, 4 }) + genai.diag(genai.tensor { -3, 0, 2, 5 }), genai.randn(4, 4, { rng = genai.rng(8, "w") })
  local function f(x)
    local w, v = x:eigh()
    return (v * weight):sum() + (w * w:sin()):sum()
  end
  local x = a:clone():requires_grad_()
  local slope, step = genai.grad(f(x), x), 1e-2
  for i = 1, 4 do
    for j = 1, 4 do
      local by = genai.zeros(4, 4)
      by[i]:slice(1, j, j):fill_(step)
      local want = (f(a + by) - f(a - by)):item() / (2 * step)
      assert(math.abs(slope[i][j]:item() - want) < 1e-2, ("%d,%d: %g, wanted %g"):format(i, j, slope[i][j]:item(), want))
    end
  end
end

return tests
