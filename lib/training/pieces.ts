/** A batch computed in pieces, one after the other, where memory does not suffice for it as a whole. */
import { isOutOfMemory, torch, type Tensor } from '../torch';
import type { NamedParameter } from './gradients';
import type { LossParts } from './loss';

export interface InPieces<Batch> {
  /**
   * A batch in as many pieces as asked for, or fewer when it has no more; their losses and gradients add up to its own.
   * They hold no tensors.
   */
  split: (batch: Batch, pieces: number) => readonly Batch[];
  /** Pieces of a batch. */
  pieces: number;
  /** Twice as many from then on, and again, when memory does not suffice for one. */
  doubles: boolean;
}

/** What a batch gave, in how many pieces. */
export interface ComputedInPieces extends LossParts {
  pieces: number;
}

/** Computes batches in pieces, and remembers how many it took. */
export class PieceByPiece<Batch> {
  #pieces: number;

  constructor(
    private readonly how: InPieces<Batch>,
    private readonly parameters: readonly NamedParameter[],
  ) {
    this.#pieces = how.pieces;
  }

  /** The batch as it is computed now. */
  piecesOf(batch: Batch): readonly Batch[] {
    return this.how.split(batch, this.#pieces);
  }

  /**
   * @param compute forward and backward of one piece
   * @throws what `compute` throws, with gradients and random numbers as they were; for want of memory only where a piece
   * cannot be made smaller
   */
  compute(batch: Batch, compute: (piece: Batch) => LossParts): ComputedInPieces {
    const random = torch.getRngState();
    const gathered = this.parameters.map(([, parameter]) => parameter.grad);
    for (;;) {
      for (const [, parameter] of this.parameters) parameter.grad = null;
      const pieces = this.piecesOf(batch);
      try {
        const sum = pieces.map((piece) => alone(piece, compute)).reduce(added);
        this.#addTo(gathered);
        return { ...sum, pieces: pieces.length };
      } catch (thrown) {
        torch.setRngState(random);
        this.parameters.forEach(([, parameter], i) => (parameter.grad = gathered[i]));
        const more = this.how.split(batch, 2 * this.#pieces).length;
        if (!isOutOfMemory(thrown) || !this.how.doubles || more === pieces.length) throw thrown;
        this.#pieces *= 2;
      }
    }
  }

  /** Puts the gradients of this batch on top of those gathered before it. */
  #addTo(gathered: readonly (Tensor | null)[]): void {
    torch.noGrad(() => {
      this.parameters.forEach(([, parameter], i) => {
        const [before, own] = [gathered[i], parameter.grad];
        if (before) parameter.grad = own ? before.add_(own) : before;
      });
    });
  }
}

/** What one piece gives, and nothing that its graph holds. */
function alone<Batch>(piece: Batch, compute: (piece: Batch) => LossParts): LossParts {
  return torch.scope(() => {
    const { total, parts } = compute(piece);
    const detached = Object.entries(parts).map(([name, part]) => [name, part.detach()] as const);
    return { total: total.detach(), parts: Object.fromEntries(detached) };
  });
}

function added(one: LossParts, other: LossParts): LossParts {
  const parts = Object.entries(one.parts).map(([name, part]) => [name, part.add(other.parts[name])] as const);
  return { total: one.total.add(other.total), parts: Object.fromEntries(parts) };
}
