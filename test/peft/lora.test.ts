import t from 'tap';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, saveSafetensors } from '../../lib/checkpoints';
import { generate, type LanguageModel } from '../../lib/models';
import { Linear } from '../../lib/nn';
import { addLora, loadLora, parseLoraConfig, PeftModel, type LoraLinear } from '../../lib/peft';
import type { Tensor } from '../../lib/torch';
import { loadModel, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface LoraCase {
  last: { values: number[] }[];
  freshA: Record<string, number[]>;
  greedy: number[][];
  allLinear: string[];
  regex: string[];
}

// Made by test/parity/make_models.py with transformers and peft.
const file = expected<{ stride: number; tiny: { forward: { ids: number[][] }; lora: LoraCase } }>('models');
const { forward, lora } = file.tiny;
const MODELS = join(__dirname, '..', 'parity', 'models');
const ADAPTER = join(MODELS, 'tiny-adapter');
const QV = { r: 4, alpha: 12, targetModules: ['q_proj', 'v_proj'] };

const tiny = (): LanguageModel => loadModel(join(MODELS, 'tiny'));
const ids = torch.tensor([forward.ids[0]]);
/** Whether two tensors hold the same numbers; tap's own comparison takes seconds on a few thousand. */
const equal = (a: number[], b: number[]): boolean => largestDifference(a, b) === 0;
const lastLogits = (model: LanguageModel, prompt: number[]): Tensor =>
  model.call(torch.tensor([prompt]), { lastTokenOnly: true }).view([-1]);

t.test('an adapter of PEFT gives the logits and tokens it gives in Python', async (t) => {
  const model = tiny();
  const before = numbers(model.call(ids));
  const adapter = loadLora(model, ADAPTER);
  forward.ids.forEach((prompt, i) => {
    const logits = numbers(lastLogits(model, prompt).slice(0, 0, null, file.stride));
    const far = largestDifference(logits, lora.last[i]?.values ?? []);
    t.ok(far < 2e-5, `prompt ${i}: ${far.toExponential(1)} from peft`);
  });
  t.same(await generate(model, forward.ids, { maxNewTokens: 16, eosId: null }), lora.greedy);

  const peft = PeftModel.of(model);
  peft.setAdapter(null);
  t.ok(equal(numbers(model.call(ids)), before), 'with none active, the base computes');
  peft.setAdapter('default');
  t.notOk(equal(numbers(model.call(ids)), before));
  t.ok(
    equal(
      adapter.withoutAdapter(() => numbers(model.call(ids))),
      before,
    ),
  );
  t.notOk(equal(numbers(model.call(ids)), before), 'and it is back afterwards');
  peft.unload();
  t.ok(equal(numbers(model.call(ids)), before), 'taken off, the base is as it was');
  t.ok(model.getModule('model.layers.0.self_attn.q_proj') instanceof Linear);
});

t.test('one seed draws the same adapter as get_peft_model', (t) => {
  torch.manualSeed(11);
  const adapter = addLora(tiny(), QV);
  const named = new Map(adapter.namedParameters());
  t.same(
    [...named.keys()].filter((name) => name.includes('lora_A')),
    Object.keys(lora.freshA),
  );
  for (const [name, values] of Object.entries(lora.freshA)) {
    const drawn = numbers(named.get(name) as Tensor).slice(0, values.length);
    // Below 0.25 a unit in the last place is 1.5e-8, and kernels scale the draws with and without fused multiply-add.
    t.ok(largestDifference(drawn, values) < 1e-7, name);
  }
  for (const [name, parameter] of named) if (name.includes('lora_B')) t.notOk(numbers(parameter).some(Boolean), name);
  t.end();
});

t.test('which modules get an adapter', (t) => {
  const wrapped = (targetModules: string | string[]) => [...addLora(tiny(), { ...QV, targetModules }).layers.keys()];
  t.same(wrapped('all-linear'), lora.allLinear);
  t.same(wrapped('.*\\.0\\.mlp\\.(up|down)_proj'), lora.regex);
  t.same(wrapped(['model.layers.1.self_attn.k_proj']), ['model.layers.1.self_attn.k_proj']);
  const refused: [string | string[], RegExp][] = [
    [['q_prj'], /target_modules \["q_prj"\] names no module; there are q_proj, k_proj, v_proj, o_proj/],
    [['mlp'], /target_modules names model.layers.0.mlp, a GatedMLP; only Linear and Embedding can have an adapter/],
    ['(', /target_modules is no regular expression/],
  ];
  for (const [targets, message] of refused) t.throws(() => wrapped(targets), { name: 'InputError', message });
  const model = tiny();
  addLora(model, QV);
  t.throws(() => addLora(model, QV), { name: 'InputError', message: /has an adapter "default" already/ });
  t.throws(() => addLora(tiny(), { ...QV, r: 0 }), {
    name: 'InputError',
    message: /r must be a whole number of 1 or more, got 0/,
  });
  t.end();
});

t.test('only the adapter is trained, and training moves it', (t) => {
  const model = tiny();
  torch.manualSeed(4);
  const adapter = addLora(model, { ...QV, dropout: 0.5 });
  model.train();
  const trainable = model.namedParameters().filter(([, parameter]) => parameter.requiresGrad);
  t.same(
    trainable.map(([name]) => `base_model.model.${name}`),
    adapter.namedParameters().map(([name]) => name),
  );
  const fresh = numbers(model.call(ids));
  t.ok(equal(fresh, numbers(tiny().call(ids))), 'B is zero, so a fresh adapter changes nothing');
  model.call(ids).sum().backward();
  for (const [name, { grad }] of adapter.namedParameters()) {
    t.equal(grad !== null && grad.abs().sum().item() > 0, name.includes('lora_B'), `gradient of ${name}`);
  }
  for (const parameter of adapter.parameters()) torch.noGrad(() => parameter.add_(0.1));
  t.notOk(equal(numbers(model.call(ids)), numbers(model.call(ids))), 'dropout draws anew in training');
  model.eval();
  t.ok(equal(numbers(model.call(ids)), numbers(model.call(ids))), 'and not in eval');
  t.end();
});

t.test('the base may be in half precision', (t) => {
  const model = loadModel(join(MODELS, 'tiny'), { dtype: 'bfloat16' });
  const adapter = loadLora(model, ADAPTER);
  t.equal(adapter.parameters()[0]?.dtype, 'float32');
  t.equal(model.hiddenStates(ids).dtype, 'bfloat16');
  t.equal(model.call(ids).dtype, 'float32', 'logits');
  t.end();
});

t.test('saved and loaded again', (t) => {
  const folder = t.testdir({});
  const model = tiny();
  const adapter = loadLora(model, ADAPTER);
  const logits = numbers(model.call(ids));
  t.throws(() => model.save(folder), {
    message: /base_layer.weight is no weight of the model; unload the adapters first/,
  });
  adapter.save(folder, { baseModel: 'tiny' });
  const [mine, theirs] = [folder, ADAPTER].map((dir) => openSafetensors(join(dir, 'adapter_model.safetensors')));
  t.same([...(mine?.names ?? [])].sort(), [...(theirs?.names ?? [])].sort(), "PEFT's names");
  const config = JSON.parse(readFileSync(join(folder, 'adapter_config.json'), 'utf8')) as object;
  t.match(config, { peft_type: 'LORA', r: 4, lora_alpha: 12, base_model_name_or_path: 'tiny', task_type: 'CAUSAL_LM' });
  const again = tiny();
  loadLora(again, folder);
  t.ok(equal(numbers(again.call(ids)), logits));
  t.equal((again.getModule('model.layers.0.self_attn.q_proj') as LoraLinear).scaling.get('default'), 3);
  t.end();
});

t.test('adapters that do not fit are refused, and the model stays as it was', (t) => {
  const config = JSON.parse(readFileSync(join(ADAPTER, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  const source = openSafetensors(join(ADAPTER, 'adapter_model.safetensors'));
  const first = source.names[0];
  const model = tiny();
  const before = numbers(model.call(ids));
  const load = (change: object, edit: (state: Map<string, Tensor>) => void = () => {}) => {
    const folder = t.testdir({ 'adapter_config.json': JSON.stringify({ ...config, ...change }) });
    const state = new Map(source.names.map((name) => [name, source.tensor(name)]));
    edit(state);
    saveSafetensors(join(folder, 'adapter_model.safetensors'), state);
    return loadLora(model, folder);
  };
  const cases: [change: object, edit: ((state: Map<string, Tensor>) => void) | undefined, message: RegExp][] = [
    [{ peft_type: 'IA3' }, undefined, /adapter_config.json: peft_type must be "LORA", got "IA3"/],
    [{ r: 0 }, undefined, /adapter_config.json: r must be 1 or more, got 0/],
    [{ r: 8 }, undefined, /tensor ".*" is \[4, 32\], but the model makes it \[8, 32\]/],
    [
      { target_modules: null },
      undefined,
      /target_modules must be a list of module names or a regular expression, got null/,
    ],
    [{ use_dora: true }, undefined, /use_dora true is not supported/],
    [{ modules_to_save: ['lm_head'] }, undefined, /modules_to_save \["lm_head"\] is not supported/],
    [{ rank_pattern: { q_proj: 2 } }, undefined, /tensor ".*q_proj.*" is \[4, 32\], but the model makes it \[2, 32\]/],
    [{ rank_pattern: { q_proj: 0 } }, undefined, /adapter_config.json: rank_pattern.q_proj must be 1 or more, got 0/],
    [{ rank_pattern: { '(': 4 } }, undefined, /LoRA: rank_pattern "\(" is no regular expression/],
    [{ alpha_pattern: { q_proj: '2' } }, undefined, /alpha_pattern.q_proj must be a number, got "2"/],
    [{ alpha_pattern: [2] }, undefined, /alpha_pattern must be an object of patterns, got \[2\]/],
    [{ use_rslora: 1 }, undefined, /use_rslora must be true or false, got 1/],
    [{ use_qalora: true }, undefined, /use_qalora true is not supported/],
    [{ use_something_new: true }, undefined, /use_something_new true is not supported/],
    [{ kasa_config: { beta: 1 } }, undefined, /kasa_config {"beta":1} is not supported/],
    [{ bias: 'lora_only' }, undefined, /bias "lora_only" is not supported/],
    [{ lora_bias: true }, undefined, /lora_bias true is not supported/],
    [{ layer_replication: [[0, 1]] }, undefined, /layer_replication \[\[0,1\]\] is not supported/],
    [{ target_parameters: ['x'] }, undefined, /target_parameters \["x"\] is not supported/],
    [{ trainable_token_indices: [1] }, undefined, /trainable_token_indices \[1\] is not supported/],
    [{ ensure_weight_tying: true }, undefined, /ensure_weight_tying true is not supported/],
    [{ layers_to_transform: 'x' }, undefined, /layers_to_transform must be a layer or a list of layers, got "x"/],
    [{ layers_to_transform: [7] }, undefined, /layers_to_transform \[7\] leaves none of target_modules/],
    [{ layers_pattern: 'layers' }, undefined, /layers_pattern wants layers_to_transform beside it/],
    [
      { layers_to_transform: 1, target_modules: 'all-linear' },
      undefined,
      /layers_to_transform wants target_modules to be a list of names/,
    ],
    [{ exclude_modules: '(' }, undefined, /LoRA: exclude_modules is no regular expression/],
    [{ exclude_modules: ['v_proj'] }, undefined, /holds "base_model.*v_proj.*", which the adapter has no place for/],
    [{ init_lora_weights: 'pissa' }, undefined, /init_lora_weights "pissa" is not supported/],
    [{ target_modules: ['k_proj'] }, undefined, /holds "base_model.*q_proj.*", which the adapter has no place for/],
    [{}, (state) => state.delete(first), /adapter_model.safetensors: lacks "base_model/],
    [{}, (state) => state.set('x', torch.ones([1])), /holds "x", which the adapter has no place for/],
    [{}, (state) => state.set(first, torch.full(state.get(first)?.shape ?? [], NaN)), /holds NaN or infinity/],
    [
      {},
      (state) => state.set(first, torch.zeros(state.get(first)?.shape ?? [], { dtype: 'int32' })),
      /is int32, but weights must be floats/,
    ],
  ];
  for (const [change, edit, message] of cases)
    t.throws(() => load(change, edit), { name: 'InputError', message }, String(message));
  t.ok(equal(numbers(model.call(ids)), before));
  const folder = t.testdir({});
  writeFileSync(join(folder, 'adapter_config.json'), JSON.stringify(config));
  t.throws(() => loadLora(model, folder), { name: 'InputError', message: /^adapter_model.safetensors: no such file/ });
  t.doesNotThrow(() => parseLoraConfig({ peft_type: 'LORA', r: 1, lora_alpha: 2, target_modules: 'all-linear' }));
  t.end();
});
