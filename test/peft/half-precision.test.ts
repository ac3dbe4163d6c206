import t from 'tap';
import { join } from 'node:path';
import { openSafetensors } from '../../lib/checkpoints';
import { AdamW } from '../../lib/optim';
import { addLora, loadLora, PeftModel, type LoraAdapter, type LoraConfig } from '../../lib/peft';
import type { LanguageModel } from '../../lib/models';
import type { DType, Tensor } from '../../lib/torch';
import { loadModel, torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

interface Case {
  settings: 'linear' | 'embedding';
  dtype: 'bfloat16' | 'float16';
  /** Whether the adapter keeps the base's dtype. */
  kept: boolean;
  dtypes: DType[];
  /** By parameter: the first four weights of a fresh adapter, the first 24 of the trained one. */
  fresh: Record<string, number[]>;
  trained: Record<string, number[]>;
  losses: number[];
  /** Of the gradients of the first and the last step. */
  norms: [Record<string, number>, Record<string, number>];
}

// Made by test/parity/make_peft_half.py with transformers and peft.
const file = expected<{ lr: number; steps: number; cases: Case[]; mergedKept: Record<string, number[]> }>('peft-half');
const prompt = expected<{ tiny: { forward: { ids: number[][] } } }>('models').tiny.forward.ids[0];
const TINY = join(__dirname, '..', 'parity', 'models', 'tiny');
const CONFIGS: Record<Case['settings'], LoraConfig> = {
  linear: { r: 4, alpha: 12, targetModules: ['q_proj', 'v_proj', 'up_proj'] },
  embedding: { r: 2, alpha: 4, targetModules: ['embed_tokens', 'o_proj'] },
};

/** Of the next tokens of the prompt. */
function lossOf(model: LanguageModel): Tensor {
  const logits = model.call(torch.tensor([prompt])).to('float32');
  const told = logits.narrow(1, 0, prompt.length - 1).logSoftmax(-1);
  const next = torch.tensor(prompt.slice(1)).view([1, -1, 1]);
  return told.gather(-1, next).mean().neg();
}

/** How far kernels that round elsewhere move a run: bfloat16 tells numbers apart by 1/256, float16 by 1/2048. */
const LIMITS = {
  bfloat16: { loss: 0.02, norm: 0.06, weight: 2e-3 },
  float16: { loss: 2e-3, norm: 6e-3, weight: 3e-4 },
};

const normsOf = (adapter: LoraAdapter): Record<string, number> =>
  Object.fromEntries(
    adapter.namedParameters().map(([name, { grad }]) => [name, grad?.to('float32').norm().item<number>() ?? NaN]),
  );

function train(model: LanguageModel, adapter: LoraAdapter): Pick<Case, 'losses' | 'norms'> {
  const optimizer = new AdamW(adapter.parameters(), { lr: file.lr, weightDecay: 0 });
  const steps = Array.from({ length: file.steps }, () =>
    torch.scope(() => {
      optimizer.zeroGrad();
      const loss = lossOf(model);
      loss.backward();
      const told = { loss: loss.item<number>(), norms: normsOf(adapter) };
      optimizer.step();
      return told;
    }),
  );
  optimizer.dispose();
  const [first, last] = [steps[0], steps[steps.length - 1]];
  return { losses: steps.map(({ loss }) => loss), norms: [first.norms, last.norms] };
}

/** The largest of |actual / wanted - 1|. */
const largestShare = (actual: Record<string, number>, wanted: Record<string, number>): number =>
  Math.max(
    ...Object.entries(wanted).map(([name, norm]) =>
      norm === 0 ? Math.abs(actual[name]) : Math.abs(actual[name] / norm - 1),
    ),
  );

for (const wanted of file.cases) {
  const { settings, dtype, kept } = wanted;
  const named = `${settings} on ${dtype}${kept ? ', kept' : ''}`;
  t.test(`${named}: trained as PEFT trains it`, (t) => {
    const model = loadModel(TINY, { dtype });
    torch.manualSeed(11);
    const adapter = addLora(model, CONFIGS[settings], { autocastAdapterDtype: !kept });
    const parameters = new Map(adapter.namedParameters());
    t.same([...new Set(adapter.parameters().map((parameter) => parameter.dtype))], wanted.dtypes);
    for (const [name, values] of Object.entries(wanted.fresh))
      t.ok(largestDifference(numbers(parameters.get(name) as Tensor).slice(0, 4), values) < 1e-8, `fresh ${name}`);
    const { losses, norms } = train(model, adapter);
    const limit = LIMITS[dtype];
    const far = largestDifference(losses, wanted.losses);
    t.ok(far < limit.loss, `losses within ${far.toExponential(1)}`);
    norms.forEach((each, i) => {
      const share = largestShare(each, wanted.norms[i]);
      t.ok(
        share < limit.norm,
        `gradients of step ${[1, file.steps][i]} within ${share.toExponential(1)} of themselves`,
      );
    });
    for (const [name, values] of Object.entries(wanted.trained)) {
      // Of the mean: where a gradient is nearly 0 its sign is rounding, and Adam steps either way.
      const own = numbers(parameters.get(name) as Tensor);
      const far = values.reduce((sum, value, i) => sum + Math.abs(own[i] - value), 0) / values.length;
      t.ok(far < limit.weight, `${name} within ${far.toExponential(1)}`);
    }
    const rounded = (x: Tensor): boolean => torch.scope(() => x.to(dtype).to(x.dtype).equal(x));
    t.equal(
      adapter.parameters().every(rounded),
      kept,
      'steps smaller than the base can tell apart are kept in float32',
    );
    t.end();
  });
}

t.test('an adapter is saved as it is, and read as it is asked for', (t) => {
  const out = t.testdir({});
  for (const autocastAdapterDtype of [true, false]) {
    const dtype = autocastAdapterDtype ? 'float32' : 'bfloat16';
    const folder = join(out, dtype);
    torch.manualSeed(3);
    const adapter = addLora(loadModel(TINY, { dtype: 'bfloat16' }), CONFIGS.linear, { autocastAdapterDtype });
    torch.noGrad(() => adapter.parameters().forEach((parameter) => parameter.normal_(0, 0.2)));
    adapter.save(folder);
    const file = openSafetensors(join(folder, 'adapter_model.safetensors'));
    t.same([...new Set(file.names.map((name) => file.info(name).dtype))], [dtype], 'what PEFT saves, too');
    file.dispose();
    for (const other of [true, false]) {
      const read = loadLora(loadModel(TINY, { dtype: 'bfloat16' }), folder, { autocastAdapterDtype: other });
      const wanted = other ? 'float32' : 'bfloat16';
      for (const [i, parameter] of read.parameters().entries())
        t.ok(
          parameter.dtype === wanted && parameter.equal(adapter.parameters()[i].to(wanted)),
          `${dtype} as ${wanted}`,
        );
    }
  }
  t.end();
});

t.test('an adapter of half precision is merged as PEFT merges it', (t) => {
  const model = loadModel(TINY, { dtype: 'bfloat16' });
  const adapter = loadLora(model, join(TINY, '..', 'peft-patterns'), { autocastAdapterDtype: false });
  PeftModel.of(model).mergeAdapter();
  for (const [at, values] of Object.entries(file.mergedKept)) {
    const all = numbers(adapter.layers.get(at)?.baseLayer.weight as Tensor);
    t.ok(largestDifference([...all.slice(0, 5), ...all.slice(-5)], values) < 1e-8, at);
  }
  t.end();
});

t.test('on a base of float64 an adapter has float64, as in PEFT', (t) => {
  const adapter = addLora(loadModel(TINY, { dtype: 'float64' }), CONFIGS.linear);
  t.ok(adapter.parameters().every(({ dtype }) => dtype === 'float64'));
  t.end();
});

t.test('on a base of four bits an adapter has float32, as it was drawn', (t) => {
  const config = { ...CONFIGS.linear, targetModules: ['q_proj'] };
  const fresh = (options: { quantize?: 'nf4' }): LoraAdapter => {
    const model = loadModel(TINY, { dtype: 'float32', ...options });
    torch.manualSeed(3);
    return addLora(model, config);
  };
  const plain = fresh({}).parameters();
  for (const [i, parameter] of fresh({ quantize: 'nf4' }).parameters().entries())
    t.ok(parameter.dtype === 'float32' && parameter.equal(plain[i]));
  t.end();
});
