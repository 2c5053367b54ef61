/* mem.c: accounts, the cap, and freed memory that is kept, because the next step of a loop asks for the same sizes again.
 *
 * Small blocks are rounded up to a class (four classes a power of two) and kept in lists; large ones come from the arena, which joins free neighbours.
 * Kept are up to a quarter of the cap or CACHE_MOST bytes, and always as long as held and kept bytes together stay below twice what was held lately.
 * Live bytes count what callers hold; kept bytes are given back before an allocation fails.
 *
 * The runtime's own thread needs no lock outside of tasks: other threads call in here from tasks alone. */
#include "core.h"
#include "base.h"
#include "arena.h"
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define CLASSES 164
#define SMALLEST 64
#define CACHE_MOST ((size_t)16 << 20)
#define PRESSURE_FLOOR ((size_t)4 << 20)
#define PRESSURE_MOST ((size_t)32 << 20)
#define FRESH ((size_t)256 << 20)
#define LARGEST ((size_t)1 << 46)

#ifdef __SANITIZE_ADDRESS__
#define SMALL_MOST LARGEST                /* let the sanitizer see every block */
#define SCRATCH_MOST 0
#else
#define SMALL_MOST ((size_t)32 << 10)
#define SCRATCH_MOST ((size_t)1 << 20)
#endif
#define SCRATCH_LEAST ((size_t)64 << 10)

typedef struct block { struct block *next; } block;
struct gn_mem {
  size_t limit, cache_most;
  size_t listed;                          /* bytes of the blocks in the lists */
  size_t tensors, charged, peak;          /* live bytes of gn_alloc; of gn_charge, which only the runtime's thread calls; the most of both */
  size_t pressure_at;                     /* live tensor bytes that call for a collection */
  size_t fresh, fresh_at;                 /* tensor bytes asked for since the last collection; how many of them call for one */
  size_t high, higher;                    /* the most tensor bytes held lately: before the last collections, and since */
  bool in_pressure;
  block *list[CLASSES];
  gn_arena arena;
  struct { char *p; size_t each, size; int workers; bool used; } scratch;          /* size: what it takes in all */
  int64_t fail_after, fail_run;           /* fault injection: allocations from the n-th from now on fail, `run` of them; < 0 = off */
  atomic_flag busy;                       /* kernels on pool threads may ask for scratch; held for a few dozen instructions */
};

static bool lock(struct gn_mem *m) {
  if (!gn_in_task()) return false;
  for (int i = 0; atomic_flag_test_and_set_explicit(&m->busy, memory_order_acquire); i++)
    if (i > 100) sched_yield();
  return true;
}

static void unlock(struct gn_mem *m, bool locked) {
  if (locked) atomic_flag_clear_explicit(&m->busy, memory_order_release);
}

bool gn_mem_open(gn *g) {
  struct gn_mem *m = g->mem = calloc(1, sizeof *m);
  if (!m) return gn_fail_as(GN_NOMEM, "open: out of memory");
  m->fail_after = -1;
  gn_set_limit(g, g->config.limit);
  m->pressure_at = PRESSURE_FLOOR, m->fresh_at = FRESH;
  return true;
}

size_t gn_limit(const gn *g) { return g->mem->limit < LARGEST ? g->mem->limit : 0; }

void gn_set_limit(gn *g, size_t bytes) {
  g->mem->limit = bytes ? bytes : LARGEST;
  g->mem->cache_most = g->mem->limit / 4 < CACHE_MOST ? g->mem->limit / 4 : CACHE_MOST;
}

int64_t gn_fail_alloc_after(gn *g, int64_t n, int64_t run) {
  int64_t was = g->mem->fail_after;
  g->mem->fail_after = n, g->mem->fail_run = run;
  return was;
}

/* The class of a size and its rounded bytes. */
static int class_of(size_t bytes, size_t *rounded) {
  if (bytes <= SMALLEST) { *rounded = SMALLEST; return 0; }
  int top = 63 - __builtin_clzll(bytes - 1);                     /* bytes in (2^top, 2^(top+1)] */
  size_t quarter = ((size_t)1 << top) / 4;
  int part = (int)((bytes - 1 - ((size_t)1 << top)) / quarter);   /* 0..3 */
  *rounded = ((size_t)1 << top) + quarter * (size_t)(part + 1);
  return (top - 6) * 4 + part + 1;
}

static size_t cached(const struct gn_mem *m) { return m->listed + m->arena.touched + (m->scratch.used ? 0 : m->scratch.size); }

static bool drop_scratch(struct gn_mem *m) {
  if (!m->scratch.p || m->scratch.used) return false;
  gn_arena_give(&m->arena, m->scratch.p);
  m->scratch.p = NULL, m->scratch.size = 0;
  return true;
}

static void drop_lists(struct gn_mem *m) {
  for (int c = 0; c < CLASSES; c++)
    while (m->list[c]) {
      block *b = m->list[c];
      m->list[c] = b->next;
      free(b);
    }
  m->listed = 0;
}

/* Gives back some of what is kept: small blocks that nobody has asked for since must not drive large ones out with every step. */
static bool shrink(struct gn_mem *m) {
  if (m->listed <= m->arena.touched) return gn_arena_shrink(&m->arena) || drop_scratch(m);
  drop_lists(m);
  return true;
}

void gn_trim(gn *g) {
  drop_lists(g->mem);
  drop_scratch(g->mem);
  while (gn_arena_shrink(&g->mem->arena)) {}
}

void gn_mem_close(gn *g) {
  if (!g->mem) return;
  gn_trim(g);
  gn_arena_close(&g->mem->arena);
  free(g->mem);
}

void gn_press(gn *g) {
  struct gn_mem *m = g->mem;
  if (!g->config.pressure || m->in_pressure) return;
  m->in_pressure = true;
  g->config.pressure(g->config.user);
  m->in_pressure = false;
  size_t structs = (size_t)g->structs[0] * sizeof(gn_tensor) + (size_t)g->structs[1] * sizeof(gn_storage);
  size_t twice = 2 * m->tensors, scripts = 8 * (m->charged - structs);   /* a small heap is collected in no time, and fewer dead tensors stay in the caches */
  m->pressure_at = scripts < PRESSURE_FLOOR ? PRESSURE_FLOOR : scripts < PRESSURE_MOST ? scripts : PRESSURE_MOST;
  if (twice > m->pressure_at) m->pressure_at = twice;
  m->fresh = 0, m->fresh_at = 128 * scripts < FRESH ? FRESH : 128 * scripts;       /* so much work that the collection is nothing beside it */
  m->high -= m->high / 16;                                       /* forgotten slowly: a step of training may call several times */
  if (m->higher > m->high) m->high = m->higher;
  m->higher = m->tensors;
}

/* After a backward pass much that the collector has not seen yet is garbage: its blocks serve the next step, where a collection is cheap beside the step. */
void gn_mem_settle(gn *g) {
  struct gn_mem *m = g->mem;
  if (m->tensors > PRESSURE_MOST && m->fresh > PRESSURE_MOST && m->fresh / 4 > m->charged && !gn_in_task()) gn_press(g);
}

/* What loading has needed is no measure of what comes. A collection walks through what is charged, and can bring what tensors hold. */
void gn_tidy(gn *g) {
  struct gn_mem *m = g->mem;
  if (m->tensors > m->charged / 4) gn_press(g);
  m->high = 0, m->higher = m->tensors;
  gn_trim(g);
#ifdef __GLIBC__
  malloc_trim(0);                                                /* what a parser freed lies in holes of the heap */
#endif
}

static void count(struct gn_mem *m) {
  size_t now = m->tensors + m->charged;
  if (now > m->peak) m->peak = now;
}

/* Called with the lock held. */
static bool room(gn *g, size_t bytes) {
  struct gn_mem *m = g->mem;
  size_t live = m->tensors + m->charged;
  if (live + cached(m) + bytes <= m->limit) return true;
  gn_trim(g);
  return live + bytes <= m->limit;
}

static void *refuse(const struct gn_mem *m, size_t bytes) {
  gn_fail_as(GN_NOMEM, "out of memory: %.1f MB more wanted, %.1f MB in use%s", (double)bytes / 1048576, (double)(m->tensors + m->charged) / 1048576,
             m->limit < LARGEST ? ", the limit is reached" : "");
  return NULL;
}

static bool injected(struct gn_mem *m) {
  if (m->fail_after < 0) return false;
  if (m->fail_after > 0) return m->fail_after--, false;
  if (--m->fail_run <= 0) m->fail_after = -1;
  return true;
}

static bool keep(const struct gn_mem *m) {
  size_t held = m->higher > m->high ? m->higher : m->high;
  return cached(m) <= m->cache_most || m->tensors + cached(m) <= 2 * held;
}

static void *take_small(gn *g, size_t bytes, size_t *size) {
  struct gn_mem *m = g->mem;
  int c = class_of(bytes, size);
  block *b = m->list[c];
  if (!b) return room(g, *size) ? aligned_alloc(64, (*size + 63) & ~(size_t)63) : NULL;
  m->list[c] = b->next, m->listed -= *size;
  __builtin_prefetch(b->next, 1);                                /* long out of the caches */
  return b;
}

/* Memory that lies ready needs no room. */
static __attribute__((noinline)) void *take_large(gn *g, size_t bytes, bool stays, size_t *size) {
  struct gn_mem *m = g->mem;
  size_t used = m->tensors + m->charged + cached(m);
  void *p = gn_arena_take(&m->arena, bytes, used < m->limit ? m->limit - used : 0, stays, size);
  if (!p && cached(m)) {
    gn_trim(g);
    used = m->tensors + m->charged;
    p = gn_arena_take(&m->arena, bytes, used < m->limit ? m->limit - used : 0, stays, size);
  }
  while (!keep(m) && shrink(m)) {}
  return p;
}

static void *take(gn *g, size_t bytes, bool stays) {
  struct gn_mem *m = g->mem;
  size_t size = 0;
  void *p = bytes > SMALL_MOST ? take_large(g, bytes, stays, &size) : take_small(g, bytes, &size);
  if (!p) return NULL;
  m->tensors += size, m->fresh += size;
  if (m->tensors > m->higher) m->higher = m->tensors;
  count(m);
  return p;
}

static void *alloc(gn *g, size_t bytes, bool stays) {
  struct gn_mem *m = g->mem;
  if (bytes > LARGEST) return refuse(m, bytes);
  bool main_thread = !gn_in_task();                              /* a pool thread must not run the host's collector */
  if (main_thread && (m->tensors + bytes > m->pressure_at || (m->fresh > m->fresh_at && m->tensors > PRESSURE_FLOOR))) gn_press(g);
  bool locked = lock(m), failing = injected(m);
  void *p = failing ? NULL : take(g, bytes, stays);
  unlock(m, locked);
  if (!p && main_thread && !failing && g->config.pressure && !m->in_pressure) {
    gn_press(g);
    p = take(g, bytes, stays);
  }
  return p ? p : refuse(m, bytes);
}

void *gn_alloc(gn *g, size_t bytes) { return alloc(g, bytes, false); }
void *gn_alloc_long(gn *g, size_t bytes) { return alloc(g, bytes, true); }

static void free_small(struct gn_mem *m, block *b, size_t bytes) {
  size_t size;
  int c = class_of(bytes, &size);
  m->tensors -= size;
  if (!keep(m)) {
    free(b);
    return;
  }
  b->next = m->list[c], m->list[c] = b, m->listed += size;
}

static __attribute__((noinline)) void free_large(struct gn_mem *m, void *p) {
  m->tensors -= gn_arena_size(p);
  gn_arena_give(&m->arena, p);
  while (!keep(m) && shrink(m)) {}
}

void gn_free(gn *g, void *p, size_t bytes) {
  if (!p) return;
  struct gn_mem *m = g->mem;
  bool locked = lock(m);
  if (bytes > SMALL_MOST) free_large(m, p);
  else free_small(m, p, bytes);
  unlock(m, locked);
}

/* What another processor wrote must be fetched from its caches: so each worker has its own memory for as long as jobs want no more of it. */
void *gn_scratch(gn *g, size_t *each) {
  struct gn_mem *m = g->mem;
  int workers = gn_workers(g);
  *each = *each ? (*each + 63) & ~(size_t)63 : 64;
  if (gn_in_task() || m->scratch.used || *each > SCRATCH_MOST) return gn_alloc(g, *each * (size_t)workers);
  if (m->scratch.p && (m->scratch.each < *each || m->scratch.workers != workers)) drop_scratch(m);
  if (m->scratch.p) {
    if (injected(m)) return refuse(m, *each);
    m->tensors += m->scratch.size;
    if (m->tensors > m->higher) m->higher = m->tensors;
    count(m);
  } else {
    if (*each < SCRATCH_LEAST) *each = SCRATCH_LEAST;
    char *p = gn_alloc_long(g, *each * (size_t)workers);
    if (!p) return NULL;
    m->scratch.p = p, m->scratch.size = gn_arena_size(p), m->scratch.each = *each, m->scratch.workers = workers;
  }
  m->scratch.used = true, *each = m->scratch.each;
  return m->scratch.p;
}

void gn_scratch_free(gn *g, void *p, size_t each) {
  struct gn_mem *m = g->mem;
  if (!p || p != m->scratch.p) return gn_free(g, p, each * (size_t)gn_workers(g));
  m->scratch.used = false, m->tensors -= m->scratch.size;
  while (!keep(m) && shrink(m)) {}
}

bool gn_charge(gn *g, size_t bytes) {
  struct gn_mem *m = g->mem;
  if (injected(m) || bytes > LARGEST || !room(g, bytes)) return refuse(m, bytes), false;
  m->charged += bytes;
  count(m);
  return true;
}

void gn_discharge(gn *g, size_t bytes) { g->mem->charged -= bytes; }

void gn_peak_anew(gn *g) { g->mem->peak = g->mem->tensors + g->mem->charged; }

size_t gn_live(const gn *g, size_t *peak) {
  if (peak) *peak = g->mem->peak;
  return g->mem->tensors + g->mem->charged;
}
