import t from 'tap';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors } from '../../lib/checkpoints';
import type { LanguageModel } from '../../lib/models';
import { Linear } from '../../lib/nn';
import { addLora, loadLora, PeftModel, type LoraAdapter, type LoraConfig } from '../../lib/peft';
import { patternFinder } from '../../lib/peft/target-modules';
import { pythonPattern } from '../../lib/peft/python-pattern';
import { loadModel, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface Case {
  fresh: Record<string, number[]>;
  last: number[][];
  /** Rank and scaling of each wrapped layer. */
  shapes: Record<string, [number, number]>;
  merged: { last: number[][]; weights: Record<string, number[]> };
  mergedHalf: Record<string, number[]>;
}

// Made by test/parity/make_peft.py with transformers and peft.
const file = expected<{
  stride: number;
  cases: Record<string, Case>;
  sideBySide: { active: string; trained: string[] } & Record<'a' | 'b' | 'none', number[][]>;
  modules: string[];
  expressions: { expression: string; whole: boolean[]; end: boolean[] }[];
}>('peft');
const { ids } = expected<{ tiny: { forward: { ids: number[][] } } }>('models').tiny.forward;
const MODELS = join(__dirname, '..', 'parity', 'models');
const folder = (name: string): string => join(MODELS, `peft-${name}`);
const tiny = (dtype: 'float32' | 'bfloat16' = 'float32'): LanguageModel => loadModel(join(MODELS, 'tiny'), { dtype });

/** The settings of make_peft.py, as they are written here. */
const CONFIGS: Record<string, LoraConfig> = {
  patterns: {
    ...{ r: 4, alpha: 12, targetModules: ['q_proj', 'v_proj', 'up_proj'] },
    rankPattern: { 'layers.0.self_attn.q_proj': 2, '(v|up)_proj': 6 },
    alphaPattern: { '^model.layers.1.self_attn.q_proj': 3, up_proj: 20 },
  },
  regex: {
    ...{ r: 4, alpha: 8, targetModules: '.*\\.(?P<layer>1)\\.(?:self_attn|mlp)\\.(o|down)_proj', useRslora: true },
    rankPattern: { down_proj: 9 },
  },
  'all-linear': { r: 2, alpha: 5, targetModules: 'all-linear', excludeModules: '.*\\.1\\.self_attn\\.k_proj' },
  layers: {
    ...{ r: 3, alpha: 6, targetModules: ['q_proj', 'gate_proj', 'model.layers.0.mlp.down_proj'] },
    ...{ layersToTransform: [1], layersPattern: 'layers' },
  },
};

const last = (model: LanguageModel): number[][] =>
  ids.map((prompt) =>
    numbers(
      torch.scope(() => model.call(torch.tensor([prompt]), { lastTokenOnly: true }).slice(-1, 0, null, file.stride)),
    ),
  );
const farthest = (a: number[][], b: number[][]): number =>
  Math.max(...a.map((row, i) => largestDifference(row, b[i] ?? [])));
const shapesOf = ({ layers, name }: LoraAdapter): Case['shapes'] =>
  Object.fromEntries(
    [...layers].map(([at, layer]) => [
      at,
      [layer.weightsOf(name)[0]?.weight.shape[0] ?? 0, layer.scaling.get(name) ?? 0],
    ]),
  );

/** The first and the last five weights of each layer that the adapter wraps. */
function weightsOf({ layers }: LoraAdapter): Record<string, number[]> {
  return Object.fromEntries(
    [...layers].map(([at, { baseLayer }]) => {
      const all = numbers(baseLayer.weight);
      return [at, [...all.slice(0, 5), ...all.slice(-5)]];
    }),
  );
}

/** Settings of PEFT's files with defaults that are not empty. */
const HARMLESS = ['megatron_core', 'peft_version', 'qalora_group_size'];

for (const [name, wanted] of Object.entries(file.cases)) {
  t.test(`${name}: PEFT's adapter computes what it computes in Python`, (t) => {
    const model = tiny();
    const adapter = loadLora(model, folder(name));
    t.same(shapesOf(adapter), wanted.shapes, 'ranks and scalings');
    const far = farthest(last(model), wanted.last);
    t.ok(far < 2e-5, `logits within ${far.toExponential(1)}`);

    const base = [...adapter.layers].map(([at, { baseLayer }]) => [at, numbers(baseLayer.weight)] as const);
    const peft = PeftModel.of(model);
    peft.mergeAdapter();
    const mergedFar = farthest(last(model), wanted.merged.last);
    t.ok(mergedFar < 2e-5, `merged: logits within ${mergedFar.toExponential(1)}`);
    const weights = weightsOf(adapter);
    for (const [at, values] of Object.entries(wanted.merged.weights))
      t.ok(largestDifference(weights[at], values) < 1e-7, `merged: ${at}`);
    peft.unmergeAdapter();
    for (const [at, values] of base)
      t.equal(largestDifference(numbers(adapter.layers.get(at)?.baseLayer.weight as never), values), 0, `back: ${at}`);
    t.end();
  });

  t.test(`${name}: merged into half precision`, (t) => {
    const model = tiny('bfloat16');
    const adapter = loadLora(model, folder(name));
    PeftModel.of(model).mergeAdapter();
    const weights = weightsOf(adapter);
    // Nine digits of them are written down: neighbours in half precision differ in the third.
    for (const [at, values] of Object.entries(wanted.mergedHalf))
      t.ok(largestDifference(weights[at], values) < 1e-8, at);
    t.end();
  });

  t.test(`${name}: one seed makes the same fresh adapter as get_peft_model`, (t) => {
    torch.manualSeed(11);
    const adapter = addLora(tiny(), CONFIGS[name]);
    t.same(shapesOf(adapter), wanted.shapes);
    const named = new Map(adapter.namedParameters());
    for (const [parameter, values] of Object.entries(wanted.fresh)) {
      const drawn = numbers(named.get(parameter) as never).slice(0, values.length);
      // Below 0.25 a unit in the last place is 1.5e-8, and kernels scale the draws with and without fused multiply-add.
      t.ok(largestDifference(drawn, values) < 1e-7, parameter);
    }
    t.end();
  });

  t.test(`${name}: saved, it is what PEFT saved`, (t) => {
    const out = t.testdir({});
    loadLora(tiny(), folder(name)).save(out, { baseModel: 'tiny' });
    const [mine, theirs] = [out, folder(name)].map((at) => openSafetensors(join(at, 'adapter_model.safetensors')));
    t.same([...mine.names].sort(), [...theirs.names].sort());
    for (const tensor of theirs.names) t.ok(mine.tensor(tensor).equal(theirs.tensor(tensor)), tensor);
    const [written, wanted] = [out, folder(name)].map(
      (at) => JSON.parse(readFileSync(join(at, 'adapter_config.json'), 'utf8')) as Record<string, unknown>,
    );
    for (const [key, value] of Object.entries(wanted)) {
      if (key in written) t.same(written[key], value, key);
      else t.ok(!value || Object.keys(value).length === 0 || HARMLESS.includes(key), `${key} is left at its default`);
    }
    t.end();
  });
}

t.test('two adapters side by side compute what they compute in Python', (t) => {
  const wanted = file.sideBySide;
  const model = tiny();
  const peft = PeftModel.of(model);
  peft.loadAdapter('a', folder('patterns'));
  const b = peft.loadAdapter('b', folder('all-linear'));
  t.equal(peft.activeAdapter, wanted.active);
  const far = { a: farthest(last(model), wanted.a), b: NaN, none: NaN };
  peft.setAdapter('b');
  far.b = farthest(last(model), wanted.b);
  far.none = farthest(
    b.withoutAdapter(() => last(model)),
    wanted.none,
  );
  t.same(
    b.namedParameters().filter(([, { requiresGrad }]) => requiresGrad),
    b.namedParameters(),
  );
  t.same(
    model.namedParameters().flatMap(([name, { requiresGrad }]) => (requiresGrad ? [`base_model.model.${name}`] : [])),
    wanted.trained,
    'the same parameters are trained',
  );
  for (const [which, distance] of Object.entries(far)) t.ok(distance < 2e-5, `${which}: ${distance.toExponential(1)}`);
  t.end();
});

t.test("expressions match what Python's re matches", (t) => {
  for (const { expression, whole, end } of file.expressions) {
    const pattern = pythonPattern(`^(?:${expression})$`, 'test');
    t.same(
      file.modules.map((name) => pattern.test(name)),
      whole,
      `${expression} as a whole`,
    );
    const find = patternFinder([expression], 'test');
    t.same(
      file.modules.map((name) => find(name) !== undefined),
      end,
      `${expression} at the end`,
    );
  }
  for (const other of ['(', '(?i)q', 'a**', '(?>a)', '\\q', '[a'])
    t.throws(() => pythonPattern(other, 'x'), { name: 'InputError', message: /^x is no regular expression: / }, other);
  t.end();
});

const READ = `
import json, sys, torch
from peft import PeftModel
from transformers import AutoModelForCausalLM
base, ids, stride = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
out = []
for folder in sys.argv[4:]:
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    if folder.endswith("/merged"):
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    else:
        model = PeftModel.from_pretrained(model, folder)
    with torch.no_grad():
        out.append([model.eval()(input_ids=torch.tensor([s])).logits[0, -1, ::stride].tolist() for s in ids])
print(json.dumps(out))
`;

const python = process.env.SOO_TORCH_PEFT_PYTHON;
const skip = python ? false : 'SOO_TORCH_PEFT_PYTHON names no Python with transformers and peft';

t.test('Python reads what is saved here', { skip }, (t) => {
  const out = t.testdir({});
  const folders: string[] = [];
  const mine: number[][][] = [];
  for (const [name, config] of Object.entries(CONFIGS)) {
    const model = tiny();
    torch.manualSeed(5);
    const adapter = addLora(model, config);
    torch.noGrad(() => adapter.parameters().forEach((parameter) => parameter.normal_(0, 0.2)));
    mine.push(last(model));
    adapter.save(join(out, name), { baseModel: 'tiny' });
    folders.push(join(out, name));
    if (name !== 'patterns') continue;
    PeftModel.of(model).mergeAndUnload();
    model.save(join(out, 'merged'));
    folders.push(join(out, 'merged'));
    mine.push(last(model));
  }
  const args = ['-c', READ, join(MODELS, 'tiny'), JSON.stringify(ids), String(file.stride), ...folders];
  const ran = spawnSync(python ?? '', args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  t.equal(ran.status, 0, ran.status === 0 ? 'ran' : ran.stderr);
  (JSON.parse(ran.stdout) as number[][][]).forEach((theirs, i) => {
    const far = farthest(mine[i], theirs);
    t.ok(far < 2e-5, `${folders[i].split('/').at(-1)}: within ${far.toExponential(1)}`);
  });
  t.end();
});

t.test('merged for good, the model is a plain one', (t) => {
  const model = tiny();
  loadLora(model, folder('patterns'));
  const tuned = last(model);
  PeftModel.of(model).mergeAndUnload();
  t.ok(model.getModule('model.layers.0.self_attn.q_proj') instanceof Linear);
  t.equal(PeftModel.of(model).adapters.size, 0);
  t.ok(farthest(last(model), tuned) < 2e-5);
  const out = t.testdir({});
  model.save(out);
  t.equal(farthest(last(loadModel(out)), last(model)), 0, 'and is saved as one');
  t.end();
});
