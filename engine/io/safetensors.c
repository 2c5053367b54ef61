/* safetensors.c: reading (mapped) and writing. Format: 8 bytes length, JSON header, data; offsets must cover the data without holes or overlaps. */
#include "io.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_HEADER ((uint64_t)100 << 20)
static const struct { const char *name; gn_dtype type; int size; } kinds[] = {
  { "F32", GN_F32, 4 }, { "F16", GN_F16, 2 }, { "BF16", GN_BF16, 2 }, { "I32", GN_I32, 4 }, { "I64", GN_I64, 8 }, { "U8", GN_U8, 1 }, { "BOOL", GN_BOOL, 1 },
  { "F64", GN_F32, 8 },
};
#define KINDS (int)(sizeof kinds / sizeof *kinds)

typedef struct part { const char *name; int kind, ndim; int64_t dim[GN_MAX_DIMS]; uint64_t from, to; } part;

static bool bad_part(const char *path, const char *name, const char *rule) { return gn_fail("%s: tensor \"%.80s\": %s", path, name, rule); }

static bool parse_part(const char *path, const char *name, const json_t *v, uint64_t bytes, part *p) {
  const json_t *type = json_object_get(v, "dtype"), *shape = json_object_get(v, "shape"), *offsets = json_object_get(v, "data_offsets"), *d;
  size_t i;
  p->name = name, p->kind = -1;
  if (!json_is_string(type) || !json_is_array(shape) || !json_is_array(offsets) || json_array_size(offsets) != 2 || json_object_size(v) != 3)
    return bad_part(path, name, "wanted dtype, shape and two data_offsets");
  for (int k = 0; k < KINDS; k++)
    if (!strcmp(json_string_value(type), kinds[k].name)) p->kind = k;
  if (p->kind < 0) return bad_part(path, name, "its dtype is none of F32 F16 BF16 F64 I32 I64 U8 BOOL");
  if (json_array_size(shape) > GN_MAX_DIMS) return bad_part(path, name, "more than 8 dims");
  p->ndim = (int)json_array_size(shape);
  int64_t n = 1;
  json_array_foreach(shape, i, d) {
    if (!json_is_integer(d) || json_integer_value(d) < 0) return bad_part(path, name, "a size is not a whole number of 0 or more");
    p->dim[i] = json_integer_value(d);
    if (!gn_mul_ok(n, p->dim[i], &n)) return bad_part(path, name, "its shape overflows");
  }
  const json_t *a = json_array_get(offsets, 0), *b = json_array_get(offsets, 1);
  if (!json_is_integer(a) || !json_is_integer(b) || json_integer_value(a) < 0 || json_integer_value(b) < json_integer_value(a) || (uint64_t)json_integer_value(b) > bytes)
    return bad_part(path, name, "its data_offsets lie outside the file");
  p->from = (uint64_t)json_integer_value(a), p->to = (uint64_t)json_integer_value(b);
  uint64_t size = p->to - p->from;
  if ((uint64_t)n > size / (uint64_t)kinds[p->kind].size || (uint64_t)n * (uint64_t)kinds[p->kind].size != size) return bad_part(path, name, "its shape does not fit its data_offsets");
  return true;
}

static int by_offset(const void *a, const void *b) {
  const part *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return x->to < y->to ? -1 : x->to > y->to ? 1 : strcmp(x->name, y->name);
}

static gn_tensor *make(gn *g, gn_map *m, size_t start, const part *p) {
  char *data = (char *)m->base + start + p->from;
  gn_dtype type = kinds[p->kind].type;
  size_t size = (size_t)kinds[p->kind].size, n = (size_t)(p->to - p->from) / size;
  if (size == gn_size(type) && (uintptr_t)data % size == 0 && type != GN_BOOL) {
    gn_tensor *t = gn_borrow(g, type, p->ndim, p->dim, data, gn_map_unref, m);
    if (t) atomic_fetch_add(&m->refs, 1);
    return t;
  }
  gn_tensor *t = gn_new(g, type, p->ndim, p->dim);
  if (!t) return NULL;
  if (size == gn_size(type)) memcpy(t->data, data, n * size);
  else for (size_t i = 0; i < n; i++) {
    double d;
    memcpy(&d, data + 8 * i, 8);
    gn_f32(t)[i] = (float)d;
  }
  if (type == GN_BOOL) for (size_t i = 0; i < n; i++) t->data[i] = t->data[i] != 0;
  return t;
}

static bool load_parts(gn *g, gn_map *m, size_t start, const json_t *header, const char *path, part *parts, gn_list *out, char **metadata) {
  const char *name;
  json_t *v;
  size_t n = 0;
  uint64_t bytes = m->size - start, at = 0;
  json_object_foreach((json_t *)header, name, v) {
    if (strcmp(name, "__metadata__")) {
      if (!parse_part(path, name, v, bytes, &parts[n++])) return false;
    } else if (metadata && json_is_object(v) && !(*metadata = json_dumps(v, JSON_SORT_KEYS | JSON_COMPACT))) return gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  }
  qsort(parts, n, sizeof *parts, by_offset);
  for (size_t i = 0; i < n; at = parts[i++].to)
    if (parts[i].from != at) return bad_part(path, parts[i].name, "a hole or an overlap before its data");
  if (at != bytes) return gn_fail("%s: %llu bytes follow the last tensor", path, (unsigned long long)(bytes - at));
  for (size_t i = 0; i < n; i++)
    if (!gn_list_add(out, parts[i].name, strlen(parts[i].name), make(g, m, start, &parts[i]))) return false;
  return true;
}

bool gn_safetensors_load(gn *g, const char *path, gn_list *out, char **metadata) {
  gn_map *m = gn_map_open(path);
  if (!m) return false;
  if (m->size < 9) return gn_fail("%s: not a safetensors file (%zu bytes)", path, m->size), gn_map_unref(m), false;
  if (metadata) *metadata = NULL;
  gn_reader r = { m->base, m->size, 0, false };
  uint64_t n = gn_read_le(&r, 8);
  bool fine = n <= MOST_HEADER && n <= m->size - 8;
  if (!fine) gn_fail("%s: safetensors header claims %llu bytes, %zu are left", path, (unsigned long long)n, m->size - 8);
  json_error_t e;
  json_t *header = fine ? json_loadb((const char *)m->base + 8, (size_t)n, JSON_REJECT_DUPLICATES, &e) : NULL;
  if (fine && !json_is_object(header)) fine = gn_fail("%s: safetensors header, byte %d: %s", path, header ? 8 : 8 + e.position, header ? "not an object" : e.text);
  part *parts = fine ? calloc(json_object_size(header) + 1, sizeof *parts) : NULL;
  if (fine && !parts) fine = gn_fail_as(GN_NOMEM, "%s: out of memory", path);
  fine = fine && load_parts(g, m, 8 + (size_t)n, header, path, parts, out, metadata);
  if (!fine) {
    gn_list_free(out);
    if (metadata) free(*metadata), *metadata = NULL;
  }
  free(parts);
  json_decref(header);
  gn_map_unref(m);
  return fine;
}

/* ---- writing: tensors in the list's order ---- */
static json_t *describe(const gn_named *item, uint64_t at, uint64_t bytes) {
  const char *type = NULL;
  for (int k = 0; k < KINDS && !type; k++)
    if (kinds[k].type == item->t->dtype) type = kinds[k].name;
  json_t *shape = json_array();
  for (int i = 0; i < item->t->ndim; i++) json_array_append_new(shape, json_integer(item->t->dim[i]));
  return json_pack("{s:s, s:o, s:[I,I]}", "dtype", type, "shape", shape, "data_offsets", (json_int_t)at, (json_int_t)(at + bytes));
}

bool gn_safetensors_encode(const gn_list *l, const char *metadata, gn_buffer *out) {
  json_t *header = json_object(), *meta = metadata ? json_loads(metadata, 0, NULL) : NULL;
  bool fine = header != NULL;
  if (meta) fine = fine && json_object_set_new(header, "__metadata__", meta) == 0;
  uint64_t at = 0;
  for (int i = 0; fine && i < l->n; i++) {
    uint64_t bytes = (uint64_t)gn_numel(l->item[i].t) * gn_size(l->item[i].t->dtype);
    json_t *d = describe(&l->item[i], at, bytes);
    fine = d && json_object_set_new(header, l->item[i].name, d) == 0;
    at += bytes;
  }
  char *text = fine ? json_dumps(header, JSON_COMPACT) : NULL;
  json_decref(header);
  if (!text) return gn_fail("safetensors: a name is not UTF-8, or memory is short");
  size_t n = strlen(text), padded = (n + 7) & ~(size_t)7;
  gn_put_le(out, padded, 8);
  gn_put(out, text, n);
  gn_put(out, "       ", padded - n);
  free(text);
  for (int i = 0; i < l->n; i++) gn_put(out, l->item[i].t->data, (size_t)gn_numel(l->item[i].t) * gn_size(l->item[i].t->dtype));
  return !out->bad;
}
