/* bench_gemm.c: products in plain C, for `make bench`: OpenBLAS's (one thread), and the engine's own op. A request is a line "NAME <tab> seconds <tab> threads";
 * the answer is "wall cpu", seconds of one run. NAME: gemm N, linear BATCH INPUTS OUTPUTS, or ours gemm N. */
#include "core.h"
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct request { char name[200]; double seconds; int threads, m, k, n; bool linear, ours; } request;

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void fill(float *x, size_t n) {
  for (size_t i = 0; x && i < n; i++) x[i] = (float)(i * 2654435761u % 1000) / 500 - 1;
}

static bool parse(char *line, request *r) {
  *r = (request){ .seconds = 0.05, .threads = 1 };
  char *tab = strchr(line, '\t');
  if (tab) *tab = 0, sscanf(tab + 1, "%lf %d", &r->seconds, &r->threads);
  snprintf(r->name, sizeof r->name, "%s", line);
  r->linear = sscanf(line, "linear %d %d %d", &r->m, &r->k, &r->n) == 3;
  r->ours = sscanf(line, "ours gemm %d", &r->m) == 1;
  if (r->ours || (!r->linear && sscanf(line, "gemm %d", &r->m) == 1)) r->k = r->n = r->m;
  return r->m > 0;
}

/* Results are released at once, as a loop in C would. */
static bool engine(gn *g, gn_tensor *a, gn_tensor *b) {
  gn_tensor *out[1];
  if (!gn_call(g, GN_OP_matmul, (gn_arg[]){ gn_t(a), gn_t(b) }, 2, out)) return false;
  gn_unref(out[0]);
  return true;
}

static void answer(double wall, double cpu, int runs) {
  printf("%.9g %.9g\n", (now(CLOCK_MONOTONIC) - wall) / runs, (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / runs);
}

int main(void) {
  char line[200], last[200] = "";
  float *a = NULL, *b = NULL, *c = NULL;
  gn_tensor *x = NULL, *y = NULL;
  gn *g = gn_open(&(gn_config){ .threads = 1 });
  while (g && fgets(line, sizeof line, stdin)) {
    request r;
    if (!parse(line, &r)) { puts("none"); fflush(stdout); continue; }
    size_t sizes[] = { (size_t)r.m * (size_t)r.k, (size_t)r.k * (size_t)r.n, (size_t)r.m * (size_t)r.n };
    if (strcmp(r.name, last)) {
      free(a), free(b), free(c), gn_unref(x), gn_unref(y);
      a = malloc(4 * sizes[0]), b = malloc(4 * sizes[1]), c = malloc(4 * sizes[2]);
      x = gn_new(g, GN_F32, 2, (int64_t[]){ r.m, r.k }), y = gn_new(g, GN_F32, 2, (int64_t[]){ r.k, r.n });
      if (!a || !b || !c || !x || !y) break;
      fill(a, sizes[0]), fill(b, sizes[1]), fill(gn_f32(x), sizes[0]), fill(gn_f32(y), sizes[1]);
      strcpy(last, r.name);
    }
    if (r.threads != gn_threads(g) && !gn_set_threads(g, r.threads)) break;
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    int runs = 0;
    if (r.ours) do runs++; while (engine(g, x, y) && now(CLOCK_MONOTONIC) - wall < r.seconds);
    else do cblas_sgemm(CblasRowMajor, CblasNoTrans, r.linear ? CblasTrans : CblasNoTrans, r.m, r.n, r.k, 1, a, r.k, b, r.linear ? r.k : r.n, 0, c, r.n), runs++;
    while (now(CLOCK_MONOTONIC) - wall < r.seconds);
    answer(wall, cpu, runs);
    fflush(stdout);
  }
  return 0;
}
