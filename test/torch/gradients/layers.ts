import { torch } from '../../../lib/torch';
import { between, positive, distinct, indices, type GradientCase } from './drawing';

// What networks are made of: normalisations, losses, convolutions, pooling, attention, recurrence.

export const layers: GradientCase[] = [
  { name: 'softmax', inputs: [[2, 4]], f: (x) => x.softmax(1) },
  { name: 'logSoftmax', inputs: [[2, 4]], f: (x) => x.logSoftmax(-1) },
  { name: 'glu', inputs: [[2, 4]], f: (x) => torch.glu(x, 1) },
  { name: 'prelu', inputs: [distinct(1, 2, 3), [2]], f: (x, w) => torch.prelu(x, w) },
  { name: 'layerNorm', inputs: [[3, 4], [4], [4]], f: (x, w, b) => torch.layerNorm(x, [4], w, b) },
  { name: 'rmsNorm', inputs: [[3, 4], [4]], f: (x, w) => torch.rmsNorm(x, [4], w, 1e-6) },
  { name: 'groupNorm', inputs: [[2, 4, 3], [4], [4]], f: (x, w, b) => torch.groupNorm(x, 2, w, b) },
  {
    name: 'batchNorm',
    inputs: [[3, 2, 2], [2], [2]],
    f: (x, w, b) => torch.batchNorm(x, w, b, null, null, true, 0.1, 1e-5, false),
  },
  {
    name: 'instanceNorm',
    inputs: [[2, 2, 4]],
    f: (x) => torch.instanceNorm(x, null, null, null, null, true, 0.1, 1e-5, false),
  },
  { name: 'dropout off', inputs: [[3]], f: (x) => torch.dropout(x, 0.5, false).square() },
  { name: 'mseLoss', inputs: [[4], [4]], f: (a, b) => torch.mseLoss(a, b) },
  { name: 'l1Loss', inputs: [distinct(4), [4]], f: (a, b) => torch.l1Loss(a, b.mul(0.01), 2) },
  { name: 'huberLoss', inputs: [distinct(4), [4]], f: (a, b) => torch.huberLoss(a, b.mul(0.01), 0, 0.7) },
  { name: 'smoothL1Loss', inputs: [distinct(4), [4]], f: (a, b) => torch.smoothL1Loss(a, b.mul(0.01), 1, 0.6) },
  { name: 'nllLoss', inputs: [[3, 4]], f: (x) => torch.nllLoss(x.logSoftmax(1), indices([0, 3, 1], x)) },
  { name: 'crossEntropyLoss', inputs: [[3, 4]], f: (x) => torch.crossEntropyLoss(x, indices([0, 3, -100], x)) },
  {
    name: 'crossEntropyLoss of probabilities',
    inputs: [[3, 4], positive(3, 4)],
    f: (x, p) => torch.crossEntropyLoss(x, p, null, 1, -100, 0.1),
  },
  {
    name: 'klDiv',
    inputs: [
      [3, 4],
      [3, 4],
    ],
    f: (a, b) => torch.klDiv(a.logSoftmax(1), b.logSoftmax(1), 2, { logTarget: true }),
  },
  {
    name: 'binaryCrossEntropyWithLogits',
    inputs: [[4], between(0.1, 0.9, 4)],
    f: (x, p) => torch.binaryCrossEntropyWithLogits(x, p),
  },
  {
    name: 'binaryCrossEntropy',
    inputs: [between(0.1, 0.9, 4), between(0.1, 0.9, 4)],
    f: (x, p) => torch.binaryCrossEntropy(x, p),
  },
  {
    name: 'cosineEmbeddingLoss',
    inputs: [
      [2, 3],
      [2, 3],
    ],
    f: (a, b) => torch.cosineEmbeddingLoss(a, b, indices([1, -1], a)),
  },
  {
    name: 'cosineSimilarity',
    inputs: [
      [2, 3],
      [2, 3],
    ],
    f: (a, b) => torch.cosineSimilarity(a, b),
  },
  { name: 'poissonNllLoss', inputs: [[3], positive(3)], f: (x, y) => torch.poissonNllLoss(x, y, true, false, 1e-8, 1) },
  { name: 'softMarginLoss', inputs: [[3]], f: (x) => torch.softMarginLoss(x, indices([1, -1, 1], x).to('float64')) },
  {
    name: 'ctcLoss',
    inputs: [[4, 1, 3]],
    f: (x) => torch.ctcLoss(x.logSoftmax(2), indices([[1, 2]], x), [4], [2]),
    once: true,
  },
  { name: 'conv1d', inputs: [[1, 2, 5], [3, 2, 3], [3]], f: (x, w, b) => torch.conv1d(x, w, b, 2, 1) },
  {
    name: 'conv2d',
    inputs: [[1, 2, 4, 4], [2, 1, 2, 3], [2]],
    f: (x, w, b) => torch.conv2d(x, w, b, [1, 2], [1, 0], 1, 2),
  },
  {
    name: 'conv3d',
    inputs: [
      [1, 1, 2, 3, 2],
      [1, 1, 2, 2, 1],
    ],
    f: (x, w) => torch.conv3d(x, w),
  },
  {
    name: 'convTranspose2d',
    inputs: [
      [1, 2, 2, 2],
      [2, 1, 2, 2],
    ],
    f: (x, w) => torch.convTranspose2d(x, w, null, 2),
  },
  { name: 'avgPool2d', inputs: [[1, 4, 4]], f: (x) => torch.avgPool2d(x, 2, 1).square() },
  { name: 'maxPool2d', inputs: [distinct(1, 4, 4)], f: (x) => torch.maxPool2d(x, 2).square() },
  { name: 'maxPool1d', inputs: [distinct(1, 6)], f: (x) => torch.maxPool1d(x, 3, 2).square() },
  { name: 'adaptiveAvgPool2d', inputs: [[1, 3, 4]], f: (x) => torch.adaptiveAvgPool2d(x, [2, 2]).square() },
  {
    name: 'upsampleBilinear2d',
    inputs: [[1, 1, 2, 3]],
    f: (x) => torch.upsampleBilinear2d(x, [4, 4], false).square(),
  },
  {
    name: 'gridSampler2d',
    inputs: [[1, 1, 3, 3], between(-0.6, 0.6, 1, 2, 2, 2)],
    f: (x, grid) => torch.gridSampler2d(x, grid, 0, 0, false),
    once: true,
  },
  {
    name: 'scaledDotProductAttention',
    inputs: [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    f: (q, k, v) => torch.scaledDotProductAttention(q, k, v, null, 0, true),
    once: true,
  },
  {
    name: 'lstmCell',
    inputs: [
      [1, 2],
      [1, 2],
      [1, 2],
      [8, 2],
      [8, 2],
    ],
    f: (x, h, c, wi, wh) => torch.cat(torch.lstmCell(x, [h, c], wi, wh)),
  },
  {
    name: 'gruCell',
    inputs: [
      [1, 2],
      [1, 2],
      [6, 2],
      [6, 2],
    ],
    f: (x, h, wi, wh) => torch.gruCell(x, h, wi, wh),
  },
];
