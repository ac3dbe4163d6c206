/** The dynamic loss scale of training in float16, whose small gradients would be zeros otherwise. */
import { torch, type Tensor } from '../torch';
import type { NamedParameter } from './gradients';
import type { StepNumbers } from './read-step';

export interface LossScale {
  /** What the loss is multiplied by. */
  scale: number;
  /** Steps since it changed. */
  steps: number;
  /** Whether the gradients that wait for a step hold NaN or infinity. */
  overflowed: boolean;
}

export interface LossScalerOptions {
  initScale?: number;
  growthFactor?: number;
  backoffFactor?: number;
  /** Steps without an overflow after which the scale grows. */
  growthInterval?: number;
}

/**
 * PyTorch's `torch.amp.GradScaler` with its defaults: the loss is multiplied by 65536; a step whose gradients overflow is
 * skipped and the scale halved; after 2000 steps without one it is doubled.
 */
export class LossScaler {
  readonly #growthFactor: number;
  readonly #backoffFactor: number;
  readonly #growthInterval: number;
  #state: LossScale;

  constructor(options: LossScalerOptions = {}) {
    const { initScale = 2 ** 16, growthFactor = 2, backoffFactor = 0.5, growthInterval = 2000 } = options;
    [this.#growthFactor, this.#backoffFactor, this.#growthInterval] = [growthFactor, backoffFactor, growthInterval];
    this.#state = { scale: initScale, steps: 0, overflowed: false };
  }

  get state(): LossScale {
    return { ...this.#state };
  }

  set state(state: LossScale) {
    this.#state = { ...state };
  }

  get scale(): number {
    return this.#state.scale;
  }

  /** Whether a smaller scale may help: without one, gradients overflow by themselves. */
  get canBackOff(): boolean {
    return this.scale > 1;
  }

  get overflowed(): boolean {
    return this.#state.overflowed;
  }

  set overflowed(overflowed: boolean) {
    this.#state.overflowed = overflowed;
  }

  scaled(loss: Tensor): Tensor {
    return loss.mul(this.scale);
  }

  /** Norms of gradients as they would be without the scale. */
  unscaledNorms({ norms, joint }: StepNumbers): Pick<StepNumbers, 'norms' | 'joint'> {
    return {
      norms: norms.map(({ name, norm }) => ({ name, norm: norm / this.scale })),
      joint: joint && joint / this.scale,
    };
  }

  /** Takes the scale out of the gradients. */
  unscale(parameters: readonly NamedParameter[]): void {
    torch.scope(() =>
      torch.noGrad(() => {
        for (const [, { grad }] of parameters) grad?.mul_(1 / this.scale);
      }),
    );
  }

  /** After every step, which was skipped where gradients overflowed. */
  update(): void {
    const { overflowed } = this.#state;
    const steps = overflowed ? 0 : this.#state.steps + 1;
    const grows = steps >= this.#growthInterval;
    const factor = overflowed ? this.#backoffFactor : grows ? this.#growthFactor : 1;
    this.#state = { scale: this.scale * factor, steps: grows ? 0 : steps, overflowed: false };
  }
}
