/** Step (from 0) to the factor that the base step size is multiplied by. */
export type Schedule = (step: number) => number;

/** Rises linearly from 0 to 1 over `steps`, then stays (transformers' constant_with_warmup). */
export function warmup(steps: number): Schedule {
  checkSteps('warmup', steps);
  return (step) => rise(step, steps);
}

/** Warms up, then falls linearly to 0 at `total`, and is 0 from there on. */
export function linear(warmupSteps: number, total: number): Schedule {
  checkSteps('linear', warmupSteps, total);
  return (step) => {
    if (step < warmupSteps) return rise(step, warmupSteps);
    return step < total ? 1 - progress(step, warmupSteps, total) : 0;
  };
}

/**
 * Warms up, then follows half a cosine from 1 to `floor` at `total` (transformers' cosine_with_warmup for floor 0), and
 * stays there.
 */
export function cosine(warmupSteps: number, total: number, options: { floor?: number } = {}): Schedule {
  checkSteps('cosine', warmupSteps, total);
  const floor = options.floor ?? 0;
  return (step) => {
    if (step < warmupSteps) return rise(step, warmupSteps);
    const wave = 0.5 * (1 + Math.cos(Math.PI * progress(step, warmupSteps, total)));
    return floor + (1 - floor) * wave;
  };
}

function rise(step: number, steps: number): number {
  return step < steps ? step / steps : 1;
}

function progress(step: number, from: number, total: number): number {
  return Math.min(1, (step - from) / Math.max(1, total - from));
}

function checkSteps(name: string, warmupSteps: number, total = warmupSteps): void {
  if (!(warmupSteps >= 0) || !(total >= warmupSteps)) {
    throw new RangeError(`${name}: expected 0 <= warmup <= total steps, got ${warmupSteps} and ${total}`);
  }
}

/** The part of an optimiser that a schedule moves. */
export interface HasGroups {
  readonly groups: { lr: number }[];
}

/** Multiplies each group's base step size by a schedule; call `step` once after every optimiser step. */
export class Scheduler {
  /** Optimiser steps counted so far. */
  steps = 0;
  readonly #base: number[];

  constructor(
    readonly optimizer: HasGroups,
    readonly schedule: Schedule,
  ) {
    this.#base = optimizer.groups.map((group) => group.lr);
    this.#apply();
  }

  step(): void {
    this.steps += 1;
    this.#apply();
  }

  /** JSON that `loadStateDict` takes back. */
  stateDict(): { steps: number; base: number[] } {
    return { steps: this.steps, base: [...this.#base] };
  }

  loadStateDict(state: { steps: number; base: number[] }): void {
    if (state.base.length !== this.#base.length) {
      throw new Error(`Scheduler: expected ${this.#base.length} groups, got ${state.base.length}`);
    }
    this.#base.splice(0, Infinity, ...state.base);
    this.steps = state.steps;
    this.#apply();
  }

  #apply(): void {
    const factor = this.schedule(this.steps);
    this.optimizer.groups.forEach((group, i) => (group.lr = this.#base[i] * factor));
  }
}
