/* wino_rows.c: convolutions three rows high and wide (3x39 over harmonics) by Winograd's F(4, 3) down the rows alone: four rows of outputs take 6 products a
 * column of the kernel instead of 12. The six sums are the groups of a convolution one row high, which conv.c does. Fast mode only. */
#include "conv_in.h"
#include "wino.h"

#ifdef GN_EXACT
bool K(wino_rows_suits)(const gn_conv *s) { return false; }
bool K(wino_rows)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) { return false; }
#else
enum { SPOTS = 6, KEPT = -4,                       /* KEPT: the kind of packed weights; conv.c's are positive */
       CHUNK = 1 << 18 };                          /* floats of v and z at once: they stay in the caches */

typedef struct job {
  const gn_conv *s;
  const float *x, *w, *b, *none;                   /* none: a row of zeros */
  float *u, *v, *z, *y;                            /* u[spot][o][c][k], v[n][spot][c][tile], z[n][spot][o][tile]: rows */
  int64_t first, tiles;                            /* of a chunk */
} job;

/* Sums must be long enough to pay for two more passes over inputs and outputs. */
bool K(wino_rows_suits)(const gn_conv *s) {
  return s->groups == 1 && s->in[0] == 1 && s->out[0] == 1 && s->k[0] == 1 && !s->pad[0] && s->k[1] == 3 && s->stride[1] == 1 && s->dilation[1] == 1 && s->k[2] >= 5
      && s->in[2] >= VL && s->out[2] >= VL && s->out[1] >= 12 && s->c * s->o * s->k[2] >= 64 * (s->c + s->o);
}

static void weight_task(void *context, int64_t o, int worker) {
  const job *j = context;
  int64_t c = j->s->c, k = j->s->k[2], step = j->s->o * c * k;
  for (int64_t i = o * c * k; i < (o + 1) * c * k; i++) {
    const float *w = j->w + i / k * 3 * k + i % k;
    float t0 = w[0], t1 = w[k], t2 = w[2 * k], even = t0 * (1.f / 24) + t2 * (1.f / 6), *u = j->u + i;
    u[0] = t0 * .25f, u[step] = (t0 + t1 + t2) * (-1.f / 6), u[2 * step] = (t0 - t1 + t2) * (-1.f / 6);
    u[3 * step] = even + t1 * (1.f / 12), u[4 * step] = even - t1 * (1.f / 12), u[5 * step] = t2;
  }
}

/* The six transformed rows of each tile of a channel. The last vector of a row overlaps the one before. */
static void in_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_conv *s = j->s;
  int64_t n = i / s->c, c = i % s->c, wide = s->in[2];
  for (int64_t t = 0; t < j->tiles; t++) {
    const float *row[SPOTS];
    for (int r = 0; r < SPOTS; r++) {
      int64_t at = gn_edge_at(4 * (j->first + t) + r - s->pad[1], s->in[1], s->edge);
      row[r] = at < 0 ? j->none : j->x + (i * s->in[1] + at) * wide;
    }
    for (int64_t p = 0; p < wide; p += VL) {
      int64_t e = p + VL <= wide ? p : wide - VL;
      vec v[SPOTS];
      wino_across(load(row[0] + e), load(row[1] + e), load(row[2] + e), load(row[3] + e), load(row[4] + e), load(row[5] + e), v);
      UNROLL for (int q = 0; q < SPOTS; q++) store(j->v + (((n * SPOTS + q) * s->c + c) * j->tiles + t) * wide + e, v[q]);
    }
  }
}

static void out_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const gn_conv *s = j->s;
  int64_t n = i / s->o, o = i % s->o, wide = s->out[2], step = s->o * j->tiles * wide;
  float bias = j->b ? j->b[o] : 0;
  for (int64_t t = 0; t < j->tiles; t++) {
    const float *z = j->z + ((n * SPOTS * s->o + o) * j->tiles + t) * wide;
    int64_t at = 4 * (j->first + t), high = s->out[1] - at < 4 ? s->out[1] - at : 4;
    for (int64_t p = 0; p < wide; p += VL) {
      int64_t e = p + VL <= wide ? p : wide - VL;
      vec y[4];
      wino_gather(load(z + e), load(z + step + e), load(z + 2 * step + e), load(z + 3 * step + e), load(z + 4 * step + e), load(z + 5 * step + e), y);
      for (int64_t r = 0; r < high; r++) store(j->y + (i * s->out[1] + at + r) * wide + e, s->act.on ? activate(y[r] + bias, &s->act) : y[r] + bias);
    }
  }
}

/* A chunk of tiles after the other. */
static bool chunks(gn *g, job *j, int64_t total, int64_t most) {
  const gn_conv *s = j->s;
  gn_conv row = *s;
  row.c = SPOTS * s->c, row.o = SPOTS * s->o, row.groups = SPOTS, row.k[1] = 1, row.pad[1] = 0, row.act.on = false;
  row.weights.key ^= SPOTS;                                     /* what conv.c makes of u, not of w */
  bool fine = true;
  for (j->first = 0; fine && j->first < total; j->first += j->tiles) {
    j->tiles = total - j->first < most ? total - j->first : most;
    row.in[1] = row.out[1] = j->tiles;
    gn_parallel(g, s->n * s->c, in_task, j);
    fine = K(conv_forward)(g, &row, j->v, j->u, NULL, j->z);
    if (fine) gn_parallel(g, s->n * s->o, out_task, j);
  }
  return fine;
}

bool K(wino_rows)(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) {
  job j = {.s = s, .x = x, .w = w, .b = b, .y = y};
  int64_t total = (s->out[1] + 3) / 4, v = s->n * SPOTS * s->c * s->in[2], z = s->n * SPOTS * s->o * s->out[2], most = CHUNK / (v + z) < 4 ? 4 : CHUNK / (v + z);
  if (most > total) most = total;
  size_t u_bytes = sizeof(float) * (size_t)(SPOTS * s->o * s->c * s->k[2]), bytes = sizeof(float) * (size_t)((v + z) * most + s->in[2]);
  bool fresh, fine = false;
  gn_source source = total / most < 500 ? s->weights : (gn_source){0};     /* a kept form lasts for some calls, and each chunk is one */
  float *kept = gn_packed_weights(g, &source, KEPT, u_bytes, &fresh);
  if (!(j.u = kept ? kept : gn_alloc(g, u_bytes))) return false;
  if (fresh) gn_parallel(g, s->o, weight_task, &j);             /* before anything can fail: what is kept must be whole */
  if ((j.v = gn_alloc(g, bytes))) {
    j.z = j.v + v * most, j.none = j.z + z * most;
    memset(j.z + z * most, 0, sizeof(float) * (size_t)s->in[2]);
    fine = chunks(g, &j, total, most);
    gn_free(g, j.v, bytes);
  }
  if (!kept) gn_free(g, j.u, u_bytes);
  return fine;
}
#endif
