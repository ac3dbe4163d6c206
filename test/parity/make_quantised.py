"""Writes models of four and eight bits under test/parity/models, and quantised.json: what Python makes of them.

    python test/parity/make_models.py && python test/parity/make_quantised.py

Needs torch, transformers, peft, accelerate, bitsandbytes.
"""
import hashlib
import json
import pathlib
import shutil

import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, MistralConfig, MistralForCausalLM
from transformers.integrations.finegrained_fp8 import Fp8Dequantize
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

MODELS = pathlib.Path(__file__).with_name("models")
IDS = torch.tensor([[1, 5, 9, 20, 33, 2, 61, 7], [4, 8, 15, 16, 23, 42, 3, 90]])


def digest(t):
    return hashlib.sha256(t.detach().contiguous().view(torch.uint8).numpy().tobytes()).hexdigest()[:16]


def numbers(t):
    return [float(f"{x:.9g}") for x in t.detach().float().flatten().tolist()]


def base(name):
    """Rows of whole blocks: of others bitsandbytes' code for AVX-512 takes wrong magnitudes (32 or 48 inputs, say)."""
    torch.manual_seed(3)
    config = MistralConfig(sliding_window=None, max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=None, vocab_size=97,
                           hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                           tie_word_embeddings=True)  # fmt: skip
    model = MistralForCausalLM(config)
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(6) if p.dim() == 2 else p.add_(torch.randn_like(p) * 0.2)
    model.to(torch.bfloat16).save_pretrained(MODELS / name)


def quantised(source, name, **settings):
    settings = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32, **settings)
    model = AutoModelForCausalLM.from_pretrained(MODELS / source, quantization_config=settings, dtype=torch.float32, device_map="cpu")
    model.save_pretrained(MODELS / name)
    # In training mode: bitsandbytes computes in bfloat16 otherwise, on processors that can.
    return model.train()


def logits_of(model):
    with torch.no_grad():
        return numbers(model(input_ids=IDS).logits[:, -1])


def lora(model, name):
    """Gradients of a loss through an adapter on the frozen base."""
    torch.manual_seed(4)
    peft = get_peft_model(model, LoraConfig(r=3, lora_alpha=6, target_modules=["q_proj", "down_proj"], init_lora_weights=False, task_type="CAUSAL_LM"))
    peft.peft_config["default"].base_model_name_or_path = "nf4-source"
    peft.save_pretrained(MODELS / name)
    loss = peft(input_ids=IDS, labels=IDS).loss
    loss.backward()
    norms = {n.replace(".default", ""): p.grad.norm().item() for n, p in peft.named_parameters() if p.grad is not None}
    return {"loss": loss.item(), "gradNorms": norms}


def eight_bits(name):
    """The tiny model in float8 with a scale for each 16 x 16 numbers."""
    state = load_file(MODELS / "tiny" / "model.safetensors")
    dequantise = Fp8Dequantize(None)
    out, digests = {}, {}
    for key, weight in state.items():
        if not key.endswith("_proj.weight"):
            out[key] = weight
            continue
        rows, columns = weight.shape
        blocks = weight.reshape(rows // 16, 16, columns // 16, 16)
        scale = blocks.abs().amax(dim=(1, 3)) / 448
        out[key] = (blocks / scale[:, None, :, None]).reshape(rows, columns).to(torch.float8_e4m3fn)
        out[key + "_scale_inv"] = scale
        digests[key] = digest(dequantise._dequantize_one(out[key], scale, torch.bfloat16))
    write(name, out, {"quant_method": "fp8", "activation_scheme": "dynamic", "weight_block_size": [16, 16]})
    return digests


def microscaled(name):
    """The tiny model's square weights in MXFP4, under the names of blocks and scales."""
    state = load_file(MODELS / "tiny" / "model.safetensors")
    out, digests = {}, {}
    generator = torch.Generator().manual_seed(5)
    for key, weight in state.items():
        if not key.endswith(("q_proj.weight", "o_proj.weight")):
            out[key] = weight
            continue
        blocks = torch.randint(0, 256, (32, 1, 16), dtype=torch.uint8, generator=generator)
        scales = torch.randint(121, 129, (32, 1), dtype=torch.uint8, generator=generator)
        out[key + "_blocks"], out[key + "_scales"] = blocks, scales
        # Made for experts, [expert, in, out]: one expert, put back.
        digests[key] = digest(convert_moe_packed_tensors(blocks[None], scales[None])[0].T)
    write(name, out, {"quant_method": "mxfp4"})
    return digests


def write(name, state, quantisation):
    folder = MODELS / name
    folder.mkdir(exist_ok=True)
    save_file(state, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((MODELS / "tiny" / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "quantization_config": quantisation}, indent=2) + "\n")


base("nf4-source")
double = quantised("nf4-source", "nf4-double", bnb_4bit_use_double_quant=True)
plain = quantised("nf4-source", "nf4-plain", bnb_4bit_quant_storage=torch.bfloat16, llm_int8_skip_modules=["lm_head", "model.layers.0.mlp.up_proj"])
expected = {
    "ids": IDS.tolist(),
    "double": {"logits": logits_of(double), "lora": lora(double, "nf4-adapter")},
    "plain": {"logits": logits_of(plain)},
    "fp8": eight_bits("fp8"),
    "mxfp4": microscaled("mxfp4"),
}
for folder in ("nf4-source", "nf4-double", "nf4-plain", "nf4-adapter"):
    for file in ("generation_config.json", "README.md"):
        (MODELS / folder / file).unlink(missing_ok=True)
pathlib.Path(__file__).with_name("quantised.json").write_text(json.dumps(expected, indent=1) + "\n")
