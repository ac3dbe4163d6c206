import t from 'tap';
import { createModel, KvCache, type LanguageModel, SharedPads } from '../../lib/models';
import { addLora } from '../../lib/peft';
import type { Tensor } from '../../lib/torch';
import { padLeft, placed, torch } from '../device';
import { largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

const SHAPE = {
  modelType: 'mistral',
  vocabSize: 50,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 64,
};
const PROMPTS = [
  [3, 4, 5, 6, 7],
  [8, 9],
  [10, 11, 12, 13],
];
const REAL = 11;

/** LoRA in every layer, so that what a pad's row sends back reaches an adapter. */
function tuned(): { model: LanguageModel; gradients: (loss: Tensor) => number[][] } {
  torch.manualSeed(5);
  const model = placed(createModel(SHAPE)).requiresGrad_(false);
  const adapter = addLora(model, { r: 2, alpha: 4, dropout: 0, targetModules: 'all-linear' });
  const parameters = adapter.namedParameters().map(([, parameter]) => parameter);
  torch.noGrad(() => parameters.forEach((parameter) => parameter.normal_(0, 0.3)));
  return { model, gradients: (loss) => torch.grad(loss, parameters).map((gradient) => numbers(gradient as Tensor)) };
}

t.test('a pass with shared pads gives what the padded one gives, pads included, and the same gradients', async (t) => {
  const { model, gradients } = tuned();
  const { ids, attentionMask } = padLeft(PROMPTS);
  const shared = SharedPads.of(attentionMask);
  const [padded, sharing] = [undefined, shared].map((sharedPads) => model.call(ids, { attentionMask, sharedPads }));
  t.same(sharing.shape, [3, 5, 50]);
  t.ok(largestDifference(numbers(sharing), numbers(padded)) < 1e-6);
  const weights = torch.randn(padded.shape);
  const [wanted, got] = [padded, sharing].map((logits) => gradients(logits.mul(weights).sum()));
  t.ok(wanted.every((gradient) => gradient.some((x) => Math.abs(x) > 1e-3)));
  t.ok(Math.max(...wanted.map((gradient, i) => largestDifference(got[i], gradient))) < 1e-5);

  const last = model.call(ids, { attentionMask, sharedPads: shared, lastTokenOnly: true });
  t.ok(largestDifference(numbers(last), numbers(padded.narrow(1, 4, 1))) < 1e-6);
});

t.test('modules inside meet one row for each real token and one for all pads', async (t) => {
  const { model } = tuned();
  const { ids, attentionMask } = padLeft(PROMPTS);
  const shapes: string[] = [];
  for (const name of ['model.layers.0.mlp', 'model.layers.1.self_attn.q_proj', 'lm_head'])
    model.getModule(name).registerForwardHook((_, __, output) => void shapes.push(String((output as Tensor).shape)));
  model.call(ids, { attentionMask, sharedPads: SharedPads.of(attentionMask) });
  t.same(shapes, [`1,${REAL + 1},16`, `1,${REAL + 1},16`, `1,${REAL + 1},50`]);
});

t.test('there is nothing to share without pads, and no sharing with a cache', async (t) => {
  t.equal(SharedPads.of(undefined), undefined);
  t.equal(SharedPads.of(torch.ones([2, 3])), undefined);
  const { model } = tuned();
  const { ids, attentionMask } = padLeft(PROMPTS);
  using cache: KvCache = model.makeCache(3, 8);
  const sharedPads = SharedPads.of(attentionMask);
  t.throws(() => model.call(ids, { attentionMask, sharedPads, cache }), /cache cannot share pads/);
});
