/* exact.c: hashes of what the engine's exact arithmetic makes, without Lua and without libraries, so that it can be built for another machine and run
 * there (or in an emulator). tests/exact_arm.sh compares the lines of two machines. */
#include "core.h"
#include <stdio.h>
#include <string.h>

static uint64_t hash;
static void feed(const void *data, size_t n) {                     /* FNV-1a, 64 bits */
  const unsigned char *p = data;
  for (size_t i = 0; i < n; i++) hash = (hash ^ p[i]) * 0x100000001b3ull;
}

static bool take(gn_tensor *t) {
  if (!t) return false;
  gn_tensor *p = gn_pack(t);
  if (!p) return false;
  feed(p->data, (size_t)gn_numel(p) * gn_size(p->dtype));
  gn_unref(p);
  return true;
}

static void say(const char *name, int n, gn_tensor **t) {
  bool fine = true;
  hash = 0xcbf29ce484222325ull;
  for (int i = 0; i < n; i++) fine = fine && take(t[i]);
  if (fine) printf("%-20s %016llx\n", name, (unsigned long long)hash);
  else printf("%-20s failed: %s\n", name, gn_error());
}
#define SAY(name, ...) say(name, (int)(sizeof((gn_tensor *[]){ __VA_ARGS__ }) / sizeof(gn_tensor *)), (gn_tensor *[]){ __VA_ARGS__ })

static gn_tensor *normal(gn *g, gn_rng *r, int ndim, int64_t a, int64_t b, int64_t c, int64_t d) {
  gn_tensor *t = gn_new(g, GN_F32, ndim, (int64_t[]){ a, b, c, d });
  for (int64_t i = 0, n = t ? gn_numel(t) : 0; i < n; i++) gn_f32(t)[i] = (float)gn_rng_normal(r);
  return gn_hold(g, t);
}

static void mathematics(gn_rng *r) {
  hash = 0xcbf29ce484222325ull;
  for (int i = 0; i < 2000; i++) {
    double x = gn_rng_normal(r) * (i % 10 ? 3 : 1e6), y = gn_rng_normal(r), p = x < 0 ? -x : x;
    double out[] = { gn_sin(x), gn_cos(x), gn_tan(x), gn_exp(x / 1e4), gn_log(p), gn_log2(p), gn_log10(p), gn_pow(p, y), gn_atan2(x, y), gn_tanh(y), gn_erf(y),
                     gn_asin(gn_rng_uniform(r)), gn_acos(gn_rng_uniform(r)), gn_fmod(x, y), gn_floor(x), gn_ceil(x) };
    feed(out, sizeof out);
  }
  printf("%-20s %016llx\n", "mathematics", (unsigned long long)hash);
}

static void element_wise(gn *g, gn_rng *r) {
  gn_tensor *x = normal(g, r, 2, 97, 131, 0, 0), *p = GN_DO(g, abs, gn_t(x));
  SAY("element-wise", GN_DO(g, exp, gn_t(x)), GN_DO(g, tanh, gn_t(x)), GN_DO(g, gelu, gn_t(x)), GN_DO(g, sigmoid, gn_t(x)), GN_DO(g, erf, gn_t(x)), GN_DO(g, sin, gn_t(x)),
      GN_DO(g, cos, gn_t(x)), GN_DO(g, log, gn_t(p)), GN_DO(g, sqrt, gn_t(p)), GN_DO(g, rsqrt, gn_t(p)), GN_DO(g, pow, gn_t(p), gn_n(1.7)), GN_DO(g, div, gn_t(x), gn_n(3)));
  SAY("softmax", GN_DO(g, softmax, gn_t(x), gn_n(-1)), GN_DO(g, log_softmax, gn_t(x), gn_n(1)), GN_DO(g, logsumexp, gn_t(x), gn_n(2)));
  SAY("reductions", GN_DO(g, sum, gn_t(x)), GN_DO(g, mean, gn_t(x), gn_n(1)), GN_DO(g, var, gn_t(x), gn_n(2)), GN_DO(g, cumsum, gn_t(x), gn_n(2)));
  SAY("layer_norm", GN_DO(g, layer_norm, gn_t(x)), GN_DO(g, rms_norm, gn_t(x)));
  SAY("rfft", GN_DO(g, rfft, gn_t(normal(g, r, 2, 3, 1000, 0, 0))), GN_DO(g, rfft, gn_t(normal(g, r, 2, 2, 4096, 0, 0))));
  SAY("sort", GN_DO(g, sort, gn_t(x), gn_n(1)));
}

static void gradients(gn *g, const char *name, gn_tensor *y, int n, gn_tensor **x) {
  gn_tensor *grad[4] = { 0 }, *loss = GN_DO(g, sum, gn_t(GN_DO(g, tanh, gn_t(y))));
  if (!loss || !gn_grad(g, loss, NULL, x, n, false, false, false, grad)) printf("%-20s failed: %s\n", name, gn_error());
  else say(name, n, grad);
  for (int i = 0; i < n; i++) gn_unref(grad[i]);
}

static void nets(gn *g, gn_rng *r) {
  gn_tensor *a = normal(g, r, 2, 97, 131, 0, 0), *b = normal(g, r, 2, 131, 89, 0, 0), *v = normal(g, r, 2, 1, 131, 0, 0);
  SAY("matmul", GN_DO(g, matmul, gn_t(a), gn_t(b)), GN_DO(g, matmul, gn_t(v), gn_t(b)));
  gn_tensor *x[3] = { normal(g, r, 4, 2, 3, 33, 35), normal(g, r, 4, 8, 3, 3, 3), normal(g, r, 1, 8, 0, 0, 0) };
  for (int i = 0; i < 3; i++) gn_require_grad(x[i], true);
  gn_tensor *y = GN_DO(g, conv2d, gn_t(x[0]), gn_t(x[1]), gn_t(x[2]), gn_n(1), gn_n(1));
  SAY("conv2d", y);
  gradients(g, "conv2d, backward", y, 3, x);
  gn_tensor *q[3];
  for (int i = 0; i < 3; i++) q[i] = normal(g, r, 4, 2, 4, 37, 16), gn_require_grad(q[i], true);
  y = GN_DO(g, attention, gn_t(q[0]), gn_t(q[1]), gn_t(q[2]), gn_n(1));
  SAY("attention", y);
  gradients(g, "attention, backward", y, 3, q);
  gn_tensor *m[2] = { a, b };
  for (int i = 0; i < 2; i++) gn_require_grad(m[i], true);
  gradients(g, "matmul, backward", GN_DO(g, matmul, gn_t(a), gn_t(b)), 2, m);
}

int main(void) {
  gn_config config = { .threads = 2, .exact = true, .seed = 1 };
  gn *g = gn_open(&config);
  if (!g) return printf("%s\n", gn_error()), 1;
  gn_rng r = gn_rng_make(5, "exact");
  mathematics(&r);
  gn_scope s = gn_scope_open(g);
  element_wise(g, &r);
  nets(g, &r);
  gn_scope_close(g, s);
  gn_close(g);
  return 0;
}
