/* conv_picture.c: the input laid out so that panels need no gathering: padded, columns sorted by remainder to the step. */
#include "conv_in.h"

enum { LARGE = 1 << 16,       /* floats of a copy that does not stay in the caches */
       STRIP = 1 << 16,       /* .. of a strip's copy, */
       MOST = 1 << 18,        /* .. at most, */
       TILES = 1 << 17 };     /* .. and of its tiles */

typedef struct job {
  const view *v;
  const picture *p;
  const float *x;
  int64_t planes, chunk;
} job;

/* Fills in the geometry; false where gathering is better: narrow outputs, or a picture several times the input. lo and hi: the offsets' hull. */
bool K(picture_suits)(const view *v, int64_t width, const int64_t lo[3], const int64_t hi[3], picture *p) {
  int64_t unit = width == NARROW ? VL : width, across = (v->q[2] + unit - 1) / unit * unit;      /* a last panel may be one vector wide */
  if (across * 7 > v->q[2] * 8 || v->step[2] > 8) return false;
  double size = 1, limit = 0;
  for (int d = 0; d < 3; d++) {
    p->lo[d] = lo[d];
    if (d == 2) p->pitch = across + hi[2] - lo[2], size *= (double)p->pitch * (double)v->step[2];
    else p->size[d] = (v->q[d] - 1) * v->step[d] + hi[d] - lo[d] + 1, size *= (double)p->size[d];
  }
  limit = 4096 + 4.0 * (double)volume(v->in);
  if (size > limit || size * (double)v->n * (double)v->channels > 1e10) return false;
  p->step = v->step[2];
  p->plane = p->size[0] * p->size[1] * p->step * p->pitch;
  if (p->plane % 512 == 0) p->plane += 16;                     /* channels in different cache sets */
  return true;
}

static void plane_task(void *context, int64_t i, int worker) {
  const job *j = context;
  const view *v = j->v;
  const picture *p = j->p;
  int64_t end = (i + 1) * j->chunk < j->planes ? (i + 1) * j->chunk : j->planes;
  for (int64_t n = i * j->chunk; n < end; n++) {
    float *to = p->own + n * p->plane;
    for (int64_t r = 0; r < p->size[0] * p->size[1]; r++, to += p->step * p->pitch) {
      int64_t d = gn_edge_at(r / p->size[1] + p->lo[0], v->in[0], v->edge), h = gn_edge_at(r % p->size[1] + p->lo[1], v->in[1], v->edge);
      if (d < 0 || h < 0) {
        memset(to, 0, (size_t)(p->step * p->pitch) * sizeof(float));
        continue;
      }
      const float *row = j->x + (n * v->in[0] * v->in[1] + d * v->in[1] + h) * v->in[2];
      K(conv_copy_sorted)(to, p->pitch, row, p->lo[2] * p->step, p->step, p->pitch, v->in[2], v->edge);
    }
  }
}

/* Rows of outputs for which a group's channels stay in the caches, as do the tiles of o rows; 0 where a copy of the whole is as good. */
static int64_t strip_of(const view *v, int64_t o, int64_t width, picture *p) {
  int64_t row = v->c * p->step * p->pitch, span = p->size[1] - (v->q[1] - 1) * v->step[1], across = (v->q[2] + width - 1) / width;
  if (v->q[0] != 1 || p->size[0] != 1 || v->n * v->channels * p->plane < LARGE) return 0;
  int64_t most = (STRIP / row - span) / v->step[1] + 1, fits = TILES / (across * o * width);
  if (most > fits) most = fits;
  if (most < 1) most = 1;
  if (most > v->q[1]) most = v->q[1];
  return ((most - 1) * v->step[1] + span) * row <= MOST ? most : 0;
}

/* The rows of the copy for outputs from row h on, of all channels of a group; x is the first one's plane. */
void K(picture_strip)(const view *v, const picture *p, const float *x, int64_t h, float *to) {
  int64_t first = h * v->step[1] + p->lo[1];
  for (int64_t c = 0; c < v->c; c++)
    for (int64_t r = 0; r < p->size[1]; r++) {
      float *at = to + c * p->plane + r * p->step * p->pitch;
      int64_t y = gn_edge_at(first + r, v->in[1], v->edge);
      if (y < 0) memset(at, 0, (size_t)(p->step * p->pitch) * sizeof(float));
      else K(conv_copy_sorted)(at, p->pitch, x + (c * v->in[1] + y) * v->in[2], p->lo[2] * p->step, p->step, p->pitch, v->in[2], v->edge);
    }
}

void K(picture_cut)(const view *v, picture *p, int64_t strip) {
  p->strip = strip;
  p->size[1] -= (v->q[1] - strip) * v->step[1];
  p->plane = p->size[1] * p->step * p->pitch;
  if (p->plane % 512 == 0) p->plane += 16;                     /* channels in different cache sets */
}

bool K(picture_make)(gn *g, const view *v, bool strips, int64_t o, int64_t width, const float *x, picture *p) {
  int64_t planes = v->n * v->channels, pad = 0;
  for (int d = 0; d < 3; d++) pad |= p->lo[d];
  if (!pad && p->step == 1 && p->pitch == v->in[2] && p->size[0] == v->in[0] && p->size[1] == v->in[1] && (p->plane == volume(v->in) || v->c <= 64)) {
    p->plane = volume(v->in), p->data = x;                     /* it is one already */
    return true;
  }
  int64_t strip = strips ? strip_of(v, o, width, p) : 0;
  if (strip) return K(picture_cut)(v, p, strip), true;
  p->bytes = (size_t)(planes * p->plane) * sizeof(float);
  p->own = gn_alloc(g, p->bytes);
  if (!p->own) return false;
  p->data = p->own;
  int64_t chunk = p->plane >= 8192 ? 1 : 8192 / p->plane + 1;
  job j = {v, p, x, planes, chunk};
  if (planes <= chunk) plane_task(&j, 0, 0);
  else gn_parallel(g, (planes + chunk - 1) / chunk, plane_task, &j);
  return true;
}

/* Where row k = (channel, taps) of a panel starts, seen from its first pixel. */
void K(picture_offsets)(const view *v, const picture *p, int64_t *off) {
  for (int64_t c = 0; c < v->c; c++)
    for (int64_t a = 0; a < v->nt[0]; a++)
      for (int64_t b = 0; b < v->nt[1]; b++)
        for (int64_t e = 0; e < v->nt[2]; e++) {
          int64_t row = (v->off[0][a] - p->lo[0]) * p->size[1] + v->off[1][b] - p->lo[1], col = floor_div(v->off[2][e], p->step);
          *off++ = c * p->plane + (row * p->step + v->off[2][e] - col * p->step) * p->pitch + col - p->lo[2];
        }
}
