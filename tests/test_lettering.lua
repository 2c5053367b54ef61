-- Texts in pictures: masks, cutting at the edges, captions of grids, the scales of a spectrogram.
local genai = require "genai"
local lettering = require "genai.lettering"
local tests = {}
local fails = dofile("tests/tools.lua").fails

function tests.masks()
  local one = lettering.mask("I", 24)                                        -- one stroke: as long as a capital, 3 pixels wide
  local ink = one:sum():item()
  assert(math.abs(ink - (24 * 3 + 7)) < 3, ink)
  assert(one:max():item() == 1 and one:slice(1, 29):max():item() == 0)       -- nothing below the line
  assert(lettering.mask("p", 24):slice(1, 29):max():item() == 1)
  assert(lettering.mask("", 12):max():item() == 0 and lettering.mask("   "):max():item() == 0)
  assert(lettering.mask("é", 12):sum():item() > 0)
  local a, b = lettering.mask("ab", 12), lettering.mask("aba", 12)
  assert(b.shape[2] > a.shape[2] and a.shape[1] == b.shape[1])
  for code = 33, 126 do assert(lettering.mask(string.char(code), 10):max():item() > 0.3, code) end
  fails("wanted a number in 4..400", lettering.mask, "a", 0)
  fails("at most 1000 letters", lettering.mask, ("a"):rep(1001))
  fails("a number", lettering.mask, 5)
end

function tests.write()
  local paper = genai.image.from(genai.ones(3, 30, 60))
  local out = paper:write("Hello", 3, 4, { size = 10, colour = { 1, 0, 0 } })
  assert(paper:tensor():min():item() == 1 and out:tensor()[2]:min():item() < 0.1 and out:tensor()[1]:min():item() == 1)
  for _, place in ipairs { { -10, -5 }, { 55, 25 }, { 500, 5 }, { 5, -500 } } do paper:write("Hello", place[1], place[2], { align = "centre" }) end
  assert(paper:write("Hello", 500, 5):tensor():min():item() == 1)
end

function tests.captions()
  local pictures = { genai.ones(3, 20, 50), genai.ones(3, 20, 50) }
  local plain, named = genai.image.grid(pictures), genai.image.grid(pictures, { labels = { "first", "second" } })
  assert(named.width == plain.width and named.height > plain.height and named:tensor():min():item() < 0.5)
  assert(named:tensor():slice(2, 1, 22):min():item() == 1)                   -- below the picture, not in it
  fails("labels are a string", genai.image.grid, pictures, { labels = "first" })
end

function tests.scales()
  local t = genai.arange(16000) / 16000
  local sound = genai.audio.from((t * (2 * math.pi * 1000)):sin() * 0.5, 16000)
  for _, scale in ipairs { "mel", "linear" } do
    local plain = sound:spectrogram { height = 100, width = 256, scale = scale }
    local with = sound:spectrogram { height = 100, width = 256, scale = scale, axes = true }
    assert(with.width == 256 + 138 and with.height == 136)
    assert(with:crop(63, 11, 256, 100):tensor():equal(plain:tensor()))       -- the picture itself is the same
    assert(with:crop(1, 1, 60, 136):tensor():min():item() < 0.5)
  end
end

return tests
