import t from 'tap';
import { Linear, Linear4bit, wideLinear } from '../../lib/nn';
import { quantise } from '../../lib/nn/four-bit';
import { torch, type Tensor } from '../../lib/torch';
import { largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

t.test('layers compute in it, whatever their weights are', async (t) => {
  const rows = torch.randn([3, 64]);
  const plain = new Linear(64, 8, { bias: false });
  plain.requiresGrad_(false);
  const exact = plain.call(rows);
  const packed = plain.pack();
  const near = torch.autocast({ device: 'cpu', dtype: 'bfloat16' }, () => plain.call(rows.to('bfloat16')));
  t.equal(near.dtype, 'bfloat16', packed ? 'with a packed copy, too' : 'without a packed copy');
  t.ok(largestDifference(numbers(near), numbers(exact)) < 0.05);

  for (const dtype of ['bfloat16', 'float16'] as const) {
    const four = new Linear4bit(quantise(plain.weight));
    const [input, other] = [rows.clone().requiresGrad_(true), rows.clone().requiresGrad_(true)];
    const output = torch.autocast({ device: 'cpu', dtype }, () => four.call(input));
    t.equal(output.dtype, dtype);
    output.sum().backward();
    const wanted = four.call(other);
    wanted.sum().backward();
    t.ok(largestDifference(numbers(output), numbers(wanted)) < 0.05);
    t.ok(largestDifference(numbers(input.grad as Tensor), numbers(other.grad as Tensor)) < 0.02, `${dtype}: gradient`);
  }

  for (const dtype of ['bfloat16', 'float16'] as const) {
    const weight = plain.weight.to(dtype);
    const wide = torch.autocast({ device: 'cpu', dtype }, () => wideLinear(rows.to(dtype), weight));
    t.equal(wide.dtype, 'float32', 'sums that are wanted as they are stay so');
    t.equal(largestDifference(numbers(wide), numbers(wideLinear(rows.to(dtype), weight))), 0);
  }
});
