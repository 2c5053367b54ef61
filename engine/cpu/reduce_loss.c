/* reduce_loss.c: cross entropy with class numbers: log_softmax, choice of the class, class weights and label smoothing in one pass, the gradient in
 * another. With w = weight (ones), y the class, e = smooth:
 *   loss = ((1 - e) w[y] + e/c sum(w)) lse - (1 - e) w[y] x[y] - e/c sum(w x) */
#include "reduce_in.h"

enum { WIDTH = 64, DEEP = 64 };
typedef struct { const gn_ce *p; const float *lse, *gy; float *out, *stats, scale, all; int64_t gstep, per; } ce;

INLINE float weight_of(const gn_ce *p, int64_t y) { return p->weight ? p->weight[y] : 1; }
/* the sum of the class weights, for smoothing */
static float all_weights(const gn_ce *p) {
  double sum = 0;
  for (int64_t k = 0; k < p->c; k++) sum += weight_of(p, k);
  return (float)sum;
}
static float smoothed(const gn_ce *p, const float *x, int64_t step) {
  double sum = 0;
  for (int64_t k = 0; k < p->c; k++) sum += weight_of(p, k) * (double)x[k * step];
  return (float)sum;
}
/* one position's loss from its lse */
INLINE float loss_at(const ce *t, const float *x, int64_t step, int64_t y, float lse) {
  const gn_ce *p = t->p;
  if (y == p->ignore) return 0;
  float keep = 1 - p->smooth, w = weight_of(p, y), loss = keep * w * (lse - x[y * step]);
  if (p->smooth != 0) loss += p->smooth / (float)p->c * (t->all * lse - smoothed(p, x, step));
  return loss;
}

static void forward_columns(const ce *t, int64_t n, int64_t c, int64_t width) {
  const gn_ce *p = t->p;
  float shift[WIDTH] = { 0 }, sum[WIDTH], part[WIDTH];
  const float *x = p->x + n * p->c * p->s + c;
  for (int64_t i = 0; i < width; i++) shift[i] = x[i];
  for (int64_t k = 1; k < p->c; k++)
    for (int64_t i = 0; i < width; i++) shift[i] = smax(shift[i], x[k * p->s + i]);
  memset(sum, 0, sizeof sum);
  for (int64_t r0 = 0; r0 < p->c; r0 += DEEP) {
    memset(part, 0, sizeof part);
    for (int64_t k = r0, end = least(p->c, r0 + DEEP); k < end; k++)
      for (int64_t i = 0; i < width; i += 16)
        v16_store(part + i, v16_add(v16_load(part + i), v16_exp_down(v16_sub(load16(x + k * p->s + i, width - i, -INFINITY), v16_load(shift + i)))));
    for (int64_t i = 0; i < width; i++) sum[i] += part[i];
  }
  for (int64_t i = 0; i < width; i++) {
    int64_t at = n * p->s + c + i;
    float lse = shift[i] + (float)gn_log(sum[i]);
    t->stats[at] = lse, t->out[at] = loss_at(t, x + i, p->s, p->classes[at], lse);
  }
}
/* rows from..end: the sums first, then their logarithms together, then the losses */
static void forward_rows(const ce *t, int64_t from, int64_t end) {
  const gn_ce *p = t->p;
  for (int64_t n = from; n < end; n++) {
    const float *x = p->x + n * p->c;
    t->out[n] = row_max(x, p->c), t->stats[n] = (float)exp_sum(x, NULL, t->out[n], p->c);
  }
  for (int64_t n = from; n < end; n += 16)
    store16(t->stats + n, v16_add(load16(t->out + n, end - n, 0), v16_log(load16(t->stats + n, end - n, 1))), end - n);
  for (int64_t n = from; n < end; n++) t->out[n] = loss_at(t, p->x + n * p->c, 1, p->classes[n], t->stats[n]);
}
static void forward_run(void *context, int64_t i, int worker) {
  const ce *t = context;
  const gn_ce *p = t->p;
  int64_t panels = split(p->s, WIDTH);
  if (p->s == 1) { forward_rows(t, i * t->per, least((i + 1) * t->per, p->n)); return; }
  for (int64_t j = i * t->per, end = least(j + t->per, p->n * panels); j < end; j++) {
    int64_t n = j / panels, c = j % panels * WIDTH;
    forward_columns(t, n, c, least(WIDTH, p->s - c));
  }
}
void K(ce_f32)(gn *g, const gn_ce *p, float *loss, float *lse) {
  if (p->n == 0 || p->c == 0 || p->s == 0) return;
  ce t = { .p = p, .out = loss, .stats = lse, .all = p->smooth != 0 ? all_weights(p) : 0 };
  t.per = items_per_task(p->n * split(p->s, WIDTH), p->c * least(p->s, WIDTH));
  run_tasks(g, split(p->n * split(p->s, WIDTH), t.per), forward_run, &t);
}

/* dx = g (mass softmax(x) - (1 - e) w[y] [k = y] - e/c w[k]) */
static void backward_row(const ce *t, int64_t n) {
  const gn_ce *p = t->p;
  const float *x = p->x + n * p->c;
  float *dx = t->out + n * p->c, gy = t->gy[n * t->gstep] * t->scale, even = p->smooth / (float)p->c;
  int64_t y = p->classes[n];
  if (y == p->ignore) { memset(dx, 0, (size_t)p->c * sizeof *dx); return; }
  float hit = (1 - p->smooth) * weight_of(p, y);
  v16 lse = v16_set(t->lse[n]), mass = v16_set(gy * (hit + even * t->all));
  for (int64_t k = 0; k < p->c; k += 16) {
    if (k + 16 > p->c && p->c >= 16) k = p->c - 16;                  /* the last 16 again */
    store16(dx + k, v16_mul(mass, v16_exp(v16_sub(load16(x + k, p->c - k, 0), lse))), p->c - k);
  }
  if (even != 0) for (int64_t k = 0; k < p->c; k++) dx[k] -= gy * even * weight_of(p, k);
  dx[y] -= gy * hit;
}
static void backward_columns(const ce *t, int64_t n, int64_t c, int64_t width) {
  const gn_ce *p = t->p;
  int64_t at = n * p->s + c, from = n * p->c * p->s + c;
  float gy[WIDTH] = { 0 }, mass[WIDTH] = { 0 }, lse[WIDTH] = { 0 }, even = p->smooth / (float)p->c;
  for (int64_t i = 0; i < width; i++) {
    bool counts = p->classes[at + i] != p->ignore;
    gy[i] = counts ? t->gy[(at + i) * t->gstep] * t->scale : 0, lse[i] = t->lse[at + i];
    mass[i] = counts ? gy[i] * ((1 - p->smooth) * weight_of(p, p->classes[at + i]) + even * t->all) : 0;
  }
  for (int64_t k = 0; k < p->c; k++) {
    float *dx = t->out + from + k * p->s, less = even * weight_of(p, k);
    for (int64_t i = 0; i < width; i += 16)
      store16(dx + i, v16_mul(v16_load(mass + i), v16_exp(v16_sub(load16(p->x + from + k * p->s + i, width - i, 0), v16_load(lse + i)))), width - i);
    if (less != 0) for (int64_t i = 0; i < width; i++) dx[i] -= gy[i] * less;
  }
  for (int64_t i = 0; i < width; i++) {
    int64_t y = p->classes[at + i];
    if (y == p->ignore) for (int64_t k = 0; k < p->c; k++) t->out[from + k * p->s + i] = 0;   /* also where x is not finite */
    else t->out[from + y * p->s + i] -= gy[i] * (1 - p->smooth) * weight_of(p, y);
  }
}
static void backward_run(void *context, int64_t i, int worker) {
  const ce *t = context;
  int64_t panels = split(t->p->s, WIDTH);
  for (int64_t j = i * t->per, end = least(j + t->per, t->p->n * panels); j < end; j++) {
    int64_t n = j / panels, c = j % panels * WIDTH;
    if (t->p->s > 1) backward_columns(t, n, c, least(WIDTH, t->p->s - c));
    else backward_row(t, n);
  }
}
void K(ce_grad_f32)(gn *g, const gn_ce *p, const float *lse, const float *gy, int64_t gstep, float scale, float *dx) {
  if (p->n == 0 || p->c == 0 || p->s == 0) return;
  ce t = { .p = p, .lse = lse, .gy = gy, .out = dx, .gstep = gstep, .scale = scale, .all = p->smooth != 0 ? all_weights(p) : 0 };
  t.per = items_per_task(p->n * split(p->s, WIDTH), p->c * least(p->s, WIDTH));
  run_tasks(g, split(p->n * split(p->s, WIDTH), t.per), backward_run, &t);
}
