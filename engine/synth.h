/* synth.h: what the parts of the offline synthesiser share. Everything that reaches a sample is computed with + - * / and
 * integer operations only, in a fixed order, so that every compiler gives the same bits (build with -ffp-contract=off). */
#ifndef GN_SYNTH_H
#define GN_SYNTH_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* notes[n][k]: voice, start s, length s, pitch (MIDI, fractions allowed), velocity 0..1, pan -1..1 [, send 0..1 [, gain 0..4]].
 * Renders into out[2][frames], |x| <= 0.97. False where a row or a size is out of range or memory is short; out is then untouched
 * or zero. gn_synth_check names the rule that was broken (NULL: none) and, in *row, the 1-based row. */
bool gn_synth(const float *notes, int64_t n, int64_t k, double rate, int64_t frames, float *out);
const char *gn_synth_check(const float *notes, int64_t n, int64_t k, double rate, int64_t frames, int64_t *row);

enum { SYN_BLOCK = 64, SYN_TABLE = 2048, SYN_OSC = 64, SYN_LINE = 16384, SYN_READERS = 6 };
enum syn_voice { SYN_PIANO = 1, SYN_CELESTA, SYN_MUSICBOX, SYN_MARIMBA, SYN_HARP, SYN_GUITAR, SYN_BASS, SYN_FLUTE, SYN_WHISTLE,
  SYN_CLARINET, SYN_HORN, SYN_REED, SYN_STRINGS, SYN_CELLO, SYN_CHOIR, SYN_PAD, SYN_DRUMS, SYN_VOICES };
enum syn_engine { SYN_STRUCK, SYN_PLUCKED, SYN_WAVE, SYN_DRUM };

/* One note, its controls already in samples and Hz. */
typedef struct {
  int voice; double rate, pitch, hz, seconds, velocity, pan; uint32_t seed;
} syn_note;

/* What a voice is: engine, level, envelope (seconds), share sent to the room. */
typedef struct { int engine; double gain, attack, decay, sustain, release, send, width; } syn_spec;

typedef struct { double lo, band; } syn_svf;               /* two-pole state-variable filter, trapezoidal */
typedef struct { double g, k, a1, a2, a3; } syn_svf_set;

typedef struct {                                            /* damped sine pairs, eight samples a lane step */
  int count; float re[SYN_OSC][8], im[SYN_OSC][8], cr[SYN_OSC], ci[SYN_OSC]; double amp[SYN_OSC], fall[SYN_OSC];
  double knock, knock_fall, knock_lp, knock_cut; uint32_t noise;
} syn_struck;
typedef struct { int delay, pos, fade; float fir[6], line[SYN_LINE]; double dc_x, dc_y, pole; } syn_plucked;
typedef struct {                                            /* a band-limited cycle read by detuned readers */
  int readers; uint32_t phase[SYN_READERS]; double step[SYN_READERS], left[SYN_READERS], right[SYN_READERS];
  float cycle[SYN_TABLE + 1];
  double vib_rate, vib_depth, vib_delay, vib_phase, drift, time, cut, cut_env, cut_fall, breath, breath_hz;
  syn_svf low[2], air; uint32_t noise;
} syn_wave;
typedef struct { const void *kit; double time; uint32_t phase, ring, noise; syn_svf filter; } syn_drum;

typedef struct { float sine[SYN_TABLE + 1]; union { syn_struck struck; syn_plucked plucked; syn_wave wave; syn_drum drum; } as; } syn_state;

/* Each engine: start fills the state; block writes SYN_BLOCK samples (left, right) and says whether more will sound. */
void gn__struck_start(syn_state *s, const syn_note *note);
bool gn__struck_block(syn_state *s, const syn_note *note, float *left, float *right);
void gn__plucked_start(syn_state *s, const syn_note *note);
bool gn__plucked_block(syn_state *s, const syn_note *note, float *left, float *right);
void gn__wave_start(syn_state *s, const syn_note *note);
bool gn__wave_block(syn_state *s, const syn_note *note, float *left, float *right);
void gn__drum_start(syn_state *s, const syn_note *note);
bool gn__drum_block(syn_state *s, const syn_note *note, float *left, float *right);

/* The room: adds the reverb of send[2][frames] to out[2][frames]. False: out of memory. */
bool gn__synth_room(const float *send, int64_t frames, double rate, float *out);
/* Removes DC, brings the loudness to about -16 LUFS, limits softly to 0.97, fades the last moment. False: out of memory. */
bool gn__synth_master(float *out, int64_t frames, double rate);

/* sin(2 pi x), x in turns; error < 1e-13 for |x| < 1e6 */
static inline double syn_sin(double x) {
  double t = x - (double)(int64_t)x;                        /* (-1, 1) */
  if (t < 0) t += 1;
  double sign = 1;
  if (t >= 0.5) { t -= 0.5; sign = -1; }
  if (t > 0.25) t = 0.5 - t;
  double y = t * 6.283185307179586476925, z = y * y;
  double p = 1.0 / 355687428096000.0;
  p = p * z - 1.0 / 1307674368000.0;
  p = p * z + 1.0 / 6227020800.0;
  p = p * z - 1.0 / 39916800.0;
  p = p * z + 1.0 / 362880.0;
  p = p * z - 1.0 / 5040.0;
  p = p * z + 1.0 / 120.0;
  p = p * z - 1.0 / 6.0;
  return sign * (y + y * z * p);
}
static inline double syn_cos(double x) { return syn_sin(x + 0.25); }

/* 2^x; 0 below -1000, 2^1000 above 1000 */
static inline double syn_exp2(double x) {
  if (!(x > -1000)) return 0;
  if (x > 1000) x = 1000;
  int64_t whole = (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
  double y = (x - (double)whole) * 0.693147180559945309417, p = 1.0 / 39916800.0;
  p = p * y + 1.0 / 3628800.0;
  p = p * y + 1.0 / 362880.0;
  p = p * y + 1.0 / 40320.0;
  p = p * y + 1.0 / 5040.0;
  p = p * y + 1.0 / 720.0;
  p = p * y + 1.0 / 120.0;
  p = p * y + 1.0 / 24.0;
  p = p * y + 1.0 / 6.0;
  p = p * y + 0.5;
  p = p * y + 1.0;
  p = p * y + 1.0;
  uint64_t bits = (uint64_t)(whole + 1023) << 52;
  double scale;
  memcpy(&scale, &bits, 8);
  return p * scale;
}
/* the factor per step that falls by 60 dB in `steps` steps */
static inline double syn_fall60(double steps) { return syn_exp2(-9.965784284662087 / (steps < 1 ? 1 : steps)); }

/* square root by Newton's method from a guess made of the exponent; x >= 0 */
static inline double syn_sqrt(double x) {
  if (!(x > 0)) return 0;
  uint64_t bits;
  memcpy(&bits, &x, 8);
  bits = (bits >> 1) + ((uint64_t)1023 << 51);
  double y;
  memcpy(&y, &bits, 8);
  for (int i = 0; i < 5; i++) y = 0.5 * (y + x / y);
  return y;
}
static inline uint32_t syn_hash(uint32_t x) {
  x ^= x >> 16; x *= 0x7feb352dU; x ^= x >> 15; x *= 0x846ca68bU; x ^= x >> 16;
  return x;
}
/* white noise in [-1, 1) */
static inline float syn_noise(uint32_t *state) {
  *state = *state * 1664525U + 1013904223U;
  return (float)(int32_t)(syn_hash(*state) & 0xffffff00U) * (1.0f / 2147483648.0f);
}
static inline syn_svf_set syn_svf_at(double hz, double rate, double q) {
  double x = hz / rate;
  if (x > 0.45) x = 0.45;
  syn_svf_set f;
  f.g = syn_sin(x * 0.5) / syn_cos(x * 0.5);
  f.k = 1 / q;
  f.a1 = 1 / (1 + f.g * (f.g + f.k));
  f.a2 = f.g * f.a1;
  f.a3 = f.g * f.a2;
  return f;
}
/* one sample through the filter: *low and *band are its outputs, the high output is x - k band - low */
static inline void syn_svf_step(syn_svf *s, const syn_svf_set *f, double x, double *low, double *band) {
  double v3 = x - s->lo, v1 = f->a1 * s->band + f->a2 * v3, v2 = s->lo + f->a2 * s->band + f->a3 * v3;
  s->band = 2 * v1 - s->band;
  s->lo = 2 * v2 - s->lo;
  *low = v2;
  *band = v1;
}
#endif
