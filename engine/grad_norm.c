/* grad_norm.c: gradients of the normalisations: fused, or in ops where they are recorded. */
#include "core.h"

static gn_tensor *ready(gn *g, gn_tensor *t) { return t ? gn_hold(g, gn_pack(t)) : NULL; }
static float *data(gn_tensor *t) { return t ? gn_f32(t) : NULL; }
static gn_tensor *arg(gn_node *n, int i) { return n->arg[i].kind == GN_A_TENSOR ? n->arg[i].t : NULL; }

/* x seen as [n, groups, each, hw]; statistics over the dims `over`; w (may be NULL) lies along the dims `along` */
typedef struct seen { int64_t dim[4], wdim[4], over[3]; int nover; bool centre; double eps; } seen;

/* gin[0] for x, gin[wi] for w, gin[bi] for b (bi < 0 = none) from differentiable ops; mean and var: given statistics (eval), or NULL. */
static bool in_ops(gn *g, gn_node *n, gn_tensor *d, const seen *s, int wi, int bi, gn_tensor *mean, gn_tensor *var, gn_tensor **gin) {
  gn_tensor *x0 = n->arg[0].t, *x = GN_DO(g, reshape, gn_t(x0), gn_v(4, s->dim)), *w = arg(n, wi);
  gn_arg over = gn_v(s->nover, s->over);
  bool given = mean != NULL;
  d = GN_DO(g, reshape, gn_t(d), gn_v(4, s->dim));
  if (w) w = GN_DO(g, reshape, gn_t(w), gn_v(4, s->wdim));
  if (!x || !d || (arg(n, wi) && !w)) return false;
  if (!given && s->centre) mean = GN_DO(g, mean, gn_t(x), over, gn_n(1));
  gn_tensor *c = given || s->centre ? GN_DO(g, sub, gn_t(x), gn_t(mean)) : x;
  if (!given) var = GN_DO(g, mean, gn_t(GN_DO(g, mul, gn_t(c), gn_t(c))), over, gn_n(1));
  gn_tensor *r = GN_DO(g, rsqrt, gn_t(GN_DO(g, add, gn_t(var), gn_n(s->eps)))), *hat = GN_DO(g, mul, gn_t(c), gn_t(r));
  gn_tensor *h = w ? GN_DO(g, mul, gn_t(d), gn_t(w)) : d;
  if (gn_wants(n, 0)) {
    if (!given) {
      gn_tensor *dot = GN_DO(g, mean, gn_t(GN_DO(g, mul, gn_t(h), gn_t(hat))), over, gn_n(1));
      gn_tensor *m = s->centre ? GN_DO(g, mean, gn_t(h), over, gn_n(1)) : NULL;
      h = GN_DO(g, sub, gn_t(h), gn_t(GN_DO(g, mul, gn_t(hat), gn_t(dot))));
      if (s->centre) h = GN_DO(g, sub, gn_t(h), gn_t(m));
    }
    if (!(gin[0] = GN_DO(g, reshape, gn_t(GN_DO(g, mul, gn_t(h), gn_t(r))), gn_v(x0->ndim, x0->dim)))) return false;
  }
  for (int k = 0; k < 2; k++) {
    int i = k ? bi : wi;
    if (i < 0 || !arg(n, i) || !gn_wants(n, i)) continue;
    gn_tensor *full = k ? d : GN_DO(g, mul, gn_t(d), gn_t(hat)), *t = gn_sum_to(g, full, 4, s->wdim);
    if (!(gin[i] = GN_DO(g, reshape, gn_t(t), gn_v(1, n->arg[i].t->dim)))) return false;
  }
  return true;
}

/* Packed inputs and room for the gradients that are wanted. */
typedef struct fused { gn_tensor *x, *w, *d; } fused;
static bool prepare(gn *g, gn_node *n, gn_tensor *d, int wi, int bi, fused *f, gn_tensor **gin) {
  int at[3] = { 0, wi, bi };
  f->x = ready(g, n->arg[0].t), f->d = ready(g, d), f->w = NULL;
  if (!f->x || !f->d || (arg(n, wi) && !(f->w = ready(g, arg(n, wi))))) return false;
  for (int k = 0; k < 3; k++) {
    gn_tensor *t = at[k] < 0 ? NULL : arg(n, at[k]);
    if (t && gn_wants(n, at[k]) && !(gin[at[k]] = gn_hold(g, gn_new(g, GN_F32, t->ndim, t->dim)))) return false;
  }
  return true;
}

static bool rows(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin, bool centre) {
  gn_tensor *x = n->arg[0].t;
  int bi = centre ? 2 : -1;
  int64_t d = x->dim[x->ndim - 1], count = d ? gn_numel(x) / d : 0;
  double eps = n->arg[centre ? 3 : 2].num;
  if (gn_recording(g)) {
    seen s = { .dim = { count, 1, d, 1 }, .wdim = { 1, 1, d, 1 }, .over = { 3 }, .nover = 1, .centre = centre, .eps = eps };
    return in_ops(g, n, gout[0], &s, 1, bi, NULL, NULL, gin);
  }
  fused f;
  return prepare(g, n, gout[0], 1, bi, &f, gin) &&
         g->k->row_norm_grad_f32(g, centre, gn_f32(f.x), data(f.w), gn_f32(f.d), data(gin[0]), data(gin[1]), centre ? data(gin[2]) : NULL, count, d, (float)eps);
}
bool gn__bwd_layer_norm(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return rows(g, n, gout, gin, true); }
bool gn__bwd_rms_norm(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return rows(g, n, gout, gin, false); }

static void sizes(const gn_tensor *x, int64_t *n, int64_t *c, int64_t *hw) {
  *n = x->dim[0], *c = x->dim[1], *hw = 1;
  for (int i = 2; i < x->ndim; i++) *hw *= x->dim[i];
}
bool gn__bwd_group_norm(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  int64_t count, c, hw, groups = (int64_t)n->arg[1].num;
  sizes(n->arg[0].t, &count, &c, &hw);
  if (gn_recording(g)) {
    seen s = { .dim = { count, groups, c / groups, hw }, .wdim = { 1, groups, c / groups, 1 }, .over = { 3, 4 }, .nover = 2, .centre = true, .eps = n->arg[4].num };
    return in_ops(g, n, gout[0], &s, 2, 3, NULL, NULL, gin);
  }
  fused f;
  return prepare(g, n, gout[0], 2, 3, &f, gin) &&
         g->k->group_norm_grad_f32(g, gn_f32(f.x), data(f.w), gn_f32(f.d), data(gin[0]), data(gin[2]), data(gin[3]), count, c, groups, hw, (float)n->arg[4].num);
}

static bool batch(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin, bool train) {
  int wi = train ? 1 : 3, bi = wi + 1;
  int64_t count, c, hw;
  double eps = n->arg[wi + 2].num;
  if (!gout[0]) return true;
  sizes(n->arg[0].t, &count, &c, &hw);
  gn_tensor *mean = train ? NULL : n->arg[1].t, *var = train ? NULL : n->arg[2].t;
  if (gn_recording(g)) {
    seen s = { .dim = { count, c, 1, hw }, .wdim = { 1, c, 1, 1 }, .over = { 1, 4 }, .nover = 2, .centre = true, .eps = eps };
    if (mean) mean = GN_DO(g, reshape, gn_t(mean), gn_v(4, s.wdim)), var = GN_DO(g, reshape, gn_t(var), gn_v(4, s.wdim));
    return (train || (mean && var)) && in_ops(g, n, gout[0], &s, wi, bi, mean, var, gin);
  }
  fused f;
  if (train) mean = gn_out(n, 1), var = gn_out(n, 2);
  mean = ready(g, mean), var = ready(g, var);
  return mean && var && prepare(g, n, gout[0], wi, bi, &f, gin) &&
         g->k->batch_norm_grad_f32(g, train, gn_f32(f.x), gn_f32(mean), gn_f32(var), data(f.w), gn_f32(f.d), data(gin[0]), data(gin[wi]), data(gin[bi]), count, c, hw, (float)eps);
}
bool gn__bwd_batch_norm_train(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return batch(g, n, gout, gin, true); }
bool gn__bwd_batch_norm_eval(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return batch(g, n, gout, gin, false); }
