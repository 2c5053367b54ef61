/* ref.c: the plain-loop twin of every coarse kernel: what the fast ones are tested against. The table "ref" takes level v2's exact table and
 * puts the functions below in their places. */
#include "kernels.h"
#include "vecmath.h"

#ifdef GN_HAS_v2
extern const gn_kernels gn_table_v2x;
#define PLAIN gn_table_v2x
#else
extern const gn_kernels gn_table_v3x;
#define PLAIN gn_table_v3x
#endif

/* ---- products ---- */
static bool ref_gemm(gn *g, const gn_gemm *p) {
  int64_t batches = 1;
  for (int d = 0; d < p->nbatch; d++) batches *= p->bdim[d];
  for (int64_t t = 0; t < batches; t++) {
    const float *a = p->a, *b = p->b;
    float *c = p->c;
    int64_t rest = t;
    for (int d = p->nbatch - 1; d >= 0; d--) {
      int64_t x = rest % p->bdim[d];
      rest /= p->bdim[d];
      a += x * p->astep[d], b += x * p->bstep[d], c += x * p->cstep[d];
    }
    for (int64_t i = 0; i < p->m; i++)
      for (int64_t j = 0; j < p->n; j++) {
        float sum = p->add ? c[i * p->ldc + j] : 0;
        for (int64_t k = 0; k < p->k; k++) sum += a[i * p->ars + k * p->acs] * b[k * p->brs + j * p->bcs];
        c[i * p->ldc + j] = p->bias ? sum + p->bias[j] : sum;
      }
  }
  return true;
}

/* ---- convolutions: all outputs, then channels and taps in order; what lies outside is left out ---- */
static int64_t ref_volume(const int64_t d[3]) { return d[0] * d[1] * d[2]; }

static bool ref_conv_forward(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) {
  int64_t cg = s->c / s->groups, og = s->o / s->groups, in = ref_volume(s->in), out = ref_volume(s->out), taps = ref_volume(s->k);
  for (int64_t e = 0; e < s->n * s->o * out; e++) {
    int64_t q = e % out, o = e / out % s->o, n = e / out / s->o, q0 = q / s->out[2] / s->out[1], q1 = q / s->out[2] % s->out[1], q2 = q % s->out[2];
    float sum = 0;
    for (int64_t c = 0; c < cg; c++)
      for (int64_t t = 0; t < taps; t++) {
        int64_t i0 = q0 * s->stride[0] + t / s->k[2] / s->k[1] * s->dilation[0] - s->pad[0];
        int64_t i1 = q1 * s->stride[1] + t / s->k[2] % s->k[1] * s->dilation[1] - s->pad[1], i2 = q2 * s->stride[2] + t % s->k[2] * s->dilation[2] - s->pad[2];
        if (i0 < 0 || i0 >= s->in[0] || i1 < 0 || i1 >= s->in[1] || i2 < 0 || i2 >= s->in[2]) continue;
        sum += w[(o * cg + c) * taps + t] * x[(n * s->c + o / og * cg + c) * in + (i0 * s->in[1] + i1) * s->in[2] + i2];
      }
    y[e] = b ? sum + b[o] : sum;
  }
  return true;
}

/* The small side's position of a big side's one, -1 = none. */
static int64_t ref_back(const gn_conv *s, int d, int64_t i, int64_t tap) {
  int64_t far = i + s->pad[d] - tap * s->dilation[d];
  return far < 0 || far % s->stride[d] || far / s->stride[d] >= s->out[d] ? -1 : far / s->stride[d];
}

static bool ref_conv_data(gn *g, const gn_conv *s, const float *y, const float *w, const float *b, float *x) {
  int64_t cg = s->c / s->groups, og = s->o / s->groups, in = ref_volume(s->in), out = ref_volume(s->out), taps = ref_volume(s->k);
  for (int64_t e = 0; e < s->n * s->c * in; e++) {
    int64_t i = e % in, c = e / in % s->c, n = e / in / s->c, group = c / cg;
    float sum = 0;
    for (int64_t o = group * og; o < (group + 1) * og; o++)
      for (int64_t t = 0; t < taps; t++) {
        int64_t q0 = ref_back(s, 0, i / s->in[2] / s->in[1], t / s->k[2] / s->k[1]), q1 = ref_back(s, 1, i / s->in[2] % s->in[1], t / s->k[2] % s->k[1]);
        int64_t q2 = ref_back(s, 2, i % s->in[2], t % s->k[2]);
        if (q0 >= 0 && q1 >= 0 && q2 >= 0) sum += w[(o * cg + c % cg) * taps + t] * y[(n * s->o + o) * out + (q0 * s->out[1] + q1) * s->out[2] + q2];
      }
    x[e] = b ? sum + b[c] : sum;
  }
  return true;
}

/* Pixels of all samples in a row, in blocks of 1024; each block in 16 lanes (pixel mod 16), folded by halves. */
static bool ref_conv_weight(gn *g, const gn_conv *s, const float *x, const float *y, float *w) {
  int64_t cg = s->c / s->groups, og = s->o / s->groups, in = ref_volume(s->in), out = ref_volume(s->out), taps = ref_volume(s->k), pixels = s->n * out;
  for (int64_t e = 0; e < s->o * cg * taps; e++) {
    int64_t t = e % taps, o = e / taps / cg, c = o / og * cg + e / taps % cg;
    float total = 0;
    for (int64_t p0 = 0; p0 < pixels; p0 += 1024) {
      float lane[16] = { 0 };
      for (int64_t p = p0; p < pixels && p < p0 + 1024; p++) {
        int64_t n = p / out, q = p % out, i0 = q / s->out[2] / s->out[1] * s->stride[0] + t / s->k[2] / s->k[1] * s->dilation[0] - s->pad[0];
        int64_t i1 = q / s->out[2] % s->out[1] * s->stride[1] + t / s->k[2] % s->k[1] * s->dilation[1] - s->pad[1];
        int64_t i2 = q % s->out[2] * s->stride[2] + t % s->k[2] * s->dilation[2] - s->pad[2];
        if (i0 < 0 || i0 >= s->in[0] || i1 < 0 || i1 >= s->in[1] || i2 < 0 || i2 >= s->in[2]) continue;
        lane[(p - p0) % 16] += y[(n * s->o + o) * out + q] * x[(n * s->c + c) * in + (i0 * s->in[1] + i1) * s->in[2] + i2];
      }
      for (int k = 8; k; k /= 2) for (int i = 0; i < k; i++) lane[i] += lane[i + k];
      total += lane[0];
    }
    w[e] = total;
  }
  return true;
}

/* ---- reductions: one element after the other, in double ---- */
static bool ref_red_f32(gn *g, int op, const float *x, const float *m, float *out, int64_t O, int64_t R, int64_t I, double divide) {
  for (int64_t j = 0; j < O * I; j++) {
    double a = op == GN_R_PROD ? 1 : op == GN_R_MAX ? -__builtin_inf() : op == GN_R_MIN ? __builtin_inf() : 0;
    for (int64_t r = 0; r < R; r++) {
      double v = x[(j / I * R + r) * I + j % I];
      if (op == GN_R_ABSSUM || op == GN_R_ABSMAX) v = v < 0 ? -v : v;
      if (op == GN_R_SQUARES) v = v * v;
      if (op == GN_R_DEVS) v = (v - m[j]) * (v - m[j]);
      if (op == GN_R_PROD) a *= v;
      else if (op == GN_R_MAX || op == GN_R_ABSMAX) a = v > a || v != v ? v : a;
      else if (op == GN_R_MIN) a = v < a || v != v ? v : a;
      else a += v;
    }
    out[j] = (float)(a / divide);
  }
  return true;
}
static void ref_softmax_f32(gn *g, int kind, const float *x, float *out, int64_t O, int64_t R, int64_t I) {
  for (int64_t j = 0; j < O * I && R; j++) {
    const float *p = x + j / I * R * I + j % I;
    float *y = out + j / I * R * I + j % I;
    double most = p[0], sum = 0;
    for (int64_t r = 1; r < R; r++) most = p[r * I] > most || p[r * I] != p[r * I] ? p[r * I] : most;
    for (int64_t r = 0; r < R; r++) sum += gn_exp(p[r * I] - most);
    if (kind == GN_S_LSE) out[j] = (float)(most - most == 0 ? most + gn_log(sum) : most);
    else for (int64_t r = 0; r < R; r++) y[r * I] = (float)(kind == GN_S_SOFTMAX ? gn_exp(p[r * I] - most) / sum : p[r * I] - most - gn_log(sum));
  }
}
static void ref_softmax_grad_f32(gn *g, bool log, const float *y, const float *gy, float *dx, int64_t O, int64_t R, int64_t I) {
  for (int64_t j = 0; j < O * I; j++) {
    int64_t at = j / I * R * I + j % I;
    double dot = 0;
    for (int64_t r = 0; r < R; r++) dot += log ? gy[at + r * I] : (double)y[at + r * I] * gy[at + r * I];
    for (int64_t r = 0; r < R; r++, at += I) dx[at] = (float)(log ? gy[at] - gn_exp(y[at]) * dot : y[at] * (gy[at] - dot));
  }
}
/* n values at x: mean (0 unless centred) and 1 / sqrt(variance + eps) */
static void ref_stats(bool centre, const float *x, int64_t n, double eps, double *mean, double *scale) {
  double sum = 0, square = 0;
  for (int64_t i = 0; i < n && centre; i++) sum += x[i];
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) square += (x[i] - *mean) * (x[i] - *mean);
  *scale = 1 / __builtin_sqrt(square / (double)n + eps);
}
static void ref_row_norm_f32(gn *g, bool centre, const float *x, const float *w, const float *b, float *out, int64_t rows, int64_t d, float eps) {
  for (int64_t r = 0; r < rows; r++) {
    double mean, scale;
    ref_stats(centre, x + r * d, d, eps, &mean, &scale);
    for (int64_t k = 0; k < d; k++) out[r * d + k] = (float)((x[r * d + k] - mean) * scale * (w ? w[k] : 1) + (b ? b[k] : 0));
  }
}
static bool ref_row_norm_grad_f32(gn *g, bool centre, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t rows, int64_t d, float eps) {
  for (int64_t k = 0; k < d; k++) {
    if (dw) dw[k] = 0;
    if (db) db[k] = 0;
  }
  for (int64_t r = 0; r < rows; r++, x += d, gy += d) {
    double mean, scale, sum = 0, dot = 0;
    ref_stats(centre, x, d, eps, &mean, &scale);
    for (int64_t k = 0; k < d; k++) sum += gy[k] * (w ? w[k] : 1.0), dot += gy[k] * (w ? w[k] : 1.0) * (x[k] - mean) * scale;
    for (int64_t k = 0; k < d; k++) {
      double hat = (x[k] - mean) * scale;
      if (dx) dx[r * d + k] = (float)(scale * (gy[k] * (w ? w[k] : 1.0) - (centre ? sum / (double)d : 0) - hat * dot / (double)d));
      if (dw) dw[k] += (float)(gy[k] * hat);
      if (db) db[k] += gy[k];
    }
  }
  return true;
}
static void ref_group_norm_f32(gn *g, const float *x, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t groups, int64_t hw, float eps) {
  int64_t size = c / groups * hw;
  for (int64_t s = 0; s < n * groups; s++) {
    double mean, scale;
    ref_stats(true, x + s * size, size, eps, &mean, &scale);
    for (int64_t i = 0; i < size; i++) {
      int64_t k = s % groups * (c / groups) + i / hw;
      out[s * size + i] = (float)((x[s * size + i] - mean) * scale * (w ? w[k] : 1) + (b ? b[k] : 0));
    }
  }
}
static bool ref_batch_stats_f32(gn *g, const float *x, float *mean, float *var, int64_t n, int64_t c, int64_t hw) {
  for (int64_t k = 0; k < c; k++) {
    double sum = 0, square = 0, count = (double)n * (double)hw;
    for (int64_t i = 0; i < n * hw; i++) sum += x[(i / hw * c + k) * hw + i % hw];
    for (int64_t i = 0; i < n * hw; i++) { double d = x[(i / hw * c + k) * hw + i % hw] - sum / count; square += d * d; }
    mean[k] = (float)(sum / count), var[k] = (float)(square / count);
  }
  return true;
}
static void ref_ce_f32(gn *g, const gn_ce *p, float *loss, float *lse) {
  ref_softmax_f32(g, GN_S_LSE, p->x, lse, p->n, p->c, p->s);
  for (int64_t j = 0; j < p->n * p->s; j++) {
    const float *x = p->x + j / p->s * p->c * p->s + j % p->s;
    int64_t y = p->classes[j];
    double keep = 1 - (double)p->smooth, sum = y == p->ignore ? 0 : keep * (p->weight ? p->weight[y] : 1) * (lse[j] - x[y * p->s]);
    for (int64_t k = 0; k < p->c && y != p->ignore && p->smooth != 0; k++) sum += p->smooth / (double)p->c * (p->weight ? p->weight[k] : 1) * (lse[j] - x[k * p->s]);
    loss[j] = (float)sum;
  }
}
static void ref_reductions(gn_kernels *t) {
  t->red_f32 = ref_red_f32, t->softmax_f32 = ref_softmax_f32, t->softmax_grad_f32 = ref_softmax_grad_f32;
  t->row_norm_f32 = ref_row_norm_f32, t->row_norm_grad_f32 = ref_row_norm_grad_f32, t->group_norm_f32 = ref_group_norm_f32;
  t->batch_stats_f32 = ref_batch_stats_f32, t->ce_f32 = ref_ce_f32;
}

/* ---- attention: row by row; sums of a row in 16 lanes by position, as the kernels ---- */
static float ref_score(const gn_attend *p, int64_t b, int64_t h, int64_t i, int64_t j) {
  int64_t at = i + p->n - p->m, gap = at > j ? at - j : j - at;
  if ((p->causal && j > at) || (p->window > 0 && gap >= p->window)) return -__builtin_inff();
  const float *q = p->q + b * p->qstep[0] + h * p->qstep[1] + i * p->qstep[2], *k = p->k + b * p->kstep[0] + h / (p->h / p->g) * p->kstep[1] + j * p->kstep[2];
  float s = 0;
  for (int64_t c = 0; c < p->d; c++) s += q[c] * p->scale * k[c];
  if (p->softcap > 0) s = v_tanh(v_set(s / p->softcap))[0] * p->softcap;
  return p->mask ? s + p->mask[b * p->mstep[0] + h * p->mstep[1] + i * p->mstep[2] + j * p->mstep[3]] : s;
}

static void ref_attend_row(const gn_attend *p, int64_t b, int64_t h, int64_t i, float *s) {
  float lane[16] = { 0 }, top = -__builtin_inff(), *out = p->out + ((b * p->h + h) * p->m + i) * p->e, *lse = p->lse + (b * p->h + h) * p->m + i;
  for (int64_t j = 0; j < p->n; j++) {
    s[j] = ref_score(p, b, h, i, j);
    if (s[j] > top || s[j] != s[j]) top = s[j];
  }
  for (int64_t j = 0; j < p->n; j++) {
    s[j] = top == -__builtin_inff() ? 0 : v_exp(v_set(s[j] - top))[0];
    lane[j % 16] += s[j];
  }
  for (int w = 8; w > 0; w /= 2)
    for (int x = 0; x < w; x++) lane[x] += lane[x + w];
  *lse = top == -__builtin_inff() ? top : top + v_log(v_set(lane[0]))[0];
  for (int64_t c = 0; c < p->e; c++) {
    float sum = 0;
    for (int64_t j = 0; j < p->n; j++)
      if (s[j] != 0) sum += s[j] * p->v[b * p->vstep[0] + h / (p->h / p->g) * p->vstep[1] + j * p->vstep[2] + c];
    out[c] = lane[0] == 0 ? 0 : sum / lane[0];
  }
}

static bool ref_attend(gn *g, const gn_attend *p) {
  size_t bytes = sizeof(float) * (size_t)p->n + 64;
  float *s = gn_alloc(g, bytes);
  if (!s) return false;
  for (int64_t t = 0; t < p->b * p->h * p->m; t++) ref_attend_row(p, t / p->m / p->h, t / p->m % p->h, t % p->m, s);
  gn_free(g, s, bytes);
  return true;
}

/* Fills the table of plain twins. */
void gn_ref_table(gn_kernels *t) {
  *t = PLAIN;
  ref_reductions(t);
  t->conv_forward = ref_conv_forward, t->conv_data = ref_conv_data, t->conv_weight = ref_conv_weight;
  t->gemm = ref_gemm;
  t->attend = ref_attend;
}
