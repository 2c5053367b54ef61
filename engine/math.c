/* math.c: elementary functions of doubles without libm, so that scripts give the same bits on every machine. Sums and products that matter are carried
 * as pairs of doubles (T. J. Dekker 1971, "A floating-point technique for extending the available precision"); errors stay below 1 ulp. Compile without contraction. */
#include "gn.h"
#include <string.h>

#define INF __builtin_inf()
#define NOT_A_NUMBER __builtin_nan("")

typedef struct dd { double h, l; } dd;                                 /* the number h + l, |l| <= ulp(h)/2 */

static inline uint64_t bits_of(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
static inline double of_bits(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }
static inline bool negative(double x) { return bits_of(x) >> 63; }
static inline double size_of(double x) { return of_bits(bits_of(x) & ~(1ull << 63)); }
static inline double signed_as(double x, double s) { return of_bits((bits_of(x) & ~(1ull << 63)) | (bits_of(s) & (1ull << 63))); }
static inline bool is_nan(double x) { return x != x; }

static inline dd sum_of(double a, double b) {                          /* a + b exactly */
  double s = a + b, t = s - a;
  return (dd){ s, (a - (s - t)) + (b - t) };
}
static inline dd quick_sum(double a, double b) {                       /* the same for |a| >= |b| */
  double s = a + b;
  return (dd){ s, b - (s - a) };
}
static inline dd product_of(double a, double b) {                      /* a b exactly, far from overflow and underflow */
  double t = 134217729.0 * a, ah = t - (t - a), al = a - ah, p = a * b;
  t = 134217729.0 * b;
  double bh = t - (t - b), bl = b - bh;
  return (dd){ p, ((ah * bh - p) + ah * bl + al * bh) + al * bl };
}
static inline dd add(dd a, dd b) {
  dd s = sum_of(a.h, b.h), t = sum_of(a.l, b.l);
  s = quick_sum(s.h, s.l + t.h);
  return quick_sum(s.h, s.l + t.l);
}
static inline dd mul(dd a, dd b) {
  dd p = product_of(a.h, b.h);
  return quick_sum(p.h, p.l + (a.h * b.l + a.l * b.h));
}
static inline dd divide(dd a, dd b) {
  double q = a.h / b.h;
  dd p = product_of(q, b.h);
  return quick_sum(q, (((a.h - p.h) - p.l) + (a.l - q * b.l)) / b.h);
}
static inline dd minus(dd a) { return (dd){ -a.h, -a.l }; }
static inline double rounded(double x) { return (x + 6755399441055744.0) - 6755399441055744.0; }   /* to the nearest integer, |x| < 2^51 */

/* x 2^n without double rounding but for the last step */
static double scaled(double x, int n) {
  if (n > 1023) x *= 0x1p1023, n -= 1023;
  if (n > 1023) x *= 0x1p1023, n -= 1023;
  if (n < -1022) x *= 0x1p-969, n += 969;                              /* leaves 53 bits above the subnormals */
  if (n < -1022) x *= 0x1p-969, n += 969;
  n = n > 1023 ? 1023 : n < -1022 ? -1022 : n;
  return x * of_bits((uint64_t)(n + 1023) << 52);
}

/* ---- exp, log, pow ---- */
static const dd ln2 = { 0x1.62e42feep-1, 0x1.a39ef35793c76p-33 };      /* h has 33 bits: k h is exact */

/* exp(x) = 2^k (1 + result), |x| < 800 */
static dd exp_less_1(dd x, int *k) {
  double n = rounded(x.h * 0x1.71547652b82fep+0);
  *k = (int)n;
  dd r = sum_of(x.h - n * ln2.h, -(n * ln2.l));
  r = quick_sum(r.h, r.l + x.l);
  dd z = product_of(r.h, r.h);
  double a = r.h, p = 1.0 / 87178291200.0;
  p = p * a + 1.0 / 6227020800.0;
  p = p * a + 1.0 / 479001600.0;
  p = p * a + 1.0 / 39916800.0;
  p = p * a + 1.0 / 3628800.0;
  p = p * a + 1.0 / 362880.0;
  p = p * a + 1.0 / 40320.0;
  p = p * a + 1.0 / 5040.0;
  p = p * a + 1.0 / 720.0;
  p = p * a + 1.0 / 120.0;
  p = p * a + 1.0 / 24.0;
  p = p * a + 1.0 / 6.0;
  dd s = quick_sum(r.h, 0.5 * z.h);
  return quick_sum(s.h, s.l + (p * a * z.h + (0.5 * z.l + r.l * a) + r.l));
}

static double exp_pair(dd x) {
  if (x.h > 710.0) return INF;
  if (x.h < -746.0) return 0.0;
  int k;
  dd e = exp_less_1(x, &k), y = sum_of(1.0, e.h);
  return scaled(y.h + (y.l + e.l), k);
}

double gn_exp(double x) {
  if (is_nan(x)) return x;
  return exp_pair((dd){ x, 0.0 });
}

/* x = 2^k (1 + result), 1 + result in sqrt(1/2)..sqrt(2), for x finite and above 0 */
static inline double split(double x, int *k) {
  int e = 0;
  if (x < 0x1p-1022) x *= 0x1p54, e = -54;
  uint64_t u = bits_of(x) - 0x3fe6a09e667f3bcdu;                       /* sqrt(1/2) */
  *k = e + (int)((int64_t)u >> 52);
  return of_bits((u & 0xfffffffffffffu) + 0x3fe6a09e667f3bcdu) - 1.0;
}

/* log(x) = k ln(2) + result, for x finite and above 0 */
static dd log_parts(double x, int *k) {
  double f = split(x, k);
  dd s = divide((dd){ f, 0.0 }, sum_of(2.0, f)), z = mul(s, s);
  double w = z.h, t = 1.0 / 29.0;                                      /* log(1 + f) = 2 (s + s^3/3 + s^5/5 + ..), s = f/(2 + f) */
  for (int i = 27; i >= 7; i -= 2) t = t * w + 1.0 / i;
  dd p = add((dd){ 0x1.999999999999ap-3, -0x1.999999999999ap-57 }, mul(z, (dd){ t, 0.0 }));
  p = add((dd){ 0x1.5555555555555p-2, 0x1.5555555555555p-56 }, mul(z, p));
  p = mul(mul(s, z), p);
  p = add(s, p);
  return (dd){ 2.0 * p.h, 2.0 * p.l };
}

static dd log_pair(double x) {
  int k;
  dd m = log_parts(x, &k);
  return add(add((dd){ k * ln2.h, 0.0 }, (dd){ k * ln2.l, 0.0 }), m);
}

/* The logarithm in some base of what log_parts refuses: true and *y set. */
static bool log_special(double x, double *y) {
  if (x > 0.0 && x < INF) return false;
  *y = x == 0.0 ? -INF : x > 0.0 ? x : NOT_A_NUMBER;
  return true;
}

/* In single doubles, being used the most: log(1 + f) = f - (f^2/2 - s (f^2/2 + R)), s = f/(2 + f), R = 2 s^2/3 + 2 s^4/5 + .. */
double gn_log(double x) {
  double y;
  if (log_special(x, &y)) return y;
  int k;
  double f = split(x, &k), s = f / (2.0 + f), z = s * s, half = 0.5 * f * f, r = 2.0 / 25.0;
  for (int i = 23; i >= 3; i -= 2) r = r * z + 2.0 / i;
  return k * ln2.h - ((half - (s * (half + r * z) + k * ln2.l)) - f);
}

double gn_log2(double x) {
  double y;
  int k;
  if (log_special(x, &y)) return y;
  dd r = mul(log_parts(x, &k), (dd){ 0x1.71547652b82fep+0, 0x1.777d0ffda0d24p-56 });
  r = add((dd){ k, 0.0 }, r);
  return r.h + r.l;
}

double gn_log10(double x) {
  double y;
  if (log_special(x, &y)) return y;
  dd r = mul(log_pair(x), (dd){ 0x1.bcb7b1526e50ep-2, 0x1.95355baaafad3p-57 });
  return r.h + r.l;
}

/* As C's pow. */
double gn_pow(double x, double y) {
  if (y == 0.0 || x == 1.0) return 1.0;
  if (is_nan(x) || is_nan(y)) return x + y;
  if (y == 1.0) return x;
  if (y == 2.0) return x * x;
  double ax = size_of(x), ay = size_of(y);
  if (ay == INF) return ax == 1.0 ? 1.0 : (ax > 1.0) == (y > 0.0) ? INF : 0.0;
  bool whole = ay >= 0x1p53 || rounded(ay * 0.5) * 2.0 == ay || rounded(ay) == ay;
  if (ay >= 0x1p51 && ay < 0x1p53) whole = gn_floor(ay) == ay;
  bool odd = whole && ay < 0x1p53 && gn_fmod(ay, 2.0) == 1.0;
  double sign = negative(x) && odd ? -1.0 : 1.0;
  if (ax == 0.0 || ax == INF) return sign * ((ax == 0.0) == (y > 0.0) ? 0.0 : INF);
  if (y == 0.5 && x > 0.0) return __builtin_sqrt(x);
  if (x < 0.0 && !whole) return NOT_A_NUMBER;
  if (ay > 0x1p64) return sign * (ax == 1.0 ? 1.0 : (ax > 1.0) == (y > 0.0) ? INF : 0.0);
  if (ay < 0x1p-70) return sign;
  dd l = log_pair(ax);
  if (size_of(l.h * y) > 800.0) return sign * ((l.h > 0.0) == (y > 0.0) ? INF : 0.0);
  return sign * exp_pair(mul(l, (dd){ y, 0.0 }));
}

double gn_tanh(double x) {
  double a = size_of(x);
  if (is_nan(x) || a < 0x1p-28) return x;
  if (a > 22.0) return signed_as(1.0, x);
  int k;
  dd e = exp_less_1((dd){ 2.0 * a, 0.0 }, &k);
  double two = of_bits((uint64_t)(k + 1023) << 52);
  e = (dd){ e.h * two, e.l * two };
  if (k) e = add((dd){ two - 1.0, 0.0 }, e);                           /* exp(2a) - 1 */
  dd q = divide(e, add((dd){ 2.0, 0.0 }, e));
  return signed_as(q.h + q.l, x);
}

/* ---- sin, cos, tan ---- */
static const dd half_pi = { 0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54 };

/* 2/pi, the first 1280 bits */
static const uint64_t two_over_pi[20] = {
  0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc561u, 0xb7246e3a424dd2e0u, 0x06492eea09d1921cu, 0xfe1deb1cb129a73eu,
  0xe88235f52ebb4484u, 0xe99c7026b45f7e41u, 0x3991d639835339f4u, 0x9c845f8bbdf9283bu, 0x1ff897ffde05980fu, 0xef2f118b5a0a6d1fu, 0x6d367ecf27cb09b7u,
  0x4f463f669e5fea2du, 0x7527bac7ebe5f17bu, 0x3d0739f78a5292eau, 0x6bfb5fb11f8d5d08u, 0x56033046fc7b6babu, 0xf0cfbc209af4361du };

static uint64_t word_at(int bit) {                                     /* 64 bits from that bit (from 0); zeros before the first */
  int w = bit >= 0 ? bit / 64 : -((63 - bit) / 64), shift = bit - w * 64;
  uint64_t a = w >= 0 && w < 20 ? two_over_pi[w] : 0, b = w + 1 >= 0 && w + 1 < 20 ? two_over_pi[w + 1] : 0;
  return shift ? a << shift | b >> (64 - shift) : a;
}

/* x = (4 n + k) pi/2 + result for x >= 2^20 (M. Payne, R. Hanek 1983): of the product x 2/pi only the 192 bits below 4 are made. */
static dd reduce_huge(double x, int *k) {
  uint64_t u = bits_of(x), m = (u & 0xfffffffffffffu) | 1ull << 52, p[3];
  int e = (int)(u >> 52) - 1075, from = e - 2;
  unsigned __int128 t = (unsigned __int128)m * word_at(from + 128);
  p[2] = (uint64_t)t;
  t = (unsigned __int128)m * word_at(from + 64) + (uint64_t)(t >> 64);
  p[1] = (uint64_t)t;
  p[0] = m * word_at(from) + (uint64_t)(t >> 64);
  *k = (int)(p[0] >> 62);
  bool down = p[0] >> 61 & 1;                                          /* the fraction is 1/2 or more: count from the next quarter */
  *k += down;
  p[0] = p[0] << 2 | p[1] >> 62, p[1] = p[1] << 2 | p[2] >> 62, p[2] <<= 2;
  if (down) {
    p[2] = ~p[2] + 1, p[1] = ~p[1] + (p[2] == 0), p[0] = ~p[0] + (p[2] == 0 && p[1] == 0);
  }
  int shift = 0;
  if (!p[0]) p[0] = p[1], p[1] = p[2], p[2] = 0, shift = 64;
  int zeros = p[0] ? __builtin_clzll(p[0]) : 0;
  if (zeros) p[0] = p[0] << zeros | p[1] >> (64 - zeros), p[1] = p[1] << zeros | p[2] >> (64 - zeros);
  double h = (double)(p[0] >> 11), l = (double)((p[0] & 2047) << 42 | p[1] >> 22);
  dd f = quick_sum(h * 0x1p-53, l * 0x1p-106);
  f = mul(f, half_pi);
  double s = scaled(down ? -1.0 : 1.0, -(shift + zeros));
  return (dd){ f.h * s, f.l * s };
}

/* x = k pi/2 + result, |result| <= pi/4 */
static dd reduce(double x, int *k) {
  double a = size_of(x);
  *k = 0;
  if (a < 0.785) return (dd){ x, 0.0 };
  if (a >= 0x1p20) {
    dd r = reduce_huge(a, k);
    if (negative(x)) *k = -*k, r = minus(r);
    return r;
  }
  double n = rounded(x * 0x1.45f306dc9c883p-1);
  *k = (int)n;
  dd r = sum_of(x - n * 0x1.921fb544p+0, -(n * 0x1.0b4611a6p-34));     /* pi/2 in parts of 33 bits */
  dd t = sum_of(n * 0x1.3198a2ep-69, n * 0x1.b839a252049c1p-104);
  return add(r, minus(t));
}

static dd sin_pair(dd r) {
  double x = r.h, z = x * x, p = 1.0 / 355687428096000.0;
  p = 1.0 / 1307674368000.0 - z * p;
  p = 1.0 / 6227020800.0 - z * p;
  p = 1.0 / 39916800.0 - z * p;
  p = 1.0 / 362880.0 - z * p;
  p = 1.0 / 5040.0 - z * p;
  p = 1.0 / 120.0 - z * p;
  p = 1.0 / 6.0 - z * p;
  return quick_sum(x, r.l * (1.0 - 0.5 * z) - x * z * p);
}

static dd cos_pair(dd r) {
  double x = r.h, p = 1.0 / 20922789888000.0;
  dd z = product_of(x, x), c = quick_sum(1.0, -0.5 * z.h);
  p = 1.0 / 87178291200.0 - z.h * p;
  p = 1.0 / 479001600.0 - z.h * p;
  p = 1.0 / 3628800.0 - z.h * p;
  p = 1.0 / 40320.0 - z.h * p;
  p = 1.0 / 720.0 - z.h * p;
  p = 1.0 / 24.0 - z.h * p;
  return quick_sum(c.h, c.l + (z.h * z.h * p - 0.5 * z.l - x * r.l));
}

static double sin_quarter(double x, int quarter) {
  if (!(size_of(x) < INF)) return NOT_A_NUMBER;
  int k;
  dd r = reduce(x, &k), y;
  k += quarter;
  y = k & 1 ? cos_pair(r) : sin_pair(r);
  double v = y.h + y.l;
  return k & 2 ? -v : v;
}

double gn_sin(double x) { return size_of(x) < 0x1p-27 ? x : sin_quarter(x, 0); }
double gn_cos(double x) { return sin_quarter(x, 1); }

double gn_tan(double x) {
  if (size_of(x) < 0x1p-27) return x;
  if (!(size_of(x) < INF)) return NOT_A_NUMBER;
  int k;
  dd r = reduce(x, &k), s = sin_pair(r), c = cos_pair(r), q = k & 1 ? minus(divide(c, s)) : divide(s, c);
  return q.h + q.l;
}

/* ---- asin, acos, atan2 ---- */
static const dd atan_of[5] = { { 0.0, 0.0 }, { 0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57 }, { 0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56 },
                               { 0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56 }, { 0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55 } };   /* of 0, 1/4, .. 1 */

/* The angle in 0..pi/2 of a point y, x >= 0, not both 0: by quarters of the tangent, then a series. */
static dd angle(dd y, dd x) {
  bool swap = y.h > x.h;
  dd t = swap ? divide(x, y) : divide(y, x);
  int i = (int)(t.h * 4.0 + 0.5);
  double c = i * 0.25;
  dd u = t;
  if (i) {
    dd tc = { t.h * c, t.l * c };
    if (i == 3) tc = mul(t, (dd){ c, 0.0 });
    u = divide(add(t, (dd){ -c, 0.0 }), add((dd){ 1.0, 0.0 }, tc));
  }
  double z = u.h * u.h, p = 0.0;
  for (int n = 23; n >= 3; n -= 2) p = 1.0 / n - z * p;
  dd a = quick_sum(u.h, u.l - u.h * z * p);
  a = add(atan_of[i], a);
  return swap ? add(half_pi, minus(a)) : a;
}

static dd scaled_pair(double x, int n) { return (dd){ scaled(x, n), 0.0 }; }

double gn_atan2(double y, double x) {
  if (is_nan(x) || is_nan(y)) return x + y;
  double ay = size_of(y), ax = size_of(x);
  dd a;
  if (ay == 0.0) a = (dd){ 0.0, 0.0 };
  else if (ax == 0.0) a = half_pi;
  else if (ax == INF || ay == INF) a = ax == ay ? atan_of[4] : ax == INF ? (dd){ 0.0, 0.0 } : half_pi;
  else {
    double top = ax > ay ? ax : ay;
    int e = (int)(bits_of(top) >> 52);
    e = e ? 1023 - e : 1023 + 52;
    double sx = scaled(ax, e), sy = scaled(ay, e);
    if (sy < sx * 0x1p-60) {
      if (!negative(x)) return signed_as(ay / ax, y);
      a = (dd){ sy / sx, 0.0 };
    } else a = sx < sy * 0x1p-110 ? half_pi : angle(scaled_pair(ay, e), scaled_pair(ax, e));
  }
  if (negative(x)) a = add((dd){ 2.0 * half_pi.h, 2.0 * half_pi.l }, minus(a));
  return signed_as(a.h + a.l, y);
}

/* sqrt(1 - x^2) */
static dd other_side(double x) {
  dd p = product_of(x, x), d = sum_of(1.0, -p.h);
  d = quick_sum(d.h, d.l - p.l);
  double s = __builtin_sqrt(d.h);
  if (s == 0.0) return (dd){ 0.0, 0.0 };
  dd q = product_of(s, s);
  return quick_sum(s, (((d.h - q.h) - q.l) + d.l) / (2.0 * s));
}

double gn_asin(double x) {
  double a = size_of(x);
  if (!(a <= 1.0)) return NOT_A_NUMBER;
  if (a < 0x1p-27) return x;
  dd r = angle((dd){ a, 0.0 }, other_side(a));
  return signed_as(r.h + r.l, x);
}

double gn_acos(double x) {
  double a = size_of(x);
  if (!(a <= 1.0)) return NOT_A_NUMBER;
  if (x == 1.0) return 0.0;
  if (a < 0x1p-60) return half_pi.h;
  dd r = a < 0x1p-27 ? add(half_pi, (dd){ -a, 0.0 }) : angle(other_side(a), (dd){ a, 0.0 });
  if (negative(x)) r = add((dd){ 2.0 * half_pi.h, 2.0 * half_pi.l }, minus(r));
  return r.h + r.l;
}

/* ---- erf: Chebyshev fits, of erf(x)/x - 1 over x^2 and of 1 - erf(x) in four pieces ---- */
static const double erf_near[13] = {
  0x1.06eba8214db69p-3, -0x1.812746b0379e7p-2, 0x1.ce2f21a042bdcp-4, -0x1.b82ce312888a5p-6, 0x1.565bcd0e5fbdcp-8, -0x1.c02db3fd21469p-11,
  0x1.f9a3266239bc5p-14, -0x1.f4d248fb63865p-17, 0x1.b9e51c00397c4p-20, -0x1.5f5a5fa90256bp-23, 0x1.faaabb29b6e4ap-27, -0x1.4381296d812bfp-30, 0x1.29496bc840cbap-34 };
static const struct { double to, middle; int n; double c[24]; } erf_far[4] = {
  { 1.5, 1.17, 16, { 0x1.9168079765cd8p-4, -0x1.25ef03552ac1ap-2, 0x1.57e70156d86c7p-2, -0x1.54882c3da2599p-3, -0x1.e0e9beb2c206ap-7, 0x1.d0e7b72d3ab81p-5,
    -0x1.2a811796ccf9fp-6, -0x1.e6640840f56e7p-8, 0x1.8e214e7bd9190p-8, -0x1.1e02ae79851cfp-13, -0x1.12bfeb357ae2cp-10, 0x1.012e800d009eep-12,
    0x1.d1968133b6096p-14, -0x1.c93bf80d0aab5p-15, -0x1.7eaa276ab2c5ep-18, 0x1.e8dccf8801e1ep-18 } },
  { 2.25, 1.875, 16, { 0x1.0678442cc256dp-7, -0x1.12ceb37ff9bc3p-5, 0x1.01a1c847fa2bfp-4, -0x1.143d1c6f4f06ep-4, 0x1.5a316520aab20p-5, -0x1.779b1e570f10fp-7,
    -0x1.0d099c6347ddbp-8, 0x1.42fcbaad2e05bp-8, -0x1.76ff624f3d851p-10, -0x1.7bda81c9e40eep-12, 0x1.991e9dbdc0174p-12, -0x1.353cee724a8d0p-14,
    -0x1.2f45575ce9db9p-15, 0x1.5cc522e725647p-16, -0x1.f4a33f59bc913p-22, -0x1.3548c3cd7eaf9p-19 } },
  { 3.25, 2.75, 17, { 0x1.a609f7584d32bp-14, -0x1.3360ccd23df9dp-11, 0x1.a6a519a114d55p-10, -0x1.69cf466cc0ca1p-9, 0x1.ab0c273ac301dp-9, -0x1.6935960947894p-9,
    0x1.b2755bfd2ebf6p-10, -0x1.52b6251c20274p-11, 0x1.755772cde6bf1p-14, 0x1.2abac30055d2bp-14, -0x1.cd592f2f03fc1p-15, 0x1.09df193a57147p-16,
    0x1.1f91a8529c8dap-20, -0x1.6ab01eb9241e5p-19, 0x1.eab295320153ap-21, 0x1.10840602128d1p-25, -0x1.c18adc3e3e117p-24 } },
  { 6.0, 4.625, 24, { 0x1.0d3b34fb71983p-34, -0x1.3e44e4566b2c0p-31, 0x1.6fffa8200e55dp-29, -0x1.1508f74872f42p-27, 0x1.30fd0bfc6c3a4p-26, -0x1.055633501d503p-25,
    0x1.6a3a9f85f42d2p-25, -0x1.a06fc211f8d27p-25, 0x1.93e25c1219f87p-25, -0x1.4e2156ff4106bp-25, 0x1.da89af60d0575p-26, -0x1.21afd81d3e343p-26,
    0x1.2ecd0fca4ca21p-27, -0x1.0b87b7bce0020p-28, 0x1.839aba2c93ca6p-30, -0x1.a973b651b3422p-32, 0x1.0463947c306e6p-34, 0x1.5e4862b4e2c0bp-37,
    -0x1.8e49c5cb8de2bp-37, 0x1.51ba2891cc229p-38, -0x1.4140663bb96eap-40, -0x1.fe30c85813991p-46, 0x1.ebe986c19f8e9p-44, -0x1.8fadbf208c8ccp-46 } } };

double gn_erf(double x) {
  double a = size_of(x), p = 0.0;
  if (is_nan(x)) return x;
  if (a < 0.84375) {
    if (a < 0x1p-1000) return x == 0.0 ? x : (x * 0x1p100 * 1.1283791670955126) * 0x1p-100;
    for (int i = 12; i >= 0; i--) p = p * (x * x) + erf_near[i];
    return x + x * p;
  }
  if (a >= 6.0) return signed_as(1.0, x);
  int piece = 0;
  while (a > erf_far[piece].to) piece++;
  double t = a - erf_far[piece].middle;
  for (int i = erf_far[piece].n - 1; i >= 0; i--) p = p * t + erf_far[piece].c[i];
  return signed_as(1.0 - p, x);
}

/* ---- exact ones ---- */
double gn_floor(double x) {
  if (!(size_of(x) < 0x1p52)) return x;
  double r = signed_as((double)(int64_t)x, x);
  return r > x ? r - 1.0 : r;
}

double gn_ceil(double x) {
  if (!(size_of(x) < 0x1p52)) return x;
  double r = signed_as((double)(int64_t)x, x);
  return r < x ? signed_as(r + 1.0, x) : r;
}

/* x - n y with n = x/y cut to an integer, as C's fmod: long division, 11 bits a step */
double gn_fmod(double x, double y) {
  double ax = size_of(x), ay = size_of(y);
  if (is_nan(x) || is_nan(y) || ax == INF || ay == 0.0) return NOT_A_NUMBER;
  if (ax < ay) return x;
  uint64_t a = bits_of(ax), b = bits_of(ay);
  int ea = (int)(a >> 52), eb = (int)(b >> 52);
  a = ea ? (a & 0xfffffffffffffu) | 1ull << 52 : a, ea += !ea;
  b = eb ? (b & 0xfffffffffffffu) | 1ull << 52 : b, eb += !eb;
  a %= b;
  for (int left = ea - eb; left > 0 && a; left -= 11) a = (a << (left < 11 ? left : 11)) % b;
  if (!a) return signed_as(0.0, x);
  int up = __builtin_clzll(a) - 11;                                    /* back to 53 bits, not below the subnormals */
  if (up >= eb) up = eb - 1;
  a <<= up, eb -= up;
  return signed_as(of_bits(a >> 52 ? (a & 0xfffffffffffffu) | (uint64_t)eb << 52 : a), x);
}
