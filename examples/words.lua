-- Words that lie near each other, and analogies: genai examples/words.lua [WORD, or three: man king woman]
-- test: man king woman
local genai = require "genai"
local words = genai.model "wordvecs"

local function show(question, answers)
  local parts = {}
  for i, a in ipairs(answers) do parts[i] = ("%s (%.2f)"):format(a.word, a.likeness) end
  print(("%-36s %s"):format(question, table.concat(parts, ", ")))
end
local function analogy(a, b, c) show(("%s is to %s as %s is to"):format(a, b, c), words:analogy(a, b, c, 3)) end

if #arg == 1 then return show("near " .. arg[1], words:nearest(arg[1], 10)) end
if #arg == 3 then return analogy(arg[1], arg[2], arg[3]) end

print(words)
analogy("man", "king", "woman")
analogy("father", "son", "mother")
analogy("good", "better", "bad")
analogy("boy", "brother", "girl")
show("near horse", words:nearest("horse", 6))
show("king - man + woman", words:nearest(words "king" - words "man" + words "woman", 4))
print(("%-36s %s"):format("the odd one of beer wine coffee road", words:odd_one_out { "beer", "wine", "coffee", "road" }))

-- A chain of words, each the nearest to the one before that has not been said yet.
local said, word = { horse = true }, "horse"
local chain = { word }
for _ = 1, 12 do
  for _, near in ipairs(words:nearest(word, 14)) do
    if not said[near.word] then word = near.word break end
  end
  said[word] = true
  chain[#chain + 1] = word
end
print(table.concat(chain, " > "))
