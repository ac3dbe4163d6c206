"""What transformers generates and how it filters logits, for test/models/generation-parity.test.ts and sampling.test.ts.

    python test/parity/make_generation.py

Needs torch, transformers, peft, and the models of make_models.py. Writes generation.json beside this file.
"""
import json
import os

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, LogitsProcessorList, RepetitionPenaltyLogitsProcessor, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

HERE = os.path.dirname(os.path.abspath(__file__))
NEW = 75


def folder(name):
    return os.path.join(HERE, "models", name)


def prompts():
    """Twenty that start alike and go on differently, at different lengths."""
    g = torch.Generator().manual_seed(3)
    draw = lambda n: torch.randint(3, 400, (n,), generator=g).tolist()
    start = [1] + draw(9)
    return [start + draw(2 + 3 * i % 17) for i in range(20)]


@torch.no_grad()
def greedy(model, seqs, batch):
    out = []
    for i in range(0, len(seqs), batch):
        group = seqs[i:i + batch]
        width = max(map(len, group))
        ids = torch.tensor([[0] * (width - len(s)) + s for s in group])
        mask = torch.tensor([[0] * (width - len(s)) + [1] * len(s) for s in group])
        y = model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=NEW, do_sample=False, eos_token_id=None, pad_token_id=0)
        out += y[:, width:].tolist()
    return out


def generation():
    seqs = prompts()
    model = AutoModelForCausalLM.from_pretrained(folder("tiny"), dtype=torch.float32).eval()
    plain = greedy(model, seqs, 1)
    assert plain == greedy(model, seqs, 25)
    tuned = PeftModel.from_pretrained(model, folder("tiny-adapter")).eval()
    return dict(ids=seqs, greedy=plain, tuned=greedy(tuned, seqs, 25))


def filtered(logits, seen, name, penalty=None, temperature=None, top_k=None, top_p=None):
    """In the order in which `generate` puts them together."""
    steps = LogitsProcessorList()
    if penalty is not None:
        steps.append(RepetitionPenaltyLogitsProcessor(penalty))
    if temperature is not None:
        steps.append(TemperatureLogitsWarper(temperature))
    if top_k is not None:
        steps.append(TopKLogitsWarper(top_k))
    if top_p is not None:
        steps.append(TopPLogitsWarper(top_p))
    scores = steps(torch.tensor(seen), logits.clone())
    # JSON knows no infinity.
    values = [[None if x == float("-inf") else x for x in row] for row in scores.tolist()]
    return dict(name=name, penalty=penalty, temperature=temperature, topK=top_k, topP=top_p, values=values)


def filters():
    g = torch.Generator().manual_seed(5)
    logits = (torch.randn(3, 12, generator=g) * 2).round(decimals=4)
    logits[1, 3] = logits[1, 7] = logits[1].max() - 0.5  # a tie at the edge of top-k
    seen = [[1, 4, 4, 9], [0, 3, 11, 2], [5, 5, 5, 5]]
    cases = [
        filtered(logits, seen, "penalty", penalty=1.3),
        filtered(logits, seen, "penalty below 1", penalty=0.7),
        filtered(logits, seen, "temperature", temperature=0.6),
        filtered(logits, seen, "top-k", top_k=3),
        filtered(logits, seen, "top-k with a tie", top_k=2),
        filtered(logits, seen, "top-k beyond the vocabulary", top_k=50),
        filtered(logits, seen, "top-p", top_p=0.7),
        filtered(logits, seen, "top-p that keeps one", top_p=0.01),
        filtered(logits, seen, "top-p of nothing", top_p=0.0),
        filtered(logits, seen, "all of them", penalty=1.2, temperature=1.7, top_k=6, top_p=0.8),
    ]
    return dict(logits=logits.tolist(), seen=seen, cases=cases)


def main():
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "generation.json"), "w") as f:
        json.dump(dict(generation=generation(), filters=filters()), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
