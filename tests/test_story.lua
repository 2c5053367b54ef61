-- The story: different for each seed, in good English, nobody spoken of before being introduced, sensible for any prompt.
local genai = require "genai"
local morphology = require "genai.story.morphology"
local prompts = { "a rabbit who wanted to see the sea", "a brave little fox and a dragon who is afraid of fire", "the last lighthouse keeper", "two cats in a spaceship", "music", "",
  "ein kleiner Hase am Meer", "a teapot who wanted to fly", "Luna the owl cannot sleep", "Anna lost her red kite", "a lonely giant", "three little pigs and a wolf",
  "a fish who dreams of the mountains", "the mouse who built a boat", "why is the sky blue", "月を見たいうさぎ", "my grandmother's garden", "an honest owl" }

local function text_of(story)
  local out = {}
  for i, page in ipairs(story.pages) do out[i] = page.text end
  return table.concat(out, "\n")
end

local function plain(text)                                  -- typographic quotes as ASCII, so that patterns see one byte
  return (text:gsub("[“”]+", function(s) return (s:gsub("“", '"'):gsub("”", '"')) end):gsub("‘", "'"):gsub("’", "'"))
end

local function each(seeds, pages, check)
  for seed = 1, seeds do
    for _, prompt in ipairs(prompts) do check(genai.story(prompt, { seed = seed, pages = pages }), prompt, seed) end
  end
end

local function check_english(text, where)
  text = plain(text)
  assert(not text:find "[{}%[%]~@|<>]", where .. ": a mark is left: " .. text)
  local low = text:lower()
  for word, at in low:gmatch "%f[%w](%a+)()" do
    assert(low:match("^ (%a+)%f[%A]", at) ~= word, where .. ": " .. word .. " " .. word)
  end
  for article, word in text:gmatch "%f[%a]([Aa]n?) (%a+)" do
    assert(article:lower() == morphology.article(word), where .. ": " .. article .. " " .. word)
  end
  for line in text:gmatch "[^\n]+" do
    assert(line:find "^[\"']*[%u%d\128-\255]", where .. ": begins small: " .. line)
    assert(line:find '[.!?]"?$', where .. ": has no end: " .. line)
    for letter in line:gsub('"', ""):gmatch "[.!?] (%l)" do assert(line:find('[.!?]" ' .. letter), where .. ": sentence begins small: " .. line) end
  end
end

local tests = {}

function tests.hundred_seeds_give_hundred_stories()
  local seen, plots, helpers = {}, {}, {}
  for seed = 1, 100 do
    local story = genai.story("a bear", { seed = seed })
    local text = text_of(story)
    assert(not seen[text], "seed " .. seed .. " tells the same story again")
    seen[text], plots[story.plot] = true, true
    for _, one in ipairs(story.characters) do if one.role == "helper" then helpers[one.kind] = true end end
  end
  local function count(set) local n = 0 for _ in pairs(set) do n = n + 1 end return n end
  assert(count(plots) >= 5 and count(helpers) >= 8, count(plots) .. " plots, " .. count(helpers) .. " helpers")
end

function tests.same_seed_same_story()
  local a, b = genai.story("a fox", { seed = 5 }), genai.story("a fox", { seed = 5 })
  assert(text_of(a) == text_of(b) and a.title == b.title and a.pages[2].seed == b.pages[2].seed)
  assert(genai.story("a fox", { seed = 6 }).pages[1].text ~= a.pages[1].text)
end

function tests.nobody_is_mentioned_before_being_introduced()
  each(6, 12, function(story, prompt)
    local known = {}
    for _, page in ipairs(story.pages) do
      for _, id in ipairs(page.introduces) do
        assert(not known[id], prompt .. ": " .. id .. " is introduced twice")
        known[id] = true
      end
      for _, mention in ipairs(page.mentions) do assert(mention.known and known[mention.entity], prompt .. ": " .. mention.entity .. " comes from nowhere: " .. page.text) end
    end
    assert(known.hero, prompt .. ": no hero")
  end)
end

function tests.english_is_right()
  each(5, 9, function(story, prompt, seed)
    local where = prompt .. " / seed " .. seed
    for _, page in ipairs(story.pages) do
      check_english(page.text, where)
      check_english(page.scene, where)
      local _, sentences = page.text:gsub("[.!?]", "")
      local _, words = page.text:gsub("%f[%w][%w\128-\255]+", "")
      assert(sentences >= 4 and words >= 40, where .. ": a page of " .. sentences .. " sentences, " .. words .. " words")
    end
  end)
end

function tests.every_number_of_pages()
  for pages = 1, 20 do
    for _, prompt in ipairs { "a rabbit", "a fish", "two cats in a spaceship" } do
      local story = genai.story(prompt, { seed = 3, pages = pages })
      assert(#story.pages == pages)
      assert(story.pages[1].beats[1] == "setup" and story.pages[pages].act == "resolution")
      for number, page in ipairs(story.pages) do assert(page.number == number and page.seed > 0 and page.mood.palette.sky) end
    end
  end
end

function tests.acts_stand_in_order()
  local rank = { setup = 1, inciting = 2, development = 3, climax = 4, resolution = 5 }
  for pages = 1, 20 do
    local last = 0
    for _, page in ipairs(genai.story("a bear", { seed = pages, pages = pages }).pages) do
      assert(rank[page.act] >= last)
      last = rank[page.act]
    end
  end
end

function tests.what_is_given_is_used()
  for seed = 1, 20 do
    local story = genai.story("a hedgehog who wanted to see the moon", { seed = seed, pages = 10 })
    for number, page in ipairs(story.pages) do
      for _, id in ipairs(page.introduces) do
        if id:find "^gift" then
          local used = false
          for _, mention in ipairs(story.pages[number + 1].mentions) do used = used or mention.entity == id end
          assert(used, "seed " .. seed .. ": " .. id .. " is given and never used")
        end
      end
    end
  end
end

function tests.the_prompt_is_what_it_is_about()
  local function holds(prompt, ...)
    local text = plain(text_of(genai.story(prompt, { seed = 2 }))):lower()
    for _, word in ipairs { ... } do assert(text:find(word, 1, true), prompt .. ": no " .. word) end
  end
  holds("a rabbit who wanted to see the sea", "rabbit", "the sea", "see the sea")
  holds("a brave little fox and a dragon who is afraid of fire", "brave little", "fox", "dragon", "afraid of fire")
  holds("Anna lost her red kite", "anna", "red kite", "her")
  holds("two cats in a spaceship", "two ", "cats", "spaceship")
  holds("a teapot who wanted to fly", "teapot", "flew")
  holds("Luna the owl cannot sleep", "luna", "owl", "slept")
  holds("a bear looking for honey", "bear", "find honey")
  holds("the mouse who built a boat", "build a boat")
end

function tests.hostile_prompts()
  local junk = {}
  local rng = genai.rng(1, "test_story")
  for i = 1, 10000 do junk[i] = string.char(rng:integer(0, 255)) end
  local all = { table.concat(junk), ("a"):rep(10000), ("a rabbit who "):rep(800), "{H} [be] <x|y> %s %d", "\0\1\2", "who who who", "and and", "the", "a", ".....", "<script>alert(1)</script>", "{", "[", "\xff\xfe", "see", "find",
    "wanted to", "afraid of", "lost", "in", "a cat in", "who wanted to see", "build", "1 2 3", "🐰🌊", "A RABBIT WHO WANTED TO SEE THE SEA", "(a [very] {odd} <prompt>)", "~ @F @1 |", "don't 'quote' \"me\"", "a fox who wanted to be a {H.his}" }
  for _, prompt in ipairs(all) do
    for seed = 1, 3 do
      local story = genai.story(prompt, { seed = seed })
      assert(#story.pages == 6 and #story.title > 0 and utf8.len(story.title))
      for _, page in ipairs(story.pages) do assert(#page.text > 100 and utf8.len(page.text) and utf8.len(page.scene), prompt:sub(1, 40)) end
    end
  end
end

function tests.wrong_types_are_named()
  local function fails(part, ...)
    local fine, text = pcall(genai.story, ...)
    assert(not fine and tostring(text):find(part, 1, true), tostring(text))
  end
  fails("prompt is nil", nil)
  fails("prompt is number", 3)
  fails("options is string", "a fox", "x")
  fails("pages is 0", "a fox", { pages = 0 })
  fails("pages is 21", "a fox", { pages = 21 })
  fails("pages is 2.5", "a fox", { pages = 2.5 })
  fails("seed is x", "a fox", { seed = "x" })
  fails("option page is unknown", "a fox", { page = 3 })
  fails("length is huge", "a fox", { length = "huge" })
end

function tests.lengths_differ()
  local function words(length)
    local _, n = text_of(genai.story("a fox", { seed = 4, pages = 8, length = length })):gsub("%a+", "")
    return n
  end
  assert(words "short" < words "long")
end

function tests.mood_is_one_table()
  local merry, sad = genai.mood "a merry dance", genai.mood "a slow sad song in the rain"
  assert(merry.name == "merry" and sad.name == "sad" and merry.tempo > sad.tempo and merry.mode ~= sad.mode and merry.valence > sad.valence)
  assert(sad.weather == "rain" and genai.mood("the moon").time == "night" and genai.mood("").name == "calm")
  for _, text in ipairs { "", "x", "dark storm castle", ("joy "):rep(1000) } do
    local m = genai.mood(text)
    assert(m.valence >= -1 and m.valence <= 1 and m.energy >= 0 and m.energy <= 1 and m.tempo >= 50 and m.tempo <= 168 and m.tonic >= 0 and m.tonic <= 11)
    for _, part in ipairs { "sky", "horizon", "light", "ground", "leaf", "water", "accent", "shade" } do
      for i = 1, 3 do assert(m.palette[part][i] >= 0 and m.palette[part][i] <= 1) end
    end
  end
end

function tests.word_forms()
  local m = morphology
  assert(m.past "see the sea" == "saw the sea" and m.past "hop" == "hopped" and m.past "carry it" == "carried it" and m.past("be here", true) == "were here" and m.past "bake" == "baked")
  assert(m.present "go home" == "goes home" and m.present("go home", true) == "go home" and m.present "fly" == "flies" and m.present "wash" == "washes")
  assert(m.ing "see" == "seeing" and m.ing "bake a cake" == "baking a cake" and m.ing "swim" == "swimming" and m.ing "fly" == "flying")
  assert(m.plural "mouse" == "mice" and m.plural "fox" == "foxes" and m.plural "berry" == "berries" and m.plural "lighthouse keeper" == "lighthouse keepers" and m.plural "day" == "days")
  assert(m.singular "kittens" == "kitten" and m.singular "wolves" == "wolf" and m.singular "foxes" == "fox" and m.singular "glass" == "glass")
  assert(m.article "owl" == "an" and m.article "hour" == "an" and m.article "unicorn" == "a" and m.article "umbrella" == "an" and m.article "one" == "a")
  assert(m.title "the fox and the sea" == "The Fox and the Sea")
end

return tests
