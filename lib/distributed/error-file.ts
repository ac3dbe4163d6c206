/** Why this process ends, where its launcher looks for it. */
import { writeFileSync } from 'node:fs';

/**
 * Writes what ended this process to the file that TORCHELASTIC_ERROR_FILE names, as torch.distributed.elastic's own
 * handler writes it; torchrun shows the earliest of all ranks as the root cause. Without the variable it does nothing.
 */
export function writeErrorFile(thrown: unknown, file = process.env.TORCHELASTIC_ERROR_FILE): void {
  if (!file) return;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const extraInfo = { py_callstack: error.stack ?? '', timestamp: String(Math.floor(Date.now() / 1000)) };
  const message = { message: `${error.name}: ${error.message}`, extraInfo };
  try {
    writeFileSync(file, JSON.stringify({ message }));
  } catch {
    // It is told on stderr all the same.
  }
}
