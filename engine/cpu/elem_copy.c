/* elem_copy.c: conversion between types, strided copies, fills. */
#include "kernels.h"
#include <string.h>

#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif

/* ---- halves, branch-free so that loops vectorise (the formulas of M. Dukhan's FP16) ---- */
static inline float as_float(uint32_t u) { float f; memcpy(&f, &u, 4); return f; }
static inline uint32_t as_bits(float f) { uint32_t u; memcpy(&u, &f, 4); return u; }

static inline float half_in(uint16_t h) {
  uint32_t w = (uint32_t)h << 16, two = w + w;
  float normal = as_float((two >> 4) + (0xE0u << 23)) * 0x1p-112f, small = as_float((two >> 17) | (126u << 23)) - 0.5f;
  return as_float((w & 0x80000000u) | (two < (1u << 27) ? as_bits(small) : as_bits(normal)));
}

static inline uint16_t half_out(float f) {
  float base = (as_float(as_bits(f) & 0x7fffffff) * 0x1p112f) * 0x1p-110f;
  uint32_t w = as_bits(f), two = w + w, bias = two & 0xFF000000u;
  bias = bias < 0x71000000u ? 0x71000000u : bias;
  uint32_t bits = as_bits(as_float((bias >> 1) + 0x07800000u) + base);
  uint32_t rest = ((bits >> 13) & 0x7c00) + (bits & 0xfff);
  return (uint16_t)((w & 0x80000000u) >> 16 | (two > 0xFF000000u ? 0x7e00 : rest));
}

static inline float bf16_in(uint16_t h) { return as_float((uint32_t)h << 16); }
static inline uint16_t bf16_out(float f) {
  uint32_t u = as_bits(f);
  return (uint16_t)((u & 0x7fffffff) > 0x7f800000 ? u >> 16 | 64 : (u + 0x7fff + (u >> 16 & 1)) >> 16);
}

/* ---- floats to integers: cut; what does not fit becomes the smallest (u8: the low byte, as PyTorch) ---- */
static inline int32_t i32_out(float f) { return f >= -2147483648.0f && f < 2147483648.0f ? (int32_t)f : INT32_MIN; }
static inline int64_t i64_out(float f) { return f >= -0x1p63f && f < 0x1p63f ? (int64_t)f : INT64_MIN; }
static inline uint8_t u8_out(float f) { return f >= -2147483648.0f && f < 2147483648.0f ? (uint8_t)(int32_t)f : (uint8_t)i64_out(f); }

#define LOOP(from_type, to_type, expression) do { \
    const from_type *s = src; to_type *d = dst; \
    INDEPENDENT for (int64_t i = 0; i < n; i++) d[i] = (to_type)(expression); } while (0)
#define FROM_FLOAT(name, type, in) \
  static void name(const void *src, void *dst, gn_dtype to, int64_t n) { \
    switch (to) { \
      case GN_BOOL: LOOP(type, uint8_t, in(s[i]) != 0.0f); break; \
      case GN_U8: LOOP(type, uint8_t, u8_out(in(s[i]))); break; \
      case GN_I32: LOOP(type, int32_t, i32_out(in(s[i]))); break; \
      case GN_I64: LOOP(type, int64_t, i64_out(in(s[i]))); break; \
      case GN_F16: LOOP(type, uint16_t, half_out(in(s[i]))); break; \
      case GN_BF16: LOOP(type, uint16_t, bf16_out(in(s[i]))); break; \
      default: LOOP(type, float, in(s[i])); } }
#define FROM_INTEGER(name, type) \
  static void name(const void *src, void *dst, gn_dtype to, int64_t n) { \
    switch (to) { \
      case GN_BOOL: LOOP(type, uint8_t, s[i] != 0); break; \
      case GN_U8: LOOP(type, uint8_t, s[i]); break; \
      case GN_I32: LOOP(type, int32_t, s[i]); break; \
      case GN_I64: LOOP(type, int64_t, s[i]); break; \
      case GN_F16: LOOP(type, uint16_t, half_out((float)s[i])); break; \
      case GN_BF16: LOOP(type, uint16_t, bf16_out((float)s[i])); break; \
      default: LOOP(type, float, (float)s[i]); } }
static inline float f32_in(float f) { return f; }
FROM_FLOAT(from_f32, float, f32_in)
FROM_FLOAT(from_f16, uint16_t, half_in)
FROM_FLOAT(from_bf16, uint16_t, bf16_in)
FROM_INTEGER(from_u8, uint8_t)
FROM_INTEGER(from_i32, int32_t)
FROM_INTEGER(from_i64, int64_t)

void K(cast)(const void *src, gn_dtype from, void *dst, gn_dtype to, int64_t n) {
  if (n <= 0) return;
  if (from == to) {
    memmove(dst, src, (size_t)n * gn_size(to));
    return;
  }
  switch (from) {
    case GN_I32: from_i32(src, dst, to, n); break;
    case GN_I64: from_i64(src, dst, to, n); break;
    case GN_F16: from_f16(src, dst, to, n); break;
    case GN_BF16: from_bf16(src, dst, to, n); break;
    case GN_F32: from_f32(src, dst, to, n); break;
    default: from_u8(src, dst, to, n);
  }
}

static int64_t integer_of(double x) { return x != x ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : x < -0x1p63 ? INT64_MIN : (int64_t)x; }

void K(fill)(void *dst, gn_dtype type, double value, int64_t n) {
#define FILL(t, v) do { t *d = dst, x = (t)(v); for (int64_t i = 0; i < n; i++) d[i] = x; } while (0)
  switch (type) {
    case GN_BOOL: FILL(uint8_t, value != 0); break;
    case GN_U8: FILL(uint8_t, integer_of(value)); break;
    case GN_I32: FILL(int32_t, integer_of(value)); break;
    case GN_I64: FILL(int64_t, integer_of(value)); break;
    case GN_F16: FILL(uint16_t, gn_to_half((float)value)); break;
    case GN_BF16: FILL(uint16_t, gn_to_bf16((float)value)); break;
    default: FILL(float, value);
  }
#undef FILL
}

/* ---- strided copies ---- */
typedef struct plane { int64_t n0, n1, s0, s1, d0, d1; } plane;     /* strides in elements; dim 1 is the inner one */

typedef uint32_t quad __attribute__((vector_size(16)));
/* 16 x 16 elements of 4 bytes; source rows run along dim 0, destination rows along dim 1 */
static void transpose_tile(const uint32_t *s, int64_t s1, uint32_t *d, int64_t d0) {
  for (int i = 0; i < 16; i += 4)
    for (int j = 0; j < 16; j += 4) {
      quad a, b, c, e;
      const uint32_t *p = s + j * s1 + i;
      memcpy(&a, p, 16), memcpy(&b, p + s1, 16), memcpy(&c, p + 2 * s1, 16), memcpy(&e, p + 3 * s1, 16);
      quad ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      quad ce0 = __builtin_shufflevector(c, e, 0, 4, 1, 5), ce1 = __builtin_shufflevector(c, e, 2, 6, 3, 7);
      a = __builtin_shufflevector(ab0, ce0, 0, 1, 4, 5), b = __builtin_shufflevector(ab0, ce0, 2, 3, 6, 7);
      c = __builtin_shufflevector(ab1, ce1, 0, 1, 4, 5), e = __builtin_shufflevector(ab1, ce1, 2, 3, 6, 7);
      uint32_t *q = d + i * d0 + j;
      memcpy(q, &a, 16), memcpy(q + d0, &b, 16), memcpy(q + 2 * d0, &c, 16), memcpy(q + 3 * d0, &e, 16);
    }
}

/* Two rows of the source become one of pairs: pixel_shuffle, real and imaginary parts. */
#define INTERLEAVE(type) do { \
  const type *restrict a = s, *restrict b = s + p->s1; type *restrict to = d; \
  for (int64_t i = 0; i < p->n0; i++) to[2 * i] = a[i], to[2 * i + 1] = b[i]; } while (0)

#define PLANE(name, type) \
  static void name(const void *src, void *dst, const plane *p) { \
    const type *s = src; type *d = dst; \
    if (p->s1 == 1 && p->d1 == 1) { \
      for (int64_t i = 0; i < p->n0; i++) memcpy(d + i * p->d0, s + i * p->s0, (size_t)p->n1 * sizeof(type)); \
    } else if (p->s1 == 0 && p->d1 == 1) { \
      for (int64_t i = 0; i < p->n0; i++) { type *r = d + i * p->d0, v = s[i * p->s0]; for (int64_t j = 0; j < p->n1; j++) r[j] = v; } \
    } else if (p->n1 == 2 && p->s0 == 1 && p->d0 == 2 && p->d1 == 1) INTERLEAVE(type); \
    else { \
      for (int64_t ib = 0; ib < p->n0; ib += 16) for (int64_t jb = 0; jb < p->n1; jb += 16) { \
        int64_t ie = ib + 16 < p->n0 ? ib + 16 : p->n0, je = jb + 16 < p->n1 ? jb + 16 : p->n1; \
        if (sizeof(type) == 4 && p->s0 == 1 && p->d1 == 1 && ie - ib == 16 && je - jb == 16) { \
          transpose_tile((const uint32_t *)(const void *)(s + ib + jb * p->s1), p->s1, (uint32_t *)(void *)(d + ib * p->d0 + jb), p->d0); \
          continue; \
        } \
        for (int64_t i = ib; i < ie; i++) for (int64_t j = jb; j < je; j++) d[i * p->d0 + j * p->d1] = s[i * p->s0 + j * p->s1]; \
      } } }
PLANE(plane1, uint8_t)
PLANE(plane2, uint16_t)
PLANE(plane4, uint32_t)
PLANE(plane8, uint64_t)

typedef struct layout { int n; int64_t dim[GN_MAX_DIMS], s[GN_MAX_DIMS], d[GN_MAX_DIMS]; } layout;
static int64_t size_of(int64_t x) { return x < 0 ? -x : x; }

/* Drops dims of size 1, puts the destination's smallest stride last, merges what lies together. */
static void lay_out(layout *l, const int64_t *ss, const int64_t *ds, const int64_t *dim, int ndim) {
  int n = 0;
  for (int i = 0; i < ndim; i++) {
    if (dim[i] == 1) continue;
    int at = n++;
    for (; at > 0 && size_of(l->d[at - 1]) < size_of(ds[i]); at--) l->dim[at] = l->dim[at - 1], l->s[at] = l->s[at - 1], l->d[at] = l->d[at - 1];
    l->dim[at] = dim[i], l->s[at] = ss[i], l->d[at] = ds[i];
  }
  int m = 0;
  for (int i = 1; i < n; i++) {
    if (l->s[m] == l->s[i] * l->dim[i] && l->d[m] == l->d[i] * l->dim[i]) l->dim[m] *= l->dim[i], l->s[m] = l->s[i], l->d[m] = l->d[i];
    else m++, l->dim[m] = l->dim[i], l->s[m] = l->s[i], l->d[m] = l->d[i];
  }
  l->n = n ? m + 1 : 0;
}

/* Pairs of neighbours that lie together on both sides move as one element of twice the size; returns that size. */
static size_t join_pairs(layout *l, const void *src, const void *dst, size_t item) {
  int last = l->n - 1;
  bool fine = last > 0 && item <= 4 && l->dim[last] == 2 && l->s[last] == 1 && l->d[last] == 1 && ((uintptr_t)src | (uintptr_t)dst) % (2 * item) == 0;
  for (int i = 0; i < last; i++) fine &= l->s[i] % 2 == 0 && l->d[i] % 2 == 0;
  if (!fine) return item;
  for (int i = 0; i < last; i++) l->s[i] /= 2, l->d[i] /= 2;
  l->n = last;
  return 2 * item;
}

/* Takes dim i out of the layout. */
static void take(layout *l, int i, int64_t *n, int64_t *s, int64_t *d) {
  *n = 1, *s = *d = 0;
  if (i < 0) return;
  *n = l->dim[i], *s = l->s[i], *d = l->d[i];
  for (l->n--; i < l->n; i++) l->dim[i] = l->dim[i + 1], l->s[i] = l->s[i + 1], l->d[i] = l->d[i + 1];
}

void K(copy_strided)(const void *src, const int64_t *sstride, void *dst, const int64_t *dstride, const int64_t *dim, int ndim, size_t item) {
  layout l;
  for (int i = 0; i < ndim; i++) if (dim[i] == 0) return;
  lay_out(&l, sstride, dstride, dim, ndim);
  item = join_pairs(&l, src, dst, item);
  plane p;
  take(&l, l.n - 1, &p.n1, &p.s1, &p.d1);
  if (p.n1 == 1) p.s1 = p.d1 = 1;
  int second = l.n - 1;
  if (p.s1 != 1)                                                       /* a transpose: the plane that holds the source's rows */
    for (int i = 0; i < l.n; i++) if (l.s[i] == 1) second = i;
  take(&l, second, &p.n0, &p.s0, &p.d0);
  void (*copy)(const void *, void *, const plane *) = item == 1 ? plane1 : item == 2 ? plane2 : item == 4 ? plane4 : plane8;
  int64_t at[GN_MAX_DIMS] = { 0 };
  const char *s = src;
  char *d = dst;
  for (;;) {
    copy(s, d, &p);
    int i = l.n - 1;
    for (; i >= 0; i--) {
      s += l.s[i] * (int64_t)item, d += l.d[i] * (int64_t)item;
      if (++at[i] < l.dim[i]) break;
      s -= l.s[i] * l.dim[i] * (int64_t)item, d -= l.d[i] * l.dim[i] * (int64_t)item, at[i] = 0;
    }
    if (i < 0) return;
  }
}
