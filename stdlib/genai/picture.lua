-- The painter's front: text, a scene or a story's page in, a picture out. No model, no weights.

local function sorted_keys(t)
  local out = {}
  for k in pairs(t) do out[#out + 1] = tostring(k) end
  table.sort(out)
  return out
end

local OPTIONS = { seed = true, width = true, height = true }

local function size(name, v, default)
  if v == nil then return default end
  if math.type(v) ~= "integer" or v < 16 or v > 4096 then error(("picture: %s is %s, wanted an integer from 16 to 4096"):format(name, tostring(v)), 0) end
  return v
end

local function copy(v, depth) -- what a recipe keeps of a scene
  if type(v) ~= "table" or depth > 4 then return type(v) ~= "table" and v or nil end
  local out = {}
  for k, x in pairs(v) do out[k] = copy(x, depth + 1) end -- a copy: order does not matter
  return out
end

--- The scene and the recipe that `what` asks for.
local function subject(what, seed)
  local genai = require "genai"
  if type(what) == "string" then
    seed = seed or 1
    return genai.scene(what, { seed = seed }), { prompt = what, seed = seed }
  elseif type(what) == "table" and what.figures then
    local s = genai.scene.check(what)
    seed = seed or s.seed or 1
    return s, { prompt = s.text, seed = seed, scene = copy(s, 0) }
  elseif type(what) == "table" and (type(what.scene) == "string" or type(what.text) == "string" or type(what.scene) == "table") then
    if type(what.scene) == "table" then return subject(what.scene, seed or what.seed) end
    seed = seed or math.type(what.seed) == "integer" and what.seed or 1
    local text = what.scene or what.text
    local s = genai.scene(text, { seed = seed })
    return s, { prompt = text, seed = seed }
  end
  error(("picture: a %s, wanted a text, a scene or a page with a scene"):format(type(what)), 0)
end

--- genai.picture(what, { seed = 1, width = 512, height = 384 }) -> image
--- Paints the scene that a text speaks of (or a scene from genai.scene, or a story's page: its sentence `scene` and its seed). The same words and
--- seed give the same pixels. The image carries alt (one sentence), prompt, scene and recipe. Sizes 16..4096. Errors: an option or a word of a
--- scene that is not known.
-- > genai.picture("a red house by the sea at night", { seed = 3, width = 64, height = 48 }).width --> 64
local function picture(what, options)
  local genai = require "genai"
  options = options or {}
  if type(options) ~= "table" then error(("picture: the options are a %s, wanted a table"):format(type(options)), 0) end
  for _, k in ipairs(sorted_keys(options)) do
    if not OPTIONS[k] then error(("picture: option %q is not known, wanted seed, width or height"):format(k), 0) end
  end
  if options.seed ~= nil and math.type(options.seed) ~= "integer" then error(("picture: seed is %s, wanted an integer"):format(tostring(options.seed)), 0) end
  local width, height = size("width", options.width, 512), size("height", options.height, 384)
  local scene, recipe = subject(what, options.seed)
  local rows = require "genai.scene.compose"(scene, width / height, recipe.seed)
  local image = genai.image.from(genai.paint(genai.tensor(rows):view(-1, 32), width, height))
  recipe.kind, recipe.width, recipe.height = "picture", width, height
  image.alt, image.prompt, image.scene, image.recipe = genai.scene.describe(scene), recipe.prompt, scene, recipe
  return image
end

return picture
