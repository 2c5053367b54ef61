/* conv_in.h: what the convolution kernels share: the micro-kernel, and the gathering of panels from a picture. */
#ifndef GN_CONV_IN_H
#define GN_CONV_IN_H
#include "../kernels.h"
#include <string.h>

#if defined(__AVX512F__)
#define VL 16          /* floats in a vector */
#define MR 14          /* rows of a full micro-tile: MR x 2 accumulators and three more fit the registers */
#elif defined(__AVX__)
#define VL 8
#define MR 6
#elif defined(__aarch64__)
#define VL 4
#define MR 8
#else
#define VL 4
#define MR 4
#endif
#define NARROW (2 * VL)   /* pixels of a panel */
#define WIDE (4 * VL)     /* .. where there are at most MR / 2 rows; VL pixels where rows of outputs are that short */
#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
typedef float vec __attribute__((vector_size(VL * 4), aligned(4)));
typedef float v8 __attribute__((vector_size(32), aligned(4)));
typedef float v4 __attribute__((vector_size(16), aligned(4)));

INLINE vec load(const float *p) { return *(const vec *)p; }
INLINE void store(float *p, vec v) { *(vec *)p = v; }

typedef int32_t ivec __attribute__((vector_size(VL * 4)));
INLINE vec choose(ivec mask, vec a, vec b) { return (vec)((mask & (ivec)a) | (~mask & (ivec)b)); }
static inline bool is_relu(const gn_act *a) { return a && a->slope == 0 && a->cap == __builtin_inff(); }
INLINE vec activate(vec v, const gn_act *a) {                    /* NaN stays */
  if (is_relu(a)) return choose(v <= 0, (vec){0}, v);
  vec low = a->slope ? v * a->slope : (vec){0}, cap = a->cap - (vec){0};
  v = choose(v <= 0, low, v);
  return choose(v > cap, cap, v);
}

/* c[rows, nv * VL] (+)= a[k, rows] * b[k, nv * VL], k in order; bias is added at the end where given, then what is below 0 cut. Row k of b starts at k * ldb, or at off[k]. */
INLINE void tile(int rows, int nv, bool table, int64_t k, const float *restrict a, const float *restrict b, int64_t ldb, const int64_t *restrict off,
                 float *restrict c, int64_t ldc, const float *bias, bool relu, bool first) {
  vec acc[MR][4];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < nv; j++) acc[i][j] = first ? (vec){0} : load(c + i * ldc + j * VL);
  }
  for (int64_t i = 0; i < k; i++, a += rows) {
    __builtin_prefetch(a + 512);
    const float *from = table ? b + off[i] : b + i * ldb;
    vec v[4];
    UNROLL for (int j = 0; j < nv; j++) v[j] = load(from + j * VL);
    UNROLL for (int i = 0; i < rows; i++) {
      vec w = a[i] - (vec){0};
      UNROLL for (int j = 0; j < nv; j++) acc[i][j] += w * v[j];
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < nv; j++) {
      vec v = bias ? acc[i][j] + bias[i] : acc[i][j];
      store(c + i * ldc + j * VL, relu ? choose(v <= 0, (vec){0}, v) : v);
    }
  }
}

/* n floats; a call of memmove would take longer than most rows. */
INLINE void copy(float *to, const float *from, int64_t n) {
  if (n >= 8) {
    for (int64_t i = 0; i + 8 <= n; i += 8) *(v8 *)(to + i) = *(const v8 *)(from + i);
    *(v8 *)(to + n - 8) = *(const v8 *)(from + n - 8);
  } else if (n >= 4) {
    v4 low = *(const v4 *)from, high = *(const v4 *)(from + n - 4);
    *(v4 *)to = low, *(v4 *)(to + n - 4) = high;
  } else if (n > 0) {
    float a = from[0], b = from[n / 2], c = from[n - 1];
    to[0] = a, to[n / 2] = b, to[n - 1] = c;
  }
}

/* Lanes of two vectors, by twos. */
#if VL == 16
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif VL == 8
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#else
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#endif

/* The rows of o output channels in blocks of nearly equal height, none above `most`. Block i starts at row(i). */
typedef struct rows { int64_t count, base, extra; } rows;
INLINE rows rows_of(int64_t o, int most) {
  int64_t n = (o + most - 1) / most;
  return (rows){n, o / n, o % n};
}
INLINE int64_t row_at(const rows *r, int64_t i) { return i * r->base + (i < r->extra ? i : r->extra); }

/* Where the rows of a panel come from: position of a tap = q * step + off[d][tap]; row k = (channel, tap0, tap1, tap2). */
typedef struct view {
  int64_t n, c, channels;               /* c of this group, channels in the tensor */
  int64_t in[3], q[3], step[3];
  int64_t nt[3];
  int64_t *off[3], *tap[3];             /* offset and number of each tap of a dim */
  int edge;
} view;
typedef struct run { int64_t at, len, n, q[3]; } run;   /* neighbouring pixels of one row of the output */

bool K(conv_view_open)(gn *g, view *v, const int64_t nt[3]);
void K(conv_view_close)(gn *g, view *v);
int K(conv_runs)(const view *v, int64_t p, int64_t count, run *r);
void K(conv_gather)(const view *v, const float *x, const run *r, int runs, int64_t count, int64_t width, int64_t k0, int64_t k1, float *to);
void K(conv_kernel)(int64_t height, int64_t width, int64_t k, const float *a, const float *b, int64_t ldb, const int64_t *off, float *c, int64_t ldc,
                    const float *bias, const gn_act *act, bool first);
void K(conv_copy_sorted)(float *to, int64_t pitch, const float *row, int64_t x, int64_t step, int64_t len, int64_t width, int edge);
void K(conv_copy_run)(float *to, const float *from, int64_t x, int64_t step, int64_t len, int64_t width, int edge);

/* A copy of the input with its padding, the columns sorted by their remainder to the step: every row of a panel then lies in it as it is, and nothing
 * is gathered. row0, row1 count from lo; column = q + (offset div step) - lo[2]. strip > 0: of a large input each task copies what it needs for that many
 * rows of outputs, which stays in its caches; data is then NULL. */
typedef struct picture {
  const float *data;
  float *own; size_t bytes;
  int64_t lo[3], size[2], pitch, step, plane, strip;
} picture;
bool K(picture_suits)(const view *v, int64_t width, const int64_t lo[3], const int64_t hi[3], picture *p);
void K(picture_cut)(const view *v, picture *p, int64_t strip);     /* for strips of so many rows */
bool K(picture_make)(gn *g, const view *v, bool strips, int64_t o, int64_t width, const float *x, picture *p);
void K(picture_strip)(const view *v, const picture *p, const float *x, int64_t h, float *to);
void K(picture_offsets)(const view *v, const picture *p, int64_t *off);
static inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
bool K(narrow_suits)(const gn_conv *s, bool data);
bool K(narrow)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y);
bool K(narrow_spread)(gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x);
bool K(wino_suits)(const gn_conv *s, bool data);
bool K(wino)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y);
bool K(wino2_suits)(const gn_conv *s);
bool K(wino2)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y);
bool K(wino_rows_suits)(const gn_conv *s);
bool K(wino_rows)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y);
bool K(wino_weight)(gn *g, const gn_conv *s, bool two, const float *x, const float *y, float *w);
/* Pools that rows can be made of one after the other, and rows q0..q1-1 of some planes; x: the first one's rows from `first` on, the others' `step` further each. */
bool K(pool_suits)(const gn_window *s);
void K(max_pool_rows)(const gn_window *s, int64_t planes, const float *x, int64_t step, int64_t first, int64_t q0, int64_t q1, float *y);
bool K(depthwise)(gn *g, const view *v, int64_t planes, const float *x, const float *w, int64_t wstep, const float *b, const gn_act *act, float *y);
static inline int64_t volume(const int64_t d[3]) { return d[0] * d[1] * d[2]; }
#endif
