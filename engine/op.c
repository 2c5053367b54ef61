/* op.c: calling an op by its row: numbers become tensors, types are promoted, shapes unified, results allocated, the call recorded. */
#include "core.h"
#include "base.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct call {
  gn *g;
  const gn_row *row;
  gn_arg a[GN_MAX_ARGS];                  /* what forward sees */
  gn_tensor *tape[GN_MAX_ARGS];           /* what the node keeps: converted, perhaps not packed */
  gn_tensor *own[3 * GN_MAX_ARGS]; int nown;   /* temporaries of this call */
  gn_tensor **list; int nlist;            /* the converted list */
  gn_dtype type;                          /* of f and n results */
  bool wants;                             /* an input is on the tape */
  int64_t var[16]; bool bound[16];
  int64_t lead[GN_MAX_DIMS]; int nlead; bool lead_bound;
  int64_t wide[GN_MAX_DIMS]; int nwide;   /* *s */
  bool wide_bound;
} call;

static gn_tensor *own(call *c, gn_tensor *t) {
  if (t) c->own[c->nown++] = t;
  return t;
}

static void drop(call *c) {
  for (int i = 0; i < c->nown; i++) gn_unref(c->own[i]);
  if (c->list) {
    for (int i = 0; i < c->nlist; i++) gn_unref(c->list[i]);
    gn_free(c->g, c->list, (size_t)c->nlist * sizeof *c->list);
  }
}

/* ---- error sentences ---- */
static const char *arg_text(const gn_arg *a, char *buffer, size_t size) {
  switch (a->kind) {
    case GN_A_NIL: return "nil";
    case GN_A_TENSOR: return gn_shape_text(a->t, buffer, size);
    case GN_A_NUMBER: snprintf(buffer, size, "the number %.14g", a->num); return buffer;
    case GN_A_INTS: return "a list of numbers";
    case GN_A_TEXT: snprintf(buffer, size, "the string \"%.40s\"", a->text); return buffer;
    case GN_A_LIST: return "a list of tensors";
    case GN_A_RNG: return "a random stream";
    default: return a->num ? "true" : "false";
  }
}

static bool wrong_kind(const call *c, const gn_param *p, const gn_arg *a, const char *wanted) {
  char text[160];
  return gn_fail("%s: %.*s is %s, wanted %s", c->row->name, p->name_len, p->name, arg_text(a, text, sizeof text), wanted);
}

static void wanted_shape(const call *c, const gn_param *p, char *buffer, size_t size) {
  size_t at = (size_t)snprintf(buffer, size, "[");
  for (int i = 0; i < p->ndim && at < size; i++) {
    const gn_size_spec *s = &p->size[i];
    const char *comma = i ? "," : "";
    if (s->kind == '.') at += (size_t)snprintf(buffer + at, size - at, "%s..", comma);
    else if (s->kind == '*') at += (size_t)snprintf(buffer + at, size - at, "%s*", comma);
    else if (s->kind == 'c') at += (size_t)snprintf(buffer + at, size - at, "%s%d", comma, (int)s->value);
    else if (c->bound[s->var]) at += (size_t)snprintf(buffer + at, size - at, "%s%lld", comma, (long long)c->var[s->var]);
    else at += (size_t)snprintf(buffer + at, size - at, "%s%s", comma, c->row->var[s->var]);
  }
  if (at < size) snprintf(buffer + at, size - at, "]");
}

static bool wrong_shape(const call *c, int i, const gn_tensor *t) {
  char found[160], wanted[160], first[160];
  const gn_param *p = &c->row->param[i];
  wanted_shape(c, p, wanted, sizeof wanted);
  if (i == c->row->first || c->a[c->row->first].kind != GN_A_TENSOR)
    return gn_fail("%s: %.*s is %s, wanted %s", c->row->name, p->name_len, p->name, gn_shape_text(t, found, sizeof found), wanted);
  const gn_param *f = &c->row->param[c->row->first];
  return gn_fail("%s: %.*s is %s, wanted %s to go with %.*s %s", c->row->name, p->name_len, p->name, gn_shape_text(t, found, sizeof found), wanted,
                 f->name_len, f->name, gn_shape_text(c->a[c->row->first].t, first, sizeof first));
}

/* ---- arguments that are not tensors ---- */
static bool to_dim(const call *c, const gn_param *p, double x, int64_t *dim) {
  const gn_arg *f = c->row->first >= 0 ? &c->a[c->row->first] : NULL;
  const gn_tensor *t = !f ? NULL : f->kind == GN_A_TENSOR ? f->t : f->kind == GN_A_LIST && f->n ? f->list[0] : NULL;
  int n = t ? t->ndim : 0;
  char text[160];
  if (x != floor(x) || x == 0 || x > n || x < -n)
    return gn_fail("%s: %.*s is %.14g, wanted a dim 1..%d or -%d..-1 of %s", c->row->name, p->name_len, p->name, x, n, n, t ? gn_shape_text(t, text, sizeof text) : "a tensor");
  *dim = (int64_t)(x > 0 ? x - 1 : n + x);
  return true;
}

static bool to_dims(call *c, const gn_param *p, gn_arg *a, const gn_arg *given) {
  uint64_t seen = 0;
  int n = given->kind == GN_A_NUMBER ? 1 : given->n;
  gn_arg out = { .kind = GN_A_INTS, .n = n };
  for (int i = 0; i < n; i++) {
    if (!to_dim(c, p, given->kind == GN_A_NUMBER ? given->num : (double)given->ints[i], &out.ints[i])) return false;
    if (seen >> out.ints[i] & 1) return gn_fail("%s: %.*s names dim %d twice", c->row->name, p->name_len, p->name, (int)out.ints[i] + 1);
    seen |= 1ull << out.ints[i];
  }
  *a = out;
  return true;
}

static bool to_word(const call *c, const gn_param *p, gn_arg *a, const char *text) {
  const char *w = p->words;
  size_t len = strlen(text);
  for (int index = 0, left = p->words_len; left > 0; index++) {
    int n = 0;
    while (n < left && w[n] != '|') n++;
    if ((size_t)n == len && !memcmp(w, text, len)) { a->kind = GN_A_NUMBER, a->num = index; return true; }
    w += n + 1, left -= n + 1;
  }
  return gn_fail("%s: %.*s is \"%.40s\", wanted %.*s", c->row->name, p->name_len, p->name, text, p->words_len, p->words);
}

static bool take_plain(call *c, int i, const gn_arg *given) {
  const gn_param *p = &c->row->param[i];
  gn_arg *a = &c->a[i];
  bool number = given->kind == GN_A_NUMBER || given->kind == GN_A_BOOL;
  int64_t dim;
  switch (p->kind) {
    case GN_P_INT:
      if (!number || given->num != floor(given->num) || fabs(given->num) > 0x1p53) return wrong_kind(c, p, given, "a whole number");
      break;
    case GN_P_NUM:
      if (!number) return wrong_kind(c, p, given, "a number");
      break;
    case GN_P_BOOL:
      if (!number) return wrong_kind(c, p, given, "true or false");
      break;
    case GN_P_DIM:
      if (!number) return wrong_kind(c, p, given, "a dim");
      if (!to_dim(c, p, given->num, &dim)) return false;
      a->kind = GN_A_NUMBER, a->n = 1, a->num = (double)dim;
      return true;
    case GN_P_DIMS:
      if (given->kind != GN_A_NUMBER && given->kind != GN_A_INTS) return wrong_kind(c, p, given, "a dim or a list of dims");
      return to_dims(c, p, a, given);
    case GN_P_INTS:
      if (given->kind == GN_A_INTS) break;
      if (given->kind != GN_A_NUMBER || given->num != floor(given->num)) return wrong_kind(c, p, given, "a whole number or a list of them");
      a->kind = GN_A_INTS, a->n = 1, a->ints[0] = (int64_t)given->num;
      return true;
    case GN_P_TEXT:
      if (given->kind != GN_A_TEXT) return wrong_kind(c, p, given, "a string");
      break;
    case GN_P_RNG:
      if (given->kind != GN_A_RNG) return wrong_kind(c, p, given, "a random stream (genai.rng)");
      break;
    case GN_P_WORD:
      if (given->kind == GN_A_TEXT) return to_word(c, p, a, given->text);
      if (!number) return wrong_kind(c, p, given, "a word");
      break;
    case GN_P_DTYPE:
      if (given->kind == GN_A_TEXT) {
        gn_dtype type;
        if (!gn_dtype_of(given->text, &type)) return wrong_kind(c, p, given, "f32, f16, bf16, i32, i64, u8 or bool");
        a->kind = GN_A_NUMBER, a->n = 1, a->num = type;
        return true;
      }
      if (!number) return wrong_kind(c, p, given, "a type's name");
      break;
    default: break;
  }
  *a = *given;
  if (a->kind == GN_A_BOOL) a->kind = GN_A_NUMBER;
  return true;
}

/* ---- tensors ---- */
/* A number as a tensor. Spare ones are used again when nobody else holds them: `x * 2` then allocates nothing for the 2. */
static gn_tensor *number_tensor(gn *g, double value, bool whole) {
  gn_dtype type = whole && fabs(value) > 0x1p24 ? GN_I64 : GN_F32;
  for (int i = 0; i < 4 && type == GN_F32; i++) {
    gn_tensor *t = g->spare[i];
    if (!t) t = g->spare[i] = gn_scalar(g, 0, GN_F32, 1);
    if (!t) return NULL;
    if (t->refs > 1 || t->store->refs > 1) continue;
    *(float *)t->data = (float)value;
    t->weak = whole ? 2 : 1;
    t->store->version = 0;
    return gn_ref(t);
  }
  return gn_scalar(g, value, type, whole ? 2 : 1);
}

static bool take_tensor(call *c, int i, const gn_arg *given) {
  const gn_param *p = &c->row->param[i];
  gn_arg *a = &c->a[i];
  if (given->kind == GN_A_NUMBER || given->kind == GN_A_BOOL) {
    bool whole = given->n == 2;                                   /* the binding marks Lua integers */
    gn_tensor *t = own(c, number_tensor(c->g, given->num, whole));
    if (!t) return false;
    a->kind = GN_A_TENSOR, a->n = 1, a->t = t;
  } else if (given->kind == GN_A_TENSOR) {
    if (!given->t) return false;                                  /* an expression failed before */
    a->kind = GN_A_TENSOR, a->n = 1, a->t = given->t;
  } else return wrong_kind(c, p, given, "a tensor");
  const gn_tensor *t = a->t;
  if (p->type == 'i' && !t->weak && (gn_is_float(t->dtype) || t->dtype == GN_BOOL)) return wrong_kind(c, p, a, "a tensor of integers (i32 or i64)");
  if (p->type == 'b' && t->dtype != GN_BOOL && t->dtype != GN_U8) return wrong_kind(c, p, a, "a tensor of bool");
  c->wants |= t->wants_grad;
  return true;
}

static bool take_list(call *c, int i, const gn_arg *given) {
  const gn_param *p = &c->row->param[i];
  if (given->kind != GN_A_LIST || given->n < 1) return wrong_kind(c, p, given, "a list of one or more tensors");
  for (int j = 0; j < given->n; j++) {
    if (!given->list[j]) return false;
    c->wants |= given->list[j]->wants_grad;
  }
  c->a[i].kind = GN_A_LIST, c->a[i].n = given->n, c->a[i].list = given->list;
  return true;
}

static bool take_args(call *c, const gn_arg *args, int nargs) {
  static const gn_arg nil = { .kind = GN_A_NIL };
  for (int i = 0; i < c->row->nparams; i++) {
    const gn_param *p = &c->row->param[i];
    const gn_arg *given = i < nargs ? &args[i] : &nil;
    if (given->kind == GN_A_NIL) {
      if (p->has_default && p->kind == GN_P_DIM) {
        gn_arg d = { .kind = GN_A_NUMBER, .num = p->number };
        if (!take_plain(c, i, &d)) return false;
        continue;
      }
      if (p->has_default && p->kind == GN_P_INTS) { c->a[i].kind = GN_A_INTS, c->a[i].n = 1, c->a[i].ints[0] = (int64_t)p->number; continue; }
      if (p->has_default) { c->a[i].kind = GN_A_NUMBER, c->a[i].n = 1, c->a[i].num = p->number; continue; }
      if (!p->optional && p->kind != GN_P_RNG) return wrong_kind(c, p, given, p->kind == GN_P_TENSOR ? "a tensor" : p->kind == GN_P_LIST ? "a list of tensors" : "a value");
      c->a[i].kind = GN_A_NIL, c->a[i].n = 0, c->a[i].t = NULL;
    } else if (!(p->kind == GN_P_TENSOR ? take_tensor(c, i, given) : p->kind == GN_P_LIST ? take_list(c, i, given) : take_plain(c, i, given))) return false;
    if (p->kind == GN_P_RNG && c->a[i].kind == GN_A_NIL) c->a[i].kind = GN_A_RNG, c->a[i].n = 1, c->a[i].rng = &c->g->rng;
  }
  return true;
}

/* ---- types ---- */
/* PyTorch's rule: numbers do not raise a type within their kind. */
static gn_dtype result_type(const call *c) {
  int strong = -1, weak = -1;
  for (int i = 0; i < c->row->nparams; i++) {
    const gn_param *p = &c->row->param[i];
    if (p->kind != GN_P_TENSOR || (p->type != 'n' && p->type != 'f') || c->a[i].kind != GN_A_TENSOR) continue;
    const gn_tensor *t = c->a[i].t;
    if (t->weak) weak = weak == GN_F32 || t->weak == 1 ? GN_F32 : GN_I64;
    else strong = strong < 0 ? (int)t->dtype : (int)gn_promote((gn_dtype)strong, t->dtype);
  }
  if (strong < 0) return weak < 0 || weak == GN_F32 ? GN_F32 : GN_I64;
  if (weak == GN_F32 && !gn_is_float((gn_dtype)strong)) return GN_F32;
  if (weak == GN_I64 && strong == GN_BOOL) return GN_I64;
  return (gn_dtype)strong;
}

static gn_tensor *converted(call *c, gn_tensor *t, gn_dtype type) {
  if (t->dtype == type) return t;
  if (t->wants_grad && c->g->recording) {
    gn_arg a[2] = { gn_t(t), gn_n(type) };
    gn_tensor *out[GN_MAX_OUTS];
    return gn_call(c->g, GN_OP_to, a, 2, out) ? own(c, out[0]) : NULL;
  }
  return own(c, gn_cast(t, type));
}

static gn_tensor *packed(call *c, gn_tensor *t) { return gn_packed(t) ? t : own(c, gn_pack(t)); }

static bool convert(call *c) {
  const gn_row *row = c->row;
  bool strided = row->flags & STRIDED;
  gn_dtype compute = gn_is_float(c->type) ? GN_F32 : c->type;
  for (int i = 0; i < row->nparams; i++) {
    const gn_param *p = &row->param[i];
    if (p->kind != GN_P_TENSOR || c->a[i].kind != GN_A_TENSOR) continue;
    gn_tensor *t = c->a[i].t;
    if (p->type == 'f') t = converted(c, t, GN_F32);
    else if (p->type == 'n') t = converted(c, t, compute);
    else if (p->type == 'i' && t->weak) t = converted(c, t, GN_I64);
    if (!t) return false;
    c->tape[i] = t;
    if (!strided && !(t = packed(c, t))) return false;
    c->a[i].t = t;
  }
  return true;
}

/* Lists of type n and f come in one type; packed unless STRIDED. */
static bool convert_list(call *c, int i) {
  const gn_param *p = &c->row->param[i];
  gn_arg *a = &c->a[i];
  gn_dtype type = a->list[0]->dtype;
  for (int j = 1; j < a->n; j++) type = gn_promote(type, a->list[j]->dtype);
  if (p->type == 'f') type = GN_F32;
  if (!(c->list = gn_alloc(c->g, (size_t)a->n * sizeof *c->list))) return false;
  c->nlist = a->n;
  memset(c->list, 0, (size_t)a->n * sizeof *c->list);
  for (int j = 0; j < a->n; j++) {
    gn_tensor *t = a->list[j];
    if (p->type == 'a' || t->dtype == type) gn_ref(t);
    else {
      gn_arg to[2] = { gn_t(t), gn_n(type) };
      gn_tensor *out[GN_MAX_OUTS];
      if (!gn_call(c->g, GN_OP_to, to, 2, out)) return false;
      t = out[0];
    }
    c->list[j] = t;
  }
  a->list = c->list;
  return true;
}

/* ---- shapes ---- */
static bool unify(call *c, int i, const gn_tensor *t) {
  const gn_param *p = &c->row->param[i];
  int lead = p->ndim && p->size[0].kind == '.', named = p->ndim - lead;
  if (lead ? t->ndim < named : t->ndim != named) return wrong_shape(c, i, t);
  int extra = t->ndim - named;
  if (lead) {
    if (!c->lead_bound) {
      c->lead_bound = true, c->nlead = extra;
      memcpy(c->lead, t->dim, (size_t)extra * sizeof *t->dim);
    } else if (c->nlead != extra || memcmp(c->lead, t->dim, (size_t)extra * sizeof *t->dim)) return wrong_shape(c, i, t);
  }
  for (int k = 0; k < named; k++) {
    const gn_size_spec *s = &p->size[lead + k];
    int64_t d = t->dim[extra + k];
    if (s->kind == 'c' ? d != s->value : s->kind == 'v' && c->bound[s->var] && d != c->var[s->var]) return wrong_shape(c, i, t);
    if (s->kind == 'v') c->bound[s->var] = true, c->var[s->var] = d;
  }
  return true;
}

static bool widen(call *c, int i, const gn_tensor *t) {
  if (!c->wide_bound) {
    c->wide_bound = true, c->nwide = t->ndim;
    memcpy(c->wide, t->dim, (size_t)t->ndim * sizeof *t->dim);
    return true;
  }
  int n = c->nwide > t->ndim ? c->nwide : t->ndim, same = 0;
  while (same < n && t->ndim == n && c->nwide == n && c->wide[same] == t->dim[same]) same++;
  if (same == n) return true;
  int64_t out[GN_MAX_DIMS];
  for (int k = 1; k <= n; k++) {
    int64_t a = k <= c->nwide ? c->wide[c->nwide - k] : 1, b = k <= t->ndim ? t->dim[t->ndim - k] : 1;
    if (a != b && a != 1 && b != 1) {
      char x[160], y[160];
      const gn_param *p = &c->row->param[i], *f = &c->row->param[c->row->first];
      return gn_fail("%s: %.*s is %s, which does not broadcast with %.*s %s", c->row->name, p->name_len, p->name, gn_shape_text(t, x, sizeof x), f->name_len,
                     f->name, gn_shape_text(c->a[c->row->first].t, y, sizeof y));
    }
    out[n - k] = a == 1 ? b : a;
  }
  c->nwide = n;
  memcpy(c->wide, out, (size_t)n * sizeof *out);
  return true;
}

static bool shapes(call *c) {
  for (int i = 0; i < c->row->nparams; i++) {
    const gn_param *p = &c->row->param[i];
    if (p->kind != GN_P_TENSOR || !p->shaped || c->a[i].kind != GN_A_TENSOR) continue;
    bool wide = p->ndim == 1 && p->size[0].kind == '*';
    if (!(wide ? widen(c, i, c->a[i].t) : unify(c, i, c->a[i].t))) return false;
  }
  return true;
}

static gn_dtype letter_type(const call *c, char letter) {
  switch (letter) {
    case 'i': return GN_I32;
    case 'l': return GN_I64;
    case 'b': return GN_BOOL;
    case 'n': return gn_is_float(c->type) ? GN_F32 : c->type;
    case 'x': return c->a[c->row->first].t->dtype;
    default: return GN_F32;
  }
}

static bool allocate(call *c, gn_tensor **out) {
  for (int k = 0; k < c->row->nouts; k++) {
    if (!c->row->result[k].shaped) continue;
    int64_t dim[GN_MAX_DIMS];
    int n = 0;
    for (int i = 0; i < c->row->result[k].ndim; i++) {
      const gn_size_spec *s = &c->row->result[k].size[i];
      if (s->kind == '.') for (int j = 0; j < c->nlead; j++) dim[n++] = c->lead[j];
      else if (s->kind == '*') for (int j = 0; j < c->nwide; j++) dim[n++] = c->wide[j];
      else dim[n++] = s->kind == 'c' ? s->value : c->var[s->var];
    }
    if (!(out[k] = gn_new(c->g, letter_type(c, c->row->result[k].type), n, dim))) return false;
  }
  return true;
}

/* ---- the call ---- */
static int finish(call *c, gn_op op, gn_tensor **out, bool fine) {
  gn *g = c->g;
  int nouts = c->row->nouts;
  if (fine && c->wants && g->recording && (c->row->flags & GRAD)) {
    for (int i = 0; i < c->row->nparams; i++)
      if (c->a[i].kind == GN_A_TENSOR && c->tape[i]) c->a[i].t = c->tape[i];
    fine = gn_record(g, c->row, op, c->a, c->row->nparams, out, nouts) != NULL;
  }
  for (int k = 0; fine && k < nouts; k++) {
    char letter = c->row->result[k].type;
    if (c->type != GN_F16 && c->type != GN_BF16) break;
    if (!out[k] || (letter != 'f' && letter != 'n') || out[k]->dtype != GN_F32 || (c->row->flags & (COMPOSITE | INPLACE))) continue;
    gn_arg to[2] = { gn_t(out[k]), gn_n(c->type) };
    gn_tensor *half[GN_MAX_OUTS];
    if ((fine = gn_call(g, GN_OP_to, to, 2, half) != 0)) gn_unref(out[k]), out[k] = half[0];
  }
  drop(c);
  if (!fine)
    for (int k = 0; k < nouts; k++) gn_unref(out[k]), out[k] = NULL;
  return fine ? nouts : 0;
}

/* An op inside failed: the sentence starts with the op that the script called. */
static bool name_it(const char *name) {
  char text[600];
  snprintf(text, sizeof text, "%s", gn_error());
  if (strncmp(text, name, strlen(name))) gn_fail_as(gn_error_status(), "%s: %s", name, text);
  return false;
}

static bool forward_composite(call *c, gn_tensor **out) {
  gn_scope scope = gn_scope_open(c->g);
  bool fine = c->row->forward(c->g, c->a, out);
  gn_scope_close(c->g, scope);
  return fine || name_it(c->row->name);
}

static bool forward_inplace(call *c, gn_tensor **out) {
  gn_tensor *x = c->a[c->row->first].t;
  if (x->wants_grad && c->g->recording)
    return gn_fail("%s: %.*s is on the tape and may not be written in place: use genai.no_grad, or an op that makes a new tensor", c->row->name,
                   c->row->param[c->row->first].name_len, c->row->param[c->row->first].name);
  for (int i = c->row->first + 1; i < c->row->nparams; i++)
    if (c->row->param[i].kind == GN_P_TENSOR && c->a[i].kind == GN_A_TENSOR && c->row->param[i].type != 'a' && c->row->param[i].type != 'i' && c->row->param[i].type != 'b' &&
        !(c->a[i].t = converted(c, c->a[i].t, x->dtype))) return false;
  if (!c->row->forward(c->g, c->a, out)) return false;
  x->store->version++;
  if (!out[0]) out[0] = gn_ref(x);
  return true;
}

static bool run(call *c, gn_tensor **out) {
  const gn_row *row = c->row;
  if (row->flags & COMPOSITE) return shapes(c) && forward_composite(c, out);
  if (row->flags & INPLACE) {
    bool was = c->g->recording;
    bool tape = was && c->a[row->first].kind == GN_A_TENSOR && c->a[row->first].t->wants_grad;
    if (!tape) c->g->recording = false;
    bool fine = shapes(c) && forward_inplace(c, out);
    c->g->recording = was;
    c->wants = false;
    return fine;
  }
  c->type = result_type(c);
  if (!convert(c)) return false;
  for (int i = 0; i < row->nparams; i++)
    if (row->param[i].kind == GN_P_LIST && c->a[i].kind == GN_A_LIST && !convert_list(c, i)) return false;
  return shapes(c) && allocate(c, out) && row->forward(c->g, c->a, out);
}

/* Most calls by far are an op of one or two f32 tensors, element by element in one shape or with shapes that forward itself looks at, off the tape: nothing to
 * convert, to spread or to record. */
static bool plain_tensors(const gn *g, const gn_row *row, const gn_arg *args, int nargs) {
  if (nargs != row->plain) return false;
  const gn_tensor *first = args[0].t;
  for (int i = 0; i < nargs; i++) {
    const gn_tensor *t = args[i].t;
    if (args[i].kind != GN_A_TENSOR || !t || t->dtype != GN_F32 || t->weak || (t->wants_grad && g->recording)) return false;
    if (!row->result[0].shaped) continue;
    if (t->ndim != first->ndim) return false;
    for (int k = 0; k < t->ndim; k++)
      if (t->dim[k] != first->dim[k]) return false;
  }
  return row->flags & STRIDED || (gn_packed(first) && gn_packed(args[nargs - 1].t));
}

static int call_plain(gn *g, const gn_row *row, const gn_arg *args, gn_tensor **out) {
  const gn_tensor *x = args[0].t;
  out[0] = NULL;
  if (row->result[0].shaped && !(out[0] = gn_new(g, row->result[0].type == 'b' ? GN_BOOL : GN_F32, x->ndim, x->dim))) return 0;
  if (row->forward(g, args, out)) return 1;
  gn_unref(out[0]);
  out[0] = NULL;
  return 0;
}

int gn_call(gn *g, gn_op op, const gn_arg *args, int nargs, gn_tensor **out) {
  if (g->row[op].plain && plain_tensors(g, &g->row[op], args, nargs) && !atomic_load_explicit(&g->cancelled, memory_order_relaxed))
    return call_plain(g, &g->row[op], args, out);
  call c;
  c.g = g, c.row = &g->row[op], c.nown = 0, c.list = NULL, c.nlist = 0, c.type = GN_F32, c.wants = false;
  c.lead_bound = c.wide_bound = false, c.nlead = c.nwide = 0;
  memset(c.bound, 0, sizeof c.bound);
  for (int i = 0; i < c.row->nparams; i++) c.tape[i] = NULL;
  for (int k = 0; k < c.row->nouts; k++) out[k] = NULL;
  if (atomic_load_explicit(&g->cancelled, memory_order_relaxed)) return gn_fail_as(GN_CANCELLED, "%s: cancelled", c.row->name), 0;
  return finish(&c, op, out, take_args(&c, args, nargs) && run(&c, out));
}

/* ---- expressions ---- */
gn_arg gn_v(int n, const int64_t *ints) {
  gn_arg a;
  a.kind = GN_A_INTS, a.n = n;
  memcpy(a.ints, ints, (size_t)n * sizeof *ints);
  return a;
}

gn_arg gn_ts(int n, gn_tensor **list) {
  gn_arg a;
  a.kind = GN_A_LIST, a.n = n, a.list = list;
  return a;
}

gn_tensor *gn_hold(gn *g, gn_tensor *t) {
  if (!t) return NULL;
  if (g->ntemps == g->temps_size) {
    int size = g->temps_size ? 2 * g->temps_size : 256;
    gn_tensor **more = realloc(g->temps, (size_t)size * sizeof *more);
    if (!more) return gn_unref(t), gn_fail_as(GN_NOMEM, "out of memory"), NULL;
    g->temps = more, g->temps_size = size;
  }
  return g->temps[g->ntemps++] = t;
}

gn_scope gn_scope_open(gn *g) { return (gn_scope){ g->ntemps }; }

void gn_scope_close(gn *g, gn_scope s) {
  while (g->ntemps > s.mark) gn_unref(g->temps[--g->ntemps]);
}

int gn_do_all(gn *g, gn_op op, int nargs, const gn_arg *args, gn_tensor **out) {
  for (int i = 0; i < nargs; i++)
    if (args[i].kind == GN_A_TENSOR && !args[i].t) return 0;
  int n = gn_call(g, op, args, nargs, out);
  for (int k = 0; k < n; k++)
    if (out[k] && !gn_hold(g, out[k])) return 0;
  return n;
}

gn_tensor *gn_do(gn *g, gn_op op, int nargs, const gn_arg *args) {
  gn_tensor *out[GN_MAX_OUTS];
  return gn_do_all(g, op, nargs, args, out) ? out[0] : NULL;
}

gn_tensor *gn_number(gn *g, double x) { return gn_hold(g, gn_scalar(g, x, GN_F32, 1)); }

gn_tensor *gn_sum_to(gn *g, gn_tensor *t, int ndim, const int64_t *dim) {
  if (!t) return NULL;
  int64_t dims[GN_MAX_DIMS];
  int n = 0, skip = t->ndim - ndim;
  for (int i = 0; i < t->ndim; i++)
    if (i < skip || (dim[i - skip] == 1 && t->dim[i] != 1)) dims[n++] = i + 1;
  if (n) t = GN_DO(g, sum, gn_t(t), gn_v(n, dims), gn_n(1));
  return skip > 0 ? GN_DO(g, reshape, gn_t(t), gn_v(ndim, dim)) : t;
}
