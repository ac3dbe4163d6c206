import { torch, type DeviceLike, type Tensor } from '../torch';

/** Rows laid out as the batch that attention looks at, and back. */
export interface BatchLayout {
  /** [1, rows, features] to [batch, seq, features] */
  spread(x: Tensor): Tensor;
  /** [batch, seq, features] to [1, rows, features] */
  share(x: Tensor): Tensor;
  /** The same for tensors of another device. */
  to(device: DeviceLike): BatchLayout;
}

/**
 * Real tokens of a padded batch laid end to end, with one pad that stands for all. A pad looks at nothing, so what a
 * layer computes for it depends on no place: one row is every pad's row, and its gradient is the sum of theirs.
 */
export class SharedPads implements BatchLayout {
  /** int64 [rows]: which of the batch's tokens each row is, counted along the flattened batch. */
  readonly #tokens: Tensor;
  /** int64 [batch * seq]: the row of each token. */
  readonly #rows: Tensor;
  readonly #shape: [batch: number, seq: number];

  private constructor(tokens: Tensor, rows: Tensor, shape: [batch: number, seq: number]) {
    this.#tokens = tokens;
    this.#rows = rows;
    this.#shape = shape;
  }

  /**
   * @param attentionMask 1 for real tokens and 0 for pads, [batch, seq]
   * @param lengths real tokens of each row, which stand at its end; left out, the device is asked how many there are
   * @returns undefined where there are no pads to share
   */
  static of(attentionMask: Tensor | undefined, lengths?: readonly number[]): SharedPads | undefined {
    if (!attentionMask) return undefined;
    const shape = attentionMask.shape as [number, number];
    if (lengths) {
      if (lengths.every((length) => length === shape[1])) return undefined;
      const { tokens, rows } = layOut(lengths, shape[1]);
      const onDevice = (values: number[]): Tensor =>
        torch.tensor(values, { dtype: 'int64', device: attentionMask.device });
      return new SharedPads(onDevice(tokens), onDevice(rows), shape);
    }
    const flat = attentionMask.ne(0).flatten();
    const tokens = flat.nonzero().squeeze(1);
    if (tokens.numel() === flat.numel()) return undefined;
    const firstPad = flat.logicalNot().to('uint8').argmax(0, true);
    const rows = torch.where(flat, flat.cumsum(0).sub(1), tokens.numel());
    return new SharedPads(torch.cat([tokens, firstPad]), rows, shape);
  }

  /** The same for tensors of another device. */
  to(device: DeviceLike): SharedPads {
    return new SharedPads(this.#tokens.to(device), this.#rows.to(device), this.#shape);
  }

  /**
   * A layout with pads behind each sequence, where a causal pass needs no mask to keep tokens from looking at them. What
   * comes back for the pad is what it gets where pads look at nothing: zeros.
   * @param attentionMask 1 for real tokens and 0 for pads, [batch, seq]
   */
  behind(attentionMask: Tensor): PadsBehind {
    const [batch, seq] = this.#shape;
    const { device } = attentionMask;
    const total = this.#tokens.numel() - 1;
    const [tokens, rows] = torch.scope((): [Tensor, Tensor] => {
      const lengths = attentionMask.ne(0).sum([1], true);
      const columns = torch.arange(0, seq, { dtype: 'int64', device }).unsqueeze(0);
      const first = lengths.cumsum(0).sub(lengths);
      const rowOf = torch.where(columns.lt(lengths), first.add(columns), total).flatten();
      const places = torch.arange(0, batch * seq, { dtype: 'int64', device });
      const placeOf = rowOf.newZeros([total + 1]).scatter(0, rowOf, places);
      return [placeOf.narrow(0, 0, total), rowOf];
    });
    return new PadsBehind(tokens, rows, this.#shape, this.#tokens);
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

/** See {@link SharedPads.behind}. */
class PadsBehind implements BatchLayout {
  /**
   * @param tokens int64 [rows - 1]: where each real token is, counted along the flattened batch
   * @param rows int64 [batch * seq]: the row of each token
   * @param before int64 [rows]: where each row's token is in the batch as it was
   */
  constructor(
    private readonly tokens: Tensor,
    private readonly rows: Tensor,
    private readonly shape: [batch: number, seq: number],
    private readonly before: Tensor,
  ) {}

  to(device: DeviceLike): PadsBehind {
    return new PadsBehind(this.tokens.to(device), this.rows.to(device), this.shape, this.before.to(device));
  }

  /** What belongs to the tokens of the batch as it was, [batch or 1, seq], in this layout, [batch, seq]. */
  moved(x: Tensor): Tensor {
    return x
      .expand(this.shape)
      .flatten()
      .indexSelect(0, this.before)
      .indexSelect(0, this.rows)
      .unflatten(0, this.shape);
  }

  spread(x: Tensor): Tensor {
    return x.squeeze(0).indexSelect(0, this.rows).unflatten(0, this.shape);
  }

  share(x: Tensor): Tensor {
    const real = x.flatten(0, 1).indexSelect(0, this.tokens);
    return torch.cat([real, real.newZeros([1, real.size(1)])]).unsqueeze(0);
  }
}

/** The tokens and rows of SharedPads where some row is padded, without asking the device. */
function layOut(lengths: readonly number[], seq: number): { tokens: number[]; rows: number[] } {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const [tokens, rows]: [number[], number[]] = [[], []];
  lengths.forEach((length, row) => {
    for (let column = 0; column < seq; column++) {
      const isReal = column >= seq - length;
      rows.push(isReal ? tokens.length : total);
      if (isReal) tokens.push(row * seq + column);
    }
  });
  tokens.push(lengths.findIndex((length) => length < seq) * seq); // the pad that stands for all
  return { tokens, rows };
}
