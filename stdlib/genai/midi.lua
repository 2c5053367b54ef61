-- Standard MIDI files (format 0 and 1 in, format 1 out), pure Lua over bytes. A file is hostile: every length is held against the
-- bytes left before it is used, every loop has a bound, and an error names the file, the offset and the rule.
local midi = {}

local PPQ = 480
local MAX_NOTES, MAX_EVENTS, MAX_TRACKS, MAX_BYTES, MAX_TEXT = 200000, 1000000, 1024, 64 * 1024 * 1024, 65536
local RECIPE = "genai:recipe "

-- ---- reading ----

local Reader = {}
Reader.__index = Reader

local function reader(bytes, name) return setmetatable({ s = bytes, at = 1, stop = #bytes, name = name }, Reader) end
function Reader:fail(format, ...) error(("%s: offset %d: "):format(self.name, self.at - 1) .. format:format(...), 0) end
function Reader:left() return self.stop - self.at + 1 end
function Reader:need(n, what)
  if self:left() < n then self:fail("%s needs %d bytes, %d are left", what, n, self:left()) end
end
function Reader:byte(what)
  self:need(1, what)
  local b = self.s:byte(self.at)
  self.at = self.at + 1
  return b
end
function Reader:take(n, what)
  self:need(n, what)
  local part = self.s:sub(self.at, self.at + n - 1)
  self.at = self.at + n
  return part
end
function Reader:number(n, what)
  self:need(n, what)
  local v = string.unpack(">I" .. n, self.s, self.at)
  self.at = self.at + n
  return v
end
function Reader:varlen(what)                                -- at most four bytes of seven bits
  local v = 0
  for _ = 1, 4 do
    local b = self:byte(what)
    v = v << 7 | b & 127
    if b < 128 then return v end
  end
  self:fail("%s: a variable-length number has more than 4 bytes", what)
end

local function new_state(name)
  return { name = name, notes = {}, events = 0, tempos = {}, metres = {}, keys = {}, program = {}, end_tick = 0 }
end

local function note_on(st, track, tick, channel, key, velocity)
  local list = track.open[channel << 7 | key]
  if not list then list = {} track.open[channel << 7 | key] = list end
  list[#list + 1] = { tick = tick, velocity = velocity, program = st.program[channel] or 0 }
end

local function note_off(st, r, track, tick, channel, key)
  local list = track.open[channel << 7 | key]
  if not list or list.head == #list then return end         -- an end without a beginning means nothing
  list.head = (list.head or 0) + 1
  local on = list[list.head]
  if #st.notes >= MAX_NOTES then r:fail("more than %d notes", MAX_NOTES) end
  st.notes[#st.notes + 1] = { tick = on.tick, length = math.max(1, tick - on.tick), pitch = key, velocity = on.velocity, channel = channel + 1, program = on.program, track = track.index }
end

local function meta(st, r, track, tick)
  local kind = r:byte "meta event"
  local length = r:varlen "meta length"
  r:need(length, "meta event")
  local data = r:take(length, "meta event")
  if kind == 0x2f then
    track.ended = true
  elseif kind == 0x51 then
    if length ~= 3 then r:fail("tempo has %d bytes; 3 are wanted", length) end
    local micros = string.unpack(">I3", data)
    if micros > 0 then st.tempos[#st.tempos + 1] = { tick = tick, micros = micros } end
  elseif kind == 0x58 then
    if length < 2 then r:fail("time signature has %d bytes; 4 are wanted", length) end
    local over, power = data:byte(1, 2)
    if over >= 1 and over <= 64 and power <= 6 then st.metres[#st.metres + 1] = { tick = tick, over = over, under = 1 << power } end
  elseif kind == 0x59 and length >= 2 then
    local sharps, minor = string.unpack(">bB", data)
    if sharps >= -7 and sharps <= 7 then st.keys[#st.keys + 1] = { tick = tick, sharps = sharps, minor = minor == 1 } end
  elseif kind == 0x03 and not track.name then
    track.name = data:sub(1, 128)
  elseif kind == 0x01 and data:sub(1, #RECIPE) == RECIPE and #data <= MAX_TEXT * 16 then
    st.recipe = st.recipe or data:sub(#RECIPE + 1)
  end
end

local function channel_event(st, r, track, tick, status, first)
  local kind, channel = status >> 4, status & 15
  local one = first or r:byte "channel event"
  if one > 127 then r:fail("a data byte is %d; wanted 0..127", one) end
  local two = 0
  if kind ~= 0xc and kind ~= 0xd then
    two = r:byte "channel event"
    if two > 127 then r:fail("a data byte is %d; wanted 0..127", two) end
  end
  if kind == 0x9 and two > 0 then note_on(st, track, tick, channel, one, two)
  elseif kind == 0x8 or kind == 0x9 then note_off(st, r, track, tick, channel, one)
  elseif kind == 0xc then st.program[channel] = one end
end

local function read_track(st, r, index)
  local track, tick, running = { index = index, open = {} }, 0, nil
  while r:left() > 0 and not track.ended do
    st.events = st.events + 1
    if st.events > MAX_EVENTS then r:fail("more than %d events", MAX_EVENTS) end
    tick = tick + r:varlen "delta time"
    if tick > 1 << 40 then r:fail "time runs past 2^40 ticks" end
    local status = r:byte "event"
    if status == 0xff then
      running = nil
      meta(st, r, track, tick)
    elseif status == 0xf0 or status == 0xf7 then
      running = nil
      local length = r:varlen "system exclusive length"
      r:take(length, "system exclusive event")
    elseif status >= 0xf0 then
      r:fail("event %#x has no place in a file", status)
    elseif status >= 0x80 then
      running = status
      channel_event(st, r, track, tick, status)
    elseif running then
      channel_event(st, r, track, tick, running, status)
    else
      r:fail("data byte %d without a status before it", status)
    end
  end
  local open = {}
  for key in pairs(track.open) do open[#open + 1] = key end
  table.sort(open)
  for _, key in ipairs(open) do                             -- notes that nobody ended end with the track
    local list = track.open[key]
    for _ = (list.head or 0) + 1, #list do note_off(st, r, track, tick, key >> 7, key & 127) end
  end
  st.end_tick = math.max(st.end_tick, tick)
  return track
end

local function read_file(bytes, name)
  local r = reader(bytes, name)
  if #bytes > MAX_BYTES then r:fail("the file has %d bytes; at most %d are read", #bytes, MAX_BYTES) end
  if r:left() < 14 or bytes:sub(1, 4) ~= "MThd" then r:fail "not a MIDI file: it does not begin with MThd" end
  r.at = 5
  local size = r:number(4, "header length")
  if size < 6 then r:fail("the header has %d bytes; at least 6 are wanted", size) end
  r:need(size, "header")
  local format, count, division = r:number(2, "format"), r:number(2, "track count"), r:number(2, "division")
  r.at = 9 + size
  if format > 1 then r:fail("format %d; 0 and 1 are read", format) end
  if count < 1 or count > MAX_TRACKS or format == 0 and count ~= 1 then r:fail("%d tracks in a file of format %d", count, format) end
  if division == 0 or division >= 0x8000 then r:fail "the time division is not in ticks per quarter note" end
  local st, tracks = new_state(name), {}
  while #tracks < count do
    r:need(8, "track header")
    local id, length = r:take(4, "track header"), r:number(4, "track length")
    r:need(length, "track " .. #tracks + 1)
    if id == "MTrk" then
      local part = setmetatable({ s = bytes, at = r.at, stop = r.at + length - 1, name = name }, Reader)
      tracks[#tracks + 1] = read_track(st, part, #tracks + 1)
    end
    r.at = r.at + length
  end
  st.division, st.tracks = division, tracks
  return st
end

-- General MIDI program -> voice, by families of eight
local families = { [0] = "piano", "celesta", "reed", "guitar", "bass", "cello", "strings", "horn", "clarinet", "flute", "pad", "pad", "guitar", "marimba", "drums", "pad" }
local exact = { [10] = "musicbox", [12] = "marimba", [13] = "marimba", [46] = "harp", [45] = "strings", [52] = "choir", [53] = "choir", [54] = "choir", [71] = "clarinet", [72] = "whistle",
  [78] = "whistle", [79] = "whistle", [40] = "strings", [44] = "strings", [15] = "harp", [21] = "reed", [22] = "reed", [47] = "drums" }

local function voice_of(note, track, known)
  local name = track.name and track.name:gsub(" %d+$", "")
  if name and known[name] then return name end
  if note.channel == 10 then return "drums" end
  local voice = exact[note.program] or families[note.program // 8]
  return voice == "drums" and "marimba" or voice
end

local function tempo_of(micros)
  local exact_bpm = 60000000 / micros
  for _, unit in ipairs { 1, 10, 100, 1000 } do             -- the roundest number that gives these microseconds
    local round = math.floor(exact_bpm * unit + 0.5) / unit
    if round > 0 and math.floor(60000000 / round + 0.5) == micros then return math.tointeger(round) or round end
  end
  return exact_bpm
end

local function earliest(list)
  local best
  for _, e in ipairs(list) do if not best or e.tick < best.tick then best = e end end
  return best
end

-- notes of a file with several tempos are stretched so that they sound when they should at the first one
local function warp(tempos, first)
  table.sort(tempos, function(a, b) return a.tick < b.tick end)
  local plain = true
  for _, t in ipairs(tempos) do plain = plain and t.micros == first end
  if plain then return function(tick) return tick end end
  local marks, at = { { tick = 0, time = 0, rate = 1 } }, 0
  for _, t in ipairs(tempos) do
    local last = marks[#marks]
    at = last.time + (t.tick - last.tick) * last.rate
    marks[#marks + 1] = { tick = t.tick, time = at, rate = t.micros / first }
  end
  return function(tick)
    local low, high = 1, #marks
    while low < high do
      local mid = (low + high + 1) // 2
      if marks[mid].tick <= tick then low = mid else high = mid - 1 end
    end
    return marks[low].time + (tick - marks[low].tick) * marks[low].rate
  end
end

local function key_of(st)
  local k = earliest(st.keys)
  if not k then return nil end
  local theory = require "genai.tune.theory"
  local tonic = k.sharps * 7 % 12
  local mode = k.minor and "minor" or "major"
  if k.minor then tonic = (tonic + 9) % 12 end
  return theory.name(tonic, tonic, mode), mode
end

local function to_tune(st)
  local genai = require "genai"
  local known = genai.tune.order
  local first = earliest(st.tempos)
  local micros = first and first.micros or 500000
  local place, metre, notes = warp(st.tempos, micros), earliest(st.metres) or { over = 4, under = 4 }, {}
  if metre.over > 16 or metre.under > 8 or metre.under < 2 then metre = { over = 4, under = 4 } end
  for i, n in ipairs(st.notes) do
    local first_tick, last_tick = place(n.tick), place(n.tick + n.length)
    local start, length, stop = first_tick / st.division, (last_tick - first_tick) / st.division, last_tick / st.division
    if stop > 1e6 then error(("%s: note %d ends after %d quarter notes; at most 1000000 are read"):format(st.name, i, math.floor(stop)), 0) end
    notes[i] = { pitch = n.pitch, start = start, length = math.min(length, 1e5), velocity = n.velocity, voice = voice_of(n, st.tracks[n.track], known), channel = n.channel }
  end
  local recipe = st.recipe and midi.parse_recipe(st.recipe) or nil
  local key, mode = key_of(st)
  local tempo = tempo_of(micros)
  if tempo < 5 or tempo > 1000 then error(("%s: tempo %g; wanted 5..1000 beats a minute"):format(st.name, tempo), 0) end
  return genai.tune.from { notes = notes, tempo = tempo, metre = metre.over .. "/" .. metre.under, key = key, mode = mode, recipe = recipe,
    prompt = recipe and type(recipe.prompt) == "string" and recipe.prompt or nil, seed = recipe and math.tointeger(recipe.seed) or nil, name = st.tracks[1] and st.tracks[1].name }
end

--- midi.recipe(bytes [, name]) -> recipe table or nil, from the file's text event.
function midi.recipe(bytes, name)
  local st = read_file(bytes, name or "midi")
  return st.recipe and midi.parse_recipe(st.recipe) or nil
end

--- midi.decode(bytes [, name = "midi"]) -> tune
-- Reads a standard MIDI file of format 0 or 1. Errors name `name`, the offset and the broken rule. At most 200000 notes.
-- > #genai.midi.decode(genai.midi.encode(genai.tune("a song", { bars = 4 }))).notes > 8 --> true
function midi.decode(bytes, name)
  if type(bytes) ~= "string" then error(("midi.decode: the bytes are %s; a string is wanted"):format(type(bytes)), 2) end
  return to_tune(read_file(bytes, name or "midi"))
end

--- midi.load(path) -> tune
function midi.load(path)
  if type(path) ~= "string" then error(("midi.load: the path is %s; a string is wanted"):format(type(path)), 2) end
  local file, why = io.open(path, "rb")
  if not file then error(("midi.load: %s"):format(why), 0) end
  local bytes = file:read(MAX_BYTES + 1)
  file:close()
  return midi.decode(bytes or "", path)
end

-- ---- recipes as JSON ----

function midi.parse_recipe(text)
  local fine, value = pcall(require("genai").json.decode, text)
  return fine and type(value) == "table" and value or nil
end

-- ---- writing ----

local function varlen(n)
  local out = string.char(n & 127)
  n = n >> 7
  while n > 0 do
    out = string.char(n & 127 | 128) .. out
    n = n >> 7
  end
  return out
end

local function chunk(events, stop)
  table.sort(events, function(a, b)
    if a.tick ~= b.tick then return a.tick < b.tick end
    if a.rank ~= b.rank then return a.rank < b.rank end
    return a.index < b.index
  end)
  local out, at = {}, 0
  for _, e in ipairs(events) do
    out[#out + 1] = varlen(e.tick - at) .. e.bytes
    at = e.tick
  end
  out[#out + 1] = varlen(math.max(0, stop - at)) .. "\xff\x2f\x00"
  local body = table.concat(out)
  return "MTrk" .. string.pack(">I4", #body) .. body
end

local function text_event(kind, text) return "\xff" .. string.char(kind) .. varlen(#text) .. text end

local function conductor(tune, stop)
  local theory = require "genai.tune.theory"
  local list = {}
  local function put(bytes) list[#list + 1] = { tick = 0, rank = 0, index = #list, bytes = bytes } end
  local metre = theory.metre(tune.metre)
  put(text_event(0x03, tune.name or (tune.prompt and tune.prompt ~= "" and tune.prompt:sub(1, 100)) or "tune"))
  put("\xff\x51\x03" .. string.pack(">I3", math.max(1, math.min(0xffffff, math.floor(60000000 / tune.tempo + 0.5)))))
  local power = metre.under == 2 and 1 or metre.under == 4 and 2 or 3
  put("\xff\x58\x04" .. string.char(metre.over, power, math.floor(metre.pulse * 24), 8))
  local pc, minor = theory.pitch_class(tune.key or "C"), tune.mode == "minor"
  local sharps = theory.signature(pc, minor and "minor" or "major")
  if tune.mode and theory.scales[tune.mode] then put("\xff\x59\x02" .. string.pack(">bB", sharps, minor and 1 or 0)) end
  if tune.recipe then
    local recipe = {}
    for k, v in pairs(tune.recipe) do recipe[k] = v end     -- a copy: order does not matter
    put(text_event(0x01, RECIPE .. require("genai").json.encode(recipe)))
  end
  return chunk(list, stop)
end

-- Notes of one voice go to one track; a note that would lie over another of its pitch goes to the next track of that voice, so that every
-- end finds its beginning.
local function split_tracks(tune)
  local tracks, by_voice, order = {}, {}, {}
  for i, n in ipairs(tune.notes) do
    local start = math.floor(n.start * PPQ + 0.5)
    local stop = start + math.max(1, math.floor(n.length * PPQ + 0.5))
    local key = n.voice .. "\0" .. (n.channel or "")
    local list = by_voice[key]
    if not list then
      list = { voice = n.voice, channel = n.channel }
      by_voice[key], order[#order + 1] = list, list
    end
    local track
    for _, t in ipairs(list) do
      if (t.busy[n.pitch] or 0) <= start then track = t break end
    end
    if not track then
      track = { voice = n.voice, channel = n.channel, busy = {}, notes = {}, number = #list + 1 }
      list[#list + 1] = track
    end
    track.busy[n.pitch] = stop
    track.notes[#track.notes + 1] = { start = start, stop = stop, pitch = n.pitch, velocity = n.velocity, index = i }
  end
  for _, list in ipairs(order) do for _, t in ipairs(list) do tracks[#tracks + 1] = t end end
  return tracks
end

local function assign_channels(tracks)
  local taken, of_voice, next_channel = {}, {}, 1
  for _, t in ipairs(tracks) do if t.channel then taken[t.channel] = true end end
  for _, t in ipairs(tracks) do
    if not t.channel then
      if t.voice == "drums" then of_voice.drums = 10 end
      if not of_voice[t.voice] then
        for _ = 1, 16 do
          if next_channel ~= 10 and not taken[next_channel] then break end
          next_channel = next_channel % 16 + 1
        end
        if next_channel == 10 then next_channel = 11 end
        of_voice[t.voice] = next_channel
        next_channel = next_channel % 16 + 1
      end
      t.channel = of_voice[t.voice]
    end
  end
end

local function track_bytes(track, stop)
  local voices = require("genai.tune.plan").voices
  local voice, events, c = voices[track.voice], {}, track.channel - 1
  local function put(tick, rank, bytes) events[#events + 1] = { tick = tick, rank = rank, index = #events, bytes = bytes } end
  put(0, 0, text_event(0x03, track.voice .. (track.number > 1 and " " .. track.number or "")))
  put(0, 0, string.char(0xc0 | c, voice and voice[1] or 0))
  if voice then
    put(0, 0, string.char(0xb0 | c, 10, math.max(0, math.min(127, math.floor(64 + 63 * voice[4] + 0.5)))))
    put(0, 0, string.char(0xb0 | c, 91, 52))
  end
  for _, n in ipairs(track.notes) do
    put(n.start, 2, string.char(0x90 | c, n.pitch, n.velocity))
    put(n.stop, 1, string.char(0x80 | c, n.pitch, 64))
  end
  return chunk(events, stop)
end

--- midi.encode(tune) -> bytes
-- A standard MIDI file, format 1, 480 ticks a quarter note: tempo, time and key signature and the recipe in the first track, then a track per
-- voice with its General MIDI program; drums on channel 10. Starts and lengths are rounded to ticks.
-- > genai.midi.encode(genai.tune("a song", { bars = 2 })):sub(1, 4) --> "MThd"
function midi.encode(tune)
  if type(tune) ~= "table" or type(tune.notes) ~= "table" then error("midi.encode: wanted a tune", 2) end
  if #tune.notes > MAX_NOTES then error(("midi.encode: %d notes; at most %d are written"):format(#tune.notes, MAX_NOTES), 2) end
  for i, n in ipairs(tune.notes) do
    if math.type(n.pitch) ~= "integer" or math.type(n.velocity) ~= "integer" or n.pitch < 0 or n.pitch > 127 or n.velocity < 1 or n.velocity > 127 then
      error(("midi.encode: note %d has pitch %s and velocity %s; wanted whole numbers in 0..127 and 1..127"):format(i, tostring(n.pitch), tostring(n.velocity)), 2)
    end
    if n.channel and (math.type(n.channel) ~= "integer" or n.channel < 1 or n.channel > 16) then error(("midi.encode: note %d has channel %s; wanted 1..16"):format(i, tostring(n.channel)), 2) end
    if not (n.start >= 0 and n.start <= 500000) or not (n.length >= 0 and n.length <= 50000) then error(("midi.encode: note %d lies outside the 500000 quarter notes that fit"):format(i), 2) end
  end
  local metre = require("genai.tune.theory").metre(tune.metre)
  local tracks, stop = split_tracks(tune), math.floor(tune.bars * metre.beats * PPQ)
  if #tracks + 1 > MAX_TRACKS then error(("midi.encode: %d tracks; at most %d are written"):format(#tracks + 1, MAX_TRACKS), 2) end
  assign_channels(tracks)
  local parts = { "MThd" .. string.pack(">I4I2I2I2", 6, 1, #tracks + 1, PPQ), conductor(tune, stop) }
  for _, track in ipairs(tracks) do parts[#parts + 1] = track_bytes(track, stop) end
  return table.concat(parts)
end

return midi
