--- GPT: a decoder of pre-norm blocks with learned positions (Radford et al. 2019), small enough to train on characters.
-- Source: karpathy/nanoGPT's model.py for shapes and starting values. Input: ids i32[b,t] (from 0), t up to the context; result: logits f32[b,t,vocabulary].
-- Details that have caused bugs: the gelu is the tanh form; weights start from N(0, 0.02), those that lead back into the residual path from
-- 0.02 / sqrt(2 layers); with `tied` the head is the embedding itself, which then counts once.
local core = require "genai.core"
local ops = core.ops
local walk = require "genai.nn.walk"
local layers = require "genai.nn.layers"
local gpt = {}

local defaults = { vocabulary = 256, context = 256, layers = 6, heads = 6, size = 384, dropout = 0, bias = true, tied = false }

local block = walk.module("block", function(self, x)
  x = x + self.drop(self.attention(self.norm1(x)))
  return x + self.drop(self.down(self.up(self.norm2(x)):gelu()))
end)

local function start(linear, deviation)
  linear.weight = walk.parameter(ops.randn_like(linear.weight) * deviation)
  if linear.bias then linear.bias = walk.parameter(ops.zeros_like(linear.bias)) end
  return linear
end

local function make_block(c)
  local bias, deep = { bias = c.bias }, 0.02 / math.sqrt(2 * c.layers)
  local attention = layers.attention(c.size, c.heads, { causal = true, bias = c.bias })
  for _, name in ipairs { "query", "key", "value" } do start(attention[name], 0.02) end
  start(attention.out, deep)
  return setmetatable({ norm1 = layers.layer_norm(c.size, bias), attention = attention, norm2 = layers.layer_norm(c.size, bias),
    up = start(layers.linear(c.size, 4 * c.size, bias), 0.02), down = start(layers.linear(4 * c.size, c.size, bias), deep), drop = layers.dropout(c.dropout) }, block)
end

local methods = {}

local kind = walk.module("gpt", function(self, ids)
  local shape = ids.shape
  local t = shape[2]
  if #shape ~= 2 then error(("gpt: ids are %s[%s], wanted i32[b,t]"):format(ids.dtype, table.concat(shape, ",")), 2) end
  if t > self.context then error(("gpt: %d ids in a row, the context holds %d"):format(t, self.context), 2) end
  local x = self.drop(ids:embedding(self.token) + self.position:slice(1, 1, t))
  for _, b in ipairs(self.blocks) do x = b(x) end
  return self.norm(x):linear(self.head or self.token)
end)
kind.__index = methods

--- gpt(config) -> a model; config { vocabulary = 256, context = 256, layers = 6, heads = 6, size = 384, dropout = 0, bias = true, tied = false }.
-- > genai.models.gpt { vocabulary = 5, context = 4, layers = 1, heads = 1, size = 8 }(genai.zeros(1, 3, { dtype = "i32" })).shape[3] == 5
function gpt.new(config)
  local c = {}
  for key, value in pairs(defaults) do c[key] = value end
  for key, value in pairs(config or {}) do
    if defaults[key] == nil then error(("gpt: unknown field \"%s\" of the config"):format(tostring(key)), 2) end
    c[key] = value
  end
  local self = { context = c.context, vocabulary = c.vocabulary, blocks = {}, norm = layers.layer_norm(c.size, { bias = c.bias }), drop = layers.dropout(c.dropout),
    token = walk.parameter(ops.randn(c.vocabulary, c.size) * 0.02), position = walk.parameter(ops.randn(c.context, c.size) * 0.02) }
  for i = 1, c.layers do self.blocks[i] = make_block(c) end
  if not c.tied then self.head = walk.parameter(ops.randn(c.vocabulary, c.size) * 0.02) end
  return setmetatable(self, kind)
end

--- model:loss(ids, targets) -> mean cross entropy of the next ids; both i32[b,t].
function methods:loss(ids, targets)
  local logits = self(ids)
  return logits:view(-1, self.vocabulary):cross_entropy(targets:reshape(-1))
end

--- model:generate(ids, count, { temperature, top_k, top_p, seed = 0, sample }) -> a list of `count` more ids after a list of ids.
function methods:generate(ids, count, options)
  local sample = require "genai.sample"
  options = options or {}
  local all, out, rng = { table.unpack(ids) }, {}, core.rng(options.seed or 0, "text")
  local chain = options.sample or sample.chain(options)
  require("genai").no_grad(function()
    for i = 1, count do
      local tail = { table.unpack(all, math.max(1, #all - self.context + 1)) }
      local logits = self(core.tensor({ tail }, { dtype = "i32" }))[1]
      out[i] = sample.next(logits[#tail], chain, rng, all)
      all[#all + 1] = out[i]
    end
  end)
  return out
end

return setmetatable(gpt, { __call = function(_, config) return gpt.new(config) end })
