-- The ONNX node test suite (Debian package libonnx-testdata): every case passes, but those of ops that README lists as not supported, and the few named here.
local core = require "genai.core"
local genai = require "genai"
local node = dofile "tests/onnx_node.lua"
local tests = {}

-- Cases that no implementation can pass, or in which onnxruntime and PyTorch agree on another result.
local others = {
  ["^test_cast_.*BFLOAT16"] = "the suite stores bfloat16 as uint16", ["^test_castlike_.*BFLOAT16"] = "its model declares another shape than its data has",
  ["^test_training_dropout"] = "random numbers of numpy", ["^test_resize_downsample_scales_.*_align_corners"] = "the suite counts with a size that is not whole",
  ["^test_bernoulli"] = "random numbers of numpy",
  ["_STRING"] = "casts of strings are not supported",
}
local random = { test_training_dropout_zero_ratio = true, test_training_dropout_zero_ratio_mask = true }

local function excused(name)
  if random[name] then return nil end
  for pattern, why in pairs(others) do
    if name:find(pattern) then return why end
  end
end

-- The ops that README says are not supported.
local function listed()
  local line = core.read "README.md":match "Not supported of the ops of ai%.onnx: ([^\n]+)"
  local out = {}
  for name in line:gmatch "`(%w+)`" do out[name] = true end
  return out
end

local function run_group(group, least)
  if not core.exists(node.folder .. group) then skip "no libonnx-testdata" end
  local lacking, passed, failed = listed(), 0, {}
  for _, name in ipairs(core.list(node.folder .. group)) do
    if not excused(name) then
      local fine, text = pcall(node.run, node.folder .. group .. "/" .. name)
      local op = not fine and tostring(text):match "op ([%w.]+) of ai%.onnx[%w.]*, opset %d+, is not supported"
      if fine then passed = passed + 1
      elseif not (op and lacking[op]) then failed[#failed + 1] = name .. ": " .. tostring(text) end
      if passed % 50 == 0 then collectgarbage() end
    end
  end
  assert(#failed == 0, #failed .. " cases fail:\n" .. table.concat(failed, "\n"))
  assert(passed >= least, passed .. " cases passed")
end

function tests.nodes() run_group("node", 885) end
function tests.models() run_group("simple", 3) end
function tests.operators_of_pytorch() run_group("pytorch-operator", 35) end
function tests.layers_of_pytorch() run_group("pytorch-converted", 82) end

function tests.readme_lists_what_is_lacking()
  local there = {}
  for _, name in ipairs(genai.onnx.ops()) do there[name] = true end
  for name in pairs(listed()) do assert(not there[name], name .. " is supported, but README says that it is not") end
end

return tests
