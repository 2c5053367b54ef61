/* op_loss.c: losses. All but cross entropy with class numbers are written in ops. */
#include "core.h"
#include "loss.h"
#include <string.h>

/* Weighs the elements and reduces them; reduce: 0 mean, 1 sum, 2 none. */
static bool reduced(gn *g, gn_tensor *t, gn_tensor *weight, double reduce, gn_tensor **out) {
  if (weight) t = GN_DO(g, mul, gn_t(t), gn_t(weight));
  if (reduce == 0) t = GN_DO(g, mean, gn_t(t));
  else if (reduce == 1) t = GN_DO(g, sum, gn_t(t));
  return t && (out[0] = gn_ref(t));
}
bool gn__fwd_mse_loss(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *d = GN_DO(g, sub, gn_t(a[0].t), gn_t(a[1].t));
  return reduced(g, GN_DO(g, mul, gn_t(d), gn_t(d)), a[3].t, a[2].num, out);
}
bool gn__fwd_l1_loss(gn *g, const gn_arg *a, gn_tensor **out) {
  return reduced(g, GN_DO(g, abs, gn_t(GN_DO(g, sub, gn_t(a[0].t), gn_t(a[1].t)))), a[3].t, a[2].num, out);
}
bool gn__fwd_huber_loss(gn *g, const gn_arg *a, gn_tensor **out) {
  double delta = a[4].num;
  if (!(delta > 0)) return gn_fail("huber_loss: delta is %.14g, wanted a number above 0", delta);
  gn_tensor *d = GN_DO(g, abs, gn_t(GN_DO(g, sub, gn_t(a[0].t), gn_t(a[1].t))));
  gn_tensor *near = GN_DO(g, mul, gn_t(GN_DO(g, mul, gn_t(d), gn_t(d))), gn_n(0.5));
  gn_tensor *far = GN_DO(g, mul, gn_t(GN_DO(g, sub, gn_t(d), gn_n(0.5 * delta))), gn_n(delta));
  return reduced(g, GN_DO(g, where, gn_t(GN_DO(g, le, gn_t(d), gn_n(delta))), gn_t(near), gn_t(far)), a[3].t, a[2].num, out);
}
/* t softplus(-x) + (1 - t) softplus(x): small terms stay exact on both sides */
bool gn__fwd_bce_with_logits(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *t = a[1].t;
  gn_tensor *yes = GN_DO(g, mul, gn_t(t), gn_t(GN_DO(g, softplus, gn_t(GN_DO(g, neg, gn_t(x))))));
  if (a[4].t) yes = GN_DO(g, mul, gn_t(yes), gn_t(a[4].t));
  gn_tensor *no = GN_DO(g, mul, gn_t(GN_DO(g, sub, gn_n(1), gn_t(t))), gn_t(GN_DO(g, softplus, gn_t(x))));
  return reduced(g, GN_DO(g, add, gn_t(yes), gn_t(no)), a[3].t, a[2].num, out);
}
bool gn__fwd_kl_div(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *t = a[1].t, *zero = GN_DO(g, eq, gn_t(t), gn_n(0));
  gn_tensor *log = GN_DO(g, log, gn_t(GN_DO(g, where, gn_t(zero), gn_n(1), gn_t(t))));   /* 0 log 0 = 0 */
  return reduced(g, GN_DO(g, mul, gn_t(t), gn_t(GN_DO(g, sub, gn_t(log), gn_t(x)))), a[3].t, a[2].num, out);
}
bool gn__fwd_cosine_similarity(gn *g, const gn_arg *a, gn_tensor **out) {
  double dim = a[2].num - a[0].t->ndim, eps = a[3].num;
  gn_tensor *length[2];
  for (int i = 0; i < 2; i++) length[i] = GN_DO(g, maximum, gn_t(GN_DO(g, norm, gn_t(a[i].t), gn_n(dim), gn_n(1))), gn_n(eps));
  gn_tensor *y = GN_DO(g, mul, gn_t(GN_DO(g, div, gn_t(a[0].t), gn_t(length[0]))), gn_t(GN_DO(g, div, gn_t(a[1].t), gn_t(length[1]))));
  y = GN_DO(g, sum, gn_t(y), gn_n(dim));
  return y && (out[0] = gn_ref(y));
}

/* ---- cross entropy ---- */
static bool same_shape(const gn_tensor *a, const gn_tensor *b) { return a->ndim == b->ndim && !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim); }

/* probabilities t[n,c,..]: -sum(w (t (1 - e) + e/c) log_softmax(x)), the mean over n and .. */
static bool soft_targets(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *t = a[1].t, *w = a[3].t;
  double smooth = a[5].num;
  int d = x->ndim > 1 ? 1 : 0;
  int64_t c = x->dim[d], wide[GN_MAX_DIMS];
  if (smooth != 0) t = GN_DO(g, add, gn_t(GN_DO(g, mul, gn_t(t), gn_n(1 - smooth))), gn_n(smooth / (double)c));
  gn_tensor *y = GN_DO(g, mul, gn_t(t), gn_t(GN_DO(g, log_softmax, gn_t(x), gn_n(d + 1))));
  if (w) {
    for (int i = 0; i < x->ndim; i++) wide[i] = i == d ? c : 1;
    y = GN_DO(g, mul, gn_t(y), gn_t(GN_DO(g, reshape, gn_t(w), gn_v(x->ndim, wide))));
  }
  double scale = a[2].num == 0 ? -1 / ((double)gn_numel(x) / (double)c) : -1;
  y = a[2].num == 2 ? GN_DO(g, sum, gn_t(y), gn_n(d + 1)) : GN_DO(g, sum, gn_t(y));
  y = GN_DO(g, mul, gn_t(y), gn_n(scale));
  return y && (out[0] = gn_ref(y));
}
bool gn__fwd_cross_entropy(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *t = a[1].t, *w = a[3].t;
  char text[160], other[160];
  if (x->ndim < 1) return gn_fail("cross_entropy: logits is %s, wanted [n,c,..] or [c]", gn_shape_text(x, text, sizeof text));
  int64_t c = x->dim[x->ndim > 1];
  if (w && w->dim[0] != c) return gn_fail("cross_entropy: weight is %s, wanted [%lld], one for each class", gn_shape_text(w, text, sizeof text), (long long)c);
  if (!(a[5].num >= 0 && a[5].num <= 1)) return gn_fail("cross_entropy: smooth is %.14g, wanted 0 .. 1", a[5].num);
  if (gn_is_float(t->dtype)) {
    if (!same_shape(x, t)) return gn_fail("cross_entropy: target is %s, wanted probabilities like logits %s, or class numbers (i32, i64)", gn_shape_text(t, text, sizeof text), gn_shape_text(x, other, sizeof other));
    return soft_targets(g, a, out);
  }
  if (t->dtype == GN_BOOL) return gn_fail("cross_entropy: target is bool, wanted class numbers (i32, i64) or probabilities");
  gn_tensor *y = GN_DO(g, class_entropy, gn_t(x), gn_t(t), gn_opt(w), gn_n(a[2].num), gn_n(a[4].num), gn_n(a[5].num));
  return y && (out[0] = gn_ref(y));
}

static gn_tensor *wide_classes(gn_tensor *t) {
  if (t->dtype != GN_I32 || !gn_packed(t)) return gn_cast(t, GN_I64);
  gn_tensor *wide = gn_new(t->g, GN_I64, t->ndim, t->dim);
  for (int64_t i = 0, n = wide ? gn_numel(t) : 0; i < n; i++) ((int64_t *)wide->data)[i] = ((const int32_t *)t->data)[i];
  return wide;
}
/* The kernel's view of the arguments; classes as i64 (a new reference in *held). */
bool gn_ce_of(const gn_arg *a, gn_ce *p, gn_tensor **held) {
  const gn_tensor *x = a[0].t, *t = a[1].t;
  char text[160], other[160];
  int d = x->ndim > 1;
  bool fits = t->ndim == x->ndim - 1 && (!d || t->dim[0] == x->dim[0]);
  for (int i = 1; fits && i < t->ndim; i++) fits = t->dim[i] == x->dim[i + 1];
  if (!fits) return gn_fail("cross_entropy: target is %s, wanted class numbers [n,..] to go with logits[n,c,..] %s", gn_shape_text(t, text, sizeof text), gn_shape_text(x, other, sizeof other));
  if (!(*held = wide_classes((gn_tensor *)t))) return false;
  *p = (gn_ce){ .x = gn_f32(x), .weight = a[2].kind == GN_A_TENSOR ? gn_f32(a[2].t) : NULL, .classes = (const int64_t *)(*held)->data,
                .n = d ? x->dim[0] : 1, .c = x->dim[d], .s = 1, .ignore = (int64_t)a[4].num, .smooth = (float)a[5].num };
  for (int i = 2; i < x->ndim; i++) p->s *= x->dim[i];
  for (int64_t i = 0; i < p->n * p->s; i++)
    if (p->classes[i] != p->ignore && (p->classes[i] < 0 || p->classes[i] >= p->c)) {
      gn_fail("cross_entropy: target holds the class %lld, wanted 0 .. %lld", (long long)p->classes[i], (long long)p->c - 1);
      gn_unref(*held);
      return false;
    }
  return true;
}
/* What the mean divides by: the weights of the classes met. */
double gn_ce_mass(const gn_ce *p) {
  double mass = 0;
  for (int64_t i = 0; i < p->n * p->s; i++)
    if (p->classes[i] != p->ignore) mass += p->weight ? (double)p->weight[p->classes[i]] : 1;
  return mass;
}
bool gn__fwd_class_entropy(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *t = a[1].t;
  gn_ce p;
  gn_tensor *classes, *rows = NULL;
  if (!gn_ce_of(a, &p, &classes)) return false;
  bool fine = (rows = gn_new(g, GN_F32, t->ndim, t->dim)) && (out[1] = gn_new(g, GN_F32, t->ndim, t->dim));
  if (fine) g->k->ce_f32(g, &p, gn_f32(rows), gn_f32(out[1]));
  if (fine && a[3].num == 2) out[0] = gn_ref(rows);
  else if (fine)
    fine = (out[0] = gn_new(g, GN_F32, 0, NULL)) &&
           g->k->red_f32(g, GN_R_SUM, gn_f32(rows), NULL, gn_f32(out[0]), 1, p.n * p.s, 1, a[3].num == 0 ? gn_ce_mass(&p) : 1);
  gn_unref(rows), gn_unref(classes);
  return fine;
}
