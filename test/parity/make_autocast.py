"""Writes autocast.json: what operators give under torch.autocast on the processor, and how it trains an adapter with a loss scale.

    python test/parity/make_models.py && python test/parity/make_autocast.py

Needs torch, transformers, peft. The model is models/tiny in float32; the prompts are those of models.json.
"""
import json
import os

import torch
from peft import LoraConfig, TaskType, get_peft_model
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS, LR = 8, 1e-3
# The fourth step's loss is made so large that its gradients overflow under the scale.
PLANTED, FACTOR = 3, 1e36
SCALER = dict(init_scale=1024.0, growth_interval=3)
X = torch.tensor([[0.1, -1.3, 2.7, 0.004], [1.1, 0.3, -0.7, 3.14]])
W = torch.tensor([[0.5, -0.25, 1.7, 0.3], [1.01, 2.02, -3.03, 0.7], [-0.4, 0.6, 0.9, -1.1]])
OPERATORS = {
    "linear": lambda: torch.nn.functional.linear(X, W),
    "matmul": lambda: X.matmul(W.T),
    "bmm": lambda: torch.bmm(X[None], W.T[None]),
    "scaledDotProductAttention": lambda: torch.nn.functional.scaled_dot_product_attention(X[None, None], W[None, None], W[None, None]),
    "softmax": lambda: X.bfloat16().softmax(-1),
    "exp": lambda: X.bfloat16().exp(),
    "add": lambda: X + X.bfloat16(),
    "cat": lambda: torch.cat([X, X.bfloat16()]),
    "logSoftmax": lambda: X.log_softmax(-1),
    "mseLoss": lambda: torch.nn.functional.mse_loss(X.bfloat16(), W[:2].bfloat16()),
}


def numbers(t, digits=9):
    return [float(f"{x:.{digits}g}") for x in t.detach().float().flatten().tolist()]


def operators(dtype):
    out = {}
    for name, work in OPERATORS.items():
        with torch.autocast("cpu", dtype=dtype):
            result = work()
        out[name] = dict(dtype=str(result.dtype).removeprefix("torch."), values=numbers(result))
    return out


def loss_of(model, ids):
    logits = model(input_ids=torch.tensor([ids])).logits.float()
    return torch.nn.functional.cross_entropy(logits[0, :-1], torch.tensor(ids[1:]))


def training(dtype, ids, clip):
    torch.manual_seed(11)
    base = AutoModelForCausalLM.from_pretrained(os.path.join(HERE, "models", "tiny"), dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, r=4, lora_alpha=12, target_modules=["q_proj", "v_proj", "up_proj"]))
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LR, weight_decay=0)
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16, **SCALER)
    steps = []
    for step in range(STEPS):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype):
            loss = loss_of(model, ids) * (FACTOR if step == PLANTED else 1)
        scale = scaler.get_scale()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        norm = torch.nn.utils.clip_grad_norm_(trained, clip or float("inf"))
        scaler.step(optimizer)
        scaler.update()
        steps.append(dict(loss=loss.item(), norm=norm.item() if torch.isfinite(norm) else None, scale=scale))
    return dict(dtype=str(dtype).removeprefix("torch."), clip=clip, steps=steps, last=scaler.get_scale(), trained=[numbers(p.flatten()[:16], 7) for p in trained])


def main():
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "models.json")) as f:
        ids = json.load(f)["tiny"]["forward"]["ids"][0]
    expected = dict(
        operators={str(d).removeprefix("torch."): operators(d) for d in (torch.bfloat16, torch.float16)},
        training=[training(torch.float16, ids, None), training(torch.float16, ids, 0.5)],
        lr=LR, planted=PLANTED, factor=FACTOR, scaler=dict(initScale=SCALER["init_scale"], growthInterval=SCALER["growth_interval"]),
    )
    with open(os.path.join(HERE, "autocast.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
