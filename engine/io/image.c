/* image.c: pictures through stb_image and stb_image_write, behind our own checks (sizes, PNG checksums) and caps. */
#include "io.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SIDE 32768
#define MOST_PIXELS ((int64_t)1 << 28)
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
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
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

gn_tensor *gn_image_decode(gn *g, const uint8_t *data, size_t size, const char *name) {
  int w, h, n;
  if (size > INT_MAX) return gn_fail("%s: %zu bytes, wanted less than 2 GB", name, size), NULL;
  if (size >= 8 && !memcmp(data, "\x89PNG\r\n\x1a\n", 8) && !check_png(data, size, name)) return NULL;
  if (!stbi_info_from_memory(data, (int)size, &w, &h, &n)) return gn_fail("%s: not a PNG, JPEG, BMP, TGA or PPM picture (%s)", name, stbi_failure_reason()), NULL;
  if (w < 1 || h < 1 || w > MOST_SIDE || h > MOST_SIDE || (int64_t)w * h > MOST_PIXELS)
    return gn_fail("%s: %d x %d pixels, wanted at most %d a side and 2^28 in all", name, w, h, MOST_SIDE), NULL;
  int channels = n == 2 || n == 4 ? 4 : 3;
  size_t working = (size_t)w * (size_t)h * 12;                    /* what stb allocates beside the result */
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
  if (!strcmp(format, "png")) fine = stbi_write_png_to_func(put, out, w, h, n, t->data, w * n);
  else if (!strcmp(format, "jpg")) fine = stbi_write_jpg_to_func(put, out, w, h, n, t->data, quality);
  else if (!strcmp(format, "bmp")) fine = stbi_write_bmp_to_func(put, out, w, h, n, t->data);
  else if (!strcmp(format, "tga")) fine = stbi_write_tga_to_func(put, out, w, h, n, t->data);
  else return gn_fail("image: format is \"%.20s\", wanted png, jpg, bmp or tga", format);
  if (!fine || out->bad) return gn_fail_as(GN_NOMEM, "image: out of memory while writing %s", format);
  return true;
}

char *gn_inflate(const uint8_t *data, size_t size, size_t expect, const char *name) {
  if (size > INT_MAX || expect > INT_MAX) return gn_fail("%s: a compressed part of %zu bytes, wanted less than 2 GB", name, size), NULL;
  char *out = malloc(expect + 1);
  if (!out) return gn_fail_as(GN_NOMEM, "%s: out of memory", name), NULL;
  int n = stbi_zlib_decode_noheader_buffer(out, (int)expect, (const char *)data, (int)size);
  if (n < 0 || (size_t)n != expect) { free(out); return gn_fail("%s: a compressed part is broken", name), NULL; }
  return out;
}
