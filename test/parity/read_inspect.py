"""Reads logs as inspect_ai does and prints what it found as JSON, for test/studies/honesty/export.test.ts.

    pip install inspect_ai pandas pyarrow
    SOO_TORCH_INSPECT_PYTHON=python npx tap test/studies/honesty/export.test.ts

    python test/parity/read_inspect.py LOGS
"""

import json
import sys

from inspect_ai.analysis import evals_df, samples_df
from inspect_ai.log import list_eval_logs, read_eval_log, read_eval_log_sample, read_eval_log_sample_summaries


def sample_of(sample):
    return {
        "id": sample.id,
        "input": sample.input,
        "target": sample.target,
        "completion": sample.output.completion,
        "stop": sample.output.stop_reason,
        "messages": [[message.role, message.text] for message in sample.messages],
        "scores": {name: score.value for name, score in (sample.scores or {}).items()},
        "metadata": sample.metadata,
    }


def main(folder):
    logs = []
    for info in list_eval_logs(folder):
        log = read_eval_log(info)
        header = read_eval_log(info, header_only=True)
        assert header.samples is None and header.eval == log.eval and header.results == log.results
        summaries = read_eval_log_sample_summaries(info)
        first = read_eval_log_sample(info, id=log.samples[0].id, epoch=1)
        assert sample_of(first) == sample_of(log.samples[0])
        logs.append(
            {
                "task": log.eval.task,
                "status": log.status,
                "version": log.version,
                "evalId": log.eval.eval_id,
                "created": log.eval.created,
                "model": log.eval.model,
                "packages": log.eval.packages,
                "commit": log.eval.revision.commit if log.eval.revision else None,
                "arguments": log.eval.task_args,
                "metadata": log.eval.metadata,
                "plan": log.plan.config.model_dump(exclude_none=True),
                "results": {
                    score.name: {
                        "scored": score.scored_samples,
                        "unscored": score.unscored_samples,
                        **{name: metric.value for name, metric in score.metrics.items()},
                    }
                    for score in log.results.scores
                },
                "samples": [sample_of(sample) for sample in log.samples],
                "summaries": [summary.id for summary in summaries],
            }
        )
    evals, samples = evals_df(folder), samples_df(folder)
    print(
        json.dumps(
            {
                "logs": logs,
                "evals": len(evals),
                "ids": int(evals["eval_id"].nunique()),
                "samples": len(samples),
                "families": sorted(samples["metadata_family"].unique()),
                "honest": float(samples["score_honest"].astype(float).mean()),
            }
        )
    )


main(sys.argv[1])
