/* arena.c: large blocks, cut out of regions of address space and joined with their free neighbours again: a loop that asks for many sizes then needs little more
 * than what it holds at once, and asks the system for nothing once it has run.
 *
 * A region is a row of spans behind a head of its own, each a head and its block; a used one without block ends it. A free span's first `touched` bytes may lie in
 * memory; what is behind them costs none. The span that wants the least new memory is taken, of those the smallest, from its front; for a block that stays the largest,
 * from its back: what comes and goes then finds no blocks that stay between its own, and its memory does not fall to pieces. */
#include "arena.h"
#include <sys/mman.h>
#include <unistd.h>

#define HEAD 64
#define GAP 960                          /* between blocks: arrays of a power of two that are walked together would meet in the same places of the caches */
#define LEAST 4096                       /* a rest of so many bytes becomes a span of its own */
#define REGION ((size_t)128 << 20)        /* address space, not memory */

typedef struct gn_region region;
struct gn_region { region *next, *last; size_t size; };
struct gn_span { size_t size, before, touched; gn_span *next, *last; bool used, stays; };         /* size: with the head; before: that of the span in front, 0 = none */
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

static size_t fresh_of(const gn_span *s, size_t n) { return s->touched < n ? n - s->touched : 0; }

static gn_span *find(const gn_arena *a, size_t size) {
  gn_span *best = NULL;
  for (int b = bin_of(size); b < GN_ARENA_BINS; b++) {
    if (!(a->filled[b / 64] >> b % 64)) { b |= 63; continue; }
    for (gn_span *s = a->list[b]; s; s = s->next) {
      if (s->size < size) continue;
      size_t fresh = fresh_of(s, size), least = best ? fresh_of(best, size) : 0;
      if (!best || fresh < least || (fresh == least && s->size < best->size)) best = s;
    }
  }
  return best;
}

static gn_span *largest(const gn_arena *a, size_t size) {
  gn_span *best = NULL;
  for (int word = GN_ARENA_BINS / 64 - 1; !best && word >= 0; word--)
    if (a->filled[word])
      for (gn_span *s = a->list[word * 64 + 63 - __builtin_clzll(a->filled[word])]; s; s = s->next)
        if (!best || s->size > best->size) best = s;
  return best && best->size >= size ? best : NULL;
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

/* n bytes of a free span's front or back; what is left stays free. */
static gn_span *cut(gn_arena *a, gn_span *s, size_t n, bool back) {
  size_t rest = s->size - n, touched = s->touched;
  delist(a, s);
  gn_span *block = back ? at(s, rest) : s, *free = back ? s : at(s, n);
  if (rest) {
    size_t in_front = s->before;
    *block = (gn_span){ .size = n, .before = back ? rest : in_front };
    *free = (gn_span){ .size = rest, .before = back ? in_front : n, .touched = back ? (touched < rest ? touched : rest) : touched > n ? touched - n : 0 };
    gn_span *behind = back ? block : free;
    at(behind, behind->size)->before = behind->size;
    enlist(a, free);
  }
  block->used = true, block->stays = back;
  return block;
}

void *gn_arena_take(gn_arena *a, size_t bytes, size_t fresh_most, bool stays, size_t *size) {
  size_t n = (bytes + HEAD + GAP + 63) & ~(size_t)63;
  if (n < LEAST) n = LEAST;
  gn_span *s = stays ? largest(a, n) : find(a, n);
  if (!s && (n > fresh_most || !(s = open_region(a, n)))) return NULL;
  if (s->size - n < LEAST) n = s->size;
  size_t before = stays ? s->size - n : 0, ready = s->touched > before ? s->touched - before : 0;
  if (n > ready && n - ready > fresh_most) return NULL;
  *size = n;
  return (char *)cut(a, s, n, stays) + HEAD;
}

static void give_back(gn_span *s) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = ((uintptr_t)s + HEAD + page - 1) & ~(page - 1), to = ((uintptr_t)s + s->touched) & ~(page - 1);
  if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
  s->touched = 0;
}

size_t gn_arena_size(const void *block) { return ((const gn_span *)(const void *)((const char *)block - HEAD))->size; }

void gn_arena_give(gn_arena *a, void *block) {
  gn_span *s = (gn_span *)(void *)((char *)block - HEAD), *next = at(s, s->size);
  s->touched = s->size;
  if (s->stays) give_back(s);                                    /* it lies behind memory that nobody has touched */
  if (!next->used) {
    delist(a, next);
    if (next->touched) s->touched = s->size + next->touched;
    s->size += next->size;
  }
  if (s->before) {
    gn_span *front = (gn_span *)(void *)((char *)s - s->before);
    if (!front->used) {
      delist(a, front);
      if (s->touched) front->touched = front->size + s->touched;
      front->size += s->size;
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
  give_back(most);
  enlist(a, most);
  return true;
}

void gn_arena_close(gn_arena *a) {
  for (region *r = a->regions, *next; r; r = next) next = r->next, munmap(r, r->size);
  a->regions = NULL;
}
