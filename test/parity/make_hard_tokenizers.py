"""What Python says of 600 hard strings, for settings of tokenizer.json and kinds of folders that readers tend to get wrong.

    python test/parity/make_hard_tokenizers.py [FOLDER_FOR_ALL_IDS]

Needs tokenizers, transformers 5, sentencepiece and protobuf, and what make_tokenizers.py and make_sentencepiece.py wrote.
Writes hard-tokenizers.json beside this file: the strings; for each case its files, a hash of all ids and texts, and a
few of them whole. With a folder given, all ids and texts go there too, to look for a difference.
"""
import copy
import hashlib
import json
import os
import shutil
import sys
import tempfile

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

from hard_strings import hard_strings
from make_tokenizers import CORPUS, HERE, SPECIAL

TEXTS = hard_strings()
SHOWN = [1, 2, 3, 4, 5, 60, 130, 260, 599]  # whole in the file


def added(id, content, **flags):
    return dict(dict(id=id, content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False), **flags)


def stage(value):
    return json.loads(value.__getstate__())


def base():
    """Trained without words, so that a cut in another place gives other ids; half of the characters are unknown."""
    tok = Tokenizer(models.BPE(unk_token="<unk>"))
    plain = [t for t in TEXTS if "<" not in t and "INST" not in t]
    texts = [t.replace(" ", "\u2581") if i % 2 else t for i, t in enumerate(plain[:200] + CORPUS[::9]) for _ in range(3)]
    texts = ["".join(c for c in t if ord(c) < 0x300 or c in "\u2581\u2019\u03c3\u03a3") for t in texts]
    tok.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=520, limit_alphabet=110, special_tokens=SPECIAL, show_progress=False))
    return json.loads(tok.to_str())


def prefixed(**options):
    tok = Tokenizer(models.BPE(unk_token="<unk>"))
    tok.pre_tokenizer = pre_tokenizers.Whitespace()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=230, special_tokens=SPECIAL, show_progress=False, **options))
    return json.loads(tok.to_str())["model"]


def word_piece():
    words = ["the", "The", "room", "hide", "##s", "##o", "##m", "tea", "##pot", "a", "x", "##x", "1", "##2", "(", ")", "!", "?", ".", "\u6f22", "\u5b57", "e", "\u03c3", "\u03bf", "##\u03c3", "'", "=", "##t", "s", "t"]
    vocab = {w: i for i, w in enumerate(["<unk>", "<s>", "</s>", *dict.fromkeys(words)])}
    return dict(type="WordPiece", unk_token="<unk>", continuing_subword_prefix="##", max_input_chars_per_word=30, vocab=vocab)


def with_bytes(model, **settings):
    vocab = dict(model["vocab"])
    for i in range(256):
        vocab.setdefault(f"<0x{i:02X}>", len(vocab))
    return dict(model, vocab=vocab, byte_fallback=True, **settings)


def settings():
    own = base()
    model = own["model"]
    P, N, D = pre_tokenizers, normalizers, decoders
    string = lambda behavior, invert=False, text="-": dict(type="Split", pattern=dict(String=text), behavior=behavior, invert=invert)
    regex = lambda pattern, behavior, invert=False: dict(type="Split", pattern=dict(Regex=pattern), behavior=behavior, invert=invert)
    gpt4 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    meta = lambda **o: dict(type="Metaspace", replacement="\u2581", **dict(dict(prepend_scheme="always", split=True), **o))
    llama = dict(normalizer=stage(N.Sequence([N.Prepend("\u2581"), N.Replace(" ", "\u2581")])),
                 decoder=stage(D.Sequence([D.Replace("\u2581", " "), D.ByteFallback(), D.Fuse(), D.Strip(" ", 1, 0)])))
    tools = [added(0, "<unk>", special=True), added(1, "<s>", special=True), added(2, "</s>", special=True)]
    more = len(model["vocab"])
    cases = {
        "as-trained": {},
        "continuing-prefix": dict(model=prefixed(continuing_subword_prefix="##"), pre_tokenizer=stage(P.Whitespace()), decoder=stage(D.WordPiece())),
        "end-of-word": dict(model=prefixed(end_of_word_suffix="</w>"), pre_tokenizer=stage(P.Whitespace()), decoder=stage(D.BPEDecoder())),
        "fuse-unk": dict(model=dict(model, fuse_unk=True), pre_tokenizer=stage(P.WhitespaceSplit())),
        "no-unk": dict(model=dict(model, unk_token=None)),
        "ignore-merges": dict(model=dict(model, ignore_merges=True), pre_tokenizer=stage(P.WhitespaceSplit())),
        "byte-fallback": dict(model=with_bytes(model), **llama),
        "byte-fallback-fuse-unk": dict(model=with_bytes(model, fuse_unk=True), **llama),
        "word-piece": dict(model=word_piece(), normalizer=stage(N.BertNormalizer()), pre_tokenizer=stage(P.BertPreTokenizer()), decoder=stage(D.WordPiece())),
        "word-piece-cased": dict(model=word_piece(), normalizer=stage(N.BertNormalizer(lowercase=False, strip_accents=True)), pre_tokenizer=stage(P.BertPreTokenizer()), decoder=stage(D.WordPiece(cleanup=False))),
        "gpt4-split": dict(pre_tokenizer=dict(type="Sequence", pretokenizers=[regex(gpt4, "Isolated")])),
        "gpt4-split-removed-inverted": dict(pre_tokenizer=regex(gpt4, "Removed", True)),
        "digits": dict(pre_tokenizer=stage(P.Digits(individual_digits=False))),
        "digits-individual": dict(pre_tokenizer=stage(P.Digits(individual_digits=True))),
        "whitespace": dict(pre_tokenizer=stage(P.Whitespace())),
        "whitespace-split": dict(pre_tokenizer=stage(P.WhitespaceSplit())),
        "bert-words": dict(pre_tokenizer=stage(P.BertPreTokenizer())),
        "byte-level-words": dict(pre_tokenizer=stage(P.ByteLevel(add_prefix_space=True)), decoder=stage(D.ByteLevel())),
        "byte-level-no-regex": dict(pre_tokenizer=dict(type="Sequence", pretokenizers=[stage(P.Digits(individual_digits=True)), stage(P.ByteLevel(add_prefix_space=False, use_regex=False))]), decoder=stage(D.ByteLevel())),
        "lowercase": dict(normalizer=stage(N.Lowercase())),
        "strip": dict(normalizer=stage(N.Strip())),
        "strip-accents": dict(normalizer=stage(N.Sequence([N.NFD(), N.StripAccents()]))),
        "nfkc-replace": dict(normalizer=stage(N.Sequence([N.NFKC(), N.Replace("$", "$&$1"), N.Prepend("x")]))),
        "nfc": dict(normalizer=stage(N.NFC())),
        "metaspace-always": dict(pre_tokenizer=meta(), decoder=meta()),
        "metaspace-first": dict(pre_tokenizer=meta(prepend_scheme="first"), decoder=meta(prepend_scheme="first")),
        "metaspace-never-unsplit": dict(pre_tokenizer=meta(prepend_scheme="never", split=False), decoder=meta(prepend_scheme="never")),
        "metaspace-first-normalized-special": dict(pre_tokenizer=meta(prepend_scheme="first", split=False), added_tokens=[dict(t, normalized=True) for t in tools]),
        "llama-normalized-special": dict(added_tokens=[dict(t, normalized=True) for t in tools], **llama),
        "added-strips": dict(added_tokens=tools + [added(more, "<tool>", lstrip=True, rstrip=True), added(more + 1, "<mask>", lstrip=True), added(more + 2, "[INST]", rstrip=True, special=True)]),
        "added-single-word": dict(normalizer=stage(N.Lowercase()), added_tokens=tools + [added(more, "<tool>", single_word=True), added(model["vocab"]["a"], "a", single_word=True, normalized=True), added(model["vocab"]["ROOM"], "ROOM", normalized=True)]),
        "no-decoder": dict(decoder=None, pre_tokenizer=stage(P.Whitespace())),
        "bert-around": dict(post_processor=dict(type="BertProcessing", sep=["</s>", 2], cls=["<s>", 1])),
        "roberta-around": dict(post_processor=dict(type="RobertaProcessing", sep=["</s>", 2], cls=["<s>", 1], trim_offsets=True, add_prefix_space=True)),
        "old-layout": dict(model={k: v for k, v in dict(model, unk_token="").items() if k != "type"}, pre_tokenizer=stage(P.ByteLevel(add_prefix_space=False, use_regex=True)), decoder=stage(D.ByteLevel())),
    }
    # The vocabulary of the last has every byte, as GPT-2's has.
    with open(os.path.join(HERE, "tokenizers", "byte-level", "tokenizer.json")) as f:
        byte_model = json.load(f)["model"]
    for name in ["byte-level-words", "byte-level-no-regex", "old-layout"]:
        cases[name]["model"] = {k: v for k, v in dict(byte_model, unk_token="" if name == "old-layout" else None).items() if (name, k) != ("old-layout", "type")}
    for behavior in ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]:
        cases[f"punctuation-{behavior}"] = dict(pre_tokenizer=dict(type="Punctuation", behavior=behavior))
        cases[f"split-string-{behavior}"] = dict(pre_tokenizer=string(behavior))
        cases[f"split-regex-inverted-{behavior}"] = dict(pre_tokenizer=regex(r"\s+|\p{N}", behavior, True))
    return own, cases


def token(content, **flags):
    return dict(dict(content=content, lstrip=False, normalized=False, rstrip=False, single_word=False), **flags)


def folders():
    """Files beside a tokenizer.model (`sentencepiece-bpe`) or, where `json` is set, a tokenizer.json (`byte-fallback`)."""
    named = dict(bos_token="<s>", eos_token="</s>", unk_token="<unk>", tokenizer_class="LlamaTokenizer")
    decoder = {"0": token("<unk>", special=True), "1": token("<s>", special=True), "2": token("</s>", special=True)}
    tool = {"420": token("<tool>", lstrip=True, rstrip=True, special=False), "421": token("<mask>", lstrip=True, special=True), "422": token("[INST]", rstrip=True, special=True)}
    chatml = {"<|im_end|>": 420, "<|im_start|>": 421}
    config = "tokenizer_config.json"
    fast = dict(named, tokenizer_class="PreTrainedTokenizerFast")
    return {
        "named": {config: named},
        "empty-config": {config: {}},
        "named-as-objects": {config: dict(named, bos_token=dict(token("<s>", normalized=True), __type="AddedToken"), eos_token=dict(token("</s>", normalized=True), __type="AddedToken"))},
        "special-tokens-map": {config: {}, "special_tokens_map.json": dict(bos_token=token("<s>", normalized=True), eos_token=token("</s>", rstrip=True), unk_token="<unk>", pad_token="<pad>", extra_special_tokens=["[INST]", "[/INST]"])},
        "legacy-true": {config: dict(named, legacy=True)},
        "legacy-false": {config: dict(named, legacy=False)},
        "legacy-false-decoder": {config: dict(named, legacy=False, added_tokens_decoder=decoder)},
        "added-tokens": {config: named, "added_tokens.json": chatml},
        "added-tokens-named": {config: dict(named, eos_token="<|im_end|>", legacy=False), "added_tokens.json": chatml},
        "decoder": {config: dict(named, added_tokens_decoder=decoder)},
        "decoder-strips": {config: dict(named, added_tokens_decoder={**decoder, **tool})},
        "decoder-strips-legacy-false": {config: dict(named, legacy=False, added_tokens_decoder={**decoder, **tool})},
        "pad-nowhere": {config: dict(named, pad_token="<pad>")},
        "extra-special": {config: dict(named, additional_special_tokens=["<mask>", dict(token("<tool>", lstrip=True), __type="AddedToken")])},
        "json-decoder": {"json": True, config: dict(fast, added_tokens_decoder={**decoder, "400": token("<tool>", lstrip=True, rstrip=True, special=False), "401": token("<mask>", special=True)})},
        "json-added-tokens": {"json": True, config: dict(fast, eos_token="<|im_end|>"), "added_tokens.json": {"<|im_end|>": 400, "<|im_start|>": 401}},
        "json-named": {"json": True, config: dict(fast, pad_token="<pad>", additional_special_tokens=["[INST]"])},
    }


# tokenizers 0.23 spells tokens that are looked for in normalised text in their normalised spelling, "\u2581<s>", and so leaves
# special ones in the text; 0.20 did not. Their ids are the same.
IDS_ONLY = ["llama-normalized-special", "json-added-tokens", "added-single-word"]


def summary(name, ids, texts, full):
    digest = lambda value: hashlib.sha256(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()
    texts, full = [None if name in IDS_ONLY else digest(some) for some in (texts, full)]
    return dict(ids=digest(ids), texts=texts, full=full, shown=[ids[i] for i in SHOWN])


def main():
    everything = {}
    own, cases = settings()
    made = dict(strings=TEXTS, shown=SHOWN, base=own, settings={}, folders={})
    for name, changes in cases.items():
        tok = Tokenizer.from_str(json.dumps({**own, **changes}))
        ids = [tok.encode(t).ids for t in TEXTS]
        texts, full = [[tok.decode(i, skip_special_tokens=skip) for i in ids] for skip in (True, False)]
        everything["settings/" + name] = dict(ids=ids, texts=texts, full=full)
        made["settings"][name] = dict(changes=changes, **summary(name, ids, texts, full))
    for name, files in folders().items():
        files = copy.deepcopy(files)
        is_json = files.pop("json", False)
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(HERE, "tokenizers", "byte-fallback/tokenizer.json" if is_json else "sentencepiece-bpe/tokenizer.model")
            shutil.copy(source, folder)
            for file, content in {**files, "config.json": dict(model_type="mistral")}.items():
                with open(os.path.join(folder, file), "w") as f:
                    json.dump(content, f)
            tok = AutoTokenizer.from_pretrained(folder)
            ids = [tok(t, add_special_tokens=False)["input_ids"] for t in TEXTS]
            texts, full = [[tok.decode(i, skip_special_tokens=skip) for i in ids] for skip in (True, False)]
        everything["folders/" + name] = dict(ids=ids, texts=texts, full=full)
        made["folders"][name] = dict(files=files, json=is_json, size=len(tok), **summary(name, ids, texts, full))
    with open(os.path.join(HERE, "hard-tokenizers.json"), "w") as f:
        json.dump(made, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")
    if len(sys.argv) > 1:
        with open(os.path.join(sys.argv[1], "hard-all.json"), "w") as f:
            json.dump(everything, f)


if __name__ == "__main__":
    main()
