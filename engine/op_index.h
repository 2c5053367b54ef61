/* op_index.h: what the files of the index family share. */
#ifndef GN_OP_INDEX_H
#define GN_OP_INDEX_H
#include "core.h"

/* A tensor seen as [outer, len, inner] around one dim. */
typedef struct gn_around { int64_t outer, len, inner; } gn_around;
static inline gn_around gn_split_at(const gn_tensor *t, int dim) {
  gn_around a = { 1, t->dim[dim], 1 };
  for (int i = 0; i < dim; i++) a.outer *= t->dim[i];
  for (int i = dim + 1; i < t->ndim; i++) a.inner *= t->dim[i];
  return a;
}
/* The index is i32 or i64 and all its positions are in 0..size-1. `of` names what it points into. */
bool gn_index_ok(const char *op, const gn_tensor *index, int64_t size, const char *of);
/* A zero tensor of t's shape and type, borrowed from the scope (t may be a ghost). */
gn_tensor *gn_zeros_of(gn *g, const gn_tensor *t);
#endif
