import t from 'tap';
import * as nn from '../../lib/nn';
import type { Tensor } from '../../lib/torch';
import { CPU_ONLY, placed, torch } from '../device';
import { distance, expected, written, type Written } from '../parity/expected';

interface Pass {
  input: Written;
  output: Written;
  inputGrad: Written | null;
  grads: Record<string, Written>;
}
interface Layer {
  name: string;
  weights: Record<string, Written>;
  passes: Pass[];
  buffers: Record<string, Written>;
  evalOutput: Written;
}
interface Expected {
  defaults: Record<string, Written>;
  passes: Layer[];
  dropout: Written;
}

const { passes, defaults, dropout } = expected<Expected>('nn');

const LAYERS: Record<string, () => nn.Module> = {
  linear: () => new nn.Linear(4, 3),
  layerNorm: () => new nn.LayerNorm([3, 4]),
  layerNormNoBias: () => new nn.LayerNorm(4, { eps: 1e-3, bias: false }),
  rmsNorm: () => new nn.RMSNorm(6, 1e-5),
  rmsNormDefaultEps: () => new nn.RMSNorm(6),
  batchNorm: () => new nn.BatchNorm1d(3),
  batchNormLength: () => new nn.BatchNorm1d(3, { momentum: null, eps: 1e-3 }),
  batchNormNoStats: () => new nn.BatchNorm1d(3, { affine: false, trackRunningStats: false }),
  embedding: () => new nn.Embedding(5, 3, { paddingIdx: 1 }),
};

function runPass(layer: nn.Module, pass: Pass): { input: Tensor; output: Tensor } {
  layer.zeroGrad();
  const input = written(pass.input);
  if (pass.inputGrad) input.requiresGrad = true;
  const output = layer.call(input);
  const ramp = torch.linspace(-1, 1, output.numel()).reshape(output.shape);
  output.mul(ramp).sum().backward();
  return { input, output };
}

for (const layer of passes) {
  t.test(`${layer.name}: forward and backward as PyTorch`, async (t) => {
    const module = placed(LAYERS[layer.name]());
    const state = new Map(Object.entries(layer.weights).map(([name, value]) => [name, written(value)]));
    module.loadStateDict(state, { strict: false });
    for (const pass of layer.passes) {
      const { input, output } = runPass(module, pass);
      t.ok(distance(output, pass.output) < 1e-5, 'output');
      if (pass.inputGrad) t.ok(distance(input.grad!, pass.inputGrad) < 2e-4, 'gradient of the input');
      for (const [name, parameter] of module.namedParameters()) {
        t.ok(distance(parameter.grad!, pass.grads[name]) < 1e-4, `gradient of ${name}`);
      }
    }
    t.same(
      [...module.namedBuffers()].map(([name]) => name),
      Object.keys(layer.buffers),
    );
    for (const [name, buffer] of module.namedBuffers()) t.ok(distance(buffer, layer.buffers[name]) < 1e-6, name);
    module.eval();
    t.ok(distance(module.call(written(layer.passes[0].input)), layer.evalOutput) < 1e-5, 'output in eval mode');
  });
}

t.test('the same seed draws the weights that PyTorch draws', async (t) => {
  torch.manualSeed(5);
  const layers: Record<string, nn.Module> = {
    linear: new nn.Linear(7, 5),
    linear2: new nn.Linear(3, 2, { bias: false }),
    embedding: new nn.Embedding(9, 4),
    padded: new nn.Embedding(6, 3, { paddingIdx: -2 }),
  };
  const seen: string[] = [];
  for (const [key, layer] of Object.entries(layers)) {
    for (const [name, parameter] of layer.namedParameters()) {
      seen.push(`${key}.${name}`);
      // Uniform draws are scaled with or without fused multiply-add, and normal ones go through libm: the last bit
      // differs between machines, and vectorised logarithms by a few more.
      t.ok(distance(parameter, defaults[`${key}.${name}`]) <= 1e-5, `${key}.${name}`);
    }
  }
  t.same(seen, Object.keys(defaults));
});

t.test("Dropout draws PyTorch's mask, and passes through in eval mode", CPU_ONLY, async (t) => {
  const layer = new nn.Dropout(0.3);
  torch.manualSeed(3);
  t.ok(distance(layer.call(torch.ones([4, 10])), dropout) < 1e-6);
  const input = torch.ones([4, 10]);
  t.equal(layer.eval().call(input), input);
  t.equal(new nn.Dropout(0).call(input), input);
});

t.test('skipInit draws nothing', async (t) => {
  torch.manualSeed(8);
  const wanted = Number(torch.rand([1]).item());
  torch.manualSeed(8);
  nn.skipInit(() => new nn.Linear(20, 20));
  t.equal(Number(torch.rand([1]).item()), wanted);
});

t.test('skipInit can build shapes without values', async (t) => {
  const vast = nn.skipInit(() => nn.skipInit(() => new nn.Linear(2 ** 20, 2 ** 20)), 'meta');
  t.same([String(vast.weight.device), vast.weight.shape], ['meta', [2 ** 20, 2 ** 20]]);
  t.equal(String(nn.skipInit(() => new nn.Linear(1, 1)).weight.device), 'cpu', 'and only there');
});

t.test('dtype of a layer', async (t) => {
  const layer = placed(new nn.Linear(3, 2, { dtype: 'float64' }));
  t.equal(layer.call(torch.ones([1, 3], { dtype: 'float64' })).dtype, 'float64');
});

t.test('errors name what was wanted and what came', async (t) => {
  const throws = (fn: () => unknown, message: string): void => void t.throws(fn, { message });
  throws(() => new nn.Linear(8, 2).call(torch.ones([2, 3])), 'Linear: expected last dimension 8, got [2, 3]');
  throws(
    () => new nn.LayerNorm([3, 4]).call(torch.ones([2, 4])),
    'LayerNorm: expected last dimensions [3, 4], got [2, 4]',
  );
  throws(() => new nn.RMSNorm(5).call(torch.ones([2, 4])), 'RMSNorm: expected last dimensions [5], got [2, 4]');
  const norm = placed(new nn.BatchNorm1d(3));
  throws(() => norm.call(torch.ones([2, 4])), 'BatchNorm1d: expected [batch, 3] or [batch, 3, length], got [2, 4]');
  throws(
    () => norm.call(torch.ones([1, 3])),
    'BatchNorm1d: one value per feature has no variance, got [1, 3] in training',
  );
  const table = placed(new nn.Embedding(5, 2));
  throws(() => table.call(torch.tensor([0, 5])), 'Embedding: expected ids from 0 to 4, got 5');
  throws(() => table.call(torch.tensor([-1, 2])), 'Embedding: expected ids from 0 to 4, got -1');
  throws(() => table.call(torch.tensor([0.5])), 'Embedding: expected int64 or int32 ids, got float32');
  throws(() => new nn.Embedding(5, 2, { paddingIdx: 5 }), 'Embedding: paddingIdx must lie within 5 rows, got 5');
  throws(() => new nn.Dropout(1.5), 'Dropout: expected a probability from 0 to 1, got 1.5');
  throws(() => new nn.ModuleList().call(), 'ModuleList: call its modules one by one, or use Sequential');
});

t.test('activations', async (t) => {
  const x = torch.tensor([-1, 0.5]);
  const first = (m: nn.Module): number => Number(m.call(x).select(0, 1).item());
  const near = (actual: number, wanted: number): void => void t.ok(Math.abs(actual - wanted) < 1e-6);
  near(first(new nn.ReLU()), 0.5);
  near(first(new nn.Tanh()), Math.tanh(0.5));
  near(first(new nn.Sigmoid()), 1 / (1 + Math.exp(-0.5)));
  near(first(new nn.SiLU()), 0.5 / (1 + Math.exp(-0.5)));
  near(first(new nn.GELU()), 0.34573123);
  near(first(new nn.GELU('tanh')), 0.34571401);
});
