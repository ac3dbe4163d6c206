/** What the command line says: results on stdout, everything else on stderr. */
import { fstatSync, writeSync } from 'node:fs';
import { textFor } from '../../scripts/terminal-text';

const STDOUT = 1;

/**
 * Writes to stdout, all of it.
 * @throws Error when the disk is full: Node's own stream takes half of a text for the whole
 */
export function writeOut(text: string): void {
  const shown = textFor(process.stdout, text);
  if (!isWrittenDirectly()) return void process.stdout.write(shown);
  const bytes = Buffer.from(shown);
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(STDOUT, bytes, done);
  } catch (thrown) {
    throw new Error(`stdout: what was printed is cut short: ${(thrown as Error).message}`, { cause: thrown });
  }
}

/** Files and devices that are no terminal; pipes may have to be waited for, which the stream does. */
function isWrittenDirectly(): boolean {
  if (process.stdout.isTTY) return false;
  const stat = fstatSync(STDOUT);
  return stat.isFile() || stat.isCharacterDevice();
}

/** Writes a line to stderr. */
export function say(line: string): void {
  process.stderr.write(`${textFor(process.stderr, line)}\n`);
}
