/* op_index.c: reading and writing at positions that a tensor of integers holds. */
#include "op_index.h"
#include <stdio.h>
#include <string.h>

static bool wide(const gn_tensor *index) { return index->dtype == GN_I64; }

bool gn_index_ok(const char *op, const gn_tensor *index, int64_t size, const char *of) {
  if (index->dtype != GN_I32 && index->dtype != GN_I64) return gn_fail("%s: index is of type %s, wanted i32 or i64", op, gn_dtype_name(index->dtype));
  int64_t bad = index->g->k->index_check(index->data, wide(index), gn_numel(index), size);
  if (bad < 0) return true;
  long long value = wide(index) ? (long long)((const int64_t *)(void *)index->data)[bad] : ((const int32_t *)(void *)index->data)[bad];
  return gn_fail("%s: index holds %lld at position %lld, wanted 0..%lld because %s has size %lld", op, value, (long long)bad, (long long)size - 1, of, (long long)size);
}

gn_tensor *gn_zeros_of(gn *g, const gn_tensor *t) { return GN_DO(g, zeros, gn_v(t->ndim, t->dim), gn_n(t->dtype)); }

/* ---- places: how an index no larger than x (but along dim, where it is free) maps into x ---- */
typedef struct places { gn_places p; int64_t *offsets; size_t bytes; } places;

static bool same_around(const gn_tensor *a, const gn_tensor *b, int from, int to) {
  for (int i = from; i < to; i++) if (a->dim[i] != b->dim[i]) return false;
  return true;
}
/* offsets in x of the row-major elements of the index's dims from..to-1 */
static void fill_offsets(const gn_tensor *x, const gn_tensor *index, int from, int to, int64_t *out) {
  int64_t count = 1, at[GN_MAX_DIMS] = { 0 }, step[GN_MAX_DIMS], s = 1;
  for (int i = x->ndim - 1; i >= 0; i--) step[i] = s, s *= x->dim[i];
  for (int i = from; i < to; i++) count *= index->dim[i];
  for (int64_t e = 0; e < count; e++) {
    out[e] = 0;
    for (int i = from; i < to; i++) out[e] += at[i] * step[i];
    for (int i = to - 1; i >= from && ++at[i] == index->dim[i]; i--) at[i] = 0;
  }
}
static bool places_make(gn *g, const gn_tensor *x, const gn_tensor *index, int dim, places *r) {
  gn_around a = gn_split_at(x, dim), b = gn_split_at(index, dim);
  r->p = (gn_places){ .outer = b.outer, .m = b.len, .inner = b.inner, .stride = a.inner, .lead_stride = a.len * a.inner };
  bool lead = !same_around(x, index, 0, dim), trail = !same_around(x, index, dim + 1, x->ndim);
  r->offsets = NULL;
  if (!lead && !trail) return true;
  r->bytes = (size_t)(b.outer + b.inner) * sizeof(int64_t);
  if (!(r->offsets = gn_alloc(g, r->bytes))) return false;
  if (lead) fill_offsets(x, index, 0, dim, r->offsets), r->p.lead = r->offsets;
  if (trail) fill_offsets(x, index, dim + 1, x->ndim, r->offsets + b.outer), r->p.trail = r->offsets + b.outer;
  return true;
}
static void places_free(gn *g, places *r) { if (r->offsets) gn_free(g, r->offsets, r->bytes); }

static bool fits(const char *op, const gn_tensor *x, const gn_tensor *index, int dim) {
  char a[160], b[160];
  bool fine = index->ndim == x->ndim;
  for (int i = 0; fine && i < x->ndim; i++) fine = i == dim || index->dim[i] <= x->dim[i];
  return fine || gn_fail("%s: index is %s, wanted no larger than x %s but along dim %d", op, gn_shape_text(index, b, sizeof b), gn_shape_text(x, a, sizeof a), dim + 1);
}

bool gn__fwd_gather(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t;
  int dim = (int)a[1].num;
  places r;
  if (!fits("gather", x, index, dim) || !gn_index_ok("gather", index, x->dim[dim], "that dim of x") || !places_make(g, x, index, dim, &r)) return false;
  if ((out[0] = gn_new(g, x->dtype, index->ndim, index->dim))) g->k->gather(g, &r.p, out[0]->data, x->data, index->data, wide(index), x->dtype);
  places_free(g, &r);
  return out[0] != NULL;
}

/* ---- scatter and scatter_add: the public ops bring src to the index's shape ---- */
static gn_tensor *source(gn *g, const char *op, const gn_tensor *index, gn_tensor *src) {
  char a[160], b[160];
  if (src->ndim == 0) return GN_DO(g, expand, gn_t(src), gn_v(index->ndim, index->dim));
  bool fine = src->ndim == index->ndim;
  for (int i = 0; fine && i < src->ndim; i++) fine = src->dim[i] >= index->dim[i];
  if (!fine) return gn_fail("%s: src is %s, wanted at least index's size %s", op, gn_shape_text(src, a, sizeof a), gn_shape_text(index, b, sizeof b)), NULL;
  for (int i = 0; i < src->ndim && src; i++)
    if (src->dim[i] > index->dim[i]) src = GN_DO(g, slice, gn_t(src), gn_n(i + 1), gn_n(1), gn_n((double)index->dim[i]));
  return src;
}
bool gn__fwd_scatter(gn *g, const gn_arg *a, gn_tensor **out) {
  if (!fits("scatter", a[0].t, a[2].t, (int)a[1].num)) return false;
  gn_tensor *src = source(g, "scatter", a[2].t, a[3].t);
  return (out[0] = gn_ref(GN_DO(g, scatter_put, a[0], gn_n(a[1].num + 1), a[2], gn_t(src)))) != NULL;
}
bool gn__fwd_scatter_add(gn *g, const gn_arg *a, gn_tensor **out) {
  if (!fits("scatter_add", a[0].t, a[2].t, (int)a[1].num)) return false;
  gn_tensor *src = source(g, "scatter_add", a[2].t, a[3].t);
  return (out[0] = gn_ref(GN_DO(g, scatter_sum, a[0], gn_n(a[1].num + 1), a[2], gn_t(src)))) != NULL;
}

static gn_tensor *copy_of(gn *g, const gn_tensor *x) {
  gn_tensor *t = gn_new(g, x->dtype, x->ndim, x->dim);
  if (t) g->k->copy_blocks(g, t->data, x->data, 1, gn_numel(x) * (int64_t)gn_size(x->dtype), 0, 0);
  return t;
}
static bool summable(const char *op, const gn_tensor *x) {
  return x->dtype != GN_BOOL || gn_fail("%s: x is of type bool, wanted numbers", op);
}
/* x with src at the index's places: src has the index's shape. The last of several writes to one place stays. */
bool gn__fwd_scatter_put(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t;
  int dim = (int)a[1].num;
  places r;
  if (!gn_index_ok("scatter", index, x->dim[dim], "that dim of x") || !places_make(g, x, index, dim, &r)) return false;
  if ((out[0] = copy_of(g, x))) g->k->scatter(g, &r.p, out[0]->data, a[3].t->data, index->data, wide(index), x->dtype);
  places_free(g, &r);
  return out[0] != NULL;
}
bool gn__fwd_scatter_sum(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t;
  int dim = (int)a[1].num;
  places r;
  if (!summable("scatter_add", x) || !gn_index_ok("scatter_add", index, x->dim[dim], "that dim of x") || !places_make(g, x, index, dim, &r)) return false;
  if ((out[0] = copy_of(g, x))) g->k->scatter_add(g, &r.p, out[0]->data, a[3].t->data, index->data, wide(index), x->dtype);
  places_free(g, &r);
  return out[0] != NULL;
}
/* 1 where a scatter's write stays, 0 where a later one goes over it: the mask of src's gradient. */
bool gn__fwd_scatter_stays(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t;
  int dim = (int)a[1].num;
  int64_t n = gn_numel(index);
  places r;
  if (!gn_index_ok("scatter", index, x->dim[dim], "that dim of x") || !places_make(g, x, index, dim, &r)) return false;
  gn_tensor *who = gn_new(g, GN_I64, index->ndim, index->dim), *place = gn_new(g, GN_I64, x->ndim, x->dim), *found = gn_new(g, GN_I64, index->ndim, index->dim);
  out[0] = gn_new(g, GN_F32, index->ndim, index->dim);
  bool fine = who && place && found && out[0];
  if (fine) {
    int64_t *w = (int64_t *)(void *)who->data, *f = (int64_t *)(void *)found->data;
    for (int64_t i = 0; i < n; i++) w[i] = i;
    g->k->scatter(g, &r.p, place->data, w, index->data, wide(index), GN_I64);
    g->k->gather(g, &r.p, f, place->data, index->data, wide(index), GN_I64);
    for (int64_t i = 0; i < n; i++) gn_f32(out[0])[i] = f[i] == w[i] ? 1.0f : 0.0f;
  }
  gn_unref(who), gn_unref(place), gn_unref(found);
  places_free(g, &r);
  return fine;
}

/* ---- whole slices ---- */
bool gn__fwd_index_select(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t;
  int dim = (int)a[1].num;
  char text[160];
  if (index->ndim > 1) return gn_fail("index_select: index is %s, wanted one dim", gn_shape_text(index, text, sizeof text));
  if (!gn_index_ok("index_select", index, x->dim[dim], "that dim of x")) return false;
  gn_around s = gn_split_at(x, dim);
  int64_t dims[GN_MAX_DIMS], m = gn_numel(index);
  memcpy(dims, x->dim, sizeof dims);
  dims[dim] = m;
  if (!(out[0] = gn_new(g, x->dtype, x->ndim, dims))) return false;
  g->k->take_rows(g, out[0]->data, x->data, index->data, wide(index), s.outer, s.len, m, s.inner * (int64_t)gn_size(x->dtype));
  return true;
}
bool gn__fwd_index_add(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *index = a[2].t, *src = a[3].t;
  int dim = (int)a[1].num;
  char s[160], b[160], c[160];
  int64_t m = gn_numel(index);
  bool fine = index->ndim <= 1 && src->ndim == x->ndim;
  for (int i = 0; fine && i < x->ndim; i++) fine = src->dim[i] == (i == dim ? m : x->dim[i]);
  if (!fine) return gn_fail("index_add: src is %s and index %s, wanted x's %s with the size of dim %d as index's", gn_shape_text(src, s, sizeof s),
                            gn_shape_text(index, b, sizeof b), gn_shape_text(x, c, sizeof c), dim + 1);
  if (!summable("index_add", x) || !gn_index_ok("index_add", index, x->dim[dim], "that dim of x")) return false;
  gn_around e = gn_split_at(x, dim);
  if (!(out[0] = copy_of(g, x))) return false;
  g->k->add_rows(g, out[0]->data, src->data, index->data, wide(index), e.outer, e.len, m, e.inner, x->dtype);
  return true;
}
bool gn__fwd_embedding(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *index = a[0].t, *w = a[1].t;
  int64_t dims[GN_MAX_DIMS];
  if (index->ndim + 1 > GN_MAX_DIMS) return gn_fail("embedding: index has %d dims, wanted at most %d", index->ndim, GN_MAX_DIMS - 1);
  if (!gn_index_ok("embedding", index, w->dim[0], "w's first dim")) return false;
  memcpy(dims, index->dim, (size_t)index->ndim * sizeof *dims);
  dims[index->ndim] = w->dim[1];
  if (!(out[0] = gn_new(g, w->dtype, index->ndim + 1, dims))) return false;
  g->k->take_rows(g, out[0]->data, w->data, index->data, wide(index), 1, w->dim[0], gn_numel(index), w->dim[1] * (int64_t)gn_size(w->dtype));
  return true;
}

static int64_t position(const gn_tensor *index, int64_t i) { return wide(index) ? ((const int64_t *)(void *)index->data)[i] : ((const int32_t *)(void *)index->data)[i]; }
/* The largest position + 1 where no size was given. */
static bool size_or_most(const char *op, const gn_tensor *index, const gn_arg *size, int64_t *n) {
  if (index->dtype != GN_I32 && index->dtype != GN_I64) return gn_fail("%s: index is of type %s, wanted i32 or i64", op, gn_dtype_name(index->dtype));
  *n = size->kind == GN_A_NIL ? 0 : (int64_t)size->num;
  if (*n < 0) return gn_fail("%s: n is %lld, wanted 0 or more", op, (long long)*n);
  if (size->kind == GN_A_NIL)
    for (int64_t i = 0; i < gn_numel(index); i++) { int64_t v = position(index, i); *n = v < INT64_MAX && v + 1 > *n ? v + 1 : *n; }
  return gn_index_ok(op, index, *n, "the result");
}
bool gn__fwd_one_hot(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *index = a[0].t;
  int64_t dims[GN_MAX_DIMS], n;
  if (index->ndim + 1 > GN_MAX_DIMS) return gn_fail("one_hot: index has %d dims, wanted at most %d", index->ndim, GN_MAX_DIMS - 1);
  if (!size_or_most("one_hot", index, &a[1], &n)) return false;
  memcpy(dims, index->dim, (size_t)index->ndim * sizeof *dims);
  dims[index->ndim] = n;
  if (!(out[0] = gn_zeros(g, GN_F32, index->ndim + 1, dims))) return false;
  for (int64_t i = 0; i < gn_numel(index); i++) gn_f32(out[0])[i * n + position(index, i)] = 1;
  return true;
}
bool gn__fwd_bincount(gn *g, const gn_arg *a, gn_tensor **out) {
  int64_t n;
  if (!size_or_most("bincount", a[0].t, &a[1], &n) || !(out[0] = gn_zeros(g, GN_I64, 1, &n))) return false;
  for (int64_t i = 0; i < gn_numel(a[0].t); i++) ((int64_t *)(void *)out[0]->data)[position(a[0].t, i)]++;
  return true;
}
