/* op_norm.c: layer, rms, group, instance and batch normalisation. */
#include "core.h"
#include "act.h"
#include <math.h>

bool gn__fwd_layer_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[1].t, *b = a[2].t;
  int64_t d = x->dim[x->ndim - 1];
  g->k->row_norm_f32(g, true, gn_f32(x), w ? gn_f32(w) : NULL, b ? gn_f32(b) : NULL, gn_f32(out[0]), d ? gn_numel(x) / d : 0, d, (float)a[3].num);
  return true;
}
bool gn__fwd_rms_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[1].t;
  int64_t d = x->dim[x->ndim - 1];
  g->k->row_norm_f32(g, false, gn_f32(x), w ? gn_f32(w) : NULL, NULL, gn_f32(out[0]), d ? gn_numel(x) / d : 0, d, (float)a[2].num);
  return true;
}

/* x[n,c,..] as n, c, hw; and w, b (may be NULL) of c elements */
static bool channels(const char *name, const gn_tensor *x, const gn_tensor *w, const gn_tensor *b, int64_t *n, int64_t *c, int64_t *hw) {
  char text[160];
  if (x->ndim < 2) return gn_fail("%s: x is %s, wanted [n,c,..]", name, gn_shape_text(x, text, sizeof text));
  *n = x->dim[0], *c = x->dim[1], *hw = 1;
  for (int i = 2; i < x->ndim; i++) *hw *= x->dim[i];
  if (w && (w->ndim != 1 || w->dim[0] != *c)) return gn_fail("%s: w is %s, wanted [%lld], one for each channel of x", name, gn_shape_text(w, text, sizeof text), (long long)*c);
  if (b && (b->ndim != 1 || b->dim[0] != *c)) return gn_fail("%s: b is %s, wanted [%lld], one for each channel of x", name, gn_shape_text(b, text, sizeof text), (long long)*c);
  return true;
}
bool gn__fwd_group_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[2].t, *b = a[3].t;
  double groups = a[1].num;
  int64_t n, c, hw;
  char text[160];
  if (!channels("group_norm", x, w, b, &n, &c, &hw)) return false;
  if (groups < 1 || groups > (double)(c > 1 ? c : 1) || c % (int64_t)groups)
    return gn_fail("group_norm: groups is %.14g, wanted a divisor of the %lld channels of x %s", groups, (long long)c, gn_shape_text(x, text, sizeof text));
  if (!(out[0] = gn_new(g, GN_F32, x->ndim, x->dim))) return false;
  g->k->group_norm_f32(g, gn_f32(x), w ? gn_f32(w) : NULL, b ? gn_f32(b) : NULL, gn_f32(out[0]), n, c, (int64_t)groups, hw, (float)a[4].num, NULL);
  return true;
}
bool gn__fwd_instance_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t n, c, hw;
  if (!channels("instance_norm", a[0].t, a[1].t, a[2].t, &n, &c, &hw)) return false;
  bool tape = gn_recording(g) && (a[0].t->wants_grad || (a[1].t && a[1].t->wants_grad) || (a[2].t && a[2].t->wants_grad));
  gn_tensor *y = a[4].num && !tape ? GN_DO(g, instance_norm_act, gn_t(a[0].t), gn_opt(a[1].t), gn_opt(a[2].t), gn_n(a[3].num), gn_n(a[4].num), gn_n(a[5].num))
                                   : GN_DO(g, group_norm, gn_t(a[0].t), gn_n(c ? (double)c : 1), gn_opt(a[1].t), gn_opt(a[2].t), gn_n(a[3].num));
  if (tape) y = gn_activated(g, y, &a[4], &a[5]);
  return y && (out[0] = gn_ref(y));
}
bool gn__fwd_instance_norm_act(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[1].t, *b = a[2].t;
  int64_t n, c, hw;
  gn_act act = gn_act_of(&a[4], &a[5]);
  if (!channels("instance_norm", x, w, b, &n, &c, &hw) || !(out[0] = gn_new(g, GN_F32, x->ndim, x->dim))) return false;
  g->k->group_norm_f32(g, gn_f32(x), w ? gn_f32(w) : NULL, b ? gn_f32(b) : NULL, gn_f32(out[0]), n, c, c, hw, (float)a[3].num, &act);
  return true;
}

bool gn__fwd_instance_norm_(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *w = a[1].t, *b = a[2].t, *t, *pw = w ? gn_cast(w, GN_F32) : NULL, *pb = b ? gn_cast(b, GN_F32) : NULL;
  int64_t n, c, hw;
  gn_act act = gn_act_of(&a[4], &a[5]);
  if (!act.on) act = (gn_act){ true, 1, INFINITY };              /* changes nothing */
  bool fine = gn_is_float(x->dtype) || gn_fail("instance_norm_: x is %s, wanted a tensor of floats", gn_dtype_name(x->dtype));
  fine = fine && channels("instance_norm_", x, w, b, &n, &c, &hw) && (pw || !w) && (pb || !b) && (t = gn_cast(x, GN_F32));
  if (fine) {
    g->k->group_norm_f32(g, gn_f32(t), pw ? gn_f32(pw) : NULL, pb ? gn_f32(pb) : NULL, gn_f32(t), n, c, c, hw, (float)a[3].num, &act);
    fine = t->data == x->data || gn_copy_into(x, t);
    gn_unref(t);
  }
  gn_unref(pw), gn_unref(pb);
  return fine;
}

/* The running statistics move towards the batch's; the variance without bias. */
static void move(gn_tensor *running, const gn_tensor *batch, double momentum, double scale) {
  float keep = (float)(1 - momentum), take = (float)momentum;
  for (int64_t i = 0, c = gn_numel(running); i < c; i++) gn_set(running, i, keep * (float)gn_get(running, i) + take * (float)(gn_get(batch, i) * scale));
  running->store->version++;
}
bool gn__fwd_batch_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *mean = a[1].t, *var = a[2].t, *w = a[3].t, *b = a[4].t, *r[GN_MAX_OUTS];
  int64_t n, c, hw;
  char text[160];
  if (!channels("batch_norm", x, w, b, &n, &c, &hw)) return false;
  if (mean->dim[0] != c) return gn_fail("batch_norm: mean is %s, wanted [%lld], one for each channel of x", gn_shape_text(mean, text, sizeof text), (long long)c);
  if (!a[5].num) {
    gn_tensor *y = GN_DO(g, batch_norm_eval, gn_t(x), gn_t(mean), gn_t(var), gn_opt(w), gn_opt(b), gn_n(a[7].num));
    return y && (out[0] = gn_ref(y));
  }
  if (!gn_is_float(mean->dtype) || !gn_is_float(var->dtype)) return gn_fail("batch_norm: mean and var are written, wanted tensors of floats");
  if (n * hw < 2 && c) return gn_fail("batch_norm: x is %s, wanted more than one value for each channel to train", gn_shape_text(x, text, sizeof text));
  if (!GN_DO_ALL(g, batch_norm_train, r, gn_t(x), gn_opt(w), gn_opt(b), gn_n(a[7].num))) return false;
  move(mean, r[1], a[6].num, 1);
  move(var, r[2], a[6].num, (double)(n * hw) / (double)(n * hw - 1));
  return (out[0] = gn_ref(r[0])) != NULL;
}
bool gn__fwd_batch_norm_train(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[1].t, *b = a[2].t;
  int64_t n, c, hw;
  if (!channels("batch_norm", x, w, b, &n, &c, &hw)) return false;
  if (!(out[0] = gn_new(g, GN_F32, x->ndim, x->dim)) || !(out[1] = gn_new(g, GN_F32, 1, &c)) || !(out[2] = gn_new(g, GN_F32, 1, &c))) return false;
  return g->k->batch_stats_f32(g, gn_f32(x), gn_f32(out[1]), gn_f32(out[2]), n, c, hw) &&
         g->k->batch_norm_f32(g, gn_f32(x), gn_f32(out[1]), gn_f32(out[2]), w ? gn_f32(w) : NULL, b ? gn_f32(b) : NULL, gn_f32(out[0]), n, c, hw, (float)a[3].num);
}
bool gn__fwd_batch_norm_eval(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t, *w = a[3].t, *b = a[4].t;
  int64_t n, c, hw;
  return channels("batch_norm", x, w, b, &n, &c, &hw) && (out[0] = gn_new(g, GN_F32, x->ndim, x->dim)) &&
         g->k->batch_norm_f32(g, gn_f32(x), gn_f32(a[1].t), gn_f32(a[2].t), w ? gn_f32(w) : NULL, b ? gn_f32(b) : NULL, gn_f32(out[0]), n, c, hw, (float)a[5].num);
}
