import { requireOptions, torch, type Tensor } from '../torch';
import * as init from './init';
import { Module } from './module';
import { emptyParameter, initialise, PLACEMENT, type Parameter, type Placement } from './parameter';

/** A table of vectors looked up by id. Weight [numEmbeddings, embeddingDim] ~ N(0, 1), the padding row zero. */
export class Embedding extends Module {
  /** Assign another layer's parameter to tie the two. */
  weight: Parameter;
  readonly paddingIdx: number;

  /** @param options.paddingIdx an id whose row starts at zero and gets no gradient; negative counts from the end */
  constructor(
    readonly numEmbeddings: number,
    readonly embeddingDim: number,
    options: { paddingIdx?: number } & Placement = {},
  ) {
    super();
    requireOptions('Embedding', options, { paddingIdx: true, ...PLACEMENT });
    this.paddingIdx = resolvePadding(options.paddingIdx, numEmbeddings);
    this.weight = emptyParameter([numEmbeddings, embeddingDim], options);
    this.resetParameters();
  }

  resetParameters(): void {
    initialise(() => {
      init.normal_(this.weight);
      if (this.paddingIdx >= 0) this.weight.select(0, this.paddingIdx).zero_();
    });
  }

  /** @param ids int64 or int32 [...] to [..., embeddingDim] */
  forward(ids: Tensor): Tensor {
    try {
      return torch.embedding(this.weight, ids, this.paddingIdx);
    } catch (error) {
      throw this.explained(ids, error);
    }
  }

  private explained(ids: Tensor, error: unknown): unknown {
    if (ids.dtype !== 'int64' && ids.dtype !== 'int32') {
      return new TypeError(`Embedding: expected int64 or int32 ids, got ${ids.dtype}`, { cause: error });
    }
    if (ids.numel() === 0) return error;
    const [low, high] = torch.scope(() => [Number(ids.min().item()), Number(ids.max().item())]);
    if (low >= 0 && high < this.numEmbeddings) return error;
    const wrong = low < 0 ? low : high;
    return new RangeError(`Embedding: expected ids from 0 to ${this.numEmbeddings - 1}, got ${wrong}`, {
      cause: error,
    });
  }
}

// libtorch takes -1 for "no padding row".
function resolvePadding(index: number | undefined, rows: number): number {
  if (index === undefined) return -1;
  if (!Number.isInteger(index) || index < -rows || index >= rows) {
    throw new RangeError(`Embedding: paddingIdx must lie within ${rows} rows, got ${index}`);
  }
  return index < 0 ? index + rows : index;
}
