import { torch, type Tensor } from '../torch';
import { Module } from './module';

/** Zeroes each value with probability p in training and scales the rest by 1 / (1 - p); in eval passes them through. */
export class Dropout extends Module {
  constructor(readonly p = 0.5) {
    super();
    if (!(p >= 0 && p <= 1)) throw new RangeError(`Dropout: expected a probability from 0 to 1, got ${p}`);
  }

  forward(input: Tensor): Tensor {
    return this.training && this.p > 0 ? torch.dropout(input, this.p, true) : input;
  }
}
