/* image.c: pictures through stb_image and stb_image_write, behind our own checks (sizes, PNG checksums) and caps. */
#include "io.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SIDE 32768
#define MOST_PIXELS ((int64_t)1 << 28)

/* What stb asks for starts zeroed: a short file must not show old memory. */
static void *more_piece(void *p, size_t old, size_t n) {
  void *to = realloc(p, n ? n : 1);
  if (to && n > old) memset((char *)to + old, 0, n - old);
  return to;
}
#define STBI_MALLOC(n) calloc(1, (n) ? (n) : 1)
#define STBI_REALLOC_SIZED(p, old, n) more_piece(p, old, n)
#define STBI_REALLOC(p, n) more_piece(p, n, n)
#define STBI_FREE(p) free(p)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_TGA
#define STBI_ONLY_PNM
#define STBI_NO_GIF
#define STBI_NO_STDIO
#define STBI_NO_HDR
#define STBI_NO_LINEAR
#define STBI_MAX_DIMENSIONS MOST_SIDE
#define STB_IMAGE_WRITE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STBI_WRITE_NO_STDIO
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-compare"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#include <stb/stb_image.h>
#include <stb/stb_image_write.h>
#pragma GCC diagnostic pop

/* Every chunk whole and its checksum right: stb does not look. */
static bool check_png(const uint8_t *p, size_t size, const char *name) {
  size_t at = 8;
  while (size - at >= 12) {
    uint32_t n = (uint32_t)p[at] << 24 | (uint32_t)p[at + 1] << 16 | (uint32_t)p[at + 2] << 8 | p[at + 3];
    if (n > size - at - 12) return gn_fail("%s: PNG chunk at byte %zu claims %u bytes, %zu are left", name, at, n, size - at - 12);
    const uint8_t *c = p + at + 8 + n;
    uint32_t want = (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3];
    if (gn_crc32(0, p + at + 4, n + 4) != want) return gn_fail("%s: PNG chunk at byte %zu has a wrong checksum", name, at);
    bool end = !memcmp(p + at + 4, "IEND", 4);
    at += n + 12;
    if (end) return true;
  }
  return gn_fail("%s: PNG ends at byte %zu without its last chunk", name, size);
}

/* What PNG's deflated part must unfold to: a row's filter byte and its pixels, once or in seven passes. */
static size_t png_unfolded(const uint8_t *p, int w, int h) {
  static const uint8_t many[] = { 1, 0, 3, 1, 2, 0, 4 }, x0[] = { 0, 4, 0, 2, 0, 1, 0 }, y0[] = { 0, 0, 4, 0, 2, 0, 1 }, dx[] = { 8, 8, 4, 4, 2, 2, 1 }, dy[] = { 8, 8, 8, 4, 4, 2, 2 };
  size_t bits = p[24] * (size_t)(p[25] < 7 ? many[p[25]] : 4), total = 0;
  if (!p[28]) return ((size_t)w * bits + 7) / 8 * (size_t)h + (size_t)h;
  for (int i = 0; i < 7; i++) {
    size_t x = ((size_t)w + dx[i] - 1 - x0[i]) / dx[i], y = ((size_t)h + dy[i] - 1 - y0[i]) / dy[i];
    if (x && y) total += ((x * bits + 7) / 8 + 1) * y;
  }
  return total;
}

/* stb unfolds a deflate bomb until memory ends: it is tried first into a buffer of the right size. The chunks were checked before. */
static bool check_png_data(gn *g, const uint8_t *p, size_t size, int w, int h, const char *name) {
  size_t want = png_unfolded(p, w, h), room = want + 65536, packed = 0;
  if (room > INT_MAX) return gn_fail("%s: %d x %d pixels unfold into 2 GB and more", name, w, h);
  if (!gn_charge(g, room + size)) return false;
  char *out = malloc(room), *in = malloc(size);
  for (size_t at = 8; in && size - at >= 12;) {
    uint32_t n = (uint32_t)p[at] << 24 | (uint32_t)p[at + 1] << 16 | (uint32_t)p[at + 2] << 8 | p[at + 3];
    if (!memcmp(p + at + 4, "IEND", 4)) break;
    if (!memcmp(p + at + 4, "IDAT", 4)) memcpy(in + packed, p + at + 8, n), packed += n;
    at += (size_t)n + 12;
  }
  int got = out && in ? stbi_zlib_decode_buffer(out, (int)room, in, (int)packed) : -2;
  free(out), free(in);
  gn_discharge(g, room + size);
  if (got == -2) return gn_fail_as(GN_NOMEM, "%s: out of memory", name);
  return (got >= 0 && (size_t)got >= want) || gn_fail("%s: the picture is broken: its pixels unfold into another size than %zu bytes", name, want);
}

/* A table of more than 256 Huffman codes makes stb 2.27 write past its end. */
static bool check_huffman(const uint8_t *p, size_t n) {
  for (size_t at = 0; at < n;) {
    size_t codes = 0;
    if (n - at < 17) return false;
    for (int i = 1; i <= 16; i++) codes += p[at + (size_t)i];
    if (codes > 256 || codes > n - at - 17) return false;
    at += 17 + codes;
  }
  return true;
}

/* Segment by segment to the end marker, which must be there: stb reads missing bytes as zeros. */
static bool check_jpeg(const uint8_t *p, size_t size, const char *name) {
  size_t at = 2;
  for (bool scan = false; size - at >= 2;) {
    uint8_t m = p[at + 1];
    if (p[at] != 0xff || m == 0xff || m == 0 || (m >= 0xd0 && m <= 0xd7)) {
      at += p[at] == 0xff && m != 0xff && scan ? 2 : 1;
      continue;
    }
    if (m == 0xd9) return true;
    size_t n = size - at >= 4 ? (size_t)p[at + 2] << 8 | p[at + 3] : 0;
    if (n < 2 || n > size - at - 2) return gn_fail("%s: JPEG segment at byte %zu runs past the end", name, at);
    if (m == 0xc4 && !check_huffman(p + at + 4, n - 2)) return gn_fail("%s: JPEG Huffman table at byte %zu is broken", name, at);
    scan = m == 0xda;
    at += n + 2;
  }
  return gn_fail("%s: JPEG ends at byte %zu without its end marker", name, size);
}

/* Three numbers of at most six digits, between spaces and comments: stb lets longer ones overflow. */
static bool check_pnm(const uint8_t *p, size_t size, const char *name) {
  size_t at = 2;
  for (int k = 0; k < 3; k++) {
    int digits = 0;
    for (bool comment = false; at < size && (comment || p[at] == '#' || p[at] <= ' '); at++) comment = p[at] == '#' || (comment && p[at] != '\n' && p[at] != '\r');
    while (at < size && p[at] >= '0' && p[at] <= '9') at++, digits++;
    if (digits < 1 || digits > 6) return gn_fail("%s: PPM header has a bad number at byte %zu", name, at);
  }
  return true;
}

/* stb reads missing bytes as zeros: BMP and TGA must hold their rows. */
static bool check_whole(const uint8_t *p, size_t size, int w, int h, const char *name) {
  uint64_t want = 0;
  if (p[0] == 0xff && p[1] == 0xd8) return true;
  if (p[0] == 'B' && p[1] == 'M' && size >= 30) {
    gn_reader r = { p, size, 10, false };
    uint64_t from = gn_read_le(&r, 4), head = gn_read_le(&r, 4);
    r.at = head == 12 ? 24 : 28;
    uint64_t bits = gn_read_le(&r, 2);
    want = from + ((uint64_t)w * bits + 31) / 32 * 4 * (uint64_t)h;
  } else if (size >= 18 && p[0] != 'P' && p[0] != 0x89 && p[2] < 8) {
    uint64_t map = p[1] ? (uint64_t)(p[5] | p[6] << 8) * ((p[7] + 7u) / 8) : 0;
    want = 18u + p[0] + map + (uint64_t)w * (uint64_t)h * ((p[16] + 7u) / 8);
  }
  return want <= size || gn_fail("%s: %d x %d pixels need %llu bytes, %zu are there", name, w, h, (unsigned long long)want, size);
}

gn_tensor *gn_image_decode(gn *g, const uint8_t *data, size_t size, const char *name) {
  int w, h, n;
  if (size > INT_MAX || size < 8) return gn_fail("%s: a picture of %zu bytes, wanted 8 to 2^31", name, size), NULL;
  if (!memcmp(data, "\x89PNG\r\n\x1a\n", 8) && !check_png(data, size, name)) return NULL;
  if (data[0] == 0xff && data[1] == 0xd8 && !check_jpeg(data, size, name)) return NULL;
  if (data[0] == 'P' && (data[1] == '5' || data[1] == '6') && !check_pnm(data, size, name)) return NULL;
  if (!stbi_info_from_memory(data, (int)size, &w, &h, &n)) return gn_fail("%s: not a PNG, JPEG, BMP, TGA or PPM picture (%s)", name, stbi_failure_reason()), NULL;
  if (w < 1 || h < 1 || w > MOST_SIDE || h > MOST_SIDE || (int64_t)w * h > MOST_PIXELS)
    return gn_fail("%s: %d x %d pixels, wanted at most %d a side and 2^28 in all", name, w, h, MOST_SIDE), NULL;
  int64_t most = (int64_t)size * (data[0] == 0x89 ? 8 * 1032 : 512);      /* no format packs more pixels into a byte */
  if ((int64_t)w * h > most) return gn_fail("%s: %d x %d pixels cannot come from %zu bytes", name, w, h, size), NULL;
  if (data[0] == 0x89 && !check_png_data(g, data, size, w, h, name)) return NULL;
  if (!check_whole(data, size, w, h, name)) return NULL;
  int channels = n == 2 || n == 4 ? 4 : 3;
  size_t pixels_all = (size_t)w * (size_t)h, working = pixels_all * 20 + 2 * size;          /* what stb allocates beside the result */
  if (!gn_charge(g, working)) return NULL;
  uint8_t *pixels = stbi_load_from_memory(data, (int)size, &w, &h, &n, channels);
  gn_tensor *t = NULL;
  if (!pixels) gn_fail("%s: the picture is broken (%s)", name, stbi_failure_reason());
  else if ((t = gn_new(g, GN_U8, 3, (int64_t[]){ h, w, channels }))) memcpy(t->data, pixels, (size_t)w * (size_t)h * (size_t)channels);
  stbi_image_free(pixels);
  gn_discharge(g, working);
  return t;
}

static void put(void *context, void *data, int size) { gn_put(context, data, (size_t)size); }

bool gn_image_encode(const gn_tensor *t, const char *format, int quality, gn_buffer *out) {
  int h = (int)t->dim[0], w = (int)t->dim[1], n = (int)t->dim[2];
  if (t->dim[0] < 1 || t->dim[1] < 1 || t->dim[0] > MOST_SIDE || t->dim[1] > MOST_SIDE || n < 1 || n > 4)
    return gn_fail("image: %d x %d pixels of %d channels, wanted 1..%d a side and 1..4 channels", w, h, n, MOST_SIDE);
  int fine = 0;
  if (!strcmp(format, "png")) return gn_png_encode((const uint8_t *)t->data, w, h, n, out);
  else if (!strcmp(format, "jpg")) fine = stbi_write_jpg_to_func(put, out, w, h, n, t->data, quality);
  else if (!strcmp(format, "bmp")) fine = stbi_write_bmp_to_func(put, out, w, h, n, t->data);
  else if (!strcmp(format, "tga")) fine = stbi_write_tga_to_func(put, out, w, h, n, t->data);
  else return gn_fail("image: format is \"%.20s\", wanted png, jpg, bmp or tga", format);
  if (!fine || out->bad) return gn_fail_as(GN_NOMEM, "image: out of memory while writing %s", format);
  return true;
}

bool gn_inflate_into(char *out, const uint8_t *data, size_t size, size_t expect, const char *name) {
  if (size > INT_MAX - 8 || expect > INT_MAX) return gn_fail("%s: a compressed part of %zu bytes, wanted less than 2 GB", name, size);
  if (expect / 1032 > size) return gn_fail("%s: %zu bytes cannot unfold into %zu", name, size, expect);
  char *in = calloc(1, size + 8);                                 /* stb reads two bytes past the last code */
  if (!in) return gn_fail_as(GN_NOMEM, "%s: out of memory", name);
  memcpy(in, data, size);
  int n = stbi_zlib_decode_noheader_buffer(out, (int)expect, in, (int)size + 8);
  free(in);
  return (n >= 0 && (size_t)n == expect) || gn_fail("%s: a compressed part is broken", name);
}

char *gn_inflate(const uint8_t *data, size_t size, size_t expect, const char *name) {
  if (expect / 1032 > size) return gn_fail("%s: %zu bytes cannot unfold into %zu", name, size, expect), NULL;
  char *out = malloc(expect + 1);
  if (!out) return gn_fail_as(GN_NOMEM, "%s: out of memory", name), NULL;
  if (gn_inflate_into(out, data, size, expect, name)) return out;
  free(out);
  return NULL;
}
