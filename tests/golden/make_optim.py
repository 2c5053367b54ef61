# make_optim.py: 200 steps of torch.optim on a small net -> optim.safetensors. Run in a Python with torch and safetensors.
import torch
from safetensors.torch import save_file

torch.manual_seed(0)
x, y = torch.randn(16, 4), torch.randn(16, 1)
w1, b1, w2 = torch.randn(8, 4) * 0.5, torch.randn(8) * 0.1, torch.randn(1, 8) * 0.5
out = {"x": x, "y": y, "w1": w1, "b1": b1, "w2": w2}
kinds = {
    "sgd": lambda p: torch.optim.SGD(p, 0.05),
    "nesterov": lambda p: torch.optim.SGD(p, 0.02, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "momentum": lambda p: torch.optim.SGD(p, 0.02, momentum=0.8),
    "adam": lambda p: torch.optim.Adam(p, 0.01),
    "adam_decay": lambda p: torch.optim.Adam(p, 0.01, betas=(0.8, 0.99), weight_decay=1e-2),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
    "rmsprop": lambda p: torch.optim.RMSprop(p, 0.001, alpha=0.99, weight_decay=1e-3),
    "clip": lambda p: torch.optim.SGD(p, 0.05),
}
for name, make in kinds.items():
    p = [t.clone().requires_grad_() for t in (w1, b1, w2)]
    opt = make(p)
    for _ in range(200):
        opt.zero_grad()
        loss = ((torch.tanh(x @ p[0].T + p[1]) @ p[2].T - y) ** 2).mean()
        loss.backward()
        if name == "clip": torch.nn.utils.clip_grad_norm_(p, 0.1)
        opt.step()
    for part, t in zip(("w1", "b1", "w2"), p): out[f"{name}.{part}"] = t.detach()

# L-BFGS: the loss that each of some numbers of iterations reaches.
for most in (5, 10, 20, 40):
    p = [t.clone().requires_grad_() for t in (w1, b1, w2)]
    opt = torch.optim.LBFGS(p, max_iter=most, max_eval=1000, history_size=10, tolerance_grad=1e-7, tolerance_change=1e-9, line_search_fn="strong_wolfe")
    def loss():
        return ((torch.tanh(x @ p[0].T + p[1]) @ p[2].T - y) ** 2).mean()
    def closure():
        opt.zero_grad()
        l = loss()
        l.backward()
        return l
    opt.step(closure)
    out[f"lbfgs.{most}"] = loss().detach().reshape(1)
save_file(out, "tests/golden/optim.safetensors")
