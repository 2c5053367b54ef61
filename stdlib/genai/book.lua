-- One page of HTML that holds a whole story: text, pictures, tunes and the recipe, with no network and nothing beside it.
local html = require "genai.html"
local style = require "genai.story.style"
local escape = html.escape

local Book = {}
Book.__index = Book
Book.__name = "genai.book"

local function hex(c)
  local out = "#"
  for i = 1, 3 do out = out .. ("%02x"):format(math.max(0, math.min(255, math.floor(c[i] * 255 + 0.5)))) end
  return out
end

local function mix(a, b, share)
  return { a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share, a[3] + (b[3] - a[3]) * share }
end

local white, cream, night = { 1, 0.99, 0.965 }, { 0.985, 0.97, 0.94 }, { 0.075, 0.082, 0.105 }

-- The page's own colours, soft enough that text on them keeps its contrast: for light and for dark screens.
local function colours(mood)
  local palette = mood and mood.palette
  if not palette then return "" end
  local rule = "--paper-l:%s;--edge-l:%s;--glow-l:%s;--tint-l:%s;--paper-d:%s;--edge-d:%s;--glow-d:%s;--tint-d:%s"
  local dark = { 0, 0, 0 }
  return rule:format(hex(mix(white, palette.horizon, 0.10)), hex(mix(cream, palette.horizon, 0.55)), hex(mix(cream, palette.sky, 0.38)), hex(mix(palette.accent, dark, 0.45)),
    hex(mix(night, palette.shade, 0.16)), hex(mix(night, palette.sky, 0.10)), hex(mix(night, palette.sky, 0.28)), hex(mix(palette.accent, white, 0.4)))
end

local function paragraphs(text)
  local out = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do
    if line:find "%S" then out[#out + 1] = "<p>" .. escape(line) .. "</p>" end
  end
  return table.concat(out, "\n")
end

local function picture_of(page)
  local picture = page.picture
  if not picture then return "" end
  local alt = picture.alt and #picture.alt > 0 and picture.alt or page.scene or "A picture for page " .. page.number
  return ('<figure class="picture"><img alt="%s" width="%d" height="%d" src="%s"></figure>'):format(escape(alt), picture.width, picture.height, html.data(picture:encode("jpg", { quality = 90 }), "image/jpeg"))
end

local function tune_of(page)
  if not page.tune then return "" end
  local bytes = page.tune:render():encode("ogg", { quality = 0.1 })
  return ('<div class="tune"><audio controls preload="none" aria-label="The tune of page %d" src="%s"></audio></div>'):format(page.number, html.data(bytes, "audio/ogg"))
end

local function article(page)
  return ('<article class="page%s" id="page-%d" tabindex="-1" aria-label="Page %d" style="%s">\n<div class="leaf">%s\n<div class="words">\n%s\n%s<p class="number" aria-hidden="true">%d</p>\n</div></div>\n</article>')
    :format(page.picture and "" or " plain", page.number, page.number, colours(page.mood), picture_of(page), paragraphs(page.text or ""), tune_of(page), page.number)
end

local function list_of(names)
  if #names <= 1 then return names[1] or "" end
  return table.concat(names, ", ", 1, #names - 1) .. " and " .. names[#names]
end

local function cover(story)
  local names = {}
  for i, one in ipairs(story.characters or {}) do
    if i <= 3 then names[#names + 1] = one.name end
  end
  local with = #names > 0 and '<p class="with">with ' .. escape(list_of(names)) .. "</p>" or ""
  local first = story.pages[1]
  return ('<section class="page cover" id="cover" tabindex="-1" aria-label="Cover" style="%s">\n<div class="leaf"><div class="words">\n<h1>%s</h1>\n%s\n<p><a class="begin" href="#page-1">Begin</a></p>\n</div></div>\n</section>')
    :format(colours(first and first.mood), escape(story.title), with)
end

-- The lines of Lua that make this book again.
local function script_of(story)
  local recipe, first = story.recipe or {}, story.pages[1] or {}
  local lines = { 'local genai = require "genai"',
    ("local story = genai.story(%s, { seed = %d, pages = %d%s })"):format(("%q"):format(story.prompt or ""):gsub("\\\n", "\\n"), story.seed or 1, #story.pages,
      recipe.length and recipe.length ~= "medium" and (', length = "%s"'):format(recipe.length) or ""),
    "for _, page in ipairs(story.pages) do" }
  if first.picture then lines[#lines + 1] = ("  page.picture = genai.picture(page, { width = %d, height = %d })"):format(first.picture.width, first.picture.height) end
  local made = first.tune and type(first.tune.recipe) == "table" and first.tune.recipe or {}
  local options = type(made.options) == "table" and made.options or made
  if first.tune then
    local how = options.seconds and ", { seconds = " .. ("%.14g"):format(options.seconds) .. " }" or options.bars and (", { bars = %d }"):format(options.bars) or ""
    lines[#lines + 1] = "  page.tune = genai.tune(page" .. how .. ")"
  end
  lines[#lines + 1] = "end"
  lines[#lines + 1] = 'genai.book(story):save "book.html"'
  return table.concat(lines, "\n")
end

local function recipe_of(story)
  local pages = {}
  for i, page in ipairs(story.pages) do
    pages[i] = { number = page.number, seed = page.seed, act = page.act, scene = page.scene, mood = page.mood and page.mood.name,
      picture = page.picture and type(page.picture.recipe) == "table" and page.picture.recipe or nil, tune = page.tune and type(page.tune.recipe) == "table" and page.tune.recipe or nil }
  end
  local made = story.recipe or {}
  return { kind = "book", title = story.title, prompt = story.prompt, seed = story.seed, options = { pages = #story.pages, length = made.length }, plot = made.plot, models = made.models or {}, pages = pages,
    script = script_of(story) }
end

local function ending(story, recipe)
  local last = story.pages[#story.pages]
  local rows = ("<dt>Asked for</dt><dd>“%s”</dd>\n<dt>Seed</dt><dd>%s</dd>"):format(escape(story.prompt or ""), escape(story.seed or ""))
  return ([[<section class="page end" id="end" tabindex="-1" aria-label="The end" style="%s">
<div class="leaf"><div class="words">
<h2>The End</h2>
<p><a class="begin" href="#cover">Once more</a></p>
<details><summary>How this was made</summary>
<dl>
%s
</dl>
<p>This book was made by genai, with no network: a grammar told the story, a painter drew each scene and a composer set it to music, all from one seed. These lines make it again:</p>
<pre>%s</pre>
<p>The whole recipe, with the seed of each page, is kept inside this file.</p>
</details>
</div></div>
</section>]]):format(colours(last and last.mood), rows, escape(recipe.script))
end

--- book:html() -> string
-- The whole book as one HTML5 page: valid, offline, light and dark, keyboard and touch, printable. Same story, same bytes.
-- > genai.book(genai.story "a fox"):html():sub(1, 15) == "<!DOCTYPE html>"
function Book:html()
  local story, recipe = self.story, self.recipe
  local parts = { '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n<title>',
    escape(story.title), '</title>\n<meta name="generator" content="genai">\n<style>\n', style.css, "</style>\n</head>\n<body>\n<main>\n", cover(story), "\n" }
  for _, page in ipairs(story.pages) do
    parts[#parts + 1] = article(page)
    parts[#parts + 1] = "\n"
  end
  parts[#parts + 1] = ending(story, recipe)
  parts[#parts + 1] = "\n</main>\n" .. style.bar
  parts[#parts + 1] = '<script type="application/json" id="genai-recipe">\n' .. html.json(recipe) .. "\n</script>\n"
  parts[#parts + 1] = "<script>\n" .. style.script .. "</script>\n</body>\n</html>\n"
  return table.concat(parts)
end

--- book:save(path) -> path
-- Writes the page to one file (temporary file, fsync, rename). Errors when path is not a string or cannot be written.
function Book:save(path)
  if type(path) ~= "string" then error(("book: path is %s; a string is wanted"):format(type(path)), 2) end
  require("genai.core").write(path, self:html())
  return path
end

--- book(story) -> book
-- Binds a story (see help "story"; its pages may carry `picture` and `tune`) into one page of HTML. Fields: story, recipe.
-- Errors when story is not a table with a title and at least one page.
-- > genai.book(genai.story "a fox").recipe.kind == "book"
return function(story)
  if type(story) ~= "table" then error(("book: story is %s; a story is wanted"):format(type(story)), 2) end
  if type(story.title) ~= "string" or type(story.pages) ~= "table" or #story.pages == 0 then error("book: the story has no title or no pages; what genai.story returns is wanted", 2) end
  return setmetatable({ story = story, recipe = recipe_of(story) }, Book)
end
