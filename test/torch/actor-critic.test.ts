import t from 'tap';
import { criticGradient, policyGradient, torch, type ActorCriticBatch, type PerceptronTensors } from '../../lib/torch';

const [SEEN, ACTS, HIDDEN, ROWS] = [3, 2, 4, 6];
const countOf = (inputs: number, outputs: number): number =>
  2 * inputs + HIDDEN * inputs + HIDDEN + HIDDEN ** 2 + HIDDEN + outputs * HIDDEN + outputs;

const network = (inputs: number, outputs: number): PerceptronTensors => ({
  parameters: torch.randn([countOf(inputs, outputs)]),
  runningMean: torch.zeros([inputs]),
  runningVar: torch.ones([inputs]),
  numBatchesTracked: torch.zeros([], { dtype: 'int64' }),
});

const batch = (): ActorCriticBatch => ({
  transitions: torch.randn([ROWS, 2 * SEEN + ACTS + 2]),
  sizes: [SEEN, ACTS],
  index: 0,
  agents: [network(SEEN, ACTS)],
  critic: network(SEEN + ACTS, 1),
  ...{ hidden: HIDDEN, momentum: 0.1, eps: 1e-5, leak: 0.01 },
});
const target = { critic: network(SEEN + ACTS, 1), mean: 0, deviation: 1, gamma: 0.9, throughLast: true };

t.test('a gradient has a number for every parameter', async (t) => {
  const ofCritic = criticGradient(batch(), target)!;
  t.same(ofCritic.gradient.shape, [countOf(SEEN + ACTS, 1)]);
  t.ok(ofCritic.loss > 0);
  t.same(policyGradient(batch(), 0)!.gradient.shape, [countOf(SEEN, ACTS)]);
});

t.test('what is of another kind is left to others', async (t) => {
  const wide = { ...batch(), transitions: batch().transitions.to('float64') };
  const apart = { ...batch(), transitions: batch().transitions.t().contiguous().t() };
  const counted = { ...network(SEEN, ACTS), numBatchesTracked: torch.zeros([]) };
  for (const other of [wide, apart, { ...batch(), agents: [counted] }]) {
    t.equal(criticGradient(other, target), null);
    t.equal(policyGradient(other, 0), null);
  }
  t.equal(criticGradient(batch(), { ...target, critic: { ...target.critic, runningMean: torch.ones([5]).to('int64') } }), null); // prettier-ignore
});

t.test('sizes that do not fit are refused before anything is read', async (t) => {
  const refused = (more: Partial<ActorCriticBatch>, message: RegExp): void => {
    t.throws(() => criticGradient({ ...batch(), ...more }, target), message);
    t.throws(() => policyGradient({ ...batch(), ...more }, 0), message);
  };
  refused({ transitions: torch.randn([ROWS, 9]) }, /expected transitions of 10 numbers, got float32 \[6, 9\]/);
  refused({ transitions: torch.randn([1, 10]) }, /expected 2 to 1048576 transitions, got 1/);
  refused({ sizes: [SEEN] }, /expected two sizes of each agent/);
  refused({ sizes: [SEEN, -1] }, /expected 1 to 1048576 numbers that an agent sees or acts by, got -1/);
  refused({ sizes: [SEEN + 1, ACTS] }, /expected parameters of a policy of/);
  refused({ hidden: 2 ** 40 }, /expected 1 to 1048576 hidden units/);
  refused({ hidden: HIDDEN + 1 }, /expected parameters of a policy of/);
  refused({ agents: [] }, /expected four tensors of each network/);
  refused({ index: 1 }, /expected the index of one of 1 agents/);
  refused({ index: -1 }, /expected the index of one of 1 agents/);
  refused({ agents: [torch.zeros([ROWS, ACTS])] }, /expected the agent that learns to have a policy/);
  refused({ agents: [torch.zeros([ROWS, ACTS + 1])] }, /expected actions of 12 numbers, got float32 \[6, 3\]/);
  refused({ critic: network(SEEN, 1) }, /expected parameters of a critic of/);
  refused(
    { critic: { ...network(SEEN + ACTS, 1), runningVar: torch.ones([1]) } },
    /a running variance of a critic of 5/,
  );
  t.throws(() => criticGradient(batch(), { ...target, critic: network(1, 1) }), /expected parameters of a target of/);
});
