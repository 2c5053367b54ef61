# Golden data for the element ops: PyTorch's values and first gradients. python3 tests/golden/make_elem.py
# Writes elem.safetensors (<op>.<case>.in1, .. .out1, .weight, .grad1, .toward1, .second1, ..) and elem.lua (the calls).
import os, math, torch
from safetensors.torch import save_file
torch.manual_seed(26)
here = os.path.dirname(os.path.abspath(__file__))
tensors, cases = {}, []
gen = torch.Generator().manual_seed(26)

def rnd(shape, low, high): return torch.rand(shape, generator=gen) * (high - low) + low
def pick(n): return int(torch.randint(n, (1,), generator=gen))

def lua(v):
    if v is None: return "nil"
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, str): return '"%s"' % v
    if isinstance(v, dict): return "{" + ", ".join("%s=%s" % (k, lua(x)) for k, x in v.items()) + "}"
    if isinstance(v, (list, tuple)): return "{" + ", ".join(lua(x) for x in v) + "}"
    if v == math.inf: return "math.huge"
    return repr(v)

def case(op, args, inputs, f, grad=True):
    k = sum(c["op"] == op for c in cases) + 1
    name = "%s.%d" % (op, k)
    xs = [x.double().requires_grad_(True) if grad and x.is_floating_point() else x for x in inputs]
    y = f(*xs)                                                         # gradients in double precision: the truth for all tolerances
    for i, x in enumerate(inputs): tensors["%s.in%d" % (name, i + 1)] = x.contiguous().clone()
    tensors[name + ".out1"] = f(*inputs).contiguous().clone()
    if grad and y.requires_grad:
        w = rnd(y.shape, -1, 1)
        tensors[name + ".weight"] = w
        at = [i for i, x in enumerate(xs) if x.requires_grad]
        gs = torch.autograd.grad((y * w).sum(), [xs[i] for i in at], allow_unused=True, create_graph=True)
        total = 0
        for i, d in zip(at, gs):
            if d is None: continue
            tensors["%s.grad%d" % (name, i + 1)] = d.detach().float().contiguous()
            if k <= 12:                                                # second derivatives: of sum(gradient * toward)
                tensors["%s.toward%d" % (name, i + 1)] = rnd(d.shape, -1, 1)
                total = total + (d * tensors["%s.toward%d" % (name, i + 1)]).sum()
        if k <= 12 and total.requires_grad:
            for i, d in zip(at, torch.autograd.grad(total, [xs[i] for i in at], allow_unused=True)):
                if d is not None: tensors["%s.second%d" % (name, i + 1)] = d.float().contiguous()
    cases.append({"op": op, "case": k, "args": args})

shapes = [(), (1,), (7,), (33,), (2, 3), (5, 17), (3, 1, 4), (2, 3, 4), (2, 0, 3), (1, 2, 3, 4)]
pairs = [((4, 5), (4, 5)), ((4, 5), ()), ((), (3, 2)), ((4, 5), (5,)), ((4, 5), (4, 1)), ((4, 1), (1, 5)), ((2, 3, 4), (3, 1)), ((2, 3, 4), (2, 1, 4)), ((2, 1, 4), (3, 1)),
         ((0, 3), (3,)), ((2, 3, 4, 5), (3, 1, 1)), ((37,), (37,)), ((3, 16), (16,)), ((1,), (1,)), ((2, 1, 3, 1), (1, 4, 1, 5)), ((2, 2, 2, 2, 2), (2, 2, 1, 2)), ((6, 1), (6, 7)),
         ((1, 9), (8, 1)), ((5, 3), (1, 3)), ((2, 3, 7), (7,))]
F = torch.nn.functional

def unary(op, f, low, high, grad=True):
    for i in range(20): case(op, ["in1"], [rnd(shapes[i % len(shapes)], low, high)], f, grad)

unary("neg", torch.neg, -3, 3); unary("abs", torch.abs, -3, 3); unary("square", torch.square, -3, 3)
for op in "sign floor ceil round".split(): unary(op, getattr(torch, op), -4, 4, False)
unary("exp", torch.exp, -5, 5); unary("expm1", torch.expm1, -2, 2); unary("log", torch.log, 0.01, 9); unary("log1p", torch.log1p, -0.9, 5); unary("log2", torch.log2, 0.01, 9)
unary("sqrt", torch.sqrt, 0.01, 9); unary("rsqrt", torch.rsqrt, 0.01, 9); unary("reciprocal", torch.reciprocal, 0.2, 5)
unary("sin", torch.sin, -50, 50); unary("cos", torch.cos, -50, 50); unary("tan", torch.tan, -1.4, 1.4)
unary("tanh", torch.tanh, -4, 4); unary("sigmoid", torch.sigmoid, -8, 8); unary("relu", torch.relu, -2, 2); unary("softplus", F.softplus, -9, 25)
unary("erf", torch.erf, -4, 4); unary("silu", F.silu, -8, 8); unary("mish", F.mish, -8, 25); unary("softsign", F.softsign, -5, 5)
unary("isnan", torch.isnan, -1, 1, False); unary("isfinite", torch.isfinite, -1, 1, False); unary("logical_not", torch.logical_not, -1, 1, False)
special = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1e-40, -1e-40, 1e30, -1e30, 88.8, -104.0, 1.0, -1.0])
for op, f in [("exp", torch.exp), ("log", torch.log), ("sqrt", torch.sqrt), ("tanh", torch.tanh), ("sin", torch.sin), ("sigmoid", torch.sigmoid), ("erf", torch.erf), ("relu", torch.relu), ("abs", torch.abs),
              ("sign", torch.sign), ("isnan", torch.isnan), ("isfinite", torch.isfinite), ("floor", torch.floor), ("log1p", torch.log1p), ("expm1", torch.expm1), ("round", torch.round)]:
    case(op, ["in1"], [special], f, False)
for i in range(20):
    s = shapes[i % len(shapes)]
    slope, low = round(float(rnd((), 0.01, 0.5)), 3), round(float(rnd((), -1, 0)), 3)
    high = round(low + float(rnd((), 0.1, 1.5)), 3)
    case("leaky_relu", ["in1"] + ([slope] if i % 3 else []), [rnd(s, -2, 2)], lambda x: F.leaky_relu(x, slope if i % 3 else 0.01))
    case("elu", ["in1"] + ([slope] if i % 3 else []), [rnd(s, -4, 2)], lambda x: F.elu(x, slope if i % 3 else 1.0))
    case("gelu", ["in1"] + ([{"exact": i % 3 == 1}] if i % 3 else []), [rnd(s, -4, 4)], lambda x: F.gelu(x, approximate="none" if i % 3 == 1 else "tanh"))
    bounds = [(low, high), (low, None), (None, high)][i % 3]
    case("clamp", ["in1", bounds[0], bounds[1]], [rnd(s, -2, 2)], lambda x: torch.clamp(x, bounds[0], bounds[1]))

def binary(op, f, la, ha, lb, hb, grad=True):
    for a, b in pairs: case(op, ["in1", "in2"], [rnd(a, la, ha), rnd(b, lb, hb)], f, grad)
    for n in range(4):
        c = [2.5, -1.5, 3, 2][n]
        case(op, ["in1", c] if lb < 0 or c > 0 else ["in1", -c], [rnd((3, 5), la, ha)], lambda x: f(x, torch.tensor(float(c if lb < 0 or c > 0 else -c))), grad)
binary("add", torch.add, -3, 3, -3, 3); binary("sub", torch.sub, -3, 3, -3, 3); binary("mul", torch.mul, -3, 3, -3, 3); binary("div", torch.div, -3, 3, 0.3, 3)
binary("pow", torch.pow, 0.1, 4, -3, 3); binary("maximum", torch.maximum, -3, 3, -3, 3); binary("minimum", torch.minimum, -3, 3, -3, 3); binary("atan2", torch.atan2, -3, 3, -3, 3)
binary("remainder", torch.remainder, -9, 9, 0.5, 3)
for op in "lt le gt ge eq ne".split():
    for a, b in pairs: case(op, ["in1", "in2"], [rnd(a, -2, 2).round(), rnd(b, -2, 2).round()], getattr(torch, op), False)
for op in "logical_and logical_or".split():
    for a, b in pairs: case(op, ["in1", "in2"], [rnd(a, -1, 1).round(), rnd(b, -1, 1).round()], getattr(torch, op), False)
for i in range(5):                                                     # equal values share the gradient; zeros and powers
    for op in "maximum minimum".split(): case(op, ["in1", "in2"], [rnd((4, 4), -1, 1).round(), rnd((4, 4), -1, 1).round()], getattr(torch, op))
    case("pow", ["in1", i], [rnd((3, 4), -2, 2)], lambda x: torch.pow(x, i))
case("pow", ["in1", "in2"], [torch.tensor([0.0, 0.0, 2.0, 0.0]), torch.tensor([0.0, 2.0, 0.0, 1.0])], torch.pow)
types = [torch.int32, torch.int64, torch.uint8]
for i in range(21):                                                    # whole numbers and mixed types
    t = types[i % 3]
    a, b = rnd(pairs[i % 20][0], 0, 12).to(t), rnd(pairs[i % 20][1], 1, 5).to(t)
    for op in "add sub mul div pow maximum minimum remainder lt eq".split(): case(op, ["in1", "in2"], [a, b], getattr(torch, op), False)
    case("add", ["in1", "in2"], [a, b.to(types[(i + 1) % 3])], torch.add, False)
    case("mul", ["in1", "in2"], [a, b.float()], torch.mul, False)
    case("add", ["in1", 3], [a], lambda x: x + 3, False)
    case("mul", ["in1", 1.5], [a], lambda x: x * 1.5, False)
for i in range(6):
    h = [torch.float16, torch.bfloat16][i % 2]
    for op in "add mul div".split(): case(op, ["in1", "in2"], [rnd((3, 5), -2, 2).to(h), rnd((5,), 0.5, 2).to(h)], lambda x, y: getattr(torch, op)(x.float(), y.float()).to(h), False)
triples = [((4, 5), (4, 5), (4, 5)), ((4, 5), (5,), ()), ((4, 1), (1, 5), (4, 5)), ((2, 3, 4), (3, 1), (4,)), ((5,), (2, 5), (2, 1)), ((), (3,), (3,)), ((0, 2), (2,), (2,))]
for i in range(21):
    c, a, b = triples[i % 7]
    case("where", ["in1", "in2", "in3"], [rnd(c, -1, 1) > 0, rnd(a, -2, 2), rnd(b, -2, 2)], torch.where)
    case("lerp", ["in1", "in2", "in3"], [rnd(a, -2, 2), rnd(b, -2, 2), rnd(c, 0, 1)], lambda x, y, t: x + (y - x) * t)
    v = round(float(rnd((), -2, 2)), 3)
    case("masked_fill", ["in1", "in2", v], [rnd(pairs[i % 20][0], -2, 2), rnd(pairs[i % 20][0], -1, 1) > 0], lambda x, m: x.masked_fill(m, v))
def slerp(a, b, t):
    dot = ((a / a.norm(dim=-1, keepdim=True)) * (b / b.norm(dim=-1, keepdim=True))).sum(-1, keepdim=True)
    o = torch.acos(dot)
    return torch.sin((1 - t) * o) / torch.sin(o) * a + torch.sin(t * o) / torch.sin(o) * b
for i in range(20):
    s = [(6,), (3, 5), (2, 3, 4), (1, 8)][i % 4]
    t = round(float(rnd((), 0, 1)), 3)
    case("slerp", ["in1", "in2", t], [rnd(s, -2, 2), rnd(s, -2, 2)], lambda a, b: slerp(a.double(), b.double(), t).float())
save_file(tensors, os.path.join(here, "elem.safetensors"))
with open(os.path.join(here, "elem.lua"), "w") as f:
    f.write("-- made by make_elem.py\nreturn {\n" + "".join('  { op = "%s", case = %d, args = %s },\n' % (c["op"], c["case"], lua(c["args"])) for c in cases) + "}\n")
print(len(cases), "cases", os.path.getsize(os.path.join(here, "elem.safetensors")))
