/* wino_weight.c: gradients of a convolution's weights by Winograd's way, the adjoint of wino.c and wino2.c: m = (A y A^T) (B^T x B) is summed over all tiles
 * as a product of matrices for each of the 36 or 25 spots, then w = G^T m G. Fast mode only. */
#include "conv_in.h"
#include "wino.h"

#ifdef GN_EXACT
bool K(wino_weight)(gn *g, const gn_conv *s, bool two, const float *x, const float *y, float *w) { return false; }
#else

enum { CHUNK = 1 << 22, LEAST = 24 };      /* floats of both sides in a chunk; least panels of one */

typedef struct job {
  const float *y;
  float *w, *v, *q, *m;
  bool two;
  int n;                                   /* a tile has n x n spots */
  tiling t;
  int64_t c, o, k, oh, ow, panel0, panels, slices, tiles, qstep, mstep;
} job;

INLINE void expand(bool two, vec a, vec b, vec c, vec d, vec t[6]) {
  vec p = a + c, q = b + d, r = a + 4 * c, s = 2 * b + 8 * d;
  t[0] = a, t[1] = p + q, t[2] = p - q, t[3] = r + s;
  if (two) t[4] = d;
  else t[4] = r - s, t[5] = d;
}

/* One channel's tiles of a panel: q[spot][o][tiles] = A y A^T. */
INLINE void transform(const job *j, bool two, int64_t o, const seg *s, int segs, float (*d)[4 * NARROW], float *q) {
  float e[4][NARROW], f[6][4 * NARROW];
  const int n = two ? 5 : 6;
  for (int k = 0; k < segs; k++)
    for (int i = 0; i < 4; i++) {
      float *to = d[i] + 4 * s[k].at;
      if (s[k].y + i < j->oh) K(conv_copy_run)(to, j->y + ((s[k].n * j->o + o) * j->oh + s[k].y + i) * j->ow, s[k].x, 1, 4 * s[k].len, j->ow, GN_ZERO);
      else memset(to, 0, (size_t)(4 * s[k].len) * sizeof(float));
    }
  for (int p = 0; p < 4 * NARROW; p += VL) {
    vec t[6];
    expand(two, load(d[0] + p), load(d[1] + p), load(d[2] + p), load(d[3] + p), t);
    UNROLL for (int i = 0; i < n; i++) store(f[i] + p, t[i]);
  }
  for (int i = 0; i < n; i++) {
    for (int p = 0; p < NARROW; p += 8) {
      v8 t[4];
      split4(f[i] + 4 * p, t);
      UNROLL for (int q = 0; q < 4; q++) *(v8 *)(e[q] + p) = t[q];
    }
    UNROLL for (int p = 0; p < NARROW; p += VL) {
      vec t[6];
      expand(two, load(e[0] + p), load(e[1] + p), load(e[2] + p), load(e[3] + p), t);
      UNROLL for (int r = 0; r < n; r++) store(q + (i * n + r) * j->qstep + p, t[r]);
    }
  }
}

static void y_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t slice = i % j->slices, panel = i / j->slices;
  seg s[NARROW];
  float d[4][4 * NARROW] = {{0}};
  int segs = find_segs(&j->t, (j->panel0 + panel) * NARROW, s);
  for (int64_t o = j->o * slice / j->slices; o < j->o * (slice + 1) / j->slices; o++) {
    float *q = j->q + o * j->tiles + panel * NARROW;
    if (j->two) transform(j, true, o, s, segs, d, q);
    else transform(j, false, o, s, segs, d, q);
  }
}

/* ---- w = G^T m G ---- */
INLINE void fold(bool two, const vec m[6], vec g[3]) {
  vec s = (m[1] + m[2]) * (1.f / 6);
  if (two) {
    g[0] = (m[0] - m[1]) * .5f + (m[3] - m[2]) * (1.f / 6), g[1] = m[4] - m[1] * .5f + m[2] * (1.f / 6) + m[3] * (1.f / 3);
  } else {
    vec r = m[3] + m[4];
    g[0] = m[0] * .25f - s + r * (1.f / 24), g[1] = (m[2] - m[1]) * (1.f / 6) + (m[3] - m[4]) * (1.f / 12), g[2] = r * (1.f / 6) - s + m[5];
  }
}

INLINE void fold_block(const job *j, bool two, const float *m, float g[9][VL]) {
  const int n = two ? 5 : 6, taps = two ? 2 : 3;
  vec t[6][3], r[3];
  UNROLL for (int i = 0; i < n; i++) {
    vec in[6];
    UNROLL for (int p = 0; p < n; p++) in[p] = load(m + (p * n + i) * j->mstep);
    fold(two, in, t[i]);
  }
  UNROLL for (int a = 0; a < taps; a++) {
    vec in[6];
    UNROLL for (int i = 0; i < n; i++) in[i] = t[i][a];
    fold(two, in, r);
    UNROLL for (int b = 0; b < taps; b++) store(g[a * taps + b], r[b]);
  }
}

static void w_task(void *context, int64_t o, int worker) {
  const job *j = context;
  float g[9][VL];
  for (int64_t at = 0; at < j->k; at += VL) {
    int64_t k = at + VL <= j->k || j->k < VL ? at : j->k - VL;           /* fewer than a vector: m has room behind it */
    const float *m = j->m + o * j->k + k;
    if (j->two) fold_block(j, true, m, g);
    else fold_block(j, false, m, g);
    for (int64_t i = 0; i < VL && i < j->k; i++)
      if (j->two) {
        int64_t row = (k + i) / 2 % 2, col = (k + i) % 2;
        float *to = j->w + (o * j->c + (k + i) / 4) * 16 + row * 4 + col;
        to[0] = g[0][i], to[2] = g[1][i], to[8] = g[2][i], to[10] = g[3][i];
      } else {
        float *to = j->w + (o * j->c + k + i) * 9;
        for (int t = 0; t < 9; t++) to[t] = g[t][i];
      }
  }
}

static bool chunk_product(gn *g, job *j, int64_t room) {
  gn_gemm p = {.m = j->o, .n = j->k, .k = j->panels * NARROW, .a = j->q, .ars = j->tiles, .acs = 1, .b = j->v, .brs = 1, .bcs = j->tiles, .c = j->m, .ldc = j->k,
               .nbatch = 1, .bdim = {j->n * j->n}, .astep = {j->qstep}, .bstep = {room}, .cstep = {j->mstep}, .add = j->panel0 > 0};
  return K(gemm)(g, &p);
}

/* two: for 4x4 with stride 2, else for 3x3 with stride 1; the caller has asked wino2_suits or wino_suits. */
bool K(wino_weight)(gn *g, const gn_conv *s, bool two, const float *x, const float *y, float *w) {
  job j = {.y = y, .w = w, .two = two, .n = two ? 5 : 6, .c = s->c, .o = s->o, .k = two ? 4 * s->c : s->c, .oh = s->out[1], .ow = s->out[2]};
  j.t.th = (j.oh + 3) / 4, j.t.tw = (j.ow + 3) / 4, j.t.tiles = s->n * j.t.th * j.t.tw;
  int64_t spots = j.n * j.n, total = (j.t.tiles + NARROW - 1) / NARROW, most = CHUNK / (spots * (j.k + j.o) * NARROW);
  if (most < LEAST) most = LEAST;
  int64_t chunks = (total + most - 1) / most;
  most = (total + chunks - 1) / chunks;
  j.tiles = most * NARROW + 16;                                /* odd steps: rows in different cache sets */
  j.qstep = j.o * j.tiles, j.mstep = j.o * j.k;
  int64_t vstep = j.k * j.tiles;
  size_t bytes = (size_t)(spots * (j.qstep + vstep + j.mstep) + VL) * sizeof(float);
  float *all = j.q = gn_alloc(g, bytes);
  if (!all) return false;
  j.v = j.q + spots * j.qstep, j.m = j.v + spots * vstep;
  bool ok = true;
  for (j.panel0 = 0; ok && j.panel0 < total; j.panel0 += most) {
    j.panels = total - j.panel0 < most ? total - j.panel0 : most;
    j.slices = j.panels < 16 ? 16 / j.panels : 1;
    wino_in in = {s, &j.t, x, j.v, j.panel0, j.panels, NARROW, j.tiles, vstep};
    if (two) K(wino2_inputs)(g, &in);
    else K(wino_inputs)(g, &in);
    gn_parallel(g, j.panels * j.slices, y_task, &j);
    ok = chunk_product(g, &j, vstep);
  }
  if (ok) gn_parallel(g, j.o, w_task, &j);
  gn_free(g, all, bytes);
  return ok;
}
#endif
