import { fork } from 'node:child_process';
import fs, { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { InputError } from '../../lib/checkpoints';
import { totalBatches, totalSteps, UPSTREAM } from '../../lib/soo';
import type { StepRecord } from '../../lib/training';
import { microBatches } from '../../lib/soo/finetune-config';
import { CONFIG, PAIRS, tuneTiny } from './finetune-child';

const bytes = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
const lines = (folder: string): StepRecord[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as StepRecord);
const untimed = (steps: StepRecord[]): object[] => steps.map((step) => ({ ...step, ms: 0 }));
const statusOf = (folder: string): { status: string; reason?: string } =>
  JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { status: string };

t.test("upstream's loop takes 3 steps of 13 batches an epoch and drops the last one", async (t) => {
  t.equal(totalSteps(52, UPSTREAM), 60);
  t.equal(totalBatches(52, UPSTREAM), 260);
  t.equal(totalSteps(52, { ...UPSTREAM, dropLeftover: false }), 65);
  t.equal(totalBatches(52, { ...UPSTREAM, maxSteps: 3 }), 12);
  t.equal(totalBatches(52, { ...UPSTREAM, maxSteps: 4 }), 17, 'one epoch of 13, and 4 more');
  t.equal(totalBatches(52, { ...UPSTREAM, maxSteps: 4, dropLeftover: false }), 16);
});

t.test('batches after any place are those of the whole run', async (t) => {
  const whole = [...microBatches(13, CONFIG, 0)];
  t.equal(whole.length, 7 * 12);
  t.same(
    [...whole.slice(0, 7).flat()].sort((a, b) => a - b),
    Array.from({ length: 13 }, (_, i) => i),
  );
  for (const done of [1, 7, 50, 84]) t.same([...microBatches(13, CONFIG, done)], whole.slice(done));
  t.same([...microBatches(5, { ...CONFIG, shuffle: false, epochs: 1 }, 0)], [[0, 1], [2, 3], [4]]);
});

t.test('with differing positions, pairs whose sides are equal train at loss 0', async (t) => {
  const folder = t.testdir({});
  const pairs = PAIRS.map((pair, i) => (i < 7 ? { ...pair, otherIds: pair.selfIds } : pair));
  for (const loss of ['kl', 'mse'] as const) {
    const config = { ...CONFIG, loss, layer: loss === 'mse' ? 0 : null, positions: 'differing', epochs: 2 } as const;
    await tuneTiny(join(folder, loss), { pairs, config: { ...config, shuffle: false } });
    const losses = lines(join(folder, loss)).map((step) => step.loss);
    t.same(losses.slice(0, 3), [0, 0, 0], 'three batches of equal pairs');
    t.ok(losses.slice(4, 7).every((value) => value > 0));
  }
  await t.rejects(
    async () =>
      tuneTiny(join(folder, 'none'), {
        pairs: pairs.slice(0, 7),
        config: { ...CONFIG, positions: 'differing' },
      }),
    { name: 'InputError', message: /the two sides of some pair must differ in a token/ },
  );
});

t.test('the self side is not held without a capability term, unless it is meant', async (t) => {
  const folder = t.testdir({});
  const config = { ...CONFIG, detachSelf: true, epochs: 1 };
  await t.rejects(
    async () => tuneTiny(join(folder, 'refused'), { config }),
    new InputError(
      'finetune: detachSelf without a capability term has destroyed models; give capability a weight, with neutral texts, or force: true',
    ),
  );
  t.notOk(existsSync(join(folder, 'refused')));
  t.match(await tuneTiny(join(folder, 'forced'), { config, force: true }), { microBatches: 7 });
  const neutral = [[1, 20, 31]];
  t.match(await tuneTiny(join(folder, 'kept'), { config: { ...config, capability: 1 }, neutral }), { microBatches: 7 });
  t.match(await tuneTiny(join(folder, 'alone'), { config: { ...config, capability: 1, overlap: 0 }, neutral }), {
    microBatches: 7,
  });
});

t.test('a run that is aborted anywhere and resumed ends in the same bytes', async (t) => {
  const [whole, broken] = [join(t.testdir(), 'whole'), join(t.testdirName, 'broken')];
  const result = await tuneTiny(whole);
  t.equal(result.steps, 28);
  t.equal(lines(whole).length, 84);
  t.notOk(existsSync(join(whole, 'checkpoint.safetensors')), 'no checkpoint is left when all is done');
  for (const stopAt of [1, 8, 8, 30, 83]) {
    const controller = new AbortController();
    const onStep = ({ microBatch }: StepRecord): void => {
      if (microBatch >= stopAt) controller.abort(new Error('enough'));
    };
    await t.rejects(tuneTiny(broken, { resume: true, signal: controller.signal, onStep }), /enough/);
    t.match(statusOf(broken), { status: 'interrupted', reason: 'enough' });
  }
  const resumed = await tuneTiny(broken, { resume: true });
  t.equal(resumed.resumedFrom, 83);
  t.ok(bytes(broken) === bytes(whole), 'the same adapter');
  t.ok(isDeepStrictEqual(untimed(lines(broken)), untimed(lines(whole))), 'the same log');
  t.same(resumed.epochLosses, result.epochLosses);
  t.same(await tuneTiny(broken, { resume: true }), resumed, 'a run that is done is not run again');
});

/** Kills it some milliseconds after so many batches; true when the run had come to its end before. */
function killedAfter(folder: string, batches: number, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const execArgv = ['--import', join(__dirname, '..', 'typescript.mjs')];
    const child = fork(join(__dirname, 'finetune-child.ts'), [folder], {
      execArgv,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    let messages = 0;
    // The first message comes before the first batch.
    child.on('message', () => {
      if (++messages === batches + 1) setTimeout(() => child.kill('SIGKILL'), milliseconds);
    });
    child.once('exit', (code) => resolve(code === 0));
  });
}

t.test('killed at random moments and resumed, it ends in the same bits', async (t) => {
  const kills = Number(process.env.SOO_TORCH_KILLS ?? 3);
  const [whole, killed] = [join(t.testdir(), 'whole'), join(t.testdirName, 'killed')];
  await tuneTiny(whole);
  let [runs, logged] = [0, 0];
  for (let count = 0; count < kills; count++) {
    const [batches, milliseconds] = [(count * 17) % 40, (count * 7919) % 31];
    if (await killedAfter(killed, batches, milliseconds)) {
      t.ok(bytes(killed) === bytes(whole), 'the same adapter');
      fs.rmSync(killed, { recursive: true });
      runs += 1;
    } else if (existsSync(join(killed, 'steps.jsonl'))) logged = lines(killed).length;
  }
  t.comment(`${kills} kills, ${runs} runs came to their end before one, ${logged} batches were logged by the last`);
  await tuneTiny(killed, { resume: true });
  t.ok(bytes(killed) === bytes(whole), 'the same adapter');
  t.ok(isDeepStrictEqual(untimed(lines(killed)), untimed(lines(whole))), 'the same log');
});

t.test('a folder that holds another run is left alone', async (t) => {
  const folder = t.testdir();
  const signal = AbortSignal.abort(new Error('at once'));
  await t.rejects(tuneTiny(folder, { signal }), /at once/);
  await t.rejects(
    tuneTiny(folder),
    new InputError(`${folder}: holds a run already; resume it, or choose another folder`),
  );
  await t.rejects(
    tuneTiny(folder, { resume: true, config: { ...CONFIG, lr: 1 } }),
    new InputError('run.json: the run to resume was set to lr 0.001, but now it is 1'),
  );
  await t.rejects(
    tuneTiny(folder, { resume: true, inputs: { pairs: 'other' } }),
    /the run to resume was made from pairs undefined, but now it is "other"/,
  );
});

t.test('a full disk is told, and what was saved stays', async (t) => {
  const folder = t.testdir();
  const controller = new AbortController();
  const onStep = ({ microBatch }: StepRecord): void =>
    void (microBatch === 10 && controller.abort(new Error('enough')));
  await t.rejects(tuneTiny(folder, { signal: controller.signal, onStep }), /enough/);
  const checkpoint = join(folder, 'checkpoint.safetensors');
  const [saved, { writeSync }] = [readFileSync(checkpoint, 'hex'), fs];
  t.teardown(() => (fs.writeSync = writeSync));
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  fs.writeSync = () => {
    throw full;
  };
  await t.rejects(tuneTiny(folder, { resume: true }), /no space left on the device; .* is as it was before/);
  fs.writeSync = writeSync;
  t.ok(readFileSync(checkpoint, 'hex') === saved, 'the checkpoint stays');
  const whole = join(t.testdirName, 'whole');
  await tuneTiny(whole);
  await tuneTiny(folder, { resume: true });
  t.ok(bytes(folder) === bytes(whole), 'the same adapter');
});
