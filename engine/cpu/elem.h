/* elem.h: raw kernels that work element by element. */
#ifndef GN_CPU_ELEM_H
#define GN_CPU_ELEM_H
#include <stddef.h>

/* f32 functions of one value; p0 and p1 are their parameters. Those of the first list are also defined for integers. */
#define GN_UNARY_ANY(U) U(neg) U(abs) U(sign) U(relu) U(square) U(clamp) U(floor) U(ceil) U(round)
#define GN_UNARY_FLOAT(U) U(exp) U(expm1) U(log) U(log1p) U(log2) U(sqrt) U(rsqrt) U(reciprocal) U(sin) U(cos) U(tan) U(tanh) U(sigmoid) U(softplus) U(erf) \
  U(silu) U(mish) U(softsign) U(leaky_relu) U(elu) U(gelu_tanh) U(gelu_erf)
/* Functions of two values. Arithmetic is defined for integers too, comparisons give bytes. The *_grad are f32: the incoming gradient, then x (or the result y). */
#define GN_BINARY_ANY(B) B(add) B(sub) B(mul) B(maximum) B(minimum) B(pow) B(remainder)
#define GN_BINARY_COMPARE(B) B(lt) B(le) B(gt) B(ge) B(eq) B(ne) B(logical_and) B(logical_or)
#define GN_BINARY_FLOAT(B) B(div) B(atan2) B(larger_share) B(tanh_grad) B(sigmoid_grad) B(relu_grad) B(leaky_relu_grad) B(elu_grad) B(clamp_grad) B(softplus_grad) \
  B(silu_grad) B(mish_grad) B(softsign_grad) B(gelu_tanh_grad) B(gelu_erf_grad) B(erf_grad)
typedef enum {
#define U(name) GN_U_##name,
  GN_UNARY_ANY(U) GN_UNARY_FLOAT(U)
#undef U
  GN_UNARIES
} gn_unary;
typedef enum {
#define B(name) GN_B_##name,
  GN_BINARY_ANY(B) GN_BINARY_COMPARE(B) GN_BINARY_FLOAT(B)
#undef B
  GN_BINARIES
} gn_binary;

/* n0 rows of n1 elements; strides in elements (0 = broadcast); the result's rows are packed inside. */
typedef struct gn_run {
  int64_t n0, n1;
  const void *in[3];
  void *out;
  int64_t s0[3], s1[3], out0;
  float p[2];
} gn_run;

/* cast: n packed elements; floats to integers are cut, to f16/bf16 round to nearest even.
 * copy_strided: same type, strides in elements. fill: n packed elements.
 * unary: x and y packed, may be the same memory. binary: in[0], in[1]; out may be in[0] or in[1]. select: in[0] bytes ? in[1] : in[2], elements of `item` bytes.
 * dropout_mask: y[i] = scale where draw i from position 4 * block of the stream is below keep (a share of 2^32), else 0. */
#define KERNELS_ELEM(KERNEL) \
  KERNEL(void, cast, (const void *src, gn_dtype from, void *dst, gn_dtype to, int64_t n)) \
  KERNEL(void, copy_strided, (const void *src, const int64_t *sstride, void *dst, const int64_t *dstride, const int64_t *dim, int ndim, size_t item)) \
  KERNEL(void, fill, (void *dst, gn_dtype type, double value, int64_t n)) \
  KERNEL(void, unary, (gn_unary op, gn_dtype type, const void *x, void *y, int64_t n, double p0, double p1)) \
  KERNEL(void, finite, (bool nan, const float *x, uint8_t *y, int64_t n)) \
  KERNEL(void, binary, (gn_binary op, gn_dtype type, const gn_run *)) \
  KERNEL(void, select, (const gn_run *, size_t item)) \
  KERNEL(void, dropout_mask, (uint64_t key, uint64_t block, float *y, int64_t n, uint64_t keep, float scale))
#endif
