-- A small language model tells a bedtime story, word by word: genai examples/story_model.lua ["Once upon a time there was a fox"]
-- test: "Once upon a time there was a fox"
local genai = require "genai"
local sample = genai.sample
local prompt = arg[1] or "Once upon a time, there was a little fox who lived in a forest. One day,"

local llm = genai.model "tinystories-260k"
print(llm)
print "\n-- as the model likes it best"
io.write(prompt)
for piece in llm:stream(prompt, { tokens = 80, temperature = 0, stop = { "\n" } }) do io.write(piece) end

-- A sampler is a function logits -> logits: this one keeps the model from ending its sentences too soon.
local full_stop = llm:encode("end.", { bos = false })
full_stop = full_stop[#full_stop]
local seen = 0
local function long_sentences(logits)
  seen = seen + 1
  if seen % 24 > 12 then return logits end
  local penalty = genai.zeros(llm.vocabulary)
  penalty[full_stop + 1] = -4
  return logits + penalty
end

print "\n\n-- three other ways it could go"
local room = llm:context(prompt)                                          -- read once, continued three times
for seed = 1, 3 do
  local told = room:fork():generate { tokens = 90, seed = seed, sample = { sample.temperature(0.8), sample.top_k(40), sample.top_p(0.95), long_sentences }, stop = { "\n" } }
  print(("%d: ..%s"):format(seed, told.text))
end

local mood = llm:choose(prompt .. " the fox was very", { "happy", "sad", "scared", "hungry" })
print(("\nthe fox was very %s (%.0f %%)"):format(mood.text, 100 * mood.probabilities[mood.index]))
