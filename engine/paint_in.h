/* What the painter's files share: the canvas, the light, exact float helpers and integer-hashed noise. */
#ifndef GN_PAINT_IN_H
#define GN_PAINT_IN_H
#include "paint.h"

typedef struct { float r, g, b; } gn__rgb;

typedef struct {
  float *r, *g, *b;  /* planes of the whole picture */
  int width, height; /* pixels */
  int y0, y1;        /* the lines to draw */
  float px;          /* one pixel in picture heights */
  float lx, ly;      /* unit vector towards the light */
  gn__rgb rim, shadow;
} gn__canvas;

typedef struct {
  const float *parts; /* shape rows, one after the other */
  int count;
  float x0, y0, x1, y1; /* bounds */
} gn__group;

enum { GN__CHUNK = 128 };

static inline float gn__pmin(float a, float b) { return a < b ? a : b; }
static inline float gn__pmax(float a, float b) { return a > b ? a : b; }
static inline float gn__pclamp(float x, float a, float b) { return gn__pmin(gn__pmax(x, a), b); }
static inline float gn__sat(float x) { return gn__pclamp(x, 0.0f, 1.0f); }
static inline float gn__mixf(float a, float b, float t) { return a + (b - a) * t; }
static inline float gn__pabs(float x) { return x < 0 ? -x : x; }
static inline float gn__psqrt(float x) { return __builtin_sqrtf(gn__pmax(x, 0.0f)); }
static inline float gn__smooth(float a, float b, float x) {
  float t = gn__sat((x - a) / (b - a));
  return t * t * (3.0f - 2.0f * t);
}
static inline gn__rgb gn__mix3(gn__rgb a, gn__rgb b, float t) {
  return (gn__rgb){gn__mixf(a.r, b.r, t), gn__mixf(a.g, b.g, t), gn__mixf(a.b, b.b, t)};
}
static inline gn__rgb gn__scale3(gn__rgb a, float s) { return (gn__rgb){a.r * s, a.g * s, a.b * s}; }
static inline gn__rgb gn__mul3(gn__rgb a, gn__rgb b) { return (gn__rgb){a.r * b.r, a.g * b.g, a.b * b.b}; }
static inline gn__rgb gn__rgb_at(const float *p) { return (gn__rgb){p[0], p[1], p[2]}; }

/* floor to int, safe for any float (NaN included) */
static inline int32_t gn__pfloor(float x) {
  x = x > -1e9f ? x : -1e9f;
  x = x < 1e9f ? x : 1e9f;
  int32_t i = (int32_t)x;
  return i - (x < (float)i);
}
static inline uint32_t gn__phash(int32_t x, int32_t y, uint32_t seed) {
  uint32_t h = (uint32_t)x * 0x9E3779B1u ^ (uint32_t)y * 0x85EBCA77u ^ seed * 0xC2B2AE3Du;
  h ^= h >> 15;
  h *= 0x2C1B3C6Du;
  h ^= h >> 12;
  h *= 0x297A2D39u;
  return h ^ (h >> 15);
}
static inline float gn__unit(uint32_t h) { return (float)(h >> 8) * (1.0f / 16777216.0f); }
static inline float gn__hashf(int32_t x, int32_t y, uint32_t seed) { return gn__unit(gn__phash(x, y, seed)); }

/* value noise, 0..1 */
static inline float gn__noise(float x, float y, uint32_t seed) {
  int32_t i = gn__pfloor(x), j = gn__pfloor(y);
  float u = x - (float)i, v = y - (float)j;
  u = u * u * (3.0f - 2.0f * u);
  v = v * v * (3.0f - 2.0f * v);
  float a = gn__hashf(i, j, seed), b = gn__hashf(i + 1, j, seed);
  float c = gn__hashf(i, j + 1, seed), d = gn__hashf(i + 1, j + 1, seed);
  float top = a + (b - a) * u, low = c + (d - c) * u;
  return top + (low - top) * v;
}
static inline float gn__noise1(float x, uint32_t seed) {
  int32_t i = gn__pfloor(x);
  float u = x - (float)i;
  u = u * u * (3.0f - 2.0f * u);
  float a = gn__hashf(i, 77, seed), b = gn__hashf(i + 1, 77, seed);
  return a + (b - a) * u;
}
static inline float gn__fbm(float x, float y, uint32_t seed, int octaves) {
  float sum = 0, gain = 0.5f, total = 0;
  for (int o = 0; o < octaves; o++) {
    sum += gain * gn__noise(x, y, seed + (uint32_t)o * 101u);
    total += gain;
    gain *= 0.5f;
    x = x * 2.03f + 17.1f;
    y = y * 2.03f + 9.7f;
  }
  return sum / total;
}
static inline float gn__fbm1(float x, uint32_t seed, int octaves) {
  float sum = 0, gain = 0.5f, total = 0;
  for (int o = 0; o < octaves; o++) {
    sum += gain * gn__noise1(x, seed + (uint32_t)o * 101u);
    total += gain;
    gain *= 0.5f;
    x = x * 2.07f + 11.3f;
  }
  return sum / total;
}
static inline uint32_t gn__seed(float x) { return (uint32_t)gn__pfloor(x); }

static inline size_t gn__at(const gn__canvas *c, int x, int y) { return (size_t)y * (size_t)c->width + (size_t)x; }
static inline void gn__put(gn__canvas *c, size_t i, gn__rgb p, float a) {
  c->r[i] += (p.r - c->r[i]) * a;
  c->g[i] += (p.g - c->g[i]) * a;
  c->b[i] += (p.b - c->b[i]) * a;
}
/* light laid over light: 1 - (1 - a)(1 - b) */
static inline void gn__screen(gn__canvas *c, size_t i, gn__rgb p, float a) {
  c->r[i] += p.r * a * (1.0f - gn__sat(c->r[i]));
  c->g[i] += p.g * a * (1.0f - gn__sat(c->g[i]));
  c->b[i] += p.b * a * (1.0f - gn__sat(c->b[i]));
}
/* pixel range of an interval of picture heights, cut to 0..limit */
static inline int gn__first(float v, float px, int limit) {
  int32_t i = gn__pfloor(v / px);
  return i < 0 ? 0 : i > limit ? limit : i;
}

/* signed distances of the group along one line: out[i] at x = x0 + i px */
void gn__group_line(const gn__group *g, float y, float x0, float px, int count, float reach, float *out);
/* bounds of one shape row */
void gn__shape_bounds(const float *row, float *box);
/* NULL, or what is wrong with a shape row */
const char *gn__shape_check(const float *row);
/* pattern value of a texture at a point: tone around 0 (-1..1) and, in *other, how much of colour C shows */
float gn__texture(int kind, float x, float y, float scale, uint32_t seed, float *other);
bool gn__field(gn__canvas *c, const float *row, const gn__group *mask);
void gn__terrain(gn__canvas *c, const float *row);
void gn__water(gn__canvas *c, const float *row, const gn__group *mask);
void gn__post(gn__canvas *c, const float *row);

#endif
