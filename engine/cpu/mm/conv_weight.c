/* conv_weight.c: gradient of a convolution's weights: w[o, k] = sum over pixels of y[o, pixel] * panel[k, pixel]. Both lie along the pixels, so the
 * micro-kernel is a tile of dot products: no transposing. In exact mode a dot product has 16 lanes (pixel mod 16), folded by halves, per block. */
#include "conv_in.h"

enum { BLOCK = 1024, COLUMNS = 16 };       /* pixels of a block; rows of a panel per task */
#ifdef GN_EXACT
#define LANES 16
#define TALL 2
#define BROAD 2
#elif VL == 16
#define LANES 16
#define TALL 4
#define BROAD 6
#else
#define LANES VL
#define TALL 3
#define BROAD 4
#endif
typedef float lanes __attribute__((vector_size(LANES * 4), aligned(4)));

INLINE float fold(lanes v) {
  float s[LANES];
  *(lanes *)s = v;
  UNROLL for (int n = LANES / 2; n; n /= 2) {
    UNROLL for (int i = 0; i < n; i++) s[i] += s[i + n];
  }
  return s[0];
}

INLINE void dots(int rows, int cols, int64_t n, const float *restrict a, int64_t lda, const float *restrict b, int64_t ldb, float *c, int64_t ldc) {
  lanes acc[TALL][BROAD];
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < cols; j++) acc[i][j] = (lanes){0};
  }
  for (int64_t p = 0; p < n; p += LANES) {
    lanes x[TALL];
    UNROLL for (int i = 0; i < rows; i++) x[i] = *(const lanes *)(a + i * lda + p);
    UNROLL for (int j = 0; j < cols; j++) {
      lanes y = *(const lanes *)(b + j * ldb + p);
      UNROLL for (int i = 0; i < rows; i++) acc[i][j] += x[i] * y;
    }
  }
  UNROLL for (int i = 0; i < rows; i++) {
    UNROLL for (int j = 0; j < cols; j++) c[i * ldc + j] += fold(acc[i][j]);
  }
}

#define DOT_CASE(r, q) case (r) * 8 + (q): dots(r, q, n, a, lda, b, ldb, c, ldc); return;
static void dot_tile(int64_t rows, int64_t cols, int64_t n, const float *a, int64_t lda, const float *b, int64_t ldb, float *c, int64_t ldc) {
  switch (rows * 8 + cols) {
    DOT_CASE(1, 1) DOT_CASE(1, 2) DOT_CASE(2, 1) DOT_CASE(2, 2)
#if TALL >= 3
    DOT_CASE(1, 3) DOT_CASE(1, 4) DOT_CASE(2, 3) DOT_CASE(2, 4) DOT_CASE(3, 1) DOT_CASE(3, 2) DOT_CASE(3, 3) DOT_CASE(3, 4)
#endif
#if TALL >= 4
    DOT_CASE(1, 5) DOT_CASE(1, 6) DOT_CASE(2, 5) DOT_CASE(2, 6) DOT_CASE(3, 5) DOT_CASE(3, 6)
    DOT_CASE(4, 1) DOT_CASE(4, 2) DOT_CASE(4, 3) DOT_CASE(4, 4) DOT_CASE(4, 5) DOT_CASE(4, 6)
#endif
  }
}

typedef struct job {
  const gn_conv *s;
  const float *x, *y;
  const float *rows;                    /* y as [o][pixels, padded with zeros to 16], or as it is where every block lies within a sample */
  float *packed, *w;
  view v;
  int64_t k, o, pixels, stride, columns, parts;
  char *scratch; size_t scratch_size;
} job;

static void row_task(void *context, int64_t o, int worker) {
  const job *j = context;
  int64_t size = volume(j->s->out);
  float *to = j->packed + o * j->stride;
  for (int64_t n = 0; n < j->s->n; n++) memcpy(to + n * size, j->y + (n * j->s->o + o) * size, (size_t)size * sizeof(float));
  for (int64_t p = j->pixels; p < j->stride; p++) to[p] = 0;
}

static void weight_task(void *context, int64_t i, int worker) {
  const job *j = context;
  int64_t part = i % j->parts, column = i / j->parts % j->columns * COLUMNS, group = i / j->parts / j->columns;
  int64_t end = column + COLUMNS < j->k ? column + COLUMNS : j->k, o0 = j->o * part / j->parts, o1 = j->o * (part + 1) / j->parts;
  float *b = (float *)(j->scratch + (size_t)worker * j->scratch_size), *w = j->w + group * j->o * j->k;
  run *r = (run *)(b + COLUMNS * BLOCK);
  const float *x = j->x + group * j->v.c * volume(j->v.in);
  int64_t size = volume(j->s->out);
  for (int64_t o = o0; o < o1; o++)
    for (int64_t k = column; k < end; k++) w[o * j->k + k] = 0;
  for (int64_t p = 0; p < j->pixels; p += BLOCK) {
    int64_t count = j->pixels - p < BLOCK ? j->pixels - p : BLOCK, n = (count + 15) / 16 * 16;
    int runs = K(conv_runs)(&j->v, p, count, r);
    const float *y = j->packed ? j->rows + group * j->o * j->stride + p : j->rows + (p / size * j->s->o + group * j->o) * size + p % size;
    K(conv_gather)(&j->v, x, r, runs, count, n, column, end, b);
    for (int64_t o = o0; o < o1; o += TALL)
      for (int64_t k = column; k < end; k += BROAD)
        dot_tile(o1 - o < TALL ? o1 - o : TALL, end - k < BROAD ? end - k : BROAD, n, y + o * j->stride, j->stride, b + (k - column) * n, n, w + o * j->k + k, j->k);
  }
}

static bool weight(gn *g, job *j) {
  const gn_conv *s = j->s;
  bool repack = volume(s->out) % BLOCK && (s->n > 1 || j->pixels % 16);
  if (!repack) j->stride = volume(s->out);
  size_t packed_bytes = (size_t)(s->o * j->stride) * sizeof(float);
  j->scratch_size = COLUMNS * BLOCK * sizeof(float) + BLOCK * sizeof(run);
  j->rows = j->y;
  if (repack) {
    j->packed = gn_alloc(g, packed_bytes);
    if (!j->packed) return false;
    gn_parallel(g, s->o, row_task, j);
    j->rows = j->packed;
  }
  j->scratch = gn_scratch(g, &j->scratch_size);
  if (j->scratch) {
    gn_parallel(g, s->groups * j->columns * j->parts, weight_task, j);
    gn_scratch_free(g, j->scratch, j->scratch_size);
  }
  if (repack) gn_free(g, j->packed, packed_bytes);
  return j->scratch != NULL;
}

bool K(conv_weight)(gn *g, const gn_conv *s, const float *x, const float *y, float *w) {
  int64_t cg = s->c / s->groups, og = s->o / s->groups, k = cg * volume(s->k);
  if (!s->o || !k) return true;
  if (!s->n || !volume(s->out) || !volume(s->in)) return memset(w, 0, (size_t)(s->o * k) * sizeof(float)), true;
  if (s->k[1] == 3 && s->k[2] == 3 && K(wino_suits)(s, false)) return K(wino_weight)(g, s, false, x, y, w);
  if (K(wino2_suits)(s)) return K(wino_weight)(g, s, true, x, y, w);
  job j = {.s = s, .x = x, .y = y, .w = w, .k = k, .o = og, .pixels = s->n * volume(s->out), .columns = (k + COLUMNS - 1) / COLUMNS};
  j.stride = (j.pixels + 15) / 16 * 16;
  int64_t tasks = j.columns * s->groups;
  j.parts = tasks >= 8 ? 1 : 8 / tasks;
  if (j.parts > (og + 15) / 16) j.parts = (og + 15) / 16;
  if (!K(conv_view_open)(g, &j.v, s->k)) return false;
  j.v.n = s->n, j.v.c = cg, j.v.channels = s->c;
  for (int d = 0; d < 3; d++) {
    j.v.in[d] = s->in[d], j.v.q[d] = s->out[d], j.v.step[d] = s->stride[d];
    for (int64_t t = 0; t < s->k[d]; t++) j.v.tap[d][t] = t, j.v.off[d][t] = t * s->dilation[d] - s->pad[d];
  }
  bool ok = weight(g, &j);
  K(conv_view_close)(g, &j.v);
  return ok;
}
