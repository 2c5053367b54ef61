# make_fast_style.py FOLDER: fast-style's net in PyTorch on a random picture -> fast_style.safetensors. FOLDER holds mathura.safetensors.
import sys, torch, torch.nn.functional as F
from safetensors.torch import load_file, save_file
t = load_file(sys.argv[1] + "/mathura.safetensors")
get = lambda i: t["Variable" + (f"_{i}" if i else "")]
def same(x, k, s):
    pads = []
    for n in (x.shape[3], x.shape[2]):
        total = max(0, (-(-n // s) - 1) * s + k - n)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)
def norm(x, i): return F.instance_norm(x, weight=get(i + 2), bias=get(i + 1), eps=1e-3)
def conv(x, i, s=1):
    w = get(3 * i).permute(3, 2, 0, 1)
    return norm(F.conv2d(same(x, w.shape[2], s), w, stride=s), 3 * i)
def wide(x, i): return norm(F.conv_transpose2d(x, get(3 * i).permute(3, 2, 0, 1), stride=2)[:, :, :-1, :-1], 3 * i)
torch.manual_seed(1)
x = torch.rand(1, 3, 36, 52)
y = F.relu(conv(F.relu(conv(F.relu(conv(x * 255, 0)), 1, 2)), 2, 2))
for i in range(3, 13, 2): y = y + conv(F.relu(conv(y, i)), i + 1)
y = conv(F.relu(wide(F.relu(wide(y, 13)), 14)), 15)
y = ((torch.tanh(y) * 150 + 127.5) / 255).clamp(0, 1)
save_file({"x": x[0].contiguous(), "y": y[0].contiguous()}, "tests/golden/fast_style.safetensors")
