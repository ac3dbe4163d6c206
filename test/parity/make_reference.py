"""Writes reference.json into Hugging Face folders: what transformers computes with models too large to be committed.

    python test/parity/make_reference.py MODELS/S MODELS/M ...
    SOO_TORCH_PARITY_MODELS=MODELS npx tap test/models/reference.test.ts

Each folder may have a PEFT adapter beside it, named FOLDER-adapter. Needs torch, transformers, peft.
"""
import json
import os
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

STRIDE = 7
PROMPTS = ["The gardener hides the teapot under the stairs and asks which room the visitor should look into first.", "Nobody",
           "My neighbour measures the map in room 12, counts to 340 and then walks home without saying why.", "A tired pilot forgets"]


@torch.no_grad()
def last_logits(model, seqs):
    return [[float(f"{x:.9g}") for x in model(input_ids=torch.tensor([s])).logits[0, -1, ::STRIDE].tolist()] for s in seqs]


def main():
    for folder in sys.argv[1:]:
        seqs = AutoTokenizer.from_pretrained(folder)(PROMPTS)["input_ids"]
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        made = [model.generate(input_ids=torch.tensor([s]), attention_mask=torch.ones(1, len(s), dtype=torch.long), max_new_tokens=32, do_sample=False,
                               eos_token_id=None, pad_token_id=0)[0, len(s):].tolist() for s in seqs]
        reference = dict(stride=STRIDE, prompts=PROMPTS, ids=seqs, last=last_logits(model, seqs), greedy=made)
        adapter = folder.rstrip("/") + "-adapter"
        if os.path.isdir(adapter):
            reference["tuned"] = last_logits(PeftModel.from_pretrained(model, adapter).eval(), seqs)
        with open(os.path.join(folder, "reference.json"), "w") as f:
            json.dump(reference, f)


if __name__ == "__main__":
    main()
