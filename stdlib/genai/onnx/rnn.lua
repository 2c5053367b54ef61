--- ONNX recurrent layers: LSTM, GRU, RNN. Layers as nearly all files have them run in one kernel; other activations, clip, peepholes and the GRU that resets before its product step by step.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local ops = {}
local op = core.ops

-- ---- activations by name, with alpha and beta ----
local functions = {
  sigmoid = function(x) return x:sigmoid() end,
  tanh = function(x) return x:tanh() end,
  relu = function(x) return x:relu() end,
  softsign = function(x) return x:softsign() end,
  softplus = function(x) return x:softplus() end,
  affine = function(x, alpha, beta) return x * (alpha or 1) + (beta or 0) end,
  leakyrelu = function(x, alpha) return x:leaky_relu(alpha or 0.01) end,
  thresholdedrelu = function(x, alpha) return x * x:gt(alpha or 1) end,
  scaledtanh = function(x, alpha, beta) return (x * (beta or 1)):tanh() * (alpha or 1) end,
  hardsigmoid = function(x, alpha, beta) return (x * (alpha or 0.2) + (beta or 0.5)):clamp(0, 1) end,
  elu = function(x, alpha) return x:elu(alpha or 1) end,
}
local takes = { affine = 2, leakyrelu = 1, thresholdedrelu = 1, scaledtanh = 2, hardsigmoid = 2, elu = 1 }

-- A list of functions for each direction, and whether they are the usual ones.
local function activations(a, usual, directions)
  local out, plain, i, j = {}, true, 0, 0
  for _, name in ipairs { "activation_alpha", "activation_beta" } do
    if a[name] and type(a[name]) ~= "table" then a.fail("%s is no list", name) end
  end
  local names = a.activations or {}
  if #names ~= 0 and #names ~= #usual * directions then a.fail("%d activations, wanted %d", #names, #usual * directions) end
  for d = 1, directions do
    out[d] = {}
    for k, default in ipairs(usual) do
      local name = (names[(d - 1) * #usual + k] or default):lower()
      local f = functions[name] or a.fail("the activation \"%s\" is not supported", name)
      local alpha, beta
      if takes[name] then i, alpha = i + 1, a.activation_alpha and a.activation_alpha[i + 1] end
      if takes[name] == 2 then j, beta = j + 1, a.activation_beta and a.activation_beta[j + 1] end
      plain = plain and name == default
      out[d][k] = function(x) return f(x, alpha, beta) end
    end
  end
  return out, plain
end

-- ---- shapes ----
local function check(a, x, w, r, b, gates)
  local ws, rs, xs = w.shape, r.shape, x.shape
  local n = #rs == 3 and rs[3] or 0
  if #xs ~= 3 or #ws ~= 3 or ws[2] ~= gates * n or rs[2] ~= gates * n or rs[1] ~= ws[1] or ws[3] ~= xs[3] then
    a.fail("x is %s, W is %s, R is %s, wanted [t,b,i], [d,%dh,i], [d,%dh,h]", tools.text(xs), tools.text(ws), tools.text(rs), gates, gates)
  end
  if b and (b:dim() ~= 2 or b.shape[1] ~= ws[1] or b.shape[2] ~= 2 * gates * n) then a.fail("B is %s, wanted [%d,%d]", tools.text(b.shape), ws[1], 2 * gates * n) end
  if a.hidden_size and a.hidden_size ~= n then a.fail("hidden_size is %d, R is %s", a.hidden_size, tools.text(rs)) end
  local wanted = a.direction == "bidirectional" and 2 or 1
  if ws[1] ~= wanted then a.fail("W is %s, wanted %d directions", tools.text(ws), wanted) end
  return ws[1], n
end

local function start(a, state, d, batch, n)
  if not state then return op.zeros(batch, n) end
  local s = state.shape
  if #s ~= 3 or s[2] ~= batch or s[3] ~= n or s[1] < d then a.fail("an initial state is %s, wanted [d,%d,%d]", tools.text(s), batch, n) end
  return state:select(1, d)
end

-- ---- sequences of different lengths ----
-- lens: nil where all fill x. Then mask[t,b,1] is 1 where a step counts, back[t,b] is where a sequence's steps stand reversed, last[1,b] its last one.
local function lengths(a, given, steps, batch)
  local list = tools.ints(given)
  if not list then return nil end
  local full = true
  if #list ~= batch then a.fail("%d sequence lengths for a batch of %d", #list, batch) end
  for _, n in ipairs(list) do
    if n < 0 or n > steps then a.fail("a sequence length is %d, x has %d steps", n, steps) end
    full = full and n == steps
  end
  if full then return nil end
  local n = core.tensor(list, { dtype = "i64" }):reshape(1, batch)
  local t = op.arange(0, steps, 1, { dtype = "i64" }):reshape(steps, 1)
  local inside = t:lt(n)
  return { mask = inside:to("f32"):unsqueeze(3), back = inside:where(n - 1 - t, t), last = (n - 1):clamp(0), some = n:gt(0):to("f32"):reshape(batch, 1) }
end

local function turned(x, lens)
  local index = lens.back:unsqueeze(3):expand(x.shape):contiguous()
  return x:gather(1, index)
end

local function last_of(y, lens)
  local index = lens.last:unsqueeze(3):expand(1, y.shape[2], y.shape[3]):contiguous()
  return y:gather(1, index):squeeze(1) * lens.some
end

-- A layer of the engine's own, where all sequences are as long: y and the last states.
local function whole_layer(run, x, states, weights)
  local first, list = {}, {}
  for k, s in ipairs(states) do first[k] = s:unsqueeze(1) end
  for k = 1, 4 do list[k] = weights[k] end
  first[#first + 1] = list
  local found = { run(x, first, #list) }
  for k = 2, #found do found[k] = found[k]:squeeze(1) end
  return { found[1] }, { table.unpack(found, 2) }
end

-- One direction: run(x, reverse, same) gives lists of states [t,b,h] (the first is y), and where the sequences are the same length perhaps the last ones.
local function direction(run, x, reverse, lens)
  if not lens then
    local states, last = run(x, reverse, true)
    if last then return states[1], last end
    last = {}
    for k, s in ipairs(states) do last[k] = s:select(1, reverse and 1 or s.shape[1]) end
    return states[1], last
  end
  local states, last = run(reverse and turned(x, lens) or x, false), {}
  for k, s in ipairs(states) do last[k] = last_of(s, lens) end
  local y = states[1] * lens.mask
  return reverse and turned(y, lens) or y, last
end

-- Both directions and the layout: what an op gives back.
local function layer(a, x, n, given, initial, runs)
  local first = a.layout == 1
  if first then
    x = x:transpose(1, 2)
    for k, s in pairs(initial) do initial[k] = s:transpose(1, 2) end
  end
  local steps, batch = x.shape[1], x.shape[2]
  if steps < 1 then a.fail("x is %s, wanted a step or more", tools.text(x.shape)) end
  local lens, ys, lasts = lengths(a, given, steps, batch), {}, {}
  for d, make in ipairs(runs) do
    local states = {}
    for k = 1, runs.states do states[k] = start(a, initial[k], d, batch, n) end
    local y, last = direction(make(states), x, a.direction == "reverse" or d == 2, lens)
    ys[d] = y
    for k, s in ipairs(last) do
      lasts[k] = lasts[k] or {}
      lasts[k][d] = s
    end
  end
  local out = { first and op.stack(ys, 3):transpose(1, 2):contiguous() or op.stack(ys, 2) }
  for k, list in ipairs(lasts) do out[k + 1] = op.stack(list, first and 2 or 1) end
  return table.unpack(out)
end

local function half(b, d, part, size)
  if not b then return nil end
  return b:select(1, d):slice(1, (part - 1) * size + 1, part * size):contiguous()
end

-- Blocks of rows in another order: from ONNX's gates to the engine's.
local function reordered(w, order, n)
  if not w then return nil end
  local parts = {}
  for k, from in ipairs(order) do parts[k] = w:slice(1, (from - 1) * n + 1, from * n) end
  return op.cat(parts, 1)
end

-- The weights of each direction as the kernels want them; made once where they are constants.
local function kernel_weights(w, r, b, gates, order)
  local out, n = {}, r.shape[3]
  for d = 1, w.shape[1] do
    out[d] = { reordered(w:select(1, d), order, n), reordered(r:select(1, d), order, n), reordered(half(b, d, 1, gates * n), order, n), reordered(half(b, d, 2, gates * n), order, n) }
  end
  return out
end

local function step_weights(w, r, b, gates)
  local out, n = {}, r.shape[3]
  for d = 1, w.shape[1] do
    out[d] = { w = w:select(1, d):contiguous(), r = r:select(1, d):contiguous(), wb = half(b, d, 1, gates * n), rb = half(b, d, 2, gates * n) }
  end
  return out
end

-- Steps in order or from the end; step(t) gives states, collected as [t,b,h].
local function each_step(steps, reverse, count, step)
  local lists = {}
  for k = 1, count do lists[k] = {} end
  for i = 1, steps do
    local t = reverse and steps + 1 - i or i
    local states = { step(t) }
    for k = 1, count do lists[k][t] = states[k] end
  end
  for k = 1, count do lists[k] = op.stack(lists[k], 1) end
  return lists
end

local function cut(a)
  local most = a.clip
  if not most or most <= 0 then return function(x) return x end end
  return function(x) return x:clamp(-most, most) end
end

-- f(weights) of constant weights, kept; else anew each time.
local function prepared(consts, bias, f)
  local kept
  local fixed = consts[2] and consts[3] and (not bias or consts[4])
  return function(w, r, b)
    if kept then return kept end
    local made = f(w, r, b)
    if fixed then kept = made end
    return made
  end
end

local function parts(x, n, count)
  local out, d = {}, x:dim()
  for k = 1, count do out[k] = x:slice(d, (k - 1) * n + 1, k * n) end
  return table.unpack(out)
end

-- ---- LSTM: gates i o f c ----
local function lstm_steps(a, f, p, d, weights, n)
  local clip, shut, squash = cut(a), a.input_forget == 1, a.squash or function(x) return x end
  local pi, po, pf
  if p then pi, po, pf = parts(p:select(1, d), n, 3) end
  return function(states)
    return function(x, reverse)
      local h, c = states[1], states[2]
      local gates = x:linear(weights.w, weights.wb)
      if weights.rb then gates = gates + weights.rb end
      return each_step(x.shape[1], reverse, 2, function(t)
        local gi, go, gf, gc = parts(gates:select(1, t) + squash(h):linear(weights.r), n, 4)
        if p then gi, gf = gi + pi * c, gf + pf * c end
        local i = f[1](clip(gi))
        local keep = shut and 1 - i or f[1](clip(gf))
        c = keep * c + i * f[2](clip(gc))
        if p then go = go + po * c end
        h = f[1](clip(go)) * f[3](c)
        return h, c
      end)
    end
  end
end

local function lstm_kernel(weights)
  return function(states)
    return function(x, reverse, same)
      if same then return whole_layer(function(v, list, per) return op.lstm_layers(v, list[1], list[2], list[3], per, reverse) end, x, states, weights) end
      local y, c = op.lstm_layer(x, states[1], states[2], weights[1], weights[2], weights[3], weights[4], reverse)
      return { y, c }
    end
  end
end

local function three_types(a) return a.types[1], a.types[1], a.types[1] end

ops.LSTM = { types = three_types, make = function(a, consts)
  local directions = a.direction == "bidirectional" and 2 or 1
  local f, plain = activations(a, { "sigmoid", "tanh", "tanh" }, directions)
  plain = plain and not (a.clip and a.clip > 0) and a.input_forget ~= 1 and not a.types[8] and not a.squash
  local weights = prepared(consts, a.types[4], function(w, r, b)
    if plain then return kernel_weights(w, r, b, 4, { 1, 3, 4, 2 }) end
    return step_weights(w, r, b, 4)
  end)
  return function(x, w, r, b, lens, h0, c0, p)
    local dirs, n = check(a, x, w, r, b, 4)
    if p and (p:dim() ~= 2 or p.shape[1] ~= dirs or p.shape[2] ~= 3 * n) then a.fail("P is %s, wanted [%d,%d]", tools.text(p.shape), dirs, 3 * n) end
    local runs = { states = 2 }
    for d, one in ipairs(weights(w, r, b)) do runs[d] = plain and lstm_kernel(one) or lstm_steps(a, f[d], p, d, one, n) end
    return layer(a, x, n, lens, { h0, c0 }, runs)
  end
end }

-- ---- GRU: gates z r h ----
local function gru_steps(a, f, weights, n)
  local clip, after = cut(a), a.linear_before_reset == 1
  local rzr, rh = weights.r:slice(1, 1, 2 * n):contiguous(), weights.r:slice(1, 2 * n + 1, 3 * n):contiguous()
  local bzr = weights.rb and weights.rb:slice(1, 1, 2 * n):contiguous()
  local bh = weights.rb and weights.rb:slice(1, 2 * n + 1, 3 * n):contiguous()
  return function(states)
    return function(x, reverse)
      local h = states[1]
      local gates = x:linear(weights.w, weights.wb)
      return each_step(x.shape[1], reverse, 1, function(t)
        local own = gates:select(1, t)
        local z, r = parts(f[1](clip(own:slice(2, 1, 2 * n) + h:linear(rzr, bzr))), n, 2)
        local past = after and r * h:linear(rh, bh) or (r * h):linear(rh, bh)
        local new = f[2](clip(own:slice(2, 2 * n + 1, 3 * n) + past))
        h = new + z * (h - new)
        return h
      end)
    end
  end
end

local function gru_kernel(weights)
  return function(states)
    return function(x, reverse, same)
      if same then return whole_layer(function(v, list, per) return op.gru_layers(v, list[1], list[2], per, reverse) end, x, states, weights) end
      return { (op.gru_layer(x, states[1], weights[1], weights[2], weights[3], weights[4], reverse)) }
    end
  end
end

local function two_types(a) return a.types[1], a.types[1] end

ops.GRU = { types = two_types, make = function(a, consts)
  local directions = a.direction == "bidirectional" and 2 or 1
  local f, plain = activations(a, { "sigmoid", "tanh" }, directions)
  plain = plain and not (a.clip and a.clip > 0) and a.linear_before_reset == 1
  local weights = prepared(consts, a.types[4], function(w, r, b)
    if plain then return kernel_weights(w, r, b, 3, { 2, 1, 3 }) end
    return step_weights(w, r, b, 3)
  end)
  return function(x, w, r, b, lens, h0)
    local _, n = check(a, x, w, r, b, 3)
    local runs = { states = 1 }
    for d, one in ipairs(weights(w, r, b)) do runs[d] = plain and gru_kernel(one) or gru_steps(a, f[d], one, n) end
    return layer(a, x, n, lens, { h0 }, runs)
  end
end }

-- ---- RNN ----
local function rnn_steps(a, f, weights)
  local clip = cut(a)
  return function(states)
    return function(x, reverse)
      local h = states[1]
      local own = x:linear(weights.w, weights.wb)
      return each_step(x.shape[1], reverse, 1, function(t)
        h = f[1](clip(own:select(1, t) + h:linear(weights.r, weights.rb)))
        return h
      end)
    end
  end
end

ops.RNN = { types = two_types, make = function(a, consts)
  local f = activations(a, { "tanh" }, a.direction == "bidirectional" and 2 or 1)
  local weights = prepared(consts, a.types[4], function(w, r, b) return step_weights(w, r, b, 1) end)
  return function(x, w, r, b, lens, h0)
    local _, n = check(a, x, w, r, b, 1)
    local runs = { states = 1 }
    for d, one in ipairs(weights(w, r, b)) do runs[d] = rnn_steps(a, f[d], one) end
    return layer(a, x, n, lens, { h0 }, runs)
  end
end }

return ops
