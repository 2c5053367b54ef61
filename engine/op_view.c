/* op_view.c: shapes without copies, copies, types. */
#include "core.h"
#include "base.h"
#include <stdio.h>
#include <string.h>

static const char *sizes_text(const int64_t *v, int n, char *buffer, size_t size) {
  size_t at = (size_t)snprintf(buffer, size, "[");
  for (int i = 0; i < n && at < size; i++) at += (size_t)snprintf(buffer + at, size - at, i ? ",%lld" : "%lld", (long long)v[i]);
  if (at < size) snprintf(buffer + at, size - at, "]");
  return buffer;
}

/* Resolves one -1 in the wanted sizes; the count must fit x. */
static bool resolve(const char *op, const gn_tensor *x, const gn_arg *size, int64_t *dim, int *ndim) {
  char found[160], wanted[200];
  int64_t known = 1, all = gn_numel(x);
  int open = -1, n = size->n;
  bool fine = n <= GN_MAX_DIMS;
  for (int i = 0; i < n && fine; i++) {
    dim[i] = size->ints[i];
    if (dim[i] == -1 && open < 0) open = i;
    else fine = dim[i] >= 0 && gn_mul_ok(known, dim[i], &known);
  }
  if (fine && open >= 0) fine = known > 0 && all % known == 0, dim[open] = fine ? all / known : 0;
  else if (fine) fine = known == all;
  *ndim = n;
  return fine || gn_fail("%s: x is %s (%lld elements), wanted sizes %s do not fit", op, gn_shape_text(x, found, sizeof found), (long long)all,
                         sizes_text(size->ints, n < GN_MAX_DIMS ? n : GN_MAX_DIMS, wanted, sizeof wanted));
}

/* Strides of the new shape over x's storage, if x's gaps allow it: groups of x's dims that are packed among themselves map to groups of new dims. */
static bool view_strides(const gn_tensor *x, const int64_t *dim, int n, int64_t *stride) {
  int64_t numel = gn_numel(x);
  if (numel == 0 || gn_packed(x)) {
    int64_t step = 1;
    for (int i = n - 1; i >= 0; i--) stride[i] = step, step *= dim[i] ? dim[i] : 1;
    return true;
  }
  int d = n - 1;
  int64_t base = x->stride[x->ndim - 1], tensor = 1, view = 1;
  for (int i = x->ndim - 1; i >= 0; i--) {
    tensor *= x->dim[i];
    if (i && (x->dim[i - 1] == 1 || x->stride[i - 1] == tensor * base)) continue;
    while (d >= 0 && (view < tensor || dim[d] == 1)) stride[d] = view * base, view *= dim[d], d--;
    if (view != tensor) return false;
    if (i) base = x->stride[i - 1], tensor = view = 1;
  }
  return d == -1;
}

bool gn__fwd_view(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  int n;
  char found[160];
  if (!resolve("view", x, &a[1], dim, &n)) return false;
  if (!view_strides(x, dim, n, stride)) return gn_fail("view: x %s has gaps between its elements: use reshape", gn_shape_text(x, found, sizeof found));
  return (out[0] = gn_alias(x, n, dim, stride, 0)) != NULL;
}

bool gn__fwd_reshape(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  int n;
  if (!resolve("reshape", x, &a[1], dim, &n)) return false;
  if (!view_strides(x, dim, n, stride)) x = GN_DO(g, contiguous, gn_t(x));
  return (out[0] = gn_ref(GN_DO(g, view, gn_t(x), gn_v(n, dim)))) != NULL;
}

bool gn__fwd_expand(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int n = a[1].n, skip = n - x->ndim;
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  char found[160], wanted[200];
  bool fine = n <= GN_MAX_DIMS && skip >= 0;
  for (int i = 0; i < n && fine; i++) {
    int64_t want = a[1].ints[i], have = i < skip ? 1 : x->dim[i - skip];
    dim[i] = want == -1 && i >= skip ? have : want;
    fine = dim[i] >= 0 && (have == 1 || have == dim[i]);
    stride[i] = i < skip || (have == 1 && dim[i] != 1) ? 0 : x->stride[i - skip];
  }
  if (!fine) return gn_fail("expand: x is %s, wanted sizes %s do not fit", gn_shape_text(x, found, sizeof found), sizes_text(a[1].ints, n < 8 ? n : 8, wanted, sizeof wanted));
  return (out[0] = gn_alias(x, n, dim, stride, 0)) != NULL;
}

static gn_tensor *permuted(gn_tensor *x, const int64_t *order) {
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  for (int i = 0; i < x->ndim; i++) dim[i] = x->dim[order[i]], stride[i] = x->stride[order[i]];
  return gn_alias(x, x->ndim, dim, stride, 0);
}

bool gn__fwd_transpose(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t order[GN_MAX_DIMS];
  for (int i = 0; i < x->ndim; i++) order[i] = i;
  int p = (int)a[1].num, q = (int)a[2].num;
  order[p] = q, order[q] = p;
  return (out[0] = permuted(x, order)) != NULL;
}

bool gn__fwd_permute(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (a[1].n != x->ndim) return gn_fail("permute: %d dims named, x has %d", a[1].n, x->ndim);
  return (out[0] = permuted(x, a[1].ints)) != NULL;
}

/* from..to inclusive, negatives from the end; to = from - 1 is empty. */
bool gn__fwd_slice(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int d = (int)a[1].num;
  int64_t n = x->dim[d], from = (int64_t)a[2].num, to = a[3].kind == GN_A_NIL ? n : (int64_t)a[3].num, step = (int64_t)a[4].num;
  char found[160];
  if (from < 0) from += n + 1;
  if (to < 0) to += n + 1;
  if (from < 1 || to > n || to < from - 1 || from > n + 1 || step < 1)
    return gn_fail("slice: positions %lld to %lld step %lld asked for, dim %d of x %s has 1..%lld", (long long)(int64_t)a[2].num,
                   (long long)(a[3].kind == GN_A_NIL ? n : (int64_t)a[3].num), (long long)step, d + 1, gn_shape_text(x, found, sizeof found), (long long)n);
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  memcpy(dim, x->dim, sizeof dim), memcpy(stride, x->stride, sizeof stride);
  dim[d] = (to - from + step) / step;
  stride[d] *= step;
  return (out[0] = gn_alias(x, x->ndim, dim, stride, dim[d] ? (from - 1) * x->stride[d] : 0)) != NULL;
}

bool gn__fwd_select(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int d = (int)a[1].num;
  int64_t n = x->dim[d], at = (int64_t)a[2].num, dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  char found[160];
  if (at < 0) at += n + 1;
  if (at < 1 || at > n)
    return gn_fail("select: position %lld asked for, dim %d of x %s has 1..%lld", (long long)(int64_t)a[2].num, d + 1, gn_shape_text(x, found, sizeof found), (long long)n);
  for (int i = 0, k = 0; i < x->ndim; i++)
    if (i != d) dim[k] = x->dim[i], stride[k++] = x->stride[i];
  return (out[0] = gn_alias(x, x->ndim - 1, dim, stride, (at - 1) * x->stride[d])) != NULL;
}

bool gn__fwd_squeeze(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t dim[GN_MAX_DIMS];
  int n = 0, only = a[1].kind == GN_A_NIL ? -1 : (int)a[1].num;
  for (int i = 0; i < x->ndim; i++)
    if (x->dim[i] != 1 || (only >= 0 && only != i)) dim[n++] = x->dim[i];
  return (out[0] = gn_ref(GN_DO(g, reshape, gn_t(x), gn_v(n, dim)))) != NULL;
}

bool gn__fwd_unsqueeze(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t at = (int64_t)a[1].num, dim[GN_MAX_DIMS + 1];
  int n = x->ndim + 1;
  if (at < 0) at += n + 1;
  if (at < 1 || at > n || n > GN_MAX_DIMS) return gn_fail("unsqueeze: dim is %lld, wanted 1..%d of at most %d", (long long)(int64_t)a[1].num, n, GN_MAX_DIMS);
  for (int i = 0, k = 0; i < n; i++) dim[i] = i == at - 1 ? 1 : x->dim[k++];
  return (out[0] = gn_ref(GN_DO(g, reshape, gn_t(x), gn_v(n, dim)))) != NULL;
}

bool gn__fwd_flatten(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int from = (int)a[1].num, to = (int)a[2].num, n = 0;
  int64_t dim[GN_MAX_DIMS];
  if (from > to) return gn_fail("flatten: from is dim %d, to is dim %d: wanted from <= to", from + 1, to + 1);
  for (int i = 0; i < x->ndim; i++) {
    if (i > from && i <= to) dim[n - 1] *= x->dim[i];
    else dim[n++] = x->dim[i];
  }
  return (out[0] = gn_ref(GN_DO(g, reshape, gn_t(x), gn_v(n, dim)))) != NULL;
}

bool gn__fwd_contiguous(gn *g, const gn_arg *a, gn_tensor **out) { return (out[0] = gn_pack(a[0].t)) != NULL; }

bool gn__fwd_clone(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  return (out[0] = gn_new(g, x->dtype, x->ndim, x->dim)) && gn_copy_into(out[0], x);
}

bool gn__fwd_to(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  return (out[0] = x->dtype == (gn_dtype)a[1].num ? gn_ref(x) : gn_cast(x, (gn_dtype)a[1].num)) != NULL;
}

bool gn__fwd_fill_(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (gn_packed(x)) {
    g->k->fill(x->data, x->dtype, a[1].num, gn_numel(x));
    return true;
  }
  gn_tensor *value = gn_scalar(g, a[1].num, x->dtype, 0);
  bool fine = value && gn_copy_into(x, value);
  gn_unref(value);
  return fine;
}

bool gn__fwd_copy_(gn *g, const gn_arg *a, gn_tensor **out) { return gn_copy_into(a[0].t, a[1].t); }
