/* gemm_few.c: products with few rows (or few columns) beside a large matrix, which is read once: packing it would cost more than the product.
 *
 * "x" are the few rows, "w" the large matrix. Where the rows of w lie along k, results are dot products of vectors (fast mode only: exact keeps k in order);
 * where they lie across k, rows of w are scaled and added up, which keeps k in order. */
#include "../kernels.h"
#include "gemm.h"
#include "gemm_few.h"

#define WR 4                                     /* rows of w at a time */
#define KB 512                                   /* a stretch of k: WR rows of w and all of x in it stay in the L1 cache */
#define CHUNK 65536                              /* floats of w a task reads */
#define OFTEN (1 << 18)                          /* floats of w that no cache of one core holds */
enum { UNIT = -3, WHOLE, TURNED };               /* kinds of packed weights; others' are positive */

typedef struct few {
  int64_t m, n, k;                               /* x[m,k] w[n,k] -> c */
  const float *x; int64_t xrs;
  const float *w; int64_t wrs;                   /* dot: from one n to the next; sum: from one k to the next */
  float *c; int64_t crs, ccs;                    /* crs: from one row of x to the next */
  const float *bias; int64_t bm, bn;             /* its steps along m and n */
  bool add;
  int64_t per;                                   /* n of one task */
  int32_t *whole; float unit;                    /* w = whole x unit, two of 16 bits in one, those VL apart; vectors of WR rows in turn */
} few;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

#ifdef GN_FAST
static void store_one(const few *f, int64_t i, int64_t j, float sum) {
  float *c = f->c + i * f->crs + j * f->ccs;
  if (f->add) sum = *c + sum;
  if (f->bias) sum += f->bias[i * f->bm + j * f->bn];
  *c = sum;
}

static float total(gn_vec v) {
  float s[VL];
  memcpy(s, &v, sizeof s);
  for (int half = VL / 2; half; half /= 2)
    for (int i = 0; i < half; i++) s[i] += s[i + half];
  return s[0];
}

/* total() of WR vectors, in the same order of additions. */
GN_INLINE gn_v4 totals(const gn_vec *v) {
  float s[WR][VL], t[WR][4];
  gn_v4 q[WR];
  memcpy(s, v, sizeof s);
  UNROLL
  for (int j = 0; j < WR; j++) {
    const float *p = s[j];
    q[j] = *(const gn_v4u *)p;
    if (VL == 16) q[j] = (q[j] + *(const gn_v4u *)(p + VL / 2)) + (*(const gn_v4u *)(p + VL / 4) + *(const gn_v4u *)(p + VL / 2 + VL / 4));
    else if (VL == 8) q[j] = q[j] + *(const gn_v4u *)(p + VL / 2);
    memcpy(t[j], &q[j], sizeof q[j]);
  }
  transpose4(t[0], 4, (float *)q, 4);
  return (q[0] + q[2]) + (q[1] + q[3]);
}

/* acc[x][w] += the products of `rows` rows of x and WR rows of w over k floats (a multiple of VL). */
GN_INLINE void dots(const int rows, int64_t k, const float *x, int64_t xrs, const float *w, int64_t wrs, gn_vec (*acc)[WR]) {
  gn_vec s[3][WR];
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < WR; j++) s[i][j] = acc[i][j];
  for (int64_t p = 0; p < k; p += VL) {
    gn_vec v[3];
    UNROLL
    for (int i = 0; i < rows; i++) v[i] = *(const gn_vecu *)(x + i * xrs + p);
    UNROLL
    for (int j = 0; j < WR; j++) {
      gn_vec u = *(const gn_vecu *)(w + j * wrs + p);
      UNROLL
      for (int i = 0; i < rows; i++) s[i][j] += v[i] * u;
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++)
    UNROLL
    for (int j = 0; j < WR; j++) acc[i][j] = s[i][j];
}
static __attribute__((noinline)) void dots1(int64_t k, const float *x, int64_t xrs, const float *w, int64_t wrs, gn_vec (*acc)[WR]) { dots(1, k, x, xrs, w, wrs, acc); }
static __attribute__((noinline)) void dots2(int64_t k, const float *x, int64_t xrs, const float *w, int64_t wrs, gn_vec (*acc)[WR]) { dots(2, k, x, xrs, w, wrs, acc); }
static __attribute__((noinline)) void dots3(int64_t k, const float *x, int64_t xrs, const float *w, int64_t wrs, gn_vec (*acc)[WR]) { dots(3, k, x, xrs, w, wrs, acc); }

/* One row of x: two sums for each row of w, to hide the latency of the additions. */
GN_INLINE void dots_one(int64_t k, const float *x, const float *w, int64_t wrs, gn_vec *acc) {
  gn_vec s[2][WR] = {{{0}}};
  int64_t p = 0;
  for (; p + 2 * VL <= k; p += 2 * VL)
    UNROLL
    for (int j = 0; j < WR; j++) {
      s[0][j] += *(const gn_vecu *)(x + p) * *(const gn_vecu *)(w + j * wrs + p);
      s[1][j] += *(const gn_vecu *)(x + p + VL) * *(const gn_vecu *)(w + j * wrs + p + VL);
    }
  for (; p < k; p += VL)
    UNROLL
    for (int j = 0; j < WR; j++) s[0][j] += *(const gn_vecu *)(x + p) * *(const gn_vecu *)(w + j * wrs + p);
  UNROLL
  for (int j = 0; j < WR; j++) acc[j] = s[0][j] + s[1][j];
}

static void dot_rows(const few *f, int64_t j) {
  gn_vec acc[FEW_ROWS][WR];
  int64_t whole = f->k / VL * VL;
  const float *w = f->w + j * f->wrs;
  if (f->m == 1) dots_one(whole, f->x, w, f->wrs, acc[0]);
  else {
    memset(acc, 0, sizeof *acc * (size_t)f->m);
    for (int64_t p = 0; p < whole; p += KB) {
      int64_t k = smaller(KB, whole - p), i = 0;
      for (; i + 3 <= f->m && f->m - i != 4; i += 3) dots3(k, f->x + i * f->xrs + p, f->xrs, w + p, f->wrs, acc + i);
      for (; i + 2 <= f->m; i += 2) dots2(k, f->x + i * f->xrs + p, f->xrs, w + p, f->wrs, acc + i);
      if (i < f->m) dots1(k, f->x + i * f->xrs + p, f->xrs, w + p, f->wrs, acc + i);
    }
  }
  bool plain = whole == f->k && f->ccs == 1 && (!f->bias || f->bn == 1);
  for (int64_t i = 0; i < f->m; i++) {
    gn_v4 sums = totals(acc[i]);
    if (plain) {
      float *c = f->c + i * f->crs + j;
      if (f->add) sums = *(const gn_v4u *)c + sums;
      if (f->bias) sums += *(const gn_v4u *)(f->bias + i * f->bm + j);
      *(gn_v4u *)c = sums;
      continue;
    }
    for (int64_t r = 0; r < WR; r++) {
      float s = sums[r];
      for (int64_t p = whole; p < f->k; p++) s += f->x[i * f->xrs + p] * w[r * f->wrs + p];
      store_one(f, i, j + r, s);
    }
  }
}

/* One row of x by whole vectors: rows j..end-1 of w, WR at a time; returns how far it came. */
static int64_t one_row(const few *f, int64_t j, int64_t end) {
  for (; j + WR <= end; j += WR) {
    gn_vec acc[WR];
    dots_one(f->k, f->x, f->w + j * f->wrs, f->wrs, acc);
    gn_v4 sums = totals(acc);
    if (f->add) sums = *(const gn_v4u *)(f->c + j) + sums;
    if (f->bias) sums += *(const gn_v4u *)(f->bias + j);
    *(gn_v4u *)(f->c + j) = sums;
  }
  return j;
}

static void dot_task(void *context, int64_t t, int worker) {
  const few *f = context;
  int64_t j = t * f->per, end = smaller(j + f->per, f->n);
  if (f->m == 1 && f->k % VL == 0 && f->ccs == 1 && (!f->bias || f->bn == 1)) j = one_row(f, j, end);
  for (; j + WR <= end; j += WR) dot_rows(f, j);
  for (; j < end; j++)
    for (int64_t i = 0; i < f->m; i++) {
      gn_vec v = {0};
      float s = 0;
      int64_t p = 0;
      for (; p + VL <= f->k; p += VL) v += *(const gn_vecu *)(f->x + i * f->xrs + p) * *(const gn_vecu *)(f->w + j * f->wrs + p);
      for (; p < f->k; p++) s += f->x[i * f->xrs + p] * f->w[j * f->wrs + p];
      store_one(f, i, j, total(v) + s);
    }
}

/* ---- one row of x, again and again: weights that are whole multiples of one number, as files with 16 bits a weight give, are kept as these whole numbers,
 * which is half as much to read. Whether they are kept or packed for one call, the sums are the same. ---- */
typedef uint32_t gn_pairs __attribute__((vector_size(VL * 4), may_alias));
typedef int32_t gn_whole __attribute__((vector_size(VL * 4)));

/* The number that all of w are multiples of: if there is one, the least of them; else 0. */
static float unit_of(const float *w, int64_t n) {
  float least = __builtin_inff();
  for (int64_t i = 0; i < n; i++) {
    float v = __builtin_fabsf(w[i]);
    least = v > 0 && v < least ? v : least;
  }
  if (!(least >= 1e-30f && least < 1e30f)) return 0;
  for (int64_t i = 0; i < n; i++) {
    float q = __builtin_rintf(w[i] / least);
    if (!(q >= -32767 && q <= 32767) || q * least != w[i]) return 0;
  }
  return least;
}

static void whole_rows(void *context, int64_t t, int worker) {
  const few *f = context;
  int32_t *to = f->whole + t * f->per * f->k / 2;
  for (int64_t j = t * f->per, end = smaller(j + f->per, f->n); j < end; j += WR)
    for (int64_t p = 0; p < f->k; p += 2 * VL)
      for (int64_t i = j; i < j + WR; i++)
        for (int64_t l = p; l < p + VL; l++) {
          int32_t low = (int32_t)__builtin_rintf(f->w[i * f->k + l] / f->unit), high = (int32_t)__builtin_rintf(f->w[i * f->k + VL + l] / f->unit);
          *to++ = (int32_t)((uint32_t)high << 16 | (uint16_t)low);
        }
}

/* Both halves of a pair become 65536 times the number: a shift or a mask each. */
static void often_task(void *context, int64_t t, int worker) {
  const few *f = context;
  const int32_t *w = f->whole + t * f->per * f->k / 2;
  for (int64_t j = t * f->per, end = smaller(j + f->per, f->n); j < end; j += WR) {
    gn_vec s[2][WR] = {{{0}}};
    for (int64_t p = 0; p < f->k; p += 2 * VL)
      UNROLL
      for (int i = 0; i < WR; i++, w += VL) {
        gn_pairs v = *(const gn_pairs *)w;
        s[0][i] += *(const gn_vecu *)(f->x + p) * __builtin_convertvector((gn_whole)(v << 16), gn_vec);
        s[1][i] += *(const gn_vecu *)(f->x + p + VL) * __builtin_convertvector((gn_whole)(v & 0xffff0000u), gn_vec);
      }
    UNROLL
    for (int i = 0; i < WR; i++) s[0][i] += s[1][i];
    gn_v4 sums = totals(s[0]) * (f->unit / 65536);
    if (f->add) sums = *(const gn_v4u *)(f->c + j) + sums;
    if (f->bias) sums += *(const gn_v4u *)(f->bias + j);
    *(gn_v4u *)(f->c + j) = sums;
  }
}

static bool often(gn *g, const gn_gemm *p, few *f, bool *done) {
  bool fresh;
  float *unit = gn_packed_weights(g, &p->weights, UNIT, sizeof *unit, &fresh);
  f->unit = fresh ? unit_of(f->w, f->n * f->k) : *unit;
  if (unit) *unit = f->unit;
  if (!f->unit) return true;
  size_t bytes = sizeof *f->whole * (size_t)(f->n * f->k / 2), own = 0;
  if (!(f->whole = gn_packed_weights(g, &p->weights, WHOLE, bytes, &fresh))) own = bytes, f->whole = gn_alloc(g, own);
  if (!f->whole) return false;
  f->per = (CHUNK / f->k + WR) / WR * WR;
  if (fresh) gn_parallel(g, (f->n + f->per - 1) / f->per, whole_rows, f);
  gn_parallel(g, (f->n + f->per - 1) / f->per, often_task, f);
  if (own) gn_free(g, f->whole, own);
  return *done = true;
}
#endif

/* y[n] += x[0] w[0] + .. + x[3] w[3], in this order, for each of `rows` rows of x. */
GN_INLINE void sums(const int rows, int64_t n, const float *x, int64_t xrs, const float *w, int64_t wrs, float *y, int64_t yrs) {
  int64_t j = 0;
  for (; j + VL <= n; j += VL) {
    gn_vec u[4];
    UNROLL
    for (int p = 0; p < 4; p++) u[p] = *(const gn_vecu *)(w + p * wrs + j);
    UNROLL
    for (int i = 0; i < rows; i++) {
      gn_vec s = *(gn_vecu *)(y + i * yrs + j);
      UNROLL
      for (int p = 0; p < 4; p++) s += x[i * xrs + p] * u[p];
      *(gn_vecu *)(y + i * yrs + j) = s;
    }
  }
  for (; j < n; j++)
    UNROLL
    for (int i = 0; i < rows; i++) {
      float s = y[i * yrs + j];
      UNROLL
      for (int p = 0; p < 4; p++) s += x[i * xrs + p] * w[p * wrs + j];
      y[i * yrs + j] = s;
    }
}

static void sum_task(void *context, int64_t t, int worker) {
  const few *f = context;
  int64_t j = t * f->per, n = smaller(f->per, f->n - j), p = 0;
  float *y = f->c + j;
  if (!f->add)
    for (int64_t i = 0; i < f->m; i++) memset(y + i * f->crs, 0, sizeof(float) * (size_t)n);
  for (; p + 4 <= f->k; p += 4) {
    const float *x = f->x + p, *w = f->w + p * f->wrs + j;
    if (f->m == 1) sums(1, n, x, f->xrs, w, f->wrs, y, f->crs);
    else if (f->m == 2) sums(2, n, x, f->xrs, w, f->wrs, y, f->crs);
    else if (f->m == 3) sums(3, n, x, f->xrs, w, f->wrs, y, f->crs);
    else sums(4, n, x, f->xrs, w, f->wrs, y, f->crs);
  }
  for (; p < f->k; p++)
    for (int64_t i = 0; i < f->m; i++)
      for (int64_t q = 0; q < n; q++) y[i * f->crs + q] += f->x[i * f->xrs + p] * f->w[p * f->wrs + j + q];
  for (int64_t i = 0; f->bias && i < f->m; i++)
    for (int64_t q = 0; q < n; q++) y[i * f->crs + q] += f->bias[i * f->bm + (j + q) * f->bn];
}

static bool start(gn *g, few *f, const float *x, int64_t xrs, int64_t xcs, gn_task *task, int64_t unit) {
  float *packed = NULL;
  size_t bytes = sizeof(float) * (size_t)(f->m * f->k);
  f->x = x, f->xrs = xrs;
  if (xcs != 1) {
    if (!(packed = gn_alloc(g, bytes))) return false;
    for (int64_t i = 0; i < f->m; i++)
      for (int64_t p = 0; p < f->k; p++) packed[i * f->k + p] = x[i * xrs + p * xcs];
    f->x = packed, f->xrs = f->k;
  }
  gn_parallel(g, (f->n + f->per - 1) / f->per, task, f);
  if (packed) gn_free(g, packed, bytes);
  return true;
}

/* w[n,k] with few k, again and again: kept as [k,n]. */
static bool turn(gn *g, const gn_gemm *p, few *f) {
  bool fresh;
  float *to = gn_packed_weights(g, &p->weights, TURNED, sizeof(float) * (size_t)(f->n * f->k), &fresh);
  for (int64_t i = 0; to && fresh && i < f->n * f->k; i++) to[i % f->k * f->n + i / f->k] = f->w[i];
  if (to) f->w = to;
  return to != NULL;
}

/* Does the product if it has one of these forms; *done says so. */
bool K(gemm_few)(gn *g, const gn_gemm *p, bool *done) {
  bool turned = p->n <= 4 && p->m > p->n && p->m > 4;            /* few columns: C^T = B^T A^T */
  few f = { .m = p->m, .n = p->n, .k = p->k, .w = p->b, .c = p->c, .crs = p->ldc, .ccs = 1, .bias = p->bias, .bn = 1, .add = p->add };
  const float *x = p->a;
  int64_t xrs = p->ars, xcs = p->acs, wrs = p->bcs, wcs = p->brs;
  if (turned) {
    x = p->b, xrs = p->bcs, xcs = p->brs, wrs = p->ars, wcs = p->acs;
    f.m = p->n, f.n = p->m, f.w = p->a, f.crs = 1, f.ccs = p->ldc, f.bm = 1, f.bn = 0;
  }
  *done = false;
  if (f.n * f.k < (f.m == 1 ? 1024 : 16384) || f.n < 8) return true;
#ifdef GN_FAST
  if (p->often && p->weights.store && f.m == 1 && f.n * f.k >= OFTEN && wcs == 1 && wrs == f.k && xcs == 1 && f.n % WR == 0 && f.k % (2 * VL) == 0) {
    f.x = x;
    if (!often(g, p, &f, done)) return false;
    if (*done) return true;
  }
  if (wcs == 1 && f.m <= FEW_ROWS && f.k >= 4 * VL) {
    f.wrs = wrs, f.per = (CHUNK / f.k + WR) / WR * WR, *done = true;
    return start(g, &f, x, xrs, xcs, dot_task, WR);
  }
#endif
  if (p->often && f.m == 1 && f.k < 4 * VL && wcs == 1 && wrs == f.k && turn(g, p, &f)) wrs = 1, wcs = f.n;
  if (wrs == 1 && f.m <= 4 && f.ccs == 1) {
    f.wrs = wcs, f.per = smaller(2048, (CHUNK / f.k / 64 + 1) * 64 * 4), *done = true;
    return start(g, &f, x, xrs, xcs, sum_task, VL);
  }
  return true;
}
