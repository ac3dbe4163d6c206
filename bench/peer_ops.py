"""The Python half of `npm run bench`: answers each line `<case> <count>` with the seconds that many runs took.

    python bench/peer_ops.py < requests
"""
import contextlib
import json
import sys
import timeit

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)


class Step:
    """A training step of a net 8-64-64-4 on 1024 rows."""

    def __init__(self, **options):
        self.net = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-3, **options)
        self.inputs, self.targets = torch.randn(1024, 8), torch.randn(1024, 4)

    def run(self):
        self.optimizer.zero_grad()
        nn.functional.mse_loss(self.net(self.inputs), self.targets).backward()
        self.optimizer.step()


SETUP = {
    "torch": torch,
    "a": torch.ones(1),
    "b": torch.ones(1),
    "leaf": torch.ones(1, requires_grad=True),
    "matrix": torch.ones(4, 4),
    "fused": Step(fused=True),
    "default": Step(),
}

# timeit puts the statement into the loop itself, so that Python pays for no call that Node does not make.
STATEMENTS = {
    "add": ("torch.add(a, b)", contextlib.nullcontext),
    "add_no_grad": ("torch.add(a, b)", torch.no_grad),
    "add_inference": ("torch.add(a, b)", torch.inference_mode),
    "add_recorded": ("leaf.add(b)", contextlib.nullcontext),
    "add_": ("a.add_(b)", contextlib.nullcontext),
    "mul_scalar": ("a.mul(2)", contextlib.nullcontext),
    "select": ("matrix.select(0, 1)", contextlib.nullcontext),
    "sum": ("matrix.sum([0])", contextlib.nullcontext),
    "matmul": ("matrix.matmul(matrix)", contextlib.nullcontext),
    "item": ("a.item()", contextlib.nullcontext),
    "step": ("fused.run()", contextlib.nullcontext),
    "step_default": ("default.run()", contextlib.nullcontext),
    "forward": ("fused.net(fused.inputs)", torch.no_grad),
}
TIMERS = {name: (timeit.Timer(code, globals=SETUP), guard) for name, (code, guard) in STATEMENTS.items()}

print(json.dumps({"torch": torch.__version__, "python": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    name, count = line.split()
    timer, guard = TIMERS[name]
    with guard():
        timer.timeit(max(1, int(count) // 10))
        seconds = timer.timeit(int(count))
    print(json.dumps({"seconds": seconds}), flush=True)
