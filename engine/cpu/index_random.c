/* index_random.c: random fills. Philox 4x32-10 runs on 16 blocks at once; a group of 64 elements takes word 0 of its 16 blocks, then word 1, 2, 3:
 * element i depends on the key, the first block and i alone. */
#include "vecmath.h"
#include "kernels.h"

#define GROUP 64
#define PER 256                          /* groups of one task */
typedef uint64_t lanes __attribute__((vector_size(64)));
typedef struct fill { void *out; int64_t n; uint64_t key, block; } fill;

/* Words 0..3 of the blocks block .. block + 15. Each 32-bit value stands in a 64-bit lane. */
V_INLINE void philox16(uint64_t key, uint64_t block, uint32_t w[4][16]) {
  const lanes M = { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff };
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  lanes a[2], b[2], c[2], d[2];
  for (int h = 0; h < 2; h++) {
    lanes n = (lanes){ 0, 1, 2, 3, 4, 5, 6, 7 } + (block + (uint64_t)(8 * h));
    a[h] = n & M, b[h] = n >> 32, c[h] = d[h] = n ^ n;
  }
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u)
    for (int h = 0; h < 2; h++) {
      lanes p = (a[h] & M) * 0xD2511F53u, q = (c[h] & M) * 0xCD9E8D57u;
      a[h] = (q >> 32) ^ b[h] ^ (uint64_t)k0, c[h] = (p >> 32) ^ d[h] ^ (uint64_t)k1;
      b[h] = q & M, d[h] = p & M;
    }
  for (int h = 0; h < 2; h++)
    for (int i = 0; i < 8; i++)
      w[0][8 * h + i] = (uint32_t)a[h][i], w[1][8 * h + i] = (uint32_t)b[h][i], w[2][8 * h + i] = (uint32_t)c[h][i], w[3][8 * h + i] = (uint32_t)d[h][i];
}

V_INLINE void uniform_group(const uint32_t *w, float *out) {
  for (int i = 0; i < GROUP; i++) out[i] = (float)(int32_t)(w[i] >> 8) * (1.0f / 16777216.0f);
}
/* Box and Muller's: words 0 and 2 give radii, 1 and 3 angles. 32 bits in the radius: values reach +-6.7. */
V_INLINE void normal_group(const uint32_t *w, float *out) {
  for (int half = 0; half < 2; half++)
    for (int i = 0; i < 16; i += GN_VW) {
      const uint32_t *r = w + 32 * half + i, *t = r + 16;
      vu bits, turn;
      memcpy(&bits, r, sizeof bits);
      memcpy(&turn, t, sizeof turn);
      vf low = __builtin_convertvector((vi)(bits & 0xffff), vf), high = __builtin_convertvector((vi)(bits >> 16), vf);
      vf u = high * (1.0f / 65536.0f) + (low + 0.5f) * (1.0f / 4294967296.0f);
      vf square = v_log(u) * -2.0f, radius;
      for (int k = 0; k < GN_VW; k++) radius[k] = __builtin_sqrtf(square[k]);
      vf angle = __builtin_convertvector((vi)turn >> 8, vf) * (3.14159265f / 8388608.0f);
      v_store(out + 32 * half + i, radius * v_sincos(angle, 1));
      v_store(out + 32 * half + 16 + i, radius * v_sincos(angle, 0));
    }
}

V_INLINE void fill_span(const fill *f, int64_t task, void (*group)(const uint32_t *, float *)) {
  float *restrict out = f->out;
  const uint64_t key = f->key, block = f->block;
  int64_t to = (task + 1) * PER * GROUP;
  if (to > f->n) to = f->n;
  for (int64_t i = task * PER * GROUP; i < to; i += GROUP) {
    uint32_t w[4][16];
    philox16(key, block + (uint64_t)(i / 4), w);
    if (i + GROUP <= to) group(w[0], out + i);
    else {
      float last[GROUP];
      group(w[0], last);
      memcpy(out + i, last, (size_t)(to - i) * sizeof *out);
    }
  }
}
static void uniform_task(void *context, int64_t t, int worker) { fill_span(context, t, uniform_group); }
static void normal_task(void *context, int64_t t, int worker) { fill_span(context, t, normal_group); }
static void run(gn *g, gn_task *task, fill f, int64_t group) { gn_parallel(g, (f.n + PER * group - 1) / (PER * group), task, &f); }

/* uniform in [0,1), multiples of 2^-24 */
void K(fill_uniform)(gn *g, float *out, int64_t n, uint64_t key, uint64_t block) { run(g, uniform_task, (fill){ out, n, key, block }, GROUP); }
void K(fill_normal)(gn *g, float *out, int64_t n, uint64_t key, uint64_t block) { run(g, normal_task, (fill){ out, n, key, block }, GROUP); }

static void bits_task(void *context, int64_t t, int worker) {
  const fill *f = context;
  uint64_t *restrict out = f->out;
  const uint64_t key = f->key, block = f->block;
  int64_t to = (t + 1) * PER * 32 < f->n ? (t + 1) * PER * 32 : f->n;
  for (int64_t i = t * PER * 32; i < to; i += 32) {
    uint32_t w[4][16];
    uint64_t last[32], *at = i + 32 <= to ? out + i : last;
    philox16(key, block + (uint64_t)(i / 2), w);
    for (int k = 0; k < 16; k++) at[k] = (uint64_t)w[0][k] << 32 | w[1][k];
    for (int k = 0; k < 16; k++) at[16 + k] = (uint64_t)w[2][k] << 32 | w[3][k];
    if (at == last) memcpy(out + i, last, (size_t)(to - i) * sizeof *out);
  }
}
/* 64 random bits an element, groups of 32 elements */
void K(fill_bits)(gn *g, uint64_t *out, int64_t n, uint64_t key, uint64_t block) { run(g, bits_task, (fill){ out, n, key, block }, 32); }
