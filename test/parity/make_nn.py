"""Writes nn.json: what PyTorch's layers and initialisers give for seeded, written-down inputs.

    python test/parity/make_nn.py
"""
import json
import pathlib

import torch
from torch import nn


def flat(t):
    return {"shape": list(t.shape), "dtype": str(t.dtype).removeprefix("torch."), "values": t.detach().flatten().tolist()}


def initialisers():
    """One seed per initialiser; shapes of fewer and of more than 16 entries take different paths in libtorch."""
    cases = {
        "uniform_": lambda w: nn.init.uniform_(w, -2.0, 3.0),
        "normal_": lambda w: nn.init.normal_(w, 1.0, 0.5),
        "constant_": lambda w: nn.init.constant_(w, 0.25),
        "eye_": nn.init.eye_,
        "xavierUniform_": lambda w: nn.init.xavier_uniform_(w, gain=nn.init.calculate_gain("tanh")),
        "xavierNormal_": nn.init.xavier_normal_,
        "kaimingUniform_": lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"),
        "kaimingNormal_": lambda w: nn.init.kaiming_normal_(w, a=0.2, mode="fan_out"),
        "orthogonal_": lambda w: nn.init.orthogonal_(w, gain=2.0),
        "truncNormal_": lambda w: nn.init.trunc_normal_(w, 0.5, 1.0, -0.5, 1.0),
        "truncNormal_ tail": lambda w: nn.init.trunc_normal_(w, 0.0, 1.0, 2.0, 4.0),
    }
    out = []
    for name, init in cases.items():
        for shape in ([2, 3], [6, 5], [3, 8]):
            torch.manual_seed(1234)
            out.append({"name": name, "seed": 1234, **flat(init(torch.empty(*shape)))})
    return out


def defaults():
    """Layers as they are after construction: the draws of two layers built in a row show the order too."""
    torch.manual_seed(5)
    layers = {
        "linear": nn.Linear(7, 5),
        "linear2": nn.Linear(3, 2, bias=False),
        "embedding": nn.Embedding(9, 4),
        "padded": nn.Embedding(6, 3, padding_idx=-2),
    }
    return {f"{k}.{name}": flat(p) for k, m in layers.items() for name, p in m.named_parameters()}


def passes():
    """Forward and backward of each layer from written-down weights; the loss is sum(out * ramp)."""
    g = torch.Generator().manual_seed(11)
    rand = lambda *s: torch.randn(*s, generator=g)
    layers = {
        "linear": (nn.Linear(4, 3), [rand(2, 5, 4)]),
        "layerNorm": (nn.LayerNorm([3, 4]), [rand(2, 3, 4)]),
        "layerNormNoBias": (nn.LayerNorm(4, eps=1e-3, bias=False), [rand(2, 4)]),
        "rmsNorm": (nn.RMSNorm(6, eps=1e-5), [rand(3, 6)]),
        "rmsNormDefaultEps": (nn.RMSNorm(6), [rand(3, 6) * 1e-3]),
        "batchNorm": (nn.BatchNorm1d(3), [rand(5, 3), rand(5, 3)]),
        "batchNormLength": (nn.BatchNorm1d(3, momentum=None, eps=1e-3), [rand(2, 3, 4), rand(2, 3, 4)]),
        "batchNormNoStats": (nn.BatchNorm1d(3, affine=False, track_running_stats=False), [rand(4, 3)]),
        "embedding": (nn.Embedding(5, 3, padding_idx=1), [torch.tensor([[0, 1, 4], [4, 4, 1]])]),
    }
    out = []
    for name, (layer, inputs) in layers.items():
        with torch.no_grad():
            for p in layer.parameters():
                p.copy_(rand(*p.shape))
        record = {"name": name, "weights": {k: flat(v) for k, v in layer.named_parameters()}, "passes": []}
        for x in inputs:
            layer.zero_grad()
            if x.is_floating_point():
                x.requires_grad_()
            y = layer(x)
            ramp = torch.linspace(-1, 1, y.numel()).reshape(y.shape)
            (y * ramp).sum().backward()
            record["passes"].append({
                "input": flat(x),
                "output": flat(y),
                "inputGrad": flat(x.grad) if x.grad is not None else None,
                "grads": {k: flat(p.grad) for k, p in layer.named_parameters()},
            })
        record["buffers"] = {k: flat(v) for k, v in layer.named_buffers()}
        layer.eval()
        record["evalOutput"] = flat(layer(inputs[0]))
        out.append(record)
    return out


def dropout():
    torch.manual_seed(3)
    return flat(nn.Dropout(0.3)(torch.ones(4, 10)))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj = nn.Linear(2, 2, bias=False)
        self.input_norm = nn.BatchNorm1d(2)
        self.scale = nn.Parameter(torch.ones(2))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(4, 2)
        self.layers = nn.ModuleList([Block(), Block()])
        self.head = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 4))
        self.lm_head = nn.Linear(2, 4, bias=False)
        self.lm_head.weight = self.embed_tokens.weight
        self.register_buffer("mask", torch.ones(2))
        self.register_buffer("scratch", torch.ones(2), persistent=False)


def names():
    net = Net()
    return {
        "stateDict": list(net.state_dict()),
        "parameters": [n for n, _ in net.named_parameters()],
        "buffers": [n for n, _ in net.named_buffers()],
        "modules": [n for n, _ in net.named_modules()],
    }


def main():
    out = pathlib.Path(__file__).with_name("nn.json")
    record = {
        "torch": torch.__version__,
        "initialisers": initialisers(),
        "defaults": defaults(),
        "passes": passes(),
        "dropout": dropout(),
        "names": names(),
    }
    out.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size, "bytes")


main()
