/* conv.c: direct convolution and its data gradient (= transposed convolution) in any number of dims up to three.
 * Output channels x pixels by the micro-kernel: weights packed [k][rows], pixels gathered into a panel [k][pixels]. A transposed convolution with
 * stride is split into phases (outputs of equal remainder): each is a small dense convolution, nothing is scattered into. */
#include "conv_in.h"

enum { DEPTH = 448,           /* most rows of a panel: it stays in L1/L2 */
       PANELS = 16,           /* panels of a task: they share the packed weights' block in L2 */
       PHASES = 16,           /* of a transposed convolution, side by side */
       FORWARD = 12, WIDENED = 14, PHASE = 16 };       /* kinds of packed weights; odd ones of FORWARD and PHASE: with wide panels; a phase's are PHASE and up */

typedef struct job {
  const float *x, *packed, *bias;
  float *y;
  const gn_act *act;                       /* NULL = none */
  view v;
  const picture *picture;                  /* NULL = panels are gathered */
  int64_t *off;                            /* of each k in the picture */
  int64_t o, groups;                       /* output channels of a group */
  int64_t ostep[3], phase[3], osize[3];    /* output position = q * ostep + phase */
  int64_t k, depth, pixels, width, total, panels, blocks, parts, copy;      /* copy: floats of a strip's picture */
  rows rows;
  bool direct;
  char *scratch; size_t scratch_size;      /* per worker: a strip's picture, a panel, a tile; where k is cut, one for each panel */
  float *own; size_t own_bytes;            /* packed, where it is not kept */
} job;

/* Where a panel is: its runs of pixels, its place in the picture or NULL, and its place in the output where that is in one piece, else NULL. */
typedef struct strip { const float *data; int64_t n, h; } strip;
typedef struct panel {
  int runs;
  int64_t count, ldc;
  const float *b;
  float *c;
  run r[WIDE];
} panel;

/* strip: the copy that the task made, and the first row of outputs and the sample it is for. */
static void find_panel(const job *j, int64_t group, int64_t u, const strip *strip, panel *p) {
  const view *v = &j->v;
  int64_t size = volume(j->osize);
  p->b = NULL, p->c = NULL, p->ldc = size;
  if (j->picture) {
    const picture *t = j->picture;
    int64_t across = (v->q[2] + j->width - 1) / j->width, row = u / across, col = u % across * j->width;
    run r = {0, v->q[2] - col < j->width ? v->q[2] - col : j->width, row / v->q[1] / v->q[0], {row / v->q[1] % v->q[0], row % v->q[1], col}};
    if (strip->data) r.n = strip->n, r.q[0] = 0, r.q[1] = strip->h + row % t->strip;
    p->runs = 1, p->count = r.len, p->r[0] = r;
    p->b = strip->data ? strip->data + row % t->strip * v->step[1] * t->step * t->pitch + col : t->data + (r.n * v->channels + group * v->c) * t->plane + (r.q[0] * v->step[0] * t->size[1] + r.q[1] * v->step[1]) * t->step * t->pitch + col;
    if (j->direct && r.len == j->width)
      p->c = j->y + (r.n * j->groups + group) * j->o * size + (r.q[0] * j->osize[1] + r.q[1]) * j->osize[2] + col;
    return;
  }
  int64_t at = u * j->width;
  p->count = j->pixels - at < j->width ? j->pixels - at : j->width;
  p->runs = K(conv_runs)(v, at, p->count, p->r);
  if (j->direct && at % size + j->width <= size && p->count == j->width) p->c = j->y + (at / size * j->groups + group) * j->o * size + at % size;
}

static void write_tile(const job *j, const float *t, int64_t channel, const panel *p, int64_t o0, int64_t o1) {
  int64_t plane = volume(j->osize), step = j->ostep[2];
  for (int64_t o = o0; o < o1; o++)
    for (int i = 0; i < p->runs; i++) {
      const run *r = &p->r[i];
      int64_t d = r->q[0] * j->ostep[0] + j->phase[0], h = r->q[1] * j->ostep[1] + j->phase[1];
      float *to = j->y + (r->n * j->groups * j->o + channel + o) * plane + (d * j->osize[1] + h) * j->osize[2] + r->q[2] * step + j->phase[2];
      const float *from = t + o * j->width + r->at;
      if (step == 1) copy(to, from, r->len);
      else if (step == 2) for (int64_t e = 0; e < r->len; e++) to[e * 2] = from[e];
      else for (int64_t e = 0; e < r->len; e++) to[e * step] = from[e];
    }
}

/* Where the copy of a block is made, and what it is for. */
static strip find_strip(const job *j, int64_t block, int worker) {
  int64_t strips = j->picture && j->picture->strip ? (j->v.q[1] + j->picture->strip - 1) / j->picture->strip : 0;
  if (!strips) return (strip){NULL, 0, 0};
  return (strip){(float *)(j->scratch + (size_t)worker * j->scratch_size), block / strips, block % strips * j->picture->strip};
}

static void make_strip(const job *j, int64_t i, int worker) {
  int64_t group = i / j->parts / j->blocks;
  strip s = find_strip(j, i / j->parts % j->blocks, worker);
  if (s.data) K(picture_strip)(&j->v, j->picture, j->x + (s.n * j->v.channels + group * j->v.c) * volume(j->v.in), s.h, (float *)s.data);
}

/* A block of panels, a part of the output channels of one group. */
static void conv_block(const job *j, int64_t i, int worker) {
  int64_t part = i % j->parts, block = i / j->parts % j->blocks, group = i / j->parts / j->blocks, channel = group * j->o;
  int64_t m0 = j->rows.count * part / j->parts, m1 = j->rows.count * (part + 1) / j->parts;
  int64_t u0 = block * j->panels, u1 = u0 + j->panels < j->total ? u0 + j->panels : j->total;
  strip s = find_strip(j, block, worker);
  if (s.data && s.h + j->picture->strip > j->v.q[1]) u1 = u0 + j->panels / j->picture->strip * (j->v.q[1] - s.h);
  float *gathered = (float *)(j->scratch + (size_t)worker * j->scratch_size) + j->copy, *tiles = gathered + j->depth * j->width;
  const float *x = j->x + group * j->v.c * volume(j->v.in);
  for (int64_t k0 = 0; k0 < j->k; k0 += j->depth) {
    int64_t k1 = k0 + j->depth < j->k ? k0 + j->depth : j->k;
    for (int64_t u = u0; u < u1; u++) {
      panel p;
      find_panel(j, group, u, &s, &p);
      float *t = tiles + (j->k > j->depth ? u - u0 : 0) * j->o * j->width, *c = p.c ? p.c : t;
      int64_t width = p.b && p.count <= VL ? VL : j->width;
      if (!p.b) K(conv_gather)(&j->v, x, p.r, p.runs, p.count, j->width, k0, k1, gathered);
      for (int64_t m = m0; m < m1; m++) {
        int64_t o = row_at(&j->rows, m), height = row_at(&j->rows, m + 1) - o, ldc = p.c ? p.ldc : j->width;
        K(conv_kernel)(height, width, k1 - k0, j->packed + (channel + o) * j->k + k0 * height, p.b ? p.b : gathered, j->width,
                       p.b ? j->off + k0 : NULL, c + o * ldc, ldc, j->bias && k1 == j->k ? j->bias + channel + o : NULL,
                       k1 == j->k ? j->act : NULL, k0 == 0);
      }
      if (k1 == j->k && !p.c) write_tile(j, t, channel, &p, row_at(&j->rows, m0), row_at(&j->rows, m1));
    }
  }
}

static void conv_task(void *context, int64_t i, int worker) {
  make_strip(context, i, worker);
  conv_block(context, i, worker);
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

static void plan(job *j) {
  if (!j->picture) j->width = j->o <= MR / 2 ? WIDE : NARROW;
  j->rows = rows_of(j->o, j->width == WIDE ? MR / 2 : MR);
  int64_t cuts = (j->k + DEPTH - 1) / DEPTH;
  j->depth = (j->k + cuts - 1) / cuts;
  j->total = j->picture ? j->v.n * j->v.q[0] * j->v.q[1] * ((j->v.q[2] + j->width - 1) / j->width) : (j->pixels + j->width - 1) / j->width;
  int64_t most = 32768 / (j->o * j->width) > PANELS ? 32768 / (j->o * j->width) : PANELS;
  j->panels = j->total / 16 < 1 ? 1 : j->total / 16 > most ? most : j->total / 16;
  if (j->picture && j->picture->strip) {
    int64_t across = (j->v.q[2] + j->width - 1) / j->width, strips = (j->v.q[1] + j->picture->strip - 1) / j->picture->strip;
    j->panels = j->picture->strip * across, j->total = j->v.n * strips * j->panels, j->copy = j->v.c * j->picture->plane;
  }
  j->blocks = (j->total + j->panels - 1) / j->panels;
  int64_t tasks = j->blocks * j->groups;
  j->parts = tasks >= 8 ? 1 : 8 / tasks;
  if (j->parts > (j->rows.count + 1) / 2) j->parts = (j->rows.count + 1) / 2;
  j->direct = true;
  for (int d = 0; d < 3; d++) j->direct &= j->ostep[d] == 1 && j->v.q[d] == j->osize[d];
  j->scratch_size = ((size_t)(j->copy + j->depth * j->width + (cuts > 1 ? j->panels : 1) * j->o * j->width) * sizeof(float) + 63) & ~(size_t)63;
}

/* The convolution that the view describes, its weights packed; ostep/cstep: steps of the weights for an output and an input channel. kind: of the kept form, -1 = it is not kept.
 * Also after a failure it wants a release. */
static bool prepare(gn *g, job *j, const gn_conv *s, const float *w, int64_t ostep, int64_t cstep, int kind) {
  plan(j);
  size_t bytes = (size_t)(j->k * j->o * j->groups) * sizeof(float);
  bool fresh;
  if (!(j->off = gn_alloc(g, (size_t)j->k * sizeof *j->off))) return false;
  if (j->picture) K(picture_offsets)(&j->v, j->picture, j->off);
  gn_source source = kind < 0 ? (gn_source){0} : s->weights;
  float *packed = gn_packed_weights(g, &source, kind + (j->width == WIDE), bytes, &fresh);
  if (!packed) j->own_bytes = bytes, packed = j->own = gn_alloc(g, bytes);
  if (!(j->packed = packed)) return false;
  packing p = {w, packed, &j->v, j->rows, j->o, j->k, ostep, cstep, s->o / s->groups * (s->c / s->groups) * volume(s->k), {s->k[0], s->k[1], s->k[2]}};
  int64_t tasks = fresh ? j->groups * j->rows.count : 0;
  if (j->k * j->o < 8192) for (int64_t i = 0; i < tasks; i++) pack_task(&p, i, 0);
  else gn_parallel(g, tasks, pack_task, &p);
  return true;
}

static void release(gn *g, job *j) {
  gn_free(g, j->off, (size_t)j->k * sizeof *j->off);
  gn_free(g, j->own, j->own_bytes);
}

typedef struct jobs { const job *list; int64_t n; } jobs;

/* The same part of each job, one after the other: phases of a transposed convolution write into the same lines of memory. */
static void jobs_task(void *context, int64_t i, int worker) {
  const jobs *all = context;
  make_strip(all->list, i, worker);
  for (int64_t k = 0; k < all->n; k++) conv_block(&all->list[k], i, worker);
}

static bool run_jobs(gn *g, job *list, int64_t n) {
  size_t size = 0;
  bool alike = true;
  for (int64_t i = 0; i < n; i++) {
    if (list[i].scratch_size > size) size = list[i].scratch_size;
    alike &= list[i].blocks == list[0].blocks && list[i].parts == list[0].parts;
  }
  char *scratch = gn_scratch(g, &size);
  if (!scratch) return false;
  for (int64_t i = 0; i < n; i++) list[i].scratch = scratch, list[i].scratch_size = size;
  if (alike && n) gn_parallel(g, list->groups * list->blocks * list->parts, jobs_task, &(jobs){list, n});
  else for (int64_t i = 0; i < n; i++) gn_parallel(g, list[i].groups * list[i].blocks * list[i].parts, conv_task, &list[i]);
  gn_scratch_free(g, scratch, size);
  return true;
}

static bool direct(gn *g, job *j, const gn_conv *s, const float *w, int64_t ostep, int64_t cstep) {
  bool ok = prepare(g, j, s, w, ostep, cstep, FORWARD) && run_jobs(g, j, 1);
  release(g, j);
  return ok;
}

static const gn_act *act_of(const gn_conv *s) { return s->act.on ? &s->act : NULL; }

static void fill(float *y, const float *b, const gn_act *act, int64_t n, int64_t c, int64_t plane) {
  for (int64_t i = 0; i < n * c; i++) {
    float v = b ? b[i % c] : 0;
    if (act) v = gn_activate(v, act);
    for (int64_t p = 0; p < plane; p++) y[i * plane + p] = v;
  }
}

/* A column of pixels is a row lying down. A 1x1 convolution knows no neighbours: all pixels of a plane are one row. */
static gn_conv flatten(const gn_conv *s) {
  gn_conv t = *s;
  if (s->in[2] == 1 && s->out[2] == 1 && s->k[2] == 1 && !s->pad[2]) {
    t.in[2] = s->in[1], t.out[2] = s->out[1], t.k[2] = s->k[1], t.stride[2] = s->stride[1], t.pad[2] = s->pad[1], t.dilation[2] = s->dilation[1];
    t.in[1] = t.out[1] = t.k[1] = t.stride[1] = t.dilation[1] = 1, t.pad[1] = 0;
    s = &t;
  }
  for (int d = 0; d < 3; d++) if (s->k[d] != 1 || s->stride[d] != 1 || s->pad[d] || s->in[d] != s->out[d]) return t;
  for (int d = 0; d < 2; d++) t.in[2] *= t.in[d], t.in[d] = t.out[d] = 1;
  t.out[2] = t.in[2];
  return t;
}

/* With a fair number of channels and pixels a flattened 1x1 convolution is a plain product for each sample. */
static bool is_product(const gn_conv *s) {
  return volume(s->k) == 1 && s->stride[2] == 1 && !s->pad[2] && s->in[2] == s->out[2] && volume(s->in) == s->in[2] && s->groups == 1 && s->c >= 16 && s->o >= 16
      && s->in[2] >= 64;
}

static bool product(gn *g, const gn_conv *s, bool data, const float *x, const float *w, const float *b, float *y) {
  int64_t pixels = s->in[2], ci = data ? s->o : s->c, co = data ? s->c : s->o;
  gn_gemm p = {.m = co, .n = pixels, .k = ci, .a = w, .ars = data ? 1 : ci, .acs = data ? co : 1, .b = x, .brs = pixels, .bcs = 1, .c = y, .ldc = pixels,
               .nbatch = 1, .bdim = {s->n}, .bstep = {ci * pixels}, .cstep = {co * pixels}, .bias = b, .row_bias = true, .act = s->act};
  return K(gemm)(g, &p);
}

/* The offsets' least and greatest values: of rows as they are, of columns divided by the step. */
static void hull(const view *v, int64_t lo[3], int64_t hi[3]) {
  for (int d = 0; d < 3; d++) {
    int64_t step = d == 2 ? v->step[2] : 1;
    lo[d] = INT64_MAX, hi[d] = INT64_MIN;
    for (int64_t t = 0; t < v->nt[d]; t++) {
      int64_t at = floor_div(v->off[d][t], step);
      if (at < lo[d]) lo[d] = at;
      if (at > hi[d]) hi[d] = at;
    }
  }
}

/* The widest panels with which a copy of the input pays. */
static bool find_picture(job *j, const int64_t lo[3], const int64_t hi[3], picture *p) {
  for (j->width = j->o <= MR / 2 ? WIDE : NARROW; j->width >= (j->o >= 4 ? VL : NARROW); j->width /= 2)
    if (K(picture_suits)(&j->v, j->width, lo, hi, p)) return j->picture = p, true;
  return false;
}

/* A view of the picture for the convolution that y = conv(x, w) is; it wants a close. */
static bool forward_open(gn *g, const gn_conv *s, const float *x, const float *b, float *y, job *j) {
  int64_t taps = volume(s->k), cg = s->c / s->groups;
  *j = (job){.x = x, .bias = b, .act = act_of(s), .y = y, .o = s->o / s->groups, .groups = s->groups, .k = cg * taps, .pixels = s->n * volume(s->out)};
  if (!K(conv_view_open)(g, &j->v, s->k)) return false;
  j->v.n = s->n, j->v.c = cg, j->v.channels = s->c, j->v.edge = s->edge;
  for (int d = 0; d < 3; d++) {
    j->v.in[d] = s->in[d], j->v.q[d] = j->osize[d] = s->out[d], j->v.step[d] = s->stride[d], j->ostep[d] = 1;
    for (int64_t t = 0; t < s->k[d]; t++) j->v.tap[d][t] = t, j->v.off[d][t] = t * s->dilation[d] - s->pad[d];
  }
  return true;
}

/* Where no kernel keeps a form of its own, that of 32 bits is kept. */
static bool widened(gn *g, const gn_conv *s, const float *x, const float *b, float *y) {
  size_t bytes = gn_conv_weight_bytes(s);
  bool ready = gn_packed_ready(&s->weights, WIDENED, bytes), fresh;
  float *own = ready ? NULL : gn_conv_widen(g, s);
  if (!ready && !own) return false;
  float *kept = gn_packed_weights(g, &s->weights, WIDENED, bytes, &fresh);
  if (kept && fresh) memcpy(kept, own, bytes);
  bool fine = K(conv_forward)(g, s, x, kept ? kept : own, b, y);
  gn_free(g, own, bytes);
  return fine;
}

bool K(conv_forward)(gn *g, const gn_conv *spec, const float *x, const float *w, const float *b, float *y) {
  gn_conv flat = flatten(spec), *s = &flat;
  int64_t taps = volume(s->k), cg = s->c / s->groups, og = s->o / s->groups, lo[3], hi[3];
  if (!s->n || !s->o || !volume(s->out)) return true;
  if (!cg || !taps || !volume(s->in)) return fill(y, b, act_of(s), s->n, s->o, volume(s->out)), true;
  if (!s->whole && K(wino_suits)(s, false)) return K(wino)(g, s, false, x, w, b, y);
  if (!w) return widened(g, spec, x, b, y);
  if (!s->whole && K(wino2_suits)(s)) return K(wino2)(g, s, false, x, w, b, y);
  if (!s->whole && K(wino_rows_suits)(s)) return K(wino_rows)(g, s, x, w, b, y);
  if (K(narrow_suits)(s, false)) return K(narrow)(g, s, x, w, b, y);
  if (is_product(s)) return product(g, s, false, x, w, b, y);
  job j;
  if (!forward_open(g, s, x, b, y, &j)) return false;
  hull(&j.v, lo, hi);
  picture p = {0};
  bool ok = true;
  bool deep = cg == 1 && og == 1, plain = deep && s->stride[2] == 1;
  if (!plain && find_picture(&j, lo, hi, &p)) ok = K(picture_make)(g, &j.v, true, og, j.width, x, &p);
  if (ok) ok = deep && !j.picture ? K(depthwise)(g, &j.v, s->n * s->c, x, w, taps, b, j.act, y) : direct(g, &j, s, w, cg * taps, taps);
  gn_free(g, p.own, p.bytes);
  K(conv_view_close)(g, &j.v);
  return ok;
}

/* ---- a convolution and the pool of its result: a task makes the rows that a few rows of the pool look at, in a band that stays in its caches ---- */
enum { BAND = 1 << 16, LEAST = 1 << 16 };       /* floats of a band; of a result that is worth it */
typedef struct pooling {
  job j;
  const gn_window *s;
  float *y;
  int64_t rows, high, pieces;              /* of the pool a piece; of the convolution in a band; of a sample */
  char *scratch; size_t scratch_size;      /* per worker: what came before, and a band */
} pooling;

/* The rows of the convolution under row q of the pool. */
static int64_t first_row(const gn_window *s, int64_t q) { return q * s->stride[1] > s->pad[1] ? q * s->stride[1] - s->pad[1] : 0; }
static int64_t end_row(const gn_window *s, int64_t q) {
  int64_t end = q * s->stride[1] - s->pad[1] + s->size[1];
  return end < 0 ? 0 : end < s->in[1] ? end : s->in[1];
}

/* Rows from..to-1 of the convolution of sample n. */
static void band_rows(const pooling *c, int64_t n, int64_t from, int64_t to, float *band, int worker) {
  job j = c->j;
  picture p = *j.picture;
  p.lo[1] += from * j.v.step[1], p.strip = to - from;
  j.x += n * j.v.channels * volume(j.v.in), j.y = band, j.picture = &p;
  j.v.n = 1, j.v.q[1] = p.strip, j.osize[1] = c->high;
  j.panels = j.total = p.strip * ((j.v.q[2] + j.width - 1) / j.width);
  conv_task(&j, 0, worker);
}

/* Rows that the piece before has made as well are taken over from it. */
static void pool_task(void *context, int64_t i, int worker) {
  const pooling *c = context;
  const gn_window *s = c->s;
  int64_t *last = (int64_t *)(void *)(c->scratch + (size_t)worker * c->scratch_size);
  float *band = (float *)last + 16;
  int64_t n = i / c->pieces, piece = i % c->pieces, q0 = piece * c->rows, q1 = q0 + c->rows < s->out[1] ? q0 + c->rows : s->out[1];
  int64_t from = first_row(s, q0), to = end_row(s, q1 - 1), have = from, width = s->in[2], plane = c->high * width;
  if (piece && *last == i && end_row(s, q0 - 1) > from) {
    have = end_row(s, q0 - 1);
    const float *old = band + (from - first_row(s, q0 - c->rows)) * width;
    for (int64_t o = 0; o < c->j.o; o++) memmove(band + o * plane, old + o * plane, (size_t)((have - from) * width) * sizeof(float));
  }
  *last = i + 1;
  if (to > have) band_rows(c, n, have, to, band + (have - from) * width, worker);
  K(max_pool_rows)(s, c->j.o, band, plane, from, q0, q1, c->y + n * c->j.o * s->out[1] * s->out[2]);
}

static bool run_pieces(gn *g, pooling *c) {
  size_t own = ((size_t)(16 + c->j.o * c->high * c->s->in[2]) * sizeof(float) + 63) & ~(size_t)63, each = own + c->j.scratch_size;
  if (!(c->scratch = gn_scratch(g, &each))) return false;
  c->j.scratch = c->scratch + own, c->j.scratch_size = c->scratch_size = each;
  for (int w = 0; w < gn_workers(g); w++) *(int64_t *)(void *)(c->scratch + each * (size_t)w) = 0;
  gn_parallel(g, c->j.v.n * c->pieces, pool_task, c);
  gn_scratch_free(g, c->scratch, each);
  return true;
}

/* Flat pictures of some size under a direct convolution. */
static bool bands_suit(const gn_conv *s, const gn_window *p) {
  int64_t row = s->o * s->out[2];
  if (s->groups != 1 || s->in[0] != 1 || s->out[0] != 1 || s->k[0] != 1 || s->pad[0] || !s->c || !volume(s->k) || !volume(s->in) || !volume(p->out)) return false;
  if (s->n * row * s->out[1] < LEAST || p->size[1] * row > 4 * BAND || !K(pool_suits)(p)) return false;
  if (!s->whole && (K(wino_suits)(s, false) || K(wino2_suits)(s) || K(wino_rows_suits)(s))) return false;
  gn_conv flat = flatten(s);
  return !K(narrow_suits)(s, false) && !is_product(&flat);
}

bool K(conv_pool)(gn *g, const gn_conv *s, const gn_window *p, const float *x, const float *w, const float *b, float *y, bool *done) {
  int64_t taps = volume(s->k), lo[3], hi[3];
  *done = false;
  if (!bands_suit(s, p)) return true;
  pooling c = {.s = p, .y = y};
  if (!forward_open(g, s, x, b, NULL, &c.j)) return false;
  hull(&c.j.v, lo, hi);
  picture t = {0};
  bool ok = true;
  if (find_picture(&c.j, lo, hi, &t)) {
    int64_t fits = (BAND / (s->o * s->out[2]) - p->size[1]) / p->stride[1] + 1, some = (p->out[1] + 7) / 8;
    c.rows = fits < 1 ? 1 : fits < some ? fits : some, c.pieces = (p->out[1] + c.rows - 1) / c.rows;
    c.high = (c.rows - 1) * p->stride[1] + p->size[1];
    if (c.high > s->out[1]) c.high = s->out[1];
    K(picture_cut)(&c.j.v, &t, c.high);
    ok = prepare(g, &c.j, s, w, s->c * taps, taps, FORWARD);
    c.j.blocks = c.j.parts = 1;
    ok = ok && run_pieces(g, &c);
    release(g, &c.j);
    *done = ok;
  }
  K(conv_view_close)(g, &c.j.v);
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

/* Phase i of those of `base`, with a view of its own. */
static bool phase_open(gn *g, const gn_conv *s, const job *base, int64_t i, const int64_t phases[3], job *j) {
  *j = *base;
  if (!K(conv_view_open)(g, &j->v, s->k)) return j->v.off[0] = NULL, false;
  j->phase[0] = i / phases[2] / phases[1], j->phase[1] = i / phases[2] % phases[1], j->phase[2] = i % phases[2];
  for (int d = 0; d < 3; d++) j->v.q[d] = phase_of(s, d, j->phase[d], &j->v, &j->v.nt[d]);
  j->pixels = s->n * volume(j->v.q), j->k = s->o / s->groups * volume(j->v.nt);
  return true;
}

static void phase_close(gn *g, const gn_conv *s, job *j) {
  release(g, j);
  if (!j->v.off[0]) return;
  for (int d = 0; d < 3; d++) j->v.nt[d] = s->k[d];              /* as it was opened */
  K(conv_view_close)(g, &j->v);
}

/* Which taps a phase has follows from this kind: with another pad, stride or dilation the same weights are packed otherwise. -1 = there is none. */
static int phase_kind(const gn_conv *s, const job *j) {
  int kind = 0;
  for (int d = 0; d < 3; d++) {
    int64_t step = s->stride[d];
    if (step > 7) return -1;
    kind = kind << 9 | (int)(step << 6 | s->dilation[d] % step << 3 | (j->phase[d] + s->pad[d]) % step);
  }
  return PHASE + 2 * kind;
}

/* Phases from .. to - 1. */
static bool some_phases(gn *g, const gn_conv *s, const job *base, const int64_t phases[3], int64_t from, int64_t to, const float *w) {
  int64_t taps = volume(s->k), used = 0;
  job list[PHASES];
  bool ok = true;
  for (int64_t i = from; ok && i < to; i++) {
    job *j = &list[used++];
    ok = phase_open(g, s, base, i, phases, j);
    if (ok && (!j->pixels || !j->k)) used--, phase_close(g, s, j);
    else ok = ok && prepare(g, j, s, w, taps, s->c / s->groups * taps, phase_kind(s, j));
  }
  ok = ok && (!used || run_jobs(g, list, used));
  for (int64_t i = 0; i < used; i++) phase_close(g, s, &list[i]);
  return ok;
}

/* A picture that serves all phases. */
static bool phases_picture(gn *g, const gn_conv *s, job *j, picture *p) {
  int64_t lo[3], hi[3];
  for (int d = 0; d < 3; d++) {
    int64_t far = s->pad[d] - (s->k[d] - 1) * s->dilation[d];
    lo[d] = floor_div(far, s->stride[d]);
    hi[d] = floor_div(s->pad[d] + s->stride[d] - 1, s->stride[d]);
    j->v.q[d] = (s->in[d] - 1) / s->stride[d] + 1;
  }
  return !find_picture(j, lo, hi, p) || K(picture_make)(g, &j->v, volume(s->stride) == 1, j->o, j->width, j->x, p);
}

bool K(conv_data)(gn *g, const gn_conv *spec, const float *y, const float *w, const float *b, float *x) {
  gn_conv flat = flatten(spec), *s = &flat;
  int64_t cg = s->c / s->groups, og = s->o / s->groups, phases[3];
  if (!s->n || !s->c || !volume(s->in)) return true;
  bool empty = !og || !volume(s->out) || !volume(s->k), sparse = empty;
  for (int d = 0; d < 3; d++) {
    phases[d] = s->stride[d] < s->in[d] ? s->stride[d] : s->in[d];
    sparse |= s->stride[d] > s->k[d] || (s->dilation[d] > 1 && s->stride[d] > 1);
  }
  if (sparse) fill(x, b, act_of(s), s->n, s->c, volume(s->in));               /* some phases have no taps */
  if (empty) return true;
  if (K(wino_suits)(s, true)) return K(wino)(g, s, true, y, w, b, x);
  if (K(wino2_suits)(s)) return K(wino2)(g, s, true, y, w, b, x);
  if (K(narrow_suits)(s, true)) return K(narrow_spread)(g, s, y, w, b, x);
  if (is_product(s)) return product(g, s, true, y, w, b, x);
  job j = {.x = y, .bias = b, .act = act_of(s), .y = x, .o = cg, .groups = s->groups};
  j.v.n = s->n, j.v.c = og, j.v.channels = s->o;
  for (int d = 0; d < 3; d++) j.v.in[d] = s->out[d], j.osize[d] = s->in[d], j.ostep[d] = s->stride[d], j.v.step[d] = 1;
  picture p = {0};
  bool plain = cg == 1 && og == 1 && volume(s->stride) == 1, ok;
  if (plain) {
    ok = phase_open(g, s, &j, 0, phases, &j) && K(depthwise)(g, &j.v, s->n * s->c, y, w, volume(s->k), b, j.act, x);
    phase_close(g, s, &j);
  } else {
    ok = phases_picture(g, s, &j, &p);
    for (int64_t i = 0, n = volume(phases); ok && i < n; i += PHASES) ok = some_phases(g, s, &j, phases, i, i + PHASES < n ? i + PHASES : n, w);
  }
  gn_free(g, p.own, p.bytes);
  return ok;
}
