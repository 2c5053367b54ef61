/* index_sort.c: sorting, the k largest, and searching. Every element becomes an unsigned key whose order is the order wanted: NaN above all, -0 equal
 * to 0, downwards as the complement; elements of one key keep the order of their positions, whatever the algorithm. */
#include "kernels.h"
#include <string.h>

typedef struct item { uint64_t key; int64_t at; } item;
typedef struct sorting {
  char *values; int32_t *positions; const char *x;
  gn_dtype type; bool descending;
  int64_t n, k, per, rows;
  item *scratch; int64_t scratch_size;   /* items per worker */
} sorting;

static inline uint64_t key_of(const char *x, gn_dtype type, int64_t i, bool descending) {
  uint64_t key;
  if (type == GN_F32) {
    uint32_t u;
    float f = ((const float *)x)[i] + 0.0f;
    memcpy(&u, &f, 4);
    key = f != f ? UINT32_MAX : u ^ ((u >> 31) ? UINT32_MAX : 0x80000000u);
    return descending ? UINT32_MAX - key : key;
  }
  if (type == GN_I32) key = (uint32_t)((const int32_t *)x)[i] ^ 0x80000000u;
  else if (type == GN_I64) key = (uint64_t)((const int64_t *)x)[i] ^ ((uint64_t)1 << 63);
  else key = ((const uint8_t *)x)[i];
  return descending ? ~key : key;
}
static inline void keys_of(item *to, const char *x, gn_dtype type, int64_t n, bool descending) {
  if (type == GN_F32) for (int64_t i = 0; i < n; i++) to[i] = (item){ key_of(x, GN_F32, i, descending), i };
  else for (int64_t i = 0; i < n; i++) to[i] = (item){ key_of(x, type, i, descending), i };
}

static void insertion(item *a, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    item v = a[i];
    int64_t j = i;
    for (; j > 0 && a[j - 1].key > v.key; j--) a[j] = a[j - 1];
    a[j] = v;
  }
}
static void merge(item *to, const item *a, int64_t na, const item *b, int64_t nb) {
  while (na && nb) {
    bool left = a->key <= b->key;
    *to++ = left ? *a : *b;
    a += left, b += !left, na -= left, nb -= !left;
  }
  memcpy(to, na ? a : b, (size_t)(na + nb) * sizeof *to);
}
/* Short rows: runs of 16 by insertion, then merging. Returns where the result is. */
static item *merge_sort(item *a, item *b, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) insertion(a + i, n - i < 16 ? n - i : 16);
  for (int64_t w = 16; w < n; w *= 2) {
    for (int64_t i = 0; i < n; i += 2 * w) {
      int64_t na = n - i < w ? n - i : w, nb = n - i - na < w ? n - i - na : w;
      merge(b + i, a + i, na, a + i + na, nb);
    }
    item *t = a; a = b, b = t;
  }
  return a;
}
/* Long rows: radix sort, 11 bits a pass from the lowest; passes in which all keys agree are skipped. */
static item *radix_sort(item *a, item *b, int64_t n) {
  uint64_t all = ~(uint64_t)0, any = 0;
  for (int64_t i = 0; i < n; i++) all &= a[i].key, any |= a[i].key;
  for (int shift = 0; shift < 64; shift += 11) {
    if (!(((all ^ any) >> shift) & 2047)) continue;
    int64_t count[2048] = { 0 }, sum = 0;
    for (int64_t i = 0; i < n; i++) count[(a[i].key >> shift) & 2047]++;
    for (int d = 0; d < 2048; d++) { int64_t c = count[d]; count[d] = sum; sum += c; }
    for (int64_t i = 0; i < n; i++) b[count[(a[i].key >> shift) & 2047]++] = a[i];
    item *t = a; a = b, b = t;
  }
  return a;
}
static item *sorted_items(item *a, item *b, int64_t n) { return n < 1500 ? merge_sort(a, b, n) : radix_sort(a, b, n); }

static inline bool before(item a, item b) { return a.key < b.key || (a.key == b.key && a.at < b.at); }
static void sift(item *heap, int64_t k, item v) {                 /* heap[0] is the last in order; v takes its place */
  int64_t i = 0;
  for (;;) {
    int64_t c = 2 * i + 1;
    if (c >= k) break;
    if (c + 1 < k && before(heap[c], heap[c + 1])) c++;
    if (!before(v, heap[c])) break;
    heap[i] = heap[c], i = c;
  }
  heap[i] = v;
}
/* The first k in order out of n: most elements cost one comparison with the heap's top. */
static item *first_items(const char *x, gn_dtype type, int64_t n, int64_t k, bool descending, item *heap, item *other) {
  keys_of(heap, x, type, k, descending);
  item *start = sorted_items(heap, other, k);                      /* in order backwards = a heap */
  item *h = start == heap ? other : heap;
  for (int64_t i = 0; i < k; i++) h[i] = start[k - 1 - i];
  for (int64_t i = k; i < n; i++) {
    item v = { key_of(x, type, i, descending), i };
    if (v.key < h[0].key) sift(h, k, v);
  }
  for (int64_t end = k - 1; end > 0; end--) { item last = h[end]; h[end] = h[0]; sift(h, end, last); }
  return h;
}

static void sort_task(void *context, int64_t t, int worker) {
  const sorting *s = context;
  int64_t size = (int64_t)gn_size(s->type), to = (t + 1) * s->per < s->rows ? (t + 1) * s->per : s->rows;
  item *a = s->scratch + worker * s->scratch_size, *b = a + s->scratch_size / 2;
  for (int64_t r = t * s->per; r < to; r++) {
    const char *x = s->x + r * s->n * size;
    char *values = s->values + r * s->k * size;
    int32_t *positions = s->positions + r * s->k;
    const item *in;
    if (s->k < s->n / 8) in = first_items(x, s->type, s->n, s->k, s->descending, a, b);
    else { keys_of(a, x, s->type, s->n, s->descending); in = sorted_items(a, b, s->n); }
    for (int64_t i = 0; i < s->k; i++) {
      positions[i] = (int32_t)in[i].at;
      if (size == 4) ((uint32_t *)values)[i] = ((const uint32_t *)x)[in[i].at];
      else memcpy(values + i * size, x + in[i].at * size, (size_t)size);
    }
  }
}
/* Rows of n elements -> the first k in order and where they stood. false = out of memory. */
bool K(sort_rows)(gn *g, void *values, int32_t *positions, const void *x, gn_dtype type, int64_t rows, int64_t n, int64_t k, bool descending) {
  if (rows == 0 || k == 0) return true;
  int64_t items = k < n / 8 ? k : n, per = 8192 / n > 1 ? 8192 / n : 1;
  sorting s = { values, positions, x, type, descending, n, k, per, rows, NULL, 2 * items };
  size_t bytes = (size_t)(gn_workers(g) * s.scratch_size) * sizeof(item);
  if (!(s.scratch = gn_alloc(g, bytes))) return false;
  gn_parallel(g, (rows + per - 1) / per, sort_task, &s);
  gn_free(g, s.scratch, bytes);
  return true;
}

/* ---- searching ---- */
static inline bool less_f(float a, float b) { return a < b || (b != b && a == a); }
static inline int64_t search_f(const float *s, int64_t n, float v, bool right) {
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t mid = (low + high) / 2;
    if (right ? !less_f(v, s[mid]) : less_f(s[mid], v)) low = mid + 1;
    else high = mid;
  }
  return low;
}
static inline int64_t search_i(const int64_t *s, int64_t n, int64_t v, bool right) {
  int64_t low = 0, high = n;
  while (low < high) {
    int64_t mid = (low + high) / 2;
    if (right ? s[mid] <= v : s[mid] < v) low = mid + 1;
    else high = mid;
  }
  return low;
}
typedef struct searching { int32_t *out; const char *sorted, *values; bool whole, right; int64_t n, m, total; } searching;
static void search_task(void *context, int64_t t, int worker) {
  const searching *s = context;
  int64_t to = (t + 1) * 4096 < s->total ? (t + 1) * 4096 : s->total;
  for (int64_t i = t * 4096; i < to; i++) {
    int64_t row = s->m ? i / s->m * s->n : 0;
    s->out[i] = (int32_t)(s->whole ? search_i((const int64_t *)s->sorted + row, s->n, ((const int64_t *)s->values)[i], s->right)
                                   : search_f((const float *)s->sorted + row, s->n, ((const float *)s->values)[i], s->right));
  }
}
/* Where each of `total` values (m a row of `sorted`, 0 = one row for all) would be put to keep the order; f32, or i64 where whole. */
void K(search_rows)(gn *g, int32_t *out, const void *sorted, const void *values, bool whole, int64_t n, int64_t m, int64_t total, bool right) {
  searching s = { out, sorted, values, whole, right, n, m, total };
  gn_parallel(g, (total + 4095) / 4096, search_task, &s);
}
