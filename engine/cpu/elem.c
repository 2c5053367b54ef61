/* elem.c: f32 functions of one value. */
#include "kernels.h"
#include "vecmath.h"

typedef void unary_row(const float *x, float *y, int64_t n, const float *p);
#define LESS(a, b) ((a) < (b))

V_INLINE vf v_sqrt(vf x) {
  for (int i = 0; i < GN_VW; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
}

V_INLINE vf v_neg(vf x, const float *p) { return (vf)((vi)x ^ (vi)v_set(-0.0f)); }
V_INLINE vf v_absolute(vf x, const float *p) { return v_abs(x); }
V_INLINE vf v_sign(vf x, const float *p) {
  vf one = v_set(1.0f);
  return v_sel(x > 0.0f, one, v_sel(x < 0.0f, -one, v_set(0.0f)));
}
V_INLINE vf v_relu(vf x, const float *p) { return v_sel(x <= 0.0f, v_set(0.0f), x); }
V_INLINE vf v_clamp(vf x, const float *p) {
  vf low = v_set(p[0]), high = v_set(p[1]);
  x = v_sel(x < low, low, x);
  return v_sel(x > high, high, x);
}
V_INLINE vf v_softplus(vf x) { return v_sel(x > 20.0f, x, v_log1p(v_exp(x))); }
V_INLINE vf v_silu(vf x) { return x / (1.0f + v_exp(-x)); }
/* tanh(log(1 + e)) = e (e + 2) / (e (e + 2) + 2) */
V_INLINE vf v_mish(vf x) {
  vf e = v_exp(v_sel(x > 20.0f, v_set(20.0f), x)), t = e * (e + 2.0f);
  return v_sel(x > 20.0f, x, x * (t / (t + 2.0f)));
}
V_INLINE vf v_elu(vf x, const float *p) { return v_sel(x > 0.0f, x, v_expm1(v_sel(x > 0.0f, v_set(0.0f), x)) * p[0]); }
/* x/2 (1 + tanh(u)) = x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3) */
V_INLINE vf v_gelu_tanh(vf x) { return x / (1.0f + v_exp((x * x * 0.07135481283f + 1.59576912161f) * -x)); }
/* The product is 0 where exp overflowed: -inf gives NaN in PyTorch, 0 here in the limit. */
V_INLINE vf v_gelu_erf(vf x) { return x * 0.5f * (v_erf(x * 0.70710678119f) + 1.0f); }

#define ROW(name, expression) \
  static void row_##name(const float *x, float *y, int64_t n, const float *p) { \
    int64_t i = 0; \
    for (; i + GN_VW <= n; i += GN_VW) { vf v = v_load(x + i); v_store(y + i, expression); } \
    if (i < n) { \
      float rest[GN_VW] = { 0 }; \
      for (int64_t j = i; j < n; j++) rest[j - i] = x[j]; \
      vf v = v_load(rest); \
      v_store(rest, expression); \
      for (int64_t j = i; j < n; j++) y[j] = rest[j - i]; \
    } }
ROW(neg, v_neg(v, p))
ROW(abs, v_absolute(v, p))
ROW(sign, v_sign(v, p))
ROW(relu, v_relu(v, p))
ROW(square, v * v)
ROW(clamp, v_clamp(v, p))
ROW(exp, v_exp(v))
ROW(expm1, v_expm1(v))
ROW(log, v_log(v))
ROW(log1p, v_log1p(v))
ROW(log2, v_log2(v))
ROW(reciprocal, 1.0f / v)
ROW(sin, v_sin(v))
ROW(cos, v_cos(v))
ROW(tan, v_tan(v))
ROW(tanh, v_tanh(v))
ROW(sigmoid, v_sigmoid(v))
ROW(softplus, v_softplus(v))
ROW(erf, v_erf(v))
ROW(silu, v_silu(v))
ROW(mish, v_mish(v))
ROW(softsign, v / (1.0f + v_abs(v)))
ROW(leaky_relu, v_sel(v > 0.0f, v, v * p[0]))
ROW(elu, v_elu(v, p))
ROW(gelu_tanh, v_gelu_tanh(v))
ROW(gelu_erf, v_gelu_erf(v))

/* Functions that have an instruction: the compiler vectorises the plain loop. */
#if defined(__clang__)
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif
#define ROW_PLAIN(name, expression) \
  static void row_##name(const float *x, float *y, int64_t n, const float *p) { INDEPENDENT for (int64_t i = 0; i < n; i++) y[i] = expression; }
ROW_PLAIN(floor, __builtin_floorf(x[i]))
ROW_PLAIN(ceil, __builtin_ceilf(x[i]))
ROW_PLAIN(round, __builtin_rintf(x[i]))
ROW_PLAIN(sqrt, __builtin_sqrtf(x[i]))
ROW_PLAIN(rsqrt, 1.0f / __builtin_sqrtf(x[i]))

/* ---- integers: wrap, as PyTorch ---- */
#define INTEGER(type, wide) \
  static void unary_##type(gn_unary op, const type *x, type *y, int64_t n, double p0, double p1) { \
    const double low = p0, high = p1; \
    for (int64_t i = 0; i < n; i++) { \
      type v = x[i]; \
      switch (op) { \
        case GN_U_neg: v = (type)(0 - (wide)v); break; \
        case GN_U_abs: v = (v < 1 && v != 0) ? (type)(0 - (wide)v) : v; break; \
        case GN_U_sign: v = (type)((v > 0) - (v < 1 && v != 0)); break; \
        case GN_U_relu: v = v > 0 ? v : 0; break; \
        case GN_U_square: v = (type)((wide)v * (wide)v); break; \
        case GN_U_clamp: v = (double)v < low ? (type)low : v, v = (double)v > high ? (type)high : v; break; \
        default: break; \
      } \
      y[i] = v; \
    } }
INTEGER(uint8_t, uint32_t)
INTEGER(int32_t, uint32_t)
INTEGER(int64_t, uint64_t)

void K(unary)(gn_unary op, gn_dtype type, const void *x, void *y, int64_t n, double p0, double p1) {
  static unary_row *const table[GN_UNARIES] = {
#define U(name) [GN_U_##name] = row_##name,
    GN_UNARY_ANY(U) GN_UNARY_FLOAT(U)
#undef U
  };
  const float p[2] = { (float)p0, (float)p1 };
  switch (type) {
    case GN_F32: table[op](x, y, n, p); break;
    case GN_I32: unary_int32_t(op, x, y, n, p0, p1); break;
    case GN_I64: unary_int64_t(op, x, y, n, p0, p1); break;
    default: unary_uint8_t(op, x, y, n, p0, p1);
  }
}

void K(finite)(bool nan, const float *restrict x, uint8_t *restrict y, int64_t n) {
  if (nan) for (int64_t i = 0; i < n; i++) y[i] = x[i] != x[i];
  else for (int64_t i = 0; i < n; i++) y[i] = __builtin_fabsf(x[i]) < __builtin_inff();
}
