/* pool2d.c: pools over windows of up to three dims, each plane on its own, windows row by row. */
#include "conv_in.h"
#include <string.h>

typedef struct job {
  const gn_window *s;
  const float *x;
  float *y;
  int32_t *position;
  const int32_t *from;
  int64_t planes, in, out, chunk;
} job;

/* The part of a window that lies inside: low..high-1; returns its length before the cut, within the padding. */
static inline int64_t window(const gn_window *s, int d, int64_t q, int64_t *low, int64_t *high) {
  int64_t a = q * s->stride[d] - s->pad[d], b = a + s->size[d], most = s->in[d] + s->pad[d];
  if (b > most) b = most;
  int64_t len = b - a;
  *low = a < 0 ? 0 : a;
  *high = b > s->in[d] ? s->in[d] : b;
  if (*high < *low) *high = *low;
  return len;
}

static void run_planes(gn *g, job *j, gn_task *task, int64_t work) {
  j->chunk = work >= 16384 ? 1 : 16384 / (work > 0 ? work : 1) + 1;
  if (j->planes <= j->chunk) {
    if (j->planes) task(j, 0, 0);
  } else gn_parallel(g, (j->planes + j->chunk - 1) / j->chunk, task, j);
}
static inline int64_t chunk_end(const job *j, int64_t i) { return (i + 1) * j->chunk < j->planes ? (i + 1) * j->chunk : j->planes; }

static void max_row(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], float *y, int32_t *position) {
  for (int64_t q = 0; q < s->out[2]; q++) {
    int64_t a, b, best = -1;
    window(s, 2, q, &a, &b);
    float most = 0;
    for (int64_t d = low[0]; d < high[0]; d++)
      for (int64_t h = low[1]; h < high[1]; h++)
        for (int64_t at = (d * s->in[1] + h) * s->in[2] + a, end = at + b - a; at < end; at++)
          if (best < 0 || x[at] > most || (x[at] != x[at] && most == most)) most = x[at], best = at;
    y[q] = most;
    if (position) position[q] = (int32_t)(best < 0 ? 0 : best);
  }
}

/* The usual window, 2x2 by 2x2 without padding: two rows at a time. */
static void max_pairs(const gn_window *s, const float *x, int64_t row, float *restrict y, int32_t *restrict position) {
  const float *u = x + row * s->in[2], *v = u + s->in[2];
  for (int64_t q = 0; q < s->out[2]; q++) {
    float a = u[2 * q], b = u[2 * q + 1], c = v[2 * q], d = v[2 * q + 1];
    int64_t at = row * s->in[2] + 2 * q, p = at;
    if (b > a || (b != b && a == a)) a = b, p = at + 1;
    if (c > a || (c != c && a == a)) a = c, p = at + s->in[2];
    if (d > a || (d != d && a == a)) a = d, p = at + s->in[2] + 1;
    y[q] = a, position[q] = (int32_t)p;
  }
}

/* ---- values alone: the rows of a window first, then its columns ---- */
#define SPAN 2048
static inline float most(float a, float b) { return (b > a) | (b != b) ? b : a; }

typedef int32_t ivec __attribute__((vector_size(VL * 4)));
INLINE vec most_of(vec a, vec b) {
  ivec mask = (b > a) | (b != b);
  return (vec)(((ivec)b & mask) | ((ivec)a & ~mask));
}

/* to = the larger of to and from; the last vector overlaps the one before, which a maximum does not mind. */
static inline void most_into(float *to, const float *from, int64_t n) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) store(to + i, most_of(load(to + i), load(from + i)));
  if (i < n && n >= VL) store(to + n - VL, most_of(load(to + n - VL), load(from + n - VL)));
  else for (; i < n; i++) to[i] = most(to[i], from[i]);
}

static void columns(const gn_window *s, const float *restrict t, int64_t n, float *restrict y) {
  int64_t step = s->stride[2];
  for (int64_t k = 0; k < s->size[2]; k++) {
    const float *from = t + k;
    if (!k && step == 1) memcpy(y, from, (size_t)n * sizeof *y);
    else if (step == 1) most_into(y, from, n);
    else for (int64_t q = 0; q < n; q++) y[q] = k ? most(y[q], from[q * step]) : from[q * step];
  }
}

/* Windows by twos, those of low..high-1 outputs lying inside: rows, then columns, in registers. */
INLINE v8 most_of8(v8 a, v8 b) {
  typedef int32_t i8 __attribute__((vector_size(32)));
  i8 mask = (b > a) | (b != b);
  return (v8)(((i8)b & mask) | ((i8)a & ~mask));
}
INLINE v8 split_most(v8 y, const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], bool even, bool odd) {
  v8 a = y, b = y;
  bool first = true;
  for (int64_t d = low[0]; d < high[0]; d++)
    for (int64_t h = low[1]; h < high[1]; h++, first = false) {
      const float *row = x + (d * s->in[1] + h) * s->in[2];
      v8 c = *(const v8 *)row, e = *(const v8 *)(row + 8);
      a = first ? c : most_of8(a, c), b = first ? e : most_of8(b, e);
    }
  if (even) y = most_of8(y, __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
  if (odd) y = most_of8(y, __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15));
  return y;
}

static void by_twos(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], int64_t q0, int64_t q1, float *y) {
  int64_t size = s->size[2];
  for (int64_t q = q0; q < q1; q += 8) {
    int64_t at = q + 8 <= q1 ? q : q1 - 8, from = 2 * at - s->pad[2];
    v8 m = (v8){0} - __builtin_inff();
    for (int64_t k = 0; k + 2 <= size; k += 2) m = split_most(m, s, x + from + k, low, high, true, true);
    if (size & 1) m = split_most(m, s, x + from + size - 2, low, high, false, true);    /* from one before, so as not to pass the end */
    *(v8 *)(y + at) = m;
  }
}

/* One output, by the edge. */
static float value_at(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], int64_t q) {
  int64_t a, b;
  float m = -__builtin_inff();
  window(s, 2, q, &a, &b);
  for (int64_t d = low[0]; d < high[0]; d++)
    for (int64_t h = low[1]; h < high[1]; h++)
      for (int64_t i = a; i < b; i++) m = most(m, x[(d * s->in[1] + h) * s->in[2] + i]);
  return m;
}

static bool twos_row(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], float *y) {
  int64_t q0 = (s->pad[2] + 1) / 2, room = s->in[2] + s->pad[2] - s->size[2], q1 = room < 0 ? 0 : room / 2 + 1;
  if (q1 > s->out[2]) q1 = s->out[2];
  if (s->stride[2] != 2 || s->size[2] < 2 || q1 - q0 < 8 || low[0] >= high[0] || low[1] >= high[1]) return false;
  for (int64_t q = 0; q < q0; q++) y[q] = value_at(s, x, low, high, q);
  by_twos(s, x, low, high, q0, q1, y);
  for (int64_t q = q1; q < s->out[2]; q++) y[q] = value_at(s, x, low, high, q);
  return true;
}

/* One row of outputs; the part of the input under n of them lies in t, what is outside as -inf. */
static void values_row(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], float *y) {
  if (twos_row(s, x, low, high, y)) return;
  int64_t step = s->stride[2], width = s->in[2], block = (SPAN - s->size[2]) / step;
  float t[SPAN + 2];
  for (int64_t q = 0; q < s->out[2]; q += block) {
    int64_t n = s->out[2] - q < block ? s->out[2] - q : block, from = q * step - s->pad[2], span = (n - 1) * step + s->size[2];
    int64_t a = from < 0 ? -from : 0, b = from + span > width ? width - from : span;
    for (int64_t i = 0; i < a && i < span; i++) t[i] = -__builtin_inff();
    for (int64_t i = b > a ? b : a; i < span + 2; i++) t[i] = -__builtin_inff();
    bool first = true;
    for (int64_t d = low[0]; d < high[0]; d++)
      for (int64_t h = low[1]; h < high[1]; h++, first = false) {
        const float *row = x + (d * s->in[1] + h) * width + from;
        if (b <= a) continue;
        if (first) memcpy(t + a, row + a, (size_t)(b - a) * sizeof *t);
        else most_into(t + a, row + a, b - a);
      }
    columns(s, t, n, y + q);
  }
}

static void max_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_window *s = j->s;
  bool pairs = s->size[0] == 1 && s->in[0] == 1 && s->size[1] == 2 && s->size[2] == 2 && s->stride[1] == 2 && s->stride[2] == 2 && !s->pad[1] && !s->pad[2] && !s->pad[0]
            && s->out[1] * 2 <= s->in[1] && s->out[2] * 2 <= s->in[2] && j->position;
  bool fits = !j->position && s->size[2] + s->stride[2] <= SPAN / 2;
  for (int64_t p = i * j->chunk; p < chunk_end(j, i); p++) {
    float *y = j->y + p * j->out;
    int32_t *position = j->position ? j->position + p * j->out : NULL;
    for (int64_t d = 0; d < s->out[0]; d++)
      for (int64_t h = 0; h < s->out[1]; h++, y += s->out[2]) {
        int64_t low[2], high[2];
        window(s, 0, d, &low[0], &high[0]), window(s, 1, h, &low[1], &high[1]);
        if (fits) values_row(s, j->x + p * j->in, low, high, y);
        else if (pairs) max_pairs(s, j->x + p * j->in, 2 * h, y, position);
        else max_row(s, j->x + p * j->in, low, high, y, position);
        if (position) position += s->out[2];
      }
  }
}

void K(max_pool)(gn *g, const gn_window *s, const float *x, float *y, int32_t *position) {
  job j = {.s = s, .x = x, .y = y, .position = position, .planes = s->planes, .in = volume(s->in), .out = volume(s->out)};
  run_planes(g, &j, max_task, j.in + j.out * volume(s->size));
}

static void scatter_task(void *context, int64_t i, int worker) {
  const job *j = context;
  for (int64_t p = i * j->chunk; p < chunk_end(j, i); p++) {
    float *to = j->y + p * j->in;
    memset(to, 0, (size_t)j->in * sizeof *to);
    for (int64_t e = 0; e < j->out; e++) to[j->from[p * j->out + e]] += j->x[p * j->out + e];
  }
}

void K(pool_scatter)(gn *g, int64_t planes, int64_t in, int64_t out, const float *y, const int32_t *position, float *x) {
  job j = {.x = y, .y = x, .from = position, .planes = planes, .in = in, .out = out};
  run_planes(g, &j, scatter_task, in + out);
}

static void gather_task(void *context, int64_t i, int worker) {
  const job *j = context;
  for (int64_t p = i * j->chunk; p < chunk_end(j, i); p++)
    for (int64_t e = 0; e < j->out; e++) j->y[p * j->out + e] = j->x[p * j->in + j->from[p * j->out + e]];
}

void K(pool_gather)(gn *g, int64_t planes, int64_t in, int64_t out, const float *x, const int32_t *position, float *y) {
  job j = {.x = x, .y = y, .from = position, .planes = planes, .in = in, .out = out};
  run_planes(g, &j, gather_task, in + out);
}

static void avg_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_window *s = j->s;
  for (int64_t p = i * j->chunk; p < chunk_end(j, i); p++) {
    const float *x = j->x + p * j->in;
    float *y = j->y + p * j->out;
    for (int64_t d = 0; d < s->out[0]; d++)
      for (int64_t h = 0; h < s->out[1]; h++)
        for (int64_t q = 0; q < s->out[2]; q++) {
          int64_t low[3], high[3], count = window(s, 0, d, &low[0], &high[0]) * window(s, 1, h, &low[1], &high[1]) * window(s, 2, q, &low[2], &high[2]);
          if (!s->count_pad) count = (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]);
          float sum = 0;
          for (int64_t a = low[0]; a < high[0]; a++)
            for (int64_t b = low[1]; b < high[1]; b++)
              for (int64_t c = low[2]; c < high[2]; c++) sum += x[(a * s->in[1] + b) * s->in[2] + c];
          *y++ = count > 0 ? sum / (float)count : 0;
        }
  }
}

void K(avg_pool)(gn *g, const gn_window *s, const float *x, float *y) {
  job j = {.s = s, .x = x, .y = y, .planes = s->planes, .in = volume(s->in), .out = volume(s->out)};
  run_planes(g, &j, avg_task, j.in + j.out * volume(s->size));
}

static void spread_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_window *s = j->s;
  for (int64_t p = i * j->chunk; p < chunk_end(j, i); p++) {
    const float *y = j->x + p * j->out;
    float *x = j->y + p * j->in;
    memset(x, 0, (size_t)j->in * sizeof *x);
    for (int64_t d = 0; d < s->out[0]; d++)
      for (int64_t h = 0; h < s->out[1]; h++)
        for (int64_t q = 0; q < s->out[2]; q++) {
          int64_t low[3], high[3], count = window(s, 0, d, &low[0], &high[0]) * window(s, 1, h, &low[1], &high[1]) * window(s, 2, q, &low[2], &high[2]);
          if (!s->count_pad) count = (high[0] - low[0]) * (high[1] - low[1]) * (high[2] - low[2]);
          float part = count > 0 ? *y / (float)count : 0;
          y++;
          for (int64_t a = low[0]; a < high[0]; a++)
            for (int64_t b = low[1]; b < high[1]; b++)
              for (int64_t c = low[2]; c < high[2]; c++) x[(a * s->in[1] + b) * s->in[2] + c] += part;
        }
  }
}

void K(avg_spread)(gn *g, const gn_window *s, const float *y, float *x) {
  job j = {.s = s, .x = y, .y = x, .planes = s->planes, .in = volume(s->in), .out = volume(s->out)};
  run_planes(g, &j, spread_task, j.in + j.out * volume(s->size));
}
