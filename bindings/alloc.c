/* alloc.c: Lua's memory. It is counted with the tensors' against one limit. Small blocks come from slabs with free lists, because scripts make
 * and drop a small box for every tensor; a host's own allocator, where given, gets every request as it is.
 *
 * A tensor is released when the block of its box is freed. A finalizer would do the same at three times the price: Lua calls each one protected, and keeps the
 * box for one collection more. */
#include "bind.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* A block as large as a box's is going: if it is one, its tensor goes too. Blocks of that size with other content do not hold the mark. */
static void release_box(const genai *rt, void *block) {
  tensor_box *b = (tensor_box *)(void *)((char *)block + rt->box_at);
  if (b->magic != rt->box_magic) return;
  b->magic = 0;
  gn_unref(b->t);
}

static void *resize(genai *rt, void *block, size_t old, size_t size) {
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

void *lua_alloc(void *user, void *block, size_t old, size_t size) {
  genai *rt = user;
  if (!block) old = 0;                                           /* Lua then passes a type */
  else if (!size && old == rt->box_block) release_box(rt, block);
  void *p = resize(rt, block, old, size);
  if (!rt->box_block) rt->probed = p;
  return p;
}

/* Runs protected: making the userdata may fail. */
static int probe(lua_State *L) {
  genai *rt = rt_of(L);
  char *box = lua_newuserdatauv(L, sizeof(tensor_box), 0);
  memset(box, 0, sizeof(tensor_box));
  rt->box_at = (size_t)(box - (char *)rt->probed);
  rt->box_block = rt->box_at + sizeof(tensor_box);
  return 0;
}

bool alloc_probe(genai *rt) {
  if (getentropy(&rt->box_magic, sizeof rt->box_magic)) return false;
  lua_gc(rt->L, LUA_GCSTOP);                                     /* the last block is the userdata's */
  lua_pushcfunction(rt->L, probe);
  bool fine = lua_pcall(rt->L, 0, 0, 0) == LUA_OK;
  lua_settop(rt->L, 0);
  lua_gc(rt->L, LUA_GCRESTART);
  return fine;
}

void alloc_close(genai *rt) {
  for (void *slab = rt->slabs, *next; slab; slab = next) {
    next = *(void **)slab;
    free(slab);
    gn_discharge(rt->g, SLAB);
  }
  rt->slabs = NULL;
}
