import { torch } from '../../../lib/torch';
import { positive, distinct, type GradientCase } from './drawing';

// Operators that bring many elements together.

export const reductions: GradientCase[] = [
  { name: 'sum', inputs: [[2, 3, 2]], f: (x) => x.sum([0, 2], true).square() },
  { name: 'mean', inputs: [[2, 3]], f: (x) => x.mean([1]).exp() },
  { name: 'prod', inputs: [[2, 3]], f: (x) => x.prod(1) },
  { name: 'var', inputs: [[3, 4]], f: (x) => x.var([1], { correction: 1 }) },
  { name: 'std', inputs: [[3, 4]], f: (x) => x.std([0], { correction: 0 }) },
  { name: 'logsumexp', inputs: [[3, 4]], f: (x) => x.logsumexp([1]) },
  { name: 'norm', inputs: [[3, 4]], f: (x) => x.norm(3, [1]) },
  { name: 'linalgVectorNorm', inputs: [[5]], f: (x) => torch.linalgVectorNorm(x, 2) },
  { name: 'max', inputs: [distinct(3, 4)], f: (x) => x.max(1)[0].square() },
  { name: 'min', inputs: [distinct(3, 4)], f: (x) => x.min(0, true)[0].exp() },
  { name: 'amax', inputs: [distinct(3, 4)], f: (x) => x.amax([0]).square() },
  { name: 'median', inputs: [distinct(5)], f: (x) => x.median().exp() },
  { name: 'kthvalue', inputs: [distinct(6)], f: (x) => x.kthvalue(2)[0].exp() },
  { name: 'topk', inputs: [distinct(2, 5)], f: (x) => x.topk(2)[0].square() },
  { name: 'sort', inputs: [distinct(6)], f: (x) => x.sort(0, true)[0].square() },
  { name: 'cumsum', inputs: [[2, 4]], f: (x) => x.cumsum(1).square() },
  { name: 'cumprod', inputs: [positive(2, 3)], f: (x) => x.cumprod(1) },
  { name: 'cummax', inputs: [distinct(6)], f: (x) => x.cummax(0)[0].square() },
  { name: 'logcumsumexp', inputs: [[5]], f: (x) => x.logcumsumexp(0) },
  { name: 'renorm', inputs: [[3, 4]], f: (x) => x.renorm(2, 0, 0.5), once: true },
];
