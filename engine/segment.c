/* segment.c: see segment.h. */
#include "segment.h"
#include "base.h"
#include <stdlib.h>

struct gn_segment {
  int refs;
  gn *g;
  gn_segment *outer;
  gn_again *again; void *user; void (*destroy)(void *);
  gn_node **node; int count, size;        /* not referenced: a dying node clears its place; in a shadow: referenced */
  bool filled, broken, shadow;
  gn_rng rng;                             /* the default stream as it was */
};

static void segment_unref(gn_segment *s) {
  if (--s->refs > 0) return;
  if (s->destroy) s->destroy(s->user);
  free(s->node);
  free(s);
}

gn_segment *gn_segment_begin(gn *g, gn_again *again, void *user, void (*destroy)(void *)) {
  gn_segment *s = calloc(1, sizeof *s);
  if (!s) return gn_fail_as(GN_NOMEM, "checkpoint: out of memory"), NULL;
  s->refs = 1, s->g = g, s->again = again, s->user = user, s->destroy = destroy, s->rng = g->rng;
  s->outer = g->segment;
  g->segment = s;
  return s;
}

void gn_segment_join(gn *g, gn_node *n) {
  gn_segment *s = g->segment;
  if (!s) return;
  if (s->count == s->size) {
    int size = s->size ? 2 * s->size : 64;
    gn_node **more = realloc(s->node, (size_t)size * sizeof *more);
    if (!more) { s->broken = true; return; }                     /* values are then simply kept */
    s->node = more, s->size = size;
  }
  s->node[s->count] = n;
  if (s->shadow) n->refs++;
  else n->segment = s, n->segment_at = s->count, s->refs++;
  s->count++;
}

void gn_segment_leave(gn_node *n) {
  gn_segment *s = n->segment;
  if (!s) return;
  s->node[n->segment_at] = NULL;
  n->segment = NULL;
  segment_unref(s);
}

static bool inside(const gn_segment *s, const gn_tensor *t) { return t->node && t->node->segment == s; }

static void forget(gn_segment *s, gn_tensor **t) {
  gn_tensor *ghost = gn_ghost(*t);
  if (!ghost) { s->broken = true; return; }
  gn_unref(*t);
  *t = ghost;
}

void gn_segment_end(gn *g, gn_segment *s) {
  g->segment = s->outer;
  for (int i = 0; i < s->count && !s->broken; i++) {
    gn_node *n = s->node[i];
    if (!n || (g->row[n->op].flags & SHAPES_ONLY)) continue;
    for (int k = 0; k < n->nargs; k++)
      if (n->arg[k].kind == GN_A_TENSOR && inside(s, n->arg[k].t)) forget(s, &n->arg[k].t);
    for (int k = 0; k < n->nlist; k++)
      if (inside(s, n->list[k])) forget(s, &n->list[k]);
    for (int k = 0; k < n->nouts; k++)
      if (n->saved[k]) gn_drop_data(n->saved[k]);
  }
  segment_unref(s);
}

static void hand_over(gn_node *to, gn_node *from) {
  for (int k = 0; k < to->nargs; k++)
    if (to->arg[k].kind == GN_A_TENSOR && !to->arg[k].t->store) gn_take_data(to->arg[k].t, from->arg[k].t), to->version[k] = from->version[k];
  for (int k = 0; k < to->nlist; k++)
    if (!to->list[k]->store) gn_take_data(to->list[k], from->list[k]), to->version[to->nargs + k] = from->version[from->nargs + k];
  for (int k = 0; k < to->nouts; k++)
    if (to->saved[k] && !to->saved[k]->store && from->saved[k]) gn_take_data(to->saved[k], from->saved[k]);
}

static bool same_path(const gn_segment *s, const gn_segment *shadow) {
  bool same = s->count == shadow->count;
  for (int i = 0; same && i < s->count; i++) same = !s->node[i] || s->node[i]->op == shadow->node[i]->op;
  return same || gn_fail("checkpoint: the function recorded other ops when it was run again (it must do the same each time)");
}

bool gn_segment_fill(gn_node *n) {
  gn_segment *s = n->segment;
  if (!s || s->filled || s->broken) return true;
  gn *g = s->g;
  gn_segment *outer = g->segment, shadow = { .g = g, .shadow = true };
  gn_rng rng = g->rng;
  bool was = gn_set_recording(g, true);
  s->refs++;                                                     /* the callback may release nodes */
  g->segment = &shadow, g->rng = s->rng;
  bool fine = s->again(s->user);
  g->segment = outer, g->rng = rng;
  gn_set_recording(g, was);
  if (fine && shadow.broken) fine = gn_fail_as(GN_NOMEM, "checkpoint: out of memory");
  if (fine && (fine = same_path(s, &shadow))) {
    s->filled = true;
    for (int i = 0; i < s->count; i++)
      if (s->node[i]) hand_over(s->node[i], shadow.node[i]);
  }
  for (int i = 0; i < shadow.count; i++) gn_node_unref(shadow.node[i]);
  free(shadow.node);
  segment_unref(s);
  return fine;
}
