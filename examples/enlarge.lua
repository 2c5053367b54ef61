-- A picture made twice or four times as large: genai examples/enlarge.lua [PICTURE] [photo | art | esrgan-x2 | esrgan-x4] [-o OUT.png]
-- test: photo -o enlarged.png
local genai = require "genai"
local picture, variant, out = nil, "photo", "enlarged.png"
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i]:match "%.%w+$" then picture, i = arg[i], i + 1
  else variant, i = arg[i], i + 1 end
end

local enlarge = genai.model("superres/" .. variant)
if picture then                                                             -- any size: it goes through in tiles
  local large = enlarge(genai.load(picture), { progress = function(done, all) io.write(("\r%d of %d tiles"):format(done, all)) io.flush() end })
  large:save(out)
  return print(("\n%s: %s, by %s"):format(out, large, variant))
end

-- Without a picture: a part of a scene in small, made large by bicubic and by the net, and as it is drawn large.
local text, s = "a red house and a windmill by the sea, a cat on the grass", enlarge.scale
local large = genai.picture(text, { seed = 4, width = 256 * s, height = 192 * s })
local small = large:resize(256, 192)
local function part(p) return p:crop(p.width // 4, p.height // 3, p.width // 2, p.height // 2) end
genai.image.grid({ part(small):resize(128 * s, nil, { mode = "nearest" }), part(small:resize(256 * s)), part(enlarge(small)), part(large) }, { columns = 2, gap = 4 }):save(out)
print(("%s: pixels, bicubic; %s, and drawn that large"):format(out, variant))
