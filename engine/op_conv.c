/* op_conv.c: convolutions. conv1d .. conv_transpose3d are made of three hidden ops that are each other's gradients:
 * conv_nd (big side, weights -> small side), conv_data (small side, weights -> big side), conv_weight (both sides -> weights). */
#include "core.h"
#include "op_window.h"
#include "act.h"
#include <math.h>
#include <string.h>

#define MOST ((int64_t)1 << 31)

bool gn_each(const char *op, const char *name, const gn_arg *a, int nd, int64_t low, int64_t high, int64_t *to) {
  if (a->kind != GN_A_NUMBER && a->kind != GN_A_INTS) return gn_fail("%s: %s is not a number, wanted a whole number or a list of %d", op, name, nd);
  int n = a->kind == GN_A_NUMBER ? 1 : a->n;
  if (n != 1 && n != nd) return gn_fail("%s: %s is a list of %d, wanted %d", op, name, n, nd);
  for (int d = 0; d < nd; d++) {
    double v = a->kind == GN_A_NUMBER ? a->num : (double)a->ints[n == 1 ? 0 : d];
    if (v != floor(v) || !(v >= (double)low) || !(v < (double)high)) return gn_fail("%s: %s is %.14g, wanted a whole number from %lld", op, name, v, (long long)low);
    to[d] = (int64_t)v;
  }
  return true;
}

bool gn_conv_of(const char *op, int nd, const gn_tensor *big, const gn_tensor *small, const gn_tensor *w, const gn_arg *geometry, const gn_arg *groups, gn_conv *s) {
  s->whole = false, s->edge = GN_ZERO, s->half = NULL;
  s->weights = (gn_source){ 0 }, s->act.on = false;
  if (nd < 1 || nd > 3 || geometry->n != 9) return gn_fail("%s: wanted one to three dims", op);
  for (int d = 0; d < 3; d++) {
    s->stride[d] = geometry->ints[d], s->pad[d] = geometry->ints[3 + d], s->dilation[d] = geometry->ints[6 + d];
    if (s->stride[d] < 1 || s->dilation[d] < 1) return gn_fail("%s: stride and dilation are at least 1", op);
    s->in[d] = s->out[d] = s->k[d] = 1;
  }
  for (int d = 0; d < nd; d++) {
    if (big) s->in[3 - nd + d] = big->dim[2 + d];
    if (small) s->out[3 - nd + d] = small->dim[2 + d];
    if (w) s->k[3 - nd + d] = w->dim[2 + d];
  }
  s->groups = (int64_t)groups->num;
  return s->groups >= 1 || gn_fail("%s: groups is %lld, wanted at least 1", op, (long long)s->groups);
}

static gn_tensor *like(gn *g, int64_t n, int64_t c, const gn_arg *space) {
  int64_t dim[GN_MAX_DIMS] = { n, c };
  memcpy(dim + 2, space->ints, (size_t)space->n * sizeof *dim);
  return gn_new(g, GN_F32, space->n + 2, dim);
}

enum { NONE, RELU, LEAKY_RELU, RELU6 };
gn_act gn_act_of(const gn_arg *act, const gn_arg *slope) {
  return (gn_act){ act->num != NONE, act->num == LEAKY_RELU ? (float)slope->num : 0, act->num == RELU6 ? 6 : INFINITY };
}

gn_tensor *gn_activated(gn *g, gn_tensor *y, const gn_arg *act, const gn_arg *slope) {
  if (act->num == RELU) return GN_DO(g, relu, gn_t(y));
  if (act->num == LEAKY_RELU) return GN_DO(g, leaky_relu, gn_t(y), *slope);
  return act->num == RELU6 ? GN_DO(g, clamp, gn_t(y), gn_n(0), gn_n(6)) : y;
}

static bool forward(gn *g, const gn_arg *a, bool whole, gn_tensor **out) {
  gn_tensor *x = a[0].t, *w = a[1].t;
  gn_conv s;
  if (!(out[0] = like(g, x->dim[0], w->dim[0], &a[4])) || !gn_conv_of("conv", x->ndim - 2, x, out[0], w, &a[3], &a[5], &s)) return false;
  s.n = x->dim[0], s.c = x->dim[1], s.o = w->dim[0], s.weights = gn_source_of(w, (int64_t)a[5].num), s.whole = whole;
  if (!whole) s.act = gn_act_of(&a[6], &a[7]), s.edge = (int)a[8].num;
  return g->k->conv_forward(g, &s, gn_f32(x), gn_f32(w), a[2].kind == GN_A_TENSOR ? gn_f32(a[2].t) : NULL, gn_f32(out[0]));
}
bool gn__fwd_conv_nd(gn *g, const gn_arg *a, gn_tensor **out) { return forward(g, a, false, out); }
bool gn__fwd_conv_whole(gn *g, const gn_arg *a, gn_tensor **out) { return forward(g, a, true, out); }

float *gn_conv_widen(gn *g, const gn_conv *s) {
  size_t bytes = gn_conv_weight_bytes(s);
  float *w = gn_alloc(g, bytes);
  if (w) g->k->cast(s->half, GN_F16, w, GN_F32, (int64_t)(bytes / sizeof *w));
  return w;
}

/* One half of conv_pair: a[0..2] = x w b, into out's channels from `at` on. */
static bool half(gn *g, const gn_arg *a, const gn_arg *geometry, const gn_act *act, gn_tensor *out, int64_t at) {
  gn_tensor *x = a[0].t, *w = a[1].t;
  const gn_arg groups = gn_n(1);
  gn_conv s;
  if (x->ndim != out->ndim || w->ndim != x->ndim || x->dim[0] != out->dim[0] || x->dim[1] != w->dim[1] || (a[2].kind == GN_A_TENSOR && gn_numel(a[2].t) != w->dim[0]))
    return gn_fail("conv_pair: the shapes do not go together");
  if (w->dtype != GN_F32 && w->dtype != GN_F16) return gn_fail("conv_pair: the weights are %s, wanted f32 or f16", gn_dtype_name(w->dtype));
  if (!gn_conv_of("conv_pair", x->ndim - 2, x, out, w, geometry, &groups, &s)) return false;
  if (w->dtype == GN_F16) s.half = (const uint16_t *)(const void *)w->data;
  s.n = 1, s.c = x->dim[1], s.o = w->dim[0], s.weights = gn_source_of(w, 1), s.act = *act;
  int64_t in = x->dim[0] ? gn_numel(x) / x->dim[0] : 0, plane = gn_numel(out) ? gn_numel(out) / out->dim[0] / out->dim[1] : 0;
  bool fine = true;
  for (int64_t n = 0; n < x->dim[0] && fine; n++)
    fine = g->k->conv_forward(g, &s, gn_f32(x) + n * in, s.half ? NULL : gn_f32(w), a[2].kind == GN_A_TENSOR ? gn_f32(a[2].t) : NULL, gn_f32(out) + (n * out->dim[1] + at) * plane);
  return fine;
}

bool gn__fwd_conv_pair(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_act act = gn_act_of(&a[9], &a[10]);
  int64_t c = a[1].t->ndim ? a[1].t->dim[0] : 0, d = a[4].t->ndim ? a[4].t->dim[0] : 0;
  if (a[0].t->ndim < 3 || a[8].n != a[0].t->ndim - 2) return gn_fail("conv_pair: wanted one to three dims");
  for (int i = 0; i < a[8].n; i++) if (a[8].ints[i] < 1) return gn_fail("conv_pair: nothing is left of x");
  return (out[0] = like(g, a[0].t->dim[0], c + d, &a[8])) && half(g, a, &a[6], &act, out[0], 0) && half(g, a + 3, &a[7], &act, out[0], c);
}

/* a: x w b geometry out groups act slope window pooled. Without the convolution's result in memory where the kernel knows a way. */
bool gn__fwd_conv_pool(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *w = a[1].t, *b = a[2].kind == GN_A_TENSOR ? a[2].t : NULL;
  int nd = x->ndim - 2;
  gn_conv s;
  if (nd < 1 || a[4].n != nd || a[8].n != 9 || a[9].n != nd) return gn_fail("conv_pool: the sizes do not go together");
  if (!(out[0] = like(g, x->dim[0], w->dim[0], &a[9])) || !gn_conv_of("conv", nd, x, NULL, w, &a[3], &a[5], &s)) return false;
  for (int d = 0; d < nd; d++) s.out[3 - nd + d] = a[4].ints[d];
  s.n = x->dim[0], s.c = x->dim[1], s.o = w->dim[0], s.weights = gn_source_of(w, s.groups), s.act = gn_act_of(&a[6], &a[7]);
  gn_window p = gn_window_of(s.n * s.o, nd, a[4].ints, a[9].ints, &a[8], false);
  bool done, fine = g->k->conv_pool(g, &s, &p, gn_f32(x), gn_f32(w), b ? gn_f32(b) : NULL, gn_f32(out[0]), &done);
  if (!fine || done) return fine;
  gn_tensor *t = like(g, s.n, s.o, &a[4]);
  fine = t && g->k->conv_forward(g, &s, gn_f32(x), gn_f32(w), b ? gn_f32(b) : NULL, gn_f32(t));
  if (fine) g->k->max_pool(g, &p, gn_f32(t), gn_f32(out[0]), NULL);
  gn_unref(t);
  return fine;
}

bool gn__fwd_conv_data(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t, *w = a[1].t;
  gn_conv s;
  if (!(out[0] = like(g, y->dim[0], w->dim[1] * (int64_t)a[5].num, &a[4])) || !gn_conv_of("conv_transpose", y->ndim - 2, out[0], y, w, &a[3], &a[5], &s)) return false;
  s.n = y->dim[0], s.c = out[0]->dim[1], s.o = y->dim[1], s.weights = gn_source_of(w, (int64_t)a[5].num), s.act = gn_act_of(&a[6], &a[7]);
  return g->k->conv_data(g, &s, gn_f32(y), gn_f32(w), a[2].kind == GN_A_TENSOR ? gn_f32(a[2].t) : NULL, gn_f32(out[0]));
}

bool gn__fwd_conv_weight(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *y = a[1].t;
  gn_conv s;
  int64_t groups = (int64_t)a[4].num;
  if (groups < 1) return gn_fail("conv_weight: groups is at least 1");
  if (!(out[0] = like(g, y->dim[1], x->dim[1] / groups, &a[3])) || !gn_conv_of("conv_weight", x->ndim - 2, x, y, out[0], &a[2], &a[4], &s)) return false;
  s.n = x->dim[0], s.c = x->dim[1], s.o = y->dim[1];
  return g->k->conv_weight(g, &s, gn_f32(x), gn_f32(y), gn_f32(out[0]));
}

/* ---- the options of conv1d .. conv3d ---- */
enum { X, W, B, STRIDE, PAD, PAD_MODE, DILATION, GROUPS, ACT };
typedef struct plan {
  int nd;
  int64_t stride[3], pad[3], after[3], dilation[3], groups;    /* pad before and after */
} plan;

static void three(const plan *p, gn_arg *geometry) {
  int64_t v[9];
  for (int d = 0; d < 3; d++) {
    int at = d - (3 - p->nd);
    v[d] = at < 0 ? 1 : p->stride[at], v[3 + d] = at < 0 ? 0 : p->pad[at], v[6 + d] = at < 0 ? 1 : p->dilation[at];
  }
  *geometry = gn_v(9, v);
}

/* A number, one for each dim, or those before and those after. */
static bool both_pads(const char *op, const gn_arg *a, plan *p) {
  gn_arg half = *a;
  bool two = a->kind == GN_A_INTS && a->n == 2 * p->nd;
  if (two) half.n = p->nd;
  if (!gn_each(op, "pad", &half, p->nd, 0, MOST, p->pad)) return false;
  if (two) memcpy(half.ints, a->ints + p->nd, sizeof *half.ints * (size_t)p->nd);
  return gn_each(op, "pad", &half, p->nd, 0, MOST, p->after);
}

static bool read_pad(const char *op, const gn_arg *a, const gn_tensor *w, plan *p) {
  if (a->kind != GN_A_TEXT) return both_pads(op, a, p);
  if (strcmp(a->text, "same")) return gn_fail("%s: pad is \"%.40s\", wanted a number, a list of %d or \"same\"", op, a->text, p->nd);
  for (int d = 0; d < p->nd; d++) {
    if (p->stride[d] != 1) return gn_fail("%s: pad \"same\" goes with stride 1, found %lld", op, (long long)p->stride[d]);
    int64_t total = p->dilation[d] * (w->dim[2 + d] - 1);
    p->pad[d] = total / 2, p->after[d] = total - total / 2;
  }
  return true;
}

static bool read_plan(const char *op, const gn_arg *a, plan *p) {
  const gn_tensor *x = a[X].t, *w = a[W].t;
  char found[160], first[160];
  memset(p, 0, sizeof *p);
  p->nd = x->ndim - 2, p->groups = (int64_t)a[GROUPS].num;
  if (p->groups < 1 || p->groups > MOST || x->dim[1] % p->groups || w->dim[0] % p->groups)
    return gn_fail("%s: groups is %.14g, wanted a divisor of the %lld and %lld channels", op, a[GROUPS].num, (long long)x->dim[1], (long long)w->dim[0]);
  if (x->dim[1] != w->dim[1] * p->groups)
    return gn_fail("%s: w is %s, wanted %lld input channels a group to go with x %s", op, gn_shape_text(w, found, sizeof found), (long long)(x->dim[1] / p->groups), gn_shape_text(x, first, sizeof first));
  for (int d = 0; d < p->nd; d++) if (!w->dim[2 + d]) return gn_fail("%s: w is %s, wanted a kernel with elements", op, gn_shape_text(w, found, sizeof found));
  return gn_each(op, "stride", &a[STRIDE], p->nd, 1, MOST, p->stride) && gn_each(op, "dilation", &a[DILATION], p->nd, 1, MOST, p->dilation)
      && read_pad(op, &a[PAD], w, p);
}

/* What comes before and after the convolution is done inside of its kernel, or, where gradients will be asked for, by ops of their own. */
static bool on_tape(gn *g, const gn_arg *a) {
  return gn_recording(g) && (a[X].t->wants_grad || a[W].t->wants_grad || (a[B].kind == GN_A_TENSOR && a[B].t->wants_grad));
}

/* x as the convolution takes it: padded by reflection and so on, or, with *edge left as it is, to be padded by the kernel. */
static gn_tensor *padded(gn *g, const gn_arg *a, plan *p, int *edge) {
  if (!*edge) return a[X].t;
  int64_t pairs[6];
  for (int d = 0; d < p->nd; d++) pairs[2 * (p->nd - 1 - d)] = p->pad[d], pairs[2 * (p->nd - 1 - d) + 1] = p->after[d];
  gn_arg pads = gn_v(2 * p->nd, pairs), mode = gn_n(*edge);
  if (!on_tape(g, a)) return gn_pads_ok(a[X].t, &pads, *edge) ? a[X].t : NULL;
  for (int d = 0; d < p->nd; d++) p->pad[d] = p->after[d] = 0;
  *edge = GN_ZERO;
  return GN_DO(g, pad, gn_t(a[X].t), pads, mode);
}

/* conv_nd, with its edge, or conv_data; act: the options' act and slope. */
static bool finish(gn *g, gn_op op, const gn_arg *a, gn_tensor *x, gn_arg geometry, gn_arg size, int64_t groups, const gn_arg *act, int edge, gn_tensor **out) {
  bool apart = on_tape(g, a);
  gn_arg args[] = { gn_t(x), gn_t(a[W].t), a[B].kind == GN_A_TENSOR ? gn_t(a[B].t) : gn_nil(), geometry, size, gn_n((double)groups), apart ? gn_n(NONE) : act[0], act[1], gn_n(edge) };
  gn_tensor *y = gn_do(g, op, op == GN_OP_conv_nd ? 9 : 8, args);
  if (apart) y = gn_activated(g, y, &act[0], &act[1]);
  return (out[0] = y) && gn_ref(y);
}

static bool convolve(gn *g, const char *op, const gn_arg *a, gn_tensor **out) {
  plan p;
  if (!read_plan(op, a, &p)) return false;
  int edge = (int)a[PAD_MODE].num;
  gn_tensor *x = padded(g, a, &p, &edge), *w = a[W].t;
  if (!x) return false;
  int64_t size[3];
  for (int d = 0; d < p.nd; d++) {
    int64_t reach = p.dilation[d] * (w->dim[2 + d] - 1) + 1, room = x->dim[2 + d] + p.pad[d] + p.after[d];
    char found[160], first[160];
    if (reach > room) return gn_fail("%s: w is %s, wanted a kernel that fits into the padded x %s", op, gn_shape_text(w, found, sizeof found), gn_shape_text(x, first, sizeof first));
    size[d] = (room - reach) / p.stride[d] + 1;
  }
  gn_arg geometry;
  three(&p, &geometry);
  return finish(g, GN_OP_conv_nd, a, x, geometry, gn_v(p.nd, size), p.groups, &a[ACT], edge, out);
}

bool gn__fwd_conv1d(gn *g, const gn_arg *a, gn_tensor **out) { return convolve(g, "conv1d", a, out); }
bool gn__fwd_conv2d(gn *g, const gn_arg *a, gn_tensor **out) { return convolve(g, "conv2d", a, out); }
bool gn__fwd_conv3d(gn *g, const gn_arg *a, gn_tensor **out) { return convolve(g, "conv3d", a, out); }

/* ---- conv_transpose1d .. 3d: x w b ; stride pad out_pad dilation groups act slope ---- */
static bool spread(gn *g, const char *op, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[X].t, *w = a[W].t;
  plan p = { .nd = x->ndim - 2, .groups = (int64_t)a[7].num };
  int64_t extra[3], size[3];
  if (p.groups < 1 || p.groups > MOST || x->dim[1] % p.groups) return gn_fail("%s: groups is %.14g, wanted a divisor of the %lld channels", op, a[7].num, (long long)x->dim[1]);
  if (a[B].kind == GN_A_TENSOR && a[B].t->dim[0] != w->dim[1] * p.groups)
    return gn_fail("%s: b has %lld elements, wanted one for each of the %lld output channels", op, (long long)a[B].t->dim[0], (long long)(w->dim[1] * p.groups));
  if (!gn_each(op, "stride", &a[3], p.nd, 1, MOST, p.stride) || !both_pads(op, &a[4], &p) || !gn_each(op, "out_pad", &a[5], p.nd, 0, MOST, extra)
      || !gn_each(op, "dilation", &a[6], p.nd, 1, MOST, p.dilation)) return false;
  for (int d = 0; d < p.nd; d++) {
    int64_t k = w->dim[2 + d], n = x->dim[2 + d];
    if (!k || !n) return gn_fail("%s: dim %d of x or w is empty", op, d + 3);
    if (extra[d] >= p.stride[d] && extra[d] >= p.dilation[d]) return gn_fail("%s: out_pad is %lld, wanted less than stride or dilation", op, (long long)extra[d]);
    if (!gn_mul_ok(n - 1, p.stride[d], &size[d])) return gn_fail("%s: the result is too large", op);
    size[d] += p.dilation[d] * (k - 1) + extra[d] + 1 - p.pad[d] - p.after[d];
    if (size[d] < 1) return gn_fail("%s: pad %lld leaves nothing of dim %d", op, (long long)p.pad[d], d + 3);
  }
  gn_arg geometry;
  three(&p, &geometry);
  return finish(g, GN_OP_conv_data, a, x, geometry, gn_v(p.nd, size), p.groups, &a[8], GN_ZERO, out);
}

bool gn__fwd_conv_transpose1d(gn *g, const gn_arg *a, gn_tensor **out) { return spread(g, "conv_transpose1d", a, out); }
bool gn__fwd_conv_transpose2d(gn *g, const gn_arg *a, gn_tensor **out) { return spread(g, "conv_transpose2d", a, out); }
bool gn__fwd_conv_transpose3d(gn *g, const gn_arg *a, gn_tensor **out) { return spread(g, "conv_transpose3d", a, out); }
