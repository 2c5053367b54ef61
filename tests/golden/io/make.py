"""Makes the files in this folder: arrays by NumPy, safetensors by its own package, sounds by the wave module, pictures by Pillow and by the small
PNG writer below (depths and interlacing that Pillow does not write). `python make.py` with numpy, pillow, safetensors and torch installed."""
import os, struct, wave, zlib
import numpy as np
from PIL import Image
from safetensors.numpy import save_file
import torch
from safetensors.torch import save_file as save_torch

os.chdir(os.path.dirname(os.path.abspath(__file__)))
rng = np.random.default_rng(7)

# ---- npy, npz ----
a = np.arange(12, dtype="<f4").reshape(3, 4) / 4
np.save("c_f4.npy", a)
np.save("fortran_f4.npy", np.asfortranarray(a))
np.save("fortran_i8_3d.npy", np.asfortranarray(np.arange(24, dtype="<i8").reshape(2, 3, 4)))
np.save("f8.npy", np.array([[0.5, -1e300], [np.inf, 2.25]]))
np.save("f2.npy", np.array([1.5, -65504, 6e-8], dtype="<f2"))
np.save("bool.npy", np.array([[True, False, True]]))
np.save("empty.npy", np.zeros((0, 3), dtype="<f4"))
np.save("scalar.npy", np.array(42, dtype="<i4"))
for d in ("i1", "i2", "u2", "u4", "u1"):
    np.save(f"{d}.npy", np.array([0, 1, 100, np.iinfo(d).min, np.iinfo(d).max], dtype="<" + d))
np.save("big_endian.npy", a.astype(">f4"))
np.save("complex.npy", a.astype("<c8"))
np.savez("plain.npz", weights=a, steps=np.array([3, 4], dtype="<i8"))
np.savez_compressed("packed.npz", weights=np.tile(a, (20, 5)), flags=np.array([True, False]))

# ---- safetensors ----
save_file({"a": a, "i": np.array([1, 2, 3], dtype="<i4"), "l": np.array([[2**40]], dtype="<i8"), "u": np.array([0, 255], dtype="u1"),
           "b": np.array([True, False, True]), "e": np.zeros((0, 2), dtype="<f4"), "d": np.array([0.5, 2.5])}, "mixed.safetensors", metadata={"maker": "numpy"})
save_torch({"h": torch.tensor([1.5, -2.0], dtype=torch.float16), "bf": torch.tensor([[1.5], [-3.0]], dtype=torch.bfloat16), "s": torch.tensor(7.0)}, "halves.safetensors")

# ---- PNG of every kind ----
W, H = 13, 9
def chunk(kind, body): return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
def pack_row(row, depth):                      # row: samples
    if depth == 16: return b"".join(struct.pack(">H", v) for v in row)
    if depth == 8: return bytes(row)
    bits = "".join(format(v, f"0{depth}b") for v in row)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))
def filtered(rows, bpp, first):
    out, above = b"", None
    for y, row in enumerate(rows):
        f = (first + y) % 5
        up = above or bytes(len(row))
        line = []
        for i, v in enumerate(row):
            l = row[i - bpp] if i >= bpp else 0
            u = up[i]
            c = up[i - bpp] if i >= bpp else 0
            p = l + u - c
            paeth = min((abs(p - l), 0, l), (abs(p - u), 1, u), (abs(p - c), 2, c))[2]
            line.append((v - [0, l, u, (l + u) // 2, paeth][f]) & 255)
        out += bytes([f]) + bytes(line)
        above = row
    return out
def png(name, samples, depth, kind, interlace=0, palette=None, trns=None):
    h, w, n = samples.shape
    bpp = max(1, n * depth // 8)
    data = b""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)] if interlace else [(0, 0, 1, 1)]
    for x0, y0, dx, dy in passes:
        part = samples[y0::dy, x0::dx]
        if part.size: data += filtered([pack_row([int(v) for v in row.reshape(-1)], depth) for row in part], bpp, 1)
    body = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, interlace))
    if palette is not None: body += chunk(b"PLTE", palette.astype("u1").tobytes())
    if trns is not None: body += chunk(b"tRNS", trns)
    body += chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    open(name + ".png", "wb").write(body)
    return name

want = {}
def expect(name, samples, depth, kind, palette=None, alpha=None):
    s = samples.astype(np.int64)
    if kind == 3: s = palette[s[..., 0]]
    elif depth == 16: s = s >> 8
    else: s = s * (255 // (2**depth - 1))
    if s.shape[2] <= 2: s = np.concatenate([s[..., :1]] * 3 + [s[..., 1:]], axis=2)
    if alpha is not None: s = np.concatenate([s, alpha[..., None]], axis=2)
    want[name] = s.astype("u1")
    with Image.open(name + ".png") as im:      # Pillow agrees (it clips 16-bit greys: those are left out)
        if depth < 16: assert (np.asarray(im.convert("RGBA"))[..., :s.shape[2]] == want[name]).all(), name
for inter in (0, 1):
    t = "i" if inter else ""
    for depth in (1, 2, 4, 8, 16):
        s = rng.integers(0, 2**depth, (H, W, 1))
        expect(png(f"grey{depth}{t}", s, depth, 0, inter), s, depth, 0)
    for depth in (1, 2, 4, 8):
        s = rng.integers(0, 2**depth, (H, W, 1)) % 200
        pal = rng.integers(0, 256, (min(2**depth, 200), 3))
        expect(png(f"pal{depth}{t}", s, depth, 3, inter, pal), s, depth, 3, pal)
    for depth in (8, 16):
        for kind, n, label in ((2, 3, "rgb"), (4, 2, "ga"), (6, 4, "rgba")):
            s = rng.integers(0, 2**depth, (H, W, n))
            expect(png(f"{label}{depth}{t}", s, depth, kind, inter), s, depth, kind)
pal, s = rng.integers(0, 256, (4, 3)), rng.integers(0, 4, (H, W, 1))
alphas = np.array([255, 128, 0, 255])
expect(png("pal2trns", s, 2, 3, 0, pal, bytes([255, 128, 0])), s, 2, 3, pal, alphas[s[..., 0]])
np.savez_compressed("png.npz", **want)

# ---- the other kinds of picture ----
y, x = np.mgrid[0:24, 0:40]
photo = np.stack([x * 6, y * 10, 255 - x * 3 - y * 4], axis=2).clip(0, 255).astype("u1")
im = Image.fromarray(photo)
im.save("photo.bmp"), im.save("photo.ppm"), im.save("photo.tga"), im.save("photo_rle.tga", compression="tga_rle")
im.convert("L").save("photo.pgm")
im.save("photo444.jpg", quality=95, subsampling=0), im.save("photo420.jpg", quality=92), im.save("progressive.jpg", quality=95, progressive=True, subsampling=0)
im.convert("L").save("grey.jpg", quality=95)
im.quantize(16).save("palette.bmp")
np.savez_compressed("photo.npz", rgb=photo, grey=np.asarray(im.convert("L")), palette=np.asarray(im.quantize(16).convert("RGB")))

# ---- sounds ----
n = 200
ints = np.round(np.sin(np.arange(n) / 7)[:, None] * np.array([0.5, 0.25]) * 2**31).astype(np.int64)
for bits in (8, 16, 24, 32):
    with wave.open(f"pcm{bits}.wav", "wb") as f:
        f.setnchannels(2), f.setsampwidth(bits // 8), f.setframerate(8000)
        v = ints >> (32 - bits)
        if bits == 8: f.writeframes((v + 128).astype("u1").tobytes())
        else: f.writeframes(b"".join(int(s).to_bytes(bits // 8, "little", signed=True) for s in v.reshape(-1)))
    np.save(f"pcm{bits}.npy", ((ints >> (32 - bits)) / 2.0**(bits - 1)).T.astype("<f4").copy())
