-- Files in and out: round trips, files that other programs wrote, recipes, saves that fail.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local GOLD = "tests/golden/io/"
local function at(name) return genai.tmpdir() .. "/" .. name end
local function spit(name, bytes)
  local f = assert(io.open(at(name), "wb"))
  f:write(bytes)
  f:close()
  return at(name)
end
local function fails(f, ...)
  local fine, text = pcall(f, ...)
  assert(not fine, "an error was expected")
  text = tostring(text)
  assert(not text:find "\n", "one line: " .. text)
  return text
end
local function names(text, ...) for _, w in ipairs { ... } do assert(text:find(w, 1, true), w .. " is missing in: " .. text) end end
local function same(a, b) assert(a.dtype == b.dtype, a.dtype .. " / " .. b.dtype) assert(a:equal(b)) end

-- ---- arrays ----
local function samples_of_each()
  local x = genai.rng(1, "io"):normal() and genai.tensor { { 1.5, -2, 3 }, { 0.25, 1e-3, 6 } }
  local out = { f32 = x, f16 = x:to "f16", i32 = (x * 100):to "i32", i64 = (x * 100):to "i64", u8 = x:abs():to "u8", bool = x:gt(0),
    empty = genai.zeros(0, 3), scalar = genai.tensor(7), one = genai.ones(1), wide = genai.arange(24):view(2, 3, 4, 1, 1, 1, 1, 1), view = x:transpose(1, 2) }
  return out
end

function tests.npy_round_trip()
  for name, x in pairs(samples_of_each()) do
    genai.save(at(name .. ".npy"), x)
    same(genai.load(at(name .. ".npy")), x)
  end
  names(fails(genai.save, at "bf.npy", genai.ones(2):to "bf16"), "bf16")
end

function tests.npz_round_trip()
  local all = samples_of_each()
  genai.save(at "all.npz", all)
  local back = genai.load(at "all.npz")
  for name, x in pairs(all) do same(back[name], x) end
  genai.save(at "none.npz", {})
  assert(next(genai.load(at "none.npz")) == nil)
end

function tests.safetensors_round_trip()
  local all = samples_of_each()
  all.bf16 = genai.tensor({ 1.5, -3 }):to "bf16"
  genai.save(at "all.safetensors", all, { recipe = { seed = 4, steps = { 1, 2 } }, metadata = { maker = "me" } })
  local back = genai.load(at "all.safetensors")
  for name, x in pairs(all) do same(back[name], x) end
  local r = genai.recipe(at "all.safetensors")
  assert(r.seed == 4 and r.steps[2] == 2 and r.genai == genai.version)
  back.f32:fill_(9)                                                          -- what was loaded is ours to write, the file stays
  same(genai.load(at "all.safetensors").f32, all.f32)
  genai.save(at "none.safetensors", {})
  assert(next(genai.load(at "none.safetensors")) == nil and genai.recipe(at "none.safetensors") == nil)
end

function tests.same_bytes_twice()
  local all = samples_of_each()
  for _, name in ipairs { "t.npz", "t.safetensors" } do
    genai.save(at(name), all)
    local first = core.read(at(name))
    genai.save(at(name), samples_of_each())
    assert(core.read(at(name)) == first, name)
  end
end

function tests.numpy_wrote_it()
  local a = genai.arange(12):view(3, 4) / 4
  for _, name in ipairs { "c_f4", "fortran_f4" } do same(genai.load(GOLD .. name .. ".npy"), a) end
  same(genai.load(GOLD .. "fortran_i8_3d.npy"), genai.arange(24):view(2, 3, 4):to "i64")
  local d = genai.load(GOLD .. "f8.npy")
  assert(d.dtype == "f32" and d[1][1]:item() == 0.5 and d[1][2]:item() == -math.huge and d[2][1]:item() == math.huge and d[2][2]:item() == 2.25)
  local h = genai.load(GOLD .. "f2.npy")
  assert(h.dtype == "f16" and h[1]:item() == 1.5 and h[2]:item() == -65504 and h[3]:item() > 0)
  same(genai.load(GOLD .. "bool.npy"), genai.tensor { { true, false, true } })
  local e, s = genai.load(GOLD .. "empty.npy"), genai.load(GOLD .. "scalar.npy")
  assert(e.shape[1] == 0 and e.shape[2] == 3 and #s.shape == 0 and s:item() == 42 and s.dtype == "i32")
  for name, want in pairs { i1 = { -128, 127 }, i2 = { -32768, 32767 }, u2 = { 0, 65535 }, u4 = { 0, 4294967295 }, u1 = { 0, 255 } } do
    local x = genai.load(GOLD .. name .. ".npy")
    assert(x[2]:item() == 1 and x[3]:item() == 100 and x[4]:item() == want[1] and x[5]:item() == want[2], name)
  end
  names(fails(genai.load, GOLD .. "big_endian.npy"), "big_endian.npy", ">f4")
  names(fails(genai.load, GOLD .. "complex.npy"), "complex.npy", "<c8")
  local p = genai.load(GOLD .. "plain.npz")
  same(p.weights, a)
  same(p.steps, genai.tensor({ 3, 4 }, { dtype = "i64" }))
  local z = genai.load(GOLD .. "packed.npz")
  same(z.weights, a:tile(20, 5))
  same(z.flags, genai.tensor { true, false })
end

function tests.safetensors_wrote_it()
  local m = genai.load(GOLD .. "mixed.safetensors")
  same(m.a, genai.arange(12):view(3, 4) / 4)
  same(m.i, genai.tensor({ 1, 2, 3 }, { dtype = "i32" }))
  assert(m.l.dtype == "i64" and m.l:item() == 2 ^ 40 and m.e.shape[1] == 0 and m.d.dtype == "f32" and m.d[2]:item() == 2.5)
  same(m.b, genai.tensor { true, false, true })
  same(m.u, genai.tensor({ 0, 255 }, { dtype = "u8" }))
  local h = genai.load(GOLD .. "halves.safetensors")
  same(h.h, genai.tensor({ 1.5, -2 }):to "f16")
  same(h.bf, genai.tensor({ { 1.5 }, { -3 } }):to "bf16")
  assert(#h.s.shape == 0 and h.s:item() == 7 and genai.recipe(GOLD .. "halves.safetensors") == nil)
end

-- ---- pictures ----
function tests.every_png()
  local want, n = genai.load(GOLD .. "png.npz"), 0
  for name, pixels in pairs(want) do
    local got = core.image_decode(core.read(GOLD .. name .. ".png"), name)
    if got.shape[3] == 4 and pixels.shape[3] == 3 then got = got:slice(3, 1, 3) end
    assert(got:equal(pixels), name)
    n = n + 1
  end
  assert(n >= 30)
end

function tests.other_pictures()
  local want = genai.load(GOLD .. "photo.npz")
  local function pixels(name) return core.image_decode(core.read(GOLD .. name), name) end
  for _, name in ipairs { "photo.bmp", "photo.ppm", "photo.tga", "photo_rle.tga" } do assert(pixels(name):equal(want.rgb), name) end
  assert(pixels("photo.pgm"):slice(3, 1, 1):view(24, 40):equal(want.grey))
  assert(pixels("palette.bmp"):equal(want.palette))
  for _, name in ipairs { "photo444.jpg", "photo420.jpg", "progressive.jpg" } do
    assert((pixels(name):to "f32" - want.rgb:to "f32"):abs():mean():item() < 4, name)
  end
  assert((pixels("grey.jpg"):slice(3, 1, 1):view(24, 40):to "f32" - want.grey:to "f32"):abs():mean():item() < 2)
end

local function noise(c, h, w, seed) return genai.rand(c, h, w, { rng = genai.rng(seed or 1, "noise") }):mul(255):round() / 255 end

function tests.picture_round_trips()
  local few = (genai.arange(35):view(1, 5, 7):expand(3, 5, 7) / 35 * 4):floor() / 5
  local kinds = { noise(3, 9, 13), noise(1, 6, 5), noise(4, 8, 3), noise(3, 1, 1), noise(3, 1, 300), noise(3, 300, 1), genai.zeros(3, 33, 40), few, few * genai.tensor({ 1, 0, 1 }):view(3, 1, 1), noise(3, 200, 210) }
  for i, x in ipairs(kinds) do
    local p = genai.image.from(x)
    for _, format in ipairs { "png", "bmp", "tga" } do
      if x.shape[1] < 4 or format == "png" then
        p:save(at("k." .. format))
        local back = genai.load(at("k." .. format))
        assert(back.width == x.shape[3] and back.height == x.shape[2])
        assert(back:tensor():close(p:tensor(), { atol = 1e-6 }), format .. " of picture " .. i)
        if x.shape[1] == 4 then assert(back:alpha():close(p:alpha(), { atol = 1e-6 })) end
      end
    end
    p:save(at "k.jpg", { quality = 100 })
    assert(genai.load(at "k.jpg").width == x.shape[3])
  end
end

function tests.png_is_sound_and_small()
  local bytes = genai.image.from(genai.zeros(3, 200, 300)):encode "png"
  assert(#bytes < 400)
  local ramp = genai.image.from((genai.arange(300):view(1, 1, 300):expand(3, 200, 300) / 300))
  assert(#ramp:encode "png" < 2500 and ramp:encode "png" == ramp:encode "png")
  local broken = bytes:sub(1, 60) .. string.char(bytes:byte(61) ~ 1) .. bytes:sub(62)
  names(fails(genai.load, spit("flip.png", broken)), "flip.png", "checksum")
end

function tests.deflate_undone()
  local r = genai.rng(3, "deflate")
  for _, n in ipairs { 0, 1, 2, 3, 100, 5000, 70000, 200000 } do
    for kind = 1, 3 do
      local t = {}
      for i = 1, n do t[i] = string.char(kind == 1 and 65 or kind == 2 and r:integer(0, 255) or (i * i // 50) % 7 + 48) end
      local s = table.concat(t)
      local packed = core.deflate(s)
      assert(core.inflate(packed, "x", n) == s, n .. " " .. kind)
      assert(kind == 2 or n < 5000 or #packed < n / 4)
    end
  end
end

function tests.rounding_and_strange_values()
  local x = genai.tensor { { { -1, 0, 0.4 / 255, 0.6 / 255, 1, 7, 0 / 0, 1 / 0, -1 / 0 } } }
  local got = core.image_bytes(x):view(-1)
  local want = { 0, 0, 0, 1, 255, 255, 0, 255, 0 }
  for i, v in ipairs(want) do assert(got[i]:item() == v, i) end
end

function tests.picture_methods()
  local x = noise(3, 8, 10)
  local p = genai.image.from(x)
  assert(p:tensor():equal(x) and tostring(p) == "image 10 x 8")
  assert(p:crop(2, 3, 4, 5):tensor():equal(x:slice(2, 3, 7):slice(3, 2, 5)))
  assert(p:flip():flip():tensor():equal(x) and p:flip(true):tensor()[1][1]:equal(x[1][8]))
  local r = p:resize(5, 4)
  assert(r.width == 5 and r.height == 4 and math.abs(r:tensor():mean():item() - x:mean():item()) < 0.02)
  assert(p:resize(20).height == 16 and p:resize(20, 3, { mode = "nearest" }).height == 3)
  local g = p:grayscale():tensor()
  assert(g[1]:equal(g[2]) and g[2]:equal(g[3]))
  local q = genai.image.from(noise(3, 8, 10, 2))
  assert(p:blend(q, 0):tensor():equal(x) and p:blend(q, 1):tensor():close(q:tensor()))
  local flat = genai.image.from(genai.ones(4, 6, 6) * genai.tensor({ 0.2, 0.4, 0.6, 0.5 }):view(4, 1, 1)):resize(3, 3)
  assert(flat:tensor()[2]:close(genai.full({ 3, 3 }, 0.4), { atol = 1e-4 }) and flat:alpha():close(genai.full({ 1, 3, 3 }, 0.5), { atol = 1e-4 }))
  names(fails(p.crop, p, 8, 1, 4, 1), "crop", "width", "4", "1..3")
  names(fails(p.blend, p, p:resize(3, 3)), "blend", "3 x 3", "10 x 8")
  names(fails(p.encode, p, "gif"), "gif", "png")
  names(fails(genai.image.from, genai.zeros(2, 3, 3)), "f32[2,3,3]")
  names(fails(genai.image.from, "x"), "string")
  names(fails(p.save, p, at "p.txt"), "p.txt")
  names(fails(p.encode, p, "jpg", { quality = 0 }), "quality", "1..100")
end

function tests.u8_and_host_value()
  local x = genai.tensor({ { { 0, 128, 255, 7 }, { 1, 2, 3, 255 } } }, { dtype = "u8" })
  local p = genai.image.from(x)
  assert(p.width == 2 and p.height == 1 and p:alpha())
  local kind, t, rate = p:host_value()
  assert(kind == "image" and t:equal(x) and rate == 0)
  local _, rgb = genai.image.from(genai.zeros(3, 2, 2)):host_value()
  assert(rgb.dtype == "u8" and rgb.shape[3] == 4 and rgb[1][1][4]:item() == 255)
end

function tests.grids()
  local g = genai.image.grid(genai.ones(5, 4, 6), { columns = 2, gap = 1, background = { 1, 0, 0 } })
  assert(g.width == 2 * 7 + 1 and g.height == 3 * 5 + 1)
  local t = g:tensor()
  assert(t[2][1][1]:item() == 0 and t[1][1][1]:item() == 1 and t[2][2][2]:item() == 1 and t[2][15][10]:item() == 0)
  local mixed = genai.image.grid { genai.image.from(noise(3, 4, 4)), genai.image.from(noise(4, 2, 6)), genai.zeros(3, 3, 3) }
  assert(mixed.width == 2 * 8 + 2 and mixed.height == 2 * 6 + 2)
  assert(genai.image.grid(genai.zeros(4, 3, 5, 5)).width == 2 * 7 + 2)
  names(fails(genai.image.grid, {}), "no pictures")
end

-- ---- sounds ----
local function tone(channels, frames, rate, hz)
  local rows = {}
  for c = 1, channels do rows[c] = (genai.arange(frames) * (2 * math.pi * (hz or 440) / rate)):sin() * (0.9 / c) end
  return genai.stack(rows, 1)
end

function tests.sound_round_trips()
  for channels = 1, 8 do
    local x = tone(channels, 1000, 48000)
    local s = genai.audio.from(x, 48000)
    for _, case in ipairs { { "wav", 16, 0.51 / 32768 }, { "wav", 24, 0.6 / 8388608 }, { "wav", 32, 0 }, { "flac", 16, 0.51 / 32768 }, { "flac", 24, 0.6 / 8388608 } } do
      s:save(at("s." .. case[1]), { bits = case[2] })
      local back = genai.load(at("s." .. case[1]))
      assert(back.rate == 48000 and back.channels == channels and back.frames == 1000)
      assert((back:tensor() - x):abs():max():item() <= case[3], case[1] .. case[2])
      if case[2] == 16 then                                                  -- what was rounded once stays
        back:save(at("again." .. case[1]))
        assert(core.read(at("again." .. case[1])) == core.read(at("s." .. case[1])))
      end
    end
    s:save(at "s.ogg", { quality = 0.8 })
    local ogg = genai.load(at "s.ogg")
    assert(ogg.channels == channels and ogg.frames == 1000)
    assert(genai.load(at "s.ogg"):tensor():equal(ogg:tensor()))
  end
end

function tests.sound_rates_lengths_and_clipping()
  for _, rate in ipairs { 8000, 11025, 22050, 44100, 96000, 192000 } do
    genai.audio.from(tone(1, 50, rate), rate):save(at "r.wav")
    assert(genai.load(at "r.wav").rate == rate)
  end
  for _, n in ipairs { 0, 1, 7, 4096, 4097, 9000 } do
    for _, format in ipairs { "wav", n > 0 and "flac" or nil, n > 0 and "ogg" or nil } do
      genai.audio.from(genai.zeros(2, n), 44100):save(at("n." .. format))
      assert(genai.load(at("n." .. format)).frames == n, format .. n)
    end
  end
  local loud = genai.tensor { 2, -2, 0 / 0, 1, -1, 0.5 }
  genai.audio.from(loud, 8000):save(at "loud.wav")
  local x = genai.load(at "loud.wav"):tensor()[1]
  local want = { 32767 / 32768, -1, 0, 32767 / 32768, -1, 0.5 }
  for i, v in ipairs(want) do assert(x[i]:item() == v, i) end
end

function tests.sounds_of_others()
  for _, bits in ipairs { 8, 16, 24, 32 } do
    local s = genai.load(GOLD .. "pcm" .. bits .. ".wav")
    assert(s.rate == 8000 and s:tensor():close(genai.load(GOLD .. "pcm" .. bits .. ".npy"), { atol = 1e-7 }), bits)
  end
end

function tests.equal_sounds_are_equal_bytes()
  for _, format in ipairs { "wav", "flac", "ogg" } do
    local s = genai.audio.from(tone(2, 20000, 44100), 44100)
    s.recipe = { prompt = "x" }
    assert(s:encode(format) == s:encode(format), format)
  end
end

function tests.resampling_is_clean()
  local function exact(frames, rate, hz)
    local t = {}
    for i = 1, frames do t[i] = 0.9 * math.sin((i - 1) * hz / rate % 1 * 2 * math.pi) end
    return genai.tensor { t }
  end
  local function snr(hz, from, to)
    local s = genai.audio.from(exact(from, from, hz), from):resample(to)
    assert(s.rate == to and math.abs(s.frames - to) <= 1)
    local want = exact(s.frames, to, hz)
    local a, b = s:slice(0.1, 0.9):tensor(), genai.audio.from(want, to):slice(0.1, 0.9):tensor()
    local signal, err = b:pow(2):mean():item(), (a - b):pow(2):mean():item()
    return 10 * math.log(signal / err, 10)
  end
  for _, case in ipairs { { 440, 44100, 48000 }, { 1000, 48000, 44100 }, { 3000, 44100, 22050 }, { 997, 16000, 44100 } } do
    local db = snr(case[1], case[2], case[3])
    assert(db > 90, ("%d Hz, %d -> %d: %.1f dB"):format(case[1], case[2], case[3], db))
  end
  assert(genai.audio.from(genai.zeros(2, 0), 44100):resample(8000).frames == 0)
end

function tests.sound_methods()
  local s = genai.audio.from(tone(2, 8000, 8000), 8000)
  assert(s:mono().channels == 1 and s:gain(0.5):tensor():close(s:tensor() * 0.5) and s:slice(0.25, 0.5).frames == 2000)
  assert(math.abs(s:normalise(0.5):tensor():abs():max():item() - 0.5) < 1e-6)
  local f = s:fade(0.1, 0.1):tensor()
  assert(f[1][1]:item() == 0 and f[1][8000]:item() == 0 and f[1][4000]:item() == s:tensor()[1][4000]:item())
  assert(s:append(s):seconds() == 2 and s:mix(genai.audio.from(tone(1, 44100, 44100), 44100), { at = 0.5 }):seconds() == 1.5)
  assert(s:slice(1, 1).frames == 0 and tostring(s) == "audio 1.00 s, 2 channels, 8000 Hz")
  local kind, t, rate = s:host_value()
  assert(kind == "audio" and rate == 8000 and t.shape[1] == 8000 and t.shape[2] == 2 and t[5][2]:item() == s:tensor()[2][5]:item())
  names(fails(s.slice(s, 1, 1).encode, s:slice(1, 1), "flac"), "flac")
  names(fails(s.encode, s, "mp3"), "mp3", "flac")
  names(fails(s.encode, s, "wav", { bits = 12 }), "bits", "12")
  names(fails(genai.audio.from, genai.zeros(2, 3, 4), 8000), "f32[2,3,4]")
  names(fails(genai.audio.from, genai.zeros(3), 0.5), "rate")
  names(fails(s.slice, s, 2, 3), "slice")
end

function tests.spectrogram_shows_the_pitch()
  local s = genai.audio.from(tone(1, 16000, 16000, 2000), 16000)
  local p = s:spectrogram { height = 200, scale = "linear", n_fft = 1024, hop = 256 }
  assert(p.height == 200 and p.width == 256)
  local column = p:tensor():sum(1):slice(2, 128, 128):view(-1)
  local _, where = column:max(1)
  assert(math.abs(where:item() - 199 * (1 - 2000 / 8000)) <= 2, where:item())
  assert(genai.audio.from(genai.zeros(10), 8000):spectrogram().height == 384)
  local w = s:waveform { width = 100, height = 50 }
  assert(w.width == 100 and w.height == 50 and w:tensor()[1][25][50]:item() < 0.2 and w:tensor()[1][1][50]:item() == 1)
end

-- ---- recipes ----
function tests.recipes_travel()
  local recipe = { kind = "picture", prompt = "ein Füchschen </script> \0 \"x\"", seed = 5, list = { 1, 2.5, true }, deep = { a = { b = "c" } }, f = print, bad = "\xff", none = 0 / 0 }
  local function check(path)
    local r = genai.recipe(path)
    assert(r and r.kind == "picture" and r.prompt == recipe.prompt and r.seed == 5 and r.list[2] == 2.5 and r.list[3] == true and r.deep.a.b == "c", path)
    assert(r.genai == genai.version and r.f == nil and r.none == nil and r.bad == "\u{FFFD}")
    return r
  end
  local p = genai.image.from(noise(3, 20, 20))
  p.recipe = recipe
  for _, name in ipairs { "r.png", "r.jpg" } do
    p:save(at(name))
    check(at(name))
    local back = genai.load(at(name))
    assert(back.recipe.seed == 5 and back.prompt == recipe.prompt)
    back:save(at("again-" .. name))
    check(at("again-" .. name))
  end
  local s = genai.audio.from(tone(1, 1000, 44100), 44100)
  s.recipe = recipe
  for _, name in ipairs { "r.wav", "r.flac", "r.ogg" } do
    s:save(at(name))
    check(at(name))
    assert(genai.load(at(name)).recipe.prompt == recipe.prompt and genai.load(at(name)).frames == 1000)
  end
  genai.save(at "r.safetensors", { a = genai.ones(2) }, { recipe = recipe })
  check(at "r.safetensors")
end

function tests.long_recipes_travel()
  local long = {}
  for i = 1, 6000 do long[i] = "word number " .. i end
  local p, s = genai.image.from(noise(3, 4, 4)), genai.audio.from(genai.zeros(100), 8000)
  p.recipe, s.recipe = { list = long }, { list = long }
  for _, name in ipairs { "l.png", "l.jpg" } do p:save(at(name)) end
  for _, name in ipairs { "l.wav", "l.flac", "l.ogg" } do s:save(at(name)) end
  for _, name in ipairs { "l.png", "l.jpg", "l.wav", "l.flac", "l.ogg" } do
    local r = genai.recipe(at(name))
    assert(r and #r.list == 6000 and r.list[6000] == "word number 6000", name)
    genai.load(at(name))
  end
end

function tests.recipes_of_other_kinds()
  assert(genai.recipe(spit("plain.txt", "no recipe")) == nil)
  genai.save(at "x.npy", genai.ones(1))
  assert(genai.recipe(at "x.npy") == nil and genai.recipe(GOLD .. "photo.bmp") == nil and genai.recipe(GOLD .. "pcm16.wav") == nil and genai.recipe(GOLD .. "grey8.png") == nil)
  local page = '<html><script type="application/json" id="genai-recipe">\n{"seed": 3, "text": "<\\/script>"}\n</script></html>'
  assert(genai.recipe(spit("page.html", page)).text == "</script>")
  names(fails(genai.recipe, spit("bad.html", '<script id="genai-recipe">{nope</script>')), "bad.html", "JSON")
  names(fails(genai.recipe, at "missing.png"), "missing.png")
  local tune = genai.tune("a merry dance", { seed = 3, bars = 4 })
  tune:save(at "t.mid")
  assert(genai.recipe(at "t.mid").prompt == "a merry dance" and genai.load(at "t.mid").bars == 4)
end

-- ---- saving ----
function tests.saves_are_whole_or_not_at_all()
  local before = #core.list(genai.tmpdir())
  genai.save(at "keep.npy", genai.ones(3))
  assert(#core.list(genai.tmpdir()) == before + 1)
  fails(genai.save, at "keep.npy", "text")
  fails(genai.save, at "keep.npy", { 1, 2 })
  same(genai.load(at "keep.npy"), genai.ones(3))
  core.mkdir(at "folder.png")
  names(fails(genai.save, at "folder.png", genai.image.from(noise(3, 2, 2))), "folder.png")
  names(fails(genai.save, at "no/such/x.npy", genai.ones(1)), "no/such/x.npy")
  genai.save(at "keep.npy", genai.zeros(2))
  same(genai.load(at "keep.npy"), genai.zeros(2))
  assert(#core.list(genai.tmpdir()) == before + 2, table.concat(core.list(genai.tmpdir()), " "))
end

function tests.read_only_folder_keeps_the_old_file()
  local pipe = io.popen "id -u"
  local user = pipe:read "l"
  pipe:close()
  if user == "0" then skip "root may write everywhere" end
  core.mkdir(at "locked")
  genai.save(at "locked/x.npy", genai.ones(3))
  os.execute("chmod 555 '" .. at "locked" .. "'")
  local text = fails(genai.save, at "locked/x.npy", genai.zeros(1))
  os.execute("chmod 755 '" .. at "locked" .. "'")
  names(text, "locked/x.npy")
  same(genai.load(at "locked/x.npy"), genai.ones(3))
  assert(#core.list(at "locked") == 1)
end

function tests.load_says_what_is_wrong()
  names(fails(genai.load, at "nothing.png"), "nothing.png", "No such file")
  names(fails(genai.load, spit("a.xyz", "hello")), "a.xyz", ".xyz", "png")
  names(fails(genai.load, 3), "number")
  names(fails(genai.load, genai.tmpdir()), genai.tmpdir())
  names(fails(genai.save, at "a.xyz", genai.ones(1)), "a.xyz")
  names(fails(genai.save, at "a.wav", genai.ones(1)), "a.wav", "rate")
  names(fails(genai.save, at "a.png", { 1 }), "a.png", "table")
  names(fails(genai.save, at "a.safetensors", { x = 1 }), "\"x\"", "number")
  names(fails(genai.save, at "a.npz", { genai.ones(1) }), "names")
  assert(fails(genai.load, at "nothing.png"):match "^[%w_/.]*test_io.lua:%d+: ", fails(genai.load, at "nothing.png"))
end

function tests.loading_goes_by_content()
  spit("wrong.jpg", genai.image.from(noise(3, 3, 3)):encode "png")
  assert(genai.load(at "wrong.jpg").width == 3)
  genai.save(at "t.json", { a = { 1, 2 }, b = "x" })
  assert(genai.load(at "t.json").a[2] == 2)
  genai.save(at "t.txt", "hello")
  assert(genai.load(at "t.txt") == "hello")
  names(fails(genai.load, spit("bad.json", "{")), "bad.json")
  genai.save(at "tensor.png", noise(3, 5, 6))
  genai.save(at "tensor.wav", genai.zeros(50), { rate = 8000 })
  assert(genai.load(at "tensor.png").width == 6 and genai.load(at "tensor.wav").rate == 8000)
end

function tests.nothing_leaks()
  local function work()
    for _, name in ipairs { "bad.png", "bad.wav", "bad.npy", "bad.npz", "bad.safetensors" } do pcall(genai.load, spit(name, ("PK\3\4"):rep(40))) end
    genai.image.from(noise(3, 9, 9)):resize(4, 4):encode "png"
    pcall(core.safetensors_encode, { "a", "b" }, { genai.ones(1), 5 })
    pcall(core.npz_encode, { "a", "b" }, { genai.ones(1) })
    genai.load(GOLD .. "packed.npz")
    genai.load(GOLD .. "mixed.safetensors")
  end
  work()
  collectgarbage() collectgarbage()
  local tensors, storages = core.alive()
  for _ = 1, 20 do work() end
  collectgarbage() collectgarbage()
  local now, stores = core.alive()
  assert(now == tensors and stores == storages, now .. " tensors, " .. tensors .. " wanted")
end

return tests
