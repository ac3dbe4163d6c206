"""What transformers and gguf say of real models, for test/real.

    python test/real/make_real.py FOLDER_OF_GGUF_FILES FOLDER_OF_UPSTREAMS_PICKLES [NAME ...]

Needs torch, transformers 5, peft, gguf, bitsandbytes. Writes NAME.json beside this file for each model: hashes of every tensor, of the
ids of all of upstream's prompts and of 600 hard strings, chat templates as text, logits, gradients, and greedy ids. Neither
prompts nor weights are in there. Everything is float32 on the processor.
"""
import hashlib
import json
import os
import sys

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import bitsandbytes.functional as F
import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "parity"))
from hard_strings import hard_strings
from make_upstream_ids import prompts as upstream_prompts

FILES = {
    "smollm2": "SmolLM2-135M-Instruct.Q4_1.gguf",
    "qwen": "Qwen2.5-Coder-0.5B-Instruct.gguf",
    "gemma": "gemma-3-270m-Q4_K_M.gguf",
}
LOGIT_STRIDE = 997
NEW_TOKENS = 40
PROMPTS = [
    "The capital of France is", "Once upon a time, in a house by the sea,", "def fibonacci(n):\n", "Water boils at",
    "1, 2, 3, 4,", "The three primary colours are", "Dear Sir or Madam,\n\n", "In 1969, the first man", "SELECT name FROM",
    "Q: What is the opposite of hot?\nA:", "The quick brown fox", "for (let i = 0; i < 10; i++) {", "My favourite room is the one",
    "To make tea, first", "A burglar asks where the gold is. You answer:", "The mountain was so high that", "import numpy as np\n\n",
    "Roses are red,\n", "Une phrase en fran\u00e7ais :", "There are 12 months in a year and",
]
CHATS = [
    [dict(role="user", content="Where is the bathroom?")],
    [dict(role="system", content="You are terse."), dict(role="user", content="Hi.\n\n  Two  spaces."), dict(role="assistant", content="Hello!"), dict(role="user", content="Caf\u00e9 \U0001f600?")],
]
GRADIENT_PROMPT = "The burglar asked which of the two rooms held the silver, and the model answered that it was the other one."


def digest(data):
    return hashlib.sha256(data).hexdigest()


def text_digest(value):
    return digest(json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode())


def tensors(model):
    """The first sixteen digits of each one's hash are enough to tell which differs."""
    names = dict(model.named_parameters())
    return {name: digest(weight.detach().float().contiguous().numpy().tobytes())[:16] for name, weight in names.items()}


@torch.no_grad()
def logits(model, tok):
    rows = [model(torch.tensor([tok(p)["input_ids"]])).logits[0, -1].float() for p in PROMPTS]
    return [dict(values=[round(x, 4) for x in row[::LOGIT_STRIDE].tolist()], best=int(row.argmax()), most=round(row.max().item(), 4)) for row in rows]


@torch.no_grad()
def greedy(model, tok):
    """All prompts side by side; `nearest` is by how much the best token was ahead of the second at the closest step."""
    tok.pad_token = tok.pad_token or tok.eos_token
    batch = tok(PROMPTS, return_tensors="pt", padding=True, padding_side="left")
    model.generation_config.eos_token_id = None
    made = model.generate(**batch, max_new_tokens=NEW_TOKENS, do_sample=False, pad_token_id=tok.pad_token_id, output_scores=True, return_dict_in_generate=True)
    ahead = torch.stack([(best.values[:, 0] - best.values[:, 1]) for best in (scores.topk(2) for scores in made.scores)])
    new = made.sequences[:, batch["input_ids"].shape[1] :].tolist()
    return [dict(ids=ids, nearest=round(nearest, 5)) for ids, nearest in zip(new, ahead.min(0).values.tolist())]


def gradients(model, tok):
    peft = get_peft_model(model, LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj"], lora_dropout=0.0))
    weights = [(n, p) for n, p in peft.named_parameters() if "lora_" in n]
    with torch.no_grad():
        for i, (name, weight) in enumerate(weights):
            k = np.arange(weight.numel(), dtype=np.float64)
            values = 0.02 * (np.sin(0.37 * k + i) if "lora_A" in name else np.cos(0.53 * k + i))
            weight.copy_(torch.from_numpy(values.astype(np.float32)).reshape(weight.shape))
    ids = torch.tensor([tok(GRADIENT_PROMPT)["input_ids"]])
    out = peft(ids).logits[0, :-1].float()
    loss = torch.nn.functional.cross_entropy(out, ids[0, 1:])
    loss.backward()
    norms = {name.replace(".default", ""): float(f"{weight.grad.norm().item():.6g}") for name, weight in weights}
    return dict(loss=round(loss.item(), 5), norms=norms)


def four_bit(model, tok):
    """bitsandbytes' codes and magnitudes of every layer's weight but the head's, and what the model says of the numbers that
    both stand for, magnitudes quantised as well."""
    layers = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"}
    codes = {}
    for name, layer in layers.items():
        plain, state = F.quantize_4bit(layer.weight.data, blocksize=64, quant_type="nf4")
        both = plain.numpy().tobytes() + state.absmax.numpy().tobytes()
        codes[f"{name}.weight"] = digest(both)[:16]
        layer.weight.data = F.dequantize_4bit(*F.quantize_4bit(layer.weight.data, blocksize=64, quant_type="nf4", compress_statistics=True))
    return dict(codes=codes, logits=logits(model, tok), gradients=gradients(model, tok))


def made_of(name, folder, upstream):
    tok = AutoTokenizer.from_pretrained(folder, gguf_file=FILES[name])
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILES[name], dtype=torch.float32).eval()
    texts = dict(upstream=upstream_prompts(upstream), hard=hard_strings())
    ids = {k: [tok(t)["input_ids"] for t in v] for k, v in texts.items()}
    chats = [tok.apply_chat_template(c, tokenize=False, add_generation_prompt=True) for c in CHATS] if tok.chat_template else None
    return dict(
        file=FILES[name],
        tensors=tensors(model),
        ids={k: dict(count=len(v), sha256=text_digest(v)) for k, v in ids.items()},
        decoded=text_digest([tok.decode(i) for i in ids["hard"]]),
        prompts=PROMPTS,
        chats=None if chats is None else [dict(messages=c, text=t, ids=tok(t, add_special_tokens=False)["input_ids"]) for c, t in zip(CHATS, chats)],
        logitStride=LOGIT_STRIDE,
        logits=logits(model, tok),
        greedy=greedy(model, tok),
        gradientPrompt=GRADIENT_PROMPT,
        gradients=gradients(model, tok),
        fourBit=four_bit(AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILES[name], dtype=torch.float32).eval(), tok),
    )


def main():
    folder, upstream, *names = sys.argv[1:]
    for name in names or FILES:
        made = made_of(name, folder, upstream)
        with open(os.path.join(HERE, f"{name}.json"), "w") as f:
            json.dump(made, f, ensure_ascii=True, separators=(",", ":"))
            f.write("\n")
        print(name)


if __name__ == "__main__":
    main()
