-- Letter by letter, like Darwin and like Shakespeare: genai examples/letters.lua ["THE BEGINNING"] [--seed N] [--letters 300]
-- test: "ROMEO: " --letters 120
local genai = require "genai"
local beginning, options = "The ", { seed = 3, letters = 300 }
local i = 1
while arg[i] do
  local name = arg[i]:match "^%-%-(%a+)$"
  if name then options[name], i = math.tointeger(arg[i + 1]), i + 2 else beginning, i = arg[i], i + 1 end
end

for _, who in ipairs { "darwin", "shakespeare" } do
  local model = genai.model("charrnn/" .. who)
  for _, temperature in ipairs { 0.3, 0.8 } do
    print(("\n-- %s, temperature %g"):format(who, temperature))
    io.write(beginning)
    local stream = model:stream(beginning, { tokens = options.letters, temperature = temperature, seed = options.seed })
    for piece in stream do io.write(piece) end
    print(("\n   (%.0f letters a second)"):format(stream.rate))
  end
end

-- Which of the two would rather have written a sentence? The one that is less surprised by it.
local function surprise(model, text)
  local ids = model:encode(text)
  local logits = model:logits(ids):slice(1, 1, #ids - 1)
  return logits:cross_entropy(genai.tensor({ table.unpack(ids, 2) }, { dtype = "i32" })):item()
end
print ""
for _, text in ipairs { "The species of the same genus vary in their structure.", "What, my lord, shall the king be dead?" } do
  print(("%-58s darwin %.2f, shakespeare %.2f nats a letter"):format(text, surprise(genai.model "charrnn/darwin", text), surprise(genai.model "charrnn/shakespeare", text)))
end
