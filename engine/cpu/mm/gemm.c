/* gemm.c: f32 products. The result is cut into tiles; each tile is one task that packs its own blocks of A and B. An element is the same sum in the same order
 * in whatever tile it lies, so that tiles may be as many as suit the threads. Forms where packing does not pay (one row, few rows, tiny) are in gemm_few.c and at the end of this file. */
#include "../kernels.h"
#include "gemm.h"
#include "gemm_few.h"

#define KC 384                                   /* a panel of B (KC x NR floats) stays in the L1 cache */
#define MC (MR * (96 / MR))                      /* a block of A (MC x KC) stays in the L2 cache */
#define SMALL_B 4096                             /* floats of B that are packed on the stack */

#define ONE_TASK 1.5e6                           /* multiplications that are not worth a second thread */
#define HAND_OVER 1e5                            /* multiplications that are done before another thread begins */
#define FEW_PANELS 20                            /* of B: packing A for fewer does not pay */
#define READ_ROWS (10 * MR)                       /* packing B for fewer does not pay */
#define KEEP_FEW 3                               /* from here on kept panels beat reading B as it lies */
#define KEEP_MOST (4 << 20)                      /* floats of B: larger ones with few rows are read as they lie, as they may not be kept */
#define KEEP_ROWS 512                            /* above it packing B anew is a small share of the product */

/* packed: floats of B's panels in the scratch, in front of A's.
 * kept: all of B in panels, or NULL. Its block of k from k0 on lies at k0 * columns, there a panel of NR columns after the other: the same for every cut into tiles. */
typedef struct tiles { const gn_gemm *p; int64_t mt, nt, tm, tn, batch, group; float *scratch; size_t stride; int64_t packed; float *kept; int64_t columns; } tiles;

#define MICRO_N(n) static __attribute__((noinline)) void micro_##n(MICRO_ARGS) { micro_rows(n, 2, k, a, ars, acs, b, brs, c, ldc, add, end, bias); }
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
micro_fn *const K(micro_table)[MR + 1] = {0, micro_1, micro_2, micro_3, micro_4,
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

#ifdef QUAD
#define QUAD_N(n) static __attribute__((noinline)) void quad_##n(MICRO_ARGS) { micro_rows(n, 4, k, a, ars, acs, b, brs, c, ldc, add, end, bias); }
QUAD_N(1) QUAD_N(2) QUAD_N(3) QUAD_N(4) QUAD_N(5) QUAD_N(6)
static micro_fn *const quad_table[QUAD + 1] = {0, quad_1, quad_2, quad_3, quad_4, quad_5, quad_6};
#endif

static int64_t round_up(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* What comes after the products of a tile of m rows and w columns: bias (of the rows, or of the columns), then the activation. */
static void finish(const gn_gemm *p, const float *bias, float *c, int64_t m, int64_t w) {
  for (int64_t i = 0; i < m; i++, c += p->ldc)
    for (int64_t j = 0; j < w; j++) {
      float v = bias ? c[j] + bias[p->row_bias ? i : j] : c[j];
      c[j] = p->act.on ? gn_activate(v, &p->act) : v;
    }
}

/* The same of a whole panel that has its bias. */
static void activate(const gn_gemm *p, float *c, int64_t m) {
  gn_vec none = {0}, slope = p->act.slope - none, cap = p->act.cap - none;
  for (int64_t i = 0; i < m; i++, c += p->ldc)
    for (int64_t j = 0; j < NR; j += VL) {
      gn_vec v = *(gn_vecu *)(c + j), low = p->act.slope ? v * slope : none;
      v = choose(v <= none, low, v);
      *(gn_vecu *)(c + j) = choose(v > cap, cap, v);
    }
}

/* C[m,n] (+)= A B with B in panels that lie `step` apart, their rows brs apart; w < NR columns of the last panel go through a small tile. end: the product
 * whose bias (from this tile's first row or column on) and activation follow, or NULL. */
static void run_panels(const gn_gemm *end, const float *bias, int64_t m, int64_t n, int64_t k, const float *a, int64_t ars, int64_t acs, int64_t atile, const float *b, int64_t brs, int64_t step, float *c, int64_t ldc, bool add) {
  bool relu = end && end->act.on && !end->act.slope && end->act.cap == __builtin_inff();
  int what = !end ? 0 : (!bias ? 0 : end->row_bias ? ROW_BIAS : COLUMN_BIAS) | (relu ? RELU : 0);
#ifdef QUAD
  bool lies = step == NR && atile == MR * ars && (!end || !end->act.on || relu);
  for (; lies && n >= 2 * NR; n -= 2 * NR, b += 2 * NR, c += 2 * NR, bias = what & COLUMN_BIAS ? bias + 2 * NR : bias)
    for (int64_t i = 0; i < m; i += QUAD)
      quad_table[smaller(QUAD, m - i)](k, a + i * ars, ars, acs, b, brs, c + i * ldc, ldc, add, what, what & ROW_BIAS ? bias + i : bias);
#endif
  for (int64_t j = 0; j < n; j += NR, b += step) {
    int64_t w = smaller(NR, n - j);
    for (int64_t i = 0; i < m; i += MR) {
      int64_t r = smaller(MR, m - i);
      const float *ai = a + i / MR * atile, *bi = bias && end ? bias + (end->row_bias ? i : j) : NULL;
      float *ci = c + i * ldc + j;
      if (w == NR) {
        K(micro_table)[r](k, ai, ars, acs, b, brs, ci, ldc, add, what, bi);
        if (end && end->act.on && !relu) activate(end, ci, r);
      } else {
        micro_edge(r, w, k, ai, ars, acs, b, brs, ci, ldc, add);
        if (end) finish(end, bi, ci, r, w);
      }
    }
  }
}

/* Rows of A that few panels meet are read as they lie, unless their step puts them all in one place of the caches; so are B's whole panels where few rows meet them. */
static bool a_lies(const gn_gemm *p, int64_t n) { return p->acs == 1 && n <= FEW_PANELS * NR && p->ars % 1024; }
static bool b_lies(const gn_gemm *p, int64_t m) { return p->bcs == 1 && m <= READ_ROWS; }

/* b: the tile's first column, which is column j of B. */
static void tile_product(const tiles *s, const gn_gemm *end, const float *bias, const float *a, const float *b, int64_t j, float *c, int64_t m, int64_t n, float *scratch) {
  const gn_gemm *p = s->p;
  float *packed = scratch, *ap = scratch + s->packed;
  bool lies = a_lies(p, n);
  int64_t whole = !s->kept && b_lies(p, m) ? n / NR * NR : 0;
  for (int64_t k0 = 0; k0 < p->k; k0 += KC) {
    int64_t kc = smaller(KC, p->k - k0);
    const float *bp = s->kept ? s->kept + k0 * s->columns + j * kc : packed, *bk = b + k0 * p->brs;
    if (!s->kept) pack_b(kc, n - whole, bk + whole * p->bcs, p->brs, p->bcs, packed);
    for (int64_t i = 0; i < m; i += MC) {
      int64_t mc = smaller(MC, m - i), ars = lies ? p->ars : 1, acs = lies ? 1 : MR, atile = lies ? MR * p->ars : kc * MR;
      const float *ai = a + i * p->ars + k0 * p->acs, *bi = bias && p->row_bias ? bias + i : bias;
      const gn_gemm *last = k0 + kc == p->k ? end : NULL;
      float *ci = c + i * p->ldc;
      if (!lies) pack_a(mc, kc, ai, p->ars, p->acs, ap), ai = ap;
      run_panels(last, bi, mc, whole, kc, ai, ars, acs, atile, bk, p->brs, NR, ci, p->ldc, p->add || k0 > 0);
      run_panels(last, bi && !p->row_bias ? bi + whole : bi, mc, n - whole, kc, ai, ars, acs, atile, bp, NR, kc * NR, ci + whole, p->ldc, p->add || k0 > 0);
    }
  }
}

/* Whole panels of contiguous rows are read where they are. */
static void small_product(const gn_gemm *p, const gn_gemm *end, const float *bias, const float *a, const float *b, float *c, int64_t m, int64_t n) {
  float bp[SMALL_B] __attribute__((aligned(64)));
  int64_t whole = p->bcs == 1 ? n / NR * NR : 0;
  if (whole) run_panels(end, bias, m, whole, p->k, a, p->ars, p->acs, MR * p->ars, b, p->brs, NR, c, p->ldc, p->add);
  if (whole == n) return;
  pack_b(p->k, n - whole, b + whole * p->bcs, p->brs, p->bcs, bp);
  run_panels(end, bias && !p->row_bias ? bias + whole : bias, m, n - whole, p->k, a, p->ars, p->acs, MR * p->ars, bp, NR, p->k * NR, c + whole, p->ldc, p->add);
}

static bool is_small(int64_t n, int64_t k) { return k * round_up(n, NR) <= SMALL_B; }

static void tile_task(void *context, int64_t t, int worker) {
  const tiles *s = context;
  const gn_gemm *p = s->p;
  int64_t per = s->tm * s->tn, batch = t / per * s->group, end = smaller(batch + s->group, s->batch), i = t % per / s->tn * s->mt, j = t % s->tn * s->nt;
  int64_t m = smaller(s->mt, p->m - i), n = smaller(s->nt, p->n - j);
  for (; batch < end; batch++) {
    const float *a = p->a + i * p->ars, *b = p->b + j * p->bcs;
    float *c = p->c + i * p->ldc + j;
    int64_t rest = batch;
    for (int d = p->nbatch - 1; d >= 0; d--) {
      int64_t x = rest % p->bdim[d];
      rest /= p->bdim[d];
      a += x * p->astep[d], b += x * p->bstep[d], c += x * p->cstep[d];
    }
    const gn_gemm *after = p->bias || p->act.on ? p : NULL;
    const float *bias = p->bias ? p->bias + (p->row_bias ? i : j) : NULL;
    if (is_small(n, p->k)) small_product(p, after, bias, a, b, c, m, n);
    else tile_product(s, after, bias, a, b, j, c, m, n, (float *)((char *)s->scratch + worker * s->stride));
  }
}

/* Tiles of about `want` in number: halves of the longer side, at multiples of the micro-kernel. Every cut means packing more, so a lone thread cuts only what
 * outgrows the caches; several want one each, and some each of large products, as one thread may be held up. */
static void choose_tiles(const gn_gemm *p, tiles *s, int64_t workers) {
  double volume = (double)p->m * p->n * p->k;
  bool alone = workers == 1;
  int64_t want = volume < (alone ? 2e8 : ONE_TASK) ? 1 : alone ? (volume < 2e9 ? 2 : 16) : volume < 3e8 ? workers : workers > 8 ? 2 * workers : volume < 2e9 ? 8 : 16;
  if (s->batch >= 8) want = volume < 3e7 ? 1 : want / 2;
  s->mt = p->m, s->nt = p->n;
  for (int64_t have = 1; have < want || s->nt > 1024; have *= 2) {
    if (s->mt <= 2 * MR && s->nt <= 2 * NR) break;
    if (s->nt > 1024 || s->nt / 2 >= s->mt || s->mt <= 2 * MR) s->nt = round_up((s->nt + 1) / 2, NR);
    else s->mt = round_up((s->mt + 1) / 2, MR);
  }
  s->tm = (p->m + s->mt - 1) / s->mt, s->tn = (p->n + s->nt - 1) / s->nt;
  s->group = 1;
  if (s->tm * s->tn == 1 && volume < 5e5) s->group = (int64_t)(5e5 / (volume + 1000)) + 1;
}

/* Task i packs four panels of a block of k. */
static void keep_task(void *context, int64_t i, int worker) {
  const tiles *s = context;
  const gn_gemm *p = s->p;
  int64_t chunks = (s->columns / NR + 3) / 4, k0 = i / chunks * KC, j = i % chunks * 4 * NR, kc = smaller(KC, p->k - k0);
  pack_b(kc, smaller(4 * NR, p->n - j), p->b + k0 * p->brs + j * p->bcs, p->brs, p->bcs, s->kept + k0 * s->columns + j * kc);
}

static void keep_weights(gn *g, tiles *s) {
  const gn_gemm *p = s->p;
  bool fresh;
  s->columns = round_up(p->n, NR);
  if (!(s->kept = gn_packed_weights(g, &p->weights, p->bcs == 1 ? 3 : 4, sizeof(float) * (size_t)(p->k * s->columns), &fresh)) || !fresh) return;
  gn_parallel(g, (p->k + KC - 1) / KC * ((s->columns / NR + 3) / 4), keep_task, s);
}

bool K(gemm)(gn *g, const gn_gemm *p) {
  tiles s = {.p = p, .batch = 1};
  for (int d = 0; d < p->nbatch; d++) s.batch *= p->bdim[d];
  if (s.batch == 0 || p->m == 0 || p->n == 0) return true;
  bool keeps = p->weights.store && !p->nbatch && p->m >= KEEP_FEW && p->m <= KEEP_ROWS && p->n > 4 && (p->m > FEW_ROWS || p->k * p->n <= KEEP_MOST);
  if (s.batch == 1 && p->nbatch == 0 && !keeps && (p->m <= FEW_ROWS || p->n <= 4)) {
    bool done;
    if (!K(gemm_few)(g, p, &done)) return false;
    if (done) return true;
  }
  if (!p->nbatch && is_small(p->n, p->k) && (double)p->m * p->n * p->k < ONE_TASK) {      /* no tiles to choose */
    small_product(p, p->bias || p->act.on ? p : NULL, p->bias, p->a, p->b, p->c, p->m, p->n);
    return true;
  }
  choose_tiles(p, &s, gn_workers(g));
  if (keeps && !is_small(p->n, p->k)) keep_weights(g, &s);
  int64_t tasks = (s.batch + s.group - 1) / s.group * s.tm * s.tn;
  s.packed = s.kept ? 0 : KC * (b_lies(p, s.mt) ? NR : round_up(s.nt, NR));
  s.stride = sizeof(float) * (size_t)(s.packed + (a_lies(p, s.nt) ? 0 : MC * KC));
  if (!is_small(s.nt, p->k) && !(s.scratch = gn_scratch(g, &s.stride))) return false;
  if ((double)s.batch * p->m * p->n * p->k < HAND_OVER) for (int64_t i = 0; i < tasks; i++) tile_task(&s, i, 0);
  else gn_parallel(g, tasks, tile_task, &s);
  gn_scratch_free(g, s.scratch, s.stride);
  return true;
}

/* ---- a step of an lstm: the products go on in the cell's functions while their tile is in the L1 cache ---- */
typedef struct step { const gn_lstm *p; tiles in, state; } step;

/* One gate's columns j.. of n rows: tile += a w^T + bias. Rows of 4h floats in memory would fall into the same few places of the cache. */
static void gate_product(const tiles *s, int64_t r, int64_t n, int64_t j, float *tile, bool add) {
  const gn_gemm *p = s->p;
  for (int64_t k = 0; k < p->k; k += KC) {
    int64_t kc = smaller(KC, p->k - k);
    K(micro_table)[n](kc, p->a + r * p->ars + k, p->ars, 1, s->kept + k * s->columns + j * kc, NR, tile, NR, add || k > 0, 0, NULL);
  }
  for (int64_t i = 0; i < n * NR && p->bias; i += VL) *(gn_vec *)(tile + i) += *(const gn_vecu *)(p->bias + j + i % NR);
}

/* NR columns of each gate, MR rows at a time. */
static void step_task(void *context, int64_t i, int worker) {
  const step *s = context;
  const gn_lstm *p = s->p;
  int64_t j = i * NR, h = p->h;
  float tile[4][MR * NR] __attribute__((aligned(64)));
  for (int64_t r = 0; r < p->rows; r += MR) {
    int64_t n = smaller(MR, p->rows - r);
    float *gates = p->gates + r * 4 * h + j;
    for (int gate = 0; gate < 4; gate++) {
      if (p->x) gate_product(&s->in, r, n, gate * h + j, tile[gate], false);
      else for (int64_t q = 0; q < n; q++) memcpy(tile[gate] + q * NR, gates + q * 4 * h + gate * h, sizeof(float) * NR);
      gate_product(&s->state, r, n, gate * h + j, tile[gate], true);
    }
    for (int64_t q = 0; q < n; q++) {
      int64_t at = (r + q) * h + j;
      K(lstm_cell)(NR, MR * NR, tile[0] + q * NR, p->c0 + at, p->c + at, p->y + at);
      for (int gate = 0; gate < 4; gate++) memcpy(gates + q * 4 * h + gate * h, tile[gate] + q * NR, sizeof(float) * NR);
    }
  }
}

static gn_gemm gates_of(const gn_lstm *p, bool add, const float *a, int64_t k, const float *w, const float *bias, gn_source weights) {
  return (gn_gemm){.m = p->rows, .n = 4 * p->h, .k = k, .a = a, .ars = k, .acs = 1, .b = w, .brs = 1, .bcs = k, .c = p->gates, .ldc = 4 * p->h, .add = add,
                   .bias = bias, .weights = weights, .often = true};
}

bool K(lstm_step)(gn *g, const gn_lstm *p) {
  gn_gemm in = gates_of(p, false, p->x, p->in, p->w_ih, p->b_ih, p->ih), state = gates_of(p, true, p->h0, p->h, p->w_hh, p->b_hh, p->hh);
  step s = {.p = p, .in.p = &in, .state.p = &state};
  bool fused = p->rows >= KEEP_FEW && p->rows <= KEEP_ROWS && p->h % NR == 0 && p->h;
  if (fused && p->x) keep_weights(g, &s.in);
  if (fused) keep_weights(g, &s.state);
  if (s.state.kept && (s.in.kept || !p->x)) {
    if ((double)state.m * state.n * state.k < ONE_TASK) for (int64_t i = 0; i < p->h / NR; i++) step_task(&s, i, 0);
    else gn_parallel(g, p->h / NR, step_task, &s);
    return true;
  }
  if ((p->x && !K(gemm)(g, &in)) || !K(gemm)(g, &state)) return false;
  for (int64_t r = 0; r < p->rows; r++) K(lstm_cell)(p->h, p->h, p->gates + r * 4 * p->h, p->c0 + r * p->h, p->c + r * p->h, p->y + r * p->h);
  return true;
}
