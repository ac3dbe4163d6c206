"""Makes the tokenizers under test/parity/tokenizers and what Python's tokenizers and transformers say of them.

    python test/parity/make_tokenizers.py

Needs transformers and tokenizers. Writes tokenizers/<name>/ and tokenizers.json beside this file.
"""
import json
import os
import random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
SPECIAL = ["<unk>", "<s>", "</s>"]
CORPUS = [
    f"{who} {does} the {thing} {where} and then {what}."
    for who in ["The gardener", "A tired pilot", "My neighbour", "Nobody", "The old cook"]
    for does in ["hides", "paints", "forgets", "measures"]
    for thing in ["lantern", "teapot", "wooden ladder", "green umbrella", "map"]
    for where in ["behind the shed", "under the stairs", "near the river", "in room 12"]
    for what in ["walks home", "asks for tea", "doesn't say why", "counts to 340"]
]
TEMPLATE = (
    "{%- if messages[0]['role'] == 'system' %}\n{%- set system = messages[0]['content'] %}\n{%- set rest = messages[1:] %}\n"
    "{%- else %}\n{%- set system = '' %}\n{%- set rest = messages %}\n{%- endif %}\n"
    "{{- bos_token }}\n{%- for message in rest %}\n"
    "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\n{{- raise_exception('roles must alternate') }}\n{%- endif %}\n"
    "{%- if message['role'] == 'user' %}\n{%- if loop.first and system %}\n{{- '[INST] ' + system + '\\n\\n' + message['content'] | trim + ' [/INST]' }}\n"
    "{%- else %}\n{{- '[INST] ' + message['content'] | trim + ' [/INST]' }}\n{%- endif %}\n"
    "{%- else %}\n{{- ' ' + message['content'] + eos_token }}\n{%- endif %}\n{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n{{- ' Answer:' }}\n{%- endif %}"
)
TEXTS = [
    "",
    " ",
    "The gardener hides the teapot under the stairs.",
    "  two  spaces   and a tab\tand\nlines\r\n",
    "doesn't we're I'll 'quoted' \"double\"",
    "naïve café über straße Ærø",
    "漢字とカナ, 한국어, עברית, العربية",
    "emoji 🙂👍🏽 family 👩‍👩‍👧 flag 🇳🇱",
    "numbers 12 3.14 1,000,000 ½ ² Ⅷ ٣",
    "under_score snake_case CamelCase kebab-case",
    "punct!?;: (brackets) [square] {curly} <angle> @#$%^&*~`|\\/",
    "combining e\u0301 o\u0308 and precomposed é ö",
    "no-break\u00a0space thin\u2009space zero\u200bwidth joiner\u200d end",
    "next\u0085line BOM\ufeffinside separator\u2028here",
    "devanagari क्षि and thai ภาษาไทย",
    "control \x01\x02 and high \U00010348\U0001d11e",
    "<s> looks special</s> and <unk> too",
    "ends with space ",
    "▁already has the mark ▁ inside",
    "MIXED case Room ROOM room",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "\u200dleading joiner\u203fundertie",
]
CHATS = [
    [{"role": "user", "content": " hello there "}],
    [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, {"role": "user", "content": "thrée\nlines"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Where is the map?"}],
]


def byte_level():
    tok = Tokenizer(models.BPE())
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=380, special_tokens=SPECIAL, show_progress=False,
                                                        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())))
    return tok


def byte_fallback(metaspace=False):
    """Mistral's layout; `metaspace` is the newer one, with a pre-tokenizer in the normalizer's place."""
    first = Tokenizer(models.BPE())
    first.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first")
    byte_tokens = [f"<0x{i:02X}>" for i in range(256)]
    first.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=400, special_tokens=SPECIAL + byte_tokens, show_progress=False))
    m = json.loads(first.to_str())["model"]
    tok = Tokenizer(models.BPE(vocab=m["vocab"], merges=[tuple(x) for x in m["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    if metaspace:
        tok.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first", split=False)
    else:
        tok.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tok.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tok.add_special_tokens(SPECIAL)
    return tok


def word_level():
    tok = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tok.normalizer = normalizers.Sequence([normalizers.NFC()])
    tok.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace()])
    words = ["naïve café über straße Ærø é ö 漢字とカナ ½ क्षि Ⅷ ٣ 한국어 dunder_score"]
    tok.train_from_iterator(CORPUS + words, trainers.WordLevelTrainer(vocab_size=200, special_tokens=SPECIAL, show_progress=False))
    return tok


def write(name, tok):
    folder = os.path.join(HERE, "tokenizers", name)
    os.makedirs(folder, exist_ok=True)
    tok.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", tok.token_to_id("<s>"))])
    with open(os.path.join(folder, "tokenizer.json"), "w") as f:
        json.dump(json.loads(tok.to_str()), f, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        f.write("\n")
    config = dict(tokenizer_class="PreTrainedTokenizerFast", bos_token="<s>", eos_token="</s>", unk_token="<unk>", padding_side="left",
                  model_max_length=4096, clean_up_tokenization_spaces=False, chat_template=TEMPLATE)
    with open(os.path.join(folder, "tokenizer_config.json"), "w") as f:
        json.dump(config, f, indent=1)
        f.write("\n")
    return folder


def main():
    expected = {}
    made = {"byte-level": byte_level(), "byte-fallback": byte_fallback(), "byte-fallback-metaspace": byte_fallback(True), "word-level": word_level()}
    for name, trained in made.items():
        tok = AutoTokenizer.from_pretrained(write(name, trained))
        rng = random.Random(5)
        runs = [[rng.randrange(len(tok)) for _ in range(rng.randint(1, 24))] for _ in range(40)]
        expected[name] = dict(
            texts=[dict(text=t, ids=tok(t)["input_ids"], plain=tok(t, add_special_tokens=False)["input_ids"]) for t in TEXTS + CORPUS[::97]],
            decoded=[dict(ids=r, text=tok.decode(r, skip_special_tokens=True), full=tok.decode(r, skip_special_tokens=False)) for r in runs],
            chats=[dict(messages=c, addGenerationPrompt=g, text=tok.apply_chat_template(c, tokenize=False, add_generation_prompt=g)) for c in CHATS for g in (False, True)],
        )
    with open(os.path.join(HERE, "tokenizers.json"), "w") as f:
        json.dump(expected, f, ensure_ascii=True, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
