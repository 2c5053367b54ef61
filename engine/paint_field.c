/* What fills space in a picture: sky, stars, clouds, glows, beams, weather, grass, flowers, and the last wash over it all. */
#include "paint_in.h"

/* calls `body` for each pixel of a box in picture heights; i is the index, x and y the centre */
#define EACH(c, bx0, by0, bx1, by1)                                                                                        \
  int l_ = gn__first(bx0, c->px, c->width), r_ = gn__first(bx1, c->px, c->width - 1) + 1;                                  \
  int t_ = gn__first(by0, c->px, c->height), b_ = gn__first(by1, c->px, c->height - 1) + 1;                                \
  if (t_ < c->y0) t_ = c->y0;                                                                                              \
  if (b_ > c->y1) b_ = c->y1;                                                                                              \
  for (int py = t_; py < b_; py++)                                                                                         \
    for (int qx = l_; qx < r_; qx++)
#define HERE                                                                                                               \
  float x = ((float)qx + 0.5f) * c->px, y = ((float)py + 0.5f) * c->px;                                                    \
  size_t i = gn__at(c, qx, py);                                                                                            \
  (void)x, (void)y

/* A.rgb B.rgb C.rgb D.rgb at heights [14..17], brush strength, scale, seed */
static void sky(gn__canvas *c, const float *f) {
  uint32_t seed = gn__seed(f[20]);
  float scale = f[19], strength = f[18];
  EACH(c, 0, 0, 1e6f, 1.0f) {
    HERE;
    float wet = strength > 0 ? gn__fbm(x * scale * 0.35f, y * scale, seed, 3) - 0.5f : 0.0f;
    float v = y + wet * strength;
    gn__rgb p = gn__rgb_at(f + 2);
    for (int s = 1; s < 4; s++)
      p = gn__mix3(p, gn__rgb_at(f + 2 + 3 * s), gn__smooth(f[13 + s], gn__pmax(f[14 + s], f[13 + s] + 1e-3f), v));
    gn__put(c, i, gn__scale3(p, 1.0f + wet * 0.1f), 1.0f);
  }
}

/* hashed stars: colour [2], y0 y1 [8 9], cells per height [10], size [11], seed [12], strength [13] */
static void stars(gn__canvas *c, const float *f) {
  float cells = gn__pmax(f[10], 1.0f), size = f[11];
  uint32_t seed = gn__seed(f[12]);
  gn__rgb p = gn__rgb_at(f + 2);
  EACH(c, 0, f[8], 1e6f, f[9]) {
    HERE;
    float u = x * cells, v = y * cells, sum = 0;
    int32_t ci = gn__pfloor(u), cj = gn__pfloor(v);
    uint32_t h = gn__phash(ci, cj, seed);
    if ((h & 3u) == 0) continue;
    float sx = 0.2f + 0.6f * (float)((h >> 2) & 255u) / 255.0f, sy = 0.2f + 0.6f * (float)((h >> 10) & 255u) / 255.0f;
    float big = (float)((h >> 18) & 255u) / 255.0f, dx = (u - (float)ci - sx) / cells, dy = (v - (float)cj - sy) / cells;
    big = big * big * big;
    float r = size * (0.45f + 1.1f * big), q = dx * dx + dy * dy;
    if (q < r * r * 16.0f) {
      float d = gn__psqrt(q);
      sum = gn__sat(0.5f + (r * 0.5f - d) / c->px) * (0.45f + 0.55f * big) + 0.3f * big * gn__sat(1.0f - d / (r * 4.0f));
      float cross = gn__pmin(gn__pabs(dx), gn__pabs(dy));
      if (big > 0.72f) sum += 0.6f * gn__sat(1.0f - cross / c->px) * gn__sat(1.0f - d / (r * 3.2f));
    }
    float fade = 1.0f - gn__smooth(f[8] + (f[9] - f[8]) * 0.4f, f[9], y);
    if (sum > 0) gn__screen(c, i, p, gn__sat(sum * fade * f[13]));
  }
}

/* cloud sheet: light [2] shade [5], y0 y1 [8 9], scale x y [10 11], cover [12], softness [13], seed [14] */
static void clouds(gn__canvas *c, const float *f) {
  uint32_t seed = gn__seed(f[14]);
  float cover = f[12], soft = gn__pmax(f[13], 0.01f), mid = (f[8] + f[9]) * 0.5f, half = gn__pmax((f[9] - f[8]) * 0.5f, 1e-3f);
  gn__rgb light = gn__rgb_at(f + 2), shade = gn__rgb_at(f + 5);
  EACH(c, 0, f[8], 1e6f, f[9]) {
    HERE;
    float off = gn__pabs(y - mid) / half, band = 1.0f - off * off * off;
    float u = x * f[10], v = y * f[11], n = gn__fbm(u, v, seed, 5) * band;
    float a = gn__smooth(cover, cover + soft, n);
    if (a <= 0.004f) continue;
    float m = gn__fbm(u + c->lx * 0.35f, v + c->ly * 0.45f, seed, 3);
    float lit = gn__sat(0.55f + (n - m) * 2.6f);
    gn__put(c, i, gn__mix3(shade, light, lit), a * f[1]);
  }
}

/* strength [1] colour [2] centre [8 9] radius [10] sharpness [11] */
static void glow(gn__canvas *c, const float *f) {
  float r = gn__pmax(f[10], 1e-3f);
  gn__rgb p = gn__rgb_at(f + 2);
  EACH(c, f[8] - r, f[9] - r, f[8] + r, f[9] + r) {
    HERE;
    float dx = (x - f[8]) / r, dy = (y - f[9]) / r, t = 1.0f - gn__psqrt(dx * dx + dy * dy);
    if (t <= 0) continue;
    float a = t * t;
    if (f[11] > 1.5f) a = a * t;
    if (f[11] > 2.5f) a = a * t * t;
    gn__screen(c, i, p, a * f[1]);
  }
}

/* a cone of light: strength [1] colour [2] apex [8 9] direction [10 11] spread [12] length [13] */
static void beam(gn__canvas *c, const float *f) {
  gn__rgb p = gn__rgb_at(f + 2);
  float len = gn__pmax(f[13], 1e-3f), wide = len * (f[12] + 0.1f);
  EACH(c, f[8] - len - wide, f[9] - len - wide, f[8] + len + wide, f[9] + len + wide) {
    HERE;
    float dx = x - f[8], dy = y - f[9], along = dx * f[10] + dy * f[11];
    if (along <= 0 || along > len) continue;
    float across = gn__pabs(dx * f[11] - dy * f[10]), w = 0.006f + along * f[12];
    float a = 1.0f - across / w;
    if (a <= 0) continue;
    float t = 1.0f - along / len;
    gn__screen(c, i, p, a * (2.0f - a) * t * t * f[1] * gn__sat(along * 40.0f));
  }
}

/* light through haze from a point: strength [1] colour [2] centre [8 9] reach [10] rays [11] seed [12] */
static void rays(gn__canvas *c, const float *f) {
  gn__rgb p = gn__rgb_at(f + 2);
  uint32_t seed = gn__seed(f[12]);
  float reach = gn__pmax(f[10], 1e-3f);
  EACH(c, f[8] - reach, f[9] - reach, f[8] + reach, f[9] + reach) {
    HERE;
    float dx = x - f[8], dy = y - f[9], d = gn__psqrt(dx * dx + dy * dy), t = 1.0f - d / reach;
    if (t <= 0) continue;
    float s = 1.0f / gn__pmax(d, 1e-4f), n = gn__noise(dx * s * f[11], dy * s * f[11], seed);
    float a = gn__smooth(0.45f, 0.8f, n) * t * t;
    gn__screen(c, i, p, a * f[1] * gn__sat(d * 12.0f));
  }
}

/* centre [8 9] radius [10] width [11] */
static void rainbow(gn__canvas *c, const float *f) {
  static const float stops[7][3] = {{0.62f, 0.38f, 0.86f}, {0.36f, 0.46f, 0.95f}, {0.3f, 0.75f, 0.95f}, {0.42f, 0.86f, 0.46f},
                                    {0.99f, 0.9f, 0.36f},  {1.0f, 0.62f, 0.28f},  {0.96f, 0.33f, 0.33f}};
  float r = f[10], w = gn__pmax(f[11], 1e-3f);
  EACH(c, f[8] - r - w, f[9] - r - w, f[8] + r + w, f[9]) {
    HERE;
    float dx = x - f[8], dy = y - f[9], t = (gn__psqrt(dx * dx + dy * dy) - r) / w;
    if (t <= -0.1f || t >= 1.1f) continue;
    float s = gn__pclamp(t, 0.0f, 1.0f) * 6.0f;
    int k = (int)s;
    if (k > 5) k = 5;
    gn__rgb p = gn__mix3(gn__rgb_at(stops[k]), gn__rgb_at(stops[k + 1]), s - (float)k);
    float a = gn__smooth(-0.1f, 0.12f, t) * (1.0f - gn__smooth(0.88f, 1.1f, t));
    gn__put(c, i, p, a * f[1] * (0.75f + 0.5f * gn__noise(x * 9.0f, y * 9.0f, 3u)) * (1.0f - 0.5f * gn__smooth(f[9] - 0.25f, f[9], y)));
  }
}

/* slant [8] length [9] streaks per height [10] width [11] seed [12] */
static void rain(gn__canvas *c, const float *f) {
  gn__rgb p = gn__rgb_at(f + 2);
  uint32_t seed = gn__seed(f[12]);
  float cells = gn__pmax(f[10], 1.0f), len = gn__pmax(f[9], 1e-3f);
  EACH(c, 0, 0, 1e6f, 1.0f) {
    HERE;
    float u = (x - y * f[8]) * cells;
    int32_t col = gn__pfloor(u);
    float v = y / len + gn__hashf(col, 1, seed) * 17.0f;
    int32_t cell = gn__pfloor(v);
    uint32_t h = gn__phash(col, cell, seed);
    if ((h & 7u) > 3u) continue;
    float at = 0.2f + 0.6f * (float)((h >> 3) & 255u) / 255.0f, d = gn__pabs(u - (float)col - at) / cells;
    float fy = v - (float)cell, line = gn__sat(0.5f + (f[11] * 0.5f - d) / c->px);
    if (line > 0) gn__put(c, i, p, line * f[1] * fy * (1.0f - gn__smooth(0.85f, 1.0f, fy)));
  }
}

/* size [8] flakes per height [9] seed [10] softness [11] */
static void snow(gn__canvas *c, const float *f) {
  gn__rgb p = gn__rgb_at(f + 2);
  uint32_t seed = gn__seed(f[10]);
  float cells = gn__pmax(f[9], 1.0f);
  EACH(c, 0, 0, 1e6f, 1.0f) {
    HERE;
    float u = x * cells, v = y * cells;
    int32_t ci = gn__pfloor(u), cj = gn__pfloor(v);
    uint32_t h = gn__phash(ci, cj, seed);
    if ((h & 3u) == 0) continue;
    float sx = 0.25f + 0.5f * (float)((h >> 2) & 255u) / 255.0f, sy = 0.25f + 0.5f * (float)((h >> 10) & 255u) / 255.0f;
    float r = f[8] * (0.5f + 0.7f * (float)((h >> 18) & 255u) / 255.0f), dx = (u - (float)ci - sx) / cells, dy = (v - (float)cj - sy) / cells;
    float edge = gn__pmax(f[11] * r, c->px), a = gn__sat(0.5f + (r - gn__psqrt(dx * dx + dy * dy)) / edge);
    if (a > 0) gn__put(c, i, p, a * f[1]);
  }
}

/* y0 y1 [8 9] scale [10] seed [11] share of noise [12]; thickest in the middle of the band */
static void fog(gn__canvas *c, const float *f) {
  gn__rgb p = gn__rgb_at(f + 2);
  uint32_t seed = gn__seed(f[11]);
  float mid = (f[8] + f[9]) * 0.5f, half = gn__pmax((f[9] - f[8]) * 0.5f, 1e-3f);
  EACH(c, 0, f[8], 1e6f, f[9]) {
    HERE;
    float t = 1.0f - gn__pabs(y - mid) / half, n = f[12] > 0 ? gn__fbm(x * f[10], y * f[10] * 3.0f, seed, 3) : 0.5f;
    t = gn__sat(t);
    gn__put(c, i, p, gn__sat(t * t * (3.0f - 2.0f * t) * f[1] * (1.0f + (n - 0.5f) * 2.0f * f[12])));
  }
}

/* one strip of blades: root [2] tip [5], base y [8] height [9] spacing [10] width [11] lean [12] seed [13] x0 x1 [14 15] share [16] sway
   of the base [17] and its scale [18] */
static void grass(gn__canvas *c, const float *f) {
  uint32_t seed = gn__seed(f[13]);
  float tall = gn__pmax(f[9], 1e-3f), gap = gn__pmax(f[10], 1e-3f);
  gn__rgb root = gn__rgb_at(f + 2), tip = gn__rgb_at(f + 5);
  EACH(c, f[14], f[8] - tall * 1.3f - gn__pabs(f[17]), f[15], f[8] + gn__pabs(f[17])) {
    HERE;
    int32_t cell = gn__pfloor(x / gap);
    for (int k = -2; k <= 2; k++) {
      uint32_t h = gn__phash(cell + k, 9, seed);
      if ((float)(h & 255u) > f[16] * 255.0f) continue;
      float bx = ((float)(cell + k) + (float)((h >> 8) & 255u) / 255.0f) * gap;
      float by = f[8] + f[17] * (gn__noise1(bx * f[18], seed) * 2.0f - 1.0f);
      float len = tall * (0.5f + 0.7f * (float)((h >> 16) & 255u) / 255.0f), t = (by - y) / len;
      if (t < 0 || t > 1) continue;
      float bend = (f[12] + (float)((h >> 24) & 255u) / 255.0f - 0.5f) * len, w = f[11] * (1.0f - t) + c->px * 0.3f;
      float d = gn__pabs(x - bx - bend * t * t) - w * 0.5f, a = gn__sat(0.5f - d / c->px) * f[1];
      if (a > 0) gn__put(c, i, gn__scale3(gn__mix3(root, tip, t), 0.9f + 0.2f * (float)((h >> 4) & 15u) / 15.0f), a);
    }
  }
}

/* flowers or pebbles on a floor seen in perspective: A [2] B [5], horizon and bottom y [8 9], cells [10], radius share [11], share [12],
   seed [13], first y [14], x range [15 16] */
static void dots(gn__canvas *c, const float *f) {
  uint32_t seed = gn__seed(f[13]);
  float tall = gn__pmax(f[9] - f[8], 1e-3f);
  EACH(c, f[15], f[14], f[16], 1.0f) {
    HERE;
    float z = 1.0f / (0.16f + (y - f[8]) / tall), u = (x - 0.66f) * z * f[10], v = z * f[10] * 1.15f;
    int32_t ci = gn__pfloor(u), cj = gn__pfloor(v);
    uint32_t h = gn__phash(ci, cj, seed);
    if ((float)(h & 255u) > f[12] * 255.0f) continue;
    float sx = 0.3f + 0.4f * (float)((h >> 8) & 255u) / 255.0f, sy = 0.3f + 0.4f * (float)((h >> 16) & 255u) / 255.0f;
    float dx = u - (float)ci - sx, dy = (v - (float)cj - sy) * 0.9f, r = f[11] * (0.6f + 0.4f * (float)(h >> 24) / 255.0f);
    float unit = c->px * z * f[10] * 1.5f, q = gn__psqrt(dx * dx + dy * dy), a = gn__sat(0.5f + (r - q) / gn__pmax(unit, 1e-4f));
    if (a <= 0) continue;
    gn__rgb p = (h & 0x1000u) ? gn__rgb_at(f + 2) : gn__rgb_at(f + 5);
    if (q < r * 0.35f) p = gn__scale3(p, 1.15f);
    gn__put(c, i, p, a * f[1] * gn__smooth(f[14], f[14] + tall * 0.12f, y));
  }
}

/* the last wash: grain [1] its scale [2] vignette [3] its colour [4] saturation [7] contrast [8] tint [9..11] tint strength [12] seed [13]
   paper [14] brightness [15] */
void gn__post(gn__canvas *c, const float *f) {
  uint32_t seed = gn__seed(f[13]);
  float aspect = (float)c->width * c->px, scale = f[2];
  gn__rgb dark = gn__rgb_at(f + 4);
  EACH(c, 0, 0, 1e6f, 1.0f) {
    HERE;
    float fibre = gn__noise(x * scale, y * scale * 0.9f, seed) + 0.6f * gn__noise(x * scale * 2.3f, y * scale * 2.3f, seed + 1u) - 0.8f;
    float speck = gn__hashf(qx, py, seed + 2u) - 0.5f, k = f[15] + fibre * f[14] + speck * f[1];
    float r = c->r[i] * k, g = c->g[i] * k, b = c->b[i] * k, grey = 0.3f * r + 0.59f * g + 0.11f * b;
    r = gn__mixf(grey, r, f[7]);
    g = gn__mixf(grey, g, f[7]);
    b = gn__mixf(grey, b, f[7]);
    r = gn__mixf(0.5f + (r - 0.5f) * f[8], r * f[9], f[12]);
    g = gn__mixf(0.5f + (g - 0.5f) * f[8], g * f[10], f[12]);
    b = gn__mixf(0.5f + (b - 0.5f) * f[8], b * f[11], f[12]);
    float u = x / aspect * 2.0f - 1.0f, v = y * 2.0f - 1.0f, q = u * u * 0.8f + v * v * 0.8f;
    float a = gn__smooth(0.55f, 1.75f, q + fibre * 0.06f) * f[3];
    c->r[i] = gn__mixf(r, r * dark.r, a);
    c->g[i] = gn__mixf(g, g * dark.g, a);
    c->b[i] = gn__mixf(b, b * dark.b, a);
  }
}

bool gn__field(gn__canvas *c, const float *row, const gn__group *mask) {
  switch ((int)row[0]) {
    case GN_PAINT_TERRAIN: gn__terrain(c, row); break;
    case GN_PAINT_WATER: gn__water(c, row, mask); break;
    case GN_PAINT_GLOW: glow(c, row); break;
    case GN_PAINT_BEAM: beam(c, row); break;
    case GN_PAINT_SKY: sky(c, row); break;
    case GN_PAINT_STARS: stars(c, row); break;
    case GN_PAINT_CLOUDS: clouds(c, row); break;
    case GN_PAINT_RAIN: rain(c, row); break;
    case GN_PAINT_SNOW: snow(c, row); break;
    case GN_PAINT_FOG: fog(c, row); break;
    case GN_PAINT_GRASS: grass(c, row); break;
    case GN_PAINT_DOTS: dots(c, row); break;
    case GN_PAINT_POST: gn__post(c, row); break;
    case GN_PAINT_RAINBOW: rainbow(c, row); break;
    case GN_PAINT_RAYS: rays(c, row); break;
    default: return false;
  }
  return true;
}
