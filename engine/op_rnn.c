/* op_rnn.c: lstm and gru, a layer and direction at a time: one product for the inputs of all steps, one for the state in each step. */
#include "core.h"
#include <string.h>

/* c[m,n] (+)= a[m,k] b (w[n,k] transposed, or w[k,n] as it is) + bias */
static bool product(gn *g, int64_t m, int64_t n, int64_t k, const float *a, const gn_tensor *w, bool turned, float *c, bool add, const float *bias) {
  gn_gemm p = { .m = m, .n = n, .k = k, .a = a, .ars = k, .acs = 1, .b = gn_f32(w), .brs = turned ? 1 : n, .bcs = turned ? k : 1, .c = c, .ldc = n, .add = add,
                .bias = bias, .weights = gn_source_of(w, 1), .often = turned };
  return g->k->gemm(g, &p);
}
static const float *optional(const gn_arg *a) { return a->kind == GN_A_TENSOR ? gn_f32(a->t) : NULL; }

enum { X, H0, C0, W_IH, W_HH, B_IH, B_HH, REVERSE };

bool gn__fwd_lstm_layer(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[X].t;
  int64_t T = x->dim[0], b = x->dim[1], in = x->dim[2], h = a[H0].t->dim[1];
  if (a[W_HH].t->dim[0] != 4 * h) return gn_fail("lstm: w_hh has %lld rows, wanted 4 times the %lld of the state", (long long)a[W_HH].t->dim[0], (long long)h);
  float *y = gn_f32(out[0]), *c = gn_f32(out[1]), *gates = gn_f32(out[2]);
  gn_lstm step = { .rows = b, .in = in, .h = h, .w_ih = gn_f32(a[W_IH].t), .b_ih = optional(&a[B_IH]), .w_hh = gn_f32(a[W_HH].t), .b_hh = optional(&a[B_HH]),
                   .ih = gn_source_of(a[W_IH].t, 1), .hh = gn_source_of(a[W_HH].t, 1) };
  if ((T > 1 || !in) && !product(g, T * b, 4 * h, in, gn_f32(x), a[W_IH].t, true, gates, false, step.b_ih)) return false;       /* all steps' inputs at once */
  const float *h0 = gn_f32(a[H0].t), *c0 = gn_f32(a[C0].t);
  for (int64_t s = 0; s < T; s++) {
    int64_t t = a[REVERSE].num ? T - 1 - s : s;
    step.x = T > 1 || !in ? NULL : gn_f32(x), step.h0 = h0, step.c0 = c0, step.gates = gates + t * b * 4 * h, step.c = c + t * b * h, step.y = y + t * b * h;
    if (!g->k->lstm_step(g, &step)) return false;
    h0 = y + t * b * h, c0 = c + t * b * h;
  }
  return true;
}

/* h0 c0 w_hh y c gates, dy? dc? -> dpre dh0 dc0 */
bool gn__fwd_lstm_back(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *y = a[3].t;
  int64_t T = y->dim[0], b = y->dim[1], h = y->dim[2], n = b * h;
  const float *c = gn_f32(a[4].t), *gates = gn_f32(a[5].t), *dy = optional(&a[6]), *dc = optional(&a[7]);
  float *dpre = gn_f32(out[0]), *dh = gn_f32(out[1]), *carry = gn_f32(out[2]);
  memset(dh, 0, sizeof(float) * (size_t)n), memset(carry, 0, sizeof(float) * (size_t)n);
  for (int64_t s = T - 1; s >= 0; s--) {
    bool back = a[8].num != 0;
    int64_t t = back ? T - 1 - s : s, before = back ? t + 1 : t - 1;
    const float *c0 = s ? c + before * n : gn_f32(a[1].t);
    g->k->lstm_cell_back(b, h, gates + t * 4 * n, c0, c + t * n, dy ? dy + t * n : NULL, dc ? dc + t * n : NULL, dh, carry, dpre + t * 4 * n);
    if (!product(g, b, h, 4 * h, dpre + t * 4 * n, a[2].t, false, dh, false, NULL)) return false;
  }
  return true;
}

bool gn__fwd_gru_layer(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *x = a[X].t;
  const gn_arg *w = a - 1;                         /* no cell: what follows H0 lies one place earlier */
  int64_t T = x->dim[0], b = x->dim[1], in = x->dim[2], h = a[H0].t->dim[1];
  if (w[W_HH].t->dim[0] != 3 * h) return gn_fail("gru: w_hh has %lld rows, wanted 3 times the %lld of the state", (long long)w[W_HH].t->dim[0], (long long)h);
  float *y = gn_f32(out[0]), *gates = gn_f32(out[1]), *q = gn_f32(out[2]);
  size_t bytes = sizeof(float) * (size_t)(b * 3 * h) + 64;
  float *rec = gn_alloc(g, bytes);
  if (!rec) return false;
  const float *h0 = gn_f32(a[H0].t);
  bool fine = product(g, T * b, 3 * h, in, gn_f32(x), w[W_IH].t, true, gates, false, optional(&w[B_IH]));
  for (int64_t s = 0; s < T && fine; s++) {
    int64_t t = w[REVERSE].num ? T - 1 - s : s;
    fine = product(g, b, 3 * h, h, h0, w[W_HH].t, true, rec, false, optional(&w[B_HH]));
    if (fine) g->k->gru_cell(b, h, gates + t * b * 3 * h, rec, h0, q + t * b * h, y + t * b * h);
    h0 = y + t * b * h;
  }
  gn_free(g, rec, bytes);
  return fine;
}

/* h0 w_hh y gates q, dy -> din drec dh0 */
bool gn__fwd_gru_back(gn *g, const gn_arg *a, gn_tensor **out) {
  const gn_tensor *y = a[2].t;
  int64_t T = y->dim[0], b = y->dim[1], h = y->dim[2], n = b * h;
  const float *gates = gn_f32(a[3].t), *q = gn_f32(a[4].t), *dy = optional(&a[5]);
  float *din = gn_f32(out[0]), *drec = gn_f32(out[1]), *dh = gn_f32(out[2]);
  memset(dh, 0, sizeof(float) * (size_t)n);
  for (int64_t s = T - 1; s >= 0; s--) {
    bool back = a[6].num != 0;
    int64_t t = back ? T - 1 - s : s, before = back ? t + 1 : t - 1;
    const float *h0 = s ? gn_f32(y) + before * n : gn_f32(a[0].t);
    g->k->gru_cell_back(b, h, gates + t * 3 * n, q + t * n, h0, dy ? dy + t * n : NULL, dh, din + t * 3 * n, drec + t * 3 * n);
    if (!product(g, b, h, 3 * h, drec + t * 3 * n, a[1].t, false, dh, true, NULL)) return false;
  }
  return true;
}

/* ---- layers ---- */
typedef struct stack { gn *g; bool lstm, reverse; gn_tensor *h, *c; gn_tensor **w; int per; gn_tensor *hs[128], *cs[128]; } stack;

static gn_tensor *initial(stack *s, gn_tensor *given, int at, int64_t b, int64_t h) {
  if (given) return GN_DO(s->g, select, gn_t(given), gn_n(1), gn_n(at + 1));
  return gn_hold(s->g, gn_zeros(s->g, GN_F32, 2, (int64_t[]){ b, h }));
}

/* One direction of one layer; its last state goes to hs, cs. */
static gn_tensor *layer(stack *s, gn_tensor *x, int at, bool reverse) {
  gn *g = s->g;
  gn_tensor **w = s->w + at * s->per, *out[GN_MAX_OUTS], *b_ih = s->per == 4 ? w[2] : NULL, *b_hh = s->per == 4 ? w[3] : NULL;
  if (w[1]->ndim != 2) return gn_fail("%s: w_hh of layer %d has %d dims, wanted 2", s->lstm ? "lstm" : "gru", at + 1, w[1]->ndim), NULL;
  gn_tensor *h0 = initial(s, s->h, at, x->dim[1], w[1]->dim[1]), *c0 = s->lstm ? initial(s, s->c, at, x->dim[1], w[1]->dim[1]) : NULL;
  int n = s->lstm ? GN_DO_ALL(g, lstm_layer, out, gn_t(x), gn_t(h0), gn_t(c0), gn_t(w[0]), gn_t(w[1]), gn_opt(b_ih), gn_opt(b_hh), gn_n(reverse))
                  : GN_DO_ALL(g, gru_layer, out, gn_t(x), gn_t(h0), gn_t(w[0]), gn_t(w[1]), gn_opt(b_ih), gn_opt(b_hh), gn_n(reverse));
  if (!n) return NULL;
  int64_t last = reverse ? 1 : x->dim[0];
  s->hs[at] = x->dim[0] ? GN_DO(g, select, gn_t(out[0]), gn_n(1), gn_n((double)last)) : h0;
  s->cs[at] = !s->lstm ? NULL : x->dim[0] ? GN_DO(g, select, gn_t(out[1]), gn_n(1), gn_n((double)last)) : c0;
  return s->hs[at] && (s->cs[at] || !s->lstm) ? out[0] : NULL;
}

static bool layers(stack *s, const char *name, gn_tensor *x, int n, bool both, gn_tensor **out) {
  gn *g = s->g;
  int dirs = both ? 2 : 1, runs = n / s->per;
  if (n % s->per || runs % dirs || runs > 128) return gn_fail("%s: weights holds %d tensors, wanted %d for each layer%s (128 layers at most)", name, n, s->per, both ? " and direction" : "");
  for (int i = 0; i < 2; i++) {
    gn_tensor *t = i ? s->c : s->h;
    if (t && (t->ndim != 3 || t->dim[0] != runs)) return gn_fail("%s: the state has %lld layers, wanted %d", name, t->ndim == 3 ? (long long)t->dim[0] : 0, runs);
  }
  for (int at = 0; at < runs; at += dirs) {
    gn_tensor *y = layer(s, x, at, s->reverse);
    if (both) {
      gn_tensor *z = layer(s, x, at + 1, true);
      if (!y || !z) return false;
      y = GN_DO(g, cat, gn_ts(2, (gn_tensor *[]){ y, z }), gn_n(3));
    }
    if (!(x = y)) return false;
  }
  gn_tensor *h = GN_DO(g, stack, gn_ts(runs, s->hs), gn_n(1)), *c = s->lstm ? GN_DO(g, stack, gn_ts(runs, s->cs), gn_n(1)) : NULL;
  if (!h || (s->lstm && !c)) return false;
  out[0] = gn_ref(x), out[1] = gn_ref(h);
  if (c) out[2] = gn_ref(c);
  return true;
}

bool gn__fwd_lstm_layers(gn *g, const gn_arg *a, gn_tensor **out) {
  stack s = { .g = g, .lstm = true, .h = a[1].kind == GN_A_TENSOR ? a[1].t : NULL, .c = a[2].kind == GN_A_TENSOR ? a[2].t : NULL, .w = a[3].list, .per = (int)a[4].num, .reverse = a[5].num != 0 };
  return layers(&s, "lstm", a[0].t, a[3].n, a[6].num != 0, out);
}

bool gn__fwd_gru_layers(gn *g, const gn_arg *a, gn_tensor **out) {
  stack s = { .g = g, .h = a[1].kind == GN_A_TENSOR ? a[1].t : NULL, .w = a[2].list, .per = (int)a[3].num, .reverse = a[4].num != 0 };
  return layers(&s, "gru", a[0].t, a[2].n, a[5].num != 0, out);
}
