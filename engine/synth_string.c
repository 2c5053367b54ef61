/* synth_string.c: struck things (piano, celesta, music box, marimba) as damped partials, and plucked strings (Karplus and Strong,
 * 1983) whose loop is one FIR: a linear-phase loss filter times a third-order Lagrange fractional delay, so that pitch is exact. */
#include "synth.h"

typedef struct { double ratio, level, seconds; } partial;    /* level at full velocity; seconds to -60 dB at A4 */
static const partial CELESTA[] = { {1, 1, 2.6}, {2, 0.10, 1.6}, {3, 0.05, 0.9}, {4, 0.20, 1.1}, {6.2, 0.05, 0.35}, {10.4, 0.03, 0.12} };
static const partial MUSICBOX[] = { {1, 1, 2.2}, {2.01, 0.22, 1.4}, {3.02, 0.07, 0.9}, {5.95, 0.16, 0.5}, {8.1, 0.06, 0.28}, {13.2, 0.03, 0.1} };
static const partial MARIMBA[] = { {1, 1, 1.3}, {3.94, 0.28, 0.35}, {9.2, 0.10, 0.12}, {2, 0.03, 0.5} };

static void add_osc(syn_struck *s, double hz, double level, double seconds, double turn, double rate) {
  if (s->count >= SYN_OSC || hz > 0.45 * rate || level <= 0) return;
  double fall = syn_fall60(seconds * rate), f8 = fall * fall;
  f8 *= f8; f8 *= f8;
  int i = s->count++;
  double step = hz / rate, amp = level;
  for (int j = 0; j < 8; j++, amp *= fall) {
    s->re[i][j] = (float)(amp * syn_cos(step * j + turn));
    s->im[i][j] = (float)(amp * syn_sin(step * j + turn));
  }
  s->cr[i] = (float)(f8 * syn_cos(step * 8));
  s->ci[i] = (float)(f8 * syn_sin(step * 8));
  s->amp[i] = level;
  double f64 = f8 * f8;
  f64 *= f64; f64 *= f64;
  s->fall[i] = f64;
}

static void start_piano(syn_struck *s, const syn_note *n) {
  double stretch = 0.00018 * syn_exp2((n->pitch - 48) / 12), base = 8.5 * syn_exp2((48 - n->pitch) / 20);
  double bright = (0.35 + 0.65 * n->velocity) * 5200 / n->hz, total = 0, level[26];
  int count = 0;
  for (int k = 1; k <= 26 && k * n->hz < 11000; k++) {
    double strike = syn_sin(k / 16.0), soft = syn_exp2(-1.44 * (k - 1) / bright);
    if (strike < 0) strike = -strike;
    level[count++] = (0.25 + 0.75 * strike) * soft / syn_sqrt((double)k * syn_sqrt((double)k));
    total += level[k - 1] * level[k - 1];
  }
  double scale = 1 / syn_sqrt(total > 0 ? total : 1);
  for (int k = 1; k <= count; k++) {
    double hz = k * n->hz * syn_sqrt((1 + stretch * k * k) / (1 + stretch)), t60 = base / (1 + 0.16 * (k - 1));
    add_osc(s, hz, level[k - 1] * scale * 0.78, t60 * 0.36, 0, n->rate);          /* prompt sound: the strings move together */
    add_osc(s, hz * (1 + 0.00022 * (k % 2 ? 1 : -1)), level[k - 1] * scale * 0.30, t60, 0.02 * k, n->rate);   /* aftersound */
  }
  s->knock = 0.22 * n->velocity;
  s->knock_fall = syn_fall60(0.035 * n->rate);
  s->knock_cut = 0.10 + 0.18 * n->velocity;
}

static void start_bars(syn_struck *s, const syn_note *n, const partial *list, int count, double knock) {
  double shorter = syn_exp2((69 - n->pitch) / 24);
  for (int i = 0; i < count; i++) {
    double level = list[i].level * (i == 0 ? 1 : 0.35 + 0.65 * n->velocity);
    add_osc(s, list[i].ratio * n->hz, level, list[i].seconds * shorter, 0, n->rate);
  }
  s->knock = knock * n->velocity;
  s->knock_fall = syn_fall60(0.02 * n->rate);
  s->knock_cut = 0.3;
}

void gn__struck_start(syn_state *state, const syn_note *n) {
  syn_struck *s = &state->as.struck;
  memset(s, 0, sizeof *s);
  s->noise = n->seed;
  if (n->voice == SYN_CELESTA) start_bars(s, n, CELESTA, 6, 0.05);
  else if (n->voice == SYN_MUSICBOX) start_bars(s, n, MUSICBOX, 6, 0.07);
  else if (n->voice == SYN_MARIMBA) start_bars(s, n, MARIMBA, 4, 0.10);
  else start_piano(s, n);
}

/* eight samples a step: the pair (re, im) of each lane turns by eight samples' angle */
static void ring(float *re, float *im, float cr, float ci, float *sum) {
  for (int t = 0; t < SYN_BLOCK; t += 8) {
    float a[8], b[8];
    for (int j = 0; j < 8; j++) sum[t + j] += im[j];
    for (int j = 0; j < 8; j++) { a[j] = re[j] * cr - im[j] * ci; b[j] = re[j] * ci + im[j] * cr; }
    for (int j = 0; j < 8; j++) { re[j] = a[j]; im[j] = b[j]; }
  }
}

bool gn__struck_block(syn_state *state, const syn_note *n, float *left, float *right) {
  syn_struck *s = &state->as.struck;
  (void)n;
  memset(left, 0, SYN_BLOCK * sizeof *left);
  int kept = 0;
  for (int i = 0; i < s->count; i++) {
    ring(s->re[i], s->im[i], s->cr[i], s->ci[i], left);
    double amp = s->amp[i] * s->fall[i];
    if (amp < 2e-5) continue;                                /* too soft to hear: dropped, the others move up in order */
    if (kept != i) {
      memcpy(s->re[kept], s->re[i], sizeof s->re[0]);
      memcpy(s->im[kept], s->im[i], sizeof s->im[0]);
      s->cr[kept] = s->cr[i]; s->ci[kept] = s->ci[i]; s->fall[kept] = s->fall[i];
    }
    s->amp[kept++] = amp;
  }
  s->count = kept;
  if (s->knock > 1e-5) {
    for (int i = 0; i < SYN_BLOCK; i++) {
      s->knock_lp += s->knock_cut * ((double)syn_noise(&s->noise) - s->knock_lp);
      left[i] += (float)(s->knock_lp * s->knock);
      s->knock *= s->knock_fall;
    }
  }
  memcpy(right, left, SYN_BLOCK * sizeof *left);
  return s->count > 0;
}

/* The loop filter: loss [a, 1-2a, a] scaled to g, convolved with Lagrange taps for the fraction d in [1, 2). */
static void loop_filter(float *fir, double g, double a, double d) {
  double h[4] = { -(d - 1) * (d - 2) * (d - 3) / 6, d * (d - 2) * (d - 3) / 2, -d * (d - 1) * (d - 3) / 2, d * (d - 1) * (d - 2) / 6 };
  double loss[3] = { a * g, (1 - 2 * a) * g, a * g }, sum[6] = { 0 };
  for (int i = 0; i < 3; i++) for (int j = 0; j < 4; j++) sum[i + j] += loss[i] * h[j];
  for (int i = 0; i < 6; i++) fir[i] = (float)sum[i];
}

/* fills line[0..count) with the pluck: noise, softened by velocity, combed by the place of the pluck, no DC, level 1 */
static void pluck(float *line, int count, uint32_t seed, double soft, double place) {
  double lp = 0, mean = 0, power = 0;
  for (int i = -64; i < count; i++) {
    lp += soft * ((double)syn_noise(&seed) - lp);
    if (i >= 0) line[i] = (float)lp;
  }
  int shift = (int)(place * count);
  if (shift < 1) shift = 1;
  for (int i = count - 1; i >= shift; i--) line[i] -= 0.85f * line[i - shift];
  for (int i = 0; i < count; i++) mean += line[i];
  mean /= count;
  for (int i = 0; i < count; i++) { line[i] -= (float)mean; power += (double)line[i] * line[i]; }
  float scale = (float)(0.42 / syn_sqrt(power / count + 1e-12));
  for (int i = 0; i < count; i++) line[i] *= scale;
}

void gn__plucked_start(syn_state *state, const syn_note *n) {
  syn_plucked *s = &state->as.plucked;
  bool harp = n->voice == SYN_HARP;
  double period = n->rate / n->hz;
  memset(s, 0, sizeof *s);
  if (period > SYN_LINE - 512) period = SYN_LINE - 512;       /* below 12 Hz at 192 kHz: held at the line's length */
  if (period < 3) period = 3;                                 /* the loop needs a whole sample of delay */
  double t60 = (harp ? 5.5 : 4.2) * syn_exp2((52 - n->pitch) / 24), high = harp ? 0.85 : 0.55;
  double g_high = syn_exp2(-9.966 / (n->hz * high)), g = syn_exp2(-9.966 / (n->hz * t60));
  double a = (1 - g_high / g) / (2 * (1 - syn_cos(3000 / n->rate)));
  if (a > 0.25) a = 0.25;
  if (a < 0) a = 0;
  g /= 1 - 2 * a * (1 - syn_cos(n->hz / n->rate));
  if (g > 0.99999) g = 0.99999;
  int whole = (int)(period - 2);                              /* loss centre 1 + Lagrange 1..2 */
  s->delay = whole;
  loop_filter(s->fir, g, a, period - 1 - whole);
  s->pole = 1 - 120 / n->rate;
  double soft = (harp ? 0.16 : 0.22) + (harp ? 0.34 : 0.5) * n->velocity;
  pluck(s->line, whole + 6, n->seed, soft, harp ? 0.42 : 0.17);
  s->pos = whole + 6;
}

bool gn__plucked_block(syn_state *state, const syn_note *n, float *left, float *right) {
  syn_plucked *s = &state->as.plucked;
  (void)n;
  if (s->pos + SYN_BLOCK > SYN_LINE) {                        /* slide the last period to the front */
    int keep = s->delay + 6;
    memmove(s->line, s->line + s->pos - keep, (size_t)keep * sizeof *s->line);
    s->pos = keep;
  }
  double power = 0;
  for (int done = 0; done < SYN_BLOCK;) {
    int chunk = SYN_BLOCK - done < s->delay ? SYN_BLOCK - done : s->delay;
    float *to = s->line + s->pos;
    const float *from = to - s->delay;
    for (int i = 0; i < chunk; i++)
      to[i] = ((s->fir[0] * from[i] + s->fir[1] * from[i - 1]) + (s->fir[2] * from[i - 2] + s->fir[3] * from[i - 3]))
            + (s->fir[4] * from[i - 4] + s->fir[5] * from[i - 5]);
    done += chunk;
    s->pos += chunk;
  }
  const float *line = s->line + s->pos - SYN_BLOCK;
  for (int i = 0; i < SYN_BLOCK; i++) {
    double x = line[i], y = x - s->dc_x + s->pole * s->dc_y;
    s->dc_x = x;
    s->dc_y = y;
    power += y * y;
    left[i] = right[i] = (float)y;
  }
  return power > 1e-9 || s->fade++ < 64;
}
