/* base.c: error text, and opening and closing a runtime. */
#include "core.h"
#include "base.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local struct { char text[640]; gn_status status; } last;

static bool fail(gn_status status, const char *format, va_list list) {
  vsnprintf(last.text, sizeof last.text, format, list);
  last.status = status;
  return false;
}

bool gn_fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fail(GN_BAD, format, list);
  va_end(list);
  return false;
}

bool gn_fail_as(gn_status status, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fail(status, format, list);
  va_end(list);
  return false;
}

const char *gn_error(void) { return last.text; }
gn_status gn_error_status(void) { return last.status; }

/* ---- ISA levels: those that were built, best first ---- */
void gn_ref_table(gn_kernels *);
#define TABLES(level) extern const gn_kernels gn_table_##level##f, gn_table_##level##x;
#ifdef GN_HAS_v4
TABLES(v4)
#endif
#ifdef GN_HAS_v3
TABLES(v3)
#endif
#ifdef GN_HAS_v2
TABLES(v2)
#endif
static const struct { const char *level; const gn_kernels *fast, *exact; } tables[] = {
#ifdef GN_HAS_v4
  { "v4", &gn_table_v4f, &gn_table_v3x },                         /* the same bits, and no place in the library for a third copy */
#endif
#ifdef GN_HAS_v3
  { "v3", &gn_table_v3f, &gn_table_v3x },
#endif
#ifdef GN_HAS_v2
  { "v2", &gn_table_v2f, &gn_table_v2x },
#endif
};
#define TABLE_COUNT (int)(sizeof tables / sizeof *tables)

static bool has_level(const char *level) {
#ifdef __x86_64__
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (!strcmp(level, "v3")) return v3;
  if (!strcmp(level, "v4"))
    return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
#endif
  return true;
}

static void pick_table(gn *g) {
  g->k = &g->ref;
  for (int i = 0; i < TABLE_COUNT; i++)
    if (g->isa == tables[i].level) g->k = g->exact ? tables[i].exact : tables[i].fast;
}

bool gn_set_isa(gn *g, const char *level) {
  const char *found = level && !strcmp(level, "ref") ? "ref" : NULL;
  for (int i = 0; i < TABLE_COUNT && !found; i++) {
    if (level ? strcmp(level, tables[i].level) != 0 : !has_level(tables[i].level)) continue;
    if (!has_level(tables[i].level)) return gn_fail("isa: this machine lacks level %s", level);
    found = tables[i].level;
  }
  if (!found) return gn_fail("isa: level is \"%s\", wanted v2, v3, v4 or ref, as built", level ? level : "");
  g->isa = found;
  if (g->mem) gn_packed_clear(g);                                /* forms differ from level to level */
  pick_table(g);
  return true;
}

const char *gn_isa(const gn *g) { return g->isa; }
void gn_set_exact(gn *g, bool exact) {
  if (g->exact != exact) gn_packed_clear(g);
  g->exact = exact, pick_table(g);
}
bool gn_exact(const gn *g) { return g->exact; }
void gn_cancel(gn *g, bool cancelled) { atomic_store(&g->cancelled, cancelled); }

gn *gn_open(const gn_config *config) {
  gn *g = calloc(1, sizeof *g);
  if (!g) return gn_fail_as(GN_NOMEM, "open: out of memory"), NULL;
  g->config = *config;
  g->exact = config->exact;
  g->recording = true;
  g->rng = gn_rng_make(config->seed, "default");
  gn_ref_table(&g->ref);
  int threads = config->threads;
  if (threads < 0) threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (!gn_mem_open(g) || !gn_set_isa(g, config->isa) || !gn_rows_open(g) || !gn_set_threads(g, threads)) {
    gn_close(g);
    return NULL;
  }
  return g;
}

void gn_close(gn *g) {
  if (!g) return;
  gn_pool_close(g);
  if (g->mem) gn_packed_clear(g);
  gn_rows_close(g);
  gn_tensors_close(g);
  gn_mem_close(g);
  free(g);
}

/* ---- arithmetic on sizes ---- */
bool gn_mul_ok(int64_t a, int64_t b, int64_t *product) { return !__builtin_mul_overflow(a, b, product); }
