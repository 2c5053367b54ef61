--- ONNX ops on signals: DFT, STFT, windows, the matrix from a spectrum to mel bands.
local core = require "genai.core"
local types = require "genai.onnx.types"
local tools = require "genai.onnx.tools"
local ops = {}
local op = core.ops
local pi = math.pi

local function float_type(a)
  local kind = types.name(a.output_datatype or 1)
  if not types.dtype(kind) then a.fail("its result is %s", tostring(kind)) end
  return kind
end

local function given(a, list)
  return types.cast(core.tensor(list), "float", float_type(a))
end

-- A sum of cosines over n samples; periodic: as if there was one more.
local function window(...)
  local weights = { ... }
  return { types = float_type, run = function(a, size)
    local n, out = tools.number(size), {}
    local most = a.periodic == 0 and n - 1 or n
    if n < 0 or n > 1 << 28 then a.fail("size is %d", n) end
    if n == 0 then return op.zeros(0) end
    for i = 0, n - 1 do
      local sum = 0
      for k, w in ipairs(weights) do sum = sum + w * (most > 0 and math.cos(2 * pi * (k - 1) * i / most) or 1) end
      out[i + 1] = sum
    end
    return given(a, out)
  end }
end
ops.HannWindow, ops.HammingWindow, ops.BlackmanWindow = window(0.5, -0.5), window(25 / 46, -21 / 46), window(0.42, -0.5, 0.08)

-- ---- transforms ----
local function complex(x)
  local d = x:dim()
  if x.shape[d] == 2 then return x end
  return op.cat({ x, op.zeros_like(x) }, d)
end

local function length_of(a, n, default)
  n = n and tools.number(n) or default
  if n < 1 or n > 1 << 30 then a.fail("the length is %d", n) end
  return n
end

-- x[..,n,1 or 2] along the last dim but one.
local function transform(a, x, n)
  local d = x:dim()
  local parts = x.shape[d]
  if a.inverse == 1 and a.onesided == 1 then return complex(x):irfft(n):unsqueeze(d) end
  if a.inverse == 1 then return complex(x):ifft(n) end
  if a.onesided == 1 and parts == 1 then return x:squeeze(d):rfft(n) end
  local y = complex(x):fft(n)
  return a.onesided == 1 and y:slice(d - 1, 1, n // 2 + 1) or y
end

function ops.DFT(a, x, n, axis)
  local dims = x:dim()
  if dims < 2 or x.shape[dims] < 1 or x.shape[dims] > 2 then a.fail("x is %s, wanted [..,n,1] or [..,n,2]", tools.text(x.shape)) end
  local d = tools.axis(a, axis and tools.number(axis) or a.axis or (a.opset >= 20 and -2 or 1), dims)
  if d == dims then a.fail "its axis is the one of real and imaginary parts" end
  local size = x.shape[d]
  n = length_of(a, n, a.inverse == 1 and a.onesided == 1 and 2 * (size - 1) or size)
  if d ~= dims - 1 then x = x:transpose(d, dims - 1):contiguous() end
  local y = transform(a, x, n)
  return d == dims - 1 and y or y:transpose(d, dims - 1):contiguous()
end

function ops.STFT(a, x, step, w, length)
  local shape = x.shape
  local n = length_of(a, length, w and w:numel() or shape[2])
  local hop = tools.number(step)
  if #shape == 2 then shape[3], x = 1, x:unsqueeze(3) end
  if #shape ~= 3 or shape[3] < 1 or shape[3] > 2 or n > shape[2] or hop < 1 then a.fail("x is %s, frames of %d every %d", tools.text(shape), n, hop) end
  local frames = x:unfold(2, n, hop):transpose(3, 4)            -- [b, frames, n, 1 or 2]
  if w then
    if w:numel() > n then a.fail("the window has %d numbers, a frame %d", w:numel(), n) end
    local pad = n - w:numel()
    frames = frames * w:reshape(-1):pad({ pad // 2, pad - pad // 2 }):reshape(n, 1)
  end
  return transform({ onesided = shape[3] == 1 and a.onesided or a.onesided == nil and shape[3] == 1 and 1 or 0 }, frames:contiguous(), n)
end

-- ---- mel bands (the spec's formula, 2595 log10(1 + f/700)) ----
ops.MelWeightMatrix = { types = float_type, run = function(a, bands, length, rate, low, high)
  bands, length, rate, low, high = tools.number(bands), tools.number(length), tools.number(rate), tools.number(low), tools.number(high)
  local bins, edges, rows = length // 2 + 1, {}, {}
  if bands < 1 or length < 1 or rate < 1 or bands * bins > 1 << 26 then a.fail("%d bands of a transform of %d at a rate of %d", bands, length, rate) end
  local function mel(f) return 2595 * math.log(1 + f / 700, 10) end
  local from, step = mel(low), (mel(high) - mel(low)) / (bands + 2)
  for i = 0, bands + 1 do
    edges[i] = math.floor((length + 1) * (700 * (10 ^ ((from + i * step) / 2595) - 1)) / rate)
    if not (edges[i] >= 0 and edges[i] < bins) then a.fail("the band edge %g lies outside of %d bins", edges[i], bins) end
  end
  for j = 1, bins do
    rows[j] = {}
    for i = 1, bands do rows[j][i] = 0 end
  end
  for i = 1, bands do
    local left, centre, right = edges[i - 1], edges[i], edges[i + 1]
    if left == centre then rows[centre + 1][i] = 1 end
    for j = left, centre do if left < centre then rows[j + 1][i] = (j - left) / (centre - left) end end
    for j = centre, right - 1 do rows[j + 1][i] = (right - j) / (right - centre) end
  end
  return given(a, rows)
end }

return ops
