/** The option `deviceMap` of `loadModel`: which device each weight goes to. */
import { Device, torch, type DeviceLike, type DType } from '../../torch';
import { InputError, quoted } from '../../files/input-error';
import type { DecoderConfig } from '../decoder-config';
import { planDevices, type Room, type Spread } from './plan';
import { EMBEDDING, isHome, partsOf } from '../weight-layout';

/**
 * `auto` fills one device after the other, `balanced` gives all like shares, of the memory that may be taken on each; or
 * patterns of parts (`model.embed_tokens`, `model.layers.0`, `model.norm`, `lm_head`), of which the first that covers a
 * part counts: `model.layers` and `model` cover what is below, `*` any one name, `0-15` layers by number, '' all.
 */
export type DeviceMap = Spread | Readonly<Record<string, DeviceLike>>;

export interface PlaceOptions {
  /** Where the weights go; default 'cpu'. */
  device?: DeviceLike;
  /** Spreads the layers over devices instead. Ids go in and logits come out where the embedding lies. */
  deviceMap?: DeviceMap;
  /** Bytes that `auto` and `balanced` may take on each device; by default nine tenths of what is free there. */
  maxMemory?: Readonly<Partial<Record<string, number>>>;
}

export interface Places {
  /** Where ids come in, and hidden states and logits come out. */
  home: DeviceLike;
  /** The device of a weight by its dotted name. */
  of(weight: string): DeviceLike;
  /** Whether there is more than one. */
  isSpread: boolean;
}

/** @throws InputError for a device beside a map, parts without a device, patterns that cover none, and models that do not fit */
export function placesOf(
  config: DecoderConfig,
  { device, deviceMap, maxMemory = {} }: PlaceOptions,
  storage: { dtype: DType; quantize?: 'nf4' },
): Places {
  if (deviceMap === undefined) return { home: device ?? 'cpu', of: () => device ?? 'cpu', isSpread: false };
  if (device !== undefined) throw new InputError('device map: wanted a device or a map of devices, got both');
  const map =
    typeof deviceMap === 'string'
      ? planDevices(config, roomsHere(maxMemory), { ...storage, how: deviceMap }).map
      : mapOf(config, deviceMap);
  const of = (weight: string): DeviceLike => map.get(partOf(weight)) as DeviceLike;
  return { home: of(EMBEDDING), of, isSpread: new Set([...map.values()].map(String)).size > 1 };
}

/** The part that a weight belongs to. */
const partOf = (weight: string): string => /^model\.(layers\.\d+|[^.]+)|^[^.]+/.exec(weight)?.[0] ?? weight;

/** The device of each part by the first pattern that covers it. */
function mapOf(config: DecoderConfig, patterns: Exclude<DeviceMap, string>): Map<string, DeviceLike> {
  const entries = Object.entries(patterns);
  const parts = partsOf(config);
  const unused = entries.find(([pattern]) => !parts.some(({ name }) => covers(pattern, name)));
  if (unused) throw new InputError(`device map: ${quoted(unused[0])} covers no part of the model; layers lie on a device whole`); // prettier-ignore
  const map = new Map<string, DeviceLike>();
  for (const { name } of parts) {
    const found = entries.find(([pattern]) => covers(pattern, name));
    if (!found) throw new InputError(`device map: ${name} has no device; '' stands for all that nothing else covers`);
    map.set(name, String(new Device(found[1])) as DeviceLike);
  }
  const home = map.get(EMBEDDING);
  const apart = parts.find((part) => isHome(part) && map.get(part.name) !== home);
  if (apart)
    throw new InputError(
      `device map: ${EMBEDDING} is on ${String(home)} and ${apart.name} on ${String(map.get(apart.name))}; they lie together, where batches are made and compared`,
    );
  return map;
}

function covers(pattern: string, name: string): boolean {
  const [wanted, own] = [pattern === '' ? [] : pattern.split('.'), name.split('.')];
  return wanted.length <= own.length && wanted.every((segment, i) => isMet(segment, own[i]));
}

function isMet(wanted: string, segment: string): boolean {
  const [, first, last] = /^(\d+)-(\d+)$/.exec(wanted) ?? [];
  if (first !== undefined) return Number(segment) >= Number(first) && Number(segment) <= Number(last);
  return wanted === '*' || wanted === segment;
}

/** Every accelerator, or the processor where there is none, with the bytes that may be taken. */
function roomsHere(maxMemory: NonNullable<PlaceOptions['maxMemory']>): Room[] {
  const names = torch.devices().map(String);
  const unknown = Object.keys(maxMemory).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new InputError(`maxMemory: there is no ${unknown} here, but ${names.join(', ')}`);
  const accelerators = names.filter((name) => name !== 'cpu');
  const wanted = Object.keys(maxMemory).length > 0 ? names.filter((name) => name in maxMemory) : accelerators;
  const rooms = wanted.length > 0 ? wanted : ['cpu'];
  return rooms.map((device) => ({ device, bytes: maxMemory[device] ?? roomOf(device) }));
}

/** The rest is for what is computed, and for what an allocator cannot give out. */
const SHARE_OF_FREE = 0.9;

/** What may be taken unless it is said. The processor's weights may stay in their files, however little is free. */
function roomOf(device: string): number {
  if (device === 'cpu') return Infinity;
  const free = new Device(device).freeMemory();
  if (free === null)
    throw new InputError(`device map: ${device} does not tell what is free; wanted maxMemory, the bytes that may be taken there`); // prettier-ignore
  return Math.floor(SHARE_OF_FREE * free);
}
