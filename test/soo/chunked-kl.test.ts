import t from 'tap';
import { Linear } from '../../lib/nn';
import { batchMeanKl, klLoss } from '../../lib/soo';
import { frozenHead, sumKl } from '../../lib/soo/chunked-kl';
import type { Tensor } from '../../lib/torch';
import { pairBatch, placed, torch } from '../device';
import { tunedTiny } from './tiny';

torch.setNumThreads(1);
torch.manualSeed(0);
const relative = (a: Tensor, b: Tensor): number => Number(a.sub(b).abs().max().div(b.abs().max()).item());
const grad = (x: Tensor): Tensor => x.grad as Tensor;

t.test('by chunks as in one piece, gradients too', async (t) => {
  const head = placed(new Linear(16, 50, { bias: false })).requiresGrad_(false);
  const rows = (): Tensor => torch.randn([300, 16]).mul(3).requiresGrad_(true);
  const [self, other] = [rows(), rows()];
  const whole = [self, other].map((x) => x.detach().clone().requiresGrad_(true)) as [Tensor, Tensor];
  const [a, b] = whole.map((x) => torch.linear(x, head.weight).unsqueeze(0)) as [Tensor, Tensor];
  const wanted = batchMeanKl({ self: a, other: b, mask: undefined });
  wanted.mul(0.5).backward();
  const weight = frozenHead(head);
  if (!weight) return void t.fail('a frozen Linear is a frozen head');
  const got = sumKl(self, other, weight);
  t.ok(relative(got, wanted) < 1e-6, `${String(got.item())} (${String(wanted.item())})`);
  got.mul(0.5).backward();
  t.ok(relative(grad(self), grad(whole[0])) < 1e-5);
  t.ok(relative(grad(other), grad(whole[1])) < 1e-5);

  const alone = other.detach().requiresGrad_(true);
  sumKl(self.detach(), alone, weight).backward();
  t.ok(relative(grad(alone), grad(whole[1]).mul(2)) < 1e-5, 'one side held');
});

t.test('a head that is more than a frozen matrix is left to itself', async (t) => {
  const head = placed(new Linear(4, 5, { bias: false }));
  t.equal(frozenHead(head), undefined, 'trained');
  head.requiresGrad_(false);
  t.ok(frozenHead(head));
  const hook = head.registerForwardHook(() => undefined);
  t.equal(frozenHead(head), undefined, 'hooked');
  hook.remove();
  t.ok(frozenHead(head));
  t.equal(frozenHead(new Linear(4, 5).requiresGrad_(false)), undefined, 'with a bias');
});

t.test('the loss is the same with and without the logits held, and with both sides in one pass', async (t) => {
  const { model, adapter } = tunedTiny();
  const pairs = [
    { selfIds: [1, 20, 31, 42], otherIds: [1, 20, 200, 42] },
    { selfIds: [1, 7, 8], otherIds: [1, 9, 9, 9, 8] },
  ];
  const batch = pairBatch(pairs, { numbering: 'padded' });
  t.same(batch.ids.shape, [4, 5]);
  for (const choice of [{}, { countPads: true }, { positions: 'last' }, { positions: 'differing' }] as const) {
    const gradients = (): Tensor[] => {
      const copies = adapter.parameters().map((parameter) => grad(parameter).clone());
      for (const parameter of adapter.parameters()) parameter.grad = null;
      return copies;
    };
    const chunked = klLoss(model, choice)(batch);
    chunked.backward();
    const got = gradients();
    const hook = model.lmHead.registerForwardHook(() => undefined);
    const plain = klLoss(model, choice)(batch);
    plain.backward();
    hook.remove();
    const wanted = gradients();
    t.ok(
      relative(chunked, plain) < 1e-5,
      `${JSON.stringify(choice)}: ${String(chunked.item())} (${String(plain.item())})`,
    );
    t.ok(Math.max(...got.map((g, i) => relative(g, wanted[i]))) < 1e-4);
  }
});
