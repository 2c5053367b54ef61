/* wino2.c: 4x4 convolution with stride 2, and its data gradient (= transposed convolution), by Winograd's F(4x4, 2x2): with rows and columns sorted by
 * their remainder to 2 both are sums of 2x2 convolutions with stride 1, and a tile of 4x4 outputs takes 25 products instead of 64. A transposed one gives
 * four pictures, one for each remainder of its output. Tiles lie in panels of NARROW lanes as in wino.c; three passes over a chunk of panels: v = inputs
 * transformed, z = products of u and v, results from z. Fast mode only. */
#include "conv_in.h"
#include "wino.h"

#ifdef GN_EXACT
bool K(wino2_suits)(const gn_conv *s) { return false; }
bool K(wino2)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y) { return false; }
#else

enum { DEPTH = 448, ROWS = 96, CHUNK = 1 << 21 };            /* inner size and rows of a product at once; floats of v and z in a chunk */

typedef struct job {
  const float *x, *w, *b;
  float *y, *u, *v, *z;
  int edge;
  bool data, fresh;                                          /* fresh: u is not filled yet */
  const gn_act *act;
  tiling t;
  int64_t ci, co, iw, ih, ow, oh, pad[2];
  int64_t k, products, ostep, cstep, ustep, vstep, zstep;    /* steps of the weights; of a product in u, v and z */
  int64_t pstep, kstep;                                      /* of a panel and a k in v */
  int64_t panel0, panels, most, slices;                      /* the chunk; panels of a full one; slices of the channels in a task's */
  rows rows;
} job;

/* Each picture has 4x4 outputs of a tile from 5x5 inputs: transforms up to 27 % of the products wasted at the edges are worth it. */
bool K(wino2_suits)(const gn_conv *s) {
  if (s->groups != 1 || s->c < 16 || s->o < 16 || s->in[0] != 1 || s->out[0] != 1 || s->k[0] != 1 || s->pad[0]) return false;
  for (int d = 1; d < 3; d++) if (s->k[d] != 4 || s->stride[d] != 2 || s->dilation[d] != 1) return false;
  int64_t high = (s->in[1] + 1) / 2 > s->out[1] ? (s->in[1] + 1) / 2 : s->out[1], wide = (s->in[2] + 1) / 2 > s->out[2] ? (s->in[2] + 1) / 2 : s->out[2];
  int64_t tiles = s->n * ((high + 3) / 4) * ((wide + 3) / 4), full = (tiles + NARROW - 1) / NARROW * NARROW, pixels = s->n * s->out[1] * s->out[2];
  return tiles >= 32 && full * 16 * 2 <= pixels * 3;
}

/* ---- weights: u[product][block of rows][k][rows] = G w G^T ---- */
INLINE void filter(lw a, lw b, lw t[5]) {
  t[0] = a * .5f, t[1] = (a + b) * -.5f, t[2] = (b - a) * (1.f / 6), t[3] = a * (1.f / 6) + b * (1.f / 3), t[4] = b;
}

static void weight_task(void *context, int64_t m, int worker) {
  const job *j = context;
  int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o;
  for (int64_t c = 0; c < j->ci; c++) {
    float g[16][LW] = {{0}};
    for (int64_t i = 0; i < height; i++)
      for (int t = 0; t < 16; t++) g[t][i] = j->w[(o + i) * j->ostep + c * j->cstep + t];
    for (int er = 0; er < 2; er++)
      for (int ec = 0; ec < 2; ec++) {
        lw t[2][5], r[5];
        int class = er * 2 + ec, row = er, col = ec;
        if (j->data) row = (er + j->pad[0]) % 2, col = (ec + j->pad[1]) % 2;
        for (int a = 0; a < 2; a++) {
          int line = (j->data ? row + 2 - 2 * a : row + 2 * a) * 4 + col;
          filter(*(lw *)g[j->data ? line + 2 : line], *(lw *)g[j->data ? line : line + 2], t[a]);
        }
        int64_t k = j->data ? c : c * 4 + class;
        float *to = j->u + (j->data ? class * 25 : 0) * j->ustep + o * j->k + k * height;
        bool room = (j->k - k) * height >= LW;
        for (int p = 0; p < 5; p++) {
          filter(t[0][p], t[1][p], r);
          for (int q = 0; q < 5; q++) {
            if (room) *(lw *)(to + (q * 5 + p) * j->ustep) = r[q];
            else for (int64_t i = 0; i < height; i++) to[(q * 5 + p) * j->ustep + i] = r[q][i];
          }
        }
      }
  }
}

/* ---- inputs: v[product][panel][k][tiles] = B^T d B ---- */
INLINE void across(vec a, vec b, vec c, vec d, vec e, vec t[5]) {
  vec p = d - b;
  t[0] = 2 * (a - c) + p, t[1] = p - c - b, t[2] = d + 2 * b - 3 * c, t[3] = p, t[4] = e - c - 2 * p;
}

/* `high` rows of every tile: four columns a tile, then two more past the end of each segment. Position = q * step + low. */
static void read_rows(const job *j, int64_t c, const seg *s, int segs, int high, int64_t step, int64_t ylow, int64_t xlow, float d[6][6 * NARROW]) {
  for (int k = 0; k < segs; k++)
    for (int i = 0; i < high; i++) {
      int64_t y = gn_edge_at((s[k].y + i) * step + ylow, j->ih, j->edge), x = s[k].x * step + xlow, n = 4 * s[k].len;
      float *to = d[i] + 4 * s[k].at, *over = d[i] + 4 * NARROW + 2 * k;
      over[0] = over[1] = 0;
      if (y < 0) {
        for (int64_t p = 0; p < n; p++) to[p] = 0;
        continue;
      }
      const float *row = j->x + ((s[k].n * j->ci + c) * j->ih + y) * j->iw;
      K(conv_copy_run)(to, row, x, step, n, j->iw, j->edge);
      gn_edge_row(over, row, x + n * step, 1, step == 1 ? 2 : 1, j->iw, j->edge);
    }
}

/* Transforms down the columns, then sorts them by their place in the tile. */
static void down(const seg *s, int segs, float (*d)[6 * NARROW], float e[5][6][NARROW + 8]) {
  float f[5][6 * NARROW];
  for (int64_t p = 0; p < 4 * NARROW + 2 * segs; p += VL) {
    vec t[5];
    across(load(d[0] + p), load(d[1] + p), load(d[2] + p), load(d[3] + p), load(d[4] + p), t);
    UNROLL for (int i = 0; i < 5; i++) store(f[i] + p, t[i]);
  }
  for (int i = 0; i < 5; i++) {
    sort_columns(f[i], e[i]);
    for (int k = 0; k < segs; k++) {
      int64_t last = s[k].at + s[k].len - 1;
      e[i][4][last] = f[i][4 * NARROW + 2 * k], e[i][5][last] = f[i][4 * NARROW + 2 * k + 1];
    }
  }
}

static void along(const job *j, float e[5][6][NARROW + 8], int64_t shift, float *v) {
  for (int i = 0; i < 5; i++) {
    float (*r)[NARROW + 8] = e[i] + shift;
    UNROLL for (int p = 0; p < NARROW; p += VL) {
      vec t[5];
      across(load(r[0] + p), load(r[1] + p), load(r[2] + p), load(r[3] + p), load(r[4] + p), t);
      UNROLL for (int q = 0; q < 5; q++) store(v + (i * 5 + q) * j->vstep + p, t[q]);
    }
  }
}

/* First input of a transposed convolution's picture, less the first one of all. */
static int64_t first_of(int64_t pad, int phase) { return (phase + pad - (phase + pad) % 2) / 2 - 1; }

static void in_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t slice = i % j->slices, panel = i / j->slices;
  float d[6][6 * NARROW] = {{0}}, e[5][6][NARROW + 8] = {{{0}}};
  seg s[NARROW];
  int segs = find_segs(&j->t, (j->panel0 + panel) * NARROW, s);
  for (int64_t c = j->ci * slice / j->slices; c < j->ci * (slice + 1) / j->slices; c++) {
    float *v = j->v + panel * j->pstep + (j->data ? c : 4 * c) * j->kstep;
    int64_t ylow = first_of(j->pad[0], 0), xlow = first_of(j->pad[1], 0);
    if (j->data) read_rows(j, c, s, segs, 6, 1, ylow, xlow, d);
    for (int er = 0; er < 2; er++) {
      int64_t shift = first_of(j->pad[0], er) - ylow;
      if (j->data && (er == 0 || shift)) down(s, segs, d + shift, e);
      for (int ec = 0; ec < 2; ec++) {
        if (j->data) along(j, e, first_of(j->pad[1], ec) - xlow, v + (er * 2 + ec) * 25 * j->vstep);
        else {
          read_rows(j, c, s, segs, 5, 2, er - j->pad[0], ec - j->pad[1], d);
          down(s, segs, d, e);
          along(j, e, 0, v + (er * 2 + ec) * j->kstep);
        }
      }
    }
  }
}

/* ---- products ---- */
static void product_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t step = ROWS / MR, product = i % j->products, m0 = i / j->products * step, m1 = m0 + step < j->rows.count ? m0 + step : j->rows.count;
  for (int64_t k = 0; k < j->k; k += DEPTH) {
    int64_t depth = j->k - k < DEPTH ? j->k - k : DEPTH;
    for (int64_t p = 0; p < j->panels; p++)
      for (int64_t m = m0; m < m1; m++) {
        int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o;
        K(conv_kernel)(height, NARROW, depth, j->u + product * j->ustep + o * j->k + k * height, j->v + product * j->vstep + (p * j->k + k) * NARROW, NARROW, NULL,
                       j->z + product * j->zstep + (p * j->co + o) * NARROW, NARROW, NULL, NULL, k == 0);
      }
  }
}

/* ---- results: A^T z A ---- */
INLINE void gather(vec a, vec b, vec c, vec d, vec e, vec t[4]) {
  vec p = b + c, q = b - c;
  t[0] = a + p + d, t[1] = q + 2 * d, t[2] = p + 4 * d, t[3] = q + 8 * d + e;
}

static void tile_rows(const job *j, const float *z, float bias, float out[4][4 * NARROW]) {
  float r[4][4][NARROW];
  for (int p = 0; p < NARROW; p += VL) {
    vec t[5][4], y[4];
    UNROLL for (int q = 0; q < 5; q++) {
      const float *at = z + q * j->zstep + p;
      int64_t next = 5 * j->zstep;
      gather(load(at), load(at + next), load(at + 2 * next), load(at + 3 * next), load(at + 4 * next), t[q]);
    }
    UNROLL for (int i = 0; i < 4; i++) {
      gather(t[0][i], t[1][i], t[2][i], t[3][i], t[4][i], y);
      UNROLL for (int q = 0; q < 4; q++) store(r[i][q] + p, j->act ? activate(y[q] + bias, j->act) : y[q] + bias);
    }
  }
  for (int i = 0; i < 4; i++)
    for (int p = 0; p < NARROW; p += 8) join4(r[i][0] + p, r[i][1] + p, r[i][2] + p, r[i][3] + p, out[i] + 4 * p);
}

/* Writes row i of every tile: `from` has `wide` floats a tile. */
static void write_row(const job *j, int64_t o, const seg *s, int segs, int64_t wide, int64_t scale, int64_t i, const float *from) {
  for (int k = 0; k < segs; k++) {
    int64_t y = s[k].y * scale + i, x = s[k].x * scale, n = wide * s[k].len < j->ow - x ? wide * s[k].len : j->ow - x;
    if (y >= j->oh) continue;
    copy(j->y + ((s[k].n * j->co + o) * j->oh + y) * j->ow + x, from + wide * s[k].at, n);
  }
}

static void out_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t slice = i % j->slices, panel = i / j->slices;
  seg s[NARROW];
  int segs = find_segs(&j->t, (j->panel0 + panel) * NARROW, s);
  for (int64_t o = j->co * slice / j->slices; o < j->co * (slice + 1) / j->slices; o++) {
    float even[4][4 * NARROW], odd[4][4 * NARROW], both[8 * NARROW], bias = j->b ? j->b[o] : 0;
    const float *z = j->z + (panel * j->co + o) * NARROW;
    for (int er = 0; er < (j->data ? 2 : 1); er++) {
      tile_rows(j, z + er * 50 * j->zstep, bias, even);
      if (j->data) tile_rows(j, z + (er * 50 + 25) * j->zstep, bias, odd);
      for (int r = 0; r < 4; r++) {
        if (!j->data) {
          write_row(j, o, s, segs, 4, 1, r, even[r]);
          continue;
        }
        for (int p = 0; p < 4 * NARROW; p += 8) {
          v8 a = *(v8 *)(even[r] + p), b = *(v8 *)(odd[r] + p);
          *(v8 *)(both + 2 * p) = __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
          *(v8 *)(both + 2 * p + 8) = __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
        }
        write_row(j, o, s, segs, 8, 2, 2 * r + er, both);
      }
    }
  }
}

static void passes(gn *g, job *j) {
  int64_t total = (j->t.tiles + NARROW - 1) / NARROW;
  if (j->fresh) gn_parallel(g, j->rows.count, weight_task, j);
  for (j->panel0 = 0; j->panel0 < total; j->panel0 += j->most) {
    j->panels = total - j->panel0 < j->most ? total - j->panel0 : j->most;
    j->slices = j->panels < 16 ? 16 / j->panels : 1;
    gn_parallel(g, j->panels * j->slices, in_task, j);
    gn_parallel(g, j->products * ((j->rows.count + ROWS / MR - 1) / (ROWS / MR)), product_task, j);
    gn_parallel(g, j->panels * j->slices, out_task, j);
  }
}

/* The convolution, or with `data` its data gradient: then x is the small side and y the big one. */
bool K(wino2)(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y) {
  job j = {.x = x, .w = w, .b = b, .y = y, .data = data, .edge = s->edge, .pad = {s->pad[1], s->pad[2]}, .act = s->act.on ? &s->act : NULL};
  const int64_t *in = data ? s->out : s->in, *out = data ? s->in : s->out;
  j.ci = data ? s->o : s->c, j.co = data ? s->c : s->o;
  j.ih = in[1], j.iw = in[2], j.oh = out[1], j.ow = out[2];
  j.ostep = data ? 16 : s->c * 16, j.cstep = data ? s->c * 16 : 16;
  j.t.th = ((data ? (j.oh + 1) / 2 : j.oh) + 3) / 4, j.t.tw = ((data ? (j.ow + 1) / 2 : j.ow) + 3) / 4, j.t.tiles = s->n * j.t.th * j.t.tw;
  j.rows = rows_of(j.co, MR);
  j.k = data ? j.ci : 4 * j.ci, j.products = data ? 100 : 25, j.pstep = j.k * NARROW, j.kstep = NARROW;
  int64_t total = (j.t.tiles + NARROW - 1) / NARROW, panel = j.products * (j.k + j.co) * NARROW;
  j.most = CHUNK / panel < 4 ? 4 : CHUNK / panel;
  if (j.most > total) j.most = total;
  j.ustep = j.co * j.k + 16, j.vstep = j.most * j.k * NARROW + 16, j.zstep = j.most * j.co * NARROW + 16;      /* odd steps: streams in different cache sets */
  size_t u_bytes = (size_t)(j.products * j.ustep) * sizeof(float), bytes = (size_t)(j.products * (j.vstep + j.zstep)) * sizeof(float);
  float *kept = gn_packed_weights(g, &s->weights, data ? 6 + (int)(j.pad[0] % 2 * 2 + j.pad[1] % 2) : 5, u_bytes, &j.fresh);
  j.u = kept ? kept : gn_alloc(g, u_bytes);
  if (!j.u) return false;
  j.v = gn_alloc(g, bytes);
  if (j.v) {
    j.z = j.v + j.products * j.vstep;
    passes(g, &j);
    gn_free(g, j.v, bytes);
  } else if (kept) gn_parallel(g, j.rows.count, weight_task, &j);             /* what is kept must be whole */
  if (!kept) gn_free(g, j.u, u_bytes);
  return j.v != NULL;
}

void K(wino2_inputs)(gn *g, const wino_in *in) {
  const gn_conv *s = in->s;
  job j = {.x = in->x, .v = in->v, .t = *in->t, .ci = s->c, .ih = s->in[1], .iw = s->in[2], .pad = {s->pad[1], s->pad[2]}, .vstep = in->vstep, .pstep = in->pstep,
           .kstep = in->kstep, .panel0 = in->panel0, .panels = in->panels, .slices = in->panels < 16 ? 16 / in->panels : 1};
  gn_parallel(g, j.panels * j.slices, in_task, &j);
}
#endif
