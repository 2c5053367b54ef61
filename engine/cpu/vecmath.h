/* vecmath.h: f32 mathematics on vectors, without libm.
 *
 * `vf` holds GN_VW floats, as many as this ISA level's registers (gcc is twice as slow with wider ones). Every lane is computed by the same sequence of
 * IEEE operations at every width, so that results have the same bits everywhere. Code that reduces over lanes must use `v16` below: 16 lanes at every level.
 * Errors are below 2 ulp (tan 2.5); NaN, infinities, zeros and subnormals come out as C's functions give them. Compile without contraction. */
#ifndef GN_VECMATH_H
#define GN_VECMATH_H
#include "../gn.h"
#include <string.h>

#if defined(__AVX512F__)
#define GN_VW 16
#elif defined(__AVX__)
#define GN_VW 8
#else
#define GN_VW 4
#endif
#define V_INLINE static inline __attribute__((always_inline, unused))
typedef float vf __attribute__((vector_size(4 * GN_VW)));
typedef int32_t vi __attribute__((vector_size(4 * GN_VW)));
typedef uint32_t vu __attribute__((vector_size(4 * GN_VW)));
typedef double vd __attribute__((vector_size(4 * GN_VW)));           /* half as many lanes */
typedef float vh __attribute__((vector_size(2 * GN_VW)));

V_INLINE vf v_load(const float *p) { vf v; memcpy(&v, p, sizeof v); return v; }
V_INLINE void v_store(float *p, vf v) { memcpy(p, &v, sizeof v); }
V_INLINE vf v_set(float x) { return x - (vf){0}; }
V_INLINE vf v_sel(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }      /* mask ? a : b, lane by lane */
V_INLINE vf v_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }
V_INLINE vf v_copysign(vf x, vf s) { return (vf)(((vi)x & 0x7fffffff) | ((vi)s & (vi)v_set(-0.0f))); }
V_INLINE vf v_max(vf a, vf b) { return v_sel((a > b) | (a != a), a, b); }                      /* a NaN in either comes through */
V_INLINE vf v_min(vf a, vf b) { return v_sel((a < b) | (a != a), a, b); }
V_INLINE vf v_pow2(vi n) { return (vf)((n + 127) << 23); }                                     /* 2^n, -126 <= n <= 127 */

/* exp(x) = 2^k exp(r): r and k, with |r| <= ln(2)/2; x is clamped to where the result is 0 or inf anyway. */
V_INLINE vf v_exp_reduce(vf x, vi *k) {
  x = v_sel(x > v_set(89.0f), v_set(89.0f), v_sel(x < v_set(-105.0f), v_set(-105.0f), x));
  vf n = x * 1.44269504f + 12582912.0f;                                /* 1.5 * 2^23: rounds to an integer, which stands in the low bits */
  *k = (vi)n - 0x4b400000;
  n = n - 12582912.0f;
  return (x - n * 0.693359375f) - n * -2.12194440e-4f;
}
/* exp(r) - 1 for a reduced r */
V_INLINE vf v_exp_poly(vf r) {
  vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r;
}
V_INLINE vf v_exp(vf x) {
  vi k;
  vf r = v_exp_reduce(x, &k), y = v_exp_poly(r) + 1.0f;
  vi half = k >> 1;                                                    /* in two steps: results may be subnormal or infinite */
  return y * v_pow2(half) * v_pow2(k - half);
}
V_INLINE vf v_expm1(vf x) {
  vi k;
  vf xc = v_sel(x < v_set(-20.0f), v_set(-20.0f), x);
  vf r = v_exp_reduce(xc, &k), p = v_exp_poly(r), s = v_pow2(k - 1);  /* half of 2^k, which may overflow */
  vf y = s * p + (s - 0.5f);
  return v_sel(k == 0, v_sel(x == 0.0f, x, p), y + y);
}
/* x = 2^e m with m in sqrt(1/2)..sqrt(2): m - 1 and e */
V_INLINE vf v_log_reduce(vf x, vf *e) {
  vi small = x < v_set(1.17549435e-38f);
  x = v_sel(small, x * 8388608.0f, x);
  vi bits = (vi)((vu)x - 0x3f3504f3u);                                 /* sqrt(1/2); lanes below zero wrap, and are not used */
  vi k = bits >> 23;
  *e = __builtin_convertvector(k - (small & 23), vf);
  return (vf)((bits & 0x7fffff) + 0x3f3504f3) - 1.0f;
}
/* log(1 + f) - f for a reduced f */
V_INLINE vf v_log_poly(vf f) {
  vf z = f * f;
  vf p = f * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f + -1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f + -1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f + -2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  return p * f * z - 0.5f * z;
}
/* what a logarithm y of x is at 0, below 0, at inf and NaN */
V_INLINE vf v_log_special(vf x, vf y) {
  vf inf = v_set(__builtin_inff());
  y = v_sel(x == inf, inf, y);
  y = v_sel(x == 0.0f, -inf, y);
  return v_sel((x < 0.0f) | (x != x), v_set(__builtin_nanf("")), y);
}
V_INLINE vf v_log(vf x) {
  vf e, f = v_log_reduce(x, &e);
  vf y = v_log_poly(f) + e * -2.12194440e-4f;
  return v_log_special(x, (f + y) + e * 0.693359375f);
}
V_INLINE vf v_log2(vf x) {
  vf e, f = v_log_reduce(x, &e), p = v_log_poly(f);
  /* (f + p) * log2(e), the constant split as 1 + 0.4427 */
  return v_log_special(x, ((p * 0.44269504f + f * 0.44269504f) + p + f) + e);
}
V_INLINE vf v_log1p(vf x) {
  vf u = x + 1.0f, c = (x - (u - 1.0f)) / u;                           /* what rounding took from 1 + x */
  vf y = v_log(u) + c;
  y = v_sel((u <= 0.0f) | (x == v_set(__builtin_inff())), v_log(u), y);
  return v_sel(v_abs(x) < v_set(6.0e-8f), x, y);
}
V_INLINE vf v_tanh(vf x) {
  vf a = v_abs(x), z = x * x;
  vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z + -5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z + -3.33332819422e-1f;
  p = p * z * x + x;
  vf q = v_copysign(1.0f - 2.0f / (v_exp(a + a) + 1.0f), x);
  return v_sel(a < v_set(0.625f), p, q);
}
V_INLINE vf v_sigmoid(vf x) { return 1.0f / (1.0f + v_exp(-x)); }
V_INLINE vf v_erf(vf x) {
  vf t = v_abs(x), s = x * x;
  vf r = t * -1.72853470e-5f + 3.83197126e-4f, u = t * -3.88396438e-3f + 2.42546219e-2f;
  r = r * s + u;
  r = r * t + -1.06777877e-1f;
  r = r * t + -6.34846687e-1f;
  r = r * t + -1.28717512e-1f;
  r = r * t - t;
  vf big = v_copysign(1.0f - v_exp(v_sel(t > v_set(4.0f), v_set(-20.0f), r)), x);
  vf p = s * -5.96761703e-4f + 4.99119423e-3f;
  p = p * s + -2.67681349e-2f;
  p = p * s + 1.12819925e-1f;
  p = p * s + -3.76125336e-1f;
  p = p * s + 1.28379166e-1f;
  vf y = v_sel(t > v_set(0.927734375f), big, p * x + x);
  return v_sel(x != x, x, y);
}

/* sin and cos: the angle is reduced in double precision; huge angles go one by one through gn_sin. */
#if GN_VW == 16
#define V_LOW(x) __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7)
#define V_HIGH(x) __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15)
#define V_JOIN(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#elif GN_VW == 8
#define V_LOW(x) __builtin_shufflevector(x, x, 0, 1, 2, 3)
#define V_HIGH(x) __builtin_shufflevector(x, x, 4, 5, 6, 7)
#define V_JOIN(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7)
#else
#define V_LOW(x) __builtin_shufflevector(x, x, 0, 1)
#define V_HIGH(x) __builtin_shufflevector(x, x, 2, 3)
#define V_JOIN(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3)
#endif
V_INLINE vh v_angle_half(vh x, vh n) {
  vd a = __builtin_convertvector(x, vd), k = __builtin_convertvector(n, vd);
  return __builtin_convertvector((a - k * 1.57079632673412561417e+00) - k * 6.07710050650619224932e-11, vh);
}
/* x - k pi/2 in about -pi/4..pi/4; k modulo 4 in the low bits of *k */
V_INLINE vf v_angle(vf x, vi *k) {
  vf n = x * 0.636619772f + 12582912.0f;
  *k = (vi)n;
  n = n - 12582912.0f;
  vf r = V_JOIN(v_angle_half(V_LOW(x), V_LOW(n)), v_angle_half(V_HIGH(x), V_HIGH(n)));
  return v_sel(n == 0.0f, x, r);
}
V_INLINE vf v_sin_poly(vf r, vf z) {
  vf p = z * -1.9515295891e-4f + 8.3321608736e-3f;
  p = p * z + -1.6666654611e-1f;
  return p * z * r + r;
}
V_INLINE vf v_cos_poly(vf z) {
  vf p = z * 2.443315711809948e-5f + -1.388731625493765e-3f;
  p = p * z + 4.166664568298827e-2f;
  return 1.0f - (z * 0.5f - p * z * z);
}
#define V_HUGE 1e5f
V_INLINE bool v_any_huge(vf x) {
  vi m = ~(v_abs(x) <= v_set(V_HUGE));
  int32_t any = 0;
  for (int i = 0; i < GN_VW; i++) any |= m[i];
  return any != 0;
}
/* y, but f(x) where x is huge: lane by lane, so that neighbours do not change a result */
static __attribute__((noinline, unused)) vf v_slow(double (*f)(double), vf x, vf y) {
  for (int i = 0; i < GN_VW; i++) if (!(__builtin_fabsf(x[i]) <= V_HUGE)) y[i] = (float)f(x[i]);
  return y;
}
V_INLINE vf v_sincos(vf x, int quarter) {
  vi k;
  vf r = v_angle(x, &k), z = r * r;
  k = k + quarter;
  vf y = v_sel((k & 1) != 0, v_cos_poly(z), v_sin_poly(r, z));
  return (vf)((vi)y ^ ((k & 2) << 30));
}
V_INLINE vf v_sin(vf x) {
  vf y = v_sincos(x, 0);
  return v_any_huge(x) ? v_slow(gn_sin, x, y) : y;
}
V_INLINE vf v_cos(vf x) {
  vf y = v_sincos(x, 1);
  return v_any_huge(x) ? v_slow(gn_cos, x, y) : y;
}
V_INLINE vf v_tan(vf x) {
  vi k;
  vf r = v_angle(x, &k), z = r * r;
  vf p = z * 9.38540185543e-3f + 3.11992232697e-3f;
  p = p * z + 2.44301354525e-2f;
  p = p * z + 5.34112807005e-2f;
  p = p * z + 1.33387994085e-1f;
  p = p * z + 3.33331568548e-1f;
  p = p * z * r + r;
  p = v_sel((k & 1) != 0, -1.0f / p, p);
  return v_any_huge(x) ? v_slow(gn_tan, x, p) : p;
}

/* Doubles inside, branch-free, so that loops over them vectorise: pow and atan2. */
V_INLINE double v_bits_double(uint64_t b) { double d; memcpy(&d, &b, 8); return d; }
V_INLINE uint64_t v_double_bits(double d) { uint64_t b; memcpy(&b, &d, 8); return b; }
V_INLINE float v_pow1(float xf, float yf) {
  double x = __builtin_fabs((double)xf), y = yf;
  uint64_t b = v_double_bits(x) - 0x3fe6a09e667f3bcdu;                 /* sqrt(1/2); every float is a normal double */
  double e = v_bits_double(((b + ((uint64_t)1 << 62)) >> 52) | 0x4330000000000000u) - (4503599627370496.0 + 1024.0);
  double f = v_bits_double((b & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
  double s = f / (2.0 + f), z = s * s;
  double p = z * 0.22195308 + 0.26230818945;                           /* 2/ln(2) (1/13, 1/11, ..) */
  p = p * z + 0.32059889798;
  p = p * z + 0.41219858311;
  p = p * z + 0.57707801635;
  p = p * z + 0.96179669392598;
  double t = (s * z * p + s * 2.88539008177792681472) + e;
  t = t * y;
  t = t > 200.0 ? 200.0 : t < -200.0 ? -200.0 : t;                     /* NaN stays */
  double n = (t + 6755399441055744.0) - 6755399441055744.0, r = t - n;
  double q = r * 1.5252733804e-5 + 1.5403530394e-4;
  q = q * r + 1.3333558146e-3;
  q = q * r + 9.6181291076e-3;
  q = q * r + 5.5504108664822e-2;
  q = q * r + 2.40226506959101e-1;
  q = q * r + 6.93147180559945e-1;
  q = q * r + 1.0;
  double scale = v_bits_double((v_double_bits(n + 6755399441055744.0) + 1023) << 52);
  double v = q * scale;
  /* specials: x = 0, inf; y integer or not */
  double inf = __builtin_inf(), ay = __builtin_fabs(y);
  double ri = (ay + 4503599627370496.0) - 4503599627370496.0, rh = (ay * 0.5 + 4503599627370496.0) - 4503599627370496.0;
  int integer = ri == ay, odd = integer & (rh != ay * 0.5) & (ay < 16777216.0);
  v = x == 0.0 ? (y > 0.0 ? 0.0 : inf) : v;
  v = x == inf ? (y > 0.0 ? inf : 0.0) : v;
  double one = x == 1.0 ? 1.0 : v;
  v = ay == inf ? (x == 1.0 ? 1.0 : (x > 1.0) == (y > 0.0) ? inf : 0.0) : one;
  int negative = v_double_bits(xf) >> 63 != 0;
  v = negative & odd ? -v : v;
  v = ((xf < 0.0f) & !integer & (x != inf)) ? __builtin_nan("") : v;
  v = ((x != x) | (y != y)) ? __builtin_nan("") : v;
  v = ((y == 0.0) | (xf == 1.0f)) ? 1.0 : v;
  return (float)v;
}
V_INLINE float v_atan2_1(float yf, float xf) {
  double x = xf, y = yf, ax = __builtin_fabs(x), ay = __builtin_fabs(y), inf = __builtin_inf();
  double lo = ax < ay ? ax : ay, hi = ax < ay ? ay : ax;
  double t = hi == 0.0 ? 0.0 : lo == inf ? 1.0 : lo / hi;
  int far = t > 0.4142135623730950488;
  double u = far ? (t - 1.0) / (t + 1.0) : t, z = u * u;
  double p = z * 0.0401169 - 0.0571128;
  p = p * z + 0.0659487;
  p = p * z - 0.0767838;
  p = p * z + 0.0908974;
  p = p * z - 0.111110711;
  p = p * z + 0.142857137;
  p = p * z - 0.199999999;
  p = p * z + 0.33333333333;
  double a = (far ? 0.78539816339744830962 : 0.0) + (u - u * z * p);
  a = ax < ay ? 1.57079632679489661923 - a : a;
  a = v_double_bits(x) >> 63 != 0 ? 3.14159265358979323846 - a : a;
  a = v_double_bits(y) >> 63 != 0 ? -a : a;
  return (float)(((x != x) | (y != y)) ? x + y : a);
}

/* ---- 16 lanes at every level, for reductions whose order must not depend on the machine ---- */
#define GN_VP (16 / GN_VW)
typedef struct v16 { vf p[GN_VP]; } v16;
#if defined(__clang__)
#define V16_UNROLL _Pragma("unroll")
#else
#define V16_UNROLL _Pragma("GCC unroll 4")                           /* without it long expressions stay a loop through memory */
#endif
#define V16_MAP(name, arguments, expression) V_INLINE v16 name arguments { v16 r_; V16_UNROLL for (int i = 0; i < GN_VP; i++) r_.p[i] = (expression); return r_; }
V16_MAP(v16_load, (const float *x), v_load(x + i * GN_VW))
V16_MAP(v16_set, (float x), v_set(x))
V16_MAP(v16_add, (v16 a, v16 b), a.p[i] + b.p[i])
V16_MAP(v16_sub, (v16 a, v16 b), a.p[i] - b.p[i])
V16_MAP(v16_mul, (v16 a, v16 b), a.p[i] * b.p[i])
V16_MAP(v16_div, (v16 a, v16 b), a.p[i] / b.p[i])
V16_MAP(v16_max, (v16 a, v16 b), v_max(a.p[i], b.p[i]))
V16_MAP(v16_min, (v16 a, v16 b), v_min(a.p[i], b.p[i]))
V16_MAP(v16_exp, (v16 a), v_exp(a.p[i]))
V16_MAP(v16_log, (v16 a), v_log(a.p[i]))
V16_MAP(v16_tanh, (v16 a), v_tanh(a.p[i]))
V16_MAP(v16_sigmoid, (v16 a), v_sigmoid(a.p[i]))
V_INLINE void v16_store(float *x, v16 a) { for (int i = 0; i < GN_VP; i++) v_store(x + i * GN_VW, a.p[i]); }
/* lane i with lane i + 8, then + 4, + 2, + 1 */
V_INLINE float v16_sum(v16 a) {
  float t[16];
  v16_store(t, a);
  for (int w = 8; w > 0; w >>= 1) for (int i = 0; i < w; i++) t[i] += t[i + w];
  return t[0];
}
V_INLINE float v16_top(v16 a) {                                        /* the largest; NaN if there is one */
  float t[16];
  v16_store(t, a);
  for (int w = 8; w > 0; w >>= 1) for (int i = 0; i < w; i++) t[i] = ((t[i] > t[i + w]) | (t[i] != t[i])) ? t[i] : t[i + w];
  return t[0];
}
#endif
