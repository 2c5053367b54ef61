/* onnx_tensor.c: TensorProto: element types, the fields its data may stand in, and data in files beside the model. */
#include "onnx.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { DIMS = 1, TYPE = 2, SEGMENT = 3, FLOATS = 4, INT32S = 5, STRINGS = 6, INT64S = 7, NAME = 8, RAW = 9, DOUBLES = 10, UINT64S = 11, EXTERNAL = 13, LOCATION = 14 };
#define MOST_BYTES ((int64_t)1 << 40)

/* bits: of an element in raw data (0 = not supported); field: where else the data may stand; what the engine holds */
static const struct { const char *name; int bits, field; gn_dtype to; } types[] = {
  { NULL, 0, 0, GN_F32 }, { "float", 32, FLOATS, GN_F32 }, { "uint8", 8, INT32S, GN_U8 }, { "int8", 8, INT32S, GN_I32 }, { "uint16", 16, INT32S, GN_I32 }, { "int16", 16, INT32S, GN_I32 },
  { "int32", 32, INT32S, GN_I32 }, { "int64", 64, INT64S, GN_I64 }, { "string", 0, STRINGS, GN_U8 }, { "bool", 8, INT32S, GN_BOOL }, { "float16", 16, INT32S, GN_F32 },
  { "double", 64, DOUBLES, GN_F32 }, { "uint32", 32, UINT64S, GN_I64 }, { "uint64", 64, UINT64S, GN_I64 }, { "complex64", 0, 0, GN_F32 }, { "complex128", 0, 0, GN_F32 },
  { "bfloat16", 16, INT32S, GN_F32 }, { "float8e4m3fn", 0, 0, GN_F32 }, { "float8e4m3fnuz", 0, 0, GN_F32 }, { "float8e5m2", 0, 0, GN_F32 }, { "float8e5m2fnuz", 0, 0, GN_F32 },
  { "uint4", 4, INT32S, GN_U8 }, { "int4", 4, INT32S, GN_I32 }, { "float4e2m1", 0, 0, GN_F32 },
};
#define TYPES (int64_t)(sizeof types / sizeof *types)
enum { FLOAT = 1, UINT8, INT8, UINT16, INT16, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE, UINT32, UINT64, BFLOAT16 = 16, UINT4 = 21, INT4 = 22 };

const char *gn_onnx_type(int64_t type) { return type > 0 && type < TYPES ? types[type].name : NULL; }

typedef struct proto {
  int type, ndim;
  int64_t dim[GN_MAX_DIMS], numel;
  bool has_raw, external;
  gn_reader raw, name;
} proto;

static void put(int type, char *to, int64_t i, uint64_t v) {
  uint32_t low = (uint32_t)v;
  double d;
  switch (type) {
    case FLOAT: memcpy((float *)(void *)to + i, &low, 4); break;
    case DOUBLE: memcpy(&d, &v, 8), ((float *)(void *)to)[i] = (float)d; break;
    case FLOAT16: ((float *)(void *)to)[i] = gn_from_half((uint16_t)v); break;
    case BFLOAT16: ((float *)(void *)to)[i] = gn_from_bf16((uint16_t)v); break;
    case UINT8: case UINT4: ((uint8_t *)to)[i] = (uint8_t)v; break;
    case BOOL: to[i] = v != 0; break;
    case INT8: ((int32_t *)(void *)to)[i] = (int8_t)v; break;
    case INT4: ((int32_t *)(void *)to)[i] = (int8_t)(v << 4) >> 4; break;
    case UINT16: ((int32_t *)(void *)to)[i] = (uint16_t)v; break;
    case INT16: ((int32_t *)(void *)to)[i] = (int16_t)v; break;
    case INT32: ((int32_t *)(void *)to)[i] = (int32_t)v; break;
    case UINT32: ((int64_t *)(void *)to)[i] = (int64_t)low; break;
    default: ((int64_t *)(void *)to)[i] = (int64_t)v;
  }
}

/* ---- data in fields of their own ---- */
static int wire_of(int field) { return field == FLOATS ? WIRE_32 : field == DOUBLES ? WIRE_64 : WIRE_VARINT; }

static bool one_value(gn_reader *r, int wire, uint64_t *v) {
  if (wire == WIRE_VARINT) return onnx_varint(r, v);
  *v = gn_read_le(r, wire == WIRE_64 ? 8 : 4);
  return !r->bad;
}

/* Counts the elements in the type's field, and writes them where `to` is not NULL; -1 = bad. Four bits: two elements a number. */
static int64_t typed(const proto *p, gn_reader r, char *to) {
  int field = types[p->type].field, wire = wire_of(field), per = types[p->type].bits == 4 ? 2 : 1;
  int64_t n = 0;
  while (r.at < r.size) {
    onnx_item it;
    if (!onnx_next(&r, &it)) return -1;
    if ((int)it.number != field) continue;
    if (p->type == STRING) {
      if (it.wire != WIRE_BYTES) return -1;
      n++;
      continue;
    }
    bool packed = it.wire == WIRE_BYTES;
    if (!packed && it.wire != wire) return -1;
    while (!packed || it.body.at < it.body.size) {
      uint64_t v = it.value;
      if (packed && !one_value(&it.body, wire, &v)) return -1;
      for (int k = 0; k < per; k++, n++)
        if (to && n < p->numel) put(p->type, to, n, per == 2 ? v >> 4 * k & 15 : v);
      if (!packed) break;
    }
  }
  return n;
}

static void from_raw(const proto *p, const uint8_t *data, gn_tensor *t) {
  int bits = types[p->type].bits;
  if (bits == 8 * (int)gn_size(t->dtype) && p->type != BOOL && p->type != FLOAT16 && p->type != BFLOAT16) {
    if (p->numel) memcpy(t->data, data, (size_t)p->numel * gn_size(t->dtype));
    return;
  }
  for (int64_t i = 0; i < p->numel; i++) {
    uint64_t v = 0;
    if (bits == 4) v = (uint64_t)(data[i / 2] >> 4 * (i & 1) & 15);
    else memcpy(&v, data + i * (bits / 8), (size_t)bits / 8);
    put(p->type, t->data, i, v);
  }
}

/* ---- reading the message ---- */
static bool one_dim(const gn_onnx *o, proto *p, uint64_t v, size_t at) {
  if (p->ndim == GN_MAX_DIMS) return onnx_bad(o, at, "a tensor of more than 8 dims");
  if (v > INT64_MAX || !gn_mul_ok(p->numel, (int64_t)v, &p->numel) || p->numel > MOST_BYTES) return onnx_bad(o, at, "a tensor's shape is negative or overflows");
  p->dim[p->ndim++] = (int64_t)v;
  return true;
}

static bool dims(const gn_onnx *o, proto *p, onnx_item *it) {
  if (it->wire == WIRE_VARINT) return one_dim(o, p, it->value, it->body.at);
  if (it->wire != WIRE_BYTES) return onnx_bad(o, it->body.at, "dims has a bad wire type");
  while (it->body.at < it->body.size) {
    uint64_t v;
    if (!onnx_varint(&it->body, &v)) return onnx_bad(o, it->body.at, "a size reaches over its list's end");
    if (!one_dim(o, p, v, it->body.at)) return false;
  }
  return true;
}

static bool scan(const gn_onnx *o, gn_reader r, proto *p) {
  *p = (proto){ .numel = 1 };
  while (r.at < r.size) {
    onnx_item it;
    size_t at = r.at;
    if (!onnx_next(&r, &it)) return onnx_bad(o, at, "not a field of a tensor: a bad tag, or a length that reaches over the end");
    bool bytes = it.wire == WIRE_BYTES, fine = true;
    switch (it.number) {
      case DIMS: fine = dims(o, p, &it); break;
      case TYPE:
        if (it.wire != WIRE_VARINT || !gn_onnx_type(it.value < 1000 ? (int64_t)it.value : -1)) return onnx_bad(o, at, "a tensor's data_type is unknown");
        p->type = (int)it.value;
        break;
      case SEGMENT: return onnx_bad(o, at, "tensors in segments are not supported");
      case NAME: p->name = it.body, fine = bytes || onnx_bad(o, at, "name has a bad wire type"); break;
      case RAW: p->raw = it.body, fine = (bytes && !p->has_raw) || onnx_bad(o, at, "raw_data has a bad wire type, or occurs twice"), p->has_raw = true; break;
      case LOCATION: p->external = it.value == 1, fine = it.value <= 1 || onnx_bad(o, at, "data_location is none of 0, 1"); break;
      default: break;
    }
    if (!fine) return false;
  }
  if (!p->type) return onnx_bad(o, r.size, "a tensor without data_type");
  if (!types[p->type].field) return gn_fail("%s: ONNX, byte %zu: tensors of %s are not supported", o->path, r.size, types[p->type].name);
  return true;
}

/* ---- data in another file, which lies in the model's folder or below it ---- */
typedef struct place { char location[PATH_MAX]; uint64_t offset, length; bool has_length; } place;

static bool number_of(const char *text, size_t n, uint64_t *v) {
  *v = 0;
  for (size_t i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9' || *v > UINT64_MAX / 10 - 10) return false;
    *v = *v * 10 + (uint64_t)(text[i] - '0');
  }
  return n > 0;
}

static bool entry(const gn_onnx *o, gn_reader r, place *to) {
  gn_reader key = { 0 }, value = { 0 };
  while (r.at < r.size) {
    onnx_item it;
    if (!onnx_next(&r, &it)) return onnx_bad(o, r.at, "external_data is cut off");
    if (it.wire == WIRE_BYTES && it.number == 1) key = it.body;
    if (it.wire == WIRE_BYTES && it.number == 2) value = it.body;
  }
  size_t k = key.size - key.at, n = value.size - value.at;
  const char *name = (const char *)key.data + key.at, *text = (const char *)value.data + value.at;
  if (k == 8 && !memcmp(name, "location", 8)) {
    if (!n || n >= sizeof to->location || memchr(text, 0, n)) return onnx_bad(o, value.at, "the location of external data is empty, too long or holds a zero");
    memcpy(to->location, text, n), to->location[n] = 0;
  } else if (k == 6 && !memcmp(name, "offset", 6)) return number_of(text, n, &to->offset) || onnx_bad(o, value.at, "the offset of external data is not a number");
  else if (k == 6 && !memcmp(name, "length", 6)) return to->has_length = true, number_of(text, n, &to->length) || onnx_bad(o, value.at, "the length of external data is not a number");
  return true;
}

static bool inside(const gn_onnx *o, const char *location, char found[PATH_MAX]) {
  char folder[PATH_MAX], joined[2 * PATH_MAX];
  const char *slash = strrchr(o->path, '/');
  size_t n = slash ? (size_t)(slash - o->path) + 1 : 0;
  if (location[0] == '/' || n >= PATH_MAX) return gn_fail("%s: external data \"%.200s\" lie outside the model's folder", o->path, location);
  memcpy(joined, o->path, n), strcpy(joined + n, location);
  if (!n) strcpy(folder, ".");
  else memcpy(folder, o->path, n), folder[n] = 0;
  char *top = realpath(folder, NULL), *real = top ? realpath(joined, NULL) : NULL;
  bool there = real != NULL, fine = false;
  if (there) {
    size_t t = strlen(top);
    fine = !strncmp(real, top, t) && (real[t] == '/' || t == 1) && strlen(real) < PATH_MAX;
    if (fine) strcpy(found, real);
  }
  free(top), free(real);
  return fine || gn_fail("%s: external data \"%.200s\" %s", o->path, location, there ? "lie outside the model's folder" : "are not there");
}

/* A small file must not make much memory of a few bytes beside it: in all no more than twice what the files hold is taken. */
#define MOST_FILES 4096
static bool counted(gn_onnx *o, uint64_t length) {
  const gn_map *m = o->data;
  if (o->visit) return true;                                           /* the check has counted */
  int i = 0;
  while (i < o->nseen && (o->seen[i][0] != m->file[0] || o->seen[i][1] != m->file[1])) i++;
  if (i == o->nseen) {
    if (i == MOST_FILES) return gn_fail("%s: its data lie in more than %d files", o->path, MOST_FILES);
    if (!o->seen && !(o->seen = malloc(MOST_FILES * sizeof *o->seen))) return gn_fail_as(GN_NOMEM, "%s: out of memory", o->path);
    o->seen[i][0] = m->file[0], o->seen[i][1] = m->file[1], o->nseen++, o->there += m->size;
  }
  o->external += length;
  return o->external <= 2 * o->there || gn_fail("%s: its tensors take the external data more than twice", o->path);
}

/* Sets p->raw to the bytes; the map stays open in o. */
static bool external(gn_onnx *o, gn_reader r, proto *p) {
  static const place none;
  place *at = malloc(sizeof *at);
  char found[PATH_MAX];
  if (!at) return gn_fail_as(GN_NOMEM, "%s: out of memory", o->path);
  *at = none;
  bool fine = true;
  onnx_item it;
  while (fine && r.at < r.size && onnx_next(&r, &it))
    if (it.number == EXTERNAL && it.wire == WIRE_BYTES) fine = entry(o, it.body, at);
  if (fine && !at->location[0]) fine = onnx_bad(o, r.size, "external data without a location");
  fine = fine && inside(o, at->location, found);
  if (fine && (!o->data || strcmp(o->data_path, found))) {
    gn_map_unref(o->data), free(o->data_path);
    o->data = NULL, o->data_path = strdup(found);
    fine = o->data_path ? (o->data = gn_map_open(found)) != NULL : gn_fail_as(GN_NOMEM, "%s: out of memory", o->path);
  }
  if (fine) {
    uint64_t size = o->data->size, length = at->has_length ? at->length : at->offset <= size ? size - at->offset : 0;
    if (at->offset > size || length > size - at->offset) fine = gn_fail("%s: external data \"%.200s\": %llu bytes from %llu on, the file has %llu", o->path, at->location, (unsigned long long)length, (unsigned long long)at->offset, (unsigned long long)size);
    else if ((fine = counted(o, length))) p->raw = (gn_reader){ o->data->base, (size_t)(at->offset + length), (size_t)at->offset, false }, p->has_raw = true;
  }
  free(at);
  return fine;
}

static bool has_data(const gn_onnx *o, gn_reader body, const proto *p) {
  if (p->type == STRING && (p->has_raw || p->external)) return onnx_bad(o, body.size, "strings cannot stand in raw data");
  int64_t there = p->has_raw ? (int64_t)(p->raw.size - p->raw.at) : typed(p, body, NULL);
  int64_t wanted = p->has_raw ? (p->numel * types[p->type].bits + 7) / 8 : p->numel;
  if (!p->has_raw && types[p->type].bits == 4) wanted += wanted & 1;
  if (there == wanted) return true;
  return gn_fail("%s: ONNX, byte %zu: tensor \"%.*s\" holds %lld %s, its shape wants %lld", o->path, body.at, (int)(p->name.size - p->name.at < 80 ? p->name.size - p->name.at : 80),
                 p->name.data ? (const char *)p->name.data + p->name.at : "", (long long)there, p->has_raw ? "bytes" : "numbers", (long long)wanted);
}

bool onnx_tensor(gn_onnx *o, gn_reader body, bool make, gn_onnx_tensor *out) {
  proto p;
  if (!scan(o, body, &p) || (p.external && !external(o, body, &p)) || !has_data(o, body, &p)) return false;
  *out = (gn_onnx_tensor){ .name = p.name.data ? (const char *)p.name.data + p.name.at : "", .name_len = p.name.size - p.name.at, .type = types[p.type].name, .ndim = p.ndim, .body = body };
  memcpy(out->dim, p.dim, sizeof p.dim);
  if (!make || p.type == STRING) return true;
  if (!(out->t = gn_new(o->g, types[p.type].to, p.ndim, p.dim))) return false;
  if (p.has_raw) from_raw(&p, p.raw.data + p.raw.at, out->t);
  else typed(&p, body, out->t->data);
  return true;
}

bool gn_onnx_text(gn_onnx_tensor *t, const char **text, size_t *len) {
  while (t->body.at < t->body.size) {
    onnx_item it;
    if (!onnx_next(&t->body, &it)) return false;
    if (it.number != STRINGS || it.wire != WIRE_BYTES) continue;
    *text = (const char *)it.body.data + it.body.at, *len = it.body.size - it.body.at;
    return true;
  }
  return false;
}
