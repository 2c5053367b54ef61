--- Options of layers and optimisers are checked by name, so that a misspelt one does not pass in silence.

-- options(what, given, defaults) -> a copy of the defaults with what is given. The error is that of the caller's caller.
return function(what, given, defaults)
  local out = {}
  for key, value in pairs(defaults) do out[key] = value end
  for key, value in pairs(given or {}) do
    if defaults[key] == nil then
      local known = {}
      for name in pairs(defaults) do known[#known + 1] = name end
      table.sort(known)
      error(("%s: unknown option \"%s\", wanted one of: %s"):format(what, tostring(key), table.concat(known, ", ")), 3)
    end
    out[key] = value
  end
  return out
end
