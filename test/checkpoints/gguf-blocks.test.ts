import t from 'tap';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openGguf } from '../../lib/checkpoints/gguf/file';
import { GGML_TYPES } from '../../lib/checkpoints/gguf/types';
import { dequantizeGgml, torch } from '../../lib/torch';
import { expected } from '../parity/expected';
import { ggufBytes, noise } from './gguf-files';

interface Made {
  seeds: number[];
  blocks: number;
  types: Record<string, { type: number; values: number; bytes: number; sha256: string[] }>;
}

// Made by test/parity/make_gguf_blocks.py with the Python package gguf.
const made = expected<Made>('gguf-blocks');

/** Of NaN only the place counts. */
function hash(values: Float32Array): string {
  const bits = new Uint32Array(values.slice().buffer);
  values.forEach((value, i) => {
    if (Number.isNaN(value)) bits[i] = 0x7fc00000;
  });
  return createHash('sha256').update(new Uint8Array(bits.buffer)).digest('hex');
}

t.same([...GGML_TYPES.values()].map(({ name }) => name).sort(), Object.keys(made.types).sort(), 'all types are tested');

for (const [name, { type, values, bytes, sha256 }] of Object.entries(made.types)) {
  t.test(`${name}: blocks of any bytes are Python's numbers, to the bit`, (t) => {
    const { name: own, ...sizes } = GGML_TYPES.get(type) ?? { name: 'none' };
    t.match({ own, ...sizes }, { own: name, values, bytes });
    made.seeds.forEach((seed, i) => {
      const path = join(t.testdir({}), 'blocks.gguf');
      const data = noise(seed, made.blocks * bytes);
      const dimensions = [values * 7, made.blocks / 7];
      writeFileSync(path, ggufBytes({ tensors: [{ name: 'blocks', dimensions, type, data }] }));
      const file = openGguf(path);
      torch.scope(() => {
        const tensor = file.tensor('blocks');
        t.same(tensor.shape, [...dimensions].reverse());
        t.equal(hash(tensor.to('float32').toTypedArray() as Float32Array), sha256[i], `seed ${seed}`);
      });
      file.dispose();
    });
    t.end();
  });
}

t.test('the number of threads changes no bit', (t) => {
  const threads = torch.getNumThreads();
  const blocks = torch.tensor(noise(9, 210 * 3000), { dtype: 'uint8' });
  const make = (count: number): string => {
    torch.setNumThreads(count);
    return torch.scope(() => hash(dequantizeGgml(blocks, 14).toTypedArray() as Float32Array));
  };
  t.teardown(() => torch.setNumThreads(threads));
  t.equal(make(1), make(4));
  t.end();
});

t.test('bytes that are no blocks are refused', (t) => {
  const bytes = (count: number) => torch.zeros([count], { dtype: 'uint8' });
  t.throws(() => dequantizeGgml(bytes(19), 2), /uint8 blocks of 18 bytes/);
  t.throws(() => dequantizeGgml(torch.zeros([18]), 2), /uint8 blocks of 18 bytes/);
  t.throws(() => dequantizeGgml(bytes(36).slice(0, 0, 36, 2), 2), /uint8 blocks/);
  t.throws(() => dequantizeGgml(bytes(18), 16), /number 16/);
  t.equal(dequantizeGgml(bytes(0), 2).numel(), 0);
  t.end();
});
