/* mm.h: products of f32 matrices, attention and the steps of recurrent nets: kernels built fast (FMA, few-row forms) and exact (k in order, no FMA). */
#ifndef GN_CPU_MM_H
#define GN_CPU_MM_H

/* What is done to a sum at the end: y <= 0 becomes slope y, y > cap becomes cap. */
typedef struct gn_act { bool on; float slope, cap; } gn_act;
static inline float gn_activate(float v, const gn_act *a) { return v <= 0 ? (a->slope ? v * a->slope : 0) : v > a->cap ? a->cap : v; }

/* C[m,n] (+)= A[m,k] B[k,n] + bias[n] for each position of the batch dims. Strides are in elements; A and B have a row and a column stride, rows of C lie
 * ldc apart and their elements side by side. add: C is added to. Each element sums k in order, then C's old value is the start, bias the end.
 * row_bias: the bias is over m instead (then nbatch is at least 1). weights: where b comes from, when its packed form may be kept; store NULL = it may not. */
typedef struct gn_gemm {
  int64_t m, n, k;
  const float *a; int64_t ars, acs;
  const float *b; int64_t brs, bcs;
  float *c; int64_t ldc;
  int nbatch; int64_t bdim[GN_MAX_DIMS], astep[GN_MAX_DIMS], bstep[GN_MAX_DIMS], cstep[GN_MAX_DIMS];
  bool add;
  const float *bias; bool row_bias;
  gn_source weights;
  bool often;                                     /* in a loop, with the same b: worth a look at all of b */
  gn_act act;                                     /* done at the end, after the bias */
} gn_gemm;

/* softmax(q k^T scale + mask) v without the m x n matrix. q[b,h,m,d] k[b,g,n,d] v[b,g,n,e]: steps of batch, head and row in elements, the last dim side by side.
 * mask (NULL = none) is added, with a step for each of b, h, m, n (0 = broadcast). Row i stands at position i + n - m: causal sees keys up to it, window w > 0 only
 * those less than w away. softcap c > 0: scores become c tanh(score / c). out[b,h,m,e] is packed, lse[b,h,m] is the log of each row's sum (-inf: row is masked whole,
 * its result 0). Backward: dout[b,h,m,e] (steps dstep) -> dq dk dv packed, the other fields as they were. */
typedef struct gn_attend {
  int64_t b, h, g, m, n, d, e;
  const float *q, *k, *v, *mask;
  int64_t qstep[3], kstep[3], vstep[3], mstep[4];
  bool causal; int64_t window; float scale, softcap;
  float *out, *lse;
  const float *dout; int64_t dstep[3]; float *dq, *dk, *dv;
} gn_attend;

/* A step of an lstm with h units: gates[rows,4h] i, f, g, o = x[rows,in] w_ih^T + b_ih (x NULL: they hold that already) + h0 w_hh^T + b_hh (biases may be NULL), then
 * their functions; c = f c0 + i g, y = o tanh(c). ih, hh: where the weights come from, when their packed form may be kept. */
typedef struct gn_lstm { int64_t rows, in, h; const float *x, *h0, *c0, *w_ih, *b_ih, *w_hh, *b_hh; gn_source ih, hh; float *gates, *c, *y; } gn_lstm;

#define KERNELS_MM(KERNEL) \
  KERNEL(bool, attend, (gn *g, const gn_attend *p)) \
  KERNEL(bool, attend_back, (gn *g, const gn_attend *p)) \
  KERNEL(bool, lstm_step, (gn *g, const gn_lstm *p)) \
  KERNEL(void, lstm_cell_back, (int64_t rows, int64_t h, const float *gates, const float *c0, const float *c, const float *dy, const float *dcell, const float *dh, float *dc, float *dpre)) \
  KERNEL(void, gru_cell, (int64_t rows, int64_t h, float *gates, const float *rec, const float *h0, float *q, float *y)) \
  KERNEL(void, gru_cell_back, (int64_t rows, int64_t h, const float *gates, const float *q, const float *h0, const float *dy, float *dh, float *din, float *drec)) \
  KERNEL(void, distances, (gn *g, int64_t batch, int64_t m, int64_t n, int64_t d, const float *a, const float *b, float *out)) \
  KERNEL(bool, gemm, (gn *g, const gn_gemm *p))
#endif
