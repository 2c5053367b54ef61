-- Colours of a moment: sky, light and shade by time of day, bent by weather, season and mood.
local pen = require "genai.scene.pen"
local mix = pen.mix

-- sky: four bands from the top to the horizon; ambient: what multiplies every colour; rim: colour of the light; shadow: what multiplies the shaded side
local times = {
  dawn = { sky = { { 0.36, 0.46, 0.74 }, { 0.72, 0.64, 0.82 }, { 0.98, 0.74, 0.68 }, { 1, 0.89, 0.7 } }, ambient = { 0.96, 0.86, 0.88 }, rim = { 1, 0.84, 0.66 },
    shadow = { 0.62, 0.52, 0.74 }, haze = { 0.99, 0.84, 0.76 }, sun = { 1, 0.92, 0.72 }, high = 0.1, lamps = 0.6, cloud = { { 1, 0.88, 0.8 }, { 0.8, 0.66, 0.78 } } },
  morning = { sky = { { 0.36, 0.64, 0.9 }, { 0.56, 0.78, 0.95 }, { 0.82, 0.92, 0.95 }, { 1, 0.95, 0.84 } }, ambient = { 1.0, 0.98, 0.95 }, rim = { 1, 0.95, 0.8 },
    shadow = { 0.6, 0.62, 0.78 }, haze = { 0.9, 0.94, 0.95 }, sun = { 1, 0.97, 0.82 }, high = 0.6, lamps = 0, cloud = { { 1, 1, 0.98 }, { 0.78, 0.85, 0.94 } } },
  noon = { sky = { { 0.2, 0.54, 0.88 }, { 0.4, 0.71, 0.95 }, { 0.66, 0.87, 0.97 }, { 0.88, 0.96, 0.97 } }, ambient = { 1.02, 1.01, 0.98 }, rim = { 1, 0.98, 0.88 },
    shadow = { 0.58, 0.62, 0.76 }, haze = { 0.84, 0.93, 0.97 }, sun = { 1, 0.98, 0.86 }, high = 0.9, lamps = 0, cloud = { { 1, 1, 1 }, { 0.76, 0.86, 0.95 } } },
  afternoon = { sky = { { 0.3, 0.58, 0.85 }, { 0.55, 0.76, 0.9 }, { 0.86, 0.89, 0.84 }, { 1, 0.9, 0.7 } }, ambient = { 1.03, 0.98, 0.9 }, rim = { 1, 0.9, 0.68 },
    shadow = { 0.6, 0.56, 0.72 }, haze = { 0.97, 0.92, 0.82 }, sun = { 1, 0.94, 0.74 }, high = 0.5, lamps = 0, cloud = { { 1, 0.97, 0.9 }, { 0.8, 0.8, 0.88 } } },
  dusk = { sky = { { 0.2, 0.18, 0.44 }, { 0.5, 0.29, 0.55 }, { 0.92, 0.47, 0.43 }, { 1, 0.76, 0.44 } }, ambient = { 0.84, 0.68, 0.74 }, rim = { 1, 0.7, 0.42 },
    shadow = { 0.5, 0.4, 0.66 }, haze = { 0.96, 0.6, 0.48 }, sun = { 1, 0.78, 0.42 }, high = 0.08, lamps = 1, cloud = { { 1, 0.66, 0.5 }, { 0.5, 0.32, 0.54 } } },
  evening = { sky = { { 0.11, 0.15, 0.38 }, { 0.25, 0.28, 0.55 }, { 0.54, 0.44, 0.64 }, { 0.92, 0.66, 0.55 } }, ambient = { 0.62, 0.58, 0.76 }, rim = { 1, 0.76, 0.6 },
    shadow = { 0.45, 0.42, 0.66 }, haze = { 0.66, 0.54, 0.66 }, sun = { 1, 0.7, 0.5 }, high = -0.1, lamps = 1, cloud = { { 0.78, 0.56, 0.64 }, { 0.32, 0.3, 0.52 } } },
  night = { sky = { { 0.03, 0.05, 0.17 }, { 0.06, 0.11, 0.3 }, { 0.12, 0.22, 0.45 }, { 0.26, 0.38, 0.58 } }, ambient = { 0.47, 0.54, 0.8 }, rim = { 0.8, 0.9, 1 },
    shadow = { 0.4, 0.42, 0.64 }, haze = { 0.24, 0.34, 0.55 }, sun = { 0.96, 0.97, 0.9 }, high = 0.75, lamps = 1, cloud = { { 0.36, 0.44, 0.64 }, { 0.13, 0.18, 0.36 } } },
}

local weathers = {
  cloudy = { grey = { 0.78, 0.82, 0.86 }, share = 0.35, dim = 0.97, clouds = 0.62 },
  rain = { grey = { 0.56, 0.62, 0.68 }, share = 0.62, dim = 0.86, clouds = 0.85 },
  storm = { grey = { 0.27, 0.3, 0.38 }, share = 0.78, dim = 0.72, clouds = 0.95 },
  snow = { grey = { 0.82, 0.87, 0.93 }, share = 0.5, dim = 0.98, clouds = 0.5 },
  fog = { grey = { 0.86, 0.87, 0.87 }, share = 0.55, dim = 0.96, clouds = 0.25 },
}

local function scaled(c, s) return { c[1] * s, c[2] * s, c[3] * s } end
local function luma(c) return 0.3 * c[1] + 0.59 * c[2] + 0.11 * c[3] end

--- palette(scene, intent) -> the colours to paint with
local function palette(scene, intent)
  local base, out = times[scene.time], {}
  for k, v in pairs(base) do out[k] = v end -- a copy: order does not matter
  out.sky = { base.sky[1], base.sky[2], base.sky[3], base.sky[4] }
  out.clouds = 0.3
  local bright = luma(base.sky[3])
  local w = weathers[scene.weather]
  if w then
    local grey = scaled(w.grey, 0.22 + 0.78 * math.min(1, bright * 1.25))
    for i = 1, 4 do out.sky[i] = mix(base.sky[i], grey, w.share) end
    out.ambient = mix(scaled(base.ambient, w.dim), { luma(base.ambient) * w.dim, luma(base.ambient) * w.dim, luma(base.ambient) * w.dim * 1.04 }, 0.4)
    out.haze = mix(base.haze, grey, w.share + 0.1)
    out.rim = mix(base.rim, { 0.9, 0.94, 1 }, 0.6)
    out.cloud = { mix(base.cloud[1], scaled(grey, 1.12), 0.7), mix(base.cloud[2], scaled(grey, 0.72), 0.8) }
    out.clouds = w.clouds
    out.dull = w.share
  end
  out.saturation, out.tint = 1.06, { 1, 1, 1 }
  if intent then
    local m = intent.palette
    if m and m.sky and scene.time ~= "night" then
      for i = 1, 2 do out.sky[i] = mix(out.sky[i], scaled(m.sky, 0.35 + 0.65 * bright), 0.14) end
    end
    local v = intent.valence or 0
    out.saturation = 1.06 + 0.1 * v
    out.tint = v >= 0 and { 1 + 0.03 * v, 1.01, 1 - 0.03 * v } or { 1 + 0.03 * v, 1, 1 - 0.04 * v }
  end
  local deep = scene.time == "night" and { 0.05, 0.11, 0.27 } or { 0.1, 0.38, 0.56 }
  out.water_far = mix(out.sky[4], mix(out.sky[2], deep, 0.3), 0.42)
  out.water_near = mix(mix(out.sky[1], deep, 0.62), scaled(out.ambient, 0.3), 0.12)
  return out
end

return palette
