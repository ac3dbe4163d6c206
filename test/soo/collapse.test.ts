import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readLines } from '../../lib/files/json-lines';
import {
  CLEAN,
  keepBack,
  keptText,
  measureSites,
  MONITOR,
  sitesOf,
  UPSTREAM,
  watchedPairs,
  watchText,
  type FinetuneConfig,
  type MonitorRecord,
  type TokenPair,
} from '../../lib/soo';
import { monitorInterval } from '../../lib/soo/collapse-watch';
import { torch } from '../../lib/torch';
import { readSteps } from '../../lib/soo/finetune';
import type { StepRecord } from '../../lib/training';
import { expected } from '../parity/expected';
import { CONFIG, tuneTiny } from './finetune-child';
import { tinyModel, tunedTiny } from './tiny';

torch.setNumThreads(1);

const WATCHED: TokenPair[] = [3, 90, 150].map((id) => ({
  selfIds: [1, id, 31, 42, id + 1],
  otherIds: [1, id, 250, 42, id + 1],
  renamedIds: [1, id, 251, 42, id + 1],
}));
const MSE: FinetuneConfig = { ...CONFIG, loss: 'mse', layer: 0, positions: 'real', monitorEvery: 3 };

const bytes = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
const untimed = <T extends object>(records: readonly T[]): T[] => records.map((record) => ({ ...record, ms: 0 }));
const measured = (folder: string): MonitorRecord[] => untimed(readLines<MonitorRecord>(join(folder, MONITOR)));

t.test('gap, name gap, norm and variation are those of PyTorch, transformers and peft', async (t) => {
  // Made by test/parity/make_collapse.py.
  const file = expected<{ pairs: [number[], number[], number[]][]; sites: MonitorRecord['sites'] }>('collapse');
  const { model } = tunedTiny();
  const pairs = file.pairs.map(([selfIds, otherIds, renamedIds]) => ({ selfIds, otherIds, renamedIds }));
  const sites = sitesOf(model, { loss: 'mse', layer: 0 });
  t.same(
    sites.map(({ name }) => name),
    Object.keys(file.sites),
  );
  const values = measureSites(model, pairs, { sites, padId: 0 });
  for (const [site, wanted] of Object.entries(file.sites)) {
    for (const name of ['gap', 'nameGap', 'norm', 'variation'] as const) {
      const [a, b] = [values[site][name] ?? NaN, wanted[name] ?? NaN];
      t.ok(Math.abs(a - b) <= 1e-5 * b, `${site} ${name}: ${a} (${b})`);
    }
  }
  const unnamed = pairs.map(({ selfIds, otherIds }) => ({ selfIds, otherIds }));
  const other = measureSites(model, unnamed, { sites, padId: 0 })['model.norm'];
  t.equal(other.nameGap, null);
  t.ok(Math.abs(other.gap - values['model.norm'].gap) < 1e-6);
  t.throws(() => measureSites(model, pairs.slice(1, 2), { sites, padId: 0 }), /wanted two pairs or more, got 1/);
});

t.test('a loss that reads no layer is watched behind the final norm and at later blocks', async (t) => {
  const model = tinyModel();
  t.same(sitesOf(model, { loss: 'kl', layer: null }), [
    { name: 'model.norm', place: 'hooked' },
    { name: 'model.layers.0', place: 'a later block' },
    { name: 'model.layers.1', place: 'a later block' },
  ]);
  t.same(
    sitesOf(model, { loss: 'mse', layer: 1 }).map(({ name }) => name),
    ['model.layers.1.self_attn.o_proj', 'model.layers.1', 'model.norm'],
  );
});

t.test('a run that is watched writes the same bytes as one that is not', async (t) => {
  const folder = t.testdir({});
  for (const [name, config] of Object.entries({ mse: MSE, kl: { ...CONFIG, monitorEvery: 1 } as const })) {
    const [plain, watched] = [join(folder, name), join(folder, `${name}-watched`)];
    await tuneTiny(plain, { config });
    const { monitor } = await tuneTiny(watched, { config, watched: WATCHED });
    t.ok(bytes(plain) === bytes(watched), `${name}: the same adapter`);
    t.same(untimed(readSteps(plain)), untimed(readSteps(watched)), `${name}: the same steps`);
    t.notOk(existsSync(join(plain, MONITOR)));
    const records = measured(watched);
    t.equal(records.at(-1)?.step, 28, 'the end is measured');
    t.match(records[0], { step: 0, microBatch: 0, kept: { gap: 1, nameGap: 1, norm: 1, variation: 1 } });
    t.same(monitor?.kept[monitor.site], records.at(-1)?.kept);
    t.match(monitor, { every: config.monitorEvery, pairs: 3, renamed: true, collapsedAt: null, stopped: false });
    t.match(JSON.parse(readFileSync(join(watched, 'run.json'), 'utf8')), { result: { monitor } });
  }
  t.same(measured(join(folder, 'mse-watched')).map(({ step }) => step), [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28]); // prettier-ignore
});

t.test('without dropped batches and with them, the last batch of a step is known', async (t) => {
  const folder = t.testdir({});
  const config = { ...MSE, dropLeftover: true, epochs: 3, monitorEvery: 1 };
  await tuneTiny(folder, { config, watched: WATCHED });
  t.same(
    measured(folder).map(({ step, microBatch }) => [step, microBatch]),
    [[0, 0], [1, 3], [2, 6], [3, 10], [4, 13], [5, 17], [6, 20]], // prettier-ignore
  );
});

t.test('a watched run that is aborted anywhere and resumed ends in the same bytes', async (t) => {
  const [whole, broken] = [join(t.testdir(), 'whole'), join(t.testdirName, 'broken')];
  const config = { ...MSE, monitorEvery: 2 };
  const result = await tuneTiny(whole, { config, watched: WATCHED });
  for (const stopAt of [1, 2, 9, 30, 31, 83]) {
    const controller = new AbortController();
    const onStep = ({ microBatch }: StepRecord): void => {
      if (microBatch >= stopAt) controller.abort(new Error('enough'));
    };
    const run = { config, watched: WATCHED, resume: true, signal: controller.signal, onStep };
    await t.rejects(tuneTiny(broken, run), /enough/);
  }
  const resumed = await tuneTiny(broken, { config, watched: WATCHED, resume: true });
  t.ok(bytes(broken) === bytes(whole), 'the same adapter');
  t.same(measured(broken), measured(whole), 'the same measurements');
  t.same(resumed.monitor, result.monitor);
});

/** Steps that are much too large, on a module that can be made anything. */
const COLLAPSING: FinetuneConfig = {
  ...{ ...MSE, layer: 1, lr: 0.02, epochs: 6, monitorEvery: 1, schedule: 'constant' },
  lora: { r: 16, alpha: 32, dropout: 0, targetModules: ['v_proj', 'o_proj'] },
};

t.test('a module that becomes a constant is told, and ends the run where that is wanted', async (t) => {
  const [told, ended] = [join(t.testdir(), 'told'), join(t.testdirName, 'ended')];
  const { monitor } = await tuneTiny(told, { config: COLLAPSING, watched: WATCHED });
  const first = measured(told).find(({ collapsed }) => collapsed);
  t.ok(first, 'it collapsed');
  t.ok(first && [first.kept.gap, first.kept.nameGap, first.kept.variation].every((share) => (share ?? 1) <= 0.05));
  t.match(monitor, { collapsedAt: first?.step, stopped: false });
  const config = { ...COLLAPSING, stopOnCollapse: true };
  const controller = new AbortController();
  const onStep = ({ step }: StepRecord): void => {
    if (step === first?.step) controller.abort(new Error('enough'));
  };
  await t.rejects(tuneTiny(ended, { config, watched: WATCHED, signal: controller.signal, onStep }), /enough/);
  const result = await tuneTiny(ended, { config, watched: WATCHED, resume: true });
  t.match(result, { steps: first?.step, monitor: { collapsedAt: first?.step, stopped: true } });
  t.equal(result.microBatches, first?.microBatch);
  t.same(measured(ended), measured(told).slice(0, (first?.step ?? 0) + 1), 'it was measured up to there');
  t.equal(readSteps(ended).length, first?.microBatch);
  t.match(JSON.parse(readFileSync(join(ended, 'run.json'), 'utf8')), { status: 'done' });
  t.match(watchText(result.monitor ?? t.fail('no summary') as never), /^Collapse at step \d+; the run was ended there: model\.layers\.1/); // prettier-ignore
});

t.test('what cannot be watched is refused', async (t) => {
  const folder = t.testdir({});
  const config = { ...MSE, stopOnCollapse: true };
  const refused = { name: 'InputError', message: /stopOnCollapse wants pairs that are watched/ };
  await t.rejects(async () => tuneTiny(join(folder, 'a'), { config }), refused);
  await t.rejects(async () => tuneTiny(join(folder, 'b'), { config: { ...config, monitorEvery: 0 }, watched: WATCHED }), refused); // prettier-ignore
  await t.rejects(async () => tuneTiny(join(folder, 'c'), { config: MSE, watched: WATCHED.slice(1, 2) }), /wanted two pairs or more to watch, got 1/); // prettier-ignore
  t.notOk(existsSync(join(folder, 'a')));
});

t.test('how often: by counts, so that measuring takes under 3% of what steps take', async (t) => {
  const pair = (length: number): TokenPair => ({
    selfIds: Array<number>(length).fill(5),
    otherIds: Array<number>(length).fill(6),
    renamedIds: Array<number>(length).fill(7),
  });
  const tuned = Array.from({ length: 52 }, () => pair(20));
  const interval = (config: FinetuneConfig, watched: readonly TokenPair[], layers = 30): number =>
    monitorInterval(layers, { config, tuned, watched });
  const four = tuned.slice(0, 4);
  // A measurement: 4 x 3 prompts. A step: 4 batches of 4 pairs, there and back. 12/64 of a step, 2.5% of 65 steps: 8 times.
  t.equal(interval(CLEAN, four), 10, 'before the first step, and every tenth');
  t.equal(interval({ ...CLEAN, epochs: 200 }, four), 8);
  t.equal(interval({ ...CLEAN, batch: 1, accumulate: 1, maxSteps: 20 }, four), 20, 'only at the end where it is dear');
  t.equal(interval({ ...CLEAN, monitorEvery: 7 }, four), 7);
  t.equal(interval(UPSTREAM, four), 9);
  const half = { ...CLEAN, loss: 'mse', layer: 14 } as const;
  t.equal(interval({ ...half, epochs: 200 }, four), 16, 'a loss that ends half-way up has cheaper steps');
  t.equal(interval({ ...half, epochs: 200, capability: 1 }, four), 8, 'unless its other term goes on');
  t.equal(
    interval({ ...CLEAN, epochs: 200 }, [pair(2), pair(2)]),
    6,
    'a pass over few tokens is no cheaper than it is',
  );
});

t.test('pairs to watch', async (t) => {
  const texts = Array.from({ length: 9 }, (_, i) => ({ self: `You go ${i}`, other: `Then Bob goes ${i}` }));
  t.same(keepBack(texts, 0), { tuned: texts, heldOut: [] });
  t.same(keepBack(texts, 3), { tuned: texts.slice(0, 6), heldOut: texts.slice(6) });
  for (const count of [1, 9])
    t.throws(() => keepBack(texts, count), { name: 'InputError', message: /hold out 2 to 8 of 9/ });
  const watched = watchedPairs(texts, []);
  t.same(watched.map(({ self }) => self), ['You go 0', 'You go 3', 'You go 5', 'You go 8']); // prettier-ignore
  t.equal(watched[1].renamed, 'Then Tom goes 3');
  t.same(watchedPairs(texts, texts.slice(7)).map(({ other }) => other), texts.slice(7).map(({ other }) => other)); // prettier-ignore
  const nameless = [{ self: 'a', other: 'b' }, { self: 'c', other: 'd' }]; // prettier-ignore
  t.same(watchedPairs(nameless, []), nameless, 'without names there is no name gap');
});

t.test('what is kept, in words', async (t) => {
  t.equal(keptText({ gap: 1, nameGap: 0.983, norm: 1, variation: 0.0461 }), 'gap 100%, names 98%, prompts 4.6%');
  t.equal(keptText({ gap: 0.0004, nameGap: null, norm: 1, variation: 0.5 }), 'gap <0.1%, prompts 50%');
});
