import { createHash } from 'node:crypto';
import t from 'tap';
import { dequantise, dynamicMap, lookUp, magnitudes, quantise } from '../../lib/nn/four-bit';
import { nf4Linear, quantiseNf4, torch, type DType, type Tensor } from '../../lib/torch';
import { expected } from '../parity/expected';

interface Case {
  shape: [number, number];
  dtype: DType;
  codes: string;
  absmax: string;
  values: string;
  nested: { absmax: string; nested_absmax: string; offset: number; values: string };
}

const skip = torch.canPack() ? false : 'this processor lacks AVX2 or FMA';

const written = expected<{ map: string; cases: Case[] }>('nf4');

/** The matrix of that number in make_nf4.py. */
function matrix(seed: number, [rows, columns]: readonly [number, number]): Tensor {
  const numbers = new Float32Array(rows * columns);
  for (let i = 0; i < numbers.length; i++) {
    let state = (Math.imul(i + 1, 2654435761) + seed * 40503) >>> 0;
    state = Math.imul(state ^ (state >>> 15), 2246822519) >>> 0;
    state = Math.imul(state ^ (state >>> 13), 3266489917) >>> 0;
    numbers[i] = ((state >>> 18) - 8192) / 2048;
  }
  numbers.fill(0, 64, 128).fill(0, 129, 192);
  return torch.tensor(numbers, { shape: [rows, columns] });
}

function digest(tensor: Tensor): string {
  const bytes = tensor.contiguous().view('uint8').toTypedArray() as Uint8Array;
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

t.test("the map of eight bits is bitsandbytes' to the bit", async (t) => {
  t.equal(digest(dynamicMap()), written.map);
});

t.test('codes, magnitudes and numbers of matrices of any shape are bitsandbytes’ to the bit', async (t) => {
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [i, wanted] of written.cases.entries()) {
      torch.scope(() => {
        const weight = matrix(i % 20, wanted.shape).to(wanted.dtype);
        const name = `${wanted.dtype} [${wanted.shape.join(', ')}]`;
        const plain = quantise(weight, { double: false });
        t.equal(digest(plain.codes), wanted.codes, `codes of ${name}`);
        t.equal(digest(plain.absmax), wanted.absmax, `magnitudes of ${name}`);
        t.equal(digest(dequantise(plain)), wanted.values, `numbers of ${name}`);
        const double = quantise(weight);
        t.equal(digest(double.codes), wanted.codes, `codes of ${name}, magnitudes quantised`);
        t.equal(digest(double.absmax), wanted.nested.absmax, `quantised magnitudes of ${name}`);
        t.equal(digest(double.nested!.absmax), wanted.nested.nested_absmax, `their magnitudes, ${name}`);
        t.equal(double.nested!.offset, wanted.nested.offset, `their mean, ${name}`);
        t.equal(digest(dequantise(double)), wanted.nested.values, `numbers of ${name}, magnitudes quantised`);
        const byOperators = lookUp(double.codes, magnitudes(double), double.shape, 64).to(wanted.dtype);
        t.equal(digest(byOperators), wanted.nested.values, `the same by operators, ${name}`);
      });
    }
  }
  torch.setNumThreads(1);
});

t.test('what has no code is refused', async (t) => {
  const one = (value: number): Tensor => torch.ones([3, 70]).indexFill(1, torch.tensor([69n]), value);
  t.throws(() => quantise(one(NaN)), { name: 'TypeError', message: /NaN or infinity/ });
  t.throws(() => quantise(one(-Infinity)), /NaN or infinity/);
  t.throws(() => quantise(torch.ones([2, 2], { dtype: 'float64' })), /float32, bfloat16 or float16/);
  t.throws(() => quantise(torch.ones([0, 2])), /expected a float32/);
  t.throws(() => quantiseNf4(torch.ones([2, 2]), 48), /32, 64, \.\.\. or 4096/);
  const { codes, absmax, shape } = quantise(torch.ones([3, 70]), { double: false });
  const weight = { codes, absmax, shape, dtype: 'float32' as const, blockSize: 64, nested: null };
  t.throws(() => dequantise({ ...weight, shape: [3, 72] }), /codes uint8 of 216 numbers/);
  t.throws(() => dequantise({ ...weight, blockSize: 32 }), /magnitudes of 7 blocks/);
  t.throws(() => dequantise({ ...weight, absmax: absmax.to('float64') }), /float32 magnitudes/);
  t.throws(() => dequantise(weight, 'float64'), /not float64/);
});

const far = (a: Tensor, b: Tensor): number => {
  const [x, y] = [a.to('float64'), b.to('float64')];
  return Number(x.sub(y).norm().div(y.norm()).item());
};

t.test('the product and its gradient are those of the numbers that the codes stand for', { skip }, async (t) => {
  torch.manualSeed(1);
  for (const threads of [1, 3]) {
    torch.setNumThreads(threads);
    for (const [into, out] of [
      [64, 1],
      [64, 40],
      [192, 17],
      [576, 192],
      [1024, 100],
    ] as const) {
      for (const double of [true, false]) {
        const weight = quantise(torch.randn([out, into]), { double });
        const numbers = dequantise(weight).to('float64');
        for (const rows of [1, 2, 3, 4, 5, 70]) {
          torch.scope(() => {
            const input = torch.randn([rows, into]).requiresGrad_(true);
            const slope = torch.randn([rows, out]);
            const ours = nf4Linear(input, weight)!;
            const name = `${rows} rows of ${into} to ${out}, ${threads} threads`;
            t.ok(far(ours, input.to('float64').matmul(numbers.t())) < 1e-6, name);
            const [gradient] = torch.grad([ours], [input], { gradOutputs: [slope] });
            t.ok(far(gradient!, slope.to('float64').matmul(numbers)) < 1e-6, `gradient of ${name}`);
            t.ok(
              far(
                torch.noGrad(() => nf4Linear(input, weight)!),
                ours,
              ) < 1e-6,
            );
          });
        }
      }
    }
  }
  torch.setNumThreads(1);
  const weight = quantise(torch.randn([40, 128]));
  const numbers = dequantise(weight);
  const input = torch.randn([2, 3, 128]).requiresGrad_(true);
  const [first] = torch.grad([nf4Linear(input, weight)!.square().sum()], [input], { createGraph: true });
  const [second] = torch.grad([first!.square().sum()], [input]);
  const twice = numbers.t().matmul(numbers).mul(2);
  t.ok(far(second!, input.matmul(twice).matmul(twice).mul(2)) < 1e-5, 'a gradient of the gradient');
  t.same(nf4Linear(torch.ones([0, 128]), weight)!.shape, [0, 40]);
});

t.test('products of anything else are refused or left to others', { skip }, async (t) => {
  const weight = quantise(torch.randn([40, 128]));
  const input = torch.ones([3, 128]);
  t.equal(nf4Linear(input.to('float64'), weight), null, 'float64');
  t.equal(nf4Linear(torch.ones([3, 50]), quantise(torch.ones([4, 50]))), null, 'rows that are not whole blocks');
  t.throws(() => nf4Linear(torch.ones([3, 64]), weight), /an input \[\.\.\., 128\]/);
  t.throws(() => nf4Linear(input, { ...weight, shape: [41, 128] }), /codes uint8 of 5248 numbers/);
  t.throws(() => nf4Linear(input, { ...weight, shape: [0, 128] }), /a weight is not \[0, 128\]/);
  t.throws(() => nf4Linear(input, { ...weight, shape: [2 ** 40, 2 ** 40] }), /a weight is not/);
  t.throws(() => nf4Linear(input, { ...weight, absmax: torch.ones([80]) }), /magnitudes of 80 blocks/);
  t.throws(() => nf4Linear(input, { ...weight, nested: null }), /magnitudes of 80 blocks, got uint8/);
  const { nested } = weight;
  t.throws(() => nf4Linear(input, { ...weight, nested: { ...nested!, map: torch.ones([255]) } }), /map \[256\]/);
  t.throws(() => nf4Linear(input, { ...weight, nested: { ...nested!, absmax: torch.ones([2]) } }), /for every 256/);
});

t.test('bfloat16 is multiplied in pairs where the processor can, near the product of rounded numbers', async (t) => {
  torch.manualSeed(3);
  const probe = nf4Linear(torch.ones([1, 64], { dtype: 'bfloat16' }), quantise(torch.ones([2, 64])));
  t.comment(probe ? 'by this processor' : 'left to operators here');
  if (!probe) return;
  for (const [into, out] of [
    [64, 40],
    [192, 18],
    [576, 192],
    [1024, 100],
  ] as const) {
    const weight = quantise(torch.randn([out, into]));
    const numbers = dequantise(weight, 'bfloat16').to('float64');
    for (const rows of [1, 3, 4, 5, 30, 70]) {
      torch.scope(() => {
        const input = torch.randn([rows, into]).to('bfloat16').requiresGrad_(true);
        const slope = torch.randn([rows, out]).to('bfloat16');
        const ours = nf4Linear(input, weight)!;
        t.equal(ours.dtype, 'bfloat16');
        const off = far(ours, input.to('float64').matmul(numbers.t()));
        t.ok(off < 1e-2, `${rows} rows of ${into} to ${out}: ${off}`);
        const [gradient] = torch.grad([ours], [input], { gradOutputs: [slope] });
        const gradientOff = far(gradient!, slope.to('float64').matmul(numbers));
        t.ok(gradientOff < 1e-2, `and its gradient: ${gradientOff}`);
      });
    }
  }
  t.equal(nf4Linear(torch.ones([1, 64], { dtype: 'bfloat16' }), quantise(torch.ones([3, 64]))), null, 'no pairs');
});
