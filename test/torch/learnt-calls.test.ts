import t from 'tap';
import { torch, type Tensor } from '../../lib/torch';

// An overload is chosen once for each combination of kinds of arguments. Each call is made twice, so that the second
// goes the short way, and calls of one name are mixed, so that a choice that forgot a difference would show.

const x = torch.arange(6, { dtype: 'float32' }).reshape([2, 3]);
const flat = (tensor: Tensor): unknown => tensor.reshape([-1]).toArray();

function twice(
  t: { same(a: unknown, b: unknown, what: string): unknown },
  what: string,
  call: () => Tensor,
  wanted: unknown,
): void {
  t.same(flat(call()), wanted, what);
  t.same(flat(call()), wanted, `${what}, again`);
}

t.test('the same name with other kinds of arguments', async (t) => {
  const one = torch.tensor(1);
  for (let round = 0; round < 2; round++) {
    t.same(flat(x.sum()), [15]);
    t.same(flat(x.sum(0)), [3, 5, 7]);
    t.same(flat(x.sum([1])), [3, 12]);
    t.same(flat(x.sum([0, 1])), [15]);
    t.same(flat(x.sum([])), [15], 'an empty array is no array of tensors');
    t.same(flat(x.sum([1], true)), [3, 12]);
    t.same(x.sum([1], true).shape, [2, 1]);
    t.same(flat(x.add(1)), [1, 2, 3, 4, 5, 6]);
    t.same(flat(x.add(0.5)), [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]);
    t.same(flat(x.add(one)), [1, 2, 3, 4, 5, 6]);
    t.same(flat(x.add(x, { alpha: 2 })), [0, 3, 6, 9, 12, 15]);
    t.same(flat(x.pow(2)), [0, 1, 4, 9, 16, 25]);
    t.same(flat(x.pow(one)), [0, 1, 2, 3, 4, 5]);
    t.same(flat(torch.pow(2, x)), [1, 2, 4, 8, 16, 32]);
    t.same(flat(x.eq(true)), [false, true, false, false, false, false]);
    t.same(flat(x.eq(2)), [false, false, true, false, false, false]);
  }
});

t.test('arrays of tensors and of integers', async (t) => {
  twice(t, 'cat', () => torch.cat([x, x]), [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
  twice(t, 'cat along 1', () => torch.cat([x, x], 1), [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5]);
  twice(
    t,
    'cat of three',
    () => torch.cat([x.select(0, 0), x.select(0, 1), x.select(0, 0)]),
    [0, 1, 2, 3, 4, 5, 0, 1, 2],
  );
  twice(t, 'stack', () => torch.stack([x, x], 2), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]);
  twice(t, 'permute', () => x.permute([1, 0]), [0, 3, 1, 4, 2, 5]);
  twice(t, 'slice', () => x.slice(1, 0, 3, 2), [0, 2, 3, 5]);
  twice(t, 'full', () => torch.full([2], 0.5), [0.5, 0.5]);
  twice(t, 'index', () => x.index([null, torch.tensor([2, 0])]), [2, 0, 5, 3]);
  t.same(torch.zeros([2], { requiresGrad: true }).requiresGrad, true);
  t.same(torch.zeros([2]).requiresGrad, false);
});

t.test('null stands for what is left out, and is told from a tensor', async (t) => {
  const bias = torch.tensor([1, 2], { dtype: 'float32' });
  const weight = torch.ones([2, 3]);
  for (let round = 0; round < 2; round++) {
    t.same(flat(torch.linear(x, weight, null)), [3, 3, 12, 12]);
    t.same(flat(torch.linear(x, weight, undefined)), [3, 3, 12, 12]);
    t.same(flat(torch.linear(x, weight, bias)), [4, 5, 13, 14]);
    t.same(flat(x.clamp(null, 2)), [0, 1, 2, 2, 2, 2]);
    t.same(flat(x.clamp(3)), [3, 3, 3, 3, 4, 5]);
  }
});

t.test('methods and functions of one name lay out their arguments differently', async (t) => {
  const [yes, other] = [x.gt(2), x.mul(10)];
  for (let round = 0; round < 2; round++) {
    t.same(flat(torch.where(yes, x, other)), [0, 10, 20, 3, 4, 5]);
    t.same(flat(x.where(yes, other)), [0, 10, 20, 3, 4, 5]);
  }
});

t.test('several results, lists, in place, and none', async (t) => {
  for (let round = 0; round < 2; round++) {
    const [values, indices] = x.max(1);
    t.same(
      [flat(values), flat(indices)],
      [
        [2, 5],
        [2, 2],
      ],
    );
    t.same(
      x.split(2, 1).map((part) => part.shape),
      [
        [2, 2],
        [2, 1],
      ],
    );
    const y = torch.ones([2]);
    t.equal(y.add_(1), y);
    t.equal(y.clampMax_(1.5), y);
    t.same(flat(y), [1.5, 1.5]);
    t.equal(torch._foreachMul_([y, x.detach().clone()], 2), undefined);
    t.same(flat(y), [3, 3]);
    t.equal(x.isSameSize(y), false);
  }
});

t.test('kinds that choose different overloads', async (t) => {
  const sizes = (parts: Tensor[]): number[][] => parts.map((part) => part.shape);
  const [y, z] = [torch.ones([2]), torch.ones([2])];
  const values = (): unknown => [flat(y), flat(z)];
  for (let round = 0; round < 2; round++) {
    t.same(sizes(x.split(2, 1)), [
      [2, 2],
      [2, 1],
    ]);
    t.same(sizes(x.split([1, 2], 1)), [
      [2, 1],
      [2, 2],
    ]);
    y.fill_(1);
    z.fill_(1);
    torch._foreachAdd_([y, z], 1);
    t.same(
      values(),
      [
        [2, 2],
        [2, 2],
      ],
      'a number',
    );
    torch._foreachAdd_([y, z], [1, 2]);
    t.same(
      values(),
      [
        [3, 3],
        [4, 4],
      ],
      'numbers',
    );
    torch._foreachAdd_([y, z], [z, y.clone()]);
    t.same(
      values(),
      [
        [7, 7],
        [7, 7],
      ],
      'tensors',
    );
    torch._foreachAdd_([y, z], torch.tensor(3));
    t.same(
      values(),
      [
        [10, 10],
        [10, 10],
      ],
      'a tensor',
    );
    t.equal(y.indexPut_([torch.tensor([1])], torch.tensor(5, { dtype: 'float32' })), y);
    t.same(flat(y), [10, 5]);
  }
});

t.test('a tensor of one element where a number is wanted is read anew each time', async (t) => {
  for (const row of [0, 1, 0]) {
    const at = torch.tensor(row);
    t.same(flat(x.select(0, at.item())), flat(x.select(0, at as unknown as number)));
    t.same(flat(x.slice(0, at as unknown as number, row + 1, 1)), flat(x.select(0, row)));
  }
});

t.test('a refused call teaches nothing', async (t) => {
  for (let round = 0; round < 2; round++) {
    t.throws(() => x.view([4]), /view/);
    t.throws(() => x.sum(['a' as unknown as number]), /sum: /);
    t.throws(() => torch.cat([x, null as unknown as Tensor]), /cat: argument 'tensors' must be an array of tensors/);
    twice(t, 'view', () => x.view([6]), [0, 1, 2, 3, 4, 5]);
  }
  const gone = torch.ones([1]);
  gone.dispose();
  t.throws(() => x.add(gone), /disposed/);
  t.throws(() => torch.cat([x, gone]), /disposed/);
});
