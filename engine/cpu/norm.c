/* norm.c: layer, rms, group and batch normalisation, each fused, and their gradients. Statistics are taken in two passes (mean, then squared deviations)
 * over blocks with a fixed tree; gradients take them again from x, which costs less than keeping them. */
#include "reduce_in.h"

enum { BLOCK = 4096, MAX_PARTS = 64 };

/* the sum of x, or of (x - m)^2 */
INLINE double span_sum(bool square, const float *x, float m, int64_t n) {
  double total = 0;
  v8 mm = all8(m);
#define SEE(v) (square ? ((v) - mm) * ((v) - mm) : (v))
  for (int64_t from = 0; from < n; from += BLOCK) {
    int64_t end = least(n, from + BLOCK), i = from;
    v8 a = all8(0), b = a, c = a, d = a;
    for (; i + 32 <= end; i += 32) a += SEE(load(x + i)), b += SEE(load(x + i + 8)), c += SEE(load(x + i + 16)), d += SEE(load(x + i + 24));
    for (; i < end; i += LANES) a += SEE(load_n(x + i, end - i, square ? m : 0));
    total += add8((a + b) + (c + d));
  }
#undef SEE
  return total;
}
/* mean (0 unless centred) and 1 / sqrt(variance + eps) of a span */
INLINE void span_stats(bool centre, const float *x, int64_t n, float eps, float *mean, float *scale) {
  *mean = centre ? (float)(span_sum(false, x, 0, n) / (double)n) : 0;
  *scale = (float)(1 / __builtin_sqrt(span_sum(true, x, *mean, n) / (double)n + eps));
}

/* ---- layer_norm, rms_norm: rows of d ---- */
typedef struct { bool centre; const float *x, *w, *b, *g; float *out, *dw, *db; int64_t rows, d, per; float eps; } rows;

static void row_run(void *context, int64_t i, int worker) {
  const rows *t = context;
  const float *restrict w = t->w, *restrict b = t->b;
  for (int64_t r = i * t->per, end = least(r + t->per, t->rows); r < end; r++) {
    const float *restrict x = t->x + r * t->d;
    float *restrict out = t->out + r * t->d, mean, scale;
    span_stats(t->centre, x, t->d, t->eps, &mean, &scale);
    if (r + 1 < end) for (int64_t k = 0; k < t->d && k < BLOCK; k += 16) __builtin_prefetch(x + t->d + k);   /* memory works while we compute */
    if (w && b) for (int64_t k = 0; k < t->d; k++) out[k] = (x[k] - mean) * scale * w[k] + b[k];
    else if (w) for (int64_t k = 0; k < t->d; k++) out[k] = (x[k] - mean) * scale * w[k];
    else if (b) for (int64_t k = 0; k < t->d; k++) out[k] = (x[k] - mean) * scale + b[k];
    else for (int64_t k = 0; k < t->d; k++) out[k] = (x[k] - mean) * scale;
  }
}
void K(row_norm_f32)(gn *g, bool centre, const float *x, const float *w, const float *b, float *out, int64_t n, int64_t d, float eps) {
  if (n == 0 || d == 0) return;
  rows t = { .centre = centre, .x = x, .w = w, .b = b, .out = out, .rows = n, .d = d, .per = items_per_task(n, d), .eps = eps };
  run_tasks(g, split(n, t.per), row_run, &t);
}

/* the sums of h = g w, and of h (x - mean) */
INLINE void row_moments(const float *x, const float *w, const float *g, int64_t n, float mean, double *sum, double *dot) {
  v8 mm = all8(mean);
  *sum = *dot = 0;
  for (int64_t from = 0; from < n; from += BLOCK) {
    int64_t end = least(n, from + BLOCK), i = from;
    v8 a = all8(0), b = a, c = a, d = a;
    for (; i + 16 <= end; i += 16) {
      v8 h = load(g + i), k = load(g + i + 8);
      if (w) h *= load(w + i), k *= load(w + i + 8);
      a += h, b += k, c += h * (load(x + i) - mm), d += k * (load(x + i + 8) - mm);
    }
    for (; i < end; i += LANES) {
      v8 h = load_n(g + i, end - i, 0);
      if (w) h *= load_n(w + i, end - i, 0);
      a += h, c += h * (load_n(x + i, end - i, mean) - mm);
    }
    *sum += add8(a + b), *dot += add8(c + d);
  }
}
/* the same and the sum of (x - mean)^2, in one pass */
INLINE void row_moments3(const float *x, const float *w, const float *g, int64_t n, float mean, double *squares, double *sum, double *dot) {
  v8 mm = all8(mean);
  *squares = *sum = *dot = 0;
  for (int64_t from = 0; from < n; from += BLOCK) {
    int64_t end = least(n, from + BLOCK), i = from;
    v8 a = all8(0), b = a, c = a, d = a, e = a, f = a;
    for (; i + 16 <= end; i += 16) {
      v8 h = load(g + i), k = load(g + i + 8), p = load(x + i) - mm, q = load(x + i + 8) - mm;
      if (w) h *= load(w + i), k *= load(w + i + 8);
      a += h, b += k, c += h * p, d += k * q, e += p * p, f += q * q;
    }
    for (; i < end; i += LANES) {
      v8 h = load_n(g + i, end - i, 0), p = load_n(x + i, end - i, mean) - mm;
      if (w) h *= load_n(w + i, end - i, 0);
      a += h, c += h * p, e += p * p;
    }
    *sum += add8(a + b), *dot += add8(c + d), *squares += add8(e + f);
  }
}
static void row_grad_run(void *context, int64_t i, int worker) {
  const rows *t = context;
  int64_t d = t->d;
  float *restrict dw = t->dw ? t->dw + i * d : NULL, *restrict db = t->db ? t->db + i * d : NULL;
  if (dw) memset(dw, 0, (size_t)d * sizeof *dw);
  if (db) memset(db, 0, (size_t)d * sizeof *db);
  for (int64_t r = i * t->per, end = least(r + t->per, t->rows); r < end; r++) {
    const float *restrict x = t->x + r * d, *restrict g = t->g + r * d, *restrict w = t->w;
    double squares, sum, dot;
    float mean = t->centre ? (float)(span_sum(false, x, 0, d) / (double)d) : 0;
    row_moments3(x, w, g, d, mean, &squares, &sum, &dot);
    float scale = (float)(1 / __builtin_sqrt(squares / (double)d + t->eps));
    if (t->out) {
      float *restrict dx = t->out + r * d;
      float s = t->centre ? (float)(sum / (double)d) : 0, p = (float)(dot / (double)d * scale * scale);
      if (w) for (int64_t k = 0; k < d; k++) dx[k] = scale * ((g[k] * w[k] - s) - (x[k] - mean) * p);
      else for (int64_t k = 0; k < d; k++) dx[k] = scale * ((g[k] - s) - (x[k] - mean) * p);
    }
    if (dw && db) for (int64_t k = 0; k < d; k++) dw[k] += g[k] * ((x[k] - mean) * scale), db[k] += g[k];
    else if (dw) for (int64_t k = 0; k < d; k++) dw[k] += g[k] * ((x[k] - mean) * scale);
    else if (db) for (int64_t k = 0; k < d; k++) db[k] += g[k];
  }
}
/* adds n rows of d in order */
static void add_rows(const float *part, float *out, int64_t n, int64_t d) {
  memcpy(out, part, (size_t)d * sizeof *out);
  for (int64_t r = 1; r < n; r++)
    for (int64_t k = 0; k < d; k++) out[k] += part[r * d + k];
}
bool K(row_norm_grad_f32)(gn *g, bool centre, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t d, float eps) {
  if (d == 0) return true;
  int64_t per = items_per_task(n, d);
  if (per < split(n, MAX_PARTS)) per = split(n, MAX_PARTS);
  int64_t parts = n ? split(n, per) : 0;
  if (parts == 0) {
    if (dw) memset(dw, 0, (size_t)d * sizeof *dw);
    if (db) memset(db, 0, (size_t)d * sizeof *db);
    return true;
  }
  size_t bytes = (size_t)(parts * d * ((dw != NULL) + (db != NULL))) * sizeof(float);
  float *part = bytes ? gn_alloc(g, bytes) : NULL;
  if (bytes && !part) return false;
  rows t = { .centre = centre, .x = x, .w = w, .g = gy, .out = dx, .dw = dw ? part : NULL, .rows = n, .d = d, .per = per, .eps = eps };
  t.db = db ? dw ? part + parts * d : part : NULL;
  run_tasks(g, parts, row_grad_run, &t);
  if (dw) add_rows(t.dw, dw, parts, d);
  if (db) add_rows(t.db, db, parts, d);
  if (bytes) gn_free(g, part, bytes);
  return true;
}

/* ---- group_norm (and instance_norm: as many groups as channels) ---- */
typedef struct { const float *x, *w, *b, *g; float *out, *dw, *db; int64_t spans, c, groups, each, hw, per; float eps; const gn_act *act; } groups;

static void group_run(void *context, int64_t i, int worker) {
  const groups *t = context;
  int64_t n = t->each * t->hw;
  for (int64_t s = i * t->per, end = least(s + t->per, t->spans); s < end; s++) {
    const float *x = t->x + s * n;
    float *out = t->out + s * n, mean, scale;
    span_stats(true, x, n, t->eps, &mean, &scale);
    for (int64_t k = 0; k < t->each; k++, x += t->hw, out += t->hw) {
      int64_t c = s % t->groups * t->each + k;
      float a = t->w ? scale * t->w[c] : scale, b = t->b ? t->b[c] : 0;
      if (t->act && out == x) for (int64_t j = 0; j < t->hw; j++) out[j] = gn_activate((out[j] - mean) * a + b, t->act);
      else if (t->act) for (int64_t j = 0; j < t->hw; j++) out[j] = gn_activate((x[j] - mean) * a + b, t->act);
      else for (int64_t j = 0; j < t->hw; j++) out[j] = (x[j] - mean) * a + b;
    }
  }
}
void K(group_norm_f32)(gn *g, const float *x, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t count, int64_t hw, float eps, const gn_act *act) {
  if (n == 0 || c == 0 || hw == 0) return;
  groups t = { .x = x, .w = w, .b = b, .out = out, .spans = n * count, .c = c, .groups = count, .each = c / count, .hw = hw, .eps = eps, .act = act };
  t.per = items_per_task(t.spans, t.each * hw);
  run_tasks(g, split(t.spans, t.per), group_run, &t);
}

/* per channel of a span: the sums of g and g xhat into db[..], dw[..]; then dx */
static void group_grad_run(void *context, int64_t i, int worker) {
  const groups *t = context;
  int64_t n = t->each * t->hw;
  for (int64_t s = i * t->per, end = least(s + t->per, t->spans); s < end; s++) {
    const float *x = t->x + s * n, *g = t->g + s * n;
    float mean, scale;
    double sum = 0, dot = 0;
    span_stats(true, x, n, t->eps, &mean, &scale);
    for (int64_t k = 0; k < t->each; k++) {
      int64_t c = s % t->groups * t->each + k, at = s * t->each + k;
      double a, b;
      row_moments(x + k * t->hw, NULL, g + k * t->hw, t->hw, mean, &a, &b);
      b *= scale;
      t->db[at] = (float)a, t->dw[at] = (float)b;
      sum += t->w ? a * t->w[c] : a, dot += t->w ? b * t->w[c] : b;
    }
    if (!t->out) continue;
    float m = (float)(sum / (double)n), p = (float)(dot / (double)n);
    float *dx = t->out + s * n;
    for (int64_t k = 0; k < t->each; k++, x += t->hw, g += t->hw, dx += t->hw) {
      float w = t->w ? t->w[s % t->groups * t->each + k] : 1;
      for (int64_t j = 0; j < t->hw; j++) dx[j] = scale * ((g[j] * w - m) - (x[j] - mean) * scale * p);
    }
  }
}
bool K(group_norm_grad_f32)(gn *g, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t count, int64_t hw, float eps) {
  size_t bytes = (size_t)(2 * n * c) * sizeof(float);
  if (n == 0 || c == 0) {
    if (dw) memset(dw, 0, (size_t)c * sizeof *dw);
    if (db) memset(db, 0, (size_t)c * sizeof *db);
    return true;
  }
  float *part = gn_alloc(g, bytes);
  if (!part) return false;
  groups t = { .x = x, .w = w, .g = gy, .out = dx, .dw = part, .db = part + n * c, .spans = n * count, .c = c, .groups = count, .each = c / count, .hw = hw, .eps = eps };
  t.per = items_per_task(t.spans, t.each * hw);
  run_tasks(g, split(t.spans, t.per), group_grad_run, &t);
  bool fine = (!dw || K(red_f32)(g, GN_R_SUM, t.dw, NULL, dw, 1, n, c, 1)) && (!db || K(red_f32)(g, GN_R_SUM, t.db, NULL, db, 1, n, c, 1));
  gn_free(g, part, bytes);
  return fine;
}

/* ---- batch_norm: statistics over n and hw for each channel ----
 * Where hw is small, each of the c hw columns is treated as a channel, and the columns of a channel are joined afterwards. */
enum { SMALL = 16 };

/* out[c] = the sum of x (or (x - m[c])^2) over n and hw, divided */
static bool channel_sums(gn *g, int op, const float *x, const float *m, float *out, float *scratch, float *tiled, int64_t n, int64_t c, int64_t hw) {
  double all = (double)n * (double)hw;
  if (hw >= SMALL) {
    for (int64_t i = 0; m && i < n * c; i++) tiled[i] = m[i % c];
    return K(red_f32)(g, op, x, m ? tiled : NULL, scratch, n * c, hw, 1, 1) && K(red_f32)(g, GN_R_SUM, scratch, NULL, out, 1, n, c, all);
  }
  for (int64_t i = 0; m && i < c * hw; i++) tiled[i] = m[i / hw];
  return K(red_f32)(g, op, x, m ? tiled : NULL, scratch, 1, n, c * hw, 1) && K(red_f32)(g, GN_R_SUM, scratch, NULL, out, c, hw, 1, all);
}
bool K(batch_stats_f32)(gn *g, const float *x, float *mean, float *var, int64_t n, int64_t c, int64_t hw) {
  if (c == 0) return true;
  int64_t cells = hw >= SMALL ? n * c : c * hw;
  size_t bytes = (size_t)(2 * cells) * sizeof(float);
  float *scratch = gn_alloc(g, bytes);
  if (!scratch) return false;
  bool fine = channel_sums(g, GN_R_SUM, x, NULL, mean, scratch, scratch + cells, n, c, hw) &&
              channel_sums(g, GN_R_DEVS, x, mean, var, scratch, scratch + cells, n, c, hw);
  gn_free(g, scratch, bytes);
  return fine;
}

/* y = (x - mean) a + b, or dx = a ((g - s) - (x - mean) q), with numbers per channel; in spans of hw, or in rows of tiled numbers */
typedef struct { const float *x, *g, *mean, *a, *b, *q; float *out, *sum, *dot; int64_t n, c, hw, per; } batch;

static void batch_spans(void *context, int64_t i, int worker) {
  const batch *t = context;
  for (int64_t s = i * t->per, end = least(s + t->per, t->n * t->c); s < end; s++) {
    int64_t c = s % t->c;
    const float *restrict x = t->x + s * t->hw, *restrict g = t->g ? t->g + s * t->hw : NULL;
    float *restrict out = t->out + s * t->hw, mean = t->mean[c], a = t->a[c], b = t->b[c], q = t->q ? t->q[c] : 0;
    if (g) for (int64_t j = 0; j < t->hw; j++) out[j] = a * ((g[j] - b) - (x[j] - mean) * q);
    else for (int64_t j = 0; j < t->hw; j++) out[j] = (x[j] - mean) * a + b;
  }
}
static void batch_rows(void *context, int64_t i, int worker) {
  const batch *t = context;
  const float *restrict mean = t->mean, *restrict a = t->a, *restrict b = t->b, *restrict q = t->q;
  for (int64_t r = i * t->per, end = least(r + t->per, t->n); r < end; r++) {
    const float *restrict x = t->x + r * t->c, *restrict g = t->g ? t->g + r * t->c : NULL;
    float *restrict out = t->out + r * t->c;
    if (g) for (int64_t j = 0; j < t->c; j++) out[j] = a[j] * ((g[j] - b[j]) - (x[j] - mean[j]) * q[j]);
    else for (int64_t j = 0; j < t->c; j++) out[j] = (x[j] - mean[j]) * a[j] + b[j];
  }
}
static void batch_go(gn *g, batch *t) {
  if (t->hw > 1) {
    t->per = items_per_task(t->n * t->c, t->hw);
    run_tasks(g, split(t->n * t->c, t->per), batch_spans, t);
  } else {
    t->per = items_per_task(t->n, t->c);
    run_tasks(g, split(t->n, t->per), batch_rows, t);
  }
}
/* Four numbers for each channel (mean, a, b, q), or for each column where hw is small. */
static float *channel_numbers(gn *g, int64_t c, int64_t hw, size_t *bytes) {
  *bytes = (size_t)(4 * c * (hw < SMALL ? hw : 1)) * sizeof(float);
  return gn_alloc(g, *bytes);
}
INLINE float channel_scale(float var, float eps) { return (float)(1 / __builtin_sqrt((double)var + eps)); }

bool K(batch_norm_f32)(gn *g, const float *x, const float *mean, const float *var, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t hw, float eps) {
  if (n == 0 || c == 0 || hw == 0) return true;
  size_t bytes;
  float *p = channel_numbers(g, c, hw, &bytes);
  if (!p) return false;
  int64_t each = hw < SMALL ? hw : 1, cells = c * each;
  for (int64_t i = 0; i < cells; i++) {
    int64_t k = i / each;
    p[i] = mean[k], p[cells + i] = channel_scale(var[k], eps) * (w ? w[k] : 1), p[2 * cells + i] = b ? b[k] : 0;
  }
  batch t = { .x = x, .mean = p, .a = p + cells, .b = p + 2 * cells, .out = out, .n = n, .c = cells, .hw = hw / each };
  batch_go(g, &t);
  gn_free(g, p, bytes);
  return true;
}

/* sums of g and g (x - mean) over each span, or each column */
static void moment_spans(void *context, int64_t i, int worker) {
  const batch *t = context;
  for (int64_t s = i * t->per, end = least(s + t->per, t->n * t->c); s < end; s++) {
    double sum, dot;
    row_moments(t->x + s * t->hw, NULL, t->g + s * t->hw, t->hw, t->mean[s % t->c], &sum, &dot);
    t->sum[s] = (float)sum, t->dot[s] = (float)dot;
  }
}
enum { PANEL = 64, DEEP = 64 };
static void moment_columns(void *context, int64_t i, int worker) {
  const batch *t = context;
  int64_t from = i * PANEL, width = least(PANEL, t->c - from);
  double sum[PANEL] = { 0 }, dot[PANEL] = { 0 };
  for (int64_t r0 = 0; r0 < t->n; r0 += DEEP) {
    float a[PANEL] = { 0 }, b[PANEL] = { 0 };
    for (int64_t r = r0, end = least(t->n, r0 + DEEP); r < end; r++) {
      const float *x = t->x + r * t->c + from, *g = t->g + r * t->c + from, *mean = t->mean + from;
      for (int64_t j = 0; j < width; j++) a[j] += g[j], b[j] += g[j] * (x[j] - mean[j]);
    }
    for (int64_t j = 0; j < width; j++) sum[j] += a[j], dot[j] += b[j];
  }
  for (int64_t j = 0; j < width; j++) t->sum[from + j] = (float)sum[j], t->dot[from + j] = (float)dot[j];
}
/* sum[c] of g and dot[c] of g (x - mean) for each channel; t is in columns where hw was small (each > 1 joins them) */
static bool channel_moments(gn *g, batch *t, float *sum, float *dot, int64_t c, int64_t each) {
  bool spans = t->hw > 1;
  size_t cells = (size_t)(spans ? t->n * t->c : t->c), bytes = 2 * cells * sizeof(float);
  float *p = gn_alloc(g, bytes);
  if (!p) return false;
  t->sum = p, t->dot = p + cells;
  if (spans) {
    t->per = items_per_task(t->n * t->c, t->hw);
    run_tasks(g, split(t->n * t->c, t->per), moment_spans, t);
  } else run_tasks(g, split(t->c, PANEL), moment_columns, t);
  int64_t O = spans ? 1 : c, R = spans ? t->n : each, I = spans ? c : 1;
  bool fine = K(red_f32)(g, GN_R_SUM, t->sum, NULL, sum, O, R, I, 1) && K(red_f32)(g, GN_R_SUM, t->dot, NULL, dot, O, R, I, 1);
  gn_free(g, p, bytes);
  return fine;
}

bool K(batch_norm_grad_f32)(gn *g, bool train, const float *x, const float *mean, const float *var, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t hw, float eps) {
  if (c == 0) return true;
  size_t bytes, sums = (size_t)(2 * c) * sizeof(float);
  float *p = channel_numbers(g, c, hw, &bytes), *sum = gn_alloc(g, sums), *dot = sum ? sum + c : NULL;
  bool fine = (p || bytes == 0) && sum;
  int64_t each = hw < SMALL && hw > 0 ? hw : 1, cells = c * each;
  if (fine && n > 0 && hw > 0) {
    batch t = { .x = x, .g = gy, .mean = p, .a = p + cells, .b = p + 2 * cells, .q = p + 3 * cells, .out = dx, .n = n, .c = cells, .hw = hw / each };
    for (int64_t i = 0; i < cells; i++) p[i] = mean[i / each];
    fine = channel_moments(g, &t, sum, dot, c, each);
    for (int64_t i = 0; fine && i < cells; i++) {
      int64_t k = i / each;
      float r = channel_scale(var[k], eps), all = (float)(n * hw);
      p[cells + i] = r * (w ? w[k] : 1), p[2 * cells + i] = train ? sum[k] / all : 0, p[3 * cells + i] = train ? dot[k] / all * r * r : 0;
    }
    if (fine && dx) batch_go(g, &t);
  } else if (fine) memset(sum, 0, sums);
  for (int64_t k = 0; fine && k < c; k++) {
    if (db) db[k] = sum[k];
    if (dw) dw[k] = dot[k] * channel_scale(var[k], eps);
  }
  if (p) gn_free(g, p, bytes);
  if (sum) gn_free(g, sum, sums);
  return fine;
}
