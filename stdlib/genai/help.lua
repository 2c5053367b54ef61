--- Help: what an op, a function or a module does, from the op table and the comments in stdlib.
local core = require "genai.core"
local tensor = require "genai.tensor"
local help = {}

local function find_row(name)
  for _, row in ipairs(core.rows()) do
    if row.name == name and not row.hidden then return row end
  end
end

local function op_text(row)
  local text = { "genai." .. row.name .. "(" .. row.signature:gsub("%s*%->.*", ""):gsub("%s*;%s*", ", { "):gsub("([%w_]+):%S*", "%1"):gsub(" ", ", ")
    :gsub("{,", "{") .. (row.signature:find ";" and " }" or "") .. ")", "  " .. row.doc, "  signature: " .. row.signature }
  if row.grad then text[#text + 1] = "  has first and second derivatives" end
  if #row.example > 0 then text[#text + 1] = "  example:   " .. row.example:gsub("%f[%w]t([({])", "genai.tensor%1") end
  return table.concat(text, "\n")
end

-- Doc comments: lines of "---" and "--" above a function; the first holds "name(args) -> result".
local function comments(source)
  local found, block = {}, nil
  for line in (source .. "\n"):gmatch "(.-)\n" do
    if not block and line:match "^%-%-%-" then block = { (line:gsub("^%-%-%-%s?", "")) }
    elseif block and line:match "^%-%-" then block[#block + 1] = (line:gsub("^%-%-%-?%s?", "  "))
    elseif block then
      found[#found + 1] = block
      block = nil
    end
  end
  return found
end

--- help.examples() -> { { file =, name =, code = } } of all doc comments: the tests run them.
function help.examples()
  local out = {}
  for _, file in ipairs(core.modules()) do
    if file:match "%.lua$" then
      for _, block in ipairs(comments(core.file(file))) do
        for _, line in ipairs(block) do
          local code = line:match "^%s*>%s*(.+)$"
          if code then out[#out + 1] = { file = file, name = block[1], code = code } end
        end
      end
    end
  end
  return out
end

-- A title "story(prompt)" of module "story", "nn.linear(..)", "genai.has(name)", "x:split(size)".
local function is_title(block, module, name)
  local title = block[1]:match "^([%w_.:]+)%s*[({]" or block[1]:match "^([%w_.:]+)%s*:"
  if not title then return false end
  local short = title:match "([%w_]+)$"
  return title == name or "genai." .. title == name or module .. "." .. short == name or "genai." .. module .. "." .. short == name
    or (short == name and (module == name or title:find "^genai%." or title:find "^x:" or title == short))
end

--- help.titles(file) -> what a stdlib file's doc comments begin with, up to the first full stop or colon; without the file's own.
function help.titles(file)
  local out = {}
  for i, block in ipairs(comments(core.file(file) or "")) do
    if i > 1 then out[#out + 1] = block[1]:gsub("([^.])[.:;] .*$", "%1"):gsub("[.:]$", "") end
  end
  return out
end

-- A network: its head and what it can do.
local function model_text(block, file)
  return table.concat(block, "\n") .. "\n\n  " .. table.concat(help.titles(file), "\n  ")
end

local function doc_text(name)
  local module_doc, loose                                        -- loose: the last word of a title is the name: "adam" of optim.adam
  for _, file in ipairs(core.modules()) do
    local module = file:match "^genai/(.+)%.lua$"
    if module then
      for i, block in ipairs(comments(core.file(file))) do
        if is_title(block, module, name) then return (table.concat(block, "\n"):gsub("\n%s*>%s*", "\n  example: ")) end
        if not loose and block[1]:match("^[%w_.:]*[.:](" .. name:gsub("%W", "%%%0") .. ")%s*[({]") then loose = table.concat(block, "\n") end
        if i == 1 and (module == name or "genai." .. module == name or module:gsub("/", ".") == name:gsub("^genai%.", "")) then
          module_doc = module:find "^models/" and model_text(block, file) or table.concat(block, "\n")
        elseif i == 1 and not module_doc and module == "models/" .. name:gsub("%W", "_") then module_doc = model_text(block, file) end
      end
    end
  end
  return module_doc or loose
end

local function overview()
  local ops, modules = {}, {}
  for _, row in ipairs(core.rows()) do
    if not row.hidden then ops[#ops + 1] = row.name end
  end
  for _, file in ipairs(core.modules()) do
    local module = file:match "^genai/([%w_]+)%.lua$"
    if module and module ~= "init" then modules[#modules + 1] = module end
  end
  table.sort(ops)
  local function wrap(words)
    local text, line = {}, " "
    for _, word in ipairs(words) do
      if #line + #word > 96 then text[#text + 1], line = line, " " end
      line = line .. " " .. word
    end
    text[#text + 1] = line
    return table.concat(text, "\n")
  end
  return "modules (help \"story\"):\n" .. wrap(modules) .. "\nops (help \"conv2d\"):\n" .. wrap(ops)
end

--- help.text(name) -> what is known about an op, function or module, or nil; without a name, a list.
-- > require("genai.help").text "relu":find("relu", 1, true) ~= nil
function help.text(name)
  if not name or name == "" then return overview() end
  local row = find_row(name:match "([%w_]+)$" or name)
  if row and (name == row.name or name == "genai." .. row.name) then return op_text(row) end
  return doc_text(name)
end

--- help(name): prints it. In the prompt: help "linear".
function help.show(name)
  local text = help.text(name)
  if text then return print(text) end
  local names = {}
  for _, row in ipairs(core.rows()) do names[#names + 1] = row.name end
  local near = tensor.nearest(name, names)
  print("there is no help on \"" .. tostring(name) .. "\"" .. (near and ", did you mean \"" .. near .. "\"?" or ""))
end

return help
