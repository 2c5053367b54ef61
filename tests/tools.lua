-- tools.lua: what several test files need.
local core = require "genai.core"
local tools = {}

-- f(...) must raise an error that holds `wanted`.
function tools.fails(wanted, f, ...)
  local fine, text = pcall(f, ...)
  assert(not fine, "no error, wanted one with: " .. wanted)
  assert(tostring(text):find(wanted, 1, true), ("%q is missing in: %s"):format(wanted, tostring(text)))
end

-- A folder of weights, and a function that opens it once; a test that calls it is skipped where there is none.
function tools.weights(name, open)
  local folder, opened = (os.getenv "GENAI_ASSETS" or "../shared/assets") .. "/" .. name, nil
  return folder, function()
    if not core.exists(folder) then skip "no weights" end
    opened = opened or open(folder)
    return opened
  end
end

return tools
