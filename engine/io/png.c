/* png.c: PNG out (W3C PNG, third edition): the smallest of grey, palette, RGB and RGBA that holds the picture; each row gets the filter whose
 * differences are smallest in sum; our own deflate. The same bytes for the same pixels. */
#include "io.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS 1024

typedef struct picture { const uint8_t *pixels; int64_t w, h; int n; } picture;

static uint32_t colour_of(const picture *p, int64_t i) {
  const uint8_t *c = p->pixels + i * p->n;
  return p->n < 3 ? (uint32_t)(p->n == 2 ? c[1] : 255) << 24 | (uint32_t)c[0] * 0x10101
                  : (uint32_t)(p->n == 4 ? c[3] : 255) << 24 | (uint32_t)c[0] << 16 | (uint32_t)c[1] << 8 | c[2];
}

typedef struct palette { uint32_t key[SLOTS], colour[256]; int16_t at[SLOTS]; int n; bool grey, clear; } palette;

static int slot_of(const palette *p, uint32_t colour) {
  uint32_t s = (colour * 2654435761u) >> 22;
  while (p->at[s] >= 0 && p->key[s] != colour) s = (s + 1) % SLOTS;
  return (int)s;
}

/* Collects up to 256 colours (n = 257: more), and whether all is grey, whether anything is clear. */
static void survey(const picture *p, palette *out) {
  memset(out->at, 0xff, sizeof out->at);
  out->n = 0, out->grey = true, out->clear = false;
  uint32_t last = 0;
  for (int64_t i = 0; i < p->w * p->h; i++) {
    uint32_t c = colour_of(p, i);
    if (i && c == last) continue;
    last = c;
    if (c >> 24 != 255) out->clear = true;
    if ((c >> 16 & 255) != (c & 255) || (c >> 8 & 255) != (c & 255)) out->grey = false;
    if (out->n > 256) continue;
    int s = slot_of(out, c);
    if (out->at[s] >= 0) continue;
    if (out->n < 256) out->key[s] = c, out->at[s] = (int16_t)out->n, out->colour[out->n] = c;
    out->n++;
  }
}

static void chunk(gn_buffer *out, const char *type, const void *data, size_t size) {
  uint8_t length[4] = { (uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8), (uint8_t)size };
  uint32_t crc = gn_crc32(gn_crc32(0, type, 4), data, size);
  uint8_t end[4] = { (uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8), (uint8_t)crc };
  gn_put(out, length, 4), gn_put(out, type, 4), gn_put(out, data, size), gn_put(out, end, 4);
}

static void fill_row(const picture *p, const palette *pal, int kind, int64_t y, uint8_t *row) {
  for (int64_t x = 0; x < p->w; x++) {
    uint32_t c = colour_of(p, y * p->w + x);
    switch (kind) {
      case 0: row[x] = (uint8_t)c; break;
      case 3: row[x] = (uint8_t)pal->at[slot_of(pal, c)]; break;
      default: {
        uint8_t *to = row + x * (kind == 2 ? 3 : 4);
        to[0] = (uint8_t)(c >> 16), to[1] = (uint8_t)(c >> 8), to[2] = (uint8_t)c;
        if (kind == 6) to[3] = (uint8_t)(c >> 24);
      }
    }
  }
}

static uint8_t guess(int filter, int a, int b, int c) {          /* left, above, above left */
  int p = a + b - c, pa = p > a ? p - a : a - p, pb = p > b ? p - b : b - p, pc = p > c ? p - c : c - p;
  switch (filter) {
    case 1: return (uint8_t)a;
    case 2: return (uint8_t)b;
    case 3: return (uint8_t)((a + b) / 2);
    case 4: return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
    default: return 0;
  }
}

/* The filtered row into `out` (filter's number first); the sum of its differences. */
static uint64_t filter_row(int filter, const uint8_t *row, const uint8_t *above, int64_t bytes, int step, uint8_t *out) {
  uint64_t sum = 0;
  *out++ = (uint8_t)filter;
  for (int64_t i = 0; i < bytes; i++) {
    int a = i >= step ? row[i - step] : 0, c = i >= step ? above[i - step] : 0;
    out[i] = (uint8_t)(row[i] - guess(filter, a, above[i], c));
    sum += out[i] < 128 ? out[i] : 256u - out[i];
  }
  return sum;
}

static void filter_all(const picture *p, const palette *pal, int kind, int step, uint8_t *rows, uint8_t *out) {
  int64_t bytes = p->w * step;
  uint8_t *above = rows, *row = rows + bytes, *trial = rows + 2 * bytes;
  memset(above, 0, (size_t)bytes);
  for (int64_t y = 0; y < p->h; y++, out += bytes + 1) {
    fill_row(p, pal, kind, y, row);
    uint64_t least = filter_row(0, row, above, bytes, step, out);
    for (int f = 1; f < 5 && kind != 3; f++) {                   /* neighbours in a palette mean nothing */
      uint64_t sum = filter_row(f, row, above, bytes, step, trial);
      if (sum < least) least = sum, memcpy(out, trial, (size_t)bytes + 1);
    }
    uint8_t *t = above;
    above = row, row = t;
  }
}

static uint32_t adler32(const uint8_t *p, size_t n) {
  uint32_t a = 1, b = 0;
  for (size_t i = 0; i < n; i++) a = (a + p[i]) % 65521, b = (b + a) % 65521;
  return b << 16 | a;
}

static void put_palette(gn_buffer *out, const palette *pal) {
  uint8_t rgb[768], alpha[256];
  for (int i = 0; i < pal->n; i++) {
    uint32_t c = pal->colour[i];
    rgb[3 * i] = (uint8_t)(c >> 16), rgb[3 * i + 1] = (uint8_t)(c >> 8), rgb[3 * i + 2] = (uint8_t)c, alpha[i] = (uint8_t)(c >> 24);
  }
  chunk(out, "PLTE", rgb, 3 * (size_t)pal->n);
  if (pal->clear) chunk(out, "tRNS", alpha, (size_t)pal->n);
}

static bool put_pixels(const picture *p, const palette *pal, int kind, gn_buffer *out) {
  int step = kind == 2 ? 3 : kind == 6 ? 4 : 1;
  size_t bytes = (size_t)p->w * (size_t)step, size = (bytes + 1) * (size_t)p->h;
  uint8_t *rows = malloc(3 * bytes + 1), *plain = malloc(size);
  gn_buffer body = { 0 };
  bool fine = rows && plain;
  if (fine) {
    filter_all(p, pal, kind, step, rows, plain);
    uint32_t sum = adler32(plain, size);
    uint8_t end[4] = { (uint8_t)(sum >> 24), (uint8_t)(sum >> 16), (uint8_t)(sum >> 8), (uint8_t)sum };
    gn_put(&body, "\x78\xda", 2);
    fine = gn_deflate(plain, size, &body);
    gn_put(&body, end, 4);
    fine = fine && !body.bad;
    if (fine) chunk(out, "IDAT", body.data, body.size);
  } else gn_fail_as(GN_NOMEM, "image: out of memory while writing png");
  free(rows), free(plain), free(body.data);
  return fine;
}

bool gn_png_encode(const uint8_t *pixels, int64_t w, int64_t h, int channels, gn_buffer *out) {
  picture p = { pixels, w, h, channels };
  palette *pal = malloc(sizeof *pal);
  if (!pal) return gn_fail_as(GN_NOMEM, "image: out of memory while writing png");
  survey(&p, pal);
  int kind = pal->grey && !pal->clear ? 0 : pal->n <= 256 && pal->n * 12 < w * h ? 3 : pal->clear ? 6 : 2;
  uint8_t head[13] = { (uint8_t)(w >> 24), (uint8_t)(w >> 16), (uint8_t)(w >> 8), (uint8_t)w, (uint8_t)(h >> 24), (uint8_t)(h >> 16), (uint8_t)(h >> 8), (uint8_t)h, 8, (uint8_t)kind };
  gn_put(out, "\x89PNG\r\n\x1a\n", 8);
  chunk(out, "IHDR", head, 13);
  if (kind == 3) put_palette(out, pal);
  bool fine = put_pixels(&p, pal, kind, out);
  chunk(out, "IEND", "", 0);
  free(pal);
  return fine && !out->bad;
}
