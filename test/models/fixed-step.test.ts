/**
 * Steps of decoding of constant shapes, as captured graphs replay them, beside the plain step. No graph is captured here: a
 * pretend recorder runs the work again instead, and refuses what CUDA cannot record.
 */
import t from 'tap';
import { generate, type DecodingSession, type GenerativeModel, type LanguageModel } from '../../lib/models';
import { CachedDecoding } from '../../lib/models/cached-decoding';
import type { Decoder } from '../../lib/models/decoder';
import type { GraphRecorder, Tensor } from '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { PeftModel } from '../../lib/peft';
import { torch } from '../device';
import { readBacks } from '../read-backs';
import { FAMILIES, tinyOf } from './tiny-families';

torch.setNumThreads(1);

/** Work in which nothing is brought to the device or back: a stream that is captured refuses both. */
function recorded<T>(work: () => T): T {
  const { fromBytes, item, copyBytes } = native;
  const refuse = (): never => {
    throw new Error('this cannot be recorded');
  };
  Object.assign(native, { fromBytes: refuse, item: refuse, copyBytes: refuse });
  try {
    return work();
  } finally {
    Object.assign(native, { fromBytes, item, copyBytes });
  }
}

interface Pretend extends GraphRecorder {
  /** What it was asked for: `warm`, `capture`, `replay`, `drop`. */
  readonly asked: string[];
}

function pretend(): Pretend {
  const asked: string[] = [];
  return {
    asked,
    warmUp(work) {
      asked.push('warm');
      return work();
    },
    capture(work) {
      asked.push('capture');
      const dispose = (): void => void asked.push('drop');
      const replay = (): Tensor => {
        asked.push('replay');
        return recorded(work);
      };
      return { replay, dispose, [Symbol.dispose]: dispose };
    },
  };
}

const sessionOf = (model: LanguageModel, prompts: readonly (readonly number[])[], recorder: GraphRecorder | null) =>
  torch.inferenceMode(() => new CachedDecoding(model as Decoder, prompts, NEW, { sharesPrefix: true, recorder }));

const NEW = 12;
const SHARED = Array.from({ length: 20 }, (_, i) => 3 + (i % 9));
const PROMPTS: Record<string, number[][]> = {
  'one prompt': [[1, 5, 9, 12]],
  'equal lengths': [
    [1, 5, 9],
    [1, 7, 2],
    [2, 3, 4],
  ],
  pads: [
    [1, 5, 9, 12, 4, 4, 8],
    [1, 7],
    [1, 3, 3],
    [2, 2, 2, 2, 2],
  ],
  'pads behind a shared prefix': [
    [...SHARED, 1],
    [...SHARED, 2, 4, 6],
    [...SHARED, 5, 5],
  ],
};

/** The largest difference of logits over steps in which a row ends after the third. */
function farthest(plain: DecodingSession, fixed: DecodingSession, rows: number): number {
  const run = <T>(work: () => T): T => torch.scope(() => torch.inferenceMode(work));
  let most = 0;
  let tokens = Array.from({ length: rows }, (_, row) => 2 + row);
  run(() => (most = Math.max(most, plain.prefill().sub(fixed.prefill()).abs().max().item<number>())));
  for (let step = 0; step < NEW - 1; step++) {
    if (step === 3 && rows > 1) {
      for (const session of [plain, fixed]) run(() => session.drop(0));
      tokens = tokens.slice(1);
    }
    run(() => {
      const [a, b] = [plain.step(tokens), fixed.step(tokens)];
      t.same(a.shape, b.shape);
      most = Math.max(most, a.sub(b).abs().max().item<number>());
      tokens = a.argmax(-1).toArray() as number[];
    });
  }
  return most;
}

t.test("logits are the plain step's, for every family, padded or not, and when a sequence has ended", async (t) => {
  for (const family of FAMILIES) {
    const model = tinyOf(family);
    for (const [name, prompts] of Object.entries(PROMPTS)) {
      const recorder = pretend();
      const [plain, fixed] = [sessionOf(model, prompts, null), sessionOf(model, prompts, recorder)];
      const difference = farthest(plain, fixed, prompts.length);
      t.ok(difference <= 1e-6, `${family}, ${name}: ${difference}`);
      for (const session of [plain, fixed]) session.dispose();
      const steps = Array.from({ length: NEW - 2 }, () => 'replay');
      t.same(recorder.asked, ['warm', 'capture', ...steps, 'drop'], 'one graph, also with fewer rows');
    }
  }
});

/** A model whose decoding goes through the pretend recorder. */
function fixedOf(model: LanguageModel, recorder: GraphRecorder): GenerativeModel {
  return { eosTokenIds: [], startDecoding: (prompts) => sessionOf(model, prompts, recorder) };
}

t.test("ids are the plain step's, greedy and drawn, when sequences end one by one", async (t) => {
  const recorder = pretend();
  for (const family of FAMILIES) {
    const model = tinyOf(family);
    const stops = (await generate(model, PROMPTS.pads, { maxNewTokens: NEW, eosId: null })).map((made) => made[4]);
    for (const sampling of [undefined, { seed: 3, topK: 20 }]) {
      const options = { maxNewTokens: NEW, eosId: stops, sampling };
      const made = await generate(fixedOf(model, recorder), PROMPTS.pads, options);
      t.same(made, await generate(model, PROMPTS.pads, options), family);
    }
  }
  t.ok(recorder.asked.filter((what) => what === 'replay').length > FAMILIES.length);
});

t.test('a step reads one small tensor back', async (t) => {
  const options = { maxNewTokens: NEW, eosId: null };
  const seen = await readBacks(() => generate(fixedOf(tinyOf('mistral'), pretend()), PROMPTS.pads, options));
  t.equal(seen.count, NEW);
});

/** Ids of both ways when something happens after some tokens, and what the recorder was asked for. */
async function whenChanged(
  model: LanguageModel,
  change: (undo: boolean) => void,
): Promise<[unknown, unknown, string[]]> {
  const run = async (decoder: GenerativeModel): Promise<number[][]> => {
    let heard = 0;
    const onToken = (): void => void (++heard === 6 && change(false));
    const ids = await generate(decoder, PROMPTS['one prompt'], { maxNewTokens: NEW, eosId: null, onToken });
    change(true);
    return ids;
  };
  const recorder = pretend();
  const plain = await run(model);
  return [await run(fixedOf(model, recorder)), plain, recorder.asked];
}

t.test('a model that is changed on the way goes on without the graph', async (t) => {
  const model = tinyOf('mistral');
  torch.manualSeed(4);
  const tuned = PeftModel.of(model);
  tuned.addAdapter('large', { r: 4, alpha: 64, targetModules: ['q_proj', 'v_proj'] });
  torch.noGrad(() => {
    for (const [name, weight] of model.namedParameters()) if (name.includes('lora_B')) weight.normal_();
  });
  const layer = model.getModule('model.layers.1.mlp.up_proj') as unknown as { weight: Tensor };
  const weight = layer.weight.detach();
  let hook: Disposable | undefined;
  const changes: Record<string, (undo: boolean) => void> = {
    'an adapter is switched off': (undo) => tuned.setAdapter(undo ? 'large' : null),
    'an adapter is merged': (undo) => (undo ? tuned.unmergeAdapter() : tuned.mergeAdapter()),
    'a weight is another tensor': (undo) => layer.weight.setData(undo ? weight : weight.neg()),
    'a hook is put on': (undo) => {
      hook?.[Symbol.dispose]();
      const silence = (_: unknown, __: unknown, out: Tensor): Tensor => out.mul(0);
      if (!undo) hook = model.getModule('model.layers.1.mlp').registerForwardHook(silence as never);
    },
  };
  for (const [name, change] of Object.entries(changes)) {
    const [fixed, plain, asked] = await whenChanged(model, change);
    t.same(fixed, plain, name);
    t.same(
      asked,
      ['warm', 'capture', ...Array.from({ length: 5 }, () => 'replay'), 'drop'],
      'the sixth is thrown away',
    );
  }
});

t.test('what cannot be captured is computed by plain steps', async (t) => {
  const model = tinyOf('mistral');
  const options = { maxNewTokens: NEW, eosId: null };
  const wanted = await generate(model, PROMPTS.pads, options);
  const failing = { ...pretend(), capture: () => { throw new Error('capture failed'); } }; // prettier-ignore
  t.same(await generate(fixedOf(model, failing), PROMPTS.pads, options), wanted);
  t.same(failing.asked, ['warm'], 'it is tried once');
});
