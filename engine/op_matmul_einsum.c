/* op_matmul_einsum.c: einsum by permuting, matmul and sum; distances. */
#include "core.h"
#include <string.h>

/* ---- einsum ---- */
enum { LABELS = 60, DOTS = 52 };                  /* a..z, A..Z, then the dims of `...` counted from the end */
typedef struct term { gn_tensor *t; int n; int label[GN_MAX_DIMS]; } term;
typedef struct einsum { gn *g; const char *spec; int nterms, nout; bool arrow, dots; int out[LABELS]; int count[LABELS]; int64_t size[LABELS]; term term[6]; } einsum;

static int letter(char c) { return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? 26 + c - 'A' : -1; }
static char text_of(int label) { return label < 26 ? (char)('a' + label) : label < DOTS ? (char)('A' + label - 26) : '.'; }
static const char *blank(const char *s) {
  while (*s == ' ') s++;
  return s;
}

/* One operand's letters; `...` stands for what dims are left. */
static bool read_term(einsum *e, int k, const char **spec) {
  term *x = &e->term[k];
  const char *s = *spec;
  char text[160];
  int labels[GN_MAX_DIMS + 1], n = 0, dots = -1;
  for (s = blank(s); *s && *s != ',' && !(s[0] == '-' && s[1] == '>'); s = blank(s)) {
    if (!strncmp(s, "...", 3) && dots < 0) { dots = n, s += 3; continue; }
    if (letter(*s) < 0) return gn_fail("einsum: spec \"%.60s\" has '%c', wanted letters, commas, ... and ->", e->spec, *s);
    if (n == GN_MAX_DIMS) return gn_fail("einsum: spec \"%.60s\" names more than %d dims of operand %d", e->spec, GN_MAX_DIMS, k + 1);
    labels[n++] = letter(*s++);
  }
  int more = x->t->ndim - n;
  if (dots < 0 ? more != 0 : more < 0) return gn_fail("einsum: operand %d is %s, wanted the %d dims of spec \"%.60s\"", k + 1, gn_shape_text(x->t, text, sizeof text), n, e->spec);
  for (int i = 0, j = 0; i < x->t->ndim; i++) {
    bool dot = dots >= 0 && i >= dots && i < dots + more;
    int label = dot ? DOTS + (dots + more - 1 - i) : labels[j++];
    int64_t d = x->t->dim[i];
    x->label[i] = label;
    if (e->count[label]++ == 0) e->size[label] = d;
    else if (dot && (e->size[label] == 1 || d == 1)) e->size[label] = d == 1 ? e->size[label] : d;
    else if (e->size[label] != d) return gn_fail("einsum: dim '%c' is %lld in operand %d, wanted %lld as before (spec \"%.60s\")", text_of(label), (long long)d, k + 1, (long long)e->size[label], e->spec);
  }
  x->n = x->t->ndim, e->dots |= dots >= 0;
  *spec = s;
  return true;
}

static bool read_out(einsum *e, const char *s) {
  bool seen[LABELS] = { false }, dots = !e->arrow;
  for (s = blank(s); e->arrow && *s; s = blank(s)) {
    if (!strncmp(s, "...", 3) && !dots) {
      dots = true, s += 3;
      for (int l = LABELS - 1; l >= DOTS; l--)
        if (e->count[l]) e->out[e->nout++] = l;
      continue;
    }
    int l = letter(*s);
    if (l < 0 || !e->count[l] || seen[l]) return gn_fail("einsum: the result of spec \"%.60s\" has '%c', wanted each letter once and from the operands", e->spec, *s);
    seen[l] = true, e->out[e->nout++] = l, s++;
  }
  if (!e->arrow) {
    for (int l = LABELS - 1; l >= DOTS; l--)
      if (e->count[l]) e->out[e->nout++] = l;
    for (int i = 0; i < DOTS; i++) {               /* A before a, as the letters' codes */
      int l = (i + 26) % DOTS;
      if (e->count[l] == 1) e->out[e->nout++] = l;
    }
  }
  return e->nout <= GN_MAX_DIMS || gn_fail("einsum: the result of spec \"%.60s\" has more than %d dims", e->spec, GN_MAX_DIMS);
}

static bool read_spec(einsum *e) {
  const char *s = e->spec;
  for (int k = 0; k < e->nterms; k++) {
    if (!read_term(e, k, &s)) return false;
    if (k + 1 < e->nterms && *s++ != ',') return gn_fail("einsum: spec \"%.60s\" names %d operands, found %d", e->spec, k + 1, e->nterms);
  }
  if (*s == ',') return gn_fail("einsum: spec \"%.60s\" names more operands than the %d found", e->spec, e->nterms);
  e->arrow = s[0] == '-';
  return read_out(e, e->arrow ? s + 2 : s);
}

static int find(const term *x, int label) {
  for (int i = 0; i < x->n; i++)
    if (x->label[i] == label) return i;
  return -1;
}

static void drop_label(term *x, int at) {
  memmove(x->label + at, x->label + at + 1, sizeof(int) * (size_t)(x->n - at - 1));
  x->n--;
}

/* The dims with these labels, in this order; all of x's. */
static bool order(einsum *e, term *x, const int *label) {
  int64_t dims[GN_MAX_DIMS];
  bool same = true;
  for (int i = 0; i < x->n; i++) dims[i] = find(x, label[i]) + 1, same &= dims[i] == i + 1;
  if (!same && !(x->t = GN_DO(e->g, permute, gn_t(x->t), gn_v(x->n, dims)))) return false;
  memcpy(x->label, label, sizeof(int) * (size_t)x->n);
  return true;
}

/* A letter that stands twice in one operand: its diagonal. */
static bool diagonals(einsum *e, term *x) {
  gn *g = e->g;
  for (int i = 0; i < x->n; i++)
    for (int j = x->n - 1; j > i; j--) {
      if (x->label[i] != x->label[j]) continue;
      int64_t n = x->t->dim[i], shape[GN_MAX_DIMS];
      for (int k = 0; k < x->n; k++) shape[k] = k == i || k == j ? n : 1;
      gn_tensor *eye = GN_DO(g, reshape, gn_t(GN_DO(g, eye, gn_n((double)n))), gn_v(x->n, shape));
      gn_tensor *only = GN_DO(g, where, gn_t(GN_DO(g, ne, gn_t(eye), gn_n(0))), gn_t(x->t), gn_n(0));
      if (!(x->t = GN_DO(g, sum, gn_t(only), gn_n(j + 1)))) return false;
      drop_label(x, j);
    }
  return true;
}

/* Dims of x that neither `other` nor the result nor a later operand names are summed. */
static bool sum_out(einsum *e, term *x, const term *other, const bool *keep) {
  for (int i = x->n - 1; i >= 0; i--) {
    if (keep[x->label[i]] || (other && find(other, x->label[i]) >= 0)) continue;
    if (!(x->t = GN_DO(e->g, sum, gn_t(x->t), gn_n(i + 1)))) return false;
    drop_label(x, i);
  }
  return true;
}

/* Dims of `...` that are 1 here and more elsewhere. */
static bool widen(einsum *e, term *x) {
  int64_t size[GN_MAX_DIMS];
  bool same = true;
  for (int i = 0; i < x->n; i++) size[i] = e->size[x->label[i]], same &= size[i] == x->t->dim[i];
  return same || (x->t = GN_DO(e->g, expand, gn_t(x->t), gn_v(x->n, size))) != NULL;
}

static bool join(einsum *e, term *x, term *y, const bool *keep) {
  gn *g = e->g;
  int both[GN_MAX_DIMS], gone[GN_MAX_DIMS], left[GN_MAX_DIMS], right[GN_MAX_DIMS], nb = 0, ng = 0, nl = 0, nr = 0, a[GN_MAX_DIMS], b[GN_MAX_DIMS];
  int64_t B = 1, G = 1, L = 1, R = 1, shape[GN_MAX_DIMS];
  if (!sum_out(e, x, y, keep) || !sum_out(e, y, x, keep) || !widen(e, x) || !widen(e, y)) return false;
  for (int i = 0; i < x->n; i++) {
    int l = x->label[i];
    if (find(y, l) < 0) left[nl++] = l, L *= e->size[l];
    else if (keep[l]) both[nb++] = l, B *= e->size[l];
    else gone[ng++] = l, G *= e->size[l];
  }
  for (int i = 0; i < y->n; i++)
    if (find(x, y->label[i]) < 0) right[nr++] = y->label[i], R *= e->size[y->label[i]];
  if (nb + nl + nr > GN_MAX_DIMS) return gn_fail("einsum: spec \"%.60s\" needs a step with more than %d dims", e->spec, GN_MAX_DIMS);
  int na = 0, ny = 0;
  for (int i = 0; i < nb; i++) a[na++] = both[i], b[ny++] = both[i];
  for (int i = 0; i < nl; i++) a[na++] = left[i];
  for (int i = 0; i < ng; i++) a[na++] = gone[i], b[ny++] = gone[i];
  for (int i = 0; i < nr; i++) b[ny++] = right[i];
  if (!order(e, x, a) || !order(e, y, b)) return false;
  gn_tensor *p = GN_DO(g, reshape, gn_t(x->t), gn_v(3, (int64_t[]){ B, L, G })), *q = GN_DO(g, reshape, gn_t(y->t), gn_v(3, (int64_t[]){ B, G, R }));
  x->n = 0;
  for (int i = 0; i < nb; i++) x->label[x->n++] = both[i];
  for (int i = 0; i < nl; i++) x->label[x->n++] = left[i];
  for (int i = 0; i < nr; i++) x->label[x->n++] = right[i];
  for (int i = 0; i < x->n; i++) shape[i] = e->size[x->label[i]];
  return (x->t = GN_DO(g, reshape, gn_t(GN_DO(g, matmul, gn_t(p), gn_t(q))), gn_v(x->n, shape))) != NULL;
}

bool gn__fwd_einsum(gn *g, const gn_arg *a, gn_tensor **out) {
  einsum e = { .g = g, .spec = a[0].text };
  gn_dtype type = a[1].t->dtype;
  for (int k = 1; k <= 6 && a[k].kind == GN_A_TENSOR; k++) {
    if (!(e.term[e.nterms++].t = GN_DO(g, to, gn_t(a[k].t), gn_n(GN_F32)))) return false;
    type = gn_promote(type, a[k].t->dtype);
  }
  if (!read_spec(&e)) return false;
  for (int k = 0; k < e.nterms; k++)
    if (!diagonals(&e, &e.term[k])) return false;
  term *x = &e.term[0];
  for (int k = 1; k <= e.nterms; k++) {
    bool keep[LABELS] = { false };
    for (int i = 0; i < e.nout; i++) keep[e.out[i]] = true;
    for (int j = k + 1; j < e.nterms; j++)
      for (int i = 0; i < e.term[j].n; i++) keep[e.term[j].label[i]] = true;
    if (k < e.nterms ? !join(&e, x, &e.term[k], keep) : !sum_out(&e, x, NULL, keep) || !widen(&e, x)) return false;
  }
  if (!order(&e, x, e.out)) return false;
  if (gn_is_float(type) && type != GN_F32 && !(x->t = GN_DO(g, to, gn_t(x->t), gn_n(type)))) return false;
  out[0] = gn_ref(x->t);
  return true;
}

/* ---- cdist ---- */
static gn_tensor *batch_of(gn *g, gn_tensor *t, int lead, const int64_t *dim, int64_t batch) {
  int64_t size[GN_MAX_DIMS];
  memcpy(size, dim, sizeof(int64_t) * (size_t)lead);
  memcpy(size + lead, t->dim + t->ndim - 2, 2 * sizeof(int64_t));
  int64_t flat[3] = { batch, size[lead], size[lead + 1] };
  return GN_DO(g, reshape, gn_t(GN_DO(g, expand, gn_t(t), gn_v(lead + 2, size))), gn_v(3, flat));
}

bool gn__fwd_cdist(gn *g, const gn_arg *arg, gn_tensor **out) {
  gn_tensor *a = arg[0].t, *b = arg[1].t;
  char s[160], u[160];
  int lead = (a->ndim > b->ndim ? a->ndim : b->ndim) - 2;
  int64_t dim[GN_MAX_DIMS], batch = 1;
  bool fits = a->ndim >= 2 && b->ndim >= 2 && a->dim[a->ndim - 1] == b->dim[b->ndim - 1];
  for (int i = 0; i < lead && fits; i++) {
    int p = i - (lead + 2 - a->ndim), q = i - (lead + 2 - b->ndim);
    int64_t x = p < 0 ? 1 : a->dim[p], y = q < 0 ? 1 : b->dim[q];
    fits = x == y || x == 1 || y == 1;
    dim[i] = x == 1 ? y : x, batch *= dim[i];
  }
  if (!fits) return gn_fail("cdist: b is %s, wanted [..,n,d] to go with a[..,m,d] %s", gn_shape_text(b, s, sizeof s), gn_shape_text(a, u, sizeof u));
  gn_tensor *y = GN_DO(g, distances, gn_t(batch_of(g, a, lead, dim, batch)), gn_t(batch_of(g, b, lead, dim, batch)));
  dim[lead] = a->dim[a->ndim - 2], dim[lead + 1] = b->dim[b->ndim - 2];
  if (!(y = GN_DO(g, reshape, gn_t(y), gn_v(lead + 2, dim)))) return false;
  out[0] = gn_ref(y);
  return true;
}

bool gn__fwd_distances(gn *g, const gn_arg *a, gn_tensor **out) {
  const int64_t *d = a[0].t->dim;
  g->k->distances(g, d[0], d[1], a[1].t->dim[1], d[2], gn_f32(a[0].t), gn_f32(a[1].t), gn_f32(out[0]));
  return true;
}
