/* grad_conv.c: gradients of convolutions, pools, resizing, padding and sampling, written in ops. */
#include "core.h"
#include "op_window.h"
#include <string.h>

/* Sum over all dims but the second. */
static gn_tensor *channel_sum(gn *g, gn_tensor *y) {
  int64_t dims[GN_MAX_DIMS] = { 1 };
  for (int d = 2; d < y->ndim; d++) dims[d - 1] = d + 1;
  return GN_DO(g, sum, gn_t(y), gn_v(y->ndim - 1, dims), gn_n(0));
}

bool gn__bwd_conv_nd(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *w = n->arg[1].t, *y = gout[0];
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, conv_data, gn_t(y), gn_t(w), gn_nil(), n->arg[3], gn_space(x), n->arg[5]))) return false;
  if (gn_wants(n, 1) && !(gin[1] = GN_DO(g, conv_weight, gn_t(x), gn_t(y), n->arg[3], gn_space(w), n->arg[5]))) return false;
  return !gn_wants(n, 2) || (gin[2] = channel_sum(g, y)) != NULL;
}

bool gn__bwd_conv_data(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *y = n->arg[0].t, *w = n->arg[1].t, *x = gout[0];
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, conv_nd, gn_t(x), gn_t(w), gn_nil(), n->arg[3], gn_space(y), n->arg[5]))) return false;
  if (gn_wants(n, 1) && !(gin[1] = GN_DO(g, conv_weight, gn_t(x), gn_t(y), n->arg[3], gn_space(w), n->arg[5]))) return false;
  return !gn_wants(n, 2) || (gin[2] = channel_sum(g, x)) != NULL;
}

bool gn__bwd_conv_weight(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *y = n->arg[1].t, *w = gout[0];
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, conv_data, gn_t(y), gn_t(w), gn_nil(), n->arg[2], gn_space(x), n->arg[4]))) return false;
  return !gn_wants(n, 1) || (gin[1] = GN_DO(g, conv_nd, gn_t(x), gn_t(w), gn_nil(), n->arg[2], gn_space(y), n->arg[4])) != NULL;
}

/* ---- pools ---- */
bool gn__bwd_max_pool_nd(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  if (!gout[0]) return true;
  return (gin[0] = GN_DO(g, pool_scatter, gn_t(gout[0]), gn_t(gn_out(n, 1)), gn_space(n->arg[0].t))) != NULL;
}

bool gn__bwd_pool_scatter(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, pool_gather, gn_t(gout[0]), gn_t(n->arg[1].t))) != NULL;
}

bool gn__bwd_pool_gather(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, pool_scatter, gn_t(gout[0]), gn_t(n->arg[1].t), gn_space(n->arg[0].t))) != NULL;
}

bool gn__bwd_avg_pool_nd(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, avg_spread, gn_t(gout[0]), n->arg[1], gn_space(n->arg[0].t), n->arg[3])) != NULL;
}

bool gn__bwd_avg_spread(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, avg_pool_nd, gn_t(gout[0]), n->arg[1], gn_space(n->arg[0].t), n->arg[3])) != NULL;
}

bool gn__bwd_unfold(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  int d = (int)n->arg[1].num;
  return (gin[0] = GN_DO(g, unfold_sum, gn_t(gout[0]), gn_n(d + 1), n->arg[3], gn_n((double)n->arg[0].t->dim[d]))) != NULL;
}

bool gn__bwd_unfold_sum(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *y = n->arg[0].t;
  gin[0] = GN_DO(g, unfold, gn_t(gout[0]), gn_n(n->arg[1].num + 1), gn_n((double)y->dim[y->ndim - 1]), n->arg[2]);
  return gin[0] != NULL;
}

bool gn__bwd_flip(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  int64_t dims[GN_MAX_DIMS];
  for (int i = 0; i < n->arg[1].n; i++) dims[i] = n->arg[1].ints[i] + 1;
  return (gin[0] = GN_DO(g, flip, gn_t(gout[0]), gn_v(n->arg[1].n, dims))) != NULL;
}

/* ---- resizing and padding: linear maps, their gradient is the adjoint ---- */
bool gn__bwd_resample(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, resample, gn_t(gout[0]), gn_space(n->arg[0].t), n->arg[2], n->arg[3], n->arg[4], gn_n(!n->arg[5].num))) != NULL;
}

bool gn__bwd_pad_nd(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, pad_sum, gn_t(gout[0]), n->arg[1], n->arg[2])) != NULL;
}

bool gn__bwd_pad_sum(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, pad_nd, gn_t(gout[0]), n->arg[1], n->arg[2], gn_n(0))) != NULL;
}

/* ---- sampling: y = S(grid) x. The gradient to the points in ops, for second derivatives ---- */
typedef struct axis { gn_tensor *low, *t, *slope; int64_t size; } axis;       /* pixel below, fraction above it, d place / d grid */

static axis axis_of(gn *g, gn_tensor *grid, int which, int64_t size, bool corners, bool border) {
  axis a = { .size = size };
  gn_tensor *v = GN_DO(g, select, gn_t(grid), gn_n(-1), gn_n(which));
  double scale = corners ? (double)(size - 1) / 2 : (double)size / 2;
  v = GN_DO(g, mul, gn_t(GN_DO(g, add, gn_t(v), gn_n(1))), gn_n(scale));
  if (!corners) v = GN_DO(g, sub, gn_t(v), gn_n(0.5));
  a.slope = gn_number(g, scale);
  if (border) {
    gn_tensor *in = GN_DO(g, mul, gn_t(GN_DO(g, to, gn_t(GN_DO(g, gt, gn_t(v), gn_n(0))), gn_n(GN_F32))),
                          gn_t(GN_DO(g, to, gn_t(GN_DO(g, lt, gn_t(v), gn_n((double)(size - 1)))), gn_n(GN_F32))));
    a.slope = GN_DO(g, mul, gn_t(in), gn_n(scale));
    v = GN_DO(g, clamp, gn_t(v), gn_n(0), gn_n((double)(size - 1)));
  }
  a.low = GN_DO(g, floor, gn_t(GN_DO(g, clamp, gn_t(v), gn_n(-2), gn_n((double)size + 1))));
  a.t = GN_DO(g, sub, gn_t(v), gn_t(a.low));
  return a;
}

/* x at the corner (dx, dy) of every point: [n,c,p,q], 0 outside. */
static gn_tensor *corner(gn *g, gn_tensor *x, const axis *ax, const axis *ay, int dx, int dy) {
  if (!ax->low || !ay->low) return NULL;
  int64_t flat[3] = { x->dim[0], x->dim[1], x->dim[2] * x->dim[3] }, one[3], wide[3], shape[4];
  gn_tensor *at[2], *mask = NULL;
  for (int i = 0; i < 2; i++) {
    const axis *a = i ? ay : ax;
    gn_tensor *p = GN_DO(g, add, gn_t(a->low), gn_n(i ? dy : dx));
    at[i] = GN_DO(g, clamp, gn_t(p), gn_n(0), gn_n((double)(a->size - 1)));
    gn_tensor *in = GN_DO(g, to, gn_t(GN_DO(g, eq, gn_t(p), gn_t(at[i]))), gn_n(GN_F32));
    mask = i ? GN_DO(g, mul, gn_t(mask), gn_t(in)) : in;
  }
  gn_tensor *rows = GN_DO(g, to, gn_t(at[1]), gn_n(GN_I64)), *cols = GN_DO(g, to, gn_t(at[0]), gn_n(GN_I64));
  gn_tensor *index = GN_DO(g, add, gn_t(GN_DO(g, mul, gn_t(rows), gn_t(gn_hold(g, gn_scalar(g, (double)x->dim[3], GN_I64, 2))))), gn_t(cols));
  if (!index) return NULL;
  int64_t points = index->dim[1] * index->dim[2];
  one[0] = wide[0] = x->dim[0], one[1] = 1, wide[1] = x->dim[1], one[2] = wide[2] = points;
  shape[0] = x->dim[0], shape[1] = x->dim[1], shape[2] = index->dim[1], shape[3] = index->dim[2];
  index = GN_DO(g, expand, gn_t(GN_DO(g, reshape, gn_t(index), gn_v(3, one))), gn_v(3, wide));
  gn_tensor *v = GN_DO(g, gather, gn_t(GN_DO(g, reshape, gn_t(x), gn_v(3, flat))), gn_n(3), gn_t(index));
  return GN_DO(g, mul, gn_t(GN_DO(g, reshape, gn_t(v), gn_v(4, shape))), gn_t(GN_DO(g, unsqueeze, gn_t(mask), gn_n(2))));
}

/* sum over c of y * ((b - a) (1 - t) + (d - c) t) * slope */
static gn_tensor *slope_sum(gn *g, gn_tensor *y, gn_tensor *a, gn_tensor *b, gn_tensor *c, gn_tensor *d, gn_tensor *t, gn_tensor *slope) {
  gn_tensor *u = GN_DO(g, unsqueeze, gn_t(t), gn_n(2)), *low = GN_DO(g, sub, gn_t(b), gn_t(a)), *high = GN_DO(g, sub, gn_t(d), gn_t(c));
  gn_tensor *mix = GN_DO(g, add, gn_t(low), gn_t(GN_DO(g, mul, gn_t(GN_DO(g, sub, gn_t(high), gn_t(low))), gn_t(u))));
  int64_t two[1] = { 2 };
  gn_tensor *sum = GN_DO(g, sum, gn_t(GN_DO(g, mul, gn_t(y), gn_t(mix))), gn_v(1, two), gn_n(0));
  return GN_DO(g, mul, gn_t(sum), gn_t(slope));
}

/* option: mode, corners, border */
static gn_tensor *point_gradient(gn *g, gn_tensor *x, gn_tensor *grid, gn_tensor *y, const gn_arg *option) {
  if (!gn_recording(g)) return GN_DO(g, grid_point, gn_t(x), gn_t(grid), gn_t(y), option[0], option[1], option[2]);
  axis ax = axis_of(g, grid, 1, x->dim[3], option[1].num, option[2].num), ay = axis_of(g, grid, 2, x->dim[2], option[1].num, option[2].num);
  gn_tensor *v[4];
  for (int i = 0; i < 4; i++) if (!(v[i] = corner(g, x, &ax, &ay, i & 1, i >> 1))) return NULL;
  gn_tensor *two[2] = { slope_sum(g, y, v[0], v[1], v[2], v[3], ay.t, ax.slope), slope_sum(g, y, v[0], v[2], v[1], v[3], ax.t, ay.slope) };
  return two[0] && two[1] ? GN_DO(g, stack, gn_ts(2, two), gn_n(-1)) : NULL;
}

bool gn__bwd_grid_sample(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *grid = n->arg[1].t;
  const gn_arg *o = n->arg + 2;
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, grid_data, gn_t(gout[0]), gn_t(grid), gn_space(x), o[0], o[1], o[2]))) return false;
  return !gn_wants(n, 1) || o[0].num || (gin[1] = point_gradient(g, x, grid, gout[0], o)) != NULL;
}

bool gn__bwd_grid_data(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *y = n->arg[0].t, *grid = n->arg[1].t;
  const gn_arg *o = n->arg + 3;
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, grid_sample, gn_t(gout[0]), gn_t(grid), o[0], o[1], o[2]))) return false;
  return !gn_wants(n, 1) || o[0].num || (gin[1] = point_gradient(g, gout[0], grid, y, o)) != NULL;
}
