/* resample.c: separable linear maps of pictures (resizing and its adjoints), padding, and sampling at points. */
#include "../kernels.h"
#include <string.h>

typedef struct resampling {
  const gn_taps *row, *col;
  const float *x;
  float *y;
  int64_t rows, width, chunk;
  int64_t taps;                           /* of columns */
} resampling;

static bool identity(const gn_taps *t) {
  if (t->in != t->out) return false;
  for (int64_t i = 0; i < t->out; i++)
    if (t->from[i + 1] != i + 1 || t->index[i] != i || t->weight[i] != 1) return false;
  return true;
}

/* How many taps each output has, 0 = not all alike. */
static int64_t alike(const gn_taps *t) {
  int64_t n = t->out ? t->from[1] : 0;
  for (int64_t i = 0; i < t->out; i++) if (t->from[i + 1] - t->from[i] != n) return 0;
  return n;
}

/* Every element twice: nearest to double size. */
static bool doubling(const gn_taps *t) {
  if (t->out != 2 * t->in || alike(t) != 1) return false;
  for (int64_t i = 0; i < t->out; i++)
    if (t->index[i] != i / 2 || t->weight[i] != 1) return false;
  return true;
}

typedef float r8 __attribute__((vector_size(32), aligned(4), may_alias));
static void twice(int64_t n, const float *restrict x, float *restrict y) {
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    r8 v = *(const r8 *)(x + i);
    *(r8 *)(y + 2 * i) = __builtin_shufflevector(v, v, 0, 0, 1, 1, 2, 2, 3, 3);
    *(r8 *)(y + 2 * i + 8) = __builtin_shufflevector(v, v, 4, 4, 5, 5, 6, 6, 7, 7);
  }
  for (; i < n; i++) y[2 * i] = y[2 * i + 1] = x[i];
}

static void columns(const gn_taps *t, int64_t n, const float *restrict x, float *restrict y) {
  const int64_t *at = t->index;
  const float *w = t->weight;
  if (n == 1) for (int64_t i = 0; i < t->out; i++) y[i] = w[i] * x[at[i]];
  else if (n == 2) for (int64_t i = 0; i < t->out; i++) y[i] = w[2 * i] * x[at[2 * i]] + w[2 * i + 1] * x[at[2 * i + 1]];
  else for (int64_t i = 0; i < t->out; i++) {
    float sum = 0;
    for (int64_t k = t->from[i]; k < t->from[i + 1]; k++) sum += w[k] * x[at[k]];
    y[i] = sum;
  }
}

static void column_task(void *context, int64_t i, int worker) {
  const resampling *s = context;
  int64_t end = (i + 1) * s->chunk < s->rows ? (i + 1) * s->chunk : s->rows;
  for (int64_t r = i * s->chunk; r < end; r++) columns(s->col, s->taps, s->x + r * s->col->in, s->y + r * s->col->out);
}

/* A row of the input becomes two. */
static void double_task(void *context, int64_t i, int worker) {
  const resampling *s = context;
  int64_t end = (i + 1) * s->chunk < s->rows ? (i + 1) * s->chunk : s->rows, in = s->col->in;
  for (int64_t r = i * s->chunk; r < end; r++) {
    float *y = s->y + 4 * r * in;
    twice(in, s->x + r * in, y);
    memcpy(y + 2 * in, y, sizeof *y * (size_t)(2 * in));
  }
}

static void row_task(void *context, int64_t i, int worker) {
  const resampling *s = context;
  const gn_taps *t = s->row;
  int64_t end = (i + 1) * s->chunk < s->rows ? (i + 1) * s->chunk : s->rows, w = s->width;
  for (int64_t r = i * s->chunk; r < end; r++) {
    int64_t at = r % t->out;
    const float *x = s->x + r / t->out * t->in * w;
    float *restrict y = s->y + r * w;
    if (t->from[at] == t->from[at + 1]) memset(y, 0, (size_t)w * sizeof *y);
    for (int64_t k = t->from[at]; k < t->from[at + 1]; k++) {
      const float *from = x + t->index[k] * w;
      float weight = t->weight[k];
      if (k > t->from[at]) for (int64_t p = 0; p < w; p++) y[p] += weight * from[p];
      else if (weight == 1) memcpy(y, from, (size_t)w * sizeof *y);
      else for (int64_t p = 0; p < w; p++) y[p] = weight * from[p];
    }
  }
}

static void run_rows(gn *g, resampling *s, gn_task *task, int64_t work) {
  s->chunk = work >= 16384 ? 1 : 16384 / (work > 0 ? work : 1) + 1;
  if (s->rows <= s->chunk) {
    if (s->rows) task(s, 0, 0);
  } else gn_parallel(g, (s->rows + s->chunk - 1) / s->chunk, task, s);
}

bool K(resample)(gn *g, int64_t planes, const gn_taps *row, const gn_taps *col, const float *x, float *y) {
  bool across = !identity(col), down = !identity(row);
  if (doubling(col) && doubling(row)) {
    resampling s = {.col = col, .x = x, .y = y, .rows = planes * row->in};
    return run_rows(g, &s, double_task, col->out * 2), true;
  }
  size_t bytes = across && down ? (size_t)(planes * row->in * col->out) * sizeof(float) : 0;
  float *middle = bytes ? gn_alloc(g, bytes) : NULL;
  if (bytes && !middle) return false;
  if (across) {
    resampling s = {.col = col, .x = x, .y = down ? middle : y, .rows = planes * row->in, .taps = alike(col)};
    run_rows(g, &s, column_task, col->out * 2);
  }
  resampling s = {.row = row, .x = across ? middle : x, .y = y, .rows = planes * row->out, .width = col->out};
  if (down || !across) run_rows(g, &s, row_task, col->out);
  gn_free(g, middle, bytes);
  return true;
}

/* ---- padding ---- */
typedef struct padding {
  const gn_padding *s;
  const float *x;
  float *y, value;
  int64_t rows, chunk, first, len, shift, outer;      /* last dim: outputs first..first+len-1 are inputs shift.. in a row */
} padding;

/* The input row of an output row, -1 = outside. */
static int64_t source_row(const gn_padding *s, int64_t row) {
  int64_t at = 0, step = 1;
  for (int d = s->ndim - 2; d >= 0; d--) {
    int64_t i = s->index[d][row % s->out[d]];
    if (i < 0) return -1;
    row /= s->out[d], at += i * step, step *= s->in[d];
  }
  return at;
}

static void find_run(padding *p) {
  int d = p->s->ndim - 1;
  const int64_t *index = p->s->index[d];
  for (int64_t i = 0, start; i < p->s->out[d];) {
    if (index[start = i++] < 0) continue;
    while (i < p->s->out[d] && index[i] == index[i - 1] + 1) i++;
    if (i - start > p->len) p->first = start, p->len = i - start, p->shift = index[start];
  }
}

static void pad_task(void *context, int64_t i, int worker) {
  const padding *p = context;
  int d = p->s->ndim - 1;
  const int64_t *index = p->s->index[d], width = p->s->out[d], end = (i + 1) * p->chunk < p->rows ? (i + 1) * p->chunk : p->rows;
  for (int64_t r = i * p->chunk; r < end; r++) {
    int64_t from = source_row(p->s, r);
    float *y = p->y + r * width;
    const float *x = p->x + from * p->s->in[d];
    if (from < 0) {
      for (int64_t e = 0; e < width; e++) y[e] = p->value;
      continue;
    }
    for (int64_t e = 0; e < p->first; e++) y[e] = index[e] < 0 ? p->value : x[index[e]];
    memcpy(y + p->first, x + p->shift, (size_t)p->len * sizeof *y);
    for (int64_t e = p->first + p->len; e < width; e++) y[e] = index[e] < 0 ? p->value : x[index[e]];
  }
}

void K(pad_copy)(gn *g, const gn_padding *s, const float *x, float value, float *y) {
  padding p = {.s = s, .x = x, .y = y, .value = value, .rows = 1};
  for (int d = 0; d < s->ndim - 1; d++) p.rows *= s->out[d];
  int64_t width = s->out[s->ndim - 1];
  find_run(&p);
  p.chunk = width >= 16384 ? 1 : 16384 / (width > 0 ? width : 1) + 1;
  if (!width) return;
  if (p.rows <= p.chunk) {
    if (p.rows) pad_task(&p, 0, 0);
  } else gn_parallel(g, (p.rows + p.chunk - 1) / p.chunk, pad_task, &p);
}

/* One index of the leading dims that are not padded. */
static void sum_task(void *context, int64_t i, int worker) {
  const padding *p = context;
  const gn_padding *s = p->s;
  int d = s->ndim - 1;
  const int64_t *index = s->index[d];
  int64_t rows = p->rows / p->outer;
  for (int64_t r = i * rows; r < (i + 1) * rows; r++) {
    int64_t to = source_row(s, r);
    if (to < 0) continue;
    const float *y = p->x + r * s->out[d];
    float *x = p->y + to * s->in[d];
    for (int64_t e = 0; e < p->first; e++) if (index[e] >= 0) x[index[e]] += y[e];
    float *restrict run = x + p->shift;
    const float *restrict part = y + p->first;
    for (int64_t e = 0; e < p->len; e++) run[e] += part[e];
    for (int64_t e = p->first + p->len; e < s->out[d]; e++) if (index[e] >= 0) x[index[e]] += y[e];
  }
}

void K(pad_sum)(gn *g, const gn_padding *s, const float *y, float *x) {
  padding p = {.s = s, .x = y, .y = x, .rows = 1, .outer = 1};
  int64_t total = 1;
  bool plain = true;
  for (int d = 0; d < s->ndim; d++) {
    total *= s->in[d];
    if (d < s->ndim - 1) p.rows *= s->out[d];
    plain &= s->in[d] == s->out[d] && d < s->ndim - 1;
    for (int64_t i = 0; plain && i < s->out[d]; i++) plain &= s->index[d][i] == i;
    if (plain) p.outer *= s->out[d];
  }
  memset(x, 0, (size_t)total * sizeof *x);
  if (!p.rows || !s->out[s->ndim - 1] || !total) return;
  find_run(&p);
  gn_parallel(g, p.outer, sum_task, &p);
}
