import t from 'tap';
import { CLEAN, UPSTREAM } from '../../lib/rl/maddpg';
import { ExplorationNoise, noiseScale } from '../../lib/rl/maddpg/noise';
import { torch } from '../../lib/torch';

const meanSquare = (values: Float64Array): number => values.reduce((sum, x) => sum + x * x, 0) / values.length;

t.test('the process grows to the deviation that theta and sigma give it, in closed form', async (t) => {
  const worlds = 20_000;
  const noise = new ExplorationNoise(worlds, 2, { theta: 0.15, sigma: 0.2 }, torch.generator({ seed: 3 }));
  let variance = 0;
  for (let step = 1; step <= 30; step++) {
    const before = noise.state.slice();
    noise.advance();
    variance = 0.85 ** 2 * variance + 0.04;
    const error = 4 * variance * Math.sqrt(2 / (2 * worlds));
    if (Math.abs(meanSquare(noise.state) - variance) > error) t.fail(`step ${step}: not ${variance}`);
    const along = before.reduce((sum, x, i) => sum + x * noise.state[i], 0) / (meanSquare(before) * before.length || 1);
    if (step > 1 && Math.abs(along - 0.85) > 0.02) t.fail(`step ${step}: keeps ${along} of itself`);
  }
  t.ok(Math.abs(Math.sqrt(meanSquare(noise.state)) - 0.2 / Math.sqrt(0.2775)) < 0.01);
  noise.reset();
  t.equal(meanSquare(noise.state), 0);
});

t.test('noise is scaled world by world, and actions stay within bounds', async (t) => {
  const noise = new ExplorationNoise(2, 2, { theta: 0, sigma: 0 }, torch.generator());
  noise.state.set([0.5, -4, 0.5, 4]);
  const actions = Float32Array.of(0.25, 0, 0.25, 0);
  noise.addTo(actions, Float64Array.of(0.5, 1));
  t.same([...actions], [0.5, -1, 0.75, 1]);
});

t.test('the scale falls in a straight line', async (t) => {
  t.equal(noiseScale(UPSTREAM.noise, 0), 0.3);
  t.ok(Math.abs(noiseScale(UPSTREAM.noise, 5000) - 0.24) < 1e-12);
  t.equal(noiseScale(UPSTREAM.noise, 30_000), 0);
  t.equal(noiseScale({ ...CLEAN.noise, finalScale: 0.1 }, 25_000), 0.1);
});
