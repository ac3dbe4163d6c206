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

  private constructor(flat: Tensor, tokens: Tensor, shape: [batch: number, seq: number]) {
    const firstPad = flat.logicalNot().to('uint8').argmax(0, true);
    this.#tokens = torch.cat([tokens, firstPad]);
    this.#rows = torch.where(flat, flat.cumsum(0).sub(1), tokens.numel());
    this.#shape = shape;
  }

  /**
   * @param attentionMask 1 for real tokens and 0 for pads, [batch, seq]
   * @returns undefined where there are no pads to share
   */
  static of(attentionMask: Tensor | undefined): SharedPads | undefined {
    if (!attentionMask) return undefined;
    const flat = attentionMask.ne(0).flatten();
    // How many there are is all that is read back from the device.
    const tokens = flat.nonzero().squeeze(1);
    if (tokens.numel() === flat.numel()) return undefined;
    return new SharedPads(flat, tokens, attentionMask.shape as [number, number]);
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
