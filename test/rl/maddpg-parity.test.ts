import t from 'tap';
import { LearningAgent } from '../../lib/rl/maddpg/agents';
import type { Network } from '../../lib/rl/maddpg/networks';
import { Minibatch, rowLayout } from '../../lib/rl/maddpg/replay-buffer';
import { targetValues, updateAgent } from '../../lib/rl/maddpg/update';
import { torch, type Tensor } from '../../lib/torch';
import { expected, largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

type NetworkName = 'policy' | 'critic' | 'target_policy' | 'target_critic';
type State = Record<string, { shape: number[]; values: number[] }>;

// Made by test/parity/make_maddpg.py with PyTorch.
const file = expected<{
  observations: number[];
  actions: number[];
  hidden: number;
  batch: number;
  moments: [number, number][];
  options: { gamma: number; tau: number; lr: number; maxGradNorm: number; actionPenalty: number };
  before: Record<NetworkName, State>[];
  after: Record<NetworkName, State>[];
  evaluated: { input: number[]; h1: number[]; h2: number[]; action: number[] };
  updates: {
    rows: number[];
    target: number[];
    criticLoss: number;
    policyLoss: number;
    criticGradNorm: number;
    policyGradNorm: number;
    gradients: Record<'critic' | 'policy', Record<string, number[]>>;
  }[];
}>('maddpg');

const shapes = ['red', 'blue'].map((name, k) => ({
  name,
  observationSize: file.observations[k],
  actionSize: file.actions[k],
}));
const options = { ...file.options, bootstrapThroughTimeLimit: true };
const moments = file.moments.map(([mean, std]) => ({ mean, std }));

function startingAgents(): LearningAgent[] {
  const jointSize = [...file.observations, ...file.actions].reduce((sum, size) => sum + size, 0);
  return shapes.map((shape, k) => {
    const agent = new LearningAgent(shape, { jointSize, hiddenSize: file.hidden, lr: options.lr });
    for (const [name, network] of Object.entries(agent.networks())) load(network, file.before[k][name as NetworkName]);
    agent.learnMode();
    return agent;
  });
}

function load(network: Network, state: State): void {
  const tensors = Object.entries(state).map(([name, { shape, values }]): [string, Tensor] => [
    name,
    torch.tensor(values, { dtype: name === 'in_fn.num_batches_tracked' ? 'int64' : 'float32' }).reshape(shape),
  ]);
  network.loadStateDict(new Map(tensors));
}

const batchOf = (update: number) =>
  new Minibatch(
    torch.tensor(file.updates[update].rows, { dtype: 'float32' }).reshape([file.batch, -1]),
    rowLayout(shapes),
  );

t.test('a policy shows its hidden layers and acts by its running statistics', async (t) => {
  const { policy } = startingAgents()[1];
  policy.eval();
  const input = torch.tensor(file.evaluated.input).reshape([3, -1]);
  const { h1, h2, output } = policy.layers(input);
  t.ok(largestDifference(numbers(h1), file.evaluated.h1) < 1e-6);
  t.ok(largestDifference(numbers(h2), file.evaluated.h2) < 1e-6);
  t.ok(largestDifference(numbers(output), file.evaluated.action) < 1e-6);
});

for (const way of ['in native calls', 'operator by operator'] as const) {
  t.test(`one round of both agents is what PyTorch makes of it, ${way}`, async (t) => {
    const agents = startingAgents();
    if (way === 'operator by operator') for (const agent of agents) lookOn(agent);
    for (const [i, update] of file.updates.entries()) {
      const record = updateAgent(agents, i, batchOf(i), moments[i], options);
      for (const name of ['criticLoss', 'policyLoss', 'criticGradNorm', 'policyGradNorm'] as const) {
        t.ok(Math.abs(record[name] - update[name]) < 1e-5 * Math.max(1, Math.abs(update[name])), `${i} ${name}`);
      }
      for (const kind of ['critic', 'policy'] as const) {
        const network = agents[i][kind];
        for (const [name, gradient] of network.named(network.flat.grad!)) {
          const apart = largestDifference(numbers(gradient), update.gradients[kind][name]);
          t.ok(apart < 1e-5, `gradient of ${i} ${kind} ${name}: ${apart}`);
        }
      }
    }
    for (const [k, agent] of agents.entries()) {
      agent.softUpdate(options.tau);
      for (const [kind, network] of Object.entries(agent.networks())) {
        for (const [name, tensor] of network.stateDict()) {
          const apart = largestDifference(numbers(tensor), file.after[k][kind as NetworkName][name].values);
          t.ok(apart < 1e-5, `afterwards ${k} ${kind} ${name}: ${apart}`);
        }
      }
    }
  });
}

/** Hooks are shown layers, so nothing is computed in one piece. */
function lookOn(agent: LearningAgent): void {
  for (const network of Object.values(agent.networks())) network.fc2.registerForwardHook(() => undefined);
}

t.test('targets: the normalised reward and the discounted value of what comes next', async (t) => {
  const update = { agents: startingAgents(), index: 0, batch: batchOf(0), moments: moments[0], options };
  const target = numbers(targetValues(update));
  t.ok(largestDifference(target, file.updates[0].target) < 1e-5);

  const raw = numbers(targetValues({ ...update, moments: { mean: 3, std: 0 }, options: { ...options, gamma: 0 } }));
  t.same(raw, numbers(batchOf(0).rewards[0]), 'rewards that are all the same are left as they are');

  const ends = { ...options, bootstrapThroughTimeLimit: false };
  const ended = numbers(targetValues({ ...update, options: ends }));
  const [last, rewards] = [numbers(batchOf(0).last), numbers(batchOf(0).rewards[0])];
  t.ok(last.includes(1) && last.includes(0));
  const wanted = target.map((value, i) => (last[i] ? (rewards[i] - moments[0].mean) / moments[0].std : value));
  t.ok(largestDifference(ended, wanted) < 1e-5, 'nothing comes after an episode that ends');
});
