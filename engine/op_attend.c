/* op_attend.c: attention over the fused kernel, rotary positions. */
#include "core.h"
#include <string.h>

/* ---- attention ---- */
/* A mask of bools (true = may be seen) as numbers to add. */
static gn_tensor *additive(gn *g, gn_tensor *mask) {
  if (mask->dtype != GN_BOOL && mask->dtype != GN_U8) return GN_DO(g, to, gn_t(mask), gn_n(GN_F32));
  gn_tensor *t = gn_hold(g, gn_cast(mask, GN_F32));
  if (!t) return NULL;
  int64_t n = gn_numel(t);
  float *x = gn_f32(t);
  for (int64_t i = 0; i < n; i++) x[i] = x[i] != 0 ? 0 : -__builtin_inff();
  return t;
}

static gn_tensor *as_f32(gn *g, gn_tensor *t) { return t->dtype == GN_F32 ? t : GN_DO(g, to, gn_t(t), gn_n(GN_F32)); }

bool gn__fwd_attention(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { Q, KEYS, V, CAUSAL, MASK, SCALE, WINDOW, SOFTCAP };
  gn_tensor *q = a[Q].t, *mask = NULL;
  char text[160];
  int64_t h = q->dim[1], kv = a[KEYS].t->dim[1];
  if (h != kv && (kv == 0 || h % kv)) return gn_fail("attention: q has %lld heads, wanted a multiple of the %lld of k", (long long)h, (long long)kv);
  if (a[MASK].kind == GN_A_TENSOR && !(mask = additive(g, a[MASK].t))) return false;
  if (mask) {
    int64_t full[4] = { q->dim[0], h, q->dim[2], a[KEYS].t->dim[2] };
    for (int i = 0; i < mask->ndim; i++)
      if (mask->ndim > 4 || (mask->dim[mask->ndim - 1 - i] != 1 && mask->dim[mask->ndim - 1 - i] != full[3 - i]))
        return gn_fail("attention: mask is %s, wanted a shape that broadcasts to [%lld,%lld,%lld,%lld]", gn_shape_text(mask, text, sizeof text), (long long)full[0], (long long)full[1], (long long)full[2], (long long)full[3]);
  }
  if (a[WINDOW].kind == GN_A_NUMBER && a[WINDOW].num < 1) return gn_fail("attention: window is %.14g, wanted 1 or more", a[WINDOW].num);
  if (a[SOFTCAP].kind == GN_A_NUMBER && !(a[SOFTCAP].num > 0)) return gn_fail("attention: softcap is %.14g, wanted more than 0", a[SOFTCAP].num);
  double scale = a[SCALE].kind == GN_A_NUMBER ? a[SCALE].num : q->dim[3] ? 1 / __builtin_sqrt((double)q->dim[3]) : 1;
  gn_tensor *y = GN_DO(g, attend, gn_t(as_f32(g, q)), gn_t(as_f32(g, a[KEYS].t)), gn_t(as_f32(g, a[V].t)), gn_opt(mask), gn_n(a[CAUSAL].num), gn_n(scale),
                       gn_n(a[WINDOW].kind == GN_A_NUMBER ? a[WINDOW].num : 0), gn_n(a[SOFTCAP].kind == GN_A_NUMBER ? a[SOFTCAP].num : 0));
  if (!y) return false;
  if (gn_is_float(q->dtype) && q->dtype != GN_F32 && !(y = GN_DO(g, to, gn_t(y), gn_n(q->dtype)))) return false;
  out[0] = gn_ref(y);
  return true;
}

/* A tensor [b,h,rows,d] with the elements of a row side by side, and its steps. */
static gn_tensor *rows_of(gn_tensor *t, int64_t *step) {
  gn_tensor *p = t->stride[3] == 1 || t->dim[3] <= 1 ? gn_ref(t) : gn_pack(t);
  if (p) memcpy(step, p->stride, 3 * sizeof *step);
  return p;
}

static void mask_steps(const gn_tensor *mask, int64_t *step) {
  for (int i = 0; i < 4; i++) {
    int at = mask->ndim - 4 + i;
    step[i] = at < 0 || mask->dim[at] == 1 ? 0 : mask->stride[at];
  }
}

/* The kernel's fields from arguments q, k, v, mask and the four numbers at `options`. held: to be released. */
static bool describe(const gn_arg *a, int options, gn_attend *p, gn_tensor **held) {
  const gn_tensor *q = a[0].t, *k = a[1].t, *v = a[2].t;
  *p = (gn_attend){ .b = q->dim[0], .h = q->dim[1], .m = q->dim[2], .d = q->dim[3], .g = k->dim[1], .n = k->dim[2], .e = v->dim[3] };
  p->causal = a[options].num != 0, p->scale = (float)a[options + 1].num, p->window = (int64_t)a[options + 2].num, p->softcap = (float)a[options + 3].num;
  if (!(held[0] = rows_of(a[0].t, p->qstep)) || !(held[1] = rows_of(a[1].t, p->kstep)) || !(held[2] = rows_of(a[2].t, p->vstep))) return false;
  p->q = gn_f32(held[0]), p->k = gn_f32(held[1]), p->v = gn_f32(held[2]);
  if (a[3].kind != GN_A_TENSOR) return true;
  mask_steps(a[3].t, p->mstep);
  p->mask = gn_f32(a[3].t);
  return true;
}

bool gn__fwd_attend(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_attend p;
  gn_tensor *held[3] = { NULL };
  bool fine = describe(a, 4, &p, held);
  if (fine) p.out = gn_f32(out[0]), p.lse = gn_f32(out[1]), fine = g->k->attend(g, &p);
  for (int i = 0; i < 3; i++) gn_unref(held[i]);
  return fine;
}

bool gn__fwd_attend_back(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_attend p;
  gn_tensor *held[4] = { NULL };
  bool fine = describe(a, 7, &p, held) && (held[3] = rows_of(a[6].t, p.dstep)) != NULL;
  if (fine) {
    p.out = gn_f32(a[4].t), p.lse = gn_f32(a[5].t), p.dout = gn_f32(held[3]);
    p.dq = gn_f32(out[0]), p.dk = gn_f32(out[1]), p.dv = gn_f32(out[2]);
    fine = g->k->attend_back(g, &p);
  }
  for (int i = 0; i < 4; i++) gn_unref(held[i]);
  return fine;
}

/* 0 where row i of m sees key j of n, else -inf. */
bool gn__fwd_sight(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t m = (int64_t)a[0].num, n = (int64_t)a[1].num, window = (int64_t)a[3].num;
  if (!(out[0] = gn_new(g, GN_F32, 2, (int64_t[]){ m, n }))) return false;
  float *x = gn_f32(out[0]);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++, x++) {
      int64_t at = i + n - m, gap = at > j ? at - j : j - at;
      *x = (a[2].num && j > at) || (window > 0 && gap >= window) ? -__builtin_inff() : 0;
    }
  return true;
}

/* ---- rotary positions (Su et al. 2021) ---- */
bool gn__fwd_rope(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { X, POSITIONS, BASE, DIMS, SCALE, INTERLEAVED };
  const gn_tensor *x = a[X].t;
  int64_t m = x->dim[x->ndim - 2], d = x->dim[x->ndim - 1], dims = a[DIMS].kind == GN_A_NUMBER ? (int64_t)a[DIMS].num : d, half = dims / 2, rows = m > 0 && d > 0 ? gn_numel(x) / (m * d) : 0;
  if (dims < 0 || dims > d || dims % 2) return gn_fail("rope: dims is %lld, wanted an even number up to %lld", (long long)dims, (long long)d);
  if (!(a[BASE].num > 0)) return gn_fail("rope: base is %.14g, wanted more than 0", a[BASE].num);
  size_t bytes = sizeof(float) * 2 * (size_t)(m * half) + sizeof(double) * (size_t)half + 64;
  double *rate = gn_alloc(g, bytes);
  if (!rate) return false;
  float *cosine = (float *)(rate + half), *sine = cosine + m * half;
  for (int64_t i = 0; i < half; i++) rate[i] = gn_pow(a[BASE].num, -2.0 * (double)i / (double)dims);
  for (int64_t p = 0; p < m; p++) {
    double at = gn_get(a[POSITIONS].t, p) * a[SCALE].num;
    for (int64_t i = 0; i < half; i++) cosine[p * half + i] = (float)gn_cos(at * rate[i]), sine[p * half + i] = (float)gn_sin(at * rate[i]);
  }
  int64_t step = a[INTERLEAVED].num ? 2 : 1, far = a[INTERLEAVED].num ? 1 : half;
  const float *from = gn_f32(x);
  float *to = gn_f32(out[0]);
  for (int64_t r = 0; r < rows * m; r++, from += d, to += d) {
    const float *c = cosine + r % m * half, *s = sine + r % m * half;
    for (int64_t i = 0; i < half; i++) {
      float u = from[i * step], v = from[i * step + far];
      to[i * step] = u * c[i] - v * s[i];
      to[i * step + far] = v * c[i] + u * s[i];
    }
    for (int64_t i = dims; i < d; i++) to[i] = from[i];
  }
  gn_free(g, rate, bytes);
  return true;
}
