--- Sounds: samples with a rate, in and out of files, cut, mixed, and made visible.
local core = require "genai.core"
local recipes = require "genai.recipe"
local audio = {}
local Audio = {}
Audio.__index, Audio.__name = Audio, "audio"

local function fail(format, ...) core.fail(format:format(...)) end
local function lib() return require "genai" end
local function is_audio(v) return getmetatable(v) == Audio end
local function quiet(f, ...) return lib().no_grad(f, ...) end
local function shape_text(x) return x.dtype .. "[" .. table.concat(x.shape, ",") .. "]" end

local function number(name, what, v, low, high)
  if type(v) ~= "number" or not (v >= low and v <= high) then fail("%s: %s is %s, wanted a number in %g..%g", name, what, tostring(v), low, high) end
  return v
end

-- ---- making ----

--- genai.audio.from(x, rate) -> sound of a tensor f32[channels,frames] or f32[frames] in -1..1, rate in Hz.
-- Fields: rate, channels, frames, and when known recipe. 1 to 64 channels. The tensor is kept, not copied.
-- > genai.audio.from(genai.zeros(2, 44100), 44100):seconds() == 1
function audio.from(x, rate)
  if is_audio(x) then return x end
  if not core.is_tensor(x) then fail("audio: x is a %s, wanted a tensor", type(x)) end
  rate = math.tointeger(rate or 44100) or fail("audio: rate is %s, wanted a whole number of samples a second", tostring(rate))
  number("audio", "rate", rate, 1, 1536000)
  if #x.shape == 1 then x = x:view(1, -1) end
  if #x.shape ~= 2 or x.shape[1] < 1 or x.shape[1] > 64 then fail("audio: x is %s, wanted f32[channels,frames] with 1 to 64 channels", shape_text(x)) end
  if x.dtype ~= "f32" then x = x:to "f32" end
  return setmetatable({ samples = x, rate = rate, channels = x.shape[1], frames = x.shape[2] }, Audio)
end

--- audio.decode(bytes, name) -> sound, from the bytes of a WAV, FLAC or Ogg Vorbis file.
function audio.decode(bytes, name)
  local x, rate = core.sound_decode(bytes, name or "audio")
  local self = audio.from(x, rate)
  self.recipe = recipes.from(bytes, "sound", name)
  return self
end

--- audio.load(path) -> sound.
function audio.load(path)
  if type(path) ~= "string" then fail("audio: path is a %s, wanted a string", type(path)) end
  return audio.decode(core.read(path), path)
end

local function like(of, x, rate)
  local out = audio.from(x, rate or of.rate)
  if of.recipe then out.recipe = { kind = "audio", from = of.recipe } end
  return out
end

-- ---- out ----

--- sound:tensor() -> f32[channels,frames], the one that it was made from.
function Audio:tensor() return self.samples end

--- sound:seconds() -> how long it is.
function Audio:seconds() return self.frames / self.rate end

local formats = { wav = "wav", wave = "wav", flac = "flac", ogg = "ogg", oga = "ogg" }

--- sound:encode(format, { bits = 16, quality = 0.5 }) -> bytes; format is "wav", "flac" or "ogg". The recipe travels in the comment.
-- bits: 16, 24, or 32 = float (WAV alone); quality 0..1 is for Ogg. Samples beyond -1..1 are clipped, except in floats.
-- > genai.audio.from(genai.zeros(100), 8000):encode("wav"):sub(1, 4) == "RIFF"
function Audio:encode(format, options)
  local known = formats[tostring(format or "wav"):lower()]
  if not known then fail("audio: format is \"%s\", wanted wav, flac or ogg", tostring(format)) end
  options = options or {}
  if options.bits == 32 and known == "flac" then fail "audio: bits is 32, wanted 16 or 24 for flac" end
  if self.frames == 0 and known ~= "wav" then fail("audio: a sound without a sample does not go into %s, only into wav", known) end
  local comment = known ~= "wav" and recipes.comment(self.recipe) or nil
  local bytes = core.sound_encode(self.samples, self.rate, known, options.bits or 16, options.quality or 0.5, comment)
  return known == "wav" and recipes.into_wav(bytes, recipes.text(self.recipe)) or bytes
end

--- sound:save(path, { bits = 16, quality = 0.5 }): WAV, FLAC or Ogg by the name's end.
function Audio:save(path, options)
  if type(path) ~= "string" then fail("audio: path is a %s, wanted a string", type(path)) end
  local format = require("genai.file").extension(path)
  if not formats[format] then fail("%s: a sound does not go into .%s, wanted .wav, .flac or .ogg", path, format) end
  core.write(path, self:encode(format, options))
end

function Audio:host_value()
  return "audio", self.samples:transpose(1, 2):contiguous(), self.rate
end

function Audio:__tostring()
  return ("audio %.2f s, %d channel%s, %d Hz"):format(self:seconds(), self.channels, self.channels == 1 and "" or "s", self.rate)
end

-- ---- changes: each gives a new sound ----

--- sound:resample(rate) -> sound at another rate in Hz (windowed sinc, libsamplerate's best).
-- > genai.audio.from(genai.zeros(441), 44100):resample(22050).rate == 22050
function Audio:resample(rate)
  rate = number("resample", "rate", math.tointeger(rate), 1, 1536000)
  if rate == self.rate then return self end
  number("resample", "the ratio of rates", rate / self.rate, 1 / 256, 256)
  return like(self, core.resample(self.samples, rate / self.rate), rate)
end

--- sound:mono() -> sound of one channel, the mean of all.
-- > genai.audio.from(genai.ones(2, 10), 8000):mono().channels == 1
function Audio:mono()
  if self.channels == 1 then return self end
  return quiet(function() return like(self, self.samples:mean(1, { keep = true })) end)
end

--- sound:gain(factor) -> sound; 0.5 is half as loud in pressure.
function Audio:gain(factor)
  number("gain", "factor", factor, -1e6, 1e6)
  return quiet(function() return like(self, self.samples * factor) end)
end

--- sound:normalise(peak = 0.95) -> sound whose loudest sample is peak. Silence stays.
-- > math.abs(genai.audio.from(genai.tensor { 0.1, -0.2 }, 8000):normalise(0.5):tensor():min():item() + 0.5) < 1e-6
function Audio:normalise(peak)
  peak = number("normalise", "peak", peak or 0.95, 0, 1)
  if self.frames == 0 then return self end
  local most = self.samples:abs():max():item()
  if not (most > 0) then return self end
  return self:gain(peak / most)
end

--- sound:fade(into, out) -> sound that swells for `into` seconds and dies away over the last `out` (0 = not at all).
-- > genai.audio.from(genai.ones(100), 100):fade(0.5, 0.5):tensor()[1][1]:item() == 0
function Audio:fade(into, out)
  local function frames(what, s) return math.min(self.frames, math.floor(number("fade", what, s or 0, 0, 1e6) * self.rate + 0.5)) end
  local a, b = frames("into", into), frames("out", out)
  return quiet(function()
    local t = lib().arange(self.frames)
    local curve = lib().ones(self.frames)
    if a > 0 then curve = curve * (t / a):clamp(0, 1) end
    if b > 0 then curve = curve * ((self.frames - 1 - t) / b):clamp(0, 1) end
    return like(self, self.samples * curve)
  end)
end

--- sound:slice(from, to) -> sound between two times in seconds.
-- > genai.audio.from(genai.zeros(1000), 100):slice(2, 5):seconds() == 3
function Audio:slice(from, to)
  from, to = number("slice", "from", from or 0, 0, self:seconds()), number("slice", "to", to or self:seconds(), 0, 1e9)
  if to < from then fail("slice: to is %g, wanted %g or more", to, from) end
  local first, last = math.floor(from * self.rate + 0.5) + 1, math.min(self.frames, math.floor(to * self.rate + 0.5))
  return like(self, self.samples:slice(2, math.min(first, self.frames + 1), math.max(last, math.min(first, self.frames + 1) - 1)))
end

local function widened(self, channels)
  return self.channels == channels and self.samples or self.samples:mean(1, { keep = true }):expand(channels, self.frames)
end

--- sound:mix(other, { at = 0, gain = 1 }) -> sound: the other laid over it from `at` seconds on, times gain. It lasts until both have ended.
-- > genai.audio.from(genai.ones(10), 10):mix(genai.audio.from(genai.ones(10), 10), { at = 1 }):seconds() == 2
function Audio:mix(other, options)
  options = options or {}
  if not is_audio(other) then fail("mix: other is a %s, wanted a sound", type(other)) end
  local at = math.floor(number("mix", "at", options.at or 0, 0, 1e6) * self.rate + 0.5)
  local gain = number("mix", "gain", options.gain or 1, -1e6, 1e6)
  other = other:resample(self.rate)
  local channels, frames = math.max(self.channels, other.channels), math.max(self.frames, at + other.frames)
  return quiet(function()
    local out = lib().zeros(channels, frames)
    out:slice(2, 1, self.frames):copy_(widened(self, channels))
    local place = out:slice(2, at + 1, at + other.frames)
    place:copy_(place + widened(other, channels) * gain)
    return like(self, out)
  end)
end

--- sound:append(other) -> sound: the other after it.
function Audio:append(other)
  if not is_audio(other) then fail("append: other is a %s, wanted a sound", type(other)) end
  return self:mix(other, { at = self:seconds() })
end

--- sound:reverb({ seconds = 1.4, mix = 0.25, seed = 0 }) -> stereo sound in a room: noise that dies away by 60 dB in `seconds`, high tones sooner, another for each ear; mix is
-- the room's share, the sound gets longer by its tail.
-- > genai.audio.from(genai.ones(100), 8000):reverb({ seconds = 0.5 }).channels == 2
function Audio:reverb(options)
  local o = require "genai.nn.options"("reverb", options, { seconds = 1.4, mix = 0.25, seed = 0 })
  number("reverb", "seconds", o.seconds, 0.01, 20)
  number("reverb", "mix", o.mix, 0, 1)
  return quiet(function()
    local genai, n = lib(), math.floor(o.seconds * self.rate)
    local t = genai.arange(n) / self.rate
    local noise = genai.randn(2, n, { rng = genai.rng(o.seed, "reverb") }) * (t * (-6.9078 / o.seconds)):exp()
    local dull = noise:view(2, 1, n):pad({ 2, 2 }):avg_pool1d(5, { stride = 1 }):view(2, n)
    local fade = (t * (-4 / o.seconds)):exp()                                -- what is left of the high tones
    local response = (noise * fade + dull * (1 - fade) * 2) * (t * 200):clamp(0, 1)
    response = response / response:square():sum(2, { keep = true }):sqrt():clamp(1e-12)
    local dry = widened(self, 2)
    local size = 1
    while size < self.frames + n do size = size * 2 end
    local a, b = dry:contiguous():rfft(size), response:rfft(size)
    local ar, ai, br, bi = a:select(3, 1), a:select(3, 2), b:select(3, 1), b:select(3, 2)
    local wet = genai.stack({ ar * br - ai * bi, ar * bi + ai * br }, 3):irfft(size):slice(2, 1, self.frames + n)
    return like(self, dry:contiguous():pad { 0, n } * (1 - o.mix) + wet * o.mix)
  end)
end

-- ---- to look at ----

-- Rows of a picture, from the top: which of the transform's bins, counted from 0 and in fractions.
local function bins(height, rate, n_fft, scale, most)
  local list, top = {}, math.min(most or 16000, rate / 2)
  local mel_top = 2595 * math.log(1 + top / 700, 10)
  for y = 1, height do
    local part = (height - y) / math.max(1, height - 1)
    local hz = scale == "mel" and 700 * (math.exp(part * mel_top / 2595 * math.log(10)) - 1) or part * top
    list[y] = math.max(0, math.min(n_fft / 2, hz * n_fft / rate))
  end
  return list
end

local function hann(n)                                                       -- periodic
  return (1 - (lib().arange(n) * (2 * math.pi / n)):cos()) * 0.5
end

--- sound:spectrogram({ n_fft = 2048, hop = 512, range = 80, scale = "mel", most = 16000, height = 384, width =, map = "magma", axes = false }) -> image
-- Loudness in decibels over time (to the right) and pitch (upwards): Hann windows of n_fft samples every hop, mixed to mono; the loudest is the
-- map's bright end, `range` dB below it the dark one. scale: "mel" or "linear" up to `most` Hz. width: one column a frame, in 256..2048, if not given.
-- axes: scales of hertz, seconds and decibels around it (the image is larger by them).
-- > genai.audio.from(genai.zeros(4096), 8000):spectrogram({ height = 64 }).height == 64
function Audio:spectrogram(options)
  options = options or {}
  local genai = lib()
  local n_fft = math.tointeger(number("spectrogram", "n_fft", options.n_fft or 2048, 16, 65536)) or fail "spectrogram: n_fft is not a whole number"
  local hop = math.tointeger(number("spectrogram", "hop", options.hop or 512, 1, n_fft)) or fail "spectrogram: hop is not a whole number"
  local height = math.tointeger(number("spectrogram", "height", options.height or 384, 1, 8192)) or fail "spectrogram: height is not a whole number"
  local range, scale = number("spectrogram", "range", options.range or 80, 1, 1000), options.scale or "mel"
  if scale ~= "mel" and scale ~= "linear" then fail("spectrogram: scale is \"%s\", wanted mel or linear", tostring(scale)) end
  return quiet(function()
    local x = self:mono().samples:view(-1)
    if #x < n_fft then x = genai.cat({ x, genai.zeros(n_fft - #x) }, 1) end
    local power = x:stft(n_fft, hop, { window = hann(n_fft) }):pow(2):sum(3)            -- [bins,frames]
    local columns = power.shape[2]
    local low, high, share = {}, {}, {}
    for y, at in ipairs(bins(height, self.rate, n_fft, scale, options.most)) do
      low[y] = math.floor(at)
      high[y], share[y] = math.min(low[y] + 1, n_fft // 2), at - low[y]
    end
    local function rows(list) return power:index_select(1, genai.tensor(list, { dtype = "i32" })) end
    local t = genai.tensor(share):view(-1, 1)
    local picture = (rows(low) * (1 - t) + rows(high) * t + 1e-20):log() * (10 / math.log(10))
    local peak = picture:max():item()
    local out = genai.image.heat(picture, { map = options.map or "magma", low = math.max(peak, -100) - range, high = math.max(peak, -100) })
    local width = options.width or math.max(256, math.min(2048, columns))
    if width ~= columns then out = out:resize(width, height, { mode = "bilinear" }) end
    if options.axes then
      out = require("genai.axes").around(out, { top = math.min(options.most or 16000, self.rate / 2), scale = scale, range = range, map = options.map or "magma",
        seconds = self:seconds() })
    end
    out.alt, out.recipe = ("spectrogram of %.1f seconds"):format(self:seconds()), self.recipe and { kind = "spectrogram", from = self.recipe }
    return out
  end)
end

local function envelope(x, width)                                            -- the least and the most of each column
  local frames = #x
  local each = math.max(1, (frames + width - 1) // width)
  local short = each * width - frames
  if short > 0 then x = lib().cat({ x, lib().zeros(short) }, 1) end
  local parts = x:contiguous():view(width, each)
  return (parts:min(2)), (parts:max(2))
end

--- sound:waveform({ width = 800, height = 160, colour = {0.18, 0.3, 0.5}, background = 1 }) -> image: one lane a channel, time to the right.
-- > genai.audio.from(genai.zeros(2, 100), 8000):waveform({ width = 64 }).width == 64
function Audio:waveform(options)
  options = options or {}
  local genai = lib()
  local width = math.tointeger(number("waveform", "width", options.width or 800, 1, 8192)) or fail "waveform: width is not a whole number"
  local height = math.tointeger(number("waveform", "height", options.height or 160, 1, 8192)) or fail "waveform: height is not a whole number"
  local function colour(c)
    if type(c) == "number" then c = { c, c, c } end
    if type(c) ~= "table" or #c ~= 3 then fail "waveform: a colour is a number or {red, green, blue} in 0..1" end
    return genai.tensor(c):view(3, 1, 1)
  end
  return quiet(function()
    local lanes = {}
    local row = (1 - (genai.arange(height) + 0.5) * (2 / height)):view(height, 1)       -- the value at each row's middle
    local half = 1 / height
    for c = 1, self.channels do
      local low, high = envelope(self.samples[c], width)
      local top, bottom = high:view(1, width) * 0.95 + half * 0.5, low:view(1, width) * 0.95 - half * 0.5
      lanes[c] = ((genai.minimum(top, row + half) - genai.maximum(bottom, row - half)) / (2 * half)):clamp(0, 1)
    end
    local cover = (self.channels == 1 and lanes[1] or genai.cat(lanes, 1)):view(1, height * self.channels, width)
    local ink, paper = colour(options.colour or { 0.18, 0.3, 0.5 }), colour(options.background or 1)
    local out = genai.image.from(paper * (1 - cover) + ink * cover)
    out.alt, out.recipe = ("waveform of %.1f seconds"):format(self:seconds()), self.recipe and { kind = "waveform", from = self.recipe }
    return out
  end)
end

audio.is = is_audio
return audio
