-- A piano roll: time to the right, pitch upwards, a colour per voice, brightness by velocity, a line per bar.
local theory = require "genai.tune.theory"

local colours = {
  piano = "f2f0e6", celesta = "9fd8ff", musicbox = "b9c7ff", marimba = "ffb37a", harp = "f6d77a", guitar = "f0a35e", bass = "7f8cff", flute = "7ee0b5", whistle = "a5f08a",
  clarinet = "66c7c2", horn = "ffcf5c", reed = "ff8f70", strings = "e88fb4", cello = "d0708f", choir = "c9a6ff", pad = "8f9bd6", drums = "8a90a3",
}

local function rgb(hex)
  local n = tonumber(hex, 16)
  return { (n >> 16) / 255, (n >> 8 & 255) / 255, (n & 255) / 255 }
end

-- mixes a colour into the rectangle of pixels x0..x1, y0..y1 (1-based, inclusive)
local function mix(canvas, x0, y0, x1, y1, colour, share)
  local height, width = canvas.shape[2], canvas.shape[3]
  x0, y0, x1, y1 = math.max(1, x0), math.max(1, y0), math.min(width, x1), math.min(height, y1)
  if x0 > x1 or y0 > y1 then return end
  for c = 1, 3 do
    local part = canvas[c]:slice(1, y0, y1):slice(2, x0, x1)
    if share >= 1 then part:fill_(colour[c]) else part:copy_(part * (1 - share) + colour[c] * share) end
  end
end

local function span(tune)
  local low, high, last = 127, 0, tune.bars * theory.metre(tune.metre).beats
  for _, n in ipairs(tune.notes) do
    if n.voice ~= "drums" then low, high = math.min(low, n.pitch), math.max(high, n.pitch) end
    last = math.max(last, n.start + n.length)
  end
  if low > high then low, high = 60, 72 end
  return low - 2, high + 2, last
end

local function background(canvas, g, tune)
  local top, bottom = rgb "1d2340", rgb "11142a"
  for y = 1, g.height do
    local t = (y - 1) / g.height
    mix(canvas, 1, y, g.width, y, { top[1] + (bottom[1] - top[1]) * t, top[2] + (bottom[2] - top[2]) * t, top[3] + (bottom[3] - top[3]) * t }, 1)
  end
  local scale, tonic = theory.scales[tune.mode] or theory.scales.major, theory.pitch_class(tune.key or "C")
  local inside = {}
  for _, s in ipairs(scale) do inside[(tonic + s) % 12] = true end
  for pitch = g.low, g.high do
    local y = g.row(pitch)
    if pitch % 12 == tonic then mix(canvas, 1, y, g.width, y + g.tall - 1, { 1, 1, 1 }, 0.07)
    elseif not inside[pitch % 12] then mix(canvas, 1, y, g.width, y + g.tall - 1, { 0, 0, 0 }, 0.18) end
  end
  local beats = theory.metre(tune.metre).beats
  for bar = 1, tune.bars do
    local x = g.column((bar - 1) * beats)
    mix(canvas, x, 1, x, g.height, { 1, 1, 1 }, (bar - 1) % 4 == 0 and 0.24 or 0.10)
  end
end

local function note(canvas, g, n)
  local colour = rgb(colours[n.voice] or "dddddd")
  local x0, x1, y0 = g.column(n.start), math.max(g.column(n.start + n.length) - 2, g.column(n.start) + 2), g.row(n.pitch)
  local y1 = y0 + math.max(2, g.tall - 1) - 1
  if n.voice == "drums" then
    y0 = g.height - g.drum + (n.pitch * 7) % math.max(1, g.drum - 4)
    return mix(canvas, x0, y0, x0 + 3, y0 + 2, colour, 0.3 + 0.5 * n.velocity / 127)
  end
  local strong = 0.45 + 0.55 * n.velocity / 127
  if g.tall >= 4 then mix(canvas, x0 - 2, y0 - 2, x1 + 2, y1 + 2, colour, 0.10) end
  mix(canvas, x0 + 1, y0, x1 - 1, y1, colour, strong)                          -- corners left out: rounded
  mix(canvas, x0, y0 + 1, x0, y1 - 1, colour, strong)
  mix(canvas, x1, y0 + 1, x1, y1 - 1, colour, strong)
  if g.tall >= 4 then mix(canvas, x0 + 1, y0, x1 - 1, y0, { 1, 1, 1 }, 0.30) end
  mix(canvas, x0, y0 + 1, x0 + 1, y1 - 1, { 1, 1, 1 }, 0.35)
end

local function size(options, name, default)
  local v = options[name] or default
  if math.type(v) ~= "integer" or v < 64 or v > 8192 then error(("tune: draw: %s is %s; wanted a whole number in 64..8192"):format(name, tostring(v)), 0) end
  return v
end

return function(tune, options)
  local genai = require "genai"
  local width, height = size(options, "width", 960), size(options, "height", 360)
  local low, high, last = span(tune)
  local drum = 0
  for _, n in ipairs(tune.notes) do if n.voice == "drums" then drum = math.max(12, height // 12) end end
  local tall = math.max(1, (height - drum - 8) // (high - low + 1))
  local g = { width = width, height = height, low = low, high = high, tall = tall, drum = drum }
  local margin = (height - drum - tall * (high - low + 1)) // 2
  function g.row(pitch) return margin + (high - pitch) * tall + 1 end
  function g.column(beat) return 9 + math.floor(beat * (width - 16) / last) end
  local canvas = genai.zeros(3, height, width)
  background(canvas, g, tune)
  local order = { pad = 1, choir = 1, strings = 2, drums = 2, bass = 2 }
  for layer = 1, 3 do
    for _, n in ipairs(tune.notes) do
      if (order[n.voice] or 3) == layer then note(canvas, g, n) end
    end
  end
  local picture = genai.image.from(canvas)
  if type(picture) == "table" then
    picture.recipe = tune.recipe
    picture.alt = ("Piano roll of %s: %d bars in %s %s"):format(tune.prompt ~= "" and tune.prompt or "a tune", tune.bars, tune.key, tune.mode)
  end
  return picture
end
