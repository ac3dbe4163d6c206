import t from 'tap';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LanguageModel } from '../../lib/models';
import { capture } from '../../lib/nn';
import { addLora, type LoraAdapter } from '../../lib/peft';
import { capabilityLoss, klLoss, mseLoss, type PairBatch } from '../../lib/soo';
import type { StepRecord } from '../../lib/training';
import type { Tensor } from '../../lib/torch';
import { padLeft, pairBatch, torch } from '../device';
import { tinyModel } from './tiny';
import { CONFIG, tuneTiny } from './finetune-child';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const PAIRS = [
  { selfIds: [1, 2, 3, 4, 5], otherIds: [1, 2, 9, 4, 5] },
  { selfIds: [1, 2, 3, 8], otherIds: [7, 2, 9, 4, 5, 6] },
];
const LOSSES: Record<string, (model: LanguageModel) => (batch: PairBatch) => Tensor> = {
  kl: (model) => klLoss(model),
  'kl, self side held': (model) => klLoss(model, { detachSelf: true }),
  mse: (model) => mseLoss(model, { at: 'model.layers.1.self_attn.o_proj' }),
};
const bits = (tensor: Tensor | null): string =>
  tensor
    ? Buffer.from(new Uint8Array((tensor.detach().toTypedArray() as Float32Array).buffer)).toString('hex')
    : 'none';

function tiny(gradientCheckpointing: boolean): { model: LanguageModel; adapter: LoraAdapter } {
  const model = tinyModel();
  torch.manualSeed(1);
  const adapter = addLora(model, { r: 4, alpha: 8, dropout: 0.3, targetModules: 'all-linear' });
  torch.noGrad(() => adapter.parameters().forEach((parameter) => parameter.normal_(0, 0.05)));
  model.train();
  model.gradientCheckpointing = gradientCheckpointing;
  return { model, adapter };
}

t.test('losses and gradients are the same bits, dropout and all', (t) => {
  for (const [name, lossOf] of Object.entries(LOSSES)) {
    const [plain, checkpointed] = [false, true].map((on) => {
      const { model, adapter } = tiny(on);
      const [overlap, capability] = [lossOf(model), capabilityLoss(model, adapter)];
      const losses = [0, 1, 2].map(() =>
        torch.scope(() => {
          const loss = overlap(pairBatch(PAIRS)).add(capability(padLeft([[1, 2, 3, 4], [5, 6, 7]]))); // prettier-ignore
          loss.backward();
          return loss.item();
        }),
      );
      return { losses, gradients: adapter.parameters().map(({ grad }) => bits(grad)), random: bits(torch.rand([3])) };
    });
    t.same(checkpointed.losses, plain.losses, `${name}: losses`);
    t.equal(checkpointed.gradients.filter((gradient, i) => gradient !== plain.gradients[i]).length, 0, `${name}: gradients`); // prettier-ignore
    t.equal(checkpointed.random, plain.random, `${name}: the random numbers to come`);
  }
  t.end();
});

t.test('the whole model is trained with the same bits', (t) => {
  const [plain, checkpointed] = [false, true].map((on) => {
    const model = tinyModel().requiresGrad_(true);
    model.gradientCheckpointing = on;
    torch.scope(() => klLoss(model)(pairBatch(PAIRS)).backward());
    return model.parameters().map(({ grad }) => bits(grad));
  });
  t.equal(checkpointed.filter((gradient, i) => gradient !== plain[i]).length, 0);
  t.equal(checkpointed.filter((gradient) => gradient === 'none').length, 0);
  t.end();
});

t.test('layers are computed again, but for one that is looked into', (t) => {
  const { model } = tiny(true);
  let passes = 0;
  const mlp = model.getModule('model.layers.0.mlp');
  const forward = mlp.forward.bind(mlp);
  mlp.forward = (x) => (passes++, forward(x));
  const ids = torch.tensor([[1, 2, 3]]);
  model.call(ids).sum().backward();
  t.equal(passes, 2);
  torch.noGrad(() => model.call(ids));
  t.equal(passes, 3, 'without a graph once');
  using captured = capture(model, ['model.layers.0.mlp.down_proj']);
  model.call(ids).sum().backward();
  t.equal(passes, 4, 'with a hook once');
  t.ok(captured.activations.get('model.layers.0.mlp.down_proj')?.requiresGrad);
  t.end();
});

const adapterOf = (folder: string): string => readFileSync(join(folder, 'adapter_model.safetensors'), 'hex');
const lossesOf = (folder: string): number[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as StepRecord).loss);

t.test('a run ends in the same bytes with it, without it, and when resumed with the other', async (t) => {
  const base = { ...CONFIG, epochs: 3 };
  const checkpointing = { ...base, gradientCheckpointing: true };
  const [plain, whole, broken] = ['plain', 'whole', 'broken'].map((name) => join(t.testdir(), name));
  await tuneTiny(plain, { config: base });
  await tuneTiny(whole, { config: checkpointing });
  t.ok(adapterOf(whole) === adapterOf(plain), 'the same adapter');
  t.same(lossesOf(whole), lossesOf(plain));
  for (const [stopAt, config] of [
    [4, checkpointing],
    [11, base],
    [17, checkpointing],
  ] as const) {
    // prettier-ignore
    const controller = new AbortController();
    const onStep = ({ microBatch }: StepRecord): void => {
      if (microBatch >= stopAt) controller.abort(new Error('enough'));
    };
    await t.rejects(tuneTiny(broken, { resume: true, config, signal: controller.signal, onStep }), /enough/);
  }
  await tuneTiny(broken, { resume: true, config: checkpointing });
  t.ok(adapterOf(broken) === adapterOf(plain), 'the same adapter after three stops');
  t.same(lossesOf(broken), lossesOf(plain));
});
