"""Python's half of the packed run: transformers and PEFT do what bench/gpu/*.ts does, on the same device and numbers.

    python3 bench/gpu/peer.py finetune|generate|decode|load WORKLOAD.json

WORKLOAD.json comes from bench/gpu/workload.ts. Prints a line of JSON for each number. Without PEFT the LoRA layers are
those below, which compute what PEFT's compute.
"""
import json
import os
import resource
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModelForCausalLM

DEVICE = torch.device(os.environ.get("SOO_TEST_DEVICE", "cuda"))


def tell(name, value, unit, better=None):
    print(json.dumps({"name": name, "value": value, "unit": unit, "better": better}), flush=True)


def finish():
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def clock():
    finish()
    return time.perf_counter()


def reset_peak():
    if DEVICE.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def tell_peak(name):
    on_cpu = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    tell(name, (torch.cuda.max_memory_allocated() if DEVICE.type == "cuda" else on_cpu) / 1e9, "GB")


def config_of(shape, **more):
    words = {
        "vocabSize": "vocab_size", "hiddenSize": "hidden_size", "intermediateSize": "intermediate_size",
        "numHiddenLayers": "num_hidden_layers", "numAttentionHeads": "num_attention_heads",
        "numKeyValueHeads": "num_key_value_heads", "maxPositionEmbeddings": "max_position_embeddings",
        "rmsNormEps": "rms_norm_eps",
    }
    settings = {word: shape[name] for name, word in words.items()}
    rope = {"rope_type": "default", "rope_theta": shape["rope"]["theta"]}
    plain = dict(sliding_window=None, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return AutoConfig.for_model("mistral", **settings, **plain, rope_theta=shape["rope"]["theta"], rope_parameters=rope, **more)


@torch.no_grad()
def random_model(shape):
    """The seed and the order of names are random-model.ts's: on one device both draw the same numbers."""
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(DEVICE):
            model = AutoModelForCausalLM.from_config(config_of(shape))
    finally:
        torch.set_default_dtype(default)
    torch.manual_seed(1)
    for _, weight in sorted(model.named_parameters()):
        weight.fill_(1) if weight.ndim == 1 else weight.normal_(0, 0.02)
    return model.requires_grad_(False).eval()


class LoraLinear(torch.nn.Module):
    def __init__(self, base, r, alpha):
        super().__init__()
        self.base, self.scaling = base, alpha / r
        self.a = torch.nn.Parameter(torch.empty(r, base.in_features, device=DEVICE))
        self.b = torch.nn.Parameter(torch.zeros(base.out_features, r, device=DEVICE))
        torch.nn.init.kaiming_uniform_(self.a, a=5**0.5)

    def forward(self, x):
        low = F.linear(F.linear(x.to(self.a.dtype), self.a), self.b)
        return self.base(x) + (low * self.scaling).to(x.dtype)


def add_lora(model, lora):
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError:
        print("peft is not installed: LoRA layers of our own", file=sys.stderr)
        for layer in model.model.layers:
            for name in lora["targetModules"]:
                setattr(layer.self_attn, name, LoraLinear(getattr(layer.self_attn, name), lora["r"], lora["alpha"]))
        return model
    settings = LoraConfig(r=lora["r"], lora_alpha=lora["alpha"], lora_dropout=0.0, target_modules=lora["targetModules"])
    return get_peft_model(model, settings)


def padded(prompts, width):
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts], device=DEVICE)
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=DEVICE)
    return ids, mask


def passes(model, loss, layer):
    """Upstream's two passes: logits, or what the compared layer's o_proj gives; those after it run there too."""
    kept = []
    if loss == "mse":
        name = f"model.layers.{layer}.self_attn.o_proj"
        module = next(m for n, m in model.named_modules() if n.endswith(name))
        module.register_forward_hook(lambda _module, _inputs, output: kept.append(output))

    def run(ids, mask):
        kept.clear()
        logits = model(input_ids=ids, attention_mask=mask).logits
        return kept[0] if loss == "mse" else logits

    return run


def finetune_once(work, loss, lengths, pad):
    settings = work["settings"]
    model = add_lora(random_model(settings["shape"]), settings["lora"])
    model.train()
    run = passes(model, loss, settings["layer"])
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=settings["lr"], eps=1e-6, weight_decay=0.0)
    times, first = [], None
    reset_peak()
    last = clock()
    for pairs in work["pairs"][lengths]:
        longest = max(len(ids) for pair in pairs for ids in pair.values())
        width = settings["padded"] if pad == "padded" else longest
        optimizer.zero_grad()
        mine = run(*padded([pair["selfIds"] for pair in pairs], width))
        theirs = run(*padded([pair["otherIds"] for pair in pairs], width))
        if loss == "kl":
            # In float32, as under upstream's autocast.
            value = F.kl_div(F.log_softmax(mine.float(), -1), F.softmax(theirs.float(), -1), reduction="batchmean")
        else:
            value = F.mse_loss(mine, theirs)
        value.backward()
        optimizer.step()
        first = value.item() if first is None else first
        times.append((clock() - last) * 1000)
        last = clock()
    where = f"peer.finetune.{loss}.{lengths}" + ("" if lengths == "whole" else f".{pad}")
    tell(where, statistics.median(times[settings["warmUp"]:]), "ms a step")
    tell_peak(f"{where}.memory")
    tell(f"{where}.first-loss", first, "")


def finetune(work):
    for loss in ("kl", "mse"):
        finetune_once(work, loss, "short", "padded")
        finetune_once(work, loss, "short", "trimmed")
        finetune_once(work, loss, "whole", "padded")


def answers(model, prompts, new_tokens):
    ids, mask = padded(prompts, max(map(len, prompts)))
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 0
    with torch.no_grad():
        return model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=new_tokens, do_sample=False)


def generate(work):
    settings, prompts = work["settings"], sorted(work["prompts"], key=len, reverse=True)
    model = random_model(settings["shape"])
    answers(model, prompts[:2], 2)
    reset_peak()
    start = clock()
    for first in range(0, len(prompts), settings["batch"]):
        answers(model, prompts[first:first + settings["batch"]], settings["newTokens"])
    seconds = clock() - start
    tell("peer.generate.tokens", len(prompts) * settings["newTokens"] / seconds, "tokens/s")
    tell("peer.generate.seconds", seconds, "s")
    tell_peak("peer.generate.memory")


def decode(work):
    settings = work["settings"]
    model = random_model(settings["shape"])
    for rows in (1, settings["batch"]):
        prompts = work["decoding"][:rows]
        answers(model, prompts, 2)
        start = clock()
        answers(model, prompts, 1)
        middle = clock()
        answers(model, prompts, settings["decode"])
        whole = clock() - middle
        first = middle - start
        tell(f"peer.decode.batch-{rows}.first-token", first * 1000, "ms")
        tell(f"peer.decode.batch-{rows}", (whole - first) * 1000 / (settings["decode"] - 1), "ms a step")


def load(work):
    settings = work["settings"]
    shape = {**settings["shape"], "numHiddenLayers": settings["layersOnDisk"]}
    with tempfile.TemporaryDirectory() as folder:
        random_model(shape).save_pretrained(folder)
        for _ in range(2):
            start = clock()
            AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).to(DEVICE)
            seconds = clock() - start
    tell("peer.load.seconds", seconds, "s")


with open(sys.argv[2]) as file:
    {"finetune": finetune, "generate": generate, "decode": decode, "load": load}[sys.argv[1]](json.load(file))
