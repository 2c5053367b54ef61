/* conv_panel.c: the micro-kernel's heights, and panels gathered from a picture on the fly: no im2col buffer. */
#include "conv_in.h"

#define CASE(r) case r: tile(r, VECTORS, TABLE, k, a, b, ldb, off, c, ldc, bias, TABLE && VECTORS < 4 && relu, first); return;
#if MR >= 14
#define HALF CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
#define FULL HALF CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#elif MR >= 8
#define HALF CASE(1) CASE(2) CASE(3) CASE(4)
#define FULL HALF CASE(5) CASE(6) CASE(7) CASE(8)
#elif MR >= 6
#define HALF CASE(1) CASE(2) CASE(3)
#define FULL HALF CASE(4) CASE(5) CASE(6)
#else
#define HALF CASE(1) CASE(2)
#define FULL HALF CASE(3) CASE(4)
#endif
#define PANEL(name) static void name(int64_t height, int64_t k, const float *a, const float *b, int64_t ldb, const int64_t *off, float *c, int64_t ldc, const float *bias, bool relu, bool first)

#define VECTORS 2
#define TABLE false
PANEL(narrow) { switch (height) { FULL } }
#undef TABLE
#define TABLE true
PANEL(narrow_at) { switch (height) { FULL } }
#undef VECTORS
#define VECTORS 1
PANEL(single_at) { switch (height) { FULL } }
#undef VECTORS
#define VECTORS 4
PANEL(wide_at) { switch (height) { HALF } }
#undef TABLE
#define TABLE false
PANEL(wide_panel) { switch (height) { HALF } }

/* Apart, since it would stand in every tile of the kernels above. */
static void activate_tile(int64_t height, int64_t width, float *c, int64_t ldc, const gn_act *act) {
  bool relu = !act->slope && act->cap > 3e38f;
  for (int64_t i = 0; i < height; i++, c += ldc)
    for (int64_t p = 0; p < width; p += VL) {
      vec v = load(c + p);
      store(c + p, relu ? choose(v <= 0, (vec){0}, v) : activate(v, act));
    }
}

/* height rows of outputs for one panel; its rows start at off[k], or where off is NULL (not with VL pixels) at k * ldb. */
void K(conv_kernel)(int64_t height, int64_t width, int64_t k, const float *a, const float *b, int64_t ldb, const int64_t *off, float *c, int64_t ldc,
                    const float *bias, const gn_act *act, bool first) {
  bool relu = is_relu(act) && off && width < WIDE;               /* in the registers where it is common, to keep the code small */
  if (width == VL) single_at(height, k, a, b, ldb, off, c, ldc, bias, relu, first);
  else if (width == WIDE && off) wide_at(height, k, a, b, ldb, off, c, ldc, bias, relu, first);
  else if (width == WIDE) wide_panel(height, k, a, b, ldb, off, c, ldc, bias, relu, first);
  else if (off) narrow_at(height, k, a, b, ldb, off, c, ldc, bias, relu, first);
  else narrow(height, k, a, b, ldb, off, c, ldc, bias, relu, first);
  if (act && !relu) activate_tile(height, width, c, ldc, act);
}

/* Memory for nt[d] taps in each dim. */
bool K(conv_view_open)(gn *g, view *v, const int64_t nt[3]) {
  int64_t total = nt[0] + nt[1] + nt[2];
  int64_t *p = gn_alloc(g, (size_t)(2 * total + 1) * sizeof *p);
  if (!p) return false;
  for (int d = 0; d < 3; d++) {
    v->nt[d] = nt[d];
    v->off[d] = p, v->tap[d] = p + nt[d];
    p += 2 * nt[d];
  }
  return true;
}

void K(conv_view_close)(gn *g, view *v) {
  gn_free(g, v->off[0], (size_t)(2 * (v->nt[0] + v->nt[1] + v->nt[2]) + 1) * sizeof(int64_t));
}

/* Splits pixels p..p+count-1 (counted over samples and outputs) into runs; returns how many (at most count). */
int K(conv_runs)(const view *v, int64_t p, int64_t count, run *r) {
  int64_t size = volume(v->q), rest = p % size, at = 0;
  run now = {0, 0, p / size, {rest / (v->q[1] * v->q[2]), rest / v->q[2] % v->q[1], rest % v->q[2]}};
  int n = 0;
  while (at < count) {
    int64_t len = v->q[2] - now.q[2];
    now.at = at, now.len = len < count - at ? len : count - at;
    r[n++] = now;
    at += now.len;
    now.q[2] = 0;
    if (++now.q[1] == v->q[1]) {
      now.q[1] = 0;
      if (++now.q[0] == v->q[0]) now.q[0] = 0, now.n++;
    }
  }
  return n;
}

static inline void zeros(float *to, int64_t n) {
  for (int64_t i = 0; i < n; i++) to[i] = 0;
}

/* Every second element; the last block reads from one before, so as not to pass the end. */
static inline void copy_even(float *to, const float *from, int64_t n) {
  if (n < 9) {
    for (int64_t i = 0; i < n; i++) to[i] = from[2 * i];
    return;
  }
  int64_t i = 0;
  for (; i + 9 <= n; i += 8)
    *(v8 *)(to + i) = __builtin_shufflevector(*(const v8 *)(from + 2 * i), *(const v8 *)(from + 2 * i + 8), 0, 2, 4, 6, 8, 10, 12, 14);
  i = n - 8;
  *(v8 *)(to + i) = __builtin_shufflevector(*(const v8 *)(from + 2 * i - 1), *(const v8 *)(from + 2 * i + 7), 1, 3, 5, 7, 9, 11, 13, 15);
}

/* len pixels from position x on of a row of `width`. */
void K(conv_copy_run)(float *to, const float *from, int64_t x, int64_t step, int64_t len, int64_t width, int edge) {
  if (step == 1) {
    int64_t low = x < 0 ? -x : 0, high = width - x < len ? width - x : len;
    if (low > len) low = len;
    if (high < low) high = low;
    gn_edge_row(to, from, x, 1, low, width, edge);
    copy(to + low, from + (x + low), high - low);
    gn_edge_row(to + high, from, x + high, 1, len - high, width, edge);
    return;
  }
  int64_t low = x < 0 ? (step - 1 - x) / step : 0, over = 0;
  if (low > len) low = len;
  gn_edge_row(to, from, x, step, low, width, edge);
  to += low, len -= low, x += low * step;
  while (len > 0 && x + (len - 1) * step >= width) len--, over++;
  if (step == 2) copy_even(to, from + x, len);
  else for (int64_t i = 0; i < len; i++) to[i] = from[x + i * step];
  gn_edge_row(to + len, from, x + len * step, step, over, width, edge);
}

/* The columns of a row from x on in `step` lines of len, sorted by their remainder to the step, `pitch` apart. */
void K(conv_copy_sorted)(float *to, int64_t pitch, const float *row, int64_t x, int64_t step, int64_t len, int64_t width, int edge) {
  if (step != 2) {
    for (int64_t e = 0; e < step; e++) K(conv_copy_run)(to + e * pitch, row, x + e, step, len, width, edge);
    return;
  }
  float *odd = to + pitch;
  int64_t i = x < 0 ? (1 - x) / 2 : 0;
  if (i > len) i = len;
  gn_edge_row(to, row, x, 2, i, width, edge), gn_edge_row(odd, row, x + 1, 2, i, width, edge);
  for (; i + VL <= len && x + 2 * (i + VL) <= width; i += VL) {
    vec a = load(row + x + 2 * i), b = load(row + x + 2 * i + VL);
    store(to + i, __builtin_shufflevector(a, b, EVENS));
    store(odd + i, __builtin_shufflevector(a, b, ODDS));
  }
  gn_edge_row(to + i, row, x + 2 * i, 2, len - i, width, edge), gn_edge_row(odd + i, row, x + 2 * i + 1, 2, len - i, width, edge);
}

/* ---- small pictures: a panel's runs are a few pixels long, so each pixel's place is looked up in a table, which serves all channels ---- */
enum { TAPS = 64 };
typedef int32_t bits __attribute__((may_alias));
typedef struct places { int32_t at[TAPS][WIDE], keep[TAPS][WIDE]; } places;      /* from the channel's first pixel on; keep 0 = nothing is there */

static bool are_short(const view *v, int runs, int64_t count, int64_t width) {
  return width <= WIDE && runs > 2 && runs * 16 >= count && volume(v->nt) <= TAPS && v->n * v->channels * volume(v->in) <= INT32_MAX;
}

static void find_places(const view *v, const run *r, int runs, int64_t count, int64_t width, places *p) {
  int64_t t = 0;
  for (int64_t t0 = 0; t0 < v->nt[0]; t0++)
    for (int64_t t1 = 0; t1 < v->nt[1]; t1++)
      for (int64_t t2 = 0; t2 < v->nt[2]; t2++, t++) {
        for (int i = 0; i < runs; i++) {
          int64_t d = gn_edge_at(r[i].q[0] * v->step[0] + v->off[0][t0], v->in[0], v->edge), h = gn_edge_at(r[i].q[1] * v->step[1] + v->off[1][t1], v->in[1], v->edge);
          for (int64_t e = 0; e < r[i].len; e++) {
            int64_t w = gn_edge_at((r[i].q[2] + e) * v->step[2] + v->off[2][t2], v->in[2], v->edge), l = r[i].at + e;
            bool there = d >= 0 && h >= 0 && w >= 0;
            p->at[t][l] = there ? (int32_t)(r[i].n * v->channels * volume(v->in) + (d * v->in[1] + h) * v->in[2] + w) : 0, p->keep[t][l] = there ? -1 : 0;
          }
        }
        for (int64_t l = count; l < width; l++) p->at[t][l] = p->keep[t][l] = 0;
      }
}

static void gather_places(const view *v, const float *x, const places *p, int64_t width, int64_t k0, int64_t k1, float *to) {
  int64_t taps = volume(v->nt), plane = volume(v->in);
  for (int64_t k = k0; k < k1; k++, to += width) {
    const bits *from = (const bits *)(x + k / taps * plane);
    const int32_t *at = p->at[k % taps], *keep = p->keep[k % taps];
    for (int64_t l = 0; l < width; l++) ((bits *)to)[l] = from[at[l]] & keep[l];
  }
}

/* Rows k0..k1-1 of a panel `width` pixels wide; x is the first channel of the group. Pixels past `count` become 0. */
void K(conv_gather)(const view *v, const float *x, const run *r, int runs, int64_t count, int64_t width, int64_t k0, int64_t k1, float *to) {
  if (are_short(v, runs, count, width)) {
    places p;
    find_places(v, r, runs, count, width, &p);
    gather_places(v, x, &p, width, k0, k1, to);
    return;
  }
  int64_t taps = volume(v->nt), plane = volume(v->in);
  int64_t ch = k0 / taps, t = k0 % taps, t0 = t / (v->nt[1] * v->nt[2]), t1 = t / v->nt[2] % v->nt[1], t2 = t % v->nt[2];
  for (int64_t k = k0; k < k1; k++, to += width) {
    for (int i = 0; i < runs; i++) {
      int64_t d = gn_edge_at(r[i].q[0] * v->step[0] + v->off[0][t0], v->in[0], v->edge), h = gn_edge_at(r[i].q[1] * v->step[1] + v->off[1][t1], v->in[1], v->edge);
      if (d < 0 || h < 0) {
        zeros(to + r[i].at, r[i].len);
        continue;
      }
      const float *row = x + (r[i].n * v->channels + ch) * plane + (d * v->in[1] + h) * v->in[2];
      K(conv_copy_run)(to + r[i].at, row, r[i].q[2] * v->step[2] + v->off[2][t2], v->step[2], r[i].len, v->in[2], v->edge);
    }
    if (count < width) zeros(to + count, width - count);
    if (++t2 == v->nt[2]) {
      t2 = 0;
      if (++t1 == v->nt[1]) {
        t1 = 0;
        if (++t0 == v->nt[0]) t0 = 0, ch++;
      }
    }
  }
}
