"""Writes collapse.json: what modules of the tiny model and adapter tell apart, as PyTorch, transformers and peft give it.

    python test/parity/make_models.py && python test/parity/make_collapse.py

The last tokens of three prompts a pair (self, other, other under another name), in float64 from float32 activations; each
prompt goes through the model by itself, so that no pad is computed.
"""
import json
import os

import torch

from make_soo import HERE, tuned

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


if __name__ == "__main__":
    torch.set_num_threads(1)
    model = tuned().eval()
    with open(os.path.join(HERE, "collapse.json"), "w") as file:
        json.dump(dict(pairs=PAIRS, sites=values(model)), file, indent=1)
        file.write("\n")
