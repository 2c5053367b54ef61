/* op_quant.c: whole numbers: quantised ones, and bits. */
#include "core.h"
#include <math.h>

/* ---- quantising: one scale and zero for all elements, or for each slice of a dim ---- */
typedef struct quantize { const float *x, *scale, *zero; int64_t n, inner; float low, high; bool times; void *to; bool bytes; } quantize;

enum { BLOCK = 1 << 14 };

static void some(const quantize *q, int64_t from, int64_t count, float scale, float zero) {
  const float *x = q->x + from;
  for (int64_t i = 0; i < count; i++) {
    float v = rintf(q->times ? x[i] * scale : x[i] / scale) + zero;
    v = v > q->low ? v : q->low;                      /* NaN becomes the lowest */
    v = v < q->high ? v : q->high;
    if (q->bytes) ((uint8_t *)q->to)[from + i] = (uint8_t)v;
    else ((int32_t *)q->to)[from + i] = v < 0x1p31f ? (int32_t)v : INT32_MAX;
  }
}

static void quantize_task(void *context, int64_t i, int worker) {
  const quantize *q = context;
  int64_t blocks = (q->inner + BLOCK - 1) / BLOCK, row = i / blocks, from = i % blocks * BLOCK, count = q->inner - from < BLOCK ? q->inner - from : BLOCK, c = row % q->n;
  (void)worker;
  some(q, row * q->inner + from, count, q->scale[c], q->zero ? q->zero[c] : 0);
}

bool gn__fwd_quantize(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { X, SCALE, ZERO, DIM, LOW, HIGH, TIMES };
  gn_tensor *x = a[X].t, *zero = a[ZERO].kind == GN_A_TENSOR ? a[ZERO].t : NULL;
  int dim = (int)a[DIM].num;
  int64_t n = gn_numel(a[SCALE].t), inner = 1, all = gn_numel(x);
  char text[160];
  if (dim < 0 || dim > x->ndim || (dim > 0 ? x->dim[dim - 1] : 1) != n || (zero && gn_numel(zero) != n))
    return gn_fail("quantize: %lld scales for x %s", (long long)n, gn_shape_text(x, text, sizeof text));
  for (int d = dim; d < x->ndim; d++) inner *= x->dim[d];
  quantize q = { gn_f32(x), gn_f32(a[SCALE].t), zero ? gn_f32(zero) : NULL, n, inner, (float)a[LOW].num, (float)a[HIGH].num, a[TIMES].num != 0, NULL, a[LOW].num == 0 && a[HIGH].num == 255 };
  if (!(out[0] = gn_new(g, q.bytes ? GN_U8 : GN_I32, x->ndim, x->dim))) return false;
  q.to = out[0]->data;
  if (all) gn_parallel(g, all / inner * ((inner + BLOCK - 1) / BLOCK), quantize_task, &q);
  return true;
}

/* ---- and back ---- */
typedef struct dequantize { const gn_tensor *x, *zero; const float *scale; int64_t n, inner; float *y; } dequantize;

static void back_task(void *context, int64_t i, int worker) {
  const dequantize *q = context;
  int64_t blocks = (q->inner + BLOCK - 1) / BLOCK, row = i / blocks, from = row * q->inner + i % blocks * BLOCK, end = (row + 1) * q->inner, to = from + BLOCK < end ? from + BLOCK : end, c = row % q->n;
  const uint8_t *narrow = (const uint8_t *)q->x->data;
  const int32_t *wide = (const int32_t *)(const void *)q->x->data;
  int64_t zero = q->zero ? (int64_t)gn_get(q->zero, c) : 0;
  float scale = q->scale[c];
  (void)worker;
  if (q->x->dtype == GN_U8)
    for (int64_t k = from; k < to; k++) q->y[k] = (float)((int32_t)narrow[k] - (int32_t)zero) * scale;
  else
    for (int64_t k = from; k < to; k++) q->y[k] = (float)(wide[k] - zero) * scale;
}

bool gn__fwd_dequantize(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { X, SCALE, ZERO, DIM };
  gn_tensor *x = a[X].t, *zero = a[ZERO].kind == GN_A_TENSOR ? a[ZERO].t : NULL;
  int dim = (int)a[DIM].num;
  int64_t n = gn_numel(a[SCALE].t), inner = 1, all = gn_numel(x);
  char text[160];
  if ((x->dtype != GN_U8 && x->dtype != GN_I32) || dim < 0 || dim > x->ndim || (dim > 0 ? x->dim[dim - 1] : 1) != n || (zero && gn_numel(zero) != n))
    return gn_fail("dequantize: %lld scales for x %s", (long long)n, gn_shape_text(x, text, sizeof text));
  for (int d = dim; d < x->ndim; d++) inner *= x->dim[d];
  dequantize q = { x, zero, gn_f32(a[SCALE].t), n, inner, NULL };
  if (!(out[0] = gn_new(g, GN_F32, x->ndim, x->dim))) return false;
  q.y = gn_f32(out[0]);
  if (all) gn_parallel(g, all / inner * ((inner + BLOCK - 1) / BLOCK), back_task, &q);
  return true;
}

/* ---- bits ---- */
enum { AND, OR, XOR, LEFT, RIGHT, SIGNED };
static uint64_t joined(uint64_t p, uint64_t q, int kind) {
  switch (kind) {
    case AND: return p & q;
    case OR: return p | q;
    case XOR: return p ^ q;
    case LEFT: return q < 64 ? p << q : 0;
    case RIGHT: return q < 64 ? p >> q : 0;
    default: return p >> 63 ? ~(~p >> (q < 64 ? q : 63)) : q < 64 ? p >> q : 0;      /* the sign comes in from the left */
  }
}

bool gn__fwd_bits(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = gn_cast(a[0].t, GN_I64), *y = gn_cast(a[1].t, GN_I64);
  if (x && y) {
    const int64_t *p = (const int64_t *)(void *)x->data, *q = (const int64_t *)(void *)y->data;
    int64_t *to = (int64_t *)(void *)out[0]->data, n = gn_numel(x);
    for (int64_t i = 0; i < n; i++) to[i] = (int64_t)joined((uint64_t)p[i], (uint64_t)q[i], (int)a[2].num);
  }
  bool fine = x && y;
  gn_unref(x), gn_unref(y);
  return fine;
}
