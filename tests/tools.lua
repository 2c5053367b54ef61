-- tools.lua: what several test files need.
local core = require "genai.core"
local tools = {}

-- Where the open weights and data are, if they are here: the first folder of GENAI_MODELS.
tools.assets = (os.getenv "GENAI_MODELS" or "../shared/assets"):match "^[^:]*"

-- f(...) must raise an error that holds `wanted`.
function tools.fails(wanted, f, ...)
  local fine, text = pcall(f, ...)
  assert(not fine, "no error, wanted one with: " .. wanted)
  assert(tostring(text):find(wanted, 1, true), ("%q is missing in: %s"):format(wanted, tostring(text)))
end

-- The command that runs these tests, as a path from the root.
do
  local at = 0
  while arg[at - 1] do at = at - 1 end
  tools.binary = os.getenv "GENAI" or at < 0 and arg[at] or "build/genai"
  if not tools.binary:find "^/" then
    local pipe = io.popen "pwd"
    tools.binary = pipe:read "l" .. "/" .. tools.binary
    pipe:close()
  end
end

-- A folder of weights, and a function that opens it once; a test that calls it is skipped where there is none.
function tools.weights(name, open)
  local folder, opened = tools.assets .. "/" .. name, nil
  return folder, function()
    if not core.exists(folder) then skip "no weights" end
    opened = opened or open(folder)
    return opened
  end
end

-- A difference that must stay within its bar; `make test-weights` prints a line for each. difference: a number, or a tensor (its largest absolute value counts).
function tools.golden(network, golden, difference, bar)
  if core.is_tensor(difference) then difference = difference:abs():max():item() end
  local fine = difference <= bar                                            -- false for NaN
  if os.getenv "GENAI_SHOW_GOLDENS" then print(("%-24s %-60s %11.4g   bar %-7g %s"):format(network, golden, difference, bar, fine and "ok" or "MISSED")) end
  assert(fine, ("%s: %s is off by %.6g, the bar is %g"):format(network, golden, difference, bar))
end

-- How far two pictures are apart: mean absolute difference of their bytes (0..255); images, or tensors f32[3,h,w] in 0..1.
function tools.picture_difference(a, b)
  local function bytes(x) return core.image_bytes(core.is_tensor(x) and x or x:tensor()):to "f32" end
  a, b = bytes(a), bytes(b)
  assert(#a.shape == #b.shape and a.shape[1] == b.shape[1] and a.shape[2] == b.shape[2], "the pictures differ in size")
  return (a - b):abs():mean():item()
end

return tools
