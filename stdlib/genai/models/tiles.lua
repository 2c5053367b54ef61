--- A picture in parts, for networks of convolutions without statistics of the whole.
local core = require "genai.core"

--- tiles(f, x, th, tw, scale, margin) -> what f(x) gives for x f32[1,c,h,w], made of tiles of th x tw (even, or multiples of 4 where f halves twice), each with a margin
-- that f's convolutions reach over. scale: how much larger f's result is. Without gradients.
-- > genai.models.tiles(function(x) return x * 2 end, genai.ones(1, 1, 9, 9), 4, 4, 1, 2):sum():item() == 162
return function(f, x, th, tw, scale, margin)
  local h, w, out = x.shape[3], x.shape[4], nil
  if h <= th + margin and w <= tw + margin then return f(x) end
  local function at(v) return math.floor(v * scale) end
  for top = 0, h - 1, th do
    for left = 0, w - 1, tw do
      local bottom, right, t, l = math.min(h, top + th), math.min(w, left + tw), math.max(0, top - margin), math.max(0, left - margin)
      local part <close> = x:slice(3, t + 1, math.min(h, bottom + margin)):slice(4, l + 1, math.min(w, right + margin)):clone()
      local y <close> = f(part)
      out = out or core.ops.zeros(1, y.shape[2], at(h), at(w))
      out:slice(3, at(top) + 1, at(bottom)):slice(4, at(left) + 1, at(right)):copy_(y:slice(3, at(top - t) + 1, at(bottom - t)):slice(4, at(left - l) + 1, at(right - l)))
    end
  end
  return out
end
