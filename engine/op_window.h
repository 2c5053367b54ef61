/* op_window.h: what convolutions, pools and their gradients share. */
#ifndef GN_OP_WINDOW_H
#define GN_OP_WINDOW_H
#include "core.h"

/* A convolution from the arguments of conv_nd and its kin: the number of dims, the geometry (stride, pad, dilation: 3 each, leading dims first). */
bool gn_conv_of(const char *op, int nd, const gn_tensor *big, const gn_tensor *small, const gn_tensor *w, const gn_arg *geometry, const gn_arg *groups, gn_conv *s);
/* A window of nd dims over `planes` planes of sizes `in`, with results of sizes `out`; window: 3 sizes, 3 strides, 3 pads. */
gn_window gn_window_of(int64_t planes, int nd, const int64_t *in, const int64_t *out, const gn_arg *window, bool count_pad);
/* Spatial sizes of a tensor as a list. */
static inline gn_arg gn_space(const gn_tensor *t) {
  return gn_v(t->ndim - 2, t->dim + 2);
}
/* Whether x can be padded by pairs that count from its last dim; mode as in pad. */
bool gn_pads_ok(const gn_tensor *x, const gn_arg *pads, int mode);
/* One number for each of nd dims from an option: a number or a list of nd numbers in low..high. */
bool gn_each(const char *op, const char *name, const gn_arg *a, int nd, int64_t low, int64_t high, int64_t *to);
#endif
