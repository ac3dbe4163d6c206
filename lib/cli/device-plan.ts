/** `soo models --plan`: which device each part of a model would go to, from its shapes alone. */
import { existsSync } from 'node:fs';
import { InputError } from '../files/input-error';
import { resolveModel } from '../hub';
import type { DType } from '../torch';
// Straight from their folders: the index loads the addon.
import { readConfig } from '../models/families';
import type { DecoderConfig } from '../models/decoder-config';
import { knownShape, shapeNames } from '../models/device-map/known-shapes';
import { planDevices, type PlannedDevice, type PlanOptions, type Room } from '../models/device-map/plan';
import type { Result } from './command';
import { bytesText } from './progress';
import { table } from './table';

export interface PlanFlags extends Omit<PlanOptions, 'dtype' | 'tokens'> {
  tokens: number;
  /** A folder, a name on the hub, or one of the shapes that are known. */
  plan: string;
  devices: readonly Room[];
  dtype?: DType;
}

/** @throws InputError for a model that is not found, or that does not fit */
export async function showPlan({ plan, devices: rooms, dtype, ...options }: PlanFlags): Promise<Result> {
  const config = await shapeOf(plan);
  const storage = { ...options, dtype: dtype ?? config.dtype ?? 'bfloat16' };
  const { devices, map } = planDevices(config, rooms, storage);
  const rows = devices.map((device) => [
    device.device,
    partsText(device.parts),
    bytesText(device.weights),
    bytesText(device.work),
    bytesText(device.bytes - device.weights - device.work),
  ]);
  const used = devices.reduce((sum, { weights }) => sum + weights, 0);
  return {
    json: { model: plan, dtype: storage.dtype, quantize: options.quantize ?? null, weights: used, devices, deviceMap: Object.fromEntries(map) }, // prettier-ignore
    text: [
      `${plan}: ${bytesText(used)} of weights in ${options.quantize ?? storage.dtype}`,
      table(['device', 'parts', 'weights', `room for ${options.tokens} tokens`, 'left'], rows),
    ].join('\n\n'),
  };
}

/** Names in the order of computing, a run of layers by its first and last. */
function partsText(parts: PlannedDevice['parts']): string {
  const isLayer = (name: string): boolean => /\.\d+$/.test(name);
  const short = (name: string): string => name.replace(/^model\./, '');
  const layers = parts.filter(isLayer);
  const [first, last] = [layers.at(0), layers.at(-1)];
  const shown = parts.filter((name) => !isLayer(name) || name === first);
  const textOf = (name: string): string => (name === first && last && last !== first ? `${short(name)} to ${short(last)}` : short(name)); // prettier-ignore
  return shown.map(textOf).join(', ') || '-';
}

/** The shape of that name, of a folder's config.json, or of a model on the hub, of which no weights are fetched. */
async function shapeOf(plan: string): Promise<DecoderConfig> {
  const known = knownShape(plan);
  if (known) return known;
  if (!existsSync(plan) && !plan.includes('/'))
    throw new InputError(`--plan ${plan}: no such folder, and none of the shapes ${shapeNames.join(', ')}`);
  const { path } = await resolveModel(plan, { part: 'tokenizer' });
  if (/\.gguf$/i.test(path))
    throw new InputError(`--plan ${plan}: plans are made from a config.json, and a GGUF file has none`);
  return readConfig(path);
}
