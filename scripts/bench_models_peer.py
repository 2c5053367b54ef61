# bench_models_peer.py: PyTorch and onnxruntime beside the networks of genai, for bench_models.lua.
#   prepare DIR NAME ..         tries each way to run each network, writes DIR/NAME.onnx, prints "NAME<tab>way of torch<tab>way of onnxruntime"
#   torch|onnx DIR NAME WAY     answers requests, one line each: "run SECONDS" -> wall and processor seconds of one run; "save PATH" -> the result; "memory" -> MB
import os, sys, time
import numpy as np

STEPS = {"charrnn": 500, "sketch-rnn": 100, "melody-lstm": 200}
ONNX_FILES = {"squeezenet": "squeezenet11-fp16/SqueezeNet_fp16.onnx", "basic-pitch": "basic-pitch/nmp.onnx"}
ASSETS = os.environ.get("GENAI_ASSETS", "../shared/assets")
THREADS = int(os.environ.get("BENCH_THREADS", 2))

def inputs(folder, name):
    """What bench_models.lua has written: DIR/NAME.INPUT.npy."""
    out = {}
    for file in sorted(os.listdir(folder)):
        if file.startswith(name + ".") and file.endswith(".npy"):
            x = np.load(os.path.join(folder, file))
            out[file[len(name) + 1:-4]] = x.astype(np.int64) if x.dtype == np.int32 else x
    return out

def crepe_frames(x, xp):
    """Sound at 16 kHz -> frames[n,1024] every 10 ms, each of mean 0 and deviation 1."""
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(x, 512), 1024)[::160]
    frames = frames - frames.mean(1, keepdims=True)
    return frames / np.maximum(frames.std(1, keepdims=True), 1e-8)

def tune(name, y):
    """In a tune that goes on after its end ("/", 9) stands "_" (13) there, as genai writes it."""
    return np.where(y == 9, 13, y).astype(np.float32) if name == "melody-lstm" else y

# ---- PyTorch ----
class Torch:
    WAYS = ["eager", "channels last", "frozen", "frozen, channels last"]
    STEP_WAYS = ["eager", "script", "frozen step"]

    def __init__(self, folder, name):
        import torch
        import bench_nets
        self.torch, self.name, self.x = torch, name, {k: torch.from_numpy(v.copy()) for k, v in inputs(folder, name).items()}
        torch.set_num_threads(THREADS)
        torch.set_grad_enabled(False)
        torch.nn.functional.conv2d(torch.zeros(1, 8, 8, 8), torch.zeros(8, 8, 3, 3))
        self.module, self.names = bench_nets.NETS[name]()
        self.module.eval().requires_grad_(False)
        self.ways = self.STEP_WAYS if name in STEPS else self.WAYS

    def example(self):
        """Inputs of one call of the module."""
        t = self.torch
        if self.name == "charrnn": return [self.x["ids"][:1], t.zeros(4, 1, 128)]
        if self.name == "sketch-rnn": return [t.zeros(1, 5), t.zeros(2, 1, 512)]
        if self.name == "crepe": return [t.from_numpy(crepe_frames(self.x["x"].numpy(), np))]
        return [self.x[n] for n in self.names]

    def prepared(self, way):
        t, module, example = self.torch, self.module, self.example()
        if "channels last" in way:
            module = module.to(memory_format=t.channels_last)
            example = [x.contiguous(memory_format=t.channels_last) if x.dim() == 4 else x for x in example]
        if "frozen" in way:
            module = t.jit.freeze(t.jit.trace(module, example, check_trace=False))
            if self.name not in STEPS: module = t.jit.optimize_for_inference(module)
        return module, example

    def run(self, way):
        t, x = self.torch, self.x
        module, example = self.prepared(way)
        if self.name in STEPS:
            loop = LOOPS[self.name](t, module, x, STEPS[self.name])
            if way == "script": loop = scripted(t, self.name, module, example, x)
            def call():
                with t.inference_mode(): return loop()
        elif self.name == "crepe":
            sound = x["x"].numpy()
            def call():
                with t.inference_mode(): return module(t.from_numpy(crepe_frames(sound, np)))
        else:
            def call():
                with t.inference_mode(): return module(*example)
        return call

    def numpy(self, y): return tune(self.name, y.contiguous().float().numpy())

def char_loop(t, step, x, n):
    def run():
        states, ids, out = t.zeros(4, 1, 128), x["ids"], []
        for i in range(ids.shape[0]): token, states = step(ids[i:i + 1], states)
        for _ in range(n):
            out.append(token)
            token, states = step(token, states)
        return t.cat(out)
    return run

def sketch_loop(t, step, x, n):
    def run():
        stroke, states, out = t.zeros(1, 5), t.zeros(2, 1, 512), []
        for _ in range(n):
            stroke, states = step(stroke, states)
            out.append(stroke)
        return t.cat(out)
    return run

def melody_loop(t, step, x, n):
    def run():
        ids, out = x["ids"], []
        for _ in range(n):
            y = step(ids)
            ids = t.cat([ids[1:], y])
            out.append(y)
        return t.cat(out)
    return run

LOOPS = {"charrnn": char_loop, "sketch-rnn": sketch_loop, "melody-lstm": melody_loop}

SCRIPTS = {                                                         # the same loops inside of TorchScript
    "charrnn": '''
def forward(self, ids, n: int):
    states = torch.zeros(4, 1, 128)
    token = ids[:1]
    for i in range(ids.size(0)):
        token, states = self.step(ids[i:i + 1], states)
    out: List[Tensor] = []
    for _ in range(n):
        out.append(token)
        token, states = self.step(token, states)
    return torch.cat(out)
''', "sketch-rnn": '''
def forward(self, stroke, n: int):
    states = torch.zeros(2, 1, 512)
    out: List[Tensor] = []
    for _ in range(n):
        stroke, states = self.step(stroke, states)
        out.append(stroke)
    return torch.cat(out)
''', "melody-lstm": '''
def forward(self, ids, n: int):
    out: List[Tensor] = []
    for _ in range(n):
        y = self.step(ids)
        ids = torch.cat([ids[1:], y])
        out.append(y)
    return torch.cat(out)
'''}

def scripted(t, name, module, example, x):
    class Loop(t.jit.ScriptModule):
        def __init__(self):
            super().__init__()
            self.step = t.jit.trace(module, example, check_trace=False)
    loop = Loop()
    loop.define(SCRIPTS[name].lstrip())
    first = t.zeros(1, 5) if name == "sketch-rnn" else x["ids"]
    return lambda: loop(first, STEPS[name])

# ---- onnxruntime ----
class Onnx:
    def __init__(self, folder, name):
        import onnxruntime
        self.ort, self.name, self.folder, self.x = onnxruntime, name, folder, inputs(folder, name)
        own = os.path.join(folder, name + ".onnx")
        self.ways = (["exported"] if os.path.exists(own) else []) + (["the asset's file"] if name in ONNX_FILES else [])
        if name in STEPS: self.ways = ["run", "bound"]

    def session(self, way):
        o = self.ort.SessionOptions()
        o.intra_op_num_threads, o.inter_op_num_threads, o.log_severity_level = THREADS, 1, 3
        path = os.path.join(ASSETS, ONNX_FILES[self.name]) if way == "the asset's file" else os.path.join(self.folder, self.name + ".onnx")
        return self.ort.InferenceSession(path, o, providers=["CPUExecutionProvider"])

    def run(self, way):
        s = self.session(way)
        names, x = [i.name for i in s.get_inputs()], self.x
        if self.name in STEPS: return ONNX_LOOPS[self.name](self.ort, s, names, x, STEPS[self.name], way == "bound")
        if self.name == "crepe": return lambda: s.run(None, {names[0]: crepe_frames(x["x"], np)})[0]
        feed = {n: x[n] for n in names} if all(n in x for n in names) else dict(zip(names, x.values()))
        if s.get_inputs()[0].type == "tensor(float16)": feed = {n: v.astype(np.float16) for n, v in feed.items()}
        if self.name == "basic-pitch":                              # all three results, notes first
            outs = [o.name for o in s.get_outputs()]
            return lambda: s.run(outs, feed)[outs.index("StatefulPartitionedCall:1")]
        return lambda: s.run(None, feed)[0]

    def numpy(self, y): return tune(self.name, y.astype(np.float32))

def recurrent(ort, session, names, bound, first, states):
    """-> step(first or None): one call of a net (value, states) -> (value, states); None: with its own last value."""
    kept = [first, states]
    if not bound:
        def step(value=None):
            kept[:] = session.run(None, {names[0]: kept[0] if value is None else value, names[1]: kept[1]})
            return kept[0]
        return step, lambda: kept.__setitem__(slice(None), [first, states])
    io, outs = session.io_binding(), [o.name for o in session.get_outputs()]
    pair = [[ort.OrtValue.ortvalue_from_numpy(v.copy()) for v in (first, states)] for _ in (0, 1)]
    turn = [0]
    def step(value=None):
        a, b = pair[turn[0]], pair[1 - turn[0]]
        if value is not None: a[0].update_inplace(value)
        for i in (0, 1):
            io.bind_ortvalue_input(names[i], a[i])
            io.bind_ortvalue_output(outs[i], b[i])
        session.run_with_iobinding(io)
        turn[0] = 1 - turn[0]
        return b[0].numpy()
    return step, lambda: [pair[turn[0]][i].update_inplace(v) for i, v in enumerate((first, states))]

def onnx_char(ort, session, names, x, n, bound):
    step, restart = recurrent(ort, session, names, bound, x["ids"][:1], np.zeros((4, 1, 128), np.float32))
    def run():
        restart()
        out = []
        for i in range(len(x["ids"])): token = step(x["ids"][i:i + 1])
        for _ in range(n):
            out.append(token.copy())
            token = step()
        return np.concatenate(out)
    return run

def onnx_sketch(ort, session, names, x, n, bound):
    step, restart = recurrent(ort, session, names, bound, np.zeros((1, 5), np.float32), np.zeros((2, 1, 512), np.float32))
    def run():
        restart()
        return np.concatenate([step().copy() for _ in range(n)])
    return run

def onnx_melody(ort, session, names, x, n, bound):
    def run():
        ids, out = x["ids"].copy(), []
        for _ in range(n):
            y = session.run(None, {names[0]: ids})[0]
            ids = np.append(ids[1:], y)
            out.append(y)
        return np.concatenate(out)
    return run

ONNX_LOOPS = {"charrnn": onnx_char, "sketch-rnn": onnx_sketch, "melody-lstm": onnx_melody}

# ---- which way is the fastest ----
def export(folder, name):
    import torch
    t = Torch(folder, name)
    path = os.path.join(folder, name + ".onnx")
    names = t.names if name != "crepe" else ["x"]
    torch.onnx.export(t.module, tuple(t.example()), path, input_names=names, dynamo=False, opset_version=18)

def fastest(side):
    best, way = 1e9, "none"
    for w in side.ways:
        try:
            f = side.run(w)
            f()
            least, begun = 1e9, time.perf_counter()
            while time.perf_counter() - begun < 0.5 or least > 1e8:
                start = time.perf_counter()
                f()
                least = min(least, time.perf_counter() - start)
        except Exception as e:
            print(f"{side.name}: {w}: {str(e).splitlines()[0]}", file=sys.stderr)
            continue
        print(f"{side.name}: {w}: {least * 1e3:.2f} ms", file=sys.stderr)
        if least < best: best, way = least, w
    return way

def prepare(folder, names):
    import warnings, logging
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    import bench_nets
    for name in names:
        torch_way = "none"
        if name in bench_nets.NETS:
            export(folder, name)
            torch_way = fastest(Torch(folder, name))
        print(name, torch_way, fastest(Onnx(folder, name)), sep="\t", flush=True)

# ---- answers ----
def status(field):
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"): return int(line.split()[1]) / 1024

def serve(kind, folder, name, way):
    import warnings
    warnings.filterwarnings("ignore")
    if kind == "torch": import torch, bench_nets
    else: import onnxruntime
    base = status("RssAnon")
    side = (Torch if kind == "torch" else Onnx)(folder, name)
    f = side.run(way)
    try: open("/proc/self/clear_refs", "w").write("5")              # the peak counts from here on: loading is over
    except OSError: pass
    y = f()
    print("ready", flush=True)
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "run":
            runs, seconds, wall, cpu = 0, float(rest), time.perf_counter(), time.process_time()
            while True:
                y = f()
                runs += 1
                if time.perf_counter() - wall >= seconds: break
            wall, cpu = (time.perf_counter() - wall) / runs, (time.process_time() - cpu) / runs
            time.sleep(0.2)                                         # the threads spin for a while after work: they must not run against the other side's turn
            print(wall, cpu, flush=True)
        elif word == "save":
            np.save(rest, side.numpy(y))
            print("saved", flush=True)
        elif word == "memory": print(status("VmHWM") - status("RssFile") - base, flush=True)

if sys.argv[1] == "prepare": prepare(sys.argv[2], sys.argv[3:])
else: serve(*sys.argv[1:5])
