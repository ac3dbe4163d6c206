import t from 'tap';
import type { Environment } from '../../lib/rl';
import { Training, type MaddpgConfig } from '../../lib/rl/maddpg';
import { torch } from '../../lib/torch';
import { numbers } from '../parity/expected';
import { Beyond, OneStep, Partners, Reliance, SHORT, TwoSteps } from './lessons';

torch.setNumThreads(1);

/** Trains, and gives what the agents do without noise about what they see at the beginning of 20 new episodes. */
function trained<E extends Environment>(environment: E, config: MaddpgConfig): Float32Array[] {
  const training = new Training(environment, config);
  while (!training.done) training.playGroup();
  const actions = actionsOf(training);
  training.dispose();
  return actions;
}

function actionsOf({ environment, maddpg }: Training): Float32Array[] {
  const actions = environment.agents.map(({ actionSize }) => new Float32Array(environment.worlds * actionSize));
  environment.reset(Array.from({ length: environment.worlds }, (_, w) => 1e6 + w));
  maddpg.act(environment.observations, actions);
  return actions;
}

/** From 1, when actions go where they should, to -1, when they go the other way; how far they go counts for nothing. */
function agreement(actions: Float32Array, wanted: (world: number) => number): number {
  let [product, squares, wantedSquares] = [0, 0, 0];
  actions.forEach((action, w) => {
    product += action * wanted(w);
    squares += action ** 2;
    wantedSquares += wanted(w) ** 2;
  });
  return product / Math.sqrt(squares * wantedSquares);
}

const CLEARLY = 0.5;

t.test('two agents learn what each is paid for about what it sees, each in a coin of its own', async (t) => {
  const environment = new OneStep(SHORT.worlds, (reward, agent) => (agent === 0 ? reward : 1000 + reward / 100));
  const actions = trained(environment, { ...SHORT, gamma: 0.5 });
  for (const agent of [0, 1]) {
    const agrees = agreement(actions[agent], (w) => environment.wanted(agent, w));
    t.ok(agrees > CLEARLY, `agent ${agent}: ${agrees}`);
  }
});

t.test('what comes later counts as much as gamma says, and is learned through targets that move', async (t) => {
  const config = { ...SHORT, episodeLength: 2, episodes: 1500, stepsPerRound: 10, tau: 0.05 };
  const along = (more: Partial<MaddpgConfig>): number => {
    const environment = new TwoSteps(config.worlds);
    const [actions] = trained(environment, { ...config, bootstrapThroughTimeLimit: false, ...more });
    return agreement(actions, (w) => environment.side(w));
  };
  const [ahead, hasty, still] = [along({ gamma: 0.95 }), along({ gamma: 0.15 }), along({ gamma: 0.95, tau: 0 })];
  t.ok(ahead > CLEARLY, `0.95 later is worth 0.3 now: ${ahead}`);
  t.ok(hasty < -CLEARLY, `0.15 later is not: ${hasty}`);
  t.ok(still < -CLEARLY, `targets that stay as they are drawn know of nothing later: ${still}`);
});

t.test('what comes after the last step counts where the time limit is looked through, and only there', async (t) => {
  const config = { ...SHORT, episodeLength: 1, episodes: 3000, stepsPerRound: 10, tau: 0.05, gamma: 0.9 };
  const along = (bootstrapThroughTimeLimit: boolean): number => {
    const environment = new Beyond(config.worlds);
    const [actions] = trained(environment, { ...config, bootstrapThroughTimeLimit });
    return agreement(actions, (w) => environment.side(w));
  };
  const [through, ending] = [along(true), along(false)];
  t.ok(through > CLEARLY, `through: ${through}`);
  t.ok(ending < -CLEARLY, `not: ${ending}`);
});

t.test('what comes later is valued by what each agent will do then', async (t) => {
  const config = { ...SHORT, episodeLength: 2, episodes: 2000, stepsPerRound: 10, tau: 0.05, gamma: 0.95 };
  const environment = new Partners(config.worlds);
  const actions = trained(environment, { ...config, bootstrapThroughTimeLimit: false });
  const [red, blue] = actions.map((of) => agreement(of, (w) => environment.side(w)));
  t.ok(red > CLEARLY && blue < -CLEARLY, `red ${red}, blue ${blue}`);
});

t.test('an agent counts on what the other does by now, and not on what it did', async (t) => {
  const environment = new Reliance(SHORT.worlds);
  const actions = trained(environment, { ...SHORT, gamma: 0 });
  const [red, blue] = actions.map((of) => agreement(of, (w) => environment.side(w)));
  t.ok(red > CLEARLY && blue > CLEARLY, `red ${red}, blue ${blue}`);
});

t.test('agents try out as much as the noise says, and less and less', async (t) => {
  const noise = { theta: 0.5, sigma: 0.1, scale: 1, finalScale: 0, episodes: 800 };
  const config = { ...SHORT, episodes: 1000, stepsPerRound: 1e9, noise };
  /** By episode, the mean square of what is done beside what the policy says. */
  const tried = new Float64Array(config.episodes);
  const environment = new (class extends OneStep {
    protected override pay(actions: readonly (Float32Array | Float64Array)[]): void {
      const own = [new Float32Array(20), new Float32Array(20)];
      training.maddpg.act(this.observations, own);
      own.forEach((of, agent) =>
        of.forEach((action, w) => (tried[this.episodes[w]] += (actions[agent][w] - action) ** 2 / 20)),
      );
      super.pay(actions);
    }
  })(config.worlds);
  const training: Training = new Training(environment, config);
  while (!training.done) training.playGroup();
  training.dispose();
  const kept = (1 - noise.theta) ** 2;
  const variances = Array.from({ length: 10 }, (_, n) => (noise.sigma ** 2 * (1 - kept ** (n + 1))) / (1 - kept));
  const variance = variances.reduce((sum, each) => sum + each, 0) / 10;
  for (const [from, to] of [
    [0, 200],
    [200, 400],
    [400, 600],
    [600, 800],
  ]) {
    const mean = tried.subarray(from, to).reduce((sum, each) => sum + each, 0) / (to - from);
    const scale = 1 - (from + to) / 2 / 800;
    const wanted = variance * (scale ** 2 + (200 / 800) ** 2 / 12); // the mean of the scale's square
    t.ok(Math.abs(mean / wanted - 1) < 0.2, `episodes ${from} to ${to}: ${mean}, wanted ${wanted}`);
  }
  t.ok(Math.max(...tried.subarray(800)) < 1e-12, 'in the end nothing');
});

t.test('gradients are held to the bound', async (t) => {
  const config = { ...SHORT, gamma: 0.5, episodes: 100 };
  const moved = (maxGradNorm: number): number[] => {
    const training = new Training(new OneStep(config.worlds), { ...config, maxGradNorm });
    const networks = training.maddpg.learners.flatMap(({ policy, critic }) => [policy, critic]);
    const before = networks.map(({ flat }) => numbers(flat));
    while (!training.done) training.playGroup();
    const furthest = networks.map(({ flat }, k) =>
      Math.max(...numbers(flat).map((value, i) => Math.abs(value - before[k][i]))),
    );
    training.dispose();
    return furthest;
  };
  t.ok(Math.min(...moved(0.5)) > 0.1, 'everything moves');
  // Far below Adam's epsilon of 1e-8, where its step goes with the gradient.
  const held = Math.max(...moved(1e-13));
  t.ok(held < 1e-4, `nearly nothing does: ${held}`);
});

t.test('the penalty keeps actions small', async (t) => {
  const size = (actionPenalty: number): number => {
    const actions = trained(new OneStep(SHORT.worlds), { ...SHORT, gamma: 0.5, episodes: 300, actionPenalty });
    return Math.max(...actions.flatMap((of) => Array.from(of, Math.abs)));
  };
  const [small, free] = [size(10), size(0)];
  t.ok(small < 0.1 && free > 0.3, `${small}, without: ${free}`);
});
