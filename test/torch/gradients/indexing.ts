import { torch } from '../../../lib/torch';
import { distinct, indices, type GradientCase } from './drawing';

// Operators that pick elements by index or mask.

export const indexing: GradientCase[] = [
  {
    name: 'gather',
    inputs: [[2, 3]],
    f: (x) =>
      x
        .gather(
          1,
          indices(
            [
              [0, 0],
              [2, 1],
            ],
            x,
          ),
        )
        .square(),
  },
  {
    name: 'scatter',
    inputs: [
      [2, 3],
      [2, 2],
    ],
    f: (x, s) =>
      x
        .scatter(
          1,
          indices(
            [
              [0, 1],
              [2, 1],
            ],
            x,
          ),
          s,
        )
        .square(),
  },
  {
    name: 'scatterAdd',
    inputs: [
      [2, 3],
      [2, 2],
    ],
    f: (x, s) =>
      x
        .scatterAdd(
          1,
          indices(
            [
              [0, 0],
              [2, 1],
            ],
            x,
          ),
          s,
        )
        .square(),
  },
  {
    name: 'scatterReduce',
    inputs: [[4], [4]],
    f: (x, s) => x.scatterReduce(0, indices([0, 0, 2, 3], x), s, 'mean').square(),
  },
  { name: 'indexSelect', inputs: [[3, 2]], f: (x) => x.indexSelect(0, indices([2, 2, 0], x)).square() },
  {
    name: 'indexAdd',
    inputs: [
      [3, 2],
      [2, 2],
    ],
    f: (x, s) => x.indexAdd(0, indices([1, 1], x), s).square(),
  },
  {
    name: 'indexCopy',
    inputs: [
      [3, 2],
      [2, 2],
    ],
    f: (x, s) => x.indexCopy(0, indices([2, 0], x), s).square(),
  },
  { name: 'index', inputs: [[3, 3]], f: (x) => x.index([indices([0, 2, 0], x), indices([1, 1, 1], x)]).square() },
  {
    name: 'indexPut',
    inputs: [[3, 3], [2]],
    f: (x, v) => x.indexPut([indices([0, 0], x), indices([1, 1], x)], v, true).square(),
  },
  { name: 'take', inputs: [[2, 3]], f: (x) => x.take(indices([0, 5, 5], x)).square() },
  { name: 'takeAlongDim', inputs: [[2, 3]], f: (x) => x.takeAlongDim(indices([[1], [0]], x), 1).square() },
  { name: 'maskedFill', inputs: [distinct(6)], f: (x) => x.maskedFill(x.gt(0), 2).square() },
  { name: 'maskedSelect', inputs: [distinct(6)], f: (x) => x.maskedSelect(x.gt(0)).square() },
  {
    name: 'embedding',
    inputs: [[4, 3]],
    f: (w) =>
      torch
        .embedding(
          w,
          indices(
            [
              [0, 3],
              [3, 1],
            ],
            w,
          ),
        )
        .square(),
  },
  {
    name: 'embeddingBag',
    inputs: [[4, 3]],
    f: (w) => torch.embeddingBag(w, indices([0, 3, 3, 1], w), indices([0, 2], w), false, 1)[0].square(),
    once: true,
  },
];
