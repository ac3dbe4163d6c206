import { readFileSync } from 'node:fs';
import { torch } from '../../lib/torch';

// Asks for more than is left beside garbage that the safety net does not yet collect of itself: memory.test.ts starts it
// with a limited address space.
//
//   little-memory-child.ts <limit in bytes>

const limit = Number(process.argv[2]);
const GARBAGE = 200e6;

/** Bytes of address space that are left. */
function left(): number {
  const [, kilobytes] = /VmSize:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8')) as RegExpExecArray;
  return limit - Number(kilobytes) * 1024;
}

const bytes = (count: number) => torch.empty([Math.floor(count)], { dtype: 'uint8' });

function attempt(work: () => unknown): unknown {
  try {
    work();
    return 'done';
  } catch (error) {
    return { code: (error as { code?: string }).code, message: (error as Error).message };
  }
}

/** Leaves garbage, and does `work` with a number of bytes that only fits where the garbage was. */
function besideGarbage(work: (count: number) => { dispose(): void }): unknown {
  return attempt(() => {
    bytes(GARBAGE);
    work(left() - 50e6 + GARBAGE / 2).dispose();
  });
}

torch.ones([10]).add(1); // what is set up once
const array = new Uint8Array(4e8);
console.log(
  JSON.stringify({
    operator: besideGarbage((count) => bytes(count)),
    typedArray: besideGarbage((count) => {
      using rest = bytes(count - array.length);
      return rest.numel() > 0 ? torch.tensor(array) : rest;
    }),
    argument: besideGarbage((count) => bytes(count / 2).add(1)),
    tooMuch: attempt(() => bytes(limit)),
  }),
);
