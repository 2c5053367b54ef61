-- A story told by a language model: the prompt is its first sentence, the model goes on, sentences are laid out over the pages. The tree is that of story().
local genai = require "genai"

local words_a_page = { short = 45, medium = 75, long = 120 }                 -- ids, rather
local bridges = { "The next day,", "Then,", "Later,", "After a while,", "In the evening," }
local acts = { "setup", "inciting", "development", "climax", "resolution" }

local function first_sentence(prompt)
  local s = prompt:gsub("^%s+", ""):gsub("[%s.!?]+$", "")
  if s == "" then return "Once upon a time," end
  if s:match "^[Aa]n?%s" or s:match "^[Tt]wo%s" or s:match "^[Tt]hree%s" then
    return ("Once upon a time, there %s %s."):format(s:match "^[Aa]" and "was" or "were", (s:gsub("^%u", string.lower)))
  end
  return (s:gsub("^%l", string.upper)) .. "."
end

-- Sentences with their closing quotes; what is not finished is left out.
local function sentences(text)
  local out = {}
  for s in (text:gsub("%s+", " ") .. " "):gmatch "%s*(.-[.!?]+[\"']?)%f[%s]" do
    if s:find "%a" and s ~= "The end." then out[#out + 1] = s end
  end
  return out
end

-- Enough text for all pages: where the model ends, or has said too little, a bridge leads on.
local function tell(llm, opening, wanted, pages, seed)
  local rng, room, text = genai.rng(seed, "told"), llm:context(opening), opening
  for round = 1, 8 do
    local part = room:generate { tokens = wanted, temperature = 0.6, top_k = 40, top_p = 0.9, seed = seed + round }
    text = text .. part.text
    if part.count >= wanted and #sentences(text) >= pages then break end
    wanted = math.max(20, wanted - part.count)
    if #room.ids + 20 >= llm.length then
      local s = sentences(text)
      room = llm:context(table.concat(s, " ", math.max(1, #s - 3)))         -- the window is full: it goes on from the last sentences
    end
    local bridge = " " .. rng:choose(bridges)
    room:feed((bridge:gsub("^ ", "")))
    text = text .. bridge
  end
  return sentences(text)
end

local function title_of(prompt, list)
  local s = prompt:gsub("^%s+", ""):gsub("[%s.!?]+$", "")
  if s == "" then s = list[1] or "a story" end
  local short = s:match "^(.-)%s+who%s" or s:match "^(.-)%s+that%s" or s:match "^(.-),%s" or s
  return (short:gsub("^%l", string.upper))
end

-- told(llm, prompt, seed, pages, length) -> story
return function(llm, prompt, seed, pages, length)
  local list = tell(llm, first_sentence(prompt), pages * words_a_page[length], pages, seed)
  local out = { title = title_of(prompt, list), prompt = prompt, seed = seed, pages = {}, characters = {} }
  for number = 1, pages do
    local from, to = (number - 1) * #list // pages + 1, number * #list // pages
    local text = table.concat(list, " ", from, to)
    if text == "" then text = list[#list] or prompt end
    local scene = list[from] and not list[from]:find '"' and list[from] or prompt
    if number == 1 and prompt:find "%a" then scene = prompt end
    local mood = genai.mood(text)
    out.pages[number] = { number = number, text = text, scene = scene, mood = mood, act = acts[1 + (number - 1) * 4 // math.max(1, pages - 1)], beats = {}, introduces = {}, mentions = {},
      seed = genai.rng(seed, "page" .. number):integer(1, 2147483647) }
  end
  out.recipe = { kind = "story", prompt = prompt, seed = seed, pages = pages, length = length, model = llm.name, hash = llm.hash }
  return out
end
