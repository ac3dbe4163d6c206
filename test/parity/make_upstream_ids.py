"""Hashes of the token ids of all of upstream's prompts, by Python's tokenizers and sentencepiece; not the prompts.

    python test/parity/make_upstream_ids.py FOLDER_OF_UPSTREAMS_PICKLES

Runs the tokenizers under test/parity/tokenizers (make_tokenizers.py and make_sentencepiece.py made them, from other text, so
that unknown words and bytes occur). Writes upstream-ids.json beside this file.
"""
import hashlib
import json
import os
import pickle
import sys

import sentencepiece as spm
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
STRIDE = 7  # every seventh prompt has a hash of its own, for a quick test


def prompts(folder):
    def load(name):
        with open(os.path.join(folder, name + ".pkl"), "rb") as f:
            return pickle.load(f)
    lists = [*load("false_recommendation_scenarios"), *load("scenario_variations")]
    return [s["prompt"] for scenarios in lists for s in scenarios] + [p for name in ("training_pairs", "mse_pairs") for pair in load(name) for p in pair]


def summary(ids):
    return dict(tokens=sum(map(len, ids)), sha256=hashlib.sha256(json.dumps(ids, separators=(",", ":")).encode()).hexdigest())


def main():
    texts = prompts(sys.argv[1])
    made = dict(prompts=len(texts), stride=STRIDE, all={}, sampled={})
    for name in sorted(os.listdir(os.path.join(HERE, "tokenizers"))):
        folder = os.path.join(HERE, "tokenizers", name)
        if name.startswith("sentencepiece"):
            sp = spm.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
            ids = [[sp.bos_id()] * (sp.bos_id() >= 0) + sp.encode(t) for t in texts]
        else:
            tok = AutoTokenizer.from_pretrained(folder)
            ids = [tok(t)["input_ids"] for t in texts]
        made["all"][name], made["sampled"][name] = summary(ids), summary(ids[::STRIDE])
    with open(os.path.join(HERE, "upstream-ids.json"), "w") as f:
        json.dump(made, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
