"""Writes format.json: tensors as plain data and the text that Python's torch prints for them.

    python test/parity/make_format.py
"""
import json
import math
import pathlib

import torch


def entries(t, edge=3, threshold=1000):
    if t.numel() > threshold:
        for dim, size in enumerate(t.shape):
            if size > 2 * edge:
                t = torch.cat([t.narrow(dim, 0, edge), t.narrow(dim, size - edge, edge)], dim)
    t = t.detach()
    if t.is_complex():
        t = torch.view_as_real(t)
    if t.dtype == torch.bool:
        return t.flatten().tolist()
    # Text, so that nan, infinities, -0 and int64 beyond 2^53 pass through JSON.
    return [repr(v) for v in t.flatten().tolist()]


def record(name, t, **options):
    with_options = {"sci_mode": None, "precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80} | options
    torch.set_printoptions(**with_options)
    text = repr(t)
    torch.set_printoptions(profile="default")
    return {
        "name": name,
        "shape": list(t.shape),
        "dtype": str(t.dtype).removeprefix("torch."),
        "device": str(t.device),
        "requiresGrad": t.requires_grad,
        "gradFn": type(t.grad_fn).__name__ if t.grad_fn is not None else None,
        "options": {
            {"sci_mode": "sciMode", "edgeitems": "edgeItems", "linewidth": "lineWidth"}.get(k, k): v
            for k, v in options.items()
        },
        "values": None if t.is_meta else entries(t, with_options["edgeitems"], with_options["threshold"]),
        "text": text,
    }


def main():
    torch.manual_seed(0)
    g = torch.Generator().manual_seed(7)
    rand = lambda *s, **k: torch.randn(*s, generator=g, **k)
    inf, nan = math.inf, math.nan
    cases = [
        ("scalar float", torch.tensor(3.14159)),
        ("scalar whole float", torch.tensor(3.0)),
        ("scalar zero", torch.tensor(0.0)),
        ("scalar int", torch.tensor(7)),
        ("scalar bool", torch.tensor(True)),
        ("scalar nan", torch.tensor(nan)),
        ("scalar negative infinity", torch.tensor(-inf)),
        ("scalar tiny", torch.tensor(1e-7)),
        ("scalar grad", torch.tensor(2.5, requires_grad=True)),
        ("vector", torch.tensor([1.0, 2.5, -3.25])),
        ("ties", torch.tensor([0.03125, 0.09375, 1.00005, 2.5, 0.15625], dtype=torch.float64)),
        ("scientific ties", torch.tensor([12344.5, 12345.5, 1.0], dtype=torch.float64)),
        ("whole floats", torch.tensor([1.0, -2.0, 300.0])),
        ("whole floats with nan", torch.tensor([1.0, nan, inf, -inf])),
        ("fractions with nan", torch.tensor([1.5, nan, inf, -inf])),
        ("negative zero", torch.tensor([-0.0, 0.5, -0.00001 + 0.5])),
        ("negative zero whole", torch.tensor([-0.0, 2.0])),
        ("only nonfinite", torch.tensor([nan, inf, -inf])),
        ("zeros", torch.zeros(2, 3)),
        ("wide range", torch.tensor([1e-3, 1.0, 1234.5])),
        ("ratio of exactly 1000", torch.tensor([0.5, 500.0])),
        ("tiny", torch.tensor([1e-5, 2e-5])),
        ("small", torch.tensor([0.00012, 0.02])),
        ("huge", torch.tensor([1e9, 2e9])),
        ("just 1e8", torch.tensor([1e8, 2e5])),
        ("huge whole", torch.tensor([1e20, 1.0])),
        ("denormal", torch.tensor([5e-324, 1.0], dtype=torch.float64)),
        ("exponent of three digits", torch.tensor([1e-200, 1e200], dtype=torch.float64)),
        ("ints", torch.tensor([[1, -20], [300, 4]])),
        ("int64 extremes", torch.tensor([2**63 - 1, -(2**63), 0])),
        ("bools", torch.tensor([[True, False], [False, True]])),
        ("uint8", torch.tensor([0, 255], dtype=torch.uint8)),
        ("int32", torch.arange(30, dtype=torch.int32).reshape(2, 15)),
        ("half", torch.tensor([0.1, 65504.0], dtype=torch.float16)),
        ("bfloat16", torch.tensor([0.1, 2.0, -3.0], dtype=torch.bfloat16)),
        ("double", rand(2, 2, dtype=torch.float64)),
        ("float8", torch.tensor([0.5, 1.75, -448.0]).to(torch.float8_e4m3fn)),
        ("complex", torch.tensor([1 + 2j, -3.5 - 4.25j, 0j])),
        ("complex whole", torch.tensor([1 + 2j, 3 - 4j])),
        ("complex scalar", torch.tensor(1.5 - 2j)),
        ("complex double", torch.tensor([1e-6 + 2j, 5 + 1e5j], dtype=torch.complex128)),
        ("complex negative zero", torch.complex(torch.tensor([1.5, nan]), torch.tensor([-0.0, inf]))),
        ("matrix", rand(3, 4)),
        ("cube", rand(2, 2, 3)),
        ("four dimensions", rand(2, 1, 2, 2)),
        ("long vector of ints", torch.arange(100)),
        ("long rows", rand(2, 25)),
        ("just at the threshold", torch.arange(1000).reshape(10, 100)),
        ("beyond the threshold", torch.arange(1001)),
        ("shortened matrix", rand(40, 40)),
        ("shortened long rows", rand(2, 600)),
        ("shortened tall", torch.arange(2000).reshape(1000, 2)),
        ("shortened cube", rand(7, 20, 10)),
        ("shortened, one long dimension", torch.arange(2002.0).reshape(1, 1001, 2)),
        ("shortened bools", torch.arange(1200).remainder(3).eq(0)),
        ("shortened complex", torch.complex(rand(1100), rand(1100))),
        ("shortened half with grad", torch.ones(1500, dtype=torch.float16, requires_grad=True)),
        ("empty", torch.tensor([])),
        ("empty int", torch.tensor([], dtype=torch.int64)),
        ("empty matrix", torch.empty(0, 3)),
        ("empty int matrix", torch.empty(2, 0, dtype=torch.int32)),
        ("requires grad", rand(2, 2).requires_grad_()),
        ("grad function", rand(2, 2).requires_grad_() * 2),
        ("suffix on its own line", rand(6).double().requires_grad_()),
        ("suffixes over two lines", (rand(7).double().requires_grad_() * 3)),
        ("meta", torch.empty(2, 3, device="meta")),
        ("meta int", torch.empty(4, dtype=torch.int64, device="meta")),
    ]
    odd = [
        ("precision 2", rand(3), {"precision": 2}),
        ("precision 0", torch.tensor([0.5, 1.5, 2.5]), {"precision": 0}),
        ("always scientific", torch.tensor([1.0, 25.0]), {"sci_mode": True}),
        ("never scientific", torch.tensor([1e-6, 1e6]), {"sci_mode": False}),
        ("line width 40", rand(3, 9), {"linewidth": 40}),
        ("two edges", torch.arange(50), {"threshold": 10, "edgeitems": 2}),
    ]
    records = [record(name, t) for name, t in cases] + [record(name, t, **o) for name, t, o in odd]
    out = pathlib.Path(__file__).with_name("format.json")
    out.write_text(json.dumps({"torch": torch.__version__, "cases": records}, indent=1) + "\n")
    print(f"{len(records)} cases in {out}")


main()
