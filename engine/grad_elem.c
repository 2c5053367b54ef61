/* grad_elem.c: gradients of the ops that work element by element. Where no second derivatives are asked for, one fused kernel does the work. */
#include "core.h"

#define BACKWARD(name) bool gn__bwd_##name(gn *g, gn_node *n, gn_tensor *const *gout, gn_tensor **gin)
#define X (n->arg[0].t)
#define B (n->arg[1].t)
#define D (gout[0])
#define ADD(a, b) GN_DO(g, add, gn_t(a), gn_t(b))
#define SUB(a, b) GN_DO(g, sub, gn_t(a), gn_t(b))
#define MUL(a, b) GN_DO(g, mul, gn_t(a), gn_t(b))
#define DIV(a, b) GN_DO(g, div, gn_t(a), gn_t(b))
#define MULN(a, x) GN_DO(g, mul, gn_t(a), gn_n(x))
#define ADDN(a, x) GN_DO(g, add, gn_t(a), gn_n(x))
#define NEG(a) GN_DO(g, neg, gn_t(a))
#define GIVE(i, expression) do { if (gn_wants(n, i) && !(gin[i] = (expression))) return false; } while (0)
#define FIT(value, k) gn_sum_to(g, value, n->arg[k].t->ndim, n->arg[k].t->dim)

BACKWARD(add) {
  GIVE(0, FIT(D, 0));
  GIVE(1, FIT(D, 1));
  return true;
}
BACKWARD(sub) {
  GIVE(0, FIT(D, 0));
  GIVE(1, NEG(FIT(D, 1)));
  return true;
}
BACKWARD(mul) {
  GIVE(0, FIT(MUL(D, B), 0));
  GIVE(1, FIT(MUL(D, X), 1));
  return true;
}
BACKWARD(div) {
  gn_tensor *d = DIV(D, B);
  GIVE(0, FIT(d, 0));
  GIVE(1, FIT(NEG(MUL(d, DIV(X, B))), 1));
  return true;
}
BACKWARD(pow) {
  if (gn_wants(n, 0)) {
    double power = gn_numel(B) == 1 && !B->wants_grad ? gn_get(B, 0) : 0;
    gn_tensor *slope;
    if (power == 2) slope = MULN(X, 2);
    else if (power != 0) slope = MULN(GN_DO(g, pow, gn_t(X), gn_n(power - 1)), power);
    else slope = GN_DO(g, where, gn_t(GN_DO(g, eq, gn_t(B), gn_n(0))), gn_n(0), gn_t(MUL(B, GN_DO(g, pow, gn_t(X), gn_t(ADDN(B, -1))))));
    GIVE(0, FIT(MUL(D, slope), 0));
  }
  if (gn_wants(n, 1)) {                                                /* a = 0 gives 0, as b log(a) has no part there for b >= 0 */
    gn_tensor *zero = GN_DO(g, logical_and, gn_t(GN_DO(g, eq, gn_t(X), gn_n(0))), gn_t(GN_DO(g, ge, gn_t(B), gn_n(0))));
    gn_tensor *slope = MUL(gn_out(n, 0), GN_DO(g, log, gn_t(X)));
    GIVE(1, FIT(MUL(D, GN_DO(g, where, gn_t(zero), gn_n(0), gn_t(slope))), 1));
  }
  return true;
}
BACKWARD(remainder) {
  GIVE(0, FIT(D, 0));
  GIVE(1, FIT(NEG(MUL(D, GN_DO(g, floor, gn_t(DIV(X, B))))), 1));
  return true;
}
BACKWARD(maximum) {
  GIVE(0, FIT(MUL(D, GN_DO(g, larger_share, gn_t(X), gn_t(B))), 0));
  GIVE(1, FIT(MUL(D, GN_DO(g, larger_share, gn_t(B), gn_t(X))), 1));
  return true;
}
BACKWARD(minimum) {
  GIVE(0, FIT(MUL(D, GN_DO(g, larger_share, gn_t(B), gn_t(X))), 0));
  GIVE(1, FIT(MUL(D, GN_DO(g, larger_share, gn_t(X), gn_t(B))), 1));
  return true;
}
BACKWARD(atan2) {
  gn_tensor *d = DIV(D, ADD(MUL(X, X), MUL(B, B)));
  GIVE(0, FIT(MUL(d, B), 0));
  GIVE(1, FIT(NEG(MUL(d, X)), 1));
  return true;
}
BACKWARD(where) {
  for (int i = 1; i < 3; i++) {
    if (!gn_wants(n, i)) continue;
    gn_tensor *d = i == 1 ? GN_DO(g, where, gn_t(X), gn_t(D), gn_n(0)) : GN_DO(g, where, gn_t(X), gn_n(0), gn_t(D));
    GIVE(i, FIT(d, i));
  }
  return true;
}

/* Steps: the gradient is 0. */
BACKWARD(sign) { return true; }
BACKWARD(floor) { return true; }
BACKWARD(ceil) { return true; }
BACKWARD(round) { return true; }

#define SIMPLE(name, expression) BACKWARD(name) { return (gin[0] = (expression)) != NULL; }
/* one kernel, or ops where the gradient itself is recorded */
#define FUSED(name, value, expression) \
  BACKWARD(name) { return (gin[0] = g->recording ? (expression) : GN_DO(g, name##_grad, gn_t(D), gn_t(value))) != NULL; }
#define Y (gn_out(n, 0))
#define P (n->arg[1].num)

SIMPLE(neg, NEG(D))
SIMPLE(abs, MUL(D, GN_DO(g, sign, gn_t(X))))
SIMPLE(square, MUL(D, MULN(X, 2)))
SIMPLE(exp, MUL(D, Y))
SIMPLE(expm1, MUL(D, ADDN(Y, 1)))
SIMPLE(log, DIV(D, X))
SIMPLE(log1p, DIV(D, ADDN(X, 1)))
SIMPLE(log2, DIV(D, MULN(X, 0.69314718055994531)))
SIMPLE(sqrt, DIV(D, MULN(Y, 2)))
SIMPLE(reciprocal, NEG(MUL(D, GN_DO(g, square, gn_t(Y)))))
SIMPLE(sin, MUL(D, GN_DO(g, cos, gn_t(X))))
SIMPLE(cos, NEG(MUL(D, GN_DO(g, sin, gn_t(X)))))
SIMPLE(tan, MUL(D, ADDN(GN_DO(g, square, gn_t(Y)), 1)))
BACKWARD(rsqrt) {
  gn_tensor *y = Y;
  return (gin[0] = MUL(MULN(D, -0.5), MUL(y, GN_DO(g, square, gn_t(y))))) != NULL;
}

static gn_tensor *one_minus(gn *g, gn_tensor *x) { return GN_DO(g, sub, gn_n(1), gn_t(x)); }
static gn_tensor *sigmoid_slope(gn *g, gn_tensor *y) { return MUL(y, one_minus(g, y)); }
FUSED(tanh, Y, MUL(D, one_minus(g, GN_DO(g, square, gn_t(Y)))))
FUSED(sigmoid, Y, MUL(D, sigmoid_slope(g, Y)))
FUSED(softplus, X, MUL(D, GN_DO(g, sigmoid, gn_t(X))))
FUSED(erf, X, MUL(D, MULN(GN_DO(g, exp, gn_t(NEG(GN_DO(g, square, gn_t(X))))), 1.1283791670955126)))
FUSED(softsign, X, DIV(D, GN_DO(g, square, gn_t(ADDN(GN_DO(g, abs, gn_t(X)), 1)))))

static gn_tensor *silu_slope(gn *g, gn_tensor *x) {                    /* s (1 + x (1 - s)) */
  gn_tensor *s = GN_DO(g, sigmoid, gn_t(x));
  return MUL(s, ADDN(MUL(x, one_minus(g, s)), 1));
}
FUSED(silu, X, MUL(D, silu_slope(g, X)))

static gn_tensor *mish_slope(gn *g, gn_tensor *x) {                    /* t + x (1 - t^2) sigmoid(x), t = tanh(softplus(x)) */
  gn_tensor *t = GN_DO(g, tanh, gn_t(GN_DO(g, softplus, gn_t(x))));
  return ADD(t, MUL(MUL(x, one_minus(g, GN_DO(g, square, gn_t(t)))), GN_DO(g, sigmoid, gn_t(x))));
}
FUSED(mish, X, MUL(D, mish_slope(g, X)))

/* Linear in d, constant in x but for the kinks: the same kernel serves all orders. */
SIMPLE(relu, GN_DO(g, relu_grad, gn_t(D), gn_t(X)))
SIMPLE(relu_grad, FIT(GN_DO(g, relu_grad, gn_t(D), gn_t(B)), 0))
SIMPLE(leaky_relu, GN_DO(g, leaky_relu_grad, gn_t(D), gn_t(X), gn_n(P)))
SIMPLE(leaky_relu_grad, FIT(GN_DO(g, leaky_relu_grad, gn_t(D), gn_t(B), gn_n(n->arg[2].num)), 0))
SIMPLE(clamp_grad, FIT(GN_DO(g, clamp_grad, gn_t(D), gn_t(B), gn_n(n->arg[2].num), gn_n(n->arg[3].num)), 0))
BACKWARD(clamp) {
  double low = n->arg[1].kind == GN_A_NIL ? -__builtin_inf() : n->arg[1].num, high = n->arg[2].kind == GN_A_NIL ? __builtin_inf() : n->arg[2].num;
  return (gin[0] = GN_DO(g, clamp_grad, gn_t(D), gn_t(X), gn_n(low), gn_n(high))) != NULL;
}

BACKWARD(elu) {
  if (!g->recording) return (gin[0] = GN_DO(g, elu_grad, gn_t(D), gn_t(X), gn_n(P))) != NULL;
  gn_tensor *below = MULN(GN_DO(g, exp, gn_t(GN_DO(g, minimum, gn_t(X), gn_n(0)))), P);
  return (gin[0] = GN_DO(g, where, gn_t(GN_DO(g, gt, gn_t(X), gn_n(0))), gn_t(D), gn_t(MUL(D, below)))) != NULL;
}

/* exact: Phi(x) + x phi(x). tanh form, y = x s(2u): s + x s (1 - s) 2u' */
static gn_tensor *gelu_slope(gn *g, gn_tensor *x, bool exact) {
  gn_tensor *z = GN_DO(g, square, gn_t(x));
  if (exact) {
    gn_tensor *cdf = ADDN(MULN(GN_DO(g, erf, gn_t(MULN(x, 0.70710678118654752))), 0.5), 0.5);
    return ADD(cdf, MUL(x, MULN(GN_DO(g, exp, gn_t(MULN(z, -0.5))), 0.39894228040143268)));
  }
  gn_tensor *s = GN_DO(g, sigmoid, gn_t(MUL(x, ADDN(MULN(z, 0.071354816272600247), 1.5957691216057308))));
  return ADD(s, MUL(MUL(x, sigmoid_slope(g, s)), ADDN(MULN(z, 0.21406444881780074), 1.5957691216057308)));
}
BACKWARD(gelu) {
  if (!g->recording) return (gin[0] = GN_DO(g, gelu_grad, gn_t(D), gn_t(X), gn_n(P))) != NULL;
  return (gin[0] = MUL(D, gelu_slope(g, X, P != 0))) != NULL;
}
