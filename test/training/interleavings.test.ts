import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { torch } from '../../lib/torch';
import { tinyModel } from '../soo/tiny';
import { answer, pausing, RUNS, seeded, tune, type Order, type RunName } from './interleaved-runs';

/** Of each kind. */
const COUNT = Number(process.env.SOO_TORCH_INTERLEAVINGS ?? 8);
const SEED = Number(process.env.SOO_TORCH_INTERLEAVINGS_SEED ?? 1);
const SEEDS = 4;

torch.setNumThreads(1);

const root = mkdtempSync(join(t.testdir(), 'runs-'));
let folders = 0;
const newFolder = (): string => join(root, String(folders++));
const noPause = (): Promise<void> => Promise.resolve();

const alone = new Map<string, Promise<string>>();
/** What a run comes to by itself. */
function resultAlone(run: RunName, seed: number): Promise<string> {
  const key = `${run} ${seed}`;
  let result = alone.get(key);
  if (!result) alone.set(key, (result = RUNS[run]({ seed, folder: newFolder(), pause: noPause })));
  return result;
}

const pick = <T>(random: () => number, from: readonly T[]): T => from[Math.floor(random() * from.length)];

/** Before anything runs beside them. */
async function runAllAlone(names: readonly RunName[]): Promise<void> {
  for (const run of names) for (let seed = 1; seed <= SEEDS; seed++) await resultAlone(run, seed);
}

t.test('two runs in two workers, and draws of the main thread beside them, give the bytes of each alone', async (t) => {
  const names: RunName[] = ['draw', 'loop', 'tune', 'agents', 'answer'];
  await runAllAlone(names);
  const files = [join(__dirname, '../../scripts/typescript.js'), join(__dirname, 'interleaved-runs.ts')];
  const script = files.map((file) => `require(${JSON.stringify(file)});`).join('\n');
  const workers = [0, 1].map(() => new Worker(script, { eval: true, execArgv: [] }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  const random = seeded(SEED);
  const wrong: string[] = [];
  torch.manualSeed(5);
  for (let round = 0; round < COUNT; round++) {
    const orders = workers.map((): Order => {
      const seed = 1 + Math.floor(random() * SEEDS);
      return { run: pick(random, names), seed, folder: newFolder(), pauses: Math.floor(random() * 2 ** 31) };
    });
    const answers = workers.map((worker, i) => {
      worker.postMessage(orders[i]);
      return once(worker, 'message') as Promise<[{ result: string }]>;
    });
    torch.manualSeed(round);
    torch.scope(() => torch.rand([5000]));
    for (const [i, [{ result }]] of (await Promise.all(answers)).entries()) {
      const { run, seed } = orders[i];
      if (result !== (await resultAlone(run, seed))) wrong.push(`${run} ${seed} beside ${orders[1 - i].run}`);
    }
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  t.same(wrong, []);
});

t.test('two runs in one thread, at their awaits, give the bytes of each alone', async (t) => {
  const names: RunName[] = ['draw apart', 'loop', 'tune', 'agents', 'answer'];
  await runAllAlone(names);
  const random = seeded(SEED + 1);
  const wrong: string[] = [];
  for (let round = 0; round < COUNT; round++) {
    const started = [0, 1].map(async () => {
      const [run, seed] = [pick(random, names), 1 + Math.floor(random() * SEEDS)];
      const pause = pausing(seeded(Math.floor(random() * 2 ** 31)));
      await pause();
      const result = await RUNS[run]({ seed, folder: newFolder(), pause });
      return { run, seed, result };
    });
    for (const { run, seed, result } of await Promise.all(started)) {
      if (result !== (await resultAlone(run, seed))) wrong.push(`round ${round}: ${run} ${seed}`);
    }
  }
  t.same(wrong, []);
});

t.test('fine-tuning beside generation on one model gives the bytes of each alone', async (t) => {
  // The weights stay, so that answers do; what dropout does shows in losses and gradients.
  const still = { lr: 0 };
  const random = seeded(SEED + 2);
  const model = tinyModel();
  const tuned: string[] = [];
  const answers: string[] = [];
  for (let seed = 1; seed <= SEEDS; seed++) {
    tuned[seed] = await tune(model, { seed, folder: newFolder(), pause: noPause }, still);
    answers[seed] = await answer(model, { seed, pause: noPause });
  }
  const wrong: string[] = [];
  const modes = new Set<boolean>();
  for (let round = 0; round < COUNT; round++) {
    const draw = (): number => 1 + Math.floor(random() * SEEDS);
    const pause = (): (() => Promise<void>) => {
      const turns = pausing(seeded(Math.floor(random() * 2 ** 31)));
      return async () => {
        modes.add(model.training);
        await turns();
        modes.add(model.training);
      };
    };
    const [run, first, second] = [draw(), draw(), draw()];
    const others = [first, second].map((seed) => answer(model, { seed, pause: pause() }));
    const result = await tune(model, { seed: run, folder: newFolder(), pause: pause() }, still);
    if (result !== tuned[run]) wrong.push(`round ${round}: tuning with seed ${run}`);
    for (const [i, got] of (await Promise.all(others)).entries()) {
      const seed = [first, second][i];
      if (got !== answers[seed]) wrong.push(`round ${round}: answers ${seed}`);
    }
  }
  t.same(wrong, []);
  t.same([...modes], [false], 'and the model is in evaluation mode whenever others have their turn');
});

t.test('a second run on one model is refused, and the first ends in the bytes that it has alone', async (t) => {
  const random = seeded(SEED + 3);
  const wanted = await resultAlone('tune', 1);
  for (let round = 0; round < Math.ceil(COUNT / 4); round++) {
    const model = tinyModel();
    const pause = pausing(random);
    const first = tune(model, { seed: 1, folder: newFolder(), pause });
    await pause();
    const message = /^this model is being fine-tuned by another run: wait for its end, or load the model once more$/;
    await t.rejects(tune(model, { seed: 2, folder: newFolder(), pause }), { name: 'InputError', message });
    t.equal(await first, wanted);
    t.equal(model.training, false);
    t.equal(await tune(model, { seed: 1, folder: newFolder(), pause }), wanted, 'and a third one may begin');
  }
});

t.teardown(() => rmSync(root, { recursive: true, force: true }));
