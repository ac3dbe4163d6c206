"""Judgments of made-up answers to made-up questions by FastChat's own code, and the averages that its show_result prints.

    python test/parity/make_mt_bench.py FASTCHAT [--show JUDGMENTS]

Needs pandas, numpy and tqdm, and a checkout of github.com/lm-sys/FastChat. Writes mt-bench.json beside this file. With
--show it prints the averages of a file that `soo mtbench judge` wrote, and writes nothing.
"""
import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import types

import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
CATEGORIES = ["writing", "roleplay", "reasoning", "math", "coding", "extraction", "stem", "humanities"]
JUDGMENTS = [
    "Good. Rating: [[8]]", "Rating: [[7.5]]", "Weak.\n[3]", "I rate it 6 of 10.", "[[2]] at first, but [[9]] in the end", "[see 4] and then [[10]]",
    "Rating: [[ 5 ]] [6]", "Rating: [[1]]", "[[9.]]", "No rating [[eight]].",
]


def stand_ins():
    """FastChat's module of judging imports the clients of judges, of which none is asked here."""
    class Conversation:
        roles = ("user", "assistant")

        def set_system_message(self, text):
            pass

        def append_message(self, role, text):
            pass

    adapter = types.ModuleType("fastchat.model.model_adapter")
    adapter.get_conversation_template = lambda model: Conversation()
    adapter.ANTHROPIC_MODEL_LIST, adapter.OPENAI_MODEL_LIST = [], ["gpt-4"]
    sys.modules.update({"openai": types.ModuleType("openai"), "anthropic": types.ModuleType("anthropic"),
                        "fastchat.model": types.ModuleType("fastchat.model"), "fastchat.model.model_adapter": adapter})


def made_up():
    questions = [dict(question_id=81 + i, category=category, turns=[f"Question {i} of {category}?", f"And {{then}}, {i}?"])
                 for i, category in enumerate(CATEGORIES * 2)]
    questions[3]["turns"].pop()

    def answers(model):
        return [dict(question_id=q["question_id"], answer_id=f"{model}{q['question_id']}", model_id=model, tstamp=1.5,
                     choices=[dict(index=0, turns=[f"{model} says {q['question_id']}\n{k} {{answer}}" for k in range(len(q["turns"]))])])
                for q in questions]

    def prompt(name, template):
        return dict(name=name, type="single", system_prompt=f"You judge ({name}).", prompt_template=template, description=name,
                    category="general", output_format="[[rating]]")

    turns = "### {question_1}\n{answer_1}\n### {question_2}\n{answer_2}"
    references = "### {question_1}\n{ref_answer_1}\n### {question_2}\n{ref_answer_2}\n---\n"
    prompts = [prompt("single-v1", "[{question}]\n{answer}"), prompt("single-math-v1", "[{question}]\n({ref_answer_1})\n{answer}"),
               prompt("single-v1-multi-turn", turns), prompt("single-math-v1-multi-turn", references + turns)]
    return dict(questions=questions, answers={m: answers(m) for m in ("ours", "theirs")}, references=answers("reference"), prompts=prompts)


def judge(material):
    """Plays the matches of a full run; the judge's answer follows from what it is asked, and is written by FastChat."""
    from fastchat.llm_judge import common, gen_judgment

    asked = []
    common.chat_completion_openai = lambda *args, **kwargs: asked.append(1) or JUDGMENTS[(7 * len(asked)) % len(JUDGMENTS)]
    by_question = {m: {a["question_id"]: a for a in own} for m, own in material["answers"].items()}
    references = {"gpt-4": {a["question_id"]: a for a in material["references"]}}
    judges = gen_judgment.make_judge_single("gpt-4", {p["name"]: p for p in material["prompts"]})
    models = list(by_question)
    kinds = [[q for q in material["questions"] if (q["category"] in common.NEED_REF_CATS) == needs] for needs in (False, True)]
    matches = []
    for multi, suffix in ((False, ""), (True, "-mt")):
        matches += gen_judgment.make_match_single(kinds[0], models, by_question, judges["default" + suffix], multi_turn=multi)
        matches += gen_judgment.make_match_single(kinds[1], models, by_question, judges["math" + suffix], None, references, multi_turn=multi)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model_judgment", "gpt-4_single.jsonl")
        with contextlib.redirect_stdout(io.StringIO()):
            for match in matches:
                common.play_a_match_single(match, output_file=path)
        shown = show(path)
        with open(path) as lines:
            return [json.loads(line) for line in lines], shown


def show(path):
    """What show_result prints, as numbers: the tables are caught before they are printed."""
    from fastchat.llm_judge import show_result

    tables = []
    show_result.print = lambda *args: tables.append(args[0]) if isinstance(args[0], pd.DataFrame) else None
    show_result.display_result_single(argparse.Namespace(input_file=path, bench_name="mt_bench", judge_model="gpt-4", model_list=None))
    return [{(key[0] if isinstance(key, tuple) else key): value for key, value in table["score"].items()} for table in tables]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fastchat")
    parser.add_argument("--show")
    args = parser.parse_args()
    sys.path.insert(0, args.fastchat)
    stand_ins()
    if args.show:
        for name, means in zip(["first turn", "second turn", "average"], show(args.show)):
            print(name, json.dumps(means))
        return
    material = made_up()
    judgments, (first, second, average) = judge(material)
    for line in judgments:
        line["tstamp"] = 1.5
    with open(os.path.join(HERE, "mt-bench.json"), "w") as f:
        json.dump(dict(material, judgments=judgments, shown=dict(first=first, second=second, average=average)), f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
