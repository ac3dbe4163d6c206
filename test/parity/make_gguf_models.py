"""Tiny GGUF files of every architecture that is read, made from transformers' own models as llama.cpp's converter makes them.

    python test/parity/make_gguf_models.py

Needs torch, transformers 5 and gguf. Writes gguf/NAME.gguf, gguf/parts/NAME-0000I-of-0000N.gguf
of one, and gguf-models.json beside this file: of each the config.json and
the logits of the model that it was made from. Where transformers reads the file as well, its logits must be the same here.
llama.cpp's converter itself is no package: names of tensors and keys come from `gguf`, what is done to weights (rows of
queries and keys in pairs, 1 + w) and which keys are written from convert_hf_to_gguf.py.
"""
import json
import math
import os

os.environ["TRANSFORMERS_VERBOSITY"] = "error"
import gguf
import numpy as np
import torch
from transformers import AutoConfig, AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "gguf")
PROMPT = [3, 17, 60, 5, 5, 41, 22, 9, 33, 63, 1, 28]
POSITIONS = [3, 11]
TOKENS = 64

base = dict(vocab_size=TOKENS, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, rms_norm_eps=1e-5, bos_token_id=1, eos_token_id=2, pad_token_id=0)
llama3 = dict(rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)
yarn = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16)
longrope = dict(rope_type="longrope", rope_theta=10000.0, short_factor=[1.0, 1.5], long_factor=[1.25, 3.0], original_max_position_embeddings=8)

# name: architecture, model_type, settings, whether transformers reads all of the file
CASES = {
    "llama": ("llama", "llama", dict(head_dim=4, rope_parameters=dict(rope_type="default", rope_theta=20000.0)), True),
    "llama-tied": ("llama", "llama", dict(head_dim=6, tie_word_embeddings=True, attention_bias=True), False),
    "llama3-scaling": ("llama", "llama", dict(head_dim=8, rope_parameters=llama3), False),
    "llama-linear": ("llama", "llama", dict(rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=4.0)), False),
    "ministral3": ("mistral3", "ministral3", dict(head_dim=4, rope_parameters=dict(yarn, beta_fast=32.0, beta_slow=1.0, mscale=1.0, mscale_all_dim=1.0, llama_4_scaling_beta=0.1)), False),
    "granite": ("granite", "granite", dict(embedding_multiplier=3.0, residual_multiplier=0.25, attention_multiplier=0.3, logits_scaling=2.0), False),
    "smollm3": ("smollm3", "smollm3", dict(num_hidden_layers=4, rope_parameters=dict(rope_type="default", rope_theta=50000.0)), False),
    "qwen2": ("qwen2", "qwen2", dict(rope_parameters=dict(rope_type="default", rope_theta=1e6)), True),
    "qwen2-yarn": ("qwen2", "qwen2", dict(rope_parameters=yarn, tie_word_embeddings=True), False),
    "qwen3": ("qwen3", "qwen3", dict(head_dim=6), False),
    "phi3": ("phi3", "phi3", dict(rope_parameters=dict(rope_type="default", rope_theta=10000.0)), True),
    "phi3-longrope": ("phi3", "phi3", dict(rope_parameters=longrope, original_max_position_embeddings=8, sliding_window=6), False),
    "olmo2": ("olmo2", "olmo2", dict(rope_parameters=dict(rope_type="default", rope_theta=500000.0)), False),
    "olmo3": ("olmo2", "olmo3", dict(num_hidden_layers=4, sliding_window=5), False),
    "gemma2": ("gemma2", "gemma2", dict(head_dim=8, query_pre_attn_scalar=8, sliding_window=4, attn_logit_softcapping=5.0, final_logit_softcapping=3.0), False),
    "gemma3": ("gemma3", "gemma3_text", dict(num_hidden_layers=7, head_dim=4, query_pre_attn_scalar=4, sliding_window=4, rope_parameters=dict(full_attention=dict(rope_type="default", rope_theta=1e6), sliding_attention=dict(rope_type="default", rope_theta=10000.0))), False),
}
# Written once more, in several files.
IN_PARTS = "qwen2"
PERMUTED = ["llama", "mistral3", "granite", "smollm3"]


def model_of(model_type, settings, seed):
    config = AutoConfig.for_model(model_type, **{**base, **settings})
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.add_(0.2 * torch.randn_like(weight))
            else:
                weight.copy_((0.35 * torch.randn_like(weight)).half().float())
    return model


def permute(weight, heads):
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def add_keys(writer, arch, config):
    get = lambda name: getattr(config, name, None)
    rope = config.rope_parameters
    rope = rope.get("full_attention", rope)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(rope["rope_theta"])
    head_dim = get("head_dim") or config.hidden_size // config.num_attention_heads
    if get("head_dim") is not None:
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    if arch in PERMUTED or arch == "phi3":
        writer.add_rope_dimension_count(head_dim)
    if arch in PERMUTED:
        writer.add_vocab_size(config.vocab_size)
    if rope["rope_type"] == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rope["factor"])
    if rope["rope_type"] == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        if arch == "mistral3":
            writer.add_rope_scaling_yarn_beta_fast(rope["beta_fast"])
            writer.add_rope_scaling_yarn_beta_slow(rope["beta_slow"])
            writer.add_rope_scaling_yarn_log_mul(rope["mscale_all_dim"])
            writer.add_attn_temperature_scale(rope["llama_4_scaling_beta"])
    if rope["rope_type"] == "longrope":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
        scale = config.max_position_embeddings / rope["original_max_position_embeddings"]
        writer.add_rope_scaling_attn_factors(math.sqrt(1 + math.log(scale) / math.log(rope["original_max_position_embeddings"])))
    if arch in ("gemma2", "gemma3", "phi3") or config.model_type == "olmo3":
        if get("sliding_window"):
            writer.add_sliding_window(config.sliding_window)
    if arch == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if arch == "granite":
        writer.add_attention_scale(config.attention_multiplier)
        writer.add_embedding_scale(config.embedding_multiplier)
        writer.add_residual_scale(config.residual_multiplier)
        writer.add_logit_scale(config.logits_scaling)
    writer.add_file_type(1)


def add_vocabulary(writer):
    tokens = ["<pad>", "<s>", "</s>"] + [chr(i) for i in range(0x21, 0x21 + TOKENS - 5)] + ["\u0120", "AB"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * (TOKENS - 3))
    writer.add_token_merges(["A B"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(0)


def rope_factors(rope, dim):
    factors = []
    for i in range(0, dim, 2):
        length = 2 * math.pi * rope["rope_theta"] ** (i / dim)
        original, low, high = (rope[k] for k in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor"))
        if length < original / high:
            factors.append(1.0)
        elif length > original / low:
            factors.append(rope["factor"])
        else:
            smooth = (original / length - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def write(path, arch, model, most_tensors=0):
    config = model.config
    writer = gguf.GGUFWriter(path, arch, split_max_tensors=most_tensors)
    add_keys(writer, arch, config)
    add_vocabulary(writer)
    number = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == arch)
    names = gguf.get_tensor_name_map(number, config.num_hidden_layers)
    for name, weight in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        weight = weight.numpy()
        own = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if arch in PERMUTED and ("q_proj" in name or "k_proj" in name):
            weight = permute(weight, config.num_attention_heads if "q_proj" in name else config.num_key_value_heads)
        if arch.startswith("gemma") and name.endswith("norm.weight"):
            weight = weight + 1
        writer.add_tensor(own, np.ascontiguousarray(weight.astype(np.float16 if weight.ndim > 1 else np.float32)))
    rope = config.rope_parameters
    if rope.get("rope_type") == "llama3":
        writer.add_tensor("rope_freqs.weight", rope_factors(rope, config.head_dim))
    if rope.get("rope_type") == "longrope":
        for which in ("long", "short"):
            writer.add_tensor(f"rope_factors_{which}.weight", np.array(rope[f"{which}_factor"], dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits(model):
    with torch.no_grad():
        return model(torch.tensor([PROMPT])).logits[0]


def main():
    os.makedirs(os.path.join(OUT, "parts"), exist_ok=True)
    made = dict(prompt=PROMPT, positions=POSITIONS, models={})
    for seed, (name, (arch, model_type, settings, is_read)) in enumerate(CASES.items()):
        model = model_of(model_type, settings, seed)
        path = os.path.join(OUT, name + ".gguf")
        write(path, arch, model)
        if name == IN_PARTS:
            write(os.path.join(OUT, "parts", name + ".gguf"), arch, model, 10)
        wanted = logits(model)
        if is_read:
            read = AutoModelForCausalLM.from_pretrained(OUT, gguf_file=name + ".gguf", dtype=torch.float32).eval()
            # Norms of a file with 1 + w are rounded once more.
            print(name, (logits(read) - wanted).abs().max().item())
            assert torch.allclose(logits(read), wanted, atol=1e-5), name
        config = {k: v for k, v in json.loads(model.config.to_json_string(use_diff=False)).items() if v is not None}
        made["models"][name] = dict(architecture=arch, config=config, logits=[[round(x, 5) for x in wanted[i].tolist()] for i in POSITIONS])
    with open(os.path.join(HERE, "gguf-models.json"), "w") as f:
        json.dump(made, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
