/* op_elem.c: ops that work element by element: how broadcast and strided inputs are walked, and the forward functions. */
#include "core.h"
#include <string.h>

enum { CHUNK = 16384, PARALLEL = 32768 };     /* elements of a task; below PARALLEL the pool sleeps on */

/* ---- one input ---- */
typedef struct unary_job { gn *g; gn_unary op; gn_dtype type; const char *x; char *y; int64_t n; size_t item; double p0, p1; } unary_job;

static void unary_task(void *context, int64_t i, int worker) {
  const unary_job *j = context;
  int64_t from = i * CHUNK, n = j->n - from < CHUNK ? j->n - from : CHUNK;
  j->g->k->unary(j->op, j->type, j->x + (size_t)from * j->item, j->y + (size_t)from * j->item, n, j->p0, j->p1);
}

static bool unary(gn *g, gn_unary op, const gn_tensor *x, gn_tensor *y, double p0, double p1) {
  int64_t n = gn_numel(y);
  const char *from = x->data;
  if (!gn_packed(x)) {
    if (n) g->k->copy_strided(x->data, x->stride, y->data, y->stride, y->dim, y->ndim, gn_size(y->dtype));
    from = y->data;
  }
  if (n < PARALLEL) return g->k->unary(op, y->dtype, from, y->data, n, p0, p1), true;
  unary_job j = { g, op, y->dtype, from, y->data, n, gn_size(y->dtype), p0, p1 };
  gn_parallel(g, (n + CHUNK - 1) / CHUNK, unary_task, &j);
  return true;
}

/* ---- several inputs: dims that lie together in all of them are merged; the last two are a kernel's run, cut into tasks ---- */
typedef struct walk {
  gn *g;
  int op, nin, nd;                            /* op < 0: select */
  gn_dtype type;
  size_t item[3], out_item;
  const char *in[3];
  char *out;
  int64_t dim[GN_MAX_DIMS + 2], s[3][GN_MAX_DIMS + 2];
  int64_t rows, cols, row_tasks, col_tasks, cells, group;
  float p[2];
} walk;

static void run_cell(const walk *w, int64_t cell) {
  int64_t col = cell % w->col_tasks * w->cols, row = cell / w->col_tasks % w->row_tasks * w->rows, outer = cell / w->col_tasks / w->row_tasks;
  int last = w->nd - 1;
  gn_run r = { .n0 = w->dim[last - 1] - row, .n1 = w->dim[last] - col, .out0 = w->dim[last], .p = { w->p[0], w->p[1] } };
  if (r.n0 > w->rows) r.n0 = w->rows;
  if (r.n1 > w->cols) r.n1 = w->cols;
  int64_t at[3] = { 0 }, place = (outer * w->dim[last - 1] + row) * w->dim[last] + col;
  for (int k = 0; k < w->nin; k++) at[k] = row * w->s[k][last - 1] + col * w->s[k][last], r.s0[k] = w->s[k][last - 1], r.s1[k] = w->s[k][last];
  for (int i = last - 2; i >= 0; i--) {
    int64_t x = outer % w->dim[i];
    outer /= w->dim[i];
    for (int k = 0; k < w->nin; k++) at[k] += x * w->s[k][i];
  }
  for (int k = 0; k < w->nin; k++) r.in[k] = w->in[k] + at[k] * (int64_t)w->item[k];
  r.out = w->out + place * (int64_t)w->out_item;
  if (w->op < 0) w->g->k->select(&r, w->out_item);
  else w->g->k->binary((gn_binary)w->op, w->type, &r);
}

static void walk_task(void *context, int64_t i, int worker) {
  const walk *w = context;
  for (int64_t c = i * w->group, end = c + w->group < w->cells ? c + w->group : w->cells; c < end; c++) run_cell(w, c);
}

static int64_t stride_of(const gn_tensor *t, int i, int ndim) {         /* along dim i of a result with ndim dims */
  int d = i - (ndim - t->ndim);
  return d < 0 || t->dim[d] == 1 ? 0 : t->stride[d];
}

/* Merges dims; at least two remain. */
static void lay_out(walk *w, gn_tensor *const *in, const gn_tensor *y) {
  int n = 0;
  for (int i = 0; i < y->ndim; i++) {
    if (y->dim[i] == 1) continue;
    int64_t s[3];
    bool merge = n > 0;
    for (int k = 0; k < w->nin; k++) {
      s[k] = stride_of(in[k], i, y->ndim);
      merge &= n > 0 && w->s[k][n - 1] == s[k] * y->dim[i];
    }
    int to = merge ? n - 1 : n++;
    w->dim[to] = merge ? w->dim[to] * y->dim[i] : y->dim[i];
    for (int k = 0; k < w->nin; k++) w->s[k][to] = s[k];
  }
  while (n < 2) {                                                      /* in front: dims of size 1 */
    for (int i = n; i > 0; i--) {
      w->dim[i] = w->dim[i - 1];
      for (int k = 0; k < w->nin; k++) w->s[k][i] = w->s[k][i - 1];
    }
    w->dim[0] = 1, n++;
    for (int k = 0; k < w->nin; k++) w->s[k][0] = 0;
  }
  w->nd = n;
}

static void run_walk(walk *w, int64_t total) {
  int64_t n0 = w->dim[w->nd - 2], n1 = w->dim[w->nd - 1];
  w->cols = n1 < 2 * CHUNK ? n1 : CHUNK;
  w->rows = CHUNK / w->cols < 1 ? 1 : CHUNK / w->cols < n0 ? CHUNK / w->cols : n0;
  w->col_tasks = (n1 + w->cols - 1) / w->cols, w->row_tasks = (n0 + w->rows - 1) / w->rows;
  w->cells = total / (n0 * n1) * w->row_tasks * w->col_tasks;
  w->group = w->rows * w->cols < CHUNK ? CHUNK / (w->rows * w->cols) : 1;
  if (total < PARALLEL) {
    w->group = w->cells;
    walk_task(w, 0, 0);
  } else gn_parallel(w->g, (w->cells + w->group - 1) / w->group, walk_task, w);
}

/* y (packed) = op(in..); an input as large as y whose rows do not run along, or are a few elements long, is packed first: a blocked copy beats strided reading. */
static bool walk_inputs(gn *g, int op, int nin, gn_tensor *const *given, gn_tensor *y, const float *p) {
  int64_t total = gn_numel(y);
  if (!total) return true;
  walk w = { .g = g, .op = op, .nin = nin, .out = y->data, .out_item = gn_size(y->dtype), .type = given[0]->dtype, .p = { p[0], p[1] } };
  gn_tensor *in[3] = { 0 }, *own[3] = { 0 };
  bool fine = true;
  for (int k = 0; k < nin && fine; k++) {
    in[k] = given[k];
    int last = in[k]->ndim - 1;
    while (last > 0 && in[k]->dim[last] == 1) last--;
    if (total >= 4096 && last > 0 && in[k]->dim[last] > 1 && (in[k]->stride[last] != 1 || in[k]->dim[last] < 8) && gn_numel(in[k]) == total && !gn_packed(in[k])) fine = (in[k] = own[k] = gn_pack(in[k])) != NULL;
    if (fine) w.in[k] = in[k]->data, w.item[k] = gn_size(in[k]->dtype);
  }
  if (fine) lay_out(&w, in, y), run_walk(&w, total);
  for (int k = 0; k < nin; k++) gn_unref(own[k]);
  return fine;
}

static bool same_packed(const gn_tensor *x, const gn_tensor *y) {
  if (x->ndim != y->ndim) return false;
  for (int i = 0; i < x->ndim; i++) if (x->dim[i] != y->dim[i]) return false;
  return gn_packed(x);
}

/* 1 = runs along with y, 0 = one number, -1 = neither */
static int plain_stride(const gn_tensor *x, const gn_tensor *y) { return same_packed(x, y) ? 1 : x->ndim == 0 ? 0 : -1; }

static bool pair(gn *g, gn_binary op, gn_tensor *a, gn_tensor *b, gn_tensor *y, double p0, double p1) {
  int sa = plain_stride(a, y), sb = plain_stride(b, y);
  int64_t n;
  if (sa >= 0 && sb >= 0 && (n = gn_numel(y)) < PARALLEL) {             /* small tensors: no walk */
    gn_run r;
    r.n0 = 1, r.n1 = n, r.in[0] = a->data, r.in[1] = b->data, r.out = y->data, r.out0 = 0;
    r.s0[0] = r.s0[1] = 0, r.s1[0] = sa, r.s1[1] = sb;
    r.p[0] = (float)p0, r.p[1] = (float)p1;
    return g->k->binary(op, a->dtype, &r), true;
  }
  gn_tensor *in[2] = { a, b };
  return walk_inputs(g, op, 2, in, y, (const float[2]){ (float)p0, (float)p1 });
}

/* ---- forward functions ---- */
#define UNARY(name) bool gn__fwd_##name(gn *g, const gn_arg *a, gn_tensor **out) { return unary(g, GN_U_##name, a[0].t, out[0], 0, 0); }
#define BINARY(name) bool gn__fwd_##name(gn *g, const gn_arg *a, gn_tensor **out) { return pair(g, GN_B_##name, a[0].t, a[1].t, out[0], 0, 0); }
UNARY(neg) UNARY(abs) UNARY(sign) UNARY(relu) UNARY(square) UNARY(floor) UNARY(ceil) UNARY(round)
UNARY(exp) UNARY(expm1) UNARY(log) UNARY(log1p) UNARY(log2) UNARY(sqrt) UNARY(rsqrt) UNARY(reciprocal) UNARY(sin) UNARY(cos) UNARY(tan) UNARY(tanh)
UNARY(sigmoid) UNARY(softplus) UNARY(erf) UNARY(silu) UNARY(mish) UNARY(softsign)
BINARY(add) BINARY(sub) BINARY(mul) BINARY(div) BINARY(maximum) BINARY(minimum) BINARY(remainder) BINARY(atan2)
BINARY(lt) BINARY(le) BINARY(gt) BINARY(ge) BINARY(eq) BINARY(ne) BINARY(logical_and) BINARY(logical_or)
BINARY(larger_share) BINARY(tanh_grad) BINARY(sigmoid_grad) BINARY(relu_grad) BINARY(softplus_grad) BINARY(silu_grad) BINARY(mish_grad) BINARY(softsign_grad) BINARY(erf_grad)

bool gn__fwd_leaky_relu(gn *g, const gn_arg *a, gn_tensor **out) { return unary(g, GN_U_leaky_relu, a[0].t, out[0], a[1].num, 0); }
bool gn__fwd_elu(gn *g, const gn_arg *a, gn_tensor **out) { return unary(g, GN_U_elu, a[0].t, out[0], a[1].num, 0); }
bool gn__fwd_gelu(gn *g, const gn_arg *a, gn_tensor **out) { return unary(g, a[1].num ? GN_U_gelu_erf : GN_U_gelu_tanh, a[0].t, out[0], 0, 0); }
bool gn__fwd_leaky_relu_grad(gn *g, const gn_arg *a, gn_tensor **out) { return pair(g, GN_B_leaky_relu_grad, a[0].t, a[1].t, out[0], a[2].num, 0); }
bool gn__fwd_elu_grad(gn *g, const gn_arg *a, gn_tensor **out) { return pair(g, GN_B_elu_grad, a[0].t, a[1].t, out[0], a[2].num, 0); }
bool gn__fwd_gelu_grad(gn *g, const gn_arg *a, gn_tensor **out) {
  return pair(g, a[2].num ? GN_B_gelu_erf_grad : GN_B_gelu_tanh_grad, a[0].t, a[1].t, out[0], 0, 0);
}
bool gn__fwd_clamp_grad(gn *g, const gn_arg *a, gn_tensor **out) { return pair(g, GN_B_clamp_grad, a[0].t, a[1].t, out[0], a[2].num, a[3].num); }

bool gn__fwd_clamp(gn *g, const gn_arg *a, gn_tensor **out) {
  double low = a[1].kind == GN_A_NIL ? -__builtin_inf() : a[1].num, high = a[2].kind == GN_A_NIL ? __builtin_inf() : a[2].num;
  if (!gn_is_float(a[0].t->dtype) && ((a[1].kind != GN_A_NIL && low != gn_floor(low)) || (a[2].kind != GN_A_NIL && high != gn_floor(high))))
    return gn_fail("clamp: x is %s and a bound is not a whole number: convert x with to('f32')", gn_dtype_name(a[0].t->dtype));
  return unary(g, GN_U_clamp, a[0].t, out[0], low, high);
}

bool gn__fwd_pow(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *b = a[1].t;
  if (b->dtype == GN_I32 || b->dtype == GN_I64)
    for (int64_t i = 0, n = gn_numel(b); i < n; i++)
      if (gn_get(b, i) < 0) return gn_fail("pow: b holds the negative whole number %.14g, wanted 0 or more for whole a: convert a with to('f32')", gn_get(b, i));
  return pair(g, GN_B_pow, a[0].t, b, out[0], 0, 0);
}

bool gn__fwd_isnan(gn *g, const gn_arg *a, gn_tensor **out) { return g->k->finite(true, gn_f32(a[0].t), (uint8_t *)out[0]->data, gn_numel(a[0].t)), true; }
bool gn__fwd_isfinite(gn *g, const gn_arg *a, gn_tensor **out) { return g->k->finite(false, gn_f32(a[0].t), (uint8_t *)out[0]->data, gn_numel(a[0].t)), true; }
bool gn__fwd_logical_not(gn *g, const gn_arg *a, gn_tensor **out) { return (out[0] = gn_ref(GN_DO(g, eq, gn_t(a[0].t), gn_n(0)))) != NULL; }

bool gn__fwd_where(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *in[3] = { a[0].t, a[1].t, a[2].t };
  return walk_inputs(g, -1, 3, in, out[0], (const float[2]){ 0 });
}

/* ---- in place ---- */
static bool in_place(gn *g, gn_op op, gn_binary kernel, gn_tensor *x, gn_tensor *b) {
  char s[160], t[160];
  bool fits = b->ndim <= x->ndim;
  for (int i = 1; fits && i <= b->ndim; i++) fits = b->dim[b->ndim - i] == 1 || b->dim[b->ndim - i] == x->dim[x->ndim - i];
  if (!fits) return gn_fail("%s: b is %s, which does not broadcast to x %s", g->row[op].name, gn_shape_text(b, s, sizeof s), gn_shape_text(x, t, sizeof t));
  bool apart = b->store != x->store || (b->data == x->data && same_packed(b, x));
  bool half = x->dtype == GN_F16 || x->dtype == GN_BF16;
  if (kernel == GN_B_div && !gn_is_float(x->dtype)) return gn_fail("div_: x is %s, wanted a float type (use div)", gn_shape_text(x, t, sizeof t));
  if (apart && !half && gn_packed(x)) return pair(g, kernel, x, b, x, 0, 0);
  static const gn_op plain[4] = { GN_OP_add, GN_OP_sub, GN_OP_mul, GN_OP_div };
  gn_op by = kernel == GN_B_div ? plain[3] : plain[kernel - GN_B_add];
  gn_arg two[2] = { gn_t(x), gn_t(b) };
  gn_tensor *y[GN_MAX_OUTS];
  bool was = gn_set_recording(g, false), fine = gn_call(g, by, two, 2, y) != 0;
  gn_set_recording(g, was);
  if (!fine) return false;
  fine = gn_copy_into(x, y[0]);
  gn_unref(y[0]);
  return fine;
}
bool gn__fwd_add_(gn *g, const gn_arg *a, gn_tensor **out) { return in_place(g, GN_OP_add_, GN_B_add, a[0].t, a[1].t); }
bool gn__fwd_sub_(gn *g, const gn_arg *a, gn_tensor **out) { return in_place(g, GN_OP_sub_, GN_B_sub, a[0].t, a[1].t); }
bool gn__fwd_mul_(gn *g, const gn_arg *a, gn_tensor **out) { return in_place(g, GN_OP_mul_, GN_B_mul, a[0].t, a[1].t); }
bool gn__fwd_div_(gn *g, const gn_arg *a, gn_tensor **out) { return in_place(g, GN_OP_div_, GN_B_div, a[0].t, a[1].t); }

/* ---- made of others ---- */
bool gn__fwd_masked_fill(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *x = a[0].t, *value = gn_hold(g, gn_scalar(g, a[2].num, x->dtype, 0));
  return (out[0] = gn_ref(GN_DO(g, where, gn_t(a[1].t), gn_t(value), gn_t(x)))) != NULL;
}

bool gn__fwd_lerp(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_tensor *way = GN_DO(g, sub, gn_t(a[1].t), gn_t(a[0].t));
  return (out[0] = gn_ref(GN_DO(g, add, gn_t(a[0].t), gn_t(GN_DO(g, mul, gn_t(way), gn_t(a[2].t)))))) != NULL;
}

static gn_tensor *row_sum(gn *g, gn_tensor *x) { return GN_DO(g, sum, gn_t(x), gn_n(-1), gn_n(1)); }

/* Shoemake 1985. Where a and b point the same or opposite way the sine vanishes: lerp there. */
bool gn__fwd_slerp(gn *g, const gn_arg *arg, gn_tensor **out) {
  gn_tensor *a = arg[0].t, *b = arg[1].t, *t = arg[2].t;
  if (a->ndim == 0 && b->ndim == 0) return gn_fail("slerp: a and b are numbers, wanted tensors with one dim or more");
  gn_tensor *lengths = GN_DO(g, sqrt, gn_t(GN_DO(g, mul, gn_t(row_sum(g, GN_DO(g, mul, gn_t(a), gn_t(a)))), gn_t(row_sum(g, GN_DO(g, mul, gn_t(b), gn_t(b)))))));
  gn_tensor *dot = GN_DO(g, div, gn_t(row_sum(g, GN_DO(g, mul, gn_t(a), gn_t(b)))), gn_t(lengths));
  gn_tensor *plain = GN_DO(g, logical_not, gn_t(GN_DO(g, lt, gn_t(GN_DO(g, abs, gn_t(dot))), gn_n(0.9999))));   /* NaN (a zero vector) too */
  gn_tensor *c = GN_DO(g, where, gn_t(plain), gn_n(0), gn_t(dot));
  gn_tensor *s = GN_DO(g, sqrt, gn_t(GN_DO(g, sub, gn_n(1), gn_t(GN_DO(g, mul, gn_t(c), gn_t(c))))));
  gn_tensor *angle = GN_DO(g, atan2, gn_t(s), gn_t(c));
  gn_tensor *rest = GN_DO(g, sub, gn_n(1), gn_t(t));
  gn_tensor *wa = GN_DO(g, where, gn_t(plain), gn_t(rest), gn_t(GN_DO(g, div, gn_t(GN_DO(g, sin, gn_t(GN_DO(g, mul, gn_t(angle), gn_t(rest))))), gn_t(s))));
  gn_tensor *wb = GN_DO(g, where, gn_t(plain), gn_t(t), gn_t(GN_DO(g, div, gn_t(GN_DO(g, sin, gn_t(GN_DO(g, mul, gn_t(angle), gn_t(t))))), gn_t(s))));
  return (out[0] = gn_ref(GN_DO(g, add, gn_t(GN_DO(g, mul, gn_t(wa), gn_t(a))), gn_t(GN_DO(g, mul, gn_t(wb), gn_t(b)))))) != NULL;
}

/* ---- dropout ---- */
typedef struct mask_job { gn *g; uint64_t key, block, keep; float *y, scale; int64_t n; } mask_job;

static void mask_task(void *context, int64_t i, int worker) {
  const mask_job *j = context;
  int64_t from = i * CHUNK, n = j->n - from < CHUNK ? j->n - from : CHUNK;
  j->g->k->dropout_mask(j->key, j->block + (uint64_t)from / 4, j->y + from, n, j->keep, j->scale);
}

/* Element i takes the draw at (the stream's position, rounded up to 4) + i. */
bool gn__fwd_dropout_mask(gn *g, const gn_arg *a, gn_tensor **out) {
  gn_rng *rng = a[2].rng;
  double share = 1.0 - a[1].num;
  if (!(share >= 0.0 && share <= 1.0)) return gn_fail("dropout: p is %.14g, wanted 0..1", a[1].num);
  uint64_t at = (rng->next + 3) / 4 * 4;
  mask_job j = { g, rng->key, at / 4, (uint64_t)(share * 4294967296.0), gn_f32(out[0]), share > 0.0 ? (float)(1.0 / share) : 0.0f, gn_numel(out[0]) };
  rng->next = at + (uint64_t)j.n;
  if (j.n < PARALLEL) for (int64_t i = 0; i * CHUNK < j.n; i++) mask_task(&j, i, 0);
  else gn_parallel(g, (j.n + CHUNK - 1) / CHUNK, mask_task, &j);
  return true;
}

bool gn__fwd_dropout(gn *g, const gn_arg *a, gn_tensor **out) {
  if (!(a[1].num >= 0.0 && a[1].num <= 1.0)) return gn_fail("dropout: p is %.14g, wanted 0..1", a[1].num);
  if (!a[3].num || a[1].num == 0.0) return (out[0] = gn_ref(a[0].t)) != NULL;
  gn_arg rng = { .kind = GN_A_RNG, .n = 1, .rng = a[2].rng };
  bool was = gn_set_recording(g, false);
  gn_tensor *mask = GN_DO(g, dropout_mask, gn_t(a[0].t), gn_n(a[1].num), rng);
  gn_set_recording(g, was);
  return (out[0] = gn_ref(GN_DO(g, mul, gn_t(a[0].t), gn_t(mask)))) != NULL;
}
