/** How many processes a machine has room for. */
import { availableParallelism, freemem } from 'node:os';
import type { LanguageModel } from '../models';
import { isHalf } from '../torch';

/** One for each core, as long as their models fit into half of the memory that is free; one on an accelerator. */
export function workersFor(model: LanguageModel): number {
  if (model.device.type !== 'cpu') return 1;
  const sizes = model.parameters().map((parameter) => parameter.numel() * (isHalf(parameter.dtype) ? 2 : 4));
  // Codes of four bits are buffers, a byte for two.
  const bytes = [...sizes, ...model.namedBuffers().map(([, buffer]) => buffer.numel())].reduce(
    (sum, one) => sum + one,
    0,
  );
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / 2 / bytes)));
}
