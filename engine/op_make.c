/* op_make.c: tensors from sizes and numbers. */
#include "core.h"
#include <string.h>

static gn_dtype type_or(const gn_arg *a, gn_dtype other) { return a->kind == GN_A_NIL ? other : (gn_dtype)a->num; }

static bool sizes_ok(const char *op, const gn_arg *size) {
  if (size->n > GN_MAX_DIMS) return gn_fail("%s: %d sizes, wanted at most %d", op, size->n, GN_MAX_DIMS);
  for (int i = 0; i < size->n; i++)
    if (size->ints[i] < 0) return gn_fail("%s: size %d is %lld, wanted 0 or more", op, i + 1, (long long)size->ints[i]);
  return true;
}
static bool filled(gn *g, int ndim, const int64_t *dim, double value, gn_dtype type, gn_tensor **out) {
  if (!(out[0] = gn_new(g, type, ndim, dim)) || gn_numel(out[0]) == 0) return out[0] != NULL;
  gn_tensor *one = gn_scalar(g, value, type, 0);
  if (!one) return false;
  bool fine = true;
  if (value == 0) memset(out[0]->data, 0, out[0]->store->bytes);
  else fine = gn_copy_into(out[0], one);
  gn_unref(one);
  return fine;
}

bool gn__fwd_zeros(gn *g, const gn_arg *a, gn_tensor **out) { return sizes_ok("zeros", &a[0]) && filled(g, a[0].n, a[0].ints, 0, type_or(&a[1], GN_F32), out); }
bool gn__fwd_ones(gn *g, const gn_arg *a, gn_tensor **out) { return sizes_ok("ones", &a[0]) && filled(g, a[0].n, a[0].ints, 1, type_or(&a[1], GN_F32), out); }
bool gn__fwd_full(gn *g, const gn_arg *a, gn_tensor **out) { return sizes_ok("full", &a[0]) && filled(g, a[0].n, a[0].ints, a[1].num, type_or(&a[2], GN_F32), out); }
bool gn__fwd_zeros_like(gn *g, const gn_arg *a, gn_tensor **out) { return filled(g, a[0].t->ndim, a[0].t->dim, 0, type_or(&a[1], a[0].t->dtype), out); }
bool gn__fwd_ones_like(gn *g, const gn_arg *a, gn_tensor **out) { return filled(g, a[0].t->ndim, a[0].t->dim, 1, type_or(&a[1], a[0].t->dtype), out); }
bool gn__fwd_full_like(gn *g, const gn_arg *a, gn_tensor **out) { return filled(g, a[0].t->ndim, a[0].t->dim, a[1].num, type_or(&a[2], a[0].t->dtype), out); }

/* n values first + i * step, computed in double */
static bool ramp(gn *g, double n, double first, double step, gn_dtype type, gn_tensor **out) {
  int64_t count = n < 0x1p62 ? (int64_t)n : INT64_MAX;
  if (!(out[0] = gn_new(g, type, 1, &count))) return false;
  if (type == GN_F32) for (int64_t i = 0; i < count; i++) ((float *)(void *)out[0]->data)[i] = (float)(first + (double)i * step);
  else for (int64_t i = 0; i < count; i++) gn_set(out[0], i, first + (double)i * step);
  return true;
}
bool gn__fwd_arange(gn *g, const gn_arg *a, gn_tensor **out) {
  double from = a[1].kind == GN_A_NIL ? 0 : a[0].num, to = a[1].kind == GN_A_NIL ? a[0].num : a[1].num, step = a[2].num, n = (to - from) / step;
  if (step == 0 || n != n || n - n != 0) return gn_fail("arange: from %.14g to %.14g by %.14g, wanted finite numbers and a step that is not 0", from, to, step);
  if (n < 0) return gn_fail("arange: from %.14g to %.14g by %.14g goes the wrong way", from, to, step);
  return ramp(g, gn_ceil(n), from, step, type_or(&a[3], GN_F32), out);
}
bool gn__fwd_linspace(gn *g, const gn_arg *a, gn_tensor **out) {
  double from = a[0].num, to = a[1].num, n = a[2].num, step = n > 1 ? (to - from) / (n - 1) : 0;
  if (n < 0) return gn_fail("linspace: n is %.14g, wanted 0 or more", n);
  if (!ramp(g, n, from, step, GN_F32, out)) return false;
  if (n > 1) gn_set(out[0], (int64_t)n - 1, to);
  return true;
}
bool gn__fwd_eye(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t dim[2] = { (int64_t)a[0].num, (int64_t)(a[1].kind == GN_A_NIL ? a[0].num : a[1].num) };
  if (dim[0] < 0 || dim[1] < 0) return gn_fail("eye: size is %lld, wanted 0 or more", (long long)(dim[0] < 0 ? dim[0] : dim[1]));
  if (!filled(g, 2, dim, 0, type_or(&a[2], GN_F32), out)) return false;
  for (int64_t i = 0; i < dim[0] && i < dim[1]; i++) gn_set(out[0], i * dim[1] + i, 1);
  return true;
}
