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
static inline float most(float a, float b) { return ((b > a) | (b != b)) ? b : a; }

INLINE vec most_of(vec a, vec b) { return choose((b > a) | (b != b), b, a); }
/* Twice as fast; a NaN in b is passed over where `nans` is false. */
INLINE vec larger(vec a, vec b, bool nans) { return nans ? most_of(a, b) : choose(b > a, b, a); }

/* t = the most of rows of x: `high` rows `width` apart in each of `deep` planes `plane` apart. Returns the sum, where each NaN stays. */
INLINE vec down(int64_t deep, int64_t plane, int64_t high, int64_t width, const float *x, int64_t n, float *t, bool nans) {
  vec sum = {0};
  for (int64_t i = 0; i < n; i += VL) {
    int64_t at = i + VL <= n ? i : n - VL;
    vec m = load(x + at);
    sum += m;
    for (int64_t d = 0; d < deep; d++)
      for (int64_t h = d ? 0 : 1; h < high; h++) {
        vec v = load(x + d * plane + h * width + at);
        m = larger(m, v, nans), sum += v;
      }
    store(t + at, m);
  }
  return sum;
}

static vec rows_down(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], int64_t n, float *t, bool nans) {
  int64_t width = s->in[2], plane = s->in[1] * width, deep = high[0] - low[0], rows = high[1] - low[1];
  x += low[0] * plane + low[1] * width;
  if (n >= VL && deep == 1 && rows == 3 && !nans) return down(1, 0, 3, width, x, n, t, false);
  if (n >= VL && deep == 1 && rows == 2 && !nans) return down(1, 0, 2, width, x, n, t, false);
  if (n >= VL) return nans ? down(deep, plane, rows, width, x, n, t, true) : down(deep, plane, rows, width, x, n, t, false);
  float sum = 0;
  for (int64_t i = 0; i < n; i++) {
    t[i] = x[i];
    for (int64_t r = 1; r < deep * rows; r++) t[i] = most(t[i], x[r / rows * plane + r % rows * width + i]);
    sum += t[i];
  }
  return sum - (vec){0};
}

/* to = the larger of to and from; the last vector overlaps the one before, which a maximum does not mind. */
static inline void most_into(float *to, const float *from, int64_t n) {
  int64_t i = 0;
  for (; i + VL <= n; i += VL) store(to + i, most_of(load(to + i), load(from + i)));
  if (i < n && n >= VL) store(to + n - VL, most_of(load(to + n - VL), load(from + n - VL)));
  else for (; i < n; i++) to[i] = most(to[i], from[i]);
}

/* VL windows, two apart: pairs of columns, then the odd one. */
INLINE vec two_apart(const float *t, int64_t size, bool nans) {
  vec m = (vec){0};
  for (int64_t k = 0; k < size; k += 2) {
    vec a = load(t + k), b = load(t + k + VL), even = __builtin_shufflevector(a, b, EVENS);
    m = k ? larger(m, even, nans) : even;
    if (k + 1 < size) m = larger(m, __builtin_shufflevector(a, b, ODDS), nans);
  }
  return m;
}

INLINE void columns_two(int64_t size, const float *restrict t, int64_t n, float *restrict y, bool nans) {
  if (n < VL) {
    float m[VL];
    store(m, two_apart(t, size, nans));
    return copy(y, m, n);
  }
  for (int64_t q = 0; q < n; q += VL) {
    int64_t at = q + VL <= n ? q : n - VL;
    store(y + at, two_apart(t + 2 * at, size, nans));
  }
}

/* What lies up to two vectors past the last window is read and not used. */
static void columns(const gn_window *s, const float *restrict t, int64_t n, float *restrict y, bool nans) {
  int64_t step = s->stride[2];
  if (step == 2) return nans ? columns_two(s->size[2], t, n, y, true) : s->size[2] == 3 ? columns_two(3, t, n, y, false) : columns_two(s->size[2], t, n, y, false);
  for (int64_t k = 0; k < s->size[2]; k++) {
    const float *from = t + k;
    if (!k && step == 1) memcpy(y, from, (size_t)n * sizeof *y);
    else if (step == 1) most_into(y, from, n);
    else for (int64_t q = 0; q < n; q++) y[q] = k ? most(y[q], from[q * step]) : from[q * step];
  }
}

/* t = the part of the input under outputs q..q+n-1 of a row, what is outside as -inf. Returns a sum that is NaN where some of x is. */
static vec row_under(const gn_window *s, const float *x, const int64_t low[2], const int64_t high[2], int64_t q, int64_t n, float *t, bool nans) {
  int64_t step = s->stride[2], width = s->in[2], from = q * step - s->pad[2], span = (n - 1) * step + s->size[2];
  int64_t a = from < 0 ? -from : 0, b = from + span > width ? width - from : span;
  bool any = a < b && low[0] < high[0] && low[1] < high[1];
  vec none = (vec){0} - __builtin_inff();
  if (!any) b = a = 0;
  for (int64_t i = 0; i < a; i += VL) store(t + i, none);
  for (int64_t i = b; i < span; i += VL) store(t + i, none);
  return any ? rows_down(s, x + from + a, low, high, b - a, t + a, nans) : (vec){0};
}

static bool is_narrow(const gn_window *s) { return s->size[2] + s->stride[2] <= SPAN / 2; }

bool K(pool_suits)(const gn_window *s) { return is_narrow(s) && s->in[0] == 1 && s->out[0] == 1 && s->size[0] == 1 && !s->pad[0]; }

/* Rows of several planes: q0..q1-1 of each; x holds their rows from `first` on. */
typedef struct block { const float *x; float *y; int64_t planes, xstep, ystep, first, q0, q1; } block;

/* Slice d. Rows by the dozen: what was just written cannot be read at other places at once. Returns a sum as above. */
static vec slice_values(const gn_window *s, const block *b, int64_t d, bool nans) {
  int64_t step = s->stride[2], all = s->out[2], span = (all - 1) * step + s->size[2], pitch = span + 2 * VL, rows = b->q1 - b->q0;
  int64_t n = span <= SPAN ? all : (SPAN - s->size[2]) / step, lines = pitch <= SPAN ? SPAN / pitch : 1, low[2], high[2];
  float t[SPAN + 3 * VL];
  vec sum = {0};
  window(s, 0, d, &low[0], &high[0]);
  for (int64_t from = 0; from < b->planes * rows; from += lines)
    for (int64_t q = 0; q < all; q += n) {
      int64_t end = from + lines < b->planes * rows ? from + lines : b->planes * rows, some = q + n < all ? n : all - q;
      for (int64_t r = from; r < end; r++) {
        window(s, 1, b->q0 + r % rows, &low[1], &high[1]);
        low[1] -= b->first, high[1] -= b->first;
        sum += row_under(s, b->x + r / rows * b->xstep, low, high, q, some, t + (r - from) * pitch, nans);
      }
      for (int64_t r = from; r < end; r++) columns(s, t + (r - from) * pitch, some, b->y + r / rows * b->ystep + (d * s->out[1] + b->q0 + r % rows) * all + q, nans);
    }
  return sum;
}

/* Again with care where a NaN was met, or infinities. */
static void values(const gn_window *s, const block *b) {
  bool again = false;
  do {
    vec sum = {0};
    float one = 0;
    for (int64_t d = 0; d < s->out[0]; d++) sum += slice_values(s, b, d, again);
    for (int i = 0; i < VL; i++) one += sum[i];
    again = !again && one != one;
  } while (again);
}

void K(max_pool_rows)(const gn_window *s, int64_t planes, const float *x, int64_t step, int64_t first, int64_t q0, int64_t q1, float *y) {
  values(s, &(block){x, y, planes, step, volume(s->out), first, q0, q1});
}

static void positions(const gn_window *s, const float *x, float *y, int32_t *position) {
  bool pairs = s->size[0] == 1 && s->in[0] == 1 && s->size[1] == 2 && s->size[2] == 2 && s->stride[1] == 2 && s->stride[2] == 2 && !s->pad[1] && !s->pad[2] && !s->pad[0]
            && s->out[1] * 2 <= s->in[1] && s->out[2] * 2 <= s->in[2] && position;
  for (int64_t d = 0; d < s->out[0]; d++)
    for (int64_t h = 0; h < s->out[1]; h++, y += s->out[2]) {
      int64_t low[2], high[2];
      window(s, 0, d, &low[0], &high[0]), window(s, 1, h, &low[1], &high[1]);
      if (pairs) max_pairs(s, x, 2 * h, y, position);
      else max_row(s, x, low, high, y, position);
      if (position) position += s->out[2];
    }
}

static void max_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t p = i * j->chunk, end = chunk_end(j, i);
  if (!j->position && is_narrow(j->s)) return values(j->s, &(block){j->x + p * j->in, j->y + p * j->out, end - p, j->in, j->out, 0, 0, j->s->out[1]});
  for (; p < end; p++) positions(j->s, j->x + p * j->in, j->y + p * j->out, j->position ? j->position + p * j->out : NULL);
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
