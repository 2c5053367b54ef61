/* grad_view.c: gradients of views and copies, written in ops. */
#include "core.h"
#include <string.h>

bool gn__bwd_view(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  return (gin[0] = GN_DO(g, reshape, gn_t(gout[0]), gn_v(x->ndim, x->dim))) != NULL;
}

bool gn__bwd_expand(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  return (gin[0] = gn_sum_to(g, gout[0], x->ndim, x->dim)) != NULL;
}

bool gn__bwd_transpose(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, transpose, gn_t(gout[0]), gn_n(n->arg[1].num + 1), gn_n(n->arg[2].num + 1))) != NULL;
}

bool gn__bwd_permute(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  int64_t back[GN_MAX_DIMS];
  for (int i = 0; i < n->arg[1].n; i++) back[n->arg[1].ints[i]] = i + 1;
  return (gin[0] = GN_DO(g, permute, gn_t(gout[0]), gn_v(n->arg[1].n, back))) != NULL;
}

/* Puts d into zeros of x's shape at the positions `from, from + step, ..` of a dim. */
static gn_tensor *embed(gn *g, gn_tensor *d, const gn_tensor *x, int dim, int64_t from, int64_t step) {
  return GN_DO(g, slice_put, gn_t(d), gn_n(dim + 1), gn_n((double)from), gn_n((double)step), gn_n((double)x->dim[dim]));
}

bool gn__bwd_slice(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  int d = (int)n->arg[1].num;
  int64_t from = (int64_t)n->arg[2].num;
  if (from < 0) from += x->dim[d] + 1;
  return (gin[0] = embed(g, gout[0], x, d, from, (int64_t)n->arg[4].num)) != NULL;
}

bool gn__bwd_select(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  int d = (int)n->arg[1].num;
  int64_t at = (int64_t)n->arg[2].num;
  if (at < 0) at += x->dim[d] + 1;
  return (gin[0] = embed(g, GN_DO(g, unsqueeze, gn_t(gout[0]), gn_n(d + 1)), x, d, at, 1)) != NULL;
}

bool gn__fwd_slice_put(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int d = (int)a[1].num;
  int64_t from = (int64_t)a[2].num, step = (int64_t)a[3].num, n = (int64_t)a[4].num, dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  if (from < 1 || step < 1 || n < 0 || (x->dim[d] && from + (x->dim[d] - 1) * step > n)) return gn_fail("slice_put: positions beyond dim %d", d + 1);
  memcpy(dim, x->dim, sizeof dim);
  dim[d] = n;
  if (!(out[0] = gn_zeros(g, x->dtype, x->ndim, dim))) return false;
  memcpy(stride, out[0]->stride, sizeof stride);
  stride[d] *= step;
  gn_tensor *part = gn_alias(out[0], x->ndim, x->dim, stride, x->dim[d] ? (from - 1) * out[0]->stride[d] : 0);
  bool fine = part && gn_copy_into(part, x);
  gn_unref(part);
  return fine;
}

bool gn__bwd_slice_put(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  int d = (int)n->arg[1].num;
  double last = n->arg[2].num + (double)(x->dim[d] - 1) * n->arg[3].num;
  if (!x->dim[d]) last = n->arg[2].num - 1;
  return (gin[0] = GN_DO(g, slice, gn_t(gout[0]), gn_n(d + 1), gn_n(n->arg[2].num), gn_n(last), gn_n(n->arg[3].num))) != NULL;
}

static bool same(gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = gout[0]) != NULL; }
bool gn__bwd_contiguous(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return same(gout, gin); }
bool gn__bwd_clone(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return same(gout, gin); }
bool gn__bwd_to(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return same(gout, gin); }
