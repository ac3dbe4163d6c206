import t from 'tap';
import { join } from 'node:path';
import { generate } from '../../lib/models';
import type { Tensor } from '../../lib/torch';
import { loadModel, padLeft, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface Thinned {
  shape: number[];
  values: number[];
}

interface Case {
  forward: { ids: number[][]; width: number; single: Thinned; padded: Thinned; paddedPlain: Thinned; last: Thinned[] };
  training: { loss: number; gradNorms: Record<string, number> };
  greedy: number[][];
  eos: number;
  stopped: number[][];
}

// Made by test/parity/make_models.py with transformers.
const file = expected<{ stride: number; prompts: string[]; tiny: Case; tied: Case }>('models');
const folder = (name: string): string => join(__dirname, '..', 'parity', 'models', name);

/** The largest distance from transformers' logits; NaN when shapes differ. */
function distance(logits: Tensor, wanted: Thinned): number {
  const thin = logits.slice(-1, 0, null, file.stride);
  return String(thin.shape) === String(wanted.shape) ? largestDifference(numbers(thin), wanted.values) : NaN;
}

const column = (ids: number[]): Tensor => torch.tensor([ids]);

for (const name of ['tiny', 'tied'] as const) {
  t.test(name, async (t) => {
    const { forward, training, greedy, eos, stopped } = file[name];
    const model = loadModel(folder(name), { dtype: 'float32' });
    const near = (logits: Tensor, wanted: Thinned, what: string) => {
      const far = distance(logits, wanted);
      t.ok(far < 2e-5, `${what}: ${far.toExponential(1)} from transformers`);
    };

    t.equal(
      model.parameters().some((parameter) => parameter.requiresGrad),
      false,
      'frozen as loaded',
    );
    near(model.call(column(forward.ids[0])), forward.single, 'one prompt, every position');
    const { ids, attentionMask } = padLeft(forward.ids.slice(0, 3), { length: forward.width });
    near(model.call(ids, { attentionMask }), forward.padded, 'padded on the left, pads included');
    const positions = torch.arange(forward.width).unsqueeze(0);
    near(model.call(ids, { attentionMask, positions }), forward.paddedPlain, 'padded, positions counting the pads');
    forward.ids.forEach((prompt, i) => {
      near(
        model.call(column(prompt), { lastTokenOnly: true }).view([-1]),
        forward.last[i],
        `last token of prompt ${i}`,
      );
    });

    for (const batchSize of [1, 2, 5]) {
      t.same(
        await generate(model, forward.ids, { maxNewTokens: 24, eosId: null, batchSize }),
        greedy,
        `greedy, batches of ${batchSize}`,
      );
      t.same(
        await generate(model, forward.ids, { maxNewTokens: 24, eosId: eos, batchSize }),
        stopped,
        `with a stop token`,
      );
    }

    model.requiresGrad_(true);
    const batch = padLeft(forward.ids.slice(0, 3));
    const logits = model.call(batch.ids, { attentionMask: batch.attentionMask });
    const real = (batch.attentionMask as Tensor).slice(1, 0, -1).eq(0);
    const target = batch.ids.slice(1, 1).maskedFill(real, -100);
    const loss = torch.crossEntropyLoss(logits.slice(1, 0, -1).flatten(0, 1), target.flatten());
    t.ok(Math.abs(loss.item() - training.loss) < 1e-5, 'training loss');
    loss.backward();
    const norms = model.namedParameters().map(([key, { grad }]) => [key, grad ? grad.norm().item() : NaN] as const);
    t.same(norms.map(([key]) => key).sort(), Object.keys(training.gradNorms).sort(), 'same parameters');
    for (const [key, norm] of norms) {
      const wanted = training.gradNorms[key];
      t.ok(Math.abs(norm - wanted) <= 1e-4 * wanted + 1e-7, `gradient of ${key}: ${norm} and ${wanted}`);
    }
  });
}
