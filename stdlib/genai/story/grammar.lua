-- Turns templates into sentences. A template holds, besides plain words:
--   {H} {H.he} {H.his} {A.the} ...  a form of an entity; a form that starts with a capital comes out with one ({A.The})
--   [walk]                          a verb in the story's tense; it agrees with the last entity of its sentence; [be+] plural, [be-] singular
--   <red|blue>                      one of several, drawn from the stream
--   a                               becomes "an" where the next word sounds so
-- Every use of an entity is noted, so that a test can tell whether each was introduced before it was spoken of.
local morphology = require "genai.story.morphology"
local grammar = {}

local pronouns = {
  he = { he = "he", him = "him", his = "his", himself = "himself", hers = "his" },
  she = { he = "she", him = "her", his = "her", himself = "herself", hers = "hers" },
  it = { he = "it", him = "it", his = "its", himself = "itself", hers = "its" },
  they = { he = "they", him = "them", his = "their", himself = "themselves", hers = "theirs" },
}
local first_person = { I = { "I", "we" }, me = { "me", "us" }, my = { "my", "our" }, Im = { "I'm", "we're" }, myself = { "myself", "ourselves" }, am = { "am", "are" } }
local silent = { kind = true, kindt = true, home = true, at = true, food = true }   -- speak about somebody without pointing at them
-- forms that present an entity; the others suppose that the listener knows it
local presents = { a = true, intro = true, pic = true }

local function form_of(entity, form)
  if form == "" then return entity.name or entity.the end
  local person = first_person[form]
  if person then return person[entity.many and 2 or 1] end
  local lower = form:sub(1, 1):lower() .. form:sub(2)
  local text
  if lower == "'s" then
    text = entity.name or entity.the
    text = text .. (text:find "s$" and entity.many and not entity.name and "'" or "'s")
  else
    text = entity[lower] or pronouns[entity.many and "they" or entity.gender or "it"][lower]
  end
  if not text then error(("story: %s has no form %s"):format(entity.id or "?", form), 0) end
  return form ~= lower and text:gsub("^%l", string.upper) or text
end

local function slot(state, body)
  local key, form = body:match "^(%w+)%.?(.*)$"
  if body:find "'s$" then key, form = body:sub(1, -3), "'s" end
  local value = state.entities[key] or state.values[key] or state.values[key:sub(1, 1):lower() .. key:sub(2)]
  if value == nil then error("story: no slot " .. body, 0) end
  if type(value) == "string" then
    return key:find "^%u" and not state.values[key] and value:gsub("^%l", string.upper) or value
  end
  local how = presents[form:lower()] and "introduced" or "known"
  if not silent[form:lower()] and not first_person[form] then state.uses[#state.uses + 1] = { entity = value.id, how = how, at = state.paragraph } end
  if not form:find "^[Hh]i[ms]" then state.many = value.many or false end
  if form == "" and value.many and value.name then          -- "Tom and Tilly" once a paragraph, then "the cats"
    local long = not state.named[value.id]
    state.named[value.id] = true
    return long and value.name or value.the
  end
  return form_of(value, form)
end

local function verb(state, body)
  local many = state.many
  local now = body:find("!", 1, true)                       -- [like!] stays in the present, as the teller speaks
  body = body:gsub("!", "")
  if body:find "%+$" then many, body = true, body:sub(1, -2) elseif body:find "%-$" then many, body = false, body:sub(1, -2) end
  if body == "must" then body = state.tense == "past" and "have to" or body end
  return not now and state.tense == "past" and morphology.past(body, many) or morphology.present(body, many)
end

-- <a|b> is resolved first, left to right, so that each choice draws once
local function choose(state, template)
  return (template:gsub("<([^<>]*)>", function(body)
    local options = {}
    for option in (body .. "|"):gmatch "(.-)|" do options[#options + 1] = option end
    return options[state.rng:integer(1, #options)]
  end))
end

local function fill(state, template)
  local out, at = {}, 1
  state.many = false
  while at <= #template do
    local from, to, open = template:find("([%[{])", at)
    if not from then break end
    local before = template:sub(at, from - 1)
    out[#out + 1] = before
    if before:find "[.!?;]" then state.many = false end
    local close = template:find(open == "{" and "}" or "]", to, true)
    if not close then error("story: open slot in: " .. template, 0) end
    local body = template:sub(to + 1, close - 1)
    out[#out + 1] = open == "{" and slot(state, body) or verb(state, body)
    at = close + 1
  end
  out[#out + 1] = template:sub(at)
  return table.concat(out)
end

local function articles(text)
  return (text:gsub("%f[%w']([Aa])n? ([%w\128-\255]+)", function(a, word)
    local right = morphology.article(word)
    return (a == "A" and right:gsub("^a", "A") or right) .. " " .. word
  end))
end

--- polish(text) -> one space between words, a/an by sound, capitals at sentence starts, typographic quotes
function grammar.polish(text)
  text = text:gsub("[ \t]+", " "):gsub("^ ", ""):gsub(" $", ""):gsub(" ([,.!?;])", "%1")
  text = articles(articles(text))                           -- twice: "a a" cannot happen, but matches may not overlap
  text = text:gsub('^"?%l', string.upper):gsub('([.!?] "?)(%l)', function(a, b) return a .. b:upper() end)
  local open = false
  text = text:gsub('"', function() open = not open return open and "“" or "”" end)
  return (text:gsub("'", "’"))
end

--- expand(state, template) -> sentence; state = { rng, entities, values, tense, uses }
function grammar.expand(state, template)
  return grammar.polish(fill(state, choose(state, template)))
end

--- phrase(state, template) -> the words without capitals or quotes, for use inside other templates
function grammar.phrase(state, template)
  return articles(fill(state, choose(state, template)))
end

return grammar
