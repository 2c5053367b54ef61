/* op_index_order.c: sorting, the k largest, searching, where something is not 0. */
#include "op_index.h"
#include <stdio.h>
#include <string.h>

/* The rows along dim become the last dim and back: blocks [len, inner] <-> [inner, len] for each outer index. */
static void turn(gn *g, void *to, const void *from, int64_t outer, int64_t rows, int64_t columns, size_t size) {
  int64_t dim[3] = { outer, columns, rows }, in[3] = { rows * columns, 1, columns }, out[3] = { rows * columns, rows, 1 };
  g->k->copy_strided(from, in, to, out, dim, 3, size);
}
static bool order(gn *g, const char *op, gn_tensor *x, int dim, int64_t k, bool descending, gn_tensor **out) {
  gn_around s = gn_split_at(x, dim);
  int64_t dims[GN_MAX_DIMS], rows = s.outer * s.inner;
  size_t size = gn_size(x->dtype);
  if (s.len > INT32_MAX) return gn_fail("%s: dim %d has %lld elements, wanted at most 2^31 - 1", op, dim + 1, (long long)s.len);
  memcpy(dims, x->dim, sizeof dims);
  dims[dim] = k;
  if (!(out[0] = gn_new(g, x->dtype, x->ndim, dims)) || !(out[1] = gn_new(g, GN_I32, x->ndim, dims))) return false;
  if (rows == 0 || k == 0) return true;
  if (s.inner == 1) return g->k->sort_rows(g, out[0]->data, (int32_t *)(void *)out[1]->data, x->data, x->dtype, rows, s.len, k, descending);
  gn_tensor *in = gn_new(g, x->dtype, x->ndim, x->dim), *values = gn_new(g, x->dtype, x->ndim, dims), *at = gn_new(g, GN_I32, x->ndim, dims);
  bool fine = in && values && at;
  if (fine) {
    turn(g, in->data, x->data, s.outer, s.len, s.inner, size);
    fine = g->k->sort_rows(g, values->data, (int32_t *)(void *)at->data, in->data, x->dtype, rows, s.len, k, descending);
  }
  if (fine) turn(g, out[0]->data, values->data, s.outer, s.inner, k, size), turn(g, out[1]->data, at->data, s.outer, s.inner, k, sizeof(int32_t));
  gn_unref(in), gn_unref(values), gn_unref(at);
  return fine;
}
bool gn__fwd_sort(gn *g, const gn_arg *a, gn_tensor **out) {
  int dim = (int)a[1].num;
  return order(g, "sort", a[0].t, dim, a[0].t->dim[dim], a[2].num != 0, out);
}
bool gn__fwd_topk(gn *g, const gn_arg *a, gn_tensor **out) {
  int dim = (int)a[2].num;
  char text[160];
  if (a[1].num < 0 || a[1].num > (double)a[0].t->dim[dim])
    return gn_fail("topk: k is %.14g, wanted 0..%lld, the size of dim %d of x %s", a[1].num, (long long)a[0].t->dim[dim], dim + 1, gn_shape_text(a[0].t, text, sizeof text));
  return order(g, "topk", a[0].t, dim, (int64_t)a[1].num, a[3].num != 0, out);
}

bool gn__fwd_searchsorted(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *s = a[0].t, *v = a[1].t;
  char x[160], y[160];
  bool fine = s->ndim >= 1 && (s->ndim == 1 || v->ndim == s->ndim);
  for (int i = 0; fine && s->ndim > 1 && i < s->ndim - 1; i++) fine = s->dim[i] == v->dim[i];
  if (!fine) return gn_fail("searchsorted: values is %s, wanted the leading sizes of sorted %s", gn_shape_text(v, y, sizeof y), gn_shape_text(s, x, sizeof x));
  int64_t n = s->dim[s->ndim - 1];
  if (n > INT32_MAX) return gn_fail("searchsorted: sorted has %lld elements a row, wanted at most 2^31 - 1", (long long)n);
  bool whole = s->dtype != GN_F32;
  gn_tensor *p = gn_cast(s, whole ? GN_I64 : GN_F32), *q = gn_cast(v, whole ? GN_I64 : GN_F32);
  if (p && q && (out[0] = gn_new(g, GN_I32, v->ndim, v->dim)))
    g->k->search_rows(g, (int32_t *)(void *)out[0]->data, p->data, q->data, whole, n, s->ndim > 1 ? v->dim[v->ndim - 1] : 0, gn_numel(v), a[2].num != 0);
  gn_unref(p), gn_unref(q);
  return out[0] != NULL;
}

bool gn__fwd_nonzero(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *f = gn_cast(x, x->dtype == GN_I64 ? GN_I64 : GN_F32);
  if (!f) return false;
  int64_t n = gn_numel(x), count = 0, dims[2] = { 0, x->ndim };
  for (int i = 0; i < x->ndim; i++)
    if (x->dim[i] > INT32_MAX) return gn_unref(f), gn_fail("nonzero: dim %d has %lld elements, wanted at most 2^31 - 1", i + 1, (long long)x->dim[i]);
  const int64_t *whole = f->dtype == GN_I64 ? (const int64_t *)(void *)f->data : NULL;
  const float *real = (const float *)(void *)f->data;
  for (int64_t i = 0; i < n; i++) count += whole ? whole[i] != 0 : real[i] != 0;
  dims[0] = count;
  if (!(out[0] = gn_new(g, GN_I32, 2, dims))) return gn_unref(f), false;
  int32_t *to = (int32_t *)(void *)out[0]->data;
  for (int64_t i = 0; i < n; i++) {
    if (whole ? whole[i] == 0 : real[i] == 0) continue;
    int64_t e = i;
    for (int d = x->ndim - 1; d >= 0; d--) to[d] = (int32_t)(e % x->dim[d]), e /= x->dim[d];
    to += x->ndim;
  }
  gn_unref(f);
  return true;
}
