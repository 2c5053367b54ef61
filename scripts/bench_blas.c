/* bench_blas.c: the peer of `make bench` in plain cblas, one thread. A request is a line "NAME seconds"; the answer is "wall cpu", seconds of one run.
 * NAME: gemm N, or linear BATCH INPUTS OUTPUTS. */
#define _GNU_SOURCE
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *filled(size_t n) {
  float *x = malloc(n * sizeof *x);
  for (size_t i = 0; x && i < n; i++) x[i] = (float)(i * 2654435761u % 1000) / 500 - 1;
  return x;
}

int main(void) {
  char line[200], last[200] = "";
  float *a = NULL, *b = NULL, *c = NULL;
  while (fgets(line, sizeof line, stdin)) {
    int m = 0, k = 0, n = 0;
    double seconds = 0.05;
    char *tab = strchr(line, '\t');
    if (tab) *tab = 0, seconds = atof(tab + 1);
    int linear = sscanf(line, "linear %d %d %d", &m, &k, &n) == 3;
    if (!linear && sscanf(line, "gemm %d", &m) == 1) k = n = m;
    if (!m) { puts("none"); fflush(stdout); continue; }
    if (strcmp(line, last)) {
      free(a), free(b), free(c);
      a = filled((size_t)m * k), b = filled((size_t)k * n), c = filled((size_t)m * n);
      strcpy(last, line);
    }
    double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
    int runs = 0;
    do cblas_sgemm(CblasRowMajor, CblasNoTrans, linear ? CblasTrans : CblasNoTrans, m, n, k, 1, a, k, b, linear ? k : n, 0, c, n), runs++;
    while (now(CLOCK_MONOTONIC) - wall < seconds);
    printf("%.9g %.9g\n", (now(CLOCK_MONOTONIC) - wall) / runs, (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / runs);
    fflush(stdout);
  }
  return 0;
}
