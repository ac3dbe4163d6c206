import { requireOptions, torch, type Tensor } from '../torch';
import { Module } from './module';
import { resetAffine } from './norms';
import { emptyParameter, initialise, PLACEMENT, type Parameter, type Placement } from './parameter';
import { shapeText } from './state';

const KNOWN = { eps: true, momentum: true, affine: true, trackRunningStats: true, ...PLACEMENT } as const;

/** Normalises each feature over the batch; in eval mode by the running statistics gathered in training. */
export class BatchNorm1d extends Module {
  readonly eps: number;
  /** Weight of the newest batch in the running statistics; null averages over all batches. */
  readonly momentum: number | null;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Tensor | null;
  readonly runningVar: Tensor | null;
  readonly numBatchesTracked: Tensor | null;

  constructor(
    readonly numFeatures: number,
    options: { eps?: number; momentum?: number | null; affine?: boolean; trackRunningStats?: boolean } & Placement = {},
  ) {
    super();
    requireOptions('BatchNorm1d', options, KNOWN);
    const { dtype, device } = options;
    this.eps = options.eps ?? 1e-5;
    this.momentum = options.momentum === undefined ? 0.1 : options.momentum;
    const affine = options.affine ?? true;
    const track = options.trackRunningStats ?? true;
    this.weight = affine ? emptyParameter([numFeatures], options) : null;
    this.bias = affine ? emptyParameter([numFeatures], options) : null;
    const buffer = (make: () => Tensor): Tensor | null => (track ? make() : null);
    this.runningMean = this.registerBuffer(
      'runningMean',
      buffer(() => torch.zeros([numFeatures], { dtype, device })),
    );
    this.runningVar = this.registerBuffer(
      'runningVar',
      buffer(() => torch.ones([numFeatures], { dtype, device })),
    );
    const count = buffer(() => torch.zeros([], { dtype: 'int64', device }));
    this.numBatchesTracked = this.registerBuffer('numBatchesTracked', count);
    resetAffine(this.weight, this.bias);
  }

  resetParameters(): void {
    this.resetRunningStats();
    resetAffine(this.weight, this.bias);
  }

  resetRunningStats(): void {
    initialise(() => {
      this.runningMean?.zero_();
      this.runningVar?.fill_(1);
      this.numBatchesTracked?.zero_();
    });
  }

  /** @param input [batch, features] or [batch, features, length], and so is the result */
  forward(input: Tensor): Tensor {
    const shape = input.shape;
    if ((shape.length !== 2 && shape.length !== 3) || shape[1] !== this.numFeatures) {
      const wanted = `[batch, ${this.numFeatures}] or [batch, ${this.numFeatures}, length]`;
      throw new RangeError(`BatchNorm1d: expected ${wanted}, got ${shapeText(shape)}`);
    }
    const byBatch = this.training || !this.runningMean;
    if (byBatch && shape[0] * (shape[2] ?? 1) === 1) {
      throw new RangeError(`BatchNorm1d: one value per feature has no variance, got ${shapeText(shape)} in training`);
    }
    const factor = this.training ? this.countBatch() : 0;
    const { weight, bias, runningMean, runningVar } = this;
    return torch.batchNorm(input, weight, bias, runningMean, runningVar, byBatch, factor, this.eps, true);
  }

  private countBatch(): number {
    if (!this.numBatchesTracked) return this.momentum ?? 0;
    this.numBatchesTracked.add_(1);
    return this.momentum ?? 1 / Number(this.numBatchesTracked.item());
  }
}
