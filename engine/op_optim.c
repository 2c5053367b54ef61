/* op_optim.c: steps of optimisers in place. */
#include "core.h"

enum { CHUNK = 16384 };                       /* elements of a task */

typedef struct step { gn *g; const gn_adam *adam; const gn_sgd *sgd; float *w, *m, *v; const float *grad; int64_t n; } step;

static void step_task(void *context, int64_t i, int worker) {
  const step *s = context;
  int64_t at = i * CHUNK, n = s->n - at < CHUNK ? s->n - at : CHUNK;
  if (s->adam) s->g->k->adam(s->adam, s->w + at, s->grad + at, s->m + at, s->v + at, n);
  else s->g->k->sgd(s->sgd, s->w + at, s->grad + at, s->m ? s->m + at : NULL, n);
}

/* What is written must be packed f32, and no two of them the same memory. */
static bool writable(const char *op, const char *name, const gn_tensor *t) {
  char text[160];
  if (t->dtype != GN_F32 || !gn_packed(t)) return gn_fail("%s: %s is %s%s, wanted f32 without gaps", op, name, gn_shape_text(t, text, sizeof text), gn_packed(t) ? "" : " as a view with gaps");
  return true;
}

static bool in_range(const char *op, const char *name, double x, double low, double below) {
  return (x >= low && x < below) || gn_fail("%s: %s is %.14g, wanted %g or more and less than %g", op, name, x, low, below);
}

/* The gradient given, or the weight's own; NULL = there is none. */
static gn_tensor *gradient(const gn_arg *a) { return a[1].kind == GN_A_TENSOR ? a[1].t : a[0].t->grad; }

static bool run_step(step *s, gn_tensor *grad) {
  gn_tensor *f = gn_cast(grad, GN_F32), *packed = f ? gn_pack(f) : NULL;
  gn_unref(f);
  if (!packed) return false;
  s->grad = gn_f32(packed);
  if (s->n < 2 * CHUNK) for (int64_t i = 0; i * CHUNK < s->n; i++) step_task(s, i, 0);
  else gn_parallel(s->g, (s->n + CHUNK - 1) / CHUNK, step_task, s);
  gn_unref(packed);
  return true;
}

bool gn__fwd_adam_(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { W, M = 2, V, LR, BETA1, BETA2, EPS, STEP, DECAY, COUPLED, SCALE };
  gn_tensor *w = a[W].t, *m = a[M].t, *v = a[V].t, *grad = gradient(a);
  double b1 = a[BETA1].num, b2 = a[BETA2].num, t = a[STEP].num, decay = a[DECAY].num;
  if (a[M].kind != GN_A_TENSOR || a[V].kind != GN_A_TENSOR) return gn_fail("adam_: %s is nil, wanted a tensor of w's shape", a[M].kind == GN_A_TENSOR ? "v" : "m");
  if (!writable("adam_", "w", w) || !writable("adam_", "m", m) || !writable("adam_", "v", v)) return false;
  if (m->store == v->store || m->store == w->store || v->store == w->store) return gn_fail("adam_: w, m and v share memory, wanted three tensors");
  if (!in_range("adam_", "beta1", b1, 0, 1) || !in_range("adam_", "beta2", b2, 0, 1) || !in_range("adam_", "step", t, 1, 0x1p53)) return false;
  if (!grad) return true;
  gn_adam p = { .rate = (float)(a[LR].num / (1 - gn_pow(b1, t))), .beta1 = (float)b1, .beta2 = (float)b2, .eps = (float)a[EPS].num,
                .decay = a[COUPLED].num ? (float)decay : 0, .keep = a[COUPLED].num ? 1 : (float)(1 - a[LR].num * decay), .scale = (float)a[SCALE].num,
                .root2 = (float)__builtin_sqrt(1 - gn_pow(b2, t)) };
  step s = { .g = g, .adam = &p, .w = gn_f32(w), .m = gn_f32(m), .v = gn_f32(v), .n = gn_numel(w) };
  if (!run_step(&s, grad)) return false;
  m->store->version++, v->store->version++;
  return true;
}

bool gn__fwd_sgd_(gn *g, const gn_arg *a, gn_tensor **out) {
  enum { W, M = 2, LR, MOMENTUM, NESTEROV, DECAY, SCALE };
  gn_tensor *w = a[W].t, *m = a[M].kind == GN_A_TENSOR ? a[M].t : NULL, *grad = gradient(a);
  if (!writable("sgd_", "w", w) || (m && !writable("sgd_", "m", m))) return false;
  if (m && m->store == w->store) return gn_fail("sgd_: w and m share memory, wanted two tensors");
  if (!m && a[MOMENTUM].num != 0) return gn_fail("sgd_: momentum is %.14g without m, wanted the velocity's tensor", a[MOMENTUM].num);
  if (!grad) return true;
  gn_sgd p = { .lr = (float)a[LR].num, .momentum = (float)a[MOMENTUM].num, .decay = (float)a[DECAY].num, .scale = (float)a[SCALE].num, .nesterov = a[NESTEROV].num != 0 };
  step s = { .g = g, .sgd = &p, .w = gn_f32(w), .m = m ? gn_f32(m) : NULL, .n = gn_numel(w) };
  if (!run_step(&s, grad)) return false;
  if (m) m->store->version++;
  return true;
}
