--- The ops that ONNX files may use, from the families' files.
local ops = {}
local families = { "elem", "conv", "norm", "shape", "move", "resize", "reduce", "product", "control", "rnn", "attention", "quant", "signal", "vision", "random", "misc", "microsoft", "sequence" }
local table_of

local function load_all()
  table_of = {}
  for _, family in ipairs(families) do
    local fine, found = pcall(require, "genai.onnx." .. family)
    if fine then
      for name, entry in pairs(found) do table_of[name] = entry end
    elseif not tostring(found):find("module 'genai.onnx." .. family .. "' not found", 1, true) then
      table_of = nil
      error(found, 0)
    end
  end
end

--- ops.find(domain, op) -> the op's entry, or nil.
function ops.find(domain, op)
  if not table_of then load_all() end
  return table_of[domain == "" and op or domain .. "." .. op]
end

--- ops.names() -> the names of all supported ops, sorted.
function ops.names()
  if not table_of then load_all() end
  local out = {}
  for name in pairs(table_of) do out[#out + 1] = name end
  table.sort(out)
  return out
end

return ops
