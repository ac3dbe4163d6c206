import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import type { FinetuneConfig } from '../../lib/soo';
import { UPSTREAM } from '../../lib/soo';
import { shareOf } from '../../lib/soo/share';
import type { StepRecord } from '../../lib/training';
import { runRanks, type RankOutcome } from '../distributed/start-ranks';
import type { RanksJob } from './ranks-child';
import { stepDifferences } from './step-differences';

t.setTimeout(240_000); // pairs of processes, on a busy machine

const CHILD = 'test/soo/ranks-child.ts';
const ROOT = join(__dirname, '..', '..');

/** Alone, one process after the other. */
function runAlone(job: RanksJob): void {
  const args = ['--import', './test/typescript.mjs', CHILD, JSON.stringify(job)];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0 && job.stopAt === undefined) throw new Error(stderr);
}
const runTwo = (job: RanksJob): Promise<RankOutcome[]> => runRanks(2, [CHILD, JSON.stringify(job)]);

const steps = (folder: string): StepRecord[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as StepRecord);
const untimed = (records: StepRecord[]): object[] => records.map((record) => ({ ...record, ms: 0 }));
const bytes = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
const statusOf = (folder: string): string =>
  (JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { status: string }).status;

// 13 pairs in batches of 4: the last of an epoch has one pair, and one of two ranks none. The child pads unevenly.
const CASES: Record<string, Partial<FinetuneConfig>> = {
  kl: { accumulate: 3, dropLeftover: true },
  mse: { loss: 'mse', layer: 1, positions: 'real', pad: 'longest', maxGradNorm: 0.05 },
  differing: { loss: 'mse', layer: 1, positions: 'differing', capability: 2, documentsPerBatch: 3, pad: 'longest' },
};

for (const [name, config] of Object.entries(CASES)) {
  t.test(`two ranks take the steps of one process with the whole batch: ${name}`, async (t) => {
    const [one, two] = [join(t.testdir({}), 'one'), join(t.testdirName, 'two')];
    runAlone({ folder: one, config });
    const outcomes = await runTwo({ folder: two, config });
    t.same(
      outcomes.map(({ code, stderr }) => [code, stderr]),
      [
        [0, ''],
        [0, ''],
      ],
    );
    t.equal(steps(two).length, 12);
    t.same(stepDifferences(steps(one), steps(two), 1e-5), []);
    t.equal(outcomes[0].stdout, outcomes[1].stdout, 'both hand back the same result');
    t.notOk(existsSync(join(two, 'checkpoint.safetensors')));
  });
}

t.test('with dropout two ranks repeat themselves to the bit, also when they are interrupted', async (t) => {
  const [whole, broken] = [join(t.testdir({}), 'whole'), join(t.testdirName, 'broken')];
  const config = { lora: UPSTREAM.lora };
  await runTwo({ folder: whole, config });
  const [asked, other] = await runTwo({ folder: broken, config, stopAt: 5, stopped: 1 });
  t.match(asked.stderr, /EndedElsewhere: ended with another rank, which was interrupted/);
  t.match(other.stderr, /asked to stop/);
  t.equal(statusOf(broken), 'interrupted');
  t.equal(steps(broken).length, 5);
  await runTwo({ folder: broken, config, resume: true });
  t.ok(isDeepStrictEqual(untimed(steps(broken)), untimed(steps(whole))), 'the same log');
  t.ok(bytes(broken) === bytes(whole), 'the same adapter');
  const again = await runTwo({ folder: broken, config, resume: true });
  t.same(again.map(({ code }) => code), [0, 0], 'a run that is done is not run again'); // prettier-ignore
});

t.test('a run goes on with another number of ranks', async (t) => {
  const [whole, changing] = [join(t.testdir({}), 'whole'), join(t.testdirName, 'changing')];
  const config = { accumulate: 3 };
  runAlone({ folder: whole, config });
  await runTwo({ folder: changing, config, stopAt: 4 });
  runAlone({ folder: changing, config, resume: true, stopAt: 8 });
  t.equal(steps(changing).length, 8);
  await runTwo({ folder: changing, config, resume: true });
  t.same(stepDifferences(steps(whole), steps(changing), 1e-5), []);
  t.equal(statusOf(changing), 'done');
});

t.test('what one rank is refused ends both', async (t) => {
  const folder = join(t.testdir({}), 'run');
  const outcomes = await runTwo({ folder, config: { loss: 'mse', layer: 1, contrast: 1 } });
  for (const { code, stderr } of outcomes) {
    t.equal(code, 1);
    t.match(stderr, /contrast compares all prompts of a batch with each other: wanted one rank, got several/);
  }
  await runTwo({ folder, config: {}, stopAt: 2 });
  const [first, second] = await runTwo({ folder, config: {} });
  t.match(first.stderr, /InputError: .*holds a run already/);
  t.match(second.stderr, /rank 0 has failed: .*holds a run already/);
  const others = await runRanks(2, [CHILD, JSON.stringify({ folder, config: {}, resume: true })], (rank) => ({
    SOO_TEST_LR: String(rank + 1),
  }));
  for (const { stderr } of others) t.match(stderr, /rank 1 was given other settings than rank 0/);
});

t.test('shares of a batch add up to it, and a rank without pairs counts nothing', async (t) => {
  const pair = (n: number) => ({ selfIds: Array.from({ length: n }, (_, i) => i), otherIds: [9, 9, 9] });
  const batch = { pairs: [pair(3), pair(5), pair(2)], documents: [[1, 2], [3]] };
  const sharesOf = (config: Partial<FinetuneConfig>, size: number) =>
    Array.from({ length: size }, (_, rank) =>
      shareOf(batch, { ...UPSTREAM, ...config }, { rank, size, microBatch: 1 }),
    );
  for (const config of [{}, { loss: 'mse', positions: 'real' }, { loss: 'lm' }] as const) {
    for (const size of [2, 3, 5]) {
      const shares = sharesOf(config, size);
      for (const term of ['overlap', 'capability'] as const) {
        const sum = shares.reduce((sum, { share }) => sum + share[term], 0);
        t.ok(Math.abs(sum - 1) < 1e-12, `${term} of ${size} ranks`);
      }
      t.ok(shares.every(({ pairs, share }) => pairs.length > 0 && share.width === 5 && share.documentWidth === 2));
    }
  }
  const [first] = sharesOf({}, 5);
  t.same([first.pairs, first.share.overlap], [[pair(3)], 0]);
  t.same(sharesOf({ loss: 'mse', positions: 'real' }, 3).map(({ share }) => share.overlap), [3 / 8, 3 / 8, 2 / 8]); // prettier-ignore
});
