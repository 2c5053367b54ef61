--- What ONNX's and onnxruntime's attention ops share: heads, masks, rotary positions.
local core = require "genai.core"
local tools = require "genai.onnx.tools"
local attend = {}
local op = core.ops

--- attend.heads(a, x, n) -> x[b,m,n d] as [b,n,m,d]; x[b,n,m,d] as it is.
function attend.heads(a, x, n)
  local shape = x.shape
  if #shape == 4 then return x end
  if #shape ~= 3 or not n or n < 1 or shape[3] % n ~= 0 then a.fail("x is %s, wanted [b,m,d] with d a multiple of %s heads", tools.text(shape), tostring(n)) end
  return x:reshape(shape[1], shape[2], n, shape[3] // n):transpose(2, 3)
end

--- attend.merge(y[b,n,m,d]) -> [b,m,n d].
function attend.merge(y)
  local s = y.shape
  return y:transpose(2, 3):reshape(s[1], s[2 + 1], s[2] * s[4])
end

--- attend.steps(m, n, offset) -> key positions j - (i + offset), [m,n] or with offset[b] [b,1,m,n].
function attend.steps(m, n, offset)
  local i, j = op.arange(0, m, 1, { dtype = "i64" }):reshape(m, 1), op.arange(0, n, 1, { dtype = "i64" })
  if type(offset) ~= "number" then offset = offset:to("i64"):reshape(-1, 1, 1, 1) end
  return j - (i + offset)
end

--- attend.before(n, lengths[b]) -> bools [b,1,1,n]: the key lies inside of its sequence.
function attend.before(n, lengths)
  return op.arange(0, n, 1, { dtype = "i64" }):lt(lengths:to("i64"):reshape(-1, 1, 1, 1))
end

--- attend.mask(additive or bools or nil, bools, ...) -> one mask of numbers to add (nil where there is none).
function attend.mask(mask, ...)
  if mask and (mask.dtype == "bool" or mask.dtype == "u8") then mask = mask:to("bool"):where(0.0, -math.huge) end
  for i = 1, select("#", ...) do
    local seen = select(i, ...)
    if seen then
      local m = seen:where(0.0, -math.huge)
      mask = mask and mask + m or m
    end
  end
  return mask
end

-- Keys and values for every head of the queries.
local function spread(x, heads)
  local g = x.shape[2]
  if g == heads then return x end
  return x:repeat_interleave(heads // g, 2)
end

--- attend.plain(q, k, v, o) -> y, scores, capped, masked, shares: attention with what lies between at hand (o: scale, softcap, mask).
function attend.plain(q, k, v, o)
  local heads = q.shape[2]
  k, v = spread(k, heads), spread(v, heads)
  local scores = (q * o.scale):matmul(k:transpose(3, 4))
  local capped = o.softcap and (scores / o.softcap):tanh() * o.softcap or scores
  local masked = o.mask and capped + o.mask or capped
  local most = o.mask and o.mask:max(o.mask:dim(), { keep = true })
  local shares = masked:softmax()
  if most then shares = most:eq(-math.huge):where(0.0, shares) end
  return shares:matmul(v), scores, capped, masked, shares
end

--- attend.run(q, k, v, o) -> y[b,h,m,e]; o: scale, softcap, mask, causal (aligned at the end).
function attend.run(q, k, v, o)
  return op.attention(q, k, v, { scale = o.scale, softcap = o.softcap, mask = o.mask, causal = o.causal or false })
end

-- Rows of a cache for positions [b,m] or [m]: [b or 1, 1, m, d].
local function rows_of(cache, positions, m)
  if not positions then return cache:dim() == 3 and cache:unsqueeze(2) or cache:slice(1, 1, m):unsqueeze(1) end
  local s = positions.shape
  return cache:index_select(1, positions:reshape(-1)):reshape(#s == 2 and s[1] or 1, 1, m, cache.shape[cache:dim()])
end

--- attend.rotate(a, x[b,h,m,d], cos, sin, positions, dims, interleaved) -> x with its first dims turned by the caches' angles (Su et al. 2021).
function attend.rotate(a, x, cos, sin, positions, dims, interleaved)
  local s = x.shape
  local m, d = s[3], s[4]
  if not dims or dims == 0 then dims = d end
  if dims % 2 ~= 0 or dims > d or cos.shape[cos:dim()] ~= dims // 2 or sin.shape[sin:dim()] ~= dims // 2 then a.fail("x is %s, the caches %s and %s", tools.text(s), tools.text(cos.shape), tools.text(sin.shape)) end
  cos, sin = rows_of(cos, positions, m), rows_of(sin, positions, m)
  local part = dims < d and x:slice(4, 1, dims) or x
  local u, v
  if interleaved then
    part = part:reshape(s[1], s[2], m, dims // 2, 2)
    u, v = part:select(5, 1), part:select(5, 2)
  else
    u, v = part:slice(4, 1, dims // 2), part:slice(4, dims // 2 + 1, dims)
  end
  local real, imaginary = u * cos - v * sin, u * sin + v * cos
  local y = interleaved and op.stack({ real, imaginary }, 5):reshape(s[1], s[2], m, dims) or op.cat({ real, imaginary }, 4)
  return dims < d and op.cat({ y, x:slice(4, dims + 1, d) }, 4) or y
end

return attend
