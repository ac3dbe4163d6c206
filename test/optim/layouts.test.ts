import t from 'tap';
import { Parameter } from '../../lib/nn';
import { Adam, AdamW, TransformersAdamW } from '../../lib/optim';
import { torch, type Tensor } from '../../lib/torch';

// Gradients whose numbers lie in another order than their parameter's. The right values, the first six numbers after
// three steps at lr 0.1 (AdamW with a decay of 0.5), are those of torch.optim.Adam and AdamW (PyTorch 2.13, float64).

const RIGHT: Record<string, { adam: number[]; adamw: number[] }> = {
  'a dimension of size 1': {
    adam: [0.701586273, 1.700623392, 2.700381523, 3.700273844, 4.700213291],
    adamw: [0.574973931, 1.431025244, 2.28805191, 3.145268411, 4.002553115],
  },
  'channels last': {
    adam: [0.701586273, 1.700623392, 2.700381523, 3.700273844, 4.700213291, 5.70017457],
    adamw: [0.574973931, 1.431025244, 2.28805191, 3.145268411, 4.002553115, 4.859869871],
  },
  expanded: {
    adam: [0.700000003, 1.700000003, 2.700000003, 3.700000003, 4.700000003, 5.700000003],
    adamw: [0.572125003, 1.429500003, 2.286875003, 3.144250003, 4.001625003, 4.859000003],
  },
  transposed: {
    adam: [0.701586273, 1.700623392, 2.700381523, 3.700273844, 4.700213291, 5.70017457],
    adamw: [0.574973931, 1.431025244, 2.28805191, 3.145268411, 4.002553115, 4.859869871],
  },
  'a parameter with gaps': {
    adam: [0.701586273, 2.700381523, 4.700213291, 6.700147706, 8.700112902, 10.700091352],
    adamw: [0.574973931, 2.28805191, 4.002553115, 5.717204211, 7.431901204, 9.146618182],
  },
  complex: {
    adam: [0.701586272, -0.701586274, 1.700623392, -1.700623393, 2.700381523, -2.700381524],
    adamw: [0.57497393, -0.574973932, 1.431025243, -1.431025244, 2.28805191, -2.28805191],
  },
};

const counted = (...shape: number[]): Tensor =>
  torch.arange(1, 1 + shape.reduce((a, b) => a * b, 1), { dtype: 'float64' }).view(shape);
const doubled = (p: Tensor): Tensor => p.detach().mul(2);

const CASES: Record<string, [make: () => Tensor, gradOf: (p: Tensor) => Tensor]> = {
  'a dimension of size 1': [() => counted(1, 5), (p) => doubled(p.detach().t()).t()],
  'channels last': [() => counted(2, 3, 2, 2), (p) => doubled(p).contiguous({ memoryFormat: 'channels_last' })],
  expanded: [() => counted(2, 3), () => torch.ones([], { dtype: 'float64' }).expand([2, 3])],
  transposed: [() => counted(2, 3), (p) => doubled(p).t().contiguous().t()],
  'a parameter with gaps': [() => counted(4, 6).slice(1, 0, null, 2), doubled],
  complex: [
    () => torch.complex(counted(3), counted(3).neg()),
    (p) => p.detach().mul(torch.complex(counted(1).mul(2), counted(1))),
  ],
};

const numbersOf = (p: Tensor): number[] =>
  (p.isComplex() ? torch.viewAsReal(p.detach()) : p.detach()).flatten().toArray() as number[];
const near = (a: readonly number[], b: readonly number[]): boolean =>
  b.length > 0 && b.every((right, i) => Math.abs((a[i] ?? NaN) - right) < 1e-8);

for (const [name, [make, gradOf]] of Object.entries(CASES)) {
  t.test(name, async (t) => {
    for (const [kind, right] of Object.entries(RIGHT[name] ?? {})) {
      const p = new Parameter(make());
      const optimizer = kind === 'adam' ? new Adam([p], { lr: 0.1 }) : new AdamW([p], { lr: 0.1, weightDecay: 0.5 });
      for (let step = 0; step < 3; step++) {
        p.grad = gradOf(p);
        optimizer.step();
      }
      t.ok(near(numbersOf(p), right), `${kind}: ${String(numbersOf(p).slice(0, 6))}`);
    }
  });
}

t.test('gradients that autograd hands on as views', async (t) => {
  // Shapes with dimensions of size 1, whose gradients came through a transpose.
  const uses: [shape: number[], loss: (w: Tensor) => Tensor][] = [
    [[1, 5], (w) => w.t().mul(torch.ones([5, 1]))],
    [[1, 5], (w) => torch.einsum('bc,oc->bo', [torch.ones([2, 5]), w])],
    [[1, 3, 1], (w) => w.transpose(0, 2).mul(torch.ones([1, 3, 1]))],
    [[4, 1], (w) => torch.ones([3, 4]).matmul(w)],
  ];
  for (const [shape, loss] of uses) {
    const w = new Parameter(torch.ones(shape));
    const optimizer = new AdamW([w], { lr: 0.1, weightDecay: 0 });
    loss(w).sum().backward();
    optimizer.step();
    t.ok(near(numbersOf(w), [0.9]) || Math.abs((numbersOf(w)[0] ?? 0) - 0.9) < 1e-6, String(numbersOf(w)));
  }
});

t.test('a step that fails counts for nothing', async (t) => {
  const [p, sparse] = [new Parameter(torch.ones([2, 2])), new Parameter(torch.ones([2, 2]))];
  const optimizer = new Adam([p, sparse], { lr: 0.1 });
  p.grad = torch.ones([2, 2]);
  sparse.grad = torch.ones([2, 2]).toSparse();
  t.throws(() => optimizer.step(), { message: 'Adam: expected dense gradients, got a sparse one' });
  t.ok(Object.values(optimizer.stateDict().meta.steps).every((steps) => steps === 0));
  t.same(numbersOf(p), [1, 1, 1, 1]);
});

t.test("transformers' AdamW takes its decay off after the step", async (t) => {
  // transformers 4.44.2, optimization.py, written out in float64: 5 steps down sum(p²), lr 0.1, decay 0.5.
  const right = [0.356455923, -1.124197592, 1.896466064];
  const p = new Parameter(torch.tensor([1, -2, 3], { dtype: 'float64' }));
  const optimizer = new TransformersAdamW([p], { lr: 0.1, weightDecay: 0.5 });
  for (let step = 0; step < 5; step++) {
    p.grad = p.detach().mul(2);
    optimizer.step();
  }
  t.ok(near(numbersOf(p), right), String(numbersOf(p)));
});

t.test('options of another name are refused', async (t) => {
  const p = new Parameter(torch.ones([2]));
  const taken = 'lr, betas, eps, weightDecay, amsgrad, maximize';
  for (const name of ['learningRate', 'weight_decay', 'momentum']) {
    const options = { [name]: 0.5 };
    const message = `: expected options ${taken}, got ${name}`;
    t.throws(() => new Adam([p], options), { name: 'TypeError', message: `Adam${message}` });
    t.throws(() => new AdamW([{ params: [p], ...options }]), { name: 'TypeError', message: `AdamW${message}` });
  }
  const betas = [0.9] as unknown as [number, number];
  t.throws(() => new Adam([p], { betas }), { message: 'Adam: expected 2 betas, got 1' });
  t.ok(new Adam([p], { lr: undefined }));
});

t.test('a clipped step of tensors of inference mode is a whole one', async (t) => {
  const [p, grad] = torch.inferenceMode(() => [torch.ones([3]), torch.ones([3])] as const);
  const optimizer = new Adam([p], { lr: 0.1 });
  // They cannot count how often they were changed, which came out when they had been.
  t.ok(Math.abs(optimizer.clippedStep(grad, 10) - Math.sqrt(3)) < 1e-6);
  t.ok(numbersOf(p).every((value) => Math.abs(value - 0.9) < 1e-6));
  t.same(optimizer.stateDict().meta.steps, { 0: 1 });
});
