-- Schedules and schedulers against what is known exactly: the variance of the posterior, and samples of a mixture whose noise has a formula.
local genai = require "genai"
local diffuse = genai.diffuse
local tests = {}
local fails = dofile "tests/tools.lua".fails

function tests.schedules()
  local linear, cosine = diffuse.linear(), diffuse.cosine(1000)
  assert(linear.T == 1000 and linear.betas[1] == 1e-4 and linear.betas[1000] == 0.02)
  local bar = 1.0
  for t = 1, 1000 do bar = bar * (1 - (1e-4 + (0.02 - 1e-4) * (t - 1) / 999)) end
  assert(math.abs(linear.bars[1000] / bar - 1) < 1e-12 and math.abs(bar - 4.0358e-5) < 1e-8)
  for t = 1, 1000 do assert(cosine.betas[t] > 0 and cosine.betas[t] <= 0.999 and cosine.bars[t] > 0) end
  local u = (0.5 + 0.008) / 1.008 * math.pi / 2
  assert(math.abs(cosine.bars[500] - (math.cos(u) / math.cos(0.008 / 1.008 * math.pi / 2)) ^ 2) < 1e-12)
end

function tests.posterior_variance()                                         -- beta (1 - bar before) / (1 - bar), not beta (1 - bar) / (1 - bar - beta)
  local plan = diffuse.linear()
  local ddpm = diffuse.ddpm(plan)
  assert(ddpm:variance(0) == 0)
  for t = 1, 999 do
    local wanted = plan.betas[t + 1] * (1 - plan.bars[t]) / (1 - plan.bars[t + 1])
    assert(math.abs(ddpm:variance(t) / wanted - 1) < 1e-9, t)
    assert(wanted < plan.betas[t + 1])
  end
end

function tests.step_is_the_posterior_mean()
  local plan, t = diffuse.linear(), 400
  local ddpm = diffuse.ddpm(plan, { seed = 5 })
  local x, eps = genai.randn(7, { rng = genai.rng(1, "x") }), genai.randn(7, { rng = genai.rng(1, "eps") })
  local beta, bar, before = plan.betas[t + 1], plan.bars[t + 1], plan.bars[t]
  local clean = (x - eps * math.sqrt(1 - bar)) / math.sqrt(bar)
  local mean = clean * (math.sqrt(before) * beta / (1 - bar)) + x * (math.sqrt(1 - beta) * (1 - before) / (1 - bar))
  local noise = genai.randn(7, { rng = genai.rng(5, "diffuse 400") }) * math.sqrt(ddpm:variance(t))
  assert(ddpm:step(x, eps, t):close(mean + noise) and ddpm:clean(x, eps, t):close(clean))
  local v = eps * math.sqrt(bar) - clean * math.sqrt(1 - bar)
  assert(diffuse.ddpm(plan, { seed = 5, predicts = "x0" }):step(x, clean, t):close(mean + noise))
  assert(diffuse.ddpm(plan, { seed = 5, predicts = "v" }):step(x, v, t):close(mean + noise))
  assert(ddpm:noised(clean, t, eps):close(x))
end

-- Two normal distributions at -1 (share 0.3, deviation 0.2) and 2 (share 0.7, deviation 0.4): the noise in x at timestep t, exactly.
local parts = { { 0.3, -1, 0.2 }, { 0.7, 2, 0.4 } }
local function exact(plan)
  return function(x, t)
    local bar, over, under = plan.bars[t + 1], 0.0, 0.0
    local logs = {}
    for i, p in ipairs(parts) do
      local v = bar * p[3] ^ 2 + 1 - bar
      logs[i] = (x - math.sqrt(bar) * p[2]):square() * (-0.5 / v) + math.log(p[1]) - 0.5 * math.log(v)
    end
    local top = logs[1]:maximum(logs[2])
    for i, p in ipairs(parts) do
      local weight = (logs[i] - top):exp()
      over, under = over + weight * ((x - math.sqrt(bar) * p[2]) / (bar * p[3] ^ 2 + 1 - bar)), under + weight
    end
    return over / under * math.sqrt(1 - bar)
  end
end

-- The largest distance between the samples' distribution and the mixture's (Kolmogorov and Smirnov).
local function distance(x)
  local sorted, n = x:sort(), x:numel()
  local phi = 0.0
  for _, p in ipairs(parts) do phi = phi + (((sorted - p[2]) / (p[3] * math.sqrt(2))):erf() + 1) * (p[1] / 2) end
  return (phi - genai.arange(0.5, n + 0.4) / n):abs():max():item()
end

local function sampled(plan, scheduler)
  local x = diffuse.sample(exact(plan), genai.randn(4000, { rng = genai.rng(9, "start") }), scheduler)
  assert(x:isfinite():all():item() == 1)
  return distance(x)
end

function tests.samples_of_a_mixture()
  local linear, cosine = diffuse.linear(), diffuse.cosine(1000)
  for name, far in pairs {
    ["ddpm, linear"] = sampled(linear, diffuse.ddpm(linear)), ["ddpm, cosine"] = sampled(cosine, diffuse.ddpm(cosine)),
    ["ddim of 100 steps"] = sampled(linear, diffuse.ddim(linear, { steps = 100 })), ["ddim, eta 1"] = sampled(linear, diffuse.ddim(linear, { steps = 250, eta = 1 })),
    ["ddim, cosine"] = sampled(cosine, diffuse.ddim(cosine, { steps = 100 })),
  } do assert(far < 0.035, ("%s: %.4f"):format(name, far)) end               -- 1.63 / sqrt(4000) = 0.026 at one in a hundred, and the steps' own error
  assert(sampled(linear, diffuse.ddim(linear, { steps = 3 })) > 0.05)        -- the measure sees bad samples
end

function tests.seeds_and_stops()
  local plan = diffuse.linear(50)
  local function go(seed, options) return diffuse.sample(exact(plan), genai.ones(6), diffuse.ddpm(plan, { seed = seed }), options) end
  local one = go(1)
  assert(one:equal(go(1)) and not one:equal(go(2)))
  local seen = 0
  local part = go(1, { progress = function(step, steps, x) seen = seen + 1 assert(step == seen and steps == 50 and x:numel() == 6) return step == 10 end })
  assert(seen == 10 and not part:equal(one))
  local second = diffuse.ddpm(plan, { seed = 1 })
  assert(diffuse.sample(exact(plan), part, second, { from = 11 }):equal(one), "ten steps and forty are fifty")
end

function tests.refusals()
  local plan = diffuse.linear(10)
  fails("T is 0", diffuse.linear, 0)
  fails("from is 2", diffuse.linear, 10, { from = 2 })
  fails("wanted diffuse.linear() or diffuse.cosine()", diffuse.ddpm, 10)
  fails("steps is 11", diffuse.ddim, plan, { steps = 11 })
  fails("eta is 2", diffuse.ddim, plan, { steps = 5, eta = 2 })
  fails("predicts is \"noise\"", diffuse.ddpm, plan, { predicts = "noise" })
  fails("unknown option \"eta\"", diffuse.ddpm, plan, { eta = 1 })
  local ddpm = diffuse.ddpm(plan)
  fails("timestep 10, wanted a whole number in 0..9", ddpm.step, ddpm, genai.ones(1), genai.ones(1), 10)
end

return tests
