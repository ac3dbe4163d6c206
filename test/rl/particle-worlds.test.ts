import t from 'tap';
import { EpisodeRandom, PhysicalDeception, SimpleAdversary, type Environment } from '../../lib/rl';

const actionsOf = (environment: Environment, value: (index: number) => number) =>
  environment.agents.map(({ actionSize }, agent) =>
    Float64Array.from({ length: environment.worlds * actionSize }, (_, i) => value(agent * 1000 + i)),
  );

t.test('moves by the closed form under a constant action, away from walls', async (t) => {
  const open = new SimpleAdversary({ worlds: 2, seed: 1 });
  open.reset([0, 1]);
  const start = open.positions.slice();
  const actions = actionsOf(open, (i) => Math.sin(i));
  for (let n = 1; n <= 40; n++) {
    open.step(actions);
    for (let world = 0; world < 2; world++)
      for (let agent = 0; agent < 3; agent++)
        for (let axis = 0; axis < 2; axis++) {
          const i = open.agentAt(world, agent) + axis;
          const a = actions[agent][world * 2 + axis];
          const velocity = 2 * a * (1 - 0.75 ** n);
          const position = start[i] + 0.2 * a * (n - 3 * (1 - 0.75 ** n));
          if (Math.abs(open.velocities[i] - velocity) > 1e-12)
            t.fail(`velocity ${open.velocities[i]}, not ${velocity}`);
          if (Math.abs(open.positions[i] - position) > 1e-12) t.fail(`position ${open.positions[i]}, not ${position}`);
        }
  }
  t.ok(Math.abs(open.velocities[0]) <= 2, 'the terminal speed of full thrust is 2');
});

t.test('stops full thrust at a wall where its push is as strong', async (t) => {
  const world = new PhysicalDeception({ worlds: 1, seed: 1, reward: 'honest' });
  const agents = [
    [0, 0],
    [0.3, -0.2],
  ];
  const landmarks = [
    [-0.5, -0.5],
    [-0.5, 0.5],
  ];
  world.resetTo([{ agents, landmarks, goal: 0 }]);
  const actions = [Float64Array.of(1, -1), Float64Array.of(0, 1)];
  for (let step = 0; step < 400; step++) world.step(actions);
  // 100 * (0.2 - (1 - x)) = 5 at x = 0.85; the softness of the contact adds exp(-50) there.
  for (const [i, wanted] of [0.85, -0.85, 0.3, 0.85].entries())
    t.ok(Math.abs(world.positions[i] - wanted) < 1e-12, `${world.positions[i]}, not ${wanted}`);
});

t.test("draws an episode by the seed and the episode's number alone", async (t) => {
  const play = (worlds: number, seed: number, episodes: number[], before: number[] = []) => {
    const environment = new PhysicalDeception({ worlds, seed, reward: 'deceptive' });
    if (before.length) environment.reset(before);
    environment.reset(episodes);
    return environment;
  };
  const many = play(5, 7, [3, 1, 9, 2 ** 40 + 9, 0], [4, 4, 4, 4, 4]);
  for (const [place, episode] of [3, 1, 9, 2 ** 40 + 9, 0].entries()) {
    const one = play(1, 7, [episode]);
    for (const agent of [0, 1]) {
      const { observationSize } = one.agents[agent];
      const beside = many.observations[agent].subarray(place * observationSize, (place + 1) * observationSize);
      t.same([...beside], [...one.observations[agent]], `episode ${episode}, agent ${agent}`);
    }
  }
  const starts = [
    play(1, 7, [9]),
    play(1, 8, [9]),
    play(1, 9, [7]),
    play(1, 7, [2 ** 40 + 9]),
    play(1, 2 ** 40 + 7, [9]),
  ];
  t.equal(new Set(starts.map(({ positions }) => positions.join())).size, 5, 'and other numbers draw others');
});

t.test('steps a world as it steps it alone', async (t) => {
  const together = new PhysicalDeception({ worlds: 3, seed: 2, reward: 'deceptive' });
  together.reset([0, 1, 2]);
  const alone = [0, 1, 2].map((episode) => {
    const environment = new PhysicalDeception({ worlds: 1, seed: 2, reward: 'deceptive' });
    environment.reset([episode]);
    return environment;
  });
  for (let step = 0; step < 60; step++) {
    const actions = actionsOf(together, (i) => Math.sin(i * 7 + step));
    together.step(actions);
    alone.forEach((environment, w) => environment.step(actions.map((all) => all.subarray(w * 2, w * 2 + 2))));
  }
  t.same(
    [...together.positions],
    alone.flatMap(({ positions }) => [...positions]),
  );
  t.same(
    [...together.rewards[1]],
    alone.flatMap(({ rewards }) => [...rewards[1]]),
  );
});

t.test('writes into the same arrays for ever', async (t) => {
  const environment = new SimpleAdversary({ worlds: 2, seed: 1 });
  const arrays = [...environment.observations, ...environment.rewards];
  environment.reset([0, 1]);
  environment.step(actionsOf(environment, () => 1));
  t.ok([...environment.observations, ...environment.rewards].every((array, i) => array === arrays[i]));
});

t.test('refuses what does not fit', async (t) => {
  const environment = new SimpleAdversary({ worlds: 2, seed: 1, goodAgents: 1 });
  t.throws(() => environment.reset([1]), { message: '2 worlds, but 1 episodes' });
  t.throws(() => environment.reset([1, 0.5]), { message: 'episode must be an integer, got 0.5' });
  t.throws(() => environment.step([new Float32Array(4)]), { message: 'step: 2 agents, but actions of 1' });
  t.throws(() => environment.step([new Float32Array(4), new Float32Array(2)]), {
    message: 'step: actions of agent 1 hold 2 numbers, wanted [2, 2]',
  });
  t.throws(() => new SimpleAdversary({ worlds: 0, seed: 1 }), { message: 'worlds must be at least 1, got 0' });
  t.throws(() => new SimpleAdversary({ worlds: 1, seed: NaN }), { message: 'seed must be an integer, got NaN' });
});

t.test('draws the numbers of sfc32', async (t) => {
  // From a big-integer implementation in Python, started at (5, 0, 7, 0) and (7, 256, 9, 0), 20 numbers skipped.
  const first = (seed: number, episode: number) => {
    const random = new EpisodeRandom(seed);
    random.begin(episode);
    return Array.from({ length: 3 }, () => random.bits());
  };
  t.same(
    [first(5, 7), first(2 ** 40 + 7, 9)],
    [
      [1045524343, 985591914, 1121120595],
      [4273954966, 2235946551, 812730663],
    ],
  );
});
