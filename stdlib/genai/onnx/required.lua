--- Which inputs of ONNX ops must be there.
local required = {}

-- The first so many, by op; ops that are not named need their first one or none.
local first = {
  [2] = [[
    Add AffineGrid And BitShift BitwiseAnd BitwiseOr BitwiseXor CastLike CenterCropPad Compress Conv ConvInteger ConvTranspose CumSum DequantizeLinear Div
    Equal Expand Gather GatherElements GatherND Gemm Greater GreaterOrEqual GridSample LayerNormalization Less LessOrEqual MatMul MatMulInteger MaxRoiPool
    MaxUnpool Mod Mul NegativeLogLikelihoodLoss NonMaxSuppression Or PRelu Pow QuantizeLinear RMSNormalization ReverseSequence STFT SequenceAt
    SequenceInsert SimplifiedLayerNormalization SoftmaxCrossEntropyLoss Sub TensorScatter Tile Xor com.microsoft.Attention com.microsoft.BiasDropout
    com.microsoft.BiasGelu com.microsoft.BiasSoftmax com.microsoft.CDist com.microsoft.ConvTransposeWithDynamicPads com.microsoft.DequantizeLinear
    com.microsoft.FusedConv com.microsoft.FusedGemm com.microsoft.FusedMatMul com.microsoft.GatherND com.microsoft.LayerNormalization
    com.microsoft.QLinearConcat com.microsoft.QuantizeLinear com.microsoft.SimplifiedLayerNormalization com.microsoft.TransposeMatMul
  ]],
  [3] = [[
    Attention Col2Im DeformConv GRU GroupNormalization InstanceNormalization LSTM OneHot RNN Range RoiAlign RotaryEmbedding Scatter ScatterElements
    ScatterND Where com.microsoft.DynamicQuantizeMatMul com.microsoft.MatMulNBits com.microsoft.SkipLayerNormalization
    com.microsoft.SkipSimplifiedLayerNormalization
  ]],
  [4] = [[
    com.microsoft.MatMulIntegerToFloat com.microsoft.RotaryEmbedding
  ]],
  [5] = [[
    BatchNormalization MelWeightMatrix com.microsoft.QAttention com.microsoft.QLinearGlobalAveragePool
  ]],
  [6] = [[
    com.microsoft.QGemm
  ]],
  [8] = [[
    QLinearConv QLinearMatMul com.microsoft.QLinearConv
  ]],
  [9] = [[
    com.microsoft.QLinearWhere
  ]],
}

-- Those of ops with optional ones between.
local others = {
  ["com.microsoft.DynamicQuantizeLSTM"] = { 1, 2, 3, 9, 10, 11, 12 },
  ["com.microsoft.EmbedLayerNormalization"] = { 1, 3, 4, 6, 7 },
  ["com.microsoft.GroupQueryAttention"] = { 1, 6, 7 },
  ["com.microsoft.QEmbedLayerNormalization"] = { 1, 3, 4, 6, 7, 9, 10, 12, 13, 14, 15, 17, 18 },
  ["com.microsoft.QLinearAdd"] = { 1, 2, 4, 5, 7 },
  ["com.microsoft.QLinearAveragePool"] = { 1, 2, 4 },
  ["com.microsoft.QLinearLeakyRelu"] = { 1, 2, 4 },
  ["com.microsoft.QLinearMul"] = { 1, 2, 4, 5, 7 },
  ["com.microsoft.QLinearSigmoid"] = { 1, 2, 4 },
  ["com.microsoft.QLinearSoftmax"] = { 1, 2, 4, 5 },
}

local counts
local function count_of(op)
  if not counts then
    counts = {}
    for n, names in pairs(first) do
      for name in names:gmatch "%S+" do counts[name] = n end
    end
  end
  return counts[op] or 0
end

--- required.missing(domain, op, inputs) -> the position of an input that must be there and is not (false in the list), or nil.
function required.missing(domain, op, ins)
  local name = domain == "" and op or domain .. "." .. op
  for i = 1, count_of(name) do if not ins[i] then return i end end
  for _, i in ipairs(others[name] or {}) do if not ins[i] then return i end end
end

return required
