/* grad_linalg.c: gradients of decompositions, written in ops. */
#include "core.h"

static gn_tensor *flipped(gn *g, gn_tensor *t) { return GN_DO(g, transpose, gn_t(t), gn_n(-2), gn_n(-1)); }

/* V (diag(dw) + F * (V^T dV)) V^T with F[i,j] = 1 / (w[j] - w[i]), 0 where they are equal (Giles 2008); the op looks at the symmetric part of x alone. */
bool gn__bwd_eigh(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *w = gn_out(n, 0), *v = gn_out(n, 1), *inner = NULL;
  if (!w || !v) return false;
  if (gout[0]) inner = GN_DO(g, mul, gn_t(GN_DO(g, unsqueeze, gn_t(gout[0]), gn_n(-2))), gn_t(GN_DO(g, eye, gn_n((double)x->dim[x->ndim - 1]))));
  if (gout[1]) {
    gn_tensor *gap = GN_DO(g, sub, gn_t(GN_DO(g, unsqueeze, gn_t(w), gn_n(-2))), gn_t(GN_DO(g, unsqueeze, gn_t(w), gn_n(-1))));
    gn_tensor *none = GN_DO(g, eq, gn_t(gap), gn_n(0)), *f = GN_DO(g, reciprocal, gn_t(GN_DO(g, where, gn_t(none), gn_n(1), gn_t(gap))));
    f = GN_DO(g, where, gn_t(none), gn_n(0), gn_t(f));
    gn_tensor *turning = GN_DO(g, mul, gn_t(f), gn_t(GN_DO(g, matmul, gn_t(flipped(g, v)), gn_t(gout[1]))));
    inner = gout[0] ? GN_DO(g, add, gn_t(inner), gn_t(turning)) : turning;
  }
  if (!inner) return gout[0] == NULL && gout[1] == NULL;
  gn_tensor *d = GN_DO(g, matmul, gn_t(GN_DO(g, matmul, gn_t(v), gn_t(inner))), gn_t(flipped(g, v)));
  gin[0] = GN_DO(g, mul, gn_t(GN_DO(g, add, gn_t(d), gn_t(flipped(g, d)))), gn_n(0.5));
  return gin[0] != NULL;
}
