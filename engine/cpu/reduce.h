/* reduce.h: kernels of reductions, softmax, normalisation and losses. Every tensor is packed and seen as [O][R][I]: R is reduced, O and I stay.
 * Those that return bool need scratch: false = out of memory, nothing written that counts. */
#ifndef GN_CPU_REDUCE_H
#define GN_CPU_REDUCE_H
enum { GN_R_SUM, GN_R_SQUARES, GN_R_ABSSUM, GN_R_PROD, GN_R_MAX, GN_R_MIN, GN_R_ABSMAX, GN_R_DEVS /* sum of (x - m)^2, m[O][I] */, GN_R_ANY };
enum { GN_S_SOFTMAX, GN_S_LOG_SOFTMAX, GN_S_LSE };

/* What a cross entropy reads: x[n][c][s], classes[n][s], weight[c] or NULL. ignored classes count nothing. */
typedef struct gn_ce {
  const float *x, *weight;
  const int64_t *classes;
  int64_t n, c, s, ignore;
  float smooth;
} gn_ce;

#define KERNELS_SUMS(KERNEL) \
  KERNEL(bool, red_f32, (gn *g, int op, const float *x, const float *m, float *out, int64_t O, int64_t R, int64_t I, double divide)) \
  KERNEL(void, red_int, (gn *g, int op, gn_dtype type, const void *x, int64_t *out, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, arg_f32, (gn *g, bool min, const float *x, float *value, int32_t *at, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, arg_int, (gn *g, bool min, gn_dtype type, const void *x, int64_t *value, int32_t *at, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, scan_f32, (gn *g, bool product, bool reverse, const float *x, float *out, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, scan_i64, (gn *g, bool product, const int64_t *x, int64_t *out, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, row_norm_f32, (gn *g, bool centre, const float *x, const float *w, const float *b, float *out, int64_t rows, int64_t d, float eps)) \
  KERNEL(bool, row_norm_grad_f32, (gn *g, bool centre, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t rows, int64_t d, float eps)) \
  KERNEL(void, group_norm_f32, (gn *g, const float *x, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t groups, int64_t hw, float eps, const gn_act *act)) \
  KERNEL(bool, group_norm_grad_f32, (gn *g, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t groups, int64_t hw, float eps)) \
  KERNEL(bool, batch_stats_f32, (gn *g, const float *x, float *mean, float *var, int64_t n, int64_t c, int64_t hw)) \
  KERNEL(bool, batch_norm_f32, (gn *g, const float *x, const float *mean, const float *var, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t hw, float eps)) \
  KERNEL(bool, batch_norm_grad_f32, (gn *g, bool train, const float *x, const float *mean, const float *var, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t hw, float eps))

#define KERNELS_REDUCE(KERNEL) \
  KERNEL(void, softmax_f32, (gn *g, int kind, const float *x, float *out, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, softmax_grad_f32, (gn *g, bool log, const float *y, const float *gy, float *dx, int64_t O, int64_t R, int64_t I)) \
  KERNEL(void, ce_f32, (gn *g, const gn_ce *p, float *loss, float *lse)) \
  KERNEL(void, ce_grad_f32, (gn *g, const gn_ce *p, const float *lse, const float *gy, int64_t gstep, float scale, float *dx))
#endif
