-- Words become doodles, and one becomes another: genai examples/doodle.lua [WORD..] [--seed N] [-o OUT.png]
-- test: owl mushroom -o doodles.png
local genai = require "genai"
local words, out, seed = {}, "doodles.png", 2
local i = 1
while arg[i] do
  if arg[i] == "-o" then out, i = arg[i + 1], i + 2
  elseif arg[i] == "--seed" then seed, i = math.tointeger(arg[i + 1]), i + 2
  else words[#words + 1], i = arg[i], i + 1 end
end
if #words == 0 then words = { "mushroom", "mountain", "ice cream", "moon", "light bulb", "lollipop" } end

local model = genai.model "cvae-quickdraw"
local sheet = {}
for n, word in ipairs(words) do -- each row: the typical doodle, two others, and the way to the next word
  sheet[#sheet + 1] = model:draw(word, { spread = 0 })
  for k = 1, 2 do sheet[#sheet + 1] = model:draw(word, { seed = seed + k, spread = 0.7 }) end
  local way = model:morph(word, words[n % #words + 1], { steps = 6, seed = seed + n, spread = 0.6 })
  for k = 1, 6 do sheet[#sheet + 1] = way[k] end
end
genai.image.grid(sheet, { columns = 9, gap = 6 }):save(out)
print(("%s: %s"):format(out, table.concat(words, ", ")))
