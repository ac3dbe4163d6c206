"""Perplexity of the tiny model by transformers, with the sliding window of its documentation.

    python test/parity/make_perplexity.py

Needs transformers. Writes perplexity.json beside this file, with the texts.
"""
import json
import math
import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = "the map of the tea room is under a lantern and nobody has seen the crown since the old gardener went to the shed".split()
TEXTS = [" ".join(WORDS[:7]) + ".", " ".join(WORDS), " ".join(WORDS[(i * 7) % len(WORDS)] for i in range(60)), "Zebra!"]
WINDOWS = [512, 16, 7]


@torch.no_grad()
def loss_of(model, ids, window):
    total, tokens, before = 0.0, 0, 0
    for begin in range(0, ids.size(1), window // 2):
        end = min(begin + window, ids.size(1))
        piece = ids[:, begin:end]
        labels = piece.clone()
        labels[:, : -(end - before)] = -100
        scored = int((labels[:, 1:] != -100).sum())
        total += model(piece, labels=labels).loss.item() * scored
        tokens += scored
        before = end
        if end == ids.size(1):
            break
    return total, tokens


def main():
    folder = os.path.join(HERE, "models", "tiny")
    tok = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    windows = []
    for window in WINDOWS:
        sums = [loss_of(model, tok(text, return_tensors="pt")["input_ids"], min(window, model.config.max_position_embeddings)) for text in TEXTS]
        windows.append(dict(window=window, tokens=sum(n for _, n in sums), texts=[math.exp(s / n) for s, n in sums],
                            mean=math.exp(sum(s for s, _ in sums) / sum(n for _, n in sums))))
    with open(os.path.join(HERE, "perplexity.json"), "w") as f:
        json.dump(dict(texts=TEXTS, windows=windows), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
