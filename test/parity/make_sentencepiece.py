"""Makes the SentencePiece models under test/parity/tokenizers and what Python's sentencepiece says of them.

    python test/parity/make_sentencepiece.py

Needs sentencepiece (and tokenizers and transformers, for the corpus). Writes tokenizers/sentencepiece-*/tokenizer.model and
sentencepiece.json beside this file. The rule is a small one of its own: nmt_nfkc's would be 240 KB in each file.
"""
import io
import json
import os
import random
import tempfile

import sentencepiece as spm

from make_tokenizers import CORPUS, HERE, TEXTS

RULE = {"\ufb01": "fi", "\ufb03": "ffi", "\u00bd": "1\u20442", "\t": " ", "\n": " ", "\r": " ", "\u00a0": " ", "\u3000": " ", "\u200b": "", "\u00ad": "",
        "e\u0301": "\u00e9", "o\u0308": "\u00f6", "A": "a", "Æ": "ae", "ß": "ss", "\U0001F642": ":)", "\u0085": "  "}
MODELS = {
    # As Llama's and Mistral's are trained.
    "bpe": dict(model_type="bpe", vocab_size=420, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False,
                split_digits=True, allow_whitespace_only_pieces=True),
    "unigram": dict(model_type="unigram", vocab_size=200, hard_vocab_limit=False, rule=True),
    "bpe-symbols": dict(model_type="bpe", vocab_size=460, byte_fallback=True, add_dummy_prefix=False, rule=True, user_defined_symbols=["tea", "teapot", "the map", "room 12"]),
    "unigram-suffix": dict(model_type="unigram", vocab_size=460, hard_vocab_limit=False, byte_fallback=True, treat_whitespace_as_suffix=True, normalization_rule_name="identity",
                           user_defined_symbols=["tea", "teapot", "the map"], bos_id=-1, pad_id=3),
}
MORE = ["\ufb01ne o\ufb03ce \u00bd A\u0301 e\u0301e e", "\u3000 wide \u00a0 \u200b spaces \u00ad ", "a teapot, the teapots, tea time in room 123, the map", "\u2581\u2581", "\n", "x" * 700,
        "The gardener hides\u200bthe teapot", "<0x41> is no byte", "\U0001F642\U0001F642 twice"]


def train(name, options):
    options = dict(options)
    folder = os.path.join(HERE, "tokenizers", "sentencepiece-" + name)
    os.makedirs(folder, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as tsv:
        if options.pop("rule", False):
            points = lambda text: " ".join(f"{ord(c):X}" for c in text)
            tsv.write("".join(f"{points(a)}\t{points(b)}\n" for a, b in RULE.items()))
            tsv.flush()
            options["normalization_rule_tsv"] = tsv.name
        model = io.BytesIO()
        spm.SentencePieceTrainer.train(sentence_iterator=iter(CORPUS), model_writer=model, minloglevel=2, num_threads=1, **options)
    data = model.getvalue().replace(tsv.name.encode(), b"/" * len(tsv.name))  # the file's name would stay in the model
    with open(os.path.join(folder, "tokenizer.model"), "wb") as f:
        f.write(data)
    return spm.SentencePieceProcessor(model_proto=data)


def main():
    expected = {}
    for name, options in MODELS.items():
        sp = train(name, options)
        rng = random.Random(5)
        runs = [[rng.randrange(sp.get_piece_size()) for _ in range(rng.randint(1, 24))] for _ in range(40)]
        texts = TEXTS + MORE + CORPUS[::97]
        expected["sentencepiece-" + name] = dict(
            size=sp.get_piece_size(), bos=sp.bos_id(), eos=sp.eos_id(), unk=sp.unk_id(),
            texts=[dict(text=t, ids=sp.encode(t)) for t in texts],
            decoded=[dict(ids=r, text=sp.decode(r)) for r in runs] + [dict(ids=sp.encode(t), text=sp.decode(sp.encode(t))) for t in texts],
        )
    with open(os.path.join(HERE, "sentencepiece.json"), "w") as f:
        json.dump(expected, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
