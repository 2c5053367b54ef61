/* conv_narrow.c: convolutions with so few output channels that the micro-kernel's rows would lie idle: pictures out of features. Taps become channels, then their
 * results are added where they belong. Fast mode only: the sums are grouped by tap.
 *   stride 1         part[o, tap row] = a convolution of one row of taps; y = the parts, each shifted down by its tap row. Some rows at a time, which stay in the caches
 *   transposed, 2..  part[o, tap] = a plain product over the channels; y = the parts, spread by their taps */
#include "conv_in.h"

enum { FEW = MR / 3, MOST_PARTS = 64, CHUNK = 1 << 19 };       /* CHUNK: floats of the parts at once */
#define MOST_BYTES ((double)(256 << 20))

#ifdef GN_EXACT
bool K(narrow_suits)(const gn_conv *s, bool data) { return false; }
bool K(narrow)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) { return false; }
bool K(narrow_spread)(gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x) { return false; }
#else

bool K(narrow_suits)(const gn_conv *s, bool data) {
  int64_t o = data ? s->c : s->o, c = data ? s->o : s->c, parts = o * (data ? s->k[1] * s->k[2] : s->k[1]);
  if (s->groups != 1 || s->in[0] != 1 || s->out[0] != 1 || s->k[0] != 1 || s->stride[0] != 1 || s->pad[0] || s->k[1] < 2 || o > FEW || parts > MOST_PARTS) return false;
  double pixels = data ? (double)s->out[1] * (double)s->out[2] : (double)s->in[1] * (double)s->out[2];
  if (parts < 2 * FEW || pixels < 1024 || pixels * (double)parts * sizeof(float) > MOST_BYTES) return false;
  if (data) return s->stride[2] > 1 && s->stride[2] <= 4 && s->dilation[1] == 1 && s->dilation[2] == 1 && c >= 32;
  return s->stride[1] == 1 && c * s->k[2] >= 16;
}

typedef struct job {
  const gn_conv *s;
  const float *part, *b;
  float *y;
  int64_t strip;                               /* rows of a task */
  int64_t row0, row1;                          /* stride 1: the rows of the input that the parts are for */
} job;

/* ---- stride 1 ---- */
static void shift_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_conv *s = j->s;
  int64_t strips = (s->out[1] + j->strip - 1) / j->strip, o = i / strips, h = i % strips * j->strip, end = h + j->strip < s->out[1] ? h + j->strip : s->out[1], wide = s->out[2];
  for (; h < end; h++) {
    float *to = j->y + (o * s->out[1] + h) * wide;
    float bias = j->b ? j->b[o] : 0;
    if (!j->row0) for (int64_t e = 0; e < wide; e++) to[e] = bias;
    for (int64_t t = 0; t < s->k[1]; t++) {
      int64_t row = gn_edge_at(h + t * s->dilation[1] - s->pad[1], s->in[1], s->edge);
      if (row < j->row0 || row >= j->row1) continue;
      const float *from = j->part + ((o * s->k[1] + t) * (j->row1 - j->row0) + row - j->row0) * wide;
      for (int64_t e = 0; e < wide; e++) to[e] += from[e];
    }
    if (s->act.on && j->row1 == s->in[1]) for (int64_t e = 0; e < wide; e++) to[e] = gn_activate(to[e], &s->act);
  }
}

/* w[o, c, tap row, tap] -> [o, tap row, c, tap] */
static void rows_first(const gn_conv *s, const float *w, float *to) {
  for (int64_t o = 0; o < s->o; o++)
    for (int64_t t = 0; t < s->k[1]; t++)
      for (int64_t c = 0; c < s->c; c++, to += s->k[2]) memcpy(to, w + ((o * s->c + c) * s->k[1] + t) * s->k[2], sizeof(float) * (size_t)s->k[2]);
}

bool K(narrow)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) {
  int64_t parts = s->o * s->k[1], rows = s->k[2] == 1 ? s->in[1] : CHUNK / (parts * s->out[2]) + 16;        /* a whole picture of columns is a plain product */
  if (rows > s->in[1]) rows = s->in[1];
  gn_conv row = *s;
  row.n = 1, row.o = parts, row.k[1] = 1, row.dilation[1] = 1, row.weights = (gn_source){0}, row.act.on = false;
  size_t bytes = sizeof(float) * (size_t)(parts * (rows * s->out[2] + s->c * s->k[2]));
  float *part = gn_alloc(g, bytes), *turned = part + parts * rows * s->out[2];
  bool ok = part != NULL;
  if (ok) rows_first(s, w, turned);
  job j = {.s = s, .part = part, .b = b, .strip = 16};
  for (int64_t n = 0; ok && n < s->n; n++) {
    j.y = y + n * s->o * s->out[1] * s->out[2];
    for (j.row0 = 0; ok && j.row0 < s->in[1]; j.row0 = j.row1) {
      j.row1 = j.row0 + rows < s->in[1] ? j.row0 + rows : s->in[1];
      row.pad[1] = -j.row0, row.out[1] = j.row1 - j.row0;
      ok = K(conv_forward)(g, &row, x + n * s->c * s->in[1] * s->in[2], turned, NULL, part);
      if (ok) gn_parallel(g, s->o * ((s->out[1] + j.strip - 1) / j.strip), shift_task, &j);
    }
  }
  gn_free(g, part, bytes);
  return ok;
}

/* ---- transposed ---- */
/* The taps of one remainder to the step, added up side by side, then written `step` apart. */
static void spread_row(const job *j, const float *part, int64_t h, float bias, float *to) {
  const gn_conv *s = j->s;
  int64_t step = s->stride[2];
  float line[512];
  for (int64_t r = 0; r < step; r++)
    for (int64_t q0 = 0; r + q0 * step < s->in[2]; q0 += 512) {
      int64_t n = (s->in[2] - r - 1) / step + 1 - q0;
      if (n > 512) n = 512;
      for (int64_t e = 0; e < n; e++) line[e] = bias;
      for (int64_t t = 0; t < s->k[1]; t++) {
        int64_t down = h + s->pad[1] - t, row = floor_div(down, s->stride[1]);
        if (down % s->stride[1] || row < 0 || row >= s->out[1]) continue;
        for (int64_t u = (r + s->pad[2]) % step; u < s->k[2]; u += step) {
          int64_t col = (r + s->pad[2] - u) / step + q0, low = col < 0 ? -col : 0, high = s->out[2] - col < n ? s->out[2] - col : n;
          const float *from = part + ((t * s->k[2] + u) * s->out[1] + row) * s->out[2] + col;
          for (int64_t e = low; e < high; e++) line[e] += from[e];
        }
      }
      if (s->act.on) for (int64_t e = 0; e < n; e++) line[e] = gn_activate(line[e], &s->act);
      for (int64_t e = 0; e < n; e++) to[r + (q0 + e) * step] = line[e];
    }
}

static void spread_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_conv *s = j->s;
  int64_t strips = (s->in[1] + j->strip - 1) / j->strip, c = i / strips, h = i % strips * j->strip, end = h + j->strip < s->in[1] ? h + j->strip : s->in[1];
  const float *part = j->part + c * s->k[1] * s->k[2] * s->out[1] * s->out[2];
  for (; h < end; h++) spread_row(j, part, h, j->b ? j->b[c] : 0, j->y + (c * s->in[1] + h) * s->in[2]);
}

bool K(narrow_spread)(gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x) {
  int64_t parts = s->c * s->k[1] * s->k[2], plane = s->out[1] * s->out[2];
  size_t bytes = sizeof(float) * (size_t)(parts * plane);
  float *part = gn_alloc(g, bytes);
  bool ok = part != NULL;
  job j = {.s = s, .part = part, .b = b, .strip = 16};
  for (int64_t n = 0; ok && n < s->n; n++) {
    gn_gemm p = {.m = parts, .n = plane, .k = s->o, .a = w, .ars = 1, .acs = parts, .b = y + n * s->o * plane, .brs = plane, .bcs = 1, .c = part, .ldc = plane};
    j.y = x + n * s->c * s->in[1] * s->in[2];
    ok = K(gemm)(g, &p);
    if (ok) gn_parallel(g, s->c * ((s->in[1] + j.strip - 1) / j.strip), spread_task, &j);
  }
  gn_free(g, part, bytes);
  return ok;
}
#endif
