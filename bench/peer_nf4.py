"""The half of `npm run bench -- --only nf4` that is bitsandbytes': answers each line `<case> <count>` with the seconds of
the process's own time that many products took.

    python bench/peer_nf4.py < requests

A case is OUT:IN:ROWS:DTYPE:MODE. `eval`: as bitsandbytes answers, for which it repacks the weight and computes in bfloat16
where the processor multiplies that, whatever the input is. `train`: forward alone as in training, in the input's dtype.
`backward`: forward and the gradient of the input.
"""
import json
import sys
import time

import bitsandbytes as bnb
import torch

torch.set_num_threads(1)
torch.manual_seed(0)
made = {}


def layer_of(out, into, dtype, mode):
    key = (out, into, dtype, mode == "eval")
    if key not in made:
        for other in [other for other in made if other[:3] != key[:3]]:
            del made[other]
        layer = bnb.nn.Linear4bit(into, out, bias=False, compute_dtype=dtype, quant_type="nf4")
        layer.weight = bnb.nn.Params4bit(torch.randn(out, into) * 0.02, requires_grad=False, quant_type="nf4", compress_statistics=True)
        made[key] = layer.to("cpu").train(mode != "eval")
    return made[key]


def work_of(case):
    out, into, rows, dtype, mode = case.split(":")
    dtype = getattr(torch, dtype)
    layer = layer_of(int(out), int(into), dtype, mode)
    x, slope = torch.randn(int(rows), int(into), dtype=dtype), torch.randn(int(rows), int(out), dtype=dtype)
    if mode != "backward":
        return lambda: forward(layer, x)
    x.requires_grad_(True)
    return lambda: torch.autograd.grad(layer(x), x, slope)


@torch.no_grad()
def forward(layer, x):
    layer(x)


print(json.dumps({"torch": torch.__version__, "python": sys.version.split()[0], "bitsandbytes": bnb.__version__}), flush=True)
for line in sys.stdin:
    case, count = line.split()
    work = work_of(case)
    work()
    start = time.process_time()
    for _ in range(int(count)):
        work()
    print(json.dumps({"seconds": time.process_time() - start}), flush=True)
