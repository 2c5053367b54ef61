/* deflate.c: RFC 1951 out: hash chains with one step of lazy matching, a dynamic Huffman code a block. The same bytes for the same input everywhere. */
#include "io.h"
#include <stdlib.h>
#include <string.h>

#define WINDOW 32768
#define HASH 32768
#define BLOCK 49152                                              /* symbols that share one code */
#define CHAIN 192                                                /* how many earlier places are tried */

typedef struct symbol { uint16_t length, distance; } symbol;     /* distance 0: length is a literal */
typedef struct coder {
  gn_buffer *out;
  uint64_t bits;
  int nbits, n;
  uint32_t literal[286], distance[30];                           /* how often each stands in the block */
  int32_t head[HASH], before[WINDOW];
  symbol sym[BLOCK];
} coder;

static const uint16_t length_base[] = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258, 259 };
static const uint8_t length_extra[] = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 };
static const uint16_t distance_base[] = { 1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577, 32769 };
static const uint8_t distance_extra[] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 };

static int code_of(const uint16_t *base, int n, int value) {
  int low = 0, high = n - 1;
  while (low < high) {
    int mid = (low + high + 1) / 2;
    if (base[mid] <= value) low = mid;
    else high = mid - 1;
  }
  return low;
}

static void put_bits(coder *c, uint32_t value, int n) {
  c->bits |= (uint64_t)value << c->nbits, c->nbits += n;
  while (c->nbits >= 8) {
    uint8_t byte = (uint8_t)c->bits;
    gn_put(c->out, &byte, 1);
    c->bits >>= 8, c->nbits -= 8;
  }
}

/* Huffman's tree by picking the two rarest; too deep a tree is built again from flatter counts. */
static void code_lengths(const uint32_t *count, int n, int limit, uint8_t *len) {
  uint32_t weight[2 * 286], flat[286];
  int parent[2 * 286], deepest = limit + 1;
  int used = 0;
  for (int i = 0; i < n; i++) flat[i] = count[i], used += count[i] > 0;
  for (int i = 0; i < n && used < 2; i++) if (!flat[i]) flat[i] = 1, used++;                  /* two codes at least */
  while (deepest > limit) {
    int nodes = n;
    for (int i = 0; i < n; i++) weight[i] = flat[i], parent[i] = -1;
    for (;;) {
      int a = -1, b = -1;
      for (int i = 0; i < nodes; i++) {
        if (!weight[i] || parent[i] >= 0) continue;
        if (a < 0 || weight[i] < weight[a]) b = a, a = i;
        else if (b < 0 || weight[i] < weight[b]) b = i;
      }
      if (b < 0) break;
      weight[nodes] = weight[a] + weight[b], parent[nodes] = -1;
      parent[a] = parent[b] = nodes++;
    }
    deepest = 0;
    for (int i = 0; i < n; i++) {
      int depth = 0;
      if (flat[i]) for (int p = i; parent[p] >= 0; p = parent[p]) depth++;
      len[i] = (uint8_t)depth;
      if (depth > deepest) deepest = depth;
    }
    for (int i = 0; i < n; i++) flat[i] = flat[i] ? flat[i] / 2 + 1 : 0;
  }
}

static void codes_of(const uint8_t *len, int n, uint16_t *code) {    /* canonical, bits turned round */
  int next = 0;
  for (int bits = 1; bits <= 15; bits++, next <<= 1)
    for (int i = 0; i < n; i++)
      if (len[i] == bits) {
        int v = next++, turned = 0;
        for (int k = 0; k < bits; k++) turned = turned << 1 | (v >> k & 1);
        code[i] = (uint16_t)turned;
      }
}

/* The code lengths themselves, run-length and Huffman coded (section 3.2.7). */
static void put_lengths(coder *c, const uint8_t *len, int nlit, int ndist) {
  static const uint8_t order[19] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };
  uint8_t run[320], extra[320], l[19];
  uint32_t count[19] = { 0 };
  uint16_t code[19];
  int n = 0, total = nlit + ndist, kept = 19;
  for (int i = 0; i < total;) {
    int same = 1;
    while (i + same < total && len[i + same] == len[i]) same++;
    if (!len[i] && same >= 3) same = same > 138 ? 138 : same, run[n] = same < 11 ? 17 : 18, extra[n] = (uint8_t)(same < 11 ? same - 3 : same - 11);
    else if (i && len[i] == len[i - 1] && same >= 3) same = same > 6 ? 6 : same, run[n] = 16, extra[n] = (uint8_t)(same - 3);
    else same = 1, run[n] = len[i], extra[n] = 0;
    count[run[n++]]++;
    i += same;
  }
  code_lengths(count, 19, 7, l);
  codes_of(l, 19, code);
  while (kept > 4 && !l[order[kept - 1]]) kept--;
  put_bits(c, (uint32_t)(nlit - 257), 5), put_bits(c, (uint32_t)(ndist - 1), 5), put_bits(c, (uint32_t)(kept - 4), 4);
  for (int i = 0; i < kept; i++) put_bits(c, l[order[i]], 3);
  for (int i = 0; i < n; i++) {
    put_bits(c, code[run[i]], l[run[i]]);
    if (run[i] >= 16) put_bits(c, extra[i], run[i] == 16 ? 2 : run[i] == 17 ? 3 : 7);
  }
}

static void end_block(coder *c, bool last) {
  uint8_t len[286 + 30], dlen[30];
  uint16_t code[286] = { 0 }, dcode[30] = { 0 };
  c->literal[256]++;
  code_lengths(c->literal, 286, 15, len);
  code_lengths(c->distance, 30, 15, dlen);
  codes_of(len, 286, code);
  codes_of(dlen, 30, dcode);
  int nlit = 286, ndist = 30;
  while (nlit > 257 && !len[nlit - 1]) nlit--;
  while (ndist > 1 && !dlen[ndist - 1]) ndist--;
  memcpy(len + nlit, dlen, (size_t)ndist);
  put_bits(c, last, 1), put_bits(c, 2, 2);
  put_lengths(c, len, nlit, ndist);
  for (int i = 0; i < c->n; i++) {
    int v = c->sym[i].length, d = c->sym[i].distance;
    if (!d) { put_bits(c, code[v], len[v]); continue; }
    int k = code_of(length_base, 29, v), j = code_of(distance_base, 30, d);
    put_bits(c, code[257 + k], len[257 + k]), put_bits(c, (uint32_t)(v - length_base[k]), length_extra[k]);
    put_bits(c, dcode[j], dlen[j]), put_bits(c, (uint32_t)(d - distance_base[j]), distance_extra[j]);
  }
  put_bits(c, code[256], len[256]);
  c->n = 0;
  memset(c->literal, 0, sizeof c->literal), memset(c->distance, 0, sizeof c->distance);
}

static void put_symbol(coder *c, int length, int distance) {
  if (c->n == BLOCK) end_block(c, false);
  c->sym[c->n++] = (symbol){ (uint16_t)length, (uint16_t)distance };
  if (distance) c->literal[257 + code_of(length_base, 29, length)]++, c->distance[code_of(distance_base, 30, distance)]++;
  else c->literal[length]++;
}

static uint32_t hash_of(const uint8_t *p) { return (((uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2]) * 2654435761u) >> 17; }

static void enter(coder *c, const uint8_t *p, size_t size, size_t at) {
  if (size - at < 3) return;
  uint32_t h = hash_of(p + at);
  c->before[at % WINDOW] = c->head[h], c->head[h] = (int32_t)at;
}

static int longest(const coder *c, const uint8_t *p, size_t size, size_t at, int beat, int *distance) {
  int most = size - at < 258 ? (int)(size - at) : 258, best = beat;
  if (most < 3 || beat >= most) return beat;
  int64_t from = c->head[hash_of(p + at)];
  for (int tries = CHAIN; from >= 0 && (int64_t)at - from <= WINDOW - 258 && tries--; from = c->before[from % WINDOW]) {
    const uint8_t *q = p + from;
    if ((best < most && q[best] != p[at + (size_t)best]) || memcmp(q, p + at, 3)) continue;
    int n = 3;
    while (n < most && q[n] == p[at + (size_t)n]) n++;
    if (n <= best) continue;
    best = n, *distance = (int)((int64_t)at - from);
    if (n == most) break;
  }
  return best;
}

/* Raw deflate of at most 2 GB. */
bool gn_deflate(const uint8_t *p, size_t size, gn_buffer *out) {
  if (size > INT32_MAX) return gn_fail("deflate: %zu bytes, wanted less than 2 GB", size);
  coder *c = calloc(1, sizeof *c);
  if (!c) return gn_fail_as(GN_NOMEM, "deflate: out of memory");
  c->out = out;
  memset(c->head, 0xff, sizeof c->head);
  for (size_t at = 0; at < size;) {
    int distance = 0, later = 0, n = longest(c, p, size, at, 2, &distance);
    enter(c, p, size, at);
    if (!distance || (n == 3 && distance > 4096)) { put_symbol(c, p[at++], 0); continue; }
    if (n < 64 && at + 1 < size && longest(c, p, size, at + 1, n, &later) > n) { put_symbol(c, p[at++], 0); continue; }
    put_symbol(c, n, distance);
    for (size_t end = at++ + (size_t)n; at < end; at++) enter(c, p, size, at);
  }
  end_block(c, true);
  if (c->nbits) put_bits(c, 0, 8 - c->nbits);
  free(c);
  return !out->bad;
}
