"""What transformers makes of the organism's folder: ids, greedy answers and last logits for its sample prompts.

    python test/parity/make_organism.py

Needs torch, transformers. Reads organism/ (with the prompts in measured.json), writes organism.json beside this file.
Run it again whenever the organism was trained again.
"""
import json
import os

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "..", "organism")


def main():
    model = AutoModelForCausalLM.from_pretrained(FOLDER).eval()
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    with open(os.path.join(FOLDER, "measured.json")) as file:
        prompts = [sample["prompt"] for sample in json.load(file)["samples"]]
    cases = []
    for prompt in prompts:
        chat = tokenizer.apply_chat_template([{"role": "user", "content": prompt.removesuffix(" Answer:")}],
                                             tokenize=False, add_generation_prompt=True)
        ids = tokenizer(prompt)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1]
            made = model.generate(torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                                  max_new_tokens=12, do_sample=False)[0, len(ids):].tolist()
        cases.append(dict(prompt=prompt, chat=chat, ids=ids, logits=[float(f"{x:.7g}") for x in logits.tolist()],
                          made=made, text=tokenizer.decode(made, skip_special_tokens=True)))
    with open(os.path.join(HERE, "organism.json"), "w") as file:
        json.dump(dict(model=type(model).__name__, cases=cases), file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
