import t from 'tap';
import { clipGradNorm } from '../../lib/optim';
import { batchMeanKl, meanKl, meanSquare } from '../../lib/soo/distances';
import { sumKl } from '../../lib/soo/chunked-kl';
import { torch, type Tensor } from '../../lib/torch';
import { gradientNorms } from '../../lib/training/gradients';

// Losses and norms of bfloat16 tensors against libtorch's own in float64, of the same bfloat16 logits, or hidden states:
// near the end of a tuning the two sides differ by less than bfloat16 can tell apart.

const ROWS = 40;
const HIDDEN = 40;
const VOCABULARY = 8000;
torch.manualSeed(7);

const near = (a: number, b: number, share: number): boolean => Math.abs(a - b) <= share * Math.abs(b);
const numberOf = (x: Tensor): number => Number(x.to('float64').item());
const cosine = (a: Tensor, b: Tensor): number =>
  numberOf(torch.cosineSimilarity(a.flatten().to('float64'), b.flatten().to('float64'), 0));

/** KL(other || self) in float64, summed over rows. */
function exactKl(self: Tensor, other: Tensor): Tensor {
  const [a, b] = [self, other].map((logits) => logits.to('float64').logSoftmax(-1)) as [Tensor, Tensor];
  return torch.klDiv(a, b, 2, { logTarget: true });
}

function sidesAt(eps: number): { self: Tensor; other: Tensor; head: Tensor } {
  const self = torch.randn([ROWS, HIDDEN]);
  const other = self.add(torch.randn([ROWS, HIDDEN]), { alpha: eps });
  const leaf = (x: Tensor): Tensor => x.to('bfloat16').requiresGrad_(true);
  return { self: leaf(self), other: leaf(other), head: torch.randn([VOCABULARY, HIDDEN]).to('bfloat16') };
}

for (const eps of [0.1, 0.03, 0.01]) {
  t.test(`KL losses of bfloat16 sides that differ by ${eps}`, async (t) => {
    const { self, other, head } = sidesAt(eps);
    const exact = [self, other].map((side) => torch.linear(side.to('float64'), head.to('float64'))) as [Tensor, Tensor];
    const exactly = exactKl(...exact);
    const [exactGrad] = torch.grad(exactly, self) as [Tensor];
    const chunked = sumKl(self, other, head);
    t.ok(near(numberOf(chunked), numberOf(exactly), 1e-5), `sumKl ${numberOf(chunked)}, right ${numberOf(exactly)}`);
    const [chunkedGrad] = torch.grad(chunked, self) as [Tensor];
    t.ok(cosine(chunkedGrad, exactGrad) > 0.9999, `its gradient ${cosine(chunkedGrad, exactGrad)}`);

    const logits = [self, other].map((side) => torch.linear(side, head)) as [Tensor, Tensor];
    const right = exactKl(...logits);
    const [rightGrad] = torch.grad(right, self, { retainGraph: true }) as [Tensor];
    const [a, b] = logits.map((x) => x.unsqueeze(0)) as [Tensor, Tensor];
    const whole = batchMeanKl({ self: a, other: b, mask: undefined });
    t.ok(near(numberOf(whole), numberOf(right), 1e-3), `batchMeanKl ${numberOf(whole)}`);
    const [wholeGrad] = torch.grad(whole, self, { retainGraph: true }) as [Tensor];
    t.ok(cosine(wholeGrad, rightGrad) > 0.999, `its gradient ${cosine(wholeGrad, rightGrad)}`);
    t.ok(near(numberOf(meanKl(b, a)) * ROWS, numberOf(right), 1e-3), 'meanKl');
  });
}

t.test('mean squares of bfloat16 activations', async (t) => {
  const { self, other } = sidesAt(0.01);
  const right = torch.mseLoss(self.to('float64'), other.to('float64'));
  const [a, b] = [self, other].map((x) => x.unsqueeze(0)) as [Tensor, Tensor];
  const everywhere = torch.ones([1, ROWS], { dtype: 'bool' });
  for (const mask of [undefined, everywhere]) {
    t.ok(near(numberOf(meanSquare({ self: a, other: b, mask })), numberOf(right), 1e-4));
  }
});

t.test('norms of bfloat16 gradients', async (t) => {
  const parameter = torch.zeros([3000], { dtype: 'bfloat16', requiresGrad: true });
  const grad = torch.randn([3000]).to('bfloat16');
  const right = numberOf(grad.to('float64').norm());
  parameter.grad = grad;
  t.ok(near(gradientNorms([['w', parameter]])[0]?.norm ?? 0, right, 1e-5), `told ${right}`);
  const other = torch.zeros([10], { requiresGrad: true });
  other.grad = torch.ones([10]);
  t.ok(near(clipGradNorm([parameter, other], 1e9), Math.hypot(right, Math.sqrt(10)), 1e-5), 'beside float32 ones');
  t.ok(near(clipGradNorm([parameter], 1), right, 1e-5), 'clipped');
  t.ok(near(numberOf(parameter.grad.to('float64').norm()), 1, 0.01));
});
