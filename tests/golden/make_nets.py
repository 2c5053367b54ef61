"""make_nets.py ASSETS: whole ONNX networks on inputs that a formula makes: basic-pitch by onnxruntime, super_resolution (which has no opset) node by node
in PyTorch. Every 31st value of each result goes into nets.safetensors."""
import sys
import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from safetensors.numpy import save_file

assets = sys.argv[1]
out = {}


def thin(name, y):
    out[name] = np.ascontiguousarray(np.asarray(y, dtype=np.float32).reshape(-1)[::31])


def pitch():
    i = np.arange(43844, dtype=np.float32)
    x = ((i * 37 % 101 + i // 700 % 5 * 20) / np.float32(200) - np.float32(0.4)).astype(np.float32).reshape(1, -1, 1)
    s = onnxruntime.InferenceSession(assets + "/basic-pitch/nmp.onnx")
    for info, y in zip(s.get_outputs(), s.run(None, {s.get_inputs()[0].name: x})):
        thin("pitch." + info.name, y)


def larger():
    m = onnx.load(assets + "/superres/super_resolution.onnx")
    r, c = np.meshgrid(np.arange(224), np.arange(224), indexing="ij")
    v = {t.name: torch.tensor(numpy_helper.to_array(t)) for t in m.graph.initializer}
    v["1"] = torch.tensor((0.5 + 0.5 * np.sin(r * 0.1 + c * 0.07)).astype(np.float32).reshape(1, 1, 224, 224))
    for n in m.graph.node:
        a, x = {q.name: q for q in n.attribute}, [v[k] for k in n.input]
        v[n.output[0]] = {
            "Conv": lambda: F.conv2d(*x, padding=a["pads"].ints[0]),
            "Add": lambda: x[0] + x[1].reshape(1, -1, 1, 1),
            "Relu": lambda: x[0].relu(),
            "Reshape": lambda: x[0].reshape(list(a["shape"].ints)),
            "Transpose": lambda: x[0].permute(*a["perm"].ints),
        }[n.op_type]()
    thin("superres.27", v["27"].numpy())


pitch()
larger()
save_file(out, "tests/golden/nets.safetensors")
