/* op_detect.c: what detectors need: boxes that overlap less are kept, areas of a picture resampled, pictures and volumes sampled at any points. */
#include "core.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- non-maximum suppression ---- */
typedef struct rival { float score; int32_t box; } rival;

static int by_score(const void *a, const void *b) {
  const rival *p = a, *q = b;
  if (p->score != q->score) return p->score > q->score ? -1 : 1;
  return (p->box > q->box) - (p->box < q->box);
}

/* corners of a box, least first: y x y x, or centre x y width height */
static void corners(const float *b, bool center, float *c) {
  if (center) { c[0] = b[1] - b[3] / 2, c[1] = b[0] - b[2] / 2, c[2] = b[1] + b[3] / 2, c[3] = b[0] + b[2] / 2; return; }
  for (int i = 0; i < 2; i++) {
    bool turned = b[i] > b[i + 2];
    c[i] = b[turned ? i + 2 : i], c[i + 2] = b[turned ? i : i + 2];
  }
}

static float area(const float *c) { return (c[2] - c[0]) * (c[3] - c[1]); }

static bool overlap(const float *p, const float *q, float limit) {
  float in[4];
  for (int i = 0; i < 2; i++) {
    in[i] = p[i] > q[i] ? p[i] : q[i], in[i + 2] = p[i + 2] < q[i + 2] ? p[i + 2] : q[i + 2];
    if (in[i + 2] <= in[i]) return false;
  }
  float shared = area(in), one = area(p), two = area(q), all = one + two - shared;
  return shared > 0 && one > 0 && two > 0 && all > 0 && shared / all > limit;
}

typedef struct nms { const float *boxes; const float *scores; int64_t n, most; float iou, least; bool center; rival *rivals; float *kept; } nms;

/* One class of one picture: writes the boxes kept, returns how many. */
static int64_t suppress(const nms *s, const float *boxes, const float *scores, int64_t *to) {
  int64_t count = 0, k = 0;
  for (int64_t i = 0; i < s->n; i++)
    if (scores[i] > s->least) s->rivals[count++] = (rival){ scores[i], (int32_t)i };
  qsort(s->rivals, (size_t)count, sizeof(rival), by_score);
  for (int64_t i = 0; i < count && k < s->most; i++) {
    float *c = s->kept + 4 * k;
    bool apart = true;
    corners(boxes + 4 * s->rivals[i].box, s->center, c);
    for (int64_t j = 0; j < k && apart; j++) apart = !overlap(s->kept + 4 * j, c, s->iou);
    if (apart) to[k++] = s->rivals[i].box;
  }
  return k;
}

bool gn__fwd_nms(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *boxes = a[0].t, *scores = a[1].t;
  int64_t batch = boxes->dim[0], n = boxes->dim[1], classes = scores->dim[1], total = 0, rows = batch * classes;
  if (n > INT32_MAX) return gn_fail("nms: %lld boxes, wanted at most 2^31 - 1", (long long)n);
  int64_t most = a[2].num < 0 ? 0 : a[2].num > (double)n ? n : (int64_t)a[2].num;
  int64_t found[2] = { rows, most }, counted[1] = { rows }, scratch[2] = { n, 6 };
  gn_tensor *at = gn_new(g, GN_I64, 2, found), *count = gn_new(g, GN_I64, 1, counted), *space = gn_new(g, GN_F32, 2, scratch);
  if (at && count && space) {
    int64_t *p = (int64_t *)(void *)at->data, *c = (int64_t *)(void *)count->data;
    nms s = { gn_f32(boxes), gn_f32(scores), n, most, (float)a[3].num, (float)a[4].num, a[5].num != 0, (rival *)(void *)(gn_f32(space) + 4 * n), gn_f32(space) };
    for (int64_t i = 0; i < rows; i++) total += c[i] = suppress(&s, s.boxes + i / classes * n * 4, s.scores + i * n, p + i * most);
    int64_t dim[2] = { total, 3 };
    out[0] = gn_new(g, GN_I64, 2, dim);
    int64_t *to = out[0] ? (int64_t *)(void *)out[0]->data : NULL;
    for (int64_t i = 0; to && i < rows; i++)
      for (int64_t j = 0; j < c[i]; j++) to[0] = i / classes, to[1] = i % classes, to[2] = p[i * most + j], to += 3;
  }
  gn_unref(at), gn_unref(count), gn_unref(space);
  return out[0] != NULL;
}

/* ---- areas of pictures (He et al. 2017) ---- */
typedef struct roi { const float *x, *rois; const int64_t *picture; float *y; int64_t c, h, w, oh, ow, ratio; float scale; bool half, most; } roi;

enum { FINEST = 1 << 12 };

/* The four pixels around a point and their weights; false = outside. */
static bool around(float y, float x, int64_t h, int64_t w, int64_t *at, float *weight) {
  if (!(y >= -1 && y <= (float)h && x >= -1 && x <= (float)w)) return false;
  y = y > 0 ? y : 0, x = x > 0 ? x : 0;
  int64_t top = (int64_t)y, left = (int64_t)x, bottom = top + 1, right = left + 1;
  if (top >= h - 1) bottom = top = h - 1, y = (float)top;
  if (left >= w - 1) right = left = w - 1, x = (float)left;
  float v = y - (float)top, u = x - (float)left;
  at[0] = top * w + left, at[1] = top * w + right, at[2] = bottom * w + left, at[3] = bottom * w + right;
  weight[0] = (1 - v) * (1 - u), weight[1] = (1 - v) * u, weight[2] = v * (1 - u), weight[3] = v * u;
  return true;
}

static void area_point(const roi *s, const float *x, float y0, float x0, float bh, float bw, int64_t gh, int64_t gw, int64_t plane, float *to) {
  int64_t at[4], out = s->oh * s->ow;
  float weight[4];
  bool first = true;
  for (int64_t c = 0; c < s->c; c++) to[c * out] = 0;
  for (int64_t i = 0; i < gh; i++)
    for (int64_t j = 0; j < gw; j++, first = false) {
      bool inside = around(y0 + ((float)i + 0.5f) * bh / (float)gh, x0 + ((float)j + 0.5f) * bw / (float)gw, s->h, s->w, at, weight);
      for (int64_t c = 0; c < s->c; c++) {
        const float *p = x + c * plane;
        float v[4] = { 0, 0, 0, 0 };
        for (int k = 0; inside && k < 4; k++) v[k] = weight[k] * p[at[k]];
        float most = fmaxf(fmaxf(v[0], v[1]), fmaxf(v[2], v[3]));
        if (!s->most) to[c * out] += v[0] + v[1] + v[2] + v[3];
        else if (first || most > to[c * out]) to[c * out] = most;
      }
    }
  if (s->most) return;
  float count = gh * gw > 1 ? (float)(gh * gw) : 1;
  for (int64_t c = 0; c < s->c; c++) to[c * out] /= count;
}

/* An area's corner and size in pixels. */
static void area_of(const roi *s, int64_t i, float *y, float *x, float *h, float *w) {
  const float *r = s->rois + 4 * i;
  float off = s->half ? 0.5f : 0;
  *x = r[0] * s->scale - off, *y = r[1] * s->scale - off;
  *w = r[2] * s->scale - off - *x, *h = r[3] * s->scale - off - *y;
  if (!s->half) *w = *w > 1 ? *w : 1, *h = *h > 1 ? *h : 1;
}

static int64_t fineness(const roi *s, float size, int64_t parts) {
  if (s->ratio > 0) return s->ratio;
  float n = ceilf(size / (float)parts);
  return n > 0 ? (int64_t)fminf(n, FINEST + 1) : 0;
}

static void roi_task(void *context, int64_t i, int worker) {
  const roi *s = context;
  float y, x, h, w;
  area_of(s, i, &y, &x, &h, &w);
  int64_t plane = s->h * s->w, out = s->oh * s->ow;
  float bh = h / (float)s->oh, bw = w / (float)s->ow;
  (void)worker;
  for (int64_t p = 0; p < out; p++)
    area_point(s, s->x + s->picture[i] * s->c * plane, y + (float)(p / s->ow) * bh, x + (float)(p % s->ow) * bw, bh, bw, fineness(s, h, s->oh), fineness(s, w, s->ow), plane,
      s->y + i * s->c * out + p);
}

bool gn__fwd_roi_align(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = gn_cast(a[2].t, GN_I64);
  int64_t n = a[1].t->dim[0], dim[4] = { n, x->dim[1], (int64_t)a[3].num, (int64_t)a[4].num };
  bool fine = index && dim[2] > 0 && dim[3] > 0 && dim[2] <= FINEST && dim[3] <= FINEST && a[5].num >= 0 && a[5].num <= FINEST && x->dim[2] > 0 && x->dim[3] > 0;
  if (!fine) return gn_unref(index), gn_fail("roi_align: pictures with pixels, sizes in 1..%d and samples in 0..%d wanted", FINEST, FINEST);
  const int64_t *picture = (const int64_t *)(void *)index->data;
  roi s = { gn_f32(x), gn_f32(a[1].t), picture, NULL, x->dim[1], x->dim[2], x->dim[3], dim[2], dim[3], (int64_t)a[5].num, (float)a[6].num, a[7].num != 0, a[8].num != 0 };
  for (int64_t i = 0; fine && i < n; i++) {
    float y, left, h, w;
    area_of(&s, i, &y, &left, &h, &w);
    if (picture[i] < 0 || picture[i] >= x->dim[0]) fine = gn_fail("roi_align: picture %lld of %lld", (long long)picture[i], (long long)x->dim[0]);
    else if (fineness(&s, h, s.oh) > FINEST || fineness(&s, w, s.ow) > FINEST) fine = gn_fail("roi_align: area %lld is too large", (long long)i);
  }
  if (fine && (out[0] = gn_new(g, GN_F32, 4, dim))) {
    s.y = gn_f32(out[0]);
    gn_parallel(g, n, roi_task, &s);
  }
  gn_unref(index);
  return out[0] != NULL;
}

/* ---- samples of x[n,c,d,h,w] at points (x, y, z) in -1..1 ---- */
enum { LINEAR, NEAREST, CUBIC, ZERO = 0, BORDER, MIRROR };
typedef struct probe { const float *x, *grid; float *y; int64_t c, points, size[3]; int mode, pad, flat; bool corners; } probe;

static float mirrored(float v, float low, float high) {
  float span = high - low;
  if (span <= 0) return low;
  if (v >= low && v <= high) return v;
  float past = v < low ? low - v : v - high, n = floorf(past / span), rest = past - n * span;
  bool even = fmodf(n, 2) == 0;
  return (v < low) == even ? low + rest : high - rest;
}

static void cubic(float t, float *w) {                /* Keys 1981, a = -0.75 */
  const float a = -0.75f;
  float d[4] = { t + 1, t, 1 - t, 2 - t };
  for (int k = 0; k < 4; k++) w[k] = k == 1 || k == 2 ? ((a + 2) * d[k] - (a + 3)) * d[k] * d[k] + 1 : ((a * d[k] - 5 * a) * d[k] + 8 * a) * d[k] - 4 * a;
}

/* The taps along one dim: places (-1 = zero) and weights; returns how many. */
static int taps(const probe *s, float v, int64_t size, int64_t *at, float *w) {
  float low = s->corners ? 0 : -0.5f, high = low + (float)size - (s->corners ? 1 : 0);
  v = s->corners ? (v + 1) / 2 * (float)(size - 1) : ((v + 1) * (float)size - 1) / 2;
  if (!(v > -1e9f && v < 1e9f)) v = -1e9f;
  if (s->mode == NEAREST) v = rintf(v);
  if (v < low || v > high) {
    if (s->pad == BORDER) v = v < 0 ? 0 : v > (float)(size - 1) ? (float)(size - 1) : v;
    if (s->pad == MIRROR) v = mirrored(v, low, high);
  }
  int n = s->mode == NEAREST ? 1 : s->mode == LINEAR ? 2 : 4;
  float whole = s->mode == NEAREST ? truncf(v) : floorf(v), t = v - whole;
  if (n == 1) w[0] = 1;
  else if (n == 2) w[0] = 1 - t, w[1] = t;
  else cubic(t, w);
  for (int k = 0; k < n; k++) {
    int64_t p = (int64_t)whole + k - (n == 4);
    if (p < 0 || p >= size) {
      if (s->pad == ZERO) p = -1;
      else if (s->pad == MIRROR) p = (int64_t)mirrored((float)p, low, high);
      if (s->pad != ZERO) p = p < 0 ? 0 : p >= size ? size - 1 : p;
    }
    at[k] = p;
  }
  return n;
}

static void probe_point(const probe *s, int64_t picture, int64_t p) {
  int dims = s->flat ? 2 : 3, n[3] = { 1, 1, 1 };
  int64_t at[3][4] = { { 0 } }, plane = s->size[0] * s->size[1] * s->size[2];
  float w[3][4] = { { 1 } };
  const float *point = s->grid + (picture * s->points + p) * dims;
  for (int d = 0; d < dims; d++) n[2 - d] = taps(s, point[d], s->size[2 - d], at[2 - d], w[2 - d]);
  for (int64_t c = 0; c < s->c; c++) {
    const float *x = s->x + (picture * s->c + c) * plane;
    float sum = 0;
    for (int i = 0; i < n[0]; i++)
      for (int j = 0; j < n[1]; j++)
        for (int k = 0; k < n[2]; k++)
          if (at[0][i] >= 0 && at[1][j] >= 0 && at[2][k] >= 0) sum += w[0][i] * w[1][j] * w[2][k] * x[(at[0][i] * s->size[1] + at[1][j]) * s->size[2] + at[2][k]];
    s->y[(picture * s->c + c) * s->points + p] = sum;
  }
}

enum { BLOCK = 64 };
static void probe_task(void *context, int64_t i, int worker) {
  const probe *s = context;
  int64_t blocks = (s->points + BLOCK - 1) / BLOCK, from = i % blocks * BLOCK, to = from + BLOCK < s->points ? from + BLOCK : s->points;
  (void)worker;
  for (int64_t p = from; p < to; p++) probe_point(s, i / blocks, p);
}

bool gn__fwd_sample_points(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *grid = a[1].t;
  bool flat = grid->dim[2] == 2 && x->dim[2] == 1;
  char text[160], more[160];
  if ((!flat && grid->dim[2] != 3) || (grid->dim[1] > 0 && (!x->dim[2] || !x->dim[3] || !x->dim[4])))
    return gn_fail("sample_points: x is %s, points are %s", gn_shape_text(x, text, sizeof text), gn_shape_text(grid, more, sizeof more));
  probe s = { gn_f32(x), gn_f32(grid), gn_f32(out[0]), x->dim[1], grid->dim[1], { x->dim[2], x->dim[3], x->dim[4] }, (int)a[2].num, (int)a[3].num, flat, a[4].num != 0 };
  gn_parallel(g, x->dim[0] * ((s.points + BLOCK - 1) / BLOCK), probe_task, &s);
  return true;
}
