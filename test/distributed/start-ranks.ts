/** Starts a file, or `soo`, once for every rank, as torchrun would. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
export const CALL_SOO = "require('./lib/cli/program').main(process.argv.slice(1)).then((code) => (process.exitCode = code))"; // prettier-ignore

export interface RankOutcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface StartedRank {
  child: ChildProcess;
  ended: Promise<RankOutcome>;
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/** @param args of Node; @param more variables beside torchrun's, by rank */
export async function startRanks(
  size: number,
  args: readonly string[],
  more: (rank: number) => Record<string, string> = () => ({}),
): Promise<StartedRank[]> {
  const port = await freePort();
  return Array.from({ length: size }, (_, rank) => {
    const env = {
      ...process.env,
      OMP_NUM_THREADS: '1',
      RANK: String(rank),
      WORLD_SIZE: String(size),
      LOCAL_RANK: String(rank),
      LOCAL_WORLD_SIZE: String(size),
      MASTER_ADDR: '127.0.0.1',
      MASTER_PORT: String(port),
      ...more(rank),
    };
    const child = spawn(process.execPath, ['--import', './test/typescript.mjs', ...args], { cwd: ROOT, env });
    return { child, ended: outcomeOf(child) };
  });
}

function outcomeOf(child: ChildProcess): Promise<RankOutcome> {
  const told = { stdout: '', stderr: '' };
  child.stdout?.on('data', (data: Buffer) => (told.stdout += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (told.stderr += data.toString()));
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, ...told })));
}

/** Runs all ranks to their ends. */
export async function runRanks(...given: Parameters<typeof startRanks>): Promise<RankOutcome[]> {
  return Promise.all((await startRanks(...given)).map(({ ended }) => ended));
}
