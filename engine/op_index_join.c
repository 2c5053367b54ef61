/* op_index_join.c: joining, repeating, triangles and diagonals. */
#include "op_index.h"
#include <stdio.h>
#include <string.h>

/* As in PyTorch, a tensor of shape [0] joins anything and adds nothing. */
static bool nothing(const gn_tensor *t) { return t->ndim == 1 && t->dim[0] == 0; }

static bool cat_shape(const gn_arg *xs, int dim, int64_t *out, int *ndim) {
  const gn_tensor *first = NULL;
  char a[160], b[160];
  int64_t sum = 0;
  for (int j = 0; j < xs->n; j++) {
    const gn_tensor *t = xs->list[j];
    if (nothing(t)) continue;
    if (!first) first = t;
    bool fine = t->ndim == first->ndim && dim < t->ndim;
    for (int i = 0; fine && i < t->ndim; i++) fine = i == dim || t->dim[i] == first->dim[i];
    if (!fine) return gn_fail("cat: tensor %d is %s, wanted %s but along dim %d", j + 1, gn_shape_text(t, a, sizeof a), gn_shape_text(first, b, sizeof b), dim + 1);
    if (__builtin_add_overflow(sum, t->dim[dim], &sum)) return gn_fail_as(GN_NOMEM, "cat: out of memory: the result would have more than 2^63 elements");
  }
  if (!first) first = xs->list[0];
  *ndim = first->ndim;
  memcpy(out, first->dim, sizeof first->dim);
  out[dim] = sum;
  return true;
}
bool gn__fwd_cat(gn *g, const gn_arg *a, gn_tensor **out) {
  int dim = (int)a[1].num, ndim = 0;
  int64_t dims[GN_MAX_DIMS], at = 0;
  if (!cat_shape(&a[0], dim, dims, &ndim) || !(out[0] = gn_new(g, a[0].list[0]->dtype, ndim, dims))) return false;
  gn_around whole = gn_split_at(out[0], dim);
  int64_t row = whole.inner * (int64_t)gn_size(out[0]->dtype);
  for (int j = 0; j < a[0].n; j++) {
    if (nothing(a[0].list[j])) continue;
    gn_tensor *t = gn_pack(a[0].list[j]);
    if (!t) return false;
    int64_t bytes = t->dim[dim] * row;
    g->k->copy_blocks(g, out[0]->data + at, t->data, whole.outer, bytes, whole.len * row, bytes);
    at += bytes;
    gn_unref(t);
  }
  return true;
}
bool gn__fwd_stack(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *first = a[0].list[0];
  int n = first->ndim + 1, given = (int)a[1].num, dim = given < 0 ? given + n + 1 : given;
  char s[160], t[160];
  if (a[1].num < -n || a[1].num > n || given == 0) return gn_fail("stack: dim is %.14g, wanted 1..%d or -%d..-1 for tensors %s", a[1].num, n, n, gn_shape_text(first, s, sizeof s));
  for (int j = 1; j < a[0].n; j++) {
    const gn_tensor *x = a[0].list[j];
    if (x->ndim != first->ndim || memcmp(x->dim, first->dim, (size_t)x->ndim * sizeof *x->dim))
      return gn_fail("stack: tensor %d is %s, wanted the first one's shape %s", j + 1, gn_shape_text(x, s, sizeof s), gn_shape_text(first, t, sizeof t));
  }
  size_t bytes = (size_t)a[0].n * sizeof(gn_tensor *);
  gn_tensor **list = gn_alloc(g, bytes);
  if (!list) return false;
  bool fine = true;
  for (int j = 0; j < a[0].n && fine; j++) fine = (list[j] = GN_DO(g, unsqueeze, gn_t(a[0].list[j]), gn_n(dim))) != NULL;
  if (fine) out[0] = gn_ref(GN_DO(g, cat, gn_ts(a[0].n, list), gn_n(dim)));
  gn_free(g, list, bytes);
  return out[0] != NULL;
}

/* Every element along dim 0..ndim-1 of y in turn: [outer, len, inner] -> [outer, r, len, inner] (whole) or [outer, len, r, inner] (each). */
static gn_tensor *repeat(gn *g, gn_tensor *y, int dim, int64_t r, bool each) {
  gn_around s = gn_split_at(y, dim);
  int64_t dims[GN_MAX_DIMS], from[3] = { s.outer, 1, s.len * s.inner }, to[3] = { s.outer, r, s.len * s.inner };
  if (each) from[0] = to[0] = s.outer * s.len, from[2] = to[2] = s.inner;
  memcpy(dims, y->dim, sizeof dims);
  int n = y->ndim;
  if (!gn_mul_ok(dims[dim], r, &dims[dim])) return gn_fail_as(GN_NOMEM, "tile: out of memory: the result would have more than 2^63 elements"), NULL;
  gn_tensor *t = GN_DO(g, expand, gn_t(GN_DO(g, reshape, gn_t(y), gn_v(3, from))), gn_v(3, to));
  return GN_DO(g, reshape, gn_t(t), gn_v(n, dims));
}
bool gn__fwd_tile(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t;
  int n = a[1].n > y->ndim ? a[1].n : y->ndim;
  int64_t dims[GN_MAX_DIMS], total = 1;
  if (n > GN_MAX_DIMS) return gn_fail("tile: %d repeats, wanted at most %d", n, GN_MAX_DIMS);
  for (int i = 0; i < a[1].n; i++) if (a[1].ints[i] < 0) return gn_fail("tile: repeat %d is %lld, wanted 0 or more", i + 1, (long long)a[1].ints[i]);
  for (int i = 0; i < n; i++) dims[i] = i < n - y->ndim ? 1 : y->dim[i - (n - y->ndim)];
  for (int i = 0; i < n; i++) {
    int64_t r = i < n - a[1].n ? 1 : a[1].ints[i - (n - a[1].n)];
    if (dims[i] && r && (!gn_mul_ok(total, dims[i], &total) || !gn_mul_ok(total, r, &total)))
      return gn_fail_as(GN_NOMEM, "tile: out of memory: the result would have more than 2^63 elements");
  }
  if (n != y->ndim) y = GN_DO(g, reshape, gn_t(y), gn_v(n, dims));
  for (int i = n - 1; i >= 0 && y; i--) {
    int64_t r = i < n - a[1].n ? 1 : a[1].ints[i - (n - a[1].n)];
    if (r != 1) y = repeat(g, y, i, r, false);
  }
  if (y == a[0].t) y = GN_DO(g, clone, gn_t(y));
  return (out[0] = gn_ref(y)) != NULL;
}
bool gn__fwd_repeat_interleave(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t;
  if (a[1].num < 0) return gn_fail("repeat_interleave: n is %.14g, wanted 0 or more", a[1].num);
  if (a[2].kind == GN_A_NIL || y->ndim == 0) y = GN_DO(g, reshape, gn_t(y), gn_v(1, (int64_t[]){ gn_numel(y) }));
  int dim = a[2].kind == GN_A_NIL ? 0 : (int)a[2].num;
  return y && (out[0] = gn_ref(repeat(g, y, dim, (int64_t)a[1].num, true))) != NULL;
}

/* ---- triangles and diagonals ---- */
static bool triangle(gn *g, const char *op, const gn_arg *a, gn_tensor **out, bool lower) {
  gn_tensor *x = a[0].t;
  char text[160];
  if (x->ndim < 2) return gn_fail("%s: x is %s, wanted at least two dims", op, gn_shape_text(x, text, sizeof text));
  int64_t rows = x->dim[x->ndim - 2], columns = x->dim[x->ndim - 1], batch = 1;
  for (int i = 0; i < x->ndim - 2; i++) batch *= x->dim[i];
  double d = a[1].num, most = (double)columns + 1, least = -(double)rows - 1;
  if (!(out[0] = gn_new(g, x->dtype, x->ndim, x->dim))) return false;
  g->k->triangle(g, out[0]->data, x->data, batch, rows, columns, (int64_t)(d > most ? most : d < least ? least : d), lower, (int64_t)gn_size(x->dtype));
  return true;
}
bool gn__fwd_tril(gn *g, const gn_arg *a, gn_tensor **out) { return triangle(g, "tril", a, out, true); }
bool gn__fwd_triu(gn *g, const gn_arg *a, gn_tensor **out) { return triangle(g, "triu", a, out, false); }

/* positions first + i * step, i < count */
static gn_tensor *steps(gn *g, int64_t count, int64_t first, int64_t step) {
  gn_tensor *t = gn_new(g, GN_I64, 1, &count);
  for (int64_t i = 0; t && i < count; i++) ((int64_t *)(void *)t->data)[i] = first + i * step;
  return gn_hold(g, t);
}
/* A vector becomes a matrix with it on the diagonal; a matrix gives its diagonal. */
bool gn__fwd_diag(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *y;
  char text[160];
  if (x->ndim != 1 && x->ndim != 2) return gn_fail("diag: x is %s, wanted one dim or two", gn_shape_text(x, text, sizeof text));
  if (a[1].num > 0x1p31 || a[1].num < -0x1p31) return gn_fail("diag: diagonal is %.14g, wanted within 2^31", a[1].num);
  int64_t d = (int64_t)a[1].num, right = d > 0 ? d : 0, down = d < 0 ? -d : 0;
  if (x->ndim == 1) {
    int64_t k = x->dim[0], n = k + right + down, all;
    if (k > (1ll << 46) || !gn_mul_ok(n, n, &all)) return gn_fail_as(GN_NOMEM, "diag: out of memory: the result would have more than 2^63 elements");
    gn_tensor *zeros = GN_DO(g, zeros, gn_v(1, &all), gn_n(x->dtype));
    y = GN_DO(g, scatter_put, gn_t(zeros), gn_n(1), gn_t(steps(g, k, down * n + right, n + 1)), gn_t(x));
    y = GN_DO(g, reshape, gn_t(y), gn_v(2, (int64_t[]){ n, n }));
  } else {
    int64_t rows = x->dim[0] - down, columns = x->dim[1] - right, k = rows < columns ? rows : columns, all = x->dim[0] * x->dim[1], c = x->dim[1];
    y = GN_DO(g, reshape, gn_t(x), gn_v(1, &all));
    y = GN_DO(g, index_select, gn_t(y), gn_n(1), gn_t(steps(g, k > 0 ? k : 0, down * c + right, c + 1)));
  }
  return (out[0] = gn_ref(y)) != NULL;
}
