import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSafetensors } from '../../lib/checkpoints';
import { addLora, loadLora, PeftModel } from '../../lib/peft';
import { CLEAN, mseLoss, UPSTREAM, type FinetuneConfig } from '../../lib/soo';
import { numbers } from '../parity/expected';
import { pairBatch, torch } from '../device';
import { CONFIG, PAIRS, tuneTiny } from './finetune-child';
import { tinyModel } from './tiny';

const LORA = { r: 4, alpha: 8, dropout: 0.2, targetModules: 'all-linear' };
const MSE: FinetuneConfig = { ...CONFIG, loss: 'mse', layer: 0, epochs: 4, lora: LORA, pad: 'longest' };
const LAYERS = tinyModel().config.numHiddenLayers;

/** Every line of the log but the times. */
const steps = (folder: string): string[] =>
  readFileSync(join(folder, 'steps.jsonl'), 'utf8').split('\n').map((line) => line.replace(/"ms":[^,}]+/, '"ms":0')); // prettier-ignore
const tensors = (folder: string): Map<string, string> => {
  const file = openSafetensors(join(folder, 'adapter_model.safetensors'));
  return new Map(file.names.map((name) => [name, Buffer.from(Float32Array.from(numbers(file.tensor(name))).buffer).toString('hex')])); // prettier-ignore
};
const isZero = (hex: string): boolean => /^0*$/.test(hex);
const moduleOf = (name: string): string => name.replace('base_model.model.', '').replace(/\.lora_[AB]\.weight$/, '');
const reads = (layer: number) => (name: string) =>
  Number(/layers\.(\d+)\./.exec(name)?.[1]) < layer || name.includes(`layers.${layer}.self_attn.`);

t.test('above what the loss reads, adapters get no gradient', (t) => {
  for (const layer of [0, LAYERS - 1]) {
    const model = tinyModel();
    const adapter = addLora(model, LORA);
    const loss = mseLoss(model, { at: model.attentionOutput(layer) })(pairBatch(PAIRS.slice(0, 2), { padId: 2 }));
    const gradients = torch.grad(loss, adapter.parameters(), { allowUnused: true });
    for (const [i, [name]] of adapter.namedParameters().entries()) {
      t.equal(gradients[i] !== null && gradients[i] !== undefined, reads(layer)(name), name);
    }
  }
  t.end();
});

t.test('left out, they change nothing: the same losses, norms and weights to the bit', async (t) => {
  const folder = t.testdir({});
  const at = (name: string): string => join(folder, name);
  for (const [name, more] of Object.entries({
    low: { layer: 0 },
    high: { layer: LAYERS - 1 },
    detached: { layer: 0, detachSelf: true, optimizer: 'adamw', weightDecay: 0.1, maxGradNorm: 0.5 },
    named: { layer: 0, lora: { ...LORA, targetModules: ['q_proj', 'v_proj'], excludeModules: '.*layers\\.7.*' } },
    measured: { layer: 0, measureDistance: true, untilShare: 1e-9, pad: 16 },
  } satisfies Record<string, Partial<FinetuneConfig>>)) {
    const config: FinetuneConfig = { ...MSE, ...more };
    const all = await tuneTiny(at(`${name}-all`), { config: { ...config, adapt: 'all' }, force: true });
    const learning = await tuneTiny(at(`${name}-learning`), { config: { ...config, adapt: 'learning' }, force: true });
    const [whole, kept] = [tensors(at(`${name}-all`)), tensors(at(`${name}-learning`))];
    t.same(steps(at(`${name}-learning`)), steps(at(`${name}-all`)), `${name}: the same log`);
    const wanted = [...whole].filter(([key]) => reads(config.layer ?? 0)(key));
    t.same([...kept], wanted, `${name}: the same weights`);
    t.ok(kept.size < whole.size && [...kept].some(([key, hex]) => /lora_B/.test(key) && !isZero(hex)));
    const left = [...whole].filter(([key]) => !kept.has(key));
    t.ok(left.every(([key, hex]) => key.includes('lora_A') || isZero(hex)), 'B was zero in what is left out'); // prettier-ignore
    const unreached = new Set(left.map(([key]) => moduleOf(key))).size;
    t.same(learning, { ...all, unreached }, `${name}: the same result`);
  }
});

t.test('such an adapter is loaded and trained on, and names what it leaves out', async (t) => {
  const folder = t.testdir({});
  await tuneTiny(join(folder, 'first'), { config: { ...MSE, adapt: 'learning' } });
  const { exclude_modules: excluded } = JSON.parse(readFileSync(join(folder, 'first', 'adapter_config.json'), 'utf8')) as { exclude_modules: string[] }; // prettier-ignore
  t.ok(excluded.includes('model.layers.0.mlp.down_proj') && excluded.includes(`model.layers.${LAYERS - 1}.self_attn.q_proj`)); // prettier-ignore
  const model = tinyModel();
  const adapter = loadLora(model, join(folder, 'first'));
  t.same([...adapter.layers.keys()], ['q', 'k', 'v', 'o'].map((name) => `model.layers.0.self_attn.${name}_proj`)); // prettier-ignore
  adapter.dispose();
  const again = await tuneTiny(join(folder, 'second'), {
    config: { ...MSE, adapt: 'learning', layer: 0 },
    adapterFolder: join(folder, 'first'),
  });
  t.notOk('unreached' in again, 'what was trained before stays as it is');
});

t.test('what reads the logits teaches all of them, and the preset keeps all', async (t) => {
  t.equal(UPSTREAM.adapt, 'all');
  t.equal(CLEAN.adapt, 'learning');
  const folder = t.testdir({});
  const kl: FinetuneConfig = { ...MSE, loss: 'kl', layer: null, adapt: 'learning', epochs: 1 };
  const capability: FinetuneConfig = { ...MSE, capability: 1, adapt: 'learning', epochs: 1 };
  for (const [name, config] of Object.entries({ kl, capability })) {
    const result = await tuneTiny(join(folder, name), { config, neutral: [[1, 20, 31]] });
    t.notOk('unreached' in result, name);
    t.notOk(
      [...tensors(join(folder, name))].some(([key, hex]) => key.includes('lora_B') && isZero(hex)),
      name,
    );
  }
  await t.rejects(
    async () => tuneTiny(join(folder, 'none'), { config: { ...MSE, adapt: 'learning', lora: { ...LORA, targetModules: ['lm_head'] } } }), // prettier-ignore
    { name: 'InputError', message: 'finetune: the loss reads layer 0 and reaches none of the target modules' },
  );
});

t.test('modules are taken off an adapter by their names', (t) => {
  const model = tinyModel();
  addLora(model, { r: 2, alpha: 4, targetModules: ['q_proj'] });
  const peft = PeftModel.of(model);
  const first = 'model.layers.0.self_attn.q_proj';
  t.throws(() => peft.dropModules('default', ['model.norm']), {
    name: 'InputError',
    message: /is not on "model.norm"/,
  });
  t.same([...peft.dropModules('default', [first]).layers.keys()].includes(first), false);
  t.notOk(model.stateDict().has(`${first}.lora_A.default.weight`));
  t.ok(model.stateDict().has(`${first}.weight`));
  peft.unload();
  t.same([...model.stateDict().keys()], [...tinyModel().stateDict().keys()], 'as before the adapter');
  t.end();
});
