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
        sum = p->bias ? sum + p->bias[p->row_bias ? i : j] : sum;
        c[i * p->ldc + j] = p->act.on ? gn_activate(sum, &p->act) : sum;
      }
  }
  return true;
}

/* ---- convolutions: all outputs, then channels and taps in order; zeros outside are left out ---- */
static int64_t ref_volume(const int64_t d[3]) { return d[0] * d[1] * d[2]; }

static bool ref_conv_forward(gn *g, const gn_conv *s, const float *x, const float *w, const float *b, float *y) {
  float *own = w ? NULL : gn_conv_widen(g, s);
  if (!w && !(w = own)) return false;
  int64_t cg = s->c / s->groups, og = s->o / s->groups, in = ref_volume(s->in), out = ref_volume(s->out), taps = ref_volume(s->k);
  for (int64_t e = 0; e < s->n * s->o * out; e++) {
    int64_t q = e % out, o = e / out % s->o, n = e / out / s->o, q0 = q / s->out[2] / s->out[1], q1 = q / s->out[2] % s->out[1], q2 = q % s->out[2];
    float sum = 0;
    for (int64_t c = 0; c < cg; c++)
      for (int64_t t = 0; t < taps; t++) {
        int64_t i0 = q0 * s->stride[0] + t / s->k[2] / s->k[1] * s->dilation[0] - s->pad[0];
        int64_t i1 = q1 * s->stride[1] + t / s->k[2] % s->k[1] * s->dilation[1] - s->pad[1], i2 = q2 * s->stride[2] + t % s->k[2] * s->dilation[2] - s->pad[2];
        i0 = gn_edge_at(i0, s->in[0], s->edge), i1 = gn_edge_at(i1, s->in[1], s->edge), i2 = gn_edge_at(i2, s->in[2], s->edge);
        if (i0 < 0 || i1 < 0 || i2 < 0) continue;
        sum += w[(o * cg + c) * taps + t] * x[(n * s->c + o / og * cg + c) * in + (i0 * s->in[1] + i1) * s->in[2] + i2];
      }
    if (b) sum += b[o];
    y[e] = s->act.on ? gn_activate(sum, &s->act) : sum;
  }
  gn_free(g, own, gn_conv_weight_bytes(s));
  return true;
}

/* The small side's position of a big side's one, -1 = none. */
static int64_t ref_back(const gn_conv *s, int d, int64_t i, int64_t tap) {
  int64_t far = i + s->pad[d] - tap * s->dilation[d];
  return far < 0 || far % s->stride[d] || far / s->stride[d] >= s->out[d] ? -1 : far / s->stride[d];
}

static bool ref_conv_pool(gn *g, const gn_conv *s, const gn_window *p, const float *x, const float *w, const float *b, float *y, bool *done) {
  *done = false;
  return true;
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
    if (b) sum += b[c];
    x[e] = s->act.on ? gn_activate(sum, &s->act) : sum;
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
static void ref_group_norm_f32(gn *g, const float *x, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t groups, int64_t hw, float eps, const gn_act *act) {
  int64_t size = c / groups * hw;
  for (int64_t s = 0; s < n * groups; s++) {
    double mean, scale;
    ref_stats(true, x + s * size, size, eps, &mean, &scale);
    for (int64_t i = 0; i < size; i++) {
      int64_t k = s % groups * (c / groups) + i / hw;
      float v = (float)((x[s * size + i] - mean) * scale * (w ? w[k] : 1) + (b ? b[k] : 0));
      out[s * size + i] = act ? gn_activate(v, act) : v;
    }
  }
}
static bool ref_group_norm_grad_f32(gn *g, const float *x, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t groups, int64_t hw, float eps) {
  int64_t size = c / groups * hw;
  for (int64_t k = 0; k < c; k++) {
    if (dw) dw[k] = 0;
    if (db) db[k] = 0;
  }
  for (int64_t s = 0; s < n * groups; s++, x += size, gy += size) {
    double mean, scale, sum = 0, dot = 0;
    int64_t first = s % groups * (c / groups);
    ref_stats(true, x, size, eps, &mean, &scale);
    for (int64_t i = 0; i < size; i++) {
      double hat = (x[i] - mean) * scale, grad = gy[i] * (w ? w[first + i / hw] : 1.0);
      sum += grad, dot += grad * hat;
      if (dw) dw[first + i / hw] += (float)(gy[i] * hat);
      if (db) db[first + i / hw] += gy[i];
    }
    for (int64_t i = 0; i < size && dx; i++)
      dx[s * size + i] = (float)(scale * (gy[i] * (w ? w[first + i / hw] : 1.0) - sum / (double)size - (x[i] - mean) * scale * dot / (double)size));
  }
  return true;
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
static bool ref_batch_norm_f32(gn *g, const float *x, const float *mean, const float *var, const float *w, const float *b, float *out, int64_t n, int64_t c, int64_t hw, float eps) {
  for (int64_t i = 0; i < n * c * hw; i++) {
    int64_t k = i / hw % c;
    out[i] = (float)(((double)x[i] - mean[k]) / __builtin_sqrt((double)var[k] + eps) * (w ? w[k] : 1) + (b ? b[k] : 0));
  }
  return true;
}
static bool ref_batch_norm_grad_f32(gn *g, bool train, const float *x, const float *mean, const float *var, const float *w, const float *gy, float *dx, float *dw, float *db, int64_t n, int64_t c, int64_t hw, float eps) {
  for (int64_t k = 0; k < c; k++) {
    double sum = 0, dot = 0, scale = 1 / __builtin_sqrt((double)var[k] + eps), count = (double)n * (double)hw;
    for (int64_t i = 0; i < n * hw; i++) {
      int64_t at = (i / hw * c + k) * hw + i % hw;
      sum += gy[at], dot += gy[at] * ((double)x[at] - mean[k]) * scale;
    }
    for (int64_t i = 0; i < n * hw && dx; i++) {
      int64_t at = (i / hw * c + k) * hw + i % hw;
      double less = train ? (sum + ((double)x[at] - mean[k]) * scale * dot) / count : 0;
      dx[at] = (float)(scale * (w ? w[k] : 1) * (gy[at] - less));
    }
    if (dw) dw[k] = (float)dot;
    if (db) db[k] = (float)sum;
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
static void ref_ce_grad_f32(gn *g, const gn_ce *p, const float *lse, const float *gy, int64_t gstep, float scale, float *dx) {
  double keep = 1 - (double)p->smooth, even = p->smooth / (double)p->c, all = 0;
  for (int64_t k = 0; k < p->c; k++) all += p->weight ? p->weight[k] : 1;
  for (int64_t j = 0; j < p->n * p->s; j++) {
    int64_t y = p->classes[j], from = j / p->s * p->c * p->s + j % p->s;
    double hit = y == p->ignore ? 0 : keep * (p->weight ? p->weight[y] : 1), grad = (double)gy[j * gstep] * scale;
    for (int64_t k = 0; k < p->c; k++) {
      int64_t at = from + k * p->s;
      dx[at] = y == p->ignore ? 0 : (float)(grad * ((hit + even * all) * gn_exp(p->x[at] - lse[j]) - (k == y ? hit : 0) - even * (p->weight ? p->weight[k] : 1)));
    }
  }
}
/* positions: the first of equals; a NaN wins */
static void ref_arg_f32(gn *g, bool min, const float *x, float *value, int32_t *place, int64_t O, int64_t R, int64_t I) {
  for (int64_t j = 0; j < O * I && R; j++) {
    const float *p = x + j / I * R * I + j % I;
    int64_t best = 0;
    for (int64_t r = 1; r < R; r++) {
      float a = p[best * I], b = p[r * I];
      if (a == a && (b != b || (min ? b < a : b > a))) best = r;
    }
    if (value) value[j] = p[best * I];
    if (place) place[j] = (int32_t)best;
  }
}
/* every sum from its start, so that no running value is carried */
static void ref_scan_f32(gn *g, bool product, bool reverse, const float *x, float *out, int64_t O, int64_t R, int64_t I) {
  for (int64_t e = 0; e < O * R * I; e++) {
    int64_t r = e / I % R, first = e - r * I;
    double a = product ? 1 : 0;
    for (int64_t k = 0; k < R; k++)
      if (reverse ? k >= r : k <= r) a = product ? a * x[first + k * I] : a + x[first + k * I];
    out[e] = (float)a;
  }
}
static void ref_reductions(gn_kernels *t) {
  t->red_f32 = ref_red_f32, t->softmax_f32 = ref_softmax_f32, t->softmax_grad_f32 = ref_softmax_grad_f32;
  t->row_norm_f32 = ref_row_norm_f32, t->row_norm_grad_f32 = ref_row_norm_grad_f32, t->group_norm_f32 = ref_group_norm_f32;
  t->group_norm_grad_f32 = ref_group_norm_grad_f32, t->batch_stats_f32 = ref_batch_stats_f32, t->batch_norm_f32 = ref_batch_norm_f32;
  t->batch_norm_grad_f32 = ref_batch_norm_grad_f32, t->ce_f32 = ref_ce_f32, t->ce_grad_f32 = ref_ce_grad_f32;
  t->arg_f32 = ref_arg_f32, t->scan_f32 = ref_scan_f32;
}

/* ---- pools: all outputs, then all taps in order ---- */
/* Where tap t of window e lies in the plane, -1 = outside; *within: it counts where padding does. */
static int64_t ref_tap(const gn_window *s, int64_t e, int64_t t, bool *within) {
  int64_t q[3] = { e / s->out[2] / s->out[1] % s->out[0], e / s->out[2] % s->out[1], e % s->out[2] }, at = 0;
  int64_t tap[3] = { t / s->size[2] / s->size[1], t / s->size[2] % s->size[1], t % s->size[2] };
  bool inside = *within = true;
  for (int d = 0; d < 3; d++) {
    int64_t i = q[d] * s->stride[d] + tap[d] - s->pad[d];
    inside &= i >= 0 && i < s->in[d], *within &= i < s->in[d] + s->pad[d], at = at * s->in[d] + i;
  }
  return inside ? at : -1;
}
static void ref_max_pool(gn *g, const gn_window *s, const float *x, float *y, int32_t *position) {
  int64_t in = ref_volume(s->in), out = ref_volume(s->out);
  for (int64_t e = 0; e < s->planes * out; e++) {
    const float *p = x + e / out * in;
    int64_t best = -1;
    bool within;
    for (int64_t t = 0; t < ref_volume(s->size); t++) {
      int64_t at = ref_tap(s, e % out, t, &within);
      if (at >= 0 && (best < 0 || p[at] > p[best] || (p[at] != p[at] && p[best] == p[best]))) best = at;
    }
    y[e] = best < 0 ? 0 : p[best];
    if (position) position[e] = (int32_t)(best < 0 ? 0 : best);
  }
}
/* The mean of window e of a plane; its taps get `add` times its share where `to` is given. */
static double ref_mean(const gn_window *s, int64_t e, const float *x, float *to, double add) {
  double sum = 0, count = 0;
  bool within;
  for (int64_t t = 0; t < ref_volume(s->size); t++) {
    int64_t at = ref_tap(s, e, t, &within);
    count += s->count_pad ? within : at >= 0, sum += x && at >= 0 ? x[at] : 0;
  }
  for (int64_t t = 0; t < ref_volume(s->size) && to; t++) {
    int64_t at = ref_tap(s, e, t, &within);
    if (at >= 0 && count > 0) to[at] += (float)(add / count);
  }
  return count > 0 ? sum / count : 0;
}
static void ref_avg_pool(gn *g, const gn_window *s, const float *x, float *y) {
  int64_t in = ref_volume(s->in), out = ref_volume(s->out);
  for (int64_t e = 0; e < s->planes * out; e++) y[e] = (float)ref_mean(s, e % out, x + e / out * in, NULL, 0);
}
static void ref_avg_spread(gn *g, const gn_window *s, const float *y, float *x) {
  int64_t in = ref_volume(s->in), out = ref_volume(s->out);
  for (int64_t i = 0; i < s->planes * in; i++) x[i] = 0;
  for (int64_t e = 0; e < s->planes * out; e++) ref_mean(s, e % out, NULL, x + e / out * in, y[e]);
}

/* ---- resizing: both dims at once; padding: element by element ---- */
static bool ref_resample(gn *g, int64_t planes, const gn_taps *row, const gn_taps *col, const float *x, float *y) {
  for (int64_t e = 0; e < planes * row->out * col->out; e++) {
    const float *p = x + e / col->out / row->out * row->in * col->in;
    int64_t r = e / col->out % row->out, c = e % col->out;
    double sum = 0;
    for (int64_t k = row->from[r]; k < row->from[r + 1]; k++)
      for (int64_t m = col->from[c]; m < col->from[c + 1]; m++) sum += (double)row->weight[k] * col->weight[m] * p[row->index[k] * col->in + col->index[m]];
    y[e] = (float)sum;
  }
  return true;
}
/* The input of an output element of a padding, -1 = none. */
static int64_t ref_source(const gn_padding *s, int64_t e) {
  int64_t at = 0, step = 1;
  for (int d = s->ndim - 1; d >= 0; e /= s->out[d], step *= s->in[d--]) {
    int64_t i = s->index[d][e % s->out[d]];
    if (i < 0) return -1;
    at += i * step;
  }
  return at;
}
static void ref_pad_copy(gn *g, const gn_padding *s, const float *x, float value, float *y) {
  int64_t n = 1;
  for (int d = 0; d < s->ndim; d++) n *= s->out[d];
  for (int64_t e = 0; e < n; e++) y[e] = ref_source(s, e) < 0 ? value : x[ref_source(s, e)];
}
static void ref_pad_sum(gn *g, const gn_padding *s, const float *y, float *x) {
  int64_t n = 1, total = 1;
  for (int d = 0; d < s->ndim; d++) n *= s->out[d], total *= s->in[d];
  for (int64_t i = 0; i < total; i++) x[i] = 0;
  for (int64_t e = 0; e < n; e++) if (ref_source(s, e) >= 0) x[ref_source(s, e)] += y[e];
}

/* ---- Fourier transforms by their definition ---- */
static bool ref_fft_rows(gn *g, float *out, const float *in, int64_t rows, int64_t n, int kind, float scale) {
  int64_t half = n / 2 + 1, width = kind == GN_FFT_REAL ? n : kind == GN_FFT_REAL_BACK ? 2 * half : 2 * n, count = kind == GN_FFT_REAL ? half : n;
  for (int64_t e = 0; e < rows * count; e++) {
    const float *x = in + e / count * width;
    double re = 0, im = 0;
    for (int64_t j = 0; j < n; j++) {
      int64_t at = kind == GN_FFT_REAL_BACK && j >= half ? n - j : j;
      double a = kind == GN_FFT_REAL ? x[j] : x[2 * at], b = kind == GN_FFT_REAL ? 0 : x[2 * at + 1];
      if (kind == GN_FFT_REAL_BACK) b = j == 0 || 2 * j == n ? 0 : at == j ? b : -b;
      double turn = (kind == GN_FFT_FORWARD || kind == GN_FFT_REAL ? -1 : 1) * 6.283185307179586476925 * (double)(j * (e % count) % n) / (double)n;
      re += a * gn_cos(turn) - b * gn_sin(turn), im += a * gn_sin(turn) + b * gn_cos(turn);
    }
    if (kind == GN_FFT_REAL_BACK) out[e] = (float)(re * scale);
    else out[2 * e] = (float)(re * scale), out[2 * e + 1] = (float)(im * scale);
  }
  return true;
}

static void ref_distances(gn *g, int64_t batch, int64_t m, int64_t n, int64_t d, const float *a, const float *b, float *out) {
  for (int64_t e = 0; e < batch * m * n; e++) {
    const float *p = a + e / n * d, *q = b + (e / n / m * n + e % n) * d;
    double sum = 0;
    for (int64_t k = 0; k < d; k++) sum += ((double)p[k] - q[k]) * ((double)p[k] - q[k]);
    out[e] = (float)__builtin_sqrt(sum);
  }
}

/* ---- optimisers, in double ---- */
static void ref_adam(const gn_adam *p, float *w, const float *g, float *m, float *v, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double d = (double)g[i] * p->scale + (double)w[i] * p->decay, a = m[i] * (double)p->beta1 + d * (1 - (double)p->beta1), b = v[i] * (double)p->beta2 + d * d * (1 - (double)p->beta2);
    m[i] = (float)a, v[i] = (float)b;
    w[i] = (float)((double)w[i] * p->keep - p->rate * (a / (__builtin_sqrt(b) / p->root2 + p->eps)));
  }
}
static void ref_sgd(const gn_sgd *p, float *w, const float *g, float *m, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    double d = (double)g[i] * p->scale + (double)w[i] * p->decay, a = m ? m[i] * (double)p->momentum + d : d;
    if (m) m[i] = (float)a;
    w[i] = (float)(w[i] - p->lr * (m && p->nesterov ? d + p->momentum * a : a));
  }
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
  t->conv_forward = ref_conv_forward, t->conv_pool = ref_conv_pool, t->conv_data = ref_conv_data, t->conv_weight = ref_conv_weight;
  t->max_pool = ref_max_pool, t->avg_pool = ref_avg_pool, t->avg_spread = ref_avg_spread;
  t->resample = ref_resample, t->pad_copy = ref_pad_copy, t->pad_sum = ref_pad_sum;
  t->fft_rows = ref_fft_rows, t->distances = ref_distances, t->adam = ref_adam, t->sgd = ref_sgd;
  t->gemm = ref_gemm;
  t->attend = ref_attend;
}
