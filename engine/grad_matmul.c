/* grad_matmul.c: gradients of products, written in ops; transposed operands are views. */
#include "core.h"
#include <string.h>

static gn_tensor *flipped(gn *g, gn_tensor *t) { return GN_DO(g, transpose, gn_t(t), gn_n(-2), gn_n(-1)); }
static gn_tensor *shaped(gn *g, gn_tensor *t, int64_t rows, int64_t cols) { return GN_DO(g, reshape, gn_t(t), gn_v(2, (int64_t[]){ rows, cols })); }

static int64_t rows_of(const gn_tensor *t) {
  int64_t rows = 1;
  for (int i = 0; i < t->ndim - 1; i++) rows *= t->dim[i];
  return rows;
}

/* With vectors made matrices: da = G B^T, db = A^T G, summed over what was broadcast. */
bool gn__bwd_matmul(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *a = n->arg[0].t, *b = n->arg[1].t, *d = gout[0], *part;
  gn_tensor *x = a->ndim == 1 ? GN_DO(g, unsqueeze, gn_t(a), gn_n(1)) : a, *y = b->ndim == 1 ? GN_DO(g, unsqueeze, gn_t(b), gn_n(2)) : b;
  if (b->ndim == 1) d = GN_DO(g, unsqueeze, gn_t(d), gn_n(d->ndim + 1));
  if (d && a->ndim == 1) d = GN_DO(g, unsqueeze, gn_t(d), gn_n(d->ndim));
  if (!d || !x || !y) return false;
  if (gn_wants(n, 0)) {
    if (!(part = GN_DO(g, matmul, gn_t(d), gn_t(flipped(g, y))))) return false;
    if (!(gin[0] = a->ndim == 1 ? gn_sum_to(g, part, 2, x->dim) : gn_sum_to(g, part, a->ndim, a->dim))) return false;
    if (a->ndim == 1 && !(gin[0] = GN_DO(g, reshape, gn_t(gin[0]), gn_v(1, a->dim)))) return false;
  }
  if (gn_wants(n, 1)) {
    if (y->ndim == 2 && x->ndim > 2) part = GN_DO(g, matmul, gn_t(flipped(g, shaped(g, x, rows_of(x), y->dim[0]))), gn_t(shaped(g, d, rows_of(x), y->dim[1])));
    else part = GN_DO(g, matmul, gn_t(flipped(g, x)), gn_t(d));
    if (!part) return false;
    if (!(gin[1] = b->ndim == 1 ? gn_sum_to(g, part, 2, y->dim) : gn_sum_to(g, part, b->ndim, b->dim))) return false;
    if (b->ndim == 1 && !(gin[1] = GN_DO(g, reshape, gn_t(gin[1]), gn_v(1, b->dim)))) return false;
  }
  return true;
}

/* dx = G w, dw = G^T x in one product over all rows, db = the column sums of G. */
bool gn__bwd_linear(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *w = n->arg[1].t;
  int64_t rows = rows_of(x);
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, matmul, gn_t(gout[0]), gn_t(w)))) return false;
  gn_tensor *d = shaped(g, gout[0], rows, w->dim[0]);
  if (gn_wants(n, 1) && !(gin[1] = GN_DO(g, matmul, gn_t(flipped(g, d)), gn_t(shaped(g, x, rows, w->dim[1]))))) return false;
  if (gn_wants(n, 2) && !(gin[2] = GN_DO(g, sum, gn_t(d), gn_n(1)))) return false;
  return true;
}

/* With w = G / distance (0 where that is 0): da = a (row sums of w) - w b, db = b (column sums of w) - w^T a. */
bool gn__bwd_distances(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *a = n->arg[0].t, *b = n->arg[1].t, *d = gn_out(n, 0);
  gn_tensor *same = GN_DO(g, eq, gn_t(d), gn_n(0));
  gn_tensor *w = GN_DO(g, where, gn_t(same), gn_n(0), gn_t(GN_DO(g, div, gn_t(gout[0]), gn_t(GN_DO(g, where, gn_t(same), gn_n(1), gn_t(d))))));
  gn_tensor *turned = flipped(g, w);
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, sub, gn_t(GN_DO(g, mul, gn_t(a), gn_t(GN_DO(g, sum, gn_t(w), gn_n(3), gn_n(1))))), gn_t(GN_DO(g, matmul, gn_t(w), gn_t(b)))))) return false;
  return !gn_wants(n, 1) || (gin[1] = GN_DO(g, sub, gn_t(GN_DO(g, mul, gn_t(b), gn_t(GN_DO(g, sum, gn_t(turned), gn_n(3), gn_n(1))))), gn_t(GN_DO(g, matmul, gn_t(turned), gn_t(a))))) != NULL;
}
