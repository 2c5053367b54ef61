-- DoodleNet: its classes of the first drawings, its accuracy on 500 of each kind, drawings as people bring them.
local genai = require "genai"
local tests = {}
local tools = dofile "tests/tools.lua"
local fails = tools.fails
local folder, model = tools.weights("doodlenet", genai.models.doodlenet.load)

local function drawings(name) return genai.load(tools.assets .. "/data/quickdraw/" .. name .. "_500.npy"):to "f32" / 255 end

function tests.goldens()
  local net = model()
  for _, name in ipairs { "bowtie", "lollipop", "rainbow" } do
    local theirs = genai.load(folder .. "/golden_" .. name .. "_first20_argmax.npy")
    local ours = net(drawings(name):slice(1, 1, 20)):argmax(2)
    tools.golden("doodlenet", name .. ", first 20, classes that differ", ours:ne(theirs):to "f32":sum():item(), 0)
  end
end

function tests.accuracy()                                                  -- the shares are PyTorch's on the same drawings
  local net = model()
  for name, share in pairs { bowtie = 0.856, lollipop = 0.778, rainbow = 0.844 } do
    local class
    for i, other in ipairs(net.names) do if other == name then class = i - 1 end end
    local right = net(drawings(name)):argmax(2):eq(class):to "f32":mean():item()
    tools.golden("doodlenet", ("%s, top-1 of 500 (%.1f %%), off by"):format(name, 100 * right), math.abs(share - right), 0.0021)
  end
end

function tests.tags()
  local net = model()
  local x = drawings("rainbow")[1]:view(28, 28)
  local tags = net:tags(x, 3)
  assert(#tags == 3 and tags[1].name == "rainbow" and tags[1].probability > tags[2].probability and net.names[tags[2].class + 1] == tags[2].name)
  assert(tostring(tags):find "^rainbow %d+ %%, ")
  assert(#net:tags(x) == 5)
  local there = genai.no_grad(function() return net(net:prepare(x))[1] end)
  assert(math.abs(there[tags[1].class + 1]:item() - tags[1].probability) < 1e-6)
end

function tests.drawings_as_people_bring_them()                             -- dark on light, large, off centre
  local net, right = model(), 0
  local all = drawings "lollipop"
  for i = 1, 20 do
    local x = 1 - all[i]:view(1, 1, 28, 28):resize({ 112, 112 }, { mode = "bilinear" }):view(112, 112)
    x = x:view(1, 1, 112, 112):pad({ 150, 20, 10, 90 }, { value = 1 }):view(212, 282)
    if net:tags(genai.image.from(x), 1)[1].name == "lollipop" then right = right + 1 end
  end
  assert(right >= 12, right .. " of 20 are lollipops")
  local alone = net:prepare(genai.ones(40, 40))
  assert(alone.shape[4] == 28 and alone:max():item() == 0)                  -- an empty sheet
end

function tests.refusals()
  local net = model()
  fails("wanted f32[n,1,28,28]", net, genai.zeros(3, 27, 27))
  fails("wanted f32[n,1,28,28]", net, 5)
  fails("n is 0, wanted a whole number in 1..345", net.tags, net, genai.zeros(28, 28), 0)
  local path = genai.tmpdir() .. "/doodlenet.safetensors"
  genai.nn.save(path, { ["conv2d/kernel"] = genai.zeros(3, 3, 1, 15) })
  fails('"conv2d/kernel" is [3,3,1,15], wanted [3,3,1,16]', genai.models.doodlenet.load, path)
  fails("there is no /nowhere/doodlenet.safetensors", genai.models.doodlenet.load, "/nowhere")
end

return tests
