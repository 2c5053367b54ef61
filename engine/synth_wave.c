/* synth_wave.c: sustained voices and drums. A sustained voice is one band-limited cycle, its harmonics shaped by the instrument's
 * body, read by a few detuned readers with vibrato, then a low-pass whose cutoff follows the note, then breath noise. */
#include "synth.h"

typedef struct { double hz, width, gain; } bump;             /* a resonance of the body: gain at hz, width in octaves */
typedef struct {
  int readers; double cents, tilt, even;                     /* detune; level ~ k^-tilt; share of the even harmonics */
  bump body[4];
  double vib_rate, vib_cents, vib_delay;
  double cut, cut_velocity, cut_env, cut_fall;               /* Hz: at rest, added by velocity, added at the start; seconds */
  double breath, drift;
  double first[6];                                           /* fixed levels of the first harmonics; 0: by tilt */
} wave_spec;

static const wave_spec WAVES[SYN_VOICES] = {
  [SYN_BASS] = { 1, 0, 1.25, 1, {{90, 1.2, 0.5}, {700, 0.8, 0.5}}, 0, 0, 0, 260, 900, 1100, 0.22, 0, 0, {1, 0.75, 0.45, 0.22, 0.12, 0.07} },
  [SYN_FLUTE] = { 1, 0, 2.2, 1, {{900, 1.0, 0.3}}, 5.1, 13, 0.25, 2600, 2600, 500, 0.08, 0.055, 2, {1, 0.42, 0.20, 0.07, 0.035, 0.02} },
  [SYN_WHISTLE] = { 1, 0, 2.6, 1, {{1500, 1.0, 0.2}}, 5.6, 11, 0.22, 4000, 2500, 600, 0.06, 0.075, 3, {1, 0.16, 0.09, 0.02, 0.01, 0.006} },
  [SYN_CLARINET] = { 1, 0, 1.1, 0.10, {{1500, 0.9, 0.7}}, 4.8, 5, 0.4, 1600, 2600, 600, 0.1, 0.012, 1, {1, 0.04, 0.62, 0.06, 0.32, 0.06} },
  [SYN_HORN] = { 2, 3, 1.35, 1, {{420, 0.9, 1.0}, {900, 0.7, 0.6}}, 4.9, 6, 0.5, 700, 2400, 900, 0.18, 0.006, 2, {0} },
  [SYN_REED] = { 3, 7, 0.85, 0.9, {{700, 0.8, 0.6}, {1800, 0.6, 0.8}, {3000, 0.5, 0.4}}, 5.2, 4, 0.5, 2200, 2600, 600, 0.1, 0.008, 1, {0} },
  [SYN_STRINGS] = { 6, 9, 1.05, 1, {{480, 0.7, 0.7}, {1150, 0.6, 0.6}, {2700, 0.7, 0.7}}, 5.3, 9, 0.3, 1500, 3300, 500, 0.3, 0.004, 4, {0} },
  [SYN_CELLO] = { 2, 2.5, 1.0, 1, {{260, 0.7, 0.8}, {620, 0.6, 0.7}, {1700, 0.7, 0.6}}, 5.2, 15, 0.28, 1300, 2600, 700, 0.2, 0.007, 3, {0} },
  [SYN_CHOIR] = { 6, 11, 0.95, 1, {{620, 0.38, 4.5}, {1080, 0.32, 3.0}, {2700, 0.35, 1.6}, {3400, 0.3, 1.0}}, 5.0, 17, 0.3, 1900, 1700, 0, 1, 0.011, 6, {0} },
  [SYN_PAD] = { 6, 12, 1.35, 0.8, {{350, 1.0, 0.6}}, 0.7, 6, 0, 900, 1300, 900, 1.2, 0.003, 5, {0} },
};

/* how much the body lifts or damps a partial at hz */
static double body_gain(const wave_spec *w, double hz) {
  double gain = w->body[0].gain > 1.5 ? 0.12 : 0.6;          /* a vowel's resonances stand out of little else */
  for (int i = 0; i < 4 && w->body[i].hz > 0; i++) {
    double x = hz / w->body[i].hz, octave = x < 1 ? 1 / x - 1 : x - 1, d = octave * 1.3 / w->body[i].width;
    gain += w->body[i].gain / (1 + d * d);
  }
  return gain;
}

/* k^-tilt without a logarithm: the whole part by division, the rest between k^-1 steps by square roots */
static double tilt_of(int k, double tilt) {
  double level = 1, root = k, part = 1;
  for (; tilt >= 1; tilt -= 1) level /= k;
  for (int bit = 0; bit < 6; bit++) {
    root = syn_sqrt(root);
    part *= 0.5;
    if (tilt >= part) { tilt -= part; level /= root; }
  }
  return level;
}

static void make_cycle(syn_state *state, const wave_spec *w, const syn_note *n) {
  float *cycle = state->as.wave.cycle;
  double power = 0, level[97] = { 0 };
  int count = (int)(0.42 * n->rate / n->hz), half = SYN_TABLE / 2;
  if (count > 96) count = 96;
  if (count < 1) count = 1;
  for (int k = 1; k <= count && k * n->hz < 13000; k++) {
    double a = k <= 6 && w->first[k - 1] > 0 ? w->first[k - 1] : tilt_of(k, w->tilt) * (k % 2 ? 1 : w->even);
    level[k] = a * body_gain(w, k * n->hz);
    power += level[k] * level[k];
  }
  if (power <= 0) level[1] = power = 1;
  double scale = 0.75 / syn_sqrt(power);
  memset(cycle, 0, (SYN_TABLE + 1) * sizeof *cycle);
  for (int k = 1; k <= count; k++) {
    float a = (float)(level[k] * scale * (k % 4 > 1 ? -1 : 1));
    if (a < 1e-5f && a > -1e-5f) continue;
    for (int i = 0; i <= half; i++) cycle[i] += a * state->sine[(unsigned)(k * i) & (SYN_TABLE - 1)];
  }
  for (int i = 1; i <= half; i++) cycle[SYN_TABLE - i] = -cycle[i];       /* a sum of sines is odd */
}

void gn__wave_start(syn_state *state, const syn_note *n) {
  syn_wave *s = &state->as.wave;
  const wave_spec *w = &WAVES[n->voice];
  memset(s, 0, sizeof *s);
  make_cycle(state, w, n);
  s->readers = w->readers;
  s->noise = n->seed;
  double share = 1 / syn_sqrt(w->readers), spread = w->readers > 1 ? 1.0 / (w->readers - 1) : 0;
  for (int i = 0; i < w->readers; i++) {
    double place = w->readers > 1 ? 2 * i * spread - 1 : 0;                /* -1..1: detune and place in the stereo picture */
    double wide = (i % 2 ? -place : place) * 0.35;
    s->step[i] = n->hz / n->rate * syn_exp2(place * w->cents / 1200) * 4294967296.0;
    s->phase[i] = i == 0 && w->readers == 1 ? 0 : syn_hash(n->seed + 77U * (uint32_t)i);
    s->left[i] = share * (1 - wide);
    s->right[i] = share * (1 + wide);
  }
  s->vib_rate = w->vib_rate * (0.96 + 0.08 * (n->seed & 255) / 255.0);
  s->vib_depth = w->vib_cents / 1200;
  s->vib_delay = w->vib_delay;
  s->vib_phase = (n->seed >> 8 & 255) / 256.0;
  s->drift = w->drift / 1200;
  s->cut = w->cut + w->cut_velocity * n->velocity + n->hz * 1.2;
  s->cut_env = w->cut_env * (0.4 + 0.6 * n->velocity);
  s->cut_fall = w->cut_fall;
  s->breath = w->breath;
  s->breath_hz = n->hz * 2.1 < 5000 ? n->hz * 2.1 : 5000;
}

/* one reader over one block: straight lines between the points of the cycle */
static void read_cycle(const float *cycle, uint32_t *phase, uint32_t step, float gl, float gr, float *left, float *right) {
  uint32_t p = *phase;
  for (int i = 0; i < SYN_BLOCK; i++, p += step) {
    uint32_t at = p >> 21;
    float part = (float)(int32_t)(p & 0x1fffff) * (1.0f / 2097152.0f), a = cycle[at], x = a + part * (cycle[at + 1] - a);
    left[i] += gl * x;
    right[i] += gr * x;
  }
  *phase = p;
}

static void breathe(syn_wave *s, const syn_note *n, float *left, float *right) {
  syn_svf_set f = syn_svf_at(s->breath_hz, n->rate, 0.9);
  double start = s->time < 0.12 ? 2.4 - 11 * s->time : 1.08;               /* the tongue's puff, then the stream */
  for (int i = 0; i < SYN_BLOCK; i++) {
    double low, band;
    syn_svf_step(&s->air, &f, syn_noise(&s->noise), &low, &band);
    float x = (float)(band * s->breath * start);
    left[i] += x;
    right[i] += x;
  }
}

bool gn__wave_block(syn_state *state, const syn_note *n, float *left, float *right) {
  syn_wave *s = &state->as.wave;
  double dt = SYN_BLOCK / n->rate, grow = (s->time - s->vib_delay) / 0.5;
  if (grow > 1) grow = 1;
  if (grow < 0) grow = 0;
  memset(left, 0, SYN_BLOCK * sizeof *left);
  memset(right, 0, SYN_BLOCK * sizeof *right);
  for (int i = 0; i < s->readers; i++) {                                   /* each player a little late and a little off */
    double vib = grow * s->vib_depth * syn_sin(s->vib_phase + 0.13 * i + s->time * s->vib_rate * (1 + 0.03 * i));
    double slow = s->readers > 1 ? s->drift * syn_sin(s->vib_phase * (i + 2) + s->time * (0.7 + 0.23 * i)) : 0;
    double step = s->step[i] * syn_exp2(vib + slow);
    read_cycle(s->cycle, &s->phase[i], step < 2147483647.0 ? (uint32_t)step : 2147483647U, (float)s->left[i], (float)s->right[i], left, right);
  }
  double fall = s->cut_fall > 0 ? syn_exp2(-s->time / s->cut_fall) : 0;
  syn_svf_set f = syn_svf_at(s->cut + s->cut_env * fall, n->rate, 0.72);
  for (int i = 0; i < SYN_BLOCK; i++) {
    double low, band;
    syn_svf_step(&s->low[0], &f, left[i], &low, &band);
    left[i] = (float)low;
    syn_svf_step(&s->low[1], &f, right[i], &low, &band);
    right[i] = (float)low;
  }
  if (s->breath > 0) breathe(s, n, left, right);
  s->time += dt;
  return true;
}
