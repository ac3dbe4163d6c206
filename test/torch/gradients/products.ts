import { torch } from '../../../lib/torch';
import { positive, spread, type GradientCase } from './drawing';

// Products of matrices, factorisations and Fourier transforms.

export const products: GradientCase[] = [
  {
    name: 'matmul',
    inputs: [
      [2, 3, 4],
      [4, 2],
    ],
    f: (a, b) => a.matmul(b),
  },
  {
    name: 'mm',
    inputs: [
      [2, 3],
      [3, 2],
    ],
    f: (a, b) => a.mm(b),
  },
  {
    name: 'bmm',
    inputs: [
      [2, 2, 3],
      [2, 3, 2],
    ],
    f: (a, b) => a.bmm(b),
  },
  { name: 'addmm', inputs: [[2], [2, 3], [3, 2]], f: (c, a, b) => c.addmm(a, b, { beta: 0.5, alpha: 2 }) },
  {
    name: 'baddbmm',
    inputs: [
      [2, 2, 2],
      [2, 2, 3],
      [2, 3, 2],
    ],
    f: (c, a, b) => c.baddbmm(a, b),
  },
  { name: 'mv', inputs: [[2, 3], [3]], f: (a, b) => a.mv(b) },
  { name: 'dot', inputs: [[4], [4]], f: (a, b) => a.dot(b) },
  { name: 'outer', inputs: [[3], [2]], f: (a, b) => a.outer(b) },
  {
    name: 'kron',
    inputs: [
      [2, 2],
      [1, 3],
    ],
    f: (a, b) => a.kron(b),
  },
  {
    name: 'einsum',
    inputs: [
      [2, 3],
      [3, 4],
    ],
    f: (a, b) => torch.einsum('ij,jk->ik', [a, b]),
  },
  {
    name: 'tensordot',
    inputs: [
      [2, 3],
      [3, 2],
    ],
    f: (a, b) => torch.tensordot(a, b, [1, 0], [0, 1]),
  },
  {
    name: 'bilinear',
    inputs: [
      [2, 3],
      [2, 2],
      [2, 3, 2],
    ],
    f: (a, b, w) => torch.bilinear(a, b, w),
  },
  { name: 'linear', inputs: [[2, 3], [4, 3], [4]], f: (x, w, b) => torch.linear(x, w, b) },
  {
    name: 'cdist',
    inputs: [
      [3, 2],
      [2, 2],
    ],
    f: (a, b) => torch.cdist(a, b, 2),
    once: true,
  },
  { name: 'linalgInv', inputs: [[3, 3]], f: (x) => torch.linalgInv(spread(x)) },
  { name: 'linalgDet', inputs: [[3, 3]], f: (x) => torch.linalgDet(x) },
  { name: 'linalgSlogdet', inputs: [[3, 3]], f: (x) => torch.linalgSlogdet(spread(x))[1] },
  { name: 'linalgCholesky', inputs: [[3, 3]], f: (x) => torch.linalgCholesky(spread(x)) },
  {
    name: 'linalgSolve',
    inputs: [
      [3, 3],
      [3, 2],
    ],
    f: (a, b) => torch.linalgSolve(spread(a), b),
  },
  { name: 'linalgQr', inputs: [[3, 3]], f: (x) => torch.cat(torch.linalgQr(spread(x))) },
  { name: 'linalgSvdvals', inputs: [[3, 2]], f: (x) => torch.linalgSvdvals(x), once: true },
  { name: 'linalgEigvalsh', inputs: [[3, 3]], f: (x) => torch.linalgEigvalsh(spread(x)) },
  { name: 'linalgPinv', inputs: [[3, 2]], f: (x) => torch.linalgPinv(x) },
  { name: 'linalgMatrixExp', inputs: [[2, 2]], f: (x) => torch.linalgMatrixExp(x) },
  {
    name: 'linalgSolveTriangular',
    inputs: [
      [3, 3],
      [3, 2],
    ],
    f: (a, b) => torch.linalgSolveTriangular(spread(a).tril(), b, { upper: false }),
  },
  {
    name: 'choleskySolve',
    inputs: [
      [3, 2],
      [3, 3],
    ],
    f: (b, x) => b.choleskySolve(torch.linalgCholesky(spread(x))),
  },
  { name: 'trace', inputs: [[3, 3]], f: (x) => x.trace().exp() },
  {
    name: 'linalgCross',
    inputs: [
      [2, 3],
      [2, 3],
    ],
    f: (a, b) => torch.linalgCross(a, b),
  },
  { name: 'fftFft', inputs: [[5]], f: (x) => torch.fftFft(x).abs().square() },
  { name: 'fftRfft', inputs: [[6]], f: (x) => torch.fftIrfft(torch.fftRfft(x).mul(2)).square() },
  { name: 'fftFft2', inputs: [[2, 3]], f: (x) => torch.fftFft2(x).viewAsReal().square() },
  {
    name: 'stft',
    inputs: [[8]],
    f: (x) => torch.stft(x, 4, { hopLength: 2, window: null, onesided: true, returnComplex: true }).abs().square(),
  },
  { name: 'complex', inputs: [[3], [3]], f: (a, b) => torch.complex(a, b).square() },
  { name: 'polar', inputs: [positive(3), [3]], f: (r, phi) => torch.polar(r, phi) },
];
