/* reduce_softmax.c: softmax, log_softmax and logsumexp over [O][R][I], and their gradients: one task takes whole rows, or panels of columns where the
 * reduced dim is not the last (nothing is transposed). */
#include "reduce_in.h"

enum { WIDTH = 64, DEEP = 64 };
typedef struct { int kind; const float *x; float *out; int64_t O, R, I, per; } soft;

/* logsumexp from the largest and the rest; an infinite one is the result */
INLINE float lse_of(float most, double sum) { return most == INFINITY || most == -INFINITY ? most : (float)(most + gn_log(sum)); }

static void soft_row(const soft *t, int64_t o) {
  const float *x = t->x + o * t->R;
  float *out = t->out + o * t->R, shift = t->kind == GN_S_LSE ? row_max(x, t->R) : row_peak(x, t->R);
  if (t->kind == GN_S_LSE) { t->out[o] = lse_of(shift, exp_sum(x, NULL, shift, t->R)); return; }
  if (t->kind == GN_S_SOFTMAX) {
    float scale = (float)(1 / exp_sum(x, out, shift, t->R));
    for (int64_t i = 0; i < t->R; i++) out[i] *= scale;
    return;
  }
  float rest = (float)gn_log(exp_sum(x, NULL, shift, t->R));
  for (int64_t i = 0; i < t->R; i++) out[i] = (x[i] - shift) - rest;
}

/* the largest of each column, then the sums of exp(x - shift); softmax leaves the terms in out */
static void column_sums(const soft *t, const float *x, float *out, int64_t width, float *shift, float *sum) {
  float part[WIDTH];
  for (int64_t i = 0; i < width; i++) shift[i] = x[i], sum[i] = 0;
  for (int64_t r = 1; r < t->R; r++) {
    const float *p = x + r * t->I;
    for (int64_t i = 0; i < width; i++) shift[i] = smax(shift[i], p[i]);
  }
  for (int64_t r0 = 0; r0 < t->R; r0 += DEEP) {
    memset(part, 0, sizeof part);
    for (int64_t r = r0, end = least(t->R, r0 + DEEP); r < end; r++)
      for (int64_t i = 0; i < width; i += 16) {
        v16 e = v16_exp_down(v16_sub(load16(x + r * t->I + i, width - i, -INFINITY), v16_load(shift + i)));
        if (t->kind == GN_S_SOFTMAX) store16(out + r * t->I + i, e, width - i);
        v16_store(part + i, v16_add(v16_load(part + i), e));
      }
    for (int64_t i = 0; i < width; i++) sum[i] += part[i];
  }
}
static void soft_columns(const soft *t, int64_t o, int64_t c, int64_t width) {
  float shift[WIDTH] = { 0 }, sum[WIDTH];
  const float *x = t->x + o * t->R * t->I + c;
  float *out = t->out + (t->kind == GN_S_LSE ? o * t->I : o * t->R * t->I) + c;
  column_sums(t, x, out, width, shift, sum);
  if (t->kind == GN_S_LSE) {
    for (int64_t i = 0; i < width; i++) out[i] = lse_of(shift[i], sum[i]);
    return;
  }
  if (t->kind == GN_S_SOFTMAX) for (int64_t i = 0; i < width; i++) sum[i] = 1 / sum[i];
  else for (int64_t i = 0; i < width; i++) sum[i] = (float)gn_log(sum[i]);
  for (int64_t r = 0; r < t->R; r++, x += t->I, out += t->I) {
    if (t->kind == GN_S_SOFTMAX) for (int64_t i = 0; i < width; i++) out[i] *= sum[i];
    else for (int64_t i = 0; i < width; i++) out[i] = (x[i] - shift[i]) - sum[i];
  }
}
static void soft_run(void *context, int64_t i, int worker) {
  const soft *t = context;
  int64_t panels = split(t->I, WIDTH);
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * panels); j < end; j++) {
    int64_t o = j / panels, c = j % panels * WIDTH;
    if (t->I == 1) soft_row(t, o);
    else soft_columns(t, o, c, least(WIDTH, t->I - c));
  }
}
void K(softmax_f32)(gn *g, int kind, const float *x, float *out, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || R == 0 || I == 0) return;
  soft t = { kind, x, out, O, R, I, items_per_task(O * split(I, WIDTH), R * least(I, WIDTH)) };
  run_tasks(g, split(O * split(I, WIDTH), t.per), soft_run, &t);
}

/* ---- gradients: y (g - sum(y g)) and g - exp(y) sum(g) ---- */
typedef struct { bool log; const float *y, *g; float *dx; int64_t O, R, I, per; } soft_grad;

INLINE double dot_row(const float *y, const float *g, bool one, int64_t n) {
  double total = 0;
  for (int64_t from = 0; from < n; from += 4096) {
    int64_t end = least(n, from + 4096), i = from;
    v8 a = all8(0), b = a, c = a, d = a;
    for (; i + 32 <= end; i += 32) {
      if (one) a += load(g + i), b += load(g + i + 8), c += load(g + i + 16), d += load(g + i + 24);
      else a += load(y + i) * load(g + i), b += load(y + i + 8) * load(g + i + 8), c += load(y + i + 16) * load(g + i + 16), d += load(y + i + 24) * load(g + i + 24);
    }
    for (; i < end; i += LANES) a += one ? load_n(g + i, end - i, 0) : load_n(y + i, end - i, 0) * load_n(g + i, end - i, 0);
    total += add8((a + b) + (c + d));
  }
  return total;
}
static void grad_row(const soft_grad *t, int64_t o) {
  const float *y = t->y + o * t->R, *g = t->g + o * t->R;
  float *dx = t->dx + o * t->R;
  if (!t->log) {
    float dot = (float)dot_row(y, g, false, t->R);
    for (int64_t i = 0; i < t->R; i++) dx[i] = y[i] * (g[i] - dot);
    return;
  }
  v16 sum = v16_set((float)dot_row(y, g, true, t->R));
  for (int64_t i = 0; i < t->R; i += 16) {
    if (i + 16 > t->R && t->R >= 16) i = t->R - 16;               /* the last 16 again */
    int64_t n = t->R - i;
    store16(dx + i, v16_sub(load16(g + i, n, 0), v16_mul(v16_exp(load16(y + i, n, 0)), sum)), n);
  }
}
static void grad_columns(const soft_grad *t, int64_t o, int64_t c, int64_t width) {
  float sum[WIDTH], part[WIDTH];
  int64_t at = o * t->R * t->I + c;
  memset(sum, 0, sizeof sum);
  for (int64_t r0 = 0; r0 < t->R; r0 += DEEP) {
    memset(part, 0, sizeof part);
    for (int64_t r = r0, end = least(t->R, r0 + DEEP); r < end; r++) {
      const float *y = t->y + at + r * t->I, *g = t->g + at + r * t->I;
      if (t->log) for (int64_t i = 0; i < width; i++) part[i] += g[i];
      else for (int64_t i = 0; i < width; i++) part[i] += y[i] * g[i];
    }
    for (int64_t i = 0; i < width; i++) sum[i] += part[i];
  }
  for (int64_t r = 0; r < t->R; r++) {
    const float *y = t->y + at + r * t->I, *g = t->g + at + r * t->I;
    float *dx = t->dx + at + r * t->I;
    if (!t->log) for (int64_t i = 0; i < width; i++) dx[i] = y[i] * (g[i] - sum[i]);
    else
      for (int64_t i = 0; i < width; i += 16) {
        int64_t n = width - i;
        store16(dx + i, v16_sub(load16(g + i, n, 0), v16_mul(v16_exp(load16(y + i, n, 0)), v16_load(sum + i))), n);
      }
  }
}
static void grad_run(void *context, int64_t i, int worker) {
  const soft_grad *t = context;
  int64_t panels = split(t->I, WIDTH);
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * panels); j < end; j++) {
    int64_t o = j / panels, c = j % panels * WIDTH;
    if (t->I == 1) grad_row(t, o);
    else grad_columns(t, o, c, least(WIDTH, t->I - c));
  }
}
void K(softmax_grad_f32)(gn *g, bool log, const float *y, const float *gy, float *dx, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || R == 0 || I == 0) return;
  soft_grad t = { log, y, gy, dx, O, R, I, items_per_task(O * split(I, WIDTH), R * least(I, WIDTH)) };
  run_tasks(g, split(O * split(I, WIDTH), t.per), grad_run, &t);
}
