# bench_peer.py: the peer of `make bench` in PyTorch. A request is a line "NAME<tab>seconds<tab>threads"; the answer is "wall cpu", seconds of one run.
import sys, time, torch
import torch.nn.functional as F

randn = torch.randn

def elementwise():
    a, b = randn(16, 16), randn(16, 16)
    def run():
        for _ in range(1000): c = a + b
    return run

def chain():
    x, b = randn(16, 16, requires_grad=True), randn(16, 16)
    def run():
        y = x
        for _ in range(500): y = y + b
        y.sum().backward()
        x.grad = None
    return run

def forward(f):
    def run():
        with torch.no_grad(): f()
    return run

def both(f, *leaves):
    for t in leaves: t.requires_grad_()
    seed = torch.ones_like(f())
    def run():
        f().backward(seed)
        for t in leaves: t.grad = None
    return run

def conv(way, n, c, o, h, k, stride, pad, transposed=False):
    x, w, b = randn(n, c, h, h), randn(*((c, o) if transposed else (o, c)), k, k), randn(o)
    f = (lambda: F.conv_transpose2d(x, w, b, stride, pad)) if transposed else (lambda: F.conv2d(x, w, b, stride, pad))
    return forward(f) if way == "forward" else both(f, x, w, b)

def attention():
    q, k, v = (randn(8, 6, 256, 64) for _ in range(3))
    return forward(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True))

def attention_both():
    q, k, v = (randn(8, 6, 256, 64) for _ in range(3))
    return both(lambda: F.scaled_dot_product_attention(q, k, v, is_causal=True), q, k, v)

def rows(f, *sizes, backward=False):
    x, w, b = randn(*sizes), randn(sizes[-1]), randn(sizes[-1])
    g = {"softmax": lambda: F.softmax(x, -1), "layer_norm": lambda: F.layer_norm(x, w.shape, w, b), "gelu": lambda: F.gelu(x, approximate="tanh"),
         "sum": lambda: x.sum()}[f]
    return both(g, x, w, b) if backward and f == "layer_norm" else both(g, x) if backward else forward(g)

def cross_entropy():
    x, t = randn(2048, 65), torch.randint(0, 65, (2048,))
    return both(lambda: F.cross_entropy(x, t), x)

def gpt():
    d, heads, T, B, V = 384, 6, 256, 8, 65
    p = {"tok": randn(V, d) * 0.02, "pos": randn(T, d) * 0.02}
    for i in range(6):
        for name, o, k in (("qkv", 3 * d, d), ("out", d, d), ("up", 4 * d, d), ("down", d, 4 * d)):
            p[f"{name}{i}"], p[f"{name}_b{i}"] = randn(o, k) * 0.02, torch.zeros(o)
        for name in ("n1", "n2"): p[f"{name}{i}"], p[f"{name}_b{i}"] = torch.ones(d), torch.zeros(d)
    p["n"], p["n_b"], p["head"] = torch.ones(d), torch.zeros(d), randn(V, d) * 0.02
    for t in p.values(): t.requires_grad_()
    adam = torch.optim.Adam(p.values(), lr=1e-3)
    index, target = torch.randint(0, V, (B, T)), torch.randint(0, V, (B * T,))
    def norm(x, name, i=""): return F.layer_norm(x, (d,), p[f"{name}{i}"], p[f"{name}_b{i}"])
    def lin(x, name, i): return F.linear(x, p[f"{name}{i}"], p[f"{name}_b{i}"])
    def run():
        x = F.embedding(index, p["tok"]) + p["pos"]
        for i in range(6):
            q, k, v = lin(norm(x, "n1", i), "qkv", i).view(B, T, 3, heads, d // heads).permute(2, 0, 3, 1, 4).unbind(0)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(B, T, d)
            x = x + lin(y, "out", i)
            x = x + lin(F.gelu(lin(norm(x, "n2", i), "up", i), approximate="tanh"), "down", i)
        loss = F.cross_entropy(F.linear(norm(x, "n"), p["head"]).view(B * T, V), target)
        loss.backward()
        adam.step()
        adam.zero_grad()
        return loss.item()
    return run

def dcgan():
    n, f = 64, 64
    sizes = [(100, 8 * f), (8 * f, 4 * f), (4 * f, 2 * f), (2 * f, f), (f, 3)]
    g = [randn(a, b, 4, 4) * 0.02 for a, b in sizes]
    d = [randn(b, a, 4, 4) * 0.02 for a, b in [(3, f), (f, 2 * f), (2 * f, 4 * f), (4 * f, 8 * f), (8 * f, 1)]]
    def norms(channels): return [(torch.zeros(c), torch.ones(c), torch.ones(c), torch.zeros(c)) for c in channels]
    gn, dn = norms([8 * f, 4 * f, 2 * f, f]), norms([2 * f, 4 * f, 8 * f])
    gp, dp = g + [t for s in gn for t in s[2:]], d + [t for s in dn for t in s[2:]]
    for t in gp + dp: t.requires_grad_()
    ga, da = (torch.optim.Adam(p, lr=2e-4, betas=(0.5, 0.999)) for p in (gp, dp))
    real, one, zero = randn(n, 3, 64, 64), torch.ones(n), torch.zeros(n)
    def bn(x, s): return F.batch_norm(x, s[0], s[1], s[2], s[3], training=True)
    def make(z):
        for i in range(4): z = F.relu(bn(F.conv_transpose2d(z, g[i], None, 2 if i else 1, 1 if i else 0), gn[i]))
        return torch.tanh(F.conv_transpose2d(z, g[4], None, 2, 1))
    def judge(x):
        x = F.leaky_relu(F.conv2d(x, d[0], None, 2, 1), 0.2)
        for i in range(3): x = F.leaky_relu(bn(F.conv2d(x, d[i + 1], None, 2, 1), dn[i]), 0.2)
        return F.conv2d(x, d[4]).view(-1)
    def run():
        fake = make(randn(n, 100, 1, 1))
        da.zero_grad()
        loss = F.binary_cross_entropy_with_logits(judge(real), one) + F.binary_cross_entropy_with_logits(judge(fake.detach()), zero)
        loss.backward()
        da.step()
        ga.zero_grad()
        F.binary_cross_entropy_with_logits(judge(fake), one).backward()
        ga.step()
        return loss.item()
    return run

def style26():
    x = torch.rand(1, 3, 384, 512)
    plan = [(3, 32, 9, 1), (32, 32, 3, 2), (32, 32, 3, 2)] + [(32, 32, 3, 1)] * 12 + [(32, 8, 3, 0), (8, 4, 3, 0), (4, 3, 9, 1)]
    layers = [(randn(o, i, k, k) * 0.05, torch.ones(o), torch.zeros(o), stride) for i, o, k, stride in plan]
    def net():
        y = x
        for i, (w, gamma, beta, stride) in enumerate(layers):
            deep = 3 <= i < 15
            if deep and i % 2: kept = y
            if stride == 0: y = F.interpolate(y, scale_factor=2, mode="nearest")
            pad = w.shape[2] // 2
            y = F.instance_norm(F.conv2d(F.pad(y, (pad,) * 4, mode="reflect"), w, None, stride or 1), None, None, gamma, beta)
            y = y + kept if deep and i % 2 == 0 else y if i == len(layers) - 1 else F.relu(y)
        return torch.sigmoid(y)
    return forward(net)

MEASURES = {
    "style26": style26,
    "element-wise": elementwise, "chain": chain, "attention": attention, "attention both": attention_both, "cross_entropy": cross_entropy, "gpt": gpt, "dcgan": dcgan,
}

def find(name):
    if name in MEASURES: return MEASURES[name]()
    word, *rest = name.split()
    if word == "conv": return conv(rest[0], *(int(x) for x in rest[1:7]), int(rest[7]))
    if word == "convt": return conv(rest[0], *(int(x) for x in rest[1:7]), int(rest[7]), transposed=True)
    if word == "rows": return rows(rest[0], *(int(x) for x in rest[2:]), backward=rest[1] == "both")

last, f = None, None
for line in sys.stdin:
    name, seconds, threads = line.rstrip("\n").split("\t")
    if name != last:
        torch.set_num_threads(int(threads))
        last, f = name, find(name)
        if f: f()
    if not f:
        print("none", flush=True)
        continue
    runs, seconds = 0, float(seconds)
    wall, cpu = time.perf_counter(), time.process_time()
    while True:
        f()
        runs += 1
        if time.perf_counter() - wall >= seconds: break
    wall, cpu = (time.perf_counter() - wall) / runs, (time.process_time() - cpu) / runs
    time.sleep(0.03)                    # OpenMP's threads spin for a while after work: they must not run against the other side's turn
    print(wall, cpu, flush=True)
