"""Writes calls.json: for each aten overload that PyTorch's own samples reach, one small call that it accepts.

    python test/fuzz/make_calls.py

A tensor is {"dtype", "shape"}, with "values" where it holds integers, which are indices or sizes more often than not.
"""
import json
import math
import pathlib
import sys
import types
import unittest
import warnings

# torch.testing asks for a package that only its own test suite needs.
sys.modules["expecttest"] = types.SimpleNamespace(TestCase=unittest.TestCase)
warnings.filterwarnings("ignore")

import torch  # noqa: E402
from torch.testing._internal.common_methods_invocations import op_db  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

MOST_ELEMENTS = 400
SAMPLES = 12
calls = {}


class Unwritable(Exception):
    pass


def tensor(t):
    plain = t.layout == torch.strided and not t.is_quantized and t.device.type == "cpu" and not t.is_nested
    if not plain or t.numel() > MOST_ELEMENTS:
        raise Unwritable
    written = {"dtype": str(t.dtype).removeprefix("torch."), "shape": list(t.shape)}
    if not t.is_floating_point() and not t.is_complex():
        written["values"] = [int(v) for v in t.detach().flatten().tolist()]
    return written


def written(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, torch.Tensor):
        return tensor(value)
    if isinstance(value, int) and abs(value) < 2**53 or isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (torch.dtype, torch.layout, torch.memory_format, torch.device)):
        return str(value).removeprefix("torch.")
    if isinstance(value, (list, tuple)):
        return [written(each) for each in value]
    raise Unwritable


def is_empty(call):
    """No call, or one with a tensor that has no elements, which most operators have little to do with."""
    return call is None or any(isinstance(v, dict) and 0 in v["shape"] for v in call)


class Recorder(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        schema = function._schema
        name = schema.name.removeprefix("aten::") + ("." + schema.overload_name if schema.overload_name else "")
        if schema.name.startswith("aten::") and is_empty(calls.get(name)):
            given = list(args) + [(kwargs or {}).get(a.name) for a in schema.arguments[len(args):]]
            try:
                call = [written(each) for each in given]
                if name not in calls or not is_empty(call):
                    calls[name] = call
            except Unwritable:
                pass
        return function(*args, **(kwargs or {}))


def total(outputs):
    tensors = [t for t in (outputs if isinstance(outputs, (tuple, list)) else [outputs]) if isinstance(t, torch.Tensor)]
    return [t.abs().sum() if t.is_complex() else t.sum() for t in tensors if t.requires_grad]


def run(op, dtype):
    """The operator, its gradient and the gradient's gradient."""
    grad = op.supports_autograd and dtype.is_floating_point
    for sample, _ in zip(op.sample_inputs("cpu", dtype, requires_grad=grad), range(SAMPLES)):
        try:
            with Recorder():
                outputs = total(op(sample.input, *sample.args, **sample.kwargs))
                inputs = [t for t in (sample.input, *sample.args) if isinstance(t, torch.Tensor) and t.requires_grad]
                if outputs and inputs:
                    grads = torch.autograd.grad(outputs, inputs, create_graph=True, allow_unused=True)
                    seconds = total([g for g in grads if g is not None])
                    if seconds:
                        torch.autograd.grad(seconds, inputs, allow_unused=True)
        except Exception:  # a sample that this build cannot run
            continue


torch.set_num_threads(1)
torch.manual_seed(1)
for op in op_db:
    for dtype in (torch.float32, torch.int64, torch.bool):
        if op.supports_dtype(dtype, "cpu"):
            run(op, dtype)

lines = [f"{json.dumps(name)}:{json.dumps(args, separators=(',', ':'))}" for name, args in sorted(calls.items())]
pathlib.Path(__file__).with_name("calls.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
print(len(calls), "overloads")
