/* index.c: kernels that move elements to and from positions held in index tensors (i32, or i64 where `wide`). Positions were checked before
 * (index_check); sums at one place are taken in the order of the index, whatever the number of threads. */
#include "kernels.h"
#include <string.h>

#define CHUNK (64 << 10)                 /* bytes or elements of one task */
typedef struct job {
  const gn_places *p;
  char *out; const char *in;
  const void *index; bool wide;
  int64_t outer, len, m, inner, per, parts;
  gn_dtype type; int64_t bytes;
} job;

static inline int64_t at(const void *index, bool wide, int64_t i) { return wide ? ((const int64_t *)index)[i] : ((const int32_t *)index)[i]; }
static inline int64_t low(int64_t a, int64_t b) { return a < b ? a : b; }

/* Returns the place of the first position that is negative or >= size, -1 where all are good. */
int64_t K(index_check)(const void *index, bool wide, int64_t n, int64_t size) {
  uint64_t most = 0;
  if (wide) for (int64_t i = 0; i < n; i++) { uint64_t v = ((const uint64_t *)index)[i]; most = v > most ? v : most; }
  else {
    uint32_t m = 0;
    for (int64_t i = 0; i < n; i++) { uint32_t v = ((const uint32_t *)index)[i]; m = v > m ? v : m; }
    most = m;
  }
  if (n == 0 || (most < (uint64_t)size && (wide || most <= INT32_MAX))) return -1;
  for (int64_t i = 0; i < n; i++) { int64_t v = at(index, wide, i); if (v < 0 || v >= size) return i; }
  return -1;
}

/* ---- rows: out[o,i,:] = x[o,index[i],:], rows of `bytes` bytes ---- */
static void take_task(void *context, int64_t t, int worker) {
  const job *j = context;
  int64_t from = t * j->per, to = low(from + j->per, j->outer * j->m), b = j->bytes;
  for (int64_t r = from; r < to; r++) {
    int64_t o = r / j->m, i = r - o * j->m;
    const char *in = j->in + (o * j->len + at(j->index, j->wide, i)) * b;
    char *out = j->out + r * b;
    if (b == 4) *(uint32_t *)out = *(const uint32_t *)in;
    else memcpy(out, in, (size_t)b);
  }
}
void K(take_rows)(gn *g, void *out, const void *x, const void *index, bool wide, int64_t outer, int64_t len, int64_t m, int64_t bytes) {
  if (outer * m == 0 || bytes == 0) return;
  job j = { .out = out, .in = x, .index = index, .wide = wide, .outer = outer, .len = len, .m = m, .bytes = bytes };
  j.per = CHUNK / bytes > 1 ? CHUNK / bytes : 1;
  gn_parallel(g, (outer * m + j.per - 1) / j.per, take_task, &j);
}

static inline __attribute__((always_inline)) void add_span(char *out, const char *in, int64_t n, gn_dtype type) {
  if (type == GN_F32) for (int64_t k = 0; k < n; k++) ((float *)out)[k] += ((const float *)in)[k];
  else if (type == GN_I32) for (int64_t k = 0; k < n; k++) ((uint32_t *)out)[k] += ((const uint32_t *)in)[k];
  else for (int64_t k = 0; k < n; k++) ((uint64_t *)out)[k] += ((const uint64_t *)in)[k];
}
/* One task owns the destinations len * part / parts .. of one outer index, so no two tasks write one place. */
static void add_task(void *context, int64_t t, int worker) {
  const job *j = context;
  int64_t o = t / j->parts, part = t % j->parts, bytes = j->bytes * j->inner;
  int64_t from = j->len * part / j->parts, to = j->len * (part + 1) / j->parts;
  for (int64_t i = 0; i < j->m; i++) {
    int64_t k = at(j->index, j->wide, i);
    if (k >= from && k < to) add_span(j->out + (o * j->len + k) * bytes, j->in + (o * j->m + i) * bytes, j->inner, j->type);
  }
}
/* out[o,index[i],:] += src[o,i,:]; f32, i32 and i64. */
void K(add_rows)(gn *g, void *out, const void *src, const void *index, bool wide, int64_t outer, int64_t len, int64_t m, int64_t inner, gn_dtype type) {
  if (outer * m * inner == 0) return;
  job j = { .out = out, .in = src, .index = index, .wide = wide, .outer = outer, .len = len, .m = m, .inner = inner, .type = type };
  j.bytes = type == GN_I64 ? 8 : 4;
  int64_t wanted = inner >= 16 ? m * inner / 32768 + 1 : 1;
  j.parts = low(low(wanted, 8), len);
  gn_parallel(g, outer * j.parts, add_task, &j);
}

/* ---- places: element (o,i,k) of the index and of the packed side belongs to offset lead[o] + index[o,i,k] * stride + trail[k] of the other ---- */
static inline int64_t place(const gn_places *p, int64_t o, int64_t k) { return (p->lead ? p->lead[o] : o * p->lead_stride) + (p->trail ? p->trail[k] : k); }

enum { TAKE, PUT, ADD };
static inline __attribute__((always_inline)) void one(char *there, char *here, int mode, gn_dtype type, int64_t bytes) {
  if (mode == ADD) add_span(there, here, 1, type);
  else {
    char *to = mode == TAKE ? here : there, *from = mode == TAKE ? there : here;
    if (bytes == 4) *(uint32_t *)to = *(uint32_t *)from;
    else if (bytes == 8) *(uint64_t *)to = *(uint64_t *)from;
    else if (bytes == 2) *(uint16_t *)to = *(uint16_t *)from;
    else *to = *from;
  }
}
/* Tasks cut the outer indices, or the inner ones where there are few outer ones: never the indexed dim, so the order of writes stays. */
static inline __attribute__((always_inline)) void places_span(const job *j, int64_t t, int mode, bool wide, gn_dtype type, int64_t bytes) {
  const gn_places *p = j->p;
  int64_t cuts = j->parts, o0 = t, o1 = t + 1, k0 = 0, k1 = p->inner;
  if (cuts) o0 = t / cuts, o1 = o0 + 1, k0 = p->inner * (t % cuts) / cuts, k1 = p->inner * (t % cuts + 1) / cuts;
  else o0 = t * j->per, o1 = low(o0 + j->per, p->outer);
  for (int64_t o = o0; o < o1 && p->inner == 1; o++) {              /* along the last dim */
    char *base = j->out + place(p, o, 0) * bytes;
    for (int64_t e = o * p->m; e < (o + 1) * p->m; e++) one(base + at(j->index, wide, e) * p->stride * bytes, (char *)j->in + e * bytes, mode, type, bytes);
  }
  for (int64_t o = o0; o < o1 && p->inner != 1; o++)
    for (int64_t i = 0; i < p->m; i++)
      for (int64_t k = k0; k < k1; k++) {
        int64_t e = (o * p->m + i) * p->inner + k;
        one(j->out + (place(p, o, k) + at(j->index, wide, e) * p->stride) * bytes, (char *)j->in + e * bytes, mode, type, bytes);
      }
}
static inline __attribute__((always_inline)) void places_of(const job *j, int64_t t, int mode) {
  if (j->type == GN_F32 && !j->wide) places_span(j, t, mode, false, GN_F32, 4);
  else if (j->type == GN_F32) places_span(j, t, mode, true, GN_F32, 4);
  else places_span(j, t, mode, j->wide, j->type, j->bytes);
}
static void take_places(void *context, int64_t t, int worker) { places_of(context, t, TAKE); }
static void put_places(void *context, int64_t t, int worker) { places_of(context, t, PUT); }
static void add_places(void *context, int64_t t, int worker) { places_of(context, t, ADD); }

static void run_places(gn *g, gn_task *task, const gn_places *p, void *there, void *here, const void *index, bool wide, gn_dtype type) {
  int64_t plane = p->m * p->inner;
  if (p->outer * plane == 0) return;
  job j = { .p = p, .out = there, .in = here, .index = index, .wide = wide, .type = type, .bytes = (int64_t)gn_size(type) };
  if (plane > CHUNK && p->inner >= 16) {
    j.parts = low(low(plane / CHUNK + 1, 8), p->inner / 16);
    gn_parallel(g, p->outer * j.parts, task, &j);
    return;
  }
  j.per = CHUNK / plane > 1 ? CHUNK / plane : 1;
  gn_parallel(g, (p->outer + j.per - 1) / j.per, task, &j);
}
void K(gather)(gn *g, const gn_places *p, void *out, const void *x, const void *index, bool wide, gn_dtype type) {
  run_places(g, take_places, p, (void *)x, out, index, wide, type);
}
void K(scatter)(gn *g, const gn_places *p, void *out, const void *src, const void *index, bool wide, gn_dtype type) {
  run_places(g, put_places, p, out, (void *)src, index, wide, type);
}
/* f32, i32 and i64 */
void K(scatter_add)(gn *g, const gn_places *p, void *out, const void *src, const void *index, bool wide, gn_dtype type) {
  run_places(g, add_places, p, out, (void *)src, index, wide, type);
}

/* ---- blocks: `rows` blocks of `bytes` bytes, the r-th from in + r * in_step to out + r * out_step ---- */
typedef struct blocks { char *out; const char *in; int64_t rows, bytes, out_step, in_step, per, cuts; } blocks;
static void blocks_task(void *context, int64_t t, int worker) {
  const blocks *b = context;
  if (b->cuts > 1) {
    int64_t r = t / b->cuts, from = t % b->cuts * CHUNK;
    memcpy(b->out + r * b->out_step + from, b->in + r * b->in_step + from, (size_t)low(CHUNK, b->bytes - from));
    return;
  }
  int64_t to = low((t + 1) * b->per, b->rows);
  for (int64_t r = t * b->per; r < to; r++) {
    if (b->bytes == 4) memcpy(b->out + r * b->out_step, b->in + r * b->in_step, 4);   /* one move; halves need not be aligned to 4 */
    else memcpy(b->out + r * b->out_step, b->in + r * b->in_step, (size_t)b->bytes);
  }
}
void K(copy_blocks)(gn *g, void *out, const void *in, int64_t rows, int64_t bytes, int64_t out_step, int64_t in_step) {
  if (rows == 0 || bytes == 0) return;
  blocks b = { out, in, rows, bytes, out_step, in_step, CHUNK / bytes > 1 ? CHUNK / bytes : 1, (bytes + CHUNK - 1) / CHUNK };
  gn_parallel(g, b.cuts > 1 ? rows * b.cuts : (rows + b.per - 1) / b.per, blocks_task, &b);
}

/* ---- triangles: keeps x[r,c] where c - r <= diagonal (lower) or >= (upper), zero elsewhere; elements of 1, 2, 4 or 8 bytes ---- */
typedef struct triangle { char *out; const char *in; int64_t rows, columns, diagonal, bytes, per, total; bool lower; } triangle;
static void triangle_task(void *context, int64_t t, int worker) {
  const triangle *a = context;
  int64_t to = low((t + 1) * a->per, a->total), n = a->columns, b = a->bytes;
  for (int64_t r = t * a->per; r < to; r++) {
    int64_t cut = r % a->rows + a->diagonal + (a->lower ? 1 : 0);
    cut = cut < 0 ? 0 : cut > n ? n : cut;
    char *out = a->out + r * n * b;
    const char *in = a->in + r * n * b;
    if (a->lower) memcpy(out, in, (size_t)(cut * b)), memset(out + cut * b, 0, (size_t)((n - cut) * b));
    else memset(out, 0, (size_t)(cut * b)), memcpy(out + cut * b, in + cut * b, (size_t)((n - cut) * b));
  }
}
void K(triangle)(gn *g, void *out, const void *x, int64_t batch, int64_t rows, int64_t columns, int64_t diagonal, bool lower, int64_t bytes) {
  if (batch * rows * columns == 0) return;
  triangle a = { out, x, rows, columns, diagonal, bytes, CHUNK / (columns * bytes) + 1, batch * rows, lower };
  gn_parallel(g, (a.total + a.per - 1) / a.per, triangle_task, &a);
}
