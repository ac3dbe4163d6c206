import { torch, type Tensor } from '../../torch';
import { SelfOther } from '../evaluation/self-other';
import type { AuxiliaryStep, LearningAgent, Policy } from '../maddpg';
import { GOOD, type PhysicalDeception } from '../scenarios/physical-deception';
import type { OverlapConfig } from './config';
import { overlapLoss } from './loss';

export interface OverlapStepOptions {
  config: OverlapConfig;
  /** Blue's policy before fine-tuning: it stays as it is. */
  reference: Policy;
  maxGradNorm: number;
  /** Draws where red is imagined. */
  seed: number;
}

/** A step of blue's policy towards overlap, in every round, on its own optimiser; none where red was always in sight. */
export class OverlapStep implements AuxiliaryStep {
  readonly agent: string;
  readonly alone: boolean;
  readonly #sides: SelfOther;
  #taken: Float32Array = new Float32Array(0);
  /** The worlds whose last step is learned from. */
  #worlds: number[] = [];
  readonly #sums = { steps: 0, overlapLoss: 0, referenceLoss: 0, overlapGradNorm: 0 };

  constructor(
    private readonly environment: PhysicalDeception,
    private readonly options: OverlapStepOptions,
  ) {
    this.agent = environment.agents[GOOD].name;
    this.alone = !options.config.reinforce;
    this.#sides = new SelfOther(environment, { sight: options.config.sight, seed: options.seed });
    options.reference.eval();
  }

  begin(episodes: readonly number[]): void {
    this.#sides.begin(episodes);
  }

  beforeStep(): void {
    this.#sides.see();
  }

  afterStep(actions: readonly Float32Array[], playing: number): void {
    this.#sides.imagine();
    this.#taken = actions[GOOD];
    const first = this.options.config.samples === 'last' ? playing - 1 : 0;
    this.#worlds = [];
    for (let world = first; world < playing; world++) if (this.#sides.usable[world]) this.#worlds.push(world);
  }

  take({ policy, policyOptimizer }: LearningAgent): void {
    if (this.#worlds.length === 0) return;
    const { training } = policy;
    policy.eval();
    try {
      torch.scope(() => this.#step(policy, policyOptimizer));
    } finally {
      policy.train(training);
    }
  }

  #step(policy: LearningAgent['policy'], policyOptimizer: LearningAgent['policyOptimizer']): void {
    const { config, reference, maxGradNorm } = this.options;
    const sums = this.#sums;
    const { self, other, selfMatched } = this.#sides;
    const seen = this.#rows(self);
    const batch = {
      seen,
      self: config.flagsZeroed === 'both' ? this.#rows(selfMatched) : seen,
      other: this.#rows(other),
      taken: this.#rows(this.#taken),
      reference: torch.noGrad(() => reference.call(seen)),
    };
    const losses = overlapLoss(policy, batch, config);
    sums.overlapGradNorm += policyOptimizer.clippedStep(policy.gradientOf(losses.loss), maxGradNorm);
    sums.overlapLoss += Number(losses.overlap.item());
    sums.referenceLoss += Number(losses.reference.item());
    sums.steps += 1;
  }

  /** @param values `[worlds, size]`; @returns those of the worlds that are learned from */
  #rows(values: Float64Array | Float32Array): Tensor {
    const size = values.length / this.environment.worlds;
    const rows = new Float32Array(this.#worlds.length * size);
    this.#worlds.forEach((world, row) => rows.set(values.subarray(world * size, (world + 1) * size), row * size));
    return torch.tensor(rows, { shape: [this.#worlds.length, size] });
  }

  report(): Record<string, number> {
    const { steps, ...sums } = this.#sums;
    Object.assign(this.#sums, { steps: 0, overlapLoss: 0, referenceLoss: 0, overlapGradNorm: 0 });
    if (steps === 0) return {};
    return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / steps]));
  }
}
