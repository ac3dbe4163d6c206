/** Runs whose folder was changed by others, or by a power cut, between a Ctrl-C and --resume. */
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { StepRecord } from '../../lib/training';
import { withState } from '../hostile/safetensors';
import { tuneTiny } from './finetune-child';

interface State {
  position: { microBatch: number; step: number };
  optimizer: { groups: Record<string, unknown>[]; steps: Record<string, number> };
}

/** A run that was stopped after 30 of 84 batches. */
async function stopped(folder: string): Promise<void> {
  const controller = new AbortController();
  const onStep = ({ microBatch }: StepRecord): void =>
    void (microBatch === 30 && controller.abort(new Error('enough')));
  await tuneTiny(folder, { signal: controller.signal, onStep }).catch(() => undefined);
}

t.test('a checkpoint that says other than the run is refused before a step', async (t) => {
  const [good, folder] = [join(t.testdir(), 'good'), join(t.testdirName, 'spoilt')];
  await stopped(good);
  const option = (change: object) => (state: State) => void Object.assign(state.optimizer.groups[0], change);
  const cases: [string, (state: State) => void, RegExp][] = [
    ['climbs', option({ maximize: true }), /the optimiser's maximize is true, wanted false/],
    ['decays', option({ weightDecay: 1e6 }), /weightDecay is 1000000, wanted 0/],
    ['betas', option({ betas: [0, 0] }), /betas is \[0,0\], wanted \[0.9,0.999\]/],
    ['text', option({ eps: '1e9' }), /holds no state of an optimiser/],
    ['parameters', option({ params: [] }), /holds no state of an optimiser/],
    ['groups', (state) => Reflect.deleteProperty(state.optimizer, 'groups'), /holds no state of an optimiser/],
    ['steps', ({ optimizer }) => void (optimizer.steps['0'] = -5), /holds no state of an optimiser/],
    ['other steps', ({ optimizer }) => void (optimizer.steps['999'] = 3), /got number 999/],
    [
      'far',
      ({ position }) => void (position.microBatch = 2 ** 53 - 1),
      /stands at batch 9007199254740991 .* and the run has batch 84/,
    ],
    [
      'beyond',
      ({ position }) => void (position.step = 29),
      /stands at batch 30 and step 29, and the run has batch 84 and step 28/,
    ],
    ['ahead', ({ position }) => void (position.microBatch = 31), /steps.jsonl: has 30 lines, but 31 steps were taken/],
  ];
  for (const [name, spoil, message] of cases) {
    cpSync(good, folder, { recursive: true });
    const path = join(folder, 'checkpoint.safetensors');
    const bytes = withState(path, (state) => spoil(state as unknown as State));
    writeFileSync(path, bytes);
    const onStep = (): void => void t.fail(`${name}: took a step`);
    await t.rejects(tuneTiny(folder, { resume: true, onStep }), { name: 'InputError', message }, name);
    t.ok(readFileSync(path).equals(bytes), `${name}: the checkpoint stays`);
  }
});

t.test('a log that was damaged is told before a step, and nothing is lost', async (t) => {
  const [good, folder] = [join(t.testdir(), 'good'), join(t.testdirName, 'spoilt')];
  await stopped(good);
  const log = readFileSync(join(good, 'steps.jsonl'), 'utf8');
  const lines = log.split('\n');
  const cases: [string, string, RegExp][] = [
    ['short', lines.slice(0, 5).join('\n'), /steps.jsonl: has 4 lines, but 30 steps were taken/],
    ['damaged', [...lines.slice(0, 9), 'not json', ...lines.slice(10)].join('\n'), /steps.jsonl: line 10: is not JSON/],
    ['zeros', '\0'.repeat(log.length), /steps.jsonl: has 0 lines/],
  ];
  for (const [name, text, message] of cases) {
    cpSync(good, folder, { recursive: true });
    writeFileSync(join(folder, 'steps.jsonl'), text);
    const onStep = (): void => void t.fail(`${name}: took a step`);
    await t.rejects(tuneTiny(folder, { resume: true, onStep }), { name: 'InputError', message }, name);
    t.ok(existsSync(join(folder, 'checkpoint.safetensors')), name);
  }
});

t.test('a folder with the log or the adapter of others is left alone, with --resume too', async (t) => {
  const folder = t.testdir({
    log: { 'steps.jsonl': '{"my":"log"}\n' },
    adapter: { 'adapter_config.json': '{}' },
    link: {},
    victim: 'precious',
  });
  symlinkSync('../victim', join(folder, 'link', 'steps.jsonl'));
  for (const resume of [false, true]) {
    for (const name of ['log', 'adapter', 'link']) {
      const message = /holds (steps.jsonl|adapter_config.json), but no run.json: no run of ours made it/;
      await t.rejects(tuneTiny(join(folder, name), { resume }), { name: 'InputError', message }, name);
    }
  }
  t.equal(readFileSync(join(folder, 'log', 'steps.jsonl'), 'utf8'), '{"my":"log"}\n');
  t.equal(readFileSync(join(folder, 'victim'), 'utf8'), 'precious');
});
