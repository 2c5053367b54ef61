-- Hostile files: more than a thousand, all made here from a seed. Each is refused in one line that names it, or loads; memory stays bounded.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local GOLD = "tests/golden/io/"
local BOUND = 400 << 20
local made = 0

local function spit(name, bytes)
  local path = genai.tmpdir() .. "/" .. name
  local f = assert(io.open(path, "wb"))
  f:write(bytes)
  f:close()
  return path
end

local function one_line(path, what, f)
  local fine, value = pcall(f, path)
  if fine then return true, value end
  local text = tostring(value)
  assert(type(value) == "string" and not text:find "\n", what .. ": not one line: " .. text)
  assert(text:find(path, 1, true), what .. ": the file is not named in: " .. text)
  return false, text
end

-- Loads and reads the recipe of bytes under a name; gives whether it loaded, and what.
local function feed(name, bytes)
  made = made + 1
  local path = spit(name, bytes)
  local what = name .. " (" .. #bytes .. " bytes, file " .. made .. ")"
  local fine, value = one_line(path, what, genai.load)
  one_line(path, what, genai.recipe)
  if made % 50 == 0 then collectgarbage() end
  local _, peak = core.memory()
  assert(peak < BOUND, what .. ": peak memory is " .. peak // (1 << 20) .. " MB")
  return fine, value
end

local function refused(name, bytes, word)
  local fine, text = feed(name, bytes)
  assert(not fine, name .. " was taken: " .. bytes:sub(1, 60):gsub("[^%g ]", "."))
  if word then assert(text:find(word, 1, true), word .. " is missing in: " .. text) end
end

-- ---- small samples of every kind ----
local function picture()
  local p = genai.image.from(genai.rand(3, 6, 7, { rng = genai.rng(1, "hostile") }))
  p.recipe = { prompt = "a fox", list = { 1, 2 } }
  return p
end

local function sound()
  local s = genai.audio.from((genai.arange(60) * 0.3):sin():view(1, 60) * 0.5, 8000)
  s.recipe = { prompt = "a song" }
  return s
end

local function saved(name, value, options)
  local path = genai.tmpdir() .. "/sample-" .. name
  genai.save(path, value, options)
  return core.read(path)
end

local function samples()
  local arrays = { a = genai.arange(6):view(2, 3), b = genai.ones(2):to "u8", c = genai.zeros(0, 2) }
  return {
    { "png", picture():encode "png" }, { "jpg", picture():encode "jpg" }, { "bmp", picture():encode "bmp" }, { "tga", picture():encode "tga" },
    { "ppm", "P6\n3 2\n255\n" .. ("abc"):rep(6) }, { "wav", sound():encode "wav" }, { "flac", sound():encode "flac" }, { "ogg", sound():encode "ogg" },
    { "npy", saved("x.npy", arrays.a) }, { "npz", saved("x.npz", arrays) }, { "npz", core.read(GOLD .. "packed.npz") },
    { "safetensors", saved("x.safetensors", arrays, { recipe = { seed = 1 } }) }, { "json", '{"a": [1, 2, {"b": null}], "c": "\\u00e9"}' },
    { "mid", saved("x.mid", genai.tune("a dance", { seed = 1, bars = 1 })) },
    { "html", '<html><script type="application/json" id="genai-recipe">{"seed": 1}</script></html>' },
    { "png", core.read(GOLD .. "pal4i.png") }, { "png", core.read(GOLD .. "rgba16i.png") }, { "jpg", core.read(GOLD .. "progressive.jpg") },
    { "tga", core.read(GOLD .. "photo_rle.tga") }, { "bmp", core.read(GOLD .. "palette.bmp") }, { "wav", core.read(GOLD .. "pcm24.wav") },
  }
end

function tests.cut_at_every_byte()
  for _, s in ipairs(samples()) do
    local ext, bytes = s[1], s[2]
    local step = math.max(1, #bytes // 160)
    assert(feed("whole." .. ext, bytes), "a good ." .. ext .. " was refused")
    for n = 0, #bytes - 1, step do feed("cut." .. ext, bytes:sub(1, n)) end
    for n = math.max(0, #bytes - 12), #bytes - 1 do feed("cut." .. ext, bytes:sub(1, n)) end
  end
end

function tests.bytes_changed()
  local r = genai.rng(20, "hostile")
  for _, s in ipairs(samples()) do
    local ext, bytes = s[1], s[2]
    for _ = 1, 60 do
      local b = bytes
      for _ = 1, r:integer(1, 4) do
        local at = r:integer(1, r:uniform() < 0.6 and math.min(#b, 80) or #b)
        local kind = r:integer(1, 5)
        if kind == 1 then b = b:sub(1, at - 1) .. string.char(r:integer(0, 255)) .. b:sub(at + 1)
        elseif kind == 2 then b = b:sub(1, at - 1) .. string.char(b:byte(at) ~ 1 << r:integer(0, 7)) .. b:sub(at + 1)
        elseif kind == 3 then b = b:sub(1, at - 1) .. "\xff\xff\xff\xff" .. b:sub(at + 4)
        elseif kind == 4 then b = b:sub(1, at - 1) .. b:sub(at + r:integer(1, 9))
        else b = b:sub(1, at) .. b:sub(at) end
      end
      feed("changed." .. ext, b)
    end
  end
end

-- PNG chunks with right checksums, so that what is behind them is reached
local function chunk(kind, body) return string.pack(">I4", #body) .. kind .. body .. string.pack(">I4", core.crc32(kind .. body)) end
local function zlib(raw)
  local a, b = 1, 0
  for i = 1, #raw do a = (a + raw:byte(i)) % 65521 b = (b + a) % 65521 end
  return "\x78\x9c" .. core.deflate(raw) .. string.pack(">I4", b << 16 | a)
end
local function png(w, h, depth, kind, data, more, interlace)
  return "\x89PNG\r\n\26\n" .. chunk("IHDR", string.pack(">I4I4BBBBB", w, h, depth, kind, 0, 0, interlace or 0)) .. (more or "") .. chunk("IDAT", data) .. chunk("IEND", "")
end

function tests.pictures_that_lie()
  local tiny = zlib(("\0"):rep(16))
  refused("huge.png", png(32768, 32768, 8, 6, tiny))
  refused("huge2.png", png(0x7fffffff, 0x7fffffff, 8, 6, tiny))
  refused("zero.png", png(0, 4, 8, 2, tiny))
  refused("depth.png", png(2, 2, 3, 2, tiny))
  refused("kind.png", png(2, 2, 8, 5, tiny))
  refused("inter.png", png(2, 2, 8, 2, tiny, nil, 9))
  refused("short.png", png(20, 20, 8, 2, tiny))
  refused("nopal.png", png(2, 2, 8, 3, tiny))
  refused("pal.png", png(2, 2, 8, 3, tiny, chunk("PLTE", ("x"):rep(800))))
  refused("trns.png", png(2, 2, 8, 2, tiny, chunk("tRNS", "x")))
  feed("palrange.png", png(2, 2, 8, 3, zlib("\0\255\254\0\3\4"), chunk("PLTE", "abc")))
  refused("unknown.png", png(2, 2, 8, 2, tiny, chunk("ABCD", "x")))
  refused("bomb.png", png(1, 1, 8, 2, zlib(("\0"):rep(20000000))))
  refused("stored.png", png(4, 4, 8, 2, "\x78\x9c\1\255\255\0\0"))
  refused("badcode.png", png(4, 4, 8, 2, "\x78\x9c\x05" .. ("\xff"):rep(60)))
  refused("huge.bmp", "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54, 0, 54, 40, 30000, 30000, 1, 24, 0, 0, 0, 0, 0, 0), "pixels")
  refused("short.bmp", "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54, 0, 54, 40, 100, 60, 1, 24, 0, 0, 0, 0, 0, 0) .. ("x"):rep(99), "need")
  refused("neg.bmp", "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54, 0, 54, 40, -5, math.mininteger >> 33, 1, 24, 0, 0, 0, 0, 0, 0) .. ("x"):rep(99))
  refused("min.bmp", "BM" .. string.pack("<I4I4I4I4i4i4I2I2I4I4I4I4I4I4", 54, 0, 54, 40, 4, -2147483648, 1, 24, 0, 0, 0, 0, 0, 0) .. ("x"):rep(99))
  refused("huge.tga", string.pack("<BBBI2I2BI2I2I2I2BB", 0, 0, 2, 0, 0, 0, 0, 0, 20000, 20000, 24, 0) .. "xxxx")
  refused("rle.tga", string.pack("<BBBI2I2BI2I2I2I2BB", 0, 0, 10, 0, 0, 0, 0, 0, 30000, 30000, 24, 0) .. "\xff")
  refused("huge.ppm", "P6\n30000 30000\n255\nabc")
  refused("minus.ppm", "P6\n-3 4\n255\nabc")
  refused("digits.ppm", "P6\n" .. ("9"):rep(40) .. " 4\n255\nabc")
  refused("empty.jpg", "\xff\xd8\xff\xd9")
  refused("com.jpg", "\xff\xd8\xff\xfe\0\1\xff\xd9")
  refused("huge.jpg", "\xff\xd8\xff\xc0\0\x0b\8\xff\xff\xff\xff\1\1\x11\0\xff\xd9")
end

function tests.recipes_that_lie()
  local data = zlib("\0abc\0abc")
  local function with(more) return png(1, 2, 8, 2, data, more) end
  assert(feed("ok.png", with(chunk("iTXt", "genai:recipe\0\0\0\0\0{\"a\":1}"))))
  local deep = ("["):rep(5000) .. ("]"):rep(5000)
  for i, body in ipairs { "genai:recipe\0", "genai:recipe", "genai:recipe\0\0\0", "genai:recipe\0\1\0\0\0xx", "genai:recipe\0\0\0en", "genai:recipe\0\0\0\0\0", "genai:recipe\0\0\0\0\0[",
    "genai:recipe\0\0\0\0\0" .. deep, "genai:recipe\0\0\0\0\0{\"a\":1,\"a\":2}", "genai:recipe\0\0\0\0\0\"text\"", "genai:recipe\0\0\0\0\0{\"a\":1e999}", "genai:recipe\0\0\0\0\0\xff\xfe" } do
    assert(feed("recipe" .. i .. ".png", with(chunk("iTXt", body))), "recipe " .. i .. ": the picture itself is fine")
  end
  for _, text in ipairs { deep, "{", "\0", ("x"):rep(100000), "{\"a\":" .. deep .. "}", "" } do
    feed("page.html", '<script id="genai-recipe">' .. text .. "</script>")
    feed("open.html", '<script id="genai-recipe">' .. text)
    feed("deep.json", text)
    local body = "INFOICMT" .. string.pack("<I4", #text + 13) .. "genai:recipe " .. text
    feed("r.wav", "RIFF" .. string.pack("<I4", 44 + #body) .. "WAVEfmt " .. string.pack("<I4I2I2I4I4I2I2", 16, 1, 1, 8000, 16000, 2, 16) .. "data" .. string.pack("<I4", 4) .. "abcd" .. "LIST" .. string.pack("<I4", #body) .. body)
    feed("r.safetensors", (function()
      local head = core.json.encode { __metadata__ = { ["genai:recipe"] = text:find "^[%g ]*$" and text or "x" } }
      return string.pack("<I8", #head) .. head
    end)())
  end
end

local function npy(header, body, version, claimed)
  return "\x93NUMPY" .. string.char(version or 1) .. "\0" .. string.pack("<I2", claimed or #header) .. header .. (body or "")
end

function tests.arrays_that_lie()
  local function shape(s, body, descr, order) return npy(("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n"):format(descr or "<f4", order or "False", s), body) end
  assert(feed("ok.npy", shape("(2,)", "12345678")))
  for _, s in ipairs { "(9999999999999,)", "(4294967296, 4294967296)", "(-1,)", "(-2, -1)", "(2", "2)", "", "(nan,)", "(1e3,)", "(2, 2, 2, 2, 2, 2, 2, 2, 2)", "(18446744073709551615,)", "(0, 9223372036854775807, 4)",
    "(99999999999999999999999999,)", "(2,,,x)", "(3,)", "(1,)", "((2,),)", "(0x2,)", "(2.0,)", "(None,)" } do
    refused("shape.npy", shape(s, "12345678"))
  end
  for _, d in ipairs { ">f4", "<f3", "O", "|O", "<c8", "<U4", "", "f4", "[('a', '<f4')]", "<f16", "<m8[s]" } do refused("type.npy", shape("(2,)", "12345678", d), "npy") end
  refused("version.npy", npy("{}", "", 9))
  refused("claim.npy", npy("{}", "", 1, 65535))
  refused("nothing.npy", npy("", ""))
  refused("nul.npy", npy("{'descr': '<f4'\0, 'fortran_order': False, 'shape': (2,)}", "12345678"))
  refused("magic.npy", "\x93NUMP")
  feed("order.npy", shape("(2,)", "12345678", nil, "Maybe"))
end

local function zip_file(list, change)                                       -- { name, packed bytes, size, crc, method }
  local out, directory = "", ""
  for _, e in ipairs(list) do
    local at = #out
    local sizes = string.pack("<I2I2I2I4I4I4I2I2", e.method or 0, 0, 33, e.crc or core.crc32(e[2]), e.packed or #e[2], e.size or #e[2], #e[1], 0)
    out = out .. "PK\3\4" .. string.pack("<I2I2", 20, e.flags or 0) .. sizes .. e[1] .. e[2]
    directory = directory .. "PK\1\2" .. string.pack("<I2I2I2", 20, 20, e.flags or 0) .. sizes .. string.pack("<I2I2I2I4I4", 0, 0, 0, 0, e.offset or at) .. e[1]
  end
  local fields = { count = #list, size = #directory, offset = #out }
  for k, v in pairs(change or {}) do fields[k] = v end
  return out .. directory .. "PK\5\6" .. string.pack("<I2I2I2I2I4I4I2", 0, 0, fields.count, fields.count, fields.size, fields.offset, 0)
end

function tests.zips_that_lie()
  local body = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", "12345678")
  assert(feed("ok.npz", zip_file { { "a.npy", body }, { "b.npy", body } }))
  refused("twice.npz", zip_file { { "a.npy", body }, { "a.npy", body } }, "twice")
  refused("crc.npz", zip_file { { "a.npy", body, crc = 5 } }, "checksum")
  refused("method.npz", zip_file { { "a.npy", body, method = 12 } })
  refused("locked.npz", zip_file { { "a.npy", body, flags = 1 } })
  refused("size.npz", zip_file { { "a.npy", body, size = 0xffffffff } })
  refused("packed.npz", zip_file { { "a.npy", body, packed = 0xffffffff, size = 0xffffffff } })
  refused("offset.npz", zip_file { { "a.npy", body, offset = 0xfffffff0 } })
  refused("bomb.npz", zip_file { { "a.npy", core.deflate(("\0"):rep(1 << 20)), method = 8, size = 0x7ffffff0 } }, "unfold")
  refused("bomb2.npz", zip_file { { "a.npy", core.deflate(("\0"):rep(1 << 20)), method = 8, size = 1 << 19 } })
  refused("notnpy.npz", zip_file { { "a.txt", "hello" } })
  for _, change in ipairs { { count = 65535 }, { count = 2 }, { size = 0xffffffff }, { offset = 0xffffffff }, { offset = 1 }, { size = 1 } } do refused("dir.npz", zip_file({ { "a.npy", body } }, change)) end
  refused("onlyend.npz", "PK\5\6" .. ("\255"):rep(18))
  refused("nuls.npz", zip_file { { "a\0b.npy", body }, { "a\0c.npy", body } })
end

local function tensors(header, data) return string.pack("<I8", #header) .. header .. (data or "") end
local function entry(shape, from, to, dtype) return ('{"dtype":"%s","shape":%s,"data_offsets":[%s,%s]}'):format(dtype or "F32", shape, from, to) end

function tests.safetensors_that_lie()
  local eight = "12345678"
  assert(feed("ok.safetensors", tensors('{"a":' .. entry("[2]", 0, 8) .. "}", eight)))
  for _, e in ipairs { entry("[3]", 0, 8), entry("[2]", 0, 12), entry("[2]", -8, 0), entry("[2]", 8, 0), entry("[-2]", 0, 8), entry("[2.0]", 0, 8), entry("[1e3]", 0, 8), entry("2", 0, 8), entry("[2]", 0, 8, "F31"),
    entry("[2]", 0, 8, "I8"), entry("[4294967296,4294967296,0]", 0, 8), entry("[9223372036854775807,9223372036854775807]", 0, 8), entry("[2,1,1,1,1,1,1,1,1]", 0, 8), entry("[1]", 4, 8), entry("[1]", 0, 4),
    entry("[null]", 0, 8), entry("[\"2\"]", 0, 8), entry("[2]", "0.0", "8.0"), entry("[2]", 0, "18446744073709551616"), "5", "[]", "null", "{}", '{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1}',
    '{"dtype":"F32","shape":[2],"data_offsets":[0]}', '{"dtype":7,"shape":[2],"data_offsets":[0,8]}' } do
    refused("part.safetensors", tensors('{"a":' .. e .. "}", eight))
  end
  refused("overlap.safetensors", tensors('{"a":' .. entry("[2]", 0, 8) .. ',"b":' .. entry("[1]", 4, 8) .. "}", eight), "overlap")
  refused("hole.safetensors", tensors('{"a":' .. entry("[1]", 0, 4) .. ',"b":' .. entry("[1]", 8, 12) .. "}", "123456789012"), "hole")
  refused("same.safetensors", tensors('{"a":' .. entry("[2]", 0, 8) .. ',"a":' .. entry("[2]", 0, 8) .. "}", eight), "duplicate")
  refused("tail.safetensors", tensors('{"a":' .. entry("[1]", 0, 4) .. "}", eight))
  refused("deep.safetensors", tensors('{"a":' .. ("["):rep(100000) .. "}", eight))
  refused("nul.safetensors", tensors('{"a\\u0000b":' .. entry("[2]", 0, 8) .. "}", eight))
  refused("utf8.safetensors", tensors('{"\xff":' .. entry("[2]", 0, 8) .. "}", eight))
  for _, n in ipairs { 0, 1, 0xffffffff, 1 << 40, math.maxinteger, -1 } do refused("claim.safetensors", string.pack("<i8", n) .. '{"a":1}') end
  refused("empty.safetensors", "")
  refused("folder.safetensors", ("\0"):rep(9))
end

local function wav(fields, data)
  local f = { format = 1, channels = 1, rate = 8000, bytes = 16000, align = 2, bits = 16, riff = 1000, data = #data }
  for k, v in pairs(fields) do f[k] = v end
  return "RIFF" .. string.pack("<I4", f.riff) .. "WAVEfmt " .. string.pack("<I4I2I2I4I4I2I2", f.fmt or 16, f.format, f.channels, f.rate, f.bytes, f.align, f.bits) .. "data" .. string.pack("<I4", f.data) .. data
end

function tests.sounds_that_lie()
  local some = ("ab"):rep(50)
  assert(feed("ok.wav", wav({}, some)))
  for _, f in ipairs { { channels = 0 }, { channels = 65535 }, { channels = 1000, align = 2000 }, { rate = 0 }, { rate = 0xffffffff }, { bits = 0 }, { bits = 7 }, { bits = 65535 }, { align = 0 }, { align = 65535 }, { data = 0xffffffff },
    { data = 0x7fffffff }, { riff = 0xffffffff }, { riff = 0 }, { fmt = 0xffffffff }, { fmt = 2 }, { format = 85 }, { format = 0xfffe }, { format = 3, bits = 32 }, { format = 2 }, { format = 17 }, { format = 6 } } do
    local fine, s = feed("lie.wav", wav(f, some))
    if fine then assert(s.frames <= 200, "more frames than bytes") end
  end
  for _, magic in ipairs { "fLaC", "OggS", "RIFF", "RF64", "FORM", "caff", "MThd" } do
    for _, fill in ipairs { "\0", "\255", "a" } do feed("fill.wav", magic .. fill:rep(200)) feed("fill.flac", magic .. fill:rep(200)) feed("fill.ogg", magic .. fill:rep(200)) end
  end
  refused("aiff.wav", "FORM\0\0\0\x2eAIFFCOMM\0\0\0\x12\0\1\0\0\0\1\0\x10\x40\x0b\xfa\0\0\0\0\0\0\0SSND\0\0\0\x0a\0\0\0\0\0\0\0\0ab")
end

function tests.midi_that_lies()
  local function file(tracks, n, division) return "MThd" .. string.pack(">I4I2I2I2", 6, 1, n or 1, division or 96) .. tracks end
  local function track(body, n) return "MTrk" .. string.pack(">I4", n or #body) .. body end
  local stop = "\0\xff\x2f\0"
  feed("ok.mid", file(track("\0\x90\60\64\96\x80\60\0" .. stop)))
  for _, b in ipairs { file("", 65535), file(track(stop, 0xffffffff)), file(track(stop), 1, 0), file(track "\0\xff\1\xff\xff\xff\x7f"), file(track("\0\xff\1\x7f" .. stop)), file(track "\xff\xff\xff\xff\xff"),
    file(track "\0\x90\200\200"), file(track "\0\60\60"), file(track("\0\xf0\xff\x7fxx")), "MThd\0\0\0\2\0\0", "MThd" .. ("\255"):rep(30) } do
    refused("lie.mid", b)
  end
  for _, text in ipairs { "{", ("["):rep(3000), "\xff" } do
    local event = "genai:recipe " .. text
    feed("recipe.mid", file(track("\0\xff\1" .. string.char(0x80 | #event >> 7, #event & 127) .. event .. "\0\x90\60\64\96\x80\60\0" .. stop)))
  end
end

function tests.odd_bytes_under_every_name()
  local r = genai.rng(5, "odd")
  for _, ext in ipairs { "png", "jpg", "bmp", "tga", "ppm", "wav", "flac", "ogg", "mid", "npy", "npz", "safetensors", "json", "html", "txt" } do
    feed("empty." .. ext, "")
    feed("zeros." .. ext, ("\0"):rep(300))
    feed("ones." .. ext, ("\255"):rep(300))
    for _ = 1, 6 do
      local t = {}
      for i = 1, r:integer(1, 400) do t[i] = string.char(r:integer(0, 255)) end
      feed("odd." .. ext, table.concat(t))
    end
  end
end

function tests.zz_enough_of_them() assert(made >= 1000, made .. " hostile files, wanted 1000") end

return tests
