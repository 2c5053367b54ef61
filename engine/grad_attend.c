/* grad_attend.c: gradients of attention and rotary positions. */
#include "core.h"
#include <string.h>

/* k or v [b,g,n,d] with each head repeated for its group of r. */
static gn_tensor *repeated(gn *g, gn_tensor *t, int64_t r) {
  int64_t *d = t->dim;
  if (r == 1) return t;
  gn_tensor *wide = GN_DO(g, expand, gn_t(GN_DO(g, unsqueeze, gn_t(t), gn_n(3))), gn_v(5, (int64_t[]){ d[0], d[1], r, d[2], d[3] }));
  return GN_DO(g, reshape, gn_t(wide), gn_v(4, (int64_t[]){ d[0], d[1] * r, d[2], d[3] }));
}

static gn_tensor *summed(gn *g, gn_tensor *t, const gn_tensor *like, int64_t r) {
  const int64_t *d = like->dim;
  if (r == 1) return t;
  return GN_DO(g, sum, gn_t(GN_DO(g, reshape, gn_t(t), gn_v(5, (int64_t[]){ d[0], d[1], r, d[2], d[3] }))), gn_n(3));
}

static gn_tensor *flipped(gn *g, gn_tensor *t) { return GN_DO(g, transpose, gn_t(t), gn_n(-2), gn_n(-1)); }

/* The same in plain ops: for second derivatives, and where the mask wants a gradient. */
static bool by_ops(gn *g, gn_node *n, gn_tensor *dout, gn_tensor **gin) {
  gn_tensor *q = n->arg[0].t, *k = n->arg[1].t, *v = n->arg[2].t, *mask = n->arg[3].kind == GN_A_TENSOR ? n->arg[3].t : NULL;
  double causal = n->arg[4].num, scale = n->arg[5].num, window = n->arg[6].num, cap = n->arg[7].num;
  int64_t r = k->dim[1] ? q->dim[1] / k->dim[1] : 1;
  gn_tensor *kx = repeated(g, k, r), *vx = repeated(g, v, r), *bend = NULL;
  gn_tensor *s = GN_DO(g, mul, gn_t(GN_DO(g, matmul, gn_t(q), gn_t(flipped(g, kx)))), gn_n(scale));
  if (cap > 0) bend = GN_DO(g, tanh, gn_t(GN_DO(g, mul, gn_t(s), gn_n(1 / cap)))), s = GN_DO(g, mul, gn_t(bend), gn_n(cap));
  if (mask) s = GN_DO(g, add, gn_t(s), gn_t(mask));
  if (causal || window > 0) s = GN_DO(g, add, gn_t(s), gn_t(GN_DO(g, sight, gn_n((double)q->dim[2]), gn_n((double)k->dim[2]), gn_n(causal), gn_n(window))));
  gn_tensor *dead = GN_DO(g, unsqueeze, gn_t(GN_DO(g, eq, gn_t(n->saved[1]), gn_n(-__builtin_inf()))), gn_n(4));
  gn_tensor *p = GN_DO(g, softmax, gn_t(GN_DO(g, where, gn_t(dead), gn_n(0), gn_t(s))), gn_n(-1));
  p = GN_DO(g, where, gn_t(dead), gn_n(0), gn_t(p));
  gn_tensor *dp = GN_DO(g, matmul, gn_t(dout), gn_t(flipped(g, vx))), *row = GN_DO(g, sum, gn_t(GN_DO(g, mul, gn_t(dp), gn_t(p))), gn_n(-1), gn_n(1));
  gn_tensor *ds = GN_DO(g, mul, gn_t(p), gn_t(GN_DO(g, sub, gn_t(dp), gn_t(row))));
  if (!ds) return false;
  if (gn_wants(n, 2) && !(gin[2] = summed(g, GN_DO(g, matmul, gn_t(flipped(g, p)), gn_t(dout)), v, r))) return false;
  if (gn_wants(n, 3) && !(gin[3] = gn_sum_to(g, ds, mask->ndim, mask->dim))) return false;
  if (bend) ds = GN_DO(g, mul, gn_t(ds), gn_t(GN_DO(g, sub, gn_n(1), gn_t(GN_DO(g, mul, gn_t(bend), gn_t(bend))))));
  ds = GN_DO(g, mul, gn_t(ds), gn_n(scale));
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, matmul, gn_t(ds), gn_t(kx)))) return false;
  return !gn_wants(n, 1) || (gin[1] = summed(g, GN_DO(g, matmul, gn_t(flipped(g, ds)), gn_t(q)), k, r)) != NULL;
}

bool gn__bwd_attend(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  if (!gout[0]) return true;
  if (gn_recording(g) || gn_wants(n, 3)) return by_ops(g, n, gout[0], gin);
  gn_arg a[11] = { n->arg[0], n->arg[1], n->arg[2], n->arg[3], gn_t(gn_out(n, 0)), gn_t(gn_out(n, 1)), gn_t(gout[0]), n->arg[4], n->arg[5], n->arg[6], n->arg[7] };
  return gn_do_all(g, GN_OP_attend_back, 11, a, gin) != 0;
}

/* Turning back by the same angles. */
bool gn__bwd_rope(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  const gn_arg *a = n->arg;
  return (gin[0] = GN_DO(g, rope, gn_t(gout[0]), a[1], a[2], a[3], gn_n(-a[4].num), a[5])) != NULL;
}
