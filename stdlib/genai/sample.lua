--- Samplers: functions logits[vocabulary], ids -> logits. A list of them is a chain; a function that returns a whole number has chosen the next id itself.
-- ids is the list of what stands before (prompt and generated).
local core = require "genai.core"
local ops = core.ops
local sample = {}
local LOWEST = -math.huge

local function number(what, x, least, most)
  if type(x) ~= "number" or not (x >= least and x <= most) then error(("sample.%s is %s, wanted a number in %g..%g"):format(what, tostring(x), least, most), 3) end
  return x
end

--- sample.temperature(t) -> divides logits by t: below 1 surer, above 1 bolder.
-- > genai.sample.temperature(2)(genai.tensor{ 4 }):item() == 2
function sample.temperature(t)
  number("temperature", t, 1e-6, 1e6)
  return function(logits) return logits / t end
end

--- sample.greedy() -> the likeliest id, no chance in it.
-- > genai.sample.greedy()(genai.tensor{ 1, 5, 2 }) == 1
function sample.greedy()
  return function(logits) return logits:argmax():item() end
end

--- sample.top_k(k) -> keeps the k largest logits (Fan et al. 2018).
function sample.top_k(k)
  number("top_k", k, 1, math.huge)
  k = math.floor(k)
  return function(logits)
    if k >= logits:numel() then return logits end
    return logits:masked_fill(logits:lt(logits:topk(k):slice(1, k)), LOWEST)
  end
end

--- sample.top_p(p) -> keeps the fewest ids whose probabilities reach p (Holtzman et al. 2019).
-- > genai.sample.top_p(0.5)(genai.tensor{ 0, 9 })[1]:item() == -math.huge
function sample.top_p(p)
  number("top_p", p, 0, 1)
  return function(logits)
    local sorted = logits:sort(1, { descending = true })
    local probabilities = sorted:softmax(1)
    local before = probabilities:cumsum(1) - probabilities
    local kept = math.max(1, before:lt(p):sum():item())
    return logits:masked_fill(logits:lt(sorted:slice(1, kept, kept)), LOWEST)
  end
end

--- sample.min_p(p) -> keeps ids at least p times as likely as the likeliest (Nguyen et al. 2024).
function sample.min_p(p)
  number("min_p", p, 0, 1)
  if p == 0 then return function(logits) return logits end end
  local below = math.log(p)
  return function(logits) return logits:masked_fill(logits:lt((logits:max()) + below), LOWEST) end
end

--- sample.repetition(penalty, last) -> makes ids that occurred among the `last` (default 64) ones less likely: logits / penalty where positive, else times it (Keskar et al. 2019).
function sample.repetition(penalty, last)
  number("repetition", penalty, 1e-6, 1e6)
  last = last or 64
  return function(logits, ids)
    if not ids or #ids == 0 then return logits end
    local seen, list = {}, {}
    for i = math.max(1, #ids - last + 1), #ids do
      if not seen[ids[i]] then seen[ids[i]], list[#list + 1] = true, ids[i] end
    end
    local index = core.tensor(list, { dtype = "i32" })
    local old = logits:gather(1, index)
    return logits:scatter(1, index, ops.where(old:gt(0), old / penalty, old * penalty))
  end
end

--- sample.draw(logits, rng) -> an id, with the probabilities softmax(logits).
function sample.draw(logits, rng)
  return logits:softmax(1):multinomial(1, { rng = rng }):item()
end

-- llama2.c's random numbers: xorshift*.
local function coin_of(state)
  return function()
    state = state ~ (state >> 12)
    state = state ~ (state << 25)
    state = state ~ (state >> 27)
    return (((state * 0x2545F4914F6CDD1D) >> 32) >> 8) / 16777216
  end
end

--- sample.llama2c(seed, { temperature = 1, top_p = 0.9 }) -> draws the ids that llama2.c's run.c draws from the same logits with -s seed -t temperature -p top_p.
function sample.llama2c(seed, options)
  local t, p = options and options.temperature or 1, options and options.top_p or 0.9
  number("llama2c: temperature", t, 0, 1e6)
  if math.type(seed) ~= "integer" or seed == 0 then error("sample.llama2c: seed is " .. tostring(seed) .. ", wanted a whole number that is not 0", 2) end
  local coin = coin_of(seed)
  return function(logits)
    if t == 0 then return logits:argmax():item() end
    local probabilities = (logits / t):softmax(1)
    if p <= 0 or p >= 1 then
      local u, sum, list = coin(), 0.0, probabilities:totable()
      for i = 1, #list do
        sum = sum + list[i]
        if u < sum then return i - 1 end
      end
      return #list - 1
    end
    local sorted, position = probabilities:sort(1, { descending = true })
    local list, at, sum, last = sorted:totable(), position:totable(), 0.0, nil
    local cutoff = (1 - p) / (#list - 1)
    for i = 1, #list do
      if list[i] < cutoff and i > 1 then break end
      sum, last = sum + list[i], i
      if sum > p then break end
    end
    local u, reached = coin() * sum, 0.0
    for i = 1, last do
      reached = reached + list[i]
      if u < reached then return at[i] end
    end
    return at[last]
  end
end

--- sample.chain{ temperature =, top_k =, top_p =, min_p =, repetition = } -> the list of samplers that such options stand for; temperature 0 is greedy.
function sample.chain(options)
  local out, t = {}, options.temperature or 1
  if options.repetition then out[#out + 1] = sample.repetition(options.repetition) end
  if t == 0 then
    out[#out + 1] = sample.greedy()
    return out
  end
  if t ~= 1 then out[#out + 1] = sample.temperature(t) end
  if options.top_k then out[#out + 1] = sample.top_k(options.top_k) end
  if options.top_p and options.top_p < 1 then out[#out + 1] = sample.top_p(options.top_p) end
  if options.min_p then out[#out + 1] = sample.min_p(options.min_p) end
  return out
end

--- sample.next(logits, chain, rng, ids) -> the next id: the chain's samplers in order, then a draw.
function sample.next(logits, chain, rng, ids)
  for i = 1, #chain do
    logits = chain[i](logits, ids)
    if math.type(logits) == "integer" then return logits end
  end
  return sample.draw(logits, rng)
end

return sample
