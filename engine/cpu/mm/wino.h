/* wino.h: what the Winograd kernels share: runs of neighbouring tiles, and the sorting of columns by their place in a tile of four. */
#ifndef GN_WINO_H
#define GN_WINO_H
#if VL == 16
#define LW 16
#else
#define LW 8
#endif
typedef float lw __attribute__((vector_size(LW * 4), aligned(4)));

typedef struct seg { int64_t at, len, n, y, x; } seg;       /* neighbouring tiles of one row of tiles: slot, how many, sample, first output */
typedef struct tiling { int64_t th, tw, tiles; } tiling;    /* tiles down and across a picture, and in all */

/* A convolution's inputs, transformed: v[spot][channel][tile] of some panels, with the steps between panels, channels and spots. */
typedef struct wino_in {
  const gn_conv *s;
  const tiling *t;
  const float *x;
  float *v;
  int64_t panel0, panels, pstep, kstep, vstep;
} wino_in;
void K(wino_inputs)(gn *g, const wino_in *in);
void K(wino2_inputs)(gn *g, const wino_in *in);

/* The segments of the panel that begins at a tile; returns how many. */
static inline int find_segs(const tiling *t, int64_t tile, seg *s) {
  int64_t row = tile / t->tw, x = tile % t->tw, count = t->tiles - tile < NARROW ? t->tiles - tile : NARROW;
  int n = 0;
  for (int64_t at = 0; at < count; x = 0, row++) {
    int64_t len = t->tw - x < count - at ? t->tw - x : count - at;
    s[n++] = (seg){at, len, row / t->th, row % t->th * 4, x * 4};
    at += len;
  }
  return n;
}

/* F(4, 3) in one direction: B^T of six inputs, A^T of six products. */
INLINE void wino_across(vec a, vec b, vec c, vec d, vec e, vec f, vec t[6]) {
  vec p = d - 4 * b, q = e - 4 * c, r = 2 * (d - b), s = e - c;
  t[0] = 4 * a - 5 * c + e, t[1] = q + p, t[2] = q - p, t[3] = s + r, t[4] = s - r, t[5] = 4 * b - 5 * d + f;
}
INLINE void wino_gather(vec a, vec b, vec c, vec d, vec e, vec f, vec t[4]) {
  vec p = b + c, q = b - c, r = d + e, s = d - e;
  t[0] = a + p + r, t[1] = q + 2 * s, t[2] = p + 4 * r, t[3] = q + 8 * s + f;
}

INLINE void split4(const float *from, v8 e[4]) {
  v8 a = *(const v8 *)from, b = *(const v8 *)(from + 8), c = *(const v8 *)(from + 16), d = *(const v8 *)(from + 24);
  v8 ab = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14), cd = __builtin_shufflevector(c, d, 0, 2, 4, 6, 8, 10, 12, 14);
  e[0] = __builtin_shufflevector(ab, cd, 0, 2, 4, 6, 8, 10, 12, 14), e[2] = __builtin_shufflevector(ab, cd, 1, 3, 5, 7, 9, 11, 13, 15);
  ab = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15), cd = __builtin_shufflevector(c, d, 1, 3, 5, 7, 9, 11, 13, 15);
  e[1] = __builtin_shufflevector(ab, cd, 0, 2, 4, 6, 8, 10, 12, 14), e[3] = __builtin_shufflevector(ab, cd, 1, 3, 5, 7, 9, 11, 13, 15);
}

/* Columns by their place in a tile of four, then those of the next tile's first two (the panel's last one has none). */
INLINE void sort_columns(const float *row, float (*e)[NARROW + 8]) {
  v8 next0 = {0}, next1 = {0};
  for (int p = NARROW - 8; p >= 0; p -= 8) {
    v8 r[4];
    split4(row + 4 * p, r);
    UNROLL for (int i = 0; i < 4; i++) *(v8 *)(e[i] + p) = r[i];
    *(v8 *)(e[4] + p) = __builtin_shufflevector(r[0], next0, 1, 2, 3, 4, 5, 6, 7, 8);
    *(v8 *)(e[5] + p) = __builtin_shufflevector(r[1], next1, 1, 2, 3, 4, 5, 6, 7, 8);
    next0 = r[0], next1 = r[1];
  }
}

INLINE void join4(const float *r0, const float *r1, const float *r2, const float *r3, float *to) {
  v8 a = *(const v8 *)r0, b = *(const v8 *)r1, c = *(const v8 *)r2, d = *(const v8 *)r3;
  v8 ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11), cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 2, 10, 3, 11);
  *(v8 *)to = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 2, 3, 10, 11);
  *(v8 *)(to + 8) = __builtin_shufflevector(ab, cd, 4, 5, 12, 13, 6, 7, 14, 15);
  ab = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15), cd = __builtin_shufflevector(c, d, 4, 12, 5, 13, 6, 14, 7, 15);
  *(v8 *)(to + 16) = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 2, 3, 10, 11);
  *(v8 *)(to + 24) = __builtin_shufflevector(ab, cd, 4, 5, 12, 13, 6, 7, 14, 15);
}
#endif
