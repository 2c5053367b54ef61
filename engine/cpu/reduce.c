/* reduce.c: sums, products, largest and smallest of f32 over [O][R][I]. Floats are added in short blocks of 64 lanes with a fixed tree, blocks in
 * double: the result depends on the shape alone and is good to about half a unit in the last place. */
#include "reduce_in.h"

enum { BLOCK = 4096, PART = 65536 /* long rows are shared out in such parts */, COLS = 256, DEEP = 64 /* rows added in float */ };

/* ---- what one op does to an element and how it joins two ---- */
INLINE float start(int op) { return op == GN_R_PROD ? 1.0f : op == GN_R_MAX ? -INFINITY : op == GN_R_MIN ? INFINITY : 0.0f; }
INLINE float filler(int op, float m) { return op == GN_R_DEVS ? m : start(op); }
INLINE v8 see(int op, v8 x, v8 m) {
  if (op == GN_R_SQUARES) return x * x;
  if (op == GN_R_ABSSUM || op == GN_R_ABSMAX) return vabs(x);
  if (op == GN_R_DEVS) return (x - m) * (x - m);
  return x;
}
INLINE float see1(int op, float x, float m) {
  if (op == GN_R_SQUARES) return x * x;
  if (op == GN_R_ABSSUM || op == GN_R_ABSMAX) return __builtin_fabsf(x);
  if (op == GN_R_DEVS) return (x - m) * (x - m);
  return x;
}
INLINE v8 join(int op, v8 a, v8 b) { return op == GN_R_PROD ? a * b : op == GN_R_MAX || op == GN_R_ABSMAX ? vmax(a, b) : op == GN_R_MIN ? vmin(a, b) : a + b; }
INLINE float join1(int op, float a, float b) { return op == GN_R_PROD ? a * b : op == GN_R_MAX || op == GN_R_ABSMAX ? smax(a, b) : op == GN_R_MIN ? smin(a, b) : a + b; }
INLINE double join2(int op, double a, double b) {
  if (op == GN_R_PROD) return a * b;
  if (op == GN_R_MAX || op == GN_R_ABSMAX) return ((b > a) | (b != b)) ? b : a;
  if (op == GN_R_MIN) return ((b < a) | (b != b)) ? b : a;
  return a + b;
}

/* ---- rows ---- */
INLINE float across(int op, v8 v) {
  return join1(op, join1(op, join1(op, v[0], v[4]), join1(op, v[2], v[6])), join1(op, join1(op, v[1], v[5]), join1(op, v[3], v[7])));
}
INLINE float block(int op, const float *x, float m, int64_t n) {
  v8 a = all8(start(op)), mm = all8(m);
  int64_t i = 0;
  if (n >= 64) {
    v8 b = a, c = a, d = a, e = a, f = a, h = a, k = a;
    for (; i + 64 <= n; i += 64) {
      a = join(op, a, see(op, load(x + i), mm)), b = join(op, b, see(op, load(x + i + 8), mm));
      c = join(op, c, see(op, load(x + i + 16), mm)), d = join(op, d, see(op, load(x + i + 24), mm));
      e = join(op, e, see(op, load(x + i + 32), mm)), f = join(op, f, see(op, load(x + i + 40), mm));
      h = join(op, h, see(op, load(x + i + 48), mm)), k = join(op, k, see(op, load(x + i + 56), mm));
    }
    a = join(op, join(op, join(op, a, e), join(op, c, h)), join(op, join(op, b, f), join(op, d, k)));
  }
  for (; i + LANES <= n; i += LANES) a = join(op, a, see(op, load(x + i), mm));
  if (i < n) a = join(op, a, see(op, load_n(x + i, n - i, filler(op, m)), mm));
  return across(op, a);
}
INLINE double row(int op, const float *x, float m, int64_t n) {
  if (n < LANES) {
    float a = start(op);
    for (int64_t i = 0; i < n; i++) a = join1(op, a, see1(op, x[i], m));
    return a;
  }
  double total = block(op, x, m, least(n, BLOCK));
  for (int64_t i = BLOCK; i < n; i += BLOCK) total = join2(op, total, block(op, x + i, m, least(n - i, BLOCK)));
  return total;
}

typedef struct { const float *x, *m; float *out; double *part, divide; int64_t O, R, I, per, parts, panels, deep; } red;

INLINE void rows_task(int op, const red *t, int64_t i) {
  if (t->part) {
    int64_t o = i / t->parts, from = i % t->parts * PART;
    t->part[i] = row(op, t->x + o * t->R + from, op == GN_R_DEVS ? t->m[o] : 0, least(PART, t->R - from));
    return;
  }
  for (int64_t o = i * t->per, end = least(o + t->per, t->O); o < end; o++)
    t->out[o] = (float)(row(op, t->x + o * t->R, op == GN_R_DEVS ? t->m[o] : 0, t->R) / t->divide);
}

/* ---- columns ---- */
INLINE void columns(int op, const float *x, int64_t step, int64_t rows, int64_t width, const float *restrict m, double *restrict total) {
  float part[COLS];
  for (int64_t r0 = 0; r0 < rows; r0 += DEEP) {
    int64_t n = least(DEEP, rows - r0), r = 0;
    const float *restrict p = x + r0 * step;
    for (int64_t i = 0; i < width; i++) part[i] = start(op);
    for (; r + 4 <= n; r += 4, p += 4 * step) {
      const float *restrict q = p + step, *restrict s = q + step, *restrict u = s + step;
      for (int64_t i = 0; i < width; i++) {
        float d = op == GN_R_DEVS ? m[i] : 0, lo = join1(op, see1(op, p[i], d), see1(op, q[i], d)), hi = join1(op, see1(op, s[i], d), see1(op, u[i], d));
        part[i] = join1(op, part[i], join1(op, lo, hi));
      }
    }
    for (; r < n; r++, p += step)
      for (int64_t i = 0; i < width; i++) part[i] = join1(op, part[i], see1(op, p[i], op == GN_R_DEVS ? m[i] : 0));
    for (int64_t i = 0; i < width; i++) total[i] = join2(op, total[i], part[i]);
  }
}
/* rows of one panel; few columns are taken several rows at a time, so that vectors stay full */
INLINE void panel(int op, const float *x, int64_t step, int64_t rows, int64_t width, const float *m, double *total) {
  int64_t k = step == width && width < 32 ? 64 / width : 1, wide = rows / k;
  for (int64_t i = 0; i < width; i++) total[i] = start(op);
  if (k > 1 && wide > 1) {
    double sum[COLS];
    float mm[COLS];
    for (int64_t i = 0; i < k * width; i++) sum[i] = start(op), mm[i] = op == GN_R_DEVS ? m[i % width] : 0;
    columns(op, x, k * width, wide, k * width, mm, sum);
    for (int64_t j = 0; j < k; j++)
      for (int64_t i = 0; i < width; i++) total[i] = join2(op, total[i], sum[j * width + i]);
    x += wide * k * step, rows -= wide * k;
  }
  columns(op, x, step, rows, width, m, total);
}
INLINE void columns_task(int op, const red *t, int64_t i) {
  double total[COLS];
  if (t->part) {
    int64_t b = i % t->parts, o = i / t->parts / t->panels, c = i / t->parts % t->panels * COLS, width = least(COLS, t->I - c), r = b * t->deep;
    panel(op, t->x + (o * t->R + r) * t->I + c, t->I, least(t->deep, t->R - r), width, op == GN_R_DEVS ? t->m + o * t->I + c : 0, total);
    memcpy(t->part + (o * t->parts + b) * t->I + c, total, (size_t)width * sizeof *total);
    return;
  }
  for (int64_t j = i * t->per, end = least(j + t->per, t->O * t->panels); j < end; j++) {
    int64_t o = j / t->panels, c = j % t->panels * COLS, width = least(COLS, t->I - c);
    panel(op, t->x + o * t->R * t->I + c, t->I, t->R, width, op == GN_R_DEVS ? t->m + o * t->I + c : 0, total);
    for (int64_t k = 0; k < width; k++) t->out[o * t->I + c + k] = (float)(total[k] / t->divide);
  }
}

#define EACH(X) X(GN_R_SUM) X(GN_R_SQUARES) X(GN_R_ABSSUM) X(GN_R_PROD) X(GN_R_MAX) X(GN_R_MIN) X(GN_R_ABSMAX) X(GN_R_DEVS)
#define TASKS(op) \
  static void rows_##op(void *context, int64_t i, int worker) { rows_task(op, context, i); } \
  static void columns_##op(void *context, int64_t i, int worker) { columns_task(op, context, i); }
EACH(TASKS)
#define ROWS(op) [op] = rows_##op,
#define COLUMNS(op) [op] = columns_##op,
static gn_task *const rows_of[] = { EACH(ROWS) };
static gn_task *const columns_of[] = { EACH(COLUMNS) };

/* Joins the parts of each result in order. */
static void finish(int op, const red *t) {
  for (int64_t o = 0; o < t->O; o++)
    for (int64_t i = 0; i < t->I; i++) {
      const double *p = t->part + o * t->parts * t->I + i;
      double total = p[0];
      for (int64_t b = 1; b < t->parts; b++) total = join2(op, total, p[b * t->I]);
      t->out[o * t->I + i] = (float)(total / t->divide);
    }
}

bool K(red_f32)(gn *g, int op, const float *x, const float *m, float *out, int64_t O, int64_t R, int64_t I, double divide) {
  if (O == 0 || I == 0) return true;
  red t = { x, m, out, NULL, divide, O, R, I, 1, 1, 1, R };
  int64_t tasks;
  if (I == 1) {
    if (O < 32 && R > PART) t.parts = split(R, PART);
    t.per = items_per_task(O, R), tasks = t.parts > 1 ? O * t.parts : split(O, t.per);
  } else {
    int64_t width = least(I, COLS);
    t.panels = split(I, COLS);
    if (O * t.panels < 64 && R * width > 2 * GRAIN) {
      t.deep = 2 * GRAIN / width > DEEP ? split(2 * GRAIN / width, DEEP) * DEEP : DEEP;
      t.parts = split(R, t.deep);
    }
    t.per = items_per_task(O * t.panels, R * width), tasks = t.parts > 1 ? O * t.panels * t.parts : split(O * t.panels, t.per);
  }
  size_t bytes = t.parts > 1 ? (size_t)(O * t.parts * I) * sizeof *t.part : 0;
  if (bytes && !(t.part = gn_alloc(g, bytes))) return false;
  run_tasks(g, tasks, I == 1 ? rows_of[op] : columns_of[op], &t);
  if (bytes) finish(op, &t), gn_free(g, t.part, bytes);
  return true;
}
