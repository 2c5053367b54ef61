/* gemm_rnn.c: what a step of a recurrent net does beside its products, and distances between rows. */
#include "../kernels.h"
#include "../vecmath.h"
#include "gemm.h"

/* Vectors of a row, the last one filled up. */
V_INLINE vf part(const float *x, int64_t i, int64_t n) {
  if (i + GN_VW <= n) return v_load(x + i);
  vf v = {0};
  memcpy(&v, x + i, sizeof(float) * (size_t)(n - i));
  return v;
}
V_INLINE void put(float *x, int64_t i, int64_t n, vf v) {
  if (i + GN_VW <= n) v_store(x + i, v);
  else memcpy(x + i, &v, sizeof(float) * (size_t)(n - i));
}

/* n columns of a row of gates i, f, g, o, h apart, before and after their functions; c = f c0 + i g, y = o tanh(c). */
void K(lstm_cell)(int64_t n, int64_t h, float *gates, const float *c0, float *c, float *y) {
  for (int64_t j = 0; j < n; j += GN_VW) {
    vf i = v_sigmoid(part(gates, j, n)), f = v_sigmoid(part(gates + h, j, n)), g = v_tanh(part(gates + 2 * h, j, n)), o = v_sigmoid(part(gates + 3 * h, j, n));
    vf s = f * part(c0, j, n) + i * g;
    put(gates, j, n, i), put(gates + h, j, n, f), put(gates + 2 * h, j, n, g), put(gates + 3 * h, j, n, o);
    put(c, j, n, s), put(y, j, n, o * v_tanh(s));
  }
}

/* dh and dc hold what later steps gave; dc becomes what this step gives to the one before. dy, dcell (NULL = 0): gradients of y and c from outside. */
void K(lstm_cell_back)(int64_t rows, int64_t h, const float *gates, const float *c0, const float *c, const float *dy, const float *dcell, const float *dh, float *dc, float *dpre) {
  for (int64_t r = 0; r < rows; r++, gates += 4 * h, dpre += 4 * h)
    for (int64_t j = 0; j < h; j += GN_VW) {
      vf i = part(gates, j, h), f = part(gates + h, j, h), g = part(gates + 2 * h, j, h), o = part(gates + 3 * h, j, h), t = v_tanh(part(c + r * h, j, h));
      vf d = part(dh + r * h, j, h), s = part(dc + r * h, j, h);
      if (dy) d = d + part(dy + r * h, j, h);
      if (dcell) s = s + part(dcell + r * h, j, h);
      s = s + d * o * (1.0f - t * t);
      put(dpre, j, h, s * g * i * (1.0f - i));
      put(dpre + h, j, h, s * part(c0 + r * h, j, h) * f * (1.0f - f));
      put(dpre + 2 * h, j, h, s * i * (1.0f - g * g));
      put(dpre + 3 * h, j, h, d * t * o * (1.0f - o));
      put(dc + r * h, j, h, s * f);
    }
}

/* gates[rows,3h] r, z, n: the input's part before, the values after; rec[rows,3h] the state's part; q = that of n. y = (1 - z) n + z h0. */
void K(gru_cell)(int64_t rows, int64_t h, float *gates, const float *rec, const float *h0, float *q, float *y) {
  for (int64_t row = 0; row < rows; row++, gates += 3 * h, rec += 3 * h, h0 += h, q += h, y += h)
    for (int64_t j = 0; j < h; j += GN_VW) {
      vf r = v_sigmoid(part(gates, j, h) + part(rec, j, h)), z = v_sigmoid(part(gates + h, j, h) + part(rec + h, j, h)), s = part(rec + 2 * h, j, h);
      vf n = v_tanh(part(gates + 2 * h, j, h) + r * s);
      put(gates, j, h, r), put(gates + h, j, h, z), put(gates + 2 * h, j, h, n), put(q, j, h, s);
      put(y, j, h, (1.0f - z) * n + z * part(h0, j, h));
    }
}

/* dh holds what later steps gave and becomes the direct share of the step before. din, drec[rows,3h]: gradients of the input's and the state's parts. */
void K(gru_cell_back)(int64_t rows, int64_t h, const float *gates, const float *q, const float *h0, const float *dy, float *dh, float *din, float *drec) {
  for (int64_t row = 0; row < rows; row++, gates += 3 * h, din += 3 * h, drec += 3 * h)
    for (int64_t j = 0; j < h; j += GN_VW) {
      vf r = part(gates, j, h), z = part(gates + h, j, h), n = part(gates + 2 * h, j, h), d = part(dh + row * h, j, h);
      if (dy) d = d + part(dy + row * h, j, h);
      vf dn = d * (1.0f - z) * (1.0f - n * n), dz = d * (part(h0 + row * h, j, h) - n) * z * (1.0f - z), dr = dn * part(q + row * h, j, h) * r * (1.0f - r);
      put(din, j, h, dr), put(din + h, j, h, dz), put(din + 2 * h, j, h, dn);
      put(drec, j, h, dr), put(drec + h, j, h, dz), put(drec + 2 * h, j, h, dn * r);
      put(dh + row * h, j, h, d * z);
    }
}

typedef struct distances { int64_t m, n, d; const float *a, *b; float *out; } distances;

static void distance_row(void *context, int64_t t, int worker) {
  const distances *s = context;
  const float *a = s->a + t * s->d, *b = s->b + t / s->m * s->n * s->d;
  float *out = s->out + t * s->n;
  for (int64_t j = 0; j < s->n; j++, b += s->d) {
    v16 sum = v16_set(0);
    int64_t k = 0;
    for (; k + 16 <= s->d; k += 16) {
      v16 e = v16_sub(v16_load(a + k), v16_load(b + k));
      sum = v16_add(sum, v16_mul(e, e));
    }
    float rest = 0;
    for (; k < s->d; k++) rest += (a[k] - b[k]) * (a[k] - b[k]);
    out[j] = __builtin_sqrtf(v16_sum(sum) + rest);
  }
}

/* out[batch,m,n]: the distance of every row of a[batch,m,d] to every row of b[batch,n,d]. */
void K(distances)(gn *g, int64_t batch, int64_t m, int64_t n, int64_t d, const float *a, const float *b, float *out) {
  distances s = { m, n, d, a, b, out };
  if ((double)batch * (double)m * (double)n * (double)(d + 4) > 65536) gn_parallel(g, batch * m, distance_row, &s);
  else
    for (int64_t t = 0; t < batch * m; t++) distance_row(&s, t, 0);
}
