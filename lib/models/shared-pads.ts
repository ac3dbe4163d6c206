import { torch, type Tensor } from '../torch';

/**
 * Real tokens of a padded batch laid end to end, with one pad that stands for all. A pad looks at nothing, so what a
 * layer computes for it depends on no place: one row is every pad's row, and its gradient is the sum of theirs.
 */
export class SharedPads {
  /** int64 [rows]: which of the batch's tokens each row is, counted along the flattened batch. */
  readonly #tokens: Tensor;
  /** int64 [batch * seq]: the row of each token. */
  readonly #rows: Tensor;
  readonly #shape: [batch: number, seq: number];

  private constructor(real: Tensor) {
    const flat = real.flatten();
    const pads = flat.logicalNot().nonzero().squeeze(1);
    const tokens = flat.nonzero().squeeze(1);
    this.#tokens = torch.cat([tokens, pads.narrow(0, 0, 1)]);
    this.#rows = torch.where(flat, flat.cumsum(0).sub(1), tokens.numel());
    this.#shape = real.shape as [number, number];
  }

  /**
   * @param attentionMask 1 for real tokens and 0 for pads, [batch, seq]
   * @returns undefined where there are no pads to share
   */
  static of(attentionMask: Tensor | undefined): SharedPads | undefined {
    const real = attentionMask?.ne(0);
    return real && !real.all().item() ? new SharedPads(real) : undefined;
  }

  /** [batch, seq] to [1, rows], or [batch, seq, features] to [1, rows, features] */
  share(x: Tensor): Tensor {
    return x.flatten(0, 1).indexSelect(0, this.#tokens).unsqueeze(0);
  }

  /** [1, rows, features] to [batch, seq, features] */
  spread(x: Tensor): Tensor {
    return x.squeeze(0).indexSelect(0, this.#rows).unflatten(0, this.#shape);
  }
}
