import t from 'tap';
import { BatchNorm1d, Linear } from '../../lib/nn';
import { perceptron, torch, type Tensor } from '../../lib/torch';
import { largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

const [IN, HIDDEN, OUT] = [5, 7, 2];

/** The same network twice: as layers, and as the one vector of their parameters. */
function drawn() {
  torch.manualSeed(2);
  const norm = new BatchNorm1d(IN);
  const layers = [new Linear(IN, HIDDEN), new Linear(HIDDEN, HIDDEN), new Linear(HIDDEN, OUT)];
  torch.noGrad(() => {
    norm.weight!.uniform_(0.5, 1.5);
    norm.bias!.normal_();
    norm.runningMean!.normal_();
    norm.runningVar!.uniform_(0.5, 2);
  });
  const parameters = [norm, ...layers].flatMap((layer) => layer.parameters());
  const vector = torch.noGrad(() => torch.cat(parameters.map((parameter) => parameter.reshape([-1]))));
  const tensors = {
    parameters: vector.requiresGrad_(true),
    runningMean: norm.runningMean!.clone(),
    runningVar: norm.runningVar!.clone(),
    numBatchesTracked: norm.numBatchesTracked!.clone(),
  };
  const slow = (x: Tensor, bounded: boolean): Tensor => {
    const [first, second, third] = layers;
    const out = third.call(second.call(first.call(norm.call(x)).leakyRelu(0.1)).leakyRelu(0.1));
    return bounded ? out.tanh() : out;
  };
  const options = { hidden: HIDDEN, outputs: OUT, training: true, bounded: false, momentum: 0.1, eps: 1e-5, leak: 0.1 };
  return { norm, parameters, tensors, slow, options };
}

for (const training of [true, false]) {
  for (const bounded of [true, false]) {
    const mode = `${training ? 'training' : 'eval'}${bounded ? ', bounded' : ''}`;
    t.test(`${mode}: output, gradients and running statistics are those of the layers`, async (t) => {
      const { norm, parameters, tensors, slow, options } = drawn();
      norm.train(training);
      // Columns of a wider matrix: rows lie apart.
      const wide = torch
        .randn([40, IN + 3])
        .mul(2)
        .requiresGrad_(true);
      const weights = torch.randn([40, OUT]);
      const x = wide.narrow(1, 1, IN);
      const wanted = slow(x, bounded);
      const got = perceptron(x, tensors, { ...options, training, bounded })!;
      t.ok(largestDifference(numbers(got), numbers(wanted)) < 1e-5);
      const [gradient, ofInput] = torch.grad(got.mul(weights).sum(), [tensors.parameters, wide]);
      const [ofInputWanted, ...wantedParts] = torch.grad(wanted.mul(weights).sum(), [wide, ...parameters]);
      t.ok(
        largestDifference(
          numbers(gradient!),
          wantedParts.flatMap((part) => numbers(part!)),
        ) < 1e-4,
        'parameters',
      );
      t.ok(largestDifference(numbers(ofInput!), numbers(ofInputWanted!)) < 1e-5, 'input');
      for (const name of ['runningMean', 'runningVar', 'numBatchesTracked'] as const) {
        t.ok(largestDifference(numbers(tensors[name]), numbers(norm[name]!)) < 1e-6, name);
      }
      const without = torch.noGrad(() => perceptron(x, tensors, { ...options, training, bounded })!);
      t.same(numbers(without), numbers(got), 'the same without a graph');
      const again = perceptron(x, tensors, { ...options, training, bounded })!;
      const [alone] = torch.grad(again.mul(weights).sum(), [wide]);
      t.same(numbers(alone!), numbers(ofInput!), "the input's gradient alone");
    });
  }
}

t.test('what does not fit is refused or left to others', async (t) => {
  const { tensors, options } = drawn();
  const x = torch.randn([4, IN]);
  t.equal(perceptron(x.to('float64'), tensors, options), null);
  t.equal(perceptron(x.t().contiguous().t(), tensors, options), null, 'columns that lie apart');
  t.equal(perceptron(x, { ...tensors, numBatchesTracked: torch.zeros([]) }, options), null);
  t.throws(
    () => perceptron(torch.randn([4, IN + 1]), tensors, options),
    /expected parameters of 133 numbers, got float32 \[124\]/,
  );
  t.throws(() => perceptron(x.narrow(0, 0, 1), tensors, options), /one row has no variance, in training/);
  t.throws(() => perceptron(x, tensors, { ...options, hidden: -3 }), /expected 1 to 1048576 columns, hidden units/);
  const output = perceptron(x, tensors, options)!;
  t.throws(
    () => torch.grad(output.sum(), [tensors.parameters], { createGraph: true }),
    /cannot be differentiated twice/,
  );
});
