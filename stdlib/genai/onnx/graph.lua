--- From the file's messages to graphs: attributes by name, types and shapes of inputs and outputs.
local core = require "genai.core"
local types = require "genai.onnx.types"
local graph = {}

local function type_of(proto)
  if not proto then return nil end
  local inner = proto.tensor_type
  if inner then
    local shape = inner.shape and {} or nil
    for i, d in ipairs(shape and inner.shape.dim or {}) do shape[i] = d.dim_value or (d.dim_param ~= "" and d.dim_param) or "?" end
    return types.name(inner.elem_type or 0), shape
  end
  inner = proto.sequence_type or proto.optional_type
  if inner then return ("%s(%s)"):format(proto.sequence_type and "seq" or "optional", (type_of(inner.elem_type)) or "?") end
end

local function values(list)
  local out = {}
  for i, v in ipairs(list or {}) do
    local kind, shape = type_of(v.type)
    out[i] = { name = v.name, type = kind, shape = shape }
  end
  return out
end

-- AttributeProto.type, or for files that lack it the field that is there.
local kinds = { "f", "i", "s", "t", "g", "floats", "ints", "strings", "tensors", [13] = "tp" }
local empty = { f = 0.0, i = 0, s = "", floats = {}, ints = {}, strings = {}, tensors = {} }

-- Attributes that are of one kind in every op that has them.
local wanted = { axis = "i", axes = "ints", kernel_shape = "ints", pads = "ints", strides = "ints", dilations = "ints", group = "i", perm = "ints", epsilon = "f", momentum = "f", keepdims = "i",
  auto_pad = "s", ceil_mode = "i", output_padding = "ints", output_shape = "ints", alpha = "f", beta = "f", blocksize = "i", mode = "s", starts = "ints", ends = "ints", body = "g", then_branch = "g", else_branch = "g",
  direction = "s", activations = "strings", hidden_size = "i", transA = "i", transB = "i", noop_with_empty_axes = "i", allowzero = "i", batch_dims = "i", equation = "s", reduction = "s", num_groups = "i",
  scale = "f", softcap = "f", clip = "f", high = "f", low = "f", mean = "f", spatial_scale = "f", mask_filter_value = "f", is_causal = "i",
  q_num_heads = "i", kv_num_heads = "i", num_heads = "i", qk_matmul_output_mode = "i", interleaved = "i", rotary_embedding_dim = "i", left_window_size =
  "i", right_window_size = "i", input_forget = "i", layout = "i", linear_before_reset = "i", largest = "i", sorted = "i", upper = "i", exclusive = "i",
  reverse = "i", k = "i", dtype = "i", sample_size = "i", output_height = "i", output_width = "i", sampling_ratio = "i", center_point_box = "i",
  align_corners = "i", output_datatype = "i", periodic = "i", inverse = "i", onesided = "i", block_size = "i", output_dtype = "i", saturate = "i",
  new_axis = "i", offset_group = "i", unidirectional = "i", do_rotary = "i", channels_last = "i", K = "i", N = "i", bits = "i", local_window_size = "i",
  smooth_softmax = "i", is_inner_broadcast = "i", transBatchA = "i", transBatchB = "i", rotary_interleaved = "i", training_mode = "i", pooled_shape =
  "ints", qkv_hidden_sizes = "ints", shape = "ints", padding_mode = "s", coordinate_transformation_mode = "s", activation = "s", metric = "s",
  approximate = "s", activation_params = "floats" }

local function attribute(a, where)
  if a.ref_attr_name and a.ref_attr_name ~= "" then return { ref = a.ref_attr_name } end
  local kind = kinds[a.type or 0]
  if not kind then
    if (a.type or 0) > 0 then core.fail(("%s: attribute \"%s\" has type %d, which is not supported"):format(where, a.name, a.type)) end
    for _, k in ipairs(kinds) do kind = kind or (a[k] ~= nil and k) end
    if not kind then return nil end
  end
  if wanted[a.name] and wanted[a.name] ~= kind then core.fail(("%s: attribute \"%s\" is of kind %s, wanted %s"):format(where, a.name, kind, wanted[a.name])) end
  local value = a[kind]
  if value == nil then value = empty[kind] end
  if value == nil then core.fail(("%s: attribute \"%s\" has no value"):format(where, a.name)) end
  if kind == "t" then return { value = value.tensor, type = value.type } end
  if kind == "tp" then return { value = (type_of(value)) } end
  if kind == "g" then return { graph = graph.of(value, where) } end
  if kind == "tensors" then
    local list = {}
    for i, t in ipairs(value) do list[i] = t.tensor end
    return { value = list }
  end
  return { value = value }
end

local function nodes(list, path)
  local out = {}
  for i, n in ipairs(list or {}) do
    local name = n.name and n.name ~= "" and n.name or (n.output and n.output[1]) or ("#" .. i)
    local attrs, where = {}, ("%s: node \"%s\" (%s)"):format(path, name, n.op_type)
    for _, a in ipairs(n.attribute or {}) do
      if attrs[a.name] then core.fail(("%s: attribute \"%s\" occurs twice"):format(where, a.name)) end
      attrs[a.name] = attribute(a, where)
    end
    out[i] = { op = n.op_type, domain = (n.domain == nil or n.domain == "ai.onnx") and "" or n.domain, overload = n.overload, name = name, where = where,
      inputs = n.input or {}, outputs = n.output or {}, attrs = attrs }
  end
  return out
end

--- graph.of(GraphProto, path) -> { name, inputs, outputs, initializers = { { name, type, tensor } }, nodes = { { op, domain, name, inputs, outputs, attrs } } }.
function graph.of(proto, path)
  return { name = proto.name, inputs = values(proto.input), outputs = values(proto.output), initializers = proto.initializer or {}, nodes = nodes(proto.node, path) }
end

local function opsets(list)
  local out = {}
  for _, o in ipairs(list or {}) do
    local domain = (o.domain == nil or o.domain == "ai.onnx") and "" or o.domain
    out[domain] = math.max(out[domain] or 0, o.version or 1)
  end
  return out
end

--- graph.key(domain, op, overload) -> the name of a model-local function.
function graph.key(domain, op, overload) return domain .. "\0" .. op .. "\0" .. (overload or "") end

local function functions(list, path)
  local out = {}
  for _, f in ipairs(list or {}) do
    local domain = (f.domain == "ai.onnx") and "" or f.domain or ""
    local key = graph.key(domain, f.name, f.overload)
    if out[key] then core.fail(("%s: function \"%s\" is defined twice"):format(path, f.name)) end
    local defaults = {}
    for _, a in ipairs(f.attribute_proto or {}) do defaults[a.name] = attribute(a, path .. ": function \"" .. f.name .. "\"") end
    out[key] = { name = f.name, inputs = f.input or {}, outputs = f.output or {}, nodes = nodes(f.node, path), opsets = opsets(f.opset_import), defaults = defaults }
  end
  return out
end

--- graph.read(path) -> the model: { graph, opsets = { [""] = 17 }, functions, producer, size }.
function graph.read(path)
  local proto, size = core.onnx_read(path)
  local model = { graph = graph.of(proto.graph, path), opsets = opsets(proto.opset_import), functions = functions(proto.functions, path), producer = proto.producer_name, size = size, path = path,
    metadata = {} }
  if not model.opsets[""] then model.opsets[""] = 1 end
  for _, m in ipairs(proto.metadata_props or {}) do model.metadata[m.key or ""] = m.value or "" end
  return model
end

return graph
