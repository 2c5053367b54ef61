/* tape.c: recording, backward passes, and releasing graphs without recursion.
 *
 * A result holds its node, a node holds its inputs. What a gradient needs of an input is kept (the tensor itself), or only its shape (rows with
 * SHAPES_ONLY: a ghost without data). Results a gradient needs are kept as aliases without tape, so that no cycle arises. */
#include "core.h"
#include "base.h"
#include "segment.h"
#include <stdlib.h>
#include <string.h>

/* ---- nodes ---- */
static gn_node *new_node(gn *g, int nargs, int nlist) {
  int ntensors = nargs + nlist;
  size_t bytes = sizeof(gn_node) + (size_t)nargs * sizeof(gn_arg) + (size_t)nlist * sizeof(gn_tensor *) + (size_t)ntensors * sizeof(uint32_t);
  gn_node *n = gn_alloc(g, bytes);
  if (!n) return NULL;
  memset(n, 0, sizeof *n);
  n->bytes = bytes, n->refs = 1, n->g = g, n->nargs = nargs, n->nlist = nlist, n->id = ++g->node_id;
  n->arg = (gn_arg *)(n + 1);
  n->list = (gn_tensor **)(n->arg + nargs);
  n->version = (uint32_t *)(n->list + nlist);
  g->counted[2]++;
  return n;
}

static void release_values(gn_node *n) {
  for (int i = 0; i < n->nargs; i++)
    if (n->arg[i].kind == GN_A_TENSOR) gn_unref(n->arg[i].t), n->arg[i].kind = GN_A_NIL;
  for (int j = 0; j < n->nlist; j++) gn_unref(n->list[j]), n->list[j] = NULL;
  for (int k = 0; k < GN_MAX_OUTS; k++) gn_unref(n->saved[k]), n->saved[k] = NULL;
  gn_segment_leave(n);
}

void gn_node_unref(gn_node *n) {
  if (--n->refs > 0) return;
  gn *g = n->g;
  n->next = g->dying, g->dying = n;
  if (g->draining) return;                                       /* a loop above frees it: long chains must not recurse */
  g->draining = true;
  while ((n = g->dying)) {
    g->dying = n->next;
    release_values(n);
    g->counted[2]--;
    gn_free(g, n, n->bytes);
  }
  g->draining = false;
}

/* The same shape and place on the tape, no data. */
gn_tensor *gn_ghost(gn_tensor *t) {
  gn_tensor *h = gn_alias(t, t->ndim, t->dim, t->stride, 0);
  if (!h) return NULL;
  h->wants_grad = t->wants_grad, h->out = t->out, h->weak = t->weak;
  if ((h->node = t->node)) h->node->refs++;
  gn_drop_data(h);
  return h;
}

static gn_tensor *kept(const gn_row *row, gn_tensor *t) { return row->flags & SHAPES_ONLY ? gn_ghost(t) : gn_ref(t); }

gn_node *gn_record(gn *g, const gn_row *row, gn_op op, const gn_arg *args, int nargs, gn_tensor **out, int nouts) {
  const gn_arg *list = NULL;
  for (int i = 0; i < nargs; i++)
    if (args[i].kind == GN_A_LIST) list = &args[i];
  gn_node *n = new_node(g, nargs, list ? list->n : 0);
  if (!n) return NULL;
  n->op = op, n->nouts = nouts;
  bool fine = true;
  for (int i = 0; i < nargs; i++) {
    gn_arg *a = &n->arg[i];
    a->kind = args[i].kind, a->n = args[i].n;
    if (a->kind == GN_A_INTS) memcpy(a->ints, args[i].ints, sizeof a->ints);
    else if (a->kind == GN_A_TENSOR) {
      fine &= (a->t = kept(row, args[i].t)) != NULL;
      if (fine && a->t->store) n->version[i] = a->t->store->version;
    } else if (a->kind == GN_A_NUMBER) a->num = args[i].num;
    else a->t = NULL;
  }
  for (int j = 0; list && j < list->n; j++) {
    fine &= (n->list[j] = kept(row, list->list[j])) != NULL;
    if (fine && n->list[j]->store) n->version[nargs + j] = n->list[j]->store->version;
  }
  for (int k = 0; k < nouts && fine; k++) {
    if (!out[k]) continue;
    if (out[k]->node || out[k]->refs > 1) {                      /* an input given back as it is: the tape needs another handle */
      gn_tensor *own = gn_alias(out[k], out[k]->ndim, out[k]->dim, out[k]->stride, 0);
      if (!(fine = own != NULL)) break;
      gn_unref(out[k]);
      out[k] = own;
    }
    if (!(row->flags & NO_OUT)) fine = (n->saved[k] = gn_detach(out[k])) != NULL;
    if (!gn_is_float(out[k]->dtype)) continue;
    out[k]->node = n, out[k]->out = (int8_t)k, out[k]->wants_grad = true;
    n->refs++;
  }
  if (fine) gn_segment_join(g, n);
  gn_node_unref(n);
  return fine ? n : NULL;
}

bool gn_recording(const gn *g) { return g->recording; }

bool gn_set_recording(gn *g, bool on) {
  bool was = g->recording;
  g->recording = on;
  return was;
}

bool gn_require_grad(gn_tensor *t, bool want) {
  if (!want) {
    if (t->node && t->node->op != GN_OPS) return gn_fail("requires_grad_: x is the result of an op: use detach");
    if (t->node) t->node->leaf = NULL, gn_node_unref(t->node), t->node = NULL;
    t->wants_grad = false;
    return true;
  }
  if (t->wants_grad) return true;
  if (!gn_is_float(t->dtype)) return gn_fail("requires_grad_: x is %s, wanted f32, f16 or bf16", gn_dtype_name(t->dtype));
  gn_node *n = new_node(t->g, 0, 0);
  if (!n) return false;
  n->op = GN_OPS, n->leaf = t;
  t->node = n, t->out = 0, t->wants_grad = true;
  return true;
}

gn_tensor *gn_out(gn_node *n, int k) {
  gn *g = n->g;
  if (!n->saved[k]) return gn_fail("backward: %s kept no result %d", g->row[n->op].name, k), NULL;
  if (!g->recording) return n->saved[k];
  gn_tensor *t = gn_detach(n->saved[k]);
  if (!t) return NULL;
  t->node = n, t->out = (int8_t)k, t->wants_grad = true, n->refs++;
  return gn_hold(g, t);
}

static gn_tensor *input(const gn_node *n, int i) { return i >= n->nargs ? n->list[i - n->nargs] : n->arg[i].kind == GN_A_TENSOR ? n->arg[i].t : NULL; }

bool gn_wants(const gn_node *n, int i) {
  const gn_tensor *t = input(n, i);
  return t && t->wants_grad && t->node->useful;
}

/* ---- a backward pass ---- */
typedef struct pass {
  gn *g;
  uint64_t mark;
  gn_node **order; int count, size;       /* inputs before what uses them */
  gn_tensor **target; int ntargets;       /* NULL = all leaves */
  gn_tensor **result;
  bool create, keep;
} pass;

static bool push(pass *p, gn_node ***array, int *count, int *size, gn_node *n) {
  if (*count == *size) {
    int bigger = *size ? 2 * *size : 256;
    gn_node **more = realloc(*array, (size_t)bigger * sizeof *more);
    if (!more) return gn_fail_as(GN_NOMEM, "backward: out of memory");
    *array = more, *size = bigger;
  }
  (*array)[(*count)++] = n;
  return true;
}

static bool is_target(const pass *p, const gn_node *n) {
  if (!p->target) return n->op == GN_OPS;
  for (int i = 0; i < p->ntargets; i++)
    if (p->target[i]->node == n) return true;
  return false;
}

/* Depth-first without recursion: a node is pushed, its inputs above it; when it is met again it is placed. */
static bool sort_nodes(pass *p, gn_node *root) {
  gn_node **stack = NULL;
  int count = 0, size = 0;
  bool fine = push(p, &stack, &count, &size, root);
  while (fine && count) {
    gn_node *n = stack[--count];
    if ((uintptr_t)n & 1) {                                      /* its inputs are placed */
      n = (gn_node *)((uintptr_t)n - 1);
      n->useful = is_target(p, n);
      for (int i = 0; i < n->nargs + n->nlist && !n->useful; i++) {
        const gn_tensor *t = input(n, i);
        n->useful = t && t->node && t->node->mark == p->mark && t->node->useful;
      }
      fine = push(p, &p->order, &p->count, &p->size, n);
      continue;
    }
    if (n->mark == p->mark) continue;
    n->mark = p->mark, n->useful = false;
    if (n->freed) { fine = gn_fail("backward: the graph was released by an earlier pass: give that pass { keep_graph = true }"); break; }
    fine = push(p, &stack, &count, &size, (gn_node *)((uintptr_t)n | 1));
    for (int i = n->nargs + n->nlist - 1; i >= 0 && fine; i--) {
      const gn_tensor *t = input(n, i);
      if (t && t->node && t->node->mark != p->mark) fine = push(p, &stack, &count, &size, t->node);
    }
  }
  free(stack);
  return fine;
}

static bool add_into(gn *g, gn_tensor **sum, gn_tensor *t) {
  if (!*sum) { *sum = gn_ref(t); return true; }
  gn_arg a[2] = { gn_t(*sum), gn_t(t) };
  gn_tensor *out[GN_MAX_OUTS];
  if (!gn_call(g, GN_OP_add, a, 2, out)) return false;
  gn_unref(*sum);
  *sum = out[0];
  return true;
}

static bool unchanged(const gn_node *n) {
  const gn_row *row = &n->g->row[n->op];
  for (int i = 0; i < n->nargs + n->nlist; i++) {
    const gn_tensor *t = input(n, i);
    if (t && t->store && t->store->version != n->version[i])
      return gn_fail("backward: an input of %s was written in place after it was used", row->name);
  }
  return true;
}

static bool same_shape(const gn_tensor *a, const gn_tensor *b) { return a->ndim == b->ndim && !memcmp(a->dim, b->dim, (size_t)a->ndim * sizeof *a->dim); }

static bool run_node(pass *p, gn_node *n, gn_tensor **gin) {
  gn *g = p->g;
  const gn_row *row = &g->row[n->op];
  int inputs = n->nargs + n->nlist;
  if (!gn_segment_fill(n) || !unchanged(n)) return false;
  memset(gin, 0, (size_t)inputs * sizeof *gin);
  if (!row->backward(g, n, n->gsum, gin)) return false;
  for (int i = 0; i < inputs; i++) {
    if (!gn_wants(n, i) || !gin[i]) continue;
    gn_tensor *t = input(n, i), *d = gin[i];
    if (!same_shape(d, t)) {
      char a[160], b[160];
      return gn_fail("backward: %s gave a gradient %s for an input %s", row->name, gn_shape_text(d, a, sizeof a), gn_shape_text(t, b, sizeof b));
    }
    if (d->dtype != t->dtype && !(d = GN_DO(g, to, gn_t(d), gn_n(t->dtype)))) return false;
    if (!add_into(g, &t->node->gsum[(int)t->out], d)) return false;
  }
  return true;
}

/* A gradient that nobody shares: scripts may write into what they are given. */
static gn_tensor *unshared(gn *g, gn_tensor *t) {
  if (t->refs == 1 && t->store->refs == 1 && gn_packed(t)) return gn_ref(t);
  gn_arg a[1] = { gn_t(t) };
  gn_tensor *out[GN_MAX_OUTS];
  return gn_call(g, GN_OP_clone, a, 1, out) ? out[0] : NULL;
}

static bool arrive(pass *p, gn_node *n) {
  for (int i = 0; i < p->ntargets; i++) {
    gn_tensor *sum = n->gsum[(int)p->target[i]->out];
    if (p->target[i]->node == n && sum && !(p->result[i] = unshared(p->g, sum))) return false;
  }
  if (p->target || n->op != GN_OPS || !n->leaf || !n->gsum[0]) return true;
  if (n->leaf->grad) return add_into(p->g, &n->leaf->grad, n->gsum[0]);
  return (n->leaf->grad = unshared(p->g, n->gsum[0])) != NULL;
}

static bool walk(pass *p) {
  gn *g = p->g;
  int most = 1;
  for (int i = 0; i < p->count; i++)
    if (p->order[i]->nargs + p->order[i]->nlist > most) most = p->order[i]->nargs + p->order[i]->nlist;
  gn_tensor **gin = malloc((size_t)most * sizeof *gin);
  bool fine = gin || gn_fail_as(GN_NOMEM, "backward: out of memory");
  for (int i = p->count - 1; i >= 0 && fine; i--) {
    gn_node *n = p->order[i];
    bool any = false, inner = n->op != GN_OPS;
    for (int k = 0; k < GN_MAX_OUTS; k++) any |= n->gsum[k] != NULL;
    if (!any || !n->useful) continue;
    fine = arrive(p, n);
    bool further = false;
    for (int k = 0; inner && k < n->nargs + n->nlist; k++) further |= gn_wants(n, k);
    if (fine && further) {
      gn_scope scope = gn_scope_open(g);
      fine = run_node(p, n, gin);
      gn_scope_close(g, scope);
    }
    for (int k = 0; k < GN_MAX_OUTS; k++) gn_unref(n->gsum[k]), n->gsum[k] = NULL;
  }
  free(gin);
  return fine;
}

static void end_pass(pass *p, bool fine) {
  for (int i = p->count - 1; i >= 0; i--) {
    gn_node *n = p->order[i];
    for (int k = 0; k < GN_MAX_OUTS; k++) gn_unref(n->gsum[k]), n->gsum[k] = NULL;
  }
  if (fine && !p->keep) {
    for (int i = 0; i < p->count; i++) p->order[i]->refs++;       /* releasing one must not free another under our hands */
    for (int i = p->count - 1; i >= 0; i--)
      if (p->order[i]->op != GN_OPS) release_values(p->order[i]), p->order[i]->freed = true;
    for (int i = 0; i < p->count; i++) gn_node_unref(p->order[i]);
  }
  free(p->order);
}

static bool seed_pass(pass *p, gn_tensor *y, gn_tensor *seed) {
  char a[160], b[160];
  if (!y->wants_grad) return gn_fail("grad: y depends on nothing that requires a gradient");
  if (!seed) {
    if (gn_numel(y) != 1) return gn_fail("grad: y is %s, wanted one element (or give seed, a tensor like y)", gn_shape_text(y, a, sizeof a));
    seed = gn_new(p->g, y->dtype, y->ndim, y->dim);
    if (seed) gn_set(seed, 0, 1);
  } else if (!same_shape(seed, y))
    return gn_fail("grad: seed is %s, wanted the shape of y %s", gn_shape_text(seed, a, sizeof a), gn_shape_text(y, b, sizeof b));
  else gn_ref(seed);
  y->node->gsum[(int)y->out] = seed;
  return seed != NULL;
}

static bool run_pass(pass *p, gn_tensor *y, gn_tensor *seed) {
  gn *g = p->g;
  bool was = g->recording;
  gn_tensor *held = gn_ref(y);
  p->mark = ++g->mark;
  bool fine = (y->wants_grad || gn_fail("grad: y depends on nothing that requires a gradient")) && sort_nodes(p, y->node) && seed_pass(p, y, seed);
  g->recording = p->create;
  if (fine) fine = walk(p);
  g->recording = was;
  end_pass(p, fine);
  gn_unref(held);
  if (!p->keep) gn_mem_settle(g);
  return fine;
}

bool gn_grad(gn *g, gn_tensor *y, gn_tensor *seed, gn_tensor **x, int n, bool create_graph, bool keep_graph, bool allow_unused, gn_tensor **results) {
  for (int i = 0; i < n; i++) {
    results[i] = NULL;
    if (!x[i]->wants_grad) return gn_fail("grad: input %d does not require a gradient: use requires_grad_", i + 1);
  }
  pass p = { .g = g, .target = x, .ntargets = n, .result = results, .create = create_graph, .keep = keep_graph || create_graph };
  bool fine = run_pass(&p, y, seed);
  for (int i = 0; fine && i < n; i++)
    if (!results[i] && !allow_unused) fine = gn_fail("grad: y does not depend on input %d (allow_unused = true gives nil)", i + 1);
  for (int i = 0; !fine && i < n; i++) gn_unref(results[i]), results[i] = NULL;
  return fine;
}

bool gn_backward(gn *g, gn_tensor *y, gn_tensor *seed, bool create_graph, bool keep_graph) {
  pass p = { .g = g, .create = create_graph, .keep = keep_graph || create_graph };
  return run_pass(&p, y, seed);
}
