/* op_linalg.c: decompositions of small dense matrices, in double inside. */
#include "core.h"
#include <math.h>

enum { SWEEPS = 60 };

/* Rows p and q of an n-column matrix turned by the angle with cosine c and sine s. */
static void turn_rows(double *a, int64_t n, int64_t p, int64_t q, double c, double s) {
  double *x = a + p * n, *y = a + q * n;
  for (int64_t k = 0; k < n; k++) {
    double u = x[k], v = y[k];
    x[k] = c * u - s * v, y[k] = s * u + c * v;
  }
}

/* A rotation that makes a[p][q] zero, done to the symmetric matrix a and to the rows of v. */
static void rotate(double *a, double *v, int64_t n, int64_t p, int64_t q) {
  double off = a[p * n + q], app = a[p * n + p], aqq = a[q * n + q], theta = (aqq - app) / (2 * off);
  double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
  turn_rows(a, n, p, q, c, s);
  turn_rows(v, n, p, q, c, s);
  for (int64_t k = 0; k < n; k++) a[k * n + p] = a[p * n + k], a[k * n + q] = a[q * n + k];
  a[p * n + p] = app - t * off, a[q * n + q] = aqq + t * off, a[p * n + q] = a[q * n + p] = 0;
}

/* Cyclic Jacobi (Golub and Van Loan 2013, section 8.5): a becomes diagonal, the rows of v its eigenvectors. false = cancelled. */
static bool jacobi(gn *g, double *a, double *v, int64_t n) {
  double all = 0;
  for (int64_t i = 0; i < n * n; i++) all += a[i] * a[i], v[i] = 0;
  for (int64_t i = 0; i < n; i++) v[i * n + i] = 1;
  for (int sweep = 0; sweep < SWEEPS; sweep++) {
    double off = 0;
    for (int64_t p = 0; p < n; p++) for (int64_t q = p + 1; q < n; q++) off += a[p * n + q] * a[p * n + q];
    if (off <= all * 1e-26) return true;
    for (int64_t p = 0; p < n; p++) {
      if (atomic_load_explicit(&g->cancelled, memory_order_relaxed)) return gn_fail_as(GN_CANCELLED, "eigh: cancelled");
      for (int64_t q = p + 1; q < n; q++) if (a[p * n + q] * a[p * n + q] > all * 1e-32) rotate(a, v, n, p, q);
    }
  }
  return gn_fail("eigh: a matrix of %lld rows is not diagonal after %d sweeps", (long long)n, SWEEPS);
}

/* Ascending; the component of largest size (the first of equals) of each vector is positive. */
static void write_out(const double *a, const double *v, int64_t n, int64_t *order, float *w, float *x) {
  for (int64_t i = 0; i < n; i++) {
    int64_t k = i;
    for (; k > 0 && a[order[k - 1] * (n + 1)] > a[i * (n + 1)]; k--) order[k] = order[k - 1];
    order[k] = i;
  }
  for (int64_t j = 0; j < n; j++) {
    const double *row = v + order[j] * n;
    double most = 0;
    for (int64_t k = 0; k < n; k++) if (fabs(row[k]) > fabs(most) * (1 + 1e-9)) most = row[k];
    w[j] = (float)a[order[j] * (n + 1)];
    for (int64_t k = 0; k < n; k++) x[k * n + j] = (float)(most < 0 ? -row[k] : row[k]);
  }
}

bool gn__fwd_eigh(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t n = x->dim[x->ndim - 1], count = gn_numel(x), square;
  if (!count) return true;
  if (n > 8192) return gn_fail("eigh: the matrix has %lld rows, wanted at most 8192", (long long)n);
  square = n * n;
  size_t bytes = (size_t)square * 16 + (size_t)n * 8;
  double *m = gn_alloc(g, bytes);
  if (!m) return false;
  bool fine = true;
  for (int64_t at = 0; fine && at < count; at += square) {
    const float *from = gn_f32(x) + at;
    for (int64_t i = 0; fine && i < square; i++)
      fine = isfinite(from[i]) || gn_fail("eigh: x holds %g at row %lld, column %lld, wanted finite numbers", (double)from[i], (long long)(i / n + 1), (long long)(i % n + 1));
    for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) m[i * n + j] = ((double)from[i * n + j] + from[j * n + i]) / 2;
    fine = fine && jacobi(g, m, m + square, n);
    if (fine) write_out(m, m + square, n, (int64_t *)(void *)(m + 2 * square), gn_f32(out[0]) + at / n, gn_f32(out[1]) + at);
  }
  gn_free(g, m, bytes);
  return fine;
}
