"""Golden data for reductions, softmax, normalisation and losses: python3 make_reduce.py (needs torch) writes reduce.safetensors and reduce.lua beside itself.

Tensors are named <op>.<case>.in<i>, .out<k>, .weight, .grad<i> (the gradient of sum(out0 * weight) for input i), .dir<i> and .second<i> (the gradient of
sum(grad<i> * dir<i>) over all i); values are computed in double precision. reduce.lua lists the calls.
"""
import json, math, os, struct
import numpy as np, torch
import torch.nn.functional as F

rng = np.random.default_rng(5)
torch.manual_seed(5)
store, calls = {}, []
TYPES = {torch.float32: "F32", torch.int32: "I32", torch.int64: "I64", torch.bool: "BOOL", torch.uint8: "U8"}
WORDS = ["mean", "sum", "none"]


def lua(v):
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, str): return '"%s"' % v
    if isinstance(v, float) and math.isinf(v): return "math.huge" if v > 0 else "-math.huge"
    if isinstance(v, list): return "{ " + ", ".join(lua(x) for x in v) + " }"
    if isinstance(v, dict): return "{ " + ", ".join("%s = %s" % (k, lua(x)) for k, x in sorted(v.items())) + " }"
    return "nil" if v is None else repr(v)


def put(name, t):
    t = t.detach()
    store[name] = t.float() if t.is_floating_point() else t


def case(op, args, f, inputs, fixed=(), second=True, changed=()):
    """args: the Lua call's arguments; f(*inputs) -> torch results; fixed: inputs without gradient; changed: inputs written in place."""
    number = 1 + sum(c[0] == op for c in calls)
    name = "%s.%d." % (op, number)
    xs = [t.double().requires_grad_(i not in fixed) if t.is_floating_point() else t for i, t in enumerate(inputs)]
    for i, t in enumerate(inputs): put(name + "in%d" % (i + 1), t)
    outs = f(*xs)
    outs = list(outs) if isinstance(outs, tuple) else [outs]
    for k, t in enumerate(outs): put(name + "out%d" % k, t)
    for i in changed: put(name + "after%d" % (i + 1), xs[i])
    leaves = [(i, t) for i, t in enumerate(xs) if t.is_floating_point() and t.requires_grad]
    if outs[0].requires_grad and outs[0].numel():
        w = torch.randn(outs[0].shape)
        put(name + "weight", w)
        grads = torch.autograd.grad((outs[0] * w.double()).sum(), [t for _, t in leaves], create_graph=second, allow_unused=True)
        total = 0
        for (i, t), d in zip(leaves, grads):
            d = torch.zeros_like(t) if d is None else d
            put(name + "grad%d" % (i + 1), d)
            if second:
                v = torch.randn(t.shape)
                put(name + "dir%d" % (i + 1), v)
                total = total + (d * v.double()).sum()
        if second:
            seconds = torch.autograd.grad(total, [t for _, t in leaves], allow_unused=True) if total.requires_grad else [None] * len(leaves)
            for (i, t), d in zip(leaves, seconds): put(name + "second%d" % (i + 1), torch.zeros_like(t) if d is None else d)
    calls.append((op, number, args))


def pick(*values): return values[int(rng.integers(0, len(values)))]
def shape(low=1, high=4, size=5): return [int(rng.integers(1, size + 1)) for _ in range(int(rng.integers(low, high + 1)))]
def sign(d, n): return int(pick(d + 1, d - n))
def some_dims(n):
    """nil, one dim or a list: (Lua argument, torch argument)"""
    kind = int(rng.integers(0, 4))
    if kind == 0: return None, tuple(range(n))
    if kind < 3 or n < 2: d = int(rng.integers(0, n)); return sign(d, n), (d,)
    ds = sorted(int(x) for x in rng.permutation(n)[: int(rng.integers(1, n + 1))])
    return [sign(d, n) for d in ds], tuple(ds)
def options(args, **o):
    o = {k: v for k, v in o.items() if v is not None}
    return args + [o] if o else args


def reductions(c):
    s = shape()
    if c == 1: s = [3, 70, 5]
    if c == 2: s = [130, 3]
    if c == 3: s = [2, 3, 2, 3]
    x = torch.randn(s)
    keep = pick(None, True, False)
    for op in ["sum", "mean", "var", "std", "norm", "logsumexp", "prod"]:
        a, d = some_dims(len(s))
        if c == 3: a, d = [1, 3], (0, 2)
        k = bool(keep)
        if op == "sum": case(op, options(["in1", a], keep=keep), lambda x: x.sum(d, k), [x])
        elif op == "mean": case(op, options(["in1", a], keep=keep), lambda x: x.mean(d, k), [x])
        elif op in ("var", "std"):
            n = int(np.prod([s[i] for i in d])); u = pick(None, False) if n > 1 else False
            x2 = x + torch.arange(x.numel()).reshape(s) * 0.3
            if op == "std" and n == 1: continue
            case(op, options(["in1", a], keep=keep, unbiased=u), lambda x: getattr(x, op)(d, unbiased=u is None, keepdim=k), [x2])
        elif op == "norm":
            p = pick(None, 2, 1, 3, float("inf"), float("-inf"), 0, 1.5)
            case(op, options(["in1", a], keep=keep, p=p), lambda x: torch.linalg.vector_norm(x, 2 if p is None else p, d, k), [x], second=p in (None, 2, 3), fixed=(0,) if p == 0 else ())
        elif op == "logsumexp": case(op, options(["in1", a], keep=keep), lambda x: torch.logsumexp(x, d, k), [x * 4])
        else:
            if a is None: case(op, ["in1"], lambda x: x.prod(), [x * 0.5 + 1])
            else:
                y = x * 0.5 + 1
                if c % 3 == 0: y.view(-1)[0] = 0
                d0 = d[0]
                case(op, options(["in1", sign(d0, len(s))], keep=keep), lambda x: x.prod(d0, k), [y], second=c % 3 != 0)
    for op in ["max", "min"]:
        a, d = some_dims(len(s))
        k = bool(keep)
        y = torch.tensor(rng.integers(-3, 4, s), dtype=torch.float32) if c % 2 else x
        one = getattr(torch, op)
        if a is None or len(d) > 1 or isinstance(a, list):
            if isinstance(a, list) and len(a) == 1: a = a[0]
            else:
                f = getattr(torch, "a" + op)
                case(op, options(["in1", a], keep=keep), lambda x: f(x, d, k), [y])
                a = None
        if a is not None and not isinstance(a, list):
            if c % 2: y = y + torch.rand(s) * 0.5
            case(op, options(["in1", a], keep=keep), lambda x: (lambda r: (r.values, r.indices.int()))(one(x, d[0], k)), [y])
    for op in ["argmax", "argmin"]:
        d = pick(None, int(rng.integers(0, len(s))))
        y = torch.tensor(rng.permutation(int(np.prod(s))).reshape(s), dtype=pick(torch.float32, torch.int32, torch.int64))
        case(op, options(["in1", None if d is None else sign(d, len(s))], keep=keep if d is not None else None),
             lambda x: getattr(torch, op)(x, d, bool(keep) if d is not None else False).int(), [y], fixed=(0,))
    for op in ["any", "all"]:
        a, d = some_dims(len(s))
        y = torch.tensor(rng.integers(0, 2, s) if op == "any" else rng.integers(0, 5, s), dtype=pick(torch.bool, torch.float32, torch.int32))
        case(op, options(["in1", a], keep=keep), lambda x: getattr(torch, op)(x != 0, d, bool(keep)), [y], fixed=(0,))
    a, d = some_dims(len(s))
    y = torch.tensor(rng.integers(0, 4, s), dtype=pick(torch.bool, torch.int32, torch.int64, torch.uint8))
    case("sum", options(["in1", a], keep=keep), lambda x: x.sum(d, bool(keep)), [y])
    d = int(rng.integers(0, len(s)))
    case("prod", options(["in1", sign(d, len(s))], keep=keep), lambda x: x.prod(d, bool(keep)), [y])
    case("max", options(["in1", sign(d, len(s))], keep=keep), lambda x: x.to(torch.int64).max(d, bool(keep))[0].to(x.dtype), [y]) if y.dtype != torch.bool else None
    case("cumsum", ["in1", sign(d, len(s))], lambda x: x.cumsum(d), [x if c % 4 else y])
    case("cumprod", ["in1", sign(d, len(s))], lambda x: x.cumprod(d), [x + 2 * torch.sign(x) if c % 4 else y])
    for op, f in [("softmax", torch.softmax), ("log_softmax", torch.log_softmax)]:
        d = pick(None, int(rng.integers(0, len(s))))
        z = x * pick(1, 3)
        case(op, ["in1"] if d is None else ["in1", sign(d, len(s))], lambda x: f(x, -1 if d is None else d), [z])
    d = int(rng.integers(0, len(s)))
    if s[d] < 3: s[d] = 3; x = torch.randn(s)                   # of one number the derivative is 0, left over from terms that are not
    case("cosine_similarity", ["in1", "in2"] if d == len(s) - 1 else ["in1", "in2", sign(d, len(s))], lambda a, b: F.cosine_similarity(a, b, d), [x, torch.randn(s)])


def norms(c):
    s = shape(1, 3, 4) + [int(rng.integers(2, 40))]
    d = s[-1]
    x, w, b = torch.randn(s) * 2 + 1, torch.randn(d), torch.randn(d)
    how, e = int(rng.integers(0, 3)), pick(None, 1e-3)
    eps = 1e-5 if e is None else e
    given, names = ([x], ["in1"]) if how == 0 else ([x, w], ["in1", "in2"]) if how == 1 else ([x, w, b], ["in1", "in2", "in3"])
    fill = lambda names: names + [None] * (3 - len(names)) if e else names
    case("layer_norm", options(fill(names), eps=e), lambda x, w=None, b=None: F.layer_norm(x, (d,), w, b, eps), given)
    names, given = names[:2], given[:2]
    case("rms_norm", options(names + [None] * (2 - len(names)) if e else names, eps=e), lambda x, w=None: F.rms_norm(x, (d,), w, e or 1e-6), given)
    groups, each = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    ch = groups * each
    s = [int(rng.integers(2, 4)), ch] + [int(rng.integers(2, 5)) for _ in range(int(rng.integers(0 if each > 1 else 1, 3)))]
    if c == 2: s = [2, ch, 5, 7]
    if len(s) == 2 or int(np.prod(s[2:])) < 6: s = s[:2] + [6]  # two numbers are always -1 and 1
    x, w, b = torch.randn(s) * 2 + 1, torch.randn(ch), torch.randn(ch)
    given, names = ([x], ["in1"]) if how == 0 else ([x, w], ["in1", "in2"]) if how == 1 else ([x, w, b], ["in1", "in2", "in3"])
    case("group_norm", options(["in1", groups] + (names[1:] + [None] * (3 - len(names)) if e else names[1:]), eps=e), lambda x, w=None, b=None: F.group_norm(x, groups, w, b, eps), given)
    if len(s) > 2: case("instance_norm", options(fill(names), eps=e), lambda x, w=None, b=None: F.instance_norm(x, None, None, w, b, eps=eps), given)
    m, v = torch.randn(ch), torch.rand(ch) + 0.5
    if c % 3 == 2: s = [7, ch]; x = torch.randn(s) * 2 + 1; given = [x] + given[1:]
    train, mom = pick(None, True, True), pick(None, 0.3)
    xs = [x, m, v] + given[1:]
    args = options(["in1", "in2", "in3", "in4" if how else None, "in5" if how == 2 else None], eps=e, train=train, momentum=mom)
    case("batch_norm", args, lambda x, m, v, w=None, b=None: F.batch_norm(x, m, v, w, b, bool(train), mom or 0.1, eps), xs, fixed=(1, 2), changed=(1, 2))


def losses(c):
    s = shape(1, 3, 5)
    word = WORDS[c % 3]
    o = {"reduce": None if c == 0 else word}
    word = "mean" if c == 0 else word
    finish = lambda t, w: (lambda u: u.mean() if word == "mean" else u.sum() if word == "sum" else u)(t if w is None else t * w)
    ws = [torch.rand(s) + 0.1] if c % 4 == 3 else []
    if ws: o["weight"] = "in3"
    x, t = torch.randn(s) * 2, torch.randn(s)
    if c % 5 == 4: t = t[:1]
    case("mse_loss", options(["in1", "in2"], **o), lambda x, t, w=None: finish((x - t) ** 2, w), [x, t] + ws)
    case("l1_loss", options(["in1", "in2"], **o), lambda x, t, w=None: finish((x - t).abs(), w), [x, t] + ws)
    delta = pick(None, 0.5, 2)
    case("huber_loss", options(["in1", "in2"], delta=delta, **o), lambda x, t, w=None: finish(F.huber_loss(*torch.broadcast_tensors(x, t), reduction="none", delta=delta or 1.0), w), [x, t] + ws)
    p = torch.rand(s)
    if c % 3 == 1: x = x * 6; p = (p > 0.5).float()
    case("bce_with_logits", options(["in1", "in2"], **o), lambda x, t, w=None: finish(F.binary_cross_entropy_with_logits(x, t, reduction="none"), w), [x, p] + ws)
    p = torch.rand(s)
    case("kl_div", options(["in1", "in2"], **o), lambda x, t, w=None: finish(F.kl_div(x, t, reduction="none"), w), [torch.log_softmax(x, -1), p] + ws)
    classes = int(rng.integers(2, 20))
    s = pick([4], [5], [2, 3], [2, 2, 3], [])
    ls = (s[:1] + [classes] + s[1:]) if s else [classes]
    x = torch.randn(ls) * 2
    smooth, weighted = pick(None, 0.1), c % 2 == 1
    o = {"reduce": word if c else None, "smooth": smooth}
    w = [torch.rand(classes) + 0.1] if weighted else []
    if weighted: o["weight"] = "in3"
    if c % 4 == 2:
        t = torch.softmax(torch.randn(ls), 1 if s else 0)
        case("cross_entropy", options(["in1", "in2"], **o), lambda x, t, w=None: F.cross_entropy(x, t, w, reduction=word, label_smoothing=smooth or 0.0), [x, t] + w, fixed=(2,))
        return
    t = torch.tensor(rng.integers(0, classes, s), dtype=torch.int64)
    ignore = pick(None, 1)
    if ignore is None and s and c % 3 == 0: t.view(-1)[0] = -100
    if ignore == 1 and (not s or (t == 1).all()): ignore = None
    o["ignore"] = ignore
    case("cross_entropy", options(["in1", "in2"], **o), lambda x, t, w=None: F.cross_entropy(x, t, w, reduction=word, label_smoothing=smooth or 0.0, ignore_index=-100 if ignore is None else 1), [x, t] + w, fixed=(2,))


for c in range(24):
    reductions(c)
    norms(c)
    losses(c)

folder = os.path.dirname(os.path.abspath(__file__))
header, blob = {}, b""
for name, t in store.items():
    raw = t.contiguous().numpy().tobytes()
    header[name] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [len(blob), len(blob) + len(raw)]}
    blob += raw
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(folder, "reduce.safetensors"), "wb") as f: f.write(struct.pack("<Q", len(text)) + text + blob)
with open(os.path.join(folder, "reduce.lua"), "w") as f:
    f.write("-- written by make_reduce.py\nreturn {\n")
    for op, number, args in calls:
        while args and args[-1] is None: args = args[:-1]
        f.write('  { op = "%s", case = %d, n = %d, args = %s },\n' % (op, number, len(args), lua(args)))
    f.write("}\n")
print({op: sum(c[0] == op for c in calls) for op in sorted({c[0] for c in calls})}, os.path.getsize(os.path.join(folder, "reduce.safetensors")))
