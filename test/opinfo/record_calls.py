"""Records calls of aten overloads with what PyTorch gives for them, from PyTorch's own samples of its operators.

    python test/opinfo/record_calls.py FOLDER [PATTERN of operators]

Writes FOLDER/N.json and N.bin, prints N, and goes on when a line comes in: `npm run test:opinfo` replays them meanwhile.
Recorded is what a sample's operator comes down to (below autograd, its gradients and their gradients included), and the
overload of the operator's own name. A tensor is {"t": place in N.bin, dtype, shape, stride}.
"""
import collections
import ctypes
import itertools
import json
import math
import pathlib
import re
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

DTYPES = [torch.float32, torch.float64, torch.complex64, torch.int64, torch.bool, torch.bfloat16, torch.int32,
          torch.float16, torch.uint8, torch.complex128, torch.int8, torch.int16]
SAMPLES = 16  # of an operator for a dtype
MOST_OF_A_KIND = 3  # calls of an overload with tensors of the same dtypes
MOST_ELEMENTS = 100_000
CHUNK_BYTES = 200e6

# They give memory that is not set.
UNCERTAIN = re.compile(r"^(new_)?empty|^resize|^_efficientzerotensor|^rename|^_ctc_loss")


class Unrecorded(Exception):
    pass


class Chunk:
    def __init__(self):
        self.calls, self.data = [], bytearray()

    def tensor(self, t):
        if t.layout != torch.strided:
            raise Unrecorded(f"a {str(t.layout).removeprefix('torch.')} tensor")
        if t.is_quantized or t.is_nested or t.device.type != "cpu" or t._is_zerotensor():
            raise Unrecorded("a tensor that is quantised, nested, without memory or not on the CPU")
        if t.numel() > MOST_ELEMENTS:
            raise Unrecorded("more than 100,000 elements")
        t = t.detach().resolve_conj().resolve_neg()
        shape, stride = list(t.shape), list(t.stride())
        extent = 0 if t.numel() == 0 else 1 + sum((n - 1) * s for n, s in zip(shape, stride))
        flat = torch.as_strided(t, (extent,), (1,), t.storage_offset())
        at, size = len(self.data), extent * t.element_size()
        self.data += ctypes.string_at(flat.data_ptr(), size) if size else b""
        return {"t": at, "extent": extent, "dtype": str(t.dtype).removeprefix("torch."), "shape": shape, "stride": stride}

    def value(self, v):
        if v is None or isinstance(v, (bool, str)):
            return v
        if isinstance(v, torch.Tensor):
            return self.tensor(v)
        if isinstance(v, int):
            return v if abs(v) < 2**53 else {"int": str(v)}
        if isinstance(v, float):
            return v if math.isfinite(v) and not v.is_integer() else {"float": str(v)}
        if isinstance(v, complex):
            return {"complex": [str(v.real), str(v.imag)]}
        if isinstance(v, (torch.dtype, torch.layout, torch.memory_format, torch.device)):
            return str(v).removeprefix("torch.")
        if isinstance(v, (list, tuple)):
            return [self.value(each) for each in v]
        raise Unrecorded(f"a value of type {type(v).__name__}")


chunk = Chunk()
waiting = []  # calls that are finished outside of the recorder, which runs below autograd and conjugation
unrecorded = collections.Counter()
of_a_kind = collections.Counter()
seen = set()


def kind_of(v):
    if isinstance(v, torch.Tensor):
        return str(v.dtype)
    if isinstance(v, (list, tuple)):
        return f"[{kind_of(v[0]) if v else ''}]"
    return type(v).__name__


def details_of(v):
    if isinstance(v, torch.Tensor):
        return f"{v.dtype}{tuple(v.shape)}{tuple(v.stride()) if v.layout == torch.strided else v.layout}"
    return "[" + ",".join(map(details_of, v)) + "]" if isinstance(v, (list, tuple)) else repr(v)


def is_new(name, given):
    details = name + " ".join(map(details_of, given))
    kinds = name + " ".join(map(kind_of, given))
    if details in seen or of_a_kind[kinds] >= MOST_OF_A_KIND:
        return False
    seen.add(details)
    of_a_kind[kinds] += 1
    return True


def copied(v):
    if isinstance(v, torch.Tensor):
        return v.detach().clone()  # the same strides, unless elements overlap
    return type(v)(map(copied, v)) if type(v) in (list, tuple) else v


def outputs_of(result):
    return list(result) if isinstance(result, (list, tuple)) else [result]


def gradients(function, given, kwargs):
    """Of the outputs' sum, for each argument that is a floating-point tensor; None where there are none."""
    if function._schema.is_mutable or torch.Tag.nondeterministic_seeded in function.tags:
        return None
    leaves = [v.clone().requires_grad_() if isinstance(v, torch.Tensor) and v.is_floating_point() else v for v in given]
    inputs = [v for v in leaves if isinstance(v, torch.Tensor) and v.requires_grad]
    try:
        with torch.enable_grad():
            sums = [o.sum() for o in outputs_of(function(*leaves, **kwargs))
                    if isinstance(o, torch.Tensor) and o.requires_grad and o.is_floating_point()]
            if not sums or not inputs:
                return None
            return torch.autograd.grad(sum(sums), inputs, allow_unused=True)
    except Exception:
        return None


def record(function, args, kwargs):
    """Calls an overload, and writes down what it took and gave."""
    schema = function._schema
    name = schema.name.removeprefix("aten::") + ("." + schema.overload_name if schema.overload_name else "")
    given = list(args) + [kwargs.get(a.name) for a in schema.arguments[len(args):]]
    if not schema.name.startswith("aten::") or not is_new(name, given):
        return function(*args, **kwargs)
    size = len(chunk.data)
    try:
        call = {"name": name, "args": [chunk.value(v) for v in args],
                "options": {k: chunk.value(v) for k, v in kwargs.items() if v is not None}}
    except Unrecorded as reason:
        del chunk.data[size:]
        unrecorded[str(reason)] += 1
        return function(*args, **kwargs)
    chunk.calls.append(call)
    waiting.append((call, function, args, kwargs))
    return function(*args, **kwargs)


def rebuilt(value, written):
    """The argument as it was when it was written down, in memory of its own."""
    if isinstance(value, torch.Tensor):
        size = written["extent"] * value.element_size()
        data = bytearray(chunk.data[written["t"]:written["t"] + size])
        flat = torch.frombuffer(data, dtype=value.dtype) if size else torch.empty(0, dtype=value.dtype)
        return flat.as_strided(written["shape"], written["stride"])
    if isinstance(value, (list, tuple)):
        return [rebuilt(v, w) for v, w in zip(value, written)]
    return value


def arguments_of(call, args, kwargs):
    return rebuilt(args, call["args"]), {k: rebuilt(v, call["options"].get(k)) for k, v in kwargs.items()}


def finish(call, function, args, kwargs):
    """What the call gives, and its gradients."""
    schema = function._schema
    taken, options = arguments_of(call, args, kwargs)
    result = function(*taken, **options)
    changed = [i for i, a in enumerate(schema.arguments[:len(args)]) if a.alias_info and a.alias_info.is_write]
    call["outputs"] = [chunk.value(v) for v in outputs_of(result)] if schema.returns else []
    call["written"] = {i: chunk.value(taken[i]) for i in changed}
    call["random"] = torch.Tag.nondeterministic_seeded in function.tags or UNCERTAIN.search(call["name"]) is not None
    taken, options = arguments_of(call, args, kwargs)
    grads = gradients(function, taken, options)
    call["grads"] = None if grads is None else [chunk.value(v) for v in grads]


def finish_all():
    for call, function, args, kwargs in waiting:
        try:
            finish(call, function, args, kwargs)
        except Unrecorded as reason:
            unrecorded[str(reason)] += 1
        except Exception:  # out of a sample that this build cannot run, or of memory beyond the tensor's elements
            unrecorded["PyTorch refuses it itself"] += 1
    chunk.calls = [call for call in chunk.calls if "grads" in call]
    waiting.clear()


class Recorder(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return record(function, args, kwargs or {})


def total(outputs):
    tensors = [t for t in outputs_of(outputs) if isinstance(t, torch.Tensor)]
    return [t.abs().sum() if t.is_complex() else t.sum() for t in tensors if t.requires_grad]


def run_below(call, sample):
    """The operator, its gradient and the gradient's gradient."""
    with Recorder():
        outputs = total(call(sample.input, *sample.args, **sample.kwargs))
        inputs = [t for t in (sample.input, *sample.args) if isinstance(t, torch.Tensor) and t.requires_grad]
        if outputs and inputs:
            grads = torch.autograd.grad(outputs, inputs, create_graph=True, allow_unused=True)
            seconds = total([g for g in grads if g is not None])
            if seconds:
                torch.autograd.grad(seconds, inputs, allow_unused=True)


def run_overload(op, sample):
    """The overload of the operator's own name, which may be put together of others."""
    packet = getattr(torch.ops.aten, op.aten_name, None)
    given = [copied(v) for v in (sample.input, *sample.args)]
    for overload in packet.overloads() if packet else []:
        try:
            record(getattr(packet, overload), tuple(given), {k: copied(v) for k, v in sample.kwargs.items()})
            return
        except Exception:
            continue


def run_out(op, sample):
    result = op(copied(sample.input), *map(copied, sample.args), **sample.kwargs)
    out = tuple(torch.empty_like(t) for t in outputs_of(result))
    with Recorder():
        op(copied(sample.input), *map(copied, sample.args), **sample.kwargs, out=out if len(out) > 1 else out[0])


def run_in_place(op, sample):
    target = sample.input.detach().clone()
    with Recorder():
        op.inplace_variant(target, *map(copied, sample.args), **sample.kwargs)


def run(op, dtype):
    grad = op.supports_autograd and (dtype.is_floating_point or dtype.is_complex)
    for sample in itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=grad), SAMPLES):
        ways = [lambda: run_below(op, sample), lambda: run_overload(op, sample)]
        if op.supports_out:
            ways.append(lambda: run_out(op, sample))
        if op.inplace_variant and isinstance(sample.input, torch.Tensor):
            ways.append(lambda: run_in_place(op, sample))
        for way in ways:
            try:
                way()
            except Exception:  # a sample that this build cannot run
                pass
            finish_all()


def main():
    global chunk
    folder, pattern = pathlib.Path(sys.argv[1]), re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    torch.set_num_threads(1)
    torch.manual_seed(1)
    chosen = [op for op in op_db if pattern.search(op.name)]
    number = 0
    for i, op in enumerate(chosen):
        for dtype in DTYPES:
            if op.supports_dtype(dtype, "cpu"):
                run(op, dtype)
        if chunk.calls and (len(chunk.data) > CHUNK_BYTES or i == len(chosen) - 1 or len(chunk.calls) > 3000):
            (folder / f"{number}.bin").write_bytes(chunk.data)
            (folder / f"{number}.json").write_text(json.dumps(chunk.calls))
            print(number, flush=True)
            sys.stdin.readline()
            chunk, number = Chunk(), number + 1
    print(json.dumps(dict(unrecorded)), flush=True)


main()
