import { clippedAdamStep, torch, Tensor } from '../torch';
import { clipGradNorm } from './clip';
import { makeGroups, refuseUnknown, type AdamOptions, type GroupInput, type Moments, type ParamGroup } from './groups';
import { laidOutAs } from './layout';
import { packState, unpackState, type OptimizerState } from './state';

const DEFAULTS = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
} as const;

/**
 * Adam (Kingma and Ba 2014) on libtorch's fused kernel: one call per dtype and device moves every parameter.
 * Parameters without a gradient are left alone and do not count the step.
 */
export class Adam {
  readonly groups: ParamGroup[];
  protected readonly moments = new Map<Tensor, Moments>();
  protected readonly decoupled: boolean = false;
  /** Whether decoupled decay is taken off the weights as the step leaves them. */
  protected readonly decaysAfter: boolean = false;

  /** @param params parameters, or groups `{ params, lr, weightDecay, ... }` */
  constructor(params: Iterable<Tensor> | Iterable<GroupInput>, options: AdamOptions = {}) {
    refuseUnknown(this.kind, options, DEFAULTS);
    this.groups = makeGroups(this.kind, params, { ...DEFAULTS, ...stated(options) });
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
        weightDecay: this.decaysAfter ? 0 : group.weightDecay,
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
      if (this.decaysAfter && group.weightDecay !== 0) torch._foreachMul_(params, 1 - group.lr * group.weightDecay);
      for (const [parameter, moved] of batch.aside) parameter.copy_(moved);
      for (const moments of batch.moments) moments.step = batch.step;
    }
  }

  /** What is added to the denominator at a parameter's `step`, counted from 1. */
  protected epsAt(group: ParamGroup, _step: number): number {
    return group.eps;
  }

  // The kernel wants one dtype, one device and (through the shared count) one age per call, and what belongs to one
  // parameter laid out alike.
  private batches(group: ParamGroup): Map<string, Batch> {
    const batches = new Map<string, Batch>();
    for (const parameter of group.params) {
      const grad = parameter.grad;
      if (!grad) continue;
      if (grad.layout !== 'strided') throw new TypeError(`${this.kind}: expected dense gradients, got a sparse one`);
      const moments = this.momentsOf(parameter, group);
      const step = moments.step + 1;
      const key = `${parameter.dtype} ${parameter.device} ${step}`;
      let batch = batches.get(key);
      if (!batch) batches.set(key, (batch = emptyBatch(step)));
      addTo(batch, { parameter, grad, moments, amsgrad: group.amsgrad });
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
 * an eps of 1e-6 that is added before the bias correction. Decay is taken off after the step, which is an lr² off
 * AdamW's. Upstream fine-tunes with it.
 */
export class TransformersAdamW extends AdamW {
  protected override readonly decaysAfter = true;

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
  /** Parameters that the kernel cannot move where they are, and what it moves for them. */
  aside: [parameter: Tensor, moved: Tensor][];
  /** Whose counts go on once the kernel has run. */
  moments: Moments[];
}

function emptyBatch(step: number): Batch {
  return { step, params: [], grads: [], expAvgs: [], expAvgSqs: [], maxExpAvgSqs: [], aside: [], moments: [] };
}

interface Entry {
  parameter: Tensor;
  grad: Tensor;
  moments: Moments;
  amsgrad: boolean;
}

function addTo(batch: Batch, { parameter, grad, moments, amsgrad }: Entry): void {
  // Moments have no gaps, so that everything can be laid out as they are.
  const moved = laidOutAs(moments.expAvg, parameter);
  if (moved !== parameter) batch.aside.push([parameter, moved]);
  // A complex number moves as two real ones do.
  const real = (x: Tensor): Tensor => (x.isComplex() ? torch.viewAsReal(x) : x);
  batch.params.push(real(moved));
  batch.grads.push(real(laidOutAs(moments.expAvg, grad)));
  batch.expAvgs.push(real(moments.expAvg));
  batch.expAvgSqs.push(real(moments.expAvgSq));
  if (amsgrad && moments.maxExpAvgSq) batch.maxExpAvgSqs.push(real(moments.maxExpAvgSq));
  batch.moments.push(moments);
}

function stated(options: AdamOptions): AdamOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
