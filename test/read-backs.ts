/** How often a device is asked for a value: by the stand-in's own counters where tests run on it, else by our methods. */
import { Tensor } from '../lib/torch';
import { standIn } from './device';

/** A number, a copy to the host, and how many of something there are. */
const METHODS = ['item', 'toArray', 'nonzero'] as const;

export interface ReadBacks {
  count: number;
  /** Told by the stand-in alone. */
  bytes: number;
}

/** Runs `work` and counts what it waits for. */
export async function readBacks(work: () => unknown): Promise<ReadBacks> {
  return standIn ? countedByDevice(standIn, work) : countedByMethods(work);
}

async function countedByDevice(device: NonNullable<typeof standIn>, work: () => unknown): Promise<ReadBacks> {
  const before = device.counters();
  await work();
  const { numbers, copies, sizes, bytes } = device.counters();
  const count = numbers - before.numbers + copies - before.copies + sizes - before.sizes;
  return { count, bytes: bytes - before.bytes };
}

async function countedByMethods(work: () => unknown): Promise<ReadBacks> {
  let count = 0;
  const methods = Tensor.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const plain = METHODS.map((name) => [name, methods[name]] as const);
  for (const [name, method] of plain) {
    methods[name] = function (this: unknown, ...args) {
      count++;
      return method.apply(this, args);
    };
  }
  try {
    await work();
  } finally {
    for (const [name, method] of plain) methods[name] = method;
  }
  return { count, bytes: 0 };
}
