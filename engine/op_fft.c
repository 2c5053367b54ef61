/* op_fft.c: Fourier transforms. The public ops bring x to the wanted length and scale; the hidden ones transform, and are one another's gradients. */
#include "core.h"
#include <string.h>

/* ---- the hidden ops ---- */
static bool rows_of(gn *g, const gn_tensor *x, int dims, int64_t n, int kind, double scale, gn_tensor *out) {
  int64_t rows = 1;
  for (int i = 0; i < x->ndim - dims; i++) rows *= x->dim[i];
  if (n > (1 << 26)) return gn_fail("fft: length is %lld, wanted at most 2^26", (long long)n);
  if (n == 0) { memset(out->data, 0, out->store->bytes); return true; }
  return g->k->fft_rows(g, gn_f32(out), gn_f32(x), rows, n, kind, (float)scale);
}
bool gn__fwd_fft_complex(gn *g, const gn_arg *a, gn_tensor **out) {
  return rows_of(g, a[0].t, 2, a[0].t->dim[a[0].t->ndim - 2], a[1].num != 0 ? GN_FFT_BACKWARD : GN_FFT_FORWARD, a[2].num, out[0]);
}
bool gn__fwd_fft_real(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t;
  int64_t dims[GN_MAX_DIMS], n = x->dim[x->ndim - 1];
  if (x->ndim == GN_MAX_DIMS) return gn_fail("rfft: x has %d dims, wanted at most %d", x->ndim, GN_MAX_DIMS - 1);
  memcpy(dims, x->dim, sizeof dims);
  dims[x->ndim - 1] = n / 2 + 1, dims[x->ndim] = 2;
  return (out[0] = gn_new(g, GN_F32, x->ndim + 1, dims)) && rows_of(g, x, 1, n, GN_FFT_REAL, a[1].num, out[0]);
}
bool gn__fwd_fft_hermitian(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t;
  int64_t dims[GN_MAX_DIMS], n = (int64_t)a[1].num;
  memcpy(dims, x->dim, sizeof dims);
  dims[x->ndim - 2] = n;
  return (out[0] = gn_new(g, GN_F32, x->ndim - 1, dims)) && rows_of(g, x, 2, n, GN_FFT_REAL_BACK, a[2].num, out[0]);
}
bool gn__fwd_frames(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t;
  int64_t dims[GN_MAX_DIMS], n = x->dim[x->ndim - 1], size = (int64_t)a[1].num, hop = (int64_t)a[2].num, count = (n - size) / hop + 1, rows = 1;
  for (int i = 0; i < x->ndim - 1; i++) rows *= x->dim[i];
  memcpy(dims, x->dim, sizeof dims);
  dims[x->ndim - 1] = count, dims[x->ndim] = size;
  if (!(out[0] = gn_new(g, GN_F32, x->ndim + 1, dims))) return false;
  g->k->take_frames(g, gn_f32(out[0]), gn_f32(x), rows, n, count, size, hop);
  return true;
}
bool gn__fwd_overlap_add(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[0].t;
  int64_t dims[GN_MAX_DIMS], hop = (int64_t)a[1].num, n = (int64_t)a[2].num, rows = 1;
  for (int i = 0; i < x->ndim - 2; i++) rows *= x->dim[i];
  memcpy(dims, x->dim, sizeof dims);
  dims[x->ndim - 2] = n;
  if (!(out[0] = gn_new(g, GN_F32, x->ndim - 1, dims))) return false;
  g->k->add_frames(g, gn_f32(out[0]), gn_f32(x), rows, n, x->dim[x->ndim - 2], x->dim[x->ndim - 1], hop);
  return true;
}

/* ---- the public ones ---- */
/* x cut or filled with zeros to n along a dim */
static gn_tensor *resized(gn *g, gn_tensor *x, int dim, int64_t n) {
  if (!x || x->dim[dim] == n) return x;
  if (x->dim[dim] > n) return GN_DO(g, slice, gn_t(x), gn_n(dim + 1), gn_n(1), gn_n((double)n));
  int64_t dims[GN_MAX_DIMS];
  memcpy(dims, x->dim, sizeof dims);
  dims[dim] = n - dims[dim];
  gn_tensor *both[2] = { x, GN_DO(g, zeros, gn_v(x->ndim, dims), gn_n(x->dtype)) };
  return both[1] ? GN_DO(g, cat, gn_ts(2, both), gn_n(dim + 1)) : NULL;
}
static bool length(const char *op, const gn_arg *a, int64_t other, int64_t *n) {
  *n = a->kind == GN_A_NIL ? other : (int64_t)a->num;
  return a->kind == GN_A_NIL || (a->num >= 1 && a->num <= (1 << 26)) || gn_fail("%s: n is %.14g, wanted 1..2^26", op, a->num);
}
static bool both_ways(gn *g, const char *op, const gn_arg *a, bool inverse, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t n;
  if (!length(op, &a[1], x->dim[x->ndim - 2], &n)) return false;
  x = resized(g, x, x->ndim - 2, n);
  return (out[0] = gn_ref(GN_DO(g, fft_complex, gn_t(x), gn_n(inverse), gn_n(inverse && n ? 1.0 / (double)n : 1)))) != NULL;
}
bool gn__fwd_fft(gn *g, const gn_arg *a, gn_tensor **out) { return both_ways(g, "fft", a, false, out); }
bool gn__fwd_ifft(gn *g, const gn_arg *a, gn_tensor **out) { return both_ways(g, "ifft", a, true, out); }
bool gn__fwd_rfft(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t n;
  if (!length("rfft", &a[1], x->dim[x->ndim - 1], &n)) return false;
  return (out[0] = gn_ref(GN_DO(g, fft_real, gn_t(resized(g, x, x->ndim - 1, n))))) != NULL;
}
bool gn__fwd_irfft(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t;
  int64_t n, m = x->dim[x->ndim - 2];
  if (!length("irfft", &a[1], m > 0 ? 2 * (m - 1) : 0, &n)) return false;
  return (out[0] = gn_ref(GN_DO(g, fft_hermitian, gn_t(resized(g, x, x->ndim - 2, n / 2 + 1)), gn_n((double)n), gn_n(n ? 1.0 / (double)n : 1)))) != NULL;
}

/* ---- short-time transforms ---- */
static bool sizes(const char *op, const gn_arg *n_fft, const gn_arg *hop) {
  if (!(n_fft->num >= 1 && n_fft->num <= (1 << 26))) return gn_fail("%s: n_fft is %.14g, wanted 1..2^26", op, n_fft->num);
  return (hop->num >= 1 && hop->num <= (1 << 26)) || gn_fail("%s: hop is %.14g, wanted 1 or more", op, hop->num);
}
/* The window at n_fft points: a shorter one stands in the middle of zeros. NULL with no error = none. */
static bool window(gn *g, const char *op, const gn_arg *a, int64_t n, gn_tensor **w) {
  char text[160];
  *w = NULL;
  if (a->kind == GN_A_NIL) return true;
  if (a->t->ndim != 1 || a->t->dim[0] > n || a->t->dim[0] < 1) return gn_fail("%s: window is %s, wanted at most n_fft = %lld numbers", op, gn_shape_text(a->t, text, sizeof text), (long long)n);
  int64_t have = a->t->dim[0], left = (n - have) / 2;
  *w = a->t;
  if (have == n) return true;
  gn_tensor *parts[3] = { GN_DO(g, zeros, gn_v(1, &left), gn_n(a->t->dtype)), a->t, NULL };
  if (parts[0] && (*w = GN_DO(g, cat, gn_ts(2, parts), gn_n(1)))) *w = resized(g, *w, 0, n);
  return *w != NULL;
}
/* x with `pad` mirrored elements at both ends of the last dim (the end itself is not repeated) */
static gn_tensor *mirrored(gn *g, gn_tensor *x, int64_t pad) {
  int64_t n = x->dim[x->ndim - 1], all = n + 2 * pad;
  gn_tensor *index = gn_hold(g, gn_new(g, GN_I64, 1, &all));
  if (!index) return NULL;
  for (int64_t i = 0; i < all; i++) {
    int64_t at = i - pad;
    ((int64_t *)(void *)index->data)[i] = at < 0 ? -at : at < n ? at : 2 * (n - 1) - at;
  }
  return GN_DO(g, index_select, gn_t(x), gn_n(x->ndim), gn_t(index));
}
bool gn__fwd_stft(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *w;
  char text[160];
  if (!sizes("stft", &a[1], &a[2])) return false;
  int64_t size = (int64_t)a[1].num, n = x->dim[x->ndim - 1], pad = size / 2;
  bool center = a[4].num != 0;
  if (x->ndim > GN_MAX_DIMS - 2) return gn_fail("stft: x has %d dims, wanted at most %d", x->ndim, GN_MAX_DIMS - 2);
  if (center ? n <= pad : n < size)
    return gn_fail("stft: x is %s, wanted %s %lld elements along its last dim", gn_shape_text(x, text, sizeof text), center ? "more than n_fft / 2 =" : "at least n_fft =", (long long)(center ? pad : size));
  if (!window(g, "stft", &a[3], size, &w)) return false;
  if (center) x = mirrored(g, x, pad);
  x = GN_DO(g, frames, gn_t(x), a[1], a[2]);
  if (w) x = GN_DO(g, mul, gn_t(x), gn_t(w));
  return (out[0] = gn_ref(GN_DO(g, transpose, gn_t(GN_DO(g, rfft, gn_t(x))), gn_n(-3), gn_n(-2)))) != NULL;
}

/* The sum of squared windows at each of n samples; must not vanish in from..to-1. */
static gn_tensor *envelope(gn *g, gn_tensor *w, int64_t size, int64_t frames, const gn_arg *hop, int64_t n, int64_t from, int64_t to) {
  int64_t dims[2] = { frames, size };
  gn_tensor *square = w ? GN_DO(g, mul, gn_t(w), gn_t(w)) : GN_DO(g, ones, gn_v(1, &size));
  gn_tensor *sum = GN_DO(g, overlap_add, gn_t(GN_DO(g, expand, gn_t(square), gn_v(2, dims))), *hop, gn_n((double)n));
  for (int64_t i = from; sum && i < to && i < n; i++)
    if (!(gn_get(sum, i) > 1e-11)) return gn_fail("istft: the windows add up to 0 at sample %lld: use a smaller hop or another window", (long long)(i - from)), NULL;
  return sum;
}
bool gn__fwd_istft(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *w;
  if (!sizes("istft", &a[1], &a[2])) return false;
  int64_t size = (int64_t)a[1].num, hop = (int64_t)a[2].num, frames = x->dim[x->ndim - 2], bins = x->dim[x->ndim - 3];
  char text[160];
  if (bins != size / 2 + 1) return gn_fail("istft: x is %s, wanted n_fft / 2 + 1 = %lld frequencies", gn_shape_text(x, text, sizeof text), (long long)(size / 2 + 1));
  if (frames < 1) return gn_fail("istft: x is %s, wanted at least one frame", gn_shape_text(x, text, sizeof text));
  if (frames > (1ll << 46) / hop) return gn_fail_as(GN_NOMEM, "istft: out of memory: %lld frames of hop %lld", (long long)frames, (long long)hop);
  int64_t n = size + hop * (frames - 1), from = a[4].num != 0 ? size / 2 : 0, to = a[4].num != 0 ? n - size / 2 : n;
  if (a[5].kind != GN_A_NIL) {
    if (!(a[5].num >= 0 && a[5].num <= 0x1p46)) return gn_fail("istft: length is %.14g, wanted 0 or more samples", a[5].num);
    to = from + (int64_t)a[5].num;
  }
  if (!window(g, "istft", &a[3], size, &w)) return false;
  x = GN_DO(g, irfft, gn_t(GN_DO(g, transpose, gn_t(x), gn_n(-3), gn_n(-2))), gn_n((double)size));
  if (w) x = GN_DO(g, mul, gn_t(x), gn_t(w));
  x = GN_DO(g, overlap_add, gn_t(x), a[2], gn_n((double)n));
  gn_tensor *sum = x ? envelope(g, w, size, frames, &a[2], n, from, to) : NULL;
  int64_t end = to < n ? to : n;
  if (!sum) return false;
  x = GN_DO(g, slice, gn_t(x), gn_n(-1), gn_n((double)from + 1), gn_n((double)(end > from ? end : from)));
  sum = GN_DO(g, slice, gn_t(sum), gn_n(-1), gn_n((double)from + 1), gn_n((double)(end > from ? end : from)));
  x = GN_DO(g, div, gn_t(x), gn_t(sum));
  return (out[0] = gn_ref(resized(g, x, x ? x->ndim - 1 : 0, to > from ? to - from : 0))) != NULL;
}
