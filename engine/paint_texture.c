/* Patterns inside fills: leaf dabs, bricks, shingles, planks, fur, scales, spots. All from hashed lattices. */
#include "paint_in.h"

enum { GRAIN = 1, LEAVES, BRICK, SHINGLE, PLANK, FUR, SCALE, STRIPE, SPOT, ROCK, WAVE, WINDOWS, KNIT, NEEDLES, PATCH };

/* brush dabs: nearest of the hashed ellipses around the point; each dab has its own tone, later ones lie above earlier ones */
static float dabs(float x, float y, uint32_t seed, float flat) {
  int32_t i = gn__pfloor(x), j = gn__pfloor(y);
  float best = -1.0f, tone = -0.35f;
  for (int dj = -1; dj <= 1; dj++) {
    for (int di = -1; di <= 1; di++) {
      uint32_t h = gn__phash(i + di, j + dj, seed);
      float cx = (float)(i + di) + 0.15f + 0.7f * (float)(h & 255u) / 255.0f;
      float cy = (float)(j + dj) + 0.15f + 0.7f * (float)((h >> 8) & 255u) / 255.0f;
      float order = (float)((h >> 16) & 255u) / 255.0f, lean = (float)(h >> 24) / 255.0f - 0.5f;
      float u = x - cx, v = (y - cy + u * lean * 1.2f) * flat;
      float q = u * u + v * v;
      if (q < 0.5f && order > best) {
        best = order;
        tone = (order - 0.5f) * 1.6f - (q > 0.33f ? 0.25f : 0.0f);
      }
    }
  }
  return tone;
}

static float bricks(float x, float y, uint32_t seed, float wide, float *other) {
  int32_t row = gn__pfloor(y);
  float shift = (row & 1) ? 0.5f : 0.0f, u = x / wide + shift, fy = y - (float)row;
  int32_t col = gn__pfloor(u);
  float fx = (u - (float)col) * wide, edge = gn__pmin(gn__pmin(fx, wide - fx), gn__pmin(fy, 1.0f - fy));
  *other = 1.0f - gn__smooth(0.04f, 0.16f, edge);
  return gn__hashf(col, row, seed) * 1.6f - 0.8f;
}

static float shingles(float x, float y, uint32_t seed, float *other) {
  float tone = 0;
  int32_t row = gn__pfloor(y);
  *other = 0;
  for (int r = row; r >= row - 1; r--) { /* round-ended tiles hang over the row below */
    float shift = (r & 1) ? 0.5f : 0.0f, fy = y - (float)r;
    int32_t col = gn__pfloor(x + shift);
    float fx = x + shift - (float)col - 0.5f, low = fy - 0.72f, d;
    d = low > 0 ? gn__psqrt(fx * fx * 1.1f + low * low) - 0.5f : gn__pabs(fx) - 0.5f;
    if (d < 0) {
      tone = gn__hashf(col, r, seed) * 1.2f - 0.4f - 0.5f * gn__sat(1.0f - fy);
      *other = 1.0f - gn__smooth(0.02f, 0.12f, -d);
      if (r == row - 1) break;
    }
  }
  return tone;
}

static float planks(float x, float y, uint32_t seed, float *other) {
  int32_t col = gn__pfloor(x);
  float fx = x - (float)col, edge = gn__pmin(fx, 1.0f - fx);
  *other = 1.0f - gn__smooth(0.02f, 0.1f, edge);
  return (gn__hashf(col, 3, seed) - 0.5f) * 1.1f + (gn__noise(x * 5.0f, y * 0.7f, seed + 5u) - 0.5f) * 0.9f;
}

static float scales(float x, float y, uint32_t seed, float *other) {
  int32_t row = gn__pfloor(y * 1.6f);
  float shift = (row & 1) ? 0.5f : 0.0f;
  int32_t col = gn__pfloor(x + shift);
  float fx = x + shift - (float)col - 0.5f, fy = y * 1.6f - (float)row - 0.2f;
  float d = gn__psqrt(fx * fx + fy * fy * 0.6f);
  *other = gn__smooth(0.4f, 0.52f, d) * 0.8f;
  return (gn__hashf(col, row, seed) - 0.5f) * 0.7f + (0.3f - d) * 1.2f;
}

static float spots(float x, float y, uint32_t seed, float *other) {
  int32_t i = gn__pfloor(x), j = gn__pfloor(y);
  float near = 9.0f;
  for (int dj = -1; dj <= 1; dj++) {
    for (int di = -1; di <= 1; di++) {
      uint32_t h = gn__phash(i + di, j + dj, seed);
      float u = x - (float)(i + di) - 0.2f - 0.6f * (float)(h & 255u) / 255.0f;
      float v = y - (float)(j + dj) - 0.2f - 0.6f * (float)((h >> 8) & 255u) / 255.0f;
      float r = 0.2f + 0.2f * (float)((h >> 16) & 255u) / 255.0f;
      near = gn__pmin(near, gn__psqrt(u * u + v * v) - r);
    }
  }
  *other = 1.0f - gn__smooth(-0.05f, 0.06f, near);
  return 0;
}

/* lit and dark panes in a grid: colour C shows where a window is lit, the tone darkens where it is not */
static float windows(float x, float y, uint32_t seed, float *other) {
  int32_t i = gn__pfloor(x), j = gn__pfloor(y);
  float fx = x - (float)i, fy = y - (float)j, h = gn__hashf(i, j, seed);
  bool pane = fx > 0.25f && fx < 0.75f && fy > 0.2f && fy < 0.75f;
  *other = pane && h > 0.45f ? 0.6f + 0.4f * h : 0.0f;
  return pane && h <= 0.45f ? -0.7f : 0.0f;
}

float gn__texture(int kind, float x, float y, float scale, uint32_t seed, float *other) {
  float u = x * scale, v = y * scale, n;
  *other = 0;
  switch (kind) {
    case GRAIN: return (gn__fbm(u, v, seed, 3) - 0.5f) * 2.0f;
    case LEAVES: return dabs(u, v, seed, 1.3f);
    case BRICK: return bricks(u, v, seed, 2.1f, other);
    case SHINGLE: return shingles(u, v, seed, other);
    case PLANK: return planks(u, v, seed, other);
    case FUR: return (gn__noise(u + gn__noise(u * 0.5f, v * 0.5f, seed) * 2.0f, v * 0.35f, seed) - 0.5f) * 1.5f;
    case SCALE: return scales(u, v, seed, other);
    case STRIPE:
      n = gn__noise(u * 0.8f, v * 0.8f, seed) * 0.7f + v;
      n = n - (float)gn__pfloor(n);
      *other = gn__smooth(0.5f, 0.56f, n) * (1.0f - gn__smooth(0.92f, 0.98f, n));
      return 0;
    case SPOT: return spots(u, v, seed, other);
    case ROCK:
      n = gn__fbm(u, v * 1.8f, seed, 4);
      return (n - 0.5f) * 2.2f + (gn__noise(u * 0.6f + n * 2.0f, v * 4.0f, seed + 9u) - 0.5f) * 0.7f;
    case WAVE: return (gn__noise(u * 0.6f + gn__noise1(v, seed) * 3.0f, v * 2.4f, seed) - 0.5f) * 2.0f;
    case WINDOWS: return windows(u, v, seed, other);
    case KNIT:
      n = gn__pabs(u - (float)gn__pfloor(u) - 0.5f) * 1.5f + v;
      n = n - (float)gn__pfloor(n);
      return (n - 0.5f) * 0.9f;
    case NEEDLES: return dabs(u * 1.6f, v * 0.8f, seed, 0.8f);
    case PATCH:
      *other = gn__smooth(0.52f, 0.55f, gn__fbm(u, v, seed, 2));
      return 0;
    default: return 0;
  }
}
