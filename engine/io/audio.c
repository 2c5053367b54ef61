/* audio.c: sounds through libsndfile over memory, resampling through libsamplerate. */
#include "io.h"
#include <samplerate.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CHANNELS 64
#define BLOCK 65536

/* ---- a file in memory ---- */
typedef struct memory { const uint8_t *data; size_t size; gn_buffer *out; size_t at; } memory;

static size_t length(const memory *m) { return m->out ? m->out->size : m->size; }
static sf_count_t get_length(void *p) { return (sf_count_t)length(p); }
static sf_count_t tell(void *p) { return (sf_count_t)((memory *)p)->at; }

static sf_count_t seek(sf_count_t offset, int whence, void *p) {
  memory *m = p;
  sf_count_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (sf_count_t)m->at : (sf_count_t)length(m);
  sf_count_t to = from + offset;
  if (to < 0 || to > (sf_count_t)length(m)) return -1;
  m->at = (size_t)to;
  return to;
}

static sf_count_t read_some(void *to, sf_count_t n, void *p) {
  memory *m = p;
  size_t left = length(m) - m->at, take = (size_t)n < left ? (size_t)n : left;
  if (n <= 0) return 0;
  if (take) memcpy(to, (m->out ? (const uint8_t *)m->out->data : m->data) + m->at, take);
  m->at += take;
  return (sf_count_t)take;
}

static sf_count_t write_some(const void *from, sf_count_t n, void *p) {
  memory *m = p;
  gn_buffer *b = m->out;
  if (b->bad) return n;                                          /* out of memory: told at the end, for libsndfile leaks an Ogg stream whose head fails */
  size_t over = b->size - m->at, inside = (size_t)n < over ? (size_t)n : over;
  if (inside) memcpy(b->data + m->at, from, inside);
  gn_put(b, (const char *)from + inside, (size_t)n - inside);
  if (!b->bad) m->at += (size_t)n;
  return n;
}

static SF_VIRTUAL_IO io = { get_length, seek, read_some, write_some, tell };

/* ---- decoding ---- */
static uint32_t ogg_crc(uint32_t crc, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    crc ^= (uint32_t)p[i] << 24;
    for (int k = 0; k < 8; k++) crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
  }
  return crc;
}

/* Every Ogg page whole, its checksum right (RFC 3533, section 6): libsndfile leaks on what libvorbis refuses. */
static bool check_ogg(const uint8_t *p, size_t size, const char *name) {
  static const uint8_t none[4];
  for (size_t at = 0; at < size;) {
    size_t n = size - at >= 27 ? 27u + p[at + 26] : SIZE_MAX, body = 0;
    for (size_t i = 27; n <= size - at && i < n; i++) body += p[at + i];
    if (n > size - at || memcmp(p + at, "OggS", 4) || body > size - at - n) return gn_fail("%s: Ogg page at byte %zu is broken or cut off", name, at);
    uint32_t crc = ogg_crc(ogg_crc(ogg_crc(0, p + at, 22), none, 4), p + at + 26, n - 26 + body), want = 0;
    for (int i = 3; i >= 0; i--) want = want << 8 | p[at + 22 + (size_t)i];
    if (crc != want) return gn_fail("%s: Ogg page at byte %zu has a wrong checksum", name, at);
    at += n + body;
  }
  return true;
}
static bool allowed(const SF_INFO *i, const char *name) {
  int major = i->format & SF_FORMAT_TYPEMASK;
  if (major != SF_FORMAT_WAV && major != SF_FORMAT_WAVEX && major != SF_FORMAT_FLAC && major != SF_FORMAT_OGG && major != SF_FORMAT_RF64)
    return gn_fail("%s: a sound of another kind, wanted WAV, FLAC or Ogg", name);
  if (i->channels < 1 || i->channels > MOST_CHANNELS) return gn_fail("%s: %d channels, wanted 1..%d", name, i->channels, MOST_CHANNELS);
  if (i->samplerate < 1 || i->samplerate > 1536000) return gn_fail("%s: %d samples a second, wanted 1..1536000", name, i->samplerate);
  return true;
}

/* What is there counts, not what the header claims: blocks are read until they end. */
static bool read_all(gn *g, SNDFILE *f, const SF_INFO *info, const char *name, gn_buffer *b) {
  float *block = malloc(sizeof *block * BLOCK * (size_t)info->channels);
  if (!block) return gn_fail_as(GN_NOMEM, "%s: out of memory", name);
  bool fine = true;
  for (sf_count_t n; fine && (n = sf_readf_float(f, block, BLOCK)) > 0;) {
    size_t bytes = (size_t)n * (size_t)info->channels * sizeof *block;
    if ((fine = gn_charge(g, 2 * (b->size + bytes)))) gn_discharge(g, 2 * (b->size + bytes));   /* room for this and the tensor? */
    if (fine) gn_put(b, block, bytes), fine = !b->bad;
  }
  free(block);
  return fine;
}

static gn_tensor *channels_first(gn *g, const float *p, int64_t frames, int channels) {
  gn_tensor *t = gn_new(g, GN_F32, 2, (int64_t[]){ channels, frames });
  for (int64_t f = 0; t && f < frames; f++)
    for (int c = 0; c < channels; c++) gn_f32(t)[c * frames + f] = p[f * channels + c];
  return t;
}

bool gn_sound_decode(gn *g, const uint8_t *data, size_t size, const char *name, gn_sound *out) {
  memory m = { .data = data, .size = size };
  SF_INFO info = { 0 };
  if (size >= 4 && !memcmp(data, "OggS", 4) && !check_ogg(data, size, name)) return false;
  SNDFILE *f = sf_open_virtual(&io, SFM_READ, &info, &m);
  if (!f) return gn_fail("%s: not a WAV, FLAC or Ogg sound (%s)", name, sf_strerror(NULL));
  gn_buffer b = { 0 };
  bool fine = allowed(&info, name) && read_all(g, f, &info, name, &b);
  const char *comment = sf_get_string(f, SF_STR_COMMENT);
  out->rate = info.samplerate, out->samples = NULL;
  out->comment = fine && comment ? strdup(comment) : NULL;
  if (fine) fine = (out->samples = channels_first(g, (const float *)(const void *)b.data, (int64_t)(b.size / sizeof(float) / (size_t)info.channels), info.channels)) != NULL;
  if (!fine) free(out->comment), out->comment = NULL;
  free(b.data);
  sf_close(f);
  return fine;
}

bool gn_sound_comment(const uint8_t *data, size_t size, const char *name, char **comment) {
  memory m = { .data = data, .size = size };
  SF_INFO info = { 0 };
  if (size >= 4 && !memcmp(data, "OggS", 4) && !check_ogg(data, size, name)) return false;
  SNDFILE *f = sf_open_virtual(&io, SFM_READ, &info, &m);
  if (!f) return gn_fail("%s: not a WAV, FLAC or Ogg sound (%s)", name, sf_strerror(NULL));
  bool fine = allowed(&info, name);
  const char *text = sf_get_string(f, SF_STR_COMMENT);
  *comment = fine && text ? strdup(text) : NULL;
  sf_close(f);
  return fine;
}

/* ---- encoding ---- */
/* libsndfile numbers Ogg streams by the clock; the same sound must be the same bytes (RFC 3533, section 6). */
static void fix_ogg_serial(gn_buffer *b) {
  uint8_t *p = (uint8_t *)b->data;
  for (size_t at = 0; b->size - at >= 27 && !memcmp(p + at, "OggS", 4);) {
    size_t n = 27u + p[at + 26], body = 0;
    if (b->size - at < n) return;
    for (int i = 0; i < p[at + 26]; i++) body += p[at + 27 + (size_t)i];
    if (b->size - at < n + body) return;
    memcpy(p + at + 14, "gnai", 4);
    memset(p + at + 22, 0, 4);
    uint32_t crc = ogg_crc(0, p + at, n + body);
    for (int i = 0; i < 4; i++) p[at + 22 + (size_t)i] = (uint8_t)(crc >> 8 * i);
    at += n + body;
  }
}

static int format_of(const char *format, int bits) {
  int pcm = bits == 16 ? SF_FORMAT_PCM_16 : SF_FORMAT_PCM_24;
  if (!strcmp(format, "wav")) return SF_FORMAT_WAV | (bits == 32 ? SF_FORMAT_FLOAT : pcm);
  if (!strcmp(format, "flac")) return SF_FORMAT_FLAC | pcm;
  if (!strcmp(format, "ogg")) return SF_FORMAT_OGG | SF_FORMAT_VORBIS;
  return 0;
}

/* Whole numbers are made here, not by the library: 2^(bits-1) steps to 1, to the nearest, so that reading gives the same value back. */
static int32_t whole(float x, int bits) {
  double y = (double)x * (double)(1 << (bits - 1)), most = (double)(1 << (bits - 1));
  y = gn_floor(y + 0.5);
  y = y != y ? 0 : y < -most ? -most : y > most - 1 ? most - 1 : y;
  return (int32_t)((int64_t)y * ((int64_t)1 << (32 - bits)));
}

#define FRAMES 4096
static bool write_all(SNDFILE *f, const gn_tensor *t, int bits) {
  int64_t channels = t->dim[0], frames = t->dim[1];
  union { float f; int32_t i; } *block = malloc(sizeof *block * FRAMES * (size_t)channels);
  bool fine = block != NULL;
  for (int64_t at = 0; fine && at < frames; at += FRAMES) {
    int64_t n = frames - at < FRAMES ? frames - at : FRAMES;
    for (int64_t i = 0; i < n; i++)
      for (int64_t c = 0; c < channels; c++) {
        float x = gn_f32(t)[c * frames + at + i];
        if (bits) block[i * channels + c].i = whole(x, bits);
        else block[i * channels + c].f = x == x ? x : 0;
      }
    fine = (bits ? sf_writef_int(f, &block->i, n) : sf_writef_float(f, &block->f, n)) == n;
  }
  free(block);
  return fine;
}

bool gn_sound_encode(const gn_tensor *t, int rate, const char *format, int bits, double quality, const char *comment, gn_buffer *out) {
  memory m = { .out = out };
  SF_INFO info = { .samplerate = rate, .channels = (int)t->dim[0], .format = format_of(format, bits) };
  if (!info.format) return gn_fail("audio: format is \"%.20s\", wanted wav, flac or ogg", format);
  if (t->dim[0] < 1 || t->dim[0] > MOST_CHANNELS || !sf_format_check(&info))
    return gn_fail("audio: %lld channels at %d Hz do not go into %s", (long long)t->dim[0], rate, format);
  SNDFILE *f = sf_open_virtual(&io, SFM_WRITE, &info, &m);
  if (!f) return gn_fail("audio: %s cannot be written (%s)", format, sf_strerror(NULL));
  sf_command(f, SFC_SET_CLIPPING, NULL, SF_TRUE);
  sf_command(f, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);         /* it holds the time of day */
  sf_command(f, SFC_SET_VBR_ENCODING_QUALITY, &quality, sizeof quality);
  if (comment) sf_set_string(f, SF_STR_COMMENT, comment);
  bool fine = write_all(f, t, info.format & SF_FORMAT_VORBIS || bits == 32 ? 0 : bits == 16 ? 16 : 24);
  fine = sf_close(f) == 0 && fine && !out->bad;
  if (fine && !strcmp(format, "ogg")) fix_ogg_serial(out);
  if (out->bad) return gn_fail_as(GN_NOMEM, "audio: out of memory");
  return fine || gn_fail("audio: %s could not be written", format);
}

/* ---- resampling ---- */
gn_tensor *gn_resample(gn *g, const gn_tensor *t, double ratio) {
  int64_t channels = t->dim[0], frames = t->dim[1];
  if (!(ratio >= 1.0 / 256 && ratio <= 256)) return gn_fail("resample: ratio is %g, wanted 1/256..256", ratio), NULL;
  int64_t most = (int64_t)((double)frames * ratio + 0.5);
  gn_tensor *out = gn_zeros(g, GN_F32, 2, (int64_t[]){ channels, most });
  for (int64_t c = 0; out && c < channels && frames && most; c++) {
    SRC_DATA d = { .data_in = gn_f32(t) + c * frames, .data_out = gn_f32(out) + c * most, .input_frames = (long)frames, .output_frames = (long)most, .src_ratio = ratio };
    int bad = src_simple(&d, SRC_SINC_BEST_QUALITY, 1);
    if (bad) {
      gn_unref(out);
      return gn_fail("resample: %s", src_strerror(bad)), NULL;
    }
  }
  return out;
}
