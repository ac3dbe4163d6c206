/** A batch in pieces: the same losses and gradients, also where memory decides how many. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createModel, loadModel, parseConfig, type LanguageModel } from '../../lib/models';
import { finetune, readSteps, UPSTREAM, type FinetuneConfig, type FinetuneResult } from '../../lib/soo';
import { piecesOf, shareOf } from '../../lib/soo/share';
import { torch } from '../../lib/torch';
import type { StepRecord } from '../../lib/training';
import { buildStandIn, loadStandIn, type StandIn } from '../native/stand-in';
import { CONFIG, NEUTRAL, UNEVEN } from './finetune-child';
import { stepDifferences } from './step-differences';

torch.setNumThreads(1);

// A device has to be there before the first backward pass.
let standIn: StandIn;
t.before(async () => {
  await buildStandIn();
  standIn = loadStandIn();
});

const BASE: FinetuneConfig = { ...CONFIG, batch: 8, accumulate: 3, epochs: 3, lora: { ...CONFIG.lora, dropout: 0 } };

interface Tuned {
  result: FinetuneResult;
  steps: StepRecord[];
}

async function tuned(
  folder: string,
  model: LanguageModel,
  config: FinetuneConfig,
  more: Partial<Parameters<typeof finetune>[0]> = {},
): Promise<Tuned> {
  const given = { folder, model, pairs: UNEVEN, neutral: NEUTRAL, config, padId: 2, inputs: {}, origin: {} };
  const result = await finetune({ ...given, ...more });
  return { result, steps: readSteps(folder) };
}

const tiny = (): LanguageModel => loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'), { dtype: 'float32' });

/** Of a llama's shape, with weights enough for a fifth of them to hold what is computed for a pair or two. */
function wide(): LanguageModel {
  const sizes = { vocab_size: 4096, hidden_size: 256, intermediate_size: 768, num_hidden_layers: 3 };
  const heads = { num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 64, rms_norm_eps: 1e-5 };
  torch.manualSeed(1);
  return createModel(parseConfig({ model_type: 'llama', ...sizes, ...heads, hidden_act: 'silu' })).requiresGrad_(false);
}

const CASES: Record<string, Partial<FinetuneConfig>> = {
  kl: { dropLeftover: true },
  'mse, clipped': { loss: 'mse', layer: 1, positions: 'real', pad: 'longest', maxGradNorm: 0.05, overlapUnit: 'start' },
  'differing, capability': { loss: 'mse', layer: 1, positions: 'differing', capability: 2, documentsPerBatch: 3, pad: 'longest' }, // prettier-ignore
  'next tokens': { loss: 'lm', pad: 'longest' },
};

t.test('three pairs at once give the numbers of the whole batch', async (t) => {
  const model = tiny();
  for (const [name, more] of Object.entries(CASES)) {
    const folder = t.testdir({});
    const whole = await tuned(join(folder, 'whole'), model, { ...BASE, ...more });
    const pieces = await tuned(join(folder, 'pieces'), model, { ...BASE, ...more, microBatch: 3 });
    t.same(stepDifferences(whole.steps, pieces.steps, 1e-6), [], name);
    t.same(pieces.steps.slice(0, 2).map((step) => step.pieces), [3, 2], 'of 8 pairs and of 5'); // prettier-ignore
    t.notOk(whole.steps.some((step) => 'pieces' in step));
    t.ok(Math.abs((whole.result.distance?.start ?? 0) - (pieces.result.distance?.start ?? 0)) <= 1e-6);
  }
});

t.test('pieces', (t) => {
  const batch = { pairs: UNEVEN.slice(0, 3), documents: NEUTRAL };
  const kl = { ...BASE, capability: 1 };
  t.equal(piecesOf(batch, kl, 1)[0], batch, 'one piece is the batch itself');
  for (const count of [2, 4, 64]) {
    const pieces = piecesOf(batch, kl, count);
    t.equal(pieces.length, Math.min(count, 4), 'as many as there are documents, the most of both');
    for (const what of ['overlap', 'capability'] as const)
      t.ok(Math.abs(pieces.reduce((sum, { share }) => sum + (share?.[what] ?? 0), 0) - 1) < 1e-12, `${what} adds up`);
  }
  const own = shareOf(batch, kl, { rank: 1, size: 2, microBatch: 7 });
  const halves = piecesOf(own, kl, 2);
  t.same(halves.map(({ share }) => share?.seed), [own.share.seed, undefined], "a rank's draws are seeded once"); // prettier-ignore
  const overlap = halves.reduce((sum, { share }) => sum + (share?.overlap ?? 0), 0);
  t.ok(Math.abs(overlap - own.share.overlap) < 1e-12, "a rank's pieces are its share");
  t.end();
});

t.test('a device of 1.2 times the model', async (t) => {
  const model = wide().to(torch.device('standin:0'));
  const limit = Math.round(1.2 * torch.device('standin:0').memory().allocated);
  await t.test('collects, halves, and finishes with the same losses', (t) => halved(t, model, limit));
  await t.test('goes on with as many pieces to the bit, also where there is more room', (t) => goneOn(t, model, limit));
});

const LITTLE: FinetuneConfig = {
  ...BASE,
  ...{ batch: 13, microBatch: 'auto', pad: 'longest', measureDistance: true },
};

async function halved(t: Test, model: LanguageModel, limit: number): Promise<void> {
  const folder = t.testdir({});
  const whole = await tuned(join(folder, 'whole'), model, LITTLE);
  t.notOk(whole.steps.some((step) => 'pieces' in step), 'with room enough a batch is computed as a whole'); // prettier-ignore
  standIn.setLimit(0, limit);
  const little = await tuned(join(folder, 'little'), model, LITTLE);
  standIn.setLimit(0, 0);
  t.ok(little.steps.some(({ pieces = 1 }) => pieces > 1), 'it did not fit as a whole'); // prettier-ignore
  t.same(stepDifferences(whole.steps, little.steps, 1e-6), []);
}

async function goneOn(t: Test, model: LanguageModel, limit: number): Promise<void> {
  const folder = t.testdir({});
  const [unbroken, broken] = [join(folder, 'unbroken'), join(folder, 'broken')];
  const config = { ...LITTLE, lora: UPSTREAM.lora };
  standIn.setLimit(0, limit);
  const whole = await tuned(unbroken, model, config);
  const controller = new AbortController();
  const onStep = ({ microBatch }: StepRecord): void => {
    if (microBatch === 1) controller.abort(new Error('asked to stop'));
  };
  await t.rejects(tuned(broken, model, config, { signal: controller.signal, onStep }), { message: 'asked to stop' });
  standIn.setLimit(0, 0);
  const on = await tuned(broken, model, config, { resume: true });
  const untimed = (steps: readonly StepRecord[]): object[] => steps.map((step) => ({ ...step, ms: 0 }));
  t.same(untimed(on.steps), untimed(whole.steps));
  const adapter = (name: string): string => readFileSync(join(name, 'adapter_model.safetensors'), 'hex');
  t.ok(adapter(broken) === adapter(unbroken), 'the same adapter');
}

t.test('what cannot be split is refused', async (t) => {
  const config = { ...BASE, variance: 1, microBatch: 'auto' as const };
  await t.rejects(tuned(join(t.testdir({}), 'run'), tiny(), config), {
    message: 'finetune: variance compares all prompts of a batch with each other: wanted it as a whole, got microBatch auto', // prettier-ignore
  });
});
