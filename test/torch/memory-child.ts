import { Linear } from '../../lib/nn';
import { Adam } from '../../lib/optim';
import { torch, type Tensor } from '../../lib/torch';

// One loop without a scope, whose every step makes results of 16 MB, and what it took at most: test/torch/memory.test.ts
// and scripts/test-memory.js start it.
//
//   memory-child.ts <loop> <steps>     without arguments: the names of all loops

const SIDE = 2048;
const x = torch.ones([SIDE, SIDE], { requiresGrad: true });
const plain = torch.ones([SIDE, SIDE]);
const rows = torch.ones([SIDE * 32, 64], { requiresGrad: true });
const square = torch.ones([64, 64]);
const targets = torch.zeros([SIDE], { dtype: 'int64' });

/** A pass forward and backward whose gradient nobody keeps. */
const both = (f: (x: Tensor) => Tensor) => (): void => {
  f(x).sum().backward();
  x.grad = null;
};

const twice = torch.customFunction({
  name: 'twice',
  forward(context, x: Tensor) {
    const result = x.exp();
    context.saveForBackward(result);
    return result;
  },
  backward: ({ savedTensors: [result] }, grad) => grad.mul(result),
});

const layer = new Linear(64, 64);
const optimizer = new Adam(layer.parameters());

const LOOPS: Record<string, () => unknown> = {
  // What the graph of the result keeps is the result itself.
  sigmoid: both((x) => x.sigmoid()),
  exp: both((x) => x.exp()),
  relu: both((x) => x.relu()),
  tanh: both((x) => x.tanh()),
  sqrt: both((x) => x.sqrt()),
  softmax: both((x) => x.softmax(-1)),
  logSoftmax: both((x) => x.logSoftmax(-1)),
  reciprocal: both((x) => x.reciprocal()),
  // Its inputs, or something that nobody sees.
  mul: both((x) => x.mul(x)),
  pow: both((x) => x.pow(3)),
  silu: both((x) => x.silu()),
  gelu: both((x) => x.gelu()),
  layerNorm: both((x) => torch.layerNorm(x, [SIDE])),
  dropout: both((x) => torch.dropout(x, 0.1, true)),
  cat: both((x) => torch.cat([x, x])),
  sort: both((x) => x.sort(-1)[0]),
  'matrix product': () => {
    rows.matmul(square).sum().backward();
    rows.grad = null;
  },
  // Never run backward: a scalar whose graph holds megabytes.
  'a loss without backward': () => torch.crossEntropyLoss(x, targets),
  'a sum without backward': () => x.sigmoid().sum(),
  'a mean square error without backward': () => torch.mseLoss(x.exp(), plain),
  // Without a graph.
  add: () => plain.add(1),
  'views of a result': () => plain.exp().t().chunk(2),
  'views of a result with a graph': () => x.exp().t().chunk(2),
  'detached results': () => x.exp().detach(),
  'another dtype': () => plain.to('bfloat16'),
  'lists of results': () => torch._foreachMul([plain, plain], 2),
  'inference mode': () => torch.inferenceMode(() => plain.exp()),
  'typed arrays': () => torch.tensor(new Float32Array(SIDE * SIDE), { shape: [SIDE, SIDE] }),
  // Through JavaScript and back.
  'a hook': () => {
    const result = x.sigmoid();
    result.registerHook((grad) => grad.mul(2));
    result.sum().backward();
    x.grad = null;
  },
  'a custom function': both((x) => twice(x)),
  'a checkpoint': both((x) => torch.checkpoint((x: Tensor) => x.sigmoid().exp(), x)),
  'gradients by torch.grad': () => torch.grad(x.sigmoid().sum(), x),
  'gradients with a graph of their own': () => torch.grad(x.sigmoid().sum(), x, { createGraph: true }),
  'results of scopes': () => torch.scope(() => x.sigmoid()),
  'a tensor handed over': () => torch.receive(torch.share(plain.exp())),
  'training a layer': () => {
    optimizer.zeroGrad();
    layer.call(rows).sigmoid().sum().backward();
    rows.grad = null;
    optimizer.step();
  },
};

const [, , name, steps = '500'] = process.argv;
if (name === undefined) {
  console.log(Object.keys(LOOPS).join('\n'));
} else {
  const loop = LOOPS[name];
  if (!loop) throw new Error(`there is no loop ${name}`);
  torch.setNumThreads(1);
  for (let i = 0; i < Number(steps); i++) loop();
  // Kilobytes, the most that was ever resident.
  console.log(Math.round(process.resourceUsage().maxRSS / 1024));
}
