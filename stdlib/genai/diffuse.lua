--- Diffusion: from noise to a sample, step by step. A schedule says how much noise there is at each timestep; a scheduler is an object with step(x, eps, t);
-- a net is any function (x, t) -> eps. DDPM: Ho, Jain and Abbeel 2020; DDIM: Song, Meng and Ermon 2020; cosine schedule: Nichol and Dhariwal 2021.
-- Timesteps count from 0 (nearly clean) to T - 1 (noise), as they do inside weights files. Schedules are in double precision.
local core = require "genai.core"
local ops = core.ops
local options_of = require "genai.nn.options"
local diffuse = {}

local function fail(format, ...) core.fail("diffuse: " .. format:format(...)) end

local function number(what, x, low, high)
  if type(x) ~= "number" or not (x >= low and x <= high) then fail("%s is %s, wanted a number in %g..%g", what, tostring(x), low, high) end
  return x
end

local function count(what, x, most)
  if math.type(x) ~= "integer" or x < 1 or x > most then fail("%s is %s, wanted a whole number in 1..%d", what, tostring(x), most) end
  return x
end

-- ---- schedules ----

-- { T, betas, bars }: lists from 1, so bars[t + 1] = the product of 1 - beta up to timestep t = the share of the signal's power that is left.
local function schedule(betas)
  local bars, bar = {}, 1.0
  for i, beta in ipairs(betas) do
    bar = bar * (1 - beta)
    bars[i] = bar
  end
  return { T = #betas, betas = betas, bars = bars }
end

--- diffuse.linear(T, { from = 1e-4, to = 0.02 }) -> schedule: betas in even steps (Ho et al. 2020 with T = 1000, the default).
-- > genai.diffuse.linear(1000).betas[1000] == 0.02
function diffuse.linear(T, options)
  T, options = count("T", T or 1000, 1000000), options_of("diffuse.linear", options, { from = 1e-4, to = 0.02 })
  number("from", options.from, 1e-12, 0.999)
  number("to", options.to, 1e-12, 0.999)
  local betas = {}
  for i = 1, T do betas[i] = T == 1 and options.from or i == T and options.to or options.from + (options.to - options.from) * (i - 1) / (T - 1) end
  return schedule(betas)
end

--- diffuse.cosine(T, { offset = 0.008, most = 0.999 }) -> schedule: the signal's share falls as cos^2 (Nichol and Dhariwal 2021). Betas are cut at `most`:
-- the last would be 1, and the first step back would divide by zero.
-- > genai.diffuse.cosine(1000).betas[1000] == 0.999
function diffuse.cosine(T, options)
  T, options = count("T", T or 1000, 1000000), options_of("diffuse.cosine", options, { offset = 0.008, most = 0.999 })
  number("offset", options.offset, 0, 1)
  number("most", options.most, 1e-12, 0.9999)
  local function share(u) return math.cos((u + options.offset) / (1 + options.offset) * math.pi / 2) ^ 2 end
  local betas = {}
  for i = 1, T do betas[i] = math.min(options.most, 1 - share(i / T) / share((i - 1) / T)) end
  return schedule(betas)
end

-- ---- schedulers ----

local Scheduler = {}
Scheduler.__index, Scheduler.__name = Scheduler, "scheduler"

-- The timesteps that are visited, from the last on, in even strides; before[t] is the one that follows t (none = clean).
local function visited(T, steps)
  local times, before = {}, {}
  for i = 1, steps do times[i] = steps == 1 and T - 1 or math.floor((T - 1) * (steps - i) / (steps - 1) + 0.5) end
  for i = 1, steps do before[times[i]] = times[i + 1] or -1 end
  return times, before
end

local function scheduler(name, plan, options, defaults)
  if type(plan) ~= "table" or type(plan.bars) ~= "table" or #plan.bars < 1 then fail("%s: the schedule is a %s, wanted diffuse.linear() or diffuse.cosine()", name, type(plan)) end
  options = options_of("diffuse." .. name, options, defaults)
  local steps = count("steps", options.steps or #plan.bars, #plan.bars)
  if options.predicts ~= "eps" and options.predicts ~= "x0" and options.predicts ~= "v" then fail("predicts is \"%s\", wanted eps, x0 or v", tostring(options.predicts)) end
  local self = { name = name, T = #plan.bars, bars = plan.bars, seed = options.seed, clip = options.clip, predicts = options.predicts, eta = options.eta or 1 }
  self.times, self.before = visited(self.T, steps)
  return setmetatable(self, Scheduler)
end

--- diffuse.ddpm(schedule, { seed = 1, steps = T, clip = false, predicts = "eps" }) -> scheduler: ancestral sampling (Ho et al. 2020).
-- Its noise has the variance of the posterior q(x before | x, x0): beta (1 - bar before) / (1 - bar); the last step adds none. Fewer steps than T stride over
-- the schedule. clip: a number c that the estimate of the clean sample is cut to (-c..c). predicts: what the net gives, "eps", "x0" or "v" (Salimans and Ho 2022).
-- > #genai.diffuse.ddpm(genai.diffuse.linear()).times == 1000
function diffuse.ddpm(plan, options)
  return scheduler("ddpm", plan, options, { seed = 1, steps = false, clip = false, predicts = "eps" })
end

--- diffuse.ddim(schedule, { steps = 50, eta = 0, seed = 1, clip = false, predicts = "eps" }) -> scheduler: few steps, without chance at eta = 0; eta = 1 is ddpm.
-- > genai.diffuse.ddim(genai.diffuse.linear(), { steps = 10 }).times[1] == 999
function diffuse.ddim(plan, options)
  local self = scheduler("ddim", plan, options, { seed = 1, steps = 50, clip = false, predicts = "eps", eta = 0 })
  number("eta", self.eta, 0, 1)
  return self
end

function Scheduler:place(t)
  if math.type(t) ~= "integer" or t < 0 or t >= self.T then fail("timestep %s, wanted a whole number in 0..%d", tostring(t), self.T - 1) end
  return self.bars[t + 1]
end

--- scheduler:clean(x, eps, t) -> the estimate of the clean sample; eps: what the net gave for x at timestep t.
function Scheduler:clean(x, eps, t)
  local bar = self:place(t)
  local clean
  if self.predicts == "x0" then clean = eps
  elseif self.predicts == "v" then clean = x * math.sqrt(bar) - eps * math.sqrt(1 - bar)
  else clean = (x - eps * math.sqrt(1 - bar)) * (1 / math.sqrt(bar)) end
  return self.clip and clean:clamp(-self.clip, self.clip) or clean
end

--- scheduler:variance(t) -> the variance of the noise that step adds at timestep t.
-- > genai.diffuse.ddpm(genai.diffuse.linear()):variance(0) == 0
function Scheduler:variance(t)
  local bar, before = self:place(t), self.before[t] or t - 1
  local bar_before = before >= 0 and self.bars[before + 1] or 1.0
  return self.eta ^ 2 * (1 - bar / bar_before) * (1 - bar_before) / (1 - bar)
end

--- scheduler:step(x, eps, t) -> x at the timestep before t in scheduler.times. eps: what the net gave for x and t. Equal seeds give equal noise at equal t.
function Scheduler:step(x, eps, t)
  local bar, before = self:place(t), self.before[t] or t - 1
  local bar_before = before >= 0 and self.bars[before + 1] or 1.0
  local variance = self:variance(t)
  local direction = math.sqrt(math.max(0, 1 - bar_before - variance))
  local out
  if self.predicts == "eps" and not self.clip then                          -- x and eps weighted once: the usual case in the fewest ops
    local keep = math.sqrt(bar_before / bar)
    out = x * keep + eps * (direction - keep * math.sqrt(1 - bar))
  else
    local clean = self:clean(x, eps, t)
    local noise_x, noise_clean = direction / math.sqrt(1 - bar), math.sqrt(bar_before) - direction * math.sqrt(bar / (1 - bar))
    out = x * noise_x + clean * noise_clean
  end
  if variance == 0 then return out end
  return out + ops.randn_like(x, { rng = core.rng(self.seed, ("diffuse %d"):format(t)) }) * math.sqrt(variance)
end

--- scheduler:noised(x0, t, noise) -> x0 as it is at timestep t: sqrt(bar) x0 + sqrt(1 - bar) noise.
function Scheduler:noised(x0, t, noise)
  local bar = self:place(t)
  return x0 * math.sqrt(bar) + noise * math.sqrt(1 - bar)
end

--- diffuse.sample(net, x, scheduler, { from = 1, progress = function(step, steps, x) end }) -> x, cleaned step by step. net(x, t) -> eps; x: noise, any shape.
-- from: the number of the first step (later ones start from a picture that scheduler:noised has covered). Nothing is recorded.
-- progress may return true: then what there is so far is given back.
-- > genai.diffuse.sample(function(x) return x end, genai.randn(2, 3), genai.diffuse.ddim(genai.diffuse.linear(), { steps = 5 })).shape[2] == 3
function diffuse.sample(net, x, plan, options)
  options = options_of("diffuse.sample", options, { progress = false, from = 1 })
  local from = count("from", options.from, #plan.times)
  return require("genai").no_grad(function()
    for i = from, #plan.times do
      local t = plan.times[i]
      x = plan:step(x, net(x, t), t)
      if options.progress and options.progress(i, #plan.times, x) then break end
    end
    return x
  end)
end

return diffuse
