"""Logits, gradients through LoRA and greedy ids of tiny decoders of every family, by transformers.

    python make_families.py families.json

Weights are not stored: both sides compute them from a parameter's place and name (`values`).
"""
import json
import sys
import warnings
import zlib

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
VOCAB = 97


def mixed(x):
    """murmur3's last step, on uint32."""
    x = x.astype(np.uint64)
    x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x85EBCA6B)) & np.uint64(0xFFFFFFFF)
    x = ((x ^ (x >> np.uint64(13))) * np.uint64(0xC2B2AE35)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def values(name, shape, one):
    """Numbers in [-1, 1) by place, sized for the kind of weight: norms lie around what changes nothing."""
    count = int(np.prod(shape))
    seed = zlib.crc32(name.encode())
    drawn = mixed((np.arange(count, dtype=np.uint64) + np.uint64(seed)) & np.uint64(0xFFFFFFFF)) / 2.0**31 - 1
    if "norm" in name:
        drawn = (0 if one else 1) + 0.3 * drawn
    elif len(shape) == 1:
        drawn = 0.2 * drawn
    else:
        drawn = drawn * (1.5 if "embed" in name or "lm_head" in name else 3.0 / shape[-1] ** 0.5)
    return torch.tensor(drawn.reshape(shape), dtype=torch.float32)


def prompt(row, length):
    return [int(i) for i in mixed(np.arange(length, dtype=np.uint64) + np.uint64(1000 * row + 17)) % VOCAB]


LENGTHS = [5, 19, 12, 26, 3, 9, 30, 17, 22, 14]
BASE = dict(vocab_size=VOCAB, initializer_range=0.02, bos_token_id=1, eos_token_id=None, pad_token_id=0, max_position_embeddings=256)
WIDE = dict(hidden_size=48, intermediate_size=56, num_hidden_layers=4, num_attention_heads=6, num_key_value_heads=2, head_dim=8)
ODD = dict(hidden_size=30, intermediate_size=44, num_hidden_layers=5, num_attention_heads=5, num_key_value_heads=1, head_dim=6)
FULL = dict(hidden_size=36, intermediate_size=40, num_hidden_layers=3, num_attention_heads=3, num_key_value_heads=3, head_dim=12)
LINEAR = dict(rope_type="linear", rope_theta=1e4, factor=4.0)
DYNAMIC = dict(rope_type="dynamic", rope_theta=1e4, factor=4.0)
YARN = dict(rope_type="yarn", rope_theta=1e4, factor=4.0, original_max_position_embeddings=16)
LLAMA3 = dict(rope_type="llama3", rope_theta=1e4, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)


def longrope(pairs, original=24, **more):
    return dict(rope_type="longrope", rope_theta=1e4, original_max_position_embeddings=original, short_factor=[1 + 0.1 * i for i in range(pairs)], long_factor=[2 + 0.5 * i for i in range(pairs)], **more)


CASES = {
    "llama": [
        dict(WIDE, tie_word_embeddings=True), dict(ODD, attention_bias=True, mlp_bias=True), dict(FULL, rope_parameters=LINEAR),
        dict(WIDE, rope_parameters=dict(DYNAMIC), max_position_embeddings=20), dict(WIDE, rope_parameters=YARN),
        dict(ODD, rope_parameters=dict(YARN, beta_fast=8.0, beta_slow=2.0, mscale=0.7, mscale_all_dim=0.3, truncate=False)),
        dict(ODD, rope_parameters=dict(YARN, attention_factor=1.3)),
        dict(WIDE, rope_parameters=longrope(4)), dict(WIDE, rope_parameters=LLAMA3), dict(FULL, rope_parameters=dict(LLAMA3, factor=3.0)),
    ],
    "mistral": [dict(WIDE, sliding_window=7), dict(ODD, sliding_window=None), dict(FULL, sliding_window=16, tie_word_embeddings=True, hidden_act="gelu")],
    "ministral": [
        dict(WIDE, sliding_window=6, layer_types=["sliding_attention", "full_attention"] * 2), dict(ODD, sliding_window=11),
        dict(FULL, sliding_window=4, layer_types=["full_attention", "sliding_attention", "sliding_attention"]),
    ],
    "ministral3": [
        dict(WIDE, rope_parameters=dict(YARN, llama_4_scaling_beta=0.1)),
        dict(ODD, rope_parameters=dict(YARN, llama_4_scaling_beta=0.4, mscale=1.0, mscale_all_dim=1.0), sliding_window=9),
        dict(FULL, rope_parameters=dict(rope_type="default", rope_theta=1e4, llama_4_scaling_beta=0.2, original_max_position_embeddings=8), tie_word_embeddings=True),
    ],
    "qwen2": [
        {k: v for k, v in dict(WIDE, tie_word_embeddings=True).items() if k != "head_dim"},
        dict(FULL, use_sliding_window=True, sliding_window=6, max_window_layers=1),
        dict(ODD, rope_parameters=YARN, layer_types=["sliding_attention"] * 2 + ["full_attention"] * 3, use_sliding_window=True, sliding_window=5),
    ],
    "qwen3": [dict(WIDE), dict(ODD, attention_bias=True, tie_word_embeddings=True), dict(FULL, use_sliding_window=True, sliding_window=8, max_window_layers=2)],
    "olmo2": [dict(WIDE), dict(ODD, attention_bias=True, tie_word_embeddings=True), dict(FULL, rope_parameters=LINEAR)],
    "olmo3": [
        dict(WIDE, sliding_window=8), dict(ODD, sliding_window=6, attention_bias=True),
        dict(FULL, sliding_window=5, layer_types=["full_attention", "sliding_attention", "full_attention"], rope_parameters={"full_attention": dict(YARN), "sliding_attention": dict(rope_type="default", rope_theta=5e3)}),
    ],
    "smollm3": [dict(WIDE), dict(ODD, no_rope_layers=[0, 1, 1, 0, 1], attention_bias=True, mlp_bias=True), dict(FULL, no_rope_layer_interval=2, use_sliding_window=True, sliding_window=7, tie_word_embeddings=False)],
    "gemma2": [
        dict(WIDE, sliding_window=8, query_pre_attn_scalar=16), dict(FULL, sliding_window=64, attn_logit_softcapping=None, final_logit_softcapping=None),
        dict(ODD, sliding_window=6, query_pre_attn_scalar=7, attn_logit_softcapping=2.0, final_logit_softcapping=3.0, attention_bias=True, tie_word_embeddings=False),
    ],
    "gemma3_text": [
        dict(WIDE, sliding_window=8, query_pre_attn_scalar=16), dict(ODD, sliding_window=6, final_logit_softcapping=5.0, layer_types=["sliding_attention", "full_attention"] * 2 + ["sliding_attention"]),
        dict(FULL, sliding_window=5, query_pre_attn_scalar=9, rope_parameters={"full_attention": dict(LINEAR), "sliding_attention": dict(rope_type="default", rope_theta=1e3)}, layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
    ],
    "granite": [
        dict(WIDE, embedding_multiplier=12.0, logits_scaling=6.0, residual_multiplier=0.22, attention_multiplier=0.125),
        dict(ODD, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, attention_multiplier=0.5), dict(FULL, logits_scaling=0.5, attention_multiplier=0.3),
    ],
    "phi3": [
        dict(WIDE), dict(FULL, sliding_window=9, tie_word_embeddings=True, partial_rotary_factor=0.5),
        # On one side of the switch each: there transformers makes the cache of Phi-3, and of no other family, anew.
        dict(WIDE, rope_parameters=longrope(4, 2, factor=2.0), original_max_position_embeddings=2),
        dict(WIDE, rope_parameters=longrope(4, 100), original_max_position_embeddings=100),
    ],
}


def build(model_type, words):
    words = json.loads(json.dumps(words))
    config = AutoConfig.for_model(model_type, **{**BASE, **words})
    config._attn_implementation = "eager" if model_type == "gemma2" else "sdpa"
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    one = model_type.startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(values(name, parameter.shape, one))
    return model


def by_length(words):
    """Whether a row's angles depend on its batch in transformers: such rows are asked for alone."""
    return (words.get("rope_parameters") or {}).get("rope_type") in ("dynamic", "longrope")


def fresh(model):
    """Dynamic frequencies remember the longest sequence; they should not."""
    rotary = model.model.rotary_emb
    model.model.rotary_emb = type(rotary)(model.config)


def batch(rows):
    width = max(map(len, rows))
    ids = torch.tensor([[0] * (width - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
    return ids, mask, (mask.cumsum(1) - 1) * mask


def logits_of(model, rows):
    ids, mask, positions = batch(rows)
    return model(input_ids=ids, attention_mask=mask, position_ids=positions).logits, mask


def last_logits(model, rows, alone):
    groups = [[row] for row in rows] if alone else [rows]
    out = []
    for group in groups:
        fresh(model)
        with torch.no_grad():
            out.append(logits_of(model, group)[0][:, -1])
    return torch.cat(out)


def greedy(model, rows, alone):
    groups = [[row] for row in rows] if alone else [rows]
    out = []
    for group in groups:
        fresh(model)
        ids, mask, _ = batch(group)
        new = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=40, min_new_tokens=40, pad_token_id=0)
        out += new[:, ids.size(1):].tolist()
    return out


def lora_gradients(model, words, rows):
    """Of the mean square of one long row's logits, for an adapter whose numbers follow from their places too."""
    fresh(model)
    fused = model.config.model_type == "phi3"
    targets = ["qkv_proj", "gate_up_proj"] if fused else ["q_proj", "v_proj", "down_proj"]
    peft = get_peft_model(model, LoraConfig(r=2, lora_alpha=4, target_modules=targets))
    with torch.no_grad():
        for name, parameter in peft.named_parameters():
            if "lora_" in name:
                short = name.replace("base_model.model.", "").replace(".default", "")
                parameter.copy_(values(short, parameter.shape, False) * 0.1)
    logits, _ = logits_of(peft, [rows[6]])
    logits.square().mean().backward()
    grads = {name.replace("base_model.model.", "").replace(".default", ""): p.grad for name, p in peft.named_parameters() if p.grad is not None}
    peft.unload()
    return {name: [float(f"{x:.8g}") for x in [g.norm().item(), *g.flatten()[:3].tolist()]] for name, g in grads.items()}


def main(path):
    rows = [prompt(row, length) for row, length in enumerate(LENGTHS)]
    cases = []
    for model_type, variants in CASES.items():
        for words in variants:
            model = build(model_type, words)
            alone = by_length(words)
            ours = json.loads(model.config.to_json_string(use_diff=False))
            keep = {k: v for k, v in ours.items() if k in {**BASE, **words} or k in ("model_type", "architectures", "rope_parameters", "layer_types", "tie_word_embeddings", "head_dim")}
            cases.append({
                "type": model_type,
                "config": {**keep, "model_type": model_type},
                "logits": [[float(f"{x:.8g}") for x in row[:12].tolist()] for row in last_logits(model, rows, alone)],
                "greedy": greedy(model, rows, alone),
                "gradients": lora_gradients(model, words, rows),
            })
            print(model_type, list(words)[-2:], "ok", file=sys.stderr)
    with open(path, "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main(sys.argv[1])
