import t from 'tap';
import { BehaviourRecord, follow, PhysicalDeception, type Reward, type Start } from '../../lib/rl';
import { unusual, upstreamEpisodes, type Recorded, type Records } from './episodes';

const at = (start: Start, reward: Reward = 'deceptive') => {
  const world = new PhysicalDeception({ worlds: 1, seed: 1, reward });
  world.resetTo([start]);
  return world;
};

const act = (world: PhysicalDeception, actions: number[][]) =>
  world.step(actions.map((action) => Float64Array.from(action)));

const rewardsOf = (world: PhysicalDeception) => world.rewards.map((rewards) => rewards[0]);

/** The largest difference of a world's observations from the recorded ones. */
const offBy = (world: PhysicalDeception, recorded: number[][]) =>
  Math.max(...recorded.flatMap((values, agent) => values.map((v, i) => Math.abs(v - world.observations[agent][i]))));

/** Plays a recorded episode; gives the largest error of an observation, and the rewards and flags on the way. */
function replay(episode: Recorded) {
  const world = at(episode, episode.reward);
  let error = offBy(world, episode.observations[0]);
  const rewards: number[][] = [];
  const trapped: number[] = [];
  episode.actions.forEach((actions, step) => {
    act(world, actions);
    error = Math.max(error, offBy(world, episode.observations[step + 1]));
    rewards.push(rewardsOf(world));
    trapped.push(world.trapped[0]);
  });
  return { error, rewards, trapped };
}

t.test("repeats upstream's episodes", async (t) => {
  for (const [index, episode] of upstreamEpisodes().entries()) {
    const { error, rewards, trapped } = replay(episode);
    t.ok(error < 1e-12, `episode ${index}: observations differ by ${error}`);
    t.same(rewards, episode.rewards);
    t.same(trapped, episode.trapped);
  }
});

t.test('repeats episodes that begin in walls, past their ends, outside, trapped and on thresholds', async (t) => {
  for (const episode of unusual().episodes) {
    const { error, rewards, trapped } = replay(episode);
    t.ok(error < 1e-12, `${episode.what}: observations differ by ${error}`);
    t.same(rewards, episode.rewards, episode.what);
    t.same(trapped, episode.trapped, episode.what);
  }
});

t.test('is where NumPy is after 3000 steps', async (t) => {
  const { start, observation, rewards, record } = unusual().long;
  const world = at(start);
  const behaviour = new BehaviourRecord(world, 'clean');
  behaviour.begin();
  const earned = [0, 0];
  for (let step = 0; step < 3000; step++) {
    const waves = [
      [Math.sin(step * 0.37), Math.sin(step * 0.23 + 1)],
      [Math.sin(step * 0.11 + 2), Math.sin(step * 0.05 + 3)],
    ];
    act(world, waves);
    behaviour.note();
    rewardsOf(world).forEach((reward, agent) => (earned[agent] += reward));
  }
  t.ok(offBy(world, observation) < 1e-11, `observations differ by ${offBy(world, observation)}`);
  t.same(earned, rewards);
  for (const [name, count] of Object.entries(record)) t.equal(behaviour[name as keyof typeof record][0], count, name);
});

t.test("keeps upstream's behavioural records, and the mended ones", async (t) => {
  const { episodes, records } = unusual();
  for (const form of ['upstream', 'clean'] as const)
    for (const [index, episode] of episodes.entries()) {
      const world = at(episode, episode.reward);
      const behaviour = new BehaviourRecord(world, form);
      for (const round of [1, 2]) {
        // The second round begins anew: nothing of the first may be left.
        world.resetTo([episode]);
        behaviour.begin();
        for (const actions of episode.actions) {
          act(world, actions);
          behaviour.note();
        }
        const { thresholds, ...counts } = records[index][form] as Records;
        const what = `${form}, ${episode.what}, round ${round}`;
        for (const [name, count] of Object.entries(counts))
          t.equal(behaviour[name as keyof typeof counts][0], count, `${what}: ${name}`);
        const moves = behaviour.deceptiveMoves(0).map((m) => [m.towardNonGoal, m.betweenLandmarks, Number(m.inSight)]);
        t.equal(moves.length, thresholds.length, what);
        const wanted = thresholds.flat();
        const errors = moves.flat().map((value, i) => Math.abs(value - wanted[i]));
        t.ok(Math.max(0, ...errors) < 1e-9, `${what}: moves`);
      }
    }
  t.ok(records.some(({ clean }) => clean.movedToNonGoal > 0));
});

/** A start with the goal at (0, 0.5) and the other landmark at (0, -0.5). */
const startOf = (red: number[], blue: number[]): Start => ({
  agents: [red, blue],
  landmarks: [
    [0, 0.5],
    [0, -0.5],
  ],
  goal: 0,
});
const rest = [0, 0];
const thrust = [1, 1];

t.test('pays what the rewards say', async (t) => {
  const paid = (red: number[], blue: number[], reward: Reward) => {
    const world = at(startOf(red, blue), reward);
    act(world, [rest, rest]);
    return rewardsOf(world);
  };
  t.same(paid([-0.5, -0.5], [0.5, 0.5], 'deceptive'), [0, 0], 'far from everything');
  t.same(paid([0, 0.35], [0.5, 0.5], 'deceptive'), [5, 0], 'red at the goal');
  t.same(paid([0, 0.35], [0, 0.45], 'deceptive'), [6, 5], 'both at the goal');
  t.same(paid([0, -0.35], [0, 0.45], 'deceptive'), [0, 15], 'red trapped');
  t.same(paid([0, -0.35], [0, 0.45], 'honest'), [0, 5], 'red trapped');
});

t.test('traps red from the first observation to the last, and no longer', async (t) => {
  const world = at(startOf([0, -0.35], [0, 0.45]));
  t.same([world.trapped[0], world.observations[1][8], world.observations[1][9]], [1, 1, 1]);
  act(world, [thrust, rest]);
  t.same([...world.velocities.subarray(0, 2)], [0, 0], 'thrust does not move it');
  world.resetTo([startOf([0, 0], [0, 0.45])]);
  t.same([...rewardsOf(world), world.trapped[0], world.observations[1][8]], [0, 0, 0, 0]);
  act(world, [thrust, rest]);
  t.same([...world.velocities.subarray(0, 2)], [0.5, 0.5], 'the next episode sets it free');
});

t.test('draws starts as upstream does', async (t) => {
  const worlds = 40_000;
  const world = new PhysicalDeception({ worlds, seed: 3, reward: 'honest' });
  world.reset(Array.from({ length: worlds }, (_, i) => i));
  const mean = (of: (w: number) => number) => {
    let sum = 0;
    for (let w = 0; w < worlds; w++) sum += of(w);
    return sum / worlds;
  };
  // Each bound is four standard errors.
  t.ok(Math.abs(mean((w) => world.trapped[w]) - 0.0272) < 0.0033, 'trapped at the start');
  t.ok(Math.abs(mean((w) => world.goals[w]) - 0.5) < 0.01, 'which landmark is the goal');
  t.ok(Math.abs(mean((w) => world.positions[w * 4] ** 2) - 0.825 ** 2 / 3) < 0.0041, 'uniform in the box');
  t.ok(Math.abs(mean((w) => world.landmarks[w * 4 + 3] ** 2) - 0.825 ** 2 / 3) < 0.0041, 'landmarks too');
  const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  t.ok(largest(world.positions) <= 0.825 && largest(world.landmarks) < 0.825);
  t.equal(
    mean((w) => world.inSight[w]),
    1,
    'agents begin in sight of each other',
  );
  // Nearer than half the sight in half the episodes: on a disc it would be a quarter. The box cuts a few offsets short.
  const apart = (w: number, axis: number) => world.positions[w * 4 + axis] - world.positions[w * 4 + 2 + axis];
  const near = mean((w) => Number(Math.hypot(apart(w, 0), apart(w, 1)) < 0.0625));
  t.ok(Math.abs(near - 0.5) < 0.02, `${near} are near`);
});

t.test('follows blue while it sees it', async (t) => {
  const actions = new Float64Array(4);
  const observations = Float64Array.from([9, 9, 9, 9, 0.01, -0.1, 9, 9, 9, 9, 0, 0]);
  follow(observations, actions);
  t.same([...actions], [0.2, -1, 0, 0]);
});
