--- What the emitters of layers share (genai.onnx.save): options for each dim, padding, activations.
local tools = {}

function tools.each(v, n, default)
  local out = {}
  for i = 1, n do
    if type(v) == "table" then out[i] = v[#v == 1 and 1 or i] else out[i] = v or default end
    out[i] = out[i] // 1
  end
  return out
end

function tools.twice(before, after)
  local out = {}
  for i, n in ipairs(before) do out[i], out[#before + i] = n, after[i] end
  return out
end

-- A number, one for each dim, or those before and those after.
function tools.both(v, n)
  if type(v) == "table" and #v == 2 * n then return { table.unpack(v, 1, n) }, { table.unpack(v, n + 1) } end
  return tools.each(v, n, 0), tools.each(v, n, 0)
end

local modes = { zero = "constant", constant = "constant", reflect = "reflect", replicate = "edge", circular = "wrap" }
function tools.padded(g, x, pads, mode, value)
  return g:node("Pad", { x, g:ints(pads), value and g:number(value + 0.0, "f32") or "" }, { mode = modes[mode] })
end

local acts = { [0] = "none", "relu", "leaky_relu", "relu6" }
-- A result's own activation, an option of several ops.
function tools.activated(g, y, a)
  local act = a.act or "none"
  act = acts[act] or act
  if act == "relu" then return g:node("Relu", { y }) end
  if act == "leaky_relu" then return g:node("LeakyRelu", { y }, { alpha = (a.slope or 0.01) + 0.0 }) end
  if act == "relu6" then return g:node("Clip", { y, g:number(0.0, "f32"), g:number(6.0, "f32") }) end
  return y
end

return tools
