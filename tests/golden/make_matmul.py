"""Golden data for products, attention and recurrent nets: python3 make_matmul.py (needs torch) writes matmul.safetensors and matmul.lua beside itself.

Tensors are named <op>.<case>.in<i>, .out<k>, .weight and .grad<i> (the gradient of sum(out0 * weight) for input i); matmul.lua lists the calls.
"""
import json, os, struct
import numpy as np, torch

rng = np.random.default_rng(5)
torch.manual_seed(5)
torch.set_num_threads(1)
store, calls = {}, []
TYPES = {torch.float32: "F32", torch.int32: "I32", torch.int64: "I64", torch.bool: "BOOL"}
R = lambda lo, hi: int(rng.integers(lo, hi + 1))
randn = lambda *s: torch.randn(*[int(x) for x in s])


def lua(v):
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, str): return '"%s"' % v
    if isinstance(v, (list, tuple)): return "{ " + ", ".join(lua(x) for x in v) + " }"
    if isinstance(v, dict): return "{ " + ", ".join("%s = %s" % (k, lua(x)) for k, x in sorted(v.items())) + " }"
    return "nil" if v is None else repr(v)


def case(op, args, f, inputs):
    """args: the Lua call's arguments; f(*inputs) -> torch results, computed in f64."""
    number = 1 + sum(c[0] == op for c in calls)
    name = "%s.%d." % (op, number)
    leaves = [t.double().requires_grad_() if t.is_floating_point() else t for t in inputs]
    outs = f(*leaves)
    outs = list(outs) if isinstance(outs, tuple) else [outs]
    single = lambda t: t.detach().float().contiguous() if t.is_floating_point() else t
    for i, t in enumerate(inputs): store[name + "in%d" % (i + 1)] = t
    for k, t in enumerate(outs): store[name + "out%d" % k] = single(t)
    w = torch.randn(outs[0].shape)
    store[name + "weight"] = w
    wanted = [t for t in leaves if t.is_floating_point()]
    grads = list(torch.autograd.grad((outs[0] * w).sum(), wanted, allow_unused=True))
    for i, t in enumerate(leaves):
        if not t.is_floating_point(): continue
        d = grads.pop(0)
        if not torch.isinf(inputs[i]).any(): store[name + "grad%d" % (i + 1)] = single(torch.zeros_like(t) if d is None else d)
    calls.append((op, number, args))


def matmuls():
    shapes = [((3,), (3,)), ((4,), (4, 5)), ((5, 4), (4,)), ((2, 3, 4), (4,)), ((4,), (2, 4, 3)), ((3, 4), (4, 5)), ((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)),
              ((3, 4), (2, 4, 5)), ((2, 1, 3, 4), (3, 4, 2)), ((1, 2, 3, 4), (3, 1, 4, 2)), ((1, 1), (1, 1)), ((17, 33), (33, 19)), ((1, 40), (40, 50)), ((40, 50), (50, 1))]
    for a, b in shapes: case("matmul", ["in1", "in2"], torch.matmul, [randn(*a), randn(*b)])
    for _ in range(8):
        m, k, n, lead = R(1, 30), R(1, 40), R(1, 30), [R(1, 3) for _ in range(R(0, 2))]
        case("matmul", ["in1", "in2"], torch.matmul, [randn(*lead, m, k), randn(*lead, k, n) if R(0, 1) else randn(k, n)])


def linears():
    for i in range(20):
        k, n, lead, bias = R(1, 60), R(1, 50), [R(1, 4) for _ in range(R(0, 3))], i % 3 > 0
        x = [randn(*lead, k), randn(n, k)] + ([randn(n)] if bias else [])
        case("linear", ["in1", "in2"] + (["in3"] if bias else []), torch.nn.functional.linear, x)


def einsums():
    size = dict(zip("abcdefghijk", [2, 3, 4, 5, 2, 3, 2, 4, 3, 2, 3]))
    specs = ["ab,bc->ac", "ab,bc", "ab,cb->ac", "abc,acd->abd", "abc,cd->abd", "ab->ba", "ab->a", "ab->", "aa->a", "aa", "aab->b", "a,b->ab", "a,a->", "ab,ab->", "ab,ab->ab",
             "abc,bd,de->ace", "abcd,aebd->abce", "ab,b->a", "abc,bad->cd", "ba", "abc,abc,abc->ac", "...ab,...bc->...ac", "...a->...", "a...,a->...", "abb,cb->ac"]
    for spec in specs:
        terms = spec.split("->")[0].split(",")
        shapes = [sum(([size[c]] if c != "." else [2, 3] for c in t.replace("...", ".")), []) for t in terms]
        case("einsum", [spec] + ["in%d" % (i + 1) for i in range(len(terms))], lambda *t, s=spec: torch.einsum(s, *t), [randn(*s) for s in shapes])


def attend(q, k, v, causal, mask, scale, window, cap):
    h, g, m, n = q.shape[1], k.shape[1], q.shape[2], k.shape[2]
    k, v = k.repeat_interleave(h // g, 1), v.repeat_interleave(h // g, 1)
    s = q @ k.transpose(2, 3) * (scale or q.shape[3] ** -0.5)
    if cap: s = cap * torch.tanh(s / cap)
    if mask is not None: s = s.masked_fill(~mask, -np.inf) if mask.dtype == torch.bool else s + mask
    at, j = torch.arange(m)[:, None] + n - m, torch.arange(n)[None]
    if causal: s = s.masked_fill(j > at, -np.inf)
    if window: s = s.masked_fill((at - j).abs() >= window, -np.inf)
    dead = (s == -np.inf).all(-1, keepdim=True)
    p = torch.softmax(s.masked_fill(dead, 0), -1).masked_fill(dead, 0)
    return p @ v


def attentions():
    for i in range(26):
        b, g, m, n, d, e = R(1, 2), R(1, 2), R(1, 12), R(1, 20), R(1, 20), R(1, 18)
        h, causal, window, cap, scale = g * R(1, 3), i % 2 == 0, R(1, 6) if i % 3 == 0 else None, 2.5 if i % 5 == 1 else None, 0.3 if i % 4 == 1 else None
        if i == 7: m, n, d, e = 40, 70, 32, 32
        mask = None
        if i % 4 == 2: mask = randn(m, n) if i % 8 == 2 else randn(b, 1, m, n)
        if i % 4 == 3: mask = torch.rand(b, h, m, n) > 0.4 if i % 8 == 3 else torch.rand(1, n) > 0.3
        if i == 13: mask = torch.full((m, n), -np.inf).triu(1) if n > 1 else None
        options = {k: v for k, v in dict(causal=causal, window=window, softcap=cap, scale=scale, mask="in4" if mask is not None else None).items() if v}
        x = [randn(b, h, m, d), randn(b, g, n, d), randn(b, g, n, e)] + ([mask] if mask is not None else [])
        case("attention", ["in1", "in2", "in3", options], lambda q, k, v, m=None, a=(causal, scale, window, cap): attend(q, k, v, a[0], m, *a[1:]), x)


def ropes():
    for i in range(20):
        lead, m, half = [R(1, 3) for _ in range(R(0, 2))], R(1, 9), R(1, 8)
        d = 2 * half + (R(0, 3) if i % 3 == 0 else 0)
        dims = 2 * half
        o = {}
        if dims != d: o["dims"] = dims
        if i % 2: o["base"] = 500.0
        if i % 4 == 3: o["scale"] = 0.25
        if i % 5 > 2: o["interleaved"] = True
        def f(x, p):
            angle = p.double()[:, None] * o.get("scale", 1) * o.get("base", 10000.0) ** (-2 * torch.arange(half).double() / dims)
            c, s = angle.cos(), angle.sin()
            if o.get("interleaved"):
                u, v = x[..., 0:dims:2], x[..., 1:dims:2]
                y = torch.stack([u * c - v * s, v * c + u * s], -1).flatten(-2)
            else:
                u, v = x[..., :half], x[..., half:dims]
                y = torch.cat([u * c - v * s, v * c + u * s], -1)
            return torch.cat([y, x[..., dims:]], -1)
        case("rope", ["in1", "in2"] + ([o] if o else []), f, [randn(*lead, m, d), torch.from_numpy(rng.integers(0, 900, m).astype(np.int32))])


def recurrent(op, gates):
    for i in range(20):
        T, b, n, h, layers = R(1, 6), R(1, 4), R(1, 7), R(1, 14), R(1, 2)
        both, bias, state, reverse = i % 3 == 1, i % 4 != 3, i % 2 == 1, i % 3 == 2
        dirs, per = 1 + both, 4 if bias else 2
        w = []
        for l in range(layers):
            for _ in range(dirs):
                w += [randn(gates * h, n if l == 0 else dirs * h) * 0.5, randn(gates * h, h) * 0.5] + ([randn(gates * h), randn(gates * h)] if bias else [])
        s = [randn(layers * dirs, b, h) for _ in range(1 + (op == "lstm"))] if state else []
        names = iter("in%d" % k for k in range(1, 100))
        args = [next(names), [next(names) for _ in s] or None, [[next(names) for _ in range(per)] for _ in range(layers * dirs)]]
        options = {k: True for k, v in dict(bidirectional=both, reverse=reverse).items() if v}
        def f(x, *rest):
            st, ws = rest[:len(s)], list(rest[len(s):])
            if not st: st = [torch.zeros(layers * dirs, b, h, dtype=torch.double) for _ in range(1 + (op == "lstm"))]
            run = torch.lstm if op == "lstm" else torch.gru
            y = run(x.flip(0) if reverse else x, tuple(st) if op == "lstm" else st[0], ws, bias, layers, 0.0, False, both, False)
            if not reverse: return y
            return (y[0].flip(0),) + y[1:]
        if reverse and layers > 1: pass
        case(op, args + ([options] if options else []), f, [randn(T, b, n)] + s + w)


def cdists():
    for i in range(20):
        lead, m, n, d = [R(1, 3) for _ in range(R(0, 2))], R(1, 9), R(1, 9), R(1, 40)
        case("cdist", ["in1", "in2"], lambda a, b: torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist"), [randn(*lead, m, d), randn(*(lead if i % 2 else []), n, d)])


matmuls(), linears(), einsums(), attentions(), ropes(), recurrent("lstm", 4), recurrent("gru", 3), cdists()
here = os.path.dirname(os.path.abspath(__file__))
header, parts, at = {}, [], 0
for name in sorted(store):
    t = store[name].contiguous()
    data = t.numpy().tobytes()
    header[name] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + len(data)]}
    parts.append(data)
    at += len(data)
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(here, "matmul.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
with open(os.path.join(here, "matmul.lua"), "w") as f:
    f.write("-- made by make_matmul.py\nreturn {\n")
    for op, number, args in calls: f.write('  { op = "%s", case = %d, args = %s },\n' % (op, number, lua(args)))
    f.write("}\n")
