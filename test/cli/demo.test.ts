import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runDemo, type DemoJob } from '../../lib/studies/demo/run';
import { demoSettings, LORA, MOST_EPOCHS, type DemoSettings } from '../../lib/studies/demo/plan';
import { EVALUATION_FAMILIES, WORDS } from '../../lib/organism';
import { isRight, labelAnswer, scoreAnswers } from '../../lib/evals';
import { isRequest } from '../../lib/organism';
import { createModel, loadModel } from '../../lib/models';
import { readDemoResults, type DemoResults } from '../../lib/studies/demo';
import { torch } from '../../lib/torch';
import { soo } from './soo';

torch.setNumThreads(1);

/** The organism's shape in small, with random weights: it says nonsense, quickly. */
function smallFolder(folder: string, vocabSize = WORDS.length): string {
  torch.manualSeed(7);
  const shape = {
    hiddenSize: 16,
    intermediateSize: 24,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    initializerRange: 0.3,
  };
  createModel({ modelType: 'mistral', ...shape, vocabSize, tieWordEmbeddings: true, eosTokenIds: [2] }).save(folder);
  return folder;
}

const QUICK = demoSettings({ quick: true, seeds: undefined });
const { scenes, fragments } = QUICK.tuning;

/** Few prompts, and two steps an epoch. */
function settings(tuning: Partial<DemoSettings['tuning']> = {}, seeds = [1]): DemoSettings {
  const short = { batchSize: 26, epochs: 1 };
  const quick = { scenes: { ...scenes, ...short }, fragments: { ...fragments, ...short } };
  return { ...QUICK, seeds, promptsPerFamily: 4, tuning: { ...quick, ...tuning } };
}

function job(folder: string, file: string, extra: Partial<DemoJob> = {}): DemoJob {
  return {
    model: extra.model ?? loadModel(folder),
    folder,
    root: folder,
    file,
    command: ['soo', 'demo'],
    settings: settings(),
    workers: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...extra,
  };
}

const notes: [number, number][] = [];

/** One whole demo that several tests look at. */
async function wholeDemo(): Promise<{ folder: string; file: string; results: DemoResults }> {
  const folder = smallFolder(t.testdir({}));
  const file = join(folder, 'results.json');
  const onProgress = (done: number, total: number): void => void notes.push([done, total]);
  const results = await runDemo(job(folder, file, { settings: settings({}, [1, 2]), workers: 2, onProgress }));
  return { folder, file, results };
}
const whole = wholeDemo();

/** Without what differs from one run of the same seeds to the next. */
const timeless = (runs: DemoResults['runs']): DemoResults['runs'] =>
  runs.map((run) => ({ ...run, seconds: 0, training: run.training.map((step) => ({ ...step, milliseconds: 0 })) }));

/** Stands in for what tells of time. */
const untold = { seconds: 0, origin: null, runs: [] };

t.test('a whole demo, and what its file holds', async (t) => {
  const { file, results } = await whole;
  const written = readDemoResults(file);
  t.same(written, results, 'what is handed back is what is written');
  t.equal(written.status, 'done');

  t.same(
    written.runs.map(({ id }) => id),
    [1, 2].flatMap((seed) =>
      ['scenes', 'fragments'].flatMap((kind) =>
        ['self', 'name', 'wording', 'random', 'retention'].map((pairs) => `${kind}/${pairs}/${seed}`),
      ),
    ),
  );
  t.same(
    Object.keys(written.controls).sort(),
    ['fragments', 'scenes'].flatMap((kind) =>
      ['name', 'random', 'retention', 'wording'].map((pairs) => `${kind}-${pairs}`),
    ),
  );
  t.same(notes.at(-1), [21, 21], 'progress: the baseline and twenty runs');
  t.equal(written.samples.length, 21 * EVALUATION_FAMILIES.length * 4, 'one record per prompt and run');
  t.ok(written.model.sha256['model.safetensors'], 'the model is hashed');
  t.same(written.config.lora, LORA);

  const arms = [written.baseline, written.tuned.scenes, written.tuned.fragments, ...Object.values(written.controls)];
  for (const arm of arms) {
    if (!arm) throw new Error('a row is missing');
    t.ok(Math.abs(arm.deceptive + arm.honest + arm.neither - 1) < 1e-9);
    t.equal(arm.n, arm === written.baseline ? 4 : 8);
    t.same(arm.seeds, arm === written.baseline ? [] : [1, 2]);
  }
});

t.test('labels and rates can be derived again from the records', async (t) => {
  const { runs, samples, prompts, baseline } = (await whole).results;
  for (const { id, rates } of [{ id: 'baseline', rates: baseline.rates }, ...runs]) {
    for (const family of EVALUATION_FAMILIES) {
      const own = samples.filter((sample) => sample.run === id && sample.family === family);
      const asked = own.map(({ index }) => ({
        family,
        isRequest: isRequest(family),
        ids: [],
        ...prompts[family][index],
      }));
      t.same(
        scoreAnswers(
          asked,
          own.map(({ answer }) => answer),
        ),
        rates[family],
        `${id} ${family}`,
      );
      own.forEach(({ answer, label, right }, i) => {
        t.equal(label, isRequest(family) ? labelAnswer(answer, asked[i]) : null);
        t.equal(right, isRight(answer, asked[i]));
      });
    }
  }
});

t.test('controls are matched: same seed and scale, and on until the loss is reached', async (t) => {
  const { runs } = (await whole).results;
  for (const run of runs.filter(({ pairs }) => pairs !== 'retention')) {
    const self = runs.find(({ kind, pairs, seed }) => kind === run.kind && pairs === 'self' && seed === run.seed);
    if (!self) throw new Error('no self-other run');
    const { goal, end, reached } = run.distance;
    t.equal(goal, run === self ? null : self.distance.end, run.id);
    t.equal(reached, goal === null || end <= goal);
    t.ok(run.epochs === 1 || (run !== self && run.epochs <= MOST_EPOCHS), `${run.id}: ${run.epochs} epochs`);
    t.ok(reached || run.epochs === MOST_EPOCHS, 'it gives up only at the last epoch');
    t.same(
      run.training.map(({ step }) => step),
      Array.from({ length: 2 * run.epochs }, (_, i) => i + 1),
      'steps are counted through',
    );
    const { loss, parts } = run.training[0];
    t.ok(Math.abs(parts.capability) < 1e-7, 'a fresh adapter changes nothing, but for rounding');
    t.ok(Math.abs(loss - parts.overlap / self.distance.start) < 1e-5 * loss, "in units of the self-other run's start");
  }
});

/** How many records a TFRecord file holds; NaN when it does not end with a whole one. */
function countRecords(path: string): number {
  const bytes = readFileSync(path);
  let [at, records] = [0, 0];
  for (; at + 16 <= bytes.length; records++) at += Number(bytes.readBigUInt64LE(at)) + 16;
  return at === bytes.length ? records : NaN;
}

t.test(
  "every run has TensorBoard's events: the version, its configuration, its steps, what was measured",
  async (t) => {
    const { folder, results } = await whole;
    for (const { id, training } of results.runs) {
      const own = join(folder, 'tensorboard', id.replaceAll('/', '-'));
      const files = readdirSync(own);
      t.equal(files.length, 1, own);
      t.equal(countRecords(join(own, files[0])), training.length + 3);
    }
    t.equal(readdirSync(join(folder, 'tensorboard')).length, results.runs.length);
  },
);

t.test('retention alone takes the self-other steps without the overlap loss', async (t) => {
  const { runs } = (await whole).results;
  const retention = runs.filter(({ pairs }) => pairs === 'retention');
  t.equal(retention.length, 4);
  for (const { kind, seed, epochs, training, distance } of retention) {
    const self = runs.find((run) => run.kind === kind && run.pairs === 'self' && run.seed === seed);
    if (!self) throw new Error('no self-other run');
    t.same([epochs, training.length], [self.epochs, self.training.length]);
    t.same(Object.keys(training[0].parts), ['capability']);
    t.equal(distance.start, self.distance.start);
    t.ok(distance.end > self.distance.end, `${distance.start} -> ${distance.end}, not ${self.distance.end}`);
  }
});

t.test('the same seeds give the same numbers', async (t) => {
  const { folder, results } = await whole;
  const again = await runDemo(job(folder, join(folder, 'again.json')));
  const first = results.runs.filter(({ seed }) => seed === 1);
  t.same(
    timeless(again.runs),
    timeless(first),
    'in a process of its own or in this one, with another seed after it or without',
  );
  const names = ['baseline', ...first.map(({ id }) => id)];
  t.same(
    again.samples,
    results.samples.filter(({ run }) => names.includes(run)),
  );
  t.equal(readdirSync(join(folder, 'tensorboard', 'scenes-self-1')).length, 1, 'old events are replaced');
});

t.test('an interruption keeps what has been measured, and the model is as before', async (t) => {
  const folder = smallFolder(t.testdir());
  const file = join(folder, 'results.json');
  const controller = new AbortController();
  const onProgress = (done: number, _: number, note: string): void => {
    if (done === 3 && note.includes('step 2')) controller.abort(new Error('interrupted by SIGINT'));
  };
  const asked = job(folder, file, { signal: controller.signal, onProgress });
  const results = await runDemo(asked);
  t.match(results, { status: 'interrupted', reason: 'interrupted by SIGINT' });
  t.same(readDemoResults(file), results);
  t.equal(results.runs.length, 2);
  t.ok(results.controls['scenes-name'] && !results.controls['scenes-wording']);
  t.equal(results.verdicts.fragments.outcome, 'unmeasured');
  t.notOk(
    asked.model.namedModules().some(([name]) => name.includes('lora')),
    'no adapter is left on it',
  );

  const aborted = job(folder, join(folder, 'other.json'), { signal: AbortSignal.abort(new Error('at once')) });
  await t.rejects(runDemo(aborted), /at once/, 'nothing was measured');
});

t.test('interrupted and resumed, it ends in the numbers of a demo in one go', async (t) => {
  const folder = smallFolder(t.testdir({ whole: {}, broken: {} }));
  const whole = await runDemo(job(folder, join(folder, 'whole', 'results.json')));
  const file = join(folder, 'broken', 'results.json');
  const tuned = new Set<string>();
  for (const stopAt of ['scenes/self/1, step 1', 'scenes/wording/1, step 1', 'fragments/name/1, measuring']) {
    const controller = new AbortController();
    const onProgress = (_: number, __: number, note: string): void => {
      if (note.startsWith(stopAt)) controller.abort(new Error('enough'));
    };
    const stopped = await runDemo(job(folder, file, { resume: true, signal: controller.signal, onProgress }));
    t.equal(stopped.status, 'interrupted', stopAt);
  }
  const onProgress = (_: number, __: number, note: string): void => void tuned.add(note.split(',')[0]);
  const resumed = await runDemo(job(folder, file, { resume: true, workers: 2, onProgress }));
  t.notOk(tuned.has('scenes/name/1'), 'what is measured is not tuned again');
  t.ok(tuned.has('fragments/wording/1'));
  t.same(timeless(resumed.runs), timeless(whole.runs));
  t.same({ ...resumed, ...untold }, { ...whole, ...untold });
  const run = join(folder, 'broken', 'runs', 'scenes-wording-1');
  t.same(readdirSync(run).sort(), ['adapter_config.json', 'adapter_model.safetensors', 'run.json', 'steps.jsonl']);
  t.match(JSON.parse(readFileSync(join(run, 'run.json'), 'utf8')), { status: 'done', result: { resumedFrom: 1 } });
  const others = job(folder, file, { resume: true, settings: settings({}, [1, 2]) });
  await t.rejects(runDemo(others), /the demo to resume has another config/);
});

t.test('workers end with an interruption, and what stops one stops the demo', async (t) => {
  const folder = smallFolder(t.testdir());
  const controller = new AbortController();
  const onProgress = (_: number, __: number, note: string): void => {
    if (note.includes('step 1')) controller.abort(new Error('interrupted by SIGINT'));
  };
  const asked = job(folder, join(folder, 'a.json'), { workers: 2, signal: controller.signal, onProgress });
  t.match(await runDemo(asked), { status: 'interrupted', reason: 'interrupted by SIGINT' });

  const model = loadModel(folder);
  rmSync(join(folder, 'model.safetensors'));
  await t.rejects(runDemo(job(folder, join(folder, 'b.json'), { workers: 2, model })), /model.safetensors/);
  t.match(readDemoResults(join(folder, 'b.json')), { status: 'failed', reason: /model.safetensors/ });
});

t.test('a run that meets NaN is told and left out', async (t) => {
  const folder = smallFolder(t.testdir());
  const asked = job(folder, join(folder, 'results.json'));
  asked.settings = settings({ fragments: { ...fragments, lr: 1e38, batchSize: 26, epochs: 2 } });
  const results = await runDemo(asked);
  t.equal(results.status, 'done');
  t.same(
    results.failures.map(({ id }) => id).filter((id) => !id.startsWith('fragments')),
    [],
  );
  t.ok(results.failures.length > 0);
  t.match(results.failures[0], { id: 'fragments/self/1', reason: /stopped at step \d+: .*(NaN|infinity)/i });
  t.equal(results.tuned.fragments, undefined);
  t.ok(results.tuned.scenes);
});

t.test('bad input is refused in one line', async (t) => {
  const folder = t.testdir({ file: '' });
  const other = smallFolder(join(folder, 'other'), 50);
  const outcomes = soo(
    ['demo', '--model', join(folder, 'none')],
    ['demo', '--model', other],
    ['demo', '--model', smallFolder(join(folder, 'model')), '--out', join(folder, 'file', 'below')],
    ['demo', '--seeds', '1,1'],
  );
  const messages = [
    /no such folder/,
    /vocab_size is 50, and the organism's world has/,
    /cannot make this folder/,
    /No two of them may be the same/,
  ];
  outcomes.forEach(({ code, stdout, stderr }, i) => {
    t.equal(code, 2, stderr);
    t.equal(stdout, '');
    t.match(stderr, /^soo: [^\n]*\n$/);
    t.match(stderr, messages[i]);
  });
});
