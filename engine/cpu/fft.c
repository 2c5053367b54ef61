/* fft.c: discrete Fourier transforms of rows. Stockham's autosort form with radices 4, 2, 3, 5 (Van Loan 1992); other lengths by Bluestein's chirp
 * convolution (1970); real rows of even length as complex ones of half the length. Rows are worked on eight at a time, one a lane, or alone where they are
 * long: every element sees the same operations either way. Real and imaginary parts lie apart while working. */
#include "kernels.h"
#include <string.h>

typedef float v8 __attribute__((vector_size(32), may_alias, aligned(4)));
typedef struct plan { int64_t n; int stages; int8_t radix[64]; float *wr, *wi; } plan;   /* w[k] = exp(-2 pi i k / n) */
typedef struct fft {
  int kind; float scale;
  int64_t n, rows, len, lanes, in_row, out_row;   /* len: of the complex transform */
  plan main;                                      /* of len, or of Bluestein's padded length */
  bool chirped;
  float *cr, *ci, *br, *bi;                       /* chirp [len]; transform of its conjugate over the padded length, divided by it */
  float *hr, *hi;                                 /* exp(-2 pi i k / n), k <= n/2, for real rows */
  float *memory; size_t bytes;
  float *work; int64_t buffer;                    /* 4 buffers a worker */
  const float *in; float *out;
} fft;

/* ---- one stage: y[S (r p + k) + q] = w^(p k) sum_j x[S (p + m j) + q] exp(-2 pi i j k / r) ---- */
#define STAGE(V, R, NAME, BODY) \
static void NAME(const float *xr_, const float *xi_, float *yr_, float *yi_, int64_t S, int64_t m, const float *wr, const float *wi, int64_t step) { \
  const V *restrict xr = (const V *)xr_, *restrict xi = (const V *)xi_; \
  V *restrict yr = (V *)yr_, *restrict yi = (V *)yi_; \
  for (int64_t p = 0; p < m; p++) { \
    float cr[R], ci[R]; \
    for (int k = 1; k < R; k++) cr[k] = wr[p * k * step], ci[k] = wi[p * k * step]; \
    const V *a = xr + p * S, *b = xi + p * S; \
    V *c = yr + R * p * S, *d = yi + R * p * S; \
    for (int64_t q = 0; q < S; q++) BODY \
  } \
}
#define TURN(V, k, re, im) { V u = re, v = im; c[q + k * S] = u * cr[k] - v * ci[k]; d[q + k * S] = u * ci[k] + v * cr[k]; }
#define TWO(V) { \
  V ar = a[q], ai = b[q], br = a[q + m * S], bi = b[q + m * S]; \
  c[q] = ar + br, d[q] = ai + bi; \
  TURN(V, 1, ar - br, ai - bi) }
#define THREE(V) { \
  const float h = 0.866025404f; \
  V ar = a[q], ai = b[q], br = a[q + m * S], bi = b[q + m * S], er = a[q + 2 * m * S], ei = b[q + 2 * m * S]; \
  V sr = br + er, si = bi + ei, tr = (br - er) * h, ti = (bi - ei) * h, mr = ar - sr * 0.5f, mi = ai - si * 0.5f; \
  c[q] = ar + sr, d[q] = ai + si; \
  TURN(V, 1, mr + ti, mi - tr) \
  TURN(V, 2, mr - ti, mi + tr) }
#define FOUR(V) { \
  V ar = a[q], ai = b[q], br = a[q + m * S], bi = b[q + m * S], er = a[q + 2 * m * S], ei = b[q + 2 * m * S], fr = a[q + 3 * m * S], fi = b[q + 3 * m * S]; \
  V sr = ar + er, si = ai + ei, tr = ar - er, ti = ai - ei, ur = br + fr, ui = bi + fi, vr = br - fr, vi = bi - fi; \
  c[q] = sr + ur, d[q] = si + ui; \
  TURN(V, 1, tr + vi, ti - vr) \
  TURN(V, 2, sr - ur, si - ui) \
  TURN(V, 3, tr - vi, ti + vr) }
#define FIVE(V) { \
  const float c1 = 0.309016994f, c2 = -0.809016994f, s1 = 0.951056516f, s2 = 0.587785252f; \
  V ar = a[q], ai = b[q], r1 = a[q + m * S], i1 = b[q + m * S], r2 = a[q + 2 * m * S], i2 = b[q + 2 * m * S]; \
  V r3 = a[q + 3 * m * S], i3 = b[q + 3 * m * S], r4 = a[q + 4 * m * S], i4 = b[q + 4 * m * S]; \
  V p1r = r1 + r4, p1i = i1 + i4, p2r = r2 + r3, p2i = i2 + i3, n1r = r1 - r4, n1i = i1 - i4, n2r = r2 - r3, n2i = i2 - i3; \
  V g1r = ar + p1r * c1 + p2r * c2, g1i = ai + p1i * c1 + p2i * c2, g2r = ar + p1r * c2 + p2r * c1, g2i = ai + p1i * c2 + p2i * c1; \
  V h1r = n1r * s1 + n2r * s2, h1i = n1i * s1 + n2i * s2, h2r = n1r * s2 - n2r * s1, h2i = n1i * s2 - n2i * s1; \
  c[q] = ar + p1r + p2r, d[q] = ai + p1i + p2i; \
  TURN(V, 1, g1r + h1i, g1i - h1r) \
  TURN(V, 2, g2r + h2i, g2i - h2r) \
  TURN(V, 3, g2r - h2i, g2i + h2r) \
  TURN(V, 4, g1r - h1i, g1i + h1r) }
STAGE(float, 2, two_1, TWO(float))
STAGE(float, 3, three_1, THREE(float))
STAGE(float, 4, four_1, FOUR(float))
STAGE(float, 5, five_1, FIVE(float))
STAGE(v8, 2, two_8, TWO(v8))
STAGE(v8, 3, three_8, THREE(v8))
STAGE(v8, 4, four_8, FOUR(v8))
STAGE(v8, 5, five_8, FIVE(v8))
typedef void stage(const float *, const float *, float *, float *, int64_t, int64_t, const float *, const float *, int64_t);

/* Transforms buffers b[0], b[1] (n x lanes), using b[2], b[3]; leaves the result in b[0], b[1]. */
static void run_plan(const plan *p, float *b[4], int64_t lanes) {
  static stage *const one[6] = { [2] = two_1, [3] = three_1, [4] = four_1, [5] = five_1 };
  static stage *const eight[6] = { [2] = two_8, [3] = three_8, [4] = four_8, [5] = five_8 };
  int64_t n = p->n, S = lanes;
  for (int i = 0; i < p->stages; i++) {
    int r = p->radix[i];
    bool wide = S % 8 == 0;
    (wide ? eight : one)[r](b[0], b[1], b[2], b[3], wide ? S / 8 : S, n / r, p->wr, p->wi, p->n / n);
    float *t = b[0]; b[0] = b[2], b[2] = t;
    t = b[1], b[1] = b[3], b[3] = t;
    n /= r, S *= r;
  }
}

/* b[0], b[1] times (cr, ci)[k], to lanes */
static inline void times(float *re, float *im, const float *cr, const float *ci, int64_t n, int64_t lanes) {
  for (int64_t k = 0; k < n; k++)
    for (int64_t l = k * lanes; l < (k + 1) * lanes; l++) {
      float a = re[l], b = im[l];
      re[l] = a * cr[k] - b * ci[k];
      im[l] = a * ci[k] + b * cr[k];
    }
}
static void transform(const fft *f, float *b[4], int64_t lanes) {
  if (!f->chirped) { run_plan(&f->main, b, lanes); return; }
  int64_t n = f->len, m = f->main.n;
  times(b[0], b[1], f->cr, f->ci, n, lanes);
  memset(b[0] + n * lanes, 0, (size_t)((m - n) * lanes) * sizeof(float));
  memset(b[1] + n * lanes, 0, (size_t)((m - n) * lanes) * sizeof(float));
  run_plan(&f->main, b, lanes);
  times(b[0], b[1], f->br, f->bi, m, lanes);
  float *swapped[4] = { b[1], b[0], b[3], b[2] };                  /* backwards = forwards with the parts exchanged */
  run_plan(&f->main, swapped, lanes);
  b[0] = swapped[1], b[1] = swapped[0], b[2] = swapped[3], b[3] = swapped[2];
  times(b[0], b[1], f->cr, f->ci, n, lanes);
}

/* ---- rows in and out ---- */
static inline void load_pairs(float *re, float *im, const float *in, int64_t n, int64_t row, int64_t lanes, int64_t given) {
  if (given < lanes) memset(re, 0, (size_t)(n * lanes) * 4), memset(im, 0, (size_t)(n * lanes) * 4);
  if (given == 8 && lanes == 8) {
    for (int64_t k = 0; k < n; k++)
      for (int l = 0; l < 8; l++) re[8 * k + l] = in[l * row + 2 * k], im[8 * k + l] = in[l * row + 2 * k + 1];
    return;
  }
  for (int64_t l = 0; l < given; l++)
    for (int64_t k = 0; k < n; k++) re[k * lanes + l] = in[l * row + 2 * k], im[k * lanes + l] = in[l * row + 2 * k + 1];
}
static inline void store_pairs(float *out, const float *re, const float *im, int64_t n, int64_t row, int64_t lanes, int64_t given, float scale) {
  for (int64_t l = 0; l < given; l++)
    for (int64_t k = 0; k < n; k++) out[l * row + 2 * k] = re[k * lanes + l] * scale, out[l * row + 2 * k + 1] = im[k * lanes + l] * scale;
}

/* Spectrum of a real row from the transform z of its even (re) and odd (im) elements: X[k], k = 0..h. */
static void split(const fft *f, const float *zr, const float *zi, float *xr, float *xi, int64_t lanes) {
  int64_t h = f->len;
  for (int64_t k = 0; k <= h; k++) {
    const float *ar = zr + k % h * lanes, *ai = zi + k % h * lanes, *br = zr + (h - k) % h * lanes, *bi = zi + (h - k) % h * lanes;
    float c = f->hr[k], s = f->hi[k];
    for (int64_t l = 0; l < lanes; l++) {
      float er = ar[l] + br[l], ei = ai[l] - bi[l], or = ai[l] + bi[l], oi = br[l] - ar[l];   /* twice the even and odd parts' spectra */
      xr[k * lanes + l] = 0.5f * (er + (or * c - oi * s));
      xi[k * lanes + l] = 0.5f * (ei + (or * s + oi * c));
    }
  }
}
/* The other way: z whose backward transform has the row's even elements as re and the odd ones as im. The first and last imaginary parts count as 0. */
static void join(const fft *f, const float *in, float *zr, float *zi, int64_t lanes, int64_t given) {
  int64_t h = f->len;
  for (int64_t k = 0; k < h; k++) {
    float c = f->hr[k], s = -f->hi[k];
    for (int64_t l = 0; l < lanes; l++) {
      const float *x = in + (l < given ? l : 0) * f->in_row;
      float ar = x[2 * k], ai = k ? x[2 * k + 1] : 0, br = x[2 * (h - k)], bi = k ? -x[2 * (h - k) + 1] : 0;
      float er = ar + br, ei = ai + bi, dr = ar - br, di = ai - bi;
      float or = dr * c - di * s, oi = dr * s + di * c;
      zr[k * lanes + l] = er - oi;
      zi[k * lanes + l] = ei + or;
    }
  }
}

/* Real rows of odd length: a whole complex transform. */
static void load_odd(const fft *f, float *re, float *im, const float *in, int64_t lanes, int64_t given) {
  int64_t n = f->n;
  memset(re, 0, (size_t)(n * lanes) * 4), memset(im, 0, (size_t)(n * lanes) * 4);
  for (int64_t l = 0; l < given; l++)
    for (int64_t k = 0; k < n; k++) {
      const float *x = in + l * f->in_row;
      if (f->kind == GN_FFT_REAL) re[k * lanes + l] = x[k];
      else if (k <= n / 2) re[k * lanes + l] = x[2 * k], im[k * lanes + l] = k ? x[2 * k + 1] : 0;
      else re[k * lanes + l] = x[2 * (n - k)], im[k * lanes + l] = -x[2 * (n - k) + 1];
    }
}

static void rows_task(void *context, int64_t t, int worker) {
  const fft *f = context;
  int64_t lanes = f->lanes, from = t * lanes, given = f->rows - from < lanes ? f->rows - from : lanes;
  const float *in = f->in + from * f->in_row;
  float *out = f->out + from * f->out_row, *b[4], *t1;
  for (int i = 0; i < 4; i++) b[i] = f->work + (worker * 4 + i) * f->buffer;
  bool back = f->kind == GN_FFT_BACKWARD || f->kind == GN_FFT_REAL_BACK, real = f->kind >= GN_FFT_REAL, odd = real && f->n % 2;
  if (odd) load_odd(f, b[0], b[1], in, lanes, given);
  else if (f->kind == GN_FFT_REAL_BACK) join(f, in, b[0], b[1], lanes, given);
  else load_pairs(b[0], b[1], in, f->len, f->in_row, lanes, given);
  if (back) t1 = b[0], b[0] = b[1], b[1] = t1, t1 = b[2], b[2] = b[3], b[3] = t1;
  transform(f, b, lanes);
  if (back) t1 = b[0], b[0] = b[1], b[1] = t1, t1 = b[2], b[2] = b[3], b[3] = t1;
  if (f->kind == GN_FFT_REAL) {
    if (!odd) split(f, b[0], b[1], b[2], b[3], lanes);
    store_pairs(out, b[odd ? 0 : 2], b[odd ? 1 : 3], f->n / 2 + 1, f->out_row, lanes, given, f->scale);
  } else if (odd) {
    for (int64_t l = 0; l < given; l++)
      for (int64_t k = 0; k < f->n; k++) out[l * f->out_row + k] = b[0][k * lanes + l] * f->scale;
  } else store_pairs(out, b[0], b[1], f->len, f->out_row, lanes, given, f->scale);
}

/* ---- plans ---- */
/* w[k] = exp(-2 pi i k / n) for k < count, from about 2 sqrt(n) exact sines and cosines, multiplied in double. */
static void roots(int64_t n, int64_t count, float *wr, float *wi, double *table) {
  int64_t step = 1;
  while (step * step < count) step *= 2;
  double *lr = table, *li = lr + step, turn = 6.283185307179586476925 / (double)n;
  for (int64_t j = 0; j < step; j++) lr[j] = gn_cos(turn * (double)j), li[j] = -gn_sin(turn * (double)j);
  for (int64_t k = 0; k < count; k += step) {
    double hr = gn_cos(turn * (double)k), hi = -gn_sin(turn * (double)k);
    for (int64_t j = 0; j < step && k + j < count; j++) wr[k + j] = (float)(hr * lr[j] - hi * li[j]), wi[k + j] = (float)(hr * li[j] + hi * lr[j]);
  }
}
static bool factor(plan *p, int64_t n) {
  p->n = n, p->stages = 0;
  static const int8_t radices[4] = { 4, 2, 3, 5 };
  for (int i = 0; i < 4; i++)
    while (n % radices[i] == 0) p->radix[p->stages++] = radices[i], n /= radices[i];
  return n == 1;
}
static int64_t roots_table(int64_t count) { int64_t s = 1; while (s * s < count) s *= 2; return 2 * s; }

static void chirp(fft *f, double *table, float *spare) {
  int64_t n = f->len, m = f->main.n;
  float *tr = spare, *ti = spare + 2 * n, *b[4] = { f->br, f->bi, spare, spare + m };
  roots(2 * n, 2 * n, tr, ti, table);
  for (int64_t k = 0; k < n; k++) {
    int64_t at = (int64_t)((uint64_t)k * (uint64_t)k % (uint64_t)(2 * n));
    f->cr[k] = tr[at], f->ci[k] = ti[at];
  }
  memset(f->br, 0, (size_t)m * 4), memset(f->bi, 0, (size_t)m * 4);
  for (int64_t k = 0; k < n; k++) f->br[k] = f->cr[k], f->bi[k] = -f->ci[k];
  for (int64_t k = 1; k < n; k++) f->br[m - k] = f->cr[k], f->bi[m - k] = -f->ci[k];
  run_plan(&f->main, b, 1);
  if (b[0] != f->br) memcpy(f->br, b[0], (size_t)m * 4), memcpy(f->bi, b[1], (size_t)m * 4);
  for (int64_t k = 0; k < m; k++) f->br[k] *= 1.0f / (float)m, f->bi[k] *= 1.0f / (float)m;
}

static bool prepare(gn *g, fft *f) {
  bool half = f->kind >= GN_FFT_REAL && f->n % 2 == 0;
  f->len = half ? f->n / 2 : f->n;
  if ((f->chirped = !factor(&f->main, f->len))) {
    int64_t m = 1;
    while (m < 2 * f->len - 1) m *= 2;
    factor(&f->main, m);
  }
  int64_t m = f->main.n, n = f->len, table = 2 * roots_table(m > 2 * f->n + 2 ? m : 2 * f->n + 2), spare = f->chirped ? 4 * n > 2 * m ? 4 * n : 2 * m : 0;
  int64_t floats = table + 2 * m + (f->chirped ? 2 * n + 2 * m : 0) + (half ? 2 * (n + 1) : 0) + spare;
  f->bytes = (size_t)floats * 4;
  float *at = f->memory = gn_alloc(g, f->bytes);
  if (!at) return false;
  double *doubles = (double *)(void *)at;
  at += table;
  f->main.wr = at, f->main.wi = at + m, at += 2 * m;
  roots(m, m, f->main.wr, f->main.wi, doubles);
  if (half) {
    f->hr = at, f->hi = at + n + 1, at += 2 * (n + 1);
    roots(f->n, n + 1, f->hr, f->hi, doubles);
  }
  if (f->chirped) {
    f->cr = at, f->ci = at + n, f->br = at + 2 * n, f->bi = at + 2 * n + m, at += 2 * n + 2 * m;
    chirp(f, doubles, at);
  }
  return true;
}

/* rows of n: kinds FORWARD and BACKWARD [n,2] -> [n,2]; REAL [n] -> [n/2+1,2]; REAL_BACK [n/2+1,2] -> [n]. Results are multiplied by scale; nothing else
 * is normalised. false = out of memory. 1 <= n <= 2^26. */
bool K(fft_rows)(gn *g, float *out, const float *in, int64_t rows, int64_t n, int kind, float scale) {
  if (rows == 0) return true;
  fft f = { .kind = kind, .scale = scale, .n = n, .rows = rows, .in = in, .out = out };
  f.in_row = kind == GN_FFT_REAL ? n : kind == GN_FFT_REAL_BACK ? 2 * (n / 2 + 1) : 2 * n;
  f.out_row = kind == GN_FFT_REAL_BACK ? n : kind == GN_FFT_REAL ? 2 * (n / 2 + 1) : 2 * n;
  if (!prepare(g, &f)) return false;
  f.lanes = rows >= 4 && f.main.n <= 8192 ? 8 : 1;
  f.buffer = ((f.main.n + 8) * f.lanes + 15) & ~(int64_t)15;
  size_t bytes = (size_t)(gn_workers(g) * 4 * f.buffer) * 4;
  f.work = gn_alloc(g, bytes);
  if (f.work) gn_parallel(g, (rows + f.lanes - 1) / f.lanes, rows_task, &f);
  if (f.work) gn_free(g, f.work, bytes);
  gn_free(g, f.memory, f.bytes);
  return f.work != NULL;
}

/* ---- frames: out[r,t,:] = x[r, t hop .. t hop + size - 1], and the sum of frames where they lie ---- */
typedef struct frames { float *out; const float *in; int64_t rows, n, count, size, hop; } frames;
static void take_task(void *context, int64_t t, int worker) {
  const frames *f = context;
  for (int64_t i = 0; i < f->count; i++) memcpy(f->out + (t * f->count + i) * f->size, f->in + t * f->n + i * f->hop, (size_t)f->size * 4);
}
static void add_task(void *context, int64_t t, int worker) {
  const frames *f = context;
  float *out = f->out + t * f->n;
  memset(out, 0, (size_t)f->n * 4);
  for (int64_t i = 0; i < f->count; i++) {
    const float *in = f->in + (t * f->count + i) * f->size;
    for (int64_t k = 0; k < f->size; k++) out[i * f->hop + k] += in[k];
  }
}
void K(take_frames)(gn *g, float *out, const float *x, int64_t rows, int64_t n, int64_t count, int64_t size, int64_t hop) {
  frames f = { out, x, rows, n, count, size, hop };
  gn_parallel(g, rows, take_task, &f);
}
void K(add_frames)(gn *g, float *out, const float *x, int64_t rows, int64_t n, int64_t count, int64_t size, int64_t hop) {
  frames f = { out, x, rows, n, count, size, hop };
  gn_parallel(g, rows, add_task, &f);
}
