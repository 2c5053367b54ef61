-- Models by name: where they are looked for, which architecture reads them, what is kept; the list and the installing of files.
local genai = require "genai"
local core = require "genai.core"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local tmp = genai.tmpdir() .. "/model-test"
core.mkdir(tmp)

-- An architecture of our own, and folders for it.
local loads = 0
package.loaded["genai.models.toy_net"] = {
  variants = { "small", "large" }, licence = "MIT", about = "a toy",
  load = function(path, variant) loads = loads + 1 return { path = path, variant = variant } end,
}

local function folder(name, files)
  local at = tmp
  for part in name:gmatch "[^/]+" do
    at = at .. "/" .. part
    core.mkdir(at)
  end
  for file, text in pairs(files or {}) do core.write(at .. "/" .. file, text) end
  return at
end

local function with(list, f)
  local was = genai.model.folders()
  genai.model.folders(list)
  local fine, problem = pcall(f)
  genai.model.folders(was)
  assert(fine, problem)
end

function tests.found_by_name()
  local one, two = folder "one/toy-net", folder "two/group/toy-net-f16"
  folder("two/mine", { ["genai.json"] = '{"architecture": "toy_net", "variant": "large", "licence": "CC0"}' })
  with({ tmp .. "/nowhere", tmp .. "/one", tmp .. "/two" }, function()
    local m = genai.model "toy-net"
    assert(m.path == one and m.variant == "small" and genai.model "toy-net" == m and genai.model "toy-net/small" == m)
    assert(genai.model "toy-net/large" ~= m and genai.model("toy-net/large").variant == "large")
    assert(genai.model("toy-net-f16").path == two and genai.model("group/toy-net-f16/large").variant == "large")
    assert(genai.model "mine".variant == "large" and genai.model "mine/small".variant == "small")
    assert(genai.model(one).path == one and genai.model(one .. "/large").variant == "large")
    local before = loads
    genai.model.forget()
    assert(genai.model "toy-net" ~= m and loads == before + 1)
    local names = {}
    for i, found in ipairs(genai.models.list()) do names[i] = found.name end
    assert(table.concat(names, " ") == "toy-net group/toy-net-f16 mine", table.concat(names, " "))
  end)
end

function tests.files()
  local at = folder "files"
  genai.save(at .. "/toy-net.safetensors", { a = genai.ones(2) })
  with({ at }, function()
    assert(genai.model "toy-net".path == at .. "/toy-net.safetensors" and genai.model "toy-net.safetensors" == genai.model "toy-net")
  end)
end

function tests.missing_ones()
  folder "third/toy-net"
  folder("third/strange", { ["weights.bin"] = "x" })
  folder("third/wrong", { ["genai.json"] = '{"architecture": "no_such"}' })
  folder("fourth/odd", { ["genai.json"] = '{"architecture": 5}' })
  local at = tmp .. "/third"
  with({ at .. "/toy-net", tmp .. "/nowhere" }, function()
    fails('there is no model "toy"; looked in ' .. at .. "/toy-net, " .. tmp .. "/nowhere", genai.model, "toy")
    fails('there is no model "/nowhere/x"', genai.model, "/nowhere/x")
    fails("wanted a string such as", genai.model, nil)
    fails("is empty", genai.model, "")
  end)
  with({ at }, function()
    fails('genai.json: there is no architecture "no_such"', genai.model, "wrong")
    local list = genai.models.list()
    assert(list[1].name == "toy-net" and list[2].name == "wrong" and list[2].problem:find "^/.*no_such" and not list[2].module)
    fails('did you mean "toy-net"?', genai.model, "toy-ned")
    fails('toy_net has no "huge", wanted one of: small, large', genai.model, "toy-net/huge")
    fails("no architecture reads " .. at .. "/strange; a genai.json in it", genai.model, "strange")
  end)
  with({ tmp .. "/fourth" }, function() fails("architecture is a number, wanted a string", genai.model, "odd") end)
end

local function command(words, data)
  local pipe = io.popen(("XDG_DATA_HOME='%s' GENAI_MODELS='%s' HOME= '%s' %s 2>&1"):format(data, tmp .. "/none", tools.binary, words))
  local text = pipe:read "a"
  local _, _, code = pipe:close()
  return text, code
end

local function install(data, code) return command(("-e '%s'"):format(code), data) end

function tests.installs()
  local data, from = folder "data", folder("from", { ["a.bin"] = "some bytes", ["b.json"] = "{}" })
  local hash = core.sha256 "some bytes"
  local place = data .. "/genai/models"
  local function gone(text) return text and not core.exists(text) and #core.list(place) == 0 end
  core.mkdir(data .. "/genai") core.mkdir(place)
  local text, code = install(data, ("genai.models.install(%q, { sha256 = %q })"):format(from .. "/a.bin", ("0"):rep(64)))
  assert(code == 1 and text:find("its SHA-256 is " .. hash, 1, true) and gone(place .. "/a"), text)
  text, code = install(data, ("print(genai.models.install(%q, { sha256 = %q, name = %q }))"):format(from .. "/a.bin", hash:upper(), "toy"))
  assert(code == 0 and text == place .. "/toy\n" and core.read(place .. "/toy/a.bin") == "some bytes", text)
  text, code = install(data, ("genai.models.install(%q, { name = %q })"):format(from, "toy"))
  assert(code == 1 and text:find("is there already", 1, true) and not core.exists(place .. "/toy/b.json"), text)
  text, code = install(data, ("genai.models.install(%q, { name = %q, replace = true, sha256 = { [%q] = %q } })"):format(from, "toy", "a.bin", hash))
  assert(code == 0 and core.exists(place .. "/toy/b.json") and table.concat(core.list(place), " ") == "toy", text)
  text, code = install(data, ("genai.models.install({ %q, %q }, { name = %q, sha256 = { [%q] = %q } })"):format(from .. "/a.bin", from .. "/b.json", "two", "b.json", hash))
  assert(code == 1 and text:find("b.json: its SHA-256", 1, true) and table.concat(core.list(place), " ") == "toy", text)
  for wanted, call in pairs {
    ["wanted letters, digits"] = ("%q, { name = %q }"):format(from, "../up"), ["there is no"] = ("%q"):format(from .. "/none"),
    ["unknown option"] = ("%q, { sha = 1 }"):format(from), ["one hash for several files"] = ("%q, { name = %q, sha256 = %q }"):format(from, "x", hash),
    ["64 hexadecimal digits"] = ("%q, { sha256 = %q }"):format(from .. "/a.bin", "abc"), ["no such file"] = ("%q, { name = %q, sha256 = { c = %q } }"):format(from, "x", hash),
    ["missing for a list"] = ("{ %q }"):format(from .. "/a.bin"),
  } do
    text, code = install(data, "genai.models.install(" .. call .. ")")
    assert(code == 1 and text:find(wanted, 1, true), wanted .. ": " .. text)
  end
  assert(table.concat(core.list(place), " ") == "toy")
end

function tests.the_command_lists()
  local data = folder "listed"
  folder("listed/genai/models/story", { ["genai.json"] = '{"architecture": "llama", "licence": "CC0"}', ["m.bin"] = ("x"):rep(1500) })
  local text, code = command("models", data)
  assert(code == 0 and text:find("story +llama +2 kB +CC0 +" .. core.sha256(("x"):rep(1500)):sub(1, 16)), text)
  folder("listed/genai/models/torn", { ["genai.json"] = '{"architecture": ' })
  text, code = command("models", data)
  assert(code == 0 and text:find "story +llama" and text:find "torn: .*genai.json", text)
  text, code = command("models story", data)
  assert(code == 0 and text:find(core.sha256(("x"):rep(1500)), 1, true) and text:find("genai.json", 1, true), text)
  text, code = command("models tale", data)
  assert(code == 1 and text:find('^genai: there is no model "tale"; looked in '), text)
  text, code = command("models", folder "nothing")
  assert(code == 0 and text:find("there are no models in ", 1, true), text)
end

function tests.hashes()
  local path = tmp .. "/long"
  for size, hash in pairs {
    [0] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", [55] = "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318",
    [56] = "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a", [64] = "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb",
    [119] = "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb", [1000] = "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3",
    [1000000] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" } do
    local bytes = ("a"):rep(size)
    core.write(path, bytes)
    assert(core.sha256(bytes) == hash and core.hash_file(path) == hash, size)
  end
  fails("not a file", core.hash_file, tmp)
end

return tests
