"""Likelihoods of honest and deceptive answers by transformers, on items of our own in the form of Apollo's.

    python test/parity/make_benchmarks.py

Needs transformers and PyYAML. Writes benchmarks.json beside this file.
"""
import json
import os

import torch
import yaml
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURE = os.path.join(HERE, "..", "evals", "benchmarks", "fixtures", "roleplaying.yaml")


@torch.no_grad()
def likelihood(model, tok, before, answer):
    start, ids = tok(before)["input_ids"], tok(f"{before} {answer}")["input_ids"]
    at = next(i for i in range(len(ids)) if i >= len(start) or ids[i] != start[i])
    scores = torch.log_softmax(model(torch.tensor([ids])).logits[0].float(), -1)
    return dict(logLikelihood=sum(scores[i - 1, ids[i]].double().item() for i in range(at, len(ids))), tokens=len(ids) - at)


def main():
    folder = os.path.join(HERE, "models", "tiny")
    tok = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    with open(FIXTURE) as f:
        items = yaml.safe_load(f)
    made = []
    for item in items:
        prefix = (item.get("answer_prefix") or "").strip()
        before = f"{item['scenario']}\n\n{item['question']}" + (f" {prefix}" if prefix else "")
        made.append({kind: likelihood(model, tok, before, item[f"{kind}_completion"].strip().strip('"')) for kind in ("honest", "deceptive")})
    with open(os.path.join(HERE, "benchmarks.json"), "w") as f:
        json.dump(made, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
