import t from 'tap';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSafetensors, openWeights, saveSafetensors, writeAside } from '../../lib/checkpoints';
import { torch, type DType, type Tensor } from '../../lib/torch';
import { damaged, isClearError, noise, seeded } from '../fuzz/edits';

// The models are tiny: more threads would only wait for each other.
torch.setNumThreads(1);

const DTYPES: DType[] = [
  'float64',
  'float32',
  'float16',
  'bfloat16',
  'int64',
  'int32',
  'int16',
  'int8',
  'uint8',
  'bool',
];

function everyDtype(): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  torch.manualSeed(1);
  for (const dtype of DTYPES) {
    tensors.set(`w.${dtype}`, torch.randn([3, 5]).mul(40).to(dtype));
    tensors.set(`scalar.${dtype}`, torch.tensor(1).to(dtype));
  }
  tensors.set('empty', torch.zeros([0, 4]));
  tensors.set('a view', torch.arange(12, { dtype: 'float32' }).view([3, 4]).t());
  return tensors;
}

t.test('tensors of every dtype come back bit for bit', (t) => {
  const path = join(t.testdir({}), 'model.safetensors');
  const tensors = everyDtype();
  saveSafetensors(path, tensors, { format: 'pt', note: 'ünïcode' });
  const file = openSafetensors(path);
  t.same([...file.names].sort(), [...tensors.keys()].sort());
  t.same(Object.fromEntries(file.metadata), { format: 'pt', note: 'ünïcode' });
  for (const [name, tensor] of tensors) {
    const read = file.tensor(name);
    t.same([read.dtype, read.shape], [tensor.dtype, tensor.shape], name);
    t.same(read.bytes(), tensor.bytes(), `${name}: same bytes`);
  }
  t.equal((readFileSync(path).readUInt32LE(0) + 8) % 8, 0, 'the data is aligned');
  const kept = file.tensor('w.float32');
  file.dispose();
  t.same(kept.bytes(), (tensors.get('w.float32') as Tensor).bytes(), 'a tensor outlives the file it lies in');
  t.throws(() => file.tensor('none'), { name: 'InputError', message: 'model.safetensors: has no tensor "none"' });
  t.end();
});

// The file that Python's safetensors 0.8 writes for these tensors.
const UNSIGNED_AND_EIGHT_BITS =
  '60010000000000007b22753634223a7b226474797065223a22553634222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c31365d7d2c22633634223a7b226474797065223a22433634222c227368617065223a5b325d2c22646174615f6f666673657473223a5b31362c33325d7d2c22753332223a7b226474797065223a22553332222c227368617065223a5b325d2c22646174615f6f666673657473223a5b33322c34305d7d2c22753136223a7b226474797065223a22553136222c227368617065223a5b325d2c22646174615f6f666673657473223a5b34302c34345d7d2c2265346d33223a7b226474797065223a2246385f45344d33222c227368617065223a5b325d2c22646174615f6f666673657473223a5b34342c34365d7d2c2265356d32223a7b226474797065223a2246385f45354d32222c227368617065223a5b325d2c22646174615f6f666673657473223a5b34362c34385d7d7d010000000000000000000000000000800000803f0000003f000000c00000404007000000ffffffff0700ffff30fe38fb';

t.test('unsigned, complex and eight-bit tensors are those of a file of Python', (t) => {
  const path = join(t.testdir({}), 'model.safetensors');
  const tensors = new Map<string, Tensor>([
    ['u64', torch.tensor([1n, 2n ** 63n], { dtype: 'uint64' })],
    ['u32', torch.tensor([7, 4294967295], { dtype: 'uint32' })],
    ['u16', torch.tensor([7, 65535], { dtype: 'uint16' })],
    ['c64', torch.complex(torch.tensor([1, -2], { dtype: 'float32' }), torch.tensor([0.5, 3]))],
    ['e4m3', torch.tensor([0.5, -448]).to('float8_e4m3fn')],
    ['e5m2', torch.tensor([0.5, -57344]).to('float8_e5m2')],
  ]);
  saveSafetensors(path, tensors);
  const python = Buffer.from(UNSIGNED_AND_EIGHT_BITS, 'hex');
  writeFileSync(join(t.testdirName, 'python.safetensors'), python);
  for (const file of [path, join(t.testdirName, 'python.safetensors')].map(openSafetensors)) {
    t.same([...file.names].sort(), [...tensors.keys()].sort());
    for (const [name, tensor] of tensors) {
      const read = file.tensor(name);
      t.same([read.dtype, read.shape, read.bytes()], [tensor.dtype, tensor.shape, tensor.bytes()], name);
    }
    file.dispose();
  }
  t.end();
});

t.test('writing to a mapped tensor leaves the file as it is', (t) => {
  const path = join(t.testdir({}), 'model.safetensors');
  saveSafetensors(path, new Map([['w', torch.ones([4])]]));
  const before = readFileSync(path);
  const file = openSafetensors(path);
  t.same(file.tensor('w').mul_(3).toArray(), [3, 3, 3, 3]);
  file.dispose();
  t.same(readFileSync(path), before);
  t.end();
});

t.test('data at odd bytes is copied instead of mapped', (t) => {
  const path = join(t.testdir({}), 'odd.safetensors');
  const header = Buffer.from(
    JSON.stringify({
      flag: { dtype: 'BOOL', shape: [3], data_offsets: [0, 3] },
      w: { dtype: 'F32', shape: [2], data_offsets: [3, 11] },
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Buffer.concat([Uint8Array.of(1, 0, 1), new Uint8Array(Float32Array.of(1.5, -2).buffer)]);
  writeFileSync(path, Buffer.concat([length, header, data]));
  const file = openSafetensors(path);
  t.same(file.tensor('flag').toArray(), [true, false, true]);
  t.same(file.tensor('w').toArray(), [1.5, -2]);
  file.dispose();
  data[1] = 7;
  writeFileSync(path, Buffer.concat([length, header, data]));
  t.throws(() => openSafetensors(path).tensor('flag'), {
    name: 'InputError',
    message: 'odd.safetensors: tensor "flag" is BOOL but holds the byte 7',
  });
  t.end();
});

t.test('truncated and missing files', (t) => {
  const folder = t.testdir({ sub: {} });
  const path = join(folder, 'model.safetensors');
  saveSafetensors(path, everyDtype());
  const whole = readFileSync(path);
  for (const length of [0, 7, 8, 100, whole.length - 1]) {
    writeFileSync(path, whole);
    truncateSync(path, length);
    t.throws(() => openSafetensors(path), { name: 'InputError', message: /^model.safetensors: .*(truncated|too few)/ });
  }
  writeFileSync(path, Buffer.concat([whole, Buffer.from('x')]));
  t.throws(() => openSafetensors(path), { name: 'InputError', message: /1 bytes after .* belong to no tensor/ });
  t.throws(() => openSafetensors(join(folder, 'none')), { name: 'InputError', message: /^none: no such file: / });
  t.throws(() => openSafetensors(join(folder, 'sub')), { name: 'InputError', message: /wanted a file|is a folder/ });
  t.end();
});

t.test('a write that fails leaves the old file and nothing beside it', (t) => {
  const folder = t.testdir({ 'a.txt': 'old' });
  const path = join(folder, 'a.txt');
  t.throws(() =>
    writeAside(path, (append) => {
      append(Buffer.from('new'));
      throw new Error('disk on fire');
    }),
  );
  t.equal(readFileSync(path, 'utf8'), 'old');
  t.same(readdirSync(folder), ['a.txt']);
  writeAside(path, (append) => append(Buffer.from('new')));
  t.equal(readFileSync(path, 'utf8'), 'new');
  t.throws(() => saveSafetensors(path, new Map([['c', torch.zeros([2], { dtype: 'complex128' })]])), {
    name: 'InputError',
    message: 'safetensors: dtype complex128 has no place in the format',
  });
  t.end();
});

t.test('weights in several files', (t) => {
  const folder = t.testdir({});
  const place = { a: 'model-1.safetensors', b: 'model-2.safetensors' };
  saveSafetensors(join(folder, place.a), new Map([['a', torch.ones([2])]]));
  saveSafetensors(join(folder, place.b), new Map([['b', torch.zeros([3])]]));
  const index = (map: object) =>
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  index(place);
  const weights = openWeights(folder);
  t.same([weights.names, weights.fileOf('b'), weights.tensor('a').toArray()], [['a', 'b'], place.b, [1, 1]]);
  weights.dispose();
  index({ ...place, c: place.a });
  t.throws(() => openWeights(folder), { name: 'InputError', message: /has no tensor "c"/ });
  index({ ...place, b: '../elsewhere.safetensors' });
  t.throws(() => openWeights(folder), { name: 'InputError', message: /is not the plain name of a file/ });
  index({ ...place, b: 'model-3.safetensors' });
  t.throws(() => openWeights(folder), { name: 'InputError', message: /^model-3.safetensors: no such file/ });
  index({ a: place.a, b: 2 });
  t.throws(() => openWeights(folder), {
    name: 'InputError',
    message: /weight_map.b must be the name of a file, got 2/,
  });
  t.end();
});

t.test('1000 damaged files, some of them noise, give tensors or a clear error', (t) => {
  const path = join(t.testdir({}), 'model.safetensors');
  saveSafetensors(path, everyDtype());
  const whole = readFileSync(path);
  const random = seeded(2);
  let refused = 0;
  for (let i = 0; i < 1000; i++) {
    writeFileSync(path, i % 10 ? damaged(whole, random) : noise(400, random));
    try {
      torch.scope(() => {
        const file = openSafetensors(path);
        for (const name of file.names) file.tensor(name).bytes();
        file.dispose();
      });
    } catch (thrown) {
      refused++;
      if (!isClearError(thrown)) t.fail(`case ${i}: ${String(thrown)}`);
    }
  }
  t.ok(refused > 500, `${refused} of 1000 were refused`);
  t.end();
});
