/** Studies of a model on several processes: how many there is room for, and how their command runs. */
import { availableParallelism, freemem } from 'node:os';
import type { Command } from 'commander';
import type { LanguageModel } from '../models';
import { isHalf } from '../torch';
import { interruptible } from './interrupts';
import { integer } from './options';
import { startProgress } from './progress';

export function addWorkersOption(command: Command): void {
  command.option(
    '--workers <n>',
    'processes side by side (default: one per core, as far as memory goes)',
    integer({ min: 1, max: 64 }),
  );
}

/**
 * Where the work is done: in this process by the model, or in as many others as there is room for.
 * @param wanted as --workers says
 * @param poolOf what a pool of so many is told; each process loads a model of its own, and this one's is freed
 */
export function workplace<Pool>(
  model: LanguageModel,
  wanted: number | undefined,
  poolOf: (workers: number) => Pool,
): { model: LanguageModel } | { pool: Pool } {
  const workers = wanted ?? workersFor(model);
  if (workers === 1) return { model };
  const pool = poolOf(workers);
  for (const tensor of model.stateDict().values()) tensor.dispose();
  return { pool };
}

/** Work that is kept in the folder `out` as it goes, with its progress, until it is done or stopped. */
export async function keptWork<T>(
  name: string,
  out: string,
  work: (signal: AbortSignal, onProgress: (part: number, note: string) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress(name, 1000);
  const onProgress = (part: number, note: string): void => progress.update(Math.round(1000 * part), note);
  const listening = (signal: AbortSignal, listen: () => void): Promise<T> => {
    listen();
    return work(signal, onProgress);
  };
  try {
    return await interruptible(listening, {
      notice: 'stopping after this batch; press again to quit now',
      kept: `what was measured is in ${out}; run the same command to continue`,
    });
  } finally {
    progress.stop();
  }
}

/** One for each core, as long as their models fit into half of the memory that is free; one on an accelerator. */
function workersFor(model: LanguageModel): number {
  if (model.device.type !== 'cpu') return 1;
  const sizes = model.parameters().map((parameter) => parameter.numel() * (isHalf(parameter.dtype) ? 2 : 4));
  // Codes of four bits are buffers, a byte for two.
  const bytes = [...sizes, ...model.namedBuffers().map(([, buffer]) => buffer.numel())].reduce(
    (sum, one) => sum + one,
    0,
  );
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / 2 / bytes)));
}
