/* The painter: a display list of rows of 32 numbers in, the lines of an RGB picture out. Pure functions, no allocation, no libm.
   Lengths are in picture heights: x runs 0..width/height, y runs 0 (top)..1 (bottom). Colours are sRGB, 0..1. */
#ifndef GN_PAINT_H
#define GN_PAINT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  GN_PAINT_COLUMNS = 32,
  GN_PAINT_MAX_ROWS = 16384,
  GN_PAINT_MAX_SIDE = 8192,
  GN_PAINT_MAX_PARTS = 96 /* shapes in one group */
};

/* Row kinds (column 0). Shapes 1..8 gather in a group; the next FILL or WATER row draws the group as one figure and ends it.
   Shape rows: [1] 0 union, 1 subtract, 2 intersect; [2] smoothing radius of the join; [3..] geometry. */
enum {
  GN_PAINT_ELLIPSE = 1, /* cx cy rx ry cos sin */
  GN_PAINT_BOX = 2,     /* cx cy half_w half_h cos sin round */
  GN_PAINT_CAPSULE = 3, /* x0 y0 x1 y1 r0 r1 */
  GN_PAINT_CURVE = 4,   /* quadratic Bezier stroke: x0 y0 x1 y1 x2 y2 r0 r1 */
  GN_PAINT_POLYGON = 5, /* count(3..12) round x y x y ... */
  GN_PAINT_RING = 6,    /* cx cy radius half_width */
  GN_PAINT_PLANE = 7,   /* x y nx ny: the side against the normal is inside */
  GN_PAINT_FILL = 16,   /* alpha A.rgb B.rgb gradient gx0 gy0 gx1 gy1 texture scale strength seed shade bevel rim outline ink soft rough
                           roughness blend ripple ripple_scale C.rgb */
  GN_PAINT_LIGHT = 19,  /* lx ly rim.rgb shadow.rgb: the light that later fills are shaded by */
  GN_PAINT_TERRAIN = 20,
  GN_PAINT_WATER = 21,
  GN_PAINT_GLOW = 22,
  GN_PAINT_BEAM = 23,
  GN_PAINT_SKY = 24,
  GN_PAINT_STARS = 25,
  GN_PAINT_CLOUDS = 26,
  GN_PAINT_RAIN = 27,
  GN_PAINT_SNOW = 28,
  GN_PAINT_FOG = 29,
  GN_PAINT_GRASS = 30,
  GN_PAINT_DOTS = 31,
  GN_PAINT_POST = 32,
  GN_PAINT_RAINBOW = 33,
  GN_PAINT_RAYS = 34
};

/* True when every row is well formed for a picture of this size; else false and a sentence in error (cap bytes). */
bool gn_paint_check(const float *rows, int64_t n, int64_t k, int64_t width, int64_t height, char *error, size_t cap);

/* Draws lines y0 <= y < y1 of the planar picture rgb, f32[3,height,width]. The pixels do not depend on how the lines are split.
   False (nothing drawn) when gn_paint_check would refuse the rows or the lines are out of range. */
bool gn_paint(const float *rows, int64_t n, int64_t k, int64_t width, int64_t height, int64_t y0, int64_t y1, float *rgb);

#endif
