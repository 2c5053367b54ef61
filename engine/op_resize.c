/* op_resize.c: resizing pictures, padding, sampling at points. Resizing is a table of taps for the rows and one for the columns; the gradient is the
 * same op over the transposed tables. */
#include "core.h"
#include <string.h>

enum { NEAREST, BILINEAR, BICUBIC, AREA };

typedef struct filter {                     /* how one dim is resized */
  int64_t in, out;
  int mode;
  bool corners, antialias;
} filter;

static double cubic(double x, double a) {
  x = x < 0 ? -x : x;
  return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double scale_of(const filter *f) {
  if (f->corners && f->mode != NEAREST && f->mode != AREA) return f->out > 1 ? (double)(f->in - 1) / (double)(f->out - 1) : 0;
  return (double)f->in / (double)f->out;
}

static int64_t clamp(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* The inputs of output i and their weights; returns how many (index and weight have room). */
static int64_t narrow_taps(const filter *f, int64_t i, int64_t *index, float *weight) {
  double scale = scale_of(f);
  if (f->mode == NEAREST) {
    float ratio = (float)f->in / (float)f->out;                                /* single precision as PyTorch: it decides ties */
    index[0] = clamp((int64_t)((float)i * ratio), f->in), weight[0] = 1;
    return 1;
  }
  double at = f->corners ? scale * (double)i : scale * ((double)i + 0.5) - 0.5;
  if (f->mode == BILINEAR) {
    if (at < 0) at = 0;
    int64_t low = clamp((int64_t)at, f->in);
    double t = at - (double)low;
    index[0] = low, index[1] = clamp(low + 1, f->in);
    weight[0] = (float)(1 - t), weight[1] = (float)t;
    return 2;
  }
  double low = gn_floor(at), t = at - low;
  for (int k = 0; k < 4; k++) index[k] = clamp((int64_t)low + k - 1, f->in), weight[k] = (float)cubic(t + 1 - k, -0.75);
  return 4;
}

static int64_t broad_taps(const filter *f, int64_t i, int64_t *index, float *weight) {
  if (f->mode == AREA) {
    int64_t from = (int64_t)((__int128)i * f->in / f->out), to = (int64_t)(((__int128)(i + 1) * f->in + f->out - 1) / f->out);
    for (int64_t k = from; k < to; k++) index[k - from] = k, weight[k - from] = 1 / (float)(to - from);
    return to - from;
  }
  double scale = scale_of(f), wide = scale > 1 ? scale : 1, reach = (f->mode == BILINEAR ? 1 : 2) * wide, center = scale * ((double)i + 0.5), sum = 0;
  double first = center - reach + 0.5, last = center + reach + 0.5;
  int64_t from = first > 0 ? (int64_t)first : 0, to = last < (double)f->in ? (int64_t)last : f->in;
  for (int pass = 0; pass < 2; pass++)
    for (int64_t k = from; k < to; k++) {
      double x = ((double)k - center + 0.5) / wide;
      double w = f->mode == BILINEAR ? (x < 0 ? -x : x) < 1 ? 1 - (x < 0 ? -x : x) : 0 : cubic(x, -0.5);
      if (pass) index[k - from] = k, weight[k - from] = (float)(w / sum);
      else sum += w;
    }
  return to - from;
}

static int64_t most_taps(const filter *f) {
  if (f->mode == AREA) return f->in / f->out + 2;
  if (!f->antialias) return 4;
  int64_t n = (int64_t)(2 * (f->mode == BILINEAR ? 1 : 2) * (scale_of(f) > 1 ? scale_of(f) : 1)) + 3;
  return n < f->in ? n : f->in;
}

static size_t table_bytes(int64_t out, int64_t taps) { return (size_t)(out + 1 + taps) * sizeof(int64_t) + (size_t)taps * sizeof(float); }

static bool table_new(gn *g, gn_taps *t, int64_t in, int64_t out, int64_t taps) {
  int64_t *p = gn_alloc(g, table_bytes(out, taps));
  if (!p) return false;
  *t = (gn_taps){ in, out, p, p + out + 1, (float *)(p + out + 1 + taps) };
  return true;
}

static void transpose(const gn_taps *t, gn_taps *to) {
  for (int64_t i = 0; i <= to->out; i++) to->from[i] = 0;
  for (int64_t k = 0; k < t->from[t->out]; k++) to->from[t->index[k] + 1]++;
  for (int64_t i = 0; i < to->out; i++) to->from[i + 1] += to->from[i];
  for (int64_t i = 0; i < t->out; i++)
    for (int64_t k = t->from[i]; k < t->from[i + 1]; k++) {
      int64_t at = to->from[t->index[k]]++;
      to->index[at] = i, to->weight[at] = t->weight[k];
    }
  for (int64_t i = to->out; i > 0; i--) to->from[i] = to->from[i - 1];
  to->from[0] = 0;
}

/* The table of one dim (its transpose with adjoint); *bytes for gn_free(g, t->from, *bytes). */
static bool make_taps(gn *g, const filter *f, bool adjoint, gn_taps *t, size_t *bytes) {
  int64_t most = most_taps(f), room;
  gn_taps forward;
  if (!gn_mul_ok(f->out, most, &room) || room > (int64_t)1 << 40) return gn_fail("resize: sizes %lld and %lld are too far apart", (long long)f->in, (long long)f->out);
  if (!table_new(g, &forward, f->in, f->out, room)) return false;
  int64_t n = 0;
  for (int64_t i = 0; i < f->out; i++) {
    forward.from[i] = n;
    n += f->antialias || f->mode == AREA ? broad_taps(f, i, forward.index + n, forward.weight + n) : narrow_taps(f, i, forward.index + n, forward.weight + n);
  }
  forward.from[f->out] = n;
  if (!adjoint) {
    *t = forward, *bytes = table_bytes(f->out, room);
    return true;
  }
  bool ok = table_new(g, t, f->out, f->in, n);
  *bytes = table_bytes(f->in, n);
  if (ok) transpose(&forward, t);
  gn_free(g, forward.from, table_bytes(f->out, room));
  return ok;
}

/* x size mode corners antialias adjoint; with adjoint x has the result's size and `size` is the original. */
bool gn__fwd_resample(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  bool adjoint = a[5].num, fine = true;
  int64_t dim[4] = { x->dim[0], x->dim[1], a[1].ints[0], a[1].ints[1] };
  if (!(out[0] = gn_new(g, GN_F32, 4, dim))) return false;
  if (!gn_numel(out[0])) return true;
  gn_taps taps[2] = { { 0 } };
  size_t bytes[2] = { 0 };
  for (int d = 0; d < 2 && fine; d++) {
    filter f = { adjoint ? dim[2 + d] : x->dim[2 + d], adjoint ? x->dim[2 + d] : dim[2 + d], (int)a[2].num, a[3].num, a[4].num };
    fine = make_taps(g, &f, adjoint, &taps[d], &bytes[d]);
  }
  fine = fine && g->k->resample(g, dim[0] * dim[1], &taps[0], &taps[1], gn_f32(x), gn_f32(out[0]));
  for (int d = 0; d < 2; d++) gn_free(g, taps[d].from, bytes[d]);
  return fine;
}

static bool resize(gn *g, const char *op, const gn_arg *a, int mode, bool corners, bool antialias, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  char found[160];
  int64_t size[2] = { a[1].ints[0], a[1].ints[a[1].n == 1 ? 0 : 1] };
  if (a[1].n != 1 && a[1].n != 2) return gn_fail("%s: size is a list of %d, wanted {h, w}", op, a[1].n);
  if (size[0] < 1 || size[1] < 1 || size[0] >= (int64_t)1 << 31 || size[1] >= (int64_t)1 << 31) return gn_fail("%s: size is %lld x %lld, wanted 1 or more each", op, (long long)size[0], (long long)size[1]);
  if (!x->dim[2] || !x->dim[3]) return gn_fail("%s: x is %s, wanted pictures with pixels", op, gn_shape_text(x, found, sizeof found));
  if (antialias && mode != BILINEAR && mode != BICUBIC) return gn_fail("%s: antialias goes with mode bilinear or bicubic", op);
  if (corners && mode != BILINEAR && mode != BICUBIC) return gn_fail("%s: align_corners goes with mode bilinear or bicubic", op);
  out[0] = GN_DO(g, resample, gn_t(x), gn_v(2, size), gn_n(mode), gn_n(corners), gn_n(antialias), gn_n(0));
  return out[0] && gn_ref(out[0]);
}

bool gn__fwd_resize(gn *g, const gn_arg *a, gn_tensor **out) { return resize(g, "resize", a, (int)a[2].num, a[3].num, a[4].num, out); }
bool gn__fwd_adaptive_avg_pool2d(gn *g, const gn_arg *a, gn_tensor **out) { return resize(g, "adaptive_avg_pool2d", a, AREA, false, false, out); }

/* ---- padding ---- */
void gn_edge_row(float *to, const float *row, int64_t at, int64_t step, int64_t len, int64_t n, int mode) {
  for (int64_t i = 0; i < len; i++, at += step) {
    int64_t from = gn_edge_at(at, n, mode);
    to[i] = from < 0 ? 0 : row[from];
  }
}

/* Pairs count from the last dim. `in` and `out` are the two shapes; index holds the sum of out's sizes. */
static void padding_of(const int64_t *in, const int64_t *out, int ndim, const gn_arg *pads, int mode, int64_t *index, gn_padding *s) {
  s->ndim = ndim;
  for (int d = 0; d < ndim; d++) {
    int pair = ndim - 1 - d;
    int64_t before = 2 * pair < pads->n ? pads->ints[2 * pair] : 0;
    s->in[d] = in[d], s->out[d] = out[d], s->index[d] = index;
    int64_t low = before < 0 ? 0 : before < out[d] ? before : out[d], high = before + in[d] < out[d] ? before + in[d] : out[d], i = 0;
    for (; i < low; i++) index[i] = gn_edge_at(i - before, in[d], mode);
    for (; i < high; i++) index[i] = i - before;
    for (; i < out[d]; i++) index[i] = gn_edge_at(i - before, in[d], mode);
    index += out[d];
  }
}

static int64_t sum_of(const int64_t *dim, int n) {
  int64_t sum = 1;
  for (int d = 0; d < n; d++) sum += dim[d];
  return sum;
}

static bool pad_run(gn *g, const gn_arg *a, gn_tensor *big, gn_tensor *small, bool adjoint, double value) {
  size_t bytes = (size_t)sum_of(big->dim, big->ndim) * sizeof(int64_t);
  int64_t *index = gn_alloc(g, bytes);
  if (!index) return false;
  gn_padding s;
  padding_of(small->dim, big->dim, big->ndim, &a[1], (int)a[2].num, index, &s);
  for (int d = s.ndim - 1; d > 0 && s.in[d] == 1 && s.out[d] == 1 && s.index[d][0] == 0; d--) s.ndim--;        /* the kernels copy runs of the last dim */
  if (adjoint) g->k->pad_sum(g, &s, gn_f32(big), gn_f32(small));
  else g->k->pad_copy(g, &s, gn_f32(small), (float)value, gn_f32(big));
  gn_free(g, index, bytes);
  return true;
}

static bool resized(const gn_tensor *x, const gn_arg *pads, int sign, int64_t *dim) {
  memcpy(dim, x->dim, sizeof x->dim);
  for (int i = 0; i < pads->n; i++) dim[x->ndim - 1 - i / 2] += sign * pads->ints[i];
  return true;
}

bool gn__fwd_pad_nd(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t dim[GN_MAX_DIMS];
  resized(a[0].t, &a[1], 1, dim);
  return (out[0] = gn_new(g, GN_F32, a[0].t->ndim, dim)) && pad_run(g, a, out[0], a[0].t, false, a[3].num);
}

bool gn__fwd_pad_sum(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t dim[GN_MAX_DIMS];
  resized(a[0].t, &a[1], -1, dim);
  return (out[0] = gn_new(g, GN_F32, a[0].t->ndim, dim)) && pad_run(g, a, a[0].t, out[0], true, 0);
}

bool gn_pads_ok(const gn_tensor *x, const gn_arg *pads, int mode) {
  char found[160];
  if (pads->n % 2 || pads->n > 2 * x->ndim) return gn_fail("pad: pads is a list of %d, wanted pairs from the last dim for x %s", pads->n, gn_shape_text(x, found, sizeof found));
  for (int i = 0; i < pads->n; i += 2) {
    int64_t n = x->dim[x->ndim - 1 - i / 2], p = pads->ints[i], q = pads->ints[i + 1], most = mode == GN_REFLECT ? n - 1 : mode == GN_CIRCULAR ? n : (int64_t)1 << 40;
    if (mode != GN_ZERO && !n && (p || q)) return gn_fail("pad: x is %s, wanted elements to pad from", gn_shape_text(x, found, sizeof found));
    if (p > most || q > most || (mode != GN_ZERO && (p < 0 || q < 0)) || p < -n || q < -n || n + p + q < 0)
      return gn_fail("pad: %lld and %lld do not go with dim %d of x %s in this mode", (long long)p, (long long)q, x->ndim - i / 2, gn_shape_text(x, found, sizeof found));
  }
  return true;
}

/* Integers and bools: padded dim by dim with exact positions. */
static gn_tensor *pad_other(gn *g, gn_tensor *x, const gn_arg *pads, int mode, double value) {
  for (int i = 0; x && i < pads->n; i += 2) {
    int d = x->ndim - 1 - i / 2;
    int64_t n = x->dim[d], p = pads->ints[i], q = pads->ints[i + 1], dim[GN_MAX_DIMS];
    memcpy(dim, x->dim, sizeof dim);
    if (mode == GN_ZERO) {
      gn_tensor *part[3] = { NULL, GN_DO(g, slice, gn_t(x), gn_n(d + 1), gn_n((double)(p < 0 ? 1 - p : 1)), gn_n((double)(q < 0 ? n + q : n))), NULL };
      for (int k = 0; k < 3; k += 2) {
        dim[d] = (k ? q : p) > 0 ? (k ? q : p) : 0;
        part[k] = gn_hold(g, gn_zeros(g, x->dtype, x->ndim, dim));
        if (part[k] && value != 0) part[k] = GN_DO(g, fill_, gn_t(part[k]), gn_n(value));
      }
      x = part[0] && part[1] && part[2] ? GN_DO(g, cat, gn_ts(3, part), gn_n(d + 1)) : NULL;
      continue;
    }
    int64_t size[1] = { n + p + q };
    gn_tensor *index = gn_hold(g, gn_new(g, GN_I64, 1, size));
    for (int64_t k = 0; index && k < size[0]; k++) ((int64_t *)index->data)[k] = gn_edge_at(k - p, n, mode);
    x = GN_DO(g, index_select, gn_t(x), gn_n(d + 1), gn_t(index));
  }
  return x;
}

bool gn__fwd_pad(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int mode = (int)a[2].num;
  if (!gn_pads_ok(x, &a[1], mode)) return false;
  if (!a[1].n || !x->ndim) return (out[0] = gn_ref(x));
  out[0] = gn_is_float(x->dtype) ? GN_DO(g, pad_nd, gn_t(x), a[1], gn_n(mode), gn_n(a[3].num)) : pad_other(g, x, &a[1], mode, a[3].num);
  return out[0] && gn_ref(out[0]);
}

/* ---- sampling: x grid ; mode corners border ---- */
static gn_grid grid_of(const int64_t *xdim, const gn_tensor *grid, const gn_arg *a) {
  return (gn_grid){ xdim[0], xdim[1], { xdim[2], xdim[3] }, { grid->dim[1], grid->dim[2] }, a[0].num, a[1].num, a[2].num };
}

bool gn__fwd_grid_sample(gn *g, const gn_arg *a, gn_tensor **out) {
  char found[160];
  if (!a[0].t->dim[2] || !a[0].t->dim[3]) return gn_fail("grid_sample: x is %s, wanted pictures with pixels", gn_shape_text(a[0].t, found, sizeof found));
  gn_grid s = grid_of(a[0].t->dim, a[1].t, a + 2);
  g->k->grid_sample(g, &s, gn_f32(a[0].t), gn_f32(a[1].t), gn_f32(out[0]));
  return true;
}

bool gn__fwd_grid_data(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t dim[4] = { a[0].t->dim[0], a[0].t->dim[1], a[2].ints[0], a[2].ints[1] };
  if (!(out[0] = gn_new(g, GN_F32, 4, dim))) return false;
  gn_grid s = grid_of(dim, a[1].t, a + 3);
  g->k->grid_data(g, &s, gn_f32(a[0].t), gn_f32(a[1].t), gn_f32(out[0]));
  return true;
}

bool gn__fwd_grid_point(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_grid s = grid_of(a[0].t->dim, a[1].t, a + 3);
  g->k->grid_point(g, &s, gn_f32(a[0].t), gn_f32(a[1].t), gn_f32(a[2].t), gn_f32(out[0]));
  return true;
}
