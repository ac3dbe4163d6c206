import { createHash } from 'node:crypto';
import t from 'tap';
import { dequantise, dynamicMap, lookUp, magnitudes, quantise } from '../../lib/nn/four-bit';
import { quantiseNf4, torch, type DType, type Tensor } from '../../lib/torch';
import { expected } from '../parity/expected';

interface Case {
  shape: [number, number];
  dtype: DType;
  codes: string;
  absmax: string;
  values: string;
  nested: { absmax: string; nested_absmax: string; offset: number; values: string };
}

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
