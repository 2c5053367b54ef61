/* reduce_in.h: what the reduction kernels share: 8 lanes at a time, partial vectors at the ends, splitting by shape. */
#ifndef GN_CPU_REDUCE_IN_H
#define GN_CPU_REDUCE_IN_H
#include "kernels.h"
#include "vecmath.h"
#include <math.h>
#include <string.h>
#define INLINE static inline __attribute__((always_inline, unused))

typedef float v8 __attribute__((vector_size(32)));
typedef int32_t m8 __attribute__((vector_size(32)));
typedef float v8u __attribute__((vector_size(32), aligned(4), may_alias));
enum { LANES = 8, GRAIN = 16384 /* elements a task should have at least */ };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE v8 load(const float *p) { return *(const v8u *)p; }
INLINE void store(float *p, v8 v) { *(v8u *)p = v; }
INLINE v8 all8(float x) { return (v8){ x, x, x, x, x, x, x, x }; }
INLINE v8 pick(m8 mask, v8 a, v8 b) { return (v8)((mask & (m8)a) | (~mask & (m8)b)); }
INLINE v8 vmax(v8 a, v8 b) { return pick((b > a) | (b != b), b, a); }      /* a NaN on either side stays */
INLINE v8 vmin(v8 a, v8 b) { return pick((b < a) | (b != b), b, a); }
INLINE v8 vabs(v8 a) { return (v8)((m8)a & 0x7fffffff); }
INLINE float smax(float a, float b) { return ((b > a) | (b != b)) ? b : a; }
INLINE float smin(float a, float b) { return ((b < a) | (b != b)) ? b : a; }

/* The first n (1..8) of p; the other lanes get `fill`. */
INLINE v8 load_n(const float *p, int64_t n, float fill) {
  if (n >= LANES) return load(p);
  v8 v = all8(fill);
  memcpy(&v, p, (size_t)n * sizeof *p);
  return v;
}
INLINE void store_n(float *p, v8 v, int64_t n) {
  if (n >= LANES) store(p, v);
  else memcpy(p, &v, (size_t)n * sizeof *p);
}
INLINE float add8(v8 v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }
INLINE v16 load16(const float *p, int64_t n, float fill) {
  if (n >= 16) return v16_load(p);
  v16 v = v16_set(fill);
  memcpy(&v, p, (size_t)n * sizeof *p);
  return v;
}
INLINE void store16(float *p, v16 v, int64_t n) {
  if (n >= 16) v16_store(p, v);
  else memcpy(p, &v, (size_t)n * sizeof *p);
}
INLINE float sum16(v16 a) {
  v8 low, high;
  memcpy(&low, &a, sizeof low), memcpy(&high, (const char *)&a + sizeof low, sizeof high);
  return add8(low + high);
}
INLINE float max8(v8 v) { return smax(smax(smax(v[0], v[4]), smax(v[2], v[6])), smax(smax(v[1], v[5]), smax(v[3], v[7]))); }

/* The largest of a row of n >= 1; NaN if there is one. */
INLINE float row_max(const float *x, int64_t n) {
  float most = x[0];
  if (n < LANES) {
    for (int64_t i = 1; i < n; i++) most = smax(most, x[i]);
    return most;
  }
  v8 a = load(x), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) a = vmax(a, load(x + i)), b = vmax(b, load(x + i + 8)), c = vmax(c, load(x + i + 16)), d = vmax(d, load(x + i + 24));
  for (; i + LANES <= n; i += LANES) a = vmax(a, load(x + i));
  if (i < n) b = vmax(b, load(x + n - LANES));
  return max8(vmax(vmax(a, b), vmax(c, d)));
}

/* The largest of a row of n >= 1 that holds no NaN, else any number: for sums of exp(x - largest), which NaNs turn into NaN whatever is taken off. */
INLINE v8 peak8(v8 a, v8 b) {
#if defined __AVX__ || defined __clang__
  for (int i = 0; i < LANES; i++) a[i] = b[i] > a[i] ? b[i] : a[i];      /* one instruction */
  return a;
#else
  return pick(b > a, b, a);
#endif
}
INLINE float row_peak(const float *x, int64_t n) {
  if (n < LANES) return row_max(x, n);
  v8 a = load(x), b = a, c = a, d = a;
  int64_t i = 0;
  for (; i + 32 <= n; i += 32) a = peak8(a, load(x + i)), b = peak8(b, load(x + i + 8)), c = peak8(c, load(x + i + 16)), d = peak8(d, load(x + i + 24));
  for (; i + LANES <= n; i += LANES) a = peak8(a, load(x + i));
  if (i < n) b = peak8(b, load(x + n - LANES));
  return max8(peak8(peak8(a, b), peak8(c, d)));
}

/* exp(x) for x <= 0 or NaN; below -87, where it is less than 2e-38, it is 0. */
INLINE vf exp_down(vf x) {
  vi low = x < v_set(-87.0f), k;
#if defined __AVX__ || defined __clang__
  for (int i = 0; i < GN_VW; i++) x[i] = -87.0f > x[i] ? -87.0f : x[i];  /* one instruction */
#else
  x = v_sel(low, v_set(-87.0f), x);
#endif
  vf n = x * 1.44269504f + 12582912.0f;
  k = (vi)n << 23;                                                     /* the low bits of the constant are 0 */
  n = n - 12582912.0f;
  vf y = v_exp_poly((x - n * 0.693359375f) - n * -2.12194440e-4f) + 1.0f;
  return (vf)((vi)((vu)y + (vu)k) & ~low);                              /* lanes that low will blank may wrap */
}
V16_MAP(v16_exp_down, (v16 a), exp_down(a.p[i]))
V16_MAP(v16_and, (v16 a, v16 b), (vf)((vi)a.p[i] & (vi)b.p[i]))
/* keeps the last n lanes */
static const int32_t last_lanes[32] __attribute__((unused)) = { [16] = -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };

/* The sum of exp(x - shift) of a row, shift its largest, the terms stored in out where it is not NULL. */
INLINE double exp_sum(const float *x, float *out, float shift, int64_t n) {
  double total = 0;
  v16 s = v16_set(shift);
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t end = least(n, from + 4096), i = from;
    v16 a = v16_set(0), b = a;
    for (; i + 32 <= end; i += 32) {
      uintptr_t next = (uintptr_t)(x + i) + (uintptr_t)n * sizeof *x;    /* in the next row, if there is one: memory works while we compute */
      __builtin_prefetch((const void *)next), __builtin_prefetch((const void *)(next + 64));
      v16 p = v16_exp_down(v16_sub(v16_load(x + i), s)), q = v16_exp_down(v16_sub(v16_load(x + i + 16), s));
      if (out) v16_store(out + i, p), v16_store(out + i + 16, q);
      a = v16_add(a, p), b = v16_add(b, q);
    }
    for (; i + 16 <= end; i += 16) {
      v16 p = v16_exp_down(v16_sub(v16_load(x + i), s));
      if (out) v16_store(out + i, p);
      a = v16_add(a, p);
    }
    if (i < end && n >= 16) {                                          /* the last 16, those that are new added */
      v16 p = v16_exp_down(v16_sub(v16_load(x + end - 16), s));
      if (out) v16_store(out + end - 16, p);
      b = v16_add(b, v16_and(p, v16_load((const float *)last_lanes + (end - i))));
    } else if (i < end) {
      v16 p = v16_exp_down(v16_sub(load16(x + i, end - i, -INFINITY), s));
      if (out) store16(out + i, p, end - i);
      b = v16_add(b, p);
    }
    total += sum16(v16_add(a, b));
  }
  return total;
}

/* How many of n items of `cost` elements each make a task of at least GRAIN elements. */
INLINE int64_t items_per_task(int64_t n, int64_t cost) {
  int64_t k = cost > 0 ? GRAIN / cost : n;
  return k < 1 ? 1 : k > n ? (n > 0 ? n : 1) : k;
}
INLINE int64_t split(int64_t n, int64_t size) { return (n + size - 1) / size; }
INLINE void run_tasks(gn *g, int64_t n, gn_task *task, void *context) {
  if (n == 1) task(context, 0, 0);
  else if (n > 1) gn_parallel(g, n, task, context);
}
#endif
