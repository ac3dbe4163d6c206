import { torch } from '../../../lib/torch';
import { type GradientCase } from './drawing';

// Operators that lay elements out anew.

export const shapes: GradientCase[] = [
  { name: 'view', inputs: [[2, 6]], f: (x) => x.view([3, 4]).square() },
  { name: 'permute', inputs: [[2, 3, 2]], f: (x) => x.permute([2, 0, 1]).square() },
  { name: 'transpose', inputs: [[2, 3]], f: (x) => x.transpose(0, 1).exp() },
  { name: 'expand', inputs: [[3, 1]], f: (x) => x.expand([3, 4]).square() },
  { name: 'repeat', inputs: [[2, 2]], f: (x) => x.repeat([2, 3]).square() },
  { name: 'repeatInterleave', inputs: [[3]], f: (x) => x.repeatInterleave(2).square() },
  {
    name: 'cat',
    inputs: [
      [2, 2],
      [1, 2],
    ],
    f: (a, b) => torch.cat([a, b], 0).square(),
  },
  { name: 'stack', inputs: [[3], [3]], f: (a, b) => torch.stack([a, b], 1).square() },
  { name: 'split', inputs: [[5]], f: (x) => torch.cat(x.split(2).map((part, i) => part.pow(i + 1))) },
  { name: 'unbind', inputs: [[3, 2]], f: (x) => x.unbind(0)[1].square() },
  { name: 'slice', inputs: [[7]], f: (x) => x.slice(0, 1, 6, 2).square() },
  { name: 'select', inputs: [[3, 4]], f: (x) => x.select(1, -1).square() },
  { name: 'narrow', inputs: [[3, 4]], f: (x) => x.narrow(1, 1, 2).exp() },
  { name: 'asStrided', inputs: [[6]], f: (x) => x.asStrided([2, 3], [1, 2]).square() },
  { name: 'unfold', inputs: [[6]], f: (x) => x.unfold(0, 3, 2).square() },
  { name: 'flip', inputs: [[2, 3]], f: (x) => x.flip([0, 1]).exp() },
  { name: 'roll', inputs: [[2, 3]], f: (x) => x.roll([1], [1]).square() },
  { name: 'tril', inputs: [[3, 3]], f: (x) => x.tril(-1).add(x.triu(1).square()) },
  { name: 'diagonal', inputs: [[3, 3]], f: (x) => x.diagonal(1).square() },
  { name: 'diagEmbed', inputs: [[2, 2]], f: (x) => torch.diagEmbed(x).square() },
  { name: 'constantPadNd', inputs: [[2, 3]], f: (x) => torch.constantPadNd(x, [1, 2], 3).square() },
  { name: 'reflectionPad1d', inputs: [[1, 4]], f: (x) => torch.reflectionPad1d(x, [2, 1]).square() },
  { name: 'replicationPad2d', inputs: [[1, 2, 2]], f: (x) => torch.replicationPad2d(x, [1, 1, 0, 2]).square() },
  { name: 'pixelShuffle', inputs: [[4, 2, 2]], f: (x) => torch.pixelShuffle(x, 2).square() },
  { name: 'im2col', inputs: [[1, 3, 3]], f: (x) => torch.im2col(x, [2, 2], [1, 1], [0, 0], [1, 1]).square() },
  { name: 'copy_', inputs: [[2, 3], [3]], f: (a, b) => a.mul(1).copy_(b).square().add(a) },
  { name: 'mul_', inputs: [[3], [3]], f: (a, b) => a.clone().mul_(b).mul_(b) },
  {
    name: 'slice in place',
    inputs: [[4], [2]],
    f: (a, b) => {
      const copy = a.mul(2);
      copy.slice(0, 1, 3).mul_(b);
      return copy.square();
    },
  },
  { name: 'to float64 through itself', inputs: [[3]], f: (x) => x.to('cpu').square() },
];
