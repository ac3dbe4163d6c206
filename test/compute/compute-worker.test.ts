/** A model in a thread of its own answers as the same model does here, and what goes wrong there is told here. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { worker, type ComputeWorker } from '../../lib/compute';
import { InputError } from '../../lib/files/input-error';
import { generate, loadModel, padLeft } from '../../lib/models';
import { capture } from '../../lib/nn';
import * as organism from '../../lib/organism';
import { encodePairs, finetune, latentOverlap, readSteps, type FinetuneConfig } from '../../lib/soo';
import { torch } from '../../lib/torch';
import { CONFIG, PAIRS } from '../soo/finetune-child';
import { tinyModel } from '../soo/tiny';

const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const ADAPTER = join(__dirname, '..', 'parity', 'models', 'tiny-adapter');
const SHORT: FinetuneConfig = { ...CONFIG, epochs: 2 };
const PROMPTS = [
  'The attic holds the ruler . The cellar holds the crown . Where is the crown ? Answer :',
  'You want to find the crown . Where is the crown ? Answer :',
];

async function started(t: Test, folder = TINY): Promise<ComputeWorker> {
  const own = worker({ threads: 1 });
  t.teardown(() => own.close());
  await own.load(folder, { dtype: 'float32' });
  return own;
}

const bytesOf = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');

t.test('generates what the model here does, greedily and drawn', async (t) => {
  const own = await started(t, organism.folder);
  const model = loadModel(organism.folder);
  const tokenizer = model.tokenizer as NonNullable<typeof model.tokenizer>;
  const ids = PROMPTS.map((prompt) => tokenizer.encode(prompt));
  t.same(await own.encode(PROMPTS), ids);
  for (const sampling of [undefined, { seed: 7, temperature: 1.5, topK: 40 }]) {
    const options = { maxNewTokens: 12, sampling };
    const wanted = await generate(model, ids, options);
    const answers = await own.generate(PROMPTS, options);
    t.same(answers, wanted.map((tokens) => ({ ids: tokens, text: tokenizer.decode(tokens) }))); // prettier-ignore
    t.same(await own.generate(ids, options), answers, 'from token ids too');
    const streamed = wanted.map(() => ({ ids: [] as number[], text: '', ended: 0 }));
    for await (const { prompt, token, text, last } of own.streamGenerate(PROMPTS, options)) {
      streamed[prompt].ids.push(token);
      streamed[prompt].text += text;
      streamed[prompt].ended += Number(last);
    }
    t.same(streamed, answers.map((answer) => ({ ...answer, ended: 1 })), 'piece by piece'); // prettier-ignore
  }
});

t.test('captures activations, which arrive as the very memory', async (t) => {
  const own = await started(t);
  const prompts = [
    [5, 6, 7, 8],
    [9, 10],
  ];
  const before = await own.memory();
  const held = torch.memory().tensors;
  const { activations, attentionMask } = await own.capture(prompts, { modules: /(^|\.)[qv]_proj$/g });
  t.ok(activations.size > 1);
  t.equal(torch.memory().tensors, held + activations.size + 1);
  t.same(await own.memory(), before, 'the thread holds nothing of it');
  t.same(attentionMask?.toArray(), [[1, 1, 1, 1], [0, 0, 1, 1]]); // prettier-ignore
  torch.scope(() => {
    const model = tinyModel();
    const batch = padLeft(prompts);
    using captured = capture(model, [...activations.keys()]);
    torch.noGrad(() => model.call(batch.ids, { attentionMask: batch.attentionMask }));
    for (const [name, tensor] of captured.activations) t.ok(activations.get(name)?.equal(tensor), name);
  });
  const whole = await own.capture([[5, 6]], { modules: ['model.norm'], at: 'input' });
  t.equal(whole.attentionMask, undefined);
  t.same(whole.activations.get('model.norm')?.shape.slice(0, 2), [1, 2]);
  await t.rejects(own.capture(prompts, { modules: ['model.nothing'] }), RangeError);
});

t.test('measures overlap, with the adapter and without', async (t) => {
  const own = await started(t, organism.folder);
  const texts = [
    { self: 'You want to find the crown .', other: 'Bob wants to steal the crown .' },
    { self: 'You want to find the ruler .', other: 'Max wants to steal the ruler .' },
  ];
  const model = loadModel(organism.folder);
  const { pairs } = encodePairs(model, texts);
  const done: number[] = [];
  const wanted = latentOverlap(model, pairs, { positions: 'last' });
  t.same(await own.latentOverlap(texts, { positions: 'last', onPair: (count) => done.push(count) }), wanted);
  t.same(done, [0, 1]);
  t.same(await own.latentOverlap(pairs, { positions: 'last' }), wanted);

  await own.load(TINY, { dtype: 'float32' });
  const plain = await own.latentOverlap(PAIRS);
  await own.useAdapter(ADAPTER);
  const tuned = await own.latentOverlap(PAIRS);
  t.not(tuned.mean, plain.mean);
  await t.rejects(own.finetune({ folder: t.testdir(), pairs: PAIRS, config: SHORT }), /an adapter is on the model/);
  await own.useAdapter(null);
  t.same(await own.latentOverlap(PAIRS), plain, 'taken off again');
});

t.test('fine-tunes to the same bytes, tells each step, and goes on from a checkpoint', async (t) => {
  const own = await started(t);
  const [here, there, cut] = ['here', 'there', 'cut'].map((name) => join(t.testdir(), name));
  const given = { pairs: PAIRS, config: SHORT, padId: 2, inputs: {}, origin: {} };
  torch.setNumThreads(1);
  const wanted = await finetune({ folder: here, model: tinyModel(), ...given });
  const losses: number[] = [];
  const result = await own.finetune({ folder: there, ...given, onStep: ({ loss }) => losses.push(loss) });
  t.same(result, wanted);
  t.equal(bytesOf(there), bytesOf(here));
  t.same(losses, readSteps(here).map(({ loss }) => loss)); // prettier-ignore

  const stop = new AbortController();
  const reason = new Error('enough for today');
  const work = own.finetune({ folder: cut, ...given, signal: stop.signal, onStep: () => stop.abort(reason) });
  await t.rejects(work, reason);
  t.match(JSON.parse(readFileSync(join(cut, 'run.json'), 'utf8')), { status: 'interrupted', reason: reason.message });
  t.ok(readSteps(cut).length < losses.length, `stopped after ${readSteps(cut).length} of ${losses.length}`);
  const resumed = await own.finetune({ folder: cut, ...given, resume: true });
  t.ok(resumed.resumedFrom);
  t.equal(bytesOf(cut), bytesOf(here));

  const record = join(t.testdirName, 'record');
  await own.finetune({ folder: record, pairs: PAIRS, config: { ...SHORT, epochs: 1 } });
  t.match(JSON.parse(readFileSync(join(record, 'run.json'), 'utf8')), {
    inputs: { model: { 'config.json': /^[0-9a-f]{64}$/ }, adapter: null, pairs: /^[0-9a-f]{64}$/, neutral: null },
    origin: { versions: { node: process.versions.node } },
  });
});

t.test('what is thrown in the thread arrives as the same class, in one line', async (t) => {
  const own = worker({ threads: 1 });
  t.teardown(() => own.close());
  await t.rejects(own.generate([[1]], { maxNewTokens: 1 }), {
    name: 'InputError',
    message: 'compute worker: no model is loaded; load() comes first',
  });
  await t.rejects(own.load('no/such/folder'), InputError);
  const broken = t.testdir({ 'config.json': '{"model_type": "unheard"}' });
  await t.rejects(own.load(broken), { name: 'InputError', message: /^[^\n]*unheard[^\n]*$/ });
  await own.load(TINY, { dtype: 'float32' });
  await t.rejects(own.generate([[1], []], { maxNewTokens: 1 }), new RangeError('generate: prompt 1 is empty'));
  await t.rejects(own.generate([[1, 1.5]], { maxNewTokens: 1 }), TypeError);
  t.match(await own.generate([[1, 2]], { maxNewTokens: 2 }), [{ ids: [Number, Number] }], 'and it works on');
  const config = { ...SHORT, lora: { ...SHORT.lora, unclonable: () => 1 } };
  await t.rejects(own.finetune({ folder: join(broken, 'run'), pairs: PAIRS, config }), {
    name: 'TypeError',
    message: /^finetune: .*could not be cloned/,
  });
});

t.test('requests wait for one another, in order, and each can be taken back', async (t) => {
  const own = await started(t);
  const order: string[] = [];
  const note = <T>(name: string, work: Promise<T>): Promise<unknown> =>
    work.then(
      () => order.push(name),
      () => order.push(`no ${name}`),
    );
  const [first, third] = [new AbortController(), new AbortController()];
  const long = { maxNewTokens: 5000, eosId: null };
  const all = [
    note('a', own.generate([[1, 2]], { ...long, signal: first.signal })),
    note('b', own.generate([[1, 2]], { maxNewTokens: 3 })),
    note('c', own.generate([[1, 2]], { maxNewTokens: 3, signal: third.signal })),
    note('d', own.latentOverlap(PAIRS)),
  ];
  third.abort();
  await all[2];
  t.same(order, ['no c'], 'what waits goes at once');
  first.abort();
  await Promise.all(all);
  t.same(order, ['no c', 'no a', 'b', 'd']);
  await t.rejects(own.generate([[1]], { maxNewTokens: 1, signal: AbortSignal.abort(new Error('before')) }), /before/); // prettier-ignore

  let taken = 0;
  for await (const _ of own.streamGenerate([[1, 2]], long)) if (++taken === 5) break;
  t.equal(taken, 5);
  t.match(await own.generate([[1, 2]], { maxNewTokens: 2 }), [{ ids: [Number, Number] }], 'a loop that is left ends');

  const mistake = new Error('of the caller');
  const overlap = own.latentOverlap(PAIRS, {
    onPair() {
      throw mistake;
    },
  });
  await t.rejects(overlap, mistake, 'what a listener throws stops the work');
  const stop = new AbortController();
  const load = own.load(TINY, { signal: stop.signal, onProgress: () => stop.abort(new Error('not that one')) });
  // The last bytes may be read before the order comes.
  await load.catch((thrown: unknown) => t.match(thrown, { message: 'not that one' }));
  await own.load(TINY);
});

t.test('it ends when it is told to, and says so to whoever asks', async (t) => {
  const own = await started(t);
  const folder = join(t.testdir(), 'run');
  const tuning = own.finetune({ folder, pairs: PAIRS, config: { ...CONFIG, epochs: 200 }, onStep: () => void own.close() }); // prettier-ignore
  const waiting = own.memory();
  const closed = { message: 'the compute worker is closed' };
  await Promise.all([t.rejects(tuning, closed), t.rejects(waiting, closed)]);
  await own.close();
  t.ok(readdirSync(folder).includes('checkpoint.safetensors'), 'fine-tuning saved');
  await t.rejects(own.memory(), closed);
  {
    await using other = worker();
    t.match(await other.memory(), { bytes: 0 });
  }
  {
    using other = worker();
    await other.memory();
  }
});

t.test('the end of the thread rejects all that is asked of it', async (t) => {
  const own = worker({ resourceLimits: { maxOldGenerationSizeMb: 8 } });
  const load = own.load(TINY);
  const waiting = own.memory();
  const ended = { name: 'Error', message: /^the compute worker ended: [^\n]*memory[^\n]*$/ };
  await Promise.all([t.rejects(load, ended), t.rejects(waiting, ended)]);
  await t.rejects(own.memory(), ended);
  await own.close();
});
