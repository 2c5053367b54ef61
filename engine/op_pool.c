/* op_pool.c: pools, sliding windows, flips and rolls, pixel shuffles. */
#include "core.h"
#include "op_window.h"
#include <string.h>

#define MOST ((int64_t)1 << 31)

/* ---- hidden: window = {size, stride, pad} x 3, out = sizes ---- */
gn_window gn_window_of(int64_t planes, int nd, const int64_t *in, const int64_t *out, const gn_arg *window, bool count_pad) {
  gn_window s = { .planes = planes, .count_pad = count_pad };
  for (int d = 0; d < 3; d++) {
    int at = d - (3 - nd);
    s.size[d] = window->ints[d], s.stride[d] = window->ints[3 + d], s.pad[d] = window->ints[6 + d];
    s.in[d] = at < 0 ? 1 : in[at], s.out[d] = at < 0 ? 1 : out[at];
  }
  return s;
}

static gn_window window_of(const gn_tensor *in, const gn_tensor *out, const gn_arg *window, bool count_pad) {
  return gn_window_of(in->dim[0] * in->dim[1], in->ndim - 2, in->dim + 2, out->dim + 2, window, count_pad);
}

static gn_tensor *like(gn *g, const gn_tensor *x, const gn_arg *space, gn_dtype type) {
  int64_t dim[GN_MAX_DIMS] = { x->dim[0], x->dim[1] };
  memcpy(dim + 2, space->ints, (size_t)space->n * sizeof *dim);
  return gn_new(g, type, space->n + 2, dim);
}

static int64_t plane(const gn_tensor *t) {
  int64_t n = 1;
  for (int d = 2; d < t->ndim; d++) n *= t->dim[d];
  return n;
}

bool gn__fwd_max_pool_nd(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (!(out[0] = like(g, x, &a[2], GN_F32)) || !(out[1] = like(g, x, &a[2], GN_I32))) return false;
  gn_window s = window_of(x, out[0], &a[1], false);
  g->k->max_pool(g, &s, gn_f32(x), gn_f32(out[0]), (int32_t *)out[1]->data);
  return true;
}

bool gn__fwd_max_pool_values(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (!(out[0] = like(g, x, &a[2], GN_F32))) return false;
  gn_window s = window_of(x, out[0], &a[1], false);
  g->k->max_pool(g, &s, gn_f32(x), gn_f32(out[0]), NULL);
  return true;
}

bool gn__fwd_pool_scatter(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t;
  if (!(out[0] = like(g, y, &a[2], GN_F32))) return false;
  g->k->pool_scatter(g, y->dim[0] * y->dim[1], plane(out[0]), plane(y), gn_f32(y), (const int32_t *)a[1].t->data, gn_f32(out[0]));
  return true;
}

bool gn__fwd_pool_gather(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *position = a[1].t;
  if (!(out[0] = gn_new(g, GN_F32, position->ndim, position->dim))) return false;
  g->k->pool_gather(g, x->dim[0] * x->dim[1], plane(x), plane(position), gn_f32(x), (const int32_t *)position->data, gn_f32(out[0]));
  return true;
}

bool gn__fwd_avg_pool_nd(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (!(out[0] = like(g, x, &a[2], GN_F32))) return false;
  gn_window s = window_of(x, out[0], &a[1], a[3].num);
  g->k->avg_pool(g, &s, gn_f32(x), gn_f32(out[0]));
  return true;
}

bool gn__fwd_avg_spread(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t;
  if (!(out[0] = like(g, y, &a[2], GN_F32))) return false;
  gn_window s = window_of(out[0], y, &a[1], a[3].num);
  g->k->avg_spread(g, &s, gn_f32(y), gn_f32(out[0]));
  return true;
}

/* ---- public: x size ; stride pad ceil count_pad ---- */
static bool pool(gn *g, const char *op, gn_op to, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int nd = x->ndim - 2;
  int64_t size[3], stride[3], pad[3], v[9] = { 1, 1, 1, 1, 1, 1, 0, 0, 0 }, space[3];
  if (!gn_each(op, "size", &a[1], nd, 1, MOST, size) || !gn_each(op, "stride", a[2].kind == GN_A_NIL ? &a[1] : &a[2], nd, 1, MOST, stride)
      || !gn_each(op, "pad", &a[3], nd, 0, MOST, pad)) return false;
  if (plane(x) >= MOST) return gn_fail("%s: a plane of x has %lld elements, wanted less than 2^31", op, (long long)plane(x));
  for (int d = 0; d < nd; d++) {
    int64_t room = x->dim[2 + d] + 2 * pad[d] - size[d], n;
    char found[160];
    if (pad[d] > size[d] / 2) return gn_fail("%s: pad is %lld, wanted at most half of the window's %lld", op, (long long)pad[d], (long long)size[d]);
    if (room < 0 || !x->dim[2 + d]) return gn_fail("%s: x is %s, wanted at least one window of %lld in dim %d", op, gn_shape_text(x, found, sizeof found), (long long)size[d], d + 3);
    n = (a[4].num ? room + stride[d] - 1 : room) / stride[d] + 1;
    if (a[4].num && (n - 1) * stride[d] >= x->dim[2 + d] + pad[d]) n--;           /* the last window must start inside */
    space[d] = n;
    v[3 - nd + d] = size[d], v[6 - nd + d] = stride[d], v[9 - nd + d] = pad[d];
  }
  gn_arg args[4] = { gn_t(x), gn_v(9, v), gn_v(nd, space), gn_n(to == GN_OP_avg_pool_nd && a[5].num) };
  if (to == GN_OP_max_pool_nd && !(gn_recording(g) && x->wants_grad)) to = GN_OP_max_pool_values;
  out[0] = gn_do(g, to, to == GN_OP_avg_pool_nd ? 4 : 3, args);
  return out[0] && gn_ref(out[0]);
}

bool gn__fwd_max_pool1d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "max_pool1d", GN_OP_max_pool_nd, a, out); }
bool gn__fwd_max_pool2d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "max_pool2d", GN_OP_max_pool_nd, a, out); }
bool gn__fwd_max_pool3d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "max_pool3d", GN_OP_max_pool_nd, a, out); }
bool gn__fwd_avg_pool1d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "avg_pool1d", GN_OP_avg_pool_nd, a, out); }
bool gn__fwd_avg_pool2d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "avg_pool2d", GN_OP_avg_pool_nd, a, out); }
bool gn__fwd_avg_pool3d(gn *g, const gn_arg *a, gn_tensor **out) { return pool(g, "avg_pool3d", GN_OP_avg_pool_nd, a, out); }

/* ---- pixel shuffles (Shi et al. 2016) ---- */
static bool shuffle_ok(const char *op, const gn_tensor *x, double r, bool into) {
  char found[160];
  if (!(r >= 1 && r <= 65536)) return gn_fail("%s: r is %.14g, wanted 1 or more", op, r);
  int64_t n = (int64_t)r;
  if (x->ndim < 3 || x->ndim > GN_MAX_DIMS - 2) return gn_fail("%s: x is %s, wanted [..,c,h,w]", op, gn_shape_text(x, found, sizeof found));
  const int64_t *d = x->dim + x->ndim - 3;
  if (into ? d[0] % (n * n) == 0 : d[1] % n == 0 && d[2] % n == 0) return true;
  return gn_fail("%s: x is %s, wanted %s divisible by %lld", op, gn_shape_text(x, found, sizeof found), into ? "channels" : "height and width", (long long)(into ? n * n : n));
}

/* Splits three dims into six, permutes, merges; order counts from the first of the six. */
static bool shuffle(gn *g, gn_tensor *x, const int64_t six[6], int n, const int order[5], const int64_t three[3], gn_tensor **out) {
  int lead = x->ndim - 3;
  int64_t split[GN_MAX_DIMS], turn[GN_MAX_DIMS], merged[GN_MAX_DIMS];
  for (int d = 0; d < lead; d++) split[d] = merged[d] = x->dim[d], turn[d] = d + 1;
  for (int d = 0; d < n; d++) split[lead + d] = six[d], turn[lead + d] = lead + 1 + order[d];
  memcpy(merged + lead, three, 3 * sizeof *three);
  gn_tensor *t = GN_DO(g, reshape, gn_t(x), gn_v(lead + n, split));
  t = GN_DO(g, permute, gn_t(t), gn_v(lead + n, turn));
  out[0] = GN_DO(g, reshape, gn_t(t), gn_v(lead + 3, merged));
  return out[0] && gn_ref(out[0]);
}

bool gn__fwd_pixel_shuffle(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (!shuffle_ok("pixel_shuffle", x, a[1].num, true)) return false;
  int64_t r = (int64_t)a[1].num, *d = x->dim + x->ndim - 3, split[6] = { d[0] / (r * r), r, r, d[1], d[2] }, to[3] = { d[0] / (r * r), d[1] * r, d[2] * r };
  return shuffle(g, x, split, 5, (int[]){ 0, 3, 1, 4, 2 }, to, out);
}

bool gn__fwd_pixel_unshuffle(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  if (!shuffle_ok("pixel_unshuffle", x, a[1].num, false)) return false;
  int64_t r = (int64_t)a[1].num, *d = x->dim + x->ndim - 3, split[6] = { d[0], d[1] / r, r, d[2] / r, r }, to[3] = { d[0] * r * r, d[1] / r, d[2] / r };
  return shuffle(g, x, split, 5, (int[]){ 0, 2, 4, 1, 3 }, to, out);
}

/* ---- windows of a dim as a view; flip; roll ---- */
bool gn__fwd_unfold(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int d = (int)a[1].num;
  int64_t dim[GN_MAX_DIMS], stride[GN_MAX_DIMS];
  char found[160];
  if (x->ndim == GN_MAX_DIMS) return gn_fail("unfold: x is %s, wanted at most %d dims", gn_shape_text(x, found, sizeof found), GN_MAX_DIMS - 1);
  if (!(a[2].num >= 1) || a[2].num > (double)x->dim[d]) return gn_fail("unfold: size is %.14g, wanted 1..%lld", a[2].num, (long long)x->dim[d]);
  if (!(a[3].num >= 1)) return gn_fail("unfold: step is %.14g, wanted 1 or more", a[3].num);
  int64_t size = (int64_t)a[2].num, step = (int64_t)a[3].num;
  if (step > x->dim[d]) step = x->dim[d];
  memcpy(dim, x->dim, sizeof dim), memcpy(stride, x->stride, sizeof stride);
  dim[d] = (x->dim[d] - size) / step + 1, stride[d] = x->stride[d] * step;
  dim[x->ndim] = size, stride[x->ndim] = x->stride[d];
  return (out[0] = gn_alias(x, x->ndim + 1, dim, stride, 0)) != NULL;
}

/* y[outer, windows, inner, size] added where its elements lie in x[outer, n, inner]. */
bool gn__fwd_unfold_sum(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *y = a[0].t;
  int d = (int)a[1].num, last = y->ndim - 1;
  int64_t n = (int64_t)a[3].num, size = y->dim[last], count = y->dim[d], dim[GN_MAX_DIMS], outer = 1, inner = 1, step = (int64_t)a[2].num;
  if (step > n) step = n;
  memcpy(dim, y->dim, sizeof dim);
  dim[d] = n;
  if (!(out[0] = gn_zeros(g, GN_F32, last, dim))) return false;
  for (int i = 0; i < d; i++) outer *= dim[i];
  for (int i = d + 1; i < last; i++) inner *= dim[i];
  const float *from = gn_f32(y);
  for (int64_t o = 0; o < outer; o++)
    for (int64_t w = 0; w < count; w++)
      for (int64_t i = 0; i < inner; i++)
        for (int64_t s = 0; s < size; s++) gn_f32(out[0])[(o * n + w * step + s) * inner + i] += *from++;
  return true;
}

bool gn__fwd_flip(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t stride[GN_MAX_DIMS], at[GN_MAX_DIMS] = { 0 }, total = gn_numel(x), from = 0;
  size_t size = gn_size(x->dtype);
  if (!(out[0] = gn_new(g, x->dtype, x->ndim, x->dim))) return false;
  memcpy(stride, x->stride, sizeof stride);
  for (int i = 0; i < a[1].n; i++) {
    int d = (int)a[1].ints[i];
    stride[d] = -x->stride[d];
    from += x->stride[d] * (x->dim[d] - 1);
  }
  for (int64_t i = 0; i < total; i++) {
    memcpy(out[0]->data + (size_t)i * size, x->data + from * (int64_t)size, size);
    for (int d = x->ndim - 1; d >= 0; d--) {
      from += stride[d];
      if (++at[d] < x->dim[d]) break;
      from -= stride[d] * x->dim[d], at[d] = 0;
    }
  }
  return true;
}

bool gn__fwd_roll(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t flat[1] = { -1 };
  bool all = a[2].kind == GN_A_NIL;
  int n = all ? 1 : a[2].n;
  if (a[1].n != n) return gn_fail("roll: shift is a list of %d, wanted one for each of %d dims", a[1].n, n);
  gn_tensor *t = all ? GN_DO(g, reshape, gn_t(x), gn_v(1, flat)) : x;
  for (int i = 0; t && i < n; i++) {
    int d = all ? 0 : (int)a[2].ints[i];
    int64_t len = t->dim[d], shift = len ? a[1].ints[i] % len : 0;
    if (shift < 0) shift += len;
    if (!shift) continue;
    gn_tensor *two[2] = { GN_DO(g, slice, gn_t(t), gn_n(d + 1), gn_n((double)(len - shift + 1)), gn_n((double)len)),
                          GN_DO(g, slice, gn_t(t), gn_n(d + 1), gn_n(1), gn_n((double)(len - shift))) };
    t = two[0] && two[1] ? GN_DO(g, cat, gn_ts(2, two), gn_n(d + 1)) : NULL;
  }
  if (t && all) t = GN_DO(g, reshape, gn_t(t), gn_v(x->ndim, x->dim));
  if (t == x) t = GN_DO(g, clone, gn_t(t));
  return (out[0] = t) && gn_ref(t);
}
