/* ref.c: the plain-loop twin of every coarse kernel: what the fast ones are tested against. The table "ref" takes level v2's exact table and
 * puts the functions below in their places. */
#include "kernels.h"

#ifdef GN_HAS_v2
extern const gn_kernels gn_table_v2x;
#define PLAIN gn_table_v2x
#else
extern const gn_kernels gn_table_v3x;
#define PLAIN gn_table_v3x
#endif

/* ---- products ---- */
static bool ref_gemm(gn *g, const gn_gemm *p) {
  int64_t batches = 1;
  for (int d = 0; d < p->nbatch; d++) batches *= p->bdim[d];
  for (int64_t t = 0; t < batches; t++) {
    const float *a = p->a, *b = p->b;
    float *c = p->c;
    int64_t rest = t;
    for (int d = p->nbatch - 1; d >= 0; d--) {
      int64_t x = rest % p->bdim[d];
      rest /= p->bdim[d];
      a += x * p->astep[d], b += x * p->bstep[d], c += x * p->cstep[d];
    }
    for (int64_t i = 0; i < p->m; i++)
      for (int64_t j = 0; j < p->n; j++) {
        float sum = p->add ? c[i * p->ldc + j] : 0;
        for (int64_t k = 0; k < p->k; k++) sum += a[i * p->ars + k * p->acs] * b[k * p->brs + j * p->bcs];
        c[i * p->ldc + j] = p->bias ? sum + p->bias[j] : sum;
      }
  }
  return true;
}

/* Fills the table of plain twins. */
void gn_ref_table(gn_kernels *t) {
  *t = PLAIN;
  t->gemm = ref_gemm;
}
