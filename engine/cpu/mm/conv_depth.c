/* conv_depth.c: depthwise convolution (one channel in, one out). A strip of rows is copied with its padding, rows and columns sorted by their remainder to the step,
 * so that every tap of every output lies a fixed way off: the strip is one line of outputs, taps in order, with a few of no use between its rows. */
#include "conv_in.h"

enum { STRIP = 8192 };          /* floats of the copy: it stays in the L1 or L2 cache */

typedef struct job {
  const view *v;
  int64_t planes, channels, chunk, wstep;
  int64_t taps, lo[3], rows, pitch, part, line;           /* rows of a strip; a row of the copy; one remainder's part of it; outputs of a strip */
  int64_t *off;                                           /* of each tap in the copy; then the tap's place in w */
  const float *x, *w, *b;
  const gn_act *act;
  float *y;
  char *scratch; size_t scratch_size;                     /* per worker: the copy, then the outputs */
} job;

static void copy_strip(const job *j, const float *plane, int64_t q0, int64_t h, float *to) {
  const view *v = j->v;
  int64_t s1 = v->step[1], s2 = v->step[2], lines = j->part / j->pitch;
  for (int64_t t = 0; t < v->nt[0]; t++) {
    int64_t z = gn_edge_at(q0 * v->step[0] + v->off[0][t], v->in[0], v->edge);
    for (int64_t r = 0; r < s1; r++)
      for (int64_t i = 0; i < lines; i++) {
        int64_t row = gn_edge_at((h + i) * s1 + j->lo[1] + r, v->in[1], v->edge);
        float *at = to + (t * s1 + r) * s2 * j->part + i * j->pitch;
        if (z >= 0 && row >= 0) K(conv_copy_sorted)(at, j->part, plane + (z * v->in[1] + row) * v->in[2], j->lo[2], s2, j->pitch, v->in[2], v->edge);
        else for (int64_t e = 0; e < s2; e++) memset(at + e * j->part, 0, sizeof(float) * (size_t)j->pitch);
      }
  }
}

INLINE void line(const int nv, const job *j, const float *from, const float *w, float *to) {
  vec a[4];
  UNROLL for (int i = 0; i < nv; i++) a[i] = (vec){0};
  for (int64_t t = 0; t < j->taps; t++) {
    const float *p = from + j->off[t];
    vec k = w[j->off[j->taps + t]] - (vec){0};
    UNROLL for (int i = 0; i < nv; i++) a[i] += k * load(p + i * VL);
  }
  UNROLL for (int i = 0; i < nv; i++) store(to + i * VL, a[i]);
}

static void strip(const job *j, const float *copy, const float *w, int64_t n, float *out) {
  int64_t i = 0;
  for (; i + WIDE <= n; i += WIDE) line(4, j, copy + i, w, out + i);
  for (; i < n; i += VL) line(1, j, copy + i, w, out + i);
}

static void task(void *context, int64_t i, int worker) {
  const job *j = context;
  const view *v = j->v;
  float *copy = (float *)(j->scratch + (size_t)worker * j->scratch_size), *out = copy + j->line;
  int64_t end = (i + 1) * j->chunk < j->planes ? (i + 1) * j->chunk : j->planes, wide = v->q[2];
  for (int64_t p = i * j->chunk; p < end; p++)
    for (int64_t q0 = 0; q0 < v->q[0]; q0++)
      for (int64_t h = 0; h < v->q[1]; h += j->rows) {
        int64_t rows = v->q[1] - h < j->rows ? v->q[1] - h : j->rows;
        copy_strip(j, j->x + p * volume(v->in), q0, h, copy);
        strip(j, copy, j->w + p % j->channels * j->wstep, rows * j->pitch, out);
        for (int64_t r = 0; r < rows; r++) {
          float *y = j->y + ((p * v->q[0] + q0) * v->q[1] + h + r) * wide, *from = out + r * j->pitch, bias = j->b ? j->b[p % j->channels] : 0;
          if (j->act) for (int64_t e = 0; e < wide; e++) y[e] = gn_activate(from[e] + bias, j->act);
          else if (j->b) for (int64_t e = 0; e < wide; e++) y[e] = from[e] + bias;
          else memcpy(y, from, sizeof(float) * (size_t)wide);
        }
      }
}

static void hull(const view *v, int d, int64_t *lo, int64_t *hi) {
  *lo = INT64_MAX, *hi = INT64_MIN;
  for (int64_t t = 0; t < v->nt[d]; t++) {
    if (v->off[d][t] < *lo) *lo = v->off[d][t];
    if (v->off[d][t] > *hi) *hi = v->off[d][t];
  }
}

/* The geometry of a strip, and where each tap lies in it. */
static void lay_out(job *j) {
  const view *v = j->v;
  int64_t hi[3], *off = j->off, n = 0, parts = v->nt[0] * v->step[1] * v->step[2];
  for (int d = 0; d < 3; d++) hull(v, d, &j->lo[d], &hi[d]);
  j->pitch = v->q[2] + (hi[2] - j->lo[2]) / v->step[2];
  int64_t more = (hi[1] - j->lo[1]) / v->step[1];
  j->rows = STRIP / parts / j->pitch - more;
  if (j->rows > v->q[1]) j->rows = v->q[1];
  if (j->rows < 1) j->rows = 1;
  j->part = (j->rows + more) * j->pitch;
  for (int64_t a = 0; a < v->nt[0]; a++)
    for (int64_t b = 0; b < v->nt[1]; b++)
      for (int64_t e = 0; e < v->nt[2]; e++, n++) {
        int64_t row = v->off[1][b] - j->lo[1], col = v->off[2][e] - j->lo[2];
        off[n] = ((a * v->step[1] + row % v->step[1]) * v->step[2] + col % v->step[2]) * j->part + row / v->step[1] * j->pitch + col / v->step[2];
        off[j->taps + n] = (v->tap[0][a] * v->nt[1] + v->tap[1][b]) * v->nt[2] + v->tap[2][e];
      }
  j->line = parts * j->part + WIDE;                       /* the last vectors of a strip read past its end */
  j->scratch_size = sizeof(float) * (size_t)(j->line + j->rows * j->pitch + WIDE);
}

bool K(depthwise)(gn *g, const view *v, int64_t planes, const float *x, const float *w, int64_t wstep, const float *b, const gn_act *act, float *y) {
  int64_t size = volume(v->q), chunk = size >= 4096 ? 1 : 4096 / (size ? size : 1) + 1;
  job j = {.v = v, .planes = planes, .channels = v->channels, .chunk = chunk, .wstep = wstep, .taps = volume(v->nt), .x = x, .w = w, .b = b, .act = act, .y = y};
  size_t off_bytes = sizeof(int64_t) * (size_t)(2 * j.taps);
  if (!(j.off = gn_alloc(g, off_bytes))) return false;
  lay_out(&j);
  j.scratch = gn_scratch(g, &j.scratch_size);
  if (j.scratch) gn_parallel(g, (planes + chunk - 1) / chunk, task, &j), gn_scratch_free(g, j.scratch, j.scratch_size);
  gn_free(g, j.off, off_bytes);
  return j.scratch != NULL;
}
