import t from 'tap';
import { Parameter } from '../../lib/nn';
import { Adam, AdamW, type AdamOptions } from '../../lib/optim';
import type { DType, Tensor } from '../../lib/torch';
import { torch } from '../device';
import { expected, largestDifference, numbers } from '../parity/expected';

interface Trajectory {
  name: string;
  kind: 'Adam' | 'AdamW';
  dtype: DType;
  options: AdamOptions;
  groups: (AdamOptions & { indices: number[] })[];
  data: { x: number[][]; y: number[][] };
  start: number[][][];
  losses: number[];
  path: number[][][];
}

const { trajectories } = expected<{ trajectories: Trajectory[] }>('optim');
// Rounding differs between libtorch's fused kernel and Python's loop; in float64 hardly anything is left of it.
const TOLERANCE: Partial<Record<DType, number>> = { float32: 1e-6, float64: 1e-13 };

function lossOf([w1, b1, w2, late]: Tensor[], x: Tensor, y: Tensor, step: number): Tensor {
  const out = x.matmul(w1).add(b1).tanh().matmul(w2);
  return (step >= 5 ? out.add(late) : out).sub(y).pow(2).mean();
}

for (const { name, kind, dtype, options, groups, data, start, losses, path } of trajectories) {
  t.test(`${name}: ${losses.length} steps as torch.optim`, async (t) => {
    const [x, y] = [torch.tensor(data.x, { dtype }), torch.tensor(data.y, { dtype })];
    const params = start.map((values) => new Parameter(torch.tensor(values, { dtype })));
    const given = groups.map(({ indices, ...own }) => ({ ...own, params: indices.map((i) => params[i]) }));
    const optimizer = new { Adam, AdamW }[kind](given, options);
    let [worstLoss, worstWeight] = [0, 0];
    losses.forEach((wanted, step) => {
      const loss = torch.scope(() => {
        optimizer.zeroGrad();
        const value = lossOf(params, x, y, step);
        value.backward();
        optimizer.step();
        return Number(value.item());
      });
      worstLoss = Math.max(worstLoss, Math.abs(loss - wanted));
      params.forEach((p, i) => (worstWeight = Math.max(worstWeight, largestDifference(numbers(p), path[step][i]))));
    });
    t.ok(worstLoss <= TOLERANCE[dtype]!, `losses differ by ${worstLoss}`);
    t.ok(worstWeight <= TOLERANCE[dtype]!, `weights differ by ${worstWeight}`);
  });
}
