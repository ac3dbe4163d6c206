"""Writes optim.json: trajectories of torch.optim, clipped gradients and transformers' schedules.

    python test/parity/make_optim.py
"""
import json
import pathlib

import torch
import transformers

STEPS = 25


def problem(dtype):
    """Two layers and one parameter that only gets a gradient from step 5 on."""
    g = torch.Generator().manual_seed(21)
    rand = lambda *s: torch.randn(*s, generator=g, dtype=torch.float64).to(dtype)
    data = {"x": rand(6, 4), "y": rand(6, 2)}
    start = [rand(4, 3), rand(3), rand(3, 2), rand(2)]
    return data, start


def loss_of(params, data, step):
    w1, b1, w2, late = params
    hidden = torch.tanh(data["x"] @ w1 + b1)
    out = hidden @ w2
    if step >= 5:
        out = out + late
    return ((out - data["y"]) ** 2).mean()


def trajectory(name, kind, groups, dtype="float32", **options):
    data, start = problem(getattr(torch, dtype))
    params = [p.clone().requires_grad_() for p in start]
    # One group per entry: [indices, options].
    given = [{"params": [params[i] for i in indices], **own} for indices, own in groups]
    optimizer = getattr(torch.optim, kind)(given, **options)
    losses, path = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(params, data, step)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        path.append([p.detach().flatten().tolist() for p in params])
    camel = {"weight_decay": "weightDecay"}
    rename = lambda o: {camel.get(k, k): v for k, v in o.items()}
    return {
        "name": name,
        "kind": kind,
        "dtype": dtype,
        "options": rename(options),
        "groups": [{"indices": indices, **rename(own)} for indices, own in groups],
        "data": {k: v.tolist() for k, v in data.items()},
        "start": [p.tolist() for p in start],
        "losses": losses,
        "path": path,
    }


def clipping():
    g = torch.Generator().manual_seed(4)
    out = []
    for norm_type, max_norm in [(2.0, 1.0), (2.0, 100.0), (1.0, 0.5), (float("inf"), 0.7)]:
        grads = [torch.randn(3, 2, generator=g), torch.randn(5, generator=g)]
        params = [torch.zeros_like(x, requires_grad=True) for x in grads]
        for p, x in zip(params, grads):
            p.grad = x.clone()
        total = torch.nn.utils.clip_grad_norm_(params, max_norm, norm_type=norm_type)
        out.append({
            "normType": str(norm_type).replace("inf", "Infinity"),
            "maxNorm": max_norm,
            "grads": [x.tolist() for x in grads],
            "total": total.item(),
            "clipped": [p.grad.tolist() for p in params],
        })
    return out


def schedules():
    def run(make):
        p = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.SGD([p], lr=0.5)
        scheduler = make(optimizer)
        lrs = []
        for _ in range(30):
            lrs.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        return lrs

    return {
        "warmup": run(lambda o: transformers.get_constant_schedule_with_warmup(o, 7)),
        "linear": run(lambda o: transformers.get_linear_schedule_with_warmup(o, 4, 20)),
        "cosine": run(lambda o: transformers.get_cosine_schedule_with_warmup(o, 5, 25)),
        "cosineNoWarmup": run(lambda o: transformers.get_cosine_schedule_with_warmup(o, 0, 30)),
    }


def main():
    everything = [([0, 1, 2, 3], {})]
    decay_split = [([0, 2], {"weight_decay": 0.1}), ([1, 3], {"weight_decay": 0.0, "lr": 0.02})]
    record = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "trajectories": [
            trajectory("AdamW, defaults", "AdamW", everything, lr=0.01),
            trajectory("AdamW, groups", "AdamW", decay_split, lr=0.01, betas=[0.8, 0.95], eps=1e-6),
            trajectory("AdamW, amsgrad", "AdamW", everything, lr=0.03, amsgrad=True),
            trajectory("AdamW, float64", "AdamW", everything, "float64", lr=0.01, weight_decay=0.2),
            trajectory("Adam, defaults", "Adam", everything, lr=0.01),
            trajectory("Adam, weight decay in the gradient", "Adam", everything, lr=0.01, weight_decay=0.3),
            trajectory("Adam, maximize", "Adam", everything, lr=0.001, maximize=True),
        ],
        "clipping": clipping(),
        "schedules": schedules(),
    }
    out = pathlib.Path(__file__).with_name("optim.json")
    out.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size, "bytes")


main()
