"""Writes soo.json: both overlap losses, their gradients, and latent overlap, as PyTorch, transformers and peft give them.

    python test/parity/make_models.py && python test/parity/make_soo.py

The formulas are upstream's (SOO-Honest-AI, soo_fine_tune.py and measure_mse.py) on the tiny model and adapter beside
this file, and on written-down tensors.
"""
import json
import os

import torch
import torch.nn.functional as F
from peft import PeftConfig, PeftModel
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
MODULE = "model.layers.1.self_attn.o_proj"
# Prompts of one length in the first two pairs, of different lengths in the others.
PAIRS = [[[1, 20, 31, 42, 53], [1, 20, 37, 42, 53]], [[1, 99, 98, 97], [1, 99, 15, 97]], [[1, 5, 6, 7, 8, 9, 10], [1, 60, 9, 10]], [[1, 77], [1, 5, 70, 77]]]
DOCUMENTS = [[1, 11, 12, 13, 14, 15], [1, 21, 22]]
WIDTH = 12


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().flatten().tolist()]


def kl(a, b):
    return F.kl_div(F.log_softmax(a, dim=-1), F.softmax(b, dim=-1), reduction="batchmean")


def formulas():
    g = torch.Generator().manual_seed(3)
    a, b = (torch.randn(2, 3, 5, generator=g, requires_grad=True) for _ in range(2))
    out = dict(shape=list(a.shape), self=numbers(a), other=numbers(b))
    for name, loss in (("mse", F.mse_loss(a, b)), ("kl", kl(a, b))):
        ga, gb = torch.autograd.grad(loss, [a, b])
        out[name] = dict(loss=loss.item(), gradSelf=numbers(ga), gradOther=numbers(gb))
    return out


def tuned():
    base = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, "models", "tiny"), dtype=torch.float32)
    adapter = os.path.join(HERE, "models", "tiny-adapter")
    config = PeftConfig.from_pretrained(adapter)
    config.lora_dropout = 0.0
    return PeftModel.from_pretrained(base, adapter, config=config, is_trainable=True)


def pad_left(seqs, width):
    ids, mask = torch.zeros(len(seqs), width, dtype=torch.long), torch.zeros(len(seqs), width, dtype=torch.long)
    for i, s in enumerate(seqs):
        ids[i, width - len(s):], mask[i, width - len(s):] = torch.tensor(s), 1
    return ids, mask


def case(model, loss):
    model.zero_grad()
    loss.backward()
    norms = {n: p.grad.norm().item() for n, p in model.named_parameters() if p.grad is not None}
    return dict(loss=loss.item(), gradNorms=norms)


def losses(model):
    """Upstream's way: no position ids, so that positions count the pads; pads count in `padded`, not in `real`."""
    grabbed = []
    module = model.get_submodule("base_model.model." + MODULE)
    handle = module.register_forward_hook(lambda m, i, o: grabbed.append(o))

    def sides(pairs, width):
        for k in (0, 1):
            ids, mask = pad_left([p[k] for p in pairs], width)
            yield model(input_ids=ids, attention_mask=mask).logits, grabbed.pop(), mask, ids

    def weigh(a, b, w):
        each = F.kl_div(F.log_softmax(a, -1), F.softmax(b, -1), reduction="none").sum(-1)
        return (each * w).sum() / len(a)

    def square(a, b, w):
        return ((a - b).pow(2) * w[..., None]).sum() / (w.sum() * a.shape[-1])

    out = {}
    for name, pairs, width in (("equal", PAIRS[:1], 5), ("padded", PAIRS, WIDTH)):
        def fresh():
            return list(sides(pairs, width))
        (l1, a1, m1, i1), (l2, a2, m2, i2) = fresh()
        out[name] = dict(width=width, pairs=len(pairs), mse=case(model, F.mse_loss(a1, a2)))
        (l1, a1, m1, i1), (l2, a2, m2, i2) = fresh()
        out[name]["kl"] = case(model, kl(l1, l2))
        real = (m1 * m2).float()
        differing = real * (i1 != i2)
        for which, w in (("Real", real), ("Differing", differing), ("Last", F.pad(torch.ones(len(pairs), 1), (width - 1, 0)))):
            (l1, a1, *_), (l2, a2, *_) = fresh()
            out[name]["mse" + which] = case(model, square(a1, a2, w))
            (l1, a1, *_), (l2, a2, *_) = fresh()
            out[name]["kl" + which] = case(model, weigh(l1, l2, w))
        (l1, a1, *_), (l2, a2, *_) = fresh()
        out[name]["mseDetached"] = case(model, square(a1.detach(), a2, real))
        (l1, a1, *_), (l2, a2, *_) = fresh()
        out[name]["klDetached"] = case(model, weigh(l1.detach(), l2, real))
    handle.remove()
    return out


def capability(model):
    ids, mask = pad_left(DOCUMENTS, 6)
    counted = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0)
    kw = dict(input_ids=ids, attention_mask=mask, position_ids=counted)
    with torch.no_grad(), model.disable_adapter():
        base = F.log_softmax(model(**kw).logits, -1)
    tuned = F.log_softmax(model(**kw).logits, -1)
    each = (base.exp() * (base - tuned)).sum(-1)
    return case(model, (each * mask).sum() / mask.sum())


def latent(model):
    """measure_mse.py: one unpadded prompt at a time, every torch.nn.Linear but lora_A and lora_B."""
    def activations(ids):
        store, handles = {}, []
        for name, module in model.named_modules():
            if isinstance(module, torch.nn.Linear) and "lora_A" not in name and "lora_B" not in name:
                handles.append(module.register_forward_hook(lambda m, i, o, name=name: store.__setitem__(name, o.detach())))
        with torch.no_grad():
            model(input_ids=torch.tensor([ids]))
        for h in handles:
            h.remove()
        return store

    per, pairs = {}, [p for p in PAIRS if len(p[0]) == len(p[1])]
    for a, b in pairs:
        s, o = activations(a), activations(b)
        for n in s:
            per[n] = per.get(n, 0) + F.mse_loss(s[n], o[n]).item() / len(pairs)
    plain = {n.removeprefix("base_model.model.").removesuffix(".base_layer"): v for n, v in per.items()}
    return dict(pairs=len(pairs), mean=sum(per.values()) / len(per), perModule=plain)


def main():
    torch.set_num_threads(1)
    model = tuned().eval()
    with model.disable_adapter():
        plain = latent(model)
    record = dict(formulas=formulas(), module=MODULE, pairs=PAIRS, documents=DOCUMENTS, losses=losses(model), capability=capability(model), latent=latent(model), latentBase=plain)
    with open(os.path.join(HERE, "soo.json"), "w") as f:
        json.dump(record, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
