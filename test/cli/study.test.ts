import t from 'tap';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { StudyDifference, StudyResults } from '../../lib/studies/honesty';
import { soo, startSoo, type Outcome } from './soo';

t.setTimeout(480_000); // many starts of the command line on a busy machine

/** The embedded model, two epochs of eight pairs a step: small, and real. */
const STUDY = `
format: soo-torch study 1
name: small
model: organism
tuning:
  pairs: { organism: scenes }
  finetune: { loss: mse, layer: 3, positions: last, detachSelf: true, overlapUnit: start, capability: 3, lr: 2.0e-3,
              optimizer: adamw, batch: 26, accumulate: 1, epochs: 2 }
seeds: [1, 2]
arms: [baseline, honesty-prompt, overlap, exposure]
scenarios:
  - { name: rivals, organism: rival, development: 0-2, confirmation: 3-8 }
  - { name: friends, organism: friend, relation: friend, confirmation: 0-3 }
checks: { perspective: { n: 6 } }
maxNewTokens: 12
batch: 4
claims:
  - { id: falls, arm: overlap, measure: deceptive, change: falls, by: 0.2 }
  - { id: others, arm: overlap, measure: perspective, change: kept, margin: 0.3 }
`;
const TASKS = ['baseline', 'honesty-prompt', 'overlap-1', 'exposure-1', 'overlap-2', 'exposure-2'];

const folder = t.testdir({ 'study.yaml': STUDY, 'changed.yaml': STUDY.replace('by: 0.2', 'by: 0.05') });
const at = (name: string): string => join(folder, name);
const run = (out: string, ...more: string[]): string[] => ['study', 'run', at('study.yaml'), '--out', at(out), '--json', ...more]; // prettier-ignore

/** But for when and by which command it was begun. */
function resultsIn(out: string): Omit<StudyResults, 'origin'> {
  const { origin: _, ...results } = JSON.parse(readFileSync(join(at(out), 'results.json'), 'utf8')) as StudyResults;
  return results;
}
const text = ({ stdout, stderr }: Outcome): string => stdout + stderr;

t.test('a study is frozen, run, looked at, labelled anew and compared', (t) => {
  const [frozen, again, ran, status, shown, relabelled, development, changed, diff] = soo(
    ['study', 'freeze', at('study.yaml'), '--json'],
    ['study', 'freeze', at('study.yaml'), '--json'],
    run('whole', '--workers', '1'),
    ['study', 'status', at('whole'), '--json'],
    ['study', 'show', at('whole')],
    ['study', 'relabel', at('whole'), '--json'],
    run('dev', '--workers', '1', '--split', 'development'),
    ['study', 'run', at('changed.yaml'), '--out', at('changed'), '--workers', '1', '--json'],
    ['study', 'diff', at('whole'), at('changed'), '--json'],
  );
  t.equal(frozen.stdout, again.stdout, 'freezing twice changes nothing');
  t.equal(ran.code, 0, ran.stderr);
  const results = resultsIn('whole');
  t.same(results.tasks.map(({ id }) => id), TASKS); // prettier-ignore
  t.ok(results.tasks.every((task) => task.status === 'done'));
  t.same([results.status, results.plan.exploratory], ['done', null]);
  t.ok(results.claims.every(({ exploratory }) => !exploratory));
  t.equal(results.arms.baseline.behaviours?.n, 10, 'rivals of the confirmation split alone, in both orders');
  t.equal(results.arms.overlap.behaviours?.n, 20);
  t.equal(results.arms.overlap.checks.perspective?.n, 12);
  t.same(results.arms.overlap.training.map(({ steps }) => steps), [4, 4]); // prettier-ignore
  t.same(
    results.arms.exposure.training.map(({ steps }) => steps),
    [4, 4],
    'the same dose',
  );
  t.ok(results.effect.exposure && results.effect.selfOther && results.effect.total, 'parts of the effect');
  t.equal(results.effect.pairing, null, 'no name control was asked for');

  const { done, left } = JSON.parse(status.stdout) as { done: number; left: number };
  t.same([done, left], [6, 0]);
  const widest = Math.max(
    ...shown.stdout
      .split('\n')
      .filter((line) => /[│├]/.test(line))
      .map((line) => line.length),
  );
  t.ok(widest <= 80, `tables of ${widest} columns`);
  t.match(JSON.parse(relabelled.stdout), { records: 108, changed: 0 });
  t.same(resultsIn('whole'), results);

  t.equal(development.code, 0, text(development));
  t.match(resultsIn('dev').claims[0], { exploratory: true, text: /Exploratory: judged on development items/ });
  t.equal(changed.code, 0, text(changed));
  t.match(resultsIn('changed').plan.exploratory, /never frozen/);
  const difference = JSON.parse(diff.stdout) as StudyDifference;
  t.same(difference.settings, [], 'claims are no settings');
  t.match(difference.arms.overlap.deceptive, { change: 0, n: 20 }, 'the same seeds give the same answers');
  t.end();
});

t.test('records say all that an answer comes from', (t) => {
  const [header, first, ...others] = readFileSync(join(at('whole'), 'records', 'overlap-2.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  t.match(header, { study: 'small', arm: 'overlap', seed: 2, split: 'confirmation', budget: 12, template: null });
  t.match(header.adapter, /^[0-9a-f]{64}$/);
  t.match(first, { arm: 'overlap', seed: 2, set: 'rivals', index: 3, family: 'rival', relation: 'rival', motive: 'concealment', split: 'confirmation', ended: 'eos' }); // prettier-ignore
  for (const part of ['text', 'prompt', 'answer', 'ids', 'margin', 'behaviour', 'says', 'order'])
    t.ok(part in first, part);
  t.equal(others.length, 17);
  t.end();
});

t.test('a file that was changed after freezing, and a folder of another study', (t) => {
  writeFileSync(at('study2.yaml'), STUDY);
  const [frozen] = soo(['study', 'freeze', at('study2.yaml')]);
  t.equal(frozen.code, 0, frozen.stderr);
  writeFileSync(at('study2.yaml'), STUDY.replace('by: 0.2', 'by: 0.01'));
  writeFileSync(at('other.yaml'), STUDY.replace('maxNewTokens: 12', 'maxNewTokens: 10'));
  const [rejudged, other, refrozen] = soo(
    ['study', 'run', at('study2.yaml'), '--out', at('whole'), '--workers', '1', '--json'],
    ['study', 'run', at('other.yaml'), '--out', at('whole'), '--workers', '1', '--json'],
    ['study', 'freeze', at('study2.yaml')],
  );
  t.equal(rejudged.code, 0, rejudged.stderr);
  const { plan, claims } = resultsIn('whole');
  t.match(plan.exploratory, /the study file was changed after it was frozen/);
  t.match(claims[0], { exploratory: true, stated: { by: 0.01 } });
  t.equal(other.code, 2);
  t.match(other.stderr, /was begun with maxNewTokens "?12"?, but now it is "?10"?; choose another folder/);
  t.equal(refrozen.code, 2);
  t.match(refrozen.stderr, /was frozen on .* with another sha256/);
  t.end();
});

t.test(
  'killed at any moment, by ones and twos, no finished task is done again and the results are the same',
  async (t) => {
    const [clean] = soo(run('clean', '--workers', '1'));
    t.equal(clean.code, 0, clean.stderr);
    const finished = new Map<string, number>();
    const repeated: string[] = [];
    const look = (): void => {
      for (const id of TASKS) {
        const path = join(at('killed'), 'tasks', id, 'measured.json');
        if (!existsSync(path)) continue;
        const { mtimeMs } = statSync(path);
        if ((finished.get(id) ?? mtimeMs) !== mtimeMs) repeated.push(id);
        finished.set(id, mtimeMs);
      }
    };
    let killed = 0;
    for (const milliseconds of [2600, 3400, 4100, 4700, 5600]) {
      const children = [startSoo(...run('killed', '--workers', '1')), startSoo(...run('killed', '--workers', '2'))];
      const ended = Promise.all(children.map((child) => once(child, 'exit')));
      await Promise.race([ended, wait(milliseconds)]);
      killed += children.filter(({ exitCode }) => exitCode === null).length;
      for (const child of children) child.kill('SIGKILL');
      await ended;
      look();
    }
    const last = [startSoo(...run('killed', '--workers', '1')), startSoo(...run('killed', '--workers', '1'))];
    const codes = await Promise.all(last.map(async (child) => (await once(child, 'exit'))[0] as number));
    look();
    t.same(codes, [0, 0], 'two commands finish one folder');
    t.same(repeated, []);
    t.same(resultsIn('killed'), resultsIn('clean'), `after ${killed} kills`);
    for (const id of TASKS) {
      const records = (out: string): string => readFileSync(join(at(out), 'records', `${id}.jsonl`), 'utf8');
      t.equal(records('killed').split('\n').slice(1).join('\n'), records('clean').split('\n').slice(1).join('\n'), id);
    }
    t.notOk(readdirSync(at('killed')).some((name) => name.includes('.tmp')), 'nothing half-written stays'); // prettier-ignore
  },
);

t.test('NaN in one arm fails that arm and not the study', (t) => {
  const arms = 'arms: [baseline, overlap, { name: wild, kind: overlap, finetune: { lr: 1.0e+39 } }]';
  writeFileSync(at('wild.yaml'), STUDY.replace(/arms: .*/, arms).replace('seeds: [1, 2]', 'seeds: [1]'));
  const call = ['study', 'run', at('wild.yaml'), '--out', at('wild'), '--workers', '1', '--json'];
  const [first, again] = soo(call, call);
  t.equal(first.code, 0, first.stderr);
  t.equal(again.code, 0, again.stderr);
  const { status, tasks, arms: found } = resultsIn('wild');
  t.same([status, tasks.map((task) => task.status)], ['done', ['done', 'done', 'failed']]);
  t.match(found.wild.faults, [{ fault: 'failed', text: /^seed 1: fine-tuning stopped at step 2: / }]);
  t.match(found.overlap.faults, []);
  t.end();
});

t.test('Ctrl-C saves', async (t) => {
  const child = startSoo(...run('stopped', '--workers', '1'));
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'exit');
  while (!existsSync(join(at('stopped'), 'tasks', 'overlap-1', 'run.json')) && child.exitCode === null) await wait(20);
  child.kill('SIGINT');
  const [code] = (await ended) as [number];
  t.equal(code, 130, said);
  t.match(said, /interrupted by SIGINT: what was measured is in .*; run the same command to continue/);
  t.match(resultsIn('stopped'), { status: 'interrupted', reason: /SIGINT/ });
});
