import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import { torch, type DType, type Tensor } from '../../lib/torch';
import { expected } from '../parity/expected';

interface Written {
  shape: number[];
  dtype: DType;
  values: number[];
}
const { random } = expected<{
  random: { seed: number; draws: Record<string, Written>; own: { seed: number; randn: Written } };
}>('torch');

const bits = (tensor: Tensor): string => Buffer.from(tensor.bytes()).toString('hex');

/** The calls of make_torch.py, in its order. */
function draw(): Record<string, Tensor> {
  torch.manualSeed(random.seed);
  return {
    randn: torch.randn([5]),
    randnLong: torch.randn([40]),
    randnDouble: torch.randn([3], { dtype: 'float64' }),
    rand: torch.rand([4]),
    randint: torch.randint(0, 100, [6]),
    randperm: torch.randperm(10),
    normal: torch.normal(2, 3, [4]),
    bernoulli: torch.bernoulli(torch.full([8], 0.3)),
    multinomial: torch.multinomial(torch.tensor([0.1, 0.2, 0.7]), 5, true),
    uniform: torch.empty([4]).uniform_(-1, 1),
    exponential: torch.empty([3]).exponential_(2),
    dropout: torch.dropout(torch.ones([8]), 0.5, true),
    half: torch.randn([4], { dtype: 'float16' }),
  };
}

t.test('draws are those of Python for the same seed', async (t) => {
  const drawn = draw();
  for (const [name, { dtype, shape, values }] of Object.entries(random.draws)) {
    const tensor = drawn[name];
    t.same([tensor.dtype, tensor.shape], [dtype, shape], name);
    // The last digits of logarithms and square roots depend on the processor's instruction set.
    const got = Array.from<number | bigint>(tensor.toTypedArray()).map(Number);
    got.forEach((value, i) => t.ok(Math.abs(value - values[i]) <= 2e-6 * Math.max(1, Math.abs(value)), `${name} ${i}`));
  }
  const { seed, randn } = random.own;
  const own = torch.randn([6], { generator: torch.generator({ seed }) });
  own.toTypedArray().forEach((value, i) => t.ok(Math.abs(Number(value) - randn.values[i]) < 2e-6));
});

t.test('the same seed gives the same bits, in a second process too', async (t) => {
  const all = () => Object.entries(draw()).map(([name, tensor]) => `${name} ${bits(tensor)}`);
  const first = all();
  t.same(all(), first);
  const script = `
    const { torch } = require(${JSON.stringify(join(__dirname, '../../lib/torch'))});
    torch.manualSeed(${random.seed});
    console.log(Buffer.from(torch.randn([5]).bytes()).toString('hex'));
    console.log(Buffer.from(torch.randn([40]).bytes()).toString('hex'));`;
  const args = ['-r', './scripts/typescript.js', '-e', script];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: join(__dirname, '../..') });
  t.same(
    stdout.trim().split('\n'),
    first.slice(0, 2).map((line) => line.split(' ')[1]),
  );
});

t.test('another seed gives other numbers', async (t) => {
  torch.manualSeed(1);
  const one = bits(torch.rand([8]));
  torch.manualSeed(2);
  t.not(bits(torch.rand([8])), one);
  torch.manualSeed(2n ** 62n);
  const big = bits(torch.rand([8]));
  torch.manualSeed(2n ** 62n);
  t.equal(bits(torch.rand([8])), big, 'a seed of 63 bits');
  t.throws(() => torch.manualSeed(1.5), { message: /manualSeed: expected an integer, got 1.5/ });
  t.throws(() => torch.manualSeed('1' as unknown as number), {
    message: /manualSeed: expected an integer, got a string/,
  });
});

t.test('a state that was saved goes on with the same bits', async (t) => {
  torch.manualSeed(3);
  torch.randn([7]);
  const state = torch.getRngState();
  t.equal(state.dtype, 'uint8');
  const next = bits(torch.randn([9]));
  torch.randn([100]);
  torch.setRngState(state);
  t.equal(bits(torch.randn([9])), next);
  const kept = torch.fromBytes(state.bytes(), { dtype: 'uint8', shape: state.shape });
  torch.setRngState(kept);
  t.equal(bits(torch.randn([9])), next, 'through bytes');
  t.throws(() => torch.setRngState(torch.zeros([3])), /ByteTensor|RNG state/);
  t.throws(() => torch.setRngState(torch.zeros([5056], { dtype: 'uint8' })), /state|engine|data/i);
  t.throws(() => torch.setRngState(torch.full([5056], 255, { dtype: 'uint8' })), /state|engine|data/i);
});

t.test('a generator of its own neither disturbs nor is disturbed', async (t) => {
  const a = torch.generator({ seed: 5 });
  const b = torch.generator({ seed: 5 });
  torch.manualSeed(0);
  const undisturbed = bits(torch.randn([4]));
  torch.manualSeed(0);
  const fromA = bits(torch.randn([4], { generator: a }));
  t.equal(bits(torch.randn([4])), undisturbed);
  t.equal(bits(torch.randn([4], { generator: b })), fromA);
  const state = a.getState();
  const next = bits(torch.rand([4], { generator: a }));
  b.setState(state);
  t.equal(bits(torch.rand([4], { generator: b })), next);
  t.not(bits(torch.randn([4], { generator: torch.generator({ seed: 6 }) })), fromA);
  t.throws(() => torch.generator({ device: 'meta' }), /generator|meta/i);
  t.throws(() => torch.randn([2], { generator: 3 as never }), { message: /argument 'generator' must be a generator/ });
});
