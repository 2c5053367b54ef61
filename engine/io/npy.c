/* npy.c: NumPy's .npy (versions 1 to 3) and .npz (zip, stored or deflated). */
#include "io.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HEADER 65536

static const struct { const char *descr; gn_dtype type; int size; char wide; } kinds[] = {
  { "<f4", GN_F32, 4, 0 }, { "<f2", GN_F16, 2, 0 }, { "<f8", GN_F32, 8, 'd' }, { "<i4", GN_I32, 4, 0 }, { "<i8", GN_I64, 8, 0 },
  { "|u1", GN_U8, 1, 0 }, { "|b1", GN_BOOL, 1, 0 }, { "|i1", GN_I32, 1, 'b' }, { "<i2", GN_I32, 2, 'h' }, { "<u2", GN_I32, 2, 'H' }, { "<u4", GN_I64, 4, 'I' },
};
#define KINDS (int)(sizeof kinds / sizeof *kinds)

/* The value after 'key': in the header's dict literal. */
static const char *find_key(const char *header, const char *key) {
  const char *p = strstr(header, key);
  if (!p) return NULL;
  p += strlen(key);
  while (*p == ' ' || *p == ':') p++;
  return p;
}

static bool parse_shape(const char *p, int64_t *dim, int *ndim, const char *name) {
  *ndim = 0;
  if (*p++ != '(') return gn_fail("%s: npy header has no shape", name);
  for (;;) {
    while (*p == ' ' || *p == ',') p++;
    if (*p == ')') return true;
    char *end;
    unsigned long long v = strtoull(p, &end, 10);
    if (end == p || *p == '-' || v > (1ull << 46) || *ndim == GN_MAX_DIMS) return gn_fail("%s: npy header has a bad shape", name);
    dim[(*ndim)++] = (int64_t)v;
    p = end;
  }
}

static void widen(gn_tensor *t, const uint8_t *p, int64_t n, char wide) {
  for (int64_t i = 0; i < n; i++) {
    int16_t h;
    uint16_t u;
    uint32_t v;
    double d;
    switch (wide) {
      case 'd': memcpy(&d, p + 8 * i, 8), ((float *)(void *)t->data)[i] = (float)d; break;
      case 'b': ((int32_t *)(void *)t->data)[i] = (int8_t)p[i]; break;
      case 'h': memcpy(&h, p + 2 * i, 2), ((int32_t *)(void *)t->data)[i] = h; break;
      case 'H': memcpy(&u, p + 2 * i, 2), ((int32_t *)(void *)t->data)[i] = u; break;
      default: memcpy(&v, p + 4 * i, 4), ((int64_t *)(void *)t->data)[i] = v;
    }
  }
}

static gn_tensor *fortran(gn_tensor *t) {
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS], step = 1;
  for (int i = 0; i < t->ndim; i++) dim[i] = t->dim[i], stride[i] = step, step *= t->dim[i] ? t->dim[i] : 1;
  gn_tensor *view = gn_alias(t, t->ndim, dim, stride, 0), *packed = view ? gn_pack(view) : NULL;
  gn_unref(view);
  gn_unref(t);
  return packed;
}

static gn_tensor *read_body(gn *g, gn_reader *r, int kind, int ndim, const int64_t *dim, bool column, const char *name) {
  int64_t n = 1;
  for (int i = 0; i < ndim; i++)
    if (!gn_mul_ok(n, dim[i], &n)) return gn_fail("%s: npy shape overflows", name), NULL;
  size_t left = r->size - r->at;
  if ((uint64_t)n > left / (size_t)kinds[kind].size || (size_t)n * (size_t)kinds[kind].size != left)
    return gn_fail("%s: npy header wants %lld elements of %d bytes, %zu bytes are there", name, (long long)n, kinds[kind].size, left), NULL;
  gn_tensor *t = gn_new(g, kinds[kind].type, ndim, dim);
  if (!t) return NULL;
  if (kinds[kind].wide) widen(t, r->data + r->at, n, kinds[kind].wide);
  else memcpy(t->data, r->data + r->at, left);
  if (t->dtype == GN_BOOL) for (int64_t i = 0; i < n; i++) t->data[i] = t->data[i] != 0;
  return column && ndim > 1 ? fortran(t) : t;
}

gn_tensor *gn_npy_decode(gn *g, const uint8_t *data, size_t size, const char *name) {
  gn_reader r = { data, size, 8, false };
  if (size < 10 || memcmp(data, "\x93NUMPY", 6) || data[6] < 1 || data[6] > 3) return gn_fail("%s: not an npy file", name), NULL;
  uint64_t n = gn_read_le(&r, data[6] == 1 ? 2 : 4);
  if (r.bad || n > MOST_HEADER || n > size - r.at) return gn_fail("%s: npy header claims %llu bytes, %zu are left", name, (unsigned long long)n, size - r.at), NULL;
  char *header = malloc((size_t)n + 1);
  if (!header) return gn_fail_as(GN_NOMEM, "%s: out of memory", name), NULL;
  memcpy(header, data + r.at, (size_t)n);
  header[n] = 0;
  r.at += (size_t)n;
  const char *descr = find_key(header, "'descr'"), *order = find_key(header, "'fortran_order'"), *shape = find_key(header, "'shape'");
  int kind = -1, ndim = 0;
  int64_t dim[GN_MAX_DIMS];
  for (int i = 0; descr && i < KINDS; i++)
    if (*descr && !strncmp(descr + 1, kinds[i].descr, 3) && descr[4] == *descr) kind = i;
  gn_tensor *t = NULL;
  if (!descr || !order || !shape) gn_fail("%s: npy header lacks descr, fortran_order or shape", name);
  else if (kind < 0) gn_fail("%s: npy type is %.6s, wanted f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1, little-endian", name, descr);
  else if (parse_shape(shape, dim, &ndim, name)) t = read_body(g, &r, kind, ndim, dim, order[0] == 'T', name);
  free(header);
  return t;
}

bool gn_npy_encode(const gn_tensor *t, gn_buffer *out) {
  const char *descr = NULL;
  for (int i = 0; i < KINDS && !descr; i++)
    if (kinds[i].type == t->dtype && !kinds[i].wide) descr = kinds[i].descr;
  if (!descr) return gn_fail("npy: %s has no npy type: convert it to f32", gn_dtype_name(t->dtype));
  char header[512];
  int n = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  for (int i = 0; i < t->ndim; i++) n += snprintf(header + n, sizeof header - (size_t)n, i + 1 < t->ndim || t->ndim == 1 ? "%lld, " : "%lld", (long long)t->dim[i]);
  n += snprintf(header + n, sizeof header - (size_t)n, "), }");
  while ((10 + n + 1) % 64) header[n++] = ' ';
  header[n++] = '\n';
  gn_put(out, "\x93NUMPY\1\0", 8);
  gn_put_le(out, (uint64_t)n, 2);
  gn_put(out, header, (size_t)n);
  gn_put(out, t->data, (size_t)gn_numel(t) * gn_size(t->dtype));
  return !out->bad;
}

/* ---- npz: the central directory decides (APPNOTE 6.3); no zip64, no encryption ---- */
typedef struct entry { uint16_t method; uint32_t crc, packed, size, offset; const char *name; size_t len; } entry;

static bool read_entry(gn_reader *r, entry *e, const char *name) {
  if (gn_read_le(r, 4) != 0x02014b50) return gn_fail("%s: the zip directory is broken at byte %zu", name, r->at);
  r->at += 4;
  uint64_t flags = gn_read_le(r, 2);
  e->method = (uint16_t)gn_read_le(r, 2);
  gn_read_le(r, 4);
  e->crc = (uint32_t)gn_read_le(r, 4), e->packed = (uint32_t)gn_read_le(r, 4), e->size = (uint32_t)gn_read_le(r, 4);
  size_t len = (size_t)gn_read_le(r, 2), extra = (size_t)gn_read_le(r, 2), comment = (size_t)gn_read_le(r, 2);
  gn_read_le(r, 8);
  e->offset = (uint32_t)gn_read_le(r, 4);
  if (r->bad || flags & 1 || len + extra + comment > r->size - r->at) return gn_fail("%s: the zip directory is broken at byte %zu", name, r->at);
  e->name = (const char *)r->data + r->at, e->len = len;
  r->at += len + extra + comment;
  return true;
}

static bool read_member(gn *g, const uint8_t *data, size_t size, const entry *e, const char *name, gn_list *out) {
  gn_reader r = { data, size, e->offset, e->offset > size };
  if (gn_read_le(&r, 4) != 0x04034b50) return gn_fail("%s: a zip member at byte %u is broken", name, e->offset);
  for (int i = 0; i < 11; i++) gn_read_le(&r, 2);
  size_t len = (size_t)gn_read_le(&r, 2), extra = (size_t)gn_read_le(&r, 2);
  if (r.bad || len + extra > size - r.at || e->packed > size - r.at - len - extra) return gn_fail("%s: a zip member at byte %u is cut off", name, e->offset);
  const uint8_t *body = data + r.at + len + extra;
  char *plain = NULL;
  if (e->method == 8) {
    if (e->size / 1032 > e->packed) return gn_fail("%s: %u bytes cannot unfold into %u", name, e->packed, e->size);
    if (!gn_charge(g, e->size)) return false;
    gn_discharge(g, e->size);
    if (!(plain = gn_inflate(body, e->packed, e->size, name))) return false;
    body = (const uint8_t *)plain;
  } else if (e->method != 0 || e->size != e->packed) return gn_fail("%s: zip method %d, wanted stored or deflated", name, e->method);
  bool fine = !memchr(e->name, 0, e->len) || gn_fail("%s: a name holds a NUL byte", name);
  fine = fine && (gn_crc32(0, body, e->size) == e->crc || gn_fail("%s: a zip member at byte %u has a wrong checksum", name, e->offset));
  size_t n = e->len > 4 && !memcmp(e->name + e->len - 4, ".npy", 4) ? e->len - 4 : e->len;
  for (int i = 0; fine && i < out->n; i++)
    if (strlen(out->item[i].name) == n && !memcmp(out->item[i].name, e->name, n)) fine = gn_fail("%s: the name %.60s stands twice", name, out->item[i].name);
  fine = fine && gn_list_add(out, e->name, n, gn_npy_decode(g, body, e->size, name));
  free(plain);
  return fine;
}

bool gn_npz_decode(gn *g, const uint8_t *data, size_t size, const char *name, gn_list *out) {
  size_t at = size < 22 ? 0 : size - 22, least = size > 22 + 65535 ? size - 22 - 65535 : 0;
  while (size >= 22 && at > least && memcmp(data + at, "PK\5\6", 4)) at--;
  if (size < 22 || memcmp(data + at, "PK\5\6", 4)) return gn_fail("%s: not a zip file", name);
  gn_reader r = { data, size, at + 10, false };
  uint64_t count = gn_read_le(&r, 2), bytes = gn_read_le(&r, 4), offset = gn_read_le(&r, 4);
  if (r.bad || offset > at || bytes > at - offset || count * 46 > bytes) return gn_fail("%s: the zip directory lies outside the file", name);
  r = (gn_reader){ data, (size_t)(offset + bytes), (size_t)offset, false };
  for (uint64_t i = 0; i < count; i++) {
    entry e = { 0 };
    if (!read_entry(&r, &e, name) || !read_member(g, data, (size_t)offset, &e, name, out)) return gn_list_free(out), false;
  }
  return true;
}

static void put_local(gn_buffer *out, bool central, const gn_named *item, uint32_t crc, uint32_t size, uint32_t offset) {
  gn_put_le(out, central ? 0x02014b50 : 0x04034b50, 4);
  if (central) gn_put_le(out, 20, 2);
  gn_put_le(out, 20, 2), gn_put_le(out, 0, 2), gn_put_le(out, 0, 2);
  gn_put_le(out, 0, 2), gn_put_le(out, 0x21, 2);                  /* the first day zip knows */
  gn_put_le(out, crc, 4), gn_put_le(out, size, 4), gn_put_le(out, size, 4);
  gn_put_le(out, strlen(item->name) + 4, 2), gn_put_le(out, 0, 2);
  if (central) gn_put_le(out, 0, 8), gn_put_le(out, 0, 2), gn_put_le(out, offset, 4);
  gn_put(out, item->name, strlen(item->name));
  gn_put(out, ".npy", 4);
}

bool gn_npz_encode(const gn_list *l, gn_buffer *out) {
  gn_buffer directory = { 0 };
  for (int i = 0; i < l->n; i++) {
    gn_buffer body = { 0 };
    if (!gn_npy_encode(l->item[i].t, &body)) return free(body.data), free(directory.data), false;
    if (out->size + body.size > UINT32_MAX || strlen(l->item[i].name) > 60000) return free(body.data), free(directory.data), gn_fail("npz: more than 4 GB");
    uint32_t crc = gn_crc32(0, body.data, body.size), offset = (uint32_t)out->size;
    put_local(out, false, &l->item[i], crc, (uint32_t)body.size, offset);
    gn_put(out, body.data, body.size);
    put_local(&directory, true, &l->item[i], crc, (uint32_t)body.size, offset);
    free(body.data);
  }
  size_t at = out->size;
  gn_put(out, directory.data, directory.size);
  gn_put_le(out, 0x06054b50, 4), gn_put_le(out, 0, 4);
  gn_put_le(out, (uint64_t)l->n, 2), gn_put_le(out, (uint64_t)l->n, 2);
  gn_put_le(out, directory.size, 4), gn_put_le(out, at, 4), gn_put_le(out, 0, 2);
  bool fine = !out->bad && !directory.bad;
  free(directory.data);
  return fine;
}
