import t from 'tap';
import { LoraDropout } from '../../lib/peft/lora-dropout';
import type { Tensor } from '../../lib/torch';
import { torch } from '../device';
import { largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

const drawn = (p: number, count: number): number[] => {
  torch.manualSeed(3);
  return numbers(new LoraDropout(p).call(torch.ones([count])));
};

t.test('the share that is dropped is p to a few standard deviations, and the mean stays 1', async (t) => {
  const count = 200_003; // of no power of two
  for (const p of [0.05, 0.2, 0.5, 0.9]) {
    const values = drawn(p, count);
    const share = values.filter((value) => value === 0).length / count;
    t.ok(Math.abs(share - p) < 4 * Math.sqrt((p * (1 - p)) / count) + 2 ** -17, `${share} for ${p}`);
    const scales = new Set(values.filter((value) => value !== 0));
    t.equal(scales.size, 1);
    t.ok(Math.abs([...scales][0] * (1 - p) - 1) < 2e-4 * p, 'what is left is scaled by 1 / (1 - p)');
  }
});

t.test('neighbours are dropped independently of each other', async (t) => {
  const kept = drawn(0.3, 100_000).map((value) => (value === 0 ? 0 : 1));
  for (const lag of [1, 2, 3, 4, 8]) {
    const pairs = kept.length - lag;
    const covariance = kept.slice(lag).reduce<number>((sum, k, i) => sum + (k - 0.7) * (kept[i] - 0.7), 0) / pairs;
    t.ok(Math.abs(covariance / 0.21) < 4 / Math.sqrt(pairs), `correlation ${covariance / 0.21} at ${lag}`);
  }
});

t.test('seeds, gradients, and the ends of the range', async (t) => {
  t.same(drawn(0.2, 100), drawn(0.2, 100), 'one seed, one mask');
  const x = torch.randn([7, 3]).requiresGrad_(true);
  const y = new LoraDropout(0.4).call(x);
  const [gradient] = torch.grad(y.sum(), [x]) as [Tensor];
  const far = largestDifference(numbers(gradient), numbers(y.div(x)));
  t.ok(far < 1e-5, `the gradient goes through the same mask, to ${far}`);
  t.same(numbers(new LoraDropout(1).call(torch.ones([4]))), [0, 0, 0, 0]);
  t.equal(new LoraDropout(0).call(x), x);
  const idle = new LoraDropout(0.4).eval();
  t.equal(idle.call(x), x);
});
