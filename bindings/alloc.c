/* alloc.c: Lua's memory. It is counted with the tensors' against one limit. Small blocks come from slabs with free lists, because scripts make
 * and drop a small box for every tensor; a host's own allocator, where given, gets every request as it is. */
#include "bind.h"
#include <stdlib.h>
#include <string.h>

#define SLAB 32768
#ifdef __SANITIZE_ADDRESS__
#define SMALL_MOST 0                       /* let the sanitizer see every block */
#else
#define SMALL_MOST (16 * SMALL_CLASSES)
#endif
typedef struct piece { struct piece *next; } piece;

static bool more_small(genai *rt, size_t size) {
  if (!gn_charge(rt->g, SLAB)) return false;
  char *slab = malloc(SLAB);
  if (!slab) return gn_discharge(rt->g, SLAB), false;
  *(void **)(void *)slab = rt->slabs;
  rt->slabs = slab;
  int c = (int)(size / 16 - 1);
  for (size_t at = SLAB - size; at >= 16; at -= size) {
    piece *p = (piece *)(void *)(slab + at);
    p->next = rt->small[c], rt->small[c] = p;
    if (at < 16 + size) break;
  }
  return true;
}

static void *take_small(genai *rt, size_t size) {
  size = (size + 15) & ~(size_t)15;
  int c = (int)(size / 16 - 1);
  if (!rt->small[c] && !more_small(rt, size)) return NULL;
  piece *p = rt->small[c];
  rt->small[c] = p->next;
  return p;
}

static void give_small(genai *rt, void *block, size_t size) {
  piece *p = block;
  int c = (int)((size + 15) / 16 - 1);
  p->next = rt->small[c], rt->small[c] = p;
}

static void *plain(genai *rt, void *block, size_t old, size_t size) {
  if (size > old && !gn_charge(rt->g, size - old)) return NULL;
  void *p = NULL;
  if (rt->options.alloc) p = rt->options.alloc(rt->options.user, block, old, size);
  else if (size) p = realloc(block, size);
  else free(block);
  if (size && !p) {
    if (size > old) gn_discharge(rt->g, size - old);
    return NULL;
  }
  if (size < old) gn_discharge(rt->g, old - size);
  return p;
}

void *lua_alloc(void *user, void *block, size_t old, size_t size) {
  genai *rt = user;
  if (!block) old = 0;                                           /* Lua then passes a type */
  bool was_small = old && old <= SMALL_MOST, now_small = size && size <= SMALL_MOST;
  if (rt->options.alloc || (!was_small && !now_small)) return plain(rt, block, old, size);
  if (was_small && now_small && (old + 15) / 16 == (size + 15) / 16) return block;
  void *p = !size ? NULL : now_small ? take_small(rt, size) : plain(rt, NULL, 0, size);
  if (size && !p) return NULL;
  if (old && size) memcpy(p, block, old < size ? old : size);
  if (was_small) give_small(rt, block, old);
  else if (old) plain(rt, block, old, 0);
  return p;
}

void alloc_close(genai *rt) {
  for (void *slab = rt->slabs, *next; slab; slab = next) {
    next = *(void **)slab;
    free(slab);
    gn_discharge(rt->g, SLAB);
  }
  rt->slabs = NULL;
}
