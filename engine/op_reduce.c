/* op_reduce.c: sums, means, variances, largest and smallest, positions, norms, running sums, softmax. */
#include "core.h"
#include <math.h>
#include <string.h>

/* What a reduction does to a shape. Neighbouring dims of one kind are merged into runs; runs alternate between staying and going. */
typedef struct plan {
  bool goes[GN_MAX_DIMS];
  int64_t out[GN_MAX_DIMS], run[GN_MAX_DIMS];
  bool run_goes[GN_MAX_DIMS];
  int nout, nruns, cut;                   /* cut: how many runs go */
  int64_t each, results;                  /* elements per result, number of results */
} plan;

static plan plan_of(const gn_tensor *x, const gn_arg *dims, bool keep) {
  plan p = { .each = 1, .results = 1 };
  for (int i = 0; i < x->ndim; i++) p.goes[i] = dims->kind == GN_A_NIL || dims->n == 0;
  if (dims->kind == GN_A_NUMBER) {
    memset(p.goes, 0, sizeof p.goes);
    p.goes[(int)dims->num] = true;
  } else if (dims->kind == GN_A_INTS) for (int i = 0; i < dims->n; i++) p.goes[dims->ints[i]] = true;
  for (int i = 0; i < x->ndim; i++) {
    if (p.goes[i]) p.each *= x->dim[i];
    else p.results *= x->dim[i];
    if (!p.goes[i] || keep) p.out[p.nout++] = p.goes[i] ? 1 : x->dim[i];
    if (x->dim[i] == 1) continue;
    if (p.nruns && p.run_goes[p.nruns - 1] == p.goes[i]) p.run[p.nruns - 1] *= x->dim[i];
    else p.run[p.nruns] = x->dim[i], p.run_goes[p.nruns++] = p.goes[i], p.cut += p.goes[i];
  }
  return p;
}

/* [O][R][I] of a plan with at most one run that goes */
static void as_three(const plan *p, int64_t *O, int64_t *R, int64_t *I) {
  *O = *R = *I = 1;
  bool met = false;
  for (int i = 0; i < p->nruns; i++) {
    if (p->run_goes[i]) *R = p->run[i], met = true;
    else *(met ? I : O) *= p->run[i];
  }
  if (p->each == 0 || p->results == 0) *O = p->results, *R = p->each, *I = 1;
}

/* x with the dims that go at the end where they are several runs apart (p is made anew then); a new reference. */
static gn_tensor *gathered(gn_tensor *x, plan *p) {
  if (p->cut < 2) return gn_ref(x);
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  int n = 0;
  for (int last = 0; last < 2; last++)
    for (int i = 0; i < x->ndim; i++)
      if (p->goes[i] == last) dim[n] = x->dim[i], stride[n++] = x->stride[i];
  gn_tensor *v = gn_alias(x, n, dim, stride, 0), *packed = v ? gn_pack(v) : NULL;
  gn_unref(v);
  p->nruns = 2, p->cut = 1, p->run[0] = p->results, p->run[1] = p->each, p->run_goes[0] = false, p->run_goes[1] = true;
  return packed;
}

/* The op that joins what a first pass left. */
static int joining(int op) { return op == GN_R_ABSMAX ? GN_R_MAX : op == GN_R_SQUARES || op == GN_R_ABSSUM ? GN_R_SUM : op; }

/* Reduces the runs from the last to the first. */
static bool reduce_f32(gn *g, int op, const gn_tensor *x, plan p, float *out, double divide) {
  const float *from = gn_f32(x);
  int64_t O, R, I;
  float *held = NULL;
  size_t held_bytes = 0;
  bool fine = true;
  while (fine && p.cut > 1 && p.each && p.results) {
    int k = p.nruns - 1;
    while (!p.run_goes[k]) k--;
    O = I = 1;
    for (int i = 0; i < k; i++) O *= p.run[i];
    for (int i = k + 1; i < p.nruns; i++) I *= p.run[i];
    size_t bytes = (size_t)(O * I) * sizeof(float);
    float *part = gn_alloc(g, bytes);
    fine = part && g->k->red_f32(g, op, from, NULL, part, O, p.run[k], I, 1);
    if (held) gn_free(g, held, held_bytes);
    from = held = part, held_bytes = bytes, op = joining(op);
    if (k + 1 < p.nruns) p.run[k - 1] *= p.run[k + 1];
    p.nruns -= k + 1 < p.nruns ? 2 : 1, p.cut--;
  }
  as_three(&p, &O, &R, &I);
  fine = fine && g->k->red_f32(g, op, from, NULL, out, O, R, I, divide);
  if (held) gn_free(g, held, held_bytes);
  return fine;
}

static bool reduce_int(gn *g, int op, gn_tensor *x, plan p, int64_t *out) {
  gn_tensor *t = gathered(x, &p);
  if (!t) return false;
  int64_t O, R, I;
  as_three(&p, &O, &R, &I);
  g->k->red_int(g, op, t->dtype, t->data, out, O, R, I);
  gn_unref(t);
  return true;
}

/* ---- sums ---- */
static bool total(gn *g, int op, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  plan p = plan_of(x, &a[1], a[2].num != 0);
  bool f = x->dtype == GN_F32;
  if (!(out[0] = gn_new(g, f ? GN_F32 : GN_I64, p.nout, p.out))) return false;
  return f ? reduce_f32(g, op, x, p, gn_f32(out[0]), 1) : reduce_int(g, op, x, p, (int64_t *)out[0]->data);
}
bool gn__fwd_sum(gn *g, const gn_arg *a, gn_tensor **out) { return total(g, GN_R_SUM, a, out); }
bool gn__fwd_prod(gn *g, const gn_arg *a, gn_tensor **out) { return total(g, GN_R_PROD, a, out); }
bool gn__fwd_mean(gn *g, const gn_arg *a, gn_tensor **out) {
  plan p = plan_of(a[0].t, &a[1], a[2].num != 0);
  return (out[0] = gn_new(g, GN_F32, p.nout, p.out)) && reduce_f32(g, GN_R_SUM, a[0].t, p, gn_f32(out[0]), (double)p.each);
}

bool gn__fwd_norm_two(gn *g, const gn_arg *a, gn_tensor **out) {
  plan p = plan_of(a[0].t, &a[1], a[2].num != 0);
  if (!(out[0] = gn_new(g, GN_F32, p.nout, p.out)) || !reduce_f32(g, GN_R_SQUARES, a[0].t, p, gn_f32(out[0]), 1)) return false;
  float *y = gn_f32(out[0]);
  for (int64_t i = 0; i < p.results; i++) y[i] = __builtin_sqrtf(y[i]);
  return true;
}
bool gn__fwd_norm(gn *g, const gn_arg *a, gn_tensor **out) {
  double p = a[3].num;
  gn_arg x = gn_t(a[0].t), dim = a[1], keep = gn_n(a[2].num);
  for (int i = 0; dim.kind == GN_A_INTS && i < dim.n; i++) dim.ints[i]++;
  gn_tensor *y;
  if (p == 2) y = GN_DO(g, norm_two, x, dim, keep);
  else if (p == 1) y = GN_DO(g, sum, gn_t(GN_DO(g, abs, x)), dim, keep);
  else if (p == INFINITY || p == -INFINITY) {
    gn_tensor *size = GN_DO(g, abs, x);
    y = p > 0 ? GN_DO(g, max, gn_t(size), dim, keep) : GN_DO(g, min, gn_t(size), dim, keep);
  } else if (p == 0) y = GN_DO(g, to, gn_t(GN_DO(g, sum, gn_t(GN_DO(g, ne, x, gn_n(0))), dim, keep)), gn_n(gn_is_float(a[0].t->dtype) ? a[0].t->dtype : GN_F32));
  else y = GN_DO(g, pow, gn_t(GN_DO(g, sum, gn_t(GN_DO(g, pow, gn_t(GN_DO(g, abs, x)), gn_n(p))), dim, keep)), gn_n(1 / p));
  return y && (out[0] = gn_ref(y));
}

bool gn__fwd_var(gn *g, const gn_arg *a, gn_tensor **out) {
  plan p = plan_of(a[0].t, &a[1], a[2].num != 0);
  if (!(out[0] = gn_new(g, GN_F32, p.nout, p.out))) return false;
  gn_tensor *x = gathered(a[0].t, &p), *mean = x ? gn_new(g, GN_F32, 1, &p.results) : NULL;
  int64_t O, R, I;
  as_three(&p, &O, &R, &I);
  double n = (double)p.each, less = n - (a[3].num != 0);
  bool fine = mean && g->k->red_f32(g, GN_R_SUM, gn_f32(x), NULL, gn_f32(mean), O, R, I, n) &&
              g->k->red_f32(g, GN_R_DEVS, gn_f32(x), gn_f32(mean), gn_f32(out[0]), O, R, I, less > 0 ? less : 0);
  gn_unref(mean), gn_unref(x);
  return fine;
}
bool gn__fwd_std(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_arg dim = a[1];
  for (int i = 0; dim.kind == GN_A_INTS && i < dim.n; i++) dim.ints[i]++;
  gn_tensor *v = GN_DO(g, var, gn_t(a[0].t), dim, gn_n(a[2].num), gn_n(a[3].num));
  if (!v) return false;
  if (!v->wants_grad || !gn_recording(g)) return (v = GN_DO(g, sqrt, gn_t(v))) && (out[0] = gn_ref(v));
  /* where the variance is 0 the gradient is 0, as PyTorch's, not 0 / 0 */
  gn_tensor *zero = GN_DO(g, eq, gn_t(v), gn_n(0)), *safe = GN_DO(g, where, gn_t(zero), gn_n(1), gn_t(v));
  v = GN_DO(g, where, gn_t(zero), gn_n(0), gn_t(GN_DO(g, sqrt, gn_t(safe))));
  return v && (out[0] = gn_ref(v));
}

/* ---- largest and smallest ---- */
static bool not_empty(gn *g, const char *name, const gn_tensor *x, const plan *p) {
  char text[160];
  if (p->each == 0 && p->results) return gn_fail("%s: x is %s, wanted at least one element to choose from", name, gn_shape_text(x, text, sizeof text));
  if (p->each > INT32_MAX) return gn_fail("%s: x is %s, wanted at most 2147483647 elements to choose from", name, gn_shape_text(x, text, sizeof text));
  return true;
}
/* i64 results to their own type */
static gn_tensor *narrowed(gn_tensor *wide, gn_dtype type) {
  gn_tensor *t = wide ? gn_cast(wide, type) : NULL;
  gn_unref(wide);
  return t;
}
static bool extreme(gn *g, bool min, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  plan p = plan_of(x, &a[1], a[2].num != 0);
  bool f = x->dtype == GN_F32, one = a[1].kind == GN_A_INTS && a[1].n == 1;
  if (!not_empty(g, min ? "min" : "max", x, &p) || !(out[0] = gn_new(g, f ? GN_F32 : GN_I64, p.nout, p.out))) return false;
  if (one) {
    int64_t O, R, I;
    as_three(&p, &O, &R, &I);
    if (!(out[1] = gn_new(g, GN_I32, p.nout, p.out))) return false;
    int32_t *at = (int32_t *)out[1]->data;
    if (f) g->k->arg_f32(g, min, gn_f32(x), gn_f32(out[0]), at, O, R, I);
    else g->k->arg_int(g, min, x->dtype, x->data, (int64_t *)out[0]->data, at, O, R, I);
  } else if (f) { if (!reduce_f32(g, min ? GN_R_MIN : GN_R_MAX, x, p, gn_f32(out[0]), 1)) return false; }
  else if (!reduce_int(g, min ? GN_R_MIN : GN_R_MAX, x, p, (int64_t *)out[0]->data)) return false;
  return f || (out[0] = narrowed(out[0], x->dtype));
}
bool gn__fwd_max(gn *g, const gn_arg *a, gn_tensor **out) { return extreme(g, false, a, out); }
bool gn__fwd_min(gn *g, const gn_arg *a, gn_tensor **out) { return extreme(g, true, a, out); }

static bool position(gn *g, bool min, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  plan p = plan_of(x, &a[1], a[2].num != 0);
  int64_t O, R, I;
  as_three(&p, &O, &R, &I);
  if (!not_empty(g, min ? "argmin" : "argmax", x, &p) || !(out[0] = gn_new(g, GN_I32, p.nout, p.out))) return false;
  if (x->dtype == GN_F32) g->k->arg_f32(g, min, gn_f32(x), NULL, (int32_t *)out[0]->data, O, R, I);
  else g->k->arg_int(g, min, x->dtype, x->data, NULL, (int32_t *)out[0]->data, O, R, I);
  return true;
}
bool gn__fwd_argmax(gn *g, const gn_arg *a, gn_tensor **out) { return position(g, false, a, out); }
bool gn__fwd_argmin(gn *g, const gn_arg *a, gn_tensor **out) { return position(g, true, a, out); }

static bool truth(gn *g, int op, const gn_arg *a, gn_tensor **out) {
  plan p = plan_of(a[0].t, &a[1], a[2].num != 0);
  gn_tensor *x = gn_cast(a[0].t, GN_BOOL), *y = x ? gn_new(g, GN_I64, p.nout, p.out) : NULL;
  bool fine = y && reduce_int(g, op, x, p, (int64_t *)y->data) && (out[0] = gn_cast(y, GN_BOOL));
  gn_unref(x), gn_unref(y);
  return fine;
}
bool gn__fwd_any(gn *g, const gn_arg *a, gn_tensor **out) { return truth(g, GN_R_ANY, a, out); }
bool gn__fwd_all(gn *g, const gn_arg *a, gn_tensor **out) { return truth(g, GN_R_MIN, a, out); }

/* ---- running sums ---- */
static void dim_three(const gn_tensor *x, int d, int64_t *O, int64_t *R, int64_t *I) {
  *O = *I = 1, *R = x->dim[d];
  for (int i = 0; i < d; i++) *O *= x->dim[i];
  for (int i = d + 1; i < x->ndim; i++) *I *= x->dim[i];
}
static bool running(gn *g, bool product, bool reverse, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t O, R, I;
  dim_three(x, (int)a[1].num, &O, &R, &I);
  if (!(out[0] = gn_new(g, x->dtype == GN_F32 ? GN_F32 : GN_I64, x->ndim, x->dim))) return false;
  if (x->dtype == GN_F32) { g->k->scan_f32(g, product, reverse, gn_f32(x), gn_f32(out[0]), O, R, I); return true; }
  gn_tensor *wide = gn_cast(x, GN_I64);
  if (!wide) return false;
  g->k->scan_i64(g, product, (int64_t *)wide->data, (int64_t *)out[0]->data, O, R, I);
  gn_unref(wide);
  return true;
}
bool gn__fwd_cumsum(gn *g, const gn_arg *a, gn_tensor **out) { return running(g, false, false, a, out); }
bool gn__fwd_cumsum_back(gn *g, const gn_arg *a, gn_tensor **out) { return running(g, false, true, a, out); }
bool gn__fwd_cumprod(gn *g, const gn_arg *a, gn_tensor **out) { return running(g, true, false, a, out); }

/* ---- softmax ---- */
static bool soft(gn *g, int kind, const gn_arg *a, gn_tensor **out) {
  int64_t O, R, I;
  dim_three(a[0].t, (int)a[1].num, &O, &R, &I);
  g->k->softmax_f32(g, kind, gn_f32(a[0].t), gn_f32(out[0]), O, R, I);
  return true;
}
bool gn__fwd_softmax(gn *g, const gn_arg *a, gn_tensor **out) { return soft(g, GN_S_SOFTMAX, a, out); }
bool gn__fwd_log_softmax(gn *g, const gn_arg *a, gn_tensor **out) { return soft(g, GN_S_LOG_SOFTMAX, a, out); }
bool gn__fwd_logsumexp(gn *g, const gn_arg *a, gn_tensor **out) {
  plan p = plan_of(a[0].t, &a[1], a[2].num != 0);
  if (!(out[0] = gn_new(g, GN_F32, p.nout, p.out))) return false;
  if (p.each == 0) {
    for (int64_t i = 0; i < p.results; i++) gn_f32(out[0])[i] = -INFINITY;
    return true;
  }
  gn_tensor *x = gathered(a[0].t, &p);
  if (!x) return false;
  int64_t O, R, I;
  as_three(&p, &O, &R, &I);
  g->k->softmax_f32(g, GN_S_LSE, gn_f32(x), gn_f32(out[0]), O, R, I);
  gn_unref(x);
  return true;
}
