/** Plans are made from shapes alone, whose bytes are those of loaded weights. */
import { join } from 'node:path';
import t from 'tap';
import { KvCache, loadModel, readConfig, type DecoderConfig } from '../../../lib/models';
import { knownShape } from '../../../lib/models/device-map/known-shapes';
import { partBytes, stayingBytes } from '../../../lib/models/device-map/part-bytes';
import { planDevices, type PlanOptions, type Room } from '../../../lib/models/device-map/plan';
import { partsOf } from '../../../lib/models/weight-layout';
import { Linear4bit } from '../../../lib/nn';
import { FOUR_BIT_NAMES } from '../../../lib/nn/linear4bit';
import { torch, type Tensor } from '../../../lib/torch';

const TINY = join(__dirname, '..', '..', 'parity', 'models', 'tiny');
const shapeOf = (name: string): DecoderConfig => knownShape(name) as DecoderConfig;
const gigabytes = (...sizes: number[]): Room[] =>
  sizes.map((size, i) => ({ device: `cuda:${i}`, bytes: size * 1e9 })); // prettier-ignore
const NF4 = { dtype: 'bfloat16', quantize: 'nf4', how: 'auto' } as const satisfies PlanOptions;

t.test('bytes are those of weights that were loaded', async (t) => {
  const config = readConfig(TINY);
  const planned = (options: Pick<PlanOptions, 'dtype' | 'quantize'>): number =>
    partsOf(config).reduce((sum, part) => sum + partBytes(part, options), 0);
  const sizes: Partial<Record<string, number>> = { float32: 4, bfloat16: 2, uint8: 1 };
  const bytes = (tensor: Tensor): number => tensor.numel() * (sizes[tensor.dtype] ?? NaN);
  for (const dtype of ['float32', 'bfloat16'] as const) {
    const model = loadModel(TINY, { dtype });
    t.equal(
      planned({ dtype }),
      model.parameters().reduce((sum, parameter) => sum + bytes(parameter), 0),
      dtype,
    );
  }
  const model = loadModel(TINY, { dtype: 'bfloat16', quantize: 'nf4' });
  const texts = (module: unknown): number =>
    module instanceof Linear4bit ? bytes(Reflect.get(module, FOUR_BIT_NAMES.state) as Tensor) : 0;
  const own = [...model.stateDict().values()].reduce((sum, tensor) => sum + bytes(tensor), 0);
  const about = model.namedModules().reduce((sum, [, module]) => sum + texts(module), 0);
  t.equal(planned({ dtype: 'bfloat16', quantize: 'nf4' }), own - about, 'nf4');

  using cache = new KvCache({ layers: 1, batch: 4, kvHeads: config.numKeyValueHeads, maxLength: 5, headDim: config.headDim, dtype: 'float32', device: 'cpu' }); // prettier-ignore
  const [keys, values] = cache.append(0, ...([0, 1].map(() => torch.zeros([4, config.numKeyValueHeads, 5, config.headDim])) as [Tensor, Tensor])); // prettier-ignore
  const [, layer] = partsOf(config);
  t.equal(stayingBytes(layer, config, 'float32', 20), bytes(keys) + bytes(values), 'keys and values of 20 tokens');
});

t.test('the shapes of 7, 27 and 78 billion parameters', async (t) => {
  const numbers = (name: string): number =>
    partsOf(shapeOf(name)).flatMap(({ weights }) => weights).reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0); // prettier-ignore
  // As their cards on the hub have them.
  t.equal(numbers('7B'), 7_241_732_096);
  t.equal(numbers('27B'), 27_227_128_320);
  t.equal(Math.round(numbers('78b') / 1e8), 780);
  t.equal(knownShape('70b'), undefined);
});

t.test('78 billion in four bits lie on 48 GB, and on twice 24 GB', async (t) => {
  const shape = shapeOf('78b');
  const one = planDevices(shape, gigabytes(48), { ...NF4, tokens: 1024 });
  t.match(one.devices, [{ parts: { length: 89 } }]);
  t.ok(
    one.devices[0].weights > 43e9 && one.devices[0].weights + one.devices[0].work < 48e9,
    `${one.devices[0].weights}`,
  );
  for (const how of ['auto', 'balanced'] as const) {
    const { devices, map } = planDevices(shape, gigabytes(24, 24), { ...NF4, how, tokens: 1024 });
    t.equal(map.size, 89);
    for (const { weights, work, bytes } of devices) t.ok(weights + work <= bytes, `${how}: ${weights} and ${work}`);
    t.equal(map.get('model.embed_tokens'), 'cuda:0');
    t.equal(map.get('lm_head'), 'cuda:0', 'logits are made where they are compared');
    const layers = [...map].filter(([name]) => /layers/.test(name)).map(([, device]) => device);
    t.match(layers.join(), /^(cuda:0,)+(cuda:1,?)+$/, 'in one piece each');
  }
});

t.test('auto takes the fewest devices, balanced all of them alike', async (t) => {
  const shape = shapeOf('7b');
  const auto = planDevices(shape, gigabytes(10, 10, 10), { dtype: 'bfloat16', how: 'auto' });
  t.equal(auto.devices[2].parts.length, 0);
  const balanced = planDevices(shape, gigabytes(10, 10, 20), { dtype: 'bfloat16', how: 'balanced' });
  const shares = balanced.devices.map(({ weights, bytes }) => weights / bytes);
  const layer = 0.44 / 10;
  t.ok(Math.max(...shares) - Math.min(...shares) < 2 * layer, shares.join());
});

t.test('what does not fit is refused in one line that says how much is missing and what would help', async (t) => {
  const shape = shapeOf('78b');
  t.throws(() => planDevices(shape, gigabytes(48), { dtype: 'bfloat16', how: 'auto' }), {
    name: 'InputError',
    message:
      'device map: the model wants 155.9 GB (bfloat16), 107.9 GB more than there is (cuda:0 48.0 GB); four bits (nf4) would make it 43.9 GB',
  });
  t.throws(() => planDevices(shape, gigabytes(48), { dtype: 'float32', how: 'auto' }), {
    message: /311.9 GB .*; bfloat16 would make it 155.9 GB, four bits \(nf4\) would make it 43.9 GB$/,
  });
  t.throws(() => planDevices(shape, gigabytes(24), NF4), {
    message: /wants 43.9 GB \(nf4\), 19.9 GB more than there is \(cuda:0 24.0 GB\); more or larger devices would/,
  });
  t.throws(() => planDevices(shape, gigabytes(2, 42, 2), NF4), {
    message: /and whole layers do not divide onto these: 5.0 GB more on one of them would do/,
  });
});
