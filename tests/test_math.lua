-- math.* and ^ are the runtime's own: right, exact where they can be, and the same bits everywhere.
local tests = {}

local function near(a, b, what) assert(a == b or math.abs(a - b) <= 4e-16 * math.abs(b), ("%s is %.17g, wanted %.17g"):format(what, a, b)) end

function tests.values()                                                -- to the last place, from tables of the functions
  near(math.exp(1), 2.718281828459045, "exp(1)")
  near(math.exp(-700), 9.859676543759770e-305, "exp(-700)")
  near(math.log(10), 2.302585092994046, "log(10)")
  near(math.log(2, 10), 0.3010299956639812, "log10(2)")
  near(math.sin(1), 0.8414709848078965, "sin(1)")
  near(math.cos(1), 0.5403023058681398, "cos(1)")
  near(math.tan(1), 1.5574077246549023, "tan(1)")
  near(math.sin(1e22), -0.8522008497671888, "sin(1e22)")
  near(math.cos(1e22), 0.5232147853951389, "cos(1e22)")
  near(math.sin(355), -3.0144353359488450e-05, "sin(355)")
  near(math.asin(0.5), 0.5235987755982989, "asin(0.5)")
  near(math.acos(0.5), 1.0471975511965979, "acos(0.5)")
  near(math.atan(1, -1), 2.356194490192345, "atan(1, -1)")
  near(math.atan(0.5), 0.4636476090008061, "atan(0.5)")
  near(2.5 ^ 3.5, 24.705294220065465, "2.5 ^ 3.5")
  near(10.0 ^ -300, 1e-300, "10 ^ -300")
end

function tests.exact()
  for b = -12, 12 do
    local p = 1.0
    for n = 0, 14 do
      assert((b + 0.0) ^ n == p, ("%d ^ %d"):format(b, n))
      p = p * b
    end
  end
  local x = 1.0
  for n = 0, 1023 do
    assert(2.0 ^ n == x and math.log(x, 2) == n, "2 ^ " .. n)
    x = x * 2
  end
  assert(3.7 ^ 2 == 3.7 * 3.7 and 2 ^ 0.5 == 1.4142135623730951 and 1.1 ^ 1 == 1.1)
  for n = 0, 22 do assert(10.0 ^ n == tonumber("1e" .. n)) end
  assert(math.log(1000, 10) == 3 and math.log(1) == 0 and math.exp(0) == 1 and math.cos(0) == 1)
end

function tests.specials()
  local inf, nan = math.huge, 0 / 0
  local function is_nan(x) return x ~= x end
  assert(math.exp(inf) == inf and math.exp(-inf) == 0 and is_nan(math.exp(nan)) and math.exp(710) == inf and math.exp(-750) == 0)
  assert(math.log(0) == -inf and is_nan(math.log(-1)) and math.log(inf) == inf)
  assert(is_nan(math.sin(inf)) and is_nan(math.cos(-inf)) and is_nan(math.tan(nan)))
  assert(is_nan(math.asin(1.1)) and is_nan(math.acos(-1.1)))
  assert(1 / math.sin(-0.0) == -inf and 1 / math.atan(-0.0, 1) == -inf)
  assert((-8.0) ^ 3 == -512 and is_nan((-8.0) ^ 0.5) and nan ^ 0 == 1 and 1 ^ nan == 1)
  assert(0.0 ^ -1 == inf and (-0.0) ^ -3 == -inf and inf ^ -1 == 0 and 0.5 ^ inf == 0 and 2.0 ^ -1074 == 5e-324 and 2.0 ^ -1080 == 0)
  assert(math.fmod(-7.5, 2) == -1.5 and math.fmod(1e300, 3) == 1e300 % 3)
  assert(math.floor(-1.5) == -2 and math.ceil(-1.5) == -1 and math.floor(1e300) == 1e300)
end

function tests.identities()
  local x = -30.0
  while x < 30 do
    assert(math.abs(math.sin(x) ^ 2 + math.cos(x) ^ 2 - 1) < 4e-16)
    assert(math.abs(math.log(math.exp(x)) - x) < 4e-15 * math.max(1, math.abs(x)))
    assert(math.abs(math.tan(math.atan(x)) - x) < 1e-13 * math.max(1, x * x))
    x = x + 0.37
  end
end

return tests
