/* rng.c: random streams. Philox 4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): the number at a position
 * is a function of key and position alone, so any part of a stream can be made anywhere, in any order. The key is a hash of (seed, stream name);
 * 2^66 draws of 32 bits a stream. */
#include "core.h"

static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3], k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    uint64_t p = (uint64_t)0xD2511F53u * a, q = (uint64_t)0xCD9E8D57u * c;
    a = (uint32_t)(q >> 32) ^ b ^ k0;
    b = (uint32_t)q;
    c = (uint32_t)(p >> 32) ^ d ^ k1;
    d = (uint32_t)p;
  }
  out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

/* Four draws: those at positions 4 block .. 4 block + 3 of the stream. */
void gn_philox(uint64_t key, uint64_t block, uint32_t out[4]) {
  const uint32_t counter[4] = { (uint32_t)block, (uint32_t)(block >> 32), 0, 0 };
  philox(counter, (const uint32_t[2]){ (uint32_t)key, (uint32_t)(key >> 32) }, out);
}

/* splitmix64's finaliser: every input bit reaches every output bit */
static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

/* The stream of that seed and name (NULL = ""), at its start. */
gn_rng gn_rng_make(uint64_t seed, const char *name) {
  uint64_t h = mix(seed + 0x9E3779B97F4A7C15u);
  for (const char *c = name ? name : ""; *c; c++) h = mix(h ^ (uint8_t)*c) + 0x9E3779B97F4A7C15u;
  return (gn_rng){ .key = mix(h), .next = 0 };
}

uint32_t gn_rng_bits(gn_rng *r) {
  uint32_t four[4];
  gn_philox(r->key, r->next >> 2, four);
  return four[r->next++ & 3];
}

double gn_rng_uniform(gn_rng *r) {
  uint64_t high = gn_rng_bits(r) >> 5, low = gn_rng_bits(r) >> 6;
  return (double)(high << 26 | low) * (1.0 / 9007199254740992.0);
}

/* Box and Muller's; the sine half is dropped so that every number costs the same four draws. */
double gn_rng_normal(gn_rng *r) {
  double radius = 1.0 - gn_rng_uniform(r), angle = gn_rng_uniform(r);
  return __builtin_sqrt(-2.0 * gn_log(radius)) * gn_cos(6.283185307179586 * angle);
}

gn_rng *gn_default_rng(gn *g) { return &g->rng; }
