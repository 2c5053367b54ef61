-- Rhythm: cells of one bar per metre and liveliness, their variations, and the layout of a phrase. Numbers are quarter notes; negative: a rest.
local rhythm = {}

local cells = {
  ["4/4"] = {
    { { 2, 2 }, { 3, 1 }, { 2, 1, 1 }, { 1, 1, 2 }, { 1.5, 0.5, 2 }, { 1, 2, 1 } },
    { { 1, 1, 1, 1 }, { 1.5, 0.5, 1, 1 }, { 1, 0.5, 0.5, 2 }, { 1, 1, 0.5, 0.5, 1 }, { 2, 0.5, 0.5, 1 }, { 1.5, 0.5, 1.5, 0.5 }, { 1, 0.5, 0.5, 1, 1 }, { 1, 1, 1.5, 0.5 } },
    { { 0.5, 0.5, 1, 0.5, 0.5, 1 }, { 1, 0.5, 0.5, 0.5, 0.5, 1 }, { 0.5, 0.5, 0.5, 0.5, 1, 1 }, { 1.5, 0.5, 0.5, 0.5, 1 }, { 0.5, 1, 0.5, 1, 1 },
      { 0.75, 0.25, 0.5, 0.5, 1, 1 }, { 1, 1, 0.5, 0.5, 0.5, 0.5 }, { 1, 0.5, 1, 0.5, 1 } } },
  ["3/4"] = {
    { { 2, 1 }, { 3 }, { 1, 2 }, { 1.5, 0.5, 1 }, { 1, 1, 1 } },
    { { 1, 1, 1 }, { 1.5, 0.5, 1 }, { 1, 0.5, 0.5, 1 }, { 2, 0.5, 0.5 }, { 2, 1 }, { 1, 1, 0.5, 0.5 } },
    { { 1, 0.5, 0.5, 0.5, 0.5 }, { 0.5, 0.5, 1, 1 }, { 0.5, 0.5, 0.5, 0.5, 1 }, { 1.5, 0.5, 0.5, 0.5 }, { 1, 1, 0.5, 0.5 } } },
  ["6/8"] = {
    { { 1.5, 1.5 }, { 1, 0.5, 1.5 }, { 1.5, 1, 0.5 }, { 2, 1 } },
    { { 1, 0.5, 1, 0.5 }, { 1.5, 1, 0.5 }, { 1, 0.5, 0.5, 0.5, 0.5 }, { 0.75, 0.25, 0.5, 1, 0.5 }, { 1, 0.5, 1.5 } },
    { { 0.5, 0.5, 0.5, 1, 0.5 }, { 1, 0.5, 0.5, 0.5, 0.5 }, { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 }, { 1, 0.5, 1, 0.5 }, { 0.75, 0.25, 0.5, 0.5, 0.5, 0.5 } } },
  ["2/4"] = {
    { { 1, 1 }, { 2 }, { 1.5, 0.5 } }, { { 1, 0.5, 0.5 }, { 0.5, 0.5, 1 }, { 1, 1 }, { 1.5, 0.5 } },
    { { 0.5, 0.5, 0.5, 0.5 }, { 0.75, 0.25, 1 }, { 0.5, 0.25, 0.25, 1 }, { 0.75, 0.25, 0.5, 0.5 } } },
}
local closes = {                                            -- the last bar of a phrase: a breath, or none where the piece ends
  ["4/4"] = { { 3, -1 }, { 2, 1, -1 }, { 1, 2, -1 }, { 1, 1, 1, -1 }, { 2.5, -1.5 } }, ["3/4"] = { { 2, -1 }, { 1, 1, -1 }, { 2.5, -0.5 } },
  ["6/8"] = { { 2.5, -0.5 }, { 1, 0.5, 1, -0.5 }, { 1.5, 1, -0.5 } }, ["2/4"] = { { 1.5, -0.5 }, { 1, -1 }, { 0.5, 0.5, 0.5, -0.5 } },
}
local ends = { ["4/4"] = { { 4 }, { 1, 3 }, { 2, 2 } }, ["3/4"] = { { 3 }, { 1, 2 } }, ["6/8"] = { { 3 }, { 1, 0.5, 1.5 }, { 1.5, 1.5 } }, ["2/4"] = { { 2 }, { 1, 1 } } }
local layouts = { "112c", "121c", "11v2c", "121vc", "122c" }

local splits = { [1] = { { 0.5, 0.5 } }, [1.5] = { { 1, 0.5 } }, [2] = { { 1, 1 }, { 1.5, 0.5 } }, [3] = { { 2, 1 }, { 1.5, 1.5 } }, [4] = { { 2, 2 }, { 3, 1 } } }
--- variation(cell, rng): one long note split, or two short neighbours joined
function rhythm.variation(cell, rng)
  local out = { table.unpack(cell) }
  local at, draw = 1, rng:uniform()
  for i = 2, #out do if out[i] > out[at] then at = i end end
  local ways = splits[out[at]]
  if ways and (draw < 0.7 or #out < 3) then
    local way = rng:choose(ways)
    out[at] = way[1]
    table.insert(out, at + 1, way[2])
  elseif #out > 2 then
    local i = #out - 1
    if out[i] > 0 and out[i + 1] > 0 then
      out[i] = out[i] + out[i + 1]
      table.remove(out, i + 1)
    end
  end
  return out
end

local function liveliness(plan)
  local e = plan.mood.energy
  return e < 0.33 and 1 or e < 0.66 and 2 or 3
end

--- theme(plan, name, rng) -> { first, second } : the cells that a theme is made of; a contrasting theme is livelier or calmer
function rhythm.theme(plan, name, rng)
  local list, level = cells[plan.metre.name], liveliness(plan)
  if name ~= "A" then level = math.max(1, math.min(3, level + (rng:uniform() < 0.5 and 1 or -1))) end
  local pool = list[level]
  local first = rng:choose(pool)
  local second = rng:choose(list[math.min(3, level + (rng:uniform() < 0.4 and 1 or 0))])
  if second == first then second = rhythm.variation(first, rng) end
  return { first, second, layout = rng:choose(layouts) }
end

--- phrase(plan, section, theme, final, rng) -> list per bar of { cell, role }; role "1" "2" the motifs, "v" the first one varied, "c" the close
function rhythm.phrase(plan, section, theme, final, rng)
  local roles, out, n = {}, {}, section.bars
  for role in theme.layout:gmatch ".v?" do roles[#roles + 1] = role end
  for bar = 1, n do
    local role = bar == n and "c" or roles[n >= 4 and (bar - 1) % 3 + 1 or bar] or "2"
    local cell = theme[1]
    if role == "2" then cell = theme[2]
    elseif role == "1v" then cell = rhythm.variation(theme[1], rng)
    elseif role == "c" then cell = rng:choose((final and ends or closes)[plan.metre.name]) end
    out[bar] = { cell = cell, role = role }
  end
  if n <= 2 and out[1] then out[1].cell = cells[plan.metre.name][math.max(2, liveliness(plan))][rng:integer(1, 4)] or theme[1] end
  return out
end

return rhythm
