import t from 'tap';
import { SimpleAdversary } from '../../lib/rl';

const at = (positions: number[], landmarks: number[], goal: number) => {
  const world = new SimpleAdversary({ worlds: 1, seed: 1, goodAgents: landmarks.length / 2 });
  world.reset([0]);
  world.positions.set(positions);
  world.landmarks.set(landmarks);
  world.goals[0] = goal;
  world.step(world.agents.map(() => new Float32Array(2))); // at rest and without thrust everything stays
  return world;
};

t.test('shows everybody everything, and the goal to good agents only', async (t) => {
  const world = at([0, 0, 1, 2, -3, 4], [10, 20, 30, 40], 1);
  t.same(
    world.agents.map(({ name }) => name),
    ['adversary_0', 'agent_0', 'agent_1'],
  );
  t.same(
    world.observations.map((seen) => [...seen]),
    [
      [10, 20, 30, 40, 1, 2, -3, 4],
      [29, 38, 9, 18, 29, 38, -1, -2, -4, 2],
      [33, 36, 13, 16, 33, 36, 3, -4, 4, -2],
    ],
  );
});

t.test('pays by distance', async (t) => {
  const paid = (world: SimpleAdversary) => world.rewards.map((rewards) => rewards[0]);
  // Distances from the goal: 5, 13 and 10. The nearest good agent counts for both.
  t.same(paid(at([3, 4, 5, 12, 6, 8], [9, 9, 0, 0], 1)), [-5, -5, -5]);
  t.same(paid(at([3, 4, 5, 12, 6, 8], [3, 5, 0, 0], 0)), [-1, 1 - Math.sqrt(18), 1 - Math.sqrt(18)]);
  t.same(paid(at([0, 2, 0, 5], [0, 0], 0)), [-2, -3], 'one good agent');
});

t.test('draws everything in -1..1', async (t) => {
  const worlds = 20_000;
  const world = new SimpleAdversary({ worlds, seed: 1, goodAgents: 3 });
  world.reset(Array.from({ length: worlds }, (_, i) => i));
  const spread = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0) / values.length;
  // The variance is 1/3; the bounds are four standard errors of 160,000 and 120,000 numbers.
  t.ok(Math.abs(spread(world.positions) - 1 / 3) < 0.003, 'agents');
  t.ok(Math.abs(spread(world.landmarks) - 1 / 3) < 0.0035, 'landmarks');
  const goals = [0, 0, 0];
  for (const goal of world.goals) goals[goal]++;
  for (const count of goals) t.ok(Math.abs(count / worlds - 1 / 3) < 0.014, 'each landmark is the goal as often');
});

t.test('has no walls', async (t) => {
  const world = new SimpleAdversary({ worlds: 1, seed: 1 });
  world.reset([0]);
  for (let step = 0; step < 100; step++) world.step(world.agents.map(() => Float32Array.of(1, -1)));
  t.ok(world.positions[0] > 10 && world.positions[1] < -10);
});
