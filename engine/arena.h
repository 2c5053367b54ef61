/* arena.h: large blocks (arena.c). Not safe between threads: mem.c locks. */
#ifndef GN_ARENA_H
#define GN_ARENA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GN_ARENA_BINS 192
typedef struct gn_span gn_span;
typedef struct gn_arena {
  gn_span *list[GN_ARENA_BINS];           /* free spans by size, four lists a power of two */
  uint64_t filled[GN_ARENA_BINS / 64];    /* which of them hold any */
  struct gn_region *regions;
  size_t touched;                         /* bytes of free spans that may lie in memory */
} gn_arena;

void *gn_arena_take(gn_arena *, size_t bytes, size_t fresh_most, bool stays, size_t *size);   /* 64-byte aligned; stays: longer than what comes and goes with each step; NULL where no address space is left, or it takes more than fresh_most bytes of new memory. *size: what it takes in all */
size_t gn_arena_size(const void *block);
void gn_arena_give(gn_arena *, void *block);
bool gn_arena_shrink(gn_arena *);         /* gives the free span that has most memory back to the system; false = none has any */
void gn_arena_close(gn_arena *);          /* every block must be free */
#endif
