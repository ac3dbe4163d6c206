import t from 'tap';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../lib/checkpoints';
import { readGgufHeader } from '../../lib/checkpoints/gguf/header';
import { damaged, isClearError, seeded } from '../fuzz/edits';
import { aFlag, aNumber, aText, floats, ggufBytes, integers, text, texts, typed, u32, u64, type FileSpec } from './gguf-files'; // prettier-ignore

const folder = t.testdir({});
const path = join(folder, 'model.gguf');

function header(spec: FileSpec | Uint8Array): ReturnType<typeof readGgufHeader> {
  writeFileSync(path, spec instanceof Uint8Array ? spec : ggufBytes(spec));
  return readGgufHeader(path);
}

const tensor = { name: 'w', dimensions: [4, 3], type: 0, data: new Uint8Array(48) };

const whole: FileSpec = {
  keys: [
    ['general.architecture', aText('llama')],
    ['u8', typed(0, Uint8Array.of(200))],
    ['i8', typed(1, Uint8Array.of(200))],
    ['u16', typed(2, Uint8Array.of(0, 200))],
    ['i16', typed(3, Uint8Array.of(0, 200))],
    ['u32', aNumber(4e9)],
    ['i32', typed(5, u32(-5 >>> 0))],
    ['f32', typed(6, Uint8Array.of(0, 0, 0x40, 0x3f))],
    ['flag', aFlag(true)],
    ['u64', typed(10, u64(2n ** 60n))],
    ['i64', typed(11, u64(7))],
    ['f64', typed(12, new Uint8Array(new Float64Array([0.1]).buffer))],
    ['texts', texts(['a', 'ü', ''])],
    ['numbers', integers([1, -2])],
    ['floats', floats([0.5])],
    ['flags', typed(9, u32(7), u64(2), Uint8Array.of(0, 1))],
    ['lists', typed(9, u32(9), u64(2), u32(8), u64(1), text('x'), u32(0), u64(2), Uint8Array.of(1, 2))],
    ['none', typed(9, u32(8), u64(0))],
  ],
  tensors: [tensor, { name: 'q', dimensions: [64, 2], type: 2, data: new Uint8Array(72) }],
};

t.test('every type of value, both versions', (t) => {
  for (const version of [2, 3]) {
    const { metadata, tensors, ...rest } = header({ ...whole, version });
    t.equal(rest.version, version);
    const values = Object.fromEntries(metadata.values);
    const numbers = { u8: 200, i8: -56, u16: 51200, i16: -14336, u32: 4e9, i32: -5, f32: 0.75, u64: 2n ** 60n, i64: 7 };
    t.match(values, { ...numbers, f64: 0.1, flag: true, texts: ['a', 'ü', ''], flags: [false, true], none: [] });
    t.same(metadata.numbers('numbers'), [1, -2]);
    t.same(values.lists, [['x'], new Uint8Array([1, 2])]);
    t.same([...tensors.values()].map(({ begin: _, end: __, ...info }) => info), [
      { name: 'w', type: 0, shape: [3, 4] },
      { name: 'q', type: 2, shape: [2, 64] },
    ]); // prettier-ignore
    const [w, q] = [...tensors.values()];
    t.same([w.end - w.begin, q.begin - w.begin, q.end - q.begin, w.begin % 32], [48, 64, 72, 0]);
  }
  t.end();
});

t.test('another alignment', (t) => {
  const keys: FileSpec['keys'] = [['general.alignment', aNumber(128)]];
  t.equal((header({ keys, tensors: [tensor], alignment: 128 }).tensors.get('w')?.begin ?? 1) % 128, 0);
  t.end();
});

t.test('each thing that can be wrong has its own line', (t) => {
  const one = (change: object): FileSpec => ({ tensors: [{ ...tensor, ...change }] });
  const key = (value: Uint8Array): FileSpec => ({ keys: [['key', value]] });
  const list = (type: number, length: number | bigint): FileSpec => key(typed(9, u32(type), u64(length)));
  const nested = Buffer.concat(Array.from({ length: 9 }, () => Buffer.concat([u32(9), u64(1)])));
  const cases: [FileSpec | Uint8Array, RegExp][] = [
    [Buffer.from('GG'), /ends at byte 2, within its first four bytes/],
    [{ magic: 'GGML' }, /is not a GGUF file: it does not begin with GGUF/],
    [{ version: 1 }, /is of version 1; wanted 2 or 3/],
    [{ version: 0x03000000 }, /is big-endian/],
    [{ version: 4 }, /is of version 4/],
    [{ version: 0 }, /is of version 0/],
    [{ tensorCount: 2n ** 63n }, /the number of tensors is 9223372036854775808, too many/],
    [{ tensorCount: 2 ** 40 }, /would have 1099511627776 tensors/],
    [{ keyCount: 2 ** 40 }, /would have 1099511627776 keys/],
    [{ keyCount: 1 }, /ends at byte 32|the key|truncated/],
    [{ tensorCount: 3 }, /truncated/],
    [{ keys: [['a', aNumber(1)], ['a', aNumber(1)]] }, /the key "a" stands there twice/], // prettier-ignore
    [{ tensors: [tensor, tensor] }, /the tensor "w" stands there twice/],
    [key(typed(8, u64(2 ** 50))), /"key" would be 1125899906842624 bytes long/],
    [key(typed(8, u64(1), Uint8Array.of(0xff))), /is not UTF-8 text/],
    [key(typed(13)), /"key" is of type 13; known are 0 to 12/],
    [key(typed(7, Uint8Array.of(2))), /"key" is a boolean, and holds 2/],
    [list(4, 2n ** 50n), /"key" would have 1125899906842624 values, more than the file has room for/],
    [list(8, 2n ** 50n), /more than the file has room for/],
    [list(9, 2n ** 50n), /more than the file has room for/],
    [list(7, 2n ** 50n), /more than the file has room for/],
    [list(77, 1), /is of type 77/],
    [key(typed(9, nested)), /is a list of lists, more than 8 deep/],
    [{ keys: [['general.alignment', aNumber(0)]] }, /general.alignment is 0/],
    [{ keys: [['general.alignment', aNumber(48)]] }, /general.alignment is 48, which is no power of two/],
    [{ keys: [['general.alignment', aText('8')]] }, /"general.alignment" must be a number, got "8"/],
    [one({ dimensions: [1, 1, 1, 1, 1] }), /has 5 dimensions, more than 4/],
    [one({ dimensions: [2n ** 62n, 4] }), /too many/],
    [one({ dimensions: [2 ** 50, 2 ** 50] }), /would take \d+ bytes/],
    [one({ type: 16 }), /tensor "w" is of type IQ2_XXS, which is not supported; known are F32, F16/],
    [one({ type: 99 }), /tensor "w" is of type number 99/],
    [one({ type: 28 }), /type F64/],
    [one({ type: 2 }), /has rows of 4 numbers, but a block of Q4_0 has 32/],
    [one({ offset: 8 }), /begins at 8, which is no multiple of the alignment 32/],
    [one({ offset: 32 }), /ends at byte \d+, but the file has \d+; truncated/],
    [one({ offset: 2n ** 52n }), /truncated/],
    [{ tensors: [tensor, { ...tensor, name: 'v', offset: 32 }] }, /tensor "v" overlaps "w"/],
    [{ tensors: [tensor, { ...tensor, name: 'v', offset: 0 }] }, /tensor "[vw]" overlaps "[vw]"/],
  ];
  for (const [spec, message] of cases) {
    t.throws(() => header(spec), { name: 'InputError', message }, String(message));
    t.throws(() => header(spec), { message: /^model\.gguf: / });
  }
  t.end();
});

t.test('files that are none', (t) => {
  t.throws(() => readGgufHeader(join(folder, 'none.gguf')), /none\.gguf: no such file/);
  t.throws(() => readGgufHeader(folder), InputError);
  header({});
  symlinkSync('model.gguf', join(folder, 'link.gguf'));
  t.equal(readGgufHeader(join(folder, 'link.gguf')).tensors.size, 0, 'a link leads to one, as in caches of models');
  t.end();
});

t.test('damage of any kind ends in a clear line', (t) => {
  const bytes = ggufBytes(whole);
  let refused = 0;
  for (let seed = 0; seed < 600; seed++) {
    try {
      header(damaged(bytes, seeded(seed)));
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`seed ${seed}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 300, `${refused} of 600 were refused`);
  t.end();
});
