--- Weights out of files that nobody vouches for: what the networks of this folder share when they are loaded.
-- Every tensor is asked for by name and shape, and a file that differs is refused by name. take() and its kin give f32, contiguous: prepared once, at load.
local core = require "genai.core"
local weights = {}

local function fail(format, ...) core.fail(format:format(...)) end

--- weights.file(path, name) -> the path of a file. path is a folder that holds the file `name`, or that file (anything that ends like `name` does).
-- Errors say which file was looked for.
function weights.file(path, name)
  if type(path) ~= "string" then fail("load: path is a %s, wanted a string", type(path)) end
  local ending = name:match "%.%w+$"
  if path:sub(-#ending) ~= ending then path = path .. "/" .. name end
  if not core.exists(path) then fail("there is no %s", path) end
  return path
end

--- weights.safetensors(path, name) -> tensors by name (lazily mapped), the file's path; path and name as weights.file.
function weights.safetensors(path, name)
  path = weights.file(path, name)
  return core.safetensors_load(path), path
end

--- weights.json(path, name) -> the value of a JSON file, the file's path; path and name as weights.file.
function weights.json(path, name)
  path = weights.file(path, name)
  return require("genai.file").load(path), path
end

-- view (x if not given), contiguous. x is let go of, unless it is the file's own.
local function made(own, x, view)
  local y = (view or x):contiguous()
  if view and not rawequal(view, y) then view:release() end
  if not rawequal(x, own) and not rawequal(x, y) then x:release() end
  return y
end

--- weights.take(tensors, path, name, d1, d2, ...) -> f32[d1,d2,...], contiguous. A 0 takes any size. A missing name or another shape is an error that names both.
-- > genai.models.weights.take({ w = genai.ones(2, 3) }, "file", "w", 0, 3).shape[1] == 2
function weights.take(tensors, path, name, ...)
  local t, wanted = tensors[name], { ... }
  if not core.is_tensor(t) then fail("%s lacks \"%s\"", path, name) end
  local shape = t.shape
  local fine = #shape == #wanted
  for i = 1, #shape do fine = fine and (wanted[i] == 0 or wanted[i] == shape[i]) end
  if not fine then
    for i, d in ipairs(wanted) do wanted[i] = d == 0 and "n" or ("%d"):format(d) end
    fail("%s: \"%s\" is [%s], wanted [%s]", path, name, table.concat(shape, ","), table.concat(wanted, ","))
  end
  return made(t, t:to "f32")
end

--- weights.hwio(tensors, path, name, h, w, inputs, outputs) -> f32[outputs,inputs,h,w]: a TensorFlow kernel as conv2d wants it.
-- > genai.models.weights.hwio({ k = genai.ones(3, 5, 2, 7) }, "file", "k", 3, 5, 2, 7).shape[1] == 7
function weights.hwio(tensors, path, name, ...)
  local x = weights.take(tensors, path, name, ...)
  return made(tensors[name], x, x:permute(4, 3, 1, 2))
end

--- weights.dense(tensors, path, name, inputs, outputs) -> f32[outputs,inputs]: a TensorFlow [in,out] matrix as linear wants it.
-- > genai.models.weights.dense({ k = genai.ones(2, 7) }, "file", "k", 2, 7).shape[1] == 7
function weights.dense(tensors, path, name, ...)
  local x = weights.take(tensors, path, name, ...)
  return made(tensors[name], x, x:transpose(1, 2))
end

--- weights.before_shuffle(w, s) -> f32[o s s,i,3,3] of a 3x3 kernel w f32[o,i,3,3] that follows nearest xs: as one that comes before pixel_shuffle(s), where pictures are
-- small. The taps that fall on one small pixel are added up. Padding by reflection of the large picture is padding by repetition of the small one.
-- > genai.models.weights.before_shuffle(genai.ones(1, 2, 3, 3), 2).shape[1] == 4
function weights.before_shuffle(w, s)
  local o, i = w.shape[1], w.shape[2]
  local out = core.ops.zeros(o, s, s, i, 3, 3)
  for a = 0, s - 1 do for b = 0, s - 1 do
    local phase = out:select(3, b + 1):select(2, a + 1)
    for y = 0, 2 do for x = 0, 2 do
      phase:select(4, (b + x - 1) // s + 2):select(3, (a + y - 1) // s + 2):add_(w:select(4, x + 1):select(3, y + 1))
    end end
  end end
  return out:view(o * s * s, i, 3, 3)
end

--- weights.after(x, y) -> y. x is not needed any more, and its memory serves what comes next; where y is x itself, nothing happens.
-- > (function() local x = genai.ones(2) return genai.models.weights.after(x, x + 1):sum():item() == 4 and not pcall(genai.sum, x) end)()
function weights.after(x, y)
  if not rawequal(x, y) then x:release() end
  return y
end

return weights
