/* The painter: checks a display list, gathers shapes in groups, fills them with shading, texture, ink and rim light. */
#include "paint_in.h"

#include <stdio.h>

/* columns of a FILL row */
enum {
  F_ALPHA = 1, F_A = 2, F_B = 5, F_GRADIENT = 8, F_GX0, F_GY0, F_GX1, F_GY1, F_TEXTURE, F_SCALE, F_STRENGTH, F_SEED, F_SHADE, F_BEVEL,
  F_RIM, F_OUTLINE, F_INK, F_SOFT, F_ROUGH, F_ROUGHNESS, F_BLEND, F_RIPPLE, F_RIPPLE_SCALE, F_C
};

static float gradient_at(const float *f, float x, float y) {
  float dx = f[F_GX1] - f[F_GX0], dy = f[F_GY1] - f[F_GY0];
  if (f[F_GRADIENT] < 0.5f) return 0;
  if (f[F_GRADIENT] < 1.5f) return gn__sat(((x - f[F_GX0]) * dx + (y - f[F_GY0]) * dy) / gn__pmax(dx * dx + dy * dy, 1e-9f));
  float u = x - f[F_GX0], v = y - f[F_GY0];
  return gn__sat(gn__psqrt(u * u + v * v) / gn__pmax(f[F_GX1], 1e-4f));
}

/* the colour of a fill inside its shape; d is the distance, lean the slope of the distance towards the light (-1..1) */
static gn__rgb fill_colour(const gn__canvas *c, const float *f, float x, float y, float d, float lean) {
  gn__rgb base = gn__mix3(gn__rgb_at(f + F_A), gn__rgb_at(f + F_B), gradient_at(f, x, y));
  int kind = (int)f[F_TEXTURE];
  if (kind > 0) {
    float other, tone = gn__texture(kind, x, y, f[F_SCALE], gn__seed(f[F_SEED]), &other);
    base = gn__scale3(base, 1.0f + tone * f[F_STRENGTH] * 0.5f);
    if (other > 0) base = gn__mix3(base, gn__rgb_at(f + F_C), other * gn__sat(f[F_STRENGTH] * 2.0f));
  }
  float bevel = gn__pmax(f[F_BEVEL], 1e-4f), depth = gn__sat(-d / bevel), dome = (1.0f - depth) * (1.0f - depth);
  float side = lean * dome * f[F_SHADE];
  if (side < 0) {
    base = gn__mix3(base, gn__mul3(base, c->shadow), gn__sat(-side * 1.6f));
  } else {
    gn__rgb lit = {base.r + (1.0f - base.r) * 0.45f * c->rim.r, base.g + (1.0f - base.g) * 0.45f * c->rim.g,
                   base.b + (1.0f - base.b) * 0.45f * c->rim.b};
    base = gn__mix3(base, lit, gn__sat(side));
  }
  if (f[F_RIM] > 0 && lean > 0) {
    float edge = 1.0f - gn__smooth(0.0f, bevel * 0.35f, -d);
    float a = gn__sat(edge * lean * f[F_RIM] * 1.3f);
    base = gn__mix3(base, gn__mix3(c->rim, base, 0.25f), a);
  }
  if (f[F_OUTLINE] > 0 && f[F_INK] > 0) { /* soft ink: a line of uneven width along the edge */
    float w = f[F_OUTLINE] * (0.6f + 0.8f * gn__noise(x * 30.0f, y * 30.0f, 5u));
    float a = (1.0f - gn__smooth(w * 0.45f, w, -d)) * f[F_INK];
    gn__rgb ink = {base.r * 0.38f, base.g * 0.3f, base.b * 0.36f};
    base = gn__mix3(base, ink, a);
  }
  return base;
}

static void fill_pixel(gn__canvas *c, const float *f, size_t i, gn__rgb p, float a) {
  if (f[F_BLEND] < 0.5f) {
    gn__put(c, i, p, a);
  } else if (f[F_BLEND] < 1.5f) {
    gn__screen(c, i, p, a);
  } else {
    gn__rgb m = {c->r[i] * p.r, c->g[i] * p.g, c->b[i] * p.b};
    gn__put(c, i, m, a);
  }
}

static void roughen(const float *f, float y, float x0, float px, int n, float *d) {
  float amp = f[F_ROUGH], scale = f[F_ROUGHNESS];
  uint32_t seed = gn__seed(f[F_SEED]) + 31u;
  for (int i = 0; i < n; i++) {
    if (gn__pabs(d[i]) > amp * 4.0f) continue;
    float x = x0 + (float)i * px;
    d[i] += amp * 2.0f * (gn__fbm(x * scale, y * scale, seed, 2) - 0.5f);
  }
}

/* one stretch of one line of a filled group */
static void fill_chunk(gn__canvas *c, const float *f, const gn__group *g, int line, int x, int n) {
  float d[GN__CHUNK], e[GN__CHUNK], px = c->px, fy = ((float)line + 0.5f) * px, fx = ((float)x + 0.5f) * px;
  float bend = f[F_RIPPLE] > 0 ? f[F_RIPPLE] * (gn__noise1(fy * f[F_RIPPLE_SCALE], 91u) - 0.5f) * 2.0f : 0.0f;
  float soft = gn__pmax(f[F_SOFT], 0.0f), reach = soft + f[F_ROUGH] * 4.0f + px * 2.0f;
  bool lit = f[F_SHADE] > 0 || f[F_RIM] > 0;
  float step = gn__pmax(gn__pmin(f[F_BEVEL] * 0.5f, 0.02f), px);
  gn__group_line(g, fy, fx + bend, px, n, reach, d);
  if (f[F_ROUGH] > 0) roughen(f, fy, fx + bend, px, n, d);
  bool any = false;
  for (int i = 0; i < n; i++) any = any || d[i] < soft + px;
  if (!any) return;
  if (lit) {
    float ey = fy + c->ly * step, ex = fx + bend + c->lx * step;
    gn__group_line(g, ey, ex, px, n, reach + f[F_BEVEL] + step, e);
    if (f[F_ROUGH] > 0) roughen(f, ey, ex, px, n, e);
  }
  for (int i = 0; i < n; i++) {
    float cover = soft > px ? 1.0f - gn__smooth(-soft, soft, d[i]) : gn__sat(0.5f - d[i] / px);
    float a = cover * f[F_ALPHA];
    if (a <= 0.002f) continue;
    float lean = lit ? gn__pclamp((e[i] - d[i]) / step, -1.0f, 1.0f) : 0.0f;
    gn__rgb p = fill_colour(c, f, fx + (float)i * px, fy, gn__pmin(d[i], 0.0f), lean);
    fill_pixel(c, f, gn__at(c, x + i, line), p, a);
  }
}

static void fill(gn__canvas *c, const float *f, const gn__group *g) {
  float m = gn__pmax(f[F_SOFT], 0.0f) + f[F_ROUGH] * 1.2f + gn__pabs(f[F_RIPPLE]) + 2.0f * c->px;
  int top = gn__first(g->y0 - m, c->px, c->height), low = gn__first(g->y1 + m, c->px, c->height - 1) + 1;
  int left = gn__first(g->x0 - m, c->px, c->width), right = gn__first(g->x1 + m, c->px, c->width - 1) + 1;
  if (top < c->y0) top = c->y0;
  if (low > c->y1) low = c->y1;
  for (int y = top; y < low; y++)
    for (int x = left; x < right; x += GN__CHUNK) fill_chunk(c, f, g, y, x, right - x < GN__CHUNK ? right - x : GN__CHUNK);
}

static void group_add(gn__group *g, const float *row) {
  float box[4];
  if (g->count == 0) {
    g->parts = row;
    g->x0 = g->y0 = 1e9f;
    g->x1 = g->y1 = -1e9f;
  }
  g->count++;
  if ((int)row[1] != 0) return; /* only what adds makes the group larger */
  gn__shape_bounds(row, box);
  g->x0 = gn__pmin(g->x0, box[0] - row[2] * 0.25f);
  g->y0 = gn__pmin(g->y0, box[1] - row[2] * 0.25f);
  g->x1 = gn__pmax(g->x1, box[2] + row[2] * 0.25f);
  g->y1 = gn__pmax(g->y1, box[3] + row[2] * 0.25f);
}

static bool is_shape(int kind) { return kind >= GN_PAINT_ELLIPSE && kind <= GN_PAINT_PLANE; }
static bool is_field(int kind) { return kind >= GN_PAINT_LIGHT && kind <= GN_PAINT_RAYS; }

static void light(gn__canvas *c, const float *row) {
  float len = gn__psqrt(row[1] * row[1] + row[2] * row[2]);
  c->lx = len > 1e-6f ? row[1] / len : 0.0f;
  c->ly = len > 1e-6f ? row[2] / len : -1.0f;
  c->rim = gn__rgb_at(row + 3);
  c->shadow = gn__rgb_at(row + 6);
}

static const char *row_fault(const float *row) {
  for (int i = 0; i < GN_PAINT_COLUMNS; i++)
    if (!(row[i] >= -10000.0f && row[i] <= 10000.0f)) return "every number must lie in -10000..10000";
  int kind = (int)row[0];
  if ((float)kind != row[0] || !(is_shape(kind) || is_field(kind) || kind == GN_PAINT_FILL)) return "column 1 names no kind of row";
  if (is_shape(kind)) return gn__shape_check(row);
  if (kind == GN_PAINT_FILL && (row[F_ROUGH] < 0 || row[F_SOFT] < 0 || row[F_RIPPLE] < 0 || row[F_BEVEL] < 0))
    return "bevel, softness, roughness and ripple of a fill must not be negative";
  return NULL;
}

bool gn_paint_check(const float *rows, int64_t n, int64_t k, int64_t width, int64_t height, char *error, size_t cap) {
  int parts = 0;
  double work = 0, area = (double)width * (double)height;
  if (k != GN_PAINT_COLUMNS) return snprintf(error, cap, "rows have %lld columns, wanted %d", (long long)k, GN_PAINT_COLUMNS), false;
  if (n < 0 || n > GN_PAINT_MAX_ROWS) return snprintf(error, cap, "%lld rows, wanted at most %d", (long long)n, GN_PAINT_MAX_ROWS), false;
  if (width < 1 || height < 1 || width > GN_PAINT_MAX_SIDE || height > GN_PAINT_MAX_SIDE)
    return snprintf(error, cap, "a size of %lld x %lld, wanted 1..%d each way", (long long)width, (long long)height, GN_PAINT_MAX_SIDE), false;
  for (int64_t i = 0; i < n; i++) {
    const float *row = rows + i * k;
    const char *fault = row_fault(row);
    float box[4];
    if (!fault && is_shape((int)row[0]) && ++parts > GN_PAINT_MAX_PARTS) fault = "a group holds too many shapes";
    if (fault) return snprintf(error, cap, "row %lld: %s", (long long)i + 1, fault), false;
    if (is_shape((int)row[0])) {
      gn__shape_bounds(row, box);
      double w = (double)gn__pclamp(box[2] - box[0], 0.0f, (float)width / (float)height), h = (double)gn__pclamp(box[3] - box[1], 0.0f, 1.0f);
      work += w * h * (double)height * (double)height * ((int)row[0] == GN_PAINT_CURVE ? 10 : (int)row[0] == GN_PAINT_POLYGON ? 6 : 1);
    } else {
      work += area * ((int)row[0] == GN_PAINT_FILL || (int)row[0] == GN_PAINT_LIGHT ? 0.01 : 1.0);
      parts = 0;
    }
  }
  if (work > area * 600.0) return snprintf(error, cap, "the rows cover the picture %.0f times, wanted at most 600", work / area), false;
  return true;
}

bool gn_paint(const float *rows, int64_t n, int64_t k, int64_t width, int64_t height, int64_t y0, int64_t y1, float *rgb) {
  char error[160];
  gn__group g = {0};
  if (!gn_paint_check(rows, n, k, width, height, error, sizeof error)) return false;
  if (y0 < 0 || y1 > height || y0 > y1) return false;
  size_t plane = (size_t)width * (size_t)height;
  gn__canvas c = {.r = rgb, .g = rgb + plane, .b = rgb + 2 * plane, .width = (int)width, .height = (int)height, .y0 = (int)y0,
                  .y1 = (int)y1, .px = 1.0f / (float)height, .ly = -1, .rim = {1, 1, 1}, .shadow = {0.5f, 0.5f, 0.6f}};
  for (size_t i = (size_t)y0 * (size_t)width; i < (size_t)y1 * (size_t)width; i++) c.r[i] = c.g[i] = c.b[i] = 1.0f;
  for (int64_t i = 0; i < n; i++) {
    const float *row = rows + i * k;
    int kind = (int)row[0];
    if (is_shape(kind)) {
      group_add(&g, row);
    } else if (kind == GN_PAINT_LIGHT) {
      light(&c, row);
    } else {
      if (kind == GN_PAINT_FILL && g.count) fill(&c, row, &g);
      if (kind != GN_PAINT_FILL) gn__field(&c, row, &g);
      g.count = 0;
    }
  }
  for (size_t i = (size_t)y0 * (size_t)width; i < (size_t)y1 * (size_t)width; i++) {
    c.r[i] = gn__sat(c.r[i]);
    c.g[i] = gn__sat(c.g[i]);
    c.b[i] = gn__sat(c.b[i]);
  }
  return true;
}
