/* Signed distance shapes of the painter, evaluated a line at a time so that the loops vectorise. */
#include "paint_in.h"

static void ellipse_line(const float *g, float y, float x0, float px, int n, float *out) {
  float rx = gn__pmax(g[2], 1e-4f), ry = gn__pmax(g[3], 1e-4f), ix = 1.0f / rx, iy = 1.0f / ry;
  float dy = y - g[1], co = g[4], si = g[5], small = gn__pmin(rx, ry);
  for (int i = 0; i < n; i++) {
    float dx = x0 + (float)i * px - g[0];
    float u = (dx * co + dy * si) * ix, v = (dy * co - dx * si) * iy;
    float k0 = __builtin_sqrtf(u * u + v * v);
    float a = u * ix, b = v * iy;
    float k1 = __builtin_sqrtf(a * a + b * b);
    out[i] = k1 > 1e-6f ? k0 * (k0 - 1.0f) / k1 : -small;
  }
}

static void box_line(const float *g, float y, float x0, float px, int n, float *out) {
  float round = gn__pmin(g[6], gn__pmin(g[2], g[3])), hx = g[2] - round, hy = g[3] - round;
  float dy = y - g[1], co = g[4], si = g[5];
  for (int i = 0; i < n; i++) {
    float dx = x0 + (float)i * px - g[0];
    float u = gn__pabs(dx * co + dy * si) - hx, v = gn__pabs(dy * co - dx * si) - hy;
    float a = gn__pmax(u, 0.0f), b = gn__pmax(v, 0.0f);
    out[i] = __builtin_sqrtf(a * a + b * b) + gn__pmin(gn__pmax(u, v), 0.0f) - round;
  }
}

static void capsule_line(const float *g, float y, float x0, float px, int n, float *out) {
  float ax = g[2] - g[0], ay = g[3] - g[1], inv = 1.0f / gn__pmax(ax * ax + ay * ay, 1e-9f);
  float dy = y - g[1], dr = g[5] - g[4];
  for (int i = 0; i < n; i++) {
    float dx = x0 + (float)i * px - g[0];
    float t = gn__sat((dx * ax + dy * ay) * inv);
    float u = dx - ax * t, v = dy - ay * t;
    out[i] = __builtin_sqrtf(u * u + v * v) - (g[4] + dr * t);
  }
}

static void curve_line(const float *g, float y, float x0, float px, int n, float *out) {
  enum { STEPS = 10 };
  float piece[GN__CHUNK], last[2] = {g[0], g[1]};
  for (int s = 1; s <= STEPS; s++) {
    float t = (float)s / STEPS, u = 1.0f - t, was = (float)(s - 1) / STEPS;
    float ex = u * u * g[0] + 2.0f * u * t * g[2] + t * t * g[4];
    float ey = u * u * g[1] + 2.0f * u * t * g[3] + t * t * g[5];
    float seg[6] = {last[0], last[1], ex, ey, gn__mixf(g[6], g[7], was), gn__mixf(g[6], g[7], t)};
    capsule_line(seg, y, x0, px, n, s == 1 ? out : piece);
    for (int i = 0; s > 1 && i < n; i++) out[i] = gn__pmin(out[i], piece[i]);
    last[0] = ex;
    last[1] = ey;
  }
}

static void polygon_line(const float *g, float y, float x0, float px, int n, float *out) {
  int count = (int)g[0];
  const float *p = g + 2;
  float sign[GN__CHUNK];
  for (int i = 0; i < n; i++) {
    out[i] = 1e12f;
    sign[i] = 1.0f;
  }
  for (int k = 0, j = count - 1; k < count; j = k++) {
    float ex = p[2 * j] - p[2 * k], ey = p[2 * j + 1] - p[2 * k + 1], inv = 1.0f / gn__pmax(ex * ex + ey * ey, 1e-9f);
    float wy = y - p[2 * k + 1];
    bool above = y >= p[2 * k + 1], below = y < p[2 * j + 1];
    for (int i = 0; i < n; i++) {
      float wx = x0 + (float)i * px - p[2 * k];
      float t = gn__sat((wx * ex + wy * ey) * inv);
      float u = wx - ex * t, v = wy - ey * t;
      out[i] = gn__pmin(out[i], u * u + v * v);
      bool side = ex * wy > ey * wx;
      bool flip = (above && below && side) || (!above && !below && !side);
      sign[i] = flip ? -sign[i] : sign[i];
    }
  }
  for (int i = 0; i < n; i++) out[i] = sign[i] * __builtin_sqrtf(out[i]) - g[1];
}

static void ring_line(const float *g, float y, float x0, float px, int n, float *out) {
  float dy = y - g[1];
  for (int i = 0; i < n; i++) {
    float dx = x0 + (float)i * px - g[0];
    out[i] = gn__pabs(__builtin_sqrtf(dx * dx + dy * dy) - g[2]) - g[3];
  }
}

static void plane_line(const float *g, float y, float x0, float px, int n, float *out) {
  for (int i = 0; i < n; i++) out[i] = (x0 + (float)i * px - g[0]) * g[2] + (y - g[1]) * g[3];
}

static void shape_line(const float *row, float y, float x0, float px, int n, float *out) {
  const float *g = row + 3;
  switch ((int)row[0]) {
    case GN_PAINT_ELLIPSE: ellipse_line(g, y, x0, px, n, out); break;
    case GN_PAINT_BOX: box_line(g, y, x0, px, n, out); break;
    case GN_PAINT_CAPSULE: capsule_line(g, y, x0, px, n, out); break;
    case GN_PAINT_CURVE: curve_line(g, y, x0, px, n, out); break;
    case GN_PAINT_POLYGON: polygon_line(g, y, x0, px, n, out); break;
    case GN_PAINT_RING: ring_line(g, y, x0, px, n, out); break;
    default: plane_line(g, y, x0, px, n, out); break;
  }
}

static void join(float *out, const float *d, int n, int how, float k) {
  float ik = k > 1e-6f ? 1.0f / k : 0.0f, quarter = k * 0.25f;
  if (how == 0) {
    for (int i = 0; i < n; i++) {
      float h = gn__pmax(k - gn__pabs(out[i] - d[i]), 0.0f) * ik;
      out[i] = gn__pmin(out[i], d[i]) - h * h * quarter;
    }
  } else {
    float s = how == 1 ? -1.0f : 1.0f;
    for (int i = 0; i < n; i++) {
      float b = s * d[i], h = gn__pmax(k - gn__pabs(out[i] - b), 0.0f) * ik;
      out[i] = gn__pmax(out[i], b) + h * h * quarter;
    }
  }
}

void gn__group_line(const gn__group *g, float y, float x0, float px, int count, float reach, float *out) {
  float d[GN__CHUNK], box[4];
  for (int i = 0; i < count; i++) out[i] = 10.0f;
  for (int p = 0; p < g->count; p++) {
    const float *row = g->parts + (size_t)p * GN_PAINT_COLUMNS;
    int how = (int)row[1], from = 0, to = count;
    if (how != 2) { /* what is farther than the reach cannot show */
      float margin = reach + row[2];
      gn__shape_bounds(row, box);
      if (y < box[1] - margin || y > box[3] + margin) continue;
      from = gn__first(box[0] - margin - x0, px, count);
      to = gn__first(box[2] + margin - x0, px, count - 1) + 1;
    }
    if (from >= to) continue;
    shape_line(row, y, x0 + (float)from * px, px, to - from, d);
    join(out + from, d, to - from, how, row[2]);
  }
}

static void spread(float *box, float x, float y, float r) {
  box[0] = gn__pmin(box[0], x - r);
  box[1] = gn__pmin(box[1], y - r);
  box[2] = gn__pmax(box[2], x + r);
  box[3] = gn__pmax(box[3], y + r);
}

void gn__shape_bounds(const float *row, float *box) {
  const float *g = row + 3;
  box[0] = box[1] = 1e9f;
  box[2] = box[3] = -1e9f;
  switch ((int)row[0]) {
    case GN_PAINT_ELLIPSE:
    case GN_PAINT_BOX: {
      float co = gn__pabs(g[4]), si = gn__pabs(g[5]), w = g[2] * co + g[3] * si, h = g[2] * si + g[3] * co;
      spread(box, g[0] - w, g[1] - h, 0);
      spread(box, g[0] + w, g[1] + h, 0);
      break;
    }
    case GN_PAINT_CAPSULE:
      spread(box, g[0], g[1], g[4]);
      spread(box, g[2], g[3], g[5]);
      break;
    case GN_PAINT_CURVE:
      for (int i = 0; i < 3; i++) spread(box, g[2 * i], g[2 * i + 1], gn__pmax(g[6], g[7]));
      break;
    case GN_PAINT_POLYGON:
      for (int i = 0; i < (int)g[0]; i++) spread(box, g[2 + 2 * i], g[3 + 2 * i], g[1]);
      break;
    case GN_PAINT_RING: spread(box, g[0], g[1], g[2] + g[3]); break;
    default:
      box[0] = box[1] = -1e6f;
      box[2] = box[3] = 1e6f;
  }
}

const char *gn__shape_check(const float *row) {
  const float *g = row + 3;
  int how = (int)row[1], kind = (int)row[0];
  if ((float)how != row[1] || how < 0 || how > 2) return "column 2 (the join) must be 0, 1 or 2";
  if (row[2] < 0) return "column 3 (the smoothing) must not be negative";
  if (kind == GN_PAINT_POLYGON && (g[0] < 3 || g[0] > 12 || g[0] != (float)(int)g[0])) return "a polygon needs 3 to 12 points";
  if ((kind == GN_PAINT_ELLIPSE || kind == GN_PAINT_BOX) && (g[2] < 0 || g[3] < 0)) return "a radius must not be negative";
  if ((kind == GN_PAINT_ELLIPSE || kind == GN_PAINT_BOX) && gn__pabs(g[4] * g[4] + g[5] * g[5] - 1.0f) > 0.01f)
    return "columns 8 and 9 must be a cosine and a sine";
  return NULL;
}
