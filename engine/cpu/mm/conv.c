/* conv.c: direct convolution and its data gradient (= transposed convolution) in any number of dims up to three.
 * Output channels x pixels by the micro-kernel: weights packed [k][rows], pixels gathered into a panel [k][pixels]. A transposed convolution with
 * stride is split into phases (outputs of equal remainder): each is a small dense convolution, nothing is scattered into. */
#include "conv_in.h"

enum { DEPTH = 448,           /* most rows of a panel: it stays in L1/L2 */
       PANELS = 16 };         /* panels of a task: they share the packed weights' block in L2 */

typedef struct job {
  const float *x, *packed, *bias;
  float *y;
  view v;
  int64_t o, groups;                       /* output channels of a group */
  int64_t ostep[3], phase[3], osize[3];    /* output position = q * ostep + phase */
  int64_t k, depth, pixels, width, panels, blocks, parts;
  rows rows;
  bool wide, direct;
  char *scratch; size_t scratch_size;      /* per worker: a panel, a tile for each panel */
} job;

static void write_tile(const job *j, const float *t, int64_t channel, const run *r, int runs, int64_t o0, int64_t o1) {
  int64_t plane = volume(j->osize), step = j->ostep[2];
  for (int64_t o = o0; o < o1; o++)
    for (int i = 0; i < runs; i++) {
      int64_t d = r[i].q[0] * j->ostep[0] + j->phase[0], h = r[i].q[1] * j->ostep[1] + j->phase[1];
      float *to = j->y + (r[i].n * j->groups * j->o + channel + o) * plane + (d * j->osize[1] + h) * j->osize[2] + r[i].q[2] * step + j->phase[2];
      const float *from = t + o * j->width + r[i].at;
      if (step == 1) for (int64_t p = 0; p < r[i].len; p++) to[p] = from[p];
      else if (step == 2) for (int64_t p = 0; p < r[i].len; p++) to[p * 2] = from[p];
      else for (int64_t p = 0; p < r[i].len; p++) to[p * step] = from[p];
    }
}

/* One panel, rows k0..k1 of it: all row blocks m0..m1 of the output channels. */
static void panel_product(const job *j, int64_t group, int64_t p, int64_t k0, int64_t k1, int64_t m0, int64_t m1, const float *b, int64_t ldb, float *t) {
  int64_t size = volume(j->osize), left = j->pixels - p, channel = group * j->o, ldc = j->width;
  float *c = t;
  if (j->direct && p % size + j->width <= size && left >= j->width) c = j->y + (p / size * j->groups * j->o + channel) * size + p % size, ldc = size;
  for (int64_t m = m0; m < m1; m++) {
    int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o;
    const float *bias = j->bias && k1 == j->k ? j->bias + channel + o : NULL;
    K(conv_kernel)(height, j->wide, k1 - k0, j->packed + (channel + o) * j->k + k0 * height, b, ldb, c + o * ldc, ldc, bias, k0 == 0);
  }
}

static void conv_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t part = i % j->parts, block = i / j->parts % j->blocks, group = i / j->parts / j->blocks;
  int64_t m0 = j->rows.count * part / j->parts, m1 = j->rows.count * (part + 1) / j->parts, o0 = row_at(&j->rows, m0), o1 = row_at(&j->rows, m1);
  float *b = (float *)(j->scratch + (size_t)worker * j->scratch_size), *tiles = b + j->depth * j->width;
  const float *x = j->x + group * j->v.c * volume(j->v.in);
  bool plain = j->direct && j->rows.count <= 2 && j->k == j->v.c && j->v.step[2] == 1 && volume(j->v.in) == volume(j->osize) && !j->v.off[0][0] && !j->v.off[1][0] && !j->v.off[2][0]
            && j->v.step[0] == 1 && j->v.step[1] == 1;                 /* 1 x 1: the picture is the panel */
  for (int64_t k0 = 0; k0 < j->k; k0 += j->depth) {
    int64_t k1 = k0 + j->depth < j->k ? k0 + j->depth : j->k;
    for (int64_t n = 0; n < j->panels; n++) {
      int64_t p = (block * j->panels + n) * j->width, count = j->pixels - p < j->width ? j->pixels - p : j->width;
      if (count <= 0) break;
      float *t = tiles + n * j->o * j->width;
      int64_t size = volume(j->osize);
      if (plain && p % size + j->width <= size && count == j->width) {
        panel_product(j, group, p, k0, k1, m0, m1, x + (p / size * j->v.channels + k0) * size + p % size, size, t);
        continue;
      }
      run r[WIDE];
      int runs = K(conv_runs)(&j->v, p, count, r);
      K(conv_gather)(&j->v, x, r, runs, count, j->width, k0, k1, b);
      panel_product(j, group, p, k0, k1, m0, m1, b, j->width, t);
      bool done = j->direct && p % size + j->width <= size && count == j->width;
      if (k1 == j->k && !done) write_tile(j, t, group * j->o, r, runs, o0, o1);
    }
  }
}

/* ---- weights: [block of rows][k][rows], k = (channel, taps) ---- */
typedef struct packing {
  const float *w;
  float *to;
  const view *v;
  rows rows;
  int64_t o, k, ostep, cstep, gstep, kernel[3];
} packing;

static void pack_task(void *context, int64_t i, int worker) {
  const packing *s = context;
  const view *v = s->v;
  int64_t group = i / s->rows.count, m = i % s->rows.count, o0 = row_at(&s->rows, m), height = row_at(&s->rows, m + 1) - o0;
  float *to = s->to + (group * s->o + o0) * s->k;
  const float *w = s->w + group * s->gstep + o0 * s->ostep;
  for (int64_t c = 0; c < v->c; c++)
    for (int64_t a = 0; a < v->nt[0]; a++)
      for (int64_t b = 0; b < v->nt[1]; b++)
        for (int64_t e = 0; e < v->nt[2]; e++, to += height) {
          const float *from = w + c * s->cstep + (v->tap[0][a] * s->kernel[1] + v->tap[1][b]) * s->kernel[2] + v->tap[2][e];
          for (int64_t r = 0; r < height; r++) to[r] = from[r * s->ostep];
        }
}

static void plan(gn *g, job *j) {
  j->wide = j->o <= MR / 2;
  j->width = j->wide ? WIDE : NARROW;
  j->rows = rows_of(j->o, j->wide ? MR / 2 : MR);
  int64_t cuts = (j->k + DEPTH - 1) / DEPTH, total = (j->pixels + j->width - 1) / j->width;
  j->depth = (j->k + cuts - 1) / cuts;
  j->panels = total / 16 < 1 ? 1 : total / 16 > PANELS ? PANELS : total / 16;
  j->blocks = (total + j->panels - 1) / j->panels;
  int64_t tasks = j->blocks * j->groups;
  j->parts = tasks >= 8 ? 1 : 8 / tasks;
  if (j->parts > (j->rows.count + 1) / 2) j->parts = (j->rows.count + 1) / 2;
  j->direct = true;
  for (int d = 0; d < 3; d++) j->direct &= j->ostep[d] == 1 && j->v.q[d] == j->osize[d];
  j->scratch_size = ((size_t)(j->depth * j->width + j->panels * j->o * j->width) * sizeof(float) + 63) & ~(size_t)63;
}

/* The convolution that the view describes; ostep/cstep: steps of the weights for an output and an input channel. */
static bool direct(gn *g, job *j, const gn_conv *s, const float *w, int64_t ostep, int64_t cstep) {
  plan(g, j);
  size_t packed_bytes = (size_t)(j->k * j->o * j->groups) * sizeof(float), scratch_bytes = j->scratch_size * (size_t)gn_workers(g);
  float *packed = gn_alloc(g, packed_bytes);
  if (!packed) return false;
  j->scratch = gn_alloc(g, scratch_bytes);
  if (j->scratch) {
    packing p = {w, packed, &j->v, j->rows, j->o, j->k, ostep, cstep, s->o / s->groups * (s->c / s->groups) * volume(s->k), {s->k[0], s->k[1], s->k[2]}};
    if (j->k * j->o < 8192) for (int64_t i = 0; i < j->groups * j->rows.count; i++) pack_task(&p, i, 0);
    else gn_parallel(g, j->groups * j->rows.count, pack_task, &p);
    j->packed = packed;
    gn_parallel(g, j->groups * j->blocks * j->parts, conv_task, j);
    gn_free(g, j->scratch, scratch_bytes);
  }
  gn_free(g, packed, packed_bytes);
  return j->scratch != NULL;
}

static void fill(float *y, const float *b, int64_t n, int64_t c, int64_t plane) {
  for (int64_t i = 0; i < n * c; i++)
    for (int64_t p = 0; p < plane; p++) y[i * plane + p] = b ? b[i % c] : 0;
}

bool K(conv_forward)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) {
  int64_t taps = volume(s->k), cg = s->c / s->groups, og = s->o / s->groups;
  if (!s->n || !s->o || !volume(s->out)) return true;
  if (!cg || !taps || !volume(s->in)) return fill(y, b, s->n, s->o, volume(s->out)), true;
  if (K(wino_suits)(s, false)) return K(wino)(g, s, false, x, w, b, y);
  job j = {.x = x, .bias = b, .y = y, .o = og, .groups = s->groups, .k = cg * taps, .pixels = s->n * volume(s->out)};
  if (!K(conv_view_open)(g, &j.v, s->k)) return false;
  j.v.n = s->n, j.v.c = cg, j.v.channels = s->c;
  for (int d = 0; d < 3; d++) {
    j.v.in[d] = s->in[d], j.v.q[d] = j.osize[d] = s->out[d], j.v.step[d] = s->stride[d], j.ostep[d] = 1;
    for (int64_t t = 0; t < s->k[d]; t++) j.v.tap[d][t] = t, j.v.off[d][t] = t * s->dilation[d] - s->pad[d];
  }
  bool ok = cg == 1 && og == 1 ? K(depthwise)(g, &j.v, s->n * s->c, x, w, taps, b, y) : direct(g, &j, s, w, cg * taps, taps);
  K(conv_view_close)(g, &j.v);
  return ok;
}

/* Taps of a dim that reach the outputs of one phase; returns how many outputs the phase has. */
static int64_t phase_of(const gn_conv *s, int d, int64_t phase, view *v, int64_t *nt) {
  int64_t step = s->stride[d], n = 0;
  for (int64_t t = 0; t < s->k[d]; t++) {
    int64_t far = phase + s->pad[d] - t * s->dilation[d];
    if (far % step) continue;
    v->tap[d][n] = t, v->off[d][n++] = far / step;
  }
  *nt = n;
  return phase < s->in[d] ? (s->in[d] - phase - 1) / step + 1 : 0;
}

static bool one_phase(gn *g, const gn_conv *s, job *j, const float *w) {
  int64_t taps = volume(s->k), cg = s->c / s->groups, og = s->o / s->groups, room[3];
  for (int d = 0; d < 3; d++) {
    room[d] = j->v.nt[d];
    j->v.q[d] = phase_of(s, d, j->phase[d], &j->v, &j->v.nt[d]);
  }
  j->pixels = s->n * volume(j->v.q), j->k = og * volume(j->v.nt);
  bool ok = !j->pixels || !j->k || direct(g, j, s, w, taps, cg * taps);
  for (int d = 0; d < 3; d++) j->v.nt[d] = room[d];
  return ok;
}

bool K(conv_data)(gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x) {
  int64_t cg = s->c / s->groups, og = s->o / s->groups, phases[3];
  bool sparse = !og || !volume(s->out) || !volume(s->k), unit = true;
  if (!s->n || !s->c || !volume(s->in)) return true;
  for (int d = 0; d < 3; d++) {
    phases[d] = s->stride[d] < s->in[d] ? s->stride[d] : s->in[d];
    sparse |= s->stride[d] > s->k[d] || (s->dilation[d] > 1 && s->stride[d] > 1), unit &= s->stride[d] == 1;
  }
  if (sparse) fill(x, b, s->n, s->c, volume(s->in));
  if (!og || !volume(s->out) || !volume(s->k)) return true;
  if (K(wino_suits)(s, true)) return K(wino)(g, s, true, y, w, b, x);
  job j = {.x = y, .bias = b, .y = x, .o = cg, .groups = s->groups};
  if (!K(conv_view_open)(g, &j.v, s->k)) return false;
  j.v.n = s->n, j.v.c = og, j.v.channels = s->o;
  for (int d = 0; d < 3; d++) j.v.in[d] = s->out[d], j.osize[d] = s->in[d], j.ostep[d] = s->stride[d], j.v.step[d] = 1;
  bool ok = true;
  if (unit && cg == 1 && og == 1) {
    for (int d = 0; d < 3; d++) j.v.q[d] = phase_of(s, d, 0, &j.v, &j.v.nt[d]);
    ok = K(depthwise)(g, &j.v, s->n * s->c, y, w, volume(s->k), b, x);
  } else {
    for (int64_t i = 0; ok && i < phases[0] * phases[1] * phases[2]; i++) {
      j.phase[0] = i / phases[2] / phases[1], j.phase[1] = i / phases[2] % phases[1], j.phase[2] = i % phases[2];
      ok = one_phase(g, s, &j, w);
    }
  }
  K(conv_view_close)(g, &j.v);
  return ok;
}
