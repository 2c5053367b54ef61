/* grid.c: sampling pictures at points, and the gradients to the picture and to the points (Jaderberg et al. 2015). */
#include "../kernels.h"
#include <string.h>

typedef struct job {
  const gn_grid *s;
  const float *x, *grid, *gy;
  float *y;
  int64_t points;                       /* of a sample */
} job;

enum { POINTS = 1024 };

/* The four pixels around a point (at = -1: outside, counts nothing), their weights, and how fast the position moves with the grid. */
typedef struct spot {
  int64_t at[4];
  float w[4], fx, fy, dx, dy;
} spot;

static inline int64_t below(float v) {
  int64_t i = (int64_t)v;
  return i - ((float)i > v);
}

/* The place of a coordinate in -1..1 in pixels. */
static inline float place(float v, int64_t size, const gn_grid *s, float *slope) {
  float n = (float)size, p = s->corners ? (v + 1) / 2 * (n - 1) : ((v + 1) * n - 1) / 2;
  *slope = s->corners ? (n - 1) / 2 : n / 2;
  if (s->border) {
    if (!(p > 0)) p = 0, *slope = 0;
    if (p >= n - 1) p = n - 1, *slope = 0;
  }
  return p > -2 ? p < n + 1 ? p : n + 1 : -2;              /* NaN lies outside */
}

static inline spot look(const gn_grid *s, const float *point) {
  spot t;
  float px = place(point[0], s->in[1], s, &t.dx), py = place(point[1], s->in[0], s, &t.dy);
  int64_t x = below(px), y = below(py);
  t.fx = px - (float)x, t.fy = py - (float)y;
  if (s->nearest) {                                            /* half goes to even */
    x += t.fx > 0.5f || (t.fx == 0.5f && (x & 1)), y += t.fy > 0.5f || (t.fy == 0.5f && (y & 1));
    t.fx = t.fy = t.dx = t.dy = 0;
  }
  for (int i = 0; i < 4; i++) {
    int64_t u = x + (i & 1), v = y + (i >> 1);
    t.at[i] = u < 0 || v < 0 || u >= s->in[1] || v >= s->in[0] ? -1 : v * s->in[1] + u;
    t.w[i] = (i & 1 ? t.fx : 1 - t.fx) * (i >> 1 ? t.fy : 1 - t.fy);
  }
  if (s->nearest) t.at[1] = t.at[2] = t.at[3] = -1;
  return t;
}

/* Task i of those that take each sample's points in blocks: the sample, and its points from .. to - 1. */
typedef struct block { int64_t n, from, to; } block;

static inline int64_t blocks_of(const job *j) { return (j->points + POINTS - 1) / POINTS; }

static inline block block_of(const job *j, int64_t i) {
  int64_t blocks = blocks_of(j), from = i % blocks * POINTS;
  return (block){i / blocks, from, from + POINTS < j->points ? from + POINTS : j->points};
}

static void sample_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_grid *s = j->s;
  block b = block_of(j, i);
  int64_t n = b.n, plane = s->in[0] * s->in[1];
  for (int64_t p = b.from; p < b.to; p++) {
    spot t = look(s, j->grid + (n * j->points + p) * 2);
    for (int64_t c = 0; c < s->c; c++) {
      const float *x = j->x + (n * s->c + c) * plane;
      float sum = 0;
      for (int k = 0; k < 4; k++) if (t.at[k] >= 0) sum += t.w[k] * x[t.at[k]];
      j->y[(n * s->c + c) * j->points + p] = sum;
    }
  }
}

void K(grid_sample)(gn *g, const gn_grid *s, const float *x, const float *grid, float *y) {
  job j = {.s = s, .x = x, .grid = grid, .y = y, .points = s->out[0] * s->out[1]};
  gn_parallel(g, s->n * blocks_of(&j), sample_task, &j);
}

static void data_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_grid *s = j->s;
  int64_t plane = s->in[0] * s->in[1], n = i / s->c;
  float *x = j->y + i * plane;
  memset(x, 0, (size_t)plane * sizeof *x);
  for (int64_t p = 0; p < j->points; p++) {
    spot t = look(s, j->grid + (n * j->points + p) * 2);
    for (int k = 0; k < 4; k++) if (t.at[k] >= 0) x[t.at[k]] += t.w[k] * j->gy[i * j->points + p];
  }
}

void K(grid_data)(gn *g, const gn_grid *s, const float *y, const float *grid, float *x) {
  job j = {.s = s, .gy = y, .grid = grid, .y = x, .points = s->out[0] * s->out[1]};
  gn_parallel(g, s->n * s->c, data_task, &j);
}

static void point_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_grid *s = j->s;
  block b = block_of(j, i);
  int64_t n = b.n, plane = s->in[0] * s->in[1];
  for (int64_t p = b.from; p < b.to; p++) {
    spot t = look(s, j->grid + (n * j->points + p) * 2);
    float sx = 0, sy = 0;
    for (int64_t c = 0; c < s->c; c++) {
      const float *x = j->x + (n * s->c + c) * plane;
      float v[4], gy = j->gy[(n * s->c + c) * j->points + p];
      for (int k = 0; k < 4; k++) v[k] = t.at[k] >= 0 ? x[t.at[k]] : 0;
      sx += gy * ((v[1] - v[0]) * (1 - t.fy) + (v[3] - v[2]) * t.fy);
      sy += gy * ((v[2] - v[0]) * (1 - t.fx) + (v[3] - v[1]) * t.fx);
    }
    j->y[(n * j->points + p) * 2] = sx * t.dx, j->y[(n * j->points + p) * 2 + 1] = sy * t.dy;
  }
}

void K(grid_point)(gn *g, const gn_grid *s, const float *x, const float *grid, const float *y, float *dgrid) {
  job j = {.s = s, .x = x, .grid = grid, .gy = y, .y = dgrid, .points = s->out[0] * s->out[1]};
  gn_parallel(g, s->n * blocks_of(&j), point_task, &j);
}
