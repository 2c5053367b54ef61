-- Scales, chords and names. A scale degree is a whole number: 0 the tonic, 7 the tonic an octave higher, -1 the step below.
local theory = {}

theory.scales = {
  major = { 0, 2, 4, 5, 7, 9, 11 }, minor = { 0, 2, 3, 5, 7, 8, 10 }, dorian = { 0, 2, 3, 5, 7, 9, 10 },
  phrygian = { 0, 1, 3, 5, 7, 8, 10 }, lydian = { 0, 2, 4, 6, 7, 9, 11 }, mixolydian = { 0, 2, 4, 5, 7, 9, 10 },
}
theory.modes = { "major", "minor", "dorian", "phrygian", "lydian", "mixolydian" }
theory.keys = { "C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B" }
local letters = { C = 0, D = 2, E = 4, F = 5, G = 7, A = 9, B = 11 }

--- pitch_class("Eb") -> 3; nil where the text names no key
function theory.pitch_class(name)
  local letter, sign = name:match "^([A-Ga-g])([#b]?)$"
  if not letter then return nil end
  return (letters[letter:upper()] + (sign == "#" and 1 or sign == "b" and -1 or 0)) % 12
end

local sharps = { "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B" }
local offsets = { major = 0, minor = 9, dorian = 2, phrygian = 4, lydian = 5, mixolydian = 7 }
--- signature(pc of the tonic, mode) -> sharps (positive) or flats (negative) of the key signature, -6..6
function theory.signature(tonic, mode)
  local fifths = (tonic - offsets[mode]) % 12 * 7 % 12
  return fifths > 6 and fifths - 12 or fifths
end
--- name(pc, tonic, mode) -> "F#" or "Gb", as the key signature has it
function theory.name(pc, tonic, mode)
  return (theory.signature(tonic, mode) > 0 and sharps or theory.keys)[pc % 12 + 1]
end

--- metre("6/8") -> { name, beats (quarter notes a bar), pulse (quarter notes a felt beat), pulses }; nil where it is none we write
function theory.metre(name)
  local over, under = name:match "^(%d+)/(%d+)$"
  over, under = tonumber(over), tonumber(under)
  if not over or over < 1 or over > 16 or (under ~= 2 and under ~= 4 and under ~= 8) then return nil end
  local beats = over * 4 / under
  local pulse = under == 8 and over % 3 == 0 and 1.5 or 4 / under
  return { name = name, over = over, under = under, beats = beats, pulse = pulse, pulses = math.floor(beats / pulse) }
end

--- pitch(tonic, mode, degree [, chord]) -> MIDI number; the dominant of a minor key raises the seventh step
function theory.pitch(tonic, mode, degree, chord)
  local step = degree % 7
  local raise = chord and chord.raised and step == 6 and 1 or 0
  return tonic + theory.scales[mode][step + 1] + 12 * (degree // 7) + raise
end

local numerals = { "I", "II", "III", "IV", "V", "VI", "VII" }
--- chord(pc of the tonic, mode, degree 0..6 [, seventh]) -> { degree, tones (scale steps), pcs, root, raised, name, roman }
function theory.chord(tonic, mode, degree, seventh)
  local c = { degree = degree, tones = {}, pcs = {}, raised = mode == "minor" and degree == 4 or nil, seventh = seventh or nil }
  for i = 0, seventh and 3 or 2 do
    local step = (degree + 2 * i) % 7
    c.tones[i + 1] = step
    c.pcs[i + 1] = theory.pitch(tonic, mode, step, c) % 12
  end
  c.root = c.pcs[1]
  local third, fifth = (c.pcs[2] - c.root) % 12, (c.pcs[3] - c.root) % 12
  local minor, dim, aug = third == 3, fifth == 6, fifth == 8
  local base = theory.name(c.root, tonic, mode)
  c.name = base .. (dim and "dim" or aug and "aug" or minor and "m" or "") .. (seventh and ((c.pcs[4] - c.root) % 12 == 11 and "maj7" or "7") or "")
  c.roman = (minor and numerals[degree + 1]:lower() or numerals[degree + 1]) .. (dim and "°" or "") .. (seventh and "7" or "")
  return c
end

--- holds(chord, degree) -> whether the scale degree is one of the chord's tones
function theory.holds(chord, degree)
  local step = degree % 7
  for i = 1, #chord.tones do
    if chord.tones[i] == step then return true end
  end
  return false
end

return theory
