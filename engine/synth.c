/* synth.c: notes in, stereo sound out. Each note is rendered on its own, SYN_BLOCK samples at a time, and added to the dry mix and
 * to the room's input; memory is one note's state plus one more stereo buffer, whatever the polyphony. */
#include "synth.h"
#include <stdlib.h>

enum { MAX_NOTES = 1 << 20, MAX_COLUMNS = 16, MAX_POLYPHONY = 256 };

static const syn_spec SPECS[SYN_VOICES] = {
  /*                 engine       gain  attack  decay  sustain release send  width */
  [SYN_PIANO]    = { SYN_STRUCK,  0.54, 0.001,  0,     1,      0.22,   0.22, 0 },
  [SYN_CELESTA]  = { SYN_STRUCK,  0.56, 0.001,  0,     1,      0.90,   0.35, 0 },
  [SYN_MUSICBOX] = { SYN_STRUCK,  0.54, 0.001,  0,     1,      1.60,   0.34, 0 },
  [SYN_MARIMBA]  = { SYN_STRUCK,  0.52, 0.001,  0,     1,      0.50,   0.26, 0 },
  [SYN_HARP]     = { SYN_PLUCKED, 0.98, 0.001,  0,     1,      0.90,   0.34, 0 },
  [SYN_GUITAR]   = { SYN_PLUCKED, 1.05, 0.001,  0,     1,      0.16,   0.20, 0 },
  [SYN_BASS]     = { SYN_WAVE,    0.62, 0.006,  1.6,   0.12,   0.14,   0.07, 0 },
  [SYN_FLUTE]    = { SYN_WAVE,    0.40, 0.060,  0.6,   0.86,   0.16,   0.32, 0 },
  [SYN_WHISTLE]  = { SYN_WAVE,    0.34, 0.035,  0.5,   0.88,   0.12,   0.30, 0 },
  [SYN_CLARINET] = { SYN_WAVE,    0.34, 0.045,  0.5,   0.88,   0.14,   0.28, 0 },
  [SYN_HORN]     = { SYN_WAVE,    0.36, 0.070,  0.7,   0.80,   0.22,   0.36, 0.15 },
  [SYN_REED]     = { SYN_WAVE,    0.26, 0.050,  0.8,   0.90,   0.12,   0.22, 0.35 },
  [SYN_STRINGS]  = { SYN_WAVE,    0.34, 0.170,  1.0,   0.88,   0.40,   0.34, 0.80 },
  [SYN_CELLO]    = { SYN_WAVE,    0.31, 0.090,  0.8,   0.86,   0.26,   0.30, 0.10 },
  [SYN_CHOIR]    = { SYN_WAVE,    0.30, 0.220,  1.2,   0.92,   0.50,   0.45, 0.80 },
  [SYN_PAD]      = { SYN_WAVE,    0.30, 0.450,  1.5,   0.90,   0.90,   0.40, 0.90 },
  [SYN_DRUMS]    = { SYN_DRUM,    0.72, 0,      0,     1,      30,     0.12, 0 },
};

static void (*const START[])(syn_state *, const syn_note *) = { gn__struck_start, gn__plucked_start, gn__wave_start, gn__drum_start };
static bool (*const BLOCK[])(syn_state *, const syn_note *, float *, float *) =
  { gn__struck_block, gn__plucked_block, gn__wave_block, gn__drum_block };

/* NULL when x lies in [lo, hi]; NaN lies nowhere */
static bool inside(double x, double lo, double hi) { return x >= lo && x <= hi; }

static const char *row_fault(const float *row, int64_t k) {
  double voice = row[0];
  if (!inside(voice, 1, SYN_VOICES - 1) || voice != (double)(int)voice) return "voice is none of the voices";
  if (!inside(row[1], 0, 86400)) return "start must lie in 0..86400 s";
  if (!inside(row[2], 0, 3600)) return "length must lie in 0..3600 s";
  if (!inside(row[3], 0, 127)) return "pitch must lie in 0..127";
  if (!inside(row[4], 0, 1)) return "velocity must lie in 0..1";
  if (!inside(row[5], -1, 1)) return "pan must lie in -1..1";
  if (k > 6 && !inside(row[6], 0, 1)) return "send must lie in 0..1";
  if (k > 7 && !inside(row[7], 0, 4)) return "gain must lie in 0..4";
  return NULL;
}

const char *gn_synth_check(const float *notes, int64_t n, int64_t k, double rate, int64_t frames, int64_t *row) {
  *row = 0;
  if (!inside(rate, 8000, 192000)) return "rate must lie in 8000..192000 Hz";
  if (frames < 1 || frames > (int64_t)1 << 28) return "frames must lie in 1..2^28";
  if (n < 0 || n > MAX_NOTES) return "at most 1048576 notes";
  if (n > 0 && (k < 6 || k > MAX_COLUMNS)) return "a row must have 6 to 16 columns";
  double sounding = 0, most = MAX_POLYPHONY * ((double)frames / rate + 10);
  for (int64_t i = 0; i < n; i++) {
    const char *fault = row_fault(notes + i * k, k);
    double length = fault ? 0 : notes[i * k + 2], left = (double)frames / rate - (fault ? 0 : notes[i * k + 1]);
    sounding += left <= 0 ? 0 : length < left ? length + 0.5 : left + 0.5;
    if (!fault && sounding > most) fault = "too many notes sound at once";
    if (fault) { *row = i + 1; return fault; }
  }
  return NULL;
}

/* the envelope at `t` seconds: a rounded attack, an exponential approach to sustain, an exponential release after the note's end */
static double envelope(const syn_spec *s, double length, double t) {
  double held = t < length ? t : length, level = 1;
  if (s->attack > 0 && held < s->attack) {
    double x = held / s->attack;
    level = x * x * (3 - 2 * x);
  } else if (s->decay > 0) {
    level = s->sustain + (1 - s->sustain) * syn_exp2(-4 * (held - s->attack) / s->decay);
  }
  if (t > length) {
    double x = (t - length) / s->release;                   /* down 60 dB at x = 1, then straight to nothing */
    level *= x >= 1.2 ? 0 : syn_exp2(-9.97 * x) * (x > 1 ? 6 - 5 * x : 1);
  }
  return level;
}

typedef struct { float dry_l, dry_r, wet_l, wet_r; } syn_mix;

static syn_mix mix_of(const syn_spec *spec, const float *row, int64_t k) {
  double v = row[4], level = spec->gain * (0.4 + 0.6 * v) * v * (k > 7 ? row[7] : 1);
  double send = k > 6 ? row[6] : spec->send, turn = ((double)row[5] + 1) * 0.125;    /* equal power: a quarter turn from left to right */
  double l = level * syn_cos(turn) * 1.41421356, r = level * syn_sin(turn) * 1.41421356;
  return (syn_mix){ (float)l, (float)r, (float)(l * send), (float)(r * send) };
}

/* adds one block times its envelope (e0 to e1, a straight line) to the dry mix and the room's input */
static void add_block(float *out, float *send, int64_t frames, int64_t at, const float *l, const float *r, float e0, float e1, syn_mix m) {
  int64_t count = frames - at < SYN_BLOCK ? frames - at : SYN_BLOCK;
  float slope = (e1 - e0) * (1.0f / SYN_BLOCK);
  for (int64_t i = 0; i < count; i++) {
    float e = e0 + slope * (float)(int)i, a = l[i] * e, b = r[i] * e;
    out[at + i] += a * m.dry_l;
    out[frames + at + i] += b * m.dry_r;
    send[at + i] += a * m.wet_l;
    send[frames + at + i] += b * m.wet_r;
  }
}

static void play(syn_state *state, const float *row, int64_t k, int64_t index, double rate, int64_t frames, float *out, float *send) {
  const syn_spec *spec = &SPECS[(int)row[0]];
  syn_note note = { .voice = (int)row[0], .rate = rate, .pitch = row[3], .seconds = row[2], .velocity = row[4], .pan = row[5] };
  note.hz = 440 * syn_exp2(((double)row[3] - 69) / 12);
  note.seed = syn_hash((uint32_t)index * 2654435761U + (uint32_t)note.voice);
  int64_t at = (int64_t)((double)row[1] * rate + 0.5);
  if (at >= frames || note.velocity <= 0) return;
  if (spec->engine != SYN_DRUM && note.hz > 0.45 * rate) return;
  START[spec->engine](state, &note);
  syn_mix mix = mix_of(spec, row, k);
  float left[SYN_BLOCK], right[SYN_BLOCK];
  double t = 0, step = SYN_BLOCK / rate, e0 = envelope(spec, note.seconds, 0);
  for (; at < frames; at += SYN_BLOCK, t += step) {
    bool more = BLOCK[spec->engine](state, &note, left, right);
    double e1 = more ? envelope(spec, note.seconds, t + step) : 0;
    add_block(out, send, frames, at, left, right, (float)e0, (float)e1, mix);
    if (!more || (e1 <= 0 && t > note.seconds)) break;
    e0 = e1;
  }
}

bool gn_synth(const float *notes, int64_t n, int64_t k, double rate, int64_t frames, float *out) {
  int64_t row;
  if (gn_synth_check(notes, n, k, rate, frames, &row)) return false;
  memset(out, 0, (size_t)frames * 2 * sizeof *out);
  if (n == 0) return true;
  float *send = calloc((size_t)frames * 2, sizeof *send);
  syn_state *state = malloc(sizeof *state);
  bool ok = send && state;
  if (ok) {
    for (int i = 0; i <= SYN_TABLE; i++) state->sine[i] = (float)syn_sin((double)i / SYN_TABLE);
    for (int64_t i = 0; i < n; i++) play(state, notes + i * k, k, i, rate, frames, out, send);
    ok = gn__synth_room(send, frames, rate, out) && gn__synth_master(out, frames, rate);
  }
  free(state);
  free(send);
  return ok;
}
