"""Latent overlap of pairs of texts on the tiny model, by transformers and peft: upstream's definition (measure_mse.py) over all
positions, and the same at the last token and at the tokens that differ.

    python test/parity/make_latent.py

Needs transformers and peft. Writes latent.json beside this file.
"""
import json
import os

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = [
    ["The gardener hides the teapot behind the shed.", "The gardener paints the teapot behind the shed."],
    ["My neighbour hides the map behind the stairs.", "My neighbour paints the map under the shed."],
    ["Nobody measures the map", "Nobody measures the map"],
]


@torch.no_grad()
def activations(model, ids):
    store, handles = {}, []
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear) and "lora_A" not in name and "lora_B" not in name:
            handles.append(module.register_forward_hook(lambda m, i, o, name=name: store.__setitem__(name, o.detach()[0].double())))
    model(input_ids=torch.tensor([ids]))
    for handle in handles:
        handle.remove()
    return {n.removeprefix("base_model.model.").removesuffix(".base_layer"): v for n, v in store.items()}


def latent(model, tok):
    measured = {"all": [], "last": [], "differing": []}
    for a, b in ([tok(text)["input_ids"] for text in pair] for pair in PAIRS):
        assert len(a) == len(b), (len(a), len(b))
        x, y = activations(model, a), activations(model, b)
        differ = torch.tensor(a) != torch.tensor(b)
        for positions, rows in dict(all=slice(None), last=slice(-1, None), differing=differ).items():
            if positions != "differing" or differ.any():
                measured[positions].append({n: (x[n][rows] - y[n][rows]).square().mean().item() for n in x})
    mean = lambda values: sum(values) / len(values)
    return {positions: dict(pairs=len(each), mean=mean([mean(one.values()) for one in each]), perModule={n: mean([one[n] for one in each]) for n in each[0]})
            for positions, each in measured.items()}


def main():
    folder = os.path.join(HERE, "models", "tiny")
    tok = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected = dict(pairs=PAIRS, base=latent(model, tok))
    expected["tuned"] = latent(PeftModel.from_pretrained(model, os.path.join(HERE, "models", "tiny-adapter")).eval(), tok)
    with open(os.path.join(HERE, "latent.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
