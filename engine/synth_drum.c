/* synth_drum.c: drums by their General MIDI key. Each is a tone whose pitch falls, a second ringing tone, and filtered noise. */
#include "synth.h"

enum { LOW, BAND, HIGH };
typedef struct {
  int key; double hz, sweep, sweep_time, tone, tone_time;    /* Hz at rest, times more at the start, s; level, s to -60 dB */
  double ratio, ring;                                        /* the second tone: its ratio and level */
  int filter; double cut, q, noise, noise_time, noise_rise;  /* noise: filter, Hz, Q, level, s to -60 dB, s of rise */
  double side;                                               /* -1..1: where it stands */
} kit_row;

static const kit_row KIT[] = {
  { 36,   48, 3.2, 0.035, 1.10, 0.45, 0,    0,    LOW,  1800, 0.7, 0.22, 0.03, 0,     0 },      /* kick */
  { 38,  182, 0.5, 0.020, 0.48, 0.16, 1.81, 0.22, HIGH, 1400, 0.7, 0.42, 0.22, 0,     0.05 },   /* snare */
  { 40,  200, 0.2, 0.020, 0.06, 0.10, 0,    0,    BAND, 3600, 0.8, 0.55, 0.34, 0.035, 0.05 },   /* brush */
  { 37,  820, 0.3, 0.004, 0.42, 0.05, 2.1,  0.25, BAND, 3000, 1.0, 0.30, 0.03, 0,     -0.15 },  /* rim */
  { 42, 5200, 0.0, 0.010, 0.03, 0.04, 1.48, 0.03, HIGH, 7600, 0.9, 0.34, 0.09, 0,     0.25 },   /* closed hat */
  { 46, 5200, 0.0, 0.010, 0.04, 0.30, 1.48, 0.03, HIGH, 7000, 0.9, 0.30, 0.55, 0,     0.25 },   /* open hat */
  { 51, 3300, 0.0, 0.010, 0.06, 1.10, 1.72, 0.05, HIGH, 6200, 0.8, 0.15, 0.90, 0,     0.30 },   /* ride */
  { 49, 3100, 0.0, 0.010, 0.02, 0.90, 1.39, 0.03, HIGH, 3600, 0.7, 0.34, 2.20, 0.002, -0.30 },  /* crash */
  { 45,   98, 0.9, 0.050, 0.95, 0.55, 1.52, 0.12, LOW,  1500, 0.7, 0.14, 0.06, 0,     -0.25 },  /* low tom */
  { 48,  142, 0.8, 0.045, 0.90, 0.45, 1.52, 0.12, LOW,  1800, 0.7, 0.14, 0.05, 0,     0.20 },   /* high tom */
  { 54, 6100, 0.0, 0.010, 0.05, 0.20, 1.31, 0.05, HIGH, 6800, 1.2, 0.36, 0.20, 0.006, 0.20 },   /* tambourine */
  { 70, 0,    0.0, 0.010, 0,    0.01, 0,    0,    HIGH, 5200, 0.8, 0.42, 0.12, 0.014, -0.25 },  /* shaker */
  { 76, 1050, 0.1, 0.004, 0.75, 0.08, 2.42, 0.20, BAND, 2600, 1.0, 0.10, 0.02, 0,     0.22 },   /* wood block */
  { 81, 4186, 0.0, 0.010, 0.20, 1.80, 2.71, 0.12, HIGH, 9000, 0.7, 0.03, 0.05, 0,     -0.35 },  /* triangle */
};

/* the kit's own row for a key, or the nearest in kind */
static const kit_row *row_of(int key) {
  static const unsigned char NEAR[][2] = { {35, 36}, {39, 40}, {41, 45}, {43, 45}, {47, 48}, {50, 48}, {44, 42}, {53, 51}, {59, 51}, {55, 49},
    {57, 49}, {52, 49}, {69, 70}, {82, 70}, {77, 76}, {75, 76}, {80, 81}, {31, 37}, {60, 48}, {61, 45}, {62, 48}, {63, 48}, {64, 45} };
  for (unsigned i = 0; i < sizeof NEAR / sizeof NEAR[0]; i++) if (NEAR[i][0] == key) { key = NEAR[i][1]; break; }
  for (unsigned i = 0; i < sizeof KIT / sizeof KIT[0]; i++) if (KIT[i].key == key) return &KIT[i];
  return &KIT[3];
}

void gn__drum_start(syn_state *state, const syn_note *n) {
  syn_drum *s = &state->as.drum;
  memset(s, 0, sizeof *s);
  s->kit = row_of((int)(n->pitch + 0.5));
  s->noise = n->seed;
}

bool gn__drum_block(syn_state *state, const syn_note *n, float *left, float *right) {
  syn_drum *s = &state->as.drum;
  const kit_row *k = s->kit;
  syn_svf_set f = syn_svf_at(k->cut, n->rate, k->q);
  double tone = k->tone * syn_exp2(-9.966 * s->time / k->tone_time), hiss = k->noise * syn_exp2(-9.966 * s->time / k->noise_time);
  double tone_fall = syn_fall60(k->tone_time * n->rate), hiss_fall = syn_fall60(k->noise_time * n->rate), dt = 1 / n->rate;
  float gl = (float)(1 - 0.6 * k->side), gr = (float)(1 + 0.6 * k->side);
  for (int i = 0; i < SYN_BLOCK; i++) {
    double t = s->time + i * dt, low, band, x = 0;
    if (tone > 1e-5) {
      double hz = k->hz * (1 + k->sweep * (t < k->sweep_time * 4 ? (1 - t / (k->sweep_time * 4)) * (1 - t / (k->sweep_time * 4)) : 0));
      double rise = t < 0.0008 ? t / 0.0008 : 1;
      x = tone * rise * (syn_sin(s->phase / 4294967296.0) + k->ring * syn_sin(s->ring / 4294967296.0));
      s->phase += (uint32_t)(int64_t)(hz * dt * 4294967296.0);
      s->ring += (uint32_t)(int64_t)(hz * k->ratio * dt * 4294967296.0);
    }
    syn_svf_step(&s->filter, &f, syn_noise(&s->noise), &low, &band);
    double air = k->filter == LOW ? low : k->filter == BAND ? band : (double)0 - f.k * band - low;
    if (t < k->noise_rise) air *= t / k->noise_rise;
    x += air * hiss;
    tone *= tone_fall;
    hiss *= hiss_fall;
    left[i] = (float)x * gl;
    right[i] = (float)x * gr;
  }
  s->time += SYN_BLOCK * dt;
  return tone > 2e-5 || hiss > 2e-5;
}
