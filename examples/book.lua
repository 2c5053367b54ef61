-- A sentence becomes a picture book: genai examples/book.lua "a rabbit who wanted to see the sea" -o book.html
-- test: "a rabbit who wanted to see the sea" --pages 2 --width 200 --seconds 4 -o book.html
-- Options: -o FILE, --seed N, --pages N (1..20), --width N (of the pictures; 4:3), --seconds N (of each tune)
local genai = require "genai"

local usage = 'usage: genai examples/book.lua "PROMPT" [-o FILE] [--seed N] [--pages N] [--width N] [--seconds N]'
local options = { o = "book.html", seed = 20, pages = 6, width = 512, seconds = 16 }
local words, i = {}, 1
while arg[i] do
  local name = arg[i]:match "^%-%-?(%a+)$"
  if not name then
    words[#words + 1] = arg[i]
  else
    local value = name == "o" and arg[i + 1] or math.tointeger(tonumber(arg[i + 1]))
    if options[name] == nil or not value then error(usage, 0) end
    options[name], i = value, i + 1
  end
  i = i + 1
end

local prompt = #words > 0 and table.concat(words, " ") or "a rabbit who wanted to see the sea"
local story = genai.story(prompt, { seed = options.seed, pages = options.pages })
io.stderr:write(story.title, "\n")
for _, page in ipairs(story.pages) do
  page.picture = genai.picture(page, { width = options.width, height = options.width * 3 // 4 })
  page.tune = genai.tune(page, { seconds = options.seconds })
  io.stderr:write(("  page %d of %d: %s\n"):format(page.number, #story.pages, page.scene))
end
print(genai.book(story):save(options.o))
