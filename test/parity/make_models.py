"""Makes the small models and adapters under test/parity/models and what transformers and peft compute with them.

    python test/parity/make_tokenizers.py && python test/parity/make_models.py

Needs torch, transformers, peft. Writes models/<name>/ and models.json beside this file. Logits are thinned to every
STRIDE-th entry of the vocabulary to keep the file small.
"""
import json
import os
import shutil

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, MistralConfig, MistralForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
STRIDE = 7
PROMPTS = ["The gardener hides the teapot under the stairs.", "Nobody", "My neighbour measures the map in room 12 and then walks home.",
           "A tired pilot forgets", "naïve 漢字 🙂"]


def folder(name):
    return os.path.join(HERE, "models", name)


def make(name, seed, scale, dtype=torch.float32, **shape):
    torch.manual_seed(seed)
    config = MistralConfig(sliding_window=None, max_position_embeddings=512, bos_token_id=1, eos_token_id=2, pad_token_id=None, **shape)
    model = MistralForCausalLM(config)
    with torch.no_grad():  # larger than the initial 0.02, and norms unlike one, so that every weight shows in the logits
        for n, p in model.named_parameters():
            p.mul_(scale) if p.dim() == 2 else p.add_(torch.randn_like(p) * 0.2)
    model.to(dtype).save_pretrained(folder(name), safe_serialization=True)
    return model


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().float().flatten().tolist()]


def pad_left(seqs, width):
    ids = torch.zeros(len(seqs), width, dtype=torch.long)
    mask = torch.zeros(len(seqs), width, dtype=torch.long)
    for i, s in enumerate(seqs):
        ids[i, width - len(s):] = torch.tensor(s)
        mask[i, width - len(s):] = 1
    return ids, mask


def thinned(t):
    return dict(shape=list(t[..., ::STRIDE].shape), values=numbers(t[..., ::STRIDE]))


@torch.no_grad()
def forward_cases(model, seqs):
    one = torch.tensor([seqs[0]])
    ids, mask = pad_left(seqs[:3], max(map(len, seqs[:3])) + 2)
    counted = (mask.cumsum(-1) - 1).masked_fill(mask == 0, 0)
    return dict(
        ids=seqs, width=ids.shape[1],
        single=thinned(model(input_ids=one).logits),
        padded=thinned(model(input_ids=ids, attention_mask=mask, position_ids=counted).logits),
        paddedPlain=thinned(model(input_ids=ids, attention_mask=mask).logits),
        last=[thinned(model(input_ids=torch.tensor([s])).logits[0, -1]) for s in seqs],
    )


def greedy(model, seqs, n, eos):
    out = []
    for s in seqs:
        y = model.generate(input_ids=torch.tensor([s]), attention_mask=torch.ones(1, len(s), dtype=torch.long), max_new_tokens=n, do_sample=False,
                           eos_token_id=eos, pad_token_id=0)
        out.append(y[0, len(s):].tolist())
    return out


def training_case(model, ids):
    """A next-token loss on one padded batch, and gradient norms: what training the whole model needs."""
    ids, mask = pad_left(ids[:3], max(map(len, ids[:3])))
    model.zero_grad()
    logits = model(input_ids=ids, attention_mask=mask).logits
    target = ids[:, 1:].masked_fill(mask[:, :-1] == 0, -100)
    loss = F.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), target.reshape(-1))
    loss.backward()
    return dict(loss=loss.item(), gradNorms={n: p.grad.norm().item() for n, p in model.named_parameters()})


def fresh_lora(base, targets):
    torch.manual_seed(11)
    return get_peft_model(base, LoraConfig(task_type=TaskType.CAUSAL_LM, r=4, lora_alpha=12, lora_dropout=0.0, target_modules=targets))


def lora_cases(name, seqs):
    model = fresh_lora(AutoModelForCausalLM.from_pretrained(folder(name), dtype=torch.float32), ["q_proj", "v_proj"])
    fresh = {n: numbers(p)[:6] for n, p in model.named_parameters() if "lora_A" in n}
    torch.manual_seed(12)
    with torch.no_grad():
        for n, p in model.named_parameters():
            if "lora_B" in n:
                p.normal_(0, 0.3)
    model.peft_config["default"].base_model_name_or_path = name
    model.save_pretrained(folder(name + "-adapter"))
    os.remove(os.path.join(folder(name + "-adapter"), "README.md"))
    base = AutoModelForCausalLM.from_pretrained(folder(name), dtype=torch.float32)
    model = PeftModel.from_pretrained(base, folder(name + "-adapter")).eval()
    with torch.no_grad():
        last = [thinned(model(input_ids=torch.tensor([s])).logits[0, -1]) for s in seqs]
    everything = fresh_lora(AutoModelForCausalLM.from_pretrained(folder(name)), "all-linear")
    regex = fresh_lora(AutoModelForCausalLM.from_pretrained(folder(name)), r".*\.0\.mlp\.(up|down)_proj")

    def wrapped(m):
        return [n.removeprefix("base_model.model.").removesuffix(".lora_A.default.weight") for n, _ in m.named_parameters() if "lora_A" in n]

    return dict(last=last, freshA=fresh, greedy=greedy(model, seqs, 16, None), allLinear=wrapped(everything), regex=wrapped(regex))


def main():
    torch.set_num_threads(1)
    expected = dict(stride=STRIDE, prompts=PROMPTS)
    tokenizer = os.path.join(HERE, "tokenizers", "byte-fallback")
    vocab = len(AutoTokenizer.from_pretrained(tokenizer))
    make("tiny", 1, 8.0, vocab_size=vocab + 5, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, intermediate_size=48,
         rms_norm_eps=1e-5, rope_theta=1000000.0)
    make("tied", 2, 6.0, torch.bfloat16, vocab_size=vocab, hidden_size=24, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=1, head_dim=16,
         intermediate_size=40, rms_norm_eps=1e-6, rope_theta=10000.0, tie_word_embeddings=True)
    for f in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(os.path.join(tokenizer, f), folder("tiny"))
    seqs = AutoTokenizer.from_pretrained(tokenizer)(PROMPTS)["input_ids"]
    for name in ("tiny", "tied"):
        model = AutoModelForCausalLM.from_pretrained(folder(name), dtype=torch.float32).eval()
        endless = greedy(model, seqs, 24, None)
        eos = endless[0][5]  # a token that does come up, so that stopping is seen
        expected[name] = dict(forward=forward_cases(model, seqs), training=training_case(model, seqs), greedy=endless, eos=eos,
                              stopped=greedy(model, seqs, 24, eos), lora=lora_cases("tiny", seqs) if name == "tiny" else None)
    with open(os.path.join(HERE, "models.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
