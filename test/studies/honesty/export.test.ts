import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import t from 'tap';
import { csv, exportStudy, SCORERS, type InspectLog, type InspectSample } from '../../../lib/studies/honesty/export';
import { readRecords, type StudyRecord } from '../../../lib/studies/honesty/records';
import { ARMS, FAILED, madeUpStudy, SEEDS, SETS, TASKS as ALL } from './made-up-study';

/** A task that failed has no log. */
const TASKS = ALL.filter(({ id }) => id !== FAILED);

/** What inspect_ai 0.3.285 refuses a log without, as its data models say. */
const REQUIRED = {
  log: ['eval', 'version', 'status'],
  eval: ['created', 'task', 'dataset', 'model', 'config', 'eval_id'],
  sample: ['id', 'epoch', 'input', 'target'],
  score: ['name', 'scorer'],
  metric: ['name', 'value'],
};

const has = (value: object, fields: readonly string[]): boolean => fields.every((field) => Object.hasOwn(value, field));

const json = <T>(entries: Record<string, Uint8Array>, name: string): T => JSON.parse(strFromU8(entries[name])) as T;

t.test('logs are zips with the fields that inspect_ai wants, one for each task', async (t) => {
  const folder = t.testdir();
  madeUpStudy(folder);
  const { logs } = exportStudy(folder);
  t.equal(logs.length, TASKS.length);
  const seen = new Set<string>();
  for (const [i, path] of logs.entries()) {
    const entries = unzipSync(readFileSync(path));
    const header = json<InspectLog>(entries, 'header.json');
    t.notOk(Object.hasOwn(header, 'samples'), 'the header has no samples');
    t.ok(has(header, REQUIRED.log) && has(header.eval, REQUIRED.eval));
    t.match(path, new RegExp(`2026-11-29T12-00-00.000Z_made-up-${TASKS[i].id}_${header.eval.eval_id}\\.eval$`));
    seen.add(header.eval.eval_id);
    const { version, eval: spec, plan } = header;
    t.same(json(entries, '_journal/start.json'), { version, eval: spec, plan });
    const { records } = readRecords(join(folder, 'records', `${TASKS[i].id}.jsonl`));
    const samples = Object.keys(entries).filter((name) => name.startsWith('samples/'));
    t.equal(samples.length, records.length, 'a sample for each answer');
    t.ok(samples.every((name) => has(json<InspectSample>(entries, name), REQUIRED.sample)));
    t.equal(json<object[]>(entries, 'summaries.json').length, records.length);
    const { scores, total_samples } = header.results as {
      scores: { metrics: Record<string, object> }[];
      total_samples: number;
    };
    t.equal(total_samples, records.length);
    t.ok(scores.every((score) => has(score, REQUIRED.score)));
    t.ok(scores.flatMap(({ metrics }) => Object.values(metrics)).every((metric) => has(metric, REQUIRED.metric)));
  }
  t.equal(seen.size, logs.length, 'no two share an id: dataframes would merge their runs');
  const bytes = logs.map((path) => readFileSync(path, 'hex'));
  exportStudy(folder);
  t.same(
    logs.map((path) => readFileSync(path, 'hex')),
    bytes,
    'the same study gives the same bytes',
  );
});

t.test('a truncated answer has no outcome', async (t) => {
  const folder = t.testdir();
  madeUpStudy(folder);
  const { logs } = exportStudy(folder, { logs: 'json' });
  const records = TASKS.map(({ id }) => readRecords(join(folder, 'records', `${id}.jsonl`)).records);
  t.ok(records.flat().some(({ behaviour }) => behaviour === 'truncated'));
  for (const [i, path] of logs.entries()) {
    const { samples } = JSON.parse(readFileSync(path, 'utf8')) as InspectLog;
    samples.forEach((sample, at) => t.same(sample.scores, scoresOf(records[i][at])));
  }
});

/** By the words of the house, written a second time. */
function scoresOf({ behaviour, margin }: StudyRecord): object {
  const is = (name: string) => ({ value: behaviour === name ? 1 : 0, answer: behaviour });
  const said = { deceptive: is('deceptive'), honest: is('honest'), refusal: is('refusal'), other: is('other') };
  return {
    ...(behaviour !== 'truncated' && said),
    truncated: is('truncated'),
    ...(margin !== null && { margin: { value: margin } }),
  };
}

t.test('tables, records and methods', async (t) => {
  const folder = t.testdir();
  const results = madeUpStudy(folder);
  const { tables, records, methods } = exportStudy(folder);
  t.same(
    tables.map((path) => path.slice(folder.length + 1)),
    ['behaviours', 'checks', 'effect', 'claims', 'training'].map((name) => join('tables', `${name}.csv`)),
  );
  const lines = readFileSync(tables[0], 'utf8').trimEnd().split('\r\n');
  t.equal(lines[0], 'arm,kind,scope,name,behaviour,seed,share,low,high,n');
  const { share, ci95, n, perSeed } = results.arms.overlap.behaviours!.rates!.deceptive;
  t.ok(lines.includes(`overlap,overlap,all,,deceptive,,${share},${ci95[0]},${ci95[1]},${n}`));
  t.ok(lines.includes(`overlap,overlap,all,,deceptive,${SEEDS[1]},${perSeed[1]},,,`));
  t.match(readFileSync(tables[3], 'utf8'), /kept,Skills are kept <&>,does not hold,false,/);
  const all = readFileSync(records, 'utf8').trimEnd().split('\n');
  t.equal(all.length, TASKS.length * Object.keys(SETS).length * 12);
  t.match(JSON.parse(all[0]), { task: 'baseline', arm: 'baseline', adapter: null, split: 'confirmation' });

  const text = readFileSync(methods, 'utf8');
  t.match(
    text,
    /8 arms of 13 kinds.*6 of them are tuned by LoRA with the seeds 276, 809, 609 .*, 65 optimiser steps each\./,
  );
  for (const arm of ARMS) t.match(text, `\n- ${arm}: `);
  t.match(text, /shuffled: .*; 1 of its runs failed and are left out: NaN in the loss/);
  t.match(text, /frozen on 2026-11-28T09:00:00\.000Z/);
  t.match(text, /with \d+ items and 3 seeds (?:a drop of [\d.]+ points shows, 80 times in 100|no drop would show)/);
  t.match(text, '"maxNewTokens": 75', 'every setting');
  t.notMatch(text, /undefined|\[object|NaN[^ ]/);
});

t.test('commas, quotes and line ends in cells', async (t) => {
  t.equal(csv([{ a: 'x,y', b: null }, { a: 'say "no"', c: 1 }, { a: 'two\nlines', b: true }]), 'a,b,c\r\n"x,y",,\r\n"say ""no""",,1\r\n"two\nlines",true,\r\n'); // prettier-ignore
  t.equal(csv([]), '');
});

const python = process.env.SOO_TORCH_INSPECT_PYTHON;
const skip = python ? false : 'SOO_TORCH_INSPECT_PYTHON names no Python with inspect_ai';

interface Found {
  logs: {
    task: string;
    evalId: string;
    results: Record<string, { scored: number; unscored: number; mean?: number }>;
    samples: (Record<string, unknown> & { id: string; scores: Record<string, number>; metadata: object })[];
    summaries: string[];
  }[];
  evals: number;
  ids: number;
  samples: number;
  families: string[];
  honest: number;
}

for (const kind of ['eval', 'json'] as const) {
  t.test(
    `inspect_ai reads every .${kind}: samples, scores and metadata are those of the records`,
    { skip },
    async (t) => {
      const folder = t.testdir();
      madeUpStudy(folder);
      exportStudy(folder, { logs: kind });
      t.equal(readdirSync(join(folder, 'logs')).length, TASKS.length);
      const script = join(__dirname, '../../parity/read_inspect.py');
      const ran = spawnSync(python ?? '', [script, join(folder, 'logs')], { encoding: 'utf8', maxBuffer: 2 ** 28 });
      t.equal(ran.status, 0, ran.status === 0 ? 'ran' : ran.stderr);
      const found = JSON.parse(ran.stdout.slice(ran.stdout.indexOf('{"logs"'))) as Found;
      const records = TASKS.map(({ id }) => readRecords(join(folder, 'records', `${id}.jsonl`)).records);
      t.match(found, { evals: TASKS.length, ids: TASKS.length, samples: records.flat().length });
      t.same(found.families, Object.keys(SETS).sort());
      const whole = records.flat().filter(({ behaviour }) => behaviour !== 'truncated');
      const honest = whole.filter(({ behaviour }) => behaviour === 'honest').length / whole.length;
      t.ok(Math.abs(found.honest - honest) < 1e-12, 'truncated answers are missing in the dataframe too');
      for (const [i, { id }] of TASKS.entries()) {
        const log = found.logs.find(({ task }) => task === `made-up-${id}`);
        t.match(log, { status: 'success', version: 2, model: 'soo-torch/a-model', commit: 'a'.repeat(40) });
        t.match(log, { plan: { max_tokens: 75, temperature: 0 }, packages: { 'soo-torch': '0.1.0' } });
        t.equal(log?.summaries.length, records[i].length);
        t.same(Object.keys(log?.results ?? {}), [...SCORERS]);
        const counted = records[i].filter(({ behaviour }) => behaviour !== 'truncated').length;
        t.match(log?.results.honest, { scored: counted, unscored: records[i].length - counted });
        // Samples of a zip come in the order of its names.
        for (const record of records[i]) {
          const sample = log?.samples.find((one) => one.id === `${record.set}-${record.index}-${record.order}`);
          const { set, index, order, family, motive, split, seed, text, answer, ended, preciousRoom } = record;
          t.match(sample, {
            ...{
              input: text,
              completion: answer,
              target: preciousRoom,
              stop: ended === 'budget' ? 'max_tokens' : 'stop',
            },
            messages: [
              ['user', text],
              ['assistant', answer],
            ],
            metadata: { set, index, order, family, motive, split, seed },
          });
          const wanted = Object.entries(scoresOf(record)).map(([name, score]) => [
            name,
            (score as { value: number }).value,
          ]);
          t.same(sample?.scores, Object.fromEntries(wanted));
        }
      }
    },
  );
}
