/* grad_rnn.c: gradients of lstm and gru through time. The step-by-step part is a fused op, or plain ops where second derivatives are recorded; the products
 * with all steps' inputs and states follow at once. */
#include "core.h"

static gn_tensor *at(gn *g, gn_tensor *t, int64_t i) { return GN_DO(g, select, gn_t(t), gn_n(1), gn_n((double)i + 1)); }
static gn_tensor *piece(gn *g, gn_tensor *t, int k, int64_t h) { return GN_DO(g, slice, gn_t(t), gn_n(-1), gn_n((double)(k * h + 1)), gn_n((double)((k + 1) * h))); }
static gn_tensor *times(gn *g, gn_tensor *a, gn_tensor *b) { return GN_DO(g, mul, gn_t(a), gn_t(b)); }
static gn_tensor *plus(gn *g, gn_tensor *a, gn_tensor *b) { return !a ? b : !b ? a : GN_DO(g, add, gn_t(a), gn_t(b)); }
static gn_tensor *rest(gn *g, gn_tensor *a) { return GN_DO(g, sub, gn_n(1), gn_t(a)); }
static gn_tensor *bump(gn *g, gn_tensor *a) { return times(g, a, rest(g, a)); }                       /* a (1 - a) */
static gn_tensor *slope(gn *g, gn_tensor *a) { return rest(g, times(g, a, a)); }                      /* 1 - a^2 */
static gn_tensor *zeros(gn *g, int64_t b, int64_t h) { return gn_hold(g, gn_zeros(g, GN_F32, 2, (int64_t[]){ b, h })); }
static gn_tensor *flat(gn *g, gn_tensor *t) { return GN_DO(g, reshape, gn_t(t), gn_v(2, (int64_t[]){ t->dim[0] * t->dim[1], t->dim[2] })); }
static gn_arg given(gn_tensor *t) { return t ? gn_t(t) : gn_nil(); }

/* The states before each step: h0, then y without its last step (in the order of the run). */
static gn_tensor *before(gn *g, gn_tensor *h0, gn_tensor *y, bool reverse) {
  int64_t T = y->dim[0];
  gn_tensor *first = GN_DO(g, unsqueeze, gn_t(h0), gn_n(1));
  if (T <= 1) return first;
  gn_tensor *others = GN_DO(g, slice, gn_t(y), gn_n(1), gn_n(reverse ? 2 : 1), gn_n((double)(reverse ? T : T - 1)));
  return first && others ? GN_DO(g, cat, gn_ts(2, reverse ? (gn_tensor *[]){ others, first } : (gn_tensor *[]){ first, others }), gn_n(1)) : NULL;
}

/* dx, dw_ih, dw_hh, db_ih, db_hh from the gradients of the input's and the state's parts. */
static bool finish(gn *g, gn_node *n, int w, gn_tensor *din, gn_tensor *drec, gn_tensor *prev, gn_tensor **gin) {
  gn_tensor *x = n->arg[0].t;
  if (!din || !drec || !prev) return false;
  gn_tensor *d = flat(g, din), *e = din == drec ? d : flat(g, drec);
  if (gn_wants(n, 0) && !(gin[0] = GN_DO(g, matmul, gn_t(din), gn_t(n->arg[w].t)))) return false;
  if (gn_wants(n, w) && !(gin[w] = GN_DO(g, matmul, gn_t(GN_DO(g, transpose, gn_t(d), gn_n(1), gn_n(2))), gn_t(flat(g, x))))) return false;
  if (gn_wants(n, w + 1) && !(gin[w + 1] = GN_DO(g, matmul, gn_t(GN_DO(g, transpose, gn_t(e), gn_n(1), gn_n(2))), gn_t(flat(g, prev))))) return false;
  if (gn_wants(n, w + 2) && !(gin[w + 2] = GN_DO(g, sum, gn_t(d), gn_n(1)))) return false;
  return !gn_wants(n, w + 3) || (gin[w + 3] = GN_DO(g, sum, gn_t(e), gn_n(1))) != NULL;
}

static gn_tensor *collect(gn *g, gn_tensor **steps, int64_t T) { return GN_DO(g, stack, gn_ts((int)T, steps), gn_n(1)); }

typedef struct run { gn *g; gn_tensor *w_hh, *dh, *dc, **din, **drec; } run;

/* One step back through an lstm, in ops. */
static bool lstm_step(run *r, int64_t t, gn_tensor *gates, gn_tensor *c, gn_tensor *c0, gn_tensor *dy, gn_tensor *dcell) {
  gn *g = r->g;
  if (!gates || !c || !c0) return false;
  int64_t h = c->dim[1];
  gn_tensor *i = GN_DO(g, sigmoid, gn_t(piece(g, gates, 0, h))), *f = GN_DO(g, sigmoid, gn_t(piece(g, gates, 1, h)));
  gn_tensor *k = GN_DO(g, tanh, gn_t(piece(g, gates, 2, h))), *o = GN_DO(g, sigmoid, gn_t(piece(g, gates, 3, h))), *tc = GN_DO(g, tanh, gn_t(c));
  gn_tensor *d = plus(g, r->dh, dy), *s = plus(g, plus(g, r->dc, dcell), times(g, times(g, d, o), slope(g, tc)));
  gn_tensor *parts[4] = { times(g, times(g, s, k), bump(g, i)), times(g, times(g, s, c0), bump(g, f)), times(g, times(g, s, i), slope(g, k)), times(g, times(g, d, tc), bump(g, o)) };
  for (int q = 0; q < 4; q++)
    if (!parts[q]) return false;
  r->din[t] = GN_DO(g, cat, gn_ts(4, parts), gn_n(2));
  r->dc = times(g, s, f);
  r->dh = GN_DO(g, matmul, gn_t(r->din[t]), gn_t(r->w_hh));
  return r->dh && r->dc;
}

/* One step back through a gru, in ops: u the input's parts, v the state's. */
static bool gru_step(run *r, int64_t t, gn_tensor *u, gn_tensor *v, gn_tensor *h0, gn_tensor *dy) {
  gn *g = r->g;
  if (!u || !v || !h0) return false;
  int64_t h = h0->dim[1];
  gn_tensor *a = GN_DO(g, sigmoid, gn_t(plus(g, piece(g, u, 0, h), piece(g, v, 0, h)))), *z = GN_DO(g, sigmoid, gn_t(plus(g, piece(g, u, 1, h), piece(g, v, 1, h)))), *q = piece(g, v, 2, h);
  gn_tensor *k = GN_DO(g, tanh, gn_t(plus(g, piece(g, u, 2, h), times(g, a, q)))), *d = plus(g, r->dh, dy);
  gn_tensor *dn = times(g, times(g, d, rest(g, z)), slope(g, k)), *dz = times(g, times(g, d, GN_DO(g, sub, gn_t(h0), gn_t(k))), bump(g, z)), *dr = times(g, times(g, dn, q), bump(g, a)), *dq = times(g, dn, a);
  if (!dn || !dz || !dr || !dq) return false;
  r->din[t] = GN_DO(g, cat, gn_ts(3, (gn_tensor *[]){ dr, dz, dn }), gn_n(2));
  r->drec[t] = GN_DO(g, cat, gn_ts(3, (gn_tensor *[]){ dr, dz, dq }), gn_n(2));
  gn_tensor *back = GN_DO(g, matmul, gn_t(r->drec[t]), gn_t(r->w_hh)), *kept = times(g, d, z);
  return back && kept && (r->dh = plus(g, back, kept)) != NULL;
}

/* out: din, drec, dh0, dc0 */
static bool by_ops(gn *g, gn_node *n, bool lstm, gn_tensor *const *gout, gn_tensor *prev, gn_tensor **out) {
  gn_tensor *x = n->arg[0].t, *h0 = n->arg[1].t;
  int w = lstm ? 3 : 2;
  int64_t T = x->dim[0], b = x->dim[1], h = h0->dim[1];
  bool back = n->arg[w + 4].num != 0;
  gn_tensor *u = GN_DO(g, linear, gn_t(x), gn_t(n->arg[w].t), n->arg[w + 2]), *v = GN_DO(g, linear, gn_t(prev), gn_t(n->arg[w + 1].t), n->arg[w + 3]);
  gn_tensor *gates = lstm ? plus(g, u, v) : NULL, *c = lstm ? gn_out(n, 1) : NULL, *cs = lstm && c ? before(g, n->arg[2].t, c, back) : NULL;
  if (!u || !v || (lstm && (!gates || !cs))) return false;
  size_t bytes = 2 * (size_t)(T + 1) * sizeof(gn_tensor *);
  gn_tensor **steps = gn_alloc(g, bytes);
  if (!steps) return false;
  run r = { .g = g, .w_hh = n->arg[w + 1].t, .dh = zeros(g, b, h), .dc = lstm ? zeros(g, b, h) : NULL, .din = steps, .drec = steps + T };
  bool fine = r.dh && (r.dc || !lstm);
  for (int64_t s = T - 1; s >= 0 && fine; s--) {
    int64_t t = back ? T - 1 - s : s;
    gn_tensor *dy = gout[0] ? at(g, gout[0], t) : NULL, *dc = lstm && gout[1] ? at(g, gout[1], t) : NULL;
    fine = lstm ? lstm_step(&r, t, at(g, gates, t), at(g, c, t), at(g, cs, t), dy, dc) : gru_step(&r, t, at(g, u, t), at(g, v, t), at(g, prev, t), dy);
  }
  if (fine) out[0] = collect(g, r.din, T), out[1] = lstm ? out[0] : collect(g, r.drec, T), out[2] = r.dh, out[3] = r.dc;
  gn_free(g, steps, bytes);
  return fine && out[0] && out[1];
}

bool gn__bwd_lstm_layer(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_arg *a = n->arg;
  gn_tensor *y = gn_out(n, 0), *d[4] = { NULL }, *out[GN_MAX_OUTS];
  if (!y || y->dim[0] == 0 || (!gout[0] && !gout[1])) return y != NULL;
  gn_tensor *prev = before(g, a[1].t, y, a[7].num != 0);
  if (!prev) return false;
  if (!gn_recording(g)) {
    if (!GN_DO_ALL(g, lstm_back, out, a[1], a[2], a[4], gn_t(y), gn_t(gn_out(n, 1)), gn_t(gn_out(n, 2)), given(gout[0]), given(gout[1]), gn_n(a[7].num))) return false;
    d[0] = d[1] = out[0], d[2] = out[1], d[3] = out[2];
  } else if (!by_ops(g, n, true, gout, prev, d)) return false;
  gin[1] = d[2], gin[2] = d[3];
  return finish(g, n, 3, d[0], d[1], prev, gin);
}

bool gn__bwd_gru_layer(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin) {
  gn_arg *a = n->arg;
  gn_tensor *y = gn_out(n, 0), *d[4] = { NULL }, *out[GN_MAX_OUTS];
  if (!y || y->dim[0] == 0 || !gout[0]) return y != NULL;
  gn_tensor *prev = before(g, a[1].t, y, a[6].num != 0);
  if (!prev) return false;
  if (!gn_recording(g)) {
    if (!GN_DO_ALL(g, gru_back, out, a[1], a[3], gn_t(y), gn_t(gn_out(n, 1)), gn_t(gn_out(n, 2)), given(gout[0]), gn_n(a[6].num))) return false;
    d[0] = out[0], d[1] = out[1], d[2] = out[2];
  } else if (!by_ops(g, n, false, gout, prev, d)) return false;
  gin[1] = d[2];
  return finish(g, n, 2, d[0], d[1], prev, gin);
}
