--- ONNX attention (opset 23 and the lengths of 24), rotary positions, caches.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local attend = require "genai.onnx.attend"
local ops = {}
local op = core.ops

-- The file's mask over n keys: missing ones are not seen.
local function widened(mask, n)
  if not mask then return nil end
  local dims = mask:dim()
  local missing = dims > 0 and n - mask.shape[dims] or 0
  if missing <= 0 then return mask end
  if mask.dtype == "bool" then return mask:to("u8"):pad({ 0, missing }):to("bool") end
  return mask:pad({ 0, missing }, { value = -math.huge })
end

-- What a query may see as { scale, softcap, mask, causal }.
local function sight(a, q, k, mask, past, lengths)
  local m, n = q.shape[3], k.shape[3]
  local o = { scale = a.scale or 1 / math.sqrt(q.shape[4]), softcap = a.softcap and a.softcap > 0 and a.softcap or nil }
  mask = widened(mask, n)
  local offset = lengths and lengths:to("i64") - m or past
  local inside = lengths and attend.before(n, lengths)
  local left, right = a.left_window_size or -1, a.right_window_size or -1
  local causal, near
  if a.is_causal == 1 and not lengths and offset == n - m and not a.outs[4] then o.causal = true
  elseif a.is_causal == 1 then causal = attend.steps(m, n, offset):le(0) end
  if left >= 0 then near = attend.steps(m, n, offset):ge(-left) end
  local far = right >= 0 and attend.steps(m, n, offset):le(right) or nil
  o.mask = attend.mask(mask, inside, causal, near, far)
  return o
end

ops.Attention = { types = function(a) return a.types[1], a.types[2], a.types[3], a.types[1] end, run = function(a, q, k, v, mask, past_k, past_v, lengths)
  local flat = q:dim() == 3
  q, k, v = attend.heads(a, q, a.q_num_heads), attend.heads(a, k, a.kv_num_heads), attend.heads(a, v, a.kv_num_heads)
  if (past_k == nil) ~= (past_v == nil) then a.fail "it has a past of keys or of values, but not both" end
  if k.shape[2] < 1 or q.shape[2] % k.shape[2] ~= 0 then a.fail("q is %s, k is %s", tools.text(q.shape), tools.text(k.shape)) end
  local past = past_k and past_k.shape[3] or 0
  if past_k then k, v = op.cat({ past_k, k }, 3), op.cat({ past_v, v }, 3) end
  local o, y, scores = sight(a, q, k, mask, past, lengths), nil, nil
  if a.outs[4] then
    local between = { attend.plain(q, k, v, o) }
    y, scores = between[1], between[(a.qk_matmul_output_mode or 0) + 2] or a.fail("qk_matmul_output_mode is %d", a.qk_matmul_output_mode)
  else
    y = attend.run(q, k, v, o)
  end
  return flat and attend.merge(y) or y, a.outs[2] and k:contiguous() or nil, a.outs[3] and v:contiguous() or nil, scores
end }

function ops.RotaryEmbedding(a, x, cos, sin, positions)
  local flat = x:dim() == 3
  local y = attend.rotate(a, attend.heads(a, x, a.num_heads), cos, sin, positions, a.rotary_embedding_dim, a.interleaved == 1)
  return flat and attend.merge(y) or y
end

-- Rows of a cache written from a place on, for each of a batch its own.
function ops.TensorScatter(a, cache, update, places)
  local shape, size = cache.shape, update.shape
  local d, batch = tools.axis(a, a.axis or -2, #shape), shape[1]
  if d == 1 or #size ~= #shape or size[d] > shape[d] then a.fail("the cache is %s, the update %s", tools.text(shape), tools.text(size)) end
  local at, along = {}, {}
  for k = 1, #shape do at[k], along[k] = k == 1 and batch or 1, k == d and size[d] or 1 end
  local index = op.arange(0, size[d], 1, { dtype = "i64" }):reshape(along)
  if places then index = index + places:to("i64"):reshape(at) end
  if a.mode == "circular" then index = index:remainder(shape[d]) end
  return cache:scatter(d, index:expand(size):contiguous(), update)
end

return ops
