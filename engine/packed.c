/* packed.c: weights kept in the form a kernel wants them. At most SLOTS forms and MOST bytes (an eighth of the memory limit); the one that was not used
 * for longest goes first. */
#include "core.h"
#include "base.h"

#define SLOTS (int)(sizeof ((gn *)0)->packed / sizeof *((gn *)0)->packed)
#define MOST ((size_t)64 << 20)

static void drop(gn *g, struct gn_packed *p) {
  void *block = p->block;
  p->block = NULL, p->source.id = 0;
  gn_free(g, block, p->bytes);
}

void gn_packed_clear(gn *g) {
  for (int i = 0; i < SLOTS; i++) drop(g, &g->packed[i]);
}

static struct gn_packed *oldest(gn *g) {
  struct gn_packed *old = &g->packed[0];
  for (int i = 1; i < SLOTS; i++)
    if (!g->packed[i].block ? old->block != NULL : old->block && g->packed[i].used < old->used) old = &g->packed[i];
  return old;
}

static size_t held(const gn *g) {
  size_t bytes = 0;
  for (int i = 0; i < SLOTS; i++) bytes += g->packed[i].block ? g->packed[i].bytes : 0;
  return bytes;
}

void *gn_packed_weights(gn *g, const gn_source *s, int kind, size_t bytes, bool *fresh) {
  size_t most = g->config.limit && g->config.limit / 8 < MOST ? g->config.limit / 8 : MOST;
  *fresh = true;
  if (!s->id || bytes > most) return NULL;
  for (int i = 0; i < SLOTS; i++) {
    struct gn_packed *p = &g->packed[i];
    if (!p->block || p->source.id != s->id || p->source.data != s->data || p->kind != kind || p->bytes != bytes) continue;
    *fresh = p->source.version != s->version;
    p->source.version = s->version, p->used = ++g->packed_clock;
    return p->block;
  }
  while (held(g) + bytes > most) {
    struct gn_packed *old = NULL;
    for (int i = 0; i < SLOTS; i++)
      if (g->packed[i].block && (!old || g->packed[i].used < old->used)) old = &g->packed[i];
    drop(g, old);
  }
  struct gn_packed *p = oldest(g);
  if (p->block) drop(g, p);
  void *block = gn_alloc(g, bytes);
  if (!block) return NULL;
  if (p->block) drop(g, p);                                      /* the host's collector ran and filled it */
  *p = (struct gn_packed){ *s, kind, bytes, block, ++g->packed_clock };
  return block;
}
