/* wino.c: 3x3 convolution with stride 1 by Winograd's F(4x4, 3x3) (Lavin & Gray 2016): 36 products instead of 144 for a tile of 4x4 outputs. A larger kernel
 * is a sum of 3x3 ones over shifted pictures: each part counts as a channel.
 * Tiles lie in panels of NARROW lanes, transforms run across them, the 36 products [o, c] x [c, tiles] go to the micro-kernel. Fast mode only: the
 * rounding differs from the direct sum by up to 1e-4 of the output's rms. */
#include "conv_in.h"
#include "wino.h"
#define NR NARROW
#define SPOTS 36
#define BLOCKS 4          /* of rows whose products are held at once: they stay in the L2 cache */
#define MOST 1024         /* channels of a large kernel's sum: a worker holds 4.6 KB for each */

#ifdef GN_EXACT
bool K(wino_suits)(const gn_conv *s, bool data) { return false; }
bool K(wino)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y) { return false; }
#else

typedef struct job {
  const float *x, *w, *b;
  float *y, *u, *v;
  int64_t ci, co, ih, iw, oh, ow, pad[2];
  int64_t k[2], blocks[2];                                  /* the kernel, and how many 3x3 ones it is made of; ci counts a channel for each of these */
  int edge;
  tiling t;
  int64_t ostep, cstep, ustep, vstep, zstep, kstep;         /* steps of the weights; of a spot in u, v and z; of a channel in v */
  bool flip, few, own;                                      /* few panels; own: each thread transforms the inputs for itself */
  int64_t *off;                                             /* of each channel in v */
  const gn_act *act;
  int lanes;                                                /* of a panel that hold tiles: all, or one vector */
  rows rows;
  char *scratch; size_t scratch_size;
} job;

bool K(wino_suits)(const gn_conv *s, bool data) {
  const int64_t *out = data ? s->in : s->out;
  int64_t parts = ((s->k[1] + 2) / 3) * ((s->k[2] + 2) / 3), from = (data ? s->o : s->c) * parts, to = data ? s->c : s->o;
  if (parts == 1 ? from < 8 || to < 8 || from + to < 18 : from < 12 || from > MOST || to < 16 || s->k[1] * s->k[2] * 2 < parts * 9) return false;
  if (s->groups != 1 || s->in[0] != 1 || s->out[0] != 1 || s->k[0] != 1 || s->k[1] < 3 || s->k[2] < 3 || s->pad[0]) return false;
  for (int d = 0; d < 3; d++) if (s->stride[d] != 1 || s->dilation[d] != 1) return false;
  int64_t tiles = s->n * ((out[1] + 3) / 4) * ((out[2] + 3) / 4), pixels = s->n * out[1] * out[2], full = tiles <= VL ? VL : (tiles + NR - 1) / NR * NR;
  return pixels >= 144 && full * 16 <= pixels * 2;
}

/* Channel c of the sum: the picture's channel, and the first tap of the 3x3 part of the kernel. */
typedef struct place { int64_t c, down, right; } place;
static inline place place_of(const job *j, int64_t c) {
  int64_t parts = j->blocks[0] * j->blocks[1];
  return (place){c / parts, c % parts / j->blocks[1] * 3, c % j->blocks[1] * 3};
}

/* ---- weights: u = G w G^T, in the order in which they are read: [spot][block of rows][c][rows], for few panels [block of rows][spot][c][rows] ---- */
enum { SPARE = 16 };                                        /* odd steps: 36 streams in different cache sets */
INLINE float *weights_of(const job *j, int64_t m, int64_t *ustep) {
  int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o;
  *ustep = j->few ? j->ci * height + SPARE : j->ustep;
  return j->u + (j->few ? SPOTS * (o * j->ci + m * SPARE) : o * j->ci);
}

INLINE void filter(lw a, lw b, lw c, lw t[6]) {
  lw s = a + c, e = a * (1.f / 24) + c * (1.f / 6);
  t[0] = a * .25f, t[1] = (s + b) * (-1.f / 6), t[2] = (s - b) * (-1.f / 6), t[3] = e + b * (1.f / 12), t[4] = e - b * (1.f / 12), t[5] = c;
}

static void weight_task(void *context, int64_t m, int worker) {
  const job *j = context;
  int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o, ustep;
  float *u = weights_of(j, m, &ustep);
  for (int64_t c = 0; c < j->ci; c++) {
    place p = place_of(j, c);
    const float *w = j->w + o * j->ostep + p.c * j->cstep;
    float g[9][LW] = {{0}};
    for (int t = 0; t < 9; t++) {
      int64_t row = p.down + t / 3, col = p.right + t % 3, tap = row * j->k[1] + col;
      if (row >= j->k[0] || col >= j->k[1]) continue;
      if (j->flip) tap = j->k[0] * j->k[1] - 1 - tap;
      for (int64_t i = 0; i < height; i++) g[t][i] = w[i * j->ostep + tap];
    }
    lw t[3][6], r[6];
    for (int q = 0; q < 3; q++) filter(*(lw *)g[q], *(lw *)g[3 + q], *(lw *)g[6 + q], t[q]);
    float *to = u + c * height;
    bool room = (j->ci - c) * height >= LW;
    for (int p = 0; p < 6; p++) {
      filter(t[0][p], t[1][p], t[2][p], r);
      for (int q = 0; q < 6; q++) {
        if (room) *(lw *)(to + (p * 6 + q) * ustep) = r[q];
        else for (int64_t i = 0; i < height; i++) to[(p * 6 + q) * ustep + i] = r[q][i];
      }
    }
  }
}

/* ---- pictures: v[spot][c][tiles] = B^T d B ---- */
/* gn_edge_row; of small pictures each row has such elements: zeros are written here. */
INLINE void edge_row(float *to, const float *row, int64_t x, int64_t n, int64_t width, int edge) {
  if (edge != GN_ZERO) gn_edge_row(to, row, x, 1, n, width, edge);
  else for (int64_t i = 0; i < n; i++) to[i] = x + i >= 0 && x + i < width ? row[x + i] : 0;
}

/* Copies columns x..x+n-1 of a row. */
INLINE void copy_clipped(float *to, const float *row, int64_t x, int64_t n, int64_t width, int edge) {
  int64_t low = x < 0 ? -x : 0, high = width - x < n ? width - x : n;
  if (low > n) low = n;
  if (high < low) high = low;
  edge_row(to, row, x, low, width, edge);
  copy(to + low, row + x + low, high - low);
  edge_row(to + high, row, x + high, n - high, width, edge);
}

/* The six rows of every tile: four columns a tile, then two more past the end of each segment. */
static void read_rows(const job *j, int64_t c, const seg *s, int segs, float d[6][6 * NR]) {
  place p = place_of(j, c);
  int64_t channels = j->ci / (j->blocks[0] * j->blocks[1]);
  for (int k = 0; k < segs; k++)
    for (int i = 0; i < 6; i++) {
      int64_t y = gn_edge_at(s[k].y + i + p.down - j->pad[0], j->ih, j->edge), x = s[k].x + p.right - j->pad[1], n = 4 * s[k].len;
      float *to = d[i] + 4 * s[k].at, *over = d[i] + 4 * NR + 2 * k;
      if (y < 0) {
        for (int64_t e = 0; e < n; e++) to[e] = 0;
        over[0] = over[1] = 0;
        continue;
      }
      const float *row = j->x + ((s[k].n * channels + p.c) * j->ih + y) * j->iw;
      copy_clipped(to, row, x, n, j->iw, j->edge);
      edge_row(over, row, x + n, 2, j->iw, j->edge);
    }
}

/* What a task transforms with. Lanes of no tile keep their value: zero it where they count. */
typedef struct work { float d[6][6 * NR], e[6][6][NR + 8]; } work;

static void transform_in(const job *j, int64_t c, const seg *s, int segs, work *t, float *v) {
  float (*d)[6 * NR] = t->d, (*e)[6][NR + 8] = t->e;
  read_rows(j, c, s, segs, d);
  for (int64_t p = 0; p < 4 * NR + 2 * segs; p += VL) {
    if (p == 4 * j->lanes) p = 4 * NR;                          /* what lies past the segments */
    vec t[6];
    wino_across(load(d[0] + p), load(d[1] + p), load(d[2] + p), load(d[3] + p), load(d[4] + p), load(d[5] + p), t);
    UNROLL for (int i = 0; i < 6; i++) store(d[i] + p, t[i]);
  }
  for (int i = 0; i < 6; i++) sort_columns(d[i], e[i]);
  for (int k = 0; k < segs; k++)
    for (int i = 0; i < 6; i++) e[i][4][s[k].at + s[k].len - 1] = d[i][4 * NR + 2 * k], e[i][5][s[k].at + s[k].len - 1] = d[i][4 * NR + 2 * k + 1];
  for (int i = 0; i < 6; i++)
    for (int p = 0; p < j->lanes; p += VL) {
      vec t[6];
      wino_across(load(e[i][0] + p), load(e[i][1] + p), load(e[i][2] + p), load(e[i][3] + p), load(e[i][4] + p), load(e[i][5] + p), t);
      UNROLL for (int q = 0; q < 6; q++) store(v + (i * 6 + q) * j->vstep + c * j->kstep + p, t[q]);
    }
}

/* ---- results: A^T z A ---- */
static void transform_out(const job *j, int64_t o, const seg *s, int segs, const float *z) {
  float r[4][4][NR], out[4][4 * NR];
  vec bias = (j->b ? j->b[o] : 0) - (vec){0};
  z += o * NR;
  for (int p = 0; p < j->lanes; p += VL) {
    vec t[6][4], y[4];
    UNROLL for (int q = 0; q < 6; q++) {
      const float *at = z + q * j->zstep + p;
      int64_t down = 6 * j->zstep;
      wino_gather(load(at), load(at + down), load(at + 2 * down), load(at + 3 * down), load(at + 4 * down), load(at + 5 * down), t[q]);
    }
    UNROLL for (int i = 0; i < 4; i++) {
      wino_gather(t[0][i], t[1][i], t[2][i], t[3][i], t[4][i], t[5][i], y);
      UNROLL for (int q = 0; q < 4; q++) store(r[i][q] + p, j->act ? activate(y[q] + bias, j->act) : y[q] + bias);
    }
  }
  for (int i = 0; i < 4; i++)
    for (int p = 0; p < j->lanes; p += 8) join4(r[i][0] + p, r[i][1] + p, r[i][2] + p, r[i][3] + p, out[i] + 4 * p);
  for (int k = 0; k < segs; k++) {
    int64_t n = 4 * s[k].len < j->ow - s[k].x ? 4 * s[k].len : j->ow - s[k].x, high = j->oh - s[k].y < 4 ? j->oh - s[k].y : 4;
    for (int64_t i = 0; i < high; i++)
      copy(j->y + ((s[k].n * j->co + o) * j->oh + s[k].y + i) * j->ow + s[k].x, out[i] + 4 * s[k].at, n);
  }
}

static int lanes_of(const job *j, int64_t panel) { return j->t.tiles - panel * NR <= VL ? VL : NR; }

static void multiply(const job *j, int64_t height, const float *u, int64_t spot, const float *v, float *z) {
  K(conv_kernel)(height, j->lanes, j->ci, u, v + spot * j->vstep, j->kstep, j->lanes < NR ? j->off : NULL, z + spot * j->zstep, NR, NULL, NULL, true);
}

static void tile_task(void *context, int64_t i, int worker) {
  job j = *(const job *)context;
  float *v = (float *)(j.scratch + (size_t)worker * j.scratch_size), *z = v + SPOTS * j.vstep;
  seg s[NR];
  work t;
  int segs = find_segs(&j.t, i * NR, s);
  j.lanes = lanes_of(&j, i);
  for (int64_t c = 0; c < j.ci; c++) transform_in(&j, c, s, segs, &t, v);
  for (int64_t m0 = 0; m0 < j.rows.count; m0 += BLOCKS) {
    int64_t m1 = m0 + BLOCKS < j.rows.count ? m0 + BLOCKS : j.rows.count, o0 = row_at(&j.rows, m0), o1 = row_at(&j.rows, m1);
    for (int k = 0; k < SPOTS; k++)
      for (int64_t m = m0; m < m1; m++) {
        int64_t o = row_at(&j.rows, m);
        multiply(&j, row_at(&j.rows, m + 1) - o, j.u + k * j.ustep + o * j.ci, k, v, z + (o - o0) * NR);
      }
    for (int64_t o = o0; o < o1; o++) transform_out(&j, o, s, segs, z - o0 * NR);
  }
}

/* Slices of the channels side by side: no more lanes than a channel's step, or one would write over the other's first channel. */
typedef struct inputs { job j; int64_t panel0, pstep, slices; } inputs;
static void in_task(void *context, int64_t i, int worker) {
  const inputs *p = context;
  int64_t slice = i % p->slices, panel = i / p->slices;
  seg s[NR];
  work t = {{{0}}, {{{0}}}};
  int segs = find_segs(&p->j.t, (p->panel0 + panel) * NR, s);
  for (int64_t c = p->j.ci * slice / p->slices; c < p->j.ci * (slice + 1) / p->slices; c++) transform_in(&p->j, c, s, segs, &t, p->j.v + panel * p->pstep);
}

/* ---- one or two panels: each thread takes blocks of output channels. Up to four transform all inputs for themselves, which is soon done and stays in their own
 * caches; more share the work and its result. ---- */
enum { OWN_THREADS = 4 };
typedef struct few { job j; int64_t pstep; } few;
static void out_task(void *context, int64_t i, int worker) {
  const few *f = context;
  job j = f->j;
  int64_t panels = (j.t.tiles + NR - 1) / NR, m = i / panels, panel = i % panels, o = row_at(&j.rows, m), height = row_at(&j.rows, m + 1) - o, ustep;
  const float *u = weights_of(&j, m, &ustep);
  float *z = (float *)(j.scratch + (size_t)worker * j.scratch_size), *v = j.own ? z + SPOTS * (MR + 1) * NR : j.v + panel * f->pstep;
  seg s[NR];
  int segs = find_segs(&j.t, panel * NR, s);
  j.zstep = (MR + 1) * NR, j.lanes = lanes_of(&j, panel);
  int64_t *done = (int64_t *)(void *)(v + f->pstep);
  if (j.own && !*done) {
    work t = {{{0}}, {{{0}}}};
    for (int64_t c = 0; c < j.ci; c++) transform_in(&j, c, s, segs, &t, v);
    *done = 1;
  }
  for (int k = 0; k < SPOTS; k++) multiply(&j, height, u + k * ustep, k, v, z);
  for (int64_t r = o; r < o + height; r++) transform_out(&j, r, s, segs, z - o * NR);
}

static bool few_panels(gn *g, job *j, int64_t panels) {
  few f = {*j, SPOTS * j->vstep};
  int64_t slices = j->ci < 32 ? 2 : j->ci / 16, z = SPOTS * (MR + 1) * NR;
  f.j.scratch_size = (size_t)(z + (j->own ? f.pstep + 16 : 0)) * sizeof(float);
  size_t bytes = j->own ? 0 : (size_t)(panels * f.pstep) * sizeof(float);
  f.j.scratch = gn_scratch(g, &f.j.scratch_size);
  if (f.j.scratch && (j->own || (f.j.v = gn_alloc(g, bytes)))) {
    if (j->own) for (int w = 0; w < gn_workers(g); w++) *(int64_t *)(void *)((float *)(f.j.scratch + (size_t)w * f.j.scratch_size) + z + f.pstep) = 0;
    else gn_parallel(g, panels * slices, in_task, &(inputs){f.j, 0, f.pstep, slices});
    gn_parallel(g, panels * j->rows.count, out_task, &f);
  }
  bool fine = f.j.scratch && (j->own || f.j.v);
  gn_free(g, f.j.v, bytes), gn_scratch_free(g, f.j.scratch, f.j.scratch_size);
  return fine;
}

static bool all_panels(gn *g, job *j, int64_t panels) {
  if (!(j->scratch = gn_scratch(g, &j->scratch_size))) return false;
  gn_parallel(g, panels, tile_task, j);
  gn_scratch_free(g, j->scratch, j->scratch_size);
  return true;
}

/* The convolution, or with `data` its data gradient: then x is the small side and y the big one. */
bool K(wino)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y) {
  job j = {.x = x, .w = w, .b = b, .y = y, .flip = data, .edge = s->edge, .act = s->act.on ? &s->act : NULL};
  const int64_t *in = data ? s->out : s->in, *out = data ? s->in : s->out;
  for (int d = 0; d < 2; d++) j.k[d] = s->k[d + 1], j.blocks[d] = (j.k[d] + 2) / 3, j.pad[d] = data ? j.k[d] - 1 - s->pad[d + 1] : s->pad[d + 1];
  int64_t taps = j.k[0] * j.k[1];
  j.ci = (data ? s->o : s->c) * j.blocks[0] * j.blocks[1], j.co = data ? s->c : s->o;
  j.ih = in[1], j.iw = in[2], j.oh = out[1], j.ow = out[2];
  j.ostep = data ? taps : s->c * taps, j.cstep = data ? s->c * taps : taps;
  j.t.th = (j.oh + 3) / 4, j.t.tw = (j.ow + 3) / 4, j.t.tiles = s->n * j.t.th * j.t.tw;
  j.rows = rows_of(j.co, MR);
  int64_t panels = (j.t.tiles + NR - 1) / NR;
  j.few = panels == 1 || (panels == 2 && gn_workers(g) > 2), j.own = panels == 1 && gn_workers(g) <= OWN_THREADS;
  j.kstep = j.t.tiles <= VL ? VL : NR, j.ustep = j.co * j.ci + SPARE, j.vstep = (j.ci + 1) * j.kstep, j.zstep = ((j.co < BLOCKS * MR ? j.co : BLOCKS * MR) + 1) * NR;
  size_t u_bytes = (size_t)(SPOTS * (j.co * j.ci + (j.few ? j.rows.count : 1) * SPARE)) * sizeof(float);
  j.lanes = (int)j.kstep, j.scratch_size = (size_t)(SPOTS * (j.vstep + j.zstep)) * sizeof(float);
  bool fresh, fine = false;
  int kind = j.few ? (data ? -6 : -5) : data ? 2 : 1;
  float *own = NULL;
  if (!w && !gn_packed_ready(&s->weights, kind, u_bytes) && !(j.w = own = gn_conv_widen(g, s))) return false;
  float *kept = gn_packed_weights(g, &s->weights, kind, u_bytes, &fresh);
  j.u = kept ? kept : gn_alloc(g, u_bytes);
  if (j.u && fresh) gn_parallel(g, j.rows.count, weight_task, &j);       /* before anything can fail: what is kept must be whole */
  gn_free(g, own, gn_conv_weight_bytes(s));
  if (!j.u) return false;
  size_t off_bytes = (size_t)j.ci * sizeof *j.off;
  if ((j.off = gn_alloc(g, off_bytes))) {
    for (int64_t c = 0; c < j.ci; c++) j.off[c] = c * j.kstep;
    fine = j.few ? few_panels(g, &j, panels) : all_panels(g, &j, panels);
  }
  gn_free(g, j.off, off_bytes);
  if (!kept) gn_free(g, j.u, u_bytes);
  return fine;
}

void K(wino_inputs)(gn *g, const wino_in *in) {
  const gn_conv *s = in->s;
  inputs p = {{.x = in->x, .v = in->v, .t = *in->t, .ci = s->c, .ih = s->in[1], .iw = s->in[2], .pad = {s->pad[1], s->pad[2]}, .blocks = {1, 1}, .vstep = in->vstep, .kstep = in->kstep, .lanes = NR},
              in->panel0, in->pstep, in->panels < 16 ? 16 / in->panels : 1};
  gn_parallel(g, in->panels * p.slices, in_task, &p);
}
#endif
