import t from 'tap';
import { BlockMoments, drawDistinct, ReplayBuffer, type Transitions } from '../../lib/rl/maddpg/replay-buffer';
import { torch } from '../../lib/torch';
import { numbers } from '../parity/expected';

const AGENTS = [
  { name: 'red', observationSize: 1, actionSize: 1 },
  { name: 'blue', observationSize: 2, actionSize: 1 },
];

/** A step of three worlds whose every number tells what it is. */
const step = (n: number, last = false): Transitions => ({
  observations: [Float64Array.of(n + 0.01, n + 0.02, n + 0.03), Float64Array.of(n, -n, n, -n, n, -n)],
  actions: [Float32Array.of(0.5, 0.25, 0.125), Float32Array.of(-0.5, -0.25, -0.125)],
  rewards: [Float64Array.of(n, n + 1, n + 2), Float64Array.of(-n, -n - 1, -n - 2)],
  nextObservations: [Float64Array.of(n + 1.01, n + 1.02, n + 1.03), Float64Array.of(n, n, n, n, n, n)],
  last,
});

t.test('what goes in comes out in its place, the oldest overwritten first', async (t) => {
  const buffer = new ReplayBuffer(AGENTS, 5);
  buffer.push(step(10), 3);
  buffer.push(step(20, true), 3);
  t.equal(buffer.size, 5);
  t.equal(buffer.next, 1, 'the sixth lies over the first');
  const all = buffer.sample(5, torch.generator({ seed: 1 }));
  const rewards = numbers(all.rewards[0]);
  t.same([...rewards].sort(), [11, 12, 20, 21, 22]);
  const at = rewards.indexOf(21);
  t.same(numbers(all.joint.narrow(0, at, 1)), [20.02, 20, -20, 0.25, -0.25].map(Math.fround));
  t.same(numbers(all.observations[1].narrow(0, at, 1)), [20, -20]);
  t.same(numbers(all.nextObservations[0].narrow(0, at, 1)), [21.02].map(Math.fround));
  t.equal(numbers(all.rewards[1])[at], -21);
  t.equal(numbers(all.last)[at], 1);
  t.equal(numbers(all.last)[rewards.indexOf(12)], 0);
  t.throws(() => buffer.sample(6, torch.generator()), /cannot draw 6 different rows of 5/);

  const other = new ReplayBuffer(AGENTS, 5);
  other.restore(buffer.filled(), buffer.next);
  t.same([other.size, other.next], [5, 1]);
  t.same(numbers(other.rows), numbers(buffer.rows));
  t.same(other.rewardMoments(1), buffer.rewardMoments(1));
});

t.test('only the worlds that count are kept', async (t) => {
  const buffer = new ReplayBuffer(AGENTS, 10);
  buffer.push(step(1), 2);
  t.equal(buffer.size, 2);
  t.same(numbers(buffer.sample(2, torch.generator()).rewards[0]).sort(), [1, 2]);
});

t.test('mean and deviation are those of the rows that are filled, overwritten or not', async (t) => {
  const [capacity, count] = [3000, 3];
  const buffer = new ReplayBuffer(AGENTS, capacity);
  const kept: number[] = [];
  for (let i = 0; i < 2500; i++) {
    // Outliers that leave nothing behind once they are overwritten.
    const reward = i === 600 ? 1e7 : Math.fround(Math.sin(i) * 3 + 1000);
    const paid = Float64Array.of(reward, reward + 1, reward + 2);
    buffer.push({ ...step(i), rewards: [paid, paid] }, count);
    for (const value of paid) kept.push(Math.fround(value));
    if (kept.length > capacity) kept.splice(0, count);
    if (i % 37 !== 0 && i !== 2499) continue;
    const mean = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    const std = Math.sqrt(kept.reduce((sum, value) => sum + (value - mean) ** 2, 0) / kept.length);
    const moments = buffer.rewardMoments(1);
    if (Math.abs(moments.mean - mean) > 1e-9 * mean || Math.abs(moments.std - std) > 1e-9 * std) {
      t.fail(`after ${i}: ${JSON.stringify(moments)}, wanted ${mean} ${std}`);
    }
  }
  t.ok(buffer.rewardMoments(1).std < 3, 'the outlier is gone');
  t.same(new BlockMoments(new Float32Array(4)).over(0), { mean: 0, std: 0 });
});

t.test('rows are drawn without replacement, each equally often', async (t) => {
  const generator = torch.generator({ seed: 7 });
  const counts = new Array<number>(10).fill(0);
  const pairs = new Map<string, number>();
  const draws = 6000;
  for (let i = 0; i < draws; i++) {
    const rows = [...drawDistinct(10, 4, generator)];
    if (new Set(rows).size !== 4 || rows.some((row) => row < 0 || row > 9)) t.fail(`drew ${rows.join(' ')}`);
    for (const row of rows) counts[row] += 1;
    const lowest = rows.sort((a, b) => a - b).join(' ');
    pairs.set(lowest, (pairs.get(lowest) ?? 0) + 1);
  }
  const spread = Math.sqrt(draws * 0.4 * 0.6);
  for (const count of counts) t.ok(Math.abs(count - draws * 0.4) < 4 * spread, `${count} of ${draws * 0.4}`);
  t.equal(pairs.size, 210, 'every set of 4 out of 10 came up');
  const chiSquare = [...pairs.values()].reduce((sum, n) => sum + (n - draws / 210) ** 2 / (draws / 210), 0);
  t.ok(chiSquare < 209 + 4 * Math.sqrt(2 * 209), `chi square ${chiSquare} with 209 degrees of freedom`);
  t.same([...drawDistinct(6, 6, generator)].sort(), [0, 1, 2, 3, 4, 5]);
  t.same([...drawDistinct(1e6, 1024, generator)].length, new Set(drawDistinct(1e6, 1024, generator)).size);
});
