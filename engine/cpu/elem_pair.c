/* elem_pair.c: functions of two values, f32. */
#include "kernels.h"
#include "vecmath.h"

#define LN2 0.69314718056f
typedef void pair_row(const float *a, int64_t sa, const float *b, int64_t sb, void *y, int64_t n, const float *p);

/* d gelu: cdf + x pdf */
V_INLINE vf v_gelu_erf_grad(vf g, vf x) {
  vf cdf = v_erf(x * 0.70710678119f) * 0.5f + 0.5f, pdf = v_exp(x * x * -0.5f) * 0.39894228040f;
  return g * (cdf + v_sel(pdf == 0.0f, pdf, x * pdf));
}
/* x s(2u): s + x s (1 - s) 2u' */
V_INLINE vf v_gelu_tanh_grad(vf g, vf x) {
  vf z = x * x, s = v_sigmoid((z * 0.07135481283f + 1.59576912161f) * x), w = s * (1.0f - s);
  vf u = z * 0.21406443849f + 1.59576912161f;
  return g * (s + v_sel(w == 0.0f, w, x * w * u));
}
V_INLINE vf v_silu_grad(vf g, vf x) {
  vf s = v_sigmoid(x);
  return g * (s * (x * (1.0f - s) + 1.0f));
}
/* y = x t, t = w/(w+2), w = e(e+2): t + x 4 e (e+1) / (w+2)^2 */
V_INLINE vf v_mish_grad(vf g, vf x) {
  vf e = v_exp(v_sel(x > 20.0f, v_set(20.0f), x)), w = e * (e + 2.0f), d = 1.0f / (w + 2.0f);
  vf t = w * d + x * (4.0f * e * (e + 1.0f) * d * d);
  return g * v_sel(x > 20.0f, v_set(1.0f), t);
}
V_INLINE vf v_elu_grad(vf g, vf x, const float *p) { return v_sel(x > 0.0f, g, g * (v_exp(x) * p[0])); }
V_INLINE vf v_softsign_grad(vf g, vf x) {
  vf d = 1.0f + v_abs(x);
  return g / (d * d);
}
V_INLINE vf v_clamp_grad(vf g, vf x, const float *p) { return v_sel((x < v_set(p[0])) | (x > v_set(p[1])), v_set(0.0f), g); }
V_INLINE vf v_larger_share(vf a, vf b) { return v_sel(a > b, v_set(1.0f), v_sel(a == b, v_set(0.5f), v_set(0.0f))); }

/* Rows where both inputs run along, or one is a single number, need no copies; the rest (and the last lanes) go through buffers. */
#define ROW(name, expression) \
  static void row_##name(const float *a, int64_t sa, const float *b, int64_t sb, void *out, int64_t n, const float *p) { \
    float *y = out; \
    int64_t i = 0; \
    if (sa == 1 && sb == 1) { for (; i + GN_VW <= n; i += GN_VW) { vf v = v_load(a + i), w = v_load(b + i); v_store(y + i, expression); } } \
    else if (sa == 1 && sb == 0) { vf w = v_set(*b); for (; i + GN_VW <= n; i += GN_VW) { vf v = v_load(a + i); v_store(y + i, expression); } } \
    else if (sa == 0 && sb == 1) { vf v = v_set(*a); for (; i + GN_VW <= n; i += GN_VW) { vf w = v_load(b + i); v_store(y + i, expression); } } \
    while (i < n) { \
      float ta[GN_VW] = { 0 }, tb[GN_VW] = { 0 }; \
      int m = n - i < GN_VW ? (int)(n - i) : GN_VW; \
      for (int j = 0; j < m; j++) ta[j] = a[(i + j) * sa], tb[j] = b[(i + j) * sb]; \
      vf v = v_load(ta), w = v_load(tb); \
      v_store(ta, expression); \
      for (int j = 0; j < m; j++) y[i + j] = ta[j]; \
      i += m; \
    } }
ROW(add, v + w)
ROW(sub, v - w)
ROW(mul, v * w)
ROW(div, v / w)
ROW(maximum, v_max(v, w))
ROW(minimum, v_min(v, w))
ROW(larger_share, v_larger_share(v, w))
ROW(tanh_grad, v * (1.0f - w * w))
ROW(sigmoid_grad, v * (w * (1.0f - w)))
ROW(relu_grad, v_sel(w > 0.0f, v, v_set(0.0f)))
ROW(leaky_relu_grad, v_sel(w > 0.0f, v, v * p[0]))
ROW(elu_grad, v_elu_grad(v, w, p))
ROW(clamp_grad, v_clamp_grad(v, w, p))
ROW(softplus_grad, v_sel(w > 20.0f, v, v * v_sigmoid(w)))
ROW(silu_grad, v_silu_grad(v, w))
ROW(mish_grad, v_mish_grad(v, w))
ROW(softsign_grad, v_softsign_grad(v, w))
ROW(gelu_tanh_grad, v_gelu_tanh_grad(v, w))
ROW(gelu_erf_grad, v_gelu_erf_grad(v, w))
ROW(erf_grad, v * (v_exp(w * -w) * 1.12837916710f))

/* Functions written for one value with doubles inside: blocks of 64, which the compiler vectorises. */
V_INLINE float remainder1(float a, float b) {
  double q = (double)a / (double)b, whole = (double)(int64_t)q, r = (double)a - whole * (double)b;
  if (!(__builtin_fabs(q) < 268435456.0)) r = gn_fmod(a, b);
  return (float)(r != 0.0 && (r < 0.0) != (b < 0.0f) ? r + (double)b : r);
}
#define ROW_SCALAR(name, function) \
  static void row_##name(const float *a, int64_t sa, const float *b, int64_t sb, void *out, int64_t n, const float *p) { \
    float *y = out, ta[64], tb[64]; \
    for (int64_t i = 0; i < n; i += 64) { \
      int m = n - i < 64 ? (int)(n - i) : 64; \
      for (int j = 0; j < m; j++) ta[j] = a[(i + j) * sa], tb[j] = b[(i + j) * sb]; \
      for (int j = m; j < 64; j++) ta[j] = tb[j] = 1.0f; \
      if (m > 8) for (int j = 0; j < 64; j++) ta[j] = function(ta[j], tb[j]); \
      else for (int j = 0; j < m; j++) ta[j] = function(ta[j], tb[j]); \
      memcpy(y + i, ta, (size_t)m * sizeof *ta); \
    } }
ROW_SCALAR(atan2, v_atan2_1)
ROW_SCALAR(remainder, remainder1)
ROW_SCALAR(power, v_pow1)
ROW(cube, v * w * v)

static void row_pow(const float *a, int64_t sa, const float *b, int64_t sb, void *out, int64_t n, const float *p) {
  float *y = out;
  if (sb == 0 && *b == 2.0f) row_mul(a, sa, a, sa, out, n, p);
  else if (sb == 0 && *b == 3.0f) row_cube(a, sa, a, sa, out, n, p);
  else if (sb == 0 && *b == 0.5f) for (int64_t i = 0; i < n; i++) y[i] = __builtin_sqrtf(a[i * sa]);
  else row_power(a, sa, b, sb, out, n, p);
}

#define ROW_COMPARE(name, expression) \
  static void row_##name(const float *restrict a, int64_t sa, const float *restrict b, int64_t sb, void *out, int64_t n, const float *p) { \
    uint8_t *restrict y = out; \
    if (sa == 1 && sb == 1) for (int64_t i = 0; i < n; i++) { float v = a[i], w = b[i]; y[i] = expression; } \
    else if (sa == 1 && sb == 0) { float w = *b; for (int64_t i = 0; i < n; i++) { float v = a[i]; y[i] = expression; } } \
    else for (int64_t i = 0; i < n; i++) { float v = a[i * sa], w = b[i * sb]; y[i] = expression; } }
ROW_COMPARE(lt, v < w)
ROW_COMPARE(le, v <= w)
ROW_COMPARE(gt, v > w)
ROW_COMPARE(ge, v >= w)
ROW_COMPARE(eq, v == w)
ROW_COMPARE(ne, v != w)
ROW_COMPARE(logical_and, (v != 0) & (w != 0))
ROW_COMPARE(logical_or, (v != 0) | (w != 0))

/* ---- integers: wrap, as PyTorch ---- */
#define INTEGER(name, type, wide, expression) \
  static void name(const type *a, int64_t sa, const type *b, int64_t sb, type *y, int64_t n) { \
    if (sa == 1 && sb == 1) for (int64_t i = 0; i < n; i++) { type v = a[i], w = b[i]; y[i] = (type)(expression); } \
    else for (int64_t i = 0; i < n; i++) { type v = a[i * sa], w = b[i * sb]; y[i] = (type)(expression); } }
#define COMPARE(name, type, expression) \
  static void name(const type *a, int64_t sa, const type *b, int64_t sb, uint8_t *y, int64_t n) { \
    for (int64_t i = 0; i < n; i++) { type v = a[i * sa], w = b[i * sb]; y[i] = expression; } }
static uint64_t power_of(uint64_t x, int64_t n) {                      /* wraps; a negative exponent: 1 and -1 stay, else 0 */
  uint64_t y = 1;
  if (n < 0) return x == 1 ? 1 : x == (uint64_t)-1 ? (n & 1 ? x : 1) : 0;
  for (; n; n >>= 1, x *= x) if (n & 1) y *= x;
  return y;
}
static int64_t modulo(int64_t a, int64_t b) {                          /* the divisor's sign; by 0: 0 */
  if (b == 0 || b == -1) return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
#define ALL(type, wide) \
  INTEGER(add_##type, type, wide, (wide)v + (wide)w) INTEGER(sub_##type, type, wide, (wide)v - (wide)w) INTEGER(mul_##type, type, wide, (wide)v * (wide)w) \
  INTEGER(maximum_##type, type, wide, v > w ? v : w) INTEGER(minimum_##type, type, wide, v < w ? v : w) \
  INTEGER(pow_##type, type, wide, power_of((uint64_t)(int64_t)v, (int64_t)w)) INTEGER(remainder_##type, type, wide, modulo((int64_t)v, (int64_t)w)) \
  COMPARE(lt_##type, type, v < w) COMPARE(le_##type, type, v <= w) COMPARE(gt_##type, type, v > w) COMPARE(ge_##type, type, v >= w) \
  COMPARE(eq_##type, type, v == w) COMPARE(ne_##type, type, v != w) \
  COMPARE(logical_and_##type, type, (v != 0) & (w != 0)) COMPARE(logical_or_##type, type, (v != 0) | (w != 0)) \
  static void pair_##type(gn_binary op, const type *a, int64_t sa, const type *b, int64_t sb, void *y, int64_t n) { \
    switch (op) { GN_BINARY_ANY(CASE_##type) GN_BINARY_COMPARE(CASE_##type) default: break; } }
#define CASE_uint8_t(name) case GN_B_##name: name##_uint8_t(a, sa, b, sb, y, n); break;
#define CASE_int32_t(name) case GN_B_##name: name##_int32_t(a, sa, b, sb, y, n); break;
#define CASE_int64_t(name) case GN_B_##name: name##_int64_t(a, sa, b, sb, y, n); break;
ALL(uint8_t, uint32_t)
ALL(int32_t, uint32_t)
ALL(int64_t, uint64_t)

/* bool: + is or, * is and, - is xor */
static void pair_bool(gn_binary op, const uint8_t *a, int64_t sa, const uint8_t *b, int64_t sb, void *out, int64_t n) {
  op = op == GN_B_add ? GN_B_logical_or : op == GN_B_mul ? GN_B_logical_and : op == GN_B_sub ? GN_B_ne : op == GN_B_pow ? GN_B_ge : op;
  pair_uint8_t(op, a, sa, b, sb, out, n);
}

void K(binary)(gn_binary op, gn_dtype type, const gn_run *r) {
  static pair_row *const table[GN_BINARIES] = {
#define B(name) [GN_B_##name] = row_##name,
    GN_BINARY_ANY(B) GN_BINARY_COMPARE(B) GN_BINARY_FLOAT(B)
#undef B
  };
  int64_t item = (int64_t)gn_size(type), out_item = op >= GN_B_lt && op <= GN_B_logical_or ? 1 : item;
  for (int64_t i = 0; i < r->n0; i++) {
    const void *a = (const char *)r->in[0] + i * r->s0[0] * item, *b = (const char *)r->in[1] + i * r->s0[1] * item;
    void *y = (char *)r->out + i * r->out0 * out_item;
    switch (type) {
      case GN_F32: table[op](a, r->s1[0], b, r->s1[1], y, r->n1, r->p); break;
      case GN_I32: pair_int32_t(op, a, r->s1[0], b, r->s1[1], y, r->n1); break;
      case GN_I64: pair_int64_t(op, a, r->s1[0], b, r->s1[1], y, r->n1); break;
      case GN_U8: pair_uint8_t(op, a, r->s1[0], b, r->s1[1], y, r->n1); break;
      default: pair_bool(op, a, r->s1[0], b, r->s1[1], y, r->n1);
    }
  }
}
