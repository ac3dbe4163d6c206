/** Which device each part of a decoder goes to, from its config and the devices' sizes alone. */
import { InputError } from '../../files/input-error';
import type { DecoderConfig } from '../decoder-config';
import { bytesPerNumber, partBytes, passingBytes, stayingBytes, type Storage } from './part-bytes';
import { isHome, partsOf, type ModelPart } from '../weight-layout';

/** A device and the bytes that are free there. */
export interface Room {
  device: string;
  bytes: number;
}

/** `auto` fills one device after the other, so that the fewest are used; `balanced` gives all like shares. */
export const SPREADS = ['auto', 'balanced'] as const;
export type Spread = (typeof SPREADS)[number];

export interface PlanOptions extends Storage {
  how: Spread;
  /** Tokens of a batch at a time for which there is to be room; none by default. */
  tokens?: number;
}

/** What a plan puts on a device. */
export interface PlannedDevice extends Room {
  /** Names, in the order of computing. */
  parts: string[];
  weights: number;
  /** Estimated, for the tokens that were asked for. */
  work: number;
}

export interface DevicePlan {
  /** Every device that was given. */
  devices: PlannedDevice[];
  /** The device of each part, by the part's name. */
  map: Map<string, string>;
}

/** Parts that are placed together. */
interface Load {
  names: string[];
  weights: number;
  work: number;
}

/**
 * Spreads a decoder by whole layers, in the order of computing. Embedding, last norm and head lie together on the first
 * device that is used: hidden states come back to it, which are less than logits, and a batch is made and compared there.
 * @throws InputError, one line that says how much is missing and what would help
 */
export function planDevices(config: DecoderConfig, rooms: readonly Room[], options: PlanOptions): DevicePlan {
  const { how, tokens = 0, dtype } = options;
  const loads = loadsOf(config, options);
  const passing = passingBytes(config, dtype, tokens);
  const fill = (share: number): Load[][] | undefined => filled(loads, rooms, share, passing);
  const whole = fill(1);
  if (!whole) throw tooLittle(config, rooms, options);
  const placed = how === 'balanced' ? (fill(leastShare(fill)) ?? whole) : whole;
  const deviceOf = new Map(placed.flatMap((own, i) => own.flatMap(({ names }) => names.map((name) => [name, rooms[i].device])))); // prettier-ignore
  const map = new Map(partsOf(config).map(({ name }) => [name, deviceOf.get(name) as string]));
  const devices = rooms.map((room, i): PlannedDevice => {
    const sum = (of: 'weights' | 'work'): number => placed[i].reduce((total, load) => total + load[of], 0);
    const parts = [...map].flatMap(([name, device]) => (device === room.device ? [name] : []));
    return { ...room, parts, weights: sum('weights'), work: sum('work') + (parts.length > 0 ? passing : 0) };
  });
  return { devices, map };
}

/** What is to be placed, in order. */
function loadsOf(config: DecoderConfig, options: PlanOptions): Load[] {
  const { tokens = 0, dtype } = options;
  const parts = partsOf(config);
  const loadOf = (together: readonly ModelPart[]): Load => ({
    names: together.map(({ name }) => name),
    weights: together.reduce((sum, part) => sum + partBytes(part, options), 0),
    work: together.reduce((sum, part) => sum + stayingBytes(part, config, dtype, tokens), 0),
  });
  return [loadOf(parts.filter(isHome)), ...parts.filter((part) => !isHome(part)).map((layer) => loadOf([layer]))];
}

/** What comes to each device when no more than that share of it is filled; undefined when that is too little. */
function filled(loads: readonly Load[], rooms: readonly Room[], share: number, passing: number): Load[][] | undefined {
  const placed = rooms.map((): Load[] => []);
  let [at, left] = [0, rooms[0].bytes * share - passing];
  for (const load of loads) {
    while (left < load.weights + load.work) {
      if (++at === rooms.length) return undefined;
      left = rooms[at].bytes * share - passing;
    }
    placed[at].push(load);
    left -= load.weights + load.work;
  }
  return placed;
}

/** The smallest share of every device that holds the model, to a millionth. */
function leastShare(fill: (share: number) => unknown): number {
  let [low, high] = [0, 1];
  while (high - low > 1e-6) {
    const middle = (low + high) / 2;
    if (fill(middle)) high = middle;
    else low = middle;
  }
  return high;
}

const bytesText = (bytes: number): string =>
  bytes < 1e8 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

function tooLittle(config: DecoderConfig, rooms: readonly Room[], options: PlanOptions): InputError {
  const { dtype, quantize, tokens = 0 } = options;
  const total = needed(config, rooms.length, options);
  const there = rooms.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = Math.max(...loadsOf(config, options).map(({ weights, work }) => weights + work));
  const missing =
    total > there
      ? `${bytesText(total - there)} more than there is`
      : `and whole layers do not divide onto these: ${bytesText(largest)} more on one of them would do`;
  const smaller: Storage[] = [
    ...(bytesPerNumber(dtype) > 2 ? [{ dtype: 'bfloat16', quantize } as const] : []),
    ...(quantize ? [] : [{ dtype: bytesPerNumber(dtype) > 2 ? 'bfloat16' : dtype, quantize: 'nf4' } as const]),
  ];
  const helps = smaller.map((storage) => {
    const text = storage.quantize && !quantize ? 'four bits (nf4)' : storage.dtype;
    return `${text} would make it ${bytesText(needed(config, rooms.length, { ...options, ...storage }))}`;
  });
  const advice = helps.length > 0 ? helps.join(', ') : `more or larger devices would, or fewer tokens at a time than ${tokens}`; // prettier-ignore
  return new InputError(
    `device map: the model wants ${bytesText(total)} (${quantize ?? dtype}), ${missing} (${rooms.map(({ device, bytes }) => `${device} ${bytesText(bytes)}`).join(', ')}); ${advice}`,
  );
}

/** Bytes in all, on so many devices. */
function needed(config: DecoderConfig, devices: number, options: PlanOptions): number {
  const loads = loadsOf(config, options).reduce((sum, { weights, work }) => sum + weights + work, 0);
  return loads + devices * passingBytes(config, options.dtype, options.tokens ?? 0);
}
