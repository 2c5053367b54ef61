--- A SentencePiece vocabulary as llama2.c stores it (tokenizer.bin): text <-> ids (from 0). Pairs with the best score are merged first; what the
-- vocabulary lacks becomes bytes (ids 3..258 of <0xNN>).
local tokenizer = {}
tokenizer.__index = tokenizer
tokenizer.__name = "tokenizer"

local UNKNOWN, BOS, EOS, BYTES = 0, 1, 2, 3

--- tokenizer.read(bytes, count, name) -> a tokenizer of `count` pieces; name is the file's, for errors.
function tokenizer.read(bytes, count, name)
  local function refuse(at, why) error(("%s: at byte %d: %s"):format(name, at - 1, why), 3) end
  if #bytes < 4 then refuse(1, "the file ends") end
  local at, pieces, scores, ids = 5, {}, {}, {}
  for id = 0, count - 1 do
    if #bytes - at + 1 < 8 then refuse(at, ("the file ends before piece %d of %d"):format(id, count)) end
    local score, length
    score, length, at = string.unpack("<fi4", bytes, at)
    if length < 0 or length > #bytes - at + 1 then refuse(at, ("piece %d has %d bytes, %d are left"):format(id, length, #bytes - at + 1)) end
    local piece = bytes:sub(at, at + length - 1)
    at = at + length
    pieces[id], scores[id] = piece, score
    if not ids[piece] then ids[piece] = id end
  end
  if at <= #bytes then refuse(at, ("%d bytes are left over"):format(#bytes - at + 1)) end
  for byte = 0, 255 do
    local piece = pieces[BYTES + byte]
    if piece and piece == ("<0x%02X>"):format(byte) then pieces[BYTES + byte] = string.char(byte) end
  end
  return setmetatable({ size = count, pieces = pieces, scores = scores, ids = ids, bos = BOS, eos = EOS }, tokenizer)
end

-- ---- a heap of pairs: the best score first, then the leftmost ----
local function before(a, b) return a.score > b.score or a.score == b.score and a.left < b.left end

local function push(heap, x)
  local i = #heap + 1
  heap[i] = x
  while i > 1 do
    local up = i // 2
    if not before(x, heap[up]) then break end
    heap[i], i = heap[up], up
  end
  heap[i] = x
end

local function pop(heap)
  local top, last, n = heap[1], heap[#heap], #heap - 1
  heap[n + 1] = nil
  if n == 0 then return top end
  local i = 1
  while true do
    local child = 2 * i
    if child > n then break end
    if child < n and before(heap[child + 1], heap[child]) then child = child + 1 end
    if not before(heap[child], last) then break end
    heap[i], i = heap[child], child
  end
  heap[i] = last
  return top
end

-- Characters (or, where they are unknown, bytes) as a linked list of ids.
local function characters(self, text)
  local list = {}
  local at = 1
  while at <= #text do
    local stop = at
    while stop < #text and stop - at < 3 and text:byte(stop + 1) & 0xC0 == 0x80 do stop = stop + 1 end
    local id = self.ids[text:sub(at, stop)]
    if id then list[#list + 1] = id
    else
      for i = at, stop do
        local byte = BYTES + text:byte(i)
        list[#list + 1] = byte < self.size and byte or UNKNOWN
      end
    end
    at = stop + 1
  end
  return list
end

--- tokenizer:encode(text, { bos = true }) -> ids. A space is put in front, as SentencePiece does, and the id of the beginning unless bos is false.
function tokenizer:encode(text, options)
  local out = {}
  if not (options and options.bos == false) then out[1] = self.bos end
  if text == "" then return out end
  local id = characters(self, " " .. text)
  local n, left, right, heap = #id, {}, {}, {}
  local pieces, scores, ids = self.pieces, self.scores, self.ids
  local function offer(a, b)
    if a < 1 or b > n then return end
    local merged = ids[pieces[id[a]] .. pieces[id[b]]]
    if merged then push(heap, { left = a, right = b, first = id[a], second = id[b], merged = merged, score = scores[merged] }) end
  end
  for i = 1, n do left[i], right[i] = i - 1, i + 1 end
  for i = 1, n - 1 do offer(i, i + 1) end
  while #heap > 0 do
    local pair = pop(heap)
    local a, b = pair.left, pair.right
    if id[a] == pair.first and id[b] == pair.second and right[a] == b then
      id[a], id[b] = pair.merged, false
      right[a] = right[b]
      if right[b] <= n then left[right[b]] = a end
      offer(left[a], a)
      offer(a, right[a])
    end
  end
  local i = 1
  while i <= n do
    out[#out + 1] = id[i]
    i = right[i]
  end
  return out
end

--- tokenizer:piece(id, first) -> the bytes of one id; first: it begins a text, so that its leading space goes.
function tokenizer:piece(id, first)
  local piece = self.pieces[id]
  if not piece then error(("decode: id is %s, wanted 0..%d"):format(tostring(id), self.size - 1), 2) end
  if id <= EOS then return "" end
  return first and piece:byte() == 32 and piece:sub(2) or piece
end

--- tokenizer:decode(ids) -> text; ids a list or a tensor. Marks of beginning and end give nothing.
function tokenizer:decode(ids)
  if type(ids) == "userdata" then ids = ids:totable() end
  local out, first = {}, true
  for _, id in ipairs(ids) do
    out[#out + 1] = self:piece(id, first)
    if id > EOS then first = false end
  end
  return table.concat(out)
end

return tokenizer
