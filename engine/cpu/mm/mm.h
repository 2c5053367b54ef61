/* mm.h: products of f32 matrices, attention and the steps of recurrent nets: kernels built fast (FMA, few-row forms) and exact (k in order, no FMA). */
#ifndef GN_CPU_MM_H
#define GN_CPU_MM_H

/* C[m,n] (+)= A[m,k] B[k,n] + bias[n] for each position of the batch dims. Strides are in elements; A and B have a row and a column stride, rows of C lie
 * ldc apart and their elements side by side. add: C is added to. Each element sums k in order, then C's old value is the start, bias the end. */
typedef struct gn_gemm {
  int64_t m, n, k;
  const float *a; int64_t ars, acs;
  const float *b; int64_t brs, bcs;
  float *c; int64_t ldc;
  int nbatch; int64_t bdim[GN_MAX_DIMS], astep[GN_MAX_DIMS], bstep[GN_MAX_DIMS], cstep[GN_MAX_DIMS];
  bool add;
  const float *bias;
} gn_gemm;

#define KERNELS_MM(KERNEL) \
  KERNEL(bool, gemm, (gn *g, const gn_gemm *p))
#endif
