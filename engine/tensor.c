/* tensor.c: storage, tensors, views, types and conversion. */
#include "core.h"
#include "base.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name; size_t size; } types[GN_DTYPES] = {
  [GN_BOOL] = { "bool", 1 }, [GN_U8] = { "u8", 1 }, [GN_I32] = { "i32", 4 }, [GN_I64] = { "i64", 8 },
  [GN_F16] = { "f16", 2 }, [GN_BF16] = { "bf16", 2 }, [GN_F32] = { "f32", 4 },
};

size_t gn_size(gn_dtype t) { return types[t].size; }
const char *gn_dtype_name(gn_dtype t) { return types[t].name; }
bool gn_is_float(gn_dtype t) { return t >= GN_F16; }

bool gn_dtype_of(const char *name, gn_dtype *t) {
  for (int i = 0; i < GN_DTYPES; i++)
    if (!strcmp(types[i].name, name)) { *t = (gn_dtype)i; return true; }
  return gn_fail("dtype: type is \"%.40s\", wanted f32, f16, bf16, i32, i64, u8 or bool", name);
}

gn_dtype gn_promote(gn_dtype a, gn_dtype b) {
  if ((a == GN_F16 && b == GN_BF16) || (a == GN_BF16 && b == GN_F16)) return GN_F32;
  return a > b ? a : b;
}

int64_t gn_numel(const gn_tensor *t) {
  int64_t n = 1;
  for (int i = 0; i < t->ndim; i++) n *= t->dim[i];
  return n;
}

bool gn_packed(const gn_tensor *t) {
  int64_t step = 1;
  for (int i = t->ndim - 1; i >= 0; i--) {
    if (t->dim[i] == 0) return true;
    if (t->dim[i] != 1 && t->stride[i] != step) return false;
    step *= t->dim[i];
  }
  return true;
}

const char *gn_shape_text(const gn_tensor *t, char *buffer, size_t size) {
  if (t->weak) {
    snprintf(buffer, size, "the number %.14g", gn_get(t, 0));
    return buffer;
  }
  int at = snprintf(buffer, size, "%s[", types[t->dtype].name);
  for (int i = 0; i < t->ndim && at < (int)size; i++) at += snprintf(buffer + at, size - (size_t)at, i ? ",%lld" : "%lld", (long long)t->dim[i]);
  if (at < (int)size) snprintf(buffer + at, size - (size_t)at, "]");
  return buffer;
}

/* ---- making: structs come from free lists, because a small op must cost little ---- */
#define STRUCTS_LEAST 65536               /* as many tensors are made before the host is asked to let go of some */
static void *new_struct(gn *g, int kind, size_t size) {
  if (!gn_charge(g, size)) return NULL;
  void *p = malloc(size);
  if (!p) return gn_discharge(g, size), gn_fail_as(GN_NOMEM, "out of memory"), NULL;
  g->structs[kind]++;
  return p;
}

static void free_struct(gn *g, int kind, void *p, size_t size) {
  free(p);
  g->structs[kind]--;
  gn_discharge(g, size);
}

/* Views and small tensors weigh little in bytes, but a script may make millions before its collector looks. */
static void many_tensors(gn *g) {
  gn_press(g);
  int64_t twice = 2 * g->counted[0];
  g->structs_most = twice > STRUCTS_LEAST ? twice : STRUCTS_LEAST;
}

static gn_storage *new_storage(gn *g) {
  gn_storage *s = g->free_storages;
  if (s) g->free_storages = s->owner;
  else if (!(s = new_struct(g, 1, sizeof *s))) return NULL;
  g->counted[1]++;
  s->id = ++g->storage_id, s->refs = 1, s->version = 0, s->g = g, s->data = NULL, s->bytes = 0, s->release = NULL, s->owner = NULL, s->forms = NULL;
  return s;
}

static void storage_unref(gn_storage *s) {
  if (--s->refs > 0) return;
  gn *g = s->g;
  gn_packed_drop(s);
  if (s->release) s->release(s->owner);
  else gn_free(g, s->data, s->bytes);
  g->counted[1]--;
  s->owner = g->free_storages, g->free_storages = s;
}

static gn_tensor *new_tensor(gn *g) {
  if (!g->free_tensors && g->structs[0] >= (g->structs_most ? g->structs_most : STRUCTS_LEAST)) many_tensors(g);
  gn_tensor *t = g->free_tensors;
  if (t) {
    g->free_tensors = (gn_tensor *)t->store;
    __builtin_prefetch(g->free_tensors, 1);
  } else if (!(t = new_struct(g, 0, sizeof *t))) return NULL;
  g->counted[0]++;
  t->refs = 1, t->weak = 0, t->wants_grad = false, t->out = 0, t->g = g, t->node = NULL, t->grad = NULL, t->store = NULL, t->ndim = 0;
  return t;
}

void gn_tensors_close(gn *g) {
  for (int i = 0; i < 4; i++) gn_unref(g->spare[i]);
  while (g->free_tensors) {
    gn_tensor *t = g->free_tensors;
    g->free_tensors = (gn_tensor *)t->store;
    free_struct(g, 0, t, sizeof *t);
  }
  while (g->free_storages) {
    gn_storage *s = g->free_storages;
    g->free_storages = s->owner;
    free_struct(g, 1, s, sizeof *s);
  }
  free(g->temps);
}

gn_tensor *gn_ref(gn_tensor *t) {
  if (t) t->refs++;
  return t;
}

void gn_unref(gn_tensor *t) {
  if (!t || --t->refs > 0) return;
  gn *g = t->g;
  if (t->node) {
    if (t->node->leaf == t) t->node->leaf = NULL;
    gn_node_unref(t->node);
  }
  if (t->grad) gn_unref(t->grad);
  if (t->store) storage_unref(t->store);
  g->counted[0]--;
  t->store = (gn_storage *)g->free_tensors, g->free_tensors = t;
}

static void set_packed_strides(gn_tensor *t) {
  int64_t step = 1;
  for (int i = t->ndim - 1; i >= 0; i--) t->stride[i] = step, step *= t->dim[i] ? t->dim[i] : 1;
}

/* Bytes of a shape, or an error. */
static bool bytes_of(gn_dtype type, int ndim, const int64_t *dim, size_t *bytes) {
  if (ndim < 0 || ndim > GN_MAX_DIMS) return gn_fail("tensor: %d dims, wanted at most %d", ndim, GN_MAX_DIMS);
  int64_t n = 1;
  bool huge = false, empty = false;
  for (int i = 0; i < ndim; i++) {
    if (dim[i] < 0) return gn_fail("tensor: size of dim %d is %lld, wanted 0 or more", i + 1, (long long)dim[i]);
    empty |= dim[i] == 0;
    huge |= dim[i] && !gn_mul_ok(n, dim[i], &n);
  }
  if (empty) n = 0, huge = false;
  if (huge || n > ((int64_t)1 << 46)) return gn_fail_as(GN_NOMEM, "out of memory: a tensor of more than 2^46 elements was asked for");
  *bytes = (size_t)n * types[type].size;
  return true;
}

/* A packed tensor whose storage holds nothing yet, and the bytes it wants. */
static gn_tensor *new_shell(gn *g, gn_dtype type, int ndim, const int64_t *dim, size_t *bytes) {
  if (!bytes_of(type, ndim, dim, bytes)) return NULL;
  gn_tensor *t = new_tensor(g);
  if (!t) return NULL;
  if (!(t->store = new_storage(g))) return gn_unref(t), NULL;
  t->dtype = type, t->ndim = ndim;
  if (ndim) memcpy(t->dim, dim, (size_t)ndim * sizeof *dim);
  set_packed_strides(t);
  return t;
}

gn_tensor *gn_new(gn *g, gn_dtype type, int ndim, const int64_t *dim) {
  size_t bytes;
  gn_tensor *t = new_shell(g, type, ndim, dim, &bytes);
  if (!t) return NULL;
  if (!(t->store->data = gn_alloc(g, bytes))) return gn_unref(t), NULL;
  t->store->bytes = bytes;
  t->data = t->store->data;
  return t;
}

gn_tensor *gn_zeros(gn *g, gn_dtype type, int ndim, const int64_t *dim) {
  gn_tensor *t = gn_new(g, type, ndim, dim);
  if (t) memset(t->data, 0, t->store->bytes);
  return t;
}

gn_tensor *gn_scalar(gn *g, double value, gn_dtype type, int weak) {
  gn_tensor *t = gn_new(g, type, 0, NULL);
  if (!t) return NULL;
  if (type == GN_F32) *(float *)t->data = (float)value;
  else gn_set(t, 0, value);
  t->weak = (int8_t)weak;
  return t;
}

gn_tensor *gn_borrow(gn *g, gn_dtype type, int ndim, const int64_t *dim, void *data, void (*release)(void *), void *owner) {
  size_t bytes;
  gn_tensor *t = new_shell(g, type, ndim, dim, &bytes);
  if (!t) return NULL;
  t->store->data = data, t->store->bytes = bytes, t->store->release = release, t->store->owner = owner;
  t->data = data;
  return t;
}

gn_tensor *gn_alias(gn_tensor *of, int ndim, const int64_t *dim, const int64_t *stride, int64_t offset) {
  gn_tensor *t = new_tensor(of->g);
  if (!t) return NULL;
  t->dtype = of->dtype, t->ndim = ndim, t->store = of->store, t->store->refs++;
  for (int i = 0; i < ndim; i++) t->dim[i] = dim[i], t->stride[i] = stride[i];
  t->data = of->data + offset * (int64_t)types[of->dtype].size;
  return t;
}

void gn_drop_data(gn_tensor *t) {
  if (t->store) storage_unref(t->store);
  t->store = NULL, t->data = NULL;
}

void gn_take_data(gn_tensor *t, const gn_tensor *from) {
  gn_drop_data(t);
  t->store = from->store, t->data = from->data;
  if (t->store) t->store->refs++;
  memcpy(t->stride, from->stride, sizeof t->stride);
}

gn_tensor *gn_detach(gn_tensor *t) { return gn_alias(t, t->ndim, t->dim, t->stride, 0); }

/* ---- halves ---- */
float gn_from_half(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, e = (h >> 10) & 31, m = h & 0x3ff, u;
  if (e == 31) u = sign | 0x7f800000u | m << 13;
  else if (e) u = sign | (e + 112) << 23 | m << 13;
  else {
    float f = (float)m * 0x1p-24f;
    memcpy(&u, &f, 4);
    u |= sign;
  }
  float f;
  memcpy(&f, &u, 4);
  return f;
}

uint16_t gn_to_half(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  uint16_t sign = (uint16_t)(u >> 16 & 0x8000);
  u &= 0x7fffffff;
  if (u > 0x7f800000) return sign | 0x7e00;
  if (u >= 0x477ff000) return sign | 0x7c00;                     /* rounds to infinity */
  if (u < 0x38800000) {                                          /* subnormal: let the float adder round */
    memcpy(&f, &u, 4);
    f += 0.5f;
    memcpy(&u, &f, 4);
    return (uint16_t)(sign | (u - 0x3f000000));
  }
  u += 0xc8000fff + (u >> 13 & 1);
  return (uint16_t)(sign | u >> 13);
}

float gn_from_bf16(uint16_t h) {
  uint32_t u = (uint32_t)h << 16;
  float f;
  memcpy(&f, &u, 4);
  return f;
}

uint16_t gn_to_bf16(float f) {
  uint32_t u;
  memcpy(&u, &f, 4);
  if ((u & 0x7fffffff) > 0x7f800000) return (uint16_t)(u >> 16 | 64);
  return (uint16_t)((u + 0x7fff + (u >> 16 & 1)) >> 16);
}

/* ---- elements ---- */
static char *place(const gn_tensor *t, int64_t element) {
  int64_t at = 0;
  for (int i = t->ndim - 1; i >= 0; i--) at += element % t->dim[i] * t->stride[i], element /= t->dim[i];
  return t->data + at * (int64_t)types[t->dtype].size;
}

double gn_get(const gn_tensor *t, int64_t element) {
  const char *p = place(t, element);
  switch (t->dtype) {
    case GN_BOOL: case GN_U8: return *(const uint8_t *)p;
    case GN_I32: return *(const int32_t *)p;
    case GN_I64: return (double)*(const int64_t *)p;
    case GN_F16: return gn_from_half(*(const uint16_t *)p);
    case GN_BF16: return gn_from_bf16(*(const uint16_t *)p);
    default: return *(const float *)p;
  }
}

int64_t gn_get_whole(const gn_tensor *t, int64_t element) {
  return t->dtype == GN_I64 ? *(const int64_t *)(void *)place(t, element) : (int64_t)gn_get(t, element);
}

static int64_t to_integer(double x) {
  if (x != x) return INT64_MIN;
  return x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x;
}

void gn_set(gn_tensor *t, int64_t element, double x) {
  char *p = place(t, element);
  switch (t->dtype) {
    case GN_BOOL: *(uint8_t *)p = x != 0; break;
    case GN_U8: *(uint8_t *)p = (uint8_t)to_integer(x); break;
    case GN_I32: *(int32_t *)p = (int32_t)to_integer(x); break;
    case GN_I64: *(int64_t *)p = to_integer(x); break;
    case GN_F16: *(uint16_t *)p = gn_to_half((float)x); break;
    case GN_BF16: *(uint16_t *)p = gn_to_bf16((float)x); break;
    default: *(float *)p = (float)x;
  }
}

/* ---- copying ---- */
static bool broadcast_strides(const gn_tensor *from, const gn_tensor *to, int64_t *stride) {
  char a[160], b[160];
  int skip = to->ndim - from->ndim;
  bool fine = skip >= 0;
  for (int i = 0; fine && i < to->ndim; i++) {
    if (i < skip || (from->dim[i - skip] == 1 && to->dim[i] != 1)) stride[i] = 0;
    else if (from->dim[i - skip] == to->dim[i]) stride[i] = from->stride[i - skip];
    else fine = false;
  }
  return fine || gn_fail("copy_: from is %s, which does not broadcast to x %s", gn_shape_text(from, a, sizeof a), gn_shape_text(to, b, sizeof b));
}

bool gn_copy_into(gn_tensor *to, const gn_tensor *from) {
  gn *g = to->g;
  int64_t stride[GN_MAX_DIMS];
  if (!broadcast_strides(from, to, stride)) return false;
  gn_tensor *other = NULL;
  if (from->dtype != to->dtype) {
    if (!(other = gn_cast((gn_tensor *)from, to->dtype))) return false;
    if (!broadcast_strides(other, to, stride)) return gn_unref(other), false;
    from = other;
  } else if (from->store == to->store) {                                        /* they may overlap */
    gn_tensor *copy = gn_new(g, from->dtype, from->ndim, from->dim);
    if (!copy || !gn_copy_into(copy, from) || !broadcast_strides(copy, to, stride)) return gn_unref(copy), false;
    from = other = copy;
  }
  if (gn_numel(to)) {
    if (gn_packed(to) && gn_packed(from) && gn_numel(to) == gn_numel(from)) memmove(to->data, from->data, (size_t)gn_numel(to) * gn_size(to->dtype));
    else g->k->copy_strided(from->data, stride, to->data, to->stride, to->dim, to->ndim, gn_size(to->dtype));
  }
  to->store->version++;
  gn_unref(other);
  return true;
}

gn_tensor *gn_pack(gn_tensor *t) {
  if (gn_packed(t)) return gn_ref(t);
  gn_tensor *p = gn_new(t->g, t->dtype, t->ndim, t->dim);
  if (p && !gn_copy_into(p, t)) { gn_unref(p); return NULL; }
  return p;
}

gn_tensor *gn_cast(gn_tensor *t, gn_dtype type) {
  gn_tensor *p = gn_pack(t);
  if (!p || p->dtype == type) return p;
  gn_tensor *c = gn_new(t->g, type, t->ndim, t->dim);
  if (c) t->g->k->cast(p->data, p->dtype, c->data, type, gn_numel(p));
  gn_unref(p);
  return c;
}
