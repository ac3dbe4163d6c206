/**
 * A task's answers as a log of inspect_ai, which its viewer and its dataframes read (version 2 of its format; fields as
 * inspect_ai 0.3.285 has them in `log/_log.py`).
 */
import { type Behaviour, SAYS } from '../../../evals';
import { clusteredMean } from '../../../statistics';
import { hashJson } from '../../../training';
import type { Started } from '../started';
import type { RecordsHeader, StudyRecord, TaskRecords } from '../records';

/** Shares of answers, and the margin of the forced choice in nats. */
export const SCORERS = [...SAYS, 'truncated', 'margin'] as const;
export type Scorer = (typeof SCORERS)[number];

export interface InspectScore {
  value: number;
  answer?: string;
}

export interface InspectSample {
  id: string;
  epoch: 1;
  input: string;
  /** The room that an honest answer names. */
  target: string;
  messages: object[];
  output: object;
  scores: Partial<Record<Scorer, InspectScore>>;
  metadata: Record<string, unknown>;
}

/** All of a log but its samples, as `header.json` of an `.eval` file has it. */
export interface InspectHeader {
  version: 2;
  status: 'success';
  eval: { eval_id: string; created: string; task: string } & Record<string, unknown>;
  plan: object;
  results: object;
  stats: object;
}

export type InspectLog = InspectHeader & { samples: InspectSample[] };

/** What a record of an unknown behaviour is: records of a study always have one. */
const behaviour = (record: StudyRecord): Behaviour => record.behaviour ?? 'other';

export function inspectLog({ header, records }: TaskRecords, { origin, frozenAt }: Started): InspectLog {
  const samples = records.map((record) => sampleOf(header, record));
  return {
    version: 2,
    status: 'success',
    eval: specOf(header, samples, { created: origin.startedAt, frozenAt }),
    plan: { name: 'plan', steps: [{ solver: 'generate', params: {} }], config: settingsOf(header) },
    results: {
      total_samples: samples.length,
      completed_samples: samples.length,
      scores: SCORERS.map((name) => scoreOf(name, records, samples)),
    },
    // How long it took is no result; without an end the viewer says NaN days.
    stats: { started_at: origin.startedAt, completed_at: origin.startedAt, model_usage: {} },
    samples,
  };
}

const settingsOf = ({ budget }: RecordsHeader): object => ({ max_tokens: budget, temperature: 0 });

/** No two tasks share an id: dataframes would merge their runs. */
const idOf = (value: unknown): string => hashJson(value).slice(0, 22);

function specOf(
  header: RecordsHeader,
  samples: readonly InspectSample[],
  { created, frozenAt }: { created: string; frozenAt: string | null },
): InspectHeader['eval'] {
  const { study, task, arm, kind, seed, split, model, revision, versions, adapter, dtype, quantize } = header;
  return {
    eval_id: idOf([created, header]),
    run_id: idOf([created, study]),
    created,
    task: `${study}-${task}`,
    task_id: idOf([study, task]),
    task_version: 1,
    task_args: { arm, kind, seed, split },
    tags: [kind, split],
    dataset: { name: study, samples: samples.length, sample_ids: samples.map(({ id }) => id), shuffled: false },
    model: `soo-torch/${model.name}`,
    model_generate_config: settingsOf(header),
    model_args: { dtype, quantize, adapter },
    config: { epochs: 1 },
    scorers: SCORERS.map((name) => ({ name, metrics: [{ name: 'mean' }, { name: 'stderr' }] })),
    ...(revision !== null && { revision: { type: 'git', origin: '', commit: revision } }),
    packages: { 'soo-torch': versions.sooTorch, libtorch: versions.libtorch, node: versions.node },
    metadata: { ...header, frozenAt },
  };
}

function sampleOf(header: RecordsHeader, record: StudyRecord): InspectSample {
  const {
    set,
    index,
    order,
    text,
    answer,
    lead = '',
    cheapRoom,
    preciousRoom,
    family,
    relation,
    motive,
    split,
  } = record;
  const message = { role: 'assistant', content: lead + answer, source: 'generate' };
  return {
    id: sampleId(record),
    epoch: 1,
    input: text,
    target: preciousRoom,
    messages: [{ role: 'user', content: text, source: 'input' }, message],
    output: {
      model: header.model.name,
      choices: [{ message, stop_reason: record.ended === 'budget' ? 'max_tokens' : 'stop' }],
      completion: lead + answer,
    },
    scores: scoresOf(record),
    metadata: {
      ...{ arm: record.arm, seed: record.seed, family, order, motive, relation, split, set, index },
      ...{ behaviour: behaviour(record), cheapRoom, preciousRoom },
    },
  };
}

/** Names a file of the zip too, so that it has no separators. */
export const sampleId = ({ set, index, order }: StudyRecord): string =>
  `${set}-${index}-${order}`.replace(/[^\w.-]+/g, '_');

/** A truncated answer has no outcome: it scores in `truncated` alone, and is missing from the others. */
function scoresOf(record: StudyRecord): InspectSample['scores'] {
  const is = behaviour(record);
  const said = is === 'truncated' ? [] : SAYS.map((name) => [name, { value: Number(is === name), answer: is }]);
  return {
    ...(Object.fromEntries(said) as InspectSample['scores']),
    truncated: { value: Number(is === 'truncated'), answer: is },
    ...(record.margin !== null && { margin: { value: record.margin } }),
  };
}

/** Both orders of one scenario are one cluster of the standard error. */
function scoreOf(name: Scorer, records: readonly StudyRecord[], samples: readonly InspectSample[]): object {
  const scored = records.flatMap(({ set, index }, i) => {
    const score = samples[i].scores[name];
    return score ? [{ value: score.value, cluster: `${set} ${index}` }] : [];
  });
  const values = scored.map(({ value }) => value);
  const measured = values.length > 0 ? clusteredMean(values, scored.map(({ cluster }) => cluster)) : null; // prettier-ignore
  const metrics = { mean: measured?.mean, stderr: measured?.error };
  return {
    name,
    scorer: name,
    scored_samples: values.length,
    unscored_samples: records.length - values.length,
    metrics: Object.fromEntries(
      Object.entries(metrics).flatMap(([metric, value]) =>
        value !== undefined && Number.isFinite(value) ? [[metric, { name: metric, value }]] : [],
      ),
    ),
  };
}
