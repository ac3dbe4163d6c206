"""Log-likelihoods of choices behind a question by the tiny model, by transformers, with the encoding of lm-evaluation-harness.

    python test/parity/make_choices.py

Needs transformers. Writes choices.json beside this file: questions in both forms that are read, and what each comes to.
"""
import json
import os

import numpy as np
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
QUESTIONS = [
    ("Where is the lantern? It is in the", ["kitchen", "green house", "a cellar below the stairs", "shed"], 1),
    ("The teapot is old. Who wants it?", ["Bob", "nobody at all", "the gardener's friend", "we"], 2),
    ("Une question: où est l'échelle ?", ["à côté", "là", "au deuxième étage, près de la fenêtre", "ici"], 0),
    ("Answer:\nA. map\nB. crown\nC. ladder\nD. umbrella\nThe letter is", ["A", "B", "C", "D"], 3),
    ("With a space at its end: ", ["shed", "tea room"], 0),
    ("Two lines\n", ["one", "another one"], 1),
    ("I would point out the", ["attic", "attic, of course, because it is the nearest room to here"], 0),
    ("Name a thing that is read.", ["a map of the town", "a map", "the umbrella"], 1),
]


@torch.no_grad()
def likelihood(model, tok, context, continuation):
    spaces = len(context) - len(context.rstrip())
    if spaces:
        context, continuation = context[:-spaces], context[-spaces:] + continuation
    whole, before = tok(context + continuation)["input_ids"], len(tok(context)["input_ids"])
    scores = model(torch.tensor([whole[:-1]])).logits[0].float().log_softmax(-1)
    return sum(scores[i - 1, whole[i]].double().item() for i in range(before, len(whole)))


def main():
    folder = os.path.join(HERE, "models", "tiny")
    tok = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    made = []
    for i, (question, choices, gold) in enumerate(QUESTIONS):
        lls = np.array([likelihood(model, tok, question, f" {choice}") for choice in choices])
        lengths = np.array([float(len(choice.encode("utf-8"))) for choice in choices])
        pairs = {f"gen_args_{k}": dict(arg_0=question, arg_1=f" {choice}") for k, choice in enumerate(choices)}
        made.append(dict(
            plain=dict(id=f"q{i}", question=question, choices=choices, answer=gold),
            sample=dict(doc_id=i, doc=dict(), target=str(gold), arguments=pairs, resps=[], acc=0.0),
            likelihoods=[float(x) for x in lls],
            acc=bool(np.argmax(lls) == gold), acc_bytes=bool(np.argmax(lls / lengths) == gold)))
    with open(os.path.join(HERE, "choices.json"), "w") as f:
        json.dump(made, f, separators=(",", ":"), ensure_ascii=False)
        f.write("\n")


if __name__ == "__main__":
    main()
