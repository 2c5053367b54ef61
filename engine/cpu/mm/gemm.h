/* gemm.h: packing and edges around the micro-kernel; shared by the files of cpu/mm. */
#ifndef GN_CPU_GEMM_H
#define GN_CPU_GEMM_H
#include "micro.h"

void K(lstm_cell)(int64_t n, int64_t h, float *gates, const float *c0, float *c, float *y);          /* gemm_rnn.c */

typedef float gn_v4 __attribute__((vector_size(16)));
typedef float gn_v4u __attribute__((vector_size(16), aligned(4), may_alias));

/* Four rows of four floats at s (rows lie `from` apart) become columns at d. */
GN_INLINE void transpose4(const float *s, int64_t from, float *d, int64_t to) {
  gn_v4 a = *(const gn_v4u *)s, b = *(const gn_v4u *)(s + from), c = *(const gn_v4u *)(s + 2 * from), e = *(const gn_v4u *)(s + 3 * from);
  gn_v4 x = __builtin_shufflevector(a, b, 0, 4, 1, 5), y = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  gn_v4 z = __builtin_shufflevector(c, e, 0, 4, 1, 5), w = __builtin_shufflevector(c, e, 2, 6, 3, 7);
  *(gn_v4u *)d = __builtin_shufflevector(x, z, 0, 1, 4, 5);
  *(gn_v4u *)(d + to) = __builtin_shufflevector(x, z, 2, 3, 6, 7);
  *(gn_v4u *)(d + 2 * to) = __builtin_shufflevector(y, w, 0, 1, 4, 5);
  *(gn_v4u *)(d + 3 * to) = __builtin_shufflevector(y, w, 2, 3, 6, 7);
}

/* One panel: d[k][width] from `used` lines of s that lie `line` apart, elements along k `step` apart; missing lines become 0. */
GN_INLINE void pack_panel(const int width, int64_t used, int64_t k, const float *restrict s, int64_t line, int64_t step, float *restrict d) {
  int64_t p = 0;
  if (used < width) {
    for (; p < k; p++)
      for (int64_t i = 0; i < width; i++) d[p * width + i] = i < used ? s[i * line + p * step] : 0;
  } else if (line == 1) {
    for (; p < k; p++) memcpy(d + p * width, s + p * step, sizeof(float) * (size_t)width);
  } else if (step == 1) {
    for (; p + 4 <= k; p += 4)
      for (int i = 0; i < width; i += 4) {
        int r = i + 4 <= width ? i : width - 4;        /* the last group may overlap the one before */
        transpose4(s + r * line + p, line, d + p * width + r, width);
      }
  }
  for (; p < k; p++)
    for (int i = 0; i < width; i++) d[p * width + i] = s[i * line + p * step];
}

/* A[m,k] into tiles of MR rows, each [k][MR]. */
static __attribute__((unused)) void pack_a(int64_t m, int64_t k, const float *a, int64_t ars, int64_t acs, float *d) {
  for (int64_t i = 0; i < m; i += MR, d += k * MR) pack_panel(MR, m - i < MR ? m - i : MR, k, a + i * ars, ars, acs, d);
}

/* B[k,n] into panels of NR columns, each [k][NR], the last filled up with zeros. Rows that are contiguous are read a few at a time over the whole width, since
 * one panel alone would touch a new page with every row. */
static __attribute__((unused)) void pack_b(int64_t k, int64_t n, const float *b, int64_t brs, int64_t bcs, float *d) {
  int64_t j0 = bcs == 1 ? n / NR * NR : 0;
  if (j0)
    for (int64_t p = 0; p < k; p += 8)
      for (int64_t j = 0; j < j0; j += NR)
        for (int64_t q = p; q < p + 8 && q < k; q++) memcpy(d + j * k + q * NR, b + q * brs + j, sizeof(float) * NR);
  d += j0 * k;
  for (int64_t j = j0; j < n; j += NR, d += k * NR) pack_panel(NR, n - j < NR ? n - j : NR, k, b + j * bcs, bcs, brs, d);
}

/* A tile at the right edge: w < NR columns, through a buffer of full width. */
static __attribute__((noinline, unused)) void micro_edge(int64_t r, int64_t w, int64_t k, const float *a, int64_t ars, int64_t acs, const float *b, int64_t brs, float *c, int64_t ldc, bool add) {
  float tile[MR * NR] __attribute__((aligned(64)));
  if (add)
    for (int64_t i = 0; i < r; i++)
      for (int64_t j = 0; j < NR; j++) tile[i * NR + j] = j < w ? c[i * ldc + j] : 0;
  if (w <= VL && r == MR) micro_rows(MR, 1, k, a, ars, acs, b, brs, tile, NR, add, 0, NULL);
  else K(micro_table)[r](k, a, ars, acs, b, brs, tile, NR, add, 0, NULL);
  for (int64_t i = 0; i < r; i++)
    for (int64_t j = 0; j < w; j++) c[i * ldc + j] = tile[i * NR + j];
}
#endif
