--- Fusion: nodes that can be one.
local fuse = {}
function fuse.fuse(frame, outputs) end
return fuse
