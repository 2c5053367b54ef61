/* conv.h: convolutions, pools, resampling, padding: their geometry and the list of their kernels. */
#ifndef GN_CPU_CONV_H
#define GN_CPU_CONV_H

/* What lies outside of a dim: zero, or an element inside of it. The numbers are those of pad_mode in ops.def. */
enum { GN_ZERO, GN_REFLECT, GN_REPLICATE, GN_CIRCULAR };
/* The element that stands at a position of n elements, -1 = none. Further out than the mode allows it is some element, for lanes that nobody reads. */
static inline int64_t gn_edge_at(int64_t at, int64_t n, int mode) {
  if (at >= 0 && at < n) return at;
  if (mode == GN_ZERO) return -1;
  if (mode == GN_REFLECT) at = at < 0 ? -at : 2 * (n - 1) - at;
  if (mode == GN_CIRCULAR) at = at < 0 ? at + n : at - n;
  return at < 0 ? 0 : at < n ? at : n - 1;
}
/* len elements of a row of n from position `at` on, `step` apart. In op_resize.c, so that it is built once: kernels call it for the few at their edges. */
void gn_edge_row(float *to, const float *row, int64_t at, int64_t step, int64_t len, int64_t n, int mode);

/* A convolution over up to three dims (leading ones are 1) between its big side x[n, c, in] and its small side y[n, o, out]; w[o, c/groups, k].
 * in = position of out * stride + tap * dilation - pad; edge says what lies outside, so that only the pad before the first element is needed. */
typedef struct gn_conv {
  int64_t n, c, o, groups;
  int64_t in[3], out[3], k[3], stride[3], pad[3], dilation[3];
  gn_source weights;                      /* where w comes from, when its packed form may be kept; store NULL = it may not */
  const uint16_t *half;                   /* conv_forward: w as f16; w itself may then be NULL: it is widened where a kernel has no form of it */
  gn_act act;                             /* conv_forward and conv_data */
  int edge;                               /* conv_forward; the others know zero alone */
  bool whole;                             /* conv_forward: products of whole numbers stay exact, so not Winograd's way */
} gn_conv;

static inline size_t gn_conv_weight_bytes(const gn_conv *s) { return sizeof(float) * (size_t)(s->o * (s->c / s->groups) * s->k[0] * s->k[1] * s->k[2]); }
/* w from half, or NULL: out of memory. It is of gn_conv_weight_bytes, to be freed. In op_conv.c. */
float *gn_conv_widen(gn *g, const gn_conv *s);

/* A window over up to three dims; planes = n * c. */
typedef struct gn_window {
  int64_t planes, in[3], out[3], size[3], stride[3], pad[3];
  bool count_pad;
} gn_window;

/* One dim of a separable linear map: output i = sum over j in from[i]..from[i+1]-1 of weight[j] * input[index[j]]. */
typedef struct gn_taps {
  int64_t in, out, *from, *index;
  float *weight;
} gn_taps;

/* Samples x[n, c, in] at grid[n, out, 2] (x then y in -1..1). */
typedef struct gn_grid {
  int64_t n, c, in[2], out[2];
  bool nearest, corners, border;
} gn_grid;

/* Padding of ndim dims: index[d][i] = input position of output position i, -1 = the value. */
typedef struct gn_padding {
  int ndim;
  int64_t in[8], out[8], *index[8];
} gn_padding;

/* All return false with an error set where memory runs out.
 * conv_forward  y = conv(x, w) + b              conv_data    x = transposed conv(y, w) + b, b over c
 * conv_weight   w = gradient of the weights     conv_plain_* never takes Winograd's way
 * conv_pool     y = the largest of each window of conv(x, w) + b, by bands of rows; not done: of this shape that has no use
 * max_pool      position: in the plane, or NULL  pool_scatter adds y to the positions; pool_gather reads them
 * avg_pool / avg_spread: the mean of each window, and its adjoint
 * resample      planes[h, w] through the row taps and the column taps
 * pad_copy / pad_sum: padding and its adjoint (index -1 is dropped) */
#define KERNELS_CONV(KERNEL) \
  KERNEL(bool, conv_forward, (gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y)) \
  KERNEL(bool, conv_pool, (gn *g, const gn_conv *s, const gn_window *p, const float *x, const float *w, const float *b, float *y, bool *done)) \
  KERNEL(bool, conv_data, (gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x)) \
  KERNEL(bool, conv_weight, (gn *g, const gn_conv *s, const float *x, const float *y, float *w)) \
  KERNEL(void, max_pool, (gn *g, const gn_window *s, const float *x, float *y, int32_t *position)) \
  KERNEL(void, pool_scatter, (gn *g, int64_t planes, int64_t in, int64_t out, const float *y, const int32_t *position, float *x)) \
  KERNEL(void, pool_gather, (gn *g, int64_t planes, int64_t in, int64_t out, const float *x, const int32_t *position, float *y)) \
  KERNEL(void, avg_pool, (gn *g, const gn_window *s, const float *x, float *y)) \
  KERNEL(void, avg_spread, (gn *g, const gn_window *s, const float *y, float *x)) \
  KERNEL(bool, resample, (gn *g, int64_t planes, const gn_taps *row, const gn_taps *col, const float *x, float *y)) \
  KERNEL(void, pad_copy, (gn *g, const gn_padding *s, const float *x, float value, float *y)) \
  KERNEL(void, pad_sum, (gn *g, const gn_padding *s, const float *y, float *x)) \
  KERNEL(void, grid_sample, (gn *g, const gn_grid *s, const float *x, const float *grid, float *y)) \
  KERNEL(void, grid_data, (gn *g, const gn_grid *s, const float *y, const float *grid, float *x)) \
  KERNEL(void, grid_point, (gn *g, const gn_grid *s, const float *x, const float *grid, const float *y, float *dgrid))
#endif
