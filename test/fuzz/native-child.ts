import { openSync, writeSync } from 'node:fs';
import '../../lib/torch';
import { native } from '../../lib/torch/load-native';
import { seeded, type Random } from './edits';
import { operator } from './operator-values';

// Calls every function of the raw addon, and some operators, with any JavaScript value in any place; native.test.ts
// starts it, for a bad call may end the process.
//
//   native-child.ts <file for the place> <seed> <calls of each> <first function>

const [, , placeFile = '', seed = '', calls = '', first = '0'] = process.argv;
const place = openSync(placeFile, 'w');

type Anything = (...values: unknown[]) => unknown;
const functions = Object.entries(native as unknown as Record<string, unknown>).filter(
  (entry): entry is [string, Anything] => typeof entry[1] === 'function',
);
const EVERY = 60;
const names = native.operatorNames().filter((_, i) => i % EVERY === 0 && native.operatorProblem(i) === null);
functions.push(...names.map((name): [string, Anything] => [name, operator(native, name)]));

const SIMPLE: readonly unknown[] = [
  ...[undefined, null, true, false, 0, 1, -1, 2, 0.5, NaN, Infinity, -0, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e300],
  ...[1n, 0n, -1n, 2n ** 63n, -(2n ** 63n), 2n ** 70n, Symbol('s'), {}, [], [1], [[1]], [null], new Map(), /x/],
  ...['', 'cpu', 'cuda', 'cuda:0', 'cpu:99', 'meta', 'float32', 'qint8', 'int64', '\0', 'x'.repeat(5000), '\ud800'],
  ...['/', '/nonesuch', __filename, '/dev/zero', new Error('e'), new Proxy([], {}), new Proxy({}, {}), new Array(5)],
  ...[[2, 2], [4], [1, -1], [2n ** 62n, 4], [0, 2 ** 50], [NaN], () => 1, () => [1e9], Object.create(null)],
];

/** An array whose first element runs `work` when it is read. */
function trap(work: () => unknown): unknown {
  return Object.defineProperty([1, 2], 0, { get: work });
}

function fail(): never {
  throw new Error('trap');
}

function buffer(random: Random): unknown {
  const detached = new Float64Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  return random.pick<unknown>([
    ...[new Uint8Array(4), new Float32Array(2), new Float64Array(3), Float64Array.of(NaN), new BigInt64Array(2)],
    ...[new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), new SharedArrayBuffer(8), Buffer.from('text')],
    ...[new Float64Array(new SharedArrayBuffer(16)), detached, new Uint8ClampedArray(3), Float64Array.of(1e9, 5)],
  ]);
}

/** Handles of tensors: in a graph, of no dimensions, freed, without memory, a view. */
function tensors(): number[] {
  const plain = native.fromBytes(Float32Array.of(1, 2, 3, 4), 'float32', [2, 2]);
  const leaf = native.fromBytes(Float32Array.of(1, 2), 'float32', [2]);
  native.setRequiresGrad(leaf, true);
  const freed = native.fromBytes(new Uint8Array(0), 'uint8', [0]);
  native.dispose(freed);
  const call = (name: string, ...values: unknown[]): number => operator(native, name)(...values) as number;
  const view = call('expand', leaf, [3, 2]);
  const meta = call('empty.memory_format', [2], 'float32', undefined, 'meta');
  return [
    plain,
    leaf,
    freed,
    view,
    meta,
    call('_to_sparse', plain),
    native.fromBytes(BigInt64Array.of(1n), 'int64', []),
  ];
}

function value(random: Random, live: readonly number[]): unknown {
  switch (random.below(8)) {
    case 0:
    case 1:
      return random.pick(live);
    case 2:
      return Float64Array.from({ length: random.below(4) }, () => (random.below(4) === 0 ? NaN : random.pick(live)));
    case 3:
      return buffer(random);
    case 4:
      return trap(random.pick([fail, () => native.dispose(random.pick(live)), () => native.leaveScope(0, null)]));
    case 5:
      return random.below(4200) - 10;
    default:
      return random.pick(SIMPLE);
  }
}

/** Undoes what a call may leave behind that would disturb the next. */
function calm(level: number): void {
  native.useSecondThread(false);
  native.setGradEnabled(true);
  native.setNumThreads(1);
  try {
    native.leaveScope(level, null);
  } catch {
    // the call has closed it
  }
}

let answered = 0;
let refused = 0;
for (let at = Number(first); at < functions.length; at++) {
  const [name, run] = functions[at];
  for (let which = 0; which < Number(calls); which++) {
    const random = seeded(Number(seed) * 1_000_003 + at * 10_007 + which);
    writeSync(place, `${at} ${which} ${name}`.padEnd(160), 0);
    const level = native.enterScope();
    const live = tensors();
    try {
      run(...Array.from({ length: random.below(8) }, () => value(random, live)));
      answered += 1;
    } catch (error) {
      refused += 1;
      if (!(error instanceof Error) || /[\r\n]/.test(error.message)) throw error;
    }
    calm(level);
  }
}
process.stdout.write(`\n${JSON.stringify({ functions: functions.length, answered, refused })}`);
