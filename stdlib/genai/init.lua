--- genai: tensors, models, stories, pictures and music. Modules are loaded when they are first used.
local core = require "genai.core"

local genai = { version = "0.1.0" }

-- Names that live in another module than the one they are called by: name -> { module, field }.
local aliases = {
  json = { "genai.core", "json" },
  load = { "genai.file", "load" }, save = { "genai.file", "save" }, recipe = { "genai.recipe", "read" },
}

--- genai.has(name) -> true if genai has that field. A misspelt name raises an error otherwise.
-- > genai.has "story" and not genai.has "storry"
function genai.has(name)
  return pcall(function() return genai[name] end)
end

--- genai.seed(n) -> n. Starts the default random stream anew; without n, what it was seeded with.
genai.seed = core.seed
--- genai.threads(n) -> how many threads ops use; sets it when n is given (0 or 1 = the caller's alone).
genai.threads = core.threads
--- genai.clock() -> wall-clock seconds from some fixed point.
genai.clock = core.clock
--- genai.tmpdir() -> a folder of this run's own, removed at exit.
genai.tmpdir = core.tmpdir
--- genai.rng(seed, name) -> a stream of random numbers: equal seeds and names give equal numbers, on every machine.
-- r:uniform() in [0,1), r:uniform(low, high), r:normal(), r:integer(low, high) both included, r:choose(list [, weights]), r:shuffle(list) -> a new list.
-- > genai.rng(7, "clouds"):uniform() == genai.rng(7, "clouds"):uniform()
genai.rng = core.rng
--- genai.tensor(x, { dtype = "f32" }) -> a tensor of a number or of lists in lists. dtype: f32 f16 bf16 i32 i64 u8 bool.
-- > genai.tensor({ { 1, 2 }, { 3, 4 } }).shape[2] == 2
genai.tensor = core.tensor
--- genai.grad(y, x, { seed =, create_graph = false, keep_graph = false, allow_unused = false }) -> dy/dx, one gradient for each x (a tensor or a list).
-- y has one element, or `seed` has its shape. With create_graph the gradient can be derived again.
-- > (function() local x = genai.tensor({ 3 }):requires_grad_() return genai.grad((x * x):sum(), x):item() == 6 end)()
genai.grad = core.grad
--- genai.checkpoint(f, ...) -> f's results; what f makes inside is made anew when gradients need it, instead of kept.
-- > genai.checkpoint(function(x) return (x * 2):tanh() end, genai.ones(2)).shape[1] == 2
genai.checkpoint = core.checkpoint
--- genai.is_tensor(x) -> true for tensors.
-- > genai.is_tensor(genai.ones(1)) and not genai.is_tensor {}
genai.is_tensor = core.is_tensor

--- genai.exists(path) -> true if there is a file or folder of that name.
function genai.exists(path) return (core.exists(path)) end

--- genai.memory() -> { live =, peak = } bytes of Lua and tensors together.
function genai.memory()
  local live, peak = core.memory()
  return { live = live, peak = peak }
end

local function restore(was, fine, ...)
  core.recording(was)
  if not fine then error((...), 0) end
  return ...
end

--- genai.no_grad(f, ...) -> f's results; nothing is recorded while it runs.
-- > genai.no_grad(function() return 1 end) == 1
function genai.no_grad(f, ...)
  return restore(core.recording(false), pcall(f, ...))
end

--- genai.enable_grad(f, ...) -> f's results, recorded even inside no_grad.
function genai.enable_grad(f, ...)
  return restore(core.recording(true), pcall(f, ...))
end

local function find_module(name)
  local searched = package.searchpath and nil
  local ok, module = pcall(require, "genai." .. name)
  if ok then return module end
  if not tostring(module):find("module 'genai." .. name .. "' not found", 1, true) then error(module, 0) end
  return searched
end

setmetatable(genai, {
  __index = function(self, name)
    if name == "mode" then return core.mode() end
    if type(name) ~= "string" then return nil end
    local found = core.ops[name]
    if found == nil and aliases[name] then
      found = require(aliases[name][1])
      if aliases[name][2] then found = found[aliases[name][2]] end
    end
    if found == nil and name:match "^[%a][%w_]*$" then found = find_module(name) end
    if found == nil then require("genai.tensor").missing(name, self, aliases) end
    rawset(self, name, found)
    return found
  end,
  __newindex = function(self, name, value)
    if name == "mode" then core.mode(value) else rawset(self, name, value) end
  end,
})

require "genai.tensor"
return genai
