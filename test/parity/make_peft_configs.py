"""What Python's PEFT computes with 56 and more adapters of every kind, saved by PEFT itself.

    python test/parity/make_models.py && python test/parity/make_peft_configs.py

Needs torch, transformers, peft. Writes peft-configs.json beside this file: for each adapter its adapter_config.json, the
names and shapes of its tensors, and logits of models/tiny with it (models/tied for those called tied-*). Weights of LoRA
are those of `filled`, which the test computes as well; other tensors are the model's own, by the name under `copies`.
"""
import json
import os
import tempfile

import torch
from peft import (AdaLoraConfig, IA3Config, LoHaConfig, LoKrConfig, LoraConfig, OFTConfig, PeftModel, PrefixTuningConfig, PromptTuningConfig, TaskType,
                  VeraConfig, get_peft_model)
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
STRIDE = 7
L = LoraConfig
QV = ["q_proj", "v_proj"]


def configs():
    lora = lambda **settings: L(**{**dict(r=3, lora_alpha=7, target_modules=QV, task_type=TaskType.CAUSAL_LM), **settings})
    out = {
        "plain": lora(), "rank-1": lora(r=1), "rank-8": lora(r=8, lora_alpha=16), "alpha-float": lora(lora_alpha=2.5), "rslora": lora(use_rslora=True), "dropout": lora(lora_dropout=0.4),
        "gaussian": lora(init_lora_weights="gaussian"), "init-false": lora(init_lora_weights=False), "orthogonal": lora(r=4, init_lora_weights="orthogonal"),
        "pissa": lora(init_lora_weights="pissa"), "olora": lora(init_lora_weights="olora"), "lora-bias": lora(lora_bias=True), "bias-all": lora(bias="all"), "bias-lora-only": lora(bias="lora_only"), "dora": lora(use_dora=True),
        "one-name": lora(target_modules=["down_proj"]), "whole-name": lora(target_modules=["model.layers.0.self_attn.k_proj"]), "attn-end": lora(target_modules=["self_attn.o_proj"]),
        "mlp": lora(target_modules=["gate_proj", "up_proj", "down_proj"]), "all-linear": lora(target_modules="all-linear"), "all-linear-capital": lora(target_modules="ALL-LINEAR"),
        "regex": lora(target_modules=r".*\.(q|k|v|o)_proj"), "regex-layer": lora(target_modules=r"model\.layers\.1\..*_proj"), "regex-named": lora(target_modules=r".*(?P<x>gate|up)_proj"), "regex-lookahead": lora(target_modules=r"(?!.*layers\.0).*v_proj"),
        "exclude": lora(target_modules="all-linear", exclude_modules=["q_proj"]), "exclude-regex": lora(exclude_modules=r".*\.0\..*"), "layers": lora(layers_to_transform=[1]), "layer": lora(layers_to_transform=0), "layers-pattern": lora(layers_to_transform=[0], layers_pattern="layers"),
        "layers-patterns": lora(layers_to_transform=[1], layers_pattern=["h", "layers"]), "rank-pattern": lora(rank_pattern={"q_proj": 5}), "rank-pattern-layer": lora(rank_pattern={"layers.1.self_attn.v_proj": 2}),
        "alpha-pattern": lora(alpha_pattern={"v_proj": 11}), "both-patterns": lora(rank_pattern={"^model.layers.0.*q_proj": 6}, alpha_pattern={r"layers.\d.self_attn.q_proj": 1}, use_rslora=True),
        "modules-to-save": lora(modules_to_save=["lm_head"]), "modules-to-save-embedding": lora(modules_to_save=["embed_tokens"]), "modules-to-save-norm": lora(modules_to_save=["norm"]),
        "lm-head": lora(target_modules=["lm_head"]), "lm-head-too": lora(target_modules=QV + ["lm_head"]), "lm-head-regex": lora(target_modules=".*(q_proj|lm_head)"),
        "embedding": lora(target_modules=["embed_tokens"]), "embedding-too": lora(target_modules=QV + ["embed_tokens"]), "embedding-rslora": lora(target_modules=["embed_tokens"], use_rslora=True, rank_pattern={"embed_tokens": 5}),
        "embedding-and-head": lora(target_modules=["embed_tokens", "lm_head"]), "embedding-init-false": lora(target_modules=["embed_tokens"], init_lora_weights=False),
        "saved-embeddings": lora(), "saved-no-embeddings": lora(target_modules=["lm_head", "embed_tokens"]),
        "tied-plain": lora(), "tied-embedding": lora(target_modules=["embed_tokens"]), "tied-saved-embeddings": lora(),
        "token-indices": lora(trainable_token_indices=[1, 2]), "token-indices-named": lora(trainable_token_indices={"embed_tokens": [3]}), "layer-replication": lora(layer_replication=[[0, 1], [0, 2]]),
        "target-parameters": lora(target_modules=[], target_parameters=["mlp.gate_proj.weight"]), "qalora": lora(use_qalora=True), "ensure-weight-tying": lora(ensure_weight_tying=True), "fan-in-fan-out": lora(fan_in_fan_out=True),
        "ia3": IA3Config(target_modules=QV, feedforward_modules=[], task_type=TaskType.CAUSAL_LM), "loha": LoHaConfig(target_modules=QV), "lokr": LoKrConfig(target_modules=QV), "oft": OFTConfig(target_modules=QV, oft_block_size=4),
        "vera": VeraConfig(target_modules=["q_proj"]), "adalora": AdaLoraConfig(target_modules=QV, total_step=10), "prompt-tuning": PromptTuningConfig(num_virtual_tokens=3, task_type=TaskType.CAUSAL_LM), "prefix-tuning": PrefixTuningConfig(num_virtual_tokens=3, task_type=TaskType.CAUSAL_LM),
    }
    return out


def model_of(name):
    return AutoModelForCausalLM.from_pretrained(os.path.join(HERE, "models", "tied" if name.startswith("tied-") else "tiny"), dtype=torch.float32)


def filled(shape, k):
    """Weights that the test can compute too."""
    count = torch.Size(shape).numel()
    return (0.2 * torch.sin(0.7 * torch.arange(count, dtype=torch.float64) + k)).float().reshape(shape)


@torch.no_grad()
def case(name, config, seqs):
    base = model_of(name)
    own = {n: p for n, p in base.state_dict().items()}
    torch.manual_seed(3)
    model = get_peft_model(base, config)
    with tempfile.TemporaryDirectory() as folder:
        embeddings = dict(save_embedding_layers=name != "saved-no-embeddings") if "saved-" in name else {}
        model.save_pretrained(folder, **embeddings)
        path = os.path.join(folder, "adapter_model.safetensors")
        state = load_file(path)
        copies, tensors = {}, {}
        for k, key in enumerate(sorted(state)):
            tensors[key] = list(state[key].shape)
            plain = key.removeprefix("base_model.model.").replace(".base_layer", "")
            if "lora_" not in key and plain in own:
                copies[key] = plain
            else:
                state[key] = filled(state[key].shape, k)
        save_file(state, path, metadata={"format": "pt"})
        with open(os.path.join(folder, "adapter_config.json")) as f:
            written = json.load(f)
        written["base_model_name_or_path"] = "tiny"
        loaded = PeftModel.from_pretrained(model_of(name), folder).eval()
        logits = [[float(f"{x:.7g}") for x in loaded(input_ids=torch.tensor([s])).logits[0, -1, ::STRIDE].tolist()] for s in seqs]
    return dict(config=written, tensors=tensors, copies=copies, logits=logits)


def main():
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "models.json")) as f:
        seqs = json.load(f)["tiny"]["forward"]["ids"][:1]
    cases = {}
    for name, config in configs().items():
        try:
            cases[name] = case(name, config, seqs)
        except Exception as error:  # settings that PEFT itself refuses for this model
            print(name, "is left out:", str(error)[:120])
    with open(os.path.join(HERE, "peft-configs.json"), "w") as f:
        json.dump(dict(stride=STRIDE, cases=cases), f, separators=(",", ":"))
        f.write("\n")
    print(len(cases), "adapters")


if __name__ == "__main__":
    main()
