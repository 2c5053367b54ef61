/* arena.c: large blocks, cut out of regions of address space and joined with their free neighbours again: a loop that asks for many sizes then needs little more
 * than what it holds at once, and asks the system for nothing once it has run.
 *
 * A region is a row of spans behind a head of its own, each a head and its block; a used one without block ends it. A free span's first `touched` bytes may lie in
 * memory; what is behind them costs none. The smallest span that fits is taken, from its front. */
#include "arena.h"
#include <sys/mman.h>
#include <unistd.h>

#define HEAD 64
#define GAP 960                          /* between blocks: arrays of a power of two that are walked together would meet in the same places of the caches */
#define LEAST 4096                       /* a rest of so many bytes becomes a span of its own */
#define REGION ((size_t)128 << 20)        /* address space, not memory */

typedef struct gn_region region;
struct gn_region { region *next, *last; size_t size; };
struct gn_span { size_t size, before, touched; gn_span *next, *last; bool used; };         /* size: with the head; before: that of the span in front, 0 = none */
_Static_assert(sizeof(gn_span) <= HEAD && sizeof(region) <= HEAD, "heads keep blocks aligned");

static int bin_of(size_t size) {
  int top = 63 - __builtin_clzll(size);
  return (top - 12) * 4 + (int)(size >> (top - 2) & 3);
}

static gn_span *at(void *p, size_t bytes) { return (gn_span *)(void *)((char *)p + bytes); }

static void enlist(gn_arena *a, gn_span *s) {
  int b = bin_of(s->size);
  s->used = false, s->last = NULL, s->next = a->list[b];
  if (s->next) s->next->last = s;
  a->list[b] = s, a->filled[b / 64] |= (uint64_t)1 << b % 64, a->touched += s->touched;
}

static void delist(gn_arena *a, const gn_span *s) {
  int b = bin_of(s->size);
  if (s->next) s->next->last = s->last;
  if (s->last) s->last->next = s->next;
  else if (!(a->list[b] = s->next)) a->filled[b / 64] &= ~((uint64_t)1 << b % 64);
  a->touched -= s->touched;
}

static gn_span *smallest(gn_span *s, size_t size) {
  gn_span *best = NULL;
  for (; s; s = s->next)
    if (s->size >= size && (!best || s->size < best->size)) best = s;
  return best;
}

static gn_span *find(const gn_arena *a, size_t size) {
  int b = bin_of(size);
  gn_span *s = smallest(a->list[b++], size);
  for (int word = b / 64; !s && word < GN_ARENA_BINS / 64; word++) {
    uint64_t rest = a->filled[word] & (word == b / 64 ? ~(uint64_t)0 << b % 64 : ~(uint64_t)0);
    if (rest) s = smallest(a->list[word * 64 + __builtin_ctzll(rest)], size);
  }
  return s;
}

static gn_span *open_region(gn_arena *a, size_t wanted) {
  size_t least = (wanted + 2 * HEAD + 65535) & ~(size_t)65535, size = least > REGION ? least : REGION;
  region *r = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (r == MAP_FAILED && size > least) r = mmap(NULL, size = least, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (r == MAP_FAILED) return NULL;
  *r = (region){ .next = a->regions, .size = size };
  if (r->next) r->next->last = r;
  a->regions = r;
  gn_span *s = at(r, HEAD);
  *s = (gn_span){ .size = size - 2 * HEAD };
  *at(s, s->size) = (gn_span){ .before = s->size, .used = true };
  enlist(a, s);
  return s;
}

static void close_region(gn_arena *a, region *r) {
  if (r->next) r->next->last = r->last;
  *(r->last ? &r->last->next : &a->regions) = r->next;
  munmap(r, r->size);
}

void *gn_arena_take(gn_arena *a, size_t bytes, size_t fresh_most, size_t *size) {
  size_t n = (bytes + HEAD + GAP + 63) & ~(size_t)63;
  if (n < LEAST) n = LEAST;
  gn_span *s = find(a, n);
  if (!s && (n > fresh_most || !(s = open_region(a, n)))) return NULL;
  if (s->size - n < LEAST) n = s->size;
  if (n > s->touched && n - s->touched > fresh_most) return NULL;
  delist(a, s);
  if (s->size > n) {
    gn_span *rest = at(s, n);
    *rest = (gn_span){ .size = s->size - n, .before = n, .touched = s->touched > n ? s->touched - n : 0 };
    at(rest, rest->size)->before = rest->size;
    s->size = n;
    enlist(a, rest);
  }
  s->used = true;
  *size = n;
  return (char *)s + HEAD;
}

size_t gn_arena_size(const void *block) { return ((const gn_span *)(const void *)((const char *)block - HEAD))->size; }

void gn_arena_give(gn_arena *a, void *block) {
  gn_span *s = (gn_span *)(void *)((char *)block - HEAD), *next = at(s, s->size);
  s->touched = s->size;
  if (!next->used) {
    delist(a, next);
    if (next->touched) s->touched += next->touched;
    s->size += next->size;
  }
  if (s->before) {
    gn_span *front = (gn_span *)(void *)((char *)s - s->before);
    if (!front->used) {
      delist(a, front);
      front->touched = front->size + s->touched, front->size += s->size;
      s = front;
    }
  }
  at(s, s->size)->before = s->size;
  enlist(a, s);
}

bool gn_arena_shrink(gn_arena *a) {
  gn_span *most = NULL;
  for (int b = 0; b < GN_ARENA_BINS; b++)
    for (gn_span *s = a->list[b]; s; s = s->next)
      if (!most || s->touched > most->touched) most = s;
  if (!most || !most->touched) return false;
  delist(a, most);
  if (!most->before && !at(most, most->size)->size) return close_region(a, (region *)(void *)((char *)most - HEAD)), true;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)most + HEAD + page - 1) & ~(page - 1), to = ((uintptr_t)most + most->touched) & ~(page - 1);
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
  most->touched = 0;
  enlist(a, most);
  return true;
}

void gn_arena_close(gn_arena *a) {
  for (region *r = a->regions, *next; r; r = next) next = r->next, munmap(r, r->size);
  a->regions = NULL;
}
