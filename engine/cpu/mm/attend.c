/* attend.c: fused attention. A task takes one head and ROWS rows of q: their scores against all visible keys (in cache), softmax, product with v.
 * Keys are packed once into panels (transposed), which all heads of a group and all rows use. Backward computes the scores again from lse; a task takes one
 * group of heads and a stretch of keys, so that dk and dv are summed in one place and in order. */
#include "../kernels.h"
#include "../vecmath.h"
#include "gemm.h"

#define ROWS 24
#define SPAN 32                                  /* visible keys start and end at multiples of this at every ISA level: lanes of sums depend on it */
#define KEYS 256                                 /* keys of one step of a product: their values stay in the L1 cache */

typedef struct attend {
  const gn_attend *p;
  int64_t panels, blocks, chunk, chunks;
  int64_t dr, er;                                /* d and e rounded up to whole panels */
  float *kt, *vt;                                /* k^T and v^T in panels [d or e][NR] for each b, g; NULL = pack on the fly */
  float *kr, *vr;                                /* rows of k and v filled up to dr, er; NULL = they fit as they are */
  float *part;                                   /* dq of chunks 1.. */
  float *scratch; size_t stride; int64_t width;
} attend;

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t up(int64_t x, int64_t unit) { return (x + unit - 1) / unit * unit; }

/* ---- which keys row i sees: lo .. hi - 1 ---- */
static int64_t first_key(const gn_attend *p, int64_t i) { return p->window > 0 ? larger(0, i + p->n - p->m - p->window + 1) : 0; }
static int64_t last_key(const gn_attend *p, int64_t i) {
  int64_t at = i + p->n - p->m, hi = p->causal ? at + 1 : p->n;
  if (p->window > 0) hi = smaller(hi, at + p->window);
  return larger(0, smaller(hi, p->n));
}

/* ---- products ---- */
/* s[rows, span] = a[rows,k] times panels from key j0 on. */
static void scores(const float *panels, const float *from, int64_t step, int64_t have, int64_t rows, int64_t k, const float *a, int64_t lda, int64_t j0, int64_t j1, float *s, int64_t lds, float *spare) {
  for (int64_t j = j0; j < j1; j += NR) {
    const float *b = spare;
    if (panels) b = panels + j / NR * k * NR;
    else pack_panel(NR, larger(0, smaller(NR, have - j)), k, from + j * step, step, 1, spare);
    for (int64_t i = 0; i < rows; i += MR) K(micro_table)[smaller(MR, rows - i)](k, a + i * lda, lda, 1, b, NR, s + i * lds + j - j0, lds, false, 0, NULL);
  }
}

/* c[m,n] (+)= a[m,k] b[k,n]; b has rows of whole panels. */
static void apply(int64_t m, int64_t n, int64_t k, const float *a, int64_t ars, int64_t acs, const float *b, int64_t brs, float *c, int64_t ldc, bool add) {
  if (k == 0 && add) return;
  for (int64_t p = 0; p < k || p == 0; p += KEYS, add = true)
    for (int64_t j = 0; j < n; j += NR)
      for (int64_t i = 0; i < m; i += MR) {
        int64_t r = smaller(MR, m - i), w = smaller(NR, n - j), kc = smaller(KEYS, k - p);
        if (w == NR) K(micro_table)[r](kc, a + i * ars + p * acs, ars, acs, b + p * brs + j, brs, c + i * ldc + j, ldc, add, 0, NULL);
        else micro_edge(r, w, kc, a + i * ars + p * acs, ars, acs, b + p * brs + j, brs, c + i * ldc + j, ldc, add);
      }
}

/* ---- rows of scores ---- */
static void fill(float *s, int64_t from, int64_t to, float x) {
  for (int64_t j = from; j < to; j++) s[j] = x;
}

/* Softcap, mask and the edges of what row i sees; s holds keys j0 .. j0 + span - 1. */
static void bend(const gn_attend *p, const float *mask, int64_t i, float *s, int64_t j0, int64_t span) {
  int64_t lo = smaller(larger(first_key(p, i) - j0, 0), span), hi = larger(lo, smaller(last_key(p, i) - j0, span));
  if (p->softcap > 0)
    for (int64_t j = 0; j < span; j += 16) v16_store(s + j, v16_mul(v16_tanh(v16_div(v16_load(s + j), v16_set(p->softcap))), v16_set(p->softcap)));
  if (mask) {
    const float *m = mask + i * p->mstep[2] + j0 * p->mstep[3];
    if (p->mstep[3] == 1)
      for (int64_t j = lo; j < hi; j++) s[j] += m[j];
    else
      for (int64_t j = lo; j < hi; j++) s[j] += m[j * p->mstep[3]];
  }
  fill(s, 0, lo, -__builtin_inff());
  fill(s, hi, span, -__builtin_inff());
}

/* s becomes exp(s - its largest); the sum comes back, 0 for a row without keys. */
static float soften(float *s, int64_t span, float *lse) {
  v16 top = v16_set(-__builtin_inff()), sum = v16_set(0);
  for (int64_t j = 0; j < span; j += 16) top = v16_max(top, v16_load(s + j));
  float most = v16_top(top);
  *lse = most;
  if (most == -__builtin_inff()) {
    fill(s, 0, span, 0);
    return 0;
  }
  for (int64_t j = 0; j < span; j += 16) {
    v16 e = v16_exp(v16_sub(v16_load(s + j), v16_set(most)));
    sum = v16_add(sum, e);
    v16_store(s + j, e);
  }
  float total = v16_sum(sum);
  *lse = most + v_log(v_set(total))[0];
  return total;
}

static const float *mask_of(const gn_attend *p, int64_t b, int64_t h) { return p->mask ? p->mask + b * p->mstep[0] + h * p->mstep[1] : NULL; }

/* Rows i.. of q, scaled, and filled up to `width`. */
static void take_rows(const float *x, int64_t step, int64_t rows, int64_t n, int64_t width, float scale, float *d) {
  for (int64_t i = 0; i < rows; i++, x += step, d += width) {
    for (int64_t c = 0; c < n; c++) d[c] = x[c] * scale;
    fill(d, n, width, 0);
  }
}

static void forward_task(void *context, int64_t t, int worker) {
  const attend *a = context;
  const gn_attend *p = a->p;
  int64_t block = t % a->blocks, h = t / a->blocks % p->h, b = t / a->blocks / p->h, group = h / (p->h / p->g);
  int64_t i0 = block * ROWS, rows = smaller(ROWS, p->m - i0), kv = b * p->g + group;
  int64_t lo = first_key(p, i0) / SPAN * SPAN, hi = last_key(p, i0 + rows - 1), span = hi > lo ? up(hi - lo, SPAN) : 0;
  float *s = (float *)((char *)a->scratch + worker * a->stride), *q = s + ROWS * a->width, *spare = q + ROWS * p->d;
  const float *k = p->k + b * p->kstep[0] + group * p->kstep[1], *v = p->v + b * p->vstep[0] + group * p->vstep[1];
  float *out = p->out + ((b * p->h + h) * p->m + i0) * p->e, *lse = p->lse + (b * p->h + h) * p->m + i0, sum[ROWS];
  take_rows(p->q + b * p->qstep[0] + h * p->qstep[1] + i0 * p->qstep[2], p->qstep[2], rows, p->d, p->d, p->scale, q);
  scores(a->kt ? a->kt + kv * a->panels * p->d * NR : NULL, k, p->kstep[2], p->n, rows, p->d, q, p->d, lo, lo + span, s, a->width, spare);
  for (int64_t i = 0; i < rows; i++) {
    bend(p, mask_of(p, b, h), i0 + i, s + i * a->width, lo, span);
    sum[i] = soften(s + i * a->width, span, lse + i);
  }
  int64_t step = a->vr ? a->er : p->vstep[2];
  apply(rows, p->e, larger(0, hi - lo), s, a->width, 1, (a->vr ? a->vr + kv * p->n * a->er : v) + lo * step, step, out, p->e, false);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t c = 0; c < p->e; c++) out[i * p->e + c] = sum[i] == 0 ? 0 : out[i * p->e + c] / sum[i];
}

/* ---- packing: one task takes the keys of one b, g under one panel ---- */
static void pack_task(void *context, int64_t t, int worker) {
  const attend *a = context;
  const gn_attend *p = a->p;
  int64_t kv = t / a->panels, j = t % a->panels * NR, n = larger(0, smaller(NR, p->n - j));
  const float *k = p->k + kv / p->g * p->kstep[0] + kv % p->g * p->kstep[1] + j * p->kstep[2], *v = p->v + kv / p->g * p->vstep[0] + kv % p->g * p->vstep[1] + j * p->vstep[2];
  if (a->kt) pack_panel(NR, n, p->d, k, p->kstep[2], 1, a->kt + t * p->d * NR);
  if (a->vt) pack_panel(NR, n, p->e, v, p->vstep[2], 1, a->vt + t * p->e * NR);
  if (a->kr) take_rows(k, p->kstep[2], n, p->d, a->dr, 1, a->kr + (kv * p->n + j) * a->dr);
  if (a->vr) take_rows(v, p->vstep[2], n, p->e, a->er, 1, a->vr + (kv * p->n + j) * a->er);
}

/* The floats that are packed, all in one block. */
static float *pack_all(gn *g, attend *a, bool kt, bool vt, bool kr, bool vr, int64_t parts, size_t *bytes) {
  const gn_attend *p = a->p;
  int64_t kv = p->b * p->g, size[5] = { kt * kv * a->panels * p->d * NR, vt * kv * a->panels * p->e * NR, kr * kv * p->n * a->dr, vr * kv * p->n * a->er, parts * p->b * p->h * p->m * p->d }, at = 0;
  for (int i = 0; i < 5; i++) at += up(size[i], 16);
  float *block = gn_alloc(g, *bytes = sizeof(float) * (size_t)at + 64), *next = block;
  if (!block) return NULL;
  float **to[5] = { &a->kt, &a->vt, &a->kr, &a->vr, &a->part };
  for (int i = 0; i < 5; i++) {
    if (size[i]) *to[i] = next;
    next += up(size[i], 16);
  }
  if (kt || vt || kr || vr) gn_parallel(g, kv * a->panels, pack_task, a);
  return block;
}

static attend plan(const gn_attend *p) {
  attend a = { .p = p };
  a.panels = up(p->n, SPAN) / NR, a.blocks = (p->m + ROWS - 1) / ROWS;
  a.dr = up(p->d, NR), a.er = up(p->e, NR);
  a.width = up(p->n, SPAN);
  return a;
}

#ifdef GN_FAST
/* ---- one row of q, as when text is generated: nothing is packed, every key is read once ---- */
typedef float v8 __attribute__((vector_size(32)));
GN_INLINE v8 load8(const float *x) {
  v8 v;
  __builtin_memcpy(&v, x, sizeof v);
  return v;
}
GN_INLINE float sum8(v8 x) { return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7])); }

static float dot8(const float *x, const float *y, int64_t n) {
  v8 a = { 0 };
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) a += load8(x + i) * load8(y + i);
  float rest = 0;
  for (; i < n; i++) rest += x[i] * y[i];
  return sum8(a) + rest;
}

/* out[e] = s[n] times the rows of v, divided by total */
static void mix_rows(const float *s, int64_t n, const float *v, int64_t step, int64_t e, float total, float *out) {
  int64_t c = 0;
  for (; c + 8 <= e; c += 8) {
    v8 a[4] = { { 0 } };
    int64_t j = 0;
    for (; j + 4 <= n; j += 4)
      for (int u = 0; u < 4; u++) a[u] += s[j + u] * load8(v + (j + u) * step + c);
    for (; j < n; j++) a[0] += s[j] * load8(v + j * step + c);
    v8 y = ((a[0] + a[1]) + (a[2] + a[3])) / total;
    __builtin_memcpy(out + c, &y, sizeof y);
  }
  for (; c < e; c++) {
    float sum = 0;
    for (int64_t j = 0; j < n; j++) sum += s[j] * v[j * step + c];
    out[c] = sum / total;
  }
}

static void one_row_task(void *context, int64_t t, int worker) {
  const attend *a = context;
  const gn_attend *p = a->p;
  int64_t b = t / p->h, h = t % p->h, group = h / (p->h / p->g), lo = first_key(p, 0), n = larger(0, last_key(p, 0) - lo);
  float *s = (float *)((char *)a->scratch + worker * a->stride), *q = s + a->width, *out = p->out + t * p->e;
  const float *k = p->k + b * p->kstep[0] + group * p->kstep[1] + lo * p->kstep[2], *v = p->v + b * p->vstep[0] + group * p->vstep[1] + lo * p->vstep[2];
  take_rows(p->q + b * p->qstep[0] + h * p->qstep[1], 0, 1, p->d, p->d, p->scale, q);
  for (int64_t j = 0; j < n; j++) s[j] = dot8(q, k + j * p->kstep[2], p->d);
  fill(s, n, up(n, 16), -__builtin_inff());
  float total = n ? soften(s, up(n, 16), p->lse + t) : 0;
  if (n == 0) p->lse[t] = -__builtin_inff();
  if (total == 0) fill(out, 0, p->e, 0);
  else mix_rows(s, n, v, p->vstep[2], p->e, total, out);
}

static void all_rows_task(void *context, int64_t t, int worker) {       /* too little work to share out */
  const attend *a = context;
  for (int64_t i = 0; i < a->p->b * a->p->h; i++) one_row_task(context, i, worker);
}

static bool attend_one(gn *g, const gn_attend *p) {
  attend a = plan(p);
  int64_t tasks = p->b * p->h;
  a.stride = sizeof(float) * (size_t)up(a.width + p->d, 16);
  if (!(a.scratch = gn_scratch(g, &a.stride))) return false;
  if (tasks * p->n * (p->d + p->e) < 1 << 18) gn_parallel(g, 1, all_rows_task, &a);
  else gn_parallel(g, tasks, one_row_task, &a);
  gn_scratch_free(g, a.scratch, a.stride);
  return true;
}
#endif

bool K(attend)(gn *g, const gn_attend *p) {
  attend a = plan(p);
  size_t bytes;
  if (p->b * p->h * p->m == 0) return true;
#ifdef GN_FAST
  if (p->m == 1 && !p->mask && p->softcap == 0) return attend_one(g, p);
#endif
  float *packed = pack_all(g, &a, a.blocks > 1, false, false, p->e % NR != 0, 0, &bytes);
  if (!packed) return false;
  a.stride = sizeof(float) * (size_t)up(ROWS * a.width + ROWS * p->d + p->d * NR, 16);
  if ((a.scratch = gn_scratch(g, &a.stride))) {
    gn_parallel(g, p->b * p->h * a.blocks, forward_task, &a);
    gn_scratch_free(g, a.scratch, a.stride);
  }
  gn_free(g, packed, bytes);
  return a.scratch != NULL;
}

/* ---- backward ---- */
typedef struct back { float *s, *ds, *q, *o; const float *kt, *vt, *k; int64_t krs; float *dk, *dv, *dq; } back;

/* From scores s and dp = dout v^T to p (in s) and the scores' gradient (in ds). */
static void slope(const gn_attend *p, const float *mask, int64_t i, float lse, float inner, float *s, float *ds, int64_t j0, int64_t span) {
  bend(p, mask, i, s, j0, span);
  if (lse == -__builtin_inff()) {
    fill(s, 0, span, 0), fill(ds, 0, span, 0);
    return;
  }
  for (int64_t j = 0; j < span; j += 16) {
    v16 e = v16_exp(v16_sub(v16_load(s + j), v16_set(lse)));
    v16_store(ds + j, v16_mul(e, v16_sub(v16_load(ds + j), v16_set(inner))));
    v16_store(s + j, e);
  }
}

/* ds *= 1 - tanh(s / c)^2 with the scores before softcap. */
static void slope_cap(const gn_attend *p, const float *raw, float *ds, int64_t span) {
  for (int64_t j = 0; j < span; j += 16) {
    v16 t = v16_tanh(v16_div(v16_load(raw + j), v16_set(p->softcap)));
    v16_store(ds + j, v16_mul(v16_load(ds + j), v16_sub(v16_set(1), v16_mul(t, t))));
  }
}

static float dot(const float *x, const float *y, int64_t n) {
  v16 s = v16_set(0);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) s = v16_add(s, v16_mul(v16_load(x + i), v16_load(y + i)));
  float rest = 0;
  for (; i < n; i++) rest += x[i] * y[i];
  return v16_sum(s) + rest;
}

static void back_block(const attend *a, const back *w, int64_t b, int64_t h, int64_t i0, int64_t from, int64_t to) {
  const gn_attend *p = a->p;
  int64_t rows = smaller(ROWS, p->m - i0), row = (b * p->h + h) * p->m + i0;
  int64_t lo = larger(from, first_key(p, i0) / SPAN * SPAN), hi = smaller(to, last_key(p, i0 + rows - 1)), span = hi > lo ? up(hi - lo, SPAN) : 0, ld = a->width;
  if (span == 0) return;
  take_rows(p->q + b * p->qstep[0] + h * p->qstep[1] + i0 * p->qstep[2], p->qstep[2], rows, p->d, a->dr, p->scale, w->q);
  take_rows(p->dout + b * p->dstep[0] + h * p->dstep[1] + i0 * p->dstep[2], p->dstep[2], rows, p->e, a->er, 1, w->o);
  scores(w->kt, NULL, 0, 0, rows, p->d, w->q, a->dr, lo, lo + span, w->s, ld, NULL);
  scores(w->vt, NULL, 0, 0, rows, p->e, w->o, a->er, lo, lo + span, w->ds, ld, NULL);
  float *raw = w->ds + ROWS * ld;
  for (int64_t i = 0; i < rows; i++) {
    if (p->softcap > 0) memcpy(raw, w->s + i * ld, sizeof(float) * (size_t)span);
    slope(p, mask_of(p, b, h), i0 + i, p->lse[row + i], dot(w->o + i * a->er, p->out + (row + i) * p->e, p->e), w->s + i * ld, w->ds + i * ld, lo, span);
    if (p->softcap > 0) slope_cap(p, raw, w->ds + i * ld, span);
  }
  apply(hi - lo, p->e, rows, w->s, 1, ld, w->o, a->er, w->dv + lo * p->e, p->e, true);
  apply(hi - lo, p->d, rows, w->ds, 1, ld, w->q, a->dr, w->dk + lo * p->d, p->d, true);
  apply(rows, p->d, hi - lo, w->ds, ld, 1, w->k + lo * w->krs, w->krs, w->dq + row * p->d, p->d, true);
}

static void back_task(void *context, int64_t t, int worker) {
  const attend *a = context;
  const gn_attend *p = a->p;
  int64_t part = t % a->chunks, kv = t / a->chunks, b = kv / p->g, group = kv % p->g, heads = p->h / p->g, from = part * a->chunk, to = smaller(p->n, from + a->chunk);
  back w = { .s = (float *)((char *)a->scratch + worker * a->stride), .kt = a->kt + kv * a->panels * p->d * NR, .vt = a->vt + kv * a->panels * p->e * NR };
  w.ds = w.s + ROWS * a->width, w.q = w.ds + (ROWS + 1) * a->width, w.o = w.q + ROWS * a->dr;
  w.k = a->kr ? a->kr + kv * p->n * a->dr : p->k + b * p->kstep[0] + group * p->kstep[1], w.krs = a->kr ? a->dr : p->kstep[2];
  w.dk = p->dk + kv * p->n * p->d, w.dv = p->dv + kv * p->n * p->e;
  w.dq = part ? a->part + (part - 1) * p->b * p->h * p->m * p->d : p->dq;
  memset(w.dk + from * p->d, 0, sizeof(float) * (size_t)((to - from) * p->d));
  memset(w.dv + from * p->e, 0, sizeof(float) * (size_t)((to - from) * p->e));
  memset(w.dq + (b * p->h + group * heads) * p->m * p->d, 0, sizeof(float) * (size_t)(heads * p->m * p->d));
  for (int64_t h = group * heads; h < (group + 1) * heads; h++)
    for (int64_t i = 0; i < p->m; i += ROWS) back_block(a, &w, b, h, i, from, to);
}

/* dq: the chunks' parts in order, times the scale. */
static void join_task(void *context, int64_t t, int worker) {
  const attend *a = context;
  const gn_attend *p = a->p;
  int64_t size = p->b * p->h * p->m * p->d, from = t * 16384, to = smaller(size, from + 16384);
  for (int64_t c = 1; c < a->chunks; c++)
    for (int64_t i = from; i < to; i++) p->dq[i] += a->part[(c - 1) * size + i];
  for (int64_t i = from; i < to; i++) p->dq[i] *= p->scale;
}

bool K(attend_back)(gn *g, const gn_attend *p) {
  attend a = plan(p);
  size_t bytes;
  int64_t kv = p->b * p->g, size = p->b * p->h * p->m * p->d, want = kv >= 8 ? 1 : larger(1, smaller(8 / larger(kv, 1), p->n / 128));
  a.chunk = larger(SPAN, up((p->n + want - 1) / want, SPAN)), a.chunks = larger(1, (p->n + a.chunk - 1) / a.chunk);
  if (kv == 0) return true;
  float *packed = pack_all(g, &a, true, true, p->d % NR != 0, false, a.chunks - 1, &bytes);
  if (!packed) return false;
  a.width = up(a.chunk, SPAN);
  a.stride = sizeof(float) * (size_t)up((2 * ROWS + 1) * a.width + ROWS * (a.dr + a.er), 16);
  if ((a.scratch = gn_scratch(g, &a.stride))) {
    gn_parallel(g, kv * a.chunks, back_task, &a);
    gn_parallel(g, (size + 16383) / 16384, join_task, &a);
    gn_scratch_free(g, a.scratch, a.stride);
  }
  gn_free(g, packed, bytes);
  return a.scratch != NULL;
}
