/* pool.c: threads that spin briefly for work, then sleep (a futex wake costs 50 us, a spin under 1 us). */
#include "core.h"
#include "base.h"
#include <sched.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define SPINS 4000
#define MOST_THREADS 256
#define SHARES 16                         /* of a job, at most: who looks for work looks at all of them */

struct gn_pool {
  int count;                              /* threads beside the caller's */
  pthread_t thread[MOST_THREADS];
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
  _Atomic uint64_t round;                 /* raised for each job: the threads' signal */
  _Atomic bool stop;
  _Atomic int sleeping, active;           /* active: threads that look at the job */
  _Atomic bool open;                      /* the job may be joined: who comes late is not waited for */
  gn_task *task;
  void *context;
  int64_t n, shares;
  struct { _Atomic int64_t next; char line[56]; } share[SHARES];      /* a cache line each */
};
typedef struct worker { struct gn_pool *pool; int id; } worker;
static _Thread_local int tasks_deep;      /* a task that calls gn_parallel runs it itself */
static _Thread_local int my_id;

bool gn_in_task(void) { return tasks_deep > 0; }

static inline void relax(void) {
#if defined __x86_64__
  __builtin_ia32_pause();
#elif defined __aarch64__
  __asm__ volatile("yield");
#endif
}

/* A thread begins with the same share of every job, so that what it has just written or read lies in its own caches; then it helps the others. */
static void work(struct gn_pool *p, int id) {
  tasks_deep++;
  for (int64_t k = 0; k < p->shares; k++) {
    int64_t at = (id + k) % p->shares, end = p->n * (at + 1) / p->shares, i = atomic_load_explicit(&p->share[at].next, memory_order_relaxed);
    while (i < end && (i = atomic_fetch_add_explicit(&p->share[at].next, 1, memory_order_relaxed)) < end) p->task(p->context, i, id);
  }
  tasks_deep--;
}

static void sleep_until(struct gn_pool *p, uint64_t seen) {
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->sleeping, 1);
  while (atomic_load(&p->round) == seen && !atomic_load(&p->stop)) pthread_cond_wait(&p->wake, &p->lock);
  atomic_fetch_sub(&p->sleeping, 1);
  pthread_mutex_unlock(&p->lock);
}

static void *run(void *argument) {
  worker w = *(worker *)argument;
  free(argument);
  struct gn_pool *p = w.pool;
  uint64_t seen = 0;
  my_id = w.id;
  for (;;) {
    for (int s = 0; s < SPINS && atomic_load_explicit(&p->round, memory_order_acquire) == seen && !atomic_load(&p->stop); s++) relax();
    if (atomic_load_explicit(&p->round, memory_order_acquire) == seen) sleep_until(p, seen);
    if (atomic_load(&p->stop)) return NULL;
    seen = atomic_load_explicit(&p->round, memory_order_acquire);
    atomic_fetch_add(&p->active, 1);
    if (atomic_load(&p->open)) work(p, w.id);
    atomic_fetch_sub(&p->active, 1);
  }
}

void gn_pool_close(gn *g) {
  struct gn_pool *p = g->pool;
  if (!p) return;
  atomic_store(&p->stop, true);
  pthread_mutex_lock(&p->lock);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i < p->count; i++) pthread_join(p->thread[i], NULL);
  pthread_mutex_destroy(&p->lock);
  pthread_cond_destroy(&p->wake);
  free(p);
  g->pool = NULL;
}

bool gn_set_threads(gn *g, int n) {
  if (n < 0 || n > MOST_THREADS) return gn_fail("threads: %d threads asked for, wanted 0..%d", n, MOST_THREADS);
  int helpers = n > 1 ? n - 1 : 0;
  if (g->pool && g->pool->count == helpers) return true;
  struct gn_pool *p = calloc(1, sizeof *p);
  if (!p) return gn_fail_as(GN_NOMEM, "threads: out of memory");
  gn_pool_close(g);
  g->pool = p;
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  for (int i = 0; i < helpers; i++) {
    worker *w = malloc(sizeof *w);
    if (!w) return gn_fail_as(GN_NOMEM, "threads: out of memory");
    *w = (worker){ p, i + 1 };
    if (pthread_create(&p->thread[i], NULL, run, w)) {
      free(w);
      return gn_fail("threads: the system gave %d of %d threads", i, helpers);
    }
    p->count++;
  }
  return true;
}

int gn_threads(const gn *g) { return g->pool->count + 1; }
int gn_workers(const gn *g) { return g->pool->count + 1; }

void gn_parallel(gn *g, int64_t n, gn_task *task, void *context) {
  struct gn_pool *p = g->pool;
  if (n <= 1 || p->count == 0 || tasks_deep) {
    tasks_deep++;
    for (int64_t i = 0; i < n; i++) task(context, i, my_id);
    tasks_deep--;
    return;
  }
  p->task = task, p->context = context, p->n = n;
  p->shares = p->count + 1 < SHARES ? p->count + 1 : SHARES;
  for (int64_t k = 0; k < p->shares; k++) atomic_store_explicit(&p->share[k].next, n * k / p->shares, memory_order_relaxed);
  atomic_store(&p->open, true);
  atomic_fetch_add(&p->round, 1);
  if (atomic_load(&p->sleeping)) {
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
  }
  work(p, 0);
  atomic_store(&p->open, false);
  for (int s = 0; atomic_load(&p->active) > 0; s++) {
    if (s < SPINS) relax();
    else sched_yield();
  }
}
