/** A model whose layers lie on several devices computes what it does on one, to the bit; on a processor all are one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  createModel,
  generate,
  SharedPads,
  type DecoderShape,
  type DeviceMap,
  type LanguageModel,
} from '../../lib/models';
import { Decoder } from '../../lib/models/decoder';
import { addLora } from '../../lib/peft';
import { finetune, klLoss, latentOverlap, mseLoss, type FinetuneConfig } from '../../lib/soo';
import type { DeviceLike } from '../../lib/torch';
import { DEVICE, loadModel, onCpu, padLeft, pairBatch, torch } from '../device';
import { CONFIG, PAIRS } from '../soo/finetune-child';

const type = DEVICE.replace(/:\d+$/, '');
const SECOND = `${type}:1`;
const OTHER = (torch.devices().map(String).includes(SECOND) ? SECOND : DEVICE) as DeviceLike;
const MAP: DeviceMap = { 'model.layers.1-2': OTHER, '': DEVICE };

const SIZES = { vocabSize: 300, hiddenSize: 32, intermediateSize: 48, numHiddenLayers: 4, numAttentionHeads: 4 };
const SHAPES: DecoderShape[] = [
  { ...SIZES, modelType: 'llama', numKeyValueHeads: 2 },
  // Two kinds of masks and of positions, capped scores, a tied head.
  { ...SIZES, modelType: 'gemma2', normPlaces: 'both', normAddsOne: true, slidingWindow: 4, slidingLayers: [true, false, true, false], attentionSoftcap: 50, logitSoftcap: 30, tieWordEmbeddings: true }, // prettier-ignore
];
const PROMPTS = [
  [1, 7, 9, 30, 2, 8],
  [4, 5],
  [6, 7, 11],
];

/** Also where all devices are one, the way of a spread model is gone. */
function spreadModel(folder: string, options: Parameters<typeof loadModel>[1] = {}): LanguageModel {
  const model = loadModel(folder, { device: undefined, deviceMap: MAP, ...options });
  if (model instanceof Decoder) model.model.isSpread = true;
  return model;
}

for (const shape of SHAPES) {
  t.test(shape.modelType, async (t) => {
    const folder = join(t.testdir(), 'model');
    torch.manualSeed(3);
    createModel(shape).save(folder);
    const [one, spread] = [loadModel(folder), spreadModel(folder)];
    const deviceOf = (name: string): string => String(spread.getModule(name).parameters()[0].device);
    t.ok(spread.device.equals(one.device));
    for (const [layer, device] of [DEVICE, OTHER, OTHER, DEVICE].entries())
      t.equal(deviceOf(`model.layers.${layer}.mlp.up_proj`), String(torch.zeros([1], { device }).device));

    await t.test('logits, with pads, shared pads and without', async (t) => {
      const { ids, attentionMask } = padLeft(PROMPTS);
      const ways = [{ attentionMask }, { attentionMask, sharedPads: SharedPads.of(attentionMask) }, {}];
      for (const [i, way] of ways.entries()) {
        for (const frees of [false, true]) {
          const [wanted, logits] = [one, spread].map((model) => torch.noGrad(() => model.call(ids, { ...way, frees })));
          t.ok(logits.device.equals(one.device));
          t.ok(logits.equal(wanted), `way ${i}, frees ${frees}`);
        }
      }
    });

    await t.test('generation', async (t) => {
      const options = { maxNewTokens: 9, sampling: { seed: 4, topK: 20 } };
      t.same(await generate(spread, PROMPTS, options), await generate(one, PROMPTS, options));
    });

    await t.test('gradients of LoRA, and overlap', async (t) => {
      const lora = { r: 2, alpha: 4, dropout: 0, targetModules: 'all-linear' } as const;
      const adapters = [one, spread].map((model) => {
        torch.manualSeed(1);
        return addLora(model, lora);
      });
      for (const [i, loss] of [
        klLoss,
        (model: LanguageModel) => mseLoss(model, { at: model.attentionOutput(2) }),
      ].entries()) {
        for (const checkpointing of [false, true]) {
          const gradients = [one, spread].map((model, which) => {
            model.gradientCheckpointing = checkpointing;
            const pairs = pairBatch([...PAIRS.slice(0, 2), { selfIds: [1, 2, 3], otherIds: [1, 4] }]);
            loss(model)(pairs).backward();
            const taken = adapters[which].namedParameters().map(([, { grad }]) => grad?.toArray());
            model.zeroGrad();
            return taken;
          });
          t.ok(gradients[0].some((gradient) => gradient !== undefined));
          t.same(gradients[1], gradients[0], `loss ${i}, checkpointing ${checkpointing}`);
        }
      }
      t.same(latentOverlap(spread, PAIRS), latentOverlap(one, PAIRS));
      for (const adapter of adapters) adapter.dispose();
    });

    await t.test('a run of fine-tuning, and four bits', async (t) => {
      const config: FinetuneConfig = { ...CONFIG, epochs: 1, maxGradNorm: 0.5, lora: { ...CONFIG.lora, dropout: 0 } };
      const runs = t.testdir();
      const bytes = await Promise.all(
        [one, spread].map(async (model, which) => {
          const run = join(runs, `run-${which}`);
          await finetune({ folder: run, model, pairs: PAIRS, watched: PAIRS.slice(0, 2), config, padId: 2, inputs: {}, origin: {} }); // prettier-ignore
          return readFileSync(join(run, 'adapter_model.safetensors'), 'hex');
        }),
      );
      t.ok(bytes[0] === bytes[1], 'the same adapter');
      const nf4 = { quantize: 'nf4' } as const;
      const { ids } = padLeft(PROMPTS.slice(0, 1));
      const [wanted, logits] = [loadModel(folder, nf4), spreadModel(folder, nf4)].map((model) =>
        torch.noGrad(() => model.call(ids)),
      );
      t.ok(logits.equal(wanted));
    });

    await t.test('spread by the memory that may be taken', async (t) => {
      const maxMemory = { [onCpu ? 'cpu' : String(torch.zeros([1], { device: DEVICE }).device)]: 1e6, ...(OTHER !== DEVICE && { [OTHER as string]: 1e6 }) }; // prettier-ignore
      const model = loadModel(folder, { device: undefined, deviceMap: 'balanced', maxMemory });
      const devices = model.parameters().map((parameter) => String(parameter.device));
      t.equal(new Set(devices).size, OTHER === DEVICE ? 1 : 2);
      t.throws(
        () =>
          loadModel(folder, {
            device: undefined,
            deviceMap: 'auto',
            maxMemory: {
              ...maxMemory,
              [Object.keys(maxMemory)[0]]: 10,
              ...(OTHER !== DEVICE && { [OTHER as string]: 10 }),
            },
          }),
        {
          // prettier-ignore
          name: 'InputError',
          message: /^device map: the model wants .* more than there is/,
        },
      );
    });
  });
}

t.test('maps that cannot be are refused in one line', async (t) => {
  const folder = join(t.testdir(), 'model');
  createModel(SHAPES[0]).save(folder);
  const cases: [deviceMap: DeviceMap, message: string | RegExp][] = [
    [
      { 'model.layers': DEVICE },
      "device map: model.embed_tokens has no device; '' stands for all that nothing else covers",
    ],
    [{ 'model.layers.7': DEVICE, '': DEVICE }, /^device map: "model.layers.7" covers no part of the model/],
    [{ 'model.layers.0.mlp': DEVICE, '': DEVICE }, /covers no part of the model; layers lie on a device whole$/],
    [
      { lm_head: 'meta', '': DEVICE },
      /^device map: model.embed_tokens is on .* and lm_head on meta; they lie together/,
    ],
  ];
  for (const [deviceMap, message] of cases)
    t.throws(() => loadModel(folder, { device: undefined, deviceMap }), { name: 'InputError', message });
  t.throws(() => loadModel(folder, { device: undefined, deviceMap: 'auto', maxMemory: { 'cuda:99': 1 } }), {
    message: /^maxMemory: there is no cuda:99 here, but cpu/,
  });
  t.throws(() => loadModel(folder, { device: 'cpu', deviceMap: 'auto' }), {
    message: 'device map: wanted a device or a map of devices, got both',
  });
  t.ok(loadModel(folder, { device: undefined, deviceMap: { 'model.*.1': DEVICE, model: DEVICE, lm_head: DEVICE } }));
});
