-- The one small intent table that story, picture and music share, so that a page belongs together.
-- A table of word lists, nothing clever: each word votes for a mood, the mood gives colours, key, mode and tempo, and words about
-- time, weather and speed move them. No random numbers and no state: the same words always mean the same intent.

-- name = { valence -1..1, energy 0..1, tempo in beats per minute, mode, tonics, metre }
local moods = {
  happy       = { 0.8, 0.60, 108, "major",      { "C", "G", "D", "F" },   "4/4" },
  merry       = { 0.9, 0.85, 132, "major",      { "D", "G", "A" },        "6/8" },
  calm        = { 0.4, 0.20, 76,  "major",      { "F", "G", "C" },        "3/4" },
  tender      = { 0.6, 0.25, 72,  "major",      { "Eb", "F", "Bb" },      "3/4" },
  dreamy      = { 0.3, 0.25, 69,  "lydian",     { "F", "C", "D" },        "3/4" },
  grand       = { 0.6, 0.65, 92,  "mixolydian", { "D", "G", "Bb" },       "4/4" },
  adventurous = { 0.5, 0.80, 120, "mixolydian", { "D", "A", "G" },        "4/4" },
  mysterious  = { -0.1, 0.40, 84, "dorian",     { "D", "E", "A" },        "4/4" },
  sad         = { -0.7, 0.20, 63, "minor",      { "A", "D", "G" },        "3/4" },
  scary       = { -0.6, 0.70, 104, "phrygian",  { "E", "B", "C" },        "4/4" },
}
local order = { "calm", "happy", "merry", "tender", "dreamy", "grand", "adventurous", "mysterious", "sad", "scary" }

-- Words vote with weight 2 where they name the feeling, with 1 where they only suggest it.
local votes = {
  happy = { [2] = "happy glad joy joyful cheerful smile smiled delighted proud pleased sunny bright wonderful content",
    [1] = "sun warm golden friend friends found home breakfast honey cake flower flowers sang song garden hope morning good yellow kind" },
  merry = { [2] = "merry dance danced dancing party feast festival laugh laughed laughing giggle giggled jolly funny silly celebrate lively cheered",
    [1] = "fiddle drum jump jumped hop hopped skip skipped play played birthday carnival circus tickle pancake jig polka music orange" },
  calm = { [2] = "calm peaceful quiet gentle still softly rest rested restful slow slowly serene peace",
    [1] = "meadow lake pond boat river afternoon cloud clouds breeze green village sea beach shore grass evening tea sky blue drift drifted" },
  tender = { [2] = "love loved tender hug hugged hugging kiss goodnight cuddle lullaby mother grandmother thank thanked",
    [1] = "together baby nest blanket hand paw whispered friend friendship held dear little small" },
  dreamy = { [2] = "dream dreamed dreaming dreamy sleep asleep sleeping magic magical float floated enchanted wonder wished",
    [1] = "moon stars star cloud clouds wish imagine moonlight silver glow glowed night shimmer rainbow space feather violet" },
  grand = { [2] = "grand great mighty majestic huge enormous splendid glorious king queen royal vast",
    [1] = "castle mountain mountains crown palace tower summit top giant wide kingdom cathedral eagle" },
  adventurous = { [2] = "adventure adventurous brave bravely journey explore explorer quest set travel travelled voyage bold climb climbed hero",
    [1] = "ship pirate road path map treasure sail sailed mountain mountains jungle rocket spaceship horse race raced ran hurry wind away far bridge" },
  mysterious = { [2] = "mystery mysterious secret strange hidden riddle curious unknown puzzle ancient odd",
    [1] = "fog mist misty forest cave shadow shadows old owl key door whisper whispered silence dusk twilight footprints ruin purple" },
  sad = { [2] = "sad sadly cry cried crying tears tear lonely alone lost weep wept sorrow sigh sighed unhappy miss missed grief goodbye melancholy",
    [1] = "rain rainy grey gray tired empty last cold broken gone far winter autumn poor nobody slow" },
  scary = { [2] = "scary scared afraid fear feared frightened frightening terrible dreadful danger dangerous monster ghost horror spooky trembled trembling roared",
    [1] = "dark darkness storm thunder lightning shook howled growled witch wolf night black crack stuck shadow cave bones deep" },
}
local times = {
  dawn = "dawn sunrise daybreak cockcrow", morning = "morning breakfast", noon = "noon midday lunch day daytime afternoon",
  dusk = "dusk sunset evening twilight sundown supper", night = "night midnight nighttime bedtime",
}
local hints = { noon = "sunny sunshine sun", night = "moon moonlight moonlit stars star starry" } -- they count where no hour is named
local weathers = {
  rain = "rain rainy raining rained drizzle puddle puddles umbrella shower", snow = "snow snowy snowing snowed ice icy frost frosty winter blizzard snowflake snowflakes",
  storm = "storm stormy thunder lightning tempest hurricane", wind = "wind windy gale breeze gust gusts blew blustery", fog = "fog foggy mist misty haze",
}
local speeds = { slow = -18, slowly = -14, lullaby = -14, gentle = -8, sleepy = -14, lazy = -10, quick = 16, fast = 22, quickly = 14, running = 12,
  lively = 14, swift = 14, hurry = 12, race = 14, dance = 8, march = 4, waltz = 0 }
local metres = { waltz = "3/4", lullaby = "3/4", jig = "6/8", march = "2/4", polka = "2/4" }
local negations = { ["not"] = true, no = true, never = true, without = true, longer = true, nor = true, ["didn't"] = true, ["wasn't"] = true, ["isn't"] = true }

-- Colours per mood, 0..1: sky at the top and at the horizon, light, ground, leaf, water, accent (warm), shade (cool).
local palettes = {
  happy       = { sky = "5fb4ec", horizon = "d9f0fb", light = "fff1b8", ground = "8cc665", leaf = "4f9d45", water = "3f9fcf", accent = "f2994a", shade = "5b7fa6" },
  merry       = { sky = "4aa8ee", horizon = "ffe9c2", light = "ffe28a", ground = "9ccc55", leaf = "57a63c", water = "2fa3c9", accent = "ef5d60", shade = "6a6fb5" },
  calm        = { sky = "8fc1dd", horizon = "f0efe2", light = "fbf0cf", ground = "9fbf83", leaf = "5f9267", water = "6aa9bd", accent = "e0a96d", shade = "6f8aa0" },
  tender      = { sky = "a9c6e6", horizon = "fde6dc", light = "ffe9d1", ground = "a9c48e", leaf = "6fa06c", water = "7fb2c8", accent = "e88b8b", shade = "8a84ad" },
  dreamy      = { sky = "7f86c9", horizon = "f3d3e3", light = "fdf3d8", ground = "8fb39c", leaf = "5d9087", water = "7c9fd0", accent = "f0a6ca", shade = "5d5a97" },
  grand       = { sky = "3f7fbf", horizon = "f7e1b5", light = "ffdf9b", ground = "8aa65a", leaf = "47794a", water = "2f7f9f", accent = "c9683c", shade = "4f5d84" },
  adventurous = { sky = "3d9be0", horizon = "fbe8bf", light = "ffdc8c", ground = "a6b455", leaf = "4d8a3f", water = "2587a8", accent = "e2672f", shade = "4c6a8c" },
  mysterious  = { sky = "3e5f7a", horizon = "b9c3b4", light = "e8e3b5", ground = "6b8462", leaf = "3a5f50", water = "3f6d7d", accent = "b98a52", shade = "3a4560" },
  sad         = { sky = "7a90a6", horizon = "cdd3d6", light = "e6e3d6", ground = "869a84", leaf = "566f66", water = "5f7f93", accent = "b48a76", shade = "535f75" },
  scary       = { sky = "2d3350", horizon = "7d6a78", light = "d9cf9a", ground = "4f5d4a", leaf = "2f4740", water = "2f4a5f", accent = "c4542f", shade = "23263d" },
}
-- A time of day pulls sky, horizon and light towards these colours by `pull` and scales the rest by `dim`.
local hours = {
  dawn    = { sky = "8aa7d6", horizon = "ffd0a8", light = "ffe0b0", pull = 0.7, dim = 0.92 },
  morning = { sky = "7cc3f0", horizon = "fff0d0", light = "fff3c4", pull = 0.3, dim = 1 },
  noon    = { sky = "4ba6ea", horizon = "dff2fb", light = "fffbe0", pull = 0.3, dim = 1 },
  dusk    = { sky = "5c5a9e", horizon = "ff9e6b", light = "ffc38a", pull = 0.75, dim = 0.8 },
  night   = { sky = "101a3c", horizon = "34467a", light = "f4efcf", pull = 0.9, dim = 0.45 },
}
local semitones = { C = 0, Db = 1, D = 2, Eb = 3, E = 4, F = 5, Gb = 6, G = 7, Ab = 8, A = 9, Bb = 10, B = 11 }

local function rgb(hex)
  local n = tonumber(hex, 16)
  return { (n >> 16) / 255, (n >> 8 & 255) / 255, (n & 255) / 255 }
end

local function index(lists)
  local out = {}
  for name, words in pairs(lists) do                      -- no word stands in two lists, so the order does not matter
    for word in words:gmatch "%S+" do out[word] = name end
  end
  return out
end

-- word -> { mood = weight }
local lexicon = {}
for _, name in ipairs(order) do
  for weight = 1, 2 do
    for word in votes[name][weight]:gmatch "%S+" do
      lexicon[word] = lexicon[word] or {}
      lexicon[word][name] = weight
    end
  end
end
local time_of, hint_of, weather_of = index(times), index(hints), index(weathers)

local function look_up(map, word)
  return map[word] or map[word:match "^(.-)s$"] or map[word:match "^(.-)ing$"] or map[word:match "^(.-)ed$"] or map[word:match "^(.-)y$"]
end

local function hash(text)
  local h = 0xcbf29ce484222325
  for i = 1, math.min(#text, 4096) do h = (h ~ text:byte(i)) * 0x100000001b3 end
  h = (h ~ (h >> 32)) * 0x9e3779b97f4a7c15
  return h >> 33
end

local function read(text)
  local score, seen = {}, { speed = 0 }
  for _, name in ipairs(order) do score[name] = 0 end
  local denied = 0
  for word in text:lower():gsub("’", "'"):gmatch "[%a\128-\255']+" do
    local entry = look_up(lexicon, word)
    for name, weight in pairs(entry or {}) do               -- sums of whole numbers: any order gives the same
      score[name] = score[name] + (denied > 0 and -weight or weight)
    end
    seen.time = time_of[word] and (seen.time ~= "night" and time_of[word]) or seen.time
    seen.hint = hint_of[word] and (seen.hint ~= "night" and hint_of[word]) or seen.hint
    seen.weather = seen.weather == "storm" and "storm" or look_up(weather_of, word) or seen.weather
    seen.speed = seen.speed + (speeds[word] or 0)
    seen.metre = metres[word] or seen.metre
    denied = negations[word] and 3 or denied - 1
  end
  seen.time = seen.time or seen.hint
  return score, seen
end

local function paint(name, time)
  local palette, hour = {}, hours[time]
  for part, hex in pairs(palettes[name]) do
    local c = rgb(hex)
    if hour then
      local goal = hour[part] and rgb(hour[part])
      for i = 1, 3 do
        c[i] = goal and c[i] + (goal[i] - c[i]) * hour.pull or c[i] * hour.dim
      end
    end
    palette[part] = c
  end
  return palette
end

local function clamp(x, low, high) return math.max(low, math.min(high, x)) end

--- mood(text) -> intent
-- What a sentence feels like, in the one table that story, picture and music share:
-- `name` (happy merry calm tender dreamy grand adventurous mysterious sad scary), `valence` -1..1, `energy` 0..1, `palette` (sky, horizon,
-- light, ground, leaf, water, accent, shade: each {r, g, b} in 0..1), `key` ("C" .. "B", flats), `tonic` (0..11, C = 0), `mode` (major minor
-- dorian lydian mixolydian phrygian), `tempo` (beats per minute, 50..168), `metre` ("4/4" "3/4" "6/8" "2/4"), and where the words
-- tell it `time` (dawn morning noon dusk night) and `weather` (rain snow storm wind fog). `scores` holds each mood's votes.
-- Words without feeling give "calm". Errors when text is not a string. A word list in the manner of Russell's circumplex of affect.
-- > genai.mood("a slow sad song in the rain").name == "sad"
local function mood(text)
  if type(text) ~= "string" then
    error(("mood: text is %s; a string is wanted"):format(type(text)), 2)
  end
  local score, seen = read(text)
  local name, best, total = "calm", 0, 0
  for _, each in ipairs(order) do
    if score[each] > best then name, best = each, score[each] end
    total = total + math.max(score[each], 0)
  end
  local m, valence, energy = moods[name], 0, 0
  for _, each in ipairs(order) do                           -- valence and energy: the mean over all votes
    local share = total > 0 and math.max(score[each], 0) / total or (each == "calm" and 1 or 0)
    valence, energy = valence + share * moods[each][1], energy + share * moods[each][2]
  end
  if seen.weather == "storm" then energy = energy + 0.2 end
  local h = hash(text)
  local key = m[5][h % #m[5] + 1]
  local tempo = m[3] + clamp(seen.speed, -24, 24) + h // 16 % 9 - 4 + math.floor((energy - m[2]) * 20)
  return {
    name = name, valence = clamp(valence, -1, 1), energy = clamp(energy + seen.speed / 100, 0, 1), palette = paint(name, seen.time), key = key, tonic = semitones[key],
    mode = m[4], tempo = clamp(tempo, 50, 168), metre = seen.metre or m[6], time = seen.time, weather = seen.weather, scores = score,
  }
end

return mood
