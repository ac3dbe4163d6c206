import t from 'tap';
import { LearningAgent, ScriptedAgent, type Agent } from '../../lib/rl/maddpg/agents';
import { Minibatch, rowLayout } from '../../lib/rl/maddpg/replay-buffer';
import {
  criticGradient,
  fusedCriticGradient,
  fusedPolicyGradient,
  policyGradient,
  type Update,
} from '../../lib/rl/maddpg/update';
import { torch, type Tensor } from '../../lib/torch';
import { largestDifference, numbers } from '../parity/expected';

torch.setNumThreads(1);

interface Case {
  sizes: readonly (readonly [seen: number, acts: number])[];
  hidden: number;
  batch: number;
  /** Given another agent than the one that learns. */
  change?: (agents: Agent[]) => void;
  bootstrap?: boolean;
  std?: number;
}

// With whole and broken registers, tiles and blocks.
const CASES: Record<string, Case> = {
  'the sizes of upstream': { sizes: [[6, 2], [10, 2]], hidden: 64, batch: 1024 }, // prettier-ignore
  'odd sizes, three agents': { sizes: [[1, 1], [9, 3], [16, 2]], hidden: 21, batch: 53 }, // prettier-ignore
  'the smallest batch, one agent': { sizes: [[3, 1]], hidden: 1, batch: 2 },
  'a frozen one': {
    ...{ sizes: [[6, 2], [10, 2]], hidden: 64, batch: 100 }, // prettier-ignore
    change: (agents) => {
      const frozen = agents[0] as LearningAgent;
      frozen.frozen = true;
      frozen.learnMode();
    },
  },
  'one that follows a rule, time limits and rewards that are all alike': {
    ...{ sizes: [[6, 2], [10, 2]], hidden: 32, batch: 49 }, // prettier-ignore
    change: (agents) => {
      agents[0] = new ScriptedAgent(agents[0].shape, (seen, actions) => {
        for (let i = 0; i < actions.length; i++) actions[i] = Math.tanh(seen[3 * i]);
      });
    },
    bootstrap: false,
    std: 0,
  },
};

/** Networks whose every parameter matters, and transitions of mixed scales. */
function updateOf({ sizes, hidden, batch, change, bootstrap = true, std = 1.7 }: Case): Update {
  torch.manualSeed(7);
  const shapes = sizes.map(([observationSize, actionSize], k) => ({ name: `${k}`, observationSize, actionSize }));
  const layout = rowLayout(shapes);
  const agents: Agent[] = shapes.map((shape) => {
    const agent = new LearningAgent(shape, { jointSize: layout.joint.size, hiddenSize: hidden, lr: 0.01 });
    for (const network of Object.values(agent.networks())) {
      torch.noGrad(() => network.flat.add_(torch.randn([network.flat.numel()]), { alpha: 0.2 }));
    }
    agent.learnMode();
    return agent;
  });
  change?.(agents);
  const rows = torch
    .randn([batch, layout.width])
    .mul(torch.rand([layout.width]).mul(3))
    .add(0.4);
  rows.select(1, layout.last.at).copy_(torch.arange(batch).remainder(3).eq(0));
  return {
    agents,
    index: shapes.length - 1,
    batch: new Minibatch(rows, layout),
    moments: { mean: 0.3, std },
    options: { gamma: 0.95, actionPenalty: 0.01, bootstrapThroughTimeLimit: bootstrap },
  };
}

const states = (agents: readonly Agent[]): [string, Tensor][] =>
  agents.flatMap((agent, k) =>
    agent instanceof LearningAgent
      ? Object.entries(agent.networks()).flatMap(([kind, network]) =>
          [...network.stateDict()].map(([name, tensor]): [string, Tensor] => [`${k} ${kind} ${name}`, tensor]),
        )
      : [],
  );

for (const [name, example] of Object.entries(CASES)) {
  t.test(`native calls compute what operators do: ${name}`, async (t) => {
    const [fused, plain] = [updateOf(example), updateOf(example)];
    const pairs = { critic: [fusedCriticGradient(fused), criticGradient(plain)], policy: [fusedPolicyGradient(fused), policyGradient(plain)] } as const; // prettier-ignore
    for (const [kind, [got, wanted]] of Object.entries(pairs)) {
      t.ok(got, 'on this processor it is a native call');
      if (!got) return;
      const largest = Math.max(...numbers(wanted.gradient.abs()));
      const apart = largestDifference(numbers(got.gradient), numbers(wanted.gradient));
      t.ok(apart < 1e-5 * Math.max(1, largest), `gradient of the ${kind}: ${apart} of ${largest}`);
      t.ok(largest > 1e-3, 'there is one');
      t.ok(Math.abs(got.loss - wanted.loss) < 1e-5 * Math.max(1, Math.abs(wanted.loss)), `loss of the ${kind}`);
    }
    const after = new Map(states(plain.agents));
    for (const [key, tensor] of states(fused.agents)) {
      t.ok(largestDifference(numbers(tensor), numbers(after.get(key)!)) < 1e-5, key);
    }
  });
}

t.test('the same batch gives the same bits, on any number of threads', async (t) => {
  const bits = [1, 2].map((threads) => {
    torch.setNumThreads(threads);
    const update = updateOf(CASES['the sizes of upstream']);
    return [fusedCriticGradient(update), fusedPolicyGradient(update)].map((result) => numbers(result!.gradient));
  });
  torch.setNumThreads(1);
  t.same(bits[0], bits[1]);
});

t.test('nothing is computed in one piece while a hook looks on', async (t) => {
  const update = updateOf(CASES['the sizes of upstream']);
  const { critic, policy } = update.agents[1] as LearningAgent;
  const onCritic = critic.fc1.registerForwardHook(() => undefined);
  t.equal(fusedCriticGradient(update), null);
  t.equal(fusedPolicyGradient(update), null);
  onCritic.remove();
  policy.registerForwardHook(() => undefined);
  t.ok(fusedCriticGradient(update));
  t.equal(fusedPolicyGradient(update), null);
});
