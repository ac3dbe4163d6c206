"""Writes peft-half.json: how PEFT trains an adapter on a base in half precision, with float32 weights (its default) and without.

    python test/parity/make_models.py && python test/parity/make_peft.py && python test/parity/make_peft_half.py

Needs torch, transformers, peft. The base is models/tiny in bfloat16 or float16; the prompts are those of models.json.
"""
import json
import os

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 6
LR = 1e-3
SETTINGS = {
    "linear": dict(r=4, lora_alpha=12, target_modules=["q_proj", "v_proj", "up_proj"]),
    "embedding": dict(r=2, lora_alpha=4, target_modules=["embed_tokens", "o_proj"]),
}
# With float16 weights AdamW's epsilon is 0, and the first step makes NaN.
KINDS = [(torch.bfloat16, False), (torch.bfloat16, True), (torch.float16, False)]


def numbers(t, digits=9):
    return [float(f"{x:.{digits}g}") for x in t.detach().float().flatten().tolist()]


def loss_of(model, ids):
    logits = model(input_ids=torch.tensor([ids])).logits.float()
    return torch.nn.functional.cross_entropy(logits[0, :-1], torch.tensor(ids[1:]))


def case(settings, dtype, kept, ids):
    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, "models", "tiny"), dtype=dtype)
    model = get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, **settings), autocast_adapter_dtype=not kept)
    trained = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    fresh = {n: numbers(p.flatten()[:4]) for n, p in trained}
    optimizer = torch.optim.AdamW([p for _, p in trained], lr=LR, weight_decay=0)
    losses, norms = [], []
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(model, ids)
        loss.backward()
        losses.append(loss.item())
        norms.append({n: float(f"{p.grad.float().norm().item():.6g}") for n, p in trained})
        optimizer.step()
    return dict(dtypes=sorted({str(p.dtype).removeprefix("torch.") for _, p in trained}), fresh=fresh, losses=losses, norms=[norms[0], norms[-1]],
                trained={n: numbers(p.flatten()[:24], 7) for n, p in trained})


def merged_kept():
    """The first and the last five weights of layers into which an adapter in the base's dtype is merged."""
    base = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, "models", "tiny"), dtype=torch.bfloat16)
    model = PeftModel.from_pretrained(base, os.path.join(HERE, "models", "peft-patterns"), autocast_adapter_dtype=False)
    model.merge_adapter()
    layers = {n.removeprefix("base_model.model."): m.base_layer.weight.flatten() for n, m in model.named_modules() if hasattr(m, "lora_A") and "default" in m.lora_A}
    return {n: numbers(torch.cat([w[:5], w[-5:]])) for n, w in layers.items()}


def main():
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "models.json")) as f:
        ids = json.load(f)["tiny"]["forward"]["ids"][0]
    cases = [dict(settings=name, dtype=str(dtype).removeprefix("torch."), kept=kept, **case(settings, dtype, kept, ids))
             for name, settings in SETTINGS.items() for dtype, kept in KINDS]
    with open(os.path.join(HERE, "peft-half.json"), "w") as f:
        json.dump(dict(lr=LR, steps=STEPS, cases=cases, mergedKept=merged_kept()), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
