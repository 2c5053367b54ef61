/* optim.h: raw kernels of the optimisers. */
#ifndef GN_CPU_OPTIM_H
#define GN_CPU_OPTIM_H

/* One step over n packed elements. The gradient g is first multiplied by `scale` (gradient clipping).
 * adam: m and v are the running means of g and g^2; correct1, correct2 = 1 - beta^step; decay is the L2 term, keep = 1 - lr * weight decay where it is decoupled, else 1.
 * sgd: m is the velocity, NULL without momentum. */
typedef struct gn_adam { float rate, beta1, beta2, eps, decay, keep, scale, root2; } gn_adam;      /* rate = lr / correct1, root2 = sqrt(correct2) */
typedef struct gn_sgd { float lr, momentum, decay, scale; bool nesterov; } gn_sgd;
#define KERNELS_OPTIM(KERNEL) \
  KERNEL(void, adam, (const gn_adam *, float *w, const float *g, float *m, float *v, int64_t n)) \
  KERNEL(void, sgd, (const gn_sgd *, float *w, const float *g, float *m, int64_t n))
#endif
