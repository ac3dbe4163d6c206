"""Writes torch.json: rounding, operators and random numbers as Python's torch has them.

    python test/parity/make_torch.py
"""
import json
import math
import pathlib
import struct

import torch
import torch.nn.functional as F

g = torch.Generator().manual_seed(11)
DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "bool"]


def rand(*shape, dtype=torch.float32):
    return torch.randn(*shape, generator=g, dtype=dtype)


def written(t):
    """Shape, dtype and values; 64-bit integers and what JSON has no word for as text."""
    t = t.detach().contiguous()
    if t.is_complex():
        return written(torch.view_as_real(t)) | {"complex": True}
    values = t.flatten().tolist()
    if any(isinstance(v, int) and abs(v) >= 2**53 or isinstance(v, float) and not math.isfinite(v) for v in values):
        values = [repr(v) for v in values]
    return {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "values": values}


def hexed(t):
    return bytes(t.contiguous().view(torch.uint8).flatten().tolist()).hex()


def rounding():
    """Numbers that float16 and bfloat16 cannot hold: ties, the largest, denormals, what overflows."""
    numbers = [0.1, 1 / 3, -2.5, 1 + 2**-11, 1 + 3 * 2**-11, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-9, 2049.0, 2051.0, 65504.0]
    numbers += [65519.0, 65520.0, 70000.0, 2**-24, 2**-25, 1.5 * 2**-25, 6e-8, 3.3895e38, 1e-40, 1e39, -0.0, 16777217.0]
    numbers += [math.pi * 10**k for k in range(-8, 6)] + [math.inf, -math.inf, math.nan]
    doubles = torch.tensor(numbers, dtype=torch.float64)
    out = {"numbers": written(doubles)["values"]}
    for name in ["float32", "float16", "bfloat16"]:
        half = doubles.to(getattr(torch, name))
        out[name] = {"values": written(half.double())["values"], "bytes": hexed(half)}
    return out


def bytes_of():
    """Little-endian bytes of a few numbers in every dtype."""
    out = {}
    for name in DTYPES:
        dtype = getattr(torch, name)
        signed = dtype.is_floating_point or dtype.is_signed
        t = torch.tensor([[0, 1, 3], [-2 if signed else 2, 5, 100]]).to(dtype)
        out[name] = written(t) | {"bytes": hexed(t)}
    c = torch.complex(torch.tensor([1.5, -2.0]), torch.tensor([0.0, 4.0]))
    assert hexed(c) == struct.pack("<4f", 1.5, 0, -2, 4).hex()
    return out


class Case:
    """A call: in JavaScript `torch[op](...args)`, where {"tensor": i} stands for an input."""

    def __init__(self):
        self.cases = []

    def add(self, op, inputs, args, result):
        outs = result if isinstance(result, (tuple, list)) else [result]
        args = [{"tensor": a.index} if isinstance(a, Slot) else a for a in args]
        args = [[{"tensor": x.index} if isinstance(x, Slot) else x for x in a] if isinstance(a, list) else a for a in args]
        self.cases.append({"op": op, "inputs": [written(t) for t in inputs], "args": args, "outputs": [written(o) for o in outs]})


class Slot:
    def __init__(self, index):
        self.index = index


def operators():
    c = Case()
    x, y, z = Slot(0), Slot(1), Slot(2)
    a, b, v = rand(3, 4), rand(3, 4), rand(4)
    i = torch.tensor([[2, 0], [1, 3]])
    ints = torch.tensor([[7, -3, 2], [-8, 5, 4]])
    for op in ["exp", "sin", "tanh", "sigmoid", "gelu", "silu", "relu", "erf", "sqrt", "abs", "floor", "round", "sign"]:
        t = a.abs() if op == "sqrt" else a
        c.add(op, [t], [x], getattr(F if op in ("gelu", "silu") else torch, op)(t))
    for op in ["add", "sub", "mul", "div", "maximum", "atan2", "fmod", "remainder"]:
        c.add(op, [a, v], [x, y], getattr(torch, op)(a, v))
    c.add("add", [a, b], [x, y, {"alpha": 3}], torch.add(a, b, alpha=3))
    c.add("add", [ints, v.narrow(0, 0, 3)], [x, y], ints + v.narrow(0, 0, 3))
    c.add("div", [ints], [x, 2], ints / 2)
    c.add("div", [ints], [x, 2, {"roundingMode": "floor"}], torch.div(ints, 2, rounding_mode="floor"))
    c.add("floorDivide", [ints], [x, 3], torch.floor_divide(ints, 3))
    c.add("remainder", [ints], [x, 3], torch.remainder(ints, 3))
    c.add("pow", [ints], [x, 2], ints**2)
    c.add("pow", [a.abs()], [x, 0.5], a.abs() ** 0.5)
    c.add("sum", [a], [x], a.sum())
    c.add("sum", [a], [x, [0], True], a.sum([0], True))
    c.add("sum", [ints], [x, 1], ints.sum(1))
    c.add("sum", [a], [x, {"dtype": "float64"}], a.sum(dtype=torch.float64))
    c.add("mean", [a], [x, [-1]], a.mean(-1))
    c.add("var", [a], [x, [1], {"correction": 0}], torch.var(a, [1], correction=0))
    c.add("std", [a], [x], a.std())
    c.add("max", [a], [x], a.max())
    c.add("max", [a], [x, 1], tuple(a.max(1)))
    c.add("min", [a, b], [x, y], torch.min(a, b))
    c.add("argmax", [a], [x, 1], a.argmax(1))
    c.add("topk", [a], [x, 2], tuple(a.topk(2)))
    c.add("sort", [a], [x, {"dim": 1, "descending": True}], tuple(a.sort(1, True)))
    c.add("cumsum", [ints], [x, 1], ints.cumsum(1))
    c.add("cumprod", [a], [x, 0], a.cumprod(0))
    c.add("logsumexp", [a], [x, [1]], a.logsumexp(1))
    c.add("softmax", [a], [x, -1], a.softmax(-1))
    c.add("logSoftmax", [a], [x, 1, {"dtype": "float64"}], a.log_softmax(1, dtype=torch.float64))
    c.add("layerNorm", [a, v, v], [x, [4], y, z, 1e-5], F.layer_norm(a, [4], v, v, 1e-5))
    c.add("rmsNorm", [a, v], [x, [4], y, 1e-6], F.rms_norm(a, [4], v, 1e-6))
    c.add("matmul", [a, b.T.contiguous()], [x, y], a @ b.T)
    w = rand(3)
    c.add("linear", [a, b, w], [x, y, z], F.linear(a, b, w))
    c.add("einsum", [a, b], ["ij,kj->ik", [x, y]], torch.einsum("ij,kj->ik", a, b))
    c.add("cat", [a, b], [[x, y], 1], torch.cat([a, b], 1))
    c.add("stack", [a, b], [[x, y]], torch.stack([a, b]))
    c.add("split", [a], [x, [1, 3], 1], a.split([1, 3], 1))
    c.add("chunk", [a], [x, 2, 1], a.chunk(2, 1))
    c.add("permute", [a], [x, [1, 0]], a.permute(1, 0))
    c.add("reshape", [a], [x, [2, -1]], a.reshape(2, -1))
    c.add("flip", [a], [x, [0]], a.flip(0))
    c.add("roll", [a], [x, 1, 1], a.roll(1, 1))
    c.add("tril", [a], [x, 1], a.tril(1))
    c.add("gather", [a, i], [x, 1, y], a.gather(1, i))
    c.add("indexSelect", [a, torch.tensor([2, 0])], [x, 0, y], a[[2, 0]])
    c.add("index", [a, torch.tensor([0, 2]), torch.tensor([1, 3])], [x, [y, z]], a[[0, 2], [1, 3]])
    c.add("where", [a > 0, a, b], [x, y, z], torch.where(a > 0, a, b))
    c.add("where", [a > 0, a], [x, y, 0], torch.where(a > 0, a, 0))
    c.add("maskedFill", [a, a > 0], [x, y, -1], a.masked_fill(a > 0, -1))
    c.add("clamp", [a], [x, -0.5, 0.5], a.clamp(-0.5, 0.5))
    c.add("clamp", [a], [x, {"max": 0.1}], a.clamp(max=0.1))
    c.add("embedding", [a, i % 3], [x, y], F.embedding(i % 3, a))
    c.add("oneHot", [i], [x], F.one_hot(i))
    c.add("crossEntropyLoss", [a, torch.tensor([0, 3, 1])], [x, y], F.cross_entropy(a, torch.tensor([0, 3, 1])))
    c.add("mseLoss", [a, b], [x, y, 2], F.mse_loss(a, b, reduction="sum"))
    c.add("klDiv", [a.log_softmax(1), b.softmax(1)], [x, y, 0], F.kl_div(a.log_softmax(1), b.softmax(1), reduction="none"))
    c.add("cosineSimilarity", [a, b], [x, y, 1], F.cosine_similarity(a, b, 1))
    q, k, u = rand(1, 2, 3, 4), rand(1, 2, 3, 4), rand(1, 2, 3, 4)
    attend = F.scaled_dot_product_attention(q, k, u, is_causal=True, scale=0.3)
    c.add("scaledDotProductAttention", [q, k, u], [x, y, z, None, 0, True, {"scale": 0.3}], attend)
    img, kernel = rand(1, 2, 5, 5), rand(3, 2, 3, 3)
    c.add("conv2d", [img, kernel], [x, y, None, 2, 1], F.conv2d(img, kernel, None, 2, 1))
    c.add("maxPool2d", [img], [x, 2], F.max_pool2d(img, 2))
    m = rand(3, 3) + 3 * torch.eye(3)
    c.add("linalgInv", [m], [x], torch.linalg.inv(m))
    c.add("linalgCholesky", [m @ m.T], [x], torch.linalg.cholesky(m @ m.T))
    c.add("linalgSlogdet", [m], [x], tuple(torch.linalg.slogdet(m)))
    c.add("fftRfft", [v], [x], torch.fft.rfft(v))
    c.add("arange", [], [0, 10, 3, {"dtype": "float32"}], torch.arange(0, 10, 3, dtype=torch.float32))
    c.add("arange", [], [5], torch.arange(5))
    c.add("linspace", [], [0, 1, 5], torch.linspace(0, 1, 5))
    c.add("full", [], [[2, 2], 7], torch.full([2, 2], 7))
    c.add("eye", [], [3], torch.eye(3))
    c.add("isnan", [torch.tensor([1.0, math.nan])], [x], torch.tensor([False, True]))
    c.add("logicalAnd", [a > 0, b > 0], [x, y], (a > 0) & (b > 0))
    c.add("bitwiseXor", [ints, ints.flip(0)], [x, y], ints ^ ints.flip(0))
    c.add("searchsorted", [torch.tensor([1.0, 3.0, 5.0]), torch.tensor([2.0, 5.0])], [x, y],
          torch.searchsorted(torch.tensor([1.0, 3.0, 5.0]), torch.tensor([2.0, 5.0])))
    c.add("bincount", [torch.tensor([1, 1, 3])], [x], torch.bincount(torch.tensor([1, 1, 3])))
    c.add("nonzero", [a > 0], [x], (a > 0).nonzero())
    c.add("matmul", [ints, ints.T.contiguous()], [x, y], ints @ ints.T)
    half = rand(4).half()
    c.add("mul", [half, half], [x, y], half * half)
    brain = rand(4).bfloat16()
    c.add("add", [brain, brain], [x, y], brain + brain)
    c.add("mul", [half, v], [x, y], half * v)
    return c.cases


def random():
    """The same calls in the same order after one seed."""
    torch.manual_seed(1234)
    draws = {
        "randn": torch.randn(5),
        "randnLong": torch.randn(40),
        "randnDouble": torch.randn(3, dtype=torch.float64),
        "rand": torch.rand(4),
        "randint": torch.randint(0, 100, (6,)),
        "randperm": torch.randperm(10),
        "normal": torch.normal(2.0, 3.0, (4,)),
        "bernoulli": torch.bernoulli(torch.full((8,), 0.3)),
        "multinomial": torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 5, True),
        "uniform": torch.empty(4).uniform_(-1, 1),
        "exponential": torch.empty(3).exponential_(2),
        "dropout": F.dropout(torch.ones(8), 0.5),
        "half": torch.randn(4, dtype=torch.float16),
    }
    own = torch.Generator().manual_seed(99)
    return {"seed": 1234, "draws": {k: written(t) for k, t in draws.items()},
            "own": {"seed": 99, "randn": written(torch.randn(6, generator=own))}}


def main():
    out = pathlib.Path(__file__).with_name("torch.json")
    content = {"torch": torch.__version__, "rounding": rounding(), "bytes": bytes_of(), "operators": operators(), "random": random()}
    text = json.dumps(content, separators=(",", ":"))
    out.write_text(text.replace('{"op"', '\n{"op"') + "\n")
    print(f"{len(content['operators'])} operators in {out}, {len(text)} bytes")


main()
