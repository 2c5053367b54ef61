/* rows.c: parses ops.def's signatures once per runtime. The grammar is in core.h. */
#include "core.h"
#include "base.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *name, *signature, *doc, *example; int flags; bool (*forward)(gn *, const gn_arg *, gn_tensor **); } source[GN_OPS] = {
#define OP(name, flags, signature, doc, example) { #name, signature, doc, example, flags, gn__fwd_##name },
#include "ops.def"
#undef OP
};

/* A gradient function exists only for rows with flag GRAD: the others' names resolve to this weak NULL. */
#define OP(name, flags, signature, doc, example) __attribute__((weak)) bool gn__bwd_##name(gn *, gn_node *, gn_tensor *const *, gn_tensor **);
#include "ops.def"
#undef OP
typedef bool backward_fn(gn *, gn_node *, gn_tensor *const *, gn_tensor **);
static backward_fn *backward_of(gn_op op) {
  switch (op) {
#define OP(name, flags, signature, doc, example) case GN_OP_##name: return gn__bwd_##name;
#include "ops.def"
#undef OP
    default: return NULL;
  }
}

static int find_var(gn_row *r, const char *name, int len) {
  for (int i = 0; i < r->nvars; i++)
    if ((int)strlen(r->var[i]) == len && !memcmp(r->var[i], name, (size_t)len)) return i;
  if (r->nvars == 16 || len > 11) return -1;
  memcpy(r->var[r->nvars], name, (size_t)len);
  return r->nvars++;
}

/* "[a,..,3]" after p; returns past "]", NULL = bad. A lone "?" means that the forward function decides. */
static const char *parse_sizes(gn_row *r, const char *p, gn_size_spec *size, int *ndim, bool *shaped) {
  *shaped = true, *ndim = 0;
  if (p[0] == '[' && p[1] == '?' && p[2] == ']') { *shaped = false; return p + 3; }
  for (p++; *p && *p != ']';) {
    gn_size_spec *s = &size[*ndim];
    int len = (int)strcspn(p, ",]");
    if (*ndim == GN_MAX_DIMS) return NULL;
    if (p[0] == '.') s->kind = '.';
    else if (p[0] == '*') s->kind = '*';
    else if (*p >= '0' && *p <= '9') s->kind = 'c', s->value = atoi(p);
    else {
      int v = find_var(r, p, len);
      if (v < 0) return NULL;
      s->kind = 'v', s->var = (int8_t)v;
    }
    ++*ndim;
    p += len + (p[len] == ',');
  }
  return *p ? p + 1 : NULL;
}

static gn_param_kind kind_of(const char *p, int len, gn_param *out) {
  static const struct { const char *word; gn_param_kind kind; } kinds[] = {
    { "int", GN_P_INT }, { "num", GN_P_NUM }, { "dim", GN_P_DIM }, { "dims", GN_P_DIMS }, { "ints", GN_P_INTS }, { "text", GN_P_TEXT },
    { "bool", GN_P_BOOL }, { "rng", GN_P_RNG }, { "dtype", GN_P_DTYPE }, { "any", GN_P_ANY },
  };
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if ((int)strlen(kinds[i].word) == len && !memcmp(p, kinds[i].word, (size_t)len)) return kinds[i].kind;
  out->words = p, out->words_len = len;
  return GN_P_WORD;
}

static double default_of(const gn_param *p, const char *text, int len) {
  if (p->kind == GN_P_BOOL) return text[0] == 't';
  if (p->kind == GN_P_WORD) {
    int index = 0;
    for (const char *w = p->words; w < p->words + p->words_len; index++) {
      int n = (int)strcspn(w, "|=? ");
      if (n == len && !memcmp(w, text, (size_t)len)) return index;
      w += n + 1;
    }
    return 0;
  }
  if (p->kind == GN_P_DTYPE) {
    gn_dtype t = GN_F32;
    char name[8] = "";
    if (len < 8) memcpy(name, text, (size_t)len), gn_dtype_of(name, &t);
    return t;
  }
  return atof(text);
}

static bool parse_param(gn_row *r, const char *p, int len, bool option) {
  if (r->nparams == GN_MAX_ARGS) return false;
  gn_param *q = &r->param[r->nparams++];
  const char *colon = memchr(p, ':', (size_t)len), *end = p + len;
  if (!colon) return false;
  q->name = p, q->name_len = (int)(colon - p), q->option = option;
  p = colon + 1;
  if (end > p && strchr("fniabq", *p) && (p + 1 == end || strchr("[?+", p[1]))) {
    q->kind = GN_P_TENSOR, q->type = *p == 'q' ? 'f' : *p;
    p++;
    if (p < end && *p == '[' && !(p = parse_sizes(r, p, q->size, &q->ndim, &q->shaped))) return false;
    if (p < end && *p == '+') q->kind = GN_P_LIST, p++;
    if (p < end && *p == '?') q->optional = true;
    if (r->first < 0) r->first = r->nparams - 1;
    return true;
  }
  int n = (int)strcspn(p, "=? ");
  if (n > end - p) n = (int)(end - p);
  q->kind = kind_of(p, n, q);
  p += n;
  if (p < end && *p == '?') q->optional = true;
  if (p < end && *p == '=') q->has_default = true, q->number = default_of(q, p + 1, (int)(end - p - 1));
  return true;
}

static bool parse_row(gn_row *r) {
  bool option = false, result = false;
  r->first = -1;
  for (const char *p = r->signature; *p;) {
    int len = (int)strcspn(p, " ");
    if (len == 1 && *p == ';') option = true, r->npositional = r->nparams;
    else if (len == 2 && p[0] == '-' && p[1] == '>') result = true;
    else if (result) {
      if (r->nouts == GN_MAX_OUTS) return false;
      int k = r->nouts++;
      const char *q = p;
      r->result[k].type = *q == '[' ? '?' : *q++;
      if (*q == '[' && !parse_sizes(r, q, r->result[k].size, &r->result[k].ndim, &r->result[k].shaped)) return false;
    } else if (!parse_param(r, p, len, option)) return false;
    p += len;
    while (*p == ' ') p++;
  }
  if (!option) r->npositional = r->nparams;
  return result && r->nouts > 0;
}

static int plain_of(const gn_row *r) {
  if (r->nparams > 2 || r->nouts != 1 || (r->flags & (COMPOSITE | INPLACE | SAME_STORAGE))) return 0;
  char spread = r->nparams == 2 ? '*' : '.';
  bool own = !r->result[0].shaped && r->result[0].type == 'f';   /* forward looks at the shapes and allocates */
  for (int i = 0; i < r->nparams; i++) {
    const gn_param *p = &r->param[i];
    if (p->kind != GN_P_TENSOR || p->optional || (p->type != 'f' && p->type != 'n')) return 0;
    if (own ? p->shaped : p->ndim != 1 || p->size[0].kind != spread) return 0;
  }
  if (own) return r->nparams;
  return r->result[0].ndim == 1 && r->result[0].size[0].kind == spread && strchr("fnb", r->result[0].type) ? r->nparams : 0;
}

bool gn_rows_open(gn *g) {
  if (!(g->row = calloc(GN_OPS, sizeof *g->row))) return gn_fail_as(GN_NOMEM, "open: out of memory");
  for (int i = 0; i < GN_OPS; i++) {
    gn_row *r = &g->row[i];
    r->name = source[i].name, r->signature = source[i].signature, r->doc = source[i].doc, r->example = source[i].example;
    r->flags = source[i].flags, r->forward = source[i].forward, r->backward = backward_of((gn_op)i);
    if (!parse_row(r)) return gn_fail("ops.def: the signature of %s does not parse: %s", r->name, r->signature);
    r->plain = plain_of(r);
    if ((r->flags & GRAD) && !r->backward) return gn_fail("ops.def: %s has flag GRAD but no gn__bwd_%s", r->name, r->name);
  }
  return true;
}

void gn_rows_close(gn *g) { free(g->row); }
const gn_row *gn_row_of(const gn *g, gn_op op) { return &g->row[op]; }

int gn_find_op(const gn *g, const char *name) {
  for (int i = 0; i < GN_OPS; i++)
    if (!strcmp(g->row[i].name, name)) return i;
  return -1;
}
