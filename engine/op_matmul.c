/* op_matmul.c: matmul, linear and what is written with them. */
#include "core.h"
#include <string.h>

/* ---- matmul ---- */
typedef struct side { const gn_tensor *t; int nlead; int64_t rows, cols, rs, cs; } side;

/* The two inner dims of a tensor; a vector is one row (first) or one column. */
static side inner(const gn_tensor *t, bool first) {
  int n = t->ndim;
  if (n == 1) return first ? (side){ t, 0, 1, t->dim[0], 0, t->stride[0] } : (side){ t, 0, t->dim[0], 1, t->stride[0], 0 };
  return (side){ t, n - 2, t->dim[n - 2], t->dim[n - 1], t->stride[n - 2], t->stride[n - 1] };
}

/* Dims from..to-1 and a last dim of `rows` at stride `rs` as one: false if memory does not allow it. */
static bool merge(const gn_tensor *t, int to, int64_t *rows, int64_t *rs) {
  for (int i = to - 1; i >= 0; i--) {
    if (t->dim[i] == 1) continue;
    if (*rows == 1) *rs = t->stride[i];
    else if (t->stride[i] != *rs * *rows) return false;
    *rows *= t->dim[i];
  }
  return true;
}

static bool matmul_shape(const gn_tensor *a, const gn_tensor *b, side x, side y, int64_t *dim, int *ndim) {
  char s[160], u[160];
  if (x.cols != y.rows) return gn_fail("matmul: b is %s, wanted [..,%lld,n] to go with a %s", gn_shape_text(b, s, sizeof s), (long long)x.cols, gn_shape_text(a, u, sizeof u));
  int lead = x.nlead > y.nlead ? x.nlead : y.nlead, n = lead;
  for (int i = 0; i < lead; i++) {
    int p = i - (lead - x.nlead), q = i - (lead - y.nlead);
    int64_t d = p < 0 ? 1 : a->dim[p], e = q < 0 ? 1 : b->dim[q];
    if (d != e && d != 1 && e != 1) return gn_fail("matmul: b is %s, wanted leading dims that broadcast with a %s", gn_shape_text(b, s, sizeof s), gn_shape_text(a, u, sizeof u));
    dim[i] = d == 1 ? e : d;
  }
  if (a->ndim > 1) dim[n++] = x.rows;
  if (b->ndim > 1) dim[n++] = y.cols;
  *ndim = n;
  return true;
}

bool gn__fwd_matmul(gn *g, const gn_arg *arg, gn_tensor **out) {
  const gn_tensor *a = arg[0].t, *b = arg[1].t;
  int64_t dim[GN_MAX_DIMS];
  int ndim = 0;
  if (a->ndim == 0 || b->ndim == 0) return gn_fail("matmul: %s is a single number, wanted at least one dim", a->ndim == 0 ? "a" : "b");
  side x = inner(a, true), y = inner(b, false);
  if (!matmul_shape(a, b, x, y, dim, &ndim) || !(out[0] = gn_new(g, GN_F32, ndim, dim))) return false;
  gn_gemm p = { .m = x.rows, .n = y.cols, .k = x.cols, .a = gn_f32(a), .ars = x.rs, .acs = x.cs, .b = gn_f32(b), .brs = y.rs, .bcs = y.cs, .c = gn_f32(out[0]), .ldc = y.cols };
  int lead = x.nlead > y.nlead ? x.nlead : y.nlead;
  int64_t rows = x.rows, rs = x.rs, bn = 1;
  for (int i = 0; i < y.nlead; i++) bn *= b->dim[i];
  if (bn == 1 && lead == x.nlead && merge(a, x.nlead, &rows, &rs)) p.m = rows, p.ars = rs;
  else {
    int64_t step = x.rows * y.cols;
    for (int i = lead - 1; i >= 0; i--) {
      if (dim[i] == 1) continue;
      int u = i - (lead - x.nlead), v = i - (lead - y.nlead);
      int at = p.nbatch++;
      p.bdim[at] = dim[i], p.cstep[at] = step;
      p.astep[at] = u < 0 || a->dim[u] == 1 ? 0 : a->stride[u];
      p.bstep[at] = v < 0 || b->dim[v] == 1 ? 0 : b->stride[v];
      step *= dim[i];
    }
  }
  return g->k->gemm(g, &p);
}

/* ---- linear ---- */
bool gn__fwd_linear(gn *g, const gn_arg *arg, gn_tensor **out) {
  gn_tensor *x = arg[0].t, *w = arg[1].t, *bias = arg[2].kind == GN_A_TENSOR ? arg[2].t : NULL;
  int last = x->ndim - 1;
  int64_t n = w->dim[0], k = w->dim[1], rows = 1, rs = 0;
  gn_tensor *px = merge(x, last, &rows, &rs) ? gn_ref(x) : gn_pack(x), *pb = bias ? gn_pack(bias) : NULL;
  bool fine = px && (pb || !bias);
  if (fine) {
    rows = 1, rs = 0;
    merge(px, last, &rows, &rs);
    gn_gemm p = { .m = rows, .n = n, .k = k, .a = gn_f32(px), .ars = rs, .acs = px->stride[last], .b = gn_f32(w), .brs = w->stride[1], .bcs = w->stride[0],
                  .c = gn_f32(out[0]), .ldc = n, .bias = pb ? gn_f32(pb) : NULL, .weights = gn_source_of(w, 1) };
    fine = g->k->gemm(g, &p);
  }
  gn_unref(px), gn_unref(pb);
  return fine;
}
