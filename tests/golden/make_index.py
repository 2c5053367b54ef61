"""Golden data for index, making and Fourier ops: python3 make_index.py (needs torch) writes index.safetensors and index.lua beside itself.

Tensors are named <op>.<case>.in<i>, .out<k>, .weight and .grad<i> (the gradient of sum(out0 * weight) for input i); index.lua lists the calls.
"""
import json, os, struct
import numpy as np, torch

rng = np.random.default_rng(11)
torch.manual_seed(11)
store, calls = {}, []
TYPES = {torch.float32: "F32", torch.int32: "I32", torch.int64: "I64", torch.bool: "BOOL"}


def lua(v):
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, str): return '"%s"' % v
    if isinstance(v, list): return "{ " + ", ".join(lua(x) for x in v) + " }"
    if isinstance(v, dict): return "{ " + ", ".join("%s = %s" % (k, lua(x)) for k, x in sorted(v.items())) + " }"
    return "nil" if v is None else repr(v)


def case(op, args, f, inputs):
    """args: the Lua call's arguments; f(*inputs) -> torch results."""
    number = 1 + sum(c[0] == op for c in calls)
    name = "%s.%d." % (op, number)
    inputs = [t.clone().requires_grad_() if t.is_floating_point() else t for t in inputs]
    outs = f(*inputs)
    outs = list(outs) if isinstance(outs, tuple) else [outs]
    for i, t in enumerate(inputs): store[name + "in%d" % (i + 1)] = t.detach()
    for k, t in enumerate(outs): store[name + "out%d" % k] = t.detach()
    if outs[0].requires_grad:
        w = torch.randn(outs[0].shape)
        store[name + "weight"] = w
        grads = torch.autograd.grad((outs[0] * w).sum(), [t for t in inputs if t.requires_grad], allow_unused=True)
        for i, t in enumerate(inputs):
            if t.requires_grad:
                d, grads = grads[0], grads[1:]
                store[name + "grad%d" % (i + 1)] = torch.zeros_like(t) if d is None else d
    calls.append((op, number, args))


def shape(low=1, high=4, size=5, least=1): return [int(rng.integers(least, size + 1)) for _ in range(int(rng.integers(low, high + 1)))]
def dim_of(t):
    d = int(rng.integers(0, t.dim()))
    return d, int(rng.choice([d + 1, d - t.dim()]))
def index(n, *size): return torch.tensor(rng.integers(0, n, size), dtype=[torch.int32, torch.int64][int(rng.integers(0, 2))])
def pick(*values): return values[int(rng.integers(0, len(values)))]
def ties(*s): return torch.tensor(rng.integers(-3, 4, s), dtype=torch.float32)

for c in range(20):
    # cat, stack
    s = shape(); d = int(rng.integers(0, len(s))); xs = []
    for _ in range(int(rng.integers(1, 4))):
        t = list(s); t[d] = int(rng.integers(0, 4)); xs.append(torch.randn(t))
    if c % 5 == 4: xs.append(torch.randint(0, 9, xs[0].shape))
    if c % 7 == 6: xs.append(torch.zeros(0))
    names = ["in%d" % (i + 1) for i in range(len(xs))]
    case("cat", [names, pick(d + 1, d - len(s))], lambda *x: torch.cat(x, d), xs)
    s = shape(0, 3); d = int(rng.integers(0, len(s) + 1)); xs = [torch.randn(s) for _ in range(int(rng.integers(1, 4)))]
    case("stack", [names[:0] + ["in%d" % (i + 1) for i in range(len(xs))], pick(d + 1, d - len(s) - 1)], lambda *x: torch.stack(x, d), xs)
    # tile, repeat_interleave
    x = torch.randn(shape(1, 3, 4)); r = [int(rng.integers(0 if c == 3 else 1, 4)) for _ in range(int(rng.integers(1, 4)))]
    case("tile", ["in1"] + ([r] if c % 2 else r), lambda x: torch.tile(x, r), [x])
    d, ld = dim_of(x); n = int(rng.integers(1, 4))
    if c % 4 == 0: case("repeat_interleave", ["in1", n], lambda x: torch.repeat_interleave(x, n), [x])
    else: case("repeat_interleave", ["in1", n, ld], lambda x: torch.repeat_interleave(x, n, d), [x])
    # gather, scatter, scatter_add
    s = shape(1, 4, 5); x = torch.randn(s); d, ld = dim_of(x)
    i = [v if c % 2 else int(rng.integers(1, v + 1)) for v in s]; i[d] = int(rng.integers(0, 7)); ix = index(s[d], *i)
    case("gather", ["in1", ld, "in2"], lambda x, ix: torch.gather(x, d, ix.long()), [x, ix])
    src = torch.randn([v + int(rng.integers(0, 2)) if c % 3 == 0 else v for v in i])
    case("scatter_add", ["in1", ld, "in2", "in3"], lambda x, ix, y: torch.scatter_add(x, d, ix.long(), y[tuple(slice(0, v) for v in ix.shape)]), [x, ix, src])
    i[d] = int(rng.integers(1, s[d] + 1))
    ix = torch.argsort(torch.rand(s), d)[tuple(slice(0, v) for v in i)].to(ix.dtype)
    if c % 5 == 4: case("scatter", ["in1", ld, "in2", 2.5], lambda x, ix: torch.scatter(x, d, ix.long(), 2.5), [x, ix])
    else: case("scatter", ["in1", ld, "in2", "in3"], lambda x, ix, y: torch.scatter(x, d, ix.long(), y), [x, ix, torch.randn(i)])
    # index_select, index_add, embedding, one_hot, bincount
    m = int(rng.integers(0, 7)); ix = index(s[d], m)
    case("index_select", ["in1", ld, "in2"], lambda x, ix: torch.index_select(x, d, ix), [x, ix])
    i = list(s); i[d] = m
    case("index_add", ["in1", ld, "in2", "in3"], lambda x, ix, y: torch.index_add(x, d, ix, y), [x, ix, torch.randn(i)])
    v = int(rng.integers(2, 9)); ix = index(v, *shape(0, 3, 4))
    case("embedding", ["in1", "in2"], lambda ix, w: torch.nn.functional.embedding(ix, w), [ix, torch.randn(v, int(rng.integers(1, 9)))])
    case("one_hot", ["in1", v + c % 2], lambda ix: torch.nn.functional.one_hot(ix.long(), v + c % 2).float(), [ix])
    ix = index(6, int(rng.integers(1, 20)))
    case("bincount", ["in1"] + ([7] if c % 2 else []), lambda ix: torch.bincount(ix, minlength=7 if c % 2 else 0), [ix])
    # order
    s = shape(1, 3, 12 if c % 2 else 40); x = ties(*s) if c % 3 == 0 else torch.randn(s); d, ld = dim_of(x)
    if c % 4 == 3: x.view(-1)[:: 5] = float("nan")
    down = bool(c % 2)
    def sort(x):
        v, p = torch.sort(x, dim=d, descending=down, stable=True); return v, p.int()
    case("sort", ["in1", ld] + ([{"descending": True}] if down else []), sort, [x])
    k = int(rng.integers(0, s[d] + 1)) if c % 2 else min(s[d], 3)
    if c % 6 == 5: s = [2, 300]; x = torch.randn(s); d, ld, k = 1, -1, 7
    small = c % 3 == 1
    def topk(x):
        v, p = torch.sort(x, dim=d, descending=not small, stable=True); return v.narrow(d, 0, k), p.narrow(d, 0, k).int()
    case("topk", ["in1", k, ld] + ([{"descending": False}] if small else []), topk, [x])
    lead = shape(0, 2, 3) if c % 2 else []
    a = torch.sort(ties(*lead, 9))[0]; b = ties(*(lead if c % 2 else shape(0, 2, 3)), 5)
    right = bool(c % 4 > 1)
    a, b = (a.int(), b.int()) if c % 5 == 0 else (a, b)
    case("searchsorted", ["in1", "in2"] + ([{"right": True}] if right else []), lambda a, b: torch.searchsorted(a, b, right=right).int(), [a.detach(), b.detach()])
    case("nonzero", ["in1"], lambda x: torch.nonzero(x).int(), [ties(*shape(1, 3, 4)).to(pick(torch.float32, torch.int32, torch.bool))])
    # triangles
    x = torch.randn(shape(2, 4, 5)); k = int(rng.integers(-4, 5))
    case("tril", ["in1"] + ([k] if c else []), lambda x: torch.tril(x, k if c else 0), [x])
    case("triu", ["in1"] + ([k] if c else []), lambda x: torch.triu(x, k if c else 0), [x])
    x = torch.randn(shape(1, 2, 5)); k = int(rng.integers(-3, 4))
    if x.dim() == 2: k = max(min(k, x.shape[1]), -x.shape[0])
    case("diag", ["in1"] + ([k] if c else []), lambda x: torch.diag(x, k if c else 0), [x])
    # Fourier
    n = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 16, 20, 25, 31, 32, 49, 60, 64][c]; lead = shape(0, 2, 3) if c < 16 else pick([], [9])
    to = None if c % 3 else max(1, n + int(rng.integers(-3, 4)))
    real, pair = torch.randn(lead + [n]), torch.randn(lead + [n, 2])
    C, R = torch.view_as_complex, torch.view_as_real
    more = [] if to is None else [to]
    case("fft", ["in1"] + more, lambda x: R(torch.fft.fft(C(x), to)), [pair])
    case("ifft", ["in1"] + more, lambda x: R(torch.fft.ifft(C(x), to)), [pair])
    case("rfft", ["in1"] + more, lambda x: R(torch.fft.rfft(x, to)), [real])
    if n > 1 or to: case("irfft", ["in1"] + more, lambda x: torch.fft.irfft(C(x), to), [pair])
    else: case("irfft", ["in1", 3], lambda x: torch.fft.irfft(C(x), 3), [pair])
    n = [4, 5, 8, 12, 16][c % 5]; hop = int(rng.integers(1, n // 2 + 1)); x = torch.randn(shape(0, 1, 3) + [int(rng.integers(n, 5 * n))])
    win = int(rng.integers(n // 2 + 1, n + 1)); w = torch.rand(win) + 0.2; options, names, center = {}, ["in1"], bool(c % 3)
    if win < hop or c % 4 == 0: w, win = torch.rand(n) + 0.2, n
    plain = c % 5 == 1
    if not plain: options["window"] = "in2"
    if not center: options["center"] = False
    f = lambda x, w=None: R(torch.stft(x, n, hop, win if w is not None else n, w, center=center, return_complex=True))
    case("stft", ["in1", n, hop] + ([options] if options else []), f, [x] + ([] if plain else [w]))
    y = f(x, None if plain else w).detach() + 0.1 * torch.randn(1)
    long = None if c % 3 == 0 or not center else int(rng.integers(n, x.shape[-1] + 1))
    if not center and win < n: continue
    options = dict(options)
    if long: options["length"] = long
    case("istft", ["in1", n, hop] + ([options] if options else []),
         lambda y, w=None: torch.istft(C(y.contiguous()), n, hop, win if w is not None else n, w, center=center, length=long), [y] + ([] if plain else [w]))
while sum(c[0] == "istft" for c in calls) < 20:
    n = pick(6, 8, 10); y = torch.randn(2, n // 2 + 1, int(rng.integers(2, 6)), 2); w = torch.rand(n) + 0.2
    case("istft", ["in1", n, n // 2, {"window": "in2"}], lambda y, w: torch.istft(C(y), n, n // 2, n, w), [y, w])

here = os.path.dirname(os.path.abspath(__file__))
header, body = {}, b""
for name, t in store.items():
    raw = t.contiguous().numpy().tobytes()
    header[name] = {"dtype": TYPES[t.dtype], "shape": list(t.shape), "data_offsets": [len(body), len(body) + len(raw)]}
    body += raw
text = json.dumps(header, separators=(",", ":")).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(here, "index.safetensors"), "wb") as f: f.write(struct.pack("<Q", len(text)) + text + body)
with open(os.path.join(here, "index.lua"), "w") as f:
    f.write("-- written by make_index.py\nreturn {\n")
    for op, number, args in calls: f.write("  { op = %s, case = %d, args = %s },\n" % (lua(op), number, lua(args)))
    f.write("}\n")
