import t from 'tap';
import { torch, type DType, type Tensor } from '../../lib/torch';
import { expected } from '../parity/expected';

interface Case {
  name: string;
  shape: number[];
  dtype: DType;
  device: string;
  requiresGrad: boolean;
  gradFn: string | null;
  options: object;
  values: (string | boolean)[] | null;
  text: string;
}

const { cases } = expected<{ cases: Case[] }>('format');

/** The tensor of a case whose values are all written down. */
function made({ dtype, shape, values, requiresGrad }: Case): Tensor {
  const parsed = (values ?? []).map((value) => (typeof value === 'boolean' ? value : parse(dtype, value)));
  if (!dtype.startsWith('complex')) {
    const tensor = torch.tensor(parsed, { dtype: dtype.startsWith('float8') ? 'float32' : dtype }).reshape(shape);
    return tensor.to(dtype).detach().requiresGrad_(requiresGrad);
  }
  const parts = torch.tensor(parsed, { dtype: dtype === 'complex64' ? 'float32' : 'float64' });
  return torch.viewAsComplex(parts.reshape([...shape, 2]));
}

function parse(dtype: DType, value: string): number | bigint {
  return dtype === 'int64' ? BigInt(value) : Number(value.replace('inf', 'Infinity'));
}

t.test('tensors print as in Python', async (t) => {
  const whole = ({ values, shape, dtype, gradFn, options }: Case): boolean => {
    const entries = shape.reduce((a, b) => a * b, 1) * (dtype.startsWith('complex') ? 2 : 1);
    return values !== null && values.length === entries && gradFn === null && Object.keys(options).length === 0;
  };
  const chosen = cases.filter(whole);
  t.ok(chosen.length > 45);
  for (const each of chosen) t.equal(String(made(each)), each.text, each.name);
});

t.test('long tensors are shortened where they lie', async (t) => {
  const text = (name: string): string | undefined => cases.find((each) => each.name === name)?.text;
  t.equal(String(torch.arange(1001)), text('beyond the threshold'));
  t.equal(String(torch.arange(2000).reshape([1000, 2])), text('shortened tall'));
  const floats = torch.arange(2002, { dtype: 'float32' });
  t.equal(String(floats.reshape([1, 1001, 2])), text('shortened, one long dimension'));
  t.equal(String(torch.arange(1200).remainder(3).eq(0)), text('shortened bools'));
  const ones = torch.ones([1500], { dtype: 'float16', requiresGrad: true });
  t.equal(String(ones), text('shortened half with grad'));
});

t.test('what has a history, and what has no values', async (t) => {
  const leaf = torch.ones([2], { requiresGrad: true });
  t.equal(String(leaf.mul(leaf)), 'tensor([1., 1.], grad_fn=<MulBackward0>)');
  t.equal(String(torch.empty([2, 3], { device: 'meta' })), "tensor(..., device='meta', size=(2, 3))");
  t.equal(String(torch.eye(2).toSparse()), 'tensor(..., size=(2, 2), layout=torch.sparse_coo)');
  leaf.dispose();
  t.equal(String(leaf), 'Tensor (disposed)');
});

t.test('printing leaves nothing behind and takes no part in the graph', async (t) => {
  const x = torch.ones([50, 50], { requiresGrad: true });
  // In a scope nothing that printing left would be collected; what other tests left may be.
  using _scope = torch.scope();
  const before = torch.memory().tensors;
  for (let i = 0; i < 100; i++) String(x);
  t.ok(torch.memory().tensors <= before);
});
