"""Hashes of what the Python package `gguf` dequantises from blocks of any bytes, for every type that is read.

    python test/parity/make_gguf_blocks.py

Needs gguf and numpy. Writes gguf-blocks.json beside this file. The bytes are a closed form (see `noise`), which the test
makes anew. Of NaN only the place counts: which of its bits survive a product is the processor's business.
"""
import hashlib
import json
import os

import numpy as np
from gguf import GGMLQuantizationType as T
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize

HERE = os.path.dirname(os.path.abspath(__file__))
TYPES = ["F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_NL", "IQ4_XS", "MXFP4"]
SEEDS = [1, 2, 3]
BLOCKS = 700  # more than one thread takes at a time, for the large blocks


def noise(seed, count):
    """High bytes of x -> 1664525 x + 1013904223 modulo 2^32, from the seed on."""
    state, out = seed, bytearray()
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        out.append(state >> 24)
    return np.frombuffer(bytes(out), dtype=np.uint8)


def digest(values):
    values = np.ascontiguousarray(values, dtype=np.float32).ravel()
    bits = values.view(np.uint32).copy()
    bits[np.isnan(values)] = 0x7FC00000
    return hashlib.sha256(bits.tobytes()).hexdigest()


def main():
    made = dict(seeds=SEEDS, blocks=BLOCKS, types={})
    for name in TYPES:
        number = T[name]
        values, size = GGML_QUANT_SIZES[number]
        with np.errstate(all="ignore"):
            hashes = [digest(dequantize(noise(seed, BLOCKS * size).reshape(1, -1), number)) for seed in SEEDS]
        made["types"][name] = dict(type=int(number), values=values, bytes=size, sha256=hashes)
    with open(os.path.join(HERE, "gguf-blocks.json"), "w") as f:
        json.dump(made, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
