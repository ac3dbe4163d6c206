import t from 'tap';
import { Policy } from '../../lib/rl/maddpg';
import { CLEAN_OVERLAP, overlapLoss, type OverlapConfig } from '../../lib/rl/overlap';
import { torch, type Tensor } from '../../lib/torch';
import { expected, largestDifference, numbers, roundingOfLog } from '../parity/expected';

torch.setNumThreads(1);

// Made by test/parity/make_rl_overlap.py with PyTorch.
const file = expected<{
  size: number;
  hidden: number;
  actions: number;
  state: Record<string, { shape: number[]; values: number[] }>;
  seen: number[];
  other: number[];
  reference: number[];
  taken: number[];
  cases: {
    config: Pick<OverlapConfig, 'what' | 'scaledActions' | 'weight' | 'referenceWeight'>;
    loss: number;
    overlap: number;
    reference: number;
    gradients: Record<string, number[]>;
  }[];
}>('rl-overlap');

function startingPolicy(): Policy {
  const policy = new Policy(file.size, file.actions, file.hidden);
  const tensors = Object.entries(file.state).map(([name, { shape, values }]): [string, Tensor] => [
    name,
    torch.tensor(values, { dtype: name === 'in_fn.num_batches_tracked' ? 'int64' : 'float32' }).reshape(shape),
  ]);
  policy.loadStateDict(new Map(tensors));
  policy.eval();
  return policy;
}

const rows = (values: number[], size: number): Tensor => torch.tensor(values, { dtype: 'float32' }).reshape([-1, size]);

for (const { config, gradients, ...wanted } of file.cases) {
  const { what, scaledActions, weight, referenceWeight } = config;
  t.test(
    `${what}${scaledActions ? ', actions as upstream scales them' : ''}, ${weight} and ${referenceWeight}`,
    async (t) => {
      const policy = startingPolicy();
      const seen = rows(file.seen, file.size);
      const batch = {
        seen,
        self: seen,
        other: rows(file.other, file.size),
        taken: rows(file.taken, file.actions),
        reference: rows(file.reference, file.actions),
      };
      const losses = overlapLoss(policy, batch, { ...CLEAN_OVERLAP, ...config });
      for (const name of ['loss', 'overlap', 'reference'] as const) {
        const value = Number(losses[name].item());
        t.ok(Math.abs(value - wanted[name]) < 1e-5 * Math.max(1, Math.abs(wanted[name])), `${name}: ${value}`);
      }
      const parameters = policy.namedParameters().filter(([name]) => name in gradients);
      const found = torch.grad(
        losses.loss,
        parameters.map(([, parameter]) => parameter),
      );
      // The gradient of a logarithm is as uncertain as the logarithm is.
      const uncertain = 1e-5 + roundingOfLog(wanted.overlap);
      parameters.forEach(([name], i) => {
        const size = Math.max(1, ...gradients[name].map(Math.abs));
        const apart = largestDifference(numbers(found[i]!), gradients[name]);
        t.ok(apart < uncertain * size, `gradient of ${name}: ${apart} of ${size}`);
      });
      t.equal(parameters.length, Object.keys(gradients).length);
    },
  );
}

t.test('rows that are alike already do not hide those that are not', async (t) => {
  const policy = startingPolicy();
  const other = rows(file.other, file.size);
  const alike = torch.cat([other.narrow(0, 0, 6), rows(file.seen, file.size).narrow(0, 6, 6)]);
  const [taken, reference] = [rows(file.taken, 2), rows(file.reference, 2)];
  const batch = { seen: alike, self: alike, other, taken, reference };
  const loss = Number(overlapLoss(policy, batch, { ...CLEAN_OVERLAP, referenceWeight: 0 }).loss.item());
  const half = Object.fromEntries(Object.entries(batch).map(([name, all]) => [name, all.narrow(0, 6, 6)]));
  const unlike = overlapLoss(policy, half as typeof batch, { ...CLEAN_OVERLAP, referenceWeight: 0 });
  t.ok(Math.abs(loss - (Number(unlike.loss.item()) - Math.log(2))) < 1e-5, 'half of the rows are 0: half of the mean');
});
