import t from 'tap';
import { overSeeds, rateInterval, wilson } from '../../lib/statistics';

const round = (digits: number, interval: readonly number[] | null) => interval?.map((x) => Number(x.toFixed(digits)));

t.test("Wilson's interval as published", async (t) => {
  // Newcombe, Statistics in Medicine 17 (1998), table I, method 3 (score, no continuity correction).
  for (const [successes, n, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ]) {
    t.same(round(4, wilson(successes / n, n)), [low, high], `${successes} of ${n}`);
  }
  t.same(round(4, wilson(1, 20)), [0.8389, 1], 'mirrors 0 of 20');
  t.throws(() => wilson(0.5, 0), /n must be 1 or more, got 0/);
  t.throws(() => wilson(1.5, 10), /share must be in \[0, 1\], got 1.5/);
});

t.test('over seeds: mean and Student t', async (t) => {
  // 2, 4, 6: mean 4, standard deviation 2, t(2) = 4.3027.
  t.same(
    round(3, overSeeds([2, 4, 6])),
    [4 - 4.9683, 4 + 4.9683].map((x) => Number(x.toFixed(3))),
  );
  t.equal(overSeeds([0.5]), null);
  t.same(overSeeds([1, 1, 1]), [1, 1]);
  // The 97.5% points for 40 and 120 degrees of freedom are 2.0211 and 1.9799.
  for (const [k, point] of [
    [41, 2.0211],
    [121, 1.9799],
  ]) {
    const values = Array.from({ length: k }, (_, i) => i % 2);
    const centre = values.reduce((a, b) => a + b) / k;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - centre) ** 2, 0) / (k - 1));
    const [low, high] = overSeeds(values) ?? [NaN, NaN];
    t.ok(Math.abs((high - low) / 2 / (deviation / Math.sqrt(k)) - point) < 5e-5, `${k - 1} degrees of freedom`);
  }
});

t.test('a rate over seeds is never surer than one run of prompts allows, and stays in [0, 1]', async (t) => {
  t.same(rateInterval([1, 1, 1], 20), wilson(1, 20));
  t.same(rateInterval([0.4], 50), wilson(0.4, 50));
  const [low, high] = rateInterval([0.02, 0.3, 0.1], 1000);
  t.equal(low, 0);
  t.ok(high > 0.3, 'seeds that differ widen it');
});
