--- ONNX element types by name, and what the engine holds them as.
local core = require "genai.core"
local types = {}

-- float16, bfloat16 and double are worked with as f32; the narrow and the unsigned integers as the next wider kind.
local dtypes = { float = "f32", double = "f32", float16 = "f32", bfloat16 = "f32", uint8 = "u8", int8 = "i32", uint16 = "i32", int16 = "i32", int32 = "i32", int64 = "i64",
  uint32 = "i64", uint64 = "i64", bool = "bool", uint4 = "u8", int4 = "i32" }
-- Integers that do not fill what holds them: bits, signed.
local narrow = { int8 = { 8, true }, int16 = { 16, true }, uint16 = { 16, false }, uint32 = { 32, false }, uint4 = { 4, false }, int4 = { 4, true } }
types.narrow = narrow

--- types.name(number) -> "float" .. of a TensorProto.DataType; nil for 0 and unknown ones.
types.name = core.onnx_type

--- types.dtype(name) -> the engine's type for it, nil where there is none.
function types.dtype(name) return dtypes[name] end

--- types.is_float(name) -> true for float, double, float16, bfloat16.
function types.is_float(name) return dtypes[name] == "f32" end

--- types.wrap(x, name) -> x with every element brought into the range of a narrow integer type, as overflow does; x itself for other types.
function types.wrap(x, name)
  local kind = narrow[name]
  if not kind then return x end
  local span = 1 << kind[1]
  if kind[2] then return (x + span // 2):remainder(span) - span // 2 end
  return x:remainder(span)
end

--- types.range(name) -> least, most of an integer type.
function types.range(name)
  local kind = narrow[name]
  if kind then
    local span = 1 << kind[1]
    return kind[2] and -span // 2 or 0, kind[2] and span // 2 - 1 or span - 1
  end
  if name == "uint8" then return 0, 255 end
  if name == "int32" then return -2147483648, 2147483647 end
  return math.mininteger, math.maxinteger
end

--- types.cast(x, from, to) -> x as another ONNX type: floats are cut towards zero, integers wrap, float16 and bfloat16 round.
function types.cast(x, from, to)
  local dtype = dtypes[to]
  if to == "float16" then return (x:to "f16"):to "f32" end
  if to == "bfloat16" then return (x:to "bf16"):to "f32" end
  if to == "bool" then return x:to "bool" end
  if x.dtype == "f32" and dtype ~= "f32" then
    if to == "uint8" then return x:to("i64"):to("i32"):to("u8") end
    return types.wrap(x:to(dtype), to)
  end
  if to == "uint8" and x.dtype == "i64" then return x:to("i32"):to("u8") end
  return types.wrap(x:to(dtype), to)
end

return types
