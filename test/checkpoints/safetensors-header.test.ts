import t from 'tap';
import { headerLength, parseHeader } from '../../lib/checkpoints/safetensors-header';
import { damaged, damagedJson, isClearError, seeded } from '../fuzz/edits';

const bytesOf = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

/** Parses a header as if `dataBytes` of data followed it. */
function parse(value: unknown, dataBytes: number) {
  const header = bytesOf(value);
  return parseHeader(header, 8 + header.length + dataBytes, 'model.safetensors');
}

const two = {
  __metadata__: { format: 'pt' },
  a: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
  'b.weight': { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
};

t.test('a valid header', (t) => {
  const { tensors, metadata } = parse(two, 32);
  const start = 8 + bytesOf(two).length;
  t.same([...metadata], [['format', 'pt']]);
  t.same(tensors.get('a'), { name: 'a', dtype: 'float32', shape: [2, 3], begin: start, end: start + 24 });
  t.equal(tensors.get('b.weight')?.dtype, 'bfloat16');
  t.same([...parse(`${JSON.stringify(two)}    `, 32).tensors.keys()], ['a', 'b.weight'], 'spaces may pad it');
  t.equal(parse({}, 0).tensors.size, 0, 'no tensors at all is allowed');
  t.equal(parse({ s: { dtype: 'I64', shape: [], data_offsets: [0, 8] } }, 8).tensors.get('s')?.shape.length, 0);
  t.equal(parse({ e: { dtype: 'F32', shape: [0, 5], data_offsets: [0, 0] } }, 0).tensors.get('e')?.shape[1], 5);
  t.same([...parse('{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', 1).tensors.keys()], ['__proto__']);
  t.end();
});

t.test('what Python passes over is passed over', (t) => {
  const entry = { dtype: 'U8', shape: [1], data_offsets: [0, 1], code: 'x' };
  const { tensors, metadata } = parse({ __metadata__: null, w: entry }, 1);
  t.match(tensors.get('w'), { dtype: 'uint8', shape: [1] });
  t.equal(metadata.size, 0);
  t.end();
});

t.test('each thing that can be wrong has its own message', (t) => {
  const one = (dtype: unknown, shape: unknown, offsets: unknown) => ({ w: { dtype, shape, data_offsets: offsets } });
  const cases: [name: string, header: unknown, dataBytes: number, message: RegExp][] = [
    ['no object', '[1]', 0, /does not start with {/],
    ['no JSON', '{"a":', 0, /the header: is not JSON/],
    [
      'a repeated key',
      '{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{}}',
      1,
      /the key "w" stands there twice/,
    ],
    [
      'a repeated key inside',
      '{"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}',
      1,
      /"dtype" stands there twice/,
    ],
    ['an entry that is no object', { w: 3 }, 0, /tensor "w": must be \{dtype/],
    ['an unknown dtype', one('F33', [1], [0, 4]), 4, /tensor "w" has dtype "F33"; known are F64/],
    ['a dtype that is no text', one(7, [1], [0, 4]), 4, /tensor "w": dtype must be text, got 7/],
    [
      'a missing field',
      { w: { dtype: 'U8', shape: [1] } },
      1,
      /tensor "w": data_offsets must be \[begin, end\], got nothing/,
    ],
    ['a negative size', one('U8', [-1], [0, 1]), 1, /shape\.0 must be a whole number of 0 or more, got -1/],
    ['a fractional size', one('U8', [1.5], [0, 1]), 1, /shape\.0 must be a whole number of 0 or more, got 1.5/],
    ['a huge size', one('U8', [2 ** 60], [0, 1]), 1, /shape\.0 must be a whole number/],
    ['sizes whose product overflows', one('F32', [2 ** 40, 2 ** 40], [0, 4]), 4, /4835703278458516698824704 bytes/],
    ['too many dimensions', one('U8', Array(65).fill(1), [0, 1]), 1, /65 dimensions/],
    ['offsets the wrong way round', one('U8', [1], [1, 0]), 1, /data_offsets \[1, 0\], which end before they begin/],
    [
      'offsets that do not fit the shape',
      one('F32', [2], [0, 4]),
      4,
      /is F32 \[2\], 8 bytes, but its data_offsets span 4/,
    ],
    [
      'a range past the end',
      one('F32', [2], [0, 8]),
      4,
      /tensor "w" ends at byte \d+, but the file has \d+; truncated\?/,
    ],
    ['an oversized range', one('U8', [2 ** 52], [0, 2 ** 52]), 4, /tensor "w" ends at byte/],
    [
      'a gap',
      { ...one('U8', [1], [0, 1]), v: { dtype: 'U8', shape: [1], data_offsets: [2, 3] } },
      3,
      /tensor "v" leaves a gap after tensor "w"/,
    ],
    ['a gap at the start', one('U8', [1], [1, 2]), 2, /leaves a gap after the header/],
    [
      'an overlap',
      { ...one('U8', [4], [0, 4]), v: { dtype: 'U8', shape: [4], data_offsets: [2, 6] } },
      6,
      /tensor "v" overlaps tensor "w"/,
    ],
    [
      'the same range twice',
      { ...one('U8', [4], [0, 4]), v: { dtype: 'U8', shape: [4], data_offsets: [0, 4] } },
      4,
      /overlaps/,
    ],
    ['bytes left over', one('U8', [1], [0, 1]), 5, /4 bytes after tensor "w" belong to no tensor/],
    ['metadata that is not text', { __metadata__: { a: 1 } }, 0, /__metadata__: a must be text, got 1/],
  ];
  for (const [name, header, dataBytes, message] of cases) {
    t.throws(() => parse(header, dataBytes), { name: 'InputError', message }, name);
  }
  t.throws(() => parseHeader(Uint8Array.of(0x7b, 0xff, 0x7d), 11, 'x'), { message: /not UTF-8/ });
  t.end();
});

t.test('the length in front', (t) => {
  const length = (n: bigint, fileLength: number) => () => {
    const start = new Uint8Array(8);
    new DataView(start.buffer).setBigUint64(0, n, true);
    return headerLength(start, fileLength, 'm');
  };
  t.equal(length(10n, 100)(), 10);
  t.throws(() => headerLength(new Uint8Array(5), 5, 'm'), { message: /5 bytes are too few/ });
  t.throws(length(93n, 100), { message: /the header is 93 bytes, but the file ends after 92; truncated\?/ });
  t.throws(length(100_000_001n, 1e12), { message: /more than the 100000000 allowed/ });
  t.throws(length(2n ** 64n - 1n, 100), { message: /18446744073709551615 bytes/ });
  t.end();
});

t.test('4000 damaged headers give a header or a clear error', (t) => {
  const random = seeded(1);
  let refused = 0;
  for (let i = 0; i < 4000; i++) {
    const header = i % 2 ? damaged(bytesOf(two), random) : bytesOf(damagedJson(two, random));
    try {
      const { tensors } = parseHeader(header, 8 + header.length + 32, 'model.safetensors');
      const bytes = [...tensors.values()].reduce((sum, { begin, end }) => sum + end - begin, 0);
      if (bytes !== 32) t.fail(`accepted ${Buffer.from(header).toString('latin1')}`);
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`${Buffer.from(header).toString('latin1')}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 3000, `${refused} of 4000 were refused`);
  t.end();
});
