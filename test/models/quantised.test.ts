import { createHash } from 'node:crypto';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openSafetensors, saveSafetensors } from '../../lib/checkpoints';
import { streamGenerate, type LanguageModel } from '../../lib/models';
import { Linear, Linear4bit, quantise } from '../../lib/nn';
import { addLora, loadLora, PeftModel } from '../../lib/peft';
import type { Tensor } from '../../lib/torch';
import { loadModel, placed, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

// Made by test/parity/make_quantised.py with transformers, PEFT and bitsandbytes.
const written = expected<{
  ids: number[][];
  double: { logits: number[]; lora: { loss: number; gradNorms: Record<string, number> } };
  plain: { logits: number[] };
  fp8: Record<string, string>;
  mxfp4: Record<string, string>;
}>('quantised');
const folder = (name: string): string => join(__dirname, '..', 'parity', 'models', name);
const ids = torch.tensor(written.ids);

const lastLogits = (model: LanguageModel): number[] =>
  torch.noGrad(() => numbers(model.call(ids).select(1, ids.size(1) - 1)));

const digest = (tensor: Tensor): string =>
  createHash('sha256')
    .update(tensor.contiguous().view('uint8').toTypedArray() as Uint8Array)
    .digest('hex')
    .slice(0, 16);

const fourBitNames = (model: LanguageModel): string[] =>
  model.namedModules().flatMap(([name, module]) => (module instanceof Linear4bit ? [name] : []));

t.test(
  'checkpoints of bitsandbytes compute as there, magnitudes quantised or not, codes in bfloat16 too',
  async (t) => {
    for (const name of ['double', 'plain'] as const) {
      const model = loadModel(folder(`nf4-${name}`));
      const far = largestDifference(lastLogits(model), written[name].logits);
      t.ok(far < 1e-4, `${name}: ${far.toExponential(1)} from transformers`);
    }
    const plain = fourBitNames(loadModel(folder('nf4-plain')));
    t.equal(plain.length, 13, 'one is skipped');
    t.notOk(plain.includes('model.layers.0.mlp.up_proj'));
  },
);

t.test('what is quantised while it is read is what transformers writes, and is written back so', async (t) => {
  const wanted = openSafetensors(join(folder('nf4-double'), 'model.safetensors'));
  const model = loadModel(folder('nf4-source'), { quantize: 'nf4', dtype: 'float32' });
  const far = largestDifference(lastLogits(model), written.double.logits);
  t.ok(far < 1e-4, `${far.toExponential(1)} from transformers`);
  const out = t.testdir({});
  model.save(out);
  const saved = openSafetensors(join(out, 'model.safetensors'));
  t.same([...saved.names].sort(), [...wanted.names].sort());
  for (const name of wanted.names) {
    // The source is bfloat16 here, and was float32 there.
    if (!name.includes('.quant_state.')) t.equal(digest(saved.tensor(name)), digest(wanted.tensor(name)), name);
  }
  const state = 'model.layers.0.self_attn.q_proj.weight.quant_state.bitsandbytes__nf4';
  const text = (file: typeof saved): string => Buffer.from(file.tensor(state).toTypedArray() as Uint8Array).toString();
  t.equal(text(saved).replace('bfloat16', 'float32'), text(wanted));
  t.same(lastLogits(loadModel(out)), lastLogits(model), 'read back');
  const again = t.testdir({ again: {} });
  loadModel(folder('nf4-double')).save(join(again, 'again'));
  const twice = openSafetensors(join(again, 'again', 'model.safetensors'));
  for (const name of wanted.names) t.equal(digest(twice.tensor(name)), digest(wanted.tensor(name)), `${name}, kept`);
});

t.test('LoRA on four bits has PEFT’s gradients, trains, and is not merged', async (t) => {
  const model = loadModel(folder('nf4-double'));
  const adapter = loadLora(model, folder('nf4-adapter'));
  const { loss: wantedLoss, gradNorms } = written.double.lora;
  torch.scope(() => {
    const logits = model.call(ids).slice(1, 0, ids.size(1) - 1);
    const loss = torch.crossEntropyLoss(logits.reshape([-1, 97]), ids.slice(1, 1).reshape([-1]));
    t.ok(Math.abs(loss.item<number>() - wantedLoss) < 1e-4);
    loss.backward();
    for (const [name, parameter] of adapter.namedParameters()) {
      const [norm, wanted] = [parameter.grad!.norm().item<number>(), gradNorms[name.replace('.default', '')]];
      t.ok(Math.abs(norm - wanted) <= 1e-3 * wanted, `${name}: ${norm}, PEFT ${wanted}`);
    }
  });
  t.throws(() => PeftModel.of(model).mergeAdapter(), /q_proj is of four bits, so that nothing can be merged into it/);
  adapter.dispose();
  t.equal(addLora(model, { r: 2, alpha: 4, dropout: 0, targetModules: 'all-linear' }).layers.size, 14);
});

t.test('generation, other dtypes and devices', async (t) => {
  const model = loadModel(folder('nf4-double'));
  const greedy = async (model: LanguageModel): Promise<number[]> => {
    const tokens: number[] = [];
    for await (const { token } of streamGenerate(model, written.ids, { maxNewTokens: 30, eosId: null }))
      tokens.push(token);
    return tokens;
  };
  const tokens = await greedy(model);
  t.equal(tokens.length, 60);
  const wide = loadModel(folder('nf4-double')).to('float64');
  const far = largestDifference(lastLogits(wide), written.double.logits);
  t.ok(far < 1e-4, `float64, by operators: ${far}`);
  t.equal(wide.stateDict().get('model.layers.0.mlp.up_proj.weight.nested_absmax')?.dtype, 'float32');
  const half = loadModel(folder('nf4-double'), { dtype: 'bfloat16' });
  t.equal(half.dtype, 'bfloat16');
  t.equal(half.call(ids).dtype, 'float32', 'logits, as for every model of half precision');
  t.ok(largestDifference(lastLogits(half), written.double.logits) < 0.2);
});

t.test('eight-bit floats and MXFP4 become the numbers that transformers makes of them', async (t) => {
  for (const name of ['fp8', 'mxfp4'] as const) {
    const model = loadModel(folder(name), { dtype: 'bfloat16' });
    const state = model.stateDict();
    for (const [weight, wanted] of Object.entries(written[name])) t.equal(digest(state.get(weight)!), wanted, weight);
    t.equal(fourBitNames(loadModel(folder(name), { quantize: 'nf4' })).length, 14);
  }
});

/** A copy of a model with changes to its tensors. */
function changed(
  t: { testdir(content: Record<string, never>): string },
  name: string,
  edit: (state: Map<string, Tensor>) => void,
) {
  const out = t.testdir({});
  cpSync(folder(name), out, { recursive: true });
  const file = openSafetensors(join(folder(name), 'model.safetensors'));
  const state = new Map(file.names.map((each) => [each, file.tensor(each)]));
  edit(state);
  saveSafetensors(join(out, 'model.safetensors'), state);
  return out;
}

t.test('pieces that are missing or do not fit are named', async (t) => {
  const q = 'model.layers.0.self_attn.q_proj.weight';
  const json = (state: object): Tensor => torch.tensor(Buffer.from(JSON.stringify(state)), { dtype: 'uint8' });
  const whole = { quant_type: 'nf4', blocksize: 64, dtype: 'float32', shape: [64, 64] };
  const set = (piece: string, value: Tensor) => (state: Map<string, Tensor>) => void state.set(q + piece, value);
  const cases: [name: string, edit: (state: Map<string, Tensor>) => void, message: RegExp][] = [
    ['nf4-double', (x) => x.delete(`${q}.absmax`), /has no tensor "model.layers.0.self_attn.q_proj.weight.absmax"/],
    ['nf4-double', set('.absmax', torch.ones([64])), /absmax" is float32 \[64\], but must be uint8 of 64/],
    ['nf4-double', set('.quant_map', torch.ones([16])), /quant_map holds other values than NF4's/],
    ['nf4-double', set('', torch.zeros([2047, 1], { dtype: 'uint8' })), /has 2047 bytes, but its quant_state makes it 2048/],
    ['nf4-double', set('.quant_state.bitsandbytes__nf4', json({ ...whole, quant_type: 'fp4' })), /quant_type must be "nf4", got "fp4"/],
    ['nf4-double', set('.quant_state.bitsandbytes__nf4', json({ ...whole, shape: [64, 65] })), /is \[64, 65\], but config.json makes it \[64, 64\]/],
    ['nf4-double', set('.quant_state.bitsandbytes__nf4', json({ ...whole, shape: [2 ** 31, 2 ** 31] })), /but config.json makes it \[64, 64\]/],
    ['nf4-double', set('.quant_state.bitsandbytes__nf4', torch.ones([4], { dtype: 'uint8' })), /not JSON|JSON/],
    ['fp8', (x) => x.set(`${q}_scale_inv`, torch.ones([3, 1])), /scale_inv" is \[3, 1\], which are not the scales of \[32, 32\]/],
    ['mxfp4', (x) => x.set(`${q}_scales`, torch.ones([31, 1], { dtype: 'uint8' })), /which are not the scales of uint8 \[32, 1, 16\]/],
    ['nf4-source', (x) => x.set(q, x.get(q)!.clone().fill_(NaN)), /q_proj.weight" ?:.*NaN or infinity/],
  ]; // prettier-ignore
  for (const [name, edit, message] of cases)
    t.throws(() => loadModel(changed(t, name, edit), { quantize: 'nf4' }), { name: 'InputError', message }, String(message)); // prettier-ignore
  const out = t.testdir({});
  cpSync(folder('nf4-double'), out, { recursive: true });
  const config = JSON.parse(readFileSync(join(out, 'config.json'), 'utf8')) as object;
  writeFileSync(join(out, 'config.json'), JSON.stringify({ ...config, quantization_config: { quant_method: 'awq' } }));
  t.throws(() => loadModel(out), /quant_method "awq" is not supported; read are bitsandbytes/);
});

t.test('progress counts the bytes of the files', async (t) => {
  for (const [name, quantize] of [
    ['nf4-double', undefined],
    ['nf4-source', 'nf4'],
  ] as const) {
    const seen: [number, number][] = [];
    loadModel(folder(name), { quantize, onProgress: (done, total) => seen.push([done, total]) });
    t.ok(seen.every(([done], i) => done > (seen[i - 1]?.[0] ?? 0)));
    t.equal(seen.at(-1)![0], seen.at(-1)![1]);
  }
});

t.test('a layer of four bits by itself', async (t) => {
  torch.manualSeed(2);
  for (const [inputs, outputs] of [
    [128, 40],
    [64, 17],
    [50, 24],
  ]) {
    const linear = new Linear(inputs, outputs);
    linear.requiresGrad_(false);
    const layer = placed(new Linear4bit(quantise(linear.weight), linear.bias!.clone()));
    placed(linear);
    const input = torch.randn([3, 2, inputs]).requiresGrad_(true);
    const output = layer.call(input);
    t.same(output.shape, [3, 2, outputs]);
    const off = output.sub(linear.call(input)).abs().max().item<number>();
    t.ok(off < 0.3, `near the layer it was made of: ${off}`);
    output.sum().backward();
    t.same(input.grad?.shape, input.shape);
    t.throws(() => layer.call(torch.ones([2, inputs + 1])), /Linear4bit: expected last dimension/);
  }
});
