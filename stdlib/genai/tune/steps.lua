--- One melody as a list of sixteenths, the form that melody networks read and write: a pitch begins a note, "r" a rest, "_" goes on with what there is.
local steps = {}

local function fail(format, ...) error("steps: " .. format:format(...), 0) end
local PER_QUARTER = 4

-- the highest note of each onset; drums are left out
local function line_of(notes)
  local by_step, last = {}, 0
  for _, n in ipairs(notes) do
    local at = math.floor(n.start * PER_QUARTER + 0.5) + 1
    if n.voice ~= "drums" and (not by_step[at] or n.pitch > by_step[at].pitch) then by_step[at], last = n, math.max(last, at) end
  end
  return by_step, last
end

local function from_notes(notes)
  local by_step, last = line_of(notes)
  local out, stop = {}, 1
  for at = 1, last do
    local n = by_step[at]
    if n then
      out[at], stop = n.pitch, at + math.max(1, math.floor(n.length * PER_QUARTER + 0.5))
    else
      out[at] = at == stop and "r" or at == 1 and "r" or "_"
    end
  end
  if last > 0 then for at = last + 1, stop - 1 do out[at] = "_" end end
  return out
end

local function symbol(s, i)
  local pitch = math.tointeger(tonumber(s))
  if s == "_" or s == "r" then return s end
  if not pitch or pitch < 0 or pitch > 127 then fail("item %d is \"%s\"; wanted a MIDI pitch, _ (goes on) or r (rest)", i, tostring(s)) end
  return pitch
end

--- steps.of(x) -> list of steps. x: a tune, a list of notes { pitch, start, length (quarter notes) }, a list of { pitch, length }, a list of steps, or a text of steps
-- such as "67 _ 67 _ r _". Of several voices the highest note at each moment counts; drums do not.
-- > #require("genai.tune.steps").of "67 _ r _" == 4
function steps.of(x)
  if type(x) == "string" then
    local list = {}
    for word in x:gmatch "%S+" do list[#list + 1] = word end
    x = list
  end
  if type(x) ~= "table" then fail("the melody is a %s; wanted a tune, notes, or a text such as \"67 _ 67 _\"", type(x)) end
  if x.notes then return from_notes(x.notes) end
  local out, at, notes = {}, 0, {}
  for i, item in ipairs(x) do
    if type(item) ~= "table" then
      out[i] = symbol(item, i)
    else
      local pitch, start, length = item.pitch or item[1], item.start or at, item.length or item[2] or 1
      if type(start) ~= "number" or type(length) ~= "number" or not (start >= 0 and start <= 1e4 and length > 0 and length <= 1e4) then fail("note %d: start and length are %s and %s; wanted quarter notes", i, tostring(start), tostring(length)) end
      if pitch ~= "r" then notes[#notes + 1] = { pitch = symbol(pitch, i), start = start, length = length } end
      at = start + length
    end
  end
  return #notes > 0 and from_notes(notes) or out
end

--- steps.tune(list, { tempo = 100, voice = "piano", metre = "4/4", velocity = 84, key, mode, recipe, seed, name }) -> tune. A rest that begins with "_" is one, too.
-- > #require("genai.tune.steps").tune({ 60, "_", "r", 62 }).notes == 2
function steps.tune(list, options)
  local notes, open = {}, nil
  options = options or {}
  for at, s in ipairs(list) do
    if s ~= "_" then
      open = nil
      if s ~= "r" then
        open = { pitch = s, start = (at - 1) / PER_QUARTER, length = 0, voice = options.voice or "piano", velocity = options.velocity or ((at - 1) % 8 == 0 and 92 or 80) }
        notes[#notes + 1] = open
      end
    end
    if open then open.length = open.length + 1 / PER_QUARTER end
  end
  return require("genai").tune.from { notes = notes, tempo = options.tempo or 100, metre = options.metre or "4/4", key = options.key, mode = options.mode, recipe = options.recipe,
    seed = options.seed, name = options.name }
end

return steps
