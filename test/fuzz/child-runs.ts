import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a child ended, and what it was doing: `place` is what it last wrote to the file it was given. */
export interface Run {
  /** The last line of its output; an operator that prints comes before it. */
  line: string;
  place: string;
  /** null when the child reached its end. */
  death: string | null;
}

/** A call may take this long; a loaded machine must not look like a hang. */
const LONGEST_CALL_SECONDS = 30;
/** Data that a child may hold: asking for more fails as on a machine without memory, and fills none. */
const DATA_KILOBYTES = 1_500_000;

/** Runs `script` with a file for its place and `args`; ends it when the place stands still for too long. */
export async function runChild(script: string, args: readonly string[]): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'soo-torch-fuzz-'));
  const placeFile = join(folder, 'place');
  writeFileSync(placeFile, '');
  const place = (): string => readFileSync(placeFile, 'utf8').trim();
  const command = ['--import', './test/typescript.mjs', join(__dirname, script), placeFile, ...args];
  const limited = ['-c', `ulimit -d ${DATA_KILOBYTES}; exec "$0" "$@"`, process.execPath, ...command];
  const child = spawn('sh', limited, { cwd: join(__dirname, '../..'), stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (stdout += String(text)));
  child.stderr.on('data', (text: Buffer) => (stderr = (stderr + String(text)).slice(-2000)));
  let [last, since, hangs] = ['', Date.now(), false];
  const watch = setInterval(() => {
    if (place() !== last) [last, since] = [place(), Date.now()];
    hangs = Date.now() - since > LONGEST_CALL_SECONDS * 1000;
    if (hangs) child.kill('SIGKILL');
  }, 1000);
  const ended = await new Promise<number | string | null>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? code));
  });
  clearInterval(watch);
  const result = { line: stdout.trim().split('\n').at(-1) ?? '', place: place() };
  rmSync(folder, { recursive: true });
  if (ended === 0) return { ...result, death: null };
  return {
    ...result,
    death: hangs ? 'hangs' : typeof ended === 'string' ? ended : stderr.trim().split('\n').slice(-6).join(' | '),
  };
}

/** Calls of each operator or function, and the seed; `npm test` makes few, more are asked for (CONTRIBUTING.md). */
export function fuzzing(usual: number): { calls: number; seed: number } {
  return { calls: Number(process.env.SOO_TORCH_FUZZ ?? usual), seed: Number(process.env.SOO_TORCH_FUZZ_SEED ?? 1) };
}
