/* grad_index.c: gathering and scattering are each other's gradients, so second derivatives are made of the same ops. */
#include "op_index.h"

bool gn__bwd_gather(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, scatter_sum, gn_t(gn_zeros_of(g, n->arg[0].t)), gn_n(n->arg[1].num + 1), n->arg[2], gn_t(gout[0]))) != NULL;
}
bool gn__bwd_scatter_sum(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gin[0] = gout[0];
  return !gn_wants(n, 3) || (gin[3] = GN_DO(g, gather, gn_t(gout[0]), gn_n(n->arg[1].num + 1), n->arg[2])) != NULL;
}
bool gn__bwd_scatter_put(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t, *src = n->arg[3].t;
  gn_arg dim = gn_n(n->arg[1].num + 1), index = n->arg[2];
  if (gn_wants(n, 0)) {
    gn_tensor *none = GN_DO(g, zeros, gn_v(src->ndim, src->dim), gn_n(x->dtype));
    if (!(gin[0] = GN_DO(g, scatter_put, gn_t(gout[0]), dim, index, gn_t(none)))) return false;
  }
  if (!gn_wants(n, 3)) return true;
  gn_tensor *stays = GN_DO(g, scatter_stays, gn_t(gn_zeros_of(g, x)), dim, index);
  return (gin[3] = GN_DO(g, mul, gn_t(GN_DO(g, gather, gn_t(gout[0]), dim, index)), gn_t(stays))) != NULL;
}
bool gn__bwd_index_select(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  return (gin[0] = GN_DO(g, index_add, gn_t(gn_zeros_of(g, n->arg[0].t)), gn_n(n->arg[1].num + 1), n->arg[2], gn_t(gout[0]))) != NULL;
}
bool gn__bwd_index_add(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gin[0] = gout[0];
  return !gn_wants(n, 3) || (gin[3] = GN_DO(g, index_select, gn_t(gout[0]), gn_n(n->arg[1].num + 1), n->arg[2])) != NULL;
}
bool gn__bwd_embedding(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_tensor *index = n->arg[0].t, *w = n->arg[1].t;
  int64_t m = gn_numel(index);
  gn_tensor *flat = GN_DO(g, reshape, gn_t(index), gn_v(1, &m)), *rows = GN_DO(g, reshape, gn_t(gout[0]), gn_v(2, (int64_t[]){ m, w->dim[1] }));
  return (gin[1] = GN_DO(g, index_add, gn_t(gn_zeros_of(g, w)), gn_n(1), gn_t(flat), gn_t(rows))) != NULL;
}

bool gn__bwd_cat(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  int dim = (int)n->arg[1].num;
  int64_t at = 0;
  for (int j = 0; j < n->nlist; j++) {
    const gn_tensor *t = n->list[j];
    if (t->ndim == 1 && t->dim[0] == 0) continue;
    int64_t len = t->dim[dim];
    if (gn_wants(n, n->nargs + j) && !(gin[n->nargs + j] = GN_DO(g, slice, gn_t(gout[0]), gn_n(dim + 1), gn_n((double)at + 1), gn_n((double)(at + len))))) return false;
    at += len;
  }
  return true;
}
static bool unsort(gn *g, gn_node *n, gn_tensor *gout, int dim, gn_tensor **gin) {
  if (!gout) return true;
  gn_tensor *at = n->saved[1];
  return (gin[0] = GN_DO(g, scatter_sum, gn_t(gn_zeros_of(g, n->arg[0].t)), gn_n(dim + 1), gn_t(at), gn_t(gout))) != NULL;
}
bool gn__bwd_sort(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return unsort(g, n, gout[0], (int)n->arg[1].num, gin); }
bool gn__bwd_topk(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return unsort(g, n, gout[0], (int)n->arg[2].num, gin); }
bool gn__bwd_tril(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = GN_DO(g, tril, gn_t(gout[0]), n->arg[1])) != NULL; }
bool gn__bwd_triu(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) { return (gin[0] = GN_DO(g, triu, gn_t(gout[0]), n->arg[1])) != NULL; }
