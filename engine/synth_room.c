/* synth_room.c: the room (a feedback delay network of 16 lines, Jot and Chaigne 1991) and the mastering stage (K-weighted, gated
 * loudness after ITU-R BS.1770, a limiter that looks ahead). */
#include "synth.h"
#include <stdlib.h>

enum { LINES = 16, PIECE = 32 };
static const double LINE_MS[LINES] = { 29.3, 31.7, 34.1, 37.3, 39.9, 43.1, 46.7, 49.3, 53.9, 57.1, 61.3, 65.9, 69.1, 73.7, 79.3, 84.7 };
static const double DIFFUSE_MS[4] = { 4.77, 3.59, 12.73, 9.31 };

typedef struct { float *data; int64_t size, at; } ringbuf;
typedef struct { ringbuf line[LINES], diffuse[2][4], pre[2]; float gain[LINES], damp, low[LINES], cut[2], cut_by; float *memory; } room;

static int64_t ms_of(double ms, double rate) { return (int64_t)(ms * 0.001 * rate + 0.5) | 1; }

static bool room_new(room *r, double rate) {
  memset(r, 0, sizeof *r);
  int64_t total = 0;
  ringbuf *all[LINES + 8 + 2];
  int count = 0;
  for (int i = 0; i < LINES; i++) { r->line[i].size = ms_of(LINE_MS[i], rate); all[count++] = &r->line[i]; }
  for (int c = 0; c < 2; c++) {
    for (int i = 0; i < 4; i++) { r->diffuse[c][i].size = ms_of(DIFFUSE_MS[i] * (c ? 1.06 : 1), rate); all[count++] = &r->diffuse[c][i]; }
    r->pre[c].size = ms_of(14, rate);
    all[count++] = &r->pre[c];
  }
  for (int i = 0; i < count; i++) total += all[i]->size;
  r->memory = calloc((size_t)total, sizeof *r->memory);
  if (!r->memory) return false;
  float *at = r->memory;
  for (int i = 0; i < count; i++) { all[i]->data = at; at += all[i]->size; }
  for (int i = 0; i < LINES; i++) r->gain[i] = (float)syn_fall60(1.9 * rate / (double)r->line[i].size);
  r->damp = (float)(1 - syn_exp2(-9.06 * 5200 / rate));                     /* one-pole at 5.2 kHz */
  r->cut_by = (float)(1 - syn_exp2(-9.06 * 170 / rate));                    /* and nothing below 170 Hz goes in */
  return true;
}

static inline float through(ringbuf *b, float x) {
  float y = b->data[b->at];
  b->data[b->at] = x;
  if (++b->at == b->size) b->at = 0;
  return y;
}

static inline float allpass(ringbuf *b, float x) {
  float old = b->data[b->at], in = x + 0.62f * old;
  b->data[b->at] = in;
  if (++b->at == b->size) b->at = 0;
  return old - 0.62f * in;
}

/* the room's input: pre-delay, no rumble, smeared */
static float enter(room *r, int c, float x) {
  x = through(&r->pre[c], x);
  r->cut[c] += r->cut_by * (x - r->cut[c]);
  x -= r->cut[c];
  for (int i = 0; i < 4; i++) x = allpass(&r->diffuse[c][i], x);
  return x;
}

/* PIECE samples of the lines: read, damp, mix (Householder: x - 2/N sum x), write back with the input */
static void circulate(room *r, const float *in_l, const float *in_r, int count, float *out_l, float *out_r) {
  float x[PIECE][LINES];
  for (int j = 0; j < LINES; j++) {
    ringbuf *b = &r->line[j];
    int64_t at = b->at;
    for (int i = 0; i < count; i++) { x[i][j] = b->data[at]; if (++at == b->size) at = 0; }
  }
  for (int i = 0; i < count; i++) {
    float sum[8], *v = x[i];
    for (int j = 0; j < LINES; j++) { r->low[j] += r->damp * (v[j] - r->low[j]); v[j] = r->low[j] * r->gain[j]; }
    for (int j = 0; j < 8; j++) sum[j] = v[j] + v[j + 8];
    float even = (sum[0] + sum[2]) + (sum[4] + sum[6]), odd = (sum[1] + sum[3]) + (sum[5] + sum[7]);
    float swing = (v[0] - v[2]) + (v[4] - v[6]) + (v[8] - v[10]) + (v[12] - v[14]);
    float sway = (v[1] - v[3]) + (v[5] - v[7]) + (v[9] - v[11]) + (v[13] - v[15]);
    out_l[i] = 0.34f * swing;
    out_r[i] = 0.34f * sway;
    float take = (even + odd) * (2.0f / LINES);
    for (int j = 0; j < LINES; j++) v[j] = v[j] - take + 0.25f * (j % 2 ? in_r[i] : in_l[i]) + 1e-18f;
  }
  for (int j = 0; j < LINES; j++) {
    ringbuf *b = &r->line[j];
    for (int i = 0; i < count; i++) { b->data[b->at] = x[i][j]; if (++b->at == b->size) b->at = 0; }
  }
}

bool gn__synth_room(const float *send, int64_t frames, double rate, float *out) {
  room r;
  if (!room_new(&r, rate)) return false;
  for (int64_t at = 0; at < frames; at += PIECE) {
    int count = frames - at < PIECE ? (int)(frames - at) : PIECE;
    float l[PIECE], rr[PIECE], wet_l[PIECE], wet_r[PIECE];
    for (int i = 0; i < count; i++) { l[i] = enter(&r, 0, send[at + i]); rr[i] = enter(&r, 1, send[frames + at + i]); }
    circulate(&r, l, rr, count, wet_l, wet_r);
    for (int i = 0; i < count; i++) { out[at + i] += 3.8f * wet_l[i]; out[frames + at + i] += 3.8f * wet_r[i]; }
  }
  free(r.memory);
  return true;
}

/* a biquad's coefficients b0 b1 b2 a1 a2 */
typedef struct { double b0, b1, b2, a1, a2, x1, x2, y1, y2; } biquad;
static double biquad_step(biquad *q, double x) {
  double y = q->b0 * x + q->b1 * q->x1 + q->b2 * q->x2 - q->a1 * q->y1 - q->a2 * q->y2;
  q->x2 = q->x1; q->x1 = x; q->y2 = q->y1; q->y1 = y;
  return y;
}
static void k_weighting(double rate, biquad *shelf, biquad *high) {
  double x = 1681.974450955533 / rate, k = syn_sin(x * 0.5) / syn_cos(x * 0.5), q = 0.7071752369554196, vh = 1.584864701130855, vb = 1.258720930232562;
  double a0 = 1 + k / q + k * k;
  *shelf = (biquad){ .b0 = (vh + vb * k / q + k * k) / a0, .b1 = 2 * (k * k - vh) / a0, .b2 = (vh - vb * k / q + k * k) / a0,
                     .a1 = 2 * (k * k - 1) / a0, .a2 = (1 - k / q + k * k) / a0 };
  x = 38.13547087602444 / rate; k = syn_sin(x * 0.5) / syn_cos(x * 0.5); q = 0.5003270373238773; a0 = 1 + k / q + k * k;
  *high = (biquad){ .b0 = 1, .b1 = -2, .b2 = 1, .a1 = 2 * (k * k - 1) / a0, .a2 = (1 - k / q + k * k) / a0 };
}

/* gated mean square of the weighted sound, in 100 ms steps of 400 ms windows; 0: silence */
static double loudness(const float *out, int64_t frames, double rate, double *steps, int64_t count) {
  int64_t hop = (int64_t)(rate * 0.1);
  memset(steps, 0, (size_t)count * sizeof *steps);
  for (int c = 0; c < 2; c++) {
    biquad shelf, high;
    k_weighting(rate, &shelf, &high);
    const float *x = out + c * frames;
    for (int64_t i = 0; i < frames; i++) {
      double y = biquad_step(&high, biquad_step(&shelf, (double)x[i] + 1e-15));
      steps[i / hop] += y * y / (double)hop;
    }
  }
  double gate = 1.17e-7, mean = 0;                                          /* -70 LUFS */
  for (int pass = 0; pass < 2; pass++) {
    double sum = 0;
    int64_t used = 0;
    for (int64_t i = 0; i < count; i++) {
      double window = 0;
      int64_t last = i + 4 < count ? i + 4 : count;
      for (int64_t j = i; j < last; j++) window += steps[j];
      window /= 4;
      if (window > gate) { sum += window; used++; }
    }
    mean = used ? sum / (double)used : 0;
    gate = mean * 0.1;
  }
  return mean;
}

/* removes what lies below 18 Hz */
static void no_dc(float *x, int64_t frames, double rate) {
  double pole = 1 - 6.2832 * 18 / rate, before = 0, y = 0;
  for (int64_t i = 0; i < frames; i++) {
    double now = x[i];
    y = now - before + pole * y + 1e-18;
    before = now;
    x[i] = (float)y;
  }
}

/* the largest gain each piece may have, spread to its neighbours so that it falls before a peak and rises slowly after */
static void limiter(float *out, int64_t frames, double rate, double gain, float *want, int64_t count) {
  const double ceiling = 0.94;
  double rise = PIECE / (0.12 * rate), fall = PIECE / (0.004 * rate);
  for (int64_t b = 0; b < count; b++) {
    float peak = 0;
    int64_t last = (b + 1) * PIECE < frames ? (b + 1) * PIECE : frames;
    for (int c = 0; c < 2; c++) for (int64_t i = b * PIECE; i < last; i++) {
      float x = out[c * frames + i];
      if (x < 0) x = -x;
      if (x > peak) peak = x;
    }
    want[b] = peak * gain > ceiling ? (float)(ceiling / (peak * gain)) : 1;
  }
  for (int64_t b = 1; b < count; b++) if (want[b] > want[b - 1] + (float)rise) want[b] = want[b - 1] + (float)rise;
  for (int64_t b = count - 1; b-- > 0;) if (want[b] > want[b + 1] + (float)fall) want[b] = want[b + 1] + (float)fall;
  for (int64_t b = 0; b < count; b++) {
    int64_t first = b * PIECE, last = first + PIECE < frames ? first + PIECE : frames;
    double g0 = want[b], g1 = want[b];                                      /* within a piece never above its own value */
    if (b > 0 && want[b - 1] < want[b]) g0 = want[b - 1];
    if (b + 1 < count && want[b + 1] < want[b]) g1 = want[b + 1];
    for (int c = 0; c < 2; c++) for (int64_t i = first; i < last; i++) {
      double x = out[c * frames + i] * gain * (g0 + (g1 - g0) * (double)(i - first) / PIECE);
      out[c * frames + i] = (float)(x > 0.97 ? 0.97 : x < -0.97 ? -0.97 : x);
    }
  }
}

static void fade_out(float *out, int64_t frames, double rate) {
  int64_t count = (int64_t)(0.25 * rate);
  if (count > frames / 4) count = frames / 4;
  for (int c = 0; c < 2; c++) for (int64_t i = 0; i < count; i++) {
    double x = (double)i / (double)count;
    out[c * frames + frames - 1 - i] *= (float)(x * x * (3 - 2 * x));
  }
}

bool gn__synth_master(float *out, int64_t frames, double rate) {
  int64_t pieces = (frames + PIECE - 1) / PIECE, steps = frames / (int64_t)(rate * 0.1) + 1;
  float *want = malloc((size_t)pieces * sizeof *want);
  double *step = malloc((size_t)steps * sizeof *step);
  bool ok = want && step;
  if (ok) {
    for (int c = 0; c < 2; c++) no_dc(out + c * frames, frames, rate);
    double mean = loudness(out, frames, rate, step, steps);
    double gain = mean > 0 ? syn_sqrt(0.02944 / mean) : 1;                  /* -16 LUFS: 10^((-16 + 0.691) / 10) */
    if (gain > 30) gain = 30;
    limiter(out, frames, rate, gain, want, pieces);
    fade_out(out, frames, rate);
  }
  free(want);
  free(step);
  return ok;
}
