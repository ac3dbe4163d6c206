import t from 'tap';
import { Random } from '../lib/random';

t.test('gives the numbers of xoshiro128** seeded through splitmix32', async (t) => {
  // From a big-integer implementation of both reference algorithms in Python.
  const first = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 4 }, () => random.bits());
  };
  t.same(first(1), [393288148, 2174103013, 3814759091, 2092745082]);
  t.same(first(2 ** 40 + 7), [2098392644, 4155793745, 3939309091, 154303161]);
});

t.test('refuses a seed that is no integer', async (t) => {
  t.throws(() => new Random(0.5), { message: 'Random: seed must be an integer, got 0.5' });
});

t.test('draws fairly', async (t) => {
  const random = new Random(5);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 50_000; i++) counts[random.below(5)]++;
  // Five standard deviations of a binomial with p = 1/5.
  for (const count of counts) t.ok(Math.abs(count - 10_000) < 450, `${count} of 50000`);
  const shares = { a: 1, b: 3 };
  let b = 0;
  for (let i = 0; i < 10_000; i++) if (random.weighted(shares) === 'b') b++;
  t.ok(Math.abs(b - 7500) < 220, `${b} of 10000`);
});

t.test('samples without repeats, in every order', async (t) => {
  const random = new Random(6);
  const orders = new Set<string>();
  for (let i = 0; i < 500; i++) {
    const sample = random.sample(['x', 'y', 'z'], 2);
    t.equal(new Set(sample).size, 2);
    orders.add(sample.join(''));
  }
  t.equal(orders.size, 6);
  t.throws(() => random.sample([1], 2), { message: 'Random.sample: cannot take 2 of 1 items' });
});

t.test('a name has numbers of its own', async (t) => {
  // int.from_bytes(hashlib.sha256(b'burglar 1').digest()[:6], 'big') in Python.
  t.equal(Random.of('burglar 1').bits(), new Random(41425858816701).bits());
  t.not(Random.of('burglar 1').bits(), Random.of('burglar 2').bits());
});
