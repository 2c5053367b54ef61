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

/* ---- ISA levels ---- */
extern const gn_kernels gn_table_v2f, gn_table_v2x;
#ifdef __x86_64__
extern const gn_kernels gn_table_v3f, gn_table_v3x, gn_table_v4f, gn_table_v4x;
#endif
void gn_ref_table(gn_kernels *);

static bool has_level(const char *level) {
  if (!strcmp(level, "v2") || !strcmp(level, "ref")) return true;
#ifdef __x86_64__
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (!strcmp(level, "v3")) return v3;
  if (!strcmp(level, "v4"))
    return v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd");
#endif
  return false;
}

static void pick_table(gn *g) {
  if (!strcmp(g->isa, "ref")) g->k = &g->ref;
#ifdef __x86_64__
  else if (!strcmp(g->isa, "v4")) g->k = g->exact ? &gn_table_v4x : &gn_table_v4f;
  else if (!strcmp(g->isa, "v3")) g->k = g->exact ? &gn_table_v3x : &gn_table_v3f;
#endif
  else g->k = g->exact ? &gn_table_v2x : &gn_table_v2f;
}

bool gn_set_isa(gn *g, const char *level) {
  static const char *const known[] = { "v4", "v3", "v2", "ref" };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (level ? strcmp(level, known[i]) != 0 : !has_level(known[i])) continue;
    if (!has_level(known[i])) return gn_fail("isa: this machine lacks level %s", known[i]);
    g->isa = known[i];
    pick_table(g);
    return true;
  }
  return gn_fail("isa: level is \"%s\", wanted v2, v3, v4 or ref", level);
}

const char *gn_isa(const gn *g) { return g->isa; }
void gn_set_exact(gn *g, bool exact) { g->exact = exact, pick_table(g); }
bool gn_exact(const gn *g) { return g->exact; }
void gn_cancel(gn *g, bool cancelled) { atomic_store(&g->cancelled, cancelled); }
gn_rng *gn_default_rng(gn *g) { return &g->rng; }

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
  gn_rows_close(g);
  gn_tensors_close(g);
  gn_mem_close(g);
  free(g);
}

/* ---- arithmetic on sizes ---- */
bool gn_mul_ok(int64_t a, int64_t b, int64_t *product) { return !__builtin_mul_overflow(a, b, product); }
