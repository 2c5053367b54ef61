--- Llama 2 (Touvron et al. 2023): a decoder of rms_norm, rotary positions, grouped heads and SwiGLU, over a cache of keys and values.
-- Source: karpathy/llama2.c (run.c), format of its .bin files ("legacy": seven integers, then f32 weights).
-- Input: ids i32[m] from 0; result: logits f32[m,vocabulary] (or [1,vocabulary]).
-- Details that have caused bugs: pairs of the rotation are neighbours (interleaved), eps of the norms is 1e-5, query heads i and i+1 share a key head
-- (head i uses key i // (heads / kv_heads)), a vocabulary below 0 in the header means that the last layer has weights of its own.
local core = require "genai.core"
local ops = core.ops
local llama = { about = "tells short stories", licence = "MIT", paper = "Touvron et al. 2023" }
llama.__index = llama
llama.__name = "llama"

local norm_options, rope_options, causal = { eps = 1e-5 }, { interleaved = true }, { causal = true }

--- llama.load(path) -> a language model: text in, text out (genai.text.load). path: a folder with a llama2.c model (*.bin) and its vocabulary (tok*.bin).
function llama.load(path) return require("genai.text").load(path) end

--- llama.read(bytes, name) -> a model from a llama2.c .bin file's bytes.
function llama.read(bytes, name)
  local function refuse(why) error(("%s: %s"):format(name, why), 3) end
  if #bytes < 28 then refuse(("the file has %d bytes, wanted a header of 28"):format(#bytes)) end
  local dim, hidden, layers, heads, kv_heads, vocabulary, context = string.unpack("<i4i4i4i4i4i4i4", bytes)
  local config = { dim = dim, hidden = hidden, layers = layers, heads = heads, kv_heads = kv_heads, vocabulary = math.abs(vocabulary), context = context, tied = vocabulary > 0 }
  for _, field in ipairs { "dim", "hidden", "layers", "heads", "kv_heads", "vocabulary", "context" } do
    if config[field] < 1 or config[field] > 1 << 20 then refuse(("%s is %d, wanted 1..%d"):format(field, config[field], 1 << 20)) end
  end
  if dim % heads ~= 0 or heads % kv_heads ~= 0 or dim // heads % 2 ~= 0 then refuse(("%d numbers in %d heads over %d key heads do not divide"):format(dim, heads, kv_heads)) end
  return setmetatable({ config = config, weights = llama.weights(config, bytes, refuse) }, llama)
end

-- Weights in the file's order; those that are used together lie together: queries, keys and values; the two halves of the gate.
function llama.weights(c, bytes, refuse)
  local kv, head, n = c.dim // c.heads * c.kv_heads, c.dim // c.heads, (#bytes - 28) // 4
  local per_layer = 2 * c.dim + 2 * c.dim * c.dim + 2 * kv * c.dim + 3 * c.hidden * c.dim
  local wanted = c.vocabulary * c.dim * (c.tied and 1 or 2) + c.layers * per_layer + c.dim + c.context * head
  if n ~= wanted or #bytes % 4 ~= 0 then refuse(("the file has %d bytes after its header, wanted %.0f for its sizes"):format(#bytes - 28, 4.0 * wanted)) end
  local all, at = core.from_bytes(bytes:sub(29), "f32", { n }), 1
  local function take(...)
    local size = 1
    for _, d in ipairs { ... } do size = size * d end
    local x = all:slice(1, at, at + size - 1):view(...)
    at = at + size
    return x
  end
  local w = { embedding = take(c.vocabulary, c.dim) }
  local norm1, wq, wk, wv, wo = take(c.layers, c.dim), take(c.layers, c.dim, c.dim), take(c.layers, kv, c.dim), take(c.layers, kv, c.dim), take(c.layers, c.dim, c.dim)
  local norm2, w1, w2, w3 = take(c.layers, c.dim), take(c.layers, c.hidden, c.dim), take(c.layers, c.dim, c.hidden), take(c.layers, c.hidden, c.dim)
  w.norm = take(c.dim)
  take(c.context, head)
  w.head = c.tied and w.embedding or take(c.vocabulary, c.dim)
  for i = 1, c.layers do
    w[i] = { norm1 = norm1[i], qkv = ops.cat({ wq[i], wk[i], wv[i] }, 1), out = wo[i], norm2 = norm2[i], gate = ops.cat({ w1[i], w3[i] }, 1), down = w2[i] }
  end
  return w
end

--- model:cache() -> an empty cache of keys and values; room for the model's whole context.
function llama:cache()
  local c = self.config
  local cache = { length = 0 }
  for i = 1, c.layers do
    cache[i] = { k = ops.zeros(1, c.kv_heads, c.context, c.dim // c.heads), v = ops.zeros(1, c.kv_heads, c.context, c.dim // c.heads) }
  end
  return cache
end

--- model:fork(cache) -> a copy that goes its own way.
function llama:fork(cache)
  local copy = { length = cache.length }
  for i, layer in ipairs(cache) do copy[i] = { k = layer.k:clone(), v = layer.v:clone() } end
  return copy
end

--- model:state(cache, length) -> the cache's tensors, as far as `length` ids fill them, as a list of { name, tensor }: for contexts that are saved.
function llama:state(cache, length)
  local out = {}
  for i, layer in ipairs(cache) do
    for _, part in ipairs { "k", "v" } do out[#out + 1] = { part .. i, layer[part]:slice(3, 1, length) } end
  end
  return out
end

-- One block: x[m,dim] at positions from+1..from+m of the cache.
local function block(c, w, cache, x, positions, from, m)
  local heads, kv, size = c.heads, c.kv_heads, c.dim // c.heads
  local qkv = x:rms_norm(w.norm1, norm_options):linear(w.qkv)
  if m > 1 then qkv = qkv:view(1, m, heads + 2 * kv, size):transpose(2, 3) else qkv = qkv:view(1, heads + 2 * kv, 1, size) end
  local qk = qkv:slice(2, 1, heads + kv):rope(positions, rope_options)
  local n = from + m
  cache.k:slice(3, from + 1, n):copy_(qk:slice(2, heads + 1))
  cache.v:slice(3, from + 1, n):copy_(qkv:slice(2, heads + kv + 1))
  local y = qk:slice(2, 1, heads):attention(cache.k:slice(3, 1, n), cache.v:slice(3, 1, n), causal)
  if m > 1 then y = y:transpose(2, 3):reshape(m, c.dim) else y = y:view(1, c.dim) end
  x = x + y:linear(w.out)
  local gate = x:rms_norm(w.norm2, norm_options):linear(w.gate)
  return x + (gate:slice(2, 1, c.hidden):silu() * gate:slice(2, c.hidden + 1)):linear(w.down)
end

local function forward(self, ids, cache, every)
  local c, w, m = self.config, self.weights, #ids
  local from = cache.length
  if m < 1 then error("llama: ids are empty, wanted one or more", 0) end
  if from + m > c.context then error(("llama: %d ids after %d, the context holds %d"):format(m, from, c.context), 0) end
  for i = 1, m do
    if math.type(ids[i]) ~= "integer" or ids[i] < 0 or ids[i] >= c.vocabulary then error(("llama: id %d is %s, wanted 0..%d"):format(i, tostring(ids[i]), c.vocabulary - 1), 0) end
  end
  local x = m == 1 and w.embedding:slice(1, ids[1] + 1, ids[1] + 1) or core.tensor(ids, { dtype = "i32" }):embedding(w.embedding)
  local positions = ops.arange(from, from + m, { dtype = "i32" })
  for i = 1, c.layers do x = block(c, w[i], cache[i], x, positions, from, m) end
  cache.length = from + m
  if m > 1 and not every then x = x:slice(1, m) end
  return x:rms_norm(w.norm, norm_options):linear(w.head)
end

--- model(ids, cache, every) -> logits[m,vocabulary] if `every`, else those of the last id [1,vocabulary]. ids: a list; the cache grows by them.
function llama:__call(ids, cache, every)
  local was = core.recording(false)
  local fine, logits = pcall(forward, self, ids, cache or self:cache(), every)
  core.recording(was)
  if not fine then error(logits, 2) end
  return logits
end

return llama
