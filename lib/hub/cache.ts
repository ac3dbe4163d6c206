/**
 * The cache of huggingface_hub, which Python reads and writes too: `models--ORG--NAME` with `blobs` by their hashes,
 * `snapshots/COMMIT` of links to them, and `refs` from branches and tags to commits.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { makeFolders } from '../files/folders';
import { readJsonFile } from '../files/json-file';
import { writeTextAside } from '../files/write-aside';
import { isCommit, type ModelName } from './model-name';
import type { HubSettings } from './settings';
import { ggufsIn, modelIn, wantedFiles, type ModelPart } from './wanted-files';

const PREFIX = 'models--';
const SEPARATOR = '--';
/** A snapshot that is being put together. */
const ASIDE = '.soo-snapshot';

/** The part of the cache that belongs to one model. */
export class CachedRepository {
  readonly folder: string;

  constructor(
    readonly cache: string,
    readonly id: string,
  ) {
    this.folder = join(cache, `${PREFIX}${id.split('/').join(SEPARATOR)}`);
  }

  /** Held while files are added. */
  get lock(): string {
    return join(this.cache, '.locks', `${PREFIX}${this.id.split('/').join(SEPARATOR)}`, 'soo.lock');
  }

  blob(hash: string): string {
    return join(this.folder, 'blobs', hash);
  }

  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** Commits of which there is a snapshot. */
  commits(): string[] {
    return entriesOf(join(this.folder, 'snapshots')).filter(isCommit);
  }

  /** The commit that a branch or tag was at when it was last looked at. */
  commitOf(revision: string): string | undefined {
    if (isCommit(revision)) return revision;
    const ref = join(this.folder, 'refs', revision);
    if (!lstatSync(ref, { throwIfNoEntry: false })?.isFile()) return undefined;
    const commit = readFileSync(ref, 'utf8').trim();
    return isCommit(commit) ? commit : undefined;
  }

  /** Branches and tags with the commits that they were at. */
  refs(): Map<string, string> {
    const folder = join(this.folder, 'refs');
    const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
    return new Map(names.flatMap((name) => [[name, this.commitOf(name)] as const].filter(hasCommit)));
  }

  setRef(revision: string, commit: string): void {
    if (isCommit(revision) || this.commitOf(revision) === commit) return;
    const ref = join(this.folder, 'refs', revision);
    makeFolders(dirname(ref));
    writeTextAside(ref, commit);
  }

  /**
   * Makes a snapshot of links to blobs, all at once where there is none yet; else the links are added in their order.
   * @param blobs hashes by the paths of the files
   */
  link(commit: string, blobs: ReadonlyMap<string, string>): void {
    const snapshot = this.snapshot(commit);
    if (existsSync(snapshot)) return this.#linkInto(snapshot, blobs);
    const aside = join(this.folder, ASIDE);
    rmSync(aside, { recursive: true, force: true });
    makeFolders(dirname(snapshot));
    for (const [path, hash] of blobs) {
      const link = join(snapshot, path);
      mkdirSync(dirname(join(aside, path)), { recursive: true });
      symlinkSync(relative(dirname(link), this.blob(hash)), join(aside, path));
    }
    try {
      renameSync(aside, snapshot);
    } catch (thrown) {
      // Python may have made it meanwhile.
      if (!existsSync(snapshot)) throw thrown;
      rmSync(aside, { recursive: true, force: true });
      this.#linkInto(snapshot, blobs);
    }
  }

  #linkInto(snapshot: string, blobs: ReadonlyMap<string, string>): void {
    for (const [path, hash] of blobs) {
      const link = join(snapshot, path);
      if (existsSync(link)) continue;
      makeFolders(dirname(link));
      rmSync(link, { force: true });
      symlinkSync(relative(dirname(link), this.blob(hash)), link);
    }
  }

  /** Files of a commit as Python's huggingface_hub has listed them, where it has. */
  listing(commit: string): string[] | undefined {
    try {
      const json = readJsonFile(join(this.folder, 'trees', `${commit}.json`));
      return Object.keys(listingSchema.parse(json).files);
    } catch {
      return undefined; // another version's, or none
    }
  }
}

const listingSchema = z.looseObject({ format_version: z.literal(1), files: z.record(z.string(), z.unknown()) });

const hasCommit = (ref: readonly [string, string | undefined]): ref is readonly [string, string] =>
  ref[1] !== undefined;

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** The models that have a folder in the cache, by name. */
export function cachedRepositories(cache: string): CachedRepository[] {
  return entriesOf(cache)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => new CachedRepository(cache, name.slice(PREFIX.length).split(SEPARATOR).join('/')));
}

/** A model on this machine. */
export interface CachedModel {
  /** The folder, or the GGUF file. */
  readonly path: string;
  /** The commit. */
  readonly revision: string;
  readonly gguf: string | undefined;
}

/** Looks a name up in the cache; tells what is there, or what of it is missing, and which GGUF files are there. */
export function findInCache(
  { id, revision, gguf }: ModelName,
  { cache }: HubSettings,
  part: ModelPart = 'model',
): { model: CachedModel } | { missing: readonly string[]; ggufs: readonly string[] } {
  const repository = new CachedRepository(cache, id);
  const commit = repository.commitOf(revision);
  if (commit === undefined || !existsSync(repository.snapshot(commit))) return { missing: [], ggufs: [] };
  const folder = repository.snapshot(commit);
  const found = modelIn(folder, gguf, part);
  const missing = found.missing.length > 0 ? found.missing : missingBeside(repository, commit, { id, gguf }, part);
  if (missing.length > 0) return { missing, ggufs: ggufsIn(folder) };
  return {
    model: { path: found.gguf === undefined ? folder : join(folder, found.gguf), revision: commit, gguf: found.gguf },
  };
}

/** Small files that the repository is known to have and the snapshot has not. */
function missingBeside(
  repository: CachedRepository,
  commit: string,
  name: { id: string; gguf?: string },
  part: ModelPart,
): string[] {
  const listing = name.gguf === undefined ? repository.listing(commit) : undefined;
  if (!listing) return [];
  return wantedFiles(listing, name, part).small.filter((file) => !existsSync(join(repository.snapshot(commit), file)));
}
