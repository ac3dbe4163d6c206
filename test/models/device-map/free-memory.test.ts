/** Models are spread by what is free on each device where nobody says what may be taken; the stand-in's memory is limited. */
import { join } from 'node:path';
import t from 'tap';
import { createModel, loadModel, type LoadOptions } from '../../../lib/models';
import { torch, type Device } from '../../../lib/torch';
import { buildStandIn, loadStandIn } from '../../native/stand-in';

const SHAPE = { modelType: 'llama', vocabSize: 300, hiddenSize: 32, intermediateSize: 48, numHiddenLayers: 4, numAttentionHeads: 4 } as const; // prettier-ignore
/** Of the parts that lie together, and of a layer, in float32. */
const [HOME, LAYER] = [2 * 300 * 32 * 4 + 32 * 4, 4 * (4 * 32 * 32 + 3 * 32 * 48 + 2 * 32)];

t.before(() => buildStandIn());

t.test('spread by what is free', async (t) => {
  const standIn = loadStandIn();
  const devices = ['standin:0', 'standin:1'].map((name) => torch.device(name));
  const folder = join(t.testdir(), 'model');
  createModel(SHAPE).save(folder);
  const free = (device: Device): number | null => device.freeMemory();
  /** Gives so many bytes to spare on both devices. */
  const leave = (...bytes: number[]): void => bytes.forEach((each, i) => standIn.setLimit(i, devices[i].memory().allocated + each)); // prettier-ignore
  const layersOn = (options: LoadOptions): number[] => {
    const model = loadModel(folder, { dtype: 'float32', ...options });
    t.equal(String(model.device), 'standin:0');
    const layers = devices.map((device) => model.namedParameters().filter(([name, { device: place }]) => name.endsWith('q_proj.weight') && place.equals(device)).length); // prettier-ignore
    for (const parameter of model.parameters()) parameter.dispose();
    return layers;
  };

  await t.test('of a device, as tensors come and go', async (t) => {
    leave(1e6, 2e6);
    t.same(devices.map(free), [1e6, 2e6]);
    const held = torch.empty([1000], { dtype: 'uint8', device: devices[1] });
    t.same(devices.map(free), [1e6, 2e6 - 1000]);
    held.dispose();
    t.same(devices.map(free), [1e6, 2e6]);
    t.throws(() => free(torch.device('cpu')), { message: /the processor has no such feature/ });
  });

  await t.test('auto and balanced', async (t) => {
    leave(1e6, 1e6);
    t.same(layersOn({ deviceMap: 'auto' }), [4, 0]);
    t.same(layersOn({ deviceMap: 'balanced' }), [1, 3], 'beside embedding and head');
    leave((HOME + 2.5 * LAYER) / 0.9, 1e6);
    t.same(layersOn({ deviceMap: 'auto' }), [2, 2]);
    leave(1.05 * (HOME + 3 * LAYER), 1e6);
    t.same(layersOn({ deviceMap: 'auto' }), [2, 2], 'a tenth of what is free is left');
    t.same(layersOn({ deviceMap: 'auto', maxMemory: { 'standin:0': HOME + 3 * LAYER, 'standin:1': 1e6 } }), [3, 1]);
    leave(1.2 * HOME, 1.2 * LAYER);
    t.throws(() => loadModel(folder, { dtype: 'float32', deviceMap: 'auto' }), {
      name: 'InputError',
      message: /^device map: the model wants .* more than there is \(standin:0 0\.1 MB, standin:1 0\.0 MB\)/,
    });
  });
});
