import { clippedAdamStep, torch, Tensor } from '../torch';
import { clipGradNorm } from './clip';
import { makeGroups, type AdamOptions, type GroupInput, type Moments, type ParamGroup } from './groups';
import { packState, unpackState, type OptimizerState } from './state';

const DEFAULTS = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false, maximize: false } as const;

/**
 * Adam (Kingma and Ba 2014) on libtorch's fused kernel: one call per dtype and device moves every parameter.
 * Parameters without a gradient are left alone and do not count the step.
 */
export class Adam {
  readonly groups: ParamGroup[];
  protected readonly moments = new Map<Tensor, Moments>();
  protected readonly decoupled: boolean = false;

  /** @param params parameters, or groups `{ params, lr, weightDecay, ... }` */
  constructor(params: Iterable<Tensor> | Iterable<GroupInput>, options: AdamOptions = {}) {
    this.groups = makeGroups(this.kind, params, { ...DEFAULTS, weightDecay: 0, ...stated(options) });
  }

  get kind(): string {
    return this.constructor.name;
  }

  /** The first group's step size; setting it sets every group's. */
  get lr(): number {
    return this.groups[0].lr;
  }

  set lr(lr: number) {
    for (const group of this.groups) group.lr = lr;
  }

  /** Drops the gradients, so that the next backward pass starts from nothing. */
  zeroGrad(): void {
    for (const group of this.groups) for (const parameter of group.params) parameter.grad = null;
  }

  /** Moves every parameter that has a gradient. */
  step(): void {
    torch.scope(() =>
      torch.noGrad(() => {
        for (const group of this.groups) this.stepGroup(group);
      }),
    );
  }

  /**
   * {@link clipGradNorm} and {@link step} for an optimiser of one parameter, which is handed its gradient: in one native call
   * where that can be done, to the same numbers but for rounding.
   * @returns the gradient's norm before clipping
   */
  clippedStep(gradient: Tensor, maxNorm: number): number {
    const [parameter, other] = this.groups.flatMap(({ params }) => params);
    if (!parameter || other) throw new RangeError(`${this.kind}.clippedStep: expected an optimiser of one parameter`);
    const [group] = this.groups;
    parameter.grad = gradient;
    const norm = this.fusedStep(group, parameter, gradient, maxNorm);
    if (norm !== null) return norm;
    const clipped = clipGradNorm([parameter], maxNorm);
    this.step();
    return clipped;
  }

  private fusedStep(group: ParamGroup, parameters: Tensor, gradient: Tensor, maxNorm: number): number | null {
    if (this.decoupled || group.weightDecay !== 0 || group.amsgrad || group.maximize) return null;
    const moments = this.momentsOf(parameters, group);
    const { expAvg, expAvgSq } = moments;
    const { lr, betas } = group;
    const step = moments.step + 1;
    const eps = this.epsAt(group, step);
    const norm = clippedAdamStep({ parameters, gradient, expAvg, expAvgSq, step, lr, betas, eps, maxNorm });
    if (norm !== null) moments.step = step;
    return norm;
  }

  private stepGroup(group: ParamGroup): void {
    for (const batch of this.batches(group).values()) {
      const options = {
        lr: group.lr,
        beta1: group.betas[0],
        beta2: group.betas[1],
        weightDecay: group.weightDecay,
        eps: this.epsAt(group, batch.step),
        amsgrad: group.amsgrad,
        maximize: group.maximize,
      };
      const { params, grads, expAvgs, expAvgSqs, maxExpAvgSqs } = batch;
      // The kernel only reads the counts, so parameters of one age share one tensor.
      const count = torch.full([], batch.step, { dtype: 'float32', device: params[0].device });
      const steps = params.map(() => count);
      if (this.decoupled) torch._fusedAdamw_(params, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, options);
      else torch._fusedAdam_(params, grads, expAvgs, expAvgSqs, maxExpAvgSqs, steps, options);
    }
  }

  /** What is added to the denominator at a parameter's `step`, counted from 1. */
  protected epsAt(group: ParamGroup, _step: number): number {
    return group.eps;
  }

  // The kernel wants one dtype, one device and (through the shared count) one age per call.
  private batches(group: ParamGroup): Map<string, Batch> {
    const batches = new Map<string, Batch>();
    for (const parameter of group.params) {
      const grad = parameter.grad;
      if (!grad) continue;
      const moments = this.momentsOf(parameter, group);
      moments.step += 1;
      const key = `${parameter.dtype} ${parameter.device} ${moments.step}`;
      let batch = batches.get(key);
      if (!batch) batches.set(key, (batch = emptyBatch(moments.step)));
      batch.params.push(parameter);
      batch.grads.push(grad);
      batch.expAvgs.push(moments.expAvg);
      batch.expAvgSqs.push(moments.expAvgSq);
      if (group.amsgrad && moments.maxExpAvgSq) batch.maxExpAvgSqs.push(moments.maxExpAvgSq);
    }
    return batches;
  }

  private momentsOf(parameter: Tensor, group: ParamGroup): Moments {
    let moments = this.moments.get(parameter);
    if (!moments) {
      const zeros = (): Tensor => torch.zerosLike(parameter).keep();
      moments = { step: 0, expAvg: zeros(), expAvgSq: zeros() };
      this.moments.set(parameter, moments);
    }
    if (group.amsgrad) moments.maxExpAvgSq ??= torch.zerosLike(parameter).keep();
    return moments;
  }

  /** Everything needed to go on later: live tensors by name, and JSON. */
  stateDict(): OptimizerState {
    return packState(this.kind, this.groups, this.moments);
  }

  /** Restores what `stateDict` gave; the groups must hold as many parameters, of the same shapes. */
  loadStateDict(state: OptimizerState): void {
    unpackState(this.kind, state, this.groups, this.moments);
  }

  /** Frees the moments. */
  dispose(): void {
    for (const { expAvg, expAvgSq, maxExpAvgSq } of this.moments.values()) {
      for (const tensor of [expAvg, expAvgSq, maxExpAvgSq]) tensor?.dispose();
    }
    this.moments.clear();
  }
}

/** Adam with the weight decay taken off the weights themselves (Loshchilov and Hutter 2017). */
export class AdamW extends Adam {
  protected override readonly decoupled = true;

  constructor(params: Iterable<Tensor> | Iterable<GroupInput>, options: AdamOptions = {}) {
    super(params, { ...options, weightDecay: options.weightDecay ?? 0.01 });
  }
}

/**
 * AdamW as transformers' own class of that name was (removed in its version 5), with its defaults: no weight decay, and
 * an eps of 1e-6 that is added before the bias correction. Upstream fine-tunes with it.
 */
export class TransformersAdamW extends AdamW {
  constructor(params: Iterable<Tensor> | Iterable<GroupInput>, options: AdamOptions = {}) {
    super(params, { ...options, eps: options.eps ?? 1e-6, weightDecay: options.weightDecay ?? 0 });
  }

  protected override epsAt(group: ParamGroup, step: number): number {
    return group.eps / Math.sqrt(1 - group.betas[1] ** step);
  }
}

interface Batch {
  step: number;
  params: Tensor[];
  grads: Tensor[];
  expAvgs: Tensor[];
  expAvgSqs: Tensor[];
  maxExpAvgSqs: Tensor[];
}

function emptyBatch(step: number): Batch {
  return { step, params: [], grads: [], expAvgs: [], expAvgSqs: [], maxExpAvgSqs: [] };
}

function stated(options: AdamOptions): AdamOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
