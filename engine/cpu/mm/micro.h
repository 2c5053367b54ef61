/* micro.h: the one f32 micro-kernel of products, convolutions and attention, in GCC/Clang vector extensions.
 *
 * C[rows, NR] = (C or 0) + A[rows, k] B[k, NR]: rows x NR accumulators live in registers, k runs strictly in order with one accumulator per element, so that
 * without contraction (GN_EXACT) the bits are those of the plain loop at every ISA level, however the product is cut into tiles and blocks of k.
 * B comes as a panel: row k at b + k*brs, NR floats side by side. A comes with any strides (only broadcasts are read from it).
 * end says what is done to the sums before they are stored: a bias of the rows or of the columns is added, what is below 0 cut.
 */
#ifndef GN_CPU_MICRO_H
#define GN_CPU_MICRO_H
#include <string.h>
#include "../../gn.h"

#if defined(__AVX512F__)
#define VL 16
#define MR 14
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
#define NR (2 * VL)

typedef float gn_vec __attribute__((vector_size(VL * 4)));
typedef float gn_vecu __attribute__((vector_size(VL * 4), aligned(4), may_alias));
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif
#define GN_INLINE static inline __attribute__((always_inline, unused))

enum { ROW_BIAS = 1, COLUMN_BIAS = 2, RELU = 4 };
typedef int32_t gn_ivec __attribute__((vector_size(VL * 4)));
GN_INLINE gn_vec choose(gn_ivec mask, gn_vec a, gn_vec b) { return (gn_vec)((mask & (gn_ivec)a) | (~mask & (gn_ivec)b)); }

#define MICRO_ARGS int64_t k, const float *restrict a, int64_t ars, int64_t acs, const float *restrict b, int64_t brs, float *restrict c, int64_t ldc, bool add, int end, const float *bias
/* Every fourth row has a pointer of its own, or the steps to all rows would not fit into the registers; not known to the compiler as such, or it would find the steps again. */
#define PLACES(type, to, from, step) type to[4] = {from, from + (rows > 4 ? 4 : 0) * step, from + (rows > 8 ? 8 : 0) * step, from + (rows > 12 ? 12 : 0) * step}; __asm__("" : "+r"(to[1]), "+r"(to[2]), "+r"(to[3]))
#define ROW(of, i, step) (of[(i) / 4] + (i) % 4 * (step))

/* nv: vectors of columns. */
GN_INLINE void micro_rows(const int rows, const int nv, MICRO_ARGS) {
  gn_vec acc[MR][4], v[4];
  PLACES(float *, cr, c, ldc);
  UNROLL
  for (int i = 0; i < rows; i++) __builtin_prefetch(ROW(cr, i, ldc), 1);
  if (add) {
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int j = 0; j < nv; j++) acc[i][j] = *(const gn_vecu *)(ROW(cr, i, ldc) + j * VL);
    }
  } else {
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int j = 0; j < nv; j++) acc[i][j] = (gn_vec){0};
    }
  }
  PLACES(const float *, ar, a, ars);
  for (int64_t p = 0; p < k; p++, b += brs) {
    UNROLL
    for (int j = 0; j < nv; j++) v[j] = *(const gn_vecu *)(b + j * VL);
    UNROLL
    for (int i = 0; i < rows; i++) {
      gn_vec x = *ROW(ar, i, ars) - (gn_vec){0};
      UNROLL
      for (int j = 0; j < nv; j++) acc[i][j] += x * v[j];
    }
    UNROLL
    for (int i = 0; i < (rows + 3) / 4; i++) ar[i] += acs;
  }
  __asm__("" : "+r"(c), "+r"(ldc));
  PLACES(float *, to, c, ldc);
  if (end) {
    gn_vec none = {0};
    UNROLL
    for (int j = 0; j < nv; j++) {
      v[j] = none;
      if (end & COLUMN_BIAS) v[j] = *(const gn_vecu *)(bias + j * VL);
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
      UNROLL
      for (int j = 0; j < nv; j++) {
        if (end & ROW_BIAS) v[j] = bias[i] - none;
        if (end & (ROW_BIAS | COLUMN_BIAS)) acc[i][j] += v[j];
        if (end & RELU) acc[i][j] = choose(acc[i][j] <= none, none, acc[i][j]);
      }
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++) {
    UNROLL
    for (int j = 0; j < nv; j++) *(gn_vecu *)(ROW(to, i, ldc) + j * VL) = acc[i][j];
  }
}

typedef void micro_fn(MICRO_ARGS);
extern micro_fn *const K(micro_table)[MR + 1];        /* by the number of rows; in gemm.c */
#if VL == 16
#define QUAD 6                                        /* rows of a tile of four vectors: fewer tiles, of whole runs of B as it lies */
#endif
#endif
