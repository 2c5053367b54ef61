--- The com.microsoft attention ops: Attention, MultiHeadAttention, GroupQueryAttention, RotaryEmbedding.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local attend = require "genai.onnx.attend"
local ops = {}
local op = core.ops
local domain = "com.microsoft."

local function define(name, entry) ops[domain .. name] = entry end

-- mask_index in its five forms as numbers to add, [b,1,1 or m,n].
local function index_mask(a, mask, b, m, n)
  local s, low = mask.shape, a.mask_filter_value or -10000.0
  local keys = op.arange(0, n, 1, { dtype = "i64" })
  local seen
  if #s == 1 and s[1] == b then seen = keys:lt(mask:to("i64"):reshape(b, 1, 1, 1))
  elseif #s == 1 and s[1] == 2 * b then                       -- ends, then starts
    local ends = mask:to("i64"):reshape(2, b, 1, 1, 1)
    seen = keys:lt(ends:select(1, 1)):logical_and(keys:ge(ends:select(1, 2)))
  elseif #s == 2 and s[1] == b and s[2] == n then seen = mask:gt(0):reshape(b, 1, 1, n)
  elseif #s == 3 and s[2] == m and s[3] == n then seen = mask:gt(0):unsqueeze(2)
  elseif #s == 4 and s[3] >= n and s[4] >= n then             -- [b,1,most,most]: the rows of this step
    return (1 - mask:slice(3, n - m + 1, n):slice(4, 1, n):to("f32")) * low
  else a.fail("mask_index is %s for %d sequences of %d, %d keys", tools.text(s), b, m, n) end
  return seen:where(0.0, low)
end

-- What a query may see. onnxruntime's masks keep a number where they hide a key: a sequence whose keys are all hidden sees all of them alike.
local function sight(a, q, k, mask, bias)
  local b, m, n = q.shape[1], q.shape[3], k.shape[3]
  local o = { scale = a.scale and a.scale ~= 0 and a.scale or 1 / math.sqrt(q.shape[4]), causal = a.unidirectional == 1 }
  if mask then o.mask = index_mask(a, mask, b, m, n) end
  if bias then o.mask = o.mask and o.mask + bias or bias end
  return o
end

-- Past keys and values [2,b,h,p,d] before new ones.
local function with_past(past, k, v)
  if not past then return k, v end
  return op.cat({ past:select(1, 1), k }, 3), op.cat({ past:select(1, 2), v }, 3)
end

--- attend.from_joined(a, joined[b,m,q+k+v], mask, past, bias) -> y[b,m,v], present.
function attend.from_joined(a, joined, mask, past, bias)
  local heads, total = a.num_heads or a.fail "it has no num_heads", joined.shape[3]
  local sizes = a.qkv_hidden_sizes or { total // 3, total // 3, total // 3 }
  if #sizes ~= 3 or sizes[1] + sizes[2] + sizes[3] ~= total or sizes[1] ~= sizes[2] then a.fail("its weights have %d columns for sizes %s", total, tools.text(sizes)) end
  if a.do_rotary == 1 then a.fail "do_rotary is not supported" end
  local q, k, v = joined:slice(3, 1, sizes[1]), joined:slice(3, sizes[1] + 1, 2 * sizes[1]), joined:slice(3, 2 * sizes[1] + 1, total)
  q, k, v = attend.heads(a, q, heads), attend.heads(a, k, heads), attend.heads(a, v, heads)
  k, v = with_past(past, k, v)
  local y = attend.run(q, k, v, sight(a, q, k, mask, bias))
  return attend.merge(y), a.outs[2] and op.stack({ k, v }, 1) or nil
end

define("Attention", { types = function(a) return a.types[1], a.types[1] end, make = function(a, consts)
  local turned = consts[2] and consts[2]:transpose(1, 2):contiguous()
  if a.types[7] then a.fail "a past in a shared buffer is not supported" end
  return function(x, w, b, mask, past, bias)
    return attend.from_joined(a, x:linear(turned or w:transpose(1, 2):contiguous(), b), mask, past, bias)
  end
end })

-- ---- MultiHeadAttention ----
local function part(b, from, size) return b and b:slice(1, from, from + size - 1) end

-- Queries, keys and values of all the layouts that the op allows, as [b,h,n,d].
local function three(a, query, key, value, b)
  local heads = a.num_heads or a.fail "it has no num_heads"
  local q, k, v = query, key, value
  if q:dim() == 5 then                                        -- [b,m,h,3,d]
    q, k, v = query:select(4, 1), query:select(4, 2), query:select(4, 3)
  elseif k and k:dim() == 5 then                              -- [b,n,h,2,d]
    k, v = key:select(4, 1), key:select(4, 2)
  end
  local function flat(x) return x:dim() == 4 and x:reshape(x.shape[1], x.shape[2], -1) or x end
  if query:dim() == 5 then q, k, v = flat(q), flat(k), flat(v) elseif key:dim() == 5 then k, v = flat(k), flat(v) end
  local width = q.shape[3]
  local ready = k:dim() == 4                                  -- keys and values that have their heads already
  if b then
    q = q + part(b, 1, width)
    if not ready then k, v = k + part(b, width + 1, width), v + part(b, 2 * width + 1, b:numel() - 2 * width) end
  end
  return attend.heads(a, q, heads), attend.heads(a, k, heads), attend.heads(a, v, heads)
end

local function key_mask(a, mask, b, m, n)
  local s = mask.shape
  if #s == 1 and s[1] == 3 * b + 2 then                       -- lengths, then offsets that say the same
    return index_mask(a, mask:slice(1, 1, b), b, m, n)
  end
  return index_mask(a, mask, b, m, n)
end

define("MultiHeadAttention", { types = function(a) return a.types[1], a.types[1], a.types[1] end, run = function(a, query, key, value, b, mask, bias, past_k, past_v, length)
  if length then a.fail "a past in a shared buffer is not supported" end
  local q, k, v = three(a, query, key, value, b)
  if past_k then k, v = op.cat({ past_k, k }, 3), op.cat({ past_v, v }, 3) end
  local o = sight(a, q, k, nil, bias)
  if mask then
    local m = key_mask(a, mask, q.shape[1], q.shape[3], k.shape[3])
    o.mask = o.mask and o.mask + m or m
  end
  return attend.merge(attend.run(q, k, v, o)), a.outs[2] and k:contiguous() or nil, a.outs[3] and v:contiguous() or nil
end })

-- ---- GroupQueryAttention ----
-- One sequence at a time: each has a past of its own length in the buffers. A prompt may be filled up on its right.
local function one_sequence(a, q, k, v, past_k, past_v, seen, o)
  local m, past = q.shape[3], seen.past
  if past_k and past > 0 then k, v = op.cat({ past_k:slice(3, 1, past), k }, 3), op.cat({ past_v:slice(3, 1, past), v }, 3) end
  local window, n = a.local_window_size or -1, math.min(past + m, seen.total)
  local mask, short = o.bias and o.bias:slice(4, 1, n) or nil, n < past + m
  local steps = (window > 0 or short) and attend.steps(m, n, past)
  if window > 0 then mask = attend.mask(mask, steps:gt(-window)) end
  if short then mask = attend.mask(mask, steps:le(0)) end
  local y = attend.run(q, k:slice(3, 1, n), v:slice(3, 1, n), { scale = o.scale, softcap = o.softcap, causal = not short, mask = mask })
  return y, k, v
end

local function grouped(a, query, key, value)
  local heads, groups = a.num_heads or 0, a.kv_num_heads or 0
  if heads < 1 or groups < 1 or heads % groups ~= 0 then a.fail("it has %d heads in %d groups", heads, groups) end
  if not key then                                             -- all three in one
    local d = query.shape[3] // (heads + 2 * groups)
    query, key, value = query:slice(3, 1, heads * d), query:slice(3, heads * d + 1, (heads + groups) * d), query:slice(3, (heads + groups) * d + 1, (heads + 2 * groups) * d)
  end
  return attend.heads(a, query, heads), attend.heads(a, key, groups), attend.heads(a, value, groups)
end

-- Keys in the buffer that the next step brings along.
local function kept(k, size)
  local n = k.shape[3]
  return n >= size and k:contiguous() or k:pad({ 0, 0, 0, size - n })
end

-- Where the queries of each sequence stand.
local function standing(totals, b, m)
  local rows = {}
  for i = 1, b do rows[i] = op.arange(0, m, 1, { dtype = "i64" }) + totals[i].past end
  return op.stack(rows, 1)
end

define("GroupQueryAttention", { types = function(a) return a.types[1], a.types[1], a.types[1] end, run = function(a, query, key, value, past_k, past_v, lengths, total, cos, sin, places, bias, sink)
  if sink or a.smooth_softmax == 1 then a.fail "smooth softmax is not supported" end
  local q, k, v = grouped(a, query, key, value)
  local b, m, totals = q.shape[1], q.shape[3], {}
  local prompt = tools.number(total) == m
  for i, n in ipairs(tools.ints(lengths)) do
    totals[i] = { total = n + 1, past = prompt and 0 or n + 1 - m }
    if n < 0 or totals[i].past < 0 then a.fail("a sequence has %d keys for %d queries", n + 1, m) end
  end
  if #totals ~= b then a.fail("%d lengths for a batch of %d", #totals, b) end
  if a.do_rotary == 1 then
    local at = places and places:to("i64") or standing(totals, b, m)
    q, k = attend.rotate(a, q, cos, sin, at, nil, a.rotary_interleaved == 1), attend.rotate(a, k, cos, sin, at, nil, a.rotary_interleaved == 1)
  end
  local o = { scale = a.scale and a.scale ~= 0 and a.scale or 1 / math.sqrt(q.shape[4]), softcap = a.softcap and a.softcap > 0 and a.softcap or nil }
  local ys, ks, vs, size = {}, {}, {}, past_k and past_k.shape[3] or 0
  for i = 1, b do
    local function pick(x) return x and x:slice(1, i, i) end
    o.bias = bias and (bias.shape[1] == b and pick(bias) or bias)
    if totals[i].past > (past_k and past_k.shape[3] or 0) then a.fail("a past of %d keys, its buffer has %d", totals[i].past, past_k and past_k.shape[3] or 0) end
    ys[i], ks[i], vs[i] = one_sequence(a, pick(q), pick(k), pick(v), pick(past_k), pick(past_v), totals[i], o)
    size = math.max(size, ks[i].shape[3])
  end
  for i = 1, b do ks[i], vs[i] = kept(ks[i], size), kept(vs[i], size) end
  return attend.merge(op.cat(ys, 1)), op.cat(ks, 1), op.cat(vs, 1)
end })

define("RotaryEmbedding", function(a, x, positions, cos, sin)
  local flat = x:dim() == 3
  local dims = a.rotary_embedding_dim
  local width = cos.shape[cos:dim()] * 2
  local heads = a.num_heads and a.num_heads > 0 and a.num_heads or nil
  if flat and not heads then heads = x.shape[3] // width end
  local h = attend.heads(a, x, heads)
  local m = h.shape[3]
  if positions:numel() == 1 and m > 1 or positions:dim() == 1 then positions = positions:to("i64"):reshape(1, 1) + op.arange(0, m, 1, { dtype = "i64" }):reshape(1, m) end
  local y = attend.rotate(a, h, cos, sin, positions, dims, a.interleaved == 1)
  return flat and attend.merge(y) or y
end)

return ops
