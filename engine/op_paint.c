/* op_paint.c: the painter as an op. Bands of lines go to the pool; the pixels do not depend on how they are split. */
#include "core.h"
#include "paint.h"

enum { BAND = 16 };

typedef struct {
  const float *rows;
  float *rgb;
  int64_t n, width, height;
} job;

static void band(void *context, int64_t i, int worker) {
  (void)worker;
  const job *j = context;
  int64_t from = i * BAND, to = from + BAND < j->height ? from + BAND : j->height;
  gn_paint(j->rows, j->n, GN_PAINT_COLUMNS, j->width, j->height, from, to, j->rgb); /* checked before: cannot fail */
}

bool gn__fwd_paint(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *rows = a[0].t;
  int64_t width = (int64_t)a[1].num, height = (int64_t)a[2].num, dims[3] = { 3, height, width };
  char error[160];
  if (!gn_paint_check(gn_f32(rows), rows->dim[0], rows->dim[1], width, height, error, sizeof error)) return gn_fail("paint: rows: %s", error);
  if (!(out[0] = gn_new(g, GN_F32, 3, dims))) return false;
  job j = { gn_f32(rows), gn_f32(out[0]), rows->dim[0], width, height };
  gn_parallel(g, (height + BAND - 1) / BAND, band, &j);
  return true;
}
