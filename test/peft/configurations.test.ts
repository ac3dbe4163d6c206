import t from 'tap';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { saveSafetensors } from '../../lib/checkpoints';
import { loadModel } from '../../lib/models';
import { loadLora } from '../../lib/peft';
import { torch, type Tensor } from '../../lib/torch';
import { expected, largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

interface Case {
  config: object;
  tensors: Record<string, number[]>;
  copies: Record<string, string>;
  logits: number[][];
}

// Made by test/parity/make_peft_configs.py with transformers and peft.
const { stride, cases } = expected<{ stride: number; cases: Record<string, Case> }>('peft-configs');
const { ids } = expected<{ tiny: { forward: { ids: number[][] } } }>('models').tiny.forward;

/** What is refused, and what is said of it. */
const REFUSED: Record<string, RegExp> = {
  pissa: /init_lora_weights "pissa" is not supported/,
  olora: /init_lora_weights "olora" is not supported/,
  'lora-bias': /lora_bias true is not supported/,
  'bias-all': /bias "all" is not supported/,
  'bias-lora-only': /bias "lora_only" is not supported/,
  dora: /use_dora true is not supported/,
  'modules-to-save': /modules_to_save \["lm_head"\] is not supported/,
  'modules-to-save-embedding': /modules_to_save \["embed_tokens"\] is not supported/,
  'modules-to-save-norm': /modules_to_save \["norm"\] is not supported/,
  'token-indices': /trainable_token_indices \[1,2\] is not supported/,
  'token-indices-named': /trainable_token_indices .* is not supported/,
  'layer-replication': /layer_replication .* is not supported/,
  'target-parameters': /target_parameters .* is not supported/,
  qalora: /use_qalora true is not supported/,
  'ensure-weight-tying': /ensure_weight_tying true is not supported/,
};
for (const type of ['ia3', 'loha', 'lokr', 'oft', 'vera', 'adalora', 'prompt-tuning', 'prefix-tuning'])
  REFUSED[type] = /^adapter_config.json: peft_type must be "LORA", got "/;

/** The weights of make_peft_configs.py. */
function filled(shape: number[], k: number): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return torch.tensor(Float32Array.from({ length: count }, (_, i) => 0.2 * Math.sin(0.7 * i + k))).reshape(shape);
}

t.ok(Object.keys(cases).length >= 56);

for (const [name, { config, tensors, copies, logits }] of Object.entries(cases)) {
  t.test(name, (t) => {
    const model = loadModel(join(__dirname, '..', 'parity', 'models', name.startsWith('tied-') ? 'tied' : 'tiny'));
    const own = model.stateDict();
    const state = Object.keys(tensors)
      .sort()
      .map((key, k) => [key, copies[key] ? (own.get(copies[key]) as Tensor) : filled(tensors[key], k)] as const);
    const folder = t.testdir({ 'adapter_config.json': JSON.stringify(config) });
    saveSafetensors(join(folder, 'adapter_model.safetensors'), new Map(state), { format: 'pt' });
    const refusal = REFUSED[name];
    if (refusal) {
      t.throws(() => loadLora(model, folder), { name: 'InputError', message: refusal });
      return t.end();
    }
    const adapter = loadLora(model, folder);
    const got = torch.scope(() =>
      model.call(torch.tensor([ids[0]]), { lastTokenOnly: true }).slice(-1, 0, null, stride),
    );
    const far = largestDifference(numbers(got), logits[0]);
    t.ok(far < 2e-5, `logits within ${far.toExponential(1)}`);
    adapter.save(folder);
    t.same([...adapter.stateDict().keys()].sort(), Object.keys(tensors).filter((key) => !copies[key]).sort()); // prettier-ignore
    return t.end();
  });
}

t.test('a weight of the base that is another one than the model has is refused by its name', (t) => {
  const { config, tensors } = cases['lm-head'];
  const folder = t.testdir({});
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
  const state = Object.keys(tensors).map((key, k) => [key, filled(tensors[key], k)] as const);
  saveSafetensors(join(folder, 'adapter_model.safetensors'), new Map(state), { format: 'pt' });
  const model = loadModel(join(__dirname, '..', 'parity', 'models', 'tiny'));
  t.throws(() => loadLora(model, folder), {
    name: 'InputError',
    message: /"base_model.model.lm_head.base_layer.weight" is another weight than the model's own/,
  });
  t.end();
});
