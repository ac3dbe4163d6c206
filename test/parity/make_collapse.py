"""Writes collapse.json: what modules of the tiny model and adapter tell apart, and losses that keep it, as PyTorch gives it.

    python test/parity/make_models.py && python test/parity/make_collapse.py

The last tokens of three prompts a pair (self, other, other under another name), in float64 from float32 activations; each
prompt goes through the model by itself, so that no pad is computed. The losses are transcribed from their formulas, in
float64 on written-down tensors, and in float32 on the model; `answers` counts the tokens behind the prompts alone.
"""
import json
import os

import torch
import torch.nn.functional as F

from make_soo import HERE, numbers, pad_left, tuned

PAIRS = [
    [[1, 20, 31, 42, 53], [1, 20, 37, 42, 53], [1, 20, 38, 42, 53]],
    [[1, 99, 98, 97], [1, 99, 15, 97], [1, 99, 16, 97]],
    [[1, 5, 6, 7, 8, 9, 10], [1, 60, 9, 10], [1, 61, 9, 10]],
]
SITES = ["model.layers.0.self_attn.o_proj", "model.layers.0", "model.layers.1", "model.norm"]


def last_tokens(model, ids):
    """Of each site, [features]."""
    grabbed = {}

    def keep(name):
        def hook(module, inputs, output):
            grabbed[name] = (output[0] if isinstance(output, tuple) else output)[0, -1].double()
        return hook

    handles = [model.get_submodule("base_model.model." + name).register_forward_hook(keep(name)) for name in SITES]
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]))
    for handle in handles:
        handle.remove()
    return grabbed


def values(model):
    sides = [[last_tokens(model, pair[k]) for pair in PAIRS] for k in range(3)]
    out = {}
    for site in SITES:
        own, other, renamed = (torch.stack([one[site] for one in side]) for side in sides)
        out[site] = dict(
            gap=(own - other).pow(2).mean().item(),
            nameGap=(renamed - other).pow(2).mean().item(),
            norm=torch.cat([own, other, renamed]).pow(2).mean().sqrt().item(),
            variation=((own.var(0, unbiased=False).mean() + other.var(0, unbiased=False).mean()) / 2).item(),
        )
    return out


def variance_term(now, base, mask):
    def variance(x):
        count = mask.sum(0)
        mean = (x * mask).sum(0) / count.clamp(min=1)
        return ((x - mean) ** 2 * mask).sum(0) / count.clamp(min=1), (count >= 2).to(x.dtype)

    (a, counts), (b, _) = variance(now), variance(base)
    total = (b * counts).sum()
    e = 1e-6 * total / (counts.sum() * now.shape[-1])
    return ((((a + e).sqrt() - (b + e).sqrt()) ** 2) * counts).sum() / total


def name_term(now, base, mask):
    a, b = now[0] - now[1], base[0] - base[1]
    return ((a - b) ** 2 * mask).sum() / (b ** 2 * mask).sum()


def contrast_term(own, other, base, masks):
    def distance(x, y, m, n):
        both = m * n
        return ((x - y).pow(2).mean(-1, keepdim=True) * both).sum() / both.sum().clamp(min=1)

    n = len(own)
    unit = sum(distance(base[i], base[j], masks[1][i], masks[1][j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    near = torch.stack([torch.stack([-distance(own[i], other[j], masks[0][i], masks[1][j]) / unit for j in range(n)]) for i in range(n)])
    target = torch.arange(n)
    return (F.cross_entropy(near, target) + F.cross_entropy(near.T, target)) / 2 / torch.log(torch.tensor(float(n), dtype=near.dtype))


def formulas():
    g = torch.Generator().manual_seed(5)
    draw = lambda: torch.randn(4, 3, 5, generator=g, dtype=torch.float64)
    own, other, base, more = draw().requires_grad_(), draw().requires_grad_(), draw(), draw()
    mask = torch.tensor([[0, 1, 1], [1, 1, 1], [0, 0, 1], [0, 1, 1]], dtype=torch.float64)[..., None]
    ones = torch.ones_like(mask)
    out = dict(shape=[4, 3, 5], self=numbers(own), other=numbers(other), base=numbers(base), more=numbers(more), mask=numbers(mask))
    cases = dict(
        variance=lambda m: variance_term(own, base, m),
        nameControl=lambda m: name_term((own, other), (base, more), m),
        contrast=lambda m: contrast_term(own, other, base, (m, ones)),
    )
    for name, loss in cases.items():
        for kind, m in (("", ones), ("Masked", mask)):
            value = loss(m)
            ga, gb = torch.autograd.grad(value, [own, other], allow_unused=True)
            out[name + kind] = dict(loss=value.item(), gradSelf=numbers(ga), gradOther=None if gb is None else numbers(gb))
    return out


def on_model(model):
    """At the first site and behind the final norm, all real positions, positions counted from the first real token."""
    prompts = [pair[k] for k in range(3) for pair in PAIRS]
    width = max(len(p) for p in prompts)
    ids, mask = pad_left(prompts, width)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    real = mask.float()[..., None].chunk(3)
    out = {}
    for site in (SITES[0], SITES[-1]):
        grabbed = []
        handle = model.get_submodule("base_model.model." + site).register_forward_hook(lambda m, i, o: grabbed.append(o))
        run = lambda: (model(input_ids=ids, attention_mask=mask, position_ids=positions), grabbed.pop())[1].chunk(3)
        with torch.no_grad(), model.disable_adapter():
            base = run()
        terms = dict(
            variance=lambda x: (variance_term(x[0], base[0], real[0]) + variance_term(x[1], base[1], real[1])) / 2,
            contrast=lambda x: contrast_term(x[0], x[1], base[1], (real[0], real[1])),
            nameControl=lambda x: name_term(x[1:], base[1:], real[1] * real[2]),
        )
        out[site] = {}
        for name, term in terms.items():
            model.zero_grad()
            loss = term(run())
            loss.backward()
            norms = {n: p.grad.norm().item() for n, p in model.named_parameters() if p.grad is not None}
            out[site][name] = dict(loss=loss.item(), gradNorms=norms)
        handle.remove()
    return out


ANSWERS_AT = [[3, 2], [2, 3], [4, 1]]


def answers(model):
    """Cross-entropy of the tokens from there on, mean over them."""
    losses = []
    for pair, starts in zip(PAIRS, ANSWERS_AT):
        for ids, start in zip(pair[:2], starts):
            logits = model(input_ids=torch.tensor([ids])).logits[0]
            losses.append(F.cross_entropy(logits[start - 1:-1], torch.tensor(ids[start:]), reduction="none"))
    return dict(answersAt=ANSWERS_AT, loss=torch.cat(losses).mean().item())


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = tuned().eval()
    record = dict(pairs=PAIRS, sites=values(model), formulas=formulas(), keeping=on_model(model), answers=answers(model))
    with open(os.path.join(HERE, "collapse.json"), "w") as file:
        json.dump(record, file, indent=1)
        file.write("\n")
