-- Drum patterns per mood and metre: { General MIDI key, start in the bar (quarter notes), velocity }.
local drums = {}

local K, S, B, R, H, O, T, U, X, W, C = 36, 38, 40, 37, 42, 46, 45, 48, 70, 76, 49   -- kick snare brush rim hat open-hat toms shaker wood crash
local G = 81                                                                          -- triangle

local patterns = {
  light = {
    ["4/4"] = { { K, 0, 70 }, { B, 1, 62 }, { K, 2, 62 }, { B, 3, 64 }, { X, 0, 50 }, { X, 0.5, 36 }, { X, 1, 46 }, { X, 1.5, 36 }, { X, 2, 50 }, { X, 2.5, 36 }, { X, 3, 46 }, { X, 3.5, 38 } },
    ["3/4"] = { { K, 0, 66 }, { B, 1, 50 }, { B, 2, 52 }, { X, 0, 40 }, { X, 1, 36 }, { X, 2, 36 } },
    ["6/8"] = { { K, 0, 66 }, { B, 1.5, 58 }, { X, 0, 44 }, { X, 0.5, 32 }, { X, 1, 38 }, { X, 1.5, 42 }, { X, 2, 32 }, { X, 2.5, 38 } },
    ["2/4"] = { { K, 0, 66 }, { B, 1, 60 }, { X, 0.5, 40 }, { X, 1.5, 40 } } },
  shaker = {
    ["4/4"] = { { X, 0, 58 }, { X, 0.5, 40 }, { X, 1, 50 }, { X, 1.5, 40 }, { X, 2, 56 }, { X, 2.5, 40 }, { X, 3, 50 }, { X, 3.5, 44 }, { R, 1, 44 }, { R, 3, 48 } },
    ["3/4"] = { { X, 0, 54 }, { X, 1, 44 }, { X, 1.5, 36 }, { X, 2, 46 } }, ["6/8"] = { { X, 0, 54 }, { X, 0.5, 36 }, { X, 1, 44 }, { X, 1.5, 50 }, { X, 2, 36 }, { X, 2.5, 44 } },
    ["2/4"] = { { X, 0, 54 }, { X, 0.5, 40 }, { X, 1, 50 }, { X, 1.5, 42 } } },
  folk = {
    ["4/4"] = { { K, 0, 84 }, { 54, 1, 70 }, { K, 2, 78 }, { 54, 3, 74 }, { W, 0.5, 44 }, { W, 1.5, 48 }, { W, 2.5, 44 }, { W, 3.5, 52 } },
    ["3/4"] = { { K, 0, 80 }, { 54, 1, 60 }, { 54, 2, 64 } },
    ["6/8"] = { { K, 0, 82 }, { 54, 1, 54 }, { K, 1.5, 72 }, { 54, 2.5, 58 }, { X, 0, 46 }, { X, 0.5, 38 }, { X, 1, 44 }, { X, 1.5, 46 }, { X, 2, 38 }, { X, 2.5, 44 } },
    ["2/4"] = { { K, 0, 80 }, { 54, 0.5, 56 }, { K, 1, 66 }, { 54, 1.5, 60 } } },
  drive = {
    ["4/4"] = { { K, 0, 92 }, { H, 0, 54 }, { H, 0.5, 42 }, { S, 1, 78 }, { H, 1, 52 }, { H, 1.5, 42 }, { K, 1.5, 64 }, { K, 2, 86 }, { H, 2, 54 }, { H, 2.5, 42 }, { S, 3, 80 }, { H, 3, 52 }, { H, 3.5, 46 } },
    ["3/4"] = { { K, 0, 90 }, { H, 0, 50 }, { H, 1, 46 }, { S, 2, 70 }, { H, 2, 46 } }, ["6/8"] = { { K, 0, 90 }, { H, 0.5, 42 }, { H, 1, 44 }, { S, 1.5, 76 }, { H, 2, 42 }, { H, 2.5, 46 } },
    ["2/4"] = { { K, 0, 88 }, { H, 0.5, 46 }, { S, 1, 74 }, { H, 1.5, 46 } } },
  grand = {
    ["4/4"] = { { K, 0, 92 }, { T, 1.5, 60 }, { K, 2, 84 }, { S, 3, 56 }, { S, 3.5, 46 }, { S, 3.75, 50 } }, ["3/4"] = { { K, 0, 88 }, { S, 2, 52 }, { S, 2.5, 46 } },
    ["6/8"] = { { K, 0, 88 }, { S, 1.5, 54 }, { S, 2.5, 46 } }, ["2/4"] = { { K, 0, 86 }, { S, 1, 58 }, { S, 1.5, 48 }, { S, 1.75, 50 } } },
  toms = {
    ["4/4"] = { { T, 0, 88 }, { U, 1, 54 }, { T, 1.5, 66 }, { T, 2, 82 }, { U, 3, 60 }, { U, 3.5, 54 } }, ["3/4"] = { { T, 0, 84 }, { U, 1, 52 }, { U, 2, 58 } },
    ["6/8"] = { { T, 0, 84 }, { U, 1, 50 }, { T, 1.5, 72 }, { U, 2.5, 56 } }, ["2/4"] = { { T, 0, 84 }, { U, 1, 58 }, { U, 1.5, 52 } } },
  secret = {
    ["4/4"] = { { X, 0, 62 }, { W, 1.5, 50 }, { X, 2, 58 }, { G, 3, 50 } }, ["3/4"] = { { X, 0, 60 }, { W, 2, 48 } }, ["6/8"] = { { X, 0, 60 }, { W, 1.5, 48 } }, ["2/4"] = { { X, 0, 60 }, { W, 1.5, 48 } } },
}
local fills = {
  ["4/4"] = { { S, 3, 60 }, { S, 3.25, 50 }, { U, 3.5, 66 }, { T, 3.75, 70 } }, ["3/4"] = { { U, 2, 60 }, { T, 2.5, 66 } }, ["6/8"] = { { U, 2, 60 }, { T, 2.5, 66 } }, ["2/4"] = { { U, 1, 60 }, { T, 1.5, 64 } },
}

--- play(plan, shading, put): puts (key, start, velocity, bar); thinner at first, a fill where a loud section ends, one stroke in the last bar
function drums.play(plan, shading, put)
  local pattern = patterns[plan.band.drums] or patterns.light
  local list, beats = pattern[plan.metre.name] or pattern["4/4"], plan.metre.beats
  local loud = plan.band.drums == "drive" or plan.band.drums == "toms" or plan.band.drums == "grand"
  for index, section in ipairs(plan.sections) do
    local level, full = shading(plan, index)
    for bar = section.from, section.from + section.bars - 1 do
      local at, closing = (bar - 1) * beats, bar == section.from + section.bars - 1
      if bar == plan.bars then
        put(loud and C or list[1][1], at, 62, bar)
        put(list[1][1], at, 70, bar)
      elseif section.theme ~= "intro" then
        local filled = closing and loud and full == 3
        for i, hit in ipairs(list) do
          if (full == 3 or i % 2 == 1) and not (filled and hit[2] >= fills[plan.metre.name][1][2]) then put(hit[1], at + hit[2], hit[3] + level, bar) end
        end
        if filled then for _, hit in ipairs(fills[plan.metre.name]) do put(hit[1], at + hit[2], hit[3] + level, bar) end end
      end
    end
  end
end

return drums
