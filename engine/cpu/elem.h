/* elem.h: raw kernels that work element by element. */
#ifndef GN_CPU_ELEM_H
#define GN_CPU_ELEM_H
#include <stddef.h>

/* cast: n packed elements; floats to integers cut towards zero and wrap as PyTorch's, to f16/bf16 round to nearest even.
 * copy_strided: same type, strides in elements. fill: n packed elements. */
#define KERNELS_ELEM(KERNEL) \
  KERNEL(void, cast, (const void *src, gn_dtype from, void *dst, gn_dtype to, int64_t n)) \
  KERNEL(void, copy_strided, (const void *src, const int64_t *sstride, void *dst, const int64_t *dstride, const int64_t *dim, int ndim, size_t item)) \
  KERNEL(void, fill, (void *dst, gn_dtype type, double value, int64_t n))
#endif
