/* conv_depth.c: depthwise convolution (one channel in, one out): row by row, taps in order. */
#include "conv_in.h"

typedef struct job {
  const view *v;
  int64_t planes, channels, chunk, wstep, low, high;      /* low..high-1: outputs of a row for which all taps lie inside */
  const float *x, *w, *b;
  const gn_act *act;
  float *y;
} job;

/* to[0..n) += w * from[i * step] */
INLINE void add_row(float *restrict to, const float *restrict from, int64_t step, int64_t n, float w) {
  if (step == 1) for (int64_t i = 0; i < n; i++) to[i] += w * from[i];
  else if (step == 2) for (int64_t i = 0; i < n; i++) to[i] += w * from[2 * i];
  else for (int64_t i = 0; i < n; i++) to[i] += w * from[i * step];
}

/* The outputs at which a tap lies inside: low..high-1. */
static void inside(int64_t off, int64_t step, int64_t in, int64_t q, int64_t *low, int64_t *high) {
  *low = off >= 0 ? 0 : (-off + step - 1) / step;
  *high = in - off <= 0 ? 0 : (in - off - 1) / step + 1;
  if (*high > q) *high = q;
  if (*low > *high) *low = *high;
}

/* nv vectors of the interior with all taps in registers. */
INLINE void block(int nv, const view *v, const float *plane, const float *w, int64_t d, int64_t h, int64_t at, float *y) {
  vec a[4];
  UNROLL for (int i = 0; i < nv; i++) a[i] = (vec){0};
  for (int64_t t0 = 0; t0 < v->nt[0]; t0++)
    for (int64_t t1 = 0; t1 < v->nt[1]; t1++) {
      int64_t z = d + v->off[0][t0], r = h + v->off[1][t1];
      if (z < 0 || z >= v->in[0] || r < 0 || r >= v->in[1]) continue;
      const float *row = plane + (z * v->in[1] + r) * v->in[2] + at, *wr = w + (v->tap[0][t0] * v->nt[1] + v->tap[1][t1]) * v->nt[2];
      for (int64_t t2 = 0; t2 < v->nt[2]; t2++) {
        const float *p = row + v->off[2][t2];
        vec k = wr[v->tap[2][t2]] - (vec){0};
        UNROLL for (int i = 0; i < nv; i++) a[i] += k * load(p + i * VL);
      }
    }
  UNROLL for (int i = 0; i < nv; i++) store(y + at + i * VL, a[i]);
}

/* The interior low..high-1, at least a vector wide; the last block of a width overlaps the one before. */
static void interior(const view *v, const float *plane, const float *w, int64_t d, int64_t h, int64_t low, int64_t high, float *y) {
  int64_t at = low;
  for (; at + WIDE <= high; at += WIDE) block(4, v, plane, w, d, h, at, y);
  if (at < high && high - low >= WIDE) block(4, v, plane, w, d, h, high - WIDE, y);
  else for (; at < high; at += VL) block(1, v, plane, w, d, h, at + VL <= high ? at : high - VL, y);
}

/* One output by the edge. */
static float point(const view *v, const float *plane, const float *w, int64_t d, int64_t h, int64_t x) {
  float sum = 0;
  for (int64_t t0 = 0; t0 < v->nt[0]; t0++)
    for (int64_t t1 = 0; t1 < v->nt[1]; t1++) {
      int64_t z = d + v->off[0][t0], r = h + v->off[1][t1];
      if (z < 0 || z >= v->in[0] || r < 0 || r >= v->in[1]) continue;
      const float *row = plane + (z * v->in[1] + r) * v->in[2], *wr = w + (v->tap[0][t0] * v->nt[1] + v->tap[1][t1]) * v->nt[2];
      for (int64_t t2 = 0; t2 < v->nt[2]; t2++) {
        int64_t at = x + v->off[2][t2];
        if (at >= 0 && at < v->in[2]) sum += wr[v->tap[2][t2]] * row[at];
      }
    }
  return sum;
}

/* A row with steps, or too narrow for vectors: tap by tap. */
static void thin_row(const view *v, const float *plane, const float *w, int64_t d, int64_t h, float *y) {
  for (int64_t i = 0; i < v->q[2]; i++) y[i] = 0;
  for (int64_t t0 = 0; t0 < v->nt[0]; t0++)
    for (int64_t t1 = 0; t1 < v->nt[1]; t1++) {
      int64_t z = d + v->off[0][t0], r = h + v->off[1][t1], from, to;
      if (z < 0 || z >= v->in[0] || r < 0 || r >= v->in[1]) continue;
      const float *row = plane + (z * v->in[1] + r) * v->in[2], *wr = w + (v->tap[0][t0] * v->nt[1] + v->tap[1][t1]) * v->nt[2];
      for (int64_t t2 = 0; t2 < v->nt[2]; t2++) {
        int64_t off = v->off[2][t2], step = v->step[2];
        inside(off, step, v->in[2], v->q[2], &from, &to);
        add_row(y + from, row + from * step + off, step, to - from, wr[v->tap[2][t2]]);
      }
    }
}

static void one_row(const job *j, const float *plane, const float *w, int64_t q0, int64_t q1, float *y) {
  const view *v = j->v;
  int64_t d = q0 * v->step[0], h = q1 * v->step[1];
  if (v->step[2] != 1 || j->high - j->low < VL) {
    thin_row(v, plane, w, d, h, y);
    return;
  }
  for (int64_t i = 0; i < j->low; i++) y[i] = point(v, plane, w, d, h, i);
  interior(v, plane, w, d, h, j->low, j->high, y);
  for (int64_t i = j->high; i < v->q[2]; i++) y[i] = point(v, plane, w, d, h, i);
}

static void task(void *context, int64_t i, int worker) {
  const job *j = context;
  const view *v = j->v;
  int64_t end = (i + 1) * j->chunk < j->planes ? (i + 1) * j->chunk : j->planes;
  for (int64_t p = i * j->chunk; p < end; p++) {
    float bias = j->b ? j->b[p % j->channels] : 0;
    const float *w = j->w + p % j->channels * j->wstep;
    for (int64_t q0 = 0; q0 < v->q[0]; q0++)
      for (int64_t q1 = 0; q1 < v->q[1]; q1++) {
        float *y = j->y + ((p * v->q[0] + q0) * v->q[1] + q1) * v->q[2];
        one_row(j, j->x + p * volume(v->in), w, q0, q1, y);
        if (j->b) for (int64_t e = 0; e < v->q[2]; e++) y[e] += bias;
        if (j->act) for (int64_t e = 0; e < v->q[2]; e++) y[e] = gn_activate(y[e], j->act);
      }
  }
}

bool K(depthwise)(gn *g, const view *v, int64_t planes, const float *x, const float *w, int64_t wstep, const float *b, const gn_act *act, float *y) {
  int64_t size = volume(v->q), chunk = size >= 4096 ? 1 : 4096 / (size ? size : 1) + 1;
  job j = {v, planes, v->channels, chunk, wstep, 0, v->q[2], x, w, b, act, y};
  for (int64_t t = 0; t < v->nt[2]; t++) {
    int64_t from, to;
    inside(v->off[2][t], v->step[2], v->in[2], v->q[2], &from, &to);
    if (from > j.low) j.low = from;
    if (to < j.high) j.high = to;
  }
  gn_parallel(g, (planes + chunk - 1) / chunk, task, &j);
  return true;
}
