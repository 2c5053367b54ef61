-- The page: one valid offline file that holds everything, readable recipe, same bytes.
local genai = require "genai"
local html = require "genai.html"

local tests = {}
local JPEG = "\255\216\255\224" .. ("\0\1\2\3"):rep(50)

-- Pictures and tunes by hand: what a book asks of them is this small.
local function with_art(story)
  for _, page in ipairs(story.pages) do
    page.picture = { alt = "A \"fox\" & <friends>", width = 64, height = 48, recipe = { kind = "picture", seed = page.seed }, encode = function(_, format) assert(format == "jpg") return JPEG end }
    page.tune = { recipe = { kind = "tune", seconds = 6 }, render = function() return { encode = function(_, format) assert(format == "ogg") return "OggS" .. page.number end } end }
  end
  return story
end

local function make(prompt, seed, pages)
  return genai.book(with_art(genai.story(prompt or "a fox", { seed = seed or 3, pages = pages or 5 }))):html()
end

local function count(text, pattern)
  return select(2, text:gsub(pattern, ""))
end

function tests.all_parts_are_there()
  local page = make()
  assert(page:find "^<!DOCTYPE html>" and page:find '<html lang="en">' and page:find "<title>[^<]+</title>" and page:find 'name="viewport"')
  assert(count(page, "<img ") == 5 and count(page, "<audio") == 5 and count(page, "<article") == 5)
  assert(count(page, '<img alt="A &quot;fox&quot; &amp; &lt;friends&gt;" width="64" height="48" src="data:image/jpeg;base64,') == 5)
  assert(count(page, 'aria%-label="The tune of page %d"') == 5 and count(page, "data:audio/ogg;base64,") == 5)
  assert(page:find "ArrowRight" and page:find "ArrowLeft" and page:find "prefers%-color%-scheme:dark" and page:find "@media print")
end

function tests.nothing_comes_from_outside()
  for _, prompt in ipairs { "a fox", "https://example.com/a.png who wanted to see <img src=http://x.y/z>", "</script><script>alert(1)</script>", "a \"fox\" & 'friend'" } do
    local page = make(prompt)
    assert(not page:find "https?://", prompt)
    assert(not page:find "%f[%a]src=\"[^d]" and not page:find "<link" and not page:find "@import" and not page:find "url%(%a")
    assert(count(page, "<script") == 2 and count(page, "</script>") == 2, prompt)
  end
end

function tests.text_is_escaped()
  local story = genai.story "a fox"
  story.title, story.pages[1].text = "A <b> & \"c\"", "One <i>two</i> & three.\0\xff"
  local page = genai.book(story):html()
  assert(page:find("<h1>A &lt;b&gt; &amp; &quot;c&quot;</h1>", 1, true) and page:find("One &lt;i&gt;two&lt;/i&gt; &amp; three.", 1, true))
  assert(utf8.len(page) and not page:find "%z")
end

function tests.recipe_is_inside_and_readable()
  local book = genai.book(with_art(genai.story("a fox \\ \"x\"\nand more", { seed = 9, pages = 3 })))
  local page = book:html()
  local text = page:match '<script type="application/json" id="genai%-recipe">\n(.-)\n</script>'
  assert(text and text:find('"seed": 9', 1, true) and text:find('"kind": "book"', 1, true) and text:find('"script": "local genai = require', 1, true))
  assert(page:find "<summary>How this was made</summary>")
  local script = book.recipe.script
  assert(load(script, "recipe", "t"), script)
  assert(script:find("seed = 9, pages = 3", 1, true) and script:find("width = 64, height = 48", 1, true) and script:find("seconds = 6", 1, true))
  assert(#book.recipe.pages == 3 and book.recipe.pages[2].picture.kind == "picture")
end

function tests.same_bytes()
  assert(make("a fox", 3) == make("a fox", 3))
  assert(make("a fox", 3) ~= make("a fox", 4))
end

function tests.bare_pages_are_legal()
  local page = genai.book(genai.story("a fox", { pages = 1 })):html()
  assert(count(page, "<img ") == 0 and count(page, "<audio") == 0 and count(page, "<article") == 1)
end

function tests.base64_follows_rfc_4648()
  local cases = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy", ["\0\255\254"] = "AP/+" }
  for bytes, text in pairs(cases) do assert(html.base64(bytes) == text, text) end
end

function tests.json_is_sorted_and_safe()
  local text = html.json { b = 1, a = { 1, 2.5, true }, c = "</x>\n" }
  assert(text == '{\n  "a": [\n    1,\n    2.5,\n    true\n  ],\n  "b": 1,\n  "c": "\\u003c\\/x\\u003e\\n"\n}', text)
  assert(html.json { f = print } == "{}")
end

function tests.wrong_values_are_named()
  local fine, text = pcall(genai.book, 3)
  assert(not fine and text:find("story is number", 1, true))
  fine, text = pcall(genai.book, { title = "x", pages = {} })
  assert(not fine and text:find("no pages", 1, true))
  fine, text = pcall(genai.book(genai.story "a fox").save, genai.book(genai.story "a fox"), 3)
  assert(not fine and text:find("path is number", 1, true))
end

return tests
