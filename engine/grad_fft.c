/* grad_fft.c: a linear op's gradient is its adjoint: the transform the other way, without its scale. */
#include "core.h"

bool gn__bwd_fft_complex(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, fft_complex, gn_t(gout[0]), gn_n(n->arg[1].num == 0), n->arg[2])) != NULL;
}
/* [n/2+1, 1] of `inner`, and 1 at frequencies that are their own mirror images: 0, and n/2 where n is even */
static gn_tensor *mirror_weights(gn *g, int64_t n, float inner) {
  int64_t dims[2] = { n / 2 + 1, 1 };
  gn_tensor *t = gn_hold(g, gn_new(g, GN_F32, 2, dims));
  for (int64_t k = 0; t && k < dims[0]; k++) gn_f32(t)[k] = k == 0 || 2 * k == n ? 1 : inner;
  return t;
}
bool gn__bwd_fft_real(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  const gn_tensor *x = n->arg[0].t;
  int64_t size = x->dim[x->ndim - 1];
  gn_tensor *half = GN_DO(g, mul, gn_t(gout[0]), gn_t(mirror_weights(g, size, 0.5f)));
  return (gin[0] = GN_DO(g, fft_hermitian, gn_t(half), gn_n((double)size), n->arg[1])) != NULL;
}
bool gn__bwd_fft_hermitian(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *s = GN_DO(g, fft_real, gn_t(gout[0]), n->arg[2]);
  return (gin[0] = GN_DO(g, mul, gn_t(s), gn_t(mirror_weights(g, (int64_t)n->arg[1].num, 2)))) != NULL;
}
bool gn__bwd_frames(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  const gn_tensor *x = n->arg[0].t;
  return (gin[0] = GN_DO(g, overlap_add, gn_t(gout[0]), n->arg[2], gn_n((double)x->dim[x->ndim - 1]))) != NULL;
}
bool gn__bwd_overlap_add(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  const gn_tensor *x = n->arg[0].t;
  int64_t size = x->dim[x->ndim - 1], hop = (int64_t)n->arg[1].num, used = size + hop * (x->dim[x->ndim - 2] - 1);
  gn_tensor *d = GN_DO(g, slice, gn_t(gout[0]), gn_n(-1), gn_n(1), gn_n((double)used));
  return (gin[0] = GN_DO(g, frames, gn_t(d), gn_n((double)size), n->arg[1])) != NULL;
}
