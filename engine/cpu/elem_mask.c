/* elem_mask.c: choosing by a mask, and the mask of dropout. */
#include "kernels.h"
#include <string.h>

#define SELECT(type) \
  static void select_##type(const uint8_t *c, int64_t sc, const type *a, int64_t sa, const type *b, int64_t sb, type *restrict y, int64_t n) { \
    if (sc == 1 && sa == 1 && sb == 1) for (int64_t i = 0; i < n; i++) { type v = a[i], w = b[i]; y[i] = c[i] ? v : w; } \
    else if (sc == 1 && sa == 0 && sb == 1) { type v = *a; for (int64_t i = 0; i < n; i++) { type w = b[i]; y[i] = c[i] ? v : w; } } \
    else if (sc == 1 && sa == 1 && sb == 0) { type w = *b; for (int64_t i = 0; i < n; i++) { type v = a[i]; y[i] = c[i] ? v : w; } } \
    else for (int64_t i = 0; i < n; i++) y[i] = c[i * sc] ? a[i * sa] : b[i * sb]; }
SELECT(uint8_t)
SELECT(uint16_t)
SELECT(uint32_t)
SELECT(uint64_t)

void K(select)(const gn_run *r, size_t item) {
  for (int64_t i = 0; i < r->n0; i++) {
    const uint8_t *c = (const uint8_t *)r->in[0] + i * r->s0[0];
    const char *a = (const char *)r->in[1] + i * r->s0[1] * (int64_t)item, *b = (const char *)r->in[2] + i * r->s0[2] * (int64_t)item;
    char *y = (char *)r->out + i * r->out0 * (int64_t)item;
    switch (item) {
      case 1: select_uint8_t(c, r->s1[0], (const void *)a, r->s1[1], (const void *)b, r->s1[2], (void *)y, r->n1); break;
      case 2: select_uint16_t(c, r->s1[0], (const void *)a, r->s1[1], (const void *)b, r->s1[2], (void *)y, r->n1); break;
      case 4: select_uint32_t(c, r->s1[0], (const void *)a, r->s1[1], (const void *)b, r->s1[2], (void *)y, r->n1); break;
      default: select_uint64_t(c, r->s1[0], (const void *)a, r->s1[1], (const void *)b, r->s1[2], (void *)y, r->n1);
    }
  }
}

/* 8 blocks of Philox 4x32-10 (Salmon et al. 2011) side by side; the same numbers as gn_philox. */
enum { BLOCKS = 8 };
static void philox(uint64_t key, uint64_t block, uint32_t out[4][BLOCKS]) {
  uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS], k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int i = 0; i < BLOCKS; i++) c0[i] = (uint32_t)(block + (uint64_t)i), c1[i] = (uint32_t)((block + (uint64_t)i) >> 32), c2[i] = c3[i] = 0;
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
    for (int i = 0; i < BLOCKS; i++) {
      uint64_t a = (uint64_t)0xD2511F53u * c0[i], b = (uint64_t)0xCD9E8D57u * c2[i];
      c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ k0, c1[i] = (uint32_t)b;
      c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ k1, c3[i] = (uint32_t)a;
    }
  memcpy(out[0], c0, sizeof c0), memcpy(out[1], c1, sizeof c1), memcpy(out[2], c2, sizeof c2), memcpy(out[3], c3, sizeof c3);
}

void K(dropout_mask)(uint64_t key, uint64_t block, float *y, int64_t n, uint64_t keep, float scale) {
  for (int64_t i = 0; i < n; i += 4 * BLOCKS, block += BLOCKS) {
    uint32_t draw[4][BLOCKS];
    philox(key, block, draw);
    int m = n - i < 4 * BLOCKS ? (int)(n - i) : 4 * BLOCKS;
    for (int j = 0; j < m; j++) y[i + j] = draw[j & 3][j >> 2] < keep ? scale : 0.0f;
  }
}
