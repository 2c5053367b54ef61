-- English word forms that a story needs: plurals, verbs in past and present, a or an, title case. Rules with lists of the exceptions.
local morphology = {}

local function pairs_of(text)
  local out = {}
  for from, to in text:gmatch "(%S+)=(%S+)" do out[from] = to end
  return out
end

local plurals = pairs_of [[mouse=mice goose=geese child=children man=men woman=women foot=feet tooth=teeth sheep=sheep deer=deer fish=fish
  wolf=wolves leaf=leaves knife=knives wife=wives life=lives elf=elves shelf=shelves thief=thieves dwarf=dwarves half=halves loaf=loaves calf=calves
  scarf=scarves ox=oxen person=people hero=heroes potato=potatoes tomato=tomatoes echo=echoes moose=moose snowman=snowmen fisherman=fishermen
  grandchild=grandchildren spacecraft=spacecraft aircraft=aircraft]]
local singulars = {}
for one, many in pairs(plurals) do if one ~= many then singulars[many] = one end end

-- base = past, where the rule for -ed fails
local past_of = pairs_of [[be=was have=had do=did go=went see=saw come=came find=found get=got give=gave take=took make=made say=said tell=told know=knew
  think=thought feel=felt hear=heard keep=kept hold=held stand=stood sit=sat lie=lay run=ran begin=began sing=sang ring=rang drink=drank swim=swam
  fly=flew grow=grew blow=blew throw=threw draw=drew wear=wore bear=bore tear=tore break=broke speak=spoke wake=woke choose=chose freeze=froze steal=stole
  rise=rose ride=rode drive=drove write=wrote shine=shone eat=ate fall=fell forget=forgot bite=bit hide=hid slide=slid light=lit meet=met lead=led read=read feed=fed
  sleep=slept sweep=swept weep=wept creep=crept leave=left lose=lost build=built send=sent spend=spent bend=bent lend=lent mean=meant dream=dreamed catch=caught
  teach=taught bring=brought buy=bought fight=fought seek=sought put=put cut=cut let=let set=set shut=shut hit=hit hurt=hurt win=won swing=swung cling=clung
  hang=hung stick=stuck dig=dug spin=spun shake=shook become=became stride=strode tread=trod spring=sprang sink=sank shrink=shrank sting=stung strike=struck
  understand=understood show=showed will=would can=could may=might must=must bow=bowed burst=burst spread=spread split=split pay=paid lay=laid sell=sold
  knit=knitted stop=stopped hop=hopped hug=hugged nod=nodded slip=slipped trot=trotted plan=planned drop=dropped clap=clapped rub=rubbed beg=begged hum=hummed
  grin=grinned pat=patted tap=tapped skip=skipped flap=flapped chat=chatted tug=tugged dip=dipped wag=wagged shrug=shrugged stir=stirred prefer=preferred
  drip=dripped clip=clipped wrap=wrapped snap=snapped zip=zipped tip=tipped step=stepped sob=sobbed grab=grabbed rob=robbed jog=jogged admit=admitted]]
local bases = {}
for base, past in pairs(past_of) do bases[past] = bases[past] and (bases[past] < base and bases[past] or base) or base end

local third_of = { be = "is", have = "has", ["do"] = "does", go = "goes", will = "will", can = "can", may = "may", must = "must" }

local function parts(phrase)                                -- "see the sea" -> "see", " the sea"
  return phrase:match "^(%S+)(.*)$"
end

--- past(phrase, many) -> the phrase with its first verb in the past tense: "go home" -> "went home"
function morphology.past(phrase, many)
  local verb, rest = parts(phrase)
  if verb == "be" then return (many and "were" or "was") .. rest end
  local form = past_of[verb]
  if not form then
    if verb:find "e$" then form = verb .. "d"
    elseif verb:find "[^aeiou]y$" then form = verb:sub(1, -2) .. "ied"
    else form = verb .. "ed" end
  end
  return form .. rest
end

--- present(phrase, many) -> "go home" -> "goes home", or "go home" where many is true
function morphology.present(phrase, many)
  local verb, rest = parts(phrase)
  if verb == "be" then return (many and "are" or "is") .. rest end
  if many then return phrase end
  local form = third_of[verb]
  if not form then
    if verb:find "[sxz]$" or verb:find "[cs]h$" then form = verb .. "es"
    elseif verb:find "[^aeiou]y$" then form = verb:sub(1, -2) .. "ies"
    else form = verb .. "s" end
  end
  return form .. rest
end

local known_ing = pairs_of "be=being see=seeing lie=lying die=dying tie=tying flee=fleeing"

--- ing(phrase) -> "see the sea" -> "seeing the sea"
function morphology.ing(phrase)
  local verb, rest = parts(phrase)
  local past = past_of[verb] or ""
  local form = known_ing[verb]
  if not form then
    if past == verb .. verb:sub(-1) .. "ed" or (#verb <= 4 and verb:find "^[^aeiou]*[aeiou][bdgmnpt]$") then form = verb .. verb:sub(-1) .. "ing"
    elseif verb:find "[^eoy]e$" then form = verb:sub(1, -2) .. "ing"
    else form = verb .. "ing" end
  end
  return form .. rest
end

--- base(verb) -> the plain form of "went", "goes", "going", "walked"; a guess for a word it does not know
function morphology.base(verb)
  if past_of[verb] or third_of[verb] then return verb end
  if bases[verb] then return bases[verb] end
  if verb == "were" or verb == "is" or verb == "are" or verb == "am" then return "be" end
  if verb == "has" then return "have" elseif verb == "does" then return "do" elseif verb == "goes" then return "go" end
  local stem = verb:match "^(.+)ies$" or verb:match "^(.+)ied$"
  if stem then return stem .. "y" end
  stem = verb:match "^(.+)ing$" or verb:match "^(.+)ed$"
  if stem and #stem >= 2 then
    if past_of[stem] then return stem end
    if past_of[stem .. "e"] then return stem .. "e" end
    if stem:find "([^aeiouls])%1$" then return stem:sub(1, -2) end
    if stem:find "[aeiou][ckvszg]$" and not stem:find "[aeiou][aeiou].$" or stem:find "[^aeiou][vczg]$" or stem:find "[^aeiou]l$" then return stem .. "e" end
    return stem
  end
  return verb:match "^(.+[sxzh])es$" or verb:match "^(.+[^s])s$" or verb
end

--- is_verb("went") -> true where the word is a form of a verb that the list of irregular ones knows, or ends in -ed
function morphology.is_verb(word)
  return bases[word] ~= nil or (past_of[word] or past_of[morphology.base(word)]) ~= nil or word:find "[^e]ed$" ~= nil
end

--- plural("berry") -> "berries"; only the last word changes
function morphology.plural(noun)
  local head, last = noun:match "^(.- ?)(%S+)$"
  if not last then return noun end
  if plurals[last] then return head .. plurals[last] end
  if last:find "[sxz]$" or last:find "[cs]h$" then return head .. last .. "es" end
  if last:find "[^aeiou]y$" then return head .. last:sub(1, -2) .. "ies" end
  return head .. last .. "s"
end

--- singular("berries") -> "berry", true; a word that is not plural comes back with false
function morphology.singular(noun)
  local head, last = noun:match "^(.- ?)(%S+)$"
  if not last then return noun, false end
  if singulars[last] then return head .. singulars[last], true end
  if #last < 4 or last:find "ss$" or last:find "us$" or last:find "is$" then return noun, false end
  if last:find "[^aeiou]ies$" then return head .. last:sub(1, -4) .. "y", true end
  if last:find "[sxz]es$" or last:find "[cs]hes$" then
    return head .. (last:find "[aeiou]ses$" and last:sub(1, -2) or last:sub(1, -3)), true
  end
  if last:find "s$" then return head .. last:sub(1, -2), true end
  return noun, false
end

--- article("owl") -> "an"; by sound, not by letter: an hour, a unicorn
function morphology.article(word)
  local w = word:lower()
  if w:find "^hour" or w:find "^honest" or w:find "^honou?r" or w:find "^heir" then return "an" end
  if w:find "^uni[^nm]" or w:find "^use" or w:find "^usual" or w:find "^eu" or w:find "^ewe" or w == "one" or w:find "^one%-" or w == "once" or w:find "^ukulele" then return "a" end
  return (w:find "^[aeiou]" or w:find "^8" or w:find "^11$" or w:find "^\195[\160-\166\168-\175\178-\182]") and "an" or "a"
end

local small = { a = true, an = true, the = true, ["and"] = true, of = true, to = true, ["in"] = true, on = true, by = true, at = true, with = true, who = false,
  from = true, ["for"] = true, ["or"] = true, but = true, into = true }

--- title("the fox and the sea") -> "The Fox and the Sea"
function morphology.title(text)
  local first = true
  return (text:gsub("[^%s]+", function(word)
    local keep = small[word] and not first
    first = false
    return keep and word or (word:gsub("^%l", string.upper))
  end))
end

return morphology
