"""600 strings that tokenizers get wrong: the same ones in every run. `hard_strings()` gives them."""
import random

# What goes wrong by itself: spaces of every kind, marks, digits of other scripts, sigma, tokens, bytes that are no character.
PARTS = [
    " ", "  ", "   ", "\t", "\n", "\n\n", "\r\n", "\u00a0", "\u0085", "\u2003", "\u2028", "\u3000", "\ufeff", "\u200b", "\u180e", "\u001c", "\u0000", "\u000b",
    "\u2581", "\u2581\u2581", "a", "A", "the", "The", "room", "ROOM", "teapot", "gardener", "hides", "x", "'s", "'t", "don't", "I'll", "n't", " .", " ,", "!", "?!", "...", "-", "--", "_", "__",
    "(", ")", "[", "]", "{}", "<", ">", "<>", "#", "##", "@", "$", "$&", "$1", "+", "=", "==", "===", "\\", "/", "|", "\u201c", "\u2019", "\u2014", "\u00bf", "\u3002", "\u00d7", "\u20ac",
    "0", "12", "340", "3.14", "1,000", "\u00bd", "\u00b2", "\u2167", "\u0663", "\u0967\u0968", "\u4e09", "\U0001d7d8", "\u00e9", "e\u0301", "o\u0308", "\u0301", "\u00df", "\u1e9e", "\u0130", "\u0131",
    "\u03a3", "\u039f\u03a3", "\u039f\u0394\u039f\u03a3", "\u03c3\u03c2", "\u01c5", "\ufb01", "\u00c5", "\u212b", "\u0915\u094d\u0937\u093f", "\u0e20\u0e32", "\u6f22\u5b57", "\u30ab\u30ca", "\ud55c\uad6d", "\u05e2\u05d1", "\u0627\u0644",
    "\U0001f642", "\U0001f44d\U0001f3fd", "\U0001f469\u200d\U0001f467", "\U00010348", "\U00020000", "\u200d", "\u203f", "\ufffd", "\u007f", "\u0080", "\u00ad", "\ue000",
    "<s>", "</s>", "<unk>", "<pad>", "<tool>", "<mask>", "<s", "s>", "</", "<tool", "[INST]", "[/INST]", "<|im_start|>", "<|im_end|>", "<0x41>", "<0x0A>", "word<tool>word", "<tool><tool>", " <tool> ", "<mask> <tool>",
]
WHOLE = ["", "<s>", "<s>[INST] hi [/INST] yes</s>", "<|im_start|>user\nhi<|im_end|>", " a <tool> b", "a <tool>  <mask> b", "x" * 300, "ab" * 200, "=" * 41, " " * 40, "\u2581" * 9, "\u4e00" * 40, "The gardener hides the teapot under the stairs."]


def hard_strings(count=600):
    rng = random.Random(12)
    strings = list(WHOLE) + PARTS
    while len(strings) < count:
        strings.append("".join(rng.choice(PARTS) for _ in range(rng.randint(2, 12))))
    return strings[:count]
