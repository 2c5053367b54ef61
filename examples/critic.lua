-- One network draws, another picks what it recognises best: genai examples/critic.lua [WORD..] [--seed N] [--tries N] [-o OUT.png], or [PICTURE..] to guess
-- test: moon mug --tries 40 -o critic.png
local genai = require "genai"
local words, options, i = {}, { o = "critic.png", seed = 1, tries = 200 }, 1
while arg[i] do
  local name = arg[i]:match "^%-+(%a+)$"
  if name then options[name], i = name == "o" and arg[i + 1] or math.tointeger(arg[i + 1]), i + 2 else words[#words + 1], i = arg[i], i + 1 end
end
local critic = genai.model "doodlenet"
if words[1] and genai.exists(words[1]) then
  for _, path in ipairs(words) do print(("%s: %s"):format(path, critic:tags(genai.image.load(path), 3))) end
  return
end

local drawer = genai.model "cvae-quickdraw"
if #words == 0 then words = { "moon", "mug", "mushroom", "octopus", "airplane", "lightning", "axe", "key" } end
local class = {}
for place, name in ipairs(critic.names) do class[name] = place end

local first, best = {}, {}
for n, word in ipairs(words) do
  local place = class[word:gsub(" ", "_")]
  local many, top, most = {}, 1, -1
  for k = 1, options.tries do many[k] = word end
  local doodles = drawer:draw(many, { seed = options.seed + n, scale = 4 })
  for k, doodle in ipairs(doodles) do
    local share = genai.no_grad(critic, critic:prepare(doodle))[1][place]:item()
    if share > most then top, most = k, share end
  end
  first[n], best[n] = doodles[1], doodles[top]
  print(("%-12s the first: %-44s the best of %d: %s"):format(word, critic:tags(first[n], 2), options.tries, critic:tags(best[n], 2)))
end
for _, picture in ipairs(best) do first[#first + 1] = picture end
genai.image.grid(first, { columns = #words, gap = 6 }):save(options.o)                    -- above as they came, below as they were chosen
