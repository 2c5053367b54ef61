/* micro.h: the one f32 micro-kernel of products, convolutions and attention, in GCC/Clang vector extensions.
 *
 * C[rows, NR] = (C or 0) + A[rows, k] B[k, NR]: rows x NR accumulators live in registers, k runs strictly in order with one accumulator per element, so that
 * without contraction (GN_EXACT) the bits are those of the plain loop at every ISA level, however the product is cut into tiles and blocks of k.
 * B comes as a panel: row k at b + k*brs, NR floats side by side. A comes with any strides (only broadcasts are read from it).
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

GN_INLINE void micro_rows(const int rows, int64_t k, const float *restrict a, int64_t ars, int64_t acs, const float *restrict b, int64_t brs, float *restrict c, int64_t ldc, bool add) {
  gn_vec acc[MR][2];
  UNROLL
  for (int i = 0; i < rows; i++) __builtin_prefetch(c + i * ldc, 1);
  if (add) {
    UNROLL
    for (int i = 0; i < rows; i++) acc[i][0] = *(const gn_vecu *)(c + i * ldc), acc[i][1] = *(const gn_vecu *)(c + i * ldc + VL);
  } else {
    UNROLL
    for (int i = 0; i < rows; i++) acc[i][0] = (gn_vec){0}, acc[i][1] = (gn_vec){0};
  }
  for (int64_t p = 0; p < k; p++) {
    gn_vec b0 = *(const gn_vecu *)b, b1 = *(const gn_vecu *)(b + VL);
    UNROLL
    for (int i = 0; i < rows; i++) {
      gn_vec x = a[i * ars] - (gn_vec){0};
      acc[i][0] += x * b0;
      acc[i][1] += x * b1;
    }
    a += acs, b += brs;
  }
    UNROLL
  for (int i = 0; i < rows; i++) *(gn_vecu *)(c + i * ldc) = acc[i][0], *(gn_vecu *)(c + i * ldc + VL) = acc[i][1];
}

/* The same for one vector of columns. */
GN_INLINE void half_rows(const int rows, int64_t k, const float *restrict a, int64_t ars, int64_t acs, const float *restrict b, int64_t brs, float *restrict c, int64_t ldc, bool add) {
  gn_vec acc[MR];
  UNROLL
  for (int i = 0; i < rows; i++) {
    acc[i] = (gn_vec){0};
    if (add) acc[i] = *(const gn_vecu *)(c + i * ldc);
  }
  for (int64_t p = 0; p < k; p++, a += acs, b += brs) {
    gn_vec x = *(const gn_vecu *)b;
    UNROLL
    for (int i = 0; i < rows; i++) acc[i] += a[i * ars] * x;
  }
  UNROLL
  for (int i = 0; i < rows; i++) *(gn_vecu *)(c + i * ldc) = acc[i];
}

#define MICRO_ARGS int64_t k, const float *restrict a, int64_t ars, int64_t acs, const float *restrict b, int64_t brs, float *restrict c, int64_t ldc, bool add
#define MICRO_N(n) static __attribute__((noinline, unused)) void micro_##n(MICRO_ARGS) { micro_rows(n, k, a, ars, acs, b, brs, c, ldc, add); }
MICRO_N(1) MICRO_N(2) MICRO_N(3) MICRO_N(4)
#if MR > 4
MICRO_N(5) MICRO_N(6)
#endif
#if MR > 6
MICRO_N(7) MICRO_N(8)
#endif
#if MR > 8
MICRO_N(9) MICRO_N(10) MICRO_N(11) MICRO_N(12) MICRO_N(13) MICRO_N(14)
#endif
typedef void micro_fn(MICRO_ARGS);
static micro_fn *const micro_table[MR + 1] __attribute__((unused)) = {0, micro_1, micro_2, micro_3, micro_4,
#if MR > 4
  micro_5, micro_6,
#endif
#if MR > 6
  micro_7, micro_8,
#endif
#if MR > 8
  micro_9, micro_10, micro_11, micro_12, micro_13, micro_14,
#endif
};
#endif
