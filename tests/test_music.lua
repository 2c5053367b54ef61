-- Tunes, MIDI and the synthesiser. The harmony rules are checked here with code of its own, from the notes alone.
local genai = require "genai"
local T = {}

local scales = { major = { 0, 2, 4, 5, 7, 9, 11 }, minor = { 0, 2, 3, 5, 7, 8, 10 }, dorian = { 0, 2, 3, 5, 7, 9, 10 }, phrygian = { 0, 1, 3, 5, 7, 8, 10 },
  lydian = { 0, 2, 4, 6, 7, 9, 11 }, mixolydian = { 0, 2, 4, 5, 7, 9, 10 } }
local letters = { C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11 }
local function pc_of(key) return (letters[key:sub(1, 1)] + (key:sub(2) == "#" and 1 or key:sub(2) == "b" and -1 or 0)) % 12 end
local beats_of = { ["4/4"] = 4, ["3/4"] = 3, ["6/8"] = 3, ["2/4"] = 2 }
local texts = { "a merry dance", "a slow sad song in the rain", "a brave knight set out on an adventure", "the moon and the stars dreamed", "a dark scary forest at night",
  "a happy rabbit in the sun", "a quiet lake", "a secret door in the fog", "mother's love", "the king's great castle" }

-- every (text, seed, bars) of a small walk
local function each(visit)
  for i, text in ipairs(texts) do
    for seed = 1, 3 do visit(genai.tune(text, { seed = seed, bars = ({ 8, 16, 4 })[(i + seed) % 3 + 1] }), text .. " / " .. seed) end
  end
end
local function has(list, x)
  for _, v in ipairs(list) do if v == x then return true end end
  return false
end
local function chord_at(tune, time)
  local found
  for _, c in ipairs(tune.chords) do if c.start <= time + 1e-6 then found = c end end
  return found
end
local function strong(tune, start)
  local place = start % beats_of[tune.metre]
  return place < 1e-6 or tune.metre == "4/4" and math.abs(place - 2) < 1e-6
end
local refused = dofile("tests/tools.lua").fails

function T.lengths_and_forms()
  for bars = 1, 40 do
    local tune = genai.tune("a walk by the sea", { seed = bars, bars = bars })
    assert(tune.bars == bars)
    local at = 1
    for _, s in ipairs(tune.sections) do assert(s.from == at, bars) at = at + s.bars end
    assert(at == bars + 1 and #tune.form > 0)
    for _, n in ipairs(tune.notes) do
      assert(n.bar >= 1 and n.bar <= bars and math.floor(n.start / beats_of[tune.metre]) + 1 == n.bar, "a note outside its bar")
      assert(math.type(n.pitch) == "integer" and math.type(n.velocity) == "integer" and n.velocity >= 1 and n.velocity <= 127 and n.length > 0)
    end
  end
end

function T.seconds()
  for _, seconds in ipairs { 4, 6, 10, 20 } do
    for seed = 1, 2 do
      for _, text in ipairs(texts) do
        local tune = genai.tune(text, { seed = seed, seconds = seconds })
        assert(math.abs(tune:seconds() + 1.8 - seconds) < 4 and #tune.notes >= 8, text .. seconds)
      end
    end
  end
end

function T.same_seed_same_tune()
  local function text(t)
    local out = {}
    for _, n in ipairs(t.notes) do out[#out + 1] = n.pitch .. "@" .. n.start .. "/" .. n.length .. "v" .. n.velocity .. n.voice end
    return table.concat(out, " ")
  end
  local seen = {}
  for seed = 1, 12 do
    local one = text(genai.tune("a happy rabbit", { seed = seed, bars = 8 }))
    assert(one == text(genai.tune("a happy rabbit", { seed = seed, bars = 8 })) and not seen[one])
    seen[one] = true
  end
end

function T.melody_fits_the_chords()
  local hits, all = 0, 0
  each(function(tune)
    for _, n in ipairs(tune.melody) do
      if strong(tune, n.start) then
        all = all + 1
        if has(chord_at(tune, n.start).pcs, n.pitch % 12) then hits = hits + 1 end
      end
    end
  end)
  assert(hits / all >= 0.8, ("%d of %d strong notes are chord tones"):format(hits, all))
end

function T.notes_stay_in_the_scale()
  each(function(tune, name)
    local tonic, inside = pc_of(tune.key), {}
    for _, s in ipairs(scales[tune.mode]) do inside[(tonic + s) % 12] = true end
    local leading = (tonic + 11) % 12
    for _, n in ipairs(tune.notes) do
      local raised = tune.mode == "minor" and n.pitch % 12 == leading
      assert(n.voice == "drums" or inside[n.pitch % 12] or raised, name .. ": pitch " .. n.pitch .. " in " .. tune.key .. " " .. tune.mode)
    end
  end)
end

function T.ends_on_the_tonic()
  each(function(tune, name)
    local tonic, last, low = pc_of(tune.key), tune.melody[#tune.melody], nil
    assert(last.pitch % 12 == tonic, name .. ": the tune ends on " .. last.pitch)
    assert(tune.chords[#tune.chords].root == tonic, name)
    local from = tune.chords[#tune.chords].start
    for _, n in ipairs(tune.notes) do
      if n.voice ~= "drums" and n.start >= from - 1e-6 and n.start < from + 0.1 and (not low or n.pitch < low) then low = n.pitch end
    end
    assert(low and low % 12 == tonic, name .. ": the lowest note of the last chord is " .. tostring(low))
  end)
end

function T.outer_voices_do_not_run_parallel()
  local faults, pairs_seen = 0, 0
  each(function(tune)
    local before
    for _, c in ipairs(tune.chords) do
      local top
      for _, n in ipairs(tune.melody) do if n.start <= c.start + 1e-6 and n.start + n.length > c.start + 1e-6 then top = n.pitch end end
      local now = top and { top, c.bass }
      if before and now and before[1] ~= now[1] and before[2] ~= now[2] then
        local a, b = (before[1] - before[2]) % 12, (now[1] - now[2]) % 12
        pairs_seen = pairs_seen + 1
        if a == b and (a == 0 or a == 7) then faults = faults + 1 end
      end
      before = now
    end
  end)
  assert(pairs_seen > 100 and faults == 0, ("%d parallel fifths or octaves in %d"):format(faults, pairs_seen))
end

function T.melody_can_be_sung()
  local steps, all, wide = 0, 0, 0
  each(function(tune, name)
    local low, high, before = 127, 0, nil
    local section
    for _, n in ipairs(tune.melody) do
      low, high = math.min(low, n.degree), math.max(high, n.degree)
      if before and section == n.section then
        local size = math.abs(n.degree - before)
        all, steps = all + 1, steps + (size <= 2 and 1 or 0)
        assert(size <= 7, name .. ": a leap of more than an octave")
        if size > 4 then wide = wide + 1 end
      end
      before, section = n.degree, n.section
    end
    assert(high - low <= 12, name .. ": a range of " .. high - low .. " steps")
  end)
  assert(steps / all > 0.75 and wide / all < 0.06, ("steps %.2f, wide leaps %.2f"):format(steps / all, wide / all))
end

function T.the_motif_returns()
  local tune = genai.tune("a happy rabbit in the sun", { seed = 2, bars = 16 })
  local function bar(n)
    local out = {}
    for _, m in ipairs(tune.melody) do if m.bar == n and not m.pickup then out[#out + 1] = m.degree end end
    return out
  end
  local first, later
  for _, s in ipairs(tune.sections) do
    if s.theme == "A" and not first then first = s.from elseif s.theme == "A" then later = s.from end
  end
  local a, b, same = bar(first), bar(later), 0
  for _, d in ipairs(a) do if has(b, d) then same = same + 1 end end
  assert(same >= #a * 0.7, "the theme's first bar does not come back")
end

function T.voices_stay_in_their_ranges()
  local voices = require("genai.tune.plan").voices
  each(function(tune)
    for _, n in ipairs(tune.notes) do
      local v = voices[n.voice]
      assert(v and (n.voice == "drums" or n.pitch >= v[2] and n.pitch <= v[3]), n.voice .. " " .. n.pitch)
    end
  end)
end

function T.options_are_obeyed_or_refused()
  local tune = genai.tune("a walk", { seed = 5, bars = 6, key = "F#", mode = "dorian", tempo = 101, metre = "6/8", voices = { lead = "horn", drums = false, pad = "choir" } })
  assert(tune.bars == 6 and tune.key == "F#" and tune.mode == "dorian" and tune.tempo == 101 and tune.metre == "6/8")
  local seen = {}
  for _, n in ipairs(tune.notes) do seen[n.voice] = true end
  assert(seen.horn and seen.choir and not seen.drums)
  assert(genai.tune({ text = "a walk", mood = "scary", seed = 3 }, { bars = 4 }).mood == "scary")
  refused("key is \"H\"", genai.tune, "x", { key = "H" })
  refused("unknown option \"temp\"", genai.tune, "x", { temp = 3 })
  refused("bars is 0", genai.tune, "x", { bars = 0 })
  refused("seconds and bars", genai.tune, "x", { bars = 4, seconds = 4 })
  refused("the first argument is number", genai.tune, 7)
  refused("lead is \"kazoo\"", genai.tune, "x", { voices = { lead = "kazoo" } })
end

function T.lock_vary_blend_transpose()
  local a = genai.tune("a merry dance", { seed = 1, bars = 8 })
  local b = genai.tune("a slow sad song in the rain", { seed = 2, bars = 8 })
  local function bar(tune, n)
    local out = {}
    for _, note in ipairs(tune.notes) do if note.bar == n then out[#out + 1] = note.pitch .. "@" .. note.start .. note.voice .. note.velocity end end
    return table.concat(out, " ")
  end
  local up = a:transpose(5)
  assert(up.notes[1].pitch == a.notes[1].pitch + 5 and #up.notes == #a.notes and pc_of(up.key) == (pc_of(a.key) + 5) % 12)
  a:lock(1, 2):lock(6)
  for seed = 1, 8 do
    local other = a:vary { seed = seed }
    assert(bar(other, 1) == bar(a, 1) and bar(other, 2) == bar(a, 2) and bar(other, 6) == bar(a, 6) and bar(other, 5) ~= bar(a, 5) and other.bars == 8)
  end
  for i = 0, 10 do
    local m = a:blend(b, i / 10)
    assert(m.bars == 8 and m.tempo <= a.tempo and m.tempo >= b.tempo and #m.notes > 8)
    if i > 0 and i < 10 then assert(m.tempo < a.tempo and m.tempo > b.tempo and m.melody[#m.melody].pitch % 12 == pc_of(m.key)) end
  end
  local foreign = genai.tune.from { notes = b.notes, tempo = 90, metre = b.metre }
  assert(#foreign:vary { seed = 3 }.notes > 8 and #foreign:blend(a, 0.4).notes > 8)
  refused("lock: bars 7..9", a.lock, a, 7, 9)
  refused("blend: t is 2", a.blend, a, b, 2)
end

-- ---- MIDI ----

local function random_score(r)
  local notes, voices = {}, genai.tune.voices
  for k = 1, r:integer(1, 150) do
    local n = { pitch = r:integer(0, 127) }
    n.start = r:integer(0, 20000) / 480
    n.length = r:integer(1, 3000) / 480
    n.velocity = r:integer(1, 127)
    n.voice = voices[r:integer(1, #voices)]
    notes[k] = n
  end
  return genai.tune.from { notes = notes, tempo = r:integer(30, 300), metre = r:choose { "4/4", "3/4", "6/8", "2/4" }, key = r:choose { "C", "Eb", "F#", "B" }, mode = r:choose { "major", "minor" } }
end

function T.a_recipe_makes_the_tune_again()
  local story = genai.story("a fox who lost his hat", { seed = 4, pages = 3 })
  for _, page in ipairs(story.pages) do
    local tune = genai.tune(page, { seconds = 8 })
    local r = genai.midi.recipe(genai.midi.encode(tune))
    local again = genai.tune(r.prompt, { seed = r.seed, seconds = r.seconds, mood = r.mood })
    assert(genai.midi.encode(again) == genai.midi.encode(tune))
  end
end

function T.midi_round_trip_of_200_scores()
  local r = genai.rng(1, "scores")
  for i = 1, 200 do
    local t = random_score(r)
    local u = genai.midi.decode(genai.midi.encode(t), "score")
    assert(#u.notes == #t.notes and u.tempo == t.tempo and u.metre == t.metre and u.mode == t.mode and pc_of(u.key) == pc_of(t.key), i)
    for k, n in ipairs(t.notes) do
      local m = u.notes[k]
      for _, field in ipairs { "pitch", "start", "length", "velocity", "voice", "bar" } do assert(n[field] == m[field], i .. ": " .. field) end
    end
    assert(genai.midi.encode(u) == genai.midi.encode(genai.midi.decode(genai.midi.encode(u), "again")))
  end
end

function T.midi_keeps_a_tune_and_its_recipe()
  each(function(tune, name)
    local bytes = genai.midi.encode(tune)
    local back = genai.midi.decode(bytes, "tune")
    assert(#back.notes == #tune.notes, name)
    for i, n in ipairs(tune.notes) do assert(back.notes[i].start == n.start and back.notes[i].bar == n.bar and back.notes[i].voice == n.voice, name) end
    local recipe = genai.midi.recipe(bytes)
    assert(recipe.kind == "tune" and recipe.seed == tune.seed and recipe.prompt == tune.prompt and back.recipe.prompt == tune.prompt)
  end)
end

local function file(format, division, ...)
  local out = { "MThd", string.pack(">I4I2I2I2", 6, format, select("#", ...), division) }
  for _, track in ipairs { ... } do out[#out + 1] = "MTrk" .. string.pack(">I4", #track) .. track end
  return table.concat(out)
end
local STOP = "\0\xff\x2f\0"

function T.midi_reads_what_others_write()
  -- format 0, running status, note-on with velocity 0, system exclusive, a program, an unknown chunk
  local track = "\0\xff\x51\3\7\xa1\x20" .. "\0\xff\x58\4\3\2\24\8" .. "\0\xf0\3\1\2\xf7" .. "\0\xc0\73" .. "\0\x90\60\100" .. "\x60\60\0" .. "\0\64\90" .. "\x81\x40\64\0" .. STOP
  local tune = genai.midi.decode(file(0, 96, track), "old")
  assert(#tune.notes == 2 and tune.tempo == 120 and tune.metre == "3/4")
  local a, b = tune.notes[1], tune.notes[2]
  assert(a.pitch == 60 and a.start == 0 and a.length == 1 and a.voice == "flute" and b.pitch == 64 and b.start == 1 and b.length == 2 and b.velocity == 90)
  -- format 1 with a tempo that halves after one quarter note: the second note begins where it sounds
  local tempos = "\0\xff\x51\3\7\xa1\x20" .. "\x60\xff\x51\3\x0f\x42\x40" .. STOP
  local notes = "\0\x99\36\100\x60\x89\36\0" .. "\x60\x99\38\100\x60\x89\38\0" .. STOP
  local drums = genai.midi.decode(file(1, 96, tempos, notes), "tempos")
  assert(drums.notes[1].voice == "drums" and drums.notes[1].length == 1 and drums.notes[2].start == 3 and drums.notes[2].length == 2)
  -- a note that nobody ends ends with its track
  assert(genai.midi.decode(file(0, 96, "\0\x90\60\100\x60\xff\x2f\0"), "open").notes[1].length == 1)
end

function T.midi_refuses_hostile_files()
  local function decode(bytes) return genai.midi.decode(bytes, "evil.mid") end
  refused("evil.mid: offset 0: not a MIDI file", decode, "RIFF............")
  refused("evil.mid: offset 0: not a MIDI file", decode, "")
  refused("format 2", decode, file(2, 96, STOP))
  refused("ticks per quarter note", decode, file(0, 0xe728, STOP))
  refused("track 1 needs 4294967295 bytes", decode, "MThd" .. string.pack(">I4I2I2I2", 6, 0, 1, 96) .. "MTrk\xff\xff\xff\xff")
  refused("more than 4 bytes", decode, file(0, 96, "\xff\xff\xff\xff\xff\0"))
  refused("without a status", decode, file(0, 96, "\0\60\100" .. STOP))
  refused("a data byte is 200", decode, file(0, 96, "\0\x90\60\200" .. STOP))
  refused("meta event needs", decode, file(0, 96, "\0\xff\1\xff\x7f" .. STOP))
  refused("system exclusive event needs", decode, file(0, 96, "\0\xf0\xff\x7f" .. STOP))
  refused("tempo has 2 bytes", decode, file(0, 96, "\0\xff\x51\2\1\1" .. STOP))
  local good, r = genai.midi.encode(genai.tune("a song", { seed = 1, bars = 2 })), genai.rng(3, "hostile")
  for i = 1, 400 do
    local bytes = good
    if i % 2 == 0 then
      bytes = good:sub(1, r:integer(0, #good - 1))
    else
      for _ = 1, r:integer(1, 6) do
        local at = r:integer(1, #bytes)
        bytes = bytes:sub(1, at - 1) .. string.char(r:integer(0, 255)) .. bytes:sub(at + 1)
      end
    end
    local fine, why = pcall(decode, bytes)
    assert(fine or type(why) == "string" and why:find("evil.mid", 1, true), tostring(why))
  end
end

-- ---- sound ----

local function synth(rows, seconds, rate)
  local flat = {}
  for _, row in ipairs(rows) do for _, v in ipairs(row) do flat[#flat + 1] = v end end
  return genai.synth(genai.tensor(flat):view(#rows, 8), rate or 44100, math.floor(seconds * (rate or 44100)))
end

function T.synth_is_clean()
  local voices = genai.tune.voices
  for v = 1, #voices do
    local sound = synth({ { v, 0, 0.6, voices[v] == "drums" and 38 or voices[v] == "bass" and 40 or 64, 0.9, 0, 0.3, 1 } }, 2.5)
    local peak = sound:abs():max():item()
    assert(sound.shape[1] == 2 and peak <= 0.97 and peak > 0.05, voices[v] .. " " .. peak)
    assert(math.abs(sound:mean():item()) < 1e-3 and sound:slice(2, -200, -1):abs():max():item() < 1e-3, voices[v] .. ": DC, or noise at the end")
  end
  assert(synth({ { 1, 0, 1, 60, 1, 0, 1, 4 }, { 17, 0, 1, 36, 1, 0, 1, 4 }, { 13, 0, 1, 50, 1, 1, 1, 4 } }, 2):abs():max():item() <= 0.97)
end

-- the frequency whose sine and cosine fit best near `hz`, by golden-section search on the power
local function pitch(sound, hz, rate)
  local n = 32768
  local x = sound[1]:slice(1, 8000, 8000 + n - 1)
  local window = (1 - (genai.arange(n) * (2 * math.pi / n)):cos()) / 2
  local t = genai.arange(n)
  x = x * window
  local function power(f)
    local turn = t * (2 * math.pi * f / rate)
    local a, b = (x * turn:cos()):sum():item(), (x * turn:sin()):sum():item()
    return a * a + b * b
  end
  local low, high, g = hz * 0.985, hz * 1.015, 0.6180339887
  for _ = 1, 24 do
    local a, b = high - g * (high - low), low + g * (high - low)
    if power(a) > power(b) then high = b else low = a end
  end
  return (low + high) / 2
end

function T.synth_is_in_tune()
  for _, v in ipairs { 1, 2, 3, 4, 5, 6, 7, 10 } do
    for _, p in ipairs { 57, 69, 81 } do
      if v ~= 7 or p == 57 then
        local hz = 440 * math.exp((p - 69) / 12 * math.log(2))
        local found = pitch(synth({ { v, 0, 1.2, p, 0.8, 0, 0, 1 } }, 1.4), hz, 44100)
        local cents = 1200 * math.log(found / hz) / math.log(2)
        assert(math.abs(cents) < 3, genai.tune.voices[v] .. " " .. p .. ": " .. cents .. " cents")
      end
    end
  end
end

function T.synth_refuses_broken_rows()
  local good = { 1, 0, 1, 60, 0.8, 0, 0.3, 1 }
  local function broken(column, value)
    local row = { table.unpack(good) }
    row[column] = value
    return function() synth({ good, row }, 0.1) end
  end
  refused("row 2: voice", broken(1, 99))
  refused("row 2: voice", broken(1, 0 / 0))
  refused("row 2: start", broken(2, -1))
  refused("row 2: start", broken(2, math.huge))
  refused("row 2: length", broken(3, 1e9))
  refused("row 2: pitch", broken(4, 300))
  refused("row 2: velocity", broken(5, 2))
  refused("row 2: pan", broken(6, 0 / 0))
  refused("rate", synth, { good }, 0.1, 100)
  refused("frames", function() genai.synth(genai.zeros(1, 8), 44100, 0) end)
end

function T.a_tune_sounds_and_is_saved()
  local dir = genai.tmpdir()
  local tune = genai.tune("a slow sad song in the rain", { seed = 3, bars = 4 })
  local sound = tune:render()
  assert(sound.rate == 44100 and sound.channels == 2 and sound:tensor():std():item() > 0.005)
  assert(sound:tensor():equal(tune:render():tensor()))
  tune:save(dir .. "/rain.mid")
  assert(#genai.midi.load(dir .. "/rain.mid").notes == #tune.notes)
  tune:save(dir .. "/rain.flac")
  local picture = tune:draw { width = 640, height = 240 }
  assert(picture.width == 640 and picture.height == 240 and picture:tensor():std():item() > 0.02)
  refused("\"xyz\"", tune.save, tune, dir .. "/rain.xyz")
end

return T
