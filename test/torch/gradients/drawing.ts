import { torch, type Device, type Tensor } from '../../../lib/torch';
import type { Differentiable } from '../finite-differences';

export type Maker = (random: Drawing) => Tensor;
export interface GradientCase {
  name: string;
  inputs: (readonly number[] | Maker)[];
  f: Differentiable;
  /** Second derivatives are checked too, unless the operator has none (or only zeros to show). */
  once?: boolean;
}

/** Draws inputs from a generator of its own, on the device under test. */
export class Drawing {
  readonly #generator = torch.generator({ seed: 20 });
  constructor(readonly device: Device) {}

  normal(shape: readonly number[]): Tensor {
    return this.#leaf(torch.randn([...shape], { generator: this.#generator, dtype: 'float64' }));
  }

  uniform(shape: readonly number[], from: number, to: number): Tensor {
    const unit = torch.rand([...shape], { generator: this.#generator, dtype: 'float64' });
    return this.#leaf(unit.mul(to - from).add(from));
  }

  /** Values far from each other, in random order: no two compete for a maximum within the step. */
  distinct(shape: readonly number[]): Tensor {
    const count = shape.reduce((product, size) => product * size, 1);
    const order = torch.randperm(count, { generator: this.#generator });
    return this.#leaf(
      order
        .to('float64')
        .sub(count / 2 - 0.21)
        .div(count / 4)
        .reshape([...shape]),
    );
  }

  #leaf(values: Tensor): Tensor {
    return values.to(this.device).requiresGrad_(true);
  }
}

export const between =
  (from: number, to: number, ...shape: number[]): Maker =>
  (random) =>
    random.uniform(shape, from, to);
export const positive = (...shape: number[]) => between(0.3, 2, ...shape);
export const distinct =
  (...shape: number[]): Maker =>
  (random) =>
    random.distinct(shape);
export const indices = (data: number[] | number[][], x: Tensor) => torch.tensor(data, { device: x.device });
export const spread = (x: Tensor) =>
  x.matmul(x.mT()).add(torch.eye(x.size(-1), { dtype: 'float64', device: x.device }));
