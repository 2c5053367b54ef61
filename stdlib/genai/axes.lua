--- Scales around a spectrogram: hertz at the left, seconds below, decibels beside their colours at the right. Reached by sound:spectrogram { axes = true }.
local core = require "genai.core"
local ops = core.ops
local lettering = require "genai.lettering"
local axes = {}

local SIZE, TICK = 10, 5
local INK = 0.2

-- The least of 1, 2, 5, 10, .. (and tenths) that is not below x.
local function round_step(x)
  local power = 10.0 ^ math.floor(math.log(x, 10))
  for _, m in ipairs { 1, 2, 5, 10 } do
    if m * power >= x * 0.999 then return m * power end
  end
end

local function line(sheet, x1, y1, x2, y2) sheet:slice(2, y1, y2):slice(3, x1, x2):fill_(INK) end

local function hertz_text(hz) return hz >= 1000 and ("%g kHz"):format(hz / 1000) or ("%g Hz"):format(hz) end

-- Frequencies to name: steps of 1, 2, 5 on a mel scale, even ones on a linear scale; those that would touch the one below are left out.
local function frequencies(top, scale, height)
  local list = {}
  if scale == "linear" then
    local step = round_step(top / math.max(1, height // 40))
    for hz = 0, top, step do list[#list + 1] = hz end
  else
    for _, hz in ipairs { 0, 100, 200, 500, 1000, 2000, 3000, 5000, 8000, 12000, 16000, 24000, 48000 } do list[#list + 1] = hz <= top and hz or nil end
  end
  return list
end

local function left_scale(sheet, x, y, height, s)
  local last
  for _, hz in ipairs(frequencies(s.top, s.scale, height)) do
    local share = s.scale == "linear" and hz / s.top or math.log(1 + hz / 700) / math.log(1 + s.top / 700)
    local at = y + math.floor((1 - share) * (height - 1) + 0.5)
    if not last or last - at >= 18 then
      line(sheet, x - TICK, at, x - 1, at)
      lettering.write(sheet, hertz_text(hz), x - TICK - 3, at - SIZE // 2 - 1, { size = SIZE, colour = INK, align = "right" })
      last = at
    end
  end
end

local function time_scale(sheet, x, y, width, seconds)
  local step = round_step(seconds / math.max(1, width // 80))
  for i = 0, math.floor(seconds / step + 1e-6) do
    local at = x + math.min(width - 1, math.floor(i * step / seconds * (width - 1) + 0.5))
    line(sheet, at, y, at, y + TICK - 1)
    lettering.write(sheet, ("%g s"):format(i * step), at, y + TICK + 2, { size = SIZE, colour = INK, align = "centre" })
  end
end

local function level_scale(sheet, x, y, height, s)
  local bar = require("genai.image").heat(ops.linspace(1, 0, height):view(height, 1):expand(height, 12), { map = s.map, low = 0, high = 1 })
  sheet:slice(2, y, y + height - 1):slice(3, x, x + 11):copy_(bar:tensor())
  local step = round_step(s.range / math.max(1, height // 50))
  for i = 0, math.floor(s.range / step + 1e-6) do
    local at = y + math.floor(i * step / s.range * (height - 1) + 0.5)
    line(sheet, x + 12, at, x + 12 + TICK - 1, at)
    lettering.write(sheet, i == 0 and "0 dB" or ("-%g"):format(i * step), x + 12 + TICK + 3, at - SIZE // 2 - 1, { size = SIZE, colour = INK })
  end
end

--- axes.around(image, { top =, scale =, range =, map =, seconds = }) -> a larger image with the three scales; top in Hz, range in dB.
function axes.around(image, s)
  local left, above, right, below = 62, 10, 76, 26
  local w, h = image.width, image.height
  local sheet = ops.ones(3, h + above + below, w + left + right)
  sheet:slice(2, above + 1, above + h):slice(3, left + 1, left + w):copy_(image:tensor())
  left_scale(sheet, left + 1, above + 1, h, s)
  time_scale(sheet, left + 1, above + h + 1, w, s.seconds)
  level_scale(sheet, left + w + 13, above + 1, h, s)
  return require("genai.image").from(sheet)
end

return axes
