/* grad_reduce.c: gradients of sums, extremes, softmax and cross entropy. Where nothing is recorded the fused kernels run; where it is, the same in ops. */
#include "core.h"
#include "loss.h"
#include <string.h>

static gn_tensor *ready(gn *g, gn_tensor *t) { return t ? gn_hold(g, gn_pack(t)) : NULL; }

/* the dims of an argument, from 1 */
static gn_arg dims_of(const gn_arg *a) {
  gn_arg d = *a;
  for (int i = 0; d.kind == GN_A_INTS && i < d.n; i++) d.ints[i]++;
  return d;
}
static bool goes(const gn_arg *dims, int i) {
  if (dims->kind == GN_A_NIL || dims->n == 0) return true;
  for (int k = 0; k < dims->n; k++)
    if (dims->ints[k] == i) return true;
  return false;
}
static int64_t count_of(const gn_tensor *x, const gn_arg *dims) {
  int64_t n = 1;
  for (int i = 0; i < x->ndim; i++)
    if (goes(dims, i)) n *= x->dim[i];
  return n;
}
/* y as it is with keep */
static gn_tensor *kept(gn *g, gn_tensor *y, const gn_tensor *x, const gn_arg *dims) {
  int64_t dim[GN_MAX_DIMS];
  if (!y || y->ndim == x->ndim) return y;
  for (int i = 0; i < x->ndim; i++) dim[i] = goes(dims, i) ? 1 : x->dim[i];
  return GN_DO(g, reshape, gn_t(y), gn_v(x->ndim, dim));
}
static gn_tensor *spread(gn *g, gn_tensor *y, const gn_tensor *x, const gn_arg *dims) {
  return GN_DO(g, expand, gn_t(kept(g, y, x, dims)), gn_v(x->ndim, x->dim));
}

bool gn__bwd_sum(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = spread(g, gout[0], n->arg[0].t, &n->arg[1])) != NULL; }
bool gn__bwd_mean(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  return (gin[0] = spread(g, GN_DO(g, div, gn_t(gout[0]), gn_n((double)count_of(x, &n->arg[1]))), x, &n->arg[1])) != NULL;
}
bool gn__bwd_var(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  double less = (double)count_of(x, &n->arg[1]) - (n->arg[3].num != 0);
  gn_tensor *c = GN_DO(g, sub, gn_t(x), gn_t(GN_DO(g, mean, gn_t(x), dims_of(&n->arg[1]), gn_n(1))));
  gn_tensor *d = GN_DO(g, mul, gn_t(kept(g, gout[0], x, &n->arg[1])), gn_n(2 / (less > 0 ? less : 0)));
  return (gin[0] = GN_DO(g, mul, gn_t(c), gn_t(d))) != NULL;
}
bool gn__bwd_norm_two(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *y = gn_out(n, 0);
  y = GN_DO(g, where, gn_t(GN_DO(g, eq, gn_t(y), gn_n(0))), gn_n(1), gn_t(y));             /* x is 0 there: so is the gradient */
  return (gin[0] = GN_DO(g, mul, gn_t(x), gn_t(kept(g, GN_DO(g, div, gn_t(gout[0]), gn_t(y)), x, &n->arg[1])))) != NULL;
}
/* The product of the others: along the merged dim, of those before times of those after. */
static gn_tensor *others(gn *g, gn_tensor *x) {
  int64_t m = x->dim[1];
  gn_tensor *y = gn_hold(g, gn_new(g, GN_F32, 2, x->dim)), *p = ready(g, x);
  if (!y || !p) return NULL;
  for (int64_t r = 0; r < x->dim[0]; r++) {
    const float *from = gn_f32(p) + r * m;
    float *to = gn_f32(y) + r * m;
    double a = 1;
    for (int64_t i = 0; i < m; i++) to[i] = (float)a, a *= from[i];
    a = 1;
    for (int64_t i = m - 1; i >= 0; i--) to[i] = (float)(to[i] * a), a *= from[i];
  }
  return y;
}
bool gn__bwd_prod(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  int64_t order[GN_MAX_DIMS], back[GN_MAX_DIMS], m = count_of(x, &n->arg[1]), dim[GN_MAX_DIMS], two[2] = { m ? gn_numel(x) / m : 0, m };
  int k = 0;
  if (gn_recording(g)) {                                          /* prod / x: not for x with zeros */
    gn_tensor *y = GN_DO(g, prod, gn_t(x), dims_of(&n->arg[1]), gn_n(1));
    return (gin[0] = GN_DO(g, mul, gn_t(kept(g, gout[0], x, &n->arg[1])), gn_t(GN_DO(g, div, gn_t(y), gn_t(x))))) != NULL;
  }
  for (int last = 0; last < 2; last++)
    for (int i = 0; i < x->ndim; i++)
      if (goes(&n->arg[1], i) == last) dim[k] = x->dim[i], back[i] = k + 1, order[k++] = i + 1;
  gn_tensor *t = x->ndim ? GN_DO(g, permute, gn_t(x), gn_v(x->ndim, order)) : x;
  gn_tensor *y = GN_DO(g, reshape, gn_t(t), gn_v(2, two));
  y = y ? GN_DO(g, reshape, gn_t(others(g, y)), gn_v(x->ndim, dim)) : NULL;
  if (x->ndim) y = GN_DO(g, permute, gn_t(y), gn_v(x->ndim, back));
  return (gin[0] = GN_DO(g, mul, gn_t(kept(g, gout[0], x, &n->arg[1])), gn_t(y))) != NULL;
}

/* One dim: to the element chosen. Otherwise shared by the equals, as PyTorch does. */
static bool extreme(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  const gn_arg *dims = &n->arg[1];
  if (!gout[0]) return true;
  gn_tensor *d = kept(g, gout[0], x, dims);
  if (dims->kind == GN_A_INTS && dims->n == 1) {
    gn_tensor *at = kept(g, gn_out(n, 1), x, dims), *zeros = gn_hold(g, gn_zeros(g, GN_F32, x->ndim, x->dim));
    return (gin[0] = GN_DO(g, scatter, gn_t(zeros), gn_n((double)dims->ints[0] + 1), gn_t(at), gn_t(d))) != NULL;
  }
  gn_tensor *same = GN_DO(g, to, gn_t(GN_DO(g, eq, gn_t(x), gn_t(kept(g, gn_out(n, 0), x, dims)))), gn_n(GN_F32));
  gn_tensor *share = GN_DO(g, div, gn_t(same), gn_t(GN_DO(g, sum, gn_t(same), dims_of(dims), gn_n(1))));
  return (gin[0] = GN_DO(g, mul, gn_t(share), gn_t(d))) != NULL;
}
bool gn__bwd_max(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return extreme(g, n, gout, gin); }
bool gn__bwd_min(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return extreme(g, n, gout, gin); }

bool gn__bwd_logsumexp(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *y = kept(g, gn_out(n, 0), x, &n->arg[1]);
  return (gin[0] = GN_DO(g, mul, gn_t(GN_DO(g, exp, gn_t(GN_DO(g, sub, gn_t(x), gn_t(y))))), gn_t(kept(g, gout[0], x, &n->arg[1])))) != NULL;
}
bool gn__bwd_cumsum(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = GN_DO(g, cumsum_back, gn_t(gout[0]), gn_n(n->arg[1].num + 1))) != NULL; }
bool gn__bwd_cumsum_back(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = GN_DO(g, cumsum, gn_t(gout[0]), gn_n(n->arg[1].num + 1))) != NULL; }
bool gn__bwd_cumprod(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *s = GN_DO(g, cumsum_back, gn_t(GN_DO(g, mul, gn_t(gout[0]), gn_t(gn_out(n, 0)))), gn_n(n->arg[1].num + 1));
  return (gin[0] = GN_DO(g, div, gn_t(s), gn_t(n->arg[0].t))) != NULL;
}

/* ---- softmax ---- */
static gn_tensor *soft_fused(gn *g, bool log, gn_tensor *y, gn_tensor *d, int dim) {
  int64_t O = 1, I = 1;
  gn_tensor *p = ready(g, d), *dx = gn_hold(g, gn_new(g, GN_F32, y->ndim, y->dim));
  if (!p || !dx || !(y = ready(g, y))) return NULL;
  for (int i = 0; i < dim; i++) O *= y->dim[i];
  for (int i = dim + 1; i < y->ndim; i++) I *= y->dim[i];
  g->k->softmax_grad_f32(g, log, gn_f32(y), gn_f32(p), gn_f32(dx), O, y->dim[dim], I);
  return dx;
}
bool gn__bwd_softmax(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *y = gn_out(n, 0);
  double dim = n->arg[1].num;
  if (!y) return false;
  if (!gn_recording(g)) return (gin[0] = soft_fused(g, false, y, gout[0], (int)dim)) != NULL;
  gn_tensor *dot = GN_DO(g, sum, gn_t(GN_DO(g, mul, gn_t(y), gn_t(gout[0]))), gn_n(dim + 1), gn_n(1));
  return (gin[0] = GN_DO(g, mul, gn_t(y), gn_t(GN_DO(g, sub, gn_t(gout[0]), gn_t(dot))))) != NULL;
}
bool gn__bwd_log_softmax(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *y = gn_out(n, 0);
  double dim = n->arg[1].num;
  if (!y) return false;
  if (!gn_recording(g)) return (gin[0] = soft_fused(g, true, y, gout[0], (int)dim)) != NULL;
  gn_tensor *sum = GN_DO(g, sum, gn_t(gout[0]), gn_n(dim + 1), gn_n(1));
  return (gin[0] = GN_DO(g, sub, gn_t(gout[0]), gn_t(GN_DO(g, mul, gn_t(GN_DO(g, exp, gn_t(y))), gn_t(sum))))) != NULL;
}

/* ---- cross entropy: dx = g (sum_c(T) softmax(x) - T), T = (1 - e) w[y] [c = y] + e/c w[c], 0 where ignored ---- */
static gn_tensor *targets(gn *g, const gn_ce *p, const gn_tensor *x, double scale) {
  gn_tensor *t = gn_hold(g, gn_zeros(g, GN_F32, x->ndim, x->dim));
  if (!t) return NULL;
  for (int64_t i = 0; i < p->n * p->s; i++) {
    int64_t y = p->classes[i];
    if (y == p->ignore) continue;
    float *to = gn_f32(t) + i / p->s * p->c * p->s + i % p->s;
    for (int64_t c = 0; c < p->c && p->smooth != 0; c++) to[c * p->s] = (float)((p->weight ? p->weight[c] : 1) * (double)p->smooth / (double)p->c * scale);
    to[y * p->s] += (float)((1 - (double)p->smooth) * (p->weight ? p->weight[y] : 1) * scale);
  }
  return t;
}
static gn_tensor *entropy_ops(gn *g, gn_node *n, const gn_ce *p, gn_tensor *d, double scale) {
  gn_tensor *x = n->arg[0].t, *t = targets(g, p, x, scale);
  int dim = x->ndim > 1 ? 2 : 1;
  gn_tensor *mass = GN_DO(g, sum, gn_t(t), gn_n(dim), gn_n(1));
  gn_tensor *dx = GN_DO(g, sub, gn_t(GN_DO(g, mul, gn_t(GN_DO(g, softmax, gn_t(x), gn_n(dim))), gn_t(mass))), gn_t(t));
  if (n->arg[3].num == 2) d = GN_DO(g, unsqueeze, gn_t(d), gn_n(dim));
  return GN_DO(g, mul, gn_t(dx), gn_t(d));
}
bool gn__bwd_class_entropy(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  if (!gout[0] || !gn_wants(n, 0)) return true;
  gn_tensor *x = ready(g, n->arg[0].t), *d = ready(g, gout[0]), *classes;
  if (!x || !d) return false;
  gn_arg a[6];
  memcpy(a, n->arg, sizeof a);
  a[0].t = x;
  if (a[2].kind == GN_A_TENSOR && !(a[2].t = ready(g, a[2].t))) return false;
  gn_ce p;
  if (!gn_ce_of(a, &p, &classes)) return false;
  double scale = a[3].num == 0 ? 1 / gn_ce_mass(&p) : 1;
  if (gn_recording(g)) gin[0] = entropy_ops(g, n, &p, gout[0], scale);
  else if ((gin[0] = gn_hold(g, gn_new(g, GN_F32, x->ndim, x->dim)))) {
    gn_tensor *lse = gn_out(n, 1);
    g->k->ce_grad_f32(g, &p, gn_f32(lse), gn_f32(d), a[3].num == 2, (float)scale, gn_f32(gin[0]));
  }
  gn_unref(classes);
  return gin[0] != NULL;
}
