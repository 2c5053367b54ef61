/* Land and water: skylines of hills, mountains, trees and towns, the ground seen in perspective, and the sea. */
#include "paint_in.h"

enum { ROLLING, RIDGED, FLAT, CONIFERS, DUNES, CITY, TREES };

/* columns of a TERRAIN row */
enum {
  T_ALPHA = 1, T_TOP = 2, T_LOW = 5, T_BASE = 8, T_AMP, T_FREQ, T_KIND, T_OCTAVES, T_SEED, T_BOTTOM, T_TEXTURE, T_SCALE, T_STRENGTH, T_EDGE,
  T_FADE, T_CAP = 20, T_CAP_AT = 23, T_DOWN, T_RIPPLE, T_CURVE, T_CX, T_FLOOR, T_TILT
};

static float ridged(float x, uint32_t seed, int octaves) {
  float sum = 0, gain = 0.6f, total = 0;
  for (int o = 0; o < octaves; o++) { /* tents between hashed heights: storybook peaks */
    uint32_t s = seed + (uint32_t)o * 57u;
    int32_t i = gn__pfloor(x);
    float u = x - (float)i, peak = 0.25f + 0.5f * gn__hashf(i, 5, s), a = gn__hashf(i, 6, s) * 0.35f, b = gn__hashf(i + 1, 6, s) * 0.35f;
    float top = 0.55f + 0.45f * gn__hashf(i, 7, s);
    float h = u < peak ? gn__mixf(a, top, u / peak) : gn__mixf(top, b, (u - peak) / (1.0f - peak));
    sum += gain * h;
    total += gain;
    gain *= 0.33f;
    x = x * 2.7f + 3.3f;
  }
  return sum / total;
}

static float conifers(float x, uint32_t seed) {
  float best = 0;
  int32_t i = gn__pfloor(x);
  for (int k = -1; k <= 1; k++) {
    float h = gn__hashf(i + k, 1, seed), at = (float)(i + k) + 0.2f + 0.6f * gn__hashf(i + k, 2, seed), d = gn__pabs(x - at);
    float jag = gn__pabs(d * 7.0f - (float)gn__pfloor(d * 7.0f) - 0.5f) * 0.12f;
    best = gn__pmax(best, (0.45f + 0.55f * h) * (1.0f - d * 1.35f) - jag);
  }
  return best;
}

static float crowns(float x, uint32_t seed) {
  float best = 0;
  int32_t i = gn__pfloor(x);
  for (int k = -1; k <= 1; k++) {
    float h = gn__hashf(i + k, 1, seed), at = (float)(i + k) + 0.2f + 0.6f * gn__hashf(i + k, 2, seed), d = (x - at) / (0.55f + 0.35f * h);
    best = gn__pmax(best, (0.5f + 0.5f * h) * gn__psqrt(1.0f - d * d));
  }
  return best + (gn__noise1(x * 6.0f, seed + 4u) - 0.5f) * 0.14f;
}

static float towers(float x, uint32_t seed) {
  int32_t i = gn__pfloor(x);
  float u = x - (float)i, h = gn__hashf(i, 1, seed), w = 0.5f + 0.5f * gn__hashf(i, 2, seed), mid = gn__pabs(u - 0.5f);
  float body = 0.25f + 0.75f * h * h;
  if (mid > w * 0.5f) return 0.2f * gn__hashf(i, 3, seed);
  if (gn__hashf(i, 4, seed) > 0.7f && mid < 0.16f) body += 0.16f * (1.0f - mid / 0.16f);
  return body;
}

static float skyline(const float *f, float x) {
  uint32_t seed = gn__seed(f[T_SEED]);
  int octaves = (int)gn__pclamp(f[T_OCTAVES], 1.0f, 8.0f);
  float u = x * f[T_FREQ];
  switch ((int)f[T_KIND]) {
    case RIDGED: return ridged(u, seed, octaves);
    case FLAT: return 0;
    case CONIFERS: return conifers(u, seed);
    case DUNES: {
      float n = gn__noise1(u, seed) * 0.8f + 0.3f * gn__noise1(u * 2.3f + 5.0f, seed + 3u);
      return 1.0f - gn__pabs(n * 2.0f - 1.0f) * 0.9f;
    }
    case CITY: return towers(u, seed);
    case TREES: return crowns(u, seed);
    default: return gn__fbm1(u, seed, octaves);
  }
}

/* lit and dark faces that fall from the peaks */
static float faces(const gn__canvas *c, const float *f, float x, float depth, float y) {
  uint32_t seed = gn__seed(f[T_SEED]);
  float warp = (gn__noise(x * f[T_FREQ] * 3.0f, y * 9.0f, seed + 71u) - 0.5f) * 1.4f;
  float u = (x + warp * depth * 0.8f) * f[T_FREQ], e = 0.02f;
  float slope = (ridged(u + e, seed, 3) - ridged(u - e, seed, 3)) / (2.0f * e); /* > 0: the face looks left */
  float lit = gn__pclamp(-slope * c->lx * 0.9f, -1.0f, 1.0f);
  return lit;
}

typedef struct { float x, y, depth; } where;

static gn__rgb land_colour(const gn__canvas *c, const float *f, where at) {
  float t = gn__sat(at.depth / gn__pmax(f[T_BOTTOM] - f[T_BASE] + f[T_AMP] * 0.5f, 1e-3f));
  gn__rgb p = gn__mix3(gn__rgb_at(f + T_TOP), gn__rgb_at(f + T_LOW), t);
  int kind = (int)f[T_KIND], texture = (int)f[T_TEXTURE];
  float x = at.x, y = at.y, other = 0, strength = f[T_STRENGTH];
  if (texture > 0 && f[T_FLOOR] > 0) { /* the floor runs away to the horizon */
    float run = (y - f[T_BASE]) / gn__pmax(f[T_BOTTOM] - f[T_BASE], 1e-3f), z = 1.0f / (0.16f + gn__pmax(run, 0.0f));
    x = (x - 0.66f) * z * 0.55f;
    y = z * 0.9f;
    strength *= gn__smooth(0.0f, 0.35f, run);
  }
  if (f[T_FLOOR] > 0) { /* broad patches of light, and dusk towards the viewer's feet */
    float patch = gn__fbm(at.x * 2.2f, at.y * 9.0f, gn__seed(f[T_SEED]) + 29u, 3) - 0.5f;
    p = gn__mix3(p, gn__rgb_at(f + T_TOP), gn__sat(0.25f + patch * 2.4f) * 0.45f);
    p = gn__scale3(p, 1.0f + patch * 0.3f - 0.16f * gn__smooth(0.86f, 1.0f, at.y));
  }
  if (texture > 0) {
    float tone = gn__texture(texture, x, y, f[T_SCALE], gn__seed(f[T_SEED]) + 13u, &other);
    if (texture != 12) p = gn__scale3(p, 1.0f + tone * strength * 0.5f);
    if (other > 0) p = gn__mix3(p, gn__rgb_at(f + T_CAP), other * gn__sat(strength));
  }
  if (kind == RIDGED) {
    float lit = faces(c, f, at.x, at.depth, at.y), snow = 0;
    if (f[T_CAP_AT] > 0) {
      float rag = gn__noise(at.x * 38.0f, at.y * 6.0f, 3u) * 0.6f + 0.4f * gn__noise(at.x * 13.0f, at.y * 5.0f, 4u);
      snow = 1.0f - gn__smooth(-0.01f, 0.012f, at.y - f[T_CAP_AT] - (rag - 0.5f) * 0.16f);
    }
    p = gn__mix3(p, gn__rgb_at(f + T_CAP), snow * 0.95f);
    if (lit < 0) p = gn__mix3(p, gn__mul3(p, gn__mix3(c->shadow, (gn__rgb){1, 1, 1}, 0.35f)), gn__sat(-lit) * f[T_TILT]);
    else p = gn__mix3(p, gn__mix3(p, c->rim, 0.35f), gn__sat(lit) * f[T_TILT]);
  }
  if (f[T_EDGE] > 0) {
    float edge = 1.0f - gn__smooth(0.0f, 0.035f, at.depth);
    p = gn__mix3(p, gn__mix3(p, c->rim, 0.5f), edge * f[T_EDGE]);
  }
  return p;
}

void gn__terrain(gn__canvas *c, const float *f) {
  float crest[GN__CHUNK];
  float sign = f[T_DOWN] > 0.5f ? -1.0f : 1.0f;
  for (int x0 = 0; x0 < c->width; x0 += GN__CHUNK) {
    int n = c->width - x0 < GN__CHUNK ? c->width - x0 : GN__CHUNK;
    float high = 1e9f;
    for (int i = 0; i < n; i++) {
      float x = ((float)(x0 + i) + 0.5f) * c->px, bow = x - f[T_CX];
      crest[i] = f[T_BASE] - f[T_AMP] * skyline(f, x) - f[T_CURVE] * bow * bow;
      high = gn__pmin(high, crest[i]);
    }
    for (int line = c->y0; line < c->y1; line++) {
      float y = ((float)line + 0.5f) * c->px;
      if (sign > 0 ? y < high - c->px || y > gn__pmax(f[T_BOTTOM], f[T_BASE]) : y < f[T_BASE]) continue;
      float shift = f[T_RIPPLE] > 0 ? f[T_RIPPLE] * (gn__noise1(y * 90.0f, 17u) - 0.5f) : 0.0f;
      for (int i = 0; i < n; i++) {
        float x = ((float)(x0 + i) + 0.5f) * c->px + shift, top = crest[i], depth;
        if (sign < 0) { /* seen in water: mirrored at the base, flattened */
          top = f[T_BASE] - f[T_AMP] * skyline(f, x);
          depth = 2.0f * f[T_BASE] - top - y;
        } else {
          depth = y - top;
        }
        float cover = gn__sat(0.5f + depth / c->px);
        if (cover <= 0) continue;
        float fade = f[T_FADE] > 0 ? 1.0f - f[T_FADE] * gn__smooth(f[T_BASE] - f[T_AMP] * 0.5f, gn__pmax(f[T_BOTTOM], f[T_BASE]), y) : 1.0f;
        gn__put(c, gn__at(c, x0 + i, line), land_colour(c, f, (where){x, y, depth}), cover * fade * f[T_ALPHA]);
      }
    }
  }
}

/* columns of a WATER row; with a group before it, the water stays inside the group */
enum { W_ALPHA = 1, W_FAR = 2, W_NEAR = 5, W_TOP = 8, W_LOW, W_WAVE, W_SEED, W_GLINT, W_GX = 15, W_GW, W_GS, W_SCALE, W_FOAM };

static void water_pixel(gn__canvas *c, const float *f, size_t i, float x, float y, float cover) {
  uint32_t seed = gn__seed(f[W_SEED]);
  float run = gn__sat((y - f[W_TOP]) / gn__pmax(f[W_LOW] - f[W_TOP], 1e-3f)), z = 1.0f / (0.12f + run);
  float u = (x - 0.66f) * z * f[W_SCALE], v = z * f[W_SCALE] * 2.6f;
  float n = gn__noise(u * 0.9f + 40.0f, v * 1.3f, seed) * 0.6f + gn__noise(u * 2.3f, v * 2.9f, seed + 1u) * 0.4f;
  float swell = gn__smooth(0.52f, 0.74f, n), trough = gn__smooth(0.52f, 0.3f, n), calm = gn__smooth(0.0f, 0.12f, run);
  if (f[W_ALPHA] > 0) {
    gn__rgb p = gn__mix3(gn__rgb_at(f + W_FAR), gn__rgb_at(f + W_NEAR), gn__psqrt(run));
    float sky_light = swell * f[W_WAVE] * (0.35f + 0.65f * calm);
    p = gn__mix3(p, gn__mix3(p, gn__rgb_at(f + W_FAR), 0.55f), sky_light);
    p = gn__scale3(p, 1.0f - 0.28f * trough * f[W_WAVE] * calm + 0.10f * sky_light);
    float crest = gn__smooth(0.70f, 0.76f, n) * calm * f[W_FOAM];
    p = gn__mix3(p, (gn__rgb){0.94f, 0.97f, 0.98f}, gn__sat(crest));
    gn__put(c, i, p, cover * f[W_ALPHA]);
  }
  if (f[W_GS] > 0) { /* the path of the sun or the moon */
    float wide = f[W_GW] * (0.35f + 1.5f * run), off = gn__pabs(x - f[W_GX] + (n - 0.5f) * 0.12f * run) / gn__pmax(wide, 1e-3f);
    float path = gn__sat(1.0f - off);
    float flash = gn__smooth(0.74f - 0.52f * path, 0.86f - 0.46f * path, n);
    gn__screen(c, i, gn__rgb_at(f + W_GLINT), gn__sat(path * flash * f[W_GS] + path * path * 0.16f * f[W_GS]) * cover);
  }
}

void gn__water(gn__canvas *c, const float *f, const gn__group *mask) {
  float d[GN__CHUNK];
  for (int line = c->y0; line < c->y1; line++) {
    float y = ((float)line + 0.5f) * c->px;
    if (y < f[W_TOP] || y > f[W_LOW]) continue;
    for (int x0 = 0; x0 < c->width; x0 += GN__CHUNK) {
      int n = c->width - x0 < GN__CHUNK ? c->width - x0 : GN__CHUNK;
      if (mask->count) gn__group_line(mask, y, ((float)x0 + 0.5f) * c->px, c->px, n, 2.0f * c->px, d);
      for (int i = 0; i < n; i++) {
        float cover = mask->count ? gn__sat(0.5f - d[i] / c->px) : 1.0f;
        if (cover > 0) water_pixel(c, f, gn__at(c, x0 + i, line), ((float)(x0 + i) + 0.5f) * c->px, y, cover);
      }
    }
  }
}
