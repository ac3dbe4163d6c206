import { torch, type Tensor } from '../../../lib/torch';
import { between, positive, distinct, type GradientCase, type Maker } from './drawing';

// Operators that treat every element alike.

const pointwise = (name: string, maker: Maker | readonly number[] = [3, 2]): GradientCase => ({
  name,
  inputs: [maker],
  f: (x) => (x as unknown as Record<string, () => Tensor>)[name](),
});

export const elementwise: GradientCase[] = [
  ...['exp', 'expm1', 'sin', 'cos', 'tanh', 'sigmoid', 'sinh', 'cosh', 'erf', 'erfc', 'atan', 'asinh', 'neg'].map(
    (name) => pointwise(name),
  ),
  ...['square', 'silu', 'gelu', 'softplus', 'logSigmoid', 'mish', 'selu', 'celu', 'exp2', 'sinc', 'erfinv'].map(
    (name) => pointwise(name, between(-0.9, 0.8, 3, 2)),
  ),
  ...['log', 'log1p', 'log2', 'log10', 'sqrt', 'rsqrt', 'reciprocal', 'lgamma', 'digamma'].map((name) =>
    pointwise(name, positive(3, 2)),
  ),
  ...['tan', 'asin', 'acos', 'atanh', 'logit'].map((name) => pointwise(name, between(0.1, 0.8, 3, 2))),
  pointwise('acosh', between(1.3, 3, 4)),
  ...['abs', 'relu', 'hardtanh', 'hardswish', 'leakyRelu', 'elu', 'relu6', 'softshrink'].map((name) =>
    pointwise(name, distinct(6)),
  ),
  // libtorch has no second derivative for it.
  { ...pointwise('hardsigmoid', distinct(6)), once: true },
  { name: 'add', inputs: [[2, 3], [3]], f: (a, b) => a.add(b, { alpha: 2 }) },
  { name: 'sub', inputs: [[2, 1], [3]], f: (a, b) => a.sub(b) },
  {
    name: 'mul',
    inputs: [
      [2, 3],
      [2, 1],
    ],
    f: (a, b) => a.mul(b),
  },
  { name: 'div', inputs: [[2, 3], positive(3)], f: (a, b) => a.div(b) },
  { name: 'pow', inputs: [positive(2, 3), [3]], f: (a, b) => a.pow(b) },
  { name: 'pow scalar', inputs: [[5]], f: (a) => a.pow(3) },
  { name: 'atan2', inputs: [positive(4), [4]], f: (a, b) => a.atan2(b) },
  { name: 'hypot', inputs: [[4], [4]], f: (a, b) => a.hypot(b) },
  { name: 'maximum', inputs: [distinct(6), [6]], f: (a, b) => a.maximum(b), once: true },
  { name: 'lerp', inputs: [[4], [4], [4]], f: (a, b, w) => a.lerp(b, w) },
  { name: 'addcmul', inputs: [[4], [4], [4]], f: (a, b, c) => a.addcmul(b, c, { value: 0.5 }) },
  { name: 'addcdiv', inputs: [[4], [4], positive(4)], f: (a, b, c) => a.addcdiv(b, c, { value: 2 }) },
  { name: 'clamp', inputs: [distinct(8)], f: (x) => x.clamp(-1.1, 0.9).mul(x) },
  { name: 'where', inputs: [distinct(6), [6]], f: (a, b) => torch.where(a.gt(0), a.mul(a), b) },
  { name: 'xlogy', inputs: [positive(3), positive(3)], f: (a, b) => a.xlogy(b) },
  { name: 'logaddexp', inputs: [[4], [4]], f: (a, b) => a.logaddexp(b) },
];
