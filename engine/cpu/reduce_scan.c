/* reduce_scan.c: reductions of integers, positions of the largest and smallest, running sums and products, over [O][R][I]. */
#include "reduce_in.h"

/* ---- integers: sums wrap around as int64 does ---- */
typedef struct { int op; gn_dtype type; const void *x; int64_t *out; int64_t O, R, I, per; } ints;

INLINE int64_t ijoin(int op, int64_t a, int64_t b) {
  if (op == GN_R_PROD) return (int64_t)((uint64_t)a * (uint64_t)b);
  if (op == GN_R_MAX) return b > a ? b : a;
  if (op == GN_R_MIN) return b < a ? b : a;
  if (op == GN_R_ANY) return a | (b != 0);
  return (int64_t)((uint64_t)a + (uint64_t)b);
}
INLINE int64_t istart(int op) { return op == GN_R_PROD ? 1 : op == GN_R_MAX ? INT64_MIN : op == GN_R_MIN ? INT64_MAX : 0; }
#define INTS(type) \
  INLINE void ints_##type(int op, const type *x, int64_t *restrict out, int64_t R, int64_t I) { \
    if (I == 1) { \
      int64_t a = istart(op); \
      for (int64_t r = 0; r < R; r++) a = ijoin(op, a, x[r]); \
      *out = a; \
      return; \
    } \
    for (int64_t i = 0; i < I; i++) out[i] = istart(op); \
    for (int64_t r = 0; r < R; r++, x += I) \
      for (int64_t i = 0; i < I; i++) out[i] = ijoin(op, out[i], x[i]); \
  }
INTS(uint8_t)
INTS(int32_t)
INTS(int64_t)
INLINE void ints_task(int op, const ints *t, int64_t i) {
  for (int64_t o = i * t->per, end = least(o + t->per, t->O); o < end; o++) {
    int64_t *out = t->out + o * t->I, at = o * t->R * t->I;
    if (t->type == GN_I64) ints_int64_t(op, (const int64_t *)t->x + at, out, t->R, t->I);
    else if (t->type == GN_I32) ints_int32_t(op, (const int32_t *)t->x + at, out, t->R, t->I);
    else ints_uint8_t(op, (const uint8_t *)t->x + at, out, t->R, t->I);
  }
}
static void ints_run(void *context, int64_t i, int worker) {
  const ints *t = context;
  switch (t->op) {
  case GN_R_PROD: ints_task(GN_R_PROD, t, i); break;
  case GN_R_MAX: ints_task(GN_R_MAX, t, i); break;
  case GN_R_MIN: ints_task(GN_R_MIN, t, i); break;
  case GN_R_ANY: ints_task(GN_R_ANY, t, i); break;
  default: ints_task(GN_R_SUM, t, i);
  }
}
void K(red_int)(gn *g, int op, gn_dtype type, const void *x, int64_t *out, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || I == 0) return;
  ints t = { op, type, x, out, O, R, I, items_per_task(O, R * I) };
  run_tasks(g, split(O, t.per), ints_run, &t);
}

/* ---- positions: the first of equals; a NaN wins ---- */
typedef struct { bool min; gn_dtype type; const void *x; void *value; int32_t *at; int64_t O, R, I, per; } arg;

#define BETTER(a, b) (min ? (b) < (a) : (b) > (a))
/* one row: the value first, then its place */
INLINE void arg_row(bool min, const float *x, int64_t R, float *value, int32_t *at) {
  v8 a = all8(x[0]), b = a, c = a, d = a;
  int64_t i = 0;
#define STEP(v, k) v = min ? vmin(v, load(x + i + k)) : vmax(v, load(x + i + k))
  for (; i + 32 <= R; i += 32) STEP(a, 0), STEP(b, 8), STEP(c, 16), STEP(d, 24);
  for (; i + LANES <= R; i += LANES) STEP(a, 0);
#undef STEP
  a = min ? vmin(vmin(a, b), vmin(c, d)) : vmax(vmax(a, b), vmax(c, d));
  float best = a[0];
  for (int k = 1; k < LANES; k++) best = min ? smin(best, a[k]) : smax(best, a[k]);
  for (; i < R; i++) best = min ? smin(best, x[i]) : smax(best, x[i]);
  int64_t j = 0;
  if (best != best) while (x[j] == x[j]) j++;
  else while (x[j] != best) j++;
  if (value) *value = best;
  if (at) *at = (int32_t)j;
}
INLINE void arg_columns(bool min, const float *x, int64_t step, int64_t R, int64_t width, float *restrict best, int32_t *restrict at) {
  for (int64_t i = 0; i < width; i++) best[i] = x[i], at[i] = 0;
  for (int64_t r = 1; r < R; r++) {
    const float *restrict p = x + r * step;
    int32_t place = (int32_t)r;
    for (int64_t i = 0; i < width; i++) {
      float a = best[i], b = p[i];
      bool take = ((min ? b < a : b > a) | (b != b)) & (a == a);
      best[i] = take ? b : a, at[i] = take ? place : at[i];
    }
  }
}
enum { WIDTH = 256 };
INLINE void arg_task(bool min, const arg *t, int64_t i) {
  int64_t panels = split(t->I, WIDTH);
  float best[WIDTH];
  int32_t at[WIDTH];
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * panels); j < end; j++) {
    int64_t o = j / panels, c = j % panels * WIDTH, width = least(WIDTH, t->I - c);
    const float *x = (const float *)t->x + o * t->R * t->I + c;
    float *value = t->value ? (float *)t->value + o * t->I + c : NULL;
    int32_t *place = t->at ? t->at + o * t->I + c : NULL;
    if (t->I == 1) { arg_row(min, x, t->R, value, place); continue; }
    arg_columns(min, x, t->I, t->R, width, best, at);
    if (value) memcpy(value, best, (size_t)width * sizeof *best);
    if (place) memcpy(place, at, (size_t)width * sizeof *at);
  }
}
static void arg_run(void *context, int64_t i, int worker) {
  const arg *t = context;
  if (t->min) arg_task(true, t, i);
  else arg_task(false, t, i);
}
void K(arg_f32)(gn *g, bool min, const float *x, float *value, int32_t *at, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || R == 0 || I == 0) return;
  arg t = { min, GN_F32, x, value, at, O, R, I, items_per_task(O * split(I, WIDTH), R * least(I, WIDTH)) };
  run_tasks(g, split(O * split(I, WIDTH), t.per), arg_run, &t);
}
INLINE int64_t int_at(gn_dtype type, const void *x, int64_t i) {
  return type == GN_I64 ? ((const int64_t *)x)[i] : type == GN_I32 ? ((const int32_t *)x)[i] : ((const uint8_t *)x)[i];
}
static void arg_int_run(void *context, int64_t i, int worker) {
  const arg *t = context;
  bool min = t->min;
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * t->I); j < end; j++) {
    int64_t from = j / t->I * t->R * t->I + j % t->I, best = int_at(t->type, t->x, from), at = 0;
    for (int64_t r = 1; r < t->R; r++) {
      int64_t b = int_at(t->type, t->x, from + r * t->I);
      if (BETTER(best, b)) best = b, at = r;
    }
    if (t->value) ((int64_t *)t->value)[j] = best;
    if (t->at) t->at[j] = (int32_t)at;
  }
}
void K(arg_int)(gn *g, bool min, gn_dtype type, const void *x, int64_t *value, int32_t *at, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || R == 0 || I == 0) return;
  arg t = { min, type, x, value, at, O, R, I, items_per_task(O * I, R) };
  run_tasks(g, split(O * I, t.per), arg_int_run, &t);
}

/* ---- running sums and products ---- */
typedef struct { bool product, reverse; const void *x; void *out; int64_t O, R, I, per; } scan;

/* a double carries the running value of a row */
static void scan_rows(const scan *t, int64_t o) {
  const float *x = (const float *)t->x + o * t->R;
  float *out = (float *)t->out + o * t->R;
  double a = t->product ? 1 : 0;
  for (int64_t r = 0; r < t->R; r++) {
    int64_t i = t->reverse ? t->R - 1 - r : r;
    a = t->product ? a * x[i] : a + x[i], out[i] = (float)a;
  }
}
static void scan_columns(const scan *t, int64_t o, int64_t c, int64_t width) {
  double a[WIDTH];
  for (int64_t i = 0; i < width; i++) a[i] = t->product ? 1 : 0;
  for (int64_t r = 0; r < t->R; r++) {
    int64_t at = (o * t->R + (t->reverse ? t->R - 1 - r : r)) * t->I + c;
    const float *restrict x = (const float *)t->x + at;
    float *restrict out = (float *)t->out + at;
    if (t->product) for (int64_t i = 0; i < width; i++) a[i] *= x[i], out[i] = (float)a[i];
    else for (int64_t i = 0; i < width; i++) a[i] += x[i], out[i] = (float)a[i];
  }
}
static void scan_run(void *context, int64_t i, int worker) {
  const scan *t = context;
  int64_t panels = split(t->I, WIDTH);
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * panels); j < end; j++) {
    int64_t o = j / panels, c = j % panels * WIDTH;
    if (t->I == 1) scan_rows(t, o);
    else scan_columns(t, o, c, least(WIDTH, t->I - c));
  }
}
void K(scan_f32)(gn *g, bool product, bool reverse, const float *x, float *out, int64_t O, int64_t R, int64_t I) {
  if (O == 0 || R == 0 || I == 0) return;
  scan t = { product, reverse, x, out, O, R, I, items_per_task(O * split(I, WIDTH), R * least(I, WIDTH)) };
  run_tasks(g, split(O * split(I, WIDTH), t.per), scan_run, &t);
}
void K(scan_i64)(gn *g, bool product, const int64_t *x, int64_t *out, int64_t O, int64_t R, int64_t I) {
  for (int64_t o = 0; o < O; o++)
    for (int64_t r = 0; r < R; r++)
      for (int64_t i = 0; i < I; i++) {
        int64_t at = (o * R + r) * I + i;
        uint64_t a = r ? (uint64_t)out[at - I] : product ? 1u : 0u, b = (uint64_t)x[at];
        out[at] = (int64_t)(product ? a * b : a + b);
      }
}
