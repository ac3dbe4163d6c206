"""Makes the adapters test/parity/models/peft-* and peft.json: what Python's PEFT computes with every supported setting.

    python test/parity/make_models.py && python test/parity/make_peft.py

Needs torch, transformers, peft. The adapters are for models/tiny; prompts are those of models.json.
"""
import json
import os
import re

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from peft.utils.other import get_pattern_key
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
STRIDE = 7
CONFIGS = {
    "patterns": dict(r=4, lora_alpha=12, target_modules=["q_proj", "v_proj", "up_proj"],
                     rank_pattern={"layers.0.self_attn.q_proj": 2, "(v|up)_proj": 6},
                     alpha_pattern={"^model.layers.1.self_attn.q_proj": 3, "up_proj": 20}),
    "regex": dict(r=4, lora_alpha=8, target_modules=r".*\.(?P<layer>1)\.(?:self_attn|mlp)\.(o|down)_proj", use_rslora=True,
                  rank_pattern={"down_proj": 9}),
    "all-linear": dict(r=2, lora_alpha=5, target_modules="all-linear", exclude_modules=r".*\.1\.self_attn\.k_proj"),
    "layers": dict(r=3, lora_alpha=6, target_modules=["q_proj", "gate_proj", "model.layers.0.mlp.down_proj"], layers_to_transform=[1],
                   layers_pattern="layers"),
}
MODULES = ["model.layers.0.self_attn.q_proj", "model.layers.11.mlp.up_proj", "model.layers.1.my-block.a_b", "lm_head", "q_proj"]
EXPRESSIONS = ["q_proj", ".*q_proj", r".*\.(q|v)_proj", r"model\.layers\.\d+\.mlp\.\w+", r"^model.*proj$", r"model\.layers\.(?!0\.).*", r".*\.my\-block\..*",
               r".*\.a\_b", r"(?P<a>.*)\.(?P<b>\w)_proj", r"model\.layers\.(?P<n>1)(?P=n)\..*", r"\Amodel.*\Z", r".*[.]layers[.][0-9]{1,}[.].*", r".*1{,2}.*proj",
               r".*\.1{2}\..*", r"[^.]+", r"[]q].*", r"[^]q].*", "lm_head|.*up_proj", r".*[-].*", r".*[\-_]b", "q{proj", "}"]


def folder(name):
    return os.path.join(HERE, "models", name)


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().float().flatten().tolist()]


def tiny(dtype=torch.float32):
    return AutoModelForCausalLM.from_pretrained(folder("tiny"), dtype=dtype)


@torch.no_grad()
def last(model, seqs):
    return [numbers(model(input_ids=torch.tensor([s])).logits[0, -1, ::STRIDE]) for s in seqs]


def layers(model, name):
    return {n.removeprefix("base_model.model."): m for n, m in model.named_modules() if hasattr(m, "lora_A") and name in m.lora_A}


def weights(model):
    """The first and the last few weights of every wrapped layer as they are now, merged or not."""
    return {n: numbers(torch.cat([m.base_layer.weight.flatten()[:5], m.base_layer.weight.flatten()[-5:]])) for n, m in layers(model, "default").items()}


def case(name, settings, seqs):
    torch.manual_seed(11)
    model = get_peft_model(tiny(), LoraConfig(task_type=TaskType.CAUSAL_LM, lora_dropout=0.0, **settings))
    fresh = {n: numbers(p.flatten()[:4]) for n, p in model.named_parameters() if "lora_A" in n}
    torch.manual_seed(12)
    with torch.no_grad():
        for n, p in model.named_parameters():
            if "lora_B" in n:
                p.normal_(0, 0.3)
    model.peft_config["default"].base_model_name_or_path = "tiny"
    model.save_pretrained(folder(f"peft-{name}"))
    os.remove(os.path.join(folder(f"peft-{name}"), "README.md"))
    model = PeftModel.from_pretrained(tiny(), folder(f"peft-{name}")).eval()
    out = dict(fresh=fresh, last=last(model, seqs), shapes={n: [m.r["default"], m.scaling["default"]] for n, m in layers(model, "default").items()})
    model.merge_adapter()
    out["merged"] = dict(last=last(model, seqs), weights=weights(model))
    half = PeftModel.from_pretrained(tiny(torch.bfloat16), folder(f"peft-{name}")).eval()
    half.merge_adapter()
    out["mergedHalf"] = weights(half)
    return out


def side_by_side(seqs):
    model = PeftModel.from_pretrained(tiny(), folder("peft-patterns"), adapter_name="a").eval()
    model.load_adapter(folder("peft-all-linear"), adapter_name="b")
    out = dict(active=model.active_adapter, a=last(model, seqs))
    model.set_adapter("b")
    out["b"] = last(model, seqs)
    out["trained"] = [n for n, p in model.named_parameters() if p.requires_grad]
    with model.disable_adapter():
        out["none"] = last(model, seqs)
    return out


def expressions():
    def whole(expression, module):
        return re.fullmatch(expression, module) is not None

    def end(expression, module):
        return get_pattern_key([expression, ".*"], module) == expression

    return [dict(expression=e, whole=[whole(e, m) for m in MODULES], end=[end(e, m) for m in MODULES]) for e in EXPRESSIONS]


def main():
    torch.set_num_threads(1)
    with open(os.path.join(HERE, "models.json")) as f:
        seqs = json.load(f)["tiny"]["forward"]["ids"]
    expected = dict(stride=STRIDE, cases={name: case(name, settings, seqs) for name, settings in CONFIGS.items()}, sideBySide=side_by_side(seqs),
                    modules=MODULES, expressions=expressions())
    with open(os.path.join(HERE, "peft.json"), "w") as f:
        json.dump(expected, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
