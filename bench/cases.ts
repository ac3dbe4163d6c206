import * as nn from '../lib/nn';
import { Adam } from '../lib/optim';
import { torch, type Tensor } from '../lib/torch';

/** Runs the measured thing `count` times; `bench/peer_ops.py` has one of the same name for Python. */
export interface Case {
  name: string;
  /** What is compared, in words. */
  what: string;
  /** Iterations per window: one or two milliseconds, less than the scheduler gives a process at a time. */
  count: number;
  /** At most this share of Python's time is wanted. */
  goal?: number;
  run(count: number): void;
}

// A scope of this many operators, as a training step has.
const PER_SCOPE = 100;

function inScopes(count: number, body: () => void): void {
  for (let done = 0; done < count; done += PER_SCOPE) {
    torch.scope(() => {
      for (let i = 0; i < PER_SCOPE; i++) body();
    });
  }
}

/** One-element operators: what a call costs before libtorch computes anything. */
export function operatorCases(): Case[] {
  const [a, b] = [torch.ones([1]), torch.ones([1])];
  const leaf = torch.ones([1], { requiresGrad: true });
  const matrix = torch.ones([4, 4]);
  const count = 1000;
  const add = (): Tensor => torch.add(a, b);
  return [
    { name: 'add', what: 'add, one element, grad on', count, goal: 0.75, run: (n) => inScopes(n, add) },
    {
      name: 'add_no_grad',
      what: 'add, one element, no grad',
      count,
      goal: 0.75,
      run: (n) => torch.noGrad(() => inScopes(n, add)),
    },
    {
      name: 'add_inference',
      what: 'add, one element, inference mode',
      count,
      run: (n) => torch.inferenceMode(() => inScopes(n, add)),
    },
    { name: 'add_recorded', what: 'add of a leaf, graph recorded', count, run: (n) => inScopes(n, () => leaf.add(b)) },
    { name: 'add_', what: 'add in place', count, run: (n) => inScopes(n, () => a.add_(b)) },
    { name: 'mul_scalar', what: 'times a number', count, run: (n) => inScopes(n, () => a.mul(2)) },
    { name: 'select', what: 'a row of 4 x 4', count, run: (n) => inScopes(n, () => matrix.select(0, 1)) },
    { name: 'sum', what: 'sum over a dimension of 4 x 4', count, run: (n) => inScopes(n, () => matrix.sum([0])) },
    { name: 'matmul', what: '4 x 4 times 4 x 4', count, run: (n) => inScopes(n, () => matrix.matmul(matrix)) },
    { name: 'item', what: 'one number out', count, run: (n) => inScopes(n, () => a.item()) },
  ];
}

/** A training step of a net 8-64-64-4 on 1024 rows: forward, mean squared error, backward, Adam. */
export function stepCases(): Case[] {
  torch.manualSeed(0);
  const net = new nn.Sequential(
    new nn.Linear(8, 64),
    new nn.ReLU(),
    new nn.Linear(64, 64),
    new nn.ReLU(),
    new nn.Linear(64, 4),
  );
  const optimizer = new Adam(net.parameters(), { lr: 1e-3 });
  const [inputs, targets] = [torch.randn([1024, 8]), torch.randn([1024, 4])];
  const step = (): void => {
    optimizer.zeroGrad();
    torch.mseLoss(net.call(inputs), targets).backward();
    optimizer.step();
  };
  const run = (count: number): void => eachScoped(count, step);
  return [
    { name: 'step', what: 'step of 8-64-64-4, batch 1024, Adam; Python: Adam(fused=True)', count: 2, goal: 0.9, run },
    { name: 'step_default', what: 'the same; Python: Adam as it comes', count: 2, goal: 0.9, run },
    {
      name: 'forward',
      what: 'its forward pass alone, no grad',
      count: 6,
      run: (count) => torch.noGrad(() => eachScoped(count, () => net.call(inputs))),
    },
  ];
}

function eachScoped(count: number, body: () => void): void {
  for (let i = 0; i < count; i++) torch.scope(body);
}
