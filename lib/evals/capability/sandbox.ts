/**
 * Runs JavaScript that a model wrote, where it can do no harm: in a process of its own without rights to files, other
 * processes and addons, in a context of its own without anything of Node, without a way to make code from text, and within
 * bounds of time, memory and output. What breaks out of one of these stands before the next.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface SandboxLimits {
  /** Of the code's own work. Default 5. */
  seconds?: number;
  /** Of the whole process: Node alone takes 50. Default 256. */
  megabytes?: number;
  /** Characters of the result as JSON. Default 100,000. */
  characters?: number;
  signal?: AbortSignal;
}

/** What the code came to; `refused` is code that asks for modules, which it has no use for. */
export type SandboxOutcome =
  { ok: true; value: unknown } | { ok: false; why: 'error' | 'time' | 'memory' | 'output' | 'refused' };

/** A start of Node on a busy machine, over the time that the code has. */
const START_SECONDS = 20;
const POLL_MS = 20;
const PAGE = 4096;

/** Runs in the child. Nothing of it is handed to the context: every object of Node would be a way out. */
const PROGRAM = `'use strict';
const { createContext, Script } = require('node:vm');
let given = '';
process.stdin.setEncoding('utf8').on('data', (text) => (given += text)).on('end', () => {
  const { code, expression, seconds, characters } = JSON.parse(given);
  const now = performance.now.bind(performance);
  for (const name of ['getBuiltinModule', 'mainModule', 'binding', '_linkedBinding', 'dlopen', 'kill']) delete process[name];
  const context = createContext(Object.create(null), {
    codeGeneration: { strings: false, wasm: false },
    microtaskMode: 'afterEvaluate',
  });
  const began = now();
  const run = (text) => new Script(text).runInContext(context, { timeout: Math.max(1, Math.ceil(1000 * seconds - (now() - began))) });
  let outcome;
  try {
    run('delete globalThis.Atomics; delete globalThis.SharedArrayBuffer; delete globalThis.WebAssembly; var module = { exports: {} }, exports = module.exports;');
    run(code);
    const value = run('JSON.stringify(' + expression + ')');
    outcome = typeof value !== 'string' ? { why: 'error' } : value.length > characters ? { why: 'output' } : { value };
  } catch {
    outcome = { why: now() - began >= 1000 * seconds ? 'time' : 'error' };
  }
  process.stdout.write(JSON.stringify(outcome), () => process.exit());
});`;

const permission = (): string =>
  process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';

const flags = (megabytes: number): string[] => [
  permission(),
  '--no-warnings',
  '--no-addons',
  '--jitless',
  '--disallow-code-generation-from-strings',
  `--max-old-space-size=${Math.ceil(megabytes / 2)}`,
];

/**
 * Runs `code`, and then takes the value of `expression` in the same scope, as JSON.
 *
 *     await runSandboxed('const twice = (n) => 2 * n;', '[twice(1), twice(4)]'); // { ok: true, value: [2, 8] }
 *
 * @throws the signal's reason
 */
export async function runSandboxed(
  code: string,
  expression: string,
  { seconds = 5, megabytes = 256, characters = 100_000, signal }: SandboxLimits = {},
): Promise<SandboxOutcome> {
  signal?.throwIfAborted();
  if (/\bimport\b/u.test(code)) return { ok: false, why: 'refused' };
  // Without an environment, whatever a tool around us gives to every process that is started; and in a group of its own,
  // so that all that it might start ends with it.
  const child = spawn('/usr/bin/env', ['-i', process.execPath, ...flags(megabytes), '-e', PROGRAM], {
    detached: true,
    cwd: '/',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {}); // it may have ended before it read all
  child.stdin.end(JSON.stringify({ code, expression, seconds, characters }));
  const outcome = await watched(child, { seconds, megabytes, characters, signal });
  signal?.throwIfAborted();
  return outcome;
}

/** Waits for what the child says, and ends it with all that it started when it goes over a bound. */
function watched(
  child: ChildProcess,
  { seconds, megabytes, characters, signal }: Required<Omit<SandboxLimits, 'signal'>> & Pick<SandboxLimits, 'signal'>,
): Promise<SandboxOutcome> {
  return new Promise((resolve, reject) => {
    let [said, why] = ['', undefined as 'time' | 'memory' | 'output' | undefined];
    const end = (reason?: typeof why): void => {
      why ??= reason;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it has ended by itself
      }
    };
    const abort = (): void => end();
    const late = setTimeout(() => end('time'), 1000 * (seconds + START_SECONDS));
    const poll = setInterval(() => megabytesOf(child.pid) > megabytes && end('memory'), POLL_MS);
    const stop = (): void => {
      clearTimeout(late);
      clearInterval(poll);
      signal?.removeEventListener('abort', abort);
      end();
    };
    signal?.addEventListener('abort', abort);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      // Quotes and line breaks of the result are escaped once more.
      if (said.length > 2 * characters + 1000) end('output');
    });
    child.on('error', (error) => (stop(), reject(error)));
    // V8 ends the process when its heap is full.
    child.on('close', () => (stop(), resolve(why ? { ok: false, why } : outcomeOf(said))));
  });
}

/** What the process holds in memory now; 0 when it is gone. */
function megabytesOf(pid: number | undefined): number {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE) / 2 ** 20;
  } catch {
    return 0;
  }
}

function outcomeOf(said: string): SandboxOutcome {
  if (said === '') return { ok: false, why: 'memory' };
  const { value, why } = JSON.parse(said) as { value?: string; why?: 'error' | 'time' | 'output' };
  if (why !== undefined || value === undefined) return { ok: false, why: why ?? 'error' };
  try {
    return { ok: true, value: JSON.parse(value) as unknown };
  } catch {
    return { ok: false, why: 'error' }; // the code put its own JSON.stringify in place
  }
}
