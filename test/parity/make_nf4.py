"""Writes nf4.json: what bitsandbytes makes of twenty matrices on a processor, as hashes of the bytes.

    python test/parity/make_nf4.py

The numbers come from a formula (`number` below, and in test/torch/nf4.test.ts), so that they need not be stored. They are
multiples of 2^-11 below 4: the mean of the magnitudes is then the same in whatever order they are added up.
"""
import hashlib
import json
import pathlib

import bitsandbytes
import bitsandbytes.functional as F
import numpy
import torch

SHAPES = [
    [1, 1], [1, 64], [2, 32], [3, 5], [7, 9], [64, 64], [65, 63], [1, 129], [96, 100], [127, 129],
    [256, 64], [33, 576], [192, 576], [100, 257], [17, 4096], [300, 301], [5, 16387], [512, 192], [1000, 77], [2, 70001],
]  # fmt: skip
DTYPES = [torch.float32, torch.bfloat16, torch.float16]


def matrix(seed, shape):
    n = shape[0] * shape[1]
    state = (numpy.arange(1, n + 1, dtype=numpy.uint64) * numpy.uint64(2654435761) + numpy.uint64(seed * 40503)) % 2**32
    state = ((state ^ (state >> numpy.uint64(15))) * numpy.uint64(2246822519)) % 2**32
    state = ((state ^ (state >> numpy.uint64(13))) * numpy.uint64(3266489917)) % 2**32
    numbers = ((state >> numpy.uint64(18)).astype(numpy.int64) - 8192).astype(numpy.float64) / 2048
    # A block of zeros, and one of a single number.
    numbers[64:128] = 0
    numbers[129:192] = 0
    return torch.tensor(numbers.reshape(shape), dtype=torch.float32)


def digest(t):
    return hashlib.sha256(t.contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()[:16]


def case(seed, shape, dtype):
    weight = matrix(seed, shape).to(dtype)
    plain, state = F.quantize_4bit(weight, blocksize=64, quant_type="nf4")
    double, nested = F.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=True)
    assert torch.equal(plain, double)
    return {
        "shape": shape,
        "dtype": str(dtype).removeprefix("torch."),
        "codes": digest(plain),
        "absmax": digest(state.absmax),
        "values": digest(F.dequantize_4bit(plain, state)),
        "nested": {
            "absmax": digest(nested.absmax),
            "nested_absmax": digest(nested.state2.absmax),
            "offset": nested.offset.item(),
            "values": digest(F.dequantize_4bit(double, nested)),
        },
    }


cases = [case(i, shape, DTYPES[i % 3]) for i, shape in enumerate(SHAPES)]
cases += [case(i, shape, DTYPES[(i + 1) % 3]) for i, shape in enumerate(SHAPES)]
out = {
    "bitsandbytes": bitsandbytes.__version__,
    "map": digest(F.create_dynamic_map()),
    "cases": cases,
}
pathlib.Path(__file__).with_name("nf4.json").write_text(json.dumps(out, indent=1) + "\n")
