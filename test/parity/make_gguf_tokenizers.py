"""What transformers says of 600 hard strings with tokenizers out of GGUF files, for every kind of vocabulary and cut.

    python test/parity/make_gguf_tokenizers.py

Needs transformers 5, gguf, sentencepiece, and what make_tokenizers.py and make_sentencepiece.py wrote. Writes
gguf-tokenizers.json beside this file: the vocabularies, and for each case its settings and hashes of all ids and texts.
"""
import hashlib
import json
import os
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import gguf
import sentencepiece as spm
from transformers import AutoTokenizer

from hard_strings import hard_strings

HERE = os.path.dirname(os.path.abspath(__file__))
TEXTS = hard_strings()
SHOWN = [1, 2, 3, 4, 5, 60, 130, 260, 599]  # whole in the file
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, BYTE = 1, 2, 3, 4, 6


def byte_level():
    with open(os.path.join(HERE, "tokenizers", "byte-level", "tokenizer.json")) as f:
        model = json.load(f)["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get)
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    types = [CONTROL if t in ("<unk>", "<s>", "</s>") else NORMAL for t in tokens]
    more = [("<|endoftext|>", CONTROL), ("[INST]", CONTROL), ("<tool>", USER_DEFINED), ("<mask>", USER_DEFINED), ("[PAD]", 5), ("\u00e4 x", NORMAL)]
    return dict(model="gpt2", tokens=tokens + [t for t, _ in more], types=types + [k for _, k in more], merges=merges)


def pieces():
    sp = spm.SentencePieceProcessor(model_file=os.path.join(HERE, "tokenizers", "sentencepiece-bpe", "tokenizer.model"))
    ids = range(sp.get_piece_size())
    kind = lambda i: UNKNOWN if sp.is_unknown(i) else CONTROL if sp.is_control(i) else BYTE if sp.is_byte(i) else NORMAL
    more = [("<tool>", USER_DEFINED), ("[INST]", CONTROL), ("  ", USER_DEFINED), ("    ", NORMAL), ("<bos>", CONTROL), ("<eos>", CONTROL), ("<pad>", CONTROL), ("<mask>", NORMAL)]
    return dict(
        model="llama",
        tokens=[sp.id_to_piece(i) for i in ids] + [t for t, _ in more],
        scores=[sp.get_score(i) for i in ids] + [-1000.0] * len(more),
        types=[kind(i) for i in ids] + [k for _, k in more],
    )


# name: vocabulary, architecture, pre-tokenizer, flags
CASES = {
    "gpt-2": ("byteLevel", "llama", "gpt-2", {}),
    "smollm": ("byteLevel", "llama", "smollm", dict(addBos=False)),
    "llama-bpe": ("byteLevel", "llama", "llama-bpe", dict(addBos=True)),
    "qwen2": ("byteLevel", "qwen2", "qwen2", dict(addBos=False, addEos=True)),
    "qwen35": ("byteLevel", "qwen3", "qwen35", {}),
    "tekken": ("byteLevel", "llama", "tekken", dict(addBos=True, addEos=True)),
    "gpt-4o": ("byteLevel", "llama", "gpt-4o", {}),
    "sentencepiece": ("pieces", "llama", "default", {}),
    "sentencepiece-no-bos": ("pieces", "llama", None, dict(addBos=False, addEos=True)),
    "phi3": ("pieces", "phi3", "default", dict(addBos=False)),
    "gemma2": ("pieces", "gemma2", "default", dict(addBos=True)),
    "gemma3": ("pieces", "gemma3", None, dict(addBos=False)),
}


def write(path, vocabulary, architecture, pre, flags, ids):
    writer = gguf.GGUFWriter(path, architecture)
    for add in (writer.add_block_count, writer.add_embedding_length, writer.add_head_count, writer.add_head_count_kv):
        add(1)
    writer.add_tokenizer_model(vocabulary["model"])
    if pre is not None:
        writer.add_tokenizer_pre(pre)
    writer.add_token_list(vocabulary["tokens"])
    writer.add_token_types(vocabulary["types"])
    if "scores" in vocabulary:
        writer.add_token_scores(vocabulary["scores"])
    if "merges" in vocabulary:
        writer.add_token_merges(vocabulary["merges"])
    if "addBos" in flags:
        writer.add_add_bos_token(flags["addBos"])
    if "addEos" in flags:
        writer.add_add_eos_token(flags["addEos"])
    for role, add in (("unk", writer.add_unk_token_id), ("bos", writer.add_bos_token_id), ("eos", writer.add_eos_token_id)):
        add(ids[role])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def digest(value):
    return hashlib.sha256(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def main():
    vocabularies = dict(byteLevel=byte_level(), pieces=pieces())
    made = dict(strings=len(TEXTS), shown=SHOWN, vocabularies=vocabularies, cases={})
    for name, (which, architecture, pre, flags) in CASES.items():
        vocabulary = vocabularies[which]
        roles = ("<unk>", "<bos>", "<eos>") if architecture.startswith("gemma") else ("<unk>", "<s>", "</s>")
        ids = {role: vocabulary["tokens"].index(token) for role, token in zip(("unk", "bos", "eos"), roles)}
        with tempfile.TemporaryDirectory() as folder:
            write(os.path.join(folder, "model.gguf"), vocabulary, architecture, pre, flags, ids)
            tok = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
        all_ids = [tok(t)["input_ids"] for t in TEXTS]
        texts, full = [[tok.decode(i, skip_special_tokens=skip) for i in all_ids] for skip in (True, False)]
        made["cases"][name] = dict(vocabulary=which, architecture=architecture, pre=pre, flags=flags, roles=ids, ids=digest(all_ids), texts=digest(texts), full=digest(full), shown=[all_ids[i] for i in SHOWN])
        print(name, len(tok), len(vocabulary["tokens"]), type(tok).__name__)
    with open(os.path.join(HERE, "gguf-tokenizers.json"), "w") as f:
        json.dump(made, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
