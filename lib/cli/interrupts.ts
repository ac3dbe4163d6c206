/** Ctrl-C and SIGTERM: the first asks the work to save and end, the second ends it at once. */

const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;
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

/** Listens until `remove`: the first signal aborts, and is then left to Node, which ends the process at a second. */
export function listenForSignals(notice: string): {
  signal: AbortSignal;
  caught: () => Signal | undefined;
  remove: () => void;
} {
  const controller = new AbortController();
  const names = Object.keys(NUMBERS) as Signal[];
  let caught: Signal | undefined;
  const remove = (): void => names.forEach((name) => process.off(name, stop));
  const stop = (name: NodeJS.Signals): void => {
    remove();
    caught = name as Signal;
    process.stderr.write(`\n${name}: ${notice}\n`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  names.forEach((name) => process.on(name, stop));
  return { signal: controller.signal, caught: () => caught, remove };
}

/**
 * Runs `work` with a signal that Ctrl-C or SIGTERM aborts.
 * @param notice told on stderr when that happens
 * @param kept what was kept and how to go on, told once the work has ended
 * @throws Interrupted when the work ends by the abort
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { notice, kept }: { notice: string; kept: string },
): Promise<T> {
  const { signal, caught, remove } = listenForSignals(notice);
  try {
    return await work(signal);
  } catch (thrown) {
    const name = caught();
    if (name && thrown === signal.reason) throw new Interrupted(name, kept);
    throw thrown;
  } finally {
    remove();
  }
}
