/* optim.c: steps of optimisers, one pass over weight, gradient and state. Plain loops that the compiler vectorises: every element is computed by the
 * same IEEE operations at every level. */
#include "kernels.h"

void K(adam)(const gn_adam *p, float *restrict w, const float *restrict g, float *restrict m, float *restrict v, int64_t n) {
  const float take1 = 1 - p->beta1, take2 = 1 - p->beta2, beta1 = p->beta1, beta2 = p->beta2, rate = p->rate, eps = p->eps, decay = p->decay, keep = p->keep, scale = p->scale, root2 = p->root2;
  for (int64_t i = 0; i < n; i++) {
    float x = w[i], d = g[i] * scale + x * decay;
    float a = m[i] * beta1 + d * take1, b = v[i] * beta2 + d * d * take2;
    m[i] = a, v[i] = b;
    w[i] = x * keep - rate * (a / (__builtin_sqrtf(b) / root2 + eps));
  }
}

void K(sgd)(const gn_sgd *p, float *restrict w, const float *restrict g, float *restrict m, int64_t n) {
  const float lr = p->lr, momentum = p->momentum, decay = p->decay, scale = p->scale, look = p->nesterov ? momentum : 0, stay = p->nesterov ? 1 : 0;
  if (!m) {
    for (int64_t i = 0; i < n; i++) w[i] = w[i] - lr * (g[i] * scale + w[i] * decay);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    float d = g[i] * scale + w[i] * decay, a = m[i] * momentum + d;
    m[i] = a;
    w[i] = w[i] - lr * (stay == 0 ? a : d + look * a);
  }
}
