--- Recurrent nets: lstm and gru over the engine's layers.
local core = require "genai.core"

local known = { reverse = true, bidirectional = true }

local function options_of(name, options)
  options = options or {}
  local unknown
  for key in pairs(options) do if not known[key] and (not unknown or tostring(key) < unknown) then unknown = tostring(key) end end
  if unknown then error(('%s: unknown option "%s", wanted reverse or bidirectional'):format(name, unknown), 3) end
  if options.reverse and options.bidirectional then error(name .. ": reverse and bidirectional exclude each other", 3) end
  return options.reverse or false, options.bidirectional or false
end

-- { {w_ih, w_hh, b_ih, b_hh}, .. } as one list, and how many tensors stand for one layer and direction
local function flatten(name, weights)
  if type(weights) ~= "table" or type(weights[1]) ~= "table" then error(name .. ": weights wanted as a list of { w_ih, w_hh, b_ih, b_hh }, forward then backward for each layer", 3) end
  local flat, per = {}, #weights[1]
  if per ~= 2 and per ~= 4 then error(("%s: layer 1 has %d weights, wanted 4 (w_ih, w_hh, b_ih, b_hh) or 2 without biases"):format(name, per), 3) end
  for i, layer in ipairs(weights) do
    if #layer ~= per then error(("%s: layer %d has %d weights, wanted %d as the first"):format(name, i, #layer, per), 3) end
    for _, w in ipairs(layer) do flat[#flat + 1] = w end
  end
  return flat, per
end

local function state_of(name, state, n)
  if state == nil then return nil end
  if type(state) ~= "table" or #state ~= n then error(("%s: the state wanted as %s or nil"):format(name, n == 2 and "{ h0, c0 }" or "{ h0 }"), 3) end
  return state[1], state[2]
end

--- lstm(x, state, weights, options) -> y[t,b,h], { h, c }. x[t,b,i]; state { h0, c0 } of [layers,b,h] each, or nil for zeros; weights a list of { w_ih[4h,i],
--- w_hh[4h,h], b_ih[4h], b_hh[4h] } (or without the biases): forward then backward for each layer, gates in the order i, f, g, o (Hochreiter and Schmidhuber
--- 1997, PyTorch's form). Options: reverse (from the last step to the first), bidirectional (y is then [t,b,2h]).
-- > genai.zeros(2, 1, 3):lstm(nil, { { genai.zeros(4, 3), genai.zeros(4, 1) } }):numel() == 2
local function lstm(x, state, weights, options)
  local reverse, both = options_of("lstm", options)
  local flat, per = flatten("lstm", weights)
  local h0, c0 = state_of("lstm", state, 2)
  local y, h, c = core.ops.lstm_layers(x, h0, c0, flat, per, reverse, both)
  return y, { h, c }
end

--- gru(x, state, weights, options) -> y[t,b,h], { h }. As lstm, with state { h0 } and gates in the order r, z, n (Cho et al. 2014, PyTorch's form).
-- > genai.zeros(2, 1, 3):gru(nil, { { genai.zeros(3, 3), genai.zeros(3, 1) } }):numel() == 2
local function gru(x, state, weights, options)
  local reverse, both = options_of("gru", options)
  local flat, per = flatten("gru", weights)
  local h0 = state_of("gru", state, 1)
  local y, h = core.ops.gru_layers(x, h0, flat, per, reverse, both)
  return y, { h }
end

core.ops.lstm, core.ops.gru = lstm, gru
core.methods.lstm, core.methods.gru = lstm, gru
return { lstm = lstm, gru = gru }
