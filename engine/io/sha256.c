/* sha256.c: SHA-256 (FIPS 180-4), in pieces. Eight names turn instead of eight numbers moving. */
#include "io.h"
#include <string.h>

static const uint32_t constant[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static inline uint32_t turn(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void block(uint32_t h[8], const unsigned char *p) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++) w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + w[i - 7] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
  }
  memcpy(v, h, sizeof v);
#define STEP(a, b, c, d, e, f, g, h, i) do { \
    uint32_t one = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + constant[i] + w[i]; \
    d += one, h = one + (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)); } while (0)
  for (int i = 0; i < 64; i += 8) {
    STEP(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], i);
    STEP(v[7], v[0], v[1], v[2], v[3], v[4], v[5], v[6], i + 1);
    STEP(v[6], v[7], v[0], v[1], v[2], v[3], v[4], v[5], i + 2);
    STEP(v[5], v[6], v[7], v[0], v[1], v[2], v[3], v[4], i + 3);
    STEP(v[4], v[5], v[6], v[7], v[0], v[1], v[2], v[3], i + 4);
    STEP(v[3], v[4], v[5], v[6], v[7], v[0], v[1], v[2], i + 5);
    STEP(v[2], v[3], v[4], v[5], v[6], v[7], v[0], v[1], i + 6);
    STEP(v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[0], i + 7);
  }
#undef STEP
  for (int i = 0; i < 8; i++) h[i] += v[i];
}

gn_sha256 gn_sha256_start(void) {
  return (gn_sha256){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

void gn_sha256_add(gn_sha256 *s, const void *data, size_t size) {
  const unsigned char *p = data;
  size_t held = s->size % 64;
  s->size += size;
  if (held) {
    size_t n = 64 - held < size ? 64 - held : size;
    memcpy(s->rest + held, p, n);
    p += n, size -= n;
    if (held + n < 64) return;
    block(s->h, s->rest);
  }
  for (; size >= 64; p += 64, size -= 64) block(s->h, p);
  if (size) memcpy(s->rest, p, size);
}

void gn_sha256_end(gn_sha256 *s, char text[65]) {
  static const char digit[] = "0123456789abcdef";
  static const unsigned char pad[64] = { 0x80 };
  unsigned char bits[8];
  for (int i = 0; i < 8; i++) bits[i] = (unsigned char)(s->size * 8 >> (56 - 8 * i));
  gn_sha256_add(s, pad, 1 + (size_t)(119 - s->size % 64) % 64);
  gn_sha256_add(s, bits, 8);
  for (int i = 0; i < 64; i++) text[i] = digit[s->h[i / 8] >> (28 - i % 8 * 4) & 15];
  text[64] = 0;
}
