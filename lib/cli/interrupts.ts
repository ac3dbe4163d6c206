/**
 * Ctrl-C, SIGTERM, a closed terminal (SIGHUP) and nobody left to read stderr (EPIPE): the first asks the work to save and
 * end, the second ends it at once.
 */
import { say } from './output';

const NUMBERS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1, SIGPIPE: 13 } as const;
export type Signal = keyof typeof NUMBERS;

/** What a shell expects of a process that a signal ended. */
export const exitCodeOf = (signal: Signal): number => 128 + NUMBERS[signal];

/** Work that was ended by a signal; the command line exits with {@link exitCodeOf} it. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(
    readonly signal: Signal,
    /** What was kept, and how to go on. */
    kept: string,
  ) {
    super(`interrupted by ${signal}: ${kept}`);
    this.exitCode = exitCodeOf(signal);
  }
}

/** The signals that are sent; the missing reader is told as an error of the stream. */
const SENT = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Listens until `remove`: the first signal aborts, and is then left to Node, which ends the process at a second. */
export function listenForSignals(notice: string): {
  signal: AbortSignal;
  caught: () => Signal | undefined;
  remove: () => void;
} {
  const controller = new AbortController();
  let caught: Signal | undefined;
  const remove = (): void => {
    for (const name of SENT) process.off(name, stop);
    process.stderr.off('error', noReader);
  };
  const stop = (name: NodeJS.Signals): void => {
    remove();
    caught = name as Signal;
    say(`\n${name}: ${notice}`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const noReader = ({ code }: NodeJS.ErrnoException): void => {
    if (code === 'EPIPE') stop('SIGPIPE');
  };
  for (const name of SENT) process.on(name, stop);
  process.stderr.on('error', noReader);
  return { signal: controller.signal, caught: () => caught, remove };
}

/**
 * Runs `work` with a signal that Ctrl-C and the like abort.
 * @param work calls `listen` when it has come so far that it looks at the signal again and again, and has something to
 * save; until then Node ends the process at once, whatever it is at
 * @param notice told on stderr when that happens
 * @param kept what was kept and how to go on, told once the work has ended
 * @throws Interrupted when the work ends by the abort
 */
export async function interruptible<T>(
  work: (signal: AbortSignal, listen: () => void) => Promise<T>,
  { notice, kept }: { notice: string; kept: string },
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  let listening: ReturnType<typeof listenForSignals> | undefined;
  const listen = (): void => {
    if (listening) return;
    listening = listenForSignals(notice);
    const { signal: heard } = listening;
    heard.addEventListener('abort', () => controller.abort(heard.reason));
  };
  try {
    return await work(signal, listen);
  } catch (thrown) {
    const name = listening?.caught();
    if (name && thrown === signal.reason) throw new Interrupted(name, kept);
    throw thrown;
  } finally {
    listening?.remove();
  }
}
