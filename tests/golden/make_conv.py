# Golden data for convolutions, pools, resizing, padding and sampling: PyTorch's values, first and second gradients. python3 tests/golden/make_conv.py
# Writes conv.safetensors (<op>.<case>.in1, .. .out1, .weight, .grad1, .toward1, .second1, ..) and conv.lua (the calls). second = gradient of sum(grad * toward).
import os, random, torch
from safetensors.torch import save_file
torch.manual_seed(27)
random.seed(27)
here = os.path.dirname(os.path.abspath(__file__))
tensors, cases = {}, []
F = torch.nn.functional
def rnd(*shape): return torch.rand(shape) * 2 - 1
def pick(a, b): return random.randint(a, b)

def lua(v):
    if v is None: return "nil"
    if isinstance(v, bool): return "true" if v else "false"
    if isinstance(v, str): return '"%s"' % v
    if isinstance(v, dict): return "{" + ", ".join("%s=%s" % (k, lua(x)) for k, x in v.items()) + "}"
    if isinstance(v, (list, tuple)): return "{" + ", ".join(lua(x) for x in v) + "}"
    return repr(v)

def case(op, args, inputs, f, seconds=7):
    k = sum(c["op"] == op for c in cases) + 1
    name = "%s.%d" % (op, k)
    xs = [x.clone().requires_grad_(True) for x in inputs]
    y = f(*xs)
    for i, x in enumerate(inputs): tensors["%s.in%d" % (name, i + 1)] = x.contiguous().clone()
    tensors[name + ".out1"] = y.detach().contiguous().clone()
    w = tensors[name + ".weight"] = rnd(*y.shape)
    gs = torch.autograd.grad((y * w).sum(), xs, create_graph=k <= seconds)
    total = 0
    for i, d in enumerate(gs):
        tensors["%s.grad%d" % (name, i + 1)] = d.detach().contiguous().clone()
        if k <= seconds:
            tensors["%s.toward%d" % (name, i + 1)] = rnd(*d.shape)
            total = total + (d * tensors["%s.toward%d" % (name, i + 1)]).sum()
    if k <= seconds and total.requires_grad:
        for i, d in enumerate(torch.autograd.grad(total, xs, allow_unused=True)):
            if d is not None: tensors["%s.second%d" % (name, i + 1)] = d.contiguous().clone()
    cases.append({"op": op, "case": k, "args": args})

def one_or_list(v): return v[0] if len(set(v)) == 1 and pick(0, 1) else list(v)

modes = ["zero", "reflect", "replicate", "circular"]
def conv(nd, i):
    op, groups = "conv%dd" % nd, random.choice([1, 1, 2, 3])
    c, o = groups * pick(1, 2), groups * pick(1, 2)
    if i == 3: groups = c = 4; o = 8                                     # depthwise with a multiplier
    if i == 4: groups = c = o = 3
    size = [pick(3, [20, 7, 4][nd - 1]) for _ in range(nd)]
    k, dil = [pick(1, 3) for _ in range(nd)], [random.choice([1, 1, 2]) for _ in range(nd)]
    if i == 5: k, dil = [1] * nd, [1] * nd
    stride = [random.choice([1, 1, 2, 3]) for _ in range(nd)]
    mode, same = (modes[i % 4] if i % 3 == 0 else "zero"), i % 5 == 4
    if same: stride, k = [1] * nd, [pick(2, 4) for _ in range(nd)]
    pad = [pick(0, 2) for _ in range(nd)]
    for d in range(nd): size[d] = max(size[d], dil[d] * (k[d] - 1) + 1, pad[d] + 1)
    x, w, b = rnd(pick(1, 2), c, *size), rnd(o, c // groups, *k), rnd(o)
    opt = {}
    if max(stride) > 1: opt["stride"] = one_or_list(stride)
    if same: opt["pad"] = "same"
    elif max(pad) > 0: opt["pad"] = one_or_list(pad)
    if mode != "zero": opt["pad_mode"] = mode
    if max(dil) > 1: opt["dilation"] = one_or_list(dil)
    if groups > 1: opt["groups"] = groups
    def f(x, w, b=None):
        before = [dil[d] * (k[d] - 1) // 2 for d in range(nd)] if same else pad
        after = [dil[d] * (k[d] - 1) - before[d] for d in range(nd)] if same else pad
        pairs = [v for d in reversed(range(nd)) for v in (before[d], after[d])]
        x = F.pad(x, pairs, mode={"zero": "constant"}.get(mode, mode))
        return getattr(F, op)(x, w, b, tuple(stride), 0, tuple(dil), groups)
    bias = i % 3 != 1
    case(op, ["in1", "in2"] + (["in3"] if bias else []) + ([opt] if opt else []), [x, w] + ([b] if bias else []), f)

def transposed(nd, i):
    op, groups = "conv_transpose%dd" % nd, random.choice([1, 1, 2])
    c, o = groups * pick(1, 2), pick(1, 2)
    size, k, dil = [pick(1, [9, 5, 3][nd - 1]) for _ in range(nd)], [pick(1, 4 if nd < 3 else 2) for _ in range(nd)], [random.choice([1, 1, 2]) for _ in range(nd)]
    stride, pad = [random.choice([1, 2, 2, 3]) for _ in range(nd)], [pick(0, 1) for _ in range(nd)]
    extra = [pick(0, max(stride[d], dil[d]) - 1) for d in range(nd)]
    for d in range(nd):
        if (size[d] - 1) * stride[d] + dil[d] * (k[d] - 1) + extra[d] + 1 - 2 * pad[d] < 1: pad[d] = 0
    opt = {}
    if max(stride) > 1: opt["stride"] = one_or_list(stride)
    if max(pad) > 0: opt["pad"] = one_or_list(pad)
    if max(extra) > 0: opt["out_pad"] = one_or_list(extra)
    if max(dil) > 1: opt["dilation"] = one_or_list(dil)
    if groups > 1: opt["groups"] = groups
    x, w, b = rnd(pick(1, 2), c, *size), rnd(c, o, *k), rnd(o * groups)
    bias = i % 3 != 1
    case(op, ["in1", "in2"] + (["in3"] if bias else []) + ([opt] if opt else []), [x, w] + ([b] if bias else []),
         lambda x, w, b=None: getattr(F, op)(x, w, b, tuple(stride), tuple(pad), tuple(extra), groups, tuple(dil)))

def pool(kind, nd, i):
    op = "%s_pool%dd" % (kind, nd)
    size, k = [pick(4, [20, 9, 5][nd - 1]) for _ in range(nd)], [pick(1, 3) for _ in range(nd)]
    if i == 1: k = [2] * nd
    stride, pad = [pick(1, 3) for _ in range(nd)] if i % 2 else k, [pick(0, v // 2) for v in k]
    ceil, count = i % 3 == 0, i % 4 != 1
    opt = {}
    if i % 2: opt["stride"] = one_or_list(stride)
    if max(pad) > 0: opt["pad"] = one_or_list(pad)
    if ceil: opt["ceil"] = True
    if kind == "avg" and not count: opt["count_pad"] = False
    x = rnd(pick(1, 2), pick(1, 2), *size)
    if kind == "max": f = lambda x: getattr(F, op)(x, tuple(k), tuple(stride), tuple(pad), 1, ceil)
    else: f = lambda x: getattr(F, op)(x, tuple(k), tuple(stride), tuple(pad), ceil, count)
    case(op, ["in1", one_or_list(k)] + ([opt] if opt else []), [x], f)

for nd in (1, 2, 3):
    for i in range(22): conv(nd, i)
    for i in range(22): transposed(nd, i)
    for i in range(20): pool("max", nd, i)
    for i in range(20): pool("avg", nd, i)
x, w, b = rnd(1, 16, 14, 14), rnd(16, 16, 3, 3), rnd(16)                 # Winograd's way
case("conv2d", ["in1", "in2", "in3", {"pad": 1}], [x, w, b], lambda x, w, b: F.conv2d(x, w, b, padding=1), 0)
x, w = rnd(1, 17, 17, 13), rnd(18, 17, 3, 3)
case("conv2d", ["in1", "in2"], [x, w], lambda x, w: F.conv2d(x, w), 0)
x, w, b = rnd(1, 3, 40, 36), rnd(2, 3, 5, 5), rnd(2)                     # wide rows
case("conv2d", ["in1", "in2", "in3", {"stride": [1, 2], "pad": 2}], [x, w, b], lambda x, w, b: F.conv2d(x, w, b, (1, 2), 2), 0)
for i in range(20):
    x, size = rnd(pick(1, 2), pick(1, 2), pick(1, 9), pick(1, 9)), [pick(1, 9), pick(1, 9)]
    case("adaptive_avg_pool2d", ["in1", size], [x], lambda x: F.adaptive_avg_pool2d(x, size))
for i in range(40):
    x, size, opt = rnd(1, pick(1, 2), pick(1, 9), pick(1, 9)), [pick(1, 13), pick(1, 13)], {}
    mode = ["nearest", "bilinear", "bicubic", "area"][i % 4]
    if i == 30: size[1] = 2                                              # (PyTorch 2.15 is wrong for one column with align_corners and antialias)
    linear = mode in ("bilinear", "bicubic")
    corners, anti = linear and i % 8 >= 4, linear and i % 3 == 0
    if mode != "nearest": opt["mode"] = mode
    if corners: opt["align_corners"] = True
    if anti: opt["antialias"] = True
    case("resize", ["in1", size] + ([opt] if opt else []), [x], lambda x: F.interpolate(x, size, mode=mode, align_corners=corners if linear else None, antialias=anti), 12)
for i in range(20):
    r = pick(1, 3)
    x = rnd(*([2] if i % 2 else []), pick(1, 2) * r * r, pick(1, 3), pick(1, 3))
    case("pixel_shuffle", ["in1", r], [x], lambda x: F.pixel_shuffle(x, r))
    x = rnd(*([2] if i % 2 else []), pick(1, 2), pick(1, 2) * r, pick(1, 2) * r)
    case("pixel_unshuffle", ["in1", r], [x], lambda x: F.pixel_unshuffle(x, r))
for i in range(32):
    mode = ["constant", "reflect", "replicate", "circular"][i % 4]
    nd = pick(1, 3)
    x = rnd(*([1, 2] if mode != "constant" else [2]), *[pick(3, 6) for _ in range(nd)])
    pads = [pick(0, 2) if mode != "constant" else pick(-1, 3) for _ in range(2 * nd)]
    opt = {} if mode == "constant" else {"mode": mode}
    value = 0
    if mode == "constant" and i % 8 == 0: value = opt["value"] = 0.75
    case("pad", ["in1", pads] + ([opt] if opt else []), [x], lambda x: F.pad(x, pads, mode, value) if mode == "constant" else F.pad(x, pads, mode), 16)
for i in range(24):
    x, grid = rnd(pick(1, 2), pick(1, 3), pick(2, 6), pick(2, 6)), None
    grid, opt = rnd(x.shape[0], pick(1, 5), pick(1, 5), 2) * 1.4, {}
    mode, corners, border = "nearest" if i % 6 == 5 else "bilinear", i % 2 == 1, i % 4 >= 2
    if mode == "nearest": opt["mode"] = mode
    if corners: opt["align_corners"] = True
    if border: opt["pad_mode"] = "border"
    f = lambda x, g: F.grid_sample(x, g, mode, "border" if border else "zeros", corners)
    case("grid_sample", ["in1", "in2"] + ([opt] if opt else []), [x, grid], f, 0)
for i in range(20):
    x = rnd(*[pick(2, 6) for _ in range(pick(1, 3))])
    d = pick(0, x.dim() - 1)
    size, step = pick(1, x.shape[d]), pick(1, 3)
    case("unfold", ["in1", d + 1 if i % 2 else d - x.dim(), size, step], [x], lambda x: x.unfold(d, size, step))
    dims = random.sample(range(x.dim()), pick(1, x.dim()))
    case("flip", ["in1", [v + 1 for v in dims] if len(dims) > 1 or i % 2 else dims[0] + 1], [x], lambda x: x.flip(dims))
    if i % 3 == 2:
        s, e = [pick(-7, 7) for _ in dims], dims
        case("roll", ["in1", s, [v + 1 for v in e]], [x], lambda x: x.roll(s, e))
    elif i % 3: case("roll", ["in1", size], [x], lambda x: x.roll(size))
    else: case("roll", ["in1", -size, d + 1], [x], lambda x: x.roll(-size, d))
save_file(tensors, os.path.join(here, "conv.safetensors"))
with open(os.path.join(here, "conv.lua"), "w") as f:
    f.write("-- made by make_conv.py\nreturn {\n")
    for c in cases: f.write("  { op = %s, case = %d, args = %s },\n" % (lua(c["op"]), c["case"], lua(c["args"])))
    f.write("}\n")
