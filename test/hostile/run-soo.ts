/** Runs `soo` in a process of its own, and measures what it took. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';

const SOO = resolve(__dirname, '../../bin/soo.js');

export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  seconds: number;
  /** Of all cores. */
  cpuSeconds: number;
  peakBytes: number;
}

const fieldOf = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(text)?.[1] ?? 0);

/** What a living process took so far. */
function tookSoFar(pid: number): { peakBytes: number; cpuSeconds: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
    return { peakBytes: 1024 * fieldOf(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmHWM'), cpuSeconds };
  } catch {
    return { peakBytes: 0, cpuSeconds: 0 };
  }
}

/**
 * @param interruptAfter milliseconds after which Ctrl-C comes
 * @param limit seconds after which it is killed: it hung
 */
export async function runSoo(
  args: readonly string[],
  { interruptAfter, limit }: { interruptAfter?: number; limit: number },
): Promise<Ended> {
  const start = performance.now();
  const child = spawn(process.execPath, [SOO, ...args, '--threads', '1'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString('latin1').slice(0, 100_000)));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString('utf8')));
  const took = { peakBytes: 0, cpuSeconds: 0 };
  const watch = setInterval(() => {
    const now = tookSoFar(child.pid as number);
    took.peakBytes = Math.max(took.peakBytes, now.peakBytes);
    took.cpuSeconds = Math.max(took.cpuSeconds, now.cpuSeconds);
  }, 20);
  const timers = [setTimeout(() => child.kill('SIGKILL'), 1000 * limit)];
  if (interruptAfter !== undefined) timers.push(setTimeout(() => child.kill('SIGINT'), interruptAfter));
  const [code, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on('close', (...ended) => done(ended)),
  );
  clearInterval(watch);
  timers.forEach(clearTimeout);
  return { code, signal, stdout, stderr, seconds: (performance.now() - start) / 1000, ...took };
}

/** Everything in a folder, by path: what it is and what it holds. Links are not followed. */
export function contentsOf(folder: string, except: (path: string) => boolean): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    if (except(path)) return;
    const stat = lstatSync(path);
    if (stat.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
    const holds =
      stat.isFile() && stat.size < 2 ** 31 ? createHash('sha1').update(readFileSync(path)).digest('hex') : '';
    found.set(
      path,
      [stat.mode, stat.size * Number(!stat.isDirectory()), stat.isSymbolicLink() ? readlinkSync(path) : holds].join(
        ' ',
      ),
    );
  };
  if (existsSync(folder)) visit(folder);
  return found;
}
