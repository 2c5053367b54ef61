#ifndef GN_CPU_INDEX_H
#define GN_CPU_INDEX_H
/* How the elements [outer,m,inner] of an index map into a tensor: offset = lead[o] + position * stride + trail[k] elements.
 * lead NULL = o * lead_stride, trail NULL = k. */
typedef struct gn_places { int64_t outer, m, inner, stride, lead_stride; const int64_t *lead, *trail; } gn_places;

#define KERNELS_INDEX(KERNEL) \
  KERNEL(int64_t, index_check, (const void *index, bool wide, int64_t n, int64_t size)) \
  KERNEL(void, take_rows, (gn *g, void *out, const void *x, const void *index, bool wide, int64_t outer, int64_t len, int64_t m, int64_t bytes)) \
  KERNEL(void, add_rows, (gn *g, void *out, const void *src, const void *index, bool wide, int64_t outer, int64_t len, int64_t m, int64_t inner, gn_dtype type)) \
  KERNEL(void, gather, (gn *g, const gn_places *p, void *out, const void *x, const void *index, bool wide, gn_dtype type)) \
  KERNEL(void, scatter, (gn *g, const gn_places *p, void *out, const void *src, const void *index, bool wide, gn_dtype type)) \
  KERNEL(void, scatter_add, (gn *g, const gn_places *p, void *out, const void *src, const void *index, bool wide, gn_dtype type)) \
  KERNEL(void, copy_blocks, (gn *g, void *out, const void *in, int64_t rows, int64_t bytes, int64_t out_step, int64_t in_step)) \
  KERNEL(void, triangle, (gn *g, void *out, const void *x, int64_t batch, int64_t rows, int64_t columns, int64_t diagonal, bool lower, int64_t bytes)) \
  KERNEL(bool, sort_rows, (gn *g, void *values, int32_t *positions, const void *x, gn_dtype type, int64_t rows, int64_t n, int64_t k, bool descending)) \
  KERNEL(void, search_rows, (gn *g, int32_t *out, const void *sorted, const void *values, bool whole, int64_t n, int64_t m, int64_t total, bool right)) \
  KERNEL(void, fill_uniform, (gn *g, float *out, int64_t n, uint64_t key, uint64_t block)) \
  KERNEL(void, fill_normal, (gn *g, float *out, int64_t n, uint64_t key, uint64_t block)) \
  KERNEL(void, fill_bits, (gn *g, uint64_t *out, int64_t n, uint64_t key, uint64_t block)) \
  KERNEL(bool, fft_rows, (gn *g, float *out, const float *in, int64_t rows, int64_t n, int kind, float scale)) \
  KERNEL(void, take_frames, (gn *g, float *out, const float *x, int64_t rows, int64_t n, int64_t count, int64_t size, int64_t hop)) \
  KERNEL(void, add_frames, (gn *g, float *out, const float *x, int64_t rows, int64_t n, int64_t count, int64_t size, int64_t hop))
enum { GN_FFT_FORWARD, GN_FFT_BACKWARD, GN_FFT_REAL, GN_FFT_REAL_BACK };
/* blocks that a fill of n elements uses up: 4 of 64 elements for the first two, of 32 for the third, whole groups of 16 blocks */
#define GN_FILL_BLOCKS(n, group) (16 * (((uint64_t)(n) + (group) - 1) / (group)))
#endif
