/** Where a number comes from: versions, machine, code, and hashes of what went in. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, readSync, readdirSync, statSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ggufParts } from '../files/gguf-parts';
import { InputError } from '../files/input-error';
import { openToRead } from '../files/open-file';
import { torch } from '../torch';

export const originSchema = z.object({
  command: z.array(z.string()),
  startedAt: z.string(),
  versions: z.object({ sooTorch: z.string(), libtorch: z.string(), node: z.string() }),
  machine: z.object({
    platform: z.string(),
    processor: z.string(),
    cores: z.number(),
    memoryBytes: z.number(),
    threads: z.number(),
  }),
  /** The commit that is checked out and whether files differ from it; null outside a repository or without git. */
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullable(),
  /** The model's name on the hub and its commit, where it was called by its name. */
  model: z.object({ name: z.string(), revision: z.string() }).optional(),
});

export type Origin = z.infer<typeof originSchema>;

/**
 * @param root the folder whose git revision is told
 * @param model as `resolveModel` has found it
 */
export function originOf(
  root: string,
  command: readonly string[],
  { name, revision }: { name?: string; revision?: string } = {},
): Origin {
  return {
    command: [...command],
    startedAt: new Date().toISOString(),
    versions: { sooTorch: torch.version.addon, libtorch: torch.version.torch, node: process.versions.node },
    machine: {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
      threads: torch.getNumThreads(),
    },
    git: gitState(root),
    ...(name !== undefined && revision !== undefined && { model: { name, revision } }),
  };
}

function gitState(root: string): Origin['git'] {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    // Installed inside somebody else's repository, the commit found would be theirs.
    if (git('rev-parse', '--show-prefix') !== '') return null;
    return { revision: git('rev-parse', 'HEAD'), dirty: git('status', '--porcelain') !== '' };
  } catch {
    return null;
  }
}

/** sha256, in hex, of a value's JSON. Keys count in the order in which they stand. */
export function hashJson(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

/**
 * sha256, in hex, of every file directly in a folder, by name, or of the one file that stands for a folder, with all its
 * parts. Links count as what they lead to: the caches of models hold nothing else.
 * @throws InputError for a folder without files, which would be the same as any other
 */
export function hashFolder(folder: string): Record<string, string> {
  if (statSync(folder).isFile())
    return Object.fromEntries(ggufParts(folder).map((file) => [basename(file), hashFile(file)]));
  const isFile = (name: string): boolean => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile() ?? false;
  const names = readdirSync(folder).filter(isFile).sort();
  if (names.length === 0) throw new InputError(`${folder}: holds no files`);
  return Object.fromEntries(names.map((name) => [name, hashFile(join(folder, name))]));
}

/** sha256, in hex, of bytes. */
export const hashBytes = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const CHUNK = 2 ** 20;

/** sha256, in hex, of one file. */
export function hashFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK);
  const file = openToRead(path);
  try {
    for (let read; (read = readSync(file, chunk, 0, CHUNK, null)) > 0;) hash.update(chunk.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
