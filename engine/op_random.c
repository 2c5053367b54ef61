/* op_random.c: random tensors. A fill takes whole groups of draws from its stream, as many as its number of elements says, once it cannot fail any more. */
#include "core.h"
#include <string.h>

/* The first of `count` blocks of four draws; the stream moves past them. */
static uint64_t take(gn_rng *r, uint64_t count) {
  uint64_t block = (r->next + 3) / 4;
  r->next = 4 * (block + count);
  return block;
}
static gn_tensor *made(gn *g, const char *op, gn_dtype type, const gn_arg *size) {
  if (size->n > GN_MAX_DIMS) return gn_fail("%s: %d sizes, wanted at most %d", op, size->n, GN_MAX_DIMS), NULL;
  for (int i = 0; i < size->n; i++)
    if (size->ints[i] < 0) return gn_fail("%s: size %d is %lld, wanted 0 or more", op, i + 1, (long long)size->ints[i]), NULL;
  return gn_new(g, type, size->n, size->ints);
}
static void uniform(gn_tensor *t, gn_rng *r) {
  int64_t n = gn_numel(t);
  t->g->k->fill_uniform(t->g, gn_f32(t), n, r->key, take(r, GN_FILL_BLOCKS(n, 64)));
}
static void normal(gn_tensor *t, gn_rng *r) {
  int64_t n = gn_numel(t);
  t->g->k->fill_normal(t->g, gn_f32(t), n, r->key, take(r, GN_FILL_BLOCKS(n, 64)));
}
/* 64 random bits for each of n elements */
static void bits(gn *g, uint64_t *out, int64_t n, gn_rng *r) { g->k->fill_bits(g, out, n, r->key, take(r, GN_FILL_BLOCKS(n, 32))); }
/* bits -> 0..range-1: the high half of the 128-bit product */
static inline uint64_t below(uint64_t b, uint64_t range) {
  uint64_t bl = b & 0xffffffffu, bh = b >> 32, rl = range & 0xffffffffu, rh = range >> 32, mid = (bl * rl >> 32) + (bh * rl & 0xffffffffu) + bl * rh;
  return bh * rh + (bh * rl >> 32) + (mid >> 32);
}

bool gn__fwd_rand(gn *g, const gn_arg *a, gn_tensor **out) {
  if ((out[0] = made(g, "rand", GN_F32, &a[0]))) uniform(out[0], a[1].rng);
  return out[0] != NULL;
}
bool gn__fwd_randn(gn *g, const gn_arg *a, gn_tensor **out) {
  if ((out[0] = made(g, "randn", GN_F32, &a[0]))) normal(out[0], a[1].rng);
  return out[0] != NULL;
}
/* In x's type where it is a float type. Half types take uniform numbers with as many bits as they hold, so that none rounds to 1. */
static bool like(gn *g, const gn_tensor *x, gn_rng *r, bool gaussian, gn_tensor **out) {
  gn_dtype type = gn_is_float(x->dtype) ? x->dtype : GN_F32;
  gn_rng next = *r;
  gn_tensor *t = gn_new(g, GN_F32, x->ndim, x->dim);
  if (!t) return false;
  if (gaussian) normal(t, &next);
  else uniform(t, &next);
  float steps = type == GN_F16 ? 2048 : 256;
  if (!gaussian && type != GN_F32)
    for (int64_t i = 0, n = gn_numel(t); i < n; i++) gn_f32(t)[i] = (float)(int)(gn_f32(t)[i] * steps) / steps;
  if ((out[0] = gn_cast(t, type))) *r = next;
  gn_unref(t);
  return out[0] != NULL;
}
bool gn__fwd_rand_like(gn *g, const gn_arg *a, gn_tensor **out) { return like(g, a[0].t, a[1].rng, false, out); }
bool gn__fwd_randn_like(gn *g, const gn_arg *a, gn_tensor **out) { return like(g, a[0].t, a[1].rng, true, out); }

bool gn__fwd_randint(gn *g, const gn_arg *a, gn_tensor **out) {
  if (!(a[1].num > a[0].num)) return gn_fail("randint: high is %.14g, wanted more than low %.14g (high itself is never drawn)", a[1].num, a[0].num);
  gn_dtype type = a[4].kind == GN_A_NIL ? GN_I64 : (gn_dtype)a[4].num;
  int64_t low = (int64_t)a[0].num;
  uint64_t range = (uint64_t)((int64_t)a[1].num - low);
  gn_rng next = *a[3].rng;
  gn_tensor *t = made(g, "randint", GN_I64, &a[2]);
  if (!t) return false;
  uint64_t *v = (uint64_t *)(void *)t->data;
  int64_t n = gn_numel(t);
  bits(g, v, n, &next);
  for (int64_t i = 0; i < n; i++) v[i] = (uint64_t)low + below(v[i], range);
  if ((out[0] = gn_cast(t, type))) *a[3].rng = next;
  gn_unref(t);
  return out[0] != NULL;
}

bool gn__fwd_bernoulli(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *p = a[0].t, *wide = NULL;
  gn_arg own = gn_v(p->ndim, p->dim);
  for (int64_t i = 0, n = gn_numel(p); i < n; i++)
    if (!(gn_f32(p)[i] >= 0 && gn_f32(p)[i] <= 1)) return gn_fail("bernoulli: p holds %.7g at position %lld, wanted probabilities 0..1", (double)gn_f32(p)[i], (long long)i);
  gn_tensor *t = made(g, "bernoulli", GN_F32, a[1].kind == GN_A_NIL ? &own : &a[1]);
  if (!t) return false;
  if (a[1].kind != GN_A_NIL) {
    if (!(wide = gn_new(g, GN_F32, t->ndim, t->dim)) || !gn_copy_into(wide, p)) return gn_unref(wide), gn_unref(t), false;
    p = wide;
  }
  uniform(t, a[2].rng);
  for (int64_t i = 0, n = gn_numel(t); i < n; i++) gn_f32(t)[i] = gn_f32(t)[i] < gn_f32(p)[i] ? 1.0f : 0.0f;
  gn_unref(wide);
  out[0] = t;
  return true;
}

/* Running sums of a row of weights; false where one is negative, not finite, or none is above 0. */
static bool running(const float *w, int64_t n, double *sum) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) {
    if (!(w[i] >= 0) || w[i] - w[i] != 0) return gn_fail("multinomial: weights hold %.7g at position %lld of a row, wanted 0 or more and finite", (double)w[i], (long long)i);
    sum[i] = s += w[i];
  }
  return s > 0 || gn_fail("multinomial: weights have a row without any above 0");
}
static int32_t drawn(const double *sum, int64_t n, double u) {
  double target = u * sum[n - 1];
  int64_t low = 0, high = n - 1;
  while (low < high) {
    int64_t mid = (low + high) / 2;
    if (sum[mid] > target) high = mid;
    else low = mid + 1;
  }
  while (low > 0 && sum[low] == sum[low - 1]) low--;             /* rounding at the very end: never a weight of 0 */
  return (int32_t)low;
}
bool gn__fwd_multinomial(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *w = a[0].t;
  int64_t n = w->dim[w->ndim - 1], count = (int64_t)a[1].num, dims[GN_MAX_DIMS], rows = 1;
  if (count < 0) return gn_fail("multinomial: count is %lld, wanted 0 or more", (long long)count);
  for (int i = 0; i < w->ndim - 1; i++) rows *= w->dim[i];
  memcpy(dims, w->dim, sizeof dims);
  dims[w->ndim - 1] = count;
  gn_tensor *t = gn_new(g, GN_I32, w->ndim, dims), *draws = gn_new(g, GN_I64, w->ndim, dims), *sums = gn_new(g, GN_I64, 1, &n);
  bool fine = t && draws && sums;
  if (fine) {
    gn_rng next = *a[2].rng;
    uint64_t *b = (uint64_t *)(void *)draws->data;
    double *sum = (double *)(void *)sums->data;
    bits(g, b, rows * count, &next);
    for (int64_t r = 0; r < rows && count && fine; r++) {
      fine = running(gn_f32(w) + r * n, n, sum);
      for (int64_t i = r * count; i < (r + 1) * count && fine; i++) ((int32_t *)(void *)t->data)[i] = drawn(sum, n, (double)(b[i] >> 11) * 0x1p-53);
    }
    if (fine) *a[2].rng = next;
  }
  gn_unref(draws), gn_unref(sums);
  if (fine) out[0] = t;
  else gn_unref(t);
  return fine;
}

/* Fisher and Yates's shuffle of 0..n-1 */
bool gn__fwd_randperm(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t n = (int64_t)a[0].num;
  if (n < 0) return gn_fail("randperm: n is %lld, wanted 0 or more", (long long)n);
  gn_tensor *t = gn_new(g, GN_I64, 1, &n), *draws = gn_new(g, GN_I64, 1, &n);
  if (!t || !draws) return gn_unref(t), gn_unref(draws), false;
  int64_t *v = (int64_t *)(void *)t->data;
  const uint64_t *b = (const uint64_t *)(void *)draws->data;
  bits(g, (uint64_t *)(void *)draws->data, n, a[1].rng);
  for (int64_t i = 0; i < n; i++) v[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = (int64_t)below(b[i], (uint64_t)i + 1), x = v[i];
    v[i] = v[j], v[j] = x;
  }
  gn_unref(draws);
  out[0] = t;
  return true;
}
